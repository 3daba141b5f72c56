/*
 * json_scan(): the same answer twice; every span lies inside its parent, in order, with nothing but
 * punctuation and white space between; is itself valid JSON of its type; names are unique and are
 * found; and a string survives being unescaped and escaped again.
 */

#include "runtime/base/buf.h"
#include "runtime/base/json_scan.h"
#include "runtime/base/json_write.h"
#include "tests/fuzz/require.h"

#include <stdlib.h>
#include <string.h>

static const struct json_limits limits = {.max_bytes = 1 << 20, .max_depth = 40};

static bool is_inside(struct view part, struct view whole) {
    return part.data >= whole.data && part.data + part.len <= whole.data + whole.len;
}

/* What lies between two spans. */
static void require_gap(const char *from, const char *to) {
    require(from <= to);
    for (; from < to; from++) {
        require(strchr("{}[],: \t\r\n", *from) != NULL && *from != '\0');
    }
}

static void check_string(struct json_span string, struct arena *arena) {
    struct err err;
    err_init(&err);
    struct view value;
    require(json_span_string(string, arena, &value, &err) == 0);
    require(value.data[value.len] == '\0');
    static struct buf buf = {.limit = 8 << 20};
    buf_clear(&buf);
    json_append_string(&buf, value);
    require(buf_check(&buf, "string", &err) == 0);
    struct json_span again;
    require(json_scan(buf_view(&buf), &(struct json_limits){8 << 20, 1}, "string", &again, &err) ==
            0);
    struct view value_again;
    require(json_span_string(again, arena, &value_again, &err) == 0);
    require(view_equal(value, value_again));
    require(json_span_equals(again.text, value));
    require(json_span_equals(string.text, value));
}

static void check_value(struct json_span value, struct arena *arena);

static void check_found(struct json_span object, const struct json_member *member,
                        struct arena *arena) {
    struct err err;
    err_init(&err);
    struct view name;
    struct json_span name_span = {member->name_text, JSON_STRING};
    require(json_span_string(name_span, arena, &name, &err) == 0);
    if (memchr(name.data, '\0', name.len) != NULL) {
        return; /* no C string can ask for it */
    }
    struct json_span found;
    require(json_find(object, name.data, &found));
    require(found.text.data == member->value.text.data && found.text.len == member->value.text.len);
}

static void check_object(struct json_span object, struct arena *arena) {
    const char *last = object.text.data;
    struct json_iterator iterator = json_iterate(object);
    struct json_member member;
    while (json_next_member(&iterator, &member)) {
        require(is_inside(member.text, object.text));
        require(is_inside(member.name_text, member.text));
        require(is_inside(member.value.text, member.text));
        require(member.name_text.data == member.text.data);
        require_gap(last, member.name_text.data);
        require_gap(member.name_text.data + member.name_text.len, member.value.text.data);
        last = member.value.text.data + member.value.text.len;
        require(last == member.text.data + member.text.len);
        check_string((struct json_span){member.name_text, JSON_STRING}, arena);
        check_found(object, &member, arena);
        check_value(member.value, arena);
    }
    require_gap(last, object.text.data + object.text.len);
}

static void check_array(struct json_span array, struct arena *arena) {
    const char *last = array.text.data;
    struct json_iterator iterator = json_iterate(array);
    struct json_span element;
    while (json_next_element(&iterator, &element)) {
        require(is_inside(element.text, array.text));
        require_gap(last, element.text.data);
        last = element.text.data + element.text.len;
        check_value(element, arena);
    }
    require_gap(last, array.text.data + array.text.len);
}

static void check_value(struct json_span value, struct arena *arena) {
    struct json_span again;
    struct err err;
    err_init(&err);
    require(json_scan(value.text, &limits, "span", &again, &err) == 0);
    require(again.type == value.type && again.text.data == value.text.data &&
            again.text.len == value.text.len);
    switch (value.type) {
    case JSON_OBJECT:
        check_object(value, arena);
        break;
    case JSON_ARRAY:
        check_array(value, arena);
        break;
    case JSON_STRING:
        check_string(value, arena);
        break;
    case JSON_NULL:
    case JSON_BOOL:
    case JSON_NUMBER:
        break;
    }
}

/* Spans made by hand from any bytes: a wrong answer is allowed, reading outside is not. */
static void walk_unscanned(struct json_span value, int depth) {
    struct json_iterator members = json_iterate(value);
    struct json_iterator elements = members;
    struct json_member member;
    struct json_span element;
    while (depth > 0 && json_next_member(&members, &member)) {
        require(is_inside(member.text, value.text));
        (void)json_span_equals(member.name_text, VIEW("service"));
        walk_unscanned(member.value, depth - 1);
    }
    while (depth > 0 && json_next_element(&elements, &element)) {
        require(is_inside(element.text, value.text));
        walk_unscanned(element, depth - 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct view text = {(const char *)data, size};
    struct json_span root = {text, JSON_OBJECT};
    walk_unscanned(root, 3);
    struct err err;
    struct err err_again;
    err_init(&err);
    err_init(&err_again);
    struct json_span again;
    int result = json_scan(text, &limits, "input", &root, &err);
    require(result == json_scan(text, &limits, "input", &again, &err_again));
    require(err.code == err_again.code && strcmp(err.message, err_again.message) == 0);
    if (result != 0) {
        require(err.code == ERR_EVENT_MALFORMED);
        return 0;
    }
    require(!err_is_set(&err) && is_inside(root.text, text));
    static struct arena arena = {.limit_bytes = (size_t)64 << 20};
    arena_reset(&arena);
    check_value(root, &arena);
    return 0;
}
