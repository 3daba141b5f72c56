/*
 * Somebody else registers a revision between the plan's reads and this deploy's registration: its
 * settings must be in what the service is given.
 */

#include "tests/unit/handlers/execute_fixture.h"

/* One more revision by hand, of so many CPU units. */
static struct fake_revision *add_base(struct fixture *f, int cpu) {
    return fake_add_revision(
        &f->ecs,
        arena_printf(
            &f->arena,
            "{\"family\":\"web\",\"cpu\":\"%d\",\"containerDefinitions\":[{\"name\":\"app\","
            "\"image\":\"" FAKE_REPO ":old\",\"cpu\":0}],\"tags\":[{\"key\":\"team\","
            "\"value\":\"web\"}]}",
            cpu),
        0);
}

static void a_base_comes(void *state) {
    (void)add_base(state, 1024);
}

static void another_base_comes(void *state) {
    struct fixture *f = state;
    (void)add_base(f, 2048 + 256 * f->ecs.registers);
}

static void a_base_comes_and_runs(void *state) {
    struct fixture *f = state;
    fake_deploy(&f->ecs, &f->ecs.services[0], fake_arn(&f->ecs, add_base(f, 1024)));
}

static void the_same_comes(void *state) {
    struct fixture *f = state;
    (void)fake_add_revision(&f->ecs, process_first_request(&f->arena, "web"), 0);
}

static void an_inactive_one_comes(void *state) {
    add_base(state, 1024)->status = "INACTIVE";
}

static void one_without_the_image_comes(void *state) {
    struct fixture *f = state;
    (void)fake_add_revision(
        &f->ecs,
        VIEW("{\"family\":\"web\",\"containerDefinitions\":[{\"name\":\"proxy\","
             "\"image\":\"nginx:1\"}]}"),
        0);
}

/* What another event registers, over what was the newest before. */
static void an_event_comes(void *state) {
    struct fixture *f = state;
    struct fake_revision *r =
        fake_add_revision(&f->ecs, process_first_request(&f->arena, "web"), 0);
    fake_put_tag(&f->ecs, r, VIEW("slipway:event-id"), VIEW("older"));
    fake_put_tag(&f->ecs, r, VIEW("slipway:event-time"), VIEW("2025-10-09T08:00:00Z"));
    fake_put_tag(&f->ecs, r, VIEW("slipway:previous"), VIEW("web:40"));
}

static void at_register(struct fixture *f, int nth, void (*also)(void *state)) {
    f->rules[f->n_rules++] =
        (struct rule){.operation = "RegisterTaskDefinition", .nth = nth, .also = also};
}

static bool has(struct view text, const char *part) {
    for (size_t i = 0; i + strlen(part) <= text.len; i++) {
        if (memcmp(text.data + i, part, strlen(part)) == 0) {
            return true;
        }
    }
    return false;
}

/* The service runs that revision, which has the image of the tag "t01" and that setting. */
static void assert_runs_with(struct fixture *f, int64_t revision, const char *setting) {
    assert_runs(f, "web", revision);
    struct fake_revision *r = fake_find(&f->ecs, f->ecs.services[0].task_definition);
    assert_non_null(r);
    assert_true(has(r->members, "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789"
                                "abcd01\""));
    assert_true(has(r->members, setting));
}

static const struct change *again(struct fixture *f) {
    f->n_rules = 0;
    memset(f->seen, 0, sizeof(f->seen));
    process_again(f, "e-1", NOW_MS - 500, "t01");
    return &f->process.changes[0];
}

/* --- one base --- */

