#include "cli/settings/migrate_edit.h"

#include "runtime/base/buf.h"
#include "runtime/base/utf8.h"

#include <stdlib.h>
#include <string.h>

#define BYTE_ORDER_MARK VIEW("\xEF\xBB\xBF")
#define TEXT_BYTES ((size_t)64 * 1024 * 1024) /* the YAML reader refuses earlier */
#define DEFAULT_INDENT 2

/* How the file is written. */
struct layout {
    size_t mapping_indent; /* a mapping's keys, from those of the mapping around it */
    size_t list_indent;    /* a list's dashes, from the key's beginning */
    size_t dash_gap;       /* blanks behind a dash */
    bool is_json;          /* names are in quotes */
};

struct edit {
    size_t offset, end; /* what is replaced; nothing, but for the version */
    size_t column;      /* of lines: where they begin; deeper ones come first at one place */
    struct view text;
};

struct editor {
    struct view text;
    const struct yaml_value *root;
    struct layout layout;
    struct arena *arena;
    struct edit *edits;
    size_t n_edits;
};

size_t mapping_change_offset(const struct mapping_change *change) {
    const struct yaml_value *mapping = change->mapping;
    return mapping->n > 0 ? mapping->pairs[0].key.place.offset : mapping->place.offset;
}

int mapping_change_compare(const void *a, const void *b) {
    size_t x = mapping_change_offset(a);
    size_t y = mapping_change_offset(b);
    return (x > y) - (x < y);
}

/* --- places --- */

static char byte_at(const struct editor *e, size_t offset) {
    if (offset >= e->text.len) {
        return '\0';
    }
    return e->text.data[offset];
}

static size_t line_start(const struct editor *e, size_t offset) {
    while (offset > 0 && e->text.data[offset - 1] != '\n' && e->text.data[offset - 1] != '\r') {
        offset--;
    }
    bool has_mark = offset == 0 && view_starts_with(e->text, BYTE_ORDER_MARK);
    return has_mark ? BYTE_ORDER_MARK.len : offset;
}

static size_t line_end(const struct editor *e, size_t offset) {
    while (offset < e->text.len && e->text.data[offset] != '\n' && e->text.data[offset] != '\r') {
        offset++;
    }
    return offset;
}

/* What ends the line whose content ends there; at the file's end, what ends its first line. */
static struct view line_break(const struct editor *e, size_t offset) {
    if (offset >= e->text.len) {
        offset = line_end(e, 0);
    }
    if (byte_at(e, offset) == '\r') {
        return byte_at(e, offset + 1) == '\n' ? VIEW("\r\n") : VIEW("\r");
    }
    return VIEW("\n");
}

/* Behind blanks and dashes: where the keys of a block mapping begin, also where a property or a
 * question mark stands before one. */
static size_t key_column(const struct editor *e, size_t key_offset) {
    size_t start = line_start(e, key_offset);
    size_t at = start;
    for (; at < key_offset; at++) {
        char c = e->text.data[at];
        char next = byte_at(e, at + 1);
        bool is_dash = c == '-' && (next == ' ' || next == '\t');
        if (c != ' ' && c != '\t' && !is_dash) {
            break;
        }
    }
    return at - start;
}

static const struct yaml_value *last_leaf(const struct yaml_value *value) {
    while (!value->is_alias && value->style == YAML_BLOCK && value->n > 0) {
        value = value->kind == YAML_SEQUENCE ? &value->items[value->n - 1]
                                             : &value->pairs[value->n - 1].value;
    }
    return value;
}

bool migrate_edit_can_be_behind(const struct yaml_pair *pair) {
    const struct yaml_value *leaf = last_leaf(&pair->value);
    return leaf->is_alias || leaf->style != YAML_BLOCK_TEXT;
}

/* Comments that go on below a line at the depth of a mapping's keys belong to what is above. */
static size_t skip_comments(const struct editor *e, size_t end_of_line, size_t column) {
    for (;;) {
        size_t start =
            end_of_line + (end_of_line < e->text.len ? line_break(e, end_of_line).len : 0);
        size_t at = start;
        while (byte_at(e, at) == ' ') {
            at++;
        }
        if (start == end_of_line || byte_at(e, at) != '#' || at - start < column) {
            return end_of_line;
        }
        end_of_line = line_end(e, at);
    }
}

/* --- layout --- */

/* Where the dash of a block list's first item stands on its line; false: not there alone. */
static bool dash_column(const struct editor *e, const struct yaml_value *list, size_t *ret_column) {
    size_t at = list->place.offset;
    size_t start = line_start(e, at);
    *ret_column = at - start;
    for (size_t i = start; i < at; i++) {
        if (e->text.data[i] != ' ') {
            return false;
        }
    }
    return byte_at(e, at) == '-';
}

