#include "runtime/aws/ecs_service_deployments.h"

#include "tests/unit/aws/sent_fixture.h"

#define HOST "ecs.eu-central-1.amazonaws.com"
#define TARGET "AmazonEC2ContainerServiceV20141113."
#define DEPLOYMENT "arn:aws:ecs:eu-central-1:222222222222:service-deployment/prod/web/NCWGC2ZR"
#define REVISION "arn:aws:ecs:eu-central-1:222222222222:service-revision/prod/web/4980306466373578"
#define DEFINITION "arn:aws:ecs:eu-central-1:222222222222:task-definition/web:7"

static struct fixture list(void) {
    struct fixture f = fixture_new();
    assert_int_equal(
        ecs_list_service_deployments_call(VIEW("prod"), VIEW("we\"b"), &f.arena, &f.call, &f.err),
        0);
    return f;
}

static struct fixture describe_deployment(void) {
    struct fixture f = fixture_new();
    assert_int_equal(
        ecs_describe_service_deployment_call(VIEW(DEPLOYMENT), &f.arena, &f.call, &f.err), 0);
    return f;
}

static struct fixture list_past(void) {
    struct fixture f = fixture_new();
    assert_int_equal(
        ecs_list_past_deployments_call(VIEW("prod"), VIEW("we\"b"), &f.arena, &f.call, &f.err), 0);
    return f;
}

static struct fixture describe_revisions(void) {
    static const struct view arns[] = {{REVISION, sizeof(REVISION) - 1}, {"b\"", 2}};
    struct fixture f = fixture_new();
    assert_int_equal(ecs_describe_service_revisions_call(arns, 2, &f.arena, &f.call, &f.err), 0);
    return f;
}

static struct fixture stop(void) {
    struct fixture f = fixture_new();
    assert_int_equal(ecs_stop_service_deployment_call(VIEW(DEPLOYMENT), &f.arena, &f.call, &f.err),
                     0);
    return f;
}

static struct fixture tag(void) {
    static const struct ecs_tag tags[] = {{{"slipway:completed", 17}, {"2026-11-21T07:00:00Z", 20}},
                                          {{"k\"", 2}, {"", 0}}};
    struct fixture f = fixture_new();
    assert_int_equal(ecs_tag_resource_call(VIEW(DEFINITION), tags, 2, &f.arena, &f.call, &f.err),
                     0);
    return f;
}

static int list_result(struct fixture *f) {
    struct view *arns = NULL;
    size_t n = 0;
    return ecs_list_service_deployments_result(&f->call, &f->arena, &arns, &n, &f->err);
}

static int deployment_result(struct fixture *f) {
    struct ecs_service_deployment d;
    return ecs_describe_service_deployment_result(&f->call, &f->arena, &d, &f->err);
}

static int past_result(struct fixture *f) {
    struct ecs_past_deployments past;
    return ecs_list_past_deployments_result(&f->call, &f->arena, &past, &f->err);
}

static int revisions_result(struct fixture *f) {
    struct ecs_service_revision *revisions;
    size_t n;
    return ecs_describe_service_revisions_result(&f->call, &f->arena, &revisions, &n, &f->err);
}

static int stop_result(struct fixture *f) {
    bool is_over = true;
    int rc = ecs_stop_service_deployment_result(&f->call, &f->arena, &is_over, &f->err);
    assert_true(is_over); /* untouched */
    return rc;
}

static int tag_result(struct fixture *f) {
    return ecs_tag_resource_result(&f->call, &f->arena, &f->err);
}

