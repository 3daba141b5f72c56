#include "cli/commands.h"

#include "cli/doctor/checks.h"
#include "cli/doctor/gather.h"
#include "cli/doctor/show.h"

/* slipway doctor: what is wrong with an environment, from the outside in. */

const struct option_row doctor_options[] = {
    {.name = "function",
     .value = "NAME",
     .help = "the function, by name or ARN, if it is not {project}_slipway_{env}"},
    {.name = "json", .help = "an array of findings instead of lines"},
    {0},
};

int command_doctor(struct cli *cli, const struct arguments *arguments) {
    struct session session SESSION_AUTO = {0};
    struct doctor_facts facts = {0};
    struct doctor_findings findings = {.arena = cli->arena};
    const struct doctor_request request = {.services = arguments->operands,
                                           .n_services = arguments->n_operands,
                                           .function = arguments_value(arguments, "function")};
    struct err err;
    err_init(&err);
    if (doctor_gather(cli, &request, &session, &facts, &err) < 0) {
        return cli_fail(cli, &err);
    }
    doctor_check(&facts, &findings);
    if ((arguments_has(arguments, "json") ? doctor_show_json(&findings, cli, &err)
                                          : doctor_show(&findings, cli, &err)) < 0) {
        return cli_fail(cli, &err);
    }
    return findings_have_wrong(&findings) ? EXIT_STATUS_FAILED : EXIT_STATUS_DONE;
}
