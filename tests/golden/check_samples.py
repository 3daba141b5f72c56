#!/usr/bin/env python3
"""Checks the golden cases against what others wrote, and the register requests against an oracle.

    build/venv/bin/python tests/golden/check_samples.py [CASE…]

Each recorded request and answer must fit botocore's model of the service, each host must be the one that botocore
calls, each event must be an envelope of EventBridge, and each register request must be what oracle.py makes, in
Python, of the recorded task definition: it shares no code with slipway.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import botocore.parsers
import botocore.session
from botocore import model

import oracle

EVENTS = Path(__file__).resolve().parents[2] / "events"
MIN_CASES = 30
# Kinds of events that are none of EventBridge's: handed to the function directly, or wrong on purpose.
NOT_ENVELOPES = {"direct", "malformed"}
# What AWS's front answers in every service, without a shape of its own.
COMMON_ERRORS = {"AccessDeniedException", "ThrottlingException"}
RECORD_MEMBERS = {"call", "host", "match", "signed_by", "status", "body", "body_text", "body_file", "times", "optional"}
SHOWN = 300

_session = botocore.session.get_session()
_session.set_credentials("AKIDEXAMPLE", "secret")


class Wrong(Exception):
    """A sample that is not as AWS would have it."""


def expect(condition: object, message: str) -> None:
    if not condition:
        raise Wrong(message[:SHOWN])


# --- botocore's models

SCALARS: dict[str, tuple[type, ...]] = {
    "string": (str,), "integer": (int,), "long": (int,), "double": (int, float), "float": (int, float),
    "boolean": (bool,), "timestamp": (int, float), "character": (str,),
}


def check_shape(value: Any, shape: model.Shape, path: str, allow_unknown: bool) -> None:
    """The names and types of all members; null is no value of any."""
    if isinstance(shape, model.StructureShape):
        expect(isinstance(value, dict), f"{path}: expected an object")
        for name, member in value.items():
            if name in shape.members:
                check_shape(member, shape.members[name], f"{path}.{name}", allow_unknown)
            else:
                expect(allow_unknown, f"{path}.{name}: {shape.name} has no such member")
    elif isinstance(shape, model.ListShape):
        expect(isinstance(value, list), f"{path}: expected an array")
        for i, element in enumerate(value):
            check_shape(element, shape.member, f"{path}[{i}]", allow_unknown)
    elif isinstance(shape, model.MapShape):
        expect(isinstance(value, dict), f"{path}: expected an object")
        for name, member in value.items():
            check_shape(member, shape.value, f"{path}.{name}", allow_unknown)
    else:
        kinds = SCALARS[shape.type_name]
        fits = isinstance(value, kinds) and (isinstance(value, bool) == (shape.type_name == "boolean"))
        expect(fits, f"{path}: expected {shape.type_name}, got {value!r}")
        allowed = getattr(shape, "enum", None)
        expect(not allowed or value in allowed, f"{path}: {value!r} is none of {allowed}")


def check_error(body: Any, operation: model.OperationModel, path: str) -> None:
    expect(isinstance(body, dict) and isinstance(body.get("__type"), str), f"{path}: an error without __type")
    known = {shape.name for shape in operation.error_shapes} | COMMON_ERRORS
    expect(body["__type"] in known, f"{path}: {operation.name} has no error {body['__type']}")
    rest = {name: value for name, value in body.items() if name != "__type"}
    expect(set(rest) in ({"message"}, {"Message"}), f"{path}: an error has a message and nothing else: {rest}")
    expect(all(isinstance(text, str) and text for text in rest.values()), f"{path}: an empty message")


def check_xml(text: str, status: int, operation: model.OperationModel, path: str) -> None:
    response = {"status_code": status, "headers": {}, "body": text.encode()}
    parsed = botocore.parsers.create_parser("query").parse(response, operation.output_shape)
    root = ElementTree.fromstring(text)
    names = {element.tag.rpartition("}")[2] for element in root.iter()}
    if status >= 400:
        expect(parsed.get("Error", {}).get("Code") and parsed["Error"].get("Message"), f"{path}: no error in {text}")
        expect(names == {"ErrorResponse", "Error", "Type", "Code", "Message", "RequestId"}, f"{path}: {names}")
        return
    shape = operation.output_shape
    assert isinstance(shape, model.StructureShape)
    wrapping = {f"{operation.name}Response", f"{operation.name}Result", "ResponseMetadata", "RequestId"}
    known = wrapping | set(shape.members)
    for member in shape.members.values():
        known |= set(getattr(member, "members", {}))
    expect(names <= known, f"{path}: unknown elements {names - known}")
    required = set(shape.members["Credentials"].required_members)
    expect(required <= set(parsed["Credentials"]), f"{path}: credentials lack {required - set(parsed['Credentials'])}")


def hosts_of(service: str, region: str) -> str:
    endpoint = _session.create_client(service, region_name=region).meta.endpoint_url
    return endpoint.removeprefix("https://")


# --- what an answer must say of what was asked

def check_describe_images(match: dict[str, Any], body: dict[str, Any], path: str) -> None:
    for detail in body["imageDetails"]:
        expect(detail["repositoryName"] == match["repositoryName"], f"{path}: another repository")
        expect(detail["registryId"] == match.get("registryId", detail["registryId"]), f"{path}: another registry")
        for wanted in match.get("imageIds", []):
            expect(wanted.get("imageDigest", detail["imageDigest"]) == detail["imageDigest"], f"{path}: another digest")
            expect(not wanted.get("imageTag") or wanted["imageTag"] in detail["imageTags"], f"{path}: another tag")


def check_batch_get_image(match: dict[str, Any], body: dict[str, Any], path: str) -> None:
    for image in body["images"]:
        digest = "sha256:" + hashlib.sha256(image["imageManifest"].encode()).hexdigest()
        expect(digest == image["imageId"]["imageDigest"], f"{path}: the manifest's digest is {digest}")
        expect(image["imageManifestMediaType"] == json.loads(image["imageManifest"])["mediaType"], f"{path}: media type")
    expect(len(body["images"]) + len(body["failures"]) == len(match["imageIds"]), f"{path}: one entry for each image")


def check_describe_services(match: dict[str, Any], body: dict[str, Any], path: str) -> None:
    asked = {name.rpartition("/")[2] for name in match["services"]}
    told = {service["serviceName"] for service in body["services"]}
    told |= {failure["arn"].rpartition("/")[2] for failure in body["failures"]}
    expect(asked == told, f"{path}: asked for {asked}, told of {told}")
    for service in body["services"]:
        primary = [d for d in service["deployments"] if d["status"] == "PRIMARY"]
        expect(len(primary) <= 1, f"{path}: two primary deployments")
        expect(not primary or primary[0]["taskDefinition"] == service["taskDefinition"], f"{path}: another revision")
        expect(service["clusterArn"].endswith("/" + match["cluster"].rpartition("/")[2]), f"{path}: another cluster")


def check_describe_task_definition(match: dict[str, Any], body: dict[str, Any], path: str) -> None:
    definition = body["taskDefinition"]
    name = f"{definition['family']}:{definition['revision']}"
    expect(definition["taskDefinitionArn"].endswith(f":task-definition/{name}"), f"{path}: the ARN is not of {name}")
    asked = match["taskDefinition"].rpartition("/")[2]
    expect(asked in (name, definition["family"]), f"{path}: asked for {asked}, got {name}")
    # A family alone names its newest ACTIVE revision.
    expect(":" in asked or definition["status"] == "ACTIVE", f"{path}: {name} is {definition['status']}")
    expect(("deregisteredAt" in definition) == (definition["status"] == "INACTIVE"), f"{path}: deregisteredAt")
    keys = [tag["key"] for tag in body.get("tags", [])]
    expect(len(keys) == len(set(keys)) <= 50, f"{path}: tags")
    expect(len(definition["containerDefinitions"]) <= 10, f"{path}: more containers than ECS takes")


MEANING = {
    "DescribeImages": check_describe_images, "BatchGetImage": check_batch_get_image,
    "DescribeServices": check_describe_services, "DescribeTaskDefinition": check_describe_task_definition,
}


# --- one case

def check_record(record: dict[str, Any], folder: Path, about: str, path: str) -> None:
    expect(set(record) <= RECORD_MEMBERS, f"{path}: unknown members {set(record) - RECORD_MEMBERS}")
    service, _, name = record["call"].partition(".")
    operation = _session.get_service_model(service).operation_model(name)
    allow_unknown = "unknown member" in about
    region = re.search(r"\.((?:[a-z]+-)+\d)\.", record["host"])
    expect(region, f"{path}: no region in {record['host']}")
    assert region
    expect(record["host"] == hosts_of(service, region[1]), f"{path}: botocore calls {hosts_of(service, region[1])}")
    match = record["match"]
    if service == "sts":
        version = _session.get_service_model(service).api_version
        expect(match.get("Action") == name and match.get("Version") == version, f"{path}: {match}")
        match = {key: value for key, value in match.items() if key not in ("Action", "Version")}
    check_shape(match, operation.input_shape, f"{path}.match", False)
    if "body_text" in record:
        check_xml(record["body_text"], record["status"], operation, path)
        return
    if "body_file" in record:
        body = json.loads((folder / record["body_file"]).read_text(encoding="utf-8"))
    else:
        body = record["body"]
    if record["status"] >= 400:
        check_error(body, operation, path)
    else:
        check_shape(body, operation.output_shape, f"{path}.body", allow_unknown)
        if name in MEANING:
            MEANING[name](match, body, path)


ENVELOPE = {
    "version": re.compile(r"0"),
    "id": re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    "detail-type": re.compile(r".{1,128}"),
    "source": re.compile(r".{1,256}"),
    "account": re.compile(r"\d{12}"),
    "time": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"),
    "region": re.compile(r"([a-z]+-)+\d"),
}


def check_event(event: Any) -> None:
    """Amazon EventBridge User Guide, "EventBridge events structure"."""
    if isinstance(event, list):
        for one in event:
            check_event(one)
        return
    expect(isinstance(event, dict), "event: no object")
    if set(event) == {"Records"}:
        for record in event["Records"]:
            expect(record["eventSource"] == "aws:sqs" and record["messageId"], "Records: no message of SQS")
            check_event(json.loads(record["body"]))
        return
    expect(list(event) == [*ENVELOPE, "resources", "detail"], f"event: members {list(event)}")
    for name, pattern in ENVELOPE.items():
        expect(isinstance(event[name], str) and pattern.fullmatch(event[name]), f"event.{name}: {event[name]!r}")
    expect(isinstance(event["resources"], list), "event.resources: no array")
    expect(isinstance(event["detail"], dict), "event.detail: no object, which PutEvents would not take")


def check_case(folder: Path) -> int:
    """The number of checks that held; Wrong for the first that did not."""
    facts = json.loads((folder / "facts.json").read_text(encoding="utf-8"))
    held = 0
    for i, record in enumerate(facts["aws"]):
        check_record(record, folder, facts["about"], f"aws[{i}] {record.get('call')}")
        held += 1
    if folder.parent.name not in NOT_ENVELOPES:
        check_event(json.loads((folder / "event.json").read_text(encoding="utf-8")))
        held += 1
    for name in oracle.check_requests(folder):
        expect((folder / name).is_file(), f"{name} is missing")
        held += 1
    return held


def main(names: list[str]) -> int:
    folders = sorted(path.parent for path in EVENTS.glob("*/*/facts.json"))
    if names:
        wanted = {name.rstrip("/") for name in names}
        folders = [folder for folder in folders if any(str(folder).endswith("/" + name.removeprefix("events/")) for name in wanted)]
    held = failed = 0
    for folder in folders:
        try:
            held += check_case(folder)
        except (Wrong, oracle.Differs, KeyError, ValueError) as error:
            failed += 1
            print(f"-- {folder.parent.name}/{folder.name}: {type(error).__name__}: {error}")
    if not names and len(folders) < MIN_CASES:
        failed += 1
        print(f"-- only {len(folders)} cases under {EVENTS}")
    print(f"{held} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
