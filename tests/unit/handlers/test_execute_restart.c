/*
 * Restarts, whatever ECS answers: a setting that somebody changed must reach the tasks, and a
 * service must not be restarted twice for it.
 */

#include "tests/unit/handlers/execute_fixture.h"

static struct trigger *add_restart(struct fixture *f, const char *service, const char *id,
                                   int64_t time_ms) {
    return process_add(&f->process, service, id, time_ms, "");
}

static const struct change *restart(struct fixture *f) {
    add_service(f, "web");
    fake_clock_sleep(&f->clock, 5000);
    add_restart(f, "web", "e-1", NOW_MS + 4000);
    run(f);
    return &f->process.changes[0];
}

static const struct change *restart_with(struct fixture *f, int nth, enum fault fault) {
    add_rule(f, "UpdateService", nth, fault);
    return restart(f);
}

/* The same event once more, a minute later. */
static const struct change *again(struct fixture *f) {
    fake_clock_sleep(&f->clock, 60000);
    f->process.n = 0;
    f->n_rules = 0;
    add_restart(f, "web", "e-1", NOW_MS + 4000);
    run(f);
    return &f->process.changes[0];
}

/* --- it goes well --- */

static void it_restarts(void **state) {
    struct fixture *f = *state;
    const struct change *c = restart(f);
    assert_status(c, CHANGE_RESTARTED);
    assert_view(c->deployment_id, "ecs-svc/2");
    assert_view(c->to_task_definition, FAKE_ARN "task-definition/web:40");
    assert_int_equal(f->ecs.forced, 1);
    assert_int_equal(f->ecs.registers, 0);
    assert_runs(f, "web", 40);
}

static void the_same_event_twice(void **state) {
    struct fixture *f = *state;
    assert_status(restart(f), CHANGE_RESTARTED);
    assert_status(again(f), CHANGE_UNCHANGED);
    assert_int_equal(f->ecs.forced, 1);
}

static void tasks_that_are_newer(void **state) {
    struct fixture *f = *state;
    add_service(f, "web")->deployments[0].created_at_s = NOW_MS / 1000;
    add_restart(f, "web", "e-1", NOW_MS - 1000);
    run(f);
    assert_status(&f->process.changes[0], CHANGE_UNCHANGED);
    assert_int_equal(f->ecs.updates, 0);
}

static void a_dry_run_restarts_nothing(void **state) {
    struct fixture *f = *state;
    f->process.config.dry_run = true;
    assert_status(restart(f), CHANGE_PLANNED);
    assert_int_equal(f->ecs.updates, 0);
}

static void many_in_one_wave(void **state) {
    struct fixture *f = *state;
    static char names[20][8];
    for (size_t i = 0; i < 20; i++) {
        snprintf(names[i], sizeof(names[i]), "s%zu", i);
        add_service(f, names[i]);
    }
    fake_clock_sleep(&f->clock, 5000);
    for (size_t i = 0; i < 20; i++) {
        add_restart(f, names[i], names[i], NOW_MS + 4000);
    }
    run(f);
    for (size_t i = 0; i < 20; i++) {
        assert_status(&f->process.changes[i], CHANGE_RESTARTED);
    }
    assert_int_equal(f->process.http.waves, 2); /* the reads, the updates */
    assert_int_equal(f->ecs.forced, 20);
}

/* --- no answer --- */

static void a_lost_answer_is_found(void **state) {
    struct fixture *f = *state;
    assert_status(restart_with(f, 0, FAULT_LOST_ANSWER), CHANGE_RESTARTED);
    assert_view(f->process.changes[0].deployment_id, "ecs-svc/2");
    assert_int_equal(f->ecs.forced, 1);
}

static void an_answer_that_cannot_be_read_is_found(void **state) {
    struct fixture *f = *state;
    assert_status(restart_with(f, 0, FAULT_GARBAGE), CHANGE_RESTARTED);
    assert_int_equal(f->ecs.forced, 1);
}

