#ifndef SLIPWAY_TESTS_HANDLERS_TASK_FIXTURE_H
#define SLIPWAY_TESTS_HANDLERS_TASK_FIXTURE_H

/*
 * Task `report`, whose family's revision 40 runs; rule `nightly` and schedule `hourly` are pinned
 * to it.
 */

#include "tests/unit/handlers/execute_fixture.h"
#include "tests/unit/handlers/fake_runners.h"

#define REVISION(number) FAKE_ARN "task-definition/report:" number
#define FAMILY FAKE_ARN "task-definition/report"
#define RETRY_MS 60000

struct task_fixture {
    struct fake_runners runners;
    struct fixture *f;
};

static inline bool answer_others(void *state, struct http_exchange *exchange) {
    struct task_fixture *t = state;
    return fake_runners_answer(&t->runners, &t->f->ecs, exchange);
}

static inline int set_up_task(void **state) {
    static struct task_fixture t;
    struct fixture *f;
    (void)set_up(state);
    f = *state;
    memset(&t, 0, sizeof(t));
    t.f = f;
    fake_runners_init(&t.runners, &f->arena);
    f->others = answer_others;
    f->others_state = &t;
    fake_add_revision(&f->ecs, process_first_request(&f->arena, "report"), 40);
    *state = &t;
    return 0;
}

static inline int tear_down_task(void **state) {
    struct task_fixture *t = *state;
    void *f = t->f;
    return tear_down(&f);
}

static inline struct fake_rule_target *add_rule_target(struct task_fixture *t, const char *rule,
                                                       const char *id) {
    return fake_add_target(&t->runners, rule, id, FAKE_CLUSTER, REVISION("40"));
}

static inline void add_usual(struct task_fixture *t) {
    add_rule_target(t, "nightly", "one");
    fake_add_schedule(&t->runners, "hourly", FAKE_CLUSTER, REVISION("40"));
}

static inline struct trigger *add_task(struct task_fixture *t, const char *name, const char *id,
                                       int64_t time_ms, const char *tag) {
    struct trigger *trigger = process_add(&t->f->process, name, id, time_ms, tag);
    struct target *target = &t->f->process.targets[t->f->process.n - 1];
    target->kind = TARGET_TASK;
    target->service = (struct view){0};
    return trigger;
}

/* One event by itself. */
static inline const struct change *deploy_task(struct task_fixture *t, const char *id,
                                               int64_t time_ms, const char *tag) {
    t->f->process.n = 0;
    add_task(t, "report", id, time_ms, tag);
    run(t->f);
    return &t->f->process.changes[0];
}

static inline const struct change *deploy_usual(struct task_fixture *t) {
    return deploy_task(t, "e-1", NOW_MS - 500, "t01");
}

static inline bool text_has(struct view text, const char *part) {
    size_t len = strlen(part);
    for (size_t i = 0; i + len <= text.len; i++) {
        if (memcmp(text.data + i, part, len) == 0) {
            return true;
        }
    }
    return false;
}

/* Which revision a document runs, and that nothing else of it has changed. */
static inline void assert_text_runs(struct view text, const char *task_definition) {
    char want[200];
    snprintf(want, sizeof(want), "\"TaskDefinitionArn\":\"%s\"", task_definition);
    if (!text_has(text, want)) {
        fail_msg(VIEW_FMT "\ndoes not run %s", VIEW_ARG(text), task_definition);
    }
}

static inline void assert_rule_runs(struct task_fixture *t, size_t i, const char *definition) {
    struct view text = t->runners.targets[i].text;
    assert_text_runs(text, definition);
    assert_true(text_has(text, "\"Input\":\"{\\\"at\\\": 1}\""));
    assert_true(text_has(text, "\"RetryPolicy\":{\"MaximumRetryAttempts\":3}"));
    assert_true(text_has(text, "\"TaskCount\":2"));
}

static inline void assert_schedule_runs(struct task_fixture *t, size_t i, const char *definition) {
    struct view text = t->runners.schedules[i].text;
    assert_text_runs(text, definition);
    assert_true(text_has(text, "\"Description\":\"kept\""));
    assert_true(text_has(text, "\"FlexibleTimeWindow\":{\"Mode\":\"OFF\"}"));
    assert_true(text_has(text, "\"RoleArn\":\"arn:aws:iam::222222222222:role/scheduler\""));
}

static inline void assert_usual_run(struct task_fixture *t, const char *definition) {
    assert_rule_runs(t, 0, definition);
    assert_schedule_runs(t, 0, definition);
}

static inline void assert_note(const struct change *change, const char *part) {
    if (!text_has(change->note, part)) {
        fail_msg("'" VIEW_FMT "' lacks '%s'", VIEW_ARG(change->note), part);
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up_task, tear_down_task)

#endif
