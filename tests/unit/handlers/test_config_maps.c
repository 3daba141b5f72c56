#include "tests/unit/handlers/config_fixture.h"

#define ENVIRONMENT(services, files)                                                               \
    TABLE_ENVIRONMENT(DEV, "ECS_SERVICE_MAP", services, "S3_SERVICE_MAP", files)

static void load(struct fixture *f, const char *services, const char *files) {
    load_from(f, ENVIRONMENT(services, files));
}

static void refuse(struct fixture *f, const char *services, const char *files,
                   const char *expected) {
    refuse_from(f, ENVIRONMENT(services, files), expected);
}

static void assert_view(struct view v, const char *expected) {
    if (!view_equal(v, view_of(expected))) {
        fail_msg("got '" VIEW_FMT "', expected '%s'", VIEW_ARG(v), expected);
    }
}

static void the_map_of_ci_lambda(void **state) {
    struct fixture *f = *state;
    load(f,
         "{\"backend\":{\"service_name\":\"P_service_E\",\"task_family\":\"P_service_E\"},"
         "\"api\":{\"service_name\":\"P_service_api_E\",\"task_family\":\"P_service_api_E\"}}",
         "{\"api\":[{\"bucket\":\"p-b-e\",\"key\":\"api/.env\"}]}");
    assert_true(f->config.has_service_map);
    assert_int_equal(f->config.n_services, 2);
    const struct service_entry *backend = &f->config.services[0];
    assert_view(backend->name, "backend");
    assert_view(backend->service_name, "P_service_E");
    assert_view(backend->task_family, "P_service_E");
    assert_view(backend->cluster, "");
    assert_int_equal(backend->kind, TARGET_SERVICE);
    assert_false(backend->has_deploy_tags || backend->has_auto_deploy_tags);
    assert_view(f->config.services[1].name, "api");
    assert_int_equal(f->config.n_env_files, 1);
    assert_view(f->config.env_files[0].service, "api");
    assert_view(f->config.env_files[0].bucket, "p-b-e");
    assert_view(f->config.env_files[0].key, "api/.env");
}

static void every_member(void **state) {
    struct fixture *f = *state;
    load(f,
         "{\"api\":{\"service_name\":\"s\",\"task_family\":\"f\","
         "\"cluster\":\"arn:aws:ecs:eu-west-1:222222222222:cluster/c\",\"container\":\"app\","
         "\"repository\":\"team/api\",\"kind\":\"service\",\"deploy_tags\":\"v*\","
         "\"auto_deploy_tags\":\"semver:1.x\"},"
         "\"job\":{\"kind\":\"task\","
         "\"repository_uri\":\"111111111111.dkr.ecr.us-east-1.amazonaws.com/team/job\"},"
         "\"fn\":{\"kind\":\"lambda\",\"repository\":\"fn\"}}",
         "");
    const struct service_entry *api = &f->config.services[0];
    assert_view(api->cluster, "arn:aws:ecs:eu-west-1:222222222222:cluster/c");
    assert_view(api->container, "app");
    assert_view(api->repository, "team/api");
    assert_true(api->has_deploy_tags && api->has_auto_deploy_tags);
    assert_true(tag_policy_admits(&api->deploy_tags, VIEW("v1")));
    assert_true(tag_policy_admits(&api->auto_deploy_tags, VIEW("1.5.0")));
    assert_int_equal(f->config.services[1].kind, TARGET_TASK);
    assert_view(f->config.services[1].repository_uri,
                "111111111111.dkr.ecr.us-east-1.amazonaws.com/team/job");
    assert_int_equal(f->config.services[2].kind, TARGET_LAMBDA);
}

