"""infra/registry.yaml and infra/environment-bus.yaml: cfn-lint has nothing to say; their policies admit who they should,
their lifecycle policy is the one of `slipway ecr lifecycle`, and a push finds its way from a registry to a function."""

from __future__ import annotations

import copy
import importlib
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from moto.events.models import EventPattern

from command_line import program, run
from front.iam import Principal, decide, principal_context
from front.seed import DEV, ORG, PROD, REGION, REGISTRY, STAGING, STRANGER
from test_arrangements import ARRANGEMENTS, ENVIRONMENTS, read, registry_parameters, slipway

ROOT = Path(__file__).resolve().parents[2]
REGISTRY_TEMPLATE, BUS_TEMPLATE = ROOT / "infra/registry.yaml", ROOT / "infra/environment-bus.yaml"
CFN_LINT = ROOT / "build/venv-sam/bin/cfn-lint"
NAMES = "backend,service_api,task_report"
BUS = f"arn:aws:events:{REGION}:{PROD}:event-bus/default"
FUNCTION = f"arn:aws:lambda:{REGION}:{PROD}:function:myproject_slipway_prod"
PUSH: dict[str, Any] = {
    "version": "0", "id": "13cde686-328b-6117-af20-0e5566167482", "source": "aws.ecr", "detail-type": "ECR Image Action",
    "account": REGISTRY, "region": REGION, "time": "2026-11-20T22:39:04Z", "resources": [],
    "detail": {"action-type": "PUSH", "result": "SUCCESS", "repository-name": "myproject_service_api", "image-tag": "latest",
               "image-digest": "sha256:" + "a" * 64}}
