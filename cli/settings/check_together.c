/* What the files of several environments say about each other. A file that is not given is not
 * judged, and neither is one that does not say its account. */

#include "cli/settings/check_internal.h"
#include "handlers/deploy/image.h"
#include "runtime/aws/arn.h"

#define TRUST_VERSION 8 /* the schema that brought ecr_trusted_accounts */

struct files {
    const struct settings *items;
    size_t n;
    struct problems *problems;
};

static struct view name_of(const struct settings *settings) {
    return settings->env.text.len > 0 ? check_shown(settings->env.text) : view_of(settings->file);
}

/* --- the same project, another environment --- */

static void check_project(const struct files *files, size_t i) {
    const struct settings *settings = &files->items[i];
    for (size_t k = 0; k < i; k++) {
        const struct settings *other = &files->items[k];
        if (!other->root || other->project.text.len == 0 || settings->project.text.len == 0) {
            continue;
        }
        if (!view_equal(other->project.text, settings->project.text)) {
            struct view here = check_shown(settings->project.text);
            struct view there = check_shown(other->project.text);
            problems_add(files->problems,
                         check_at(SEVERITY_ERROR, settings, settings->project.value),
                         "check each project's files by themselves",
                         "project: '" VIEW_FMT "' here, '" VIEW_FMT "' in %s", VIEW_ARG(here),
                         VIEW_ARG(there), other->file);
        }
        return;
    }
}

static void check_env(const struct files *files, size_t i) {
    const struct settings *settings = &files->items[i];
    for (size_t k = 0; k < i; k++) {
        const struct settings *other = &files->items[k];
        if (other->root && settings->env.text.len > 0 &&
            view_equal(other->env.text, settings->env.text)) {
            struct view shown = check_shown(settings->env.text);
            problems_add(files->problems, check_at(SEVERITY_ERROR, settings, settings->env.value),
                         "give each environment a file and a name of its own",
                         "env: '" VIEW_FMT "' is that of %s, too (line %zu)", VIEW_ARG(shown),
                         other->file, other->env.value->place.line);
            return;
        }
    }
}

/* --- where a registry is --- */

/* How well a file fits as the one that has the registry. */
static int fitness(const struct settings *source, const struct settings *settings) {
    bool is_local = settings_strategy(source) == ECR_LOCAL;
    bool is_there = view_equal(source->region.text, settings_registry_region(settings));
    return 1 + 2 * is_local + is_there;
}

static const struct settings *find_source(const struct files *files,
                                          const struct settings *settings) {
    const struct settings *best = NULL;
    for (size_t i = 0; i < files->n; i++) {
        const struct settings *other = &files->items[i];
        if (other == settings || !other->root ||
            !view_equal(other->account_id.text, settings->ecr_account_id.text)) {
            continue;
        }
        if (!best || fitness(other, settings) > fitness(best, settings)) {
            best = other;
        }
    }
    return best;
}

/* Whether a file that may be the source's does not say its account. */
static void complain_of_silence(const struct files *files, const struct settings *settings) {
    for (size_t i = 0; i < files->n; i++) {
        const struct settings *other = &files->items[i];
        if (other == settings || !other->root || other->account_id.text.len > 0 ||
            settings_strategy(other) != ECR_LOCAL) {
            continue;
        }
        struct view shown = check_shown(settings->ecr_account_id.text);
        problems_add(files->problems,
                     check_at(SEVERITY_WARNING, settings, settings->ecr_account_id.value), "",
                     "ecr_account_id: whether '" VIEW_FMT "' is the account of %s is not known, "
                     "since that file does not say its account",
                     VIEW_ARG(shown), other->file);
        problems_remedy(files->problems, "write account_id into %s", other->file);
        return;
    }
}

static bool is_local_source(const struct files *files, const struct settings *settings,
                            const struct settings *source) {
    struct view name = name_of(source);
    if (settings_strategy(source) != ECR_LOCAL) {
        problems_add(files->problems,
                     check_at(SEVERITY_ERROR, settings, settings->ecr_account_id.value),
                     "name the account and region where the images are pushed",
                     "ecr_account_id: '" VIEW_FMT "' (%s) has no registry of its own: its strategy "
                     "is cross_account",
                     VIEW_ARG(name), source->file);
        return false;
    }
    struct view region = check_shown(source->region.text);
    if (settings->ecr_account_region.text.len > 0 && arn_is_region(source->region.text) &&
        !view_equal(settings->ecr_account_region.text, source->region.text)) {
        problems_add(files->problems,
                     check_at(SEVERITY_WARNING, settings, settings->ecr_account_region.value), "",
                     "ecr_account_region: the registry of '" VIEW_FMT "' (%s) is in " VIEW_FMT,
                     VIEW_ARG(name), source->file, VIEW_ARG(region));
        problems_remedy(files->problems, "write " VIEW_FMT ", unless the images are replicated",
                        VIEW_ARG(region));
    }
    return true;
}

