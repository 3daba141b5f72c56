#include "cli/ecr/lifecycle_look.h"
#include "cli/what_runs.h"
#include "runtime/aws/ecs.h"

#include <string.h>

/* The repository's stock, one for all targets that share it. */
static struct stock *stock_of(struct look *look, const struct repository *repository) {
    for (size_t i = 0; i < look->n_stocks; i++) {
        const struct repository *known = look->stocks[i].repository;
        if (view_equal(known->name, repository->name) &&
            view_equal(known->registry.account, repository->registry.account) &&
            view_equal(known->registry.region, repository->registry.region)) {
            return &look->stocks[i];
        }
    }
    look->stocks[look->n_stocks] = (struct stock){.repository = repository};
    return &look->stocks[look->n_stocks++];
}

int look_add(struct look *look, const struct target *target, struct view revision,
             struct view image, bool *ret_is_of_target, struct err *err) {
    struct image_reference reference;
    *ret_is_of_target =
        image_reference_parse(image, &reference) &&
        image_is_in_repository(&reference, &target->repository, look->session->config.own_account);
    if (!*ret_is_of_target) {
        return 0;
    }
    struct found found = {
        .running = {.target = target->name,
                    .revision = revision,
                    .tag = reference.tag,
                    .digest = reference.digest},
        .target = target,
        .stock = stock_of(look, &target->repository),
    };
    if (found.running.tag.len == 0 && found.running.digest.len == 0) {
        found.running.tag = VIEW("latest"); /* what a reference without either means */
    }
    if (look->n_found == look->capacity) {
        size_t capacity = 2 * look->capacity + 16;
        struct found *more = ARENA_ARRAY(look->arena, capacity, struct found);
        if (!more) {
            return err_out_of_memory(err, "images that run");
        }
        if (look->n_found > 0) {
            memcpy(more, look->found, look->n_found * sizeof(*more));
        }
        look->found = more;
        look->capacity = capacity;
    }
    look->found[look->n_found++] = found;
    return 0;
}

/* The images of a revision's containers that are of the target's repository. */
static int add_revision(struct look *look, const struct target *target,
                        const struct ecs_task_definition *definition, struct err *err) {
    struct json_span containers;
    struct json_span container;
    struct view image;
    bool has_any = false;
    bool is_of_target;
    struct view name = arena_printf(look->arena, VIEW_FMT ":%lld", VIEW_ARG(definition->family),
                                    (long long)definition->revision);
    if (!name.data) {
        return err_out_of_memory(err, "revision");
    }
    if (json_find(definition->text, "containerDefinitions", &containers)) {
        struct json_iterator iterator = json_iterate(containers);
        while (json_next_element(&iterator, &container)) {
            if (json_find_string(container, "image", look->arena, &image, err) < 0 ||
                look_add(look, target, name, image, &is_of_target, err) < 0) {
                return -1;
            }
            has_any = has_any || is_of_target;
        }
    }
    if (!has_any) {
        look_say(look, false, target->name,
                 arena_printf(look->arena, VIEW_FMT " runs no image of repository '" VIEW_FMT "'",
                              VIEW_ARG(name), VIEW_ARG(target->repository.name)));
    }
    return 0;
}

static int add_function(struct look *look, const struct target *target,
                        const struct what_runs *runs, struct err *err) {
    bool is_of_target;
    if (look_add(look, target, target->function, runs->image, &is_of_target, err) < 0) {
        return -1;
    }
    if (!is_of_target) {
        look_say(look, false, target->name,
                 arena_printf(look->arena, VIEW_FMT " runs no image of repository '" VIEW_FMT "'",
                              VIEW_ARG(target->function), VIEW_ARG(target->repository.name)));
    }
    return 0;
}

/* --- tasks and functions --- */

static int add_runs(struct look *look, const struct target *target, const struct what_runs *runs,
                    struct err *err) {
    const struct what_runs *one;
    for (size_t i = 0; (one = what_runs_at(runs, i)) != NULL; i++) {
        if (one->err) {
            look_say_error(look, target->name, one->err);
        } else if ((target->kind == TARGET_LAMBDA
                        ? add_function(look, target, one, err)
                        : add_revision(look, target, &one->definition, err)) < 0) {
            return -1;
        }
    }
    return 0;
}

