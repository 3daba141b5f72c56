/* What left and what did not: the outcome of an exchange without a response, and `once`. */

#define _GNU_SOURCE

#include "fixture.h"

static void assert_failed(struct fixture *f, enum http_outcome outcome, enum err_code code) {
    assert_int_equal(fixture_perform(f), -1);
    assert_int_equal(f->exchange.outcome, outcome);
    assert_int_equal(f->err.code, code);
    assert_int_equal(f->exchange.err.code, code);
    assert_non_null(strstr(f->err.message, "127.0.0.1"));
}

/* Makes sure that there is one kept connection, and waits for nothing. */
static void keep_a_connection(struct fixture *f) {
    fixture_request(f, "GET", "/echo", VIEW(""));
    assert_int_equal(fixture_perform(f), 0);
    assert_int_equal(fixture_connections(f), 1);
}

static void refused_connection_is_not_sent(void **state) {
    struct fixture *f = *state;
    int port = 0;
    close(local_listen(&port));
    char url[64];
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/", port);
    fixture_request(f, "POST", "/", VIEW("x"));
    f->exchange.url = url;
    assert_failed(f, HTTP_NOT_SENT, ERR_AWS_UNAVAILABLE);
}

static void unknown_host_is_not_sent(void **state) {
    struct fixture *f = *state;
    fixture_request(f, "POST", "/", VIEW("x"));
    f->exchange.url = "http://slipway.invalid/path?token=hidden";
    f->exchange.connect_timeout_ms = 2000;
    assert_int_equal(fixture_perform(f), -1);
    assert_int_equal(f->exchange.outcome, HTTP_NOT_SENT);
    assert_int_equal(f->err.code, ERR_AWS_UNAVAILABLE);
    assert_non_null(strstr(f->err.message, "slipway.invalid"));
    assert_null(strstr(f->err.message, "hidden"));
    assert_non_null(strstr(f->err.remedy, "correct the region"));
}

static void messages_hold_no_path_query_or_user(void **state) {
    struct fixture *f = *state;
    fixture_request(f, "POST", "/die?secret=1", VIEW("body-secret"));
    char url[256];
    snprintf(url, sizeof(url), "http://user:word@127.0.0.1:%d/die?query=1", f->server->port);
    f->exchange.url = url;
    const struct http_header header = {VIEW("X-Hidden"), VIEW("header-secret")};
    f->exchange.headers = &header;
    f->exchange.n_headers = 1;
    f->exchange.timeout_ms = 300;
    assert_int_equal(fixture_perform(f), -1);
    static const char *const hidden[] = {"user", "word", "query", "die?", "secret", NULL};
    for (size_t i = 0; hidden[i] != NULL; i++) {
        assert_null(strstr(f->err.message, hidden[i]));
        assert_null(strstr(f->err.remedy, hidden[i]));
    }
}

static void connecting_too_long_is_not_sent(void **state) {
    struct fixture *f = *state;
    /* A queue of one that is full: a further connection attempt gets no answer. */
    int port = 0;
    int listener = local_listen(&port);
    listen(listener, 0);
    int fillers[8];
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    for (size_t i = 0; i < 8; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)connect(fillers[i], (struct sockaddr *)&address, sizeof(address));
    }
    char url[64];
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/", port);
    fixture_request(f, "POST", "/", VIEW("x"));
    f->exchange.url = url;
    f->exchange.connect_timeout_ms = 100;
    assert_failed(f, HTTP_NOT_SENT, ERR_AWS_UNAVAILABLE);
    f->exchange.connect_timeout_ms = 10000;
    f->exchange.timeout_ms = 100;
    assert_failed(f, HTTP_NOT_SENT, ERR_DEADLINE_EXCEEDED);
    for (size_t i = 0; i < 8; i++) {
        close(fillers[i]);
    }
    close(listener);
}

static void silence_is_no_response(void **state) {
    struct fixture *f = *state;
    fixture_request(f, "POST", "/stall", VIEW("x"));
    f->exchange.timeout_ms = 100;
    assert_failed(f, HTTP_NO_RESPONSE, ERR_DEADLINE_EXCEEDED);
    assert_int_equal(f->exchange.status, 0);
    fixture_request(f, "POST", "/stall-in-body", VIEW("x"));
    f->exchange.timeout_ms = 100;
    assert_failed(f, HTTP_NO_RESPONSE, ERR_DEADLINE_EXCEEDED);
}

static void broken_responses_are_no_response(void **state) {
    struct fixture *f = *state;
    static const char *const paths[] = {"/truncated", "/chunked-cut", "/garbage",
                                        "/die",       "/reset",       NULL};
    for (size_t i = 0; paths[i] != NULL; i++) {
        fixture_request(f, "POST", paths[i], VIEW("x"));
        assert_failed(f, HTTP_NO_RESPONSE, ERR_AWS_UNAVAILABLE);
    }
}

