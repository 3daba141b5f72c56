"""The loop under AWS's Runtime Interface Emulator; SLIPWAY_RIE says where that is."""

import json
import os
import pathlib
import socket
import subprocess
import time
import urllib.request

from program import ECHO, PATIENCE, clean_environment


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


class Emulator:
    def __init__(self, program: pathlib.Path, **environment: str):
        rie = os.environ.get("SLIPWAY_RIE", "")
        assert rie and os.access(rie, os.X_OK), f"no Runtime Interface Emulator: '{rie}'"
        self.port = free_port()
        self.process = subprocess.Popen(
            [rie, "--runtime-interface-emulator-address", f"127.0.0.1:{self.port}",
             "--runtime-api-address", f"127.0.0.1:{free_port()}", program.resolve()],
            env=clean_environment(AWS_LAMBDA_FUNCTION_TIMEOUT="30", **environment),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except OSError:
                assert time.monotonic() < deadline, "the emulator does not listen"
                time.sleep(0.02)

    def __enter__(self) -> "Emulator":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.communicate(timeout=PATIENCE)

    def invoke(self, event: bytes) -> bytes:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/2015-03-31/functions/function/invocations", event)
        with urllib.request.urlopen(request, timeout=PATIENCE) as response:
            return response.read()


def case_rie_events():
    with Emulator(ECHO) as emulator:
        for event in (b'{"a":1}', b"[]", json.dumps({"text": "x" * 100_000}).encode(), b'{"b":2}'):
            assert emulator.invoke(event) == event


def case_rie_six_megabytes():
    event = b'"' + b"x" * (6 * 1024 * 1024 - 2) + b'"'
    with Emulator(ECHO) as emulator:
        assert emulator.invoke(event) == event
        assert emulator.invoke(b'"describe"') != b'"describe"'


def case_rie_failures():
    with Emulator(ECHO) as emulator:
        error = json.loads(emulator.invoke(b'"fail"'))
        assert error["errorType"] == "Function.Throttled", error
        assert error["errorMessage"].endswith("; remedy: wait a minute"), error
        # A response one byte too large is not even posted; the emulator's own 413 never comes.
        error = json.loads(emulator.invoke(b'"respond too much"'))
        assert error["errorType"] == "Function.OutOfMemory", error
        assert emulator.invoke(b"1") == b"1"


def case_rie_headers():
    with Emulator(ECHO) as emulator:
        seen = json.loads(emulator.invoke(b'"describe"'))
    assert len(seen["request_id"]) == 36 and seen["function_arn"].startswith("arn:aws:lambda:")
    assert 0 < seen["left_ms"] <= 29_500, seen
