#!/usr/bin/env bash
# Builds what the release binary links: zlib, OpenSSL, libcurl, cJSON and
# libyaml, as static libraries on
# musl, trimmed to what a TLS client of AWS uses.
#
#   tools/static-deps.sh DIRECTORY
#
# Takes DIRECTORY/packages and DIRECTORY/versions (tools/static-sources.sh); leaves
# DIRECTORY/sysroot with bin/slipway-cc (the compiler), include, lib and certs. Nothing happens when
# the sysroot is of the same sources, tools and settings already.
set -euo pipefail

# Everything but -O holds for slipway's own code as well (cmake/static.cmake). No unwind tables: C
# needs none, and they are a tenth of the size. -Os is smaller by a fifth than -O2 and starts
# faster; the hot code of TLS and SHA-256 is assembly either way.
readonly cflags=(-Os -g0 -fPIE -ffunction-sections -fdata-sections -fstack-protector-strong
    -fstack-clash-protection -fno-asynchronous-unwind-tables -fno-unwind-tables
    -fomit-frame-pointer)

# What AWS's endpoints speak stays: TLS 1.2 and 1.3, ECDHE on P-256, P-384 and X25519, RSA and ECDSA
# certificates, AES-GCM and AES-CBC, SHA-1 (certificate directories) and SHA-2.
readonly openssl_options=(no-shared no-module no-dso no-engine no-legacy no-autoload-config no-tests
    no-ui-console no-filenames no-afalgeng no-ktls no-comp no-dtls no-ssl3 no-tls1 no-tls1_1
    no-aria no-bf no-blake2 no-camellia no-cast no-chacha no-cmac no-cmp no-cms no-ct no-des no-dh
    no-dsa no-ec2m no-gost no-idea no-md4 no-mdc2 no-multiblock no-nextprotoneg no-ocb no-ocsp
    no-poly1305 no-psk no-quic no-rc2 no-rc4 no-rfc3779 no-rmd160 no-scrypt no-seed no-siphash
    no-siv no-sm2 no-sm3 no-sm4 no-srp no-srtp no-ssl-trace no-ts no-whirlpool no-ml-dsa no-slh-dsa
    no-argon2 no-http no-apps no-docs)

# HTTP and HTTPS, proxies with a password, gzip. The resolver has a thread of its own: musl's blocks
# for up to five seconds, which would hold up every other call and the deadline.
readonly curl_options=(--disable-shared --enable-static --disable-dependency-tracking
    --enable-ipv6 --enable-threaded-resolver --enable-symbol-hiding
    --disable-openssl-auto-load-config --without-ca-bundle --without-ca-path
    --without-brotli --without-zstd --without-libpsl --without-libidn2 --without-librtmp
    --without-nghttp2 --without-libssh2 --disable-alt-svc --disable-cookies --disable-crypto-auth
    --disable-dateparse --disable-dict --disable-dnsshuffle --disable-doh --disable-file
    --disable-ftp --disable-get-easy-options --disable-gopher --disable-headers-api --disable-hsts
    --disable-imap --disable-ipfs --disable-ldap --disable-ldaps --disable-libcurl-option
    --disable-manual --disable-docs --disable-mime --disable-mqtt --disable-netrc --disable-ntlm
    --disable-pop3 --disable-progress-meter --disable-rtsp --disable-smb --disable-smtp
    --disable-telnet --disable-tftp --disable-tls-srp --disable-unix-sockets --disable-websockets)