static bool is_block(const struct yaml_value *value, enum yaml_kind kind) {
    return value->kind == kind && value->style == YAML_BLOCK && !value->is_alias && value->n > 0;
}

struct layout_found {
    bool mapping, list;
};

static void learn_list(struct editor *e, size_t column, const struct yaml_value *list) {
    const struct yaml_value *item = &list->items[0];
    size_t dash;
    if (!dash_column(e, list, &dash) || dash < column) {
        return;
    }
    e->layout.list_indent = dash - column;
    if (item->place.offset > list->place.offset + 1 &&
        line_start(e, item->place.offset) == line_start(e, list->place.offset)) {
        size_t first = list->place.offset + 1;
        size_t at = first;
        while (byte_at(e, at) == ' ') {
            at++;
        }
        e->layout.dash_gap = at - first;
    }
}

/* The first of each kind tells. The tree is no deeper than YAML_MAX_DEPTH. */
static void learn(struct editor *e, const struct yaml_value *value, struct layout_found *found) {
    if (value->is_alias || (found->mapping && found->list)) {
        return;
    }
    for (size_t i = 0; value->kind == YAML_SEQUENCE && i < value->n; i++) {
        learn(e, &value->items[i], found);
    }
    for (size_t i = 0; value->kind == YAML_MAPPING && i < value->n; i++) {
        const struct yaml_value *child = &value->pairs[i].value;
        size_t column = key_column(e, value->pairs[i].key.place.offset);
        if (!found->list && is_block(child, YAML_SEQUENCE)) {
            found->list = true;
            learn_list(e, column, child);
        }
        if (!found->mapping && is_block(child, YAML_MAPPING)) {
            size_t inner = key_column(e, child->pairs[0].key.place.offset);
            found->mapping = inner > column;
            e->layout.mapping_indent = inner > column ? inner - column : DEFAULT_INDENT;
        }
        learn(e, child, found);
    }
}

static bool has_quoted_names(const struct editor *e, const struct yaml_value *mapping) {
    return mapping->n > 0 && byte_at(e, mapping->pairs[0].key.place.offset) == '"';
}

static void learn_layout(struct editor *e) {
    struct layout_found found = {0};
    e->layout = (struct layout){
        .mapping_indent = DEFAULT_INDENT,
        .list_indent = DEFAULT_INDENT,
        .dash_gap = 1,
        .is_json = e->root->style == YAML_FLOW && has_quoted_names(e, e->root),
    };
    learn(e, e->root, &found);
}

/* --- scalars --- */

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Names that nobody takes for a number, a boolean or null, whatever YAML they speak. */
static bool can_be_plain(struct view text) {
    static const char *const words[] = {"y",   "n",    "yes",   "no",  "on",
                                        "off", "true", "false", "null"};
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (!is_letter(c) && (i == 0 || (!(c >= '0' && c <= '9') && c != '_' && c != '-'))) {
            return false;
        }
    }
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (view_equal_nocase(text, view_of(words[i]))) {
            return false;
        }
    }
    return text.len > 0;
}

/* Not printable in YAML, or a line's end there. */
static bool is_escaped(uint32_t c) {
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 || c == 0xfeff ||
           c == 0xfffe || c == 0xffff;
}

static void append_quoted(struct buf *out, struct view text) {
    buf_append_char(out, '"');
    while (text.len > 0) {
        uint32_t c = 0;
        size_t n = utf8_decode(text, &c);
        n = n == 0 ? 1 : n;
        if (is_escaped(c)) {
            buf_appendf(out, "\\u%04x", (unsigned)c);
        } else {
            if (c == '"' || c == '\\') {
                buf_append_char(out, '\\');
            }
            buf_append(out, view_slice(text, 0, n));
        }
        text = view_slice(text, n, text.len);
    }
    buf_append_char(out, '"');
}

static void append_scalar(struct buf *out, const struct addition_value *value, bool is_json) {
    if (value->is_number || (!is_json && can_be_plain(value->text))) {
        buf_append(out, value->text);
    } else {
        append_quoted(out, value->text);
    }
}

/* --- blocks --- */

struct block_writer {
    struct buf *out;
    const struct layout *layout;
    struct view line_break;
};

static void new_line(const struct block_writer *w, size_t column) {
    buf_append(w->out, w->line_break);
    for (size_t i = 0; i < column; i++) {
        buf_append_char(w->out, ' ');
    }
}

