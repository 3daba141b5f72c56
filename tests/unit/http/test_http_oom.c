/* Each allocation of the client and of its exchanges fails once, and once from there on. */

#define _GNU_SOURCE

#include "../base/oom.h"
#include "fixture.h"

#include <signal.h>
#include <sys/wait.h>

/* The server has a process of its own, whose allocations do not fail. */
static char server_url[64];
static pid_t server_process;

static int start_server(void **state) {
    (void)state;
    int out[2];
    if (pipe(out) != 0) {
        return -1;
    }
    server_process = fork();
    if (server_process == 0) {
        struct local_server *server = local_server_start();
        if (write(out[1], server->url, sizeof(server->url)) < 0) {
            _exit(1);
        }
        for (;;) {
            pause();
        }
    }
    close(out[1]);
    ssize_t n = read(out[0], server_url, sizeof(server_url));
    close(out[0]);
    return n == sizeof(server_url) ? 0 : -1;
}

static int stop_server(void **state) {
    (void)state;
    kill(server_process, SIGKILL);
    return waitpid(server_process, NULL, 0) == server_process ? 0 : -1;
}

static int run_once(struct err *err) {
    struct http_curl_options options = {.user_agent = "slipway-test"};
    struct http http = {0};
    if (http_curl_new(&options, &http, err) != 0) {
        return -1;
    }
    char url[128];
    snprintf(url, sizeof(url), "%s/echo", server_url);
    char body[5000];
    memset(body, 'b', sizeof(body));
    const struct http_header header = {VIEW("X-Header"), VIEW("value")};
    const char *const urls[] = {server_url};
    struct http_exchange exchange = {.method = "POST",
                                     .url = url,
                                     .headers = &header,
                                     .n_headers = 1,
                                     .body = {.data = body, .len = sizeof(body)},
                                     .body_limit_bytes = 10000,
                                     .timeout_ms = 20000};
    http_warm(&http, urls, 1, 20000);
    int result = http_perform(&http, &exchange, err);
    if (result == 0) {
        assert_int_equal(exchange.body_in.len, sizeof(body));
        result = http_perform(&http, &exchange, err);
    }
    http_exchange_release(&exchange);
    http_curl_free(&http);
    return result;
}

static size_t exhaust(void (*arm)(size_t n)) {
    OOM_FOR_EACH(n) {
        struct err err;
        err_init(&err);
        arm(n);
        int result = run_once(&err);
        if (!oom_disarm()) {
            assert_int_equal(result, 0);
            return n - 1;
        }
        assert_true(result == 0 || err.code == ERR_OUT_OF_MEMORY);
    }
    return 0;
}

static void arm_one(size_t n) {
    oom_arm(n);
}

static void arm_from(size_t n) {
    oom_arm_from(n);
}

static void each_allocation_fails_once(void **state) {
    (void)state;
    assert_true(exhaust(arm_one) > 5);
}

static void all_fail_from_each_on(void **state) {
    (void)state;
    assert_true(exhaust(arm_from) > 5);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_allocation_fails_once),
        cmocka_unit_test(all_fail_from_each_on),
    };
    unsetenv("http_proxy");
    unsetenv("https_proxy");
    unsetenv("all_proxy");
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
