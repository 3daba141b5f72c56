"""The workflows of examples/github-actions: their YAML is sound, and their scripts do what they say, step by step, with a
stand-in for `aws` that talks to the front, to slipway's function, and to a queue that the test fills."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from conftest import Functions
from deploys import event
from front.eventbridge import PutEvent
from front.iam import ALLOW_ALL, Role, Statement, decide, principal_context
from front.seed import ACCESS_KEY, ADMIN_SECRET, DEV, ORG, PROD, REGION, REPOSITORY, SECRET_KEY, SESSION_TOKEN, World
from lambda_function import LambdaFunction, environment
from test_template_role import check  # noqa: F401

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "github-actions"
WORKFLOWS = sorted(path.name for path in FOLDER.glob("*.yml"))
BUILD, PRODUCTION = "build-push-deploy.yml", "deploy-production.yml"
BUS = "outcomes"
TAG = "git-abc123f"
# Contexts whose values a person, or whoever opens a pull request, can choose.
_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")


def read(name: str) -> dict[Any, Any]:
    content: dict[Any, Any] = yaml.safe_load((FOLDER / name).read_text())
    return content


def triggers(workflow: dict[Any, Any]) -> Any:
    return workflow[True]  # YAML 1.1 takes the key `on` for a boolean


def steps(workflow: dict[Any, Any]) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


# The YAML


def test_there_are_the_two_workflows() -> None:
    assert WORKFLOWS == [BUILD, PRODUCTION]
    assert set(triggers(read(BUILD))) == {"push"} and triggers(read(BUILD))["push"]["branches"] == ["main"]
    assert set(triggers(read(PRODUCTION))) == {"workflow_dispatch"}
    inputs = triggers(read(PRODUCTION))["workflow_dispatch"]["inputs"]
    assert set(inputs) == {"service", "tag"} and all(one["required"] and one["description"] for one in inputs.values())


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_asks_for_no_more_than_it_needs(name: str) -> None:
    workflow = read(name)
    assert workflow["permissions"] == {}
    for job in workflow["jobs"].values():
        uses_sources = any(step.get("uses", "").startswith("actions/checkout@") for step in job["steps"])
        assert job["permissions"] == {"id-token": "write", **({"contents": "read"} if uses_sources else {})}
        assert 0 < job["timeout-minutes"] <= 60 and job["runs-on"] == "ubuntu-latest"


@pytest.mark.parametrize("name", WORKFLOWS)
def test_credentials_come_by_oidc_alone(name: str) -> None:
    text = (FOLDER / name).read_text()
    for words in ("secrets.", "aws-access-key-id", "aws-secret-access-key", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        assert words not in text
    configured = [step["with"] for step in steps(read(name)) if step.get("uses", "").startswith("aws-actions/configure")]
    assert len(configured) == len(read(name)["jobs"])
    assert all(set(one) == {"role-to-assume", "aws-region"} for one in configured)


@pytest.mark.parametrize("name", WORKFLOWS)
def test_actions_are_few_and_pinned_to_a_major_version(name: str) -> None:
    used = [step["uses"] for step in steps(read(name)) if "uses" in step]
    assert used and all(re.fullmatch(r"(actions|aws-actions|docker)/[a-z-]+@v\d+", one) for one in used), used


@pytest.mark.parametrize("name", WORKFLOWS)
def test_values_reach_scripts_by_the_environment_alone(name: str) -> None:
    """An input that is pasted into a script is a script."""
    for step in steps(read(name)):
        assert not _EXPRESSION.search(step.get("run", "")), step
        assert set(step) <= {"name", "id", "if", "uses", "with", "env", "run"}


@pytest.mark.parametrize("name", WORKFLOWS)
def test_deploys_of_an_environment_wait_for_each_other(name: str) -> None:
    workflow = read(name)
    assert workflow["concurrency"]["group"] and workflow["concurrency"]["cancel-in-progress"] is False
    assert workflow["defaults"] == {"run": {"shell": "bash"}}, "this is what sets pipefail"


def test_production_is_guarded_by_its_environment() -> None:
    assert read(PRODUCTION)["jobs"]["deploy"]["environment"] == "production"


@pytest.mark.parametrize("name", WORKFLOWS)
def test_shellcheck_has_nothing_to_say(name: str, tmp_path: Path) -> None:
    checker = shutil.which("shellcheck")
    if checker is None:
        pytest.skip("shellcheck is not there; ./build.sh setup installs it")
    for number, step in enumerate(one for one in steps(read(name)) if "run" in one):
        script = tmp_path / f"{number}.sh"
        script.write_text("#!/bin/bash\nset -eo pipefail\n" + step["run"])
        told = subprocess.run([checker, "--severity=style", str(script)], capture_output=True, text=True, check=False)
        assert told.returncode == 0, told.stdout


# The scripts


_AWS = '''#!{python}
"""`aws` for the workflows' scripts. What it was given is kept beside it."""
import json, os, sys, time, urllib.request

