"""The front's EventBridge, Scheduler, CodeDeploy and Lambda, with boto3 as the client."""

from __future__ import annotations

import hashlib
import json
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from front.codedeploy import Group
from front.lambda_api import Function
from front.seed import ACCESS_KEY, CLUSTER, PROD, REGION, REGISTRY, SECRET_KEY, SERVICE, SESSION_TOKEN, World, task_definition_text
from test_front import refusal, send, signed

Make = Callable[..., Any]
CLUSTER_ARN = f"arn:aws:ecs:{REGION}:{PROD}:cluster/{CLUSTER}"
EVENTS_ROLE = f"arn:aws:iam::{PROD}:role/myproject_events_prod"


@pytest.fixture
def function(client: Make) -> Callable[[str], Any]:
    return lambda service: client(service, key=ACCESS_KEY, secret=SECRET_KEY, token=SESSION_TOKEN)


def deny(world: World, action: str) -> None:
    world.function_role.policy = [*world.function_role.policy, {"Effect": "Deny", "Action": action, "Resource": "*"}]


# EventBridge


def ecs_target(world: World, identifier: str = "one", **more: Any) -> dict[str, Any]:
    return {"Id": identifier, "Arn": CLUSTER_ARN, "RoleArn": EVENTS_ROLE, "Input": '{"x":1}',
            "EcsParameters": {"TaskDefinitionArn": world.revisions()[0].arn, "TaskCount": 2, "LaunchType": "FARGATE"}, **more}


def test_rules_are_found_by_their_target(world: World, function: Make) -> None:
    events = function("events")
    world.front.events.add_bus(PROD, REGION, "other")
    for name in ("a", "b", "c"):
        world.front.events.add_rule(PROD, REGION, name, [ecs_target(world)])
    world.front.events.add_rule(PROD, REGION, "elsewhere", [ecs_target(world)], bus="other")
    world.front.events.add_rule(PROD, REGION, "sqs", [{"Id": "q", "Arn": f"arn:aws:sqs:{REGION}:{PROD}:q"}])
    assert [one["Name"] for one in events.list_event_buses()["EventBuses"]] == ["default", "other"]
    assert events.list_rule_names_by_target(TargetArn=CLUSTER_ARN)["RuleNames"] == ["a", "b", "c"]
    assert events.list_rule_names_by_target(TargetArn=CLUSTER_ARN, EventBusName="other")["RuleNames"] == ["elsewhere"]
    world.front.events.page_size = 2
    first = events.list_rule_names_by_target(TargetArn=CLUSTER_ARN)
    assert first["RuleNames"] == ["a", "b"]
    assert events.list_rule_names_by_target(TargetArn=CLUSTER_ARN, NextToken=first["NextToken"])["RuleNames"] == ["c"]
    assert refusal(events.list_rule_names_by_target, TargetArn=CLUSTER_ARN, EventBusName="none")[0] == "ResourceNotFoundException"
    assert refusal(events.list_targets_by_rule, Rule="none")[0] == "ResourceNotFoundException"


def test_put_targets_replaces_the_whole_target(world: World, function: Make) -> None:
    rule = world.front.events.add_rule(PROD, REGION, "nightly", [ecs_target(world), ecs_target(world, "two")])
    events = function("events")
    (first, second) = events.list_targets_by_rule(Rule="nightly")["Targets"]
    assert first == rule.targets[0]
    answer = events.put_targets(Rule="nightly", Targets=[{**{key: value for key, value in first.items() if key != "Input"}}])
    assert answer["FailedEntryCount"] == 0
    assert "Input" not in rule.targets[0] and rule.targets[1] == second


def test_targets_that_are_refused(world: World, function: Make) -> None:
    rule = world.front.events.add_rule(PROD, REGION, "nightly", [ecs_target(world)])
    world.front.events.add_rule(PROD, REGION, "managed", [ecs_target(world)], managed_by="ecs.amazonaws.com")
    events, good = function("events"), ecs_target(world)
    bad = {key: value for key, value in good.items() if key != "RoleArn"}
    answer = events.put_targets(Rule="nightly", Targets=[good, {**bad, "Id": "two"}])
    assert answer["FailedEntryCount"] == 1 and answer["FailedEntries"][0]["TargetId"] == "two"
    assert len(rule.targets) == 1
    assert refusal(events.put_targets, Rule="managed", Targets=[good])[0] == "ManagedRuleException"
    body = json.dumps({"Rule": "nightly", "Targets": [{**good, "Unknown": 1}]}).encode()
    assert send(world.front, signed("events", target="AWSEvents.PutTargets", body=body), body)[1] == "ValidationException"
    assert refusal(events.put_targets, Rule="nightly", Targets=[good] * 11)[0] == "ValidationException"
    many = [ecs_target(world, f"t{number}") for number in range(6)]
    assert refusal(events.put_targets, Rule="nightly", Targets=many)[0] == "LimitExceededException"
    deny(world, "iam:PassRole")
    code, message, _ = refusal(events.put_targets, Rule="nightly", Targets=[good])
    assert code == "AccessDeniedException" and f"iam:PassRole on resource: {EVENTS_ROLE}" in message


