/*
 * Many calls at once. Each call is a small machine of its own:
 *
 *     DUE --sign, start--> SENT --answer--> ENDED
 *      ^                     |
 *      '--- wait, retry -----'
 *
 * and one loop drives all of them over one struct http until each has ended or the deadline comes.
 */

#include "runtime/aws/aws_client.h"
#include "runtime/aws/aws_failure.h"
#include "runtime/aws/aws_request.h"
#include "runtime/base/secret.h"

#include <stdio.h>
#include <stdlib.h>

/* Exchanges under way at once; the rest start as others end. Fifty targets are read in one wave of
 * 155 calls. Each may need a connection, and Lambda gives a function 1,024 file descriptors. */
#define MAX_IN_FLIGHT 192
/* Connecting, with the TLS handshake: one alone takes a tenth of a second at worst. All of a wave
 * shake hands at the same time, and at 7 % of a CPU (a function of 128 MB) each takes 30 ms of it
 * from the others. */
#define CONNECT_TIMEOUT_MS 3000
#define CONNECT_SHARE_MS 30
/* An attempt that is stuck must leave time for another. It gets half of what is left, but no less
 * than most calls ever take, and no more than anything of ECS or ECR has been seen to take. */
#define ATTEMPT_MIN_MS 3000
#define ATTEMPT_MAX_MS 15000
/* A retry that would come later than this before the deadline is not waited for. */
#define LAST_ATTEMPT_MS 100

enum item_state { ITEM_DUE, ITEM_SENT, ITEM_ENDED };

struct item {
    struct aws_call *call;
    enum item_state state;
    int64_t due_ms; /* when DUE: not before this, on the monotonic clock */
    struct aws_request request;
    struct http_exchange exchange;
    struct sigv4_signature signature;
    struct http_header headers[AWS_REQUEST_HEADERS + SIGV4_MAX_HEADERS];
    struct credential_source *source;
    uint64_t generation; /* of the source, when the attempt was signed */
    int64_t signed_at_ms;
    int retries;
    int retry_cost; /* of the last retry, for the bucket */
    bool has_corrected_skew;
    bool has_renewed_credentials;
    bool renew_credentials; /* before the next attempt */
    bool may_have_happened;
};

struct run {
    struct aws *aws;
    struct credential_source *only;
    uint64_t id;
    struct item *items;
    size_t n;
    size_t n_in_flight;
    size_t n_ended;
    int64_t deadline_ms;
    struct arena *arena;
};

static int64_t now_ms(const struct run *run) {
    return clock_monotonic_ms(run->aws->clock);
}

static void count_in_flight(struct run *run, int change) {
    run->n_in_flight += (size_t)change;
    run->aws->n_in_flight += (size_t)change;
}

/* What an earlier attempt, or an earlier run, has left in the call. */
static void forget_answer(struct aws_call *call) {
    call->status = 0;
    call->response = (struct view){.data = "", .len = 0};
    call->message = (struct view){.data = "", .len = 0};
    call->code[0] = '\0';
    call->request_id[0] = '\0';
}

static void reset_call(struct aws_call *call) {
    forget_answer(call);
    err_init(&call->err);
    call->attempts = 0;
    call->ambiguous = false;
}

static void end_item(struct run *run, struct item *item) {
    if (item->state == ITEM_SENT) {
        count_in_flight(run, -1);
    }
    item->state = ITEM_ENDED;
    run->n_ended++;
    sigv4_signature_wipe(&item->signature);
    http_exchange_release(&item->exchange);
    item->call->ambiguous = err_is_set(&item->call->err) && item->may_have_happened;
}

static void fail_item(struct run *run, struct item *item, const struct err *cause) {
    struct aws_call *call = item->call;
    (void)err_set(&call->err, cause->code, "%s", cause->message);
    if (cause->remedy[0] != '\0') {
        err_remedy(&call->err, "%s", cause->remedy);
    }
    end_item(run, item);
}

static void copy_text(char *to, size_t size, struct view text) {
    (void)snprintf(to, size, "%.*s", (int)text.len, text.len > 0 ? text.data : "");
}

/* AWS's own code for why the credentials cannot be had. */
static void name_failure(struct item *item) {
    copy_text(item->call->code, sizeof(item->call->code),
              view_of(credentials_failure_code(item->source->provider)));
}

/* Gives the credentials of a source, fetched or renewed if need be. A source that failed is not
 * asked again in the same run: every call that wants it would wait for the same failure. */
