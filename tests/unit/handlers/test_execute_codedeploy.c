/*
 * A service that CodeDeploy deploys: the revision is registered, and given to CodeDeploy once.
 */

#include "tests/unit/handlers/execute_fixture.h"
#include "tests/unit/handlers/fake_codedeploy.h"

/* What CodeDeploy has made of the service stands in its task sets. */
#define BY_CODE_DEPLOY                                                                             \
    "\"deploymentController\":{\"type\":\"CODE_DEPLOY\"},\"taskSets\":[{\"id\":\"ecs-svc/9\","     \
    "\"status\":\"PRIMARY\",\"taskDefinition\":\"" FAKE_ARN                                        \
    "task-definition/web:40\",\"createdAt\":1,"                                                    \
    "\"platformVersion\":\"1.4.0\",\"loadBalancers\":[{\"targetGroupArn\":\"arn:aws:tg\","         \
    "\"containerName\":\"a\\\"p\\\\p\",\"containerPort\":8080}]}]"

struct codedeploy_fixture {
    struct fake_codedeploy codedeploy;
    struct fixture *f;
};

static bool answer_others(void *state, struct http_exchange *exchange) {
    struct codedeploy_fixture *c = state;
    return fake_codedeploy_answer(&c->codedeploy, &c->f->ecs, exchange);
}

static int set_up_codedeploy(void **state) {
    static struct codedeploy_fixture c;
    (void)set_up(state);
    memset(&c, 0, sizeof(c));
    c.f = *state;
    c.f->others = answer_others;
    c.f->others_state = &c;
    c.codedeploy = (struct fake_codedeploy){.arena = &c.f->arena,
                                            .clock = &c.f->clock.clock,
                                            .application = "AppECS-c-web",
                                            .groups = {"DgpECS-c-web"},
                                            .services = {"web"},
                                            .n_groups = 1};
    add_service(c.f, "web")->members = BY_CODE_DEPLOY;
    *state = &c;
    return 0;
}

static int tear_down_codedeploy(void **state) {
    struct codedeploy_fixture *c = *state;
    void *f = c->f;
    return tear_down(&f);
}

static const struct change *deploy(struct codedeploy_fixture *c) {
    process_again(c->f, "e-1", NOW_MS - 500, "t01");
    return &c->f->process.changes[0];
}

static void the_revision_is_given_to_it(void **state) {
    struct codedeploy_fixture *c = *state;
    const struct change *change = deploy(c);
    assert_status(change, CHANGE_DEPLOYED);
    assert_view(change->deployment_id, "d-1");
    assert_view(change->to_task_definition, FAKE_ARN "task-definition/web:41");
    assert_int_equal(c->f->ecs.registers, 1);
    assert_int_equal(c->f->ecs.updates, 0);
    assert_runs(c->f, "web", 40); /* until CodeDeploy shifts the traffic */
    assert_view(c->codedeploy.deployments[0].description, "slipway event e-1");
}

/* The AppSpec is JSON in a string of JSON. */
static void the_app_spec(void **state) {
    struct codedeploy_fixture *c = *state;
    assert_status(deploy(c), CHANGE_DEPLOYED);
    assert_view(c->codedeploy.deployments[0].content,
                "{\"version\":0.0,\"Resources\":[{\"TargetService\":{\"Type\":"
                "\"AWS::ECS::Service\",\"Properties\":{\"TaskDefinition\":\"" FAKE_ARN
                "task-definition/web:41\",\"LoadBalancerInfo\":{\"ContainerName\":"
                "\"a\\\"p\\\\p\",\"ContainerPort\":8080},\"PlatformVersion\":\"1.4.0\"}}}]}");
    struct json_span root = fake_scan(c->codedeploy.deployments[0].content);
    struct json_span version = {0};
    assert_true(json_find(root, "version", &version) && version.type == JSON_NUMBER);
}

/* --- what the last AppSpec has besides --- */

#define NETWORK                                                                                    \
    "{\"AwsvpcConfiguration\":{\"Subnets\":[\"subnet-1\"],\"AssignPublicIp\":\"DISABLED\"}}"
