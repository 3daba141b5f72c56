#include "cli/commands.h"

const struct command cli_commands[] = {
    {.name = "plan",
     .synopsis = "SERVICE [TAG]",
     .summary = "show what a deploy would do, field by field, and write nothing",
     .details =
         "Without a tag, digest or revision it is a restart on what runs. The environment is\n"
         "the function's (docs/configuration.md), with your credentials.",
     .example = "slipway plan backend git-abc123f",
     .options = plan_options,
     .run = command_plan},
    {.name = "deploy",
     .synopsis = "[--yes] SERVICE [TAG]",
     .summary = "deploy an image from here, and follow the rollout",
     .details =
         "Shows the plan and asks; then it does what the function would do at such an event.\n"
         "Ctrl-C leaves the deployment alone.",
     .example = "slipway deploy backend git-abc123f",
     .options = deploy_options,
     .run = command_deploy},
    {.name = "rollback",
     .synopsis = "[--yes] SERVICE [REVISION|TAG]",
     .summary = "go back to the last completed revision, or to that one",
     .example = "slipway rollback backend",
     .options = rollback_options,
     .run = command_rollback},
    {.name = "status",
     .synopsis = "[--json] [SERVICE…]",
     .summary = "what runs where: tag, digest, revision, since when, rollout",
     .details = "Without a service all of ECS_SERVICE_MAP; without a map, all services of the "
                "cluster that\n"
                "are called as the convention has it. Leaves with 1 if one could not be read.",
     .example = "slipway status",
     .options = status_options,
     .run = command_status},
    {.name = "history",
     .synopsis = "[--max N] [--json] SERVICE",
     .summary = "what a service was given: when, which tag, why, completed or not",
     .details = "Read from the tags of the family's ACTIVE revisions; * runs now.",
     .example = "slipway history --max 20 backend",
     .options = history_options,
     .run = command_history},
    {.name = "event",
     .synopsis = "[--dry-run] FILE|-",
     .summary = "run the function's handler here on an event file",
     .details =
         "The file holds what EventBridge, SQS or a direct invocation would send. The\n"
         "environment is the function's (docs/configuration.md), with your credentials. The\n"
         "answer is the function's. Files of \"aws events put-events --entries\" are taken, too.",
     .example = "PROJECT_NAME=myproject PROJECT_ENV=dev slipway event --dry-run event.json",
     .options = event_options,
     .run = command_event},
    {.name = "ecr policy",
     .synopsis = "[--org ID,…] [--account ID,…] [--role ARN,…] [--lambda]",
     .summary = "print a repository's policy: who else may pull from it",
     .details =
         "Trust is by organization, by account or by role, as narrow as you name it; nobody is\n"
         "admitted without a condition, and nobody else may push. An account that is trusted\n"
         "still has to allow it to its own roles: see \"slipway ecr pull-policy\". A role has to\n"
         "exist before a policy can name it. Lambda takes images from its own region only.",
     .example = "slipway ecr policy --account 222222222222,333333333333 --region us-east-1",
     .options = ecr_policy_options,
     .run = command_ecr_policy},
    {.name = "ecr pull-policy",
     .synopsis = "--registry ACCOUNT --region REGION --project NAME",
     .summary = "print an execution role's policy: what it may pull",
     .details = "For a registry in another account both sides have to allow the pull: this is the\n"
                "role's, and \"slipway ecr policy\" prints the repository's. A project's "
                "repositories are\n"
                "{project}_backend, {project}_service_* and {project}_task_*.",
     .example =
         "slipway ecr pull-policy --registry 111111111111 --region us-east-1 --project myproject",
     .options = ecr_pull_policy_options,
     .run = command_ecr_pull_policy},
    {.name = "ecr lifecycle",
     .synopsis = "[--keep N] [--protect PATTERN,…] | --check [--policy FILE] [SERVICE…]",
     .summary = "print a lifecycle policy, or tell what one would expire of what runs",
     .details =
         "The policy keeps v*, env-*, stable, latest and what --protect names, the newest N of\n"
         "git-*, and the newest N of all. ECR does not know what runs: --check does, for the\n"
         "environment whose variables are set, before a policy is applied. Where several\n"
         "environments share a registry, check in each.",
     .example = "slipway ecr lifecycle --keep 30 >lifecycle.json &&\n"
                "  slipway ecr lifecycle --check --policy lifecycle.json backend",
     .options = ecr_lifecycle_options,
     .run = command_ecr_lifecycle},
    {.name = "ecr replication",
     .synopsis = "--to ACCOUNT:REGION,… [--prefix PROJECT_] [--permission --from ACCOUNT]",
     .summary = "print a registry's replication configuration, or who may replicate to it",
     .details =
         "What is pushed from then on is copied to each registry: for isolated environments,\n"
         "and for Lambda, which takes images from its own region only. A registry of another\n"
         "account has to permit it: --permission prints that policy. Policies, lifecycle and\n"
         "settings of repositories are not copied.",
     .example = "slipway ecr replication --to 333333333333:us-east-1 --prefix myproject_",
     .options = ecr_replication_options,
     .run = command_ecr_replication},
    {0},
};
