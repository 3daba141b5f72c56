#include "tests/unit/handlers/execute_fixture.h"

/* Rollbacks, carried out: revision 38 completed, 39 did not, and 40 runs since half an hour ago. */

#define DIGEST "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcd38"

static struct fake_revision *add(struct fixture *f, const char *family, int64_t number,
                                 const char *completed) {
    struct view request = arena_printf(
        &f->arena,
        "{\"family\":\"%s\",\"containerDefinitions\":[{\"name\":\"app\",\"image\":\"" FAKE_REPO
        "@" DIGEST "\",\"cpu\":0}]}",
        family);
    struct fake_revision *revision = fake_add_revision(&f->ecs, request, number);
    fake_put_tag(&f->ecs, revision, VIEW("slipway:event-id"),
                 arena_printf(&f->arena, "past-%lld", (long long)number));
    fake_put_tag(&f->ecs, revision, VIEW("slipway:event-time"), VIEW("2025-10-09T08:00:00Z"));
    fake_put_tag(&f->ecs, revision, VIEW("slipway:digest"), VIEW(DIGEST));
    if (completed) {
        fake_put_tag(&f->ecs, revision, VIEW("slipway:completed"), view_of(completed));
    }
    return revision;
}

static struct fake_service *add_past(struct fixture *f, const char *name) {
    f->clock.wall_ms = NOW_MS - 1800000;
    add(f, name, 38, "2025-10-09T08:04:00Z");
    add(f, name, 39, NULL);
    struct fake_service *service = fake_add_service(&f->ecs, view_of(name), add(f, name, 40, NULL));
    f->clock.wall_ms = NOW_MS;
    return service;
}

static struct trigger *add_rollback(struct fixture *f, const char *name, const char *id) {
    struct trigger *trigger = process_add(&f->process, name, id, NOW_MS - 500, "");
    trigger->kind = TRIGGER_ROLLBACK;
    return trigger;
}

static const struct change *roll_back(struct fixture *f) {
    add_past(f, "web");
    add_rollback(f, "web", "back");
    run(f);
    return &f->process.changes[0];
}

static void assert_traced(struct fixture *f, const char *name, const char *id) {
    struct fake_revision *r = fake_find(&f->ecs, view_of(name));
    char want[80];
    snprintf(want, sizeof(want), "\"slipway:event-id\",\"value\":\"%s\"", id);
    assert_non_null(strstr(arena_printf(&f->arena, VIEW_FMT, VIEW_ARG(r->tags)).data, want));
}

static void test_to_the_last_completed(void **state) {
    struct fixture *f = *state;
    const struct change *c = roll_back(f);
    assert_status(c, CHANGE_ROLLED_BACK);
    assert_view(c->to_task_definition, FAKE_ARN "task-definition/web:38");
    assert_view(c->deployment_id, "ecs-svc/2");
    assert_runs(f, "web", 38);
    assert_traced(f, "web:38", "back");
    assert_int_equal(f->ecs.registers, 0);
    assert_int_equal(f->ecs.updates, 1);
    assert_int_equal(f->ecs.tagged, 1);
}

/* The same event, a newer one, an older deploy. */
static void test_what_comes_afterwards(void **state) {
    struct fixture *f = *state;
    (void)roll_back(f);
    f->process.n = 0;
    add_rollback(f, "web", "back");
    run(f);
    assert_status(&f->process.changes[0], CHANGE_UNCHANGED);
    process_again(f, "older", NOW_MS - 2000, "t01");
    assert_status(&f->process.changes[0], CHANGE_SUPERSEDED);
    assert_runs(f, "web", 38);
    assert_int_equal(f->ecs.updates, 1);
    process_again(f, "newer", NOW_MS + 2000, "t02");
    assert_status(&f->process.changes[0], CHANGE_DEPLOYED);
    assert_runs(f, "web", 41);
}

