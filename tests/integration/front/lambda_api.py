"""AWS Lambda functions that are container images: what an update of their code checks, and how it settles.

AWS Lambda Developer Guide, "Create a Lambda function using a container image" and "Lambda function states".
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from . import rest
from .context import Context
from .ecr import OCI_INDEX, Ecr
from .wire import AwsError, Response, request_id

_IMAGE = re.compile(r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/([a-z0-9._/-]+?)(?:@(sha256:[0-9a-f]{64})|:([\w.-]+))\Z")


@dataclass
class Alias:
    version: str
    revision_id: str
    description: str = ""
    routing: dict[str, Any] = field(default_factory=dict)


@dataclass
class Function:
    name: str
    arn: str
    image: str  # as it was given
    digest: str
    tags: dict[str, str] = field(default_factory=dict)
    revision_id: str = ""
    versions: dict[str, tuple[str, str]] = field(default_factory=dict)  # by number: (image, digest)
    aliases: dict[str, Alias] = field(default_factory=dict)
    package: str = "Image"
    updating: int = 0  # so many looks at it until the update has settled
    role: str = ""
    variables: dict[str, str] = field(default_factory=dict)
    policy: list[dict[str, Any]] | None = None  # who may invoke it
    sources: dict[str, str] = field(default_factory=dict)  # ARNs of queues, and the states of their mappings
    will_fail: str = ""  # why the update in progress is going to fail

    @property
    def settled(self) -> str:
        if self.updating:
            return "InProgress"
        return "Failed" if self.will_fail else "Successful"


class LambdaApi:
    def __init__(self, ecr: Ecr) -> None:
        self._ecr = ecr
        self._all: dict[str, Function] = {}
        self.looks = 2  # so many looks an update takes
        self.failure = ""  # the reason for which the next update fails when it settles

    def reset(self) -> None:
        self._all.clear()
        self.looks, self.failure = 2, ""

    # What tests and the seed do.

    def create(self, account: str, region: str, name: str, image: str, digest: str, tags: dict[str, str] | None = None) -> Function:
        arn = f"arn:aws:lambda:{region}:{account}:function:{name}"
        function = Function(name, arn, image, digest, dict(tags or {}), request_id(), {"1": (image, digest)})
        self._all[arn] = function
        return function

    def get(self, arn: str) -> Function:
        """The function itself: what is changed in it, is changed in the world."""
        return self._all[arn]

    # What the API does.

    def handle(self, context: Context) -> Response:
        handlers = {"GetFunction": self._get, "GetFunctionConfiguration": self._get_configuration,
                    "UpdateFunctionCode": self._update, "PublishVersion": self._publish, "GetAlias": self._get_alias,
                    "UpdateAlias": self._update_alias, "TagResource": self._tag, "UntagResource": self._untag,
                    "ListTags": self._list_tags, "GetPolicy": self._get_policy,
                    "ListEventSourceMappings": self._list_sources}
        if context.operation not in handlers:
            raise AwsError("UnknownOperationException", f"the front has no lambda:{context.operation}", 404)
        return handlers[context.operation](context)

    def _get(self, context: Context) -> Response:
        function = self._existing(context, "GetFunction")
        image, digest = self._code(function, context.body.get("Qualifier"))
        resolved = f"{re.split('[@]|:(?=[^/]*$)', image)[0]}@{digest}"
        answer = {"Configuration": self._look(function, context.body.get("Qualifier")), "Tags": function.tags,
                  "Code": {"RepositoryType": "ECR", "ImageUri": image, "ResolvedImageUri": resolved}}
        if not function.tags:
            del answer["Tags"]
        return rest.response(answer)

    def _get_configuration(self, context: Context) -> Response:
        return rest.response(self._look(self._existing(context, "GetFunctionConfiguration"), context.body.get("Qualifier")))

    def _get_policy(self, context: Context) -> Response:
        function = self._existing(context, "GetPolicy")
        if function.policy is None:
            raise AwsError("ResourceNotFoundException", "The resource you requested does not exist.", 404)
        text = json.dumps({"Version": "2012-10-17", "Id": "default", "Statement": function.policy})
        return rest.response({"Policy": text, "RevisionId": function.revision_id})

    def _list_sources(self, context: Context) -> Response:
        context.authorize("lambda:ListEventSourceMappings", "*")
        function = self._all.get(context.arn("lambda", f"function:{context.body['FunctionName']}"))
        return rest.response({"EventSourceMappings": [
            {"UUID": request_id(), "EventSourceArn": arn, "FunctionArn": function.arn, "State": state, "BatchSize": 10}
            for arn, state in function.sources.items()] if function else []})

    def _update(self, context: Context) -> Response:
        body = context.body
        function = self._existing(context, "UpdateFunctionCode")
        _check_settled(function)
        if function.package != "Image" or "ImageUri" not in body:
            raise AwsError("InvalidParameterValueException", "Please provide ImageUri when updating a function with packageType Image.")
        _check_revision(function.revision_id, body)
        digest = self._resolve(context, body["ImageUri"])
        if body.get("DryRun"):
            return rest.response(self._configuration(function, None))
        function.image, function.digest = body["ImageUri"], digest
        function.updating, function.will_fail, self.failure = self.looks, self.failure, ""
        function.revision_id = request_id()
        if body.get("Publish"):
            self._new_version(function)
        return rest.response(self._configuration(function, None))

    def _resolve(self, context: Context, image: str) -> str:
        match = _IMAGE.match(image)
        if match is None:
            raise AwsError("InvalidParameterValueException", f"Source image {image} is not valid. Provide a valid source image.")
        owner, region, repository, digest, tag = match.groups()
        if region != context.region:
            raise AwsError("InvalidParameterValueException", f"Source image {image} is not valid. Provide a valid source image.")
        found = self._ecr.find_image(owner, region, repository, digest, tag)
        if found is None:
            raise AwsError("InvalidParameterValueException", f"Source image {image} does not exist. Provide a valid source image.")
        if owner != context.who.account and not self._ecr.admits(owner, region, repository, context.who, "ecr:BatchGetImage"):
            raise AwsError("AccessDeniedException", "Lambda does not have permission to access the ECR image. Check the ECR permissions.", 403)
        found_digest, media_type = found
        if media_type == OCI_INDEX:
            raise AwsError("InvalidParameterValueException", "The image manifest, config or layer media type for the source "
                                                             f"image {image} is not supported.")
        return found_digest

    def _publish(self, context: Context) -> Response:
        function = self._existing(context, "PublishVersion")
        _check_settled(function)
        _check_revision(function.revision_id, context.body)
        given = context.body.get("CodeSha256")
        if given not in (None, _code_sha(function.digest)):
            raise AwsError("InvalidParameterValueException", f"CodeSHA256 ({given}) is different from current CodeSHA256 in $LATEST.")
        return rest.response(self._configuration(function, self._new_version(function)), 201)

    @staticmethod
    def _new_version(function: Function) -> str:
        last = str(len(function.versions))
        if function.versions and function.versions[last][1] == function.digest:
            return last  # "Lambda doesn't publish a version if the function's configuration and code haven't changed"
        number = str(len(function.versions) + 1)
        function.versions[number] = (function.image, function.digest)
        return number

    def _get_alias(self, context: Context) -> Response:
        function = self._existing(context, "GetAlias")
        return rest.response(_shown_alias(function, context.body["Name"]))

    def _update_alias(self, context: Context) -> Response:
        body = context.body
        function = self._existing(context, "UpdateAlias")
        _shown_alias(function, body["Name"])
        alias = function.aliases[body["Name"]]
        _check_revision(alias.revision_id, body)
        version = body.get("FunctionVersion", alias.version)
        if version != "$LATEST" and version not in function.versions:
            raise AwsError("ResourceNotFoundException", f"Function not found: {function.arn}:{version}", 404)
        alias.version, alias.revision_id = version, request_id()
        alias.description = body.get("Description", alias.description)
        if "RoutingConfig" in body:
            alias.routing = body["RoutingConfig"].get("AdditionalVersionWeights", {})
        return rest.response(_shown_alias(function, body["Name"]))

    def _tag(self, context: Context) -> Response:
        function = self._by_arn(context, "TagResource")
        tags = {**function.tags, **context.body["Tags"]}
        if len(tags) > 50 or any(not 1 <= len(key) <= 128 or len(value) > 256 or key.lower().startswith("aws:")
                                 for key, value in tags.items()):
            raise AwsError("InvalidParameterValueException", "the tags are not such as AWS takes")
        function.tags = tags
        return rest.response(None, 204)

    def _untag(self, context: Context) -> Response:
        function = self._by_arn(context, "UntagResource")
        function.tags = {key: value for key, value in function.tags.items() if key not in context.body["TagKeys"]}
        return rest.response(None, 204)

    def _list_tags(self, context: Context) -> Response:
        return rest.response({"Tags": self._by_arn(context, "ListTags").tags})

    def _by_arn(self, context: Context, operation: str) -> Function:
        arn = context.body["Resource"]
        facts = {}
        if operation == "TagResource":
            facts = {"aws:tagkeys": list(context.body["Tags"])}
        if operation == "UntagResource":
            facts = {"aws:tagkeys": list(context.body["TagKeys"])}
        context.authorize(f"lambda:{operation}", arn, facts)
        if arn not in self._all:
            raise AwsError("ResourceNotFoundException", f"Function not found: {arn}", 404)
        return self._all[arn]

    def _existing(self, context: Context, operation: str) -> Function:
        name = context.body["FunctionName"]
        arn = name if name.startswith("arn:") else context.arn("lambda", f"function:{name}")
        qualifier = context.body.get("Qualifier")
        context.authorize(f"lambda:{operation}", f"{arn}:{qualifier}" if qualifier else arn)
        if arn not in self._all or arn.split(":")[3:5] != [context.region, context.who.account]:
            raise AwsError("ResourceNotFoundException", f"Function not found: {arn}", 404)
        return self._all[arn]

    @staticmethod
    def _code(function: Function, qualifier: str | None) -> tuple[str, str]:
        if qualifier in (None, "$LATEST"):
            return function.image, function.digest
        assert qualifier is not None
        version = function.aliases[qualifier].version if qualifier in function.aliases else qualifier
        if version not in function.versions:
            raise AwsError("ResourceNotFoundException", f"Function not found: {function.arn}:{qualifier}", 404)
        return function.versions[version]

    def _look(self, function: Function, qualifier: str | None) -> dict[str, Any]:
        shown = self._configuration(function, qualifier)
        function.updating = max(0, function.updating - 1)
        return shown

    def _configuration(self, function: Function, qualifier: str | None) -> dict[str, Any]:
        _, digest = self._code(function, qualifier)
        version = function.aliases[qualifier].version if qualifier in function.aliases else qualifier
        status = function.settled
        shown = {
            "FunctionName": function.name, "FunctionArn": f"{function.arn}:{qualifier}" if qualifier else function.arn,
            "Role": function.role or f"arn:aws:iam::{function.arn.split(':')[4]}:role/function", "CodeSize": 0, "Description": "",
            "Timeout": 30, "MemorySize": 512, "LastModified": "2026-05-01T10:00:00.000+0000", "CodeSha256": _code_sha(digest),
            "Version": version or "$LATEST", "PackageType": function.package, "Architectures": ["x86_64"],
            "RevisionId": function.revision_id, "State": "Active", "LastUpdateStatus": status,
        }
        if function.variables:
            shown["Environment"] = {"Variables": function.variables}
        if status == "InProgress":
            shown["LastUpdateStatusReason"] = "The function is being created."
            shown["LastUpdateStatusReasonCode"] = "Creating"
        if status == "Failed":
            shown["LastUpdateStatusReason"], shown["LastUpdateStatusReasonCode"] = function.will_fail, "ImageAccessDenied"
        return shown


def _check_settled(function: Function) -> None:
    if function.updating:
        raise AwsError("ResourceConflictException", "The operation cannot be performed at this time. An update is in "
                                                    f"progress for resource: {function.arn}", 409)


def _check_revision(current: str, body: dict[str, Any]) -> None:
    if body.get("RevisionId", current) != current:
        raise AwsError("PreconditionFailedException", "The Revision Id provided does not match the latest Revision Id. Call "
                                                      "the GetFunction/GetAlias API to retrieve the latest Revision Id", 412)


def _shown_alias(function: Function, name: str) -> dict[str, Any]:
    alias = function.aliases.get(name)
    if alias is None:
        raise AwsError("ResourceNotFoundException", f"Cannot find alias arn: {function.arn}:{name}", 404)
    shown: dict[str, Any] = {"AliasArn": f"{function.arn}:{name}", "Name": name, "FunctionVersion": alias.version,
                             "Description": alias.description, "RevisionId": alias.revision_id}
    if alias.routing:
        shown["RoutingConfig"] = {"AdditionalVersionWeights": alias.routing}
    return shown


def _code_sha(digest: str) -> str:
    # Of images it is hexadecimal, as it is in the digest; of archives base64.
    return digest.removeprefix("sha256:")
