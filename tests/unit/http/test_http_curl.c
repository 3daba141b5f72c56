/* Requests as they are sent, responses as they are kept, and how connections are used. */

#define _GNU_SOURCE

#include "fixture.h"
#include "sanitizer.h"

#include <malloc.h>
#include <signal.h>

static void get_returns_status_headers_and_body(void **state) {
    struct fixture *f = *state;
    fixture_request(f, "POST", "/echo", VIEW("hello"));
    assert_int_equal(fixture_perform(f), 0);
    assert_int_equal(f->exchange.outcome, HTTP_OK);
    assert_int_equal(f->exchange.status, 200);
    assert_false(err_is_set(&f->exchange.err));
    assert_view(buf_view(&f->exchange.body_in), "hello");
    assert_view(http_response_header(&f->exchange, "content-type"), "text/x-echo");
    assert_view(http_response_header(&f->exchange, "X-EMPTY"), "");
    assert_view(http_response_header(&f->exchange, "X-Absent"), "");
    assert_int_equal(f->exchange.n_response_headers, 3);
}

static void request_head_holds_nothing_needless(void **state) {
    struct fixture *f = *state;
    fixture_request(f, "GET", "/head", VIEW(""));
    assert_int_equal(fixture_perform(f), 0);
    char expected[256];
    snprintf(expected, sizeof(expected),
             "GET /head HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUser-Agent: slipway-test\r\n\r\n",
             f->server->port);
    assert_view(buf_view(&f->exchange.body_in), expected);
}

static void request_head_holds_the_callers_headers(void **state) {
    struct fixture *f = *state;
    const struct http_header headers[] = {
        {VIEW("Content-Type"), VIEW("application/x-amz-json-1.1")},
        {VIEW("X-Empty"), VIEW("")},
        {VIEW("Accept"), VIEW("x/y")},
        {VIEW("User-Agent"), VIEW("other/1")},
    };
    fixture_request(f, "POST", "/head", VIEW("{}"));
    f->exchange.headers = headers;
    f->exchange.n_headers = sizeof(headers) / sizeof(headers[0]);
    f->exchange.accept_gzip = true;
    assert_int_equal(fixture_perform(f), 0);
    const char *head = buf_cstr(&f->exchange.body_in);
    assert_non_null(strstr(head, "\r\nContent-Type: application/x-amz-json-1.1\r\n"));
    assert_non_null(strstr(head, "\r\nX-Empty:\r\n"));
    assert_non_null(strstr(head, "\r\nAccept: x/y\r\n"));
    assert_non_null(strstr(head, "\r\nUser-Agent: other/1\r\n"));
    assert_null(strstr(head, "slipway-test"));
    assert_non_null(strstr(head, "\r\nAccept-Encoding: gzip\r\n"));
    assert_non_null(strstr(head, "\r\nContent-Length: 2\r\n"));
    assert_null(strcasestr(head, "Expect"));
}

static void options_of_one_exchange_do_not_stick(void **state) {
    struct fixture *f = *state;
    const struct http_header header = {VIEW("X-Once"), VIEW("1")};
    fixture_request(f, "PUT", "/head", VIEW("body"));
    f->exchange.headers = &header;
    f->exchange.n_headers = 1;
    f->exchange.accept_gzip = true;
    assert_int_equal(fixture_perform(f), 0);
    assert_true(view_starts_with(buf_view(&f->exchange.body_in), VIEW("PUT /head HTTP/1.1\r\n")));
    fixture_request(f, "HEAD", "/redirect", VIEW(""));
    assert_int_equal(fixture_perform(f), 0);
    assert_int_equal(f->exchange.status, 302);
    request_head_holds_nothing_needless(state);
    fixture_request(f, "DELETE", "/head", VIEW(""));
    assert_int_equal(fixture_perform(f), 0);
    const char *head = buf_cstr(&f->exchange.body_in);
    assert_true(view_starts_with(view_of(head), VIEW("DELETE /head HTTP/1.1\r\n")));
    assert_non_null(strstr(head, "\r\nContent-Length: 0\r\n"));
    assert_null(strcasestr(head, "Content-Type"));
}

/* What is sent is what was signed. */
static void a_path_is_sent_as_it_is(void **state) {
    struct fixture *f = *state;
    static const char *const paths[] = {"/a/../b", "/./a", "/a//b/.", "/a%2Fb%20c", NULL};
    for (size_t i = 0; paths[i] != NULL; i++) {
        char seen[64];
        snprintf(seen, sizeof(seen), "GET %s", paths[i]);
        fixture_request(f, "GET", paths[i], VIEW(""));
        assert_int_equal(fixture_perform(f), 0);
        assert_int_equal(local_count(f->server, seen), 1);
    }
}