static int look_at_tasks_and_functions(struct look *look, struct err *err) {
    const struct target *targets = look->check->targets;
    size_t n = look->check->n_targets;
    struct target *these = ARENA_ARRAY(look->arena, n, struct target);
    const struct target **originals = ARENA_ARRAY(look->arena, n, const struct target *);
    struct what_runs *runs = NULL;
    size_t n_these = 0;
    if (!these || !originals) {
        return err_out_of_memory(err, "targets");
    }
    for (size_t i = 0; i < n; i++) {
        if (targets[i].kind != TARGET_SERVICE) {
            these[n_these] = targets[i];
            originals[n_these++] = &targets[i];
        }
    }
    if (what_runs(look->session, these, n_these, &runs, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < n_these; i++) {
        if (add_runs(look, originals[i], &runs[i], err) < 0) {
            return -1;
        }
    }
    return 0;
}

/* --- services --- */

struct wanted { /* a revision to be looked at, by its ARN or family */
    const struct target *target;
    struct view task_definition;
};

static void want(struct wanted *wanted, size_t *n, const struct target *target,
                 struct view task_definition) {
    for (size_t i = 0; i < *n; i++) {
        if (wanted[i].target == target && view_equal(wanted[i].task_definition, task_definition)) {
            return;
        }
    }
    if (task_definition.len > 0) {
        wanted[(*n)++] = (struct wanted){target, task_definition};
    }
}

/* What a service runs, all of it: what is rolled out, and what that takes the place of. */
static size_t want_service(struct wanted *wanted, size_t n, const struct target *target,
                           const struct ecs_service_state *state) {
    want(wanted, &n, target, state->task_definition);
    for (size_t i = 0; i < state->n_deployments; i++) {
        want(wanted, &n, target, state->deployments[i].task_definition);
    }
    for (size_t i = 0; i < state->n_task_sets; i++) {
        want(wanted, &n, target, state->task_sets[i].task_definition);
    }
    return n;
}

static int ask_revisions(struct look *look, const struct wanted *wanted, size_t n,
                         struct err *err) {
    struct aws_call *calls = ARENA_ARRAY(look->arena, n, struct aws_call);
    struct view region = look->session->config.region;
    if (!calls) {
        return err_out_of_memory(err, "calls");
    }
    for (size_t i = 0; i < n; i++) {
        if (ecs_describe_task_definition_call(wanted[i].task_definition, region, look->arena,
                                              &calls[i], err) < 0) {
            return -1;
        }
    }
    look_call(look, calls, n);
    for (size_t i = 0; i < n; i++) {
        struct ecs_task_definition definition;
        struct err failure;
        err_init(&failure);
        if (ecs_describe_task_definition_result(&calls[i], look->arena, &definition, &failure) <
            0) {
            look_say_error(look, wanted[i].target->name, &failure);
        } else if (add_revision(look, wanted[i].target, &definition, err) < 0) {
            return -1;
        }
    }
    return 0;
}

/* Adds what the services run to what has to be looked at. */
static int read_services(struct look *look, const struct aws_call *calls,
                         struct wanted **ret_wanted, size_t *ret_n, struct err *err) {
    const struct target *targets = look->check->targets;
    size_t n = look->check->n_targets;
    struct ecs_service_state *states = ARENA_ARRAY(look->arena, n, struct ecs_service_state);
    size_t most = 0;
    size_t n_calls = 0;
    if (!states) {
        return err_out_of_memory(err, "services");
    }
    for (size_t i = 0; i < n; i++) {
        struct err failure;
        err_init(&failure);
        if (targets[i].kind != TARGET_SERVICE) {
            continue;
        }
        if (ecs_describe_services_result(&calls[n_calls++], targets[i].service, look->arena,
                                         &states[i], &failure) < 0) {
            look_say_error(look, targets[i].name, &failure);
            states[i] = (struct ecs_service_state){0};
        }
        most += 1 + states[i].n_deployments + states[i].n_task_sets;
    }
    *ret_wanted = ARENA_ARRAY(look->arena, most, struct wanted);
    if (!*ret_wanted) {
        return err_out_of_memory(err, "revisions");
    }
    *ret_n = 0;
    for (size_t i = 0; i < n; i++) {
        *ret_n = want_service(*ret_wanted, *ret_n, &targets[i], &states[i]);
    }
    return 0;
}

int look_at_what_runs(struct look *look, struct err *err) {
    const struct target *targets = look->check->targets;
    size_t n = look->check->n_targets;
    struct aws_call *calls = ARENA_ARRAY(look->arena, n, struct aws_call);
    struct wanted *wanted = NULL;
    size_t n_calls = 0;
    size_t n_wanted = 0;
    if (!calls) {
        return err_out_of_memory(err, "calls");
    }
    for (size_t i = 0; i < n; i++) {
        if (targets[i].kind == TARGET_SERVICE &&
            ecs_describe_services_call(targets[i].cluster, &targets[i].service, 1,
                                       look->session->config.region, look->arena, &calls[n_calls++],
                                       err) < 0) {
            return -1;
        }
    }
    look_call(look, calls, n_calls);
    return read_services(look, calls, &wanted, &n_wanted, err) < 0 ||
                   look_at_tasks_and_functions(look, err) < 0 ||
                   ask_revisions(look, wanted, n_wanted, err) < 0
               ? -1
               : 0;
}
