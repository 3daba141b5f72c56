/* Each allocation of `slipway doctor` fails once, and once from there on: it says all that it would
 * have said, or that memory ran out, and never something else of the environment. */

#include "tests/unit/cli/oom_commands.h"

static void judge(const char *line, size_t n, const struct ran *whole, const struct ran *ran) {
    assert_int_equal(whole->status, EXIT_STATUS_DONE);
    bool is_whole = ran->status == whole->status && strcmp(ran->out, whole->out) == 0;
    if (!is_whole && (ran->status == EXIT_STATUS_DONE || ran->err_len == 0)) {
        fail_msg("%s, allocation %zu: left with %d and says\n%s%s", line, n, ran->status, ran->out,
                 ran->err);
    }
}

static void in_a_healthy_environment(void **state) {
    struct setting setting;
    (void)state;
    assert_int_equal(chdir(TEST_DATA_DIR "/doctor/commands/healthy"), 0);
    setting_read(&setting);
    ran_each_fails("slipway doctor", &setting, judge);
    ran_each_fails("slipway doctor --json backend", &setting, judge);
    free(setting.text);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(in_a_healthy_environment)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
