#include "handlers/handler.h"

#include "runtime/base/json.h"
#include "tests/unit/aws/fake_aws.h"
#include "tests/unit/handlers/table_environment.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define FUNCTION_ARN "arn:aws:lambda:us-east-1:222222222222:function:slipway"
#define DIGEST "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define REPOSITORY "111111111111.dkr.ecr.eu-west-1.amazonaws.com/myproject_backend"
#define SERVICE_ARN "arn:aws:ecs:us-east-1:222222222222:service/myproject_cluster_prod/s"
#define REVISION(n) "arn:aws:ecs:us-east-1:222222222222:task-definition/myproject_service_prod:" n
#define EVENT(id, detail)                                                                          \
    "{\"id\":\"" id "\",\"detail-type\":\"DEPLOY\",\"source\":\"action.production\","              \
    "\"account\":\"222222222222\",\"time\":\"2026-11-20T22:39:00Z\",\"detail\":" detail "}"
#define DEPLOY "{\"service\":\"backend\",\"tag\":\"git-1\"}"

#define SERVICES(revision, deployment)                                                             \
    "{\"services\":[{\"serviceName\":\"myproject_service_prod\",\"serviceArn\":\"" SERVICE_ARN     \
    "\",\"clusterArn\":\"arn:aws:ecs:us-east-1:222222222222:cluster/myproject_cluster_prod\","     \
    "\"status\":\"ACTIVE\",\"taskDefinition\":\"" REVISION(                                        \
        revision) "\",\"deployments\":[{\"id\":"                                                   \
                  "\"ecs-svc/" deployment                                                          \
                  "\",\"status\":\"PRIMARY\",\"taskDefinition\":\"" REVISION(                      \
                      revision) "\",\"rolloutState\":\"COMPLETED\"}]}],\"failures\":[]}"
#define DEFINITION(number, image, tags)                                                            \
    "{\"taskDefinition\":{\"taskDefinitionArn\":\"" REVISION(                                      \
        number) "\",\"family\":"                                                                   \
                "\"myproject_service_prod\",\"revision\":" number ",\"status\":\"ACTIVE\","        \
                "\"containerDefinitions\":[{\"name\":\"app\",\"image\":\"" image                   \
                "\",\"cpu\":1.50}]},\"tags\":[" tags "]}"
#define IMAGES                                                                                     \
    "{\"imageDetails\":[{\"registryId\":\"111111111111\",\"repositoryName\":\"myproject_"          \
    "backend\","                                                                                   \
    "\"imageDigest\":\"" DIGEST "\",\"imageTags\":[\"git-1\"]}]}"
#define MANIFEST                                                                                   \
    "{\"images\":[{\"registryId\":\"111111111111\",\"repositoryName\":\"myproject_backend\","      \
    "\"imageId\":{\"imageDigest\":\"" DIGEST "\",\"imageTag\":\"git-1\"},\"imageManifest\":"       \
    "\"{\\\"schemaVersion\\\":2,\\\"mediaType\\\":"                                                \
    "\\\"application/vnd.oci.image.manifest.v1+json\\\"}\"}],\"failures\":[]}"
#define OWN_TAGS                                                                                   \
    "{\"key\":\"slipway:event-id\",\"value\":\"e1\"},"                                             \
    "{\"key\":\"slipway:event-time\",\"value\":\"2026-11-20T22:39:00.000Z\"}"

static const struct fake_answer deploy_script[] = {
    {.operation = "DescribeImages", .status = 200, .body = IMAGES},
    {.operation = "BatchGetImage", .status = 200, .body = MANIFEST},
    {.operation = "DescribeServices", .status = 200, .body = SERVICES("41", "1")},
    {.operation = "DescribeTaskDefinition",
     .status = 200,
     .body = DEFINITION("41", REPOSITORY ":old", "")},
    {.operation = "RegisterTaskDefinition",
     .status = 200,
     .body = DEFINITION("42", REPOSITORY "@" DIGEST, OWN_TAGS)},
    {.operation = "UpdateService",
     .status = 200,
     .body =
         "{\"service\":{\"serviceName\":\"myproject_service_prod\",\"serviceArn\":\"" SERVICE_ARN
         "\",\"status\":\"ACTIVE\",\"taskDefinition\":\"" REVISION(
             "42") "\",\"deployments\":[{\"id\":\"ecs-svc/2\",\"status\":\"PRIMARY\","
                   "\"taskDefinition\":\"" REVISION("42") "\"}]}}"},
    /* The look afterwards. */
    {.operation = "DescribeServices", .status = 200, .body = SERVICES("42", "2")},
    {.operation = "DescribeTaskDefinition",
     .status = 200,
     .body = DEFINITION("42", REPOSITORY "@" DIGEST, OWN_TAGS)},
};

