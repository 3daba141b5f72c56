"""The log of every call: what tests read to know what really happened, and in which order."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Call:
    number: int  # in order of arrival, from 0
    connection: int
    service: str = ""
    operation: str = ""
    region: str = ""
    account: str = ""  # the caller's
    role: str = ""
    access_key: str = ""
    user_agent: str = ""
    request: bytes = b""
    status: int = 0
    response: bytes = b""
    error: str = ""  # AWS's code
    fault: str = ""  # the injected one, if any
    started: float = field(default_factory=time.monotonic)
    ended: float = 0.0  # 0: still under way

    @property
    def name(self) -> str:
        return f"{self.service}:{self.operation}"

    @property
    def body(self) -> Any:
        return json.loads(self.request)

    @property
    def answer(self) -> Any:
        return json.loads(self.response)


class CallLog:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: list[Call] = []

    def begin(self, connection: int, request: bytes) -> Call:
        with self._lock:
            call = Call(len(self._calls), connection, request=request)
            self._calls.append(call)
            return call

    def clear(self) -> None:
        with self._lock:
            self._calls = []

    def __iter__(self) -> Iterator[Call]:
        with self._lock:
            return iter(list(self._calls))

    def __len__(self) -> int:
        return len(self._calls)

    def names(self) -> list[str]:
        return [call.name for call in self]

    def of(self, operation: str) -> list[Call]:
        return [call for call in self if call.operation == operation]


def round_trips(calls: Iterable[Call]) -> int:
    """How many calls follow one another at least: the longest chain of which each began after the one before had
    ended. Calls that run side by side count once."""
    chain = 0
    last_end = float("-inf")
    for call in sorted(calls, key=lambda one: one.ended):
        if call.started >= last_end:
            chain += 1
            last_end = call.ended
    return chain
