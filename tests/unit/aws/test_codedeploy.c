#include "runtime/aws/codedeploy.h"

#include "runtime/aws/answer.h"
#include "tests/unit/aws/sent_fixture.h"

#define HOST "codedeploy.eu-central-1.amazonaws.com"
#define TARGET "CodeDeploy_20141006."
#define TASK "arn:aws:ecs:eu-central-1:222222222222:task-definition/web:42"

static const struct view group_names[] = {{"blue", 4}, {"gr\"een", 6}};
static const struct view ids[] = {{"d-A", 3}, {"d-B", 3}};

static struct fixture applications(struct view next) {
    struct fixture f = fixture_new();
    assert_int_equal(codedeploy_list_applications_call(next, &f.arena, &f.call, &f.err), 0);
    return f;
}

static struct fixture list_groups(void) {
    struct fixture f = fixture_new();
    assert_int_equal(codedeploy_list_groups_call(VIEW("app"), &f.arena, &f.call, &f.err), 0);
    return f;
}

static struct fixture get_groups(void) {
    struct fixture f = fixture_new();
    assert_int_equal(
        codedeploy_get_groups_call(VIEW("app"), group_names, 2, &f.arena, &f.call, &f.err), 0);
    return f;
}

static struct fixture list_deployments(int64_t since_ms) {
    struct fixture f = fixture_new();
    assert_int_equal(codedeploy_list_deployments_call(VIEW("app"), VIEW("blue"), since_ms, &f.arena,
                                                      &f.call, &f.err),
                     0);
    return f;
}

static struct fixture get_deployments(void) {
    struct fixture f = fixture_new();
    assert_int_equal(codedeploy_get_deployments_call(ids, 2, &f.arena, &f.call, &f.err), 0);
    return f;
}

static struct fixture create(const char *platform_version, const char *description) {
    struct fixture f = fixture_new();
    const struct codedeploy_create c = {
        .application = VIEW("app"),
        .group = VIEW("blue"),
        .task_definition = VIEW(TASK),
        .container = VIEW("w\"eb"),
        .port = 8080,
        .platform_version = view_of(platform_version),
        .description = view_of(description),
    };
    assert_int_equal(codedeploy_create_call(&c, &f.arena, &f.call, &f.err), 0);
    return f;
}

/* --- requests --- */

static void requests(void **state) {
    (void)state;
    struct fixture f = applications(VIEW(""));
    assert_sent_json(&f, HOST, TARGET "ListApplications", "{}");
    assert_false(f.call.once);
    arena_release(&f.arena);

    f = applications(VIEW("n\"1"));
    assert_sent_json(&f, HOST, TARGET "ListApplications", "{\"nextToken\":\"n\\\"1\"}");
    arena_release(&f.arena);

    f = list_groups();
    assert_sent_json(&f, HOST, TARGET "ListDeploymentGroups", "{\"applicationName\":\"app\"}");
    arena_release(&f.arena);

    f = get_groups();
    assert_sent_json(&f, HOST, TARGET "BatchGetDeploymentGroups",
                     "{\"applicationName\":\"app\",\"deploymentGroupNames\":[\"blue\","
                     "\"gr\\\"een\"]}");
    arena_release(&f.arena);

    f = list_deployments(0);
    assert_sent_json(&f, HOST, TARGET "ListDeployments",
                     "{\"applicationName\":\"app\",\"deploymentGroupName\":\"blue\","
                     "\"includeOnlyStatuses\":[\"Created\",\"Queued\",\"InProgress\",\"Baking\","
                     "\"Ready\"]}");
    assert_false(f.call.once);
    arena_release(&f.arena);

    /* Whole seconds before the time, so that none of that very second is missed. */
    f = list_deployments(1795214344999);
    assert_sent_json(&f, HOST, TARGET "ListDeployments",
                     "{\"applicationName\":\"app\",\"deploymentGroupName\":\"blue\","
                     "\"createTimeRange\":{\"start\":1795214344}}");
    arena_release(&f.arena);

    f = get_deployments();
    assert_sent_json(&f, HOST, TARGET "BatchGetDeployments",
                     "{\"deploymentIds\":[\"d-A\",\"d-B\"]}");
    arena_release(&f.arena);
}

