#include "handlers/config.h"

#include "handlers/config_load.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Tags that prod admits when DEPLOY_TAGS says nothing: names that say which build they are. */
#define PROD_DEPLOY_TAGS "git-*,v*,env-*,stable"
/* Bytes of one fault and of all; what does not fit the error's message is counted instead. */
#define FAULT_BYTES 640
#define FAULTS_BYTES (ERR_MESSAGE_BYTES - 64)
#define VARIABLES_BYTES (ERR_REMEDY_BYTES - 64)

/* ---- faults ---- */

static bool is_listed(const struct buf *variables, struct view name) {
    struct view rest = buf_view(variables), listed;
    while (view_split(&rest, ',', &listed)) {
        if (view_equal(view_trim(listed), name)) {
            return true;
        }
    }
    return false;
}

static void list_variable(struct config_loader *loader, const char *variable) {
    struct view name = view_of(variable);
    if (is_listed(&loader->variables, name) ||
        loader->variables.len + name.len + 2 > VARIABLES_BYTES) {
        return;
    }
    buf_appendf(&loader->variables, "%s%s", loader->variables.len > 0 ? ", " : "", variable);
}

/* A message that names its variable already is not given the name twice. */
static bool names_variable(struct view text, const char *variable) {
    if (view_starts_with(text, VIEW("'"))) {
        text = view_slice(text, 1, text.len);
    }
    return view_starts_with(text, view_of(variable));
}

static void note_fault(struct config_loader *loader, const char *variable, struct view text) {
    struct buf *faults = &loader->faults;
    const char *separator = faults->len > 0 ? "; " : "";
    bool named = names_variable(text, variable);
    size_t needed = 2 + (named ? 0 : strlen(variable) + 2) + text.len;
    list_variable(loader, variable);
    if (loader->n_unlisted > 0 || faults->len + needed > FAULTS_BYTES) {
        loader->n_unlisted++;
        return;
    }
    buf_append_str(faults, separator);
    if (!named) {
        buf_append_str(faults, variable);
        buf_append_str(faults, ": ");
    }
    buf_append(faults, text);
}

