#ifndef SLIPWAY_TESTS_UNIT_HANDLERS_NOTIFY_FIXTURE_H
#define SLIPWAY_TESTS_UNIT_HANDLERS_NOTIFY_FIXTURE_H

/*
 * A notifier in a world where Slack, SNS, EventBridge and the Parameter Store answer as they are
 * told, or do not answer. What was sent to them, and what was logged, is kept.
 */

#include "handlers/notify/notify.h"

#include "tests/unit/handlers/fake_http.h"
#include "tests/unit/handlers/notify_changes.h"

#include <stdlib.h>

#define WEBHOOK "https://hooks.slack.com/services/T0/B0/xOxSecretOfTheWebhook"
#define SECRET "xOxSecretOfTheWebhook"
#define TOPIC "arn:aws:sns:eu-west-1:222222222222:deploys"
#define BUS_OK "{\"FailedEntryCount\":0,\"Entries\":[{\"EventId\":\"e\"}]}"
#define SNS_OK                                                                                     \
    "<PublishResponse><PublishResult><MessageId>m</MessageId></PublishResult></PublishResponse>"
#define NOW_MS INT64_C(1795214344000)
/* As much as an invocation has left when it comes to telling. */
#define LEFT_MS 50000

enum whom { SLACK, SNS, BUS, SSM, N_WHOM };

struct reply {
    int status;
    const char *body;
    const char *retry_after;
    enum http_outcome outcome; /* with status 0: the exchange ends so */
    bool stalls;               /* it never ends */
    int64_t takes_ms;
};

struct sent {
    enum whom whom;
    char url[512];
    char *body; /* NUL-terminated */
    size_t wave;
    bool once;
    struct view content_type;
    const char *method;
    int64_t timeout_ms;
};

struct world {
    struct subject s;
    struct arena arena;
    struct fake_clock clock;
    struct fake_http http;
    struct http_ops ops;
    struct aws *aws;
    struct environment env;
    const char *webhook; /* of the environment */
    struct notifier *notifier;
    struct log log;
    char lines[64][4096];
    size_t n_lines;

    struct reply replies[N_WHOM][8];
    size_t n_replies[N_WHOM], n_answered[N_WHOM];
    int start_fails_after; /* how many exchanges begin before one cannot; -1: all can */
    struct sent sent[128];
    size_t n_sent;
};

/* ---- the other side ---- */

static inline enum whom whom_of(const struct http_exchange *exchange) {
    struct view url = view_of(exchange->url);
    struct view operation = fake_operation(exchange);
    if (view_equal(operation, VIEW("PutEvents"))) {
        return BUS;
    }
    if (view_equal(operation, VIEW("GetParameter"))) {
        return SSM;
    }
    return view_starts_with(url, VIEW("https://sns.")) ? SNS : SLACK;
}

static inline char *copied(struct view bytes) {
    char *copy = malloc(bytes.len + 1);
    assert_non_null(copy);
    if (bytes.len > 0) {
        memcpy(copy, bytes.data, bytes.len);
    }
    copy[bytes.len] = '\0';
    return copy;
}

static inline int world_start(void *state, struct http_exchange *exchange, struct err *err) {
    struct world *w = state;
    if (w->start_fails_after == 0) {
        return err_set(err, ERR_CONFIG_INVALID, "the address of a server is no http or https URL");
    }
    w->start_fails_after -= w->start_fails_after > 0 ? 1 : 0;
    assert_true(w->n_sent < COUNT(w->sent));
    if (fake_http_start(&w->http, exchange, err) != 0) {
        return -1;
    }
    struct sent *sent = &w->sent[w->n_sent++];
    *sent = (struct sent){.whom = whom_of(exchange),
                          .body = copied(exchange->body),
                          .wave = w->http.waves,
                          .once = exchange->once,
                          .content_type = fake_request_header(exchange, "Content-Type"),
                          .method = exchange->method,
                          .timeout_ms = exchange->timeout_ms};
    snprintf(sent->url, sizeof(sent->url), "%s", exchange->url);
    return 0;
}

