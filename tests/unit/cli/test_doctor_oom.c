/* Each allocation of `slipway doctor` fails once, and once from there on: it says all that it would
 * have said, or that memory ran out, and never something else of the environment. */

#include "tests/unit/base/oom_arena.h"
#include "tests/unit/base/oom_cjson.h"

#define STAND_IN_BEGIN()                                                                           \
    size_t suspended_ = oom_countdown;                                                             \
    oom_countdown = 0
#define STAND_IN_END() oom_countdown = suspended_

#include "tests/unit/cli/aws_stand_in.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct ran {
    int status;
    char *out, *err;
    size_t out_len, err_len;
    bool has_failed;
};

static void run(const char *line, const struct setting *setting, void (*arm)(size_t n), size_t n,
                struct ran *ran) {
    struct stand_in s;
    char words[256];
    *ran = (struct ran){0};
    snprintf(words, sizeof(words), "%s", line);
    stand_in_init(&s, setting);
    FILE *out = open_memstream(&ran->out, &ran->out_len);
    FILE *err = open_memstream(&ran->err, &ran->err_len);
    oom_hook_cjson();
    arm(n);
    ran->status = stand_in_cli(&s, words, out, err);
    ran->has_failed = oom_disarm();
    oom_unhook_cjson();
    fclose(out);
    fclose(err);
    buf_release(&s.asked);
}

static void release(struct ran *ran) {
    free(ran->out);
    free(ran->err);
}

static void judge(size_t n, const struct ran *whole, const struct ran *ran) {
    bool is_whole = ran->status == whole->status && strcmp(ran->out, whole->out) == 0;
    if (!is_whole && (ran->status == EXIT_STATUS_DONE || ran->err_len == 0)) {
        fail_msg("allocation %zu: left with %d and says\n%s%s", n, ran->status, ran->out, ran->err);
    }
}

static void each_fails(const char *line, const struct setting *setting, void (*arm)(size_t n)) {
    struct ran whole;
    run(line, setting, oom_arm, 0, &whole);
    assert_int_equal(whole.status, EXIT_STATUS_DONE);
    OOM_FOR_EACH(n) {
        struct ran ran;
        run(line, setting, arm, n, &ran);
        bool has_failed = ran.has_failed;
        judge(n, &whole, &ran);
        release(&ran);
        if (!has_failed) {
            break;
        }
    }
    release(&whole);
}

static void in_a_healthy_environment(void **state) {
    struct setting setting;
    (void)state;
    assert_int_equal(chdir(TEST_DATA_DIR "/doctor/commands/healthy"), 0);
    setting_read(&setting);
    each_fails("slipway doctor", &setting, oom_arm);
    each_fails("slipway doctor", &setting, oom_arm_from);
    each_fails("slipway doctor --json backend", &setting, oom_arm);
    free(setting.text);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(in_a_healthy_environment)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
