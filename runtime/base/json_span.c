#include "runtime/base/json_scan_internal.h"

#include "runtime/base/utf8.h"

#include <string.h>

/* Everything here walks text that json_scan() has found valid. It still never reads outside the
 * span it is given, so that a span made by hand can give a wrong answer but do no harm. */

static bool is_space(char c) {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static struct view skip(struct view text, size_t n) {
    return (struct view){text.data + n, text.len - n};
}

static struct view skip_space(struct view text) {
    while (text.len > 0 && is_space(text.data[0])) {
        text = skip(text, 1);
    }
    return text;
}

enum json_type json_type_of_text(struct view value_text) {
    switch (value_text.len > 0 ? value_text.data[0] : '\0') {
    case '{':
        return JSON_OBJECT;
    case '[':
        return JSON_ARRAY;
    case '"':
        return JSON_STRING;
    case 't':
    case 'f':
        return JSON_BOOL;
    case 'n':
        return JSON_NULL;
    default:
        return JSON_NUMBER;
    }
}

static size_t string_length(struct view text) {
    size_t at = 1;
    while (at < text.len && text.data[at] != '"') {
        at += text.data[at] == '\\' ? 2 : 1;
    }
    return at < text.len ? at + 1 : text.len;
}

struct view json_string_extent(struct view text) {
    return (struct view){text.data, string_length(text)};
}

static size_t container_length(struct view text) {
    size_t depth = 0;
    size_t at = 0;
    while (at < text.len) {
        switch (text.data[at]) {
        case '"':
            at += string_length(skip(text, at));
            continue;
        case '{':
        case '[':
            depth++;
            break;
        case '}':
        case ']':
            depth--;
            if (depth == 0) {
                return at + 1;
            }
            break;
        default:
            break;
        }
        at++;
    }
    return text.len;
}

static size_t word_length(struct view text) {
    size_t at = 0;
    while (at < text.len && !is_space(text.data[at]) && text.data[at] != ',' &&
           text.data[at] != ']' && text.data[at] != '}' && text.data[at] != ':') {
        at++;
    }
    return at;
}

/* Splits the value at the start of *rest off. */
static bool take_value(struct view *rest, struct json_span *ret_value) {
    if (rest->len == 0) {
        return false;
    }
    char c = rest->data[0];
    size_t len = c == '"'               ? string_length(*rest)
                 : c == '{' || c == '[' ? container_length(*rest)
                                        : word_length(*rest);
    if (len == 0) {
        return false;
    }
    ret_value->text = (struct view){rest->data, len};
    ret_value->type = json_type_of_text(ret_value->text);
    *rest = skip(*rest, len);
    return true;
}

struct json_iterator json_iterate(struct json_span container) {
    bool empty =
        container.text.len < 2 || (container.type != JSON_OBJECT && container.type != JSON_ARRAY);
    if (empty) {
        return (struct json_iterator){{NULL, 0}};
    }
    return (struct json_iterator){view_slice(container.text, 1, container.text.len - 2)};
}

/* The next value's first byte, behind the comma that ends the one before. */
static struct view next_start(struct view rest) {
    rest = skip_space(rest);
    if (rest.len > 0 && rest.data[0] == ',') {
        rest = skip_space(skip(rest, 1));
    }
    return rest;
}

bool json_next_member(struct json_iterator *iterator, struct json_member *ret_member) {
    struct view rest = next_start(iterator->rest);
    if (rest.len == 0 || rest.data[0] != '"') {
        return false;
    }
    struct json_member member = {.name_text = json_string_extent(rest)};
    rest = skip_space(skip(rest, member.name_text.len));
    if (rest.len == 0 || rest.data[0] != ':') {
        return false;
    }
    rest = skip_space(skip(rest, 1));
    if (!take_value(&rest, &member.value)) {
        return false;
    }
    member.text = (struct view){member.name_text.data, (size_t)(rest.data - member.name_text.data)};
    iterator->rest = rest;
    *ret_member = member;
    return true;
}

bool json_next_element(struct json_iterator *iterator, struct json_span *ret_element) {
    struct view rest = next_start(iterator->rest);
    if (!take_value(&rest, ret_element)) {
        return false;
    }
    iterator->rest = rest;
    return true;
}

bool json_find(struct json_span object, const char *name, struct json_span *ret_value) {
    if (object.type != JSON_OBJECT) {
        return false;
    }
    struct view wanted = view_of(name);
    struct json_iterator iterator = json_iterate(object);
    struct json_member member;
    while (json_next_member(&iterator, &member)) {
        if (json_span_equals(member.name_text, wanted)) {
            *ret_value = member.value;
            return true;
        }
    }
    return false;
}

static bool is_string_text(struct view text) {
    return text.len >= 2 && text.data[0] == '"' && text.data[text.len - 1] == '"';
}

struct json_unescape json_unescape(struct view string_text) {
    if (!is_string_text(string_text)) {
        return (struct json_unescape){{NULL, 0}};
    }
    return (struct json_unescape){view_slice(string_text, 1, string_text.len - 2)};
}

/* The value of the escape \uXXXX at the start of `text`; UINT32_MAX when there is none. */
static uint32_t hex_escape(struct view text) {
    if (text.len < 6 || text.data[0] != '\\' || text.data[1] != 'u') {
        return UINT32_MAX;
    }
    uint32_t value = 0;
    for (size_t i = 2; i < 6; i++) {
        char c = text.data[i];
        uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a') + 10
                         : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A') + 10
                                                : 16;
        if (digit == 16) {
            return UINT32_MAX;
        }
        value = value << 4 | digit;
    }
    return value;
}

static size_t unescape_hex(struct json_unescape *cursor, char ret_bytes[static 4]) {
    uint32_t c = hex_escape(cursor->rest);
    cursor->rest = view_slice(cursor->rest, 6, cursor->rest.len);
    if (c >= 0xD800 && c <= 0xDBFF) {
        uint32_t low = hex_escape(cursor->rest);
        if (low >= 0xDC00 && low <= 0xDFFF) {
            c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
            cursor->rest = view_slice(cursor->rest, 6, cursor->rest.len);
        }
    }
    return utf8_encode(c, ret_bytes);
}

static char simple_escape(char c) {
    switch (c) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return c; /* a quote, a slash, a backslash */
    }
}

