#include "cli/settings/migrate_plan.h"

#include "handlers/deploy/image.h"

#include <stdlib.h>
#include <string.h>

#define TRUSTED_MEMBERS 3

static const struct yaml_value *root_member(const struct migrate_plan *plan, const char *name) {
    return yaml_get_merged(plan->settings->root, name);
}

/* A key without a value: nothing can be added under its name, and it says nothing. */
static int refuse_without_value(struct migrate_plan *plan, const struct yaml_value *value,
                                const char *name) {
    return migrate_refuse(plan, value, "write its value, or take the line out",
                          "'%s' is there without a value", name);
}

static struct addition text_member(const char *name, struct view text) {
    return (struct addition){name, {.kind = YAML_SCALAR, .text = text}};
}

/* --- 7 --- */

/* What comes later depends on it. */
int migrate_check_strategy(struct migrate_plan *plan) {
    const struct yaml_value *strategy = root_member(plan, "ecr_strategy");
    struct view text = plan->settings->ecr_strategy.text;
    if (!strategy || view_equal(text, VIEW("local")) || view_equal(text, VIEW("cross_account"))) {
        return 0;
    }
    return yaml_is_null(strategy)
               ? refuse_without_value(plan, strategy, "ecr_strategy")
               : migrate_refuse(plan, strategy, "write 'local' or 'cross_account'",
                                "ecr_strategy is neither 'local' nor 'cross_account'");
}

int migrate_to_7(struct migrate_plan *plan) {
    const struct settings *settings = plan->settings;
    if (root_member(plan, "ecr_strategy")) {
        return 0;
    }
    bool is_dev = view_equal(settings->env.text, VIEW("dev"));
    bool is_local = settings_strategy(settings) == ECR_LOCAL;
    plan->root[plan->n_root++] =
        text_member("ecr_strategy", is_local ? VIEW("local") : VIEW("cross_account"));
    return migrate_say(plan, false, "ecr_strategy: %s, as %s", is_local ? "local" : "cross_account",
                       is_dev     ? "env is dev"
                       : is_local ? "ecr_account_id is not set"
                                  : "ecr_account_id is set");
}

/* --- 8 --- */

static bool is_equal_or_unknown(struct view a, struct view b) {
    return a.len == 0 || b.len == 0 || view_equal(a, b);
}

static bool is_registry(const struct settings *settings) {
    return settings_strategy(settings) == ECR_LOCAL && settings->account_id.text.len > 0;
}

/* Whether the other environment pulls from this one's registry, and is another account's. */
static bool pulls_from(const struct settings *other, const struct settings *settings) {
    return other->root && settings_strategy(other) == ECR_CROSS_ACCOUNT &&
           other->ecr_account_id.text.len > 0 &&
           view_equal(other->ecr_account_id.text, settings->account_id.text) &&
           is_equal_or_unknown(other->ecr_account_region.text, settings->region.text) &&
           !view_equal(other->account_id.text, settings->account_id.text);
}

static bool is_listed(const struct addition_value *list, const struct settings *other) {
    for (size_t i = 0; i < list->n; i++) {
        const struct addition *members = list->items[i].members;
        if (view_equal(members[0].value.text, other->account_id.text) &&
            view_equal(members[1].value.text, other->env.text)) {
            return true;
        }
    }
    return false;
}

static int trust(struct migrate_plan *plan, const struct settings *other,
                 struct addition_value *list) {
    if (other->account_id.text.len == 0) {
        return migrate_say(plan, true,
                           "%s pulls from here and has no account_id: add its account to "
                           "ecr_trusted_accounts by hand",
                           other->file);
    }
    if (is_listed(list, other)) {
        return 0;
    }
    struct addition *members = ARENA_ARRAY(plan->arena, TRUSTED_MEMBERS, struct addition);
    if (!members) {
        return err_out_of_memory(plan->err, "migration");
    }
    struct addition_value *entry = &list->items[list->n++];
    *entry = (struct addition_value){.kind = YAML_MAPPING, .members = members, .n = 2};
    members[0] = text_member("account_id", other->account_id.text);
    members[1] = text_member("env", other->env.text);
    if (other->region.text.len > 0) {
        members[entry->n++] = text_member("region", other->region.text);
    }
    struct view account = migrate_shown(other->account_id.text);
    return migrate_say(plan, false,
                       "ecr_trusted_accounts: '" VIEW_FMT "' of %s, which pulls from here",
                       VIEW_ARG(account), other->file);
}

static bool is_trusted_already(const struct settings *settings, const struct settings *other) {
    for (size_t i = 0; i < settings->n_trusted; i++) {
        if (view_equal(settings->trusted[i].account_id.text, other->account_id.text)) {
            return true;
        }
    }
    return false;
}

/* A list that is there is somebody's decision: what it lacks is told. */
static int judge_list(struct migrate_plan *plan) {
    const struct settings *settings = plan->settings;
    for (size_t i = 0; is_registry(settings) && i < plan->n_all; i++) {
        const struct settings *other = &plan->all[i];
        if (pulls_from(other, settings) && !is_trusted_already(settings, other) &&
            migrate_say(plan, true,
                        "%s pulls from here and is not in ecr_trusted_accounts: add its account "
                        "by hand",
                        other->file) < 0) {
            return -1;
        }
    }
    return 0;
}

