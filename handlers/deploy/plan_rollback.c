#include "handlers/deploy/plan_decision.h"
#include "handlers/deploy/plan_revision.h"
#include "handlers/deploy/rollback_choice.h"

/*
 * Going back: to the last completed revision before the running one, or to the one that the event
 * names. The chosen revision is given the event's id and time as its own: from then on whatever is
 * older than the rollback finds a newer event's revision, like after any deploy.
 */

static const struct rollback_facts *rollback_of(const struct decision *d) {
    static const struct rollback_facts nothing = {0};
    return d->facts->rollback ? d->facts->rollback : &nothing;
}

static struct view to_of(const struct decision *d) {
    return d->trigger->to;
}

/* NULL: there is none. */
static const struct rollback_revision *chosen(const struct decision *d) {
    return rollback_choice(rollback_of(d), to_of(d), d->event_tag);
}

/* --- what `to` names --- */

/* "family:41" and ARNs must be of the service's own family, account and region; "41" is. */
static int check_to_family(struct decision *d) {
    struct view to = to_of(d);
    struct view family;
    int64_t revision;
    int64_t number;
    if (to.len == 0 || rollback_named_revision(to) == 0 || view_to_i64(to, &number)) {
        return GO_ON;
    }
    if (!revision_parse(to, &family, &revision) || !view_equal(family, d->target->family)) {
        return decide_refusal(
            d, ERR_FAMILY_MISMATCH,
            arena_printf(d->arena, "'" VIEW_FMT "' is not of the service's family '" VIEW_FMT "'",
                         VIEW_ARG(to), VIEW_ARG(d->target->family)),
            VIEW(""));
    }
    if (!decision_is_of_services_place(d, to)) {
        return decide_refusal(
            d, ERR_FAMILY_MISMATCH,
            arena_printf(d->arena,
                         "'" VIEW_FMT
                         "' is of another account or region than the service '" VIEW_FMT "'",
                         VIEW_ARG(to), VIEW_ARG(d->facts->service.arn)),
            VIEW(""));
    }
    return GO_ON;
}

/* A tag is searched for from the family's newest revision downwards. */
static int check_searched(struct decision *d) {
    const struct err *latest = d->facts->latest_err;
    bool is_by_tag = to_of(d).len > 0 && rollback_named_revision(to_of(d)) == 0;
    if (is_by_tag && latest && err_class(latest->code) != ERR_CLASS_REFUSED) {
        return decide_error(d, latest);
    }
    return rollback_of(d)->err ? decide_error(d, rollback_of(d)->err) : GO_ON;
}

static int refuse_image(struct decision *d, const struct rollback_revision *chosen) {
    const char *what = chosen->image == IMAGE_GONE
                           ? "is not in the registry any more"
                           : "is not the one any more that it was deployed with: the tag has moved";
    return decide_refusal(d, ERR_IMAGE_NOT_FOUND,
                          arena_printf(d->arena, "the image of '" VIEW_FMT "', '" VIEW_FMT "', %s",
                                       VIEW_ARG(revision_name(chosen->definition.arn)),
                                       VIEW_ARG(chosen->image_name), what),
                          VIEW("go back to another revision, or build and push the image again"));
}

static const char *where_it_was_searched(const struct decision *d) {
    return rollback_of(d)->searched_all ? "" : " (the last 100 were looked at)";
}

static int refuse_unknown_to(struct decision *d) {
    return decide_refusal(
        d, ERR_NOTHING_TO_ROLL_BACK_TO,
        rollback_named_revision(to_of(d)) > 0
            ? arena_printf(d->arena, "family '" VIEW_FMT "' has no revision '" VIEW_FMT "'",
                           VIEW_ARG(d->target->family), VIEW_ARG(to_of(d)))
            : arena_printf(
                  d->arena,
                  "no ACTIVE revision of family '" VIEW_FMT "' was made from tag '" VIEW_FMT "'%s",
                  VIEW_ARG(d->target->family), VIEW_ARG(to_of(d)), where_it_was_searched(d)),
        VIEW("send the number of a revision that is there, or deploy the tag"));
}

static int refuse_inactive(struct decision *d, const struct ecs_task_definition *named) {
    return decide_refusal(d, ERR_NOTHING_TO_ROLL_BACK_TO,
                          arena_printf(d->arena, "revision '" VIEW_FMT "' is " VIEW_FMT,
                                       VIEW_ARG(revision_name(named->arn)),
                                       VIEW_ARG(named->status)),
                          VIEW("send a revision that is ACTIVE, or deploy its tag"));
}

/* --- nothing completed --- */

/* Whether it is known, and could be started if it were named. */
static bool is_startable(const struct decision *d, int64_t number) {
    const struct rollback_facts *rollback = rollback_of(d);
    for (size_t i = 0; i < rollback->n_revisions; i++) {
        const struct rollback_revision *revision = &rollback->revisions[i];
        if (revision->definition.revision == number) {
            return revision_is_active(&revision->definition) && revision->image != IMAGE_GONE &&
                   revision->image != IMAGE_IS_ANOTHER;
        }
    }
    return false;
}

static struct view remedy_without_candidate(struct decision *d) {
    struct view previous = ecs_tag_value(&d->facts->running, TAG_PREVIOUS);
    struct view family;
    int64_t revision = 0;
    if (revision_parse(previous, &family, &revision) && is_startable(d, revision) &&
        view_equal(family, d->target->family)) {
        return arena_printf(
            d->arena,
            "name a revision with 'to', such as '%lld', which ran before, or deploy "
            "a tag",
            (long long)revision);
    }
    return VIEW("");
}

