#!/usr/bin/env python3
"""The Runtime API loop as a real process: against a strict Runtime API, against one that counts its
memory over 100,000 invocations, and under AWS's Runtime Interface Emulator; and bootstrap's own
beginning and end.

    BUILD_DIR=build/test SLIPWAY_RIE=build/tools/aws-lambda-rie run.py [PART OF A NAME…]

Its last line is `N passed, N failed`. Standard library only."""

import sys
import traceback

import cases_bootstrap
import cases_emulator
import cases_loop
import cases_memory

MODULES = (cases_loop, cases_bootstrap, cases_emulator, cases_memory)


def main(wanted: list[str]) -> int:
    cases = [(name[len("case_"):], case)
             for module in MODULES for name, case in vars(module).items()
             if name.startswith("case_") and (not wanted or any(part in name for part in wanted))]
    passed = 0
    for name, case in cases:
        try:
            case()
        except Exception:  # whatever it is, the other cases are still worth running
            print(f"FAILED {name}\n{traceback.format_exc()}", flush=True)
        else:
            passed += 1
            print(f"ok {name}", flush=True)
    print(f"{passed} passed, {len(cases) - passed} failed")
    return 0 if cases and passed == len(cases) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
