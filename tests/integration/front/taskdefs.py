"""ECS task definitions: the registered JSON is kept as it was sent, and described with what AWS adds to it.

moto drops members that it does not know and has none of the read-only ones; it still checks what is registered, and
is told of all of it for what is left to it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from . import jsonspan
from .context import Context
from .model import parse_body, validate
from .moto_bridge import Moto
from .paging import page
from .wire import AwsError, Response, json_response, spell_times

# Amazon ECS API Reference, "Tag"; Amazon ECS service quotas.
MAX_TAGS = 50
MAX_DEFINITION_BYTES = 65536
PAGE = 100
_TAG_TEXT = re.compile(r"[\w .:/=+\-@]*\Z")


@dataclass
class TaskDefinition:
    family: str
    revision: int
    arn: str
    members: list[tuple[str, str]]  # (name, the value's own JSON text), in the order of the registration
    tags: list[tuple[str, str]]
    registered_at: float
    registered_by: str
    status: str = "ACTIVE"
    deregistered_at: float | None = None

    def value(self, name: str) -> Any:
        """A member of the registered JSON, parsed; None when it is absent."""
        return next((json.loads(text) for key, text in self.members if key == name), None)

    @property
    def images(self) -> dict[str, str]:
        return {one["name"]: one["image"] for one in self.value("containerDefinitions")}

    def tag(self, key: str) -> str | None:
        return dict(self.tags).get(key)

    @property
    def text(self) -> str:
        """What DescribeTaskDefinition shows under "taskDefinition": AWS's own members in between the registered ones."""
        first, rest = self.members[:2], self.members[2:]
        pairs = [("taskDefinitionArn", json.dumps(self.arn)), *first, ("revision", str(self.revision)),
                 ("status", json.dumps(self.status)),
                 ("requiresAttributes", json.dumps(self._required_attributes(), separators=(",", ":"))), *rest,
                 ("compatibilities", '["EC2","FARGATE"]'), ("registeredAt", repr(self.registered_at)),
                 ("registeredBy", json.dumps(self.registered_by))]
        if self.deregistered_at is not None:
            pairs.append(("deregisteredAt", repr(self.deregistered_at)))
        # Only the times that are AWS's own are spelt AWS's way; the registered bytes stay.
        own = {"registeredAt", "deregisteredAt"}
        return "{" + ",".join(spell_times(f'"{key}":{text}') if key in own else f"{json.dumps(key)}:{text}"
                              for key, text in pairs) + "}"

    def _required_attributes(self) -> list[dict[str, str]]:
        names = ["com.amazonaws.ecs.capability.logging-driver.awslogs", "com.amazonaws.ecs.capability.ecr-auth",
                 "com.amazonaws.ecs.capability.docker-remote-api.1.19", "ecs.capability.execution-role-awslogs"]
        if self.value("taskRoleArn"):
            names.append("com.amazonaws.ecs.capability.task-iam-role")
        return [{"name": name} for name in names]

    def tags_text(self) -> str:
        return json.dumps([{"key": key, "value": value} for key, value in self.tags], separators=(",", ":"))


