/* PutTargets, which replaces the whole target, and PutEvents. */

#include "runtime/aws/events.h"

#include "runtime/base/buf.h"
#include "tests/unit/aws/sent_fixture.h"

#define HOST "events.eu-central-1.amazonaws.com"
#define OLD "arn:aws:ecs:eu-central-1:222222222222:task-definition/report:7"
#define NEW "arn:aws:ecs:eu-central-1:222222222222:task-definition/report:8"
#define FIRST "{\"Id\":\"t\",\"Arn\":\"c\",\"EcsParameters\":{\"TaskDefinitionArn\":"

/* --- the lossless edit --- */

/* The only target of an answer, as ListTargetsByRule gives it. */
static struct events_target target_of(struct fixture *f, struct view text) {
    struct events_targets targets;
    struct buf body BUF_AUTO = BUF_INIT((size_t)512 * 1024);
    f->arena.limit_bytes = (size_t)8 * 1024 * 1024;
    assert_int_equal(events_list_targets_by_rule_call(VIEW("r"), VIEW("default"), VIEW(""),
                                                      &f->arena, &f->call, &f->err),
                     0);
    buf_append_str(&body, " {\"NextToken\" : null, \"Targets\" : [ ");
    buf_append(&body, text);
    buf_append_str(&body, " ] }\n");
    assert_false(body.failed);
    call_ends(&f->call, 200, "");
    f->call.response = arena_copy(&f->arena, buf_view(&body));
    if (events_list_targets_by_rule_result(&f->call, &f->arena, &targets, &f->err) < 0) {
        fail_msg("%s", f->err.message);
    }
    assert_int_equal(targets.n, 1);
    return targets.targets[0];
}

static void assert_retargeted(struct view text, struct view definition, struct view expected) {
    struct fixture f = fixture_new();
    struct events_target target = target_of(&f, text);
    struct view got = events_retarget(&target, definition, &f.arena);
    assert_non_null(got.data);
    assert_int_equal(got.len, expected.len);
    assert_memory_equal(got.data, expected.data, expected.len);
    /* And what it was made of is as it was. */
    assert_true(view_equal(target.text, text));
    arena_release(&f.arena);
}

#define PAST                                                                                       \
    "\"TaskCount\":1.0e0 , \"LaunchType\" : \"FARGATE\",\"NetworkConfiguration\":{"                \
    "\"awsvpcConfiguration\":{\"Subnets\":[\"subnet-1\" ,\"subnet-2\"],\"SecurityGroups\":[],"     \
    "\"AssignPublicIp\":\"DISABLED\"}},\"PlatformVersion\":\"\",\"EnableECSManagedTags\":false,"   \
    "\"PropagateTags\":null,\"Tags\":[{\"Key\":\"k\\u00e4\",\"Value\":\"\\ud83d\\ude00\\/\"}],"    \
    "\"Unheard-of\":{\"TaskDefinitionArn\":\"" OLD "\"}},"                                         \
    "\"Input\":\"{\\\"containerOverrides\\\":[{\\\"image\\\":\\\"" OLD "\\\"}]}\","                \
    "\"RetryPolicy\":{\"MaximumRetryAttempts\":185,\"MaximumEventAgeInSeconds\":"                  \
    "12345678901234567890},"                                                                       \
    "\"DeadLetterConfig\":null,\"\":[] }"

