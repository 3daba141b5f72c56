"""Invokes the built function with `sam local invoke` against the emulated AWS, and looks at what came of it.

    python tools/test_sam.py SAM WORK_FOLDER GATEWAY      (tools/test-sam.sh calls this)

GATEWAY is the address of this machine as the function's container sees it.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "integration"))

from front import Front  # noqa: E402
from front.seed import ACCESS_KEY, PROD, REGION, REGISTRY, SECRET_KEY, SERVICE, SESSION_TOKEN, seed  # noqa: E402

TIMEOUT_SECONDS = 300


def relay(address: str, port: int) -> int:
    """Carries connections to `address` on to this machine's own port, where the front listens; returns the port."""
    listener = socket.create_server((address, 0))

    def pump(source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass
        for one in (source, sink):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def serve() -> None:
        while True:
            client, _ = listener.accept()
            upstream = socket.create_connection(("127.0.0.1", port))
            for pair in ((client, upstream), (upstream, client)):
                threading.Thread(target=pump, args=pair, daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    return int(listener.getsockname()[1])


class Sam:
    def __init__(self, sam: str, work: Path, endpoint: str) -> None:
        self.sam = sam
        self.template = work / "build" / "template.yaml"
        self.env_file = work / "env.json"
        self.env_file.write_text(json.dumps({"SlipwayFunction": {
            "PROJECT_NAME": "myproject",
            "PROJECT_ENV": "prod",
            "ECR_STRATEGY": "cross_account",
            "ECR_ACCOUNT_ID": REGISTRY,
            "ECR_ACCOUNT_REGION": REGION,
            # The emulator makes the function's ARN up, with an account of its own.
            "ALLOWED_ACCOUNTS": PROD,
            "AWS_ENDPOINT_URL": endpoint,
        }}))
        self.env = {**os.environ, "AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
                    "AWS_SESSION_TOKEN": SESSION_TOKEN, "AWS_DEFAULT_REGION": REGION, "SAM_CLI_TELEMETRY": "0"}
        self.env.pop("AWS_PROFILE", None)

    def invoke(self, event: Path) -> dict[str, Any]:
        command = [self.sam, "local", "invoke", "SlipwayFunction", "-e", str(event), "-t", str(self.template),
                   "--env-vars", str(self.env_file), "--skip-pull-image", "--region", REGION]
        done = subprocess.run(command, env=self.env, cwd=ROOT, capture_output=True, text=True, check=False,
                              timeout=TIMEOUT_SECONDS)
        try:
            answer = json.loads(done.stdout.strip().splitlines()[-1])
        except (ValueError, IndexError):
            raise SystemExit(f"sam local invoke gave no JSON:\n{done.stdout}\n{done.stderr}") from None
        if not isinstance(answer, dict) or "status" not in answer:
            raise SystemExit(f"not an answer of slipway: {answer}\n{done.stderr}")
        return answer


class Checks:
    def __init__(self) -> None:
        self.passed = self.failed = 0

    def that(self, what: str, found: object, expected: object) -> None:
        if found == expected:
            self.passed += 1
            return
        self.failed += 1
        print(f"test-sam: {what}: {found!r}, expected {expected!r}")


def main() -> int:
    sam_path, work, gateway = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    front = Front().start()
    world = seed(front)
    sam = Sam(sam_path, work, f"http://{gateway}:{relay(gateway, front.server.port)}")
    event = ROOT / "events" / "deploy" / "prod" / "event.json"
    checks = Checks()

    before = world.running()
    answer = sam.invoke(event)
    print(f"test-sam: first: {json.dumps(answer)}")
    checks.that("status of the first deploy", answer["status"], "deployed")
    calls = [call.operation for call in front.calls]
    checks.that("UpdateService calls", calls.count("UpdateService"), 1)
    checks.that("RegisterTaskDefinition calls", calls.count("RegisterTaskDefinition"), 1)
    checks.that("revisions", len(world.revisions()), 2)
    checks.that("the service runs a new revision", world.running().arn != before.arn, True)
    checks.that("it is the one in the answer", answer["changes"][0]["to"]["task_definition"], world.running().arn)

    answer = sam.invoke(event)
    checks.that("status of the same event again", answer["status"], "unchanged")
    checks.that("revisions after it", len(world.revisions()), 2)

    front.stop()
    checks.that("failures of the front itself", front.server.failures, [])
    print(f"test-sam: {SERVICE} runs {world.running().arn}")
    print(f"{checks.passed} passed, {checks.failed} failed")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