def test_events_are_kept_and_bad_ones_refused_one_by_one(world: World, function: Make) -> None:
    events = function("events")
    entry = {"Source": "slipway", "DetailType": "Deployment Started", "Detail": '{"a":1}'}
    answer = events.put_events(Entries=[entry, {**entry, "Detail": "[]"}, {**entry, "Detail": "{"}, {**entry, "Source": "aws.x"},
                                        {**entry, "Detail": ""}])
    assert answer["FailedEntryCount"] == 4 and "EventId" in answer["Entries"][0]
    codes = [one.get("ErrorCode") for one in answer["Entries"]]
    assert codes == [None, "MalformedDetail", "MalformedDetail", "NotAuthorizedForSourceException", "InvalidArgument"]
    assert [(one.source, one.detail_type, one.detail) for one in world.front.events.put] == [("slipway", "Deployment Started", {"a": 1})]
    assert refusal(events.put_events, Entries=[entry] * 11)[0] == "ValidationException"
    large = {**entry, "Detail": json.dumps({"a": "x" * 262144})}
    assert refusal(events.put_events, Entries=[large])[0] == "ValidationException"
    deny(world, "events:PutEvents")
    assert refusal(events.put_events, Entries=[entry])[0] == "AccessDeniedException"


# Scheduler


def schedule(world: World, name: str = "nightly", group: str = "default", **more: Any) -> None:
    target = {"Arn": CLUSTER_ARN, "RoleArn": EVENTS_ROLE, "Input": "{}",
              "EcsParameters": {"TaskDefinitionArn": world.revisions()[0].arn}}
    world.front.scheduler.create(PROD, REGION, name, world.front.clock.now(), group, ScheduleExpression="cron(0 3 * * ? *)",
                                 Target=target, Description="at night", ScheduleExpressionTimezone="Europe/Berlin", **more)


def test_an_update_of_a_schedule_resets_what_is_left_out(world: World, function: Make) -> None:
    schedule(world, State="DISABLED")
    scheduler = function("scheduler")
    got = scheduler.get_schedule(Name="nightly", GroupName="default")
    assert got["Description"] == "at night" and got["Target"]["Arn"] == CLUSTER_ARN
    needed = ("Name", "GroupName", "ScheduleExpression", "Target", "FlexibleTimeWindow")
    scheduler.update_schedule(**{name: got[name] for name in needed})
    kept = world.front.scheduler.get(PROD, REGION, "nightly")
    assert "Description" not in kept and (kept["ScheduleExpressionTimezone"], kept["State"]) == ("UTC", "ENABLED")
    own = ("ResponseMetadata", "Arn", "CreationDate", "LastModificationDate")
    scheduler.update_schedule(**{name: value for name, value in got.items() if name not in own})
    restored = scheduler.get_schedule(Name="nightly")
    assert {k: v for k, v in restored.items() if k not in own} == {k: v for k, v in got.items() if k not in own}


def test_schedules_of_all_groups_in_pages(world: World, function: Make) -> None:
    for name, group in (("a", "default"), ("b", "jobs"), ("c", "jobs")):
        schedule(world, name, group)
    scheduler = function("scheduler")
    assert [one["Name"] for one in scheduler.list_schedules()["Schedules"]] == ["a", "b", "c"]
    assert [one["Name"] for one in scheduler.list_schedules(GroupName="jobs", NamePrefix="c")["Schedules"]] == ["c"]
    world.front.scheduler.page_size = 2
    first = scheduler.list_schedules()
    assert [one["Name"] for one in scheduler.list_schedules(NextToken=first["NextToken"])["Schedules"]] == ["c"]
    world.front.scheduler.with_nulls = True
    assert b'"KmsKeyArn":null' in _raw(world, lambda: scheduler.get_schedule(Name="b", GroupName="jobs"))


def _raw(world: World, action: Callable[[], object]) -> bytes:
    action()
    return list(world.front.calls)[-1].response