void config_fault(struct config_loader *loader, const char *variable, const char *format, ...) {
    char text[FAULT_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    note_fault(loader, variable, view_of(text));
}

void config_fault_of(struct config_loader *loader, const char *variable, const struct err *err) {
    if (err->code == ERR_OUT_OF_MEMORY) {
        loader->out_of_memory = true;
    } else {
        note_fault(loader, variable, view_slice(view_of(err->message), 0, FAULT_BYTES));
    }
}

struct view config_shown(struct view value) {
    return view_slice(value, 0, CONFIG_SHOWN_BYTES);
}

struct view config_copy(struct config_loader *loader, struct view value) {
    struct view copy = arena_copy(loader->arena, value);
    if (copy.data == NULL) {
        loader->out_of_memory = true;
    }
    return copy;
}

/* ---- all variables, in the order in which they are read ---- */

#define VARIABLE(variable_name, parser, member)                                                    \
    { .name = (variable_name), .parse = (parser), .offset = offsetof(struct config, member) }
#define REQUIRED(variable_name, parser, member)                                                    \
    {                                                                                              \
        .name = (variable_name), .parse = (parser), .offset = offsetof(struct config, member),     \
        .required = true                                                                           \
    }

static const struct config_variable variables[] = {
    REQUIRED("PROJECT_NAME", config_parse_name, project),
    REQUIRED("PROJECT_ENV", config_parse_name, env),
    VARIABLE("AWS_DEFAULT_REGION", config_parse_region, region),
    VARIABLE("AWS_REGION", config_parse_region, region), /* wins */
    VARIABLE("AWS_ACCOUNT_ID", config_parse_account, own_account),
    VARIABLE("ECS_CLUSTER_NAME", config_parse_cluster, cluster),
    VARIABLE("ECR_STRATEGY", config_parse_strategy, ecr_strategy),
    VARIABLE("ECR_ACCOUNT_ID", config_parse_account, ecr_account_id),
    VARIABLE("ECR_ACCOUNT_REGION", config_parse_region, ecr_region),
    VARIABLE("ECR_ROLE_ARN", config_parse_role, ecr_role_arn),
    VARIABLE("DEPLOY_TAGS", config_parse_tags, deploy_tags),
    VARIABLE("AUTO_DEPLOY_TAGS", config_parse_tags, auto_deploy_tags),
    VARIABLE("ALLOWED_ACCOUNTS", config_parse_accounts, allowed_accounts),
    VARIABLE("TASK_DEFINITION_BASE", config_parse_base, base),
    VARIABLE("IMAGE_REFERENCE", config_parse_image_reference, image_reference),
    VARIABLE("ENABLE_ECR_MONITORING", config_parse_bool, enable_ecr),
    VARIABLE("ENABLE_SSM_MONITORING", config_parse_bool, enable_ssm),
    VARIABLE("ENABLE_S3_MONITORING", config_parse_bool, enable_s3),
    VARIABLE("ENABLE_MANUAL_DEPLOY", config_parse_bool, enable_manual),
    VARIABLE("DRY_RUN", config_parse_bool, dry_run),
    VARIABLE("SLACK_WEBHOOK_URL", config_parse_webhook, has_slack_webhook),
    VARIABLE("SLACK_WEBHOOK_PARAMETER", config_parse_parameter, slack_webhook_parameter),
    VARIABLE("SNS_TOPIC_ARN", config_parse_topic, sns_topic_arn),
    VARIABLE("NOTIFY_EVENT_BUS", config_parse_event_bus, notify_event_bus),
    VARIABLE("EVENT_BUS", config_parse_event_bus_but_default, event_bus),
    VARIABLE("ECS_SERVICE_MAP", config_parse_service_map, services),
    VARIABLE("S3_SERVICE_MAP", config_parse_env_files, env_files),
    {.name = "LOG_LEVEL"}, /* main's: the log is there before the configuration */
    {.name = "DEPLOYMENT_TIMEOUT_SECONDS"},
    {.name = "MAX_DEPLOYMENT_RETRIES"},
    {.name = "SERVICE_CONFIG"},
};

const char *config_variable_name(size_t number) {
    return number < sizeof(variables) / sizeof(variables[0]) ? variables[number].name : NULL;
}

static void read_variables(struct config_loader *loader) {
    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
        const struct config_variable *variable = &variables[i];
        struct view value = view_trim(environment_get(loader->env, variable->name));
        if (value.len > 0 && variable->parse != NULL) {
            variable->parse(loader, variable, value);
        } else if (value.len == 0 && variable->required) {
            config_fault(loader, variable->name,
                         "not set: expected 1 to 64 letters, digits, '-' "
                         "and '_'");
        }
    }
}

/* ---- what depends on several ---- */

static bool is_given(const struct config_loader *loader, const char *variable) {
    return view_trim(environment_get(loader->env, variable)).len > 0;
}

static void settle_region(struct config_loader *loader) {
    if (!is_given(loader, "AWS_REGION") && !is_given(loader, "AWS_DEFAULT_REGION")) {
        config_fault(loader, "AWS_REGION", "not set: expected a region like 'eu-west-1'");
    }
}

/* What is refused beside ECR_STRATEGY local: it would name a registry that is not read. */
static void fault_of_local(struct config_loader *loader, const char *variable, struct view value,
                           const char *what, struct view own) {
    config_fault(loader, variable,
                 "'" VIEW_FMT "' is not this %s, '" VIEW_FMT
                 "', while ECR_STRATEGY is 'local': expected ECR_STRATEGY 'cross_account', or no "
                 "value here",
                 VIEW_ARG(value), what, VIEW_ARG(own));
}

/* Lambda does not say in the environment whose account it is: without AWS_ACCOUNT_ID the one that
 * is given is taken for it, and handler.c compares it with the function's ARN. What is empty here
 * was not given, or is a fault already. */
static void settle_local_registry(struct config_loader *loader) {
    struct config *config = loader->config;
    struct view account = config->ecr_account_id;
    struct view own = config->own_account;
    if (account.len > 0 && own.len > 0 && !view_equal(account, own)) {
        fault_of_local(loader, "ECR_ACCOUNT_ID", account, "account", own);
    }
    if (config->ecr_region.len > 0 && config->region.len > 0 &&
        !view_equal(config->ecr_region, config->region)) {
        fault_of_local(loader, "ECR_ACCOUNT_REGION", config->ecr_region, "region", config->region);
    }
    config->ecr_region = config->region;
}

