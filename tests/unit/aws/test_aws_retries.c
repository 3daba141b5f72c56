/* Many calls at once, each with its own retries, until the deadline. */

#include "fixture_aws.h"

#define THROTTLED                                                                                  \
    .status = 400, .body = "{\"__type\":\"ThrottlingException\",\"message\":\"Rate exceeded\"}"

static void a_throttle_is_waited_out(void **state) {
    (void)state;
    CLIENT(client, {THROTTLED}, {THROTTLED, .delay_ms = 100}, {.status = 200, .body = "{}"});
    struct aws_call call = ecs_call("DescribeServices");
    run_call(&client, &call);
    assert_succeeded(&call);
    assert_int_equal(call.attempts, 3);
    assert_int_equal(client.fake.requests[1].started_ms, 500);
    assert_int_equal(client.fake.requests[2].started_ms, 500 + 100 + 1000);
    client_close(&client);
}

static void throttled_for_good(void **state) {
    (void)state;
    CLIENT(client, {THROTTLED}, {THROTTLED}, {THROTTLED, .headers = "x-amzn-requestid: r-9\n"});
    struct aws_call call = ecs_call("DescribeServices");
    run_call(&client, &call);
    assert_failed(&call, ERR_THROTTLED, false);
    assert_string_equal(call.err.message,
                        "ecs DescribeServices failed in us-east-1: ThrottlingException: Rate "
                        "exceeded (3 attempts, request id r-9)");
    assert_string_equal(call.code, "ThrottlingException");
    client_close(&client);
}

static void a_quota_is_not_retried(void **state) {
    (void)state;
    CLIENT(client, {.status = 400, .body = "{\"__type\":\"LimitExceededException\"}"});
    struct aws_call call = ecs_call("RegisterTaskDefinition");
    run_call(&client, &call);
    assert_failed(&call, ERR_BAD_RESPONSE, false);
    assert_int_equal(call.attempts, 1);
    client_close(&client);
}

static void a_server_error_for_good(void **state) {
    (void)state;
    CLIENT(client, {.status = 500, .body = "{\"__type\":\"ServerException\"}"},
           {.outcome = HTTP_NO_RESPONSE}, {.status = 503, .body = "<html>Service Unavailable"});
    struct aws_call call = ecs_call("DescribeServices");
    run_call(&client, &call);
    assert_failed(&call, ERR_AWS_UNAVAILABLE, true);
    assert_int_equal(call.attempts, 3);
    assert_int_equal(call.status, 503);
    assert_holds(call.err.message, "HTTP 503");
    client_close(&client);
}

static void silence_for_good(void **state) {
    (void)state;
    CLIENT(client, {.outcome = HTTP_NOT_SENT}, {.outcome = HTTP_NOT_SENT},
           {.outcome = HTTP_NOT_SENT}, {.outcome = HTTP_NOT_SENT}, {.outcome = HTTP_NO_RESPONSE},
           {.outcome = HTTP_NOT_SENT});
    struct aws_call call = ecs_call("DescribeServices");
    run_call(&client, &call);
    assert_failed(&call, ERR_AWS_UNAVAILABLE, false);
    assert_int_equal(call.status, 0);
    assert_string_equal(call.err.message, "ecs DescribeServices failed in us-east-1: 'host' did "
                                          "something (3 attempts)");
    run_call(&client, &call);
    assert_failed(&call, ERR_AWS_UNAVAILABLE, true);
    client_close(&client);
}

static void a_once_call_that_may_have_happened_is_not_repeated(void **state) {
    (void)state;
    static const struct fake_answer answers[] = {
        {.outcome = HTTP_NO_RESPONSE},
        {.status = 500, .body = "{\"__type\":\"ServerException\"}"},
        {.status = 503},
        {.status = 501},
        {.status = 520, .body = "<html>unknown error"},
        {.status = 400, .body = "{\"__type\":\"RequestTimeout\"}"},
    };
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        struct client client;
        client_open_in(&client, &client_env, &answers[i], 1);
        struct aws_call call = ecs_call("RegisterTaskDefinition");
        call.once = true;
        run_call(&client, &call);
        assert_failed(&call, ERR_AWS_UNAVAILABLE, true);
        assert_int_equal(call.attempts, 1);
        client_close(&client);
    }
}

