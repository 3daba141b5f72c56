#include "runtime/base/buf.h"
#include "runtime/base/json_scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct json_limits limits = {.max_bytes = 10000, .max_depth = 20};

static int scan(struct view text, struct json_span *ret_root, struct err *err) {
    err_init(err);
    return json_scan(text, &limits, "event", ret_root, err);
}

static struct json_span must_scan(const char *text) {
    struct json_span root = {{NULL, 0}, JSON_NULL};
    struct err err;
    if (scan(view_of(text), &root, &err) != 0) {
        fail_msg("%s: %s", text, err.message);
    }
    return root;
}

static void assert_text(struct view v, const char *expected) {
    if (!view_equal(v, view_of(expected))) {
        fail_msg("got '" VIEW_FMT "', expected '%s'", VIEW_ARG(v), expected);
    }
}

static void values_that_are_valid(void **state) {
    (void)state;
    static const struct {
        const char *text;
        enum json_type type;
    } cases[] = {
        {"null", JSON_NULL},
        {"true", JSON_BOOL},
        {"false", JSON_BOOL},
        {"0", JSON_NUMBER},
        {"-0", JSON_NUMBER},
        {"0.0", JSON_NUMBER},
        {"-1.50e+007", JSON_NUMBER},
        {"1E9", JSON_NUMBER},
        {"123456789012345678901234567890123456789012345678901234567890123456789", JSON_NUMBER},
        {"\"\"", JSON_STRING},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD83D\\uDE00\"", JSON_STRING},
        {"\"\\ud800\"", JSON_STRING}, /* halves of a pair, as AWS takes them */
        {"\"\\udc00\\ud800x\"", JSON_STRING},
        {"\"\\u0000\"", JSON_STRING},
        {"\"caf\xc3\xa9 \xf0\x9f\x98\x80 \x7f\"", JSON_STRING},
        {"[]", JSON_ARRAY},
        {"[1,[2],{}]", JSON_ARRAY},
        {"{}", JSON_OBJECT},
        {"{\"\":1,\" \":2}", JSON_OBJECT},
        {"{\"a\":{\"a\":[{\"a\":1},{\"a\":2}]},\"b\":1,\"A\":3}", JSON_OBJECT},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char padded[200];
        snprintf(padded, sizeof(padded), " \n\r\t%s\t ", cases[i].text);
        struct json_span root = must_scan(padded);
        assert_text(root.text, cases[i].text);
        assert_int_equal(root.type, cases[i].type);
    }
}

