/*
 * The two variables that hold JSON:
 *
 *     ECS_SERVICE_MAP  {"api":{"service_name":"…","task_family":"…"}}
 *     S3_SERVICE_MAP   {"api":[{"bucket":"…","key":"…"}]}
 */

#include "handlers/config_load.h"
#include "handlers/deploy/image.h"
#include "handlers/deploy/target.h"
#include "handlers/members.h"
#include "runtime/base/json.h"

#include <stdio.h>

/* Lambda's whole environment is 4 KB; elsewhere (sam local, a container) it may be more. */
static const struct json_limits map_limits = {.max_bytes = (size_t)256 * 1024, .max_depth = 8};

/* The path of a value in a message, "ECS_SERVICE_MAP.api", at most. */
#define PATH_BYTES 160
#define BUCKET_MIN_BYTES 3
#define BUCKET_MAX_BYTES 63
#define OBJECT_KEY_BYTES 1024

static void path_of(char path[static PATH_BYTES], const char *variable, struct view name) {
    struct view shown = config_shown(name);
    snprintf(path, PATH_BYTES, "%s." VIEW_FMT, variable, VIEW_ARG(shown));
}

/* The parsed object, or NULL with the fault noted. */
static struct json *parse_map(struct config_loader *loader, const char *variable,
                              struct view text) {
    struct json *root = NULL;
    struct err err;
    err_init(&err);
    if (json_parse(text, &map_limits, variable, &root, &err) != 0) {
        config_fault_of(loader, variable, &err);
        return NULL;
    }
    if (json_type(root) == JSON_OBJECT) {
        return root;
    }
    config_fault(loader, variable, "expected object, got %s", json_type_name(json_type(root)));
    json_free(root);
    return NULL;
}

/* ---- ECS_SERVICE_MAP ---- */

struct entry_text {
    struct view service_name, task_family, cluster, container, repository, repository_uri, kind,
        deploy_tags, auto_deploy_tags, function_name, alias, codedeploy_application,
        codedeploy_group;
};

#define ENTRY_FIELD(member) JSON_FIELD(struct entry_text, member, #member, JSON_DECODE_VIEW, 0)
static const struct json_field entry_fields[] = {
    ENTRY_FIELD(service_name),
    ENTRY_FIELD(task_family),
    ENTRY_FIELD(cluster),
    ENTRY_FIELD(container),
    ENTRY_FIELD(repository),
    ENTRY_FIELD(repository_uri),
    ENTRY_FIELD(kind),
    ENTRY_FIELD(deploy_tags),
    ENTRY_FIELD(auto_deploy_tags),
    ENTRY_FIELD(function_name),
    ENTRY_FIELD(alias),
    ENTRY_FIELD(codedeploy_application),
    ENTRY_FIELD(codedeploy_group),
};
#define N_ENTRY_FIELDS (sizeof(entry_fields) / sizeof(entry_fields[0]))

/* One entry under way: where faults are, and what was read. */
struct entry_loader {
    struct config_loader *loader;
    const char *variable;
    const char *path;
    struct service_entry *entry;
};

static void entry_fault(const struct entry_loader *e, const char *member, struct view value,
                        const char *expected) {
    config_fault(e->loader, e->variable, "%s.%s: '" VIEW_FMT "': expected %s", e->path, member,
                 VIEW_ARG(config_shown(value)), expected);
}

static void load_ecs_name(const struct entry_loader *e, const char *member, struct view value,
                          struct view *ret_name) {
    if (value.len == 0 || config_ecs_name_is_valid(value)) {
        *ret_name = value;
    } else {
        entry_fault(e, member, value, "1 to 255 letters, digits, '-' and '_'");
    }
}

static void load_cluster(const struct entry_loader *e, struct view value) {
    if (value.len == 0 || config_cluster_is_valid(value, e->loader->config->region)) {
        e->entry->cluster = value;
    } else {
        entry_fault(e, "cluster", value, "the name of a cluster, or its ARN in this region");
    }
}

static void load_kind(const struct entry_loader *e, struct view value) {
    static const enum target_kind kinds[] = {TARGET_SERVICE, TARGET_TASK, TARGET_LAMBDA};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (!view_equal(value, view_of(target_kind_name(kinds[i])))) {
            continue;
        }
        e->entry->kind = kinds[i];
        return;
    }
    if (value.len > 0) {
        entry_fault(e, "kind", value, "'service', 'task' or 'lambda'");
    }
}

static bool is_registry_uri(struct view text) {
    struct image_reference reference;
    return image_reference_parse(text, &reference) && reference.is_ecr && reference.tag.len == 0 &&
           reference.digest.len == 0 && image_repository_is_valid(reference.name);
}

