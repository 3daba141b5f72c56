#!/usr/bin/env bash
# What was trimmed off OpenSSL and libcurl is not missed: the release's own libraries talk to servers
# of every kind that AWS's endpoints are, and refuse those that must be refused.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
sysroot=$(realpath "${SLIPWAY_STATIC_DIR:-build/static}")/sysroot
work=$(mktemp -d)
server=
passed=0
failed=0
stop_server() {
    [ -z "$server" ] || { kill "$server" && wait "$server"; } 2>/dev/null || true
    server=
}
trap 'stop_server; rm -rf "$work"' EXIT

"$sysroot/bin/slipway-cc" -Os -fPIE -I"$sysroot/include" -o "$work/tls_get" \
    tests/release/tls_get.c -L"$sysroot/lib" -lcurl -lssl -lz -lcrypto
cd "$work"
mkdir certs

# key NAME ALGORITHM…: one for a server, signed by the root.
key() {
    local name=$1 days=$2 host=$3
    shift 3
    openssl req -newkey "$@" -nodes -keyout "$name.key" -out "$name.csr" -subj "/CN=$name"
    openssl x509 -req -in "$name.csr" -CA root.pem -CAkey root.key -CAcreateserial -days "$days" \
        -extfile <(printf 'subjectAltName=DNS:%s' "$host") -out "$name.pem"
}
{
    openssl req -x509 -newkey rsa:2048 -nodes -keyout root.key -out root.pem -days 2 -subj /CN=root
    key rsa 2 localhost rsa:2048
    key p256 2 localhost ec -pkeyopt ec_paramgen_curve:P-256
    key p384 2 localhost ec -pkeyopt ec_paramgen_curve:P-384
    key elsewhere 2 example.invalid rsa:2048
    openssl req -x509 -newkey rsa:2048 -nodes -keyout self.key -out self.pem -days 2 \
        -subj /CN=localhost -addext subjectAltName=DNS:localhost
    key old 2 localhost rsa:2048
    openssl x509 -req -in old.csr -CA root.pem -CAkey root.key -CAcreateserial -days -1 \
        -extfile <(printf 'subjectAltName=DNS:localhost') -out old.pem
} >openssl.log 2>&1 || {
    cat openssl.log >&2
    exit 1
}
cp root.pem "certs/$(openssl x509 -in root.pem -noout -subject_hash).0"

# expect ok|refused NAME KEY SERVER_OPTION…
expect() {
    local wanted=$1 name=$2 key=$3 port said result=refused
    shift 3
    # Emptied here: the server's shell may be late, and the port of the one before would be read.
    : >server.log
    openssl s_server -accept 127.0.0.1:0 -www -cert "$key.pem" -key "$key.key" "$@" >server.log 2>&1 &
    server=$!
    port=
    for _ in {1..100}; do
        port=$(sed -n 's/^ACCEPT .*:\([0-9]*\)$/\1/p' server.log | head -n 1)
        [ -z "$port" ] || break
        sleep 0.05
    done
    [ -n "$port" ] || { cat server.log >&2 && exit 1; }
    said=$(./tls_get "https://localhost:$port/" certs) && result=ok
    # A server that was not reached has refused nothing.
    [[ $said != "Failed to connect"* ]] || result=unreached
    stop_server
    if [ "$result" = "$wanted" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'check-tls: %s: %s (expected %s)\n' "$name" "$said" "$wanted"
    fi
}

for key in rsa p256 p384; do
    for group in X25519 P-256 P-384; do
        expect ok "TLS 1.3, $key, $group" $key -tls1_3 -groups $group
        expect ok "TLS 1.2, $key, $group" $key -tls1_2 -groups $group
    done
done
for suite in TLS_AES_128_GCM_SHA256 TLS_AES_256_GCM_SHA384; do
    expect ok "$suite" rsa -tls1_3 -ciphersuites $suite
done
for suite in ECDHE-RSA-AES128-GCM-SHA256 ECDHE-RSA-AES256-GCM-SHA384 ECDHE-RSA-AES128-SHA256 \
    ECDHE-RSA-AES256-SHA384 ECDHE-RSA-AES128-SHA ECDHE-RSA-AES256-SHA AES128-GCM-SHA256; do
    expect ok "$suite" rsa -tls1_2 -cipher $suite
done
expect refused "TLS 1.1" rsa -tls1_1 -cipher DEFAULT:@SECLEVEL=0
expect refused "a root that is not known" self
expect refused "another host's certificate" elsewhere
expect refused "an expired certificate" old
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
