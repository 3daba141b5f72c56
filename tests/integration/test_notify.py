"""Who is told: Slack, an SNS topic, an event bus; once for a start and once for an end, and never at a deploy's cost."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from conftest import Functions
from deploys import check_refused, event
from front import faults
from front.seed import PROD, REGION, SERVICE, World
from front.telling import Slack
from lambda_function import LambdaFunction
from test_rollout import deploy, rollback

TOPIC = f"arn:aws:sns:{REGION}:{PROD}:myproject_deploys"
BUS = "outcomes"
PARAMETER = "/slipway/webhook"
TAG = "git-abc123f"
# What a notification may cost at most when whoever is told does not answer; the rest is for a slow machine.
LONGEST_SECONDS = 15.0


def variables(world: World) -> dict[str, str]:
    return {"SLACK_WEBHOOK_URL": world.front.url + world.front.slack.path, "SNS_TOPIC_ARN": TOPIC, "NOTIFY_EVENT_BUS": BUS}


@pytest.fixture
def telling(world: World, functions: Functions) -> LambdaFunction:
    """The production function, with everybody to be told."""
    world.front.sns.topics.add(TOPIC)
    world.front.events.add_bus(PROD, REGION, BUS)
    return functions(**variables(world))


def told(world: World) -> tuple[int, int, int]:
    """How many messages Slack, the topic and the bus have got."""
    return len(world.front.slack.received), len(world.front.sns.published), len(world.front.events.put)


def warnings(function: LambdaFunction) -> list[dict[str, Any]]:
    return [line for line in function.log if line.get("level") == "WARN"]


def test_one_message_for_a_start_and_one_for_an_end(world: World, telling: LambdaFunction) -> None:
    sent = event(service="backend", tag=TAG, reason="release of the day")
    change = telling.invoke(sent).change
    assert change["status"] == "deployed" and told(world) == (1, 1, 1)
    (text,), (published,), (put,) = world.front.slack.texts(), world.front.sns.published, world.front.events.put
    for word in ("backend", TAG, "prod", "started"):
        assert word in text, text
    assert (put.bus, put.source, put.detail_type) == (BUS, "slipway", "Deployment Started")
    assert put.detail["environment"] == "prod" and put.detail["project"] == "myproject" and put.detail["event_id"] == sent["id"]
    assert put.detail["target"] == "backend" and put.detail["to"] == change["to"]
    assert put.detail["deployment_id"] == change["deployment_id"]
    assert json.loads(published.message)["to"]["tag"] == TAG
    assert "backend" in published.subject and published.topic == TOPIC
    (done,) = world.roll(world.service(), "completed")
    assert telling.invoke(done).change["outcome"] == "completed"
    assert told(world) == (2, 2, 2)
    assert world.front.events.put[-1].detail_type == "Deployment Completed"
    assert TAG in world.front.slack.texts()[-1] and "completed" in world.front.slack.texts()[-1].lower()
    telling.invoke(done)
    assert told(world) == (2, 2, 2), "the same end twice is told once"


def test_a_failure_says_why_and_how_to_go_back(world: World, telling: LambdaFunction) -> None:
    deploy(world, telling, TAG)
    world.stop_task(world.service(), "Essential container in task exited", "EssentialContainerExited",
                    {"name": SERVICE, "exitCode": 137, "reason": "OutOfMemoryError: Container killed due to memory usage"})
    (failed,) = world.roll(world.service(), "failed")
    telling.invoke(failed)
    text, put, published = world.front.slack.texts()[-1], world.front.events.put[-1], world.front.sns.published[-1]
    assert put.detail_type == "Deployment Failed" and put.detail["outcome"] == "failed" and "137" in put.detail["why"]
    for word in (TAG, "137", "memory", "ROLLBACK"):
        assert word in text, text
        assert word in published.message, published.message


def test_the_whole_story_of_a_rollback_is_told(world: World, telling: LambdaFunction) -> None:
    deploy(world, telling, "v1.4.2", "completed")
    deploy(world, telling, TAG)
    (failed,) = world.roll(world.service(), "failed")
    telling.invoke(failed)
    assert telling.invoke(rollback()).change["status"] == "rolled_back"
    (done,) = world.roll(world.service(), "completed")
    telling.invoke(done)
    kinds = [one.detail_type.removeprefix("Deployment ") for one in world.front.events.put]
    assert kinds == ["Started", "Completed", "Started", "Failed", "Started", "Completed"]
    assert len(world.front.slack.received) == 6


def test_a_refusal_is_told(world: World, telling: LambdaFunction) -> None:
    check_refused(telling.invoke(event(service="backend", tag="git-none")), "ImageNotFound")
    assert told(world) == (1, 1, 1)
    assert world.front.events.put[0].detail_type == "Deployment Refused"
    assert world.front.events.put[0].detail["code"] == "ImageNotFound" and "git-none" in world.front.slack.texts()[0]


def test_what_is_nothing_is_told_to_nobody(world: World, telling: LambdaFunction) -> None:
    telling.invoke(event(service="backend", tag=TAG, dry_run=True))
    telling.invoke(event(_source="action.staging"))
    telling.invoke(event(service="backend", tag="none", dry_run=True))
    assert told(world) == (0, 0, 0)
    telling.invoke(event())
    assert told(world) == (1, 1, 1)
    telling.invoke(event())  # unchanged
    assert told(world) == (1, 1, 1)


def test_values_cannot_speak_for_themselves(world: World, telling: LambdaFunction) -> None:
    """Nobody is mentioned, linked or shown in bold by what stands in an event or in a task's reason."""
    nasty = "<!channel> & <https://evil.example|here> *bold* `code` \u202e @here \U0001f6a2 \"quoted\" \\"
    telling.invoke(event(service="backend", tag=TAG, reason=nasty))
    world.stop_task(world.service(), nasty, "EssentialContainerExited", {"name": SERVICE, "exitCode": 1, "reason": nasty * 50})
    (failed,) = world.roll(world.service(), "failed", reason=nasty)
    assert telling.invoke(failed).change["outcome"] == "failed"
    assert told(world) == (2, 2, 2)
    for message in world.front.slack.received:
        raw = json.dumps(message, ensure_ascii=False)
        assert "<!channel>" not in raw and "<https://evil" not in raw
    assert "evil.example" in world.front.events.put[-1].detail["why"]


