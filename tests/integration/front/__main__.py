"""The front as a process of its own, for benchmarks and for trying things by hand.

    python -m front [--tls FOLDER] [--delay-ms 20] [--handshake-delay-ms 20] [--services 50]

It seeds the world of the tests and prints one line of JSON: the URL, and the variables that the function needs. It
runs until its standard input ends, or until a signal. Besides AWS it answers

    GET  /_front/summary    calls, round trips, connections and handshakes since the last reset
    GET  /_front/calls      every call: operation, role, status, fault, connection, times
    POST /_front/reset      the world as it was, counts at zero
    POST /_front/fault      {"fault":"throttle","operation":"ecs:UpdateService","nth":1,"times":1}
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import signal
import sys
from collections.abc import Callable

from . import faults
from .calls import round_trips
from .core import Front
from .seed import ACCESS_KEY, PROD, REGION, REGISTRY, SECRET_KEY, SESSION_TOKEN, World, seed
from .server import Counters
from .wire import Request, Response

FAULTS: dict[str, Callable[[], faults.Fault]] = {
    "throttle": faults.throttle,
    "503": faults.unavailable,
    "html": faults.html,
    "reset": faults.reset,
    "reset after": lambda: faults.reset(after=True),
    "truncate": faults.truncate,
    "garbage": faults.garbage,
}


class Control:
    """Answers what is under /_front/ itself, and hands the rest on."""

    def __init__(self, front: Front, services: int, delay_seconds: float) -> None:
        self._front = front
        self._services = services
        self._delay = delay_seconds
        self._aws = front.server.answer
        front.server.answer = self.answer
        self.reset()

    def reset(self) -> None:
        world: World = seed(self._front)
        for number in range(self._services):
            world.add_project_service(f"s{number:02d}")
        self._front.delay_seconds = self._delay
        self._front.server.counters = Counters()

    def answer(self, request: Request) -> tuple[Response, Callable[[], None]]:
        if not request.path.startswith("/_front/"):
            return self._aws(request)
        actions: dict[tuple[str, str], Callable[[Request], object]] = {
            ("GET", "/_front/summary"): self._summary,
            ("GET", "/_front/calls"): self._calls,
            ("POST", "/_front/reset"): lambda _: self.reset(),
            ("POST", "/_front/fault"): self._fault,
        }
        action = actions.get((request.method, request.path))
        status, value = (200, action(request)) if action else (404, {"known": [" ".join(key) for key in actions]})
        return Response(status, json.dumps(value).encode(), "application/json"), lambda: None

    def _summary(self, _: Request) -> object:
        calls = list(self._front.calls)
        updates = [call.ended for call in calls if call.operation == "UpdateService"]
        path = [call for call in calls if updates and call.ended <= max(updates)]
        return {"calls": len(calls), "round_trips": round_trips(calls), "round_trips_to_last_update": round_trips(path),
                "errors": len([call for call in calls if call.error]), **dataclasses.asdict(self._front.counters)}

    def _calls(self, _: Request) -> object:
        shown = ("number", "connection", "service", "operation", "region", "account", "role", "status", "error", "fault",
                 "started", "ended")
        return [{name: getattr(call, name) for name in shown} for call in self._front.calls]

    def _fault(self, request: Request) -> object:
        body = json.loads(request.body)
        self._front.rules.add(FAULTS[body["fault"]](), body.get("operation", "*"), body.get("nth", 1), body.get("times", 1))
        return {}


def variables(front: Front) -> dict[str, str]:
    found = {
        "AWS_ENDPOINT_URL": front.url, "AWS_REGION": REGION, "AWS_ACCOUNT_ID": PROD, "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY, "AWS_SESSION_TOKEN": SESSION_TOKEN, "PROJECT_NAME": "myproject",
        "PROJECT_ENV": "prod", "ECR_STRATEGY": "cross_account", "ECR_ACCOUNT_ID": REGISTRY, "ECR_ACCOUNT_REGION": REGION,
    }
    return {**found, "AWS_CA_BUNDLE": front.ca_path} if front.ca_path else found


def main() -> None:
    parser = argparse.ArgumentParser(prog="front", description="a strict front for moto")
    parser.add_argument("--tls", metavar="FOLDER", help="speak TLS; the certificate is put into FOLDER")
    parser.add_argument("--delay-ms", type=float, default=0, help="before each answer")
    parser.add_argument("--handshake-delay-ms", type=float, default=0, help="before each TLS handshake")
    parser.add_argument("--services", type=int, default=0, help="services s00, s01, … besides backend")
    options = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    front = Front(tls_folder=options.tls).start()
    front.server.handshake_delay = options.handshake_delay_ms / 1000
    Control(front, options.services, options.delay_ms / 1000)
    print(json.dumps({"url": front.url, "variables": variables(front)}), flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        sys.stdin.read()
    front.stop()


if __name__ == "__main__":
    main()
