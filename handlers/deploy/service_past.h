#ifndef SLIPWAY_HANDLERS_DEPLOY_SERVICE_PAST_H
#define SLIPWAY_HANDLERS_DEPLOY_SERVICE_PAST_H

/*
 * A restart looks like going back. Either way the service's deployment is younger than the event,
 * or than the revision that was registered for it, and runs what ran before. What tells them apart
 * is whether the service was ever given what the event asked for: if not, the restart came between
 * two deliveries of the event, of which the first had failed, and the second has to go on.
 *
 * ECS keeps a service's deployments, and is asked for them only where that is the question. Whether
 * it is, both the reads and the plan ask here. Pure.
 */

#include "handlers/deploy/facts_past.h"
#include "handlers/trigger/trigger.h"

/* --- whether it is the question --- */

/* By the revision's tags the service went back from it, or it was never given, and what runs was
 * restarted. */
bool past_may_lack(const struct facts *facts, const struct ecs_task_definition *definition);
/* Whether a deploy asks for the image of the other event's revision, and did so before the service
 * was given what it runs. */
bool past_asks_for_image_of(const struct facts *facts, const struct trigger *trigger,
                            const struct ecs_task_definition *other);
/* The service was given what it runs after the event, and not by a late deploy of slipway's: for an
 * event that names a revision, and for a rollback. */
bool past_is_after_named(const struct facts *facts, const struct trigger *trigger);
bool past_is_after_rollback(const struct facts *facts, const struct trigger *trigger,
                            struct view event_tag);
/* What runs bears no event's time, and was given to the service after this event, a deploy of an
 * image: it may hide what was deployed before it. */
bool past_may_be_hidden(const struct facts *facts, const struct trigger *trigger);

/* Whether any of these is so. */
bool past_is_wanted(const struct facts_request *request, struct view event_tag);

/* --- what it tells --- */

/* The error of a read that the retry may not see again; NULL when there is none. */
const struct err *past_passing_error(const struct facts *facts);
/* Since then the service has been given what it runs, and nothing else. False, too, when it is not
 * known. */
bool past_is_restarts(const struct facts *facts, int64_t since_ms);
/* The revision was not given to the service since it was registered. False, too, when it is not
 * known. */
bool past_lacks(const struct facts *facts, const struct ecs_task_definition *definition);
/* What the service runs ran when the event was sent, and has only been restarted since. `chosen`
 * is the revision that the event goes to; NULL when it is not known. */
bool past_is_restarts_since_event(const struct facts *facts, const struct trigger *trigger,
                                  struct view event_tag, const struct ecs_task_definition *chosen);

#endif