static void a_once_call_that_cannot_have_happened_is_repeated(void **state) {
    (void)state;
    CLIENT(client, {.outcome = HTTP_NOT_SENT}, {THROTTLED}, {.status = 200, .body = "{}"},
           {.status = 400,
            .body = "{\"__type\":\"ClientException\",\"message\":\"Too many concurrent attempts to "
                    "create a new revision of the specified family.\"}"},
           {.status = 200, .body = "{}"});
    struct aws_call call = ecs_call("RegisterTaskDefinition");
    call.once = true;
    run_call(&client, &call);
    assert_succeeded(&call);
    assert_int_equal(call.attempts, 3);
    run_call(&client, &call);
    assert_succeeded(&call);
    assert_int_equal(call.attempts, 2);
    client_close(&client);
}

static void too_large_is_not_retried(void **state) {
    (void)state;
    CLIENT(client, {.outcome = HTTP_TOO_LARGE, .status = 200});
    struct aws_call call = ecs_call("DescribeServices");
    run_call(&client, &call);
    assert_failed(&call, ERR_BAD_RESPONSE, true);
    assert_int_equal(call.attempts, 1);
    client_close(&client);
}

static void retry_after_is_honoured(void **state) {
    (void)state;
    CLIENT(client, {THROTTLED, .headers = "x-amz-retry-after: 1700\n"},
           {THROTTLED, .headers = "Retry-After: 3\n"}, {.status = 200, .body = "{}"},
           {THROTTLED, .headers = "Retry-After: Fri, 20 Nov 2026 22:39:04 GMT\n"},
           {.status = 200, .body = "{}"});
    struct aws_call call = ecs_call("DescribeServices");
    run_call(&client, &call);
    assert_succeeded(&call);
    assert_int_equal(client.fake.requests[1].started_ms, 1700);
    assert_int_equal(client.fake.requests[2].started_ms, 1700 + 3000);
    run_call(&client, &call);
    assert_succeeded(&call);
    assert_int_equal(client.fake.requests[4].started_ms, 4700 + 500);
    client_close(&client);
}

static void max_attempts_is_obeyed(void **state) {
    (void)state;
    static const struct env_entry entries[] = {{"AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"},
                                               {"AWS_SECRET_ACCESS_KEY", "secret"},
                                               {"AWS_CONFIG_FILE", "/nonexistent"},
                                               {"AWS_RETRY_MODE", "adaptive"},
                                               {"AWS_MAX_ATTEMPTS", "1"},
                                               {NULL, NULL}};
    static const struct environment env = {.get = env_table_get, .state = entries};
    const struct fake_answer answer = {THROTTLED};
    struct client client;
    client_open_in(&client, &env, &answer, 1);
    struct aws_call call = ecs_call("DescribeServices");
    run_call(&client, &call);
    assert_failed(&call, ERR_THROTTLED, false);
    assert_int_equal(call.attempts, 1);
    client_close(&client);
}

static void an_empty_bucket_ends_retries(void **state) {
    (void)state;
    static const struct fake_answer busy = {THROTTLED};
    struct client client;
    client_open_in(&client, &client_env, NULL, 0);
    client.fake.otherwise = &busy;
    struct aws_call calls[60];
    for (size_t i = 0; i < 60; i++) {
        calls[i] = ecs_call("DescribeServices");
    }
    run_calls(&client, calls, 60);
    /* 60 calls and the 100 retries that 500 tokens pay for. */
    assert_int_equal(client.fake.n_requests, 160);
    for (size_t i = 0; i < 60; i++) {
        assert_failed(&calls[i], ERR_THROTTLED, false);
    }
    struct aws_call call = ecs_call("DescribeServices");
    run_call(&client, &call);
    assert_int_equal(call.attempts, 1);
    client_close(&client);
}

/* Signed with a clock that is an hour slow: put right at once, and for the calls to come. */
static void a_wrong_clock_is_corrected(void **state) {
    (void)state;
    CLIENT(client,
           {.status = 400,
            .body = "{\"__type\":\"InvalidSignatureException\",\"message\":\"Signature expired\"}",
            .headers = "Date: Fri, 20 Nov 2026 23:39:04 GMT\n"},
           {.status = 200, .body = "{}"}, {.status = 200, .body = "{}"});
    struct aws_call call = ecs_call("RegisterTaskDefinition");
    call.once = true;
    run_call(&client, &call);
    assert_succeeded(&call);
    assert_int_equal(call.attempts, 2);
    assert_string_equal(client.fake.requests[0].amz_date, "20261120T223904Z");
    assert_string_equal(client.fake.requests[1].amz_date, "20261120T233904Z");
    assert_int_equal(client.fake.requests[1].started_ms, 0);
    run_call(&client, &call);
    assert_string_equal(client.fake.requests[2].amz_date, "20261120T233904Z");
    assert_succeeded(&call);
    client_close(&client);
}

