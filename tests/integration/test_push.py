"""A push in the registry's account deploys dev and staging by itself, and production only when it is told."""

from __future__ import annotations

from typing import Any

import pytest

from aws_events import push
from conftest import Functions
from deploys import event, reference
from front.ecr import Pushed
from front.seed import DEV, REGISTRY, REPOSITORY, STAGING, STRANGER, World
from lambda_function import Answer, LambdaFunction


class Stages:
    """dev, staging and prod, each with a function in an account of its own."""

    def __init__(self, world: World, functions: Functions) -> None:
        self.worlds = {"dev": world.environment("dev", DEV), "staging": world.environment("staging", STAGING), "prod": world}
        self.functions: dict[str, LambdaFunction] = {
            env: functions(**one.variables()) for env, one in self.worlds.items()}
        world.front.calls.clear()

    def send(self, sent: dict[str, Any]) -> dict[str, Answer]:
        """The event as EventBridge delivers it: to the function of every account."""
        return {env: function.invoke(sent) for env, function in self.functions.items()}

    def images(self) -> dict[str, str]:
        return {env: world.running().images[f"myproject_service_{env}"] for env, world in self.worlds.items()}


@pytest.fixture
def stages(world: World, functions: Functions) -> Stages:
    return Stages(world, functions)


def statuses(answers: dict[str, Answer]) -> dict[str, str]:
    return {env: answer.json["status"] for env, answer in answers.items()}


def push_latest(world: World, content: str = "new") -> Pushed:
    return world.push("latest", content=content)


def test_a_push_deploys_dev_and_staging_and_not_production(world: World, stages: Stages) -> None:
    production = stages.images()["prod"]
    sent = push(push_latest(world))
    told = statuses(stages.send(sent))
    assert (told["dev"], told["staging"]) == ("deployed", "deployed") and told["prod"] in ("ignored", "refused"), told
    images = stages.images()
    assert images["dev"] == images["staging"] == reference(world, "latest") and images["prod"] == production
    for env in ("dev", "staging"):
        revision = stages.worlds[env].running()
        assert revision.tag("slipway:event-id") == sent["id"] and revision.tag("slipway:image-tag") == "latest"
        assert len(stages.worlds[env].revisions()) == 2
    assert len(world.revisions()) == 1 and len(world.service().deployments) == 1
    assert not [call for call in world.front.calls if call.account == world.account], "production asked AWS something"


def test_then_production_moves_when_it_is_told(world: World, stages: Stages) -> None:
    image = world.push("git-5e77da0", content="new")
    world.push("latest", content="new")
    stages.send(push(image, "latest"))
    assert stages.functions["prod"].invoke(event(service="backend", tag="git-5e77da0")).json["status"] == "deployed"
    assert len(set(stages.images().values())) == 1


def test_the_same_push_delivered_twice_deploys_once(world: World, stages: Stages) -> None:
    sent = push(push_latest(world))
    assert statuses(stages.send(sent))["dev"] == "deployed"
    assert statuses(stages.send(sent))["dev"] == "unchanged"
    assert len(stages.worlds["dev"].revisions()) == 2


def test_two_tags_of_one_digest_deploy_once(world: World, functions: Functions) -> None:
    dev = world.environment("dev", DEV)
    function = functions(**dev.variables(), AUTO_DEPLOY_TAGS="latest,git-*")
    image = world.push("git-5e77da0", content="new")
    assert world.push("latest", content="new") == image
    told = [function.invoke(push(image, tag)).json["status"] for tag in ("git-5e77da0", "latest")]
    assert told == ["deployed", "unchanged"]
    assert len(dev.revisions()) == 2 and len(dev.service().deployments) == 2


@pytest.mark.parametrize("order", [["git-5e77da0", "latest"], ["latest", "git-5e77da0"]])
def test_two_tags_of_one_digest_in_one_payload_deploy_once(world: World, functions: Functions, order: list[str]) -> None:
    dev = world.environment("dev", DEV)
    function = functions(**dev.variables(), AUTO_DEPLOY_TAGS="latest,git-*")
    image = world.push("git-5e77da0", content="new")
    world.push("latest", content="new")
    answers = function.invoke([push(image, tag) for tag in order]).json
    assert sorted(answer["status"] for answer in answers) in (["deployed", "unchanged"], ["deployed", "superseded"])
    assert len(dev.revisions()) == 2 and len(dev.service().deployments) == 2
    assert dev.running().images["myproject_service_dev"] == reference(world, "latest")


def test_a_tag_that_has_moved_on_is_superseded(world: World, stages: Stages) -> None:
    first = push(push_latest(world, "first"))
    second = push(push_latest(world, "second"))
    told = statuses(stages.send(first))
    assert (told["dev"], told["staging"]) == ("superseded", "superseded"), told
    assert len(stages.worlds["dev"].revisions()) == 1
    assert statuses(stages.send(second))["dev"] == "deployed"
    assert statuses(stages.send(first))["dev"] == "superseded"
    assert stages.images()["dev"] == reference(world, "latest") and len(stages.worlds["dev"].revisions()) == 2


