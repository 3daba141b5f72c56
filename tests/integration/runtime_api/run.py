#!/usr/bin/env python3
"""The Runtime API loop as a real process: against a strict Runtime API, against one that counts its
memory over 100,000 invocations, and under AWS's Runtime Interface Emulator.

    BUILD_DIR=build/test SLIPWAY_RIE=build/tools/aws-lambda-rie run.py [NAME…]

Its last line is `N passed, N failed`. Standard library only."""

import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
import traceback
import urllib.error
import urllib.request

from fake_runtime_api import TOO_LARGE, Event, RuntimeApi

BUILD = pathlib.Path(os.environ.get("BUILD_DIR", "build/test"))
ECHO = BUILD / "tests/integration/runtime_api/runtime_api_echo"
SOAK = BUILD / "tests/integration/runtime_api/runtime_api_soak"
BOOTSTRAP = BUILD / "bootstrap"
PATIENCE = 60  # seconds for anything that is not a matter of time
LIMIT = 6 * 1024 * 1024 + 100
INVOCATIONS = int(os.environ.get("SLIPWAY_SOAK_INVOCATIONS", "100000"))
# A page or two: what the kernel itself maps (vdso, stack) is not ours to hold still.
PAGES_KB = 16


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


# --- the protocol


def case_fifty_events_over_one_connection():
    events = [Event(b'{"n":%d}' % n) for n in range(50)]
    api, lines = play(events)
    for event in events:
        assert_echoed(event)
        assert len(event.answers) == 1
    assert api.connections == 1, api.connections
    assert lines == [], lines


def case_all_headers_reach_the_handler():
    trace = "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1"
    full = Event(b'"describe"', extra=[
        f"Lambda-Runtime-Trace-Id: {trace}",
        'Lambda-Runtime-Client-Context: {"client":{}}',
        'Lambda-Runtime-Cognito-Identity: {"cognitoIdentityId":"i"}',
        "Lambda-Runtime-Aws-Tenant-Id: tenant-7",
        "Lambda-Runtime-Invocation-Id: invocation-9"])
    bare = Event(b'"describe"')
    play([full, bare], _X_AMZN_TRACE_ID="Root=left-over")
    seen = json.loads(full.answer.body)
    assert seen["request_id"] == full.id
    assert seen["function_arn"].endswith("function:slipway")
    assert seen["trace_id"] == seen["trace_env"] == trace
    assert seen["client_context"] == '{"client":{}}'
    assert seen["cognito_identity"] == '{"cognitoIdentityId":"i"}'
    assert seen["tenant_id"] == "tenant-7" and seen["invocation_id"] == "invocation-9"
    assert seen["deadline_wall_ms"] == 4102444800000
    seen = json.loads(bare.answer.body)
    assert not seen["trace_env_is_set"] and seen["tenant_id"] == seen["trace_id"] == ""


def case_the_deadline_keeps_half_a_second():
    event = Event(b'"describe"', id="id", headers=[
        "Lambda-Runtime-Aws-Request-Id: id",
        f"Lambda-Runtime-Deadline-Ms: {int(time.time() * 1000) + 600_000}"])
    play([event])
    left = json.loads(event.answer.body)["left_ms"]
    assert 0 < left <= 599_500, left


def case_headers_spelt_in_unusual_ways():
    event = Event(b'"describe"', id="id-1", headers=[
        "lambda-runtime-aws-request-id:id-1",
        "LAMBDA-RUNTIME-DEADLINE-MS: \t4102444800000 \t",
        "Lambda-runtime-Invoked-function-arn:   arn:aws:lambda:x:1:function:f",
        "LaMbDa-RuNtImE-tRaCe-Id: Root=1;X=a:b"])
    play([event])
    seen = json.loads(event.answer.body)
    assert seen["request_id"] == "id-1" and seen["deadline_wall_ms"] == 4102444800000
    assert seen["function_arn"] == "arn:aws:lambda:x:1:function:f"
    assert seen["trace_env"] == "Root=1;X=a:b"


