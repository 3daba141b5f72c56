#include "runtime/aws/xml_list.h"

/* Names and ids are short; a policy that IAM sends back has a few KB. */
#define TEXT_BYTES ((size_t)64 * 1024)

struct xml_list xml_list(struct view document, const char *path) {
    return (struct xml_list){.reader = xml_reader(document), .path = view_of(path)};
}

/* Whether the open elements are those of the path. */
static bool is_at(const struct xml_reader *reader, struct view path) {
    struct view name;
    size_t depth = 0;
    while (view_split(&path, '/', &name)) {
        if (depth == reader->depth || !view_equal(reader->open[depth++], name)) {
            return false;
        }
    }
    return depth == reader->depth;
}

bool xml_list_next(struct xml_list *list, struct view *ret_element) {
    const char *begin = NULL;
    for (;;) {
        const char *before = list->reader.rest.data;
        bool was_inside = begin != NULL && is_at(&list->reader, list->path);
        switch (xml_next(&list->reader).type) {
        case XML_START:
            if (!begin && is_at(&list->reader, list->path)) {
                begin = before;
            }
            break;
        case XML_END:
            if (was_inside) {
                /* A comment may precede the element; a reader of documents passes over it. */
                *ret_element = (struct view){begin, (size_t)(list->reader.rest.data - begin)};
                return true;
            }
            break;
        case XML_TEXT:
        case XML_CDATA:
            break;
        case XML_DONE:
        case XML_BAD:
            return false;
        }
    }
}

size_t xml_list_count(struct view document, const char *path) {
    struct xml_list list = xml_list(document, path);
    struct view element;
    size_t n = 0;
    while (xml_list_next(&list, &element)) {
        n++;
    }
    return n;
}

int xml_member(struct view document, const char *path, struct arena *arena, struct view *ret_text,
               struct err *err) {
    struct buf text BUF_AUTO = BUF_INIT(TEXT_BYTES);
    bool is_there = xml_text(document, path, &text);
    if (text.failed) {
        return buf_check(&text, "answer", err);
    }
    *ret_text = (struct view){0};
    if (is_there && text.len > 0) {
        *ret_text = arena_copy(arena, view_trim(buf_view(&text)));
        return ret_text->data ? 0 : err_out_of_memory(err, "answer");
    }
    return 0;
}

bool xml_member_is_true(struct view document, const char *path) {
    struct xml_list list = xml_list(document, path);
    struct view element;
    struct view text = {0};
    if (!xml_list_next(&list, &element)) {
        return false;
    }
    struct xml_reader reader = xml_reader(element);
    struct xml_token token = xml_next(&reader);
    while (token.type != XML_DONE && token.type != XML_BAD) {
        text = token.type == XML_TEXT ? token.text : text;
        token = xml_next(&reader);
    }
    return view_equal(view_trim(text), VIEW("true"));
}
