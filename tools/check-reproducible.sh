#!/usr/bin/env bash
# Builds the release a second time, libraries and all, from a copy of the source in another folder
# and under another environment, and compares it byte for byte with build/static and
# build/function.zip.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
readonly root=$PWD

tools/package.sh >/dev/null
elsewhere=$(mktemp -d)
trap 'rm -rf "$elsewhere"' EXIT
copy="$elsewhere/a folder/with a longer name/source"
mkdir -p "$copy" "$elsewhere/out"
# What was downloaded serves again; nothing that was built does.
cp -a build/static/{apt,packages,versions} "$elsewhere/out/"
if git rev-parse --git-dir >/dev/null 2>&1; then
    git ls-files -z --cached --others --exclude-standard
else
    find . \( -name build -o -name .git -o -name .aws-sam \) -prune -o -type f -print0
fi | while IFS= read -r -d '' file; do
    [ ! -e "$file" ] || printf '%s\0' "$file"
done | tar --null -T - -c | tar -x -C "$copy"

(
    umask 077
    export TZ=Asia/Kathmandu LC_ALL=C.UTF-8 HOME=$elsewhere SLIPWAY_STATIC_DIR=$elsewhere/out
    cd "$copy"
    tools/package.sh
) >"$elsewhere/log" 2>&1 || {
    cat "$elsewhere/log" >&2
    exit 1
}

failures=0
for pair in static/bootstrap:bootstrap static/slipway:slipway function.zip:function.zip; do
    here=$root/build/${pair%%:*}
    there=$elsewhere/out/${pair##*:}
    if cmp "$here" "$there"; then
        printf '%s  %s (the same twice)\n' "$(sha256sum <"$here" | cut -d' ' -f1)" "${here#"$root"/}"
    else
        failures=$((failures + 1))
    fi
done
[ "$failures" -eq 0 ]
