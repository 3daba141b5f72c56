#include "handlers/deploy/plan_decision.h"
#include "handlers/deploy/plan_revision.h"
#include "handlers/deploy/rollback_choice.h"

/*
 * A service that has gone back: ECS's circuit breaker, an alarm or a person gave it a revision from
 * before the newest. What they moved away from must not come back by an event that is delivered
 * again, nor by an older one that comes late, nor by one that asked for the same image before they
 * did so. What is newer and asks for another image is none of theirs, and is carried out.
 */

/* From registration to the update's deployment, with the pace of a payload of many; nobody returns
 * to a revision so soon after it was registered. */
#define DEPLOY_TAKES_MS INT64_C(60000)

#define MS_PER_SECOND 1000

/* --- deploys of an image --- */

/* What could not be read may be this event's own revision: it must not be made once more. */
int check_family_read(struct decision *d) {
    const struct err *latest = d->facts->latest_err;
    if (latest && err_class(latest->code) != ERR_CLASS_REFUSED) {
        return decide_error(d, latest);
    }
    return d->facts->between_err ? decide_error(d, d->facts->between_err) : GO_ON;
}

static int decide_returned(struct decision *d, const struct ecs_task_definition *left,
                           struct view what) {
    const struct ecs_deployment *primary = d->facts->service.primary;
    struct view began = revision_time_text(primary->created_at_ms, d->arena);
    if (!what.data || !began.data) {
        return decide_note(d, VERDICT_SUPERSEDED, (struct view){0});
    }
    return decide_note(d, VERDICT_SUPERSEDED,
                       arena_printf(d->arena,
                                    "'" VIEW_FMT "' was registered for " VIEW_FMT
                                    "; since then service '" VIEW_FMT "' was given '" VIEW_FMT
                                    "' (deployment '" VIEW_FMT "' of " VIEW_FMT ")",
                                    VIEW_ARG(revision_name(left->arn)), VIEW_ARG(what),
                                    VIEW_ARG(d->target->service),
                                    VIEW_ARG(revision_name(primary->task_definition)),
                                    VIEW_ARG(primary->id), VIEW_ARG(began)));
}

static int decide_own_returned(struct decision *d, const struct ecs_task_definition *own) {
    return decide_returned(
        d, own,
        arena_printf(d->arena, "event '" VIEW_FMT "' already", VIEW_ARG(d->trigger->event_id)));
}

static int decide_other_returned(struct decision *d, const struct ecs_task_definition *other,
                                 const char *what) {
    struct view time = revision_time_text(d->trigger->event_time_ms, d->arena);
    return decide_returned(d, other,
                           time.data
                               ? arena_printf(d->arena,
                                              "event '" VIEW_FMT "' of " VIEW_FMT
                                              ", %s event '" VIEW_FMT "' of " VIEW_FMT,
                                              VIEW_ARG(ecs_tag_value(other, TAG_EVENT_ID)),
                                              VIEW_ARG(ecs_tag_value(other, TAG_EVENT_TIME)), what,
                                              VIEW_ARG(d->trigger->event_id), VIEW_ARG(time))
                               : time);
}

static bool is_older_than(const struct decision *d, const struct ecs_task_definition *other) {
    int64_t time_ms;
    return revision_event_time(other, &time_ms) && d->trigger->event_time_ms < time_ms;
}

/* Asked for while it had not been gone back from yet. */
static bool asks_for_image_of(const struct decision *d, const struct ecs_task_definition *other) {
    const struct facts *facts = d->facts;
    return !facts->image_err && facts->image.digest.len > 0 &&
           view_equal(facts->image.digest, ecs_tag_value(other, TAG_DIGEST)) &&
           service_was_given_since(&facts->service, d->trigger->event_time_ms);
}

/* In a family that services share, another event's revision may be another service's. */
static int check_left(struct decision *d, const struct ecs_task_definition *other) {
    if (!revision_was_left(other, &d->facts->service, &d->facts->running)) {
        return GO_ON;
    }
    if (revision_is_of_event(other, d->event_tag)) {
        return decide_own_returned(d, other);
    }
    if (target_shares_family(d->config, d->target)) {
        return GO_ON;
    }
    if (is_older_than(d, other)) {
        return decide_other_returned(d, other, "which is newer than");
    }
    return asks_for_image_of(d, other) ? decide_other_returned(d, other, "with the same image as")
                                       : GO_ON;
}

