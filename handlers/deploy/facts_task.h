#ifndef SLIPWAY_HANDLERS_DEPLOY_FACTS_TASK_H
#define SLIPWAY_HANDLERS_DEPLOY_FACTS_TASK_H

/*
 * What AWS says about the rules and schedules that run a task's family. Read by facts_task.c.
 */

#include "handlers/deploy/facts_kinds.h"

struct task_facts {
    const struct err *err; /* it could not be had */
};

#endif
