#include "runtime/base/json_scan.h"
#include "runtime/base/json_write.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void a_document(void **state) {
    (void)state;
    struct buf buf BUF_AUTO = BUF_INIT(1000);
    struct json_writer w = json_writer(&buf);
    json_begin_object(&w, NULL);
    json_put_string(&w, "status", VIEW("deployed"));
    json_put_optional(&w, "absent", VIEW(""));
    json_put_optional(&w, "tag", VIEW("git-1"));
    json_put_string(&w, "empty", (struct view){NULL, 0});
    json_begin_array(&w, "changes");
    json_begin_object(&w, NULL);
    json_end_object(&w);
    json_begin_array(&w, NULL);
    json_end_array(&w);
    json_put_i64(&w, NULL, -41);
    json_put_bool(&w, NULL, true);
    json_put_bool(&w, NULL, false);
    json_put_raw(&w, NULL, VIEW("null"));
    json_end_array(&w);
    json_put_raw(&w, "raw", VIEW("{ \"a\" : 1.50 }"));
    json_put_i64(&w, "a \"quoted\" name", 1);
    json_end_object(&w);
    assert_string_equal(buf_cstr(&buf),
                        "{\"status\":\"deployed\",\"tag\":\"git-1\",\"empty\":\"\","
                        "\"changes\":[{},[],-41,true,false,null],\"raw\":{ \"a\" : 1.50 },"
                        "\"a \\\"quoted\\\" name\":1}");
}

static void escapes(void **state) {
    (void)state;
    static const struct {
        struct view text;
        const char *json;
    } cases[] = {
        {VIEW(""), "\"\""},
        {VIEW("plain"), "\"plain\""},
        {VIEW("\"\\/"), "\"\\\"\\\\/\""},
        {VIEW("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\""},
        {VIEW("a\0b\x01\x1f\x7f"), "\"a\\u0000b\\u0001\\u001f\\u007f\""},
        {VIEW("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"), "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""},
        {VIEW("\xe2\x80\xa8x\xe2\x80\xa9"), "\"\\u2028x\\u2029\""},
        {VIEW("a\xff\x80z"), "\"a\xef\xbf\xbd\xef\xbf\xbdz\""},
        {VIEW("\xc3"), "\"\xef\xbf\xbd\""},
        {VIEW("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
        {VIEW("</script>"), "\"</script>\""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf buf BUF_AUTO = BUF_INIT(100);
        json_append_string(&buf, cases[i].text);
        assert_string_equal(buf_cstr(&buf), cases[i].json);
    }
}

/* Whatever two bytes go in, what comes out is valid. */
static void every_pair_of_bytes_comes_out_valid(void **state) {
    (void)state;
    struct json_limits limits = {.max_bytes = 100, .max_depth = 2};
    for (unsigned pair = 0; pair < 0x10000; pair++) {
        char bytes[] = {(char)(pair >> 8), (char)(pair & 0xFF)};
        struct buf buf BUF_AUTO = BUF_INIT(100);
        json_append_string(&buf, (struct view){bytes, 2});
        struct json_span root;
        struct err err;
        err_init(&err);
        if (json_scan(buf_view(&buf), &limits, "text", &root, &err) != 0) {
            fail_msg("%04x: %s", pair, err.message);
        }
    }
}

static void failure_is_the_buffers(void **state) {
    (void)state;
    struct buf buf BUF_AUTO = BUF_INIT(5);
    struct json_writer w = json_writer(&buf);
    json_begin_array(&w, NULL);
    json_put_string(&w, NULL, VIEW("too long"));
    json_end_array(&w);
    struct err err;
    err_init(&err);
    assert_int_equal(buf_check(&buf, "answer", &err), -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document),
        cmocka_unit_test(escapes),
        cmocka_unit_test(every_pair_of_bytes_comes_out_valid),
        cmocka_unit_test(failure_is_the_buffers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
