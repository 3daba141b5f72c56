#include "runtime/base/view.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct view null_view = {NULL, 0};

static void assert_view(struct view v, const char *expected) {
    if (!view_equal(v, view_of(expected))) {
        fail_msg("got '" VIEW_FMT "', expected '%s'", VIEW_ARG(v), expected);
    }
}

static void both_empty_views_are_equal(void **state) {
    (void)state;
    assert_true(view_equal(null_view, VIEW("")));
    assert_true(view_equal_nocase(null_view, VIEW("")));
    assert_int_equal(view_compare(null_view, VIEW("")), 0);
    assert_true(view_starts_with(VIEW("a"), null_view));
    assert_true(view_ends_with(VIEW("a"), null_view));
    assert_true(view_starts_with(null_view, null_view));
    assert_true(view_ends_with(null_view, null_view));
    assert_false(view_contains_char(null_view, 'a'));
    assert_int_equal(view_of(NULL).len, 0);
    assert_int_equal(view_trim(null_view).len, 0);
    assert_int_equal(view_slice(null_view, 3, 4).len, 0);
}

static void comparison(void **state) {
    (void)state;
    assert_false(view_equal(VIEW("ab"), VIEW("aB")));
    assert_true(view_equal_nocase(VIEW("X-Amz-Date"), VIEW("x-amz-DATE")));
    assert_false(view_equal_nocase(VIEW("["), VIEW("{"))); /* differ in the case bit only */
    assert_false(view_equal_nocase(VIEW("\xc3\x84"), VIEW("\xc3\xa4")));
    assert_true(view_compare(VIEW("ab"), VIEW("abc")) < 0);
    assert_true(view_compare(VIEW("b"), VIEW("abc")) > 0);
    assert_true(view_compare(VIEW("\xff"), VIEW("a")) > 0);
    assert_true(view_compare(VIEW("a\0b"), VIEW("a\0a")) > 0);
    assert_true(view_starts_with(VIEW("git-abc"), VIEW("git-")));
    assert_false(view_starts_with(VIEW("git"), VIEW("git-")));
    assert_true(view_ends_with(VIEW("a.json"), VIEW(".json")));
    assert_false(view_ends_with(VIEW("json"), VIEW(".json")));
    assert_true(view_contains_char(VIEW("a\0b"), '\0'));
    assert_false(view_contains_char(VIEW("ab"), '\0'));
}

static void slices_are_clamped(void **state) {
    (void)state;
    struct view v = VIEW("abcdef");
    assert_view(view_slice(v, 2, 3), "cde");
    assert_view(view_slice(v, 2, SIZE_MAX), "cdef");
    assert_view(view_slice(v, 6, 1), "");
    assert_view(view_slice(v, SIZE_MAX, SIZE_MAX), "");
    assert_ptr_equal(view_slice(v, 9, 1).data, v.data + 6);
}

static void trimming(void **state) {
    (void)state;
    assert_view(view_trim(VIEW(" \t\r\n a b \n")), "a b");
    assert_view(view_trim(VIEW(" \t ")), "");
    assert_view(view_trim(VIEW("\va\f")), "\va\f");
}

static void splitting(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *fields[4];
    } cases[] = {
        {"", {NULL}}, {"a", {"a"}},      {"a,b", {"a", "b"}},      {"a,b,", {"a", "b"}},
        {",", {""}},  {",a", {"", "a"}}, {"a,,b", {"a", "", "b"}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct view rest = view_of(cases[i].text);
        struct view field;
        size_t n = 0;
        for (; view_split(&rest, ',', &field); n++) {
            assert_true(n < 4 && cases[i].fields[n] != NULL);
            assert_view(field, cases[i].fields[n]);
        }
        assert_null(cases[i].fields[n]);
    }
}

static void cutting(void **state) {
    (void)state;
    struct view before;
    struct view after;
    assert_true(view_cut(VIEW("a:b:c"), ':', &before, &after));
    assert_view(before, "a");
    assert_view(after, "b:c");
    assert_true(view_cut_last(VIEW("a:b:c"), ':', &before, &after));
    assert_view(before, "a:b");
    assert_view(after, "c");
    assert_true(view_cut(VIEW(":"), ':', &before, &after));
    assert_view(before, "");
    assert_view(after, "");
    before = VIEW("untouched");
    assert_false(view_cut(VIEW("abc"), ':', &before, &after));
    assert_false(view_cut_last(VIEW("abc"), ':', &before, &after));
    assert_false(view_cut_last(null_view, ':', &before, &after));
    assert_view(before, "untouched");
}

static void integers(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t value;
    } valid[] = {
        {"0", 0},
        {"-0", 0},
        {"007", 7},
        {"-12", -12},
        {"9223372036854775807", INT64_MAX},
        {"-9223372036854775808", INT64_MIN},
    };
    for (size_t i = 0; i < sizeof(valid) / sizeof(valid[0]); i++) {
        int64_t value = 99;
        assert_true(view_to_i64(view_of(valid[i].text), &value));
        assert_true(value == valid[i].value);
    }
    static const char *const invalid[] = {
        "",
        "-",
        "+1",
        " 1",
        "1 ",
        "1.0",
        "1e3",
        "0x10",
        "--1",
        "1\n2",
        "9223372036854775808",
        "-9223372036854775809",
        "99999999999999999999999",
        "\xd9\xa1",
    };
    for (size_t i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++) {
        int64_t value = 99;
        assert_false(view_to_i64(view_of(invalid[i]), &value));
        assert_true(value == 99);
    }
    int64_t value;
    assert_false(view_to_i64((struct view){"1\0", 2}, &value));
}

static void printing_is_cut(void **state) {
    (void)state;
    static char large[5000];
    memset(large, 'x', sizeof(large));
    char out[6000];
    struct view v = {large, sizeof(large)};
    assert_int_equal(snprintf(out, sizeof(out), VIEW_FMT, VIEW_ARG(v)), 1024);
    assert_int_equal(snprintf(out, sizeof(out), VIEW_FMT, VIEW_ARG(null_view)), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_empty_views_are_equal),
        cmocka_unit_test(comparison),
        cmocka_unit_test(slices_are_clamped),
        cmocka_unit_test(trimming),
        cmocka_unit_test(splitting),
        cmocka_unit_test(cutting),
        cmocka_unit_test(integers),
        cmocka_unit_test(printing_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