int migrate_to_8(struct migrate_plan *plan) {
    const struct settings *settings = plan->settings;
    struct addition_value list = {.kind = YAML_SEQUENCE};
    if (root_member(plan, "ecr_trusted_accounts")) {
        return judge_list(plan);
    }
    list.items = ARENA_ARRAY(plan->arena, plan->n_all, struct addition_value);
    if (!list.items) {
        return err_out_of_memory(plan->err, "migration");
    }
    for (size_t i = 0; is_registry(settings) && i < plan->n_all; i++) {
        if (pulls_from(&plan->all[i], settings) && trust(plan, &plan->all[i], &list) < 0) {
            return -1;
        }
    }
    plan->root[plan->n_root++] = (struct addition){"ecr_trusted_accounts", list};
    return list.n > 0 ? 0 : migrate_say(plan, false, "ecr_trusted_accounts: empty");
}

/* --- 9 --- */

int migrate_to_9(struct migrate_plan *plan) {
    static const char *const members[] = {"custom_domain", "enable_root_domain"};
    const struct yaml_value *apps = root_member(plan, "amplify_apps");
    for (size_t i = 0; apps && apps->kind == YAML_SEQUENCE && i < apps->n; i++) {
        for (size_t k = 0; k < sizeof(members) / sizeof(members[0]); k++) {
            const struct yaml_value *value = yaml_get_merged(&apps->items[i], members[k]);
            if (value) {
                return migrate_refuse(plan, value,
                                      "replace it by 'subdomain_prefix', then migrate again",
                                      "'%s' of 'amplify_apps' is of schema 8, and schema 9 "
                                      "replaces it",
                                      members[k]);
            }
        }
    }
    return 0;
}

/* --- 10 --- */

static const struct yaml_value *ecr_config_of(const struct workload *workload) {
    return yaml_get_merged(workload->value, "ecr_config");
}

int64_t migrate_version_by_members(const struct settings *settings) {
    if (!yaml_get_merged(settings->root, "ecr_strategy")) {
        return 6;
    }
    if (!yaml_get_merged(settings->root, "ecr_trusted_accounts")) {
        return 7;
    }
    for (size_t i = 0; i < settings->n_workloads; i++) {
        if (!ecr_config_of(&settings->workloads[i])) {
            return 8;
        }
    }
    return SETTINGS_VERSION_NEWEST;
}

/* What is not read cannot get an ecr_config, and would be without one for ever after. */
static int check_lists(struct migrate_plan *plan) {
    for (int kind = 0; kind < N_WORKLOAD_KINDS; kind++) {
        const char *name = workload_list_name((enum workload_kind)kind);
        const struct yaml_value *list = root_member(plan, name);
        if (yaml_is_null(list)) {
            continue;
        }
        if (list->kind != YAML_SEQUENCE) {
            return migrate_refuse(plan, list, "write a list of items, each with a 'name'",
                                  "'%s' is no list", name);
        }
        if (list->n > SETTINGS_MAX_ITEMS) {
            return migrate_refuse(plan, &list->items[SETTINGS_MAX_ITEMS], "write a smaller file",
                                  "'%s' has more than %d items", name, SETTINGS_MAX_ITEMS);
        }
        for (size_t i = 0; i < list->n; i++) {
            if (list->items[i].kind != YAML_MAPPING) {
                return migrate_refuse(plan, &list->items[i],
                                      "write an item with members, such as 'name', or take it out",
                                      "an item of '%s' has no members", name);
            }
        }
    }
    return 0;
}

/* "host/name" of an image's or a repository's address that the item itself has; empty: none. */
static struct view address_of(const struct workload *workload, bool *ret_is_image) {
    static const char *const members[] = {"repository_uri", "docker_image"};
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        const struct yaml_value *value = yaml_get_merged(workload->value, members[i]);
        struct image_reference reference;
        *ret_is_image = i == 1;
        if (!value || value->kind != YAML_SCALAR || yaml_is_null(value) || value->text.len == 0) {
            continue;
        }
        if (image_reference_parse(value->text, &reference) && reference.is_ecr) {
            return reference.base;
        }
        if (!*ret_is_image) {
            return value->text; /* not to be understood, and not to be lost */
        }
    }
    return (struct view){0};
}

