"""Whom slipway tells: Amazon SNS topics, and a Slack webhook. What they took is kept."""

from __future__ import annotations

import json
import re
import threading
from dataclasses import dataclass, field
from typing import Any

from .context import Context
from .model import form_of
from .wire import AwsError, Request, Response, request_id

SNS_NAMESPACE = "http://sns.amazonaws.com/doc/2010-03-31/"
MAX_MESSAGE_BYTES = 256 * 1024


@dataclass(frozen=True)
class Published:
    topic: str
    subject: str
    message: str
    attributes: dict[str, str]


class Sns:
    def __init__(self) -> None:
        self.topics: set[str] = set()
        self.published: list[Published] = []

    def reset(self) -> None:
        self.topics.clear()
        self.published.clear()

    def handle(self, context: Context) -> Response:
        if context.operation != "Publish":
            raise AwsError("InvalidAction", f"the front has no sns:{context.operation}")
        form = form_of(context.request.body)
        attributes = _attributes(form)
        known = {"Action", "Version", "TopicArn", "TargetArn", "Message", "Subject", "MessageStructure",
                 "MessageGroupId", "MessageDeduplicationId"}
        unknown = {name for name in form if name not in known and not name.startswith("MessageAttributes.entry.")}
        if unknown:
            raise AwsError("InvalidParameter", f"Invalid parameter: {sorted(unknown)}")
        topic, subject, message = form.get("TopicArn", ""), form.get("Subject"), form.get("Message")
        try:
            context.authorize("sns:Publish", topic)
        except AwsError as denied:
            raise AwsError("AuthorizationError", denied.message.replace("sns:Publish", "SNS:Publish"), 403) from None
        if topic.split(":")[3:4] != [context.region] or topic not in self.topics:
            raise AwsError("NotFound", "Topic does not exist", 404)
        if not message or len(message.encode()) > MAX_MESSAGE_BYTES:
            raise AwsError("InvalidParameter", "Invalid parameter: Empty message" if not message else "Invalid parameter: Message too long")
        if subject is not None and not _is_subject(subject):
            raise AwsError("InvalidParameter", "Invalid parameter: Subject")
        if topic.endswith(".fifo") and "MessageGroupId" not in form:
            raise AwsError("InvalidParameter", "Invalid parameter: The MessageGroupId parameter is required for FIFO topics")
        if form.get("MessageStructure") == "json":
            _check_structure(message)
        self.published.append(Published(topic, subject or "", message, attributes))
        body = (f'<PublishResponse xmlns="{SNS_NAMESPACE}"><PublishResult><MessageId>{request_id()}</MessageId></PublishResult>'
                f"<ResponseMetadata><RequestId>{request_id()}</RequestId></ResponseMetadata></PublishResponse>")
        return Response(200, body.encode(), "text/xml")


def _is_subject(text: str) -> bool:
    """Amazon SNS API Reference, Publish: ASCII, begins with a letter, number or punctuation mark, no line breaks or
    control characters, less than 100 characters long."""
    return 0 < len(text) <= 100 and all(" " <= char <= "~" for char in text) and text[0] != " "


def _check_structure(message: str) -> None:
    try:
        value = json.loads(message)
    except ValueError:
        value = None
    if not isinstance(value, dict) or not isinstance(value.get("default"), str):
        raise AwsError("InvalidParameter", "Invalid parameter: Message Structure - No default entry in JSON message body")


def _attributes(form: dict[str, str]) -> dict[str, str]:
    entries: dict[str, dict[str, str]] = {}
    for name, value in form.items():
        match = re.fullmatch(r"MessageAttributes\.entry\.(\d+)\.(Name|Value\.DataType|Value\.StringValue)", name)
        if match:
            entries.setdefault(match[1], {})[match[2]] = value
        elif name.startswith("MessageAttributes."):
            raise AwsError("InvalidParameterValue", f"the parameter {name} is not understood")
    for entry in entries.values():
        if set(entry) != {"Name", "Value.DataType", "Value.StringValue"} or not entry["Value.StringValue"]:
            raise AwsError("InvalidParameterValue", "The message attribute must contain a non-empty name, type and value.")
    return {entry["Name"]: entry["Value.StringValue"] for entry in entries.values()}


# Slack API, "Reference: blocks" and "Composition objects": the longest that each may be.
MAX_BLOCKS = 50
_MAX_TEXT = {"section": 3000, "header": 150, "context": 3000}
MAX_FIELDS, MAX_FIELD_TEXT = 10, 2000
MAX_ELEMENTS = {"context": 10, "actions": 25}
_KNOWN_BLOCKS = {"section", "header", "context", "divider", "actions"}
_LINK = re.compile(r"<(?:https?://[^<>|\s]+(?:\|[^<>]*)?|mailto:[^<>]+|[@#!][^<>]*)>")


