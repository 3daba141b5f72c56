"""SLIPWAY_CONFIG: the function, and the command line, with their variables in an SSM parameter or an S3 object."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from command_line import program, run
from conftest import Functions, check_no_secrets
from deploys import check_deployed, check_untouched, event
from front import faults
from front.iam import Statement
from front.seed import ACCESS_KEY, PROD, REGION, REGISTRY, SECRET_KEY, SESSION_TOKEN, STRANGER, World
from lambda_function import Answer, environment
from test_front import refusal

PARAMETER, BUCKET, KEY = "/slipway/prod", "myproject-config", "prod/environment é+.json"
PLACES = {"ssm": f"ssm:{PARAMETER}", "s3": f"s3://{BUCKET}/{KEY}"}
READ = {"ssm": "ssm:GetParameter", "s3": "s3:GetObject"}
VARIABLES = {"PROJECT_NAME": "myproject", "PROJECT_ENV": "prod", "ECR_STRATEGY": "cross_account",
             "ECR_ACCOUNT_ID": REGISTRY, "ECR_ACCOUNT_REGION": REGION}
GONE: dict[str, str | None] = dict.fromkeys(VARIABLES)
SECRET = "hooks-secret-0123456789"


@pytest.fixture(params=["ssm", "s3"])
def kind(request: pytest.FixtureRequest, world: World) -> str:
    world.function_role.policy = [
        *world.function_role.policy, {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/*"},
        {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{BUCKET}"}]
    world.front.s3.create(PROD, REGION, BUCKET)
    return str(request.param)


def put(world: World, kind: str, document: object) -> None:
    text = document if isinstance(document, str) else json.dumps(document)
    if kind == "ssm":
        world.front.ssm.put(PROD, REGION, PARAMETER, text)
    else:
        world.front.s3.put(PROD, REGION, BUCKET, KEY, text)


def check_does_not_start(answer: Answer, code: str, *words: str) -> str:
    assert answer.is_error and answer.error_type == f"Function.{code}", answer.body
    message = str(answer.json["errorMessage"])
    for word in words:
        assert word in message, (word, message)
    return message


def reads(world: World, kind: str) -> int:
    return world.front.calls.names().count(READ[kind])


def test_it_deploys_with_what_is_there(world: World, functions: Functions, kind: str) -> None:
    put(world, kind, VARIABLES)
    function = functions.fresh(**GONE, SLIPWAY_CONFIG=PLACES[kind])
    sent = event()
    check_deployed(world, sent, function.invoke(sent))
    assert function.invoke(event(service="backend", tag="git-0ld0001")).json["status"] == "deployed"
    assert reads(world, kind) == 1, "read once, and not for every event"


def test_missing_at_first_and_then_there(world: World, functions: Functions, kind: str) -> None:
    function = functions.fresh(**GONE, SLIPWAY_CONFIG=PLACES[kind])
    for _ in range(2):
        check_does_not_start(function.invoke(event()), "ConfigInvalid", f"'{PLACES[kind]}' cannot be read", "does not exist")
    check_untouched(world)
    put(world, kind, VARIABLES)
    sent = event()
    check_deployed(world, sent, function.invoke(sent))


def test_a_failure_that_passes_does_not_stay(world: World, functions: Functions, kind: str) -> None:
    put(world, kind, VARIABLES)
    world.front.rules.add(faults.unavailable(), READ[kind], times=3)
    function = functions.fresh(**GONE, SLIPWAY_CONFIG=PLACES[kind])
    check_does_not_start(function.invoke(event()), "AwsUnavailable", PLACES[kind])
    sent = event()
    check_deployed(world, sent, function.invoke(sent))


def test_a_failure_is_retried(world: World, functions: Functions, kind: str) -> None:
    put(world, kind, VARIABLES)
    world.front.rules.add(faults.error("SlowDown", "Please reduce your request rate.", 503), READ[kind])
    sent = event()
    check_deployed(world, sent, functions.fresh(**GONE, SLIPWAY_CONFIG=PLACES[kind]).invoke(sent))
    assert reads(world, kind) == 2


@pytest.mark.parametrize("fault", [faults.reset(), faults.truncate(), faults.html()], ids=lambda fault: str(fault.name))
@pytest.mark.parametrize("kind", ["s3"], indirect=True)
def test_half_an_answer_is_none(world: World, functions: Functions, kind: str, fault: faults.Fault) -> None:
    put(world, kind, VARIABLES)
    world.front.rules.add(fault, READ[kind])
    sent = event()
    check_deployed(world, sent, functions.fresh(**GONE, SLIPWAY_CONFIG=PLACES[kind]).invoke(sent))
    assert reads(world, kind) == 2


def test_a_webhook_in_it_is_told(world: World, functions: Functions, kind: str) -> None:
    slack = world.front.slack
    put(world, kind, {**VARIABLES, "SLACK_WEBHOOK_URL": world.front.url + slack.path})
    function = functions.fresh(**GONE, SLIPWAY_CONFIG=PLACES[kind])
    sent = event()
    check_deployed(world, sent, function.invoke(sent))
    assert len(slack.received) == 1
    assert slack.path not in function.output


@pytest.mark.parametrize("kind", ["ssm"], indirect=True)  # it takes five seconds
def test_silence_ends_before_the_init_phase_does(world: World, functions: Functions, kind: str) -> None:
    put(world, kind, VARIABLES)
    world.front.rules.add(faults.stall(world.front.stop_waiting), READ[kind], times=0)
    function = functions.fresh(**GONE, SLIPWAY_CONFIG=PLACES[kind])
    begun = time.monotonic()
    check_does_not_start(function.invoke(event()), "DeadlineExceeded", PLACES[kind])
    assert time.monotonic() - begun < 9.0


def test_whoever_may_not_read_is_told_which_permission(world: World, functions: Functions, kind: str) -> None:
    put(world, kind, VARIABLES)
    policy = world.function_role.policy
    world.function_role.policy = [one for one in policy if READ[kind] not in one["Action"]]
    function = functions.fresh(**GONE, SLIPWAY_CONFIG=PLACES[kind])
    check_does_not_start(function.invoke(event()), "AccessDenied", PLACES[kind], f"allow {READ[kind]} on the")
    world.function_role.policy = policy
    sent = event()
    check_deployed(world, sent, function.invoke(sent))


def test_every_fault_at_once_and_no_value(world: World, functions: Functions, kind: str) -> None:
    put(world, kind, {**VARIABLES, "SLACK_WEBHOOK_URL": {"hidden": SECRET}, "AWS_SECRET_ACCESS_KEY": SECRET, "DRY_RUN": True,
                      "AUTO_DEPLOY_TAG": SECRET, "SLIPWAY_CONFIG": "ssm:/other"})
    function = functions.fresh(**GONE, SLIPWAY_CONFIG=PLACES[kind])
    message = check_does_not_start(
        function.invoke(event()), "ConfigInvalid", f"'{PLACES[kind]}' has 5 faults", "SLACK_WEBHOOK_URL: expected a string, got object",
        "AWS_SECRET_ACCESS_KEY: belongs into the function's own environment", "DRY_RUN: expected a string, got bool",
        "AUTO_DEPLOY_TAG: no variable of slipway, expected 'AUTO_DEPLOY_TAGS'", "SLIPWAY_CONFIG: a document cannot name another",
        f"correct in '{PLACES[kind]}'")
    assert SECRET not in message and SECRET not in function.output
    put(world, kind, {**VARIABLES, "ECR_ACCOUNT_ID": "12"})
    check_does_not_start(function.invoke(event()), "ConfigInvalid", "ECR_ACCOUNT_ID: '12': expected 12 digits",
                         f"what '{PLACES[kind]}' sets has to be corrected there")
    function = functions.fresh(**{**GONE, "PROJECT_NAME": "myproject", "PROJECT_ENV": "dev"}, SLIPWAY_CONFIG=PLACES[kind])
    check_does_not_start(function.invoke(event()), "ConfigInvalid", "PROJECT_ENV: expected 'dev', which it is in the function's own")


def test_the_functions_own_environment_wins(world: World, functions: Functions, kind: str) -> None:
    put(world, kind, {**VARIABLES, "ECR_ACCOUNT_ID": STRANGER, "SLACK_WEBHOOK_URL": f"https://hooks.example.com/{SECRET}",
                      "LOG_LEVEL": "error", "PROJECT_NAME": " myproject "})
    function = functions.fresh(**{**GONE, "PROJECT_NAME": "myproject", "ECR_ACCOUNT_ID": REGISTRY, "ECR_STRATEGY": " "},
                               SLIPWAY_CONFIG=PLACES[kind], LOG_LEVEL="info", DRY_RUN="true")
    assert function.invoke(event()).json["status"] == "planned"
    (warning,) = [line for line in function.log if line["level"] == "WARN"]
    assert warning["variables"] == "ECR_ACCOUNT_ID, LOG_LEVEL"
    assert SECRET not in function.output and STRANGER not in function.output


@pytest.mark.parametrize("kind", ["s3"], indirect=True)  # a parameter has 8 KB at most
def test_more_than_the_environment_holds(world: World, functions: Functions, kind: str) -> None:
    services = {"backend": {}, **{f"service-{n}": {"repository": f"team/service-{n}", "container": "main"} for n in range(3000)}}
    document = {**VARIABLES, "ECS_SERVICE_MAP": json.dumps(services)}
    assert 200_000 < len(json.dumps(document)) < 256 * 1024
    put(world, kind, document)
    function = functions.fresh(**GONE, SLIPWAY_CONFIG=PLACES[kind])
    sent = event()
    check_deployed(world, sent, function.invoke(sent))
    put(world, kind, json.dumps(document) + " " * 256 * 1024)
    check_does_not_start(functions.fresh(**GONE, SLIPWAY_CONFIG=PLACES[kind]).invoke(event()), "BadResponse", "more than 262144")


@pytest.mark.parametrize("value, words", [
    ("/slipway/prod", "expected 'ssm:/path' or 's3://bucket/key'"),
    ("ssm:", "expected the name or the ARN of an SSM parameter"),
    ("s3://bucket", "expected a bucket and a key"),
    ("s3://Bucket/key", "expected a bucket and a key"),
])
def test_a_place_that_is_none(functions: Functions, value: str, words: str) -> None:
    check_does_not_start(functions.fresh(**GONE, SLIPWAY_CONFIG=value).invoke(event()), "ConfigInvalid", f"'{value}'", words)
    assert not functions.front.calls.names()


def test_a_bucket_elsewhere(world: World, functions: Functions) -> None:
    world.front.s3.put(PROD, "eu-west-1", "elsewhere-config", "k", json.dumps(VARIABLES))
    function = functions.fresh(**GONE, SLIPWAY_CONFIG="s3://elsewhere-config/k")
    check_does_not_start(function.invoke(event()), "BadResponse", "the bucket is in another region", "in the function's own region")


def test_without_it_nothing_is_read(world: World, functions: Functions) -> None:
    sent = event()
    check_deployed(world, sent, functions.fresh(SLIPWAY_CONFIG="  ").invoke(sent))
    assert not {"ssm", "s3"} & {call.service for call in world.front.calls}


FILE = """schema_version: 10
project: myproject
env: prod
region: us-east-1
account_id: "222222222222"
ecr_strategy: cross_account
ecr_account_id: "111111111111"
ecr_account_region: us-east-1
services:
  - name: api
