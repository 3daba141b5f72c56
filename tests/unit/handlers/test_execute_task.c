/*
 * A task's new revision on its way to what runs it, while calls go wrong and others are at work.
 * What EventBridge and Scheduler hold afterwards and what the answer says are looked at together.
 */

#include "tests/unit/handlers/task_fixture.h"

/* --- it goes well --- */

static void what_is_pinned_moves(void **state) {
    struct task_fixture *t = *state;
    add_usual(t);
    const struct change *c = deploy_usual(t);
    assert_status(c, CHANGE_DEPLOYED);
    assert_view(c->from_task_definition, REVISION("40"));
    assert_view(c->to_task_definition, REVISION("41"));
    assert_int_equal(c->n_moved, 2);
    assert_view(c->moved[0], "schedule 'default/hourly'");
    assert_view(c->moved[1], "rule 'nightly'");
    assert_usual_run(t, REVISION("41"));
    assert_int_equal(t->f->ecs.registers, 1);
    assert_int_equal(t->f->ecs.updates, 0);
}

/* The family alone, another family, another cluster, the older of two pinned ones. */
static void what_is_not_pinned_stays(void **state) {
    struct task_fixture *t = *state;
    add_usual(t);
    fake_add_target(&t->runners, "loose", "one", FAKE_CLUSTER, FAMILY);
    fake_add_target(&t->runners, "other", "one", FAKE_CLUSTER,
                    FAKE_ARN "task-definition/report2:40");
    fake_add_target(&t->runners, "far", "one", FAKE_ARN "cluster/far", REVISION("40"));
    fake_add_target(&t->runners, "nightly", "two", FAKE_CLUSTER, REVISION("12"));
    fake_add_schedule(&t->runners, "loose", FAKE_CLUSTER, FAMILY);
    assert_status(deploy_usual(t), CHANGE_DEPLOYED);
    assert_usual_run(t, REVISION("41"));
    assert_rule_runs(t, 1, FAMILY);
    assert_rule_runs(t, 2, FAKE_ARN "task-definition/report2:40");
    assert_rule_runs(t, 3, REVISION("40"));
    assert_rule_runs(t, 4, REVISION("41")); /* of the same rule: in the same PutTargets */
    assert_schedule_runs(t, 1, FAMILY);
    assert_int_equal(t->runners.puts, 1);
    assert_int_equal(t->runners.updates, 1);
}

static void the_same_event_twice(void **state) {
    struct task_fixture *t = *state;
    add_usual(t);
    assert_status(deploy_usual(t), CHANGE_DEPLOYED);
    assert_status(deploy_usual(t), CHANGE_UNCHANGED);
    assert_int_equal(t->f->ecs.registers, 1);
    assert_int_equal(t->runners.puts, 1);
    assert_int_equal(t->runners.updates, 1);
}

static void a_family_that_nothing_runs(void **state) {
    struct task_fixture *t = *state;
    const struct change *c = deploy_usual(t);
    assert_status(c, CHANGE_DEPLOYED);
    assert_note(c, "no rule and no schedule of the cluster runs the family");
    assert_view(c->to_task_definition, REVISION("41"));
    assert_int_equal(c->n_moved, 0);
}

static void more_than_one_wave(void **state) {
    struct task_fixture *t = *state;
    static char names[45][16];
    for (size_t i = 0; i < 12; i++) {
        snprintf(names[i], sizeof(names[i]), "t%zu", i);
        add_rule_target(t, "nightly", names[i]);
    }
    for (size_t i = 0; i < 45; i++) {
        snprintf(names[i], sizeof(names[i]), "t%zu", i);
        fake_add_schedule(&t->runners, names[i], FAKE_CLUSTER, REVISION("40"));
    }
    assert_status(deploy_usual(t), CHANGE_DEPLOYED);
    for (size_t i = 0; i < 12; i++) {
        assert_rule_runs(t, i, REVISION("41"));
    }
    for (size_t i = 0; i < 45; i++) {
        assert_schedule_runs(t, i, REVISION("41"));
    }
    assert_int_equal(t->runners.puts, 2); /* ten targets, and two */
    assert_int_equal(t->runners.updates, 45);
}

