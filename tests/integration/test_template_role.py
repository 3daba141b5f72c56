"""The role of template.yaml is enough for all that slipway does, and no wider than it need be: the front evaluates its
policy. The stories of other modules are told again, under that role."""

from __future__ import annotations

import importlib
import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from conftest import Functions
from deploys import check_deployed, check_refused, event
from front.iam import Statement
from front.seed import PROD, REGION, REGISTRY, REGISTRY_ROLE, SERVICE, World
# Stories and their fixtures; here, `world` is the one below.
from test_notify import (  # noqa: F401
    BUS,
    PARAMETER,
    TOPIC,
    telling,
    test_one_message_for_a_start_and_one_for_an_end,
    test_the_webhook_from_a_parameter,
)
from test_rollout import (  # noqa: F401
    test_a_completed_rollout_is_told_and_its_revision_marked,
    test_a_failed_rollout_is_explained,
    test_rollback_goes_to_the_last_completed_revision,
    test_rollback_of_what_is_in_progress_stops_it,
    test_the_circuit_breaker_went_back,
)
from test_targets import (  # noqa: F401
    EVENTS_ROLE,
    NAME,
    function,
    group,
    report,
    resizer,
    test_a_function_gets_its_image_a_version_and_its_alias,
    test_a_service_of_codedeploy_is_deployed_by_codedeploy,
    test_rules_and_schedules_move_and_lose_nothing,
    test_what_the_last_app_spec_has_is_kept,
    updating,
)

TEMPLATE = Path(__file__).resolve().parents[2] / "template.yaml"
PASSED = f"arn:aws:iam::{PROD}:role/myproject_task_prod,arn:aws:iam::{PROD}:role/myproject_execution_prod"
PARAMETERS = {"ProjectName": "myproject", "ProjectEnv": "prod", "EcrStrategy": "cross_account", "EcrAccountId": REGISTRY,
              "EcrAccountRegion": REGION, "PassRoleArns": PASSED}
EVERYTHING = {"EnableTasks": "true", "TaskStarterRoleArns": EVENTS_ROLE, "TaskRulePattern": "*", "SchedulePattern": "*",
              "EnableLambda": "true", "FunctionPattern": NAME, "EnableCodeDeploy": "true", "SnsTopicArn": TOPIC,
              "NotifyEventBus": BUS, "SlackWebhookParameter": PARAMETER, "SlipwayConfig": "ssm:/slipway/prod"}
CLUSTER_ARN = f"arn:aws:ecs:{REGION}:{PROD}:cluster/myproject_cluster_prod"


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The template's other check, for its resolver of CloudFormation's functions; without the reference of AWS's
    actions that it holds the statements against, which is of no use here."""
    for name in ("policy_sentry", "policy_sentry.querying", "policy_sentry.querying.actions"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setattr(sys.modules["policy_sentry.querying.actions"], "get_action_data", None, raising=False)
    monkeypatch.delitem(sys.modules, "check_template_iam", raising=False)
    return importlib.import_module("check_template_iam")


@pytest.fixture
def world(world: World, check: ModuleType) -> Iterator[World]:
    """The world, with the template's role with everything on. No story may need more: some would pass without."""
    policy = role_policy(check, **EVERYTHING)
    world.function_role.policy = policy
    yield world
    if world.function_role.policy is policy:
        assert not [call for call in world.front.calls if "AccessDenied" in (call.error or "")]


_template: dict[str, Any] = {}  # read once, which takes longer than all that is done with it


def role_policy(check: ModuleType, **more: str) -> list[Statement]:
    given = {"AWS::Region": REGION, "AWS::AccountId": PROD, **PARAMETERS, **more}
    if not _template:
        _template.update(check.read_template(TEMPLATE))
    statements: list[Statement] = check.role_statements(_template, given)
    assert len(statements) >= 6
    return statements


def test_the_templates_role_can_deploy_and_restart(world: World, functions: Functions, check: ModuleType) -> None:
    world.function_role.policy = role_policy(check)
    assert functions().invoke(event(service="backend")).json["status"] == "restarted"
    world.service().complete()
    sent = event()
    check_deployed(world, sent, functions().invoke(sent))
    assert not [call for call in world.front.calls if call.error]


