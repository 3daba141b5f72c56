#ifndef SLIPWAY_HANDLERS_DEPLOY_EXECUTE_H
#define SLIPWAY_HANDLERS_DEPLOY_EXECUTE_H

/*
 * Carrying out a plan, stage by stage, each in waves for all changes together:
 *
 *   trace        a revision that an event chose (a rollback, one that is named) gets its trace
 *   register     a new revision; beyond the burst that ECS publishes (20, then 1 a second)
 *                RegisterTaskDefinition is paced, not failed; and once more, over a base that
 *                somebody else registered right before it
 *   stop         a rollback of what is still in progress: StopServiceDeployment
 *   update       UpdateService with the revision
 *   converge     one look more, which makes deploys at the same time end with the newest event's
 *   restart      UpdateService with forceNewDeployment
 *   code deploy  the revision is given to CodeDeploy
 *   task         the rules' and the schedules' targets move to the revision
 *   lambda       a function gets its image, a version and its alias
 *   report       a revision that completed gets its tag
 *
 * Before them all the changes of one payload are put in order (plan_order()). After a crash between
 * any two calls, the same event again ends in the same state: what an earlier delivery has done
 * bears the event's id (a revision, CodeDeploy's deployment, a function), is found by plan_decide()
 * and used.
 */

#include "handlers/deploy/plan.h"
#include "runtime/aws/aws.h"
#include "runtime/base/arena.h"
#include "runtime/base/err.h"

/* Fills the outcome of every change with VERDICT_DEPLOY, _RESTART or _REPORT; the others' outcome
 * follows from their verdict. A change that AWS refuses is CHANGE_REFUSED, one that it fails
 * CHANGE_FAILED with its error. With dry_run (the trigger's or the config's) nothing is written.
 * -1: ERR_OUT_OF_MEMORY only. */
ERR_MUST_USE int execute_plan(struct aws *aws, const struct config *config, struct change *changes,
                              size_t n, int64_t deadline_ms, struct arena *arena, struct err *err);

#endif
