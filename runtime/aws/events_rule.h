#ifndef SLIPWAY_AWS_EVENTS_RULE_H
#define SLIPWAY_AWS_EVENTS_RULE_H

/* Amazon EventBridge: one rule, whether it is on, and what it matches. Of the command line alone.
 * Pure. Amazon EventBridge API Reference, DescribeRule. */

#include "runtime/aws/aws.h"

/* {"Name":"deploys","EventBusName":"default"} */
ERR_MUST_USE int events_describe_rule_call(struct view rule, struct view bus, struct arena *arena,
                                           struct aws_call *ret_call, struct err *err);
struct events_rule {
    struct view name, arn;
    struct view state;   /* ENABLED, DISABLED, ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS */
    struct view pattern; /* JSON; empty: of a schedule */
};
ERR_MUST_USE int events_describe_rule_result(const struct aws_call *call, struct arena *arena,
                                             struct events_rule *ret_rule, struct err *err);

#endif
