"""Which operation a request is for, and whether its members are what botocore's model of the service says.

AWS's own front ends check types, required members, lengths and patterns; whether they let unknown members through
differs by service. This one refuses them: a read-only member in a RegisterTaskDefinition is a mistake.
"""

from __future__ import annotations

import functools
import json
import re
from typing import Any
from urllib.parse import parse_qsl

import botocore.session
from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape

from . import rest, s3
from .wire import AwsError, Request

# JSON-protocol services that slipway has dealings with; the front knows them by their X-Amz-Target.
JSON_SERVICES = ("ecs", "ecr", "events", "ssm", "codedeploy", "secretsmanager", "dynamodb", "sqs", "organizations")
QUERY_SERVICES = ("sts", "sns", "iam", "ec2")
REST_SERVICES = ("scheduler", "lambda")
# The code for a request that does not fit the model, where it is not InvalidParameterException.
_INVALID = {"events": "ValidationException", "scheduler": "ValidationException", "ssm": "ValidationException",
            "lambda": "InvalidParameterValueException", "codedeploy": "ValidationException"}
_NUMBERS: dict[str, type | tuple[type, ...]] = {"integer": int, "long": int, "float": (int, float), "double": (int, float)}


@functools.cache
def _session() -> botocore.session.Session:
    return botocore.session.get_session()


@functools.cache
def service_model(service: str) -> ServiceModel:
    return _session().get_service_model(service)


@functools.cache
def _targets() -> dict[str, str]:
    return {service_model(name).metadata["targetPrefix"]: name for name in JSON_SERVICES}


def json_version(service: str) -> str:
    return str(service_model(service).metadata.get("jsonVersion", "1.1"))


def resolve(request: Request, scope_service: str) -> tuple[str, str]:
    """(service, operation) of the request; the service is named as in the credential scope."""
    target = request.header("x-amz-target")
    if target is not None:
        return _resolve_json(request, target)
    if scope_service in QUERY_SERVICES:
        return _resolve_query(request, scope_service)
    if scope_service in JSON_SERVICES:
        raise AwsError("UnknownOperationException", "X-Amz-Target is missing", 404)
    if scope_service in REST_SERVICES:
        return scope_service, rest.operation_of(request, service_model(scope_service))
    if scope_service == "s3":
        return scope_service, s3.operation_of(request)
    return scope_service, f"{request.method} {request.path}"


def _resolve_json(request: Request, target: str) -> tuple[str, str]:
    prefix, _, operation = target.partition(".")
    service = _targets().get(prefix)
    if service is None or operation not in service_model(service).operation_names:
        raise AwsError("UnknownOperationException", f"there is no operation '{target}'", 404)
    expected = f"application/x-amz-json-{json_version(service)}"
    if request.header("content-type") != expected:
        raise AwsError("UnknownOperationException", f"Content-Type must be '{expected}'", 404)
    if request.method != "POST" or request.target != "/":
        raise AwsError("UnknownOperationException", "JSON protocols are spoken by POST to '/'", 404)
    return service, operation


def _resolve_query(request: Request, service: str) -> tuple[str, str]:
    content_type = (request.header("content-type") or "").partition(";")[0].strip()
    if request.method != "POST" or content_type != "application/x-www-form-urlencoded":
        raise AwsError("InvalidAction", "query protocols are spoken by POST of a form")
    form = form_of(request.body)
    model = service_model(service)
    if form.get("Version") != model.api_version:
        raise AwsError("InvalidAction", f"Could not find operation {form.get('Action')} for version {form.get('Version')}")
    if form.get("Action") not in model.operation_names:
        raise AwsError("InvalidAction", f"Could not find operation {form.get('Action')}")
    return service, form["Action"]


def form_of(body: bytes) -> dict[str, str]:
    pairs = parse_qsl(body.decode("utf-8", "strict"), keep_blank_values=True, strict_parsing=bool(body))
    form = dict(pairs)
    if len(form) != len(pairs):
        raise AwsError("ValidationError", "a parameter of the form is there twice")
    return form


