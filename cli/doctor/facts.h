#ifndef SLIPWAY_CLI_DOCTOR_FACTS_H
#define SLIPWAY_CLI_DOCTOR_FACTS_H

/*
 * What `slipway doctor` has gathered about an environment. Each group holds its value, or the error
 * that says why not (`…_err`; NULL: there is a value). What was not asked for, since what it rests
 * on is missing, has neither.
 */

#include "cli/what_runs.h"
#include "runtime/aws/ecr_lifecycle.h"
#include "runtime/aws/ecr_policy.h"

/* A repository of some target's. */
struct doctor_repository {
    struct repository repository; /* with the account of its registry */
    struct view uri;
    bool is_foreign; /* in another account's registry */
    bool was_asked;
    const struct err *err; /* DescribeRepositories */
    struct ecr_described_repository described;
    const struct err *images_err; /* DescribeImages */
    struct ecr_stored_image *images;
    size_t n_images;
    const struct err *policy_err; /* GetRepositoryPolicy */
    struct view policy;           /* JSON; empty: it has none */
};

struct doctor_target {
    struct what_runs runs;
    struct doctor_repository *repository;
    const struct err *latest_err; /* the family's newest ACTIVE revision: a deploy's base */
    struct ecs_task_definition latest;
    const struct err *container_err; /* the containers of it that a deploy would change */
    size_t n_containers;
    struct view execution_role; /* of `latest`; empty: it names none */
};

struct doctor_facts {
    const struct err *config_err;
    const struct err *credentials_err;
    struct view caller; /* ARN of who asks */
    struct view caller_account;
    bool has_configured_account; /* AWS_ACCOUNT_ID */
    const struct config *config; /* valid unless config_err; own_account is known by then */
    const struct err *targets_err;
    struct doctor_target *targets;
    size_t n_targets;
    struct doctor_repository *repositories;
    size_t n_repositories;
    int64_t now_ms;
};

#endif
