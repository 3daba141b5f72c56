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


def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(DEMO), *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=60, env={**os.environ, **more}, check=False)


def test_the_demo_shows_what_it_promises() -> None:
    if programs() is None:
        pytest.skip("SLIPWAY_RIE and SLIPWAY_BOOTSTRAP name no programs; ./build.sh test sets them")
    before = processes()
    done = run()
    assert done.returncode == 0, done.stdout + done.stderr
    for words in ("git-0ld0001", "@sha256:", "myproject_service_prod:2", "unchanged", "refused", "ImageNotFound", "remedy"):
        assert words in done.stdout
    assert not done.stderr
    assert max(map(len, done.stdout.splitlines())) <= 120, "it must fit a terminal"
    check_no_secrets(done.stdout)
    assert not processes() - before, "the demo left processes behind"


def test_the_demo_without_programs_says_so() -> None:
    done = run(SLIPWAY_BOOTSTRAP="", SLIPWAY_RIE="")
    assert done.returncode == 2 and "./build.sh demo" in done.stderr


def processes() -> set[int]:
    """Those of the emulator and of bootstrap."""
    wanted = [os.path.basename(name) for name in programs() or ()]
    found = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            name = os.path.basename(path.read_bytes().split(b"\0")[0].decode())
        except OSError:
            continue
        if name in wanted:
            found.add(int(path.parent.name))
    return found
