#include "tests/unit/handlers/execute_fixture.h"

/* --- all is well --- */

static void test_deploys(void **state) {
    struct fixture *f = *state;
    const struct change *c = run_one(f, "t01");
    assert_status(c, CHANGE_DEPLOYED);
    assert_runs(f, "web", 41);
    assert_view(c->to_task_definition, FAKE_ARN "task-definition/web:41");
    assert_view(c->from_task_definition, FAKE_ARN "task-definition/web:40");
    assert_view(c->deployment_id, "ecs-svc/2");
    assert_null(c->err);
    assert_int_equal(f->ecs.registers, 1);
    assert_int_equal(f->ecs.updates, 1);
    assert_int_equal(f->ecs.reads, 4); /* two before, two in the look */
    assert_int_equal(f->ecs.forced, 0);
    assert_int_equal(f->process.http.waves, 4); /* reads, register, update; and the look */
}

static void test_same_event_again_changes_nothing(void **state) {
    struct fixture *f = *state;
    run_one(f, "t01");
    process_release(&f->process);
    process_init(&f->process, &f->clock.clock);
    f->process.http.answer = answer;
    f->process.http.state = f;
    process_add(&f->process, "web", "e-1", NOW_MS - 500, "t01");
    run(f);
    assert_status(&f->process.changes[0], CHANGE_UNCHANGED);
    assert_int_equal(f->ecs.registers, 1);
    assert_int_equal(f->ecs.updates, 1);
}

/* EventBridge tells whole seconds. Of two events of one second the one that registered last
 * prevails, however often the other is delivered. */
static void test_two_events_of_one_second(void **state) {
    struct fixture *f = *state;
    run_one(f, "t01");
    process_again(f, "e-2", NOW_MS - 500, "t02");
    assert_status(&f->process.changes[0], CHANGE_DEPLOYED);
    assert_runs(f, "web", 42);
    process_again(f, "e-1", NOW_MS - 500, "t01");
    assert_status(&f->process.changes[0], CHANGE_SUPERSEDED);
    assert_runs(f, "web", 42);
    process_again(f, "e-2", NOW_MS - 500, "t02");
    assert_status(&f->process.changes[0], CHANGE_UNCHANGED);
    process_again(f, "e-3", NOW_MS - 500, "t03"); /* a third one is new */
    assert_status(&f->process.changes[0], CHANGE_DEPLOYED);
    assert_runs(f, "web", 43);
    process_again(f, "e-2", NOW_MS - 500, "t02");
    assert_status(&f->process.changes[0], CHANGE_SUPERSEDED);
    process_again(f, "e-1", NOW_MS - 500, "t01"); /* 43 came after 42, and that after 41 */
    assert_runs(f, "web", 43);
    assert_int_equal(f->ecs.registers, 3);
}

/* What cannot be read may be its own. */
static void test_an_event_of_the_same_second_that_cannot_be_read(void **state) {
    struct fixture *f = *state;
    run_one(f, "t01");
    process_again(f, "e-2", NOW_MS - 500, "t02");
    add_rule(f, "DescribeTaskDefinition", 1, FAULT_500);
    process_again(f, "e-1", NOW_MS - 500, "t01");
    assert_status(&f->process.changes[0], CHANGE_FAILED);
    assert_runs(f, "web", 42);
}

static void test_dry_run_writes_nothing(void **state) {
    struct fixture *f = *state;
    add_service(f, "web");
    process_add(&f->process, "web", "e-1", NOW_MS, "t01")->dry_run = true;
    run(f);
    const struct change *c = &f->process.changes[0];
    assert_status(c, CHANGE_PLANNED);
    assert_int_equal(c->verdict, VERDICT_DEPLOY);
    assert_true(c->n_differences > 0);
    assert_view(c->differences[0].path, "containerDefinitions[0].image");
    assert_int_equal(f->ecs.registers + f->ecs.updates, 0);
}

static void test_dry_run_of_the_environment_writes_nothing(void **state) {
    struct fixture *f = *state;
    f->process.config.dry_run = true;
    assert_status(run_one(f, "t01"), CHANGE_PLANNED);
    assert_int_equal(f->ecs.registers + f->ecs.updates, 0);
}

static void test_refused_writes_nothing(void **state) {
    struct fixture *f = *state;
    const struct change *c = run_one(f, "no1");
    assert_status(c, CHANGE_REFUSED);
    assert_says(c, ERR_IMAGE_NOT_FOUND, "no1");
    assert_int_equal(f->ecs.registers + f->ecs.updates, 0);
}

/* --- the registration --- */

static void test_lost_answer_of_register_is_found(void **state) {
    struct fixture *f = *state;
    add_rule(f, "RegisterTaskDefinition", 0, FAULT_LOST_ANSWER);
    assert_status(run_one(f, "t01"), CHANGE_DEPLOYED);
    assert_runs(f, "web", 41);
    assert_int_equal(f->ecs.registers, 1);
}

