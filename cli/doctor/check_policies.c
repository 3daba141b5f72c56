#include "cli/doctor/checks.h"

#include "runtime/aws/arn.h"

/* Across accounts both sides have to allow a pull; this is the registry's. Within one account a
 * policy need not allow anything, but may deny. */

struct iam_answer check_admits(const struct doctor_facts *facts,
                               const struct doctor_repository *repository,
                               const struct iam_request *who, const char *action,
                               struct doctor_findings *findings) {
    struct iam_answer answer = {.verdict = IAM_UNTOLD, .why = VIEW("there is no memory")};
    struct iam_request request = *who;
    struct err err;
    err_init(&err);
    request.action = view_of(action);
    request.resource = repository->arn;
    request.region = repository->repository.registry.region;
    request.organization = facts->organization;
    request.organization_is = facts->organization_err       ? IAM_ORGANIZATION_UNKNOWN
                              : facts->organization.len > 0 ? IAM_ORGANIZATION_KNOWN
                                                            : IAM_ORGANIZATION_NONE;
    if (iam_policy_evaluate(repository->policy, &request, findings->arena, &answer, &err) < 0) {
        findings->failed = true;
    }
    return answer;
}

/* The worst answer of several actions, and to which it was. */
struct admission {
    struct iam_answer answer;
    const char *action;
    bool is_of_lambda;
};

static int rank(enum iam_verdict verdict) {
    static const int ranks[] = {
        [IAM_ALLOWED] = 0, [IAM_UNTOLD] = 1, [IAM_NOT_ALLOWED] = 2, [IAM_DENIED] = 3};
    return ranks[verdict];
}

/* There the roles' own policies suffice, unless this one denies it. */
static struct iam_answer within_the_account(const struct iam_answer *answer) {
    struct iam_answer within = {.verdict = IAM_ALLOWED};
    if (answer->verdict == IAM_DENIED) {
        return *answer;
    }
    if (answer->may_deny.len > 0) {
        within.verdict = IAM_UNTOLD;
        within.why = answer->may_deny;
    }
    return within;
}

static struct admission admission_of(const struct doctor_facts *facts,
                                     const struct doctor_repository *repository,
                                     const struct iam_request *who, const char *const *actions,
                                     struct doctor_findings *findings) {
    struct admission worst = {.answer = {.verdict = IAM_ALLOWED}, .action = actions[0]};
    for (size_t i = 0; actions[i]; i++) {
        struct iam_answer answer = check_admits(facts, repository, who, actions[i], findings);
        if (!repository->is_foreign) {
            answer = within_the_account(&answer);
        }
        if (rank(answer.verdict) > rank(worst.answer.verdict)) {
            worst.answer = answer;
            worst.action = actions[i];
        }
    }
    worst.is_of_lambda = who->service.len > 0;
    return worst;
}

/* --- saying it --- */

static void remedy_of_denial(const struct doctor_repository *repository,
                             struct doctor_findings *findings) {
    findings_remedy(
        findings, "take that Deny out of the policy of '" VIEW_FMT "' in account " VIEW_FMT,
        VIEW_ARG(repository->repository.name), VIEW_ARG(repository->repository.registry.account));
}

/* What is there already must not be lost. */
static void remedy_of_gap(const struct doctor_facts *facts,
                          const struct doctor_repository *repository,
                          const struct admission *admission, struct doctor_findings *findings) {
    const struct repository *one = &repository->repository;
    const char *lambda = admission->is_of_lambda ? " --lambda" : "";
    struct view own = facts->config->own_account;
    struct view region = one->registry.region;
    if (repository->policy.len > 0) {
        findings_remedy(findings,
                        "slipway ecr policy --account " VIEW_FMT " --region " VIEW_FMT
                        "%s prints what to add to the policy of '" VIEW_FMT
                        "' in account " VIEW_FMT,
                        VIEW_ARG(own), VIEW_ARG(region), lambda, VIEW_ARG(one->name),
                        VIEW_ARG(one->registry.account));
        return;
    }
    findings_remedy(findings,
                    "slipway ecr policy --account " VIEW_FMT " --region " VIEW_FMT
                    "%s > policy.json, and with credentials of " VIEW_FMT
                    ": aws ecr set-repository-policy --region " VIEW_FMT
                    " --repository-name " VIEW_FMT " --policy-text file://policy.json",
                    VIEW_ARG(own), VIEW_ARG(region), lambda, VIEW_ARG(one->registry.account),
                    VIEW_ARG(region), VIEW_ARG(one->name));
}