static int get_credentials(struct run *run, struct item *item, struct aws_credentials *ret,
                           struct err *err) {
    struct credential_source *source = item->source;
    if (source->failure != NULL && source->failed_run == run->id) {
        *err = *source->failure;
        name_failure(item);
        return -1;
    }
    bool force = item->renew_credentials && item->generation == source->generation;
    item->renew_credentials = false;
    if (force) {
        source->generation++;
    }
    if (credentials_get(source->provider, run->aws, run->deadline_ms, force, ret, err) != 0) {
        if (source->failure == NULL) {
            source->failure = calloc(1, sizeof(*source->failure));
        }
        if (source->failure != NULL) {
            *source->failure = *err;
            source->failed_run = run->id;
        }
        name_failure(item);
        return -1;
    }
    item->generation = source->generation;
    return 0;
}

static int sign(struct run *run, struct item *item, struct err *err) {
    struct aws_credentials credentials;
    sigv4_signature_wipe(&item->signature);
    if (get_credentials(run, item, &credentials, err) != 0) {
        return -1;
    }
    item->signed_at_ms = aws_wall_ms(run->aws);
    if (aws_request_sign(&item->request, item->call->service, &credentials, item->signed_at_ms,
                         &item->signature, err) != 0) {
        return -1;
    }
    size_t n = 0;
    for (size_t i = 0; i < item->request.n_headers; i++) {
        item->headers[n++] = item->request.headers[i];
    }
    for (size_t i = 0; i < item->signature.n_headers; i++) {
        item->headers[n++] = item->signature.headers[i];
    }
    item->exchange.headers = item->headers;
    item->exchange.n_headers = n;
    return 0;
}

static int64_t attempt_timeout_ms(const struct run *run, const struct item *item) {
    int64_t left_ms = run->deadline_ms - now_ms(run);
    bool is_last = item->call->once || item->retries + 1 >= run->aws->max_attempts;
    if (left_ms < 1) {
        return 1;
    }
    if (is_last) {
        /* Giving up earlier would win nothing. */
        return left_ms;
    }
    int64_t timeout_ms = left_ms / 2;
    if (timeout_ms < ATTEMPT_MIN_MS) {
        timeout_ms = ATTEMPT_MIN_MS;
    }
    if (timeout_ms > ATTEMPT_MAX_MS) {
        timeout_ms = ATTEMPT_MAX_MS;
    }
    return timeout_ms < left_ms ? timeout_ms : left_ms;
}

static int64_t connect_timeout_ms(const struct run *run) {
    size_t n_at_once = run->n < MAX_IN_FLIGHT ? run->n : MAX_IN_FLIGHT;
    return CONNECT_TIMEOUT_MS + CONNECT_SHARE_MS * (int64_t)(n_at_once - 1);
}

static void start_item(struct run *run, struct item *item) {
    struct aws_call *call = item->call;
    struct http_exchange *exchange = &item->exchange;
    struct err err;
    err_init(&err);
    if (sign(run, item, &err) != 0) {
        fail_item(run, item, &err);
        return;
    }
    exchange->method = item->request.method;
    exchange->url = item->request.url;
    exchange->body = item->request.body;
    exchange->body_limit_bytes = AWS_RESPONSE_BYTES;
    exchange->timeout_ms = attempt_timeout_ms(run, item);
    exchange->connect_timeout_ms = connect_timeout_ms(run);
    exchange->accept_gzip = true;
    exchange->once = call->once;
    if (http_start(run->aws->http, exchange, &err) != 0) {
        fail_item(run, item, &err);
        return;
    }
    call->attempts++;
    item->state = ITEM_SENT;
    count_in_flight(run, 1);
}

/* What the attempt came to, with the clock looked at where a code alone does not tell. */
static enum retry_class classify(const struct item *item, const struct aws_failure *failure) {
    const struct aws_call *call = item->call;
    const struct http_exchange *exchange = &item->exchange;
    if (exchange->outcome == HTTP_OK && exchange->status >= 200 && exchange->status < 300) {
        return RETRY_TRANSIENT; /* an answer that cannot be read: a proxy's page, cut short */
    }
    if (exchange->outcome == HTTP_NOT_SENT && exchange->err.code == ERR_CONFIG_INVALID) {
        return RETRY_NO; /* the address is malformed */
    }
    enum retry_class class =
        retry_classify(call->service, exchange->outcome, exchange->status, failure->code);
    if (failure->date_ms >= 0 &&
        retry_is_skewed(failure->code, item->signed_at_ms, failure->date_ms)) {
        return RETRY_CLOCK_SKEW;
    }
    if (retry_is_throttle_message(call->service, failure->code, failure->message)) {
        return RETRY_THROTTLED;
    }
    return class == RETRY_CLOCK_SKEW ? RETRY_NO : class;
}

