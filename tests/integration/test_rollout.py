"""How a deployment ended: completed, failed and why, gone back, superseded; and going back by hand."""

from __future__ import annotations

from typing import Any

import pytest

from aws_events import aws_event, push
from conftest import Functions
from deploys import check_refused, event, later, reference
from front import faults
from front.rollouts import service_action, state_change
from front.seed import DEV, PROD, REPOSITORY, SERVICE, World
from lambda_function import LambdaFunction

FIRST, SECOND = "v1.4.2", "git-abc123f"


def deploy(world: World, function: LambdaFunction, tag: str, then: str = "") -> dict[str, Any]:
    """Deploys the tag; with `then` ("completed") its rollout ends so, and slipway hears of it. Returns the event."""
    sent = event(service="backend", tag=tag)
    assert function.invoke(sent).change["status"] == "deployed"
    if then:
        for told in world.roll(world.service(), then):
            assert function.invoke(told).json["status"] == "reported"
    return sent


def rollback(**detail: Any) -> dict[str, Any]:
    return event(_type="ROLLBACK", **{"service": "backend", **detail})


def running_tag(world: World) -> str | None:
    return world.running().tag("slipway:image-tag")


# The end is told


def test_a_completed_rollout_is_told_and_its_revision_marked(world: World, slipway: LambdaFunction) -> None:
    deploy(world, slipway, SECOND)
    deployment = world.service().primary
    (told,) = world.roll(world.service(), "completed")
    change = slipway.invoke(told).change
    assert (change["status"], change["outcome"], change["deployment_id"]) == ("reported", "completed", deployment.id), change
    assert (change["target"], change["to"]["tag"], change["to"]["digest"]) == ("backend", SECOND, world.images[SECOND].digest)
    assert change["to"]["task_definition"] == world.running().arn and change["rollout_seconds"] in range(55, 65)
    assert f"{SERVICE}:1" in change["from"]["task_definition"]
    assert world.running().tag("slipway:completed")
    marked = dict(world.running().tags)
    assert slipway.invoke(told).change["status"] == "unchanged"
    assert dict(world.running().tags) == marked


def test_a_revision_that_others_registered_is_marked_too(world: World, slipway: LambdaFunction) -> None:
    """So that the first rollback after slipway came has somewhere to go."""
    (told,) = world.roll(world.service(), "completed")
    assert slipway.invoke(told).change["outcome"] == "completed"
    assert world.revisions()[0].tag("slipway:completed") and world.revisions()[0].tag("Environment") == "prod"


REASONS: list[tuple[str, str, str, dict[str, Any], list[str]]] = [
    ("pull denied", "TaskFailedToStart",
     "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref "
     "111111111111.dkr.ecr.us-east-1.amazonaws.com/myproject_backend@sha256:0: pulling from host failed with status code "
     "[manifests sha256:0]: 403 Forbidden", {"name": SERVICE}, ["CannotPullContainer", "403"]),
    ("no secret", "TaskFailedToStart",
     "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to "
     "retrieve secrets from ssm: service call has been retried 1 time(s): AccessDeniedException: User: arn:aws:sts::2:"
     "assumed-role/myproject_execution_prod/x is not authorized to perform: ssm:GetParameters on resource: arn:aws:ssm:x",
     {"name": SERVICE}, ["ssm:GetParameters"]),
    ("memory", "EssentialContainerExited", "Essential container in task exited",
     {"name": SERVICE, "exitCode": 137, "reason": "OutOfMemoryError: Container killed due to memory usage"}, [SERVICE, "137", "memory"]),
    ("crash", "EssentialContainerExited", "Essential container in task exited", {"name": SERVICE, "exitCode": 1}, [SERVICE, "1"]),
    ("health", "ServiceSchedulerInitiated", "Task failed container health checks", {"name": SERVICE, "exitCode": 143},
     ["health check"]),
    ("load balancer", "ServiceSchedulerInitiated", "Task failed ELB health checks in (target-group "
     "arn:aws:elasticloadbalancing:us-east-1:222222222222:targetgroup/x/1)", {"name": SERVICE, "exitCode": 0}, ["health check"]),
]


