#include "runtime/aws/ecs_revisions.h"

#include "runtime/base/buf.h"
#include "tests/unit/aws/sent_fixture.h"

#define HOST "ecs.eu-central-1.amazonaws.com"
#define TARGET "AmazonEC2ContainerServiceV20141113.ListTaskDefinitions"
#define ARN "arn:aws:ecs:eu-central-1:222222222222:task-definition/"

static struct fixture list(struct view family, struct view next, size_t max) {
    const struct ecs_list_task_definitions request = {.family = family, .next = next, .max = max};
    struct fixture f = fixture_new();
    assert_int_equal(ecs_list_task_definitions_call(&request, &f.arena, &f.call, &f.err), 0);
    return f;
}

static void requests(void **state) {
    (void)state;
    struct fixture f = list(VIEW("we\"b"), VIEW(""), 0);
    assert_sent_json(&f, HOST, TARGET,
                     "{\"familyPrefix\":\"we\\\"b\",\"status\":\"ACTIVE\",\"sort\":\"DESC\","
                     "\"maxResults\":100}");
    assert_false(f.call.once);
    arena_release(&f.arena);
    f = list(VIEW("web"), VIEW("n\n1"), 1);
    assert_sent_json(&f, HOST, TARGET,
                     "{\"familyPrefix\":\"web\",\"status\":\"ACTIVE\",\"sort\":\"DESC\","
                     "\"maxResults\":1,\"nextToken\":\"n\\n1\"}");
    arena_release(&f.arena);
    f = list(VIEW("web"), VIEW(""), ECS_LIST_TASK_DEFINITIONS_MAX);
    assert_holds(f.call.body.data, "\"maxResults\":100}");
    arena_release(&f.arena);
}

static void the_size_of_a_page_has_a_bound(void **state) {
    (void)state;
    const struct ecs_list_task_definitions request = {.family = VIEW("web"),
                                                      .max = ECS_LIST_TASK_DEFINITIONS_MAX + 1};
    struct fixture f = fixture_new();
    f.call.operation = "untouched";
    assert_int_equal(ecs_list_task_definitions_call(&request, &f.arena, &f.call, &f.err), -1);
    assert_int_equal(f.err.code, ERR_BAD_RESPONSE);
    assert_string_equal(f.call.operation, "untouched");
    arena_release(&f.arena);
}

/* ECS documents no length of its tokens. */
static void a_token_goes_and_comes_whole(void **state) {
    (void)state;
    char token[3000];
    for (size_t i = 0; i < sizeof(token); i++) {
        token[i] = (char)('a' + i % 26);
    }
    struct fixture f = list(VIEW("web"), (struct view){token, sizeof(token)}, 0);
    struct view end = arena_printf(&f.arena, "\"nextToken\":\"%.*s\"}", (int)sizeof(token), token);
    assert_true(view_ends_with(f.call.body, end));
    struct view body = arena_printf(&f.arena, "{\"taskDefinitionArns\":[],\"nextToken\":\"%.*s\"}",
                                    (int)sizeof(token), token);
    struct ecs_revisions got;
    call_ends(&f.call, 200, body.data);
    assert_int_equal(ecs_list_task_definitions_result(&f.call, &f.arena, &got, &f.err), 0);
    assert_int_equal(got.next.len, sizeof(token));
    assert_memory_equal(got.next.data, token, sizeof(token));
    arena_release(&f.arena);
}