static void settle_registry(struct config_loader *loader) {
    struct view strategy = view_trim(environment_get(loader->env, "ECR_STRATEGY"));
    if (loader->config->ecr_strategy == ECR_LOCAL) {
        if (strategy.len == 0 || view_equal(strategy, VIEW("local"))) {
            settle_local_registry(loader);
        }
        return; /* else a fault already */
    }
    if (!is_given(loader, "ECR_ACCOUNT_ID")) {
        config_fault(loader, "ECR_ACCOUNT_ID",
                     "not set: expected 12 digits, as ECR_STRATEGY is 'cross_account'");
    }
    if (!is_given(loader, "ECR_ACCOUNT_REGION")) {
        config_fault(loader, "ECR_ACCOUNT_REGION",
                     "not set: expected a region, as ECR_STRATEGY is 'cross_account'");
    }
}

static void settle_tags(struct config_loader *loader) {
    struct config *config = loader->config;
    const struct config_variable deploy = VARIABLE("DEPLOY_TAGS", config_parse_tags, deploy_tags);
    const struct config_variable automatic =
        VARIABLE("AUTO_DEPLOY_TAGS", config_parse_tags, auto_deploy_tags);
    if (!is_given(loader, deploy.name)) {
        config_parse_tags(loader, &deploy, config->is_prod ? VIEW(PROD_DEPLOY_TAGS) : VIEW("*"));
    }
    if (!is_given(loader, automatic.name) && !config->is_prod) {
        config_parse_tags(loader, &automatic, VIEW("latest"));
    }
    config->deploy_tags.latest_by_name = config->is_prod;
    for (size_t i = 0; i < config->n_services; i++) {
        config->services[i].deploy_tags.latest_by_name = config->is_prod;
    }
}

static void settle(struct config_loader *loader) {
    struct config *config = loader->config;
    config->is_prod = view_equal_nocase(config->env, VIEW("prod")) ||
                      view_equal_nocase(config->env, VIEW("production"));
    settle_region(loader);
    settle_registry(loader);
    settle_tags(loader);
    if (is_given(loader, "SLACK_WEBHOOK_URL") && is_given(loader, "SLACK_WEBHOOK_PARAMETER")) {
        config_fault(loader, "SLACK_WEBHOOK_PARAMETER",
                     "set beside SLACK_WEBHOOK_URL: expected only one of them");
    }
    if (config->cluster.len == 0) {
        config->cluster = arena_printf(loader->arena, VIEW_FMT "_cluster_" VIEW_FMT,
                                       VIEW_ARG(config->project), VIEW_ARG(config->env));
        loader->out_of_memory |= config->cluster.data == NULL;
    }
    if (!loader->out_of_memory && !is_listed(&loader->variables, VIEW("ECS_SERVICE_MAP"))) {
        config_check_services(loader);
    }
}

static int conclude(const struct config_loader *loader, struct err *err) {
    if (loader->out_of_memory || loader->faults.failed || loader->variables.failed) {
        return err_out_of_memory(err, "the configuration");
    }
    if (loader->faults.len == 0) {
        return 0;
    }
    if (loader->n_unlisted > 0) {
        err_set(err, ERR_CONFIG_INVALID, "configuration is invalid: %s; and %zu more",
                buf_cstr(&loader->faults), loader->n_unlisted);
    } else {
        err_set(err, ERR_CONFIG_INVALID, "configuration is invalid: %s", buf_cstr(&loader->faults));
    }
    err_remedy(err, "correct in the function's environment variables: %s",
               buf_cstr(&loader->variables));
    return -1;
}

int config_load(const struct environment *env, struct arena *arena, struct config *ret_config,
                struct err *err) {
    struct config config = {
        .enable_ecr = true,
        .enable_ssm = true,
        .enable_s3 = true,
        .enable_manual = true,
    };
    struct config_loader loader = {
        .env = env,
        .arena = arena,
        .config = &config,
        .faults = BUF_INIT(ERR_MESSAGE_BYTES),
        .variables = BUF_INIT(ERR_REMEDY_BYTES),
    };
    read_variables(&loader);
    settle(&loader);
    int status = conclude(&loader, err);
    buf_release(&loader.faults);
    buf_release(&loader.variables);
    if (status == 0) {
        *ret_config = config;
    }
    return status;
}