/* The claim behind `once`: without it, libcurl does send a request twice. */
static void a_plain_request_is_sent_again_when_its_kept_connection_dies(void **state) {
    struct fixture *f = *state;
    keep_a_connection(f);
    fixture_request(f, "POST", "/die", VIEW("x"));
    assert_failed(f, HTTP_NO_RESPONSE, ERR_AWS_UNAVAILABLE);
    assert_int_equal(local_count(f->server, "POST /die"), 2);
}

static void expect_sent_once(struct fixture *f, const char *method, const char *path,
                             struct view body) {
    char seen[64];
    snprintf(seen, sizeof(seen), "%s %s", method, path);
    size_t before = local_count(f->server, seen);
    fixture_request(f, "GET", "/echo", VIEW(""));
    assert_int_equal(fixture_perform(f), 0);
    fixture_request(f, method, path, body);
    f->exchange.once = true;
    assert_failed(f, HTTP_NO_RESPONSE, ERR_AWS_UNAVAILABLE);
    assert_int_equal(local_count(f->server, seen), before + 1);
}

static void a_once_request_is_seen_once(void **state) {
    struct fixture *f = *state;
    char *large = malloc(300000);
    memset(large, 'x', 300000);
    expect_sent_once(f, "POST", "/die", VIEW("x"));
    expect_sent_once(f, "POST", "/reset", VIEW("x"));
    expect_sent_once(f, "POST", "/die", VIEW(""));
    expect_sent_once(f, "PUT", "/die", VIEW(""));
    expect_sent_once(f, "DELETE", "/reset", VIEW(""));
    expect_sent_once(f, "GET", "/die", VIEW(""));
    expect_sent_once(f, "POST", "/die", (struct view){.data = large, .len = 300000});
    expect_sent_once(f, "POST", "/reset", (struct view){.data = large, .len = 300000});
    free(large);
}

static void a_once_request_avoids_a_connection_known_to_be_dead(void **state) {
    struct fixture *f = *state;
    fixture_request(f, "GET", "/ok-then-close", VIEW(""));
    assert_int_equal(fixture_perform(f), 0);
    while (local_closed(f->server) < 1) {
        usleep(1000);
    }
    fixture_request(f, "POST", "/echo", VIEW("x"));
    f->exchange.once = true;
    assert_int_equal(fixture_perform(f), 0);
    assert_int_equal(local_count(f->server, "POST /echo"), 1);
    assert_int_equal(fixture_connections(f), 2);
}

static void a_once_request_uses_a_kept_connection(void **state) {
    struct fixture *f = *state;
    keep_a_connection(f);
    fixture_request(f, "POST", "/echo", VIEW("x"));
    f->exchange.once = true;
    assert_int_equal(fixture_perform(f), 0);
    assert_int_equal(fixture_connections(f), 1);
}

/* After each failure the client is as good as new. */
static void a_failure_spoils_nothing(void **state) {
    struct fixture *f = *state;
    static const char *const paths[] = {"/die",   "/truncated",   "/garbage",
                                        "/reset", "/chunked-cut", NULL};
    for (size_t i = 0; paths[i] != NULL; i++) {
        fixture_request(f, "POST", paths[i], VIEW("x"));
        f->exchange.once = i % 2 == 0;
        assert_int_equal(fixture_perform(f), -1);
        fixture_request(f, "POST", "/echo", VIEW("again"));
        f->exchange.once = i % 2 == 1;
        assert_int_equal(fixture_perform(f), 0);
        assert_int_equal(f->exchange.outcome, HTTP_OK);
        assert_view(buf_view(&f->exchange.body_in), "again");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(refused_connection_is_not_sent),
        FIXTURE_TEST(unknown_host_is_not_sent),
        FIXTURE_TEST(messages_hold_no_path_query_or_user),
        FIXTURE_TEST(connecting_too_long_is_not_sent),
        FIXTURE_TEST(silence_is_no_response),
        FIXTURE_TEST(broken_responses_are_no_response),
        FIXTURE_TEST(a_plain_request_is_sent_again_when_its_kept_connection_dies),
        FIXTURE_TEST(a_once_request_is_seen_once),
        FIXTURE_TEST(a_once_request_avoids_a_connection_known_to_be_dead),
        FIXTURE_TEST(a_once_request_uses_a_kept_connection),
        FIXTURE_TEST(a_failure_spoils_nothing),
    };
    unsetenv("http_proxy");
    unsetenv("https_proxy");
    unsetenv("all_proxy");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
