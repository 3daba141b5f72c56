#ifndef SLIPWAY_TESTS_UNIT_HTTP_FIXTURE_H
#define SLIPWAY_TESTS_UNIT_HTTP_FIXTURE_H

/* Includers define _GNU_SOURCE first. A local server and a client for each test, and an exchange
 * with the server in one call. */

#include "local_server.h"

#include "runtime/http/http.h"
#include "runtime/http/http_curl.h"

/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct fixture {
    struct local_server *server;
    struct http http;
    struct err err;
    char url[256];
    struct http_exchange exchange;
};

static inline struct http fixture_client(void) {
    struct http_curl_options options = {.user_agent = "slipway-test"};
    struct http http = {0};
    struct err err;
    err_init(&err);
    assert_int_equal(http_curl_new(&options, &http, &err), 0);
    return http;
}

static inline int fixture_set_up(void **state) {
    struct fixture *f = calloc(1, sizeof(*f));
    f->server = local_server_start();
    f->http = fixture_client();
    err_init(&f->err);
    *state = f;
    return 0;
}

static inline int fixture_tear_down(void **state) {
    struct fixture *f = *state;
    http_exchange_release(&f->exchange);
    http_curl_free(&f->http);
    local_server_stop(f->server);
    free(f);
    return 0;
}

/* The exchange, set to a request of the server with generous limits. */
static inline struct http_exchange *fixture_request(struct fixture *f, const char *method,
                                                    const char *path, struct view body) {
    http_exchange_release(&f->exchange);
    snprintf(f->url, sizeof(f->url), "%s%s", f->server->url, path);
    f->exchange = (struct http_exchange){
        .method = method,
        .url = f->url,
        .body = body,
        .body_limit_bytes = 1 << 20,
        .timeout_ms = 20000,
    };
    return &f->exchange;
}

static inline int fixture_perform(struct fixture *f) {
    err_init(&f->err);
    return http_perform(&f->http, &f->exchange, &f->err);
}

static inline void assert_view(struct view actual, const char *expected) {
    struct view wanted = view_of(expected);
    if (!view_equal(actual, wanted)) {
        fail_msg("'" VIEW_FMT "' is not '%s'", VIEW_ARG(actual), expected);
    }
}

static inline uint64_t fixture_connections(const struct fixture *f) {
    return http_curl_stats(&f->http).connections;
}

#define FIXTURE_TEST(function)                                                                     \
    cmocka_unit_test_setup_teardown(function, fixture_set_up, fixture_tear_down)

#endif