fail() {
    printf 'static: %s\n' "$1" >&2
    [ $# -lt 2 ] || printf '  %s\n' "$2" >&2
    exit 1
}

# Runs a step with its output in a log, which is shown when it fails.
step() {
    local name=$1 log=$out/logs/$1.log
    shift
    printf 'static: %s\n' "$name" >&2
    # In the background, since `||` would switch errexit off inside of the step.
    ("$@") >"$log" 2>&1 &
    wait $! || {
        tail -n 30 "$log" >&2
        fail "'$name' failed" "the whole log is in '$log'"
    }
}

version_of() {
    awk -v name="$1" '$1 == name { print $2 }' "$out/versions"
}

# The sysroot's identity: sources, tools and this script.
key() {
    cat "$out/versions"
    dpkg-query -W -f '${Package} ${Version}\n' musl-dev linux-libc-dev binutils
    gcc --version | head -n 1
    sha256sum <"$self"
}

# gcc on musl, linking static and position-independent: musl-gcc knows only the one or the other.
write_compiler() {
    local specs
    specs=$(sed -n 's/.*-specs "\([^"]*\)".*/\1/p' "$(command -v musl-gcc)")
    [ -r "$specs" ] || fail "musl-gcc names no specs file" "install the distribution's musl-tools"
    mkdir -p "$sysroot"/{bin,include,lib,kernel}
    sed -e 's/%{!shared: *\([^ }]*\)Scrt1\.o}/\1rcrt1.o/' \
        -e 's/^-dynamic-linker .*/-nostdlib -static -pie --no-dynamic-linker -z text/' \
        "$specs" >"$sysroot/lib/static-pie.specs"
    grep -q 'rcrt1\.o' "$sysroot/lib/static-pie.specs" ||
        fail "musl-gcc's specs are not as expected in '$specs'"
    # The kernel's headers, which musl leaves to the kernel, without glibc's beside them.
    ln -s /usr/include/linux /usr/include/asm-generic "$sysroot/kernel/"
    ln -s "/usr/include/$(gcc -print-multiarch)/asm" "$sysroot/kernel/asm"
    cat >"$sysroot/bin/slipway-cc" <<'CC'
#!/bin/sh
# Paths are mapped away so that the same sources give the same bytes in any folder.
sysroot=${0%/bin/slipway-cc}
exec gcc "-ffile-prefix-map=$sysroot=sysroot" "-ffile-prefix-map=$PWD=." "$@" \
    -idirafter "$sysroot/kernel" -specs "$sysroot/lib/static-pie.specs"
CC
    chmod +x "$sysroot/bin/slipway-cc"
}

unpack() {
    local version
    version=$(version_of "$1")
    dpkg-source --no-check --no-copy -q -x "$out/packages/$1_${version#*:}.dsc" "$work/$1"
}

build_zlib() {
    cd "$work/zlib"
    CFLAGS="${cflags[*]}" ./configure --static --prefix=/
    make -j "$jobs" libz.a
    cp libz.a "$sysroot/lib/"
    cp zlib.h zconf.h "$sysroot/include/"
}

build_cjson() {
    cd "$work/cjson"
    "$CC" "${cflags[@]}" -DCJSON_HIDE_SYMBOLS -c cJSON.c -o cJSON.o
    ar crD "$sysroot/lib/libcjson.a" cJSON.o
    mkdir -p "$sysroot/include/cjson"
    cp cJSON.h "$sysroot/include/cjson/"
}

# No configure script needs to find out what libyaml needs: its version, and the standard headers.
build_libyaml() {
    cd "$work/libyaml"
    local version source
    version=$(version_of libyaml)
    version=${version%-*}
    version=${version%+*}
    printf '#define YAML_VERSION_MAJOR %s\n#define YAML_VERSION_MINOR %s\n#define YAML_VERSION_PATCH %s\n#define YAML_VERSION_STRING "%s"\n' \
        "$(cut -d. -f1 <<<"$version")" "$(cut -d. -f2 <<<"$version")" "$(cut -d. -f3 <<<"$version")" "$version" >config.h
    for source in api reader scanner parser loader writer emitter dumper; do
        "$CC" "${cflags[@]}" -DHAVE_CONFIG_H -I. -Iinclude -c "src/$source.c" -o "$source.o"
    done
    ar crD "$sysroot/lib/libyaml.a" api.o reader.o scanner.o parser.o loader.o writer.o emitter.o dumper.o
    cp include/yaml.h "$sysroot/include/"
}

build_openssl() {
    cd "$work/openssl"
    local options=() option target
    # Releases differ in what there is to leave out.
    for option in "${openssl_options[@]}"; do
        if grep -q "^ *\"${option#no-}\"," Configure; then
            options+=("$option")
        fi
    done
    case $(uname -m) in
    x86_64) target=linux-x86_64 ;;
    aarch64) target=linux-aarch64 ;;
    *) fail "no release is built for '$(uname -m)'" "build on x86_64 or aarch64" ;;
    esac
    perl Configure "$target" "${options[@]}" --openssldir=/etc/pki/tls "${cflags[@]}"
    make -j "$jobs" build_generated libcrypto.a libssl.a
    cp libcrypto.a libssl.a "$sysroot/lib/"
    cp -r include/openssl "$sysroot/include/"
}

build_curl() {
    cd "$work/curl"
    CFLAGS="${cflags[*]}" CPPFLAGS="-I$sysroot/include" LDFLAGS="-L$sysroot/lib" LIBS=-lpthread \
        PKG_CONFIG=false ./configure --host="$(uname -m)-linux-musl" --prefix=/ \
        --with-openssl="$sysroot" --with-zlib="$sysroot" "${curl_options[@]}"
    make -j "$jobs" -C lib
    cp lib/.libs/libcurl.a "$sysroot/lib/"
    cp -r include/curl "$sysroot/include/"
}

# The distribution's CA certificates under their subjects' hashes, as OpenSSL looks them up one by
# one: a bundle would be parsed whole for every host. Names, not links: zip has none.
build_certs() {
    local version file hash n
    version=$(version_of ca-certificates)
    mkdir -p "$work/ca" "$sysroot/certs"
    dpkg-deb -x "$out/packages/ca-certificates_${version#*:}_all.deb" "$work/ca"
    while read -r file; do
        hash=$(openssl x509 -in "$file" -noout -subject_hash)
        n=0
        while [ -e "$sysroot/certs/$hash.$n" ]; do n=$((n + 1)); done
        openssl x509 -in "$file" -out "$sysroot/certs/$hash.$n"
    done < <(find "$work/ca/usr/share/ca-certificates/mozilla" -name '*.crt' | LC_ALL=C sort)
}

[ $# -eq 1 ] || fail "expected one argument: the directory"
self=$(realpath "${BASH_SOURCE[0]}")
out=$(realpath "$1")
if [ -f "$out/sysroot/key" ] && [ "$(key)" = "$(cat "$out/sysroot/key")" ]; then
    exit 0
fi
for tool in musl-gcc gcc make perl dpkg-source openssl xz; do
    command -v "$tool" >/dev/null || fail "'$tool' is missing" "run ./build.sh setup"
done
sysroot=$out/sysroot
work=$out/work
jobs=$(nproc)
rm -rf "$sysroot" "$work"
mkdir -p "$work" "$out/logs"
export LC_ALL=C TZ=UTC SOURCE_DATE_EPOCH=0 CC=slipway-cc PATH="$sysroot/bin:$PATH"
umask 022
write_compiler
for name in zlib cjson libyaml openssl curl; do
    step "unpack-$name" unpack "$name"
    step "$name" "build_$name"
done
step certs build_certs
rm -rf "$work"
key >"$sysroot/key"
