#include "runtime/aws/ecs.h"

#include "tests/unit/aws/answered_fixture.h"

static struct fixture describe(void) {
    static const struct view services[] = {{"backend", 7}, {"api", 3}};
    struct fixture f = fixture_new();
    assert_int_equal(ecs_describe_services_call(VIEW("prod"), services, 2, VIEW("us-east-1"),
                                                &f.arena, &f.call, &f.err),
                     0);
    return f;
}

static struct fixture update(void) {
    struct fixture f = fixture_new();
    const struct ecs_update_service request = {
        .cluster = VIEW("prod"),
        .service = VIEW("backend"),
        .task_definition = VIEW("arn:aws:ecs:us-east-1:222222222222:task-definition/web:42"),
    };
    assert_int_equal(ecs_update_service_call(&request, &f.arena, &f.call, &f.err), 0);
    return f;
}

static void requests(void **state) {
    (void)state;
    struct fixture f = describe();
    assert_ptr_equal(f.call.service, &ecs_service);
    assert_string_equal(f.call.operation, "DescribeServices");
    assert_view(f.call.body, "{\"cluster\":\"prod\",\"services\":[\"backend\",\"api\"]}");
    assert_view(f.call.region, "us-east-1");
    assert_false(f.call.once);
    arena_release(&f.arena);

    f = update();
    assert_string_equal(f.call.operation, "UpdateService");
    assert_view(f.call.body, "{\"cluster\":\"prod\",\"service\":\"backend\",\"taskDefinition\":"
                             "\"arn:aws:ecs:us-east-1:222222222222:task-definition/web:42\"}");
    assert_false(f.call.once);
    arena_release(&f.arena);

    f = fixture_new();
    const struct ecs_update_service restart = {
        .cluster = VIEW("c"), .service = VIEW("s"), .force_new_deployment = true};
    assert_int_equal(ecs_update_service_call(&restart, &f.arena, &f.call, &f.err), 0);
    assert_view(f.call.body, "{\"cluster\":\"c\",\"service\":\"s\",\"forceNewDeployment\":true}");
    assert_true(f.call.once);

    ecs_register_task_definition_call(VIEW("{\"family\":\"f\"}"), VIEW("eu-west-1"), &f.call);
    assert_string_equal(f.call.operation, "RegisterTaskDefinition");
    assert_view(f.call.body, "{\"family\":\"f\"}");
    assert_view(f.call.region, "eu-west-1");
    assert_true(f.call.once);

    assert_int_equal(
        ecs_describe_task_definition_call(VIEW("web:7"), VIEW(""), &f.arena, &f.call, &f.err), 0);
    assert_view(f.call.body, "{\"taskDefinition\":\"web:7\",\"include\":[\"TAGS\"]}");
    arena_release(&f.arena);
}

static void the_number_of_services_has_bounds(void **state) {
    (void)state;
    static const struct view eleven[11];
    struct fixture f = fixture_new();
    assert_int_equal(
        ecs_describe_services_call(VIEW("c"), eleven, 11, VIEW(""), &f.arena, &f.call, &f.err), -1);
    err_init(&f.err);
    assert_int_equal(
        ecs_describe_services_call(VIEW("c"), eleven, 0, VIEW(""), &f.arena, &f.call, &f.err), -1);
    err_init(&f.err);
    assert_int_equal(
        ecs_describe_services_call(VIEW("c"), eleven, 10, VIEW(""), &f.arena, &f.call, &f.err), 0);
    arena_release(&f.arena);
}

#define ARN "arn:aws:ecs:us-east-1:222222222222:service/prod/"
#define SERVICE(name, more)                                                                        \
    "{\"serviceName\":\"" name "\",\"serviceArn\":\"" ARN name                                     \
    "\",\"clusterArn\":\"arn:aws:ecs:us-east-1:222222222222:cluster/prod\",\"status\":\"ACTIVE\"," \
    "\"taskDefinition\":\"arn:aws:ecs:us-east-1:222222222222:task-definition/web:41\"" more "}"

