#include "cli/commands.h"

const struct command cli_commands[] = {
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
    {0},
};