#define SPEC_1                                                                                     \
    "{\"version\":0.0,\"Resources\":[{\"TargetService\":{\"Type\":\"AWS::ECS::Service\","          \
    "\"Properties\":{\"TaskDefinition\":\"" TASK                                                   \
    "\",\"LoadBalancerInfo\":{\"ContainerName\":\"w\\\"eb\",\"ContainerPort\":8080}"
#define SPEC_2 "}}}]}"

static struct view content_of(struct fixture *f) {
    struct json_span root;
    struct json_span content = {{NULL, 0}, JSON_NULL};
    struct view text;
    assert_int_equal(answer_scan(f->call.body, "request", answer_note(&f->call), &root, &f->err),
                     0);
    assert_true(json_find(root, "revision", &content));
    assert_true(json_find(content, "appSpecContent", &content));
    assert_true(json_find(content, "content", &content));
    assert_int_equal(json_span_string(content, &f->arena, &text, &f->err), 0);
    return text;
}

static void a_deployment_brings_its_app_spec(void **state) {
    (void)state;
    struct fixture f = create("", "");
    assert_sent_json(
        &f, HOST, TARGET "CreateDeployment",
        "{\"applicationName\":\"app\",\"deploymentGroupName\":\"blue\",\"revision\":{"
        "\"revisionType\":\"AppSpecContent\",\"appSpecContent\":{\"content\":\"{\\\"version\\\":"
        "0.0,\\\"Resources\\\":[{\\\"TargetService\\\":{\\\"Type\\\":\\\"AWS::ECS::Service\\\","
        "\\\"Properties\\\":{\\\"TaskDefinition\\\":\\\"" TASK
        "\\\",\\\"LoadBalancerInfo\\\":{\\\"ContainerName\\\":\\\"w\\\\\\\"eb\\\","
        "\\\"ContainerPort\\\":8080}}}}]}\"}}}");
    assert_view(content_of(&f), SPEC_1 SPEC_2);
    /* Sent twice, it would be deployed twice. */
    assert_true(f.call.once);
    arena_release(&f.arena);

    f = create("1.4.0", "slipway: \"e\"");
    assert_view(content_of(&f), SPEC_1 ",\"PlatformVersion\":\"1.4.0\"" SPEC_2);
    assert_true(view_ends_with(f.call.body, VIEW("}},\"description\":\"slipway: \\\"e\\\"\"}")));
    arena_release(&f.arena);
}

/* --- names --- */

static void names_are_decoded(void **state) {
    (void)state;
    struct fixture f = applications(VIEW(""));
    struct codedeploy_names names;
    call_ends(&f.call, 200, "{\"applications\":[\"a\",7,\"\\u00e4\",null],\"nextToken\":\"n\"}");
    assert_int_equal(codedeploy_list_applications_result(&f.call, &f.arena, &names, &f.err), 0);
    assert_int_equal(names.n, 2);
    assert_view(names.names[0], "a");
    assert_view(names.names[1], "\xc3\xa4");
    assert_view(names.next, "n");
    arena_release(&f.arena);

    f = list_groups();
    call_ends(&f.call, 200, "{\"applicationName\":\"app\",\"deploymentGroups\":[\"blue\"]}");
    assert_int_equal(codedeploy_list_groups_result(&f.call, &f.arena, &names, &f.err), 0);
    assert_int_equal(names.n, 1);
    assert_view(names.names[0], "blue");
    assert_view(names.next, "");
    arena_release(&f.arena);

    /* CodeDeploy leaves out what is empty. */
    f = list_deployments(0);
    struct view *found = (struct view *)&ids[0];
    size_t n = 77;
    call_ends(&f.call, 200, "{}");
    assert_int_equal(codedeploy_list_deployments_result(&f.call, &f.arena, &found, &n, &f.err), 0);
    assert_int_equal(n, 0);
    call_ends(&f.call, 200, "{\"deployments\":[\"d-1\",\"d-2\"]}");
    assert_int_equal(codedeploy_list_deployments_result(&f.call, &f.arena, &found, &n, &f.err), 0);
    assert_int_equal(n, 2);
    assert_view(found[1], "d-2");
    arena_release(&f.arena);
}

