#ifndef SLIPWAY_TESTS_GOLDEN_WALK_H
#define SLIPWAY_TESTS_GOLDEN_WALK_H

/* The walk of an event as far as the plan: all of it that writes nothing. */

#include "handlers/deploy/plan.h"
#include "recording.h"

struct walk_input {
    struct view event;
    struct view function_arn;
    struct view request_id;
    struct json_span environment; /* an object */
    struct recording *recording;
    struct arena *arena; /* everything lives in it */
};

struct walked {
    struct err config_error; /* set: the function would not start, and there is no plan */
    struct change *changes;
    size_t n;
};

/* -1: memory, or a credentials configuration that is none of the case's business. */
ERR_MUST_USE int walk_event(const struct walk_input *input, struct walked *ret_walked,
                            struct err *err);

#endif
