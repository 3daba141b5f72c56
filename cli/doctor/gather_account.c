#include "cli/doctor/gathering.h"

#include "runtime/aws/organizations.h"

/* The account's organization, and the function. */

struct account_part {
    bool is_asked;
    int organization, function, policy, sources; /* calls; -1: none */
};

static int begin(struct gathering *g, struct err *err) {
    g->account = ARENA_NEW(g->arena, struct account_part);
    return g->account ? 0 : err_out_of_memory(err, "account");
}

static int ask(struct gathering *g, struct err *err) {
    struct account_part *part = g->account;
    struct aws_call call;
    part->organization = part->function = part->policy = -1;
    if (part->is_asked) {
        return 0;
    }
    part->is_asked = true;
    if (organizations_describe_call(g->facts->config->region, g->arena, &call, err) < 0 ||
        (part->organization = gathering_ask(g, &call, err)) < 0) {
        return -1;
    }
    if (lambda_get_configuration_call(g->facts->function.name, g->arena, &call, err) < 0 ||
        (part->function = gathering_ask(g, &call, err)) < 0 ||
        lambda_get_policy_call(g->facts->function.name, g->arena, &call, err) < 0 ||
        (part->policy = gathering_ask(g, &call, err)) < 0 ||
        lambda_list_sources_call(g->facts->function.name, g->arena, &call, err) < 0 ||
        (part->sources = gathering_ask(g, &call, err)) < 0) {
        return -1;
    }
    return 0;
}

static int read_function(struct gathering *g, struct err *err) {
    struct doctor_function *function = &g->facts->function;
    const struct aws_call *call = gathering_answer(g, g->account->function);
    const struct aws_call *policy = gathering_answer(g, g->account->policy);
    struct err failure;
    err_init(&failure);
    if (lambda_settings_result(call, g->arena, &function->settings, &failure) < 0 &&
        gathering_keep(g, &failure, &function->err, err) < 0) {
        return -1;
    }
    err_init(&failure);
    if (lambda_get_policy_result(policy, g->arena, &function->policy, &failure) < 0 &&
        gathering_keep(g, &failure, &function->policy_err, err) < 0) {
        return -1;
    }
    err_init(&failure);
    if (lambda_list_sources_result(gathering_answer(g, g->account->sources), g->arena,
                                   &function->sources, &function->n_sources, &failure) < 0 &&
        gathering_keep(g, &failure, &function->sources_err, err) < 0) {
        return -1;
    }
    return function->err ? 0 : gathering_add_function_role(g, err);
}

static int read_all(struct gathering *g, struct err *err) {
    struct err failure;
    err_init(&failure);
    if (g->account->organization >= 0) {
        const struct aws_call *call = gathering_answer(g, g->account->organization);
        if (organizations_describe_result(call, g->arena, &g->facts->organization, &failure) < 0 &&
            gathering_keep(g, &failure, &g->facts->organization_err, err) < 0) {
            return -1;
        }
    }
    return g->account->function >= 0 ? read_function(g, err) : 0;
}

const struct gather_part gather_account = {.begin = begin, .ask = ask, .read = read_all};
