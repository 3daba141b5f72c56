#include "handlers/deploy/tag_policy.h"

#include "handlers/deploy/semver.h"
#include "runtime/base/ascii.h"

struct tag_term {
    bool is_semver;
    struct view glob; /* checked: every set is closed, every backslash followed */
    struct semver_range range;
};

/* What is wrong with a term; the offset is within it. */
struct fault {
    size_t offset;
    const char *expected; /* NULL: memory ran out */
};

static int fail(struct fault *fault, size_t offset, const char *expected) {
    *fault = (struct fault){.offset = offset, .expected = expected};
    return -1;
}

static bool is_tag_char(char c) {
    return ascii_is_alphanumeric(c) || c == '_' || c == '.' || c == '-';
}

static bool is_negation(char c) {
    return c == '!' || c == '^';
}

/* ---- checking globs ---- */

/* One character of a set or a glob, a backslash before it skipped. */
static int check_char(struct view glob, size_t *at, struct fault *fault) {
    if (*at < glob.len && glob.data[*at] == '\\') {
        (*at)++;
    }
    if (*at >= glob.len) {
        return fail(fault, *at, "a character after '\\'");
    }
    if (!is_tag_char(glob.data[*at])) {
        return fail(fault, *at,
                    "a character that a tag can have (letters, digits, '_', '.', '-'), '*', '?', a "
                    "set like '[a-z]', or a term that begins with 'semver:'");
    }
    (*at)++;
    return 0;
}

/* "[" ["!" | "^"] (char | char "-" char)+ "]"; *at is behind the "[" */
static int check_set(struct view glob, size_t *at, struct fault *fault) {
    size_t open = *at - 1;
    if (*at < glob.len && is_negation(glob.data[*at])) {
        (*at)++;
    }
    size_t first = *at;
    while (*at < glob.len && glob.data[*at] != ']') {
        size_t low_at = *at;
        if (check_char(glob, at, fault) != 0) {
            return -1;
        }
        char low = glob.data[*at - 1];
        bool is_range = *at + 1 < glob.len && glob.data[*at] == '-' && glob.data[*at + 1] != ']';
        if (!is_range) {
            continue;
        }
        (*at)++;
        if (check_char(glob, at, fault) != 0) {
            return -1;
        }
        if (glob.data[*at - 1] < low) {
            return fail(fault, low_at, "a range whose end is not before its beginning");
        }
    }
    if (*at >= glob.len) {
        return fail(fault, open, "a ']' for this '['");
    }
    if (*at == first) {
        return fail(fault, open, "a character between '[' and ']'");
    }
    (*at)++;
    return 0;
}

static int check_glob(struct view glob, struct fault *fault) {
    size_t at = 0;
    while (at < glob.len) {
        char c = glob.data[at];
        if (c == '[') {
            at++;
            if (check_set(glob, &at, fault) != 0) {
                return -1;
            }
        } else if (c == '*' || c == '?') {
            at++;
        } else if (check_char(glob, &at, fault) != 0) {
            return -1;
        }
    }
    return 0;
}

/* ---- matching checked globs ---- */

static char take_char(struct view glob, size_t *at) {
    if (glob.data[*at] == '\\') {
        (*at)++;
    }
    return glob.data[(*at)++];
}

/* *at is behind the "[", and behind the "]" afterwards. */
static bool match_set(struct view glob, size_t *at, char c) {
    bool negated = is_negation(glob.data[*at]), found = false;
    if (negated) {
        (*at)++;
    }
    while (glob.data[*at] != ']') {
        char low = take_char(glob, at), high = low;
        if (glob.data[*at] == '-' && glob.data[*at + 1] != ']') {
            (*at)++;
            high = take_char(glob, at);
        }
        found = found || (low <= c && c <= high);
    }
    (*at)++;
    return found != negated;
}

/* One element that is no "*" against one character; *at moves behind it. */
static bool match_one(struct view glob, size_t *at, char c) {
    if (glob.data[*at] == '?') {
        (*at)++;
        return true;
    }
    if (glob.data[*at] == '[') {
        (*at)++;
        return match_set(glob, at, c);
    }
    return take_char(glob, at) == c;
}

