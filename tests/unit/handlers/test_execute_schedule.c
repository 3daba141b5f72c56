/*
 * Schedules whose StartDate has passed: AWS does not take them back as they are. And schedules that
 * call RunTask by themselves, which nobody looks into.
 */

#include "tests/unit/handlers/task_fixture.h"

#define HOUR INT64_C(3600000)
#define CRON "cron(0 3 * * ? *)"
/* NOW_MS is 2025-10-09T08:53:20Z. */
#define PAST "1735689600.0" /* 2025-01-01T00:00:00Z */
#define DUE "1760000400"    /* 2025-10-09T09:00:00Z */
#define FUTURE "1800000000.25"

/* An hourly schedule of that name; `dates` are members, each with its comma. */
static void add_dated(struct task_fixture *t, const char *name, const char *expression,
                      const char *dates) {
    struct fake_schedule *schedule =
        fake_add_schedule(&t->runners, name, FAKE_CLUSTER, REVISION("40"));
    schedule->text =
        arena_printf(t->runners.arena,
                     "{\"Name\":\"%s\",\"GroupName\":\"default\",\"Description\":\"kept\",%s"
                     "\"FlexibleTimeWindow\":{\"Mode\":\"OFF\"},\"ScheduleExpression\":\"%s\","
                     "\"Target\":{\"Arn\":\"" FAKE_CLUSTER
                     "\",\"EcsParameters\":{\"TaskDefinitionArn\":\"" REVISION(
                         "40") "\"},\"RoleArn\":\"arn:aws:iam::222222222222:role/scheduler\"}}",
                     name, dates, expression);
    t->runners.start_min_ms = NOW_MS - 300000;
}

static void assert_has(struct task_fixture *t, size_t i, const char *part, bool has) {
    if (text_has(t->runners.schedules[i].text, part) != has) {
        fail_msg("'%s' %s\n" VIEW_FMT, part, has ? "lacks" : "stands",
                 VIEW_ARG(t->runners.schedules[i].text));
    }
}

static void a_start_is_left_out(void **state) {
    struct task_fixture *t = *state;
    add_dated(t, "hourly", CRON, "\"EndDate\":" FUTURE ",\"StartDate\":" PAST ",");
    add_rule_target(t, "nightly", "one");
    const struct change *c = deploy_usual(t);
    assert_status(c, CHANGE_DEPLOYED);
    assert_view(c->note, "schedule 'default/hourly': its StartDate 2025-01-01T00:00:00Z has passed "
                         "and AWS takes none from the past: it is left out");
    assert_int_equal(c->n_moved, 2);
    assert_usual_run(t, REVISION("41"));
    assert_has(t, 0, "StartDate", false);
    assert_has(t, 0, "\"EndDate\":" FUTURE ",", true);
    assert_int_equal(t->runners.refusals, 1);
    assert_int_equal(t->runners.updates, 1);
}

static void a_start_is_moved(void **state) {
    struct task_fixture *t = *state;
    add_dated(t, "hourly", "rate(1 hour)", "\"StartDate\":" PAST ",\"EndDate\":" FUTURE ",");
    const struct change *c = deploy_usual(t);
    assert_status(c, CHANGE_DEPLOYED);
    assert_note(c, "it is moved to 2025-10-09T09:00:00Z, when the schedule is due next");
    assert_schedule_runs(t, 0, REVISION("41"));
    assert_has(t, 0, "\"StartDate\":" DUE ",\"EndDate\":" FUTURE ",", true);
}

/* Nothing is changed of what AWS takes. */
static void what_aws_takes_stays(void **state) {
    struct task_fixture *t = *state;
    add_dated(t, "a", CRON, "\"StartDate\":" FUTURE ",");
    add_dated(t, "b", CRON, "\"StartDate\":1759999999.0,"); /* a second ago */
    add_dated(t, "c", CRON, "");
    const struct change *c = deploy_usual(t);
    assert_status(c, CHANGE_DEPLOYED);
    assert_view(c->note, "");
    assert_has(t, 0, "\"StartDate\":" FUTURE ",", true);
    assert_has(t, 1, "\"StartDate\":1759999999.0,", true);
    assert_int_equal(t->runners.refusals, 0);
    assert_int_equal(t->runners.updates, 3);
}

