#ifndef SLIPWAY_HANDLERS_DEPLOY_TASK_RUNNERS_H
#define SLIPWAY_HANDLERS_DEPLOY_TASK_RUNNERS_H

/*
 * What runs the tasks of a family: targets of EventBridge rules (on every bus of the account and
 * region), and EventBridge Scheduler's schedules, that run it on the target's cluster. A runner is
 * pinned when it names a revision; one that names the family alone takes the newest by itself.
 *
 * PutTargets and UpdateSchedule replace the whole target and reset whatever is left out, so a
 * runner keeps its document as AWS spelt it, and is written back with one string changed.
 *
 * Amazon EventBridge API Reference, ListRuleNamesByTarget, ListTargetsByRule, PutTargets; Amazon
 * EventBridge Scheduler API Reference, ListSchedules, GetSchedule, UpdateSchedule.
 */

#include "handlers/deploy/facts_kinds.h"
#include "runtime/aws/events.h"
#include "runtime/aws/scheduler.h"

enum task_runner_kind { RUNNER_RULE, RUNNER_SCHEDULE };

struct task_runner {
    enum task_runner_kind kind;
    struct view group;           /* the rule's event bus, or the schedule's group */
    struct view name;            /* of the rule or the schedule */
    struct view id;              /* of the rule's target */
    struct view task_definition; /* as it names it */
    bool is_pinned;
    struct events_target target;        /* a rule's */
    struct scheduler_schedule schedule; /* a schedule's */
};

struct task_family {
    struct view cluster_arn;
    struct view family;

    /* the answer */
    struct task_runner *runners;
    size_t n_runners;
    size_t n_universal;    /* schedules with the target aws-sdk:ecs:runTask, whatever they run:
                              what that is stands in their Input, and is not looked at */
    const struct err *err; /* they could not be had, as a whole: some are not known */
};

/* Reads the runners of all families together: the buses and the schedules, then the rules and the
 * schedules of the clusters, then the rules' targets; what comes in pages takes waves of its own.
 * -1: ERR_OUT_OF_MEMORY only. */
ERR_MUST_USE int task_runners_read(const struct gathering_place *place,
                                   struct task_family *families, size_t n);

/* One runner to be moved, and how that went. */
struct task_move {
    const struct task_runner *runner;
    struct view task_definition; /* the revision's ARN that it is to run */
    bool changed;                /* it names that revision now; false, too, where it did already */
    struct view note;            /* what else of it had to change; empty: nothing */
    const struct err *err;
};
/* Reads each runner once more, so that what somebody changed a moment ago is kept, and moves those
 * that name another revision. One that is gone, or runs another family by now, is left alone. A
 * schedule that AWS takes back only with another StartDate (schedule_start.h) gets that. -1:
 * ERR_OUT_OF_MEMORY only. */
ERR_MUST_USE int task_runners_move(const struct gathering_place *place, struct task_move *moves,
                                   size_t n);

/* The targets of one rule are runners of their own. False for schedules. */
bool task_runner_is_same_rule(const struct task_runner *a, const struct task_runner *b);

/* "rule 'nightly'", "rule 'nightly' of bus 'orders'", "schedule 'default/hourly'"; .data NULL: no
 * memory. */
struct view task_runner_name(const struct task_runner *runner, struct arena *arena);

#endif
