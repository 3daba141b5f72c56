"""Bad luck by the dice: any call may fail in any way, processes die, events come twice. In the end all is well.

Each case has a number; CHAOS_CASES=N plays the first N of them.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from conftest import Functions
from deploys import check_converged, event, reference
from front import Front, faults
from front.faults import Fault
from front.seed import SERVICE, World, seed
from lambda_function import LambdaFunction

CASES = int(os.environ.get("CHAOS_CASES", "12"))
# Deliveries until the dice must have run out.
MOST_DELIVERIES = 25
FAULTS: list[Callable[[], Fault]] = [
    faults.throttle,
    faults.unavailable,
    faults.html,
    faults.reset,
    lambda: faults.unavailable(after=True),
    lambda: faults.html(502, after=True),
    lambda: faults.reset(after=True),
    faults.truncate,
    faults.garbage,
]


def load_dice(front: Front, dice: random.Random, function: LambdaFunction, calls: int = 40, odds: float = 0.35) -> None:
    """Decides the fate of the next calls."""
    for number in range(1, calls + 1):
        if dice.random() < odds:
            kill = dice.random() < 0.2
            fault = faults.run(function.kill_bootstrap) if kill else dice.choice(FAULTS)()
            front.rules.add(fault, nth=number)


def deliver(function: LambdaFunction, sent: dict[str, Any]) -> Any:
    """As Lambda delivers, but more patient: until there is an answer."""
    for _ in range(MOST_DELIVERIES):
        answer = function.invoke(sent)
        if not answer.is_error:
            return answer
    raise AssertionError(f"no end of it: {answer.body!r}")


# Without retries of the client's own an unlucky call fails the invocation, and no time is spent on waiting.
@pytest.mark.parametrize("attempts", ["1", "2"])
def test_one_event_converges(front: Front, functions: Functions, attempts: str) -> None:
    function = functions.fresh(AWS_MAX_ATTEMPTS=attempts)
    for case in range(CASES if attempts == "1" else CASES // 4):
        world, sent = seed(front), event()
        load_dice(front, random.Random(case), function)
        answer = deliver(function, sent)
        front.rules.clear()
        assert answer.change["status"] in ("deployed", "unchanged"), (case, answer.json)
        try:
            check_converged(world)
            assert deliver(function, sent).change["status"] == "unchanged"
            check_converged(world)
        except AssertionError as error:
            raise AssertionError(f"case {case}: {describe(world)}") from error


def test_two_events_converge_on_the_newer(front: Front, functions: Functions) -> None:
    pair = [functions.fresh(AWS_MAX_ATTEMPTS="1", AWS_LAMBDA_FUNCTION_VERSION=name) for name in ("a", "b")]
    for case in range(CASES):
        world = seed(front)
        dice = random.Random(1000 + case)
        older, newer = event(service="backend", tag="v1.4.2"), event(service="backend", tag="git-abc123f")
        front.delay_seconds = 0.005
        load_dice(front, dice, pair[dice.randrange(2)], odds=0.2)
        turn = dice.sample(pair, 2)
        with ThreadPoolExecutor(2) as pool:
            late = pool.submit(deliver, turn[0], older)
            time.sleep(dice.random() * 0.08)
            answers = [pool.submit(deliver, turn[1], newer).result(), late.result()]
        front.rules.clear()
        try:
            assert world.running().images[SERVICE] == reference(world)
            assert world.running().tag("slipway:event-id") == newer["id"]
            for sent in (older, newer):
                # One that died before its update may find that the other's has passed over its revision.
                registered = [one for one in world.revisions() if one.tag("slipway:event-id") == sent["id"]]
                assert len(registered) <= 2, "registered again and again"
            assert answers[0].change["status"] in ("deployed", "unchanged")
            assert deliver(turn[0], older).change["status"] == "superseded"
            assert deliver(turn[1], newer).change["status"] == "unchanged"
            assert world.running().images[SERVICE] == reference(world)
        except AssertionError as error:
            told = [answer.change["status"] for answer in answers]
            raise AssertionError(f"case {case}: newer, older told {told}: {describe(world)}") from error


def test_restarts_happen_once(front: Front, functions: Functions) -> None:
    """One too many costs a rollout, one too few leaves a stale configuration."""
    function = functions.fresh(AWS_MAX_ATTEMPTS="1")
    for case in range(CASES):
        world, sent = seed(front), event(service="backend")
        load_dice(front, random.Random(2000 + case), function, odds=0.3)
        answer = deliver(function, sent)
        front.rules.clear()
        assert answer.change["status"] in ("restarted", "unchanged"), (case, answer.json)
        assert world.service().forced == 1 and len(world.revisions()) == 1, (case, world.service().forced)


def describe(world: World) -> str:
    calls = [f"{call.name.partition(':')[2]}{'!' + call.fault if call.fault else ''}" for call in world.front.calls]
    revisions = [(one.revision, one.tag("slipway:event-id"), one.tag("slipway:image-tag")) for one in world.revisions()]
    runs = [one.task_definition.rpartition(":")[2] for one in world.service().deployments]
    return f"revisions {revisions}, deployments {runs}, calls {calls}"
