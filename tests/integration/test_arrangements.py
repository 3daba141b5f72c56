"""Where registries may live: each folder of examples/ is set up on the front as its files say, and used. Images are
pushed, dev and staging follow, production moves when it is told, and every task can pull what it is to run."""

from __future__ import annotations

import functools
import json
import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from aws_events import aws_event, push
from command_line import Ran, run
from conftest import Functions
from deploys import check_refused, event
from front.core import Front
from front.ecr import Pushed
from front.iam import ALLOW_ALL, Principal, Role, Statement
from front.seed import ADMIN_SECRET, ORG, SECRET_KEY, SESSION_TOKEN, World, access_key, admin_key, function_policy
from front.wire import AwsError
from lambda_function import Answer, LambdaFunction

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
ARRANGEMENTS = sorted(path.parent.name for path in EXAMPLES.glob("*/dev.yaml"))
ENVIRONMENTS = ("dev", "staging", "prod")
# Where builds go, if not to the registry of every environment; the others get copies.
REPLICATED = {"replicated": "dev"}
STRANGER = "999999999999"
OLD, NEW = "git-0ld0001", "git-5e77da0"
# Amazon ECR User Guide, "Private repository policy examples": what a pull asks for.
PULL = ("ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage")
PUSH = ("ecr:PutImage", "ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload")


@dataclass(frozen=True)
class Setting:
    """One file of an example."""

    path: Path
    content: dict[str, Any]

    @property
    def env(self) -> str:
        return str(self.content["env"])

    @property
    def account(self) -> str:
        return str(self.content["account_id"])

    @property
    def region(self) -> str:
        return str(self.content["region"])

    @property
    def is_local(self) -> bool:
        return self.content["ecr_strategy"] == "local"

    @property
    def registry(self) -> tuple[str, str]:
        """(account, region) of the registry that the environment's images come from."""
        if self.is_local:
            return self.account, self.region
        return str(self.content["ecr_account_id"]), str(self.content["ecr_account_region"])

    @property
    def repositories(self) -> dict[str, str]:
        """The repository of each target, by convention."""
        project = self.content["project"]
        return {"backend": f"{project}_backend",
                **{one["name"]: f"{project}_service_{one['name']}" for one in self.content["services"]},
                **{one["name"]: f"{project}_task_{one['name']}" for one in self.content["scheduled_tasks"]}}

    @property
    def tasks(self) -> list[str]:
        return [one["name"] for one in self.content["scheduled_tasks"]]

    def family(self, target: str) -> str:
        project = self.content["project"]
        if target == "backend":
            return f"{project}_service_{self.env}"
        return f"{project}_{'task' if target in self.tasks else 'service'}_{target}_{self.env}"

    def variables(self) -> dict[str, str | None]:
        """The function's environment; None takes away what the tests' other functions have."""
        rendered = json.loads(slipway("config", "render", str(self.path)))
        return {"ECR_ACCOUNT_ID": None, "ECR_ACCOUNT_REGION": None, "AWS_REGION": self.region, **rendered}

    def repository_policy(self) -> list[Statement]:
        """Whom the file trusts, may pull."""
        return statements("ecr", "policy", "--file", str(self.path)) if self.content["ecr_trusted_accounts"] else []

    def pull_policy(self) -> list[Statement]:
        """What an execution role needs."""
        return statements("ecr", "pull-policy", "--file", str(self.path))


def program() -> Path:
    """`slipway`, which is built beside bootstrap."""
    found = Path(os.environ["SLIPWAY_BOOTSTRAP"]).resolve().with_name("slipway")
    if not found.exists():
        pytest.skip(f"{found} is not there")
    return found


@functools.cache
def slipway(*words: str) -> str:
    """What the command prints."""
    passed = {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}
    ran = subprocess.run([program(), *words], capture_output=True, text=True, check=False, timeout=30, env=passed)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def statements(*words: str) -> list[Statement]:
    policy = json.loads(slipway(*words))
    assert policy["Version"] == "2012-10-17"
    found: list[Statement] = policy["Statement"]
    return found