static void what_is_not_json(void **state) {
    (void)state;
    static const struct {
        struct view text;
        const char *message; /* a part of it */
    } cases[] = {
        {VIEW(""), "expected a value at byte 0, found the end"},
        {VIEW(" "), "expected a value at byte 1, found the end"},
        {VIEW("\xEF\xBB\xBF{}"), "a byte order mark at byte 0"},
        {VIEW("x{}"), "expected a value at byte 0, found 'x'"},
        {VIEW("{}x"), "expected nothing more at byte 2, found 'x'"},
        {VIEW("{} {}"), "expected nothing more at byte 3, found '{'"},
        {VIEW("{}\0"), "expected nothing more at byte 2, found the byte 0x00"},
        {VIEW("nul"), "expected a value at byte 0"},
        {VIEW("nulll"), "expected nothing more at byte 4"},
        {VIEW("True"), "expected a value at byte 0, found 'T'"},
        {VIEW("NaN"), "expected a value"},
        {VIEW("Infinity"), "expected a value"},
        {VIEW("-Infinity"), "expected a digit at byte 1, found 'I'"},
        {VIEW("+1"), "expected a value at byte 0, found '+'"},
        {VIEW("-"), "expected a digit at byte 1, found the end"},
        {VIEW("01"), "expected no digit after a leading 0 at byte 1"},
        {VIEW("-01"), "expected no digit after a leading 0 at byte 2"},
        {VIEW("1."), "expected a digit at byte 2"},
        {VIEW(".5"), "expected a value at byte 0, found '.'"},
        {VIEW("1e"), "expected a digit at byte 2"},
        {VIEW("1e+"), "expected a digit at byte 3"},
        {VIEW("0x1"), "expected nothing more at byte 1, found 'x'"},
        {VIEW("1 2"), "expected nothing more at byte 2"},
        {VIEW("["), "expected a value at byte 1, found the end"},
        {VIEW("[1"), "expected ',' or ']' at byte 2, found the end"},
        {VIEW("[1,]"), "expected a value at byte 3, found ']'"},
        {VIEW("[,1]"), "expected a value at byte 1, found ','"},
        {VIEW("[1 2]"), "expected ',' or ']' at byte 3, found '2'"},
        {VIEW("[1}"), "expected ',' or ']' at byte 2, found '}'"},
        {VIEW("]"), "expected a value at byte 0, found ']'"},
        {VIEW("{"), "expected a name in double quotes at byte 1, found the end"},
        {VIEW("{a:1}"), "expected a name in double quotes at byte 1, found 'a'"},
        {VIEW("{'a':1}"), "expected a name in double quotes at byte 1"},
        {VIEW("{1:1}"), "expected a name in double quotes at byte 1"},
        {VIEW("{\"a\"}"), "expected ':' at byte 4, found '}'"},
        {VIEW("{\"a\" 1}"), "expected ':' at byte 5, found '1'"},
        {VIEW("{\"a\":}"), "expected a value at byte 5, found '}'"},
        {VIEW("{\"a\":1"), "expected ',' or '}' at byte 6, found the end"},
        {VIEW("{\"a\":1,}"), "expected a name in double quotes at byte 7, found '}'"},
        {VIEW("{\"a\":1 \"b\":2}"), "expected ',' or '}' at byte 7"},
        {VIEW("{\"a\":1]"), "expected ',' or '}' at byte 6, found ']'"},
        {VIEW("/**/1"), "expected a value at byte 0, found '/'"},
        {VIEW("[1]\v"), "expected nothing more at byte 3, found the byte 0x0b"},
        {VIEW("[\xc2\xa0 1]"), "expected a value at byte 1"},
        {VIEW("\""), "a string without its end at byte 0"},
        {VIEW("\"abc"), "a string without its end at byte 0"},
        {VIEW("\"abc\\\""), "a string without its end at byte 0"},
        {VIEW("\"abc\\"), "expected an escape at byte 5, found the end"},
        {VIEW("\"\\x\""), "after a backslash at byte 2, found 'x'"},
        {VIEW("\"\\\0\""), "after a backslash at byte 2"},
        {VIEW("\"\\u12\""), "four hexadecimal digits after '\\u' at byte 5"},
        {VIEW("\"\\u12g4\""), "four hexadecimal digits after '\\u' at byte 5, found 'g'"},
        {VIEW("\"\\u"), "four hexadecimal digits after '\\u' at byte 3, found the end"},
        {VIEW("\"\\U0041\""), "after a backslash at byte 2, found 'U'"},
        {VIEW("\"a\nb\""), "a control character in a string without an escape at byte 2"},
        {VIEW("\"a\x1f\""), "a control character in a string without an escape at byte 2"},
        {VIEW("\"a\0b\""), "a NUL byte in a string at byte 2"},
        {VIEW("\"\xff\""), "a byte that is not UTF-8 at byte 1"},
        {VIEW("\"\xc0\x80\""), "a byte that is not UTF-8 at byte 1"},
        {VIEW("\"\xed\xa0\x80\""), "a byte that is not UTF-8 at byte 1"},
        {VIEW("\"\xf4\x90\x80\x80\""), "a byte that is not UTF-8 at byte 1"},
        {VIEW("\"\xe2\x82"), "a byte that is not UTF-8 at byte 1"},
        {VIEW("{\"\xff\":1}"), "a byte that is not UTF-8 at byte 2"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct json_span root = {VIEW("untouched"), JSON_NULL};
        struct err err;
        assert_int_equal(scan(cases[i].text, &root, &err), -1);
        assert_int_equal(err.code, ERR_EVENT_MALFORMED);
        if (strstr(err.message, cases[i].message) == NULL ||
            strncmp(err.message, "'event' is not valid JSON: ", 27) != 0) {
            fail_msg("'" VIEW_FMT "': %s", VIEW_ARG(cases[i].text), err.message);
        }
        assert_text(root.text, "untouched");
    }
}

static void every_prefix_of_a_document_is_refused(void **state) {
    (void)state;
    const char *text =
        "{\"a\":[1,-2.5e3,true,false,null,\"x\\u00e9\\n\xc3\xa9\"],\"b\":{\"c\":{}}}";
    size_t len = strlen(text);
    (void)must_scan(text);
    for (size_t n = 0; n < len; n++) {
        struct json_span root;
        struct err err;
        assert_int_equal(scan((struct view){text, n}, &root, &err), -1);
    }
}

static void duplicate_names(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int offset;
    } cases[] = {
        {"{\"a\":1,\"a\":2}", 7},
        {"{\"a\":1,\"b\":2,\"a\":3}", 13},
        {"{\"a\":1,\"\\u0061\":2}", 7},
        {"{\"\\u0061\":1,\"a\":2}", 12},
        {"{\"\\u00e9\":1,\"\xc3\xa9\":2}", 12},
        {"{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":2}", 18},
        {"{\"/\":1,\"\\/\":2}", 7},
        {"{\"\":1,\"\":2}", 6},
        {"[{\"x\":{\"a\":1,\"a\":2}}]", 13},
        {"{\"x\":1,\"y\":{\"x\":1},\"z\":{\"x\":{},\"x\":[]}}", 31},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct json_span root;
        struct err err;
        assert_int_equal(scan(view_of(cases[i].text), &root, &err), -1);
        char place[64];
        snprintf(place, sizeof(place), "stands twice in an object, again at byte %d",
                 cases[i].offset);
        if (strstr(err.message, place) == NULL) {
            fail_msg("%s: %s", cases[i].text, err.message);
        }
    }
}

