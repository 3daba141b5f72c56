#ifndef SLIPWAY_HANDLERS_DEPLOY_FACTS_ROLLOUT_H
#define SLIPWAY_HANDLERS_DEPLOY_FACTS_ROLLOUT_H

/*
 * What AWS says about a deployment that an event of ECS is about, and about the tasks that stopped.
 * Read by facts_rollout.c. The service is in struct facts.
 */

#include "handlers/deploy/facts_kinds.h"
#include "runtime/aws/ecs_tasks.h"

struct rollout_facts {
    /* The deployment that is told about: the event's; for the start of one, the one that it takes
     * the place of. NULL: ECS does not list it (any more). */
    const struct ecs_deployment *deployment;
    const struct err *definition_err;
    struct ecs_task_definition definition; /* what it deploys; no ARN: not known */
    /* The family's newest revision: only where a deployment completed whose revision had done so
     * before, which may be the way back from a newer one. */
    const struct err *latest_err;
    struct ecs_task_definition latest;
    const struct err *tasks_err;
    struct ecs_task *tasks; /* that stopped within the hour; only for what went wrong or is gone */
    size_t n_tasks;
};

/* Whether the revision had completed before the event said that it has; false for the same event
 * once more, too. */
bool rollout_had_completed(const struct ecs_task_definition *definition, int64_t event_time_ms);

/* What an event's name says. */
enum rollout_step {
    STEP_STARTED,   /* SERVICE_DEPLOYMENT_IN_PROGRESS */
    STEP_COMPLETED, /* SERVICE_DEPLOYMENT_COMPLETED */
    STEP_FAILED,    /* SERVICE_DEPLOYMENT_FAILED */
    STEP_IMPAIRED,  /* SERVICE_TASK_START_IMPAIRED, …: tasks do not come up */
};
enum rollout_step rollout_step_of(const struct rollout_event *event);

/* The deployment of the service that the event is about: the service's primary one if it names
 * none, as tasks that do not come up. For the start of one: an older one that was still in
 * progress. NULL: there is none. */
const struct ecs_deployment *rollout_deployment(const struct ecs_service_state *service,
                                                const struct rollout_event *event);

#endif
