#ifndef SLIPWAY_HANDLERS_DEPLOY_FACTS_H
#define SLIPWAY_HANDLERS_DEPLOY_FACTS_H

/*
 * What AWS says about the targets right now: every read that the plan needs, in one wave for all
 * targets together (DescribeImages and BatchGetImage on the registry, DescribeServices ten a call,
 * DescribeTaskDefinition of the family with its tags). A second wave is made only where the first
 * shows the need of it: the running revision is not the family's newest, an unfinished deploy may
 * have left revisions, or the tag does not exist and the answer wants the tags that do. What only
 * some kinds of targets or events need (facts_kinds.h) is read after that, in waves of their own.
 */

#include "handlers/deploy/target.h"
#include "handlers/trigger/trigger.h"
#include "runtime/aws/ecr.h"
#include "runtime/aws/ecs.h"
#include "runtime/base/arena.h"
#include "runtime/base/err.h"

/* Each in the header of its kind; NULL when it was not asked for. */
struct task_facts;       /* facts_task.h: the rules and schedules that run a task's family */
struct lambda_facts;     /* facts_lambda.h: the function */
struct codedeploy_facts; /* facts_codedeploy.h: the service's deployment group */
struct rollback_facts;   /* facts_rollback.h: the family's revisions that completed */
struct past_facts;       /* facts_past.h: what the service has been given */
struct rollout_facts;    /* facts_rollout.h: a deployment, and why its tasks stopped */

/* Each group holds either its value or the reason why not; a group that was not asked for has
 * neither (…_err NULL and the value empty). */
struct facts {
    const struct err *image_err;
    struct ecr_image image; /* what the tag or digest is */
    const struct err *manifest_err;
    struct ecr_manifest manifest;
    const struct err *service_err;
    struct ecs_service_state service;
    const struct err *latest_err;
    struct ecs_task_definition latest; /* the family's newest ACTIVE revision */
    const struct err *running_err;
    struct ecs_task_definition running; /* the service's; may equal `latest` */
    const struct err *requested_err;
    struct ecs_task_definition requested; /* the revision that the event names */
    struct ecs_task_definition *between;  /* revisions of the family that an unfinished deploy may
                                             have left (see facts.c); mostly none */
    size_t n_between;
    const struct err *between_err;     /* why one of them could not be had */
    struct ecs_task_definition *below; /* revisions below the running one, where that is of another
                                          event of the same time, or of none and was given to the
                                          service after the event; mostly none */
    size_t n_below;
    const struct err *below_err; /* why one of them could not be had */
    struct ecr_image *tagged;    /* for a tag that does not exist: images that are there */
    size_t n_tagged;
    struct task_facts *task;
    struct lambda_facts *lambda;
    struct codedeploy_facts *codedeploy;
    struct rollback_facts *rollback;
    struct past_facts *past;
    struct rollout_facts *rollout;
};

struct facts_request {
    const struct trigger *trigger;
    const struct target *target;
    struct facts *ret_facts;
};

/* Fills every ret_facts. What AWS refuses or fails lands in the facts; -1 only for
 * ERR_OUT_OF_MEMORY. deadline_ms is on the monotonic clock. */
ERR_MUST_USE int facts_gather(struct aws *aws, const struct facts_request *requests, size_t n,
                              int64_t deadline_ms, struct arena *arena, struct err *err);

#endif
