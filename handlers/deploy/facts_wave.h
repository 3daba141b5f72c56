#ifndef SLIPWAY_HANDLERS_DEPLOY_FACTS_WAVE_H
#define SLIPWAY_HANDLERS_DEPLOY_FACTS_WAVE_H

/*
 * A wave: reads that go out at once. What is asked for twice is asked once; services of a cluster
 * share calls, ten in each. For facts*.c, execute*.c and the command line.
 *
 *     struct wave wave = wave_of(arena);
 *     int i = wave_add_task_definition(&wave, family, err);   // before wave_run()
 *     wave_run(&wave, aws, deadline_ms, err);
 *     wave_task_definition(&wave, i, &definition, &error, err);  // after it
 */

#include "handlers/deploy/image.h"
#include "runtime/aws/ecr.h"
#include "runtime/aws/ecs.h"
#include "runtime/base/arena.h"
#include "runtime/base/err.h"

struct wave_read; /* one call to be */

struct wave {
    struct arena *arena;
    struct wave_read *reads;
    struct aws_call *calls; /* of each read, after wave_run() */
    size_t n, capacity;
};

struct wave wave_of(struct arena *arena);

/* All wave_add_…() return the read's number, or -1: ERR_OUT_OF_MEMORY. Views and pointers are
 * borrowed until wave_run() returns. */
int wave_add_image(struct wave *wave, const struct repository *repository,
                   struct ecr_image_id image, struct err *err);
int wave_add_manifest(struct wave *wave, const struct repository *repository,
                      struct ecr_image_id image, struct err *err);
int wave_add_tags(struct wave *wave, const struct repository *repository, struct err *err);
int wave_add_service(struct wave *wave, struct view cluster, struct view service, struct err *err);
int wave_add_task_definition(struct wave *wave, struct view name_or_arn, struct err *err);

/* Makes all calls; nothing when there are none. -1: ERR_OUT_OF_MEMORY only. */
ERR_MUST_USE int wave_run(struct wave *wave, struct aws *aws, int64_t deadline_ms, struct err *err);

/* What a read brought: the value, or *ret_error, in the arena, which says why not (NULL otherwise).
 * -1: ERR_OUT_OF_MEMORY only. */
ERR_MUST_USE int wave_image(const struct wave *wave, int read, struct ecr_image *ret_image,
                            const struct err **ret_error, struct err *err);
ERR_MUST_USE int wave_manifest(const struct wave *wave, int read, struct ecr_manifest *ret_manifest,
                               const struct err **ret_error, struct err *err);
ERR_MUST_USE int wave_tags(const struct wave *wave, int read, struct ecr_image **ret_images,
                           size_t *ret_n, const struct err **ret_error, struct err *err);
ERR_MUST_USE int wave_service(const struct wave *wave, int read, struct view service,
                              struct ecs_service_state *ret_service, const struct err **ret_error,
                              struct err *err);
ERR_MUST_USE int wave_task_definition(const struct wave *wave, int read,
                                      struct ecs_task_definition *ret_definition,
                                      const struct err **ret_error, struct err *err);

#endif
