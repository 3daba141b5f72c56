#include "runtime/aws/event_pattern.h"

#include "runtime/aws/wildcard.h"
#include "runtime/base/json_scan.h"

/* A pattern has 2,048 characters at most; the depth is EventBridge's own affair. */
static const struct json_limits limits = {.max_bytes = (size_t)256 * 1024, .max_depth = 64};
/* Patterns nest by what they are written for; more is no pattern. */
#define DEPTH_MAX 16

struct matching {
    struct arena *arena;
    struct err *err; /* ERR_OUT_OF_MEMORY */
};

static enum event_match either(enum event_match a, enum event_match b) {
    return a > b ? a : b;
}
static enum event_match both(enum event_match a, enum event_match b) {
    return a < b ? a : b;
}
static enum event_match opposite(enum event_match a) {
    return (enum event_match)(EVENT_MATCHES - a);
}
static enum event_match match_of(bool is_so) {
    return is_so ? EVENT_MATCHES : EVENT_DIFFERS;
}

static struct view text_of(struct matching *m, struct json_span string) {
    struct view text = {0};
    return json_span_string(string, m->arena, &text, m->err) < 0 ? (struct view){0} : text;
}

/* --- one operator, on one value --- */

static bool matches_wildcard(struct view pattern, struct view text) {
    return wildcard_matches(pattern, text, WILDCARD_ESCAPES);
}
static bool has_prefix(struct view pattern, struct view text) {
    return view_starts_with(text, pattern);
}
static bool has_suffix(struct view pattern, struct view text) {
    return view_ends_with(text, pattern);
}
static bool is_equal_nocase(struct view pattern, struct view text) {
    return view_equal_nocase(pattern, text);
}

static enum event_match match_text(struct matching *m, struct json_span wanted,
                                   struct json_span value,
                                   bool (*matches)(struct view pattern, struct view text)) {
    if (value.type != JSON_STRING) {
        return EVENT_DIFFERS;
    }
    /* {"prefix": {"equals-ignore-case": "…"}}: what is right for a letter more or less */
    return wanted.type == JSON_STRING ? match_of(matches(text_of(m, wanted), text_of(m, value)))
                                      : EVENT_MAY_MATCH;
}

static enum event_match match_exactly(struct matching *m, struct json_span wanted,
                                      struct json_span value) {
    if (wanted.type != value.type) {
        return EVENT_DIFFERS;
    }
    if (wanted.type == JSON_STRING) {
        return match_of(view_equal(text_of(m, wanted), text_of(m, value)));
    }
    if (wanted.type == JSON_NUMBER) {
        /* 300, 300.0 and 3e2 are the same to EventBridge. */
        return view_equal(wanted.text, value.text) ? EVENT_MATCHES : EVENT_MAY_MATCH;
    }
    return match_of(view_equal(wanted.text, value.text));
}

static enum event_match match_operator(struct matching *m, struct json_span object,
                                       struct json_span value);

/* {"anything-but": "x"}, ["x","y"], {"prefix":"x"} */
static enum event_match match_anything_but(struct matching *m, struct json_span wanted,
                                           struct json_span value) {
    enum event_match is_one = EVENT_DIFFERS;
    struct json_iterator iterator = json_iterate(wanted);
    struct json_span one;
    if (wanted.type == JSON_OBJECT) {
        return opposite(match_operator(m, wanted, value));
    }
    if (wanted.type != JSON_ARRAY) {
        return opposite(match_exactly(m, wanted, value));
    }
    while (json_next_element(&iterator, &one)) {
        is_one = either(is_one, match_exactly(m, one, value));
    }
    return opposite(is_one);
}

/* {"prefix":"v"}: an object with one member. */
static enum event_match match_operator(struct matching *m, struct json_span object,
                                       struct json_span value) {
    static const struct {
        const char *name;
        bool (*matches)(struct view pattern, struct view text);
    } operators[] = {
        {"prefix", has_prefix},
        {"suffix", has_suffix},
        {"wildcard", matches_wildcard},
        {"equals-ignore-case", is_equal_nocase},
    };
    struct json_iterator iterator = json_iterate(object);
    struct json_member member;
    if (!json_next_member(&iterator, &member)) {
        return EVENT_MAY_MATCH;
    }
    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
        if (json_span_equals(member.name_text, view_of(operators[i].name))) {
            return match_text(m, member.value, value, operators[i].matches);
        }
    }
    if (json_span_equals(member.name_text, VIEW("anything-but"))) {
        return match_anything_but(m, member.value, value);
    }
    if (json_span_equals(member.name_text, VIEW("exists"))) {
        return match_of(view_equal(member.value.text, VIEW("true")));
    }
    return EVENT_MAY_MATCH;
}

/* --- the alternatives for one member --- */

