#ifndef SLIPWAY_HANDLERS_DEPLOY_FACTS_TASK_H
#define SLIPWAY_HANDLERS_DEPLOY_FACTS_TASK_H

/*
 * What AWS says about a task: what runs it, which revisions those run, and which revisions other
 * events may have registered at the same time as the newest. Read by facts_task.c.
 *
 * The running revision of struct facts is the highest that a runner is pinned to; the family's
 * newest where none is pinned.
 */

#include "handlers/deploy/task_runners.h"

/* Revisions between the newest and what ran before it that are looked at, the newest of them. */
#define TASK_REVISIONS_MAX 20

struct task_facts {
    const struct err *err; /* the runners could not be had */
    struct task_runner *runners;
    size_t n_runners;
    size_t n_universal;                    /* schedules that were not looked at */
    const struct err *revisions_err;       /* one of these could not be had */
    struct ecs_task_definition *revisions; /* without the family's newest */
    size_t n_revisions;
};

/* The cluster's ARN, beside the family's: in the same partition, account and region. An ARN stays
 * as it is. .data NULL: memory ran out, or `definition` has no ARN. */
struct view task_cluster_arn(struct view cluster, const struct ecs_task_definition *definition,
                             struct arena *arena);

/* The revision by ARN, among these and the newest; NULL when it is not known. */
const struct ecs_task_definition *task_facts_find(const struct facts *facts, struct view arn);

#endif
