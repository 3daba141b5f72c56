#include "handlers/similar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void distances(void **state) {
    (void)state;
    static const struct {
        const char *a, *b;
        size_t distance;
    } cases[] = {
        {"", "", 0},
        {"", "abc", 3},
        {"abc", "abc", 0},
        {"kitten", "sitting", 3},
        {"bakend", "backend", 1},
        {"backned", "backend", 1}, /* two letters swapped */
        {"ab", "ba", 1},
        {"ca", "abc", 3},
        {"api", "web", 3},
        {"Api", "api", 1},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(similar_distance(view_of(cases[i].a), view_of(cases[i].b)),
                         cases[i].distance);
        assert_int_equal(similar_distance(view_of(cases[i].b), view_of(cases[i].a)),
                         cases[i].distance);
    }
}

static void long_names_are_not_compared(void **state) {
    (void)state;
    char name[SIMILAR_MAX_BYTES + 1];
    memset(name, 'a', sizeof(name));
    struct view longest = {name, SIMILAR_MAX_BYTES}, longer = {name, sizeof(name)};
    assert_int_equal(similar_distance(longest, VIEW("")), SIMILAR_MAX_BYTES);
    assert_int_equal(similar_distance(longest, longest), 0);
    assert_true(similar_distance(longer, longest) == SIZE_MAX);
    assert_true(similar_distance(longest, longer) == SIZE_MAX);
    assert_false(similar_is_misspelling(longer, longer));
    assert_true(similar_is_misspelling(longest, longest));
}

static void misspellings(void **state) {
    (void)state;
    static const struct {
        const char *name, *known;
        bool misspelt;
    } cases[] = {
        {"dryRun", "dry_run", true},  {"dry-run", "dry_run", true}, {"DRYRUN", "dry_run", true},
        {"dry_rum", "dry_run", true}, {"dry", "dry_run", false},    {"Tag", "tag", true},
        {"tags", "tag", false},       {"tah", "tag", false},        {"forced", "force", true},
        {"source", "force", false},   {"region", "reason", false},  {"services", "service", true},
        {"", "tag", false},           {"-_", "tag", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        if (similar_is_misspelling(view_of(cases[i].name), view_of(cases[i].known)) !=
            cases[i].misspelt) {
            fail_msg("'%s' and '%s'", cases[i].name, cases[i].known);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances),
        cmocka_unit_test(long_names_are_not_compared),
        cmocka_unit_test(misspellings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
