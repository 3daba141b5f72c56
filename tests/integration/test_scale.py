"""Many targets cost as many round trips as one; many events about one service are one deploy."""

from __future__ import annotations

from typing import Any

from conftest import Functions
from deploys import check_converged, event, later
from front import faults, round_trips
from front.seed import World
from lambda_function import LambdaFunction

# Far longer than the front takes for all calls of a wave.
DELAY_SECONDS = 0.3
LONG_DELAY_SECONDS = 1.0


def names(count: int) -> list[str]:
    return [f"s{number:02d}" for number in range(count)]


def seed_services(world: World, count: int) -> None:
    for name in names(count):
        world.add_project_service(name)
    world.front.calls.clear()


def events(count: int, **detail: Any) -> list[dict[str, Any]]:
    return [event(service=name, **detail) for name in names(count)]


def statuses(answers: list[dict[str, Any]]) -> list[str]:
    return [change["status"] for answer in answers for change in answer["changes"]]


def until_the_last_update(world: World) -> list[Any]:
    calls = list(world.front.calls)
    end = max(call.ended for call in calls if call.operation == "UpdateService")
    return [call for call in calls if call.ended <= end]


def test_twenty_deploys_are_three_round_trips(world: World, slipway: LambdaFunction) -> None:
    seed_services(world, 20)
    world.front.delay_seconds = DELAY_SECONDS
    answers = slipway.invoke(events(20, tag="git-abc123f")).json
    assert statuses(answers) == ["deployed"] * 20
    path = until_the_last_update(world)
    assert round_trips(path) == 3
    operations = [call.operation for call in path]
    assert operations.count("RegisterTaskDefinition") == operations.count("UpdateService") == 20
    assert operations.count("DescribeServices") == 2  # ten a call
    first = {name: operations.index(name) for name in ("RegisterTaskDefinition", "UpdateService")}
    assert "DescribeImages" not in operations[first["RegisterTaskDefinition"]:]


def test_the_facts_of_fifty_are_one_round_trip(world: World, slipway: LambdaFunction) -> None:
    seed_services(world, 50)
    world.front.delay_seconds = LONG_DELAY_SECONDS
    answers = slipway.invoke(events(50, tag="git-abc123f", dry_run=True)).json
    assert statuses(answers) == ["planned"] * 50
    assert round_trips(world.front.calls) == 1
    assert len(world.front.calls.of("DescribeServices")) == 5


def test_fifty_restarts_are_two_round_trips(world: World, slipway: LambdaFunction) -> None:
    seed_services(world, 50)
    world.front.delay_seconds = DELAY_SECONDS
    answers = slipway.invoke(events(50)).json
    assert statuses(answers) == ["restarted"] * 50
    assert round_trips(until_the_last_update(world)) == 2


def test_registrations_beyond_the_burst_are_paced_not_failed(world: World, slipway: LambdaFunction) -> None:
    seed_services(world, 23)
    world.front.ecs.paced = True
    answers = slipway.invoke(events(23, tag="git-abc123f")).json
    assert statuses(answers) == ["deployed"] * 23
    assert all(len(world.revisions(f"myproject_service_{name}_prod")) == 2 for name in names(23))


def test_fifty_events_about_one_service_are_one_deploy(world: World, slipway: LambdaFunction) -> None:
    first = event(service="backend", tag="v1.4.2")
    sent = [event(_time=later(first, number % 49), service="backend", tag="v1.4.2") for number in range(49)]
    newest = event(_time=later(first, 100), service="backend", tag="git-abc123f")
    answers = slipway.invoke([*sent[:25], newest, *sent[25:]]).json
    told = statuses(answers)
    assert told.count("deployed") == 1 and told[25] == "deployed"
    assert set(told) == {"deployed", "superseded"}
    assert [answer["event_id"] for answer in answers][25] == newest["id"]
    check_converged(world)


def test_the_same_event_twice_in_an_array(world: World, slipway: LambdaFunction) -> None:
    sent = event()
    told = statuses(slipway.invoke([sent, sent]).json)
    assert sorted(told) == ["deployed", "unchanged"]
    check_converged(world)


def test_one_that_is_refused_does_not_hold_up_the_others(world: World, slipway: LambdaFunction) -> None:
    seed_services(world, 2)
    answers = slipway.invoke([*events(2, tag="git-abc123f"), event(service="backend", tag="none"), {"no": "event"}]).json
    assert statuses(answers) == ["deployed", "deployed", "refused", "refused"]


def test_one_that_fails_fails_the_invocation_and_the_others_are_done(world: World, slipway: LambdaFunction) -> None:
    seed_services(world, 3)
    world.front.rules.add(faults.throttle(), "ecs:UpdateService", times=0, when=lambda call: "s01" in call.body["service"])
    sent = events(3, tag="git-abc123f")
    answer = slipway.invoke(sent)
    assert answer.is_error and answer.error_type == "Function.Throttled" and "s01" in answer.json["errorMessage"]
    world.front.rules.clear()
    assert statuses(slipway.invoke(sent).json) == ["unchanged", "deployed", "unchanged"]
    assert all(len(world.revisions(f"myproject_service_{name}_prod")) == 2 for name in names(3))


def test_an_empty_array_is_nothing(world: World, functions: Functions) -> None:
    answer = functions().invoke([])
    assert not answer.is_error and answer.json in ([], {"changes": []}) or answer.json["status"] in ("ignored", "refused")
