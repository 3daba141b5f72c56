/*
 * Batches of an SQS queue and arrays of events, from their bytes to the answer, over an ECS that
 * keeps what it was told (fake_ecs.h): what failed is named, and nothing else; what is delivered
 * again is done once.
 */

#include "handlers/handler.h"

#include "runtime/base/json.h"
#include "tests/unit/handlers/fake_ecs.h"
#include "tests/unit/handlers/table_environment.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
/* 2026-11-20T22:40:00Z, a minute after the events. */
#define NOW_MS INT64_C(1795214400000)
#define EVENT(id, type, source, detail)                                                            \
    "{\"id\":\"" id "\",\"detail-type\":\"" type "\",\"source\":\"" source                         \
    "\",\"account\":\"222222222222\",\"region\":\"us-east-1\",\"time\":\"2026-11-20T22:39:00Z\","  \
    "\"detail\":" detail "}"
#define DEPLOY(id, service, tag)                                                                   \
    EVENT(id, "DEPLOY", "action.production", "{\"service\":\"" service "\",\"tag\":\"" tag "\"}")
#define SETTING(id, service)                                                                       \
    EVENT(id, "Parameter Store Change", "aws.ssm",                                                 \
          "{\"operation\":\"Update\",\"name\":\"/prod/myproject/" service "/key\"}")

struct fixture {
    struct arena model, process, invocation;
    struct fake_clock clock;
    struct fake_ecs ecs;
    struct fake_http http;
    struct config config;
    struct aws *aws;
    struct handler handler;
    struct log log;
    struct buf payload, response;
    size_t n_messages;
    struct err err;
    const char *broken_operation; /* fails for that service */
    const char *broken_service;
    int request;
};

static bool is_of(const struct http_exchange *exchange, const char *name) {
    char quoted[64];
    size_t len = (size_t)snprintf(quoted, sizeof(quoted), "\"%s\"", name);
    for (size_t i = 0; i + len <= exchange->body.len; i++) {
        if (memcmp(exchange->body.data + i, quoted, len) == 0) {
            return true;
        }
    }
    return false;
}

static void answer(void *state, struct http_exchange *exchange) {
    struct fixture *f = state;
    if (f->broken_operation != NULL &&
        view_equal(fake_operation(exchange), view_of(f->broken_operation)) &&
        is_of(exchange, f->broken_service)) {
        fake_respond(exchange, 400,
                     VIEW("{\"__type\":\"ThrottlingException\",\"message\":\"Rate exceeded\"}"));
        return;
    }
    fake_ecs_answer(&f->ecs, exchange);
}

static void write_nothing(void *state, struct view line) {
    (void)state;
    (void)line;
}

static const char *const variables[] = {
    "PROJECT_NAME",
    "myproject",
    "PROJECT_ENV",
    "prod",
    "AWS_REGION",
    "us-east-1",
    "ECR_STRATEGY",
    "cross_account",
    "ECR_ACCOUNT_ID",
    "111111111111",
    "ECR_ACCOUNT_REGION",
    "us-east-1",
    "DEPLOY_TAGS",
    "t*,no*",
    "ECS_SERVICE_MAP",
    "{\"api\":{\"service_name\":\"api\",\"task_family\":\"api\","
    "\"repository\":\"myproject_backend\"},"
    "\"web\":{\"service_name\":\"web\",\"task_family\":\"web\","
    "\"repository\":\"myproject_backend\"}}",
    "AWS_MAX_ATTEMPTS",
    "1",
    "AWS_ACCESS_KEY_ID",
    "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY",
    "secret",
    "HOME",
    "/nonexistent",
    NULL};
static const struct environment environment = {table_environment_get, variables};

static void add_service(struct fixture *f, const char *name) {
    struct view request = arena_printf(
        &f->model,
        "{\"family\":\"%s\",\"containerDefinitions\":[{\"name\":\"app\",\"image\":\"" FAKE_REPO
        ":old\",\"cpu\":0}]}",
        name);
    fake_add_service(&f->ecs, view_of(name), fake_add_revision(&f->ecs, request, 40));
}

