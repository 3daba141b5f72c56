#include "runtime/base/json_scan.h"
#include "runtime/base/log.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct captured {
    char text[600 * 1024];
    size_t len;
    int writes;
};

static void capture(void *state, struct view line) {
    struct captured *captured = state;
    assert_true(line.len < sizeof(captured->text) - captured->len);
    memcpy(captured->text + captured->len, line.data, line.len);
    captured->len += line.len;
    captured->text[captured->len] = '\0';
    captured->writes++;
}

static int64_t fixed_time(void *state) {
    (void)state;
    return INT64_C(1795214344123);
}
static const struct clock clock_fixed = {.wall_ms = fixed_time};

static struct captured captured;

static struct log new_log(enum log_format format) {
    captured.len = 0;
    captured.writes = 0;
    captured.text[0] = '\0';
    struct log log;
    log_init(&log, &clock_fixed);
    assert_int_equal(log.level, LOG_INFO);
    assert_int_equal(log.format, LOG_TEXT);
    log.format = format;
    log.write = capture;
    log.state = &captured;
    return log;
}

/* One line, one write, and in the JSON format an object that the strict scanner takes. */
static void assert_line(const struct log *log, const char *expected) {
    assert_string_equal(captured.text, expected);
    assert_int_equal(captured.writes, 1);
    assert_ptr_equal(strchr(captured.text, '\n'), captured.text + captured.len - 1);
    if (log->format == LOG_JSON) {
        struct json_limits limits = {.max_bytes = sizeof(captured.text), .max_depth = 30};
        struct json_span root;
        struct err err;
        err_init(&err);
        struct view line = {captured.text, captured.len};
        if (json_scan(line, &limits, "line", &root, &err) != 0) {
            fail_msg("%s", err.message);
        }
        assert_int_equal(root.type, JSON_OBJECT);
    }
    captured.len = 0;
    captured.writes = 0;
}

#define TIME "2026-11-20T22:39:04.123Z"

static void text_lines(void **state) {
    (void)state;
    struct log log = new_log(LOG_TEXT);
    LOG(&log, LOG_INFO, "starting");
    assert_line(&log, "[INFO] " TIME " starting\n");
    log.request_id = VIEW("8476a536-e9f4-11e8-9739-2dfe598c3fcd");
    LOG(&log, LOG_WARN, "deployed", LOG_STR("service", "backend"));
    assert_line(&log,
                "[WARN] " TIME " 8476a536-e9f4-11e8-9739-2dfe598c3fcd deployed service=backend\n");
    log.tenant_id = VIEW("tenant-1");
    LOG(&log, LOG_ERROR, "x", LOG_I64("n", -5), LOG_BOOL("yes", true), LOG_BOOL("no", false),
        LOG_STR("empty", ""), LOG_STR("spaced", "a b"), LOG_STR("sign", "a=b"),
        LOG_STR("quote", "a\"b"), LOG_RAW_JSON("raw", VIEW("{\n\"a\": 1}")));
    assert_line(&log, "[ERROR] " TIME
                      " 8476a536-e9f4-11e8-9739-2dfe598c3fcd x tenantId=tenant-1 n=-5 yes=true "
                      "no=false empty=\"\" spaced=\"a b\" sign=\"a=b\" quote=\"a\\\"b\" "
                      "raw={ \"a\": 1}\n");
}

static void json_lines(void **state) {
    (void)state;
    struct log log = new_log(LOG_JSON);
    LOG(&log, LOG_INFO, "starting");
    assert_line(&log, "{\"timestamp\":\"" TIME "\",\"level\":\"INFO\",\"message\":\"starting\"}\n");
    log.request_id = VIEW("id-1");
    log.tenant_id = VIEW("t");
    LOG(&log, LOG_FATAL, "x", LOG_I64("n", -5), LOG_BOOL("yes", true), LOG_STR("s", "a b"),
        LOG_VIEW("v", ((struct view){NULL, 0})), LOG_RAW_JSON("raw", VIEW("{\r\n\"a\":1}")),
        LOG_RAW_JSON("none", VIEW("")));
    assert_line(&log, "{\"timestamp\":\"" TIME "\",\"level\":\"FATAL\",\"requestId\":\"id-1\","
                      "\"tenantId\":\"t\",\"message\":\"x\",\"n\":-5,\"yes\":true,\"s\":\"a b\","
                      "\"v\":\"\",\"raw\":{  \"a\":1},\"none\":null}\n");
}