static void test_unreadable_answer_of_register_is_found(void **state) {
    struct fixture *f = *state;
    add_rule(f, "RegisterTaskDefinition", 0, FAULT_GARBAGE);
    assert_status(run_one(f, "t01"), CHANGE_DEPLOYED);
    assert_int_equal(f->ecs.registers, 1);
}

static void register_by_hand(void *state) {
    struct fixture *f = state;
    fake_add_revision(&f->ecs, process_first_request(&f->arena, "web"), 0);
}

/* Somebody registers above the revision whose answer was lost. */
static void test_lost_answer_is_found_below_the_newest(void **state) {
    struct fixture *f = *state;
    add_rule(f, "RegisterTaskDefinition", 0, FAULT_LOST_ANSWER);
    add_rule(f, "DescribeTaskDefinition", 1, FAULT_NONE);
    f->rules[1].also = register_by_hand;
    assert_status(run_one(f, "t01"), CHANGE_DEPLOYED);
    assert_runs(f, "web", 41);
    assert_int_equal(f->ecs.registers, 1);
}

static void test_lost_register_is_sent_again(void **state) {
    struct fixture *f = *state;
    add_rule(f, "RegisterTaskDefinition", 0, FAULT_LOST_REQUEST);
    assert_status(run_one(f, "t01"), CHANGE_DEPLOYED);
    assert_runs(f, "web", 41);
    assert_int_equal(f->ecs.registers, 1);
}

static void test_register_lost_twice_fails(void **state) {
    struct fixture *f = *state;
    add_rule(f, "RegisterTaskDefinition", -1, FAULT_LOST_REQUEST);
    const struct change *c = run_one(f, "t01");
    assert_status(c, CHANGE_FAILED);
    assert_int_equal(f->seen[0], 2);
    assert_int_equal(f->ecs.updates, 0);
    assert_runs(f, "web", 40);
}

/* The answer is lost and so is every look for it: nothing is sent again on a guess. */
static void test_unknown_register_is_not_sent_again(void **state) {
    struct fixture *f = *state;
    add_rule(f, "RegisterTaskDefinition", 0, FAULT_LOST_ANSWER);
    add_rule(f, "DescribeTaskDefinition", 1, FAULT_500);
    add_rule(f, "DescribeTaskDefinition", 2, FAULT_500);
    const struct change *c = run_one(f, "t01");
    assert_status(c, CHANGE_FAILED);
    assert_says(c, ERR_AWS_UNAVAILABLE, "whether the revision was registered is not known");
    assert_int_equal(f->ecs.registers, 1);
    assert_int_equal(f->ecs.updates, 0);
}

static void test_register_refused(void **state) {
    struct fixture *f = *state;
    add_rule(f, "RegisterTaskDefinition", 0, FAULT_PASS_ROLE);
    const struct change *c = run_one(f, "t01");
    assert_status(c, CHANGE_REFUSED);
    assert_says(c, ERR_PASS_ROLE_DENIED, "role/task");
    assert_int_equal(f->ecs.updates, 0);
}

static void test_register_invalid_fails(void **state) {
    struct fixture *f = *state;
    add_rule(f, "RegisterTaskDefinition", 0, FAULT_INVALID);
    assert_status(run_one(f, "t01"), CHANGE_FAILED);
    assert_int_equal(f->seen[0], 1);
    assert_int_equal(f->ecs.updates, 0);
}

/* --- the update --- */

static void test_update_refused_names_the_revision(void **state) {
    struct fixture *f = *state;
    add_rule(f, "UpdateService", 0, FAULT_PASS_ROLE);
    const struct change *c = run_one(f, "t01");
    assert_status(c, CHANGE_REFUSED);
    assert_says(c, ERR_PASS_ROLE_DENIED,
                "revision 'web:41' is registered, and only this event, delivered again, uses it");
    assert_runs(f, "web", 40);
}

/* And so it does. */
static void test_next_attempt_uses_it(void **state) {
    struct fixture *f = *state;
    add_rule(f, "UpdateService", 0, FAULT_DENIED);
    const struct change *c = run_one(f, "t01");
    assert_status(c, CHANGE_FAILED);
    assert_says(c, ERR_ACCESS_DENIED, "revision 'web:41' is registered");
    process_release(&f->process);
    process_init(&f->process, &f->clock.clock);
    f->process.http.answer = answer;
    f->process.http.state = f;
    process_add(&f->process, "web", "e-1", NOW_MS - 500, "t01");
    run(f);
    c = &f->process.changes[0];
    assert_status(c, CHANGE_DEPLOYED);
    assert_runs(f, "web", 41);
    assert_int_equal(f->ecs.registers, 1);
    assert_view(c->tag, "t01");
}