def read(arrangement: str) -> dict[str, Setting]:
    found = [Setting(path, yaml.safe_load(path.read_text())) for path in sorted((EXAMPLES / arrangement).glob("*.yaml"))
             if path.stem in (*ENVIRONMENTS, "build")]
    return {one.env: one for one in found}


class Arrangement:
    """The accounts of an example, with what its files describe, and a function in each environment."""

    def __init__(self, front: Front, functions: Functions, name: str) -> None:
        front.reset()
        self.front, self.name, self.settings = front, name, read(name)
        self.worlds: dict[str, World] = {}
        self.executions: dict[str, Role] = {}
        self.functions: dict[str, LambdaFunction] = {}
        for account in {one.account for one in self.settings.values()} | {STRANGER}:
            arn = f"arn:aws:iam::{account}:user/admin"
            front.add_role(Role(arn, ALLOW_ALL, org_id="" if account == STRANGER else ORG))
            front.add_key(admin_key(account), ADMIN_SECRET, Principal(account, arn, arn, ORG))
        for one in self.settings.values():
            self._add_registry(one)
        for env in ENVIRONMENTS:
            self._add_environment(self.settings[env])
            one, world = self.settings[env], self.worlds[env]
            self.functions[env] = functions.fresh(**{**world.variables(), **one.variables()})
        front.calls.clear()

    def _add_registry(self, one: Setting) -> None:
        """Repositories of who has a registry; environments of one account have it together."""
        if not one.is_local:
            return
        for repository in one.repositories.values():
            if self.front.ecr.find_image(one.account, one.region, repository, None, OLD):
                continue
            self.front.ecr.create(one.account, one.region, repository)
            self.front.ecr.push(one.account, one.region, repository, [OLD], f"{repository} {OLD}",
                                pushed_at=self.front.clock.now() - 86400)
            policy = [dict(statement) for statement in one.repository_policy()]
            if policy:
                self.front.ecr.set_policy(one.account, one.region, repository, policy)

    def _add_environment(self, one: Setting) -> None:
        front, registry = self.front, one.registry[0]
        world = self.worlds[one.env] = World(front, {}, one.account, one.env)
        role = front.add_role(Role(world.role("slipway"), function_policy(registry, one.account, one.env), org_id=ORG))
        front.add_key(access_key(one.env), SECRET_KEY, role.session("slipway"), SESSION_TOKEN)
        self.executions[one.env] = front.add_role(Role(world.role("execution"), one.pull_policy(), org_id=ORG))
        front.ecs.services.create_cluster(one.account, one.region, world.cluster)
        for target, repository in one.repositories.items():
            family = one.family(target)
            image = f"{registry}.dkr.ecr.{one.registry[1]}.amazonaws.com/{repository}:{OLD}"
            definition = world.register(json.dumps({
                "family": family, "executionRoleArn": world.role("execution"),
                "containerDefinitions": [{"name": family, "image": image, "memory": 256, "essential": True}]}))
            if target in one.tasks:
                front.events.add_rule(one.account, one.region, family, [{
                    "Id": target, "Arn": world.cluster_arn, "RoleArn": world.role("events"),
                    "EcsParameters": {"TaskDefinitionArn": definition.arn, "TaskCount": 1}}])
            else:
                world.add_service(family, definition)

    # What people and workflows do.

    def push(self, registry: tuple[str, str], repository: str, tag: str = NEW) -> Pushed:
        """A build: one image, with a tag of its own and as the latest one."""
        return self.front.ecr.push(*registry, repository, [tag, "latest"], f"{repository} {tag}")

    def hear(self, sent: dict[str, Any]) -> dict[str, str]:
        """Every function is given the event, if EventBridge would bring it there or not; what each says."""
        return {env: function.invoke(sent).json["status"] for env, function in self.functions.items()}

    def put(self, client: Callable[..., Any], env: str, source: str, detail: dict[str, Any]) -> dict[str, Answer]:
        """`aws events put-events` in the environment's account: what the functions of that account answer."""
        one = self.settings[env]
        answer = client("events", one.account).put_events(Entries=[
            {"Source": source, "DetailType": "DEPLOY", "Detail": json.dumps(detail)}])
        assert answer["FailedEntryCount"] == 0, answer
        taken = self.front.events.put[-1]
        sent = event(_id=taken.id, _source=taken.source, _type=taken.detail_type, _account=taken.account, **taken.detail)
        return {other: function.invoke(sent) for other, function in self.functions.items()
                if self.settings[other].account == one.account}

    def command(self, env: str, *words: str) -> Ran:
        """`slipway` of a person in the environment's account, who names it by its file."""
        one = self.settings[env]
        keys = {"AWS_ACCESS_KEY_ID": admin_key(one.account), "AWS_SECRET_ACCESS_KEY": ADMIN_SECRET}
        return run({"AWS_ENDPOINT_URL": self.front.url, **keys}, *words, "--config", str(one.path))

    # What there is afterwards.

    def image(self, env: str, target: str) -> str:
        """What the environment runs: a service's tasks, and what a task's rule will start."""
        one, world = self.settings[env], self.worlds[env]
        family = one.family(target)
        if target not in one.tasks:
            return world.running(family).images[family]
        (rule,) = [rule for rule in self.front.events.place(one.account, one.region).rules if rule.name == family]
        arn = rule.targets[0]["EcsParameters"]["TaskDefinitionArn"]
        found = self.front.ecs.task_definitions.find(one.account, one.region, arn)
        assert found is not None
        return found.images[family]

    def expected(self, env: str, target: str, digest: str) -> str:
        account, region = self.settings[env].registry
        return f"{account}.dkr.ecr.{region}.amazonaws.com/{self.settings[env].repositories[target]}@{digest}"

    def check_pulls(self, env: str) -> None:
        """The execution role gets every layer of what runs: its own policy says so, and the repository's."""
        for target in self.settings[env].repositories:
            pull(self.front, self.executions[env], self.image(env, target))


