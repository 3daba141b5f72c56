"""`slipway doctor`: a healthy environment, and one for each thing that can be wrong with it.

What each check makes of which facts is for the unit tests; here it is asked whether the facts arrive.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from command_line import Ran, program, run
from front import Front
from front.iam import Principal, Role
from front.lambda_api import Function
from front.seed import (
    ADMIN_SECRET,
    FUNCTION_ROLE,
    ORG,
    PROD,
    REGION,
    REGISTRY,
    REPOSITORY,
    World,
    admin_key,
    function_policy,
    organization_policy,
)
from front.surroundings import Endpoint, RouteTable
from lambda_function import environment

pytestmark = pytest.mark.skipif(program() is None, reason="there is no slipway beside SLIPWAY_BOOTSTRAP")

Doctor = Callable[..., Ran]

FUNCTION = "myproject_slipway_prod"
EXECUTION_ROLE = f"arn:aws:iam::{PROD}:role/myproject_execution_prod"
VARIABLES = {"PROJECT_NAME": "myproject", "PROJECT_ENV": "prod", "ECR_STRATEGY": "cross_account", "ECR_ACCOUNT_ID": REGISTRY,
             "ECR_ACCOUNT_REGION": REGION}
SEEN = ["ecr:BatchCheckLayerAvailability", "ecr:DescribeRepositories", "ecr:GetRepositoryPolicy", "ecr:GetLifecyclePolicy"]
PULL = ["ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"]
SUBNETS = ["subnet-0a1b2c3d", "subnet-1b2c3d4e"]  # of the seeded service


def policy(*more: dict[str, Any]) -> list[dict[str, Any]]:
    """Of the repository: the organization may pull, and see that it may."""
    (statement,) = organization_policy()
    return [{**statement, "Action": statement["Action"] + SEEN}, *more]


def pull_policy(*actions: str) -> list[dict[str, Any]]:
    return [{"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"},
            {"Effect": "Allow", "Action": list(actions), "Resource": f"arn:aws:ecr:{REGION}:{REGISTRY}:repository/{REPOSITORY}"}]


def function_of(world: World) -> Function:
    return world.front.functions.get(f"arn:aws:lambda:{REGION}:{PROD}:function:{FUNCTION}")


@pytest.fixture
def healthy(world: World) -> World:
    """What the seeded world lacks to have nothing wrong with it."""
    front = world.front
    front.ecr.set_policy(REGISTRY, REGION, REPOSITORY, policy())
    front.add_role(Role(EXECUTION_ROLE, pull_policy(*PULL), org_id=ORG))
    world.service().settings["deploymentConfiguration"] = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
    function = front.functions.create(PROD, REGION, FUNCTION, "", "sha256:" + "0" * 64)
    function.package, function.role, function.variables = "Zip", FUNCTION_ROLE, dict(VARIABLES)
    patterns = {
        "deploys": {"source": ["action.deploy", "action.prod", "action.production"], "detail-type": ["DEPLOY", "ROLLBACK"],
                    "account": [PROD]},
        "service-deploys": {"source": ["github.actions.prod", "action.prod"], "detail-type": ["SERVICE_DEPLOY"], "account": [PROD]},
        "rollouts": {"source": ["aws.ecs"],
                     "resources": [{"wildcard": f"arn:aws:ecs:{REGION}:{PROD}:service/{world.cluster}/myproject_service_*"}],
                     "$or": [{"detail-type": ["ECS Deployment State Change"], "detail": {"eventName": ["SERVICE_DEPLOYMENT_COMPLETED"]}},
                             {"detail-type": ["ECS Service Action"], "detail": {"eventName": ["SERVICE_TASK_START_IMPAIRED"]}}]},
    }
    function.policy = []
    for name, pattern in patterns.items():
        front.events.add_rule(PROD, REGION, name, [{"Id": "slipway", "Arn": function.arn}], pattern=pattern)
        function.policy.append({
            "Sid": name, "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "lambda:InvokeFunction",
            "Resource": function.arn, "Condition": {"ArnLike": {"AWS:SourceArn": f"arn:aws:events:{REGION}:{PROD}:rule/{name}"}}})
    queue = f"arn:aws:sqs:{REGION}:{PROD}:restarts"
    function.sources[queue] = "Enabled"
    front.events.add_rule(PROD, REGION, "parameters", [{"Id": "restarts", "Arn": queue}], pattern={
        "source": ["aws.ssm"], "detail-type": ["Parameter Store Change"], "detail": {"name": [{"prefix": "/prod/myproject/"}]}})
    front.ec2.subnets.update({subnet: "vpc-1" for subnet in SUBNETS})
    front.ec2.tables.append(RouteTable("rtb-1", "vpc-1", "nat-0a1b2c3d", SUBNETS, main=True))
    return world


@pytest.fixture
def doctor(front: Front, healthy: World) -> Doctor:
    person = {"AWS_ACCESS_KEY_ID": admin_key(PROD), "AWS_SECRET_ACCESS_KEY": ADMIN_SECRET, "AWS_SESSION_TOKEN": ""}

    def call(*words: str, **more: str) -> Ran:
        return run({**environment(front), **person, **more}, "doctor", *words)

    return call


def findings(ran: Ran, state: str) -> list[tuple[str, str]]:
    """(check, case or message) of what is in that state."""
    return [(one["check"], one.get("case") or one["message"]) for one in ran.json if one["state"] == state]


def only(ran: Ran, state: str = "wrong") -> Any:
    """The only finding that is not well."""
    (found,) = [one for one in ran.json if one["state"] != "well"]
    assert found["state"] == state, found
    assert ran.status == (1 if state == "wrong" else 0), ran
    return found


def may_be_run(remedy: str) -> bool:
    """"slipway … prints what is missing": whether it does."""
    words = remedy.partition(" prints")[0].split()
    assert words[0] == "slipway", remedy
    ran = run({}, *words[1:])
    return ran.status == 0 and "Statement" in ran.out


def test_a_healthy_environment(doctor: Doctor, front: Front) -> None:
    ran = doctor()
    assert ran.status == 0, ran.out + ran.err
    assert all(line.startswith("✓ ") for line in ran.out.splitlines()), ran.out
    checks = {line.split()[1].rstrip(":") for line in ran.out.splitlines()}
    assert checks >= {"credentials", "account", "strategy", "registry", "repository", "policy", "role", "service", "circuit",
                      "family", "container", "image", "function", "rule", "network"}
    assert not any(call.operation.startswith(("Put", "Update", "Register", "Create", "Delete", "Tag")) for call in front.calls)
    assert {one["state"] for one in doctor("--json").json} == {"well"}


def test_credentials_that_are_no_good(doctor: Doctor) -> None:
    ran = doctor("--json", AWS_SECRET_ACCESS_KEY="wrong")
    assert only(ran)["check"] == "credentials"


def test_the_wrong_account(doctor: Doctor) -> None:
    ran = doctor("--json", AWS_ACCESS_KEY_ID=admin_key(REGISTRY))
    assert ran.status == 1
    assert findings(ran, "wrong")[0][0] in ("account", "credentials")
    assert REGISTRY in findings(ran, "wrong")[0][1]


def test_no_ecr_repository_found(doctor: Doctor) -> None:
    found = only(doctor("--json", ECR_ACCOUNT_ID=""))
    assert (found["check"], found["case"]) == ("configuration", "No ECR repository found")
    assert doctor("--json", ECR_ACCOUNT_REGION="eu-west-1").status == 1


def test_a_policy_that_does_not_admit_the_roles(doctor: Doctor, healthy: World) -> None:
    deny = {"Sid": "No", "Effect": "Deny", "Principal": {"AWS": EXECUTION_ROLE}, "Action": "ecr:BatchGetImage"}
    healthy.front.ecr.set_policy(REGISTRY, REGION, REPOSITORY, policy(deny))
    found = only(doctor("--json"))
    assert (found["check"], found["case"]) == ("policy", "Access Denied when pulling")
    assert EXECUTION_ROLE in found["message"] and "'No'" in found["message"]
    # The roots alone, and no DescribeImages for the function.
    root = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{PROD}:root"}, "Action": PULL + SEEN}
    healthy.front.ecr.set_policy(REGISTRY, REGION, REPOSITORY, [root])
    (found,) = [one for one in doctor("--json").json if one["check"] == "policy"]
    assert (found["state"], found["case"]) == ("wrong", "Access Denied when pulling")
    assert "ecr:DescribeImages" in found["message"] and may_be_run(found["remedy"])


def test_a_policy_that_may_not_be_seen(doctor: Doctor, healthy: World) -> None:
    """One for pulls alone: it shows nothing of itself."""
    healthy.front.ecr.set_policy(REGISTRY, REGION, REPOSITORY, organization_policy())
    ran = doctor("--json")
    assert ran.status == 0
    assert {check for check, _ in findings(ran, "warning")} == {"policy", "image"}
    assert any("DescribeRepositories is not allowed" in text for _, text in findings(ran, "well"))


@pytest.mark.parametrize("words", [["--org", ORG], ["--account", PROD]], ids=" ".join)
def test_what_ecr_policy_prints_shows_all(doctor: Doctor, healthy: World, words: list[str]) -> None:
    printed = run({"AWS_REGION": REGION}, "ecr", "policy", *words)
    healthy.front.ecr.set_policy(REGISTRY, REGION, REPOSITORY, printed.json["Statement"])
    ran = doctor("--json")
    assert ran.status == 0 and not findings(ran, "warning"), ran


def test_one_repository_of_several_that_a_role_may_not_pull_from(doctor: Doctor, healthy: World) -> None:
    """AWS tells each action once, and the repositories within that."""
    front, other = healthy.front, "myproject_other"
    front.ecr.create(REGISTRY, REGION, other)
    front.ecr.set_policy(REGISTRY, REGION, other, policy())
    healthy.add_project_service("other")
    services = {"backend": {}, "other": {"cluster": healthy.cluster, "service_name": "myproject_service_other_prod",
                                         "task_family": "myproject_service_prod", "repository": other}}
    found = [one for one in doctor("--json", ECS_SERVICE_MAP=json.dumps(services)).json if one["check"] == "role"]
    wrong, = (one for one in found if one["subject"] == "myproject_execution_prod")
    assert wrong["state"] == "wrong" and f"repository/{other}" in wrong["message"], found


def test_a_role_whose_own_policies_do_not_suffice(doctor: Doctor, healthy: World) -> None:
    healthy.front.iam.roles[EXECUTION_ROLE].policy = pull_policy(*PULL[:2])
    found = only(doctor("--json"))
    assert (found["check"], found["subject"]) == ("role", "myproject_execution_prod")
    assert found["case"] == "Access Denied when pulling" and "ecr:BatchGetImage" in found["message"]
    assert may_be_run(found["remedy"])
    del healthy.front.iam.roles[EXECUTION_ROLE]
    assert "role not found" in only(doctor("--json"))["message"]


def test_who_may_not_ask_is_told_so(doctor: Doctor, healthy: World) -> None:
    """With what the function may do alone, nearly nothing can be told; nothing of that is wrong, or well."""
    healthy.front.add_role(Role(f"arn:aws:iam::{PROD}:user/reader", [
        *function_policy(), {"Effect": "Allow", "Action": "lambda:GetFunctionConfiguration", "Resource": "*"},
        {"Effect": "Allow", "Action": "ecs:ListServices", "Resource": "*"}], org_id=ORG))
    arn = f"arn:aws:iam::{PROD}:user/reader"
    healthy.front.add_key("AKIAFRONTREADER", ADMIN_SECRET, Principal(PROD, arn, arn, ORG))
    ran = doctor("--json", AWS_ACCESS_KEY_ID="AKIAFRONTREADER")
    assert ran.status == 0, ran.out
    told = {one["check"]: one.get("remedy", "") for one in ran.json if one["state"] == "warning"}
    assert set(told) == {"policy", "role", "image", "rule", "network"}, ran.out
    assert "iam:SimulatePrincipalPolicy to your role" in told["role"]
    assert "ec2:DescribeSubnets to your role" in told["network"]
    assert "the function's role" not in "".join(told.values())


def test_a_service_without_a_breaker_and_one_that_is_gone(doctor: Doctor, healthy: World) -> None:
    healthy.service().settings["deploymentConfiguration"] = {}
    found = only(doctor("--json"))
    assert found["check"] == "circuit breaker" and "enable=true" in found["remedy"]
    services = {"api": {"service_name": "gone", "task_family": "gone", "repository": REPOSITORY}}
    wrong = findings(doctor("--json", ECS_SERVICE_MAP=json.dumps(services)), "wrong")
    assert {check for check, _ in wrong} >= {"service", "family"}


def test_an_image_that_is_gone_or_going(doctor: Doctor, healthy: World, client: Callable[..., Any]) -> None:
    ecr = client("ecr", REGISTRY)
    keep_two = {"rules": [{"rulePriority": 1, "description": "two", "action": {"type": "expire"}, "selection": {
        "tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 2}}]}
    ecr.put_lifecycle_policy(repositoryName=REPOSITORY, lifecyclePolicyText=json.dumps(keep_two))
    found = only(doctor("--json"))
    assert found["check"] == "image" and "would be expired by rule 1, 'two'" in found["message"]
    ecr.batch_delete_image(repositoryName=REPOSITORY, imageIds=[{"imageTag": "git-0ld0001"}])
    found = only(doctor("--json"))
    assert found["case"] == "Image not found" and "not in the repository any more" in found["message"]


def test_rules_that_are_off_or_missing(doctor: Doctor, healthy: World) -> None:
    rules = {rule.name: rule for rule in healthy.front.events.place(PROD, REGION).rules}
    rules["deploys"].state = "DISABLED"
    found = only(doctor("--json"))
    assert (found["check"], found["subject"]) == ("rule", "deploys")
    assert "is DISABLED" in found["message"] and "enable-rule" in found["remedy"]
    function_of(healthy).sources.clear()
    assert ("rule", "no rule takes those of 'backend' to the function") in findings(doctor("--json"), "warning")
    assert only(doctor("--json", ENABLE_SSM_MONITORING="false"))["subject"] == "deploys"
    function_of(healthy).sources[rules["parameters"].targets[0]["Arn"]] = "Enabled"
    rules["deploys"].state, rules["deploys"].pattern = "ENABLED", {"source": ["action.staging"]}
    assert "no rule takes" in only(doctor("--json"))["message"]
    function = function_of(healthy)
    rules["deploys"].pattern, function.policy = {"detail-type": ["DEPLOY"]}, (function.policy or [])[1:]
    assert "may not invoke" in only(doctor("--json"))["message"]


def test_pushes_of_another_account(doctor: Doctor, healthy: World) -> None:
    events, function = healthy.front.events, f"arn:aws:lambda:{REGION}:{PROD}:function:{FUNCTION}"
    ready = {"source": ["github.actions"], "detail-type": ["Deployment Ready"]}
    events.add_rule(PROD, REGION, "rollouts-and-ready", [{"Id": "slipway", "Arn": function}], pattern=ready)
    policy = function_of(healthy).policy or []
    policy.append({**policy[0], "Condition": {"ArnLike": {"AWS:SourceArn": f"arn:aws:events:{REGION}:{PROD}:rule/rollouts-*"}}})
    assert only(doctor("--json", AUTO_DEPLOY_TAGS="v*,latest"))["subject"] == "pushes"
    events.add_rule(PROD, REGION, "rollouts-and-pushes", [{"Id": "slipway", "Arn": function}], pattern={
        "source": ["aws.ecr"], "account": [REGISTRY], "detail": {"repository-name": [{"wildcard": "myproject_*"}]}})
    assert "bus 'default' does not take them" in only(doctor("--json", AUTO_DEPLOY_TAGS="v*,latest"))["message"]
    events.place(PROD, REGION).policies["default"] = [{
        "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{REGISTRY}:root"}, "Action": "events:PutEvents",
        "Resource": f"arn:aws:events:{REGION}:{PROD}:event-bus/default", "Condition": {"StringEquals": {"events:source": "aws.ecr"}}}]
    ran = doctor("--json", AUTO_DEPLOY_TAGS="v*,latest")
    assert ran.status == 0, ran.out
    assert "reach the function by 'rollouts-and-pushes'" in "".join(text for _, text in findings(ran, "well"))


def test_pushes_by_a_bus_apart(doctor: Doctor, healthy: World) -> None:
    """As infra/environment-bus.yaml makes it; test_infra.py has what its policy admits."""
    events, function = healthy.front.events, function_of(healthy)
    bus, tags = f"arn:aws:events:{REGION}:{PROD}:event-bus/pushes", "v*,latest"
    events.add_bus(PROD, REGION, "pushes")
    events.add_rule(PROD, REGION, "deploys-ready", [{"Id": "slipway", "Arn": function.arn}], pattern={
        "source": ["github.actions"], "detail-type": ["Deployment Ready"]})
    events.add_rule(PROD, REGION, "apart", [{"Id": "slipway", "Arn": function.arn}], bus="pushes", pattern={
        "source": ["aws.ecr"], "account": [REGISTRY], "detail": {"repository-name": [{"wildcard": "myproject_*"}]}})
    invoke = (function.policy or [])[0]
    for name in ("deploys-ready", "pushes/apart"):
        function.policy = [*(function.policy or []), {
            **invoke, "Condition": {"ArnEquals": {"AWS:SourceArn": f"arn:aws:events:{REGION}:{PROD}:rule/{name}"}}}]
    found = only(doctor("--json", AUTO_DEPLOY_TAGS=tags))
    assert "bus 'pushes' does not take them" in found["message"] and "RegistryAccounts" in found["remedy"]
    statement = {"Effect": "Allow", "Principal": {"AWS": [f"arn:aws:iam::{REGISTRY}:root"]}, "Action": "events:PutEvents", "Resource": bus,
                 "Condition": {"ForAllValues:StringEquals": {"events:source": "aws.ecr"},
                               "StringEquals": {"events:detail-type": "ECR Image Action"}}}
    events.place(PROD, REGION).policies["pushes"] = [statement]
    ran = doctor("--json", AUTO_DEPLOY_TAGS=tags)
    assert ran.status == 0 and not findings(ran, "warning"), ran.out
    assert ("rule", "reach the function by 'apart' on bus 'pushes', if the registry's account forwards them") in findings(ran, "well")
    # Whether the registry's account is in the organization, nobody here can tell.
    statement["Principal"], statement["Condition"]["StringEquals"]["aws:PrincipalOrgID"] = "*", ORG  # type: ignore[index]
    assert "aws:PrincipalOrgID" in only(doctor("--json", AUTO_DEPLOY_TAGS=tags), "warning")["message"]


def test_a_function_that_is_another_or_differs(doctor: Doctor, healthy: World) -> None:
    found = only(doctor("--json", "--function", "other"))
    assert found["check"] == "function" and "--function" in found["remedy"]
    function = function_of(healthy)
    function.variables["ECR_ACCOUNT_ID"] = ""
    assert only(doctor("--json"))["case"] == "No ECR repository found"


def test_subnets_without_a_way_out(doctor: Doctor, healthy: World) -> None:
    ec2 = healthy.front.ec2
    ec2.tables[0].gateway = ""
    found = only(doctor("--json"), "warning")
    assert found["check"] == "network" and "ecr.api, ecr.dkr, s3, logs" in found["message"]
    ec2.endpoints += [Endpoint("vpc-1", "ecr.api"), Endpoint("vpc-1", "ecr.dkr"), Endpoint("vpc-1", "logs"),
                      Endpoint("vpc-1", "s3", "Gateway", ["rtb-1"], private_dns=False)]
    ran = doctor("--json")
    assert ("network", "its 2 subnets reach the registry by VPC endpoints") in findings(ran, "well")


def test_ten_services(doctor: Doctor, healthy: World) -> None:
    """Each is looked at, and AWS is asked for lists once."""
    for number in range(9):
        healthy.add_project_service(f"s{number}")
        healthy.front.ecr.set_policy(REGISTRY, REGION, f"myproject_service_s{number}", policy())
    ran = doctor("--json")
    assert len(ran.json) > 60
    assert len({one["subject"] for one in ran.json if one["check"] == "service"}) == 10
    asked = healthy.front.calls.names()
    assert len([name for name in asked if name.endswith("SimulatePrincipalPolicy")]) == 3, asked