static void several_in_one_wave(void **state) {
    struct task_fixture *t = *state;
    static char names[45][16];
    for (size_t i = 0; i < 45; i++) {
        snprintf(names[i], sizeof(names[i]), "t%zu", i);
        add_dated(t, names[i], i % 3 == 0 ? "rate(1 hour)" : CRON,
                  i % 2 == 0 ? "\"StartDate\":" PAST "," : "\"StartDate\":" FUTURE ",");
    }
    const struct change *c = deploy_usual(t);
    assert_status(c, CHANGE_DEPLOYED);
    for (size_t i = 0; i < 45; i++) {
        assert_schedule_runs(t, i, REVISION("41"));
        assert_has(t, i, "StartDate", i % 2 != 0 || i % 3 == 0);
        assert_has(t, i, "\"StartDate\":" PAST, false);
    }
    assert_int_equal(t->runners.refusals, 23);
    assert_int_equal(t->runners.updates, 45);
    assert_note(c, "schedule 'default/t0': its StartDate 2025-01-01T00:00:00Z has passed");
    assert_note(c, "; schedule 'default/t2': its StartDate");
    assert_note(c, "; and so it is with ");
    assert_true(c->note.len < 2200);
}

static void no_run_left(void **state) {
    struct task_fixture *t = *state;
    add_dated(t, "hourly", "rate(1 hour)", "\"StartDate\":" PAST ",\"EndDate\":" DUE ",");
    add_rule_target(t, "nightly", "one");
    const struct change *c = deploy_usual(t);
    assert_status(c, CHANGE_FAILED);
    assert_says(c, ERR_BAD_RESPONSE,
                "schedule 'default/hourly' cannot be written back: its StartDate "
                "2025-01-01T00:00:00Z has passed, AWS takes none from the past, and it is due next "
                "at 2025-10-09T09:00:00Z, no earlier than its EndDate 2025-10-09T09:00:00Z");
    assert_says(c, ERR_BAD_RESPONSE, "cannot be earlier than 5 minutes ago");
    assert_says(c, ERR_BAD_RESPONSE, "these are at 'report:41': rule 'nightly'");
    assert_string_equal(c->err->remedy,
                        "delete the schedule, which has no run left, or give it a later EndDate");
    assert_has(t, 0, "\"StartDate\":" PAST, true);
    assert_int_equal(t->runners.updates, 0);
}

/* Invalid for another reason: what AWS says stays, and it is not asked for ever. */
static void invalid_for_another_reason(void **state) {
    static const struct {
        const char *dates;
        int refusals;
    } rows[] = {{"", 1}, {"\"StartDate\":" FUTURE ",", 1}, {"\"StartDate\":" PAST ",", 2}};
    for (size_t i = 0; i < 3; i++) {
        set_up_task(state);
        struct task_fixture *t = *state;
        add_dated(t, "hourly", CRON, rows[i].dates);
        t->runners.invalid = "The role you provide cannot be assumed.";
        const struct change *c = deploy_usual(t);
        assert_status(c, CHANGE_FAILED);
        assert_says(c, ERR_BAD_RESPONSE, "cannot be assumed");
        assert_int_equal(t->runners.refusals, rows[i].refusals);
        assert_view(c->note, "");
        assert_schedule_runs(t, 0, REVISION("40"));
        tear_down_task(state);
    }
    set_up_task(state);
}

/* The second write fails for now: the retry begins anew, and tells what it changed. */
static void the_second_write_fails(void **state) {
    struct task_fixture *t = *state;
    add_dated(t, "hourly", CRON, "\"StartDate\":" PAST ",");
    add_rule(t->f, "UpdateSchedule", 1, FAULT_THROTTLED);
    const struct change *c = deploy_usual(t);
    assert_status(c, CHANGE_FAILED);
    assert_says(c, ERR_THROTTLED, "these are not: schedule 'default/hourly'");
    assert_has(t, 0, "\"StartDate\":" PAST, true);
    c = deploy_usual(t);
    assert_status(c, CHANGE_DEPLOYED);
    assert_note(c,
                "registered for event 'e-1' already and is used; schedule 'default/hourly': its");
    assert_schedule_runs(t, 0, REVISION("41"));
}

/* Carried out, and the answer lost: the retry finds nothing to do, so that it is told now. */
static void the_second_answer_is_lost(void **state) {
    struct task_fixture *t = *state;
    add_dated(t, "hourly", CRON, "\"StartDate\":" PAST ",");
    add_rule(t->f, "UpdateSchedule", 1, FAULT_LOST_ANSWER);
    const struct change *c = deploy_usual(t);
    assert_status(c, CHANGE_FAILED);
    assert_note(c, "it is left out");
    assert_schedule_runs(t, 0, REVISION("41"));
    assert_status(deploy_usual(t), CHANGE_UNCHANGED);
}

