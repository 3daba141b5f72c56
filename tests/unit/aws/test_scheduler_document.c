/* The document of UpdateSchedule, which resets whatever it does not name. */

#include "runtime/aws/scheduler.h"

#include "runtime/base/buf.h"
#include "tests/unit/aws/sent_fixture.h"

#define HOST "scheduler.eu-central-1.amazonaws.com"
#define OLD "arn:aws:ecs:eu-central-1:222222222222:task-definition/report:7"
#define NEW "arn:aws:ecs:eu-central-1:222222222222:task-definition/report:8"

/* What is put for a schedule that GetSchedule described so, with its StartDate thus. */
static struct fixture update_with_start(struct view document, struct view definition,
                                        struct scheduler_start start) {
    struct fixture f = fixture_new();
    struct scheduler_schedule schedule;
    f.arena.limit_bytes = (size_t)8 * 1024 * 1024;
    assert_int_equal(
        scheduler_get_schedule_call(VIEW("nightly"), VIEW("g"), &f.arena, &f.call, &f.err), 0);
    call_ends(&f.call, 200, "");
    f.call.response = document;
    if (scheduler_get_schedule_result(&f.call, &f.arena, &schedule, &f.err) < 0) {
        fail_msg("%s", f.err.message);
    }
    schedule.start = start;
    if (scheduler_update_schedule_call(&schedule, definition, &f.arena, &f.call, &f.err) < 0) {
        fail_msg("%s", f.err.message);
    }
    return f;
}

static struct fixture update(struct view document, struct view definition) {
    return update_with_start(document, definition, (struct scheduler_start){0});
}

static void assert_updated(struct view document, struct view definition, struct view expected) {
    struct fixture f = update(document, definition);
    if (!view_equal(f.call.body, expected)) {
        fail_msg("got      %.*s\nexpected %.*s", (int)f.call.body.len, f.call.body.data,
                 (int)expected.len, expected.data);
    }
    arena_release(&f.arena);
}

/* As GetSchedule of the documentation answers, and its members that are rarely set. */
#define FRONT "\"ActionAfterCompletion\":\"DELETE\","
#define READ_ONLY_1 "\"Arn\":\"arn:aws:scheduler:eu-central-1:222222222222:schedule/g/nightly\","
#define READ_ONLY_2 "\"CreationDate\":1689000000.123,"
#define MIDDLE                                                                                     \
    "\"Description\":\"n\\u00e4chtlich \\/ \\ud83d\\ude00\",\"EndDate\":1.7E9,"                    \
    "\"FlexibleTimeWindow\":{\"MaximumWindowInMinutes\":15 , \"Mode\":\"FLEXIBLE\"},"              \
    "\"GroupName\":\"g\",\"KmsKeyArn\":\"arn:aws:kms:x\","
#define READ_ONLY_3 "\"LastModificationDate\":1689000001,\"Name\":\"nightly\","
#define BACK                                                                                       \
    "\"ScheduleExpression\":\"cron(0 3 ? * MON-FRI *)\",\"ScheduleExpressionTimezone\":"           \
    "\"Europe/Berlin\",\"StartDate\":1689000000.0,\"State\":\"DISABLED\",\"Unheard-of\":[{}, "     \
    "null],"
#define TARGET_1                                                                                   \
    "\"Target\":{\"Arn\":\"c\",\"DeadLetterConfig\":{\"Arn\":\"arn:aws:sqs:q\"},"                  \
    "\"EcsParameters\":{\"CapacityProviderStrategy\":[{\"base\":0,\"capacityProvider\":"           \
    "\"FARGATE_SPOT\",\"weight\":1}],\"EnableECSManagedTags\":true,\"NetworkConfiguration\":{"     \
    "\"awsvpcConfiguration\":{\"AssignPublicIp\":\"DISABLED\",\"Subnets\":[\"subnet-1\"]}},"       \
    "\"Tags\":[{\"Key\":\"a\",\"Value\":\"\"}],\"TaskCount\":1,\"TaskDefinitionArn\" : "
