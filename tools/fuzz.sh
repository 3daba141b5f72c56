#!/usr/bin/env bash
# Runs every libFuzzer target for SECONDS, from its seeds in the repository and what earlier runs
# found (kept under build/fuzz/corpus). Any crash, leak, timeout or failed property is a failure.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit
seconds=${1:-10}
folder=build/fuzz
[ -f "$folder/build.ninja" ] || CC=clang cmake -S . -B "$folder" -G Ninja \
    -DSLIPWAY_SANITIZE=ON -DSLIPWAY_FUZZ=ON -DSLIPWAY_TESTS=OFF >/dev/null || exit 1
ninja -C "$folder" >/dev/null || ninja -C "$folder" || exit 1

printf '\n== fuzz targets, %s seconds each\n' "$seconds"
fuzz_one() {
    local source=$1 seconds=$2 name layer corpus log runs
    name=$(basename "$source" .c)
    layer=$(basename "$(dirname "$source")")
    corpus=build/fuzz/corpus/$name
    log=build/fuzz/$name.log
    mkdir -p "$corpus" build/fuzz/artifacts
    if "build/fuzz/tests/$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 \
        -artifact_prefix="build/fuzz/artifacts/$name-" -print_final_stats=1 \
        "$corpus" "tests/fuzz/$layer/corpus/$name" >"$log" 2>&1; then
        runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
        echo "ok $name ${runs:-0} executions"
    else
        tail -n 40 "$log" >&2
        echo "FAILED $name (see $log and build/fuzz/artifacts)"
    fi
}
export -f fuzz_one

# shellcheck disable=SC2016 # the inner shell expands it
results=$(printf '%s\n' tests/fuzz/*/fuzz_*.c |
    xargs -P "$(nproc)" -I{} bash -c 'fuzz_one "$1" "$2"' _ {} "$seconds")
echo "$results"
passed=$(grep -c '^ok ' <<<"$results")
failed=$(grep -c '^FAILED ' <<<"$results")
awk '/^ok /{sum += $3} END {printf "%d executions in all\n", sum}' <<<"$results"
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
