#ifndef SLIPWAY_BASE_ARENA_H
#define SLIPWAY_BASE_ARENA_H

/*
 * An arena: memory that is all freed at once. One arena lives as long as the process (config), one
 * as long as an invocation. It has a ceiling; it keeps one block over a reset, so that a
 * function that handles the same kind of event again allocates nothing and memory stays flat.
 * Secrets do not live here.
 */

#include "runtime/base/view.h"

#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *blocks; /* newest first */
    size_t used_bytes;          /* handed out since the last reset */
    size_t limit_bytes;
};

#define ARENA_INIT(limit) ((struct arena){.limit_bytes = (limit)})

void arena_release(struct arena *arena);
void arena_reset(struct arena *arena);

#define ARENA_AUTO __attribute__((cleanup(arena_release)))

/* Zeroed memory, aligned for any type; NULL when memory or the ceiling ran out, or n * size
 * overflows. A size of 0 yields a valid pointer. */
void *arena_alloc(struct arena *arena, size_t size);
void *arena_array(struct arena *arena, size_t n, size_t size);
#define ARENA_NEW(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, n, type) ((type *)arena_array((arena), (n), sizeof(type)))

/* A copy that is NUL-terminated behind its last byte; .data is NULL when memory ran out. */
struct view arena_copy(struct arena *arena, struct view bytes);
struct view arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
