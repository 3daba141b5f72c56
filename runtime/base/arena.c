#include "runtime/base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif
#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
/* Between two allocations, so that an overrun of one is seen and not written into the next. */
#define ARENA_GAP_BYTES 16
#else
#define ASAN_POISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#define ARENA_GAP_BYTES 0
#endif

/* The first block: a usual event and its plan fit. Each further one doubles up to the step. */
#define ARENA_FIRST_BYTES ((size_t)32 * 1024)
#define ARENA_STEP_BYTES ((size_t)1024 * 1024)
/* The largest block kept over a reset: an odd huge event must not pin its memory for ever. */
#define ARENA_KEEP_BYTES ((size_t)1024 * 1024)

struct arena_block {
    struct arena_block *next; /* the older one */
    size_t capacity;
    size_t used;
    alignas(max_align_t) unsigned char bytes[];
};

static void block_free(struct arena_block *block) {
    ASAN_UNPOISON_MEMORY_REGION(block->bytes, block->capacity);
    free(block);
}

void arena_release(struct arena *arena) {
    if (arena == NULL) {
        return;
    }
    while (arena->blocks != NULL) {
        struct arena_block *block = arena->blocks;
        arena->blocks = block->next;
        block_free(block);
    }
    arena->used_bytes = 0;
}

/* The largest block stays, so that the same kind of event again finds room without malloc(). */
void arena_reset(struct arena *arena) {
    struct arena_block *kept = NULL;
    while (arena->blocks != NULL) {
        struct arena_block *block = arena->blocks;
        arena->blocks = block->next;
        if (block->capacity > ARENA_KEEP_BYTES ||
            (kept != NULL && kept->capacity >= block->capacity)) {
            block_free(block);
            continue;
        }
        if (kept != NULL) {
            block_free(kept);
        }
        kept = block;
    }
    if (kept != NULL) {
        kept->next = NULL;
        kept->used = 0;
        ASAN_POISON_MEMORY_REGION(kept->bytes, kept->capacity);
    }
    arena->blocks = kept;
    arena->used_bytes = 0;
}

static struct arena_block *block_new(struct arena *arena, size_t room) {
    size_t capacity = ARENA_FIRST_BYTES;
    if (arena->blocks != NULL && arena->blocks->capacity <= ARENA_STEP_BYTES / 2) {
        capacity = arena->blocks->capacity * 2;
    } else if (arena->blocks != NULL) {
        capacity = ARENA_STEP_BYTES;
    }
    if (capacity < room) {
        capacity = room;
    }
    if (capacity > SIZE_MAX - sizeof(struct arena_block)) {
        return NULL;
    }
    struct arena_block *block = malloc(sizeof(*block) + capacity);
    if (block == NULL) {
        return NULL;
    }
    block->next = arena->blocks;
    block->capacity = capacity;
    block->used = 0;
    ASAN_POISON_MEMORY_REGION(block->bytes, capacity);
    arena->blocks = block;
    return block;
}

void *arena_alloc(struct arena *arena, size_t size) {
    const size_t alignment = alignof(max_align_t);
    if (size > SIZE_MAX / 2) {
        return NULL;
    }
    size_t rounded = size == 0 ? alignment : (size + alignment - 1) / alignment * alignment;
    if (arena->used_bytes > arena->limit_bytes || size > arena->limit_bytes - arena->used_bytes) {
        return NULL;
    }
    size_t room = rounded + ARENA_GAP_BYTES;
    struct arena_block *block = arena->blocks;
    if (block == NULL || room > block->capacity - block->used) {
        block = block_new(arena, room);
        if (block == NULL) {
            return NULL;
        }
    }
    void *memory = block->bytes + block->used;
    block->used += room;
    arena->used_bytes += rounded;
    ASAN_UNPOISON_MEMORY_REGION(memory, size);
    return memset(memory, 0, size);
}

void *arena_array(struct arena *arena, size_t n, size_t size) {
    size_t total;
    if (__builtin_mul_overflow(n, size, &total)) {
        return NULL;
    }
    return arena_alloc(arena, total);
}

struct view arena_copy(struct arena *arena, struct view bytes) {
    char *copy = bytes.len < SIZE_MAX ? arena_alloc(arena, bytes.len + 1) : NULL;
    if (copy == NULL) {
        return (struct view){NULL, 0};
    }
    if (bytes.len > 0) {
        memcpy(copy, bytes.data, bytes.len);
    }
    return (struct view){copy, bytes.len};
}

struct view arena_printf(struct arena *arena, const char *format, ...) {
    struct view result = {NULL, 0};
    va_list arguments;
    va_start(arguments, format);
    va_list again;
    va_copy(again, arguments);
    int len = vsnprintf(NULL, 0, format, arguments);
    char *text = len >= 0 ? arena_alloc(arena, (size_t)len + 1) : NULL;
    if (text != NULL) {
        vsnprintf(text, (size_t)len + 1, format, again);
        result = (struct view){text, (size_t)len};
    }
    va_end(again);
    va_end(arguments);
    return result;
}
