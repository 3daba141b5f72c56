#ifndef SLIPWAY_HANDLERS_DEPLOY_TARGET_H
#define SLIPWAY_HANDLERS_DEPLOY_TARGET_H

/*
 * What runs an image: trigger + config -> targets, by ECS_SERVICE_MAP and by convention. Pure.
 *
 * By convention service `backend` is ECS service, family and container {project}_service_{env} in
 * repository {project}_backend; service `x` is {project}_service_x_{env} in {project}_service_x;
 * task `x` is family {project}_task_x_{env} in {project}_task_x; and a Lambda function `x` (of
 * which only ECS_SERVICE_MAP tells that it is one) is {project}_service_x_{env} in
 * {project}_service_x.
 */

#include "handlers/config.h"
#include "handlers/deploy/image.h"
#include "handlers/trigger/trigger.h"
#include "runtime/base/arena.h"
#include "runtime/base/err.h"

struct target {
    struct view name; /* "backend" */
    enum target_kind kind;
    struct view cluster;   /* services and tasks */
    struct view service;   /* the ECS service's name */
    struct view family;    /* services and tasks */
    struct view container; /* configured; empty: those whose image is in the repository */
    struct view function;  /* of a Lambda function: its name */
    struct view alias;     /* the function's, to be moved; empty: no version is published */
    struct view codedeploy_application, codedeploy_group; /* configured; empty: to be found */
    struct repository repository;
    const struct tag_policy *deploy_tags, *auto_deploy_tags;
};

/* Whether two targets are the same thing in AWS. */
bool target_is_same(const struct target *a, const struct target *b);

/* Whether the entry is for the target's ECS service, by cluster and name, which it may have by
 * convention. For services. */
bool target_is_of_entry(const struct config *config, const struct target *target,
                        const struct service_entry *entry);

/* The targets that the trigger is about, by its scope; none: *ret_n is 0, and *ret_note says why in
 * words (a repository of another project, a parameter that no service reads, …). -1, for
 * SCOPE_SERVICE only, as target_resolve(); ERR_OUT_OF_MEMORY.
 *
 * A repository matches by account, region and whole name; without a map {project}_backend,
 * {project}_service_x and {project}_task_x are recognised by their form, exactly. An ECS service
 * matches by cluster and name. Which of the targets can take the event is the plan's to say. */
ERR_MUST_USE int target_select(const struct config *config, struct view own_account,
                               const struct trigger *trigger, struct arena *arena,
                               struct target **ret_targets, size_t *ret_n, struct view *ret_note,
                               struct err *err);

/* -1: ERR_SERVICE_UNKNOWN with the known services listed, the most similar first;
 * ERR_OUT_OF_MEMORY. With a map only its services are known; without one any name of the grammar
 * [A-Za-z0-9][A-Za-z0-9_-]{0,63} is, and `backend`.
 *
 * ECR_ROLE_ARN is assumed for the environment's registry, and for one that `repository_uri` names
 * in the role's own account. */
ERR_MUST_USE int target_resolve(const struct config *config, struct view service,
                                struct arena *arena, struct target *ret_target, struct err *err);

/* Whether an entry of ECS_SERVICE_MAP that is not for the same ECS service has the same family,
 * named or by convention: then a revision that another event made may be for that one. For
 * services. */
bool target_shares_family(const struct config *config, const struct target *target);

/* The name of its cluster, which may be configured as an ARN. */
struct view target_cluster_name(const struct target *target);

/* The repository that a service or task of that name has when nothing else is configured; .data is
 * NULL when memory ran out. */
struct view target_conventional_repository(struct view project, enum target_kind kind,
                                           struct view name, struct arena *arena);

#endif
