#include "tests/unit/handlers/report_fixture.h"

/* What became of a deployment, and of a task and a function: in the answer, in the log and in the
 * metrics. */

static struct change reported(struct fixture *f, enum rollout_outcome outcome) {
    struct change change = deployed(f);
    f->trigger.kind = TRIGGER_ROLLOUT;
    change.verdict = VERDICT_REPORT;
    change.status = CHANGE_REPORTED;
    change.reuse = change.to_task_definition;
    change.to_task_definition = (struct view){0};
    change.rollout = (struct rollout){.outcome = outcome, .duration_ms = 95400};
    if (outcome == ROLLOUT_FAILED || outcome == ROLLOUT_IMPAIRED) {
        change.rollout.why = VIEW("one\ntwo");
        change.rollout.remedy = VIEW("go back");
    }
    return change;
}

static struct json *answered(struct fixture *f, const struct change *change) {
    buf_clear(&f->response);
    report_response(&f->config, change, 1, 412, &f->response);
    return parse(buf_cstr(&f->response));
}

static int64_t number_of(const struct json *object, const char *name) {
    int64_t number = -1;
    assert_true(json_to_i64(json_get(object, name), &number));
    return number;
}

/* ---- the answer ---- */

static void the_answer_to_an_end(void **state) {
    struct fixture *f = *state;
    struct change change = reported(f, ROLLOUT_COMPLETED);
    respond(f, &change, 1,
            "{\"status\":\"reported\",\"environment\":\"prod\",\"project\":\"myproject\","
            "\"event_id\":\"event-1\",\"duration_ms\":412,\"changes\":[{\"target\":\"backend\","
            "\"kind\":\"service\",\"status\":\"reported\",\"from\":{\"task_definition\":\"" ARN41
            "\",\"image\":\"r/b:old\"},\"to\":{\"task_definition\":\"" ARN42
            "\",\"image\":\"r/b@sha256:0\",\"tag\":\"git-1\",\"digest\":\"sha256:0\"},"
            "\"deployment_id\":\"ecs-svc/1\",\"outcome\":\"completed\",\"rollout_seconds\":95}]}");
}

static void the_answer_to_a_failed_end(void **state) {
    struct fixture *f = *state;
    struct change change = reported(f, ROLLOUT_FAILED);
    change.note = VIEW("a note");
    struct json *root JSON_AUTO = answered(f, &change);
    const struct json *told = json_first(json_get(root, "changes"));
    assert_member(told, "status", "reported");
    assert_member(told, "outcome", "failed");
    assert_member(told, "why", "one\ntwo");
    assert_member(told, "remedy", "go back");
    assert_member(told, "note", "a note");
    assert_int_equal(number_of(told, "rollout_seconds"), 95);
    assert_null(json_get(told, "code"));
    assert_null(json_get(told, "diff"));
}

