#include "handlers/deploy/facts_rollback.h"
#include "handlers/deploy/plan_decision.h"
#include "handlers/deploy/plan_revision.h"
#include "handlers/deploy/rollback_choice.h"
#include "handlers/deploy/service_past.h"

/*
 * A service that has gone back: ECS's circuit breaker, an alarm or a person gave it a revision from
 * before the newest. What they moved away from must not come back by an event that is delivered
 * again, nor by an older one that comes late, nor by one that asked for the same image before they
 * did so. What is newer and asks for another image is none of theirs, and is carried out.
 */

/* Where the service's past was to be read, and was not: the answer may be wrong then, and says so.
 * .data NULL: no memory. */
static struct view unread_note(const struct decision *d) {
    const struct err *unread = d->facts->past ? d->facts->past->err : NULL;
    return unread ? arena_printf(d->arena, "; what it was given before is not known: %s",
                                 unread->message)
                  : VIEW("");
}

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
    struct view unread = unread_note(d);
    if (!what.data || !began.data || !unread.data) {
        return decide_note(d, VERDICT_SUPERSEDED, (struct view){0});
    }
    return decide_note(d, VERDICT_SUPERSEDED,
                       arena_printf(d->arena,
                                    "'" VIEW_FMT "' was registered for " VIEW_FMT
                                    "; since then service '" VIEW_FMT "' was given '" VIEW_FMT
                                    "' (deployment '" VIEW_FMT "' of " VIEW_FMT ")" VIEW_FMT,
                                    VIEW_ARG(revision_name(left->arn)), VIEW_ARG(what),
                                    VIEW_ARG(d->target->service),
                                    VIEW_ARG(revision_name(primary->task_definition)),
                                    VIEW_ARG(primary->id), VIEW_ARG(began), VIEW_ARG(unread)));
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

/* Never given to the service, which has only been restarted: the deploy has not come to its end. */
static int check_given(struct decision *d, const struct ecs_task_definition *left, bool is_own) {
    if (past_may_lack(d->facts, left)) {
        const struct err *unread = past_passing_error(d->facts);
        if (unread) {
            return decide_error(d, unread);
        }
        if (past_is_restarts(d->facts, left->registered_at_ms)) {
            return GO_ON;
        }
    }
    return is_own ? decide_own_returned(d, left)
                  : decide_other_returned(d, left, "with the same image as");
}

/* In a family that services share, another event's revision may be another service's. */
static int check_left(struct decision *d, const struct ecs_task_definition *other) {
    if (!revision_was_left(other, &d->facts->service, &d->facts->running)) {
        return GO_ON;
    }
    if (revision_is_of_event(other, d->event_tag)) {
        return check_given(d, other, true);
    }
    if (target_shares_family(d->config, d->target)) {
        return GO_ON;
    }
    if (is_older_than(d, other)) {
        return decide_other_returned(d, other, "which is newer than");
    }
    return past_asks_for_image_of(d->facts, d->trigger, other) ? check_given(d, other, false)
                                                               : GO_ON;
}

/* Below what somebody else has given the service since the event. If this event's own revision was
 * never given, somebody else's base came between its registration and its update, and the image is
 * registered again. */
static int check_hidden(struct decision *d, const struct ecs_task_definition *below) {
    bool is_shared = target_shares_family(d->config, d->target);
    if (!revision_is_of_event(below, d->event_tag)) {
        return !is_shared && is_older_than(d, below)
                   ? decide_other_returned(d, below, "which is newer than")
                   : GO_ON;
    }
    const struct err *unread = past_passing_error(d->facts);
    if (unread) {
        return decide_error(d, unread);
    }
    bool is_known = d->facts->past && !d->facts->past->err;
    return past_lacks(d->facts, below) || (is_shared && !is_known) ? GO_ON
                                                                   : decide_own_returned(d, below);
}

static int check_all_hidden(struct decision *d) {
    const struct facts *facts = d->facts;
    int rc = GO_ON;
    if (!past_may_be_hidden(facts, d->trigger)) {
        return GO_ON;
    }
    for (size_t i = 0; i < facts->n_below && rc == GO_ON; i++) {
        rc = check_hidden(d, &facts->below[i]);
    }
    return rc == GO_ON && facts->below_err ? decide_error(d, facts->below_err) : rc;
}

int check_returned(struct decision *d) {
    const struct facts *facts = d->facts;
    int rc = facts->latest.arn.len > 0 ? check_left(d, &facts->latest) : GO_ON;
    for (size_t i = 0; i < facts->n_between && rc == GO_ON; i++) {
        rc = check_left(d, &facts->between[i]);
    }
    return rc == GO_ON ? check_all_hidden(d) : rc;
}

/* --- deploys of a revision, and rollbacks --- */

static int decide_given_since(struct decision *d) {
    const struct ecs_deployment *primary = d->facts->service.primary;
    struct view began = revision_time_text(primary->created_at_ms, d->arena);
    struct view own = revision_time_text(d->trigger->event_time_ms, d->arena);
    struct view unread = unread_note(d);
    if (!began.data || !own.data || !unread.data) {
        return decide_note(d, VERDICT_SUPERSEDED, (struct view){0});
    }
    return decide_note(d, VERDICT_SUPERSEDED,
                       arena_printf(d->arena,
                                    "event '" VIEW_FMT "' is of " VIEW_FMT
                                    "; since then service '" VIEW_FMT "' was given '" VIEW_FMT
                                    "' (deployment '" VIEW_FMT "' of " VIEW_FMT ")" VIEW_FMT,
                                    VIEW_ARG(d->trigger->event_id), VIEW_ARG(own),
                                    VIEW_ARG(d->target->service),
                                    VIEW_ARG(revision_name(primary->task_definition)),
                                    VIEW_ARG(primary->id), VIEW_ARG(began), VIEW_ARG(unread)));
}

static int check_restarted(struct decision *d, const struct ecs_task_definition *chosen) {
    const struct err *unread = past_passing_error(d->facts);
    if (unread) {
        return decide_error(d, unread);
    }
    return past_is_restarts_since_event(d->facts, d->trigger, d->event_tag, chosen)
               ? GO_ON
               : decide_given_since(d);
}

/* The trace of a named revision's event goes when another event is given the same revision, and may
 * not have come about. That the service was given another one since is all there is to see then,
 * unless that is the late deploy of an event that is older, or a restart. */
int check_requested_order(struct decision *d) {
    return past_is_after_named(d->facts, d->trigger) ? check_restarted(d, &d->facts->requested)
                                                     : GO_ON;
}

/* Going back twice is one time too often. */
int check_rollback_order(struct decision *d) {
    const struct facts *facts = d->facts;
    if (!past_is_after_rollback(facts, d->trigger, d->event_tag)) {
        return GO_ON;
    }
    const struct rollback_revision *choice =
        facts->rollback ? rollback_choice(facts->rollback, d->trigger->to, d->event_tag) : NULL;
    return check_restarted(d, choice ? &choice->definition : NULL);
}
