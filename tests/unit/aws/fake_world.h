#ifndef SLIPWAY_TESTS_UNIT_AWS_FAKE_WORLD_H
#define SLIPWAY_TESTS_UNIT_AWS_FAKE_WORLD_H

/*
 * A network that answers what it was told to and writes down what it was asked, and a clock that
 * moves only when somebody sleeps or a test moves it.
 */

#include "runtime/base/buf.h"
#include "runtime/base/clock.h"
#include "runtime/http/http.h"

#include <string.h>

#define FAKE_NOW_MS 1795214344000 /* 2026-11-20T22:39:04Z */
#define FAKE_MAX_ANSWERS 16

struct fake_answer {
    enum http_outcome outcome;
    int status;
    const char *body;
};

struct fake_world {
    struct http http;
    struct clock clock;
    int64_t wall_ms;
    int64_t monotonic_ms;
    struct fake_answer answers[FAKE_MAX_ANSWERS]; /* in order; then nothing but refusals */
    size_t n_answers, n_asked;
    bool times_out; /* when nothing is left to answer with: says so, instead of "cannot connect" */
    struct buf asked; /* "METHOD url\nname: value\n…\nbody\n\n" of each request */
    struct http_exchange *under_way;
};

static inline int64_t fake_wall(void *state) {
    return ((struct fake_world *)state)->wall_ms;
}
static inline int64_t fake_monotonic(void *state) {
    return ((struct fake_world *)state)->monotonic_ms;
}
static inline void fake_sleep(void *state, int64_t duration_ms) {
    struct fake_world *world = state;
    world->wall_ms += duration_ms;
    world->monotonic_ms += duration_ms;
}
static inline uint64_t fake_random(void *state) {
    (void)state;
    return 0;
}

static inline int fake_start(void *state, struct http_exchange *exchange, struct err *err) {
    struct fake_world *world = state;
    (void)err;
    buf_appendf(&world->asked, "%s %s\n", exchange->method, exchange->url);
    for (size_t i = 0; i < exchange->n_headers; i++) {
        buf_append(&world->asked, exchange->headers[i].name);
        buf_append_str(&world->asked, ": ");
        buf_append(&world->asked, exchange->headers[i].value);
        buf_append_char(&world->asked, '\n');
    }
    buf_append(&world->asked, exchange->body);
    buf_append_str(&world->asked, "\n\n");
    world->under_way = exchange;
    return 0;
}

static inline struct http_exchange *fake_wait(void *state, int64_t timeout_ms) {
    struct fake_world *world = state;
    struct http_exchange *exchange = world->under_way;
    if (!exchange) {
        if (timeout_ms > 0) {
            fake_sleep(world, timeout_ms);
        }
        return NULL;
    }
    static const struct fake_answer nobody = {.outcome = HTTP_NOT_SENT};
    const struct fake_answer *answer =
        world->n_asked < world->n_answers ? &world->answers[world->n_asked] : &nobody;
    world->n_asked++;
    world->under_way = NULL;
    exchange->outcome = answer->outcome;
    exchange->status = answer->status;
    if (answer->outcome == HTTP_OK) {
        buf_append_str(&exchange->body_in, answer->body);
    } else {
        (void)err_set(&exchange->err,
                      world->times_out ? ERR_DEADLINE_EXCEEDED : ERR_AWS_UNAVAILABLE,
                      "cannot connect");
    }
    return exchange;
}

static inline void fake_cancel(void *state, struct http_exchange *exchange) {
    struct fake_world *world = state;
    if (world->under_way == exchange) {
        world->under_way = NULL;
    }
}

static inline void fake_warm(void *state, const char *const *urls, size_t n, int64_t timeout_ms) {
    (void)state;
    (void)urls;
    (void)n;
    (void)timeout_ms;
}

static inline void fake_world_init(struct fake_world *world) {
    static const struct http_ops ops = {fake_start, fake_wait, fake_cancel, fake_warm};
    memset(world, 0, sizeof(*world));
    world->http = (struct http){&ops, world};
    world->clock = (struct clock){fake_wall, fake_monotonic, fake_sleep, fake_random, world};
    world->wall_ms = FAKE_NOW_MS;
    world->monotonic_ms = 1000;
    world->asked = BUF_INIT(1024 * 1024);
}

static inline void fake_world_release(struct fake_world *world) {
    buf_wipe(&world->asked);
}

static inline void fake_will_answer(struct fake_world *world, int status, const char *body) {
    world->answers[world->n_answers++] = (struct fake_answer){HTTP_OK, status, body};
}

static inline void fake_will_fail(struct fake_world *world, enum http_outcome outcome) {
    world->answers[world->n_answers++] = (struct fake_answer){.outcome = outcome};
}

#endif
