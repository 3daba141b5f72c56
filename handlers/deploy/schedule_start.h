#ifndef SLIPWAY_HANDLERS_DEPLOY_SCHEDULE_START_H
#define SLIPWAY_HANDLERS_DEPLOY_SCHEDULE_START_H

/*
 * GetSchedule tells a StartDate that has long passed, and UpdateSchedule takes none that is earlier
 * than five minutes ago: such a schedule cannot be written back as it is. What its StartDate has to
 * become for the schedule to run at the same times as before. Pure.
 *
 * Amazon EventBridge Scheduler User Guide, "Schedule types": the StartDate of a rate is its first
 * run, and without one it runs at once; a day of a rate has 24 hours, whatever the clocks do; the
 * StartDate of an at() is ignored.
 */

#include "runtime/aws/scheduler.h"

enum schedule_start_kind {
    SCHEDULE_START_UNKNOWN,     /* an expression of a form that is not known */
    SCHEDULE_START_WITHOUT_USE, /* leaving it out changes nothing */
    SCHEDULE_START_NEXT,        /* a rate's: its phase hangs on it */
    SCHEDULE_START_NO_RUN_LEFT, /* a rate's that is next due at the EndDate or later */
};

struct schedule_start {
    enum schedule_start_kind kind;
    int64_t at_ms; /* _NEXT, _NO_RUN_LEFT: when the rate is due next, after now */
};

/* Of a StartDate that has passed: 0 <= start_ms < now_ms. end_ms 0: there is no EndDate. */
struct schedule_start schedule_start_after(struct view expression, int64_t start_ms, int64_t end_ms,
                                           int64_t now_ms);

/* Makes ready for a second write a schedule that AWS has found invalid, if that may be for its
 * StartDate. `name` is what messages call it. */
struct schedule_start_remedy {
    bool is_ready;    /* schedule->start is set; false: nothing is to be done about it */
    struct view note; /* what then is to be told */
};
/* *refusal is what AWS said; it is set anew where a StartDate that has passed cannot be helped. -1:
 * memory ran out. */
ERR_MUST_USE int schedule_start_mend(struct scheduler_schedule *schedule, struct view name,
                                     int64_t now_ms, struct arena *arena, struct err *refusal,
                                     struct schedule_start_remedy *ret_remedy);

#endif