static void a_base_between_is_taken_up(void **state) {
    struct fixture *f = *state;
    at_register(f, 0, a_base_comes);
    const struct change *c = run_one(f, "t01");
    assert_status(c, CHANGE_DEPLOYED);
    assert_runs_with(f, 43, "\"cpu\":\"1024\"");
    assert_view(c->to_task_definition, FAKE_ARN "task-definition/web:43");
    assert_view(c->note, "somebody else registered 'web:41' before 'web:42', which lacks what it "
                         "has: the image was registered again, over 'web:41'");
    assert_int_equal(f->ecs.registers, 2);
    assert_int_equal(f->ecs.updates, 1);
    assert_status(again(f), CHANGE_UNCHANGED);
    assert_int_equal(f->ecs.registers, 2);
}

static void a_base_that_runs_already_too(void **state) {
    struct fixture *f = *state;
    at_register(f, 0, a_base_comes_and_runs);
    assert_status(run_one(f, "t01"), CHANGE_DEPLOYED);
    assert_runs_with(f, 43, "\"cpu\":\"1024\"");
}

static void two_bases_one_after_the_other(void **state) {
    struct fixture *f = *state;
    at_register(f, 0, a_base_comes);
    at_register(f, 1, another_base_comes);
    assert_status(run_one(f, "t01"), CHANGE_DEPLOYED);
    assert_runs_with(f, 45, "\"cpu\":\"2304\"");
    assert_int_equal(f->ecs.registers, 3);
}

static void two_bases_at_once(void **state) {
    struct fixture *f = *state;
    at_register(f, 0, a_base_comes);
    at_register(f, 0, another_base_comes);
    assert_status(run_one(f, "t01"), CHANGE_DEPLOYED);
    assert_runs_with(f, 44, "\"cpu\":\"2048\"");
    assert_int_equal(f->ecs.registers, 2);
}

/* The service is given none that lacks a setting: the retry begins with the newest. */
static void bases_without_end(void **state) {
    struct fixture *f = *state;
    at_register(f, -1, another_base_comes);
    const struct change *c = run_one(f, "t01");
    assert_status(c, CHANGE_FAILED);
    assert_says(c, ERR_AWS_UNAVAILABLE, "'web:46' lacks what 'web:45' has");
    assert_int_equal(f->ecs.registers, 3);
    assert_int_equal(f->ecs.updates, 0);
    assert_status(again(f), CHANGE_DEPLOYED);
    assert_runs_with(f, 47, "\"cpu\":\"2560\"");
}

/* --- what is no newer base --- */

static void registered_once(struct fixture *f, void (*also)(void *state)) {
    at_register(f, 0, also);
    assert_status(run_one(f, "t01"), CHANGE_DEPLOYED);
    assert_runs_with(f, 42, "\"cpu\":0");
    assert_int_equal(f->ecs.registers, 1);
}

static void the_same_registered_anew_changes_nothing(void **state) {
    registered_once(*state, the_same_comes);
}

static void an_inactive_one_is_no_base(void **state) {
    registered_once(*state, an_inactive_one_comes);
}

static void an_events_revision_is_no_base(void **state) {
    registered_once(*state, an_event_comes);
}

static void what_runs_is_the_base(void **state) {
    struct fixture *f = *state;
    f->process.config.base = BASE_RUNNING;
    registered_once(f, a_base_comes);
}

static void peace_costs_no_read(void **state) {
    struct fixture *f = *state;
    assert_status(run_one(f, "t01"), CHANGE_DEPLOYED);
    assert_int_equal(f->ecs.reads, 4); /* the facts and the look, two each */
}

/* In the family of two services a base counts for both, while it comes between; what lies further
 * back may be the other's. */
static void a_shared_family(void **state) {
    struct fixture *f = *state;
    static struct service_entry entries[] = {{.task_family = {"web", 3}},
                                             {.task_family = {"web", 3}}};
    f->process.config.services = entries;
    f->process.config.n_services = 2;
    at_register(f, 0, a_base_comes);
    add_rule(f, "UpdateService", 0, FAULT_500);
    assert_status(run_one(f, "t01"), CHANGE_FAILED);
    assert_int_equal(f->ecs.registers, 2);
    assert_status(again(f), CHANGE_DEPLOYED);
    assert_runs_with(f, 43, "\"cpu\":\"1024\"");
    assert_int_equal(f->ecs.registers, 2);
}

