#include "handlers/deploy/target.h"

#include "handlers/similar.h"
#include "runtime/aws/arn.h"
#include "runtime/base/buf.h"

/* Services named in a message, at most, and its bytes: a list that nobody reads helps nobody. */
#define KNOWN_MAX_NAMES 20
#define KNOWN_MAX_BYTES 1024

/* ---- names by convention ---- */

static bool is_backend(struct view name) {
    return view_equal(name, VIEW("backend"));
}

struct view target_conventional_repository(struct view project, enum target_kind kind,
                                           struct view name, struct arena *arena) {
    if (kind == TARGET_TASK) {
        return arena_printf(arena, VIEW_FMT "_task_" VIEW_FMT, VIEW_ARG(project), VIEW_ARG(name));
    }
    if (is_backend(name)) {
        return arena_printf(arena, VIEW_FMT "_backend", VIEW_ARG(project));
    }
    return arena_printf(arena, VIEW_FMT "_service_" VIEW_FMT, VIEW_ARG(project), VIEW_ARG(name));
}

/* The name that its ECS service, its family and its function have. */
static struct view conventional_name(const struct config *config, enum target_kind kind,
                                     struct view name, struct arena *arena) {
    if (kind != TARGET_TASK && is_backend(name)) {
        return arena_printf(arena, VIEW_FMT "_service_" VIEW_FMT, VIEW_ARG(config->project),
                            VIEW_ARG(config->env));
    }
    return arena_printf(arena, VIEW_FMT "_%s_" VIEW_FMT "_" VIEW_FMT, VIEW_ARG(config->project),
                        kind == TARGET_TASK ? "task" : "service", VIEW_ARG(name),
                        VIEW_ARG(config->env));
}

/* ---- the registry ---- */

static struct view role_for_account(const struct config *config, struct view account) {
    struct arn role;
    if (arn_parse(config->ecr_role_arn, &role) && view_equal(role.account, account)) {
        return config->ecr_role_arn;
    }
    return (struct view){0};
}

static struct repository repository_of(const struct config *config,
                                       const struct service_entry *entry, struct view by_default) {
    struct image_reference reference;
    if (entry->repository_uri.len > 0 && image_reference_parse(entry->repository_uri, &reference)) {
        return (struct repository){
            .registry = {.account = reference.account,
                         .region = reference.region,
                         .role_arn = role_for_account(config, reference.account)},
            .name = reference.name,
        };
    }
    return (struct repository){
        .registry = {.account = config->ecr_account_id,
                     .region = config->ecr_region,
                     .role_arn = config->ecr_role_arn},
        .name = entry->repository.len > 0 ? entry->repository : by_default,
    };
}

/* ---- unknown services ---- */

/* The entry most similar to `name` among those not taken yet; the first one of equals. */
static size_t most_similar(const struct config *config, struct view name, const bool *taken) {
    size_t best = config->n_services, best_distance = 0;
    for (size_t i = 0; i < config->n_services; i++) {
        if (taken[i]) {
            continue;
        }
        size_t d = similar_distance(name, config->services[i].name);
        if (best == config->n_services || d < best_distance) {
            best = i;
            best_distance = d;
        }
    }
    return best;
}

static int unknown_of_map(const struct config *config, struct view name, struct arena *arena,
                          struct err *err) {
    struct buf known BUF_AUTO = BUF_INIT(KNOWN_MAX_BYTES);
    bool *taken = ARENA_ARRAY(arena, config->n_services, bool);
    if (taken == NULL) {
        return err_out_of_memory(err, "the list of services");
    }
    size_t shown = 0;
    while (shown < config->n_services && shown < KNOWN_MAX_NAMES) {
        size_t i = most_similar(config, name, taken);
        taken[i] = true;
        struct view entry = config->services[i].name;
        if (known.len + entry.len + 4 > KNOWN_MAX_BYTES) {
            break;
        }
        buf_appendf(&known, "%s'" VIEW_FMT "'", shown > 0 ? ", " : "", VIEW_ARG(entry));
        shown++;
    }
    size_t left = config->n_services - shown;
    if (left == 0) {
        return err_set(err, ERR_SERVICE_UNKNOWN, "service '" VIEW_FMT "' is unknown; known: %s",
                       VIEW_ARG(name), buf_cstr(&known));
    }
    return err_set(err, ERR_SERVICE_UNKNOWN,
                   "service '" VIEW_FMT "' is unknown; known: %s and %zu more", VIEW_ARG(name),
                   buf_cstr(&known), left);
}

static int unknown_by_convention(struct view name, struct err *err) {
    err_set(err, ERR_SERVICE_UNKNOWN, "service '" VIEW_FMT "' is unknown: it is no name of one",
            VIEW_ARG(name));
    err_remedy(err, "send 1 to 64 letters, digits, '-' and '_', the first of them a letter or digit"
                    ", or list the services in ECS_SERVICE_MAP");
    return -1;
}

static int unknown_by_repository(struct view name, struct view repository, struct err *err) {
    err_set(err, ERR_SERVICE_UNKNOWN,
            "service '" VIEW_FMT "' is unknown: by convention its repository were '" VIEW_FMT
            "', which is no name of an ECR repository",
            VIEW_ARG(name), VIEW_ARG(repository));
    err_remedy(err, "send the service's name as its repository spells it, or give the service and "
                    "its repository in ECS_SERVICE_MAP");
    return -1;
}

/* ---- resolving ---- */

