#include "handlers/deploy/service_past.h"

#include "handlers/deploy/facts_rollback.h"
#include "handlers/deploy/plan_revision.h"
#include "handlers/deploy/rollback_choice.h"

/* From registration to the update's deployment, with the pace of a payload of many; nobody returns
 * to a revision so soon after it was registered. */
#define DEPLOY_TAKES_MS INT64_C(60000)

#define MS_PER_SECOND 1000

/* Events tell whole seconds. */
static bool is_since(int64_t time_ms, int64_t since_ms) {
    return time_ms / MS_PER_SECOND >= since_ms / MS_PER_SECOND;
}

/* CodeDeploy's services have none that ECS tells of. */
static bool has_past(const struct ecs_service_state *service) {
    return service->primary && view_equal(service->controller, VIEW("ECS"));
}

/* --- deploys of an image --- */

bool past_may_lack(const struct facts *facts, const struct ecs_task_definition *definition) {
    const struct ecs_service_state *service = &facts->service;
    return revision_was_left(definition, service, &facts->running) &&
           revision_came_after(definition, service->primary->task_definition) &&
           !service_has_deployment_of(service, definition->arn);
}

bool past_asks_for_image_of(const struct facts *facts, const struct trigger *trigger,
                            const struct ecs_task_definition *other) {
    return !facts->image_err && facts->image.digest.len > 0 &&
           view_equal(facts->image.digest, ecs_tag_value(other, TAG_DIGEST)) &&
           service_was_given_since(&facts->service, trigger->event_time_ms);
}

bool past_may_be_hidden(const struct facts *facts, const struct trigger *trigger) {
    int64_t time_ms;
    return trigger->kind == TRIGGER_DEPLOY && has_past(&facts->service) &&
           facts->running.arn.len > 0 && !revision_event_time(&facts->running, &time_ms) &&
           service_was_given_since(&facts->service, trigger->event_time_ms);
}

static bool concerns(const struct facts_request *request, const struct ecs_task_definition *other,
                     struct view event_tag) {
    const struct facts *facts = request->ret_facts;
    return past_may_lack(facts, other) && (revision_is_of_event(other, event_tag) ||
                                           past_asks_for_image_of(facts, request->trigger, other));
}

static bool is_wanted_by_deploy(const struct facts_request *request, struct view event_tag) {
    const struct facts *facts = request->ret_facts;
    bool is_wanted = facts->latest.arn.len > 0 && concerns(request, &facts->latest, event_tag);
    for (size_t i = 0; i < facts->n_between; i++) {
        is_wanted = is_wanted || concerns(request, &facts->between[i], event_tag);
    }
    for (size_t i = 0; i < facts->n_below && past_may_be_hidden(facts, request->trigger); i++) {
        is_wanted = is_wanted || revision_is_of_event(&facts->below[i], event_tag);
    }
    return is_wanted;
}

/* --- deploys of a revision, and rollbacks --- */

/* What runs is an event's revision, and its deployment the one that it was registered or chosen
 * for. */
static bool is_first_deployment(const struct facts *facts) {
    const struct ecs_task_definition *running = &facts->running;
    const struct ecs_deployment *primary = facts->service.primary;
    int64_t since_ms;
    if (!primary || !revision_event_time(running, &since_ms) || running->registered_at_ms <= 0) {
        return false;
    }
    since_ms = revision_was_chosen_again(running) ? since_ms : running->registered_at_ms;
    return view_equal(primary->task_definition, running->arn) &&
           primary->created_at_ms - since_ms < DEPLOY_TAKES_MS;
}

bool past_is_after_named(const struct facts *facts, const struct trigger *trigger) {
    return service_was_given_since(&facts->service, trigger->event_time_ms) &&
           !is_first_deployment(facts);
}

/* What runs is the family's newest revision and was there when the rollback was asked for: nobody
 * has gone back from it, and its deployment since is a restart. Unless the rollback has been at
 * work: then it may be ECS that has come back to it. */
static bool is_restart_of_newest(const struct facts *facts, const struct trigger *trigger,
                                 struct view event_tag) {
    const struct ecs_task_definition *running = &facts->running;
    return !(facts->rollback && rollback_was_chosen(facts->rollback, event_tag)) &&
           running->arn.len > 0 && view_equal(running->arn, facts->latest.arn) &&
           running->registered_at_ms > 0 &&
           running->registered_at_ms / MS_PER_SECOND <= trigger->event_time_ms / MS_PER_SECOND;
}

/* Going back twice is one time too often: where the event does not say how far, its own deployment
 * may have begun within its second, and what that one runs may bear no trace. */
bool past_is_after_rollback(const struct facts *facts, const struct trigger *trigger,
                            struct view event_tag) {
    const struct ecs_deployment *primary = facts->service.primary;
    bool is_after = trigger->to.len == 0
                        ? primary && is_since(primary->created_at_ms, trigger->event_time_ms)
                        : service_was_given_since(&facts->service, trigger->event_time_ms);
    return is_after && !is_first_deployment(facts) &&
           !is_restart_of_newest(facts, trigger, event_tag);
}

