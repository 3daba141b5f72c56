/* The members on top of a file. */

#include "cli/settings/check_internal.h"
#include "handlers/deploy/image.h"
#include "handlers/deploy/target.h"
#include "runtime/aws/arn.h"

#define STRATEGY_VERSION 7 /* the schema that brought ecr_strategy */

static void need(const struct settings *settings, const struct setting *setting, const char *key,
                 const char *remedy, struct problems *problems) {
    if (setting->text.len == 0 &&
        (!setting->value || yaml_is_null(setting->value) || setting->value->kind == YAML_SCALAR)) {
        problems_add(problems, check_at(SEVERITY_ERROR, settings, setting->value), remedy,
                     "'%s' is missing", key);
    }
}

static void check_identity(const struct settings *settings, struct problems *problems) {
    need(settings, &settings->project, "project", "write the project's name: project: myproject",
         problems);
    need(settings, &settings->env, "env", "write the environment's name: env: dev", problems);
    need(settings, &settings->region, "region", "write the region: region: us-east-1", problems);
    check_name(settings, &settings->env, "env", problems);
    check_region(settings, &settings->region, "region", problems);
    check_account(settings, &settings->account_id, "account_id", problems);
    if (!check_name(settings, &settings->project, "project", problems)) {
        return;
    }
    struct view repository = target_conventional_repository(settings->project.text, TARGET_SERVICE,
                                                            VIEW("backend"), problems->arena);
    if (!repository.data) {
        problems->out_of_memory = true;
    } else if (!image_repository_is_valid(repository)) {
        problems_add(problems, check_at(SEVERITY_ERROR, settings, settings->project.value),
                     "use lower-case letters and digits, with '-' or '_' between them",
                     "project: ECR refuses the repository's name '" VIEW_FMT "'",
                     VIEW_ARG(repository));
    }
}

static void check_version(const struct settings *settings, struct problems *problems) {
    const struct setting *version = &settings->schema_version;
    struct view shown = check_shown(version->text);
    if (version->text.len == 0 ||
        (settings->version > 0 && settings->version <= SETTINGS_VERSION_KNOWN)) {
        return;
    }
    problems_add(problems, check_at(SEVERITY_ERROR, settings, version->value),
                 settings->version > 0 ? "use a newer slipway, or write the file as one it knows"
                                       : "write a number, or take it out",
                 "schema_version: '" VIEW_FMT "' is not known; expected 1 to %d", VIEW_ARG(shown),
                 SETTINGS_VERSION_KNOWN);
}

/* --- the strategy --- */

/* Migrating adds the member to a file of before schema 7, and touches none that is there. */
static void complain_of_no_strategy(const struct settings *settings, struct problems *problems) {
    const struct yaml_value *value = settings->ecr_strategy.value;
    if (value && value->kind != YAML_SCALAR) {
        return; /* told already */
    }
    problems_add(problems, check_at(SEVERITY_WARNING, settings, value),
                 "run slipway config migrate, which writes it",
                 "'ecr_strategy' is missing, and taken for '%s'", settings_strategy_name(settings));
    if (value || settings->version >= STRATEGY_VERSION) {
        problems_remedy(problems, "write ecr_strategy: \"%s\"", settings_strategy_name(settings));
    }
}

static void check_strategy(const struct settings *settings, struct problems *problems) {
    const struct setting *strategy = &settings->ecr_strategy;
    struct view shown = check_shown(strategy->text);
    if (strategy->text.len == 0) {
        complain_of_no_strategy(settings, problems);
        return;
    }
    if (!view_equal(strategy->text, view_of(settings_strategy_name(settings)))) {
        problems_add(problems, check_at(SEVERITY_ERROR, settings, strategy->value),
                     "write \"local\" or \"cross_account\"",
                     "ecr_strategy: '" VIEW_FMT "' is none; expected local or cross_account",
                     VIEW_ARG(shown));
    }
}

static void check_local(const struct settings *settings, struct problems *problems) {
    const struct setting *account = &settings->ecr_account_id;
    if (account->text.len > 0 && !view_equal(account->text, settings->account_id.text)) {
        struct view shown = check_shown(account->text);
        problems_add(problems, check_at(SEVERITY_WARNING, settings, account->value),
                     "take it out, or write ecr_strategy: cross_account",
                     "ecr_account_id: '" VIEW_FMT "' has no effect while the strategy is local",
                     VIEW_ARG(shown));
    }
}

static void need_of_cross_account(const struct settings *settings, const struct setting *setting,
                                  const char *key, const char *remedy, struct problems *problems) {
    const struct yaml_value *at = setting->value ? setting->value : settings->ecr_strategy.value;
    if (setting->text.len == 0) {
        problems_add(problems, check_at(SEVERITY_ERROR, settings, at), remedy,
                     "cross_account without %s: no ECR repository is found", key);
    }
}

static void check_cross_account(const struct settings *settings, struct problems *problems) {
    need_of_cross_account(settings, &settings->ecr_account_id, "ecr_account_id",
                          "write the account whose registry it is: ecr_account_id: "
                          "\"111111111111\"",
                          problems);
    need_of_cross_account(settings, &settings->ecr_account_region, "ecr_account_region",
                          "write that registry's region: ecr_account_region: \"us-east-1\"",
                          problems);
    check_partition(settings, &settings->ecr_account_region, settings->region.text,
                    "ecr_account_region", problems);
    if (settings->n_trusted > 0) {
        problems_add(problems, check_at(SEVERITY_WARNING, settings, settings->trusted_list),
                     "write it into the file of the environment that has the registry",
                     "ecr_trusted_accounts has no effect while the strategy is cross_account");
    }
}

/* --- trusted accounts --- */

static void check_trusted(const struct settings *settings, size_t i, struct problems *problems) {
    const struct trusted_account *trusted = &settings->trusted[i];
    if (trusted->account_id.text.len == 0) {
        problems_add(problems, check_at(SEVERITY_ERROR, settings, trusted->value),
                     "write the account that may pull: account_id: \"222222222222\"",
                     "ecr_trusted_accounts: an item without account_id");
    }
    check_account(settings, &trusted->account_id, "ecr_trusted_accounts: account_id", problems);
    if (check_region(settings, &trusted->region, "ecr_trusted_accounts: region", problems)) {
        check_partition(settings, &trusted->region, settings->region.text, "the trusted account",
                        problems);
    }
    for (size_t k = 0; k < i; k++) {
        const struct trusted_account *other = &settings->trusted[k];
        if (trusted->account_id.text.len > 0 &&
            view_equal(trusted->account_id.text, other->account_id.text) &&
            view_equal(trusted->env.text, other->env.text)) {
            struct view shown = check_shown(trusted->account_id.text);
            problems_add(problems, check_at(SEVERITY_WARNING, settings, trusted->value),
                         "take one of them out",
                         "ecr_trusted_accounts has '" VIEW_FMT "' twice, first in line %zu",
                         VIEW_ARG(shown), other->value->place.line);
            return;
        }
    }
}

void check_members(const struct settings *settings, struct problems *problems) {
    check_version(settings, problems);
    check_identity(settings, problems);
    check_strategy(settings, problems);
    check_account(settings, &settings->ecr_account_id, "ecr_account_id", problems);
    check_region(settings, &settings->ecr_account_region, "ecr_account_region", problems);
    if (settings_strategy(settings) == ECR_LOCAL) {
        check_local(settings, problems);
    } else {
        check_cross_account(settings, problems);
    }
    for (size_t i = 0; i < settings->n_trusted; i++) {
        check_trusted(settings, i, problems);
    }
}
