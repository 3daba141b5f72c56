#ifndef SLIPWAY_TESTS_FUZZ_AWS_ANSWERS_H
#define SLIPWAY_TESTS_FUZZ_AWS_ANSWERS_H

/* Calls that end with any bytes, as aws_call_all() ends them. */

#include "runtime/aws/aws_failure.h"
#include "tests/fuzz/require.h"

#include <string.h>

/* As aws_call_all() ends a call: with the words and the error that a failure's body yields. */
static inline void fail_call(struct aws_call *call, struct arena *arena) {
    static struct http_exchange exchange = {.outcome = HTTP_OK};
    exchange.status = call->status;
    buf_init(&exchange.body_in, AWS_RESPONSE_BYTES);
    buf_append(&exchange.body_in, call->response);
    struct aws_failure failure = aws_failure_read(call->service, &exchange, arena);
    const struct aws_verdict verdict = {
        .failure = &failure,
        .exchange = &exchange,
        .class = retry_classify(call->service, HTTP_OK, call->status, view_of(call->code)),
        .region = VIEW("us-east-1"),
    };
    aws_failure_report(call, &verdict);
    call->message = failure.message;
    buf_release(&exchange.body_in);
}

/* `code` is "" for a success. */
static inline void end_call(struct aws_call *call, const char *code, struct view body,
                            struct arena *arena) {
    err_init(&call->err);
    call->status = code[0] == '\0' ? 200 : 400;
    call->response = arena_copy(arena, body);
    call->attempts = 1;
    memcpy(call->code, code, strlen(code) + 1);
    if (code[0] != '\0') {
        fail_call(call, arena);
    }
}

#endif