static void test_lost_answer_of_update_is_seen_in_the_look(void **state) {
    struct fixture *f = *state;
    add_rule(f, "UpdateService", 0, FAULT_LOST_ANSWER);
    const struct change *c = run_one(f, "t01");
    assert_status(c, CHANGE_DEPLOYED);
    assert_view(c->deployment_id, "ecs-svc/2");
    assert_int_equal(f->ecs.updates, 1);
}

static void test_lost_update_fails(void **state) {
    struct fixture *f = *state;
    add_rule(f, "UpdateService", 0, FAULT_LOST_REQUEST);
    const struct change *c = run_one(f, "t01");
    assert_status(c, CHANGE_FAILED);
    assert_says(c, ERR_AWS_UNAVAILABLE, "revision 'web:41' is registered");
    assert_runs(f, "web", 40);
}

static void test_hidden_failure_of_update_is_not_believed(void **state) {
    struct fixture *f = *state;
    add_rule(f, "UpdateService", 0, FAULT_HIDDEN);
    const struct change *c = run_one(f, "t01");
    assert_status(c, CHANGE_FAILED);
    assert_says(c, ERR_BAD_RESPONSE, "web:41");
    assert_runs(f, "web", 40);
}

/* --- time --- */

static void test_no_time_to_register(void **state) {
    struct fixture *f = *state;
    add_rule(f, "DescribeServices", 0, FAULT_NONE);
    f->rules[0].takes_ms = 59000;
    const struct change *c = run_one(f, "t01");
    assert_status(c, CHANGE_FAILED);
    assert_says(c, ERR_DEADLINE_EXCEEDED, "nothing was changed");
    assert_int_equal(f->ecs.registers + f->ecs.updates, 0);
}

static void test_no_time_to_update(void **state) {
    struct fixture *f = *state;
    f->process.budget_ms = 10000;
    add_rule(f, "RegisterTaskDefinition", 0, FAULT_NONE);
    f->rules[0].takes_ms = 9300;
    const struct change *c = run_one(f, "t01");
    assert_status(c, CHANGE_FAILED);
    assert_says(c, ERR_DEADLINE_EXCEEDED,
                "still runs 'web:40'; revision 'web:41' is registered, and only this event, "
                "delivered again, uses it");
    assert_int_equal(f->ecs.updates, 0);
}

static void test_no_time_to_look(void **state) {
    struct fixture *f = *state;
    f->process.budget_ms = 10000;
    add_rule(f, "UpdateService", 0, FAULT_NONE);
    f->rules[0].takes_ms = 9800;
    const struct change *c = run_one(f, "t01");
    assert_status(c, CHANGE_FAILED);
    assert_says(c, ERR_DEADLINE_EXCEEDED,
                "ECS accepted 'web:41' for service 'web', and the next attempt looks");
    assert_int_equal(f->ecs.updates, 1);
}

/* --- memory --- */

/* Whatever the arena has room for: no crash, and ERR_OUT_OF_MEMORY or the deploy. */
static void test_out_of_memory_is_an_error(void **state) {
    struct fixture *f = *state;
    bool succeeded = false;
    size_t tries = 0;
    for (size_t limit = 1000; limit < 4 * 1024 * 1024 && !succeeded; limit += 8191) {
        tear_down(state);
        set_up(state);
        add_service(f, "web");
        process_add(&f->process, "web", "e-1", NOW_MS - 500, "t01");
        f->process.arena.limit_bytes = limit;
        struct err err;
        err_init(&err);
        if (process_run(&f->process, &err) != 0) {
            assert_int_equal(err.code, ERR_OUT_OF_MEMORY);
        } else {
            succeeded = f->process.changes[0].status == CHANGE_DEPLOYED;
        }
        tries++;
    }
    assert_true(succeeded);
    assert_true(tries > 5);
}

int main(void) {
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_deploys),
        TEST(test_same_event_again_changes_nothing),
        TEST(test_two_events_of_one_second),
        TEST(test_an_event_of_the_same_second_that_cannot_be_read),
        TEST(test_dry_run_writes_nothing),
        TEST(test_dry_run_of_the_environment_writes_nothing),
        TEST(test_refused_writes_nothing),
        TEST(test_lost_answer_of_register_is_found),
        TEST(test_unreadable_answer_of_register_is_found),
        TEST(test_lost_answer_is_found_below_the_newest),
        TEST(test_lost_register_is_sent_again),
        TEST(test_register_lost_twice_fails),
        TEST(test_unknown_register_is_not_sent_again),
        TEST(test_register_refused),
        TEST(test_register_invalid_fails),
        TEST(test_update_refused_names_the_revision),
        TEST(test_next_attempt_uses_it),
        TEST(test_lost_answer_of_update_is_seen_in_the_look),
        TEST(test_lost_update_fails),
        TEST(test_hidden_failure_of_update_is_not_believed),
        TEST(test_no_time_to_register),
        TEST(test_no_time_to_update),
        TEST(test_no_time_to_look),
        TEST(test_out_of_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