static void a_dry_run_moves_nothing(void **state) {
    struct task_fixture *t = *state;
    add_usual(t);
    add_task(t, "report", "e-1", NOW_MS - 500, "t01")->dry_run = true;
    run(t->f);
    assert_status(&t->f->process.changes[0], CHANGE_PLANNED);
    assert_usual_run(t, REVISION("40"));
    assert_int_equal(t->f->ecs.registers, 0);
}

/* --- a part of it fails --- */

/* A 200 that has not taken the target. */
static void a_target_that_is_not_taken(void **state) {
    struct task_fixture *t = *state;
    add_usual(t);
    t->runners.targets[0].is_refused = true;
    const struct change *c = deploy_usual(t);
    assert_status(c, CHANGE_FAILED);
    assert_says(c, ERR_AWS_UNAVAILABLE, "InternalException");
    assert_says(c, ERR_AWS_UNAVAILABLE,
                "of what runs family 'report' these are at 'report:41': schedule "
                "'default/hourly'; these are not: rule 'nightly'");
    assert_rule_runs(t, 0, REVISION("40"));
    assert_schedule_runs(t, 0, REVISION("41"));
    t->runners.targets[0].is_refused = false;
    c = deploy_usual(t);
    assert_status(c, CHANGE_DEPLOYED);
    assert_int_equal(c->n_moved, 1);
    assert_view(c->moved[0], "rule 'nightly'");
    assert_usual_run(t, REVISION("41"));
    assert_int_equal(t->f->ecs.registers, 1);
    assert_int_equal(t->runners.updates, 1);
}

/* Two targets of a rule, one of them not taken: the rule is named once. */
static void one_of_two_targets_of_a_rule(void **state) {
    struct task_fixture *t = *state;
    add_rule_target(t, "nightly", "one");
    add_rule_target(t, "nightly", "two")->is_refused = true;
    const struct change *c = deploy_usual(t);
    assert_says(c, ERR_AWS_UNAVAILABLE,
                "these are at 'report:41': none; these are not: rule 'nightly'");
    assert_null(strstr(c->err->message, "'nightly', rule"));
    assert_rule_runs(t, 0, REVISION("41"));
    t->runners.targets[1].is_refused = false;
    c = deploy_usual(t);
    assert_status(c, CHANGE_DEPLOYED);
    assert_rule_runs(t, 1, REVISION("41"));
}

static void throttled(void **state) {
    static const char *const operations[] = {"PutTargets", "UpdateSchedule"};
    for (size_t i = 0; i < 2; i++) {
        set_up_task(state);
        struct task_fixture *t = *state;
        add_usual(t);
        add_rule(t->f, operations[i], 0, FAULT_THROTTLED);
        const struct change *c = deploy_usual(t);
        assert_status(c, CHANGE_FAILED);
        assert_says(c, ERR_THROTTLED,
                    i == 0 ? "these are not: rule 'nightly'"
                           : "these are not: schedule 'default/hourly'");
        assert_status(deploy_usual(t), CHANGE_DEPLOYED);
        assert_usual_run(t, REVISION("41"));
        assert_int_equal(t->f->ecs.registers, 1);
        tear_down_task(state);
    }
    set_up_task(state);
}

/* What cannot be read once more is not written. */
static void the_second_look_fails(void **state) {
    static const char *const operations[] = {"ListTargetsByRule", "GetSchedule"};
    for (size_t i = 0; i < 2; i++) {
        set_up_task(state);
        struct task_fixture *t = *state;
        add_usual(t);
        add_rule(t->f, operations[i], 1, i == 0 ? FAULT_500 : FAULT_THROTTLED);
        const struct change *c = deploy_usual(t);
        assert_status(c, CHANGE_FAILED);
        assert_int_equal(i == 0 ? t->runners.puts : t->runners.updates, 0);
        assert_status(deploy_usual(t), CHANGE_DEPLOYED);
        assert_usual_run(t, REVISION("41"));
        tear_down_task(state);
    }
    set_up_task(state);
}

