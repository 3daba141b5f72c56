/*
 * Memory that ends at any moment of a deploy. The whole walk of an event, from its bytes to its
 * answer, over an ECS that keeps what it was told (fake_ecs.h): allocation N fails, for every N,
 * once and from there on. An answer to a request that was carried out may get lost for want of
 * memory, too.
 *
 * Whatever happens, nothing is reported that did not happen; and the same event again, with memory,
 * ends as if nothing had gone wrong: one new revision, and the service runs it.
 */

#include "handlers/handler.h"

#include "runtime/base/json.h"
#include "tests/unit/base/oom.h"
#include "tests/unit/base/oom_arena.h"
#include "tests/unit/base/oom_cjson.h"
#include "tests/unit/handlers/fake_ecs.h"
#include "tests/unit/handlers/table_environment.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define FAMILY "myproject_service_prod"
/* 2026-11-20T22:39:04Z */
#define NOW_MS INT64_C(1795214344000)

enum shortage { ONCE, FROM_THEN_ON };

/* ---- what goes on ---- */

struct world {
    struct arena model, process, invocation;
    struct fake_clock clock;
    struct fake_ecs ecs;
    struct fake_http http;
    struct http_ops ops;
    struct config config;
    struct aws *aws;
    struct handler handler;
    struct log log;
    struct buf response;
    struct err err;
    const char *meanwhile; /* registered right behind the next registration */
};

/* What the model itself allocates is no part of the test. */
static size_t quiet_begin(void) {
    size_t countdown = oom_countdown;
    oom_countdown = 0;
    return countdown;
}

static void quiet_end(size_t countdown) {
    oom_countdown = countdown;
}

/* Stands for all that a transport allocates before it sends anything. */
static int start(void *state, struct http_exchange *exchange, struct err *err) {
    if (oom_is_due()) {
        return err_out_of_memory(err, "an exchange");
    }
    return fake_http_start(state, exchange, err);
}

/* The request is carried out; whether its answer fits is another question. */
static void carry_out(void *state, struct http_exchange *exchange) {
    struct world *w = state;
    size_t countdown = quiet_begin();
    fake_ecs_answer(&w->ecs, exchange);
    if (w->meanwhile != NULL && w->ecs.registers > 0) {
        fake_add_revision(&w->ecs, view_of(w->meanwhile), 0);
        w->meanwhile = NULL;
    }
    quiet_end(countdown);
    if (oom_is_due()) {
        buf_release(&exchange->body_in);
        exchange->outcome = HTTP_NO_RESPONSE;
        exchange->n_response_headers = 0;
        (void)err_out_of_memory(&exchange->err, "a response");
    }
}

static void write_nothing(void *state, struct view line) {
    (void)state;
    (void)line;
}