static void all_but_the_task_definition_stays(void **state) {
    (void)state;
    static const struct {
        const char *before, *after;
    } rows[] = {
        {FIRST "\"" OLD "\"}}", FIRST "\"" NEW "\"}}"},
        {FIRST "\"" OLD "\" ,\t\r\n" PAST, FIRST "\"" NEW "\" ,\t\r\n" PAST},
        /* Other targets of the old name stand before it. */
        {"{\"Input\":\"" OLD "\",\"EcsParameters\":{\"ReferenceId\":\"" OLD
         "\",\"TaskDefinitionArn\"\n:\t\"" OLD "\"},\"RoleArn\":\"" OLD "\",\"Id\":\"" OLD
         "\",\"Arn\":\"" OLD "\"}",
         "{\"Input\":\"" OLD "\",\"EcsParameters\":{\"ReferenceId\":\"" OLD
         "\",\"TaskDefinitionArn\"\n:\t\"" NEW "\"},\"RoleArn\":\"" OLD "\",\"Id\":\"" OLD
         "\",\"Arn\":\"" OLD "\"}"},
        /* Names and values in other spellings. */
        {"{\"\\u0049d\":\"t\",\"Arn\":\"c\",\"Ecs\\u0050arameters\":{\"T\\u0061skDefinitionArn\":"
         "\"arn:aws:ecs:eu-central-1:222222222222:task-definition\\/rep\\u006frt:7\"}}",
         "{\"\\u0049d\":\"t\",\"Arn\":\"c\",\"Ecs\\u0050arameters\":{\"T\\u0061skDefinitionArn\":"
         "\"" NEW "\"}}"},
        {FIRST "\"\"}}", FIRST "\"" NEW "\"}}"},
        /* Members that only look like it. */
        {"{\"Id\":\"t\",\"Arn\":\"c\",\"ecsParameters\":{\"TaskDefinitionArn\":\"" OLD
         "\"},\"EcsParameters\":{\"taskDefinitionArn\":\"" OLD "\",\"TaskDefinitionArn\":\"" OLD
         "\"}}",
         "{\"Id\":\"t\",\"Arn\":\"c\",\"ecsParameters\":{\"TaskDefinitionArn\":\"" OLD
         "\"},\"EcsParameters\":{\"taskDefinitionArn\":\"" OLD "\",\"TaskDefinitionArn\":\"" NEW
         "\"}}"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_retargeted(view_of(rows[i].before), VIEW(NEW), view_of(rows[i].after));
    }
}

/* A name is data, whatever is in it. */
static void the_new_name_is_escaped(void **state) {
    (void)state;
    assert_retargeted(VIEW(FIRST "\"" OLD "\",\"TaskCount\":2}}"), VIEW("a\"}\\\n"),
                      VIEW(FIRST "\"a\\\"}\\\\\\n\",\"TaskCount\":2}}"));
}

/* Neither side of the value is cut, however long: an Input may be 8 KB, and there are more. */
static void long_members_come_out_whole(void **state) {
    (void)state;
    static const size_t lengths[] = {1023, 1024, 1025, 8192, 65536, 200000};
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        struct buf before BUF_AUTO = BUF_INIT((size_t)512 * 1024);
        struct buf after BUF_AUTO = BUF_INIT((size_t)512 * 1024);
        for (int is_after = 0; is_after < 2; is_after++) {
            struct buf *text = is_after ? &after : &before;
            buf_append_str(text, "{\"Id\":\"t\",\"Arn\":\"c\",\"InputPath\":\"");
            for (size_t n = 0; n < lengths[i]; n++) {
                buf_append_char(text, (char)('a' + n % 26));
            }
            buf_append_str(text, "\",\"EcsParameters\":{\"TaskDefinitionArn\":\"");
            buf_append_str(text, is_after ? NEW : OLD);
            buf_append_str(text, "\"},\"Input\":\"");
            for (size_t n = 0; n < lengths[i]; n++) {
                buf_append_char(text, (char)('A' + n % 26));
            }
            buf_append_str(text, "\"}");
            assert_false(text->failed);
        }
        assert_retargeted(buf_view(&before), VIEW(NEW), buf_view(&after));
    }
}

static void a_target_without_a_task_definition_stays(void **state) {
    (void)state;
    static const char *const texts[] = {
        "{\"Id\":\"t\",\"Arn\":\"arn:aws:sqs:eu-central-1:222222222222:q\"}",
        "{\"Id\":\"t\",\"Arn\":\"c\",\"EcsParameters\":{\"TaskDefinitionArn\":null}}",
        "{\"Id\":\"t\",\"Arn\":\"c\",\"EcsParameters\":[\"TaskDefinitionArn\",\"" OLD "\"]}",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_retargeted(view_of(texts[i]), VIEW(NEW), view_of(texts[i]));
    }
}