def put_schedule(world: World, body: dict[str, Any]) -> int:
    """A request that botocore would not make: with members that are not the operation's."""
    data = json.dumps(body).encode()
    request = AWSRequest("PUT", f"{world.front.url}/schedules/nightly", data=data, headers={"Content-Type": "application/json"})
    SigV4Auth(Credentials(ACCESS_KEY, SECRET_KEY, SESSION_TOKEN), "scheduler", REGION).add_auth(request)
    sent = urllib.request.Request(request.url, data, {**dict(request.headers.items()), "User-Agent": "test"}, method="PUT")
    try:
        with urllib.request.urlopen(sent, timeout=5) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_schedules_that_are_refused(world: World, function: Make) -> None:
    schedule(world)
    scheduler = function("scheduler")
    body = {"Name": "nightly", "ScheduleExpression": "cron(0 3 * * ? *)", "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": world.front.scheduler.get(PROD, REGION, "nightly")["Target"]}
    assert refusal(scheduler.get_schedule, Name="none")[::2] == ("ResourceNotFoundException", 404)
    assert refusal(scheduler.get_schedule, Name="nightly", GroupName="jobs")[0] == "ResourceNotFoundException"
    for name, value in (("Arn", "x"), ("Name", "nightly"), ("Description", None), ("CreationDate", 1.0)):
        assert put_schedule(world, {**{key: one for key, one in body.items() if key != "Name"}, name: value}) == 400, name
    assert refusal(scheduler.update_schedule, **{**body, "ScheduleExpression": "daily"})[0] == "ValidationException"
    assert refusal(scheduler.update_schedule, **{**body, "FlexibleTimeWindow": {"Mode": "FLEXIBLE"}})[0] == "ValidationException"
    now = world.front.clock.now()
    _, message, status = refusal(scheduler.update_schedule, **body, StartDate=now - 301)
    assert (message, status) == ("The StartDate you specify cannot be earlier than 5 minutes ago.", 400)
    assert refusal(scheduler.update_schedule, **body, StartDate=now + 2, EndDate=now + 1)[0] == "ValidationException"
    scheduler.update_schedule(**body, StartDate=now - 290, EndDate=now + 1)
    token = {"ClientToken": "a" * 64}
    scheduler.update_schedule(**body, **token)
    world.front.scheduler.get(PROD, REGION, "nightly")["Description"] = "changed since"
    scheduler.update_schedule(**body, **token)
    assert world.front.scheduler.get(PROD, REGION, "nightly")["Description"] == "changed since", "a replay does nothing"
    assert refusal(scheduler.update_schedule, **{**body, "Description": "y"}, **token)[::2] == ("ConflictException", 409)
    deny(world, "iam:PassRole")
    code, message, status = refusal(scheduler.update_schedule, **body)
    assert (code, status) == ("AccessDeniedException", 403) and "iam:PassRole" in message
    deny(world, "scheduler:GetSchedule")
    assert refusal(scheduler.get_schedule, Name="nightly")[0] == "AccessDeniedException"


# CodeDeploy


@pytest.fixture
def group(world: World) -> Group:
    service = world.service()
    service.controller = "CODE_DEPLOY"
    service.settings["loadBalancers"] = [{"targetGroupArn": "arn:aws:elasticloadbalancing:x", "containerName": SERVICE,
                                          "containerPort": 8080}]
    return world.front.codedeploy.add_group(PROD, REGION, f"AppECS-{CLUSTER}-{SERVICE}",
                                            Group(f"DgpECS-{CLUSTER}-{SERVICE}", CLUSTER, SERVICE))


def app_spec(definition: str, **more: Any) -> str:
    properties = {"TaskDefinition": definition, "LoadBalancerInfo": {"ContainerName": SERVICE, "ContainerPort": 8080}, **more}
    return json.dumps({"version": 0.0, "Resources": [{"TargetService": {"Type": "AWS::ECS::Service", "Properties": properties}}]})


def creation(group: Group, content: str, **more: Any) -> dict[str, Any]:
    revision = {"revisionType": "AppSpecContent", "appSpecContent": {"content": content, **more}}
    return {"applicationName": f"AppECS-{CLUSTER}-{SERVICE}", "deploymentGroupName": group.name, "revision": revision}


