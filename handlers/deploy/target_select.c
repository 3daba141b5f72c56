#include "handlers/deploy/target.h"

#include "runtime/aws/arn.h"

/*
 * Which targets an event concerns. Names are compared whole: a project whose name begins like
 * another's, or a service whose name ends like another's, must not be taken for it.
 */

struct selector {
    const struct config *config;
    struct view own_account;
    const struct trigger *trigger;
    struct arena *arena;
    struct err *err;
    struct target *targets;
    size_t n, capacity;
    bool concerns_other_kinds; /* what matched restarts by itself: a task, a function */
};

/* --- what is known --- */

/* The names to try: the map's, or those that the event can mean by convention. */
static int try_name(struct selector *s, struct view name,
                    bool (*matches)(const struct selector *, const struct target *)) {
    struct target target;
    struct err cause;
    err_init(&cause);
    if (target_resolve(s->config, name, s->arena, &target, &cause) != 0) {
        return cause.code == ERR_OUT_OF_MEMORY ? err_out_of_memory(s->err, "a target") : 0;
    }
    if (!matches(s, &target)) {
        return 0;
    }
    if (s->trigger->kind == TRIGGER_RESTART && target.kind != TARGET_SERVICE) {
        s->concerns_other_kinds = true;
        return 0;
    }
    for (size_t i = 0; i < s->n; i++) {
        if (target_is_same(&s->targets[i], &target)) {
            return 0;
        }
    }
    s->targets[s->n++] = target;
    return 0;
}

static int try_map(struct selector *s,
                   bool (*matches)(const struct selector *, const struct target *)) {
    for (size_t i = 0; i < s->config->n_services; i++) {
        if (try_name(s, s->config->services[i].name, matches) != 0) {
            return -1;
        }
    }
    return 0;
}

/* "x" of "{project}_{kind}_x{suffix}"; empty for any other text. */
static struct view name_between(struct view text, struct view prefix, struct view suffix) {
    if (!view_starts_with(text, prefix) || !view_ends_with(text, suffix) ||
        text.len <= prefix.len + suffix.len) {
        return (struct view){0};
    }
    return view_slice(text, prefix.len, text.len - prefix.len - suffix.len);
}

/* --- repositories --- */

static struct view either(struct view given, struct view by_default) {
    return given.len > 0 ? given : by_default;
}

static bool is_of_repository(const struct selector *s, const struct target *target) {
    const struct trigger *trigger = s->trigger;
    const struct ecr_registry *registry = &target->repository.registry;
    struct view own = either(s->config->ecr_account_id, s->own_account);
    return view_equal(target->repository.name, trigger->repository) &&
           view_equal(either(registry->account, s->own_account),
                      either(trigger->registry_account, own)) &&
           view_equal(registry->region, either(trigger->registry_region, s->config->ecr_region));
}

/* A task that no map tells of: by its repository. */
static int add_conventional_task(struct selector *s, struct view name) {
    const struct config *config = s->config;
    struct service_entry entry = {.name = name, .kind = TARGET_TASK};
    struct config with_task = *config;
    with_task.has_service_map = true;
    with_task.services = &entry;
    with_task.n_services = 1;
    struct selector one = *s;
    one.config = &with_task;
    if (try_name(&one, name, is_of_repository) != 0) {
        return -1;
    }
    s->n = one.n;
    if (s->n > 0) {
        s->targets[s->n - 1].deploy_tags = &config->deploy_tags;
        s->targets[s->n - 1].auto_deploy_tags = &config->auto_deploy_tags;
    }
    return 0;
}

static int select_by_repository(struct selector *s) {
    struct view project = s->config->project;
    struct view repository = s->trigger->repository;
    struct view backend = arena_printf(s->arena, VIEW_FMT "_backend", VIEW_ARG(project));
    struct view service = arena_printf(s->arena, VIEW_FMT "_service_", VIEW_ARG(project));
    struct view task = arena_printf(s->arena, VIEW_FMT "_task_", VIEW_ARG(project));
    if (s->config->has_service_map) {
        return try_map(s, is_of_repository);
    }
    if (!backend.data || !service.data || !task.data) {
        return err_out_of_memory(s->err, "a target");
    }
    if (view_equal(repository, backend)) {
        return try_name(s, VIEW("backend"), is_of_repository);
    }
    struct view name = name_between(repository, service, VIEW(""));
    if (name.len > 0) {
        return try_name(s, name, is_of_repository);
    }
    name = name_between(repository, task, VIEW(""));
    return name.len > 0 && config_name_is_valid(name) ? add_conventional_task(s, name) : 0;
}

/* --- parameters and env files --- */

static bool is_any(const struct selector *s, const struct target *target) {
    (void)s;
    (void)target;
    return true;
}

static int select_by_object(struct selector *s) {
    for (size_t i = 0; i < s->config->n_env_files; i++) {
        const struct env_file *file = &s->config->env_files[i];
        if (view_equal(file->bucket, s->trigger->bucket) &&
            view_equal(file->key, s->trigger->key) && try_name(s, file->service, is_any) != 0) {
            return -1;
        }
    }
    return 0;
}