/* Refused for good: it is an answer, and says what stands. */
static void a_role_that_may_not_be_passed(void **state) {
    struct task_fixture *t = *state;
    add_usual(t);
    add_rule(t->f, "UpdateSchedule", -1, FAULT_PASS_ROLE);
    const struct change *c = deploy_usual(t);
    assert_status(c, CHANGE_REFUSED);
    assert_says(c, ERR_PASS_ROLE_DENIED, "these are at 'report:41': rule 'nightly'");
    assert_rule_runs(t, 0, REVISION("41"));
    assert_schedule_runs(t, 0, REVISION("40"));
}

/* Carried out, and the answer lost: the retry finds it done. */
static void a_lost_answer(void **state) {
    static const char *const operations[] = {"PutTargets", "UpdateSchedule"};
    for (size_t i = 0; i < 2; i++) {
        set_up_task(state);
        struct task_fixture *t = *state;
        add_usual(t);
        add_rule(t->f, operations[i], 0, FAULT_LOST_ANSWER);
        assert_status(deploy_usual(t), CHANGE_FAILED);
        assert_usual_run(t, REVISION("41"));
        assert_status(deploy_usual(t), CHANGE_UNCHANGED);
        assert_int_equal(t->runners.puts + t->runners.updates, 2);
        tear_down_task(state);
    }
    set_up_task(state);
}

/* Without knowing all that runs it nothing is registered. */
static void runners_that_are_not_known(void **state) {
    static const char *const operations[] = {"ListEventBuses", "ListRuleNamesByTarget",
                                             "ListTargetsByRule", "ListSchedules", "GetSchedule"};
    for (size_t i = 0; i < 5; i++) {
        set_up_task(state);
        struct task_fixture *t = *state;
        add_usual(t);
        add_rule(t->f, operations[i], 0, FAULT_DENIED);
        const struct change *c = deploy_usual(t);
        assert_status(c, CHANGE_FAILED);
        assert_int_equal(c->err->code, ERR_ACCESS_DENIED);
        assert_int_equal(t->f->ecs.registers, 0);
        assert_usual_run(t, REVISION("40"));
        tear_down_task(state);
    }
    set_up_task(state);
}

/* Two tasks of one payload: one fails alone. */
static void two_tasks_at_once(void **state) {
    struct task_fixture *t = *state;
    fake_add_revision(&t->f->ecs, process_first_request(&t->f->arena, "clean"), 7);
    add_usual(t);
    fake_add_target(&t->runners, "weekly", "one", FAKE_CLUSTER, FAKE_ARN "task-definition/clean:7");
    t->runners.targets[1].is_refused = true;
    add_task(t, "report", "e-1", NOW_MS - 500, "t01");
    add_task(t, "clean", "e-2", NOW_MS - 500, "t02");
    run(t->f);
    assert_status(&t->f->process.changes[0], CHANGE_DEPLOYED);
    assert_status(&t->f->process.changes[1], CHANGE_FAILED);
    assert_usual_run(t, REVISION("41"));
    assert_rule_runs(t, 1, FAKE_ARN "task-definition/clean:7");
}

/* --- time --- */

static void no_time_to_move(void **state) {
    struct task_fixture *t = *state;
    add_usual(t);
    add_rule(t->f, "RegisterTaskDefinition", 0, FAULT_NONE);
    t->f->rules[0].takes_ms = 59500;
    const struct change *c = deploy_usual(t);
    assert_status(c, CHANGE_FAILED);
    assert_says(c, ERR_DEADLINE_EXCEEDED,
                "no time left to move what runs family 'report' to 'report:41'");
    assert_usual_run(t, REVISION("40"));
    t->f->n_rules = 0;
    c = deploy_usual(t);
    assert_status(c, CHANGE_DEPLOYED);
    assert_note(c, "registered for event 'e-1' already");
    assert_usual_run(t, REVISION("41"));
    assert_int_equal(t->f->ecs.registers, 1);
}

