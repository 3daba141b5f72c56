#ifndef SLIPWAY_HANDLERS_DEPLOY_FACTS_LAMBDA_H
#define SLIPWAY_HANDLERS_DEPLOY_FACTS_LAMBDA_H

/*
 * What AWS says about a Lambda function. Read by facts_lambda.c.
 */

#include "handlers/deploy/facts_kinds.h"

struct lambda_facts {
    const struct err *err; /* it could not be had */
};

#endif
