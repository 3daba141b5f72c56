"""Two processes at once for one service: the newer event wins, whoever is first, and both say what happened."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest

from conftest import Functions
from deploys import event, reference
from front import Front, Gate, faults
from front.calls import Call
from front.seed import PROD, REGION, SERVICE, World, seed, task_definition_text
from lambda_function import Answer
from test_targets import FAMILY, FUNCTIONS, TASKS, Report, Resizer

OLDER_KEY, NEWER_KEY = "ASIAFRONTOLDER000001", "ASIAFRONTNEWER000001"
SECRET = "rAceSecret/of+the/function/0123456789abcdefg"
OPERATIONS = ["ecr:DescribeImages", "ecs:DescribeServices", "ecs:DescribeTaskDefinition", "ecs:RegisterTaskDefinition",
              "ecs:UpdateService"]


# More calls than a deploy makes whose look around found another one at work.
MOST_CALLS = 40


class Race:
    """An older and a newer event, each in a process of its own."""

    def __init__(self, front: Front, functions: Functions, **variables: str) -> None:
        self.front = front
        self.older = functions(AWS_ACCESS_KEY_ID=OLDER_KEY, AWS_SECRET_ACCESS_KEY=SECRET, AWS_SESSION_TOKEN=None, **variables)
        self.newer = functions(AWS_ACCESS_KEY_ID=NEWER_KEY, AWS_SECRET_ACCESS_KEY=SECRET, AWS_SESSION_TOKEN=None, **variables)
        self.reset()

    def reset(self) -> None:
        self.world: World = seed(self.front)
        role = self.world.function_role
        self.front.add_key(OLDER_KEY, SECRET, role.session("older"))
        self.front.add_key(NEWER_KEY, SECRET, role.session("newer"))
        self.older_event = event(service="backend", tag="v1.4.2")
        self.newer_event = event(service="backend", tag="git-abc123f")

    def held(self, which: str, operation: str, after: bool) -> tuple[Answer, Answer]:
        """(the older's, the newer's answer), with one of the two held at a call until the other is done."""
        gate = Gate()
        key = OLDER_KEY if which == "older" else NEWER_KEY
        self.front.rules.add(faults.hold(gate, after=after), operation, when=_by(key))
        slow, slow_event = (self.older, self.older_event) if which == "older" else (self.newer, self.newer_event)
        fast, fast_event = (self.newer, self.newer_event) if which == "older" else (self.older, self.older_event)
        waiting = slow.start(slow_event)
        gate.wait_for_arrival()
        done = fast.invoke(fast_event)
        gate.open()
        late = waiting.result()
        return (late, done) if which == "older" else (done, late)


    def interleaved(self, held: str, i: int, j: int, alone: bool) -> tuple[Answer, Answer, bool, bool] | None:
        """The held one stops before its call i until the other's call j has been carried out. With `alone` the other
        then stops, too, until the held one is done; without, both go on side by side. Returns (the older's answer, the
        newer's, whether call j was made, whether the other stopped); None when the held one makes no call i."""
        gate, pause, made = Gate(), Gate(), threading.Event()
        slow, slow_key, slow_event = (self.older, OLDER_KEY, self.older_event) if held == "older" else (
            self.newer, NEWER_KEY, self.newer_event)
        fast, fast_key, fast_event = (self.newer, NEWER_KEY, self.newer_event) if held == "older" else (
            self.older, OLDER_KEY, self.older_event)

        def reached() -> None:
            made.set()
            if not alone:
                gate.open()

        self.front.rules.add(faults.hold(gate), nth=i, when=_by(slow_key))
        if alone:
            self.front.rules.add(faults.hold(pause), nth=j + 1, when=_by(fast_key))
        self.front.rules.add(faults.run(reached), nth=j, when=_by(fast_key))
        waiting = slow.start(slow_event)
        if not _arrived_or_done(gate, waiting):
            return None
        other = fast.start(fast_event)
        stopped = _arrived_or_done(pause, other)
        gate.open()
        late = waiting.result()
        pause.open()
        done = other.result()
        return (*((late, done) if held == "older" else (done, late)), made.is_set(), stopped)


def _arrived_or_done(gate: Gate, answer: Future[Answer]) -> bool:
    """Waits for either; whether a call stands at the gate."""
    while not answer.done():
        if gate.has_arrived(0.002):
            return True
    return gate.has_arrived(0)


@pytest.fixture
def race(front: Front, functions: Functions) -> Race:
    return Race(front, functions)


def check_newer_wins(race: Race, older: Answer, newer: Answer) -> None:
    world = race.world
    assert world.running().images[SERVICE] == reference(world), "the older event's image runs"
    assert world.running().tag("slipway:event-id") == race.newer_event["id"]
    assert newer.change["status"] in ("deployed", "unchanged"), newer.json
    check_truthful(world, newer)
    check_truthful(world, older)
    assert older.change["status"] in ("deployed", "superseded"), older.json
    assert len([one for one in world.revisions() if one.tag("slipway:event-id") == race.newer_event["id"]]) == 1


def check_settled(race: Race) -> None:
    """Delivered again, by Lambda's habit: nothing changes any more."""
    deployments = len(race.world.service().deployments)
    assert race.newer.invoke(race.newer_event).change["status"] == "unchanged"
    assert race.older.invoke(race.older_event).change["status"] == "superseded"
    assert len(race.world.service().deployments) == deployments


def check_truthful(world: World, answer: Answer) -> None:
    """What an answer claims was deployed, the service was given; a superseded one says why, and what runs instead."""
    change = answer.change
    given = {deployment.task_definition for deployment in world.service().deployments}
    if change["status"] == "deployed":
        assert change["to"]["task_definition"] in given
    if change["status"] == "superseded":
        assert change["code"] == "Superseded" and change["message"] and change["remedy"]
        assert change.get("to", {}).get("task_definition", world.running().arn) == world.running().arn


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("which", ["older", "newer"])
def test_one_is_held_until_the_other_is_done(race: Race, which: str, operation: str, after: bool) -> None:
    older, newer = race.held(which, operation, after)
    check_newer_wins(race, older, newer)
    check_settled(race)


def try_every_pair(race: Race, held: str, alone: bool, check: Callable[[Answer, Answer], None]) -> int:
    """Call i of the one waits for call j of the other, for all i and j; how many there were."""
    tried, wrong = 0, []
    for i in range(1, MOST_CALLS):
        for j in range(1, MOST_CALLS):
            race.reset()
            answers = race.interleaved(held, i, j, alone)
            if answers is None:
                break
            older, newer, made, _ = answers
            try:
                check(older, newer)
            except AssertionError as problem:
                wrong.append(f"call {i} of the {held} one held until call {j} of the other: {str(problem)[:800]}")
            if not made:
                break
            tried += 1
        if answers is None:
            break
    assert not wrong, f"{len(wrong)} of {tried}:\n" + "\n".join(wrong[:8])
    assert i < MOST_CALLS - 1
    return tried


@pytest.mark.parametrize("alone", [True, False], ids=["turns", "side-by-side"])
@pytest.mark.parametrize("held", ["older", "newer"])
def test_at_every_pair_of_calls(race: Race, figures: list[str], held: str, alone: bool) -> None:
    def check(older: Answer, newer: Answer) -> None:
        check_newer_wins(race, older, newer)
        if alone:
            check_settled(race)

    tried = try_every_pair(race, held, alone, check)
    assert tried >= 36, tried
    how = "in turns" if alone else "side by side from there"
    figures.append(f"race for a service: {tried} interleavings, the {held} event's process held, {how}")


class TaskRace(Race):
    """For a task that a rule and a schedule run."""

    def reset(self) -> None:
        super().reset()
        self.report = Report(self.world)
        self.world.push("v1.4.2", repository="myproject_task_report", platforms=())
        self.rule = self.report.rule("nightly", self.report.target())
        self.report.schedule("hourly")
        self.older_event = event(service="report", tag="v1.4.2")
        self.newer_event = event(service="report", tag="git-abc123f")

    def check(self, older: Answer, newer: Answer) -> None:
        for arn in (self.rule.targets[0]["EcsParameters"]["TaskDefinitionArn"], self.report.seen("hourly")[1]):
            revision = self.front.ecs.task_definitions.find(PROD, REGION, arn)
            assert revision is not None and revision.tag("slipway:event-id") == self.newer_event["id"], (arn, older.json, newer.json)
        check_told(older, newer)
        for answer in (older, newer):
            if answer.change["status"] == "deployed":
                assert answer.change["to"]["task_definition"] in {one.arn for one in self.world.revisions(FAMILY)}


class RollbackRace(Race):
    """A deploy and a rollback; `newest` says which of the two is the newer event."""

    newest = "rollback"

    def reset(self) -> None:
        super().reset()
        tags = [{"key": "slipway:completed", "value": "2026-05-01T10:00:00Z"}, {"key": "Environment", "value": "prod"}]
        self.world.register(task_definition_text(tags=tags))
        running, yesterday = self.world.register(task_definition_text(tags=tags)), self.front.clock.now() - 86400
        self.world.service().roll_to(running.arn, yesterday)
        self.world.service().complete(yesterday + 60)
        for revision in self.world.revisions():
            revision.registered_at = yesterday - 60
        first, second = event(service="backend", tag="git-abc123f"), event(_type="ROLLBACK", service="backend")
        if self.newest == "deploy":
            first, second = event(_type="ROLLBACK", service="backend"), event(service="backend", tag="git-abc123f")
        self.older_event, self.newer_event = first, second

    def check(self, older: Answer, newer: Answer) -> None:
        for answer in (older, newer):
            assert not answer.is_error, answer.json
        running = self.world.running()
        if self.newest == "deploy":
            assert running.images[SERVICE] == reference(self.world), (older.json, newer.json)
            assert newer.change["status"] in ("deployed", "unchanged"), newer.json
            assert older.change["status"] in ("rolled_back", "superseded"), older.json
        else:
            # Back to what completed before whatever ran when the rollback looked: never to the older deploy.
            assert running.revision in (2, 3), (running.arn, older.json, newer.json)
            assert newer.change["status"] in ("rolled_back", "unchanged"), newer.json
            assert older.change["status"] in ("deployed", "superseded"), older.json
            if newer.change["status"] == "rolled_back":
                assert newer.change["to"]["task_definition"] == running.arn, (running.arn, newer.json)


class FunctionRace(Race):
    """For a function that has an alias."""

    def reset(self) -> None:
        super().reset()
        self.resizer = Resizer(self.world)
        self.world.push("v1.4.2", repository="myproject_resizer", platforms=())
        self.front.functions.looks = 0
        self.older_event = event(service="resizer", tag="v1.4.2")
        self.newer_event = event(service="resizer", tag="git-abc123f")

    def check(self, older: Answer, newer: Answer) -> None:
        function = self.resizer.function
        for answer in (older, newer):  # Lambda delivers again what failed for now
            if answer.is_error:
                assert answer.error_type in ("Function.AwsUnavailable", "Function.Throttled"), answer.json
        if older.is_error:
            older = self.older.invoke(self.older_event)
        if newer.is_error:
            newer = self.newer.invoke(self.newer_event)
        assert function.image == self.resizer.uri, (older.json, newer.json)
        assert function.versions[function.aliases["live"].version][0] == self.resizer.uri, (older.json, newer.json)
        check_told(older, newer)


def check_told(older: Answer, newer: Answer) -> None:
    assert newer.change["status"] in ("deployed", "unchanged"), newer.json
    assert older.change["status"] in ("deployed", "superseded"), older.json


@pytest.mark.parametrize("held", ["older", "newer"])
def test_at_every_pair_of_calls_of_a_task(front: Front, functions: Functions, figures: list[str], held: str) -> None:
    race = TaskRace(front, functions, ECS_SERVICE_MAP=TASKS)
    tried = try_every_pair(race, held, True, race.check)
    figures.append(f"race for a task: {tried} interleavings, the {held} event's process held, in turns")


@pytest.mark.parametrize("newest", ["rollback", "deploy"])
@pytest.mark.parametrize("held", ["older", "newer"])
def test_at_every_pair_of_calls_of_a_deploy_and_a_rollback(front: Front, functions: Functions, figures: list[str], held: str,
                                                           newest: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RollbackRace, "newest", newest)
    race = RollbackRace(front, functions)
    tried = try_every_pair(race, held, True, race.check)
    figures.append(f"race of a deploy and a rollback: {tried} interleavings, the {newest} newer, the {held} event's process held, in turns")


@pytest.mark.parametrize("held", ["older", "newer"])
def test_at_every_pair_of_calls_of_a_function(front: Front, functions: Functions, figures: list[str], held: str) -> None:
    race = FunctionRace(front, functions, ECS_SERVICE_MAP=json.dumps(FUNCTIONS))
    tried = try_every_pair(race, held, True, race.check)
    figures.append(f"race for a function: {tried} interleavings, the {held} event's process held, in turns")


@pytest.mark.parametrize("operation", ["ecs:DescribeServices", "ecs:DescribeTaskDefinition"])
def test_whoever_cannot_look_once_more_does_not_say_all_is_well(race: Race, operation: str) -> None:
    """The older one writes last, and its look at who else was there fails: its retry has to make up for it."""
    gate = Gate()
    race.front.rules.add(faults.hold(gate), "ecs:RegisterTaskDefinition", when=_by(OLDER_KEY))
    waiting = race.older.start(race.older_event)
    gate.wait_for_arrival()
    assert race.newer.invoke(race.newer_event).change["status"] == "deployed"
    race.front.rules.add(faults.unavailable(), operation, times=0, when=_by(OLDER_KEY))
    gate.open()
    answer = waiting.result()
    race.front.rules.clear()
    if answer.is_error:
        answer = race.older.invoke(race.older_event)
    assert race.world.running().tag("slipway:event-id") == race.newer_event["id"], answer.json
    assert answer.change["status"] == "superseded"


@pytest.mark.parametrize("operation", OPERATIONS)
def test_both_are_held_and_let_go_together(race: Race, operation: str) -> None:
    gates = {OLDER_KEY: Gate(), NEWER_KEY: Gate()}
    for key, gate in gates.items():
        race.front.rules.add(faults.hold(gate), operation, when=_by(key))
    answers = race.older.start(race.older_event), race.newer.start(race.newer_event)
    for gate in gates.values():
        gate.wait_for_arrival()
    for gate in gates.values():
        gate.open()
    check_newer_wins(race, answers[0].result(), answers[1].result())


def test_side_by_side_again_and_again(race: Race) -> None:
    for _ in range(8):
        race.reset()
        race.front.delay_seconds = 0.01
        answers = race.newer.start(race.newer_event), race.older.start(race.older_event)
        check_newer_wins(race, answers[1].result(), answers[0].result())


def test_the_same_event_in_two_processes(race: Race) -> None:
    """A duplicate delivery at the very same time: one image runs, whatever was registered for it."""
    for _ in range(4):
        race.reset()
        race.front.delay_seconds = 0.01
        sent = race.newer_event
        answers = [one.result() for one in (race.older.start(sent), race.newer.start(sent))]
        world = race.world
        assert world.running().images[SERVICE] == reference(world)
        assert world.running().tag("slipway:event-id") == sent["id"]
        assert {answer.change["status"] for answer in answers} <= {"deployed", "unchanged", "superseded"}
        assert world.running().arn == world.revisions()[-1].arn, "the revision number breaks a tie"
        for answer in answers:
            check_truthful(world, answer)
        assert race.newer.invoke(sent).change["status"] == "unchanged"


def test_a_crashed_winner_leaves_it_to_the_retry(race: Race) -> None:
    """The newer one registers and dies; the older one finishes; the newer one's retry still wins."""
    gate = Gate()
    race.front.rules.add(faults.hold(gate, after=True), "ecs:RegisterTaskDefinition", when=_by(NEWER_KEY))
    waiting = race.newer.start(race.newer_event)
    gate.wait_for_arrival()
    assert race.newer.kill_bootstrap()
    gate.open()
    assert waiting.result().is_error
    older = race.older.invoke(race.older_event)
    newer = race.newer.invoke(race.newer_event)
    check_newer_wins(race, older, newer)


@pytest.mark.parametrize("runs", [True, False], ids=["and-deploys-it", "only"])
def test_settings_that_somebody_registers_meanwhile_are_deployed(race: Race, runs: bool) -> None:
    """Terraform applies right before the registration: its revision is the base, though the plan did not see it."""
    gate = Gate()
    race.front.rules.add(faults.hold(gate), "ecs:RegisterTaskDefinition")
    waiting = race.newer.start(race.newer_event)
    gate.wait_for_arrival()
    applied = race.world.register(task_definition_text(cpu="1024", memory="2048"))
    if runs:
        race.world.service().roll_to(applied.arn, race.front.clock.now())
    gate.open()
    answer = waiting.result()
    running = race.world.running()
    assert answer.change["status"] == "deployed", answer.json
    assert f"somebody else registered '{SERVICE}:{applied.revision}'" in answer.change["note"]
    assert running.value("cpu") == "1024" and running.images[SERVICE] == reference(race.world)
    assert len([one for one in race.world.revisions() if one.tag("slipway:event-id") == race.newer_event["id"]]) == 2
    assert race.newer.invoke(race.newer_event).change["status"] == "unchanged"
    assert race.world.running().arn == running.arn


def _by(key: str) -> Any:
    def made_by(call: Call) -> bool:
        return call.access_key == key

    return made_by
