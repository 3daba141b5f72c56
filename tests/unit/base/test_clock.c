#include "runtime/base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define LAST_MS INT64_C(253402300799999)

static void rfc3339_that_is_valid(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1970-01-01T00:00:00.001Z", 1},
        {"2026-11-20T22:39:04Z", INT64_C(1795214344000)},
        {"2026-11-20T22:39:04.1Z", INT64_C(1795214344100)},
        {"2026-11-20T22:39:04.12Z", INT64_C(1795214344120)},
        {"2026-11-20T22:39:04.123Z", INT64_C(1795214344123)},
        {"2026-11-20T22:39:04.1239999999Z", INT64_C(1795214344123)},
        {"2026-11-20T23:39:04+01:00", INT64_C(1795214344000)},
        {"2026-11-20T12:54:04-09:45", INT64_C(1795214344000)},
        {"2026-11-20t22:39:04z", INT64_C(1795214344000)},
        {"2026-11-20T22:39:04-00:00", INT64_C(1795214344000)},
        {"2000-02-29T00:00:00Z", INT64_C(951782400000)},
        {"2024-02-29T23:59:59Z", INT64_C(1709251199000)},
        {"2016-12-31T23:59:60Z", INT64_C(1483228800000)},      /* leap seconds */
        {"2016-12-31T15:59:60-08:00", INT64_C(1483228800000)}, /* RFC 3339, 5.8 */
        {"9999-12-31T23:59:59.999Z", LAST_MS},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t ms = -1;
        if (!time_parse_rfc3339(view_of(cases[i].text), &ms) || ms != cases[i].ms) {
            fail_msg("%s: %lld", cases[i].text, (long long)ms);
        }
    }
}

static void rfc3339_that_is_not(void **state) {
    (void)state;
    static const char *const cases[] = {
        "",
        "2026",
        "2026-11-20",
        "2026-11-20T22:39:04",
        "2026-11-20 22:39:04Z",
        "2026-11-20T22:39Z",
        "2026-11-20T22:39:04ZZ",
        "2026-11-20T22:39:04Z ",
        " 2026-11-20T22:39:04Z",
        "2026-11-20T22:39:04.Z",
        "2026-11-20T22:39:04,5Z",
        "2026-11-20T22:39:04.1.2Z",
        "2026-11-20T22:39:04+0100",
        "2026-11-20T22:39:04+01",
        "2026-11-20T22:39:04+24:00",
        "2026-11-20T22:39:04+01:60",
        "2026-11-20T22:39:04+01:00Z",
        "2026-00-20T22:39:04Z",
        "2026-13-20T22:39:04Z",
        "2026-11-00T22:39:04Z",
        "2026-11-31T22:39:04Z",
        "2026-02-29T22:39:04Z",
        "2100-02-29T22:39:04Z",
        "2026-11-20T24:00:00Z",
        "2026-11-20T22:60:04Z",
        "2026-11-20T22:39:61Z",
        "2026-11-20T22:39:60Z", /* no leap second can be there */
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "10000-01-01T00:00:00Z",
        "-026-11-20T22:39:04Z",
        "+026-11-20T22:39:04Z",
        "2026-1 -20T22:39:04Z",
        "2026-11-20T2 :39:04Z",
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t ms = -7;
        if (time_parse_rfc3339(view_of(cases[i]), &ms) || ms != -7) {
            fail_msg("'%s' was taken as %lld", cases[i], (long long)ms);
        }
    }
    int64_t ms;
    assert_false(time_parse_rfc3339((struct view){NULL, 0}, &ms));
    assert_false(time_parse_rfc3339(VIEW("2026-11-20T22:39:04Z\0"), &ms));
}

