#!/usr/bin/env bash
# Everything that is done with slipway's source, by name. `./build.sh` alone lists it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
readonly ROOT=$PWD
readonly VENV=$ROOT/build/venv
readonly RIE=$ROOT/build/tools/aws-lambda-rie
readonly RULER=$ROOT/build/tools/event-ruler
JOBS=$(nproc)
readonly JOBS
# shellcheck source=tools/setup.sh
. tools/setup.sh

usage() {
    cat <<'TEXT'
usage: ./build.sh COMMAND

  demo            deploy to a made-up production, here, and watch it (the first thing to try)
  build           both programs for this machine, for a quick look    -> build/bootstrap, build/slipway
  static          the release: static, trimmed, reproducible          -> build/static/bootstrap, …/slipway
  package         the function's zip: the release binary and certs    -> build/function.zip
  test            every test; or one kind of:
    test unit         unit and golden tests, in seconds; allocations that fail among them
    test sanitize     the same under ASan and UBSan, with clang
    test runtime      the Runtime API loop as a process, 100,000 invocations of it, and the RIE
    test sigv4        signatures against botocore's (and the official suite, see docs/testing.md)
    test e2e [BIN]    deploys end to end on an emulated AWS (default: a build with sanitizers)
    test fuzz [SEC]   each fuzz target for SEC seconds (5)
    test release      the release binary: hardening, byte-for-byte rebuild, end to end
    test samples      the samples under events/, against botocore and a second splice
    test template     template.yaml: its permissions, its rules, its dashboard
    test lint         the same as `lint`
  test-sam        sam build and sam local invoke, in Docker
  bench           speed and memory against references                 -> build/bench/results.md
  fuzz [SECONDS]  each fuzz target for longer (60), or `fuzz runs N`: for N executions
  lint            formatting, clang-tidy, cppcheck, gcc -fanalyzer, shellcheck, layers
  format          formats the sources
  setup           installs whatever is missing (the commands do so themselves)
  clean           removes build/
TEXT
}

say() {
    printf '\n== %s\n' "$*"
}

# Runs a command and shows what it printed only if it failed.
quietly() {
    local log status=0
    log=$(mktemp)
    "$@" >"$log" 2>&1 || status=$?
    [ "$status" -eq 0 ] || cat "$log" >&2
    rm -f "$log"
    return "$status"
}

# Configures (once) and builds a tree: compile FOLDER TARGET [CMAKE OPTIONS…]
compile() {
    local folder=$1 target=$2
    shift 2
    [ -f "$folder/build.ninja" ] || quietly cmake -S . -B "$folder" -G Ninja "$@"
    quietly ninja -C "$folder" -j "$JOBS" "$target"
}

cmd_build() {
    need compiler
    compile build/host all -DSLIPWAY_TESTS=OFF
    cp build/host/bootstrap build/host/slipway build/
    echo "build/bootstrap build/slipway"
}

cmd_static() {
    need static
    tools/static.sh
}

cmd_package() {
    need static
    tools/package.sh
}

# ctest, quiet unless something fails; its closing line counts the test programs.
run_ctest() {
    local folder=$1
    shift
    quietly ctest --test-dir "$folder" -j "$JOBS" --output-on-failure --no-tests=error \
        --output-log "$folder/ctest.log" "$@" || return 1
    grep 'tests passed' "$folder/ctest.log"
    # What the programs in it counted: cmocka's "[  PASSED  ] 12 test(s).", the golden runner's line.
    awk '/\[  PASSED  \]/ {sum += $4} / passed, 0 failed$/ {sum += $(NF - 3)} END {print sum " passed, 0 failed"}' \
        "$folder/Testing/Temporary/LastTest.log"
}

test_unit() {
    need compiler tests
    say "unit and golden tests (gcc)"
    compile build/test all
    run_ctest build/test
}

test_sanitize() {
    need compiler tests clang
    say "unit and golden tests (clang, ASan, UBSan, leaks)"
    CC=clang compile build/sanitize all -DSLIPWAY_SANITIZE=ON
    run_ctest build/sanitize
}

test_runtime() {
    need compiler tests python rie
    say "the Runtime API loop"
    compile build/test all
    SLIPWAY_RIE=$RIE BUILD_DIR=$ROOT/build/test "$VENV/bin/python" tests/integration/runtime_api/run.py
}

