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
     .takes_config = true,
     .run = command_plan},
    {.name = "deploy",
     .synopsis = "[--yes] SERVICE [TAG]",
     .summary = "deploy an image from here, and follow the rollout",
     .details =
         "Shows the plan and asks; where nobody can be asked, --yes is needed. Then it does what\n"
         "the function would do at such an event, and follows the rollout. Ctrl-C leaves the\n"
         "deployment alone. Leaves with 0 once the rollout has completed (of CodeDeploy, and with\n"
         "--no-wait, once the deployment was accepted), with 1 if it failed or is still going on,\n"
         "with 3 if it was refused or not wanted.",
     .example = "slipway deploy backend git-abc123f",
     .options = deploy_options,
     .takes_config = true,
     .run = command_deploy},
    {.name = "rollback",
     .synopsis = "[--yes] SERVICE [REVISION|TAG]",
     .summary = "go back to the last completed revision, or to that one",
     .details = "Shows the plan, asks, follows the rollout and leaves as deploy does. \"slipway\n"
                "history\" tells the revisions and which of them completed.",
     .example = "slipway rollback backend",
     .options = rollback_options,
     .takes_config = true,
     .run = command_rollback},
    {.name = "status",
     .synopsis = "[--json] [SERVICE...]",
     .summary = "what runs where: tag, digest, revision, since when, rollout",
     .details =
         "Without a service all of ECS_SERVICE_MAP; without a map, all services of the cluster "
         "that\n"
         "are called as the convention has it. Leaves with 1 if one could not be read, or if its\n"
         "rollout has failed.",
     .example = "slipway status",
     .options = status_options,
     .takes_config = true,
     .run = command_status},
    {.name = "history",
     .synopsis = "[--max N] [--json] SERVICE",
     .summary = "what a service was given: when, which tag, why, completed or not",
     .details = "Read from the tags of the family's ACTIVE revisions; * runs now.",
     .example = "slipway history --max 20 backend",
     .options = history_options,
     .takes_config = true,
     .run = command_history},
    {.name = "doctor",
     .synopsis = "[--function NAME] [--json] [SERVICE...]",
     .summary = "check an environment from the outside in, and say what to do",
     .details =
         "Credentials, registry, repositories and whom their policies admit, execution roles,\n"
         "services, images, rules and network; reads only. A ! is a warning, or what could not\n"
         "be told with your credentials. Leaves with 1 if something is wrong.",
     .example = "slipway doctor backend",
     .options = doctor_options,
     .takes_config = true,
     .run = command_doctor},
    {.name = "event",
     .synopsis = "[--dry-run] FILE|-",
     .summary = "run the function's handler here on an event file",
     .details =
         "The file holds what EventBridge, SQS or a direct invocation would send. The\n"
         "environment is the function's (docs/configuration.md), with your credentials. The\n"
         "answer is the function's. Files of \"aws events put-events --entries\" are taken, too.\n"
         "On Ctrl-C it is still done to its end; a second one ends it at once.",
     .example = "PROJECT_NAME=myproject PROJECT_ENV=dev slipway event --dry-run event.json",
     .options = event_options,
     .takes_config = true,
     .run = command_event},
    {.name = "config check",
     .synopsis = "[--json] FILE...|all",
     .summary = "tell all that is wrong in environment files",
     .details =
         "Files of one project (dev.yaml, staging.yaml, prod.yaml) are judged each by itself and\n"
         "all together, so give all of them; \"all\" is every *.yaml and *.yml of the folder.\n"
         "Leaves with 1 if there is a problem; warnings are none.",
     .example = "slipway config check dev.yaml staging.yaml prod.yaml",
     .options = config_check_options,
     .run = command_config_check},
    {.name = "config show",
     .synopsis = "[--json] FILE...|all",
     .summary = "show what slipway understands: registry, services and tasks",
     .details = "What a file does not say follows from convention: a service's repository is\n"
                "{project}_service_{name}, a task's {project}_task_{name}.",
     .example = "slipway config show prod.yaml",
     .options = config_show_options,
     .run = command_config_show},
    {.name = "config migrate",
     .synopsis = "[--dry-run] FILE...|all",
     .summary = "bring environment files of schema 6 to 10, and touch nothing else in them",
     .details =
         "Adds ecr_strategy, ecr_trusted_accounts, ecr_config of each service and task, and\n"
         "schema_version, as far as they are missing; comments, order, quotes, anchors and blank\n"
         "lines stay. A copy, FILE.backup_TIME, is made first. Files that are given together know\n"
         "who pulls from whom. Leaves with 1 if one could not be migrated; the others are.",
     .example = "slipway config migrate --dry-run all",
     .options = config_migrate_options,
     .run = command_config_migrate},
    {.name = "config render",
     .synopsis = "[--json|--sam|--tfvars] FILE...|all",
     .summary = "print the function's environment variables, made from environment files",
     .details =
         "PROJECT_NAME, PROJECT_ENV, ECR_* and ECS_SERVICE_MAP. --sam prints words for a shell:\n"
         "eval \"sam deploy --parameter-overrides $(slipway config render --sam dev.yaml)\", with\n"
         "what the file does not hold, such as PassRoleArns, beside them. --tfvars prints\n"
         "project_name, ecs_service_map and so on. Of several files JSON is an object by file.\n"
         "Leaves with 1 if one could not be rendered; the others are.",
     .example = "slipway config render --sam prod.yaml",
     .options = config_render_options,
     .run = command_config_render},
    {.name = "ecr policy",
     .synopsis = "[--org ID,...] [--account ID,...] [--role ARN,...] [--file FILE] [--lambda]",
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
     .synopsis = "--registry ACCOUNT --region REGION --project NAME | --file FILE",
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
     .synopsis = "[--keep N] [--protect PATTERN,...] [--check [--policy FILE] SERVICE...]",
     .summary = "print a lifecycle policy, or tell what one would expire of what runs",
     .details =
         "The policy keeps v*, env-*, stable, latest and what --protect names, the newest N of\n"
         "git-*, and the newest N of all. ECR does not know what runs: --check does, for the\n"
         "environment whose variables are set. It checks this policy, one of a file, or the\n"
         "repositories' own, and leaves with 1 when a running image would go. Where several\n"
         "environments share a registry, check in each.",
     .example = "slipway ecr lifecycle --keep 30 --check backend",
     .options = ecr_lifecycle_options,
     .takes_config = true,
     .run = command_ecr_lifecycle},
    {.name = "ecr replication",
     .synopsis =
         "--to ACCOUNT:REGION,... [--prefix PROJECT_,...] [--permission --from ACCOUNT,...]",
     .summary = "print a registry's replication configuration, or who may replicate to it",
     .details =
         "What is pushed from then on is copied to each registry: for isolated environments,\n"
         "and for Lambda, which takes images from its own region only. A registry of another\n"
         "account has to permit it: --permission prints that policy. Policies, lifecycle and\n"
         "settings of repositories are not copied.",
     .example = "slipway ecr replication --to 333333333333:us-east-1 --prefix myproject_",
     .options = ecr_replication_options,
     .run = command_ecr_replication},
    {.name = "completion",
     .synopsis = "bash|zsh",
     .summary = "print the shell's completion of these commands",
     .example = "slipway completion bash > /etc/bash_completion.d/slipway",
     .run = command_completion},
    {.name = "man",
     .synopsis = "",
     .summary = "print the man page",
     .example = "slipway man > /usr/local/share/man/man1/slipway.1",
     .run = command_man},
    {0},
};
