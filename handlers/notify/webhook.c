#include "handlers/notify/webhook.h"

/* Slack answers "ok", or a word for what is wrong. */
#define RESPONSE_BYTES 4096
#define WORD_BYTES 64
#define ATTEMPTS 2
#define PAUSE_MS 250
/* An invocation has a quarter of it. */
#define RETRY_AFTER_MAX_SECONDS 3600

static const struct http_header headers[] = {
    {{"Content-Type", sizeof("Content-Type") - 1},
     {"application/json; charset=utf-8", sizeof("application/json; charset=utf-8") - 1}},
};

static int64_t left_ms(const struct webhook_post *post) {
    return post->deadline_ms - clock_monotonic_ms(post->clock);
}

void webhook_begin(struct webhook_post *post) {
    err_init(&post->start_err);
    post->exchange.method = "POST";
    post->exchange.url = secret_expose(post->address).data;
    post->exchange.headers = headers;
    post->exchange.n_headers = sizeof(headers) / sizeof(headers[0]);
    post->exchange.body = post->body;
    post->exchange.body_limit_bytes = RESPONSE_BYTES;
    post->exchange.once = true;
    post->exchange.timeout_ms = left_ms(post) > 0 ? left_ms(post) : 1;
    post->is_under_way = http_start(post->http, &post->exchange, &post->start_err) == 0;
}

static void wait_for(struct webhook_post *post) {
    while (post->is_under_way && !post->exchange.ended) {
        int64_t left = left_ms(post);
        if (left <= 0) {
            http_cancel(post->http, &post->exchange);
            post->exchange.outcome = HTTP_NO_RESPONSE;
            break;
        }
        (void)http_wait(post->http, left);
    }
    post->is_under_way = false;
}

/* Of a 429, in milliseconds: a second where Slack says nothing; -1 where it says what is no number
 * of seconds, or one that no deadline has. */
static int64_t retry_after_ms(const struct http_exchange *exchange) {
    struct view text = http_response_header(exchange, "Retry-After");
    int64_t seconds = 0;
    if (text.len == 0) {
        return 1000;
    }
    return view_to_i64(text, &seconds) && seconds >= 0 && seconds < RETRY_AFTER_MAX_SECONDS
               ? seconds * 1000
               : -1;
}

/* Milliseconds to wait before another attempt; -1: there is none. */
static int64_t pause_before_retry(const struct webhook_post *post) {
    const struct http_exchange *exchange = &post->exchange;
    if (exchange->outcome != HTTP_OK) {
        return exchange->outcome == HTTP_TOO_LARGE ? -1 : PAUSE_MS;
    }
    if (exchange->status == 429) {
        return retry_after_ms(exchange);
    }
    return exchange->status >= 500 ? PAUSE_MS : -1;
}

/* "invalid_payload", "no_service": letters and '_' of the answer's first word. */
static struct view word_of(const struct http_exchange *exchange) {
    struct view text = buf_view(&exchange->body_in);
    size_t len = 0;
    while (len < text.len && len < WORD_BYTES &&
           ((text.data[len] >= 'a' && text.data[len] <= 'z') || text.data[len] == '_')) {
        len++;
    }
    return view_slice(text, 0, len);
}

static int explain_status(const struct http_exchange *exchange, bool *ret_is_gone,
                          struct err *err) {
    int status = exchange->status;
    struct view word = word_of(exchange);
    const char *space = word.len > 0 ? " " : "";
    *ret_is_gone = status == 403 || status == 404 || status == 410;
    if (status == 429) {
        err_set(err, ERR_THROTTLED, "Slack takes no more messages for now (429)");
        err_remedy(err, "send fewer messages to this webhook's channel");
    } else if (*ret_is_gone) {
        err_set(err, ERR_BAD_RESPONSE, "Slack knows the webhook no more (%d%s" VIEW_FMT ")", status,
                space, VIEW_ARG(word));
        err_remedy(err, "make a new incoming webhook, and set SLACK_WEBHOOK_URL or the parameter "
                        "of SLACK_WEBHOOK_PARAMETER to it");
    } else if (status >= 500) {
        err_set(err, ERR_AWS_UNAVAILABLE, "Slack failed (%d)", status);
        err_remedy(err, "nothing now: the deploy is not affected");
    } else {
        err_set(err, ERR_BAD_RESPONSE, "Slack did not take the message (%d%s" VIEW_FMT ")", status,
                space, VIEW_ARG(word));
        err_remedy(err, "check that the webhook is one of Slack's, or report this");
    }
    return -1;
}

static int judge(const struct webhook_post *post, bool *ret_is_gone, struct err *err) {
    const struct http_exchange *exchange = &post->exchange;
    if (exchange->outcome == HTTP_OK && exchange->status >= 200 && exchange->status < 300) {
        return 0;
    }
    if (exchange->outcome == HTTP_OK) {
        return explain_status(exchange, ret_is_gone, err);
    }
    if (err_is_set(&exchange->err)) {
        err_set(err, exchange->err.code, "%s", exchange->err.message);
    } else {
        err_set(err, ERR_DEADLINE_EXCEEDED, "Slack did not answer in time");
    }
    err_remedy(err, "check that the function's network reaches hooks.slack.com");
    return -1;
}

int webhook_end(struct webhook_post *post, bool *ret_is_gone, struct err *err) {
    int rc = -1;
    *ret_is_gone = false;
    for (int attempt = 1; post->is_under_way; attempt++) {
        wait_for(post);
        int64_t pause_ms = pause_before_retry(post);
        if (attempt == ATTEMPTS || pause_ms < 0 || pause_ms >= left_ms(post)) {
            rc = judge(post, ret_is_gone, err);
            break;
        }
        clock_sleep_ms(post->clock, pause_ms);
        webhook_begin(post);
    }
    if (err_is_set(&post->start_err)) {
        rc = err_set(err, post->start_err.code, "%s", post->start_err.message);
    }
    http_exchange_release(&post->exchange);
    return rc;
}
