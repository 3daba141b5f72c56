#include "handlers/deploy/facts_rollout.h"

#include "handlers/deploy/facts_wave.h"
#include "handlers/deploy/plan_revision.h"

enum rollout_step rollout_step_of(const struct rollout_event *event) {
    if (view_equal(event->name, VIEW("SERVICE_DEPLOYMENT_IN_PROGRESS"))) {
        return STEP_STARTED;
    }
    if (view_equal(event->name, VIEW("SERVICE_DEPLOYMENT_COMPLETED"))) {
        return STEP_COMPLETED;
    }
    return view_equal(event->name, VIEW("SERVICE_DEPLOYMENT_FAILED")) ? STEP_FAILED : STEP_IMPAIRED;
}

static const struct ecs_deployment *by_id(const struct ecs_service_state *service, struct view id) {
    for (size_t i = 0; i < service->n_deployments; i++) {
        if (view_equal(service->deployments[i].id, id)) {
            return &service->deployments[i];
        }
    }
    return NULL;
}

/* The newest one beside it that is in progress still. */
static const struct ecs_deployment *replaced_by(const struct ecs_service_state *service,
                                                const struct ecs_deployment *started) {
    const struct ecs_deployment *newest = NULL;
    for (size_t i = 0; i < service->n_deployments; i++) {
        const struct ecs_deployment *other = &service->deployments[i];
        if (other != started && view_equal(other->rollout_state, VIEW("IN_PROGRESS")) &&
            other->created_at_ms < started->created_at_ms &&
            (!newest || other->created_at_ms > newest->created_at_ms)) {
            newest = other;
        }
    }
    return newest;
}

const struct ecs_deployment *rollout_deployment(const struct ecs_service_state *service,
                                                const struct rollout_event *event) {
    const struct ecs_deployment *own =
        event->deployment_id.len > 0 ? by_id(service, event->deployment_id) : service->primary;
    if (rollout_step_of(event) != STEP_STARTED) {
        return own;
    }
    return own && own == service->primary ? replaced_by(service, own) : NULL;
}

/* --- gathering --- */

static bool is_concerned(const struct facts_request *request) {
    return request->trigger->kind == TRIGGER_ROLLOUT && request->target->kind == TARGET_SERVICE &&
           !request->ret_facts->service_err;
}

/* Why it went wrong; or what it ran, where ECS does not list it any more. */
static bool needs_tasks(const struct rollout_event *event, const struct rollout_facts *rollout) {
    enum rollout_step step = rollout_step_of(event);
    return step == STEP_FAILED || step == STEP_IMPAIRED ||
           (step == STEP_COMPLETED && !rollout->deployment);
}

static int describe_tasks(const struct gathering_place *place, struct view cluster,
                          const struct view *arns, size_t n, struct rollout_facts *rollout) {
    struct aws_call call = {0};
    struct err error;
    err_init(&error);
    if (ecs_describe_tasks_call(cluster, arns, n, place->arena, &call, place->err) != 0) {
        return -1;
    }
    aws_call_all(place->aws, &call, 1, place->deadline_ms, place->arena);
    if (ecs_describe_tasks_result(&call, place->arena, &rollout->tasks, &rollout->n_tasks,
                                  &error) != 0) {
        return facts_keep_error(place, &error, &rollout->tasks_err);
    }
    return 0;
}

static int gather_tasks(const struct gathering_place *place, const struct facts_request *request,
                        struct rollout_facts *rollout) {
    const struct target *target = request->target;
    struct aws_call call = {0};
    struct view *arns = NULL;
    size_t n = 0;
    struct err error;
    err_init(&error);
    if (ecs_list_stopped_tasks_call(target->cluster, target->service, place->arena, &call,
                                    place->err) != 0) {
        return -1;
    }
    aws_call_all(place->aws, &call, 1, place->deadline_ms, place->arena);
    if (ecs_list_stopped_tasks_result(&call, place->arena, &arns, &n, &error) != 0) {
        return facts_keep_error(place, &error, &rollout->tasks_err);
    }
    return n > 0 ? describe_tasks(place, target->cluster, arns, n, rollout) : 0;
}

/* Of a deployment that ECS does not list any more, its tasks know what they ran. */
static struct view definition_of(const struct rollout_facts *rollout,
                                 const struct rollout_event *event) {
    if (rollout->deployment) {
        return rollout->deployment->task_definition;
    }
    for (size_t i = 0; i < rollout->n_tasks; i++) {
        if (event->deployment_id.len > 0 &&
            view_equal(rollout->tasks[i].started_by, event->deployment_id)) {
            return rollout->tasks[i].task_definition;
        }
    }
    return (struct view){0};
}

bool rollout_had_completed(const struct ecs_task_definition *definition, int64_t event_time_ms) {
    int64_t completed_ms;
    return revision_completed_at(definition, &completed_ms) && completed_ms < event_time_ms;
}

static int gather_latest(const struct gathering_place *place, const struct facts_request *request,
                         struct rollout_facts *rollout) {
    struct wave wave = wave_of(place->arena);
    if (rollout_step_of(&request->trigger->rollout) != STEP_COMPLETED ||
        !rollout_had_completed(&rollout->definition, request->trigger->event_time_ms)) {
        return 0;
    }
    int read = wave_add_task_definition(&wave, rollout->definition.family, place->err);
    return read < 0 || wave_run(&wave, place->aws, place->deadline_ms, place->err) != 0
               ? -1
               : wave_task_definition(&wave, read, &rollout->latest, &rollout->latest_err,
                                      place->err);
}

static int gather_definition(const struct gathering_place *place, struct view arn,
                             struct rollout_facts *rollout) {
    struct wave wave = wave_of(place->arena);
    if (arn.len == 0) {
        return 0;
    }
    int read = wave_add_task_definition(&wave, arn, place->err);
    return read < 0 || wave_run(&wave, place->aws, place->deadline_ms, place->err) != 0
               ? -1
               : wave_task_definition(&wave, read, &rollout->definition, &rollout->definition_err,
                                      place->err);
}

int facts_gather_rollout(const struct gathering_place *place, const struct facts_request *requests,
                         size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (!is_concerned(&requests[i])) {
            continue;
        }
        const struct rollout_event *event = &requests[i].trigger->rollout;
        struct rollout_facts *rollout = ARENA_NEW(place->arena, struct rollout_facts);
        if (!rollout) {
            return err_out_of_memory(place->err, "facts");
        }
        requests[i].ret_facts->rollout = rollout;
        rollout->deployment = rollout_deployment(&requests[i].ret_facts->service, event);
        if ((needs_tasks(event, rollout) && gather_tasks(place, &requests[i], rollout) != 0) ||
            gather_definition(place, definition_of(rollout, event), rollout) != 0 ||
            gather_latest(place, &requests[i], rollout) != 0) {
            return -1;
        }
    }
    return 0;
}