static int set_up(void **state) {
    static struct fixture f;
    memset(&f, 0, sizeof(f));
    err_init(&f.err);
    f.model = ARENA_INIT((size_t)64 * 1024 * 1024);
    f.process = ARENA_INIT((size_t)1024 * 1024);
    f.invocation = ARENA_INIT((size_t)64 * 1024 * 1024);
    f.payload = BUF_INIT((size_t)1024 * 1024);
    f.response = BUF_INIT((size_t)1024 * 1024);
    fake_clock_init(&f.clock, NOW_MS - 3600 * 1000);
    f.ecs.arena = &f.model;
    f.ecs.clock = &f.clock.clock;
    add_service(&f, "api");
    add_service(&f, "web");
    f.clock.wall_ms = NOW_MS;
    fake_http_init(&f.http);
    f.http.answer = answer;
    f.http.state = &f;
    f.log = (struct log){
        .level = LOG_INFO, .format = LOG_JSON, .clock = &f.clock.clock, .write = write_nothing};
    const struct aws_options options = {.http = &f.http.http,
                                        .clock = &f.clock.clock,
                                        .env = &environment,
                                        .region = VIEW("us-east-1")};
    if (config_load(&environment, &f.process, &f.config, &f.err) != 0 ||
        aws_new(&options, &f.aws, &f.err) != 0) {
        fail_msg("%s", f.err.message);
    }
    f.handler = (struct handler){.config = &f.config, .aws = f.aws, .clock = &f.clock.clock};
    *state = &f;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    aws_free(f->aws);
    buf_release(&f->response);
    buf_release(&f->payload);
    arena_release(&f->invocation);
    arena_release(&f->process);
    arena_release(&f->model);
    return 0;
}

/* ---- payloads ---- */

static void begin_batch(struct fixture *f) {
    buf_clear(&f->payload);
    f->n_messages = 0;
}

static void add_message(struct fixture *f, const char *id, const char *body) {
    struct json_writer w = json_writer(&f->payload);
    buf_append_str(&f->payload, f->n_messages++ == 0 ? "{\"Records\":[" : ",");
    json_begin_object(&w, NULL);
    json_put_string(&w, "messageId", view_of(id));
    json_put_string(&w, "eventSource", VIEW("aws:sqs"));
    json_put_string(&w, "body", view_of(body));
    json_begin_object(&w, "attributes");
    json_put_string(&w, "SentTimestamp", VIEW("1795214345000"));
    json_end_object(&w);
    json_end_object(&w);
}

static int invoke(struct fixture *f, struct view payload) {
    char request_id[32];
    snprintf(request_id, sizeof(request_id), "request-%d", ++f->request);
    const struct lambda_invocation invocation = {
        .request_id = view_of(request_id),
        .function_arn = VIEW("arn:aws:lambda:us-east-1:222222222222:function:slipway"),
        .deadline_ms = f->clock.monotonic_ms + 30000,
        .payload = payload,
        .arena = &f->invocation,
        .log = &f->log,
    };
    arena_reset(&f->invocation);
    err_init(&f->err);
    buf_clear(&f->response);
    return handler_invoke(&f->handler, &invocation, &f->response, &f->err);
}

/* The whole batch; a batch never fails as one. */
static void send_batch(struct fixture *f) {
    buf_append_str(&f->payload, "]}");
    if (invoke(f, buf_view(&f->payload)) != 0) {
        fail_msg("%s", f->err.message);
    }
}

#define FAILURES(list) "{\"batchItemFailures\":[" list "]}"
#define FAILED(id) "{\"itemIdentifier\":\"" id "\"}"

static void assert_answer(struct fixture *f, const char *want) {
    assert_string_equal(buf_cstr(&f->response), want);
}

static void assert_runs(struct fixture *f, const char *service, int revision) {
    char arn[128];
    snprintf(arn, sizeof(arn), FAKE_ARN "task-definition/%s:%d", service, revision);
    struct view runs = fake_service_of(&f->ecs, view_of(service))->task_definition;
    if (!view_equal(runs, view_of(arn))) {
        fail_msg("'%s' runs " VIEW_FMT " instead of %s", service, VIEW_ARG(runs), arn);
    }
}

/* ---- SQS ---- */