def test_many_changes_are_few_messages(world: World, telling: LambdaFunction) -> None:
    for number in range(15):
        world.add_project_service(f"n{number:02d}")
    sent = [event(service=f"n{number:02d}", tag=TAG) for number in range(15)]
    answers = telling.invoke(sent).json
    assert {one["status"] for one in answers} == {"deployed"}
    assert len(world.front.events.put) == 15, "programs get each of them"
    assert 1 <= len(world.front.slack.received) <= 3, "people do not"
    assert len({one.detail["target"] for one in world.front.events.put}) == 15


# Bad days


def check_deployed_all_the_same(world: World, function: LambdaFunction) -> None:
    before = len(warnings(function))
    begin = time.monotonic()
    change = function.invoke(event()).change
    assert time.monotonic() - begin < LONGEST_SECONDS
    assert change["status"] == "deployed" and world.running().arn == change["to"]["task_definition"]
    assert len(warnings(function)) > before, "what could not be told is a warning"


@pytest.mark.parametrize("answer", [Slack.invalid_payload(), "stall"], ids=["invalid_payload", "stall"])
def test_slack_that_does_not_take_it_fails_nothing(world: World, telling: LambdaFunction, answer: Any) -> None:
    world.front.slack.answers = [answer] * 10
    check_deployed_all_the_same(world, telling)
    assert told(world) == (0, 1, 1)


def test_a_webhook_that_is_gone_fails_nothing(world: World, functions: Functions) -> None:
    function = functions.fresh(SLACK_WEBHOOK_URL=world.front.url + "/services/T0/B0/gone0secret")
    check_deployed_all_the_same(world, function)
    assert "gone0secret" not in function.output