/* --- PutTargets --- */

static struct fixture put_targets(void) {
    static const struct view targets[] = {{"{\"Id\" : \"a\"}", 12}, {"{\"Id\":\"b\"}", 10}};
    struct fixture f = fixture_new();
    assert_int_equal(events_put_targets_call(VIEW("nightly"), VIEW("default"), targets, 2, &f.arena,
                                             &f.call, &f.err),
                     0);
    return f;
}

static void targets_are_sent_as_they_are(void **state) {
    (void)state;
    struct fixture f = put_targets();
    assert_sent_json(&f, HOST, "AWSEvents.PutTargets",
                     "{\"Rule\":\"nightly\",\"EventBusName\":\"default\",\"Targets\":["
                     "{\"Id\" : \"a\"},{\"Id\":\"b\"}]}");
    assert_false(f.call.once);
    arena_release(&f.arena);
}

static void large_targets_are_sent_whole(void **state) {
    (void)state;
    struct fixture f = fixture_new();
    struct buf text BUF_AUTO = BUF_INIT((size_t)512 * 1024);
    f.arena.limit_bytes = (size_t)8 * 1024 * 1024;
    buf_append_str(&text, "{\"Id\":\"t\",\"Input\":\"");
    for (size_t i = 0; i < 100000; i++) {
        buf_append_char(&text, (char)('a' + i % 26));
    }
    buf_append_str(&text, "\"}");
    const struct view targets[] = {buf_view(&text), buf_view(&text)};
    assert_int_equal(
        events_put_targets_call(VIEW("r"), VIEW(""), targets, 2, &f.arena, &f.call, &f.err), 0);
    assert_int_equal(f.call.body.len,
                     strlen("{\"Rule\":\"r\",\"Targets\":[,]}") + 2 * buf_view(&text).len);
    assert_memory_equal(f.call.body.data + strlen("{\"Rule\":\"r\",\"Targets\":["), targets[0].data,
                        targets[0].len);

    /* What does not fit is an error, and no call. */
    struct view many[10];
    for (size_t i = 0; i < 10; i++) {
        many[i] = targets[0];
    }
    f.call.operation = "untouched";
    assert_int_equal(
        events_put_targets_call(VIEW("r"), VIEW(""), many, 10, &f.arena, &f.call, &f.err), -1);
    assert_true(err_is_set(&f.err));
    assert_string_equal(f.call.operation, "untouched");
    arena_release(&f.arena);
}

static void all_targets_taken_is_a_success(void **state) {
    (void)state;
    static const char *const bodies[] = {
        "{\"FailedEntryCount\":0,\"FailedEntries\":[]}",
        "{\"FailedEntryCount\":0}",
    };
    for (size_t i = 0; i < 2; i++) {
        struct fixture f = put_targets();
        call_ends(&f.call, 200, bodies[i]);
        assert_int_equal(events_put_targets_result(&f.call, &f.err), 0);
        assert_false(err_is_set(&f.err));
        arena_release(&f.arena);
    }
}

/* What one entry says in a 200. */
static const struct {
    const char *code, *message;
    enum err_code meaning;
} entries[] = {
    {"ConcurrentModificationException", "Rule was changed", ERR_AWS_UNAVAILABLE},
    {"InternalFailure", "oops", ERR_AWS_UNAVAILABLE},
    {"InternalException", "oops", ERR_AWS_UNAVAILABLE},
    {"ThrottlingException", "Rate exceeded", ERR_THROTTLED},
    {"AccessDeniedException", "no", ERR_ACCESS_DENIED},
    {"NotAuthorizedForSourceException", "Not authorized for the source.", ERR_ACCESS_DENIED},
    {"ValidationException", "Parameter EcsParameters is not valid", ERR_BAD_RESPONSE},
    {"LimitExceededException", "The requested resource exceeds the maximum", ERR_BAD_RESPONSE},
    {"MalformedDetail", "Detail is malformed.", ERR_BAD_RESPONSE},
};

