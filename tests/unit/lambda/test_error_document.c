#include "runtime/lambda/error_document.h"

#include "runtime/base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct json_limits limits = {.max_bytes = 64 * 1024, .max_depth = 8};

static struct json *parse(struct view text) {
    struct json *root = NULL;
    struct err err;
    err_init(&err);
    assert_int_equal(json_parse(text, &limits, "document", &root, &err), 0);
    return root;
}

/* What Lambda keeps of Lambda-Runtime-Function-Error-Type: (Runtime|Function)\.[A-Z][a-zA-Z]+ */
static bool survives(struct view type) {
    if (!view_starts_with(type, VIEW("Function.")) || type.len < sizeof("Function.") + 1) {
        return false;
    }
    struct view name = view_slice(type, sizeof("Function.") - 1, type.len);
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];
        bool upper = c >= 'A' && c <= 'Z';
        if (!upper && (i == 0 || c < 'a' || c > 'z')) {
            return false;
        }
    }
    return true;
}

static void test_the_type_of_every_code_survives(void **state) {
    (void)state;
    static const enum err_code codes[] = {
#define CODE(symbol, name, class, remedy) symbol,
        ERR_CODES(CODE)
#undef CODE
    };
    struct error_document document = ERROR_DOCUMENT_INIT;
    for (size_t i = 1; i < sizeof(codes) / sizeof(codes[0]); i++) {
        struct err error;
        err_init(&error);
        err_set(&error, codes[i], "failure %zu", i);
        struct error_document_view view = error_document_build(&document, &error);
        assert_true(survives(view.type));
        assert_true(view_ends_with(view.type, view_of(err_name(codes[i]))));
        struct json *body = parse(view.body);
        assert_true(view_equal(json_string(json_get(body, "errorType")), view.type));
        json_free(body);
    }
    error_document_release(&document);
}

static void test_body_and_cause_say_the_same(void **state) {
    (void)state;
    struct error_document document = ERROR_DOCUMENT_INIT;
    struct err error;
    err_init(&error);
    error.code = ERR_THROTTLED;
    strcpy(error.message, "tab\t quote\" back\\ \x01 \x7f \xc3\xa9 \xe2\x82\xac \xf0\x9f\x9a\x80");
    err_remedy(&error, "wait");
    struct error_document_view view = error_document_build(&document, &error);
    struct json *body = parse(view.body);
    struct json *cause = parse(view.cause);
    const struct json *exception = json_first(json_get(cause, "exceptions"));
    struct view message = json_string(json_get(body, "errorMessage"));
    assert_true(view_ends_with(message, VIEW("\xf0\x9f\x9a\x80; remedy: wait")));
    assert_true(view_equal(message, json_string(json_get(exception, "message"))));
    assert_true(view_equal(view.type, json_string(json_get(exception, "type"))));
    assert_int_equal(json_type(json_get(exception, "stack")), JSON_ARRAY);
    assert_int_equal(json_type(json_get(cause, "paths")), JSON_ARRAY);
    assert_int_equal(json_type(json_get(cause, "working_directory")), JSON_STRING);
    assert_int_equal(json_type(json_get(body, "stackTrace")), JSON_ARRAY);
    assert_int_equal(json_count(json_get(body, "stackTrace")), 0);
    json_free(body);
    json_free(cause);
    error_document_release(&document);
}

static void test_the_cause_is_printable_ascii(void **state) {
    (void)state;
    struct error_document document = ERROR_DOCUMENT_INIT;
    struct err error;
    err_init(&error);
    char text[256];
    for (int i = 0; i < 255; i++) {
        text[i] = (char)(i + 1);
    }
    text[255] = '\0';
    /* err_set() would have made most of it printable already. */
    error.code = ERR_THROTTLED;
    memcpy(error.message, text, sizeof(text));
    struct error_document_view view = error_document_build(&document, &error);
    assert_true(view.cause.len > 255);
    for (size_t i = 0; i < view.cause.len; i++) {
        assert_true(view.cause.data[i] >= 0x20 && view.cause.data[i] < 0x7f);
    }
    error_document_release(&document);
}

/* The worst that a message and a remedy can be. */
static void test_the_longest_error_fits(void **state) {
    (void)state;
    static const char *const units[] = {"\x01", "\x7f", "\xc3\xa9", "\xf0\x9f\x9a\x80", "\""};
    for (size_t u = 0; u < sizeof(units) / sizeof(units[0]); u++) {
        struct err error;
        memset(&error, 0, sizeof(error));
        error.code = ERR_THROTTLED;
        size_t len = strlen(units[u]);
        for (size_t at = 0; at + len < sizeof(error.message); at += len) {
            memcpy(error.message + at, units[u], len);
        }
        for (size_t at = 0; at + len < sizeof(error.remedy); at += len) {
            memcpy(error.remedy + at, units[u], len);
        }
        struct error_document document = ERROR_DOCUMENT_INIT;
        struct error_document_view view = error_document_build(&document, &error);
        assert_true(view_equal(view.type, VIEW("Function.Throttled")));
        assert_true(view.cause.len > 0 && view.cause.len < 64 * 1024);
        json_free(parse(view.body));
        json_free(parse(view.cause));
        error_document_release(&document);
    }
}

static void test_without_a_remedy_there_is_only_the_message(void **state) {
    (void)state;
    struct error_document document = ERROR_DOCUMENT_INIT;
    struct err error;
    err_init(&error);
    err_set(&error, ERR_THROTTLED, "no");
    error.remedy[0] = '\0';
    struct error_document_view view = error_document_build(&document, &error);
    assert_true(view_starts_with(view.body, VIEW("{\"errorMessage\":\"no\",")));
    error_document_release(&document);
}

static void test_a_document_is_not_left_from_the_last_one(void **state) {
    (void)state;
    struct error_document document = ERROR_DOCUMENT_INIT;
    struct err error;
    err_init(&error);
    err_set(&error, ERR_THROTTLED, "one");
    error_document_build(&document, &error);
    err_init(&error);
    err_set(&error, ERR_ACCESS_DENIED, "two");
    struct error_document_view view = error_document_build(&document, &error);
    assert_true(view_equal(view.type, VIEW("Function.AccessDenied")));
    assert_null(strstr(view.body.data, "one"));
    assert_null(strstr(view.cause.data, "one"));
    error_document_release(&document);
}

static void test_without_memory_there_still_is_a_document(void **state) {
    (void)state;
    struct err error;
    err_init(&error);
    err_set(&error, ERR_THROTTLED, "a message of some length");
    struct error_document none = {0};
    struct error_document_view view = error_document_build(&none, &error);
    assert_true(survives(view.type));
    assert_int_equal(view.cause.len, 0);
    json_free(parse(view.body));
    error_document_release(&none);

    /* Only the cause has no room: it is left out, the rest stands. */
    struct error_document no_cause = ERROR_DOCUMENT_INIT;
    no_cause.cause.limit = 10;
    view = error_document_build(&no_cause, &error);
    assert_int_equal(view.cause.len, 0);
    assert_true(view_equal(view.type, VIEW("Function.Throttled")));
    error_document_release(&no_cause);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_type_of_every_code_survives),
        cmocka_unit_test(test_body_and_cause_say_the_same),
        cmocka_unit_test(test_the_cause_is_printable_ascii),
        cmocka_unit_test(test_the_longest_error_fits),
        cmocka_unit_test(test_without_a_remedy_there_is_only_the_message),
        cmocka_unit_test(test_a_document_is_not_left_from_the_last_one),
        cmocka_unit_test(test_without_memory_there_still_is_a_document),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
