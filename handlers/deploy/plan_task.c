#include "handlers/deploy/facts_task.h"
#include "handlers/deploy/plan_decision.h"
#include "handlers/deploy/plan_revision.h"
#include "runtime/aws/arn.h"

/*
 * Deploying a scheduled or event-driven task: its family gets a new revision, and what is pinned to
 * another one moves. There is no service that says what runs, so the order of events is read from
 * the revisions alone: of those that slipway registered the one of the newest event wins.
 */

static const struct task_facts *task_of(const struct decision *d) {
    static const struct task_facts nothing = {0};
    return d->facts->task ? d->facts->task : &nothing;
}

/* The i-th of the family's known revisions, the newest first. */
static const struct ecs_task_definition *known_at(const struct decision *d, size_t i) {
    return i == 0 ? &d->facts->latest : &task_of(d)->revisions[i - 1];
}

static size_t n_known(const struct decision *d) {
    return 1 + task_of(d)->n_revisions;
}

/* --- what runs it --- */

static int check_runners(struct decision *d) {
    if (d->facts->latest_err) {
        return decide_error(d, d->facts->latest_err);
    }
    if (task_of(d)->err) {
        return decide_error(d, task_of(d)->err);
    }
    if (task_of(d)->revisions_err) {
        return decide_error(d, task_of(d)->revisions_err);
    }
    d->change->from_task_definition = d->facts->running.arn;
    return decision_image_of(d, &d->facts->running, &d->change->from_image);
}

static bool any_runs(const struct decision *d, struct view arn) {
    for (size_t i = 0; i < task_of(d)->n_runners; i++) {
        const struct task_runner *runner = &task_of(d)->runners[i];
        if (runner->is_pinned &&
            view_equal(revision_name(runner->task_definition), revision_name(arn))) {
            return true;
        }
    }
    return false;
}

/* Whether nothing is pinned to another revision. */
static bool all_run(const struct decision *d, struct view arn) {
    for (size_t i = 0; i < task_of(d)->n_runners; i++) {
        const struct task_runner *runner = &task_of(d)->runners[i];
        if (runner->is_pinned &&
            !view_equal(revision_name(runner->task_definition), revision_name(arn))) {
            return false;
        }
    }
    return true;
}

/* Whether something is still pinned to a revision below that number. */
static bool any_runs_below(const struct decision *d, int64_t number) {
    for (size_t i = 0; i < task_of(d)->n_runners; i++) {
        const struct task_runner *runner = &task_of(d)->runners[i];
        struct view family;
        int64_t revision;
        if (runner->is_pinned && revision_parse(runner->task_definition, &family, &revision) &&
            revision < number) {
            return true;
        }
    }
    return false;
}

/* --- the order of events --- */

static const struct ecs_task_definition *own_revision(const struct decision *d) {
    const struct ecs_task_definition *own = NULL;
    for (size_t i = 0; i < n_known(d); i++) {
        const struct ecs_task_definition *known = known_at(d, i);
        if (revision_is_of_event(known, d->event_tag) && revision_is_active(known) &&
            (!own || known->revision > own->revision)) {
            own = known;
        }
    }
    return own;
}

/* The revision of a newer event, the newest of those; NULL: none is newer. */
static const struct ecs_task_definition *newer_revision(const struct decision *d,
                                                        const struct ecs_task_definition *own) {
    const struct ecs_task_definition *newest = NULL;
    struct revision_rank best = {.event_time_ms = d->trigger->event_time_ms,
                                 .revision = own ? own->revision : INT64_MAX};
    for (size_t i = 0; i < n_known(d); i++) {
        const struct ecs_task_definition *known = known_at(d, i);
        struct revision_rank rank;
        if (known != own && revision_rank_of(known, &rank) && revision_outranks(rank, best)) {
            newest = known;
            best = rank;
        }
    }
    return newest;
}

/* Whoever registered the newer revision may have come to its end before this event moved anything
 * to its own: what runs that is moved on. */
static int check_newer(struct decision *d) {
    const struct ecs_task_definition *own = own_revision(d);
    const struct ecs_task_definition *newer = newer_revision(d, own);
    if (!newer) {
        return GO_ON;
    }
    struct view note = arena_printf(
        d->arena,
        "event '" VIEW_FMT "' is older than event '" VIEW_FMT "' of " VIEW_FMT
        ", which registered '" VIEW_FMT "'",
        VIEW_ARG(d->trigger->event_id), VIEW_ARG(ecs_tag_value(newer, TAG_EVENT_ID)),
        VIEW_ARG(ecs_tag_value(newer, TAG_EVENT_TIME)), VIEW_ARG(revision_name(newer->arn)));
    if (own && any_runs(d, own->arn)) {
        d->change->reuse = newer->arn;
        return decide_note(d, VERDICT_DEPLOY, note);
    }
    return decide_note(d, VERDICT_SUPERSEDED, note);
}

/* --- an earlier delivery of the same event --- */

static bool is_foreign(const struct ecs_task_definition *definition) {
    return ecs_tag_value(definition, TAG_EVENT_ID).len == 0;
}

/* It is done when nothing is pinned below its revision. Else the rest is moved; but with a new base
 * of somebody else's above it the image is registered again. */
