#!/usr/bin/env bash
# Measures the release binary and writes build/bench/results.md and results.json.
#
#   tests/bench/run.sh [--binary FILE] [--only start,loop,memory,zip,cold]
#
# Wants two CPUs with nothing else to do; needs root for the part at 7 % of a CPU.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
readonly out=$PWD/build/bench
sysroot=$(realpath -m "${SLIPWAY_STATIC_DIR:-build/static}")/sysroot
mkdir -p "$out"

tools/package.sh
gcc -std=gnu17 -O2 -Wall -Wextra -o "$out/runtime_api" tests/bench/runtime_api.c
gcc -std=gnu17 -O2 -Wall -Wextra -o "$out/aws_front" tests/bench/aws_front.c \
    tests/bench/aws_answers.c -lssl -lcrypto
# The reference has the compiler, the flags and the libcurl of the release.
"$sysroot/bin/slipway-cc" -Os -fPIE -fstack-protector-strong -ffunction-sections -fdata-sections \
    -I"$sysroot/include" -o "$out/curlloop" tests/bench/curlloop.c \
    -L"$sysroot/lib" -Wl,--gc-sections,-z,relro,-z,now,--build-id=none -lcurl -lssl -lz -lcrypto
strip --strip-all "$out/curlloop"
python3 tests/bench/bench.py "$out" "$@"
