#include "runtime/aws/retry.h"

/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct aws_service plain = {.name = "ssm"};
static const struct aws_service ecs = {.name = "ecs", .limit_is_quota = true};

static enum retry_class of(int status, const char *code) {
    return retry_classify(&ecs, HTTP_OK, status, view_of(code));
}

static void outcomes_without_a_response(void **state) {
    (void)state;
    assert_int_equal(retry_classify(&ecs, HTTP_NOT_SENT, 0, VIEW("")), RETRY_NOT_SENT);
    assert_int_equal(retry_classify(&ecs, HTTP_NO_RESPONSE, 0, VIEW("")), RETRY_TRANSIENT);
    assert_int_equal(retry_classify(&ecs, HTTP_NO_RESPONSE, 200, VIEW("")), RETRY_TRANSIENT);
    assert_int_equal(retry_classify(&ecs, HTTP_TOO_LARGE, 200, VIEW("")), RETRY_NO);
}

static void statuses_without_a_code(void **state) {
    (void)state;
    static const struct {
        int status;
        enum retry_class class;
    } rows[] = {
        {200, RETRY_NO},        {204, RETRY_NO}, {301, RETRY_NO},        {400, RETRY_NO},
        {403, RETRY_NO},        {404, RETRY_NO}, {413, RETRY_NO},        {429, RETRY_THROTTLED},
        {500, RETRY_TRANSIENT}, {501, RETRY_NO}, {502, RETRY_TRANSIENT}, {503, RETRY_TRANSIENT},
        {504, RETRY_TRANSIENT}, {505, RETRY_NO},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(of(rows[i].status, ""), rows[i].class);
    }
}

static void codes_decide_before_the_status(void **state) {
    (void)state;
    static const struct {
        int status;
        const char *code;
        enum retry_class class;
    } rows[] = {
        {400, "Throttling", RETRY_THROTTLED},
        {400, "ThrottlingException", RETRY_THROTTLED},
        {400, "ThrottledException", RETRY_THROTTLED},
        {400, "RequestThrottledException", RETRY_THROTTLED},
        {400, "TooManyRequestsException", RETRY_THROTTLED},
        {400, "ProvisionedThroughputExceededException", RETRY_THROTTLED},
        {400, "TransactionInProgressException", RETRY_THROTTLED},
        {503, "RequestLimitExceeded", RETRY_THROTTLED},
        {503, "BandwidthLimitExceeded", RETRY_THROTTLED},
        {400, "RequestThrottled", RETRY_THROTTLED},
        {503, "SlowDown", RETRY_THROTTLED},
        {400, "PriorRequestNotComplete", RETRY_THROTTLED},
        {400, "EC2ThrottledException", RETRY_THROTTLED},
        {500, "ThrottlingException", RETRY_THROTTLED},
        {400, "RequestTimeout", RETRY_TRANSIENT},
        {400, "RequestTimeoutException", RETRY_TRANSIENT},
        {400, "IDPCommunicationError", RETRY_TRANSIENT},
        {500, "ServerException", RETRY_TRANSIENT},
        {400, "ExpiredTokenException", RETRY_CREDENTIALS},
        {403, "ExpiredToken", RETRY_CREDENTIALS},
        {403, "InvalidClientTokenId", RETRY_CREDENTIALS},
        {400, "UnrecognizedClientException", RETRY_CREDENTIALS},
        {400, "InvalidSignatureException", RETRY_CLOCK_SKEW},
        {403, "SignatureDoesNotMatch", RETRY_CLOCK_SKEW},
        {403, "RequestTimeTooSkewed", RETRY_CLOCK_SKEW},
        {400, "AccessDeniedException", RETRY_NO},
        {400, "ClientException", RETRY_NO},
        {400, "throttling", RETRY_NO},
        {200, "ThrottlingException", RETRY_NO},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(of(rows[i].status, rows[i].code), rows[i].class);
    }
}

static void a_quota_is_no_throttle(void **state) {
    (void)state;
    assert_int_equal(of(400, "LimitExceededException"), RETRY_NO);
    assert_int_equal(retry_classify(&plain, HTTP_OK, 400, VIEW("LimitExceededException")),
                     RETRY_THROTTLED);
}