static int check_own(struct decision *d) {
    const struct ecs_task_definition *own = own_revision(d);
    if (!own) {
        return GO_ON;
    }
    bool is_done = !any_runs_below(d, own->revision);
    if (!is_done && own != &d->facts->latest && is_foreign(&d->facts->latest)) {
        return GO_ON;
    }
    decision_describe(d, own);
    if (decision_image_of(d, own, &d->change->to_image) < 0) {
        return -1;
    }
    if (is_done) {
        return decide_note(d, VERDICT_UNCHANGED,
                           arena_printf(d->arena,
                                        "event '" VIEW_FMT
                                        "' was carried out already: it registered '" VIEW_FMT "'",
                                        VIEW_ARG(d->trigger->event_id),
                                        VIEW_ARG(revision_name(own->arn))));
    }
    d->change->reuse = own->arn;
    return decide_note(
        d, VERDICT_DEPLOY,
        arena_printf(d->arena,
                     "'" VIEW_FMT "' was registered for event '" VIEW_FMT "' already and is used",
                     VIEW_ARG(revision_name(own->arn)), VIEW_ARG(d->trigger->event_id)));
}

/* --- the image --- */

/* The base has the image. What is pinned to another revision moves to it. */
static int check_has_image(struct decision *d) {
    if (d->trigger->force || !decision_base_has_images(d)) {
        return GO_ON;
    }
    if (all_run(d, d->base->arn)) {
        return decide_note(d, VERDICT_UNCHANGED,
                           arena_printf(d->arena,
                                        "'" VIEW_FMT
                                        "' has this image already, and all that runs the "
                                        "family runs it",
                                        VIEW_ARG(revision_name(d->base->arn))));
    }
    d->change->reuse = d->base->arn;
    return decide_note(d, VERDICT_DEPLOY,
                       arena_printf(d->arena, "'" VIEW_FMT "' has this image already and is used",
                                    VIEW_ARG(revision_name(d->base->arn))));
}

/* --- a revision that the event names --- */

/* A task has no service that says where it is: its family does. */
static int check_requested_place(struct decision *d) {
    struct view text = d->trigger->task_definition;
    struct arn named;
    struct arn family;
    if (!arn_parse(text, &named) || !arn_parse(d->facts->latest.arn, &family) ||
        (view_equal(named.partition, family.partition) && view_equal(named.region, family.region) &&
         view_equal(named.account, family.account))) {
        return GO_ON;
    }
    return decide_refusal(
        d, ERR_FAMILY_MISMATCH,
        arena_printf(d->arena,
                     "task definition '" VIEW_FMT
                     "' is of another account or region than the task's family: '" VIEW_FMT "'",
                     VIEW_ARG(text), VIEW_ARG(d->facts->latest.arn)),
        VIEW(""));
}

static int check_all_run_requested(struct decision *d) {
    if (!all_run(d, d->facts->requested.arn)) {
        return GO_ON;
    }
    return decide_note(d, VERDICT_UNCHANGED,
                       arena_printf(d->arena, "all that is pinned runs '" VIEW_FMT "' already",
                                    VIEW_ARG(revision_name(d->facts->requested.arn))));
}

/* --- the decision --- */

static const decision_check image_checks[] = {
    check_tag_policy, check_runners,   check_newer,         check_own,
    check_base,       check_image,     check_digest_policy, check_platform,
    check_containers, check_has_image, build_revision,
};

static const decision_check revision_checks[] = {
    check_runners,           check_requested_place, check_requested,
    check_all_run_requested, check_newer,           use_requested,
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int refuse_restart(struct decision *d) {
    return decide_refusal(d, ERR_EVENT_UNSUPPORTED,
                          arena_printf(d->arena,
                                       "task '" VIEW_FMT
                                       "' cannot be restarted: it runs when something starts it",
                                       VIEW_ARG(d->target->name)),
                          VIEW("send a tag, a digest or a task_definition"));
}

static int refuse_rollback(struct decision *d) {
    return decide_refusal(
        d, ERR_NOTHING_TO_ROLL_BACK_TO,
        arena_printf(d->arena,
                     "task '" VIEW_FMT
                     "' has no completed deployments to go back to: only services "
                     "have",
                     VIEW_ARG(d->target->name)),
        VIEW("send a DEPLOY with the task_definition, such as 'family:41', that is to run again"));
}

static int decide_by_kind(struct decision *d) {
    switch (d->trigger->kind) {
    case TRIGGER_DEPLOY:
        return decision_run(d, image_checks, COUNT(image_checks));
    case TRIGGER_DEPLOY_REVISION:
        return decision_run(d, revision_checks, COUNT(revision_checks));
    case TRIGGER_RESTART:
        return refuse_restart(d);
    case TRIGGER_ROLLBACK:
        return refuse_rollback(d);
    case TRIGGER_ROLLOUT:
    case TRIGGER_IGNORE:
        return decide_note(d, VERDICT_IGNORED, VIEW("tasks have no deployments"));
    }
    return DECIDED;
}

int decide_task(struct decision *d) {
    int rc = decide_by_kind(d);
    if (d->change->verdict == VERDICT_DEPLOY) {
        d->change->delivery = DELIVER_TASK;
    }
    return rc;
}
