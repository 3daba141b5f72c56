#include "handlers/config_load.h"
#include "runtime/aws/arn.h"
#include "runtime/base/ascii.h"

#define NAME_BYTES 64
#define ECS_NAME_BYTES 255
#define SSM_NAME_BYTES 1011
#define EVENT_BUS_NAME_BYTES 256
#define WEBHOOK_BYTES 2048

/* ---- grammars ---- */

static bool has_only(struct view v, struct view also) {
    for (size_t i = 0; i < v.len; i++) {
        if (!ascii_is_alphanumeric(v.data[i]) && !view_contains_char(also, v.data[i])) {
            return false;
        }
    }
    return true;
}

bool config_name_is_valid(struct view name) {
    return name.len >= 1 && name.len <= NAME_BYTES && ascii_is_alphanumeric(name.data[0]) &&
           has_only(name, VIEW("_-"));
}

bool config_ecs_name_is_valid(struct view name) {
    return name.len >= 1 && name.len <= ECS_NAME_BYTES && has_only(name, VIEW("_-"));
}

/* An ARN of `service` whose resource begins with `kind`; *ret_name is what follows that. */
static bool is_arn_of(struct view text, struct view service, struct view kind, struct arn *ret_arn,
                      struct view *ret_name) {
    if (!arn_parse(text, ret_arn) || !view_equal(ret_arn->service, service) ||
        !view_starts_with(ret_arn->resource, kind)) {
        return false;
    }
    *ret_name = view_slice(ret_arn->resource, kind.len, text.len);
    return ret_name->len > 0;
}

bool config_cluster_is_valid(struct view cluster, struct view region) {
    struct arn arn;
    struct view name;
    if (!view_starts_with(cluster, VIEW("arn:"))) {
        return config_ecs_name_is_valid(cluster);
    }
    return is_arn_of(cluster, VIEW("ecs"), VIEW("cluster/"), &arn, &name) &&
           config_ecs_name_is_valid(name) && (region.len == 0 || view_equal(arn.region, region));
}

const char *target_kind_name(enum target_kind kind) {
    switch (kind) {
    case TARGET_SERVICE:
        return "service";
    case TARGET_TASK:
        return "task";
    case TARGET_LAMBDA:
        return "lambda";
    }
    return "";
}

/* ---- one variable ---- */

static void *destination(struct config_loader *loader, const struct config_variable *variable) {
    return (char *)loader->config + variable->offset;
}

static void store(struct config_loader *loader, const struct config_variable *variable,
                  struct view value) {
    struct view *view = destination(loader, variable);
    *view = config_copy(loader, value);
}

void config_parse_name(struct config_loader *loader, const struct config_variable *variable,
                       struct view value) {
    if (config_name_is_valid(value)) {
        store(loader, variable, value);
    } else {
        config_fault(loader, variable->name,
                     "'" VIEW_FMT "': expected 1 to 64 letters, digits, '-' and '_', the first of "
                     "them a letter or digit",
                     VIEW_ARG(config_shown(value)));
    }
}

void config_parse_region(struct config_loader *loader, const struct config_variable *variable,
                         struct view value) {
    if (arn_is_region(value)) {
        store(loader, variable, value);
    } else {
        config_fault(loader, variable->name, "'" VIEW_FMT "': expected a region like 'eu-west-1'",
                     VIEW_ARG(config_shown(value)));
    }
}

void config_parse_account(struct config_loader *loader, const struct config_variable *variable,
                          struct view value) {
    if (arn_is_account_id(value)) {
        store(loader, variable, value);
    } else {
        config_fault(loader, variable->name, "'" VIEW_FMT "': expected 12 digits",
                     VIEW_ARG(config_shown(value)));
    }
}

void config_parse_accounts(struct config_loader *loader, const struct config_variable *variable,
                           struct view value) {
    struct view rest = config_copy(loader, value), account;
    size_t n = 1;
    for (size_t i = 0; i < value.len; i++) {
        n += value.data[i] == ',';
    }
    struct view *accounts = ARENA_ARRAY(loader->arena, n, struct view);
    if (accounts == NULL || rest.data == NULL) {
        loader->out_of_memory = true;
        return;
    }
    const char *start = rest.data;
    loader->config->allowed_accounts = accounts;
    for (size_t i = 0; i < n; i++) {
        account = rest;
        if (!view_cut(rest, ',', &account, &rest)) {
            rest = (struct view){0};
        }
        account = view_trim(account);
        size_t offset = (size_t)(account.data - start);
        if (!arn_is_account_id(account)) {
            config_fault(loader, variable->name,
                         "'" VIEW_FMT "' at byte %zu: expected 12 digits, and commas in between",
                         VIEW_ARG(config_shown(account)), offset);
            return;
        }
        accounts[loader->config->n_allowed_accounts++] = account;
    }
}

void config_parse_bool(struct config_loader *loader, const struct config_variable *variable,
                       struct view value) {
    static const char *const yes[] = {"true", "1", "yes", "on", "enabled"};
    static const char *const no[] = {"false", "0", "no", "off", "disabled"};
    bool *flag = destination(loader, variable);
    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
        if (view_equal_nocase(value, view_of(yes[i])) || view_equal_nocase(value, view_of(no[i]))) {
            *flag = view_equal_nocase(value, view_of(yes[i]));
            return;
        }
    }
    config_fault(loader, variable->name,
                 "'" VIEW_FMT
                 "': expected true, 1, yes, on, enabled, false, 0, no, off or disabled",
                 VIEW_ARG(config_shown(value)));
}

