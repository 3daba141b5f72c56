#ifndef SLIPWAY_LAMBDA_POST_H
#define SLIPWAY_LAMBDA_POST_H

/*
 * Posts the answer of an invocation to the Runtime API, and knows what the Runtime API means by
 * its status. Everything that is met is logged here, one line each.
 *
 * A post that got no response is sent again: to the Runtime API a second answer for one invocation
 * is a harmless 400 or 403, whereas an answer that is lost makes Lambda run the event again.
 */

#include "runtime/base/buf.h"
#include "runtime/base/err.h"
#include "runtime/base/view.h"
#include "runtime/http/http.h"
#include "runtime/lambda/error_document.h"
#include "runtime/lambda/lambda.h"

#include <stddef.h>

/* How often a post is tried in all, and the pause before the second time; it doubles. */
#define POST_ATTEMPTS 3
#define POST_BACK_OFF_MS 10
/* What is kept of the Runtime API's own body; its documents are about a hundred bytes. */
#define POST_REPLY_BYTES ((size_t)64 * 1024)
/* The host and port of the Runtime API, and a request id with each byte encoded. */
#define POST_URL_BYTES ((size_t)4 * 1024)

/* Kept from one invocation to the next, so that memory is reused. */
struct post {
    const struct lambda_options *options; /* borrowed */
    struct buf url;
    struct http_exchange exchange;
    struct error_document document;
};

/* Takes the memory for the addresses, so that an answer can be posted when there is no more.
 * -1: ERR_OUT_OF_MEMORY. */
ERR_MUST_USE int post_init(struct post *post, const struct lambda_options *options,
                           struct err *err);
void post_release(struct post *post);

/* Both: 0 whatever the Runtime API said, -1 if it said that the container is in a state that the
 * process has to end for (ERR_AWS_UNAVAILABLE). */
ERR_MUST_USE int post_response(struct post *post, const struct lambda_invocation *invocation,
                               struct view response, struct err *err);
ERR_MUST_USE int post_error(struct post *post, const struct lambda_invocation *invocation,
                            const struct err *failure, struct err *err);

#endif
