#ifndef SLIPWAY_AWS_ECS_NETWORK_H
#define SLIPWAY_AWS_ECS_NETWORK_H

/* Amazon ECS: the subnets of a service, out of an answer to DescribeServices. Of the command line
 * alone. Pure. Amazon ECS API Reference, AwsVpcConfiguration. */

#include "runtime/aws/ecs.h"

struct ecs_network {
    struct view *subnets; /* none: the service has no network of its own (network mode bridge, …) */
    size_t n_subnets;
    bool has_public_address;
};
/* Of one service of the answer, by name; one that is not in it has none. -1: ERR_BAD_RESPONSE,
 * ERR_OUT_OF_MEMORY, the call's own. */
ERR_MUST_USE int ecs_service_network_result(const struct aws_call *call, struct view service,
                                            struct arena *arena, struct ecs_network *ret_network,
                                            struct err *err);

#endif
