#include "tests/unit/handlers/execute_fixture.h"

/* --- the look --- */

/* An older event's update may have been the last: that nobody saw is for the retry to mend. */
static void test_failed_look_is_for_the_retry(void **state) {
    struct fixture *f = *state;
    add_rule(f, "DescribeServices", 1, FAULT_500);
    const struct change *c = run_one(f, "t01");
    assert_status(c, CHANGE_FAILED);
    assert_says(c, ERR_AWS_UNAVAILABLE,
                "ECS accepted 'web:41' for service 'web', and the next attempt looks");
    assert_int_equal(f->ecs.updates, 1);
}

static void test_update_without_answer_and_look_fails(void **state) {
    struct fixture *f = *state;
    add_rule(f, "UpdateService", 0, FAULT_LOST_ANSWER);
    add_rule(f, "DescribeServices", 1, FAULT_500);
    assert_status(run_one(f, "t01"), CHANGE_FAILED);
}

static void deploy_by_hand(void *state) {
    struct fixture *f = state;
    struct fake_revision *r =
        fake_add_revision(&f->ecs, process_first_request(&f->arena, "web"), 0);
    fake_deploy(&f->ecs, fake_service_of(&f->ecs, VIEW("web")), fake_arn(&f->ecs, r));
}

/* Somebody deploys by hand between our update and our look: that stays, and is told. */
static void test_deploy_by_hand_stays(void **state) {
    struct fixture *f = *state;
    add_rule(f, "DescribeServices", 1, FAULT_NONE);
    f->rules[0].also = deploy_by_hand;
    const struct change *c = run_one(f, "t01");
    assert_status(c, CHANGE_SUPERSEDED);
    assert_view(c->to_task_definition, FAKE_ARN "task-definition/web:42");
    assert_int_equal(c->tag.len, 0);
    assert_runs(f, "web", 42);
    assert_int_equal(f->ecs.updates, 1);
}

static void roll_back_by_hand(void *state) {
    struct fixture *f = state;
    fake_deploy(&f->ecs, fake_service_of(&f->ecs, VIEW("web")),
                VIEW(FAKE_ARN "task-definition/web:40"));
}

static void test_rollback_by_hand_stays(void **state) {
    struct fixture *f = *state;
    add_rule(f, "DescribeServices", 1, FAULT_NONE);
    f->rules[0].also = roll_back_by_hand;
    const struct change *c = run_one(f, "t01");
    assert_status(c, CHANGE_SUPERSEDED);
    assert_runs(f, "web", 40);
    assert_int_equal(f->ecs.updates, 1);
}

static void register_newer_event(void *state) {
    struct fixture *f = state;
    fake_add_revision(
        &f->ecs,
        VIEW(
            "{\"family\":\"web\",\"containerDefinitions\":[{\"name\":\"app\",\"image\":\"" FAKE_REPO
            ":x\"}],\"tags\":[{\"key\":\"slipway:event-id\",\"value\":\"newer\"},{\"key\":"
            "\"slipway:event-time\",\"value\":\"2030-01-01T00:00:00Z\"},{\"key\":"
            "\"slipway:image-tag\",\"value\":\"t99\"}]}"),
        0);
}

static void test_newer_event_is_given_the_service(void **state) {
    struct fixture *f = *state;
    add_rule(f, "UpdateService", 0, FAULT_NONE);
    f->rules[0].also = register_newer_event;
    const struct change *c = run_one(f, "t01");
    assert_status(c, CHANGE_SUPERSEDED);
    assert_runs(f, "web", 42);
    assert_view(c->to_task_definition, FAKE_ARN "task-definition/web:42");
    assert_view(c->tag, "t99");
    assert_int_equal(f->ecs.updates, 2);
}

/* Two services with one family: a revision of the other's event is not for this one. */
static void test_shared_family_is_left_alone(void **state) {
    struct fixture *f = *state;
    static struct service_entry entries[] = {{.task_family = {"web", 3}},
                                             {.task_family = {"web", 3}}};
    f->process.config.services = entries;
    f->process.config.n_services = 2;
    add_rule(f, "UpdateService", 0, FAULT_NONE);
    f->rules[0].also = register_newer_event;
    assert_status(run_one(f, "t01"), CHANGE_DEPLOYED);
    assert_runs(f, "web", 41);
    assert_int_equal(f->ecs.updates, 1);
}

/* Two containers of one service, each with an entry of its own: the older event must not say that
 * its image runs where the newer one's revision comes next. */
static void test_two_entries_of_one_service(void **state) {
    struct fixture *f = *state;
    static struct service_entry entries[] = {
        {.name = {"web", 3}, .service_name = {"web", 3}, .task_family = {"web", 3}},
        {.name = {"proxy", 5}, .service_name = {"web", 3}, .task_family = {"web", 3}}};
    f->process.config.services = entries;
    f->process.config.n_services = 2;
    add_rule(f, "UpdateService", 0, FAULT_NONE);
    f->rules[0].also = register_newer_event;
    assert_status(run_one(f, "t01"), CHANGE_SUPERSEDED);
    assert_runs(f, "web", 42);
}

