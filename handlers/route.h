#ifndef SLIPWAY_HANDLERS_ROUTE_H
#define SLIPWAY_HANDLERS_ROUTE_H

/*
 * Which parser an event goes to: one const table of (source, detail-type). Accepted shapes of a
 * payload: one event; an array of them; an SQS batch, {"Records":[{"messageId":"…","eventSource":
 * "aws:sqs","body":"{…}"}]}, whose bodies are one event each. Pure.
 *
 * An object is an EventBridge event if it has a member `detail-type` or `detail`, or a `source` and
 * no `service`; else, if it has a `service`, it is just a DEPLOY detail, from whoever IAM lets
 * invoke the function: it gets the request's id and the present time (in an array the id gets the
 * element's index behind it, so that two elements are two events; in an SQS batch they are the
 * message's id and the time that it was sent at, which stay when it is delivered again). The
 * members `id` and `account` of an event are EventBridge's own and cannot be forged through it
 * (`time` is the sender's if PutEvents was given one); an event that lacks one was handed over
 * directly, and has the request's id, the present time, and no account to check.
 *
 * What is looked at, in this order: the shape; whether the table has the source and detail-type;
 * whether the event is for this environment; whether its kind is switched on; the account; and then
 * the detail.
 *
 * - An `id` is kept in a revision's tags and compared there: it must consist of what a tag's value
 *   may hold, so that no two ids become one.
 * - A `time` in the future becomes the present: nothing happens after its arrival, and a sender
 * with a wrong clock would otherwise make every later deploy an old one (`superseded`).
 */

#include "handlers/config.h"
#include "handlers/trigger/trigger.h"
#include "runtime/base/arena.h"
#include "runtime/base/err.h"
#include "runtime/base/view.h"

/* Events in one payload, at most: ten times what EventBridge hands over at once. What an SQS batch
 * has more is left to be delivered again. */
#define ROUTE_MAX_EVENTS 100
/* Deepest event: EventBridge details that slipway reads are 4 deep; the rest is slack. */
#define ROUTE_MAX_DEPTH 16
/* Bytes of a payload, at most: what Lambda hands over at most. */
#define ROUTE_MAX_BYTES ((size_t)6 * 1024 * 1024 + 100)
/* Values in a payload, at most. Each costs some hundred bytes once it is parsed, and six megabytes
 * of "[0,0,0," would be more than a small function has. */
#define ROUTE_MAX_VALUES 50000
/* Bytes of an event's id, at most; EventBridge's own have 36. */
#define ROUTE_ID_BYTES 128

/* What an invocation contributes where an event does not say it itself. */
struct route_context {
    const struct config *config;
    struct view own_account; /* the function's; empty: not known */
    struct view request_id;  /* the event id of a direct invocation */
    int64_t now_ms;          /* its event time */
};

enum payload_shape {
    PAYLOAD_EVENT, /* one event, or a bare DEPLOY detail */
    PAYLOAD_ARRAY, /* an array of them: so is the answer */
    PAYLOAD_SQS,   /* a batch of SQS records whose bodies are events: answered with the ids of those
                      that failed, to be delivered again */
};

struct routed {
    struct trigger *triggers; /* one per event, in order */
    size_t n_triggers;
    enum payload_shape shape;
    struct view *message_ids; /* SQS: of each event's record */
    struct view *unread;      /* SQS: ids of records beyond ROUTE_MAX_EVENTS; they come again */
    size_t n_unread;
};

/* A payload or an event that cannot be understood yields a trigger with a refusal (EventMalformed,
 * EventUnsupported, AccountNotAllowed) that says what was received and what is accepted; an event
 * for another environment or of a kind that is switched off yields TRIGGER_IGNORE.
 * -1: ERR_OUT_OF_MEMORY only. */
ERR_MUST_USE int route(struct view payload, const struct route_context *context,
                       struct arena *arena, struct routed *ret_routed, struct err *err);

#endif