test_sigv4() {
    need compiler tests python
    compile build/test all
    if [ -n "${SIGV4_SUITE:-}" ]; then
        say "the official SigV4 suite"
        build/test/tests/sigv4_suite "$SIGV4_SUITE"
    fi
    say "signatures against botocore"
    "$VENV/bin/python" tests/integration/botocore_signer.py build/test/tests/sigv4_tool
}

# The end-to-end tests on a given bootstrap; without one, on a build with sanitizers.
test_e2e() {
    need compiler tests clang python rie terminal
    local bootstrap=${1:-}
    if [ -z "$bootstrap" ]; then
        CC=clang compile build/sanitize all -DSLIPWAY_SANITIZE=ON
        bootstrap=$ROOT/build/sanitize/bootstrap
    fi
    say "end to end: $bootstrap"
    # Half of their time the tests wait: for pauses, for time limits, for what AWS takes its time for.
    SLIPWAY_RIE=$RIE SLIPWAY_BOOTSTRAP=$(realpath "$bootstrap") \
        "$VENV/bin/python" -m pytest -q -rs -p no:cacheprovider -n $((2 * JOBS)) --dist worksteal tests/integration
}

# From the same seed each time: whether a test passes is no matter of luck. `fuzz` goes elsewhere.
test_fuzz() {
    need compiler tests clang
    export FUZZ_SEED=1
    tools/fuzz.sh "${1:-5}"
}

# The samples against botocore, and the register requests against a second implementation.
test_samples() {
    need python
    say "the samples under events/"
    "$VENV/bin/python" tests/golden/check_samples.py
}

test_release() {
    cmd_package
    say "the release binaries' hardening"
    tools/check-hardening.sh build/static/bootstrap
    tools/check-hardening.sh build/static/slipway
    say "the release, built again elsewhere, byte for byte"
    tools/check-reproducible.sh
    say "the release binary and TLS"
    tools/check-tls.sh
    test_e2e build/static/bootstrap
}

test_template() {
    need sam ruler
    say "template.yaml"
    tools/check-template.sh "$RULER"
}

# Each kind as a process of its own, so that one that fails does not hide the others.
test_all() {
    local started=$SECONDS kind passed=0 failed=()
    for kind in unit samples lint template sanitize sigv4 runtime e2e fuzz release; do
        if "$ROOT/build.sh" test "$kind"; then
            passed=$((passed + 1))
        else
            failed+=("$kind")
        fi
    done
    say "kinds of tests, in $(((SECONDS - started) / 60)) min $(((SECONDS - started) % 60)) s${failed[*]:+; failed: ${failed[*]}}"
    echo "$passed passed, ${#failed[@]} failed"
    [ "${#failed[@]}" -eq 0 ]
}

cmd_test() {
    case ${1:-all} in
    unit | samples | sanitize | runtime | sigv4 | template | release) "test_$1" ;;
    lint) cmd_lint ;;
    e2e) test_e2e "${2:-}" ;;
    fuzz) test_fuzz "${2:-}" ;;
    all) test_all ;;
    *)
        usage >&2
        exit 64
        ;;
    esac
}

cmd_test-sam() {
    need compiler static python sam docker
    tools/test-sam.sh
}

cmd_demo() {
    need compiler python rie
    cmd_build >/dev/null
    SLIPWAY_RIE=$RIE SLIPWAY_BOOTSTRAP=$ROOT/build/bootstrap \
        "$VENV/bin/python" tests/integration/demo.py "$@"
}

cmd_bench() {
    need compiler static python
    tests/bench/run.sh "$@"
}

cmd_fuzz() {
    need compiler tests clang
    tools/fuzz.sh "${@:-60}"
}

c_sources() {
    git ls-files --cached --others --exclude-standard '*.c' '*.h'
}

cmd_format() {
    need clang
    c_sources | xargs clang-format -i
}

cmd_lint() {
    need compiler tests lint
    say "lint"
    tools/lint.sh
}

cmd_setup() {
    need compiler tests clang lint python rie terminal static sam ruler
    echo "everything is there"
}

cmd_clean() {
    rm -rf build
}

case ${1:-} in
build | static | package | test | test-sam | demo | bench | fuzz | format | lint | setup | clean)
    command=$1
    shift
    "cmd_$command" "$@"
    ;;
'' | help | -h | --help) usage ;;
*)
    usage >&2
    exit 64
    ;;
esac