static void error_status_is_a_response(void **state) {
    struct fixture *f = *state;
    fixture_request(f, "GET", "/error", VIEW(""));
    assert_int_equal(fixture_perform(f), 0);
    assert_int_equal(f->exchange.status, 503);
    assert_view(buf_view(&f->exchange.body_in), "busy");
    fixture_request(f, "GET", "/redirect", VIEW(""));
    assert_int_equal(fixture_perform(f), 0);
    assert_int_equal(f->exchange.status, 302);
    assert_int_equal(local_count(f->server, "GET /echo"), 0);
}

static void interim_response_is_dropped(void **state) {
    struct fixture *f = *state;
    fixture_request(f, "GET", "/interim", VIEW(""));
    assert_int_equal(fixture_perform(f), 0);
    assert_int_equal(f->exchange.status, 200);
    assert_view(http_response_header(&f->exchange, "X-Interim"), "");
    assert_view(http_response_header(&f->exchange, "X-Final"), "yes");
}

static void chunked_body_arrives_whole(void **state) {
    struct fixture *f = *state;
    fixture_request(f, "GET", "/chunked", VIEW(""));
    assert_int_equal(fixture_perform(f), 0);
    assert_view(buf_view(&f->exchange.body_in), "abcdefg");
    assert_view(http_response_header(&f->exchange, "X-Late"), "");
}

static void headers_beyond_the_table_are_dropped(void **state) {
    struct fixture *f = *state;
    fixture_request(f, "GET", "/many-headers", VIEW(""));
    assert_int_equal(fixture_perform(f), 0);
    assert_int_equal(f->exchange.n_response_headers, HTTP_MAX_RESPONSE_HEADERS);
    assert_view(http_response_header(&f->exchange, "X-31"), "value 31");
    assert_view(http_response_header(&f->exchange, "X-32"), "");
}

static void body_ceiling_is_exact(void **state) {
    struct fixture *f = *state;
    fixture_request(f, "POST", "/echo", VIEW("0123456789"));
    f->exchange.body_limit_bytes = 10;
    assert_int_equal(fixture_perform(f), 0);
    fixture_request(f, "POST", "/echo", VIEW("0123456789"));
    f->exchange.body_limit_bytes = 9;
    assert_int_equal(fixture_perform(f), -1);
    assert_int_equal(f->exchange.outcome, HTTP_TOO_LARGE);
    assert_int_equal(f->exchange.status, 200);
    assert_int_equal(f->err.code, ERR_BAD_RESPONSE);
}

static void body_ceiling_counts_decoded_bytes(void **state) {
    struct fixture *f = *state;
    fixture_request(f, "GET", "/gzip", VIEW(""));
    f->exchange.accept_gzip = true;
    f->exchange.body_limit_bytes = 10000;
    assert_int_equal(fixture_perform(f), 0);
    assert_int_equal(f->exchange.body_in.len, 10000);
    assert_int_equal(strspn(buf_cstr(&f->exchange.body_in), "a"), 10000);
    fixture_request(f, "GET", "/gzip", VIEW(""));
    f->exchange.accept_gzip = true;
    f->exchange.body_limit_bytes = 9999;
    assert_int_equal(fixture_perform(f), -1);
    assert_int_equal(f->exchange.outcome, HTTP_TOO_LARGE);
}

static void a_kept_connection_serves_many(void **state) {
    struct fixture *f = *state;
    for (int i = 0; i < 50; i++) {
        fixture_request(f, i % 2 ? "POST" : "GET", "/echo", i % 2 ? VIEW("x") : VIEW(""));
        f->exchange.no_proxy = i % 3 == 0;
        f->exchange.once = i % 5 == 0;
        assert_int_equal(fixture_perform(f), 0);
    }
    assert_int_equal(fixture_connections(f), 1);
    assert_int_equal(http_curl_stats(&f->http).exchanges, 50);
}

#define PARALLEL 100

static void run_in_parallel(struct fixture *f, struct http_exchange exchanges[PARALLEL]) {
    char url[256];
    snprintf(url, sizeof(url), "%s/echo", f->server->url);
    for (int i = 0; i < PARALLEL; i++) {
        exchanges[i].method = "POST";
        exchanges[i].url = url;
        exchanges[i].body = VIEW("parallel");
        exchanges[i].body_limit_bytes = 100;
        exchanges[i].timeout_ms = 20000;
        assert_int_equal(http_start(&f->http, &exchanges[i], &f->err), 0);
    }
    for (int i = 0; i < PARALLEL; i++) {
        struct http_exchange *ended = http_wait(&f->http, -1);
        assert_non_null(ended);
        assert_true(ended->ended);
        assert_int_equal(ended->outcome, HTTP_OK);
        assert_view(buf_view(&ended->body_in), "parallel");
    }
    assert_null(http_wait(&f->http, -1));
    for (int i = 0; i < PARALLEL; i++) {
        assert_true(exchanges[i].ended);
    }
}

