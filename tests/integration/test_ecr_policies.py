"""What `slipway ecr` prints, carried out: the policies admit who they should and nobody else, and what --check tells of
a lifecycle policy is so."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from command_line import Ran, program, run
from front import Front
from front.iam import ALLOW_ALL, Principal, Role, Statement, decide, principal_context
from front.seed import DEV, ORG, PROD, REGION, REGISTRY, REPOSITORY, SERVICE, STAGING, STRANGER, World
from front.tasks import Task
from lambda_function import environment

pytestmark = pytest.mark.skipif(program() is None, reason="there is no slipway beside SLIPWAY_BOOTSTRAP")

IMAGE = f"arn:aws:ecr:{REGION}:{REGISTRY}:repository/{REPOSITORY}"
EXECUTION = f"arn:aws:iam::{PROD}:role/myproject_execution_prod"
PULL = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
LOOK = ["ecr:DescribeImages", "ecr:DescribeRepositories", "ecr:GetLifecyclePolicy", "ecr:GetRepositoryPolicy"]
# What nobody but the registry's own account may, whatever it is asked for.
NEVER = ["ecr:PutImage", "ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload",
         "ecr:BatchDeleteImage", "ecr:DeleteRepository", "ecr:SetRepositoryPolicy", "ecr:DeleteRepositoryPolicy",
         "ecr:PutLifecyclePolicy", "ecr:PutImageTagMutability", "ecr:TagResource", "ecr:ReplicateImage",
         "ecr:CreateRepository", "ecr:DeleteLifecyclePolicy", "ecr:StartLifecyclePolicyPreview", "ecr:ListImages"]
ORG_ACCOUNTS = [PROD, DEV, STAGING]
# Which accounts each policy lets pull, when they allow it to their own roles.
TRUST: list[tuple[list[str], list[str]]] = [
    (["--org", ORG], ORG_ACCOUNTS),
    (["--org", "o-0therother"], []),
    (["--account", PROD], [PROD]),
    (["--account", f"{PROD},{STRANGER}"], [PROD, STRANGER]),
    (["--org", ORG, "--account", STRANGER], [*ORG_ACCOUNTS, STRANGER]),
    (["--account", DEV, "--lambda", "--project", "myproject"], [DEV]),
]


def printed(*words: str) -> Any:
    ran = run({"AWS_REGION": REGION}, "ecr", *words)
    assert ran.status == 0, ran
    return ran.json


def statements(*words: str) -> list[Statement]:
    policy = printed(*words)
    assert policy["Version"] == "2012-10-17" and set(policy) == {"Version", "Statement"}
    return list(policy["Statement"])


def admin(account: str) -> Principal:
    arn = f"arn:aws:iam::{account}:user/admin"
    return Principal(account, arn, arn, "" if account == STRANGER else ORG)


def may(world: World, who: Principal, action: str, policy: list[Statement], resource: str = IMAGE) -> bool:
    try:
        world.front.iam.authorize(who, action, resource, resource_policy=policy, owner=REGISTRY)
    except Exception as error:
        assert "is not authorized to perform" in str(error), error
        return False
    return True


@pytest.mark.parametrize(("words", "admitted"), TRUST, ids=lambda value: " ".join(value))
def test_a_repositorys_policy_admits_those_and_nobody_else(world: World, words: list[str], admitted: list[str]) -> None:
    policy = statements("policy", *words)
    for account in (*ORG_ACCOUNTS, STRANGER):
        for action in PULL + LOOK:
            assert may(world, admin(account), action, policy) == (account in admitted), (account, action)
        for action in NEVER:
            assert not may(world, admin(account), action, policy), (account, action)
    # The registry's own account needs no policy, and loses nothing by one.
    assert all(may(world, admin(REGISTRY), action, policy) for action in PULL + LOOK + NEVER)


def test_no_statement_admits_everybody(world: World) -> None:
    for words, _ in TRUST:
        for one in statements("policy", *words):
            assert one["Effect"] == "Allow" and set(one["Action"]) <= set(PULL + LOOK)
            principal = one["Principal"]
            if principal == "*" or "Service" in principal:
                assert one["Condition"] and all(value and "*" != value for test in one["Condition"].values()
                                                for values in test.values() for value in values)
            else:
                assert all(arn.startswith("arn:aws:iam::") and "*" not in arn for arn in principal["AWS"])


def test_a_given_role_and_no_other_of_its_account(world: World) -> None:
    policy = statements("policy", "--role", EXECUTION)
    for name in ("myproject_execution_prod", "myproject_task_prod"):
        world.front.add_role(Role(f"arn:aws:iam::{PROD}:role/{name}", ALLOW_ALL, org_id=ORG))
    given, other = (world.front.iam.roles[f"arn:aws:iam::{PROD}:role/{name}"].session("x")
                    for name in ("myproject_execution_prod", "myproject_task_prod"))
    assert all(may(world, given, action, policy) for action in PULL + LOOK)
    assert not any(may(world, given, action, policy) for action in NEVER)
    for who in (other, admin(PROD), admin(DEV), admin(STRANGER)):
        assert not any(may(world, who, action, policy) for action in PULL + LOOK + NEVER)


def test_lambda_pulls_for_the_accounts_functions_alone() -> None:
    policy = statements("policy", "--account", PROD, "--role", f"arn:aws:iam::{DEV}:role/x", "--lambda", "--project", "myproject")
    one, = (one for one in policy if "Service" in one["Principal"])
    assert one["Principal"] == {"Service": "lambda.amazonaws.com"}
    assert set(one["Action"]) == {"ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"}
    # The front knows no principals that are services: what is left is the condition.
    open_to_all = [{**one, "Principal": "*"}]
    nobody = Principal("", "lambda.amazonaws.com", "lambda.amazonaws.com")

    def admits(arn: str | None) -> bool:
        context = {**principal_context(nobody), **({"aws:sourcearn": arn} if arn else {})}
        return decide(open_to_all, nobody, "ecr:BatchGetImage", None, context, identity=False) == "allow"

    for account in (PROD, DEV):
        assert admits(f"arn:aws:lambda:{REGION}:{account}:function:myproject_service_api_prod")
        assert not admits(f"arn:aws:lambda:eu-west-1:{account}:function:myproject_service_api_prod")
        assert not admits(f"arn:aws:lambda:{REGION}:{account}:function:other_service_api_prod")
    assert not admits(f"arn:aws:lambda:{REGION}:{STRANGER}:function:myproject_service_api_prod")
    assert not admits(f"arn:aws:s3:::{PROD}") and not admits(None)


def test_a_pull_needs_both_sides(world: World) -> None:
    """The execution role with the printed policy pulls from the project's repositories, where these admit it."""
    pull = statements("pull-policy", "--registry", REGISTRY, "--project", "myproject")
    role = world.front.add_role(Role(EXECUTION, pull, org_id=ORG))
    who, policy = role.session("task"), statements("policy", "--account", PROD)
    of = f"arn:aws:ecr:{REGION}:{REGISTRY}:repository"
    for name in ("myproject_backend", "myproject_service_api", "myproject_task_report"):
        assert all(may(world, who, action, policy, f"{of}/{name}") for action in PULL)
        assert not any(may(world, who, action, [], f"{of}/{name}") for action in PULL)
        assert not any(may(world, who, action, policy, f"{of}/{name}") for action in NEVER + LOOK)
    for resource in (f"{of}/other_backend", f"{of}/myproject_backend2", f"{of}/myproject",
                     f"arn:aws:ecr:eu-west-1:{REGISTRY}:repository/myproject_backend",
                     f"arn:aws:ecr:{REGION}:{STAGING}:repository/myproject_backend"):
        assert not any(may(world, who, action, policy, resource) for action in PULL), resource
    world.front.iam.authorize(who, "ecr:GetAuthorizationToken", "*")
    role.policy = []
    assert not any(may(world, who, action, policy) for action in PULL)


