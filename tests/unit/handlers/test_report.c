#include "handlers/report.h"

#include "runtime/base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NOW_MS INT64_C(1795214344000)
#define ARN41 "arn:aws:ecs:eu-west-1:222222222222:task-definition/f:41"
#define ARN42 "arn:aws:ecs:eu-west-1:222222222222:task-definition/f:42"

static int64_t wall_ms(void *state) {
    (void)state;
    return NOW_MS;
}

static const struct clock test_clock = {.wall_ms = wall_ms};

/* Keeps the lines that are logged. */
struct fixture {
    struct config config;
    struct log log;
    char lines[8][8192];
    size_t n_lines;
    struct buf response;
    struct trigger trigger;
    struct target target;
    struct err err;
};

static void keep_line(void *state, struct view line) {
    struct fixture *f = state;
    assert_true(f->n_lines < COUNT(f->lines) && line.len < sizeof(f->lines[0]));
    memcpy(f->lines[f->n_lines], line.data, line.len);
    f->lines[f->n_lines++][line.len] = '\0';
}

static int set_up(void **state) {
    static struct fixture fixture;
    fixture = (struct fixture){
        .config = {.project = VIEW("myproject"), .env = VIEW("prod")},
        .log = {.level = LOG_INFO, .format = LOG_JSON, .clock = &test_clock, .write = keep_line},
        .response = BUF_INIT(65536),
        .trigger = {.event_id = VIEW("event-1"), .service = VIEW("backend")},
        .target = {.name = VIEW("backend"), .kind = TARGET_SERVICE},
    };
    fixture.log.state = &fixture;
    err_init(&fixture.err);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    buf_release(&f->response);
    return 0;
}

static struct change deployed(struct fixture *f) {
    return (struct change){
        .trigger = &f->trigger,
        .target = &f->target,
        .verdict = VERDICT_DEPLOY,
        .status = CHANGE_DEPLOYED,
        .from_task_definition = VIEW(ARN41),
        .from_image = VIEW("r/b:old"),
        .to_image = VIEW("r/b@sha256:0"),
        .to_task_definition = VIEW(ARN42),
        .tag = VIEW("git-1"),
        .digest = VIEW("sha256:0"),
        .deployment_id = VIEW("ecs-svc/1"),
    };
}

static struct change refused(struct fixture *f) {
    err_init(&f->err);
    (void)err_set(&f->err, ERR_SERVICE_UNKNOWN, "service '%s' is unknown", "bäckend\n");
    return (struct change){.trigger = &f->trigger,
                           .err = &f->err,
                           .verdict = VERDICT_REFUSED,
                           .status = CHANGE_REFUSED};
}

static void respond(struct fixture *f, const struct change *changes, size_t n,
                    const char *expected) {
    buf_clear(&f->response);
    report_response(&f->config, changes, n, 412, &f->response);
    assert_string_equal(buf_cstr(&f->response), expected);
}

static struct json *parse(const char *text) {
    const struct json_limits limits = {.max_bytes = 65536, .max_depth = 16};
    struct json *root = NULL;
    struct err err;
    err_init(&err);
    if (json_parse(view_of(text), &limits, "line", &root, &err) != 0) {
        fail_msg("%s: %s", err.message, text);
    }
    return root;
}

static void assert_member(const struct json *object, const char *name, const char *expected) {
    struct view v = json_string(json_get(object, name));
    if (!view_equal(v, view_of(expected))) {
        fail_msg("%s: got '" VIEW_FMT "', expected '%s'", name, VIEW_ARG(v), expected);
    }
}

/* ---- the response ---- */

static void the_answer_to_a_deploy(void **state) {
    struct fixture *f = *state;
    struct change change = deployed(f);
    respond(f, &change, 1,
            "{\"status\":\"deployed\",\"environment\":\"prod\",\"project\":\"myproject\","
            "\"event_id\":\"event-1\",\"duration_ms\":412,\"changes\":[{\"target\":\"backend\","
            "\"kind\":\"service\",\"status\":\"deployed\",\"from\":{\"task_definition\":\"" ARN41
            "\",\"image\":\"r/b:old\"},\"to\":{\"task_definition\":\"" ARN42
            "\",\"image\":\"r/b@sha256:0\",\"tag\":\"git-1\",\"digest\":\"sha256:0\"},"
            "\"deployment_id\":\"ecs-svc/1\"}]}");
}

