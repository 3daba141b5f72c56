#ifndef SLIPWAY_HANDLERS_DEPLOY_LAMBDA_CLAIM_H
#define SLIPWAY_HANDLERS_DEPLOY_LAMBDA_CLAIM_H

/*
 * Which event a Lambda function belongs to. A function has no revisions that could bear the events
 * of two deploys at once, and of a tag that both write the later writer's value stays. So each
 * event writes a tag of its own, its claim, before it reads the function to change it:
 *
 *     slipway:event:5f0c2f1e-8a4d-4c0b-9d53-2b7e1c6a9f10 = 2026-11-20T09:00:00Z
 *
 * Whoever finds a newer claim than its own gives way. An older event that did not see the newer
 * one's claim has read the function before it was there, and so before the newer one read it: if
 * the older one writes, the newer one's write, which is conditional on what it read, fails, and it
 * starts over; and if the newer one writes first, the older one's fails, and it finds the claim.
 * Claims that are older than that of a deploy that is done are removed. Pure.
 */

#include "runtime/aws/lambda_api.h"
#include "runtime/base/arena.h"
#include "runtime/base/view.h"

#include <stdbool.h>
#include <stdint.h>

#define LAMBDA_CLAIM_PREFIX "slipway:event:"

struct lambda_claim {
    struct view key;   /* the tag's; empty: there is none */
    struct view event; /* what slipway:event-id has for the event */
    int64_t time_ms;
};

/* The claim of an event with that tag value; .key.data NULL when memory ran out. */
struct lambda_claim lambda_claim_of(struct view event_tag, int64_t time_ms, struct arena *arena);
/* As a tag; .value.data NULL when memory ran out. */
struct ecs_tag lambda_claim_tag(const struct lambda_claim *claim, struct arena *arena);

/* Whether a is the newer one: by time, and of one time by the event's text. */
bool lambda_claim_outranks(const struct lambda_claim *a, const struct lambda_claim *b);
/* The newest one that the function's tags tell of; of an event that is done that may be
 * slipway:event-id and slipway:event-time. Without any its key is empty and its time 0. */
struct lambda_claim lambda_newest_claim(const struct lambda_function *function);
/* Keys of the claims that `than` outranks, in the arena; NULL when memory ran out. */
struct view *lambda_older_claims(const struct lambda_function *function,
                                 const struct lambda_claim *than, struct arena *arena,
                                 size_t *ret_n);

#endif
