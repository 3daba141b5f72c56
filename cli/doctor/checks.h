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
/* The services, tasks and functions, and what they run. */
void check_targets(const struct doctor_facts *facts, struct doctor_findings *findings);

#endif