@pytest.mark.parametrize("code, reason, container, words", [row[1:] for row in REASONS], ids=[row[0] for row in REASONS])
def test_a_failed_rollout_is_explained(world: World, slipway: LambdaFunction, code: str, reason: str, container: dict[str, Any],
                                       words: list[str]) -> None:
    deploy(world, slipway, SECOND)
    for _ in range(3):
        world.stop_task(world.service(), reason, code, {"name": "envoy", "exitCode": 0}, container)
    (told,) = world.roll(world.service(), "failed")
    answer = slipway.invoke(told)
    change = answer.change
    assert (change["status"], change["outcome"], answer.json["status"]) == ("reported", "failed", "reported"), answer.json
    assert change["to"]["tag"] == SECOND and change["deployment_id"] == world.service().primary.id
    for word in words:
        assert word.lower() in change["why"].lower(), change["why"]
    assert "ROLLBACK" in change["remedy"] and "backend" in change["remedy"]
    assert not world.running().tag("slipway:completed")


def test_tasks_of_other_deployments_explain_nothing(world: World, slipway: LambdaFunction) -> None:
    old = world.service().primary
    deploy(world, slipway, SECOND)
    world.stop_task(world.service(), "Essential container in task exited", "EssentialContainerExited",
                    {"name": SERVICE, "exitCode": 99, "reason": "of the old deployment"}, deployment=old)
    world.stop_task(world.service(), "Scaling activity initiated by deployment", "ServiceSchedulerInitiated", deployment=old)
    (told,) = world.roll(world.service(), "failed")
    why = slipway.invoke(told).change["why"]
    assert "of the old deployment" not in why and "99" not in why and "circuit breaker" in why


def test_a_failure_is_told_even_if_its_tasks_may_not_be_read(world: World, slipway: LambdaFunction) -> None:
    deploy(world, slipway, SECOND)
    deny = {"Effect": "Deny", "Action": ["ecs:ListTasks", "ecs:DescribeTasks"], "Resource": "*"}
    world.function_role.policy = [*world.function_role.policy, deny]
    (told,) = world.roll(world.service(), "failed")
    change = slipway.invoke(told).change
    assert (change["status"], change["outcome"]) == ("reported", "failed") and "circuit breaker" in change["why"]


@pytest.mark.parametrize("listed", [True, False], ids=["failed one listed", "failed one gone"])
def test_the_circuit_breaker_went_back(world: World, slipway: LambdaFunction, listed: bool) -> None:
    """ECS lists a failed deployment until its tasks are gone, which may be before or after the one that it goes back to
    has completed."""
    deploy(world, slipway, FIRST, "completed")
    deploy(world, slipway, SECOND)
    failed = world.service().primary.id
    world.stop_task(world.service(), "Essential container in task exited", "EssentialContainerExited", {"name": SERVICE, "exitCode": 1})
    left = world.service().primary
    first, begun, done = world.roll(world.service(), "rolled_back")
    if listed:
        world.service().deployments.append(left)
    change = slipway.invoke(first).change
    assert (change["status"], change["outcome"], change["deployment_id"]) == ("reported", "failed", failed), change
    assert change["to"]["tag"] == SECOND, "of a failed deployment that is not listed any more its tasks know the revision"
    assert slipway.invoke(begun).json["status"] in ("ignored", "unchanged")
    change = slipway.invoke(done).change
    assert (change["status"], change["outcome"], change["to"]["tag"]) == ("reported", "rolled_back", FIRST), change
    assert running_tag(world) == FIRST


def test_a_deployment_that_a_newer_one_replaced_is_superseded(world: World, slipway: LambdaFunction) -> None:
    deploy(world, slipway, FIRST)
    replaced = world.service().primary.id
    deploy(world, slipway, SECOND)
    (begun,) = world.roll(world.service(), "in_progress")
    change = slipway.invoke(begun).change
    assert (change["status"], change["outcome"], change["deployment_id"]) == ("reported", "superseded", replaced), change
    (done,) = world.roll(world.service(), "completed")
    assert slipway.invoke(done).change["outcome"] == "completed"
    marked = [one.tag("slipway:image-tag") for one in world.revisions() if one.tag("slipway:completed")]
    assert marked == [SECOND]


def test_an_end_that_is_heard_late_is_marked_and_may_be_gone_back_to(world: World, slipway: LambdaFunction) -> None:
    """It completed, and the next deploy had begun before that was heard; then ECS does not list it any more."""
    deploy(world, slipway, "git-abc122e", "completed")
    deploy(world, slipway, FIRST)
    first = world.service().primary
    (done,) = world.roll(world.service(), "completed")
    world.front.rules.add(faults.throttle(), "ecs:TagResource", times=0)
    assert slipway.invoke(done).is_error
    world.front.rules.clear()
    deploy(world, slipway, SECOND)
    (begun,) = world.roll(world.service(), "completed")
    world.stop_task(world.service(), "Scaling activity initiated by deployment", "ServiceSchedulerInitiated", deployment=first)
    change = slipway.invoke(done).change
    assert (change["status"], change["outcome"], change["to"]["tag"]) == ("reported", "superseded", FIRST), change
    assert slipway.invoke(done).change["status"] == "unchanged"
    assert slipway.invoke(begun).change["outcome"] == "completed"
    assert slipway.invoke(rollback()).change["to"]["tag"] == FIRST