static void a_target_that_was_not_taken_is_an_error(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
        struct fixture f = put_targets();
        struct view body = arena_printf(
            &f.arena,
            "{\"FailedEntryCount\":1,\"FailedEntries\":[{\"TargetId\":\"b\",\"ErrorCode\":\"%s\","
            "\"ErrorMessage\":\"%s\"}]}",
            entries[i].code, entries[i].message);
        call_ends(&f.call, 200, body.data);
        assert_int_equal(events_put_targets_result(&f.call, &f.err), -1);
        assert_int_equal(f.err.code, entries[i].meaning);
        assert_holds(f.err.message, "EventBridge did not take a target: ");
        assert_holds(f.err.message, entries[i].code);
        assert_holds(f.err.message, entries[i].message);
        assert_holds(f.err.message, REQUEST_ID);
        arena_release(&f.arena);
    }
}

static void an_entry_need_not_say_why(void **state) {
    (void)state;
    struct fixture f = put_targets();
    call_ends(&f.call, 200, "{\"FailedEntryCount\":1,\"FailedEntries\":[{\"TargetId\":\"b\"}]}");
    assert_int_equal(events_put_targets_result(&f.call, &f.err), -1);
    assert_string_equal(f.err.message, "EventBridge did not take a target, it does not say why "
                                       "(request id " REQUEST_ID ")");
    arena_release(&f.arena);
}

static void a_count_without_entries_is_an_error_too(void **state) {
    (void)state;
    static const char *const bodies[] = {
        "{\"FailedEntryCount\":1}",
        "{\"FailedEntryCount\":1,\"FailedEntries\":[]}",
        "{\"FailedEntryCount\":2,\"FailedEntries\":null}",
        "{\"FailedEntryCount\":1,\"FailedEntries\":[7,null,{\"ErrorCode\":null}]}",
        "{\"FailedEntryCount\":-1,\"FailedEntries\":[]}",
        "{}",
        "{\"FailedEntryCount\":null}",
        "{\"FailedEntryCount\":\"0\"}",
        "{\"FailedEntryCount\":0.5}",
        "{\"FailedEntries\":[]}",
        "[]",
        "",
        "<html>",
    };
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct fixture f = put_targets();
        call_ends(&f.call, 200, bodies[i]);
        if (events_put_targets_result(&f.call, &f.err) == 0) {
            fail_msg("accepted: %s", bodies[i]);
        }
        assert_int_equal(f.err.code, ERR_BAD_RESPONSE);
        assert_holds(f.err.message, REQUEST_ID);
        arena_release(&f.arena);
    }
}

#define CALLER                                                                                     \
    "User: arn:aws:sts::222222222222:assumed-role/slipway/s is not authorized to perform: "