/* What this one is told next; without an answer of its own it is told that all is well. */
static inline struct reply reply_of(const struct world *w, enum whom whom) {
    static const struct reply well[N_WHOM] = {
        [SLACK] = {.status = 200, .body = "ok"},
        [SNS] = {.status = 200, .body = SNS_OK},
        [BUS] = {.status = 200, .body = BUS_OK},
        [SSM] = {.status = 200, .body = "{\"Parameter\":{\"Value\":\"" WEBHOOK "\"}}"},
    };
    size_t i = w->n_answered[whom];
    return i < w->n_replies[whom] ? w->replies[whom][i] : well[whom];
}

static inline void answer_with(struct http_exchange *exchange, const struct reply *reply) {
    if (reply->status == 0) {
        fake_break(exchange, reply->outcome);
        return;
    }
    fake_respond(exchange, reply->status, view_of(reply->body));
    if (reply->retry_after != NULL) {
        exchange->response_headers[exchange->n_response_headers++] =
            (struct http_header){.name = VIEW("retry-after"), .value = view_of(reply->retry_after)};
    }
}

static inline struct http_exchange *world_wait(void *state, int64_t timeout_ms) {
    struct world *w = state;
    for (size_t i = 0; i < w->http.n; i++) {
        struct http_exchange *exchange = w->http.pending[i];
        enum whom whom = whom_of(exchange);
        const struct reply reply = reply_of(w, whom);
        if (!reply.stalls) {
            fake_http_remove(&w->http, i);
            w->n_answered[whom]++;
            fake_clock_sleep(&w->clock, reply.takes_ms);
            answer_with(exchange, &reply);
            return exchange;
        }
    }
    assert_true(timeout_ms > 0); /* or it would wait for ever */
    fake_clock_sleep(&w->clock, timeout_ms);
    return NULL;
}

static inline void world_cancel(void *state, struct http_exchange *exchange) {
    fake_http_cancel(&((struct world *)state)->http, exchange);
}

static inline void reply_next(struct world *w, enum whom whom, struct reply reply) {
    assert_true(w->n_replies[whom] < COUNT(w->replies[whom]));
    w->replies[whom][w->n_replies[whom]++] = reply;
}

/* What was to come is forgotten: all is well again. */
static inline void forget_replies(struct world *w, enum whom whom) {
    w->n_replies[whom] = w->n_answered[whom] = 0;
}

/* ---- the world ---- */

static inline const char *world_variable(const void *state, const char *name) {
    const struct world *w = state;
    if (strcmp(name, "SLACK_WEBHOOK_URL") == 0) {
        return w->webhook;
    }
    return strcmp(name, "AWS_MAX_ATTEMPTS") == 0 ? "1" : fake_environment_get(NULL, name);
}

static inline void keep_line(void *state, struct view line) {
    struct world *w = state;
    assert_true(w->n_lines < COUNT(w->lines) && line.len < sizeof(w->lines[0]));
    memcpy(w->lines[w->n_lines], line.data, line.len);
    w->lines[w->n_lines++][line.len] = '\0';
}

static inline void world_init(struct world *w) {
    struct err err;
    err_init(&err);
    memset(w, 0, sizeof(*w));
    subject_init(&w->s);
    w->arena = ARENA_INIT(64 * 1024 * 1024);
    fake_clock_init(&w->clock, NOW_MS);
    w->ops = (struct http_ops){world_start, world_wait, world_cancel, fake_http_warm};
    w->http.http = (struct http){.ops = &w->ops, .state = w};
    w->start_fails_after = -1;
    w->env = (struct environment){.get = world_variable, .state = w};
    const struct aws_options options = {.http = &w->http.http,
                                        .clock = &w->clock.clock,
                                        .env = &w->env,
                                        .region = VIEW("us-east-1")};
    assert_int_equal(aws_new(&options, &w->aws, &err), 0);
    w->log = (struct log){.level = LOG_TRACE,
                          .format = LOG_JSON,
                          .clock = &w->clock.clock,
                          .write = keep_line,
                          .state = w};
}

static inline void world_forget(struct world *w) {
    for (size_t i = 0; i < w->n_sent; i++) {
        free(w->sent[i].body);
    }
    w->n_sent = w->n_lines = 0;
}

