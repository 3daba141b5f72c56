#ifndef SLIPWAY_HTTP_HTTP_CURL_WARM_H
#define SLIPWAY_HTTP_HTTP_CURL_WARM_H

/*
 * A transfer whose only purpose is the connection that it leaves behind. Private to http_curl.c.
 */

#include "runtime/http/http_curl_tls.h"

#include <curl/curl.h>
#include <stdint.h>

/* An easy handle for the multi handle; owned by the caller; its CURLINFO_PRIVATE is NULL. NULL when
 * memory ran out. */
CURL *warm_up_new(const char *url, struct tls_trust *trust, int64_t timeout_ms);

#endif
