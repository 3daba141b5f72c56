#ifndef SLIPWAY_HANDLERS_DEPLOY_FACTS_KINDS_H
#define SLIPWAY_HANDLERS_DEPLOY_FACTS_KINDS_H

/*
 * What only some kinds of targets or events need to know, read after the two waves of facts.c, one
 * function after the other. Each picks the requests that concern it out of all of them, and reads
 * for those together; how many waves that takes is said where it is done. Private to facts*.c.
 */

#include "handlers/deploy/facts.h"

struct gathering_place {
    struct aws *aws;
    int64_t deadline_ms; /* on the monotonic clock */
    struct arena *arena;
    struct err *err; /* for ERR_OUT_OF_MEMORY */
};

/* Keeps an error as a fact. -1: it is ERR_OUT_OF_MEMORY, or there is none left to keep it in. */
ERR_MUST_USE int facts_keep_error(const struct gathering_place *place, const struct err *error,
                                  const struct err **ret_kept);

/* Fill ret_facts->below, ->past, ->task and so on of those that are concerned. What AWS refuses or
 * fails lands there as an error; -1 only for ERR_OUT_OF_MEMORY. */
ERR_MUST_USE int facts_gather_tied(const struct gathering_place *place,
                                   const struct facts_request *requests, size_t n);
ERR_MUST_USE int facts_gather_task(const struct gathering_place *place,
                                   const struct facts_request *requests, size_t n);
ERR_MUST_USE int facts_gather_lambda(const struct gathering_place *place,
                                     const struct facts_request *requests, size_t n);
ERR_MUST_USE int facts_gather_codedeploy(const struct gathering_place *place,
                                         const struct facts_request *requests, size_t n);
ERR_MUST_USE int facts_gather_rollback(const struct gathering_place *place,
                                       const struct facts_request *requests, size_t n);
/* After those of tied events and of rollbacks, which it looks at. */
ERR_MUST_USE int facts_gather_past(const struct gathering_place *place,
                                   const struct facts_request *requests, size_t n);
ERR_MUST_USE int facts_gather_rollout(const struct gathering_place *place,
                                      const struct facts_request *requests, size_t n);

#endif