/* --- which group deploys a service --- */

static int group_of(const char *body, struct view *ret_group, struct fixture *f) {
    *f = get_groups();
    call_ends(&f->call, 200, body);
    return codedeploy_get_groups_result(&f->call, VIEW("prod"), VIEW("web"), &f->arena, ret_group,
                                        &f->err);
}

static void the_group_of_a_service_is_found(void **state) {
    (void)state;
    static const struct {
        const char *body, *group;
    } rows[] = {
        {"{\"deploymentGroupsInfo\":[{\"deploymentGroupName\":\"a\",\"ecsServices\":[{"
         "\"clusterName\":\"prod\",\"serviceName\":\"web2\"},{\"clusterName\":\"staging\","
         "\"serviceName\":\"web\"}]},{\"deploymentGroupName\":\"b\",\"computePlatform\":\"ECS\","
         "\"ecsServices\":[{\"serviceName\":\"web\",\"clusterName\":\"prod\"}]}]}",
         "b"},
        /* The service in one entry, the cluster in another. */
        {"{\"deploymentGroupsInfo\":[{\"deploymentGroupName\":\"a\",\"ecsServices\":[{"
         "\"clusterName\":\"prod\"},{\"serviceName\":\"web\"}]}]}",
         ""},
        {"{\"deploymentGroupsInfo\":[{\"deploymentGroupName\":\"a\"},null,{"
         "\"deploymentGroupName\":\"b\",\"ecsServices\":null}]}",
         ""},
        {"{\"deploymentGroupsInfo\":[]}", ""},
        {"{\"errorMessage\":\"none\"}", ""},
        {"{}", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture f;
        struct view group = VIEW("before");
        assert_int_equal(group_of(rows[i].body, &group, &f), 0);
        assert_view(group, rows[i].group);
        arena_release(&f.arena);
    }
}

static void what_is_not_there_deploys_nothing(void **state) {
    (void)state;
    static const char *const codes[] = {"ApplicationDoesNotExistException",
                                        "DeploymentGroupDoesNotExistException"};
    for (size_t i = 0; i < 2; i++) {
        struct fixture f = get_groups();
        struct view group = VIEW("before");
        call_fails(&f.call, ERR_BAD_RESPONSE, codes[i], VIEW("no such thing"), &f.arena);
        assert_int_equal(codedeploy_get_groups_result(&f.call, VIEW("prod"), VIEW("web"), &f.arena,
                                                      &group, &f.err),
                         0);
        assert_view(group, "");
        assert_false(err_is_set(&f.err));
        arena_release(&f.arena);
    }
}

static void a_group_without_a_name_is_a_bad_response(void **state) {
    (void)state;
    static const char *const bodies[] = {
        "",
        "[]",
        "{\"deploymentGroupsInfo\":[{\"ecsServices\":[{\"clusterName\":\"prod\",\"serviceName\":"
        "\"web\"}]}]}",
        "{\"deploymentGroupsInfo\":[{\"deploymentGroupName\":7,\"ecsServices\":[{\"clusterName\":"
        "\"prod\",\"serviceName\":\"web\"}]}]}",
    };
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct fixture f;
        struct view group = VIEW("untouched");
        assert_int_equal(group_of(bodies[i], &group, &f), -1);
        assert_int_equal(f.err.code, ERR_BAD_RESPONSE);
        assert_view(group, "untouched");
        arena_release(&f.arena);
    }
}

/* --- deployments --- */

