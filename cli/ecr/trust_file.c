#include "cli/ecr/trust_file.h"

#include "cli/command_config.h"
#include "cli/settings/check.h"
#include "cli/settings/settings_files.h"

int trust_file_read(const struct cli *cli, const char *path, struct settings *ret_settings,
                    struct err *err) {
    struct problems problems = PROBLEMS_INIT(cli->arena);
    struct settings settings;
    if (settings_load(path, cli->arena, &problems, &settings, err) < 0 ||
        (settings.root && check_settings(&settings, 1, &problems, err) < 0)) {
        return -1;
    }
    size_t n = problems_count(&problems, SEVERITY_ERROR);
    if (n > 0) {
        command_config_fail(cli, &problems);
        err_set(err, ERR_CONFIG_INVALID, "'%s' has %zu problem%s", path, n, n == 1 ? "" : "s");
        err_remedy(err, "correct the file, and see \"slipway config check\"");
        return -1;
    }
    *ret_settings = settings;
    return 0;
}

/* As an option would have given it. */
static int add(struct names *names, struct view name, enum name_kind kind, struct arena *arena,
               struct err *err) {
    struct view text = arena_copy(arena, name);
    return text.data ? names_add(names, text.data, kind, arena, err)
                     : err_out_of_memory(err, "names");
}

int trust_file_policy(const struct settings *settings, struct arena *arena, struct ecr_trust *trust,
                      struct err *err) {
    if (settings_strategy(settings) != ECR_LOCAL) {
        err_set(err, ERR_CONFIG_INVALID,
                "'%s' has no registry of its own: its images are in account " VIEW_FMT,
                settings->file, VIEW_ARG(settings_registry_account(settings)));
        err_remedy(err, "name the file of the environment that has the registry");
        return -1;
    }
    for (size_t i = 0; i < settings->n_trusted; i++) {
        if (add(&trust->accounts, settings->trusted[i].account_id.text, NAME_ACCOUNT, arena, err) <
            0) {
            return -1;
        }
    }
    if (trust->organizations.n + trust->accounts.n + trust->roles.n == 0) {
        err_set(err, ERR_CONFIG_INVALID, "'%s' trusts nobody", settings->file);
        err_remedy(err, "list the accounts that pull in ecr_trusted_accounts; within an account no "
                        "policy is needed");
        return -1;
    }
    if (trust->region.len == 0) {
        trust->region = settings->region.text;
    }
    if (trust->project.len == 0) {
        trust->project = settings->project.text;
    }
    return name_check(trust->region, NAME_REGION, err) < 0 ||
                   name_check(trust->project, NAME_PROJECT, err) < 0
               ? -1
               : 0;
}

/* Whether the patterns of a project's repositories match it. */
static bool is_conventional(struct view name, struct view project) {
    if (!view_starts_with(name, project)) {
        return false;
    }
    struct view rest = view_slice(name, project.len, name.len);
    return view_equal(rest, VIEW("_backend")) || view_starts_with(rest, VIEW("_service_")) ||
           view_starts_with(rest, VIEW("_task_"));
}

int trust_file_pull(const struct settings *settings, struct arena *arena, struct ecr_pull *pull,
                    struct names *ret_others, struct err *err) {
    struct names others = {.items = ARENA_ARRAY(arena, settings->n_workloads, struct view)};
    if (!others.items) {
        return err_out_of_memory(err, "repositories");
    }
    if (pull->account.len == 0) {
        pull->account = settings_registry_account(settings);
    }
    if (pull->region.len == 0) {
        pull->region = settings_registry_region(settings);
    }
    if (pull->project.len == 0) {
        pull->project = settings->project.text;
    }
    for (size_t i = 0; i < settings->n_workloads; i++) {
        struct settings_repository repository;
        if (settings_repository(settings, &settings->workloads[i], arena, &repository, err) < 0) {
            return -1;
        }
        if (!repository.is_found) {
            continue; /* which has been found to be wrong by then */
        }
        if (!view_equal(repository.account, pull->account) ||
            !view_equal(repository.region, pull->region)) {
            others.items[others.n++] = repository.uri;
        } else if (!is_conventional(repository.name, pull->project) &&
                   add(&pull->repositories, repository.name, NAME_REPOSITORY, arena, err) < 0) {
            return -1;
        }
    }
    *ret_others = others;
    return name_check(pull->account, NAME_ACCOUNT, err) < 0 ||
                   name_check(pull->region, NAME_REGION, err) < 0 ||
                   name_check(pull->project, NAME_PROJECT, err) < 0
               ? -1
               : 0;
}