static void a_service_is_decoded(void **state) {
    (void)state;
    struct fixture f = describe();
    struct ecs_service_state s;
    call_ends(
        &f.call, 200,
        "{\"services\":[" SERVICE("api", "") "," SERVICE(
            "backend",
            ",\"desiredCount\":2,\"deploymentController\":{\"type\":\"CODE_DEPLOY\"},"
            "\"deployments\":[{\"id\":\"ecs-svc/1\",\"status\":\"ACTIVE\"},7,"
            "{\"id\":\"ecs-svc/2\",\"status\":\"PRIMARY\",\"taskDefinition\":\"web:41\","
            "\"rolloutState\":\"COMPLETED\",\"createdAt\":1700000000.25}]") "],"
                                                                            "\"failures\":[]}");
    assert_int_equal(ecs_describe_services_result(&f.call, VIEW("backend"), &f.arena, &s, &f.err),
                     0);
    assert_view(s.name, "backend");
    assert_view(s.arn, ARN "backend");
    assert_view(s.cluster_arn, "arn:aws:ecs:us-east-1:222222222222:cluster/prod");
    assert_view(s.status, "ACTIVE");
    assert_view(s.controller, "CODE_DEPLOY");
    assert_view(s.task_definition, "arn:aws:ecs:us-east-1:222222222222:task-definition/web:41");
    assert_int_equal(s.n_deployments, 2);
    assert_ptr_equal(s.primary, &s.deployments[1]);
    assert_view(s.primary->id, "ecs-svc/2");
    assert_view(s.primary->rollout_state, "COMPLETED");
    assert_int_equal(s.primary->created_at_ms, 1700000000250);
    assert_int_equal(s.deployments[0].created_at_ms, 0);

    assert_int_equal(ecs_describe_services_result(&f.call, VIEW(ARN "api"), &f.arena, &s, &f.err),
                     0);
    assert_view(s.name, "api");
    assert_view(s.controller, "ECS");
    assert_int_equal(s.n_deployments, 0);
    assert_null(s.primary);
    arena_release(&f.arena);
}

static void names_are_compared_whole(void **state) {
    (void)state;
    struct fixture f = describe();
    struct ecs_service_state s;
    call_ends(&f.call, 200, "{\"services\":[" SERVICE("backend-2", "") "]}");
    assert_int_equal(ecs_describe_services_result(&f.call, VIEW("backend"), &f.arena, &s, &f.err),
                     -1);
    assert_int_equal(f.err.code, ERR_BAD_RESPONSE);
    assert_holds(f.err.message, "says nothing of service 'backend'");
    err_init(&f.err);
    /* The old form of ARNs, without the cluster. */
    assert_int_equal(ecs_describe_services_result(
                         &f.call, VIEW("arn:aws:ecs:us-east-1:222222222222:service/backend-2"),
                         &f.arena, &s, &f.err),
                     0);
    arena_release(&f.arena);
}

static void missing_in_a_200_is_not_found(void **state) {
    (void)state;
    static const char *const arns[] = {ARN "backend",
                                       "arn:aws:ecs:us-east-1:222222222222:service/backend"};
    for (size_t i = 0; i < 2; i++) {
        struct fixture f = describe();
        struct ecs_service_state s;
        struct view body = arena_printf(
            &f.arena,
            "{\"services\":[" SERVICE("api", "") "],\"failures\":["
                                                 "null,{\"arn\":\"%s-2\",\"reason\":\"X\"},"
                                                 "{\"arn\":\"%s\",\"reason\":\"MISSING\"}]}",
            arns[i], arns[i]);
        call_ends(&f.call, 200, body.data);
        assert_int_equal(
            ecs_describe_services_result(&f.call, VIEW("backend"), &f.arena, &s, &f.err), -1);
        assert_int_equal(f.err.code, ERR_SERVICE_NOT_FOUND);
        assert_holds(f.err.message, "service not found: 'backend' in cluster 'prod'");
        assert_holds(f.err.message, REQUEST_ID);
        arena_release(&f.arena);
    }
    struct fixture f = describe();
    struct ecs_service_state s;
    call_ends(&f.call, 200,
              "{\"failures\":[{\"arn\":\"x/backend\",\"reason\":\"SOMETHING_ELSE\"}]}");
    assert_int_equal(ecs_describe_services_result(&f.call, VIEW("backend"), &f.arena, &s, &f.err),
                     -1);
    assert_int_equal(f.err.code, ERR_BAD_RESPONSE);
    assert_holds(f.err.message, "SOMETHING_ELSE");
    arena_release(&f.arena);
}