/* ECS refuses the newer event's revision: then ours is the newest that can be. */
static void test_unusable_newer_revision_is_passed_over(void **state) {
    struct fixture *f = *state;
    add_rule(f, "UpdateService", 0, FAULT_NONE);
    add_rule(f, "UpdateService", 1, FAULT_PASS_ROLE);
    f->rules[0].also = register_newer_event;
    assert_status(run_one(f, "t01"), CHANGE_DEPLOYED);
    assert_runs(f, "web", 41);
}

static void test_newer_event_without_answer_fails(void **state) {
    struct fixture *f = *state;
    add_rule(f, "UpdateService", 0, FAULT_NONE);
    add_rule(f, "UpdateService", 1, FAULT_DENIED);
    f->rules[0].also = register_newer_event;
    const struct change *c = run_one(f, "t01");
    assert_status(c, CHANGE_FAILED);
    assert_says(c, ERR_ACCESS_DENIED, "service 'web' runs 'web:41'");
}

static void fail_and_go_back(void *state) {
    struct fixture *f = state;
    fake_clock_sleep(&f->clock, 180000);
    fake_deploy(&f->ecs, fake_service_of(&f->ecs, VIEW("web")),
                VIEW(FAKE_ARN "task-definition/web:40"));
}

/* Two events, and ECS's circuit breaker went back to before both. Whatever is delivered again,
 * nothing of theirs comes back; what is new does come. */
static void test_what_ecs_went_back_from_stays_away(void **state) {
    struct fixture *f = *state;
    add_service(f, "web");
    process_add(&f->process, "web", "e-1", NOW_MS - 2000, "t01");
    run(f);
    process_again(f, "e-2", NOW_MS - 1000, "t02");
    assert_runs(f, "web", 42);
    fail_and_go_back(f);
    process_again(f, "e-1", NOW_MS - 2000, "t01");
    assert_status(&f->process.changes[0], CHANGE_SUPERSEDED);
    process_again(f, "e-2", NOW_MS - 1000, "t02");
    assert_status(&f->process.changes[0], CHANGE_SUPERSEDED);
    assert_runs(f, "web", 40);
    assert_int_equal(f->ecs.registers, 2);
    process_again(f, "e-3", NOW_MS + 1000, "t03");
    assert_status(&f->process.changes[0], CHANGE_DEPLOYED);
    assert_runs(f, "web", 43);
}

/* It went back to the revision of an event whose look is still to be made up for. */
static void test_look_does_not_bring_back(void **state) {
    struct fixture *f = *state;
    add_service(f, "web");
    deploy_by_hand(f); /* 41, so that e-1 has something to look at */
    fake_deploy(&f->ecs, fake_service_of(&f->ecs, VIEW("web")),
                VIEW(FAKE_ARN "task-definition/web:40"));
    process_add(&f->process, "web", "e-1", NOW_MS - 2000, "t01");
    run(f);
    assert_runs(f, "web", 42);
    process_again(f, "e-2", NOW_MS - 1000, "t02");
    assert_runs(f, "web", 43);
    fake_clock_sleep(&f->clock, 180000);
    fake_deploy(&f->ecs, fake_service_of(&f->ecs, VIEW("web")),
                VIEW(FAKE_ARN "task-definition/web:42"));
    process_again(f, "e-1", NOW_MS - 2000, "t01");
    assert_int_equal(f->process.changes[0].verdict, VERDICT_DEPLOY); /* the look */
    assert_status(&f->process.changes[0], CHANGE_UNCHANGED);
    assert_runs(f, "web", 42);
}

/* Each update of ours is met by one more event, newer than all before. */
static void one_more_event(void *state) {
    struct fixture *f = state;
    char text[1024];
    snprintf(
        text, sizeof(text),
        "{\"family\":\"web\",\"containerDefinitions\":[{\"name\":\"app\",\"image\":\"" FAKE_REPO
        ":x\"}],\"tags\":[{\"key\":\"slipway:event-id\",\"value\":\"n%d\"},{\"key\":"
        "\"slipway:event-time\",\"value\":\"203%d-01-01T00:00:00Z\"}]}",
        f->ecs.updates, f->ecs.updates);
    fake_add_revision(&f->ecs, arena_copy(&f->arena, view_of(text)), 0);
}

static void test_a_service_that_does_not_come_to_rest_fails(void **state) {
    struct fixture *f = *state;
    add_rule(f, "UpdateService", -1, FAULT_NONE);
    f->rules[0].also = one_more_event;
    const struct change *c = run_one(f, "t01");
    assert_status(c, CHANGE_FAILED);
    assert_says(c, ERR_AWS_UNAVAILABLE, "did not come to rest");
    assert_int_equal(f->ecs.updates, 4);
}

int main(void) {
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_failed_look_is_for_the_retry),
        TEST(test_update_without_answer_and_look_fails),
        TEST(test_deploy_by_hand_stays),
        TEST(test_rollback_by_hand_stays),
        TEST(test_newer_event_is_given_the_service),
        TEST(test_shared_family_is_left_alone),
        TEST(test_two_entries_of_one_service),
        TEST(test_unusable_newer_revision_is_passed_over),
        TEST(test_newer_event_without_answer_fails),
        TEST(test_what_ecs_went_back_from_stays_away),
        TEST(test_look_does_not_bring_back),
        TEST(test_a_service_that_does_not_come_to_rest_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
