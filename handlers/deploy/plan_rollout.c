#include "handlers/deploy/facts_rollout.h"
#include "handlers/deploy/plan_decision.h"
#include "handlers/deploy/plan_revision.h"
#include "handlers/deploy/task_failure.h"
#include "runtime/base/buf.h"
#include "runtime/base/clock.h"

/* Of texts that are put together: a reason of ECS, and lines of task_failure.h. */
#define JOINED_BYTES ((size_t)8 * 1024)

/*
 * What became of a deployment, from what ECS says of it. Only the first look at an end is told: a
 * completed revision bears the time of the event that said so, and the same event again finds it
 * there.
 */

static const struct rollout_facts *rollout_of(const struct decision *d) {
    static const struct rollout_facts nothing = {0};
    return d->facts->rollout ? d->facts->rollout : &nothing;
}

static const struct rollout_event *event_of(const struct decision *d) {
    return &d->trigger->rollout;
}

static bool knows_definition(const struct decision *d) {
    return rollout_of(d)->definition.arn.len > 0;
}

/* --- what is told of it --- */

static int describe(struct decision *d, enum rollout_outcome outcome) {
    const struct rollout_facts *rollout = rollout_of(d);
    const struct ecs_task_definition *definition = &rollout->definition;
    struct change *change = d->change;
    change->rollout.outcome = outcome;
    change->rollout.duration_ms = -1;
    change->deployment_id =
        rollout->deployment ? rollout->deployment->id : event_of(d)->deployment_id;
    if (rollout->deployment && rollout->deployment->created_at_ms > 0 &&
        d->trigger->event_time_ms >= rollout->deployment->created_at_ms) {
        change->rollout.duration_ms =
            d->trigger->event_time_ms - rollout->deployment->created_at_ms;
    }
    if (!knows_definition(d)) {
        return 0;
    }
    change->reuse = definition->arn;
    change->from_task_definition = ecs_tag_value(definition, TAG_PREVIOUS);
    decision_describe(d, definition);
    return decision_image_of(d, definition, &change->to_image);
}

/* The very command that goes back; where ECS, or somebody, does so already, it would go too far. */
static struct view how_to_roll_back(struct decision *d) {
    const struct config *config = d->config;
    const struct ecs_service_state *service = &d->facts->service;
    if (service->primary && !view_equal(service->primary->id, d->change->deployment_id)) {
        return arena_printf(d->arena,
                            "'" VIEW_FMT "' has taken its place: look what runs before you roll "
                            "back, which would leave that, too",
                            VIEW_ARG(revision_name(service->primary->task_definition)));
    }
    if (rollout_step_of(event_of(d)) == STEP_FAILED &&
        (service->rolls_back || service->alarms_roll_back)) {
        return VIEW("ECS goes back by itself to what had completed, if anything had: look what "
                    "runs before you roll back, which would go further back then");
    }
    struct view source = config->is_prod
                             ? VIEW("action.production")
                             : arena_printf(d->arena, "action." VIEW_FMT, VIEW_ARG(config->env));
    return source.data
               ? arena_printf(d->arena,
                              "to go back: aws events put-events --entries "
                              "'Source=" VIEW_FMT ",DetailType=ROLLBACK,%s" VIEW_FMT "%s"
                              "Detail=\"{\\\"service\\\":\\\"" VIEW_FMT "\\\"}\"'",
                              VIEW_ARG(source), config->event_bus.len > 0 ? "EventBusName=" : "",
                              VIEW_ARG(config->event_bus), config->event_bus.len > 0 ? "," : "",
                              VIEW_ARG(d->target->name))
               : source;
}

/* Both with the separator between them; either alone where the other is empty. */
static struct view join(struct decision *d, struct view a, const char *separator, struct view b) {
    struct buf text BUF_AUTO = BUF_INIT(JOINED_BYTES);
    buf_append(&text, a);
    buf_append_str(&text, a.len > 0 && b.len > 0 ? separator : "");
    buf_append(&text, b);
    return text.failed ? (struct view){0} : arena_copy(d->arena, buf_view(&text));
}

static int report(struct decision *d) {
    d->change->verdict = VERDICT_REPORT;
    return DECIDED;
}

static int out_of_memory(struct decision *d) {
    return err_out_of_memory(d->err, "plan");
}

/* --- it is none of ours --- */

