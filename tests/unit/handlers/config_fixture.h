#ifndef SLIPWAY_TESTS_HANDLERS_CONFIG_FIXTURE_H
#define SLIPWAY_TESTS_HANDLERS_CONFIG_FIXTURE_H

/* A configuration that is loaded from a table of variables, or refused. Included once in a program.
 */

#include "handlers/config.h"

#include "table_environment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define DEV "PROJECT_NAME", "myproject", "PROJECT_ENV", "dev", "AWS_REGION", "eu-west-1"

struct fixture {
    struct arena arena;
    struct config config;
    struct err err;
};

static inline int set_up(void **state) {
    static struct fixture fixture;
    fixture = (struct fixture){.arena = ARENA_INIT((size_t)4 * 1024 * 1024)};
    *state = &fixture;
    return 0;
}

static inline int tear_down(void **state) {
    struct fixture *f = *state;
    arena_release(&f->arena);
    return 0;
}

static inline void load_from(struct fixture *f, struct environment env) {
    err_init(&f->err);
    if (config_load(&env, &f->arena, &f->config, &f->err) != 0) {
        fail_msg("%s", f->err.message);
    }
}

/* `expected`: the message behind "configuration is invalid: ". */
static inline void refuse_from(struct fixture *f, struct environment env, const char *expected) {
    const char *prefix = "configuration is invalid: ";
    err_init(&f->err);
    assert_int_equal(config_load(&env, &f->arena, &f->config, &f->err), -1);
    assert_int_equal(f->err.code, ERR_CONFIG_INVALID);
    assert_memory_equal(f->err.message, prefix, strlen(prefix));
    assert_string_equal(f->err.message + strlen(prefix), expected);
}

#endif