/* The index of the value in a pair of words, or -1 with the fault noted. */
static int choose(struct config_loader *loader, const struct config_variable *variable,
                  struct view value, const char *first, const char *second) {
    if (view_equal(value, view_of(first))) {
        return 0;
    }
    if (view_equal(value, view_of(second))) {
        return 1;
    }
    config_fault(loader, variable->name, "'" VIEW_FMT "': expected '%s' or '%s'",
                 VIEW_ARG(config_shown(value)), first, second);
    return -1;
}

void config_parse_strategy(struct config_loader *loader, const struct config_variable *variable,
                           struct view value) {
    if (choose(loader, variable, value, "local", "cross_account") == 1) {
        loader->config->ecr_strategy = ECR_CROSS_ACCOUNT;
    }
}

void config_parse_base(struct config_loader *loader, const struct config_variable *variable,
                       struct view value) {
    if (choose(loader, variable, value, "latest", "running") == 1) {
        loader->config->base = BASE_RUNNING;
    }
}

void config_parse_image_reference(struct config_loader *loader,
                                  const struct config_variable *variable, struct view value) {
    if (choose(loader, variable, value, "digest", "tag") == 1) {
        loader->config->image_reference = IMAGE_BY_TAG;
    }
}

void config_parse_tags(struct config_loader *loader, const struct config_variable *variable,
                       struct view value) {
    struct err err;
    err_init(&err);
    if (tag_policy_parse(value, loader->arena, destination(loader, variable), &err) != 0) {
        config_fault_of(loader, variable->name, &err);
    }
}

void config_parse_role(struct config_loader *loader, const struct config_variable *variable,
                       struct view value) {
    struct arn arn;
    struct view name;
    if (is_arn_of(value, VIEW("iam"), VIEW("role/"), &arn, &name) &&
        arn_is_account_id(arn.account)) {
        store(loader, variable, value);
    } else {
        config_fault(loader, variable->name,
                     "'" VIEW_FMT "': expected the ARN of a role, 'arn:aws:iam::<account>:role/…'",
                     VIEW_ARG(config_shown(value)));
    }
}

bool config_webhook_is_valid(struct view address) {
    bool clean = address.len <= WEBHOOK_BYTES;
    for (size_t i = 0; i < address.len; i++) {
        clean = clean && address.data[i] > ' ' && address.data[i] < 127;
    }
    return clean && (view_starts_with(address, VIEW("https://")) ||
                     view_starts_with(address, VIEW("http://127.0.0.1:")) ||
                     view_starts_with(address, VIEW("http://localhost:")));
}

/* The address is a secret: it is checked, never shown, and not kept. */
void config_parse_webhook(struct config_loader *loader, const struct config_variable *variable,
                          struct view value) {
    if (config_webhook_is_valid(value)) {
        loader->config->has_slack_webhook = true;
    } else {
        config_fault(loader, variable->name, "expected an address that begins with 'https://'");
    }
}

void config_parse_parameter(struct config_loader *loader, const struct config_variable *variable,
                            struct view value) {
    struct arn arn;
    struct view name;
    bool valid = view_starts_with(value, VIEW("arn:"))
                     ? is_arn_of(value, VIEW("ssm"), VIEW("parameter/"), &arn, &name)
                     : value.len <= SSM_NAME_BYTES && has_only(value, VIEW("_.-/"));
    if (valid) {
        store(loader, variable, value);
    } else {
        config_fault(loader, variable->name,
                     "'" VIEW_FMT "': expected the name or the ARN of an SSM parameter",
                     VIEW_ARG(config_shown(value)));
    }
}

void config_parse_topic(struct config_loader *loader, const struct config_variable *variable,
                        struct view value) {
    struct arn arn;
    struct view name;
    if (is_arn_of(value, VIEW("sns"), VIEW(""), &arn, &name)) {
        store(loader, variable, value);
    } else {
        config_fault(loader, variable->name, "'" VIEW_FMT "': expected the ARN of an SNS topic",
                     VIEW_ARG(config_shown(value)));
    }
}

void config_parse_event_bus(struct config_loader *loader, const struct config_variable *variable,
                            struct view value) {
    struct arn arn;
    struct view name;
    bool valid = view_starts_with(value, VIEW("arn:"))
                     ? is_arn_of(value, VIEW("events"), VIEW("event-bus/"), &arn, &name) &&
                           has_only(value, VIEW(":/._-"))
                     : value.len <= EVENT_BUS_NAME_BYTES && has_only(value, VIEW("/._-"));
    if (valid) {
        store(loader, variable, value);
    } else {
        config_fault(loader, variable->name,
                     "'" VIEW_FMT "': expected the name or the ARN of an event bus",
                     VIEW_ARG(config_shown(value)));
    }
}

void config_parse_event_bus_but_default(struct config_loader *loader,
                                        const struct config_variable *variable, struct view value) {
    if (!view_equal(value, VIEW("default"))) {
        config_parse_event_bus(loader, variable, value);
    }
}

void config_parse_cluster(struct config_loader *loader, const struct config_variable *variable,
                          struct view value) {
    if (config_cluster_is_valid(value, loader->config->region)) {
        store(loader, variable, value);
    } else {
        config_fault(loader, variable->name,
                     "'" VIEW_FMT "': expected the name of a cluster, or its ARN in this region",
                     VIEW_ARG(config_shown(value)));
    }
}
