#!/usr/bin/env bash
# Fails unless the release binary is what it has to be; names everything that is missing.
#
#   tools/check-hardening.sh BINARY
set -euo pipefail

binary=$1
failures=0
header=$(readelf -hW "$binary")
segments=$(readelf -lW "$binary")
dynamic=$(readelf -dW "$binary")

missing() {
    printf "%s: %s\n" "$binary" "$1" >&2
    failures=$((failures + 1))
}
has() {
    grep -qE -- "$2" <<<"$1"
}

{ has "$header" 'Type: +DYN' && has "$dynamic" 'FLAGS_1.*PIE'; } ||
    missing "not position-independent"
! has "$segments" '^ +INTERP' || missing "it asks for a dynamic loader"
! has "$dynamic" '\(NEEDED\)' || missing "it needs shared libraries"
! has "$dynamic" '\((RPATH|RUNPATH)\)' || missing "it has a run path"
! has "$dynamic" '\(TEXTREL\)' || missing "its code is relocated"
has "$segments" '^ +GNU_RELRO' || missing "no read-only relocations (RELRO)"
has "$dynamic" '\(FLAGS\).*BIND_NOW|FLAGS_1.*NOW' || missing "relocations are not bound at start"
has "$segments" '^ +GNU_STACK.* RW +0x' || missing "the stack is executable, or nothing says it is not"
! has "$segments" '^ +LOAD.* RWE ' || missing "a segment is writable and executable"
# What RELRO has to cover: the table of addresses that an overwrite would aim for.
read -r got_start got_size < <(readelf -SW "$binary" | sed 's/^ *\[ *[0-9]*\]//' |
    awk '$1 == ".got" { print $3, $5; exit }') || true
read -r relro_start relro_size < <(awk '$1 == "GNU_RELRO" { print $3, $6; exit }' <<<"$segments") ||
    true
if [ -n "${got_start:-}" ] && [ -n "${relro_start:-}" ]; then
    got_end=$((16#$got_start + 16#$got_size))
    { [ $((16#$got_start)) -ge $((relro_start)) ] &&
        [ "$got_end" -le $((relro_start + relro_size)) ]; } || missing "RELRO leaves out the GOT"
fi
# Symbols are stripped; the check of the canary is seen in the code itself.
case $(uname -m) in
x86_64) canary='%fs:0x28' ;;
*) canary= ;;
esac
if [ -n "$canary" ]; then
    guarded=$(objdump -d "$binary" | grep -cF -- "$canary") || true
    [ "$guarded" -ge 200 ] || missing "no stack protector ($guarded uses of the canary)"
fi
! readelf -SW "$binary" | grep -qE ' \.(symtab|debug_info) ' || missing "it is not stripped"
paths=$(strings -n 6 "$binary" | grep -E "^(/home/|/tmp/|/root/|$PWD/)|$PWD/|/build/" || true)
[ -z "$paths" ] || missing "it names folders of the machine that built it: $(head -n 1 <<<"$paths")"
[ "$failures" -eq 0 ] || exit 1