class TaskDefinitions:
    def __init__(self, moto: Moto) -> None:
        self._moto = moto
        self._all: dict[tuple[str, str, str], list[TaskDefinition]] = {}
        # Members that this front's ECS knows beyond botocore's model: what a newer ECS might.
        self.future_members: frozenset[str] = frozenset()
        self.page_size = PAGE

    def reset(self) -> None:
        self._all.clear()
        self.future_members = frozenset()
        self.page_size = PAGE

    def family(self, account: str, region: str, family: str) -> list[TaskDefinition]:
        """All revisions, oldest first; a change of the list is a change of the world."""
        return self._all.setdefault((account, region, family), [])

    def find(self, account: str, region: str, name: str) -> TaskDefinition | None:
        """By family (its newest ACTIVE revision), family:revision, or ARN."""
        if name.startswith("arn:"):
            parts = name.split(":", 5)
            if parts[3:5] != [region, account] or not parts[5].startswith("task-definition/"):
                return None
            name = parts[5].removeprefix("task-definition/")
        family, _, revision = name.partition(":")
        revisions = self._all.get((account, region, family), [])
        if not revision:
            return next((one for one in reversed(revisions) if one.status == "ACTIVE"), None)
        return next((one for one in revisions if str(one.revision) == revision), None)

    def register(self, text: str, account: str, region: str, by: str, now: float) -> TaskDefinition:
        """Registers what `text` says, for the API and for seeds alike; refuses what AWS refuses."""
        body = parse_body(text.encode())
        validate("ecs", "RegisterTaskDefinition", body, self.future_members)
        _check_definition(body, text)
        revisions = self.family(account, region, body["family"])
        answer = self._moto.json("ecs", "RegisterTaskDefinition", text.encode(), account, region)
        assert answer["taskDefinition"]["revision"] == len(revisions) + 1, "moto counts other revisions"
        members = [pair for pair in jsonspan.members(text) if pair[0] != "tags"]
        arn = f"arn:aws:ecs:{region}:{account}:task-definition/{body['family']}:{len(revisions) + 1}"
        tags = [(tag["key"], tag.get("value", "")) for tag in body.get("tags", [])]
        definition = TaskDefinition(body["family"], len(revisions) + 1, arn, members, tags, now, by)
        revisions.append(definition)
        return definition

    def deregister(self, definition: TaskDefinition, account: str, region: str, now: float) -> None:
        self._moto.json("ecs", "DeregisterTaskDefinition", {"taskDefinition": definition.arn}, account, region)
        definition.status = "INACTIVE"
        definition.deregistered_at = now

    # What the API does.

    def handle_register(self, context: Context) -> Response:
        body = context.body
        resource = context.arn("ecs", f"task-definition/{body['family']}:*")
        context.authorize("ecs:RegisterTaskDefinition", resource)
        if body.get("tags"):
            context.authorize("ecs:TagResource", resource, {"ecs:createaction": "RegisterTaskDefinition", **_tag_facts(body)})
        authorize_roles(context, [body.get("taskRoleArn"), body.get("executionRoleArn")])
        definition = self.register(context.request.body.decode(), context.who.account, context.region,
                                   context.who.arn, context.now())
        return _shown(definition, True)

    def handle_describe(self, context: Context) -> Response:
        context.authorize("ecs:DescribeTaskDefinition", "*")
        definition = self.find(context.who.account, context.region, context.body["taskDefinition"])
        if definition is None:
            raise AwsError("ClientException", "Unable to describe task definition.")
        return _shown(definition, "TAGS" in context.body.get("include", []))

    def handle_list(self, context: Context) -> Response:
        """Amazon ECS API Reference, ListTaskDefinitions: by family, and in a family by the number of the revision."""
        context.authorize("ecs:ListTaskDefinitions", "*")
        body = context.body
        status, family = body.get("status", "ACTIVE"), body.get("familyPrefix")
        here = (context.who.account, context.region)
        found = [one for (account, region, name), revisions in sorted(self._all.items()) for one in revisions
                 if (account, region) == here and family in (None, name) and one.status == status]
        if body.get("sort", "ASC") == "DESC":
            found.reverse()
        size = body.get("maxResults", PAGE)
        if not 1 <= size <= PAGE:
            raise AwsError("InvalidParameterException", f"maxResults must be between 1 and {PAGE}.")
        shown, token = page([one.arn for one in found], body.get("nextToken"), min(size, self.page_size), "InvalidParameterException")
        return json_response({"taskDefinitionArns": shown, **({"nextToken": token} if token else {})})

    def handle_deregister(self, context: Context) -> Response:
        context.authorize("ecs:DeregisterTaskDefinition", "*")
        definition = self.find(context.who.account, context.region, context.body["taskDefinition"])
        if definition is None or ":" not in context.body["taskDefinition"]:
            raise AwsError("ClientException", "The specified task definition does not exist.")
        self.deregister(definition, context.who.account, context.region, context.now())
        return _shown(definition, False)

    def handle_tag(self, context: Context) -> Response:
        context.authorize("ecs:TagResource", context.body["resourceArn"], _tag_facts(context.body))
        definition = self.find(context.who.account, context.region, context.body["resourceArn"])
        if definition is None:
            raise AwsError("InvalidParameterException", "The specified task definition does not exist.")
        merged = {**dict(definition.tags), **{tag["key"]: tag.get("value", "") for tag in context.body["tags"]}}
        check_tags([{"key": key, "value": value} for key, value in merged.items()])
        definition.tags = list(merged.items())
        return Response(200, b"{}")

    def handle_tags(self, context: Context) -> Response:
        context.authorize("ecs:ListTagsForResource", context.body["resourceArn"])
        definition = self.find(context.who.account, context.region, context.body["resourceArn"])
        if definition is None:
            raise AwsError("InvalidParameterException", "The specified task definition does not exist.")
        return Response(200, f'{{"tags":{definition.tags_text()}}}'.encode())


