/* data/doctor/commands/<case>/: what AWS answers to `slipway doctor`, and what it says then. */

#include "tests/unit/cli/aws_stand_in.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void check_folder(const char *name) {
    char folder[GOLDEN_PATH_BYTES];
    bool is_same = true;
    size_t n;
    snprintf(folder, sizeof(folder), "%s/doctor/commands/%s", TEST_DATA_DIR, name);
    char **names = golden_list(folder, ".expected", &n);
    assert_int_equal(chdir(folder), 0);
    assert_true(n > 0);
    for (size_t i = 0; i < n; i++) {
        is_same = stand_in_check(names[i]) && is_same;
    }
    golden_free(names, n);
    assert_true(is_same);
}

static void a_healthy_environment(void **state) {
    (void)state;
    check_folder("healthy");
}

static void much_that_may_not_be_seen(void **state) {
    (void)state;
    check_folder("denied");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_healthy_environment),
        cmocka_unit_test(much_that_may_not_be_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
