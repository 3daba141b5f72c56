#ifndef SLIPWAY_BASE_CLOCK_H
#define SLIPWAY_BASE_CLOCK_H

/*
 * Time, sleep and chance come through this vtable, so that tests set them. Wall-clock times are
 * int64_t milliseconds since 1970-01-01T00:00:00Z, named …_ms.
 */

#include "runtime/base/err.h"
#include "runtime/base/view.h"

#include <stdint.h>

struct clock {
    int64_t (*wall_ms)(void *state);
    int64_t (*monotonic_ms)(void *state);
    void (*sleep_ms)(void *state, int64_t duration_ms);
    uint64_t (*random)(void *state); /* uniform over all 64 bits; for jitter, not for secrets */
    void *state;
};

/* The operating system's clocks. */
extern const struct clock clock_system;

static inline int64_t clock_wall_ms(const struct clock *clock) {
    return clock->wall_ms(clock->state);
}
static inline int64_t clock_monotonic_ms(const struct clock *clock) {
    return clock->monotonic_ms(clock->state);
}
static inline void clock_sleep_ms(const struct clock *clock, int64_t duration_ms) {
    clock->sleep_ms(clock->state, duration_ms);
}
static inline uint64_t clock_random(const struct clock *clock) {
    return clock->random(clock->state);
}

/* "2026-11-20T22:39:04Z", fractions (cut to ms) and offsets like +01:00 accepted (RFC 3339). Years
 * 1970 to 9999. False, and nothing written, for anything else. */
bool time_parse_rfc3339(struct view text, int64_t *ret_ms);
/* "Fri, 20 Nov 2026 22:39:04 GMT" (RFC 9110, the preferred form). */
bool time_parse_http_date(struct view text, int64_t *ret_ms);

#define TIME_RFC3339_BYTES sizeof("2026-11-20T22:39:04.123Z")
/* With milliseconds: "2026-11-20T22:39:04.123Z". */
void time_format_rfc3339(int64_t ms, char ret_text[static TIME_RFC3339_BYTES]);
#define TIME_AMZ_BYTES sizeof("20261120T223904Z")
/* The X-Amz-Date form: "20261120T223904Z". */
void time_format_amz(int64_t ms, char ret_text[static TIME_AMZ_BYTES]);

#endif
