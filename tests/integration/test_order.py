"""What comes between two deliveries of one event: a restart leaves it to be done, what somebody gave the service by hand
does not."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from conftest import Functions
from deploys import event, reference
from front import faults
from front.seed import SERVICE, World, task_definition_text
from front.taskdefs import TaskDefinition
from lambda_function import Answer, LambdaFunction

COMPLETED = [{"key": "slipway:completed", "value": "2026-05-01T10:00:00Z"}]
DAY = 86400


@pytest.fixture
def now(world: World) -> float:
    """The present time; deployments begin at it, and what is there has run for days."""
    world.front.ecs.services.behind_seconds = 0
    return float(world.front.clock.now())


@pytest.fixture
def earlier(world: World, now: float) -> list[TaskDefinition]:
    """Two revisions that have completed; the second one runs."""
    both = [world.register(task_definition_text(tags=COMPLETED)) for _ in range(2)]
    for number, one in enumerate(both):
        began = now - DAY + 3600 * number
        world.service().roll_to(one.arn, began)
        world.service().complete(began + 60)
    for one in world.revisions():
        one.registered_at = now - 2 * DAY
    return both


def at(when: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(when))


def fail_once(world: World, operation: str) -> None:
    world.front.rules.add(faults.error("AccessDeniedException", "User: u is not authorized to perform: x"), operation)


def restarted_between(world: World, function: LambdaFunction, sent: dict[str, Any], now: float,
                      operation: str = "ecs:UpdateService") -> Answer:
    """The event fails at that call, the service is restarted, and the event comes again."""
    fail_once(world, operation)
    assert function.invoke(sent).is_error
    assert function.invoke(event(at(now - 2), service="backend")).change["status"] == "restarted"
    return function.invoke(sent)


def test_a_deploy_goes_on_after_a_restart(world: World, functions: Functions, now: float) -> None:
    sent = event(at(now - 5), service="backend", tag="git-abc123f")
    answer = restarted_between(world, functions(), sent, now)
    assert answer.change["status"] == "deployed", answer.json
    assert len(world.revisions()) == 2 and world.running().images[SERVICE] == reference(world)


def test_a_deploy_goes_on_after_the_restart_of_its_payload(world: World, functions: Functions, now: float) -> None:
    function = functions()
    sent = [event(at(now - 5), service="backend", tag="git-abc123f"), event(at(now - 4), service="backend")]
    fail_once(world, "ecs:UpdateService")
    assert function.invoke(sent).is_error
    answer = function.invoke(sent)
    assert answer.json[0]["status"] == "deployed", answer.json
    assert world.running().images[SERVICE] == reference(world)


@pytest.mark.parametrize("operation", ["ecs:UpdateService", "ecs:DescribeServices"])
def test_a_rollback_goes_on_after_a_restart(world: World, functions: Functions, now: float, earlier: list[TaskDefinition],
                                            operation: str) -> None:
    world.register(task_definition_text(cpu="512")).registered_at = now - 3600  # the newest one has never run
    sent = event(at(now - 5), _type="ROLLBACK", service="backend")
    function = functions()
    answer = restarted_between(world, function, sent, now, operation)
    assert answer.change["status"] == "rolled_back", answer.json
    assert world.running().arn == earlier[0].arn
    assert function.invoke(sent).change["status"] == "unchanged"
    assert world.running().arn == earlier[0].arn


def test_a_named_revision_is_deployed_after_a_restart(world: World, functions: Functions, now: float,
                                                      earlier: list[TaskDefinition]) -> None:
    sent = event(at(now - 5), service="backend", task_definition=f"{SERVICE}:2")
    answer = restarted_between(world, functions(), sent, now)
    assert answer.change["status"] == "deployed", answer.json
    assert world.running().arn == earlier[0].arn


def test_what_was_gone_back_from_stays_gone(world: World, functions: Functions, now: float) -> None:
    function, before = functions(), world.running()
    sent = event(at(now - 5), service="backend", tag="git-abc123f")
    assert function.invoke(sent).change["status"] == "deployed"
    began = world.front.clock.now() + 1
    world.service().roll_to(before.arn, began)
    world.service().complete(began + 1)
    answer = function.invoke(sent)
    assert answer.change["status"] == "superseded", answer.json
    assert world.running().arn == before.arn


def by_hand(world: World) -> TaskDefinition:
    """Another size, with the image that runs; neither tag of slipway's."""
    text = json.loads(task_definition_text(cpu="512"))
    for container in text["containerDefinitions"]:
        container["image"] = world.running().images.get(container["name"], container["image"])
    one = world.register(json.dumps(text))
    world.service().roll_to(one.arn, world.front.clock.now())
    return one


def test_what_was_given_by_hand_stays(world: World, functions: Functions, now: float) -> None:
    function = functions()
    sent = event(at(now - 30), service="backend", tag="git-abc123f")
    assert function.invoke(sent).change["status"] == "deployed"
    hand = by_hand(world)
    for one in (sent, event(at(now - 60), service="backend", tag="git-abc122e")):
        answer = function.invoke(one)
        assert answer.change["status"] == "superseded", answer.json
        assert world.running().arn == hand.arn
    answer = function.invoke(event(at(now + 1), service="backend", tag="git-abc122e"))
    assert answer.change["status"] == "deployed", answer.json
    assert world.running().value("cpu") == "512"


def test_a_deploy_goes_on_over_what_was_given_by_hand(world: World, functions: Functions, now: float) -> None:
    function = functions()
    sent = event(at(now - 30), service="backend", tag="git-abc123f")
    fail_once(world, "ecs:UpdateService")
    assert function.invoke(sent).is_error
    by_hand(world)
    answer = function.invoke(sent)
    assert answer.change["status"] == "deployed", answer.json
    assert (world.running().value("cpu"), world.running().images[SERVICE]) == ("512", reference(world))
