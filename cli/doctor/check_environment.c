#include "cli/doctor/checks.h"

#include <string.h>

static bool says(const struct err *err, const char *part) {
    return strstr(err->message, part) != NULL;
}

static void check_config(const struct doctor_facts *facts, struct doctor_findings *findings) {
    const struct err *err = facts->config_err;
    findings_add_error(findings, DOCTOR_WRONG, "configuration", VIEW(""), err);
    if (says(err, "ECR_ACCOUNT_ID") || says(err, "ECR_ACCOUNT_REGION")) {
        findings_case(findings, DOCTOR_CASE_NO_REPOSITORY);
    }
}

static void check_account(const struct doctor_facts *facts, struct doctor_findings *findings) {
    const struct config *config = facts->config;
    struct view own = config->own_account;
    if (!view_equal(own, facts->caller_account)) {
        findings_add(findings, DOCTOR_WRONG, "account", VIEW(""),
                     "the credentials are of account " VIEW_FMT ", and AWS_ACCOUNT_ID is " VIEW_FMT,
                     VIEW_ARG(facts->caller_account), VIEW_ARG(own));
        findings_remedy(findings,
                        "use credentials of account " VIEW_FMT ", or correct AWS_ACCOUNT_ID",
                        VIEW_ARG(own));
        return;
    }
    findings_add(findings, DOCTOR_WELL, "account", VIEW(""),
                 VIEW_FMT " in " VIEW_FMT ": '" VIEW_FMT "' of project '" VIEW_FMT "'%s",
                 VIEW_ARG(own), VIEW_ARG(config->region), VIEW_ARG(config->env),
                 VIEW_ARG(config->project),
                 facts->has_configured_account
                     ? ""
                     : "; AWS_ACCOUNT_ID, which would hold the credentials to it, is not set");
}

/* What the function refuses when it is called, since no init phase can know it. */
static void check_strategy(const struct doctor_facts *facts, struct doctor_findings *findings) {
    const struct config *config = facts->config;
    struct view registry = config->ecr_account_id;
    if (config->ecr_strategy == ECR_LOCAL && registry.len > 0 &&
        !view_equal(registry, config->own_account)) {
        findings_add(findings, DOCTOR_WRONG, "strategy", VIEW(""),
                     "ECR_STRATEGY is 'local', and ECR_ACCOUNT_ID another account's: " VIEW_FMT,
                     VIEW_ARG(registry));
        findings_remedy(findings, "set ECR_STRATEGY to cross_account and ECR_ACCOUNT_REGION to the "
                                  "registry's region, or remove ECR_ACCOUNT_ID");
        findings_case(findings, DOCTOR_CASE_NO_REPOSITORY);
        return;
    }
    findings_add(findings, DOCTOR_WELL, "strategy", VIEW(""),
                 "%s: images are in account " VIEW_FMT ", " VIEW_FMT,
                 config->ecr_strategy == ECR_LOCAL ? "local" : "cross_account",
                 VIEW_ARG(registry.len > 0 ? registry : config->own_account),
                 VIEW_ARG(config->ecr_region));
}

bool check_environment(const struct doctor_facts *facts, struct doctor_findings *findings) {
    if (facts->config_err) {
        check_config(facts, findings);
        return false;
    }
    if (facts->credentials_err) {
        findings_add_error(findings, DOCTOR_WRONG, "credentials", VIEW(""), facts->credentials_err);
        if (facts->credentials_err->code == ERR_ACCESS_DENIED) {
            findings_remedy(findings, "log in, or set AWS_PROFILE or AWS_ACCESS_KEY_ID and "
                                      "AWS_SECRET_ACCESS_KEY to credentials that are valid");
        }
        return false;
    }
    findings_add(findings, DOCTOR_WELL, "credentials", VIEW(""), VIEW_FMT, VIEW_ARG(facts->caller));
    check_account(facts, findings);
    check_strategy(facts, findings);
    return true;
}

void doctor_check(const struct doctor_facts *facts, struct doctor_findings *findings) {
    if (!check_environment(facts, findings)) {
        return;
    }
    check_registry(facts, findings);
    check_policies(facts, findings);
    check_roles(facts, findings);
    check_targets(facts, findings);
    check_images(facts, findings);
    check_rules(facts, findings);
    check_network(facts, findings);
}