static void http_dates(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } valid[] = {
        {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
        {"Sun, 06 Nov 1994 08:49:37 GMT", INT64_C(784111777000)},
        {"Fri, 20 Nov 2026 22:39:04 GMT", INT64_C(1795214344000)},
        {"Fri, 31 Dec 9999 23:59:59 GMT", LAST_MS - 999},
        {"Tue, 29 Feb 2000 00:00:00 GMT", INT64_C(951782400000)},
    };
    for (size_t i = 0; i < sizeof(valid) / sizeof(valid[0]); i++) {
        int64_t ms = -1;
        if (!time_parse_http_date(view_of(valid[i].text), &ms) || ms != valid[i].ms) {
            fail_msg("%s: %lld", valid[i].text, (long long)ms);
        }
    }
    static const char *const invalid[] = {
        "",
        "Thu, 20 Nov 2026 22:39:04 GMT", /* it was a Friday */
        "Fri, 20 Nov 2026 22:39:04",
        "Fri, 20 Nov 2026 22:39:04 UTC",
        "Fri, 20 Nov 2026 22:39:04 GMT ",
        "Fri 20 Nov 2026 22:39:04 GMT",
        "fri, 20 nov 2026 22:39:04 GMT",
        "Fri, 20 NOV 2026 22:39:04 GMT",
        "Fri, 32 Nov 2026 22:39:04 GMT",
        "Fri, 20 Nov 2026 25:39:04 GMT",
        "Fri, 20 Nov 26 22:39:04 GMT",
        "Friday, 20-Nov-26 22:39:04 GMT",
        "Fri Nov 20 22:39:04 2026",
        "Wed, 31 Dec 1969 23:59:59 GMT",
    };
    for (size_t i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++) {
        int64_t ms = -7;
        if (time_parse_http_date(view_of(invalid[i]), &ms) || ms != -7) {
            fail_msg("'%s' was taken as %lld", invalid[i], (long long)ms);
        }
    }
}

static void formats(void **state) {
    (void)state;
    char text[TIME_RFC3339_BYTES];
    char amz[TIME_AMZ_BYTES];
    time_format_rfc3339(INT64_C(1795214344123), text);
    assert_string_equal(text, "2026-11-20T22:39:04.123Z");
    time_format_amz(INT64_C(1795214344999), amz);
    assert_string_equal(amz, "20261120T223904Z");
    time_format_rfc3339(LAST_MS, text);
    assert_string_equal(text, "9999-12-31T23:59:59.999Z");
    /* What cannot be written in four digits is held at the border. */
    time_format_rfc3339(INT64_MAX, text);
    assert_string_equal(text, "9999-12-31T23:59:59.999Z");
    time_format_rfc3339(INT64_MIN, text);
    assert_string_equal(text, "1970-01-01T00:00:00.000Z");
    time_format_amz(-1, amz);
    assert_string_equal(amz, "19700101T000000Z");
}

/* Against the C library's calendar, and back: every day of the 400 years after which the calendar
 * repeats itself, and behind them each thirteenth until 9999. */
static void every_day_round_trips(void **state) {
    (void)state;
    const int64_t day_ms = 86400000, cycle_days = 146097;
    int64_t step_ms = day_ms;
    setenv("TZ", "America/St_Johns", 1); /* must not matter */
    tzset();
    for (int64_t ms = 12345678; ms <= LAST_MS; ms += step_ms) {
        if (ms > cycle_days * day_ms) {
            step_ms = 13 * day_ms;
        }
        time_t seconds = (time_t)(ms / 1000);
        struct tm tm;
        gmtime_r(&seconds, &tm);
        char expected[80];
        snprintf(expected, sizeof(expected), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
                 tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
                 (int)(ms % 1000));
        char text[TIME_RFC3339_BYTES];
        time_format_rfc3339(ms, text);
        int64_t back = -1;
        if (strcmp(text, expected) != 0 || !time_parse_rfc3339(view_of(text), &back) ||
            back != ms) {
            fail_msg("%s, expected %s, back %lld", text, expected, (long long)back);
        }
    }
}

static void the_system_clocks_run(void **state) {
    (void)state;
    assert_true(clock_wall_ms(&clock_system) > INT64_C(1600000000000));
    int64_t before = clock_monotonic_ms(&clock_system);
    clock_sleep_ms(&clock_system, 0);
    clock_sleep_ms(&clock_system, -5);
    clock_sleep_ms(&clock_system, 2);
    assert_true(clock_monotonic_ms(&clock_system) >= before + 2);
    assert_true(clock_random(&clock_system) != clock_random(&clock_system));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc3339_that_is_valid),
        cmocka_unit_test(rfc3339_that_is_not),
        cmocka_unit_test(http_dates),
        cmocka_unit_test(formats),
        cmocka_unit_test(every_day_round_trips),
        cmocka_unit_test(the_system_clocks_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
