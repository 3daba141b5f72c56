#ifndef SLIPWAY_HTTP_HTTP_CURL_H
#define SLIPWAY_HTTP_HTTP_CURL_H

/*
 * struct http on a libcurl multi handle: HTTP/1.1 with kept connections, TLS 1.2 at least and
 * always verified, redirects not followed, http and https only, no signals. One thread uses it.
 * The program ignores SIGPIPE.
 *
 * Certificates: AWS_CA_BUNDLE if set, else a directory `certs` of hashed certificates beside the
 * program, else the usual places of a bundle, which is read once. They are looked for when the
 * first https exchange begins. Proxy variables (https_proxy, no_proxy, …) apply unless an exchange
 * says otherwise.
 *
 * A machine that is stopped and goes on later, as a Lambda between two invocations, finds its kept
 * connections dead and may not know how long it stood still. Whatever was connected before is
 * closed then, and connected anew.
 */

#include "runtime/base/clock.h"
#include "runtime/base/err.h"
#include "runtime/http/http.h"

struct http_curl_options {
    const char *ca_bundle;    /* AWS_CA_BUNDLE; NULL or "" when unset */
    const char *ca_directory; /* hashed directory, used if it exists; NULL: beside the program */
    const char *user_agent;
    const struct clock *clock; /* borrowed; NULL: the system's */
};

/* How the connections were used, for tests, benchmarks and debug lines. */
struct http_curl_stats {
    uint64_t exchanges;
    uint64_t connections; /* made, warm ones included */
};

ERR_MUST_USE int http_curl_new(const struct http_curl_options *options, struct http *ret_http,
                               struct err *err);
/* Cancels what is under way and closes everything. A zeroed struct http is fine. */
void http_curl_free(struct http *http);
struct http_curl_stats http_curl_stats(const struct http *http);

#endif
