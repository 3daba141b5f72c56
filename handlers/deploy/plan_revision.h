#ifndef SLIPWAY_HANDLERS_DEPLOY_PLAN_REVISION_H
#define SLIPWAY_HANDLERS_DEPLOY_PLAN_REVISION_H

/*
 * A revision of a task definition as slipway sees it: which event made it, when, and which of two
 * is the newer. Pure.
 */

#include "runtime/aws/ecs.h"
#include "runtime/base/arena.h"
#include "runtime/base/view.h"

#include <stdbool.h>
#include <stdint.h>

#define TAG_EVENT_ID "slipway:event-id"
#define TAG_EVENT_TIME "slipway:event-time"
#define TAG_IMAGE_TAG "slipway:image-tag"
#define TAG_DIGEST "slipway:digest"
#define TAG_PREVIOUS "slipway:previous"
#define TAG_REASON "slipway:reason"
#define TAG_COMPLETED "slipway:completed"

/* "family:42" of an ARN; a text that is none stays as it is. */
struct view revision_name(struct view name_or_arn);
/* Of an ARN or a name; the revision is 0 where the text names a family only. False: neither. */
bool revision_parse(struct view name_or_arn, struct view *ret_family, int64_t *ret_revision);

/* The value that slipway:event-id has for this event: the id itself where a tag can hold it; else
 * made safe and told apart from all others by a hash. .data NULL when memory ran out. */
struct view revision_event_tag(struct view event_id, struct arena *arena);
/* "2026-11-20T22:39:04Z", with milliseconds only where there are any. */
struct view revision_time_text(int64_t time_ms, struct arena *arena);

bool revision_is_active(const struct ecs_task_definition *definition);
/* The time of the event that made it; false when slipway did not. */
bool revision_event_time(const struct ecs_task_definition *definition, int64_t *ret_time_ms);
/* Whether it was made for the event with that tag; never for an empty one. */
bool revision_is_of_event(const struct ecs_task_definition *definition, struct view event_tag);
/* Whether it bears the mark slipway:completed, and of when. */
bool revision_completed_at(const struct ecs_task_definition *definition, int64_t *ret_time_ms);
/* Whether it has completed in that very deployment, or since that began. If the deployment is in
 * progress all the same, ECS has taken it up again: it goes back to it. */
bool revision_completed_in(const struct ecs_task_definition *definition,
                           const struct ecs_deployment *deployment);
/* What ran when this one was planned, by slipway:previous; its own revision when slipway did not
 * make it or what ran was of another family. Whatever was at work at the same time as the deploy
 * of this revision has a revision above that. */
int64_t revision_floor(const struct ecs_task_definition *definition);

/* Whether slipway:previous of the revision names that one. */
bool revision_came_after(const struct ecs_task_definition *definition, struct view arn);

/* Whether what the service runs was given to it after that time. Events tell whole seconds, so that
 * the same second counts as not after. */
bool service_was_given_since(const struct ecs_service_state *service, int64_t time_ms);
/* Whether the service lists a deployment of that revision. */
bool service_has_deployment_of(const struct ecs_service_state *service, struct view arn);
/* Whether the service went back from it: it has been given what it runs, which is from before this
 * one was planned, after this one had been registered; ECS's circuit breaker, an alarm or a person
 * does so. What is left of a deploy that was killed between its registration and its update looks
 * alike, but for the time; so does the late update of an older event, but that its revision is not
 * from before; so does that of an older rollback, but that it left what this one left, too. And
 * what an event has chosen again since, by a rollback or by name, was not left. A restart of what
 * ran, right after a deploy was killed, is told apart by service_past.h. */
bool revision_was_left(const struct ecs_task_definition *definition,
                       const struct ecs_service_state *service,
                       const struct ecs_task_definition *running);
/* Whether an event chose it that came after its registration: a rollback, or one that names it. */
bool revision_was_chosen_again(const struct ecs_task_definition *definition);

/* Which of two wins: the newer event, and of the same time the higher revision. */
struct revision_rank {
    int64_t event_time_ms;
    int64_t revision;
};
bool revision_outranks(struct revision_rank a, struct revision_rank b);
/* False when it takes no part: slipway did not make it, or it is not ACTIVE. */
bool revision_rank_of(const struct ecs_task_definition *definition, struct revision_rank *ret_rank);

#endif
