"""The man page and the completions: read by the programs that they are for."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from command_line import program, run

pytestmark = pytest.mark.skipif(program() is None, reason="there is no slipway beside SLIPWAY_BOOTSTRAP")
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
                                           (["deploy", "--ti"], {"--timeout="}), (["plan", "--js"], {"--json"})])
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