/* Puts the call back to be tried again after the delay that is due; false when the attempts, the
 * tokens or the time are used up. */
static bool retry_later(struct run *run, struct item *item, const struct aws_failure *failure) {
    struct aws *aws = run->aws;
    if (item->retries + 1 >= aws->max_attempts) {
        return false;
    }
    int64_t delay_ms =
        retry_delay_ms(item->retries + 1, clock_random(aws->clock), failure->retry_after_ms);
    int64_t due_ms = now_ms(run) + delay_ms;
    bool timed_out = item->exchange.err.code == ERR_DEADLINE_EXCEEDED;
    if (due_ms > run->deadline_ms - LAST_ATTEMPT_MS ||
        !retry_bucket_draw(&aws->bucket, timed_out, &item->retry_cost)) {
        return false;
    }
    item->retries++;
    item->due_ms = due_ms;
    return true;
}

/* Corrections are made once a call, at once, and cost no attempt: nothing was carried out, and the
 * next answer will differ. */
static bool try_again(struct run *run, struct item *item, enum retry_class class,
                      const struct aws_failure *failure) {
    struct aws *aws = run->aws;
    switch (class) {
    case RETRY_NO:
        return false;
    case RETRY_CLOCK_SKEW:
        aws->skew_ms = failure->date_ms - clock_wall_ms(aws->clock);
        item->due_ms = now_ms(run);
        return !item->has_corrected_skew && (item->has_corrected_skew = true);
    case RETRY_CREDENTIALS:
        item->due_ms = now_ms(run);
        item->renew_credentials = true;
        return !item->has_renewed_credentials && (item->has_renewed_credentials = true);
    case RETRY_TRANSIENT:
        return !item->call->once && retry_later(run, item, failure);
    case RETRY_THROTTLED:
    case RETRY_NOT_SENT:
        return retry_later(run, item, failure);
    }
    return false;
}

static void keep_response(struct run *run, struct item *item) {
    struct aws_call *call = item->call;
    struct view body = buf_view(&item->exchange.body_in);
    call->response = arena_copy(run->arena, body);
    if (call->response.data == NULL) {
        call->response = (struct view){.data = "", .len = 0};
        (void)err_out_of_memory(&call->err, "an AWS answer");
    }
}

static void succeed(struct run *run, struct item *item) {
    retry_bucket_refund(&run->aws->bucket, item->retry_cost);
    item->may_have_happened = true; /* should there be no memory for the answer */
    item->call->code[0] = '\0';
    keep_response(run, item);
    end_item(run, item);
}

static void fail_for_good(struct run *run, struct item *item, enum retry_class class,
                          const struct aws_failure *failure) {
    const struct aws_verdict verdict = {
        .failure = failure,
        .exchange = &item->exchange,
        .class = class,
        .region = item->request.region,
        .deadline_passed = now_ms(run) >= run->deadline_ms - LAST_ATTEMPT_MS,
    };
    aws_failure_report(item->call, &verdict);
    if (item->exchange.outcome == HTTP_OK) {
        keep_response(run, item); /* the service's file reads AWS's words out of it */
    }
    end_item(run, item);
}

/* Whether AWS may have carried out an attempt that failed. What stands before AWS may say 5xx in
 * ways that nobody retries. */
static bool leaves_doubt(const struct http_exchange *exchange, enum retry_class class) {
    bool is_server_error = exchange->outcome == HTTP_OK && exchange->status >= 500;
    return class == RETRY_TRANSIENT || exchange->outcome == HTTP_TOO_LARGE ||
           (is_server_error && class != RETRY_THROTTLED);
}

