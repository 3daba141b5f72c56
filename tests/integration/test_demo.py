"""The demo keeps its promises, and leaves nothing running."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import check_no_secrets
from lambda_function import programs

DEMO = Path(__file__).with_name("demo.py")


def run(*arguments: str, **more: str) -> tuple[subprocess.CompletedProcess[str], int]:
    """In a session of its own, whose number comes second."""
    command = [sys.executable, str(DEMO), *arguments]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          env={**os.environ, **more}, start_new_session=True) as process:
        out, err = process.communicate(timeout=60)
    return subprocess.CompletedProcess(command, process.returncode, out, err), process.pid


def test_the_demo_shows_what_it_promises() -> None:
    if programs() is None:
        pytest.skip("SLIPWAY_RIE and SLIPWAY_BOOTSTRAP name no programs; ./build.sh test sets them")
    done, session = run()
    assert done.returncode == 0, done.stdout + done.stderr
    for words in ("git-0ld0001", "@sha256:", "myproject_service_prod:2", "unchanged", "refused", "ImageNotFound", "remedy"):
        assert words in done.stdout
    assert not done.stderr
    assert max(map(len, done.stdout.splitlines())) <= 120, "it must fit a terminal"
    check_no_secrets(done.stdout)
    assert not processes_of(session), "the demo left processes behind"


def test_the_demo_without_programs_says_so() -> None:
    done, _ = run(SLIPWAY_BOOTSTRAP="", SLIPWAY_RIE="")
    assert done.returncode == 2 and "./build.sh demo" in done.stderr


def processes_of(session: int) -> list[str]:
    """Other workers have emulators and bootstraps of their own."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            stat = path.read_text()
        except OSError:
            continue
        if int(stat.rpartition(")")[2].split()[3]) == session:
            found.append(stat)
    return found