static void a_hundred_at_once_keep_their_connections(void **state) {
    struct fixture *f = *state;
    struct http_exchange *exchanges = calloc(PARALLEL, sizeof(*exchanges));
    run_in_parallel(f, exchanges);
    uint64_t connections = fixture_connections(f);
    assert_in_range(connections, 1, PARALLEL);
    run_in_parallel(f, exchanges);
    run_in_parallel(f, exchanges);
    assert_int_equal(fixture_connections(f), connections);
    for (int i = 0; i < PARALLEL; i++) {
        http_exchange_release(&exchanges[i]);
    }
    free(exchanges);
}

static void perform_tolerates_others_under_way(void **state) {
    struct fixture *f = *state;
    char url[256];
    snprintf(url, sizeof(url), "%s/echo", f->server->url);
    struct http_exchange other = {
        .method = "POST", .url = url, .body = VIEW("other"), .body_limit_bytes = 100};
    assert_int_equal(http_start(&f->http, &other, &f->err), 0);
    for (int i = 0; i < 20; i++) {
        fixture_request(f, "GET", "/echo", VIEW(""));
        assert_int_equal(fixture_perform(f), 0);
    }
    if (!other.ended) {
        assert_ptr_equal(http_wait(&f->http, -1), &other);
    }
    assert_view(buf_view(&other.body_in), "other");
    http_exchange_release(&other);
}

static void a_cancelled_exchange_is_gone(void **state) {
    struct fixture *f = *state;
    fixture_request(f, "GET", "/stall", VIEW(""));
    assert_int_equal(http_start(&f->http, &f->exchange, &f->err), 0);
    assert_null(http_wait(&f->http, 0));
    http_cancel(&f->http, &f->exchange);
    http_cancel(&f->http, &f->exchange);
    assert_null(http_wait(&f->http, -1));
    fixture_request(f, "GET", "/echo", VIEW(""));
    assert_int_equal(fixture_perform(f), 0);
    http_cancel(&f->http, &f->exchange);
}

static void an_ended_exchange_can_be_cancelled_before_it_is_handed_out(void **state) {
    struct fixture *f = *state;
    char url[256];
    snprintf(url, sizeof(url), "%s/echo", f->server->url);
    struct http_exchange two[2] = {{.method = "GET", .url = url}, {.method = "GET", .url = url}};
    assert_int_equal(http_start(&f->http, &two[0], &f->err), 0);
    assert_int_equal(http_start(&f->http, &two[1], &f->err), 0);
    struct http_exchange *first = http_wait(&f->http, -1);
    struct http_exchange *second = first == &two[0] ? &two[1] : &two[0];
    fixture_request(f, "GET", "/echo", VIEW(""));
    http_cancel(&f->http, second);
    assert_null(http_wait(&f->http, -1));
    http_exchange_release(&two[0]);
    http_exchange_release(&two[1]);
}

static void freeing_ends_what_is_under_way(void **state) {
    struct fixture *f = *state;
    fixture_request(f, "GET", "/stall", VIEW(""));
    assert_int_equal(http_start(&f->http, &f->exchange, &f->err), 0);
    assert_null(http_wait(&f->http, 0));
    http_curl_free(&f->http);
    http_curl_free(&f->http);
    f->http = fixture_client();
}

static void waiting_with_nothing_under_way_returns(void **state) {
    struct fixture *f = *state;
    assert_null(http_wait(&f->http, -1));
    assert_null(http_wait(&f->http, 0));
    assert_null(http_wait(&f->http, 1));
}

static void malformed_requests_do_not_begin(void **state) {
    struct fixture *f = *state;
    static const char *const urls[] = {"",         "ftp://h/",  "http://",     "http:///x",
                                       "/x",       "h",         "http://h/\n", "http://h/a b",
                                       "file:///", "https://?", NULL};
    for (size_t i = 0; urls[i] != NULL; i++) {
        fixture_request(f, "GET", "/echo", VIEW(""));
        f->exchange.url = urls[i];
        assert_int_equal(fixture_perform(f), -1);
        assert_int_equal(f->err.code, ERR_CONFIG_INVALID);
    }
    const struct http_header headers[] = {
        {VIEW("X"), VIEW("a\r\nInjected: 1")},
        {VIEW("X\nY"), VIEW("a")},
        {VIEW(""), VIEW("a")},
        {VIEW("X:Y"), VIEW("a")},
        {VIEW("X"), VIEW("a\0b")},
    };
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        fixture_request(f, "GET", "/echo", VIEW(""));
        f->exchange.headers = &headers[i];
        f->exchange.n_headers = 1;
        assert_int_equal(fixture_perform(f), -1);
        assert_int_equal(f->err.code, ERR_CONFIG_INVALID);
    }
    assert_int_equal(f->server->n_requests, 0);
}

