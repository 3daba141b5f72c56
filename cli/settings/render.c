#include "cli/settings/render.h"

#include "handlers/config.h"
#include "handlers/deploy/image.h"
#include "handlers/deploy/target.h"
#include "runtime/base/json_write.h"

#include <string.h>

#define MAP_BYTES ((size_t)256 * 1024) /* what the function reads at most */

static int refuse(const struct settings *settings, const struct yaml_value *at, struct err *err,
                  const char *message, const char *remedy) {
    const struct yaml_value *place = at ? at : settings->root;
    err_set(err, ERR_CONFIG_INVALID, "%s:%zu:%zu: %s", settings->file, place->place.line,
            place->place.column, message);
    err_remedy(err, "%s", remedy);
    return -1;
}

/* --- ECS_SERVICE_MAP --- */

static bool is_environments_registry(const struct settings *settings,
                                     const struct settings_repository *repository) {
    return view_equal(repository->account, settings_registry_account(settings)) &&
           view_equal(repository->region, settings_registry_region(settings));
}

static int put_repository(struct json_writer *w, const struct settings *settings,
                          const struct workload *workload, struct arena *arena, struct err *err) {
    struct settings_repository repository;
    struct image_reference reference;
    if (settings_repository(settings, workload, arena, &repository, err) < 0) {
        return -1;
    }
    if (!repository.is_found) {
        return refuse(settings, workload->ecr_config ? workload->ecr_config : workload->value, err,
                      "ecr_config leads to no repository",
                      "see what \"slipway config check\" says of it");
    }
    struct view by_convention = target_conventional_repository(
        settings->project.text, workload_target_kind(workload->kind), workload->name.text, arena);
    if (!by_convention.data) {
        return err_out_of_memory(err, "ECS_SERVICE_MAP");
    }
    if (!is_environments_registry(settings, &repository)) {
        bool is_reference = image_reference_parse(repository.uri, &reference);
        json_put_string(w, "repository_uri", is_reference ? reference.base : repository.uri);
    } else if (!view_equal(repository.name, by_convention)) {
        json_put_string(w, "repository", repository.name);
    }
    return 0;
}

/* "api":{"repository":"…"} */
static int put_entry(struct json_writer *w, const struct settings *settings,
                     const struct workload *workload, struct arena *arena, struct err *err) {
    char name[256];
    if (workload->name.text.len == 0 || workload->name.text.len >= sizeof(name) ||
        !config_name_is_valid(workload->name.text)) {
        return refuse(settings, workload->name.value ? workload->name.value : workload->value, err,
                      "the item has no name that a service can have",
                      "write 1 to 64 letters, digits, '-' and '_'");
    }
    memcpy(name, workload->name.text.data, workload->name.text.len);
    name[workload->name.text.len] = '\0';
    json_begin_object(w, name);
    if (workload_target_kind(workload->kind) == TARGET_TASK) {
        json_put_string(w, "kind", view_of(target_kind_name(TARGET_TASK)));
    }
    int result = put_repository(w, settings, workload, arena, err);
    json_end_object(w);
    return result;
}

static const struct workload *find_named(const struct settings *settings, size_t n,
                                         struct view name) {
    for (size_t i = 0; i < n; i++) {
        if (view_equal(settings->workloads[i].name.text, name)) {
            return &settings->workloads[i];
        }
    }
    return NULL;
}

static int put_workloads(struct json_writer *w, const struct settings *settings,
                         struct arena *arena, struct err *err) {
    for (size_t i = 0; i < settings->n_workloads; i++) {
        const struct workload *workload = &settings->workloads[i];
        if (find_named(settings, i, workload->name.text)) {
            return refuse(settings, workload->name.value ? workload->name.value : workload->value,
                          err,
                          "another service or task has this name, and an event could mean either",
                          "give one of them another name");
        }
        if (put_entry(w, settings, workload, arena, err) < 0) {
            return -1;
        }
    }
    return 0;
}