def case_chunked_events():
    body = json.dumps({"text": "x" * 5000}).encode()
    events = [Event(body, chunks=size) for size in (1, 7, 2048, 5000, 100_000)]
    play(events)
    for event in events:
        assert_echoed(event)


def case_events_of_six_megabytes():
    body = b'"' + b"x" * (6 * 1024 * 1024 - 2) + b'"'
    events = [Event(body), Event(body, chunks=32 * 1024), Event(b"1")]
    play(events)
    for event in events:
        assert_echoed(event)


def case_an_event_beyond_any_limit_fails_and_the_next_is_served():
    events = [Event(b"x" * (9 * 1024 * 1024)), Event(b"1")]
    _, lines = play(events)
    assert events[0].kind == "error", events[0].answer
    assert "larger than" in json.loads(events[0].answer.body)["errorMessage"]
    assert [line["level"] for line in lines] == ["ERROR"], lines
    assert_echoed(events[1])


def case_no_content_type():
    event = Event(b'{"a":1}', id="id", headers=["Lambda-Runtime-Aws-Request-Id: id"])
    play([event])
    assert_echoed(event)


def case_empty_and_garbage_bodies():
    events = [Event(b""), Event(b"", chunks=10), Event(b"\x00\xff\xfe{[\r\n\r\n"), Event(b"1")]
    play(events)
    for event in events:
        assert_echoed(event)


def case_a_garbage_or_missing_deadline():
    events = [Event(b'"describe"', id="id", headers=["Lambda-Runtime-Aws-Request-Id: id", *more])
              for more in ([], ["Lambda-Runtime-Deadline-Ms: soon"],
                           ["Lambda-Runtime-Deadline-Ms: -1"],
                           ["Lambda-Runtime-Deadline-Ms: 99999999999999999999999"])]
    play(events)
    for event in events:
        seen = json.loads(event.answer.body)
        assert seen["deadline_wall_ms"] == 0 and 0 < seen["left_ms"] <= 60_000, seen


def case_request_ids_cannot_leave_their_place_in_the_url():
    for request_id in ("a/../../next", "a?b#c", "%2e%2e", "a b"):
        event = Event(b"1", id=request_id)
        play([event])
        assert_echoed(event)


def case_an_event_without_a_usable_id_is_never_answered():
    events = [Event(b"1", id=".."), Event(b"1", headers=["Content-Type: a/b"]), Event(b"2")]
    with RuntimeApi(events) as api, running(api) as program:
        # The API waits for an answer that cannot be given; the loop asks for the next event.
        program.wait_until_idle()
        lines = program.terminate()
    assert events[0].answers == [] and events[1].answers == []
    assert_echoed(events[2])
    assert sum("no usable request id" in json.dumps(line) for line in lines) == 2, lines


# --- answers that are not taken


def not_taken(status: int, body: bytes, said: str) -> dict:
    events = [Event(b'{"a":1}', answer_status=status, answer_body=body), Event(b"2"), Event(b"3")]
    api, lines = play(events)
    for event in events:
        assert_echoed(event)
        assert len(event.answers) == 1
    assert api.connections == 1
    assert len(lines) == 1 and lines[0]["level"] == "ERROR", lines
    assert said in lines[0]["message"] and lines[0]["status"] == status, lines
    assert lines[0]["requestId"] == events[0].id, lines
    return lines[0]


def case_a_400_is_logged():
    not_taken(400, b'{"errorType":"InvalidRequestID"}', "rejected")


def case_a_403_is_logged():
    not_taken(403, b'{"errorType":"InvalidStateTransition"}', "in this state")


def case_a_410_is_logged():
    not_taken(410, b"{}", "timed out")


def case_a_413_is_logged_with_size_and_limit_and_no_error_follows():
    line = not_taken(413, TOO_LARGE, "larger than Lambda takes")
    assert line["bytes"] == 7 and line["limit_bytes"] == LIMIT, line
    assert "RequestEntityTooLarge" in line["reply"], line


def case_a_500_ends_the_process():
    events = [Event(b"1", answer_status=500), Event(b"2")]
    _, lines = expect_exit(events, 1)
    assert events[1].answers == []
    assert all(line["level"] == "FATAL" for line in lines) and lines, lines