def split(image: str) -> tuple[str, str, str, str | None, str | None]:
    """Account, region, repository, digest, tag."""
    host, _, path = image.partition("/")
    name, at, digest = path.partition("@")
    name, _, tag = name.partition(":")
    return host.split(".")[0], host.split(".")[3], name, digest if at else None, tag or None


def pull(front: Front, role: Role, image: str) -> None:
    """What ECS does for a task; AccessDeniedException by whichever side does not allow it."""
    account, region, repository, digest, tag = split(image)
    who = role.session("ecs-task")
    front.iam.authorize(who, "ecr:GetAuthorizationToken", "*")
    for action in PULL:
        front.iam.authorize(who, action, f"arn:aws:ecr:{region}:{account}:repository/{repository}")
        if account != role.account and not front.ecr.admits(account, region, repository, who, action):
            raise AwsError("AccessDeniedException", f"the policy of {repository} does not admit {role.arn} to {action}")
    assert front.ecr.find_image(account, region, repository, digest, tag), f"{image} is not there"


@pytest.fixture(params=ARRANGEMENTS)
def arrangement(request: pytest.FixtureRequest, front: Front, functions: Functions) -> Arrangement:
    return Arrangement(front, functions, request.param)


def registries(arrangement: Arrangement) -> list[tuple[str, str]]:
    """Where builds are pushed: into each registry, once."""
    if arrangement.name in REPLICATED:
        return [arrangement.settings[REPLICATED[arrangement.name]].registry]
    return sorted({arrangement.settings[env].registry for env in ENVIRONMENTS})


