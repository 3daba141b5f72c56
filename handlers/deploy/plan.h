#ifndef SLIPWAY_HANDLERS_DEPLOY_PLAN_H
#define SLIPWAY_HANDLERS_DEPLOY_PLAN_H

/*
 * Deciding: facts + trigger + policy -> one change with a verdict. Pure: no I/O, no clock. Whoever
 * wants to know why slipway did what it did finds the answer in plan_decide().
 */

#include "handlers/config.h"
#include "handlers/deploy/facts.h"
#include "handlers/deploy/target.h"
#include "handlers/deploy/taskdef.h"
#include "handlers/trigger/trigger.h"
#include "runtime/base/arena.h"
#include "runtime/base/err.h"

/* What is to be done, and, after execution, what was. The order is that of seriousness: the status
 * of an answer is that of its most serious change. */
enum change_status {
    CHANGE_IGNORED,
    CHANGE_UNCHANGED,
    CHANGE_SUPERSEDED,
    CHANGE_PLANNED, /* a dry run stops here */
    CHANGE_RESTARTED,
    CHANGE_DEPLOYED,
    CHANGE_REFUSED,
    CHANGE_FAILED,
};
const char *change_status_name(enum change_status status); /* "deployed", … */

enum verdict {
    VERDICT_IGNORED,
    VERDICT_UNCHANGED,
    VERDICT_SUPERSEDED,
    VERDICT_RESTART, /* UpdateService with forceNewDeployment */
    VERDICT_DEPLOY,  /* register unless `reuse` names a revision; then UpdateService */
    VERDICT_REFUSED,
    VERDICT_FAILED, /* a fact could not be had */
};

struct change {
    /* the question */
    const struct trigger *trigger;
    const struct target *target; /* NULL when none was resolved */
    const struct facts *facts;   /* NULL when none were gathered */

    /* the decision */
    enum verdict verdict;
    struct view note;      /* why, in words, for unchanged, superseded and ignored */
    const struct err *err; /* why, for refused, failed and superseded; NULL otherwise */
    struct view from_task_definition, from_image; /* what runs, as far as known */
    struct view to_image;                         /* the reference that is registered */
    struct view tag, digest;
    struct view reuse;            /* ARN of a revision that is there already: register nothing */
    struct view register_request; /* the body of RegisterTaskDefinition; empty with `reuse` */
    struct taskdef_difference *differences; /* of register_request to its base; for dry runs */
    size_t n_differences;

    /* the outcome */
    enum change_status status;
    struct view to_task_definition; /* the ARN that the service has been given */
    struct view deployment_id;
};

/* The first look at changes of one payload, before any facts: what needs none gets its verdict here
 * (a trigger's refusal, a target that could not be resolved: `err` set by the caller, an event to
 * be ignored). The rest is left open: VERDICT_RESTART for restarts, VERDICT_DEPLOY for all else.
 * Only what is open needs facts and plan_decide(). */
ERR_MUST_USE int plan_settle(struct change *changes, size_t n, struct arena *arena,
                             struct err *err);

/* Decides one change; trigger, target and facts are set in *change by the caller, and the rest of
 * it is empty or as plan_settle() left it. A change that is settled already stays as it is. -1:
 * ERR_OUT_OF_MEMORY only. */
ERR_MUST_USE int plan_decide(const struct config *config, struct view own_account,
                             struct arena *arena, struct change *change, struct err *err);

/* Orders decided changes of one payload that are about the same service: of deploys the newest
 * event wins and the others become superseded; the same event a second time becomes unchanged.
 * Dry runs stand outside. It comes after plan_decide(), so that an event that is refused supersedes
 * nothing; execute_plan() does it first of all. */
ERR_MUST_USE int plan_order(struct change *changes, size_t n, struct arena *arena, struct err *err);

#endif
