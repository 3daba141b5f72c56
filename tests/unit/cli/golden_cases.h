#ifndef SLIPWAY_TESTS_CLI_GOLDEN_CASES_H
#define SLIPWAY_TESTS_CLI_GOLDEN_CASES_H

/* A program of which each test is a case of one folder: its golden files (golden.h). */

#include "tests/unit/cli/golden.h"

#include "runtime/base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define GOLDEN_MAX_CASES 200

static inline void golden_says_what_it_must(void **state) {
    assert_true(golden_check_folder(*state, &clock_system));
}

/* `folder` holds a folder for each case. Returns what main() returns. */
static inline int golden_main(const char *folder) {
    size_t n;
    char **cases = golden_list(folder, "", &n);
    char(*paths)[GOLDEN_PATH_BYTES] = calloc(GOLDEN_MAX_CASES, sizeof(*paths));
    struct CMUnitTest tests[GOLDEN_MAX_CASES];
    if (paths == NULL || n == 0 || n > GOLDEN_MAX_CASES) {
        golden_fail(folder, "no memory, or too few or too many cases");
        return 1;
    }
    for (size_t i = 0; i < n; i++) {
        snprintf(paths[i], sizeof(paths[i]), "%s/%s", folder, cases[i]);
        tests[i] = (struct CMUnitTest){
            .name = cases[i], .test_func = golden_says_what_it_must, .initial_state = paths[i]};
    }
    int failed = _cmocka_run_group_tests(folder, tests, n, NULL, NULL);
    golden_free(cases, n);
    free(paths);
    return failed;
}

#endif