/* The deadline comes between the first write and the rest. */
static void no_time_for_all(void **state) {
    struct task_fixture *t = *state;
    static char names[45][16];
    for (size_t i = 0; i < 45; i++) {
        snprintf(names[i], sizeof(names[i]), "t%zu", i);
        fake_add_schedule(&t->runners, names[i], FAKE_CLUSTER, REVISION("40"));
    }
    add_rule(t->f, "UpdateSchedule", 0, FAULT_NONE);
    t->f->rules[0].takes_ms = 60000;
    const struct change *c = deploy_usual(t);
    assert_status(c, CHANGE_FAILED);
    assert_says(c, ERR_DEADLINE_EXCEEDED, "these are at 'report:41': ");
    assert_schedule_runs(t, 44, REVISION("40"));
    assert_null(strstr(c->err->message, "these are at 'report:41': schedule 'default/t44'"));
    t->f->n_rules = 0;
    assert_status(deploy_usual(t), CHANGE_DEPLOYED);
    for (size_t i = 0; i < 45; i++) {
        assert_schedule_runs(t, i, REVISION("41"));
    }
}

/* --- somebody else --- */

static void rewrite_target(struct task_fixture *t, const char *definition) {
    t->runners.targets[0].text =
        arena_printf(&t->f->arena,
                     "{\"Id\":\"one\",\"Arn\":\"" FAKE_CLUSTER "\",\"Input\":\"new\","
                     "\"EcsParameters\":{\"TaskDefinitionArn\":\"%s\",\"TaskCount\":9}}",
                     definition);
}

static struct task_fixture *fixture_of(void *f) {
    return ((struct fixture *)f)->others_state;
}

static void changes_the_rule(void *f) {
    rewrite_target(fixture_of(f), REVISION("40"));
}

/* Between the plan's read and the write: what was changed a moment ago is kept. */
static void a_change_meanwhile_is_kept(void **state) {
    struct task_fixture *t = *state;
    add_usual(t);
    add_rule(t->f, "RegisterTaskDefinition", 0, FAULT_NONE);
    t->f->rules[0].also = changes_the_rule;
    assert_status(deploy_usual(t), CHANGE_DEPLOYED);
    assert_true(text_has(t->runners.targets[0].text, "\"Input\":\"new\""));
    assert_true(text_has(t->runners.targets[0].text, "\"TaskCount\":9"));
    assert_text_runs(t->runners.targets[0].text, REVISION("41"));
}

static void takes_another_family(void *f) {
    rewrite_target(fixture_of(f), FAKE_ARN "task-definition/other:3");
    fixture_of(f)->runners.schedules[0].is_gone = true;
}

static void what_is_gone_is_left_alone(void **state) {
    struct task_fixture *t = *state;
    add_usual(t);
    add_rule(t->f, "RegisterTaskDefinition", 0, FAULT_NONE);
    t->f->rules[0].also = takes_another_family;
    const struct change *c = deploy_usual(t);
    assert_status(c, CHANGE_DEPLOYED);
    assert_int_equal(c->n_moved, 0);
    assert_text_runs(t->runners.targets[0].text, FAKE_ARN "task-definition/other:3");
    assert_int_equal(t->runners.puts + t->runners.updates, 0);
}

static void moves_it_already(void *f) {
    struct task_fixture *t = fixture_of(f);
    rewrite_target(t, REVISION("41"));
    t->runners.targets[1].is_gone = true;
}

static void what_is_there_already_is_not_written(void **state) {
    struct task_fixture *t = *state;
    add_usual(t);
    add_rule_target(t, "nightly", "two");
    add_rule(t->f, "ListTargetsByRule", 1, FAULT_NONE);
    t->f->rules[0].also = moves_it_already;
    const struct change *c = deploy_usual(t);
    assert_status(c, CHANGE_DEPLOYED);
    assert_int_equal(t->runners.puts, 0);
    assert_int_equal(c->n_moved, 1);
    assert_view(c->moved[0], "schedule 'default/hourly'");
}

/* --- another event --- */

