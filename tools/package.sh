#!/usr/bin/env bash
# Packs what Lambda is given: the release binary and the CA certificates.  -> build/function.zip
#
#   tools/package.sh [FOLDER]     into FOLDER instead, unpacked (what `sam build` wants)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tools/static.sh
out=$(realpath "${SLIPWAY_STATIC_DIR:-build/static}")
if [ $# -gt 0 ]; then
    mkdir -p "$1"
    install -m 0755 "$out/bootstrap" "$1/bootstrap"
    rm -rf "$1/certs"
    mkdir "$1/certs"
    install -m 0644 "$out"/sysroot/certs/* "$1/certs/"
    exit 0
fi
zip=build/function.zip
[ -z "${SLIPWAY_STATIC_DIR:-}" ] || zip=$out/function.zip
python3 tools/zip.py "$zip" bootstrap="$out/bootstrap" certs="$out/sysroot/certs"
bytes=$(stat -c %s "$zip")
# The budget of docs/performance.md. What grows past it should do so on purpose.
limit=1600000
printf '%s: %s bytes\n' "$zip" "$bytes"
if [ "$bytes" -gt $limit ]; then
    printf 'package: %s is over its budget of %s bytes\n' "$zip" "$limit" >&2
    exit 1
fi
