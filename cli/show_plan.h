#ifndef SLIPWAY_CLI_SHOW_PLAN_H
#define SLIPWAY_CLI_SHOW_PLAN_H

/* What a plan would do, for a person: one paragraph a change, with the field-level differences of
 * what would run to what runs. */

#include "cli/cli.h"
#include "handlers/deploy/plan.h"

/* Changes of a dry run: only those have differences. -1: ERR_OUT_OF_MEMORY. */
ERR_MUST_USE int show_plan(const struct cli *cli, const struct change *changes, size_t n,
                           struct err *err);

/* What became of changes that were carried out, one line each, and why not. */
ERR_MUST_USE int show_outcome(const struct cli *cli, const struct change *changes, size_t n,
                              struct err *err);

/* Whether two plans of one request would do the same; when it was asked for does not count. */
bool plans_are_same(const struct change *a, size_t n_a, const struct change *b, size_t n_b);

/* Whether any change would write something. */
bool plan_does_something(const struct change *changes, size_t n);

/* The exit status that goes with the most serious change; what was asked for and does not take
 * place (refused, superseded, ignored) is 3. */
int exit_status_of(const struct change *changes, size_t n);

#endif