static inline void world_release(struct world *w) {
    assert_int_equal(w->http.n, 0); /* nothing is left under way */
    world_forget(w);
    notifier_free(w->notifier);
    aws_free(w->aws);
    arena_release(&w->arena);
}

/* ---- what is told ---- */

static inline void to_slack(struct world *w) {
    w->s.config.has_slack_webhook = true;
    w->webhook = WEBHOOK;
}

static inline void to_all(struct world *w) {
    to_slack(w);
    w->s.config.sns_topic_arn = VIEW(TOPIC);
    w->s.config.notify_event_bus = VIEW("outcomes");
}

static inline void begin(struct world *w) {
    struct err err;
    const struct notifier_options options = {.config = &w->s.config, .aws = w->aws, .env = &w->env};
    err_init(&err);
    assert_null(w->notifier);
    assert_int_equal(notifier_new(&options, &w->notifier, &err), 0);
}

static inline void tell_within(struct world *w, const struct change *changes, size_t n,
                               int64_t left_ms) {
    if (w->notifier == NULL) {
        begin(w);
    }
    notifier_tell(w->notifier, &w->log, changes, n, w->clock.monotonic_ms + left_ms, &w->arena);
    assert_int_equal(w->http.n, 0);
    for (size_t i = 0; i < w->n_lines; i++) {
        assert_lacks(view_of(w->lines[i]), SECRET);
        assert_lacks(view_of(w->lines[i]), "services/T0");
    }
}

static inline void tell(struct world *w, const struct change *changes, size_t n) {
    tell_within(w, changes, n, LEFT_MS);
}

static inline size_t n_sent_to(const struct world *w, enum whom whom) {
    size_t n = 0;
    for (size_t i = 0; i < w->n_sent; i++) {
        n += w->sent[i].whom == whom ? 1 : 0;
    }
    return n;
}

static inline void assert_sent(const struct world *w, size_t slack, size_t sns, size_t bus) {
    assert_int_equal(n_sent_to(w, SLACK), slack);
    assert_int_equal(n_sent_to(w, SNS), sns);
    assert_int_equal(n_sent_to(w, BUS), bus);
}

static inline const struct sent *sent_to(const struct world *w, enum whom whom, size_t nth) {
    for (size_t i = 0; i < w->n_sent; i++) {
        if (w->sent[i].whom == whom && nth-- == 0) {
            return &w->sent[i];
        }
    }
    fail_msg("nothing was sent");
    return NULL;
}

/* One warning of that channel, which says so in these words. */
static inline void assert_warned(const struct world *w, const char *channel, const char *code,
                                 const char *part) {
    for (size_t i = 0; i < w->n_lines; i++) {
        struct json *line JSON_AUTO = parsed(view_trim(view_of(w->lines[i])));
        if (view_equal(json_string(json_get(line, "channel")), view_of(channel))) {
            assert_is(line, "level", "WARN");
            assert_is(line, "message",
                      "a notification could not be sent; the deploy is not affected");
            assert_is(line, "code", code);
            assert_has(json_string(json_get(line, "cause")), part);
            assert_true(json_string(json_get(line, "remedy")).len > 0);
            return;
        }
    }
    fail_msg("no warning about %s", channel);
}

/* ---- the form of a Publish ---- */

static inline int digit_of(char c) {
    return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* A value of "a=b&c=d", decoded, in the arena; .data NULL: it is not there. */
static inline struct view form_value(struct world *w, const char *body, const char *name) {
    struct view rest = view_of(body), field, key, value;
    while (view_split(&rest, '&', &field)) {
        if (!view_cut(field, '=', &key, &value) || !view_equal(key, view_of(name))) {
            continue;
        }
        char *text = arena_alloc(&w->arena, value.len + 1);
        size_t n = 0;
        assert_non_null(text);
        for (size_t i = 0; i < value.len; i++) {
            bool is_escape = value.data[i] == '%';
            text[n++] = is_escape
                            ? (char)(digit_of(value.data[i + 1]) * 16 + digit_of(value.data[i + 2]))
                            : value.data[i];
            i += is_escape ? 2 : 0;
        }
        return (struct view){text, n};
    }
    return (struct view){0};
}

#endif