static void input_cannot_forge_a_line(void **state) {
    (void)state;
    struct log log = new_log(LOG_TEXT);
    log.request_id = VIEW("a\nb");
    LOG(&log, LOG_INFO, "one\ntwo\r\t\x1b[31m\x7f\xc2\x85\xe2\x80\xa8\xff \xc3\xa9",
        LOG_STR("tag", "x\n[ERROR] forged"), LOG_STR("u", "\xe2\x80\xa9"));
    assert_line(&log, "[INFO] " TIME " a\\nb one\\ntwo\\r\\t\\u001b[31m\\u007f\\u0085\\u2028"
                      "\xef\xbf\xbd \xc3\xa9 tag=\"x\\n[ERROR] forged\" u=\\u2029\n");
    log.format = LOG_JSON;
    LOG(&log, LOG_INFO, "a\n\xff", LOG_STR("tag", "\"}\n{\"level\":\"ERROR"));
    assert_line(&log, "{\"timestamp\":\"" TIME "\",\"level\":\"INFO\",\"requestId\":\"a\\nb\","
                      "\"message\":\"a\\n\xef\xbf\xbd\",\"tag\":\"\\\"}\\n{\\\"level\\\":\\\"ERROR"
                      "\"}\n");
}

static void levels(void **state) {
    (void)state;
    struct log log = new_log(LOG_TEXT);
    for (int at = LOG_TRACE; at <= LOG_FATAL; at++) {
        log.level = (enum log_level)at;
        captured.writes = 0;
        captured.len = 0;
        for (int level = LOG_TRACE; level <= LOG_FATAL; level++) {
            assert_int_equal(log_enabled(&log, (enum log_level)level), level >= at);
            LOG(&log, (enum log_level)level, "x");
        }
        assert_int_equal(captured.writes, LOG_FATAL - at + 1);
    }
}

static void parsing_level_and_format(void **state) {
    (void)state;
    static const struct {
        const char *text;
        enum log_level level;
    } valid[] = {{"trace", LOG_TRACE}, {"DEBUG", LOG_DEBUG},  {"Info", LOG_INFO},
                 {"WARN", LOG_WARN},   {"warning", LOG_WARN}, {"error", LOG_ERROR},
                 {"FATAL", LOG_FATAL}};
    for (size_t i = 0; i < sizeof(valid) / sizeof(valid[0]); i++) {
        enum log_level level = LOG_TRACE;
        assert_true(log_level_parse(view_of(valid[i].text), &level));
        assert_int_equal(level, valid[i].level);
    }
    static const char *const invalid[] = {"", "verbose", "info ", "inf", "infos", "1"};
    for (size_t i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++) {
        enum log_level level = LOG_FATAL;
        enum log_format format = LOG_JSON;
        assert_false(log_level_parse(view_of(invalid[i]), &level));
        assert_int_equal(level, LOG_FATAL);
        assert_false(log_format_parse(view_of(invalid[i]), &format));
        assert_int_equal(format, LOG_JSON);
    }
    enum log_format format = LOG_TEXT;
    assert_true(log_format_parse(VIEW("JSON"), &format));
    assert_int_equal(format, LOG_JSON);
    assert_true(log_format_parse(VIEW("Text"), &format));
    assert_int_equal(format, LOG_TEXT);
}

static void an_error_is_three_fields(void **state) {
    (void)state;
    struct log log = new_log(LOG_JSON);
    struct err err;
    err_init(&err);
    err_set(&err, ERR_TAG_NOT_ALLOWED, "tag 'latest' is not admitted");
    err_remedy(&err, "deploy another");
    log_error(&log, LOG_ERROR, "refused", &err);
    assert_line(&log, "{\"timestamp\":\"" TIME "\",\"level\":\"ERROR\",\"message\":\"refused\","
                      "\"errorType\":\"TagNotAllowed\",\"errorMessage\":\"tag 'latest' is not "
                      "admitted\",\"remedy\":\"deploy another\"}\n");
}

