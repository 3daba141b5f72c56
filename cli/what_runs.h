#ifndef SLIPWAY_CLI_WHAT_RUNS_H
#define SLIPWAY_CLI_WHAT_RUNS_H

/*
 * What the environment's targets run right now. Reads only: DescribeServices ten a call, the
 * revisions that run, GetFunction (of a function with an alias twice: the alias's version, and what
 * the function's tags say); all of one kind at once. What a task runs is what the rules and
 * schedules that start it name (task_runners.h): where there is a task, those are listed, too.
 */

#include "cli/session.h"
#include "handlers/deploy/target.h"
#include "runtime/aws/ecs.h"
#include "runtime/aws/lambda_api.h"

struct what_image {
    struct view image, tag, digest; /* as far as known */
};

struct what_runs {
    struct target target;
    const struct err *err;                 /* why it could not be read; NULL: it was */
    struct view revision;                  /* of a task: "family:7", whatever became of reading it;
                                              empty: which ones run is not known */
    struct ecs_service_state service;      /* of a service */
    struct ecs_task_definition definition; /* of a service or a task */
    struct lambda_function function;       /* of a Lambda function; of its alias's version */
    struct view image, tag, digest;        /* as far as known */
    int64_t since_ms;                      /* 0: not known */
    struct what_runs *others;              /* of a task: older revisions that something is pinned to
                                              as well, the newest first; they have none themselves */
    size_t n_others;
};

/* The target's revisions that run, one by one: itself, then the others; NULL: no more. */
const struct what_runs *what_runs_at(const struct what_runs *one, size_t i);

/* The environment's targets: those of ECS_SERVICE_MAP; without a map the cluster's services that
 * are called as the convention has it. -1: what ListServices says; ERR_OUT_OF_MEMORY. */
ERR_MUST_USE int environment_targets(struct session *session, struct target **ret_targets,
                                     size_t *ret_n, struct err *err);

/* The service that an ECS service of that name is for, by convention; false: none of this project
 * and environment. Pure. */
bool conventional_service(const struct config *config, struct view service, struct view *ret_name);

/* What a revision of the target's runs: by the image of its container, and by the revision's tags
 * where they are of that image; whoever copies a task definition may copy them too. -1:
 * ERR_OUT_OF_MEMORY. */
ERR_MUST_USE int what_image(struct session *session, const struct target *target,
                            const struct ecs_task_definition *definition,
                            struct what_image *ret_image, struct err *err);

/* -1: ERR_OUT_OF_MEMORY only; what AWS refuses is each entry's own. */
ERR_MUST_USE int what_runs(struct session *session, const struct target *targets, size_t n,
                           struct what_runs **ret_all, struct err *err);

#endif
