#ifndef SLIPWAY_TESTS_UNIT_AWS_ANSWERED_H
#define SLIPWAY_TESTS_UNIT_AWS_ANSWERED_H

/* Calls that have ended, without anything having been called. */

#include "runtime/aws/aws.h"

#include <stdio.h>

#define REQUEST_ID "3f0c9a52-0000-4000-8000-1234567890ab"

static inline void call_ends(struct aws_call *call, int status, const char *body) {
    err_init(&call->err);
    call->status = status;
    call->response = view_of(body);
    call->message = (struct view){0};
    (void)snprintf(call->request_id, sizeof(call->request_id), "%s", REQUEST_ID);
}

/* As the client leaves a call that AWS refused. */
static inline void call_fails(struct aws_call *call, enum err_code meaning, const char *code,
                              struct view message, struct arena *arena) {
    struct view body = arena_printf(arena, "{\"__type\":\"%s\",\"message\":\"" VIEW_FMT "\"}", code,
                                    VIEW_ARG(message));
    call_ends(call, 400, body.data);
    call->message = message;
    (void)snprintf(call->code, sizeof(call->code), "%s", code);
    (void)err_set(&call->err, meaning, "%s of %s failed: %s: " VIEW_FMT, call->operation,
                  call->service->name, code, VIEW_ARG(message));
}

#define assert_holds(text, part)                                                                   \
    do {                                                                                           \
        if (!strstr((text), (part))) {                                                             \
            fail_msg("'%s' is not in: %s", (part), (text));                                        \
        }                                                                                          \
    } while (0)
#define assert_view(v, expected)                                                                   \
    do {                                                                                           \
        struct view got_ = (v);                                                                    \
        if (!view_equal(got_, view_of(expected))) {                                                \
            fail_msg("got '" VIEW_FMT "', expected '%s'", VIEW_ARG(got_), (expected));             \
        }                                                                                          \
    } while (0)

#endif
