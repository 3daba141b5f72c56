#ifndef SLIPWAY_HANDLERS_DEPLOY_FACTS_ROLLOUT_H
#define SLIPWAY_HANDLERS_DEPLOY_FACTS_ROLLOUT_H

/*
 * What AWS says about a deployment of a service, and why its tasks stopped. Read by
 * facts_rollout.c.
 */

#include "handlers/deploy/facts_kinds.h"

struct rollout_facts {
    const struct err *err; /* it could not be had */
};

#endif