static void all_go_well(void **state) {
    struct fixture *f = *state;
    begin_batch(f);
    add_message(f, "m1", DEPLOY("e1", "api", "t01"));
    add_message(f, "m2", DEPLOY("e2", "web", "t02"));
    send_batch(f);
    assert_answer(f, FAILURES());
    assert_runs(f, "api", 41);
    assert_runs(f, "web", 41);
}

/* SQS delivers what is named again, and takes the others for done. */
static void what_failed_is_named(void **state) {
    struct fixture *f = *state;
    f->broken_operation = "UpdateService";
    f->broken_service = "web";
    begin_batch(f);
    add_message(f, "m1", DEPLOY("e1", "api", "t01"));
    add_message(f, "m2", DEPLOY("e2", "web", "t02"));
    add_message(f, "m3", SETTING("e3", "nobody"));
    send_batch(f);
    assert_answer(f, FAILURES(FAILED("m2")));
    assert_runs(f, "api", 41);
    assert_runs(f, "web", 40);
    f->broken_operation = NULL;
    begin_batch(f);
    add_message(f, "m2", DEPLOY("e2", "web", "t02"));
    send_batch(f);
    assert_answer(f, FAILURES());
    assert_runs(f, "web", 41); /* the revision that the first delivery registered */
    assert_int_equal(f->ecs.registers, 2);
}

/* Facts that cannot be had fail all that need them. */
static void facts_that_fail(void **state) {
    struct fixture *f = *state;
    f->broken_operation = "DescribeServices";
    f->broken_service = "api"; /* one call for both */
    begin_batch(f);
    add_message(f, "m1", SETTING("e1", "api"));
    add_message(f, "m2", DEPLOY("e2", "web", "t02"));
    add_message(f, "m3", "not JSON");
    send_batch(f);
    assert_answer(f, FAILURES(FAILED("m1") "," FAILED("m2")));
    assert_int_equal(f->ecs.registers + f->ecs.updates, 0);
}

/* Delivered again it would be the same: it is told, and done with. */
static void what_is_refused_is_done_with(void **state) {
    struct fixture *f = *state;
    begin_batch(f);
    add_message(f, "m1", DEPLOY("e1", "api", "no-such"));
    add_message(f, "m2", DEPLOY("e2", "nobody", "t01"));
    add_message(f, "m3", "[]");
    add_message(f, "m4", "");
    add_message(f, "m5", DEPLOY("e5", "web", "t05"));
    send_batch(f);
    assert_answer(f, FAILURES());
    assert_runs(f, "api", 40);
    assert_runs(f, "web", 41);
}

/* The queue may deliver a message twice, and an event may have come twice into it. */
static void duplicates_are_done_once(void **state) {
    struct fixture *f = *state;
    for (int round = 0; round < 2; round++) {
        begin_batch(f);
        add_message(f, "m1", DEPLOY("e1", "api", "t01"));
        add_message(f, "m2", DEPLOY("e1", "api", "t01"));
        send_batch(f);
        assert_answer(f, FAILURES());
        assert_runs(f, "api", 41);
        assert_int_equal(f->ecs.registers, 1);
        assert_int_equal(f->ecs.updates, 1);
    }
}

static void a_burst_is_one_restart(void **state) {
    struct fixture *f = *state;
    char body[1024];
    char id[16];
    begin_batch(f);
    for (int i = 0; i < 50; i++) {
        snprintf(id, sizeof(id), "m%d", i);
        snprintf(body, sizeof(body), "%s", i % 2 ? SETTING("e-x", "api") : SETTING("e-y", "web"));
        body[strlen("{\"id\":\"e-")] = (char)('a' + i / 2); /* an id of its own */
        add_message(f, id, body);
    }
    send_batch(f);
    assert_answer(f, FAILURES());
    assert_int_equal(f->ecs.forced, 2);
    send_batch(f); /* once more, whole */
    assert_int_equal(f->ecs.forced, 2);
}

/* A restart that could not be made is one of all the events that asked for it. */
static void a_burst_that_fails(void **state) {
    struct fixture *f = *state;
    f->broken_operation = "UpdateService";
    f->broken_service = "api";
    begin_batch(f);
    add_message(f, "m1", SETTING("e1", "api"));
    add_message(f, "m2", SETTING("e2", "api"));
    add_message(f, "m3", SETTING("e3", "web"));
    send_batch(f);
    assert_non_null(strstr(buf_cstr(&f->response), FAILED("m1")));
    assert_null(strstr(buf_cstr(&f->response), FAILED("m3")));
    f->broken_operation = NULL;
    begin_batch(f);
    add_message(f, "m1", SETTING("e1", "api"));
    send_batch(f);
    assert_answer(f, FAILURES());
    assert_int_equal(f->ecs.forced, 2);
}

