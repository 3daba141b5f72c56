#include "tests/unit/handlers/route_fixture.h"

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
    assert_true(f->routed.shape == PAYLOAD_ARRAY);
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
    assert_true(f->routed.shape == PAYLOAD_ARRAY);
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
    assert_true(f->routed.shape == PAYLOAD_ARRAY);
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
