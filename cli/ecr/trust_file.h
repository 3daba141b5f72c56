#ifndef SLIPWAY_CLI_ECR_TRUST_FILE_H
#define SLIPWAY_CLI_ECR_TRUST_FILE_H

/*
 * Trust as an environment file (dev.yaml) has it: whom its registry admits, and where its tasks
 * pull from.
 */

#include "cli/cli.h"
#include "cli/ecr/trust.h"
#include "cli/settings/settings.h"

/* A file that has no problems. -1: ERR_CONFIG_INVALID, what is wrong has been told then;
 * ERR_OUT_OF_MEMORY. */
ERR_MUST_USE int trust_file_read(const struct cli *cli, const char *path,
                                 struct settings *ret_settings, struct err *err);

/* Adds ecr_trusted_accounts, and the region and the project as far as `trust` does not say. -1:
 * ERR_CONFIG_INVALID where the environment has no registry of its own, or where nobody is trusted;
 * ERR_OUT_OF_MEMORY. */
ERR_MUST_USE int trust_file_policy(const struct settings *settings, struct arena *arena,
                                   struct ecr_trust *trust, struct err *err);

/* The registry, the project, and repositories that are not called by convention, as far as `pull`
 * does not say; `ret_others` are those of further registries, host/name. -1: ERR_CONFIG_INVALID,
 * ERR_OUT_OF_MEMORY. */
ERR_MUST_USE int trust_file_pull(const struct settings *settings, struct arena *arena,
                                 struct ecr_pull *pull, struct names *ret_others, struct err *err);

#endif
