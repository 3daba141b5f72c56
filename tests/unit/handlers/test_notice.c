#include "handlers/notify/notice.h"

#include "handlers/report.h"
#include "tests/unit/handlers/notify_changes.h"

/* What is told of each outcome, what is not, and in which words. */

static const enum change_status every_status[] = {
    CHANGE_IGNORED,   CHANGE_UNCHANGED, CHANGE_SUPERSEDED,  CHANGE_PLANNED, CHANGE_REPORTED,
    CHANGE_RESTARTED, CHANGE_DEPLOYED,  CHANGE_ROLLED_BACK, CHANGE_REFUSED, CHANGE_FAILED,
};
static const enum rollout_outcome every_outcome[] = {
    ROLLOUT_NONE,        ROLLOUT_COMPLETED,  ROLLOUT_FAILED,
    ROLLOUT_ROLLED_BACK, ROLLOUT_SUPERSEDED, ROLLOUT_IMPAIRED,
};

struct fixture {
    struct subject s;
    struct arena arena;
};

static int set_up(void **state) {
    static struct fixture f;
    f = (struct fixture){.arena = ARENA_INIT(4 * 1024 * 1024)};
    subject_init(&f.s);
    *state = &f;
    return 0;
}

static int tear_down(void **state) {
    arena_release(&((struct fixture *)*state)->arena);
    return 0;
}

static void assert_told(struct fixture *f, const struct change *change, enum notice_kind kind,
                        const char *detail_type, const char *title) {
    const char *type = notice_detail_type(kind);
    assert_int_equal(notice_of(&f->s.config, change), kind);
    if (detail_type == NULL) {
        assert_null(type);
    } else {
        assert_string_equal(type, detail_type);
    }
    assert_string_equal(notice_title(change, kind), title);
}

/* ---- what is told ---- */

