#include "runtime/aws/events.h"

#include "tests/unit/aws/sent_fixture.h"

#define HOST "events.eu-central-1.amazonaws.com"
#define CLUSTER "arn:aws:ecs:eu-central-1:222222222222:cluster/prod"

/* A token as long as EventBridge's may be, of characters that come out as they are. */
#define TOKEN_BYTES 2048
static struct view long_token(char *text) {
    for (size_t i = 0; i < TOKEN_BYTES; i++) {
        text[i] = (char)('a' + i % 26);
    }
    return (struct view){text, TOKEN_BYTES};
}

static struct fixture list_buses(struct view next) {
    struct fixture f = fixture_new();
    assert_int_equal(events_list_event_buses_call(next, &f.arena, &f.call, &f.err), 0);
    return f;
}

static struct fixture list_rules(struct view next) {
    struct fixture f = fixture_new();
    assert_int_equal(events_list_rule_names_by_target_call(VIEW(CLUSTER), VIEW("default"), next,
                                                           &f.arena, &f.call, &f.err),
                     0);
    return f;
}

static struct fixture list_targets(struct view next) {
    struct fixture f = fixture_new();
    assert_int_equal(events_list_targets_by_rule_call(VIEW("nightly"), VIEW("default"), next,
                                                      &f.arena, &f.call, &f.err),
                     0);
    return f;
}

static void requests(void **state) {
    (void)state;
    struct fixture f = list_buses(VIEW(""));
    assert_sent_json(&f, HOST, "AWSEvents.ListEventBuses", "{}");
    assert_false(f.call.once);
    arena_release(&f.arena);

    f = list_rules(VIEW(""));
    assert_sent_json(&f, HOST, "AWSEvents.ListRuleNamesByTarget",
                     "{\"TargetArn\":\"" CLUSTER "\",\"EventBusName\":\"default\"}");
    assert_false(f.call.once);
    arena_release(&f.arena);

    f = list_targets(VIEW(""));
    assert_sent_json(&f, HOST, "AWSEvents.ListTargetsByRule",
                     "{\"Rule\":\"nightly\",\"EventBusName\":\"default\"}");
    assert_false(f.call.once);
    arena_release(&f.arena);

    f = fixture_new();
    assert_int_equal(events_list_targets_by_rule_call(VIEW("a\"\\b"), VIEW(""), VIEW("t\n"),
                                                      &f.arena, &f.call, &f.err),
                     0);
    assert_view(f.call.body, "{\"Rule\":\"a\\\"\\\\b\",\"NextToken\":\"t\\n\"}");
    arena_release(&f.arena);
}

static void a_token_is_sent_whole(void **state) {
    (void)state;
    static struct fixture (*const lists[])(struct view) = {list_buses, list_rules, list_targets};
    char text[TOKEN_BYTES];
    struct view token = long_token(text);
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        struct fixture f = lists[i](token);
        struct view end = arena_printf(&f.arena, "\"NextToken\":\"%.*s\"}", TOKEN_BYTES, text);
        assert_true(view_ends_with(f.call.body, end));
        arena_release(&f.arena);
    }
}

static void buses_are_decoded(void **state) {
    (void)state;
    struct fixture f = list_buses(VIEW(""));
    struct events_names names;
    call_ends(&f.call, 200,
              "{\"EventBuses\":[{\"Arn\":\"arn:aws:events:eu-central-1:222222222222:event-bus/"
              "default\",\"Name\":\"default\"},{\"Arn\":\"x\",\"Name\":\"orders\\u002fnew\","
              "\"Policy\":\"{\\\"Version\\\":\\\"2012-10-17\\\"}\"}],\"NextToken\":\"n\\\"1\"}");
    assert_int_equal(events_list_event_buses_result(&f.call, &f.arena, &names, &f.err), 0);
    assert_int_equal(names.n, 2);
    assert_view(names.names[0], "default");
    assert_view(names.names[1], "orders/new");
    assert_view(names.next, "n\"1");

    call_ends(&f.call, 200, "{\"EventBuses\":[],\"NextToken\":null}");
    assert_int_equal(events_list_event_buses_result(&f.call, &f.arena, &names, &f.err), 0);
    assert_int_equal(names.n, 0);
    assert_view(names.next, "");
    arena_release(&f.arena);
}

