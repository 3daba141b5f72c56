#include "runtime/lambda/lambda.h"

#include "runtime/lambda/invocation.h"
#include "runtime/lambda/post.h"

#include <malloc.h>
#include <stddef.h>

/* Ceiling of what one invocation may put into its arena. */
#define ARENA_BYTES ((size_t)64 * 1024 * 1024)
/* Buffers that one large event blew up beyond this are given back after it. */
#define KEEP_BYTES ((size_t)256 * 1024)

/* How often /next is asked in a row without getting an invocation: with the pauses between, three
 * and a half seconds. */
#define NEXT_ATTEMPTS 8
#define NEXT_BACK_OFF_MS 50
#define NEXT_BACK_OFF_MAX_MS 1000
#define CONNECT_TIMEOUT_MS 1000
/* A signal interrupts a wait. One that comes just before the wait begins does not; therefore no
 * wait is longer than this. Lambda kills 300 ms after SIGTERM at the earliest. */
#define WAIT_SLICE_MS 200

struct loop {
    const struct lambda_options *options;
    lambda_handler handler;
    void *user;
    struct arena arena;
    struct buf next_url;
    struct buf response;
    struct buf trace_id;
    struct http_exchange next;
    struct post post;
};

enum next_result {
    NEXT_INVOCATION,
    NEXT_STOP,   /* *stop was set */
    NEXT_FAILED, /* this time; *cause says why */
};

static bool must_stop(const struct loop *loop) {
    return loop->options->stop != NULL && *loop->options->stop != 0;
}

static int loop_init(struct loop *loop, const struct lambda_options *options,
                     lambda_handler handler, void *user, struct err *err) {
    *loop = (struct loop){
        .options = options,
        .handler = handler,
        .user = user,
        .arena = ARENA_INIT(ARENA_BYTES),
        .next_url = BUF_INIT(POST_URL_BYTES),
        .response = BUF_INIT(LAMBDA_RESPONSE_BYTES),
        .trace_id = BUF_INIT(LAMBDA_TRACE_ID_BYTES),
    };
    invocation_url(&loop->next_url, options->runtime_api, "/invocation/next");
    if (buf_check(&loop->next_url, "address of the Runtime API", err) < 0) {
        return -1;
    }
    return post_init(&loop->post, options, err);
}

static void loop_release(struct loop *loop) {
    post_release(&loop->post);
    http_exchange_release(&loop->next);
    buf_release(&loop->trace_id);
    buf_release(&loop->response);
    buf_release(&loop->next_url);
    arena_release(&loop->arena);
}

/* Waits for /next for as long as it takes; false if the loop has to stop first. */
static bool await_next(struct loop *loop) {
    while (!loop->next.ended) {
        (void)http_wait(loop->options->http, WAIT_SLICE_MS);
        if (!loop->next.ended && must_stop(loop)) {
            http_cancel(loop->options->http, &loop->next);
            return false;
        }
    }
    return true;
}

/* Asks for the next invocation once. An event that did not come in whole (too large, no memory for
 * it, cut off) counts as an invocation if its headers came: it is ours, and the Runtime API gives
 * no other before it has been answered, if only with an error. */
static enum next_result ask_next(struct loop *loop, struct lambda_invocation *ret_invocation,
                                 struct err *cause) {
    const struct lambda_options *options = loop->options;
    loop->next.method = "GET";
    loop->next.url = buf_cstr(&loop->next_url);
    loop->next.body_limit_bytes = LAMBDA_EVENT_BYTES;
    loop->next.connect_timeout_ms = CONNECT_TIMEOUT_MS;
    loop->next.no_proxy = true;
    if (http_start(options->http, &loop->next, cause) < 0) {
        return NEXT_FAILED;
    }
    if (!await_next(loop)) {
        return NEXT_STOP;
    }
    bool is_whole = loop->next.outcome == HTTP_OK;
    if (!is_whole && loop->next.status != 200) {
        *cause = loop->next.err;
        return NEXT_FAILED;
    }
    if (loop->next.status != 200) {
        err_set(cause, ERR_AWS_UNAVAILABLE, "the Runtime API answered %d to '%s': " VIEW_FMT,
                loop->next.status, loop->next.url, VIEW_ARG(buf_view(&loop->next.body_in)));
        return NEXT_FAILED;
    }
    if (invocation_read(&loop->next, clock_wall_ms(options->clock),
                        clock_monotonic_ms(options->clock), ret_invocation, cause) < 0) {
        if (!is_whole) {
            *cause = loop->next.err;
        }
        return NEXT_FAILED;
    }
    return NEXT_INVOCATION;
}

/* False if the loop has to stop. */
static bool pause_loop(const struct loop *loop, int64_t duration_ms) {
    while (duration_ms > 0 && !must_stop(loop)) {
        int64_t slice_ms = duration_ms < WAIT_SLICE_MS ? duration_ms : WAIT_SLICE_MS;
        clock_sleep_ms(loop->options->clock, slice_ms);
        duration_ms -= slice_ms;
    }
    return !must_stop(loop);
}

