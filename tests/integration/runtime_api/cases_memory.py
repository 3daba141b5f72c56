"""Memory over very many invocations; soak.c counts it."""

import json
import os
import subprocess

from program import BUILD, ECHO, clean_environment

SOAK = BUILD / "tests/integration/runtime_api/runtime_api_soak"
INVOCATIONS = int(os.environ.get("SLIPWAY_SOAK_INVOCATIONS", "100000"))
# A page or two: what the kernel itself maps (vdso, stack) is not ours to hold still.
PAGES_KB = 16


def case_memory_is_flat_over_100000_invocations():
    run = subprocess.run([SOAK, str(INVOCATIONS), "5", ECHO], capture_output=True, text=True,
                         env=clean_environment(), timeout=600, check=False)
    assert run.returncode == 0, run.stderr
    result = json.loads(run.stdout)
    print("    " + run.stdout.strip())
    early, late = result["resident_kb_at_1000"], result["resident_kb"]
    assert early > 0 and late - early <= PAGES_KB, result
    assert result["resident_kb_after_first_large"] - late <= PAGES_KB, result
    assert result["resident_kb_after_large"] - late <= PAGES_KB, result
    assert result["connections"] == 1 and result["exit"] == 0, result