static void requests(void **state) {
    (void)state;
    struct fixture f = list();
    assert_sent_json(&f, HOST, TARGET "ListServiceDeployments",
                     "{\"service\":\"we\\\"b\",\"cluster\":\"prod\",\"status\":[\"PENDING\","
                     "\"IN_PROGRESS\"]}");
    assert_int_equal(
        ecs_list_service_deployments_call(VIEW(""), VIEW("s"), &f.arena, &f.call, &f.err), 0);
    assert_view(f.call.body, "{\"service\":\"s\",\"status\":[\"PENDING\",\"IN_PROGRESS\"]}");
    arena_release(&f.arena);

    f = describe_deployment();
    assert_sent_json(&f, HOST, TARGET "DescribeServiceDeployments",
                     "{\"serviceDeploymentArns\":[\"" DEPLOYMENT "\"]}");
    arena_release(&f.arena);

    f = list_past();
    assert_sent_json(&f, HOST, TARGET "ListServiceDeployments",
                     "{\"service\":\"we\\\"b\",\"cluster\":\"prod\",\"maxResults\":20}");
    arena_release(&f.arena);

    f = describe_revisions();
    assert_sent_json(&f, HOST, TARGET "DescribeServiceRevisions",
                     "{\"serviceRevisionArns\":[\"" REVISION "\",\"b\\\"\"]}");
    arena_release(&f.arena);

    /* A second time it finds nothing to stop: no harm. */
    f = stop();
    assert_sent_json(&f, HOST, TARGET "StopServiceDeployment",
                     "{\"serviceDeploymentArn\":\"" DEPLOYMENT "\",\"stopType\":\"ROLLBACK\"}");
    assert_false(f.call.once);
    arena_release(&f.arena);

    f = tag();
    assert_sent_json(&f, HOST, TARGET "TagResource",
                     "{\"resourceArn\":\"" DEFINITION "\",\"tags\":[{\"key\":\"slipway:completed\","
                     "\"value\":\"2026-11-21T07:00:00Z\"},{\"key\":\"k\\\"\",\"value\":\"\"}]}");
    assert_false(f.call.once);
    arena_release(&f.arena);
}

/* --- answers --- */

static void deployments_are_listed(void **state) {
    (void)state;
    struct fixture f = list();
    struct view *arns = NULL;
    size_t n = 0;
    call_ends(
        &f.call, 200,
        "{\"serviceDeployments\":[{\"serviceDeploymentArn\":\"" DEPLOYMENT
        "\",\"serviceArn\":\"s\",\"clusterArn\":\"c\",\"startedAt\":1.7E9,\"createdAt\":1.7E9,"
        "\"targetServiceRevisionArn\":\"" REVISION "\",\"status\":\"IN_PROGRESS\"},"
        "{\"serviceDeploymentArn\":\"b\\u002fc\"}]}");
    assert_int_equal(ecs_list_service_deployments_result(&f.call, &f.arena, &arns, &n, &f.err), 0);
    assert_int_equal(n, 2);
    assert_view(arns[0], DEPLOYMENT);
    assert_view(arns[1], "b/c");
    call_ends(&f.call, 200, "{\"serviceDeployments\":[]}");
    assert_int_equal(ecs_list_service_deployments_result(&f.call, &f.arena, &arns, &n, &f.err), 0);
    assert_int_equal(n, 0);
    arena_release(&f.arena);
}

static void a_deployment_is_decoded(void **state) {
    (void)state;
    struct fixture f = describe_deployment();
    struct ecs_service_deployment d;
    call_ends(
        &f.call, 200,
        "{\"failures\":[],\"serviceDeployments\":[{\"serviceDeploymentArn\":\"" DEPLOYMENT
        "\",\"sourceServiceRevisions\":[{\"arn\":\"old\",\"requestedTaskCount\":2}],"
        "\"targetServiceRevision\":{\"arn\":\"" REVISION
        "\",\"runningTaskCount\":0},\"status\":\"ROLLBACK_SUCCESSFUL\",\"statusReason\":\"x\","
        "\"rollback\":{\"reason\":\"r\"}}]}");
    assert_int_equal(ecs_describe_service_deployment_result(&f.call, &f.arena, &d, &f.err), 0);
    assert_view(d.arn, DEPLOYMENT);
    assert_view(d.status, "ROLLBACK_SUCCESSFUL");
    assert_view(d.source_revision, "old");
    assert_view(d.target_revision, REVISION);

    /* The first of a service comes from nothing; of several it is not said which one completed. */
    static const char *const bodies[] = {
        "{\"serviceDeployments\":[{\"serviceDeploymentArn\":\"a\",\"status\":\"PENDING\"}]}",
        "{\"serviceDeployments\":[{\"serviceDeploymentArn\":\"a\",\"status\":\"PENDING\","
        "\"sourceServiceRevisions\":[],\"targetServiceRevision\":null}]}",
        "{\"serviceDeployments\":[{\"serviceDeploymentArn\":\"a\",\"status\":\"PENDING\","
        "\"sourceServiceRevisions\":[null],\"targetServiceRevision\":[]}]}",
        "{\"serviceDeployments\":[{\"serviceDeploymentArn\":\"a\",\"status\":\"PENDING\","
        "\"sourceServiceRevisions\":[{\"arn\":\"failing\"},{\"arn\":\"completed\"}]}]}",
        "{\"serviceDeployments\":[{\"serviceDeploymentArn\":\"a\",\"status\":\"PENDING\","
        "\"sourceServiceRevisions\":{},\"targetServiceRevision\":{\"arn\":7}}]}",
    };
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        call_ends(&f.call, 200, bodies[i]);
        assert_int_equal(ecs_describe_service_deployment_result(&f.call, &f.arena, &d, &f.err), 0);
        assert_view(d.source_revision, "");
        assert_view(d.target_revision, "");
    }
    arena_release(&f.arena);
}