/* Whether the finding needs no line: it is well. */
static bool tell_admission(const struct doctor_facts *facts,
                           const struct doctor_repository *repository, struct view who,
                           const struct admission *admission, struct doctor_findings *findings) {
    const struct iam_answer *answer = &admission->answer;
    struct view name = repository->repository.name;
    switch (answer->verdict) {
    case IAM_ALLOWED:
        return true;
    case IAM_NOT_ALLOWED:
        findings_add(findings, DOCTOR_WRONG, "policy", name,
                     "does not admit " VIEW_FMT " to %s%s" VIEW_FMT, VIEW_ARG(who),
                     admission->action, answer->why.len > 0 ? ": " : "", VIEW_ARG(answer->why));
        remedy_of_gap(facts, repository, admission, findings);
        break;
    case IAM_DENIED:
        findings_add(findings, DOCTOR_WRONG, "policy", name,
                     "denies " VIEW_FMT " %s%s" VIEW_FMT "%s", VIEW_ARG(who), admission->action,
                     answer->sid.len > 0 ? " in statement '" : "", VIEW_ARG(answer->sid),
                     answer->sid.len > 0 ? "'" : "");
        remedy_of_denial(repository, findings);
        break;
    case IAM_UNTOLD:
        findings_add(findings, DOCTOR_WARNING, "policy", name,
                     "whether it %s " VIEW_FMT "%s%s could not be told: " VIEW_FMT,
                     repository->is_foreign ? "admits" : "denies", VIEW_ARG(who),
                     repository->is_foreign ? " to " : " ", admission->action,
                     VIEW_ARG(answer->why));
        if (facts->organization_err) {
            findings_remedy_of(findings, facts->organization_err);
        }
        return false;
    }
    findings_case(findings, DOCTOR_CASE_ACCESS_DENIED);
    return false;
}

/* --- one repository --- */

static bool uses(const struct doctor_role *role, const struct doctor_repository *repository) {
    for (size_t i = 0; i < role->n_repositories; i++) {
        if (role->repositories[i] == repository) {
            return true;
        }
    }
    return false;
}

static struct view name_of(const struct doctor_role *role, struct doctor_findings *findings) {
    struct view name =
        arena_printf(findings->arena, "%s role '" VIEW_FMT "'",
                     role->is_function ? "the function's" : "execution", VIEW_ARG(role->arn));
    findings->failed = findings->failed || !name.data;
    return name;
}

struct admitted { /* who was asked about, and is well */
    size_t n_asked, n_well, n_execution;
    bool has_function;
};

static void check_policy_roles(const struct doctor_facts *facts,
                               const struct doctor_repository *repository,
                               struct admitted *admitted, struct doctor_findings *findings) {
    for (size_t i = 0; i < facts->n_roles; i++) {
        const struct doctor_role *role = &facts->roles[i];
        struct arn arn;
        if (!uses(role, repository)) {
            continue;
        }
        const struct iam_request who = {
            .principal = role->arn,
            .account = arn_parse(role->arn, &arn) ? arn.account : facts->config->own_account,
        };
        const struct admission admission =
            admission_of(facts, repository, &who,
                         role->is_function ? doctor_look_actions : doctor_pull_actions, findings);
        admitted->n_asked++;
        if (tell_admission(facts, repository, name_of(role, findings), &admission, findings)) {
            admitted->n_well++;
            admitted->n_execution += !role->is_function;
            admitted->has_function = admitted->has_function || role->is_function;
        }
    }
}

