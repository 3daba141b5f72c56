#ifndef SLIPWAY_TESTS_CLI_OOM_COMMANDS_H
#define SLIPWAY_TESTS_CLI_OOM_COMMANDS_H

/* For test_*_oom.c: a command line whose every allocation fails once, and once from there on, each
 * time held against what it says and asks AWS for when none does. Linked with --wrap=malloc. */

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
    struct buf asked;
    bool has_failed;
};

static inline void ran_run(const char *line, const struct setting *setting, void (*arm)(size_t n),
                           size_t n, struct ran *ran) {
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
    stand_in_end_note(&s);
    ran->asked = s.asked;
}

static inline void ran_release(struct ran *ran) {
    free(ran->out);
    free(ran->err);
    buf_release(&ran->asked);
}

/* Fails the test if the command, of which allocation `n` failed, must not end so. */
typedef void (*judge_ran)(const char *line, size_t n, const struct ran *whole,
                          const struct ran *ran);

static inline void ran_each_fails(const char *line, const struct setting *setting,
                                  judge_ran judge) {
    static void (*const arms[])(size_t n) = {oom_arm, oom_arm_from};
    struct ran whole;
    ran_run(line, setting, oom_arm, 0, &whole);
    for (size_t i = 0; i < sizeof(arms) / sizeof(arms[0]); i++) {
        OOM_FOR_EACH(n) {
            struct ran ran;
            ran_run(line, setting, arms[i], n, &ran);
            judge(line, n, &whole, &ran);
            bool has_failed = ran.has_failed;
            ran_release(&ran);
            if (!has_failed) {
                break;
            }
        }
    }
    ran_release(&whole);
}

#endif