int check_returned(struct decision *d) {
    const struct facts *facts = d->facts;
    int rc = facts->latest.arn.len > 0 ? check_left(d, &facts->latest) : GO_ON;
    for (size_t i = 0; i < facts->n_between && rc == GO_ON; i++) {
        rc = check_left(d, &facts->between[i]);
    }
    return rc;
}

/* --- deploys of a revision --- */

/* What runs is an event's revision, and its deployment the one that it was registered or chosen
 * for. */
static bool is_first_deployment(const struct decision *d) {
    const struct ecs_task_definition *running = &d->facts->running;
    const struct ecs_deployment *primary = d->facts->service.primary;
    int64_t since_ms;
    if (!revision_event_time(running, &since_ms) || running->registered_at_ms <= 0) {
        return false;
    }
    since_ms = revision_was_chosen_again(running) ? since_ms : running->registered_at_ms;
    return view_equal(primary->task_definition, running->arn) &&
           primary->created_at_ms - since_ms < DEPLOY_TAKES_MS;
}

static int decide_given_since(struct decision *d) {
    const struct ecs_deployment *primary = d->facts->service.primary;
    struct view began = revision_time_text(primary->created_at_ms, d->arena);
    struct view own = revision_time_text(d->trigger->event_time_ms, d->arena);
    if (!began.data || !own.data) {
        return decide_note(d, VERDICT_SUPERSEDED, (struct view){0});
    }
    return decide_note(
        d, VERDICT_SUPERSEDED,
        arena_printf(d->arena,
                     "event '" VIEW_FMT "' is of " VIEW_FMT "; since then service '" VIEW_FMT
                     "' was given '" VIEW_FMT "' (deployment '" VIEW_FMT "' of " VIEW_FMT ")",
                     VIEW_ARG(d->trigger->event_id), VIEW_ARG(own), VIEW_ARG(d->target->service),
                     VIEW_ARG(revision_name(primary->task_definition)), VIEW_ARG(primary->id),
                     VIEW_ARG(began)));
}

/* The trace of a named revision's event goes when another event is given the same revision, and may
 * not have come about. That the service was given another one since is all there is to see then,
 * unless that is the late deploy of an event that is older. */
int check_requested_order(struct decision *d) {
    if (!service_was_given_since(&d->facts->service, d->trigger->event_time_ms) ||
        is_first_deployment(d)) {
        return GO_ON;
    }
    return decide_given_since(d);
}

/* --- rollbacks --- */

/* What runs is the family's newest revision and was there when the rollback was asked for: nobody
 * has gone back from it, and its deployment since is a restart. Unless the rollback has been at
 * work: then it may be ECS that has come back to it. */
static bool is_restart(const struct decision *d) {
    const struct ecs_task_definition *running = &d->facts->running;
    return !(d->facts->rollback && rollback_was_chosen(d->facts->rollback, d->event_tag)) &&
           running->arn.len > 0 && view_equal(running->arn, d->facts->latest.arn) &&
           running->registered_at_ms > 0 &&
           running->registered_at_ms / MS_PER_SECOND <= d->trigger->event_time_ms / MS_PER_SECOND;
}

static bool was_given_in_that_second(const struct decision *d) {
    const struct ecs_deployment *primary = d->facts->service.primary;
    return primary &&
           primary->created_at_ms / MS_PER_SECOND == d->trigger->event_time_ms / MS_PER_SECOND;
}

/* Going back twice is one time too often: where the event does not say how far, its own deployment
 * may have begun within its second, and what that one runs may bear no trace. */
int check_rollback_order(struct decision *d) {
    bool is_open = d->trigger->to.len == 0;
    if ((!service_was_given_since(&d->facts->service, d->trigger->event_time_ms) &&
         !(is_open && was_given_in_that_second(d))) ||
        is_first_deployment(d) || is_restart(d)) {
        return GO_ON;
    }
    return decide_given_since(d);
}
