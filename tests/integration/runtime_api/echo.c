/*
 * A function on runtime/lambda that answers with its event: what the loop is tested and measured
 * with. A few events, given in `commands`, make it do something else.
 *
 * ECHO_INIT_ERROR in the environment makes it fail in the init phase with that message.
 */

#include "runtime/base/clock.h"
#include "runtime/base/err.h"
#include "runtime/base/json_write.h"
#include "runtime/base/log.h"
#include "runtime/base/view.h"
#include "runtime/http/http_curl.h"
#include "runtime/lambda/lambda.h"

#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static volatile sig_atomic_t stop_requested;

static void on_sigterm(int signal_number) {
    (void)signal_number;
    stop_requested = 1;
}

/* All that the runtime told the handler. */
static int describe(const struct lambda_invocation *invocation, struct buf *response,
                    struct err *err) {
    (void)err;
    struct json_writer w = json_writer(response);
    json_begin_object(&w, NULL);
    json_put_string(&w, "request_id", invocation->request_id);
    json_put_string(&w, "function_arn", invocation->function_arn);
    json_put_string(&w, "trace_id", invocation->trace_id);
    json_put_string(&w, "trace_env", view_of(getenv("_X_AMZN_TRACE_ID")));
    json_put_bool(&w, "trace_env_is_set", getenv("_X_AMZN_TRACE_ID") != NULL);
    json_put_string(&w, "client_context", invocation->client_context);
    json_put_string(&w, "cognito_identity", invocation->cognito_identity);
    json_put_string(&w, "tenant_id", invocation->tenant_id);
    json_put_string(&w, "invocation_id", invocation->invocation_id);
    json_put_i64(&w, "deadline_wall_ms", invocation->deadline_wall_ms);
    json_put_i64(&w, "left_ms", invocation->deadline_ms - clock_monotonic_ms(&clock_system));
    json_end_object(&w);
    return 0;
}

static int fail(const struct lambda_invocation *invocation, struct buf *response, struct err *err) {
    (void)invocation;
    buf_append_str(response, "{\"half\":");
    err_set(err, ERR_THROTTLED, "\"quoted\" caf\xc3\xa9 \xf0\x9f\x9a\x80");
    err_remedy(err, "wait a minute");
    return -1;
}

static int fail_silently(const struct lambda_invocation *invocation, struct buf *response,
                         struct err *err) {
    (void)invocation;
    (void)response;
    (void)err;
    return -1;
}

static int respond_with(struct buf *response, size_t bytes) {
    char *room = buf_reserve(response, bytes);
    if (room != NULL) {
        memset(room, 'x', bytes);
        room[0] = '"';
        room[bytes - 1] = '"';
        buf_commit(response, bytes);
    }
    return 0;
}

static int respond_fully(const struct lambda_invocation *invocation, struct buf *response,
                         struct err *err) {
    (void)invocation;
    (void)err;
    return respond_with(response, LAMBDA_RESPONSE_BYTES);
}

static int respond_too_much(const struct lambda_invocation *invocation, struct buf *response,
                            struct err *err) {
    (void)invocation;
    (void)err;
    return respond_with(response, LAMBDA_RESPONSE_BYTES + 1);
}

static int work_a_while(const struct lambda_invocation *invocation, struct buf *response,
                        struct err *err) {
    (void)err;
    clock_sleep_ms(&clock_system, 300);
    buf_append(response, invocation->payload);
    return 0;
}

/* As a handler does that reads an event into its arena. */
static int use_arena(const struct lambda_invocation *invocation, struct buf *response,
                     struct err *err) {
    (void)err;
    for (int i = 0; i < 64; i++) {
        struct view copy = arena_copy(invocation->arena, invocation->payload);
        if (copy.data == NULL) {
            return -1;
        }
    }
    buf_append(response, invocation->payload);
    return 0;
}

static const struct {
    const char *event;
    int (*run)(const struct lambda_invocation *, struct buf *, struct err *);
} commands[] = {
    {"\"describe\"", describe},
    {"\"fail\"", fail},
    {"\"fail silently\"", fail_silently},
    {"\"respond fully\"", respond_fully},
    {"\"respond too much\"", respond_too_much},
    {"\"work a while\"", work_a_while},
    {"\"use arena\"", use_arena},
};

static int handle(void *user, const struct lambda_invocation *invocation, struct buf *response,
                  struct err *err) {
    (void)user;
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (view_equal(invocation->payload, view_of(commands[i].event))) {
            return commands[i].run(invocation, response, err);
        }
    }
    buf_append(response, invocation->payload);
    return 0;
}

static int run(const struct lambda_options *options, struct err *err) {
    const char *init_error = getenv("ECHO_INIT_ERROR");
    if (init_error != NULL) {
        err_set(err, ERR_CONFIG_INVALID, "%s", init_error);
        lambda_init_error(options, err);
        return -1;
    }
    return lambda_run(options, handle, NULL, err);
}

int main(void) {
    struct sigaction on_term = {.sa_handler = on_sigterm};
    sigaction(SIGTERM, &on_term, NULL);
    signal(SIGPIPE, SIG_IGN);

    struct log log;
    struct err err;
    struct http http = {0};
    log_init(&log, &clock_system);
    log.format = LOG_JSON;
    (void)log_level_parse(view_of(getenv("AWS_LAMBDA_LOG_LEVEL")), &log.level);
    err_init(&err);
    const struct http_curl_options http_options = {.user_agent = "slipway-echo/1"};
    int result = http_curl_new(&http_options, &http, &err);
    if (result == 0) {
        const struct lambda_options options = {
            .runtime_api = view_of(getenv("AWS_LAMBDA_RUNTIME_API")),
            .http = &http,
            .clock = &clock_system,
            .log = &log,
            .set_trace_id = lambda_export_trace_id,
            .stop = &stop_requested,
        };
        result = run(&options, &err);
    }
    if (result < 0) {
        log_error(&log, LOG_FATAL, "the function ends", &err);
    }
    http_curl_free(&http);
    return result < 0 ? 1 : 0;
}
