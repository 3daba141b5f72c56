#ifndef SLIPWAY_HANDLERS_DEPLOY_EXECUTE_MOVE_H
#define SLIPWAY_HANDLERS_DEPLOY_EXECUTE_MOVE_H

/*
 * A move: one change while it is carried out. Private to execute*.c, which are the stages of it in
 * this order: execute_trace.c, execute_register.c (over execute_base.c), execute_stop.c,
 * execute_update.c, execute_converge.c (over execute_look.c), execute_restart.c; and of what is
 * delivered in another way, execute_codedeploy.c, execute_task.c, execute_lambda.c;
 * execute_report.c.
 */

#include "handlers/deploy/execute.h"
#include "handlers/deploy/plan_revision.h"

/* A write is begun only with so much time left: a started one that is cut off leaves open whether
 * it was carried out. A registration is of use only if the update still fits behind it. */
#define REGISTER_NEEDS_MS 1500
#define UPDATE_NEEDS_MS 750
#define LOOK_NEEDS_MS 300

/* No process lives longer: AWS Lambda Developer Guide, "Lambda quotas". */
#define LONGEST_DEPLOY_MS INT64_C(900000)

struct move {
    struct change *change;
    struct view event_tag;     /* what slipway:event-id has for its event */
    struct view own;           /* ARN of its revision; empty before there is one */
    struct revision_rank rank; /* of its event and that revision */
    bool updated;              /* its service has been asked for */
    bool ended;                /* the outcome stands; no later stage touches it */
    const struct err *doubt;   /* an update whose answer does not tell that it was carried out */
    struct ecs_service_state answered; /* by ECS to its update: what it replaced stands there */
};

struct execution {
    struct aws *aws;
    const struct config *config;
    int64_t deadline_ms;
    struct arena *arena;
    struct err *err; /* for ERR_OUT_OF_MEMORY */
    struct move *moves;
    size_t n;
};

/* Time left, on the monotonic clock. */
int64_t execution_remaining_ms(const struct execution *x);
int execution_out_of_memory(const struct execution *x); /* -1 */

/* A move that is still to be made, of that verdict. */
bool move_is_open(const struct move *move, enum verdict verdict);
void move_set_revision(struct move *move, const struct ecs_task_definition *definition);
/* Ends a move. A text whose .data is NULL is memory that ran out: -1. */
ERR_MUST_USE int move_end(struct execution *x, struct move *move, enum change_status status,
                          struct view note);
/* Ends a move as refused or failed, by the class of the error, with `suffix` behind its message. */
ERR_MUST_USE int move_fail(struct execution *x, struct move *move, const struct err *error,
                           struct view suffix);
/* The same for time that has run out; `message` says what is done and what is not. */
ERR_MUST_USE int move_out_of_time(struct execution *x, struct move *move, struct view message);
/* "; revision 'f:42' is registered, and only this event, delivered again, uses it", or nothing if
 * there is none. Another event, though it asks for the same, registers its own. */
struct view move_what_stays(struct execution *x, const struct move *move);

/* What became of one UpdateService. */
struct update_answer {
    bool asked;                       /* false: it was not wanted */
    struct ecs_service_state service; /* empty on an error */
    const struct err *error;
    bool ambiguous; /* with an error: ECS may have carried it out all the same */
};
/* One wave of UpdateService, for the moves whose `wanted` is true. All three arrays have one place
 * per move; every place of ret_answers is written. */
ERR_MUST_USE int execution_update(struct execution *x, const struct ecs_update_service *updates,
                                  const bool *wanted, struct update_answer *ret_answers);

/* The stages. -1: ERR_OUT_OF_MEMORY only. execute_update() takes what has its revision and has not
 * been updated yet: execute_register() calls it too, before each wait for ECS's rate. */
ERR_MUST_USE int execute_register(struct execution *x);
ERR_MUST_USE int execute_update(struct execution *x);
ERR_MUST_USE int execute_converge(struct execution *x);
ERR_MUST_USE int execute_restart(struct execution *x);
/* The revision that was chosen gets the change's trace, before it is given to the service: before
 * execute_register(), then, which updates too. */
ERR_MUST_USE int execute_trace(struct execution *x);
/* The moves of the deliveries DELIVER_STOP, _CODE_DEPLOY, _TASK and _LAMBDA. */
ERR_MUST_USE int execute_stop(struct execution *x);
ERR_MUST_USE int execute_codedeploy(struct execution *x);
ERR_MUST_USE int execute_task(struct execution *x);
ERR_MUST_USE int execute_lambda(struct execution *x);
/* What became of deployments: the completed revisions get their tag. */
ERR_MUST_USE int execute_report(struct execution *x);

#endif
