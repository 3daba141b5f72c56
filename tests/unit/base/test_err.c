#include "runtime/base/err.h"
#include "runtime/base/utf8.h"
#include "runtime/base/view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void init_writes_no_more_than_it_has_to(void **state) {
    (void)state;
    struct err err;
    memset(&err, 'x', sizeof(err));
    err_init(&err);
    assert_false(err_is_set(&err));
    assert_string_equal(err.message, "");
    assert_string_equal(err.remedy, "");
    assert_int_equal(err.message[sizeof(err.message) - 1], 'x');
    assert_int_equal(err.remedy[sizeof(err.remedy) - 1], 'x');
}

static void set_fills_code_message_and_default_remedy(void **state) {
    (void)state;
    struct err err;
    err_init(&err);
    assert_int_equal(err_set(&err, ERR_TAG_INVALID, "tag '%s' has %d bytes", "x", 129), -1);
    assert_true(err_is_set(&err));
    assert_int_equal(err.code, ERR_TAG_INVALID);
    assert_string_equal(err.message, "tag 'x' has 129 bytes");
    assert_string_equal(err.remedy, err_default_remedy(ERR_TAG_INVALID));
}

static void the_first_cause_wins(void **state) {
    (void)state;
    struct err err;
    err_init(&err);
    err_set(&err, ERR_THROTTLED, "first");
    err_remedy(&err, "wait");
    assert_int_equal(err_set(&err, ERR_ACCESS_DENIED, "second"), -1);
    assert_int_equal(err_out_of_memory(&err, "third"), -1);
    assert_int_equal(err.code, ERR_THROTTLED);
    assert_string_equal(err.message, "first");
    assert_string_equal(err.remedy, "wait");
}

static void a_remedy_without_an_error_changes_nothing(void **state) {
    (void)state;
    struct err err;
    err_init(&err);
    err_remedy(&err, "do something");
    assert_false(err_is_set(&err));
    assert_string_equal(err.remedy, "");
}

static void a_failure_without_a_code_is_still_a_failure(void **state) {
    (void)state;
    struct err err;
    err_init(&err);
    assert_int_equal(err_set(&err, ERR_NONE, "what"), -1);
    assert_true(err_is_set(&err));
}

static void message_of(struct err *err, struct view text) {
    err_init(err);
    err_set(err, ERR_EVENT_MALFORMED, "tag '" VIEW_FMT "'", VIEW_ARG(text));
}

static void a_message_is_one_printable_line(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *message;
    } cases[] = {
        {"git-abc\n123", "tag 'git-abc\\x0a123'"},
        {"a\r\t\x1b[31m", "tag 'a\\x0d\\x09\\x1b[31m'"},
        {"\x7f", "tag '\\x7f'"},
        {"\xc2\x85", "tag '\\u0085'"},     /* NEL */
        {"\xe2\x80\x8f", "tag '\\u200f'"}, /* right-to-left mark */
        {"\xe2\x80\xa8", "tag '\\u2028'"}, /* line separator */
        {"\xe2\x80\xae", "tag '\\u202e'"}, /* right-to-left override */
        {"\xe2\x81\xa6", "tag '\\u2066'"}, /* isolate */
        {"caf\xc3\xa9 \xf0\x9f\x98\x80", "tag 'caf\xc3\xa9 \xf0\x9f\x98\x80'"},
        {"\xff\xc3(", "tag '\\xff\\xc3('"},
        {"%s%n%d", "tag '%s%n%d'"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct err err;
        message_of(&err, view_of(cases[i].text));
        assert_string_equal(err.message, cases[i].message);
    }
}

static void assert_valid_utf8(const char *text) {
    for (struct view rest = view_of(text); rest.len > 0;) {
        size_t len = utf8_sequence(rest);
        assert_int_not_equal(len, 0);
        rest = view_slice(rest, len, rest.len);
    }
}