/* `n` members whose names are numbered from 0; the one at `twice` bears the name of number 0. */
static void put_wide_object(struct buf *buf, unsigned n, unsigned twice) {
    buf_append_char(buf, '{');
    for (unsigned i = 0; i < n; i++) {
        buf_appendf(buf, "%s\"n%u\":%u", i > 0 ? "," : "", i == twice ? 0 : i, i);
    }
    buf_append_char(buf, '}');
}

static void duplicates_are_found_in_objects_of_any_width(void **state) {
    (void)state;
    static const unsigned widths[] = {2, 15, 16, 17, 18, 255, 256, 257, 1000, 50000};
    struct json_limits wide = {.max_bytes = 10000000, .max_depth = 2};
    for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
        unsigned n = widths[i];
        unsigned twice[] = {0, n - 1, n / 2};
        for (size_t k = 0; k < 3; k++) {
            struct buf buf BUF_AUTO = BUF_INIT(10000000);
            put_wide_object(&buf, n, twice[k]);
            struct json_span root;
            struct err err;
            err_init(&err);
            int expected = twice[k] == 0 ? 0 : -1;
            assert_int_equal(json_scan(buf_view(&buf), &wide, "event", &root, &err), expected);
            if (expected != 0) {
                assert_non_null(strstr(err.message, "the name \"n0\" stands twice"));
            }
        }
    }
}

static void open_objects_keep_their_names_apart(void **state) {
    (void)state;
    struct buf buf BUF_AUTO = BUF_INIT(1000000);
    for (unsigned level = 0; level < 10; level++) {
        buf_append_char(&buf, '{');
        for (unsigned i = 0; i < 100; i++) {
            buf_appendf(&buf, "\"n%u\":0,", i);
        }
        buf_append_str(&buf, "\"inner\":");
    }
    buf_append_str(&buf, "{}");
    for (unsigned level = 0; level < 10; level++) {
        buf_append_str(&buf, ",\"n100\":1}");
    }
    struct json_limits wide = {.max_bytes = 1000000, .max_depth = 20};
    struct json_span root;
    struct err err;
    err_init(&err);
    assert_int_equal(json_scan(buf_view(&buf), &wide, "event", &root, &err), 0);
}

static void limits_hold(void **state) {
    (void)state;
    struct json_span root;
    struct err err;
    static const struct {
        const char *text;
        size_t depth;
    } cases[] = {{"1", 1},         {"[]", 1},     {"{}", 1},           {"[1]", 2},
                 {"{\"a\":1}", 2}, {"[[[]]]", 3}, {"[{\"a\":[]}]", 3}, {"[[],[[1]],[]]", 4}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct json_limits limit = {.max_bytes = 100, .max_depth = cases[i].depth};
        err_init(&err);
        assert_int_equal(json_scan(view_of(cases[i].text), &limit, "event", &root, &err), 0);
        limit.max_depth--;
        assert_int_equal(json_scan(view_of(cases[i].text), &limit, "event", &root, &err), -1);
        assert_non_null(strstr(err.message, "nested deeper than"));
    }
    struct json_limits limit = {.max_bytes = 4, .max_depth = 1};
    err_init(&err);
    assert_int_equal(json_scan(VIEW("true"), &limit, "event", &root, &err), 0);
    assert_int_equal(json_scan(VIEW("true "), &limit, "event", &root, &err), -1);
    assert_string_equal(err.message, "'event' is not accepted: it has 5 bytes, more than 4");
}

