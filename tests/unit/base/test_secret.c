#include "runtime/base/secret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void set_and_expose(void **state) {
    (void)state;
    struct secret secret SECRET_AUTO = {0};
    struct err err;
    err_init(&err);
    assert_true(secret_is_empty(&secret));
    assert_int_equal(secret_expose(&secret).len, 0);
    assert_int_equal(secret_set(&secret, VIEW("wJalr\0XUtn"), "secret access key", &err), 0);
    assert_false(secret_is_empty(&secret));
    assert_true(view_equal(secret_expose(&secret), VIEW("wJalr\0XUtn")));
    assert_int_equal(secret_set(&secret, VIEW("b"), "secret access key", &err), 0);
    assert_true(view_equal(secret_expose(&secret), VIEW("b")));
    assert_false(err_is_set(&err));
}

static void an_empty_value_empties(void **state) {
    (void)state;
    struct secret secret SECRET_AUTO = {0};
    struct err err;
    err_init(&err);
    assert_int_equal(secret_set(&secret, VIEW("a"), "token", &err), 0);
    assert_int_equal(secret_set(&secret, (struct view){NULL, 0}, "token", &err), 0);
    assert_true(secret_is_empty(&secret));
}

static void a_secret_may_be_set_from_itself(void **state) {
    (void)state;
    struct secret secret SECRET_AUTO = {0};
    struct err err;
    err_init(&err);
    assert_int_equal(secret_set(&secret, VIEW("  token "), "token", &err), 0);
    assert_int_equal(secret_set(&secret, view_trim(secret_expose(&secret)), "token", &err), 0);
    assert_true(view_equal(secret_expose(&secret), VIEW("token")));
}

static void wiping(void **state) {
    (void)state;
    struct secret secret = {0};
    struct err err;
    err_init(&err);
    secret_wipe(NULL);
    secret_wipe(&secret);
    assert_int_equal(secret_set(&secret, VIEW("a"), "token", &err), 0);
    secret_wipe(&secret);
    assert_true(secret_is_empty(&secret));
    assert_null(secret.hidden);
    secret_wipe(&secret);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(set_and_expose),
        cmocka_unit_test(an_empty_value_empties),
        cmocka_unit_test(a_secret_may_be_set_from_itself),
        cmocka_unit_test(wiping),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