def test_the_templates_role_can_assume_the_registrys(world: World, functions: Functions, check: ModuleType) -> None:
    world.front.ecr.set_policy(REGISTRY, REGION, "myproject_backend", None)
    world.function_role.policy = role_policy(check, EcrRoleArn=REGISTRY_ROLE)
    sent = event()
    check_deployed(world, sent, functions.fresh(ECR_ROLE_ARN=REGISTRY_ROLE).invoke(sent))


def test_without_roles_to_pass_it_is_told_so(world: World, functions: Functions, check: ModuleType) -> None:
    world.function_role.policy = role_policy(check, PassRoleArns="")
    check_refused(functions().invoke(event()), "PassRoleDenied")


ECS, EVENTS, SCHEDULER = (f"arn:aws:{service}:{REGION}:{PROD}" for service in ("ecs", "events", "scheduler"))
FUNCTION, CODEDEPLOY = f"arn:aws:lambda:{REGION}:{PROD}:function", f"arn:aws:codedeploy:{REGION}:{PROD}"
REVISION = f"{ECS}:task-definition/{SERVICE}:41"
Facts = dict[str, str | Sequence[str]]
# What nobody may, whatever is switched on.
NEVER: list[tuple[str, str, Facts]] = [
    ("ecs:UpdateService", f"{ECS}:service/other_cluster/{SERVICE}", {}),
    ("ecs:UpdateService", f"{ECS}:service/myproject_cluster_prod/other_service", {}),
    ("ecs:DeleteService", f"{ECS}:service/myproject_cluster_prod/{SERVICE}", {}),
    ("ecs:StopServiceDeployment", f"{ECS}:service-deployment/myproject_cluster_prod/other_service/x", {}),
    ("ecs:RegisterTaskDefinition", f"{ECS}:task-definition/other_family:*", {}),
    ("ecs:DeregisterTaskDefinition", REVISION, {}),
    ("ecs:RunTask", REVISION, {}),
    ("ecs:TagResource", REVISION, {"aws:tagkeys": ["slipway:completed", "Environment"]}),
    ("ecs:TagResource", f"{ECS}:task-definition/other_family:1", {"aws:tagkeys": ["slipway:completed"]}),
    ("ecs:TagResource", f"{ECS}:service/myproject_cluster_prod/{SERVICE}", {"aws:tagkeys": ["slipway:completed"]}),
    ("ecs:ListTasks", "*", {"ecs:cluster": f"{ECS}:cluster/other_cluster"}),
    ("ecs:DescribeTasks", f"{ECS}:task/other_cluster/1", {}),
    ("ecr:DescribeImages", f"arn:aws:ecr:{REGION}:{REGISTRY}:repository/other_backend", {}),
    ("ecr:PutImage", f"arn:aws:ecr:{REGION}:{REGISTRY}:repository/myproject_backend", {}),
    ("ecr:SetRepositoryPolicy", f"arn:aws:ecr:{REGION}:{REGISTRY}:repository/myproject_backend", {}),
    ("iam:PassRole", f"arn:aws:iam::{PROD}:role/admin", {"iam:passedtoservice": "ecs-tasks.amazonaws.com"}),
    ("iam:PassRole", EVENTS_ROLE, {"iam:passedtoservice": "ecs-tasks.amazonaws.com"}),
    ("iam:PassRole", PASSED.split(",")[0], {"iam:passedtoservice": "events.amazonaws.com"}),
    ("iam:PassRole", PASSED.split(",")[0], {"iam:passedtoservice": "lambda.amazonaws.com"}),
    ("sts:AssumeRole", REGISTRY_ROLE, {}),
    ("events:PutTargets", f"{EVENTS}:rule/nightly", {"events:targetarn": [CLUSTER_ARN, f"{FUNCTION}:x"]}),
    ("events:PutTargets", f"{EVENTS}:rule/nightly", {"events:targetarn": [f"{ECS}:cluster/other_cluster"]}),
    ("events:PutRule", f"{EVENTS}:rule/nightly", {}),
    ("events:PutEvents", f"{EVENTS}:event-bus/default", {"events:source": "slipway"}),
    ("events:PutEvents", f"{EVENTS}:event-bus/{BUS}", {"events:source": "action.production"}),
    ("scheduler:DeleteSchedule", f"{SCHEDULER}:schedule/default/hourly", {}),
    ("lambda:UpdateFunctionCode", f"{FUNCTION}:myproject_slipway_prod", {}),
    ("lambda:UpdateFunctionConfiguration", f"{FUNCTION}:{NAME}", {}),
    ("lambda:InvokeFunction", f"{FUNCTION}:{NAME}", {}),
    ("lambda:TagResource", f"{FUNCTION}:{NAME}", {"aws:tagkeys": ["team"]}),
    ("codedeploy:CreateDeployment", f"{CODEDEPLOY}:deploymentgroup:Another0/group", {}),
    ("codedeploy:GetApplicationRevision", f"{CODEDEPLOY}:application:Another0", {}),
    ("sns:Publish", f"{TOPIC}_of_others", {}),
    ("ssm:GetParameter", f"arn:aws:ssm:{REGION}:{PROD}:parameter/prod/myproject/backend/PASSWORD", {}),
    ("s3:GetObject", "arn:aws:s3:::myproject-config/prod.json", {}),
    ("kms:Decrypt", f"arn:aws:kms:{REGION}:{PROD}:key/1", {}),
    ("kms:Decrypt", f"arn:aws:kms:{REGION}:{PROD}:key/1", {
        "kms:viaservice": f"ssm.{REGION}.amazonaws.com",
        "kms:encryptioncontext:parameter_arn": f"arn:aws:ssm:{REGION}:{PROD}:parameter/prod/myproject/backend/PASSWORD"}),
]
# What it may when that is switched on, and not without.
SWITCHED: list[tuple[str, str, Facts, str]] = [
    ("events:PutTargets", f"{EVENTS}:rule/nightly", {"events:targetarn": [CLUSTER_ARN]}, "EnableTasks"),
    ("events:PutTargets", f"{EVENTS}:rule/orders/created", {"events:targetarn": [CLUSTER_ARN]}, "EnableTasks"),
    ("scheduler:UpdateSchedule", f"{SCHEDULER}:schedule/jobs/weekly", {}, "EnableTasks"),
    ("ecs:RegisterTaskDefinition", f"{ECS}:task-definition/myproject_task_report_prod:*", {}, "EnableTasks"),
    ("iam:PassRole", EVENTS_ROLE, {"iam:passedtoservice": "events.amazonaws.com"}, "EnableTasks"),
    ("iam:PassRole", EVENTS_ROLE, {"iam:passedtoservice": "scheduler.amazonaws.com"}, "EnableTasks"),
    ("lambda:UpdateFunctionCode", f"{FUNCTION}:{NAME}", {}, "EnableLambda"),
    ("lambda:GetFunction", f"{FUNCTION}:{NAME}:live", {}, "EnableLambda"),
    ("lambda:TagResource", f"{FUNCTION}:{NAME}", {"aws:tagkeys": ["slipway:digest"]}, "EnableLambda"),
    ("codedeploy:CreateDeployment", f"{CODEDEPLOY}:deploymentgroup:AppECS-myproject_cluster_prod-{SERVICE}/any", {},
     "EnableCodeDeploy"),
    ("codedeploy:GetApplicationRevision", f"{CODEDEPLOY}:application:AppECS-myproject_cluster_prod-{SERVICE}", {}, "EnableCodeDeploy"),
    ("sns:Publish", TOPIC, {}, "SnsTopicArn"),
    ("events:PutEvents", f"{EVENTS}:event-bus/{BUS}", {"events:source": "slipway"}, "NotifyEventBus"),
    ("ssm:GetParameter", f"arn:aws:ssm:{REGION}:{PROD}:parameter{PARAMETER}", {}, "SlackWebhookParameter"),
    ("kms:Decrypt", f"arn:aws:kms:{REGION}:{PROD}:key/1", {
        "kms:viaservice": f"ssm.{REGION}.amazonaws.com",
        "kms:encryptioncontext:parameter_arn": f"arn:aws:ssm:{REGION}:{PROD}:parameter{PARAMETER}"}, "SlackWebhookParameter"),
    ("ssm:GetParameter", f"arn:aws:ssm:{REGION}:{PROD}:parameter/slipway/prod", {}, "SlipwayConfig"),
    ("kms:Decrypt", f"arn:aws:kms:{REGION}:{PROD}:key/1", {
        "kms:viaservice": f"ssm.{REGION}.amazonaws.com",
        "kms:encryptioncontext:parameter_arn": f"arn:aws:ssm:{REGION}:{PROD}:parameter/slipway/prod"}, "SlipwayConfig"),
]


