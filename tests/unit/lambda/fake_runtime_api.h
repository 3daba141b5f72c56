#ifndef SLIPWAY_TESTS_FAKE_RUNTIME_API_H
#define SLIPWAY_TESTS_FAKE_RUNTIME_API_H

/*
 * A struct http that plays the Runtime API by a script, a clock that stands still but for sleeping,
 * and a log that is kept: all that lambda_run() touches, recorded.
 */

#include "runtime/base/buf.h"
#include "runtime/base/clock.h"
#include "runtime/base/err.h"
#include "runtime/base/log.h"
#include "runtime/base/view.h"
#include "runtime/http/http.h"
#include "runtime/lambda/lambda.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FAKE_API "127.0.0.1:9001"
#define FAKE_BASE "http://" FAKE_API "/2018-06-01/runtime"
#define FAKE_WALL_MS INT64_C(1700000000000)
#define FAKE_MONOTONIC_MS INT64_C(5000)
#define FAKE_STEPS 64

/* What one exchange ends with. All zeroes: a 200 without headers or body. */
struct fake_step {
    enum http_outcome outcome;
    int status;             /* 0: 200 to a GET, 202 to a POST */
    const char *headers;    /* "Name: value\n…"; \x01 stands for a line break inside a value */
    const char *body;       /* NULL: none */
    size_t body_bytes;      /* 0: strlen(body); else that many 'x' */
    int empty_waits;        /* how often http_wait() returns NULL first */
    bool stop_while_waits;  /* SIGTERM comes during the first wait */
    bool cannot_start;      /* http_start() fails */
    enum err_code err_code; /* of an exchange without a response; 0: ERR_AWS_UNAVAILABLE */
};

struct fake_request {
    char method[8];
    char *url;
    char *headers; /* "Name: value\n" each, in order */
    char *body;
    size_t body_len;
    int64_t timeout_ms;
    int64_t connect_timeout_ms;
    size_t body_limit_bytes;
    size_t kept_bytes; /* capacity of the response buffer that the exchange came with */
    bool no_proxy;
    bool once;
};

struct fake {
    const struct fake_step *steps;
    size_t n_steps;
    struct fake_request requests[FAKE_STEPS];
    size_t n_requests;
    struct http_exchange *under_way;
    int waits;
    int cancelled;
    volatile int stop; /* set when the script is at its end */
    int64_t slept_ms;
    int64_t longest_sleep_ms;
    struct buf lines;
    struct buf traces; /* what was exported: "id;" or "NULL;" */
    struct http http;
    struct clock clock;
    struct log log;
    struct lambda_options options;
};

/* set_trace_id has no state of its own. */
static struct fake *fake_of_trace;

static char *fake_copy(const char *data, size_t len) {
    char *copy = malloc(len + 1);
    assert_non_null(copy);
    if (len > 0) {
        memcpy(copy, data, len);
    }
    copy[len] = '\0';
    return copy;
}

static void fake_record(struct fake *fake, const struct http_exchange *exchange) {
    assert_true(fake->n_requests < FAKE_STEPS);
    struct fake_request *request = &fake->requests[fake->n_requests++];
    struct buf headers = BUF_INIT(1024 * 1024);
    for (size_t i = 0; i < exchange->n_headers; i++) {
        buf_append(&headers, exchange->headers[i].name);
        buf_append_str(&headers, ": ");
        buf_append(&headers, exchange->headers[i].value);
        buf_append_char(&headers, '\n');
    }
    snprintf(request->method, sizeof(request->method), "%s", exchange->method);
    request->url = fake_copy(exchange->url, strlen(exchange->url));
    request->headers = fake_copy(buf_cstr(&headers), headers.len);
    request->body = fake_copy(exchange->body.data, exchange->body.len);
    request->body_len = exchange->body.len;
    request->timeout_ms = exchange->timeout_ms;
    request->connect_timeout_ms = exchange->connect_timeout_ms;
    request->body_limit_bytes = exchange->body_limit_bytes;
    request->kept_bytes = exchange->body_in.capacity;
    request->no_proxy = exchange->no_proxy;
    request->once = exchange->once;
    buf_release(&headers);
}

static const struct fake_step *fake_step_of(const struct fake *fake) {
    return fake->n_requests <= fake->n_steps ? &fake->steps[fake->n_requests - 1] : NULL;
}

static int fake_start(void *state, struct http_exchange *exchange, struct err *err) {
    struct fake *fake = state;
    assert_null(fake->under_way);
    fake_record(fake, exchange);
    const struct fake_step *step = fake_step_of(fake);
    if (step != NULL && step->cannot_start) {
        return err_out_of_memory(err, "exchange");
    }
    fake->under_way = exchange;
    fake->waits = 0;
    return 0;
}

/* Puts "Name: value\n…" into the exchange, as the real one does: views into header_bytes. */
static void fake_headers(struct http_exchange *exchange, const char *headers) {
    buf_append_str(&exchange->header_bytes, headers);
    for (char *c = exchange->header_bytes.data; c != NULL && *c != '\0'; c++) {
        *c = *c == '\x01' ? '\r' : *c;
    }
    struct view rest = buf_view(&exchange->header_bytes);
    struct view line;
    while (view_split(&rest, '\n', &line)) {
        struct http_header *header = &exchange->response_headers[exchange->n_response_headers++];
        assert_true(exchange->n_response_headers <= HTTP_MAX_RESPONSE_HEADERS);
        assert_true(view_cut(line, ':', &header->name, &header->value));
        if (header->value.len > 0 && header->value.data[0] == ' ') {
            header->value = view_slice(header->value, 1, header->value.len - 1);
        }
    }
}

