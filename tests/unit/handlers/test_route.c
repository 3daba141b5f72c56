#include "handlers/route.h"

#include "runtime/base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
/* 2026-11-20T22:40:00Z; the events are of a minute before. */
#define NOW_MS 1795214400000
#define TIME_MS 1795214344000
#define EVENT(source, detail_type, detail)                                                         \
    "{\"version\":\"0\",\"id\":\"5f0c-1\",\"detail-type\":\"" detail_type                          \
    "\",\"source\":\"" source                                                                      \
    "\",\"account\":\"222222222222\",\"time\":\"2026-11-20T22:39:04Z\",\"region\":\"us-east-1\","  \
    "\"resources\":[],\"detail\":" detail "}"
#define DETAIL "{\"service\":\"backend\",\"tag\":\"git-abc123f\"}"

struct fixture {
    struct arena arena;
    struct config config;
    struct route_context context;
    struct routed routed;
    struct err err;
};

static int set_up(void **state) {
    static struct fixture fixture;
    fixture = (struct fixture){
        .arena = ARENA_INIT((size_t)16 * 1024 * 1024),
        .config = {.project = VIEW("myproject"),
                   .env = VIEW("prod"),
                   .is_prod = true,
                   .region = VIEW("eu-west-1"),
                   .enable_manual = true},
    };
    fixture.context = (struct route_context){
        .config = &fixture.config,
        .own_account = VIEW("222222222222"),
        .request_id = VIEW("req-1"),
        .now_ms = NOW_MS,
    };
    *state = &fixture;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    arena_release(&f->arena);
    return 0;
}

static void assert_view(struct view v, const char *expected) {
    if (!view_equal(v, view_of(expected))) {
        fail_msg("got '" VIEW_FMT "', expected '%s'", VIEW_ARG(v), expected);
    }
}

static void send_view(struct fixture *f, struct view payload) {
    err_init(&f->err);
    if (route(payload, &f->context, &f->arena, &f->routed, &f->err) != 0) {
        fail_msg("%s", f->err.message);
    }
}

/* The only trigger of a payload that is no array. */
static struct trigger *send(struct fixture *f, const char *payload) {
    send_view(f, view_of(payload));
    assert_int_equal(f->routed.n_triggers, 1);
    assert_false(f->routed.is_array);
    return &f->routed.triggers[0];
}

static struct trigger *accept(struct fixture *f, const char *payload) {
    struct trigger *trigger = send(f, payload);
    if (err_is_set(&trigger->refusal) || trigger->kind == TRIGGER_IGNORE) {
        fail_msg("%s: %s", payload, trigger->refusal.message);
    }
    return trigger;
}

static struct trigger *refuse(struct fixture *f, const char *payload, enum err_code code,
                              const char *message) {
    struct trigger *trigger = send(f, payload);
    if (trigger->refusal.code != code || strstr(trigger->refusal.message, message) == NULL) {
        fail_msg("%s: %s: %s", payload, err_name(trigger->refusal.code), trigger->refusal.message);
    }
    assert_true(strlen(trigger->refusal.remedy) > 0);
    assert_true(trigger->event_id.len > 0);
    return trigger;
}

static void ignore(struct fixture *f, const char *payload, const char *note) {
    struct trigger *trigger = send(f, payload);
    assert_false(err_is_set(&trigger->refusal));
    assert_int_equal(trigger->kind, TRIGGER_IGNORE);
    assert_view(trigger->note, note);
}

/* ---- what is obeyed ---- */

static void an_event_of_eventbridge(void **state) {
    struct fixture *f = *state;
    struct trigger *trigger = accept(f, EVENT("action.production", "DEPLOY", DETAIL));
    assert_int_equal(trigger->kind, TRIGGER_DEPLOY);
    assert_view(trigger->event_id, "5f0c-1");
    assert_int_equal(trigger->event_time_ms, TIME_MS);
    assert_view(trigger->service, "backend");
    assert_view(trigger->tag, "git-abc123f");
}