static int refuse_nothing(struct decision *d) {
    const char *gone = rollback_lacks_images(rollback_of(d))
                           ? "; the images of those that were are not in the registry any more"
                           : "";
    return decide_refusal(d, ERR_NOTHING_TO_ROLL_BACK_TO,
                          arena_printf(d->arena,
                                       "no revision of family '" VIEW_FMT "' before '" VIEW_FMT
                                       "' is ACTIVE and has completed%s%s",
                                       VIEW_ARG(d->target->family),
                                       VIEW_ARG(revision_name(d->facts->service.task_definition)),
                                       where_it_was_searched(d), gone),
                          remedy_without_candidate(d));
}

/* --- it is going back --- */

/* ECS is giving the service what it ran before, by itself or because a rollback stopped a
 * deployment, and a higher revision is on its way out. What the event asks for is being done; to
 * obey it, too, would go one further back. */
static int check_is_going_back(struct decision *d) {
    const struct ecs_service_state *service = &d->facts->service;
    const struct ecs_deployment *primary = service->primary;
    struct view family;
    int64_t revision;
    if (to_of(d).len > 0 || !primary || !view_equal(primary->rollout_state, VIEW("IN_PROGRESS")) ||
        !revision_completed_in(&d->facts->running, primary)) {
        return GO_ON;
    }
    for (size_t i = 0; i < service->n_deployments; i++) {
        const struct ecs_deployment *other = &service->deployments[i];
        if (revision_parse(other->task_definition, &family, &revision) &&
            revision > d->facts->running.revision) {
            return decide_note(
                d, VERDICT_SUPERSEDED,
                arena_printf(
                    d->arena,
                    "service '" VIEW_FMT "' is going back from '" VIEW_FMT "' to '" VIEW_FMT
                    "' already; to go further back, name a revision with 'to'",
                    VIEW_ARG(service->name), VIEW_ARG(revision_name(other->task_definition)),
                    VIEW_ARG(revision_name(primary->task_definition))));
        }
    }
    return GO_ON;
}

/* --- the choice --- */

static int check_choice(struct decision *d) {
    const struct rollback_revision *choice = chosen(d);
    if (!choice) {
        return to_of(d).len == 0 ? refuse_nothing(d) : refuse_unknown_to(d);
    }
    if (!revision_is_active(&choice->definition)) {
        return refuse_inactive(d, &choice->definition);
    }
    decision_describe(d, &choice->definition);
    return decision_image_of(d, &choice->definition, &d->change->to_image);
}

static int check_runs_choice(struct decision *d) {
    const struct ecs_task_definition *revision = &chosen(d)->definition;
    if (!view_equal(revision->arn, d->facts->service.task_definition)) {
        return GO_ON;
    }
    return decide_note(d, VERDICT_UNCHANGED,
                       arena_printf(d->arena, "'" VIEW_FMT "' runs already",
                                    VIEW_ARG(revision_name(revision->arn))));
}

static int check_choice_image(struct decision *d) {
    const struct rollback_revision *choice = chosen(d);
    bool is_lost = choice->image == IMAGE_GONE || choice->image == IMAGE_IS_ANOTHER;
    return is_lost ? refuse_image(d, choice) : GO_ON;
}

/* The event's id and time, what ran before, and why. */
int decision_trace(struct decision *d, const struct ecs_task_definition *revision) {
    struct view time = revision_time_text(d->trigger->event_time_ms, d->arena);
    const struct view texts[] = {
        d->event_tag,
        time,
        revision_name(d->change->from_task_definition),
        d->trigger->reason.len > 0             ? d->trigger->reason
        : d->trigger->kind == TRIGGER_ROLLBACK ? VIEW("rollback")
                                               : VIEW("deploy of the revision"),
    };
    static const char *const keys[] = {TAG_EVENT_ID, TAG_EVENT_TIME, TAG_PREVIOUS, TAG_REASON};
    const size_t n = sizeof(keys) / sizeof(keys[0]);
    struct ecs_tag *tags = ARENA_ARRAY(d->arena, n, struct ecs_tag);
    if (!tags || !time.data) {
        return err_out_of_memory(d->err, "plan");
    }
    for (size_t i = 0; i < n; i++) {
        tags[i].key = view_of(keys[i]);
        tags[i].value = taskdef_tag_safe(texts[i], d->arena);
        if (!tags[i].value.data) {
            return err_out_of_memory(d->err, "plan");
        }
    }
    d->change->reuse = revision->arn;
    d->change->trace = tags;
    d->change->n_trace = n;
    return 0;
}

/* Where ECS itself would go back to that revision, it is told to stop: that is quicker than another
 * deployment, and keeps the traffic where a blue/green deployment still has it. */
static int use_choice(struct decision *d) {
    const struct ecs_task_definition *revision = &chosen(d)->definition;
    const struct rollback_facts *rollback = rollback_of(d);
    if (decision_trace(d, revision) != 0) {
        return -1;
    }
    if (to_of(d).len == 0 && rollback->deployment.len > 0 &&
        view_equal(rollback->source_task_definition, revision->arn)) {
        d->change->delivery = DELIVER_STOP;
        d->change->stop_deployment = rollback->deployment;
    }
    d->change->verdict = VERDICT_DEPLOY;
    return DECIDED;
}

static const decision_check rollback_checks[] = {
    check_service,        check_family,        check_running,   check_same_event,
    check_event_order,    check_code_deploy,   check_to_family, check_searched,
    check_rollback_order, check_is_going_back, check_choice,    check_runs_choice,
    check_choice_image,   use_choice,
};

int decide_rollback(struct decision *d) {
    return decision_run(d, rollback_checks, sizeof(rollback_checks) / sizeof(rollback_checks[0]));
}
