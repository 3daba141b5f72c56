#ifndef SLIPWAY_HANDLERS_DEPLOY_FACTS_CODEDEPLOY_H
#define SLIPWAY_HANDLERS_DEPLOY_FACTS_CODEDEPLOY_H

/*
 * What AWS says about the deployment group of a service that CodeDeploy deploys. Read by
 * facts_codedeploy.c.
 */

#include "handlers/deploy/facts_kinds.h"

struct codedeploy_facts {
    const struct err *err; /* it could not be had */
};

#endif
