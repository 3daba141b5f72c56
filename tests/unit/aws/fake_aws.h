#ifndef SLIPWAY_TESTS_UNIT_AWS_FAKE_AWS_H
#define SLIPWAY_TESTS_UNIT_AWS_FAKE_AWS_H

/*
 * A scripted AWS behind struct http, and a clock that only it moves. A script is a list of answers;
 * each request takes the first unused one that is for its operation. Requests are kept as they
 * were when they began.
 */

#include "runtime/aws/aws.h"

/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FAKE_REQUESTS 400
/* 2026-11-20T22:39:04Z */
#define FAKE_WALL_MS INT64_C(1795214344000)
#define FAKE_MONOTONIC_MS 1000000

struct fake_answer {
    const char *operation; /* NULL: any */
    int status;            /* 0: none; see outcome */
    const char *body;
    const char *headers; /* "Name: value\n…" */
    enum http_outcome outcome;
    bool stalls; /* ends when the attempt's own time is up */
    int64_t delay_ms;
};

struct fake_request {
    char method[8];
    char url[256];
    char target[96];
    char content_type[64];
    char amz_date[24];
    char authorization[512];
    char body[512];
    bool once;
    bool has_token;
    int64_t timeout_ms;
    int64_t connect_timeout_ms;
    int64_t started_ms; /* since the test began */
};

struct fake_pending {
    struct http_exchange *exchange;
    const struct fake_answer *answer;
    int64_t ready_ms;
};

struct fake {
    const struct fake_answer *answers;
    size_t n_answers;
    bool *used;
    const struct fake_answer *otherwise; /* when the script has no answer (left) */
    struct fake_request *requests;
    size_t n_requests;
    struct fake_pending pending[FAKE_REQUESTS];
    size_t n_pending;
    size_t most_pending;
    size_t n_cancelled;
    char warmed[8][128];
    size_t n_warmed;

    int64_t monotonic_ms;
    int64_t wall_ms;
    uint64_t random;
    struct clock clock;
    struct http http;
};

static inline struct view fake_header(const struct http_exchange *exchange, const char *name) {
    for (size_t i = 0; i < exchange->n_headers; i++) {
        if (view_equal_nocase(exchange->headers[i].name, view_of(name))) {
            return exchange->headers[i].value;
        }
    }
    return (struct view){.data = "", .len = 0};
}

static inline void fake_copy(char *to, size_t size, struct view text) {
    snprintf(to, size, "%.*s", (int)text.len, text.len > 0 ? text.data : "");
}

static inline bool fake_is_for(const struct fake_answer *answer,
                               const struct fake_request *request) {
    if (answer->operation == NULL) {
        return true;
    }
    const char *dot = strrchr(request->target, '.');
    char action[128];
    snprintf(action, sizeof(action), "Action=%s&", answer->operation);
    return (dot != NULL && strcmp(dot + 1, answer->operation) == 0) ||
           strstr(request->body, action) == request->body;
}

static inline int fake_start(void *state, struct http_exchange *exchange, struct err *err) {
    (void)err;
    struct fake *fake = state;
    assert_true(fake->n_requests < FAKE_REQUESTS);
    struct fake_request *request = &fake->requests[fake->n_requests++];
    fake_copy(request->method, sizeof(request->method), view_of(exchange->method));
    fake_copy(request->url, sizeof(request->url), view_of(exchange->url));
    fake_copy(request->target, sizeof(request->target), fake_header(exchange, "X-Amz-Target"));
    fake_copy(request->content_type, sizeof(request->content_type),
              fake_header(exchange, "Content-Type"));
    fake_copy(request->amz_date, sizeof(request->amz_date), fake_header(exchange, "X-Amz-Date"));
    fake_copy(request->authorization, sizeof(request->authorization),
              fake_header(exchange, "Authorization"));
    fake_copy(request->body, sizeof(request->body), exchange->body);
    request->has_token = fake_header(exchange, "X-Amz-Security-Token").len > 0;
    request->once = exchange->once;
    request->timeout_ms = exchange->timeout_ms;
    request->connect_timeout_ms = exchange->connect_timeout_ms;
    request->started_ms = fake->monotonic_ms - FAKE_MONOTONIC_MS;
    const struct fake_answer *answer = fake->otherwise;
    for (size_t i = 0; i < fake->n_answers; i++) {
        if (!fake->used[i] && fake_is_for(&fake->answers[i], request)) {
            fake->used[i] = true;
            answer = &fake->answers[i];
            break;
        }
    }
    if (answer == NULL) {
        fail_msg("no answer is left for %s %s", request->target, request->body);
    }
    fake->pending[fake->n_pending++] = (struct fake_pending){
        .exchange = exchange,
        .answer = answer,
        .ready_ms = fake->monotonic_ms + (answer->stalls ? exchange->timeout_ms : answer->delay_ms),
    };
    if (fake->n_pending > fake->most_pending) {
        fake->most_pending = fake->n_pending;
    }
    return 0;
}