static const char *const variables[] = {"PROJECT_NAME",
                                        "myproject",
                                        "PROJECT_ENV",
                                        "prod",
                                        "AWS_REGION",
                                        "us-east-1",
                                        "AWS_ACCOUNT_ID",
                                        "222222222222",
                                        "ECR_STRATEGY",
                                        "cross_account",
                                        "ECR_ACCOUNT_ID",
                                        "111111111111",
                                        "ECR_ACCOUNT_REGION",
                                        "us-east-1",
                                        "DEPLOY_TAGS",
                                        "v*,no-*",
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

static void world_init(struct world *w) {
    memset(w, 0, sizeof(*w));
    err_init(&w->err);
    w->model = ARENA_INIT((size_t)64 * 1024 * 1024);
    w->process = ARENA_INIT((size_t)1024 * 1024);
    w->invocation = ARENA_INIT((size_t)64 * 1024 * 1024);
    w->response = BUF_INIT((size_t)1024 * 1024);
    fake_clock_init(&w->clock, NOW_MS - 3600 * 1000);
    w->ecs = (struct fake_ecs){.arena = &w->model, .clock = &w->clock.clock};
    struct fake_revision *first = fake_add_revision(
        &w->ecs,
        VIEW("{\"family\":\"" FAMILY
             "\",\"containerDefinitions\":[{\"name\":\"app\",\"image\":\"" FAKE_REPO
             ":old\",\"cpu\":1.50}],\"tags\":[{\"key\":\"team\",\"value\":\"web\"}]}"),
        41);
    fake_add_service(&w->ecs, VIEW(FAMILY), first);
    w->clock.wall_ms = NOW_MS;
    fake_http_init(&w->http);
    w->ops = fake_http_ops;
    w->ops.start = start;
    w->http.http.ops = &w->ops;
    w->http.answer = carry_out;
    w->http.state = w;
    w->log = (struct log){
        .level = LOG_INFO, .format = LOG_JSON, .clock = &w->clock.clock, .write = write_nothing};
    const struct aws_options options = {.http = &w->http.http,
                                        .clock = &w->clock.clock,
                                        .env = &environment,
                                        .region = VIEW("us-east-1")};
    if (config_load(&environment, &w->process, &w->config, &w->err) != 0 ||
        aws_new(&options, &w->aws, &w->err) != 0) {
        fail_msg("%s", w->err.message);
    }
    w->handler = (struct handler){.config = &w->config, .aws = w->aws, .clock = &w->clock.clock};
}

static void world_release(struct world *w) {
    aws_free(w->aws);
    buf_release(&w->response);
    arena_release(&w->invocation);
    arena_release(&w->process);
    arena_release(&w->model);
}

static int invoke(struct world *w, const char *payload) {
    const struct lambda_invocation invocation = {
        .request_id = VIEW("request-1"),
        .function_arn = VIEW("arn:aws:lambda:us-east-1:222222222222:function:slipway"),
        .deadline_ms = w->clock.monotonic_ms + 30000,
        .payload = view_of(payload),
        .arena = &w->invocation,
        .log = &w->log,
    };
    arena_reset(&w->invocation);
    err_init(&w->err);
    buf_clear(&w->response);
    return handler_invoke(&w->handler, &invocation, &w->response, &w->err);
}

/* The status on top of the answer, of an array of them the first one's. */
static const char *status_of(const struct world *w) {
    static char status[32];
    const struct json_limits limits = {.max_bytes = (size_t)1024 * 1024, .max_depth = 16};
    struct json *root JSON_AUTO = NULL;
    struct err err;
    err_init(&err);
    if (json_parse(buf_view(&w->response), &limits, "answer", &root, &err) != 0) {
        fail_msg("%s: %s", err.message, buf_cstr(&w->response));
    }
    const struct json *one = json_type(root) == JSON_ARRAY ? json_first(root) : root;
    struct view text = json_string(json_get(one, "status"));
    snprintf(status, sizeof(status), VIEW_FMT, VIEW_ARG(text));
    return status;
}

static bool is(const char *a, const char *b) {
    return strcmp(a, b) == 0;
}

static bool runs(struct world *w, int64_t revision) {
    char arn[256];
    snprintf(arn, sizeof(arn), FAKE_ARN "task-definition/" FAMILY ":%lld", (long long)revision);
    return view_equal(w->ecs.services[0].task_definition, view_of(arn));
}

/* ---- the cases ---- */

struct deploy_case {
    const char *name;
    const char *payload;
    const char *status;     /* of an answer that is given */
    const char *again;      /* of the same event once more, when all went well before */
    int64_t runs;           /* the revision that runs in the end */
    size_t n_revisions;     /* that there are in the end */
    size_t n_deployments;   /* of the service */
    const char *registered; /* a revision that an earlier delivery has registered */
    const char *meanwhile;  /* one that another process registers at the same time */
};

#define EVENT(id, detail)                                                                          \
    "{\"id\":\"" id "\",\"detail-type\":\"DEPLOY\",\"source\":\"action.production\","              \
    "\"account\":\"222222222222\",\"time\":\"2026-11-20T22:39:00Z\",\"detail\":" detail "}"

#define REVISION_OF(event, time)                                                                   \
    "{\"family\":\"" FAMILY                                                                        \
    "\",\"containerDefinitions\":[{\"name\":\"app\",\"image\":\"" FAKE_REPO                        \
    "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcd07\"}],\"tags\":["      \
    "{\"key\":\"slipway:event-id\",\"value\":\"" event "\"},"                                      \
    "{\"key\":\"slipway:event-time\",\"value\":\"" time "\"},"                                     \
    "{\"key\":\"slipway:previous\",\"value\":\"" FAMILY ":41\"}]}"
#define DEPLOY "{\"service\":\"backend\",\"tag\":\"v07\",\"reason\":\"release\"}"

static const struct deploy_case cases[] = {
    {"deploy", EVENT("e1", DEPLOY), "deployed", "unchanged", 42, 2, 2, NULL, NULL},
    {"registered before", EVENT("e1", DEPLOY), "deployed", "unchanged", 42, 2, 2,
     REVISION_OF("e1", "2026-11-20T22:39:00Z"), NULL},
    {"a newer one meanwhile", EVENT("e1", DEPLOY), "superseded", "superseded", 43, 3, 3, NULL,
     REVISION_OF("e2", "2026-11-20T22:39:03Z")},
    {"restart", EVENT("e1", "{\"service\":\"backend\"}"), "restarted", "unchanged", 41, 1, 2, NULL,
     NULL},
    {"dry run", EVENT("e1", "{\"service\":\"backend\",\"tag\":\"v07\",\"dry_run\":true}"),
     "planned", "planned", 41, 1, 1, NULL, NULL},
    {"back", EVENT("e1", "{\"service\":\"backend\",\"task_definition\":\"" FAMILY ":42\"}"),
     "deployed", "unchanged", 42, 2, 2, REVISION_OF("e0", "2026-11-20T22:38:00Z"), NULL},
    {"no such image", EVENT("e1", "{\"service\":\"backend\",\"tag\":\"no-7\"}"), "refused",
     "refused", 41, 1, 1, NULL, NULL},
    {"not allowed", EVENT("e1", "{\"service\":\"backend\",\"tag\":\"latest\"}"), "refused",
     "refused", 41, 1, 1, NULL, NULL},
    {"array",
     "[" EVENT("e1", DEPLOY) ",{\"service\":7},"
                             "{\"service\":\"backend\",\"tag\":\"v08\",\"dry_run\":true}]",
     "deployed", "unchanged", 42, 2, 2, NULL, NULL},
};

#define FAIL(c, kind, n, ...)                                                                      \
    do {                                                                                           \
        print_error("%s, shortage %d at %zu: ", (c)->name, (int)(kind), (n));                      \
        fail_msg(__VA_ARGS__);                                                                     \
    } while (0)

/* What is told is true. */
static void check_told(const struct deploy_case *c, struct world *w, int rc, enum shortage kind,
                       size_t n) {
    /* An error document of AWS that could not be read is a failure as well, but tells no more. */
    bool is_unread = is(c->status, "refused") && w->err.code == ERR_BAD_RESPONSE;
    if (rc != 0 && w->err.code != ERR_OUT_OF_MEMORY && !is_unread) {
        FAIL(c, kind, n, "%s: %s", err_name(w->err.code), w->err.message);
    }
    if (rc == 0 && !is(status_of(w), c->status)) {
        FAIL(c, kind, n, "%s", buf_cstr(&w->response));
    }
    if (rc == 0 && (!runs(w, c->runs) || w->ecs.services[0].n_deployments != c->n_deployments)) {
        FAIL(c, kind, n, "not what ECS has: %s", buf_cstr(&w->response));
    }
}

/* The same event again. */
static void check_again(const struct deploy_case *c, struct world *w, int before,
                        enum shortage kind, size_t n) {
    int rc = invoke(w, c->payload);
    if (rc != 0) {
        FAIL(c, kind, n, "again: %s: %s", err_name(w->err.code), w->err.message);
    }
    const char *status = status_of(w);
    if (before == 0 ? !is(status, c->again) : !is(status, c->again) && !is(status, c->status)) {
        FAIL(c, kind, n, "again: %s", buf_cstr(&w->response));
    }
    if (!runs(w, c->runs) || w->ecs.n_revisions != c->n_revisions ||
        w->ecs.services[0].n_deployments != c->n_deployments) {
        FAIL(c, kind, n, "again: %zu revisions, %zu deployments: %s", w->ecs.n_revisions,
             w->ecs.services[0].n_deployments, buf_cstr(&w->response));
    }
}

/* False when memory sufficed. */
static bool run_case(const struct deploy_case *c, enum shortage kind, size_t n) {
    static struct world w;
    world_init(&w);
    if (c->registered != NULL) {
        fake_add_revision(&w.ecs, view_of(c->registered), 0);
    }
    w.meanwhile = c->meanwhile;
    kind == ONCE ? oom_arm(n) : oom_arm_from(n);
    int rc = invoke(&w, c->payload);
    bool failed = oom_disarm();
    check_told(c, &w, rc, kind, n);
    check_again(c, &w, rc, kind, n);
    world_release(&w);
    return failed;
}

static void every_allocation_fails(enum shortage kind) {
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t failures = 0;
        OOM_FOR_EACH(n) {
            if (!run_case(&cases[i], kind, n)) {
                break;
            }
            failures++;
        }
        assert_true(failures > 100);
    }
}

static void allocations_of_a_walk_fail_once(void **state) {
    (void)state;
    every_allocation_fails(ONCE);
}

static void allocations_of_a_walk_fail_from_each_on(void **state) {
    (void)state;
    every_allocation_fails(FROM_THEN_ON);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allocations_of_a_walk_fail_once),
        cmocka_unit_test(allocations_of_a_walk_fail_from_each_on),
    };
    oom_hook_cjson();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