@pytest.mark.parametrize(("words", "status"), [(["--account", PROD], 0), (["--account", DEV], 3), (["--org", ORG], 0)],
                         ids=lambda value: str(value))
def test_slipway_itself_can_read_what_it_needs(world: World, front: Front, words: list[str], status: int) -> None:
    world.front.ecr.set_policy(REGISTRY, REGION, REPOSITORY, [dict(one) for one in statements("policy", *words)])
    ran = run(environment(front), "plan", "backend", "git-abc123f")
    assert ran.status == status, ran


def test_ecr_takes_the_policies(client: Callable[..., Any]) -> None:
    """moto checks a repository's policy and a lifecycle policy as they are put."""
    ecr = client("ecr", REGISTRY, validate=True)
    for words, _ in TRUST:
        ecr.set_repository_policy(repositoryName=REPOSITORY, policyText=json.dumps(printed("policy", *words)))
    ecr.put_lifecycle_policy(repositoryName=REPOSITORY, lifecyclePolicyText=json.dumps(printed("lifecycle", "--protect", "rel-*")))
    places = printed("replication", "--to", f"{PROD}:{REGION},{REGISTRY}:eu-west-1", "--prefix", "myproject_,shared/")
    ecr.put_replication_configuration(replicationConfiguration=places)
    stranger = client("ecr", STRANGER)
    with pytest.raises(ClientError, match="AccessDenied"):
        stranger.describe_images(registryId=REGISTRY, repositoryName=REPOSITORY)


