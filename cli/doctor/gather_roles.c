#include "cli/doctor/gathering.h"

#include <string.h>

/* What the function's role and the execution roles may do by their own policies. */

const char *const doctor_pull_actions[] = {"ecr:BatchCheckLayerAvailability",
                                           "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage", NULL};
const char *const doctor_look_actions[] = {"ecr:DescribeImages", "ecr:BatchGetImage", NULL};
const char *const doctor_lambda_actions[] = {"ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer",
                                             NULL};
static const char *const login_actions[] = {DOCTOR_LOGIN_ACTION};

struct simulation { /* of a role */
    int *calls;     /* the last one is about logging in */
    size_t n_calls;
    bool is_asked;
};
struct roles_part {
    struct simulation *simulations; /* as many as roles may be */
};

static size_t count(const char *const *actions) {
    size_t n = 0;
    while (actions[n]) {
        n++;
    }
    return n;
}

static struct doctor_role *find_role(const struct doctor_facts *facts, struct view arn) {
    for (size_t i = 0; i < facts->n_roles; i++) {
        if (!facts->roles[i].is_function && view_equal(facts->roles[i].arn, arn)) {
            return &facts->roles[i];
        }
    }
    return NULL;
}

static int add_role(struct gathering *g, struct view arn, bool is_function,
                    struct doctor_role **ret_role, struct err *err) {
    struct doctor_facts *facts = g->facts;
    struct doctor_role *role = &facts->roles[facts->n_roles++];
    *role = (struct doctor_role){.arn = arn, .is_function = is_function};
    role->repositories = ARENA_ARRAY(g->arena, facts->n_repositories, struct doctor_repository *);
    *ret_role = role;
    return role->repositories ? 0 : err_out_of_memory(err, "roles");
}

static void add_repository(struct doctor_role *role, struct doctor_repository *repository) {
    for (size_t i = 0; i < role->n_repositories; i++) {
        if (role->repositories[i] == repository) {
            return;
        }
    }
    role->repositories[role->n_repositories++] = repository;
}

static int begin(struct gathering *g, struct err *err) {
    struct doctor_facts *facts = g->facts;
    g->roles = ARENA_NEW(g->arena, struct roles_part);
    facts->roles = ARENA_ARRAY(g->arena, facts->n_targets + 1, struct doctor_role);
    if (!g->roles || !facts->roles) {
        return err_out_of_memory(err, "roles");
    }
    g->roles->simulations = ARENA_ARRAY(g->arena, facts->n_targets + 1, struct simulation);
    if (!g->roles->simulations) {
        return err_out_of_memory(err, "roles");
    }
    for (size_t i = 0; i < facts->n_targets; i++) {
        struct doctor_target *target = &facts->targets[i];
        if (target->execution_role.len == 0) {
            continue;
        }
        struct doctor_role *role = find_role(facts, target->execution_role);
        if (!role && add_role(g, target->execution_role, false, &role, err) < 0) {
            return -1;
        }
        role->used_by = role->used_by.len > 0 ? role->used_by : target->runs.target.name;
        add_repository(role, target->repository);
    }
    return 0;
}

int gathering_add_function_role(struct gathering *g, struct err *err) {
    struct doctor_facts *facts = g->facts;
    struct doctor_role *role = NULL;
    if (add_role(g, facts->function.settings.role, true, &role, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < facts->n_repositories; i++) {
        /* Where a role of the registry's is assumed, that one reads. */
        if (facts->repositories[i].repository.registry.role_arn.len == 0) {
            add_repository(role, &facts->repositories[i]);
        }
    }
    return 0;
}

/* --- asking --- */

static int ask_one(struct gathering *g, const struct iam_simulation *question,
                   struct simulation *simulation, struct err *err) {
    struct aws_call call;
    if (iam_simulate_call(question, g->arena, &call, err) < 0) {
        return -1;
    }
    int number = gathering_ask(g, &call, err);
    if (number < 0) {
        return -1;
    }
    simulation->calls[simulation->n_calls++] = number;
    return 0;
}

static int ask_role(struct gathering *g, const struct doctor_role *role,
                    struct simulation *simulation, struct err *err) {
    const char *const *actions = role->is_function ? doctor_look_actions : doctor_pull_actions;
    struct view *arns = ARENA_ARRAY(g->arena, role->n_repositories, struct view);
    simulation->calls = ARENA_ARRAY(g->arena, role->n_repositories / IAM_SIMULATE_MAX + 2, int);
    if (!arns || !simulation->calls) {
        return err_out_of_memory(err, "roles");
    }
    for (size_t i = 0; i < role->n_repositories; i++) {
        arns[i] = role->repositories[i]->arn;
    }
    struct iam_simulation question = {
        .role = role->arn,
        .region = g->facts->config->region,
        .actions = actions,
        .n_actions = count(actions),
    };
    for (size_t from = 0; from < role->n_repositories; from += IAM_SIMULATE_MAX) {
        size_t n = role->n_repositories - from;
        question.resources = arns + from;
        question.n_resources = n < IAM_SIMULATE_MAX ? n : IAM_SIMULATE_MAX;
        if (ask_one(g, &question, simulation, err) < 0) {
            return -1;
        }
    }
    if (role->is_function || role->n_repositories == 0) {
        return 0; /* it does not log in */
    }
    question = (struct iam_simulation){
        .role = role->arn, .region = question.region, .actions = login_actions, .n_actions = 1};
    return ask_one(g, &question, simulation, err);
}

static int ask(struct gathering *g, struct err *err) {
    for (size_t i = 0; i < g->facts->n_roles; i++) {
        struct simulation *simulation = &g->roles->simulations[i];
        simulation->n_calls = 0;
        if (!simulation->is_asked && ask_role(g, &g->facts->roles[i], simulation, err) < 0) {
            return -1;
        }
        simulation->is_asked = true;
    }
    return 0;
}

/* --- reading --- */

static int add_decisions(struct gathering *g, struct doctor_role *role,
                         const struct iam_decisions *more, struct err *err) {
    size_t n = role->n_decisions + more->n;
    struct iam_decision *all = ARENA_ARRAY(g->arena, n, struct iam_decision);
    if (!all) {
        return err_out_of_memory(err, "decisions");
    }
    if (role->n_decisions > 0) {
        memcpy(all, role->decisions, role->n_decisions * sizeof(*all));
    }
    memcpy(all + role->n_decisions, more->items, more->n * sizeof(*all));
    role->decisions = all;
    role->n_decisions = n;
    return 0;
}

static int read_role(struct gathering *g, struct doctor_role *role,
                     const struct simulation *simulation, struct err *err) {
    for (size_t i = 0; i < simulation->n_calls; i++) {
        const struct aws_call *call = gathering_answer(g, simulation->calls[i]);
        struct iam_decisions decisions;
        struct err failure;
        err_init(&failure);
        if (iam_simulate_result(call, g->arena, &decisions, &failure) < 0) {
            return gathering_keep(g, &failure, &role->err, err);
        }
        if (add_decisions(g, role, &decisions, err) < 0) {
            return -1;
        }
    }
    return 0;
}

static int read_all(struct gathering *g, struct err *err) {
    for (size_t i = 0; i < g->facts->n_roles; i++) {
        if (read_role(g, &g->facts->roles[i], &g->roles->simulations[i], err) < 0) {
            return -1;
        }
    }
    return 0;
}

const struct gather_part gather_roles = {.begin = begin, .ask = ask, .read = read_all};