struct fixture {
    struct fake fake;
    struct arena process_arena, arena;
    struct config config;
    struct aws *aws;
    struct handler handler;
    struct log log;
    char lines[32][4096];
    size_t n_lines;
    struct buf response;
    struct json *answer;
    struct err err;
};

static void keep_line(void *state, struct view line) {
    struct fixture *f = state;
    assert_true(f->n_lines < COUNT(f->lines));
    fake_copy(f->lines[f->n_lines++], sizeof(f->lines[0]), line);
}

static void begin(struct fixture *f, const struct fake_answer *answers, size_t n,
                  const struct environment *env) {
    fake_init(&f->fake, answers, n);
    f->log = (struct log){.level = LOG_INFO,
                          .format = LOG_JSON,
                          .clock = &f->fake.clock,
                          .write = keep_line,
                          .state = f};
    err_init(&f->err);
    if (config_load(env, &f->process_arena, &f->config, &f->err) != 0) {
        fail_msg("%s", f->err.message);
    }
    const struct aws_options options = {
        .http = &f->fake.http, .clock = &f->fake.clock, .env = env, .region = f->config.region};
    if (aws_new(&options, &f->aws, &f->err) != 0) {
        fail_msg("%s", f->err.message);
    }
    f->handler = (struct handler){.config = &f->config, .aws = f->aws, .clock = &f->fake.clock};
}

/* The client keeps its environment: tables for as long as the process. */
#define ENVIRONMENT                                                                                \
    "PROJECT_NAME", "myproject", "PROJECT_ENV", "prod", "AWS_REGION", "us-east-1", "ECR_STRATEGY", \
        "cross_account", "ECR_ACCOUNT_ID", "111111111111", "ECR_ACCOUNT_REGION", "eu-west-1",      \
        "AWS_ACCESS_KEY_ID", "AKID", "AWS_SECRET_ACCESS_KEY", "secret"
static const char *const by_convention[] = {ENVIRONMENT, NULL};
static const char *const with_map[] = {ENVIRONMENT, "ECS_SERVICE_MAP",
                                       "{\"backend\":{},\"job\":{\"kind\":\"task\"},"
                                       "\"fn\":{\"kind\":\"lambda\"}}",
                                       NULL};
/* Lambda does not set AWS_ACCOUNT_ID. */
static const char *const local_registry[] = {
    ENVIRONMENT, "ECR_STRATEGY", "local", "ECR_ACCOUNT_REGION", "", NULL};
static const struct environment local_environment = {table_environment_get, local_registry};
static const struct environment convention_environment = {table_environment_get, by_convention};
static const struct environment map_environment = {table_environment_get, with_map};

static void begin_with(struct fixture *f, const struct fake_answer *answers, size_t n) {
    begin(f, answers, n, &convention_environment);
}

static int set_up(void **state) {
    static struct fixture fixture;
    memset(&fixture, 0, sizeof(fixture));
    fixture.process_arena = ARENA_INIT((size_t)1024 * 1024);
    fixture.arena = ARENA_INIT((size_t)16 * 1024 * 1024);
    fixture.response = BUF_INIT((size_t)1024 * 1024);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    aws_free(f->aws);
    json_free(f->answer);
    buf_release(&f->response);
    arena_release(&f->arena);
    arena_release(&f->process_arena);
    fake_release(&f->fake);
    return 0;
}