static void where_events_are_obeyed(void **state) {
    struct fixture *f = *state;
    static const struct {
        const char *env;
        bool is_prod;
        const char *source; /* "x" stands for an event of it */
        bool obeyed;
    } cases[] = {
        {"prod", true, "action.production", true},
        {"prod", true, "action.prod", true},
        {"prod", true, "action.deploy", true},
        {"prod", true, "action.dev", false},
        {"production", true, "action.production", true},
        {"production", true, "action.prod", false},
        {"dev", false, "action.production", false},
        {"dev", false, "action.dev", true},
        {"dev", false, "action.deploy", true},
        {"dev", false, "action.dev2", false},
        {"dev", false, "action.de", false},
        {"dev", false, "action.Dev", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char payload[600];
        f->config.env = view_of(cases[i].env);
        f->config.is_prod = cases[i].is_prod;
        snprintf(payload, sizeof(payload),
                 "{\"source\":\"%s\",\"detail-type\":\"DEPLOY\",\"detail\":" DETAIL "}",
                 cases[i].source);
        struct trigger *trigger = send(f, payload);
        assert_false(err_is_set(&trigger->refusal));
        if ((trigger->kind != TRIGGER_IGNORE) != cases[i].obeyed) {
            fail_msg("'%s' in '%s'", cases[i].source, cases[i].env);
        }
    }
}

static void another_environment_says_why(void **state) {
    struct fixture *f = *state;
    ignore(f, EVENT("action.dev", "DEPLOY", DETAIL),
           "'action.dev' is obeyed in the environment that it names, and this is 'prod'");
    f->config.is_prod = false;
    f->config.env = VIEW("dev");
    ignore(f, EVENT("action.production", "DEPLOY", DETAIL),
           "'action.production' is obeyed in prod, and this is 'dev'");
    /* Whatever its detail is: it is not for us to judge. */
    ignore(f, EVENT("action.production", "DEPLOY", "{\"x\":1}"),
           "'action.production' is obeyed in prod, and this is 'dev'");
}

static void switched_off(void **state) {
    struct fixture *f = *state;
    f->config.enable_manual = false;
    ignore(f, EVENT("action.production", "DEPLOY", DETAIL), "switched off by ENABLE_MANUAL_DEPLOY");
    ignore(f, DETAIL, "switched off by ENABLE_MANUAL_DEPLOY");
}

static void a_detail_alone(void **state) {
    struct fixture *f = *state;
    struct trigger *trigger = accept(f, DETAIL);
    assert_view(trigger->event_id, "req-1");
    assert_int_equal(trigger->event_time_ms, NOW_MS);
    assert_view(trigger->service, "backend");
    /* Its own members are told from an envelope's. */
    refuse(f, "{\"service\":\"a\",\"source\":\"ci\"}", ERR_EVENT_MALFORMED,
           "detail.source: unknown");
}

static void an_event_handed_over_directly(void **state) {
    struct fixture *f = *state;
    f->context.own_account = (struct view){0};
    struct trigger *trigger = accept(
        f, "{\"source\":\"action.deploy\",\"detail-type\":\"DEPLOY\",\"detail\":" DETAIL "}");
    assert_view(trigger->event_id, "req-1");
    assert_int_equal(trigger->event_time_ms, NOW_MS);
}

static void an_id_is_never_empty(void **state) {
    struct fixture *f = *state;
    f->context.request_id = (struct view){0};
    assert_view(accept(f, DETAIL)->event_id, "direct-1795214400000");
    f->context.request_id = VIEW("a b\n");
    assert_view(accept(f, DETAIL)->event_id, "direct-1795214400000");
}

static void arrays(void **state) {
    struct fixture *f = *state;
    send_view(f, VIEW("[" EVENT("action.production", "DEPLOY",
                                DETAIL) "," DETAIL "," DETAIL
                                        ",\"x\",[],{}," EVENT("action.dev", "DEPLOY", DETAIL) "]"));
    struct trigger *t = f->routed.triggers;
    assert_true(f->routed.is_array);
    assert_int_equal(f->routed.n_triggers, 7);
    assert_view(t[0].event_id, "5f0c-1");
    /* Two elements without an id are two events. */
    assert_view(t[1].event_id, "req-1/1");
    assert_view(t[2].event_id, "req-1/2");
    assert_view(t[2].service, "backend");
    assert_string_equal(t[3].refusal.message, "expected an event, got string");
    assert_string_equal(t[4].refusal.message, "expected an event, got array");
    assert_int_equal(t[5].refusal.code, ERR_EVENT_MALFORMED);
    assert_int_equal(t[6].kind, TRIGGER_IGNORE);
    send_view(f, VIEW("[]"));
    assert_true(f->routed.is_array);
    assert_int_equal(f->routed.n_triggers, 0);
}

static void too_many_events(void **state) {
    struct fixture *f = *state;
    char payload[4 * (ROUTE_MAX_EVENTS + 2)] = "[";
    for (size_t i = 0; i < ROUTE_MAX_EVENTS; i++) {
        strcat(payload, i > 0 ? ",{}" : "{}");
    }
    strcat(payload, "]");
    send_view(f, view_of(payload));
    assert_int_equal(f->routed.n_triggers, ROUTE_MAX_EVENTS);
    strcpy(payload + strlen(payload) - 1, ",{}]");
    send_view(f, view_of(payload));
    assert_int_equal(f->routed.n_triggers, 1);
    assert_true(f->routed.is_array);
    assert_string_equal(f->routed.triggers[0].refusal.message,
                        "the array has 101 events, more than 100");
}

/* ---- time ---- */

static void times(void **state) {
    struct fixture *f = *state;
    static const struct {
        const char *time;
        int64_t expected_ms;
    } cases[] = {
        {"2026-11-20T22:39:04Z", TIME_MS},
        {"2026-11-20T22:39:04.250Z", TIME_MS + 250},
        {"2026-11-20T23:39:04+01:00", TIME_MS},
        {"1970-01-01T00:00:00Z", 0},
        /* A sender's clock ahead of ours, by little or by much. */
        {"2026-11-20T22:40:01Z", NOW_MS},
        {"2036-11-20T22:39:04Z", NOW_MS},
        {"9999-12-31T23:59:59Z", NOW_MS},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char payload[300];
        snprintf(payload, sizeof(payload),
                 "{\"source\":\"action.deploy\",\"detail-type\":\"DEPLOY\",\"time\":\"%s\","
                 "\"detail\":" DETAIL "}",
                 cases[i].time);
        assert_int_equal(accept(f, payload)->event_time_ms, cases[i].expected_ms);
    }
    static const char *const wrong[] = {
        "", "yesterday", "2026-11-20", "2026-11-20T22:39:04", "2026-13-20T22:39:04Z", "1795214344"};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        char payload[300];
        snprintf(payload, sizeof(payload),
                 "{\"source\":\"action.deploy\",\"detail-type\":\"DEPLOY\",\"time\":\"%s\","
                 "\"detail\":" DETAIL "}",
                 wrong[i]);
        refuse(f, payload, ERR_EVENT_MALFORMED, "time: expected a time like");
    }
}

