"""What a register request must be, from the recorded task definition, in Python.

Twice over: once on the level of values (every member, in order, numbers as they are spelt), and once on that of bytes
(each member that stays is the same text; where images changed, only their strings differ).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime, timezone
from json.decoder import scanstring
from pathlib import Path
from typing import Any

READ_ONLY = {"taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities", "registeredAt",
             "registeredBy", "deregisteredAt", "deleteRequestedAt"}
OWN = "slipway:"
MAX_TAGS = 50
SPACE = re.compile(r"[ \t\r\n]*")
# {account}.dkr.ecr.{region}.amazonaws.com/{name} and the spellings of that host for FIPS, dual-stack and China.
IMAGE = re.compile(r"(?P<base>(?P<account>\d{12})\.(?:dkr\.ecr|dkr\.ecr-fips|dkr-ecr|dkr-ecr-fips)\.(?P<region>[a-z0-9-]+)"
                   r"\.(?:amazonaws\.com|amazonaws\.com\.cn|on\.aws|on\.amazonwebservices\.com\.cn)/(?P<name>[^:@]+))"
                   r"(?::(?P<tag>[^@]+))?(?:@(?P<digest>.+))?")


class Differs(Exception):
    """A request that is not what it must be."""


# --- text with its spans

def skip(text: str, at: int) -> int:
    found = SPACE.match(text, at)
    assert found
    return found.end()


def end_of_value(text: str, at: int) -> int:
    if text[at] == '"':
        return int(scanstring(text, at + 1)[1])
    return json.JSONDecoder().raw_decode(text, at)[1]


def members(text: str) -> Iterator[tuple[str, str, int]]:
    """(name, the value's text, where it begins) of an object's text."""
    at = skip(text, 1)
    while text[at] != "}":
        name, at = scanstring(text, at + 1)
        at = skip(text, skip(text, at) + 1)
        end = end_of_value(text, at)
        yield name, text[at:end], at
        at = skip(text, end)
        at = skip(text, at + 1) if text[at] == "," else at


def elements(text: str) -> Iterator[tuple[str, int]]:
    at = skip(text, 1)
    while text[at] != "]":
        end = end_of_value(text, at)
        yield text[at:end], at
        at = skip(text, end)
        at = skip(text, at + 1) if text[at] == "," else at


def member(text: str, *path: str) -> str:
    for name in path:
        text = next(value for found, value, _ in members(text) if found == name)
    return text


def exactly(text: str) -> Any:
    """As values that are only equal if order and spelling of numbers are."""
    return json.loads(text, object_pairs_hook=lambda pairs: ("object", pairs), parse_int=lambda s: ("number", s),
                      parse_float=lambda s: ("number", s))


# --- the case

class Case:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.text = (folder / "facts.json").read_text(encoding="utf-8")
        self.facts = json.loads(self.text)
        self.environment: dict[str, Any] = self.facts["environment"]
        self.event: Any = None
        try:
            self.event = json.loads((folder / "event.json").read_text(encoding="utf-8"))
        except ValueError:
            pass  # malformed on purpose
        self.own_account = self.facts["function_arn"].split(":")[4]
        self.region = self.facts["function_arn"].split(":")[3]

    def answers(self, call: str, **wanted: Any) -> Iterator[str]:
        """The texts of the good answers to a call whose match has these members."""
        records = self.facts["aws"]
        for record, (text, _) in zip(records, elements(member(self.text, "aws"))):
            fits = all(record["match"].get(name) == value for name, value in wanted.items())
            if record["call"] != call or record["status"] >= 400 or not fits:
                continue
            if "body_file" in record:
                yield (self.folder / record["body_file"]).read_text(encoding="utf-8").strip()
            else:
                yield member(text, "body")


class Target:
    """Names by convention and by ECS_SERVICE_MAP (docs/configuration.md)."""

    def __init__(self, case: Case, service: str) -> None:
        env = case.environment
        project, stage = env["PROJECT_NAME"], env["PROJECT_ENV"]
        raw = env.get("ECS_SERVICE_MAP") or {}
        entry = (json.loads(raw) if isinstance(raw, str) else raw).get(service, {})
        event = case.event if isinstance(case.event, dict) else {}
        pushed = str(event.get("detail", {}).get("repository-name", ""))
        self.is_task = entry.get("kind") == "task" or (not raw and pushed.startswith(f"{project}_task_"))
        kind = "task" if self.is_task else "service"
        backend = service == "backend" and not self.is_task
        conventional = f"{project}_service_{stage}" if backend else f"{project}_{kind}_{service}_{stage}"
        self.service = entry.get("service_name") or conventional
        self.family = entry.get("task_family") or conventional
        self.container = entry.get("container")
        self.repository = entry.get("repository") or (f"{project}_backend" if backend else f"{project}_{kind}_{service}")
        self.account = env.get("ECR_ACCOUNT_ID") or case.own_account
        self.registry_region = env.get("ECR_ACCOUNT_REGION") or case.region
        if entry.get("repository_uri"):
            uri = IMAGE.fullmatch(entry["repository_uri"])
            assert uri
            self.account, self.registry_region, self.repository = uri["account"], uri["region"], uri["name"]

    def uri(self) -> str:
        suffix = "amazonaws.com.cn" if self.registry_region.startswith("cn-") else "amazonaws.com"
        return f"{self.account}.dkr.ecr.{self.registry_region}.{suffix}/{self.repository}"

    def owns(self, image: str) -> re.Match[str] | None:
        found = IMAGE.fullmatch(image)
        if found and (found["account"], found["region"], found["name"]) == (self.account, self.registry_region, self.repository):
            return found
        return None


def digest_of(case: Case, target: Target, detail: dict[str, Any]) -> str:
    wanted = {"imageTag": detail["tag"]} if detail.get("tag") else {"imageDigest": detail["digest"]}
    found = [json.loads(text)["imageDetails"][0]["imageDigest"]
             for text in case.answers("ecr.DescribeImages", repositoryName=target.repository, imageIds=[wanted])]
    return str(found[-1])


def pinned_arn(case: Case, target: Target) -> str:
    """The highest revision that a rule or a schedule names; the family's newest where none names one."""
    runners = [one for text in case.answers("events.ListTargetsByRule") for one in json.loads(text)["Targets"]]
    runners += [json.loads(text)["Target"] for text in case.answers("scheduler.GetSchedule")]
    arns = [one.get("EcsParameters", {}).get("TaskDefinitionArn", "") for one in runners]
    pinned = [arn for arn in arns if re.fullmatch(rf".*:task-definition/{re.escape(target.family)}:\d+", arn)]
    latest = next(case.answers("ecs.DescribeTaskDefinition", taskDefinition=target.family))
    newest = str(json.loads(latest)["taskDefinition"]["taskDefinitionArn"])
    return max(pinned, key=lambda arn: int(arn.rpartition(":")[2]), default=newest)


def running_arn(case: Case, target: Target) -> str:
    if target.is_task:
        return pinned_arn(case, target)
    for text in case.answers("ecs.DescribeServices"):
        for service in json.loads(text)["services"]:
            if service["serviceName"] == target.service:
                return str(service["taskDefinition"])
    raise Differs(f"no service {target.service} is recorded")


def base_of(case: Case, target: Target) -> str:
    """The answer whose task definition is the base: the family's newest ACTIVE revision, or what runs."""
    latest = next(case.answers("ecs.DescribeTaskDefinition", taskDefinition=target.family))
    arn = running_arn(case, target)
    running = latest
    if json.loads(latest)["taskDefinition"]["taskDefinitionArn"] != arn:
        running = next(case.answers("ecs.DescribeTaskDefinition", taskDefinition=arn), latest)
    if case.environment.get("TASK_DEFINITION_BASE") == "running":
        return running
    newest, runs = json.loads(latest)["taskDefinition"], json.loads(running)["taskDefinition"]
    return running if runs["status"] == "ACTIVE" and runs["revision"] > newest["revision"] else latest


def new_image(case: Case, target: Target, detail: dict[str, Any], image: str) -> str:
    found = target.owns(image)
    base = found["base"] if found else target.uri()
    if case.environment.get("IMAGE_REFERENCE") == "tag" and detail.get("tag"):
        return f"{base}:{detail['tag']}"
    return f"{base}@{digest_of(case, target, detail)}"


def changed_containers(case: Case, target: Target, detail: dict[str, Any], text: str) -> str:
    """The text of containerDefinitions with the images changed, and nothing else."""
    out, done = "", 0
    for element, start in elements(text):
        container = json.loads(element)
        wanted = container["name"] == target.container if target.container else target.owns(container["image"])
        if not wanted:
            continue
        literal, at = next((value, at) for name, value, at in members(element) if name == "image")
        out += text[done:start + at] + json.dumps(new_image(case, target, detail, container["image"]), ensure_ascii=False)
        done = start + at + len(literal)
    return out + text[done:]


# --- tags

def tag_safe(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9 _.:/=+\-@]", "_", text)[:256]


def own_tags(case: Case, target: Target, detail: dict[str, Any], event: dict[str, Any]) -> dict[str, str]:
    """What the design says each revision carries; the two first ones always."""
    time = min(event.get("time", case.facts["now"]), case.facts["now"])
    tags = {"event-id": event.get("id", case.facts.get("request_id")), "event-time": time,
            "image-tag": detail.get("tag", ""), "digest": digest_of(case, target, detail),
            "previous": running_arn(case, target).rpartition("/")[2], "reason": tag_safe(detail.get("reason", ""))}
    return {OWN + name: value for name, value in tags.items() if value}


def check_tags(base: list[dict[str, str]], got: list[dict[str, str]], own: dict[str, str]) -> None:
    users = [tag for tag in base if not tag["key"].lower().startswith("aws:") and not tag["key"].startswith(OWN)]
    if got[:len(users)] != users:
        raise Differs(f"the user's tags: {got[:len(users)]} instead of {users}")
    ours = {tag["key"]: tag["value"] for tag in got[len(users):]}
    if len(ours) != len(got) - len(users) or len(got) > MAX_TAGS:
        raise Differs(f"{len(got)} tags, some of them twice")
    if len(ours) != min(len(own), MAX_TAGS - len(users)) or not ours.keys() <= own.keys():
        raise Differs(f"slipway's tags: {sorted(ours)} of {sorted(own)}")
    for key, value in ours.items():
        same = parse_time(value) == parse_time(own[key]) if key == OWN + "event-time" else value == own[key]
        if not same:
            raise Differs(f"{key}: {value!r} instead of {own[key]!r}")
    for key in (OWN + "event-id", OWN + "event-time"):
        if key not in ours:
            raise Differs(f"no {key}")


def parse_time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc)


