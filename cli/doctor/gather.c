#include "cli/doctor/gathering.h"

#include "runtime/aws/sts.h"

#include <string.h>

/* Of one wave of calls; there are about ten. */
#define WAVE_MS ((int64_t)60 * 1000)
/* Waves of the parts: a page of images each, and ECR's quota is a tenth of so many thousands. */
#define WAVES_MAX 1000

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

/* --- waves --- */

int gathering_ask(struct gathering *g, const struct aws_call *call, struct err *err) {
    struct wave_calls *wave = &g->wave;
    if (wave->n == wave->capacity) {
        size_t capacity = 2 * wave->capacity + 32;
        struct aws_call *more = ARENA_ARRAY(g->arena, capacity, struct aws_call);
        if (!more) {
            return err_out_of_memory(err, "calls");
        }
        if (wave->n > 0) {
            memcpy(more, wave->calls, wave->n * sizeof(*more));
        }
        wave->calls = more;
        wave->capacity = capacity;
    }
    wave->calls[wave->n] = *call;
    return (int)wave->n++;
}

const struct aws_call *gathering_answer(const struct gathering *g, int number) {
    return &g->wave.calls[number];
}

static int gather_parts(struct gathering *g, struct err *err) {
    static const struct gather_part *const parts[] = {
        &gather_registry, &gather_account, &gather_roles, &gather_rules, &gather_network,
    };
    const size_t n_parts = sizeof(parts) / sizeof(parts[0]);
    for (size_t i = 0; i < n_parts; i++) {
        if (parts[i]->begin(g, err) < 0) {
            return -1;
        }
    }
    for (int waves = 0; waves < WAVES_MAX; waves++) {
        g->wave.n = 0;
        for (size_t i = 0; i < n_parts; i++) {
            if (parts[i]->ask(g, err) < 0) {
                return -1;
            }
        }
        if (g->wave.n == 0) {
            break;
        }
        gathering_call(g, g->wave.calls, g->wave.n);
        for (size_t i = 0; i < n_parts; i++) {
            if (parts[i]->read(g, err) < 0) {
                return -1;
            }
        }
    }
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
    const struct config *config = &ret_session->config;
    ret_facts->function.name = view_of(request->function);
    if (ret_facts->function.name.len == 0) {
        ret_facts->function.name = arena_printf(cli->arena, VIEW_FMT "_slipway_" VIEW_FMT,
                                                VIEW_ARG(config->project), VIEW_ARG(config->env));
    }
    if (!ret_facts->function.name.data) {
        return err_out_of_memory(err, "function");
    }
    return gather_targets(&g, request, err) < 0 || gather_parts(&g, err) < 0 ? -1 : 0;
}
