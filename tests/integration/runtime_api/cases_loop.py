"""The loop against the strict Runtime API."""

import json
import signal
import socket
import time

from fake_runtime_api import TOO_LARGE, Event, RuntimeApi
from program import PATIENCE, assert_echoed, expect_exit, play, running

LIMIT = 6 * 1024 * 1024 + 100


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
    assert api.connections == 11, api.connections
    # libcurl meets a dead connection by itself, but only five times in the life of a handle (it
    # never resets its count); the sixth is the loop's, which asks again.
    assert len(lines) <= 1 and all(line["level"] == "WARN" for line in lines), lines


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