def replicate(arrangement: Arrangement, image: Pushed, repository: str) -> list[dict[str, Any]]:
    """ECR copies what was pushed, with both tags, and says so in the other accounts. Events by tag."""
    told: list[dict[str, Any]] = []
    origin = arrangement.settings[REPLICATED[arrangement.name]]
    for one in arrangement.settings.values():
        if one.registry == origin.registry:
            continue
        assert arrangement.push(one.registry, repository).digest == image.digest
        for tag in (NEW, "latest"):
            detail = {"result": "SUCCESS", "repository-name": repository, "image-digest": image.digest,
                      "source-account": origin.account, "action-type": "REPLICATE", "source-region": origin.region,
                      "image-tag": tag}
            arn = f"arn:aws:ecr:{one.region}:{one.account}:repository/{repository}"
            told.append(aws_event("aws.ecr", "ECR Replication Action", one.account, detail, [arn]))
    return told


class _Template(yaml.SafeLoader):
    """CloudFormation's functions are passed over."""


_Template.add_multi_constructor("!", lambda loader, _, node: loader.construct_scalar(node)  # type: ignore[no-untyped-call]
                                if isinstance(node, yaml.ScalarNode) else None)


def transformed(arrangement: Arrangement, sent: dict[str, Any]) -> dict[str, Any]:
    """What the rule of the example makes of a Replication Action. Amazon EventBridge User Guide, "Input transformation"."""
    template = yaml.load((EXAMPLES / arrangement.name / "follow-replication.yaml").read_text(), _Template)  # noqa: S506
    (target,) = template["Resources"]["ReplicationRule"]["Properties"]["Targets"]
    text = str(target["InputTransformer"]["InputTemplate"])
    for name, path in target["InputTransformer"]["InputPathsMap"].items():
        value: Any = sent
        for part in path.removeprefix("$.").split("."):
            value = value[part]
        assert f"<{name}>" in text
        text = text.replace(f"<{name}>", json.dumps(value))
    made: dict[str, Any] = json.loads(text)
    return made


def follow(arrangement: Arrangement, target: str) -> str:
    """Builds the target's image and pushes it wherever builds go; checks who moved by that. Returns the digest."""
    digests = set()
    for registry in registries(arrangement):
        repository = arrangement.settings["prod"].repositories[target]
        image = arrangement.push(registry, repository)
        digests.add(image.digest)
        here = {env for env in ("dev", "staging") if arrangement.settings[env].registry == registry}
        for tag, status in ((NEW, "ignored"), ("latest", "deployed")):
            heard = arrangement.hear(push(image, tag, repository, *registry))
            assert heard == {env: status if env in here else "ignored" for env in ENVIRONMENTS}, (registry, tag)
        if arrangement.name in REPLICATED:
            for told in replicate(arrangement, image, repository):
                staging = arrangement.settings["staging"]
                is_latest = told["detail"]["image-tag"] == "latest"
                if told["account"] == staging.account:
                    answer = arrangement.functions["staging"].invoke(transformed(arrangement, told))
                    assert answer.json["status"] == ("deployed" if is_latest else "ignored"), answer.json
    (digest,) = digests
    return digest


def test_there_are_the_arrangements_of_the_guide_and_the_others() -> None:
    assert set(ARRANGEMENTS) == {"centralized-dev", "isolated-production", "per-environment", "registry-in-production",
                                 "build-account", "one-account", "two-accounts", "replicated"}
    for name in ARRANGEMENTS:
        assert set(ENVIRONMENTS) <= set(read(name)) <= {*ENVIRONMENTS, "build"}
        assert all(one.path.stem == one.env and one.content["schema_version"] == 10 for one in read(name).values())
        assert (EXAMPLES / name / "README.md").is_file()


def test_slipway_finds_nothing_wrong_and_nothing_to_migrate(functions: Functions) -> None:
    for name in ARRANGEMENTS:
        files = [str(one.path) for one in read(name).values()]
        assert slipway("config", "check", *files) == f"{len(files)} files: no problems\n"
        before = {path: path.read_bytes() for path in (EXAMPLES / name).iterdir()}
        slipway("config", "migrate", *files)
        assert {path: path.read_bytes() for path in (EXAMPLES / name).iterdir()} == before, "nor is a backup left"


