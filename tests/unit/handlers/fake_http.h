#ifndef SLIPWAY_TESTS_HANDLERS_FAKE_HTTP_H
#define SLIPWAY_TESTS_HANDLERS_FAKE_HTTP_H

/*
 * The http seam without a network: exchanges wait in order until somebody waits for one, and a
 * function of the test answers it. And a clock that only moves when somebody sleeps.
 */

#include "runtime/aws/credentials.h"
#include "runtime/base/clock.h"
#include "runtime/http/http.h"

#include <string.h>

#define FAKE_HTTP_MAX 256

struct fake_http {
    struct http http;
    struct http_exchange *pending[FAKE_HTTP_MAX];
    size_t n;
    size_t waves; /* round trips: calls that were under way together count once */
    /* Which of the pending ones ends next; NULL: the first. */
    size_t (*choose)(void *state, struct http_exchange **pending, size_t n);
    void (*answer)(void *state, struct http_exchange *exchange);
    void *state;
};

static inline int fake_http_start(void *state, struct http_exchange *exchange, struct err *err) {
    struct fake_http *fake = state;
    if (fake->n == FAKE_HTTP_MAX) {
        return err_set(err, ERR_OUT_OF_MEMORY, "too many exchanges for the fake");
    }
    fake->waves += fake->n == 0 ? 1 : 0;
    fake->pending[fake->n++] = exchange;
    return 0;
}

static inline void fake_http_remove(struct fake_http *fake, size_t i) {
    memmove(&fake->pending[i], &fake->pending[i + 1], (fake->n - i - 1) * sizeof(fake->pending[0]));
    fake->n--;
}

static inline struct http_exchange *fake_http_wait(void *state, int64_t timeout_ms) {
    struct fake_http *fake = state;
    (void)timeout_ms;
    if (fake->n == 0) {
        return NULL;
    }
    size_t i = fake->choose ? fake->choose(fake->state, fake->pending, fake->n) : 0;
    struct http_exchange *exchange = fake->pending[i];
    fake_http_remove(fake, i);
    fake->answer(fake->state, exchange);
    return exchange;
}

static inline void fake_http_cancel(void *state, struct http_exchange *exchange) {
    struct fake_http *fake = state;
    for (size_t i = 0; i < fake->n; i++) {
        if (fake->pending[i] == exchange) {
            fake_http_remove(fake, i);
            return;
        }
    }
}

static inline void fake_http_warm(void *state, const char *const *urls, size_t n,
                                  int64_t timeout_ms) {
    (void)state;
    (void)urls;
    (void)n;
    (void)timeout_ms;
}

static const struct http_ops fake_http_ops = {.start = fake_http_start,
                                              .wait = fake_http_wait,
                                              .cancel = fake_http_cancel,
                                              .warm = fake_http_warm};

static inline void fake_http_init(struct fake_http *fake) {
    fake->http = (struct http){.ops = &fake_http_ops, .state = fake};
}

/* A response. */
static inline void fake_respond(struct http_exchange *exchange, int status, struct view body) {
    exchange->outcome = HTTP_OK;
    exchange->status = status;
    buf_append(&exchange->body_in, body);
    exchange->response_headers[0] = (struct http_header){
        .name = VIEW("x-amzn-RequestId"), .value = VIEW("00000000-0000-4000-8000-000000000000")};
    exchange->response_headers[1] = (struct http_header){
        .name = VIEW("Content-Type"), .value = VIEW("application/x-amz-json-1.1")};
    exchange->n_response_headers = 2;
}

/* No response: the server may have seen the request (HTTP_NO_RESPONSE) or has not (_NOT_SENT). */
static inline void fake_break(struct http_exchange *exchange, enum http_outcome outcome) {
    exchange->outcome = outcome;
    (void)err_set(&exchange->err, ERR_AWS_UNAVAILABLE, "connection reset");
}

static inline struct view fake_request_header(const struct http_exchange *exchange,
                                              const char *name) {
    for (size_t i = 0; i < exchange->n_headers; i++) {
        if (view_equal_nocase(exchange->headers[i].name, view_of(name))) {
            return exchange->headers[i].value;
        }
    }
    return VIEW("");
}

/* "DescribeServices" of "X-Amz-Target: AmazonEC2ContainerServiceV20141113.DescribeServices". */
static inline struct view fake_operation(const struct http_exchange *exchange) {
    struct view service;
    struct view operation = VIEW("");
    (void)view_cut(fake_request_header(exchange, "X-Amz-Target"), '.', &service, &operation);
    return operation;
}

/* Of the services with REST, by the method and a part of the address; the first row that fits. */
static inline struct view fake_rest_operation(const struct http_exchange *exchange) {
    static const struct {
        const char *method, *part, *operation;
    } table[] = {
        {"GET", "/schedules?", "ListSchedules"},
        {"GET", "/schedules/", "GetSchedule"},
        {"PUT", "/schedules/", "UpdateSchedule"},
        {"GET", "/configuration", "GetFunctionConfiguration"},
        {"PUT", "/code", "UpdateFunctionCode"},
        {"POST", "/versions", "PublishVersion"},
        {"GET", "/aliases/", "GetAlias"},
        {"PUT", "/aliases/", "UpdateAlias"},
        {"POST", "/tags/", "TagFunction"},
        {"DELETE", "/tags/", "UntagFunction"},
        {"GET", "/policy", "GetPolicy"},
        {"GET", "/event-source-mappings", "ListEventSourceMappings"},
        {"GET", "/functions/", "GetFunction"},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (strcmp(exchange->method, table[i].method) == 0 &&
            strstr(exchange->url, table[i].part)) {
            return view_of(table[i].operation);
        }
    }
    return VIEW("");
}

static inline struct view fake_any_operation(const struct http_exchange *exchange) {
    struct view operation = fake_operation(exchange);
    return operation.len > 0 ? operation : fake_rest_operation(exchange);
}

/* --- the clock --- */

struct fake_clock {
    struct clock clock;
    int64_t wall_ms, monotonic_ms;
    int64_t slept_ms;
};

static inline int64_t fake_clock_wall(void *state) {
    return ((struct fake_clock *)state)->wall_ms;
}
static inline int64_t fake_clock_monotonic(void *state) {
    return ((struct fake_clock *)state)->monotonic_ms;
}
static inline void fake_clock_sleep(void *state, int64_t duration_ms) {
    struct fake_clock *fake = state;
    fake->wall_ms += duration_ms;
    fake->monotonic_ms += duration_ms;
    fake->slept_ms += duration_ms;
}
static inline uint64_t fake_clock_random(void *state) {
    (void)state;
    return UINT64_C(0x8000000000000000);
}

static inline void fake_clock_init(struct fake_clock *fake, int64_t wall_ms) {
    *fake = (struct fake_clock){.wall_ms = wall_ms, .monotonic_ms = 1000};
    fake->clock = (struct clock){.wall_ms = fake_clock_wall,
                                 .monotonic_ms = fake_clock_monotonic,
                                 .sleep_ms = fake_clock_sleep,
                                 .random = fake_clock_random,
                                 .state = fake};
}

/* --- the environment --- */

static inline const char *fake_environment_get(const void *state, const char *name) {
    (void)state;
    static const char *const table[][2] = {
        {"AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"},
        {"AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"},
        {"AWS_SESSION_TOKEN", "token"},
        {"AWS_REGION", "us-east-1"},
        {"HOME", "/nonexistent"},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (strcmp(table[i][0], name) == 0) {
            return table[i][1];
        }
    }
    return NULL;
}

static const struct environment fake_environment = {.get = fake_environment_get};

#endif
