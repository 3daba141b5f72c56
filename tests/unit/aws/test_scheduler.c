#include "runtime/aws/scheduler.h"

#include "tests/unit/aws/sent_fixture.h"

#define HOST "scheduler.eu-central-1.amazonaws.com"
#define CLUSTER "arn:aws:ecs:eu-central-1:222222222222:cluster/prod"
#define TASK "arn:aws:ecs:eu-central-1:222222222222:task-definition/report:7"
/* The longest token that Scheduler gives out. */
#define TOKEN_BYTES 2048

static struct fixture list(void) {
    struct fixture f = fixture_new();
    assert_int_equal(scheduler_list_schedules_call(VIEW(""), &f.arena, &f.call, &f.err), 0);
    return f;
}

static struct fixture get(void) {
    struct fixture f = fixture_new();
    assert_int_equal(
        scheduler_get_schedule_call(VIEW("nightly"), VIEW("reports"), &f.arena, &f.call, &f.err),
        0);
    return f;
}

static void requests(void **state) {
    (void)state;
    struct fixture f = list();
    assert_string_equal(f.call.operation, "ListSchedules");
    assert_sent_rest(&f, "GET", HOST, "/schedules", "MaxResults=100", "");
    assert_false(f.call.once);
    arena_release(&f.arena);

    f = fixture_new();
    assert_int_equal(
        scheduler_list_schedules_call(VIEW("a+/= \xc3\xa4&b"), &f.arena, &f.call, &f.err), 0);
    assert_sent_rest(&f, "GET", HOST, "/schedules",
                     "MaxResults=100&NextToken=a%2B%2F%3D%20%C3%A4%26b", "");
    arena_release(&f.arena);

    f = get();
    assert_string_equal(f.call.operation, "GetSchedule");
    assert_sent_rest(&f, "GET", HOST, "/schedules/nightly", "groupName=reports", "");
    assert_false(f.call.once);
    arena_release(&f.arena);

    /* No name leads to another path or adds to the query. */
    f = fixture_new();
    assert_int_equal(
        scheduler_get_schedule_call(VIEW("../a?b=c"), VIEW("g&h=/"), &f.arena, &f.call, &f.err), 0);
    assert_sent_rest(&f, "GET", HOST, "/schedules/..%2Fa%3Fb%3Dc", "groupName=g%26h%3D%2F", "");
    arena_release(&f.arena);

    f = fixture_new();
    assert_int_equal(
        scheduler_get_schedule_call(VIEW("nightly"), VIEW(""), &f.arena, &f.call, &f.err), 0);
    assert_sent_rest(&f, "GET", HOST, "/schedules/nightly", "", "");
    arena_release(&f.arena);
}

static void the_longest_token_is_sent_whole(void **state) {
    (void)state;
    struct fixture f = fixture_new();
    char token[TOKEN_BYTES];
    const size_t before = strlen("/schedules?MaxResults=100&NextToken=");
    memset(token, '/', sizeof(token));
    assert_int_equal(scheduler_list_schedules_call((struct view){token, sizeof(token)}, &f.arena,
                                                   &f.call, &f.err),
                     0);
    assert_int_equal(f.call.path.len, before + (size_t)3 * TOKEN_BYTES);
    for (size_t i = before; i < f.call.path.len; i += 3) {
        assert_memory_equal(f.call.path.data + i, "%2F", 3);
    }
    assert_int_equal(sent(&f).query.len, f.call.path.len - strlen("/schedules?"));
    arena_release(&f.arena);
}

/* --- ListSchedules --- */

static void a_page_is_decoded(void **state) {
    (void)state;
    struct fixture f = list();
    struct scheduler_page page;
    call_ends(&f.call, 200,
              "{\"NextToken\":\"n\\/1\",\"Schedules\":[{\"Arn\":\"arn:x\",\"CreationDate\":"
              "1689000000.123,\"GroupName\":\"default\",\"LastModificationDate\":1.689E9,\"Name\":"
              "\"nightly\",\"State\":\"ENABLED\",\"Target\":{\"Arn\":\"" CLUSTER "\"}},"
              "{\"Name\":\"h\\u0061lf\",\"GroupName\":null,\"Target\":null},{\"Name\":\"c\"}]}");
    assert_int_equal(scheduler_list_schedules_result(&f.call, &f.arena, &page, &f.err), 0);
    assert_int_equal(page.n, 3);
    assert_view(page.next, "n/1");
    assert_view(page.schedules[0].name, "nightly");
    assert_view(page.schedules[0].group, "default");
    assert_view(page.schedules[0].target_arn, CLUSTER);
    assert_view(page.schedules[1].name, "half");
    assert_view(page.schedules[1].group, "");
    assert_view(page.schedules[1].target_arn, "");
    assert_view(page.schedules[2].target_arn, "");

    call_ends(&f.call, 200, "{\"NextToken\":null,\"Schedules\":[]}");
    assert_int_equal(scheduler_list_schedules_result(&f.call, &f.arena, &page, &f.err), 0);
    assert_int_equal(page.n, 0);
    assert_view(page.next, "");
    arena_release(&f.arena);
}