static void ecs_throttles_in_words(void **state) {
    (void)state;
    struct view words = VIEW("Too many concurrent attempts to create a new revision of the "
                             "specified family.");
    assert_true(retry_is_throttle_message(&ecs, VIEW("ClientException"), words));
    assert_false(retry_is_throttle_message(&plain, VIEW("ClientException"), words));
    assert_false(retry_is_throttle_message(&ecs, VIEW("ServerException"), words));
    assert_false(retry_is_throttle_message(&ecs, VIEW("ClientException"), VIEW("Too many")));
}

static void skew_needs_four_minutes_and_a_code(void **state) {
    (void)state;
    const int64_t minute = 60000;
    assert_true(retry_is_skewed(VIEW("InvalidSignatureException"), 0, 4 * minute + 1));
    assert_true(retry_is_skewed(VIEW("InvalidSignatureException"), 4 * minute + 1, 0));
    assert_true(retry_is_skewed(VIEW("AccessDeniedException"), 0, 5 * minute));
    assert_true(retry_is_skewed(VIEW("AuthFailure"), 0, -5 * minute));
    assert_false(retry_is_skewed(VIEW("InvalidSignatureException"), 0, 4 * minute));
    assert_false(retry_is_skewed(VIEW("InvalidSignatureException"), 7, 7));
    assert_false(retry_is_skewed(VIEW("ClientException"), 0, 60 * minute));
    assert_false(retry_is_skewed(VIEW(""), 0, 60 * minute));
}

static void delay_doubles_up_to_twenty_seconds(void **state) {
    (void)state;
    static const int64_t ceilings[] = {1000, 2000, 4000, 8000, 16000, 20000, 20000, 20000};
    for (int i = 0; i < 8; i++) {
        assert_int_equal(retry_delay_ms(i + 1, 0, -1), 0);
        assert_int_equal(retry_delay_ms(i + 1, UINT64_MAX, -1), ceilings[i] - 1);
        assert_int_equal(retry_delay_ms(i + 1, UINT64_C(1) << 63, -1), ceilings[i] / 2);
    }
    assert_int_equal(retry_delay_ms(1000000, UINT64_MAX, -1), 19999);
}

static void retry_after_is_honoured_within_five_seconds(void **state) {
    (void)state;
    const uint64_t half = UINT64_C(1) << 63;
    assert_int_equal(retry_delay_ms(1, half, 0), 500);
    assert_int_equal(retry_delay_ms(1, half, 400), 500);
    assert_int_equal(retry_delay_ms(1, half, 700), 700);
    assert_int_equal(retry_delay_ms(1, half, 5500), 5500);
    assert_int_equal(retry_delay_ms(1, half, 3600000), 5500);
}

static void the_bucket_empties_and_fills(void **state) {
    (void)state;
    struct retry_bucket bucket = RETRY_BUCKET_INIT;
    int cost = 0;
    for (int i = 0; i < 100; i++) {
        assert_true(retry_bucket_draw(&bucket, false, &cost));
        assert_int_equal(cost, 5);
    }
    cost = -7;
    assert_false(retry_bucket_draw(&bucket, false, &cost));
    assert_int_equal(cost, -7);
    for (int i = 0; i < 9; i++) {
        retry_bucket_refund(&bucket, 0);
    }
    assert_false(retry_bucket_draw(&bucket, true, &cost));
    assert_true(retry_bucket_draw(&bucket, false, &cost));
    retry_bucket_refund(&bucket, cost);
    assert_int_equal(bucket.tokens, 9);
    retry_bucket_refund(&bucket, 0);
    assert_true(retry_bucket_draw(&bucket, true, &cost));
    assert_int_equal(cost, 10);
    for (int i = 0; i < 1000; i++) {
        retry_bucket_refund(&bucket, 0);
    }
    assert_int_equal(bucket.tokens, RETRY_BUCKET_TOKENS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outcomes_without_a_response),
        cmocka_unit_test(statuses_without_a_code),
        cmocka_unit_test(codes_decide_before_the_status),
        cmocka_unit_test(a_quota_is_no_throttle),
        cmocka_unit_test(ecs_throttles_in_words),
        cmocka_unit_test(skew_needs_four_minutes_and_a_code),
        cmocka_unit_test(delay_doubles_up_to_twenty_seconds),
        cmocka_unit_test(retry_after_is_honoured_within_five_seconds),
        cmocka_unit_test(the_bucket_empties_and_fills),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
