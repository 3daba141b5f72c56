#ifndef SLIPWAY_AWS_ECS_SERVICES_H
#define SLIPWAY_AWS_ECS_SERVICES_H

/*
 * Amazon ECS: which services a cluster has. Builders fill a call; decoders read an ended one. Pure:
 * aws_call_all() is between them. Amazon ECS API Reference, ListServices.
 */

#include "runtime/aws/ecs.h"

/* {"cluster":"c","maxResults":100[,"nextToken":"…"]} */
ERR_MUST_USE int ecs_list_services_call(struct view cluster, struct view next, struct arena *arena,
                                        struct aws_call *ret_call, struct err *err);

struct ecs_services {
    struct view *names;
    size_t n;
    struct view next; /* token of the next page; empty on the last */
};
/* Errors: ERR_CLUSTER_NOT_FOUND, ERR_ACCESS_DENIED, the call's own. */
ERR_MUST_USE int ecs_list_services_result(const struct aws_call *call, struct arena *arena,
                                          struct ecs_services *ret_services, struct err *err);

#endif
