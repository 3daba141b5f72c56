#ifndef SLIPWAY_AWS_ECS_RUNNING_TASKS_H
#define SLIPWAY_AWS_ECS_RUNNING_TASKS_H

/*
 * Amazon ECS: which images the tasks that run have pulled. A tag may have moved since; a running
 * container knows the digest. Of the command line alone. Builders fill a call; decoders read an
 * ended one. Pure: aws_call_all() is between them.
 * Amazon ECS API Reference, ListTasks, DescribeTasks.
 */

#include "runtime/aws/ecs_tasks.h"

struct ecs_tasks_of {
    struct view cluster;
    struct view service; /* or, where it is empty, */
    struct view family;
    struct view region;
};
/* {"cluster":"c","serviceName":"s" | "family":"f","desiredStatus":"RUNNING"[,"nextToken":"…"]} */
ERR_MUST_USE int ecs_list_running_tasks_call(const struct ecs_tasks_of *of, struct view next,
                                             struct arena *arena, struct aws_call *ret_call,
                                             struct err *err);
struct ecs_task_page {
    struct view *arns; /* ECS_DESCRIBE_TASKS_MAX at most */
    size_t n;
    struct view next; /* empty: it was the last one */
};
ERR_MUST_USE int ecs_list_running_tasks_result(const struct aws_call *call, struct arena *arena,
                                               struct ecs_task_page *ret_page, struct err *err);

/* A container's image, of a task as ecs_describe_tasks_call() asks for it. */
struct ecs_running_image {
    struct view task_definition; /* ARN */
    struct view image;           /* as the task definition names it */
    struct view digest;          /* sha256:… */
};
/* Containers that have not been pulled for yet are left out. */
ERR_MUST_USE int ecs_running_images_result(const struct aws_call *call, struct arena *arena,
                                           struct ecs_running_image **ret_images, size_t *ret_n,
                                           struct err *err);

#endif