# What is no push of the project's registry.
OTHERS: list[dict[str, Any]] = [
    {"account": STRANGER}, {"region": "eu-west-1"}, {"source": "my.ecr"}, {"detail-type": "ECR Image Scan"},
    {"detail": {"action-type": "DELETE"}}, {"detail": {"result": "FAILURE"}},
    {"detail": {"repository-name": "other_service_api"}}, {"detail": {"repository-name": "myproject"}},
    {"detail": {"image-tag": None}}]


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """template.yaml's check, for its resolver of CloudFormation's functions, without the reference of AWS's actions."""
    for name in ("policy_sentry", "policy_sentry.querying", "policy_sentry.querying.actions"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setattr(sys.modules["policy_sentry.querying.actions"], "get_action_data", None, raising=False)
    monkeypatch.delitem(sys.modules, "check_template_iam", raising=False)
    return importlib.import_module("check_template_iam")


def filled(node: Any, name: str, value: str) -> Any:
    """The node with a loop's variable filled in: ${Name} in texts, &{Name} in names, {"Ref": Name}."""
    if isinstance(node, dict):
        if node == {"Ref": name}:
            return value
        plain = re.sub(r"[^A-Za-z0-9]", "", value)
        return {key.replace(f"&{{{name}}}", plain): filled(one, name, value) for key, one in node.items()}
    if isinstance(node, list):
        return [filled(one, name, value) for one in node]
    return node.replace(f"${{{name}}}", value) if isinstance(node, str) else node


def unrolled(template: dict[str, Any], given: dict[str, str]) -> dict[str, Any]:
    """As the transform AWS::LanguageExtensions does it: each loop becomes its resources."""
    resources: dict[str, Any] = {}
    for key, resource in template["Resources"].items():
        if not key.startswith("Fn::ForEach::"):
            resources[key] = resource
            continue
        name, over, body = resource
        default = template["Parameters"][over["Ref"]]["Default"]
        for value in given.get(over["Ref"], default).split(","):
            for new, one in filled(body, name, value).items():
                assert new not in resources and new.isalnum(), new
                resources[new] = one
    return {**template, "Resources": resources}


_templates: dict[Path, dict[str, Any]] = {}  # each is read once, which takes longer than all that is done with it


def stack(check: ModuleType, path: Path, account: str, **given: str) -> Any:
    if path not in _templates:
        _templates[path] = check.read_template(path)
    template = unrolled(copy.deepcopy(_templates[path]), given)
    # CloudFormation says that of a list each value has to match the pattern; the resolver matches the whole one.
    for name, value in given.items():
        parameter = template["Parameters"].get(name, {})
        for one in value.split(",") if parameter.get("Type") == "CommaDelimitedList" else []:
            if not re.fullmatch(parameter.get("AllowedPattern", ".*"), one):
                raise ValueError(name)
    return check.Stack(template, {"AWS::Region": REGION, "AWS::AccountId": account, "ProjectName": "myproject",
                                  "AWS::StackName": "x", **given})


def registry(check: ModuleType, **given: str) -> Any:
    return stack(check, REGISTRY_TEMPLATE, REGISTRY, **{"RepositoryNames": NAMES, **given})


def repository(check: ModuleType, **given: str) -> dict[str, Any]:
    one: dict[str, Any] = registry(check, **given).resources("AWS::ECR::Repository")["Repositorybackend"]
    return one


def changed(**members: Any) -> dict[str, Any]:
    event = copy.deepcopy(PUSH)
    detail = members.pop("detail", {})
    event.update(members)
    event["detail"].update(detail)
    event["detail"] = {key: value for key, value in event["detail"].items() if value is not None}
    return event


def matches(rule: dict[str, Any], event: dict[str, Any]) -> bool:
    return bool(EventPattern.load(json.dumps(rule["EventPattern"])).matches_event(event))


def test_cfn_lint_has_nothing_to_say() -> None:
    if not CFN_LINT.exists():
        pytest.skip("cfn-lint is not installed; ./build.sh test template does that")
    ran = subprocess.run([str(CFN_LINT), str(REGISTRY_TEMPLATE), str(BUS_TEMPLATE)], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (0, ""), ran.stdout


# --- the registry ---

def test_the_repositories(check: ModuleType) -> None:
    repositories = registry(check).resources("AWS::ECR::Repository")
    assert {one["RepositoryName"] for one in repositories.values()} == {f"myproject_{name}" for name in NAMES.split(",")}
    for one in repositories.values():
        assert one["ImageTagMutability"] == "IMMUTABLE_WITH_EXCLUSION"
        filters = [item["ImageTagMutabilityExclusionFilterValue"] for item in one["ImageTagMutabilityExclusionFilters"]]
        assert filters == ["latest", "stable"]
        assert one["ImageScanningConfiguration"] == {"ScanOnPush": "true"}
        assert one["EncryptionConfiguration"] == {"EncryptionType": "AES256"}
    key = f"arn:aws:kms:{REGION}:{REGISTRY}:key/0a1b"
    assert repository(check, EncryptionKeyArn=key)["EncryptionConfiguration"] == {"EncryptionType": "KMS", "KmsKey": key}
    for resource in registry(check).template["Resources"].values():
        if resource["Type"] == "AWS::ECR::Repository":
            assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == "Retain"


def test_two_names_do_not_become_one(check: ModuleType) -> None:
    with pytest.raises(AssertionError):
        registry(check, RepositoryNames="service_a,servicea")


@pytest.mark.skipif(program() is None, reason="there is no slipway beside SLIPWAY_BOOTSTRAP")
@pytest.mark.parametrize("keep", ["50", "7"])
def test_the_lifecycle_policy_is_the_printed_one(check: ModuleType, keep: str) -> None:
    printed = run({}, "ecr", "lifecycle", "--keep", keep)
    text = repository(check, KeepImages=keep)["LifecyclePolicy"]["LifecyclePolicyText"]
    assert json.loads(text) == printed.json
    assert 100 <= len(text) <= 30720


TRUST: list[tuple[dict[str, str], list[str]]] = [
    ({}, []),
    ({"TrustedOrganizations": ORG}, ["--org", ORG]),
    ({"TrustedAccounts": f"{PROD},{DEV}"}, ["--account", f"{PROD},{DEV}"]),
    ({"TrustedRoleArns": f"arn:aws:iam::{PROD}:role/execution"}, ["--role", f"arn:aws:iam::{PROD}:role/execution"]),
    ({"TrustedOrganizations": f"{ORG},o-zzzzzzzzzz", "TrustedAccounts": STRANGER,
      "TrustedFunctionArns": f"arn:aws:lambda:{REGION}:{STRANGER}:function:myproject_*"},
     ["--org", f"{ORG},o-zzzzzzzzzz", "--account", STRANGER, "--lambda", "--project", "myproject"]),
]


def with_roots(policy: dict[str, Any]) -> dict[str, Any]:
    """An account's id stands for its root, in a policy."""
    policy = copy.deepcopy(policy)
    for one in policy["Statement"]:
        if "AWS" in one["Principal"]:
            one["Principal"]["AWS"] = [f"arn:aws:iam::{name}:root" if name.isdigit() else name for name in one["Principal"]["AWS"]]
    return policy


@pytest.mark.skipif(program() is None, reason="there is no slipway beside SLIPWAY_BOOTSTRAP")
@pytest.mark.parametrize(("given", "words"), TRUST)
def test_the_repositorys_policy_is_the_printed_one(check: ModuleType, given: dict[str, str], words: list[str]) -> None:
    found = repository(check, **given).get("RepositoryPolicyText")
    if not words:
        assert found is None  # nobody else may anything
        return
    assert found is not None
    assert with_roots(found) == run({"AWS_REGION": REGION}, "ecr", "policy", *words).json


# --- from the registry to the function ---

def test_nothing_is_forwarded_unless_asked_for(check: ModuleType) -> None:
    nothing = registry(check)
    for kind in ("AWS::Events::Rule", "AWS::IAM::Role", "AWS::SQS::Queue", "AWS::SQS::QueuePolicy"):
        assert not nothing.resources(kind), kind


def test_the_registrys_rules(check: ModuleType) -> None:
    buses = [BUS, f"arn:aws:events:eu-west-1:{DEV}:event-bus/pushes"]
    one = registry(check, ForwardToBuses=",".join(buses))
    rules = one.resources("AWS::Events::Rule")
    assert sorted(rule["Targets"][0]["Arn"] for rule in rules.values()) == sorted(buses)
    queue = one.attribute("UndeliveredPushes", "Arn")
    for rule in rules.values():
        target, = rule["Targets"]
        assert target["RoleArn"] == one.attribute("ForwardRole", "Arn") and target["DeadLetterConfig"]["Arn"] == queue
        assert matches(rule, PUSH) and matches(rule, changed(detail={"image-tag": "git-abc123f"}))
        for other in OTHERS:
            assert not matches(rule, changed(**copy.deepcopy(other))), other
    role, = one.resources("AWS::IAM::Role").values()
    statement, = role["Policies"][0]["PolicyDocument"]["Statement"]
    assert (statement["Action"], statement["Resource"]) == ("events:PutEvents", buses)
    trust, = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "events.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": REGISTRY}}
    policy, = one.resources("AWS::SQS::QueuePolicy").values()
    allow, deny = policy["PolicyDocument"]["Statement"]
    assert (allow["Action"], allow["Resource"]) == ("sqs:SendMessage", queue) and deny["Effect"] == "Deny"
    assert allow["Condition"] == {"ArnLike": {"aws:SourceArn": f"arn:aws:events:{REGION}:{REGISTRY}:rule/*"}}


