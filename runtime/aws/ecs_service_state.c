#include "runtime/aws/ecs_service_state.h"

#include "runtime/aws/answer.h"

static int64_t number(struct json_span object, const char *name) {
    int64_t value = 0;
    return answer_i64(object, name, &value) ? value : 0;
}

static bool is_true(struct json_span object, const char *name) {
    struct json_span value;
    return json_find(object, name, &value) && view_equal(value.text, VIEW("true"));
}

/* --- deployments[] --- */

static int decode_deployment(struct json_span entry, struct arena *arena, struct ecs_deployment *d,
                             struct err *err) {
    if (json_find_string(entry, "id", arena, &d->id, err) < 0 ||
        json_find_string(entry, "status", arena, &d->status, err) < 0 ||
        json_find_string(entry, "taskDefinition", arena, &d->task_definition, err) < 0 ||
        json_find_string(entry, "rolloutState", arena, &d->rollout_state, err) < 0 ||
        json_find_string(entry, "rolloutStateReason", arena, &d->rollout_state_reason, err) < 0) {
        return -1;
    }
    d->created_at_ms = answer_time_ms(entry, "createdAt");
    d->updated_at_ms = answer_time_ms(entry, "updatedAt");
    d->desired_tasks = number(entry, "desiredCount");
    d->running_tasks = number(entry, "runningCount");
    d->pending_tasks = number(entry, "pendingCount");
    d->failed_tasks = number(entry, "failedTasks");
    return 0;
}

/* The entries that are objects. */
static int decode_deployments(struct json_span service, struct arena *arena,
                              struct ecs_service_state *state, struct err *err) {
    struct json_span array;
    struct json_span element;
    if (!answer_array(service, "deployments", &array)) {
        return 0;
    }
    state->deployments = ARENA_ARRAY(arena, answer_count(array), struct ecs_deployment);
    if (!state->deployments) {
        return err_out_of_memory(err, "deployments");
    }
    struct json_iterator iterator = json_iterate(array);
    while (json_next_element(&iterator, &element)) {
        struct ecs_deployment *d = &state->deployments[state->n_deployments];
        if (element.type != JSON_OBJECT) {
            continue;
        }
        if (decode_deployment(element, arena, d, err) < 0) {
            return -1;
        }
        if (!state->primary && view_equal(d->status, VIEW("PRIMARY"))) {
            state->primary = d;
        }
        state->n_deployments++;
    }
    return 0;
}

/* --- what a service and a task set both have --- */

/* [{"targetGroupArn":"…","containerName":"web","containerPort":8080}] */
static int decode_balancers(struct json_span object, struct arena *arena,
                            struct ecs_balancer **ret_balancers, size_t *ret_n, struct err *err) {
    struct json_span array;
    struct json_span entry;
    size_t n = 0;
    if (!answer_array(object, "loadBalancers", &array)) {
        return 0;
    }
    struct ecs_balancer *balancers = ARENA_ARRAY(arena, answer_count(array), struct ecs_balancer);
    if (!balancers) {
        return err_out_of_memory(err, "load balancers");
    }
    struct json_iterator iterator = json_iterate(array);
    while (json_next_element(&iterator, &entry)) {
        struct ecs_balancer *b = &balancers[n];
        if (!answer_i64(entry, "containerPort", &b->port)) {
            continue;
        }
        if (json_find_string(entry, "containerName", arena, &b->container, err) < 0 ||
            json_find_string(entry, "targetGroupArn", arena, &b->target_group, err) < 0) {
            return -1;
        }
        n++;
    }
    *ret_balancers = balancers;
    *ret_n = n;
    return 0;
}

/* [{"capacityProvider":"FARGATE_SPOT","weight":1,"base":0}] */
static int decode_capacity_providers(struct json_span object, struct arena *arena,
                                     struct ecs_capacity_provider **ret_providers, size_t *ret_n,
                                     struct err *err) {
    struct json_span array;
    struct json_span entry;
    size_t n = 0;
    if (!answer_array(object, "capacityProviderStrategy", &array)) {
        return 0;
    }
    struct ecs_capacity_provider *providers =
        ARENA_ARRAY(arena, answer_count(array), struct ecs_capacity_provider);
    if (!providers) {
        return err_out_of_memory(err, "capacity providers");
    }
    struct json_iterator iterator = json_iterate(array);
    while (json_next_element(&iterator, &entry)) {
        struct ecs_capacity_provider *p = &providers[n];
        if (json_find_string(entry, "capacityProvider", arena, &p->name, err) < 0) {
            return -1;
        }
        p->weight = number(entry, "weight");
        p->base = number(entry, "base");
        n += p->name.len > 0;
    }
    *ret_providers = providers;
    *ret_n = n;
    return 0;
}

/* --- taskSets[] --- */

static int decode_task_set(struct json_span entry, struct arena *arena, struct ecs_task_set *set,
                           struct err *err) {
    if (json_find_string(entry, "id", arena, &set->id, err) < 0 ||
        json_find_string(entry, "status", arena, &set->status, err) < 0 ||
        json_find_string(entry, "taskDefinition", arena, &set->task_definition, err) < 0 ||
        json_find_string(entry, "platformVersion", arena, &set->platform_version, err) < 0 ||
        decode_balancers(entry, arena, &set->balancers, &set->n_balancers, err) < 0) {
        return -1;
    }
    return decode_capacity_providers(entry, arena, &set->capacity_providers,
                                     &set->n_capacity_providers, err);
}

