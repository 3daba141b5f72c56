/*
 * A rollback of what is still in progress: ECS is told to stop it and to go back, once. Revision 38
 * completed, 39 ran when the deploy of 40 began, which is in progress.
 */

#include "tests/unit/handlers/execute_fixture.h"

static struct fake_revision *add_past(struct fixture *f, const char *family, int64_t number,
                                      const char *completed) {
    struct fake_revision *r =
        fake_add_revision(&f->ecs, process_first_request(&f->arena, family), number);
    fake_put_tag(&f->ecs, r, VIEW("slipway:event-id"),
                 arena_printf(&f->arena, "past-%lld", (long long)number));
    fake_put_tag(&f->ecs, r, VIEW("slipway:event-time"), VIEW("2025-10-09T08:00:00Z"));
    if (completed) {
        fake_put_tag(&f->ecs, r, VIEW("slipway:completed"), view_of(completed));
    }
    return r;
}

static void begin_in_progress(struct fixture *f, const char *name) {
    f->clock.wall_ms = NOW_MS - 1800000;
    add_past(f, name, 38, "2025-10-09T08:04:00Z");
    add_past(f, name, 39, NULL);
    struct fake_service *service =
        fake_add_service(&f->ecs, view_of(name), add_past(f, name, 40, NULL));
    service->source = arena_printf(&f->arena, FAKE_ARN "task-definition/%s:39", name);
    f->clock.wall_ms = NOW_MS;
}

static const struct change *roll_back(struct fixture *f) {
    f->process.n = 0;
    process_add(&f->process, "web", "back", NOW_MS - 500, "")->kind = TRIGGER_ROLLBACK;
    run(f);
    return &f->process.changes[0];
}

/* The answer is lost, and ECS goes back: the retry must not go back further. */
static void a_lost_answer(void **state) {
    struct fixture *f = *state;
    begin_in_progress(f, "web");
    add_rule(f, "StopServiceDeployment", 0, FAULT_LOST_ANSWER);
    assert_status(roll_back(f), CHANGE_FAILED);
    assert_runs(f, "web", 39);
    const struct change *c = roll_back(f);
    assert_status(c, CHANGE_UNCHANGED);
    assert_runs(f, "web", 39);
    assert_int_equal(f->ecs.stopped, 1);
    assert_int_equal(f->ecs.updates, 0);
}

/* The same without the permission to leave a trace. */
static void a_lost_answer_without_a_trace(void **state) {
    struct fixture *f = *state;
    f->ecs.denies_tagging = true;
    begin_in_progress(f, "web");
    add_rule(f, "StopServiceDeployment", 0, FAULT_LOST_ANSWER);
    assert_status(roll_back(f), CHANGE_FAILED);
    assert_status(roll_back(f), CHANGE_SUPERSEDED);
    assert_runs(f, "web", 39);
    assert_int_equal(f->ecs.stopped, 1);
    assert_int_equal(f->ecs.updates, 0);
}

static void a_lost_request(void **state) {
    struct fixture *f = *state;
    begin_in_progress(f, "web");
    add_rule(f, "StopServiceDeployment", 0, FAULT_LOST_REQUEST);
    assert_status(roll_back(f), CHANGE_FAILED);
    assert_runs(f, "web", 40);
    f->n_rules = 0;
    assert_status(roll_back(f), CHANGE_ROLLED_BACK);
    assert_runs(f, "web", 39);
}

static void ends_meanwhile(void *state) {
    struct fixture *f = state;
    f->ecs.stop_answer = "ConflictException";
    f->ecs.services[0].source = (struct view){0};
}

/* It was over when it was to be stopped: the service is updated, to the revision that was chosen.
 */
static void it_is_over_already(void **state) {
    struct fixture *f = *state;
    begin_in_progress(f, "web");
    add_rule(f, "StopServiceDeployment", 0, FAULT_NONE);
    f->rules[0].also = ends_meanwhile;
    const struct change *c = roll_back(f);
    assert_status(c, CHANGE_ROLLED_BACK);
    assert_view(c->to_task_definition, FAKE_ARN "task-definition/web:39");
    assert_true(c->deployment_id.len > 0);
    assert_int_equal(f->ecs.stopped, 0);
    assert_int_equal(f->ecs.updates, 1);
    assert_runs(f, "web", 39);
}

