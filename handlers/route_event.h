#ifndef SLIPWAY_HANDLERS_ROUTE_EVENT_H
#define SLIPWAY_HANDLERS_ROUTE_EVENT_H

/*
 * One event and the table of events. Private to route.c, which takes payloads apart, and
 * route_event.c.
 */

#include "handlers/route.h"

struct router {
    const struct route_context *context;
    struct arena *arena;
};

/* Finds the event's row, looks at whether it is to be obeyed here, and has its detail parsed. -1:
 * ERR_OUT_OF_MEMORY. */
ERR_MUST_USE int route_event(const struct router *router, const struct event *event,
                             struct trigger *trigger, struct err *err);

/* Makes the trigger a refusal; `remedy` NULL: the code's own. -1: ERR_OUT_OF_MEMORY, as when
 * `message`, which is made in the arena, has no data. */
ERR_MUST_USE int route_refuse(struct trigger *trigger, enum err_code code, struct view message,
                              const char *remedy, struct err *err);

#endif
