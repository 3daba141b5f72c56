"""The process dies. The event comes again, and the world is as if nothing had happened."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from conftest import Functions
from deploys import check_converged, event
from front import Front, faults
from front.seed import REGISTRY_ROLE, World, seed
from lambda_function import Answer, LambdaFunction
from test_targets import FAMILY, TASKS, Report

# More calls than a deploy of one service or task makes.
MOST_CALLS = 30


def killed_at(world: World, function: LambdaFunction, sent: dict[str, Any], number: int, moment: str) -> bool:
    """Delivers the event, with kill -9 at the AWS call of that number; False when there were fewer calls."""
    killed = threading.Event()

    def kill() -> None:
        if function.kill_bootstrap():
            killed.set()

    fault = {"arriving": faults.run(kill, after=False), "answering": faults.run(kill), "answered": faults.run_delivered(kill)}
    world.front.rules.clear()
    rule = world.front.rules.add(fault[moment], nth=number)
    answer = function.invoke(sent)
    world.front.rules.clear()
    if rule.seen < number:
        return False
    assert killed.wait(5), "there was nothing to kill"
    if moment != "answered":
        assert answer.is_error, "the process was killed and yet it answered"
    return True


def deliver_again(function: LambdaFunction, sent: dict[str, Any]) -> Answer:
    """The event once more; the emulator may find only then that the process is dead."""
    answer = function.invoke(sent)
    return function.invoke(sent) if answer.is_error and answer.error_type == "Runtime.ExitError" else answer


@pytest.mark.parametrize("moment", ["arriving", "answering", "answered"])
def test_killed_at_each_call(front: Front, functions: Functions, moment: str) -> None:
    function = functions.fresh()
    for number in range(1, MOST_CALLS):
        world, sent = seed(front), event()
        if not killed_at(world, function, sent, number, moment):
            break
        answer = deliver_again(function, sent)
        assert answer.change["status"] in ("deployed", "unchanged"), (number, answer.json)
        check_converged(world)
        assert function.invoke(sent).change["status"] == "unchanged"
        check_converged(world)
    assert 6 < number < MOST_CALLS, f"a deploy made {number - 1} calls"


def test_killed_twice(front: Front, functions: Functions) -> None:
    function = functions.fresh()
    for first in range(4, 8):
        for second in range(1, 8):
            world, sent = seed(front), event()
            killed_at(world, function, sent, first, "answering")
            killed_at(world, function, sent, second, "answering")
            answer = function.invoke(sent)
            assert answer.change["status"] in ("deployed", "unchanged"), (first, second, answer.json)
            check_converged(world)


def test_killed_at_each_call_of_a_restart(front: Front, functions: Functions) -> None:
    function = functions.fresh()
    for number in range(1, MOST_CALLS):
        world, sent = seed(front), event(service="backend")
        if not killed_at(world, function, sent, number, "answering"):
            break
        answer = function.invoke(sent)
        assert answer.change["status"] in ("restarted", "unchanged"), (number, answer.json)
        assert world.service().forced == 1 and len(world.revisions()) == 1, number
    assert 1 < number < MOST_CALLS


def test_killed_at_each_call_of_a_forced_deploy(front: Front, functions: Functions) -> None:
    function = functions.fresh()
    for number in range(1, MOST_CALLS):
        world = seed(front)
        assert function.invoke(event()).change["status"] == "deployed"
        deployments, revisions = len(world.service().deployments), len(world.revisions())
        sent = event(service="backend", tag="git-abc123f", force=True)
        if not killed_at(world, function, sent, number, "answering"):
            break
        function.invoke(sent)
        assert function.invoke(sent).change["status"] == "unchanged"
        assert len(world.service().deployments) == deployments + 1, number
        assert len(world.revisions()) <= revisions + 1
    assert 1 < number < MOST_CALLS


def test_killed_at_each_call_of_a_task(front: Front, functions: Functions) -> None:
    function = functions.fresh(ECS_SERVICE_MAP=TASKS)
    for number in range(1, MOST_CALLS):
        world = seed(front)
        report, sent = Report(world), event(service="report", tag="git-abc123f")
        rule = report.rule("nightly", report.target(), report.target("twice"))
        report.schedule("hourly")
        if not killed_at(world, function, sent, number, "answering"):
            break
        answer = deliver_again(function, sent)
        assert answer.change["status"] in ("deployed", "unchanged"), (number, answer.json)
        assert len(world.revisions(FAMILY)) == 2, number
        runs = {one["EcsParameters"]["TaskDefinitionArn"] for one in rule.targets} | {report.seen("hourly")[1]}
        assert runs == {report.new}, (number, runs)
    assert 8 < number < MOST_CALLS


def test_killed_at_each_call_of_a_rollback(front: Front, functions: Functions) -> None:
    function = functions.fresh()
    for number in range(1, MOST_CALLS):
        world = seed(front)
        for tag in ("v1.4.2", "git-abc123f"):
            function.invoke(event(service="backend", tag=tag))
            (told,) = world.roll(world.service(), "completed")
            assert function.invoke(told).change["outcome"] == "completed"
        sent = event(_type="ROLLBACK", service="backend")
        if not killed_at(world, function, sent, number, "answering"):
            break
        answer = deliver_again(function, sent)
        assert answer.change["status"] in ("rolled_back", "unchanged"), (number, answer.json)
        assert world.running().tag("slipway:image-tag") == "v1.4.2", number
        assert len(world.revisions()) == 3 and len(world.service().deployments) == 2, number
    assert 4 < number < MOST_CALLS


def test_killed_at_each_call_of_a_report(front: Front, functions: Functions) -> None:
    function = functions.fresh()
    for number in range(1, MOST_CALLS):
        world = seed(front)
        function.invoke(event())
        (told,) = world.roll(world.service(), "completed")
        if not killed_at(world, function, told, number, "answering"):
            break
        answer = deliver_again(function, told)
        assert answer.change["status"] in ("reported", "unchanged"), (number, answer.json)
        assert world.running().tag("slipway:completed"), number
    assert 2 < number < MOST_CALLS


def test_killed_with_an_assumed_role(front: Front, functions: Functions) -> None:
    for number in range(1, MOST_CALLS):
        world, sent = seed(front), event()
        # A process that lived on would have the credentials of a role of the world before.
        function = functions.fresh(ECR_ROLE_ARN=REGISTRY_ROLE)
        if not killed_at(world, function, sent, number, "answering"):
            break
        assert function.invoke(sent).change["status"] in ("deployed", "unchanged")
        check_converged(world)
    assert 7 < number < MOST_CALLS


def test_a_newer_event_finishes_what_a_crash_left(world: World, functions: Functions) -> None:
    """The crashed event never comes again; its revision is not run by accident, and its place in time is kept."""
    function = functions.fresh()
    crashed = event()
    killed_at(world, function, crashed, 5, "answering")
    assert len(world.revisions()) == 2 and len(world.service().deployments) == 1
    newer = event(service="backend", tag="v1.4.2")
    assert function.invoke(newer).change["status"] == "deployed"
    assert world.running().tag("slipway:image-tag") == "v1.4.2"
    assert function.invoke(crashed).change["status"] == "superseded"
    assert world.running().tag("slipway:image-tag") == "v1.4.2" and len(world.revisions()) == 3
