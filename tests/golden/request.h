#ifndef SLIPWAY_TESTS_GOLDEN_REQUEST_H
#define SLIPWAY_TESTS_GOLDEN_REQUEST_H

/* What an HTTP exchange asks AWS for, read from its bytes. */

#include "runtime/base/arena.h"
#include "runtime/base/err.h"
#include "runtime/base/json_scan.h"
#include "runtime/http/http.h"

struct request {
    struct view call; /* "ecr.DescribeImages" */
    struct view host;
    struct view signed_by; /* the access key id */
    struct json_span body; /* an object; of a form, its members as strings */
};

/* -1: ERR_EVENT_MALFORMED for a request that AWS would not take: not a POST over https to an AWS
 * host, no known operation, a body that is no object, a signature that is not for this host's
 * region and service at this time, or that does not cover what it must. */
ERR_MUST_USE int request_read(const struct http_exchange *exchange, int64_t now_ms,
                              struct arena *arena, struct request *ret_request, struct err *err);

/* Whether it can change nothing. */
bool request_is_read(const struct request *request);

#endif
