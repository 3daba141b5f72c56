/* All that a service says of itself, as DescribeServices and UpdateService answer. */

#include "runtime/aws/ecs.h"

#include "runtime/base/buf.h"
#include "tests/unit/aws/answered_fixture.h"

#define HEAD                                                                                       \
    "{\"services\":[{\"serviceName\":\"web\",\"serviceArn\":\"arn:web\",\"clusterArn\":\"arn:c\"," \
    "\"status\":\"ACTIVE\",\"taskDefinition\":\"arn:web:1\""
#define TAIL "}]}"

static int read(struct fixture *f, const char *body, struct ecs_service_state *ret_state) {
    static const struct view names[] = {{"web", 3}};
    *f = fixture_new();
    assert_int_equal(
        ecs_describe_services_call(VIEW("c"), names, 1, VIEW(""), &f->arena, &f->call, &f->err), 0);
    call_ends(&f->call, 200, body);
    return ecs_describe_services_result(&f->call, VIEW("web"), &f->arena, ret_state, &f->err);
}

static struct ecs_service_state state_of(struct fixture *f, const char *body) {
    struct ecs_service_state s;
    if (read(f, body, &s) < 0) {
        fail_msg("%s: %s", body, f->err.message);
    }
    return s;
}

static void a_bare_service_has_nothing_else(void **state) {
    (void)state;
    static const char *const bodies[] = {
        HEAD TAIL,
        HEAD ",\"deployments\":null,\"taskSets\":null,\"events\":null,\"loadBalancers\":null,"
             "\"capacityProviderStrategy\":null,\"deploymentConfiguration\":null,"
             "\"deploymentController\":null,\"currentServiceDeployment\":null" TAIL,
        HEAD ",\"deployments\":{},\"taskSets\":7,\"events\":\"\",\"loadBalancers\":{},"
             "\"capacityProviderStrategy\":{},\"deploymentConfiguration\":[],"
             "\"deploymentController\":[],\"currentServiceDeployment\":7" TAIL,
        HEAD ",\"deployments\":[],\"taskSets\":[null],\"events\":[{}],\"loadBalancers\":[{}],"
             "\"capacityProviderStrategy\":[{}],\"deploymentConfiguration\":{}" TAIL,
    };
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct fixture f;
        struct ecs_service_state s = state_of(&f, bodies[i]);
        assert_view(s.name, "web");
        assert_view(s.controller, "ECS");
        assert_view(s.task_definition, "arn:web:1");
        assert_int_equal(s.n_deployments + s.n_task_sets + s.n_events, 0);
        assert_int_equal(s.n_balancers + s.n_capacity_providers, 0);
        assert_null(s.primary);
        assert_view(s.strategy, "");
        assert_false(s.breaks_circuit);
        assert_false(s.rolls_back);
        assert_view(s.current_service_deployment, "");
        assert_view(s.balanced_container, "");
        assert_view(s.platform_version, "");
        arena_release(&f.arena);
    }
}

static void deployments_count_their_tasks(void **state) {
    (void)state;
    struct fixture f;
    struct ecs_service_state s = state_of(
        &f, HEAD
        ",\"deployments\":[{\"id\":\"ecs-svc/2\",\"status\":\"PRIMARY\",\"taskDefinition\":"
        "\"arn:web:2\",\"desiredCount\":4,\"pendingCount\":1,\"runningCount\":2,\"failedTasks\":3,"
        "\"createdAt\":1700000000.25,\"updatedAt\":\"2023-11-14T22:13:21Z\",\"rolloutState\":"
        "\"IN_PROGRESS\",\"rolloutStateReason\":\"ECS deployment ecs-svc/2 in progress.\"},null,"
        "{\"id\":\"ecs-svc/1\",\"status\":\"ACTIVE\",\"desiredCount\":1.5,\"failedTasks\":null},"
        "{\"id\":\"ecs-svc/0\",\"status\":\"PRIMARY\"}]" TAIL);
    assert_int_equal(s.n_deployments, 3);
    assert_ptr_equal(s.primary, &s.deployments[0]);
    assert_view(s.primary->task_definition, "arn:web:2");
    assert_int_equal(s.primary->desired_tasks, 4);
    assert_int_equal(s.primary->pending_tasks, 1);
    assert_int_equal(s.primary->running_tasks, 2);
    assert_int_equal(s.primary->failed_tasks, 3);
    assert_int_equal(s.primary->created_at_ms, 1700000000250);
    assert_int_equal(s.primary->updated_at_ms, 1700000001000);
    assert_view(s.primary->rollout_state_reason, "ECS deployment ecs-svc/2 in progress.");
    assert_view(s.deployments[1].id, "ecs-svc/1");
    assert_int_equal(s.deployments[1].desired_tasks, 0);
    assert_int_equal(s.deployments[1].failed_tasks, 0);
    assert_view(s.deployments[1].rollout_state_reason, "");
    arena_release(&f.arena);
}

