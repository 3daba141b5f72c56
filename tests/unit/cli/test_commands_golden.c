/* data/commands/<case>/: what AWS answers, and what the commands that ask it say and write then. */

#include "tests/unit/cli/aws_stand_in.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define FOLDER TEST_DATA_DIR "/commands"
#define MAX_CASES 200

static void says_what_it_must(void **state) {
    char folder[GOLDEN_PATH_BYTES];
    bool is_same = true;
    size_t n;
    snprintf(folder, sizeof(folder), "%s/%s", FOLDER, (const char *)*state);
    char **names = golden_list(folder, ".expected", &n);
    if (chdir(folder) != 0 || n == 0) {
        golden_fail(folder, "holds no *.expected");
    }
    for (size_t i = 0; i < n; i++) {
        is_same = stand_in_check(names[i]) && is_same;
    }
    golden_free(names, n);
    assert_true(is_same);
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
    int failed = _cmocka_run_group_tests("commands_golden", tests, n, NULL, NULL);
    golden_free(cases, n);
    return failed;
}