static void rules_are_decoded(void **state) {
    (void)state;
    char text[TOKEN_BYTES];
    struct fixture f = list_rules(VIEW(""));
    struct events_names names;
    (void)long_token(text);
    struct view body = arena_printf(
        &f.arena, "{\"RuleNames\":[\"nightly\",\"h\\u00e4ufig\"],\"NextToken\":\"%.*s\"}",
        TOKEN_BYTES, text);
    call_ends(&f.call, 200, body.data);
    assert_int_equal(events_list_rule_names_by_target_result(&f.call, &f.arena, &names, &f.err), 0);
    assert_int_equal(names.n, 2);
    assert_view(names.names[0], "nightly");
    assert_view(names.names[1], "h\xc3\xa4ufig");
    assert_int_equal(names.next.len, TOKEN_BYTES);
    assert_memory_equal(names.next.data, text, TOKEN_BYTES);
    arena_release(&f.arena);
}

#define TASK "arn:aws:ecs:eu-central-1:222222222222:task-definition/report:7"
#define ECS_TARGET                                                                                 \
    "{\"Id\":\"t1\",\"Arn\":\"" CLUSTER                                                            \
    "\",\"RoleArn\":\"arn:aws:iam::222222222222:role/events\","                                    \
    "\"EcsParameters\":{\"TaskDefinitionArn\":\"" TASK "\",\"TaskCount\":1}}"

static void targets_are_decoded(void **state) {
    (void)state;
    struct fixture f = list_targets(VIEW(""));
    struct events_targets targets;
    call_ends(&f.call, 200,
              "{\"NextToken\":\"n2\",\"Targets\":[" ECS_TARGET
              " , {\"Id\":\"t2\",\"Arn\":\"arn:aws:sqs:q\"},"
              "{\"Id\":\"t3\",\"Arn\":\"a\",\"EcsParameters\":null},"
              "{\"Id\":\"t4\",\"Arn\":\"a\",\"EcsParameters\":{\"TaskDefinitionArn\":7}}]}");
    assert_int_equal(events_list_targets_by_rule_result(&f.call, &f.arena, &targets, &f.err), 0);
    assert_int_equal(targets.n, 4);
    assert_view(targets.next, "n2");
    assert_view(targets.targets[0].id, "t1");
    assert_view(targets.targets[0].arn, CLUSTER);
    assert_view(targets.targets[0].task_definition, TASK);
    assert_view(targets.targets[0].task_definition_text, "\"" TASK "\"");
    assert_view(targets.targets[0].text, ECS_TARGET);
    assert_view(targets.targets[1].text, "{\"Id\":\"t2\",\"Arn\":\"arn:aws:sqs:q\"}");
    for (size_t i = 1; i < 4; i++) {
        assert_view(targets.targets[i].task_definition, "");
        assert_null(targets.targets[i].task_definition_text.data);
    }
    call_ends(&f.call, 200, "{\"Targets\":[]}");
    assert_int_equal(events_list_targets_by_rule_result(&f.call, &f.arena, &targets, &f.err), 0);
    assert_int_equal(targets.n, 0);
    assert_view(targets.next, "");
    arena_release(&f.arena);
}

