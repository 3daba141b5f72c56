"""The man page and the completions: read by the programs that they are for."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from command_line import program, run

pytestmark = pytest.mark.skipif(program() is None, reason="there is no slipway beside SLIPWAY_BOOTSTRAP")
ROOT = Path(__file__).resolve().parents[2]
MANUAL = ROOT / "docs" / "command-line.md"
COMMANDS = {"plan", "deploy", "rollback", "status", "history", "event", "config", "ecr"}


def needs(name: str) -> str:
    if shutil.which(name) is None:
        pytest.skip(f"there is no {name}")
    return name


def test_the_man_page_is_one() -> None:
    page = run({}, "man")
    formatted = subprocess.run([needs("groff"), "-ww", "-man", "-Kutf8", "-Tutf8", "-P-cbou"], input=page.out,
                               capture_output=True, text=True, check=True)
    assert page.status == 0 and formatted.stderr == ""
    assert all(f"slipway {name}" in formatted.stdout for name in COMMANDS - {"config", "ecr"})
    assert "--task-definition" in formatted.stdout


@pytest.mark.parametrize("words, wanted", [([""], COMMANDS), (["de"], {"deploy"}), (["ecr", "po"], {"policy"}),
                                           (["deploy", "--ti"], {"--timeout="}), (["plan", "--js"], {"--json"}),
                                           (["help", "h"], {"history"})])
def test_bash_completes(tmp_path: Path, words: list[str], wanted: set[str]) -> None:
    script = tmp_path / "completion"
    script.write_text(run({}, "completion", "bash").out, encoding="utf-8")
    quoted = " ".join(f"'{word}'" for word in words)
    asked = (f". {script}; compopt() {{ :; }}; COMP_WORDS=(slipway {quoted}); COMP_CWORD={len(words)}; _slipway; "
             'printf "%s\\n" "${COMPREPLY[@]}"')
    completed = subprocess.run([needs("bash"), "-euc", asked], capture_output=True, text=True, check=True)
    assert completed.stderr == "" and wanted <= set(completed.stdout.split())


@pytest.mark.parametrize("words, wanted", [([""], COMMANDS), (["ecr", ""], {"policy", "lifecycle"}), (["deploy", ""], {"--timeout="})])
def test_zsh_completes(tmp_path: Path, words: list[str], wanted: set[str]) -> None:
    script = tmp_path / "completion"
    script.write_text(run({}, "completion", "zsh").out, encoding="utf-8")
    quoted = " ".join(f"'{word}'" for word in words)
    # What zsh's own _describe would show.
    asked = (f"compdef() {{ :; }}; _files() {{ :; }}; _describe() {{ print -l -- ${{(P)argv[-1]}} }}; . {script}; "
             f"words=(slipway {quoted}); CURRENT={len(words) + 1}; _slipway")
    completed = subprocess.run([needs("zsh"), "-fc", asked], capture_output=True, text=True, check=True)
    assert completed.stderr == "" and wanted <= {line.partition(":")[0] for line in completed.stdout.splitlines()}


def examples() -> list[tuple[str, str]]:
    """Each command line of the manual, and what is shown below it."""
    blocks = re.findall(r"^```console\n(.*?)^```$", MANUAL.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    return [(line, said) for block in blocks for line, said in re.findall(r"^\$ (slipway .*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE)]


def golden(line: str) -> list[str]:
    """All that the golden cases have the command say: standard output and, behind it, the other one."""
    texts = [path.read_bytes().decode() for path in sorted((ROOT / "tests/unit/cli/data/commands").glob("*/*.expected"))]
    said = [text.partition("\n")[2] for text in texts if text.startswith(f"$ {line}\n")]
    return [re.sub(r"^--- (asked|exit)$.*|^--- exit \d\n", "", text, flags=re.DOTALL | re.MULTILINE).replace("--- stderr\n", "") for text in said]


@pytest.mark.parametrize("line, said", examples())
def test_the_manual_shows_what_is_said(line: str, said: str) -> None:
    """"[...]" stands for lines that are left out."""
    pattern = ".*".join(re.escape(part) for part in said.split("[...]\n"))
    texts = golden(line)
    if not texts:
        ended = subprocess.run([str(program()), *line.split()[1:]], capture_output=True, text=True, check=True, env={},
                               cwd=ROOT / "examples" / "build-account", timeout=30)
        texts = [ended.stdout]
    assert any(re.fullmatch(pattern, text, re.DOTALL) for text in texts), texts


def test_the_manual_has_all_commands() -> None:
    manual = MANUAL.read_text(encoding="utf-8")
    names = re.findall(r"^  ([a-z]+(?: [a-z-]+)?)  ", run({}, "--help").out, re.MULTILINE)
    assert len(names) > 15
    for name in names:
        group, _, word = name.partition(" ")
        assert f"slipway {name}" in manual or (f"## {group}: " in manual and f"`{word}`" in manual), name