def test_pushes_out_of_order_end_with_the_newest(world: World, stages: Stages) -> None:
    """Two pushes with tags of their own; the older one is delivered late."""
    function = stages.functions["dev"]
    first, second = push(push_latest(world, "first")), push(push_latest(world, "second"))
    answers = function.invoke([second, first]).json
    assert [answer["status"] for answer in answers] == ["deployed", "superseded"]
    assert stages.images()["dev"] == reference(world, "latest")


@pytest.mark.parametrize("changes", [
    {"repository": "other_backend"}, {"repository": "other_service_api"}, {"repository": "myproject_backendx"},
    {"repository": "x/myproject_backend"}, {"repository": "myproject"}, {"account": STRANGER},
    {"region": "eu-west-1"}, {"tag": None}, {"tag": "git-5e77da0"}, {"action-type": "DELETE"}, {"result": "FAILURE"},
    {"action-type": "UPDATE_STORAGE_CLASS"},
], ids=str)
def test_what_is_not_ours_is_ignored_without_a_call(world: World, stages: Stages, changes: dict[str, Any]) -> None:
    image = push_latest(world)
    answer = stages.functions["dev"].invoke(push(image, **changes))
    assert not answer.is_error
    assert answer.json["status"] == "ignored", answer.json
    assert len(world.front.calls) == 0, world.front.calls.names()


def test_a_push_is_ignored_where_pushes_are_switched_off(world: World, functions: Functions) -> None:
    dev = world.environment("dev", DEV)
    answer = functions(**dev.variables(), ENABLE_ECR_MONITORING="false").invoke(push(push_latest(world)))
    assert answer.json["status"] == "ignored" and len(world.front.calls) == 0


def test_one_push_updates_everything_that_runs_the_repository(world: World, functions: Functions) -> None:
    dev = world.environment("dev", DEV)
    dev.add_service("myproject_worker_dev", dev.add_family("myproject_worker_dev", REPOSITORY))
    dev.add_service("myproject_other_dev", dev.add_family("myproject_other_dev", "myproject_service_other"))
    services = ('{"backend":{},"worker":{"service_name":"myproject_worker_dev","task_family":"myproject_worker_dev",'
                '"repository":"myproject_backend"},'
                '"other":{"service_name":"myproject_other_dev","task_family":"myproject_other_dev"}}')
    function = functions(**dev.variables(), ECS_SERVICE_MAP=services)
    image = push_latest(world)
    world.front.calls.clear()
    answer = function.invoke(push(image))
    assert answer.json["status"] == "deployed", answer.json
    assert {change["target"]: change["status"] for change in answer.json["changes"]} == {"backend": "deployed", "worker": "deployed"}
    for family in ("myproject_service_dev", "myproject_worker_dev"):
        assert dev.revisions(family)[-1].images[family] == reference(world, "latest")
        assert dev.service(family).primary.task_definition == dev.revisions(family)[-1].arn
    assert len(dev.revisions("myproject_other_dev")) == 1


@pytest.mark.parametrize("policy, tag, deploys", [
    ("semver:>=1.2 <2", "v1.4.2", True), ("semver:>=1.2 <2", "v2.0.0", False), ("semver:>=1.2 <2", "v1.5.0-rc.1", False),
    ("semver:>=1.5.0-0", "v1.5.0-rc.1", True), ("git-*,release-?", "release-1", True), ("git-*,release-?", "release-10", False),
])
def test_the_policy_decides_which_pushes_deploy(world: World, functions: Functions, policy: str, tag: str, deploys: bool) -> None:
    dev = world.environment("dev", DEV)
    image = world.push(tag, content="of the policy")
    answer = functions.fresh(**dev.variables(), AUTO_DEPLOY_TAGS=policy).invoke(push(image, tag))
    assert answer.json["status"] == ("deployed" if deploys else "ignored"), answer.json
    assert len(dev.revisions()) == (2 if deploys else 1)


def test_workflows_may_ask_as_well(world: World, stages: Stages) -> None:
    image = push_latest(world)
    ready = event(_source="github.actions", _type="Deployment Ready", _account=DEV, repository=REPOSITORY, tag="latest",
                  branch="main", commit="5e77da0")
    assert stages.functions["dev"].invoke(ready).json["status"] == "deployed"
    assert stages.images()["dev"].endswith(image.digest)
    for source in ("github.actions.staging", "action.staging"):
        named = event(_source=source, _type="SERVICE_DEPLOY", _account=STAGING, service="backend", tag="v1.4.2")
        assert stages.functions["staging"].invoke(named).json["status"] in ("deployed", "unchanged")
        assert stages.functions["dev"].invoke({**named, "account": DEV}).json["status"] == "ignored"
    assert stages.images()["staging"] == reference(world, "v1.4.2")


def test_a_push_with_no_permission_to_look_is_told(world: World, stages: Stages) -> None:
    sent = push(push_latest(world))
    world.front.ecr.set_policy(REGISTRY, "us-east-1", REPOSITORY, None)
    answer = stages.functions["dev"].invoke(sent)
    assert answer.json["status"] == "refused" and answer.change["code"] == "RegistryAccessDenied"
    assert len(stages.worlds["dev"].revisions()) == 1