/* An attempt has ended: the call has, too, or it is tried again. */
static void finish_attempt(struct run *run, struct item *item) {
    struct aws_call *call = item->call;
    struct http_exchange *exchange = &item->exchange;
    bool is_success =
        exchange->outcome == HTTP_OK && exchange->status >= 200 && exchange->status < 300;
    call->status = exchange->outcome == HTTP_OK ? exchange->status : 0;
    copy_text(call->request_id, sizeof(call->request_id), aws_request_id(exchange));
    if (is_success && aws_answer_is_sound(call->service, exchange)) {
        succeed(run, item);
        return;
    }
    struct aws_failure failure = aws_failure_read(call->service, exchange, run->arena);
    copy_text(call->code, sizeof(call->code), failure.code);
    call->message = failure.message;
    enum retry_class class = classify(item, &failure);
    item->may_have_happened = item->may_have_happened || leaves_doubt(exchange, class);
    if (!try_again(run, item, class, &failure)) {
        fail_for_good(run, item, class, &failure);
        return;
    }
    item->state = ITEM_DUE;
    count_in_flight(run, -1);
    forget_answer(call);
    sigv4_signature_wipe(&item->signature);
    http_exchange_release(exchange);
}

static void prepare_item(struct run *run, struct item *item, struct aws_call *call) {
    struct err err;
    err_init(&err);
    reset_call(call);
    item->call = call;
    item->source = run->only;
    if ((run->only == NULL && aws_source_of(run->aws, call, &item->source, &err) != 0) ||
        aws_request_build(call, run->aws->region, run->aws->env, run->arena, &item->request,
                          &err) != 0) {
        fail_item(run, item, &err);
    }
}

/* Starts what is due, as far as the limit goes. Calls with the client's own credentials go first:
 * those of a role may have to be fetched, and what has been started goes on meanwhile. */
static void start_due(struct run *run) {
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < run->n && run->n_in_flight < MAX_IN_FLIGHT; i++) {
            struct item *item = &run->items[i];
            bool is_own = item->source == run->only || item->source == &run->aws->own;
            if (item->state == ITEM_DUE && is_own == (pass == 0) && item->due_ms <= now_ms(run)) {
                start_item(run, item);
            }
        }
    }
}

static void finish_arrived(struct run *run) {
    for (size_t i = 0; i < run->n; i++) {
        if (run->items[i].state == ITEM_SENT && run->items[i].exchange.ended) {
            finish_attempt(run, &run->items[i]);
        }
    }
}

/* Until the next retry is due, or the deadline. */
static int64_t wait_ms(const struct run *run) {
    int64_t until_ms = run->deadline_ms;
    for (size_t i = 0; i < run->n; i++) {
        const struct item *item = &run->items[i];
        if (item->state == ITEM_DUE && run->n_in_flight < MAX_IN_FLIGHT &&
            item->due_ms < until_ms) {
            until_ms = item->due_ms;
        }
    }
    int64_t left_ms = until_ms - now_ms(run);
    return left_ms > 0 ? left_ms : 0;
}

static void expire(struct run *run) {
    for (size_t i = 0; i < run->n; i++) {
        struct item *item = &run->items[i];
        if (item->state == ITEM_ENDED) {
            continue;
        }
        bool is_sent = item->state == ITEM_SENT;
        if (is_sent) {
            http_cancel(run->aws->http, &item->exchange);
            item->may_have_happened = true;
        }
        aws_failure_report_deadline(item->call, item->request.region, is_sent);
        end_item(run, item);
    }
}

static void drive(struct run *run) {
    while (run->n_ended < run->n) {
        finish_arrived(run);
        if (run->n_ended < run->n && now_ms(run) >= run->deadline_ms) {
            expire(run);
            return;
        }
        start_due(run);
        finish_arrived(run); /* fetching credentials may have waited for these */
        if (run->n_ended == run->n) {
            return;
        }
        if (run->aws->n_in_flight > 0) {
            (void)http_wait(run->aws->http, wait_ms(run));
        } else {
            clock_sleep_ms(run->aws->clock, wait_ms(run));
        }
    }
}

void aws_run(struct aws *aws, struct credential_source *only, struct aws_call *calls, size_t n,
             int64_t deadline_ms, struct arena *arena) {
    struct run run = {
        .aws = aws,
        .only = only,
        .id = ++aws->n_runs,
        .items = ARENA_ARRAY(arena, n, struct item),
        .n = n,
        .deadline_ms = deadline_ms,
        .arena = arena,
    };
    if (run.items == NULL) {
        for (size_t i = 0; i < n; i++) {
            reset_call(&calls[i]);
            (void)err_out_of_memory(&calls[i].err, "calls of AWS");
        }
        return;
    }
    for (size_t i = 0; i < n; i++) {
        prepare_item(&run, &run.items[i], &calls[i]);
    }
    drive(&run);
}