def bus_stack(check: ModuleType, **given: str) -> Any:
    return stack(check, BUS_TEMPLATE, PROD, **given)


def bus_admits(one: Any, account: str, org: str, bus: str = BUS, **context: Any) -> bool:
    arn = f"arn:aws:iam::{account}:role/forward"
    who = Principal(account, arn, arn, org)
    facts = {**principal_context(who), "events:source": ["aws.ecr"], "events:detail-type": "ECR Image Action", **context}
    policies = [policy["Statement"] for policy in one.resources("AWS::Events::EventBusPolicy").values()]
    return decide(policies, who, "events:PutEvents", bus, facts, identity=False) == "allow"


ACCOUNTS = {REGISTRY: ORG, DEV: ORG, STAGING: ORG, STRANGER: ""}


@pytest.mark.parametrize(("given", "admitted"), [
    ({"RegistryAccounts": REGISTRY}, [REGISTRY]),
    ({"RegistryAccounts": f"{REGISTRY},{STRANGER}"}, [REGISTRY, STRANGER]),
    ({"Organization": ORG}, [REGISTRY, DEV, STAGING]),
    ({"Organization": "o-0therother"}, []),
    ({"Organization": ORG, "RegistryAccounts": STRANGER}, [REGISTRY, DEV, STAGING, STRANGER]),
])
def test_who_may_tell_a_bus_of_pushes(check: ModuleType, given: dict[str, str], admitted: list[str]) -> None:
    own = {"BusName": "pushes", "FunctionArn": FUNCTION, "RegistryAccountId": REGISTRY}
    for more, bus in (({}, BUS), (own, BUS.replace("default", "pushes"))):
        one = bus_stack(check, **given, **more)
        assert one.template["Outputs"]["BusArn"] and one.resolve(one.template["Outputs"]["BusArn"]["Value"]) == bus
        for account, org in ACCOUNTS.items():
            assert bus_admits(one, account, org, bus) == (account in admitted), account
            # Pushes, and nothing else: no deploys by hand, no other events of AWS, no other bus.
            assert not bus_admits(one, account, org, bus, **{"events:source": ["action.production"], "events:detail-type": "DEPLOY"})
            assert not bus_admits(one, account, org, bus, **{"events:source": ["action.production"]})
            assert not bus_admits(one, account, org, bus, **{"events:source": ["aws.ecr", "action.production"]})
            assert not bus_admits(one, account, org, bus, **{"events:detail-type": "ECR Image Scan"})
            assert not bus_admits(one, account, org, f"arn:aws:events:{REGION}:{PROD}:event-bus/other")


