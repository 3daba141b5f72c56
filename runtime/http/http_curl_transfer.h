#ifndef SLIPWAY_HTTP_HTTP_CURL_TRANSFER_H
#define SLIPWAY_HTTP_HTTP_CURL_TRANSFER_H

/*
 * One exchange on one libcurl easy handle: what is asked of libcurl, what is kept of the response,
 * and what its end means. Private to http_curl.c, which runs many of them.
 */

#include "runtime/base/clock.h"
#include "runtime/base/err.h"
#include "runtime/http/http.h"
#include "runtime/http/http_curl_tls.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

/* A part of header_bytes; offsets, since the bytes move while they grow. */
struct transfer_header {
    size_t name_offset;
    size_t name_len;
    size_t value_offset;
    size_t value_len;
};

struct transfer_list;

struct transfer {
    struct transfer *prev;
    struct transfer *next;
    struct transfer_list *list;
    CURL *easy;
    const struct clock *clock;
    struct http_exchange *exchange; /* NULL in the pool */

    /* the request as libcurl wants it; the memory is kept from one exchange to the next */
    struct buf header_text;
    struct curl_slist *header_nodes;
    size_t header_nodes_capacity;

    /* what the handle is set to, so that an exchange sets only what differs */
    bool tls_is_set;
    bool sessions_are_shared;
    bool gzip_is_set;
    bool no_proxy_is_set;
    bool method_is_set;
    long max_idle_seconds;

    /* of the exchange under way */
    bool connected;      /* a connection stood; the request was about to be sent */
    bool resend_refused; /* libcurl wanted to send a `once` request again */
    bool too_large;
    bool out_of_memory;
    bool body_begun;
    int64_t began_ms; /* on the monotonic clock, if the exchange has a time limit */
    struct transfer_header headers[HTTP_MAX_RESPONSE_HEADERS];
    size_t n_headers;
    char error_text[CURL_ERROR_SIZE];
};

/* An easy handle with what is the same for every exchange. -1: ERR_OUT_OF_MEMORY. */
ERR_MUST_USE int transfer_new(const char *user_agent, const struct clock *clock,
                              struct transfer **ret_transfer, struct err *err);
void transfer_free(struct transfer *transfer);

/* Sets the handle up for the exchange; it is not under way yet. */
ERR_MUST_USE int transfer_begin(struct transfer *transfer, struct http_exchange *exchange,
                                struct tls_trust *trust, struct err *err);
/* Fills the exchange's response, outcome and error. */
void transfer_end(struct transfer *transfer, CURLcode result);
/* Lets go of the exchange and wipes what its request left behind. */
void transfer_abandon(struct transfer *transfer);

/* Options that every handle has, warm-ups included. */
CURLcode transfer_set_common(CURL *easy);

#endif