/* {"backend":{},"api":{},"nightly":{"kind":"task"}} */
static int make_map(const struct settings *settings, struct arena *arena, struct view *ret_map,
                    struct err *err) {
    struct buf json BUF_AUTO = BUF_INIT(MAP_BYTES);
    struct json_writer w = json_writer(&json);
    json_begin_object(&w, NULL);
    if (!find_named(settings, settings->n_workloads, VIEW("backend"))) {
        json_begin_object(&w, "backend");
        json_end_object(&w);
    }
    if (put_workloads(&w, settings, arena, err) < 0) {
        return -1;
    }
    json_end_object(&w);
    if (buf_check(&json, "ECS_SERVICE_MAP", err) < 0) {
        return -1;
    }
    *ret_map = arena_copy(arena, buf_view(&json));
    return ret_map->data ? 0 : err_out_of_memory(err, "ECS_SERVICE_MAP");
}

/* --- the variables --- */

static int put_variable(struct rendered *rendered, const char *name, const char *parameter,
                        struct view value, struct arena *arena, struct err *err) {
    struct view copy = arena_copy(arena, value); /* ends with a NUL, as the environment's do */
    if (!copy.data) {
        return err_out_of_memory(err, name);
    }
    rendered->variables[rendered->n++] = (struct render_variable){name, parameter, copy};
    rendered->bytes += strlen(name) + value.len;
    return 0;
}

static int put_registry(struct rendered *rendered, const struct settings *settings,
                        struct arena *arena, struct err *err) {
    if (put_variable(rendered, "ECR_STRATEGY", "EcrStrategy",
                     view_of(settings_strategy_name(settings)), arena, err) < 0) {
        return -1;
    }
    if (settings_strategy(settings) == ECR_LOCAL) {
        return 0;
    }
    if (put_variable(rendered, "ECR_ACCOUNT_ID", "EcrAccountId",
                     settings_registry_account(settings), arena, err) < 0) {
        return -1;
    }
    return put_variable(rendered, "ECR_ACCOUNT_REGION", "EcrAccountRegion",
                        settings->ecr_account_region.text, arena, err);
}

/* The function's environment: what was rendered, and what Lambda sets. */
struct function_environment {
    const struct rendered *rendered;
    const char *region, *account;
};

static const char *get_variable(const void *state, const char *name) {
    const struct function_environment *environment = state;
    if (strcmp(name, "AWS_REGION") == 0) {
        return environment->region;
    }
    if (strcmp(name, "AWS_ACCOUNT_ID") == 0) {
        return environment->account;
    }
    for (size_t i = 0; i < environment->rendered->n; i++) {
        if (strcmp(name, environment->rendered->variables[i].name) == 0) {
            return environment->rendered->variables[i].value.data;
        }
    }
    return NULL;
}

/* The function's own judgement, before the function has to give it. */
static int try_config(const struct settings *settings, const struct rendered *rendered,
                      struct arena *arena, struct err *err) {
    struct config config;
    struct view region = arena_copy(arena, settings->region.text);
    struct view account = arena_copy(arena, settings->account_id.text);
    if (!region.data || !account.data) {
        return err_out_of_memory(err, "the configuration");
    }
    const struct function_environment state = {rendered, region.data, account.data};
    const struct environment env = {.get = get_variable, .state = &state};
    if (config_load(&env, arena, &config, err) < 0) {
        if (err->code == ERR_CONFIG_INVALID) {
            err_remedy(err, "correct what these variables are made from in '%s'", settings->file);
        }
        return -1;
    }
    return 0;
}

int render(const struct settings *settings, struct arena *arena, struct rendered *ret_rendered,
           struct err *err) {
    struct rendered rendered = {0};
    struct view map;
    if (put_variable(&rendered, "PROJECT_NAME", "ProjectName", settings->project.text, arena, err) <
            0 ||
        put_variable(&rendered, "PROJECT_ENV", "ProjectEnv", settings->env.text, arena, err) < 0 ||
        put_registry(&rendered, settings, arena, err) < 0 ||
        make_map(settings, arena, &map, err) < 0 ||
        put_variable(&rendered, "ECS_SERVICE_MAP", "EcsServiceMap", map, arena, err) < 0 ||
        try_config(settings, &rendered, arena, err) < 0) {
        return -1;
    }
    *ret_rendered = rendered;
    return 0;
}