/* Lambda pulls as itself, for the function. */
static void check_policy_functions(const struct doctor_facts *facts,
                                   const struct doctor_repository *repository,
                                   struct admitted *admitted, struct doctor_findings *findings) {
    for (size_t i = 0; i < facts->n_targets; i++) {
        const struct doctor_target *target = &facts->targets[i];
        if (target->repository != repository || target->runs.target.kind != TARGET_LAMBDA ||
            target->runs.err || !repository->is_foreign) {
            continue;
        }
        const struct iam_request who = {
            .service = VIEW("lambda.amazonaws.com"),
            .account = facts->config->own_account,
            .source_arn = target->runs.function.arn,
        };
        struct view name = arena_printf(findings->arena, "Lambda for function '" VIEW_FMT "'",
                                        VIEW_ARG(target->runs.target.function));
        const struct admission admission =
            admission_of(facts, repository, &who, doctor_lambda_actions, findings);
        findings->failed = findings->failed || !name.data;
        admitted->n_asked++;
        admitted->n_well += tell_admission(facts, repository, name, &admission, findings);
    }
}

/* The account as such; policies that name roles need not admit it. */
static bool admits_account(const struct doctor_facts *facts,
                           const struct doctor_repository *repository,
                           const struct admitted *admitted, struct doctor_findings *findings) {
    const struct iam_request account = {.account = facts->config->own_account};
    const struct admission admission =
        admission_of(facts, repository, &account, doctor_pull_actions, findings);
    struct view name =
        arena_printf(findings->arena, "account " VIEW_FMT, VIEW_ARG(facts->config->own_account));
    findings->failed = findings->failed || !name.data;
    if (admitted->n_asked > 0) {
        return admission.answer.verdict == IAM_ALLOWED;
    }
    return tell_admission(facts, repository, name, &admission, findings);
}

static void tell_well(const struct doctor_facts *facts, const struct doctor_repository *repository,
                      const struct admitted *admitted, bool has_account,
                      struct doctor_findings *findings) {
    const char *before = has_account ? ", with " : ": ";
    if (admitted->n_execution == 0) {
        findings_add(findings, DOCTOR_WELL, "policy", repository->repository.name,
                     "admits %s" VIEW_FMT "%s%s", has_account ? "account " : "roles of account ",
                     VIEW_ARG(facts->config->own_account), admitted->has_function ? before : "",
                     admitted->has_function ? "the function's role" : "");
        return;
    }
    findings_add(findings, DOCTOR_WELL, "policy", repository->repository.name,
                 "admits %s" VIEW_FMT "%s%s%zu execution role%s",
                 has_account ? "account " : "roles of account ",
                 VIEW_ARG(facts->config->own_account), before,
                 admitted->has_function ? "the function's role and " : "", admitted->n_execution,
                 admitted->n_execution == 1 ? "" : "s");
}

static void check_policy(const struct doctor_facts *facts,
                         const struct doctor_repository *repository,
                         struct doctor_findings *findings) {
    struct admitted admitted = {0};
    struct view name = repository->repository.name;
    if (repository->policy_err) {
        findings_add(findings, DOCTOR_WARNING, "policy", name,
                     "whom it admits could not be told%s: %s",
                     repository->is_foreign && !repository->images_err
                         ? ", but that it lets you look at images"
                         : "",
                     repository->policy_err->message);
        findings_remedy_of(findings, repository->policy_err);
        return;
    }
    if (!repository->is_foreign && repository->policy.len == 0) {
        findings_add(findings, DOCTOR_WELL, "policy", name,
                     "has none, and the account's own roles need none");
        return;
    }
    check_policy_roles(facts, repository, &admitted, findings);
    check_policy_functions(facts, repository, &admitted, findings);
    if (admitted.n_well < admitted.n_asked) {
        return;
    }
    if (!repository->is_foreign) {
        findings_add(findings, DOCTOR_WELL, "policy", name,
                     "denies the account's own roles nothing that they need");
        return;
    }
    bool has_account = admits_account(facts, repository, &admitted, findings);
    if (has_account || admitted.n_asked > 0) {
        tell_well(facts, repository, &admitted, has_account, findings);
    }
}

void check_policies(const struct doctor_facts *facts, struct doctor_findings *findings) {
    for (size_t i = 0; i < facts->n_repositories; i++) {
        const struct doctor_repository *repository = &facts->repositories[i];
        if (repository->err && repository->err->code == ERR_REPOSITORY_NOT_FOUND) {
            continue; /* it has been said */
        }
        check_policy(facts, repository, findings);
    }
}