static void depth_is_bounded_whatever_the_caller_admits(void **state) {
    (void)state;
    struct buf buf BUF_AUTO = BUF_INIT(2000000);
    for (int i = 0; i < 1000000; i++) {
        buf_append_char(&buf, '[');
    }
    struct json_limits endless = {.max_bytes = SIZE_MAX, .max_depth = SIZE_MAX};
    struct json_span root;
    struct err err;
    err_init(&err);
    assert_int_equal(json_scan(buf_view(&buf), &endless, "event", &root, &err), -1);
    assert_non_null(strstr(err.message, "nested deeper than 512 levels at byte 512"));
    buf_clear(&buf);
    for (int i = 0; i < 512; i++) {
        buf_append_char(&buf, '[');
    }
    for (int i = 0; i < 512; i++) {
        buf_append_char(&buf, ']');
    }
    err_init(&err);
    assert_int_equal(json_scan(buf_view(&buf), &endless, "event", &root, &err), 0);
}

static void a_message_shows_no_more_than_a_character(void **state) {
    (void)state;
    struct json_span root;
    struct err err;
    assert_int_equal(scan(VIEW("{\"token\":\"hunter2\" \"next\":1}"), &root, &err), -1);
    assert_null(strstr(err.message, "hunter"));
    assert_null(strstr(err.message, "next"));
}

static void members_and_elements_are_exact_spans(void **state) {
    (void)state;
    const char *text = " { \"a\" : 1.50 , \"b\\u0062\":[ 1 , \"]}\\\"\" ,{ } ,null,[]],"
                       "\"c\":{\"d\" :true}\n} ";
    struct json_span root = must_scan(text);
    static const char *const names[] = {"\"a\"", "\"b\\u0062\"", "\"c\""};
    static const char *const values[] = {"1.50", "[ 1 , \"]}\\\"\" ,{ } ,null,[]]",
                                         "{\"d\" :true}"};
    static const char *const texts[] = {
        "\"a\" : 1.50", "\"b\\u0062\":[ 1 , \"]}\\\"\" ,{ } ,null,[]]", "\"c\":{\"d\" :true}"};
    struct json_iterator members = json_iterate(root);
    struct json_member member;
    struct json_span array = root;
    size_t n = 0;
    for (; json_next_member(&members, &member); n++) {
        assert_true(n < 3);
        assert_text(member.name_text, names[n]);
        assert_text(member.value.text, values[n]);
        assert_text(member.text, texts[n]);
        array = n == 1 ? member.value : array;
    }
    assert_int_equal(n, 3);
    assert_false(json_next_member(&members, &member));

    static const char *const elements[] = {"1", "\"]}\\\"\"", "{ }", "null", "[]"};
    static const enum json_type types[] = {JSON_NUMBER, JSON_STRING, JSON_OBJECT, JSON_NULL,
                                           JSON_ARRAY};
    struct json_iterator iterator = json_iterate(array);
    struct json_span element;
    for (n = 0; json_next_element(&iterator, &element); n++) {
        assert_true(n < 5);
        assert_text(element.text, elements[n]);
        assert_int_equal(element.type, types[n]);
    }
    assert_int_equal(n, 5);
    assert_false(json_next_element(&iterator, &element));
}

static void what_is_no_container_is_empty(void **state) {
    (void)state;
    static const char *const texts[] = {"1", "\"{}\"", "null", "[]", "{}", "[ ]", "{\n}"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct json_iterator iterator = json_iterate(must_scan(texts[i]));
        struct json_member member;
        struct json_span element;
        assert_false(json_next_member(&iterator, &member));
        assert_false(json_next_element(&iterator, &element));
    }
    /* Members of an array, elements of an object: none, and no harm. */
    struct json_iterator iterator = json_iterate(must_scan("[\"a\",{\"b\":1}]"));
    struct json_member member;
    assert_false(json_next_member(&iterator, &member));
}

