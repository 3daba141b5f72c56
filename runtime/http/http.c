#include "runtime/http/http.h"

int http_start(struct http *http, struct http_exchange *exchange, struct err *err) {
    exchange->ended = false;
    exchange->outcome = HTTP_NOT_SENT;
    exchange->status = 0;
    exchange->n_response_headers = 0;
    exchange->transport = NULL;
    err_init(&exchange->err);
    buf_clear(&exchange->body_in);
    exchange->body_in.limit = exchange->body_limit_bytes;
    buf_clear(&exchange->header_bytes);
    exchange->header_bytes.limit = HTTP_RESPONSE_HEADER_BYTES;
    return http->ops->start(http->state, exchange, err);
}

struct http_exchange *http_wait(struct http *http, int64_t timeout_ms) {
    struct http_exchange *exchange = http->ops->wait(http->state, timeout_ms);
    if (exchange != NULL) {
        exchange->ended = true;
    }
    return exchange;
}

void http_cancel(struct http *http, struct http_exchange *exchange) {
    http->ops->cancel(http->state, exchange);
}

void http_warm(struct http *http, const char *const *urls, size_t n, int64_t timeout_ms) {
    http->ops->warm(http->state, urls, n, timeout_ms);
}

int http_perform(struct http *http, struct http_exchange *exchange, struct err *err) {
    if (http_start(http, exchange, err) != 0) {
        return -1;
    }
    while (!exchange->ended) {
        (void)http_wait(http, -1);
    }
    if (exchange->outcome == HTTP_OK) {
        return 0;
    }
    if (!err_is_set(err)) {
        *err = exchange->err;
    }
    return -1;
}

struct view http_response_header(const struct http_exchange *exchange, const char *name) {
    struct view wanted = view_of(name);
    for (size_t i = 0; i < exchange->n_response_headers; i++) {
        if (view_equal_nocase(exchange->response_headers[i].name, wanted)) {
            return exchange->response_headers[i].value;
        }
    }
    return (struct view){.data = "", .len = 0};
}

void http_exchange_release(struct http_exchange *exchange) {
    if (exchange == NULL) {
        return;
    }
    /* A response may hold credentials (STS, the container endpoint). */
    buf_wipe(&exchange->body_in);
    buf_wipe(&exchange->header_bytes);
    exchange->n_response_headers = 0;
}
