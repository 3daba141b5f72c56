#include "tests/unit/handlers/execute_fixture.h"

/* Several changes in one payload. */

static void test_many_targets_take_as_many_waves_as_one(void **state) {
    struct fixture *f = *state;
    static char names[PROCESS_MAX_CHANGES][8];
    for (size_t i = 0; i < 15; i++) {
        snprintf(names[i], sizeof(names[i]), "s%zu", i);
        add_service(f, names[i]);
        process_add(&f->process, names[i], names[i], NOW_MS - 500, "t01");
    }
    run(f);
    for (size_t i = 0; i < 15; i++) {
        assert_status(&f->process.changes[i], CHANGE_DEPLOYED);
        assert_runs(f, names[i], 41);
    }
    assert_int_equal(f->ecs.reads, 2 * (15 + 2)); /* fifteen families, services in two calls */
    assert_int_equal(f->process.http.waves, 4);
    assert_int_equal(f->clock.slept_ms, 0);
}

static void test_registrations_beyond_the_burst_are_paced(void **state) {
    struct fixture *f = *state;
    static char names[PROCESS_MAX_CHANGES][8];
    for (size_t i = 0; i < 25; i++) {
        snprintf(names[i], sizeof(names[i]), "s%zu", i);
        add_service(f, names[i]);
        process_add(&f->process, names[i], names[i], NOW_MS - 500, "t01");
    }
    run(f);
    for (size_t i = 0; i < 25; i++) {
        assert_status(&f->process.changes[i], CHANGE_DEPLOYED);
    }
    assert_int_equal(f->clock.slept_ms, 5000);
    assert_int_equal(f->ecs.registers, 25);
    assert_int_equal(f->ecs.updates, 25);
    /* what has its revision does not wait for the others */
    for (size_t i = 0; i < 25; i++) {
        const struct fake_service *service = fake_service_of(&f->ecs, view_of(names[i]));
        int64_t waited_s = i < 20 ? 0 : (int64_t)i - 19;
        assert_int_equal(service->deployments[1].created_at_s, NOW_MS / 1000 + waited_s);
    }
}

/* Registrations without an answer are looked for behind the others, which do not wait either. */
static void test_doubts_beyond_the_burst(void **state) {
    struct fixture *f = *state;
    static char names[PROCESS_MAX_CHANGES][8];
    add_rule(f, "RegisterTaskDefinition", 0, FAULT_LOST_REQUEST);
    add_rule(f, "RegisterTaskDefinition", 21, FAULT_LOST_ANSWER);
    for (size_t i = 0; i < 23; i++) {
        snprintf(names[i], sizeof(names[i]), "s%zu", i);
        add_service(f, names[i]);
        process_add(&f->process, names[i], names[i], NOW_MS - 500, "t01");
    }
    run(f);
    for (size_t i = 0; i < 23; i++) {
        assert_status(&f->process.changes[i], CHANGE_DEPLOYED);
        assert_runs(f, names[i], 41);
    }
    assert_int_equal(f->ecs.registers, 23);
    assert_int_equal(f->ecs.updates, 23);
}

/* What finds no time is told so; what has been registered is updated all the same. */
static void test_pacing_ends_in_time_for_the_updates(void **state) {
    struct fixture *f = *state;
    static char names[PROCESS_MAX_CHANGES][8];
    f->process.budget_ms = 4000;
    for (size_t i = 0; i < 25; i++) {
        snprintf(names[i], sizeof(names[i]), "s%zu", i);
        add_service(f, names[i]);
        process_add(&f->process, names[i], names[i], NOW_MS - 500, "t01");
    }
    run(f);
    for (size_t i = 0; i < 25; i++) {
        bool in_time = i < 22;
        assert_status(&f->process.changes[i], in_time ? CHANGE_DEPLOYED : CHANGE_FAILED);
        assert_runs(f, names[i], in_time ? 41 : 40);
    }
    assert_int_equal(f->ecs.registers, 22);
}

static void test_newest_of_one_payload_wins(void **state) {
    struct fixture *f = *state;
    add_service(f, "web");
    process_add(&f->process, "web", "old", NOW_MS - 2000, "t01");
    process_add(&f->process, "web", "new", NOW_MS - 1000, "t02");
    process_add(&f->process, "web", "new", NOW_MS - 1000, "t02");
    process_add(&f->process, "web", "bad", NOW_MS, "no1");
    run(f);
    assert_status(&f->process.changes[0], CHANGE_SUPERSEDED);
    assert_status(&f->process.changes[1], CHANGE_DEPLOYED);
    assert_status(&f->process.changes[2], CHANGE_UNCHANGED);
    assert_status(&f->process.changes[3], CHANGE_REFUSED);
    assert_int_equal(f->ecs.registers, 1);
    assert_int_equal(f->ecs.updates, 1);
}

static void test_restart_beside_a_deploy_is_covered_by_it(void **state) {
    struct fixture *f = *state;
    add_service(f, "web");
    process_add(&f->process, "web", "r", NOW_MS + 3000, "");
    process_add(&f->process, "web", "d", NOW_MS - 1000, "t02");
    run(f);
    assert_status(&f->process.changes[0], CHANGE_UNCHANGED);
    assert_status(&f->process.changes[1], CHANGE_DEPLOYED);
    assert_int_equal(f->ecs.updates, 1);
}

static void test_restart_beside_a_refused_deploy_is_made(void **state) {
    struct fixture *f = *state;
    add_service(f, "web");
    process_add(&f->process, "web", "r", NOW_MS + 3000, "");
    process_add(&f->process, "web", "r2", NOW_MS + 3000, "");
    process_add(&f->process, "web", "d", NOW_MS - 1000, "no1");
    run(f);
    assert_status(&f->process.changes[0], CHANGE_RESTARTED);
    assert_status(&f->process.changes[1], CHANGE_UNCHANGED);
    assert_status(&f->process.changes[2], CHANGE_REFUSED);
    assert_int_equal(f->ecs.forced, 1);
}

/* One that fails does not take the others with it. */
static void test_failures_stay_apart(void **state) {
    struct fixture *f = *state;
    add_service(f, "a");
    add_service(f, "b");
    process_add(&f->process, "a", "1", NOW_MS - 500, "t01");
    process_add(&f->process, "b", "2", NOW_MS - 500, "t01");
    add_rule(f, "UpdateService", 0, FAULT_DENIED);
    run(f);
    assert_status(&f->process.changes[0], CHANGE_FAILED);
    assert_status(&f->process.changes[1], CHANGE_DEPLOYED);
    assert_runs(f, "b", 41);
}

int main(void) {
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_many_targets_take_as_many_waves_as_one),
        TEST(test_registrations_beyond_the_burst_are_paced),
        TEST(test_doubts_beyond_the_burst),
        TEST(test_pacing_ends_in_time_for_the_updates),
        TEST(test_newest_of_one_payload_wins),
        TEST(test_restart_beside_a_deploy_is_covered_by_it),
        TEST(test_restart_beside_a_refused_deploy_is_made),
        TEST(test_failures_stay_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
