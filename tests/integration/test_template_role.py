"""The role of template.yaml is enough for a deploy, and no wider than it need be: the front evaluates its policy."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from conftest import Functions
from deploys import check_deployed, check_refused, event
from front.iam import Statement
from front.seed import PROD, REGION, REGISTRY, REGISTRY_ROLE, SERVICE, World

TEMPLATE = Path(__file__).resolve().parents[2] / "template.yaml"
PASSED = f"arn:aws:iam::{PROD}:role/myproject_task_prod,arn:aws:iam::{PROD}:role/myproject_execution_prod"
PARAMETERS = {"ProjectName": "myproject", "ProjectEnv": "prod", "EcrStrategy": "cross_account", "EcrAccountId": REGISTRY,
              "EcrAccountRegion": REGION, "PassRoleArns": PASSED}


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The template's other check, for its resolver of CloudFormation's functions; without the reference of AWS's
    actions that it holds the statements against, which is of no use here."""
    for name in ("policy_sentry", "policy_sentry.querying", "policy_sentry.querying.actions"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setattr(sys.modules["policy_sentry.querying.actions"], "get_action_data", None, raising=False)
    monkeypatch.delitem(sys.modules, "check_template_iam", raising=False)
    return importlib.import_module("check_template_iam")


def role_policy(check: ModuleType, **more: str) -> list[Statement]:
    check.PSEUDO.update({"AWS::Region": REGION, "AWS::AccountId": PROD})
    template = yaml.load(TEMPLATE.read_text(encoding="utf-8"), Loader=check.Loader)
    stack = check.Stack(template, {**PARAMETERS, **more})
    roles = [one for one in template["Resources"].values() if one["Type"] == "AWS::IAM::Role"]
    documents = [policy["PolicyDocument"] for role in roles for policy in role["Properties"]["Policies"]]
    statements: list[Statement] = [one for document in documents for one in stack.resolve(document["Statement"])]
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


@pytest.mark.parametrize("action, resource", [
    ("ecs:UpdateService", f"arn:aws:ecs:{REGION}:{PROD}:service/other_cluster/{SERVICE}"),
    ("ecs:UpdateService", f"arn:aws:ecs:{REGION}:{PROD}:service/myproject_cluster_prod/other_service"),
    ("ecs:DeleteService", f"arn:aws:ecs:{REGION}:{PROD}:service/myproject_cluster_prod/{SERVICE}"),
    ("ecs:TagResource", f"arn:aws:ecs:{REGION}:{PROD}:task-definition/{SERVICE}:1"),
    ("ecr:DescribeImages", f"arn:aws:ecr:{REGION}:{REGISTRY}:repository/other_backend"),
    ("ecr:PutImage", f"arn:aws:ecr:{REGION}:{REGISTRY}:repository/myproject_backend"),
    ("iam:PassRole", f"arn:aws:iam::{PROD}:role/admin"),
    ("sts:AssumeRole", REGISTRY_ROLE),
])
def test_what_the_templates_role_may_not(world: World, check: ModuleType, action: str, resource: str) -> None:
    world.function_role.policy = role_policy(check)
    facts: dict[str, Any] = {"iam:passedtoservice": "ecs-tasks.amazonaws.com"}
    with pytest.raises(Exception, match="is not authorized to perform"):
        world.front.iam.authorize(world.function_role.session("x"), action, resource, facts)
