#ifndef SLIPWAY_TESTS_UNIT_HTTP_STOPPING_CLOCK_H
#define SLIPWAY_TESTS_UNIT_HTTP_STOPPING_CLOCK_H

/* The system's clocks, of which the wall clock gets ahead as a test says: as on a machine that
 * stood still. */

#include "runtime/base/clock.h"

static int64_t stood_still_ms;

static int64_t stopping_wall_ms(void *state) {
    (void)state;
    return clock_wall_ms(&clock_system) + stood_still_ms;
}

static int64_t stopping_monotonic_ms(void *state) {
    (void)state;
    return clock_monotonic_ms(&clock_system);
}

static const struct clock stopping_clock = {.wall_ms = stopping_wall_ms,
                                            .monotonic_ms = stopping_monotonic_ms};

#endif