static void a_base_that_cannot_take_the_image(void **state) {
    struct fixture *f = *state;
    at_register(f, 0, one_without_the_image_comes);
    const struct change *c = run_one(f, "t01");
    assert_status(c, CHANGE_REFUSED);
    assert_says(c, ERR_CONTAINER_NOT_FOUND, "no container of task definition 'web:41'");
    assert_runs(f, "web", 40);
    assert_status(again(f), CHANGE_REFUSED);
    assert_runs(f, "web", 40);
}

/* --- cut off between two calls --- */

/* Between the first registration and the look at what lies below it. */
static void the_look_fails_and_the_retry_looks(void **state) {
    struct fixture *f = *state;
    at_register(f, 0, a_base_comes);
    add_rule(f, "DescribeTaskDefinition", 1, FAULT_500);
    const struct change *c = run_one(f, "t01");
    assert_status(c, CHANGE_FAILED);
    assert_says(c, ERR_AWS_UNAVAILABLE, "; 'web:42' is registered, and the next attempt looks");
    assert_int_equal(f->ecs.updates, 0);
    assert_status(again(f), CHANGE_DEPLOYED);
    assert_runs_with(f, 43, "\"cpu\":\"1024\"");
    assert_int_equal(f->ecs.registers, 2);
}

/* Between the second one and the update: the retry takes the second. */
static void the_update_fails_and_the_retry_takes_the_higher(void **state) {
    struct fixture *f = *state;
    at_register(f, 0, a_base_comes);
    add_rule(f, "UpdateService", 0, FAULT_500);
    const struct change *c = run_one(f, "t01");
    assert_status(c, CHANGE_FAILED);
    assert_says(c, ERR_AWS_UNAVAILABLE, "; revision 'web:43' is registered");
    an_event_comes(f); /* so that both lie below the newest */
    assert_status(again(f), CHANGE_DEPLOYED);
    assert_runs_with(f, 43, "\"cpu\":\"1024\"");
    assert_int_equal(f->ecs.registers, 2);
}

static void the_second_registration_fails_and_is_done_by_the_retry(void **state) {
    struct fixture *f = *state;
    at_register(f, 0, a_base_comes);
    add_rule(f, "RegisterTaskDefinition", 1, FAULT_INVALID);
    const struct change *c = run_one(f, "t01");
    assert_status(c, CHANGE_FAILED);
    assert_int_equal(c->note.len, 0);
    assert_runs(f, "web", 40);
    assert_status(again(f), CHANGE_DEPLOYED);
    assert_runs_with(f, 43, "\"cpu\":\"1024\"");
}

/* Looked for, the event's first revision must not be taken for the second. */
static void no_answer_to_the_second(struct fixture *f, enum fault fault) {
    at_register(f, 0, a_base_comes);
    add_rule(f, "RegisterTaskDefinition", 1, fault);
    assert_status(run_one(f, "t01"), CHANGE_DEPLOYED);
    assert_runs_with(f, 43, "\"cpu\":\"1024\"");
    assert_int_equal(f->ecs.registers, 2);
}

static void the_second_answer_is_lost(void **state) {
    no_answer_to_the_second(*state, FAULT_LOST_ANSWER);
}

static void the_second_request_is_lost(void **state) {
    no_answer_to_the_second(*state, FAULT_LOST_REQUEST);
}

static void the_first_answer_is_lost(void **state) {
    struct fixture *f = *state;
    at_register(f, 0, a_base_comes);
    add_rule(f, "RegisterTaskDefinition", 0, FAULT_LOST_ANSWER);
    assert_status(run_one(f, "t01"), CHANGE_DEPLOYED);
    assert_runs_with(f, 43, "\"cpu\":\"1024\"");
    assert_int_equal(f->ecs.registers, 2);
}

