#ifndef SLIPWAY_CLI_ENVELOPE_H
#define SLIPWAY_CLI_ENVELOPE_H

/*
 * The events that the command line makes itself: the envelope that EventBridge would put around a
 * detail, and the details of what a person asks for. Pure.
 */

#include "runtime/base/arena.h"
#include "runtime/base/err.h"
#include "runtime/base/json_write.h"
#include "runtime/base/view.h"

#include <stdbool.h>
#include <stdint.h>

/* What EventBridge adds. */
struct event_place {
    struct view account, region;
    int64_t now_ms;
    uint64_t random; /* makes the event's id */
};

struct envelope {
    struct view source, detail_type;
    struct view resources; /* a JSON array; empty: none */
    struct view detail;    /* a JSON object */
};

/* One event; `number` tells those of one place apart. */
void envelope_write(struct json_writer *w, const struct envelope *envelope,
                    const struct event_place *place, size_t number);
/* The same alone, in the arena. -1: ERR_OUT_OF_MEMORY. */
ERR_MUST_USE int envelope_text(const struct envelope *envelope, const struct event_place *place,
                               struct arena *arena, struct view *ret_text, struct err *err);

/* What a person asks for; what is empty is left out. */
struct manual_request {
    struct view service;
    struct view tag, digest, task_definition; /* DEPLOY */
    struct view to;                           /* ROLLBACK */
    struct view reason;
    bool force;
};
/* {"service":"backend","tag":"git-abc123f",…}, in the arena. -1: ERR_OUT_OF_MEMORY. */
ERR_MUST_USE int manual_detail(const struct manual_request *request, struct arena *arena,
                               struct view *ret_detail, struct err *err);

/* The end of a deployment as ECS tells it (ECS Deployment State Change); `name` is
 * SERVICE_DEPLOYMENT_COMPLETED or _FAILED. -1: ERR_OUT_OF_MEMORY. */
struct deployment_end {
    const char *name;
    struct view service_arn, deployment_id, reason;
};
ERR_MUST_USE int deployment_end_event(const struct deployment_end *end,
                                      const struct event_place *place, struct arena *arena,
                                      struct view *ret_text, struct err *err);

#endif
