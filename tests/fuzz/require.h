#ifndef SLIPWAY_TESTS_FUZZ_REQUIRE_H
#define SLIPWAY_TESTS_FUZZ_REQUIRE_H

/* What fuzz targets need: properties that abort, and the entry point. */

#include "runtime/base/view.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void require(bool condition) {
    if (!condition) {
        abort();
    }
}

/* A view of nothing, or one whose bytes are all part of `whole`. */
static inline void require_inside(struct view part, struct view whole) {
    uintptr_t start = (uintptr_t)part.data;
    uintptr_t from = (uintptr_t)whole.data;
    require(part.len == 0 || (start >= from && start + part.len <= from + whole.len));
}

#endif