static void a_refusal_is_no_skew_when_the_clocks_agree(void **state) {
    (void)state;
    CLIENT(client,
           {.status = 400,
            .body = "{\"__type\":\"InvalidSignatureException\"}",
            .headers = "Date: Fri, 20 Nov 2026 22:41:04 GMT\n"},
           {.status = 400, .body = "{\"__type\":\"SignatureDoesNotMatch\"}"},
           {.status = 400,
            .body = "{\"__type\":\"AccessDeniedException\"}",
            .headers = "Date: Fri, 20 Nov 2026 22:39:04 GMT\n"},
           {.status = 400,
            .body = "{\"__type\":\"ClientException\"}",
            .headers = "Date: Fri, 20 Nov 2026 23:39:04 GMT\n"});
    static const enum err_code codes[] = {ERR_ACCESS_DENIED, ERR_ACCESS_DENIED, ERR_ACCESS_DENIED,
                                          ERR_BAD_RESPONSE};
    for (size_t i = 0; i < 4; i++) {
        struct aws_call call = ecs_call("DescribeServices");
        run_call(&client, &call);
        assert_failed(&call, codes[i], false);
        assert_int_equal(call.attempts, 1);
    }
    client_close(&client);
}

static void a_clock_that_stays_wrong_is_given_up(void **state) {
    (void)state;
    CLIENT(client,
           {.status = 403,
            .body = "{\"__type\":\"RequestTimeTooSkewed\"}",
            .headers = "Date: Fri, 20 Nov 2026 12:00:00 GMT\n"},
           {.status = 403,
            .body = "{\"__type\":\"RequestTimeTooSkewed\"}",
            .headers = "Date: Fri, 20 Nov 2026 18:00:00 GMT\n"});
    struct aws_call call = ecs_call("DescribeServices");
    run_call(&client, &call);
    assert_failed(&call, ERR_ACCESS_DENIED, false);
    assert_int_equal(call.attempts, 2);
    client_close(&client);
}

static void expired_credentials_are_tried_once_more(void **state) {
    (void)state;
    CLIENT(client, {.status = 400, .body = "{\"__type\":\"ExpiredTokenException\"}"},
           {.status = 200, .body = "{}"},
           {.status = 400, .body = "{\"__type\":\"ExpiredTokenException\"}"},
           {.status = 400, .body = "{\"__type\":\"ExpiredTokenException\"}"});
    struct aws_call call = ecs_call("UpdateService");
    call.once = true;
    run_call(&client, &call);
    assert_succeeded(&call);
    assert_int_equal(client.fake.requests[1].started_ms, 0);
    run_call(&client, &call);
    assert_failed(&call, ERR_ACCESS_DENIED, false);
    assert_int_equal(call.attempts, 2);
    client_close(&client);
}

static void retries_of_one_do_not_wait_for_another(void **state) {
    (void)state;
    CLIENT(client, {.operation = "DescribeServices", .status = 200, .body = "{}", .delay_ms = 5000},
           {.operation = "DescribeTaskDefinition", THROTTLED},
           {.operation = "DescribeTaskDefinition", .status = 200, .body = "{}"});
    struct aws_call calls[2] = {ecs_call("DescribeServices"), ecs_call("DescribeTaskDefinition")};
    run_calls(&client, calls, 2);
    assert_succeeded(&calls[0]);
    assert_succeeded(&calls[1]);
    assert_int_equal(client.fake.requests[2].started_ms, 500);
    assert_int_equal(client.fake.monotonic_ms - FAKE_MONOTONIC_MS, 5000);
    client_close(&client);
}

static void one_failure_leaves_the_others_alone(void **state) {
    (void)state;
    CLIENT(client, {.operation = "A", .status = 400, .body = "{\"__type\":\"ClientException\"}"},
           {.operation = "B", .status = 200, .body = "{\"b\":1}"},
           {.operation = "C", .outcome = HTTP_TOO_LARGE});
    struct aws_call calls[3] = {ecs_call("A"), ecs_call("B"), ecs_call("C")};
    run_calls(&client, calls, 3);
    assert_failed(&calls[0], ERR_BAD_RESPONSE, false);
    assert_succeeded(&calls[1]);
    assert_view(calls[1].response, "{\"b\":1}");
    assert_failed(&calls[2], ERR_BAD_RESPONSE, true);
    client_close(&client);
}

