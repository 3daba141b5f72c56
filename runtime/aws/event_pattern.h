#ifndef SLIPWAY_AWS_EVENT_PATTERN_H
#define SLIPWAY_AWS_EVENT_PATTERN_H

/*
 * A rule's event pattern, carried out: does it match this event? Of the command line alone. Pure.
 * What is not carried out here (numeric, cidr, what EventBridge has learnt since) is never taken
 * for a yes.
 * Amazon EventBridge User Guide, "Amazon EventBridge event patterns", "Comparison operators".
 */

#include "runtime/base/arena.h"
#include "runtime/base/err.h"
#include "runtime/base/view.h"

enum event_match { EVENT_DIFFERS, EVENT_MAY_MATCH, EVENT_MATCHES };

/* Both are JSON objects; a pattern that is none may match. -1: ERR_OUT_OF_MEMORY, or
 * ERR_EVENT_MALFORMED for the event. */
ERR_MUST_USE int event_pattern_match(struct view pattern, struct view event, struct arena *arena,
                                     enum event_match *ret_match, struct err *err);

#endif
