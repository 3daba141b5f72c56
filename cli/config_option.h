#ifndef SLIPWAY_CLI_CONFIG_OPTION_H
#define SLIPWAY_CLI_CONFIG_OPTION_H

/*
 * --config FILE of the commands that talk to AWS about an environment: what `config render` makes
 * of an environment file (dev.yaml), laid under the variables that are set, and its region as
 * AWS_REGION.
 *
 * A variable that is set counts, and where the file says otherwise that is told; but which
 * environment is meant has to be the same in both: the project, its env, the region and the
 * account. The account is that of the credentials, too (session.h). SLIPWAY_CONFIG beside it is
 * refused.
 */

#include "cli/cli.h"

/* The command's options, with --config where it takes that; ends with a row without a name. */
void config_option_rows(const struct command *command,
                        struct option_row ret_rows[static OPTIONS_MAX + 1]);

/* Sets the environment, the account and the file of *cli, in its arena; `cli->env` has to stay. -1:
 * ERR_CONFIG_INVALID where the file has problems, which have been told then, or where it is of
 * another environment than the variables are; ERR_OUT_OF_MEMORY. */
ERR_MUST_USE int config_option_apply(struct cli *cli, const char *path, struct err *err);

/* For a command that a person is told to run next: "-c prod.yaml ", as a shell reads it, or
 * nothing without --config. "-c FILE " where it is too long, or memory ran out. */
struct view config_option_words(const struct cli *cli);

#endif
