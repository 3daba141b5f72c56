#include "cli/ecr/document.h"

static void new_line(struct buf *out, size_t level) {
    buf_append_char(out, '\n');
    for (size_t i = 0; i < level; i++) {
        buf_append(out, VIEW("  "));
    }
}

/* Past the string that begins at `at`. */
static size_t string_end(struct view json, size_t at) {
    for (at++; at < json.len && json.data[at] != '"'; at++) {
        at += json.data[at] == '\\';
    }
    return at + 1;
}

void document_indent(struct view json, struct buf *out) {
    size_t level = 0;
    for (size_t i = 0; i < json.len;) {
        char c = json.data[i];
        if (c == '"') {
            size_t end = string_end(json, i);
            buf_append(out, view_slice(json, i, end - i));
            i = end;
            continue;
        }
        bool is_empty = i + 1 < json.len && (json.data[i + 1] == ']' || json.data[i + 1] == '}');
        if ((c == '{' || c == '[') && is_empty) {
            buf_append(out, view_slice(json, i, 2));
            i += 2;
            continue;
        }
        if (c == '}' || c == ']') {
            new_line(out, --level);
        }
        buf_append_char(out, c);
        if (c == '{' || c == '[') {
            new_line(out, ++level);
        } else if (c == ',') {
            new_line(out, level);
        } else if (c == ':') {
            buf_append_char(out, ' ');
        }
        i++;
    }
    buf_append_char(out, '\n');
}

int document_fit(const struct buf *json, size_t limit, const char *what, struct buf *out,
                 struct err *err) {
    if (buf_check(json, what, err) < 0) {
        return -1;
    }
    if (json->len > limit) {
        return err_set(err, ERR_CONFIG_INVALID, "the %s has %zu characters; AWS takes %zu", what,
                       json->len, limit);
    }
    document_indent(buf_view(json), out);
    if (buf_check(out, what, err) < 0) {
        return -1;
    }
    if (out->len > limit) {
        buf_clear(out);
        buf_append(out, buf_view(json));
        buf_append_char(out, '\n');
    }
    return buf_check(out, what, err);
}
