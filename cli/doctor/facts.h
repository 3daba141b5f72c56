#ifndef SLIPWAY_CLI_DOCTOR_FACTS_H
#define SLIPWAY_CLI_DOCTOR_FACTS_H

/*
 * What `slipway doctor` has gathered about an environment. Each group holds its value, or the error
 * that says why not (`…_err`; NULL: there is a value). What was not asked for, since what it rests
 * on is missing, has neither.
 */

#include "cli/ecr/lifecycle.h"
#include "cli/what_runs.h"
#include "runtime/aws/ec2.h"
#include "runtime/aws/ecr_policy.h"
#include "runtime/aws/ecs_network.h"
#include "runtime/aws/events_rule.h"
#include "runtime/aws/iam.h"
#include "runtime/aws/iam_policy.h"
#include "runtime/aws/lambda_settings.h"

/* A repository of some target's. */
struct doctor_repository {
    struct repository repository; /* with the account of its registry */
    struct view uri, arn;
    bool is_foreign;       /* in another account's registry */
    const struct err *err; /* DescribeRepositories */
    struct ecr_described_repository described;
    const struct err *images_err; /* DescribeImages */
    struct ecr_stored_image *images;
    size_t n_images;
    const struct err *policy_err;    /* GetRepositoryPolicy */
    struct view policy;              /* JSON; empty: it has none */
    const struct err *lifecycle_err; /* GetLifecyclePolicy, or what is wrong with the policy */
    struct lifecycle_policy lifecycle;
    struct lifecycle_verdict *verdicts; /* of each image; NULL: not known */
};

struct doctor_target {
    struct what_runs runs;
    struct doctor_repository *repository;
    const struct err *latest_err; /* the family's newest ACTIVE revision: a deploy's base */
    struct ecs_task_definition latest;
    const struct err *container_err; /* the containers of it that a deploy would change */
    size_t n_containers;
    struct view execution_role; /* of `latest`; empty: it names none */
    bool is_fargate;            /* `latest` may run on Fargate */
    bool writes_logs;           /* some container of it, to CloudWatch Logs */
    const struct err *network_err;
    struct ecs_network network; /* of a service */
};

/* A role that has to read or pull images, and what its own policies allow. */
struct doctor_role {
    struct view arn;
    bool is_function;    /* the function's: it looks at images; else it pulls them */
    struct view used_by; /* a target that it pulls for */
    const struct err *err;
    struct iam_decision *decisions;
    size_t n_decisions;
    struct doctor_repository **repositories;
    size_t n_repositories;
};

struct doctor_function {
    struct view name;
    const struct err *err;
    struct lambda_settings settings;
    const struct err *policy_err;
    struct view policy; /* who may invoke it; empty: nobody */
    const struct err *sources_err;
    struct view *sources; /* ARNs of the queues that Lambda polls for it */
    size_t n_sources;
};

/* A rule with the function, or a queue of it, as its target. */
struct doctor_rule {
    struct view name, bus;
    struct view queue;     /* ARN; empty: the function itself */
    const struct err *err; /* DescribeRule */
    struct events_rule rule;
    const struct err *targets_err; /* ListTargetsByRule, of one that invokes the function itself */
    struct view role;              /* ARN: whose right to invoke counts; empty: the rule's own */
    bool changes_event;            /* the function gets something made of the event instead */
};

struct doctor_bus {
    struct view name;
    const struct err *err; /* DescribeEventBus */
    struct events_bus bus;
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

    const struct err *organization_err;
    struct view organization; /* empty: the account is in none */
    struct doctor_function function;
    struct doctor_role *roles;
    size_t n_roles;

    const struct err *rules_err; /* they could not be listed */
    struct doctor_rule *rules;
    size_t n_rules;

    struct doctor_bus *buses; /* of the rules; asked for where a registry is another account's */
    size_t n_buses;

    const struct err *subnets_err;
    struct ec2_subnets subnets;
    const struct err *tables_err;
    struct ec2_route_tables tables;
    const struct err *endpoints_err;
    struct ec2_endpoints endpoints;
    int64_t now_ms;
};

/* What a pull takes; what the function looks at; what Lambda itself takes. Each ends with NULL. */
extern const char *const doctor_pull_actions[];
extern const char *const doctor_look_actions[];
extern const char *const doctor_lambda_actions[];
#define DOCTOR_LOGIN_ACTION "ecr:GetAuthorizationToken"

/* The image of the repository that `runs`, the target's own or one of its others, runs; NULL: it is
 * not there. Pure. */
const struct ecr_stored_image *doctor_running_image(const struct doctor_repository *repository,
                                                    const struct what_runs *runs);

#endif
