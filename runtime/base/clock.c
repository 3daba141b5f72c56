#include "runtime/base/clock.h"

#include <errno.h>
#include <sys/random.h>
#include <time.h>

#define MS_PER_SECOND 1000
#define SECONDS_PER_DAY 86400
/* 9999-12-31T23:59:59.999Z: the last time with a year of four digits. */
#define LAST_MS INT64_C(253402300799999)

static int64_t read_ms(clockid_t id) {
    struct timespec now = {0};
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * MS_PER_SECOND + now.tv_nsec / 1000000;
}

static int64_t system_wall_ms(void *state) {
    (void)state;
    return read_ms(CLOCK_REALTIME);
}

static int64_t system_monotonic_ms(void *state) {
    (void)state;
    return read_ms(CLOCK_MONOTONIC);
}

static void system_sleep_ms(void *state, int64_t duration_ms) {
    (void)state;
    if (duration_ms <= 0) {
        return;
    }
    struct timespec rest = {.tv_sec = (time_t)(duration_ms / MS_PER_SECOND),
                            .tv_nsec = (long)(duration_ms % MS_PER_SECOND) * 1000000};
    while (nanosleep(&rest, &rest) != 0 && errno == EINTR) {
    }
}

static uint64_t system_random(void *state) {
    (void)state;
    uint64_t value = 0;
    if (getrandom(&value, sizeof(value), GRND_NONBLOCK) == (ssize_t)sizeof(value)) {
        return value;
    }
    /* No entropy yet, or no such call: jitter may be guessed, so the clock will do, well mixed. */
    struct timespec now = {0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    value = (uint64_t)now.tv_sec << 32 ^ (uint64_t)now.tv_nsec;
    value = (value ^ value >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    value = (value ^ value >> 27) * UINT64_C(0x94D049BB133111EB);
    return value ^ value >> 31;
}

const struct clock clock_system = {
    .wall_ms = system_wall_ms,
    .monotonic_ms = system_monotonic_ms,
    .sleep_ms = system_sleep_ms,
    .random = system_random,
};

/* A point of the proleptic Gregorian calendar in UTC. */
struct civil {
    int year, month, day, hour, minute, second;
};

static bool is_leap(int year) {
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in_month(int year, int month) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Days from 1970-01-01 to the first day of the year (1970 or later). */
static int64_t days_before_year(int year) {
    int64_t y = year - 1;
    return 365 * ((int64_t)year - 1970) + (y / 4 - y / 100 + y / 400) - (1969 / 4 - 19 + 4);
}

static int64_t civil_days(const struct civil *t) {
    int64_t days = days_before_year(t->year) + t->day - 1;
    for (int month = 1; month < t->month; month++) {
        days += days_in_month(t->year, month);
    }
    return days;
}

/* 60 is a leap second; which minutes may have one is checked when the offset is known. */
static bool civil_is_valid(const struct civil *t) {
    return t->year >= 1970 && t->year <= 9999 && t->month >= 1 && t->month <= 12 && t->day >= 1 &&
           t->day <= days_in_month(t->year, t->month) && t->hour <= 23 && t->minute <= 59 &&
           t->second <= 60;
}

/* A leap second comes last in a UTC day; it counts as the first second of the next. */
static bool civil_to_ms(const struct civil *t, int64_t offset_s, int ms, int64_t *ret_ms) {
    int second_of_day = t->hour * 3600 + t->minute * 60 + t->second;
    int64_t seconds = civil_days(t) * SECONDS_PER_DAY + second_of_day - offset_s;
    int64_t result = seconds * MS_PER_SECOND + ms;
    if ((t->second == 60 && seconds % SECONDS_PER_DAY != 0) || result < 0 || result > LAST_MS) {
        return false;
    }
    *ret_ms = result;
    return true;
}

static struct civil civil_from_ms(int64_t ms) {
    int64_t seconds = ms / MS_PER_SECOND;
    int64_t days = seconds / SECONDS_PER_DAY;
    int rest = (int)(seconds % SECONDS_PER_DAY);
    struct civil t = {.hour = rest / 3600, .minute = rest / 60 % 60, .second = rest % 60};
    t.year = 1970 + (int)(days / 366); /* never too late; a few years short at most */
    while (days_before_year(t.year + 1) <= days) {
        t.year++;
    }
    days -= days_before_year(t.year);
    t.month = 1;
    while (days >= days_in_month(t.year, t.month)) {
        days -= days_in_month(t.year, t.month);
        t.month++;
    }
    t.day = (int)days + 1;
    return t;
}

/* A cursor over the text: each take_…() consumes what it names or fails for good. */
struct reader {
    struct view rest;
    bool ok;
};

static int take_number(struct reader *r, size_t digits) {
    int value = 0;
    if (!r->ok || r->rest.len < digits) {
        r->ok = false;
        return 0;
    }
    for (size_t i = 0; i < digits; i++) {
        char c = r->rest.data[i];
        if (c < '0' || c > '9') {
            r->ok = false;
            return 0;
        }
        value = value * 10 + (c - '0');
    }
    r->rest = view_slice(r->rest, digits, r->rest.len);
    return value;
}

static void take_literal(struct reader *r, struct view literal) {
    r->ok = r->ok && view_starts_with(r->rest, literal);
    if (r->ok) {
        r->rest = view_slice(r->rest, literal.len, r->rest.len);
    }
}

/* One of the characters of `set`, or '\0'. */
static char take_one_of(struct reader *r, const char *set) {
    if (!r->ok || r->rest.len == 0 || !view_contains_char(view_of(set), r->rest.data[0])) {
        r->ok = false;
        return '\0';
    }
    char c = r->rest.data[0];
    r->rest = view_slice(r->rest, 1, r->rest.len);
    return c;
}

static bool next_is(const struct reader *r, char c) {
    return r->ok && r->rest.len > 0 && r->rest.data[0] == c;
}

static int take_fraction_ms(struct reader *r) {
    if (!next_is(r, '.')) {
        return 0;
    }
    take_literal(r, VIEW("."));
    int ms = take_number(r, 1) * 100;
    for (int unit = 10;
         r->ok && r->rest.len > 0 && r->rest.data[0] >= '0' && r->rest.data[0] <= '9'; unit /= 10) {
        ms += take_number(r, 1) * unit;
    }
    return ms;
}

static int take_offset_s(struct reader *r) {
    char sign = take_one_of(r, "Zz+-");
    if (sign != '+' && sign != '-') {
        return 0;
    }
    int hours = take_number(r, 2);
    take_literal(r, VIEW(":"));
    int minutes = take_number(r, 2);
    r->ok = r->ok && hours <= 23 && minutes <= 59;
    int offset_s = hours * 3600 + minutes * 60;
    return sign == '-' ? -offset_s : offset_s;
}

static void take_time_of_day(struct reader *r, struct civil *t) {
    t->hour = take_number(r, 2);
    take_literal(r, VIEW(":"));
    t->minute = take_number(r, 2);
    take_literal(r, VIEW(":"));
    t->second = take_number(r, 2);
}

bool time_parse_rfc3339(struct view text, int64_t *ret_ms) {
    struct reader r = {.rest = text, .ok = true};
    struct civil t = {0};
    t.year = take_number(&r, 4);
    take_literal(&r, VIEW("-"));
    t.month = take_number(&r, 2);
    take_literal(&r, VIEW("-"));
    t.day = take_number(&r, 2);
    take_one_of(&r, "Tt");
    take_time_of_day(&r, &t);
    int ms = take_fraction_ms(&r);
    int offset_s = take_offset_s(&r);
    return r.ok && r.rest.len == 0 && civil_is_valid(&t) && civil_to_ms(&t, offset_s, ms, ret_ms);
}

/* The index of the name of three letters at the cursor. */
static int take_name(struct reader *r, const char *names) {
    struct view rest = view_of(names);
    for (int i = 0; r->ok && rest.len > 0; i++) {
        struct view name = view_slice(rest, 0, 3);
        if (view_starts_with(r->rest, name)) {
            take_literal(r, name);
            return i;
        }
        rest = view_slice(rest, 3, rest.len);
    }
    r->ok = false;
    return 0;
}

bool time_parse_http_date(struct view text, int64_t *ret_ms) {
    struct reader r = {.rest = text, .ok = true};
    struct civil t = {0};
    int weekday = take_name(&r, "ThuFriSatSunMonTueWed"); /* 1970-01-01 was a Thursday */
    take_literal(&r, VIEW(", "));
    t.day = take_number(&r, 2);
    take_literal(&r, VIEW(" "));
    t.month = take_name(&r, "JanFebMarAprMayJunJulAugSepOctNovDec") + 1;
    take_literal(&r, VIEW(" "));
    t.year = take_number(&r, 4);
    take_literal(&r, VIEW(" "));
    take_time_of_day(&r, &t);
    take_literal(&r, VIEW(" GMT"));
    return r.ok && r.rest.len == 0 && civil_is_valid(&t) && civil_days(&t) % 7 == weekday &&
           civil_to_ms(&t, 0, 0, ret_ms);
}

static char *put_number(char *at, int value, int digits) {
    for (int i = digits - 1; i >= 0; i--) {
        at[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return at + digits;
}

static char *put_number_and(char *at, int value, int digits, char after) {
    at = put_number(at, value, digits);
    *at = after;
    return at + 1;
}

static int64_t clamp_ms(int64_t ms) {
    return ms < 0 ? 0 : ms > LAST_MS ? LAST_MS : ms;
}

void time_format_rfc3339(int64_t ms, char ret_text[static TIME_RFC3339_BYTES]) {
    ms = clamp_ms(ms);
    struct civil t = civil_from_ms(ms);
    char *at = put_number_and(ret_text, t.year, 4, '-');
    at = put_number_and(at, t.month, 2, '-');
    at = put_number_and(at, t.day, 2, 'T');
    at = put_number_and(at, t.hour, 2, ':');
    at = put_number_and(at, t.minute, 2, ':');
    at = put_number_and(at, t.second, 2, '.');
    at = put_number_and(at, (int)(ms % MS_PER_SECOND), 3, 'Z');
    *at = '\0';
}

void time_format_amz(int64_t ms, char ret_text[static TIME_AMZ_BYTES]) {
    struct civil t = civil_from_ms(clamp_ms(ms));
    char *at = put_number(ret_text, t.year, 4);
    at = put_number(at, t.month, 2);
    at = put_number_and(at, t.day, 2, 'T');
    at = put_number(at, t.hour, 2);
    at = put_number(at, t.minute, 2);
    at = put_number_and(at, t.second, 2, 'Z');
    *at = '\0';
}
