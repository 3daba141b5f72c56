"""The main job, end to end: events in, AWS changed or left alone, answers out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conftest import Functions
from deploys import check_deployed, check_only_image_changed, check_refused, check_untouched, event, later, reference
from front.seed import CLUSTER, PROD, REGION, REPOSITORY, SERVICE, World, task_definition_text
from lambda_function import LambdaFunction

SAMPLE = Path(__file__).resolve().parents[2] / "events/deploy/prod/event.json"


def test_the_sample_event_deploys_production(world: World, slipway: LambdaFunction) -> None:
    sample = json.loads(SAMPLE.read_text(encoding="utf-8"))
    answer = slipway.invoke(sample)
    check_deployed(world, sample, answer)
    whole = answer.json
    assert (whole["environment"], whole["project"], whole["event_id"]) == ("prod", "myproject", sample["id"])
    assert whole["duration_ms"] >= 0
    assert (answer.change["target"], answer.change["kind"]) == ("backend", "service")
    assert answer.change["from"]["image"].endswith(f"/{REPOSITORY}:git-0ld0001")
    revision = world.revisions()[-1]
    assert revision.tag("slipway:previous") == f"{SERVICE}:1"
    assert revision.registered_by == f"arn:aws:sts::{PROD}:assumed-role/myproject_slipway_prod/slipway"


def test_the_same_event_twice_changes_nothing(world: World, slipway: LambdaFunction) -> None:
    sent = event()
    check_deployed(world, sent, slipway.invoke(sent))
    deployed = world.service().primary.id
    world.front.calls.clear()
    answer = slipway.invoke(sent)
    assert (answer.json["status"], answer.change["status"]) == ("unchanged", "unchanged")
    assert len(world.revisions()) == 2 and world.service().primary.id == deployed
    assert "ecs:UpdateService" not in world.front.calls.names()


def test_another_event_for_what_runs_changes_nothing(world: World, slipway: LambdaFunction) -> None:
    slipway.invoke(event())
    assert slipway.invoke(event()).change["status"] == "unchanged"
    assert len(world.revisions()) == 2


def test_a_newer_base_is_a_reason_to_deploy_the_same_image_again(world: World, slipway: LambdaFunction) -> None:
    slipway.invoke(event())
    world.register(task_definition_text(cpu="1024", memory="2048"))
    assert slipway.invoke(event()).change["status"] == "deployed"
    assert len(world.revisions()) == 4 and world.running().value("cpu") == "1024"
    assert world.running().images[SERVICE] == reference(world)


def test_a_direct_invocation_with_an_event_deploys(world: World, slipway: LambdaFunction) -> None:
    sent = event(_source="action.deploy")
    check_deployed(world, sent, slipway.invoke(sent))


def test_a_direct_invocation_with_a_bare_detail_deploys(world: World, slipway: LambdaFunction) -> None:
    answer = slipway.invoke({"service": "backend", "tag": "git-abc123f", "reason": "by hand"})
    assert answer.change["status"] == "deployed"
    assert len(world.revisions()) == 2 and world.running().images[SERVICE] == reference(world)
    assert world.running().tag("slipway:event-id") == answer.json["event_id"]
    assert world.running().tag("slipway:reason") == "by hand"


def test_by_digest(world: World, slipway: LambdaFunction) -> None:
    digest = world.images["v1.4.2"].digest
    answer = slipway.invoke(event(service="backend", digest=digest))
    assert answer.change["status"] == "deployed" and answer.change["to"]["digest"] == digest
    assert world.running().images[SERVICE] == reference(world, "v1.4.2")


def test_a_reference_by_tag_where_it_is_wanted(world: World, functions: Functions) -> None:
    answer = functions(IMAGE_REFERENCE="tag").invoke(event())
    assert answer.change["to"]["image"].endswith(f"/{REPOSITORY}:git-abc123f")
    assert world.running().images[SERVICE] == answer.change["to"]["image"]
    assert world.running().tag("slipway:digest") == world.images["git-abc123f"].digest


def test_an_old_event_after_a_new_one_is_superseded(world: World, slipway: LambdaFunction) -> None:
    new = event()
    slipway.invoke(new)
    old = event(_time=later(new, -60), service="backend", tag="v1.4.2")
    answer = slipway.invoke(old)
    assert (answer.change["status"], answer.json["status"]) == ("superseded", "superseded")
    assert new["id"] in answer.change["message"]
    assert len(world.revisions()) == 2 and world.running().images[SERVICE] == reference(world)


def test_force_does_not_undo_the_order_of_events(world: World, slipway: LambdaFunction) -> None:
    new = event()
    slipway.invoke(new)
    answer = slipway.invoke(event(_time=later(new, -60), service="backend", tag="v1.4.2", force=True))
    assert answer.change["status"] == "superseded" and len(world.revisions()) == 2


def test_force_deploys_what_runs_again(world: World, slipway: LambdaFunction) -> None:
    slipway.invoke(event())
    before = world.service().primary.id
    answer = slipway.invoke(event(service="backend", tag="git-abc123f", force=True))
    assert answer.change["status"] == "deployed"
    assert world.service().primary.id == answer.change["deployment_id"] != before
    assert world.running().images[SERVICE] == reference(world)


def test_a_forced_event_twice_deploys_once(world: World, slipway: LambdaFunction) -> None:
    slipway.invoke(event())
    forced = event(service="backend", tag="git-abc123f", force=True)
    slipway.invoke(forced)
    deployed, revisions = world.service().primary.id, len(world.revisions())
    assert slipway.invoke(forced).change["status"] == "unchanged"
    assert (world.service().primary.id, len(world.revisions())) == (deployed, revisions)


def test_without_an_image_the_service_is_restarted(world: World, slipway: LambdaFunction) -> None:
    before = world.service().primary
    answer = slipway.invoke(event(service="backend"))
    assert (answer.change["status"], answer.json["status"]) == ("restarted", "restarted")
    service = world.service()
    assert service.forced == 1 and service.primary.id == answer.change["deployment_id"] != before.id
    assert service.primary.task_definition == before.task_definition and len(world.revisions()) == 1


def test_a_restart_leaves_every_setting_alone(world: World, slipway: LambdaFunction) -> None:
    settings = dict(world.service().settings)
    slipway.invoke(event(service="backend"))
    slipway.invoke(event())
    assert world.service().settings == settings
    for call in world.front.calls.of("UpdateService"):
        assert set(call.body) <= {"cluster", "service", "taskDefinition", "forceNewDeployment"}


@pytest.mark.parametrize("name", [f"{SERVICE}:2", f"arn:aws:ecs:{REGION}:{PROD}:task-definition/{SERVICE}:2"])
def test_a_revision_that_exists_is_deployed_as_it_is(world: World, slipway: LambdaFunction, name: str) -> None:
    wanted = world.register(task_definition_text(cpu="1024", memory="2048"))
    world.register(task_definition_text(cpu="2048", memory="4096"))
    answer = slipway.invoke(event(service="backend", task_definition=name))
    assert answer.change["status"] == "deployed" and answer.change["to"]["task_definition"] == wanted.arn
    assert world.service().primary.task_definition == wanted.arn and len(world.revisions()) == 3


def test_a_revision_of_another_family_is_refused(world: World, slipway: LambdaFunction) -> None:
    world.register(json.dumps({"family": "admin", "containerDefinitions": [{"name": "a", "image": "b", "memory": 4}]}))
    check_refused(slipway.invoke(event(service="backend", task_definition="admin:1")), "FamilyMismatch")
    check_untouched(world)


def test_revisions_that_cannot_run_are_refused(world: World, slipway: LambdaFunction) -> None:
    gone = world.register(task_definition_text())
    world.front.ecs.task_definitions.deregister(gone, PROD, REGION, world.front.clock.now())
    for name in (f"{SERVICE}:2", f"{SERVICE}:99"):
        answer = slipway.invoke(event(service="backend", task_definition=name))
        assert answer.change["status"] == "refused", answer.json
        assert answer.change["code"] in ("FamilyNotFound", "FamilyMismatch")
    assert len(world.service().deployments) == 1


def test_an_inactive_newest_revision_is_not_the_base(world: World, slipway: LambdaFunction) -> None:
    gone = world.register(task_definition_text(cpu="4096", memory="8192"))
    world.front.ecs.task_definitions.deregister(gone, PROD, REGION, world.front.clock.now())
    slipway.invoke(event())
    check_only_image_changed(world.revisions()[0], world.revisions()[2], reference(world))
    assert world.service().primary.task_definition == world.revisions()[2].arn


def test_the_base_is_the_newest_or_the_running_revision(world: World, functions: Functions) -> None:
    newer = world.register(task_definition_text(cpu="1024", memory="2048"))
    functions(TASK_DEFINITION_BASE="running").invoke(event())
    check_only_image_changed(world.revisions()[0], world.revisions()[2], reference(world))
    world.push("git-abc124f")
    functions().invoke(event(service="backend", tag="git-abc124f"))
    assert world.running().value("cpu") == world.revisions()[2].value("cpu") != newer.value("cpu")


def test_a_dry_run_writes_nothing_and_tells_the_difference(world: World, slipway: LambdaFunction) -> None:
    answer = slipway.invoke(event(service="backend", tag="git-abc123f", dry_run=True))
    assert (answer.change["status"], answer.json["status"]) == ("planned", "planned")
    check_untouched(world)
    diff = json.dumps(answer.change["diff"])
    assert "containerDefinitions[1].image" in diff and world.images["git-abc123f"].digest in diff
    assert "git-0ld0001" in diff and "cpu" not in diff


def test_a_dry_run_by_configuration(world: World, functions: Functions) -> None:
    assert functions(DRY_RUN="true").invoke(event()).change["status"] == "planned"
    assert functions(DRY_RUN="true").invoke(event(service="backend")).change["status"] == "planned"
    check_untouched(world)


def test_a_service_map_names_everything(world: World, functions: Functions) -> None:
    text = task_definition_text(family="legacy-api").replace(SERVICE, "app")
    definition = world.register(text.replace('"family": "app"', '"family": "legacy-api"'))
    world.add_service("api-v2", definition)
    services = {"api": {"service_name": "api-v2", "task_family": "legacy-api", "repository": REPOSITORY, "container": "app"}}
    function = functions(ECS_SERVICE_MAP=json.dumps(services))
    answer = function.invoke(event(service="api", tag="git-abc123f"))
    assert answer.change["status"] == "deployed", answer.json
    assert world.running("api-v2").images["app"] == reference(world)
    assert world.running("api-v2").images["envoy"] == definition.images["envoy"]
    refused = check_refused(function.invoke(event()), "ServiceUnknown")
    assert "api" in refused["message"] + refused["remedy"]


def test_a_service_by_convention(world: World, slipway: LambdaFunction) -> None:
    world.add_project_service("user-api")
    answer = slipway.invoke(event(service="user-api", tag="git-abc123f"))
    assert answer.change["status"] == "deployed", answer.json
    assert "@sha256:" in world.running("myproject_service_user-api_prod").images["myproject_service_user-api_prod"]


def test_unknown_members_and_spellings_survive(world: World, slipway: LambdaFunction) -> None:
    world.front.ecs.task_definitions.future_members = frozenset({"futureSwitch", "newLimit"})
    odd = task_definition_text().replace('"cpu": 0,', '"cpu": 0, "newLimit": 9007199254740993, "futureSwitch": {"a": 1.50e1, "b": []},')
    odd = odd.replace('"networkMode"', '"futureSwitch" : [ 18446744073709551617, "\\u00fc\\/" ] , "networkMode"')
    world.register(odd)
    answer = slipway.invoke(event())
    assert answer.change["status"] == "deployed", answer.json
    check_only_image_changed(world.revisions()[1], world.revisions()[2], reference(world))


def test_two_containers_of_the_image_both_change(world: World, slipway: LambdaFunction) -> None:
    body = json.loads(task_definition_text())
    body["containerDefinitions"][2]["image"] = body["containerDefinitions"][1]["image"]
    world.register(json.dumps(body))
    slipway.invoke(event())
    images = world.running().images
    assert images[SERVICE] == images["xray"] == reference(world) and images["envoy"].startswith("public.ecr.aws")


def test_no_container_of_the_repository_is_refused(world: World, slipway: LambdaFunction) -> None:
    world.register(task_definition_text().replace("/myproject_backend:", "/something_else:"))
    refused = check_refused(slipway.invoke(event()), "ContainerNotFound")
    assert SERVICE in refused["message"] and "envoy" in refused["message"]
    assert "ecs:RegisterTaskDefinition" not in world.front.calls.names()


def test_reserved_and_missing_tags(world: World, slipway: LambdaFunction) -> None:
    definition = world.register(task_definition_text(tags=None))
    slipway.invoke(event())
    assert all(key.startswith("slipway:") for key, _ in world.running().tags)
    # What only AWS itself can set comes back with the description, and must not be sent.
    definition = world.register(task_definition_text())
    definition.tags.insert(0, ("aws:cloudformation:stack-name", "infrastructure"))
    answer = slipway.invoke(event())
    assert answer.change["status"] == "deployed", answer.json
    assert ("cost-center", "") in world.running().tags
    assert not [key for key, _ in world.running().tags if key.startswith("aws:")]


@pytest.mark.parametrize("controller, words", [("CODE_DEPLOY", ("CodeDeploy", "CODE_DEPLOY")), ("EXTERNAL", ("EXTERNAL",))])
def test_other_deployment_controllers_are_refused(world: World, slipway: LambdaFunction, controller: str,
                                                  words: tuple[str, ...]) -> None:
    """Where CodeDeploy has no group for the service, it is refused like what nobody but its owner can deploy."""
    world.service().controller = controller
    for sent in (event(), event(service="backend")):
        message = check_refused(slipway.invoke(sent), "ControllerUnsupported")["message"]
        assert any(word in message for word in words)
    check_untouched(world)


@pytest.mark.parametrize("status", ["DRAINING", "INACTIVE"])
def test_a_service_that_is_going_is_refused(world: World, slipway: LambdaFunction, status: str) -> None:
    world.service().status = status
    assert status in check_refused(slipway.invoke(event()), "ServiceNotActive")["message"]
    check_untouched(world)


def test_a_missing_service_or_cluster_or_another_family_is_refused(world: World, functions: Functions) -> None:
    answer = functions().invoke(event(service="none", tag="git-abc123f"))
    assert "myproject_service_none_prod" in check_refused(answer, "ServiceNotFound")["message"]
    missing = {"api": {"service_name": "none", "task_family": SERVICE, "repository": REPOSITORY}}
    answer = functions(ECS_SERVICE_MAP=json.dumps(missing)).invoke(event(service="api", tag="git-abc123f"))
    assert "none" in check_refused(answer, "ServiceNotFound")["message"]
    family = {"api": {"service_name": SERVICE, "task_family": "none", "repository": REPOSITORY}}
    answer = functions(ECS_SERVICE_MAP=json.dumps(family)).invoke(event(service="api", tag="git-abc123f"))
    assert "none" in check_refused(answer, "FamilyMismatch")["message"]
    world.function_role.policy = [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
    answer = functions(ECS_CLUSTER_NAME="nowhere").invoke(event())
    assert "nowhere" in check_refused(answer, "ClusterNotFound")["message"]
    check_untouched(world)


def test_a_family_without_an_active_revision_is_refused(world: World, slipway: LambdaFunction) -> None:
    world.front.ecs.task_definitions.deregister(world.revisions()[0], PROD, REGION, world.front.clock.now())
    assert SERVICE in check_refused(slipway.invoke(event()), "FamilyNotFound")["message"]
    check_untouched(world)


def test_an_image_for_another_architecture_is_refused(world: World, slipway: LambdaFunction) -> None:
    world.push("git-arm0001", platforms=("linux/arm64/v8",))
    refused = check_refused(slipway.invoke(event(service="backend", tag="git-arm0001")), "PlatformMismatch")
    assert "arm64" in refused["message"]
    check_untouched(world)
    world.register(task_definition_text(runtimePlatform={"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"}))
    assert slipway.invoke(event(service="backend", tag="git-arm0001")).change["status"] == "deployed"


def test_an_image_that_is_no_index_is_deployed(world: World, slipway: LambdaFunction) -> None:
    world.push("git-single1", platforms=())
    assert slipway.invoke(event(service="backend", tag="git-single1")).change["status"] == "deployed"


def test_policy_decides_which_tags_may_be_deployed(world: World, functions: Functions) -> None:
    assert "latest" in check_refused(functions().invoke(event(service="backend", tag="latest")), "TagNotAllowed")["message"]
    check_untouched(world)
    assert functions(DEPLOY_TAGS="semver:>=1.4 <2").invoke(event(service="backend", tag="v1.4.2")).change["status"] == "deployed"


def test_what_other_environments_and_accounts_send(world: World, functions: Functions) -> None:
    assert functions().invoke(event(_source="action.dev")).json["status"] in ("ignored", "refused")
    check_refused(functions().invoke(event(_account="333333333333")), "AccountNotAllowed")
    check_untouched(world)
    sent = event(_account="333333333333")
    check_deployed(world, sent, functions(ALLOWED_ACCOUNTS=f"{PROD},333333333333").invoke(sent))


def test_a_kind_of_event_that_is_switched_off_is_ignored(world: World, functions: Functions) -> None:
    assert functions(ENABLE_MANUAL_DEPLOY="false").invoke(event()).json["status"] == "ignored"
    check_untouched(world)


def test_the_cluster_by_arn(world: World, functions: Functions) -> None:
    sent = event()
    arn = f"arn:aws:ecs:{REGION}:{PROD}:cluster/{CLUSTER}"
    check_deployed(world, sent, functions(ECS_CLUSTER_NAME=arn).invoke(sent))


def test_three_round_trips_and_no_new_connections(world: World, slipway: LambdaFunction) -> None:
    slipway.invoke(event())
    world.push("git-abc124f")
    world.front.calls.clear()
    world.front.delay_seconds = 0.3
    connections = world.front.counters.connections
    slipway.invoke(event(service="backend", tag="git-abc124f"))
    check_waves(world)
    assert world.front.counters.connections == connections


def check_waves(world: World, updates: int = 1) -> None:
    """The critical path: all reads at once, then the registrations, then the updates."""
    from front import round_trips

    calls = list(world.front.calls)
    last_update = max(call.ended for call in calls if call.operation == "UpdateService")
    path = [call for call in calls if call.ended <= last_update]
    assert len([call for call in path if call.operation == "UpdateService"]) == updates
    assert round_trips(path) == 3, [(call.name, round(call.started, 3), round(call.ended, 3)) for call in path]


def test_a_compressed_answer_is_understood(world: World, slipway: LambdaFunction) -> None:
    world.front.gzip = True
    sent: dict[str, Any] = event()
    check_deployed(world, sent, slipway.invoke(sent))