static void newer_event_deploys(void *state) {
    struct fixture *f = state;
    struct fake_service *service = &f->ecs.services[0];
    struct fake_revision *r = add_past(f, "web", 0, NULL);
    fake_put_tag(&f->ecs, r, VIEW("slipway:event-id"), VIEW("newer"));
    fake_put_tag(&f->ecs, r, VIEW("slipway:event-time"), VIEW("2025-10-09T08:53:20Z"));
    fake_deploy(&f->ecs, service, fake_arn(&f->ecs, r));
}

/* What is in progress by the time that the deployments are listed is a newer event's, which came
 * after the rollback had read what runs: it is left alone. */
static void a_newer_deployment_is_not_stopped(void **state) {
    struct fixture *f = *state;
    begin_in_progress(f, "web");
    add_rule(f, "ListServiceDeployments", 0, FAULT_NONE);
    f->rules[0].also = newer_event_deploys;
    const struct change *c = roll_back(f);
    assert_int_equal(f->ecs.stopped, 0);
    assert_status(c, CHANGE_SUPERSEDED);
    assert_view(c->to_task_definition, FAKE_ARN "task-definition/web:41");
    assert_runs(f, "web", 41);
}

/* And if the update fails then, it is told, and the retry goes on. */
static void it_is_over_and_the_update_fails(void **state) {
    struct fixture *f = *state;
    begin_in_progress(f, "web");
    add_rule(f, "StopServiceDeployment", 0, FAULT_NONE);
    f->rules[0].also = ends_meanwhile;
    add_rule(f, "UpdateService", 0, FAULT_500);
    assert_status(roll_back(f), CHANGE_FAILED);
    assert_runs(f, "web", 40);
    assert_status(roll_back(f), CHANGE_ROLLED_BACK);
    assert_runs(f, "web", 39); /* as chosen at first, though nothing is in progress any more */
}

static void throttled(void **state) {
    struct fixture *f = *state;
    begin_in_progress(f, "web");
    add_rule(f, "StopServiceDeployment", 0, FAULT_THROTTLED);
    const struct change *c = roll_back(f);
    assert_status(c, CHANGE_FAILED);
    assert_int_equal(c->err->code, ERR_THROTTLED);
    assert_int_equal(f->ecs.updates, 0);
    assert_status(roll_back(f), CHANGE_ROLLED_BACK);
}

static void no_time_to_stop(void **state) {
    struct fixture *f = *state;
    begin_in_progress(f, "web");
    add_rule(f, "DescribeServiceRevisions", -1, FAULT_NONE);
    f->rules[0].takes_ms = 59500;
    const struct change *c = roll_back(f);
    assert_status(c, CHANGE_FAILED);
    assert_says(c, ERR_DEADLINE_EXCEEDED, "no time left to stop deployment '");
    assert_int_equal(f->ecs.stopped + f->ecs.updates, 0);
    assert_runs(f, "web", 40);
    f->n_rules = 0;
    assert_status(roll_back(f), CHANGE_ROLLED_BACK);
    assert_runs(f, "web", 39);
}

static void a_dry_run_stops_nothing(void **state) {
    struct fixture *f = *state;
    begin_in_progress(f, "web");
    f->process.config.dry_run = true;
    assert_status(roll_back(f), CHANGE_PLANNED);
    assert_int_equal(f->ecs.stopped + f->ecs.updates + f->ecs.tagged, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_lost_answer),
        TEST(a_lost_answer_without_a_trace),
        TEST(a_lost_request),
        TEST(it_is_over_already),
        TEST(throttled),
        TEST(it_is_over_and_the_update_fails),
        TEST(no_time_to_stop),
        TEST(a_dry_run_stops_nothing),
        TEST(a_newer_deployment_is_not_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
