#include "cli/yaml/yaml_text.h"

#include "runtime/base/ascii.h"
#include "runtime/base/utf8.h"

#define BYTE_ORDER_MARK VIEW("\xEF\xBB\xBF")

static int refuse(struct err *err, const char *what) {
    err_set(err, ERR_CONFIG_INVALID, "%s", what);
    err_remedy(err, "save the file as UTF-8");
    return -1;
}

static bool is_utf16(struct view bytes) {
    return view_starts_with(bytes, VIEW("\xFF\xFE")) || view_starts_with(bytes, VIEW("\xFE\xFF"));
}

/* A line ends with LF, CR LF or CR. */
static bool ends_line(struct view bytes, size_t at) {
    return bytes.data[at] == '\n' ||
           (bytes.data[at] == '\r' && (at + 1 == bytes.len || bytes.data[at + 1] != '\n'));
}

int yaml_text_init(struct view bytes, struct arena *arena, struct yaml_text *ret_text,
                   struct yaml_place *ret_fault, struct err *err) {
    struct yaml_text text = {.bytes = bytes, .n_lines = 1};
    *ret_fault = (struct yaml_place){.line = 1, .column = 1};
    if (is_utf16(bytes)) {
        return refuse(err, "the file is UTF-16 or binary, not UTF-8");
    }
    text.start = view_starts_with(bytes, BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.len : 0;
    text.characters = ARENA_ARRAY(arena, bytes.len + 1, uint32_t);
    text.lines = ARENA_ARRAY(arena, bytes.len + 1, uint32_t);
    if (!text.characters || !text.lines) {
        return err_out_of_memory(err, "the text of a file");
    }
    text.lines[0] = (uint32_t)text.start;
    for (size_t at = text.start; at < bytes.len;) {
        size_t n = utf8_sequence(view_slice(bytes, at, bytes.len));
        text.characters[text.n_characters] = (uint32_t)at;
        if (n == 0) {
            *ret_fault = yaml_text_place(&text, at, at);
            return refuse(err, "the file is not UTF-8 here");
        }
        text.n_characters++;
        if (ends_line(bytes, at) && at + 1 < bytes.len) {
            text.lines[text.n_lines++] = (uint32_t)(at + 1);
        }
        at += n;
    }
    text.characters[text.n_characters] = (uint32_t)bytes.len;
    *ret_text = text;
    return 0;
}

size_t yaml_text_offset(const struct yaml_text *text, size_t character) {
    return text->characters[character < text->n_characters ? character : text->n_characters];
}

/* The number of the last one that begins at or before the offset. */
static size_t find(const uint32_t *starts, size_t n, size_t offset) {
    size_t low = 0;
    while (n > 1) {
        size_t half = n / 2;
        if (starts[low + half] <= offset) {
            low += half;
        }
        n -= half;
    }
    return low;
}

struct yaml_place yaml_text_place(const struct yaml_text *text, size_t offset, size_t end) {
    size_t at = offset;
    if (at == text->bytes.len && at > text->start && text->bytes.data[at - 1] == '\n') {
        at--;
    }
    if (at == text->bytes.len && at > text->start && text->bytes.data[at - 1] == '\r') {
        at--;
    }
    if (at + 1 == text->bytes.len && at > text->start && text->bytes.data[at] == '\n' &&
        text->bytes.data[at - 1] == '\r') {
        at--;
    }
    size_t line = find(text->lines, text->n_lines, at);
    size_t first = find(text->characters, text->n_characters + 1, text->lines[line]);
    size_t character = find(text->characters, text->n_characters + 1, at);
    return (struct yaml_place){
        .line = line + 1, .column = character - first + 1, .offset = offset, .end = end};
}

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* How many bytes of a line's end are there, or 0: to libyaml also U+0085, U+2028 and U+2029. */
static size_t break_bytes(struct view bytes, size_t at) {
    static const struct view breaks[] = {
        {"\n", 1}, {"\r", 1}, {"\xC2\x85", 2}, {"\xE2\x80\xA8", 3}, {"\xE2\x80\xA9", 3}};
    struct view rest = view_slice(bytes, at, bytes.len);
    for (size_t i = 0; i < sizeof(breaks) / sizeof(breaks[0]); i++) {
        if (view_starts_with(rest, breaks[i])) {
            return breaks[i].len;
        }
    }
    return 0;
}

static bool is_blank(struct view bytes, size_t at) {
    return at < bytes.len && (bytes.data[at] == ' ' || bytes.data[at] == '\t');
}

/* Behind white space, comments, and marks of byte order that begin a line. */
static size_t skip_space(struct view bytes, size_t at) {
    for (;;) {
        size_t n_break = break_bytes(bytes, at);
        if (n_break > 0) {
            at += n_break;
            bool has_mark = view_starts_with(view_slice(bytes, at, bytes.len), BYTE_ORDER_MARK);
            at += has_mark ? BYTE_ORDER_MARK.len : 0;
        } else if (is_blank(bytes, at)) {
            at++;
        } else if (at < bytes.len && bytes.data[at] == '#') {
            while (at < bytes.len && break_bytes(bytes, at) == 0) {
                at++;
            }
        } else {
            return at;
        }
    }
}

static bool is_of_anchor(char c) {
    return ascii_is_alphanumeric(c) || c == '_' || c == '-';
}

/* An anchor ends with its name, and what is right behind may be a value: "&a:b" is ":b". A tag goes
 * on to a blank, or to a comma or a bracket. */
static bool goes_on(struct view bytes, size_t at, char first, bool is_verbatim) {
    if (first == '&') {
        return is_of_anchor(bytes.data[at]);
    }
    return !is_blank(bytes, at) && break_bytes(bytes, at) == 0 &&
           (is_verbatim || !view_contains_char(VIEW(",[]{}"), bytes.data[at]));
}

/* Behind an anchor or a tag, where there is one. */
static size_t skip_property(struct view bytes, size_t at) {
    if (at >= bytes.len || (bytes.data[at] != '&' && bytes.data[at] != '!')) {
        return at;
    }
    char first = bytes.data[at++];
    bool is_verbatim = first == '!' && at < bytes.len && bytes.data[at] == '<';
    while (at < bytes.len && goes_on(bytes, at, first, is_verbatim)) {
        at++;
    }
    return at;
}

size_t yaml_text_skip_properties(const struct yaml_text *text, size_t offset, int n_properties) {
    for (; n_properties > 0; n_properties--) {
        offset = skip_space(text->bytes, skip_property(text->bytes, offset));
    }
    return offset;
}

size_t yaml_text_trim(const struct yaml_text *text, size_t offset, size_t end) {
    while (end > offset && is_space(text->bytes.data[end - 1])) {
        end--;
    }
    return end;
}