def test_slack_asks_to_wait(world: World, telling: LambdaFunction) -> None:
    world.front.slack.answers = [Slack.rate_limited(1)]
    assert telling.invoke(event()).change["status"] == "deployed"
    assert told(world) == (1, 1, 1) and world.front.slack.attempts == 2


def test_slack_asks_to_wait_too_long(world: World, telling: LambdaFunction) -> None:
    world.front.slack.answers = [Slack.rate_limited(3600)] * 5
    check_deployed_all_the_same(world, telling)
    assert world.front.slack.attempts <= 2


@pytest.mark.parametrize("operation", ["sns:Publish", "events:PutEvents"])
@pytest.mark.parametrize("fault", [faults.unavailable(), faults.error("AccessDenied", "no", 403)], ids=["503", "denied"])
def test_a_topic_or_a_bus_that_fails_fails_nothing(world: World, telling: LambdaFunction, operation: str, fault: Any) -> None:
    world.front.rules.add(fault, operation, times=0)
    check_deployed_all_the_same(world, telling)
    assert told(world) == ((1, 0, 1) if operation == "sns:Publish" else (1, 1, 0))


def test_an_entry_that_the_bus_refuses_is_a_warning(world: World, telling: LambdaFunction) -> None:
    body = b'{"FailedEntryCount":1,"Entries":[{"ErrorCode":"InternalFailure","ErrorMessage":"x"}]}'
    world.front.rules.add(faults.garbage(body), "events:PutEvents", times=0)
    check_deployed_all_the_same(world, telling)


def test_all_are_told_side_by_side(world: World, telling: LambdaFunction) -> None:
    telling.invoke(event())
    calls = [call for call in world.front.calls if call.name in ("slack:Post", "sns:Publish", "events:PutEvents")]
    assert len(calls) == 3
    assert max(call.started for call in calls) < min(call.ended for call in calls) or \
        max(call.started for call in calls) - min(call.started for call in calls) < 0.05


def test_telling_comes_after_the_deploy(world: World, telling: LambdaFunction) -> None:
    telling.invoke(event())
    names = world.front.calls.names()
    assert names.index("ecs:UpdateService") < min(names.index(one) for one in ("slack:Post", "sns:Publish", "events:PutEvents"))


# The webhook is a secret


def test_the_webhook_from_a_parameter(world: World, functions: Functions) -> None:
    world.front.ssm.put(PROD, REGION, PARAMETER, world.front.url + world.front.slack.path)
    function = functions.fresh(SLACK_WEBHOOK_PARAMETER=PARAMETER)
    function.invoke(event())
    assert len(world.front.slack.received) == 1
    function.invoke(event(service="backend", tag="v1.4.2"))
    assert len(world.front.slack.received) == 2
    assert len(world.front.calls.of("GetParameter")) == 1, "it is read once"
    assert world.front.slack.path.rpartition("/")[2] not in function.output


@pytest.mark.parametrize("make", ["missing", "denied", "no address"])
def test_a_parameter_that_holds_no_webhook_fails_nothing(world: World, functions: Functions, make: str) -> None:
    if make == "no address":
        world.front.ssm.put(PROD, REGION, PARAMETER, "xoxb-not-a-webhook-but-secret")
    name = {"missing": "/slipway/none", "denied": "/other/webhook", "no address": PARAMETER}[make]
    function = functions.fresh(SLACK_WEBHOOK_PARAMETER=name)
    check_deployed_all_the_same(world, function)
    assert "xoxb" not in function.output


def test_the_webhook_is_never_said(world: World, telling: LambdaFunction) -> None:
    world.front.slack.answers = [Slack.invalid_payload()] * 2
    answers = [telling.invoke(event()).body, telling.invoke(event(service="backend", tag="v1.4.2")).body]
    secret = world.front.slack.path.rpartition("/")[2]
    assert secret not in telling.output and all(secret.encode() not in body for body in answers)
    for call in world.front.calls:
        if call.service != "slack":
            assert secret.encode() not in call.request
