/* What becomes of a StartDate that has passed, and when a rate is due next. */

#include "handlers/deploy/schedule_start.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define NOW INT64_C(1795214344123)
#define YEAR_9999 INT64_C(253402300799999)

static void assert_view(struct view got, const char *want) {
    if (!view_equal(got, view_of(want))) {
        fail_msg("'" VIEW_FMT "' is not '%s'", VIEW_ARG(got), want);
    }
}

static void assert_start(const char *expression, int64_t start_ms, int64_t end_ms,
                         enum schedule_start_kind kind, int64_t at_ms) {
    struct schedule_start start = schedule_start_after(view_of(expression), start_ms, end_ms, NOW);
    if (start.kind != kind || (at_ms > 0 && start.at_ms != at_ms)) {
        fail_msg("%s from %lld to %lld: %d at %lld", expression, (long long)start_ms,
                 (long long)end_ms, (int)start.kind, (long long)start.at_ms);
    }
}

static void of_no_use(void **state) {
    (void)state;
    static const char *const expressions[] = {"cron(0 3 * * ? *)", "cron(0/5 8-17 ? * MON-FRI *)",
                                              "at(2030-01-01T00:00:00)", " cron(0 3 * * ? *) "};
    for (size_t i = 0; i < sizeof(expressions) / sizeof(expressions[0]); i++) {
        assert_start(expressions[i], NOW - DAY, 0, SCHEDULE_START_WITHOUT_USE, 0);
        assert_start(expressions[i], NOW - DAY, NOW - 1, SCHEDULE_START_WITHOUT_USE, 0);
        assert_start(expressions[i], NOW - DAY, NOW + 1, SCHEDULE_START_WITHOUT_USE, 0);
    }
    assert_start("rate(1 hour)", NOW - DAY, NOW, SCHEDULE_START_WITHOUT_USE, 0);
    assert_start("rate(1 hour)", NOW - DAY, NOW - HOUR, SCHEDULE_START_WITHOUT_USE, 0);
}

static void not_known(void **state) {
    (void)state;
    static const char *const expressions[] = {"",
                                              "rate",
                                              "rate(",
                                              "rate()",
                                              "rate( )",
                                              "rate(5)",
                                              "rate(minutes)",
                                              "rate(0 minutes)",
                                              "rate(-5 minutes)",
                                              "rate(1.5 hours)",
                                              "rate(five minutes)",
                                              "rate(5 weeks)",
                                              "rate(5 Minutes)",
                                              "rate(5 minutes",
                                              "rate(5minutes)",
                                              "rate(5 minutes) ?",
                                              "every 5 minutes",
                                              "rate(5 minutes minutes)",
                                              "Rate(5 minutes)",
                                              "cron()",
                                              "cron",
                                              "at()",
                                              "daily",
                                              "rate(99999999999999999999 minutes)",
                                              "rate(9223372036854775807 days)",
                                              "rate(106751991168 days)",
                                              "rate(4223372037 days)"};
    for (size_t i = 0; i < sizeof(expressions) / sizeof(expressions[0]); i++) {
        assert_start(expressions[i], NOW - DAY, 0, SCHEDULE_START_UNKNOWN, 0);
        assert_start(expressions[i], NOW - DAY, NOW + 1, SCHEDULE_START_UNKNOWN, 0);
    }
}

