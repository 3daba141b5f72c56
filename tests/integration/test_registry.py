"""The registry in another account, another region, or the own one; and what is said when it does not open."""

from __future__ import annotations

from typing import Any

import pytest

from conftest import Functions
from deploys import check_deployed, check_refused, check_untouched, event, reference
from front import faults
from front.seed import (
    ACCESS_KEY,
    FUNCTION_ROLE,
    PROD,
    REGION,
    REGISTRY,
    REGISTRY_ROLE,
    REPOSITORY,
    SECRET_KEY,
    SERVICE,
    SESSION_TOKEN,
    STRANGER,
    World,
    organization_policy,
    principal_policy,
    task_definition_text,
)
from lambda_function import LambdaFunction


def set_policy(world: World, policy: list[dict[str, Any]] | None) -> None:
    world.front.ecr.set_policy(REGISTRY, REGION, REPOSITORY, policy)


@pytest.mark.parametrize("policy", [organization_policy(), principal_policy(f"arn:aws:iam::{PROD}:root"),
                                    principal_policy(FUNCTION_ROLE)], ids=["organization", "root", "role"])
def test_a_policy_that_admits_the_role(world: World, slipway: LambdaFunction, policy: list[dict[str, Any]]) -> None:
    set_policy(world, policy)
    sent = event()
    check_deployed(world, sent, slipway.invoke(sent))


@pytest.mark.parametrize("policy", [
    None, organization_policy("o-somebodyelse"), principal_policy(f"arn:aws:iam::{STRANGER}:root"),
    [*organization_policy(), {"Effect": "Deny", "Principal": {"AWS": FUNCTION_ROLE}, "Action": "ecr:*"}]],
    ids=["none", "another organization", "another account", "deny"])
def test_a_policy_that_does_not(world: World, slipway: LambdaFunction, policy: list[dict[str, Any]] | None) -> None:
    set_policy(world, policy)
    refused = check_refused(slipway.invoke(event()), "RegistryAccessDenied")
    assert REPOSITORY in refused["message"] and REGISTRY in refused["message"]
    assert "policy" in refused["remedy"]
    check_untouched(world)


def test_the_side_that_denies_is_told(world: World, slipway: LambdaFunction) -> None:
    set_policy(world, None)
    resource = check_refused(slipway.invoke(event()), "RegistryAccessDenied")
    set_policy(world, organization_policy())
    world.function_role.policy = [one for one in world.function_role.policy if "ecr:DescribeImages" not in one["Action"]]
    identity = check_refused(slipway.invoke(event()), "RegistryAccessDenied")
    assert resource["remedy"] != identity["remedy"]
    check_untouched(world)


