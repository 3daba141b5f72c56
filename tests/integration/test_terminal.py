"""`slipway` on a terminal: the diff, the question, the progress line, Ctrl-C."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from command_line import program
from deploys import event, reference
from front import Front, faults
from front.seed import ADMIN_SECRET, PROD, SERVICE, World, admin_key, task_definition_text
from lambda_function import environment
from terminal import Terminal

pytestmark = pytest.mark.skipif(program() is None or shutil.which("tmux") is None, reason="no slipway, or no tmux")
TAG = "git-abc123f"
Open = Callable[..., Terminal]


@pytest.fixture
def terminal(front: Front, world: World) -> Iterator[Open]:
    opened: list[Terminal] = []

    def call(*words: str, ignores_interrupts: bool = False, **more: str) -> Terminal:
        person = {"AWS_ACCESS_KEY_ID": admin_key(PROD), "AWS_SECRET_ACCESS_KEY": ADMIN_SECRET, "AWS_SESSION_TOKEN": ""}
        parent = ("sh", "-c", "trap '' INT; exec \"$@\"", "sh") if ignores_interrupts else ()
        opened.append(Terminal({**environment(front), **person, **more}, *parent, str(program()), *words))
        return opened[-1]

    yield call
    for one in opened:
        one.close()


def test_the_diff_is_coloured(terminal: Open) -> None:
    one = terminal("plan", "backend", TAG)
    screen = one.wait_for("[left with 0]")
    assert "~ containerDefinitions" in screen and "git-0ld0001" in screen
    coloured = one.screen(escapes=True)
    assert "\033[31m" in coloured and "\033[32m" in coloured and "\033[36m" in coloured


def test_without_colours_where_they_are_not_wanted(terminal: Open) -> None:
    one = terminal("plan", "backend", TAG, NO_COLOR="1")
    one.wait_for("[left with 0]")
    coloured = one.screen(escapes=True)
    assert "\033[31m" not in coloured and "\033[32m" not in coloured


def test_no_is_an_answer(world: World, terminal: Open) -> None:
    one = terminal("deploy", "backend", TAG)
    one.wait_for(f"do this in production, 'prod', account {PROD}, us-east-1? [y/N]")
    one.type("n", "Enter")
    assert "nothing was done" in one.wait_for("[left with 3]")
    assert len(world.revisions()) == 1


def test_a_rollout_is_followed_to_its_end(world: World, terminal: Open) -> None:
    one = terminal("deploy", "backend", TAG)
    one.wait_for("[y/N]")
    assert len(world.revisions()) == 1
    one.type("y", "Enter")
    going = one.wait_for(" running, ")
    assert "backend: " in going and "pending" in going
    assert world.running().images[SERVICE] == reference(world)
    world.roll(world.service(), "completed")
    assert "completed" in one.wait_for("[left with 0]")


def test_a_rollout_that_fails_says_why(world: World, terminal: Open) -> None:
    one = terminal("deploy", "--yes", "backend", TAG)
    one.wait_for(" running, ")
    world.stop_task(world.service(), "Essential container in task exited", "EssentialContainerExited",
                    {"name": SERVICE, "exitCode": 137, "reason": "OutOfMemoryError: Container killed due to memory usage"})
    world.roll(world.service(), "failed")
    screen = one.wait_for("[left with 1]")
    assert "the deployment failed" in screen and "memory" in screen and "to go back: slipway rollback backend" in screen


def test_a_deployment_that_another_replaces(world: World, terminal: Open) -> None:
    one = terminal("deploy", "--yes", "backend", TAG)
    one.wait_for(" running, ")
    world.service().roll_to(world.revisions()[0].arn, world.front.clock.now())
    assert "another deployment took its place" in one.wait_for("[left with 1]")


def test_ctrl_c_leaves_the_deployment_alone(world: World, terminal: Open) -> None:
    one = terminal("deploy", "--yes", "backend", TAG)
    one.wait_for(" running, ")
    deployment = world.service().primary.id
    one.type("C-c")
    screen = one.wait_for("[left with 1]")
    assert "the deployment goes on; see: slipway status backend" in screen
    assert world.service().primary.id == deployment and world.running().images[SERVICE] == reference(world)


def test_ctrl_c_is_an_answer(world: World, terminal: Open) -> None:
    one = terminal("deploy", "backend", TAG)
    one.wait_for("[y/N]")
    one.type("C-c")
    assert "nothing was done" in one.wait_for("[left with 3]")
    assert len(world.revisions()) == 1


def test_ctrl_c_does_not_break_off_what_is_being_written(world: World, terminal: Open) -> None:
    gate = faults.Gate()
    world.front.rules.add(faults.hold(gate), "ecs:UpdateService")
    one = terminal("deploy", "backend", TAG)
    one.wait_for("[y/N]")
    one.type("y", "Enter")
    gate.wait_for_arrival()
    one.type("C-c")
    one.wait_for("^C")
    gate.open()
    screen = one.wait_for("[left with 1]")
    assert "deployed" in screen and "interrupted; the deployment goes on" in screen
    assert world.running().images[SERVICE] == reference(world)


def test_ctrl_c_does_not_break_off_an_event(world: World, terminal: Open, tmp_path: Path) -> None:
    file = tmp_path / "event.json"
    file.write_text(json.dumps(event(service="backend", tag=TAG)), encoding="utf-8")
    gate = faults.Gate()
    world.front.rules.add(faults.hold(gate), "ecs:UpdateService")
    one = terminal("event", str(file))
    gate.wait_for_arrival()
    one.type("C-c")
    one.wait_for("^C")
    gate.open()
    assert "interrupted; the event was handled to its end" in one.wait_for("[left with 0]")
    assert world.running().images[SERVICE] == reference(world)


def test_ctrl_c_that_the_parent_ignores(world: World, terminal: Open) -> None:
    one = terminal("deploy", "--yes", "backend", TAG, ignores_interrupts=True)
    one.wait_for(" running, ")
    one.type("C-c")
    one.wait_for("^C")
    world.roll(world.service(), "completed")
    assert "interrupted" not in one.wait_for("[left with 0]")


def test_a_narrow_terminal_has_one_line_of_progress(world: World, terminal: Open) -> None:
    one = terminal("deploy", "--yes", "backend", TAG, COLUMNS="40")
    one.wait_for(" running, ")
    world.roll(world.service(), "completed")
    lines = one.wait_for("[left with 0]").splitlines()
    (progress,) = [line for line in lines if line.startswith("backend: ")]
    assert len(progress) < 40


def test_a_dumb_terminal_is_sent_no_escapes(world: World, terminal: Open) -> None:
    one = terminal("deploy", "--yes", "backend", TAG, TERM="dumb")
    one.wait_for(" running, ")
    world.roll(world.service(), "completed")
    screen = one.wait_for("[left with 0]")
    assert len([line for line in screen.splitlines() if line.startswith("backend: ")]) >= 2
    coloured = one.screen(escapes=True)
    assert "\033[3" not in coloured and "\033[1m" not in coloured


def test_what_changes_while_a_person_thinks_is_shown_again(world: World, terminal: Open) -> None:
    one = terminal("deploy", "backend", TAG)
    one.wait_for("[y/N]")
    world.register(task_definition_text().replace('"cpu": 0', '"cpu": 7', 1))
    one.type("y", "Enter")
    one.wait_for("meanwhile this has changed")
    assert world.running().revision == 1
    one.type("y", "Enter")
    one.wait_for(" running, ")
    assert world.running().revision == 3


def test_a_page_of_help_fits(terminal: Open) -> None:
    screen = terminal("--help").wait_for("[left with 0]")
    assert all(len(line) < 110 for line in screen.splitlines())