# --- a Runtime API that does not answer


def case_next_is_asked_again():
    events = [Event(next_status=500), Event(drop_next=True), Event(next_status=403), Event(b"1")]
    _, lines = play(events)
    assert_echoed(events[3])
    # libcurl itself sends a GET again over a new connection when the kept one died.
    assert 2 <= len(lines) <= 3 and all(line["level"] == "WARN" for line in lines), lines


def case_next_that_always_fails_ends_the_process():
    api, lines = expect_exit([Event(next_status=403)] * 8 + [Event(b"1")], 1)
    assert lines[-1]["level"] == "FATAL" and "8 attempts" in json.dumps(lines[-1]), lines
    assert not api.busy.is_set()


def case_nobody_there_ends_the_process():
    api = RuntimeApi([])
    api.close()
    with running(api) as program:
        status, lines = program.end()
    assert status == 1 and lines[-1]["level"] == "FATAL" and len(lines) == 8, lines


def case_connections_dropped_between_invocations():
    events = [Event(b"%d" % n, close_after=True) for n in range(10)]
    api, lines = play(events)
    for event in events:
        assert_echoed(event)
        assert len(event.answers) == 1
    assert api.connections == 11 and lines == [], lines


def case_an_answer_without_a_reply_is_sent_again():
    events = [Event(b"1", drop_answers=1), Event(b"2")]
    _, lines = play(events)
    assert len(events[0].answers) == 2
    assert_echoed(events[0])
    assert_echoed(events[1])
    assert lines == [], lines


def case_a_long_wait_for_an_event():
    event = Event(b"1", delay=3)
    api, lines = play([event])
    assert_echoed(event)
    assert api.connections == 1 and lines == []


def case_proxies_of_the_environment_do_not_matter():
    with socket.create_server(("127.0.0.1", 0)) as dead:
        proxy = "http://127.0.0.1:%d" % dead.getsockname()[1]
    names = ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
    event = Event(b"1")
    play([event], **{name: proxy for name in names})
    assert_echoed(event)


# --- failures of the function


def case_a_failure_is_told():
    events = [Event(b'"fail"', extra=["Lambda-Runtime-Invocation-Id: inv-1"]), Event(b"1")]
    _, lines = play(events)
    assert events[0].kind == "error"
    error = json.loads(events[0].answer.body)
    assert error["errorType"] == "Function.Throttled"
    assert error["errorMessage"] == '"quoted" café 🚀; remedy: wait a minute', error
    assert_echoed(events[1])
    assert len(lines) == 1 and lines[0]["level"] == "ERROR", lines
    assert lines[0]["requestId"] == events[0].id, lines


def case_a_failure_without_a_cause_is_told():
    event = Event(b'"fail silently"')
    play([event])
    assert json.loads(event.answer.body)["errorType"] == "Function.BadResponse"


def case_the_largest_response():
    event = Event(b'"respond fully"')
    play([event])
    assert event.kind == "response" and len(event.answer.body) == LIMIT


def case_a_response_that_is_too_large_is_an_error_instead():
    events = [Event(b'"respond too much"'), Event(b"1")]
    _, lines = play(events)
    assert len(events[0].answers) == 1 and events[0].kind == "error"
    assert str(LIMIT) in json.loads(events[0].answer.body)["errorMessage"]
    assert len(lines) == 1, lines
    assert_echoed(events[1])


def case_an_init_error_is_posted():
    for status in (202, 403, 500):
        with RuntimeApi([], init_error_status=status) as api, \
                running(api, ECHO_INIT_ERROR="PROJECT_NAME is not set") as program:
            actual, _ = program.end()
        assert actual == 1 and api.violations == [], api.violations
        (request,) = api.init_errors
        error = json.loads(request.body)
        assert error["errorType"] == "Function.ConfigInvalid"
        assert error["errorMessage"].startswith("PROJECT_NAME is not set; remedy: "), error


# --- the end


def case_sigterm_while_idle():
    api, lines = play([])
    assert lines == [] and api.connections == 1


