#ifndef SLIPWAY_HANDLERS_DEPLOY_FACTS_ROLLBACK_H
#define SLIPWAY_HANDLERS_DEPLOY_FACTS_ROLLBACK_H

/*
 * What AWS says about the revisions of a family that a service can go back to. Read by
 * facts_rollback.c.
 */

#include "handlers/deploy/facts_kinds.h"

struct rollback_facts {
    const struct err *err; /* it could not be had */
};

#endif