static void settings_are_decoded(void **state) {
    (void)state;
    static const struct {
        const char *configuration, *strategy;
        bool breaks, rolls_back, alarms_roll_back;
    } rows[] = {
        {"{\"strategy\":\"ROLLING\",\"deploymentCircuitBreaker\":{\"enable\":true,\"rollback\":"
         "true},\"maximumPercent\":200}",
         "ROLLING", true, true, false},
        {"{\"strategy\":\"BLUE_GREEN\",\"deploymentCircuitBreaker\":{\"enable\":true,\"rollback\":"
         "false}}",
         "BLUE_GREEN", true, false, false},
        /* Off is off, whatever it would do. */
        {"{\"deploymentCircuitBreaker\":{\"enable\":false,\"rollback\":true}}", "", false, false,
         false},
        {"{\"deploymentCircuitBreaker\":{\"rollback\":true}}", "", false, false, false},
        {"{\"deploymentCircuitBreaker\":{\"enable\":\"true\",\"rollback\":\"true\"}}", "", false,
         false, false},
        {"{\"alarms\":{\"enable\":true,\"rollback\":true,\"alarmNames\":[\"slow\"]}}", "", false,
         false, true},
        {"{\"alarms\":{\"enable\":true,\"rollback\":false}}", "", false, false, false},
        {"{\"alarms\":{\"enable\":false,\"rollback\":true}}", "", false, false, false},
        {"{\"deploymentCircuitBreaker\":null,\"strategy\":null}", "", false, false, false},
        {"{\"deploymentCircuitBreaker\":[true],\"strategy\":7}", "", false, false, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture f;
        struct buf body BUF_AUTO = BUF_INIT(4096);
        buf_appendf(&body,
                    "%s,\"currentServiceDeployment\":\"arn:d\",\"deploymentConfiguration\":%s%s",
                    HEAD, rows[i].configuration, TAIL);
        struct ecs_service_state s = state_of(&f, buf_view(&body).data);
        assert_view(s.strategy, rows[i].strategy);
        assert_int_equal(s.breaks_circuit, rows[i].breaks);
        assert_int_equal(s.rolls_back, rows[i].rolls_back);
        assert_int_equal(s.alarms_roll_back, rows[i].alarms_roll_back);
        assert_view(s.current_service_deployment, "arn:d");
        arena_release(&f.arena);
    }
}

static void only_the_newest_events_are_taken(void **state) {
    (void)state;
    struct fixture f;
    struct buf body BUF_AUTO = BUF_INIT(16384);
    buf_append_str(&body, HEAD ",\"events\":[null,{\"id\":\"x\"},{\"message\":\"\"}");
    for (int i = 0; i < 2 * ECS_SERVICE_EVENTS_MAX; i++) {
        buf_appendf(&body, ",{\"id\":\"e\",\"createdAt\":%d.5,\"message\":\"(service web) %d\"}",
                    2000 - i, i);
    }
    buf_append_str(&body, "]" TAIL);
    buf_append_char(&body, '\0');
    assert_false(body.failed);
    struct ecs_service_state s = state_of(&f, body.data);
    assert_int_equal(s.n_events, ECS_SERVICE_EVENTS_MAX);
    assert_view(s.events[0].message, "(service web) 0");
    assert_int_equal(s.events[0].created_at_ms, 2000500);
    assert_view(s.events[ECS_SERVICE_EVENTS_MAX - 1].message, "(service web) 9");
    arena_release(&f.arena);
}

#define BALANCERS                                                                                  \
    ",\"loadBalancers\":[{\"containerName\":\"noport\"},{\"targetGroupArn\":\"arn:tg1\","          \
    "\"containerName\":\"web\",\"containerPort\":8080},{\"loadBalancerName\":\"classic\","         \
    "\"containerName\":\"side\",\"containerPort\":9000}]"
#define PROVIDERS                                                                                  \
    ",\"capacityProviderStrategy\":[{\"weight\":9},{\"capacityProvider\":\"FARGATE\","             \
    "\"weight\":1,\"base\":2},{\"capacityProvider\":\"FARGATE_SPOT\",\"weight\":3}]"

static void balancers_and_providers_are_decoded(void **state) {
    (void)state;
    struct fixture f;
    struct ecs_service_state s = state_of(&f, HEAD BALANCERS PROVIDERS TAIL);
    assert_int_equal(s.n_balancers, 2);
    assert_view(s.balancers[0].container, "web");
    assert_int_equal(s.balancers[0].port, 8080);
    assert_view(s.balancers[0].target_group, "arn:tg1");
    assert_view(s.balancers[1].target_group, "");
    assert_view(s.balanced_container, "web");
    assert_int_equal(s.balanced_port, 8080);
    assert_int_equal(s.n_capacity_providers, 2);
    assert_view(s.capacity_providers[0].name, "FARGATE");
    assert_int_equal(s.capacity_providers[0].weight, 1);
    assert_int_equal(s.capacity_providers[0].base, 2);
    assert_view(s.capacity_providers[1].name, "FARGATE_SPOT");
    assert_int_equal(s.capacity_providers[1].weight, 3);
    assert_int_equal(s.capacity_providers[1].base, 0);
    arena_release(&f.arena);
}

#define TASK_SETS                                                                                  \
    ",\"taskSets\":[{\"id\":\"ecs-svc/1\",\"status\":\"ACTIVE\",\"taskDefinition\":\"arn:web:8\"," \
    "\"platformVersion\":\"1.3.0\"},{\"id\":\"ecs-svc/2\",\"status\":\"PRIMARY\","                 \
    "\"taskDefinition\":\"arn:web:9\",\"platformVersion\":\"1.4.0\",\"loadBalancers\":[{"          \
    "\"targetGroupArn\":\"arn:tg2\",\"containerName\":\"green\",\"containerPort\":81}],"           \
    "\"capacityProviderStrategy\":[{\"capacityProvider\":\"OWN\",\"weight\":5}]}]"

/* With CODE_DEPLOY the service's own members are those that it was created with. */
static void the_primary_task_set_is_what_runs(void **state) {
    (void)state;
    struct fixture f;
    struct ecs_service_state s =
        state_of(&f, HEAD BALANCERS PROVIDERS TASK_SETS
                 ",\"deploymentController\":{\"type\":\"CODE_DEPLOY\"}" TAIL);
    assert_view(s.controller, "CODE_DEPLOY");
    assert_int_equal(s.n_task_sets, 2);
    assert_view(s.task_sets[0].id, "ecs-svc/1");
    assert_view(s.task_sets[0].status, "ACTIVE");
    assert_view(s.task_definition, "arn:web:9");
    assert_view(s.platform_version, "1.4.0");
    assert_view(s.balanced_container, "green");
    assert_int_equal(s.balanced_port, 81);
    assert_int_equal(s.n_balancers, 1);
    assert_view(s.balancers[0].target_group, "arn:tg2");
    assert_int_equal(s.n_capacity_providers, 1);
    assert_view(s.capacity_providers[0].name, "OWN");
    arena_release(&f.arena);
}

static void what_a_task_set_leaves_out_is_the_services(void **state) {
    (void)state;
    struct fixture f;
    struct ecs_service_state s =
        state_of(&f, HEAD BALANCERS PROVIDERS
                 ",\"deploymentController\":{\"type\":\"CODE_DEPLOY\"},\"taskSets\":[{\"status\":"
                 "\"PRIMARY\"},{\"status\":\"PRIMARY\",\"taskDefinition\":\"arn:web:9\"}]" TAIL);
    assert_view(s.task_definition, "arn:web:9");
    assert_view(s.platform_version, "");
    assert_view(s.balanced_container, "web");
    assert_int_equal(s.n_capacity_providers, 2);
    arena_release(&f.arena);

    /* None that is PRIMARY. */
    s = state_of(&f, HEAD ",\"deploymentController\":{\"type\":\"CODE_DEPLOY\"},\"taskSets\":[{"
                          "\"status\":\"ACTIVE\",\"taskDefinition\":\"arn:web:9\"}]" TAIL);
    assert_view(s.task_definition, "arn:web:1");
    arena_release(&f.arena);
}

/* Task sets of another controller change nothing. */
static void other_controllers_keep_their_own(void **state) {
    (void)state;
    static const char *const controllers[] = {"ECS", "EXTERNAL"};
    for (size_t i = 0; i < 2; i++) {
        struct fixture f;
        struct buf body BUF_AUTO = BUF_INIT(4096);
        buf_appendf(&body, "%s,\"deploymentController\":{\"type\":\"%s\"}%s",
                    HEAD BALANCERS TASK_SETS, controllers[i], TAIL);
        struct ecs_service_state s = state_of(&f, buf_view(&body).data);
        assert_view(s.controller, controllers[i]);
        assert_view(s.task_definition, "arn:web:1");
        assert_view(s.platform_version, "");
        assert_view(s.balanced_container, "web");
        assert_int_equal(s.n_task_sets, 2);
        arena_release(&f.arena);
    }
}

/* Who runs task sets need not have a task definition of his own; who does not, must. */
static void a_task_definition_is_there_or_not_needed(void **state) {
    (void)state;
    static const struct {
        const char *controller, *task_sets;
        bool is_enough;
    } rows[] = {
        {"ECS", "[]", false},
        {"CODE_DEPLOY", "[]", false},
        {"CODE_DEPLOY", "[{\"status\":\"PRIMARY\",\"taskDefinition\":\"arn:web:9\"}]", true},
        {"CODE_DEPLOY", "[{\"status\":\"ACTIVE\",\"taskDefinition\":\"arn:web:9\"}]", false},
        {"EXTERNAL", "[]", true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture f;
        struct ecs_service_state s = {.name = VIEW("untouched")};
        struct buf body BUF_AUTO = BUF_INIT(4096);
        buf_appendf(&body,
                    "{\"services\":[{\"serviceName\":\"web\",\"serviceArn\":\"a\",\"clusterArn\":"
                    "\"c\",\"status\":\"ACTIVE\",\"deploymentController\":{\"type\":\"%s\"},"
                    "\"taskSets\":%s}]}",
                    rows[i].controller, rows[i].task_sets);
        assert_int_equal(read(&f, buf_view(&body).data, &s), rows[i].is_enough ? 0 : -1);
        if (!rows[i].is_enough) {
            assert_int_equal(f.err.code, ERR_BAD_RESPONSE);
            assert_holds(f.err.message, "'taskDefinition'");
            assert_view(s.name, "untouched");
        }
        arena_release(&f.arena);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bare_service_has_nothing_else),
        cmocka_unit_test(deployments_count_their_tasks),
        cmocka_unit_test(settings_are_decoded),
        cmocka_unit_test(only_the_newest_events_are_taken),
        cmocka_unit_test(balancers_and_providers_are_decoded),
        cmocka_unit_test(the_primary_task_set_is_what_runs),
        cmocka_unit_test(what_a_task_set_leaves_out_is_the_services),
        cmocka_unit_test(other_controllers_keep_their_own),
        cmocka_unit_test(a_task_definition_is_there_or_not_needed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
