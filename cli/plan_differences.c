#include "cli/plan_differences.h"

#include "handlers/deploy/facts_rollback.h"

static bool is_it(const struct ecs_task_definition *definition, struct view arn) {
    return arn.len > 0 && view_equal(definition->arn, arn);
}

/* The description of the revision that is used again; NULL: it was not read. */
static const struct ecs_task_definition *find_reused(const struct change *change) {
    const struct facts *facts = change->facts;
    const struct ecs_task_definition *likely[] = {&facts->requested, &facts->latest,
                                                  &facts->running};
    for (size_t i = 0; i < sizeof(likely) / sizeof(likely[0]); i++) {
        if (is_it(likely[i], change->reuse)) {
            return likely[i];
        }
    }
    for (size_t i = 0; i < facts->n_between; i++) {
        if (is_it(&facts->between[i], change->reuse)) {
            return &facts->between[i];
        }
    }
    for (size_t i = 0; facts->rollback && i < facts->rollback->n_revisions; i++) {
        if (is_it(&facts->rollback->revisions[i].definition, change->reuse)) {
            return &facts->rollback->revisions[i].definition;
        }
    }
    return NULL;
}

/* As a request that would register it once more: without what only AWS sets. Empty: there is none.
 */
static int request_of(const struct ecs_task_definition *definition, struct arena *arena,
                      struct view *ret_request, struct err *err) {
    const struct taskdef_splice splice = {.base = definition};
    struct err cause;
    err_init(&cause);
    *ret_request = (struct view){0};
    if (taskdef_splice(&splice, arena, ret_request, &cause) < 0) {
        return cause.code == ERR_OUT_OF_MEMORY ? err_out_of_memory(err, "differences") : 0;
    }
    return 0;
}

static void leave_out_own_tags(struct plan_differences *differences) {
    size_t n = 0;
    for (size_t i = 0; i < differences->n; i++) {
        if (!view_starts_with(differences->items[i].path, VIEW("tags.slipway:"))) {
            differences->items[n++] = differences->items[i];
        }
    }
    differences->n = n;
}

static bool are_same(const struct plan_differences *a, const struct change *b) {
    if (a->n != b->n_differences) {
        return false;
    }
    for (size_t i = 0; i < a->n; i++) {
        if (!view_equal(a->items[i].path, b->differences[i].path) ||
            !view_equal(a->items[i].from, b->differences[i].from)) {
            return false;
        }
    }
    return true;
}

int plan_differences(const struct change *change, struct arena *arena,
                     struct plan_differences *ret_differences, struct err *err) {
    struct plan_differences found = {.items = change->differences, .n = change->n_differences};
    struct view request = change->register_request;
    const struct facts *facts = change->facts;
    if (change->verdict != VERDICT_DEPLOY || !facts || facts->running.arn.len == 0) {
        found.is_on_another = change->verdict == VERDICT_DEPLOY && facts &&
                              change->reuse.len == 0 && facts->latest.arn.len > 0 &&
                              !view_equal(facts->latest.arn, change->from_task_definition);
        *ret_differences = found;
        return 0;
    }
    *ret_differences = found;
    if (change->reuse.len > 0) {
        const struct ecs_task_definition *reused = find_reused(change);
        request = (struct view){0};
        if (reused && request_of(reused, arena, &request, err) < 0) {
            return -1;
        }
    }
    if (request.len == 0) {
        return 0;
    }
    if (taskdef_diff(&facts->running, request, arena, &found.items, &found.n, err) < 0) {
        return -1;
    }
    if (change->reuse.len > 0) {
        leave_out_own_tags(&found);
    } else {
        found.is_on_another = !are_same(&found, change);
    }
    *ret_differences = found;
    return 0;
}
