#include "cli/what_runs.h"

#include "cli/what_tasks.h"
#include "handlers/deploy/facts_wave.h"
#include "handlers/deploy/lambda_claim.h"
#include "handlers/deploy/plan_revision.h"
#include "handlers/deploy/taskdef.h"
#include "runtime/aws/ecs_services.h"

#define READ_MS ((int64_t)60000)

static int64_t deadline(const struct session *session) {
    return clock_monotonic_ms(session->cli->clock) + READ_MS;
}

/* --- which there are --- */

bool conventional_service(const struct config *config, struct view service, struct view *ret_name) {
    struct view rest = service;
    struct view middle = VIEW("_service_");
    if (!view_starts_with(rest, config->project)) {
        return false;
    }
    rest = view_slice(rest, config->project.len, rest.len);
    if (rest.len < middle.len + config->env.len || !view_starts_with(rest, middle) ||
        !view_ends_with(rest, config->env)) {
        return false;
    }
    /* "x_dev", or "dev" alone for the backend */
    rest = view_slice(rest, middle.len, rest.len - middle.len - config->env.len);
    if (rest.len == 0) {
        *ret_name = VIEW("backend");
        return true;
    }
    if (rest.len < 2 || !view_ends_with(rest, VIEW("_"))) {
        return false;
    }
    struct view name = view_slice(rest, 0, rest.len - 1);
    if (!config_name_is_valid(name)) {
        return false;
    }
    *ret_name = name;
    return true;
}

struct target_list {
    struct target *targets;
    size_t n, capacity;
};

static int add_target(struct session *session, struct view name, struct target_list *list,
                      struct err *err) {
    struct arena *arena = session->cli->arena;
    if (list->n == list->capacity) {
        size_t capacity = list->capacity > 0 ? 2 * list->capacity : 64;
        struct target *more = ARENA_ARRAY(arena, capacity, struct target);
        if (!more) {
            return err_out_of_memory(err, "targets");
        }
        for (size_t i = 0; i < list->n; i++) {
            more[i] = list->targets[i];
        }
        list->targets = more;
        list->capacity = capacity;
    }
    return target_resolve(&session->config, name, arena, &list->targets[list->n++], err);
}

