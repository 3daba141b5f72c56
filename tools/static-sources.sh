#!/usr/bin/env bash
# Fetches the source packages that the release binary is made of, and the CA certificates, from the
# distribution that this machine runs, with apt checking their signatures.
#
#   tools/static-sources.sh DIRECTORY
#
# apt runs on a configuration and a state of its own under DIRECTORY/apt; the machine's are read
# (its mirrors, its keys, its proxy) and never written. Leaves DIRECTORY/packages/*.dsc with their
# tarballs, DIRECTORY/packages/ca-certificates_*.deb, and DIRECTORY/versions: one "name version" a line.
set -euo pipefail

readonly sources=(openssl curl zlib cjson libyaml)
# An index older than this is fetched again, so that a security update is not missed.
readonly index_max_age_minutes=1440

fail() {
    printf 'static: %s\n' "$1" >&2
    [ $# -lt 2 ] || printf '  %s\n' "$2" >&2
    exit 1
}

# The machine's one-line entries for the suites of its release (no backports), as "deb" and
# "deb-src".
own_lines() {
    awk -v code="$1" '
        $1 != "deb" { next }
        {
            line = $0; sub(/[ \t]*#.*/, "", line)
            rest = line; sub(/^deb[ \t]+/, "", rest)
            options = ""
            if (match(rest, /^\[[^]]*\][ \t]*/)) {
                options = substr(rest, 1, RLENGTH); rest = substr(rest, RLENGTH + 1)
            }
            n = split(rest, word, /[ \t]+/)
            if (n < 3 || word[2] !~ "^" code "(-updates|-security)?(/updates)?$") next
            print "deb " options rest
            gsub(/arch[+-]?=[^] \t]*/, "", options)
            if (options ~ /^\[[ \t]*\][ \t]*$/) options = ""
            print "deb-src " options rest
        }' "${@:2}"
}

# The same for deb822 files: the paragraph is kept, with both types and those suites.
own_paragraphs() {
    awk -v code="$1" '
        function flush() {
            if (enabled && types ~ /(^|[ \t])deb([ \t]|$)/ && suites != "")
                printf "Types: deb deb-src\nSuites:%s\n%s\n", suites, body
            body = ""; enabled = 1; types = ""; suites = ""; field = ""
        }
        BEGIN { enabled = 1 }
        FNR == 1 { flush() }
        /^#/ { next }
        /^[ \t]*$/ { flush(); next }
        /^[^ \t]/ {
            field = tolower($0); sub(/[ \t]*:.*/, "", field)
            value = $0; sub(/^[^:]*:[ \t]*/, "", value)
        }
        /^[ \t]/ { value = $0 }
        field == "types" { types = types " " value; next }
        field == "enabled" { if (value ~ /^(no|false|0)/) enabled = 0; next }
        field == "architectures" { next }
        field == "suites" {
            n = split(value, word, /[ \t]+/)
            for (i = 1; i <= n; i++)
                if (word[i] ~ "^" code "(-updates|-security)?(/updates)?$")
                    suites = suites " " word[i]
            next
        }
        { body = body $0 "\n" }
        END { flush() }' "${@:2}"
}