def parse_body(body: bytes) -> dict[str, Any]:
    """The JSON object of a request; a duplicate member is as bad as broken JSON."""
    try:
        value = json.loads(body.decode("utf-8", "strict"), object_pairs_hook=_object)
    except ValueError as error:
        raise AwsError("SerializationException", f"Could not parse request body into json: {error}") from None
    if not isinstance(value, dict):
        raise AwsError("SerializationException", "Start of structure or map found where not expected.")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("an object has a member twice")
    return members


def operation_model(service: str, operation: str) -> OperationModel:
    return service_model(service).operation_model(operation)


def validate(service: str, operation: str, body: dict[str, Any], admitted: frozenset[str] = frozenset()) -> None:
    """Raises unless `body` fits the operation's input shape. Members named in `admitted` are taken anywhere: they
    stand for what a newer version of the service would know."""
    shape = operation_model(service, operation).input_shape
    try:
        if shape is not None:
            _check(shape, body, "", admitted)
    except AwsError as error:
        if error.code == "InvalidParameterException":
            error.code = error.query_code = _INVALID.get(service, error.code)
        raise


def _check(shape: Shape, value: Any, path: str, admitted: frozenset[str]) -> None:
    if isinstance(shape, StructureShape):
        _check_structure(shape, value, path, admitted)
    elif isinstance(shape, ListShape):
        _expect(isinstance(value, list), path)
        _check_length(shape, len(value), path)
        for index, item in enumerate(value):
            _check(shape.member, item, f"{path}[{index}]", admitted)
    elif isinstance(shape, MapShape):
        _expect(isinstance(value, dict), path)
        for key, item in value.items():
            _check(shape.value, item, f"{path}.{key}", admitted)
    elif shape.type_name == "string":
        _check_string(shape, value, path)
    elif shape.type_name == "timestamp":
        _expect(isinstance(value, (int, float)) and not isinstance(value, bool), path)
    elif shape.type_name == "boolean":
        _expect(isinstance(value, bool), path)
    elif shape.type_name in _NUMBERS:
        _expect(isinstance(value, _NUMBERS[shape.type_name]) and not isinstance(value, bool), path)
        _check_length(shape, value, path)


def _check_structure(shape: StructureShape, value: Any, path: str, admitted: frozenset[str]) -> None:
    _expect(isinstance(value, dict), path)
    for name in shape.required_members:
        if name not in value:
            raise AwsError("InvalidParameterException", f"the required member '{path}.{name}' is missing")
    for name, item in value.items():
        if name in shape.members:
            _check(shape.members[name], item, f"{path}.{name}", admitted)
        elif name not in admitted:
            raise AwsError("InvalidParameterException", f"the member '{path}.{name}' is unknown in {shape.name}")


def _check_string(shape: Shape, value: Any, path: str) -> None:
    _expect(isinstance(value, str), path)
    _check_length(shape, len(value), path)
    pattern = shape.metadata.get("pattern")
    # Python's re has no \p classes; the patterns that use them (tags) are checked where they matter.
    if pattern and "\\p" not in pattern and not re.fullmatch(pattern, value):
        raise _constraint(value, path, f"Member must satisfy regular expression pattern: {pattern}")
    allowed = shape.metadata.get("enum")
    if allowed and value not in allowed:
        raise _constraint(value, path, f"Member must satisfy enum value set: [{', '.join(allowed)}]")


def _check_length(shape: Shape, length: float, path: str) -> None:
    if length > shape.metadata.get("max", length):
        raise _constraint(length, path, f"Member must have length less than or equal to {shape.metadata['max']}")
    if length < shape.metadata.get("min", length):
        raise _constraint(length, path, f"Member must have length greater than or equal to {shape.metadata['min']}")


def _expect(right: bool, path: str) -> None:
    if not right:
        raise AwsError("SerializationException", f"the member '{path}' is of the wrong type")


def _constraint(value: object, path: str, text: str) -> AwsError:
    return AwsError("InvalidParameterException", f"Invalid parameter at '{path}' failed to satisfy constraint: '{text}' "
                                                 f"(it is {value!r})")