#define CAPACITY "[{\"Base\":0,\"CapacityProvider\":\"FARGATE_SPOT\",\"Weight\":1.50}]"
#define HOOKS "[{\"AfterAllowTestTraffic\":\"smoke\"}, {\"BeforeAllowTraffic\":\"check\"}]"
#define LAST_APP_SPEC                                                                              \
    "{\"version\":1,\"Resources\":[{\"Mine\":{\"Type\":\"AWS::ECS::Service\",\"Properties\":{"     \
    "\"TaskDefinition\":\"" FAKE_ARN "task-definition/web:3\",\"LoadBalancerInfo\":{"              \
    "\"ContainerName\":\"old\",\"ContainerPort\":1},\"PlatformVersion\":\"1.3.0\","                \
    "\"NetworkConfiguration\":" NETWORK ",\"CapacityProviderStrategy\":" CAPACITY                  \
    "}}}],\"Hooks\":" HOOKS "}"

static void what_the_app_spec_has_is_kept(void **state) {
    struct codedeploy_fixture *c = *state;
    c->codedeploy.app_spec = LAST_APP_SPEC;
    const struct change *change = deploy(c);
    assert_status(change, CHANGE_DEPLOYED);
    assert_int_equal(change->note.len, 0);
    assert_view(c->codedeploy.deployments[0].content,
                "{\"version\":0.0,\"Resources\":[{\"TargetService\":{\"Type\":"
                "\"AWS::ECS::Service\",\"Properties\":{\"TaskDefinition\":\"" FAKE_ARN
                "task-definition/web:41\",\"LoadBalancerInfo\":{\"ContainerName\":"
                "\"a\\\"p\\\\p\",\"ContainerPort\":8080},\"PlatformVersion\":\"1.4.0\","
                "\"NetworkConfiguration\":" NETWORK ",\"CapacityProviderStrategy\":" CAPACITY
                "}}}],\"Hooks\":" HOOKS "}");
}

static void an_app_spec_that_cannot_be_kept(void **state) {
    struct codedeploy_fixture *c = *state;
    c->codedeploy.app_spec = "version: 0.0\nResources:\n- S:\n    Type: AWS::ECS::Service\n"
                             "Hooks:\n- BeforeAllowTraffic: check\n";
    const struct change *change = deploy(c);
    assert_status(change, CHANGE_REFUSED);
    assert_says(change, ERR_CONTROLLER_UNSUPPORTED,
                "has Hooks, which could not be kept: it is YAML");
    assert_int_equal(c->f->ecs.registers + c->codedeploy.creates, 0);
    c->codedeploy.app_spec = "version: 0.0\n# Hooks: none\nResources:\n- S: {}\n";
    assert_status(deploy(c), CHANGE_DEPLOYED);
}

static void an_app_spec_that_may_not_be_read(void **state) {
    struct codedeploy_fixture *c = *state;
    c->codedeploy.app_spec = LAST_APP_SPEC;
    add_rule(c->f, "GetApplicationRevision", 0, FAULT_DENIED);
    const struct change *change = deploy(c);
    assert_status(change, CHANGE_FAILED);
    assert_says(change, ERR_ACCESS_DENIED, "GetApplicationRevision denied");
    assert_non_null(strstr(change->err->remedy, "allow codedeploy:GetApplicationRevision"));
    assert_int_equal(c->f->ecs.registers + c->codedeploy.creates, 0);
}

static void an_app_spec_that_is_gone(void **state) {
    struct codedeploy_fixture *c = *state;
    c->codedeploy.app_spec = "";
    const struct change *change = deploy(c);
    assert_status(change, CHANGE_REFUSED);
    assert_says(change, ERR_CONTROLLER_UNSUPPORTED, "does not have the last AppSpec");
    assert_int_equal(c->f->ecs.registers + c->codedeploy.creates, 0);
}

/* As deployments of old were given it. */
static void an_app_spec_that_is_called_a_string(void **state) {
    struct codedeploy_fixture *c = *state;
    c->codedeploy.app_spec = LAST_APP_SPEC;
    c->codedeploy.app_spec_type = "String";
    assert_status(deploy(c), CHANGE_DEPLOYED);
    assert_non_null(strstr(c->codedeploy.deployments[0].content.data, "\"Hooks\":" HOOKS));
}

