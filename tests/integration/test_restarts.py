"""Parameters and env files change: what reads them is restarted, once, and only where that is of use."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aws_events import batch, message_id, object_created, object_written, parameter
from conftest import Functions
from front import faults
from front.seed import DEV, World
from lambda_function import Answer, LambdaFunction

FILES = {"backend": [{"bucket": "myproject-env-dev", "key": "backend/.env"}],
         "s00": [{"bucket": "myproject-env-dev", "key": "shared/settings.env"}],
         "s01": [{"bucket": "myproject-env-dev", "key": "shared/settings.env"}],
         "s02": [{"bucket": "myproject-env-dev", "key": "with space+plus/ü.env"}]}
SERVICES = ["s00", "s01", "s02", "s03", "s04"]
# More than one batch of Lambda's, within the window that the queue waits for.
BATCH = 10


@pytest.fixture
def dev(world: World) -> World:
    one = world.environment("dev", DEV)
    for name in SERVICES:
        one.add_project_service(name)
    world.front.calls.clear()
    return one


@pytest.fixture
def function(dev: World, functions: Functions) -> LambdaFunction:
    return functions(**dev.variables(), S3_SERVICE_MAP=json.dumps(FILES))


def service_name(name: str) -> str:
    return "myproject_service_dev" if name == "backend" else f"myproject_service_{name}_dev"


def forced(dev: World) -> dict[str, int]:
    return {name: dev.service(service_name(name)).forced for name in ["backend", *SERVICES]}


def restarted(dev: World) -> list[str]:
    return [name for name, times in forced(dev).items() if times]


def check_batch(answer: Answer, failed: list[int]) -> None:
    assert not answer.is_error, answer.body
    assert answer.json == {"batchItemFailures": [{"itemIdentifier": message_id(number)} for number in failed]}


def test_a_parameter_restarts_its_service(dev: World, function: LambdaFunction) -> None:
    answer = function.invoke(parameter("/dev/myproject/backend/database_url"))
    assert answer.change["status"] == "restarted"
    assert restarted(dev) == ["backend"] and len(dev.revisions()) == 1
    assert answer.change["deployment_id"] == dev.service().primary.id


@pytest.mark.parametrize("name, more", [
    ("/dev/myproject/backend/x", {"operation": "Delete"}), ("/dev/myproject/backend/x", {"operation": "LabelParameterVersion"}),
    ("/dev/myproject/backend/x", {"exception": "the value is no AMI"}), ("/prod/myproject/backend/x", {}),
    ("/dev/other/backend/x", {}), ("/dev/myproject/backend", {}), ("dev/myproject/backend/x", {}),
], ids=str)
def test_changes_that_restart_nothing_cost_no_call(dev: World, function: LambdaFunction, name: str, more: dict[str, str]) -> None:
    assert function.invoke(parameter(name, **more)).json["status"] == "ignored"
    assert len(dev.front.calls) == 0 and restarted(dev) == []


def test_a_parameter_of_a_service_that_is_not_there_is_no_alarm(dev: World, function: LambdaFunction) -> None:
    answer = function.invoke(parameter("/dev/myproject/nobody/x"))
    assert answer.json["status"] == "ignored", answer.json


def test_a_change_that_the_running_deployment_has_already_restarts_nothing(dev: World, function: LambdaFunction) -> None:
    sent = parameter("/dev/myproject/backend/x")
    assert function.invoke(sent).json["status"] == "restarted"
    assert function.invoke(parameter("/dev/myproject/backend/y")).json["status"] == "unchanged"
    assert function.invoke(sent).json["status"] == "unchanged"
    assert forced(dev)["backend"] == 1


@pytest.mark.parametrize("make", [object_created, object_written])
def test_an_env_file_restarts_who_reads_it(dev: World, function: LambdaFunction, make: Any) -> None:
    assert function.invoke(make("myproject-env-dev", "backend/.env")).json["status"] == "restarted"
    assert restarted(dev) == ["backend"]


@pytest.mark.parametrize("make", [object_created, object_written])
def test_one_file_that_several_read_restarts_them_all_in_one_wave(dev: World, function: LambdaFunction, make: Any) -> None:
    answer = function.invoke(make("myproject-env-dev", "shared/settings.env"))
    assert [change["status"] for change in answer.json["changes"]] == ["restarted", "restarted"]
    assert restarted(dev) == ["s00", "s01"]
    assert len(dev.front.calls.of("DescribeServices")) <= 2, "one look for both (and one more after)"


def test_keys_are_taken_as_they_are(dev: World, function: LambdaFunction) -> None:
    assert function.invoke(object_created("myproject-env-dev", "with space+plus/ü.env")).json["status"] == "restarted"
    assert restarted(dev) == ["s02"]


@pytest.mark.parametrize("sent", [
    object_created("myproject-env-dev", "backend/.env.bak"), object_created("other-bucket", "backend/.env"),
    object_written("myproject-env-dev", "backend/.env", call="DeleteObject"),
    object_written("myproject-env-dev", "backend/.env", errorCode="AccessDenied"),
    object_written("myproject-env-dev", "backend/.env", call="GetObject"),
], ids=["key", "bucket", "delete", "error", "read"])
def test_other_objects_restart_nothing(dev: World, function: LambdaFunction, sent: dict[str, Any]) -> None:
    assert function.invoke(sent).json["status"] == "ignored"
    assert len(dev.front.calls) == 0


def burst() -> list[dict[str, Any]]:
    """Fifty changes over five services, one after the other, as a script that sets parameters makes them."""
    return [parameter(f"/dev/myproject/{SERVICES[number % 5]}/key_{number}") for number in range(50)]


@pytest.mark.parametrize("size", [BATCH, 50], ids=["batches of 10", "one batch"])
def test_a_burst_of_fifty_changes(dev: World, function: LambdaFunction, figures: list[str], size: int) -> None:
    changes = burst()
    for start in range(0, len(changes), size):
        check_batch(function.invoke(batch(changes[start:start + size])), [])
    assert restarted(dev) == SERVICES
    assert all(1 <= forced(dev)[name] <= 2 for name in SERVICES), forced(dev)
    calls = dev.front.calls.names()
    updates = calls.count("ecs:UpdateService")
    figures.append(f"burst: 50 changes over 5 services in {len(changes) // size} batches: {len(calls)} calls, {updates} restarts")
    # The same messages once more, as SQS may deliver them: nothing is restarted again.
    before = forced(dev)
    check_batch(function.invoke(batch(changes)), [])
    assert forced(dev) == before


def test_the_burst_delivered_newest_first(dev: World, function: LambdaFunction) -> None:
    """SQS does not keep the order; one restart after the last change is enough."""
    changes = burst()[::-1]
    for start in range(0, 50, BATCH):
        check_batch(function.invoke(batch(changes[start:start + BATCH])), [])
    assert all(times == 1 for name, times in forced(dev).items() if name != "backend"), forced(dev)


def test_what_failed_is_asked_for_again_and_nothing_else(dev: World, function: LambdaFunction) -> None:
    dev.front.rules.add(faults.throttle(), "ecs:UpdateService", times=0, when=lambda call: "s01" in call.body["service"])
    sent = [parameter(f"/dev/myproject/{name}/x") for name in ("s00", "s01", "s02", "s01")]
    answer = function.invoke(batch(sent))
    failed = [int(one["itemIdentifier"][-12:]) for one in answer.json["batchItemFailures"]]
    assert 1 in failed and set(failed) <= {1, 3}, answer.json
    assert restarted(dev) == ["s00", "s02"]
    dev.front.rules.clear()
    check_batch(function.invoke(batch([sent[number] for number in failed])), [])
    assert restarted(dev) == ["s00", "s01", "s02"]


def test_a_message_that_is_nothing_does_not_hold_up_the_others(dev: World, function: LambdaFunction) -> None:
    sent = ["{", "", parameter("/dev/myproject/s00/x"), "[]", parameter("/prod/myproject/s01/x")]
    check_batch(function.invoke(batch(sent)), [])
    assert restarted(dev) == ["s00"]


def test_a_batch_with_all_kinds(dev: World, function: LambdaFunction) -> None:
    sent = [parameter("/dev/myproject/s03/x"), object_created("myproject-env-dev", "shared/settings.env"),
            object_written("myproject-env-dev", "backend/.env"), parameter("/dev/myproject/s00/x")]
    check_batch(function.invoke(batch(sent)), [])
    assert restarted(dev) == ["backend", "s00", "s01", "s03"] and set(forced(dev).values()) <= {0, 1}


def test_switches(dev: World, functions: Functions) -> None:
    off = functions.fresh(**dev.variables(), S3_SERVICE_MAP=json.dumps(FILES), ENABLE_SSM_MONITORING="false",
                          ENABLE_S3_MONITORING="false")
    for sent in (parameter("/dev/myproject/s03/x"), object_created("myproject-env-dev", "backend/.env")):
        assert off.invoke(sent).json["status"] == "ignored"
    assert len(dev.front.calls) == 0
