#ifndef SLIPWAY_AWS_EVENTS_RULE_H
#define SLIPWAY_AWS_EVENTS_RULE_H

/* Amazon EventBridge: one rule, whether it is on, and what it matches; whom a bus takes events
 * from. Of the command line alone. Pure. Amazon EventBridge API Reference, DescribeRule,
 * DescribeEventBus. */

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

/* {"Name":"default"} */
ERR_MUST_USE int events_describe_bus_call(struct view bus, struct arena *arena,
                                          struct aws_call *ret_call, struct err *err);
struct events_bus {
    struct view arn;
    struct view policy; /* JSON; empty: only its own account puts events there */
};
ERR_MUST_USE int events_describe_bus_result(const struct aws_call *call, struct arena *arena,
                                            struct events_bus *ret_bus, struct err *err);

#endif