static void the_next_of_a_rate(void **state) {
    (void)state;
    static const struct {
        const char *expression;
        int64_t before_ms, after_ms; /* from now: its start, and when it is due next */
    } rows[] = {
        {"rate(1 minute)", 1, MINUTE - 1},
        {"rate(1 minute)", MINUTE - 1, 1},
        {"rate(1 minute)", MINUTE, MINUTE}, /* it is due this moment: that is the old one's */
        {"rate(1 minute)", MINUTE + 1, MINUTE - 1},
        {"rate(1 minutes)", 90000, 30000},
        {"rate(5 minutes)", 17 * MINUTE + 500, 3 * MINUTE - 500},
        {"rate(5 minute)", 17 * MINUTE, 3 * MINUTE},
        {"rate( 5  minutes )", 17 * MINUTE, 3 * MINUTE},
        {"rate(1 hour)", 25 * HOUR + 1, HOUR - 1},
        {"rate(2 hours)", 25 * HOUR, HOUR},
        {"rate(1 day)", 40 * DAY + HOUR, 23 * HOUR},
        {"rate(7 days)", 40 * DAY, 2 * DAY},
        {"rate(365 days)", 1, 365 * DAY - 1},
        {"rate(1 minute)", NOW - 1, MINUTE - (NOW - 1) % MINUTE}, /* some 30 million runs */
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t at_ms = NOW + rows[i].after_ms;
        int64_t start_ms = NOW - rows[i].before_ms;
        assert_start(rows[i].expression, start_ms, 0, SCHEDULE_START_NEXT, at_ms);
        assert_start(rows[i].expression, start_ms, at_ms + 1, SCHEDULE_START_NEXT, at_ms);
        assert_start(rows[i].expression, start_ms, at_ms, SCHEDULE_START_NO_RUN_LEFT, at_ms);
        assert_start(rows[i].expression, start_ms, NOW + 1, SCHEDULE_START_NO_RUN_LEFT, at_ms);
    }
}

/* Whatever the rate and the start are: the next is in the future, no period away, and in phase. */
static void properties_of_the_next(void **state) {
    (void)state;
    for (int64_t n = 1; n < INT64_C(1000000); n = n * 3 + 1) {
        for (int64_t before = 1; before < NOW; before = before * 7 + 3) {
            char expression[64];
            snprintf(expression, sizeof(expression), "rate(%lld hours)", (long long)n);
            struct schedule_start start =
                schedule_start_after(view_of(expression), NOW - before, 0, NOW);
            assert_int_equal(start.kind, SCHEDULE_START_NEXT);
            assert_true(start.at_ms > NOW && start.at_ms <= NOW + n * HOUR);
            assert_int_equal((start.at_ms - (NOW - before)) % (n * HOUR), 0);
        }
    }
    /* the last date that there is */
    char expression[64];
    int64_t minutes = (YEAR_9999 - NOW) / MINUTE;
    snprintf(expression, sizeof(expression), "rate(%lld minutes)", (long long)minutes);
    assert_start(expression, NOW - 1, 0, SCHEDULE_START_NEXT, NOW - 1 + minutes * MINUTE);
    snprintf(expression, sizeof(expression), "rate(%lld minutes)", (long long)minutes + 1);
    assert_start(expression, NOW - 1, 0, SCHEDULE_START_UNKNOWN, 0);
}

/* --- mending --- */

struct mending {
    struct arena arena;
    struct scheduler_schedule schedule;
    struct err refusal;
    struct schedule_start_remedy remedy;
};

static struct mending mend(const char *expression, int64_t start_ms, int64_t end_ms,
                           size_t limit_bytes) {
    struct mending m = {.arena = ARENA_INIT(limit_bytes)};
    m.schedule = (struct scheduler_schedule){
        .expression = view_of(expression), .start_ms = start_ms, .end_ms = end_ms};
    err_init(&m.refusal);
    (void)err_set(&m.refusal, ERR_BAD_RESPONSE, "refused by AWS");
    err_remedy(&m.refusal, "ask AWS");
    assert_int_equal(schedule_start_mend(&m.schedule, VIEW("schedule 'default/hourly'"), NOW,
                                         &m.arena, &m.refusal, &m.remedy),
                     0);
    return m;
}

static void a_start_is_left_out(void **state) {
    (void)state;
    struct mending m = mend("cron(0 3 * * ? *)", INT64_C(1767225600000), 0, 65536);
    assert_true(m.remedy.is_ready);
    assert_int_equal(m.schedule.start.change, SCHEDULER_START_LEFT_OUT);
    assert_view(m.remedy.note,
                "schedule 'default/hourly': its StartDate 2026-01-01T00:00:00Z has passed and AWS "
                "takes none from the past: it is left out");
    assert_string_equal(m.refusal.message, "refused by AWS");
    arena_release(&m.arena);
}

