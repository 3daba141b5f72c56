#include "runtime/aws/wildcard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct row {
    const char *pattern, *text;
    unsigned how;
    bool matches;
};

static void patterns(void **state) {
    enum { Q = WILDCARD_QUESTION, I = WILDCARD_IGNORE_CASE, E = WILDCARD_ESCAPES };
    static const struct row rows[] = {
        {"", "", 0, true},
        {"", "a", 0, false},
        {"*", "", 0, true},
        {"*", "abc", 0, true},
        {"a", "", 0, false},
        {"a*", "a", 0, true},
        {"a*c", "abc", 0, true},
        {"a*c", "abcd", 0, false},
        {"**a", "ba", 0, true},
        {"*ab*ab", "abab", 0, true},
        {"*aab", "aaab", 0, true},
        {"a*b*c", "abab", 0, false},
        {"a?c", "abc", Q, true},
        {"a?c", "ac", Q, false},
        {"?", "", Q, false},
        {"*?", "a", Q, true},
        {"*?", "", Q, false},
        /* To ECR and EventBridge it is itself. */
        {"a?c", "abc", E, false},
        {"a?c", "a?c", 0, true},
        {"A*", "abc", 0, false},
        {"A*", "abc", I, true},
        {"a*C", "abc", Q | I, true},
        {"a\\*b", "a*b", E, true},
        {"a\\*b", "axb", E, false},
        {"*\\*", "ab*", E, true},
        {"*\\*", "ab", E, false},
        {"a\\\\b", "a\\b", E, true},
        {"a\\", "a\\", E, true},   /* behind which there is nothing */
        {"a\\*", "a\\b", Q, true}, /* to IAM a backslash is no more than that */
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (wildcard_matches(view_of(rows[i].pattern), view_of(rows[i].text), rows[i].how) !=
            rows[i].matches) {
            fail_msg("'%s' of '%s', %u", rows[i].text, rows[i].pattern, rows[i].how);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
