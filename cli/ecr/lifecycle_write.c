#include "cli/ecr/lifecycle.h"
#include "runtime/base/json_write.h"

/* Versions, what was promoted to an environment, and the two tags that move. */
static const char *const protected_tags[] = {"v*", "env-*", "stable", "latest"};
#define N_PROTECTED (sizeof(protected_tags) / sizeof(protected_tags[0]))
/* What builds are tagged with. */
#define BUILDS "git-*"

/* {"rulePriority":1,"description":"keep v*","selection":{"tagStatus":"tagged",
 *  "tagPatternList":["v*"],"countType":"imageCountMoreThan","countNumber":100000},
 *  "action":{"type":"expire"}}; without a pattern "tagStatus":"any".
 * A rule with several patterns would want an image to match all of them, so that each pattern has a
 * rule of its own. */
static void put_rule(struct json_writer *w, int64_t priority, struct view description,
                     struct view pattern, int64_t number) {
    json_begin_object(w, NULL);
    json_put_i64(w, "rulePriority", priority);
    json_put_string(w, "description", description);
    json_begin_object(w, "selection");
    json_put_string(w, "tagStatus", pattern.len > 0 ? VIEW("tagged") : VIEW("any"));
    if (pattern.len > 0) {
        json_begin_array(w, "tagPatternList");
        json_put_string(w, NULL, pattern);
        json_end_array(w);
    }
    json_put_string(w, "countType", VIEW("imageCountMoreThan"));
    json_put_i64(w, "countNumber", number);
    json_end_object(w);
    json_begin_object(w, "action");
    json_put_string(w, "type", VIEW("expire"));
    json_end_object(w);
    json_end_object(w);
}

/* The usual ones, then the others; no pattern may come twice. */
static int all_protected(const struct names *others, struct arena *arena, struct names *ret_all,
                         struct err *err) {
    struct names all = {.items = ARENA_ARRAY(arena, N_PROTECTED + others->n, struct view)};
    if (!all.items) {
        return err_out_of_memory(err, "patterns");
    }
    for (; all.n < N_PROTECTED; all.n++) {
        all.items[all.n] = view_of(protected_tags[all.n]);
    }
    for (size_t i = 0; i < others->n; i++) {
        if (!names_has(&all, others->items[i])) {
            all.items[all.n++] = others->items[i];
        }
    }
    *ret_all = all;
    return 0;
}

int lifecycle_write(const struct lifecycle_keep *keep, struct arena *arena, struct buf *out,
                    struct err *err) {
    struct json_writer w = json_writer(out);
    struct names all = {0};
    int64_t priority = 1;
    if (keep->n < 1 || keep->n > LIFECYCLE_PROTECTED) {
        return err_set(err, ERR_CONFIG_INVALID, "images to keep: expected 1 to %d, got %lld",
                       LIFECYCLE_PROTECTED, (long long)keep->n);
    }
    if (all_protected(&keep->protect, arena, &all, err) < 0) {
        return -1;
    }
    if (all.n + 2 > LIFECYCLE_RULES_MAX) {
        return err_set(err, ERR_CONFIG_INVALID,
                       "%zu patterns, and a lifecycle policy has room for %d", all.n,
                       LIFECYCLE_RULES_MAX - 2);
    }
    struct view keep_some =
        arena_printf(arena, "keep the newest %lld of " BUILDS, (long long)keep->n);
    struct view keep_all = arena_printf(arena, "keep the newest %lld of all", (long long)keep->n);
    if (!keep_some.data || !keep_all.data) {
        return err_out_of_memory(err, "rules");
    }
    json_begin_object(&w, NULL);
    json_begin_array(&w, "rules");
    for (size_t i = 0; i < all.n; i++) {
        struct view what = arena_printf(arena, "keep " VIEW_FMT, VIEW_ARG(all.items[i]));
        if (!what.data) {
            return err_out_of_memory(err, "rules");
        }
        put_rule(&w, priority++, what, all.items[i], LIFECYCLE_PROTECTED);
    }
    if (!names_has(&all, VIEW(BUILDS))) {
        put_rule(&w, priority++, keep_some, VIEW(BUILDS), keep->n);
    }
    put_rule(&w, priority, keep_all, VIEW(""), keep->n);
    json_end_array(&w);
    json_end_object(&w);
    return 0;
}