static void odd_pages_are_bad_responses(void **state) {
    (void)state;
    static const char *const bodies[] = {
        "",
        "[]",
        "{}",
        "{\"Schedules\":null}",
        "{\"Schedules\":{}}",
        "{\"Schedules\":[{}]}",
        "{\"Schedules\":[{\"Name\":7}]}",
        "{\"Schedules\":[\"nightly\"]}",
        "{\"Schedules\":[]",
    };
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct fixture f = list();
        struct scheduler_page page = {.n = 77};
        call_ends(&f.call, 200, bodies[i]);
        if (scheduler_list_schedules_result(&f.call, &f.arena, &page, &f.err) == 0) {
            fail_msg("accepted: %s", bodies[i]);
        }
        assert_int_equal(f.err.code, ERR_BAD_RESPONSE);
        assert_holds(f.err.message, REQUEST_ID);
        assert_int_equal(page.n, 77);
        arena_release(&f.arena);
    }
}

/* --- GetSchedule --- */

#define DOCUMENT                                                                                   \
    "{\"ActionAfterCompletion\":\"NONE\",\"Arn\":\"arn:aws:scheduler:x\",\"GroupName\":"           \
    "\"reports\","                                                                                 \
    "\"Name\":\"nightly\",\"Target\":{\"Arn\":\"" CLUSTER "\",\"EcsParameters\":{\"LaunchType\":"  \
    "\"FARGATE\",\"TaskDefinitionArn\":\"" TASK "\"},\"RoleArn\":\"arn:aws:iam::2:role/r\"}}"

static void a_schedule_is_decoded(void **state) {
    (void)state;
    struct fixture f = get();
    struct scheduler_schedule s;
    call_ends(&f.call, 200, " " DOCUMENT "\n");
    assert_int_equal(scheduler_get_schedule_result(&f.call, &f.arena, &s, &f.err), 0);
    assert_false(s.is_missing);
    assert_view(s.name, "nightly");
    assert_view(s.group, "reports");
    assert_view(s.target_arn, CLUSTER);
    assert_view(s.task_definition, TASK);
    assert_view(s.task_definition_text, "\"" TASK "\"");
    assert_view(s.text, DOCUMENT);

    call_ends(&f.call, 200, "{\"Name\":\"n\",\"Target\":{\"Arn\":\"arn:aws:sqs:q\"}}");
    assert_int_equal(scheduler_get_schedule_result(&f.call, &f.arena, &s, &f.err), 0);
    assert_view(s.group, "");
    assert_view(s.task_definition, "");
    assert_null(s.task_definition_text.data);
    arena_release(&f.arena);
}