/* A rollback must not go to another family's revision. */
static void only_the_family_counts(void **state) {
    (void)state;
    struct fixture f = list(VIEW("web"), VIEW(""), 0);
    struct ecs_revisions got;
    call_ends(&f.call, 200,
              "{\"nextToken\":\"n\",\"taskDefinitionArns\":[\"" ARN "web:12\",\"" ARN
              "web-api:3\",\"" ARN "we:1\",7,\"" ARN "web\\u003a11\",\"" ARN
              "Web:1\",\"web:1\",\"" ARN "web\",null,\"" ARN "web:2\"]}");
    assert_int_equal(ecs_list_task_definitions_result(&f.call, &f.arena, &got, &f.err), 0);
    assert_int_equal(got.n, 3);
    assert_view(got.arns[0], ARN "web:12");
    assert_view(got.arns[1], ARN "web:11");
    assert_view(got.arns[2], ARN "web:2");
    assert_view(got.next, "n");

    /* A page of others only. */
    call_ends(&f.call, 200, "{\"nextToken\":\"n2\",\"taskDefinitionArns\":[\"" ARN "web-api:3\"]}");
    assert_int_equal(ecs_list_task_definitions_result(&f.call, &f.arena, &got, &f.err), 0);
    assert_int_equal(got.n, 0);
    assert_view(got.next, "n2");

    call_ends(&f.call, 200, "{\"nextToken\":null,\"taskDefinitionArns\":[]}");
    assert_int_equal(ecs_list_task_definitions_result(&f.call, &f.arena, &got, &f.err), 0);
    assert_int_equal(got.n, 0);
    assert_view(got.next, "");
    arena_release(&f.arena);
}

static void odd_answers_are_bad_responses(void **state) {
    (void)state;
    static const char *const bodies[] = {"",
                                         "[]",
                                         "{}",
                                         "{\"taskDefinitionArns\":null}",
                                         "{\"taskDefinitionArns\":{}}",
                                         "{\"taskDefinitionArns\":[],\"taskDefinitionArns\":[]}",
                                         "{\"taskDefinitionArns\":[]}x"};
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct fixture f = list(VIEW("web"), VIEW(""), 0);
        struct ecs_revisions got = {.n = 77};
        call_ends(&f.call, 200, bodies[i]);
        assert_int_equal(ecs_list_task_definitions_result(&f.call, &f.arena, &got, &f.err), -1);
        assert_int_equal(f.err.code, ERR_BAD_RESPONSE);
        assert_holds(f.err.message, REQUEST_ID);
        assert_int_equal(got.n, 77);
        arena_release(&f.arena);
    }
    struct fixture f = list(VIEW("web"), VIEW(""), 0);
    struct ecs_revisions got;
    call_ends(&f.call, 200, "{\"taskDefinitionArns\":7}");
    assert_int_equal(ecs_list_task_definitions_result(&f.call, &f.arena, &got, &f.err), -1);
    assert_holds(f.err.message, "ListTaskDefinitions without a proper 'taskDefinitionArns'");
    arena_release(&f.arena);
}

static void failures_have_meanings(void **state) {
    (void)state;
    static const struct failure_row rows[] = {
        {"AccessDeniedException",
         "User: arn:aws:sts::222222222222:assumed-role/slipway/s is not authorized to perform: "
         "ecs:ListTaskDefinitions on resource: * because no identity-based policy allows the "
         "ecs:ListTaskDefinitions action",
         ERR_ACCESS_DENIED, ERR_ACCESS_DENIED,
         "ListTaskDefinitions of task definition 'web' denied",
         "allow ecs:ListTaskDefinitions on '*' in the policy of role 'slipway'"},
        {"ThrottlingException", "Rate exceeded", ERR_THROTTLED, ERR_THROTTLED, "Rate exceeded", ""},
        {"ServerException", "oops", ERR_AWS_UNAVAILABLE, ERR_AWS_UNAVAILABLE, "oops", ""},
        {"ClientException", "Invalid token", ERR_BAD_RESPONSE, ERR_BAD_RESPONSE, "Invalid token",
         ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture f = list(VIEW("web"), VIEW(""), 0);
        struct ecs_revisions got = {.n = 77};
        call_fails(&f.call, rows[i].met, rows[i].code, view_of(rows[i].words), &f.arena);
        assert_int_equal(ecs_list_task_definitions_result(&f.call, &f.arena, &got, &f.err), -1);
        assert_means(&f, &rows[i], i);
        assert_int_equal(got.n, 77);
        arena_release(&f.arena);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),
        cmocka_unit_test(the_size_of_a_page_has_a_bound),
        cmocka_unit_test(a_token_goes_and_comes_whole),
        cmocka_unit_test(only_the_family_counts),
        cmocka_unit_test(odd_answers_are_bad_responses),
        cmocka_unit_test(failures_have_meanings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
