#ifndef SLIPWAY_AWS_RETRY_H
#define SLIPWAY_AWS_RETRY_H

/*
 * Retries as the SDKs' standard mode has them: three attempts in all (AWS_MAX_ATTEMPTS), full
 * jitter over min(2^(n-1), 20) seconds, and a token bucket of 500 that each retry draws 5 from (10
 * after a timeout) and each success gives back to. Pure but for the bucket's own count.
 *
 * AWS SDKs and Tools Reference Guide, "Retry behavior".
 */

#include "runtime/aws/endpoint.h"
#include "runtime/base/view.h"
#include "runtime/http/http.h"

#include <stdbool.h>
#include <stdint.h>

/* What a failed attempt means. */
enum retry_class {
    RETRY_NO,          /* an answer: retrying cannot help */
    RETRY_THROTTLED,   /* AWS did not carry it out and asks for patience */
    RETRY_NOT_SENT,    /* it never reached AWS */
    RETRY_TRANSIENT,   /* 5xx, or no response: it may have been carried out */
    RETRY_CLOCK_SKEW,  /* signed with a wrong time: again at once with the right one */
    RETRY_CREDENTIALS, /* expired, or unknown since their role was made anew: again with new ones */
};

struct retry_bucket {
    int tokens;
};
#define RETRY_BUCKET_TOKENS 500
#define RETRY_BUCKET_INIT ((struct retry_bucket){.tokens = RETRY_BUCKET_TOKENS})
#define RETRY_DEFAULT_ATTEMPTS 3

/* Classifies an ended exchange by outcome, status and AWS error code (already cleaned). Whether
 * RETRY_CLOCK_SKEW is what it looks like is for the caller to find out (retry_is_skewed()). */
enum retry_class retry_classify(const struct aws_service *service, enum http_outcome outcome,
                                int status, struct view error_code);
/* Whether a refusal that a wrong clock can cause was caused by one: the server's Date is more than
 * four minutes away from the time that the request was signed with (AWS allows five). Codes that
 * AWS also uses for other refusals (AccessDeniedException) count here too. */
bool retry_is_skewed(struct view error_code, int64_t signed_at_ms, int64_t server_date_ms);
/* A throttle that AWS dresses up as a client error: ECS lets nobody register two revisions of one
 * family at the same time. */
bool retry_is_throttle_message(const struct aws_service *service, struct view error_code,
                               struct view message);
/* How long to wait before attempt number `attempt` + 1 (the first attempt is 1), in ms. `random`
 * is uniform over 64 bits. A Retry-After or x-amz-retry-after that was sent (ms, -1: none) is
 * honoured between the computed delay and that plus five seconds. */
int64_t retry_delay_ms(int attempt, uint64_t random, int64_t retry_after_ms);
/* Draws a retry's cost; false when the bucket does not hold it. *ret_cost is to be given back with
 * retry_bucket_refund() if that retry succeeds. */
bool retry_bucket_draw(struct retry_bucket *bucket, bool timed_out, int *ret_cost);
/* A success: gives back `cost` of the last retry, or 1 when there was none (cost 0). */
void retry_bucket_refund(struct retry_bucket *bucket, int cost);

#endif