static void dates_are_decoded(void **state) {
    (void)state;
    static const struct {
        const char *members;
        int64_t start_ms, end_ms;
        const char *expression;
    } rows[] = {
        {"\"StartDate\":1767225600.0,\"EndDate\":1893456000,\"ScheduleExpression\":\"rate(1 "
         "hour)\"",
         INT64_C(1767225600000), INT64_C(1893456000000), "rate(1 hour)"},
        {"\"StartDate\":1.7672256005E9,\"EndDate\":null", INT64_C(1767225600500), 0, ""},
        {"\"StartDate\":1767225600.123456", INT64_C(1767225600123), 0, ""},
        {"\"StartDate\":\"2026-01-01T01:00:00+01:00\",\"EndDate\":\"2030-01-01T00:00:00.25Z\"",
         INT64_C(1767225600000), INT64_C(1893456000250), ""},
        {"\"StartDate\":null,\"ScheduleExpression\":null", 0, 0, ""},
        {"\"StartDate\":\"soon\",\"EndDate\":true,\"ScheduleExpression\":7", 0, 0, ""},
        {"\"StartDate\":-1,\"EndDate\":1e300", 0, 0, ""},
        {"\"startDate\":1", 0, 0, ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture f = get();
        struct scheduler_schedule s;
        char body[512];
        snprintf(body, sizeof(body), "{\"Name\":\"n\",%s,\"Target\":{\"Arn\":\"a\"}}",
                 rows[i].members);
        call_ends(&f.call, 200, body);
        assert_int_equal(scheduler_get_schedule_result(&f.call, &f.arena, &s, &f.err), 0);
        assert_int_equal(s.start_ms, rows[i].start_ms);
        assert_int_equal(s.end_ms, rows[i].end_ms);
        assert_view(s.expression, rows[i].expression);
        assert_int_equal(s.start.change, SCHEDULER_START_STAYS);
        arena_release(&f.arena);
    }
}

static void a_schedule_that_is_gone_is_no_error(void **state) {
    (void)state;
    struct fixture f = get();
    struct scheduler_schedule s = {.name = VIEW("before")};
    call_fails(&f.call, ERR_BAD_RESPONSE, "ResourceNotFoundException",
               VIEW("Schedule nightly does not exist."), &f.arena);
    f.call.status = 404;
    assert_int_equal(scheduler_get_schedule_result(&f.call, &f.arena, &s, &f.err), 0);
    assert_true(s.is_missing);
    assert_view(s.name, "");
    assert_false(err_is_set(&f.err));
    arena_release(&f.arena);
}

static void odd_schedules_are_bad_responses(void **state) {
    (void)state;
    static const char *const bodies[] = {
        "",
        "7",
        "{}",
        "{\"Name\":\"n\"}",
        "{\"Name\":\"n\",\"Target\":null}",
        "{\"Name\":\"n\",\"Target\":[]}",
        "{\"Name\":\"n\",\"Target\":{}}",
        "{\"Name\":\"n\",\"Target\":{\"Arn\":\"\"}}",
        "{\"Target\":{\"Arn\":\"a\"}}",
        "{\"Name\":\"n\",\"Name\":\"n\",\"Target\":{\"Arn\":\"a\"}}",
        DOCUMENT "x",
    };
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct fixture f = get();
        struct scheduler_schedule s = {.name = VIEW("untouched")};
        call_ends(&f.call, 200, bodies[i]);
        if (scheduler_get_schedule_result(&f.call, &f.arena, &s, &f.err) == 0) {
            fail_msg("accepted: %s", bodies[i]);
        }
        assert_int_equal(f.err.code, ERR_BAD_RESPONSE);
        assert_view(s.name, "untouched");
        arena_release(&f.arena);
    }
    struct fixture f = get();
    struct scheduler_schedule s;
    call_ends(&f.call, 200, bodies[3]);
    assert_int_equal(scheduler_get_schedule_result(&f.call, &f.arena, &s, &f.err), -1);
    assert_holds(f.err.message, "answer to GetSchedule without a proper 'Target'");
    arena_release(&f.arena);
}

/* --- failures --- */

#define CALLER                                                                                     \
    "User: arn:aws:sts::222222222222:assumed-role/slipway/s is not authorized to perform: "

static void failures_of_reads_are_handed_on(void **state) {
    (void)state;
    static const struct failure_row rows[] = {
        {"AccessDeniedException",
         CALLER "scheduler:GetSchedule on resource: arn:aws:scheduler:eu-central-1:222222222222:"
                "schedule/reports/nightly because no identity-based policy allows it",
         ERR_ACCESS_DENIED, ERR_ACCESS_DENIED, "scheduler:GetSchedule", ""},
        {"ThrottlingException", "Rate exceeded", ERR_THROTTLED, ERR_THROTTLED, "Rate exceeded", ""},
        {"InternalServerException", "oops", ERR_AWS_UNAVAILABLE, ERR_AWS_UNAVAILABLE, "oops", ""},
        {"ValidationException", "Invalid NextToken", ERR_BAD_RESPONSE, ERR_BAD_RESPONSE,
         "Invalid NextToken", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture f = list();
        struct scheduler_page page = {.n = 77};
        struct scheduler_schedule s = {.name = VIEW("untouched")};
        call_fails(&f.call, rows[i].met, rows[i].code, view_of(rows[i].words), &f.arena);
        assert_int_equal(scheduler_list_schedules_result(&f.call, &f.arena, &page, &f.err), -1);
        assert_means(&f, &rows[i], i);
        assert_int_equal(page.n, 77);
        err_init(&f.err);
        assert_int_equal(scheduler_get_schedule_result(&f.call, &f.arena, &s, &f.err), -1);
        assert_means(&f, &rows[i], i);
        assert_view(s.name, "untouched");
        arena_release(&f.arena);
    }
}

static struct fixture update(void) {
    struct fixture f = get();
    struct scheduler_schedule s;
    call_ends(&f.call, 200, DOCUMENT);
    assert_int_equal(scheduler_get_schedule_result(&f.call, &f.arena, &s, &f.err), 0);
    assert_int_equal(scheduler_update_schedule_call(&s, VIEW("t:8"), &f.arena, &f.call, &f.err), 0);
    return f;
}

static void an_update_is_a_success(void **state) {
    (void)state;
    struct fixture f = update();
    call_ends(&f.call, 200, "{\"ScheduleArn\":\"arn:aws:scheduler:x\"}");
    assert_int_equal(scheduler_update_schedule_result(&f.call, &f.err), 0);
    assert_false(err_is_set(&f.err));
    assert_false(scheduler_update_is_invalid(&f.call));
    arena_release(&f.arena);
}

/* A 200 that does not name the schedule has changed none. */
static void an_update_is_acknowledged(void **state) {
    (void)state;
    static const char *const bodies[] = {"", "{}", "[]", "<html>", "{\"ScheduleArn\":7}"};
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct fixture f = update();
        call_ends(&f.call, 200, bodies[i]);
        assert_int_equal(scheduler_update_schedule_result(&f.call, &f.err), -1);
        assert_int_equal(f.err.code, ERR_BAD_RESPONSE);
        arena_release(&f.arena);
    }
}