/* ---- accounts ---- */

static void accounts(void **state) {
    struct fixture *f = *state;
    const char *own = EVENT("action.production", "DEPLOY", DETAIL);
    struct view allowed[] = {VIEW("333333333333"), VIEW("444444444444")};
    f->context.own_account = VIEW("555555555555");
    struct trigger *trigger = refuse(f, own, ERR_ACCOUNT_NOT_ALLOWED,
                                     "account '222222222222' is not allowed; allowed: "
                                     "555555555555");
    assert_view(trigger->event_id, "5f0c-1");
    assert_view(trigger->service, "backend");
    f->context.own_account = VIEW("222222222222");
    accept(f, own);
    /* A list replaces the own account. */
    f->config.allowed_accounts = allowed;
    f->config.n_allowed_accounts = 2;
    refuse(f, own, ERR_ACCOUNT_NOT_ALLOWED, "allowed: 333333333333, 444444444444");
    allowed[1] = VIEW("222222222222");
    accept(f, own);
    /* Nobody knows whose function this is. */
    f->context.own_account = (struct view){0};
    f->config.n_allowed_accounts = 0;
    refuse(f, own, ERR_ACCOUNT_NOT_ALLOWED, "no account is");
}

/* ---- bad input ---- */

static void what_is_not_json(void **state) {
    struct fixture *f = *state;
    static const struct {
        const char *payload, *message;
    } cases[] = {
        {"", "the event is empty"},
        {" \n\t", "the event is empty"},
        {"DEPLOY backend", "'event' is not valid JSON: "},
        {"{\"service\":\"backend\"", "'event' is not valid JSON: "},
        {"{\"service\":\"back", "'event' is not valid JSON: "},
        {"{\"service\":\"a\"}{", "'event' is not valid JSON: "},
        {"{'service':'a'}", "'event' is not valid JSON: "},
        {"{\"service\":\"a\",\"service\":\"b\"}", "'event' is not accepted: "},
        {"{\"service\":\"\xff\"}", "'event' is not valid JSON: "},
        {"42", "expected an event, got number"},
        {"null", "expected an event, got null"},
        {"\"{}\"", "expected an event, got string"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct trigger *trigger =
            refuse(f, cases[i].payload, ERR_EVENT_MALFORMED, cases[i].message);
        assert_view(trigger->event_id, "req-1");
        assert_non_null(strstr(trigger->refusal.remedy, "send an EventBridge event"));
    }
    send_view(f, (struct view){0});
    assert_int_equal(f->routed.triggers[0].refusal.code, ERR_EVENT_MALFORMED);
}

/* Every prefix of an event is refused, and none is obeyed. */
static void truncated_anywhere(void **state) {
    struct fixture *f = *state;
    static const char whole[] = EVENT("action.production", "DEPLOY", DETAIL);
    for (size_t len = 0; len < strlen(whole); len++) {
        send_view(f, (struct view){whole, len});
        assert_int_equal(f->routed.n_triggers, 1);
        assert_int_equal(f->routed.triggers[0].refusal.code, ERR_EVENT_MALFORMED);
    }
}

static void twenty_levels_deep(void **state) {
    struct fixture *f = *state;
    refuse(f, "{\"service\":\"a\",\"tag\":[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]}",
           ERR_EVENT_MALFORMED, "nested deeper than 16 levels");
}

/* `head`, then `middle` over and over, then `tail`: `len` bytes in all. */
static char *fill(size_t len, const char *head, const char *middle, const char *tail) {
    char *payload = malloc(len);
    assert_non_null(payload);
    size_t n_middle = strlen(middle);
    for (size_t i = 0; i < len; i++) {
        payload[i] = middle[i % n_middle];
    }
    memcpy(payload, head, strlen(head));
    memcpy(payload + len - strlen(tail), tail, strlen(tail));
    return payload;
}

/* Lambda hands over no more than six megabytes: a large event is no bad one, and what is carried
 * along of it is small. */
static void six_megabytes(void **state) {
    struct fixture *f = *state;
    const size_t len = (size_t)6 * 1024 * 1024;
    char *payload = fill(len, "{\"service\":\"a\",\"tag\":\"v1\",\"reason\":\"", "x", "\"}");
    send_view(f, (struct view){payload, len});
    struct trigger *trigger = &f->routed.triggers[0];
    assert_false(err_is_set(&trigger->refusal));
    assert_view(trigger->tag, "v1");
    assert_int_equal(trigger->reason.len, 1024);
    /* Cut short on the way, it is one. */
    send_view(f, (struct view){payload, len - 1});
    assert_int_equal(f->routed.triggers[0].refusal.code, ERR_EVENT_MALFORMED);
    free(payload);
}

static void more_than_six_megabytes(void **state) {
    struct fixture *f = *state;
    char *payload = fill(ROUTE_MAX_BYTES + 1, "{\"service\":\"", "x", "\"}");
    send_view(f, (struct view){payload, ROUTE_MAX_BYTES + 1});
    assert_non_null(
        strstr(f->routed.triggers[0].refusal.message, "6291557 bytes, more than 6291556"));
    assert_true(f->arena.used_bytes < 16384);
    free(payload);
}

/* Valid JSON that would take half a gigabyte once parsed. */
static void six_megabytes_of_values(void **state) {
    struct fixture *f = *state;
    const size_t len = (size_t)6 * 1024 * 1024;
    char *payload = fill(len, "[", "0,", "0]");
    send_view(f, (struct view){payload, len});
    assert_string_equal(f->routed.triggers[0].refusal.message,
                        "the event has more than 50000 values");
    assert_true(f->arena.used_bytes < 16384);
    free(payload);
}

static void envelopes_are_checked(void **state) {
    struct fixture *f = *state;
    static const struct {
        const char *payload, *message;
    } cases[] = {
        {"{\"detail\":{}}", "source: expected string, got nothing"},
        {"{\"source\":\"action.deploy\",\"detail\":{}}",
         "detail-type: expected string, got nothing"},
        {"{\"source\":\"action.deploy\",\"detail-type\":\"DEPLOY\"}",
         "detail: expected object, got nothing"},
        {"{\"source\":[],\"detail-type\":\"DEPLOY\",\"detail\":{}}",
         "source: expected string, got array"},
        {"{\"source\":\"a\",\"detail-type\":7,\"detail\":{}}",
         "detail-type: expected string, got number"},
        {"{\"source\":\"a\",\"detail-type\":\"DEPLOY\",\"detail\":null}",
         "detail: expected object, got nothing"},
        {"{\"source\":\"a\",\"detail-type\":\"DEPLOY\",\"detail\":[{}]}",
         "detail: expected object, got array"},
        {"{\"source\":\"a\",\"detail-type\":\"DEPLOY\",\"detail\":{},\"id\":5}",
         "id: expected string, got number"},
        {"{\"source\":\"a\",\"detail-type\":\"DEPLOY\",\"detail\":{},\"id\":\"\"}",
         "id: expected 1 to 128 letters"},
        {"{\"source\":\"a\",\"detail-type\":\"DEPLOY\",\"detail\":{},\"id\":\"a b\"}",
         "id: expected 1 to 128 letters"},
        {"{\"source\":\"a\",\"detail-type\":\"DEPLOY\",\"detail\":{},\"id\":\"a\\nb\"}",
         "id: expected 1 to 128 letters"},
        {"{\"source\":\"a\",\"detail-type\":\"DEPLOY\",\"detail\":{},\"account\":\"prod\"}",
         "account: expected 12 digits"},
        {"{\"source\":\"a\",\"detail-type\":\"DEPLOY\",\"detail\":{},\"account\":\"\"}",
         "account: expected 12 digits"},
        {"{\"source\":\"a\",\"detail-type\":\"DEPLOY\",\"detail\":{},\"account\":222222222222}",
         "account: expected string, got number"},
        {"{\"source\":\"a\",\"detail-type\":\"DEPLOY\",\"detail\":{},\"resources\":\"x\"}",
         "resources: expected array, got string"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        refuse(f, cases[i].payload, ERR_EVENT_MALFORMED, cases[i].message);
    }
}

static void a_detail_that_is_a_string_of_json(void **state) {
    struct fixture *f = *state;
    struct trigger *trigger =
        refuse(f, EVENT("action.production", "DEPLOY", "\"{\\\"service\\\":\\\"backend\\\"}\""),
               ERR_EVENT_MALFORMED, "detail: expected object, got string");
    assert_string_equal(trigger->refusal.remedy,
                        "send detail as an object, not as a string that holds JSON");
    assert_view(trigger->event_id, "5f0c-1");
}

static void bad_details_are_refused_with_the_events_id(void **state) {
    struct fixture *f = *state;
    struct trigger *trigger =
        refuse(f, EVENT("action.production", "DEPLOY", "{\"service\":[\"backend\"]}"),
               ERR_EVENT_MALFORMED, "detail.service: expected string, got array");
    assert_view(trigger->event_id, "5f0c-1");
    assert_int_equal(trigger->event_time_ms, TIME_MS);
    refuse(f, EVENT("action.production", "DEPLOY", "{\"service\":\"a\",\"tag\":\"v1\\n\"}"),
           ERR_TAG_INVALID, "0x0a cannot be byte 2 of a tag");
    refuse(f,
           EVENT("action.production", "DEPLOY",
                 "{\"service\":\"a\",\"task_definition\":"
                 "\"arn:aws:ecs:eu-west-1:333333333333:task-definition/f:1\"}"),
           ERR_FAMILY_MISMATCH, "the revision is of account '333333333333'");
}

static void other_events_are_not_supported(void **state) {
    struct fixture *f = *state;
    static const char *const payloads[] = {
        EVENT("aws.ecr", "ECR Image Action", "{\"action-type\":\"PUSH\",\"result\":\"SUCCESS\"}"),
        EVENT("aws.ssm", "Parameter Store Change", "{}"),
        EVENT("aws.s3", "Object Created", "{}"),
        EVENT("aws.ecs", "ECS Deployment State Change", "{}"),
        EVENT("github.actions", "Deployment Ready", "{}"),
        EVENT("action.production", "ROLLBACK", "{\"service\":\"backend\"}"),
        EVENT("action.production", "deploy", DETAIL),
        EVENT("action", "DEPLOY", DETAIL),
        EVENT("action.", "DEPLOY", DETAIL),
        EVENT("xaction.production", "DEPLOY", DETAIL),
        EVENT("", "", "{}"),
    };
    for (size_t i = 0; i < COUNT(payloads); i++) {
        struct trigger *trigger =
            refuse(f, payloads[i], ERR_EVENT_UNSUPPORTED,
                   "supported: DEPLOY from action.production, DEPLOY from action.deploy, DEPLOY "
                   "from action.prod");
        assert_non_null(strstr(trigger->refusal.message, "is not supported by this version"));
    }
    refuse(f, "{\"Records\":[{\"body\":\"{}\"}]}", ERR_EVENT_UNSUPPORTED,
           "a batch of Records is not supported by this version");
}

static void what_is_no_event_names_what_came(void **state) {
    struct fixture *f = *state;
    refuse(f, "{}", ERR_EVENT_MALFORMED, "its members: none");
    refuse(f, "{\"Source\":\"action.deploy\",\"DetailType\":\"DEPLOY\",\"Detail\":\"{}\"}",
           ERR_EVENT_MALFORMED, "its members: Source, DetailType, Detail");
    refuse(f,
           "{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1,\"j\":1,"
           "\"k\":1}",
           ERR_EVENT_MALFORMED, "its members: a, b, c, d, e, f, g, h, i, j");
}

static void memory_can_run_out(void **state) {
    struct fixture *f = *state;
    static const char *const payloads[] = {
        EVENT("action.production", "DEPLOY", DETAIL),
        DETAIL,
        "[" DETAIL ",{}]",
        "{}",
        "x",
        EVENT("aws.ecr", "x", "{}"),
        EVENT("action.dev", "DEPLOY", "{}"),
    };
    for (size_t i = 0; i < COUNT(payloads); i++) {
        bool routed = false;
        for (size_t limit = 0; limit < 16384 && !routed; limit += 64) {
            struct arena arena ARENA_AUTO = ARENA_INIT(limit);
            err_init(&f->err);
            routed = route(view_of(payloads[i]), &f->context, &arena, &f->routed, &f->err) == 0;
            if (!routed) {
                assert_int_equal(f->err.code, ERR_OUT_OF_MEMORY);
            }
        }
        assert_true(routed);
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(an_event_of_eventbridge),
        TEST(where_events_are_obeyed),
        TEST(another_environment_says_why),
        TEST(switched_off),
        TEST(a_detail_alone),
        TEST(an_event_handed_over_directly),
        TEST(an_id_is_never_empty),
        TEST(arrays),
        TEST(too_many_events),
        TEST(times),
        TEST(accounts),
        TEST(what_is_not_json),
        TEST(truncated_anywhere),
        TEST(twenty_levels_deep),
        TEST(six_megabytes),
        TEST(more_than_six_megabytes),
        TEST(six_megabytes_of_values),
        TEST(envelopes_are_checked),
        TEST(a_detail_that_is_a_string_of_json),
        TEST(bad_details_are_refused_with_the_events_id),
        TEST(other_events_are_not_supported),
        TEST(what_is_no_event_names_what_came),
        TEST(memory_can_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