@pytest.mark.parametrize("name", ARRANGEMENTS)
def test_policies_are_the_same_by_the_file_and_by_its_accounts(functions: Functions, name: str) -> None:
    for one in read(name).values():
        account, region = one.registry
        assert one.pull_policy() == statements("ecr", "pull-policy", "--registry", account, "--region", region, "--project", "myproject")
        trusted = list(dict.fromkeys(str(item["account_id"]) for item in one.content["ecr_trusted_accounts"]))
        if trusted:
            assert one.repository_policy() == statements("ecr", "policy", "--account", ",".join(trusted), "--region", one.region)


def deployed_registries(readme: str) -> set[tuple[str, str, str]]:
    """Repositories, trusted accounts, accounts that hear of pushes: of each infra/registry.yaml that the README sets up."""
    found = set()
    for block in re.findall(r"```sh\n(.*?)```", readme, re.DOTALL):
        if "infra/registry.yaml" in block:
            given = dict(word.split("=", 1) for word in block.split() if "=" in word)
            assert given.pop("ProjectName") == "myproject"
            found.add((given.pop("RepositoryNames"), given.pop("TrustedAccounts", ""), given.pop("ForwardToBuses", "")))
            assert not given
    return found


def registry_parameters(settings: dict[str, Setting]) -> dict[tuple[str, str], dict[str, str]]:
    """What infra/registry.yaml has to be given, for each registry: of the files."""
    found = {}
    for one in settings.values():
        if not one.is_local:
            continue
        trusted = sorted({str(item["account_id"]) for item in one.content["ecr_trusted_accounts"]})
        following = sorted({settings[env].account for env in ("dev", "staging")} & set(trusted))
        found[one.registry] = {
            "RepositoryNames": ",".join(repository.removeprefix("myproject_") for repository in one.repositories.values()),
            "TrustedAccounts": ",".join(trusted),
            "ForwardToBuses": ",".join(f"arn:aws:events:{one.region}:{account}:event-bus/default" for account in following)}
    return found


@pytest.mark.parametrize("name", ARRANGEMENTS)
def test_what_the_readme_sets_up_is_what_the_files_say(name: str) -> None:
    settings = read(name)
    wanted = registry_parameters(settings)
    for place, given in wanted.items():
        pulling = {other.account for other in settings.values() if other.registry == place and other.account != place[0]}
        assert given["TrustedAccounts"] == ",".join(sorted(pulling))
    readme = (EXAMPLES / name / "README.md").read_text()
    assert deployed_registries(readme) == {tuple(given.values()) for given in wanted.values()}
    assert all(f"({one.path.name})" in readme for one in settings.values())


def test_each_arrangement_is_to_be_found_once() -> None:
    """In the table of examples/README.md, with where the images live and who pulls from there."""
    rows = [re.split(r" \| ", line.strip("| ")) for line in (EXAMPLES / "README.md").read_text().splitlines()
            if re.match(r"\| .*\]\([a-z-]+\) \|", line)]
    assert sorted(re.findall(r"\(([a-z-]+)\)", row[1])[0] for row in rows) == ARRANGEMENTS
    for _, folder, _, pulling in rows:
        settings = read(re.findall(r"\(([a-z-]+)\)", folder)[0])
        crossing = [env for env in ENVIRONMENTS if settings[env].registry[0] != settings[env].account]
        accounts = {one.account for one in settings.values()}
        assert pulling == ("the other account" if crossing and len(accounts) == 2 else ", ".join(crossing) or "nobody"), folder