static void an_external_service_has_no_task_definition(void **state) {
    (void)state;
    struct fixture f = describe();
    struct ecs_service_state s;
    call_ends(&f.call, 200,
              "{\"services\":[{\"serviceName\":\"backend\",\"serviceArn\":\"a\",\"clusterArn\":"
              "\"c\",\"status\":\"ACTIVE\",\"deploymentController\":{\"type\":\"EXTERNAL\"}}]}");
    assert_int_equal(ecs_describe_services_result(&f.call, VIEW("backend"), &f.arena, &s, &f.err),
                     0);
    assert_view(s.controller, "EXTERNAL");
    assert_view(s.task_definition, "");
    arena_release(&f.arena);
}

static void a_service_that_lacks_a_part_is_a_bad_response(void **state) {
    (void)state;
    static const char *const bodies[] = {
        "",
        "7",
        "{}",
        "{\"services\":[]}",
        "{\"services\":{},\"failures\":{}}",
        "{\"services\":[{\"serviceName\":\"backend\"}]}",
        "{\"services\":[{\"serviceName\":\"backend\",\"serviceArn\":\"a\",\"clusterArn\":\"c\","
        "\"status\":\"ACTIVE\"}]}",
        "{\"services\":[{\"serviceName\":\"backend\",\"serviceArn\":\"a\",\"clusterArn\":\"c\","
        "\"taskDefinition\":\"t\"}]}",
        "{\"services\":[{\"serviceName\":\"backend\",\"serviceArn\":\"a\",\"status\":\"ACTIVE\","
        "\"taskDefinition\":\"t\"}]}",
        "{\"services\":[" SERVICE("backend", ",\"deploymentController\":{\"type\":7}") "]}",
        "{\"services\":[" SERVICE("backend", ",\"serviceName\":\"backend\"") "]}",
    };
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct fixture f = describe();
        struct ecs_service_state s = {.name = VIEW("untouched")};
        call_ends(&f.call, 200, bodies[i]);
        if (ecs_describe_services_result(&f.call, VIEW("backend"), &f.arena, &s, &f.err) == 0) {
            fail_msg("accepted: %s", bodies[i]);
        }
        assert_int_equal(f.err.code, ERR_BAD_RESPONSE);
        assert_view(s.name, "untouched");
        arena_release(&f.arena);
    }
}

static void an_update_answers_with_the_service(void **state) {
    (void)state;
    struct fixture f = update();
    struct ecs_service_state s;
    call_ends(&f.call, 200, "{\"service\":" SERVICE("backend", "") "}");
    assert_int_equal(ecs_update_service_result(&f.call, &f.arena, &s, &f.err), 0);
    assert_view(s.name, "backend");
    call_ends(&f.call, 200, "{\"service\":[]}");
    assert_int_equal(ecs_update_service_result(&f.call, &f.arena, &s, &f.err), -1);
    assert_int_equal(f.err.code, ERR_BAD_RESPONSE);
    arena_release(&f.arena);
}

#define CALLER                                                                                     \
    "User: arn:aws:sts::222222222222:assumed-role/slipway/s is not authorized to perform: "
#define PASS_ROLE                                                                                  \
    CALLER "iam:PassRole on resource: arn:aws:iam::222222222222:role/web-task because no "         \
           "identity-based policy allows the iam:PassRole action"

