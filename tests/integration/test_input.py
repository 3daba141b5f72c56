"""Bad input of every kind, one after the other in one process that lives on; bad configuration; what is logged."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from conftest import Functions, check_no_secrets
from deploys import check_deployed, check_untouched, event
from front.seed import PROD, SECRET_KEY, SESSION_TOKEN, World


def deep(levels: int) -> dict[str, Any]:
    value: Any = 1
    for _ in range(levels):
        value = {"x": value}
    return {**event(), "detail": {"service": "backend", "tag": "git-abc123f", "deep": value}}


def with_detail(detail: object) -> dict[str, Any]:
    return {**event(), "detail": detail}


def without(name: str) -> dict[str, Any]:
    one = event()
    del one[name]
    return one


# (what it is, the payload, the codes it may be refused with, words of the message)
BAD: list[tuple[str, object, str, str]] = [
    ("not JSON", b"deploy backend please", "EventMalformed", ""),
    ("truncated", json.dumps(event()).encode()[:-20], "EventMalformed", ""),
    ("trailing text", json.dumps(event()).encode() + b"x", "EventMalformed", ""),
    ("empty", b"", "EventMalformed", ""),
    ("a string", b'"deploy"', "EventMalformed", ""),
    ("null", b"null", "EventMalformed", ""),
    ("not UTF-8", b'{"service":"back\xff\xfeend","tag":"git-abc123f"}', "EventMalformed", ""),
    ("20 levels too deep", deep(36), "EventMalformed", ""),
    ("detail a string", with_detail("backend"), "EventMalformed", "detail"),
    ("detail a string of JSON", with_detail('{"service":"backend"}'), "EventMalformed", "detail"),
    ("no detail", without("detail"), "EventMalformed", "detail"),
    ("service an array", with_detail({"service": ["backend"], "tag": "git-abc123f"}), "EventMalformed", "service"),
    ("no service", with_detail({"tag": "git-abc123f"}), "EventMalformed", "service"),
    ("tag a number", with_detail({"service": "backend", "tag": 7}), "EventMalformed", "tag"),
    ("dry_run a string", with_detail({"service": "backend", "tag": "git-abc123f", "dry_run": "yes"}), "EventMalformed", "dry_run"),
    ("tag with a newline", with_detail({"service": "backend", "tag": "git-abc\n123f"}), "TagInvalid", ""),
    ("tag of 129 characters", with_detail({"service": "backend", "tag": "g" * 129}), "TagInvalid", ""),
    ("tag with a NUL", with_detail({"service": "backend", "tag": "git\0abc"}), "EventMalformed", "NUL"),
    ("tag empty", with_detail({"service": "backend", "tag": ""}), "TagInvalid", ""),
    ("digest too short", with_detail({"service": "backend", "digest": "sha256:123"}), "TagInvalid", ""),
    ("ARN of another account", with_detail({"service": "backend", "task_definition":
     "arn:aws:ecs:us-east-1:333333333333:task-definition/myproject_service_prod:1"}), "FamilyMismatch", "333333333333"),
    ("wrong source", event(_source="my.app"), "EventUnsupported", "my.app"),
    ("wrong detail-type", event(_type="UNDEPLOY"), "EventUnsupported", "UNDEPLOY"),
    ("wrong account", event(_account="333333333333"), "AccountNotAllowed", "333333333333"),
    ("service with a slash", with_detail({"service": "../backend", "tag": "git-abc123f"}), "ServiceUnknown", "../backend"),
    ("time is none", {**event(), "time": "yesterday"}, "EventMalformed", "time"),
    ("a member twice", b'{"service":"backend","service":"api","tag":"git-abc123f"}', "EventMalformed", "service"),
    ("an array of junk", [1, "x", None], "EventMalformed", ""),
    ("101 events", [event() for _ in range(101)], "EventMalformed", "101"),
    ("6 MB", with_detail({"service": "backend", "tag": "git-abc123f", "more": "x" * 6_000_000}), "", ""),
]


def test_bad_input_one_after_the_other_in_one_process(world: World, functions: Functions) -> None:
    function = functions.fresh()
    function.invoke(event(service="backend", tag="git-abc123f", dry_run=True))
    pid = function.pid()
    wrong: list[str] = []
    for name, payload, code, words in BAD[:-1]:
        answer = function.invoke(payload)
        problem = judge(answer.body, code, words)
        if problem:
            wrong.append(f"{name}: {problem}: {answer.body[:400]!r}")
        assert function.pid() == pid, f"{name}: the process did not live on"
    assert not wrong, "\n".join(wrong)
    check_untouched(world)
    # A large event is no bad one; and after all that the function still does its work.
    sent = event(service="backend", tag="git-abc123f", more="x" * 6_000_000)
    check_deployed(world, sent, function.invoke(sent))
    assert function.pid() == pid


def judge(body: bytes, code: str, words: str) -> str:
    """What is wrong with an answer to bad input; "" if nothing is."""
    try:
        answer = json.loads(body)
    except ValueError:
        return "no JSON"
    for one in answer if isinstance(answer, list) else [answer]:
        changes = one.get("changes") or [{}]
        if one.get("status") != "refused" or changes[0].get("code") != code:
            return f"expected a refusal with {code}"
        if words not in changes[0]["message"] or not changes[0]["remedy"]:
            return f"expected '{words}' in the message, and a remedy"
    return ""


def test_unknown_services_are_told_the_known_ones(world: World, functions: Functions) -> None:
    services = json.dumps({"backend": {"service_name": "a", "task_family": "b"}, "api": {"service_name": "c", "task_family": "d"}})
    answer = functions(ECS_SERVICE_MAP=services).invoke(event(service="frontend", tag="git-abc123f"))
    change = answer.change
    assert change["code"] == "ServiceUnknown" and "frontend" in change["message"]
    assert "backend" in change["message"] + change["remedy"] and "api" in change["message"] + change["remedy"]


@pytest.mark.parametrize("variables, words", [
    ({"ECS_SERVICE_MAP": '{"api":{"service_name":"x","task_family":}}'}, ["ECS_SERVICE_MAP"]),
    ({"ECS_SERVICE_MAP": "[]"}, ["ECS_SERVICE_MAP"]),
    ({"ECS_SERVICE_MAP": '{"backend":{},"nginx":{"service_name":"myproject_service_prod","repository":"myproject_nginx"}}'},
     ["ECS_SERVICE_MAP.nginx", "'backend'", "expected one entry for one ECS service"]),
    ({"PROJECT_NAME": None}, ["PROJECT_NAME"]),
    ({"PROJECT_NAME": None, "PROJECT_ENV": None, "ECR_STRATEGY": "both"}, ["PROJECT_NAME", "PROJECT_ENV", "ECR_STRATEGY"]),
    ({"ECR_ACCOUNT_ID": "11111"}, ["ECR_ACCOUNT_ID"]),
    ({"ECR_ACCOUNT_ID": None}, ["ECR_ACCOUNT_ID"]),
    ({"DRY_RUN": "perhaps"}, ["DRY_RUN"]),
    ({"DEPLOY_TAGS": "semver:>>1"}, ["DEPLOY_TAGS"]),
    ({"TASK_DEFINITION_BASE": "oldest"}, ["TASK_DEFINITION_BASE"]),
    ({"AWS_ENDPOINT_URL": "ftp://nowhere"}, ["AWS_ENDPOINT_URL"]),
])
def test_a_bad_configuration_is_an_init_error(functions: Functions, variables: dict[str, str | None], words: list[str]) -> None:
    function = functions.fresh(**variables)
    answer = function.invoke(event())
    assert answer.is_error, answer.body
    said = answer.body.decode() + function.output
    assert "Function.ConfigInvalid" in said
    for word in words:
        assert word in said
    assert not [call for call in functions.front.calls if call.service]
    assert function.pid() is None, "the process must have ended"


def test_where_in_the_map_it_is_wrong(functions: Functions) -> None:
    function = functions.fresh(ECS_SERVICE_MAP='{"api":{"service_name":"x","task_family":}}')
    answer = function.invoke(event())
    said = answer.body.decode() + function.output
    assert "'ECS_SERVICE_MAP' is not valid JSON" in said and "byte 41" in said, said


def test_the_log_is_json_with_the_request_id(world: World, functions: Functions) -> None:
    function = functions.fresh()
    function.invoke(event())
    function.invoke(event(service="backend", tag="git-none"))
    lines = [line for line in function.output.splitlines() if line.startswith("{")]
    records = [json.loads(line) for line in lines]
    assert records and [one for one in records if "_aws" in one], "no metrics"
    logged = [one for one in records if "level" in one]
    requests = [line.split("RequestId: ")[1].split()[0] for line in function.output.splitlines() if line.startswith("START")]
    deployed = [one for one in logged if one.get("requestId") == requests[0]]
    assert deployed and any("deployed" in json.dumps(one) for one in deployed)
    assert any("ImageNotFound" in json.dumps(one) for one in logged if one.get("requestId") == requests[1])
    for one in logged:
        datetime.fromisoformat(one["timestamp"].replace("Z", "+00:00"))
        assert one["message"]
    # Nothing else is written to the output but the emulator's own lines.
    for line in function.output.splitlines():
        assert line.startswith(("{", "START ", "END ", "REPORT ")) or "(rapid)" in line, line


def test_metrics_count_what_happened(world: World, functions: Functions) -> None:
    function = functions.fresh()
    function.invoke(event())
    function.invoke(event(service="backend", tag="none"))
    metrics = [one for one in function.log if "_aws" in one]
    for one in metrics:
        directive = one["_aws"]["CloudWatchMetrics"][0]
        assert directive["Namespace"] == "slipway"
        assert directive["Dimensions"] == [["Project", "Environment", "Service"]]
        assert (one["Project"], one["Environment"], one["Service"]) == ("myproject", "prod", "backend")
        assert {metric["Name"] for metric in directive["Metrics"]} <= set(one)
    assert sum(one.get("Deployed", 0) for one in metrics) == 1
    assert sum(one.get("Refused", 0) for one in metrics) == 1


def test_the_level_is_kept(world: World, functions: Functions) -> None:
    function = functions.fresh(AWS_LAMBDA_LOG_LEVEL="ERROR")
    assert function.invoke(event()).change["status"] == "deployed"
    assert not [one for one in function.log if one.get("level", "ERROR") in ("INFO", "DEBUG", "TRACE")]


def test_text_logs(world: World, functions: Functions) -> None:
    function = functions.fresh(AWS_LAMBDA_LOG_FORMAT="Text")
    assert function.invoke(event()).change["status"] == "deployed"
    assert [line for line in function.output.splitlines() if "deployed" in line and not line.startswith("{")]


def test_no_secret_is_ever_said(world: World, functions: Functions) -> None:
    function = functions.fresh(AWS_LAMBDA_LOG_LEVEL="TRACE")
    said = [function.invoke(one).body.decode() for one in (
        event(), event(service="backend", tag=SECRET_KEY[:40].replace("/", "-").replace("+", "-")), b"not json",
        event(_account="333333333333"))]
    world.front.iam.keys.clear()
    said.append(function.invoke(event()).body.decode())
    said.append(functions.fresh(AWS_SECRET_ACCESS_KEY="x\ny", AWS_LAMBDA_LOG_LEVEL="TRACE").invoke(event()).body.decode())
    for text in [*said, function.output]:
        check_no_secrets(text)
        assert SESSION_TOKEN[-40:] not in text
    assert PROD in said[0]