# --- the request

def wanted(event: dict[str, Any]) -> dict[str, Any]:
    """What an event asks for: of a push the tag is under another name."""
    detail: dict[str, Any] = event["detail"] if "detail" in event else event
    return {"tag": detail["image-tag"]} if event.get("source") == "aws.ecr" else detail


def check_request(case: Case, event: dict[str, Any], name: str, request: str) -> None:
    detail = wanted(event)
    target = Target(case, name)
    answer = base_of(case, target)
    definition = member(answer, "taskDefinition")
    expected = []
    for name, text, _ in members(definition):
        if name == "containerDefinitions":
            text = changed_containers(case, target, detail, text)
        if name not in READ_ONLY and name != "tags":
            expected.append((name, text))
    got = [(name, text) for name, text, _ in members(request)]
    if [name for name, _ in got] != [name for name, _ in expected] + ["tags"]:
        raise Differs(f"members {[name for name, _ in got]} instead of {[name for name, _ in expected]} and tags")
    for (name, ours), (_, theirs) in zip(expected, got):
        if exactly(ours) != exactly(theirs):
            raise Differs(f"{name}: another value: {theirs[:200]}")
        if ours != theirs:
            raise Differs(f"{name}: the same value in other bytes: {theirs[:200]}")
    check_tags(json.loads(answer).get("tags", []), json.loads(got[-1][1]), own_tags(case, target, detail, event))


def check_requests(folder: Path) -> Iterator[str]:
    """Checks each request that plan.json names, and yields its file's name."""
    plan = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    for i, change in enumerate(plan.get("changes", [])):
        if "register" not in change:
            continue
        case = Case(folder)
        events = json.loads((folder / "event.json").read_text(encoding="utf-8"))
        if isinstance(events, dict) and "Records" in events:
            events = [json.loads(record["body"]) for record in events["Records"]]
        event = events[i] if isinstance(events, list) else events
        check_request(case, event, change["target"], (folder / change["register"]).read_text(encoding="utf-8").strip())
        yield change["register"]