def ask(world: World, action: str, resource: str, facts: Facts) -> None:
    world.front.iam.authorize(world.function_role.session("x"), action, resource, facts)


def test_what_the_templates_role_may_not(world: World) -> None:
    for action, resource, facts in NEVER:
        with pytest.raises(Exception, match="is not authorized to perform"):
            ask(world, action, resource, facts)
            pytest.fail(f"{action} on {resource} is allowed")


@pytest.mark.parametrize("switch", sorted({row[3] for row in SWITCHED}))
def test_what_it_may_with_a_switch_and_not_without(world: World, check: ModuleType, switch: str) -> None:
    off = {name: value for name, value in EVERYTHING.items() if name != switch}
    for action, resource, facts, name in SWITCHED:
        world.function_role.policy = role_policy(check, **EVERYTHING)
        ask(world, action, resource, facts)
        world.function_role.policy = role_policy(check, **off)
        if name == switch:
            with pytest.raises(Exception, match="is not authorized to perform"):
                ask(world, action, resource, facts)
        else:
            ask(world, action, resource, facts)


# What the roles of two environments in one account have in common, unless the stacks get the patterns of the READMEs.
SHARED: list[tuple[str, str, Facts]] = [
    ("ecs:RegisterTaskDefinition", f"{ECS}:task-definition/myproject_service_{{env}}:*", {}),
    ("ecs:RegisterTaskDefinition", f"{ECS}:task-definition/myproject_service_api_{{env}}:*", {}),
    ("ecs:RegisterTaskDefinition", f"{ECS}:task-definition/myproject_task_nightly_{{env}}:*", {}),
    ("ecs:TagResource", f"{ECS}:task-definition/myproject_service_{{env}}:41", {"ecs:createaction": "RegisterTaskDefinition"}),
    ("ecs:TagResource", f"{ECS}:task-definition/myproject_service_api_{{env}}:41", {"aws:tagkeys": ["slipway:completed"]}),
    ("events:PutTargets", f"{EVENTS}:rule/myproject_nightly_{{env}}", {"events:targetarn": [f"{ECS}:cluster/myproject_cluster_dev"]}),
    ("scheduler:UpdateSchedule", f"{SCHEDULER}:schedule/default/myproject_nightly_{{env}}", {}),
    ("lambda:UpdateFunctionCode", f"{FUNCTION}:myproject_service_resize_{{env}}", {}),
    ("lambda:UpdateAlias", f"{FUNCTION}:myproject_service_resize_{{env}}:live", {}),
    ("lambda:TagResource", f"{FUNCTION}:myproject_service_resize_{{env}}", {"aws:tagkeys": ["slipway:digest"]}),
]