static void proxy_variables_apply_unless_refused(void **state) {
    struct fixture *f = *state;
    int port = 0;
    int nobody = local_listen(&port);
    close(nobody);
    char proxy[64];
    snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%d", port);
    setenv("http_proxy", proxy, 1);
    fixture_request(f, "GET", "/echo", VIEW(""));
    assert_int_equal(fixture_perform(f), -1);
    assert_int_equal(f->exchange.outcome, HTTP_NOT_SENT);
    fixture_request(f, "GET", "/echo", VIEW(""));
    f->exchange.no_proxy = true;
    assert_int_equal(fixture_perform(f), 0);
    fixture_request(f, "GET", "/echo", VIEW(""));
    assert_int_equal(fixture_perform(f), -1);
    unsetenv("http_proxy");
}

static void on_signal(int number) {
    (void)number;
}

struct signaller {
    pthread_t target;
    volatile bool stop;
};

static void *keep_signalling(void *user) {
    struct signaller *signaller = user;
    while (!signaller->stop) {
        pthread_kill(signaller->target, SIGUSR1);
        usleep(2000);
    }
    return NULL;
}

static void a_signal_ends_an_endless_wait(void **state) {
    struct fixture *f = *state;
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGUSR1, &action, NULL);
    fixture_request(f, "GET", "/stall", VIEW(""));
    f->exchange.timeout_ms = 0;
    assert_int_equal(http_start(&f->http, &f->exchange, &f->err), 0);
    struct signaller signaller = {.target = pthread_self()};
    pthread_t thread;
    pthread_create(&thread, NULL, keep_signalling, &signaller);
    /* Comes back at all: the server never answers. */
    assert_null(http_wait(&f->http, -1));
    signaller.stop = true;
    pthread_join(thread, NULL);
    assert_false(f->exchange.ended);
    http_cancel(&f->http, &f->exchange);
}

static void memory_stays_flat(void **state) {
#if UNDER_A_SANITIZER
    (void)state;
    skip();
#else
    struct fixture *f = *state;
    size_t in_use = 0;
    char url[256];
    snprintf(url, sizeof(url), "%s/echo", f->server->url);
    struct http_exchange exchange = {
        .method = "POST", .url = url, .body = VIEW("x"), .body_limit_bytes = 100};
    for (int i = 0; i < 3000; i++) {
        assert_int_equal(http_perform(&f->http, &exchange, &f->err), 0);
        if (i == 1000) {
            in_use = mallinfo2().uordblks;
        }
    }
    assert_int_equal(mallinfo2().uordblks, in_use);
    http_exchange_release(&exchange);
#endif
}

int main(void) {
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(get_returns_status_headers_and_body),
        FIXTURE_TEST(request_head_holds_nothing_needless),
        FIXTURE_TEST(request_head_holds_the_callers_headers),
        FIXTURE_TEST(options_of_one_exchange_do_not_stick),
        FIXTURE_TEST(a_path_is_sent_as_it_is),
        FIXTURE_TEST(error_status_is_a_response),
        FIXTURE_TEST(interim_response_is_dropped),
        FIXTURE_TEST(chunked_body_arrives_whole),
        FIXTURE_TEST(headers_beyond_the_table_are_dropped),
        FIXTURE_TEST(body_ceiling_is_exact),
        FIXTURE_TEST(body_ceiling_counts_decoded_bytes),
        FIXTURE_TEST(a_kept_connection_serves_many),
        FIXTURE_TEST(a_hundred_at_once_keep_their_connections),
        FIXTURE_TEST(perform_tolerates_others_under_way),
        FIXTURE_TEST(a_cancelled_exchange_is_gone),
        FIXTURE_TEST(an_ended_exchange_can_be_cancelled_before_it_is_handed_out),
        FIXTURE_TEST(freeing_ends_what_is_under_way),
        FIXTURE_TEST(waiting_with_nothing_under_way_returns),
        FIXTURE_TEST(malformed_requests_do_not_begin),
        FIXTURE_TEST(proxy_variables_apply_unless_refused),
        FIXTURE_TEST(a_signal_ends_an_endless_wait),
        FIXTURE_TEST(memory_stays_flat),
    };
    unsetenv("http_proxy");
    unsetenv("https_proxy");
    unsetenv("all_proxy");
    alarm(300); /* a wait that no signal ends would never end */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