def function_rule(check: ModuleType, **given: str) -> dict[str, Any]:
    """The push rule of the function's own stack."""
    base = {"ProjectEnv": "staging", "PassRoleArns": "", "EcrStrategy": "cross_account", "EcrAccountId": REGISTRY, "EcrAccountRegion": REGION}
    one = stack(check, ROOT / "template.yaml", PROD, **base, **given)
    rule: dict[str, Any] = one.resources("AWS::Events::Rule")["PushRule"]
    return rule


def test_what_is_forwarded_is_what_the_function_waits_for(check: ModuleType) -> None:
    """On the default bus: the rule of template.yaml, which names no bus."""
    rule = function_rule(check, AutoDeployTags="git-*")
    assert "EventBusName" not in rule
    forward, = registry(check, ForwardToBuses=BUS).resources("AWS::Events::Rule").values()
    events = [PUSH, changed(detail={"image-tag": "git-abc123f"}), *(changed(**copy.deepcopy(other)) for other in OTHERS)]
    assert [matches(rule, event) for event in events] == [matches(forward, event) for event in events]
    assert matches(function_rule(check), PUSH)


def test_a_bus_of_its_own_leads_to_the_function(check: ModuleType) -> None:
    given = {"RegistryAccounts": REGISTRY, "BusName": "pushes", "FunctionArn": FUNCTION, "RegistryAccountId": REGISTRY}
    one = bus_stack(check, **given)
    (name, rule), = one.resources("AWS::Events::Rule").items()
    bus, = one.resources("AWS::Events::EventBus").values()
    assert bus["Name"] == "pushes" and rule["EventBusName"] == "<Bus>"
    target, = rule["Targets"]
    assert target["Arn"] == FUNCTION and target["DeadLetterConfig"]["Arn"] == one.attribute("UndeliveredPushes", "Arn")
    permission, = one.resources("AWS::Lambda::Permission").values()
    assert (permission["FunctionName"], permission["SourceArn"]) == (FUNCTION, one.attribute(name, "Arn"))
    policy, = one.resources("AWS::SQS::QueuePolicy").values()
    assert policy["PolicyDocument"]["Statement"][0]["Condition"] == {"ArnEquals": {"aws:SourceArn": one.attribute(name, "Arn")}}
    mine = function_rule(check, AutoDeployTags="git-*")
    for event in (PUSH, *(changed(**copy.deepcopy(other)) for other in OTHERS)):
        assert matches(rule, event) == matches(mine, event)


def test_the_pushes_of_a_second_registry(check: ModuleType) -> None:
    """On the default bus nothing takes them, whoever is admitted there; on a bus of its own they reach the function."""
    own = {"BusName": "pushes", "FunctionArn": FUNCTION}
    second, third = changed(account=STRANGER), changed(account=STAGING)
    both = f"{REGISTRY},{STRANGER}"

    def rule(**given: str) -> dict[str, Any]:
        one: dict[str, Any]
        one, = bus_stack(check, **own, **given).resources("AWS::Events::Rule").values()
        return one

    mine = function_rule(check, AutoDeployTags="git-*")
    assert matches(mine, PUSH) and not matches(mine, second)
    several = rule(RegistryAccounts=both)
    assert [matches(several, event) for event in (PUSH, second, third)] == [True, True, False]
    for other in OTHERS:
        assert matches(several, changed(**copy.deepcopy(other))) == (other == {"account": STRANGER}), other
    # Fewer of those that may tell; those of an organization; registries in several regions.
    assert [matches(rule(RegistryAccounts=both, RegistryAccountId=REGISTRY), event) for event in (PUSH, second)] == [True, False]
    some = rule(Organization=ORG, RegistryAccountId=f"{REGISTRY},{STAGING}")
    assert [matches(some, event) for event in (PUSH, second, third)] == [True, False, True]
    regions = rule(RegistryAccounts=both, RegistryRegion=f"{REGION},eu-west-1")
    assert matches(regions, PUSH) and matches(regions, changed(account=STRANGER, region="eu-west-1"))
    assert not matches(regions, changed(region="eu-west-2")) and not matches(several, changed(region="eu-west-1"))


