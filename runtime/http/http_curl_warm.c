#include "runtime/http/http_curl_warm.h"

#include "runtime/base/buf.h"
#include "runtime/http/http_curl_transfer.h"

/* A URL of a service's endpoint is short. */
#define WARM_URL_BYTES 2048
/* The first libcurl that does not reuse a connection on which something waits to be read, as TLS
 * 1.3 session tickets do after a handshake that no response followed. */
#define FIRST_VERSION_WITH_CLEAN_REUSE 0x080000

static size_t discard(char *data, size_t size, size_t n, void *user) {
    (void)data, (void)user;
    return size * n;
}

static size_t no_body(char *data, size_t size, size_t n, void *user) {
    (void)data, (void)size, (void)n, (void)user;
    return CURL_READFUNC_ABORT;
}

/*
 * libcurl's own connect-only connections are never reused. But a request that it finds impossible
 * after it has connected leaves a connection that is: a body of unknown length cannot be sent over
 * HTTP/1.0. Nothing is sent, and no round trip is spent on a response.
 */
static CURLcode ask_for_the_impossible(CURL *easy, const char *url) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_URL, url);
    if (code == CURLE_OK) {
        code = curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_0);
    }
    if (code == CURLE_OK) {
        code = curl_easy_setopt(easy, CURLOPT_POST, 1L);
    }
    if (code == CURLE_OK) {
        code = curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, -1L);
    }
    if (code == CURLE_OK) {
        code = curl_easy_setopt(easy, CURLOPT_READFUNCTION, no_body);
    }
    return code;
}

/* The endpoints of AWS answer a /ping without credentials; any answer does, even an error. */
static CURLcode ask_for_a_ping(CURL *easy, const char *url) {
    BUF_AUTO struct buf ping = BUF_INIT(WARM_URL_BYTES);
    buf_append_str(&ping, url);
    buf_append_str(&ping, "/ping");
    if (ping.failed) {
        return CURLE_OUT_OF_MEMORY;
    }
    return curl_easy_setopt(easy, CURLOPT_URL, buf_cstr(&ping));
}

static CURLcode set_up(CURL *easy, const char *url, struct tls_trust *trust, int64_t timeout_ms) {
    CURLcode code = transfer_set_common(easy);
    if (code == CURLE_OK) {
        code = tls_share_sessions(trust, easy);
    }
    if (code == CURLE_OK) {
        code = curl_version_info(CURLVERSION_NOW)->version_num < FIRST_VERSION_WITH_CLEAN_REUSE
                   ? ask_for_the_impossible(easy, url)
                   : ask_for_a_ping(easy, url);
    }
    if (code == CURLE_OK) {
        code = curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, discard);
    }
    if (code == CURLE_OK) {
        code = curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    }
    if (code == CURLE_OK) {
        code = curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    }
    return code == CURLE_OK && tls_is_https(view_of(url)) ? tls_set_up(trust, easy) : code;
}

CURL *warm_up_new(const char *url, struct tls_trust *trust, int64_t timeout_ms) {
    CURL *easy = curl_easy_init();
    if (easy != NULL && set_up(easy, url, trust, timeout_ms) != CURLE_OK) {
        curl_easy_cleanup(easy);
        return NULL;
    }
    return easy;
}
