/*
 * UpdateService and the look behind it, whatever ECS answers and however late: "deployed" is said
 * of what ECS has taken, and of nothing else.
 */

#include "tests/unit/handlers/execute_fixture.h"

static const struct change *again(struct fixture *f) {
    fake_clock_sleep(&f->clock, 60000);
    f->n_rules = 0;
    f->others = NULL;
    process_again(f, "e-1", NOW_MS - 500, "t01");
    return &f->process.changes[0];
}

/* --- ECS does not take it --- */

static void what_is_not_taken(void **state) {
    static const struct {
        enum fault fault;
        enum err_code code;
        enum change_status status;
    } cases[] = {
        {FAULT_NOT_SENT, ERR_AWS_UNAVAILABLE, CHANGE_FAILED},
        {FAULT_THROTTLED, ERR_THROTTLED, CHANGE_FAILED},
        {FAULT_DENIED, ERR_ACCESS_DENIED, CHANGE_FAILED},
        {FAULT_PASS_ROLE, ERR_PASS_ROLE_DENIED, CHANGE_REFUSED},
        {FAULT_INVALID, ERR_BAD_RESPONSE, CHANGE_FAILED},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        set_up(state);
        struct fixture *f = *state;
        add_rule(f, "UpdateService", -1, cases[i].fault);
        const struct change *c = run_one(f, "t01");
        assert_status(c, cases[i].status);
        assert_says(c, cases[i].code,
                    "revision 'web:41' is registered, and only this event, "
                    "delivered again, uses it");
        assert_int_equal(c->to_task_definition.len + c->deployment_id.len, 0);
        assert_runs(f, "web", 40);
        assert_status(again(f), CHANGE_DEPLOYED);
        assert_runs(f, "web", 41);
        assert_int_equal(f->ecs.registers, 1);
        tear_down(state);
    }
    set_up(state);
}

/* Codes of ECS that say what is wrong with the service. */
static const char *error_code;
static bool answer_with_error(void *state, struct http_exchange *exchange) {
    struct fixture *f = state;
    if (!view_equal(fake_operation(exchange), VIEW("UpdateService"))) {
        return false;
    }
    fake_respond(exchange, 400,
                 arena_printf(&f->arena, "{\"__type\":\"%s\",\"message\":\"no\"}", error_code));
    return true;
}

static void what_is_refused(void **state) {
    static const struct {
        const char *code;
        enum err_code meaning;
    } cases[] = {
        {"ServiceNotActiveException", ERR_SERVICE_NOT_ACTIVE},
        {"ServiceNotFoundException", ERR_SERVICE_NOT_FOUND},
        {"ClusterNotFoundException", ERR_CLUSTER_NOT_FOUND},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        set_up(state);
        struct fixture *f = *state;
        error_code = cases[i].code;
        f->others = answer_with_error;
        f->others_state = f;
        const struct change *c = run_one(f, "t01");
        assert_status(c, CHANGE_REFUSED);
        assert_says(c, cases[i].meaning, "");
        assert_runs(f, "web", 40);
        tear_down(state);
    }
    set_up(state);
}

/* --- answers that say something else --- */

static bool is_carried_out;

/* The answer shows the service as it was before. */
static bool answer_with_the_past(void *state, struct http_exchange *exchange) {
    struct fixture *f = state;
    if (!view_equal(fake_operation(exchange), VIEW("UpdateService"))) {
        return false;
    }
    struct view service = fake_service_json(&f->ecs, &f->ecs.services[0]);
    if (is_carried_out) {
        fake_ecs_answer(&f->ecs, exchange);
        buf_clear(&exchange->body_in);
    }
    fake_respond(exchange, 200,
                 arena_printf(&f->arena, "{\"service\":" VIEW_FMT "}", VIEW_ARG(service)));
    return true;
}

/* Whether it was carried out, the look tells. */
static void an_answer_of_another_revision(void **state) {
    for (int i = 0; i < 2; i++) {
        set_up(state);
        struct fixture *f = *state;
        is_carried_out = i;
        f->others = answer_with_the_past;
        f->others_state = f;
        const struct change *c = run_one(f, "t01");
        assert_status(c, i ? CHANGE_DEPLOYED : CHANGE_FAILED);
        assert_runs(f, "web", i ? 41 : 40);
        if (!i) {
            assert_says(c, ERR_BAD_RESPONSE, "was answered with 'web:40' instead of 'web:41'");
            assert_int_equal(c->to_task_definition.len, 0);
        }
        assert_status(again(f), i ? CHANGE_UNCHANGED : CHANGE_DEPLOYED);
        assert_int_equal(f->ecs.registers, 1);
        tear_down(state);
    }
    set_up(state);
}

static void an_answer_that_cannot_be_read(void **state) {
    struct fixture *f = *state;
    add_rule(f, "UpdateService", 0, FAULT_GARBAGE);
    const struct change *c = run_one(f, "t01");
    assert_status(c, CHANGE_DEPLOYED);
    assert_view(c->deployment_id, "ecs-svc/2");
    assert_int_equal(f->ecs.updates, 1);
}

/* --- a look that lags behind --- */

static struct view stale_service;
static int looks;

