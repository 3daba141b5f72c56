/* data/migrate/<case>/: environment files, and what config migrate --dry-run says of them. */

#include "tests/unit/cli/golden.h"

#include "runtime/base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define FOLDER TEST_DATA_DIR "/migrate"
#define MAX_CASES 200

static void says_what_it_must(void **state) {
    char folder[GOLDEN_PATH_BYTES];
    snprintf(folder, sizeof(folder), "%s/%s", FOLDER, (const char *)*state);
    assert_true(golden_check_folder(folder, &clock_system));
}

int main(void) {
    size_t n;
    char **cases = golden_list(FOLDER, "", &n);
    struct CMUnitTest tests[MAX_CASES];
    if (n == 0 || n > MAX_CASES) {
        golden_fail(FOLDER, "too few or too many cases");
    }
    for (size_t i = 0; i < n; i++) {
        tests[i] = (struct CMUnitTest){
            .name = cases[i], .test_func = says_what_it_must, .initial_state = cases[i]};
    }
    int failed = _cmocka_run_group_tests("migrate_golden", tests, n, NULL, NULL);
    golden_free(cases, n);
    return failed;
}
