#!/usr/bin/env bash
# Builds the release binaries, the function and the command line: static, position-independent, on
# musl, from the distribution's source packages.   -> build/static/bootstrap, build/static/slipway
#
# SLIPWAY_STATIC_DIR says where, and where what was built before is kept; default build/static.
# Besides them: bootstrap.debug and slipway.debug (with symbols, for addr2line), versions (what went
# in) and licences/ (of all that did).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

out=${SLIPWAY_STATIC_DIR:-build/static}
mkdir -p "$out"
out=$(realpath "$out")
sysroot=$out/sysroot

# Most of what the programs are made of wants its licence to go with every copy of it.
write_licences() {
    local name version musl=/usr/share/doc/musl-dev/copyright
    rm -rf "$out/licences"
    mkdir "$out/licences"
    cp LICENSE "$out/licences/slipway"
    while read -r name version; do
        case $name in
        ca-certificates)
            dpkg-deb --fsys-tarfile "$out/packages/${name}_${version#*:}_all.deb" |
                tar -xO "./usr/share/doc/$name/copyright"
            ;;
        *) tar -xOf "$out/packages/${name}_${version#*:}".debian.tar.* debian/copyright ;;
        esac >"$out/licences/$name"
    done <"$out/versions"
    # Some images are without documentation.
    if [ -r "$musl" ]; then
        cp "$musl" "$out/licences/musl"
    else
        printf "static: the licence of 'musl' is not in '%s'\n" "$musl" >&2
    fi
}

tools/static-sources.sh "$out"
tools/static-deps.sh "$out"
write_licences

# A tree configured for another folder or compiler is of no use.
if ! grep -qsx "CMAKE_HOME_DIRECTORY:INTERNAL=$PWD" "$out/tree/CMakeCache.txt" ||
    [ "$sysroot/key" -nt "$out/tree/CMakeCache.txt" ]; then
    rm -rf "$out/tree"
fi
if [ ! -f "$out/tree/build.ninja" ]; then
    cmake -S . -B "$out/tree" -G Ninja -DSLIPWAY_STATIC=ON -DSLIPWAY_TESTS=OFF \
        -DSLIPWAY_SYSROOT="$sysroot" -DCMAKE_C_COMPILER="$sysroot/bin/slipway-cc" \
        -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_FLAGS_RELEASE='-Os -DNDEBUG' >"$out/cmake.log" 2>&1 || {
        cat "$out/cmake.log" >&2
        exit 1
    }
fi
ninja -C "$out/tree" bootstrap slipway >"$out/ninja.log" 2>&1 || {
    cat "$out/ninja.log" >&2
    exit 1
}
for program in bootstrap slipway; do
    cp "$out/tree/$program" "$out/$program.debug"
    strip --strip-all --remove-section=.comment -o "$out/$program" "$out/$program.debug"
    tools/check-hardening.sh "$out/$program"
    printf '%s: %s bytes\n' "${out#"$PWD/"}/$program" "$(stat -c %s "$out/$program")"
done