/* The registry has to be said in full: a repository that is guessed gives a wrong image. */
static int check_registry(struct migrate_plan *plan, const struct workload *workload) {
    const struct settings *settings = plan->settings;
    const char *list = workload_list_name(workload->kind);
    if (settings->ecr_account_id.text.len == 0 || settings->ecr_account_region.text.len == 0) {
        const char *missing =
            settings->ecr_account_id.text.len == 0 ? "ecr_account_id" : "ecr_account_region";
        return migrate_refuse(plan, workload->value, "set it, then migrate again",
                              "'%s' is not set, and the images of '%s' are in that registry",
                              missing, list);
    }
    if (settings->project.text.len == 0) {
        return migrate_refuse(plan, workload->value, "set it, then migrate again",
                              "'project' is not set, and the repositories of '%s' begin with it",
                              list);
    }
    if (workload->name.text.len == 0) {
        return migrate_refuse(plan, workload->value, "give it a name, then migrate again",
                              "an item of '%s' has no 'name', and its repository ends with it",
                              list);
    }
    return 0;
}

/* The address of the repository that is to be written; empty: create_ecr. */
static int find_uri(struct migrate_plan *plan, const struct workload *workload,
                    struct view *ret_uri) {
    struct settings_repository by_convention;
    bool is_image;
    bool is_local = settings_strategy(plan->settings) == ECR_LOCAL;
    struct view address = address_of(workload, &is_image);
    *ret_uri = address;
    if (address.len == 0 && is_local) {
        return 0;
    }
    if (address.len == 0 && check_registry(plan, workload) < 0) {
        return -1;
    }
    if (settings_repository(plan->settings, workload, plan->arena, &by_convention, plan->err) < 0) {
        return -1;
    }
    if (address.len == 0) {
        *ret_uri = by_convention.uri;
    } else if (is_local && view_equal(address, by_convention.uri)) {
        *ret_uri = (struct view){0};
    }
    return 0;
}

/* "services 'api': create_ecr" */
static int say_item(struct migrate_plan *plan, const struct workload *workload, struct view uri) {
    struct view name = migrate_shown(workload->name.text);
    struct view shown = name.len > 0
                            ? arena_printf(plan->arena, "'" VIEW_FMT "'", VIEW_ARG(name))
                            : arena_printf(plan->arena, "in line %zu", workload->value->place.line);
    if (!shown.data) {
        return err_out_of_memory(plan->err, "migration");
    }
    const char *list = workload_list_name(workload->kind);
    if (uri.len == 0) {
        return migrate_say(plan, false, "%s " VIEW_FMT ": create_ecr", list, VIEW_ARG(shown));
    }
    uri = migrate_shown(uri);
    return migrate_say(plan, false, "%s " VIEW_FMT ": manual_repo, '" VIEW_FMT "'", list,
                       VIEW_ARG(shown), VIEW_ARG(uri));
}

static int plan_item(struct migrate_plan *plan, const struct workload *workload) {
    struct view uri;
    struct addition *added = ARENA_NEW(plan->arena, struct addition);
    struct addition *members = ARENA_ARRAY(plan->arena, 2, struct addition);
    if (!added || !members) {
        return err_out_of_memory(plan->err, "migration");
    }
    if (find_uri(plan, workload, &uri) < 0) {
        return -1;
    }
    members[0] = text_member("mode", uri.len > 0 ? VIEW("manual_repo") : VIEW("create_ecr"));
    members[1] = text_member("repository_uri", uri);
    *added = (struct addition){
        "ecr_config",
        {.kind = YAML_MAPPING, .members = members, .n = uri.len > 0 ? (size_t)2 : (size_t)1}};
    plan->items[plan->n_items++] =
        (struct mapping_change){.mapping = workload->value, .additions = added, .n = 1};
    return say_item(plan, workload, uri);
}

/* What is added to an item that stands for several has to be right for all of them. */
static int refuse_shared(struct migrate_plan *plan, const struct mapping_change *change) {
    return migrate_refuse(plan, change->mapping, "write the items out, without the alias",
                          "the item is used several times, and needs a repository of its own in "
                          "each place");
}

static struct view uri_of(const struct mapping_change *change) {
    return change->additions[0].value.members[1].value.text;
}

/* Each mapping once, where its anchor is. */
static int join_shared(struct migrate_plan *plan) {
    size_t n = 0;
    qsort(plan->items, plan->n_items, sizeof(*plan->items), mapping_change_compare);
    for (size_t i = 0; i < plan->n_items; i++) {
        struct mapping_change *change = &plan->items[i];
        if (n == 0 || mapping_change_compare(&plan->items[n - 1], change) != 0) {
            plan->items[n++] = *change;
        } else if (!view_equal(uri_of(&plan->items[n - 1]), uri_of(change))) {
            return refuse_shared(plan, change);
        } else if (!change->mapping->is_alias) {
            plan->items[n - 1] = *change;
        }
    }
    plan->n_items = n;
    return 0;
}

int migrate_to_10(struct migrate_plan *plan) {
    const struct settings *settings = plan->settings;
    if (check_lists(plan) < 0) {
        return -1;
    }
    for (size_t i = 0; i < settings->n_workloads; i++) {
        const struct yaml_value *config = ecr_config_of(&settings->workloads[i]);
        if (config && yaml_is_null(config)) {
            return refuse_without_value(plan, config, "ecr_config");
        }
        if (!config && plan_item(plan, &settings->workloads[i]) < 0) {
            return -1;
        }
    }
    return join_shared(plan);
}
