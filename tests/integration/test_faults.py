"""What AWS does on a bad day: every call of a deploy fails once, in every way, and the deploy happens exactly once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conftest import Functions
from deploys import check_converged, check_deployed, check_refused, check_untouched, event
from front import Front, faults
from front.faults import Fault
from front.seed import ACCESS_KEY, World
from lambda_function import LambdaFunction

READS = ["ecr:DescribeImages", "ecr:BatchGetImage", "ecs:DescribeServices", "ecs:DescribeTaskDefinition"]
WRITES = ["ecs:RegisterTaskDefinition", "ecs:UpdateService"]

# Calls that may be made twice without harm: the client itself tries them again.
REPEATABLE = [*READS, "ecs:UpdateService"]
FAULTS: dict[str, Callable[[], Fault]] = {
    "throttle": faults.throttle,
    "503": faults.unavailable,
    "html 500": faults.html,
    "reset": faults.reset,
    "503 after": lambda: faults.unavailable(after=True),
    "html 502 after": lambda: faults.html(502, after=True),
    "reset after": lambda: faults.reset(after=True),
    "truncated": faults.truncate,
    "garbage": faults.garbage,
    "empty 200": lambda: faults.garbage(b""),
    "not the shape": lambda: faults.garbage(b'{"unexpected":[]}'),
}
# What the SDKs' standard mode retries; a 200 with nonsense in it is not among it.
SURVIVED = {"throttle", "503", "html 500", "reset", "503 after", "html 502 after", "reset after", "truncated"}


def deliver_until_done(function: LambdaFunction, sent: dict[str, object], attempts: int = 3) -> list[str]:
    """As Lambda does it with an asynchronous event: again after an error, three times in all."""
    statuses: list[str] = []
    for _ in range(attempts):
        answer = function.invoke(sent)
        statuses.append(answer.error_type if answer.is_error else str(answer.json["status"]))
        if not answer.is_error:
            break
    return statuses


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("operation", [*READS, *WRITES])
def test_whatever_happens_to_a_call_the_event_converges(world: World, slipway: LambdaFunction, operation: str,
                                                        name: str) -> None:
    world.front.rules.add(FAULTS[name](), operation)
    statuses = deliver_until_done(slipway, event())
    assert statuses[-1] in ("deployed", "unchanged"), statuses
    check_converged(world)
    if (operation in REPEATABLE and name in SURVIVED) or name == "throttle":
        assert statuses == ["deployed"], "the client itself must have tried again"


@pytest.mark.parametrize("operation", [*READS, *WRITES])
def test_a_call_that_is_always_throttled_fails_the_invocation(world: World, slipway: LambdaFunction, operation: str) -> None:
    world.front.rules.add(faults.throttle(), operation, times=0)
    answer = slipway.invoke(event())
    assert answer.is_error and answer.error_type == "Function.Throttled", answer.json
    assert answer.json["errorMessage"]
    assert len(world.front.calls.of(operation.partition(":")[2])) in (3, 6)  # three attempts, of one or of two waves
    world.front.rules.clear()
    assert deliver_until_done(slipway, event())[-1] == "deployed"


@pytest.mark.parametrize("fault", [faults.unavailable, faults.html, faults.reset], ids=["503", "html", "reset"])
def test_aws_being_away_fails_the_invocation(world: World, slipway: LambdaFunction, fault: Callable[[], Fault]) -> None:
    world.front.rules.add(fault(), times=0)
    answer = slipway.invoke(event())
    assert answer.is_error and answer.error_type == "Function.AwsUnavailable", answer.json
    check_untouched(world)
    world.front.rules.clear()
    assert slipway.invoke(event()).change["status"] == "deployed"


def test_no_aws_at_all(world: World, functions: Functions) -> None:
    answer = functions.fresh(AWS_ENDPOINT_URL="http://127.0.0.1:9").invoke(event())
    assert answer.is_error and answer.error_type == "Function.AwsUnavailable"


@pytest.mark.parametrize("operation, after", [("ecr:DescribeImages", False), *((name, after) for name in WRITES
                                                                               for after in (False, True))])
def test_a_call_that_is_never_answered(world: World, functions: Functions, operation: str, after: bool) -> None:
    """The function ends before its deadline, with an answer; the event comes again."""
    world.front.rules.add(faults.stall(world.front.stop_waiting, after=after), operation)
    function = functions(AWS_LAMBDA_FUNCTION_TIMEOUT="3")
    statuses = deliver_until_done(function, event())
    assert statuses[-1] in ("deployed", "unchanged"), statuses
    assert set(statuses[:-1]) <= {"Function.DeadlineExceeded", "Function.AwsUnavailable"}, statuses
    check_converged(world)


def test_a_read_that_is_stuck_leaves_time_for_another(world: World, functions: Functions) -> None:
    world.front.rules.add(faults.stall(world.front.stop_waiting), "ecs:DescribeServices")
    sent = event()
    check_deployed(world, sent, functions(AWS_LAMBDA_FUNCTION_TIMEOUT="7").invoke(sent))


def test_idle_connections_that_are_gone_cost_nothing(world: World, slipway: LambdaFunction) -> None:
    slipway.invoke(event(service="backend", tag="git-abc123f", dry_run=True))
    world.front.server.drop_connections()
    sent = event()
    check_deployed(world, sent, slipway.invoke(sent))


@pytest.mark.parametrize("ahead", [3600, -3600, 86400 * 30], ids=["ahead", "behind", "a month ahead"])
def test_a_wrong_clock_is_learnt(world: World, functions: Functions, ahead: float) -> None:
    world.front.clock.ahead_seconds = ahead
    function = functions.fresh()
    sent = event()
    check_deployed(world, sent, function.invoke(sent))
    refused = [call for call in world.front.calls if call.error == "InvalidSignatureException"]
    assert 0 < len(refused) <= 4
    world.front.calls.clear()
    assert function.invoke(event()).change["status"] == "unchanged"
    assert not [call for call in world.front.calls if call.error], "the skew was forgotten"


def test_a_wrong_secret_is_no_clock_skew(world: World, functions: Functions) -> None:
    answer = functions.fresh(AWS_SECRET_ACCESS_KEY="wrong").invoke(event())
    assert answer.is_error and answer.error_type == "Function.AccessDenied", answer.json
    check_untouched(world)


@pytest.mark.parametrize("trouble", ["expired", "unknown"])
def test_credentials_that_are_none(world: World, functions: Functions, trouble: str) -> None:
    if trouble == "expired":
        world.front.iam.keys[ACCESS_KEY].expires_at = world.front.clock.now() - 1
    else:
        del world.front.iam.keys[ACCESS_KEY]
    answer = functions.fresh().invoke(event())
    assert answer.is_error and answer.error_type == "Function.AccessDenied", answer.json
    assert trouble == "unknown" or "expired" in answer.json["errorMessage"]
    check_untouched(world)


def test_no_credentials_at_all(world: World, functions: Functions) -> None:
    function = functions.fresh(AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None, AWS_SESSION_TOKEN=None)
    answer = function.invoke(event())
    assert answer.is_error and answer.error_type == "Function.AccessDenied", answer.json
    assert len(world.front.calls) == 0


def test_a_role_that_may_not_be_passed_is_refused(world: World, slipway: LambdaFunction) -> None:
    world.function_role.policy = [one for one in world.function_role.policy if one["Action"] != "iam:PassRole"]
    refused = check_refused(slipway.invoke(event()), "PassRoleDenied")
    assert "role/myproject_task_prod" in refused["message"]
    assert "iam:PassRole" in refused["message"] + refused["remedy"]
    assert len(world.revisions()) == 1


@pytest.mark.parametrize("action", ["ecs:DescribeServices", "ecs:DescribeTaskDefinition", "ecs:RegisterTaskDefinition",
                                    "ecs:UpdateService", "ecs:TagResource"])
def test_a_missing_permission_is_named(world: World, slipway: LambdaFunction, action: str) -> None:
    world.function_role.policy = [
        {**one, "Action": [name for name in ([one["Action"]] if isinstance(one["Action"], str) else one["Action"]) if name != action]}
        for one in world.function_role.policy]
    answer = slipway.invoke(event())
    assert answer.is_error and answer.error_type == "Function.AccessDenied", answer.json
    assert action in answer.json["errorMessage"]
    if action != "ecs:UpdateService":
        check_refused_nothing_written(world)


def check_refused_nothing_written(world: World) -> None:
    assert len(world.revisions()) == 1 and len(world.service().deployments) == 1


def test_tls(tmp_path_factory: pytest.TempPathFactory, functions: Functions) -> None:
    """Over TLS, with a certificate that the function is told to trust; and one that it is not."""
    from front.seed import seed
    from lambda_function import environment

    front = Front(tls_folder=str(tmp_path_factory.mktemp("tls"))).start()
    try:
        world = seed(front)
        variables = environment(front)
        function = functions.fresh_with(variables)
        sent = event()
        check_deployed(world, sent, function.invoke(sent))
        assert front.counters.handshakes <= 4
        untrusting = functions.fresh_with({name: value for name, value in variables.items() if name != "AWS_CA_BUNDLE"})
        answer = untrusting.invoke(event())
        assert answer.is_error and answer.error_type == "Function.AwsUnavailable", answer.json
    finally:
        front.stop()