def test_a_service_action_is_not_taken_for_the_end_of_what_runs_now(world: World, slipway: LambdaFunction) -> None:
    deploy(world, slipway, FIRST)
    world.roll(world.service(), "completed")
    action = service_action(world.service().arn, "SERVICE_DEPLOYMENT_COMPLETED", world.front.clock.now(), "INFO")
    deploy(world, slipway, SECOND)
    assert slipway.invoke(action).json["status"] == "ignored"
    assert not world.running().tag("slipway:completed")


def test_nobody_is_told_to_go_back_from_what_ecs_has_gone_back_to(world: World, slipway: LambdaFunction) -> None:
    deploy(world, slipway, "git-abc122e", "completed")
    deploy(world, slipway, FIRST, "completed")
    deploy(world, slipway, SECOND)
    left = world.service().primary
    world.service().rollouts.go_back(world.later(), "ECS deployment circuit breaker: tasks failed to start.", 3)
    failed = state_change(world.service().arn, left.id, "SERVICE_DEPLOYMENT_FAILED", "tasks failed to start.", world.later())
    remedy = slipway.invoke(failed).change["remedy"]
    assert "ROLLBACK" not in remedy and f"{SERVICE}:3' has taken its place" in remedy, remedy
    change = slipway.invoke(rollback()).change
    assert change["status"] == "superseded" and "is going back" in change["message"], change
    assert running_tag(world) == FIRST
    assert slipway.invoke(rollback(to="git-abc122e")).change["status"] == "rolled_back"


@pytest.mark.parametrize("name", ["SERVICE_TASK_START_IMPAIRED", "SERVICE_TASK_PLACEMENT_FAILURE"])
def test_tasks_that_do_not_come_up_later_are_no_matter_of_a_deployment(world: World, slipway: LambdaFunction, name: str) -> None:
    deploy(world, slipway, SECOND, "completed")
    sent = service_action(world.service().arn, name, world.front.clock.now(), reason="RESOURCE:MEMORY")
    assert slipway.invoke(sent).change["status"] == "ignored"


@pytest.mark.parametrize("name", ["SERVICE_TASK_START_IMPAIRED", "SERVICE_TASK_PLACEMENT_FAILURE"])
def test_tasks_that_do_not_come_up_are_told(world: World, slipway: LambdaFunction, name: str) -> None:
    deploy(world, slipway, SECOND)
    world.stop_task(world.service(), "CannotPullContainerError: not found", "TaskFailedToStart", {"name": SERVICE})
    sent = service_action(world.service().arn, name, world.front.clock.now(), reason="RESOURCE:MEMORY")
    change = slipway.invoke(sent).change
    assert (change["status"], change["outcome"]) == ("reported", "impaired")
    assert "CannotPullContainer" in change["why"]
    assert not world.running().tag("slipway:completed")


@pytest.mark.parametrize("name", ["SERVICE_STEADY_STATE", "SERVICE_DESIRED_COUNT_UPDATED", "TASKS_STOPPED"])
def test_noise_costs_nothing(world: World, slipway: LambdaFunction, name: str) -> None:
    world.front.calls.clear()
    sent = service_action(world.service().arn, name, world.front.clock.now(), "INFO")
    assert slipway.invoke(sent).json["status"] == "ignored" and len(world.front.calls) == 0


@pytest.mark.parametrize("arn", [
    "arn:aws:ecs:us-east-1:222222222222:service/other_cluster/myproject_service_prod",
    "arn:aws:ecs:us-east-1:222222222222:service/myproject_cluster_prod/other_service_prod",
    "arn:aws:ecs:us-east-1:222222222222:service/myproject_cluster_prod/myproject_service_dev"])
def test_services_of_others_are_ignored_without_a_call(world: World, slipway: LambdaFunction, arn: str) -> None:
    detail = {"eventType": "ERROR", "eventName": "SERVICE_DEPLOYMENT_FAILED", "deploymentId": "ecs-svc/1",
              "updatedAt": "2026-05-01T10:00:00Z", "reason": "ECS deployment circuit breaker: tasks failed to start."}
    world.front.calls.clear()
    answer = slipway.invoke(aws_event("aws.ecs", "ECS Deployment State Change", PROD, detail, [arn]))
    assert answer.json["status"] == "ignored" and len(world.front.calls) == 0, answer.json


