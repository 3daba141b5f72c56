#ifndef SLIPWAY_HANDLERS_DEPLOY_TARGET_H
#define SLIPWAY_HANDLERS_DEPLOY_TARGET_H

/*
 * What runs an image: trigger + config -> target, by ECS_SERVICE_MAP and by convention. Pure.
 *
 * By convention service `backend` is ECS service, family and container {project}_service_{env} in
 * repository {project}_backend; service `x` is {project}_service_x_{env} in {project}_service_x.
 */

#include "handlers/config.h"
#include "handlers/deploy/image.h"
#include "runtime/base/arena.h"
#include "runtime/base/err.h"

struct target {
    struct view name; /* "backend" */
    enum target_kind kind;
    struct view cluster;
    struct view service; /* the ECS service's name */
    struct view family;
    struct view container; /* configured; empty: those whose image is in the repository */
    struct repository repository;
    const struct tag_policy *deploy_tags;
};

/* -1: ERR_SERVICE_UNKNOWN with the known services listed, the most similar first;
 * ERR_OUT_OF_MEMORY. With a map only its services are known; without one any name of the grammar
 * [A-Za-z0-9][A-Za-z0-9_-]{0,63} is, and `backend`.
 *
 * ECR_ROLE_ARN is assumed for the environment's registry, and for one that `repository_uri` names
 * in the role's own account. */
ERR_MUST_USE int target_resolve(const struct config *config, struct view service,
                                struct arena *arena, struct target *ret_target, struct err *err);

/* Whether several entries of ECS_SERVICE_MAP name its family: then a revision that another event
 * made may be for another service. */
bool target_shares_family(const struct config *config, const struct target *target);

/* The repository that a service or task of that name has when nothing else is configured; .data is
 * NULL when memory ran out. */
struct view target_conventional_repository(struct view project, enum target_kind kind,
                                           struct view name, struct arena *arena);

#endif
