#ifndef SLIPWAY_HTTP_HTTP_CURL_TLS_H
#define SLIPWAY_HTTP_HTTP_CURL_TLS_H

/*
 * Whom https trusts, and the TLS options of an easy handle. Nothing is looked for before the first
 * https exchange: a program that only speaks to the Runtime API pays nothing.
 */

#include "runtime/base/view.h"

#include <curl/curl.h>
#include <stdbool.h>

struct tls_trust {
    const char *ca_bundle;    /* as configured; borrowed */
    const char *ca_directory; /* as configured; borrowed */
    bool found;
    char *file;       /* owned; at most one of the two is set */
    char *directory;  /* owned */
    CURLSH *sessions; /* TLS sessions, shared by all handles */
};

void tls_trust_release(struct tls_trust *trust);
bool tls_is_https(struct view url);
/* A libcurl that was built without a feature need not be told how to use it. */
CURLcode tls_if_known(CURLcode code);
/* Gives a handle the common session cache. To be called before its first transfer, be that plain
 * http: a handle without one makes its own then, and libcurl 7.88 loses that when it is given this
 * one later. */
CURLcode tls_share_sessions(struct tls_trust *trust, CURL *easy);
/* Sets trust and the least version. */
CURLcode tls_set_up(struct tls_trust *trust, CURL *easy);

#endif
