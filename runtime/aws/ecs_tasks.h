#ifndef SLIPWAY_AWS_ECS_TASKS_H
#define SLIPWAY_AWS_ECS_TASKS_H

/*
 * Amazon ECS: the tasks of a service that stopped, and why. Builders fill a call; decoders read an
 * ended one. Pure: aws_call_all() is between them.
 * Amazon ECS API Reference, ListTasks, DescribeTasks; Amazon ECS Developer Guide, "Amazon ECS
 * stopped tasks error messages".
 */

#include "runtime/aws/ecs.h"

#define ECS_DESCRIBE_TASKS_MAX 100 /* tasks in one DescribeTasks */

/* {"cluster":"c","serviceName":"s","desiredStatus":"STOPPED"}: ECS remembers them for an hour.
 * Which deployment started them is to be seen in `started_by`: a "startedBy" in the request would
 * have to be its only filter, and without "desiredStatus" ECS lists those that are to run. */
ERR_MUST_USE int ecs_list_stopped_tasks_call(struct view cluster, struct view service,
                                             struct arena *arena, struct aws_call *ret_call,
                                             struct err *err);
/* The ARNs of the first page: ECS_DESCRIBE_TASKS_MAX at most. */
ERR_MUST_USE int ecs_list_stopped_tasks_result(const struct aws_call *call, struct arena *arena,
                                               struct view **ret_arns, size_t *ret_n,
                                               struct err *err);

/* {"cluster":"c","tasks":["arn"]}; n <= ECS_DESCRIBE_TASKS_MAX. */
ERR_MUST_USE int ecs_describe_tasks_call(struct view cluster, const struct view *arns, size_t n,
                                         struct arena *arena, struct aws_call *ret_call,
                                         struct err *err);

struct ecs_task_container {
    struct view name;
    struct view reason; /* "CannotPullContainerError: …"; may be empty */
    bool has_exit_code;
    int64_t exit_code;
    struct view last_status;   /* RUNNING, STOPPED, … */
    struct view health_status; /* HEALTHY, UNHEALTHY, UNKNOWN; may be empty */
};
struct ecs_task {
    struct view arn;
    struct view task_definition;
    struct view started_by;     /* the deployment's id, ecs-svc/…, of a service's task */
    struct view stop_code;      /* TaskFailedToStart, EssentialContainerExited, …; may be empty */
    struct view stopped_reason; /* in ECS's words; may be empty */
    struct view last_status;
    struct view health_status; /* of the essential containers together */
    int64_t created_at_ms;     /* 0 when absent, as the others */
    int64_t started_at_ms;
    int64_t stopped_at_ms;
    struct ecs_task_container *containers;
    size_t n_containers;
};
/* Tasks that ECS knows no more (failures[] in a 200) are left out. */
ERR_MUST_USE int ecs_describe_tasks_result(const struct aws_call *call, struct arena *arena,
                                           struct ecs_task **ret_tasks, size_t *ret_n,
                                           struct err *err);

#endif
