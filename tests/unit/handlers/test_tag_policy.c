#include "handlers/deploy/tag_policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ARENA_BYTES ((size_t)1024 * 1024)

static bool admits(const char *policy, const char *tag) {
    struct arena arena ARENA_AUTO = ARENA_INIT(ARENA_BYTES);
    struct tag_policy parsed;
    struct err err;
    err_init(&err);
    if (tag_policy_parse(view_of(policy), &arena, &parsed, &err) != 0) {
        fail_msg("%s", err.message);
    }
    return tag_policy_admits(&parsed, view_of(tag));
}

static void globs(void **state) {
    (void)state;
    static const struct {
        const char *policy, *tag;
        bool admitted;
    } cases[] = {
        {"git-*", "git-abc123f", true},
        {"git-*", "git-", true},
        {"git-*", "git", false},
        {"git-*", "my-git-1", false},
        {"git-*", "GIT-1", false},
        {"*", "anything", true},
        {"latest", "latest", true},
        {"latest", "latest2", false},
        {"v?.?", "v1.2", true},
        {"v?.?", "v1.20", false},
        {"v*.*.*", "v1.2.3", true},
        {"v*.*.*", "v1.2", false},
        {"*-rc*", "v1-rc1", true},
        {"*-rc", "v1-rc-rc", true},
        {"a*b*c", "aXbYbZc", true},
        {"a*b*c", "aXbYbZ", false},
        {"[a-c]1", "b1", true},
        {"[a-c]1", "d1", false},
        {"[!a-c]1", "d1", true},
        {"[!a-c]1", "b1", false},
        {"[^a-c]1", "d1", true},
        {"[abx-z]", "y", true},
        {"[abx-z]", "w", false},
        {"[a-]", "-", true},
        {"[-a]", "-", true},
        {"[!-]", "-", false},
        {"r[0-9][0-9]", "r42", true},
        {"r[0-9][0-9]", "r4", false},
        {"\\git", "git", true},
        {"[\\a-c]", "b", true},
        {"git-*,v*,stable", "stable", true},
        {"git-*,v*,stable", "v1", true},
        {" git-* ,\n v* ", "v1", true},
        {"git-*,v*,stable", "unstable", false},
        {"", "anything", false},
        {" ", "anything", false},
        {"**", "a", true},
        {"*?*", "", false},
        {"*", "", true},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        if (admits(cases[i].policy, cases[i].tag) != cases[i].admitted) {
            fail_msg("'%s' and '%s': not as expected", cases[i].policy, cases[i].tag);
        }
    }
}

static void semver_terms(void **state) {
    (void)state;
    assert_true(admits("semver:>=1.2 <2", "v1.2.0"));
    assert_true(admits("semver:>=1.2 <2", "1.9.9"));
    assert_false(admits("semver:>=1.2 <2", "2.0.0"));
    assert_false(admits("semver:>=1.2 <2", "v1.3.0-rc.1"));
    assert_true(admits("semver:>=1.3.0-rc.1", "v1.3.0-rc.2"));
    assert_true(admits("git-*, semver:^1.4 || ~2.0", "2.0.9"));
    assert_false(admits("semver:*", "latest"));
    assert_false(admits("semver:*", "1.2"));
    assert_false(admits("semver:*", "git-1.2.3"));
    assert_true(admits("semver:1.2 - 2.3,stable", "2.3.9"));
}