static int check_service_is_there(struct decision *d) {
    const struct err *error = d->facts->service_err;
    const struct ecs_service_state *service = &d->facts->service;
    if (error && err_class(error->code) == ERR_CLASS_REFUSED) {
        return decide_note(d, VERDICT_IGNORED, arena_copy(d->arena, view_of(error->message)));
    }
    if (error) {
        return decide_error(d, error);
    }
    if (!view_equal(service->controller, VIEW("ECS"))) {
        return decide_note(d, VERDICT_IGNORED,
                           arena_printf(d->arena,
                                        "service '" VIEW_FMT "' is deployed by " VIEW_FMT
                                        ", which tells of its deployments itself",
                                        VIEW_ARG(d->target->service),
                                        VIEW_ARG(service->controller)));
    }
    return GO_ON;
}

static int check_definition_read(struct decision *d) {
    const struct err *error = rollout_of(d)->definition_err;
    return error && err_class(error->code) != ERR_CLASS_REFUSED ? decide_error(d, error) : GO_ON;
}

/* --- a start --- */

/* The start itself was told when it was asked for. What it takes the place of ends here: ECS says
 * nothing more of that. */
static int check_started(struct decision *d) {
    const struct rollout_facts *rollout = rollout_of(d);
    const struct ecs_deployment *primary = d->facts->service.primary;
    if (rollout_step_of(event_of(d)) != STEP_STARTED) {
        return GO_ON;
    }
    if (!rollout->deployment || !knows_definition(d) ||
        ecs_tag_value(&rollout->definition, TAG_EVENT_ID).len == 0) {
        return decide_note(d, VERDICT_IGNORED, VIEW("a deployment has begun; its end is told"));
    }
    if (describe(d, ROLLOUT_SUPERSEDED) < 0) {
        return -1;
    }
    d->change->rollout.why =
        arena_printf(d->arena, "deployment '" VIEW_FMT "' of '" VIEW_FMT "' took its place",
                     VIEW_ARG(primary->id), VIEW_ARG(revision_name(primary->task_definition)));
    return d->change->rollout.why.data ? report(d) : out_of_memory(d);
}

/* --- the end --- */

/* Whether its latest mark says that it has completed since. */
static bool has_completed_since(const struct decision *d, int64_t time_ms) {
    int64_t completed_ms;
    return revision_completed_at(&rollout_of(d)->definition, &completed_ms) &&
           completed_ms >= time_ms;
}

/* The newest revision is an event's, and was there before this deployment began: the service has
 * left it. */
static bool left_newest(const struct decision *d) {
    const struct rollout_facts *rollout = rollout_of(d);
    const struct ecs_task_definition *latest = &rollout->latest;
    return rollout->deployment && latest->revision > rollout->definition.revision &&
           ecs_tag_value(latest, TAG_EVENT_ID).len > 0 && latest->registered_at_ms > 0 &&
           latest->registered_at_ms < rollout->deployment->created_at_ms;
}

/* A rollback chose it while a higher revision ran. */
static bool was_chosen_below(const struct decision *d) {
    const struct ecs_task_definition *definition = &rollout_of(d)->definition;
    struct view family;
    int64_t revision;
    return revision_parse(ecs_tag_value(definition, TAG_PREVIOUS), &family, &revision) &&
           view_equal(family, definition->family) && revision > definition->revision;
}

/* Its mark is from after the newest revision came to be: that had been left, and this is a restart
 * since. */
static bool is_back_already(const struct decision *d) {
    int64_t newest_ms = rollout_of(d)->latest.registered_at_ms;
    return newest_ms > 0 && has_completed_since(d, newest_ms);
}

/* A revision that ECS or an event went back to: this very deployment completes again, or one of a
 * higher revision failed, or is left. */
static bool went_back(const struct decision *d) {
    const struct ecs_service_state *service = &d->facts->service;
    const struct rollout_facts *rollout = rollout_of(d);
    const struct ecs_task_definition *definition = &rollout->definition;
    struct view family;
    int64_t revision;
    for (size_t i = 0; i < service->n_deployments; i++) {
        const struct ecs_deployment *other = &service->deployments[i];
        if (view_equal(other->rollout_state, VIEW("FAILED")) &&
            revision_parse(other->task_definition, &family, &revision) &&
            revision > definition->revision) {
            return true;
        }
    }
    return (rollout->deployment && revision_completed_in(definition, rollout->deployment)) ||
           ((left_newest(d) || was_chosen_below(d)) && !is_back_already(d));
}

/* It is not listed any more, and no task says what it ran: its revision stays without the mark. */
static int lose_sight(struct decision *d) {
    const struct err *error = rollout_of(d)->tasks_err;
    if (error && err_may_pass(error->code)) {
        return decide_error(d, error);
    }
    return decide_note(
        d, VERDICT_IGNORED,
        arena_printf(d->arena, "deployment '" VIEW_FMT "' completed and is not there any more%s%s",
                     VIEW_ARG(event_of(d)->deployment_id), error ? ": " : "",
                     error ? error->message : ""));
}

