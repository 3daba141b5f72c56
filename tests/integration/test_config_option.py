"""`slipway … --config prod.yaml`: an environment file in place of the function's variables."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from command_line import Ran, program, run
from deploys import reference
from front import Front
from front.seed import ADMIN_SECRET, DEV, PROD, REGION, REGISTRY, SERVICE, World, admin_key

pytestmark = pytest.mark.skipif(program() is None, reason="there is no slipway beside SLIPWAY_BOOTSTRAP")
TAG = "git-abc123f"
FILE = f"""\
project: myproject
env: prod
region: {REGION}
account_id: "{PROD}"
schema_version: 10
ecr_strategy: "cross_account"
ecr_account_id: "{REGISTRY}"
ecr_account_region: "{REGION}"
"""

Slipway = Callable[..., Ran]


@pytest.fixture
def slipway(front: Front, world: World, tmp_path: Path) -> Slipway:
    file = tmp_path / "prod.yaml"
    file.write_text(FILE, encoding="utf-8")

    def call(*words: str, account: str = PROD, **more: str) -> Ran:
        variables = {"AWS_ACCESS_KEY_ID": admin_key(account), "AWS_SECRET_ACCESS_KEY": ADMIN_SECRET,
                     "AWS_ENDPOINT_URL": front.url, "AWS_CA_BUNDLE": front.ca_path or ""}
        return run({**variables, **more}, *words, "--config", str(file))

    return call


def test_the_file_is_enough(world: World, slipway: Slipway) -> None:
    assert slipway("plan", "backend", TAG).status == 0 and len(world.revisions()) == 1
    done = slipway("deploy", "--yes", "--no-wait", "backend", TAG)
    assert done.status == 0 and done.err == "", done
    assert world.running().images[SERVICE] == reference(world)
    shown = slipway("status", "--json")
    assert shown.status == 0 and TAG in shown.out, shown
    told = slipway("history", "backend")
    assert told.status == 0 and TAG in told.out, told


def test_credentials_of_another_account(world: World, slipway: Slipway) -> None:
    """Services are called alike everywhere: what is meant for one account is not done in another."""
    wrong = slipway("deploy", "--yes", "backend", TAG, account=DEV)
    assert wrong.status == 1 and DEV in wrong.err and PROD in wrong.err and "use credentials of" in wrong.err, wrong
    assert {call.operation for call in world.front.calls} <= {"GetCallerIdentity"}


@pytest.mark.parametrize("words", [("status",), ("history", "backend"), ("plan", "backend", TAG), ("event", "-")])
def test_what_is_said_of_the_account_is_not_believed(world: World, slipway: Slipway, words: tuple[str, ...]) -> None:
    """AWS_ACCOUNT_ID is the file's, and the credentials are another account's: its services would be shown as prod's."""
    wrong = slipway(*words, account=DEV, AWS_ACCOUNT_ID=PROD)
    assert wrong.status == 1 and DEV in wrong.err and PROD in wrong.err and wrong.out == "", wrong
    assert {call.operation for call in world.front.calls} <= {"GetCallerIdentity"}


def test_another_environment_is_set(world: World, slipway: Slipway) -> None:
    wrong = slipway("deploy", "--yes", "backend", TAG, PROJECT_ENV="dev")
    assert wrong.status == 1 and "PROJECT_ENV is 'dev'" in wrong.err and "unset PROJECT_ENV" in wrong.err, wrong
    assert not world.front.calls


def test_what_is_set_counts(world: World, slipway: Slipway) -> None:
    refused = slipway("plan", "backend", TAG, ECS_SERVICE_MAP='{"api":{}}', AWS_REGION=REGION)
    assert refused.status == 3 and "ECS_SERVICE_MAP" in refused.err and len(world.revisions()) == 1, refused
