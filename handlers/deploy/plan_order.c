#include "handlers/deploy/plan.h"
#include "handlers/deploy/plan_revision.h"

/* Only what would be written can give way. */
static bool can_yield(const struct change *change) {
    return change->target && change->verdict == VERDICT_DEPLOY && !change->trigger->dry_run;
}

/* A newer event that found its image running already prevails too: else the older one would take
 * it away. A dry run neither prevails nor yields. */
static bool can_prevail(const struct change *change) {
    bool is_deploy = change->trigger->kind == TRIGGER_DEPLOY ||
                     change->trigger->kind == TRIGGER_DEPLOY_REVISION ||
                     change->trigger->kind == TRIGGER_ROLLBACK;
    return can_yield(change) || (change->target && change->verdict == VERDICT_UNCHANGED &&
                                 is_deploy && !change->trigger->dry_run);
}

static bool same_target(const struct change *a, const struct change *b) {
    return target_is_same(a->target, b->target);
}

static bool same_event(const struct change *a, const struct change *b) {
    return a->trigger->event_id.len > 0 && view_equal(a->trigger->event_id, b->trigger->event_id);
}

/* Of the same time the one that comes later in the payload. */
static bool wins(const struct change *changes, size_t a, size_t b) {
    const struct revision_rank rank_a = {changes[a].trigger->event_time_ms, (int64_t)a};
    const struct revision_rank rank_b = {changes[b].trigger->event_time_ms, (int64_t)b};
    return revision_outranks(rank_a, rank_b);
}

/* The one that prevails over changes[i]: of the same event the first, else the newest event. */
static size_t prevailing(const struct change *changes, size_t n, size_t i) {
    size_t best = i;
    for (size_t j = 0; j < n; j++) {
        if (j == i || !can_prevail(&changes[j]) || !same_target(&changes[i], &changes[j])) {
            continue;
        }
        if (same_event(&changes[i], &changes[j])) {
            if (j < i) {
                return j;
            }
        } else if (wins(changes, j, best)) {
            best = j;
        }
    }
    return best;
}

/* One restart does for all of the payload. */
static bool is_restarted_already(const struct change *changes, size_t i) {
    for (size_t j = 0; j < i; j++) {
        if (changes[j].verdict == VERDICT_RESTART && !changes[j].trigger->dry_run &&
            same_target(&changes[i], &changes[j])) {
            return true;
        }
    }
    return false;
}

static int order_restarts(struct change *changes, size_t n, struct arena *arena, struct err *err) {
    for (size_t i = 0; i < n; i++) {
        if (changes[i].verdict != VERDICT_RESTART || changes[i].trigger->dry_run ||
            !is_restarted_already(changes, i)) {
            continue;
        }
        changes[i].verdict = VERDICT_UNCHANGED;
        changes[i].note = arena_printf(
            arena, "service '" VIEW_FMT "' is restarted by another event of the payload",
            VIEW_ARG(changes[i].target->service));
        if (!changes[i].note.data) {
            return err_out_of_memory(err, "plan");
        }
    }
    return 0;
}

static void clear_decision(struct change *change, enum verdict verdict, struct view note) {
    change->verdict = verdict;
    change->note = note;
    change->reuse = (struct view){0};
    change->register_request = (struct view){0};
    change->trace = NULL;
    change->n_trace = 0;
    change->stop_deployment = (struct view){0};
}

/* Two tags of one image, pushed: whichever deploys, it is what both ask for. */
static bool is_push_of_same(const struct change *a, const struct change *b) {
    return a->trigger->kind == TRIGGER_DEPLOY && b->trigger->kind == TRIGGER_DEPLOY &&
           a->trigger->is_automatic && b->trigger->is_automatic && a->digest.len > 0 &&
           view_equal(a->digest, b->digest);
}

static int yield(struct change *loser, const struct change *winner, struct arena *arena,
                 struct err *err) {
    bool twice = same_event(loser, winner);
    bool is_same = is_push_of_same(loser, winner);
    struct view note;
    if (twice) {
        note = arena_printf(arena, "event '" VIEW_FMT "' came twice in one payload",
                            VIEW_ARG(loser->trigger->event_id));
    } else if (is_same) {
        note = arena_printf(arena,
                            "tag '" VIEW_FMT "' is the image of tag '" VIEW_FMT
                            "', which event '" VIEW_FMT "' of the payload deploys",
                            VIEW_ARG(loser->trigger->tag), VIEW_ARG(winner->trigger->tag),
                            VIEW_ARG(winner->trigger->event_id));
    } else {
        struct view own = revision_time_text(loser->trigger->event_time_ms, arena);
        struct view other = revision_time_text(winner->trigger->event_time_ms, arena);
        note = arena_printf(arena,
                            "event '" VIEW_FMT "' of " VIEW_FMT " gives way to event '" VIEW_FMT
                            "' of " VIEW_FMT ", which came in the same payload",
                            VIEW_ARG(loser->trigger->event_id), VIEW_ARG(own),
                            VIEW_ARG(winner->trigger->event_id), VIEW_ARG(other));
    }
    if (!note.data) {
        return err_out_of_memory(err, "plan");
    }
    clear_decision(loser, twice || is_same ? VERDICT_UNCHANGED : VERDICT_SUPERSEDED, note);
    return 0;
}

int plan_order(struct change *changes, size_t n, struct arena *arena, struct err *err) {
    size_t *winners = ARENA_ARRAY(arena, n, size_t);
    if (!winners) {
        return err_out_of_memory(err, "plan");
    }
    for (size_t i = 0; i < n; i++) {
        winners[i] = can_yield(&changes[i]) ? prevailing(changes, n, i) : i;
    }
    for (size_t i = 0; i < n; i++) {
        if (winners[i] != i && yield(&changes[i], &changes[winners[i]], arena, err) != 0) {
            return -1;
        }
    }
    return order_restarts(changes, n, arena, err);
}