static void the_answer_to_a_refusal(void **state) {
    struct fixture *f = *state;
    struct change change = refused(f);
    respond(
        f, &change, 1,
        "{\"status\":\"refused\",\"environment\":\"prod\",\"project\":\"myproject\","
        "\"event_id\":\"event-1\",\"duration_ms\":412,\"changes\":[{\"target\":\"backend\","
        "\"status\":\"refused\",\"code\":\"ServiceUnknown\","
        "\"message\":\"service 'bäckend\\\\x0a' is unknown\",\"remedy\":\"send one of the known "
        "services, or add this one to ECS_SERVICE_MAP\"}]}");
    /* An event of which nothing is known. */
    f->trigger.service = (struct view){0};
    buf_clear(&f->response);
    report_response(&f->config, &change, 1, 0, &f->response);
    assert_null(strstr(buf_cstr(&f->response), "target"));
}

static void the_answer_to_a_dry_run(void **state) {
    struct fixture *f = *state;
    struct change change = deployed(f);
    struct taskdef_difference differences[] = {
        {VIEW("containerDefinitions[1].image"), VIEW("\"r/b:old\""), VIEW("\"r/b@sha256:0\"")},
        {VIEW("tags.slipway:event-id"), {0}, VIEW("\"event-1\"")},
        {VIEW("cpu"), VIEW("1.50"), {0}},
    };
    change.status = CHANGE_PLANNED;
    change.to_task_definition = (struct view){0};
    change.deployment_id = (struct view){0};
    change.differences = differences;
    change.n_differences = COUNT(differences);
    respond(f, &change, 1,
            "{\"status\":\"planned\",\"environment\":\"prod\",\"project\":\"myproject\","
            "\"event_id\":\"event-1\",\"duration_ms\":412,\"changes\":[{\"target\":\"backend\","
            "\"kind\":\"service\",\"status\":\"planned\",\"action\":\"deploy\","
            "\"code\":\"Planned\",\"message\":\"a dry run: nothing was written\","
            "\"remedy\":\"send the event without 'dry_run', with DRY_RUN off, to carry it out\","
            "\"from\":{\"task_definition\":\"" ARN41 "\",\"image\":\"r/b:old\"},"
            "\"to\":{\"image\":\"r/b@sha256:0\",\"tag\":\"git-1\",\"digest\":\"sha256:0\"},"
            "\"diff\":[{\"path\":\"containerDefinitions[1].image\",\"from\":\"r/b:old\","
            "\"to\":\"r/b@sha256:0\"},{\"path\":\"tags.slipway:event-id\",\"to\":\"event-1\"},"
            "{\"path\":\"cpu\",\"from\":1.50}]}]}");
    change.verdict = VERDICT_RESTART;
    change.n_differences = 0;
    buf_clear(&f->response);
    report_response(&f->config, &change, 1, 0, &f->response);
    assert_non_null(strstr(buf_cstr(&f->response), "\"action\":\"restart\""));
    assert_non_null(strstr(buf_cstr(&f->response), "\"diff\":[]"));
}

static void a_note(void **state) {
    struct fixture *f = *state;
    struct change change = {.trigger = &f->trigger,
                            .status = CHANGE_IGNORED,
                            .note = VIEW("switched off by ENABLE_MANUAL_DEPLOY")};
    respond(f, &change, 1,
            "{\"status\":\"ignored\",\"environment\":\"prod\",\"project\":\"myproject\","
            "\"event_id\":\"event-1\",\"duration_ms\":412,\"changes\":[{\"target\":\"backend\","
            "\"status\":\"ignored\",\"code\":\"Ignored\","
            "\"message\":\"switched off by ENABLE_MANUAL_DEPLOY\","
            "\"remedy\":\"send it to the environment that it is meant for, or switch this kind of "
            "event on\"}]}");
    change.status = CHANGE_UNCHANGED;
    change.note = VIEW("runs already");
    respond(f, &change, 1,
            "{\"status\":\"unchanged\",\"environment\":\"prod\",\"project\":\"myproject\","
            "\"event_id\":\"event-1\",\"duration_ms\":412,\"changes\":[{\"target\":\"backend\","
            "\"status\":\"unchanged\",\"note\":\"runs already\"}]}");
}

static void what_is_superseded_says_why(void **state) {
    struct fixture *f = *state;
    struct change change = {
        .trigger = &f->trigger, .status = CHANGE_SUPERSEDED, .note = VIEW("event 'b' is newer")};
    respond(f, &change, 1,
            "{\"status\":\"superseded\",\"environment\":\"prod\",\"project\":\"myproject\","
            "\"event_id\":\"event-1\",\"duration_ms\":412,\"changes\":[{\"target\":\"backend\","
            "\"status\":\"superseded\",\"code\":\"Superseded\",\"message\":\"event 'b' is newer\","
            "\"remedy\":\"send the deploy as a new event to have it after all\"}]}");
}