/* More than are taken at once are not lost. */
static void too_many_messages(void **state) {
    struct fixture *f = *state;
    char id[16];
    begin_batch(f);
    for (int i = 0; i < ROUTE_MAX_EVENTS + 2; i++) {
        snprintf(id, sizeof(id), "m%d", i);
        add_message(f, id, SETTING("e1", "api"));
    }
    send_batch(f);
    assert_answer(f, FAILURES(FAILED("m100") "," FAILED("m101")));
}

/* A bare detail has no id: the message's tells the next delivery of it. */
static void a_bare_detail(void **state) {
    struct fixture *f = *state;
    f->broken_operation = "UpdateService";
    f->broken_service = "web";
    begin_batch(f);
    add_message(f, "m0", "{\"service\":\"api\",\"tag\":\"t01\"}");
    add_message(f, "m1", "{\"service\":\"web\",\"tag\":\"t01\"}");
    send_batch(f);
    assert_answer(f, FAILURES(FAILED("m1")));
    f->broken_operation = NULL;
    f->clock.wall_ms += 60000;
    begin_batch(f);
    add_message(f, "m1", "{\"service\":\"web\",\"tag\":\"t01\"}");
    send_batch(f);
    assert_runs(f, "web", 41);
    assert_int_equal(f->ecs.registers, 2);
    assert_int_equal(f->ecs.revisions[f->ecs.n_revisions - 1].revision, 41);
    struct view tags = f->ecs.revisions[f->ecs.n_revisions - 1].tags;
    assert_non_null(strstr(arena_printf(&f->model, VIEW_FMT, VIEW_ARG(tags)).data,
                           "\"slipway:event-time\",\"value\":\"2026-11-20T22:39:05Z\""));
}

/* One message twice, the first time cut off behind the restart: the same change, once. */
static void a_bare_restart_is_made_once(void **state) {
    struct fixture *f = *state;
    for (int round = 0; round < 2; round++) {
        begin_batch(f);
        add_message(f, "m1", "{\"service\":\"api\"}");
        send_batch(f);
        assert_answer(f, FAILURES());
        f->clock.wall_ms += 60000;
    }
    assert_int_equal(f->ecs.forced, 1);
}

/* ---- arrays ---- */

/* Lambda delivers all of it again: what was done is found done. */
static void an_array_of_which_one_fails(void **state) {
    struct fixture *f = *state;
    static const char payload[] = "[" DEPLOY("e1", "api", "t01") "," DEPLOY(
        "e2", "web", "t02") "," DEPLOY("e3", "x", "t01") "]";
    f->broken_operation = "UpdateService";
    f->broken_service = "web";
    assert_int_equal(invoke(f, view_of(payload)), -1);
    assert_string_equal(err_name(f->err.code), "Throttled");
    assert_runs(f, "api", 41);
    f->broken_operation = NULL;
    assert_int_equal(invoke(f, view_of(payload)), 0);
    assert_runs(f, "api", 41);
    assert_runs(f, "web", 41);
    assert_int_equal(f->ecs.registers, 2);
    assert_int_equal(f->ecs.updates, 2);
    assert_non_null(strstr(buf_cstr(&f->response), "\"status\":\"unchanged\""));
    assert_non_null(strstr(buf_cstr(&f->response), "\"status\":\"deployed\""));
    assert_non_null(strstr(buf_cstr(&f->response), "\"status\":\"refused\""));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(all_go_well),
        TEST(what_failed_is_named),
        TEST(facts_that_fail),
        TEST(what_is_refused_is_done_with),
        TEST(duplicates_are_done_once),
        TEST(a_burst_is_one_restart),
        TEST(a_burst_that_fails),
        TEST(too_many_messages),
        TEST(a_bare_detail),
        TEST(a_bare_restart_is_made_once),
        TEST(an_array_of_which_one_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
