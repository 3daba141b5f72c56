"""The rest-json protocol: a method and a path name the operation; path, query and body hold its members."""

from __future__ import annotations

import functools
import json
import re
from typing import Any
from urllib.parse import parse_qsl, unquote

from botocore.model import OperationModel, ServiceModel, Shape

from .wire import AwsError, Request, Response, to_json


@functools.cache
def _routes(service: ServiceModel) -> list[tuple[str, re.Pattern[str], str]]:
    routes = []
    for name in service.operation_names:
        http = service.operation_model(name).http
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(http["requestUri"].partition("?")[0]))
        routes.append((http["method"], re.compile(pattern), name))
    return routes


def operation_of(request: Request, service: ServiceModel) -> str:
    for method, pattern, name in _routes(service):
        if request.method == method and pattern.fullmatch(request.path):
            return name
    raise AwsError("UnknownOperationException", f"there is no operation '{request.method} {request.path}'", 404)


def parse(request: Request, operation: OperationModel) -> dict[str, Any]:
    """The operation's members out of the request, by botocore's names."""
    shape = operation.input_shape
    members: dict[str, Any] = _body(request)
    if shape is None:
        return members
    for name, member in shape.members.items():
        if member.serialization.get("location") and name in members:
            raise AwsError("ValidationException", f"'{name}' belongs into the address, not into the body")
    places = {(one.serialization.get("location"), one.serialization.get("name", name)): name
              for name, one in shape.members.items()}
    pattern = next(one for _, one, name in _routes(operation.service_model) if name == operation.name)
    match = pattern.fullmatch(request.path)
    assert match is not None
    for key, text in match.groupdict().items():
        members[places[("uri", key)]] = unquote(text, errors="strict")
    pairs = parse_qsl(request.query, keep_blank_values=True, strict_parsing=bool(request.query))
    for key, text in pairs:
        if ("querystring", key) not in places:
            raise AwsError("ValidationException", f"the query parameter '{key}' is unknown in {operation.name}")
        name = places[("querystring", key)]
        if shape.members[name].type_name == "list":
            members.setdefault(name, []).append(text)
            continue
        if name in members:
            raise AwsError("ValidationException", f"'{key}' is there twice")
        members[name] = _typed(shape.members[name], text)
    return members


def _body(request: Request) -> dict[str, Any]:
    from .model import parse_body

    if not request.body:
        return {}
    if request.method in ("GET", "DELETE"):
        raise AwsError("ValidationException", f"a {request.method} has no body")
    if (request.header("content-type") or "").partition(";")[0] != "application/json":
        raise AwsError("UnsupportedMediaTypeException", "Content-Type must be 'application/json'", 415)
    return parse_body(request.body)


def _typed(shape: Shape, text: str) -> Any:
    if shape.type_name in ("integer", "long"):
        if not text.lstrip("-").isdecimal():
            raise AwsError("ValidationException", f"'{text}' is no number")
        return int(text)
    if shape.type_name == "boolean":
        return text == "true"
    return text


def response(value: Any, status: int = 200) -> Response:
    return Response(status, b"" if value is None else to_json(value), "application/json")


def text_response(text: str) -> Response:
    assert json.loads(text) is not None
    return Response(200, text.encode(), "application/json")
