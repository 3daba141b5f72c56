#ifndef SLIPWAY_CLI_DOCTOR_SAMPLE_EVENTS_H
#define SLIPWAY_CLI_DOCTOR_SAMPLE_EVENTS_H

/*
 * The kinds of events that the function lives by: of each, one as AWS, a person or a workflow would
 * send it about a target. docs/events.md. Pure.
 */

#include "cli/doctor/facts.h"
#include "runtime/base/json_write.h"

/* Ceiling of one. */
#define SAMPLE_EVENT_BYTES ((size_t)16 * 1024)

struct sample_event {
    const char *name;
    const char *remedy;
    bool is_of_aws;      /* it comes on the default bus alone */
    bool is_of_registry; /* it is sent where the registry is, in another account maybe */
    bool is_optional;    /* only some ways of working need it */
    bool (*is_expected)(const struct doctor_facts *facts, const struct doctor_target *target);
    void (*write)(const struct doctor_facts *facts, const struct doctor_target *target,
                  struct json_writer *w);
};
/* Ends with one without a name. */
extern const struct sample_event doctor_sample_events[];

#endif