static int decode_task_sets(struct json_span service, struct arena *arena,
                            struct ecs_service_state *state, struct err *err) {
    struct json_span array;
    struct json_span entry;
    if (!answer_array(service, "taskSets", &array)) {
        return 0;
    }
    state->task_sets = ARENA_ARRAY(arena, answer_count(array), struct ecs_task_set);
    if (!state->task_sets) {
        return err_out_of_memory(err, "task sets");
    }
    struct json_iterator iterator = json_iterate(array);
    while (json_next_element(&iterator, &entry)) {
        if (entry.type != JSON_OBJECT) {
            continue;
        }
        if (decode_task_set(entry, arena, &state->task_sets[state->n_task_sets], err) < 0) {
            return -1;
        }
        state->n_task_sets++;
    }
    return 0;
}

/* With the CODE_DEPLOY controller the PRIMARY task set is what runs. */
static void use_primary_task_set(struct ecs_service_state *state) {
    if (!view_equal(state->controller, VIEW("CODE_DEPLOY"))) {
        return;
    }
    for (size_t i = 0; i < state->n_task_sets; i++) {
        const struct ecs_task_set *set = &state->task_sets[i];
        if (!view_equal(set->status, VIEW("PRIMARY")) || set->task_definition.len == 0) {
            continue;
        }
        state->task_definition = set->task_definition;
        state->platform_version = set->platform_version;
        if (set->n_balancers > 0) {
            state->balancers = set->balancers;
            state->n_balancers = set->n_balancers;
        }
        if (set->n_capacity_providers > 0) {
            state->capacity_providers = set->capacity_providers;
            state->n_capacity_providers = set->n_capacity_providers;
        }
        return;
    }
}

/* --- events[], settings --- */

/* AWS sends the newest first. */
static int decode_events(struct json_span service, struct arena *arena,
                         struct ecs_service_state *state, struct err *err) {
    struct json_span array;
    struct json_span entry;
    if (!answer_array(service, "events", &array)) {
        return 0;
    }
    state->events = ARENA_ARRAY(arena, ECS_SERVICE_EVENTS_MAX, struct ecs_service_event);
    if (!state->events) {
        return err_out_of_memory(err, "events");
    }
    struct json_iterator iterator = json_iterate(array);
    while (state->n_events < ECS_SERVICE_EVENTS_MAX && json_next_element(&iterator, &entry)) {
        struct ecs_service_event *event = &state->events[state->n_events];
        if (json_find_string(entry, "message", arena, &event->message, err) < 0) {
            return -1;
        }
        event->created_at_ms = answer_time_ms(entry, "createdAt");
        state->n_events += event->message.len > 0;
    }
    return 0;
}

/* {"strategy":"ROLLING","deploymentCircuitBreaker":{"enable":true,"rollback":true},
 *  "alarms":{"enable":true,"rollback":true,"alarmNames":[…]}} */
static int decode_settings(struct json_span service, struct arena *arena,
                           struct ecs_service_state *state, struct err *err) {
    struct json_span configuration;
    struct json_span breaker;
    struct json_span alarms;
    if (json_find_string(service, "currentServiceDeployment", arena,
                         &state->current_service_deployment, err) < 0) {
        return -1;
    }
    if (!json_find(service, "deploymentConfiguration", &configuration)) {
        return 0;
    }
    if (json_find(configuration, "deploymentCircuitBreaker", &breaker)) {
        state->breaks_circuit = is_true(breaker, "enable");
        state->rolls_back = state->breaks_circuit && is_true(breaker, "rollback");
    }
    if (json_find(configuration, "alarms", &alarms)) {
        state->alarms_roll_back = is_true(alarms, "enable") && is_true(alarms, "rollback");
    }
    return json_find_string(configuration, "strategy", arena, &state->strategy, err);
}

/* --- the whole --- */

static int decode_identity(const struct aws_call *call, struct json_span service,
                           struct arena *arena, struct ecs_service_state *state, struct err *err) {
    struct json_span controller;
    if (answer_string(call, service, "serviceName", arena, &state->name, err) < 0 ||
        answer_string(call, service, "serviceArn", arena, &state->arn, err) < 0 ||
        answer_string(call, service, "clusterArn", arena, &state->cluster_arn, err) < 0 ||
        answer_string(call, service, "status", arena, &state->status, err) < 0 ||
        json_find_string(service, "taskDefinition", arena, &state->task_definition, err) < 0) {
        return -1;
    }
    state->controller = VIEW("ECS");
    if (json_find(service, "deploymentController", &controller) && controller.type == JSON_OBJECT &&
        answer_string(call, controller, "type", arena, &state->controller, err) < 0) {
        return -1;
    }
    return 0;
}

int ecs_service_state_decode(const struct aws_call *call, struct json_span service,
                             struct arena *arena, struct ecs_service_state *ret_state,
                             struct err *err) {
    struct ecs_service_state state = {0};
    if (decode_identity(call, service, arena, &state, err) < 0 ||
        decode_deployments(service, arena, &state, err) < 0 ||
        decode_balancers(service, arena, &state.balancers, &state.n_balancers, err) < 0 ||
        decode_capacity_providers(service, arena, &state.capacity_providers,
                                  &state.n_capacity_providers, err) < 0 ||
        decode_task_sets(service, arena, &state, err) < 0 ||
        decode_events(service, arena, &state, err) < 0 ||
        decode_settings(service, arena, &state, err) < 0) {
        return -1;
    }
    use_primary_task_set(&state);
    if (state.n_balancers > 0) {
        state.balanced_container = state.balancers[0].container;
        state.balanced_port = state.balancers[0].port;
    }
    /* With the EXTERNAL controller there are task sets instead, and maybe none that is PRIMARY. */
    if (state.task_definition.len == 0 && !view_equal(state.controller, VIEW("EXTERNAL"))) {
        return answer_lacks(call, "taskDefinition", err);
    }
    *ret_state = state;
    return 0;
}
