/* The pure parts: deadlines, ids, addresses. What the headers become is in test_loop.c. */

#include "runtime/lambda/invocation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define WALL INT64_C(1700000000000)
#define MONOTONIC INT64_C(7000)

static void test_the_reserve_is_half_a_second(void **state) {
    (void)state;
    assert_true(invocation_deadline_ms(WALL + 60000, WALL, MONOTONIC) == MONOTONIC + 59500);
    assert_true(invocation_deadline_ms(WALL + 3000, WALL, MONOTONIC) == MONOTONIC + 2500);
    assert_true(invocation_deadline_ms(WALL + 2500, WALL, MONOTONIC) == MONOTONIC + 2000);
}

static void test_the_reserve_is_a_fifth_of_a_short_time(void **state) {
    (void)state;
    assert_true(invocation_deadline_ms(WALL + 1000, WALL, MONOTONIC) == MONOTONIC + 800);
    assert_true(invocation_deadline_ms(WALL + 100, WALL, MONOTONIC) == MONOTONIC + 80);
    assert_true(invocation_deadline_ms(WALL + 4, WALL, MONOTONIC) == MONOTONIC + 4);
}

static void test_a_deadline_that_has_passed_is_now(void **state) {
    (void)state;
    assert_true(invocation_deadline_ms(WALL, WALL, MONOTONIC) == MONOTONIC);
    assert_true(invocation_deadline_ms(WALL - 5000, WALL, MONOTONIC) == MONOTONIC);
    assert_true(invocation_deadline_ms(1, WALL, MONOTONIC) == MONOTONIC);
}

static void test_no_deadline_is_a_minute(void **state) {
    (void)state;
    assert_true(invocation_deadline_ms(0, WALL, MONOTONIC) == MONOTONIC + 59500);
}

static void test_a_deadline_far_away_is_a_day(void **state) {
    (void)state;
    assert_true(invocation_deadline_ms(INT64_C(253402300799999), WALL, MONOTONIC) ==
                MONOTONIC + 24 * 60 * 60 * 1000 - 500);
}

static bool is_valid(const char *id) {
    return invocation_request_id_is_valid(view_of(id));
}

static void test_ids_that_can_stand_in_a_url(void **state) {
    (void)state;
    assert_true(is_valid("8476a536-e9f4-11e8-9739-2dfe598c3fcd"));
    assert_true(is_valid("a"));
    assert_true(is_valid("..."));
    assert_true(is_valid("a/b"));
    assert_false(is_valid(""));
    assert_false(is_valid("."));
    assert_false(is_valid(".."));
    assert_false(is_valid("a\r\nHost: b"));
    assert_false(is_valid("a\tb"));
    assert_false(is_valid("a\x7f"));
    assert_false(invocation_request_id_is_valid((struct view){"a\0b", 3}));
    char long_id[INVOCATION_REQUEST_ID_BYTES + 1];
    memset(long_id, 'x', sizeof(long_id));
    assert_true(invocation_request_id_is_valid((struct view){long_id, sizeof(long_id) - 1}));
    assert_false(invocation_request_id_is_valid((struct view){long_id, sizeof(long_id)}));
}

static void check_answer_url(struct view id, const char *expected) {
    struct buf url BUF_AUTO = BUF_INIT(4096);
    invocation_answer_url(&url, VIEW("[::1]:9001"), id, "response");
    assert_false(url.failed);
    assert_string_equal(buf_cstr(&url), expected);
}

static void test_addresses(void **state) {
    (void)state;
    check_answer_url(VIEW("id-1._~"),
                     "http://[::1]:9001/2018-06-01/runtime/invocation/id-1._~/response");
    check_answer_url(VIEW("a/b%2f"),
                     "http://[::1]:9001/2018-06-01/runtime/invocation/a%2Fb%252f/response");
    check_answer_url(VIEW("\x80\xff"),
                     "http://[::1]:9001/2018-06-01/runtime/invocation/%80%FF/response");
}

static int read_headers(const struct http_header *headers, size_t n,
                        struct lambda_invocation *ret_invocation, struct err *err) {
    struct http_exchange exchange = {.n_response_headers = n};
    memcpy(exchange.response_headers, headers, n * sizeof(*headers));
    err_init(err);
    return invocation_read(&exchange, WALL, MONOTONIC, ret_invocation, err);
}

static void test_the_first_of_two_headers_counts(void **state) {
    (void)state;
    const struct http_header headers[] = {
        {VIEW("Lambda-Runtime-Aws-Request-Id"), VIEW("one")},
        {VIEW("lambda-runtime-aws-request-id"), VIEW("two")},
    };
    struct lambda_invocation invocation;
    struct err err;
    assert_int_equal(read_headers(headers, 2, &invocation, &err), 0);
    assert_true(view_equal(invocation.request_id, VIEW("one")));
    assert_int_equal(invocation.trace_id.len, 0);
    assert_int_equal(invocation.payload.len, 0);
    assert_true(invocation.deadline_wall_ms == 0);
}

static void test_a_header_with_a_line_break_counts_as_absent(void **state) {
    (void)state;
    const struct http_header headers[] = {
        {VIEW("Lambda-Runtime-Aws-Request-Id"), VIEW("one")},
        {VIEW("Lambda-Runtime-Trace-Id"), VIEW("Root=1\nX=2")},
        {VIEW("Lambda-Runtime-Invocation-Id"), VIEW("a\rb")},
        {VIEW("Lambda-Runtime-Aws-Tenant-Id"), VIEW("a\0b")},
    };
    struct lambda_invocation invocation;
    struct err err;
    assert_int_equal(read_headers(headers, 4, &invocation, &err), 0);
    assert_int_equal(invocation.trace_id.len, 0);
    assert_int_equal(invocation.invocation_id.len, 0);
    assert_int_equal(invocation.tenant_id.len, 0);
}

static void test_without_an_id_nothing_is_written(void **state) {
    (void)state;
    const struct http_header headers[] = {{VIEW("Lambda-Runtime-Deadline-Ms"), VIEW("1")}};
    struct lambda_invocation invocation = {.deadline_ms = 42};
    struct err err;
    assert_int_equal(read_headers(headers, 1, &invocation, &err), -1);
    assert_int_equal(err.code, ERR_BAD_RESPONSE);
    assert_true(invocation.deadline_ms == 42);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_reserve_is_half_a_second),
        cmocka_unit_test(test_the_reserve_is_a_fifth_of_a_short_time),
        cmocka_unit_test(test_a_deadline_that_has_passed_is_now),
        cmocka_unit_test(test_no_deadline_is_a_minute),
        cmocka_unit_test(test_a_deadline_far_away_is_a_day),
        cmocka_unit_test(test_ids_that_can_stand_in_a_url),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_the_first_of_two_headers_counts),
        cmocka_unit_test(test_a_header_with_a_line_break_counts_as_absent),
        cmocka_unit_test(test_without_an_id_nothing_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
