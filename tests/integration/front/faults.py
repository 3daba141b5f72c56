"""Faults by rule: which calls, and what goes wrong with them.

    front.rules.add(throttle(), "ecs:UpdateService")             the first UpdateService is throttled
    front.rules.add(reset(after=True), "ecs:Register*", nth=2)   the second one is carried out, its answer is lost
    gate = Gate(); front.rules.add(hold(gate), "ecs:*")          a call waits until gate.open()
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from .calls import Call
from .wire import AwsError, Response

# No hold or stall outlasts this, whatever a test forgets: a suite must end.
LONGEST_WAIT_SECONDS = 60.0

Before = Callable[[Call], Response | None]
After = Callable[[Call, Response], Response]
Delivered = Callable[[Call], None]


@dataclass(frozen=True)
class Fault:
    """What is done to a call: instead of carrying it out, to its answer, or once the answer has been sent."""

    name: str
    before: Before | None = None
    after: After | None = None
    delivered: Delivered | None = None


@dataclass
class Rule:
    fault: Fault
    operation: str = "*"  # a glob over "service:Operation"
    nth: int = 1  # the first matching call that it strikes
    times: int = 1  # how many it strikes; 0: all from there on
    when: Callable[[Call], bool] | None = None
    seen: int = 0

    def strikes(self, call: Call) -> bool:
        if not fnmatchcase(call.name, self.operation) or (self.when and not self.when(call)):
            return False
        self.seen += 1
        return self.seen >= self.nth and (self.times == 0 or self.seen < self.nth + self.times)


@dataclass
class Rules:
    _rules: list[Rule] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, fault: Fault, operation: str = "*", nth: int = 1, times: int = 1,
            when: Callable[[Call], bool] | None = None) -> Rule:
        rule = Rule(fault, operation, nth, times, when)
        with self._lock:
            self._rules.append(rule)
        return rule

    def clear(self) -> None:
        with self._lock:
            self._rules = []

    def striking(self, call: Call) -> list[Fault]:
        with self._lock:
            return [rule.fault for rule in self._rules if rule.strikes(call)]


class Gate:
    """A door at which a held call waits: the test sees it arrive, and opens."""

    def __init__(self) -> None:
        self._arrived = threading.Event()
        self._open = threading.Event()

    def pass_through(self) -> None:
        self._arrived.set()
        self._open.wait(LONGEST_WAIT_SECONDS)

    def has_arrived(self, seconds: float) -> bool:
        """Whether a call stands at the gate, or comes within that time."""
        return self._arrived.wait(seconds)

    def wait_for_arrival(self, seconds: float = 20.0) -> None:
        if not self._arrived.wait(seconds):
            raise AssertionError("no call arrived at the gate")

    def open(self) -> None:
        self._open.set()


def error(code: str, message: str, status: int = 400, after: bool = False) -> Fault:
    """An AWS error; with `after` the call is carried out all the same."""

    def fail(_: Call) -> Response:
        raise AwsError(code, message, status)

    if after:
        return Fault(f"{code} after", after=lambda call, _: fail(call))
    return Fault(code, before=fail)


def throttle() -> Fault:
    return error("ThrottlingException", "Rate exceeded")


def unavailable(status: int = 503, after: bool = False) -> Fault:
    return error("ServerException", "Service Unavailable. Please try again later.", status, after)


def html(status: int = 500, after: bool = False) -> Fault:
    """What a load balancer in front of AWS says when nothing behind it answers."""
    page = Response(status, b"<html><body><h1>HTTP 500 Internal Server Error</h1></body></html>", "text/html")
    if after:
        return Fault("html after", after=lambda _call, _response: page)
    return Fault("html", before=lambda _call: page)


def reset(after: bool = False) -> Fault:
    """The connection is reset, before or after the call has been carried out."""
    gone = Response(0, b"", ending="reset")
    if after:
        return Fault("reset after", after=lambda _call, _response: gone)
    return Fault("reset", before=lambda _call: gone)


def stall(stop: threading.Event, seconds: float = LONGEST_WAIT_SECONDS, after: bool = False) -> Fault:
    """Silence for that long, or until `stop`; then the connection ends without an answer."""
    gone = Response(0, b"", ending="reset")

    def wait(_: Call) -> Response:
        stop.wait(min(seconds, LONGEST_WAIT_SECONDS))
        return gone

    if after:
        return Fault("stall after", after=lambda call, _: wait(call))
    return Fault("stall", before=wait)


def truncate() -> Fault:
    """The call is carried out; half of its answer arrives."""

    def cut(_: Call, response: Response) -> Response:
        return Response(response.status, response.body, response.content_type, response.headers, "truncate")

    return Fault("truncate", after=cut)


def garbage(body: bytes = b'{"service":{"serviceName":') -> Fault:
    """The call is carried out; a 200 arrives whose body is no JSON."""
    return Fault("garbage", after=lambda _call, response: Response(200, body, response.content_type))


def hold(gate: Gate, after: bool = False) -> Fault:
    """The call waits at the gate, before it is carried out or before its answer is sent."""

    def wait(_: Call) -> None:
        gate.pass_through()

    def wait_after(_: Call, response: Response) -> Response:
        gate.pass_through()
        return response

    return Fault("hold after", after=wait_after) if after else Fault("hold", before=wait)


def run(action: Callable[[], object], after: bool = True) -> Fault:
    """Runs `action` when the call has been carried out and before its answer is sent; with after=False, before it is
    carried out."""

    def act_before(_: Call) -> None:
        action()

    def act_after(_: Call, response: Response) -> Response:
        action()
        return response

    return Fault("run after", after=act_after) if after else Fault("run", before=act_before)


def run_delivered(action: Callable[[], object]) -> Fault:
    """Runs `action` once the answer has been sent."""
    return Fault("run delivered", delivered=lambda _: action())
