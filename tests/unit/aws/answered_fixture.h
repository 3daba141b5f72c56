#ifndef SLIPWAY_TESTS_UNIT_AWS_ANSWERED_FIXTURE_H
#define SLIPWAY_TESTS_UNIT_AWS_ANSWERED_FIXTURE_H

/* A call that is built, ended by hand and read, with the arena that all of it lives in. */

#include "tests/unit/aws/answered.h"

/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
    struct arena arena;
    struct aws_call call;
    struct err err;
};

static inline struct fixture fixture_new(void) {
    struct fixture f = {.arena = ARENA_INIT(1024 * 1024)};
    err_init(&f.err);
    return f;
}

#endif
