#ifndef SLIPWAY_HANDLERS_DEPLOY_EXECUTE_H
#define SLIPWAY_HANDLERS_DEPLOY_EXECUTE_H

/*
 * Carrying out a plan, in waves for all changes together: register, update, and one look more to
 * make two deploys at once converge on the newer event. RegisterTaskDefinition is paced beyond the
 * burst that ECS publishes (20, then 1 a second), not failed.
 *
 * After a crash between any two calls, the same event again ends in the same state: the revision
 * that bears the event's id is found by plan_decide() and reused.
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