def test_an_end_that_cannot_be_marked_is_delivered_again(world: World, slipway: LambdaFunction) -> None:
    deploy(world, slipway, SECOND)
    (told,) = world.roll(world.service(), "completed")
    world.front.rules.add(faults.throttle(), "ecs:TagResource", times=0)
    answer = slipway.invoke(told)
    assert answer.is_error and answer.error_type == "Function.Throttled"
    world.front.rules.clear()
    assert slipway.invoke(told).change["outcome"] == "completed" and world.running().tag("slipway:completed")


# Going back by hand


def test_rollback_goes_to_the_last_completed_revision(world: World, slipway: LambdaFunction) -> None:
    deploy(world, slipway, FIRST, "completed")
    deploy(world, slipway, SECOND, "completed")
    wanted = next(one for one in world.revisions() if one.tag("slipway:image-tag") == FIRST)
    sent = rollback(reason="slow")
    answer = slipway.invoke(sent)
    change = answer.change
    assert (change["status"], answer.json["status"]) == ("rolled_back", "rolled_back"), answer.json
    assert change["to"]["task_definition"] == wanted.arn == world.running().arn and change["to"]["tag"] == FIRST
    assert len(world.revisions()) == 3, "nothing is registered to go back"
    assert slipway.invoke(sent).change["status"] == "unchanged"
    (done,) = world.roll(world.service(), "completed")
    assert slipway.invoke(done).change["outcome"] == "rolled_back"


def test_a_failing_rollout_is_explained_and_rolled_back(world: World, slipway: LambdaFunction) -> None:
    """The whole story: completed, failed, told why, rolled back by hand, and an older event does not undo it."""
    late = event(service="backend", tag="git-abc122e")
    deploy(world, slipway, FIRST, "completed")
    failing = deploy(world, slipway, SECOND)
    world.stop_task(world.service(), "Essential container in task exited", "EssentialContainerExited", {"name": SERVICE, "exitCode": 3})
    (told,) = world.roll(world.service(), "failed")
    assert "3" in slipway.invoke(told).change["why"]
    assert slipway.invoke(rollback()).change["status"] == "rolled_back"
    assert running_tag(world) == FIRST
    (done,) = world.roll(world.service(), "completed")
    assert slipway.invoke(done).change["outcome"] == "rolled_back"
    for older in (late, failing):
        assert slipway.invoke(older).change["status"] == "superseded"
    assert running_tag(world) == FIRST
    assert slipway.invoke(event(service="backend", tag=SECOND)).change["status"] == "deployed"


def test_a_push_before_the_rollback_does_not_undo_it(world: World, functions: Functions) -> None:
    dev = world.environment("dev", DEV)
    function = functions(**dev.variables())
    family = "myproject_service_dev"

    def ended(outcome: str) -> None:
        for one in dev.roll(dev.service(), outcome):
            assert function.invoke(one).json["status"] in ("reported", "ignored")

    good = push(world.push("latest", content="good"))
    assert function.invoke(good).json["status"] == "deployed"
    ended("completed")
    bad = push(world.push("latest", content="bad"))
    assert function.invoke(bad).json["status"] == "deployed"
    ended("failed")
    back = event(_source="action.dev", _type="ROLLBACK", _account=DEV, _time=later(bad, 30), service="backend")
    answer = function.invoke(back)
    assert answer.json["status"] == "rolled_back", str(answer.json)
    good_image = dev.running().images[family]
    assert function.invoke(bad).json["status"] == "superseded"
    delayed = push(world.push("latest", content="pushed before the rollback"), time=later(bad, 20))
    assert function.invoke(delayed).json["status"] == "superseded"
    assert dev.running().images[family] == good_image
    fixed = push(world.push("latest", content="fixed"), time=later(bad, 60))
    assert function.invoke(fixed).json["status"] == "deployed"
    assert dev.running().images[family] == reference(world, "latest", REPOSITORY)


def test_rollback_of_what_is_in_progress_stops_it(world: World, slipway: LambdaFunction) -> None:
    deploy(world, slipway, FIRST, "completed")
    good = world.service().primary.id
    deploying = deploy(world, slipway, SECOND)
    sent = rollback()
    answer = slipway.invoke(sent)
    assert answer.change["status"] == "rolled_back", answer.json
    assert len(world.front.calls.of("StopServiceDeployment")) == 1
    assert world.service().primary.id == good and running_tag(world) == FIRST
    assert world.service().rollouts.history[-1].status == "ROLLBACK_IN_PROGRESS"
    assert slipway.invoke(sent).change["status"] in ("unchanged", "rolled_back")
    assert slipway.invoke(deploying).change["status"] == "superseded"
    (done,) = world.roll(world.service(), "completed")
    assert slipway.invoke(done).change["outcome"] == "rolled_back"
    assert len(world.front.calls.of("StopServiceDeployment")) == 1 and running_tag(world) == FIRST


