#ifndef SLIPWAY_CLI_DOCTOR_GATHER_H
#define SLIPWAY_CLI_DOCTOR_GATHER_H

/* Asks AWS for all that the checks look at: reads only. Thin: what an answer means is the checks'
 * to say. */

#include "cli/doctor/facts.h"
#include "cli/session.h"

struct doctor_request {
    char **services; /* none: all of the environment */
    size_t n_services;
    const char *function; /* its name or ARN; NULL: {project}_slipway_{env} */
};

/* Opens the session, too, since whether that can be done is the first thing to be told; it has to
 * be closed in any case. -1: ERR_OUT_OF_MEMORY; ERR_SERVICE_UNKNOWN for a service that is named. */
ERR_MUST_USE int doctor_gather(struct cli *cli, const struct doctor_request *request,
                               struct session *ret_session, struct doctor_facts *ret_facts,
                               struct err *err);

#endif
