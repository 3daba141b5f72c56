/* Allocation N fails, for every N: the loop either does not begin, or goes on, and every event that
 * it was given is answered. */

#include "fake_runtime_api.h"
#include "tests/unit/base/oom.h"

static int echo(void *user, const struct lambda_invocation *invocation, struct buf *response,
                struct err *err) {
    (void)user;
    if (view_equal(invocation->payload, VIEW("\"fail\""))) {
        return err_set(err, ERR_THROTTLED, "throttled");
    }
    char *copy = arena_copy(invocation->arena, invocation->payload).data != NULL
                     ? arena_alloc(invocation->arena, 100 * 1024)
                     : NULL;
    if (copy == NULL) {
        return err_out_of_memory(err, "copy");
    }
    buf_append(response, invocation->payload);
    return 0;
}

/* The fake's own allocations are none of the loop's. */
static int quiet_start(void *state, struct http_exchange *exchange, struct err *err) {
    size_t countdown = oom_countdown;
    oom_countdown = 0;
    int result = fake_start(state, exchange, err);
    oom_countdown = countdown;
    return result;
}

static struct http_exchange *quiet_wait(void *state, int64_t timeout_ms) {
    size_t countdown = oom_countdown;
    oom_countdown = 0;
    struct http_exchange *exchange = fake_wait(state, timeout_ms);
    oom_countdown = countdown;
    return exchange;
}

static void quiet_write(void *state, struct view line) {
    size_t countdown = oom_countdown;
    oom_countdown = 0;
    fake_write(state, line);
    oom_countdown = countdown;
}

static void quiet_set_trace_id(const char *trace_id) {
    size_t countdown = oom_countdown;
    oom_countdown = 0;
    fake_set_trace_id(trace_id);
    oom_countdown = countdown;
}

static const struct http_ops quiet_ops = {
    .start = quiet_start,
    .wait = quiet_wait,
    .cancel = fake_cancel,
};

static const struct fake_step steps[] = {
    {.headers = FAKE_NEXT_HEADERS("id-1") "Lambda-Runtime-Trace-Id: Root=1\n", .body = "{\"a\":1}"},
    {0},
    {.headers = FAKE_NEXT_HEADERS("id-2"), .body = "\"fail\""},
    {0},
    {.headers = FAKE_NEXT_HEADERS("id-3"), .body_bytes = 1024 * 1024},
    {0},
};

static void require_answered(const struct fake *fake, size_t index, const char *id) {
    char response[128];
    char error[128];
    snprintf(response, sizeof(response), FAKE_BASE "/invocation/%s/response", id);
    snprintf(error, sizeof(error), FAKE_BASE "/invocation/%s/error", id);
    const char *url = fake->requests[index].url;
    assert_true(strcmp(url, response) == 0 || strcmp(url, error) == 0);
    if (strcmp(url, error) == 0) {
        assert_non_null(strstr(fake->requests[index].body, "\"errorType\":\"Function."));
        assert_non_null(strstr(fake->requests[index].headers, "Error-Type: Function."));
    }
}

/* False when fewer than n allocations are made. */
static bool run_with_failure(size_t n, bool from_then_on) {
    struct fake fake;
    struct err err;
    fake_init(&fake, steps, sizeof(steps) / sizeof(steps[0]));
    fake.http.ops = &quiet_ops;
    fake.log.write = quiet_write;
    fake.options.set_trace_id = quiet_set_trace_id;
    err_init(&err);
    from_then_on ? oom_arm_from(n) : oom_arm(n);
    int result = lambda_run(&fake.options, echo, NULL, &err);
    bool failed = oom_disarm();
    if (result != 0) {
        assert_int_equal(err.code, ERR_OUT_OF_MEMORY);
        assert_int_equal(fake.n_requests, 0);
    } else {
        assert_int_equal(fake.n_requests, 7);
        require_answered(&fake, 1, "id-1");
        require_answered(&fake, 3, "id-2");
        require_answered(&fake, 5, "id-3");
    }
    fake_release(&fake);
    return failed;
}

static void test_each_allocation_of_the_loop_fails_once(void **state) {
    (void)state;
    size_t failures = 0;
    OOM_FOR_EACH(n) {
        if (!run_with_failure(n, false)) {
            break;
        }
        failures++;
    }
    assert_true(failures > 5);
}

static void test_memory_ends_at_each_allocation(void **state) {
    (void)state;
    OOM_FOR_EACH(n) {
        if (!run_with_failure(n, true)) {
            break;
        }
    }
}

static void test_an_init_error_is_posted_without_memory(void **state) {
    (void)state;
    for (size_t n = 1; n < 50; n++) {
        struct fake fake;
        struct err err;
        fake_init(&fake, steps + 1, 1);
        fake.http.ops = &quiet_ops;
        fake.log.write = quiet_write;
        err_init(&err);
        err_set(&err, ERR_CONFIG_INVALID, "PROJECT_NAME is not set");
        oom_arm_from(n);
        lambda_init_error(&fake.options, &err);
        bool failed = oom_disarm();
        /* Only the address itself has to be allocated. */
        assert_int_equal(fake.n_requests, n == 1 ? 0 : 1);
        fake_release(&fake);
        if (!failed) {
            return;
        }
    }
    fail();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_allocation_of_the_loop_fails_once),
        cmocka_unit_test(test_memory_ends_at_each_allocation),
        cmocka_unit_test(test_an_init_error_is_posted_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
