#include "handlers/deploy/semver.h"

#include "runtime/base/ascii.h"

#include <string.h>

enum comparator_operator { LESS, LESS_OR_EQUAL, EQUAL, GREATER_OR_EQUAL, GREATER };

struct semver_comparator {
    enum comparator_operator op;
    struct semver version;
    bool names_prerelease; /* the user wrote one; the "-0" of an exclusive bound is not his */
    size_t alternative;    /* which one between the "||" it belongs to, ascending from 0 */
};

/* A version of which the end may be left open: "1", "1.2.x", "1.2.3-rc.1". */
struct partial {
    struct semver version;
    size_t n_numbers; /* 0: anything */
};

struct parser {
    struct view text;
    size_t at;
    struct semver_fault fault;
    struct semver_comparator *comparators; /* room for all that the text can hold */
    size_t n_comparators;
    size_t alternative;
};

static int fail(struct parser *p, size_t offset, const char *expected) {
    p->fault = (struct semver_fault){.offset = offset, .expected = expected};
    return -1;
}

static bool at_end(const struct parser *p) {
    return p->at >= p->text.len;
}

static char peek(const struct parser *p) {
    if (at_end(p)) {
        return '\0';
    }
    return p->text.data[p->at];
}

static bool accept(struct parser *p, struct view token) {
    if (!view_starts_with(view_slice(p->text, p->at, p->text.len), token)) {
        return false;
    }
    p->at += token.len;
    return true;
}

static bool is_space(char c) {
    return c == ' ' || c == '\t';
}