static void failures_of_put_targets_have_meanings(void **state) {
    (void)state;
    static const struct failure_row rows[] = {
        {"AccessDeniedException",
         CALLER "iam:PassRole on resource: arn:aws:iam::222222222222:role/events because no "
                "identity-based policy allows the iam:PassRole action",
         ERR_ACCESS_DENIED, ERR_PASS_ROLE_DENIED,
         "the role of a target may not be passed: " CALLER "iam:PassRole",
         "iam:PassRole statement for events.amazonaws.com"},
        {"AccessDeniedException",
         CALLER "events:PutTargets on resource: arn:aws:events:eu-central-1:222222222222:rule/"
                "nightly because no identity-based policy allows the events:PutTargets action",
         ERR_ACCESS_DENIED, ERR_ACCESS_DENIED, "events:PutTargets", ""},
        {"ConcurrentModificationException", "Rule nightly was changed.", ERR_BAD_RESPONSE,
         ERR_AWS_UNAVAILABLE, "the rule was changed at the same time: Rule nightly was changed.",
         ""},
        {"ManagedRuleException", "This is a managed rule.", ERR_BAD_RESPONSE, ERR_BAD_RESPONSE,
         "managed rule", ""},
        {"ResourceNotFoundException", "Rule nightly does not exist.", ERR_BAD_RESPONSE,
         ERR_BAD_RESPONSE, "does not exist", ""},
        {"LimitExceededException", "more than 5 targets", ERR_BAD_RESPONSE, ERR_BAD_RESPONSE,
         "more than 5 targets", ""},
        {"ThrottlingException", "Rate exceeded", ERR_THROTTLED, ERR_THROTTLED, "Rate exceeded", ""},
        {"InternalException", "oops", ERR_AWS_UNAVAILABLE, ERR_AWS_UNAVAILABLE, "oops", ""},
        /* Not about a role of ours: words of a validation. */
        {"ValidationException", "iam:PassRole is no target", ERR_BAD_RESPONSE, ERR_BAD_RESPONSE,
         "iam:PassRole is no target", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture f = put_targets();
        call_fails(&f.call, rows[i].met, rows[i].code, view_of(rows[i].words), &f.arena);
        assert_int_equal(events_put_targets_result(&f.call, &f.err), -1);
        assert_means(&f, &rows[i], i);
        arena_release(&f.arena);
    }
}

/* --- PutEvents --- */

static struct fixture put_events(void) {
    static const struct view resources[] = {{"arn:1", 5}, {"arn:\"2", 6}};
    static const struct events_entry sent_entries[] = {
        {.source = {"slipway", 7},
         .detail_type = {"Deployment Started", 18},
         .detail = {"{\"a\":\"\xc3\xa4\\n\"}", 12},
         .resources = resources,
         .n_resources = 2},
        {.source = {"slipway", 7}, .detail_type = {"x", 1}, .detail = {"{}", 2}},
    };
    struct fixture f = fixture_new();
    assert_int_equal(events_put_events_call(sent_entries, 2, VIEW("orders"), VIEW("us-west-2"),
                                            &f.arena, &f.call, &f.err),
                     0);
    return f;
}

static void an_event_is_a_string_of_json(void **state) {
    (void)state;
    struct fixture f = put_events();
    assert_sent_json(&f, "events.us-west-2.amazonaws.com", "AWSEvents.PutEvents",
                     "{\"Entries\":[{\"Source\":\"slipway\",\"DetailType\":\"Deployment Started\","
                     "\"Detail\":\"{\\\"a\\\":\\\"\xc3\xa4\\\\n\\\"}\",\"Resources\":[\"arn:1\","
                     "\"arn:\\\"2\"],\"EventBusName\":\"orders\"},{\"Source\":\"slipway\","
                     "\"DetailType\":\"x\",\"Detail\":\"{}\",\"EventBusName\":\"orders\"}]}");
    /* Sent twice, others would act twice. */
    assert_true(f.call.once);
    arena_release(&f.arena);

    f = fixture_new();
    const struct events_entry entry = {VIEW("s"), VIEW("d"), VIEW("{}"), NULL, 0};
    assert_int_equal(
        events_put_events_call(&entry, 1, VIEW(""), VIEW(""), &f.arena, &f.call, &f.err), 0);
    assert_sent_json(&f, HOST, "AWSEvents.PutEvents",
                     "{\"Entries\":[{\"Source\":\"s\",\"DetailType\":\"d\",\"Detail\":\"{}\"}]}");
    arena_release(&f.arena);
}

static void the_region_of_a_bus_is_that_of_its_arn(void **state) {
    (void)state;
    assert_true(view_equal(
        events_bus_region(VIEW("arn:aws:events:ap-south-1:111111111111:event-bus/central")),
        VIEW("ap-south-1")));
    assert_int_equal(events_bus_region(VIEW("arn:aws:events::111111111111:event-bus/x")).len, 0);
    assert_int_equal(events_bus_region(VIEW("central")).len, 0);
    assert_int_equal(events_bus_region(VIEW("")).len, 0);
}

static void a_long_detail_is_sent_whole(void **state) {
    (void)state;
    struct fixture f = fixture_new();
    struct buf detail BUF_AUTO = BUF_INIT((size_t)256 * 1024);
    f.arena.limit_bytes = (size_t)8 * 1024 * 1024;
    for (size_t i = 0; i < 100000; i++) {
        buf_append_char(&detail, (char)('a' + i % 26));
    }
    const struct events_entry entry = {VIEW("s"), VIEW("d"), buf_view(&detail), NULL, 0};
    assert_int_equal(
        events_put_events_call(&entry, 1, VIEW(""), VIEW(""), &f.arena, &f.call, &f.err), 0);
    const size_t before =
        strlen("{\"Entries\":[{\"Source\":\"s\",\"DetailType\":\"d\",\"Detail\":\"");
    assert_int_equal(f.call.body.len, before + 100000 + strlen("\"}]}"));
    assert_memory_equal(f.call.body.data + before, detail.data, 100000);
    arena_release(&f.arena);
}

static void all_events_taken_is_a_success(void **state) {
    (void)state;
    struct fixture f = put_events();
    call_ends(&f.call, 200,
              "{\"FailedEntryCount\":0,\"Entries\":[{\"EventId\":\"11710aed-b79e-4468-a20b-"
              "bb3c0c3b4860\"},{\"EventId\":\"d804d26a-88db-4b66-9eaf-9a11c708ae82\"}]}");
    assert_int_equal(events_put_events_result(&f.call, &f.err), 0);
    assert_false(err_is_set(&f.err));
    arena_release(&f.arena);
}

/* The entry that failed need not be the first. */
static void an_event_that_was_not_taken_is_an_error(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
        struct fixture f = put_events();
        struct view body =
            arena_printf(&f.arena,
                         "{\"FailedEntryCount\":1,\"Entries\":[{\"EventId\":\"1\"},{\"ErrorCode\":"
                         "\"%s\",\"ErrorMessage\":\"%s\"},{\"EventId\":\"2\"}]}",
                         entries[i].code, entries[i].message);
        call_ends(&f.call, 200, body.data);
        assert_int_equal(events_put_events_result(&f.call, &f.err), -1);
        assert_int_equal(f.err.code, entries[i].meaning);
        assert_holds(f.err.message, "EventBridge did not take an event: ");
        assert_holds(f.err.message, entries[i].message);
        arena_release(&f.arena);
    }
}

