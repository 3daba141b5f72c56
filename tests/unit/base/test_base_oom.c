/* Each allocation of runtime/base fails once, and once from there on. */

#include "runtime/base/arena.h"
#include "runtime/base/buf.h"
#include "runtime/base/json.h"
#include "runtime/base/json_scan.h"
#include "runtime/base/json_write.h"
#include "runtime/base/log.h"
#include "runtime/base/secret.h"
#include "tests/unit/base/oom.h"
#include "tests/unit/base/oom_cjson.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void arm(size_t n, bool from_then_on) {
    (from_then_on ? oom_arm_from : oom_arm)(n);
}

static void a_buffer(void **state) {
    bool from_then_on = *state != NULL;
    OOM_FOR_EACH(n) {
        struct buf buf BUF_AUTO = BUF_INIT((size_t)1 << 20);
        struct err err;
        err_init(&err);
        arm(n, from_then_on);
        for (int i = 0; i < 30000; i++) { /* both ways of growing */
            buf_append_str(&buf, "12345");
            buf_appendf(&buf, "%d", 6);
        }
        bool failed = oom_disarm();
        assert_int_equal(buf_check(&buf, "answer", &err), failed ? -1 : 0);
        for (size_t i = 0; i < buf.len; i++) { /* what it had is kept */
            assert_int_equal(buf.data[i], '1' + i % 6);
        }
        if (!failed) {
            assert_int_equal(buf.len, 180000);
            assert_true(n > 5);
            return;
        }
        assert_string_equal(err.message, "no memory left for 'answer'");
        assert_string_equal(buf_cstr(&buf) + buf.len, "");
        buf_clear(&buf);
        buf_append_str(&buf, "again");
        assert_string_equal(buf_cstr(&buf), "again");
    }
}

static void an_arena(void **state) {
    bool from_then_on = *state != NULL;
    OOM_FOR_EACH(n) {
        struct arena arena ARENA_AUTO = ARENA_INIT((size_t)16 << 20);
        arm(n, from_then_on);
        size_t refused = 0;
        for (int i = 0; i < 300; i++) {
            char *memory = arena_alloc(&arena, 10000);
            refused += memory == NULL;
            if (memory != NULL) {
                memset(memory, 'x', 10000);
            }
        }
        refused += arena_copy(&arena, VIEW("text")).data == NULL;
        refused += arena_printf(&arena, "%d", 5).data == NULL;
        bool failed = oom_disarm();
        assert_true((refused > 0) == failed);
        assert_non_null(arena_alloc(&arena, 10000)); /* usable afterwards */
        arena_reset(&arena);
        assert_non_null(arena_alloc(&arena, 10000));
        if (!failed) {
            assert_true(n > 5);
            return;
        }
    }
}

static void a_secret(void **state) {
    bool from_then_on = *state != NULL;
    OOM_FOR_EACH(n) {
        struct secret secret SECRET_AUTO = {0};
        struct err err;
        err_init(&err);
        arm(n, from_then_on);
        int result = secret_set(&secret, VIEW("old"), "session token", &err);
        result = result == 0 ? secret_set(&secret, VIEW("new"), "session token", &err) : result;
        if (!oom_disarm()) {
            assert_int_equal(result, 0);
            assert_true(view_equal(secret_expose(&secret), VIEW("new")));
            return;
        }
        assert_int_equal(result, -1);
        assert_string_equal(err.message, "no memory left for 'session token'");
        assert_true(secret_is_empty(&secret)); /* and not the old value under the new name */
    }
}

static void put_document(struct buf *buf, unsigned n_members) {
    struct json_writer w = json_writer(buf);
    json_begin_object(&w, NULL);
    json_begin_array(&w, "array");
    json_put_string(&w, NULL, VIEW("a \"string\""));
    json_put_i64(&w, NULL, 1);
    json_end_array(&w);
    json_put_string(&w, "service", VIEW("backend"));
    for (unsigned i = 0; i < n_members; i++) {
        char name[] = {'n', (char)('0' + i / 100), (char)('0' + i / 10 % 10), (char)('0' + i % 10),
                       '\0'};
        json_put_i64(&w, name, i);
    }
    json_end_object(&w);
}

static void a_parse(void **state) {
    bool from_then_on = *state != NULL;
    const struct json_limits limits = {.max_bytes = 100000, .max_depth = 10};
    oom_hook_cjson();
    struct buf text BUF_AUTO = BUF_INIT(100000);
    put_document(&text, 300); /* more names than the scanner has room for without allocating */
    bool done = false;
    for (size_t n = 1; n < OOM_MAX_ALLOCATIONS && !done; n++) {
        struct json *root JSON_AUTO = NULL;
        struct err err;
        err_init(&err);
        arm(n, from_then_on);
        int result = json_parse(buf_view(&text), &limits, "event", &root, &err);
        done = !oom_disarm();
        assert_int_equal(result, done ? 0 : -1);
        if (done) {
            assert_int_equal(json_count(root), 302);
            assert_true(n > 600);
        } else {
            assert_null(root);
            assert_int_equal(err.code, ERR_OUT_OF_MEMORY);
            assert_string_equal(err.message, "no memory left for 'event'");
        }
    }
    oom_unhook_cjson();
    assert_true(done);
}

