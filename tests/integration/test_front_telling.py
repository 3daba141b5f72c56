"""The front's SNS, SSM parameters and Slack webhook."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from front.seed import ACCESS_KEY, PROD, REGION, SECRET_KEY, SESSION_TOKEN, World
from front.telling import Slack, problem_of
from test_front import refusal

Make = Callable[..., Any]
TOPIC = f"arn:aws:sns:{REGION}:{PROD}:myproject_deploys"


@pytest.fixture
def function(client: Make) -> Callable[[str], Any]:
    return lambda service: client(service, key=ACCESS_KEY, secret=SECRET_KEY, token=SESSION_TOKEN)


def test_what_is_published_is_kept(world: World, function: Make) -> None:
    world.front.sns.topics.add(TOPIC)
    sns = function("sns")
    sns.publish(TopicArn=TOPIC, Subject="deployed", Message='{"a":"Grüße & more"}',
                MessageAttributes={"status": {"DataType": "String", "StringValue": "deployed"}})
    (one,) = world.front.sns.published
    assert (one.subject, one.message, one.attributes) == ("deployed", '{"a":"Grüße & more"}', {"status": "deployed"})
    for arguments in ({"Subject": "x" * 101}, {"Subject": "über"}, {"Subject": "a\nb"}, {"Subject": " a"},
                      {"MessageStructure": "json"}, {"Message": ""}):
        assert refusal(sns.publish, **{"TopicArn": TOPIC, "Message": "m", **arguments})[0] == "InvalidParameter", arguments
    assert refusal(sns.publish, TopicArn=TOPIC + "2", Message="m")[::2] == ("NotFound", 404)
    assert refusal(sns.publish, TopicArn=TOPIC.replace("myproject", "other"), Message="m")[::2] == ("AuthorizationError", 403)


def test_a_secret_is_decrypted_for_those_who_may(world: World, function: Make) -> None:
    ssm = function("ssm")
    key = f"arn:aws:kms:{REGION}:{PROD}:key/1"
    world.front.ssm.put(PROD, REGION, "/slipway/plain", "a", "String")
    world.front.ssm.put(PROD, REGION, "/slipway/secret", "b")
    world.front.ssm.put(PROD, REGION, "/slipway/own", "c", key=key)
    world.front.ssm.put(PROD, REGION, "/other/secret", "d")
    value: Callable[..., str] = lambda name, decrypt=True: ssm.get_parameter(Name=name, WithDecryption=decrypt)["Parameter"]["Value"]
    assert value("/slipway/plain") == "a" and value("/slipway/secret") == "b"
    assert value(f"arn:aws:ssm:{REGION}:{PROD}:parameter/slipway/secret") == "b"
    assert value("/slipway/secret", False) != "b"
    assert refusal(ssm.get_parameter, Name="/slipway/own", WithDecryption=True)[0] == "AccessDeniedException"
    world.function_role.policy = [*world.function_role.policy, {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": key}]
    assert value("/slipway/own") == "c"
    assert refusal(ssm.get_parameter, Name="/slipway/none")[0] == "ParameterNotFound"
    assert refusal(ssm.get_parameter, Name="/other/secret")[0] == "AccessDeniedException"


def post(world: World, body: object, path: str = "", content_type: str = "application/json") -> tuple[int, str, Any]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(world.front.url + (path or world.front.slack.path), data, {"Content-Type": content_type})
    try:
        with urllib.request.urlopen(request, timeout=5) as response:
            return response.status, response.read().decode(), response.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), error.headers


def test_the_webhook_takes_what_slack_takes(world: World) -> None:
    message = {"text": "deployed", "blocks": [
        {"type": "header", "text": {"type": "plain_text", "text": "deployed"}},
        {"type": "section", "text": {"type": "mrkdwn", "text": "*backend* &lt;b&gt; <https://x.example/a|log>"}},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "by me"}]}]}
    assert post(world, message)[:2] == (200, "ok")
    assert world.front.slack.received == [message] and "by me" in world.front.slack.texts()[0]
    assert post(world, b"{")[:2] == (400, "invalid_payload")
    assert post(world, message, content_type="text/plain")[:2] == (400, "invalid_payload")
    assert post(world, message, path="/services/T/B/other")[:2] == (404, "no_service")


def test_the_webhook_answers_as_it_is_told(world: World) -> None:
    world.front.slack.answers = [Slack.rate_limited(2), Slack.invalid_payload(), "stall"]
    status, _, headers = post(world, {"text": "a"})
    assert (status, headers["Retry-After"]) == (429, "2")
    assert post(world, {"text": "a"})[:2] == (400, "invalid_payload")
    threading.Timer(0.1, world.front.stop_waiting.set).start()
    with pytest.raises(OSError):
        post(world, {"text": "a"})
    assert post(world, {"text": "a"})[0] == 200 and world.front.slack.attempts == 4


def section(text: str) -> dict[str, Any]:
    return {"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": text}}]}


@pytest.mark.parametrize("payload", [
    [], {}, {"text": ""}, {"blocks": [{"type": "divider"}] * 51}, section("x" * 3001), section(""), section("a <b> c"),
    {"blocks": [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}]},
    {"blocks": [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}]},
    {"blocks": [{"type": "section"}]}, {"blocks": [{"type": "paragraph"}]}, {"text": "a", "channels": "#x"},
    {"blocks": [{"type": "section", "fields": [{"type": "mrkdwn", "text": "x"}] * 11}]},
    {"blocks": [{"type": "section", "fields": [{"type": "mrkdwn", "text": "x" * 2001}]}]},
    {"blocks": [{"type": "context", "elements": []}]},
])
def test_messages_that_slack_refuses(payload: Any) -> None:
    assert problem_of(payload)


def test_messages_at_the_limit() -> None:
    assert not problem_of(section("x" * 3000))
    assert not problem_of({"blocks": [{"type": "divider"}] * 50})
    assert not problem_of({"blocks": [{"type": "header", "text": {"type": "plain_text", "text": "x" * 150}}]})
