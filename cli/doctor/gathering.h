#ifndef SLIPWAY_CLI_DOCTOR_GATHERING_H
#define SLIPWAY_CLI_DOCTOR_GATHERING_H

/* What the parts of gather.c share. Private to gather*.c. */

#include "cli/doctor/gather.h"

struct gathering {
    struct session *session;
    struct arena *arena;
    struct doctor_facts *facts;
};

/* All calls at once. */
void gathering_call(const struct gathering *g, struct aws_call *calls, size_t n);
/* The error in the arena, or NULL for none. -1: ERR_OUT_OF_MEMORY, its own or the error itself. */
ERR_MUST_USE int gathering_keep(const struct gathering *g, const struct err *error,
                                const struct err **ret_kept, struct err *err);

/* Each fills its part of the facts; -1: ERR_OUT_OF_MEMORY. */
ERR_MUST_USE int gather_registry(struct gathering *g, struct err *err);

#endif
