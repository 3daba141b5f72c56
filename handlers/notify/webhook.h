#ifndef SLIPWAY_HANDLERS_NOTIFY_WEBHOOK_H
#define SLIPWAY_HANDLERS_NOTIFY_WEBHOOK_H

/*
 * Posting a message to Slack's incoming webhook, whose address is a secret. Begun before other
 * calls on the same http and ended after them, so that all are under way at once. Slack API
 * documentation, "Sending messages using incoming webhooks", "Rate limits".
 */

#include "runtime/base/clock.h"
#include "runtime/base/err.h"
#include "runtime/base/secret.h"
#include "runtime/http/http.h"

struct webhook_post {
    struct http *http;
    const struct clock *clock;
    const struct secret *address;
    struct view body;
    int64_t deadline_ms; /* monotonic */
    struct http_exchange exchange;
    bool is_under_way;
    struct err start_err; /* set: it could not even begin */
};

/* Begins it. Nothing need be sent before webhook_end(), or somebody else's wait on the same http.
 */
void webhook_begin(struct webhook_post *post);

/* Waits for the answer. 429 is honoured: once, after Retry-After, if that fits before the deadline;
 * a 5xx or no response is tried once more. *ret_is_gone: Slack knows the address no more (403, 404,
 * 410). -1, with what happened and what to do and without the address: ERR_THROTTLED,
 * ERR_AWS_UNAVAILABLE, ERR_DEADLINE_EXCEEDED, ERR_BAD_RESPONSE. Frees what the post holds. */
ERR_MUST_USE int webhook_end(struct webhook_post *post, bool *ret_is_gone, struct err *err);

#endif
