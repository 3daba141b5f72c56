#include "handlers/deploy/plan_decision.h"
#include "handlers/deploy/plan_revision.h"

#include "runtime/aws/answer.h"

/*
 * A service that has gone back: ECS's circuit breaker, an alarm or a person gave it a revision from
 * before the newest. An event of the time before that, delivered again or late, must not bring
 * back what they moved away from. Nothing in the family tells of it, but the service's primary
 * deployment does: it began after what was moved away from had been registered.
 */

#define MS_PER_SECOND 1000

/* Events tell whole seconds; the same second counts as not after. */
static bool began_after_event(const struct decision *d) {
    const struct ecs_deployment *primary = d->facts->service.primary;
    return primary &&
           primary->created_at_ms / MS_PER_SECOND > d->trigger->event_time_ms / MS_PER_SECOND;
}

static int decide_returned(struct decision *d) {
    const struct ecs_deployment *primary = d->facts->service.primary;
    struct view began = revision_time_text(primary->created_at_ms, d->arena);
    struct view own = revision_time_text(d->trigger->event_time_ms, d->arena);
    if (!began.data || !own.data) {
        return decide_note(d, VERDICT_SUPERSEDED, (struct view){0});
    }
    return decide_note(d, VERDICT_SUPERSEDED,
                       arena_printf(d->arena,
                                    "event '" VIEW_FMT "' is of " VIEW_FMT ", and at " VIEW_FMT
                                    " service '" VIEW_FMT "' was given '" VIEW_FMT "'",
                                    VIEW_ARG(d->trigger->event_id), VIEW_ARG(own), VIEW_ARG(began),
                                    VIEW_ARG(d->target->service),
                                    VIEW_ARG(revision_name(primary->task_definition))));
}

/* Whether the service was given what it runs after `newer` had been registered, though what it runs
 * is from before that. A crash between register and update looks alike, but that the deployment is
 * the older one; so does an older event's late update, but that its revision is not from before. */
static bool was_left_for(const struct decision *d, const struct ecs_task_definition *newer,
                         int64_t runs) {
    const struct ecs_deployment *primary = d->facts->service.primary;
    struct revision_rank rank;
    int64_t registered_at_ms = answer_time_ms(newer->text, "registeredAt");
    return revision_rank_of(newer, &rank) && runs < newer->revision &&
           runs <= revision_floor(newer) && registered_at_ms > 0 &&
           primary->created_at_ms > registered_at_ms;
}

int check_returned(struct decision *d) {
    const struct facts *facts = d->facts;
    struct view family;
    int64_t runs;
    if (!began_after_event(d) ||
        !revision_parse(facts->service.primary->task_definition, &family, &runs) ||
        !view_equal(family, d->target->family)) {
        return GO_ON;
    }
    bool returned = facts->latest.arn.len > 0 && was_left_for(d, &facts->latest, runs);
    for (size_t i = 0; i < facts->n_between && !returned; i++) {
        returned = was_left_for(d, &facts->between[i], runs);
    }
    return returned ? decide_returned(d) : GO_ON;
}

/* A named revision leaves no trace of its event: that the service was given another one since is
 * all there is to see. */
int check_requested_order(struct decision *d) {
    return began_after_event(d) ? decide_returned(d) : GO_ON;
}
