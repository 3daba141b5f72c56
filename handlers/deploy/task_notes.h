#ifndef SLIPWAY_HANDLERS_DEPLOY_TASK_NOTES_H
#define SLIPWAY_HANDLERS_DEPLOY_TASK_NOTES_H

/*
 * What is to be told of a task's move beside how it ended: what else of a schedule had to change,
 * and which schedules nobody has looked at. Pure.
 */

#include "handlers/deploy/facts_task.h"

/* What else had to change of what was moved, behind `first` and joined by "; "; with neither the
 * empty view. .data NULL: no memory. */
struct view task_changes_note(struct view first, const struct task_move *moves, size_t n,
                              struct arena *arena);
/* What is to be said of a deploy: `first`; that nothing is known to run the family, in its stead;
 * what else had to change; and how many schedules call RunTask by themselves. Likewise. */
struct view task_deployed_note(struct view first, const struct task_facts *facts,
                               const struct task_move *moves, size_t n, struct arena *arena);

#endif