@pytest.mark.parametrize(("sources", "prefixes"), [([REGISTRY], ["myproject_"]), ([REGISTRY, DEV], ["myproject_", "shared/"])],
                         ids=lambda value: ",".join(value))
def test_a_registry_admits_the_copies_of_given_accounts_alone(sources: list[str], prefixes: list[str]) -> None:
    policy = statements("replication", "--to", f"{PROD}:{REGION}", "--prefix", ",".join(prefixes), "--permission",
                        "--from", ",".join(sources))

    def admits(account: str, action: str, name: str, region: str = REGION) -> bool:
        who, resource = admin(account), f"arn:aws:ecr:{region}:{PROD}:repository/{name}"
        return decide(policy, who, action, resource, principal_context(who), identity=False) == "allow"

    copying = ("ecr:ReplicateImage", "ecr:CreateRepository")
    for account in (REGISTRY, DEV, STAGING, STRANGER):
        for action in copying:
            assert admits(account, action, "myproject_backend") == (account in sources)
            assert admits(account, action, "shared/base") == (account in sources and "shared/" in prefixes)
            assert not admits(account, action, "other_backend")
            assert not admits(account, action, "myproject_backend", "eu-west-1")
        assert not any(admits(account, action, "myproject_backend") for action in NEVER if action not in copying)


# --- lifecycle --check ---

Check = Callable[..., Ran]


@pytest.fixture
def check(front: Front, world: World) -> Check:
    """`slipway ecr lifecycle --check` with the registry's own role, which may do all of it."""
    function = world.function_role
    more = {"Effect": "Allow", "Action": ["ecr:GetLifecyclePolicy", "ecs:ListServices"], "Resource": "*"}
    function.policy = [*function.policy, more]
    admitted = [{"Effect": "Allow", "Principal": {"AWS": PROD}, "Action": ["ecr:*"]}]
    world.front.ecr.set_policy(REGISTRY, REGION, REPOSITORY, admitted)

    def call(*words: str, text: str = "", **variables: str) -> Ran:
        return run({**environment(front), **variables}, "ecr", "lifecycle", "--check", *words, text=text)

    return call


def keep_newest(n: int) -> str:
    selection = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": n}
    return json.dumps({"rules": [{"rulePriority": 1, "description": f"keep {n}", "selection": selection, "action": {"type": "expire"}}]})


def test_without_a_policy_all_stays(check: Check) -> None:
    ran = check("backend")
    assert ran.status == 0 and ran.out.startswith("✓ backend: ") and "stays: no rule matches it" in ran.out, ran


def test_the_repositorys_own_policy(world: World, check: Check, client: Callable[..., Any]) -> None:
    ecr = client("ecr", REGISTRY)
    ecr.put_lifecycle_policy(repositoryName=REPOSITORY, lifecyclePolicyText=keep_newest(100))
    fine = check("backend")
    assert fine.status == 0 and "stays by rule 1" in fine.out, fine
    ecr.put_lifecycle_policy(repositoryName=REPOSITORY, lifecyclePolicyText=keep_newest(1))
    lost = check("backend")
    assert lost.status == 1 and "✗ backend: " in lost.out and "would be expired by rule 1, 'keep 1'" in lost.out, lost
    assert "remedy: " in lost.out
    assert not [call for call in world.front.calls if call.account == PROD and not call.operation.startswith(("Describe", "Get", "List", "BatchGet"))]


