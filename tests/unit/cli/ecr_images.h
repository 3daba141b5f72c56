#ifndef SLIPWAY_TESTS_UNIT_CLI_ECR_IMAGES_H
#define SLIPWAY_TESTS_UNIT_CLI_ECR_IMAGES_H

/* A repository written as a table, a lifecycle policy as text, and what becomes of each image. */

#include "cli/ecr/lifecycle.h"

/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)
#define NOW_MS (20000 * DAY_MS)
#define IMAGES_MAX 16

struct image_row {
    const char *digest;
    const char *tags; /* separated by spaces */
    int64_t pushed_days;
    int64_t pulled_days;    /* 0: never, as of these */
    int64_t activated_days; /* how many days ago it came back from the archive */
    int64_t archived_days;  /* how many days ago it went there; it is there */
    const char *lists;      /* digests of an index */
    const char *fate;       /* "stays", "listed"; "3": rule 3 expires it; "a3": archives it */
};

static inline struct names words_of(const char *text, struct arena *arena) {
    struct names words = {.items = ARENA_ARRAY(arena, IMAGES_MAX, struct view)};
    struct view rest = view_of(text);
    struct view word;
    assert_non_null(words.items);
    while (view_split(&rest, ' ', &word)) {
        assert_true(words.n < IMAGES_MAX);
        words.items[words.n++] = word;
    }
    return words;
}

static inline int64_t days_ago(int64_t days) {
    return days == 0 ? 0 : NOW_MS - days * DAY_MS;
}

static inline struct ecr_stored_image image_of_row(const struct image_row *row,
                                                   struct arena *arena) {
    struct names tags = words_of(row->tags, arena);
    struct names lists = words_of(row->lists, arena);
    return (struct ecr_stored_image){
        .digest = view_of(row->digest),
        .tags = tags.items,
        .n_tags = tags.n,
        .is_archived = row->archived_days > 0,
        .pushed_at_ms = days_ago(row->pushed_days),
        .pulled_at_ms = days_ago(row->pulled_days),
        .activated_at_ms = days_ago(row->activated_days),
        .archived_at_ms = days_ago(row->archived_days),
        .manifests = lists.items,
        .n_manifests = lists.n,
    };
}

static inline struct lifecycle_policy policy_of(const char *text, struct arena *arena) {
    struct lifecycle_policy policy = {0};
    struct err err;
    err_init(&err);
    if (lifecycle_read(view_of(text), "policy", arena, &policy, &err) != 0) {
        fail_msg("%s", err.message);
    }
    return policy;
}

/* Each image has the fate that its row tells. */
static inline void check_fates(const char *policy_text, const struct image_row *rows, size_t n) {
    struct arena arena ARENA_AUTO = ARENA_INIT((size_t)1024 * 1024);
    struct ecr_stored_image images[IMAGES_MAX];
    struct lifecycle_verdict *verdicts;
    struct err err;
    err_init(&err);
    assert_true(n <= IMAGES_MAX);
    for (size_t i = 0; i < n; i++) {
        images[i] = image_of_row(&rows[i], &arena);
    }
    struct lifecycle_policy policy = policy_of(policy_text, &arena);
    assert_int_equal(lifecycle_evaluate(&policy, images, n, NOW_MS, &arena, &verdicts, &err), 0);
    for (size_t i = 0; i < n; i++) {
        const struct lifecycle_rule *rule = verdicts[i].rule;
        struct view fate = rule ? arena_printf(&arena, "%s%lld", rule->archives ? "a" : "",
                                               (long long)rule->priority)
                                : view_of(verdicts[i].is_listed ? "listed" : "stays");
        if (!view_equal(fate, view_of(rows[i].fate))) {
            fail_msg("%s: got '" VIEW_FMT "', expected '%s'", rows[i].digest, VIEW_ARG(fate),
                     rows[i].fate);
        }
    }
}
#define CHECK_FATES(policy, ...)                                                                   \
    do {                                                                                           \
        const struct image_row rows_[] = {__VA_ARGS__};                                            \
        check_fates((policy), rows_, sizeof(rows_) / sizeof(rows_[0]));                            \
    } while (0)

/* RULE(1, "…selection…"): one that expires. */
#define RULE(priority, selection)                                                                  \
    "{\"rulePriority\":" #priority ",\"selection\":{" selection                                    \
    "},\"action\":{\"type\":\"expire\"}}"
#define ARCHIVE_RULE(priority, selection)                                                          \
    "{\"rulePriority\":" #priority ",\"selection\":{" selection                                    \
    "},\"action\":{\"type\":\"transition\",\"targetStorageClass\":\"archive\"}}"
#define POLICY(rules) "{\"rules\":[" rules "]}"
#define ANY "\"tagStatus\":\"any\","
#define UNTAGGED "\"tagStatus\":\"untagged\","
#define LIKE(patterns) "\"tagStatus\":\"tagged\",\"tagPatternList\":[" patterns "],"
#define BEGINS(prefixes) "\"tagStatus\":\"tagged\",\"tagPrefixList\":[" prefixes "],"
#define MORE_THAN(n) "\"countType\":\"imageCountMoreThan\",\"countNumber\":" #n
#define PUSHED(n) "\"countType\":\"sinceImagePushed\",\"countUnit\":\"days\",\"countNumber\":" #n
#define PULLED(n) "\"countType\":\"sinceImagePulled\",\"countUnit\":\"days\",\"countNumber\":" #n
#define ARCHIVED(n)                                                                                \
    "\"storageClass\":\"archive\",\"countType\":\"sinceImageTransitioned\",\"countUnit\":"         \
    "\"days\",\"countNumber\":" #n

#endif
