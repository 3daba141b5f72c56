"""What the integration tests share: one front for the session, a fresh world for each test."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config

from front import Front
from front.seed import ADMIN_SECRET, REGION, SECRET_KEY, SESSION_TOKEN, World, admin_key, seed
from lambda_function import LambdaFunction, environment, programs


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> list[str]:
    """Figures that a test has to tell, shown when all is done; they travel with its report, since it may have run in
    another process."""
    lines: list[str] = []
    request.node.user_properties.append(("figures", lines))
    return lines


def pytest_terminal_summary(terminalreporter: Any) -> None:
    reports = terminalreporter.stats.get("passed", [])
    for line in sorted(line for report in reports for name, lines in report.user_properties if name == "figures" for line in lines):
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def front() -> Iterator[Front]:
    one = Front().start()
    yield one
    one.stop()


@pytest.fixture
def world(front: Front) -> Iterator[World]:
    yield seed(front)
    failures, front.server.failures = front.server.failures, []
    assert not failures, "the front itself failed"


@pytest.fixture
def client(front: Front) -> Callable[..., Any]:
    """boto3 clients of the front: client("ecs", account), as the account's admin unless keys are given."""

    def make(service: str, account: str = "", *, key: str = "", secret: str = ADMIN_SECRET, token: str | None = None,
             region: str = REGION, validate: bool = False) -> Any:
        config = Config(retries={"total_max_attempts": 1}, parameter_validation=validate, read_timeout=5)
        return boto3.client(service, region_name=region, endpoint_url=front.url, config=config,
                            aws_access_key_id=key or admin_key(account), aws_secret_access_key=secret,
                            aws_session_token=token)

    return make


class Functions:
    """LambdaFunctions by their variables. Those with the same are the same process, that lives on from test to test
    as it does in Lambda; `fresh` starts one for a single test."""

    def __init__(self, front: Front) -> None:
        self._front = front
        self._shared: dict[str, LambdaFunction] = {}
        self._own: list[LambdaFunction] = []

    @property
    def front(self) -> Front:
        return self._front

    def __call__(self, **variables: str | None) -> LambdaFunction:
        wanted = environment(self._front, **variables)
        key = json.dumps(wanted, sort_keys=True)
        if key not in self._shared or not self._shared[key].is_alive():
            self._shared[key] = LambdaFunction(wanted)
        return self._shared[key]

    def fresh(self, **variables: str | None) -> LambdaFunction:
        return self.fresh_with(environment(self._front, **variables))

    def fresh_with(self, variables: dict[str, str]) -> LambdaFunction:
        self._own.append(LambdaFunction(variables))
        return self._own[-1]

    def end_test(self) -> None:
        """What was started for the test ends; nothing that was said holds a secret or a sanitizer's report."""
        own, self._own = self._own, []
        for text in [_end(one) for one in own] + [one.output for one in self._shared.values()]:
            check_no_secrets(text)
            check_no_reports(text)

    def close(self) -> None:
        self.end_test()
        for text in [_end(one) for one in self._shared.values()]:
            check_no_reports(text)


def _end(function: LambdaFunction) -> str:
    output = function.close()
    assert function.ended_by_sigterm, "bootstrap did not end on SIGTERM"
    return output


def check_no_secrets(text: str) -> None:
    assert SECRET_KEY not in text, "the secret access key was written to the output"
    assert SESSION_TOKEN[:40] not in text, "the session token was written to the output"


def check_no_reports(text: str) -> None:
    """Of AddressSanitizer, LeakSanitizer and UndefinedBehaviorSanitizer, where bootstrap has them. The emulator's own
    "runtime error:" is Go's: it may stumble over a process that is killed."""
    found = re.search(r"Sanitizer|\.[ch]:[0-9]+:[0-9]+: runtime error:", text)
    assert found is None, text[found.start():][:4000]


@pytest.fixture(scope="session")
def _functions(front: Front) -> Iterator[Functions]:
    one = Functions(front)
    yield one
    one.close()


@pytest.fixture
def functions(_functions: Functions, world: World) -> Iterator[Functions]:
    if programs() is None:
        pytest.skip("SLIPWAY_RIE and SLIPWAY_BOOTSTRAP name no programs; ./build.sh test sets them")
    yield _functions
    _functions.end_test()


@pytest.fixture
def slipway(functions: Functions) -> LambdaFunction:
    """The production function, as the seeded world has it."""
    return functions()