#define TARGET_2                                                                                   \
    "\t,\"PropagateTags\":null},\"Input\":\"{\\\"TaskDefinitionArn\\\":\\\"" OLD "\\\"}\","        \
    "\"RetryPolicy\":{\"MaximumEventAgeInSeconds\":86400,\"MaximumRetryAttempts\":0},"             \
    "\"RoleArn\":\"" OLD "\"}"

static void all_but_the_task_definition_stays(void **state) {
    (void)state;
    struct fixture f =
        update(VIEW("{" FRONT READ_ONLY_1 READ_ONLY_2 MIDDLE READ_ONLY_3 BACK TARGET_1 "\"" OLD
                    "\"" TARGET_2 "}"),
               VIEW(NEW));
    assert_string_equal(f.call.operation, "UpdateSchedule");
    assert_sent_rest(&f, "PUT", HOST, "/schedules/nightly", "",
                     "{" FRONT MIDDLE BACK TARGET_1 "\"" NEW "\"" TARGET_2 "}");
    assert_false(f.call.once);
    arena_release(&f.arena);
}

static void rare_spellings(void **state) {
    (void)state;
    static const struct {
        const char *before, *after;
    } rows[] = {
        /* White space around members, and between name and value. */
        {" {\n \"State\" :\t\"ENABLED\" ,\r\n \"Name\" : \"nightly\" , \"Target\" : { \"Arn\" : "
         "\"c\" , \"EcsParameters\" : { \"TaskDefinitionArn\" : \"" OLD "\" } } } ",
         "{\"State\" :\t\"ENABLED\",\"Target\" : { \"Arn\" : \"c\" , \"EcsParameters\" : { "
         "\"TaskDefinitionArn\" : \"" NEW "\" } }}"},
        /* Members that are null at the top go, as if AWS had left them out. */
        {"{\"Description\":null,\"Name\":\"nightly\",\"StartDate\":null,\"Target\":{\"Arn\":\"c\","
         "\"SqsParameters\":null,\"EcsParameters\":{\"TaskDefinitionArn\":\"" OLD
         "\"}},\"EndDate\":null}",
         "{\"Target\":{\"Arn\":\"c\",\"SqsParameters\":null,\"EcsParameters\":"
         "{\"TaskDefinitionArn\":\"" NEW "\"}}}"},
        /* Escaped names are the same names; a different case is another name. */
        {"{\"N\\u0061me\":\"nightly\",\"\\u0041rn\":\"x\",\"name\":\"kept\",\"arn\":\"kept\","
         "\"Targ\\u0065t\":{\"Arn\":\"c\",\"\\u0045csParameters\":{\"TaskDefinition\\u0041rn\":"
         "\"" OLD "\"}}}",
         "{\"name\":\"kept\",\"arn\":\"kept\",\"Targ\\u0065t\":{\"Arn\":\"c\","
         "\"\\u0045csParameters\":{\"TaskDefinition\\u0041rn\":\"" NEW "\"}}}"},
        /* What is read-only at the top is a setting further down. */
        {"{\"Target\":{\"Arn\":\"c\",\"Name\":\"kept\",\"CreationDate\":1,\"EcsParameters\":{"
         "\"Arn\":\"kept\",\"TaskDefinitionArn\":\"" OLD "\",\"ClientToken\":\"kept\"}},"
         "\"ClientToken\":\"old\",\"Name\":\"nightly\"}",
         "{\"Target\":{\"Arn\":\"c\",\"Name\":\"kept\",\"CreationDate\":1,\"EcsParameters\":{"
         "\"Arn\":\"kept\",\"TaskDefinitionArn\":\"" NEW "\",\"ClientToken\":\"kept\"}}}"},
        /* The same name elsewhere is not touched. */
        {"{\"EcsParameters\":{\"TaskDefinitionArn\":\"" OLD "\"},\"Name\":\"nightly\","
         "\"TaskDefinitionArn\":\"" OLD "\",\"Target\":{\"Arn\":\"c\",\"TaskDefinitionArn\":\"" OLD
         "\",\"EcsParameters\":{\"TaskDefinitionArn\":\"" OLD "\"}},\"Zz\":\"" OLD "\"}",
         "{\"EcsParameters\":{\"TaskDefinitionArn\":\"" OLD "\"},\"TaskDefinitionArn\":\"" OLD
         "\",\"Target\":{\"Arn\":\"c\",\"TaskDefinitionArn\":\"" OLD
         "\",\"EcsParameters\":{\"TaskDefinitionArn\":\"" NEW "\"}},\"Zz\":\"" OLD "\"}"},
        /* Nothing to change. */
        {"{\"Name\":\"nightly\",\"Target\":{\"Arn\":\"c\"}}", "{\"Target\":{\"Arn\":\"c\"}}"},
        {"{\"Name\":\"nightly\",\"Target\":{\"Arn\":\"c\",\"EcsParameters\":null}}",
         "{\"Target\":{\"Arn\":\"c\",\"EcsParameters\":null}}"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_updated(view_of(rows[i].before), VIEW(NEW), view_of(rows[i].after));
    }
}

/* Another StartDate, or none: every other byte is as it was. */
static void another_start(void **state) {
    (void)state;
#define FIRST "{\"EndDate\":1.8E9,"
#define THEN                                                                                       \
    "\"State\":\"ENABLED\",\"Target\":{\"Arn\":\"c\",\"StartDate\":1,\"EcsParameters\":{"          \
    "\"TaskDefinitionArn\":\""
#define LAST "\"}}}"
    static const struct {
        struct scheduler_start start;
        const char *before, *after;
    } rows[] = {
        {{SCHEDULER_START_STAYS, 7}, "\"StartDate\" : 1.689E+9,", "\"StartDate\" : 1.689E+9,"},
        {{SCHEDULER_START_LEFT_OUT, 7}, "\"StartDate\" : 1.689E+9,", ""},
        {{SCHEDULER_START_LEFT_OUT, 7}, "\"StartD\\u0061te\":\"2026-01-01T00:00:00Z\",", ""},
        {{SCHEDULER_START_LEFT_OUT, 7}, "\"startDate\":1,", "\"startDate\":1,"},
        {{SCHEDULER_START_SET, INT64_C(1767225600000)},
         "\"StartDate\" : 1.689E+9,",
         "\"StartDate\":1767225600,"},
        {{SCHEDULER_START_SET, INT64_C(1767225600007)},
         "\"StartDate\":1689000000.5,",
         "\"StartDate\":1767225600.007,"},
        {{SCHEDULER_START_SET, INT64_C(253402300799999)},
         "\"StartDate\":1,",
         "\"StartDate\":253402300799.999,"},
        {{SCHEDULER_START_SET, INT64_C(1767225600500)},
         "\"StartDate\":\"2025-01-01T00:00:00Z\",",
         "\"StartDate\":\"2026-01-01T00:00:00.500Z\","},
        {{SCHEDULER_START_SET, 7}, "\"StartDate\":null,", ""},
        {{SCHEDULER_START_SET, 7}, "", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buf before BUF_AUTO = BUF_INIT(4096);
        struct buf after BUF_AUTO = BUF_INIT(4096);
        buf_appendf(&before, FIRST "\"Name\":\"n\",%s" THEN OLD LAST, rows[i].before);
        buf_appendf(&after, FIRST "%s" THEN NEW LAST, rows[i].after);
        struct fixture f = update_with_start(buf_view(&before), VIEW(NEW), rows[i].start);
        if (!view_equal(f.call.body, buf_view(&after))) {
            fail_msg("got      %.*s\nexpected %s", (int)f.call.body.len, f.call.body.data,
                     buf_cstr(&after));
        }
        arena_release(&f.arena);
    }
}

static void the_new_name_is_escaped(void **state) {
    (void)state;
    assert_updated(VIEW("{\"Name\":\"n\",\"Target\":{\"Arn\":\"c\",\"EcsParameters\":{"
                        "\"TaskDefinitionArn\":\"x\",\"TaskCount\":1}}}"),
                   VIEW("a\"}\\\n"),
                   VIEW("{\"Target\":{\"Arn\":\"c\",\"EcsParameters\":{"
                        "\"TaskDefinitionArn\":\"a\\\"}\\\\\\n\",\"TaskCount\":1}}}"));
}

static void the_name_is_data_of_the_path(void **state) {
    (void)state;
    struct fixture f =
        update(VIEW("{\"Name\":\"a/../b?c=d#\",\"Target\":{\"Arn\":\"c\"}}"), VIEW(NEW));
    assert_sent_rest(&f, "PUT", HOST, "/schedules/a%2F..%2Fb%3Fc%3Dd%23", "",
                     "{\"Target\":{\"Arn\":\"c\"}}");
    arena_release(&f.arena);
}

static void append_long(struct buf *text, size_t len) {
    for (size_t i = 0; i < len; i++) {
        buf_append_char(text, (char)('a' + i % 26));
    }
}

/* Neither side of the value is cut, however long: an Input may be 256 KB. */
static void long_members_come_out_whole(void **state) {
    (void)state;
    static const size_t lengths[] = {1023, 1024, 1025, 8192, 65536, 200000};
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        struct buf before BUF_AUTO = BUF_INIT((size_t)512 * 1024);
        struct buf after BUF_AUTO = BUF_INIT((size_t)512 * 1024);
        for (int is_after = 0; is_after < 2; is_after++) {
            struct buf *text = is_after ? &after : &before;
            buf_append_str(text, "{\"Description\":\"");
            append_long(text, lengths[i]);
            buf_append_str(text, is_after ? "\",\"Target\":{\"Arn\":\"c\",\"EcsParameters\":{"
                                          : "\",\"Name\":\"nightly\",\"Target\":{\"Arn\":\"c\","
                                            "\"EcsParameters\":{");
            buf_append_str(text, "\"TaskDefinitionArn\":\"");
            buf_append_str(text, is_after ? NEW : OLD);
            buf_append_str(text, "\"},\"Input\":\"");
            append_long(text, lengths[i]);
            buf_append_str(text, "\"}}");
            assert_false(text->failed);
        }
        assert_updated(buf_view(&before), VIEW(NEW), buf_view(&after));
    }
}

/* Rather no update than one that has lost a setting. */
static void what_does_not_fit_is_an_error(void **state) {
    (void)state;
    struct fixture f = fixture_new();
    struct buf text BUF_AUTO = BUF_INIT((size_t)1024 * 1024);
    struct scheduler_schedule schedule;
    f.arena.limit_bytes = (size_t)8 * 1024 * 1024;
    buf_append_str(&text, "{\"Name\":\"n\",\"Target\":{\"Arn\":\"c\"},\"Description\":\"");
    append_long(&text, (size_t)600 * 1024);
    buf_append_str(&text, "\"}");
    call_ends(&f.call, 200, "");
    f.call.operation = "GetSchedule";
    f.call.service = &scheduler_service;
    f.call.response = buf_view(&text);
    assert_int_equal(scheduler_get_schedule_result(&f.call, &f.arena, &schedule, &f.err), 0);
    assert_int_equal(
        scheduler_update_schedule_call(&schedule, VIEW(NEW), &f.arena, &f.call, &f.err), -1);
    assert_true(err_is_set(&f.err));
    assert_string_equal(f.call.operation, "GetSchedule");
    arena_release(&f.arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_but_the_task_definition_stays),
        cmocka_unit_test(rare_spellings),
        cmocka_unit_test(another_start),
        cmocka_unit_test(the_new_name_is_escaped),
        cmocka_unit_test(the_name_is_data_of_the_path),
        cmocka_unit_test(long_members_come_out_whole),
        cmocka_unit_test(what_does_not_fit_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