static void a_start_is_moved(void **state) {
    (void)state;
    struct mending m = mend("rate(1 hour)", INT64_C(1767225600500), NOW + DAY, 65536);
    assert_true(m.remedy.is_ready);
    assert_int_equal(m.schedule.start.change, SCHEDULER_START_SET);
    assert_int_equal(m.schedule.start.at_ms, (NOW / HOUR + 1) * HOUR + 500);
    assert_view(m.remedy.note,
                "schedule 'default/hourly': its StartDate 2026-01-01T00:00:00.500Z has passed and "
                "AWS takes none from the past: it is moved to 2026-11-20T23:00:00.500Z, when the "
                "schedule is due next");
    arena_release(&m.arena);
}

static void a_rate_without_a_run_left(void **state) {
    (void)state;
    struct mending m =
        mend("rate(365 days)", INT64_C(1767225600000), INT64_C(1798761600000), 65536);
    assert_false(m.remedy.is_ready);
    assert_int_equal(m.schedule.start.change, SCHEDULER_START_STAYS);
    assert_int_equal(m.refusal.code, ERR_BAD_RESPONSE);
    assert_string_equal(m.refusal.message,
                        "schedule 'default/hourly' cannot be written back: its StartDate "
                        "2026-01-01T00:00:00Z has passed, AWS takes none from the past, and it is "
                        "due next at 2027-01-01T00:00:00Z, no earlier than its EndDate "
                        "2027-01-01T00:00:00Z (refused by AWS)");
    assert_string_equal(m.refusal.remedy,
                        "delete the schedule, which has no run left, or give it a later EndDate");
    arena_release(&m.arena);
}

static void what_is_not_for_its_start(void **state) {
    (void)state;
    static const struct {
        const char *expression;
        int64_t start_ms;
    } rows[] = {
        {"cron(0 3 * * ? *)", 0},  {"cron(0 3 * * ? *)", NOW},
        {"rate(1 hour)", NOW + 1}, {"rate(1 fortnight)", NOW - DAY},
        {"", NOW - DAY},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct mending m = mend(rows[i].expression, rows[i].start_ms, 0, 65536);
        assert_false(m.remedy.is_ready);
        assert_int_equal(m.schedule.start.change, SCHEDULER_START_STAYS);
        assert_string_equal(m.refusal.message, "refused by AWS");
        assert_string_equal(m.refusal.remedy, "ask AWS");
        arena_release(&m.arena);
    }
}

/* What was refused with another StartDate is not tried a third time. */
static void once_only(void **state) {
    (void)state;
    static const char *const expressions[] = {"cron(0 3 * * ? *)", "rate(1 hour)"};
    for (size_t i = 0; i < 2; i++) {
        struct mending m = mend(expressions[i], NOW - DAY, 0, 65536);
        assert_true(m.remedy.is_ready);
        assert_int_equal(schedule_start_mend(&m.schedule, VIEW("schedule 'a'"), NOW + DAY, &m.arena,
                                             &m.refusal, &m.remedy),
                         0);
        assert_false(m.remedy.is_ready);
        assert_string_equal(m.refusal.message, "refused by AWS");
        arena_release(&m.arena);
    }
}

static void memory_can_run_out(void **state) {
    (void)state;
    static const char *const expressions[] = {"cron(0 3 * * ? *)", "rate(1 hour)",
                                              "rate(365 days)"};
    for (size_t i = 0; i < 3; i++) {
        struct arena arena = ARENA_INIT(1);
        struct schedule_start_remedy remedy;
        struct err refusal;
        struct scheduler_schedule schedule = {
            .expression = view_of(expressions[i]), .start_ms = NOW - DAY, .end_ms = NOW + 2 * HOUR};
        err_init(&refusal);
        (void)err_set(&refusal, ERR_BAD_RESPONSE, "refused by AWS");
        assert_int_equal(
            schedule_start_mend(&schedule, VIEW("schedule 'a'"), NOW, &arena, &refusal, &remedy),
            -1);
        arena_release(&arena);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_no_use),
        cmocka_unit_test(not_known),
        cmocka_unit_test(the_next_of_a_rate),
        cmocka_unit_test(properties_of_the_next),
        cmocka_unit_test(a_start_is_left_out),
        cmocka_unit_test(a_start_is_moved),
        cmocka_unit_test(a_rate_without_a_run_left),
        cmocka_unit_test(what_is_not_for_its_start),
        cmocka_unit_test(once_only),
        cmocka_unit_test(memory_can_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
