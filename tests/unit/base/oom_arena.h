#ifndef SLIPWAY_TESTS_OOM_ARENA_H
#define SLIPWAY_TESTS_OOM_ARENA_H

/*
 * runtime/base/arena.h with an allocation of its own for each piece, in place of arena.c: so that
 * oom.h makes every single one fail, and AddressSanitizer sees where each ends. Included once in a
 * program; the linker takes these and leaves arena.c in its library.
 */

#include "runtime/base/arena.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct arena_block {
    struct arena_block *next;
    _Alignas(max_align_t) unsigned char bytes[];
};

void arena_release(struct arena *arena) {
    while (arena != NULL && arena->blocks != NULL) {
        struct arena_block *block = arena->blocks;
        arena->blocks = block->next;
        free(block);
    }
    if (arena != NULL) {
        arena->used_bytes = 0;
    }
}

void arena_reset(struct arena *arena) {
    arena_release(arena);
}

void *arena_alloc(struct arena *arena, size_t size) {
    if (size > arena->limit_bytes || arena->used_bytes > arena->limit_bytes - size) {
        return NULL;
    }
    struct arena_block *block = calloc(1, sizeof(*block) + size);
    if (block == NULL) {
        return NULL;
    }
    block->next = arena->blocks;
    arena->blocks = block;
    arena->used_bytes += size;
    return block->bytes;
}

void *arena_array(struct arena *arena, size_t n, size_t size) {
    size_t total;
    return __builtin_mul_overflow(n, size, &total) ? NULL : arena_alloc(arena, total);
}

struct view arena_copy(struct arena *arena, struct view bytes) {
    char *copy = arena_alloc(arena, bytes.len + 1);
    if (copy == NULL) {
        return (struct view){NULL, 0};
    }
    if (bytes.len > 0) {
        memcpy(copy, bytes.data, bytes.len);
    }
    return (struct view){copy, bytes.len};
}

struct view arena_printf(struct arena *arena, const char *format, ...) {
    va_list arguments;
    va_list again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int len = vsnprintf(NULL, 0, format, arguments);
    char *text = len >= 0 ? arena_alloc(arena, (size_t)len + 1) : NULL;
    if (text != NULL) {
        vsnprintf(text, (size_t)len + 1, format, again);
    }
    va_end(again);
    va_end(arguments);
    return (struct view){text, text != NULL ? (size_t)len : 0};
}

#endif
