"""What bootstrap/main.c does around the loop."""

import json
import subprocess

from fake_runtime_api import Event, RuntimeApi
from program import BUILD, PATIENCE, clean_environment, running

BOOTSTRAP = BUILD / "bootstrap"


def run_bootstrap(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run([BOOTSTRAP, *arguments], capture_output=True, text=True, check=False,
                          env=clean_environment(**environment), timeout=PATIENCE)


def case_bootstrap_tells_its_version():
    run = run_bootstrap("--version")
    assert run.returncode == 0 and run.stdout.startswith("slipway ") and run.stderr == "", run


def case_bootstrap_alone_says_how_to_run_it():
    run = run_bootstrap()
    assert run.returncode == 64 and run.stdout == "", run
    assert "AWS_LAMBDA_RUNTIME_API is not set" in run.stderr and "sam local" in run.stderr


def case_bootstrap_names_every_fault_of_its_configuration():
    with RuntimeApi([]) as api, \
            running(api, path=BOOTSTRAP, ECR_STRATEGY="nowhere", DRY_RUN="perhaps",
                    LOG_LEVEL="loud", AWS_LAMBDA_LOG_FORMAT="JSON", AWS_REGION="eu-central-1",
                    ) as program:
        status, lines = program.end()
    assert status == 1 and api.violations == [], (status, api.violations)
    (request,) = api.init_errors
    message = json.loads(request.body)["errorMessage"]
    for name in ("PROJECT_NAME", "PROJECT_ENV", "ECR_STRATEGY", "DRY_RUN", "LOG_LEVEL"):
        assert name in message, (name, message)
    assert [line["level"] for line in lines] == ["FATAL"], lines


def case_bootstrap_serves_and_ends_on_sigterm():
    with RuntimeApi([Event(b"not JSON"), Event(b"")]) as api, \
            running(api, path=BOOTSTRAP, PROJECT_NAME="shop", PROJECT_ENV="dev",
                    AWS_REGION="eu-central-1", AWS_LAMBDA_LOG_FORMAT="JSON") as program:
        program.wait_until_idle()
        program.terminate()
    assert api.violations == [], api.violations
    for event in api.events:
        assert event.kind == "response", event.answer
        assert json.loads(event.answer.body)["status"] == "refused", event.answer.body
    assert api.events[0].answer.header("User-Agent").startswith("slipway/")
