#include "runtime/aws/retry.h"

#include <string.h>

#define MAX_DELAY_MS 20000
#define RETRY_AFTER_EXTRA_MS 5000
#define RETRY_COST 5
#define RETRY_COST_TIMED_OUT 10
#define SKEW_TOLERATED_MS ((int64_t)4 * 60 * 1000)

static const char limit_exceeded[] = "LimitExceededException";

/* One row for each code that means something for retries. AWS SDKs and Tools Reference Guide,
 * "Retry behavior"; the codes of throttling are the same in all SDKs. */
static const struct code_class {
    const char *code;
    enum retry_class class;
} code_classes[] = {
    {"BandwidthLimitExceeded", RETRY_THROTTLED},
    {"EC2ThrottledException", RETRY_THROTTLED},
    {limit_exceeded, RETRY_THROTTLED},
    {"PriorRequestNotComplete", RETRY_THROTTLED},
    {"ProvisionedThroughputExceededException", RETRY_THROTTLED},
    {"RequestLimitExceeded", RETRY_THROTTLED},
    {"RequestThrottled", RETRY_THROTTLED},
    {"RequestThrottledException", RETRY_THROTTLED},
    {"SlowDown", RETRY_THROTTLED},
    {"ThrottledException", RETRY_THROTTLED},
    {"Throttling", RETRY_THROTTLED},
    {"ThrottlingException", RETRY_THROTTLED},
    {"TooManyRequestsException", RETRY_THROTTLED},
    {"TransactionInProgressException", RETRY_THROTTLED},

    {"IDPCommunicationError", RETRY_TRANSIENT},
    {"RequestTimeout", RETRY_TRANSIENT},
    {"RequestTimeoutException", RETRY_TRANSIENT},

    {"ExpiredToken", RETRY_CREDENTIALS},
    {"ExpiredTokenException", RETRY_CREDENTIALS},
    {"InvalidClientTokenId", RETRY_CREDENTIALS},
    {"TokenRefreshRequired", RETRY_CREDENTIALS},
    {"UnrecognizedClientException", RETRY_CREDENTIALS},

    {"AuthFailure", RETRY_CLOCK_SKEW},
    {"InvalidSignatureException", RETRY_CLOCK_SKEW},
    {"RequestExpired", RETRY_CLOCK_SKEW},
    {"RequestInTheFuture", RETRY_CLOCK_SKEW},
    {"RequestTimeTooSkewed", RETRY_CLOCK_SKEW},
    {"SignatureDoesNotMatch", RETRY_CLOCK_SKEW},
};

static enum retry_class classify_code(const struct aws_service *service, struct view code) {
    for (size_t i = 0; i < sizeof(code_classes) / sizeof(code_classes[0]); i++) {
        const struct code_class *row = &code_classes[i];
        if (view_equal(code, view_of(row->code))) {
            return row->code == limit_exceeded && service->limit_is_quota ? RETRY_NO : row->class;
        }
    }
    return RETRY_NO;
}

static enum retry_class classify_status(int status) {
    switch (status) {
    case 429:
        return RETRY_THROTTLED;
    case 500:
    case 502:
    case 503:
    case 504:
        return RETRY_TRANSIENT;
    default:
        return RETRY_NO;
    }
}

enum retry_class retry_classify(const struct aws_service *service, enum http_outcome outcome,
                                int status, struct view error_code) {
    switch (outcome) {
    case HTTP_NOT_SENT:
        return RETRY_NOT_SENT;
    case HTTP_NO_RESPONSE:
        return RETRY_TRANSIENT;
    case HTTP_TOO_LARGE:
        return RETRY_NO;
    case HTTP_OK:
        break;
    }
    if (status >= 200 && status < 300) {
        return RETRY_NO;
    }
    enum retry_class class = classify_code(service, error_code);
    return class == RETRY_NO ? classify_status(status) : class;
}

bool retry_is_skewed(struct view error_code, int64_t signed_at_ms, int64_t server_date_ms) {
    static const struct aws_service any = {0};
    if (classify_code(&any, error_code) != RETRY_CLOCK_SKEW &&
        !view_equal(error_code, VIEW("AccessDeniedException"))) {
        return false;
    }
    int64_t apart_ms = server_date_ms - signed_at_ms;
    return apart_ms > SKEW_TOLERATED_MS || apart_ms < -SKEW_TOLERATED_MS;
}

bool retry_is_throttle_message(const struct aws_service *service, struct view error_code,
                               struct view message) {
    return strcmp(service->name, "ecs") == 0 && view_equal(error_code, VIEW("ClientException")) &&
           view_starts_with(message, VIEW("Too many concurrent attempts"));
}

int64_t retry_delay_ms(int attempt, uint64_t random, int64_t retry_after_ms) {
    int64_t ceiling_ms = MAX_DELAY_MS;
    if (attempt < 6 && attempt > 0) {
        ceiling_ms = (int64_t)1000 << (attempt - 1);
    }
    if (ceiling_ms > MAX_DELAY_MS) {
        ceiling_ms = MAX_DELAY_MS;
    }
    /* Full jitter: the upper half of `random` as a fraction of one. */
    int64_t delay_ms = (int64_t)(((random >> 32) * (uint64_t)ceiling_ms) >> 32);
    if (retry_after_ms > delay_ms + RETRY_AFTER_EXTRA_MS) {
        return delay_ms + RETRY_AFTER_EXTRA_MS;
    }
    return retry_after_ms > delay_ms ? retry_after_ms : delay_ms;
}

bool retry_bucket_draw(struct retry_bucket *bucket, bool timed_out, int *ret_cost) {
    int cost = timed_out ? RETRY_COST_TIMED_OUT : RETRY_COST;
    if (bucket->tokens < cost) {
        return false;
    }
    bucket->tokens -= cost;
    *ret_cost = cost;
    return true;
}

void retry_bucket_refund(struct retry_bucket *bucket, int cost) {
    bucket->tokens += cost > 0 ? cost : 1;
    if (bucket->tokens > RETRY_BUCKET_TOKENS) {
        bucket->tokens = RETRY_BUCKET_TOKENS;
    }
}