static void an_app_spec_of_s3(void **state) {
    struct codedeploy_fixture *c = *state;
    c->codedeploy.app_spec_type = "S3";
    const struct change *change = deploy(c);
    assert_status(change, CHANGE_REFUSED);
    assert_says(change, ERR_CONTROLLER_UNSUPPORTED, "is of type S3, which is not read");
    assert_int_equal(c->f->ecs.registers + c->codedeploy.creates, 0);
}

static void an_app_spec_that_cannot_be_had(void **state) {
    struct codedeploy_fixture *c = *state;
    c->codedeploy.app_spec = LAST_APP_SPEC;
    add_rule(c->f, "GetApplicationRevision", -1, FAULT_500);
    assert_status(deploy(c), CHANGE_FAILED);
    assert_int_equal(c->f->ecs.registers + c->codedeploy.creates, 0);
}

/* --- the same event twice --- */

static void the_same_event_twice(void **state) {
    struct codedeploy_fixture *c = *state;
    static const char *const statuses[] = {"Created", "InProgress", "Baking", "Ready", "Succeeded"};
    assert_status(deploy(c), CHANGE_DEPLOYED);
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        c->codedeploy.deployments[0].status = statuses[i];
        const struct change *change = deploy(c);
        assert_status(change, CHANGE_UNCHANGED);
        assert_view(change->deployment_id, "d-1");
    }
    assert_int_equal(c->codedeploy.creates, 1);
    assert_int_equal(c->f->ecs.registers, 1);
}

/* What failed, or somebody stopped, does not come back by itself. */
static void what_failed_is_not_tried_again(void **state) {
    struct codedeploy_fixture *c = *state;
    static const char *const statuses[] = {"Failed", "Stopped"};
    assert_status(deploy(c), CHANGE_DEPLOYED);
    for (size_t i = 0; i < 2; i++) {
        c->codedeploy.deployments[0].status = statuses[i];
        assert_status(deploy(c), CHANGE_SUPERSEDED);
    }
    assert_int_equal(c->codedeploy.creates, 1);
}

/* CreateDeployment knows no token: what became of it is found by its description. */
static void a_lost_answer(void **state) {
    struct codedeploy_fixture *c = *state;
    add_rule(c->f, "CreateDeployment", 0, FAULT_LOST_ANSWER);
    const struct change *change = deploy(c);
    assert_status(change, CHANGE_FAILED);
    assert_says(change, ERR_AWS_UNAVAILABLE,
                "whether the deployment was created is not known, and the next attempt looks");
    change = deploy(c);
    assert_status(change, CHANGE_UNCHANGED);
    assert_view(change->deployment_id, "d-1");
    assert_int_equal(c->codedeploy.creates, 1);
    assert_int_equal(c->f->ecs.registers, 1);
}

static void a_lost_request(void **state) {
    struct codedeploy_fixture *c = *state;
    add_rule(c->f, "CreateDeployment", 0, FAULT_LOST_REQUEST);
    assert_status(deploy(c), CHANGE_FAILED);
    assert_status(deploy(c), CHANGE_DEPLOYED);
    assert_int_equal(c->codedeploy.n, 1);
    assert_int_equal(c->f->ecs.registers, 1);
}

static void an_answer_that_cannot_be_read(void **state) {
    struct codedeploy_fixture *c = *state;
    add_rule(c->f, "CreateDeployment", 0, FAULT_GARBAGE);
    assert_status(deploy(c), CHANGE_FAILED);
    assert_status(deploy(c), CHANGE_UNCHANGED);
    assert_int_equal(c->codedeploy.n, 1);
}

/* --- another deployment --- */

static void begin_another(void *f) {
    struct codedeploy_fixture *c = ((struct fixture *)f)->others_state;
    (void)fake_add_deployment(&c->codedeploy, "DgpECS-c-web", "by hand", "InProgress");
}

/* Known beforehand: nothing is registered that could not be deployed. */
static void another_one_is_under_way(void **state) {
    struct codedeploy_fixture *c = *state;
    begin_another(c->f);
    const struct change *change = deploy(c);
    assert_status(change, CHANGE_FAILED); /* which is retried */
    assert_says(change, ERR_AWS_UNAVAILABLE,
                "CodeDeploy deployment 'd-1' of service 'web' is InProgress");
    assert_int_equal(c->f->ecs.registers, 0);
    c->codedeploy.deployments[0].status = "Succeeded";
    assert_status(deploy(c), CHANGE_DEPLOYED);
}

