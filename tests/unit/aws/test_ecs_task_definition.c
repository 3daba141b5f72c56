#include "runtime/aws/ecs.h"

#include "tests/unit/aws/answered_fixture.h"

static struct fixture describe(void) {
    struct fixture f = fixture_new();
    assert_int_equal(
        ecs_describe_task_definition_call(VIEW("web"), VIEW(""), &f.arena, &f.call, &f.err), 0);
    return f;
}

#define DEFINITION                                                                                 \
    "{ \"taskDefinitionArn\":\"arn:aws:ecs:us-east-1:222222222222:task-definition/web:41\","       \
    "\"family\":\"w\\u0065b\",\"revision\":41,\"status\":\"ACTIVE\",\"cpu\":256.0,"                \
    "\"big\":12345678901234567890,  \"new\":{\"\\u00e9\":[ ]} }"

static void a_definition_stays_bytes(void **state) {
    (void)state;
    struct fixture f = describe();
    struct ecs_task_definition d;
    call_ends(&f.call, 200,
              " {\"taskDefinition\" : " DEFINITION " ,\"tags\":[{\"key\":\"slipway:digest\","
              "\"value\":\"sha256:a\"}, {\"key\":\"empty\"},{\"value\":\"no key\"},7]}");
    assert_int_equal(ecs_describe_task_definition_result(&f.call, &f.arena, &d, &f.err), 0);
    assert_view(d.text.text, DEFINITION);
    assert_view(d.tags_text.text, "[{\"key\":\"slipway:digest\",\"value\":\"sha256:a\"}, "
                                  "{\"key\":\"empty\"},{\"value\":\"no key\"},7]");
    assert_view(d.arn, "arn:aws:ecs:us-east-1:222222222222:task-definition/web:41");
    assert_view(d.family, "web");
    assert_int_equal(d.revision, 41);
    assert_view(d.status, "ACTIVE");
    assert_int_equal(d.n_tags, 2);
    assert_view(ecs_tag_value(&d, "slipway:digest"), "sha256:a");
    assert_view(ecs_tag_value(&d, "empty"), "");
    assert_view(ecs_tag_value(&d, "absent"), "");
    arena_release(&f.arena);
}

static void tags_may_be_absent(void **state) {
    (void)state;
    static const char *const bodies[] = {
        "{\"taskDefinition\":" DEFINITION "}",
        "{\"taskDefinition\":" DEFINITION ",\"tags\":null}",
        "{\"taskDefinition\":" DEFINITION ",\"tags\":{}}",
    };
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct fixture f = describe();
        struct ecs_task_definition d;
        call_ends(&f.call, 200, bodies[i]);
        assert_int_equal(ecs_describe_task_definition_result(&f.call, &f.arena, &d, &f.err), 0);
        assert_int_equal(d.tags_text.type, JSON_NULL);
        assert_int_equal(d.n_tags, 0);
        arena_release(&f.arena);
    }
}

static void a_definition_that_lacks_a_part_is_a_bad_response(void **state) {
    (void)state;
    static const char *const bodies[] = {
        "",
        "{}",
        "{\"taskDefinition\":null}",
        "{\"taskDefinition\":{}}",
        "{\"taskDefinition\":{\"taskDefinitionArn\":\"a\",\"family\":\"f\",\"revision\":1}}",
        "{\"taskDefinition\":{\"taskDefinitionArn\":\"a\",\"family\":\"f\",\"status\":\"ACTIVE\"}}",
        "{\"taskDefinition\":{\"taskDefinitionArn\":\"a\",\"family\":\"f\",\"status\":\"ACTIVE\","
        "\"revision\":0}}",
        "{\"taskDefinition\":{\"taskDefinitionArn\":\"a\",\"family\":\"f\",\"status\":\"ACTIVE\","
        "\"revision\":1.5}}",
        "{\"taskDefinition\":{\"taskDefinitionArn\":\"a\",\"family\":\"f\",\"status\":\"ACTIVE\","
        "\"revision\":\"1\"}}",
        "{\"taskDefinition\":{\"taskDefinitionArn\":\"\",\"family\":\"f\",\"status\":\"ACTIVE\","
        "\"revision\":1}}",
        "{\"taskDefinition\":{\"taskDefinitionArn\":\"a\",\"family\":\"f\",\"status\":\"ACTIVE\","
        "\"revision\":1}",
    };
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct fixture f = describe();
        struct ecs_task_definition d = {.family = VIEW("untouched")};
        call_ends(&f.call, 200, bodies[i]);
        if (ecs_describe_task_definition_result(&f.call, &f.arena, &d, &f.err) == 0) {
            fail_msg("accepted: %s", bodies[i]);
        }
        assert_int_equal(f.err.code, ERR_BAD_RESPONSE);
        assert_holds(f.err.message, REQUEST_ID);
        assert_view(d.family, "untouched");
        arena_release(&f.arena);
    }
}

