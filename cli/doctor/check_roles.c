#include "cli/doctor/checks.h"

#include "runtime/aws/arn.h"

/* Across accounts both sides have to allow a pull; this is the environment's. */

static struct view name_of(const struct doctor_role *role) {
    struct view before;
    struct view name;
    return view_cut_last(role->arn, '/', &before, &name) ? name : role->arn;
}

static const char *kind_of(const struct doctor_role *role) {
    return role->is_function ? "function's role" : "execution role";
}

static const struct doctor_repository *repository_of(const struct doctor_role *role,
                                                     struct view arn) {
    for (size_t i = 0; i < role->n_repositories; i++) {
        if (view_equal(role->repositories[i]->arn, arn)) {
            return role->repositories[i];
        }
    }
    return NULL;
}

/* Within one account the repository's policy may allow what the role's own do not. */
static bool may_be_allowed_there(const struct doctor_facts *facts, const struct doctor_role *role,
                                 const struct iam_decision *decision,
                                 struct doctor_findings *findings) {
    const struct doctor_repository *repository = repository_of(role, decision->resource);
    struct view action = arena_copy(findings->arena, decision->action);
    const struct iam_request who = {.principal = role->arn, .account = facts->config->own_account};
    if (!action.data) {
        findings->failed = true;
        return false;
    }
    /* Neither of the last two is for a repository's policy to lift. */
    if (!repository || repository->is_foreign || decision->is_denied || decision->by_organization ||
        decision->by_boundary) {
        return false;
    }
    enum iam_verdict verdict =
        repository->policy_err
            ? IAM_UNTOLD
            : check_admits(facts, repository, &who, action.data, findings).verdict;
    return verdict == IAM_ALLOWED || verdict == IAM_UNTOLD;
}

static void remedy_of(const struct doctor_role *role, const struct iam_decision *decision,
                      struct doctor_findings *findings) {
    if (decision->is_denied || decision->by_organization || decision->by_boundary) {
        findings_remedy(findings, "lift what forbids it: %s",
                        decision->by_organization ? "a service control policy of the organization"
                        : decision->by_boundary   ? "the role's permissions boundary"
                                                  : "a Deny in one of the role's policies");
        return;
    }
    if (role->is_function) {
        findings_remedy(findings, "set EcrAccountId, EcrAccountRegion and RepositoryPattern of the "
                                  "function's stack so that they name this repository");
        return;
    }
    const struct doctor_repository *repository = repository_of(role, decision->resource);
    const struct repository *one = &(repository ? repository : role->repositories[0])->repository;
    findings_remedy(findings,
                    "slipway ecr pull-policy --registry " VIEW_FMT " --region " VIEW_FMT
                    " --repository " VIEW_FMT
                    " prints what is missing; attach it to role '" VIEW_FMT "'",
                    VIEW_ARG(one->registry.account), VIEW_ARG(one->registry.region),
                    VIEW_ARG(one->name), VIEW_ARG(name_of(role)));
}

/* Whether there is nothing to say about it. */
static bool check_decision(const struct doctor_facts *facts, const struct doctor_role *role,
                           const struct iam_decision *decision, struct doctor_findings *findings) {
    struct view name = name_of(role);
    if (decision->is_allowed) {
        return true;
    }
    if (decision->is_incomplete) {
        /* A Deny for all but one VPC endpoint is one to a simulation, which comes by none. */
        findings_add(findings, DOCTOR_WARNING, "role", name,
                     "simulated, the policies of this %s %s " VIEW_FMT " on '" VIEW_FMT
                     "'; a condition of theirs asks for what only the real request has",
                     kind_of(role), decision->is_denied ? "deny" : "do not allow",
                     VIEW_ARG(decision->action), VIEW_ARG(decision->resource));
    } else if (may_be_allowed_there(facts, role, decision, findings)) {
        findings_add(findings, DOCTOR_WARNING, "role", name,
                     "the own policies of this %s do not allow " VIEW_FMT " on '" VIEW_FMT
                     "'; the repository's may",
                     kind_of(role), VIEW_ARG(decision->action), VIEW_ARG(decision->resource));
    } else {
        findings_add(findings, DOCTOR_WRONG, "role", name,
                     "the policies of this %s %s " VIEW_FMT " on '" VIEW_FMT "'", kind_of(role),
                     decision->is_denied ? "deny" : "do not allow", VIEW_ARG(decision->action),
                     VIEW_ARG(decision->resource));
        findings_case(findings, DOCTOR_CASE_ACCESS_DENIED);
    }
    remedy_of(role, decision, findings);
    return false;
}

