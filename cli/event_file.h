#ifndef SLIPWAY_CLI_EVENT_FILE_H
#define SLIPWAY_CLI_EVENT_FILE_H

/*
 * What a person has in a file -> what the function gets. An event, an SQS batch, an array of events
 * and a bare DEPLOY detail stay as they are. Entries of PutEvents, as `aws events put-events
 * --entries file://…` takes them ([{"Source":…,"DetailType":…,"Detail":"{…}"}], or that under
 * "Entries"), become the events that EventBridge would make of them. Pure.
 */

#include "cli/envelope.h"
#include "runtime/base/arena.h"
#include "runtime/base/err.h"
#include "runtime/base/view.h"

/* -1: ERR_EVENT_MALFORMED naming the entry; ERR_OUT_OF_MEMORY. */
ERR_MUST_USE int event_file_payload(struct view text, const struct event_place *place,
                                    struct arena *arena, struct view *ret_payload, struct err *err);

#endif
