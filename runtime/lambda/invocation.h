#ifndef SLIPWAY_LAMBDA_INVOCATION_H
#define SLIPWAY_LAMBDA_INVOCATION_H

/*
 * What GET /invocation/next answered -> struct lambda_invocation, and the addresses that the answer
 * is posted to. Pure: no I/O, no clock.
 *
 * AWS Lambda Developer Guide, "Using the Lambda runtime API for custom runtimes".
 */

#include "runtime/base/buf.h"
#include "runtime/base/err.h"
#include "runtime/base/view.h"
#include "runtime/http/http.h"
#include "runtime/lambda/lambda.h"

#include <stdbool.h>
#include <stdint.h>

/* Ceiling of a request id; Lambda's are UUIDs of 36 bytes. */
#define INVOCATION_REQUEST_ID_BYTES 256
/* How long work may take when Lambda named no deadline that can be read: longer than a deploy
 * takes, and short enough to end. */
#define INVOCATION_DEFAULT_MS ((int64_t)60 * 1000)
/* No deadline is taken to be further away than this; Lambda's longest timeout is 15 minutes. */
#define INVOCATION_MAX_MS ((int64_t)24 * 60 * 60 * 1000)

/* Reads the response headers and the body of a 200. All views point into the exchange; `arena` and
 * `log` are left NULL. `wall_ms` and `monotonic_ms` are the present.
 *
 * -1: ERR_BAD_RESPONSE, there is no request id that an answer could be posted for. Whatever else is
 * missing or malformed is left empty: the invocation can be served without it. */
ERR_MUST_USE int invocation_read(const struct http_exchange *next, int64_t wall_ms,
                                 int64_t monotonic_ms, struct lambda_invocation *ret_invocation,
                                 struct err *err);

/* Whether the id can name an invocation in a URL: 1 to INVOCATION_REQUEST_ID_BYTES bytes without
 * control characters, and not a path segment that means another one ("." and ".."). */
bool invocation_request_id_is_valid(struct view request_id);

/* The monotonic time by which work must have ended: `deadline_wall_ms` less the reserve, which is
 * LAMBDA_DEADLINE_RESERVE_MS but at most a fifth of the time that is left. 0: unknown. */
int64_t invocation_deadline_ms(int64_t deadline_wall_ms, int64_t wall_ms, int64_t monotonic_ms);

/* "http://HOST:PORT/2018-06-01/runtime" and `path`. */
void invocation_url(struct buf *url, struct view runtime_api, const char *path);
/* The same with "/invocation/", the id percent-encoded, "/" and `answer` ("response", "error"). */
void invocation_answer_url(struct buf *url, struct view runtime_api, struct view request_id,
                           const char *answer);

#endif
