"""What travels: a request as it was read off the socket, a response, and AWS's error shapes.

A handler answers with a Response or raises AwsError; how the error is spelt depends on the protocol of the
service that was called (JSON 1.0/1.1 or the query protocol's XML).
"""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

Headers = list[tuple[str, str]]

# Members that AWS sends as seconds since the epoch, with its own spelling of numbers (1.7E9).
_TIMESTAMP = re.compile(
    r'"((?:created|updated|registered|deregistered|deleteRequested|imagePushed|started|stopped|stopping|finished|'
    r'executionStopped)At|CreationDate|LastModificationDate|createTime|startTime|completeTime)":(\d+(?:\.\d+)?)'
)


@dataclass(frozen=True)
class Request:
    method: str
    target: str  # the request line's path and query, untouched
    headers: Headers
    body: bytes
    connection: int = 0

    def header(self, name: str) -> str | None:
        """All values of the header joined by commas, as HTTP allows; None when it was not sent."""
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        return ",".join(values) if values else None

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]


@dataclass
class Response:
    status: int
    body: bytes
    content_type: str = "application/x-amz-json-1.1"
    headers: Headers = field(default_factory=list)
    # How the connection ends, where it does not end well: "" sends everything, "reset" sends nothing and resets,
    # "truncate" promises the whole body, sends half of it and closes.
    ending: str = ""


class AwsError(Exception):
    """An error as AWS words it. `query_code` is the code's name in the query protocol where it differs."""

    def __init__(self, code: str, message: str, status: int = 400, query_code: str | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.query_code = query_code or code


def request_id() -> str:
    digits = secrets.token_hex(16)
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def to_json(value: object) -> bytes:
    """JSON as AWS writes it: no spaces, times as 1.763679600123E9."""
    text = json.dumps(value, separators=(",", ":"))
    return spell_times(text).encode()


def spell_times(text: str) -> str:
    return _TIMESTAMP.sub(lambda match: f'"{match[1]}":{spell_time(float(match[2]))}', text)


def spell_time(seconds: float) -> str:
    digits = f"{seconds / 1e9:.12f}".rstrip("0")
    return f"{digits}0E9" if digits.endswith(".") else f"{digits}E9"


def json_response(value: object, version: str = "1.1") -> Response:
    return Response(200, to_json(value), f"application/x-amz-json-{version}")


def json_error(error: AwsError, version: str = "1.1") -> Response:
    body = to_json({"__type": error.code, "message": error.message})
    return Response(error.status, body, f"application/x-amz-json-{version}")


def rest_error(error: AwsError) -> Response:
    """rest-json: the code is in a header. Who is not let in is told so with 403, and not with 400."""
    status = 403 if error.query_code != error.code or error.code == "AccessDeniedException" else error.status
    body = to_json({"Message": error.message})
    return Response(status, body, "application/json", [("x-amzn-ErrorType", f"{error.code}:http://internal.amazon.com/")])


def query_error(error: AwsError, namespace: str, identifier: str) -> Response:
    # The query protocol answers 403 where the JSON protocols answer 400 to a request that is not let in.
    body = (
        f'<ErrorResponse xmlns="{namespace}">\n  <Error>\n    <Type>Sender</Type>\n'
        f"    <Code>{escape(error.query_code)}</Code>\n    <Message>{escape(error.message)}</Message>\n"
        f"  </Error>\n  <RequestId>{identifier}</RequestId>\n</ErrorResponse>\n"
    )
    return Response(error.status, body.encode(), "text/xml")
