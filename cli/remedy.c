#include "cli/remedy.h"

#include "runtime/base/buf.h"

#include <string.h>

/* The first row that fits is taken, so the longer wording of two stands first. */
static const struct {
    const char *function, *person;
} words[] = {
    {"the credentials that the function runs with",
     "your credentials (aws sso login, or new keys)"},
    {"the function's environment variables", "the environment"},
    {"the function's iam:PassRole statement", "your iam:PassRole statement"},
    {"the function's network", "your network"},
    {"the function's role", "your role"},
    {"admit the function", "admit you"},
    {"nothing now: the event is retried", "try again"},
    {"raise the function's timeout if this recurs; the event is retried", "try again"},
    {"raise the function's memory size", "ask for less at once"},
};

static size_t row_at(const char *text) {
    size_t row = 0;
    size_t n = sizeof(words) / sizeof(words[0]);
    while (row < n && strncmp(text, words[row].function, strlen(words[row].function)) != 0) {
        row++;
    }
    return row;
}

struct view remedy_for_person(const struct err *err, struct arena *arena) {
    struct buf text BUF_AUTO = BUF_INIT(2 * sizeof(err->remedy));
    for (const char *rest = err->remedy; *rest != '\0';) {
        size_t row = row_at(rest);
        if (row < sizeof(words) / sizeof(words[0])) {
            buf_append_str(&text, words[row].person);
            rest += strlen(words[row].function);
        } else {
            buf_append_char(&text, *rest++);
        }
    }
    struct view kept = arena_copy(arena, buf_view(&text));
    return text.failed || !kept.data ? view_of(err->remedy) : kept;
}
