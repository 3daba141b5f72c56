#include "handlers/deploy/schedule_start.h"

#include "handlers/deploy/plan_revision.h"

/* The last millisecond that is a date: of the year 9999. */
#define DATE_MAX_MS INT64_C(253402300799999)

/* --- rate(5 minutes) --- */

static int64_t unit_ms(struct view unit) {
    static const struct {
        const char *one, *many;
        int64_t ms;
    } units[] = {
        {"minute", "minutes", INT64_C(60000)},
        {"hour", "hours", INT64_C(3600000)},
        {"day", "days", INT64_C(86400000)},
    };
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (view_equal(unit, view_of(units[i].one)) || view_equal(unit, view_of(units[i].many))) {
            return units[i].ms;
        }
    }
    return 0;
}

/* What stands in the parentheses of such an expression. */
static bool arguments_of(struct view expression, struct view function, struct view *ret_arguments) {
    if (!view_starts_with(expression, function) || !view_ends_with(expression, VIEW(")"))) {
        return false;
    }
    *ret_arguments =
        view_trim(view_slice(expression, function.len, expression.len - function.len - 1));
    return ret_arguments->len > 0;
}

/* 0: it is no rate, or one beyond all dates. */
static int64_t period_ms(struct view arguments) {
    struct view value;
    struct view unit;
    int64_t n;
    if (!view_cut(arguments, ' ', &value, &unit) || !view_to_i64(value, &n) || n <= 0) {
        return 0;
    }
    int64_t one = unit_ms(view_trim(unit));
    return one > 0 && n <= DATE_MAX_MS / one ? n * one : 0;
}

/* --- what becomes of it --- */

static struct schedule_start start_of_rate(int64_t period, int64_t start_ms, int64_t end_ms,
                                           int64_t now_ms) {
    struct schedule_start start = {.kind = SCHEDULE_START_NEXT};
    start.at_ms = now_ms + (period - (now_ms - start_ms) % period);
    if (end_ms > 0 && end_ms <= now_ms) {
        start.kind = SCHEDULE_START_WITHOUT_USE; /* it is over: no run comes of it */
    } else if (start.at_ms > DATE_MAX_MS) {
        start.kind = SCHEDULE_START_UNKNOWN;
    } else if (end_ms > 0 && start.at_ms >= end_ms) {
        start.kind = SCHEDULE_START_NO_RUN_LEFT;
    }
    return start;
}

struct schedule_start schedule_start_after(struct view expression, int64_t start_ms, int64_t end_ms,
                                           int64_t now_ms) {
    struct view text = view_trim(expression);
    struct view arguments;
    if (arguments_of(text, VIEW("cron("), &arguments) ||
        arguments_of(text, VIEW("at("), &arguments)) {
        return (struct schedule_start){.kind = SCHEDULE_START_WITHOUT_USE};
    }
    int64_t period = arguments_of(text, VIEW("rate("), &arguments) ? period_ms(arguments) : 0;
    return period > 0 ? start_of_rate(period, start_ms, end_ms, now_ms)
                      : (struct schedule_start){.kind = SCHEDULE_START_UNKNOWN};
}

/* --- a schedule that AWS did not take --- */

static int refuse_without_run(const struct scheduler_schedule *schedule, struct view name,
                              int64_t next_ms, struct arena *arena, struct err *refusal) {
    struct err own;
    struct view start = revision_time_text(schedule->start_ms, arena);
    struct view end = revision_time_text(schedule->end_ms, arena);
    struct view next = revision_time_text(next_ms, arena);
    if (!start.data || !end.data || !next.data) {
        return -1;
    }
    err_init(&own);
    (void)err_set(&own, refusal->code,
                  VIEW_FMT
                  " cannot be written back: its StartDate " VIEW_FMT
                  " has passed, AWS takes none from the past, and it is due next at " VIEW_FMT
                  ", no earlier than its EndDate " VIEW_FMT " (%s)",
                  VIEW_ARG(name), VIEW_ARG(start), VIEW_ARG(next), VIEW_ARG(end), refusal->message);
    err_remedy(&own, "delete the schedule, which has no run left, or give it a later EndDate");
    *refusal = own;
    return 0;
}

static struct view note_of(const struct scheduler_schedule *schedule, struct view name,
                           struct arena *arena) {
    struct view was = revision_time_text(schedule->start_ms, arena);
    struct view next = revision_time_text(schedule->start.at_ms, arena);
    if (!was.data || !next.data) {
        return (struct view){0};
    }
    if (schedule->start.change == SCHEDULER_START_SET) {
        return arena_printf(arena,
                            VIEW_FMT
                            ": its StartDate " VIEW_FMT
                            " has passed and AWS takes none from the past: it is moved to " VIEW_FMT
                            ", when the schedule is due next",
                            VIEW_ARG(name), VIEW_ARG(was), VIEW_ARG(next));
    }
    return arena_printf(arena,
                        VIEW_FMT ": its StartDate " VIEW_FMT
                                 " has passed and AWS takes none from the past: it is left out",
                        VIEW_ARG(name), VIEW_ARG(was));
}

int schedule_start_mend(struct scheduler_schedule *schedule, struct view name, int64_t now_ms,
                        struct arena *arena, struct err *refusal,
                        struct schedule_start_remedy *ret_remedy) {
    struct schedule_start_remedy remedy = {0};
    bool has_passed = schedule->start_ms > 0 && schedule->start_ms < now_ms;
    *ret_remedy = remedy;
    if (!has_passed || schedule->start.change != SCHEDULER_START_STAYS) {
        return 0;
    }
    struct schedule_start start =
        schedule_start_after(schedule->expression, schedule->start_ms, schedule->end_ms, now_ms);
    switch (start.kind) {
    case SCHEDULE_START_UNKNOWN:
        return 0;
    case SCHEDULE_START_NO_RUN_LEFT:
        return refuse_without_run(schedule, name, start.at_ms, arena, refusal);
    case SCHEDULE_START_WITHOUT_USE:
        schedule->start = (struct scheduler_start){.change = SCHEDULER_START_LEFT_OUT};
        break;
    case SCHEDULE_START_NEXT:
        schedule->start =
            (struct scheduler_start){.change = SCHEDULER_START_SET, .at_ms = start.at_ms};
        break;
    }
    remedy.is_ready = true;
    remedy.note = note_of(schedule, name, arena);
    *ret_remedy = remedy;
    return remedy.note.data ? 0 : -1;
}
