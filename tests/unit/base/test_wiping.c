/*
 * What held a secret is overwritten before it is freed. The modules are compiled into this test
 * with a free() that looks at the memory first.
 */

#define _GNU_SOURCE /* memmem() */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <malloc.h>

static size_t n_freed;
static size_t n_leaks; /* blocks freed with a part of the secret in them */

#define SECRET "S3CR3T-S3CR3T-S3CR3T"

static void watching_free(void *memory) {
    if (memory != NULL) {
        n_freed++;
        n_leaks += memmem(memory, malloc_usable_size(memory), "S3CR3T", 6) != NULL;
    }
    free(memory);
}

#define free watching_free
#include "runtime/base/buf.c"
#include "runtime/base/secret.c"
#undef free

#include <cmocka.h>

static int reset(void **state) {
    (void)state;
    n_freed = 0;
    n_leaks = 0;
    return 0;
}

static void the_watch_sees_what_is_not_wiped(void **state) {
    (void)state;
    struct buf buf = BUF_INIT(1000);
    buf_append_str(&buf, SECRET);
    buf_release(&buf);
    assert_int_equal(n_leaks, 1);
}

static void a_wiped_buffer_leaves_nothing(void **state) {
    (void)state;
    struct buf buf = BUF_INIT(1000);
    buf_append_str(&buf, SECRET);
    buf_wipe(&buf);
    assert_int_equal(n_freed, 1);
    assert_int_equal(n_leaks, 0);
    /* Nor do bytes beyond the length, as after a clear. */
    buf_append_str(&buf, SECRET);
    buf_clear(&buf);
    buf_append_str(&buf, "x");
    buf_wipe(&buf);
    assert_int_equal(n_leaks, 0);
}

static void a_buffer_that_grows_leaves_nothing_behind(void **state) {
    (void)state;
    struct buf buf = BUF_INIT(100000);
    for (int i = 0; i < 1000; i++) {
        buf_append_str(&buf, SECRET);
    }
    assert_true(n_freed > 3);
    buf_wipe(&buf);
    assert_int_equal(n_leaks, 0);
}

static void a_secret_leaves_nothing(void **state) {
    (void)state;
    struct secret secret = {0};
    struct err err;
    err_init(&err);
    assert_int_equal(secret_set(&secret, VIEW(SECRET), "token", &err), 0);
    assert_int_equal(secret_set(&secret, VIEW("S3CR3T 2"), "token", &err), 0);
    secret_wipe(&secret);
    assert_int_equal(n_freed, 2);
    assert_int_equal(n_leaks, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_watch_sees_what_is_not_wiped, reset),
        cmocka_unit_test_setup(a_wiped_buffer_leaves_nothing, reset),
        cmocka_unit_test_setup(a_buffer_that_grows_leaves_nothing_behind, reset),
        cmocka_unit_test_setup(a_secret_leaves_nothing, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
