#include "tests/unit/handlers/report_fixture.h"

/* ---- the log ---- */

static void a_line_of_a_deploy(void **state) {
    struct fixture *f = *state;
    struct change change = deployed(f);
    f->trigger.reason = VIEW("release \"42\"");
    report_log(&f->log, &f->config, &change, 1, 412);
    assert_int_equal(f->n_lines, 2);
    struct json *line JSON_AUTO = parse(f->lines[0]);
    static const char *const expected[][2] = {
        {"level", "INFO"},
        {"message", "deployed"},
        {"status", "deployed"},
        {"project", "myproject"},
        {"environment", "prod"},
        {"target", "backend"},
        {"kind", "service"},
        {"event_id", "event-1"},
        {"tag", "git-1"},
        {"digest", "sha256:0"},
        {"from_task_definition", ARN41},
        {"from_image", "r/b:old"},
        {"to_task_definition", ARN42},
        {"to_image", "r/b@sha256:0"},
        {"deployment_id", "ecs-svc/1"},
        {"reason", "release \"42\""},
    };
    for (size_t i = 0; i < COUNT(expected); i++) {
        assert_member(line, expected[i][0], expected[i][1]);
    }
    int64_t duration_ms = 0;
    assert_true(json_to_i64(json_get(line, "duration_ms"), &duration_ms));
    assert_int_equal(duration_ms, 412);
    assert_null(json_get(line, "dry_run"));
    assert_null(json_get(line, "code"));
}

static void a_line_of_a_refusal(void **state) {
    struct fixture *f = *state;
    struct change change = refused(f);
    f->trigger.tag = VIEW("git-9");
    report_log(&f->log, &f->config, &change, 1, 1);
    struct json *line JSON_AUTO = parse(f->lines[0]);
    assert_member(line, "level", "WARN");
    assert_member(line, "message", "service 'bäckend\\x0a' is unknown");
    assert_member(line, "status", "refused");
    assert_member(line, "code", "ServiceUnknown");
    assert_member(line, "tag", "git-9");
    assert_member(line, "remedy",
                  "send one of the known services, or add this one to ECS_SERVICE_MAP");
}

static void each_change_has_its_lines(void **state) {
    struct fixture *f = *state;
    struct target api = {.name = VIEW("api"), .kind = TARGET_SERVICE};
    struct change changes[] = {deployed(f), deployed(f)};
    changes[1].target = &api;
    changes[1].digest = (struct view){0};
    changes[1].status = CHANGE_UNCHANGED;
    f->trigger.digest = VIEW("sha256:as-sent");
    report_log(&f->log, &f->config, changes, 2, 1);
    assert_int_equal(f->n_lines, 4);
    struct json *first JSON_AUTO = parse(f->lines[0]);
    struct json *second JSON_AUTO = parse(f->lines[2]);
    assert_member(first, "target", "backend");
    assert_member(first, "digest", "sha256:0");
    assert_member(second, "target", "api");
    assert_member(second, "digest", "sha256:as-sent");
}

static void failures_are_errors(void **state) {
    struct fixture *f = *state;
    struct change change = refused(f);
    change.status = CHANGE_FAILED;
    f->log.level = LOG_ERROR;
    report_log(&f->log, &f->config, &change, 1, 1);
    assert_int_equal(f->n_lines, 2);
    struct json *line JSON_AUTO = parse(f->lines[0]);
    assert_member(line, "level", "ERROR");
    assert_member(line, "status", "failed");
}

static void a_line_of_a_dry_run_has_the_plan(void **state) {
    struct fixture *f = *state;
    struct change change = deployed(f);
    struct taskdef_difference difference = {VIEW("cpu"), VIEW("1"), VIEW("2")};
    f->config.dry_run = true;
    change.status = CHANGE_PLANNED;
    change.differences = &difference;
    change.n_differences = 1;
    report_log(&f->log, &f->config, &change, 1, 1);
    assert_int_equal(f->n_lines, 1);
    struct json *line JSON_AUTO = parse(f->lines[0]);
    assert_member(line, "action", "deploy");
    assert_true(json_bool(json_get(line, "dry_run")));
    assert_member(json_first(json_get(line, "diff")), "path", "cpu");
}

static void a_plan_too_long_for_a_line_says_so(void **state) {
    struct fixture *f = *state;
    static struct taskdef_difference differences[3000];
    struct change change = deployed(f);
    for (size_t i = 0; i < COUNT(differences); i++) {
        differences[i] =
            (struct taskdef_difference){VIEW("containerDefinitions"), VIEW("1"), VIEW("2")};
    }
    change.status = CHANGE_PLANNED;
    change.differences = differences;
    change.n_differences = COUNT(differences);
    report_log(&f->log, &f->config, &change, 1, 1);
    struct json *line JSON_AUTO = parse(f->lines[0]);
    assert_member(line, "diff", "too long for a line: see the answer");
}

