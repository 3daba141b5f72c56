#ifndef SLIPWAY_CLI_COMMAND_CONFIG_H
#define SLIPWAY_CLI_COMMAND_CONFIG_H

/* What the config commands share. */

#include "cli/cli.h"
#include "cli/settings/settings_problem.h"

/* Whether one of the operands is the word `all`. */
bool command_config_names_all(const struct arguments *arguments);
/* To cli->err: a file that `all` stands for, and that is another program's. */
void command_config_left_out(const struct cli *cli, const char *path);
/* All that `all` stands for was left out: to have judged nothing is no "no problems". -1. */
int command_config_refuse_none(struct err *err);
/* The errors, to cli->err, as cli_fail() writes one. */
void command_config_fail(const struct cli *cli, const struct problems *problems);

#endif