@pytest.mark.parametrize("name, other", [("one-account", "prod"), ("one-account", "staging"), ("two-accounts", "staging")])
def test_the_patterns_of_an_example_keep_dev_from_its_neighbours(world: World, check: ModuleType, name: str, other: str) -> None:
    readme = (TEMPLATE.parent / "examples" / name / "README.md").read_text()
    patterns = dict(re.findall(r"'(\w+Pattern)=([^']+)'", readme))
    assert set(patterns) == {"FamilyPattern", "TaskRulePattern", "SchedulePattern", "FunctionPattern"}
    dev = {"ProjectEnv": "dev", "EnableTasks": "true", "EnableLambda": "true", "TaskStarterRoleArns": EVENTS_ROLE}
    for given in ({}, patterns):
        world.function_role.policy = role_policy(check, **dev, **given)
        for action, resource, facts in SHARED:
            ask(world, action, resource.format(env="dev"), facts)
            if not given:
                ask(world, action, resource.format(env=other), facts)  # which is what the README says
                continue
            with pytest.raises(Exception, match="is not authorized to perform"):
                ask(world, action, resource.format(env=other), facts)
                pytest.fail(f"{action} on {resource} of {other} is allowed")
        ask(world, "ecs:UpdateService", f"{ECS}:service/myproject_cluster_dev/myproject_service_dev", {})
        with pytest.raises(Exception, match="is not authorized to perform"):
            ask(world, "ecs:UpdateService", f"{ECS}:service/myproject_cluster_{other}/myproject_service_{other}", {})


