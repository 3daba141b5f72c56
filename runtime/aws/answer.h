#ifndef SLIPWAY_AWS_ANSWER_H
#define SLIPWAY_AWS_ANSWER_H

/*
 * What the service files (ecr.c, ecs.c, …) share when they build a call's body and read an ended
 * call: AWS's own words, the JSON of a success, and errors that carry the request id. Private to
 * runtime/aws.
 */

#include "runtime/aws/aws.h"
#include "runtime/base/arena.h"
#include "runtime/base/buf.h"
#include "runtime/base/err.h"
#include "runtime/base/json_scan.h"
#include "runtime/base/json_write.h"
#include "runtime/base/view.h"

/* " (request id …)", or nothing when AWS sent none: `answer_note(call).text` ends a message. */
struct answer_note {
    char text[AWS_REQUEST_ID_BYTES + sizeof(" (request id )")];
};
struct answer_note answer_note(const struct aws_call *call);

/* Whether the call ended without a success, and whether AWS's own code is this one. */
bool answer_failed(const struct aws_call *call);
bool answer_has_code(const struct aws_call *call, const char *code);
/* AccessDeniedException, AccessDenied: AWS evaluated its policies and said no. */
bool answer_is_denied(const struct aws_call *call);

/* AWS's own words of a failure; without any, what the call's error says. */
struct view answer_message(const struct aws_call *call);

/* Hands the call's own error on. Always -1. */
int answer_pass_on(const struct aws_call *call, struct err *err);

/* `text` as one JSON object. -1: ERR_BAD_RESPONSE saying that `subject` is none, with the note;
 * ERR_OUT_OF_MEMORY. */
ERR_MUST_USE int answer_scan(struct view text, const char *subject, struct answer_note note,
                             struct json_span *ret_root, struct err *err);
/* The object that a success holds. -1: ERR_BAD_RESPONSE. */
ERR_MUST_USE int answer_object(const struct aws_call *call, struct json_span *ret_root,
                               struct err *err);
/* ERR_BAD_RESPONSE: "answer to DescribeImages without 'imageDetails'". Always -1. */
int answer_lacks(const struct aws_call *call, const char *what, struct err *err);
/* A non-empty string member; -1: ERR_BAD_RESPONSE naming it, ERR_OUT_OF_MEMORY. */
ERR_MUST_USE int answer_string(const struct aws_call *call, struct json_span object,
                               const char *name, struct arena *arena, struct view *ret_value,
                               struct err *err);
/* An array member; false when absent or something else. */
bool answer_array(struct json_span object, const char *name, struct json_span *ret_array);
/* Elements of an array. */
size_t answer_count(struct json_span array);
/* A time as AWS sends it in JSON, seconds since 1970 with a fraction, or as text (RFC 3339); 0 when
 * absent or neither. */
int64_t answer_time_ms(struct json_span object, const char *name);
/* An integer member; false when absent or no integer. */
bool answer_i64(struct json_span object, const char *name, int64_t *ret_value);

/* Ceiling of a request that these files build. */
#define ANSWER_REQUEST_BYTES ((size_t)64 * 1024)
/* The finished body, copied into the arena. */
ERR_MUST_USE int answer_request_body(const struct buf *body, struct arena *arena,
                                     struct view *ret_body, struct err *err);
/* Closes the request's object and makes a call of it; what else the call needs is set behind it. */
ERR_MUST_USE int answer_finish_call(struct json_writer *w, const struct aws_service *service,
                                    const char *operation, struct arena *arena,
                                    struct aws_call *ret_call, struct err *err);

#endif
