#ifndef SLIPWAY_HANDLERS_TRIGGER_DETAIL_H
#define SLIPWAY_HANDLERS_TRIGGER_DETAIL_H

/*
 * What the parsers of this folder share: the grammar of the members that several kinds of events
 * have. Pure.
 */

#include "handlers/trigger/trigger.h"

/* A trigger of that kind with the event's id and time, and nothing else. */
struct trigger trigger_of(const struct event *event, enum trigger_kind kind);
/* Makes the trigger one that asks for nothing; a note without .data is memory that ran out: -1. */
ERR_MUST_USE int trigger_ignore(struct trigger *trigger, struct view note, struct err *err);

bool detail_is_printable(struct view v); /* no control characters */
/* detail.service: 1 to 255 printable bytes. -1: ERR_EVENT_MALFORMED. */
ERR_MUST_USE int detail_check_service(struct view service, struct err *err);
/* detail.tag. -1: ERR_TAG_INVALID with the byte that is at fault. */
ERR_MUST_USE int detail_check_tag(struct view tag, struct err *err);
/* "family:42" */
bool detail_is_revision(struct view text);
/* What is kept of a reason; not cut within a character. */
struct view detail_cut_reason(struct view reason);
/* Copies a value that lives as long as the payload's JSON only. -1: ERR_OUT_OF_MEMORY. */
ERR_MUST_USE int detail_keep(struct view value, struct arena *arena, struct view *ret_copy,
                             struct err *err);

#endif
