#ifndef SLIPWAY_HANDLERS_CONFIG_H
#define SLIPWAY_HANDLERS_CONFIG_H

/*
 * The environment variables of the function -> struct config. Everything that is wrong is named at
 * once; a value that cannot be parsed is an error, never a silent default. docs/configuration.md
 * lists the variables.
 *
 * An empty value is an unset one (a Terraform module sets `ECR_ACCOUNT_ID = ""` when it has none),
 * and so is an empty string or null inside ECS_SERVICE_MAP. What cannot be honoured is refused
 * rather than forgotten: a member of the map that is not known, both `repository` and
 * `repository_uri`, two entries for one ECS service that differ in what they deploy to it (of the
 * images of two repositories, or in two containers, one would be lost), and beside
 * ECR_STRATEGY=local an ECR_ACCOUNT_ID that is not the function's own account. Where that is not
 * known here (AWS_ACCOUNT_ID is not set in Lambda), the given one is taken for it, and handler.c
 * refuses to work in any other.
 */

#include "handlers/deploy/tag_policy.h"
#include "runtime/aws/credentials.h"
#include "runtime/base/arena.h"
#include "runtime/base/err.h"
#include "runtime/base/view.h"

#include <stdbool.h>

enum target_kind { TARGET_SERVICE, TARGET_TASK, TARGET_LAMBDA };
const char *target_kind_name(enum target_kind kind); /* "service", "task", "lambda" */

/* One entry of ECS_SERVICE_MAP; what it leaves out is empty and follows from convention. */
struct service_entry {
    struct view name; /* the key */
    struct view service_name;
    struct view task_family;
    struct view cluster;
    struct view container;
    struct view repository;     /* a name in the environment's registry */
    struct view repository_uri; /* host/name in another one */
    struct view function_name;  /* kind lambda */
    struct view alias;          /* kind lambda: moved to each version that is published */
    struct view codedeploy_application, codedeploy_group; /* controller CODE_DEPLOY */
    enum target_kind kind;
    bool has_deploy_tags, has_auto_deploy_tags;
    struct tag_policy deploy_tags, auto_deploy_tags;
};

/* One object of S3_SERVICE_MAP: an env file, and a service that reads it. */
struct env_file {
    struct view service;
    struct view bucket;
    struct view key;
};

enum task_definition_base { BASE_LATEST, BASE_RUNNING };
enum image_reference_form { IMAGE_BY_DIGEST, IMAGE_BY_TAG };
enum ecr_strategy { ECR_LOCAL, ECR_CROSS_ACCOUNT };

struct config {
    struct view project;
    struct view env;
    bool is_prod;                   /* env is "prod" or "production" */
    struct view region;             /* AWS_REGION, else AWS_DEFAULT_REGION */
    struct view own_account;        /* AWS_ACCOUNT_ID, else empty: known from the function's ARN */
    struct view cluster;            /* name or ARN */
    bool has_service_map;           /* a map with an entry: "{}" is none */
    struct service_entry *services; /* of ECS_SERVICE_MAP, in its order */
    size_t n_services;
    enum ecr_strategy ecr_strategy;
    struct view ecr_account_id; /* empty: own. With ECR_LOCAL it is the own one, too */
    struct view ecr_region;     /* set always */
    struct view ecr_role_arn;
    struct tag_policy deploy_tags, auto_deploy_tags;
    struct view *allowed_accounts; /* as given; none: the function's own */
    size_t n_allowed_accounts;
    enum task_definition_base base;
    enum image_reference_form image_reference;
    bool enable_ecr, enable_ssm, enable_s3, enable_manual;
    bool dry_run;
    struct env_file *env_files;
    size_t n_env_files;
    bool has_slack_webhook; /* SLACK_WEBHOOK_URL holds one; it is a secret and not kept here */
    struct view slack_webhook_parameter; /* name or ARN of an SSM SecureString */
    struct view sns_topic_arn;
    struct view notify_event_bus; /* name or ARN */
    struct view event_bus;        /* where the rules for people's events are; empty: default */
};

/* [A-Za-z0-9][A-Za-z0-9_-]{0,63}: what a project, an environment and a service may be called. */
bool config_name_is_valid(struct view name);

/* The names of all variables that are known, those among them that have no effect any more too;
 * NULL behind the last. */
const char *config_variable_name(size_t number);

/* An https address (http on this machine) of printable characters: what SLACK_WEBHOOK_URL, or the
 * parameter that holds it, may be. */
bool config_webhook_is_valid(struct view address);

/* Everything lives in `arena` for as long as the process. -1: ERR_CONFIG_INVALID naming every
 * variable at fault, each with where in its value and what is expected; ERR_OUT_OF_MEMORY. */
ERR_MUST_USE int config_load(const struct environment *env, struct arena *arena,
                             struct config *ret_config, struct err *err);

#endif