static void load_repository(const struct entry_loader *e, const struct entry_text *text) {
    struct config *config = e->loader->config;
    if (text->repository.len > 0 && text->repository_uri.len > 0) {
        entry_fault(e, "repository_uri", text->repository_uri, "either it or repository, not both");
    }
    if (text->repository.len == 0 || image_repository_is_valid(text->repository)) {
        e->entry->repository = text->repository;
    } else {
        entry_fault(e, "repository", text->repository,
                    "the name of an ECR repository, without registry and tag");
    }
    if (text->repository_uri.len == 0 || is_registry_uri(text->repository_uri)) {
        e->entry->repository_uri = text->repository_uri;
    } else {
        entry_fault(e, "repository_uri", text->repository_uri,
                    "'<account>.dkr.ecr.<region>.amazonaws.com/<name>', without a tag");
    }
    if (text->repository.len > 0 || text->repository_uri.len > 0 || config->project.len == 0) {
        return;
    }
    struct view by_convention = target_conventional_repository(config->project, e->entry->kind,
                                                               e->entry->name, e->loader->arena);
    if (by_convention.data == NULL) {
        e->loader->out_of_memory = true;
    } else if (!image_repository_is_valid(by_convention)) {
        entry_fault(e, "repository", by_convention,
                    "a repository to be given, as this one by convention is no name in ECR");
    }
}

static void load_tags(const struct entry_loader *e, const char *member, struct view value,
                      struct tag_policy *ret_policy, bool *ret_has) {
    struct err err;
    err_init(&err);
    if (value.len == 0) {
        return;
    }
    *ret_has = true;
    if (tag_policy_parse(value, e->loader->arena, ret_policy, &err) == 0) {
        return;
    }
    if (err.code == ERR_OUT_OF_MEMORY) {
        e->loader->out_of_memory = true;
    } else {
        config_fault(e->loader, e->variable, "%s.%s: %s", e->path, member, err.message);
    }
}

/* A member that only one kind has. */
static void load_member_of(const struct entry_loader *e, enum target_kind kind, const char *member,
                           struct view value, struct view *ret_value) {
    if (value.len == 0) {
        return;
    }
    if (e->entry->kind != kind) {
        config_fault(e->loader, e->variable, "%s.%s: it is for kind '%s' only, and this is '%s'",
                     e->path, member, target_kind_name(kind), target_kind_name(e->entry->kind));
    } else if (!config_ecs_name_is_valid(value)) {
        entry_fault(e, member, value, "1 to 255 letters, digits, '-' and '_'");
    } else {
        *ret_value = value;
    }
}

static void load_members_of_kinds(const struct entry_loader *e, const struct entry_text *text) {
    struct service_entry *entry = e->entry;
    load_member_of(e, TARGET_LAMBDA, "function_name", text->function_name, &entry->function_name);
    load_member_of(e, TARGET_LAMBDA, "alias", text->alias, &entry->alias);
    load_member_of(e, TARGET_SERVICE, "codedeploy_application", text->codedeploy_application,
                   &entry->codedeploy_application);
    load_member_of(e, TARGET_SERVICE, "codedeploy_group", text->codedeploy_group,
                   &entry->codedeploy_group);
    if ((entry->codedeploy_application.len > 0) != (entry->codedeploy_group.len > 0)) {
        config_fault(e->loader, e->variable,
                     "%s.codedeploy_group: codedeploy_application and codedeploy_group belong "
                     "together, and only one is given",
                     e->path);
    }
}

static void load_entry(const struct entry_loader *e, const struct json *value) {
    struct entry_text text = {0};
    struct err err;
    err_init(&err);
    const struct json *unknown = members_unknown(value, entry_fields, N_ENTRY_FIELDS);
    int status = unknown != NULL
                     ? members_refuse(unknown, e->path, entry_fields, N_ENTRY_FIELDS, &err)
                     : json_decode(value, e->path, entry_fields, N_ENTRY_FIELDS, e->loader->arena,
                                   &text, &err);
    if (status != 0) {
        config_fault_of(e->loader, e->variable, &err);
        return;
    }
    load_ecs_name(e, "service_name", text.service_name, &e->entry->service_name);
    load_ecs_name(e, "task_family", text.task_family, &e->entry->task_family);
    load_ecs_name(e, "container", text.container, &e->entry->container);
    load_cluster(e, text.cluster);
    load_kind(e, text.kind);
    load_members_of_kinds(e, &text);
    load_repository(e, &text);
    load_tags(e, "deploy_tags", text.deploy_tags, &e->entry->deploy_tags,
              &e->entry->has_deploy_tags);
    load_tags(e, "auto_deploy_tags", text.auto_deploy_tags, &e->entry->auto_deploy_tags,
              &e->entry->has_auto_deploy_tags);
}

