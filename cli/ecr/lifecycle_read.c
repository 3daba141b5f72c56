#include "cli/ecr/lifecycle.h"
#include "runtime/base/json.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* A file may have white space; ECR takes 30,720 characters. */
static const struct json_limits limits = {.max_bytes = (size_t)256 * 1024, .max_depth = 16};

/* ECR takes days as a whole number; a hundred years are more than anybody means. */
#define NUMBER_MAX 1000000

struct reader {
    const char *subject;
    struct arena *arena;
    struct err *err;
    size_t index; /* of the rule */
};

static int wrong(const struct reader *reader, const char *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* "lifecycle policy: rules[1].selection.countNumber: expected …". Always -1. */
static int wrong(const struct reader *reader, const char *place, const char *format, ...) {
    char what[ERR_MESSAGE_BYTES / 2];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    (void)err_set(reader->err, ERR_CONFIG_INVALID, "%s: rules[%zu]%s: %s", reader->subject,
                  reader->index, place, what);
    err_remedy(reader->err, "correct the policy; ECR would not take it as it is");
    return -1;
}

/* ECR's schema knows these members and no others. */
static int check_members(const struct reader *reader, const char *place, const struct json *object,
                         const char *const *known, size_t n_known) {
    if (json_type(object) != JSON_OBJECT) {
        return wrong(reader, place, "expected object, got %s", json_type_name(json_type(object)));
    }
    for (const struct json *member = json_first(object); member; member = json_next(member)) {
        bool is_known = false;
        for (size_t i = 0; i < n_known; i++) {
            is_known = is_known || view_equal(json_name(member), view_of(known[i]));
        }
        if (!is_known) {
            return wrong(reader, place, "unknown member '" VIEW_FMT "'",
                         VIEW_ARG(json_name(member)));
        }
    }
    return 0;
}

static int read_number(const struct reader *reader, const char *place, const struct json *value,
                       int64_t *ret_number) {
    int64_t number;
    if (!json_to_i64(value, &number) || number < 1 || number > NUMBER_MAX) {
        return wrong(reader, place, "expected a whole number from 1 to %d", NUMBER_MAX);
    }
    *ret_number = number;
    return 0;
}

/* The word's place in the list. */
static int read_word(const struct reader *reader, const char *place, const struct json *value,
                     const char *const *words, size_t n, int *ret_word) {
    struct view text = json_string(value);
    for (size_t i = 0; i < n; i++) {
        if (view_equal(text, view_of(words[i]))) {
            *ret_word = (int)i;
            return 0;
        }
    }
    return wrong(reader, place, "'" VIEW_FMT "' is none of its values", VIEW_ARG(text));
}

static int read_patterns(const struct reader *reader, const struct json *selection,
                         struct lifecycle_rule *rule) {
    const struct json *patterns = json_get(selection, "tagPatternList");
    const struct json *prefixes = json_get(selection, "tagPrefixList");
    const struct json *list = patterns ? patterns : prefixes;
    if (rule->tags != LIFECYCLE_TAGGED) {
        return list ? wrong(reader, ".selection", "tagStatus wants no tags") : 0;
    }
    if (!list || (patterns && prefixes) || json_type(list) != JSON_ARRAY || json_count(list) == 0) {
        return wrong(reader, ".selection",
                     "tagStatus 'tagged' wants a tagPatternList or a tagPrefixList");
    }
    rule->has_prefixes = list == prefixes;
    rule->patterns.items = ARENA_ARRAY(reader->arena, json_count(list), struct view);
    if (!rule->patterns.items) {
        return err_out_of_memory(reader->err, "patterns");
    }
    for (const struct json *one = json_first(list); one; one = json_next(one)) {
        struct err unused;
        err_init(&unused);
        struct view text = arena_copy(reader->arena, json_string(one));
        if (!text.data) {
            return err_out_of_memory(reader->err, "patterns");
        }
        if (name_check(text, NAME_TAG_PATTERN, &unused) < 0 ||
            (rule->has_prefixes && view_contains_char(text, '*'))) {
            return wrong(
                reader,
                rule->has_prefixes ? ".selection.tagPrefixList" : ".selection.tagPatternList",
                "'" VIEW_FMT "' is no %s", VIEW_ARG(text),
                rule->has_prefixes ? "prefix of a tag" : "pattern of tags with at most four '*'");
        }
        rule->patterns.items[rule->patterns.n++] = text;
    }
    return 0;
}

static int read_count(const struct reader *reader, const struct json *selection,
                      struct lifecycle_rule *rule) {
    static const char *const types[] = {"imageCountMoreThan", "sinceImagePushed",
                                        "sinceImagePulled", "sinceImageTransitioned"};
    static const char *const classes[] = {"standard", "archive"};
    const struct json *unit = json_get(selection, "countUnit");
    const struct json *class = json_get(selection, "storageClass");
    int word = 0;
    if (read_word(reader, ".selection.countType", json_get(selection, "countType"), types, 4,
                  &word) < 0 ||
        read_number(reader, ".selection.countNumber", json_get(selection, "countNumber"),
                    &rule->number) < 0) {
        return -1;
    }
    rule->count = (enum lifecycle_count)word;
    word = 0;
    if (class && read_word(reader, ".selection.storageClass", class, classes, 2, &word) < 0) {
        return -1;
    }
    rule->of_archive = word == 1;
    if (rule->of_archive != (rule->count == LIFECYCLE_SINCE_TRANSITIONED)) {
        return wrong(reader, ".selection.storageClass",
                     "countType 'sinceImageTransitioned' wants 'archive', and no other does");
    }
    if (rule->count == LIFECYCLE_MORE_THAN ? unit != NULL
                                           : !view_equal(json_string(unit), VIEW("days"))) {
        return wrong(reader, ".selection.countUnit",
                     rule->count == LIFECYCLE_MORE_THAN ? "a count of images has no unit"
                                                        : "expected 'days'");
    }
    return 0;
}

static int read_selection(const struct reader *reader, const struct json *selection,
                          struct lifecycle_rule *rule) {
    static const char *const known[] = {"tagStatus",    "tagPatternList", "tagPrefixList",
                                        "storageClass", "countType",      "countUnit",
                                        "countNumber"};
    static const char *const statuses[] = {"tagged", "untagged", "any"};
    int word = 0;
    if (check_members(reader, ".selection", selection, known, sizeof(known) / sizeof(known[0])) <
            0 ||
        read_word(reader, ".selection.tagStatus", json_get(selection, "tagStatus"), statuses, 3,
                  &word) < 0) {
        return -1;
    }
    rule->tags = (enum lifecycle_tags)word;
    return read_patterns(reader, selection, rule) < 0 ? -1 : read_count(reader, selection, rule);
}

static int read_action(const struct reader *reader, const struct json *action,
                       struct lifecycle_rule *rule) {
    static const char *const known[] = {"type", "targetStorageClass"};
    static const char *const types[] = {"expire", "transition"};
    struct view target = json_string(json_get(action, "targetStorageClass"));
    int word = 0;
    if (check_members(reader, ".action", action, known, 2) < 0 ||
        read_word(reader, ".action.type", json_get(action, "type"), types, 2, &word) < 0) {
        return -1;
    }
    rule->archives = word == 1;
    if (rule->archives ? !view_equal(target, VIEW("archive")) : target.len > 0) {
        return wrong(reader, ".action.targetStorageClass",
                     rule->archives ? "expected 'archive'" : "what expires goes nowhere");
    }
    if (rule->archives ? rule->count == LIFECYCLE_SINCE_TRANSITIONED
                       : rule->count == LIFECYCLE_SINCE_PULLED) {
        return wrong(reader, ".action.type",
                     "sinceImagePulled can only archive, and sinceImageTransitioned only expire");
    }
    return 0;
}

static int read_rule(const struct reader *reader, const struct json *json,
                     struct lifecycle_rule *ret_rule) {
    static const char *const known[] = {"rulePriority", "description", "selection", "action"};
    struct lifecycle_rule rule = {0};
    if (check_members(reader, "", json, known, sizeof(known) / sizeof(known[0])) < 0 ||
        read_number(reader, ".rulePriority", json_get(json, "rulePriority"), &rule.priority) < 0 ||
        read_selection(reader, json_get(json, "selection"), &rule) < 0 ||
        read_action(reader, json_get(json, "action"), &rule) < 0) {
        return -1;
    }
    rule.description = arena_copy(reader->arena, json_string(json_get(json, "description")));
    if (!rule.description.data) {
        return err_out_of_memory(reader->err, "rule");
    }
    *ret_rule = rule;
    return 0;
}

static bool same_patterns(const struct lifecycle_rule *a, const struct lifecycle_rule *b) {
    bool is_same = a->has_prefixes == b->has_prefixes && a->patterns.n == b->patterns.n;
    for (size_t i = 0; is_same && i < a->patterns.n; i++) {
        is_same = view_equal(a->patterns.items[i], b->patterns.items[i]);
    }
    return is_same;
}

/* What two rules may not have in common. `b` comes behind `a` in the text. */
static int check_pair(const struct reader *reader, const struct lifecycle_rule *a,
                      const struct lifecycle_rule *b) {
    if (a->priority == b->priority) {
        return wrong(reader, ".rulePriority", "another rule has %lld too", (long long)b->priority);
    }
    if (a->of_archive != b->of_archive) {
        return 0;
    }
    const struct lifecycle_rule *first = a->priority < b->priority ? a : b;
    if (first->tags == LIFECYCLE_ANY) {
        return wrong(reader, ".rulePriority",
                     "a rule with tagStatus 'any' has to have the highest number");
    }
    if (a->tags == LIFECYCLE_UNTAGGED && b->tags == LIFECYCLE_UNTAGGED) {
        return wrong(reader, ".selection.tagStatus", "another rule is for 'untagged' too");
    }
    if (a->tags == LIFECYCLE_TAGGED && b->tags == LIFECYCLE_TAGGED && same_patterns(a, b)) {
        return wrong(reader, ".selection", "another rule is for the same tags");
    }
    return 0;
}

static int compare_priorities(const void *left, const void *right) {
    const struct lifecycle_rule *a = left;
    const struct lifecycle_rule *b = right;
    return (a->priority > b->priority) - (a->priority < b->priority);
}

int lifecycle_read(struct view text, const char *subject, struct arena *arena,
                   struct lifecycle_policy *ret_policy, struct err *err) {
    struct json *root JSON_AUTO = NULL;
    struct lifecycle_policy policy = {0};
    struct reader reader = {.subject = subject, .arena = arena, .err = err};
    if (json_parse(text, &limits, subject, &root, err) < 0) {
        err->code = err->code == ERR_OUT_OF_MEMORY ? err->code : ERR_CONFIG_INVALID;
        err_remedy(err, "correct the policy; ECR would not take it as it is");
        return -1;
    }
    const struct json *rules = json_get(root, "rules");
    if (json_type(rules) != JSON_ARRAY || json_count(rules) == 0 ||
        json_count(rules) > LIFECYCLE_RULES_MAX) {
        (void)err_set(err, ERR_CONFIG_INVALID, "%s: expected 1 to %d 'rules'", subject,
                      LIFECYCLE_RULES_MAX);
        err_remedy(err, "correct the policy; ECR would not take it as it is");
        return -1;
    }
    policy.rules = ARENA_ARRAY(arena, json_count(rules), struct lifecycle_rule);
    if (!policy.rules) {
        return err_out_of_memory(err, "rules");
    }
    for (const struct json *rule = json_first(rules); rule; rule = json_next(rule)) {
        reader.index = policy.n;
        if (read_rule(&reader, rule, &policy.rules[policy.n]) < 0) {
            return -1;
        }
        for (size_t i = 0; i < policy.n; i++) {
            if (check_pair(&reader, &policy.rules[i], &policy.rules[policy.n]) < 0) {
                return -1;
            }
        }
        policy.n++;
    }
    qsort(policy.rules, policy.n, sizeof(*policy.rules), compare_priorities);
    *ret_policy = policy;
    return 0;
}
