"""A real terminal: tmux, typed into and read."""

from __future__ import annotations

import shlex
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path


class Terminal:
    def __init__(self, variables: Mapping[str, str], *words: str, columns: int = 110, lines: int = 60) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="slipway-terminal-")
        script = Path(self._folder.name) / "run"
        exports = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items())
        script.write_text(f"{exports}trap : INT\n{shlex.join(words)}\necho \"[left with $?]\"\nexec sleep 120\n", encoding="utf-8")
        self._socket = str(Path(self._folder.name) / "tmux")
        self._tmux("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(lines), f"sh {shlex.quote(str(script))}")

    def _tmux(self, *words: str) -> str:
        return subprocess.run(["tmux", "-S", self._socket, *words], capture_output=True, text=True, check=True, timeout=20).stdout

    def screen(self, *, escapes: bool = False) -> str:
        return self._tmux("capture-pane", "-p", *(["-e"] if escapes else []))

    def type(self, *keys: str) -> None:
        self._tmux("send-keys", *keys)

    def wait_for(self, text: str, seconds: float = 30) -> str:
        """The screen, once it has the text."""
        until = time.monotonic() + seconds
        while True:
            screen = self.screen()
            if text in screen:
                return screen
            assert time.monotonic() < until, f"no '{text}' in:\n{screen}"
            time.sleep(0.05)

    def close(self) -> None:
        subprocess.run(["tmux", "-S", self._socket, "kill-server"], capture_output=True, check=False, timeout=20)
        self._folder.cleanup()
