#ifndef SLIPWAY_TESTS_UNIT_AWS_EACH_FAILS_OOM_H
#define SLIPWAY_TESTS_UNIT_AWS_EACH_FAILS_OOM_H

/* Each allocation of an attempt fails once, and once from there on: what comes of it is always an
 * error that says so. Included once in a program. */

#include "tests/unit/base/oom.h"

#include "runtime/base/arena.h"
#include "runtime/base/err.h"

/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

typedef int (*attempt)(struct arena *arena, struct err *err);

/* Runs it with allocation 1 failing, then 2, … until it takes fewer. */
static inline void each_fails(attempt run, void (*arm)(size_t n)) {
    OOM_FOR_EACH(n) {
        struct arena arena = ARENA_INIT((size_t)1024 * 1024);
        struct err err;
        err_init(&err);
        arm(n);
        int status = run(&arena, &err);
        bool has_failed = oom_disarm();
        arena_release(&arena);
        if (!has_failed) {
            assert_int_equal(status, 0);
            return;
        }
        assert_int_equal(status, -1);
        assert_int_equal(err.code, ERR_OUT_OF_MEMORY);
    }
}

static inline void each_and_all_fail(attempt run) {
    each_fails(run, oom_arm);
    each_fails(run, oom_arm_from);
}

#endif
