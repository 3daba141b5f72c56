#include "runtime/aws/xml.h"

#include "runtime/base/utf8.h"

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_name_start(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':' ||
           (unsigned char)c >= 0x80;
}

static bool is_name(char c) {
    return is_name_start(c) || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

static void skip(struct view *rest, size_t n) {
    *rest = view_slice(*rest, n, rest->len);
}

static void skip_space(struct view *rest) {
    while (rest->len > 0 && is_space(rest->data[0])) {
        skip(rest, 1);
    }
}

static bool take(struct view *rest, struct view literal) {
    if (!view_starts_with(*rest, literal)) {
        return false;
    }
    skip(rest, literal.len);
    return true;
}

/* All up to `end`, which is taken off too; false when it does not come. */
static bool take_until(struct view *rest, struct view end, struct view *ret_text) {
    for (size_t i = 0; i + end.len <= rest->len; i++) {
        if (view_equal(view_slice(*rest, i, end.len), end)) {
            *ret_text = view_slice(*rest, 0, i);
            skip(rest, i + end.len);
            return true;
        }
    }
    return false;
}

static bool take_name(struct view *rest, struct view *ret_name) {
    size_t len = 0;
    while (len < rest->len &&
           (len == 0 ? is_name_start(rest->data[0]) : is_name(rest->data[len]))) {
        len++;
    }
    *ret_name = view_slice(*rest, 0, len);
    skip(rest, len);
    return len > 0;
}

/* name = "value": what is in it is of no interest. */
static bool skip_attribute(struct view *rest) {
    struct view ignored;
    if (!take_name(rest, &ignored)) {
        return false;
    }
    skip_space(rest);
    if (!take(rest, VIEW("="))) {
        return false;
    }
    skip_space(rest);
    bool is_single = view_starts_with(*rest, VIEW("'"));
    if (!is_single && !view_starts_with(*rest, VIEW("\""))) {
        return false;
    }
    skip(rest, 1);
    return take_until(rest, is_single ? VIEW("'") : VIEW("\""), &ignored) &&
           !view_contains_char(ignored, '<');
}

static struct xml_token bad(struct xml_reader *reader) {
    reader->is_bad = true;
    return (struct xml_token){.type = XML_BAD};
}

static struct xml_token end_element(struct xml_reader *reader) {
    reader->depth--;
    return (struct xml_token){XML_END, reader->open[reader->depth]};
}

/* Behind '<'. */
static struct xml_token start_tag(struct xml_reader *reader) {
    struct view name;
    if (!take_name(&reader->rest, &name) || reader->depth == XML_MAX_DEPTH ||
        (reader->depth == 0 && reader->has_root)) {
        return bad(reader);
    }
    for (;;) {
        struct view before = reader->rest;
        skip_space(&reader->rest);
        if (take(&reader->rest, VIEW("/>"))) {
            reader->is_empty_element = true;
            break;
        }
        if (take(&reader->rest, VIEW(">"))) {
            break;
        }
        if (before.len == reader->rest.len || !skip_attribute(&reader->rest)) {
            return bad(reader);
        }
    }
    reader->has_root = true;
    reader->open[reader->depth++] = name;
    return (struct xml_token){XML_START, name};
}

/* Behind '</'. */
static struct xml_token end_tag(struct xml_reader *reader) {
    struct view name;
    if (!take_name(&reader->rest, &name)) {
        return bad(reader);
    }
    skip_space(&reader->rest);
    if (!take(&reader->rest, VIEW(">")) || reader->depth == 0 ||
        !view_equal(name, reader->open[reader->depth - 1])) {
        return bad(reader);
    }
    return end_element(reader);
}

static struct xml_token text(struct xml_reader *reader) {
    size_t len = 0;
    while (len < reader->rest.len && reader->rest.data[len] != '<') {
        len++;
    }
    struct xml_token token = {XML_TEXT, view_slice(reader->rest, 0, len)};
    skip(&reader->rest, len);
    return token;
}

struct xml_reader xml_reader(struct view document) {
    struct xml_reader reader = {.rest = document, .is_bad = document.len > XML_MAX_BYTES};
    (void)take(&reader.rest, VIEW("\xef\xbb\xbf"));
    return reader;
}

/* Comments and processing instructions, and white space around the root. */
static void skip_misc(struct xml_reader *reader) {
    struct view ignored;
    for (;;) {
        if (reader->depth == 0) {
            skip_space(&reader->rest);
        }
        bool is_comment = take(&reader->rest, VIEW("<!--"));
        if (!is_comment && !take(&reader->rest, VIEW("<?"))) {
            return;
        }
        if (!take_until(&reader->rest, is_comment ? VIEW("-->") : VIEW("?>"), &ignored)) {
            reader->is_bad = true;
            return;
        }
    }
}

struct xml_token xml_next(struct xml_reader *reader) {
    struct xml_token token = {.type = XML_CDATA};
    if (reader->is_empty_element) {
        reader->is_empty_element = false;
        return end_element(reader);
    }
    if (!reader->is_bad) {
        skip_misc(reader);
    }
    if (reader->is_bad) {
        return bad(reader);
    }
    if (reader->rest.len == 0) {
        token.type = XML_DONE;
        return reader->depth == 0 && reader->has_root ? token : bad(reader);
    }
    if (reader->depth > 0 && take(&reader->rest, VIEW("<![CDATA["))) {
        return take_until(&reader->rest, VIEW("]]>"), &token.text) ? token : bad(reader);
    }
    if (take(&reader->rest, VIEW("</"))) {
        return end_tag(reader);
    }
    if (take(&reader->rest, VIEW("<"))) {
        return start_tag(reader);
    }
    return reader->depth > 0 ? text(reader) : bad(reader);
}

bool xml_is_well_formed(struct view document) {
    struct xml_reader reader = xml_reader(document);
    struct xml_token token;
    do {
        token = xml_next(&reader);
    } while (token.type != XML_DONE && token.type != XML_BAD);
    return token.type == XML_DONE;
}

/* #10 or #x1F600 as UTF-8. */
static bool append_reference(struct view digits, struct buf *buf) {
    bool is_hex = view_starts_with(digits, VIEW("x"));
    uint32_t base = is_hex ? 16 : 10;
    uint32_t code = 0;
    char bytes[4];
    if (is_hex) {
        skip(&digits, 1);
    }
    if (digits.len == 0 || digits.len > 7) {
        return false;
    }
    for (size_t i = 0; i < digits.len; i++) {
        char c = digits.data[i];
        uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a') + 10
                         : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A') + 10
                                                : 16;
        if (digit >= base) {
            return false;
        }
        code = code * base + digit;
    }
    bool is_allowed = code == '\t' || code == '\n' || code == '\r' ||
                      (code >= 0x20 && code < 0xD800) || (code >= 0xE000 && code <= 0x10FFFF);
    if (!is_allowed) {
        return false;
    }
    buf_append(buf, (struct view){bytes, utf8_encode(code, bytes)});
    return true;
}

static bool append_entity(struct view name, struct buf *buf) {
    static const struct {
        const char *name;
        char meaning;
    } entities[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
    if (view_starts_with(name, VIEW("#"))) {
        return append_reference(view_slice(name, 1, name.len), buf);
    }
    for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++) {
        if (view_equal(name, view_of(entities[i].name))) {
            buf_append_char(buf, entities[i].meaning);
            return true;
        }
    }
    return false;
}

bool xml_unescape(struct view raw, struct buf *buf) {
    struct view before;
    struct view name;
    while (view_cut(raw, '&', &before, &raw)) {
        buf_append(buf, before);
        if (!view_cut(raw, ';', &name, &raw) || !append_entity(name, buf)) {
            return false;
        }
    }
    buf_append(buf, raw);
    return true;
}

/* Follows a path through the elements: how many of its names the open elements match. */
struct path_match {
    struct view names[XML_MAX_DEPTH];
    size_t n_names;
};

static bool path_split(const char *path, struct path_match *ret_match) {
    struct view rest = view_of(path);
    struct view name;
    ret_match->n_names = 0;
    while (view_split(&rest, '/', &name)) {
        if (ret_match->n_names == XML_MAX_DEPTH) {
            return false;
        }
        ret_match->names[ret_match->n_names++] = name;
    }
    return ret_match->n_names > 0;
}

static bool is_at(const struct xml_reader *reader, const struct path_match *match) {
    if (reader->depth != match->n_names) {
        return false;
    }
    for (size_t i = 0; i < reader->depth; i++) {
        if (!view_equal(reader->open[i], match->names[i])) {
            return false;
        }
    }
    return true;
}

bool xml_text(struct view document, const char *path, struct buf *buf) {
    struct xml_reader reader = xml_reader(document);
    struct path_match match;
    size_t n_found = 0;
    if (!path_split(path, &match)) {
        return false;
    }
    for (;;) {
        struct xml_token token = xml_next(&reader);
        switch (token.type) {
        case XML_START:
            n_found += is_at(&reader, &match);
            break;
        case XML_TEXT:
            if (is_at(&reader, &match) && !xml_unescape(token.text, buf)) {
                return false;
            }
            break;
        case XML_CDATA:
            if (is_at(&reader, &match)) {
                buf_append(buf, token.text);
            }
            break;
        case XML_END:
            break;
        case XML_DONE:
            return n_found == 1 && !buf->failed;
        case XML_BAD:
            return false;
        }
    }
}
