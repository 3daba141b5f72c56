"""slipway's function, run for real: the AWS Lambda Runtime Interface Emulator with `bootstrap` under it.

    function = LambdaFunction(environment(front))
    answer = function.invoke(event)
    function.close()

The emulator is the one of `sam local invoke` (SLIPWAY_RIE), the program is SLIPWAY_BOOTSTRAP. The emulator starts
bootstrap with the first invocation, and again with the one that follows its death.
"""

from __future__ import annotations

import http.client
import itertools
import json
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from front import Front
from front.seed import ACCESS_KEY, PROD, REGION, REGISTRY, SECRET_KEY, SESSION_TOKEN

TIMEOUT_SECONDS = 20
_INVOCATIONS = "/2015-03-31/functions/function/invocations"
# Variables of the caller that reach bootstrap: how sanitizers report.
_PASSED_ON = ("PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS")
# For the emulators; below the range from which the kernel takes the ports of outgoing connections, at any moment: one
# that was free when it was looked for may not be when the emulator binds it.
_PORTS = range(10240, 32768)


def programs() -> tuple[str, str] | None:
    """(emulator, bootstrap), or None where the environment names none."""
    found = os.environ.get("SLIPWAY_RIE", ""), os.environ.get("SLIPWAY_BOOTSTRAP", "")
    return (os.path.abspath(found[0]), os.path.abspath(found[1])) if all(found) else None


def environment(front: Front, **more: str | None) -> dict[str, str]:
    """The variables of the production function of the seeded world; None takes one away."""
    variables = {
        "AWS_REGION": REGION,
        "AWS_ACCOUNT_ID": PROD,  # the emulator's function ARN has an account of its own
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_SESSION_TOKEN": SESSION_TOKEN,
        "AWS_ENDPOINT_URL": front.url,
        "AWS_LAMBDA_FUNCTION_NAME": "slipway_prod",
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(TIMEOUT_SECONDS),
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        "AWS_LAMBDA_LOG_FORMAT": "JSON",
        "PROJECT_NAME": "myproject",
        "PROJECT_ENV": "prod",
        "ECR_STRATEGY": "cross_account",
        "ECR_ACCOUNT_ID": REGISTRY,
        "ECR_ACCOUNT_REGION": REGION,
        **more,
    }
    if front.ca_path:
        variables["AWS_CA_BUNDLE"] = front.ca_path
    return {name: value for name, value in variables.items() if value is not None}


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def is_error(self) -> bool:
        """The function failed (or never got to an answer): Lambda would deliver the event again."""
        return isinstance(self.json, dict) and "errorType" in self.json

    @property
    def error_type(self) -> str:
        return str(self.json["errorType"])

    @property
    def change(self) -> Any:
        """The only change of the only event's answer."""
        assert not self.is_error, self.body
        (change,) = self.json["changes"]
        return change


class LambdaFunction:
    def __init__(self, variables: Mapping[str, str]) -> None:
        found = programs()
        assert found is not None, "SLIPWAY_RIE and SLIPWAY_BOOTSTRAP name no programs"
        self._output = tempfile.NamedTemporaryFile(prefix="slipway-output-", suffix=".log")  # noqa: SIM115
        self._port, api_port = _free_port(), _free_port()
        passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        command = [found[0], "--runtime-interface-emulator-address", f"127.0.0.1:{self._port}",
                   "--runtime-api-address", f"127.0.0.1:{api_port}", found[1]]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self._output,
                                         stderr=self._output, env={**passed, **variables}, cwd="/")
        self.ended_by_sigterm = True  # False after close() if it took more than that
        self._pool = ThreadPoolExecutor(1)  # an instance of a function has one invocation at a time
        self._wait_until_it_listens()

    def invoke(self, event: object, seconds: float = TIMEOUT_SECONDS + 10) -> Answer:
        """One synchronous invocation; bytes are sent as they are, anything else as JSON."""
        body = event if isinstance(event, bytes) else json.dumps(event).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=seconds)
        try:
            connection.request("POST", _INVOCATIONS, body)
            response = connection.getresponse()
            return Answer(response.status, response.read())
        finally:
            connection.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}{_INVOCATIONS}"

    def start(self, event: object) -> Future[Answer]:
        """Begins an invocation; `.result()` waits for its answer."""
        return self._pool.submit(self.invoke, event)

    def pid(self) -> int | None:
        """The process of bootstrap, if it is alive."""
        threads = Path(f"/proc/{self._process.pid}/task").glob("*/children")
        children = [int(pid) for path in threads for pid in _read(path).split()]
        return next((pid for pid in children if _is_alive(pid)), None)

    def kill_bootstrap(self) -> bool:
        """Now; False if it is dead already. The kernel's list of children may miss one while others come and go: it is
        asked for a while."""
        deadline = time.monotonic() + 0.5
        while (pid := self.pid()) is None:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.001)
        os.kill(pid, signal.SIGKILL)
        return True

    @property
    def output(self) -> str:
        """All that the function and the emulator have written."""
        return Path(self._output.name).read_text(encoding="utf-8", errors="backslashreplace")

    @property
    def log(self) -> list[dict[str, Any]]:
        """The function's log: the lines that are JSON objects."""
        return [json.loads(line) for line in self.output.splitlines() if line.startswith("{")]

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def close(self) -> str:
        """Ends bootstrap, as Lambda does where it lets it end, and then the emulator. Returns the whole output."""
        pid = self.pid() if self.is_alive() else None
        if pid is not None:
            os.kill(pid, signal.SIGTERM)
            self.ended_by_sigterm = _is_gone_within(pid, 3)
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if pid is not None and _is_alive(pid):
            os.kill(pid, signal.SIGKILL)
        self._pool.shutdown(wait=True, cancel_futures=True)
        output = self.output
        self._output.close()
        return output

    def _wait_until_it_listens(self) -> None:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and self.is_alive():
            try:
                socket.create_connection(("127.0.0.1", self._port), 1).close()
                return
            except OSError:
                time.sleep(0.005)
        raise AssertionError(f"the emulator does not listen:\n{self.output}")


def _ports() -> Iterator[int]:
    """Each worker of pytest-xdist has a stretch of its own, and each run begins it somewhere else."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    stretch = _PORTS[worker * len(_PORTS) // workers:(worker + 1) * len(_PORTS) // workers]
    begin = os.getpid() * 61 % len(stretch)
    return itertools.cycle([*stretch[begin:], *stretch[:begin]])


_next_ports = _ports()


def _free_port() -> int:
    for port in itertools.islice(_next_ports, len(_PORTS)):
        with socket.socket() as one:
            try:
                one.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no port is free")


def _is_alive(pid: int) -> bool:
    state = _read(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
    return bool(state) and state[0] not in "ZX"


def _is_gone_within(pid: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while _is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.002)
    return not _is_alive(pid)


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # the process or the thread is gone
        return ""