static void failures_of_put_events_are_handed_on(void **state) {
    (void)state;
    static const struct failure_row rows[] = {
        {"AccessDeniedException", CALLER "events:PutEvents on resource: arn:x", ERR_ACCESS_DENIED,
         ERR_ACCESS_DENIED, "events:PutEvents", ""},
        {"ThrottlingException", "Rate exceeded", ERR_THROTTLED, ERR_THROTTLED, "Rate exceeded", ""},
        {"InternalException", "oops", ERR_AWS_UNAVAILABLE, ERR_AWS_UNAVAILABLE, "oops", ""},
        {"ValidationException", "1 validation error detected", ERR_BAD_RESPONSE, ERR_BAD_RESPONSE,
         "1 validation error", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture f = put_events();
        call_fails(&f.call, rows[i].met, rows[i].code, view_of(rows[i].words), &f.arena);
        assert_int_equal(events_put_events_result(&f.call, &f.err), -1);
        assert_means(&f, &rows[i], i);
        arena_release(&f.arena);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_but_the_task_definition_stays),
        cmocka_unit_test(the_new_name_is_escaped),
        cmocka_unit_test(long_members_come_out_whole),
        cmocka_unit_test(a_target_without_a_task_definition_stays),
        cmocka_unit_test(targets_are_sent_as_they_are),
        cmocka_unit_test(large_targets_are_sent_whole),
        cmocka_unit_test(all_targets_taken_is_a_success),
        cmocka_unit_test(a_target_that_was_not_taken_is_an_error),
        cmocka_unit_test(an_entry_need_not_say_why),
        cmocka_unit_test(a_count_without_entries_is_an_error_too),
        cmocka_unit_test(failures_of_put_targets_have_meanings),
        cmocka_unit_test(an_event_is_a_string_of_json),
        cmocka_unit_test(the_region_of_a_bus_is_that_of_its_arn),
        cmocka_unit_test(a_long_detail_is_sent_whole),
        cmocka_unit_test(all_events_taken_is_a_success),
        cmocka_unit_test(an_event_that_was_not_taken_is_an_error),
        cmocka_unit_test(failures_of_put_events_are_handed_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
