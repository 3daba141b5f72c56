# Sourced by build.sh: `need PART…` installs what a part lacks, and is quick when nothing does.
# Debian's and Ubuntu's packages come by apt (with sudo unless root), Python's into build/venv.
# shellcheck shell=bash

packages_of() {
    case $1 in
    compiler) echo gcc libc6-dev cmake ninja-build pkg-config libcurl4-openssl-dev libssl-dev \
        zlib1g-dev libcjson-dev libyaml-dev ;;
    tests) echo libcmocka-dev openssl python3 ;;
    clang) echo clang clang-format clang-tidy llvm ;;
    lint) echo clang clang-format clang-tidy cppcheck shellcheck git python3 ;;
    python | rie | sam) echo python3 python3-venv ca-certificates ;;
    # What the end-to-end tests run besides slipway: a terminal, a shell, what workflows and pages call.
    terminal) echo tmux groff-base zsh jq shellcheck ;;
    # Any JDK and any Maven will do, these are for machines that have none.
    ruler) command -v javac >/dev/null || echo default-jdk-headless
        command -v mvn >/dev/null || echo maven ;;
    static) echo gcc libc6-dev make cmake ninja-build pkg-config musl-tools linux-libc-dev dpkg-dev \
        perl xz-utils openssl ca-certificates binutils python3 ;;
    docker) ;; # test-sam.sh looks for a running engine first
    esac
}

missing_packages() {
    local package
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || echo "$package"
    done
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

# Whether packages can be installed here; if not, says what a person has to install.
can_install() {
    if ! command -v apt-get >/dev/null; then
        echo "install these first (this is no Debian or Ubuntu): $*" >&2
        return 1
    fi
    if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
        echo "install these first (you are not root, and there is no sudo): $*" >&2
        return 1
    fi
}

install_packages() {
    local missing
    mapfile -t missing < <(missing_packages "$@")
    [ "${#missing[@]}" -gt 0 ] || return 0
    can_install "${missing[@]}" || exit 69
    echo "installing ${missing[*]}"
    quietly as_root apt-get update -qq
    quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
        --no-install-recommends -o DPkg::Lock::Timeout=120 "${missing[@]}"
}

# A virtual environment from a requirements file, made anew when the file changes.
virtual_environment() {
    local folder=$1 requirements=$2
    if ! cmp -s "$requirements" "$folder/requirements.txt"; then
        echo "installing Python packages into ${folder#"$ROOT"/} ($requirements)"
        rm -rf "$folder"
        python3 -m venv "$folder"
        "$folder/bin/pip" install -q --disable-pip-version-check -r "$requirements"
        cp "$requirements" "$folder/requirements.txt"
    fi
}

# AWS's Runtime Interface Emulator, as the SAM CLI's wheel ships it.
runtime_interface_emulator() {
    [ -x "$RIE" ] && return 0
    local wheels machine
    wheels=$(mktemp -d)
    machine=$(uname -m | sed 's/aarch64/arm64/')
    mkdir -p "$(dirname "$RIE")"
    echo "fetching the Runtime Interface Emulator"
    "$VENV/bin/pip" download -q --disable-pip-version-check --no-deps -d "$wheels" \
        "$(grep -i '^aws-sam-cli==' tools/requirements-sam.txt)"
    python3 -c 'import sys, zipfile; sys.stdout.buffer.write(zipfile.ZipFile(sys.argv[1]).read(sys.argv[2]))' \
        "$wheels"/aws_sam_cli-*.whl "samcli/local/rapid/aws-lambda-rie-$machine" >"$RIE.part"
    chmod +x "$RIE.part"
    mv "$RIE.part" "$RIE"
    rm -rf "$wheels"
}

# EventBridge's own matcher, from where Maven finds its artifacts here: these files and no others, by
# their checksums.
event_ruler() {
    local sums=$ROOT/tools/check_rules/jars.sha256
    cmp -s "$sums" "$RULER/jars.sha256" && return 0
    echo "fetching EventBridge's matcher"
    rm -rf "$RULER"
    mkdir -p "$RULER"
    quietly mvn -B -f "$ROOT/tools/check_rules/pom.xml" \
        org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies "-DoutputDirectory=$RULER"
    if ! (cd "$RULER" && LC_ALL=C && sha256sum -- *.jar) | diff "$sums" - >&2; then
        echo "what was fetched is not what $sums names" >&2
        return 1
    fi
    cp "$sums" "$RULER/jars.sha256"
}

need() {
    local part packages=()
    for part in "$@"; do
        # shellcheck disable=SC2207
        packages+=($(packages_of "$part"))
    done
    install_packages "${packages[@]}"
    for part in "$@"; do
        case $part in
        clang | lint) sanitizer_runtime ;;
        python) virtual_environment "$VENV" requirements.txt ;;
        rie)
            virtual_environment "$VENV" requirements.txt
            runtime_interface_emulator
            ;;
        ruler) event_ruler ;;
        sam) virtual_environment "$ROOT/build/venv-sam" tools/requirements-sam.txt ;;
        esac
    done
}

# clang's sanitizer and fuzzer runtimes are a package of their own, named after its version.
sanitizer_runtime() {
    local version
    version=$(clang -dumpversion | cut -d. -f1)
    install_packages "libclang-rt-$version-dev"
}