/* Only the last "*" is ever reconsidered, which is enough and takes at most len * len steps. */
static bool glob_matches(struct view glob, struct view tag) {
    size_t g = 0, t = 0;
    size_t star_g = 0, star_t = 0;
    bool has_star = false;
    while (t < tag.len) {
        if (g < glob.len && glob.data[g] == '*') {
            has_star = true;
            star_g = ++g;
            star_t = t;
        } else if (g < glob.len && match_one(glob, &g, tag.data[t])) {
            t++;
        } else if (has_star) {
            g = star_g;
            t = ++star_t;
        } else {
            return false;
        }
    }
    while (g < glob.len && glob.data[g] == '*') {
        g++;
    }
    return g == glob.len;
}

/* ---- policies ---- */

static int parse_term(struct view text, struct arena *arena, struct tag_term *ret_term,
                      struct fault *fault) {
    struct view prefix = VIEW("semver:");
    if (text.len == 0) {
        return fail(fault, 0, "a glob or 'semver:' and a range before the next ','");
    }
    if (!view_starts_with(text, prefix)) {
        ret_term->glob = text;
        return check_glob(text, fault);
    }
    struct semver_fault in_range;
    ret_term->is_semver = true;
    if (semver_range_parse(view_slice(text, prefix.len, text.len), arena, &ret_term->range,
                           &in_range) == 0) {
        return 0;
    }
    return fail(fault, prefix.len + in_range.offset, in_range.expected);
}

static size_t count_terms(struct view text) {
    size_t n = 1;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == ',') {
            n++;
        }
    }
    return view_trim(text).len == 0 ? 0 : n;
}

static struct view next_term(struct view text, size_t *at) {
    size_t start = *at;
    while (*at < text.len && text.data[*at] != ',') {
        (*at)++;
    }
    struct view term = view_trim(view_slice(text, start, *at - start));
    (*at)++;
    return term;
}

int tag_policy_parse(struct view text, struct arena *arena, struct tag_policy *ret_policy,
                     struct err *err) {
    size_t n = count_terms(text);
    if (n > TAG_POLICY_MAX_TERMS) {
        return err_set(err, ERR_CONFIG_INVALID, "%zu terms are too many: expected at most %d", n,
                       TAG_POLICY_MAX_TERMS);
    }
    struct view copy = arena_copy(arena, text);
    struct tag_term *terms = ARENA_ARRAY(arena, n, struct tag_term);
    if (copy.data == NULL || terms == NULL) {
        return err_out_of_memory(err, "a list of tags");
    }
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        struct fault fault = {0};
        struct view term = next_term(copy, &at);
        if (parse_term(term, arena, &terms[i], &fault) == 0) {
            continue;
        }
        if (fault.expected == NULL) {
            return err_out_of_memory(err, "a list of tags");
        }
        return err_set(err, ERR_CONFIG_INVALID,
                       "'" VIEW_FMT "' is invalid at byte %zu: expected %s", VIEW_ARG(term),
                       (size_t)(term.data - copy.data) + fault.offset, fault.expected);
    }
    *ret_policy = (struct tag_policy){.text = copy, .terms = terms, .n_terms = n};
    return 0;
}

static bool term_matches(const struct tag_term *term, struct view tag) {
    struct semver version;
    if (!term->is_semver) {
        return glob_matches(term->glob, tag);
    }
    return semver_parse(tag, &version) && semver_range_admits(&term->range, &version);
}

bool tag_policy_admits(const struct tag_policy *policy, struct view tag) {
    struct view latest = VIEW("latest");
    bool by_name = policy->latest_by_name && view_equal(tag, latest);
    for (size_t i = 0; i < policy->n_terms; i++) {
        const struct tag_term *term = &policy->terms[i];
        if (by_name ? view_equal(term->glob, latest) : term_matches(term, tag)) {
            return true;
        }
    }
    return false;
}