/* At night, without the permission to tag: back all the same, and not twice. */
static void test_without_a_trace(void **state) {
    struct fixture *f = *state;
    f->ecs.denies_tagging = true;
    const struct change *c = roll_back(f);
    assert_status(c, CHANGE_ROLLED_BACK);
    assert_runs(f, "web", 38);
    assert_non_null(strstr(c->note.data, "'web:38' could not be tagged with the event"));
    add(f, "web", 37, "2025-10-09T07:04:00Z");
    f->process.n = 0;
    add_rollback(f, "web", "back");
    run(f);
    assert_status(&f->process.changes[0], CHANGE_SUPERSEDED);
    assert_runs(f, "web", 38);
    assert_int_equal(f->ecs.updates, 1);
}

static void test_lost_tagging_does_not_stop_it(void **state) {
    struct fixture *f = *state;
    add_rule(f, "TagResource", -1, FAULT_LOST_REQUEST);
    const struct change *c = roll_back(f);
    assert_status(c, CHANGE_ROLLED_BACK);
    assert_true(c->note.len > 0);
}

static void test_refused_update(void **state) {
    struct fixture *f = *state;
    add_rule(f, "UpdateService", -1, FAULT_PASS_ROLE);
    const struct change *c = roll_back(f);
    assert_status(c, CHANGE_REFUSED);
    assert_runs(f, "web", 40);
}

/* Killed between its tagging and its update, while a tag of the past stays: the retry takes it. */
static void test_cut_off_behind_the_trace(void **state) {
    struct fixture *f = *state;
    add_rule(f, "UpdateService", 0, FAULT_NOT_SENT);
    assert_status(roll_back(f), CHANGE_FAILED);
    assert_traced(f, "web:38", "back");
    add(f, "web", 37, "2025-10-09T07:04:00Z");
    fake_put_tag(&f->ecs, fake_find(&f->ecs, VIEW("web:39")), VIEW("slipway:completed"), VIEW("x"));
    f->process.n = 0;
    add_rollback(f, "web", "back");
    run(f);
    assert_status(&f->process.changes[0], CHANGE_ROLLED_BACK);
    assert_runs(f, "web", 38);
}

/* --- in progress --- */

static struct fake_service *begin_in_progress(struct fixture *f) {
    struct fake_service *service = add_past(f, "web");
    service->source = VIEW(FAKE_ARN "task-definition/web:39");
    add_rollback(f, "web", "back");
    return service;
}

static void test_what_is_in_progress_is_stopped(void **state) {
    struct fixture *f = *state;
    (void)begin_in_progress(f);
    run(f);
    const struct change *c = &f->process.changes[0];
    assert_status(c, CHANGE_ROLLED_BACK);
    assert_view(c->to_task_definition, FAKE_ARN "task-definition/web:39");
    assert_int_equal(f->ecs.stopped, 1);
    assert_int_equal(f->ecs.updates, 0);
    assert_traced(f, "web:39", "back");
}

static void test_stopped_without_a_trace(void **state) {
    struct fixture *f = *state;
    f->ecs.denies_tagging = true;
    (void)begin_in_progress(f);
    run(f);
    assert_non_null(strstr(f->process.changes[0].note.data, "was still in progress"));
    assert_non_null(strstr(f->process.changes[0].note.data, "could not be tagged"));
}

static void test_what_cannot_be_stopped_is_updated(void **state) {
    struct fixture *f = *state;
    static const char *const answers[] = {"ConflictException", "ServiceDeploymentNotFoundException",
                                          "UnsupportedFeatureException", "AccessDeniedException"};
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        if (i > 0) {
            (void)tear_down(state);
            (void)set_up(state);
        }
        f->ecs.stop_answer = answers[i];
        (void)begin_in_progress(f);
        run(f);
        assert_status(&f->process.changes[0], CHANGE_ROLLED_BACK);
        assert_int_equal(f->ecs.updates, 1);
        assert_runs(f, "web", 39);
    }
}