folder, words = os.path.dirname(os.path.abspath(__file__)), sys.argv[1:]
with open(folder + "/calls", "a") as calls:
    calls.write(json.dumps(words) + "\\n")


def option(name):
    return words[words.index("--" + name) + 1]


def lambda_invoke():
    assert option("cli-binary-format") == "raw-in-base64-out" and option("function-name") == "myproject_slipway_prod"
    request = urllib.request.Request(os.environ["FUNCTION_URL"], option("payload").encode())
    body = urllib.request.urlopen(request).read()
    with open(words[-1], "wb") as file:
        file.write(body)
    failed = {{"FunctionError": "Unhandled"}} if b'"errorType"' in body else {{}}
    print(json.dumps({{"StatusCode": 200, **failed, "ExecutedVersion": "$LATEST"}}))


def events_put_events():
    # By hand: a client of boto3's takes longer to make than all the rest.
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
    body = json.dumps({{"Entries": json.loads(option("entries"))}})
    asked = AWSRequest("POST", os.environ["FRONT_URL"] + "/", data=body, headers={{
        "X-Amz-Target": "AWSEvents.PutEvents", "Content-Type": "application/x-amz-json-1.1"}})
    keys = Credentials(os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"])
    SigV4Auth(keys, "events", os.environ["AWS_REGION"]).add_auth(asked)
    request = urllib.request.Request(asked.url, body.encode(), dict(asked.headers))
    print(json.dumps(json.loads(urllib.request.urlopen(request).read()), indent=4))


def sqs_receive_message():
    assert option("queue-url").startswith("https://sqs.us-east-1.amazonaws.com/")
    waiting = sorted(os.listdir(folder + "/queue"))
    if not waiting:
        time.sleep(0.05)
        return  # the real one says nothing at all
    name = folder + "/queue/" + waiting[0]
    with open(name) as file:
        print(file.read())
    os.remove(name)


def sqs_delete_message_batch():
    entries = json.loads(option("entries"))
    assert entries and all(set(one) == {{"Id", "ReceiptHandle"}} for one in entries)
    print(json.dumps({{"Successful": [{{"Id": one["Id"]}} for one in entries]}}))


globals()["_".join(words[:2]).replace("-", "_")]()
'''


class Run:
    """A job of a workflow, one step after the other, as GitHub's runner would go through its scripts."""

    def __init__(self, folder: Path, name: str, job: str, variables: dict[str, str], **inputs: str) -> None:
        self.folder, self.workflow = folder, read(name)
        self.job, self.inputs, self.outputs = self.workflow["jobs"][job], inputs, {}
        self.variables, self.text = variables, ""
        self.bin = folder / "bin"
        (self.bin / "queue").mkdir(parents=True)
        aws = self.bin / "aws"
        aws.write_text(_AWS.format(python=sys.executable))
        aws.chmod(aws.stat().st_mode | stat.S_IXUSR)

    def step(self, name: str, **more: str) -> int | None:
        """The exit status of the step's script; None: its condition did not hold."""
        (found,) = [one for one in self.job["steps"] if one.get("name") == name]
        if not self._holds(found.get("if")):
            return None
        output, summary = self.folder / "output", self.folder / "summary"
        output.write_text("")
        given = {name: self._resolve(str(value)) for part in (self.workflow, self.job, found)
                 for name, value in part.get("env", {}).items()}
        passed = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", found["run"]]
        ran = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False, timeout=120, env={
            **passed, **given, "GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(summary), "GITHUB_RUN_ID": "42",
            "GITHUB_ACTOR": "octocat", "GITHUB_SHA": "5e77da0" + "0" * 33, "GITHUB_REF_NAME": "main",
            **self.variables, **more, "PATH": f"{self.bin}:{passed['PATH']}"})
        self.text = ran.stdout + ran.stderr
        if "id" in found:
            self.outputs[found["id"]] = dict(line.split("=", 1) for line in output.read_text().splitlines())
        return ran.returncode

    def calls(self, *words: str) -> list[list[str]]:
        path = self.bin / "calls"
        lines = path.read_text().splitlines() if path.exists() else []
        return [call for call in map(json.loads, lines) if call[:len(words)] == list(words)]

    def entries(self) -> str:
        """The argument of the last put-events."""
        call = self.calls("events", "put-events")[-1]
        return call[call.index("--entries") + 1]

    def deliver(self, *batches: list[dict[str, Any]]) -> None:
        """What receive-message will find, one batch a call."""
        for number, batch in enumerate(batches):
            messages = [{"MessageId": f"m-{number}-{index}", "ReceiptHandle": f"r-{number}-{index}", "Body": json.dumps(one)}
                        for index, one in enumerate(batch)]
            (self.bin / "queue" / f"{number:03d}").write_text(json.dumps({"Messages": messages}))

    def _resolve(self, text: str) -> str:
        return _EXPRESSION.sub(lambda match: self._value(match[1]), text)

    def _value(self, expression: str) -> str:
        parts = expression.split(".")
        if parts[0] == "inputs":
            return self.inputs[parts[1]]
        if parts[0] == "needs":
            return self.inputs[parts[-1]]
        assert parts[0] == "steps" and parts[2] == "outputs", expression
        return str(self.outputs.get(parts[1], {}).get(parts[3], ""))

    def _holds(self, condition: str | None) -> bool:
        if condition is None:
            return True
        match = re.fullmatch(r"(\S+) == '(\S*)'", condition)
        assert match, condition
        return self._value(match[1]) == match[2]


@pytest.fixture
def telling(world: World, functions: Functions) -> LambdaFunction:
    """The production function; outcomes go to a bus."""
    if shutil.which("jq") is None:
        pytest.skip("jq is not there, which GitHub's runners have")
    world.front.events.add_bus(PROD, REGION, BUS)
    return functions(NOTIFY_EVENT_BUS=BUS)


Production = Callable[..., Run]


SUBJECT = "repo:org@1234/repo@5678:environment:production"
QUEUE = f"arn:aws:sqs:{REGION}:{PROD}:myproject_outcomes_prod"


def template_role(check: ModuleType, name: str, account: str, **given: str) -> list[Statement]:  # noqa: F811
    """The statements of the role in one of the templates."""
    found: list[Statement] = check.role_statements(check.read_template(FOLDER / name), {
        "AWS::Region": REGION, "AWS::AccountId": account, "ProjectName": "myproject", "GitHubSubject": SUBJECT, **given})
    return found


def production_role(check: ModuleType) -> list[Statement]:  # noqa: F811
    return template_role(check, "deploy-role.yaml", PROD, ProjectEnv="prod", EventSource="action.production",
                         FunctionName="myproject_slipway_prod", OutcomeQueueArn=QUEUE)


def credentials(world: World, role: Role) -> dict[str, str]:
    """As the workflow has them once it has assumed the role."""
    key = f"ASIA{role.account}0001"
    world.front.add_role(role)
    world.front.add_key(key, ADMIN_SECRET, role.session("workflow"))
    return {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": ADMIN_SECRET, "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION, "FRONT_URL": world.front.url}


@pytest.fixture
def variables(world: World, telling: LambdaFunction, check: ModuleType) -> dict[str, str]:  # noqa: F811
    role = Role(f"arn:aws:iam::{PROD}:role/myproject_deploys_prod", production_role(check), org_id=ORG)
    return {**credentials(world, role), "FUNCTION_URL": telling.url, "WAIT_SECONDS": "60"}


@pytest.fixture
def production(variables: dict[str, str], tmp_path: Path) -> Production:
    def make(service: str = "backend", tag: str = TAG) -> Run:
        return Run(tmp_path, PRODUCTION, "deploy", variables, service=service, tag=tag)

    return make


def as_event(one: PutEvent) -> dict[str, Any]:
    return event(_id=one.id, _source=one.source, _type=one.detail_type, _account=one.account, **one.detail)


def outcomes(world: World) -> list[dict[str, Any]]:
    """What the rule of outcome-queue.yaml would bring to the queue."""
    return [as_event(one) for one in world.front.events.put
            if one.source == "slipway" and (one.detail["project"], one.detail["environment"]) == ("myproject", "prod")]


def ask(run: Run) -> None:
    assert run.step("Plan") == 0, run.text
    assert run.step("Ask for the deploy") == 0, run.text


def carry_out(world: World, telling: LambdaFunction) -> dict[str, Any]:
    """EventBridge brings the workflow's event to the function."""
    (asked,) = [one for one in world.front.events.put if one.source == "action.production"]
    change: dict[str, Any] = telling.invoke(as_event(asked)).change
    return change


def slipway_event(world: World, entries: str, tmp_path: Path, **more: str | None) -> subprocess.CompletedProcess[str]:
    """`slipway event --dry-run` on the entries; the program is beside bootstrap."""
    program = Path(os.environ["SLIPWAY_BOOTSTRAP"]).resolve().with_name("slipway")
    if not program.exists():
        pytest.skip(f"{program} is not there")
    (tmp_path / "entries.json").write_text(entries)
    variables = environment(world.front, **{"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
                                            "AWS_SESSION_TOKEN": SESSION_TOKEN, **more})
    passed = {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}
    return subprocess.run([str(program), "event", "--dry-run", str(tmp_path / "entries.json")], capture_output=True,
                          text=True, check=False, timeout=30, env={**passed, **variables})


def test_what_it_puts_is_what_slipway_takes(world: World, production: Production, tmp_path: Path) -> None:
    run = production()
    ask(run)
    (entry,) = json.loads(run.entries())
    assert entry["Source"] == "action.production" and entry["EventBusName"] == "default"
    told = slipway_event(world, run.entries(), tmp_path)
    assert told.returncode == 0, told.stderr
    answer = json.loads(told.stdout)
    assert answer["status"] == "planned" and answer["changes"][0]["to"]["tag"] == TAG
    assert len(world.revisions()) == 1


def test_the_build_tells_what_slipway_takes(world: World, telling: LambdaFunction, check: ModuleType,  # noqa: F811
                                            tmp_path: Path) -> None:
    dev = world.environment("dev", DEV)
    policy = template_role(check, "deploy-role.yaml", DEV, ProjectEnv="dev", EventSource="github.actions")
    role = Role(f"arn:aws:iam::{DEV}:role/myproject_deploys_dev", policy, org_id=ORG)
    run = Run(tmp_path, BUILD, "tell", credentials(world, role), tag="git-5e77da000000")
    assert run.step("Say that the image is there") == 0, run.text
    assert json.loads(json.loads(run.entries())[0]["Detail"])["repository"] == REPOSITORY
    told = slipway_event(world, run.entries(), tmp_path, **dev.variables())
    assert told.returncode == 0 and json.loads(told.stdout)["status"] == "planned", told.stdout + told.stderr


def test_a_deploy_that_comes_up(world: World, production: Production, telling: LambdaFunction) -> None:
    run = production()
    ask(run)
    assert carry_out(world, telling)["status"] == "deployed"
    for told in world.roll(world.service(), "completed"):
        telling.invoke(told)
    run.deliver(outcomes(world))
    assert run.step("Wait for the outcome") == 0, run.text
    assert f"backend {TAG} is up." in (run.folder / "summary").read_text()
    assert world.running().tag("slipway:reason") == "workflow run 42 by octocat"
    assert len(run.calls("sqs", "delete-message-batch")) == 1


def test_messages_in_any_order_and_of_others(world: World, production: Production, telling: LambdaFunction) -> None:
    """The end before the start, twice, each in a batch of its own, and others' ends in between."""
    run = production()
    ask(run)
    world.add_project_service("api")
    telling.invoke(event(service="api", tag=TAG))
    for told in world.roll(world.service(f"myproject_service_api_{world.env}"), "failed"):
        telling.invoke(told)
    assert carry_out(world, telling)["status"] == "deployed"
    for told in world.roll(world.service(), "completed"):
        telling.invoke(told)
    told = outcomes(world)
    kinds = [one["detail-type"] for one in told]
    assert kinds == ["Deployment Started", "Deployment Failed", "Deployment Started", "Deployment Completed"]
    run.deliver([told[3]], [told[3], told[1]], [], [told[0]], [told[2]])
    assert run.step("Wait for the outcome") == 0, run.text
    assert len(run.calls("sqs", "receive-message")) == 5


def test_a_deploy_that_does_not_come_up(world: World, production: Production, telling: LambdaFunction) -> None:
    run = production()
    ask(run)
    carry_out(world, telling)
    world.stop_task(world.service(), "Essential container in task exited", "EssentialContainerExited",
                    {"name": "myproject_service_prod", "exitCode": 137, "reason": "OutOfMemoryError:\nContainer killed"})
    for told in world.roll(world.service(), "rolled_back"):
        telling.invoke(told)
    assert [one["detail-type"] for one in outcomes(world)][-1] == "Deployment Completed", "of what ECS went back to"
    run.deliver(*[[one] for one in reversed(outcomes(world))])
    assert run.step("Wait for the outcome") == 1
    (line,) = [one for one in run.text.splitlines() if one.startswith("::error::")]
    # ECS has gone back by then: there is nothing left that a rollback would be of.
    assert "failed" in line and "137" in line and "myproject_service_prod:1' has taken its place" in line and "ROLLBACK" not in line


def test_a_tag_that_does_not_exist_fails_the_plan(world: World, production: Production) -> None:
    run = production(tag="git-none")
    assert run.step("Plan") == 1
    (line,) = [one for one in run.text.splitlines() if one.startswith("::error::")]
    assert "refused" in line and "git-none" in line
    assert not run.calls("events")


def test_a_refusal_after_the_plan_is_one_too(world: World, production: Production, telling: LambdaFunction) -> None:
    run = production()
    ask(run)
    world.front.ecr.set_policy("111111111111", REGION, REPOSITORY, None)
    assert carry_out(world, telling)["status"] == "refused"
    run.deliver(outcomes(world))
    assert run.step("Wait for the outcome") == 1
    assert "::error::refused: " in run.text and "policy" in run.text


def test_what_runs_already_is_done_at_once(world: World, production: Production, telling: LambdaFunction) -> None:
    telling.invoke(event(service="backend", tag=TAG))
    run = production()
    assert run.step("Plan") == 0, run.text
    assert run.outputs["plan"] == {"status": "unchanged"}
    assert run.step("Ask for the deploy") is None and run.step("Wait for the outcome") is None
    assert "already" in (run.folder / "summary").read_text()


def test_silence_is_a_failure(world: World, production: Production, telling: LambdaFunction) -> None:
    """Also where the deploy has begun, and where others' have ended."""
    run = production()
    ask(run)
    carry_out(world, telling)
    started = outcomes(world)
    assert [one["detail-type"] for one in started] == ["Deployment Started"]
    other = event(_source="slipway", _type="Deployment Completed", project="myproject", environment="prod", status="reported",
                  outcome="completed", event_id="another", deployment_id="ecs-svc/1")
    unnamed = event(_source="slipway", _type="Deployment Completed", project="myproject", environment="prod",
                    status="reported", outcome="completed", event_id="one more")
    run.deliver(started, [other, unnamed])
    assert run.step("Wait for the outcome", WAIT_SECONDS="2") == 1
    assert "::error::nothing was told" in run.text and run.outputs["ask"]["event_id"] in run.text


def test_a_try_that_aws_failed_is_no_end(world: World, production: Production, telling: LambdaFunction) -> None:
    run = production()
    ask(run)
    event_id = run.outputs["ask"]["event_id"]
    failed = event(_source="slipway", _type="Deployment Failed", project="myproject", environment="prod", status="failed",
                   event_id=event_id, code="Throttled", message="ECS throttled\nthe call")
    carry_out(world, telling)
    for told in world.roll(world.service(), "completed"):
        telling.invoke(told)
    run.deliver([failed], [failed], outcomes(world))
    assert run.step("Wait for the outcome") == 0, run.text
    assert run.text.count("::warning::ECS throttled the call") == 1


@pytest.mark.parametrize("detail_type, detail, status, said", [
    ("Deployment Completed", {"kind": "task", "status": "deployed"}, 0, "is up."),
    ("Deployment Completed", {"kind": "lambda", "status": "deployed", "version": "7"}, 0, "is up."),
    ("Deployment Refused", {"status": "refused", "message": "no\nsuch tag", "remedy": "push it"}, 1, "::error::refused: no such tag; push it"),
    ("Deployment Failed", {"status": "reported", "outcome": "superseded", "why": "by another"}, 1, "::error::superseded: by another"),
    ("Deployment Completed", {"status": "reported", "outcome": "rolled_back"}, 1, "::error::rolled_back: "),
], ids=str)
def test_each_end_counts_as_what_it_is(production: Production, detail_type: str, detail: dict[str, Any], status: int, said: str) -> None:
    """A task and a function are done when they are told of; of a service the deployment's end counts, as it was."""
    run = production()
    ask(run)
    begun = {"event_id": run.outputs["ask"]["event_id"], "deployment_id": "ecs-svc/1"}
    mine = {"deployment_id": "ecs-svc/1", "event_id": "of ECS"} if "outcome" in detail else begun
    run.deliver([event(_source="slipway", _type="Deployment Started", status="deployed", **begun)],
                [event(_source="slipway", _type=detail_type, **mine, **detail)])
    assert run.step("Wait for the outcome") == status, run.text
    assert said in run.text


def test_inputs_are_values_and_nothing_else(world: World, production: Production) -> None:
    run = production(service='backend"; touch owned; "', tag="$(touch owned)`touch owned`")
    assert run.step("Plan") == 1
    assert not (run.folder / "owned").exists()
    assert run.step("Ask for the deploy") is None


def test_a_bus_that_takes_nothing_fails_the_step(world: World, production: Production, variables: dict[str, str]) -> None:
    world.front.iam.roles[f"arn:aws:iam::{PROD}:role/myproject_deploys_prod"].policy = ALLOW_ALL
    variables["EVENT_SOURCE"] = "aws.of-course-not"
    run = production()
    assert run.step("Plan") == 0, run.text
    assert run.step("Ask for the deploy") == 1
    assert "::error::EventBridge did not take the event" in run.text and "NotAuthorizedForSource" in run.text


# The roles


def test_the_role_can_do_what_production_needs_and_nothing_else(world: World, production: Production, check: ModuleType) -> None:  # noqa: F811
    run = production()
    ask(run)
    run.deliver([event(_source="slipway", _type="Deployment Refused", event_id=run.outputs["ask"]["event_id"], status="refused")])
    assert run.step("Wait for the outcome") == 1
    assert {" ".join(call[:2]) for call in run.calls()} == {
        "lambda invoke", "events put-events", "sqs receive-message", "sqs delete-message-batch"}
    who = Role(f"arn:aws:iam::{PROD}:role/myproject_deploys_prod").session("workflow")
    policy = production_role(check)

    def may(action: str, resource: str, **context: str) -> bool:
        facts = {**principal_context(who), **{f"events:{name}": value for name, value in context.items()}}
        return decide(policy, who, action, resource, facts, identity=True) == "allow"

    bus, function = f"arn:aws:events:{REGION}:{PROD}:event-bus/", f"arn:aws:lambda:{REGION}:{PROD}:function:"
    assert may("events:PutEvents", bus + "default", source="action.production")
    assert may("lambda:InvokeFunction", function + "myproject_slipway_prod")
    assert may("sqs:ReceiveMessage", QUEUE) and may("sqs:DeleteMessage", QUEUE)
    assert not may("events:PutEvents", bus + "default", source="action.deploy") and not may("events:PutEvents", bus + "default")
    assert not may("events:PutEvents", bus + "other", source="action.production")
    assert not may("lambda:InvokeFunction", function + "another") and not may("lambda:UpdateFunctionCode", function + "myproject_slipway_prod")
    assert not may("sqs:ReceiveMessage", QUEUE + "2") and not may("sqs:PurgeQueue", QUEUE)
    assert not may("ecs:UpdateService", "*") and not may("iam:PassRole", "*") and not may("ecr:PutImage", "*")


def test_the_role_of_the_builds_can_push_and_nothing_else(check: ModuleType) -> None:  # noqa: F811
    who = Role(f"arn:aws:iam::{DEV}:role/myproject_builds").session("workflow")
    policy = template_role(check, "build-role.yaml", DEV)

    def may(action: str, repository: str = "myproject_backend", account: str = DEV) -> bool:
        resource = f"arn:aws:ecr:{REGION}:{account}:repository/{repository}"
        return decide(policy, who, action, resource, principal_context(who), identity=True) == "allow"

    # Amazon ECR User Guide, "IAM permissions for pushing an image to an Amazon ECR private repository"
    for action in ("BatchCheckLayerAvailability", "CompleteLayerUpload", "InitiateLayerUpload", "PutImage", "UploadLayerPart", "BatchGetImage",
                   "GetDownloadUrlForLayer"):
        assert may(f"ecr:{action}") and not may(f"ecr:{action}", "other_backend") and not may(f"ecr:{action}", account=PROD)
    assert decide(policy, who, "ecr:GetAuthorizationToken", "*", principal_context(who), identity=True) == "allow"
    for action in ("BatchDeleteImage", "DeleteRepository", "SetRepositoryPolicy", "PutLifecyclePolicy", "PutImageTagMutability"):
        assert not may(f"ecr:{action}")


NAMED = {"build-role.yaml": ("AWS::IAM::Role", "RoleName", "myproject_builds"),
         "deploy-role.yaml": ("AWS::IAM::Role", "RoleName", "myproject_deploys_prod"),
         "outcome-queue.yaml": ("AWS::SQS::Queue", "QueueName", "myproject_outcomes_prod")}


@pytest.mark.parametrize("name", NAMED)
def test_a_further_workflow_has_names_of_its_own(check: ModuleType, name: str) -> None:  # noqa: F811
    """What the one has, no second stack could make; and the one's are those of the workflows' texts."""
    template = check.read_template(FOLDER / name)
    more = {"GitHubSubject": SUBJECT, "ProjectEnv": "prod", "EventSource": "action.production"}
    given = {"AWS::Region": REGION, "AWS::AccountId": PROD, "ProjectName": "myproject",
             **{key: value for key, value in more.items() if key in template["Parameters"]}}
    kind, member, plain = NAMED[name]

    def named(**workflow: str) -> Any:
        (one,) = check.Stack(template, {**given, **workflow}).resources(kind).values()
        return one[member]

    assert named() == named(WorkflowName="") == plain
    assert named(WorkflowName="api") == f"{plain}_api"
    texts = "".join((FOLDER / workflow).read_text() for workflow in WORKFLOWS)
    assert re.search(rf"{plain}$", texts, re.MULTILINE)
    assert f"{plain}_api" in (FOLDER / "README.md").read_text()
    for wrong in ("a.b", "a/b", "w" * 23):
        with pytest.raises(ValueError, match="WorkflowName"):
            named(WorkflowName=wrong)


@pytest.mark.parametrize("name", ["build-role.yaml", "deploy-role.yaml"])
def test_a_role_trusts_one_subject(check: ModuleType, name: str) -> None:  # noqa: F811
    given = {"AWS::Region": REGION, "AWS::AccountId": PROD, "ProjectName": "myproject", "GitHubSubject": SUBJECT,
             **({"ProjectEnv": "prod", "EventSource": "action.production"} if name == "deploy-role.yaml" else {})}
    template = check.read_template(FOLDER / name)
    (role,) = check.Stack(template, given).resources("AWS::IAM::Role").values()
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    host = "token.actions.githubusercontent.com"
    assert statement["Principal"] == {"Federated": f"arn:aws:iam::{PROD}:oidc-provider/{host}"}
    assert statement["Condition"] == {"StringEquals": {f"{host}:aud": "sts.amazonaws.com", f"{host}:sub": SUBJECT}}
    for subject in ("repo:org/*", "*", "repo:org/repo:*", "org/repo:ref:refs/heads/main", ""):
        with pytest.raises(ValueError, match="GitHubSubject"):
            check.Stack(template, {**given, "GitHubSubject": subject})


def test_cfn_lint_has_nothing_to_say() -> None:
    beside = Path(__file__).resolve().parents[2] / "build" / "venv-sam" / "bin" / "cfn-lint"
    linter = str(beside) if beside.exists() else shutil.which("cfn-lint")
    if linter is None:
        pytest.skip("cfn-lint is not there; ./build.sh setup installs it")
    templates = [str(path) for path in FOLDER.parent.rglob("*.yaml") if "AWSTemplateFormatVersion" in path.read_text()]
    assert len(templates) == 4
    told = subprocess.run([linter, *templates], capture_output=True, text=True, check=False,
                          env={**os.environ, "AWS_DEFAULT_REGION": REGION})
    assert told.returncode == 0 and not told.stdout, told.stdout