static void a_lost_request_is_made_again(void **state) {
    struct fixture *f = *state;
    assert_status(restart_with(f, 0, FAULT_LOST_REQUEST), CHANGE_RESTARTED);
    assert_int_equal(f->ecs.forced, 1);
}

static void lost_twice_it_fails(void **state) {
    struct fixture *f = *state;
    assert_status(restart_with(f, -1, FAULT_LOST_REQUEST), CHANGE_FAILED);
    assert_int_equal(f->seen[0], 2);
    assert_status(again(f), CHANGE_RESTARTED);
    assert_int_equal(f->ecs.forced, 1);
}

/* Carried out, and nothing more is heard of it: the next delivery sees the deployment. */
static void cut_off_behind_the_restart(void **state) {
    struct fixture *f = *state;
    add_rule(f, "UpdateService", 0, FAULT_LOST_ANSWER);
    add_rule(f, "DescribeServices", 1, FAULT_500);
    assert_status(restart(f), CHANGE_FAILED);
    assert_status(again(f), CHANGE_UNCHANGED);
    assert_int_equal(f->ecs.forced, 1);
}

/* --- answers that are none --- */

static void a_hidden_failure_is_not_believed(void **state) {
    struct fixture *f = *state;
    const struct change *c = restart_with(f, -1, FAULT_HIDDEN);
    assert_status(c, CHANGE_FAILED);
    assert_says(c, ERR_BAD_RESPONSE, "");
    assert_int_equal(f->ecs.forced, 0);
}

/* The service as it was, with HTTP 200. */
static bool answer_without_deployment(void *state, struct http_exchange *exchange) {
    struct fixture *f = state;
    if (!view_equal(fake_operation(exchange), VIEW("UpdateService"))) {
        return false;
    }
    struct view service = fake_service_json(&f->ecs, &f->ecs.services[0]);
    fake_respond(exchange, 200,
                 arena_printf(&f->arena, "{\"service\":" VIEW_FMT "}", VIEW_ARG(service)));
    return true;
}

static void an_answer_without_a_deployment(void **state) {
    struct fixture *f = *state;
    f->others = answer_without_deployment;
    f->others_state = f;
    const struct change *c = restart(f);
    assert_status(c, CHANGE_FAILED);
    assert_says(c, ERR_BAD_RESPONSE,
                "UpdateService of service 'web' was answered without the new deployment");
    assert_int_equal(c->deployment_id.len + c->to_task_definition.len, 0);
}

static void what_is_refused_or_throttled(void **state) {
    static const struct {
        enum fault fault;
        enum err_code code;
        enum change_status status;
    } cases[] = {
        {FAULT_DENIED, ERR_ACCESS_DENIED, CHANGE_FAILED},
        {FAULT_PASS_ROLE, ERR_PASS_ROLE_DENIED, CHANGE_REFUSED},
        {FAULT_THROTTLED, ERR_THROTTLED, CHANGE_FAILED},
        {FAULT_NOT_SENT, ERR_AWS_UNAVAILABLE, CHANGE_FAILED},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        set_up(state);
        struct fixture *f = *state;
        const struct change *c = restart_with(f, -1, cases[i].fault);
        assert_status(c, cases[i].status);
        assert_says(c, cases[i].code, "");
        assert_int_equal(f->ecs.forced, 0);
        assert_status(again(f), CHANGE_RESTARTED);
        tear_down(state);
    }
    set_up(state);
}

/* --- time --- */

static void no_time_to_restart(void **state) {
    struct fixture *f = *state;
    f->process.budget_ms = 10000;
    add_rule(f, "DescribeServices", 0, FAULT_NONE);
    f->rules[0].takes_ms = 9300;
    const struct change *c = restart(f);
    assert_status(c, CHANGE_FAILED);
    assert_says(c, ERR_DEADLINE_EXCEEDED,
                "no time left to restart service 'web': nothing was changed");
    assert_int_equal(f->ecs.updates, 0);
    assert_status(again(f), CHANGE_RESTARTED);
}