static void an_unknown_family_is_not_found(void **state) {
    (void)state;
    struct fixture f = describe();
    struct ecs_task_definition d;
    call_fails(&f.call, ERR_BAD_RESPONSE, "ClientException",
               VIEW("Unable to describe task definition."), &f.arena);
    assert_int_equal(ecs_describe_task_definition_result(&f.call, &f.arena, &d, &f.err), -1);
    assert_int_equal(f.err.code, ERR_FAMILY_NOT_FOUND);
    assert_holds(f.err.message, "no usable task definition 'web'");
    arena_release(&f.arena);
}

static void denied_reads_name_the_action(void **state) {
    (void)state;
    struct fixture f = describe();
    struct ecs_task_definition d;
    call_fails(&f.call, ERR_ACCESS_DENIED, "AccessDeniedException",
               VIEW("User: arn:aws:sts::222222222222:assumed-role/slipway/s is not authorized to "
                    "perform: ecs:DescribeTaskDefinition on resource: * because no identity-based "
                    "policy allows the ecs:DescribeTaskDefinition action"),
               &f.arena);
    assert_int_equal(ecs_describe_task_definition_result(&f.call, &f.arena, &d, &f.err), -1);
    assert_int_equal(f.err.code, ERR_ACCESS_DENIED);
    assert_holds(f.err.message, "DescribeTaskDefinition of task definition 'web' denied");
    assert_string_equal(f.err.remedy, "allow ecs:DescribeTaskDefinition on '*' in the policy of "
                                      "role 'slipway' of account 222222222222");
    arena_release(&f.arena);
}

static void a_registration_answers_alike(void **state) {
    (void)state;
    struct fixture f = describe();
    struct ecs_task_definition d;
    ecs_register_task_definition_call(VIEW("{\"family\":\"web\",\"containerDefinitions\":[]}"),
                                      VIEW(""), &f.call);
    call_ends(&f.call, 200, "{\"taskDefinition\":" DEFINITION ",\"tags\":[]}");
    assert_int_equal(ecs_register_task_definition_result(&f.call, &f.arena, &d, &f.err), 0);
    assert_int_equal(d.revision, 41);
    assert_int_equal(d.tags_text.type, JSON_ARRAY);

    call_fails(&f.call, ERR_ACCESS_DENIED, "AccessDeniedException",
               VIEW("User: arn:aws:sts::222222222222:assumed-role/slipway/s is not authorized to "
                    "perform: iam:PassRole on resource: arn:aws:iam::222222222222:role/web-task"),
               &f.arena);
    assert_int_equal(ecs_register_task_definition_result(&f.call, &f.arena, &d, &f.err), -1);
    assert_int_equal(f.err.code, ERR_PASS_ROLE_DENIED);
    assert_holds(f.err.message, "RegisterTaskDefinition of task definition 'web' refused");
    assert_holds(f.err.remedy, "allow iam:PassRole on 'arn:aws:iam::222222222222:role/web-task'");

    err_init(&f.err);
    call_fails(&f.call, ERR_ACCESS_DENIED, "AccessDeniedException",
               VIEW("User: x is not authorized to perform: iam:PassRole on resource: r with an "
                    "explicit deny in an identity-based policy"),
               &f.arena);
    assert_int_equal(ecs_register_task_definition_result(&f.call, &f.arena, &d, &f.err), -1);
    assert_int_equal(f.err.code, ERR_PASS_ROLE_DENIED);
    assert_holds(f.err.remedy, "let 'x' through to iam:PassRole on 'r'");

    err_init(&f.err);
    call_fails(&f.call, ERR_BAD_RESPONSE, "ClientException", VIEW("Role is not valid"), &f.arena);
    err_remedy(&f.call.err, "the call's own remedy");
    assert_int_equal(ecs_register_task_definition_result(&f.call, &f.arena, &d, &f.err), -1);
    assert_int_equal(f.err.code, ERR_BAD_RESPONSE);
    assert_holds(f.err.message, "Role is not valid");
    assert_string_equal(f.err.remedy, "the call's own remedy");
    arena_release(&f.arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_definition_stays_bytes),
        cmocka_unit_test(tags_may_be_absent),
        cmocka_unit_test(a_definition_that_lacks_a_part_is_a_bad_response),
        cmocka_unit_test(an_unknown_family_is_not_found),
        cmocka_unit_test(denied_reads_name_the_action),
        cmocka_unit_test(a_registration_answers_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
