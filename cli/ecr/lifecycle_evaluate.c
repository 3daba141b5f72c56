#include "cli/ecr/lifecycle.h"

#include "runtime/aws/wildcard.h"

#include <stdlib.h>

#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)

bool lifecycle_pattern_matches(struct view pattern, bool is_prefix, struct view tag) {
    return is_prefix ? view_starts_with(tag, pattern)
                     : wildcard_matches(pattern, tag, WILDCARD_PLAIN);
}

static bool has_tag_like(const struct ecr_stored_image *image, struct view pattern,
                         bool is_prefix) {
    for (size_t i = 0; i < image->n_tags; i++) {
        if (lifecycle_pattern_matches(pattern, is_prefix, image->tags[i])) {
            return true;
        }
    }
    return false;
}

static bool rule_matches(const struct lifecycle_rule *rule, const struct ecr_stored_image *image) {
    if (image->is_archived != rule->of_archive) {
        return false;
    }
    switch (rule->tags) {
    case LIFECYCLE_ANY:
        return true;
    case LIFECYCLE_UNTAGGED:
        return image->n_tags == 0;
    case LIFECYCLE_TAGGED:
        break;
    }
    for (size_t i = 0; i < rule->patterns.n; i++) {
        if (!has_tag_like(image, rule->patterns.items[i], rule->has_prefixes)) {
            return false;
        }
    }
    return true;
}

/* From when its age counts. What was restored counts from then. */
static int64_t counted_from(const struct lifecycle_rule *rule,
                            const struct ecr_stored_image *image) {
    int64_t pushed =
        image->activated_at_ms > image->pushed_at_ms ? image->activated_at_ms : image->pushed_at_ms;
    switch (rule->count) {
    case LIFECYCLE_MORE_THAN:
    case LIFECYCLE_SINCE_PUSHED:
        return pushed;
    case LIFECYCLE_SINCE_PULLED:
        return image->pulled_at_ms > 0 && image->pulled_at_ms >= image->activated_at_ms
                   ? image->pulled_at_ms
                   : pushed;
    case LIFECYCLE_SINCE_TRANSITIONED:
        return image->archived_at_ms;
    }
    return pushed;
}

struct aged {
    int64_t from_ms;
    size_t index;
};

/* The newest first; of two pushed at once the one that ECR lists first. */
static int compare_ages(const void *left, const void *right) {
    const struct aged *a = left;
    const struct aged *b = right;
    if (a->from_ms != b->from_ms) {
        return a->from_ms > b->from_ms ? -1 : 1;
    }
    return (a->index > b->index) - (a->index < b->index);
}

/* A rule looks at all that it matches, as if no other rule had expired any of it; what it then
 * expires is only what no rule before it has matched. */
static void apply_rule(const struct lifecycle_rule *rule, const struct ecr_stored_image *images,
                       size_t n, int64_t now_ms, struct aged *aged,
                       struct lifecycle_verdict *verdicts) {
    size_t n_matched = 0;
    for (size_t i = 0; i < n; i++) {
        if (rule_matches(rule, &images[i])) {
            aged[n_matched++] = (struct aged){counted_from(rule, &images[i]), i};
        }
    }
    if (n_matched > 1) {
        qsort(aged, n_matched, sizeof(*aged), compare_ages);
    }
    for (size_t i = 0; i < n_matched; i++) {
        struct lifecycle_verdict *verdict = &verdicts[aged[i].index];
        bool is_marked = rule->count == LIFECYCLE_MORE_THAN
                             ? (int64_t)i >= rule->number
                             : now_ms - aged[i].from_ms > rule->number * DAY_MS;
        if (verdict->matched) {
            continue;
        }
        verdict->matched = rule;
        verdict->rule = is_marked ? rule : NULL;
    }
}

struct listing {
    struct view digest;
    size_t index;
};

static int compare_listings(const void *left, const void *right) {
    const struct listing *a = left;
    const struct listing *b = right;
    return view_compare(a->digest, b->digest);
}

/* What an index lists stays as long as the index does; and an index may be listed by another. */
static int keep_listed(const struct ecr_stored_image *images, size_t n, struct arena *arena,
                       struct lifecycle_verdict *verdicts, struct err *err) {
    struct listing *by_digest = ARENA_ARRAY(arena, n, struct listing);
    bool has_changed = true;
    if (!by_digest) {
        return err_out_of_memory(err, "images");
    }
    for (size_t i = 0; i < n; i++) {
        by_digest[i] = (struct listing){images[i].digest, i};
    }
    if (n > 1) {
        qsort(by_digest, n, sizeof(*by_digest), compare_listings);
    }
    while (has_changed) {
        has_changed = false;
        for (size_t i = 0; i < n; i++) {
            for (size_t j = 0; !verdicts[i].rule && j < images[i].n_manifests; j++) {
                const struct listing wanted = {.digest = images[i].manifests[j]};
                const struct listing *listing =
                    bsearch(&wanted, by_digest, n, sizeof(*by_digest), compare_listings);
                if (listing && verdicts[listing->index].rule) {
                    verdicts[listing->index].rule = NULL;
                    verdicts[listing->index].is_listed = true;
                    has_changed = true;
                }
            }
        }
    }
    return 0;
}

int lifecycle_evaluate(const struct lifecycle_policy *policy, const struct ecr_stored_image *images,
                       size_t n, int64_t now_ms, struct arena *arena,
                       struct lifecycle_verdict **ret_verdicts, struct err *err) {
    struct lifecycle_verdict *verdicts = ARENA_ARRAY(arena, n, struct lifecycle_verdict);
    struct aged *aged = ARENA_ARRAY(arena, n, struct aged);
    if (!verdicts || !aged) {
        return err_out_of_memory(err, "images");
    }
    for (size_t i = 0; i < policy->n; i++) {
        apply_rule(&policy->rules[i], images, n, now_ms, aged, verdicts);
    }
    if (keep_listed(images, n, arena, verdicts, err) < 0) {
        return -1;
    }
    *ret_verdicts = verdicts;
    return 0;
}
