#include "cli/doctor/gathering.h"

#include "handlers/deploy/facts_wave.h"
#include "handlers/deploy/taskdef.h"
#include "runtime/aws/arn.h"

#define WAVE_MS ((int64_t)60 * 1000)

/* --- which there are --- */

static int name_targets(struct gathering *g, const struct doctor_request *request,
                        struct target **ret_targets, size_t *ret_n, struct err *failure) {
    const struct config *config = &g->session->config;
    if (request->n_services == 0) {
        return environment_targets(g->session, ret_targets, ret_n, failure);
    }
    struct target *targets = ARENA_ARRAY(g->arena, request->n_services, struct target);
    if (!targets) {
        return err_out_of_memory(failure, "services");
    }
    for (size_t i = 0; i < request->n_services; i++) {
        if (target_resolve(config, view_of(request->services[i]), g->arena, &targets[i], failure) <
            0) {
            return -1;
        }
    }
    *ret_targets = targets;
    *ret_n = request->n_services;
    return 0;
}

static bool is_same_repository(const struct repository *a, const struct repository *b) {
    return view_equal(a->name, b->name) && view_equal(a->registry.account, b->registry.account) &&
           view_equal(a->registry.region, b->registry.region);
}

/* The target's repository, one for all targets that share it. */
static int name_repository(struct gathering *g, struct doctor_target *target, struct err *err) {
    struct doctor_facts *facts = g->facts;
    const struct config *config = &g->session->config;
    struct repository *repository = &target->runs.target.repository;
    if (repository->registry.account.len == 0) {
        repository->registry.account = config->own_account;
    }
    if (repository->registry.region.len == 0) {
        repository->registry.region = config->region;
    }
    for (size_t i = 0; i < facts->n_repositories; i++) {
        if (is_same_repository(&facts->repositories[i].repository, repository)) {
            target->repository = &facts->repositories[i];
            return 0;
        }
    }
    target->repository = &facts->repositories[facts->n_repositories++];
    *target->repository = (struct doctor_repository){
        .repository = *repository,
        .uri = image_repository_uri(repository, config->own_account, g->arena),
        .arn = arena_printf(g->arena,
                            "arn:" VIEW_FMT ":ecr:" VIEW_FMT ":" VIEW_FMT ":repository/" VIEW_FMT,
                            VIEW_ARG(arn_region_partition(repository->registry.region)),
                            VIEW_ARG(repository->registry.region),
                            VIEW_ARG(repository->registry.account), VIEW_ARG(repository->name)),
        .is_foreign = !view_equal(repository->registry.account, config->own_account),
    };
    return target->repository->uri.data && target->repository->arn.data
               ? 0
               : err_out_of_memory(err, "repositories");
}

static bool is_for_fargate(const struct ecs_task_definition *definition) {
    struct json_span all;
    struct json_span one;
    if (!json_find(definition->text, "requiresCompatibilities", &all)) {
        return false;
    }
    struct json_iterator iterator = json_iterate(all);
    while (json_next_element(&iterator, &one)) {
        if (json_span_equals(one.text, VIEW("FARGATE"))) {
            return true;
        }
    }
    return false;
}

static bool writes_logs(const struct ecs_task_definition *definition) {
    struct json_span all;
    struct json_span one;
    struct json_span log;
    struct json_span driver;
    if (!json_find(definition->text, "containerDefinitions", &all)) {
        return false;
    }
    struct json_iterator iterator = json_iterate(all);
    while (json_next_element(&iterator, &one)) {
        if (json_find(one, "logConfiguration", &log) && json_find(log, "logDriver", &driver) &&
            json_span_equals(driver.text, VIEW("awslogs"))) {
            return true;
        }
    }
    return false;
}

/* What a deploy would begin with. */
static int read_latest(struct gathering *g, struct doctor_target *target, struct err *err) {
    struct taskdef_container *containers = NULL;
    struct err failure;
    err_init(&failure);
    if (target->latest_err) {
        return 0;
    }
    if (taskdef_find_containers(&target->latest, target->runs.target.container,
                                &target->runs.target.repository, g->session->config.own_account,
                                g->arena, &containers, &target->n_containers, &failure) < 0 &&
        gathering_keep(g, &failure, &target->container_err, err) < 0) {
        return -1;
    }
    target->is_fargate = is_for_fargate(&target->latest);
    target->writes_logs = writes_logs(&target->latest);
    return json_find_string(target->latest.text, "executionRoleArn", g->arena,
                            &target->execution_role, err);
}

static int gather_latest(struct gathering *g, struct err *err) {
    struct doctor_facts *facts = g->facts;
    struct wave wave = wave_of(g->arena);
    int *reads = ARENA_ARRAY(g->arena, facts->n_targets, int);
    if (!reads) {
        return err_out_of_memory(err, "families");
    }
    for (size_t i = 0; i < facts->n_targets; i++) {
        const struct target *target = &facts->targets[i].runs.target;
        reads[i] = target->kind == TARGET_LAMBDA
                       ? 0
                       : wave_add_task_definition(&wave, target->family, err);
        if (reads[i] < 0) {
            return -1;
        }
    }
    int64_t now_ms = clock_monotonic_ms(g->session->cli->clock);
    if (wave_run(&wave, g->session->aws, now_ms + WAVE_MS, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < facts->n_targets; i++) {
        struct doctor_target *target = &facts->targets[i];
        if (target->runs.target.kind != TARGET_LAMBDA &&
            (wave_task_definition(&wave, reads[i], &target->latest, &target->latest_err, err) < 0 ||
             read_latest(g, target, err) < 0)) {
            return -1;
        }
    }
    return 0;
}

int gather_targets(struct gathering *g, const struct doctor_request *request, struct err *err) {
    struct doctor_facts *facts = g->facts;
    struct target *targets = NULL;
    struct what_runs *runs = NULL;
    struct err failure;
    err_init(&failure);
    if (name_targets(g, request, &targets, &facts->n_targets, &failure) < 0) {
        return gathering_keep(g, &failure, &facts->targets_err, err);
    }
    facts->targets = ARENA_ARRAY(g->arena, facts->n_targets, struct doctor_target);
    facts->repositories = ARENA_ARRAY(g->arena, facts->n_targets, struct doctor_repository);
    if (!facts->targets || !facts->repositories) {
        return err_out_of_memory(err, "targets");
    }
    if (what_runs(g->session, targets, facts->n_targets, &runs, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < facts->n_targets; i++) {
        facts->targets[i].runs = runs[i];
        if (name_repository(g, &facts->targets[i], err) < 0) {
            return -1;
        }
    }
    return gather_latest(g, err);
}
