"""`slipway`, the command line, run against the front as a person or a workflow runs it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


def program() -> Path | None:
    """It is built beside bootstrap."""
    bootstrap = os.environ.get("SLIPWAY_BOOTSTRAP", "")
    found = Path(bootstrap).resolve().parent / "slipway"
    return found if bootstrap and found.is_file() else None


@dataclass(frozen=True)
class Ran:
    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def run(variables: Mapping[str, str], *words: str, text: str = "", seconds: float = 60) -> Ran:
    """Without a terminal: nobody can be asked, and there are no colours."""
    found = program()
    assert found is not None
    passed = {name: value for name, value in os.environ.items() if name.startswith(("ASAN_", "UBSAN_", "LSAN_"))}
    ended = subprocess.run([str(found), *words], env={**passed, **variables}, input=text, capture_output=True,
                           text=True, timeout=seconds, cwd="/", check=False)
    return Ran(ended.returncode, ended.stdout, ended.stderr)
