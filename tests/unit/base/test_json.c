#include "runtime/base/json.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct json_limits limits = {.max_bytes = 10000, .max_depth = 20};

static int parse(struct view text, struct json **ret_root, struct err *err) {
    err_init(err);
    return json_parse(text, &limits, "event", ret_root, err);
}

static struct json *must_parse(const char *text) {
    struct json *root = NULL;
    struct err err;
    if (parse(view_of(text), &root, &err) != 0) {
        fail_msg("%s: %s", text, err.message);
    }
    return root;
}

static void values(void **state) {
    (void)state;
    struct json *root JSON_AUTO = must_parse(
        " {\"s\":\"a\\u00e9\\n\",\"n\":-1.5e1,\"t\":true,\"f\":false,\"z\":null,\"a\":[1,\"x\",[]],"
        "\"o\":{\"k\":2},\"S\":\"upper\",\"\":0} ");
    assert_int_equal(json_type(root), JSON_OBJECT);
    assert_int_equal(json_count(root), 9);
    assert_true(view_equal(json_string(json_get(root, "s")), VIEW("a\xc3\xa9\n")));
    assert_true(view_equal(json_string(json_get(root, "S")), VIEW("upper")));
    assert_true(json_number(json_get(root, "n")) == -15.0);
    assert_true(json_bool(json_get(root, "t")));
    assert_false(json_bool(json_get(root, "f")));
    assert_int_equal(json_type(json_get(root, "f")), JSON_BOOL);
    assert_int_equal(json_type(json_get(root, "z")), JSON_NULL);
    assert_non_null(json_get(root, "z"));
    assert_non_null(json_get(root, ""));
    assert_null(json_get(root, "absent"));
    assert_null(json_get(root, "O"));

    const struct json *array = json_get(root, "a");
    assert_int_equal(json_count(array), 3);
    const struct json *element = json_first(array);
    assert_true(json_number(element) == 1);
    element = json_next(element);
    assert_true(view_equal(json_string(element), VIEW("x")));
    assert_int_equal(json_name(element).len, 0);
    element = json_next(element);
    assert_int_equal(json_type(element), JSON_ARRAY);
    assert_null(json_first(element));
    assert_null(json_next(element));
    assert_null(json_get(array, "x"));
    assert_true(view_equal(json_name(json_first(root)), VIEW("s")));
    assert_true(view_equal(json_name(json_first(json_get(root, "o"))), VIEW("k")));
}

static void no_such_value(void **state) {
    (void)state;
    int64_t integer = 5;
    assert_int_equal(json_type(NULL), JSON_NULL);
    assert_int_equal(json_string(NULL).len, 0);
    assert_true(json_number(NULL) == 0);
    assert_false(json_bool(NULL));
    assert_false(json_to_i64(NULL, &integer));
    assert_int_equal(integer, 5);
    assert_null(json_get(NULL, "a"));
    assert_int_equal(json_count(NULL), 0);
    assert_null(json_first(NULL));
    assert_null(json_next(NULL));
    assert_int_equal(json_name(NULL).len, 0);
    json_free(NULL);
    struct json *root JSON_AUTO = must_parse("\"text\"");
    assert_true(json_number(root) == 0);
    assert_int_equal(json_count(root), 0);
    assert_null(json_first(root));
    assert_null(json_get(root, "a"));
    assert_false(json_to_i64(root, &integer));
}

static void type_names(void **state) {
    (void)state;
    assert_string_equal(json_type_name(JSON_NULL), "null");
    assert_string_equal(json_type_name(JSON_BOOL), "boolean");
    assert_string_equal(json_type_name(JSON_NUMBER), "number");
    assert_string_equal(json_type_name(JSON_STRING), "string");
    assert_string_equal(json_type_name(JSON_ARRAY), "array");
    assert_string_equal(json_type_name(JSON_OBJECT), "object");
}