static int add_page(struct session *session, struct view *next, struct target_list *list,
                    struct err *err) {
    struct arena *arena = session->cli->arena;
    struct aws_call call = {0};
    struct ecs_services services;
    if (ecs_list_services_call(session->config.cluster, *next, arena, &call, err) < 0) {
        return -1;
    }
    aws_call_all(session->aws, &call, 1, deadline(session), arena);
    if (ecs_list_services_result(&call, arena, &services, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < services.n; i++) {
        struct view name;
        if (conventional_service(&session->config, services.names[i], &name) &&
            add_target(session, name, list, err) < 0) {
            return -1;
        }
    }
    *next = services.next;
    return 0;
}

int environment_targets(struct session *session, struct target **ret_targets, size_t *ret_n,
                        struct err *err) {
    const struct config *config = &session->config;
    struct target_list list = {0};
    struct view next = {0};
    for (size_t i = 0; config->has_service_map && i < config->n_services; i++) {
        if (add_target(session, config->services[i].name, &list, err) < 0) {
            return -1;
        }
    }
    if (!config->has_service_map) {
        do {
            if (add_page(session, &next, &list, err) < 0) {
                return -1;
            }
        } while (next.len > 0);
    }
    *ret_targets = list.targets;
    *ret_n = list.n;
    return 0;
}

/* --- what they run --- */

const struct what_runs *what_runs_at(const struct what_runs *one, size_t i) {
    return i == 0 ? one : i <= one->n_others ? &one->others[i - 1] : NULL;
}

int what_image(struct session *session, const struct target *target,
               const struct ecs_task_definition *definition, struct what_image *ret_image,
               struct err *err) {
    struct taskdef_container *containers = NULL;
    size_t n = 0;
    struct image_reference reference;
    struct err none;
    err_init(&none);
    struct what_image image = {0};
    if (taskdef_find_containers(definition, target->container, &target->repository,
                                session->config.own_account, session->cli->arena, &containers, &n,
                                &none) < 0 &&
        none.code == ERR_OUT_OF_MEMORY) {
        return err_out_of_memory(err, "images");
    }
    if (n > 0 && image_reference_parse(containers[0].image, &reference)) {
        struct view tag = ecs_tag_value(definition, TAG_IMAGE_TAG);
        struct view digest = ecs_tag_value(definition, TAG_DIGEST);
        image.image = containers[0].image;
        image.tag = reference.tag;
        image.digest = reference.digest;
        if (image.tag.len == 0 && view_equal(digest, image.digest)) {
            image.tag = tag;
        } else if (image.digest.len == 0 && view_equal(tag, image.tag)) {
            image.digest = digest;
        }
    }
    *ret_image = image;
    return 0;
}

int what_runs_read_image(struct session *session, struct what_runs *one, struct err *err) {
    struct what_image image = {0};
    if (what_image(session, &one->target, &one->definition, &image, err) < 0) {
        return -1;
    }
    one->image = image.image;
    one->tag = image.tag;
    one->digest = image.digest;
    if (one->target.kind == TARGET_TASK) {
        one->since_ms = one->definition.registered_at_ms;
    }
    return 0;
}

/* The function's tags are of its newest deploy, which an alias may not have followed. */
static void read_function(struct what_runs *one) {
    struct image_reference reference;
    const struct lambda_function *function = &one->function;
    struct view time = lambda_tag_value(function, TAG_EVENT_TIME);
    one->image = function->resolved_uri.len > 0 ? function->resolved_uri : function->image_uri;
    one->tag = lambda_tag_value(function, TAG_IMAGE_TAG);
    if (image_reference_parse(one->image, &reference)) {
        one->digest = reference.digest;
    }
    if (!view_equal(one->digest, lambda_tag_value(function, TAG_DIGEST))) {
        one->tag = (struct view){0}; /* of another image */
        return;
    }
    (void)time_parse_rfc3339(time, &one->since_ms);
}

static int read_services(struct session *session, struct what_runs *all, size_t n,
                         struct err *err) {
    struct arena *arena = session->cli->arena;
    struct wave wave = wave_of(arena);
    int *reads = ARENA_ARRAY(arena, n, int);
    if (!reads) {
        return err_out_of_memory(err, "services");
    }
    for (size_t i = 0; i < n; i++) {
        if (all[i].target.kind == TARGET_SERVICE &&
            (reads[i] =
                 wave_add_service(&wave, all[i].target.cluster, all[i].target.service, err)) < 0) {
            return -1;
        }
    }
    if (wave_run(&wave, session->aws, deadline(session), err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < n; i++) {
        if (all[i].target.kind == TARGET_SERVICE &&
            wave_service(&wave, reads[i], all[i].target.service, &all[i].service, &all[i].err,
                         err) < 0) {
            return -1;
        }
        if (all[i].target.kind == TARGET_SERVICE && !all[i].err && all[i].service.primary) {
            all[i].since_ms = all[i].service.primary->created_at_ms;
        }
    }
    return 0;
}

static struct view definition_of(const struct what_runs *one) {
    return one->err || one->target.kind == TARGET_LAMBDA ? VIEW("")
           : one->target.kind == TARGET_TASK             ? one->target.family
                                                         : one->service.task_definition;
}

static int read_definitions(struct session *session, struct what_runs *all, size_t n,
                            struct err *err) {
    struct arena *arena = session->cli->arena;
    struct wave wave = wave_of(arena);
    int *reads = ARENA_ARRAY(arena, n, int);
    if (!reads) {
        return err_out_of_memory(err, "task definitions");
    }
    for (size_t i = 0; i < n; i++) {
        struct view name = definition_of(&all[i]);
        if (name.len > 0 && (reads[i] = wave_add_task_definition(&wave, name, err)) < 0) {
            return -1;
        }
    }
    if (wave_run(&wave, session->aws, deadline(session), err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < n; i++) {
        if (definition_of(&all[i]).len == 0) {
            continue;
        }
        if (wave_task_definition(&wave, reads[i], &all[i].definition, &all[i].err, err) < 0 ||
            (!all[i].err && what_runs_read_image(session, &all[i], err) < 0)) {
            return -1;
        }
    }
    return 0;
}

static int keep(struct session *session, const struct err *error, const struct err **ret_kept,
                struct err *err) {
    struct err *kept = ARENA_NEW(session->cli->arena, struct err);
    if (error->code == ERR_OUT_OF_MEMORY || !kept) {
        return err_out_of_memory(err, "functions");
    }
    *kept = *error;
    *ret_kept = kept;
    return 0;
}

/* The function's call, and its alias's behind it where there is one. */
static int build_function_calls(const struct target *target, struct arena *arena,
                                struct aws_call *calls, size_t *n, struct err *err) {
    if (lambda_get_function_call(target->function, arena, &calls[(*n)++], err) < 0) {
        return -1;
    }
    return target->alias.len == 0
               ? 0
               : lambda_get_aliased_function_call(target->function, target->alias, arena,
                                                  &calls[(*n)++], err);
}

/* What is invoked is the alias's version; the tags, the ARN that policies name, and how the newest
 * update went, are the function's. */
static int read_function_calls(const struct target *target, const struct aws_call *calls,
                               size_t *at, struct arena *arena,
                               struct lambda_function *ret_function, struct err *error) {
    struct lambda_function function;
    struct lambda_function version;
    size_t first = *at;
    *at += target->alias.len == 0 ? 1 : 2;
    if (lambda_get_function_result(&calls[first], arena, &function, error) < 0) {
        return -1;
    }
    if (target->alias.len == 0) {
        *ret_function = function;
        return 0;
    }
    if (lambda_get_function_result(&calls[first + 1], arena, &version, error) < 0) {
        return -1;
    }
    *ret_function = version;
    ret_function->arn = function.arn;
    ret_function->tags = function.tags;
    ret_function->n_tags = function.n_tags;
    ret_function->update_status = function.update_status;
    ret_function->update_reason = function.update_reason;
    return 0;
}

static int read_functions(struct session *session, struct what_runs *all, size_t n,
                          struct err *err) {
    struct arena *arena = session->cli->arena;
    struct aws_call *calls = ARENA_ARRAY(arena, 2 * n, struct aws_call);
    size_t n_calls = 0;
    size_t at = 0;
    if (!calls) {
        return err_out_of_memory(err, "functions");
    }
    for (size_t i = 0; i < n; i++) {
        if (all[i].target.kind == TARGET_LAMBDA &&
            build_function_calls(&all[i].target, arena, calls, &n_calls, err) < 0) {
            return -1;
        }
    }
    aws_call_all(session->aws, calls, n_calls, deadline(session), arena);
    for (size_t i = 0; i < n; i++) {
        struct err error;
        err_init(&error);
        if (all[i].target.kind != TARGET_LAMBDA) {
            continue;
        }
        if (read_function_calls(&all[i].target, calls, &at, arena, &all[i].function, &error) == 0) {
            read_function(&all[i]);
        } else if (keep(session, &error, &all[i].err, err) < 0) {
            return -1;
        }
    }
    return 0;
}

int what_runs(struct session *session, const struct target *targets, size_t n,
              struct what_runs **ret_all, struct err *err) {
    struct what_runs *all = ARENA_ARRAY(session->cli->arena, n, struct what_runs);
    if (!all) {
        return err_out_of_memory(err, "targets");
    }
    for (size_t i = 0; i < n; i++) {
        all[i].target = targets[i];
    }
    *ret_all = all;
    return read_services(session, all, n, err) < 0 || read_definitions(session, all, n, err) < 0 ||
                   what_tasks_read(session, all, n, deadline(session), err) < 0 ||
                   read_functions(session, all, n, err) < 0
               ? -1
               : 0;
}