static void past_deployments_are_decoded(void **state) {
    (void)state;
    struct fixture f = list_past();
    struct ecs_past_deployments past;
    call_ends(&f.call, 200,
              "{\"serviceDeployments\":[{\"serviceDeploymentArn\":\"" DEPLOYMENT
              "\",\"createdAt\":1.7000000005E9,\"targetServiceRevisionArn\":\"" REVISION
              "\",\"status\":\"ROLLBACK_SUCCESSFUL\"}],\"nextToken\":\"t\"}");
    assert_int_equal(ecs_list_past_deployments_result(&f.call, &f.arena, &past, &f.err), 0);
    assert_int_equal(past.n, 1);
    assert_int_equal(past.all[0].created_at_ms, INT64_C(1700000000500));
    assert_view(past.all[0].status, "ROLLBACK_SUCCESSFUL");
    assert_view(past.all[0].target_revision, REVISION);
    assert_true(past.has_more);
    call_ends(&f.call, 200, "{\"serviceDeployments\":[]}");
    assert_int_equal(ecs_list_past_deployments_result(&f.call, &f.arena, &past, &f.err), 0);
    assert_int_equal(past.n, 0);
    assert_false(past.has_more);
    arena_release(&f.arena);
}

/* Some of them may be missing. */
static void revisions_are_decoded(void **state) {
    (void)state;
    struct fixture f = describe_revisions();
    struct ecs_service_revision *revisions = NULL;
    size_t n = 0;
    call_ends(&f.call, 200,
              "{\"serviceRevisions\":[{\"serviceRevisionArn\":\"" REVISION
              "\",\"taskDefinition\":\"" DEFINITION
              "\"}],\"failures\":[{\"arn\":\"b\",\"reason\":\"MISSING\"}]}");
    assert_int_equal(
        ecs_describe_service_revisions_result(&f.call, &f.arena, &revisions, &n, &f.err), 0);
    assert_int_equal(n, 1);
    assert_view(revisions[0].arn, REVISION);
    assert_view(revisions[0].task_definition, DEFINITION);
    arena_release(&f.arena);
}

static void odd_lists_are_bad_responses(void **state) {
    (void)state;
    static const char *const bodies[] = {
        "",
        "[]",
        "{}",
        "{\"serviceDeployments\":{},\"serviceRevisions\":{}}",
        "{\"serviceDeployments\":[7],\"serviceRevisions\":[7]}",
        "{\"serviceDeployments\":[{\"createdAt\":\"soon\",\"status\":\"s\","
        "\"targetServiceRevisionArn\":\"t\"}],\"serviceRevisions\":[{\"taskDefinition\":\"t\"}]}",
        "{\"serviceDeployments\":[{\"createdAt\":1.7E9,\"targetServiceRevisionArn\":\"t\"}],"
        "\"serviceRevisions\":[{\"serviceRevisionArn\":\"r\"}]}",
        "{\"serviceDeployments\":[{\"createdAt\":1.7E9,\"status\":\"s\"}],"
        "\"serviceRevisions\":[{\"serviceRevisionArn\":\"r\",\"taskDefinition\":\"\"}]}",
    };
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct fixture f = list_past();
        call_ends(&f.call, 200, bodies[i]);
        assert_int_equal(past_result(&f), -1);
        assert_int_equal(f.err.code, ERR_BAD_RESPONSE);
        err_init(&f.err);
        assert_int_equal(revisions_result(&f), -1);
        assert_int_equal(f.err.code, ERR_BAD_RESPONSE);
        arena_release(&f.arena);
    }
}

