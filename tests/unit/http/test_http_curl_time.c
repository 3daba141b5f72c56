/* Time: a machine that stood still, and a name lookup that hangs. */

#define _GNU_SOURCE

#include "fixture.h"
#include "stopping_clock.h"

#include <netdb.h>
#include <semaphore.h>

static void use_clock(struct fixture *f, const struct clock *clock) {
    const struct http_curl_options options = {.user_agent = "slipway-test", .clock = clock};
    http_curl_free(&f->http);
    assert_int_equal(http_curl_new(&options, &f->http, &f->err), 0);
}

static void use_stopping_clock(struct fixture *f) {
    stood_still_ms = 0;
    use_clock(f, &stopping_clock);
}

static void echo(struct fixture *f, bool once) {
    fixture_request(f, "POST", "/echo", VIEW("x"));
    f->exchange.once = once;
    assert_int_equal(fixture_perform(f), 0);
}

static void connections_do_not_outlive_a_standstill(void **state) {
    struct fixture *f = *state;
    use_stopping_clock(f);
    echo(f, false);
    echo(f, true);
    assert_int_equal(fixture_connections(f), 1);
    stood_still_ms += 60000;
    echo(f, true);
    assert_int_equal(fixture_connections(f), 2);
    echo(f, true);
    assert_int_equal(fixture_connections(f), 2);
    stood_still_ms += 60000;
    const char *const urls[] = {f->server->url};
    http_warm(&f->http, urls, 1, 20000);
    echo(f, false);
    assert_int_equal(fixture_connections(f), 3);
}

static void a_clock_that_is_put_right_costs_nothing(void **state) {
    struct fixture *f = *state;
    use_stopping_clock(f);
    for (int i = 0; i < 10; i++) {
        stood_still_ms += 1000;
        echo(f, false);
    }
    stood_still_ms -= 3600000;
    echo(f, false);
    assert_int_equal(fixture_connections(f), 1);
}

static void what_is_under_way_goes_on(void **state) {
    struct fixture *f = *state;
    use_stopping_clock(f);
    char url[256];
    snprintf(url, sizeof(url), "%s/echo", f->server->url);
    struct http_exchange other = {
        .method = "POST", .url = url, .body = VIEW("other"), .body_limit_bytes = 100};
    assert_int_equal(http_start(&f->http, &other, &f->err), 0);
    stood_still_ms += 60000;
    echo(f, false);
    while (!other.ended) {
        (void)http_wait(&f->http, -1);
    }
    assert_view(buf_view(&other.body_in), "other");
    http_exchange_release(&other);
    uint64_t connections = fixture_connections(f);
    echo(f, false);
    assert_int_equal(fixture_connections(f), connections + 1);
}

static sem_t name_server_answers;

/* In place of the C library's, also for libcurl: it says nothing until the test is over. */
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **ret_addresses) {
    (void)node, (void)service, (void)hints, (void)ret_addresses;
    sem_wait(&name_server_answers);
    return EAI_AGAIN;
}

static void a_hanging_name_lookup_keeps_to_the_time(void **state) {
    struct fixture *f = *state;
    fixture_request(f, "POST", "/", VIEW("x"));
    f->exchange.url = "http://slipway.example/";
    f->exchange.timeout_ms = 100;
    assert_int_equal(fixture_perform(f), -1);
    assert_int_equal(f->exchange.outcome, HTTP_NOT_SENT);
    assert_int_equal(f->err.code, ERR_DEADLINE_EXCEEDED);
    f->exchange.timeout_ms = 20000;
    f->exchange.connect_timeout_ms = 100;
    assert_int_equal(fixture_perform(f), -1);
    assert_int_equal(f->exchange.outcome, HTTP_NOT_SENT);
    assert_int_equal(f->err.code, ERR_AWS_UNAVAILABLE);
}

static int64_t slow_monotonic_ms(void *state) {
    (void)state;
    return clock_monotonic_ms(&clock_system) * 99 / 100;
}

static const struct clock slow_clock = {.wall_ms = stopping_wall_ms,
                                        .monotonic_ms = slow_monotonic_ms};

static void the_time_is_up_by_either_clock(void **state) {
    struct fixture *f = *state;
    use_clock(f, &slow_clock);
    fixture_request(f, "POST", "/", VIEW("x"));
    f->exchange.url = "http://slipway.example/";
    f->exchange.timeout_ms = 100;
    assert_int_equal(fixture_perform(f), -1);
    assert_int_equal(f->err.code, ERR_DEADLINE_EXCEEDED);
}

static void a_hanging_name_lookup_holds_nobody_up(void **state) {
    struct fixture *f = *state;
    struct http_exchange hanging = {.method = "GET", .url = "http://slipway.example/"};
    assert_int_equal(http_start(&f->http, &hanging, &f->err), 0);
    echo(f, false);
    assert_false(hanging.ended);
    http_cancel(&f->http, &hanging);
    const char *const urls[] = {"http://slipway.example"};
    http_warm(&f->http, urls, 1, 50);
    echo(f, false);
    assert_int_equal(fixture_connections(f), 1);
    http_exchange_release(&hanging);
}

static int hang_lookups(void **state) {
    (void)state;
    return sem_init(&name_server_answers, 0, 0);
}

/* The threads that still look something up end before the process does. */
static int end_lookups(void **state) {
    (void)state;
    for (int i = 0; i < 16; i++) {
        sem_post(&name_server_answers);
    }
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(connections_do_not_outlive_a_standstill),
        FIXTURE_TEST(a_clock_that_is_put_right_costs_nothing),
        FIXTURE_TEST(what_is_under_way_goes_on),
        FIXTURE_TEST(a_hanging_name_lookup_keeps_to_the_time),
        FIXTURE_TEST(the_time_is_up_by_either_clock),
        FIXTURE_TEST(a_hanging_name_lookup_holds_nobody_up),
    };
    unsetenv("http_proxy");
    unsetenv("https_proxy");
    unsetenv("all_proxy");
    alarm(60); /* a lookup that is waited for would never end */
    return cmocka_run_group_tests(tests, hang_lookups, end_lookups);
}
