#ifndef SLIPWAY_HANDLERS_DEPLOY_FACTS_PAST_H
#define SLIPWAY_HANDLERS_DEPLOY_FACTS_PAST_H

/*
 * What a service has been given, as ECS keeps it: its service deployments, with the task definition
 * that each went to. Read by facts_past.c where service_past.h says that it matters.
 */

#include "handlers/deploy/facts_kinds.h"

struct past_deployment {
    int64_t created_at_ms;
    struct view task_definition; /* ARN; empty: it could not be had */
    bool was_undone;             /* ECS went back from it, or was told to */
};

struct past_facts {
    const struct err *err; /* why it could not be had */
    struct past_deployment *deployments;
    size_t n;
    bool is_all; /* else the newest ECS_PAST_DEPLOYMENTS_MAX */
};

#endif