def test_one_deployment_of_a_group_at_a_time(world: World, function: Make, group: Group) -> None:
    codedeploy = function("codedeploy")
    definition = world.register(task_definition_text()).arn
    content = app_spec(definition)
    first = codedeploy.create_deployment(**creation(group, content, sha256=hashlib.sha256(content.encode()).hexdigest()))
    assert first["deploymentId"].startswith("d-")
    code, message, _ = refusal(codedeploy.create_deployment, **creation(group, content))
    assert code == "DeploymentLimitExceededException" and first["deploymentId"] in message
    assert [one.status for one in world.service().deployments] == ["PRIMARY", "ACTIVE"]
    listed = codedeploy.list_deployments(applicationName=f"AppECS-{CLUSTER}-{SERVICE}", deploymentGroupName=group.name,
                                         includeOnlyStatuses=["InProgress"])["deployments"]
    assert listed == [first["deploymentId"]]
    info = codedeploy.batch_get_deployments(deploymentIds=listed)["deploymentsInfo"][0]
    assert "content" not in info["revision"]["appSpecContent"]
    world.front.codedeploy.finish(PROD, REGION, group.deployments[0], "Succeeded", world.front.clock.now())
    assert world.service().primary.task_definition == definition and len(world.service().deployments) == 1
    codedeploy.create_deployment(**creation(group, content))


def test_app_specs_that_are_refused(world: World, function: Make, group: Group) -> None:
    codedeploy, definition = function("codedeploy"), world.revisions()[0].arn
    wrong = ["{", "{}", app_spec("myproject_service_prod:1"), app_spec(definition[:-1] + "9"), app_spec(definition, Color="blue"),
             app_spec(definition).replace("0.0", "1.0"), app_spec(definition).replace("AWS::ECS::Service", "AWS::Lambda::Function")]
    for content in wrong:
        assert refusal(codedeploy.create_deployment, **creation(group, content))[0] == "InvalidRevisionException", content
    port = app_spec(definition, LoadBalancerInfo={"ContainerName": SERVICE, "ContainerPort": 80})
    assert refusal(codedeploy.create_deployment, **creation(group, port))[0] == "InvalidLoadBalancerInfoException"
    assert refusal(codedeploy.create_deployment, **creation(group, app_spec(definition), sha256="0"))[0] == "InvalidRevisionException"
    assert group.deployments == []


def test_an_app_spec_is_had_by_its_hash(world: World, function: Make, group: Group) -> None:
    codedeploy, application = function("codedeploy"), f"AppECS-{CLUSTER}-{SERVICE}"
    names = {"applicationName": application, "deploymentGroupName": group.name}
    assert "targetRevision" not in codedeploy.get_deployment_group(**names)["deploymentGroupInfo"]
    content = app_spec(world.register(task_definition_text()).arn)
    sha256 = hashlib.sha256(content.encode()).hexdigest()
    codedeploy.create_deployment(**creation(group, content))
    target = codedeploy.get_deployment_group(**names)["deploymentGroupInfo"]["targetRevision"]
    assert target == {"revisionType": "AppSpecContent", "appSpecContent": {"sha256": sha256}}
    answer = codedeploy.get_application_revision(applicationName=application, revision=target)
    assert answer["revision"]["appSpecContent"] == {"content": content, "sha256": sha256}
    assert answer["revisionInfo"]["deploymentGroups"] == [group.name]
    for revision, code in (({"revisionType": "AppSpecContent", "appSpecContent": {"sha256": "0"}}, "RevisionDoesNotExistException"),
                           ({"revisionType": "S3", "s3Location": {"bucket": "b", "key": "k"}}, "InvalidRevisionException")):
        assert refusal(codedeploy.get_application_revision, applicationName=application, revision=revision)[0] == code
    assert refusal(codedeploy.get_application_revision, applicationName="none", revision=target)[0] == "ApplicationDoesNotExistException"
    deny(world, "codedeploy:GetApplicationRevision")
    assert refusal(codedeploy.get_application_revision, applicationName=application, revision=target)[0] == "AccessDeniedException"


def test_groups_are_found(world: World, function: Make, group: Group) -> None:
    codedeploy = function("codedeploy")
    assert codedeploy.list_applications()["applications"] == [f"AppECS-{CLUSTER}-{SERVICE}"]
    names = {"applicationName": f"AppECS-{CLUSTER}-{SERVICE}"}
    assert codedeploy.list_deployment_groups(**names)["deploymentGroups"] == [group.name]
    answer = codedeploy.batch_get_deployment_groups(**names, deploymentGroupNames=[group.name, "none"])
    assert answer["deploymentGroupsInfo"][0]["ecsServices"] == [{"serviceName": SERVICE, "clusterName": CLUSTER}]
    assert "none" in answer["errorMessage"]
    assert refusal(codedeploy.get_deployment_group, **names, deploymentGroupName="none")[0] == "DeploymentGroupDoesNotExistException"
    assert refusal(codedeploy.list_deployment_groups, applicationName="none")[0] == "ApplicationDoesNotExistException"
    deny(world, "codedeploy:CreateDeployment")
    spec = app_spec(world.revisions()[0].arn)
    assert refusal(codedeploy.create_deployment, **creation(group, spec))[0] == "AccessDeniedException"