@dataclass
class Slack:
    """A webhook: POST to `path`. What it answers is `answers`, one after the other, and then 200."""

    path: str = "/services/T0FRONT/B0FRONT/xOxSecretOfTheWebhook0123"
    answers: list[Response | str] = field(default_factory=list)  # "stall": no answer until the test ends
    received: list[dict[str, Any]] = field(default_factory=list)  # the payloads that were taken
    attempts: int = 0

    def reset(self) -> None:
        self.answers.clear()
        self.received.clear()
        self.attempts = 0

    @staticmethod
    def rate_limited(seconds: int = 1) -> Response:
        return Response(429, b"rate_limited", "text/html", [("Retry-After", str(seconds))])

    @staticmethod
    def invalid_payload() -> Response:
        return Response(400, b"invalid_payload", "text/html")

    def is_for(self, request: Request) -> bool:
        return request.path.startswith("/services/")

    def handle(self, request: Request, stop: threading.Event) -> Response:
        self.attempts += 1
        if self.answers:
            answer = self.answers.pop(0)
            if isinstance(answer, Response):
                return answer
            stop.wait(30)
            return Response(0, b"", ending="reset")
        if request.method != "POST" or request.target != self.path:
            return Response(404, b"no_service", "text/html")
        if any(name.lower().startswith("x-amz-") or name.lower() == "authorization" for name, _ in request.headers):
            raise AssertionError("a request to Slack is signed for AWS")
        if (request.header("content-type") or "").partition(";")[0] != "application/json":
            return self.invalid_payload()
        try:
            payload = json.loads(request.body.decode("utf-8", "strict"))
        except ValueError:
            return self.invalid_payload()
        problem = problem_of(payload)
        if problem:
            return Response(400, problem.encode(), "text/html")
        self.received.append(payload)
        return Response(200, b"ok", "text/html")

    def texts(self) -> list[str]:
        """All that a person would read of each message, in order."""
        return ["\n".join(_texts(payload)) for payload in self.received]


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["text"]] if isinstance(value.get("text"), str) else []
        return own + [text for one in value.values() for text in _texts(one)]
    return [text for one in value for text in _texts(one)] if isinstance(value, list) else []


def problem_of(payload: Any) -> str:
    """What is wrong with the message; empty when Slack would take it."""
    if not isinstance(payload, dict):
        return "invalid_payload"
    unknown = set(payload) - {"text", "blocks", "attachments", "username", "icon_emoji", "unfurl_links", "unfurl_media"}
    if unknown:
        return f"invalid_payload: unknown members {sorted(unknown)}"
    blocks = list(payload.get("blocks", []))
    for attachment in payload.get("attachments", []):
        blocks.extend(attachment.get("blocks", []))
    if not blocks and not payload.get("text"):
        return "no_text"
    if len(blocks) > MAX_BLOCKS:
        return "invalid_blocks: too many"
    return next((problem for problem in map(_block_problem, blocks) if problem), "")


def _block_problem(block: Any) -> str:
    kind = block.get("type") if isinstance(block, dict) else None
    if kind not in _KNOWN_BLOCKS:
        return f"invalid_blocks: type {kind!r}"
    if kind == "section" and not block.get("text") and not block.get("fields"):
        return "invalid_blocks: a section needs text or fields"
    texts = [(block["text"], _MAX_TEXT[kind])] if "text" in block else []
    if kind == "header" and (not texts or block["text"].get("type") != "plain_text"):
        return "invalid_blocks: a header's text is a plain_text"
    fields, elements = block.get("fields", []), block.get("elements", [])
    if len(fields) > MAX_FIELDS or ("fields" in block and not fields):
        return "invalid_blocks: fields"
    if kind in MAX_ELEMENTS and not 1 <= len(elements) <= MAX_ELEMENTS[kind]:
        return "invalid_blocks: elements"
    texts += [(one, MAX_FIELD_TEXT) for one in fields]
    texts += [(one, _MAX_TEXT["context"]) for one in elements if one.get("type") in ("mrkdwn", "plain_text")]
    return next((problem for problem in (_text_problem(one, most) for one, most in texts) if problem), "")


def _text_problem(text: Any, most: int) -> str:
    if not isinstance(text, dict) or text.get("type") not in ("mrkdwn", "plain_text") or not isinstance(text.get("text"), str):
        return "invalid_blocks: a text object needs type and text"
    if not 1 <= len(text["text"]) <= most:
        return f"invalid_blocks: text of {len(text['text'])} characters"
    if set(text) - {"type", "text", "emoji", "verbatim"}:
        return "invalid_blocks: unknown members of a text object"
    if text["type"] == "mrkdwn" and re.search(r"[<>]", _LINK.sub("", text["text"])):
        return "invalid_blocks: '<' and '>' are not escaped"  # Slack takes these and shows nonsense; here they count
    return ""
