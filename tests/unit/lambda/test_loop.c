/* The loop where all is well: what is asked, what the handler gets, what is posted, what is kept.
 */

#include "fake_runtime_api.h"

/* What the handler saw, copied, since the views end with the invocation. */
struct seen {
    struct fake *fake;
    int calls;
    int64_t deadline_ms;
    int64_t deadline_wall_ms;
    char request_id[64], log_request_id[64], log_tenant_id[64];
    char arn[128], trace[128], context[64], identity[64], tenant[64], invocation_id[64];
    size_t arena_bytes;    /* allocated by each call */
    size_t response_bytes; /* 0: an echo */
    bool stop;             /* SIGTERM comes while the handler works */
    size_t arena_used;     /* found at the start of the last call */
};

static void keep(char *ret_text, size_t size, struct view view) {
    snprintf(ret_text, size, VIEW_FMT, VIEW_ARG(view));
}

static int echo(void *user, const struct lambda_invocation *invocation, struct buf *response,
                struct err *err) {
    (void)err;
    struct seen *seen = user;
    seen->calls++;
    seen->deadline_ms = invocation->deadline_ms;
    seen->deadline_wall_ms = invocation->deadline_wall_ms;
    keep(seen->request_id, sizeof(seen->request_id), invocation->request_id);
    keep(seen->log_request_id, sizeof(seen->log_request_id), invocation->log->request_id);
    keep(seen->log_tenant_id, sizeof(seen->log_tenant_id), invocation->log->tenant_id);
    keep(seen->arn, sizeof(seen->arn), invocation->function_arn);
    keep(seen->trace, sizeof(seen->trace), invocation->trace_id);
    keep(seen->context, sizeof(seen->context), invocation->client_context);
    keep(seen->identity, sizeof(seen->identity), invocation->cognito_identity);
    keep(seen->tenant, sizeof(seen->tenant), invocation->tenant_id);
    keep(seen->invocation_id, sizeof(seen->invocation_id), invocation->invocation_id);
    seen->arena_used = invocation->arena->used_bytes;
    if (seen->arena_bytes > 0) {
        assert_non_null(arena_alloc(invocation->arena, seen->arena_bytes));
    }
    assert_int_equal(response->len, 0);
    assert_false(response->failed);
    if (seen->response_bytes > 0) {
        char *room = buf_reserve(response, seen->response_bytes);
        assert_non_null(room);
        memset(room, 'y', seen->response_bytes);
        buf_commit(response, seen->response_bytes);
    } else {
        buf_append(response, invocation->payload);
    }
    if (seen->stop) {
        seen->fake->stop = 1;
    }
    return 0;
}

static int run(struct fake *fake, struct seen *seen) {
    struct err err;
    err_init(&err);
    seen->fake = fake;
    int result = lambda_run(&fake->options, echo, seen, &err);
    assert_int_equal(result, err_is_set(&err) ? -1 : 0);
    return result;
}

#define RUN(fake, seen, ...)                                                                       \
    const struct fake_step steps[] = {__VA_ARGS__};                                                \
    struct fake fake;                                                                              \
    struct seen seen = {0};                                                                        \
    fake_init(&fake, steps, sizeof(steps) / sizeof(steps[0]))

static void test_an_event_is_echoed(void **state) {
    (void)state;
    RUN(fake, seen, {.headers = FAKE_NEXT_HEADERS("id-1"), .body = "{\"a\":1}"}, {0});
    assert_int_equal(run(&fake, &seen), 0);
    assert_int_equal(seen.calls, 1);
    assert_int_equal(fake.n_requests, 3);
    fake_assert_request(&fake, 0, "GET", "/invocation/next");
    fake_assert_request(&fake, 1, "POST", "/invocation/id-1/response");
    fake_assert_request(&fake, 2, "GET", "/invocation/next");
    assert_string_equal(fake.requests[1].body, "{\"a\":1}");
    assert_string_equal(fake.requests[1].headers, "Content-Type: application/json\n");
    assert_int_equal(fake_count(&fake, "\n"), 0);
    fake_release(&fake);
}

