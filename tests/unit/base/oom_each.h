#ifndef SLIPWAY_TESTS_BASE_OOM_EACH_H
#define SLIPWAY_TESTS_BASE_OOM_EACH_H

/* For test_*_oom.c: a function whose every allocation fails once, and once from there on; each time
 * it has to fail with ERR_OUT_OF_MEMORY. A piece of the arena is an allocation, too. */

#include "runtime/base/err.h"
#include "tests/unit/base/oom_arena.h"
#include "tests/unit/base/oom_cjson.h"

/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define OOM_EACH_ARENA_BYTES ((size_t)64 * 1024 * 1024)

typedef int (*attempt)(struct arena *arena, struct err *err);

static inline void each_fails(attempt run, void (*arm)(size_t n)) {
    OOM_FOR_EACH(n) {
        struct arena arena ARENA_AUTO = ARENA_INIT(OOM_EACH_ARENA_BYTES);
        struct err err;
        err_init(&err);
        arm(n);
        oom_hook_cjson();
        int status = run(&arena, &err);
        bool has_failed = oom_disarm();
        oom_unhook_cjson();
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
