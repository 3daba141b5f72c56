#ifndef SLIPWAY_AWS_ECS_H
#define SLIPWAY_AWS_ECS_H

/*
 * Amazon ECS: which requests slipway makes, and what their answers mean. Builders fill a call;
 * decoders read an ended one. Pure: aws_call_all() is between them. Task definitions stay bytes:
 * what is needed of one is read from its spans (json_scan.h).
 * Amazon ECS API Reference, DescribeServices, DescribeTaskDefinition, RegisterTaskDefinition,
 * UpdateService.
 */

#include "runtime/aws/aws.h"
#include "runtime/base/json_scan.h"

extern const struct aws_service ecs_service;

#define ECS_DESCRIBE_SERVICES_MAX 10 /* services in one DescribeServices */

/* {"cluster":"c","services":["a","b"]}; n <= ECS_DESCRIBE_SERVICES_MAX. */
ERR_MUST_USE int ecs_describe_services_call(struct view cluster, const struct view *services,
                                            size_t n, struct view region, struct arena *arena,
                                            struct aws_call *ret_call, struct err *err);

struct ecs_deployment {
    struct view id;     /* ecs-svc/1234567890123456789 */
    struct view status; /* PRIMARY, ACTIVE, INACTIVE */
    struct view task_definition;
    struct view rollout_state;        /* COMPLETED, FAILED, IN_PROGRESS; may be empty */
    struct view rollout_state_reason; /* in ECS's words; may be empty */
    int64_t created_at_ms;            /* 0 when absent, as all of these */
    int64_t updated_at_ms;
    int64_t desired_tasks, running_tasks, pending_tasks;
    int64_t failed_tasks; /* since the deployment began */
};
/* A container behind a load balancer. */
struct ecs_balancer {
    struct view container;
    int64_t port;
    struct view target_group; /* ARN; empty for a Classic Load Balancer */
};
struct ecs_capacity_provider {
    struct view name; /* FARGATE_SPOT, … */
    int64_t weight, base;
};
/* What some tasks of a service have in common, of the CODE_DEPLOY and EXTERNAL controllers. */
struct ecs_task_set {
    struct view id;     /* ecs-svc/1234567890123456789 */
    struct view status; /* PRIMARY, ACTIVE, DRAINING */
    struct view task_definition;
    struct view platform_version; /* may be empty */
    struct ecs_balancer *balancers;
    size_t n_balancers;
    struct ecs_capacity_provider *capacity_providers; /* none: it has a launch type */
    size_t n_capacity_providers;
};
struct ecs_service_event {
    int64_t created_at_ms;
    struct view message; /* "(service web) has reached a steady state." */
};
#define ECS_SERVICE_EVENTS_MAX 10 /* of a service; AWS sends a hundred */

struct ecs_service_state {
    struct view name;
    struct view arn;
    struct view cluster_arn;
    struct view status;          /* ACTIVE, DRAINING, INACTIVE */
    struct view controller;      /* ECS, CODE_DEPLOY, EXTERNAL; ECS when AWS sent none */
    struct view task_definition; /* the revision's ARN; of task sets the PRIMARY one's */
    struct ecs_deployment *deployments;
    size_t n_deployments;
    const struct ecs_deployment *primary; /* NULL when there is none */
    struct ecs_task_set *task_sets;
    size_t n_task_sets;
    struct ecs_service_event *events; /* the newest first */
    size_t n_events;
    struct view strategy; /* ROLLING, BLUE_GREEN, LINEAR, CANARY; empty when AWS sent none */
    bool breaks_circuit;  /* the deployment circuit breaker is on */
    bool rolls_back;      /* and ends what it breaks with a rollback */
    bool alarms_roll_back;
    struct view current_service_deployment; /* ARN; may be empty */

    /* With the CODE_DEPLOY controller of the PRIMARY task set; the service's where that says
     * nothing. */
    struct ecs_balancer *balancers;
    size_t n_balancers;
    struct ecs_capacity_provider *capacity_providers; /* none: it has a launch type */
    size_t n_capacity_providers;
    struct view balanced_container; /* the first container behind a load balancer, and its port */
    int64_t balanced_port;
    struct view platform_version; /* of the PRIMARY task set; empty without one */
};
/* The state of one service of the answer, found by name or ARN. Errors: ERR_CLUSTER_NOT_FOUND,
 * ERR_SERVICE_NOT_FOUND (failures[] with MISSING in a 200), ERR_ACCESS_DENIED, the call's own. */
ERR_MUST_USE int ecs_describe_services_result(const struct aws_call *call, struct view service,
                                              struct arena *arena,
                                              struct ecs_service_state *ret_state, struct err *err);

/* {"taskDefinition":"family | family:revision | arn","include":["TAGS"]} */
ERR_MUST_USE int ecs_describe_task_definition_call(struct view task_definition, struct view region,
                                                   struct arena *arena, struct aws_call *ret_call,
                                                   struct err *err);

struct ecs_tag {
    struct view key;
    struct view value;
};
struct ecs_task_definition {
    struct json_span text;      /* the object behind "taskDefinition", as AWS spelt it */
    struct json_span tags_text; /* the array behind "tags"; type JSON_NULL when absent */
    struct view arn;
    struct view family;
    int64_t revision;
    struct view status;       /* ACTIVE, INACTIVE, DELETE_IN_PROGRESS */
    int64_t registered_at_ms; /* 0 when absent */
    struct ecs_tag *tags;
    size_t n_tags;
};
/* Errors: ERR_FAMILY_NOT_FOUND, ERR_ACCESS_DENIED, ERR_BAD_RESPONSE, the call's own. */
ERR_MUST_USE int ecs_describe_task_definition_result(const struct aws_call *call,
                                                     struct arena *arena,
                                                     struct ecs_task_definition *ret_definition,
                                                     struct err *err);
/* The tag's value; empty when absent. */
struct view ecs_tag_value(const struct ecs_task_definition *definition, const char *key);

/* `request` is the whole body (see taskdef.h of the handlers). Marked `once`. */
void ecs_register_task_definition_call(struct view request, struct view region,
                                       struct aws_call *ret_call);
/* The new revision. Errors: ERR_PASS_ROLE_DENIED for an AccessDeniedException about iam:PassRole,
 * ERR_ACCESS_DENIED, the call's own. */
ERR_MUST_USE int ecs_register_task_definition_result(const struct aws_call *call,
                                                     struct arena *arena,
                                                     struct ecs_task_definition *ret_definition,
                                                     struct err *err);

struct ecs_update_service {
    struct view cluster;
    struct view service;
    struct view task_definition; /* empty: unchanged */
    bool force_new_deployment;   /* makes the call `once` */
    struct view region;
};
/* {"cluster":"c","service":"s","taskDefinition":"arn"[,"forceNewDeployment":true]} */
ERR_MUST_USE int ecs_update_service_call(const struct ecs_update_service *update,
                                         struct arena *arena, struct aws_call *ret_call,
                                         struct err *err);
/* The service afterwards. Errors: ERR_SERVICE_NOT_FOUND, ERR_SERVICE_NOT_ACTIVE,
 * ERR_CLUSTER_NOT_FOUND, ERR_PASS_ROLE_DENIED, ERR_FAMILY_NOT_FOUND (the revision is INACTIVE),
 * ERR_CONTROLLER_UNSUPPORTED, the call's own. */
ERR_MUST_USE int ecs_update_service_result(const struct aws_call *call, struct arena *arena,
                                           struct ecs_service_state *ret_state, struct err *err);

#endif