static void skip_spaces(struct parser *p) {
    while (!at_end(p) && is_space(peek(p))) {
        p->at++;
    }
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_identifier_char(char c) {
    return ascii_is_alphanumeric(c) || c == '-';
}

static bool is_numeric(struct view identifier) {
    for (size_t i = 0; i < identifier.len; i++) {
        if (!is_digit(identifier.data[i])) {
            return false;
        }
    }
    return true;
}

/* ---- versions ---- */

static int parse_number(struct parser *p, uint64_t *ret_number) {
    size_t start = p->at;
    uint64_t number = 0;
    while (is_digit(peek(p)) && p->at - start < SEMVER_NUMBER_DIGITS) {
        number = number * 10 + (uint64_t)(p->text.data[p->at++] - '0');
    }
    if (p->at == start) {
        return fail(p, start, "a number");
    }
    if (is_digit(peek(p))) {
        return fail(p, start, "a number of at most 18 digits");
    }
    if (p->text.data[start] == '0' && p->at - start > 1) {
        return fail(p, start, "a number without leading zeros");
    }
    *ret_number = number;
    return 0;
}

/* Identifiers joined by dots, behind a "-" or a "+". */
static int parse_identifiers(struct parser *p, bool is_prerelease, struct view *ret_identifiers) {
    size_t begin = p->at;
    do {
        size_t start = p->at;
        while (is_identifier_char(peek(p))) {
            p->at++;
        }
        struct view identifier = view_slice(p->text, start, p->at - start);
        if (identifier.len == 0) {
            return fail(p, start, "letters, digits or '-'");
        }
        if (is_prerelease && identifier.len > 1 && identifier.data[0] == '0' &&
            is_numeric(identifier)) {
            return fail(p, start, "a number without leading zeros");
        }
    } while (accept(p, VIEW(".")));
    *ret_identifiers = view_slice(p->text, begin, p->at - begin);
    return 0;
}

static bool accept_wildcard(struct parser *p) {
    return accept(p, VIEW("x")) || accept(p, VIEW("X")) || accept(p, VIEW("*"));
}

/* ["v"] number-or-wildcard {"." number-or-wildcard} ["-" pre-release] ["+" build] */
static int parse_partial(struct parser *p, struct partial *ret_partial) {
    struct partial partial = {0};
    bool wildcard = false;
    size_t n_parts = 0;
    accept(p, VIEW("v"));
    do {
        if (accept_wildcard(p)) {
            wildcard = true;
        } else if (wildcard) {
            return fail(p, p->at, "'x' or '*', as before it");
        } else if (!is_digit(peek(p))) {
            return fail(p, p->at, n_parts == 0 ? "a version" : "a number, 'x' or '*'");
        } else if (parse_number(p, &partial.version.number[partial.n_numbers++]) != 0) {
            return -1;
        }
        n_parts++;
    } while (n_parts < 3 && accept(p, VIEW(".")));
    bool whole = partial.n_numbers == 3;
    if (whole && accept(p, VIEW("-")) && parse_identifiers(p, true, &partial.version.prerelease)) {
        return -1;
    }
    struct view build;
    if (whole && accept(p, VIEW("+")) && parse_identifiers(p, false, &build) != 0) {
        return -1;
    }
    *ret_partial = partial;
    return 0;
}

bool semver_parse(struct view text, struct semver *ret_version) {
    struct parser p = {.text = text};
    struct partial partial;
    if (parse_partial(&p, &partial) != 0 || !at_end(&p) || partial.n_numbers != 3) {
        return false;
    }
    *ret_version = partial.version;
    return true;
}

static int compare_numbers(uint64_t a, uint64_t b) {
    return a < b ? -1 : a > b;
}

static int compare_identifiers(struct view a, struct view b) {
    bool a_numeric = is_numeric(a), b_numeric = is_numeric(b);
    if (a_numeric != b_numeric) {
        return a_numeric ? -1 : 1;
    }
    /* Without leading zeros the longer number is the larger one. */
    if (a_numeric && a.len != b.len) {
        return compare_numbers(a.len, b.len);
    }
    return view_compare(a, b);
}

static int compare_prereleases(struct view a, struct view b) {
    if (a.len == 0 || b.len == 0) {
        return compare_numbers(a.len == 0, b.len == 0);
    }
    struct view a_identifier, b_identifier;
    for (;;) {
        bool a_more = view_split(&a, '.', &a_identifier);
        bool b_more = view_split(&b, '.', &b_identifier);
        if (!a_more || !b_more) {
            return compare_numbers(a_more, b_more);
        }
        int order = compare_identifiers(a_identifier, b_identifier);
        if (order != 0) {
            return order;
        }
    }
}

static int compare_tuples(const struct semver *a, const struct semver *b) {
    for (size_t i = 0; i < 3; i++) {
        if (a->number[i] != b->number[i]) {
            return compare_numbers(a->number[i], b->number[i]);
        }
    }
    return 0;
}

int semver_compare(const struct semver *a, const struct semver *b) {
    int order = compare_tuples(a, b);
    return order != 0 ? order : compare_prereleases(a->prerelease, b->prerelease);
}

/* ---- ranges: everything becomes plain comparators ---- */

static void emit(struct parser *p, enum comparator_operator op, struct semver version) {
    p->comparators[p->n_comparators++] = (struct semver_comparator){
        .op = op,
        .version = version,
        .names_prerelease = version.prerelease.len > 0,
        .alternative = p->alternative,
    };
}

/* Below `version` and below all its pre-releases. */
static void emit_below(struct parser *p, struct semver version) {
    version.prerelease = VIEW("0");
    emit(p, LESS, version);
    p->comparators[p->n_comparators - 1].names_prerelease = false;
}

/* The first version behind all that share the first `n` numbers. */
static struct semver next_after(const struct semver *version, size_t n) {
    struct semver next = {0};
    for (size_t i = 0; i < n; i++) {
        next.number[i] = version->number[i];
    }
    next.number[n - 1]++;
    return next;
}

/* All versions from `partial` on that share its first `n` numbers (0: all there are). */
static void emit_span(struct parser *p, const struct partial *partial, size_t n) {
    emit(p, GREATER_OR_EQUAL, partial->version);
    if (n > 0) {
        emit_below(p, next_after(&partial->version, n));
    }
}

static void emit_nothing(struct parser *p) {
    emit_below(p, (struct semver){0});
}

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

/* ^1.2.3 := >=1.2.3 <2.0.0-0: the leftmost number that is not zero stays. */
static void emit_caret(struct parser *p, const struct partial *partial) {
    size_t n = 1;
    while (n < partial->n_numbers && partial->version.number[n - 1] == 0) {
        n++;
    }
    emit_span(p, partial, smaller(n, partial->n_numbers));
}

static void emit_operator(struct parser *p, enum comparator_operator op,
                          const struct partial *partial) {
    size_t n = partial->n_numbers;
    if (n == 3) {
        emit(p, op, partial->version);
        return;
    }
    switch (op) {
    case EQUAL:
        emit_span(p, partial, n);
        return;
    case GREATER_OR_EQUAL:
        emit(p, GREATER_OR_EQUAL, partial->version);
        return;
    case GREATER:
        if (n == 0) {
            emit_nothing(p);
        } else {
            emit(p, GREATER_OR_EQUAL, next_after(&partial->version, n));
        }
        return;
    case LESS:
        emit_below(p, partial->version); /* "<*" is "<0.0.0-0": nothing */
        return;
    case LESS_OR_EQUAL:
        if (n == 0) {
            emit(p, GREATER_OR_EQUAL, (struct semver){0});
        } else {
            emit_below(p, next_after(&partial->version, n));
        }
        return;
    }
}

/* [">=" | "<=" | ">" | "<" | "=" | "~" | "^"] partial */
static int parse_simple(struct parser *p) {
    static const struct {
        struct view token;
        enum comparator_operator op;
    } operators[] = {
        {{">=", 2}, GREATER_OR_EQUAL},
        {{"<=", 2}, LESS_OR_EQUAL},
        {{">", 1}, GREATER},
        {{"<", 1}, LESS},
        {{"=", 1}, EQUAL},
    };
    struct partial partial;
    bool tilde = accept(p, VIEW("~"));
    bool caret = !tilde && accept(p, VIEW("^"));
    enum comparator_operator op = EQUAL;
    for (size_t i = 0; !tilde && !caret && i < sizeof(operators) / sizeof(operators[0]); i++) {
        if (!accept(p, operators[i].token)) {
            continue;
        }
        op = operators[i].op;
        break;
    }
    skip_spaces(p);
    if (parse_partial(p, &partial) != 0) {
        return -1;
    }
    if (tilde) {
        emit_span(p, &partial, smaller(2, partial.n_numbers));
    } else if (caret) {
        emit_caret(p, &partial);
    } else {
        emit_operator(p, op, &partial);
    }
    return 0;
}

/* partial " - " partial. *ret_is_hyphen false: it is none, and nothing was consumed. */
static int parse_hyphen(struct parser *p, bool *ret_is_hyphen) {
    size_t begin = p->at;
    struct partial from, to;
    *ret_is_hyphen = false;
    if (parse_partial(p, &from) != 0 || !accept(p, VIEW(" "))) {
        p->at = begin;
        return 0;
    }
    skip_spaces(p);
    if (!accept(p, VIEW("- "))) {
        p->at = begin;
        return 0;
    }
    skip_spaces(p);
    if (parse_partial(p, &to) != 0) {
        return -1;
    }
    emit_operator(p, GREATER_OR_EQUAL, &from);
    emit_operator(p, LESS_OR_EQUAL, &to);
    *ret_is_hyphen = true;
    return 0;
}

static bool at_alternative_end(const struct parser *p) {
    return at_end(p) || view_starts_with(view_slice(p->text, p->at, 2), VIEW("||"));
}

static int parse_alternative(struct parser *p) {
    bool is_hyphen;
    if (parse_hyphen(p, &is_hyphen) != 0) {
        return -1;
    }
    if (is_hyphen) {
        skip_spaces(p);
        return at_alternative_end(p) ? 0 : fail(p, p->at, "'||' or the end after a hyphen range");
    }
    do {
        if (parse_simple(p) != 0) {
            return -1;
        }
        if (!at_alternative_end(p) && !is_space(peek(p))) {
            return fail(p, p->at, "a space, '||' or the end after a version");
        }
        skip_spaces(p);
    } while (!at_alternative_end(p));
    return 0;
}

int semver_range_parse(struct view text, struct arena *arena, struct semver_range *ret_range,
                       struct semver_fault *ret_fault) {
    struct parser p = {.text = text};
    /* A simple of one character and the space behind it become two comparators. */
    p.comparators = ARENA_ARRAY(arena, text.len + 2, struct semver_comparator);
    if (p.comparators == NULL) {
        *ret_fault = (struct semver_fault){0};
        return -1;
    }
    do {
        skip_spaces(&p);
        if (parse_alternative(&p) != 0) {
            *ret_fault = p.fault;
            return -1;
        }
        p.alternative++;
    } while (accept(&p, VIEW("||")));
    ret_range->comparators = p.comparators;
    ret_range->n_comparators = p.n_comparators;
    return 0;
}

static bool comparator_holds(const struct semver_comparator *comparator,
                             const struct semver *version) {
    int order = semver_compare(version, &comparator->version);
    switch (comparator->op) {
    case LESS:
        return order < 0;
    case LESS_OR_EQUAL:
        return order <= 0;
    case EQUAL:
        return order == 0;
    case GREATER_OR_EQUAL:
        return order >= 0;
    case GREATER:
        return order > 0;
    }
    return false;
}

bool semver_range_admits(const struct semver_range *range, const struct semver *version) {
    size_t i = 0;
    while (i < range->n_comparators) {
        size_t alternative = range->comparators[i].alternative;
        bool holds = true, named = version->prerelease.len == 0;
        for (; i < range->n_comparators; i++) {
            const struct semver_comparator *comparator = &range->comparators[i];
            if (comparator->alternative != alternative) {
                break;
            }
            holds = holds && comparator_holds(comparator, version);
            named = named || (comparator->names_prerelease &&
                              compare_tuples(&comparator->version, version) == 0);
        }
        if (holds && named) {
            return true;
        }
    }
    return false;
}