static int invoke_as(struct fixture *f, const char *function_arn, const char *payload) {
    const struct lambda_invocation invocation = {
        .request_id = VIEW("request-1"),
        .function_arn = view_of(function_arn),
        .deadline_ms = f->fake.monotonic_ms + 30000,
        .payload = view_of(payload),
        .arena = &f->arena,
        .log = &f->log,
    };
    err_init(&f->err);
    buf_clear(&f->response);
    return handler_invoke(&f->handler, &invocation, &f->response, &f->err);
}

static int invoke(struct fixture *f, const char *payload) {
    return invoke_as(f, FUNCTION_ARN, payload);
}

static const struct json *answer(struct fixture *f, const char *payload) {
    const struct json_limits limits = {.max_bytes = (size_t)1024 * 1024, .max_depth = 16};
    if (invoke(f, payload) != 0) {
        fail_msg("%s: %s", err_name(f->err.code), f->err.message);
    }
    json_free(f->answer);
    f->answer = NULL;
    if (json_parse(buf_view(&f->response), &limits, "answer", &f->answer, &f->err) != 0) {
        fail_msg("%s", f->err.message);
    }
    return f->answer;
}

static void assert_member(const struct json *object, const char *name, const char *expected) {
    struct view v = json_string(json_get(object, name));
    if (!view_equal(v, view_of(expected))) {
        fail_msg("%s: got '" VIEW_FMT "', expected '%s'", name, VIEW_ARG(v), expected);
    }
}

static const struct json *first_change(const struct json *one) {
    return json_first(json_get(one, "changes"));
}

static size_t count_requests(const struct fixture *f, const char *operation) {
    size_t n = 0;
    for (size_t i = 0; i < f->fake.n_requests; i++) {
        const char *dot = strrchr(f->fake.requests[i].target, '.');
        n += dot != NULL && strcmp(dot + 1, operation) == 0;
    }
    return n;
}

static void a_deploy(void **state) {
    struct fixture *f = *state;
    begin_with(f, deploy_script, COUNT(deploy_script));
    const struct json *one = answer(f, EVENT("e1", DEPLOY));
    assert_member(one, "status", "deployed");
    assert_member(one, "event_id", "e1");
    const struct json *change = first_change(one);
    assert_member(change, "target", "backend");
    assert_member(json_get(change, "from"), "task_definition", REVISION("41"));
    assert_member(json_get(change, "to"), "task_definition", REVISION("42"));
    assert_member(json_get(change, "to"), "image", REPOSITORY "@" DIGEST);
    assert_member(json_get(change, "to"), "tag", "git-1");
    assert_member(change, "deployment_id", "ecs-svc/2");
    assert_int_equal(count_requests(f, "RegisterTaskDefinition"), 1);
    assert_int_equal(count_requests(f, "UpdateService"), 1);
    /* The four reads go out together. */
    assert_int_equal(f->fake.most_pending, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(f->fake.requests[i].started_ms, 0);
    }
    assert_int_equal(f->n_lines, 2);
    assert_non_null(strstr(f->lines[0], "\"message\":\"deployed\""));
    assert_non_null(strstr(f->lines[1], "\"Deployed\":1"));
}

static void a_dry_run_writes_nothing(void **state) {
    struct fixture *f = *state;
    begin_with(f, deploy_script, COUNT(deploy_script));
    const struct json *one =
        answer(f, EVENT("e1", "{\"service\":\"backend\",\"tag\":\"git-1\",\"dry_run\":true}"));
    assert_member(one, "status", "planned");
    assert_true(json_count(json_get(first_change(one), "diff")) > 0);
    assert_int_equal(f->fake.n_requests, 4);
    assert_int_equal(f->n_lines, 1);
}