static void a_stuck_attempt_leaves_time_for_another(void **state) {
    (void)state;
    CLIENT(client, {.stalls = true}, {.status = 200, .body = "{}"});
    struct aws_call call = ecs_call("DescribeServices");
    aws_call_all(client.aws, &call, 1, DEADLINE_IN_MS(20000), &client.arena);
    assert_succeeded(&call);
    assert_int_equal(client.fake.requests[0].timeout_ms, 10000);
    assert_int_equal(client.fake.requests[1].started_ms, 10500);
    client_close(&client);
}

static void attempts_have_bounded_time(void **state) {
    (void)state;
    static const struct {
        int64_t left_ms;
        int64_t timeout_ms;
    } rows[] = {{600000, 15000}, {20000, 10000}, {5000, 3000}, {2000, 2000}, {150, 150}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        CLIENT(client, {.status = 200, .body = "{}"}, {.status = 200, .body = "{}"});
        struct aws_call call = ecs_call("DescribeServices");
        aws_call_all(client.aws, &call, 1, DEADLINE_IN_MS(rows[i].left_ms), &client.arena);
        assert_int_equal(client.fake.requests[0].timeout_ms, rows[i].timeout_ms);
        call.once = true;
        aws_call_all(client.aws, &call, 1, DEADLINE_IN_MS(rows[i].left_ms), &client.arena);
        assert_int_equal(client.fake.requests[1].timeout_ms, rows[i].left_ms);
        client_close(&client);
    }
}

/* Handshakes side by side share the processor: each gets longer. */
static void a_wave_has_longer_to_connect(void **state) {
    (void)state;
    static const struct fake_answer answer = {.status = 200, .body = "{}"};
    static const struct {
        size_t n_calls;
        int64_t timeout_ms;
    } rows[] = {{1, 3000}, {11, 3300}, {192, 8730}, {300, 8730}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct client client;
        client_open_in(&client, &client_env, NULL, 0);
        client.fake.otherwise = &answer;
        struct aws_call *calls = calloc(rows[i].n_calls, sizeof(*calls));
        for (size_t k = 0; k < rows[i].n_calls; k++) {
            calls[k] = ecs_call("DescribeServices");
        }
        run_calls(&client, calls, rows[i].n_calls);
        assert_int_equal(client.fake.requests[0].connect_timeout_ms, rows[i].timeout_ms);
        free(calls);
        client_close(&client);
    }
}

static void the_deadline_ends_all(void **state) {
    (void)state;
    CLIENT(client, {.operation = "A", .status = 200, .body = "{}", .delay_ms = 100},
           {.operation = "B", .stalls = true}, {.operation = "C", .stalls = true});
    struct aws_call calls[3] = {ecs_call("A"), ecs_call("B"), ecs_call("C")};
    calls[1].once = true;
    calls[2].once = true;
    aws_call_all(client.aws, calls, 3, DEADLINE_IN_MS(2000), &client.arena);
    assert_succeeded(&calls[0]);
    assert_failed(&calls[1], ERR_DEADLINE_EXCEEDED, true);
    assert_failed(&calls[2], ERR_DEADLINE_EXCEEDED, true);
    assert_int_equal(client.fake.monotonic_ms - FAKE_MONOTONIC_MS, 2000);
    client_close(&client);
}

/* What an earlier attempt met is no part of a call that ends otherwise. */
static void the_deadline_leaves_nothing_of_earlier_attempts(void **state) {
    (void)state;
    CLIENT(client, {THROTTLED, .headers = "x-amzn-requestid: r-1\n"},
           {.status = 200, .body = "{}", .delay_ms = 5000});
    struct aws_call call = ecs_call("UpdateService");
    aws_call_all(client.aws, &call, 1, DEADLINE_IN_MS(2000), &client.arena);
    assert_failed(&call, ERR_DEADLINE_EXCEEDED, true);
    assert_string_equal(call.err.message, "ecs UpdateService in us-east-1 was not answered before "
                                          "the deadline (2 attempts)");
    assert_string_equal(call.code, "");
    assert_string_equal(call.request_id, "");
    assert_int_equal(call.status, 0);
    assert_int_equal(call.message.len, 0);
    client_close(&client);
}

static void an_answer_after_the_deadline_is_not_waited_for(void **state) {
    (void)state;
    CLIENT(client, {.status = 200, .body = "{}", .delay_ms = 5000});
    struct aws_call call = ecs_call("UpdateService");
    aws_call_all(client.aws, &call, 1, DEADLINE_IN_MS(2000), &client.arena);
    assert_failed(&call, ERR_DEADLINE_EXCEEDED, true);
    assert_string_equal(call.err.message,
                        "ecs UpdateService in us-east-1 was not answered before the deadline");
    assert_int_equal(client.fake.n_cancelled, 1);
    client_close(&client);
}

