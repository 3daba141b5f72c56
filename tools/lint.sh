#!/usr/bin/env bash
# Every linter over every source; silent but for its closing line when there is nothing to say.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit
passed=0
failed=0

check() {
    local name=$1 output
    shift
    if output=$("$@" 2>&1); then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf -- '-- %s\n%s\n' "$name" "$output"
    fi
}

mapfile -t all < <(git ls-files --cached --others --exclude-standard '*.c' '*.h')
mapfile -t product < <(git ls-files --cached --others --exclude-standard \
    'bootstrap/*.c' 'cli/*.c' 'handlers/*.c' 'runtime/*.c')
mapfile -t scripts < <(git ls-files --cached --others --exclude-standard '*.sh' .ci/run)

# Its own build folder: a database of commands for clang-tidy, an analysing build for gcc.
cmake -S . -B build/lint -G Ninja -DSLIPWAY_TESTS=OFF -DCMAKE_C_COMPILER=gcc \
    -DCMAKE_BUILD_TYPE=Debug >/dev/null || exit 1

tidy() {
    printf '%s\n' "${product[@]}" | xargs -P "$(nproc)" -n 1 clang-tidy --quiet -p build/lint 2>&1 |
        { ! grep -vE '^$|^[0-9]+ warnings? generated|^Suppressed|^Use -header-filter'; }
}

analyse_one() {
    gcc -std=gnu17 -O1 -fanalyzer -Werror -I. -c -o /dev/null "$1"
}
export -f analyse_one

analyse() {
    # shellcheck disable=SC2016 # the inner shell expands it
    printf '%s\n' "${product[@]}" | xargs -P "$(nproc)" -I{} bash -c 'analyse_one "$1"' _ {}
}

check structure python3 tools/check_structure.py
check clang-format clang-format --dry-run -Werror "${all[@]}"
check shellcheck shellcheck -x "${scripts[@]}"
check cppcheck cppcheck --quiet --std=c11 --inline-suppr --error-exitcode=1 -I. -j "$(nproc)" \
    --enable=warning,performance,portability --suppress=missingIncludeSystem \
    --suppress=normalCheckLevelMaxBranches \
    --suppress=internalAstError "${product[@]}"
check 'gcc -fanalyzer' analyse
check clang-tidy tidy

printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
