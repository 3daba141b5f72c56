"""What else runs an image: tasks of rules and schedules, container-image functions, services of CodeDeploy."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from aws_events import push
from conftest import Functions
from deploys import check_refused, event, later
from front import faults
from front.codedeploy import Group
from front.ecr import Pushed
from front.lambda_api import Alias, Function
from front.seed import PROD, REGION, REGISTRY, REPOSITORY, SERVICE, World, organization_policy
from lambda_function import LambdaFunction

HOST = f"{REGISTRY}.dkr.ecr.{REGION}.amazonaws.com"
TAG = "git-abc123f"
FAMILY = "myproject_task_report_prod"
TASKS = json.dumps({"report": {"kind": "task"}, "backend": {}})
EVENTS_ROLE = f"arn:aws:iam::{PROD}:role/myproject_events_prod"
OWN = ("LastModificationDate",)


# Tasks


class Report:
    """Task `report`: its family, and what runs it."""

    def __init__(self, world: World) -> None:
        self.world, self.front = world, world.front
        self.image: Pushed = world.add_repository("myproject_task_report", TAG)
        self.front.ecr.create(REGISTRY, REGION, "myproject_task_reporting")
        self.old = world.add_family(FAMILY, "myproject_task_report")
        self.other = world.add_family(f"{FAMILY}_2", "myproject_task_reporting")

    def target(self, identifier: str = "report", definition: str = "", **more: Any) -> dict[str, Any]:
        """With all that a target can have: what is not sent back is lost."""
        return {
            "Id": identifier, "Arn": self.world.cluster_arn, "RoleArn": EVENTS_ROLE,
            "Input": '{"containerOverrides":[{"name":"x","command":["a","\\u00fc \\"q\\""]}]}',
            "DeadLetterConfig": {"Arn": f"arn:aws:sqs:{REGION}:{PROD}:dlq"},
            "RetryPolicy": {"MaximumRetryAttempts": 3, "MaximumEventAgeInSeconds": 120},
            "EcsParameters": {
                "TaskDefinitionArn": definition or self.old.arn, "TaskCount": 2, "LaunchType": "FARGATE", "Group": "reports",
                "NetworkConfiguration": {"awsvpcConfiguration": {"Subnets": ["subnet-1", "subnet-2"], "SecurityGroups": ["sg-1"],
                                                                 "AssignPublicIp": "DISABLED"}},
                "PlatformVersion": "LATEST", "EnableECSManagedTags": True, "EnableExecuteCommand": False,
                "PropagateTags": "TASK_DEFINITION", "ReferenceId": "r", "Tags": [{"Key": "k", "Value": ""}],
                "CapacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 1, "base": 0}]}, **more}

    def rule(self, name: str, *targets: dict[str, Any], bus: str = "default", managed_by: str = "") -> Any:
        return self.front.events.add_rule(PROD, REGION, name, list(targets), bus, managed_by)

    def schedule(self, name: str, group: str = "default", definition: str = "", **more: Any) -> None:
        target = self.target(definition=definition)
        parameters = {key: value for key, value in target["EcsParameters"].items() if key != "Tags"}
        parameters["Tags"] = [{"k": "v"}]
        later = float(int(self.front.clock.now()) + 86400)  # AWS takes back no StartDate that has passed
        self.front.scheduler.create(PROD, REGION, name, 1767225600.5, group, **{
            "Description": "reports — every night", "ScheduleExpression": "cron(0 3 * * ? *)", "State": "DISABLED",
            "ScheduleExpressionTimezone": "Europe/Berlin", "StartDate": later, "EndDate": later + 31536000.5,
            "ActionAfterCompletion": "NONE", "KmsKeyArn": f"arn:aws:kms:{REGION}:{PROD}:key/1",
            "FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15},
            "Target": {"Arn": target["Arn"], "RoleArn": EVENTS_ROLE, "Input": target["Input"], "EcsParameters": parameters,
                       "DeadLetterConfig": target["DeadLetterConfig"], "RetryPolicy": target["RetryPolicy"]}, **more})

    def seen(self, name: str, group: str = "default") -> Any:
        """The schedule, with the revision that it runs apart."""
        whole = copy.deepcopy(self.front.scheduler.get(PROD, REGION, name, group))
        revision = whole["Target"]["EcsParameters"].pop("TaskDefinitionArn")
        return {key: value for key, value in whole.items() if key not in OWN}, revision

    @property
    def new(self) -> str:
        return self.world.revisions(FAMILY)[-1].arn


@pytest.fixture
def report(world: World) -> Report:
    return Report(world)


@pytest.fixture
def function(functions: Functions) -> LambdaFunction:
    return functions(ECS_SERVICE_MAP=TASKS)


def without_revision(target: dict[str, Any]) -> Any:
    rest = copy.deepcopy(target)
    return rest, rest["EcsParameters"].pop("TaskDefinitionArn")


def deploy_report(**more: Any) -> dict[str, Any]:
    return event(service="report", tag=TAG, **more)


def check_registered(report: Report, revisions: int = 2) -> None:
    found = report.world.revisions(FAMILY)
    assert len(found) == revisions
    assert found[-1].images[FAMILY] == f"{HOST}/myproject_task_report@{report.image.digest}"
    assert len(report.world.revisions(f"{FAMILY}_2")) == 1


def test_rules_and_schedules_move_and_lose_nothing(report: Report, function: LambdaFunction) -> None:
    report.front.events.add_bus(PROD, REGION, "orders")
    rule = report.rule("nightly", report.target(), report.target("other", report.other.arn), report.target("twice"))
    orders = report.rule("created", report.target(InputTransformer={"InputPathsMap": {"a": "$.detail.a"}, "InputTemplate": "<a>"}), bus="orders")
    del orders.targets[0]["Input"]
    report.schedule("hourly")
    report.schedule("weekly", "jobs")
    report.schedule("other", definition=report.other.arn)
    before = {"rule": copy.deepcopy(rule.targets), "orders": copy.deepcopy(orders.targets),
              "schedules": [report.seen("hourly")[0], report.seen("weekly", "jobs")[0], report.seen("other")]}
    answer = function.invoke(deploy_report())
    assert answer.change["status"] == "deployed" and answer.change["kind"] == "task", answer.json
    check_registered(report)
    assert answer.change["to"]["task_definition"] == report.new
    assert [without_revision(one) for one in rule.targets] == [
        (without_revision(before["rule"][0])[0], report.new), without_revision(before["rule"][1]),
        (without_revision(before["rule"][2])[0], report.new)]
    assert without_revision(orders.targets[0]) == (without_revision(before["orders"][0])[0], report.new)
    assert report.seen("hourly") == (before["schedules"][0], report.new)
    assert report.seen("weekly", "jobs") == (before["schedules"][1], report.new)
    assert report.seen("other") == before["schedules"][2]
    assert not [call for call in report.front.calls if call.error]


def test_the_same_event_again_changes_nothing(report: Report, function: LambdaFunction) -> None:
    report.rule("nightly", report.target())
    report.schedule("hourly")
    sent = deploy_report()
    assert function.invoke(sent).change["status"] == "deployed"
    report.front.calls.clear()
    assert function.invoke(sent).change["status"] == "unchanged"
    assert function.invoke(deploy_report()).change["status"] == "unchanged"
    check_registered(report)
    assert not {"PutTargets", "UpdateSchedule"} & {call.operation for call in report.front.calls}


def test_what_names_the_family_alone_needs_nothing(report: Report, function: LambdaFunction) -> None:
    family_arn = report.old.arn.rpartition(":")[0]
    rule = report.rule("nightly", report.target(definition=family_arn))
    assert function.invoke(deploy_report()).change["status"] == "deployed"
    check_registered(report)
    assert rule.targets[0]["EcsParameters"]["TaskDefinitionArn"] == family_arn
    assert not report.front.calls.of("PutTargets")


def test_a_push_deploys_a_task_where_pushes_do(report: Report, functions: Functions) -> None:
    rule = report.rule("nightly", report.target())
    sent = push(report.image, TAG, "myproject_task_report")
    for variables in ({"ECS_SERVICE_MAP": TASKS}, {}):  # by the map, and by the form of the repository's name
        answer = functions(AUTO_DEPLOY_TAGS="git-*", **variables).invoke(sent)
        assert answer.json["status"] in ("deployed", "unchanged"), answer.json
    check_registered(report)
    assert rule.targets[0]["EcsParameters"]["TaskDefinitionArn"] == report.new


def test_many_rules_and_schedules_in_pages(report: Report, function: LambdaFunction) -> None:
    report.front.events.page_size = report.front.scheduler.page_size = 3
    rules = [report.rule(f"rule{number}", report.target()) for number in range(7)]
    for number in range(8):
        report.schedule(f"schedule{number}")
    assert function.invoke(deploy_report()).change["status"] == "deployed"
    assert {rule.targets[0]["EcsParameters"]["TaskDefinitionArn"] for rule in rules} == {report.new}
    assert {report.seen(f"schedule{number}")[1] for number in range(8)} == {report.new}


def test_nulls_of_a_schedule_are_no_members(report: Report, function: LambdaFunction) -> None:
    report.front.scheduler.with_nulls = True
    report.schedule("hourly")
    before = report.seen("hourly")[0]
    assert function.invoke(deploy_report()).change["status"] == "deployed"
    assert report.seen("hourly") == (before, report.new)


def test_an_older_event_does_not_undo_a_newer_one(report: Report, function: LambdaFunction) -> None:
    rule = report.rule("nightly", report.target())
    report.world.push("git-abc122e", repository="myproject_task_report", platforms=())
    sent = deploy_report()
    function.invoke(sent)
    runs = report.new
    old = event(_time=later(sent, -60), service="report", tag="git-abc122e")
    assert function.invoke(old).change["status"] == "superseded"
    assert rule.targets[0]["EcsParameters"]["TaskDefinitionArn"] == runs


def test_a_role_that_may_not_be_passed(report: Report, function: LambdaFunction) -> None:
    rule = report.rule("nightly", report.target())
    before = copy.deepcopy(rule.targets)
    deny = {"Effect": "Deny", "Action": "iam:PassRole", "Resource": EVENTS_ROLE}
    report.world.function_role.policy = [*report.world.function_role.policy, deny]
    change = check_refused(function.invoke(deploy_report()), "PassRoleDenied")
    assert EVENTS_ROLE in change["message"] and rule.targets == before


@pytest.mark.parametrize("operation", ["events:PutTargets", "scheduler:UpdateSchedule"])
def test_what_fails_is_made_up_for_by_the_retry(report: Report, function: LambdaFunction, operation: str) -> None:
    rule = report.rule("nightly", report.target())
    report.schedule("hourly")
    report.front.rules.add(faults.unavailable(), operation, times=0)
    sent = deploy_report()
    answer = function.invoke(sent)
    assert answer.is_error, answer.json
    report.front.rules.clear()
    assert function.invoke(sent).change["status"] in ("deployed", "unchanged")
    check_registered(report)
    assert (rule.targets[0]["EcsParameters"]["TaskDefinitionArn"], report.seen("hourly")[1]) == (report.new, report.new)


def test_a_target_that_was_not_taken_is_no_success(report: Report, function: LambdaFunction) -> None:
    report.rule("nightly", report.target())
    body = b'{"FailedEntryCount":1,"FailedEntries":[{"TargetId":"report","ErrorCode":"ConcurrentModificationException","ErrorMessage":"x"}]}'
    report.front.rules.add(faults.garbage(body), "events:PutTargets", times=0)
    assert function.invoke(deploy_report()).is_error


def test_a_dry_run_of_a_task(report: Report, function: LambdaFunction) -> None:
    rule = report.rule("nightly", report.target())
    before = copy.deepcopy(rule.targets)
    assert function.invoke(deploy_report(dry_run=True)).change["status"] == "planned"
    assert rule.targets == before and len(report.world.revisions(FAMILY)) == 1


# Functions


NAME = "myproject_resizer_prod"
FUNCTIONS = {"resizer": {"kind": "lambda", "function_name": NAME, "repository": "myproject_resizer", "alias": "live"}}


class Resizer:
    def __init__(self, world: World) -> None:
        self.world, self.front = world, world.front
        self.old = world.add_repository("myproject_resizer", "git-0ld0001")
        self.image = world.push(TAG, repository="myproject_resizer", platforms=())
        self.function: Function = world.front.functions.create(PROD, REGION, NAME, f"{HOST}/myproject_resizer:git-0ld0001",
                                                               self.old.digest, {"team": "x"})
        self.function.aliases["live"] = Alias("1", "r1", "the live one", {"1": 0.0})
        self.uri = f"{HOST}/myproject_resizer@{self.image.digest}"


@pytest.fixture
def resizer(world: World) -> Resizer:
    return Resizer(world)


@pytest.fixture
def updating(functions: Functions) -> LambdaFunction:
    return functions(ECS_SERVICE_MAP=json.dumps(FUNCTIONS))


def deploy_resizer(**more: Any) -> dict[str, Any]:
    return event(service="resizer", tag=TAG, **more)


def test_a_function_gets_its_image_a_version_and_its_alias(resizer: Resizer, updating: LambdaFunction) -> None:
    sent = deploy_resizer()
    answer = updating.invoke(sent)
    assert answer.change["status"] == "deployed" and answer.change["kind"] == "lambda", answer.json
    assert (resizer.function.image, resizer.function.versions["2"]) == (resizer.uri, (resizer.uri, resizer.image.digest))
    alias = resizer.function.aliases["live"]
    assert (alias.version, alias.description) == ("2", "the live one")
    assert answer.change["to"]["image"] == resizer.uri and answer.change["to"]["digest"] == resizer.image.digest
    assert resizer.function.tags["team"] == "x"
    assert not [call for call in resizer.front.calls if call.error]
    resizer.front.calls.clear()
    assert updating.invoke(sent).change["status"] == "unchanged"
    assert "UpdateFunctionCode" not in {call.operation for call in resizer.front.calls}
    # Another event gives the image once more, so that an older one that has read the function already finds it changed.
    again = deploy_resizer()
    assert updating.invoke(again).change["status"] == "unchanged" and len(resizer.function.versions) == 2
    claims = [key for key in resizer.function.tags if key.startswith("slipway:event:")]
    assert claims == [f"slipway:event:{again['id']}"], "claims of events that are done go"
    assert len(resizer.function.versions) == 2


def test_without_an_alias_no_version_is_published(resizer: Resizer, functions: Functions) -> None:
    plain = {"resizer": {key: value for key, value in FUNCTIONS["resizer"].items() if key != "alias"}}
    answer = functions(ECS_SERVICE_MAP=json.dumps(plain)).invoke(deploy_resizer())
    assert answer.change["status"] == "deployed" and resizer.function.image == resizer.uri
    assert len(resizer.function.versions) == 1 and resizer.function.aliases["live"].version == "1"


def test_an_update_that_takes_its_time_is_waited_for(resizer: Resizer, updating: LambdaFunction) -> None:
    resizer.front.functions.looks = 3
    assert updating.invoke(deploy_resizer()).change["status"] == "deployed"
    assert resizer.function.aliases["live"].version == "2"


def test_an_update_that_does_not_settle_is_no_success(resizer: Resizer, updating: LambdaFunction) -> None:
    resizer.front.functions.failure = "Lambda lost access to the image"
    answer = updating.invoke(deploy_resizer())
    assert answer.is_error or answer.change["status"] == "refused", answer.json
    assert "Lambda lost access to the image" in answer.body.decode()
    assert resizer.function.aliases["live"].version == "1", "the alias stays with what worked"


def test_another_update_under_way_is_waited_for_or_delivered_again(resizer: Resizer, updating: LambdaFunction) -> None:
    resizer.function.updating = 2
    sent = deploy_resizer()
    answer = updating.invoke(sent)
    if answer.is_error:
        answer = updating.invoke(sent)
    assert answer.change["status"] == "deployed" and resizer.function.aliases["live"].version == "2"


def test_an_image_of_another_region_is_refused(resizer: Resizer, functions: Functions) -> None:
    elsewhere = {"resizer": {**FUNCTIONS["resizer"], "repository_uri": f"{REGISTRY}.dkr.ecr.eu-west-1.amazonaws.com/myproject_resizer"}}
    del elsewhere["resizer"]["repository"]
    resizer.front.ecr.create(REGISTRY, "eu-west-1", "myproject_resizer")
    resizer.front.ecr.set_policy(REGISTRY, "eu-west-1", "myproject_resizer", organization_policy())
    resizer.world.push(TAG, repository="myproject_resizer", region="eu-west-1", platforms=())
    answer = functions(ECS_SERVICE_MAP=json.dumps(elsewhere)).invoke(deploy_resizer())
    assert answer.change["status"] == "refused", answer.json
    assert "replicat" in answer.change["remedy"] and "eu-west-1" in answer.change["message"]
    assert "UpdateFunctionCode" not in {call.operation for call in resizer.front.calls}


def test_an_index_of_several_platforms_is_told_as_what_it_is(resizer: Resizer, updating: LambdaFunction) -> None:
    resizer.world.push("git-1ndex00", repository="myproject_resizer", platforms=("linux/amd64", "linux/arm64"))
    answer = updating.invoke(event(service="resizer", tag="git-1ndex00"))
    assert answer.change["status"] == "refused", answer.json
    assert resizer.function.image.endswith("git-0ld0001")


def test_a_function_that_is_not_there(resizer: Resizer, functions: Functions) -> None:
    wrong = {"resizer": {**FUNCTIONS["resizer"], "function_name": "myproject_none"}}
    answer = functions(ECS_SERVICE_MAP=json.dumps(wrong)).invoke(deploy_resizer())
    assert answer.change["status"] == "refused" and "myproject_none" in answer.change["message"]


def test_an_older_event_does_not_undo_a_functions_newer_one(resizer: Resizer, updating: LambdaFunction) -> None:
    sent = deploy_resizer()
    updating.invoke(sent)
    old = event(_time=later(sent, -60), service="resizer", tag="git-0ld0001")
    assert updating.invoke(old).change["status"] == "superseded" and resizer.function.image == resizer.uri


def test_a_push_updates_the_function(resizer: Resizer, functions: Functions) -> None:
    function = functions(ECS_SERVICE_MAP=json.dumps(FUNCTIONS), AUTO_DEPLOY_TAGS="git-*")
    assert function.invoke(push(resizer.image, TAG, "myproject_resizer")).json["status"] == "deployed"
    assert resizer.function.image == resizer.uri and resizer.function.aliases["live"].version == "2"


def test_a_crash_between_the_calls_is_made_up_for(resizer: Resizer, functions: Functions) -> None:
    for operation in ("UpdateFunctionCode", "PublishVersion"):
        world = resizer.world
        function = functions.fresh(ECS_SERVICE_MAP=json.dumps(FUNCTIONS))
        world.front.rules.add(faults.run(function.kill_bootstrap), f"lambda:{operation}")
        sent = deploy_resizer(force=True)
        assert function.invoke(sent).is_error
        world.front.rules.clear()
        answer = next(one for one in (function.invoke(sent) for _ in range(3)) if not one.is_error)
        assert answer.change["status"] in ("deployed", "unchanged")
        assert resizer.function.image == resizer.uri and resizer.function.aliases["live"].version == "2"


def test_a_dry_run_of_a_function(resizer: Resizer, updating: LambdaFunction) -> None:
    assert updating.invoke(deploy_resizer(dry_run=True)).change["status"] == "planned"
    assert resizer.function.image.endswith("git-0ld0001")


# CodeDeploy


@pytest.fixture
def group(world: World) -> Group:
    service = world.service()
    service.controller = "CODE_DEPLOY"
    service.settings["loadBalancers"] = [{"targetGroupArn": "arn:aws:elasticloadbalancing:x", "containerName": SERVICE,
                                          "containerPort": 8080}]
    for number in range(3):
        world.front.codedeploy.add_group(PROD, REGION, f"Another{number}", Group("group", world.cluster, f"another{number}"))
    return world.front.codedeploy.add_group(PROD, REGION, f"AppECS-{world.cluster}-{SERVICE}",
                                            Group(f"DgpECS-{world.cluster}-{SERVICE}", world.cluster, SERVICE))


def check_created(world: World, group: Group, answer: Any) -> None:
    assert answer.change["status"] == "deployed", answer.json
    (deployment,) = group.deployments
    assert answer.change["deployment_id"] == deployment.id
    new = world.revisions()[-1]
    assert deployment.task_definition == new.arn == answer.change["to"]["task_definition"]
    assert new.images[SERVICE] == f"{HOST}/{REPOSITORY}@{world.images[TAG].digest}"
    spec = json.loads(deployment.content)["Resources"][0]["TargetService"]["Properties"]
    assert spec["LoadBalancerInfo"] == {"ContainerName": SERVICE, "ContainerPort": 8080}
    assert not world.front.calls.of("UpdateService")


def test_a_service_of_codedeploy_is_deployed_by_codedeploy(world: World, slipway: LambdaFunction, group: Group) -> None:
    sent = event()
    check_created(world, group, slipway.invoke(sent))
    world.front.codedeploy.finish(PROD, REGION, group.deployments[0], "Succeeded", world.front.clock.now())
    assert slipway.invoke(sent).change["status"] == "unchanged"
    assert len(group.deployments) == 1 and len(world.revisions()) == 2


HOOKS = '[ {"BeforeAllowTraffic": "smoke"},{"AfterAllowTraffic":"caf\\u00e9"} ]'
NETWORK = '{"AwsvpcConfiguration": {"Subnets":["subnet-9"], "AssignPublicIp" :"DISABLED"}}'


def last_app_spec(world: World) -> str:
    return ('{"version":0.0,"Resources":[{"TargetService":{"Type":"AWS::ECS::Service","Properties":{"TaskDefinition":'
            f'"{world.revisions()[0].arn}","LoadBalancerInfo":{{"ContainerName":"{SERVICE}","ContainerPort":8080}},'
            f'"PlatformVersion":"1.4.0","NetworkConfiguration":{NETWORK}}}}}}}],"Hooks":{HOOKS}}}')


def test_what_the_last_app_spec_has_is_kept(world: World, slipway: LambdaFunction, group: Group) -> None:
    content = last_app_spec(world)
    world.front.codedeploy.add_past(PROD, REGION, f"AppECS-{world.cluster}-{SERVICE}", group, content)
    for tag in (TAG, "v1.4.2"):
        answer = slipway.invoke(event(service="backend", tag=tag))
        assert answer.change["status"] == "deployed", answer.json
        old, new = world.revisions()[0].arn, world.revisions()[-1].arn
        assert group.deployments[-1].content == content.replace(old, new)
        world.front.codedeploy.finish(PROD, REGION, group.deployments[-1], "Succeeded", world.front.clock.now())
    assert len(group.deployments) == 3 and len(world.revisions()) == 3


def test_an_app_spec_that_may_not_be_read_is_not_deployed_without(world: World, slipway: LambdaFunction, group: Group) -> None:
    world.front.codedeploy.add_past(PROD, REGION, f"AppECS-{world.cluster}-{SERVICE}", group, last_app_spec(world))
    denied = {"Effect": "Deny", "Action": "codedeploy:GetApplicationRevision", "Resource": "*"}
    world.function_role.policy = [*world.function_role.policy, denied]
    answer = slipway.invoke(event())
    assert answer.error_type == "Function.AccessDenied" and "allow codedeploy:GetApplicationRevision" in answer.body.decode(), answer.json
    assert len(group.deployments) == 1 and len(world.revisions()) == 1


def test_the_same_event_while_codedeploy_is_at_it(world: World, slipway: LambdaFunction, group: Group) -> None:
    sent = event()
    check_created(world, group, slipway.invoke(sent))
    assert slipway.invoke(sent).change["status"] == "unchanged"
    assert len(group.deployments) == 1 and len(world.revisions()) == 2


def test_another_deployment_under_way_is_told(world: World, slipway: LambdaFunction, group: Group) -> None:
    check_created(world, group, slipway.invoke(event()))
    answer = slipway.invoke(event(service="backend", tag="v1.4.2"))
    assert not answer.is_error or answer.error_type.startswith("Function."), answer.json
    assert group.deployments[0].id in answer.body.decode()
    assert len(group.deployments) == 1


def test_the_configured_group_is_used(world: World, functions: Functions, group: Group) -> None:
    own = world.front.codedeploy.add_group(PROD, REGION, "shop", Group("blue-green", world.cluster, SERVICE))
    services = {"backend": {"codedeploy_application": "shop", "codedeploy_group": "blue-green"}}
    check_created(world, own, functions(ECS_SERVICE_MAP=json.dumps(services)).invoke(event()))
    assert group.deployments == []


def test_a_group_of_another_name_is_found(world: World, slipway: LambdaFunction) -> None:
    service = world.service()
    service.controller = "CODE_DEPLOY"
    service.settings["loadBalancers"] = [{"targetGroupArn": "x", "containerName": SERVICE, "containerPort": 8080}]
    world.front.codedeploy.page_size = 2
    for number in range(5):
        world.front.codedeploy.add_group(PROD, REGION, f"app{number}", Group("g", world.cluster, f"s{number}"))
    group = world.front.codedeploy.add_group(PROD, REGION, "zebra", Group("stripes", world.cluster, SERVICE))
    check_created(world, group, slipway.invoke(event()))


def test_a_service_without_a_group_is_refused(world: World, slipway: LambdaFunction) -> None:
    world.service().controller = "CODE_DEPLOY"
    check_refused(slipway.invoke(event()), "ControllerUnsupported")
    assert len(world.revisions()) == 1


def test_external_controllers_are_refused(world: World, slipway: LambdaFunction) -> None:
    world.service().controller = "EXTERNAL"
    check_refused(slipway.invoke(event()), "ControllerUnsupported")
    assert len(world.revisions()) == 1


@pytest.mark.parametrize("strategy", ["BLUE_GREEN", "LINEAR", "CANARY"])
def test_ecs_own_strategies_are_left_as_they_are(world: World, slipway: LambdaFunction, strategy: str) -> None:
    service = world.service()
    service.controller = "ECS"
    service.settings["deploymentConfiguration"] = {"strategy": strategy, "bakeTimeInMinutes": 5}
    assert slipway.invoke(event()).change["status"] == "deployed"
    body = world.front.calls.of("UpdateService")[0].body
    assert set(body) <= {"cluster", "service", "taskDefinition", "forceNewDeployment"}, body
    assert service.settings["deploymentConfiguration"] == {"strategy": strategy, "bakeTimeInMinutes": 5}
