#ifndef SLIPWAY_HANDLERS_ROUTE_H
#define SLIPWAY_HANDLERS_ROUTE_H

/*
 * Which parser an event goes to: one const table of (source, detail-type). Accepted shapes of a
 * payload: one EventBridge event; an array of them; a direct invocation with an event or just a
 * DEPLOY detail. Pure.
 */

#include "handlers/config.h"
#include "handlers/trigger/trigger.h"
#include "runtime/base/arena.h"
#include "runtime/base/err.h"
#include "runtime/base/view.h"

/* Events in one payload, at most: ten times what EventBridge hands over at once. */
#define ROUTE_MAX_EVENTS 100
/* Deepest event: EventBridge details that slipway reads are 4 deep; the rest is slack. */
#define ROUTE_MAX_DEPTH 16

/* What an invocation contributes where an event does not say it itself. */
struct route_context {
    const struct config *config;
    struct view own_account; /* of the function's ARN, unless config says it */
    struct view request_id;  /* the event id of a direct invocation */
    int64_t now_ms;          /* its event time */
};

struct routed {
    struct trigger *triggers; /* one per event, in order */
    size_t n_triggers;
    bool is_array; /* the payload was one: so is the answer */
};

/* A payload or an event that cannot be understood yields a trigger with a refusal (EventMalformed,
 * EventUnsupported, AccountNotAllowed) that says what was received and what is accepted; an event
 * for another environment or of a kind that is switched off yields TRIGGER_IGNORE.
 * -1: ERR_OUT_OF_MEMORY only. */
ERR_MUST_USE int route(struct view payload, const struct route_context *context,
                       struct arena *arena, struct routed *ret_routed, struct err *err);

#endif