static void what_a_service_is_given_has_started(void **state) {
    struct fixture *f = *state;
    static const struct {
        enum change_status status;
        const char *title;
    } cases[] = {
        {CHANGE_DEPLOYED, "deployment started"},
        {CHANGE_RESTARTED, "restart started"},
        {CHANGE_ROLLED_BACK, "rollback started"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct change change = a_start(&f->s);
        change.status = cases[i].status;
        assert_told(f, &change, NOTICE_STARTED, "Deployment Started", cases[i].title);
    }
}

static void what_a_task_or_a_function_is_given_it_has(void **state) {
    struct fixture *f = *state;
    static const enum change_status statuses[] = {CHANGE_DEPLOYED, CHANGE_ROLLED_BACK,
                                                  CHANGE_RESTARTED};
    for (size_t i = 0; i < COUNT(statuses); i++) {
        struct change task = a_task(&f->s), function = a_function(&f->s);
        task.status = function.status = statuses[i];
        assert_told(f, &task, NOTICE_COMPLETED, "Deployment Completed", "deployed");
        assert_told(f, &function, NOTICE_COMPLETED, "Deployment Completed", "deployed");
    }
}

static void how_a_deployment_ended(void **state) {
    struct fixture *f = *state;
    static const struct {
        enum rollout_outcome outcome;
        enum notice_kind kind;
        const char *detail_type, *title;
    } cases[] = {
        {ROLLOUT_COMPLETED, NOTICE_COMPLETED, "Deployment Completed", "deployment completed"},
        {ROLLOUT_ROLLED_BACK, NOTICE_COMPLETED, "Deployment Completed", "rolled back"},
        {ROLLOUT_FAILED, NOTICE_FAILED, "Deployment Failed", "deployment failed"},
        {ROLLOUT_SUPERSEDED, NOTICE_FAILED, "Deployment Failed", "deployment superseded"},
        {ROLLOUT_IMPAIRED, NOTICE_IMPAIRED, NULL, "tasks do not come up"},
        {ROLLOUT_NONE, NOTICE_NONE, NULL, ""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct change change = an_end(&f->s, cases[i].outcome);
        assert_told(f, &change, cases[i].kind, cases[i].detail_type, cases[i].title);
    }
}

static void refusals_and_failures_are_told(void **state) {
    struct fixture *f = *state;
    struct change refusal = a_refusal(&f->s);
    assert_told(f, &refusal, NOTICE_REFUSED, "Deployment Refused", "refused");
    refusal.target = NULL; /* an event that names nothing that there is */
    assert_told(f, &refusal, NOTICE_REFUSED, "Deployment Refused", "refused");
    struct change failure = a_failure(&f->s);
    assert_told(f, &failure, NOTICE_FAILED, "Deployment Failed", "failed; it may be tried again");
}

static void who_has_to_look(void **state) {
    (void)state;
    assert_true(notice_is_trouble(NOTICE_FAILED));
    assert_true(notice_is_trouble(NOTICE_REFUSED));
    assert_true(notice_is_trouble(NOTICE_IMPAIRED));
    assert_false(notice_is_trouble(NOTICE_NONE));
    assert_false(notice_is_trouble(NOTICE_STARTED));
    assert_false(notice_is_trouble(NOTICE_COMPLETED));
}

/* ---- what is not ---- */

static void what_changed_nothing_is_not_told(void **state) {
    struct fixture *f = *state;
    static const enum change_status quiet[] = {CHANGE_IGNORED, CHANGE_UNCHANGED, CHANGE_SUPERSEDED,
                                               CHANGE_PLANNED};
    for (size_t i = 0; i < COUNT(quiet); i++) {
        struct change change = a_start(&f->s);
        change.status = quiet[i];
        assert_told(f, &change, NOTICE_NONE, NULL, "");
        change.target = NULL;
        assert_told(f, &change, NOTICE_NONE, NULL, "");
    }
}

/* It is delivered again, and told when it can be learnt what became of the deployment. */
static void an_end_that_could_not_be_learnt_is_not_told(void **state) {
    struct fixture *f = *state;
    f->s.trigger.kind = TRIGGER_ROLLOUT;
    struct change change = a_failure(&f->s);
    change.verdict = VERDICT_REPORT;
    assert_told(f, &change, NOTICE_NONE, NULL, "");
}

static void dry_runs_are_told_to_nobody(void **state) {
    struct fixture *f = *state;
    for (int by_config = 0; by_config < 2; by_config++) {
        f->s.config.dry_run = by_config;
        f->s.trigger.dry_run = !by_config;
        for (size_t i = 0; i < COUNT(every_status); i++) {
            for (size_t j = 0; j < COUNT(every_outcome); j++) {
                struct change change = a_start(&f->s);
                change.status = every_status[i];
                change.rollout.outcome = every_outcome[j];
                assert_int_equal(notice_of(&f->s.config, &change), NOTICE_NONE);
            }
        }
    }
}

static void whatever_is_told_has_a_title(void **state) {
    struct fixture *f = *state;
    const struct target *targets[] = {&f->s.service, &f->s.task, &f->s.function, NULL};
    for (size_t i = 0; i < COUNT(every_status); i++) {
        for (size_t j = 0; j < COUNT(every_outcome); j++) {
            for (size_t k = 0; k < COUNT(targets); k++) {
                struct change change = {.trigger = &f->s.trigger,
                                        .target = targets[k],
                                        .status = every_status[i],
                                        .rollout = {.outcome = every_outcome[j]}};
                enum notice_kind kind = notice_of(&f->s.config, &change);
                assert_int_equal(kind == NOTICE_NONE, notice_title(&change, kind)[0] == '\0');
                assert_int_equal(kind == NOTICE_NONE || kind == NOTICE_IMPAIRED,
                                 notice_detail_type(kind) == NULL);
            }
        }
    }
}

/* ---- to programs ---- */

static void the_detail_of_a_start(void **state) {
    struct fixture *f = *state;
    struct change change = a_start(&f->s);
    f->s.trigger.reason = VIEW("release \"42\"");
    assert_text(notice_detail(&f->s.config, &change, &f->arena),
                "{\"environment\":\"prod\",\"project\":\"myproject\",\"event_id\":\"event-1\","
                "\"reason\":\"release \\\"42\\\"\",\"target\":\"backend\",\"kind\":\"service\","
                "\"status\":\"deployed\",\"from\":{\"task_definition\":\"" FAMILY_ARN ":41\"},"
                "\"to\":{\"task_definition\":\"" FAMILY_ARN ":42\",\"image\":\"" IMAGE "\","
                "\"tag\":\"git-1\",\"digest\":\"" DIGEST "\"},\"deployment_id\":\"ecs-svc/1\"}");
}

static void the_detail_of_a_failed_deployment(void **state) {
    struct fixture *f = *state;
    struct change change = an_end(&f->s, ROLLOUT_FAILED);
    assert_text(
        notice_detail(&f->s.config, &change, &f->arena),
        "{\"environment\":\"prod\",\"project\":\"myproject\",\"event_id\":\"event-1\","
        "\"target\":\"backend\",\"kind\":\"service\",\"status\":\"reported\","
        "\"from\":{\"task_definition\":\"" FAMILY_ARN ":41\"},"
        "\"to\":{\"task_definition\":\"" FAMILY_ARN ":42\",\"image\":\"" IMAGE "\","
        "\"tag\":\"git-1\",\"digest\":\"" DIGEST "\"},\"deployment_id\":\"ecs-svc/1\","
        "\"outcome\":\"failed\",\"why\":\"circuit breaker\\ncontainer 'app' exited with 137\","
        "\"remedy\":\"give the container more memory; to go back: aws events put-events --entries "
        "'Source=action.production,DetailType=ROLLBACK,Detail=\\\"{\\\\\\\"service\\\\\\\":"
        "\\\\\\\"backend\\\\\\\"}\\\"'\",\"rollout_seconds\":95}");
}

static void the_detail_of_a_refusal(void **state) {
    struct fixture *f = *state;
    struct change change = a_refusal(&f->s);
    struct json *root JSON_AUTO = parsed(notice_detail(&f->s.config, &change, &f->arena));
    assert_is(root, "status", "refused");
    assert_is(root, "code", "ImageNotFound");
    assert_is(root, "message", "tag 'git-9' is not in 'myproject_backend'");
    assert_true(json_string(json_get(root, "remedy")).len > 0);
    assert_null(json_get(root, "outcome"));
    assert_null(json_get(root, "to"));
}

static void the_detail_of_a_task_and_of_a_function(void **state) {
    struct fixture *f = *state;
    struct change task = a_task(&f->s), function = a_function(&f->s);
    struct json *of_task JSON_AUTO = parsed(notice_detail(&f->s.config, &task, &f->arena));
    const struct json *moved = json_get(of_task, "moved");
    assert_is(of_task, "kind", "task");
    assert_int_equal(json_count(moved), 2);
    assert_text(json_string(json_first(moved)), "rule nightly");
    assert_text(json_string(json_next(json_first(moved))), "schedule default/hourly");
    struct json *of_function JSON_AUTO = parsed(notice_detail(&f->s.config, &function, &f->arena));
    assert_is(of_function, "kind", "lambda");
    assert_is(of_function, "version", "7");
    assert_null(json_get(of_function, "moved"));
}

static void a_detail_is_json_whatever_is_in_it(void **state) {
    struct fixture *f = *state;
    struct change change = a_start(&f->s);
    change.target = NULL;
    f->s.trigger.service = VIEW("\"</script>\\ \x01\xff\xc3\x28 \xf0\x9f\x9a\xa2");
    f->s.trigger.reason = VIEW("a\r\nb\x7f");
    struct json *root JSON_AUTO = parsed(notice_detail(&f->s.config, &change, &f->arena));
    assert_is(root, "target", "\"</script>\\ \x01\xef\xbf\xbd\xef\xbf\xbd( \xf0\x9f\x9a\xa2");
}

/* A task's detail holds all that was moved; what SNS and EventBridge would not take is not sent. */
static void a_detail_has_a_ceiling(void **state) {
    struct fixture *f = *state;
    static struct view moved[2000];
    static char name[200];
    struct change change = a_task(&f->s);
    memset(name, 'n', sizeof(name));
    for (size_t i = 0; i < COUNT(moved); i++) {
        moved[i] = (struct view){name, sizeof(name)};
    }
    change.moved = moved;
    change.n_moved = 900;
    struct view detail = notice_detail(&f->s.config, &change, &f->arena);
    assert_true(detail.len > 180000 && detail.len <= 192 * 1024);
    change.n_moved = COUNT(moved);
    assert_null(notice_detail(&f->s.config, &change, &f->arena).data);
}

static void a_detail_without_memory_is_none(void **state) {
    struct fixture *f = *state;
    struct arena nothing ARENA_AUTO = ARENA_INIT(0);
    struct change change = a_start(&f->s);
    assert_null(notice_detail(&f->s.config, &change, &nothing).data);
}

static void whom_it_is_about(void **state) {
    struct fixture *f = *state;
    struct change change = a_task(&f->s);
    f->s.trigger.service = VIEW("as-sent");
    assert_text(report_target(&change), "nightly");
    change.target = NULL;
    assert_text(report_target(&change), "as-sent");
    f->s.trigger.service = (struct view){0};
    assert_int_equal(report_target(&change).len, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(what_a_service_is_given_has_started),
        TEST(what_a_task_or_a_function_is_given_it_has),
        TEST(how_a_deployment_ended),
        TEST(refusals_and_failures_are_told),
        TEST(who_has_to_look),
        TEST(what_changed_nothing_is_not_told),
        TEST(an_end_that_could_not_be_learnt_is_not_told),
        TEST(dry_runs_are_told_to_nobody),
        TEST(whatever_is_told_has_a_title),
        TEST(the_detail_of_a_start),
        TEST(the_detail_of_a_failed_deployment),
        TEST(the_detail_of_a_refusal),
        TEST(the_detail_of_a_task_and_of_a_function),
        TEST(a_detail_is_json_whatever_is_in_it),
        TEST(a_detail_has_a_ceiling),
        TEST(a_detail_without_memory_is_none),
        TEST(whom_it_is_about),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