static void deployments_are_decoded(void **state) {
    (void)state;
    struct fixture f = get_deployments();
    struct codedeploy_deployment *all = NULL;
    size_t n = 0;
    call_ends(&f.call, 200,
              "{\"deploymentsInfo\":[{\"applicationName\":\"app\",\"deploymentId\":\"d-A\","
              "\"status\":\"InProgress\",\"description\":\"slipway \\\"e\\\"\",\"createTime\":1.5},"
              "{\"deploymentId\":\"d-B\"}]}");
    assert_int_equal(codedeploy_get_deployments_result(&f.call, &f.arena, &all, &n, &f.err), 0);
    assert_int_equal(n, 2);
    assert_view(all[0].id, "d-A");
    assert_view(all[0].status, "InProgress");
    assert_view(all[0].description, "slipway \"e\"");
    assert_true(codedeploy_is_under_way(&all[0]));
    assert_view(all[1].id, "d-B");
    assert_view(all[1].status, "");
    assert_false(codedeploy_is_under_way(&all[1]));
    arena_release(&f.arena);

    static const char *const bodies[] = {"{}", "{\"deploymentsInfo\":{}}",
                                         "{\"deploymentsInfo\":[{\"status\":\"Ready\"}]}",
                                         "{\"deploymentsInfo\":[null]}"};
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        f = get_deployments();
        n = 77;
        call_ends(&f.call, 200, bodies[i]);
        assert_int_equal(codedeploy_get_deployments_result(&f.call, &f.arena, &all, &n, &f.err),
                         -1);
        assert_int_equal(f.err.code, ERR_BAD_RESPONSE);
        assert_int_equal(n, 77);
        arena_release(&f.arena);
    }
}