void config_parse_service_map(struct config_loader *loader, const struct config_variable *variable,
                              struct view value) {
    struct json *root JSON_AUTO = parse_map(loader, variable->name, value);
    if (root == NULL || json_count(root) == 0) {
        return;
    }
    struct service_entry *entries =
        ARENA_ARRAY(loader->arena, json_count(root), struct service_entry);
    if (entries == NULL) {
        loader->out_of_memory = true;
        return;
    }
    struct config *config = loader->config;
    config->has_service_map = true;
    config->services = entries;
    for (const struct json *m = json_first(root); m != NULL; m = json_next(m)) {
        char path[PATH_BYTES];
        struct service_entry *entry = &entries[config->n_services++];
        path_of(path, variable->name, json_name(m));
        entry->name = config_copy(loader, json_name(m));
        if (!config_name_is_valid(json_name(m))) {
            config_fault(loader, variable->name,
                         "%s: expected a name of 1 to 64 letters, digits, '-' and '_'", path);
        }
        load_entry(&(struct entry_loader){loader, variable->name, path, entry}, m);
    }
}

/* ---- S3_SERVICE_MAP ---- */

#define FILE_FIELD(member)                                                                         \
    JSON_FIELD(struct env_file, member, #member, JSON_DECODE_VIEW, JSON_REQUIRED)
static const struct json_field file_fields[] = {FILE_FIELD(bucket), FILE_FIELD(key)};
#define N_FILE_FIELDS (sizeof(file_fields) / sizeof(file_fields[0]))

static bool bucket_is_valid(struct view bucket) {
    for (size_t i = 0; i < bucket.len; i++) {
        char c = bucket.data[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '.' && c != '-') {
            return false;
        }
    }
    return bucket.len >= BUCKET_MIN_BYTES && bucket.len <= BUCKET_MAX_BYTES;
}

static void load_file(struct config_loader *loader, const char *variable, const char *path,
                      const struct json *value, struct env_file *ret_file) {
    struct err err;
    err_init(&err);
    const struct json *unknown = members_unknown(value, file_fields, N_FILE_FIELDS);
    int status = unknown != NULL ? members_refuse(unknown, path, file_fields, N_FILE_FIELDS, &err)
                                 : json_decode(value, path, file_fields, N_FILE_FIELDS,
                                               loader->arena, ret_file, &err);
    if (status != 0) {
        config_fault_of(loader, variable, &err);
        return;
    }
    if (!bucket_is_valid(ret_file->bucket)) {
        config_fault(loader, variable,
                     "%s.bucket: '" VIEW_FMT "': expected the name of an S3 bucket", path,
                     VIEW_ARG(config_shown(ret_file->bucket)));
    }
    if (ret_file->key.len == 0 || ret_file->key.len > OBJECT_KEY_BYTES) {
        config_fault(loader, variable, "%s.key: expected 1 to %d bytes, got %zu", path,
                     OBJECT_KEY_BYTES, ret_file->key.len);
    }
}

static bool is_mapped(const struct config *config, struct view service) {
    for (size_t i = 0; i < config->n_services; i++) {
        if (view_equal(config->services[i].name, service)) {
            return true;
        }
    }
    return !config->has_service_map && config_name_is_valid(service);
}

static void load_files_of(struct config_loader *loader, const char *variable,
                          const struct json *files) {
    char path[PATH_BYTES], element[PATH_BYTES + 24];
    struct config *config = loader->config;
    struct view service = config_copy(loader, json_name(files));
    path_of(path, variable, service);
    if (!is_mapped(config, service)) {
        config_fault(loader, variable, "%s: expected a service of ECS_SERVICE_MAP", path);
    }
    if (json_type(files) != JSON_ARRAY) {
        config_fault(loader, variable, "%s: expected array, got %s", path,
                     json_type_name(json_type(files)));
        return;
    }
    size_t index = 0;
    for (const struct json *f = json_first(files); f != NULL; f = json_next(f)) {
        struct env_file *file = &config->env_files[config->n_env_files++];
        snprintf(element, sizeof(element), "%s[%zu]", path, index++);
        file->service = service;
        load_file(loader, variable, element, f, file);
    }
}

void config_parse_env_files(struct config_loader *loader, const struct config_variable *variable,
                            struct view value) {
    struct json *root JSON_AUTO = parse_map(loader, variable->name, value);
    size_t n = 0;
    for (const struct json *m = json_first(root); m != NULL; m = json_next(m)) {
        n += json_type(m) == JSON_ARRAY ? json_count(m) : 0;
    }
    loader->config->env_files = ARENA_ARRAY(loader->arena, n, struct env_file);
    if (loader->config->env_files == NULL) {
        loader->out_of_memory = true;
        return;
    }
    for (const struct json *m = json_first(root); m != NULL; m = json_next(m)) {
        load_files_of(loader, variable->name, m);
    }
}