static void write_block(const struct block_writer *w, size_t column, const struct addition *added);

/* "- account_id: …", each of its members on a line. */
static void write_item(const struct block_writer *w, size_t column,
                       const struct addition_value *item) {
    new_line(w, column);
    buf_append_char(w->out, '-');
    for (size_t i = 0; i < w->layout->dash_gap; i++) {
        buf_append_char(w->out, ' ');
    }
    for (size_t i = 0; i < item->n; i++) {
        size_t inner = column + 1 + w->layout->dash_gap;
        if (i > 0) {
            new_line(w, inner);
        }
        write_block(w, inner, &item->members[i]);
    }
}

/* "name: value", without the line's beginning and its end. What is added is three levels deep. */
static void write_block(const struct block_writer *w, size_t column, const struct addition *added) {
    const struct addition_value *value = &added->value;
    buf_appendf(w->out, "%s:", added->name);
    if (value->kind == YAML_SCALAR) {
        buf_append_char(w->out, ' ');
        append_scalar(w->out, value, false);
        return;
    }
    if (value->n == 0) {
        buf_append_str(w->out, value->kind == YAML_SEQUENCE ? " []" : " {}");
    }
    for (size_t i = 0; i < value->n; i++) {
        if (value->kind == YAML_SEQUENCE) {
            write_item(w, column + w->layout->list_indent, &value->items[i]);
        } else {
            new_line(w, column + w->layout->mapping_indent);
            write_block(w, column + w->layout->mapping_indent, &value->members[i]);
        }
    }
}

/* --- braces --- */

static void write_flow(struct buf *out, bool is_json, const struct addition *added) {
    const struct addition_value *value = &added->value;
    buf_appendf(out, is_json ? "\"%s\": " : "%s: ", added->name);
    if (value->kind == YAML_SCALAR) {
        append_scalar(out, value, is_json);
        return;
    }
    buf_append_char(out, value->kind == YAML_SEQUENCE ? '[' : '{');
    for (size_t i = 0; i < value->n; i++) {
        buf_append_str(out, i > 0 ? ", " : "");
        if (value->kind == YAML_MAPPING) {
            write_flow(out, is_json, &value->members[i]);
            continue;
        }
        buf_append_char(out, '{');
        for (size_t j = 0; j < value->items[i].n; j++) {
            buf_append_str(out, j > 0 ? ", " : "");
            write_flow(out, is_json, &value->items[i].members[j]);
        }
        buf_append_char(out, '}');
    }
    buf_append_char(out, value->kind == YAML_SEQUENCE ? ']' : '}');
}

/* The blanks before the last member where it is the first thing on its line; else NULL. */
static struct view own_line_indent(const struct editor *e, const struct yaml_value *mapping) {
    size_t key = mapping->pairs[mapping->n - 1].key.place.offset;
    size_t start = line_start(e, key);
    struct view indent = view_slice(e->text, start, key - start);
    return view_trim(indent).len == 0 ? indent : (struct view){0};
}

/* --- edits --- */

static int add_edit(struct editor *e, size_t offset, size_t column, const struct buf *text,
                    struct err *err) {
    if (buf_check(text, "migration", err) < 0) {
        return -1;
    }
    struct view copy = arena_copy(e->arena, buf_view(text));
    if (!copy.data) {
        return err_out_of_memory(err, "migration");
    }
    e->edits[e->n_edits++] =
        (struct edit){.offset = offset, .end = offset, .column = column, .text = copy};
    return 0;
}

static int no_place(const struct yaml_value *at, const struct yaml_value **ret_at, struct err *err,
                    const char *message, const char *remedy) {
    *ret_at = at;
    err_set(err, ERR_CONFIG_INVALID, "%s", message);
    err_remedy(err, "%s", remedy);
    return -1;
}

