"""What the documents name is there: codes, files, headings, commands that a shell can read."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
import yaml

from command_line import run
from conftest import Functions
from front.core import Front
from front.seed import ADMIN_SECRET, REGION, admin_key
from lambda_function import programs
from test_arrangements import ARRANGEMENTS, Arrangement, program

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "docs" / name for name in ("getting-started.md", "choosing-a-strategy.md", "troubleshooting.md",
                                               "moving-from-ci-lambda.md")] + sorted((ROOT / "examples").rglob("README.md"))
CASES = ("No ECR repository found", "Access Denied when pulling", "Image not found", "Migration not detecting strategy correctly")


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def prose(text: str) -> str:
    return re.sub(r"```.*?```", "", text, flags=re.DOTALL)


def anchors(path: Path) -> set[str]:
    """GitHub's names of the headings."""
    headings = re.findall(r"^#+ (.+)$", prose(path.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_links_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", prose(document.read_text()))
    assert links
    for link in links:
        path, _, anchor = link.partition("#")
        if "://" in path:
            continue
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_commands_are_what_a_shell_can_read(document: Path) -> None:
    checker = shutil.which("shellcheck")
    for block in re.findall(r"```sh\n(.*?)```", document.read_text(), re.DOTALL):
        assert subprocess.run(["bash", "-n"], input=block, text=True, check=False).returncode == 0, block
        if checker is not None:
            # cd without an exit, variables that the page sets elsewhere, and those named by the reader
            told = subprocess.run([checker, "--shell=bash", "--exclude=SC2164,SC2154,SC2086", "-"], input=block, text=True,
                                  capture_output=True, check=False)
            assert told.returncode == 0, told.stdout


def test_troubleshooting_has_every_code_and_every_case() -> None:
    table = (ROOT / "runtime" / "base" / "err.h").read_text()
    codes = re.findall(r'X\(ERR_\w+, "(\w+)", ERR_CLASS_(?:REFUSED|FAILED|INIT)', table)
    assert len(codes) > 20
    text = (ROOT / "docs" / "troubleshooting.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \|(.*)\|(.*)\|(.*)\|$", text, re.MULTILINE)
    assert sorted(row[0] for row in rows) == sorted(codes)
    assert all(cell.strip() for row in rows for cell in row)
    for case in CASES:
        assert f"## {case}\n" in text


# Moving from ci_lambda


# As its Terraform sets it, for a project with a backend and one service.
CI_LAMBDA = {
    "PROJECT_NAME": "myproject", "PROJECT_ENV": "prod", "AWS_REGION": REGION, "LOG_LEVEL": "info",
    "ECS_CLUSTER_NAME": "myproject_cluster_prod",
    "ECS_SERVICE_MAP": json.dumps({"backend": {"service_name": "myproject_service_prod", "task_family": "myproject_service_prod"},
                                   "api": {"service_name": "myproject_service_api_prod", "task_family": "myproject_service_api_prod"}}),
    "S3_SERVICE_MAP": json.dumps({"api": [{"bucket": "myproject-env-prod", "key": "api/.env"}]}),
    "SERVICE_CONFIG": json.dumps({"myproject": [{"bucket": "env", "key": "api/.env"}]}),
    "SLACK_WEBHOOK_URL": "", "DEPLOYMENT_TIMEOUT_SECONDS": "600", "MAX_DEPLOYMENT_RETRIES": "2", "DRY_RUN": "false",
    "ENABLE_ECR_MONITORING": "true", "ENABLE_SSM_MONITORING": "yes", "ENABLE_S3_MONITORING": "1", "ENABLE_MANUAL_DEPLOY": "on"}


def rows_of(document: str, heading: str) -> dict[str, list[str]]:
    """Each variable of the tables below a heading, with the row's other cells."""
    text = (ROOT / document).read_text()
    part = text[text.index(heading):].split("\n## ")[0] if heading else text.split("\n## ")[0]
    found: dict[str, list[str]] = {}
    for line in re.findall(r"^\| (`[A-Z].*) \|$", part, re.MULTILINE):
        cells = line.split(" | ")
        found.update({name: cells[1:] for name in re.findall(r"`([A-Z][A-Z0-9_]+)`", cells[0])})
    return found


def test_moving_says_what_becomes_of_every_variable() -> None:
    rows = rows_of("docs/moving-from-ci-lambda.md", "## Variable by variable")
    assert {name for name, cells in rows.items() if len(cells) == 2} == set(CI_LAMBDA)
    assert all(cell.strip() for cells in rows.values() for cell in cells)
    # What is new is everything else that slipway knows.
    known = set(rows_of("docs/configuration.md", ""))
    named = set(re.findall(r"`([A-Z][A-Z0-9_]+)`", (ROOT / "docs/moving-from-ci-lambda.md").read_text()))
    assert known - named <= {"SLIPWAY_CONFIG"}, known - named


def test_the_old_environment_is_taken_as_it_is(front: Front, functions: Functions) -> None:
    """And says the same names, when all that it need not say is left away."""
    one = Arrangement(front, functions, "one-account")
    one.push(one.settings["prod"].registry, "myproject_backend", "git-abc123f")
    short = ("ECS_CLUSTER_NAME", "ECS_SERVICE_MAP", "S3_SERVICE_MAP", "SERVICE_CONFIG")
    for given in (CI_LAMBDA, {name: value for name, value in CI_LAMBDA.items() if name not in short}):
        ran = run({**given, **admin_variables(front, one.settings["prod"].account)}, "plan", "backend", "git-abc123f")
        assert ran.status == 0 and "git-abc123f" in ran.out, ran
    wrong = run({**CI_LAMBDA, "DRY_RUN": "perhaps", "ENABLE_MANUAL_DEPLOY": "2"}, "plan", "backend", "git-abc123f")
    assert wrong.status != 0 and "DRY_RUN" in wrong.err and "ENABLE_MANUAL_DEPLOY" in wrong.err, wrong


# Getting started, gone through from top to bottom


# What the page needs besides slipway, jq and a shell. Each says how it was called.
_STAND_INS = {
    "sudo": "", "docker": '[ "$1" != login ] || cat >/dev/null', "sam": "", "build.sh": "",
    "git": "echo 5e77da000000",
    "aws": """case $1 in
        ecr) echo password ;;
        events) echo '{"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}' ;;
    esac""",
}


def blocks(document: str, before: str = "no such heading") -> list[str]:
    text = (ROOT / document).read_text().split(before)[0]
    return re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def admin_variables(front: Front, account: str) -> dict[str, str]:
    return {"AWS_ENDPOINT_URL": front.url, "AWS_ACCESS_KEY_ID": admin_key(account), "AWS_SECRET_ACCESS_KEY": ADMIN_SECRET,
            "AWS_DEFAULT_REGION": REGION}


def stand_ins(folder: Path) -> Path:
    found = folder / "bin"
    found.mkdir()
    for name, what in _STAND_INS.items():
        path = found / name
        path.write_text(f'#!/bin/bash\nprintf "%s\\n" "{name} $*" >>"{folder}/called"\n{what}\n')
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
    (folder / "build.sh").symlink_to(found / "build.sh")
    return found


def test_getting_started_can_be_followed(front: Front, functions: Functions, tmp_path: Path) -> None:
    """As it stands on the page, in one shell, with the emulated AWS for slipway, and stand-ins for what builds and sets up."""
    one = Arrangement(front, functions, "one-account")
    one.push(one.settings["dev"].registry, "myproject_backend", "git-5e77da000000")
    for name in ("examples", "infra"):
        (tmp_path / name).symlink_to(ROOT / name)
    script = "\n".join(["set -euo pipefail", *blocks("docs/getting-started.md")])
    # The emulated services have no circuit breaker, of which doctor disapproves.
    script = re.sub(r"^slipway doctor .*$", r"\g<0> || true", script, flags=re.MULTILINE)
    passed = {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS") or name == "HOME"}
    path = f"{stand_ins(tmp_path)}:{program().parent}:{os.environ['PATH']}"
    account = one.settings["dev"].account
    ran = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120, env={
        **passed, "PATH": path, **admin_variables(front, account)})
    assert ran.returncode == 0, ran.stdout + ran.stderr
    for said in ("1 file: no problems", "git-5e77da000000", "+ tags.slipway:reason", "myproject_service_api_dev:1"):
        assert said in ran.stdout, ran.stdout
    (put,) = front.events.put
    assert (put.source, put.detail["service"], put.detail["tag"]) == ("action.dev", "backend", "git-5e77da000000")
    called = (tmp_path / "called").read_text()
    assert "sam deploy --stack-name myproject-slipway-dev --parameter-overrides ProjectName=myproject ProjectEnv=dev" in called


@pytest.mark.skipif(programs() is None, reason="SLIPWAY_BOOTSTRAP names no program; ./build.sh test sets it")
@pytest.mark.parametrize("name", ARRANGEMENTS)
def test_an_example_can_be_followed(name: str, tmp_path: Path) -> None:
    """Its README and the one above it, in a shell in the repository's root, with stand-ins for what asks AWS."""
    for folder in ("examples", "infra"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    general = [block.replace("centralized-dev", name) for block in blocks("examples/README.md", before="## Use")]
    script = "\n".join(["set -euo pipefail", *general, *blocks(f"examples/{name}/README.md")])
    path = f"{stand_ins(tmp_path)}:{program().parent}:{os.environ['PATH']}"
    ran = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
                         env={**{key: value for key, value in os.environ.items() if key.endswith("SAN_OPTIONS")}, "PATH": path})
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "files: no problems" in ran.stdout
    called = (tmp_path / "called").read_text()
    assert "sam deploy --stack-name myproject-slipway-staging --parameter-overrides ProjectName=myproject ProjectEnv=staging" in called
    assert "cloudformation deploy --stack-name myproject-registry --template-file infra/registry.yaml" in called
    assert json.loads((tmp_path / "pull.json").read_text())["Statement"]
    if name == "replicated":
        assert json.loads((tmp_path / "replication.json").read_text())["rules"] and "ReplicationFrom111111111111" in called


def test_templates_have_the_parameters_that_are_given() -> None:
    """Each `aws cloudformation deploy` of a page names a template that is there, and parameters that it has."""
    seen = 0
    for document in DOCUMENTS:
        for block in blocks(name_of(document)):
            for command in re.findall(r"aws cloudformation deploy (.*?[^\\])\n(?! )", block + "\n", re.DOTALL):
                words = command.replace("\\\n", " ").split()
                name = words[words.index("--template-file") + 1]
                template = ROOT / name
                described = yaml.compose(template.read_text(), yaml.SafeLoader)
                parameters = next(value for key, value in described.value if key.value == "Parameters")
                known = {key.value: {inner.value for inner, _ in value.value} for key, value in parameters.value}
                given = {word.split("=")[0] for word in words if re.match(r"[A-Z]\w+=", word)}
                assert given <= set(known), (document, given - set(known))
                assert {one for one, has in known.items() if "Default" not in has} <= given, (document, name)
                seen += 1
    assert seen >= 12