scheduled_tasks:
  - name: nightly
"""


def test_what_config_render_prints_is_what_is_read(world: World, functions: Functions, kind: str, tmp_path: Path) -> None:
    if program() is None:
        pytest.skip("slipway is not built")
    (tmp_path / "prod.yaml").write_text(FILE)
    ran = run({}, "config", "render", str(tmp_path / "prod.yaml"))
    assert ran.status == 0, ran.err
    put(world, kind, ran.out)
    sent = event()
    function = functions.fresh(**GONE, SLIPWAY_CONFIG=PLACES[kind])
    check_deployed(world, sent, function.invoke(sent))
    assert function.invoke(event(service="web", tag="v1")).json["changes"][0]["code"] == "ServiceUnknown", "the map counts"


def test_the_front_answers_as_s3_does(world: World, client: Callable[..., Any]) -> None:
    keys = {"key": ACCESS_KEY, "secret": SECRET_KEY, "token": SESSION_TOKEN}
    front, s3, key = world.front, client("s3", **keys), f"arn:aws:kms:{REGION}:{PROD}:key/1"
    read: Callable[..., Any] = lambda name, bucket=BUCKET: s3.get_object(Bucket=bucket, Key=name)["Body"].read()
    refused: Callable[..., Any] = lambda name, bucket=BUCKET, by=s3: refusal(by.get_object, Bucket=bucket, Key=name)[::2]
    for name, body in (("a b/é+%25?x=1&y#z", b"\x00\xff"), ("/a//b", b""), ("sealed", b"x")):
        front.s3.put(PROD, REGION, BUCKET, name, body, key if name == "sealed" else "")
    front.s3.put(STRANGER, REGION, "strangers-config", "k", b"theirs")
    mine: list[Statement] = [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::*"}]
    assert refused("sealed") == ("AccessDenied", 403)
    world.function_role.policy = mine
    assert read("a b/é+%25?x=1&y#z") == b"\x00\xff" and read("/a//b") == b""
    assert refused("none") == ("AccessDenied", 403), "who may not list is not told"
    assert refused("sealed") == ("AccessDenied", 403)
    assert refused("k", "strangers-config") == ("AccessDenied", 403)
    assert refused("k", "nobodys-config") == ("NoSuchBucket", 404)
    world.function_role.policy = [
        *mine, {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{BUCKET}"},
        {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": key, "Condition": {"StringEquals": {
            "kms:ViaService": f"s3.{REGION}.amazonaws.com", "kms:EncryptionContext:aws:s3:arn": f"arn:aws:s3:::{BUCKET}/sealed"}}}]
    assert refused("none") == ("NoSuchKey", 404) and read("sealed") == b"x"
    wrong = client("s3", key=ACCESS_KEY, secret="wrong", token=SESSION_TOKEN)
    assert refused("sealed", by=wrong) == ("SignatureDoesNotMatch", 403)


def variables_of(functions: Functions, **more: str | None) -> dict[str, str]:
    return environment(functions.front, **{**GONE, **more})


def test_the_command_line_reads_it_too(world: World, functions: Functions, kind: str) -> None:
    if program() is None:
        pytest.skip("slipway is not built")
    put(world, kind, VARIABLES)
    ran = run(variables_of(functions, SLIPWAY_CONFIG=PLACES[kind]), "plan", "backend", "git-abc123f", "--json")
    assert ran.status == 0, ran.err
    assert ran.json["status"] == "planned" and reads(world, kind) == 1
    ran = run(variables_of(functions, SLIPWAY_CONFIG=PLACES[kind], ECR_ACCOUNT_REGION="eu-west-1"), "status")
    assert "ECR_ACCOUNT_REGION" in ran.err and "SLIPWAY_CONFIG" in ran.err
    put(world, kind, {**VARIABLES, "DRY_RUN": 1, "SLACK_WEBHOOK_URL": [SECRET]})
    ran = run(variables_of(functions, SLIPWAY_CONFIG=PLACES[kind]), "status")
    assert ran.status == 1 and "DRY_RUN: expected a string, got number" in ran.err and SECRET not in ran.err
    check_no_secrets(ran.err)