/* Another one has begun since; that it completed makes it one to go back to all the same. */
static int supersede(struct decision *d) {
    const struct ecs_deployment *primary = d->facts->service.primary;
    if (!knows_definition(d) || !primary) {
        return lose_sight(d);
    }
    if (describe(d, ROLLOUT_SUPERSEDED) < 0) {
        return -1;
    }
    d->change->rollout.completed_arn = rollout_of(d)->definition.arn;
    d->change->rollout.why = arena_printf(
        d->arena,
        "it completed, and deployment '" VIEW_FMT "' of '" VIEW_FMT "' has taken its place since",
        VIEW_ARG(primary->id), VIEW_ARG(revision_name(primary->task_definition)));
    return d->change->rollout.why.data ? report(d) : out_of_memory(d);
}

static int check_completed(struct decision *d) {
    const struct rollout_facts *rollout = rollout_of(d);
    if (rollout_step_of(event_of(d)) != STEP_COMPLETED) {
        return GO_ON;
    }
    if (has_completed_since(d, d->trigger->event_time_ms)) {
        return decide_note(d, VERDICT_UNCHANGED,
                           arena_printf(d->arena, "'" VIEW_FMT "' was told to have completed",
                                        VIEW_ARG(revision_name(rollout->definition.arn))));
    }
    if (!rollout->deployment || rollout->deployment != d->facts->service.primary) {
        return supersede(d);
    }
    if (describe(d, went_back(d) ? ROLLOUT_ROLLED_BACK : ROLLOUT_COMPLETED) < 0) {
        return -1;
    }
    d->change->rollout.completed_arn = rollout->definition.arn;
    return report(d);
}

/* Why, by the tasks; by ECS's own words where no task says anything. */
static int explain(struct decision *d) {
    const struct rollout_facts *rollout = rollout_of(d);
    struct task_failure failure;
    if (task_failure_explain(rollout->tasks, rollout->n_tasks, d->change->deployment_id, d->arena,
                             &failure, d->err) != 0) {
        return -1;
    }
    struct view reason = event_of(d)->reason;
    if (reason.len == 0 && rollout->deployment &&
        !view_equal(rollout->deployment->rollout_state, VIEW("IN_PROGRESS"))) {
        reason =
            rollout->deployment->rollout_state_reason; /* else it says that it is in progress */
    }
    struct view unread = rollout->tasks_err
                             ? arena_printf(d->arena, "why its tasks stopped could not be read: %s",
                                            rollout->tasks_err->message)
                             : VIEW("");
    struct view why = join(d, reason, "\n", failure.why);
    if (!unread.data || !why.data) {
        return out_of_memory(d);
    }
    d->change->rollout.why = why.len > 0 ? why : unread;
    d->change->rollout.remedy =
        join(d, failure.remedy.len > 0 ? failure.remedy : task_failure_remedy(reason), "; ",
             how_to_roll_back(d));
    return d->change->rollout.remedy.data ? GO_ON : out_of_memory(d);
}

static int tell_failure(struct decision *d, enum rollout_outcome outcome) {
    if (describe(d, outcome) < 0 || explain(d) < 0) {
        return -1;
    }
    return report(d);
}

static int check_failed(struct decision *d) {
    return rollout_step_of(event_of(d)) == STEP_FAILED ? tell_failure(d, ROLLOUT_FAILED) : GO_ON;
}

/* Tasks that do not come up concern people while something is under way. Later it is no matter of
 * a deployment, and going back would help nobody. */
static int check_impaired(struct decision *d) {
    const struct ecs_deployment *deployment = rollout_of(d)->deployment;
    if (!deployment) {
        return decide_note(d, VERDICT_IGNORED, VIEW("the service has no deployment"));
    }
    if (view_equal(deployment->rollout_state, VIEW("COMPLETED"))) {
        return decide_note(d, VERDICT_IGNORED,
                           arena_printf(d->arena,
                                        "deployment '" VIEW_FMT "' has completed: that further "
                                        "tasks do not come up is no matter of a deployment",
                                        VIEW_ARG(deployment->id)));
    }
    return tell_failure(d, ROLLOUT_IMPAIRED);
}

static const decision_check rollout_checks[] = {
    check_service_is_there, check_definition_read, check_started,
    check_completed,        check_failed,          check_impaired,
};

int decide_rollout(struct decision *d) {
    return decision_run(d, rollout_checks, sizeof(rollout_checks) / sizeof(rollout_checks[0]));
}
