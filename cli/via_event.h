#ifndef SLIPWAY_CLI_VIA_EVENT_H
#define SLIPWAY_CLI_VIA_EVENT_H

/*
 * What a person asks for, sent to the environment's function as an event on the bus that its rules
 * are on (EVENT_BUS), instead of being carried out here: whoever may put events needs no other
 * permission.
 */

#include "cli/envelope.h"
#include "cli/session.h"

struct via_event {
    const struct manual_request *request;
    struct view detail_type; /* DEPLOY, ROLLBACK */
    bool asks;               /* who is there is asked before */
    bool json;               /* what EventBridge answers, as it is; else its event's id in words */
};

/* Returns an exit status; 0: EventBridge has it. What the function makes of it is told elsewhere.
 */
int via_event_send(struct session *session, const struct via_event *event);

#endif