static void fake_body(struct http_exchange *exchange, const struct fake_step *step) {
    if (step->body_bytes > 0) {
        char *room = buf_reserve(&exchange->body_in, step->body_bytes);
        assert_non_null(room);
        memset(room, 'x', step->body_bytes);
        buf_commit(&exchange->body_in, step->body_bytes);
    } else if (step->body != NULL) {
        buf_append_str(&exchange->body_in, step->body);
    }
}

static void fake_end(struct http_exchange *exchange, const struct fake_step *step) {
    exchange->outcome = step->outcome;
    if (step->outcome != HTTP_OK) {
        err_set(&exchange->err, step->err_code == ERR_NONE ? ERR_AWS_UNAVAILABLE : step->err_code,
                "connection to '%s' failed", FAKE_API);
    }
    bool is_cut_off = step->outcome == HTTP_NO_RESPONSE && step->headers != NULL;
    if (step->outcome == HTTP_OK || step->outcome == HTTP_TOO_LARGE || is_cut_off) {
        exchange->status = step->status != 0            ? step->status
                           : exchange->method[0] == 'G' ? 200
                                                        : 202;
        if (step->headers != NULL) {
            fake_headers(exchange, step->headers);
        }
        fake_body(exchange, step);
    }
}

static struct http_exchange *fake_wait(void *state, int64_t timeout_ms) {
    struct fake *fake = state;
    const struct fake_step *step = fake_step_of(fake);
    struct http_exchange *exchange = fake->under_way;
    assert_non_null(exchange);
    if (step == NULL) {
        /* The script is over; nothing but the GET may wait for ever. */
        assert_string_equal(exchange->method, "GET");
        assert_true(timeout_ms >= 0);
        fake->stop = 1;
        return NULL;
    }
    fake->stop = fake->stop || step->stop_while_waits;
    if (fake->waits++ < step->empty_waits) {
        return NULL;
    }
    fake->under_way = NULL;
    fake_end(exchange, step);
    return exchange;
}

static void fake_cancel(void *state, struct http_exchange *exchange) {
    struct fake *fake = state;
    assert_ptr_equal(exchange, fake->under_way);
    fake->under_way = NULL;
    fake->cancelled++;
}

static const struct http_ops fake_ops = {
    .start = fake_start,
    .wait = fake_wait,
    .cancel = fake_cancel,
};

static int64_t fake_wall_ms(void *state) {
    return FAKE_WALL_MS + ((struct fake *)state)->slept_ms;
}

static int64_t fake_monotonic_ms(void *state) {
    return FAKE_MONOTONIC_MS + ((struct fake *)state)->slept_ms;
}

static void fake_sleep_ms(void *state, int64_t duration_ms) {
    struct fake *fake = state;
    assert_true(duration_ms > 0);
    fake->slept_ms += duration_ms;
    if (duration_ms > fake->longest_sleep_ms) {
        fake->longest_sleep_ms = duration_ms;
    }
}

static uint64_t fake_random(void *state) {
    (void)state;
    return 0;
}

static void fake_write(void *state, struct view line) {
    buf_append(&((struct fake *)state)->lines, line);
}

static void fake_set_trace_id(const char *trace_id) {
    buf_append_str(&fake_of_trace->traces, trace_id == NULL ? "NULL" : trace_id);
    buf_append_char(&fake_of_trace->traces, ';');
}

static void fake_init(struct fake *fake, const struct fake_step *steps, size_t n_steps) {
    memset(fake, 0, sizeof(*fake));
    fake->steps = steps;
    fake->n_steps = n_steps;
    fake->lines = BUF_INIT(1024 * 1024);
    fake->traces = BUF_INIT(64 * 1024);
    fake->http = (struct http){.ops = &fake_ops, .state = fake};
    fake->clock = (struct clock){
        .wall_ms = fake_wall_ms,
        .monotonic_ms = fake_monotonic_ms,
        .sleep_ms = fake_sleep_ms,
        .random = fake_random,
        .state = fake,
    };
    log_init(&fake->log, &fake->clock);
    fake->log.format = LOG_JSON;
    fake->log.write = fake_write;
    fake->log.state = fake;
    fake->options = (struct lambda_options){
        .runtime_api = VIEW(FAKE_API),
        .http = &fake->http,
        .clock = &fake->clock,
        .log = &fake->log,
        .set_trace_id = fake_set_trace_id,
        .stop = &fake->stop,
    };
    fake_of_trace = fake;
}

static void fake_release(struct fake *fake) {
    for (size_t i = 0; i < fake->n_requests; i++) {
        free(fake->requests[i].url);
        free(fake->requests[i].headers);
        free(fake->requests[i].body);
    }
    buf_release(&fake->lines);
    buf_release(&fake->traces);
}

/* How many log lines there are, and how many times `part` stands in them. */
static inline size_t fake_count(const struct fake *fake, const char *part) {
    size_t n = 0;
    for (const char *at = buf_cstr(&fake->lines); (at = strstr(at, part)) != NULL; at++) {
        n++;
    }
    return n;
}

static inline void fake_assert_request(const struct fake *fake, size_t index, const char *method,
                                       const char *path) {
    assert_true(index < fake->n_requests);
    const struct fake_request *request = &fake->requests[index];
    char url[2048];
    snprintf(url, sizeof(url), "%s%s", FAKE_BASE, path);
    assert_string_equal(request->method, method);
    assert_string_equal(request->url, url);
    assert_true(request->no_proxy);
    assert_int_equal(request->connect_timeout_ms, 1000);
}

#define FAKE_NEXT_HEADERS(id)                                                                      \
    "Lambda-Runtime-Aws-Request-Id: " id "\nLambda-Runtime-Deadline-Ms: 1700000060000\n"

#endif