static inline void fake_fill_headers(struct http_exchange *exchange, const char *headers) {
    struct view rest = view_of(headers);
    struct view line;
    exchange->header_bytes.limit = HTTP_RESPONSE_HEADER_BYTES;
    buf_append(&exchange->header_bytes, rest);
    if (exchange->header_bytes.failed) {
        return;
    }
    rest = buf_view(&exchange->header_bytes);
    while (view_split(&rest, '\n', &line)) {
        struct http_header *header = &exchange->response_headers[exchange->n_response_headers++];
        assert_true(view_cut(line, ':', &header->name, &header->value));
        header->value = view_trim(header->value);
    }
}

static inline void fake_fill(struct http_exchange *exchange, const struct fake_answer *answer) {
    exchange->outcome = answer->stalls ? HTTP_NO_RESPONSE : answer->outcome;
    exchange->status = answer->status;
    if (exchange->outcome == HTTP_OK) {
        fake_fill_headers(exchange, answer->headers);
        buf_append_str(&exchange->body_in, answer->body != NULL ? answer->body : "");
        if (exchange->body_in.failed || exchange->header_bytes.failed) {
            exchange->outcome = HTTP_NO_RESPONSE; /* as libcurl has it */
            (void)err_out_of_memory(&exchange->err, "a response");
        }
        return;
    }
    enum err_code code = ERR_AWS_UNAVAILABLE;
    if (answer->stalls) {
        code = ERR_DEADLINE_EXCEEDED;
    } else if (exchange->outcome == HTTP_TOO_LARGE) {
        code = ERR_BAD_RESPONSE;
    }
    (void)err_set(&exchange->err, code, "'host' did something");
}

static inline struct http_exchange *fake_wait(void *state, int64_t timeout_ms) {
    struct fake *fake = state;
    size_t next = 0;
    for (size_t i = 1; i < fake->n_pending; i++) {
        if (fake->pending[i].ready_ms < fake->pending[next].ready_ms) {
            next = i;
        }
    }
    if (fake->n_pending == 0) {
        fake->monotonic_ms += timeout_ms > 0 ? timeout_ms : 0;
        fake->wall_ms += timeout_ms > 0 ? timeout_ms : 0;
        return NULL;
    }
    struct fake_pending ended = fake->pending[next];
    int64_t left_ms = ended.ready_ms - fake->monotonic_ms;
    if (timeout_ms >= 0 && left_ms > timeout_ms) {
        fake->monotonic_ms += timeout_ms;
        fake->wall_ms += timeout_ms;
        return NULL;
    }
    fake->monotonic_ms += left_ms > 0 ? left_ms : 0;
    fake->wall_ms += left_ms > 0 ? left_ms : 0;
    memmove(&fake->pending[next], &fake->pending[next + 1],
            (fake->n_pending - next - 1) * sizeof(fake->pending[0]));
    fake->n_pending--;
    fake_fill(ended.exchange, ended.answer);
    return ended.exchange;
}

static inline void fake_cancel(void *state, struct http_exchange *exchange) {
    struct fake *fake = state;
    for (size_t i = 0; i < fake->n_pending; i++) {
        if (fake->pending[i].exchange == exchange) {
            memmove(&fake->pending[i], &fake->pending[i + 1],
                    (fake->n_pending - i - 1) * sizeof(fake->pending[0]));
            fake->n_pending--;
            fake->n_cancelled++;
            return;
        }
    }
}

static inline void fake_warm(void *state, const char *const *urls, size_t n, int64_t timeout_ms) {
    (void)timeout_ms;
    struct fake *fake = state;
    for (size_t i = 0; i < n; i++) {
        assert_true(fake->n_warmed < 8);
        fake_copy(fake->warmed[fake->n_warmed++], sizeof(fake->warmed[0]), view_of(urls[i]));
    }
}

static inline int64_t fake_wall_ms(void *state) {
    return ((struct fake *)state)->wall_ms;
}
static inline int64_t fake_monotonic_ms(void *state) {
    return ((struct fake *)state)->monotonic_ms;
}
/* Nobody sleeps while something is under way: what arrives would wait, and look late. */
static inline void fake_sleep_ms(void *state, int64_t duration_ms) {
    struct fake *fake = state;
    assert_int_equal(fake->n_pending, 0);
    fake->monotonic_ms += duration_ms;
    fake->wall_ms += duration_ms;
}
static inline uint64_t fake_random(void *state) {
    return ((struct fake *)state)->random;
}

static inline void fake_init(struct fake *fake, const struct fake_answer *answers, size_t n) {
    static const struct http_ops ops = {
        .start = fake_start, .wait = fake_wait, .cancel = fake_cancel, .warm = fake_warm};
    *fake = (struct fake){
        .answers = answers,
        .n_answers = n,
        .used = calloc(n + 1, sizeof(bool)),
        .requests = calloc(FAKE_REQUESTS, sizeof(struct fake_request)),
        .monotonic_ms = FAKE_MONOTONIC_MS,
        .wall_ms = FAKE_WALL_MS,
        .random = UINT64_C(1) << 63, /* half of what is possible: 500 ms, 1 s, 2 s */
        .http = {.ops = &ops, .state = fake},
        .clock = {.wall_ms = fake_wall_ms,
                  .monotonic_ms = fake_monotonic_ms,
                  .sleep_ms = fake_sleep_ms,
                  .random = fake_random,
                  .state = fake},
    };
}

static inline void fake_release(struct fake *fake) {
    free(fake->used);
    free(fake->requests);
}

#endif
