#ifndef SLIPWAY_AWS_ECS_SERVICE_STATE_H
#define SLIPWAY_AWS_ECS_SERVICE_STATE_H

/*
 * One entry of services[], as DescribeServices and UpdateService answer with it. Private to ecs.c.
 * Amazon ECS API Reference, Service, Deployment, TaskSet.
 */

#include "runtime/aws/ecs.h"

/* -1: ERR_BAD_RESPONSE for an entry without name, ARN, cluster, status or task definition (which
 * only the EXTERNAL controller does without); ERR_OUT_OF_MEMORY. Whatever else is absent or odd is
 * left out. */
ERR_MUST_USE int ecs_service_state_decode(const struct aws_call *call, struct json_span service,
                                          struct arena *arena, struct ecs_service_state *ret_state,
                                          struct err *err);

#endif
