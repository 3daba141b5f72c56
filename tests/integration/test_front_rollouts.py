"""The front's ECS, with boto3 as the client: rollouts, their records, stopped tasks, lists of revisions, task sets."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from front.seed import ACCESS_KEY, CLUSTER, PROD, REGION, SECRET_KEY, SERVICE, SESSION_TOKEN, World, task_definition_text
from test_front import refusal

Make = Callable[..., Any]


@pytest.fixture
def ecs(world: World, client: Make) -> Any:
    return client("ecs", key=ACCESS_KEY, secret=SECRET_KEY, token=SESSION_TOKEN)


def update(world: World, ecs: Any) -> str:
    definition = world.register(task_definition_text())
    ecs.update_service(cluster=CLUSTER, service=SERVICE, taskDefinition=definition.arn)
    return definition.arn


def shown(ecs: Any) -> Any:
    return ecs.describe_services(cluster=CLUSTER, services=[SERVICE])["services"][0]


def history(ecs: Any, **more: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ecs.list_service_deployments(cluster=CLUSTER, service=SERVICE, **more)["serviceDeployments"]
    return found


def test_a_rollout_goes_on_only_when_the_test_says_so(world: World, ecs: Any) -> None:
    update(world, ecs)
    for _ in range(3):
        now = shown(ecs)
        assert [one["rolloutState"] for one in now["deployments"]] == ["IN_PROGRESS", "COMPLETED"]
        assert now["currentServiceDeployment"] == history(ecs)[0]["serviceDeploymentArn"]
    (event,) = world.roll(world.service(), "completed")
    assert (event["detail"]["eventName"], event["detail"]["eventType"]) == ("SERVICE_DEPLOYMENT_COMPLETED", "INFO")
    assert event["detail"]["deploymentId"] == world.service().primary.id
    assert event["resources"] == [world.service().arn] and event["account"] == PROD
    now = shown(ecs)
    assert [one["rolloutState"] for one in now["deployments"]] == ["COMPLETED"]
    assert "currentServiceDeployment" not in now and "steady state" in now["events"][0]["message"]
    assert [one["status"] for one in history(ecs)] == ["SUCCESSFUL", "SUCCESSFUL"]


def test_a_failed_rollout_stays_where_it_is(world: World, ecs: Any) -> None:
    update(world, ecs)
    (event,) = world.roll(world.service(), "failed", failed_tasks=4)
    assert event["detail"]["eventType"] == "ERROR" and "circuit breaker" in event["detail"]["reason"]
    primary, before = shown(ecs)["deployments"]
    assert (primary["status"], primary["rolloutState"], primary["failedTasks"]) == ("PRIMARY", "FAILED", 4)
    assert (before["status"], before["rolloutState"]) == ("ACTIVE", "COMPLETED")
    assert history(ecs)[0]["status"] == "STOPPED"


def test_the_circuit_breaker_goes_back_to_the_last_completed_one(world: World, ecs: Any) -> None:
    good = world.service().primary
    update(world, ecs)
    update(world, ecs)  # the one in between was never completed
    failed = world.service().primary
    events = world.roll(world.service(), "rolled_back", reason="tasks failed container health checks.")
    assert [(one["detail"]["eventName"].rpartition("_")[2], one["detail"]["deploymentId"]) for one in events] == [
        ("FAILED", failed.id), ("PROGRESS", good.id), ("COMPLETED", good.id)]
    assert f"rolling back to deploymentId {good.id}" in events[1]["detail"]["reason"]
    (primary,) = shown(ecs)["deployments"]
    assert (primary["id"], primary["rolloutState"]) == (good.id, "COMPLETED")
    record = history(ecs)[0]
    assert record["status"] == "ROLLBACK_SUCCESSFUL" and "health checks" in record["statusReason"]
    whole = ecs.describe_service_deployments(serviceDeploymentArns=[record["serviceDeploymentArn"]])["serviceDeployments"][0]
    assert whole["rollback"]["serviceRevisionArn"] == good.revision_arn
    assert whole["deploymentCircuitBreaker"]["status"] == "TRIGGERED"


def test_service_revisions_name_what_they_run(world: World, ecs: Any) -> None:
    arn = update(world, ecs)
    brief = history(ecs, status=["IN_PROGRESS"])
    assert len(brief) == 1
    answer = ecs.describe_service_revisions(serviceRevisionArns=[brief[0]["targetServiceRevisionArn"], f"{brief[0]['targetServiceRevisionArn']}0"])
    assert [one["taskDefinition"] for one in answer["serviceRevisions"]] == [arn]
    assert [one["reason"] for one in answer["failures"]] == ["MISSING"]
    assert {one["containerName"] for one in answer["serviceRevisions"][0]["containerImages"]} == {"envoy", SERVICE, "xray"}


def test_a_deployment_in_progress_can_be_stopped_once(world: World, ecs: Any) -> None:
    good = world.service().primary
    update(world, ecs)
    arn = history(ecs)[0]["serviceDeploymentArn"]
    assert ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ROLLBACK")["serviceDeploymentArn"] == arn
    assert [one["status"] for one in shown(ecs)["deployments"]] == ["PRIMARY", "ACTIVE"]
    assert shown(ecs)["deployments"][0]["id"] == good.id and history(ecs)[0]["status"] == "ROLLBACK_IN_PROGRESS"
    assert refusal(ecs.stop_service_deployment, serviceDeploymentArn=arn)[0] == "ConflictException"
    world.roll(world.service(), "completed")
    assert history(ecs)[0]["status"] == "ROLLBACK_SUCCESSFUL"
    assert refusal(ecs.stop_service_deployment, serviceDeploymentArn=arn)[0] == "ConflictException"
    assert refusal(ecs.stop_service_deployment, serviceDeploymentArn=arn[:-1])[0] == "ServiceDeploymentNotFoundException"
    assert refusal(ecs.stop_service_deployment, serviceDeploymentArn=arn, stopType="ABORT")[0] != ""


def test_a_newer_deployment_stops_the_one_under_way(world: World, ecs: Any) -> None:
    update(world, ecs)
    update(world, ecs)
    assert [one["status"] for one in history(ecs)] == ["IN_PROGRESS", "STOPPED", "SUCCESSFUL"]
    first = history(ecs, maxResults=2)
    answer = ecs.list_service_deployments(cluster=CLUSTER, service=SERVICE, maxResults=2)
    rest = ecs.list_service_deployments(cluster=CLUSTER, service=SERVICE, nextToken=answer["nextToken"])["serviceDeployments"]
    assert len(first) == 2 and len(rest) == 1
    assert refusal(ecs.list_service_deployments, cluster=CLUSTER, service=SERVICE, nextToken="x")[0] == "InvalidParameterException"
    assert refusal(ecs.list_service_deployments, cluster=CLUSTER, service="none")[0] == "ServiceNotFoundException"


def test_stopped_tasks_say_why(world: World, ecs: Any) -> None:
    world.stop_task(world.service(), "Essential container in task exited", "EssentialContainerExited",
                    {"name": SERVICE, "exitCode": 137, "reason": "OutOfMemoryError: Container killed due to memory usage"})
    assert ecs.list_tasks(cluster=CLUSTER, serviceName=SERVICE)["taskArns"] == []
    arns = ecs.list_tasks(cluster=CLUSTER, serviceName=SERVICE, desiredStatus="STOPPED")["taskArns"]
    assert arns == ecs.list_tasks(cluster=CLUSTER, startedBy=world.service().primary.id, desiredStatus="STOPPED")["taskArns"]
    assert refusal(ecs.list_tasks, cluster=CLUSTER, startedBy="x", serviceName=SERVICE)[0] == "InvalidParameterException"
    answer = ecs.describe_tasks(cluster=CLUSTER, tasks=[*arns, "0" * 32])
    (task,) = answer["tasks"]
    assert (task["stopCode"], task["containers"][0]["exitCode"]) == ("EssentialContainerExited", 137)
    assert answer["failures"][0]["reason"] == "MISSING" and task["startedBy"] == world.service().primary.id


def test_revisions_are_listed_as_ecs_lists_them(world: World, client: Make) -> None:
    ecs = client("ecs", PROD)
    for _ in range(10):
        world.register(task_definition_text())
    world.front.ecs.task_definitions.deregister(world.revisions()[9], PROD, REGION, 1.0)
    world.add_family(f"{SERVICE}_more", "myproject_backend")

    def numbers(**arguments: Any) -> list[int]:
        arns = ecs.list_task_definitions(familyPrefix=SERVICE, **arguments)["taskDefinitionArns"]
        return [int(arn.rpartition(":")[2]) for arn in arns]

    assert numbers() == [1, 2, 3, 4, 5, 6, 7, 8, 9, 11]
    assert numbers(sort="DESC") == [11, 9, 8, 7, 6, 5, 4, 3, 2, 1]
    assert numbers(status="INACTIVE") == [10]
    answer = ecs.list_task_definitions(familyPrefix=SERVICE, sort="DESC", maxResults=9)
    assert numbers(sort="DESC", nextToken=answer["nextToken"]) == [1]
    assert refusal(ecs.list_task_definitions, maxResults=101)[0] == "InvalidParameterException"
    assert refusal(ecs.list_task_definitions, sort="UP")[0] == "InvalidParameterException"


def test_a_revision_is_tagged_later(world: World, ecs: Any) -> None:
    arn = world.revisions()[0].arn
    ecs.tag_resource(resourceArn=arn, tags=[{"key": "slipway:completed", "value": "2026-05-01"}])
    assert world.revisions()[0].tag("slipway:completed") == "2026-05-01" and world.revisions()[0].tag("Environment") == "prod"
    assert refusal(ecs.tag_resource, resourceArn=arn, tags=[{"key": "aws:x", "value": ""}])[0] == "InvalidParameterException"
    world.function_role.policy = [one for one in world.function_role.policy if one["Action"] != "ecs:TagResource"]
    assert refusal(ecs.tag_resource, resourceArn=arn, tags=[{"key": "x", "value": ""}])[0] == "AccessDeniedException"


@pytest.mark.parametrize("action, operation, arguments", [
    ("ecs:ListServiceDeployments", "list_service_deployments", {"cluster": CLUSTER, "service": SERVICE}),
    ("ecs:ListTasks", "list_tasks", {"cluster": CLUSTER}),
    ("ecs:ListTaskDefinitions", "list_task_definitions", {}),
])
def test_each_needs_its_permission(world: World, ecs: Any, action: str, operation: str, arguments: dict[str, str]) -> None:
    deny = {"Effect": "Deny", "Action": action, "Resource": "*"}
    world.function_role.policy = [*world.function_role.policy, deny]
    code, message, _ = refusal(getattr(ecs, operation), **arguments)
    assert code == "AccessDeniedException" and action in message


def test_another_cluster_is_not_ours(world: World, ecs: Any) -> None:
    assert refusal(ecs.list_tasks, cluster="other")[0] == "AccessDeniedException"
    arn = world.service().rollouts.history[0].arn.replace(CLUSTER, "other")
    assert refusal(ecs.describe_service_deployments, serviceDeploymentArns=[arn])[0] == "AccessDeniedException"


def test_services_of_codedeploy_have_task_sets(world: World, ecs: Any) -> None:
    world.service().controller = "CODE_DEPLOY"
    now = shown(ecs)
    assert now["deployments"] == [] and [one["status"] for one in now["taskSets"]] == ["PRIMARY"]
    assert json.loads(world.front.calls.of("DescribeServices")[-1].response)["services"][0]["taskSets"][0]["startedBy"] == "CODE_DEPLOY"
    assert refusal(ecs.list_service_deployments, cluster=CLUSTER, service=SERVICE)[0] == "UnsupportedFeatureException"
