"""Verifying AWS Signature Version 4, written from its specification.

IAM User Guide, "Create a signed AWS API request". What AWS checks is checked, and the words are AWS's.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from urllib.parse import quote, unquote_to_bytes

from .wire import AwsError, Request

ALGORITHM = "AWS4-HMAC-SHA256"
TOLERANCE_SECONDS = 300
_DATE = re.compile(r"\d{8}T\d{6}Z\Z")
_UNSAFE_PATH = "-_.~/"
_UNSAFE_QUERY = "-_.~"


@dataclass(frozen=True)
class Scope:
    access_key: str
    date: str
    region: str
    service: str


@dataclass(frozen=True)
class Authorization:
    scope: Scope
    signed_headers: list[str]
    signature: str


def parse(request: Request) -> Authorization:
    """The Authorization header's parts. Raises what AWS answers to a request without a usable one."""
    header = request.header("authorization")
    if not header:
        raise AwsError(
            "MissingAuthenticationTokenException", "Missing Authentication Token", query_code="MissingAuthenticationToken"
        )
    algorithm, _, rest = header.partition(" ")
    if algorithm != ALGORITHM:
        raise _incomplete(f"Unsupported AWS 'algorithm': '{algorithm}'.")
    parts: dict[str, str] = {}
    for part in rest.split(","):
        key, separator, value = part.strip().partition("=")
        if not separator or key in parts:
            raise _incomplete(f"'{part.strip()}' not a valid key=value pair (missing equal-sign) in Authorization header.")
        parts[key] = value
    for needed in ("Credential", "SignedHeaders", "Signature"):
        if needed not in parts:
            raise _incomplete(f"Authorization header requires '{needed}' parameter. Authorization={algorithm}")
    credential = parts["Credential"].split("/")
    if len(credential) != 5 or credential[4] != "aws4_request":
        raise _incomplete("Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term.")
    names = parts["SignedHeaders"].split(";")
    if names != sorted(names) or names != [name.lower() for name in names]:
        raise _incomplete("SignedHeaders must be lower case and sorted.")
    return Authorization(Scope(*credential[:4]), names, parts["Signature"])


def verify(request: Request, auth: Authorization, secret: str, now: float) -> None:
    """Raises unless the request was signed with `secret`, all that must be signed is, and its time is right."""
    _require_signed(request, auth)
    timestamp = request.header("x-amz-date") or ""
    if not _DATE.match(timestamp):
        raise _incomplete(f"Date must be in ISO-8601 'basic format'. Got '{timestamp}'.")
    if timestamp[:8] != auth.scope.date:
        raise _invalid(f"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
                       f"'{auth.scope.date}' != '{timestamp[:8]}', from '{timestamp}'.")
    canonical = canonical_request(request, auth)
    expected = sign(secret, auth.scope, timestamp, canonical)
    if not hmac.compare_digest(expected, auth.signature):
        raise _invalid(
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
            "Access Key and signing method. Consult the service documentation for details."
        )
    _check_time(timestamp, now)


def _require_signed(request: Request, auth: Authorization) -> None:
    sent = {name.lower() for name, _ in request.headers}
    needed = {"host"} | {name for name in sent if name.startswith("x-amz-") or name == "content-type"}
    for name in sorted(needed - set(auth.signed_headers)):
        shown = "Host' or ':authority" if name == "host" else name
        raise _invalid(f"'{shown}' must be a 'SignedHeader' in the AWS Authorization.")
    for name in auth.signed_headers:
        if name not in sent:
            raise _invalid(f"'{name}' is a SignedHeader of the AWS Authorization that was not sent.")
    declared = request.header("x-amz-content-sha256")
    if declared is not None and declared != hashlib.sha256(request.body).hexdigest():
        raise _invalid("The provided 'x-amz-content-sha256' header does not match what was computed.")


def _check_time(timestamp: str, now: float) -> None:
    then = datetime.strptime(timestamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc).timestamp()
    stamp: Callable[[float], str] = lambda seconds: datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    if then < now - TOLERANCE_SECONDS:
        raise _invalid(f"Signature expired: {timestamp} is now earlier than {stamp(now - TOLERANCE_SECONDS)} "
                       f"({stamp(now)} - 5 min.)")
    if then > now + TOLERANCE_SECONDS:
        raise _invalid(f"Signature not yet current: {timestamp} is still later than {stamp(now + TOLERANCE_SECONDS)} "
                       f"({stamp(now)} + 5 min.)")


def canonical_request(request: Request, auth: Authorization) -> str:
    headers = "".join(f"{name}:{_header_value(request, name)}\n" for name in auth.signed_headers)
    body_hash = hashlib.sha256(request.body).hexdigest()
    path = _canonical_path(request.path, auth.scope.service)
    return "\n".join([request.method, path, _canonical_query(request.query), headers,
                      ";".join(auth.signed_headers), body_hash])


def sign(secret: str, scope: Scope, timestamp: str, canonical: str) -> str:
    where = f"{scope.date}/{scope.region}/{scope.service}/aws4_request"
    text = "\n".join([ALGORITHM, timestamp, where, hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + secret).encode()
    for part in (scope.date, scope.region, scope.service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def _header_value(request: Request, name: str) -> str:
    values = [" ".join(value.split()) for key, value in request.headers if key.lower() == name]
    return ",".join(values)


def _canonical_path(path: str, service: str) -> str:
    if service == "s3":
        return quote(unquote_to_bytes(path), safe=_UNSAFE_PATH) or "/"
    segments: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del segments[-1:]
        elif segment not in ("", "."):
            segments.append(segment)
    normal = "/" + "/".join(segments) + ("/" if segments and path.endswith("/") else "")
    return quote(normal, safe=_UNSAFE_PATH)


def _canonical_query(query: str) -> str:
    pairs = []
    for part in query.split("&") if query else []:
        key, _, value = part.partition("=")
        pairs.append(tuple(quote(unquote_to_bytes(text), safe=_UNSAFE_QUERY) for text in (key, value)))
    return "&".join(f"{key}={value}" for key, value in sorted(pairs))


def _incomplete(message: str) -> AwsError:
    return AwsError("IncompleteSignatureException", message, query_code="IncompleteSignature")


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidSignatureException", message, query_code="SignatureDoesNotMatch")