/* All that CodeDeploy's model knows. */
static void statuses_are_known(void **state) {
    (void)state;
    static const struct {
        const char *status;
        bool under_way;
    } rows[] = {
        {"Created", true},    {"Queued", true},  {"InProgress", true}, {"Baking", true},
        {"Succeeded", false}, {"Failed", false}, {"Stopped", false},   {"Ready", true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct codedeploy_deployment d = {.status = view_of(rows[i].status)};
        assert_int_equal(codedeploy_is_under_way(&d), rows[i].under_way);
    }
}

/* --- failures --- */

#define CALLER                                                                                     \
    "User: arn:aws:sts::222222222222:assumed-role/slipway/s is not authorized to perform: "

static void failures_of_reads_have_meanings(void **state) {
    (void)state;
    static const struct failure_row rows[] = {
        {"AccessDeniedException", CALLER "codedeploy:ListApplications on resource: *",
         ERR_ACCESS_DENIED, ERR_ACCESS_DENIED, "ListApplications denied: " CALLER,
         "allow codedeploy:ListApplications to the function's role"},
        {"ThrottlingException", "Rate exceeded", ERR_THROTTLED, ERR_THROTTLED, "Rate exceeded", ""},
        {"InvalidNextTokenException", "bad", ERR_BAD_RESPONSE, ERR_BAD_RESPONSE, "bad", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture f = applications(VIEW(""));
        struct codedeploy_names names = {.n = 77};
        struct codedeploy_deployment *all = NULL;
        struct view group = VIEW("untouched");
        size_t n = 77;
        call_fails(&f.call, rows[i].met, rows[i].code, view_of(rows[i].words), &f.arena);
        assert_int_equal(codedeploy_list_applications_result(&f.call, &f.arena, &names, &f.err),
                         -1);
        assert_means(&f, &rows[i], i);
        assert_int_equal(names.n, 77);
        err_init(&f.err);
        assert_int_equal(codedeploy_get_deployments_result(&f.call, &f.arena, &all, &n, &f.err),
                         -1);
        assert_means(&f, &rows[i], i);
        assert_int_equal(n, 77);
        err_init(&f.err);
        assert_int_equal(
            codedeploy_get_groups_result(&f.call, VIEW("c"), VIEW("s"), &f.arena, &group, &f.err),
            -1);
        assert_means(&f, &rows[i], i);
        assert_view(group, "untouched");
        arena_release(&f.arena);
    }
}

static void a_deployment_has_an_id(void **state) {
    (void)state;
    struct fixture f = create("", "");
    struct view id = VIEW("untouched");
    call_ends(&f.call, 200, "{\"deploymentId\":\"d-R89GPX1W2\"}");
    assert_int_equal(codedeploy_create_result(&f.call, &f.arena, &id, &f.err), 0);
    assert_view(id, "d-R89GPX1W2");
    static const char *const bodies[] = {"{}", "", "{\"deploymentId\":7}",
                                         "{\"deploymentId\":\"\"}"};
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        id = VIEW("untouched");
        err_init(&f.err);
        call_ends(&f.call, 200, bodies[i]);
        assert_int_equal(codedeploy_create_result(&f.call, &f.arena, &id, &f.err), -1);
        assert_int_equal(f.err.code, ERR_BAD_RESPONSE);
        assert_view(id, "untouched");
    }
    arena_release(&f.arena);
}

static void failures_of_a_deployment_have_meanings(void **state) {
    (void)state;
    static const struct failure_row rows[] = {
        {"DeploymentLimitExceededException",
         "The Deployment Group 'blue' already has an active Deployment 'd-A'", ERR_BAD_RESPONSE,
         ERR_AWS_UNAVAILABLE,
         "another deployment of the group is under way: The Deployment Group 'blue' already has",
         "wait until it has ended, or stop it in CodeDeploy"},
        {"ApplicationDoesNotExistException", "No application found for name: app", ERR_BAD_RESPONSE,
         ERR_CONTROLLER_UNSUPPORTED, "CodeDeploy did not take the deployment: No application found",
         "correct the application and its deployment group"},
        {"DeploymentGroupDoesNotExistException", "No Deployment Group found", ERR_BAD_RESPONSE,
         ERR_CONTROLLER_UNSUPPORTED, "No Deployment Group found", "correct the application"},
        {"InvalidRoleException", "role cannot be assumed", ERR_BAD_RESPONSE,
         ERR_CONTROLLER_UNSUPPORTED, "role cannot be assumed", "correct the application"},
        {"InvalidLoadBalancerInfoException", "The ContainerName is wrong", ERR_BAD_RESPONSE,
         ERR_CONTROLLER_UNSUPPORTED, "ContainerName", "correct the application"},
        {"AccessDeniedException", CALLER "codedeploy:CreateDeployment on resource: arn:x",
         ERR_ACCESS_DENIED, ERR_ACCESS_DENIED, "CreateDeployment denied: " CALLER,
         "allow codedeploy:CreateDeployment to the function's role"},
        {"ExpiredTokenException", "expired", ERR_ACCESS_DENIED, ERR_ACCESS_DENIED, "expired", ""},
        {"ThrottlingException", "Rate exceeded", ERR_THROTTLED, ERR_THROTTLED, "Rate exceeded", ""},
        {"InternalFailure", "oops", ERR_AWS_UNAVAILABLE, ERR_AWS_UNAVAILABLE, "oops", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture f = create("", "");
        struct view id = VIEW("untouched");
        call_fails(&f.call, rows[i].met, rows[i].code, view_of(rows[i].words), &f.arena);
        assert_int_equal(codedeploy_create_result(&f.call, &f.arena, &id, &f.err), -1);
        assert_means(&f, &rows[i], i);
        assert_view(id, "untouched");
        arena_release(&f.arena);
    }
    /* A server's failure is no answer about the deployment, whatever its code. */
    struct fixture f = create("", "");
    struct view id;
    call_fails(&f.call, ERR_AWS_UNAVAILABLE, "SomethingException", VIEW("oops"), &f.arena);
    f.call.status = 500;
    assert_int_equal(codedeploy_create_result(&f.call, &f.arena, &id, &f.err), -1);
    assert_int_equal(f.err.code, ERR_AWS_UNAVAILABLE);
    arena_release(&f.arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),
        cmocka_unit_test(a_deployment_brings_its_app_spec),
        cmocka_unit_test(names_are_decoded),
        cmocka_unit_test(the_group_of_a_service_is_found),
        cmocka_unit_test(what_is_not_there_deploys_nothing),
        cmocka_unit_test(a_group_without_a_name_is_a_bad_response),
        cmocka_unit_test(deployments_are_decoded),
        cmocka_unit_test(statuses_are_known),
        cmocka_unit_test(failures_of_reads_have_meanings),
        cmocka_unit_test(a_deployment_has_an_id),
        cmocka_unit_test(failures_of_a_deployment_have_meanings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