static void finding(void **state) {
    (void)state;
    struct json_span root =
        must_scan("{\"taskDefinition\":{\"family\":\"f\",\"fam\\u0069lyX\":2,\"q\\\"\":3},"
                  "\"Family\":1,\"\":4,\"x\\u0000y\":5}");
    struct json_span definition, value = {{NULL, 0}, JSON_NULL};
    assert_true(json_find(root, "taskDefinition", &definition));
    assert_true(json_find(definition, "family", &value));
    assert_text(value.text, "\"f\"");
    assert_false(json_find(value, "deeper", &definition)); /* not in a string */
    assert_true(json_find(definition, "familyX", &value));
    assert_text(value.text, "2");
    assert_true(json_find(definition, "q\"", &value));
    assert_text(value.text, "3");
    assert_true(json_find(root, "", &value));
    assert_text(value.text, "4");
    value.text = VIEW("untouched");
    assert_false(json_find(root, "family", &value)); /* not "Family", not the nested one */
    assert_false(json_find(root, "x", &value));      /* not "x\0y" */
    assert_text(value.text, "untouched");
}

static void strings_are_unescaped(void **state) {
    (void)state;
    static const struct {
        const char *json;
        struct view value;
    } cases[] = {
        {"\"\"", VIEW("")},
        {"\"plain\"", VIEW("plain")},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", VIEW("\"\\/\b\f\n\r\t")},
        {"\"\\u0041\\u00e9\\u20AC\\uD83D\\uDE00\"", VIEW("A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80")},
        {"\"a\\u0000b\"", VIEW("a\0b")},
        {"\"\\ud800\"", VIEW("\xef\xbf\xbd")},
        {"\"\\ud800\\u0041\"", VIEW("\xef\xbf\xbd"
                                    "A")},
        {"\"\\ud800\\ud83d\\ude00\"", VIEW("\xef\xbf\xbd\xf0\x9f\x98\x80")},
        {"\"\\ude00\\ud83d\"", VIEW("\xef\xbf\xbd\xef\xbf\xbd")},
        {"\"caf\xc3\xa9\"", VIEW("caf\xc3\xa9")},
    };
    struct arena arena ARENA_AUTO = ARENA_INIT(10000);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct json_span span = must_scan(cases[i].json);
        struct view value;
        struct err err;
        err_init(&err);
        assert_int_equal(json_span_string(span, &arena, &value, &err), 0);
        assert_true(view_equal(value, cases[i].value));
        assert_int_equal(value.data[value.len], '\0');
        assert_true(json_span_equals(span.text, cases[i].value));
        assert_false(json_span_equals(span.text, VIEW("something else")));
        assert_false(json_span_equals(VIEW("1"), cases[i].value));
    }
    assert_false(json_span_equals(VIEW("\"ab\\u0063\""), VIEW("ab")));
    assert_false(json_span_equals(VIEW("\"ab\\u0063\""), VIEW("abcd")));
}

static void finding_strings(void **state) {
    (void)state;
    struct json_span root = must_scan("{\"a\":\"x\\ny\",\"b\":1,\"c\":\"\"}");
    struct arena arena ARENA_AUTO = ARENA_INIT(1000);
    struct view value = VIEW("old");
    struct err err;
    err_init(&err);
    assert_int_equal(json_find_string(root, "a", &arena, &value, &err), 0);
    assert_text(value, "x\ny");
    assert_int_equal(json_find_string(root, "b", &arena, &value, &err), 0);
    assert_int_equal(value.len, 0);
    assert_int_equal(json_find_string(root, "c", &arena, &value, &err), 0);
    assert_int_equal(value.len, 0);
    assert_int_equal(json_find_string(root, "d", &arena, &value, &err), 0);
    assert_int_equal(value.len, 0);
    struct arena tiny ARENA_AUTO = ARENA_INIT(2);
    assert_int_equal(json_find_string(root, "a", &tiny, &value, &err), -1);
    assert_int_equal(err.code, ERR_OUT_OF_MEMORY);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_that_are_valid),
        cmocka_unit_test(what_is_not_json),
        cmocka_unit_test(every_prefix_of_a_document_is_refused),
        cmocka_unit_test(duplicate_names),
        cmocka_unit_test(duplicates_are_found_in_objects_of_any_width),
        cmocka_unit_test(open_objects_keep_their_names_apart),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(depth_is_bounded_whatever_the_caller_admits),
        cmocka_unit_test(a_message_shows_no_more_than_a_character),
        cmocka_unit_test(members_and_elements_are_exact_spans),
        cmocka_unit_test(what_is_no_container_is_empty),
        cmocka_unit_test(finding),
        cmocka_unit_test(strings_are_unescaped),
        cmocka_unit_test(finding_strings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
