#ifndef SLIPWAY_HANDLERS_DEPLOY_TASKDEF_H
#define SLIPWAY_HANDLERS_DEPLOY_TASKDEF_H

/*
 * The lossless splice: a described task definition in, a RegisterTaskDefinition request out that is
 * the same byte for byte but for what must differ. Pure.
 *
 *     {"taskDefinition":{…},"tags":[…]}  ->  {…,"tags":[…]}
 *
 * Nine read-only members go; the `image` of the containers that run the repository's image changes;
 * the tags come back in, without `aws:` and `slipway:` ones, with slipway's own behind them, and
 * never as an empty array. Amazon ECS API Reference, RegisterTaskDefinition.
 */

#include "handlers/deploy/image.h"
#include "runtime/aws/ecs.h"
#include "runtime/base/arena.h"
#include "runtime/base/err.h"

/* Tags on a resource, at most (ECS's limit); slipway's own are up to seven of them. */
#define TASKDEF_MAX_TAGS 50
/* Bytes of a tag's value, at most; what is longer is cut. */
#define TASKDEF_TAG_VALUE_BYTES 256

struct taskdef_container {
    struct view name;
    struct view image;      /* as it is in the base */
    struct view image_text; /* the JSON string with its quotes: the bytes that are replaced */
};

/* The containers to change: the one named `container` if it is not empty, else all whose image is
 * in `repository`. -1: ERR_CONTAINER_NOT_FOUND with the containers and their images listed. */
ERR_MUST_USE int taskdef_find_containers(const struct ecs_task_definition *definition,
                                         struct view container, const struct repository *repository,
                                         struct view own_account, struct arena *arena,
                                         struct taskdef_container **ret_containers, size_t *ret_n,
                                         struct err *err);

struct taskdef_splice {
    const struct ecs_task_definition *base;
    const struct taskdef_container *containers; /* of that base */
    const struct view *images;                  /* the new image of each */
    size_t n_containers;
    const struct ecs_tag *tags; /* slipway's own; those with an empty value are left out */
    size_t n_tags;
    size_t n_required_tags; /* the first so many must fit beside the user's; of the others those
                               that find no room are left out, the last one first */
};
/* The request's bytes, in the arena. -1: ERR_OUT_OF_MEMORY; ERR_FAMILY_MISMATCH when the user's
 * tags and the required ones together pass TASKDEF_MAX_TAGS (nothing of the user's is dropped). */
ERR_MUST_USE int taskdef_splice(const struct taskdef_splice *splice, struct arena *arena,
                                struct view *ret_request, struct err *err);

/* A tag's value made safe: letters, digits, spaces and _.:/=+-@ stay, the rest becomes '_'; cut at
 * TASKDEF_TAG_VALUE_BYTES. */
struct view taskdef_tag_safe(struct view value, struct arena *arena);

/* Field-level differences of a register request to its base, for a dry run. Read-only members are
 * no difference: a request never has them. */
struct taskdef_difference {
    struct view path; /* containerDefinitions[1].image, tags.slipway:digest */
    struct view from; /* JSON, as spelt; empty: was not there */
    struct view to;   /* the same; empty: goes */
};
ERR_MUST_USE int taskdef_diff(const struct ecs_task_definition *base, struct view request,
                              struct arena *arena, struct taskdef_difference **ret_differences,
                              size_t *ret_n, struct err *err);

#endif