def test_a_policy_of_your_own_for_families_with_bare_names(world: World, check: ModuleType) -> None:
    """docs/moving-from-ci-lambda.md: what the template does not admit, that policy does, and no more than that."""
    text = (TEMPLATE.parent / "docs" / "moving-from-ci-lambda.md").read_text()
    (policy,) = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    added = policy.replace("us-east-1:333333333333", f"{REGION}:{PROD}")
    nightly = f"{ECS}:task-definition/nightly"
    asked: list[tuple[str, str, Facts]] = [("ecs:RegisterTaskDefinition", nightly + ":*", {}),
                                           ("ecs:TagResource", nightly + ":7", {"ecs:createaction": "RegisterTaskDefinition"}),
                                           ("ecs:TagResource", nightly + ":7", {"aws:tagkeys": ["slipway:rolled-back-by"]})]
    given = role_policy(check, EnableTasks="true", TaskStarterRoleArns=EVENTS_ROLE)
    for statements, admits in ((given, False), ([*given, *json.loads(added)["Statement"]], True)):
        world.function_role.policy = statements
        for action, resource, facts in asked:
            if admits:
                ask(world, action, resource, facts)
                continue
            with pytest.raises(Exception, match="is not authorized to perform"):
                ask(world, action, resource, facts)
    refused: list[tuple[str, str, Facts]] = [("ecs:RegisterTaskDefinition", f"{ECS}:task-definition/other:*", {}),
                                             ("ecs:TagResource", nightly + ":7", {"aws:tagkeys": ["team"]})]
    for action, resource, facts in refused:
        with pytest.raises(Exception, match="is not authorized to perform"):
            ask(world, action, resource, facts)
    world.function_role.policy = role_policy(check, FamilyPattern="*")
    ask(world, "ecs:RegisterTaskDefinition", f"{ECS}:task-definition/other:*", {})


OBJECT = "arn:aws:s3:::myproject-config/prod/environment.json"


def test_an_object_that_holds_the_configuration_and_no_other(world: World, check: ModuleType) -> None:
    via = {"kms:viaservice": f"s3.{REGION}.amazonaws.com"}
    key = f"arn:aws:kms:{REGION}:{PROD}:key/1"
    world.function_role.policy = role_policy(check, SlipwayConfig="s3://myproject-config/prod/environment.json")
    ask(world, "s3:GetObject", OBJECT, {})
    ask(world, "kms:Decrypt", key, {**via, "kms:encryptioncontext:aws:s3:arn": OBJECT})
    ask(world, "kms:Decrypt", key, {**via, "kms:encryptioncontext:aws:s3:arn": OBJECT.partition("/")[0]})
    for action, resource, facts in (
            ("s3:GetObject", OBJECT + "x", {}), ("s3:GetObject", "arn:aws:s3:::myproject-config/prod", {}), ("s3:PutObject", OBJECT, {}),
            ("s3:ListBucket", OBJECT.partition("/")[0], {}), ("kms:Decrypt", key, via),
            ("kms:Decrypt", key, {**via, "kms:encryptioncontext:aws:s3:arn": OBJECT + "x"})):
        with pytest.raises(Exception, match="is not authorized to perform"):
            ask(world, action, resource, facts)
            pytest.fail(f"{action} on {resource} is allowed")


@pytest.mark.parametrize("place", ["ssm:/slipway/prod", f"ssm:arn:aws:ssm:{REGION}:{PROD}:parameter/slipway/prod",
                                   "ssm:slipway", "s3://myproject-config/prod/environment.json"])
def test_the_templates_role_can_read_its_configuration(world: World, functions: Functions, check: ModuleType, place: str) -> None:
    names = ("ECR_STRATEGY", "ECR_ACCOUNT_ID", "ECR_ACCOUNT_REGION")
    document = json.dumps(dict(zip(names, ("cross_account", REGISTRY, REGION))))
    key = f"arn:aws:kms:{REGION}:{PROD}:key/1"
    for name in ("/slipway/prod", "slipway"):
        world.front.ssm.put(PROD, REGION, name, document, key="" if place.startswith("ssm:arn:") else key)
    world.front.s3.put(PROD, REGION, "myproject-config", "prod/environment.json", document, kms_key=key)
    world.function_role.policy = role_policy(check, SlipwayConfig=place)
    sent = event()
    check_deployed(world, sent, functions.fresh(**dict.fromkeys(names), SLIPWAY_CONFIG=place).invoke(sent))
    assert not [call for call in world.front.calls if call.error]
