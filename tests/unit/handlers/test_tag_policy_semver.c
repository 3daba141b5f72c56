#include "handlers/deploy/semver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct semver version(const char *text) {
    struct semver v;
    if (!semver_parse(view_of(text), &v)) {
        fail_msg("'%s' is no version", text);
    }
    return v;
}

/* Semantic Versioning 2.0.0, section 11, its own chain and more; ascending. */
static void precedence(void **state) {
    (void)state;
    static const char *const ascending[] = {
        "0.0.0-0",
        "0.0.0",
        "0.0.1",
        "0.1.0",
        "1.0.0-1",
        "1.0.0-2",
        "1.0.0-10",
        "1.0.0-99999999999999999999",
        "1.0.0-100000000000000000000",
        "1.0.0--1",
        "1.0.0-Alpha",
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.1.0",
        "1.0.0-alpha.beta",
        "1.0.0-beta",
        "1.0.0-beta.2",
        "1.0.0-beta.11",
        "1.0.0-rc.1",
        "1.0.0",
        "1.0.1",
        "1.2.0",
        "1.10.0",
        "2.0.0",
        "10.0.0",
        "999999999999999999.0.0",
    };
    for (size_t i = 0; i < COUNT(ascending); i++) {
        for (size_t j = 0; j < COUNT(ascending); j++) {
            struct semver a = version(ascending[i]), b = version(ascending[j]);
            int order = semver_compare(&a, &b);
            if ((order > 0) - (order < 0) != (i > j) - (i < j)) {
                fail_msg("%s and %s: %d", ascending[i], ascending[j], order);
            }
        }
    }
}

static void build_metadata_and_the_v_do_not_count(void **state) {
    (void)state;
    struct semver a = version("1.2.3-rc.1+build.05"), b = version("v1.2.3-rc.1");
    assert_int_equal(semver_compare(&a, &b), 0);
}

static void what_is_no_version(void **state) {
    (void)state;
    static const char *const cases[] = {
        "",        "1",        "1.2",        "v1.2",        "1.2.3.4",
        "1.2.x",   "*",        "01.2.3",     "1.02.3",      "1.2.03",
        "1.2.3-",  "1.2.3-01", "1.2.3-a..b", "1.2.3+",      "1.2.3-a_b",
        "vv1.2.3", "V1.2.3",   " 1.2.3",     "1.2.3 ",      "1.2.3\n",
        "-1.2.3",  "latest",   "git-1.2.3",  "1.2.3-rc.01", "1000000000000000000.0.0",
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct semver v;
        if (semver_parse(view_of(cases[i]), &v)) {
            fail_msg("'%s' was taken for a version", cases[i]);
        }
    }
    struct semver v;
    assert_false(semver_parse((struct view){0}, &v));
    assert_true(semver_parse(VIEW("1.2.3-0a.-.00a"), &v));
}

static bool admits(const char *range, const char *text) {
    struct arena arena ARENA_AUTO = ARENA_INIT(64 * 1024);
    struct semver_range parsed;
    struct semver_fault fault;
    struct semver v = version(text);
    if (semver_range_parse(view_of(range), &arena, &parsed, &fault) != 0) {
        fail_msg("'%s' at %zu: expected %s", range, fault.offset, fault.expected);
    }
    return semver_range_admits(&parsed, &v);
}