def case_sigterm_while_busy():
    event = Event(b'"work a while"')
    with RuntimeApi([event, Event(b"never")]) as api, running(api) as program:
        assert api.busy.wait(PATIENCE)
        program.terminate()
    assert_echoed(event)
    assert api.events[1].answers == [] and api.violations == []


def case_sigterm_while_nobody_is_there():
    api = RuntimeApi([])
    api.close()
    with running(api) as program:
        # The first of its lines says that it is in its loop, and the signal is caught.
        assert program.process.stdout.readline()
        program.process.send_signal(signal.SIGTERM)
        assert program.process.wait(PATIENCE) == 0


# --- memory


def case_memory_is_flat_over_100000_invocations():
    run = subprocess.run([SOAK, str(INVOCATIONS), "5", ECHO], capture_output=True, text=True,
                         env=clean_environment(), timeout=600, check=False)
    assert run.returncode == 0, run.stderr
    result = json.loads(run.stdout)
    print("    " + run.stdout.strip())
    early, late = result["resident_kb_at_1000"], result["resident_kb"]
    assert early > 0 and late - early <= PAGES_KB, result
    assert result["resident_kb_after_first_large"] - late <= PAGES_KB, result
    assert result["resident_kb_after_large"] - late <= PAGES_KB, result
    assert result["connections"] == 1 and result["exit"] == 0, result


# --- the Runtime Interface Emulator


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


# --- bootstrap itself


def run_bootstrap(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run([BOOTSTRAP, *arguments], capture_output=True, text=True, check=False,
                          env=clean_environment(**environment), timeout=PATIENCE)


def case_bootstrap_tells_its_version():
    run = run_bootstrap("--version")
    assert run.returncode == 0 and run.stdout.startswith("slipway ") and run.stderr == "", run


def case_bootstrap_alone_says_how_to_run_it():
    run = run_bootstrap()
    assert run.returncode == 64 and run.stdout == "", run
    assert "AWS_LAMBDA_RUNTIME_API is not set" in run.stderr and "sam local" in run.stderr


def case_bootstrap_names_every_fault_of_its_configuration():
    with RuntimeApi([]) as api, \
            running(api, path=BOOTSTRAP, ECR_STRATEGY="nowhere", DRY_RUN="perhaps",
                    LOG_LEVEL="loud", AWS_LAMBDA_LOG_FORMAT="JSON", AWS_REGION="eu-central-1",
                    ) as program:
        status, lines = program.end()
    assert status == 1 and api.violations == [], (status, api.violations)
    (request,) = api.init_errors
    message = json.loads(request.body)["errorMessage"]
    for name in ("PROJECT_NAME", "PROJECT_ENV", "ECR_STRATEGY", "DRY_RUN", "LOG_LEVEL"):
        assert name in message, (name, message)
    assert [line["level"] for line in lines] == ["FATAL"], lines


def case_bootstrap_serves_and_ends_on_sigterm():
    with RuntimeApi([Event(b"not JSON"), Event(b"")]) as api, \
            running(api, path=BOOTSTRAP, PROJECT_NAME="shop", PROJECT_ENV="dev",
                    AWS_REGION="eu-central-1", AWS_LAMBDA_LOG_FORMAT="JSON") as program:
        program.wait_until_idle()
        program.terminate()
    assert api.violations == [], api.violations
    for event in api.events:
        assert event.kind == "response", event.answer
        assert json.loads(event.answer.body)["status"] == "refused", event.answer.body
    assert api.events[0].answer.header("User-Agent").startswith("slipway/")


def main(wanted: list[str]) -> int:
    cases = [(name[len("case_"):], case) for name, case in globals().items()
             if name.startswith("case_") and (not wanted or any(part in name for part in wanted))]
    passed = 0
    for name, case in cases:
        try:
            case()
        except Exception:  # whatever it is, the other cases are still worth running
            print(f"FAILED {name}\n{traceback.format_exc()}", flush=True)
        else:
            passed += 1
            print(f"ok {name}", flush=True)
    print(f"{passed} passed, {len(cases) - passed} failed")
    return 0 if cases and passed == len(cases) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