/* Begun between the plan and the call. */
static void another_one_came_first(void **state) {
    struct codedeploy_fixture *c = *state;
    add_rule(c->f, "RegisterTaskDefinition", 0, FAULT_NONE);
    c->f->rules[0].also = begin_another;
    const struct change *change = deploy(c);
    assert_status(change, CHANGE_FAILED);
    assert_says(change, ERR_AWS_UNAVAILABLE, "another deployment of the group is under way");
    assert_says(change, ERR_AWS_UNAVAILABLE,
                "revision 'web:41' is registered, and only this event, delivered again, uses it");
    c->codedeploy.deployments[0].status = "Failed";
    change = deploy(c);
    assert_status(change, CHANGE_DEPLOYED);
    assert_view(change->to_task_definition, FAKE_ARN "task-definition/web:41");
    assert_int_equal(c->f->ecs.registers, 1);
}

/* --- refusals --- */

static void what_it_does_not_take(void **state) {
    struct codedeploy_fixture *c = *state;
    c->codedeploy.create_error = "InvalidRevisionException";
    const struct change *change = deploy(c);
    assert_status(change, CHANGE_REFUSED);
    assert_says(change, ERR_CONTROLLER_UNSUPPORTED, "CodeDeploy did not take the deployment: ");
    assert_true(change->err->remedy[0] != '\0');
}

static void what_is_denied_or_throttled(void **state) {
    struct codedeploy_fixture *c = *state;
    add_rule(c->f, "CreateDeployment", 0, FAULT_THROTTLED);
    const struct change *change = deploy(c);
    assert_status(change, CHANGE_FAILED);
    assert_int_equal(change->err->code, ERR_THROTTLED);
    c->f->n_rules = 0;
    add_rule(c->f, "CreateDeployment", 1, FAULT_DENIED);
    change = deploy(c);
    assert_status(change, CHANGE_FAILED);
    assert_int_equal(change->err->code, ERR_ACCESS_DENIED);
    assert_non_null(strstr(change->err->remedy, "allow codedeploy:CreateDeployment"));
    c->f->n_rules = 0;
    assert_status(deploy(c), CHANGE_DEPLOYED);
    assert_int_equal(c->f->ecs.registers, 1);
}

static void no_group_deploys_it(void **state) {
    struct codedeploy_fixture *c = *state;
    c->codedeploy.services[0] = "other";
    const struct change *change = deploy(c);
    assert_status(change, CHANGE_REFUSED);
    assert_says(change, ERR_CONTROLLER_UNSUPPORTED,
                "no deployment group of CodeDeploy deploys service 'web' of cluster 'c'");
    assert_int_equal(c->f->ecs.registers, 0);
    c->f->process.n = 0;
    process_add(&c->f->process, "web", "e-1", NOW_MS - 500, "t01");
    c->f->process.targets[0].codedeploy_application = VIEW("AppECS-c-web");
    c->f->process.targets[0].codedeploy_group = VIEW("DgpECS-c-web");
    run(c->f);
    change = &c->f->process.changes[0];
    assert_status(change, CHANGE_REFUSED);
    assert_says(change, ERR_CONTROLLER_UNSUPPORTED, "does not deploy service 'web'");
}

/* Named otherwise than the console does: it is looked for. */
static void a_group_of_another_name(void **state) {
    struct codedeploy_fixture *c = *state;
    c->codedeploy.application = "blue-green";
    c->codedeploy.groups[0] = "api";
    c->codedeploy.services[0] = "api";
    c->codedeploy.groups[1] = "site";
    c->codedeploy.services[1] = "web";
    c->codedeploy.n_groups = 2;
    assert_status(deploy(c), CHANGE_DEPLOYED);
    assert_view(c->codedeploy.deployments[0].group, "site");
}