def test_the_documents_table_is_what_the_files_say() -> None:
    text = (EXAMPLES.parent / "docs" / "choosing-a-strategy.md").read_text()
    rows = {row[0]: row[1:] for row in re.findall(r"^\| ([a-z-]+) \| (\w+(?:: \w+)?) \| (\w+(?:: \w+)?) \| (\w+(?:: \w+)?) \|", text, re.MULTILINE)
            if row[1].split(":")[0] in ("local", "cross_account")}
    wanted = {}
    for name in ARRANGEMENTS:
        settings = read(name)
        owner = {one.registry: one.env for one in settings.values() if one.is_local}
        wanted[name] = tuple("local" if settings[env].is_local else f"cross_account: {owner[settings[env].registry]}"
                             for env in ENVIRONMENTS)
    assert rows == wanted


def test_a_push_moves_dev_and_staging_and_an_event_production(arrangement: Arrangement, client: Callable[..., Any],
                                                              figures: list[str]) -> None:
    targets = list(arrangement.settings["prod"].repositories)
    before = {target: arrangement.image("prod", target) for target in targets}
    digests = {target: follow(arrangement, target) for target in targets}
    for env in ("dev", "staging"):
        for target in targets:
            assert arrangement.image(env, target) == arrangement.expected(env, target, digests[target])
        arrangement.check_pulls(env)
    # Production has not moved, and its function has not even asked.
    assert {target: arrangement.image("prod", target) for target in targets} == before
    role = arrangement.worlds["prod"].role("slipway")
    assert not [call for call in arrangement.front.calls if call.role == role]
    for target in targets:
        answers = arrangement.put(client, "prod", "action.production", {"service": target, "tag": NEW})
        assert answers.pop("prod").change["status"] == "deployed"
        assert {answer.json["status"] for answer in answers.values()} <= {"ignored"}
        assert arrangement.image("prod", target) == arrangement.expected("prod", target, digests[target])
    arrangement.check_pulls("prod")
    assert not [call for call in arrangement.front.calls if call.error]
    for env in ENVIRONMENTS:
        status = arrangement.command(env, "status", "--json")
        runs = {one["service"]: (one["tag"], one["digest"]) for one in status.json}
        assert runs == {target: (NEW if env == "prod" else "latest", digests[target]) for target in targets}, status
    pushed = ", ".join(account for account, _ in registries(arrangement))
    crossing = [env for env in ENVIRONMENTS if arrangement.settings[env].registry[0] != arrangement.settings[env].account]
    figures.append(f"{arrangement.name}: {NEW} and latest of {len(targets)} repositories pushed to {pushed}: dev and staging deployed, "
                   f"prod untouched; put-events action.production: prod deployed; slipway status: one digest in all three; "
                   f"pulls across accounts, allowed by both policies: {', '.join(crossing) or 'none'}")


def test_a_lifecycle_is_checked_where_the_images_run(arrangement: Arrangement) -> None:
    """The build that dev and staging have moved to pushes out production's, whoever has the registry."""
    for registry in registries(arrangement):
        arrangement.push(registry, "myproject_backend")
    if arrangement.name in REPLICATED:
        arrangement.push(arrangement.settings["prod"].registry, "myproject_backend")
    lost = arrangement.command("prod", "ecr", "lifecycle", "--check", "--keep", "1", "backend")
    assert lost.status == 1 and f"{OLD} (sha256:" in lost.out and "would be expired by rule 5" in lost.out, lost
    kept = arrangement.command("prod", "ecr", "lifecycle", "--check", "--keep", "2")
    assert kept.status == 0 and kept.out.count("✓") == len(arrangement.settings["prod"].repositories), kept


def test_production_can_be_told_of_latest_by_nobody(arrangement: Arrangement, client: Callable[..., Any]) -> None:
    for registry in registries(arrangement):
        arrangement.push(registry, "myproject_backend")
    answers = arrangement.put(client, "prod", "action.production", {"service": "backend", "tag": "latest"})
    check_refused(answers["prod"], "TagNotAllowed")