/* All that cJSON itself would let pass. */
static void leniency_of_the_parser_below_is_gone(void **state) {
    (void)state;
    static const struct {
        struct view text;
        const char *message;
    } cases[] = {
        {VIEW("\xEF\xBB\xBF{}"), "a byte order mark"},
        {VIEW("{} trailing"), "expected nothing more at byte 3"},
        {VIEW("{}\0"), "expected nothing more at byte 2"},
        {VIEW("\x01{}"), "expected a value at byte 0"},
        {VIEW("[01]"), "no digit after a leading 0"},
        {VIEW("[1.]"), "expected a digit"},
        {VIEW("[-.5]"), "expected a digit"},
        {VIEW("[+1]"), "expected a value"},
        {VIEW("[1e]"), "expected a digit"},
        {VIEW("[\"\xff\"]"), "not UTF-8"},
        {VIEW("[\"a\tb\"]"), "a control character"},
        {VIEW("[\"a\0b\"]"), "a NUL byte"},
        {VIEW("[\"a\\u0000b\"]"), "a NUL character '\\u0000' at byte 3"},
        {VIEW("{\"a\\u0000b\":1}"), "a NUL character '\\u0000' at byte 3"},
        {VIEW("[\"\\ud83d\"]"), "half of a surrogate pair at byte 2"},
        {VIEW("[\"\\ude00\"]"), "half of a surrogate pair at byte 2"},
        {VIEW("[\"\\ud83d\\ud83d\\ude00\"]"), "half of a surrogate pair at byte 2"},
        {VIEW("{\"a\":1,\"a\":2}"), "stands twice"},
        {VIEW("{\"a\":1,\"\\u0061\":2}"), "stands twice"},
        {VIEW("[1111111111222222222233333333334444444444555555555566666666667777]"),
         "a number with too many digits at byte 1"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct json *root = (struct json *)&cases;
        struct err err;
        assert_int_equal(parse(cases[i].text, &root, &err), -1);
        assert_int_equal(err.code, ERR_EVENT_MALFORMED);
        assert_ptr_equal(root, &cases);
        if (strstr(err.message, cases[i].message) == NULL) {
            fail_msg("case %zu: %s", i, err.message);
        }
    }
}

static void names_with_other_case_are_other_names(void **state) {
    (void)state;
    struct json *root JSON_AUTO = must_parse("{\"Tag\":1,\"tag\":2,\"TAG\":3}");
    assert_true(json_number(json_get(root, "tag")) == 2);
    assert_null(json_get(root, "tAg"));
}

static void depth_and_size(void **state) {
    (void)state;
    char deep[42];
    memset(deep, '[', 20);
    memset(deep + 20, ']', 20);
    struct json *root = NULL;
    struct err err;
    assert_int_equal(parse((struct view){deep, 40}, &root, &err), 0);
    json_freep(&root);
    assert_null(root);
    memset(deep, '[', 21);
    memset(deep + 21, ']', 21);
    assert_int_equal(parse((struct view){deep, 42}, &root, &err), -1);
    assert_string_equal(err.message,
                        "'event' is not accepted: nested deeper than 20 levels at byte 20");
    static char large[10001];
    memset(large, ' ', sizeof(large));
    assert_int_equal(parse((struct view){large, sizeof(large)}, &root, &err), -1);
    assert_non_null(strstr(err.message, "it has 10001 bytes, more than 10000"));
}

static void the_text_need_not_end_with_nul(void **state) {
    (void)state;
    const char *text = "[12345]678";
    struct json *root JSON_AUTO = NULL;
    struct err err;
    assert_int_equal(parse((struct view){text, 7}, &root, &err), 0);
    assert_true(json_number(json_first(root)) == 12345);
    struct json *scalar JSON_AUTO = NULL;
    assert_int_equal(parse((struct view){text + 1, 3}, &scalar, &err), 0);
    assert_true(json_number(scalar) == 123);
}

static void integers(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool exact;
        int64_t value;
    } cases[] = {
        {"0", true, 0},
        {"-0", true, 0},
        {"1e3", true, 1000},
        {"1.0", true, 1},
        {"-9007199254740991", true, -INT64_C(9007199254740991)},
        {"9007199254740991", true, INT64_C(9007199254740991)},
        {"9007199254740993", false, 0}, /* reads as ...992: which it was cannot be told */
        {"9007199254740992", false, 0},
        {"1.5", false, 0},
        {"1e400", false, 0},
        {"-1e400", false, 0},
        {"9223372036854775807", false, 0},
        {"true", false, 0},
        {"\"1\"", false, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct json *root JSON_AUTO = must_parse(cases[i].text);
        int64_t value = 77;
        if (json_to_i64(root, &value) != cases[i].exact ||
            value != (cases[i].exact ? cases[i].value : 77)) {
            fail_msg("%s: %lld", cases[i].text, (long long)value);
        }
    }
}

struct detail {
    struct view service;
    struct view tag;
    bool dry_run;
    int64_t count;
    double ratio;
    const struct json *any;
    const struct json *object;
    const struct json *array;
};

static const struct json_field fields[] = {
    JSON_FIELD(struct detail, service, "service", JSON_DECODE_VIEW, JSON_REQUIRED),
    JSON_FIELD(struct detail, tag, "tag", JSON_DECODE_VIEW, 0),
    JSON_FIELD(struct detail, dry_run, "dry_run", JSON_DECODE_BOOL, 0),
    JSON_FIELD(struct detail, count, "count", JSON_DECODE_I64, 0),
    JSON_FIELD(struct detail, ratio, "ratio", JSON_DECODE_DOUBLE, 0),
    JSON_FIELD(struct detail, any, "any", JSON_DECODE_VALUE, 0),
    JSON_FIELD(struct detail, object, "object", JSON_DECODE_OBJECT, 0),
    JSON_FIELD(struct detail, array, "array", JSON_DECODE_ARRAY, 0),
};
enum { N_FIELDS = sizeof(fields) / sizeof(fields[0]) };

static void decoding(void **state) {
    (void)state;
    struct arena arena ARENA_AUTO = ARENA_INIT(1000);
    struct detail detail = {.ratio = 4};
    struct err err;
    err_init(&err);
    struct json *root = must_parse(
        "{\"unknown\":{},\"service\":\"backend\",\"tag\":\"\",\"dry_run\":true,\"count\":-3,"
        "\"ratio\":0.5,\"any\":[1],\"object\":{\"a\":1},\"array\":[]}");
    assert_int_equal(json_decode(root, "detail", fields, N_FIELDS, &arena, &detail, &err), 0);
    assert_true(detail.dry_run);
    assert_true(detail.count == -3);
    assert_true(detail.ratio == 0.5);
    assert_int_equal(json_count(detail.any), 1);
    assert_int_equal(json_type(detail.object), JSON_OBJECT);
    assert_int_equal(json_type(detail.array), JSON_ARRAY);
    json_free(root);
    assert_string_equal(detail.service.data, "backend"); /* a copy, with its NUL */
    assert_int_equal(detail.service.len, 7);
    assert_non_null(detail.tag.data);
}

static void absent_and_null_leave_the_default(void **state) {
    (void)state;
    struct arena arena ARENA_AUTO = ARENA_INIT(1000);
    struct detail detail = {.tag = VIEW("latest"), .dry_run = true, .count = 9};
    struct err err;
    err_init(&err);
    struct json *root JSON_AUTO = must_parse("{\"service\":\"s\",\"tag\":null,\"any\":null}");
    assert_int_equal(json_decode(root, "", fields, N_FIELDS, &arena, &detail, &err), 0);
    assert_string_equal(detail.tag.data, "latest");
    assert_true(detail.dry_run);
    assert_true(detail.count == 9);
    assert_null(detail.any);
}

static void errors_name_the_path(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *path;
        const char *message;
    } cases[] = {
        {"{}", "detail", "detail.service: expected string, got nothing"},
        {"{}", "", "service: expected string, got nothing"},
        {"{\"service\":null}", "detail", "detail.service: expected string, got null"},
        {"{\"service\":[\"a\"]}", "detail", "detail.service: expected string, got array"},
        {"{\"service\":\"s\",\"tag\":{}}", "detail", "detail.tag: expected string, got object"},
        {"{\"service\":\"s\",\"dry_run\":\"true\"}", "d",
         "d.dry_run: expected boolean, got string"},
        {"{\"service\":\"s\",\"count\":1.5}", "d", "d.count: expected integer below 2^53, got 1.5"},
        {"{\"service\":\"s\",\"count\":1e300}", "d",
         "d.count: expected integer below 2^53, got 1e+300"},
        {"{\"service\":\"s\",\"count\":false}", "d", "d.count: expected integer, got boolean"},
        {"{\"service\":\"s\",\"ratio\":\"1\"}", "d", "d.ratio: expected number, got string"},
        {"{\"service\":\"s\",\"object\":[]}", "a.b", "a.b.object: expected object, got array"},
        {"{\"service\":\"s\",\"array\":{}}", "a[3]", "a[3].array: expected array, got object"},
        {"[]", "detail", "detail: expected object, got array"},
        {"\"x\"", "", "the document: expected object, got string"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena arena ARENA_AUTO = ARENA_INIT(1000);
        struct detail detail = {.count = 9};
        struct err err;
        err_init(&err);
        struct json *root JSON_AUTO = must_parse(cases[i].text);
        assert_int_equal(json_decode(root, cases[i].path, fields, N_FIELDS, &arena, &detail, &err),
                         -1);
        assert_int_equal(err.code, ERR_EVENT_MALFORMED);
        assert_string_equal(err.message, cases[i].message);
        assert_null(detail.service.data); /* nothing of a refused document is stored */
        assert_true(detail.count == 9);
    }
    struct err err;
    err_init(&err);
    struct detail detail;
    struct arena arena ARENA_AUTO = ARENA_INIT(1);
    assert_int_equal(json_decode(NULL, "detail", fields, N_FIELDS, &arena, &detail, &err), -1);
    assert_string_equal(err.message, "detail: expected object, got nothing");
}

static void decoding_without_room(void **state) {
    (void)state;
    struct arena arena ARENA_AUTO = ARENA_INIT(2);
    struct detail detail = {0};
    struct err err;
    err_init(&err);
    struct json *root JSON_AUTO = must_parse("{\"service\":\"backend\"}");
    assert_int_equal(json_decode(root, "", fields, N_FIELDS, &arena, &detail, &err), -1);
    assert_int_equal(err.code, ERR_OUT_OF_MEMORY);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values),
        cmocka_unit_test(no_such_value),
        cmocka_unit_test(type_names),
        cmocka_unit_test(leniency_of_the_parser_below_is_gone),
        cmocka_unit_test(names_with_other_case_are_other_names),
        cmocka_unit_test(depth_and_size),
        cmocka_unit_test(the_text_need_not_end_with_nul),
        cmocka_unit_test(integers),
        cmocka_unit_test(decoding),
        cmocka_unit_test(absent_and_null_leave_the_default),
        cmocka_unit_test(errors_name_the_path),
        cmocka_unit_test(decoding_without_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