static void failures_of_an_update_have_meanings(void **state) {
    (void)state;
    static const struct failure_row rows[] = {
        {"AccessDeniedException",
         CALLER "iam:PassRole on resource: arn:aws:iam::222222222222:role/scheduler because no "
                "identity-based policy allows the iam:PassRole action",
         ERR_ACCESS_DENIED, ERR_PASS_ROLE_DENIED,
         "the role of a schedule may not be passed: " CALLER "iam:PassRole",
         "iam:PassRole statement for scheduler.amazonaws.com"},
        {"AccessDeniedException", CALLER "scheduler:UpdateSchedule on resource: arn:x",
         ERR_ACCESS_DENIED, ERR_ACCESS_DENIED, "scheduler:UpdateSchedule", ""},
        {"ConflictException", "Another request is modifying it.", ERR_BAD_RESPONSE,
         ERR_AWS_UNAVAILABLE, "the schedule was changed at the same time: Another request", ""},
        {"ResourceNotFoundException", "Schedule nightly does not exist.", ERR_BAD_RESPONSE,
         ERR_BAD_RESPONSE, "does not exist", ""},
        {"ValidationException",
         "The execution role you provide must allow AWS EventBridge Scheduler to assume the role.",
         ERR_BAD_RESPONSE, ERR_BAD_RESPONSE, "must allow AWS EventBridge Scheduler", ""},
        {"ValidationException", "iam:PassRole is no name", ERR_BAD_RESPONSE, ERR_BAD_RESPONSE,
         "iam:PassRole is no name", ""},
        {"ThrottlingException", "Rate exceeded", ERR_THROTTLED, ERR_THROTTLED, "Rate exceeded", ""},
        {"InternalServerException", "oops", ERR_AWS_UNAVAILABLE, ERR_AWS_UNAVAILABLE, "oops", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture f = update();
        call_fails(&f.call, rows[i].met, rows[i].code, view_of(rows[i].words), &f.arena);
        assert_int_equal(scheduler_update_schedule_result(&f.call, &f.err), -1);
        assert_means(&f, &rows[i], i);
        assert_true(rows[i].meaning == rows[i].met || strstr(f.err.message, REQUEST_ID));
        assert_int_equal(scheduler_update_is_invalid(&f.call),
                         strcmp(f.call.code, "ValidationException") == 0);
        arena_release(&f.arena);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),
        cmocka_unit_test(the_longest_token_is_sent_whole),
        cmocka_unit_test(a_page_is_decoded),
        cmocka_unit_test(odd_pages_are_bad_responses),
        cmocka_unit_test(a_schedule_is_decoded),
        cmocka_unit_test(dates_are_decoded),
        cmocka_unit_test(a_schedule_that_is_gone_is_no_error),
        cmocka_unit_test(odd_schedules_are_bad_responses),
        cmocka_unit_test(failures_of_reads_are_handed_on),
        cmocka_unit_test(an_update_is_a_success),
        cmocka_unit_test(an_update_is_acknowledged),
        cmocka_unit_test(failures_of_an_update_have_meanings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