static void empty_members_are_absent(void **state) {
    struct fixture *f = *state;
    load(f,
         "{\"api\":{\"service_name\":\"\",\"task_family\":null,\"cluster\":\"\",\"kind\":\"\","
         "\"container\":\"\",\"repository\":\"\",\"repository_uri\":\"\",\"deploy_tags\":\"\","
         "\"auto_deploy_tags\":null},\"backend\":{}}",
         "{\"api\":[]}");
    assert_int_equal(f->config.n_services, 2);
    assert_false(f->config.services[0].has_deploy_tags);
    assert_int_equal(f->config.services[0].kind, TARGET_SERVICE);
}

static void a_map_that_is_not_json_names_the_place(void **state) {
    struct fixture *f = *state;
    static const struct {
        const char *map, *message;
    } cases[] = {
        {"{\"api\":{\"service_name\":\"a\" \"x\"}}",
         "'ECS_SERVICE_MAP' is not valid JSON: expected ',' or '}' at byte 27, found '\"'"},
        {"{\"api\":", "'ECS_SERVICE_MAP' is not valid JSON: expected a value at byte 7, found the "
                      "end"},
        {"[]", "ECS_SERVICE_MAP: expected object, got array"},
        {"\"api\"", "ECS_SERVICE_MAP: expected object, got string"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        refuse(f, cases[i].map, "", cases[i].message);
    }
    static const char *const garbage[] = {
        "api=x",       "{'api':{}}",          "{\"api\":{}}x",
        "{\"a\":{},}", "{\"a\":{},\"a\":{}}", "{\"a\":[[[[[[[[[]]]]]]]]]}"};
    for (size_t i = 0; i < COUNT(garbage); i++) {
        struct environment env = TABLE_ENVIRONMENT(DEV, "ECS_SERVICE_MAP", garbage[i]);
        err_init(&f->err);
        assert_int_equal(config_load(&env, &f->arena, &f->config, &f->err), -1);
        assert_non_null(strstr(f->err.message, "ECS_SERVICE_MAP"));
        assert_non_null(strstr(f->err.message, "at byte "));
    }
}

static void entries_are_checked(void **state) {
    struct fixture *f = *state;
    static const struct {
        const char *map, *message;
    } cases[] = {
        {"{\"api\":[]}", "ECS_SERVICE_MAP.api: expected object, got array"},
        {"{\"api\":null}", "ECS_SERVICE_MAP.api: expected object, got null"},
        {"{\"api\":{\"service_name\":1}}",
         "ECS_SERVICE_MAP.api.service_name: expected string, got number"},
        {"{\"api\":{\"servce_name\":\"x\"}}",
         "ECS_SERVICE_MAP.api.servce_name: unknown; known: service_name, task_family, cluster, "
         "container, repository, repository_uri, kind, deploy_tags, auto_deploy_tags, "
         "function_name, alias, codedeploy_application, codedeploy_group"},
        {"{\"a b\":{\"repository\":\"ab\"}}",
         "ECS_SERVICE_MAP.a b: expected a name of 1 to 64 letters, digits, '-' and '_'"},
        {"{\"\":{\"repository\":\"ab\"}}",
         "ECS_SERVICE_MAP.: expected a name of 1 to 64 letters, digits, '-' and '_'"},
        {"{\"api\":{\"task_family\":\"a:1\"}}",
         "ECS_SERVICE_MAP.api.task_family: 'a:1': expected 1 to 255 letters, digits, '-' and '_'"},
        {"{\"api\":{\"cluster\":\"arn:aws:ecs:us-east-1:222222222222:cluster/c\"}}",
         "ECS_SERVICE_MAP.api.cluster: 'arn:aws:ecs:us-east-1:222222222222:cluster/c': expected "
         "the "
         "name of a cluster, or its ARN in this region"},
        {"{\"api\":{\"kind\":\"job\"}}",
         "ECS_SERVICE_MAP.api.kind: 'job': expected 'service', 'task' or 'lambda'"},
        {"{\"api\":{\"repository\":\"a:latest\"}}",
         "ECS_SERVICE_MAP.api.repository: 'a:latest': expected the name of an ECR repository, "
         "without registry and tag"},
        {"{\"api\":{\"repository_uri\":\"docker.io/library/nginx\"}}",
         "ECS_SERVICE_MAP.api.repository_uri: 'docker.io/library/nginx': expected "
         "'<account>.dkr.ecr.<region>.amazonaws.com/<name>', without a tag"},
        {"{\"api\":{\"repository_uri\":\"111111111111.dkr.ecr.us-east-1.amazonaws.com/ab:v1\"}}",
         "ECS_SERVICE_MAP.api.repository_uri: "
         "'111111111111.dkr.ecr.us-east-1.amazonaws.com/ab:v1': expected "
         "'<account>.dkr.ecr.<region>.amazonaws.com/<name>', without a tag"},
        {"{\"api\":{\"repository\":\"ab\","
         "\"repository_uri\":\"111111111111.dkr.ecr.us-east-1.amazonaws.com/ab\"}}",
         "ECS_SERVICE_MAP.api.repository_uri: "
         "'111111111111.dkr.ecr.us-east-1.amazonaws.com/ab': expected either it or repository, not "
         "both"},
        {"{\"Api\":{}}",
         "ECS_SERVICE_MAP.Api.repository: 'myproject_service_Api': expected a repository to be "
         "given, as this one by convention is no name in ECR"},
        {"{\"api\":{\"deploy_tags\":\"git-[\"}}",
         "ECS_SERVICE_MAP.api.deploy_tags: 'git-[' is invalid at byte 4: expected a ']' for this "
         "'['"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        refuse(f, cases[i].map, "", cases[i].message);
    }
    load(f, "{\"Api\":{\"repository\":\"team/api\"}}", "");
}

static void env_files_are_checked(void **state) {
    struct fixture *f = *state;
    static const struct {
        const char *services, *files, *message;
    } cases[] = {
        {"", "[]", "S3_SERVICE_MAP: expected object, got array"},
        {"", "{\"api\":{}}", "S3_SERVICE_MAP.api: expected array, got object"},
        {"", "{\"api\":[1]}", "S3_SERVICE_MAP.api[0]: expected object, got number"},
        {"", "{\"api\":[{\"bucket\":\"bbb\",\"key\":\"k\"},{\"bucket\":\"bbb\"}]}",
         "S3_SERVICE_MAP.api[1].key: expected string, got nothing"},
        {"", "{\"api\":[{\"bucket\":\"bbb\",\"key\":\"k\",\"Key\":\"k\"}]}",
         "S3_SERVICE_MAP.api[0].Key: unknown; known: bucket, key"},
        {"", "{\"api\":[{\"bucket\":\"B_B\",\"key\":\"k\"}]}",
         "S3_SERVICE_MAP.api[0].bucket: 'B_B': expected the name of an S3 bucket"},
        {"", "{\"api\":[{\"bucket\":\"bbb\",\"key\":\"\"}]}",
         "S3_SERVICE_MAP.api[0].key: expected 1 to 1024 bytes, got 0"},
        {"{\"web\":{}}", "{\"api\":[]}",
         "S3_SERVICE_MAP.api: expected a service of ECS_SERVICE_MAP"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        refuse(f, cases[i].services, cases[i].files, cases[i].message);
    }
}

static void the_faults_of_both_are_told_together(void **state) {
    struct fixture *f = *state;
    refuse(f, "{\"api\":{\"kind\":\"x\"},\"web\":{\"container\":\"a b\"}}", "[]",
           "ECS_SERVICE_MAP.api.kind: 'x': expected 'service', 'task' or 'lambda'; "
           "ECS_SERVICE_MAP.web.container: 'a b': expected 1 to 255 letters, digits, '-' and '_'; "
           "S3_SERVICE_MAP: expected object, got array");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(the_map_of_ci_lambda),
        TEST(every_member),
        TEST(empty_members_are_absent),
        TEST(a_map_that_is_not_json_names_the_place),
        TEST(entries_are_checked),
        TEST(env_files_are_checked),
        TEST(the_faults_of_both_are_told_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
