#ifndef SLIPWAY_TESTS_UNIT_HANDLERS_ROUTE_FIXTURE_H
#define SLIPWAY_TESTS_UNIT_HANDLERS_ROUTE_FIXTURE_H

/* What the tests of route.c share: payloads sent, and what is said of the triggers. */

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

static inline int set_up(void **state) {
    static struct fixture fixture;
    fixture = (struct fixture){
        .arena = ARENA_INIT((size_t)16 * 1024 * 1024),
        .config = {.project = VIEW("myproject"),
                   .env = VIEW("prod"),
                   .is_prod = true,
                   .region = VIEW("eu-west-1"),
                   .enable_manual = true,
                   .enable_ecr = true,
                   .enable_ssm = true,
                   .enable_s3 = true},
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

static inline int tear_down(void **state) {
    struct fixture *f = *state;
    arena_release(&f->arena);
    return 0;
}

static inline void assert_view(struct view v, const char *expected) {
    if (!view_equal(v, view_of(expected))) {
        fail_msg("got '" VIEW_FMT "', expected '%s'", VIEW_ARG(v), expected);
    }
}

static inline void send_view(struct fixture *f, struct view payload) {
    err_init(&f->err);
    if (route(payload, &f->context, &f->arena, &f->routed, &f->err) != 0) {
        fail_msg("%s", f->err.message);
    }
}

/* The only trigger of a payload that is no array. */
static inline struct trigger *send(struct fixture *f, const char *payload) {
    send_view(f, view_of(payload));
    assert_int_equal(f->routed.n_triggers, 1);
    assert_int_equal(f->routed.shape, PAYLOAD_EVENT);
    return &f->routed.triggers[0];
}

static inline struct trigger *accept(struct fixture *f, const char *payload) {
    struct trigger *trigger = send(f, payload);
    if (err_is_set(&trigger->refusal) || trigger->kind == TRIGGER_IGNORE) {
        fail_msg("%s: %s", payload, trigger->refusal.message);
    }
    return trigger;
}

static inline struct trigger *refuse(struct fixture *f, const char *payload, enum err_code code,
                                     const char *message) {
    struct trigger *trigger = send(f, payload);
    if (trigger->refusal.code != code || strstr(trigger->refusal.message, message) == NULL) {
        fail_msg("%s: %s: %s", payload, err_name(trigger->refusal.code), trigger->refusal.message);
    }
    assert_true(strlen(trigger->refusal.remedy) > 0);
    assert_true(trigger->event_id.len > 0);
    return trigger;
}

static inline void ignore(struct fixture *f, const char *payload, const char *note) {
    struct trigger *trigger = send(f, payload);
    assert_false(err_is_set(&trigger->refusal));
    assert_int_equal(trigger->kind, TRIGGER_IGNORE);
    assert_view(trigger->note, note);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

#endif
