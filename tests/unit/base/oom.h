#ifndef SLIPWAY_TESTS_OOM_H
#define SLIPWAY_TESTS_OOM_H

/*
 * Makes allocation N fail, for tests named test_*_oom.c, which are linked with
 * --wrap=malloc,--wrap=calloc,--wrap=realloc. Only calls from the project's own objects are
 * wrapped, not those inside shared libraries. Included once in a program.
 *
 *     OOM_FOR_EACH(n) {
 *         oom_arm(n);
 *         int result = thing_do(&thing, &err);
 *         if (!oom_disarm()) {        // it took fewer than n allocations:
 *             assert_int_equal(result, 0);
 *             break;                  // all have failed once
 *         }
 *         assert_int_equal(result, -1);
 *     }
 */

#include <stdbool.h>
#include <stddef.h>

/* More than any test takes: a loop that does not end is a bug of the test. */
#define OOM_MAX_ALLOCATIONS 100000
#define OOM_FOR_EACH(n) for (size_t n = 1; n < OOM_MAX_ALLOCATIONS; n++)

static size_t oom_countdown;  /* 1: the next one fails; 0: none */
static bool oom_from_then_on; /* all after it fail too, as when memory really is at its end */
static bool oom_failed;

static inline void oom_arm(size_t n) {
    oom_countdown = n;
    oom_from_then_on = false;
    oom_failed = false;
}

static inline void oom_arm_from(size_t n) {
    oom_arm(n);
    oom_from_then_on = true;
}

/* Whether an allocation did fail since it was armed. */
static inline bool oom_disarm(void) {
    oom_countdown = 0;
    return oom_failed;
}

static inline bool oom_is_due(void) {
    if (oom_countdown == 0) {
        return false;
    }
    if (oom_countdown == 1) {
        oom_countdown = oom_from_then_on ? 1 : 0;
        oom_failed = true;
        return true;
    }
    oom_countdown--;
    return false;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *memory, size_t size);

void *__wrap_malloc(size_t size) {
    return oom_is_due() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size) {
    return oom_is_due() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *memory, size_t size) {
    return oom_is_due() ? NULL : __real_realloc(memory, size);
}

#endif