static bool answer_late(void *state, struct http_exchange *exchange) {
    struct fixture *f = state;
    if (!view_equal(fake_operation(exchange), VIEW("DescribeServices"))) {
        return false;
    }
    if (stale_service.len == 0) {
        stale_service = fake_service_json(&f->ecs, &f->ecs.services[0]);
    }
    looks++;
    fake_respond(exchange, 200,
                 arena_printf(&f->arena, "{\"failures\":[],\"services\":[" VIEW_FMT "]}",
                              VIEW_ARG(stale_service)));
    return true;
}

/* ECS has said that it took the update; its reads are a moment behind. */
static void a_look_that_is_late(void **state) {
    struct fixture *f = *state;
    stale_service = (struct view){0};
    looks = 0;
    f->others = answer_late;
    f->others_state = f;
    const struct change *c = run_one(f, "t01");
    assert_status(c, CHANGE_DEPLOYED);
    assert_view(c->to_task_definition, FAKE_ARN "task-definition/web:41");
    assert_view(c->deployment_id, "ecs-svc/2");
    assert_int_equal(looks, 2);
    assert_int_equal(f->ecs.updates, 1);
}

/* Without an answer to the update, a look that shows nothing new is none that says "deployed". */
static void a_look_that_is_late_behind_a_lost_answer(void **state) {
    struct fixture *f = *state;
    stale_service = (struct view){0};
    f->others = answer_late;
    f->others_state = f;
    add_rule(f, "UpdateService", 0, FAULT_LOST_ANSWER);
    assert_status(run_one(f, "t01"), CHANGE_FAILED);
    assert_status(again(f), CHANGE_UNCHANGED);
    assert_int_equal(f->ecs.updates, 1);
}

/* --- time --- */

static void register_newer_event(void *state) {
    struct fixture *f = state;
    fake_add_revision(
        &f->ecs,
        VIEW(
            "{\"family\":\"web\",\"containerDefinitions\":[{\"name\":\"app\",\"image\":\"" FAKE_REPO
            ":x\"}],\"tags\":[{\"key\":\"slipway:event-id\",\"value\":\"newer\"},{\"key\":"
            "\"slipway:event-time\",\"value\":\"2030-01-01T00:00:00Z\"}]}"),
        0);
}

/* The newer event's process may have ended before: what is wrong is not passed over in silence. */
static void no_time_to_put_it_right(void **state) {
    struct fixture *f = *state;
    f->process.budget_ms = 10000;
    add_rule(f, "UpdateService", 0, FAULT_NONE);
    f->rules[0].also = register_newer_event;
    add_rule(f, "DescribeServices", 1, FAULT_NONE);
    f->rules[1].takes_ms = 9500;
    const struct change *c = run_one(f, "t01");
    assert_status(c, CHANGE_FAILED);
    assert_says(c, ERR_DEADLINE_EXCEEDED,
                "no time left to give service 'web' the revision 'web:42' of the newest event; it "
                "runs 'web:41'");
    assert_status(again(f), CHANGE_SUPERSEDED);
    assert_runs(f, "web", 42);
}

/* It gave the service the newer event's revision, and could not look at it any more. */
static void no_look_at_the_newer_event(void **state) {
    struct fixture *f = *state;
    add_rule(f, "UpdateService", 0, FAULT_NONE);
    f->rules[0].also = register_newer_event;
    add_rule(f, "DescribeServices", 2, FAULT_500);
    const struct change *c = run_one(f, "t01");
    assert_status(c, CHANGE_SUPERSEDED);
    assert_view(c->to_task_definition, FAKE_ARN "task-definition/web:42");
    assert_runs(f, "web", 42);
}

/* Every budget of time: whatever is said, the next delivery ends with the revision in place, and
 * it is registered once. */
static void any_time(void **state) {
    for (int64_t budget_ms = 0; budget_ms < 8000; budget_ms += 137) {
        set_up(state);
        struct fixture *f = *state;
        static const char *const operations[] = {"DescribeServices", "RegisterTaskDefinition",
                                                 "UpdateService"};
        for (size_t i = 0; i < 3; i++) {
            add_rule(f, operations[i], -1, FAULT_NONE);
            f->rules[i].takes_ms = 900;
        }
        f->process.budget_ms = budget_ms;
        enum change_status status = run_one(f, "t01")->status;
        assert_true(status == CHANGE_FAILED || status == CHANGE_DEPLOYED);
        if (status == CHANGE_DEPLOYED) {
            assert_runs(f, "web", 41);
        }
        f->process.budget_ms = 60000;
        enum change_status then = again(f)->status;
        assert_true(then == CHANGE_UNCHANGED || then == CHANGE_DEPLOYED);
        assert_runs(f, "web", 41);
        assert_int_equal(f->ecs.registers, 1);
        assert_int_equal(fake_service_of(&f->ecs, VIEW("web"))->n_deployments, 2);
        tear_down(state);
    }
    set_up(state);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(what_is_not_taken),
        TEST(what_is_refused),
        TEST(an_answer_of_another_revision),
        TEST(an_answer_that_cannot_be_read),
        TEST(a_look_that_is_late),
        TEST(a_look_that_is_late_behind_a_lost_answer),
        TEST(no_time_to_put_it_right),
        TEST(no_look_at_the_newer_event),
        TEST(any_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