/* --- ECS services --- */

/* service/cluster/name; of old ARNs, which have no cluster, service/name. */
static bool is_ecs_service(const struct selector *s, const struct target *target) {
    struct arn arn;
    struct view kind;
    struct view rest;
    struct view cluster;
    struct view name;
    if (!arn_parse(s->trigger->ecs_service, &arn) || !view_cut(arn.resource, '/', &kind, &rest) ||
        !view_equal(kind, VIEW("service"))) {
        return false;
    }
    if (!view_cut(rest, '/', &cluster, &name)) {
        name = rest;
        cluster = target_cluster_name(target);
    }
    bool is_here = (s->own_account.len == 0 || view_equal(arn.account, s->own_account)) &&
                   view_equal(arn.region, s->config->region);
    return is_here && target->kind == TARGET_SERVICE && view_equal(name, target->service) &&
           view_equal(cluster, target_cluster_name(target));
}

static int select_by_ecs_service(struct selector *s) {
    struct view rest;
    struct view name;
    if (s->config->has_service_map) {
        return try_map(s, is_ecs_service);
    }
    if (!view_cut_last(s->trigger->ecs_service, '/', &rest, &name)) {
        return 0;
    }
    struct view prefix = arena_printf(s->arena, VIEW_FMT "_service_", VIEW_ARG(s->config->project));
    struct view suffix = arena_printf(s->arena, "_" VIEW_FMT, VIEW_ARG(s->config->env));
    if (!prefix.data || !suffix.data) {
        return err_out_of_memory(s->err, "a target");
    }
    struct view service = name_between(name, prefix, suffix);
    return try_name(s, service.len > 0 ? service : VIEW("backend"), is_ecs_service);
}

/* --- all scopes --- */

static int select_by_scope(struct selector *s) {
    switch (s->trigger->scope) {
    case SCOPE_SERVICE:
        return 0; /* target_select() */
    case SCOPE_REPOSITORY:
        return select_by_repository(s);
    case SCOPE_PARAMETER:
        return try_name(s, s->trigger->service, is_any);
    case SCOPE_OBJECT:
        return select_by_object(s);
    case SCOPE_ECS_SERVICE:
        return select_by_ecs_service(s);
    }
    return 0;
}

static struct view why_none(const struct selector *s) {
    const struct trigger *trigger = s->trigger;
    if (s->concerns_other_kinds) {
        return VIEW(
            "it is for no service: tasks and functions read their settings when they start");
    }
    switch (trigger->scope) {
    case SCOPE_SERVICE:
        return VIEW("no service is named");
    case SCOPE_REPOSITORY:
        return arena_printf(
            s->arena,
            "no target of project '" VIEW_FMT "' in '" VIEW_FMT "' runs repository '" VIEW_FMT
            "' of account '" VIEW_FMT "' in '" VIEW_FMT "'",
            VIEW_ARG(s->config->project), VIEW_ARG(s->config->env), VIEW_ARG(trigger->repository),
            VIEW_ARG(trigger->registry_account), VIEW_ARG(trigger->registry_region));
    case SCOPE_PARAMETER:
        return arena_printf(s->arena, "no service is called '" VIEW_FMT "'",
                            VIEW_ARG(trigger->service));
    case SCOPE_OBJECT:
        return arena_printf(s->arena, "no service reads '" VIEW_FMT "' of bucket '" VIEW_FMT "'",
                            VIEW_ARG(trigger->key), VIEW_ARG(trigger->bucket));
    case SCOPE_ECS_SERVICE:
        return arena_printf(
            s->arena, "'" VIEW_FMT "' is no service of project '" VIEW_FMT "' in '" VIEW_FMT "'",
            VIEW_ARG(trigger->ecs_service), VIEW_ARG(s->config->project), VIEW_ARG(s->config->env));
    }
    return (struct view){0};
}

/* The one that the event names: an unknown name is the sender's fault, and told. */
static int select_by_name(struct selector *s) {
    if (target_resolve(s->config, s->trigger->service, s->arena, s->targets, s->err) != 0) {
        return -1;
    }
    s->n = 1;
    return 0;
}

int target_select(const struct config *config, struct view own_account,
                  const struct trigger *trigger, struct arena *arena, struct target **ret_targets,
                  size_t *ret_n, struct view *ret_note, struct err *err) {
    struct selector s = {.config = config,
                         .own_account = own_account,
                         .trigger = trigger,
                         .arena = arena,
                         .err = err,
                         .capacity = config->n_services + config->n_env_files + 1};
    s.targets = ARENA_ARRAY(arena, s.capacity, struct target);
    if (!s.targets) {
        return err_out_of_memory(err, "a target");
    }
    if ((trigger->scope == SCOPE_SERVICE ? select_by_name(&s) : select_by_scope(&s)) != 0) {
        return -1;
    }
    if (s.n == 0) {
        struct view note = why_none(&s);
        if (!note.data) {
            return err_out_of_memory(err, "a target");
        }
        *ret_note = note;
    }
    *ret_targets = s.targets;
    *ret_n = s.n;
    return 0;
}