static void test_no_request_has_a_time_limit(void **state) {
    (void)state;
    RUN(fake, seen, {.headers = FAKE_NEXT_HEADERS("id-1")}, {0});
    run(&fake, &seen);
    assert_int_equal(fake.requests[0].timeout_ms, 0);
    assert_int_equal(fake.requests[1].timeout_ms, 0);
    /* An answer lost on a connection that had died is sent again by the transport. */
    assert_false(fake.requests[1].once);
    assert_true(fake.requests[0].body_limit_bytes >= 6 * 1024 * 1024 + 100);
    fake_release(&fake);
}

static void test_all_headers_reach_the_handler(void **state) {
    (void)state;
    RUN(fake, seen,
        {.headers = "lambda-runtime-aws-request-id: 8476a536-e9f4-11e8-9739-2dfe598c3fcd\n"
                    "LAMBDA-RUNTIME-DEADLINE-MS: 1700000010000\n"
                    "Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:1:function:f\n"
                    "Lambda-runtime-trace-ID:   Root=1-5bef;Parent=9a;Sampled=1\t\n"
                    "Lambda-Runtime-Client-Context: {\"c\":1}\n"
                    "Lambda-Runtime-Cognito-Identity: {\"i\":2}\n"
                    "Lambda-Runtime-Aws-Tenant-Id: tenant-7\n"
                    "Lambda-Runtime-Invocation-Id: inv-9\n"},
        {0});
    run(&fake, &seen);
    assert_string_equal(seen.request_id, "8476a536-e9f4-11e8-9739-2dfe598c3fcd");
    assert_string_equal(seen.log_request_id, seen.request_id);
    assert_string_equal(seen.log_tenant_id, "tenant-7");
    assert_string_equal(seen.arn, "arn:aws:lambda:us-east-1:1:function:f");
    assert_string_equal(seen.trace, "Root=1-5bef;Parent=9a;Sampled=1");
    assert_string_equal(seen.context, "{\"c\":1}");
    assert_string_equal(seen.identity, "{\"i\":2}");
    assert_string_equal(seen.tenant, "tenant-7");
    assert_string_equal(seen.invocation_id, "inv-9");
    assert_true(seen.deadline_wall_ms == INT64_C(1700000010000));
    assert_true(seen.deadline_ms == FAKE_MONOTONIC_MS + 10000 - LAMBDA_DEADLINE_RESERVE_MS);
    fake_release(&fake);
}

static void test_the_invocation_id_is_echoed_only_when_present(void **state) {
    (void)state;
    RUN(fake, seen, {.headers = FAKE_NEXT_HEADERS("id-1") "Lambda-Runtime-Invocation-Id: inv-1\n"},
        {0}, {.headers = FAKE_NEXT_HEADERS("id-2")}, {0},
        {.headers = FAKE_NEXT_HEADERS("id-3") "Lambda-Runtime-Invocation-Id: a\x01X-Evil: 1\n"},
        {0});
    run(&fake, &seen);
    assert_string_equal(fake.requests[1].headers, "Content-Type: application/json\n"
                                                  "Lambda-Runtime-Invocation-Id: inv-1\n");
    assert_string_equal(fake.requests[3].headers, "Content-Type: application/json\n");
    assert_string_equal(fake.requests[5].headers, "Content-Type: application/json\n");
    fake_release(&fake);
}

static void test_the_trace_id_is_set_and_unset(void **state) {
    (void)state;
    RUN(fake, seen, {.headers = FAKE_NEXT_HEADERS("id-1") "Lambda-Runtime-Trace-Id: Root=1\n"}, {0},
        {.headers = FAKE_NEXT_HEADERS("id-2")}, {0},
        {.headers = FAKE_NEXT_HEADERS("id-3") "Lambda-Runtime-Trace-Id: Root=3\n"}, {0});
    run(&fake, &seen);
    assert_string_equal(buf_cstr(&fake.traces), "Root=1;NULL;Root=3;");
    fake_release(&fake);
}

static void test_without_a_function_no_trace_id_is_set(void **state) {
    (void)state;
    RUN(fake, seen, {.headers = FAKE_NEXT_HEADERS("id-1") "Lambda-Runtime-Trace-Id: Root=1\n"},
        {0});
    fake.options.set_trace_id = NULL;
    assert_int_equal(run(&fake, &seen), 0);
    assert_int_equal(seen.calls, 1);
    fake_release(&fake);
}

