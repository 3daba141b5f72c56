#ifndef SLIPWAY_HTTP_HTTP_H
#define SLIPWAY_HTTP_HTTP_H

/*
 * The seam to the network: HTTP exchanges, any number at once, behind a vtable. http_curl.h is the
 * implementation on libcurl; tests put their own in its place.
 *
 * An exchange is one request and, after it has ended, its response or its transport error. The
 * caller owns it and everything the request points to, and keeps both until http_wait() hands the
 * exchange back or http_cancel() returns. Nothing is retried here.
 */

#include "runtime/base/buf.h"
#include "runtime/base/err.h"
#include "runtime/base/view.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_header {
    struct view name;
    struct view value;
};

/* How an exchange without a response ended. It tells whether the request can have had effects. */
enum http_outcome {
    HTTP_OK,          /* there is a response, of whatever status */
    HTTP_NOT_SENT,    /* name lookup, connect or TLS failed: the server never saw the request */
    HTTP_NO_RESPONSE, /* sent in part or whole, then reset, closed, timed out or cut short */
    HTTP_TOO_LARGE,   /* the response passed body_limit_bytes */
};

/* Headers kept of a response; the rest is dropped. */
#define HTTP_MAX_RESPONSE_HEADERS 32
/* Ceiling for all kept header bytes of a response (names and values). */
#define HTTP_RESPONSE_HEADER_BYTES ((size_t)64 * 1024)

struct http_exchange {
    /* the request; borrowed */
    const char *method; /* "GET", "POST", "PUT", … */
    const char *url;
    const struct http_header *headers;
    size_t n_headers;
    struct view body;
    size_t body_limit_bytes;    /* ceiling of the decoded response body */
    int64_t timeout_ms;         /* for the whole exchange; 0: none */
    int64_t connect_timeout_ms; /* 0: the implementation's default */
    bool no_proxy; /* a server on this machine (the Runtime API): the proxy variables of the
                      environment do not apply, and a kept connection never gets too old */
    bool once;     /* not to be sent a second time behind the caller's back, even over a kept
                      connection that turned out to be dead: the request is not idempotent */
    bool
        accept_gzip; /* offers gzip; the body arrives decoded, and its ceiling counts those bytes */

    /* the response; owned by the exchange, freed by http_exchange_release() */
    enum http_outcome outcome;
    int status;
    struct buf body_in;
    struct buf header_bytes; /* storage of response_headers */
    struct http_header response_headers[HTTP_MAX_RESPONSE_HEADERS];
    size_t n_response_headers;
    struct err err; /* unless outcome is HTTP_OK: ERR_DEADLINE_EXCEEDED (timeout_ms was up),
                       ERR_AWS_UNAVAILABLE (no connection, or no whole response),
                       ERR_BAD_RESPONSE (too large), ERR_OUT_OF_MEMORY, ERR_CONFIG_INVALID (a URL
                       that only libcurl found to be malformed) */
    bool ended;     /* handed out by http_wait(), if only to somebody else's wait: who shares a
                       struct http looks here before waiting */

    void *user;      /* the caller's */
    void *transport; /* the implementation's, while the exchange is under way */
};

struct http {
    const struct http_ops *ops;
    void *state;
};

struct http_ops {
    int (*start)(void *state, struct http_exchange *exchange, struct err *err);
    struct http_exchange *(*wait)(void *state, int64_t timeout_ms);
    void (*cancel)(void *state, struct http_exchange *exchange);
    void (*warm)(void *state, const char *const *urls, size_t n, int64_t timeout_ms);
};

/* Begins an exchange. -1: it could not even begin (ERR_OUT_OF_MEMORY; ERR_CONFIG_INVALID for a
 * malformed URL or a header with a line break in it) and is not under way. The response fields are
 * reset, their memory kept. Nothing need be sent before http_wait(). */
ERR_MUST_USE int http_start(struct http *http, struct http_exchange *exchange, struct err *err);
/* Works on all exchanges under way until one ends or the time is over: that one, or NULL. A
 * timeout of -1 waits for as long as it takes, 0 only looks; with nothing under way it sleeps or
 * returns. NULL before its time means that a signal handler ran (EINTR): whoever waits for long
 * looks at its stop flag and waits again. */
struct http_exchange *http_wait(struct http *http, int64_t timeout_ms);
/* Gives up an exchange that is under way; fine for one that is not. */
void http_cancel(struct http *http, struct http_exchange *exchange);
/* Opens one connection for each URL (the same host twice: two of them), TLS handshakes side by
 * side, and keeps them for later exchanges. Nothing is reported: a connection that did not come
 * about is made when it is needed. */
void http_warm(struct http *http, const char *const *urls, size_t n, int64_t timeout_ms);

/* Start and wait for just this one. 0 when there is a response; else -1 with the exchange's error.
 * Others may be under way: those that end meanwhile are marked `ended`. Signals do not end it. */
ERR_MUST_USE int http_perform(struct http *http, struct http_exchange *exchange, struct err *err);

/* The first response header of that name, compared without case; the empty view when absent. */
struct view http_response_header(const struct http_exchange *exchange, const char *name);
/* Frees the response; the request stays, so that the exchange can be started again. */
void http_exchange_release(struct http_exchange *exchange);

#endif
