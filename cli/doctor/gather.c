#include "cli/doctor/gathering.h"

#include "handlers/deploy/facts_wave.h"
#include "handlers/deploy/taskdef.h"
#include "runtime/aws/sts.h"

/* Of one wave of calls; there are about ten. */
#define WAVE_MS ((int64_t)60 * 1000)

void gathering_call(const struct gathering *g, struct aws_call *calls, size_t n) {
    int64_t now_ms = clock_monotonic_ms(g->session->cli->clock);
    aws_call_all(g->session->aws, calls, n, now_ms + WAVE_MS, g->arena);
}

int gathering_keep(const struct gathering *g, const struct err *error, const struct err **ret_kept,
                   struct err *err) {
    *ret_kept = NULL;
    if (!err_is_set(error)) {
        return 0;
    }
    struct err *kept = ARENA_NEW(g->arena, struct err);
    if (error->code == ERR_OUT_OF_MEMORY || !kept) {
        return err_out_of_memory(err, "answers");
    }
    *kept = *error;
    *ret_kept = kept;
    return 0;
}

/* --- who asks --- */

/* Also where AWS_ACCOUNT_ID spares the session the question. */
static int gather_caller(struct gathering *g, struct err *err) {
    struct sts_identity identity = {0};
    struct aws_call call;
    struct err failure;
    err_init(&failure);
    sts_get_caller_identity_call(&call);
    gathering_call(g, &call, 1);
    if (sts_get_caller_identity_result(&call, g->arena, &identity, &failure) < 0) {
        return gathering_keep(g, &failure, &g->facts->credentials_err, err);
    }
    g->facts->caller = identity.arn;
    g->facts->caller_account = identity.account;
    return 0;
}

static int open_session(struct gathering *g, struct err *err) {
    const struct session_options options = {.dry_run = true};
    struct cli *cli = g->session->cli;
    struct err failure;
    err_init(&failure);
    g->facts->has_configured_account =
        view_trim(environment_get(cli->env, "AWS_ACCOUNT_ID")).len > 0;
    if (session_open(cli, &options, g->session, &failure) == 0) {
        return gather_caller(g, err);
    }
    /* A configuration that could not be read is an empty one. */
    bool is_config = g->session->config.project.len == 0;
    return gathering_keep(g, &failure,
                          is_config ? &g->facts->config_err : &g->facts->credentials_err, err);
}

/* --- the targets, and what they run --- */

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
        .is_foreign = !view_equal(repository->registry.account, config->own_account),
    };
    return target->repository->uri.data ? 0 : err_out_of_memory(err, "repositories");
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

static int gather_targets(struct gathering *g, const struct doctor_request *request,
                          struct err *err) {
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

int doctor_gather(struct cli *cli, const struct doctor_request *request,
                  struct session *ret_session, struct doctor_facts *ret_facts, struct err *err) {
    struct gathering g = {.session = ret_session, .arena = cli->arena, .facts = ret_facts};
    *ret_session = (struct session){.cli = cli};
    *ret_facts = (struct doctor_facts){.now_ms = clock_wall_ms(cli->clock)};
    if (open_session(&g, err) < 0) {
        return -1;
    }
    ret_facts->config = &ret_session->config;
    if (ret_facts->config_err || ret_facts->credentials_err) {
        return 0;
    }
    return gather_targets(&g, request, err) < 0 || gather_registry(&g, err) < 0 ? -1 : 0;
}
