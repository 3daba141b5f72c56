#ifndef SLIPWAY_HANDLERS_DEPLOY_EXECUTE_REGISTER_H
#define SLIPWAY_HANDLERS_DEPLOY_EXECUTE_REGISTER_H

/*
 * One registration. Private to execute_register.c, which makes it, and execute_base.c, which looks
 * whether it was made from the newest base.
 */

#include "handlers/deploy/execute_move.h"

struct registration {
    struct move *move;
    struct err error; /* of the last call; unset: it was answered, or none has been made */
    bool ambiguous;   /* and AWS may have carried it out all the same */
    int newest;       /* the read of the family's newest revision, while it is looked for */

    struct ecs_task_definition made; /* its revision, while the base is not looked at yet; its ARN
                                        is empty: none */
    int64_t base;                    /* what was registered above that may be a newer base */
    int64_t known;                   /* the event's next revision is above that */
    const struct ecs_task_definition *unfinished; /* somebody else's that it is made from; NULL */
    int n_again;                                  /* how often it had to be made anew */
    struct view newer, lacking; /* the base for which it was, and what had been made */
};

/* The registration before any call; of a revision that is there already, with that one as made. */
void registration_begin(const struct execution *x, struct move *move,
                        struct registration *ret_registration);

/* Of those that have a revision which is not looked at yet, in one wave, mostly of nothing: a move
 * gets the revision for its own, or another request to be registered, or fails. -1:
 * ERR_OUT_OF_MEMORY. */
ERR_MUST_USE int registration_check_bases(struct execution *x, struct registration **list,
                                          size_t n);

#endif