size_t json_unescape_next(struct json_unescape *cursor, char ret_bytes[static 4]) {
    if (cursor->rest.len == 0) {
        return 0;
    }
    char c = cursor->rest.data[0];
    if (c == '\\' && cursor->rest.len > 1) {
        if (cursor->rest.data[1] == 'u') {
            return unescape_hex(cursor, ret_bytes);
        }
        ret_bytes[0] = simple_escape(cursor->rest.data[1]);
        cursor->rest = skip(cursor->rest, 2);
        return 1;
    }
    /* Whole characters, so that two spellings of a name are compared unit by unit. */
    size_t len = utf8_sequence(cursor->rest);
    if (len == 0) {
        len = 1;
    }
    memcpy(ret_bytes, cursor->rest.data, len);
    cursor->rest = skip(cursor->rest, len);
    return len;
}

bool json_span_equals(struct view string_text, struct view value) {
    if (!is_string_text(string_text)) {
        return false;
    }
    struct view inside = view_slice(string_text, 1, string_text.len - 2);
    if (!view_contains_char(inside, '\\')) {
        return view_equal(inside, value);
    }
    struct json_unescape cursor = json_unescape(string_text);
    char bytes[4];
    size_t len;
    while ((len = json_unescape_next(&cursor, bytes)) > 0) {
        if (!view_starts_with(value, (struct view){bytes, len})) {
            return false;
        }
        value = skip(value, len);
    }
    return value.len == 0;
}

int json_span_string(struct json_span string, struct arena *arena, struct view *ret_value,
                     struct err *err) {
    struct json_unescape cursor = json_unescape(string.text);
    /* Unescaping never lengthens: the room that the text takes is enough, with the NUL. */
    char *out = arena_alloc(arena, string.text.len + 1);
    if (out == NULL) {
        return err_out_of_memory(err, "a string of a JSON document");
    }
    size_t used = 0;
    char bytes[4];
    size_t len;
    while ((len = json_unescape_next(&cursor, bytes)) > 0) {
        memcpy(out + used, bytes, len);
        used += len;
    }
    *ret_value = (struct view){out, used};
    return 0;
}

int json_find_string(struct json_span object, const char *name, struct arena *arena,
                     struct view *ret_value, struct err *err) {
    struct json_span value;
    if (!json_find(object, name, &value) || value.type != JSON_STRING) {
        *ret_value = (struct view){NULL, 0};
        return 0;
    }
    return json_span_string(value, arena, ret_value, err);
}
