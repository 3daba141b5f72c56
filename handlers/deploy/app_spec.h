#ifndef SLIPWAY_HANDLERS_DEPLOY_APP_SPEC_H
#define SLIPWAY_HANDLERS_DEPLOY_APP_SPEC_H

/*
 * What an AppSpec of CodeDeploy has besides what slipway makes of the service: hooks, which check a
 * deployment before it gets the traffic; a network configuration, a capacity provider strategy.
 * They stand nowhere else, and a deployment without them would be one without its checks. Pure.
 * AWS CodeDeploy User Guide, "AppSpec File structure for Amazon ECS deployments".
 */

#include "runtime/base/arena.h"
#include "runtime/base/err.h"
#include "runtime/base/view.h"

struct app_spec {
    struct view *properties; /* members as they are spelt, but for what follows from the service */
    size_t n_properties;
    struct view hooks;
    struct view opaque; /* a member of an AppSpec that is YAML (or too long), which cannot be kept:
                           "Hooks" */
};

/* Reads the AppSpec that a deployment was made with; an empty text has nothing. -1:
 * ERR_OUT_OF_MEMORY. */
ERR_MUST_USE int app_spec_read(struct view text, struct arena *arena, struct app_spec *ret_spec,
                               struct err *err);

#endif