/* --- who may pull --- */

static const struct yaml_value *trusted_member(const struct settings *source) {
    return yaml_get_merged(source->root, "ecr_trusted_accounts");
}

static bool is_trusted(const struct settings *source, struct view account) {
    for (size_t i = 0; i < source->n_trusted; i++) {
        if (view_equal(source->trusted[i].account_id.text, account)) {
            return true;
        }
    }
    return false;
}

/* Trust does not help across partitions, which is told elsewhere, as is a list that is none. */
static bool is_judged(const struct settings *settings, const struct settings *source) {
    return (source->trusted_list || yaml_is_null(trusted_member(source))) &&
           view_equal(arn_region_partition(settings->region.text),
                      arn_region_partition(source->region.text)) &&
           !view_equal(settings->account_id.text, source->account_id.text);
}

static void complain_of_no_account(const struct files *files, const struct settings *settings,
                                   const struct settings *source) {
    if (settings->account_id.text.len == 0 && source->n_trusted > 0) {
        problems_add(files->problems,
                     check_at(SEVERITY_WARNING, settings, settings->account_id.value),
                     "write this environment's account: account_id: \"222222222222\"",
                     "'account_id' is missing: whether %s trusts it is not known", source->file);
    }
}

/* What to add, and how. */
static void tell_trust(const struct files *files, const struct settings *settings,
                       const struct settings *source) {
    struct view account = settings->account_id.text;
    struct view here = name_of(settings);
    struct view region = check_shown(settings->region.text);
    const char *unless =
        source->n_trusted == 0 ? ", unless the policy admits the whole organization" : "";
    if (!trusted_member(source) && source->version < TRUST_VERSION) {
        problems_remedy(files->problems, "run slipway config migrate %s %s, which adds it%s",
                        source->file, settings->file, unless);
        return;
    }
    problems_remedy(files->problems,
                    "%s{account_id: \"" VIEW_FMT "\", env: " VIEW_FMT ", region: " VIEW_FMT "}%s%s",
                    source->trusted_list ? "add " : "write ecr_trusted_accounts: [",
                    VIEW_ARG(account), VIEW_ARG(here), VIEW_ARG(region),
                    source->trusted_list ? "" : "]", unless);
}

/* Without a list, and with an empty one, as migrating leaves it behind, the policy by organisation
 * may let it in: that is not in any file. */
static void check_trust(const struct files *files, const struct settings *settings,
                        const struct settings *source) {
    struct view account = settings->account_id.text;
    if (!is_judged(settings, source)) {
        return;
    }
    if (!arn_is_account_id(account)) {
        complain_of_no_account(files, settings, source);
        return;
    }
    if (is_trusted(source, account)) {
        return;
    }
    struct view here = name_of(settings);
    const struct yaml_value *at = trusted_member(source);
    problems_add(
        files->problems,
        check_at(source->n_trusted == 0 ? SEVERITY_WARNING : SEVERITY_ERROR, source,
                 at ? at : source->ecr_strategy.value),
        "", "ecr_trusted_accounts lacks account " VIEW_FMT ", from which '" VIEW_FMT "' (%s) pulls",
        VIEW_ARG(account), VIEW_ARG(here), settings->file);
    tell_trust(files, settings, source);
}

/* The account of a repository that is named by hand, in another's registry; empty: none. */
static struct view account_by_hand(const struct settings *settings,
                                   const struct workload *workload) {
    struct image_reference reference;
    bool is_elsewhere = workload->ecr_mode == ECR_MODE_MANUAL &&
                        image_reference_parse(workload->repository_uri.text, &reference) &&
                        reference.is_ecr &&
                        !view_equal(reference.account, settings_registry_account(settings));
    return is_elsewhere ? reference.account : (struct view){0};
}

