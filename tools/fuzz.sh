#!/usr/bin/env bash
# Runs libFuzzer targets from their seeds in the repository and from what earlier runs found (kept
# under build/fuzz/corpus):
#
#   tools/fuzz.sh [SECONDS] [TARGET…]     each for so long (10)
#   tools/fuzz.sh runs N [TARGET…]        each until it has run N inputs, however long that takes
#
# Without targets: all of them. Any crash, leak, timeout or failed property is a failure. A target
# that is built otherwise is run with FUZZ_FOLDER=the build tree; FUZZ_SEED=N repeats a run.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit
export FUZZ_FOLDER=${FUZZ_FOLDER:-build/fuzz}

usage() {
    sed -n 's/^# \{0,1\}//; 2,9p' "${BASH_SOURCE[0]}" >&2
    exit 64
}

if [ "${1:-}" = runs ]; then
    limit=-runs=${2:-}
    title="${2:-} executions each"
    shift $(($# < 2 ? $# : 2))
else
    limit=-max_total_time=${1:-10}
    title="${1:-10} seconds each"
    shift $(($# < 1 ? $# : 1))
fi
[[ ${limit#*=} =~ ^[1-9][0-9]*$ ]] || usage
export FUZZ_LIMIT=$limit
# What is freed stays in quarantine, 256 MB of it by default, which costs more time than it finds
# here; so do the frames that are kept of each malloc().
export ASAN_OPTIONS=${ASAN_OPTIONS:-quarantine_size_mb=8:malloc_context_size=8}

# The longest input worth trying, in bytes: what is cut or refused by length must be within it.
max_len() {
    case $1 in
    fuzz_clock) echo 64 ;;
    fuzz_image) echo 400 ;;
    fuzz_printable) echo 300 ;;
    fuzz_arn | fuzz_tag_policy | fuzz_shared_config) echo 600 ;;
    fuzz_error_document | fuzz_splice) echo 3000 ;;
    fuzz_config | fuzz_event) echo 2000 ;;
    *) echo 1200 ;;
    esac
}

fuzz_one() {
    local source=$1 name layer corpus log seeds runs options
    name=$(basename "$source" .c)
    layer=$(dirname "$source")
    corpus=$FUZZ_FOLDER/corpus/$name
    log=$FUZZ_FOLDER/$name.log
    seeds=$layer/corpus/$name
    if [ -z "$(ls -A "$seeds" 2>/dev/null)" ]; then
        echo "FAILED $name (no seeds in $seeds)"
        return
    fi
    options=("$FUZZ_LIMIT" "-max_len=$(max_len "$name")" -timeout=25 -rss_limit_mb=1024
        "-artifact_prefix=$FUZZ_FOLDER/artifacts/$name-" -print_final_stats=1
        "-seed=${FUZZ_SEED:-0}")
    [ -f "$layer/dict/$name.dict" ] && options+=("-dict=$layer/dict/$name.dict")
    mkdir -p "$corpus" "$FUZZ_FOLDER/artifacts"
    # New inputs go into the first folder: never the one in the repository.
    if "$FUZZ_FOLDER/tests/$name" "${options[@]}" "$corpus" "$seeds" >"$log" 2>&1; then
        runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
        echo "ok $name ${runs:-0} executions"
    else
        tail -n 40 "$log" >&2
        echo "FAILED $name (see $log and $FUZZ_FOLDER/artifacts)"
    fi
}
export -f fuzz_one max_len

sources=(tests/fuzz/*/fuzz_*.c)
if [ $# -gt 0 ]; then
    sources=()
    for name; do
        found=(tests/fuzz/*/"$name".c)
        [ -f "${found[0]}" ] || usage
        sources+=("${found[0]}")
    done
fi

# To trace each comparison makes a target half as fast. What memcmp() compares is seen all the same,
# and other constants are in the dictionaries.
[ -f "$FUZZ_FOLDER/build.ninja" ] ||
    CC=clang CFLAGS=-fno-sanitize-coverage=trace-cmp cmake -S . -B "$FUZZ_FOLDER" -G Ninja \
        -DSLIPWAY_SANITIZE=ON -DSLIPWAY_FUZZ=ON -DSLIPWAY_TESTS=OFF >/dev/null || exit 1
targets=()
for source in "${sources[@]}"; do
    targets+=("$(basename "$source" .c)")
done
ninja -C "$FUZZ_FOLDER" "${targets[@]}" >/dev/null || ninja -C "$FUZZ_FOLDER" "${targets[@]}" || exit 1

printf '\n== fuzz targets, %s\n' "$title"
# shellcheck disable=SC2016 # the inner shell expands it
printf '%s\n' "${sources[@]}" |
    xargs -P "$(nproc)" -I{} bash -c 'fuzz_one "$1"' _ {} | tee "$FUZZ_FOLDER/results"
passed=$(grep -c '^ok ' "$FUZZ_FOLDER/results")
failed=$(grep -c '^FAILED ' "$FUZZ_FOLDER/results")
awk '/^ok /{sum += $3} END {printf "%d executions in all\n", sum}' "$FUZZ_FOLDER/results"
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ] && [ "$passed" -eq "${#sources[@]}" ]