static void raw_lines(void **state) {
    (void)state;
    struct log log = new_log(LOG_JSON);
    log.level = LOG_FATAL; /* metrics have no level */
    log_raw(&log, VIEW("{\"_aws\":\n{}}"));
    assert_line(&log, "{\"_aws\": {}}\n");
}

static void a_line_has_a_ceiling(void **state) {
    (void)state;
    static char huge[400 * 1024];
    memset(huge, '\x01', sizeof(huge)); /* the worst: six bytes for one */
    for (int format = LOG_TEXT; format <= LOG_JSON; format++) {
        struct log log = new_log((enum log_format)format);
        struct view value = {huge, sizeof(huge)};
        memset(huge, '1', 300 * 1024);
        log_write(&log, LOG_INFO, "many",
                  (const struct log_field[]){LOG_VIEW("a", value), LOG_VIEW("b", value),
                                             LOG_VIEW("c", value),
                                             LOG_RAW_JSON("numbers", view_slice(value, 0, 300000)),
                                             LOG_STR("last", "kept")},
                  5);
        assert_int_equal(captured.writes, 1);
        assert_true(captured.len <= 256 * 1024);
        assert_int_equal(captured.text[captured.len - 1], '\n');
        assert_null(strstr(captured.text, "numbers"));
        assert_non_null(strstr(captured.text, format == LOG_JSON
                                                  ? "\"last\":\"kept\",\"truncated\":true}\n"
                                                  : " last=kept truncated=true\n"));
        if (format == LOG_JSON) {
            char *line = strdup(captured.text);
            assert_line(&log, line);
            free(line);
        }
    }
}

static void a_value_is_cut_at_a_character(void **state) {
    (void)state;
    struct log log = new_log(LOG_JSON);
    static char text[40 * 1024];
    for (size_t i = 0; i + 3 < sizeof(text); i += 3) {
        memcpy(text + i, "\xe2\x82\xac", 4);
    }
    LOG(&log, LOG_INFO, text);
    assert_null(strstr(captured.text, "\xef\xbf\xbd"));
    assert_in_range(captured.len, 16000, 17000);
}

/* A pipe that is read slowly, in pieces, by another thread. */
static void *slow_reader(void *argument) {
    int fd = *(int *)argument;
    static char read_back[256 * 1024];
    size_t len = 0;
    ssize_t n;
    while ((n = read(fd, read_back + len, 1000)) > 0) {
        len += (size_t)n;
    }
    read_back[len] = '\0';
    return read_back;
}

static void stdout_gets_whole_lines(void **state) {
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0); /* partial writes and EAGAIN */
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, slow_reader, &ends[0]), 0);
    fflush(stdout);
    int saved = dup(STDOUT_FILENO);
    assert_true(dup2(ends[1], STDOUT_FILENO) >= 0);
    close(ends[1]);

    static char text[200 * 1024];
    memset(text, 'x', sizeof(text));
    struct log log;
    log_init(&log, &clock_fixed);
    log_raw(&log, (struct view){text, sizeof(text)});
    LOG(&log, LOG_INFO, "end");

    dup2(saved, STDOUT_FILENO);
    close(saved);
    void *result;
    pthread_join(thread, &result);
    close(ends[0]);
    assert_memory_equal(result, text, sizeof(text));
    assert_string_equal((const char *)result + sizeof(text), "\n[INFO] " TIME " end\n");
}

static void a_closed_stdout_does_no_harm(void **state) {
    (void)state;
    fflush(stdout);
    int saved = dup(STDOUT_FILENO);
    close(STDOUT_FILENO);
    struct log log;
    log_init(&log, &clock_fixed);
    LOG(&log, LOG_INFO, "nobody reads this");
    dup2(saved, STDOUT_FILENO);
    close(saved);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_lines),
        cmocka_unit_test(json_lines),
        cmocka_unit_test(input_cannot_forge_a_line),
        cmocka_unit_test(levels),
        cmocka_unit_test(parsing_level_and_format),
        cmocka_unit_test(an_error_is_three_fields),
        cmocka_unit_test(raw_lines),
        cmocka_unit_test(a_line_has_a_ceiling),
        cmocka_unit_test(a_value_is_cut_at_a_character),
        cmocka_unit_test(stdout_gets_whole_lines),
        cmocka_unit_test(a_closed_stdout_does_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