static void a_scan(void **state) {
    bool from_then_on = *state != NULL;
    const struct json_limits limits = {.max_bytes = 100000, .max_depth = 10};
    static const unsigned widths[] = {200, 999}; /* without any allocation; with two */
    for (size_t i = 0; i < 2; i++) {
        struct buf text BUF_AUTO = BUF_INIT(100000);
        put_document(&text, widths[i]);
        OOM_FOR_EACH(n) {
            struct json_span root;
            struct err err;
            err_init(&err);
            arm(n, from_then_on);
            int result = json_scan(buf_view(&text), &limits, "definition", &root, &err);
            if (!oom_disarm()) {
                assert_int_equal(result, 0);
                assert_int_equal(n, i == 0 ? 1 : 3);
                break;
            }
            assert_int_equal(result, -1);
            assert_string_equal(err.message, "no memory left for 'definition'");
        }
    }
}

static void decoding_and_strings(void **state) {
    bool from_then_on = *state != NULL;
    const struct json_limits limits = {.max_bytes = 100000, .max_depth = 10};
    static const struct json_field fields[] = {
        {"service", JSON_DECODE_VIEW, 0, JSON_REQUIRED},
    };
    struct buf text BUF_AUTO = BUF_INIT(100000);
    put_document(&text, 0);
    struct err err;
    err_init(&err);
    struct json *root JSON_AUTO = NULL;
    struct json_span span;
    assert_int_equal(json_parse(buf_view(&text), &limits, "event", &root, &err), 0);
    assert_int_equal(json_scan(buf_view(&text), &limits, "event", &span, &err), 0);
    OOM_FOR_EACH(n) {
        struct arena arena ARENA_AUTO = ARENA_INIT(100000);
        struct view service = {NULL, 0};
        struct view again = {NULL, 0};
        arm(n, from_then_on);
        int result = json_decode(root, "", fields, 1, &arena, &service, &err);
        arena_release(&arena);
        result = result == 0 ? json_find_string(span, "service", &arena, &again, &err) : result;
        if (!oom_disarm()) {
            assert_int_equal(result, 0);
            assert_string_equal(again.data, "backend");
            assert_true(n > 2);
            return;
        }
        assert_int_equal(result, -1);
        assert_int_equal(err.code, ERR_OUT_OF_MEMORY);
        err_init(&err);
    }
}

struct lines {
    char text[4096];
    size_t len;
};

static void capture(void *state, struct view line) {
    struct lines *lines = state;
    assert_true(line.len < sizeof(lines->text) - lines->len);
    memcpy(lines->text + lines->len, line.data, line.len);
    lines->len += line.len;
    lines->text[lines->len] = '\0';
}

static void a_log_line(void **state) {
    bool from_then_on = *state != NULL;
    const struct json_limits limits = {.max_bytes = 100000, .max_depth = 10};
    struct log log;
    log_init(&log, &clock_system);
    log.write = capture;
    for (int format = LOG_TEXT; format <= LOG_JSON; format++) {
        log.format = (enum log_format)format;
        OOM_FOR_EACH(n) {
            struct lines lines = {.len = 0};
            log.state = &lines;
            arm(n, from_then_on);
            LOG(&log, LOG_ERROR, "out of \"memory\"\n", LOG_STR("a", "1"), LOG_I64("n", 400),
                LOG_STR("long", "0123456789012345678901234567890123456789012345678901234567890123"),
                LOG_STR("longer",
                        "01234567890123456789012345678901234567890123456789012345678901"));
            log_raw(&log, VIEW("{\"metric\":1}"));
            bool failed = oom_disarm();
            /* Two lines always come out, and each is what its format promises. */
            struct view rest = {lines.text, lines.len};
            struct view line;
            int n_lines = 0;
            while (view_split(&rest, '\n', &line)) {
                n_lines++;
                struct json_span root;
                struct err err;
                err_init(&err);
                if (format == LOG_JSON) {
                    assert_int_equal(json_scan(line, &limits, "line", &root, &err), 0);
                }
            }
            assert_int_equal(n_lines, 2);
            assert_non_null(strstr(lines.text, "out of "));
            assert_non_null(strstr(lines.text, "ERROR"));
            assert_non_null(strstr(lines.text, "\n{\"metric\":1}\n"));
            if (!failed) {
                break;
            }
        }
    }
}

int main(void) {
    static bool yes = true;
#define OOM_TEST(test)                                                                             \
    cmocka_unit_test(test), {                                                                      \
#test " from then on", test, NULL, NULL, &yes                                              \
    }
    const struct CMUnitTest tests[] = {
        OOM_TEST(a_buffer),   OOM_TEST(an_arena), OOM_TEST(a_secret),
        OOM_TEST(a_parse),    OOM_TEST(a_scan),   OOM_TEST(decoding_and_strings),
        OOM_TEST(a_log_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
