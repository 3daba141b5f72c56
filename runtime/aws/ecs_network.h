#ifndef SLIPWAY_AWS_ECS_NETWORK_H
#define SLIPWAY_AWS_ECS_NETWORK_H

/* Amazon ECS: the subnets of a service, and what its tasks are on, out of an answer to
 * DescribeServices. Of the command line alone. Pure. Amazon ECS API Reference, Service,
 * AwsVpcConfiguration. */

#include "runtime/aws/ecs.h"

struct ecs_network {
    struct view *subnets; /* none: the service has no network of its own (network mode bridge, …) */
    size_t n_subnets;
    bool has_public_address;
    /* Instances of one's own (EC2, EXTERNAL, capacity providers of them), by whose network and, it
     * may be, whose role images are pulled, whatever the network of the task is. */
    bool is_on_instances;
};
/* Of one service of the answer, by name; one that is not in it has none. -1: ERR_BAD_RESPONSE,
 * ERR_OUT_OF_MEMORY, the call's own. */
ERR_MUST_USE int ecs_service_network_result(const struct aws_call *call, struct view service,
                                            struct arena *arena, struct ecs_network *ret_network,
                                            struct err *err);

#endif
