#ifndef SLIPWAY_CLI_DOCTOR_CHECKS_H
#define SLIPWAY_CLI_DOCTOR_CHECKS_H

/* The checks of `slipway doctor`, from the outside in: facts in, findings out. Pure. */

#include "cli/doctor/facts.h"
#include "cli/doctor/findings.h"

/* All of them. */
void doctor_check(const struct doctor_facts *facts, struct doctor_findings *findings);

/* Who asks, and whether the configuration makes sense. False: nothing else could be looked at. */
bool check_environment(const struct doctor_facts *facts, struct doctor_findings *findings);
/* The registries, and each repository in them. */
void check_registry(const struct doctor_facts *facts, struct doctor_findings *findings);
/* Whom the repositories' policies admit: the account, the function's role, the execution roles. */
void check_policies(const struct doctor_facts *facts, struct doctor_findings *findings);
/* What these roles may do by their own policies. */
void check_roles(const struct doctor_facts *facts, struct doctor_findings *findings);
/* The services, tasks and functions, and what they run. */
void check_targets(const struct doctor_facts *facts, struct doctor_findings *findings);
/* What runs is in the registry, and stays there. */
void check_images(const struct doctor_facts *facts, struct doctor_findings *findings);
/* The function, and whether it is for this environment. False: its rules cannot be looked at. */
bool check_function(const struct doctor_facts *facts, struct doctor_findings *findings);
/* The function, and the rules that bring it events. */
void check_rules(const struct doctor_facts *facts, struct doctor_findings *findings);
/* How the services' subnets reach the registry. */
void check_network(const struct doctor_facts *facts, struct doctor_findings *findings);

/* As iam_policy_evaluate() of the repository's policy; `findings` remembers that memory ran out. */
struct iam_answer check_admits(const struct doctor_facts *facts,
                               const struct doctor_repository *repository,
                               const struct iam_request *who, const char *action,
                               struct doctor_findings *findings);

#endif
