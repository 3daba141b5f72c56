#include "canonical.h"

#include "runtime/base/json_write.h"

#include <stdio.h>
#include <stdlib.h>

#define INDENT 2
/* Equal lines shown before and after those that differ, and the most that is shown of one side. */
#define CONTEXT_LINES 3
#define SHOWN_LINES 60
/* What is shown of a line. */
#define SHOWN_BYTES 400

int golden_scan(struct view text, const char *subject, struct json_span *ret_root,
                struct err *err) {
    const struct json_limits limits = {.max_bytes = GOLDEN_MAX_BYTES,
                                       .max_depth = GOLDEN_MAX_DEPTH};
    return json_scan(text, &limits, subject, ret_root, err);
}

/* --- canonical text --- */

struct canonical {
    struct buf *buf;
    struct arena *arena;
    bool sorted;
    struct err *err;
};

struct member {
    struct view name;
    struct json_span value;
};

static void indent(struct canonical *c, int depth) {
    buf_append_char(c->buf, '\n');
    for (int i = 0; i < depth * INDENT; i++) {
        buf_append_char(c->buf, ' ');
    }
}

static int compare_members(const void *a, const void *b) {
    return view_compare(((const struct member *)a)->name, ((const struct member *)b)->name);
}

static size_t count(struct json_span container) {
    struct json_iterator it = json_iterate(container);
    struct json_member member;
    struct json_span element;
    size_t n = 0;
    while (container.type == JSON_OBJECT ? json_next_member(&it, &member)
                                         : json_next_element(&it, &element)) {
        n++;
    }
    return n;
}

static int put_value(struct canonical *c, struct json_span value, int depth);

static int put_object(struct canonical *c, struct json_span object, int depth) {
    struct json_iterator it = json_iterate(object);
    struct json_member found;
    size_t n = 0;
    struct member *members = ARENA_ARRAY(c->arena, count(object), struct member);
    if (members == NULL) {
        return err_out_of_memory(c->err, "canonical text");
    }
    while (json_next_member(&it, &found)) {
        const struct json_span name = {.text = found.name_text, .type = JSON_STRING};
        members[n].value = found.value;
        if (json_span_string(name, c->arena, &members[n++].name, c->err) != 0) {
            return -1;
        }
    }
    if (c->sorted && n > 0) {
        qsort(members, n, sizeof(*members), compare_members);
    }
    buf_append_char(c->buf, '{');
    for (size_t i = 0; i < n; i++) {
        buf_append_str(c->buf, i > 0 ? "," : "");
        indent(c, depth + 1);
        json_append_string(c->buf, members[i].name);
        buf_append_str(c->buf, ": ");
        if (put_value(c, members[i].value, depth + 1) != 0) {
            return -1;
        }
    }
    if (n > 0) {
        indent(c, depth);
    }
    buf_append_char(c->buf, '}');
    return 0;
}

static int put_array(struct canonical *c, struct json_span array, int depth) {
    struct json_iterator it = json_iterate(array);
    struct json_span element;
    size_t n = 0;
    buf_append_char(c->buf, '[');
    while (json_next_element(&it, &element)) {
        buf_append_str(c->buf, n++ > 0 ? "," : "");
        indent(c, depth + 1);
        if (put_value(c, element, depth + 1) != 0) {
            return -1;
        }
    }
    if (n > 0) {
        indent(c, depth);
    }
    buf_append_char(c->buf, ']');
    return 0;
}

static int put_value(struct canonical *c, struct json_span value, int depth) {
    struct view string;
    switch (value.type) {
    case JSON_OBJECT:
        return put_object(c, value, depth);
    case JSON_ARRAY:
        return put_array(c, value, depth);
    case JSON_STRING:
        if (json_span_string(value, c->arena, &string, c->err) != 0) {
            return -1;
        }
        json_append_string(c->buf, string);
        return 0;
    case JSON_NULL:
    case JSON_BOOL:
    case JSON_NUMBER:
        buf_append(c->buf, value.text);
        return 0;
    }
    return 0;
}

