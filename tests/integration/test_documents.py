"""What the documents name is there: codes, files, headings, commands that a shell can read."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "docs" / name for name in ("getting-started.md", "choosing-a-strategy.md", "troubleshooting.md")] + sorted(
    (ROOT / "examples").rglob("README.md"))
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