/* Nothing is begun a second time that may not be finished. */
static void no_time_to_restart_again(void **state) {
    struct fixture *f = *state;
    f->process.budget_ms = 10000;
    add_rule(f, "UpdateService", 0, FAULT_LOST_REQUEST);
    f->rules[0].takes_ms = 9500;
    const struct change *c = restart(f);
    assert_status(c, CHANGE_FAILED);
    assert_int_equal(c->err->code, ERR_DEADLINE_EXCEEDED);
    assert_int_equal(f->seen[0], 1);
}

/* --- beside others --- */

static void beside_a_deploy(void **state) {
    struct fixture *f = *state;
    add_service(f, "web");
    add_restart(f, "web", "r", NOW_MS + 3000);
    process_add(&f->process, "web", "d", NOW_MS - 1000, "t02");
    run(f);
    assert_status(&f->process.changes[0], CHANGE_UNCHANGED);
    assert_status(&f->process.changes[1], CHANGE_DEPLOYED);
    assert_int_equal(f->ecs.updates, 1);
}

static void beside_a_deploy_that_fails(void **state) {
    struct fixture *f = *state;
    add_service(f, "web");
    fake_clock_sleep(&f->clock, 5000);
    add_restart(f, "web", "r", NOW_MS + 3000);
    process_add(&f->process, "web", "d", NOW_MS - 1000, "t02");
    add_rule(f, "UpdateService", 0, FAULT_THROTTLED);
    run(f);
    assert_status(&f->process.changes[0], CHANGE_RESTARTED);
    assert_status(&f->process.changes[1], CHANGE_FAILED);
    assert_int_equal(f->ecs.forced, 1);
}

static void beside_another_services_deploy(void **state) {
    struct fixture *f = *state;
    add_service(f, "web");
    add_service(f, "api");
    fake_clock_sleep(&f->clock, 5000);
    add_restart(f, "web", "r", NOW_MS + 3000);
    process_add(&f->process, "api", "d", NOW_MS - 1000, "t02");
    run(f);
    assert_status(&f->process.changes[0], CHANGE_RESTARTED);
    assert_status(&f->process.changes[1], CHANGE_DEPLOYED);
    assert_int_equal(f->ecs.forced, 1);
}

/* ECS goes back to the tasks from before, which do not have the new setting. */
static void beside_a_deployment_that_is_stopped(void **state) {
    struct fixture *f = *state;
    struct fake_revision *before =
        fake_add_revision(&f->ecs, process_first_request(&f->arena, "web"), 39);
    struct fake_service *service = add_service(f, "web");
    service->source = fake_arn(&f->ecs, before);
    fake_clock_sleep(&f->clock, 5000);
    add_restart(f, "web", "r", NOW_MS + 3000);
    process_add(&f->process, "web", "back", NOW_MS + 4000, "")->kind = TRIGGER_ROLLBACK;
    run(f);
    assert_status(&f->process.changes[1], CHANGE_ROLLED_BACK);
    assert_int_equal(f->ecs.stopped, 1);
    const struct change *c = &f->process.changes[0];
    assert_status(c, CHANGE_FAILED);
    assert_says(c, ERR_AWS_UNAVAILABLE, "cannot be restarted before that is over");
    assert_int_equal(f->ecs.forced, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(it_restarts),
        TEST(the_same_event_twice),
        TEST(tasks_that_are_newer),
        TEST(a_dry_run_restarts_nothing),
        TEST(many_in_one_wave),
        TEST(a_lost_answer_is_found),
        TEST(an_answer_that_cannot_be_read_is_found),
        TEST(a_lost_request_is_made_again),
        TEST(lost_twice_it_fails),
        TEST(cut_off_behind_the_restart),
        TEST(a_hidden_failure_is_not_believed),
        TEST(an_answer_without_a_deployment),
        TEST(what_is_refused_or_throttled),
        TEST(no_time_to_restart),
        TEST(no_time_to_restart_again),
        TEST(beside_a_deploy),
        TEST(beside_a_deploy_that_fails),
        TEST(beside_another_services_deploy),
        TEST(beside_a_deployment_that_is_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