static void the_name_of_each_outcome(void **state) {
    struct fixture *f = *state;
    static const struct {
        enum rollout_outcome outcome;
        const char *name;
    } cases[] = {
        {ROLLOUT_COMPLETED, "completed"},     {ROLLOUT_FAILED, "failed"},
        {ROLLOUT_ROLLED_BACK, "rolled_back"}, {ROLLOUT_SUPERSEDED, "superseded"},
        {ROLLOUT_IMPAIRED, "impaired"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct change change = reported(f, cases[i].outcome);
        struct json *root JSON_AUTO = answered(f, &change);
        assert_member(json_first(json_get(root, "changes")), "outcome", cases[i].name);
    }
}

static void whole_seconds(void **state) {
    struct fixture *f = *state;
    static const struct {
        int64_t duration_ms;
        int64_t seconds; /* -1: not told */
    } cases[] = {{-1, -1}, {0, 0}, {499, 0}, {500, 1}, {1499, 1}, {3600000, 3600}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct change change = reported(f, ROLLOUT_COMPLETED);
        change.rollout.duration_ms = cases[i].duration_ms;
        struct json *root JSON_AUTO = answered(f, &change);
        const struct json *told = json_first(json_get(root, "changes"));
        if (cases[i].seconds < 0) {
            assert_null(json_get(told, "rollout_seconds"));
        } else {
            assert_int_equal(number_of(told, "rollout_seconds"), cases[i].seconds);
        }
    }
}

/* A dry run tells what it would have told, and neither marks nor counts anything. */
static void a_dry_run_of_an_end(void **state) {
    struct fixture *f = *state;
    struct change change = reported(f, ROLLOUT_FAILED);
    change.status = CHANGE_PLANNED;
    f->config.dry_run = true;
    struct json *root JSON_AUTO = answered(f, &change);
    const struct json *told = json_first(json_get(root, "changes"));
    assert_member(told, "status", "planned");
    assert_member(told, "action", "report");
    assert_member(told, "outcome", "failed");
    assert_member(told, "why", "one\ntwo");
    assert_member(told, "remedy",
                  "send the event without 'dry_run', with DRY_RUN off, to carry it out");
    assert_null(json_get(told, "diff"));
    report_log(&f->log, &f->config, &change, 1, 412);
    assert_int_equal(f->n_lines, 1);
}

static void an_end_that_could_not_be_told(void **state) {
    struct fixture *f = *state;
    struct change change = reported(f, ROLLOUT_COMPLETED);
    (void)err_set(&f->err, ERR_THROTTLED, "TagResource was throttled");
    change.status = CHANGE_FAILED;
    change.err = &f->err;
    struct json *root JSON_AUTO = answered(f, &change);
    const struct json *told = json_first(json_get(root, "changes"));
    assert_member(told, "status", "failed");
    assert_member(told, "code", "Throttled");
    assert_null(json_get(told, "outcome"));
}

static void tasks_say_what_was_moved_and_functions_their_version(void **state) {
    struct fixture *f = *state;
    struct view moved[] = {VIEW("rule nightly"), VIEW("schedule default/\"hourly\"")};
    struct target task = {.name = VIEW("nightly"), .kind = TARGET_TASK};
    struct target function = {.name = VIEW("thumbs"), .kind = TARGET_LAMBDA};
    struct change change = deployed(f);
    change.target = &task;
    change.moved = moved;
    change.n_moved = COUNT(moved);
    struct json *root JSON_AUTO = answered(f, &change);
    const struct json *told = json_first(json_get(root, "changes"));
    assert_member(told, "kind", "task");
    assert_int_equal(json_count(json_get(told, "moved")), 2);
    assert_true(view_equal(json_string(json_next(json_first(json_get(told, "moved")))), moved[1]));
    assert_null(json_get(told, "version"));
    assert_null(json_get(told, "outcome"));
    report_log(&f->log, &f->config, &change, 1, 412);
    struct json *line JSON_AUTO = parse(f->lines[0]);
    assert_int_equal(json_count(json_get(line, "moved")), 2);
    assert_true(view_equal(json_string(json_first(json_get(line, "moved"))), moved[0]));

    change = deployed(f);
    change.target = &function;
    change.version = VIEW("7");
    struct json *other JSON_AUTO = answered(f, &change);
    told = json_first(json_get(other, "changes"));
    assert_member(told, "kind", "lambda");
    assert_member(told, "version", "7");
    assert_null(json_get(told, "moved"));
    change.n_moved = 1;
    change.moved = moved;
    struct json *one JSON_AUTO = answered(f, &change);
    assert_int_equal(json_count(json_get(json_first(json_get(one, "changes")), "moved")), 1);
    change.n_moved = 0;
    f->n_lines = 0;
    report_log(&f->log, &f->config, &change, 1, 412);
    struct json *of_function JSON_AUTO = parse(f->lines[0]);
    assert_member(of_function, "version", "7");
    assert_null(json_get(of_function, "moved"));
}

static void an_end_is_less_serious_than_a_deploy(void **state) {
    struct fixture *f = *state;
    struct change changes[] = {reported(f, ROLLOUT_COMPLETED), deployed(f)};
    buf_clear(&f->response);
    report_response(&f->config, changes, 2, 0, &f->response);
    struct json *root JSON_AUTO = parse(buf_cstr(&f->response));
    assert_member(root, "status", "deployed");
    changes[1].status = CHANGE_PLANNED;
    struct json *other JSON_AUTO = answered(f, changes);
    assert_member(other, "status", "reported");
}

/* ---- the log ---- */

static void a_line_of_an_end(void **state) {
    struct fixture *f = *state;
    static const struct {
        enum rollout_outcome outcome;
        const char *name, *level;
    } cases[] = {
        {ROLLOUT_COMPLETED, "completed", "INFO"},     {ROLLOUT_FAILED, "failed", "WARN"},
        {ROLLOUT_ROLLED_BACK, "rolled_back", "INFO"}, {ROLLOUT_SUPERSEDED, "superseded", "INFO"},
        {ROLLOUT_IMPAIRED, "impaired", "WARN"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct change change = reported(f, cases[i].outcome);
        f->n_lines = 0;
        report_log(&f->log, &f->config, &change, 1, 412);
        struct json *line JSON_AUTO = parse(f->lines[0]);
        assert_member(line, "level", cases[i].level);
        assert_member(line, "message", "reported");
        assert_member(line, "status", "reported");
        assert_member(line, "outcome", cases[i].name);
        assert_member(line, "to_task_definition", ARN42);
        assert_int_equal(number_of(line, "rollout_seconds"), 95);
        if (change.rollout.why.len > 0) {
            assert_member(line, "why", "one\ntwo");
            assert_member(line, "what_to_do", "go back");
        } else {
            assert_null(json_get(line, "why"));
            assert_null(json_get(line, "what_to_do"));
        }
    }
}

static void a_line_of_an_end_that_took_no_time(void **state) {
    struct fixture *f = *state;
    struct change change = reported(f, ROLLOUT_COMPLETED);
    change.rollout.duration_ms = 0;
    report_log(&f->log, &f->config, &change, 1, 412);
    struct json *line JSON_AUTO = parse(f->lines[0]);
    assert_int_equal(number_of(line, "rollout_seconds"), 0);
}

/* Each field that a line may have, at once: there is room for all of them. */
static void a_line_with_every_field(void **state) {
    struct fixture *f = *state;
    struct change change = reported(f, ROLLOUT_FAILED);
    change.status = CHANGE_PLANNED;
    struct view moved = VIEW("rule nightly");
    change.note = VIEW("a note");
    change.version = VIEW("7");
    change.moved = &moved;
    change.n_moved = 1;
    f->trigger.reason = VIEW("a reason");
    f->trigger.dry_run = true;
    report_log(&f->log, &f->config, &change, 1, 412);
    struct json *line JSON_AUTO = parse(f->lines[0]);
    static const char *const names[] = {"status",
                                        "project",
                                        "environment",
                                        "target",
                                        "kind",
                                        "event_id",
                                        "code",
                                        "remedy",
                                        "note",
                                        "tag",
                                        "digest",
                                        "version",
                                        "from_task_definition",
                                        "from_image",
                                        "to_task_definition",
                                        "to_image",
                                        "outcome",
                                        "why",
                                        "what_to_do",
                                        "deployment_id",
                                        "rollout_seconds",
                                        "reason",
                                        "action",
                                        "dry_run",
                                        "duration_ms",
                                        "diff",
                                        "moved"};
    for (size_t i = 0; i < COUNT(names); i++) {
        if (json_get(line, names[i]) == NULL) {
            fail_msg("no '%s'", names[i]);
        }
    }
}

static void a_list_too_long_for_a_line_says_so(void **state) {
    struct fixture *f = *state;
    static struct view moved[5000];
    struct change change = deployed(f);
    for (size_t i = 0; i < COUNT(moved); i++) {
        moved[i] = VIEW("schedule default/hourly");
    }
    change.moved = moved;
    change.n_moved = COUNT(moved);
    report_log(&f->log, &f->config, &change, 1, 412);
    struct json *line JSON_AUTO = parse(f->lines[0]);
    assert_member(line, "moved", "too long for a line: see the answer");
}

/* ---- metrics ---- */

/* NULL: none. */
static void check_metric_of(struct fixture *f, const struct change *change, const char *metric,
                            const char *unit, int64_t value) {
    f->n_lines = 0;
    report_log(&f->log, &f->config, change, 1, 412);
    assert_int_equal(f->n_lines, metric != NULL ? 2 : 1);
    if (metric == NULL) {
        return;
    }
    struct json *root JSON_AUTO = parse(f->lines[1]);
    const struct json *directive =
        json_first(json_get(json_get(root, "_aws"), "CloudWatchMetrics"));
    const struct json *first = json_first(json_get(directive, "Metrics"));
    assert_member(directive, "Namespace", "slipway");
    assert_member(first, "Name", metric);
    assert_member(first, "Unit", unit);
    assert_member(json_next(first), "Name", "DurationMs");
    assert_int_equal(number_of(root, metric), value);
    assert_int_equal(number_of(root, "DurationMs"), 412);
    assert_member(root, "Service", "backend");
}

static void metrics_of_an_end(void **state) {
    struct fixture *f = *state;
    static const struct {
        enum rollout_outcome outcome;
        const char *metric, *unit;
        int64_t value;
    } cases[] = {
        {ROLLOUT_COMPLETED, "RolloutSeconds", "Seconds", 95},
        {ROLLOUT_ROLLED_BACK, "RolloutSeconds", "Seconds", 95},
        {ROLLOUT_FAILED, "Failed", "Count", 1},
        {ROLLOUT_SUPERSEDED, NULL, NULL, 0},
        {ROLLOUT_IMPAIRED, NULL, NULL, 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct change change = reported(f, cases[i].outcome);
        check_metric_of(f, &change, cases[i].metric, cases[i].unit, cases[i].value);
    }
}

/* A duration that is not known must not become one of zero; a failure counts without one. */
static void a_duration_that_is_not_known_is_no_metric(void **state) {
    struct fixture *f = *state;
    struct change change = reported(f, ROLLOUT_COMPLETED);
    change.rollout.duration_ms = -1;
    check_metric_of(f, &change, NULL, NULL, 0);
    change.rollout.duration_ms = 0;
    check_metric_of(f, &change, "RolloutSeconds", "Seconds", 0);
    change = reported(f, ROLLOUT_FAILED);
    change.rollout.duration_ms = -1;
    check_metric_of(f, &change, "Failed", "Count", 1);
}

static void a_rollback_is_a_metric(void **state) {
    struct fixture *f = *state;
    struct change change = deployed(f);
    change.status = CHANGE_ROLLED_BACK;
    check_metric_of(f, &change, "RolledBack", "Count", 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(the_answer_to_an_end),
        TEST(the_answer_to_a_failed_end),
        TEST(the_name_of_each_outcome),
        TEST(whole_seconds),
        TEST(a_dry_run_of_an_end),
        TEST(an_end_that_could_not_be_told),
        TEST(tasks_say_what_was_moved_and_functions_their_version),
        TEST(an_end_is_less_serious_than_a_deploy),
        TEST(a_line_of_an_end),
        TEST(a_line_of_an_end_that_took_no_time),
        TEST(a_line_with_every_field),
        TEST(a_list_too_long_for_a_line_says_so),
        TEST(metrics_of_an_end),
        TEST(a_duration_that_is_not_known_is_no_metric),
        TEST(a_rollback_is_a_metric),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