/* Another runner fails: what was changed of this one is in the message, since the retry finds it
 * done. */
static void told_in_a_failure(void **state) {
    struct task_fixture *t = *state;
    add_dated(t, "hourly", CRON, "\"StartDate\":" PAST ",");
    add_rule_target(t, "nightly", "one")->is_refused = true;
    const struct change *c = deploy_usual(t);
    assert_status(c, CHANGE_FAILED);
    assert_says(c, ERR_AWS_UNAVAILABLE,
                "these are not: rule 'nightly'; schedule 'default/hourly': its StartDate");
    assert_note(c, "it is left out");
}

static void newer_registers(void *f) {
    struct fixture *fixture = f;
    struct fake_revision *revision =
        fake_add_revision(&fixture->ecs, process_first_request(&fixture->arena, "report"), 0);
    fake_put_tag(&fixture->ecs, revision, VIEW("slipway:event-id"), VIEW("newer"));
    fake_put_tag(&fixture->ecs, revision, VIEW("slipway:event-time"), VIEW("2025-10-09T09:00:00Z"));
}

/* Moved twice: it is changed once, and told all the same. */
static void told_beside_a_newer_event(void **state) {
    struct task_fixture *t = *state;
    add_dated(t, "hourly", "rate(1 hour)", "\"StartDate\":" PAST ",");
    add_rule(t->f, "UpdateSchedule", 1, FAULT_NONE);
    t->f->rules[0].also = newer_registers;
    const struct change *c = deploy_usual(t);
    assert_status(c, CHANGE_SUPERSEDED);
    assert_note(c, "was moved to that; schedule 'default/hourly': its StartDate");
    assert_schedule_runs(t, 0, REVISION("42"));
    assert_has(t, 0, "\"StartDate\":" DUE ",", true);
    assert_int_equal(t->runners.refusals, 1);
}

/* --- schedules that call RunTask --- */

static void add_universal(struct task_fixture *t, const char *name, const char *partition) {
    struct view arn =
        arena_printf(t->runners.arena, "arn:%s:scheduler:::aws-sdk:ecs:runTask", partition);
    (void)fake_add_schedule(&t->runners, name, arn.data, REVISION("40"));
}

static void nothing_but_what_calls_run_task(void **state) {
    struct task_fixture *t = *state;
    add_universal(t, "a", "aws");
    (void)fake_add_schedule(&t->runners, "b", "arn:aws:scheduler:::aws-sdk:ecs:stopTask", "x");
    const struct change *c = deploy_usual(t);
    assert_status(c, CHANGE_DEPLOYED);
    assert_view(c->note,
                "no rule and no schedule with the cluster as its target runs the family: whatever "
                "starts it by its name gets the new revision; 1 schedule with the target "
                "aws-sdk:ecs:runTask was not looked at: where the Input names a revision of the "
                "family, let it name the family alone, or give the schedule the cluster as its "
                "target");
    assert_schedule_runs(t, 0, REVISION("40"));
    assert_int_equal(t->runners.reads, 3); /* the buses, the rules, the schedules */
}

static void beside_others_that_call_run_task(void **state) {
    struct task_fixture *t = *state;
    add_usual(t);
    add_universal(t, "a", "aws");
    add_universal(t, "b", "aws-cn");
    t->runners.page_size = 1;
    const struct change *c = deploy_usual(t);
    assert_status(c, CHANGE_DEPLOYED);
    assert_true(view_starts_with(
        c->note, VIEW("2 schedules with the target aws-sdk:ecs:runTask were not looked at: ")));
    assert_usual_run(t, REVISION("41"));
    assert_int_equal(c->n_moved, 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_start_is_left_out),
        TEST(a_start_is_moved),
        TEST(what_aws_takes_stays),
        TEST(several_in_one_wave),
        TEST(no_run_left),
        TEST(invalid_for_another_reason),
        TEST(the_second_write_fails),
        TEST(the_second_answer_is_lost),
        TEST(told_in_a_failure),
        TEST(told_beside_a_newer_event),
        TEST(nothing_but_what_calls_run_task),
        TEST(beside_others_that_call_run_task),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