def test_a_policy_before_it_is_applied(check: Check, tmp_path: Path) -> None:
    file = tmp_path / "lifecycle.json"
    file.write_text(keep_newest(1), encoding="utf-8")
    assert check("--policy", str(file), "backend").status == 1
    assert check("--policy", "-", "backend", text=keep_newest(50)).status == 0
    assert check("--keep", "50", "backend").status == 0
    lost = check("--keep", "1", "backend")
    assert lost.status == 1 and "'keep the newest 1 of git-*'" in lost.out, lost
    assert check("--keep", "1", "--protect", "git-0ld*", "backend").status == 0
    wrong = check("--policy", "-", "backend", text='{"rules":[]}')
    assert wrong.status == 1 and wrong.out == "" and "1 to 50 'rules'" in wrong.err, wrong


def test_all_services_of_the_environment(world: World, check: Check) -> None:
    world.add_project_service("api")
    admitted = [{"Effect": "Allow", "Principal": {"AWS": PROD}, "Action": ["ecr:*"]}]
    world.front.ecr.set_policy(REGISTRY, REGION, "myproject_service_api", admitted)
    ran = check()
    # Nobody has pushed what the service api runs: git-0ld0001 of its repository.
    assert "✓ backend: " in ran.out and ran.status == 1, ran
    assert "✗ api: git-0ld0001 of myproject_service_api_prod:1 is not in the repository any more" in ran.out, ran


def test_an_image_in_the_archive(world: World, check: Check) -> None:
    running = world.running()
    tag = running.images[SERVICE].rpartition(":")[2]
    image = world.images[tag] if tag in world.images else next(one for one in world.images.values() if one.digest in running.images[SERVICE])
    world.front.ecr.archive(image)
    ran = check("backend")
    assert ran.status == 1 and "is in the archive, and cannot be pulled" in ran.out, ran


def test_a_tag_that_has_moved_since_its_tasks_began(world: World, check: Check) -> None:
    """`latest` is another image by now: what runs is what the tasks pulled, and that one has no tag left to keep it."""
    family, repository = "myproject_service_api_prod", "myproject_service_api"
    world.add_repository(repository)
    admitted = [{"Effect": "Allow", "Principal": {"AWS": PROD}, "Action": ["ecr:*"]}]
    world.front.ecr.set_policy(REGISTRY, REGION, repository, admitted)
    definition = world.add_family(family, repository, "latest")
    world.add_service(family, definition)
    first = world.push("latest", "first", repository=repository, pushed_at=world.front.clock.now() - 3600)
    pulled = {"name": family, "image": definition.images[family], "imageDigest": first.digest, "lastStatus": "RUNNING"}
    world.front.ecs.tasks.all.append(Task(f"arn:aws:ecs:{REGION}:{PROD}:task/{world.cluster}/0a1b", world.cluster_arn,
                                          f"service:{family}", "ecs-svc/1", definition.arn, 0.0, [pulled]))
    same = check("--keep", "1", "api")
    assert same.status == 0 and "latest (sha256:" in same.out and "'s tasks" not in same.out, same
    world.push("latest", "second", repository=repository)
    lost = check("--keep", "1", "api")
    assert lost.status == 1 and "✓ api: latest (sha256:" in lost.out, lost
    assert f"✗ api: {first.digest[:19]} of {family}:1's tasks would be expired by rule 6" in lost.out, lost


def test_what_cannot_be_looked_at_is_no_yes(world: World, front: Front, check: Check) -> None:
    world.front.ecr.set_policy(REGISTRY, REGION, REPOSITORY, None)
    denied = check("backend")
    assert denied.status == 1 and "while looking for its images: " in denied.out and "remedy: " in denied.out, denied
    policy = [dict(one) for one in statements("policy", "--account", PROD)]
    world.front.ecr.set_policy(REGISTRY, REGION, REPOSITORY, policy)
    assert check("backend").status == 0
    # A policy for pulls alone does not show the lifecycle policy: a file does without it.
    for one in policy:
        one["Action"] = [action for action in one["Action"] if action != "ecr:GetLifecyclePolicy"]
    world.front.ecr.set_policy(REGISTRY, REGION, REPOSITORY, policy)
    denied = check("backend")
    assert denied.status == 1 and "GetLifecyclePolicy denied" in denied.out, denied
    assert check("--keep", "50", "backend").status == 0
    unknown = check("nothing")
    assert unknown.status == 1 and "✗ nothing: " in unknown.out, unknown