static struct fake_revision *register_for(struct fixture *f, const char *id, const char *time) {
    struct fake_revision *revision =
        fake_add_revision(&f->ecs, process_first_request(&f->arena, "report"), 0);
    fake_put_tag(&f->ecs, revision, VIEW("slipway:event-id"), view_of(id));
    fake_put_tag(&f->ecs, revision, VIEW("slipway:event-time"), view_of(time));
    return revision;
}

static void newer_registers(void *f) {
    (void)register_for(f, "newer", "2025-10-09T09:00:00Z");
}

static void older_registers(void *f) {
    (void)register_for(f, "older", "2025-10-09T08:00:00Z");
}

static void a_newer_event_at_the_same_time(void **state) {
    struct task_fixture *t = *state;
    add_usual(t);
    add_rule(t->f, "PutTargets", 0, FAULT_NONE);
    t->f->rules[0].also = newer_registers;
    const struct change *c = deploy_usual(t);
    assert_status(c, CHANGE_SUPERSEDED);
    assert_note(c, "a newer event registered 'report:42' at the same time");
    assert_view(c->to_task_definition, REVISION("42"));
    assert_usual_run(t, REVISION("42"));
    assert_status(deploy_usual(t), CHANGE_SUPERSEDED);
    assert_usual_run(t, REVISION("42"));
}

static void an_older_event_at_the_same_time(void **state) {
    struct task_fixture *t = *state;
    add_usual(t);
    add_rule(t->f, "PutTargets", 0, FAULT_NONE);
    t->f->rules[0].also = older_registers;
    assert_status(deploy_usual(t), CHANGE_DEPLOYED);
    assert_usual_run(t, REVISION("41"));
}

/* It registered before this one did: its revision lies below. */
static void a_newer_event_below(void **state) {
    struct task_fixture *t = *state;
    add_usual(t);
    add_rule(t->f, "RegisterTaskDefinition", 0, FAULT_NONE);
    t->f->rules[0].also = newer_registers;
    const struct change *c = deploy_usual(t);
    assert_status(c, CHANGE_SUPERSEDED);
    assert_usual_run(t, REVISION("41"));
}

/* Whether there is a newer event is not known: that must not be told as a deploy. */
static void a_look_that_fails(void **state) {
    for (int between = 0; between < 2; between++) {
        set_up_task(state);
        struct task_fixture *t = *state;
        add_usual(t);
        add_rule(t->f, "RegisterTaskDefinition", 0, FAULT_NONE);
        t->f->rules[0].also = between ? newer_registers : NULL;
        /* the plan's: the newest; then the look's: the newest, and what lies between */
        add_rule(t->f, "DescribeTaskDefinition", between ? 2 : 1, FAULT_THROTTLED);
        const struct change *c = deploy_usual(t);
        assert_status(c, CHANGE_FAILED);
        assert_says(c, ERR_THROTTLED, "whether a newer event did so at the same time is not known");
        t->f->n_rules = 0;
        c = deploy_usual(t);
        assert_status(c, between ? CHANGE_SUPERSEDED : CHANGE_UNCHANGED);
        assert_usual_run(t, REVISION("41")); /* the newer event's, or the only one */
        tear_down_task(state);
    }
    set_up_task(state);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(what_is_pinned_moves),
        TEST(what_is_not_pinned_stays),
        TEST(the_same_event_twice),
        TEST(a_family_that_nothing_runs),
        TEST(more_than_one_wave),
        TEST(a_dry_run_moves_nothing),
        TEST(a_target_that_is_not_taken),
        TEST(one_of_two_targets_of_a_rule),
        TEST(throttled),
        TEST(the_second_look_fails),
        TEST(a_role_that_may_not_be_passed),
        TEST(a_lost_answer),
        TEST(runners_that_are_not_known),
        TEST(two_tasks_at_once),
        TEST(no_time_to_move),
        TEST(no_time_for_all),
        TEST(a_change_meanwhile_is_kept),
        TEST(what_is_gone_is_left_alone),
        TEST(what_is_there_already_is_not_written),
        TEST(a_newer_event_at_the_same_time),
        TEST(an_older_event_at_the_same_time),
        TEST(a_newer_event_below),
        TEST(a_look_that_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