def test_registries_admit_who_is_trusted_and_nobody_to_push(arrangement: Arrangement) -> None:
    """Every environment by its own execution role; a role that is only called so in another account, never."""
    front = arrangement.front
    stranger = front.add_role(Role(f"arn:aws:iam::{STRANGER}:role/myproject_execution_prod", ALLOW_ALL))
    everyone = [*arrangement.executions.values(), stranger]
    for role in everyone:
        role.policy = ALLOW_ALL  # so that the repository alone decides
    readers = {one.registry: {other.account for other in arrangement.settings.values() if other.registry == one.registry}
               for one in arrangement.settings.values()}
    for (account, region), accounts in readers.items():
        for repository in arrangement.settings["prod"].repositories.values():
            image = f"{account}.dkr.ecr.{region}.amazonaws.com/{repository}:{OLD}"
            for role in everyone:
                if role.account in accounts:
                    pull(front, role, image)
                else:
                    with pytest.raises(AwsError, match="policy"):
                        pull(front, role, image)
                if role.account != account:
                    who = role.session("x")
                    assert not [action for action in PUSH if front.ecr.admits(account, region, repository, who, action)]


def test_without_either_policy_there_is_no_pull(arrangement: Arrangement, client: Callable[..., Any]) -> None:
    """Across accounts both sides have to say yes; slipway says which does not, before a task fails of it."""
    front, prod = arrangement.front, arrangement.settings["prod"]
    role, image = arrangement.executions["prod"], arrangement.image("prod", "backend")
    pull(front, role, image)
    own, role.policy = role.policy, [one for one in role.policy if one["Action"] == "ecr:GetAuthorizationToken"]
    with pytest.raises(AwsError, match="identity-based policy"):
        pull(front, role, image)
    role.policy = own
    account, region = prod.registry
    if account == prod.account:
        return
    arrangement.push(prod.registry, "myproject_backend")
    front.ecr.set_policy(account, region, "myproject_backend", None)
    with pytest.raises(AwsError, match="policy of myproject_backend"):
        pull(front, role, image)
    answers = arrangement.put(client, "prod", "action.production", {"service": "backend", "tag": NEW})
    refused = check_refused(answers["prod"], "RegistryAccessDenied")
    assert account in refused["message"] and "policy" in refused["remedy"]
    assert arrangement.image("prod", "backend") == image


def test_an_environment_hears_its_own_registry_alone(front: Front, functions: Functions) -> None:
    """A push elsewhere moves nobody, though it has the same name and the same tag."""
    one = Arrangement(front, functions, "per-environment")
    image = one.push(one.settings["dev"].registry, "myproject_backend")
    assert one.hear(push(image, account=one.settings["staging"].account))["dev"] == "ignored"
    assert set(one.hear(push(image, account=STRANGER)).values()) == {"ignored"}


def test_from_one_registry_to_another(front: Front, functions: Functions, client: Callable[..., Any]) -> None:
    """The first deploy from a new registry has to be told which container it is, as docs/choosing-a-strategy.md has it."""
    one = Arrangement(front, functions, "isolated-production")
    prod, world = one.settings["prod"], one.worlds["prod"]
    family = prod.family("backend")
    account, region = one.settings["dev"].registry
    image = f"{account}.dkr.ecr.{region}.amazonaws.com/myproject_backend:{OLD}"
    world.register(json.dumps({"family": family, "executionRoleArn": world.role("execution"), "containerDefinitions": [
        {"name": family, "image": image, "memory": 256, "essential": True}]}))
    pushed = one.push(prod.registry, "myproject_backend")
    asked = {"service": "backend", "tag": NEW}
    check_refused(one.put(client, "prod", "action.production", asked)["prod"], "ContainerNotFound")
    variables = {**world.variables(), **prod.variables()}
    services = {**json.loads(str(variables["ECS_SERVICE_MAP"])), "backend": {"container": family}}
    one.functions["prod"] = functions.fresh(**{**variables, "ECS_SERVICE_MAP": json.dumps(services)})
    answer = one.put(client, "prod", "action.production", asked)["prod"]
    assert answer.change["status"] == "deployed" and one.image("prod", "backend") == one.expected("prod", "backend", pushed.digest)
