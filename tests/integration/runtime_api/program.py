"""A function under test as a process, and what is expected of it."""

import contextlib
import json
import os
import pathlib
import signal
import subprocess
import time

from fake_runtime_api import Event, RuntimeApi

BUILD = pathlib.Path(os.environ.get("BUILD_DIR", "build/test"))
ECHO = BUILD / "tests/integration/runtime_api/runtime_api_echo"
PATIENCE = 60  # seconds for anything that is not a matter of time


def clean_environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items()
            if name in ("PATH", "HOME", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LD_LIBRARY_PATH")}
    return kept | more


class Program:
    """A function under test, and what it logged."""

    def __init__(self, api: RuntimeApi, path: pathlib.Path = ECHO, **environment: str):
        self.api = api
        self.process = subprocess.Popen(
            [path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=clean_environment(AWS_LAMBDA_RUNTIME_API=api.address, **environment))

    def wait_until_idle(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while not self.api.idle.wait(0.02):
            assert self.process.poll() is None, f"it ended: {self.process.communicate()}"
            assert time.monotonic() < deadline, "it did not get through its events"

    def end(self) -> tuple[int, list[dict]]:
        """Its exit status and its log lines, each of which must be a JSON object."""
        out, err = self.process.communicate(timeout=PATIENCE)
        assert err == "", f"on stderr: {err}"
        return self.process.returncode, [json.loads(line) for line in out.splitlines()]

    def terminate(self) -> list[dict]:
        self.process.send_signal(signal.SIGTERM)
        status, lines = self.end()
        assert status == 0, f"exit status {status}: {lines}"
        return lines


@contextlib.contextmanager
def running(api: RuntimeApi, **options):
    program = Program(api, **options)
    try:
        yield program
    finally:
        if program.process.poll() is None:
            program.process.kill()
            program.process.communicate()


def play(events: list[Event], **environment: str) -> tuple[RuntimeApi, list[dict]]:
    """Runs the echo through the events, ends it, and looks for violations."""
    with RuntimeApi(events) as api, running(api, **environment) as program:
        program.wait_until_idle()
        lines = program.terminate()
    assert api.violations == [], api.violations
    return api, lines


def expect_exit(events: list[Event], status: int) -> tuple[RuntimeApi, list[dict]]:
    with RuntimeApi(events) as api, running(api) as program:
        actual, lines = program.end()
    assert actual == status, f"exit status {actual}: {lines}"
    assert api.violations == [], api.violations
    return api, lines


def assert_echoed(event: Event) -> None:
    assert event.kind == "response" and event.answer.body == event.body, event.answer.path
