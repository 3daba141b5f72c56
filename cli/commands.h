#ifndef SLIPWAY_CLI_COMMANDS_H
#define SLIPWAY_CLI_COMMANDS_H

/* What the table in commands.c names: each command's options and its function, one file a group. */

#include "cli/cli.h"

extern const struct option_row plan_options[];
extern const struct option_row deploy_options[];
extern const struct option_row rollback_options[];
int command_plan(struct cli *cli, const struct arguments *arguments);
int command_deploy(struct cli *cli, const struct arguments *arguments);
int command_rollback(struct cli *cli, const struct arguments *arguments);

extern const struct option_row status_options[];
int command_status(struct cli *cli, const struct arguments *arguments);
extern const struct option_row history_options[];
int command_history(struct cli *cli, const struct arguments *arguments);

extern const struct option_row doctor_options[];
int command_doctor(struct cli *cli, const struct arguments *arguments);

extern const struct option_row event_options[];
int command_event(struct cli *cli, const struct arguments *arguments);

extern const struct option_row config_check_options[];
int command_config_check(struct cli *cli, const struct arguments *arguments);
extern const struct option_row config_show_options[];
int command_config_show(struct cli *cli, const struct arguments *arguments);

extern const struct option_row ecr_policy_options[];
int command_ecr_policy(struct cli *cli, const struct arguments *arguments);
extern const struct option_row ecr_pull_policy_options[];
int command_ecr_pull_policy(struct cli *cli, const struct arguments *arguments);
extern const struct option_row ecr_lifecycle_options[];
int command_ecr_lifecycle(struct cli *cli, const struct arguments *arguments);
extern const struct option_row ecr_replication_options[];
int command_ecr_replication(struct cli *cli, const struct arguments *arguments);

extern const struct option_row config_migrate_options[];
int command_config_migrate(struct cli *cli, const struct arguments *arguments);
extern const struct option_row config_render_options[];
int command_config_render(struct cli *cli, const struct arguments *arguments);

int command_completion(struct cli *cli, const struct arguments *arguments);
int command_man(struct cli *cli, const struct arguments *arguments);

#endif
