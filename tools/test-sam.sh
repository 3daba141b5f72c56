#!/usr/bin/env bash
# `sam build` and `sam local invoke` in a real Docker engine, with the emulated AWS of
# tests/integration behind it.
#
# An engine that runs is used; without one, root starts a private one, with all it keeps under
# build/sam, and stops it again. The firewall and the machine's own Docker state are not touched.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
readonly work=$PWD/build/sam
readonly sam_bin=$PWD/build/venv-sam/bin
mkdir -p "$work"

daemon=
had_bridge=
own_images=()
run_folder=

skip() {
    printf 'test-sam: skipped: %s\n0 passed, 0 failed, 1 skipped\n' "$1"
    exit 0
}

clean_up() {
    local image
    for image in "${own_images[@]}"; do
        docker image rm -f "$image" >/dev/null 2>&1 || true
    done
    if [ -n "$daemon" ]; then
        kill "$daemon" 2>/dev/null || true
        wait "$daemon" 2>/dev/null || true
        [ -n "$had_bridge" ] || ip link delete docker0 2>/dev/null || true
    fi
    [ -z "$run_folder" ] || rm -rf "$run_folder"
}
trap clean_up EXIT

start_engine() {
    [ "$(id -u)" -eq 0 ] || skip "no Docker engine answers, and starting one takes root"
    if ! command -v dockerd >/dev/null; then
        command -v apt-get >/dev/null || skip "no Docker engine is installed, and this is no Debian or Ubuntu"
        echo "installing docker.io"
        { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
            --no-install-recommends -o DPkg::Lock::Timeout=120 docker.io; } >"$work/apt.log" 2>&1 ||
            skip "docker.io could not be installed: $(tail -n 1 "$work/apt.log")"
        # Its package may have started an engine.
        ! docker info >/dev/null 2>&1 || return 0
    fi
    # Paths of sockets are short, so it is not under the work tree.
    run_folder=$(mktemp -d)
    [ ! -e /sys/class/net/docker0 ] || had_bridge=1
    export DOCKER_HOST=unix://$run_folder/docker.sock
    dockerd --host "$DOCKER_HOST" --data-root "$work/docker" --exec-root "$run_folder/exec" \
        --pidfile "$run_folder/pid" --storage-driver vfs --iptables=false --ip-masq=false \
        --ip-forward=false >"$work/dockerd.log" 2>&1 &
    daemon=$!
    local tries
    for tries in {1..300}; do
        ! docker info >/dev/null 2>&1 || return 0
        kill -0 "$daemon" 2>/dev/null || break
        sleep 0.1
    done
    ! kill -0 "$daemon" 2>/dev/null ||
        skip "a Docker engine did not answer in $((tries / 10)) s ($work/dockerd.log)"
    daemon=
    skip "a Docker engine cannot run here: $(tail -n 1 "$work/dockerd.log")"
}

# The image that SAM looks for, by its own code, and the one that it makes of it.
image_names() {
    "$sam_bin/python" -c '
from samcli.local.docker.lambda_image import LambdaImage, Runtime
tag = Runtime.get_image_name_tag("provided.al2023", "x86_64")
name = f"{LambdaImage._INVOKE_REPO_PREFIX}/{tag}"
print(name, name.split(":")[0] + ":" + tag.split(":")[1].split("-")[0] + "-rapid-x86_64")'
}

# A stand-in for AWS's base image, of this machine's own files: SAM needs a shell, mv and chmod in
# it to add its emulator; bootstrap needs nothing.
make_stand_in() {
    local root program file
    root=$(mktemp -d -p "$work")
    mkdir -p "$root"/{bin,tmp,var/task,var/runtime,opt}
    for program in sh mv chmod; do
        file=$(realpath "$(command -v "$program")")
        cp "$file" "$root/bin/$program"
        ldd "$file" | awk '{ for (i = 1; i <= NF; i++) if ($i ~ "^/") print $i }' |
            while read -r file; do
                mkdir -p "$root$(dirname "$file")"
                cp -L "$file" "$root$file"
            done
    done
    tar -C "$root" -c . | docker import --change 'ENV PATH=/bin' --change 'WORKDIR /var/task' \
        - "$1" >/dev/null
    rm -rf "$root"
}

docker info >/dev/null 2>&1 || start_engine
read -r image rapid < <(image_names)
if docker image inspect "$image" >/dev/null 2>&1; then
    echo "test-sam: the base image is $image, as it is here"
elif timeout 120 docker pull -q "$image" >/dev/null 2>&1; then
    echo "test-sam: the base image is $image, pulled"
else
    make_stand_in "$image"
    own_images=("$rapid" "$image")
    echo "test-sam: $image cannot be pulled; a stand-in is under its name"
fi

export SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=us-east-1
"$sam_bin/sam" build --build-dir "$work/build" >"$work/build.log" 2>&1 || {
    cat "$work/build.log" >&2
    exit 1
}
echo "test-sam: sam build: $(find "$work/build/SlipwayFunction" -type f | wc -l) files," \
    "bootstrap of $(stat -c %s "$work/build/SlipwayFunction/bootstrap") bytes"
gateway=$(docker network inspect bridge --format '{{range .IPAM.Config}}{{.Gateway}}{{end}}')
# Some engines leave it out, and take the first address of the subnet.
[ -n "$gateway" ] ||
    gateway=$(docker network inspect bridge --format '{{range .IPAM.Config}}{{.Subnet}}{{end}}' |
        python3 -c 'import ipaddress; print(ipaddress.ip_network(input())[1])')
build/venv/bin/python tools/test_sam.py "$sam_bin/sam" "$work" "$gateway"