static void odd_answers_are_bad_responses(void **state) {
    (void)state;
    static const char *const bodies[] = {
        "",
        "[]",
        "{}",
        "{\"serviceDeployments\":null,\"serviceRevisions\":null}",
        "{\"serviceDeployments\":{},\"serviceRevisions\":{}}",
        "{\"serviceDeployments\":[7],\"serviceRevisions\":[7]}",
        "{\"serviceDeployments\":[{}],\"serviceRevisions\":[{}]}",
        "{\"serviceDeployments\":[{\"status\":7}],\"serviceRevisions\":[{\"taskDefinition\":7}]}",
        "{\"serviceDeployments\":[{\"serviceDeploymentArn\":\"\"}],\"serviceRevisions\":[null]}",
    };
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct fixture f = list();
        struct view *arns = NULL;
        struct ecs_service_deployment d = {.arn = VIEW("untouched")};
        size_t n = 77;
        call_ends(&f.call, 200, bodies[i]);
        assert_int_equal(ecs_list_service_deployments_result(&f.call, &f.arena, &arns, &n, &f.err),
                         -1);
        assert_int_equal(f.err.code, ERR_BAD_RESPONSE);
        err_init(&f.err);
        assert_int_equal(ecs_describe_service_deployment_result(&f.call, &f.arena, &d, &f.err), -1);
        assert_int_equal(f.err.code, ERR_BAD_RESPONSE);
        assert_holds(f.err.message, REQUEST_ID);
        assert_int_equal(n, 77);
        assert_view(d.arn, "untouched");
        arena_release(&f.arena);
    }
}

static void what_is_lacking_is_named(void **state) {
    (void)state;
    struct fixture f = list();
    call_ends(&f.call, 200, "{}");
    assert_int_equal(list_result(&f), -1);
    assert_holds(f.err.message, "ListServiceDeployments without a proper 'serviceDeployments'");
    arena_release(&f.arena);
}

/* failures[] of a 200: what was asked for is not there. */
static void a_failure_in_a_200_is_an_error(void **state) {
    (void)state;
    struct fixture f = describe_deployment();
    struct ecs_service_deployment d;
    call_ends(&f.call, 200,
              "{\"serviceDeployments\":[],\"failures\":[{\"arn\":\"a\","
              "\"reason\":\"MISSING\"}]}");
    assert_int_equal(ecs_describe_service_deployment_result(&f.call, &f.arena, &d, &f.err), -1);
    assert_int_equal(f.err.code, ERR_BAD_RESPONSE);
    arena_release(&f.arena);
}

/* --- StopServiceDeployment --- */

static void what_is_over_need_not_be_stopped(void **state) {
    (void)state;
    static const char *const codes[] = {"ConflictException", "ServiceDeploymentNotFoundException",
                                        "UnsupportedFeatureException"};
    for (size_t i = 0; i < 3; i++) {
        struct fixture f = stop();
        bool is_over = false;
        call_fails(&f.call, ERR_BAD_RESPONSE, codes[i], VIEW("no"), &f.arena);
        assert_int_equal(ecs_stop_service_deployment_result(&f.call, &f.arena, &is_over, &f.err),
                         0);
        assert_true(is_over);
        assert_false(err_is_set(&f.err));
        arena_release(&f.arena);
    }
    struct fixture f = stop();
    bool is_over = true;
    call_ends(&f.call, 200, "{\"serviceDeploymentArn\":\"" DEPLOYMENT "\"}");
    assert_int_equal(ecs_stop_service_deployment_result(&f.call, &f.arena, &is_over, &f.err), 0);
    assert_false(is_over);
    arena_release(&f.arena);
}

static void a_stop_is_acknowledged(void **state) {
    (void)state;
    static const char *const bodies[] = {"",
                                         "{}",
                                         "[]",
                                         "<html>",
                                         "{\"serviceDeploymentArn\":7}",
                                         "{\"failures\":[{\"reason\":\"x\"}]}"};
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct fixture f = stop();
        call_ends(&f.call, 200, bodies[i]);
        assert_int_equal(stop_result(&f), -1);
        assert_int_equal(f.err.code, ERR_BAD_RESPONSE);
        arena_release(&f.arena);
    }
}

/* --- failures --- */

#define CALLER                                                                                     \
    "User: arn:aws:sts::222222222222:assumed-role/slipway/s is not authorized to perform: "
#define BECAUSE " because no identity-based policy allows it"