# Lambda


@pytest.fixture
def resizer(world: World) -> Function:
    image = world.add_repository("myproject_task_resizer", "git-0ld0001")
    host = f"{REGISTRY}.dkr.ecr.{REGION}.amazonaws.com/myproject_task_resizer"
    return world.front.functions.create(PROD, REGION, "myproject_resizer_prod", f"{host}:git-0ld0001", image.digest, {"team": "x"})


def test_an_update_settles_after_some_looks(world: World, function: Make, resizer: Function) -> None:
    api = function("lambda")
    image = world.push("git-abc123f", repository="myproject_task_resizer", platforms=())
    uri = f"{REGISTRY}.dkr.ecr.{REGION}.amazonaws.com/myproject_task_resizer@{image.digest}"
    name = {"FunctionName": resizer.name}
    assert api.update_function_code(**name, ImageUri=uri)["LastUpdateStatus"] == "InProgress"
    assert refusal(api.publish_version, **name)[::2] == ("ResourceConflictException", 409)
    assert refusal(api.update_function_code, **name, ImageUri=uri)[0] == "ResourceConflictException"
    looks = [api.get_function_configuration(**name)["LastUpdateStatus"] for _ in range(3)]
    assert looks == ["InProgress", "InProgress", "Successful"]
    version = api.publish_version(**name, CodeSha256=image.digest.removeprefix("sha256:"))["Version"]
    assert version == "2" and api.publish_version(**name)["Version"] == "2"
    got = api.get_function(**name)
    assert got["Code"]["ResolvedImageUri"] == uri and got["Tags"] == {"team": "x"}


def test_images_that_lambda_refuses(world: World, function: Make, resizer: Function) -> None:
    api, name = function("lambda"), {"FunctionName": resizer.name}
    host = f"{REGISTRY}.dkr.ecr.{REGION}.amazonaws.com"
    elsewhere = f"{REGISTRY}.dkr.ecr.eu-west-1.amazonaws.com/myproject_task_resizer:git-0ld0001"
    for uri in (elsewhere, f"{host}/myproject_task_resizer:none", f"{host}/none:x", "public.ecr.aws/x:1",
                f"{host}/myproject_backend:git-abc123f"):  # the last one is an index of several platforms
        code, message, status = refusal(api.update_function_code, **name, ImageUri=uri)
        assert (code, status) == ("InvalidParameterValueException", 400) and uri in message
    world.front.ecr.set_policy(REGISTRY, REGION, "myproject_task_resizer", None)
    uri = f"{host}/myproject_task_resizer:git-0ld0001"
    assert refusal(api.update_function_code, **name, ImageUri=uri)[::2] == ("AccessDeniedException", 403)
    assert refusal(api.update_function_code, FunctionName="myproject_none", ImageUri=uri)[::2] == ("ResourceNotFoundException", 404)


def test_aliases_and_tags(world: World, function: Make, resizer: Function) -> None:
    from front.lambda_api import Alias

    api = function("lambda")
    resizer.aliases["live"] = Alias("1", "r1", routing={"1": 0.1})
    name = {"FunctionName": resizer.name, "Name": "live"}
    assert api.get_alias(**name)["FunctionVersion"] == "1"
    assert refusal(api.update_alias, **name, FunctionVersion="7")[0] == "ResourceNotFoundException"
    assert refusal(api.update_alias, **name, FunctionVersion="1", RevisionId="other")[::2] == ("PreconditionFailedException", 412)
    resizer.versions["2"] = (resizer.image, resizer.digest)
    answer = api.update_alias(**name, FunctionVersion="2", RevisionId="r1")
    assert answer["FunctionVersion"] == "2" and answer["RoutingConfig"]["AdditionalVersionWeights"] == {"1": 0.1}
    api.tag_resource(Resource=resizer.arn, Tags={"slipway:image-tag": "x"})
    assert resizer.tags == {"team": "x", "slipway:image-tag": "x"}
    assert refusal(api.tag_resource, Resource=resizer.arn, Tags={"aws:x": "y"})[0] == "InvalidParameterValueException"
    assert refusal(api.get_alias, FunctionName=resizer.name, Name="none")[0] == "ResourceNotFoundException"