/* --- all of them --- */

/* What runs decides by itself: it is this event's, or a newer one's. */
static bool is_settled(const struct facts_request *request, struct view event_tag) {
    const struct ecs_task_definition *running = &request->ret_facts->running;
    int64_t time_ms;
    return revision_is_of_event(running, event_tag) ||
           (revision_event_time(running, &time_ms) && time_ms > request->trigger->event_time_ms);
}

bool past_is_wanted(const struct facts_request *request, struct view event_tag) {
    const struct facts *facts = request->ret_facts;
    const struct trigger *trigger = request->trigger;
    if (!trigger || !request->target || request->target->kind != TARGET_SERVICE ||
        facts->service_err || !has_past(&facts->service) || is_settled(request, event_tag)) {
        return false;
    }
    switch (trigger->kind) {
    case TRIGGER_DEPLOY:
        return is_wanted_by_deploy(request, event_tag);
    case TRIGGER_DEPLOY_REVISION:
        return facts->requested.arn.len > 0 &&
               !view_equal(facts->requested.arn, facts->service.task_definition) &&
               past_is_after_named(facts, trigger);
    case TRIGGER_ROLLBACK:
        return past_is_after_rollback(facts, trigger, event_tag);
    case TRIGGER_RESTART:
    case TRIGGER_ROLLOUT:
    case TRIGGER_IGNORE:
        return false;
    }
    return false;
}

/* --- what it tells --- */

const struct err *past_passing_error(const struct facts *facts) {
    const struct err *err = facts->past ? facts->past->err : NULL;
    return err && err_may_pass(err->code) ? err : NULL;
}

/* All deployments since then are there. The newest ones come first; where they do not, those that
 * are missing may be any. */
static bool reaches(const struct past_facts *past, int64_t since_ms) {
    if (!past || past->err || past->n == 0) {
        return false;
    }
    for (size_t i = 1; i < past->n && !past->is_all; i++) {
        if (past->deployments[i].created_at_ms > past->deployments[i - 1].created_at_ms) {
            return false;
        }
    }
    return past->is_all || !is_since(past->deployments[past->n - 1].created_at_ms, since_ms);
}

bool past_is_restarts(const struct facts *facts, int64_t since_ms) {
    const struct past_facts *past = facts->past;
    if (!reaches(past, since_ms) || !facts->service.primary) {
        return false;
    }
    for (size_t i = 0; i < past->n; i++) {
        if (is_since(past->deployments[i].created_at_ms, since_ms) &&
            !view_equal(past->deployments[i].task_definition,
                        facts->service.primary->task_definition)) {
            return false;
        }
    }
    return true;
}

bool past_lacks(const struct facts *facts, const struct ecs_task_definition *definition) {
    const struct past_facts *past = facts->past;
    if (definition->registered_at_ms <= 0 || !reaches(past, definition->registered_at_ms)) {
        return false;
    }
    for (size_t i = 0; i < past->n; i++) {
        const struct past_deployment *given = &past->deployments[i];
        if (is_since(given->created_at_ms, definition->registered_at_ms) &&
            (given->task_definition.len == 0 ||
             view_equal(given->task_definition, definition->arn))) {
            return false;
        }
    }
    return true;
}

/* The last one before that time; NULL: there is none. */
static const struct past_deployment *last_before(const struct past_facts *past, int64_t time_ms) {
    const struct past_deployment *last = NULL;
    for (size_t i = 0; i < past->n; i++) {
        const struct past_deployment *given = &past->deployments[i];
        if (!is_since(given->created_at_ms, time_ms) &&
            (!last || given->created_at_ms > last->created_at_ms)) {
            last = given;
        }
    }
    return last;
}

/* A rollback that stops a deployment begins none: that one is undone. */
static bool was_any_undone(const struct past_facts *past, int64_t since_ms) {
    for (size_t i = 0; i < past->n; i++) {
        if (past->deployments[i].was_undone &&
            is_since(past->deployments[i].created_at_ms, since_ms)) {
            return true;
        }
    }
    return false;
}

bool past_is_restarts_since_event(const struct facts *facts, const struct trigger *trigger,
                                  struct view event_tag, const struct ecs_task_definition *chosen) {
    int64_t time_ms = trigger->event_time_ms;
    if (!past_is_restarts(facts, time_ms) || was_any_undone(facts->past, time_ms)) {
        return false;
    }
    struct view runs = facts->service.primary->task_definition;
    const struct past_deployment *before = last_before(facts->past, time_ms);
    if (before && view_equal(before->task_definition, runs)) {
        return !before->was_undone;
    }
    return chosen && revision_is_of_event(chosen, event_tag) && revision_came_after(chosen, runs);
}