static int give_up(const struct loop *loop, const struct err *cause, struct err *err) {
    err_set(err, ERR_AWS_UNAVAILABLE,
            "the Runtime API at '" VIEW_FMT "' gave no invocation in %d attempts: %s",
            VIEW_ARG(loop->options->runtime_api), NEXT_ATTEMPTS, cause->message);
    err_remedy(err, "let Lambda start the function anew; outside Lambda, point "
                    "AWS_LAMBDA_RUNTIME_API at a Runtime API");
    return -1;
}

/* 1: there is an invocation. 0: the loop has to stop. -1: the Runtime API gives none. */
static int next_invocation(struct loop *loop, struct lambda_invocation *ret_invocation,
                           struct err *err) {
    int64_t pause_ms = NEXT_BACK_OFF_MS;
    for (int attempt = 1;; attempt++) {
        struct err cause;
        err_init(&cause);
        switch (ask_next(loop, ret_invocation, &cause)) {
        case NEXT_INVOCATION:
            return 1;
        case NEXT_STOP:
            return 0;
        case NEXT_FAILED:
            break;
        }
        if (attempt == NEXT_ATTEMPTS) {
            return give_up(loop, &cause, err);
        }
        log_error(loop->options->log, LOG_WARN, "no invocation from the Runtime API", &cause);
        if (!pause_loop(loop, pause_ms)) {
            return 0;
        }
        pause_ms = pause_ms * 2 < NEXT_BACK_OFF_MAX_MS ? pause_ms * 2 : NEXT_BACK_OFF_MAX_MS;
    }
}

/* The X-Ray SDKs and the log formats of other tools find the trace in the environment. */
static void export_trace_id(struct loop *loop, struct view trace_id) {
    if (loop->options->set_trace_id == NULL) {
        return;
    }
    buf_clear(&loop->trace_id);
    buf_append(&loop->trace_id, trace_id);
    bool is_usable = trace_id.len > 0 && !loop->trace_id.failed;
    loop->options->set_trace_id(is_usable ? buf_cstr(&loop->trace_id) : NULL);
}

/* 0: loop->response is what is to be posted. */
static int run_handler(struct loop *loop, const struct lambda_invocation *invocation,
                       struct err *err) {
    if (loop->next.outcome == HTTP_TOO_LARGE) {
        return err_set(err, ERR_EVENT_MALFORMED, "event is larger than %zu bytes",
                       LAMBDA_EVENT_BYTES);
    }
    if (loop->next.outcome != HTTP_OK) {
        return err_set(err, loop->next.err.code, "%s", loop->next.err.message);
    }
    if (loop->handler(loop->user, invocation, &loop->response, err) < 0) {
        return err_set(err, ERR_BAD_RESPONSE, "the handler failed and did not say why");
    }
    int result = buf_check(&loop->response, "response", err);
    if (loop->response.over_limit) {
        err_remedy(err, "send fewer events at once: Lambda takes no larger response");
    }
    return result;
}

static int serve(struct loop *loop, struct lambda_invocation *invocation, struct err *err) {
    struct log *log = loop->options->log;
    struct err failure;
    err_init(&failure);
    invocation->arena = &loop->arena;
    invocation->log = log;
    log->request_id = invocation->request_id;
    log->tenant_id = invocation->tenant_id;
    export_trace_id(loop, invocation->trace_id);
    LOG(log, LOG_DEBUG, "invocation", LOG_I64("bytes", (int64_t)invocation->payload.len),
        LOG_I64("deadline_ms", invocation->deadline_wall_ms));

    int result;
    if (run_handler(loop, invocation, &failure) == 0) {
        result = post_response(&loop->post, invocation, buf_view(&loop->response), err);
    } else {
        log_error(log, LOG_ERROR, "the invocation failed", &failure);
        result = post_error(&loop->post, invocation, &failure, err);
    }
    log->request_id = VIEW("");
    log->tenant_id = VIEW("");
    return result;
}

/* Makes ready for the next invocation: small buffers are kept, so that nothing is allocated again;
 * large ones are given back, so that one event of 6 MB is not paid for ever after. */
static void tidy(struct loop *loop) {
    bool was_large = false;
    if (loop->next.body_in.capacity > KEEP_BYTES) {
        http_exchange_release(&loop->next);
        was_large = true;
    }
    if (loop->response.capacity > KEEP_BYTES) {
        buf_release(&loop->response);
        was_large = true;
    }
    buf_clear(&loop->response);
    was_large = was_large || loop->arena.used_bytes > KEEP_BYTES;
    arena_reset(&loop->arena);
#ifdef __GLIBC__
    if (was_large) {
        /* glibc keeps what was freed, up to twice the largest block that it ever saw. */
        malloc_trim(0);
    }
#else
    (void)was_large;
#endif
}

static int run(struct loop *loop, struct err *err) {
    while (!must_stop(loop)) {
        struct lambda_invocation invocation;
        int next = next_invocation(loop, &invocation, err);
        if (next <= 0) {
            return next;
        }
        if (serve(loop, &invocation, err) < 0) {
            return -1;
        }
        tidy(loop);
    }
    return 0;
}

int lambda_run(const struct lambda_options *options, lambda_handler handler, void *user,
               struct err *err) {
    struct loop loop;
    int result = loop_init(&loop, options, handler, user, err);
    if (result == 0) {
        result = run(&loop, err);
    }
    loop_release(&loop);
    return result;
}
