#ifndef SLIPWAY_HANDLERS_TRIGGER_ECS_DEPLOYMENT_H
#define SLIPWAY_HANDLERS_TRIGGER_ECS_DEPLOYMENT_H

/*
 * What ECS says of the deployments of a service. Amazon ECS Developer Guide, "Amazon ECS service
 * deployment state change events" and "Amazon ECS service action events".
 */

#include "handlers/trigger/trigger.h"

/* resources: [the service's ARN]; detail: {"eventType":"ERROR","eventName":
 * "SERVICE_DEPLOYMENT_FAILED","deploymentId":"ecs-svc/…","reason":"…"}. Ignored as noise: a steady
 * state, and whatever else says nothing of how a deployment goes. EventMalformed without a service.
 * -1: ERR_OUT_OF_MEMORY only. */
ERR_MUST_USE int ecs_deployment_parse(const struct event *event, const struct config *config,
                                      struct arena *arena, struct trigger *ret_trigger,
                                      struct err *err);

#endif