static const struct {
    struct fixture (*ask)(void);
    int (*read)(struct fixture *f);
    struct failure_row row;
} failures[] = {
    {list,
     list_result,
     {"ServiceNotFoundException", "Service not found.", ERR_BAD_RESPONSE, ERR_SERVICE_NOT_FOUND,
      "service not found: service 'we\"b' in cluster 'prod'", ""}},
    {list,
     list_result,
     {"ClusterNotFoundException", "Cluster not found.", ERR_BAD_RESPONSE, ERR_CLUSTER_NOT_FOUND,
      "cluster not found: service 'we\"b' in cluster 'prod'", "ECS_CLUSTER_NAME"}},
    {list,
     list_result,
     {"AccessDeniedException", CALLER "ecs:ListServiceDeployments on resource: s" BECAUSE,
      ERR_ACCESS_DENIED, ERR_ACCESS_DENIED,
      "ListServiceDeployments of service 'we\"b' in cluster 'prod' denied",
      "allow ecs:ListServiceDeployments on 's' in the policy of role 'slipway'"}},
    {list,
     list_result,
     {"UnsupportedFeatureException", "no", ERR_BAD_RESPONSE, ERR_BAD_RESPONSE, "no", ""}},
    {describe_deployment,
     deployment_result,
     {"AccessDeniedException", CALLER "ecs:DescribeServiceDeployments on resource: d" BECAUSE,
      ERR_ACCESS_DENIED, ERR_ACCESS_DENIED, "DescribeServiceDeployments of '" DEPLOYMENT "' denied",
      "allow ecs:DescribeServiceDeployments on 'd' in the policy of role 'slipway'"}},
    {list_past,
     past_result,
     {"ThrottlingException", "Rate exceeded", ERR_THROTTLED, ERR_THROTTLED, "Rate exceeded", ""}},
    {describe_revisions,
     revisions_result,
     {"AccessDeniedException", CALLER "ecs:DescribeServiceRevisions on resource: d" BECAUSE,
      ERR_ACCESS_DENIED, ERR_ACCESS_DENIED, "DescribeServiceRevisions of '" REVISION "' denied",
      "allow ecs:DescribeServiceRevisions on 'd'"}},
    {stop,
     stop_result,
     {"AccessDeniedException", CALLER "ecs:StopServiceDeployment on resource: d" BECAUSE,
      ERR_ACCESS_DENIED, ERR_ACCESS_DENIED, "StopServiceDeployment of '" DEPLOYMENT "' denied",
      "allow ecs:StopServiceDeployment on 'd'"}},
    {stop,
     stop_result,
     {"ServerException", "oops", ERR_AWS_UNAVAILABLE, ERR_AWS_UNAVAILABLE, "oops", ""}},
    {stop,
     stop_result,
     {"InvalidParameterException", "bad", ERR_BAD_RESPONSE, ERR_BAD_RESPONSE, "bad", ""}},
    {tag,
     tag_result,
     {"AccessDeniedException", CALLER "ecs:TagResource on resource: " DEFINITION BECAUSE,
      ERR_ACCESS_DENIED, ERR_ACCESS_DENIED, "TagResource of '" DEFINITION "' denied",
      "allow ecs:TagResource on '" DEFINITION "'"}},
    {tag,
     tag_result,
     {"ResourceNotFoundException", "not found", ERR_BAD_RESPONSE, ERR_BAD_RESPONSE, "not found",
      ""}},
    {tag,
     tag_result,
     {"LimitExceededException", "too many tags", ERR_BAD_RESPONSE, ERR_BAD_RESPONSE,
      "too many tags", ""}},
};

static void failures_have_meanings(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
        const struct failure_row *row = &failures[i].row;
        struct fixture f = failures[i].ask();
        call_fails(&f.call, row->met, row->code, view_of(row->words), &f.arena);
        assert_int_equal(failures[i].read(&f), -1);
        assert_means(&f, row, i);
        arena_release(&f.arena);
    }
}

static void tagging_answers_with_nothing(void **state) {
    (void)state;
    struct fixture f = tag();
    call_ends(&f.call, 200, "{}");
    assert_int_equal(ecs_tag_resource_result(&f.call, &f.arena, &f.err), 0);
    assert_false(err_is_set(&f.err));
    arena_release(&f.arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),
        cmocka_unit_test(deployments_are_listed),
        cmocka_unit_test(a_deployment_is_decoded),
        cmocka_unit_test(past_deployments_are_decoded),
        cmocka_unit_test(revisions_are_decoded),
        cmocka_unit_test(odd_lists_are_bad_responses),
        cmocka_unit_test(odd_answers_are_bad_responses),
        cmocka_unit_test(what_is_lacking_is_named),
        cmocka_unit_test(a_failure_in_a_200_is_an_error),
        cmocka_unit_test(what_is_over_need_not_be_stopped),
        cmocka_unit_test(a_stop_is_acknowledged),
        cmocka_unit_test(failures_have_meanings),
        cmocka_unit_test(tagging_answers_with_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