static void wrong_terms_are_named_with_their_place(void **state) {
    (void)state;
    static const struct {
        const char *policy, *message;
    } cases[] = {
        {"git-[a-z", "'git-[a-z' is invalid at byte 4: expected a ']' for this '['"},
        {"v*,git-[", "'git-[' is invalid at byte 7: expected a ']' for this '['"},
        {"[]", "'[]' is invalid at byte 0: expected a character between '[' and ']'"},
        {"[!]", "'[!]' is invalid at byte 0: expected a character between '[' and ']'"},
        {"[z-a]", "'[z-a]' is invalid at byte 1: expected a range whose end is not before its "
                  "beginning"},
        {"v\\", "'v\\' is invalid at byte 2: expected a character after '\\'"},
        {"a,,b", "'' is invalid at byte 2: expected a glob or 'semver:' and a range before the "
                 "next ','"},
        {"a,", "'' is invalid at byte 2: expected a glob or 'semver:' and a range before the next "
               "','"},
        {"semver:", "'semver:' is invalid at byte 7: expected a version"},
        {"v*, semver:>=1.2 <", "'semver:>=1.2 <' is invalid at byte 18: expected a version"},
        {"semver:1.2.3.4", "'semver:1.2.3.4' is invalid at byte 12: expected a space, '||' or the "
                           "end after a version"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct arena arena ARENA_AUTO = ARENA_INIT(ARENA_BYTES);
        struct tag_policy policy;
        struct err err;
        err_init(&err);
        assert_int_equal(tag_policy_parse(view_of(cases[i].policy), &arena, &policy, &err), -1);
        assert_int_equal(err.code, ERR_CONFIG_INVALID);
        assert_string_equal(err.message, cases[i].message);
    }
}

/* Each of them would silently match nothing, or not what was meant. */
static void what_no_tag_can_have_is_a_typing_error(void **state) {
    (void)state;
    static const char *const cases[] = {"git-* v*", "semvr:>=1",       "Semver:1.x", "a/b",
                                        "{a,b}",    "!latest",         "a+b",        "re:.*",
                                        "v[a/b]",   "semver:>=1.2,<2", "\xc3\xa9*"};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct arena arena ARENA_AUTO = ARENA_INIT(ARENA_BYTES);
        struct tag_policy policy;
        struct err err;
        err_init(&err);
        assert_int_equal(tag_policy_parse(view_of(cases[i]), &arena, &policy, &err), -1);
        assert_int_equal(err.code, ERR_CONFIG_INVALID);
        assert_non_null(strstr(err.message, "expected a character that a tag can have"));
    }
}

static void in_prod_latest_needs_its_name(void **state) {
    (void)state;
    static const struct {
        const char *policy;
        bool admitted;
    } cases[] = {
        {"*", false},        {"l*", false},       {"[l]atest", false},
        {"v*,latest", true}, {"semver:*", false}, {"", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct arena arena ARENA_AUTO = ARENA_INIT(ARENA_BYTES);
        struct tag_policy policy;
        struct err err;
        err_init(&err);
        assert_int_equal(tag_policy_parse(view_of(cases[i].policy), &arena, &policy, &err), 0);
        policy.latest_by_name = true;
        assert_int_equal(tag_policy_admits(&policy, VIEW("latest")), cases[i].admitted);
    }
    assert_true(admits("*", "latest"));
}

/* Sixty stars against a tag that almost matches: it ends, and soon. */
static void no_pattern_takes_long(void **state) {
    (void)state;
    char policy[128] = "", tag[129];
    for (size_t i = 0; i < 60; i++) {
        strcat(policy, "*a");
    }
    strcat(policy, "*b");
    memset(tag, 'a', 128);
    tag[128] = '\0';
    assert_false(admits(policy, tag));
    tag[127] = 'b';
    assert_true(admits(policy, tag));
}

static void limits(void **state) {
    (void)state;
    struct arena arena ARENA_AUTO = ARENA_INIT(ARENA_BYTES);
    struct tag_policy policy;
    struct err err;
    err_init(&err);
    char text[2 * TAG_POLICY_MAX_TERMS + 2] = "";
    for (size_t i = 0; i < TAG_POLICY_MAX_TERMS; i++) {
        strcat(text, i > 0 ? ",a" : "a");
    }
    assert_int_equal(tag_policy_parse(view_of(text), &arena, &policy, &err), 0);
    assert_int_equal(policy.n_terms, TAG_POLICY_MAX_TERMS);
    strcat(text, ",a");
    assert_int_equal(tag_policy_parse(view_of(text), &arena, &policy, &err), -1);
    assert_int_equal(err.code, ERR_CONFIG_INVALID);

    struct arena full ARENA_AUTO = ARENA_INIT(8);
    err_init(&err);
    assert_int_equal(tag_policy_parse(VIEW("semver:1.x"), &full, &policy, &err), -1);
    assert_int_equal(err.code, ERR_OUT_OF_MEMORY);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(globs),
        cmocka_unit_test(semver_terms),
        cmocka_unit_test(wrong_terms_are_named_with_their_place),
        cmocka_unit_test(what_no_tag_can_have_is_a_typing_error),
        cmocka_unit_test(in_prod_latest_needs_its_name),
        cmocka_unit_test(no_pattern_takes_long),
        cmocka_unit_test(limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