@pytest.mark.parametrize("given", [
    {"RegistryAccounts": "22222222222"}, {"RegistryAccountId": f"{REGISTRY},*"}, {"RegistryRegion": "us-east-1,*"}, {"RegistryRegion": "here"}])
def test_parameters_of_a_bus_that_are_wrong(check: ModuleType, given: dict[str, str]) -> None:
    with pytest.raises(ValueError):
        bus_stack(check, **given)


def test_the_default_bus_needs_a_policy_and_nothing_else(check: ModuleType) -> None:
    one = bus_stack(check, RegistryAccounts=REGISTRY)
    assert one.resources("AWS::Events::EventBusPolicy")["AccountsMayTell"]["EventBusName"] == "default"
    for kind in ("AWS::Events::EventBus", "AWS::Events::Rule", "AWS::Lambda::Permission", "AWS::SQS::Queue", "AWS::SQS::QueuePolicy"):
        assert not one.resources(kind), kind


def test_the_functions_own_stack_lets_its_registry_in(check: ModuleType) -> None:
    base = {"ProjectEnv": "staging", "PassRoleArns": "", "EcrStrategy": "cross_account", "EcrAccountId": REGISTRY, "EcrAccountRegion": REGION}
    one = stack(check, ROOT / "template.yaml", PROD, **base)
    assert bus_admits(one, REGISTRY, ORG, **{"events:source": "aws.ecr"})
    assert not bus_admits(one, STRANGER, "", **{"events:source": "aws.ecr"})


@pytest.mark.skipif(program() is None, reason="there is no slipway beside SLIPWAY_BOOTSTRAP")
@pytest.mark.parametrize("name", ARRANGEMENTS)
def test_a_push_reaches_dev_and_staging_and_nobody_else(check: ModuleType, name: str) -> None:
    """In each arrangement: from the registry's rule over the other account's bus to the function's rule, as EventBridge goes."""
    settings = read(name)
    for (account, region), given in registry_parameters(settings).items():
        event = changed(account=account, region=region)
        rules = stack(check, REGISTRY_TEMPLATE, account, **given).resources("AWS::Events::Rule").values()
        forwarded = {target["Arn"] for rule in rules if matches(rule, event) for target in rule["Targets"]}
        for env in ENVIRONMENTS:
            one = settings[env]
            rendered = dict(word.split("=", 1) for word in shlex.split(slipway("config", "render", "--sam", str(one.path))))
            function = stack(check, ROOT / "template.yaml", one.account, PassRoleArns="", **rendered)
            bus = f"arn:aws:events:{one.region}:{one.account}:event-bus/default"
            arrives = account == one.account or (bus in forwarded and bus_admits(function, account, ORG, bus, **{"events:source": "aws.ecr"}))
            rule = function.resources("AWS::Events::Rule").get("PushRule")
            hears = arrives and rule is not None and matches(rule, event)
            assert hears == (env != "prod" and one.registry == (account, region)), (env, account)


@pytest.mark.parametrize("given", [
    {"ProjectName": "MyProject"}, {"EncryptionKeyArn": "alias/x"}, {"ScanOnPush": "yes"}, {"RepositoryNames": "backend,Api"},
    {"TrustedAccounts": "22222222222"}, {"TrustedAccounts": f"{PROD},*"}, {"TrustedOrganizations": "*"},
    {"TrustedRoleArns": f"arn:aws:iam::{PROD}:user/x"},
    {"TrustedRoleArns": f"arn:aws:iam::{PROD}:role/x,*"}, {"TrustedRoleArns": f"arn:aws:iam::{PROD}:role/*"},
    {"TrustedFunctionArns": "*"}, {"ForwardToBuses": "default"},
])
def test_parameters_that_are_wrong(check: ModuleType, given: dict[str, str]) -> None:
    with pytest.raises(ValueError):
        registry(check, **given)