static void test_a_request_id_is_percent_encoded(void **state) {
    (void)state;
    RUN(fake, seen, {.headers = FAKE_NEXT_HEADERS("a/../b?c#d %41\xc3\xa9")}, {0});
    run(&fake, &seen);
    fake_assert_request(&fake, 1, "POST", "/invocation/a%2F..%2Fb%3Fc%23d%20%2541%C3%A9/response");
    assert_string_equal(seen.request_id, "a/../b?c#d %41\xc3\xa9");
    fake_release(&fake);
}

static void test_any_payload_is_passed_on(void **state) {
    (void)state;
    RUN(fake, seen, {.headers = FAKE_NEXT_HEADERS("id-1")}, {0},
        {.headers = FAKE_NEXT_HEADERS("id-2"), .body = "\xff\xfe not JSON"}, {0},
        {.headers = FAKE_NEXT_HEADERS("id-3"), .body_bytes = 6 * 1024 * 1024}, {0});
    assert_int_equal(run(&fake, &seen), 0);
    assert_int_equal(fake.requests[1].body_len, 0);
    assert_string_equal(fake.requests[3].body, "\xff\xfe not JSON");
    assert_int_equal(fake.requests[5].body_len, 6 * 1024 * 1024);
    fake_release(&fake);
}

static void test_the_largest_response_is_posted(void **state) {
    (void)state;
    RUN(fake, seen, {.headers = FAKE_NEXT_HEADERS("id-1")}, {0});
    seen.response_bytes = LAMBDA_RESPONSE_BYTES;
    run(&fake, &seen);
    fake_assert_request(&fake, 1, "POST", "/invocation/id-1/response");
    assert_int_equal(fake.requests[1].body_len, LAMBDA_RESPONSE_BYTES);
    fake_release(&fake);
}

static void test_memory_of_a_large_event_is_given_back(void **state) {
    (void)state;
    RUN(fake, seen, {.headers = FAKE_NEXT_HEADERS("id-1"), .body = "small"}, {0},
        {.headers = FAKE_NEXT_HEADERS("id-2"), .body_bytes = 6 * 1024 * 1024}, {0},
        {.headers = FAKE_NEXT_HEADERS("id-3"), .body = "small"}, {0});
    run(&fake, &seen);
    assert_int_equal(fake.requests[0].kept_bytes, 0);
    /* The small one's buffer is kept, so that the next small event allocates nothing … */
    assert_true(fake.requests[2].kept_bytes > 0 && fake.requests[2].kept_bytes < 1024);
    /* … the large one's is not. */
    assert_int_equal(fake.requests[4].kept_bytes, 0);
    fake_release(&fake);
}

static void test_the_arena_is_reset_and_reused(void **state) {
    (void)state;
    RUN(fake, seen, {.headers = FAKE_NEXT_HEADERS("id-1")}, {0},
        {.headers = FAKE_NEXT_HEADERS("id-2")}, {0});
    seen.arena_bytes = 1000;
    run(&fake, &seen);
    assert_int_equal(seen.calls, 2);
    assert_int_equal(seen.arena_used, 0);
    fake_release(&fake);
}

static void test_sigterm_while_idle_ends_the_loop(void **state) {
    (void)state;
    RUN(fake, seen, {.empty_waits = 1, .stop_while_waits = true});
    assert_int_equal(run(&fake, &seen), 0);
    assert_int_equal(fake.cancelled, 1);
    assert_int_equal(fake.n_requests, 1);
    fake_release(&fake);
}

/* Lambda counts it as delivered. */
static void test_an_event_that_comes_together_with_sigterm_is_served(void **state) {
    (void)state;
    RUN(fake, seen, {.headers = FAKE_NEXT_HEADERS("id-1"), .stop_while_waits = true}, {0});
    assert_int_equal(run(&fake, &seen), 0);
    assert_int_equal(seen.calls, 1);
    assert_int_equal(fake.cancelled, 0);
    fake_assert_request(&fake, 1, "POST", "/invocation/id-1/response");
    assert_int_equal(fake.n_requests, 2);
    fake_release(&fake);
}