static bool asks_for_absence(struct json_span alternative) {
    struct json_span exists;
    return alternative.type == JSON_OBJECT && json_find(alternative, "exists", &exists) &&
           view_equal(exists.text, VIEW("false"));
}

static enum event_match match_value(struct matching *m, struct json_span alternative,
                                    struct json_span value) {
    return alternative.type == JSON_OBJECT ? match_operator(m, alternative, value)
                                           : match_exactly(m, alternative, value);
}

/* Of an array in the event one element suffices. */
static enum event_match match_values(struct matching *m, struct json_span alternative,
                                     struct json_span value) {
    enum event_match matches = EVENT_DIFFERS;
    struct json_iterator iterator = json_iterate(value);
    struct json_span one;
    if (value.type == JSON_OBJECT) {
        return EVENT_MAY_MATCH; /* a list is for what has no members; AWS does not say otherwise */
    }
    if (value.type != JSON_ARRAY) {
        return match_value(m, alternative, value);
    }
    while (json_next_element(&iterator, &one)) {
        matches = either(matches, match_value(m, alternative, one));
    }
    return matches;
}

static enum event_match match_alternatives(struct matching *m, struct json_span alternatives,
                                           struct json_span *value) {
    enum event_match matches = EVENT_DIFFERS;
    struct json_iterator iterator = json_iterate(alternatives);
    struct json_span one;
    while (json_next_element(&iterator, &one)) {
        matches = either(matches,
                         !value ? match_of(asks_for_absence(one)) : match_values(m, one, *value));
    }
    return matches;
}

/* --- the objects --- */

static enum event_match match_object(struct matching *m, struct json_span pattern,
                                     struct json_span event, size_t depth);

static enum event_match match_any_object(struct matching *m, struct json_span patterns,
                                         struct json_span event, size_t depth) {
    enum event_match matches = EVENT_DIFFERS;
    struct json_iterator iterator = json_iterate(patterns);
    struct json_span one;
    while (json_next_element(&iterator, &one)) {
        matches = either(matches, match_object(m, one, event, depth + 1));
    }
    return matches;
}

static bool find_member(struct matching *m, struct json_span object, struct json_span name_text,
                        struct json_span *ret_value) {
    struct json_iterator iterator = json_iterate(object);
    struct json_member member;
    struct view name = text_of(m, name_text);
    while (object.type == JSON_OBJECT && json_next_member(&iterator, &member)) {
        if (json_span_equals(member.name_text, name)) {
            *ret_value = member.value;
            return true;
        }
    }
    return false;
}

static enum event_match match_object(struct matching *m, struct json_span pattern,
                                     struct json_span event, size_t depth) {
    enum event_match matches = EVENT_MATCHES;
    struct json_iterator iterator = json_iterate(pattern);
    struct json_member member;
    const struct json_span nothing = {.text = VIEW("{}"), .type = JSON_OBJECT};
    if (pattern.type != JSON_OBJECT || depth > DEPTH_MAX) {
        return EVENT_MAY_MATCH;
    }
    while (matches != EVENT_DIFFERS && json_next_member(&iterator, &member)) {
        struct json_span value;
        struct json_span name = {member.name_text, JSON_STRING};
        bool is_there = find_member(m, event, name, &value);
        enum event_match one = EVENT_MAY_MATCH;
        if (json_span_equals(member.name_text, VIEW("$or")) && member.value.type == JSON_ARRAY) {
            one = match_any_object(m, member.value, event, depth);
        } else if (member.value.type == JSON_ARRAY) {
            one = match_alternatives(m, member.value, is_there ? &value : NULL);
        } else if (member.value.type == JSON_OBJECT) {
            one = match_object(m, member.value, is_there ? value : nothing, depth + 1);
        }
        matches = both(matches, one);
    }
    return matches;
}

int event_pattern_match(struct view pattern, struct view event, struct arena *arena,
                        enum event_match *ret_match, struct err *err) {
    struct json_span pattern_root;
    struct json_span event_root;
    struct err failure;
    struct err no_memory;
    err_init(&failure);
    err_init(&no_memory);
    if (json_scan(event, &limits, "event", &event_root, err) < 0) {
        return -1;
    }
    if (json_scan(pattern, &limits, "pattern", &pattern_root, &failure) < 0) {
        *ret_match = EVENT_MAY_MATCH;
        return failure.code == ERR_OUT_OF_MEMORY ? err_out_of_memory(err, "pattern") : 0;
    }
    struct matching m = {.arena = arena, .err = &no_memory};
    enum event_match matches = match_object(&m, pattern_root, event_root, 0);
    if (err_is_set(&no_memory)) {
        return err_out_of_memory(err, "pattern");
    }
    *ret_match = matches;
    return 0;
}
