#ifndef SLIPWAY_CLI_PLAN_DIFFERENCES_H
#define SLIPWAY_CLI_PLAN_DIFFERENCES_H

/*
 * What a plan would change for what runs. The plan's own differences are those to the revision that
 * a new one is made from; where that is not the one that runs (Terraform registered another), or
 * where a revision is used that is there already (a rollback), more changes than these. Pure.
 */

#include "handlers/deploy/plan.h"

struct plan_differences {
    struct taskdef_difference *items;
    size_t n;
    bool is_on_another; /* the new revision is not made from the one that runs */
};

/* From the running revision to the one that would run; the plan's own where it is not known what
 * runs. slipway's own tags of a revision that is there already are left out. -1:
 * ERR_OUT_OF_MEMORY. */
ERR_MUST_USE int plan_differences(const struct change *change, struct arena *arena,
                                  struct plan_differences *ret_differences, struct err *err);

#endif