def test_a_deployment_that_ended_before_it_could_be_stopped(world: World, slipway: LambdaFunction) -> None:
    deploy(world, slipway, FIRST, "completed")
    deploy(world, slipway, SECOND)
    world.front.rules.add(faults.run(lambda: world.service().complete(), after=False), "ecs:StopServiceDeployment")
    answer = slipway.invoke(rollback())
    assert answer.change["status"] == "rolled_back", answer.json
    assert running_tag(world) == FIRST and world.front.calls.of("StopServiceDeployment")[0].error == "ConflictException"


def test_twice_back_goes_further_back(world: World, slipway: LambdaFunction) -> None:
    for tag in ("git-abc122e", FIRST, SECOND):
        deploy(world, slipway, tag, "completed")
    assert slipway.invoke(rollback()).change["status"] == "rolled_back" and running_tag(world) == FIRST
    assert slipway.invoke(rollback()).change["status"] == "rolled_back" and running_tag(world) == "git-abc122e"


def test_never_to_an_inactive_revision_or_one_that_failed(world: World, slipway: LambdaFunction) -> None:
    for tag in ("git-abc122e", FIRST):
        deploy(world, slipway, tag, "completed")
    deploy(world, slipway, SECOND, "failed")
    definitions = world.front.ecs.task_definitions
    completed = [one for one in world.revisions() if one.tag("slipway:completed")]
    definitions.deregister(completed[-1], PROD, "us-east-1", 1.0)
    answer = slipway.invoke(rollback())
    assert answer.change["status"] == "rolled_back" and running_tag(world) == "git-abc122e", answer.json


def test_nothing_to_roll_back_to(world: World, slipway: LambdaFunction) -> None:
    deploy(world, slipway, FIRST)
    world.service().complete()  # nobody told slipway: no revision is known to have completed
    change = check_refused(slipway.invoke(rollback()), "NothingToRollBackTo")
    assert running_tag(world) == FIRST and SERVICE in change["message"]


def test_the_first_deployment_of_all_can_be_stopped(world: World, slipway: LambdaFunction) -> None:
    """No revision is marked yet, but ECS knows where it came from."""
    deploy(world, slipway, FIRST)
    answer = slipway.invoke(rollback())
    assert answer.change["status"] == "rolled_back", str(answer.json)
    assert world.running().revision == 1 and len(world.front.calls.of("StopServiceDeployment")) == 1


@pytest.mark.parametrize("to, expected", [("2", FIRST), (f"{SERVICE}:2", FIRST), (FIRST, FIRST)])
def test_rollback_to_what_is_named(world: World, slipway: LambdaFunction, to: str, expected: str) -> None:
    for tag in (FIRST, "git-abc122e", SECOND):
        deploy(world, slipway, tag, "completed")
    assert slipway.invoke(rollback(to=to)).change["status"] == "rolled_back"
    assert running_tag(world) == expected and world.running().revision == 2


@pytest.mark.parametrize("to, code", [("99", "NothingToRollBackTo"), ("none", "NothingToRollBackTo"), ("other:1", "FamilyMismatch")])
def test_rollback_to_what_is_not_there(world: World, slipway: LambdaFunction, to: str, code: str) -> None:
    deploy(world, slipway, SECOND, "completed")
    before = world.service().primary.id
    check_refused(slipway.invoke(rollback(to=to)), code)
    assert world.service().primary.id == before


def test_a_dry_run_of_a_rollback_says_where_to(world: World, slipway: LambdaFunction) -> None:
    deploy(world, slipway, FIRST, "completed")
    deploy(world, slipway, SECOND, "completed")
    answer = slipway.invoke(rollback(dry_run=True))
    assert answer.change["status"] == "planned" and answer.change["to"]["tag"] == FIRST
    assert running_tag(world) == SECOND


def test_events_of_the_whole_story_in_one_array(world: World, slipway: LambdaFunction) -> None:
    deploy(world, slipway, FIRST)
    (told,) = world.roll(world.service(), "completed")
    answers = slipway.invoke([told, event(service="backend", tag=SECOND)]).json
    assert [one["status"] for one in answers] == ["reported", "deployed"]