static void test_failure_to_stop_is_retried(void **state) {
    struct fixture *f = *state;
    (void)begin_in_progress(f);
    add_rule(f, "StopServiceDeployment", -1, FAULT_500);
    run(f);
    assert_status(&f->process.changes[0], CHANGE_FAILED);
    assert_int_equal(f->ecs.updates, 0);
}

/* --- several --- */

static void test_many_take_as_many_waves_as_one(void **state) {
    struct fixture *f = *state;
    static char names[15][8];
    (void)roll_back(f);
    size_t waves = f->process.http.waves;
    f->process.n = 0;
    for (size_t i = 0; i < 15; i++) {
        snprintf(names[i], sizeof(names[i]), "s%zu", i);
        add_past(f, names[i]);
        add_rollback(f, names[i], names[i]);
    }
    run(f);
    for (size_t i = 0; i < 15; i++) {
        assert_status(&f->process.changes[i], CHANGE_ROLLED_BACK);
        assert_runs(f, names[i], 38);
    }
    assert_int_equal(f->process.http.waves, 2 * waves);
}

/* Registrations beyond the burst wait, and what is ready is updated meanwhile: not without its
 * trace. */
static void test_traced_before_any_update(void **state) {
    struct fixture *f = *state;
    static char names[25][8];
    for (size_t i = 0; i < 25; i++) {
        snprintf(names[i], sizeof(names[i]), "s%zu", i);
        add_service(f, names[i]);
        process_add(&f->process, names[i], names[i], NOW_MS - 500, "t01");
    }
    add_past(f, "web");
    add_rollback(f, "web", "back");
    add_rule(f, "TagResource", 0, FAULT_NOT_SENT);
    run(f);
    assert_status(&f->process.changes[25], CHANGE_ROLLED_BACK);
    assert_true(f->process.changes[25].note.len > 0); /* it was tried, and before the update */
    assert_runs(f, "web", 38);
}

static void test_no_time_writes_nothing(void **state) {
    struct fixture *f = *state;
    add_past(f, "web");
    add_rollback(f, "web", "back");
    f->process.budget_ms = 700;
    run(f);
    assert_status(&f->process.changes[0], CHANGE_FAILED);
    assert_int_equal(f->ecs.tagged, 0);
    assert_runs(f, "web", 40);
}

static void test_dry_run_writes_nothing(void **state) {
    struct fixture *f = *state;
    add_past(f, "web");
    add_rollback(f, "web", "back")->dry_run = true;
    run(f);
    assert_status(&f->process.changes[0], CHANGE_PLANNED);
    assert_int_equal(f->ecs.tagged + f->ecs.updates, 0);
}

static void test_out_of_memory_is_an_error(void **state) {
    struct fixture *f = *state;
    bool succeeded = false;
    for (size_t limit = 4096; limit < 4 * 1024 * 1024 && !succeeded; limit += 4099) {
        struct err err;
        (void)tear_down(state);
        (void)set_up(state);
        (void)begin_in_progress(f);
        f->process.arena.limit_bytes = limit;
        err_init(&err);
        succeeded = process_run(&f->process, &err) == 0 &&
                    f->process.changes[0].status == CHANGE_ROLLED_BACK;
        if (!succeeded && err_is_set(&err)) {
            assert_int_equal(err.code, ERR_OUT_OF_MEMORY);
        }
    }
    assert_true(succeeded);
}

int main(void) {
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_to_the_last_completed),
        TEST(test_what_comes_afterwards),
        TEST(test_without_a_trace),
        TEST(test_lost_tagging_does_not_stop_it),
        TEST(test_refused_update),
        TEST(test_cut_off_behind_the_trace),
        TEST(test_what_is_in_progress_is_stopped),
        TEST(test_stopped_without_a_trace),
        TEST(test_what_cannot_be_stopped_is_updated),
        TEST(test_failure_to_stop_is_retried),
        TEST(test_many_take_as_many_waves_as_one),
        TEST(test_traced_before_any_update),
        TEST(test_no_time_writes_nothing),
        TEST(test_dry_run_writes_nothing),
        TEST(test_out_of_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
