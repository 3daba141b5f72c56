#ifndef SLIPWAY_AWS_ECS_SERVICE_DEPLOYMENTS_H
#define SLIPWAY_AWS_ECS_SERVICE_DEPLOYMENTS_H

/*
 * Amazon ECS: service deployments, service revisions, and the tags of task definitions. Builders
 * fill a call; decoders read an ended one. Pure: aws_call_all() is between them.
 * Amazon ECS API Reference, ListServiceDeployments, DescribeServiceDeployments,
 * DescribeServiceRevisions, StopServiceDeployment, TagResource.
 */

#include "runtime/aws/ecs.h"

/* {"service":"s","cluster":"c","status":["PENDING","IN_PROGRESS"]}: those of the service that are
 * not over. */
ERR_MUST_USE int ecs_list_service_deployments_call(struct view cluster, struct view service,
                                                   struct arena *arena, struct aws_call *ret_call,
                                                   struct err *err);
/* Their ARNs, the newest first as AWS gives them. */
ERR_MUST_USE int ecs_list_service_deployments_result(const struct aws_call *call,
                                                     struct arena *arena, struct view **ret_arns,
                                                     size_t *ret_n, struct err *err);

/* {"service":"s","cluster":"c","maxResults":20}: the newest of the service, however they went. */
#define ECS_PAST_DEPLOYMENTS_MAX 20 /* as many service revisions are described at once */
ERR_MUST_USE int ecs_list_past_deployments_call(struct view cluster, struct view service,
                                                struct arena *arena, struct aws_call *ret_call,
                                                struct err *err);
struct ecs_past_deployment {
    int64_t created_at_ms;
    struct view status;          /* SUCCESSFUL, STOPPED, ROLLBACK_SUCCESSFUL, … */
    struct view target_revision; /* ARN of the service revision that it went to */
};
struct ecs_past_deployments {
    struct ecs_past_deployment *all; /* in AWS's order */
    size_t n;
    bool has_more; /* older ones, which are not among these */
};
ERR_MUST_USE int ecs_list_past_deployments_result(const struct aws_call *call, struct arena *arena,
                                                  struct ecs_past_deployments *ret_past,
                                                  struct err *err);

/* {"serviceDeploymentArns":["arn"]} */
ERR_MUST_USE int ecs_describe_service_deployment_call(struct view arn, struct arena *arena,
                                                      struct aws_call *ret_call, struct err *err);
struct ecs_service_deployment {
    struct view arn;
    struct view status;          /* IN_PROGRESS, ROLLBACK_SUCCESSFUL, … */
    struct view source_revision; /* ARN of the service revision that it comes from. Empty: of none,
                                    or of several; then one of them is of a deployment that had not
                                    completed when this one replaced it, and which is not said */
    struct view target_revision; /* ARN of the service revision that it goes to */
};
/* Errors: ERR_BAD_RESPONSE for an entry of failures[], the call's own. */
ERR_MUST_USE int
ecs_describe_service_deployment_result(const struct aws_call *call, struct arena *arena,
                                       struct ecs_service_deployment *ret_deployment,
                                       struct err *err);

/* {"serviceRevisionArns":["arn",…]}; n <= ECS_PAST_DEPLOYMENTS_MAX. */
ERR_MUST_USE int ecs_describe_service_revisions_call(const struct view *arns, size_t n,
                                                     struct arena *arena, struct aws_call *ret_call,
                                                     struct err *err);
struct ecs_service_revision {
    struct view arn;
    struct view task_definition;
};
/* Those that are there; failures[] names the others. */
ERR_MUST_USE int ecs_describe_service_revisions_result(const struct aws_call *call,
                                                       struct arena *arena,
                                                       struct ecs_service_revision **ret_revisions,
                                                       size_t *ret_n, struct err *err);

/* {"serviceDeploymentArn":"arn","stopType":"ROLLBACK"} */
ERR_MUST_USE int ecs_stop_service_deployment_call(struct view arn, struct arena *arena,
                                                  struct aws_call *ret_call, struct err *err);
/* *ret_is_over: AWS says that there is nothing to stop any more, or that it cannot be stopped
 * (ConflictException, ServiceDeploymentNotFoundException, UnsupportedFeatureException); 0 then,
 * too. */
ERR_MUST_USE int ecs_stop_service_deployment_result(const struct aws_call *call,
                                                    struct arena *arena, bool *ret_is_over,
                                                    struct err *err);

/* {"resourceArn":"arn","tags":[{"key":"k","value":"v"}]}. Idempotent: a tag that is there gets the
 * new value. */
ERR_MUST_USE int ecs_tag_resource_call(struct view resource_arn, const struct ecs_tag *tags,
                                       size_t n, struct arena *arena, struct aws_call *ret_call,
                                       struct err *err);
ERR_MUST_USE int ecs_tag_resource_result(const struct aws_call *call, struct arena *arena,
                                         struct err *err);

#endif