static bool is_told(const struct settings *settings, size_t n, struct view account) {
    for (size_t i = 0; i < n; i++) {
        if (view_equal(account_by_hand(settings, &settings->workloads[i]), account)) {
            return true;
        }
    }
    return false;
}

/* Those who pull from a registry by a repository_uri have to be trusted there, too. */
static void check_trust_by_hand(const struct files *files, const struct settings *settings) {
    for (size_t i = 0; i < settings->n_workloads; i++) {
        struct view account = account_by_hand(settings, &settings->workloads[i]);
        if (account.len == 0 || is_told(settings, i, account)) {
            continue;
        }
        for (size_t k = 0; k < files->n; k++) {
            const struct settings *source = &files->items[k];
            if (source != settings && source->root && settings_strategy(source) == ECR_LOCAL &&
                view_equal(source->account_id.text, account)) {
                check_trust(files, settings, source);
                break;
            }
        }
    }
}

/* A trusted account of an environment whose file says another. */
static void check_trusted_envs(const struct files *files, const struct settings *source) {
    for (size_t i = 0; i < source->n_trusted; i++) {
        const struct trusted_account *trusted = &source->trusted[i];
        for (size_t k = 0; k < files->n; k++) {
            const struct settings *other = &files->items[k];
            struct view account = check_shown(other->account_id.text);
            if (!other->root || trusted->env.text.len == 0 || account.len == 0 ||
                !view_equal(trusted->env.text, other->env.text) ||
                view_equal(trusted->account_id.text, other->account_id.text)) {
                continue;
            }
            struct view env = check_shown(trusted->env.text);
            problems_add(
                files->problems,
                check_at(SEVERITY_WARNING, source,
                         trusted->account_id.value ? trusted->account_id.value : trusted->value),
                "correct the one that is wrong",
                "ecr_trusted_accounts: '" VIEW_FMT "' is account " VIEW_FMT " in %s", VIEW_ARG(env),
                VIEW_ARG(account), other->file);
        }
    }
}

/* --- what is there to pull --- */

static const struct workload *find_workload(const struct settings *settings,
                                            const struct workload *wanted) {
    for (size_t i = 0; i < settings->n_workloads; i++) {
        const struct workload *workload = &settings->workloads[i];
        if (workload_target_kind(workload->kind) == workload_target_kind(wanted->kind) &&
            view_equal(workload->name.text, wanted->name.text)) {
            return workload;
        }
    }
    return NULL;
}

/* A repository is created by the environment that has the registry, for what it runs itself. */
static void check_repositories(const struct files *files, const struct settings *settings,
                               const struct settings *source) {
    for (size_t i = 0; i < settings->n_workloads; i++) {
        const struct workload *workload = &settings->workloads[i];
        if (workload->ecr_mode != ECR_MODE_CREATE || workload->name.text.len == 0) {
            continue;
        }
        const struct workload *there = find_workload(source, workload);
        if (there && there->ecr_mode == ECR_MODE_CREATE) {
            continue;
        }
        struct view name = check_shown(workload->name.text);
        problems_add(files->problems, check_at(SEVERITY_WARNING, settings, workload->name.value),
                     "", "name: %s, whose registry it is, creates no repository for '" VIEW_FMT "'",
                     source->file, VIEW_ARG(name));
        problems_remedy(files->problems, "add it to %s of %s, or name its repository_uri",
                        workload_list_name(workload->kind), source->file);
    }
}

void check_together(const struct settings *settings, size_t n_settings, struct problems *problems) {
    const struct files files = {.items = settings, .n = n_settings, .problems = problems};
    for (size_t i = 0; i < n_settings; i++) {
        if (!settings[i].root) {
            continue;
        }
        check_project(&files, i);
        check_env(&files, i);
        check_trusted_envs(&files, &settings[i]);
        check_trust_by_hand(&files, &settings[i]);
        if (settings_strategy(&settings[i]) != ECR_CROSS_ACCOUNT ||
            settings[i].ecr_account_id.text.len == 0) {
            continue;
        }
        const struct settings *source = find_source(&files, &settings[i]);
        if (!source) {
            complain_of_silence(&files, &settings[i]);
        } else if (is_local_source(&files, &settings[i], source)) {
            check_trust(&files, &settings[i], source);
            check_repositories(&files, &settings[i], source);
        }
    }
}
