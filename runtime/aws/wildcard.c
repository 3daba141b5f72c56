#include "runtime/aws/wildcard.h"

#include <stdint.h>

static bool is_escape(struct view pattern, size_t at, unsigned how) {
    return (how & WILDCARD_ESCAPES) != 0 && at + 1 < pattern.len && pattern.data[at] == '\\';
}

static bool is_same(char a, char b, unsigned how) {
    return a == b || ((how & WILDCARD_IGNORE_CASE) != 0 &&
                      view_equal_nocase((struct view){&a, 1}, (struct view){&b, 1}));
}

/* Whether what is at `at`, which is no '*', is this one character; `at` is moved behind it then. */
static bool match_one(struct view pattern, size_t *at, char c, unsigned how) {
    bool is_escaped = is_escape(pattern, *at, how);
    size_t p = *at + (is_escaped ? 1 : 0);
    if (p >= pattern.len ||
        !(is_same(pattern.data[p], c, how) ||
          (!is_escaped && pattern.data[p] == '?' && (how & WILDCARD_QUESTION) != 0))) {
        return false;
    }
    *at = p + 1;
    return true;
}

/* Only the last '*' is ever reconsidered, which is enough. */
bool wildcard_matches(struct view pattern, struct view text, unsigned how) {
    size_t p = 0;
    size_t t = 0;
    size_t star = SIZE_MAX; /* behind the last '*', and where the text went on then */
    size_t resume = 0;
    while (t < text.len) {
        if (p < pattern.len && pattern.data[p] == '*') {
            star = ++p;
            resume = t;
        } else if (match_one(pattern, &p, text.data[t], how)) {
            t++;
        } else if (star != SIZE_MAX) {
            p = star;
            t = ++resume; /* the '*' takes one character more */
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.data[p] == '*') {
        p++;
    }
    return p == pattern.len;
}