static const struct service_entry *find_entry(const struct config *config, struct view name) {
    for (size_t i = 0; i < config->n_services; i++) {
        if (view_equal(config->services[i].name, name)) {
            return &config->services[i];
        }
    }
    return NULL;
}

static struct view either(struct view configured, struct view by_default) {
    return configured.len > 0 ? configured : by_default;
}

static int build_target(const struct config *config, const struct service_entry *entry,
                        struct arena *arena, struct target *ret_target, struct err *err) {
    struct view name = arena_copy(arena, entry->name);
    struct view conventional = conventional_name(config, entry->kind, entry->name, arena);
    struct view repository =
        target_conventional_repository(config->project, entry->kind, entry->name, arena);
    if (name.data == NULL || conventional.data == NULL || repository.data == NULL) {
        return err_out_of_memory(err, "a target");
    }
    bool is_lambda = entry->kind == TARGET_LAMBDA;
    bool is_service = entry->kind == TARGET_SERVICE;
    const struct view none = {0};
    *ret_target = (struct target){
        .name = name,
        .kind = entry->kind,
        .cluster = is_lambda ? none : either(entry->cluster, config->cluster),
        .service = is_service ? either(entry->service_name, conventional) : none,
        .family = is_lambda ? none : either(entry->task_family, conventional),
        .container = is_lambda ? none : entry->container,
        .function = is_lambda ? either(entry->function_name, conventional) : none,
        .alias = entry->alias,
        .codedeploy_application = entry->codedeploy_application,
        .codedeploy_group = entry->codedeploy_group,
        .repository = repository_of(config, entry, repository),
        .deploy_tags = entry->has_deploy_tags ? &entry->deploy_tags : &config->deploy_tags,
        .auto_deploy_tags =
            entry->has_auto_deploy_tags ? &entry->auto_deploy_tags : &config->auto_deploy_tags,
    };
    return 0;
}

int target_resolve(const struct config *config, struct view service, struct arena *arena,
                   struct target *ret_target, struct err *err) {
    const struct service_entry by_convention = {.name = service, .kind = TARGET_SERVICE};
    const struct service_entry *entry = &by_convention;
    struct target target = {0};
    if (config->has_service_map) {
        entry = find_entry(config, service);
        if (entry == NULL) {
            return unknown_of_map(config, service, arena, err);
        }
    } else if (!config_name_is_valid(service)) {
        return unknown_by_convention(service, err);
    }
    if (build_target(config, entry, arena, &target, err) != 0) {
        return -1;
    }
    if (!image_repository_is_valid(target.repository.name)) {
        return unknown_by_repository(service, target.repository.name, err);
    }
    *ret_target = target;
    return 0;
}

/* ---- what is the same ---- */

static struct view cluster_name(struct view cluster) {
    struct arn arn;
    struct view kind;
    struct view name;
    return arn_parse(cluster, &arn) && view_cut(arn.resource, '/', &kind, &name) ? name : cluster;
}

struct view target_cluster_name(const struct target *target) {
    return cluster_name(target->cluster);
}

/* One may be given by name and the other by ARN, which is of the function's own account then. */
static bool is_same_cluster(struct view a, struct view b) {
    struct arn arn;
    bool are_arns = arn_parse(a, &arn) && arn_parse(b, &arn);
    return are_arns ? view_equal(a, b) : view_equal(cluster_name(a), cluster_name(b));
}

bool target_is_same(const struct target *a, const struct target *b) {
    return a->kind == b->kind && is_same_cluster(a->cluster, b->cluster) &&
           view_equal(a->service, b->service) && view_equal(a->family, b->family) &&
           view_equal(a->function, b->function);
}

static bool cut_start(struct view *text, struct view start) {
    bool has = view_starts_with(*text, start);
    *text = has ? view_slice(*text, start.len, text->len) : *text;
    return has;
}

/* Whether it is what conventional_name() says; without an arena. */
static bool is_conventional_name(const struct config *config, const struct service_entry *entry,
                                 struct view text) {
    bool is_task = entry->kind == TARGET_TASK;
    bool is_unnamed = !is_task && is_backend(entry->name);
    return cut_start(&text, config->project) &&
           cut_start(&text, is_task ? VIEW("_task_") : VIEW("_service_")) &&
           (is_unnamed || (cut_start(&text, entry->name) && cut_start(&text, VIEW("_")))) &&
           view_equal(text, config->env);
}

static bool is_named(const struct config *config, const struct service_entry *entry,
                     struct view configured, struct view text) {
    return configured.len > 0 ? view_equal(configured, text)
                              : is_conventional_name(config, entry, text);
}

static bool has_family(const struct config *config, const struct service_entry *entry,
                       struct view family) {
    return entry->kind != TARGET_LAMBDA && is_named(config, entry, entry->task_family, family);
}

bool target_is_of_entry(const struct config *config, const struct target *target,
                        const struct service_entry *entry) {
    return entry->kind == TARGET_SERVICE && target->kind == TARGET_SERVICE &&
           is_same_cluster(either(entry->cluster, config->cluster), target->cluster) &&
           is_named(config, entry, entry->service_name, target->service);
}

bool target_shares_family(const struct config *config, const struct target *target) {
    for (size_t i = 0; i < config->n_services; i++) {
        const struct service_entry *entry = &config->services[i];
        if (has_family(config, entry, target->family) &&
            !target_is_of_entry(config, target, entry)) {
            return true;
        }
    }
    return false;
}
