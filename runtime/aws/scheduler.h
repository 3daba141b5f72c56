#ifndef SLIPWAY_AWS_SCHEDULER_H
#define SLIPWAY_AWS_SCHEDULER_H

/*
 * Amazon EventBridge Scheduler: which requests slipway makes, and what their answers mean. Builders
 * fill a call; decoders read an ended one. Pure: aws_call_all() is between them.
 * Amazon EventBridge Scheduler API Reference, ListSchedules, GetSchedule, UpdateSchedule.
 */

#include "runtime/aws/aws.h"
#include "runtime/base/json_scan.h"

extern const struct aws_service scheduler_service;

/* GET /schedules[?NextToken=…]: of all groups. `next` is empty for the first page. */
ERR_MUST_USE int scheduler_list_schedules_call(struct view next, struct arena *arena,
                                               struct aws_call *ret_call, struct err *err);

struct scheduler_summary {
    struct view name;
    struct view group;
    struct view target_arn; /* of an ECS target: the cluster's */
};
struct scheduler_page {
    struct scheduler_summary *schedules;
    size_t n;
    struct view next; /* token of the next page; empty on the last */
};
ERR_MUST_USE int scheduler_list_schedules_result(const struct aws_call *call, struct arena *arena,
                                                 struct scheduler_page *ret_page, struct err *err);

/* GET /schedules/{name}?groupName={group} */
ERR_MUST_USE int scheduler_get_schedule_call(struct view name, struct view group,
                                             struct arena *arena, struct aws_call *ret_call,
                                             struct err *err);

/* What becomes of StartDate when a schedule is written back. */
enum scheduler_start_change {
    SCHEDULER_START_STAYS,
    SCHEDULER_START_LEFT_OUT,
    SCHEDULER_START_SET
};
struct scheduler_start {
    enum scheduler_start_change change;
    int64_t at_ms; /* SCHEDULER_START_SET */
};

struct scheduler_schedule {
    struct view name;
    struct view group;
    struct view target_arn;
    struct view task_definition;      /* Target.EcsParameters.TaskDefinitionArn; may be empty */
    struct view task_definition_text; /* the JSON string with its quotes, inside `text` */
    struct view expression;           /* "rate(1 hour)"; may be empty */
    int64_t start_ms;                 /* StartDate and EndDate; 0: there is none */
    int64_t end_ms;
    struct view text;             /* the whole document, as AWS spelt it */
    bool is_missing;              /* there is none of that name: all else is empty */
    struct scheduler_start start; /* for the update: whoever writes it back may set it */
};
/* A schedule that is gone is no error: `is_missing`. */
ERR_MUST_USE int scheduler_get_schedule_result(const struct aws_call *call, struct arena *arena,
                                               struct scheduler_schedule *ret_schedule,
                                               struct err *err);

/* PUT /schedules/{name} with the whole document: UpdateSchedule resets what is left out. What
 * GetSchedule adds goes (Arn, CreationDate, LastModificationDate), and so do the name, which is in
 * the path, and members that are null; the task definition is another one, and StartDate what
 * `start` says; everything else stays byte for byte. Idempotent by its nature, so that it has no
 * token: one that AWS has seen may not come with a document that somebody has changed since. */
ERR_MUST_USE int scheduler_update_schedule_call(const struct scheduler_schedule *schedule,
                                                struct view task_definition, struct arena *arena,
                                                struct aws_call *ret_call, struct err *err);
/* ERR_PASS_ROLE_DENIED, ERR_ACCESS_DENIED, ERR_AWS_UNAVAILABLE for a schedule that was changed at
 * the same time, the call's own. */
ERR_MUST_USE int scheduler_update_schedule_result(const struct aws_call *call, struct err *err);
/* Whether AWS found something in the document that it does not take (ValidationException). */
bool scheduler_update_is_invalid(const struct aws_call *call);

#endif
