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
    CHANGE_PLANNED,  /* a dry run stops here */
    CHANGE_REPORTED, /* what became of a deployment has been told */
    CHANGE_RESTARTED,
    CHANGE_DEPLOYED,
    CHANGE_ROLLED_BACK,
    CHANGE_REFUSED,
    CHANGE_FAILED,
};
const char *change_status_name(enum change_status status); /* "deployed", … */

enum verdict {
    VERDICT_IGNORED,
    VERDICT_UNCHANGED,
    VERDICT_SUPERSEDED,
    VERDICT_RESTART, /* UpdateService with forceNewDeployment */
    VERDICT_DEPLOY,  /* register unless `reuse` names a revision; then as `delivery` says */
    VERDICT_REPORT,  /* `rollout` is told; a completed revision is tagged */
    VERDICT_REFUSED,
    VERDICT_FAILED, /* a fact could not be had */
};

/* How what is deployed gets to its target. */
enum delivery {
    DELIVER_UPDATE_SERVICE, /* ECS's own controller: UpdateService */
    DELIVER_STOP,           /* a rollback of what is still in progress: StopServiceDeployment */
    DELIVER_CODE_DEPLOY,    /* CodeDeploy's CreateDeployment */
    DELIVER_TASK,           /* the rules' and the schedules' targets that run the family */
    DELIVER_LAMBDA,         /* UpdateFunctionCode, a version, the alias */
};

/* How a deployment went. */
enum rollout_outcome {
    ROLLOUT_NONE,
    ROLLOUT_COMPLETED,
    ROLLOUT_FAILED,
    ROLLOUT_ROLLED_BACK, /* the service is back at what it ran before */
    ROLLOUT_SUPERSEDED,  /* a newer deployment took its place */
    ROLLOUT_IMPAIRED,    /* tasks do not come up; it goes on trying */
};
const char *rollout_outcome_name(enum rollout_outcome outcome); /* "completed", "rolled_back", … */

struct rollout {
    enum rollout_outcome outcome;
    struct view why;           /* in words; lines parted by '\n'; empty when it went well */
    struct view remedy;        /* what to do about it; may be empty */
    int64_t duration_ms;       /* of the deployment; -1: not known */
    struct view completed_arn; /* the revision that gets slipway:completed; empty: none */
};

struct change {
    /* the question */
    size_t event; /* which of the payload's events asked for it */
    const struct trigger *trigger;
    const struct target *target; /* NULL when none was resolved */
    const struct facts *facts;   /* NULL when none were gathered */

    /* the decision */
    enum verdict verdict;
    enum delivery delivery;
    struct view note;      /* why, in words, for unchanged, superseded and ignored */
    const struct err *err; /* why, for refused, failed and superseded; NULL otherwise */
    struct view from_task_definition, from_image; /* what runs, as far as known */
    struct view to_image;                         /* the reference that is registered */
    struct view tag, digest;
    struct view reuse;            /* ARN of a revision that is there already: register nothing */
    struct view register_request; /* the body of RegisterTaskDefinition; empty with `reuse` */
    struct ecs_tag
        *trace; /* tags that `reuse` gets before it is given to the service, so that the
                   revision tells of the event that chose it: rollbacks, named revisions */
    size_t n_trace;
    struct view stop_deployment;            /* DELIVER_STOP: the service deployment's ARN */
    struct taskdef_difference *differences; /* of register_request to its base; for dry runs */
    size_t n_differences;
    struct rollout rollout;

    /* the outcome */
    enum change_status status;
    struct view to_task_definition; /* the ARN that the service has been given */
    struct view deployment_id;      /* of ECS or CodeDeploy */
    struct view version;            /* of a Lambda function, published */
    struct view *moved; /* of a task: what was given the revision by this delivery of the event, as
                           "rule 'nightly'" or "schedule 'default/hourly'"; not what had it */
    size_t n_moved;
};

/* The first look at changes of one payload, before any facts: what needs none gets its verdict here
 * (a trigger's refusal, a target that could not be resolved: `err` set by the caller, an event to
 * be ignored, one that no target is for, a push of a tag that AUTO_DEPLOY_TAGS does not admit). The
 * rest is left open: VERDICT_RESTART for restarts, VERDICT_REPORT for what became of a deployment,
 * VERDICT_DEPLOY for all else. Only what is open needs facts and plan_decide(). */
ERR_MUST_USE int plan_settle(struct change *changes, size_t n, struct arena *arena,
                             struct err *err);

/* Decides one change; trigger, target and facts are set in *change by the caller, and the rest of
 * it is empty or as plan_settle() left it. A change that is settled already stays as it is. -1:
 * ERR_OUT_OF_MEMORY only. */
ERR_MUST_USE int plan_decide(const struct config *config, struct view own_account,
                             struct arena *arena, struct change *change, struct err *err);

/* A decided deploy of an image over another base than the plan's: what is to be registered. */
struct plan_rebased {
    struct view register_request;
    struct view to_image;
    const struct err *refusal; /* that base cannot take the image; NULL otherwise */
};
/* -1: ERR_OUT_OF_MEMORY only. */
ERR_MUST_USE int plan_rebase(const struct config *config, const struct change *change,
                             const struct ecs_task_definition *base, struct arena *arena,
                             struct plan_rebased *ret_rebased, struct err *err);

/* Orders decided changes of one payload that are about the same service: of deploys the newest
 * event wins and the others become superseded; the same event a second time becomes unchanged.
 * Of pushes of one digest one deploys, and the others are unchanged. Dry runs stand outside. It
 * comes after plan_decide(), so that an event that is refused supersedes nothing; execute_plan()
 * does it first of all. */
ERR_MUST_USE int plan_order(struct change *changes, size_t n, struct arena *arena, struct err *err);

#endif