write_configuration() {
    local etc=${APT_ETC:-/etc/apt} code=${VERSION_CODENAME:-}
    [ -n "$code" ] || fail "the distribution has no code name in '/etc/os-release'" \
        "build on Debian 12 or later, or on Ubuntu 24.04 or later"
    mkdir -p "$apt"/{sources.list.d,preferences.d,lists/partial,cache/archives/partial}
    shopt -s nullglob
    local lists=("$etc"/sources.list "$etc"/sources.list.d/*.list)
    local deb822=("$etc"/sources.list.d/*.sources)
    shopt -u nullglob
    [ -e "$etc/sources.list" ] || lists=("${lists[@]:1}")
    rm -f "$apt"/sources.list.d/own.*
    [ ${#lists[@]} -eq 0 ] || own_lines "$code" "${lists[@]}" >"$apt/sources.list.d/own.list"
    [ ${#deb822[@]} -eq 0 ] ||
        own_paragraphs "$code" "${deb822[@]}" >"$apt/sources.list.d/own.sources"
    grep -qs . "$apt"/sources.list.d/own.* ||
        fail "no entry for '$code' among the machine's apt sources" \
            "add the distribution's own archive to '$etc'"
    # The hooks of the machine's configuration would write outside of our directory.
    cat >"$apt/apt.conf" <<CONF
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "$apt/sources.list.d";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "$apt/preferences.d";
Dir::State::lists "$apt/lists";
Dir::Cache "$apt/cache";
Dir::Cache::pkgcache "pkgcache.bin";
Dir::Cache::srcpkgcache "srcpkgcache.bin";
Acquire::Languages "none";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
#clear DPkg::Pre-Install-Pkgs;
#clear Acquire::IndexTargets::deb::DEP-11;
#clear Acquire::IndexTargets::deb::DEP-11-icons-small;
#clear Acquire::IndexTargets::deb::DEP-11-icons;
CONF
    # Others may have the same suites; what is built on comes from the distribution alone.
    printf 'Package: *\nPin: release o=%s\nPin-Priority: 990\n\n' "$origin" >"$apt/preferences.d/own"
    printf 'Package: *\nPin: release o=*\nPin-Priority: -1\n' >>"$apt/preferences.d/own"
}

# Root's apt downloads as a user of its own, who has to be able to write here. In a folder that is
# closed to others, such as /root, apt would say for each file that it does without.
let_apt_write() {
    [ "$(id -u)" -eq 0 ] && id _apt >/dev/null 2>&1 || return 0
    chown _apt "$out/packages" "$apt"/{lists,cache/archives}/partial
    runuser -u _apt -- test -w "$out/packages" ||
        echo 'APT::Sandbox::User "root";' >>"$apt/apt.conf"
}

# The versions of a source package that the distribution's archives name, the newest first.
source_versions() {
    local versions=() version file i
    mapfile -t versions < <(
        # shellcheck disable=SC2016 # apt fills these in
        apt-get -c "$apt/apt.conf" indextargets --format '$(ORIGIN)|$(FILENAME)' \
            'Created-By: Sources' | sed -n "s/^$origin|//p" | while IFS= read -r file; do
            /usr/lib/apt/apt-helper -c "$apt/apt.conf" cat-file "$file"
        done | awk -v name="$1" '
            $1 == "Package:" { found = $2 == name }
            $1 == "Version:" && found { print $2 }' | sort -u
    )
    # Insertion sort by dpkg's order; there are three or four.
    local sorted=()
    for version in "${versions[@]}"; do
        for ((i = ${#sorted[@]}; i > 0; i--)); do
            dpkg --compare-versions "${sorted[i - 1]}" lt "$version" || break
            sorted[i]=${sorted[i - 1]}
        done
        sorted[i]=$version
    done
    printf '%s\n' "${sorted[@]}"
}

fetch_source() {
    local name=$1 version newest=
    while read -r version; do
        [ -n "$version" ] || break
        newest=${newest:-$version}
        # What could not be fetched is not asked for again before the index is.
        ! grep -qsxF "$name $version" "$apt/unfetchable" || continue
        # What is there already is checked against the signed index again, and kept.
        apt-get -c "$apt/apt.conf" -qq source --download-only "$name=$version" >&2 || {
            printf '%s %s\n' "$name" "$version" >>"$apt/unfetchable"
            continue
        }
        # Loud, because what is left out may be a security update.
        [ "$version" = "$newest" ] ||
            printf 'static: WARNING: %s %s cannot be fetched; %s is used\n' \
                "$name" "$newest" "$version" >&2
        printf '%s %s\n' "$name" "$version" >>"$out/versions.new"
        return 0
    done < <(source_versions "$name")
    fail "the source package '$name' cannot be fetched" "see what apt said above"
}

fetch_certificates() {
    local name=ca-certificates version
    version=$(apt-cache -c "$apt/apt.conf" policy "$name" | awk '$1 == "Candidate:" { print $2 }')
    [ -n "$version" ] || fail "the package '$name' is not in the distribution's archive"
    apt-get -c "$apt/apt.conf" -qq download "$name=$version" >&2 ||
        fail "the package '$name' cannot be fetched" "see what apt said above"
    printf '%s %s\n' "$name" "$version" >>"$out/versions.new"
}

[ $# -eq 1 ] || fail "expected one argument: the directory"
# shellcheck disable=SC1091
. /etc/os-release
# What the archives call themselves: Debian, Ubuntu.
origin=${ID^}
for tool in apt-get dpkg-source patch; do
    command -v "$tool" >/dev/null || fail "'$tool' is missing" "run ./build.sh setup"
done
mkdir -p "$1/packages"
out=$(cd "$1" && pwd)
apt=$out/apt
write_configuration
let_apt_write
if [ -z "$(find "$apt/updated" -mmin -$index_max_age_minutes 2>/dev/null)" ]; then
    # One archive that does not answer is no reason to stop, if the rest has what is needed.
    if apt-get -c "$apt/apt.conf" -qq update; then
        touch "$apt/updated"
        rm -f "$apt/unfetchable"
    else
        echo "static: WARNING: an archive did not answer; going on with what is known of it" >&2
    fi
fi
cd "$out/packages"
rm -f "$out/versions.new"
for name in "${sources[@]}"; do
    fetch_source "$name"
done
fetch_certificates
mv "$out/versions.new" "$out/versions"