static void test_idle_waits_do_not_end_the_loop(void **state) {
    (void)state;
    RUN(fake, seen, {.headers = FAKE_NEXT_HEADERS("id-1"), .empty_waits = 1000}, {0});
    assert_int_equal(run(&fake, &seen), 0);
    assert_int_equal(seen.calls, 1);
    assert_int_equal(fake.slept_ms, 0);
    fake_release(&fake);
}

static void test_sigterm_while_busy_ends_after_the_answer(void **state) {
    (void)state;
    RUN(fake, seen, {.headers = FAKE_NEXT_HEADERS("id-1"), .body = "1"}, {0});
    seen.stop = true;
    assert_int_equal(run(&fake, &seen), 0);
    assert_int_equal(fake.n_requests, 2);
    fake_assert_request(&fake, 1, "POST", "/invocation/id-1/response");
    fake_release(&fake);
}

/* The post is interrupted by the signal, and carried through all the same. */
static void test_sigterm_while_posting_ends_after_the_answer(void **state) {
    (void)state;
    RUN(fake, seen, {.headers = FAKE_NEXT_HEADERS("id-1"), .body = "1"},
        {.empty_waits = 2, .stop_while_waits = true});
    assert_int_equal(run(&fake, &seen), 0);
    assert_int_equal(fake.cancelled, 0);
    assert_int_equal(fake.n_requests, 2);
    fake_release(&fake);
}

static void test_sigterm_before_the_first_event_asks_for_none(void **state) {
    (void)state;
    RUN(fake, seen, {0});
    fake.stop = 1;
    assert_int_equal(run(&fake, &seen), 0);
    assert_int_equal(fake.n_requests, 0);
    fake_release(&fake);
}

static void test_the_log_forgets_the_invocation(void **state) {
    (void)state;
    RUN(fake, seen, {.headers = FAKE_NEXT_HEADERS("id-1") "Lambda-Runtime-Aws-Tenant-Id: t\n"},
        {0});
    run(&fake, &seen);
    assert_int_equal(fake.log.request_id.len, 0);
    assert_int_equal(fake.log.tenant_id.len, 0);
    fake_release(&fake);
}

static void test_at_debug_each_step_is_a_line(void **state) {
    (void)state;
    RUN(fake, seen, {.headers = FAKE_NEXT_HEADERS("id-1"), .body = "12"}, {0});
    fake.log.level = LOG_DEBUG;
    run(&fake, &seen);
    assert_int_equal(fake_count(&fake, "\n"), 2);
    assert_int_equal(fake_count(&fake, "id-1"), 2);
    assert_int_equal(fake_count(&fake, "\"status\":202"), 1);
    fake_release(&fake);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_event_is_echoed),
        cmocka_unit_test(test_no_request_has_a_time_limit),
        cmocka_unit_test(test_all_headers_reach_the_handler),
        cmocka_unit_test(test_the_invocation_id_is_echoed_only_when_present),
        cmocka_unit_test(test_the_trace_id_is_set_and_unset),
        cmocka_unit_test(test_without_a_function_no_trace_id_is_set),
        cmocka_unit_test(test_a_request_id_is_percent_encoded),
        cmocka_unit_test(test_any_payload_is_passed_on),
        cmocka_unit_test(test_the_largest_response_is_posted),
        cmocka_unit_test(test_memory_of_a_large_event_is_given_back),
        cmocka_unit_test(test_the_arena_is_reset_and_reused),
        cmocka_unit_test(test_sigterm_while_idle_ends_the_loop),
        cmocka_unit_test(test_an_event_that_comes_together_with_sigterm_is_served),
        cmocka_unit_test(test_idle_waits_do_not_end_the_loop),
        cmocka_unit_test(test_sigterm_while_busy_ends_after_the_answer),
        cmocka_unit_test(test_sigterm_while_posting_ends_after_the_answer),
        cmocka_unit_test(test_sigterm_before_the_first_event_asks_for_none),
        cmocka_unit_test(test_the_log_forgets_the_invocation),
        cmocka_unit_test(test_at_debug_each_step_is_a_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
