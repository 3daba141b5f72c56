#ifndef SLIPWAY_HANDLERS_DEPLOY_FACTS_LAMBDA_H
#define SLIPWAY_HANDLERS_DEPLOY_FACTS_LAMBDA_H

/*
 * What AWS says about a Lambda function and the alias that is to be moved. Read by facts_lambda.c.
 */

#include "handlers/deploy/facts_kinds.h"
#include "runtime/aws/lambda_api.h"

struct lambda_facts {
    const struct err *function_err;
    struct lambda_function function;
    const struct err *alias_err; /* only where an alias is configured, as the next */
    struct lambda_alias alias;
};

#endif