/* ---- metrics ---- */

/* The structure of "Specification: Embedded metric format". */
static void check_metric(const char *text, const char *metric, const char *service) {
    struct json *root JSON_AUTO = parse(text);
    static const char *const dimensions[] = {"Project", "Environment", "Service"};
    const struct json *metadata = json_get(root, "_aws");
    const struct json *directive = json_first(json_get(metadata, "CloudWatchMetrics"));
    int64_t number = 0;
    assert_true(json_to_i64(json_get(metadata, "Timestamp"), &number));
    assert_int_equal(number, NOW_MS);
    assert_int_equal(json_count(json_get(metadata, "CloudWatchMetrics")), 1);
    assert_member(directive, "Namespace", "slipway");
    assert_int_equal(json_count(json_get(directive, "Dimensions")), 1);
    const struct json *name = json_first(json_first(json_get(directive, "Dimensions")));
    for (size_t i = 0; i < COUNT(dimensions); i++, name = json_next(name)) {
        assert_true(view_equal(json_string(name), view_of(dimensions[i])));
        assert_true(json_string(json_get(root, dimensions[i])).len > 0);
    }
    assert_null(name);
    assert_member(root, "Project", "myproject");
    assert_member(root, "Environment", "prod");
    assert_member(root, "Service", service);
    const struct json *first = json_first(json_get(directive, "Metrics"));
    assert_int_equal(json_count(json_get(directive, "Metrics")), 2);
    assert_member(first, "Name", metric);
    assert_member(first, "Unit", "Count");
    assert_member(json_next(first), "Name", "DurationMs");
    assert_member(json_next(first), "Unit", "Milliseconds");
    assert_true(json_to_i64(json_get(root, metric), &number));
    assert_int_equal(number, 1);
    assert_true(json_to_i64(json_get(root, "DurationMs"), &number));
    assert_int_equal(number, 412);
}

static void metrics(void **state) {
    struct fixture *f = *state;
    static const struct {
        enum change_status status;
        const char *metric;
    } cases[] = {
        {CHANGE_DEPLOYED, "Deployed"}, {CHANGE_RESTARTED, "Restarted"}, {CHANGE_REFUSED, "Refused"},
        {CHANGE_FAILED, "Failed"},     {CHANGE_UNCHANGED, "Unchanged"}, {CHANGE_IGNORED, NULL},
        {CHANGE_SUPERSEDED, NULL},     {CHANGE_PLANNED, NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct change change = deployed(f);
        change.status = cases[i].status;
        f->n_lines = 0;
        report_log(&f->log, &f->config, &change, 1, 412);
        assert_int_equal(f->n_lines, cases[i].metric != NULL ? 2 : 1);
        if (cases[i].metric != NULL) {
            check_metric(f->lines[1], cases[i].metric, "backend");
        }
    }
}

static void a_dry_run_counts_nothing(void **state) {
    struct fixture *f = *state;
    struct change change = deployed(f);
    f->trigger.dry_run = true;
    static const enum change_status all[] = {CHANGE_DEPLOYED, CHANGE_REFUSED, CHANGE_UNCHANGED};
    for (size_t i = 0; i < COUNT(all); i++) {
        change.status = all[i];
        f->n_lines = 0;
        report_log(&f->log, &f->config, &change, 1, 412);
        assert_int_equal(f->n_lines, 1);
    }
}

static void an_unknown_service_is_no_metric_of_its_own(void **state) {
    struct fixture *f = *state;
    struct change change = refused(f);
    f->trigger.service = VIEW("whatever somebody sends");
    report_log(&f->log, &f->config, &change, 1, 412);
    check_metric(f->lines[1], "Refused", "unknown");
}

static void metrics_do_not_depend_on_the_level(void **state) {
    struct fixture *f = *state;
    struct change change = deployed(f);
    f->log.level = LOG_FATAL;
    report_log(&f->log, &f->config, &change, 1, 412);
    assert_int_equal(f->n_lines, 1);
    check_metric(f->lines[0], "Deployed", "backend");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_line_of_a_deploy),
        TEST(a_line_of_a_refusal),
        TEST(each_change_has_its_lines),
        TEST(failures_are_errors),
        TEST(a_line_of_a_dry_run_has_the_plan),
        TEST(a_plan_too_long_for_a_line_says_so),
        TEST(metrics),
        TEST(a_dry_run_counts_nothing),
        TEST(an_unknown_service_is_no_metric_of_its_own),
        TEST(metrics_do_not_depend_on_the_level),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