static int edit_flow(struct editor *e, const struct mapping_change *change,
                     const struct yaml_value **ret_at, struct err *err) {
    struct buf out BUF_AUTO = BUF_INIT(TEXT_BYTES);
    const struct yaml_value *mapping = change->mapping;
    const struct yaml_value *last = mapping->n > 0 ? &mapping->pairs[mapping->n - 1].value : NULL;
    bool is_json = mapping->n > 0 ? has_quoted_names(e, mapping) : e->layout.is_json;
    bool is_behind = last && !(last->kind == YAML_SCALAR && last->style == YAML_PLAIN &&
                               !last->is_alias && last->text.len == 0);
    if (!mapping->is_alias && byte_at(e, mapping->place.offset) != '{') {
        return no_place(mapping, ret_at, err, "a mapping without braces in a list in brackets",
                        "put it in braces");
    }
    if (!is_behind && mapping->is_alias) {
        return no_place(mapping, ret_at, err, "what the alias stands for has no members",
                        "write the members out");
    }
    struct view indent = is_behind ? own_line_indent(e, mapping) : (struct view){0};
    struct view end_of_line = line_break(e, is_behind ? line_end(e, last->place.end) : 0);
    for (size_t i = 0; i < change->n; i++) {
        if (is_behind) {
            buf_append_char(&out, ',');
            buf_append(&out, indent.data ? end_of_line : VIEW(" "));
            buf_append(&out, indent);
        }
        write_flow(&out, is_json, &change->additions[i]);
        if (!is_behind && (mapping->n > 0 || i + 1 < change->n)) {
            buf_append_str(&out, ", ");
        }
    }
    return add_edit(e, is_behind ? last->place.end : mapping->place.offset + 1, 0, &out, err);
}

static const struct yaml_pair *pair_to_be_behind(const struct mapping_change *change) {
    const struct yaml_value *mapping = change->mapping;
    if (change->behind) {
        return change->behind;
    }
    for (size_t i = mapping->n; i > 0; i--) {
        if (migrate_edit_can_be_behind(&mapping->pairs[i - 1])) {
            return &mapping->pairs[i - 1];
        }
    }
    return &mapping->pairs[mapping->n - 1];
}

static int edit_block(struct editor *e, const struct mapping_change *change, struct err *err) {
    struct buf out BUF_AUTO = BUF_INIT(TEXT_BYTES);
    const struct yaml_pair *pair = pair_to_be_behind(change);
    size_t column = key_column(e, change->mapping->pairs[0].key.place.offset);
    size_t at = line_end(e, pair->value.place.end);
    if (!change->behind && migrate_edit_can_be_behind(pair)) {
        at = skip_comments(e, at, column > 0 ? column : 1);
    }
    struct block_writer w = {.out = &out, .layout = &e->layout, .line_break = line_break(e, at)};
    for (size_t i = 0; i < change->n; i++) {
        new_line(&w, column);
        write_block(&w, column, &change->additions[i]);
    }
    return add_edit(e, at, column, &out, err);
}

static void edit_scalar(struct editor *e, const struct file_change *change) {
    const struct yaml_place *place = &change->replaced->place;
    char first = byte_at(e, place->offset);
    bool in_quotes = !change->replaced->is_alias && (first == '"' || first == '\'');
    e->edits[e->n_edits++] = (struct edit){.offset = place->offset + (in_quotes ? 1 : 0),
                                           .end = place->end - (in_quotes ? 1 : 0),
                                           .text = change->replacement};
}

static int compare_edits(const void *a, const void *b) {
    const struct edit *x = a;
    const struct edit *y = b;
    if (x->offset != y->offset) {
        return x->offset < y->offset ? -1 : 1;
    }
    return x->column == y->column ? 0 : x->column > y->column ? -1 : 1;
}

static int apply(struct editor *e, struct view *ret_text, struct err *err) {
    struct buf out BUF_AUTO = BUF_INIT(TEXT_BYTES);
    size_t from = 0;
    qsort(e->edits, e->n_edits, sizeof(*e->edits), compare_edits);
    for (size_t i = 0; i < e->n_edits; i++) {
        buf_append(&out, view_slice(e->text, from, e->edits[i].offset - from));
        buf_append(&out, e->edits[i].text);
        from = e->edits[i].end;
    }
    buf_append(&out, view_slice(e->text, from, e->text.len));
    if (buf_check(&out, "migration", err) < 0) {
        return -1;
    }
    *ret_text = arena_copy(e->arena, buf_view(&out));
    return ret_text->data ? 0 : err_out_of_memory(err, "migration");
}

int migrate_edit(struct view text, const struct file_change *change, struct arena *arena,
                 struct view *ret_text, const struct yaml_value **ret_at, struct err *err) {
    struct editor e = {.text = text,
                       .root = change->root,
                       .arena = arena,
                       .edits = ARENA_ARRAY(arena, change->n + 1, struct edit)};
    if (!e.edits) {
        return err_out_of_memory(err, "migration");
    }
    learn_layout(&e);
    for (size_t i = 0; i < change->n; i++) {
        const struct mapping_change *mapping = &change->mappings[i];
        int result = mapping->mapping->style == YAML_FLOW ? edit_flow(&e, mapping, ret_at, err)
                                                          : edit_block(&e, mapping, err);
        if (result < 0) {
            return -1;
        }
    }
    if (change->replaced) {
        edit_scalar(&e, change);
    }
    return apply(&e, ret_text, err);
}
