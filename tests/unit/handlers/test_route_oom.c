/* Each allocation of route() fails once, and once from there on: it ends in OutOfMemory, or the
 * triggers are what they are with memory, but for the words of a refusal. */

#include "handlers/route.h"

#include "tests/unit/base/oom.h"
#include "tests/unit/base/oom_arena.h"
#include "tests/unit/base/oom_cjson.h"
#include "tests/unit/handlers/table_environment.h"

/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define FROM(source, detail)                                                                       \
    "{\"id\":\"e1\",\"detail-type\":\"DEPLOY\",\"source\":\"" source "\","                         \
    "\"account\":\"222222222222\",\"time\":\"2026-11-20T22:39:00Z\",\"detail\":" detail "}"
#define DEPLOY                                                                                     \
    "{\"service\":\"backend\",\"tag\":\"git-1\",\"digest\":\"sha256:"                              \
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\",\"reason\":\"r\","         \
    "\"dry_run\":true,\"force\":true,\"commit\":\"c\"}"

static const char *const payloads[] = {
    FROM("action.production", DEPLOY),
    FROM("action.deploy", "{\"service\":\"api\",\"task_definition\":\"f:42\"}"),
    FROM("action.dev", DEPLOY),
    FROM("aws.ecr", "{}"),
    FROM("action.deploy", "{\"service\":\"api\",\"image_tag\":\"git-1\"}"),
    FROM("action.deploy", "{\"service\":\"api\",\"tag\":\"a b\"}"),
    FROM("action.deploy", "{\"service\":\"api\",\"tag\":null}"),
    "{\"source\":\"action.deploy\",\"detail-type\":\"DEPLOY\",\"account\":\"333333333333\","
    "\"detail\":" DEPLOY "}",
    "[{\"service\":\"api\"},7,{\"Records\":[]}," FROM("action.prod", DEPLOY) "]",
    "{\"serv\\u0069ce\":\"api\",\"tag\":\"git-\\u0031\"}",
    "{",
    "{\"a\":1,\"b\":2}",
    "",
};
#define N_PAYLOADS (sizeof(payloads) / sizeof(payloads[0]))

static int route_once(const struct config *config, const char *payload, struct arena *arena,
                      struct routed *ret_routed, struct err *err) {
    const struct route_context context = {
        .config = config,
        .own_account = VIEW("222222222222"),
        .request_id = VIEW("request-1"),
        .now_ms = INT64_C(1795214344000),
    };
    err_init(err);
    return route(view_of(payload), &context, arena, ret_routed, err);
}

static void assert_same_view(struct view a, struct view b) {
    assert_true(view_equal(a, b));
}

static void assert_same(const struct routed *a, const struct routed *b) {
    assert_int_equal(a->n_triggers, b->n_triggers);
    assert_int_equal(a->shape, b->shape);
    for (size_t i = 0; i < a->n_triggers; i++) {
        const struct trigger *x = &a->triggers[i], *y = &b->triggers[i];
        assert_int_equal(x->kind, y->kind);
        assert_int_equal(x->refusal.code, y->refusal.code);
        assert_int_equal(x->event_time_ms, y->event_time_ms);
        assert_int_equal(x->dry_run, y->dry_run);
        assert_int_equal(x->force, y->force);
        assert_same_view(x->event_id, y->event_id);
        assert_same_view(x->service, y->service);
        assert_same_view(x->tag, y->tag);
        assert_same_view(x->digest, y->digest);
        assert_same_view(x->task_definition, y->task_definition);
        assert_same_view(x->reason, y->reason);
        assert_same_view(x->note, y->note);
    }
}

/* The number of allocations that were made to fail. */
static size_t exhaust_payload(const struct config *config, const char *payload,
                              void (*arm)(size_t)) {
    struct arena expected_arena ARENA_AUTO = ARENA_INIT((size_t)1024 * 1024);
    struct routed expected;
    struct err err;
    assert_int_equal(route_once(config, payload, &expected_arena, &expected, &err), 0);
    OOM_FOR_EACH(n) {
        struct arena arena ARENA_AUTO = ARENA_INIT((size_t)1024 * 1024);
        struct routed routed;
        arm(n);
        int rc = route_once(config, payload, &arena, &routed, &err);
        bool failed = oom_disarm();
        if (rc == 0) {
            assert_same(&routed, &expected);
        } else {
            assert_int_equal(err.code, ERR_OUT_OF_MEMORY);
        }
        if (!failed) {
            return n - 1;
        }
    }
    return 0;
}

static void exhaust(void (*arm)(size_t)) {
    const struct environment env =
        TABLE_ENVIRONMENT("PROJECT_NAME", "shop", "PROJECT_ENV", "prod", "AWS_REGION", "eu-west-1");
    struct arena arena ARENA_AUTO = ARENA_INIT((size_t)1024 * 1024);
    struct config config;
    struct err err;
    err_init(&err);
    assert_int_equal(config_load(&env, &arena, &config, &err), 0);
    for (size_t i = 0; i < N_PAYLOADS; i++) {
        assert_true(exhaust_payload(&config, payloads[i], arm) >= 2);
    }
}

static void each_allocation_fails_once(void **state) {
    (void)state;
    exhaust(oom_arm);
}

static void all_fail_from_each_on(void **state) {
    (void)state;
    exhaust(oom_arm_from);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_allocation_fails_once),
        cmocka_unit_test(all_fail_from_each_on),
    };
    oom_hook_cjson();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
