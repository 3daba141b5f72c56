#ifndef SLIPWAY_HANDLERS_DEPLOY_TASK_FAILURE_H
#define SLIPWAY_HANDLERS_DEPLOY_TASK_FAILURE_H

/*
 * Why tasks stopped, in words: what ECS says of each, counted where several say the same, and what
 * is to be done about the most telling of it. Pure. Amazon ECS Developer Guide, "Amazon ECS stopped
 * tasks error messages".
 */

#include "runtime/aws/ecs_tasks.h"
#include "runtime/base/arena.h"
#include "runtime/base/err.h"

/* Lines, and bytes of one, at most. */
#define TASK_FAILURE_LINES 6
#define TASK_FAILURE_LINE_BYTES 400

struct task_failure {
    struct view why;    /* lines parted by '\n'; empty: nothing is known */
    struct view remedy; /* one imperative sentence; empty: none follows from it */
};

/* What stopped the tasks that the deployment started, or all tasks where its id is empty. Tasks
 * that ECS stopped in its own course (a newer deployment, scaling) say nothing. Text of containers
 * comes out without control characters. -1: ERR_OUT_OF_MEMORY. */
ERR_MUST_USE int task_failure_explain(const struct ecs_task *tasks, size_t n,
                                      struct view deployment_id, struct arena *arena,
                                      struct task_failure *ret_failure, struct err *err);

/* What is to be done about a reason in ECS's words; empty: nothing follows from it. */
struct view task_failure_remedy(struct view reason);

#endif
