#ifndef SLIPWAY_AWS_AWS_FAILURE_H
#define SLIPWAY_AWS_AWS_FAILURE_H

/*
 * What AWS says when it does not do what it was asked: the code, the words, the request id, in the
 * spellings of all protocols. Pure. Private to runtime/aws.
 */

#include "runtime/aws/aws.h"
#include "runtime/aws/retry.h"
#include "runtime/base/arena.h"
#include "runtime/http/http.h"

#include <stdbool.h>
#include <stdint.h>

struct aws_failure {
    struct view code;       /* cleaned; empty when AWS sent none */
    struct view message;    /* one line; may be empty */
    int64_t date_ms;        /* the server's clock; -1: not said */
    int64_t retry_after_ms; /* -1: not said */
};

/* Whether a response is a success whose body is of the protocol's kind (or empty). */
bool aws_answer_is_sound(const struct aws_service *service, const struct http_exchange *exchange);
/* Reads an ended exchange that is no success. Everything lives in the arena or in the exchange. */
struct aws_failure aws_failure_read(const struct aws_service *service,
                                    const struct http_exchange *exchange, struct arena *arena);
/* x-amzn-requestid and its like, or the XML's; empty when there is none. */
struct view aws_request_id(const struct http_exchange *exchange);

/* Whether the code says that AWS evaluated its policies and said no. */
bool aws_failure_is_denial(const char *code);

/* How a call failed for good, for aws_failure_report(). */
struct aws_verdict {
    const struct aws_failure *failure;
    const struct http_exchange *exchange;
    enum retry_class class;
    struct view region;
    bool deadline_passed;
};
/* Fills call->err from what was met last; status, code, request id and attempts of the call are
 * set before. */
void aws_failure_report(struct aws_call *call, const struct aws_verdict *verdict);
/* The same for a call that the deadline has ended: under way, or waiting for its next attempt. */
void aws_failure_report_deadline(struct aws_call *call, struct view region, bool is_under_way);

#endif
