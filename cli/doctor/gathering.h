#ifndef SLIPWAY_CLI_DOCTOR_GATHERING_H
#define SLIPWAY_CLI_DOCTOR_GATHERING_H

/*
 * What the parts of gather.c share. Private to gather*.c.
 *
 * Calls go out in waves. In each wave every part asks for what it can ask for by then, and reads
 * the answers; when no part has a question left, all is known. How many waves there are follows
 * from what rests on what, not from how many services there are.
 */

#include "cli/doctor/gather.h"

struct wave_calls {
    struct aws_call *calls;
    size_t n, capacity;
};

struct gathering {
    struct session *session;
    struct arena *arena;
    struct doctor_facts *facts;
    struct wave_calls wave;
    /* each part's own */
    struct registry_part *registry;
    struct roles_part *roles;
    struct rules_part *rules;
    struct network_part *network;
    struct account_part *account;
};

/* Adds a call to the wave that is being put together; its number, or -1: ERR_OUT_OF_MEMORY. */
int gathering_ask(struct gathering *g, const struct aws_call *call, struct err *err);
/* The answer, of the wave that has just ended. */
const struct aws_call *gathering_answer(const struct gathering *g, int number);

/* All calls at once, beside the waves. */
void gathering_call(const struct gathering *g, struct aws_call *calls, size_t n);
/* The error in the arena, or NULL for none. -1: ERR_OUT_OF_MEMORY, its own or the error itself. */
ERR_MUST_USE int gathering_keep(const struct gathering *g, const struct err *error,
                                const struct err **ret_kept, struct err *err);
/* Each part: begun once, then asked and read in turns. -1: ERR_OUT_OF_MEMORY. */
struct gather_part {
    int (*begin)(struct gathering *g, struct err *err);
    int (*ask)(struct gathering *g, struct err *err);
    int (*read)(struct gathering *g, struct err *err);
};
extern const struct gather_part gather_registry, gather_account, gather_roles, gather_rules,
    gather_network;

/* The function's role, once it is known: it looks at all repositories. */
ERR_MUST_USE int gathering_add_function_role(struct gathering *g, struct err *err);

/* The session, the targets and what they run: what all parts rest on. */
ERR_MUST_USE int gather_targets(struct gathering *g, const struct doctor_request *request,
                                struct err *err);

#endif
