#ifndef SLIPWAY_CLI_WHAT_TASKS_H
#define SLIPWAY_CLI_WHAT_TASKS_H

/*
 * What tasks run: the revisions that rules and schedules are pinned to, and the family's newest
 * where something names the family alone, or where nothing starts it at all. Private to
 * what_runs.c.
 */

#include "cli/what_runs.h"

/* Fills the tasks among `all`, whose `definition` is the family's newest unless they have an error;
 * each of those that something is pinned to becomes a revision of its own. What cannot be told is
 * the task's error, and no revision is named then. -1: ERR_OUT_OF_MEMORY. */
ERR_MUST_USE int what_tasks_read(struct session *session, struct what_runs *all, size_t n,
                                 int64_t deadline_ms, struct err *err);

/* Fills the image, and what follows from the definition. -1: ERR_OUT_OF_MEMORY. */
ERR_MUST_USE int what_runs_read_image(struct session *session, struct what_runs *one,
                                      struct err *err);

#endif