/* Per range: versions inside, versions outside. */
static void ranges(void **state) {
    (void)state;
    static const struct {
        const char *range, *inside[6], *outside[6];
    } cases[] = {
        {"1.2.3", {"1.2.3", "v1.2.3"}, {"1.2.4", "1.2.2", "1.2.3-rc.1"}},
        {"=1.2.3-rc.1", {"1.2.3-rc.1"}, {"1.2.3", "1.2.3-rc.2"}},
        {">=1.2 <2", {"1.2.0", "1.99.99"}, {"1.1.9", "2.0.0", "1.5.0-rc.1", "2.0.0-0"}},
        {">1.2", {"1.3.0", "2.0.0"}, {"1.2.0", "1.2.9"}},
        {">1", {"2.0.0"}, {"1.9.9"}},
        {">1.2.3", {"1.2.4"}, {"1.2.3", "1.2.4-rc.1"}},
        {"<1.2", {"1.1.9"}, {"1.2.0", "1.2.0-0"}},
        {"<=1.2", {"1.2.9"}, {"1.3.0", "1.3.0-0"}},
        {"<=1.2.3", {"1.2.3"}, {"1.2.4"}},
        {"~1.2.3", {"1.2.3", "1.2.9"}, {"1.2.2", "1.3.0", "1.3.0-0"}},
        {"~1.2", {"1.2.0"}, {"1.3.0"}},
        {"~1", {"1.0.0", "1.9.0"}, {"2.0.0", "0.9.9"}},
        {"~1.2.3-beta.2",
         {"1.2.3-beta.2", "1.2.3-rc.1", "1.2.4"},
         {"1.2.3-beta.1", "1.2.4-beta.2"}},
        {"^1.2.3", {"1.2.3", "1.9.0"}, {"1.2.2", "2.0.0", "2.0.0-0"}},
        {"^0.2.3", {"0.2.3", "0.2.9"}, {"0.3.0"}},
        {"^0.0.3", {"0.0.3"}, {"0.0.4", "0.0.2"}},
        {"^0.0", {"0.0.0", "0.0.9"}, {"0.1.0"}},
        {"^0", {"0.0.0", "0.9.9"}, {"1.0.0"}},
        {"^1.x", {"1.0.0", "1.9.9"}, {"2.0.0"}},
        {"^1.2.x", {"1.2.0", "1.9.9"}, {"1.1.9", "2.0.0"}},
        {"^1.2.3-beta.2", {"1.2.3-beta.4", "1.9.0"}, {"1.2.4-beta.2", "2.0.0"}},
        {"1.x", {"1.0.0", "1.9.9"}, {"2.0.0", "0.9.9", "1.5.0-rc.1"}},
        {"1.2.X", {"1.2.0"}, {"1.3.0"}},
        {"1", {"1.5.0"}, {"2.0.0"}},
        {"*", {"0.0.0", "9.9.9"}, {"1.0.0-rc.1"}},
        {">=*", {"0.0.0"}, {"1.0.0-rc.1"}},
        {">*", {NULL}, {"0.0.0", "1.0.0"}},
        {"<*", {NULL}, {"0.0.0", "1.0.0"}},
        {"1.2.3 - 2.3.4", {"1.2.3", "2.3.4"}, {"1.2.2", "2.3.5"}},
        {"1.2 - 2.3", {"1.2.0", "2.3.9"}, {"1.1.9", "2.4.0", "2.4.0-0"}},
        {"1.2.3 - 2", {"2.9.9"}, {"3.0.0"}},
        {"1.2.3  -  *", {"9.9.9"}, {"1.2.2"}},
        {"^1.4 || ~2.0", {"1.4.0", "2.0.5"}, {"1.3.9", "2.1.0"}},
        {"1.2||2.3", {"1.2.0", "2.3.0"}, {"1.3.0"}},
        {"<1 || >=2 <3 || 5.0.0", {"0.9.9", "2.5.0", "5.0.0"}, {"1.0.0", "3.0.0", "5.0.1"}},
        {" >= 1.2.0   < 2 ", {"1.2.0"}, {"2.0.0"}},
        {">=v1.2.0", {"1.2.0"}, {"1.1.9"}},
        {">=1.2.3-beta.1 <2", {"1.2.3-rc.1", "1.2.4"}, {"1.2.4-rc.1", "1.2.3-alpha"}},
        /* Which alternative names the pre-release matters. */
        {">=1.0.0-rc.1 <1.0.0 || 2.x", {"1.0.0-rc.2", "2.1.0"}, {"2.1.0-rc.1", "1.0.0"}},
        {">2 <1", {NULL}, {"1.5.0"}},
        {"1.2.3+build", {"1.2.3"}, {"1.2.4"}},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        for (size_t j = 0; j < 6; j++) {
            if (cases[i].inside[j] != NULL && !admits(cases[i].range, cases[i].inside[j])) {
                fail_msg("'%s' must admit %s", cases[i].range, cases[i].inside[j]);
            }
            if (cases[i].outside[j] != NULL && admits(cases[i].range, cases[i].outside[j])) {
                fail_msg("'%s' must not admit %s", cases[i].range, cases[i].outside[j]);
            }
        }
    }
}

static void wrong_ranges_say_where(void **state) {
    (void)state;
    static const struct {
        const char *range;
        size_t offset;
        const char *expected;
    } cases[] = {
        {"", 0, "a version"},
        {"   ", 3, "a version"},
        {">=", 2, "a version"},
        {"1.2 ||", 6, "a version"},
        {"|| 1.2", 0, "a version"},
        {"1.2 | 1.3", 4, "a version"},
        {"1.2.3.4", 5, "a space, '||' or the end after a version"},
        {"1.2-beta", 3, "a space, '||' or the end after a version"},
        {"1.x.3", 4, "'x' or '*', as before it"},
        {"1..3", 2, "a number, 'x' or '*'"},
        {"01.2", 0, "a number without leading zeros"},
        {"1.2.3-01", 6, "a number without leading zeros"},
        {"1.2.3-", 6, "letters, digits or '-'"},
        {"1.2.3-a..b", 8, "letters, digits or '-'"},
        {"1234567890123456789", 0, "a number of at most 18 digits"},
        {"=>1.2", 1, "a version"},
        {"~>1.2", 1, "a version"},
        {"latest", 0, "a version"},
        {"1.2 - ", 6, "a version"},
        {"1.2 - 2 3", 8, "'||' or the end after a hyphen range"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct arena arena ARENA_AUTO = ARENA_INIT(64 * 1024);
        struct semver_range range;
        struct semver_fault fault;
        assert_int_equal(semver_range_parse(view_of(cases[i].range), &arena, &range, &fault), -1);
        if (fault.offset != cases[i].offset || strcmp(fault.expected, cases[i].expected) != 0) {
            fail_msg("'%s': at %zu expected %s", cases[i].range, fault.offset, fault.expected);
        }
    }
    struct arena full ARENA_AUTO = ARENA_INIT(8);
    struct semver_range range;
    struct semver_fault fault = {.expected = "set"};
    assert_int_equal(semver_range_parse(VIEW("1"), &full, &range, &fault), -1);
    assert_null(fault.expected);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(precedence),
        cmocka_unit_test(build_metadata_and_the_v_do_not_count),
        cmocka_unit_test(what_is_no_version),
        cmocka_unit_test(ranges),
        cmocka_unit_test(wrong_ranges_say_where),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