def test_a_policy_that_lets_only_pull(world: World, slipway: LambdaFunction) -> None:
    set_policy(world, [{**principal_policy(PROD)[0], "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]}])
    refused = check_refused(slipway.invoke(event()), "RegistryAccessDenied")
    assert "ecr:DescribeImages" in refused["message"] + refused["remedy"]
    check_untouched(world)


def test_a_tag_that_does_not_exist_is_refused_with_its_neighbours(world: World, slipway: LambdaFunction) -> None:
    refused = check_refused(slipway.invoke(event(service="backend", tag="git-abc123e")), "ImageNotFound")
    for part in ("git-abc123e", REPOSITORY, REGISTRY):
        assert part in refused["message"]
    assert "git-abc123f" in refused["message"] + refused["remedy"]
    check_untouched(world)


def test_the_neighbours_are_a_courtesy(world: World, slipway: LambdaFunction) -> None:
    world.front.rules.add(faults.throttle(), "ecr:DescribeImages", nth=2, times=0)
    check_refused(slipway.invoke(event(service="backend", tag="git-none000")), "ImageNotFound")
    check_untouched(world)


def test_a_digest_that_does_not_exist(world: World, slipway: LambdaFunction) -> None:
    digest = "sha256:" + "0" * 64
    refused = check_refused(slipway.invoke(event(service="backend", digest=digest)), "ImageNotFound")
    assert digest in refused["message"]
    check_untouched(world)


def test_an_archived_image_cannot_be_pulled(world: World, slipway: LambdaFunction) -> None:
    world.front.ecr.archive(world.images["git-abc123f"])
    check_refused(slipway.invoke(event()), "ImageNotFound")
    check_untouched(world)


def test_a_repository_that_does_not_exist(world: World, functions: Functions) -> None:
    world.function_role.policy = [*world.function_role.policy, {"Effect": "Allow", "Action": "ecr:*", "Resource": "*"}]
    refused = check_refused(functions(ECR_ACCOUNT_ID=STRANGER).invoke(event()), "RepositoryNotFound")
    assert REPOSITORY in refused["message"] and STRANGER in refused["message"]
    check_untouched(world)


def test_the_own_registry(world: World, functions: Functions) -> None:
    world.front.ecr.create(PROD, REGION, REPOSITORY)
    world.push("git-abc123f", account=PROD)
    world.function_role.policy = [*world.function_role.policy, {
        "Effect": "Allow", "Action": ["ecr:DescribeImages", "ecr:BatchGetImage"],
        "Resource": f"arn:aws:ecr:{REGION}:{PROD}:repository/{REPOSITORY}"}]
    world.register(task_definition_text().replace(REGISTRY, PROD))
    answer = functions(ECR_STRATEGY="local", ECR_ACCOUNT_ID=None, ECR_ACCOUNT_REGION=None).invoke(event())
    assert answer.change["status"] == "deployed", answer.json
    assert world.running().images[SERVICE] == reference(world, account=PROD)
    assert {call.account for call in world.front.calls} == {PROD}


def test_another_region(world: World, functions: Functions) -> None:
    world.front.ecr.create(REGISTRY, "eu-west-1", REPOSITORY)
    world.front.ecr.set_policy(REGISTRY, "eu-west-1", REPOSITORY, organization_policy())
    world.push("git-eu00001", region="eu-west-1")
    world.register(task_definition_text().replace("ecr.us-east-1", "ecr.eu-west-1"))
    answer = functions(ECR_ACCOUNT_REGION="eu-west-1").invoke(event(service="backend", tag="git-eu00001"))
    assert answer.change["status"] == "deployed", answer.json
    assert world.running().images[SERVICE] == reference(world, "git-eu00001", region="eu-west-1")
    assert {call.region for call in world.front.calls if call.service == "ecr"} == {"eu-west-1"}
    assert {call.region for call in world.front.calls if call.service == "ecs"} == {"us-east-1"}


def test_a_role_of_the_registry_is_assumed_once(world: World, functions: Functions) -> None:
    set_policy(world, None)
    function = functions.fresh(ECR_ROLE_ARN=REGISTRY_ROLE)
    sent = event()
    check_deployed(world, sent, function.invoke(sent))
    assert {call.role for call in world.front.calls if call.service == "ecr"} == {REGISTRY_ROLE}
    world.push("git-abc124f")
    assert function.invoke(event(service="backend", tag="git-abc124f")).change["status"] == "deployed"
    assert world.front.calls.names().count("sts:AssumeRole") == 1


def test_an_assumed_role_that_expired_is_assumed_again(world: World, functions: Functions) -> None:
    set_policy(world, None)
    function = functions.fresh(ECR_ROLE_ARN=REGISTRY_ROLE)
    function.invoke(event())
    for key in world.front.iam.keys.values():
        if key.principal.role_arn == REGISTRY_ROLE:
            key.expires_at = world.front.clock.now() - 1
    world.push("git-abc124f")
    assert function.invoke(event(service="backend", tag="git-abc124f")).change["status"] == "deployed"
    assert world.front.calls.names().count("sts:AssumeRole") == 2


@pytest.mark.parametrize("side", ["trust", "permission"])
def test_a_role_that_may_not_be_assumed(world: World, functions: Functions, side: str) -> None:
    if side == "trust":
        world.front.iam.roles[REGISTRY_ROLE].trust = []
    else:
        world.function_role.policy = [one for one in world.function_role.policy if one["Action"] != "sts:AssumeRole"]
    answer = functions.fresh(ECR_ROLE_ARN=REGISTRY_ROLE).invoke(event())
    assert REGISTRY_ROLE in str(answer.json)
    if not answer.is_error:
        check_refused(answer, "RegistryAccessDenied")
    else:
        assert answer.error_type == "Function.AccessDenied"
    check_untouched(world)


def test_the_organization_is_the_callers(world: World, slipway: LambdaFunction) -> None:
    """The account has left the organization."""
    world.function_role.org_id = ""
    world.front.add_key(ACCESS_KEY, SECRET_KEY, world.function_role.session("slipway"), SESSION_TOKEN)
    check_refused(slipway.invoke(event()), "RegistryAccessDenied")
    check_untouched(world)