/* What AWS has said nothing of is not allowed by that; NULL: there is none. */
static const struct doctor_repository *without_decision(const struct doctor_role *role) {
    for (size_t i = 0; i < role->n_repositories; i++) {
        bool has_one = false;
        for (size_t j = 0; j < role->n_decisions; j++) {
            has_one =
                has_one || view_equal(role->decisions[j].resource, role->repositories[i]->arn);
        }
        if (!has_one) {
            return role->repositories[i];
        }
    }
    return NULL;
}

static void check_role(const struct doctor_facts *facts, const struct doctor_role *role,
                       struct doctor_findings *findings) {
    struct view name = name_of(role);
    if (role->n_repositories == 0) {
        return;
    }
    if (role->err) {
        bool is_missing = role->err->code == ERR_SERVICE_NOT_FOUND;
        findings_add(findings, is_missing ? DOCTOR_WRONG : DOCTOR_WARNING, "role", name,
                     is_missing ? "%s%s" : "what this %s may do could not be told: %s",
                     is_missing ? "" : kind_of(role), role->err->message);
        findings_remedy_of(findings, role->err);
        return;
    }
    for (size_t i = 0; i < role->n_decisions; i++) {
        if (!check_decision(facts, role, &role->decisions[i], findings)) {
            return; /* the others are missing for the same reason, mostly */
        }
    }
    const struct doctor_repository *untold = without_decision(role);
    if (untold) {
        findings_add(findings, DOCTOR_WARNING, "role", name,
                     "whether this %s may %s '" VIEW_FMT "' could not be told: the simulation has "
                     "no decision on it",
                     kind_of(role), role->is_function ? "look into" : "pull from",
                     VIEW_ARG(untold->arn));
        return;
    }
    findings_add(findings, DOCTOR_WELL, "role", name, "this %s may %s %zu repositor%s",
                 kind_of(role), role->is_function ? "look into" : "pull from", role->n_repositories,
                 role->n_repositories == 1 ? "y" : "ies");
}

/* Fargate pulls by the execution role; an instance may do so by its own. */
static void check_has_role(const struct doctor_target *target, struct doctor_findings *findings) {
    const struct target *one = &target->runs.target;
    if (one->kind == TARGET_LAMBDA || target->latest_err || target->execution_role.len > 0) {
        return;
    }
    bool is_fargate = target->is_fargate && !target->network.is_on_instances;
    findings_add(findings, is_fargate ? DOCTOR_WRONG : DOCTOR_WARNING, "role", one->name,
                 "family '" VIEW_FMT "' names no execution role%s", VIEW_ARG(one->family),
                 is_fargate ? ", and Fargate pulls by nothing else"
                            : ": its instances' role has to be allowed to pull");
    findings_remedy(findings, "name an executionRoleArn in the task definition, with what slipway "
                              "ecr pull-policy prints attached to it");
    if (is_fargate) {
        findings_case(findings, DOCTOR_CASE_ACCESS_DENIED);
    }
}

void check_roles(const struct doctor_facts *facts, struct doctor_findings *findings) {
    for (size_t i = 0; i < facts->n_roles; i++) {
        check_role(facts, &facts->roles[i], findings);
    }
    for (size_t i = 0; i < facts->n_targets; i++) {
        check_has_role(&facts->targets[i], findings);
    }
}
