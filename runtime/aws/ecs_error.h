#ifndef SLIPWAY_AWS_ECS_ERROR_H
#define SLIPWAY_AWS_ECS_ERROR_H

/*
 * What it means when Amazon ECS says no: which of slipway's codes it is, what was asked, and which
 * policy lacks what. Private to ecs.c and the other files of ECS.
 */

#include "runtime/aws/aws.h"
#include "runtime/base/arena.h"
#include "runtime/base/err.h"

/* What a call asked for, read back from its own body; empty where its operation has no such
 * member. */
struct ecs_question {
    const struct aws_call *call;
    struct view cluster;
    struct view service; /* UpdateService, ListServiceDeployments, ListTasks */
    struct view task_definition;
    struct view family;   /* RegisterTaskDefinition, ListTaskDefinitions */
    struct view resource; /* an ARN: of TagResource, of the first service deployment or revision */
    struct view subject;  /* "service 's' in cluster 'c'", "task definition 'f'": for messages */
};
ERR_MUST_USE int ecs_question_read(const struct aws_call *call, struct arena *arena,
                                   struct ecs_question *ret_question, struct err *err);

/* The call's failure, if it is one, with what it means: -1. 0: a success. */
ERR_MUST_USE int ecs_check_call(const struct aws_call *call, struct arena *arena, struct err *err);

/* All of these return -1. */

/* The error of a call that failed as a whole. */
int ecs_call_failed(const struct ecs_question *question, struct arena *arena, struct err *err);
/* ERR_SERVICE_NOT_FOUND: "service not found: 's' in cluster 'c'". */
int ecs_service_not_found(const struct ecs_question *question, struct view service,
                          struct err *err);

#endif
