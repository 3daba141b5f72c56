#ifndef SLIPWAY_HANDLERS_DEPLOY_ROLLBACK_CHOICE_H
#define SLIPWAY_HANDLERS_DEPLOY_ROLLBACK_CHOICE_H

/*
 * Which revision a rollback goes back to. Pure. The search for it (facts_rollback.c) and the plan
 * (plan_rollback.c) ask alike, so that what the one finds the other takes.
 */

#include "handlers/deploy/facts_rollback.h"

/* The revision's number that `to` names ("41", "family:41", an ARN); 0: it is a tag, or empty. */
int64_t rollback_named_revision(struct view to);

/* Of the revisions that are known so far; NULL: none of them.
 *
 * With `to` it is the named one, whatever its state, or the newest ACTIVE one of the tag. Without
 * it: the one that an earlier delivery of the event has chosen already; else the highest that is
 * ACTIVE, whose image can still be had, and that completed or is what ECS itself would go back to.
 * What an event has gone back from since it was deployed does not count as completed any more. */
struct rollback_revision *rollback_choice(const struct rollback_facts *rollback, struct view to,
                                          struct view event_tag);

/* Whether one bears the event's own trace: an earlier delivery has chosen it. */
bool rollback_was_chosen(const struct rollback_facts *rollback, struct view event_tag);

/* Whether some revision was left out for its image alone. */
bool rollback_lacks_images(const struct rollback_facts *rollback);

#endif