def authorize_roles(context: Context, roles: list[str | None]) -> None:
    for role in roles:
        if role:
            arn = role if role.startswith("arn:") else f"arn:aws:iam::{context.who.account}:role/{role}"
            context.authorize("iam:PassRole", arn, {"iam:passedtoservice": "ecs-tasks.amazonaws.com"})


def _tag_facts(body: dict[str, Any]) -> dict[str, str | list[str]]:
    """The condition keys of a request that sets tags."""
    pairs = {tag["key"]: tag.get("value", "") for tag in body["tags"]}
    return {"aws:tagkeys": list(pairs), **{f"aws:requesttag/{key.lower()}": value for key, value in pairs.items()}}


def check_tags(tags: list[dict[str, str]]) -> None:
    keys = [tag.get("key", "") for tag in tags]
    if len(tags) > MAX_TAGS:
        raise AwsError("InvalidParameterException", f"The number of tags exceeds the limit of {MAX_TAGS}.")
    if len(set(keys)) != len(keys):
        raise AwsError("InvalidParameterException", "Duplicate tag keys found. Please note that Tag keys are case sensitive.")
    for tag in tags:
        key, value = tag.get("key", ""), tag.get("value", "")
        if key.lower().startswith("aws:") or value.lower().startswith("aws:"):
            raise AwsError("InvalidParameterException", "aws: prefixed tag key names are not allowed for external use.")
        if not 1 <= len(key) <= 128 or len(value) > 256 or not _TAG_TEXT.match(key) or not _TAG_TEXT.match(value):
            raise AwsError("InvalidParameterException", f"Some tags contain invalid characters. Valid characters: "
                                                        f"UTF-8 letters, spaces, numbers and _ . / = + - : @. ({key!r})")


def _check_definition(body: dict[str, Any], text: str) -> None:
    if "tags" in body:
        if not body["tags"]:
            raise AwsError("ClientException", "Tags can not be empty.")
        check_tags(body["tags"])
    if len(text.encode()) > MAX_DEFINITION_BYTES:
        raise AwsError("ClientException", f"Actual length: '{len(text.encode())}'. Max allowed length is "
                                          f"'{MAX_DEFINITION_BYTES}' bytes.")
    if not body["containerDefinitions"]:
        raise AwsError("ClientException", "Container list cannot be empty.")
    names = [container.get("name") for container in body["containerDefinitions"]]
    if len(set(names)) != len(names):
        raise AwsError("ClientException", "Container names must be unique.")


def _shown(definition: TaskDefinition, with_tags: bool) -> Response:
    tags = f',"tags":{definition.tags_text()}' if with_tags else ""
    return Response(200, f'{{"taskDefinition":{definition.text}{tags}}}'.encode())
