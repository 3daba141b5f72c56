"""`slipway` without a terminal: what it does, says and leaves with."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from command_line import Ran, program, run
from deploys import event, reference
from front import Front
from front.seed import ADMIN_SECRET, PROD, REGION, SERVICE, World, admin_key
from lambda_function import environment

pytestmark = pytest.mark.skipif(program() is None, reason="there is no slipway beside SLIPWAY_BOOTSTRAP")
TAG = "git-abc123f"

Slipway = Callable[..., Ran]


@pytest.fixture
def slipway(front: Front, world: World) -> Slipway:
    def call(*words: str, text: str = "", **more: str) -> Ran:
        person = {"AWS_ACCESS_KEY_ID": admin_key(PROD), "AWS_SECRET_ACCESS_KEY": ADMIN_SECRET, "AWS_SESSION_TOKEN": ""}
        return run({**environment(front), **person, **more}, *words, text=text)

    return call


def test_a_plan_shows_each_field_and_writes_nothing(world: World, slipway: Slipway) -> None:
    before = world.running().arn
    shown = slipway("plan", "backend", TAG)
    assert shown.status == 0, shown
    assert "deploy a new revision" in shown.out and reference(world) in shown.out and TAG in shown.out
    assert "~ containerDefinitions[1].image" in shown.out or "~ containerDefinitions[0].image" in shown.out
    assert "+ tags.slipway:event-id" in shown.out and "\033" not in shown.out
    assert world.running().arn == before and len(world.revisions()) == 1
    assert not [call for call in world.front.calls if call.operation.startswith(("Register", "Update", "Put"))]


def test_a_deploy_wants_to_be_asked(world: World, slipway: Slipway) -> None:
    refused = slipway("deploy", "backend", TAG)
    assert refused.status == 2 and "--yes" in refused.err and len(world.revisions()) == 1


def test_a_deploy_is_the_functions_own(world: World, slipway: Slipway) -> None:
    done = slipway("deploy", "--yes", "--no-wait", "backend", TAG, AWS_ACCOUNT_ID="")
    assert done.status == 0, done
    assert world.running().images[SERVICE] == reference(world) and "deployed" in done.out
    assert world.running().tag("slipway:image-tag") == TAG
    assert world.running().tag("slipway:reason").startswith("slipway by arn:aws:")
    again = slipway("deploy", "--yes", "--no-wait", "backend", TAG)
    assert again.status == 0 and "unchanged" in again.out and len(world.revisions()) == 2


def test_what_is_refused_leaves_with_3(world: World, slipway: Slipway) -> None:
    refused = slipway("deploy", "--yes", "backend", "git-0000000")
    assert refused.status == 3 and "ImageNotFound" in refused.out and "remedy" in refused.out
    assert slipway("plan", "nobody", TAG).status == 3
    wrong = slipway("plan", "backend", TAG, PROJECT_ENV="")
    assert wrong.status == 1 and "PROJECT_ENV" in wrong.err and wrong.out == ""


@pytest.mark.parametrize("words", [["plan"], ["plan", "a", "b", "c"], ["deploy", "--frob", "a"], ["frob"], [],
                                   ["event"], ["config"], ["rollback"]])
def test_wrong_usage_leaves_with_2(slipway: Slipway, words: list[str]) -> None:
    wrong = slipway(*words)
    assert wrong.status == 2 and wrong.out == "" and "slipway" in wrong.err


def test_an_event_goes_through_the_handler(world: World, slipway: Slipway, tmp_path: Path) -> None:
    file = tmp_path / "event.json"
    file.write_text(json.dumps(event(service="backend", tag=TAG)), encoding="utf-8")
    planned = slipway("event", "--dry-run", str(file))
    assert planned.status == 0 and planned.json["status"] == "planned" and len(world.revisions()) == 1
    done = slipway("event", "-", text=file.read_text(encoding="utf-8"))
    assert done.status == 0 and done.json["status"] == "deployed", done
    assert world.running().images[SERVICE] == reference(world)


def test_entries_of_put_events_are_events(world: World, slipway: Slipway) -> None:
    entries = [{"Source": "action.production", "DetailType": "DEPLOY", "Detail": json.dumps({"service": "backend", "tag": TAG})}]
    for text in (json.dumps(entries), json.dumps({"Entries": entries})):
        planned = slipway("event", "--dry-run", "-", text=text)
        assert planned.status == 0 and planned.json["status"] == "planned", planned
    wrong = slipway("event", "-", text=json.dumps([{**entries[0], "Detail": "{service"}]))
    assert wrong.status == 3 and "entry 1" in wrong.err
    missing = slipway("event", "-", text=json.dumps([{**entries[0], "Detail": '{"service":"backend","tag":"git-0000000"}'}]))
    assert missing.status == 3 and missing.json["status"] == "refused"


def test_via_event_sends_the_functions_event(front: Front, world: World, slipway: Slipway) -> None:
    sent = slipway("deploy", "--yes", "--via-event", "--json", "backend", TAG, "-m", "by hand")
    assert sent.status == 0, sent
    assert sent.json["FailedEntryCount"] == 0 and len(world.revisions()) == 1
    (call,) = [call for call in front.calls if call.operation == "PutEvents"]
    assert call.account == PROD


@pytest.mark.parametrize("bus", ["deploys", f"arn:aws:events:{REGION}:{PROD}:event-bus/deploys"])
def test_via_event_sends_it_on_the_bus_of_the_rules(front: Front, world: World, slipway: Slipway, bus: str) -> None:
    """On the default one nothing would hear it, and the status would be 0 all the same."""
    front.events.place(PROD, REGION).buses.append("deploys")
    sent = slipway("rollback", "--yes", "--via-event", "backend", EVENT_BUS=bus)
    assert sent.status == 0 and f"on bus '{bus}'" in sent.out, sent
    (put,) = front.events.put
    assert (put.bus, put.source, put.detail_type) == ("deploys", "action.production", "ROLLBACK")


def test_status_tells_what_runs_where(world: World, slipway: Slipway) -> None:
    before = slipway("status")
    assert before.status == 0, before
    assert before.out.splitlines()[0].split()[:3] == ["SERVICE", "KIND", "TAG"] and "git-0ld0001" in before.out
    assert slipway("deploy", "-y", "--no-wait", "backend", TAG).status == 0
    (row,) = slipway("status", "--json").json
    digest = reference(world).rpartition("@")[2]
    assert (row["service"], row["tag"], row["digest"], row["rollout"]) == ("backend", TAG, digest, "IN_PROGRESS")
    named = slipway("status", "backend", "nobody")
    assert named.status == 1 and TAG in named.out and "nobody" in named.out


def test_status_shows_tasks_and_functions(world: World, slipway: Slipway) -> None:
    services = json.dumps({"backend": {}, "report": {"kind": "task"}, "resize": {"kind": "lambda"}})
    shown = slipway("status", ECS_SERVICE_MAP=services)
    assert shown.status == 1 and [line.split()[1] for line in shown.out.splitlines()[1:]] == ["service", "task", "lambda"]


def test_history_is_read_from_the_revisions(world: World, slipway: Slipway) -> None:
    assert slipway("deploy", "-y", "--no-wait", "-m", "first", "backend", TAG).status == 0
    shown = slipway("history", "backend")
    assert shown.status == 0, shown
    lines = shown.out.splitlines()
    assert "myproject_service_prod:2" in lines[1] and "first" in lines[1] and lines[1].startswith("*")
    assert "myproject_service_prod:1" in lines[2] and len(lines) == 3
    (newest,) = slipway("history", "--max=1", "--json", "backend").json
    assert (newest["runs"], newest["tag"], newest["reason"]) == (True, TAG, "first")
    assert slipway("history", "--max=0", "backend").status == 2
    assert slipway("history", "nobody").status == 3


@pytest.mark.parametrize("shell, status, said", [
    ("{} --help > /dev/full", 1, "cannot write to standard output: No space left on device"),
    ("{} man > /dev/full", 1, "cannot write to standard output"),
    ("{} man >&-", 1, "cannot write to standard output"),
    ("{} status >&-", 1, "PROJECT_NAME"),
    ("{} man 2>&- >&-", 1, ""),
    ("{} deploy --json backend <&-", 2, "say --yes"),
    ("{} man | head -n 1 | grep -q SLIPWAY && {} --help | head -n 1 >&2", 0, "deploys container images"),
])
def test_streams_that_are_closed_or_full(shell: str, status: int, said: str) -> None:
    passed = {name: value for name, value in os.environ.items() if name.startswith(("ASAN_", "UBSAN_", "LSAN_", "PATH"))}
    ended = subprocess.run(["sh", "-c", shell.replace("{}", shlex.quote(str(program())))], env=passed, capture_output=True,
                           text=True, timeout=30, cwd="/", check=False)
    assert ended.returncode == status and said in ended.stderr, ended


def test_a_closed_stream_is_not_taken_by_a_connection(world: World, slipway: Slipway, front: Front) -> None:
    """The first socket would get the number of standard output, and the table would go to AWS."""
    person = {"AWS_ACCESS_KEY_ID": admin_key(PROD), "AWS_SECRET_ACCESS_KEY": ADMIN_SECRET, "AWS_SESSION_TOKEN": ""}
    ended = subprocess.run(["sh", "-c", f"{shlex.quote(str(program()))} status <&- >&-"], env={**environment(front), **person},
                           capture_output=True, text=True, timeout=30, cwd="/", check=False)
    assert ended.returncode == 1 and "cannot write to standard output" in ended.stderr, ended
    assert {call.operation for call in front.calls} == {"ListServices", "DescribeServices", "DescribeTaskDefinition"}


def test_expired_credentials_are_named(front: Front, slipway: Slipway) -> None:
    refused = slipway("status", AWS_ACCOUNT_ID="", AWS_SECRET_ACCESS_KEY="not/the/secret")
    assert refused.status == 1 and "remedy: renew your credentials" in refused.err and refused.out == ""