static const struct {
    const char *code, *words;
    enum err_code meaning;
    const char *in_message, *in_remedy;
} update_failures[] = {
    {"ServiceNotFoundException", "Service not found.", ERR_SERVICE_NOT_FOUND,
     "service not found: service 'backend' in cluster 'prod'", "ECS service"},
    {"ServiceNotActiveException", "Service was not ACTIVE.", ERR_SERVICE_NOT_ACTIVE,
     "service is not active: service 'backend' in cluster 'prod'", "anew"},
    {"ClusterNotFoundException", "Cluster not found.", ERR_CLUSTER_NOT_FOUND, "cluster 'prod'",
     "ECS_CLUSTER_NAME"},
    {"AccessDeniedException", PASS_ROLE, ERR_PASS_ROLE_DENIED, "may not be passed",
     "allow iam:PassRole on 'arn:aws:iam::222222222222:role/web-task' with iam:PassedToService "
     "ecs-tasks.amazonaws.com in the policy of role 'slipway' of account 222222222222"},
    {"ClientException", PASS_ROLE, ERR_PASS_ROLE_DENIED, "may not be passed", "iam:PassRole"},
    {"AccessDeniedException",
     CALLER "ecs:UpdateService on resource: " ARN
            "backend because no identity-based policy allows the ecs:UpdateService action",
     ERR_ACCESS_DENIED, "UpdateService of service 'backend' in cluster 'prod' denied",
     "allow ecs:UpdateService on '" ARN "backend' in the policy of role 'slipway'"},
    {"AccessDeniedException",
     CALLER "ecs:UpdateService with an explicit deny in a permissions boundary", ERR_ACCESS_DENIED,
     "denied", "let role 'slipway' of account 222222222222 through"},
    {"AccessDeniedException", "not authorized to perform: ecs:TagResource", ERR_ACCESS_DENIED,
     "denied", "allow ecs:TagResource in the policy of the function's role"},
    {"AccessDeniedException", "no", ERR_ACCESS_DENIED, "no", ""},
    {"InvalidParameterException",
     "Unable to update task definition on services with a CODE_DEPLOY deployment controller. Use "
     "AWS CodeDeploy to trigger a new deployment.",
     ERR_CONTROLLER_UNSUPPORTED, "CODE_DEPLOY", "deployment controller"},
    {"ClientException", "TaskDefinition not found.", ERR_FAMILY_NOT_FOUND,
     "no usable task definition 'arn:aws:ecs:us-east-1:222222222222:task-definition/web:42'", ""},
    {"InvalidParameterException", "TaskDefinition is inactive", ERR_FAMILY_NOT_FOUND, "inactive",
     ""},
    {"InvalidParameterException", "some other thing", ERR_BAD_RESPONSE, "some other thing", ""},
    {"ThrottlingException", "Rate exceeded", ERR_THROTTLED, "Rate exceeded", ""},
};

static void failures_of_an_update_have_meanings(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(update_failures) / sizeof(update_failures[0]); i++) {
        struct fixture f = update();
        struct ecs_service_state s;
        enum err_code meaning = update_failures[i].meaning == ERR_THROTTLED ? ERR_THROTTLED
                                : strstr(update_failures[i].code, "Denied") ? ERR_ACCESS_DENIED
                                                                            : ERR_BAD_RESPONSE;
        call_fails(&f.call, meaning, update_failures[i].code, view_of(update_failures[i].words),
                   &f.arena);
        assert_int_equal(ecs_update_service_result(&f.call, &f.arena, &s, &f.err), -1);
        if (f.err.code != update_failures[i].meaning) {
            fail_msg("row %zu: %s: %s", i, err_name(f.err.code), f.err.message);
        }
        assert_holds(f.err.message, update_failures[i].in_message);
        assert_holds(f.err.remedy, update_failures[i].in_remedy);
        arena_release(&f.arena);
    }
}

static void failures_of_a_description_have_meanings(void **state) {
    (void)state;
    struct fixture f = describe();
    struct ecs_service_state s;
    call_fails(&f.call, ERR_BAD_RESPONSE, "ClusterNotFoundException", VIEW("Cluster not found."),
               &f.arena);
    assert_int_equal(ecs_describe_services_result(&f.call, VIEW("backend"), &f.arena, &s, &f.err),
                     -1);
    assert_int_equal(f.err.code, ERR_CLUSTER_NOT_FOUND);
    assert_holds(f.err.message, "services in cluster 'prod'");
    arena_release(&f.arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),
        cmocka_unit_test(the_number_of_services_has_bounds),
        cmocka_unit_test(a_service_is_decoded),
        cmocka_unit_test(names_are_compared_whole),
        cmocka_unit_test(missing_in_a_200_is_not_found),
        cmocka_unit_test(an_external_service_has_no_task_definition),
        cmocka_unit_test(a_service_that_lacks_a_part_is_a_bad_response),
        cmocka_unit_test(an_update_answers_with_the_service),
        cmocka_unit_test(failures_of_an_update_have_meanings),
        cmocka_unit_test(failures_of_a_description_have_meanings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