/* Whatever can be refused without AWS costs no call, is no failure, and does not stop the next. */
static void what_is_refused_early_asks_nobody(void **state) {
    struct fixture *f = *state;
    begin(f, NULL, 0, &map_environment);
    static const struct {
        const char *payload, *status, *code;
    } cases[] = {
        {"", "refused", "EventMalformed"},
        {"{", "refused", "EventMalformed"},
        {"{}", "refused", "EventMalformed"},
        {EVENT("e", "\"x\""), "refused", "EventMalformed"},
        {EVENT("e", "{\"service\":[]}"), "refused", "EventMalformed"},
        {EVENT("e", "{\"service\":\"backend\",\"tag\":\"a\\nb\"}"), "refused", "TagInvalid"},
        {EVENT("e", "{\"service\":\"bakend\",\"tag\":\"git-1\"}"), "refused", "ServiceUnknown"},
        {"{\"source\":\"action.deploy\",\"detail-type\":\"DEPLOY\",\"account\":\"333333333333\","
         "\"detail\":" DEPLOY "}",
         "refused", "AccountNotAllowed"},
        {"{\"source\":\"aws.ecr\",\"detail-type\":\"ECR Image Action\",\"detail\":{}}", "ignored",
         "Ignored"},
        {"{\"source\":\"action.dev\",\"detail-type\":\"DEPLOY\",\"detail\":" DEPLOY "}", "ignored",
         "Ignored"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        f->n_lines = 0;
        const struct json *one = answer(f, cases[i].payload);
        assert_member(one, "status", cases[i].status);
        assert_member(first_change(one), "code", cases[i].code);
        arena_reset(&f->arena);
    }
    assert_int_equal(f->fake.n_requests, 0);
}

static void an_array_is_answered_with_an_array(void **state) {
    struct fixture *f = *state;
    begin_with(f, deploy_script, COUNT(deploy_script));
    const struct json *all = answer(
        f,
        "[{}," EVENT(
            "e1", DEPLOY) ","
                          "{\"source\":\"action.dev\",\"detail-type\":\"DEPLOY\",\"detail\":{}}]");
    assert_int_equal(json_type(all), JSON_ARRAY);
    assert_int_equal(json_count(all), 3);
    const struct json *one = json_first(all);
    assert_member(one, "status", "refused");
    assert_member(one, "event_id", "request-1/0");
    one = json_next(one);
    assert_member(one, "status", "deployed");
    assert_member(one, "event_id", "e1");
    assert_int_equal(json_count(json_get(one, "changes")), 1);
    assert_member(json_next(one), "status", "ignored");
}

static void an_empty_array(void **state) {
    struct fixture *f = *state;
    begin_with(f, NULL, 0);
    assert_int_equal(invoke(f, "[]"), 0);
    assert_string_equal(buf_cstr(&f->response), "[]");
    assert_int_equal(f->fake.n_requests, 0);
}

/* AWS fails: so does the invocation, and nothing that looks like an answer is left. */
static void a_failure_fails_the_invocation(void **state) {
    struct fixture *f = *state;
    static const struct fake_answer unavailable = {.status = 503, .body = "{}"};
    begin_with(f, NULL, 0);
    f->fake.otherwise = &unavailable;
    assert_int_equal(invoke(f, EVENT("e1", DEPLOY)), -1);
    assert_int_equal(err_class(f->err.code), ERR_CLASS_FAILED);
    assert_int_equal(f->response.len, 0);
    assert_int_equal(count_requests(f, "RegisterTaskDefinition"), 0);
    assert_int_equal(f->n_lines, 2);
    assert_non_null(strstr(f->lines[0], "\"level\":\"ERROR\""));
    assert_non_null(strstr(f->lines[1], "\"Failed\":1"));
}

static void a_missing_image_is_refused(void **state) {
    struct fixture *f = *state;
    static const struct fake_answer script[] = {
        {.operation = "DescribeImages",
         .status = 400,
         .body = "{\"__type\":\"ImageNotFoundException\",\"message\":\"none\"}"},
        {.operation = "BatchGetImage",
         .status = 200,
         .body = "{\"images\":[],\"failures\":[{\"imageId\":{\"imageTag\":\"git-1\"},"
                 "\"failureCode\":\"ImageNotFound\",\"failureReason\":\"none\"}]}"},
        {.operation = "DescribeServices", .status = 200, .body = SERVICES("41", "1")},
        {.operation = "DescribeTaskDefinition",
         .status = 200,
         .body = DEFINITION("41", REPOSITORY ":old", "")},
        {.operation = "DescribeImages",
         .status = 200,
         .body = "{\"imageDetails\":[{\"imageDigest\":\"" DIGEST "\",\"imageTags\":[\"git-2\"]}]}"},
    };
    begin_with(f, script, COUNT(script));
    const struct json *change = first_change(answer(f, EVENT("e1", DEPLOY)));
    assert_member(change, "status", "refused");
    assert_member(change, "code", "ImageNotFound");
    assert_int_equal(count_requests(f, "RegisterTaskDefinition"), 0);
    assert_int_equal(count_requests(f, "UpdateService"), 0);
}

/* ECR_STRATEGY local with an account is fine where it is the function's own: only its ARN tells. */
static void a_local_registry_is_the_functions_own(void **state) {
    struct fixture *f = *state;
    static const char own[] = "arn:aws:lambda:us-east-1:111111111111:function:slipway";
    begin(f, NULL, 0, &local_environment);
    const char *ignored = "{\"source\":\"action.dev\",\"detail-type\":\"DEPLOY\",\"detail\":{}}";
    assert_int_equal(invoke_as(f, own, ignored), 0);
    assert_int_equal(invoke_as(f, "", ignored), 0); /* an emulator */
    /* In any other nothing is done: the wrong registry would be read. */
    assert_int_equal(invoke(f, EVENT("e1", DEPLOY)), -1);
    assert_int_equal(f->err.code, ERR_CONFIG_INVALID);
    assert_string_equal(f->err.message,
                        "ECR_ACCOUNT_ID: '111111111111' is not the function's account, "
                        "'222222222222', while ECR_STRATEGY is 'local'");
    assert_non_null(strstr(f->err.remedy, "set ECR_STRATEGY to cross_account"));
    assert_int_equal(f->fake.n_requests, 0);
}

/* However little memory there is, it ends in an answer or in OutOfMemory. */
static void memory_can_run_out(void **state) {
    struct fixture *f = *state;
    begin_with(f, NULL, 0);
    for (size_t limit = 0; limit < 65536; limit += 512) {
        struct arena arena ARENA_AUTO = ARENA_INIT(limit);
        const struct lambda_invocation invocation = {
            .request_id = VIEW("request-1"),
            .function_arn = VIEW(FUNCTION_ARN),
            .deadline_ms = f->fake.monotonic_ms + 30000,
            .payload = VIEW("[{},{\"service\":\"A_\",\"tag\":\"git-1\"}]"),
            .arena = &arena,
            .log = &f->log,
        };
        f->n_lines = 0;
        err_init(&f->err);
        buf_clear(&f->response);
        if (handler_invoke(&f->handler, &invocation, &f->response, &f->err) != 0) {
            assert_int_equal(f->err.code, ERR_OUT_OF_MEMORY);
        }
    }
    assert_false(err_is_set(&f->err));
    assert_int_equal(f->fake.n_requests, 0);
}

static void warm_connections(void **state) {
    struct fixture *f = *state;
    begin_with(f, NULL, 0);
    handler_warm(&f->handler);
    assert_int_equal(f->fake.n_warmed, 4);
    size_t registry = 0, ecs = 0;
    for (size_t i = 0; i < f->fake.n_warmed; i++) {
        registry += strstr(f->fake.warmed[i], "api.ecr.eu-west-1.amazonaws.com") != NULL;
        ecs += strstr(f->fake.warmed[i], "ecs.us-east-1.amazonaws.com") != NULL;
    }
    assert_int_equal(registry, 2);
    assert_int_equal(ecs, 2);
    assert_int_equal(f->fake.n_requests, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_deploy),
        TEST(a_dry_run_writes_nothing),
        TEST(what_is_refused_early_asks_nobody),
        TEST(an_array_is_answered_with_an_array),
        TEST(an_empty_array),
        TEST(a_failure_fails_the_invocation),
        TEST(a_missing_image_is_refused),
        TEST(a_local_registry_is_the_functions_own),
        TEST(memory_can_run_out),
        TEST(warm_connections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
