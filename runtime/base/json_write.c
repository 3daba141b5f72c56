#include "runtime/base/json_write.h"

#include "runtime/base/utf8.h"

struct json_writer json_writer(struct buf *buf) {
    return (struct json_writer){.buf = buf};
}

/* The comma that the value before is owed, and the name. */
static void begin_value(struct json_writer *w, const char *name) {
    if (w->comma) {
        buf_append_char(w->buf, ',');
    }
    if (name != NULL) {
        json_append_string(w->buf, view_of(name));
        buf_append_char(w->buf, ':');
    }
    w->comma = true;
}

static void begin_container(struct json_writer *w, const char *name, char bracket) {
    begin_value(w, name);
    buf_append_char(w->buf, bracket);
    w->comma = false;
}

static void end_container(struct json_writer *w, char bracket) {
    buf_append_char(w->buf, bracket);
    w->comma = true;
}

void json_begin_object(struct json_writer *w, const char *name) {
    begin_container(w, name, '{');
}

void json_end_object(struct json_writer *w) {
    end_container(w, '}');
}

void json_begin_array(struct json_writer *w, const char *name) {
    begin_container(w, name, '[');
}

void json_end_array(struct json_writer *w) {
    end_container(w, ']');
}

void json_put_string(struct json_writer *w, const char *name, struct view value) {
    begin_value(w, name);
    json_append_string(w->buf, value);
}

void json_put_optional(struct json_writer *w, const char *name, struct view value) {
    if (value.len > 0) {
        json_put_string(w, name, value);
    }
}

void json_put_i64(struct json_writer *w, const char *name, int64_t value) {
    begin_value(w, name);
    buf_append_i64(w->buf, value);
}

void json_put_bool(struct json_writer *w, const char *name, bool value) {
    json_put_raw(w, name, value ? VIEW("true") : VIEW("false"));
}

void json_put_raw(struct json_writer *w, const char *name, struct view json) {
    begin_value(w, name);
    buf_append(w->buf, json);
}

static void append_u_escape(struct buf *buf, uint32_t code_unit) {
    static const char digits[] = "0123456789abcdef";
    char escape[6] = {'\\',
                      'u',
                      digits[code_unit >> 12 & 0xF],
                      digits[code_unit >> 8 & 0xF],
                      digits[code_unit >> 4 & 0xF],
                      digits[code_unit & 0xF]};
    buf_append(buf, (struct view){escape, sizeof(escape)});
}

static void append_ascii_escape(struct buf *buf, char c) {
    static const char from[] = "\"\\\b\f\n\r\t";
    static const char to[] = "\"\\bfnrt";
    for (size_t i = 0; i < sizeof(from) - 1; i++) {
        if (from[i] == c) {
            buf_append(buf, (struct view){(char[]){'\\', to[i]}, 2});
            return;
        }
    }
    append_u_escape(buf, (unsigned char)c);
}

static inline bool is_plain_ascii(char c) {
    return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

/* The length of a valid sequence that can be copied as it is: not U+2028 and U+2029, which end a
 * line for JavaScript and for some log readers. 0: this character needs more. */
static size_t plain_sequence(struct view text) {
    if ((unsigned char)text.data[0] < 0x80) {
        return 0;
    }
    uint32_t code_point = 0;
    size_t len = utf8_decode(text, &code_point);
    return code_point == 0x2028 || code_point == 0x2029 ? 0 : len;
}

/* Writes the first character, which is not plain, and returns its length. */
static size_t append_escaped(struct buf *buf, struct view text) {
    if ((unsigned char)text.data[0] < 0x80) {
        append_ascii_escape(buf, text.data[0]);
        return 1;
    }
    uint32_t code_point;
    size_t len = utf8_decode(text, &code_point);
    if (len == 0) {
        buf_append(buf, VIEW(UTF8_REPLACEMENT));
        return 1;
    }
    append_u_escape(buf, code_point);
    return len;
}

void json_append_string(struct buf *buf, struct view value) {
    buf_append_char(buf, '"');
    size_t run = 0; /* plain bytes not yet copied */
    size_t at = 0;
    for (;;) {
        while (at < value.len && is_plain_ascii(value.data[at])) {
            at++;
        }
        if (at == value.len) {
            break;
        }
        struct view rest = {value.data + at, value.len - at};
        size_t len = plain_sequence(rest);
        if (len > 0) {
            at += len;
            continue;
        }
        buf_append(buf, (struct view){value.data + run, at - run});
        at += append_escaped(buf, rest);
        run = at;
    }
    buf_append(buf, view_slice(value, run, value.len));
    buf_append_char(buf, '"');
}