static void what_cannot_be_read_is_not_deployed(void **state) {
    static const char *const operations[] = {"BatchGetDeploymentGroups", "ListDeployments"};
    for (size_t i = 0; i < 2; i++) {
        set_up_codedeploy(state);
        struct codedeploy_fixture *c = *state;
        add_rule(c->f, operations[i], -1, FAULT_DENIED);
        const struct change *change = deploy(c);
        assert_status(change, CHANGE_FAILED);
        assert_int_equal(change->err->code, ERR_ACCESS_DENIED);
        assert_int_equal(c->f->ecs.registers, 0);
        tear_down_codedeploy(state);
    }
    set_up_codedeploy(state);
}

/* --- time --- */

static void no_time_to_deploy(void **state) {
    struct codedeploy_fixture *c = *state;
    add_rule(c->f, "RegisterTaskDefinition", 0, FAULT_NONE);
    c->f->rules[0].takes_ms = 59500;
    const struct change *change = deploy(c);
    assert_status(change, CHANGE_FAILED);
    assert_says(change, ERR_DEADLINE_EXCEEDED,
                "no time left to deploy service 'web' by CodeDeploy; revision 'web:41' is "
                "registered");
    assert_int_equal(c->codedeploy.creates, 0);
    c->f->n_rules = 0;
    assert_status(deploy(c), CHANGE_DEPLOYED);
    assert_int_equal(c->f->ecs.registers, 1);
}

/* --- others --- */

static void one_of_several(void **state) {
    struct codedeploy_fixture *c = *state;
    add_service(c->f, "api");
    process_add(&c->f->process, "web", "e-1", NOW_MS - 500, "t01");
    process_add(&c->f->process, "api", "e-2", NOW_MS - 500, "t02");
    run(c->f);
    assert_status(&c->f->process.changes[0], CHANGE_DEPLOYED);
    assert_status(&c->f->process.changes[1], CHANGE_DEPLOYED);
    assert_int_equal(c->codedeploy.creates, 1);
    assert_int_equal(c->f->ecs.updates, 1);
    assert_runs(c->f, "api", 41);
}

static void a_rollback(void **state) {
    struct codedeploy_fixture *c = *state;
    struct fake_revision *good =
        fake_add_revision(&c->f->ecs, process_first_request(&c->f->arena, "web"), 38);
    fake_put_tag(&c->f->ecs, good, VIEW("slipway:completed"), VIEW("2025-10-09T07:00:00Z"));
    fake_put_tag(&c->f->ecs, good, VIEW("slipway:event-id"), VIEW("past"));
    fake_put_tag(&c->f->ecs, good, VIEW("slipway:event-time"), VIEW("2025-10-09T06:59:00Z"));
    c->f->ecs.services[0].deployments[0].created_at_s -= 3600;
    process_add(&c->f->process, "web", "back", NOW_MS - 500, "")->kind = TRIGGER_ROLLBACK;
    run(c->f);
    const struct change *change = &c->f->process.changes[0];
    assert_status(change, CHANGE_ROLLED_BACK);
    assert_view(change->to_task_definition, FAKE_ARN "task-definition/web:38");
    assert_int_equal(c->f->ecs.registers, 0);
    assert_int_equal(c->codedeploy.creates, 1);
}

#define TEST(function)                                                                             \
    cmocka_unit_test_setup_teardown(function, set_up_codedeploy, tear_down_codedeploy)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(the_revision_is_given_to_it),
        TEST(the_app_spec),
        TEST(what_the_app_spec_has_is_kept),
        TEST(an_app_spec_that_cannot_be_kept),
        TEST(an_app_spec_that_may_not_be_read),
        TEST(an_app_spec_that_is_gone),
        TEST(an_app_spec_that_is_called_a_string),
        TEST(an_app_spec_of_s3),
        TEST(an_app_spec_that_cannot_be_had),
        TEST(the_same_event_twice),
        TEST(what_failed_is_not_tried_again),
        TEST(a_lost_answer),
        TEST(a_lost_request),
        TEST(an_answer_that_cannot_be_read),
        TEST(another_one_is_under_way),
        TEST(another_one_came_first),
        TEST(what_it_does_not_take),
        TEST(what_is_denied_or_throttled),
        TEST(no_group_deploys_it),
        TEST(a_group_of_another_name),
        TEST(what_cannot_be_read_is_not_deployed),
        TEST(no_time_to_deploy),
        TEST(one_of_several),
        TEST(a_rollback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
