#include "runtime/lambda/lambda.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *trace(void) {
    return getenv("_X_AMZN_TRACE_ID");
}

static void test_it_is_set_changed_and_unset(void **state) {
    (void)state;
    lambda_export_trace_id("Root=1-a;Parent=b;Sampled=1");
    assert_string_equal(trace(), "Root=1-a;Parent=b;Sampled=1");
    lambda_export_trace_id("Root=2");
    assert_string_equal(trace(), "Root=2");
    lambda_export_trace_id(NULL);
    assert_null(trace());
    lambda_export_trace_id(NULL);
    assert_null(trace());
    lambda_export_trace_id("Root=3");
    assert_string_equal(trace(), "Root=3");
    lambda_export_trace_id("");
    assert_null(trace());
}

static void test_one_that_was_there_before_is_replaced(void **state) {
    (void)state;
    setenv("_X_AMZN_TRACE_ID", "Root=of-the-process", 1);
    lambda_export_trace_id("Root=1");
    assert_string_equal(trace(), "Root=1");
    setenv("_X_AMZN_TRACE_ID", "Root=of-somebody-else", 1);
    lambda_export_trace_id("Root=2");
    assert_string_equal(trace(), "Root=2");
    lambda_export_trace_id(NULL);
    assert_null(trace());
}

static void test_one_that_is_too_long_is_not_set(void **state) {
    (void)state;
    char text[LAMBDA_TRACE_ID_BYTES + 2];
    memset(text, 'x', sizeof(text));
    text[LAMBDA_TRACE_ID_BYTES] = '\0';
    lambda_export_trace_id(text);
    assert_string_equal(trace(), text);
    text[LAMBDA_TRACE_ID_BYTES] = 'x';
    text[LAMBDA_TRACE_ID_BYTES + 1] = '\0';
    lambda_export_trace_id(text);
    assert_null(trace());
}

static void test_other_variables_stay(void **state) {
    (void)state;
    setenv("OTHER", "value", 1);
    for (int i = 0; i < 1000; i++) {
        char text[32];
        snprintf(text, sizeof(text), "Root=%d", i);
        lambda_export_trace_id(i % 3 == 0 ? NULL : text);
        assert_string_equal(getenv("OTHER"), "value");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_is_set_changed_and_unset),
        cmocka_unit_test(test_one_that_was_there_before_is_replaced),
        cmocka_unit_test(test_one_that_is_too_long_is_not_set),
        cmocka_unit_test(test_other_variables_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