/* Its base was what the service was given last, with a revision by hand below: nothing is amiss. */
static void a_retry_over_the_right_base(void **state) {
    struct fixture *f = *state;
    add_service(f, "web");
    a_base_comes(f);
    add_rule(f, "UpdateService", 0, FAULT_500);
    process_again(f, "e-1", NOW_MS - 500, "t01");
    assert_status(&f->process.changes[0], CHANGE_FAILED);
    assert_status(again(f), CHANGE_DEPLOYED);
    assert_runs_with(f, 42, "\"cpu\":\"1024\"");
    assert_int_equal(f->ecs.registers, 1);
}

/* Whoever registered the event's revision had seen one of an hour before: however ECS tells the two
 * now, they are not compared. */
static void a_retry_over_a_base_of_long_ago(void **state) {
    struct fixture *f = *state;
    add_service(f, "web");
    add_base(f, 1024)->registered_at_ms -= 3600000;
    struct fake_revision *own =
        fake_add_revision(&f->ecs, process_first_request(&f->arena, "web"), 0);
    fake_put_tag(&f->ecs, own, VIEW("slipway:event-id"), VIEW("e-1"));
    fake_put_tag(&f->ecs, own, VIEW("slipway:event-time"), VIEW("2025-10-09T08:53:19Z"));
    fake_put_tag(&f->ecs, own, VIEW("slipway:previous"), VIEW("web:40"));
    assert_status(again(f), CHANGE_DEPLOYED);
    assert_runs(f, "web", 42);
    assert_int_equal(f->ecs.registers, 0);
}

/* --- somebody else's unfinished revision for a base --- */

/* A process was killed before it could see that its revision lacks what the base below it has. */
static void an_unfinished_base_that_lacks_a_base(void **state) {
    struct fixture *f = *state;
    add_service(f, "web");
    a_base_comes(f);
    an_event_comes(f); /* 42, over 40 */
    process_again(f, "e-1", NOW_MS - 500, "t01");
    assert_status(&f->process.changes[0], CHANGE_DEPLOYED);
    assert_runs_with(f, 44, "\"cpu\":\"1024\"");
}

/* --- several --- */

static void each_by_itself(void **state) {
    struct fixture *f = *state;
    char names[24][8];
    at_register(f, 0, a_base_comes);
    for (int i = 0; i < 24; i++) {
        snprintf(names[i], sizeof(names[i]), i == 0 ? "web" : "s%02d", i);
        add_service(f, names[i]);
        process_add(&f->process, names[i], "e-1", NOW_MS - 500, "t01");
    }
    run(f);
    for (int i = 0; i < 24; i++) {
        assert_status(&f->process.changes[i], CHANGE_DEPLOYED);
    }
    assert_runs_with(f, 43, "\"cpu\":\"1024\"");
    assert_runs(f, "s23", 41);
    assert_int_equal(f->ecs.registers, 25);
    assert_int_equal(f->ecs.updates, 24);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_base_between_is_taken_up),
        TEST(a_base_that_runs_already_too),
        TEST(two_bases_one_after_the_other),
        TEST(two_bases_at_once),
        TEST(bases_without_end),
        TEST(the_same_registered_anew_changes_nothing),
        TEST(an_inactive_one_is_no_base),
        TEST(an_events_revision_is_no_base),
        TEST(what_runs_is_the_base),
        TEST(peace_costs_no_read),
        TEST(a_shared_family),
        TEST(a_base_that_cannot_take_the_image),
        TEST(the_look_fails_and_the_retry_looks),
        TEST(the_update_fails_and_the_retry_takes_the_higher),
        TEST(the_second_registration_fails_and_is_done_by_the_retry),
        TEST(the_second_answer_is_lost),
        TEST(the_second_request_is_lost),
        TEST(the_first_answer_is_lost),
        TEST(a_retry_over_the_right_base),
        TEST(a_retry_over_a_base_of_long_ago),
        TEST(an_unfinished_base_that_lacks_a_base),
        TEST(each_by_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