static void a_long_message_is_cut_at_a_character(void **state) {
    (void)state;
    /* Each offset of the border inside a character of four bytes, then of three and two. */
    static const char *const units[] = {"\xf0\x9f\x98\x80", "\xe2\x82\xac", "\xc3\xa9", "x", "\n"};
    for (size_t unit = 0; unit < sizeof(units) / sizeof(units[0]); unit++) {
        for (size_t shift = 0; shift < 8; shift++) {
            char text[3 * ERR_MESSAGE_BYTES] = "";
            size_t len = strlen(units[unit]);
            memset(text, 'a', shift);
            for (size_t at = shift; at + len < sizeof(text); at += len) {
                memcpy(text + at, units[unit], len + 1);
            }
            struct err err;
            err_init(&err);
            err_set(&err, ERR_CONFIG_INVALID, "%s", text);
            err_remedy(&err, "%s", text);
            assert_in_range(strlen(err.message), ERR_MESSAGE_BYTES - 5, ERR_MESSAGE_BYTES - 1);
            assert_in_range(strlen(err.remedy), ERR_REMEDY_BYTES - 5, ERR_REMEDY_BYTES - 1);
            assert_valid_utf8(err.message);
            assert_valid_utf8(err.remedy);
        }
    }
}

static void an_argument_may_be_the_message_itself(void **state) {
    (void)state;
    struct err err;
    err_init(&err);
    err_set(&err, ERR_BAD_RESPONSE, "broken");
    err_remedy(&err, "mend what is '%s': %s", err.message, err.remedy);
    assert_non_null(strstr(err.remedy, "mend what is 'broken': report this"));
}

static void every_code_has_a_name_a_class_and_a_remedy(void **state) {
    (void)state;
    static const enum err_code codes[] = {
#define ERR_X(symbol, name, class, remedy) symbol,
        ERR_CODES(ERR_X)
#undef ERR_X
    };
    size_t n = sizeof(codes) / sizeof(codes[0]);
    for (size_t i = 0; i < n; i++) {
        /* Lambda keeps letters only. */
        const char *name = err_name(codes[i]);
        assert_true(name[0] >= 'A' && name[0] <= 'Z');
        assert_int_equal(strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"),
                         strlen(name));
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(name, err_name(codes[j]));
        }
        bool none = codes[i] == ERR_NONE;
        assert_true((err_class(codes[i]) == ERR_CLASS_NONE) == none);
        const char *remedy = err_default_remedy(codes[i]);
        assert_true((strlen(remedy) == 0) == none);
        assert_true(strlen(remedy) < ERR_REMEDY_BYTES);
    }
    assert_string_equal(err_name(ERR_IMAGE_NOT_FOUND), "ImageNotFound");
    assert_int_equal(err_class(ERR_IMAGE_NOT_FOUND), ERR_CLASS_REFUSED);
    assert_int_equal(err_class(ERR_THROTTLED), ERR_CLASS_FAILED);
    assert_int_equal(err_class(ERR_CONFIG_INVALID), ERR_CLASS_INIT);
    assert_string_equal(err_name((enum err_code)9999), "None");
}

static void out_of_memory_names_its_subject(void **state) {
    (void)state;
    struct err err;
    err_init(&err);
    assert_int_equal(err_out_of_memory(&err, "response body"), -1);
    assert_int_equal(err.code, ERR_OUT_OF_MEMORY);
    assert_non_null(strstr(err.message, "'response body'"));
}

static void what_another_attempt_may_not_meet(void **state) {
    (void)state;
#define MAY_PASS(symbol, name, class, remedy)                                                      \
    assert_true(!err_may_pass(symbol) || err_class(symbol) == ERR_CLASS_FAILED);
    ERR_CODES(MAY_PASS)
#undef MAY_PASS
    assert_true(err_may_pass(ERR_THROTTLED));
    assert_true(err_may_pass(ERR_AWS_UNAVAILABLE));
    assert_true(err_may_pass(ERR_DEADLINE_EXCEEDED));
    assert_false(err_may_pass(ERR_ACCESS_DENIED));
    assert_false(err_may_pass(ERR_BAD_RESPONSE));
    assert_false(err_may_pass(ERR_OUT_OF_MEMORY));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(init_writes_no_more_than_it_has_to),
        cmocka_unit_test(set_fills_code_message_and_default_remedy),
        cmocka_unit_test(the_first_cause_wins),
        cmocka_unit_test(a_remedy_without_an_error_changes_nothing),
        cmocka_unit_test(a_failure_without_a_code_is_still_a_failure),
        cmocka_unit_test(a_message_is_one_printable_line),
        cmocka_unit_test(a_long_message_is_cut_at_a_character),
        cmocka_unit_test(an_argument_may_be_the_message_itself),
        cmocka_unit_test(every_code_has_a_name_a_class_and_a_remedy),
        cmocka_unit_test(what_another_attempt_may_not_meet),
        cmocka_unit_test(out_of_memory_names_its_subject),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
