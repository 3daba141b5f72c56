/* What the end of a transfer means: the response, or the outcome and the error. */

#include "runtime/http/http_curl_transfer.h"

/* libcurl rounds durations up or down to milliseconds, and some of its builds read a clock without
 * NTP's corrections (at most 0.05 %): by the clock here, the time may be up a little early. */
#define CLOCKS_DIFFER_MS(duration_ms) (2 + (duration_ms) / 1000)

static void resolve_headers(const struct transfer *transfer, struct http_exchange *exchange) {
    const char *bytes = buf_cstr(&exchange->header_bytes);
    for (size_t i = 0; i < transfer->n_headers; i++) {
        const struct transfer_header *header = &transfer->headers[i];
        exchange->response_headers[i] = (struct http_header){
            .name = {.data = bytes + header->name_offset, .len = header->name_len},
            .value = {.data = bytes + header->value_offset, .len = header->value_len},
        };
    }
    exchange->n_response_headers = transfer->n_headers;
}

/* The host of a URL, with its port; never user, path or query, which may hold secrets. */
static struct view host_of(struct view url) {
    struct view host = url;
    for (size_t i = 0; i + 2 < url.len; i++) {
        if (url.data[i] == ':' && url.data[i + 1] == '/' && url.data[i + 2] == '/') {
            host = view_slice(url, i + 3, url.len);
            break;
        }
    }
    for (size_t i = 0; i < host.len; i++) {
        char c = host.data[i];
        if (c == '/' || c == '?' || c == '#') {
            host.len = i;
        }
    }
    struct view user;
    struct view after;
    return view_cut_last(host, '@', &user, &after) ? after : host;
}

/* Whether the time for the whole exchange was up, rather than that for connecting. */
static bool time_was_up(const struct transfer *transfer, CURLcode result) {
    int64_t timeout_ms = transfer->exchange->timeout_ms;
    return result == CURLE_OPERATION_TIMEDOUT && timeout_ms > 0 &&
           clock_monotonic_ms(transfer->clock) - transfer->began_ms >=
               timeout_ms - CLOCKS_DIFFER_MS(timeout_ms);
}

static const char *reason(const struct transfer *transfer, CURLcode result) {
    if (transfer->resend_refused) {
        return "the connection was closed and the request must not be sent twice";
    }
    return transfer->error_text[0] != '\0' ? transfer->error_text : curl_easy_strerror(result);
}

/* Whether the proxy itself said no to the connection. */
static bool is_refused_by_proxy(const struct transfer *transfer) {
    long status = 0;
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_CONNECTCODE, &status);
    return !transfer->connected && status >= 300;
}

static void set_remedy(const struct transfer *transfer, CURLcode result, struct err *err) {
    if (result == CURLE_PEER_FAILED_VERIFICATION || result == CURLE_SSL_CACERT_BADFILE) {
        err_remedy(err, "set AWS_CA_BUNDLE to a readable bundle that holds the certificate "
                        "authority of the server or of the proxy before it");
    } else if (result == CURLE_COULDNT_RESOLVE_PROXY || is_refused_by_proxy(transfer)) {
        err_remedy(err, "correct the proxy variables (https_proxy, http_proxy, no_proxy), or let "
                        "the proxy admit the function");
    } else if (result == CURLE_COULDNT_RESOLVE_HOST) {
        err_remedy(err, "nothing now: the event is retried; if this recurs, correct the region or "
                        "the endpoint's address, or the name servers of the function's network");
    }
}

static void set_failure(const struct transfer *transfer, CURLcode result) {
    struct http_exchange *exchange = transfer->exchange;
    struct err *err = &exchange->err;
    struct view host = host_of(view_of(exchange->url));
    exchange->outcome = transfer->connected ? HTTP_NO_RESPONSE : HTTP_NOT_SENT;
    if (transfer->too_large) {
        exchange->outcome = HTTP_TOO_LARGE;
        (void)err_set(err, ERR_BAD_RESPONSE,
                      "the response of '" VIEW_FMT "' is larger than %zu bytes", VIEW_ARG(host),
                      exchange->body_limit_bytes);
        return;
    }
    if (transfer->out_of_memory || result == CURLE_OUT_OF_MEMORY) {
        (void)err_out_of_memory(err, "an HTTP response");
        return;
    }
    if (result == CURLE_URL_MALFORMAT) {
        (void)err_set(err, ERR_CONFIG_INVALID, "the address of '" VIEW_FMT "' is malformed: %s",
                      VIEW_ARG(host), curl_easy_strerror(result));
        return;
    }
    const char *what = "cannot be reached";
    if (exchange->outcome == HTTP_NO_RESPONSE) {
        what = exchange->status == 0 ? "sent no response" : "sent only a part of its response";
    }
    (void)err_set(err, time_was_up(transfer, result) ? ERR_DEADLINE_EXCEEDED : ERR_AWS_UNAVAILABLE,
                  "'" VIEW_FMT "' %s: %s", VIEW_ARG(host), what, reason(transfer, result));
    set_remedy(transfer, result, err);
}

void transfer_end(struct transfer *transfer, CURLcode result) {
    struct http_exchange *exchange = transfer->exchange;
    long status = 0;
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    exchange->status = (int)status;
    resolve_headers(transfer, exchange);
    if (result == CURLE_OK) {
        exchange->outcome = HTTP_OK;
    } else {
        set_failure(transfer, result);
    }
}
