#include "tests/unit/handlers/report_fixture.h"

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

/* Each member that is known is told by itself. */
static void what_is_not_known_is_left_out(void **state) {
    struct fixture *f = *state;
    static const struct {
        struct change change;
        const char *text;
    } cases[] = {
        {{.from_task_definition = {"a:1", 3}}, "\"from\":{\"task_definition\":\"a:1\"}}"},
        {{.from_image = {"r/b", 3}}, "\"from\":{\"image\":\"r/b\"}}"},
        {{.to_task_definition = {"a:2", 3}}, "\"to\":{\"task_definition\":\"a:2\"}}"},
        {{.reuse = {"a:3", 3}}, "\"to\":{\"task_definition\":\"a:3\"}}"},
        {{.to_image = {"r/b", 3}}, "\"to\":{\"image\":\"r/b\"}}"},
        {{.tag = {"v12", 3}}, "\"to\":{\"tag\":\"v12\"}}"},
        {{.digest = {"sha", 3}}, "\"to\":{\"digest\":\"sha\"}}"},
        {{.tag = {"v12", 3}, .digest = {"sha", 3}}, "\"to\":{\"tag\":\"v12\",\"digest\":\"sha\"}}"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct change change = cases[i].change;
        change.trigger = &f->trigger;
        change.status = CHANGE_DEPLOYED;
        buf_clear(&f->response);
        report_response(&f->config, &change, 1, 0, &f->response);
        char want[256];
        snprintf(want, sizeof(want),
                 "\"changes\":[{\"target\":\"backend\",\"status\":\"deployed\",%s]}",
                 cases[i].text);
        if (strstr(buf_cstr(&f->response), want) == NULL) {
            fail_msg("%s lacks %s", buf_cstr(&f->response), want);
        }
    }
}

static void the_answer_to_no_event(void **state) {
    struct fixture *f = *state;
    respond(f, NULL, 0,
            "{\"status\":\"ignored\",\"environment\":\"prod\",\"project\":\"myproject\","
            "\"duration_ms\":412,\"changes\":[]}");
}

static void the_most_serious_status_is_on_top(void **state) {
    struct fixture *f = *state;
    static const enum change_status ascending[] = {
        CHANGE_IGNORED,   CHANGE_UNCHANGED, CHANGE_SUPERSEDED,  CHANGE_PLANNED, CHANGE_REPORTED,
        CHANGE_RESTARTED, CHANGE_DEPLOYED,  CHANGE_ROLLED_BACK, CHANGE_REFUSED, CHANGE_FAILED,
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

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(the_answer_to_a_deploy),
        TEST(the_answer_to_a_refusal),
        TEST(the_answer_to_a_dry_run),
        TEST(a_note),
        TEST(what_is_superseded_says_why),
        TEST(what_is_not_known_is_left_out),
        TEST(the_answer_to_no_event),
        TEST(the_most_serious_status_is_on_top),
        TEST(nothing_failed),
        TEST(one_failure),
        TEST(several_failures_are_all_named),
        TEST(a_failure_without_a_reason_is_one),
        TEST(many_failures_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