static void the_most_serious_status_is_on_top(void **state) {
    struct fixture *f = *state;
    static const enum change_status ascending[] = {
        CHANGE_IGNORED,   CHANGE_UNCHANGED, CHANGE_SUPERSEDED, CHANGE_PLANNED,
        CHANGE_RESTARTED, CHANGE_DEPLOYED,  CHANGE_REFUSED,    CHANGE_FAILED,
    };
    for (size_t i = 0; i < COUNT(ascending); i++) {
        struct change changes[3] = {
            {.trigger = &f->trigger}, {.trigger = &f->trigger}, {.trigger = &f->trigger}};
        changes[i % 3].status = ascending[i];
        buf_clear(&f->response);
        report_response(&f->config, changes, 3, 0, &f->response);
        struct json *root JSON_AUTO = parse(buf_cstr(&f->response));
        assert_member(root, "status", change_status_name(ascending[i]));
        assert_int_equal(json_count(json_get(root, "changes")), 3);
    }
}

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

/* ---- failures ---- */

static void nothing_failed(void **state) {
    struct fixture *f = *state;
    struct change changes[] = {deployed(f), refused(f)};
    struct err err;
    err_init(&err);
    assert_int_equal(report_failure(changes, 2, &err), 0);
    assert_int_equal(report_failure(NULL, 0, &err), 0);
    assert_false(err_is_set(&err));
}

static void one_failure(void **state) {
    struct fixture *f = *state;
    struct change change = deployed(f);
    struct err cause, err;
    err_init(&cause);
    err_init(&err);
    (void)err_set(&cause, ERR_THROTTLED, "UpdateService was throttled");
    err_remedy(&cause, "wait");
    change.status = CHANGE_FAILED;
    change.err = &cause;
    assert_int_equal(report_failure(&change, 1, &err), -1);
    assert_int_equal(err.code, ERR_THROTTLED);
    assert_string_equal(err.message, "UpdateService was throttled");
    assert_string_equal(err.remedy, "wait");
}

static void several_failures_are_all_named(void **state) {
    struct fixture *f = *state;
    struct target api = {.name = VIEW("api")};
    struct change changes[] = {deployed(f), deployed(f), deployed(f)};
    struct err first, second, err;
    err_init(&first);
    err_init(&second);
    err_init(&err);
    (void)err_set(&first, ERR_AWS_UNAVAILABLE, "no connection");
    (void)err_set(&second, ERR_THROTTLED, "throttled");
    changes[1].status = CHANGE_FAILED;
    changes[1].err = &first;
    changes[2].status = CHANGE_FAILED;
    changes[2].err = &second;
    changes[2].target = &api;
    assert_int_equal(report_failure(changes, 3, &err), -1);
    assert_int_equal(err.code, ERR_AWS_UNAVAILABLE);
    assert_string_equal(err.message,
                        "2 of 3 changes failed: 'backend': no connection; 'api': throttled");
}

static void a_failure_without_a_reason_is_one(void **state) {
    struct fixture *f = *state;
    struct change change = deployed(f);
    struct err err;
    err_init(&err);
    change.status = CHANGE_FAILED;
    assert_int_equal(report_failure(&change, 1, &err), -1);
    assert_int_equal(err.code, ERR_BAD_RESPONSE);
}

static void many_failures_are_counted(void **state) {
    struct fixture *f = *state;
    static struct change changes[60];
    struct err cause, err;
    err_init(&cause);
    err_init(&err);
    (void)err_set(&cause, ERR_THROTTLED, "%0100d", 0);
    for (size_t i = 0; i < COUNT(changes); i++) {
        changes[i] = deployed(f);
        changes[i].status = CHANGE_FAILED;
        changes[i].err = &cause;
    }
    assert_int_equal(report_failure(changes, COUNT(changes), &err), -1);
    size_t named = 0;
    for (const char *at = err.message; (at = strstr(at, "'backend'")) != NULL; at++) {
        named++;
    }
    unsigned more = 0;
    const char *end = strstr(err.message, "; and ");
    assert_non_null(end);
    assert_int_equal(sscanf(end, "; and %u more", &more), 1);
    assert_int_equal(named + more, COUNT(changes));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(the_answer_to_a_deploy),
        TEST(the_answer_to_a_refusal),
        TEST(the_answer_to_a_dry_run),
        TEST(a_note),
        TEST(what_is_superseded_says_why),
        TEST(the_most_serious_status_is_on_top),
        TEST(a_line_of_a_deploy),
        TEST(a_line_of_a_refusal),
        TEST(failures_are_errors),
        TEST(a_line_of_a_dry_run_has_the_plan),
        TEST(a_plan_too_long_for_a_line_says_so),
        TEST(metrics),
        TEST(a_dry_run_counts_nothing),
        TEST(an_unknown_service_is_no_metric_of_its_own),
        TEST(metrics_do_not_depend_on_the_level),
        TEST(nothing_failed),
        TEST(one_failure),
        TEST(several_failures_are_all_named),
        TEST(a_failure_without_a_reason_is_one),
        TEST(many_failures_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