static void odd_answers_are_bad_responses(void **state) {
    (void)state;
    static const char *const buses[] = {
        "",
        "[]",
        "{",
        "{}",
        "{\"EventBuses\":null}",
        "{\"EventBuses\":{}}",
        "{\"EventBuses\":[{}]}",
        "{\"EventBuses\":[\"default\"]}",
        "{\"EventBuses\":[{\"Name\":7}]}",
        "{\"EventBuses\":[{\"Name\":\"\"}]}",
        "{\"EventBuses\":[],\"EventBuses\":[]}",
    };
    for (size_t i = 0; i < sizeof(buses) / sizeof(buses[0]); i++) {
        struct fixture f = list_buses(VIEW(""));
        struct events_names names = {.n = 77};
        call_ends(&f.call, 200, buses[i]);
        if (events_list_event_buses_result(&f.call, &f.arena, &names, &f.err) == 0) {
            fail_msg("accepted: %s", buses[i]);
        }
        assert_int_equal(f.err.code, ERR_BAD_RESPONSE);
        assert_holds(f.err.message, REQUEST_ID);
        assert_int_equal(names.n, 77);
        arena_release(&f.arena);
    }
    static const char *const rules[] = {"{}", "{\"RuleNames\":\"x\"}", "{\"RuleNames\":[7]}",
                                        "{\"RuleNames\":[null]}"};
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        struct fixture f = list_rules(VIEW(""));
        struct events_names names = {.n = 77};
        call_ends(&f.call, 200, rules[i]);
        assert_int_equal(events_list_rule_names_by_target_result(&f.call, &f.arena, &names, &f.err),
                         -1);
        assert_int_equal(f.err.code, ERR_BAD_RESPONSE);
        assert_int_equal(names.n, 77);
        arena_release(&f.arena);
    }
    static const char *const targets[] = {"{}", "{\"Targets\":{}}",
                                          "{\"Targets\":[{\"Id\":\"a\"}]}",
                                          "{\"Targets\":[{\"Arn\":\"a\"}]}", "{\"Targets\":[7]}"};
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        struct fixture f = list_targets(VIEW(""));
        struct events_targets got = {.n = 77};
        call_ends(&f.call, 200, targets[i]);
        assert_int_equal(events_list_targets_by_rule_result(&f.call, &f.arena, &got, &f.err), -1);
        assert_int_equal(f.err.code, ERR_BAD_RESPONSE);
        assert_int_equal(got.n, 77);
        arena_release(&f.arena);
    }
}

/* The client's own reading of it is handed on: what a listing that fails means is the handler's
 * business. */
static void failures_of_listings_are_handed_on(void **state) {
    (void)state;
    static const struct failure_row rows[] = {
        {"AccessDeniedException",
         "User: arn:aws:sts::222222222222:assumed-role/slipway/s is not authorized to perform: "
         "events:ListRuleNamesByTarget on resource: "
         "arn:aws:events:eu-central-1:222222222222:rule/*",
         ERR_ACCESS_DENIED, ERR_ACCESS_DENIED, "events:ListRuleNamesByTarget", ""},
        {"ThrottlingException", "Rate exceeded", ERR_THROTTLED, ERR_THROTTLED, "Rate exceeded", ""},
        {"InternalException", "oops", ERR_AWS_UNAVAILABLE, ERR_AWS_UNAVAILABLE, "oops", ""},
        {"ResourceNotFoundException", "Rule nightly does not exist on EventBus default.",
         ERR_BAD_RESPONSE, ERR_BAD_RESPONSE, "does not exist", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture f = list_buses(VIEW(""));
        struct events_names names = {.n = 77};
        struct events_targets targets = {.n = 77};
        call_fails(&f.call, rows[i].met, rows[i].code, view_of(rows[i].words), &f.arena);
        assert_int_equal(events_list_event_buses_result(&f.call, &f.arena, &names, &f.err), -1);
        assert_means(&f, &rows[i], i);
        err_init(&f.err);
        assert_int_equal(events_list_rule_names_by_target_result(&f.call, &f.arena, &names, &f.err),
                         -1);
        assert_means(&f, &rows[i], i);
        err_init(&f.err);
        assert_int_equal(events_list_targets_by_rule_result(&f.call, &f.arena, &targets, &f.err),
                         -1);
        assert_means(&f, &rows[i], i);
        assert_int_equal(names.n, 77);
        assert_int_equal(targets.n, 77);
        arena_release(&f.arena);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),
        cmocka_unit_test(a_token_is_sent_whole),
        cmocka_unit_test(buses_are_decoded),
        cmocka_unit_test(rules_are_decoded),
        cmocka_unit_test(targets_are_decoded),
        cmocka_unit_test(odd_answers_are_bad_responses),
        cmocka_unit_test(failures_of_listings_are_handed_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
