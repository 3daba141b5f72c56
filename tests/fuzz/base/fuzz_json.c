/*
 * json_parse() against json_scan(): what it takes, the scanner takes, and both see the same tree;
 * what only it refuses, it refuses for one of the three reasons that its header names. Written
 * again and read again, the tree is the same.
 */

#include "runtime/base/buf.h"
#include "runtime/base/json.h"
#include "runtime/base/json_scan.h"
#include "runtime/base/json_write.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct json_limits limits = {.max_bytes = 1 << 20, .max_depth = 40};
static const struct json_limits output_limits = {.max_bytes = 64 << 20, .max_depth = 40};

static void require(bool condition) {
    if (!condition) {
        abort();
    }
}

static void require_same_as_span(const struct json *value, struct json_span span) {
    require(value != NULL && json_type(value) == span.type);
    struct json_iterator iterator = json_iterate(span);
    const struct json *child = json_first(value);
    size_t n = 0;
    if (span.type == JSON_OBJECT) {
        struct json_member member;
        for (; json_next_member(&iterator, &member); n++) {
            require(json_span_equals(member.name_text, json_name(child)));
            require_same_as_span(child, member.value);
            child = json_next(child);
        }
    } else if (span.type == JSON_ARRAY) {
        struct json_span element;
        for (; json_next_element(&iterator, &element); n++) {
            require_same_as_span(child, element);
            child = json_next(child);
        }
    } else if (span.type == JSON_STRING) {
        require(json_span_equals(span.text, json_string(value)));
    } else if (span.type == JSON_BOOL) {
        require(json_bool(value) == view_equal(span.text, VIEW("true")));
    } else if (span.type == JSON_NUMBER) {
        char number[64];
        require(span.text.len < sizeof(number));
        memcpy(number, span.text.data, span.text.len);
        number[span.text.len] = '\0';
        double expected = strtod(number, NULL);
        require(json_number(value) >= expected && json_number(value) <= expected);
    }
    require(child == NULL && json_count(value) == n);
}

static void write_value(struct json_writer *w, const char *name, const struct json *value) {
    switch (json_type(value)) {
    case JSON_NULL:
        json_put_raw(w, name, VIEW("null"));
        return;
    case JSON_BOOL:
        json_put_bool(w, name, json_bool(value));
        return;
    case JSON_STRING:
        json_put_string(w, name, json_string(value));
        return;
    case JSON_NUMBER: {
        char number[64];
        double n = json_number(value);
        int len = isinf(n) ? snprintf(number, sizeof(number), n < 0 ? "-1e999" : "1e999")
                           : snprintf(number, sizeof(number), "%.17g", n);
        json_put_raw(w, name, (struct view){number, (size_t)len});
        return;
    }
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    bool is_object = json_type(value) == JSON_OBJECT;
    (is_object ? json_begin_object : json_begin_array)(w, name);
    for (const struct json *child = json_first(value); child != NULL; child = json_next(child)) {
        write_value(w, is_object ? json_name(child).data : NULL, child);
    }
    (is_object ? json_end_object : json_end_array)(w);
}

static void require_survives_writing(const struct json *root) {
    struct buf first BUF_AUTO = BUF_INIT(64 << 20);
    struct json_writer w = json_writer(&first);
    write_value(&w, NULL, root);
    struct err err;
    err_init(&err);
    struct json *again JSON_AUTO = NULL;
    require(json_parse(buf_view(&first), &output_limits, "output", &again, &err) == 0);
    struct json_span span;
    require(json_scan(buf_view(&first), &output_limits, "output", &span, &err) == 0);
    require_same_as_span(root, span); /* the old tree in the new text */
    struct buf second BUF_AUTO = BUF_INIT(64 << 20);
    w = json_writer(&second);
    write_value(&w, NULL, again);
    require(view_equal(buf_view(&first), buf_view(&second)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct view text = {(const char *)data, size};
    struct err err;
    struct err scan_err;
    err_init(&err);
    err_init(&scan_err);
    struct json *root JSON_AUTO = NULL;
    struct json_span span;
    int result = json_parse(text, &limits, "input", &root, &err);
    int scan_result = json_scan(text, &limits, "input", &span, &scan_err);
    if (result != 0) {
        require(root == NULL && err.code == ERR_EVENT_MALFORMED);
        require(scan_result != 0 || strstr(err.message, "a NUL character") != NULL ||
                strstr(err.message, "half of a surrogate pair") != NULL ||
                strstr(err.message, "a number with too many digits") != NULL);
        return 0;
    }
    require(scan_result == 0 && !err_is_set(&err));
    require_same_as_span(root, span);
    require_survives_writing(root);
    return 0;
}