static void nothing_is_sent_after_the_deadline(void **state) {
    (void)state;
    struct client client;
    client_open_in(&client, &client_env, NULL, 0);
    struct aws_call call = ecs_call("UpdateService");
    aws_call_all(client.aws, &call, 1, DEADLINE_IN_MS(0), &client.arena);
    assert_failed(&call, ERR_DEADLINE_EXCEEDED, false);
    assert_int_equal(call.attempts, 0);
    assert_holds(call.err.message, "was not made before the deadline");
    client_close(&client);
}

/* Waiting for a retry that cannot be made would only hide what went wrong. */
static void a_retry_beyond_the_deadline_is_not_waited_for(void **state) {
    (void)state;
    CLIENT(client, {THROTTLED});
    struct aws_call call = ecs_call("DescribeServices");
    aws_call_all(client.aws, &call, 1, DEADLINE_IN_MS(550), &client.arena);
    assert_failed(&call, ERR_THROTTLED, false);
    assert_int_equal(client.fake.monotonic_ms, FAKE_MONOTONIC_MS);
    client_close(&client);
}

static void many_calls_are_limited_in_flight(void **state) {
    (void)state;
    static const struct fake_answer answer = {.status = 200, .body = "{}", .delay_ms = 10};
    struct client client;
    client_open_in(&client, &client_env, NULL, 0);
    client.fake.otherwise = &answer;
    struct aws_call *calls = calloc(300, sizeof(*calls));
    for (size_t i = 0; i < 300; i++) {
        calls[i] = ecs_call("DescribeServices");
    }
    run_calls(&client, calls, 300);
    for (size_t i = 0; i < 300; i++) {
        assert_succeeded(&calls[i]);
        assert_int_equal(calls[i].attempts, 1);
    }
    assert_int_equal(client.fake.most_pending, 192);
    free(calls);
    client_close(&client);
}

static void a_call_can_be_run_again(void **state) {
    (void)state;
    CLIENT(client, {.status = 400, .body = "{\"__type\":\"ClientException\"}"},
           {.status = 200, .body = "{}"});
    struct aws_call call = ecs_call("DescribeServices");
    run_call(&client, &call);
    assert_failed(&call, ERR_BAD_RESPONSE, false);
    run_call(&client, &call);
    assert_succeeded(&call);
    assert_int_equal(call.attempts, 1);
    client_close(&client);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_throttle_is_waited_out),
        cmocka_unit_test(throttled_for_good),
        cmocka_unit_test(a_quota_is_not_retried),
        cmocka_unit_test(a_server_error_for_good),
        cmocka_unit_test(silence_for_good),
        cmocka_unit_test(a_once_call_that_may_have_happened_is_not_repeated),
        cmocka_unit_test(a_once_call_that_cannot_have_happened_is_repeated),
        cmocka_unit_test(too_large_is_not_retried),
        cmocka_unit_test(retry_after_is_honoured),
        cmocka_unit_test(max_attempts_is_obeyed),
        cmocka_unit_test(an_empty_bucket_ends_retries),
        cmocka_unit_test(a_wrong_clock_is_corrected),
        cmocka_unit_test(a_refusal_is_no_skew_when_the_clocks_agree),
        cmocka_unit_test(a_clock_that_stays_wrong_is_given_up),
        cmocka_unit_test(expired_credentials_are_tried_once_more),
        cmocka_unit_test(retries_of_one_do_not_wait_for_another),
        cmocka_unit_test(one_failure_leaves_the_others_alone),
        cmocka_unit_test(a_stuck_attempt_leaves_time_for_another),
        cmocka_unit_test(attempts_have_bounded_time),
        cmocka_unit_test(a_wave_has_longer_to_connect),
        cmocka_unit_test(the_deadline_ends_all),
        cmocka_unit_test(the_deadline_leaves_nothing_of_earlier_attempts),
        cmocka_unit_test(an_answer_after_the_deadline_is_not_waited_for),
        cmocka_unit_test(nothing_is_sent_after_the_deadline),
        cmocka_unit_test(a_retry_beyond_the_deadline_is_not_waited_for),
        cmocka_unit_test(many_calls_are_limited_in_flight),
        cmocka_unit_test(a_call_can_be_run_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