int canonical_json(struct json_span root, bool sorted, struct arena *arena, struct view *ret_text,
                   struct err *err) {
    struct buf buf BUF_AUTO = BUF_INIT(4 * GOLDEN_MAX_BYTES);
    struct canonical c = {.buf = &buf, .arena = arena, .sorted = sorted, .err = err};
    if (put_value(&c, root, 0) != 0) {
        return -1;
    }
    buf_append_char(&buf, '\n');
    if (buf_check(&buf, "canonical text", err) != 0) {
        return -1;
    }
    *ret_text = arena_copy(arena, buf_view(&buf));
    return ret_text->data != NULL ? 0 : err_out_of_memory(err, "canonical text");
}

/* --- subsets --- */

static bool string_equals(struct json_span a, struct json_span b, struct arena *arena) {
    struct view text;
    struct err ignored;
    err_init(&ignored);
    return json_span_string(a, arena, &text, &ignored) == 0 && json_span_equals(b.text, text);
}

static bool has_member(struct json_span object, const struct json_member *wanted,
                       struct arena *arena) {
    const struct json_span wanted_name = {.text = wanted->name_text, .type = JSON_STRING};
    struct json_iterator it = json_iterate(object);
    struct json_member member;
    while (json_next_member(&it, &member)) {
        const struct json_span name = {.text = member.name_text, .type = JSON_STRING};
        if (string_equals(wanted_name, name, arena)) {
            return json_is_subset(wanted->value, member.value, arena);
        }
    }
    return false;
}

bool json_is_subset(struct json_span wanted, struct json_span got, struct arena *arena) {
    if (wanted.type != got.type) {
        return false;
    }
    struct json_iterator a = json_iterate(wanted);
    struct json_iterator b = json_iterate(got);
    struct json_member member;
    struct json_span left;
    struct json_span right;
    switch (wanted.type) {
    case JSON_OBJECT:
        while (json_next_member(&a, &member)) {
            if (!has_member(got, &member, arena)) {
                return false;
            }
        }
        return true;
    case JSON_ARRAY:
        while (json_next_element(&a, &left)) {
            if (!json_next_element(&b, &right) || !json_is_subset(left, right, arena)) {
                return false;
            }
        }
        return !json_next_element(&b, &right);
    case JSON_STRING:
        return string_equals(wanted, got, arena);
    case JSON_NULL:
    case JSON_BOOL:
    case JSON_NUMBER:
        return view_equal(wanted.text, got.text);
    }
    return false;
}

/* --- differences --- */

struct lines {
    struct view *line;
    size_t n;
};

static struct lines split_lines(struct view text) {
    struct lines lines = {0};
    struct view line;
    size_t capacity = 1;
    for (size_t i = 0; i < text.len; i++) {
        capacity += text.data[i] == '\n';
    }
    lines.line = calloc(capacity, sizeof(*lines.line));
    while (lines.line != NULL && view_split(&text, '\n', &line)) {
        lines.line[lines.n++] = line;
    }
    return lines;
}

static void print_lines(const char *mark, const struct lines *lines, size_t from, size_t to) {
    for (size_t i = from; i < to; i++) {
        if (i - from == SHOWN_LINES) {
            printf("    %s … %zu more lines\n", mark, to - i);
            return;
        }
        struct view line = view_slice(lines->line[i], 0, SHOWN_BYTES);
        printf("    %s %.*s%s\n", mark, (int)line.len, line.data,
               line.len < lines->line[i].len ? "…" : "");
    }
}

void print_difference(struct view expected, struct view got) {
    struct lines a = split_lines(expected);
    struct lines b = split_lines(got);
    size_t head = 0;
    size_t tail = 0;
    while (head < a.n && head < b.n && view_equal(a.line[head], b.line[head])) {
        head++;
    }
    while (tail < a.n - head && tail < b.n - head &&
           view_equal(a.line[a.n - 1 - tail], b.line[b.n - 1 - tail])) {
        tail++;
    }
    size_t after = tail < CONTEXT_LINES ? tail : CONTEXT_LINES;
    print_lines(" ", &a, head < CONTEXT_LINES ? 0 : head - CONTEXT_LINES, head);
    print_lines("-", &a, head, a.n - tail);
    print_lines("+", &b, head, b.n - tail);
    print_lines(" ", &a, a.n - tail, a.n - tail + after);
    free(a.line);
    free(b.line);
}
