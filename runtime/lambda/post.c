#include "runtime/lambda/post.h"

#include "runtime/lambda/invocation.h"

#include <stddef.h>

/* The Runtime API is on the same machine: it accepts a connection at once or not at all. */
#define CONNECT_TIMEOUT_MS 1000
/* In the init phase nothing freezes the process, so that a time limit means what it says. */
#define INIT_ERROR_TIMEOUT_MS 2000
/* How much of the Runtime API's own body a log line quotes. */
#define QUOTED_BYTES 256

/* What a status means for an answer that was posted. */
static const struct status_meaning {
    int first, last;
    enum log_level level;
    bool must_end;
    const char *message;
} status_meanings[] = {
    {200, 299, LOG_DEBUG, false, "the Runtime API took the answer"},
    {400, 400, LOG_ERROR, false, "the Runtime API rejected the answer"},
    {403, 403, LOG_ERROR, false, "the Runtime API expected no answer in this state"},
    {410, 410, LOG_ERROR, false, "the answer came too late: the invocation had timed out"},
    {413, 413, LOG_ERROR, false, "the answer is larger than Lambda takes"},
    {500, 599, LOG_FATAL, true, "the Runtime API reports a container error"},
    {0, 999, LOG_ERROR, false, "the Runtime API answered with an unknown status"},
};

static const struct status_meaning *meaning_of(int status) {
    const struct status_meaning *meaning = status_meanings;
    while (meaning->last != 999 && (status < meaning->first || status > meaning->last)) {
        meaning++;
    }
    return meaning;
}

int post_init(struct post *post, const struct lambda_options *options, struct err *err) {
    *post = (struct post){
        .options = options,
        .url = BUF_INIT(POST_URL_BYTES),
        .document = ERROR_DOCUMENT_INIT,
    };
    if (buf_reserve(&post->url, POST_URL_BYTES) == NULL) {
        return buf_check(&post->url, "addresses of the Runtime API", err);
    }
    return 0;
}

void post_release(struct post *post) {
    http_exchange_release(&post->exchange);
    buf_release(&post->url);
    error_document_release(&post->document);
}

/* Sends the post until there is a response. -1: there was none. */
static int perform(struct post *post, struct err *err) {
    const struct lambda_options *options = post->options;
    int64_t pause_ms = POST_BACK_OFF_MS;
    for (int attempt = 1;; attempt++) {
        struct err cause;
        err_init(&cause);
        if (http_perform(options->http, &post->exchange, &cause) == 0) {
            return 0;
        }
        if (attempt == POST_ATTEMPTS) {
            *err = cause;
            return -1;
        }
        clock_sleep_ms(options->clock, pause_ms);
        pause_ms *= 2;
    }
}

/* Logs what became of the post. -1 if the process has to end; then the caller logs it. */
static int judge(const struct post *post, struct err *err) {
    const struct http_exchange *exchange = &post->exchange;
    const struct status_meaning *meaning = meaning_of(exchange->status);
    struct view reply = view_slice(buf_view(&exchange->body_in), 0, QUOTED_BYTES);
    if (meaning->must_end) {
        err_set(err, ERR_AWS_UNAVAILABLE, "%s: %d to '%s': " VIEW_FMT, meaning->message,
                exchange->status, exchange->url, VIEW_ARG(reply));
        err_remedy(err, "let Lambda start the function anew");
        return -1;
    }
    LOG(post->options->log, meaning->level, meaning->message, LOG_I64("status", exchange->status),
        LOG_I64("bytes", (int64_t)exchange->body.len),
        LOG_I64("limit_bytes", LAMBDA_RESPONSE_BYTES), LOG_VIEW("reply", reply));
    return 0;
}

/* Posts to the address in post->url. No time limit: Lambda freezes the process between two
 * invocations, at times before it has read the reply, and time goes on meanwhile. */
static int send_to_url(struct post *post, const struct http_header *headers, size_t n_headers,
                       struct view body, int64_t timeout_ms, struct err *err) {
    struct err failure;
    err_init(&failure);
    if (buf_check(&post->url, "address of the answer", &failure) == 0) {
        post->exchange.method = "POST";
        post->exchange.url = buf_cstr(&post->url);
        post->exchange.headers = headers;
        post->exchange.n_headers = n_headers;
        post->exchange.body = body;
        post->exchange.body_limit_bytes = POST_REPLY_BYTES;
        post->exchange.timeout_ms = timeout_ms;
        post->exchange.connect_timeout_ms = CONNECT_TIMEOUT_MS;
        post->exchange.no_proxy = true;
        if (perform(post, &failure) == 0) {
            return judge(post, err);
        }
    }
    log_error(post->options->log, LOG_ERROR, "the answer could not be posted", &failure);
    return 0;
}

int post_response(struct post *post, const struct lambda_invocation *invocation,
                  struct view response, struct err *err) {
    const struct http_header headers[] = {
        {VIEW("Content-Type"), VIEW("application/json")},
        {VIEW("Lambda-Runtime-Invocation-Id"), invocation->invocation_id},
    };
    buf_clear(&post->url);
    invocation_answer_url(&post->url, post->options->runtime_api, invocation->request_id,
                          "response");
    return send_to_url(post, headers, invocation->invocation_id.len > 0 ? 2 : 1, response, 0, err);
}

/* Posts the error to the address in post->url. */
static int send_error(struct post *post, struct view invocation_id, const struct err *failure,
                      int64_t timeout_ms, struct err *err) {
    struct error_document_view document = error_document_build(&post->document, failure);
    struct http_header headers[4] = {
        {VIEW("Content-Type"), VIEW("application/json")},
        {VIEW("Lambda-Runtime-Function-Error-Type"), document.type},
    };
    size_t n = 2;
    if (document.cause.len > 0) {
        headers[n++] =
            (struct http_header){VIEW("Lambda-Runtime-Function-XRay-Error-Cause"), document.cause};
    }
    if (invocation_id.len > 0) {
        headers[n++] = (struct http_header){VIEW("Lambda-Runtime-Invocation-Id"), invocation_id};
    }
    return send_to_url(post, headers, n, document.body, timeout_ms, err);
}

int post_error(struct post *post, const struct lambda_invocation *invocation,
               const struct err *failure, struct err *err) {
    buf_clear(&post->url);
    invocation_answer_url(&post->url, post->options->runtime_api, invocation->request_id, "error");
    return send_error(post, invocation->invocation_id, failure, 0, err);
}

void lambda_init_error(const struct lambda_options *options, const struct err *cause) {
    struct post post;
    struct err err;
    err_init(&err);
    if (post_init(&post, options, &err) == 0) {
        invocation_url(&post.url, options->runtime_api, "/init/error");
        if (send_error(&post, VIEW(""), cause, INIT_ERROR_TIMEOUT_MS, &err) < 0) {
            log_error(options->log, LOG_ERROR, "the init error was not taken", &err);
        }
    }
    post_release(&post);
}
