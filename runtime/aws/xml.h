#ifndef SLIPWAY_AWS_XML_H
#define SLIPWAY_AWS_XML_H

/*
 * As much XML as the query protocols of AWS answer with: elements, text, CDATA, the five entities
 * and character references. A document type declaration is refused, and with it every entity that
 * could grow. Pure; nothing is allocated but the text that is asked for. Private to runtime/aws.
 * W3C, "Extensible Markup Language (XML) 1.0".
 */

#include "runtime/base/buf.h"
#include "runtime/base/view.h"

#include <stdbool.h>
#include <stddef.h>

/* Ceilings: answers of STS are a few KB and four levels deep. */
#define XML_MAX_BYTES ((size_t)1024 * 1024)
#define XML_MAX_DEPTH 16

enum xml_token_type {
    XML_START, /* text: the element's name */
    XML_END,   /* the same; an empty element has both */
    XML_TEXT,  /* raw: entities are as they are spelt */
    XML_CDATA, /* text as it is meant */
    XML_DONE,  /* the document ended, well-formed */
    XML_BAD,   /* not well-formed, too large or too deep; for ever after */
};

struct xml_token {
    enum xml_token_type type;
    struct view text; /* borrows the document */
};

struct xml_reader {
    struct view rest;
    struct view open[XML_MAX_DEPTH]; /* names of the elements around */
    size_t depth;
    bool is_empty_element; /* its end is due */
    bool has_root;
    bool is_bad;
};

struct xml_reader xml_reader(struct view document);
struct xml_token xml_next(struct xml_reader *reader);

/* Whether the whole document can be read, its text aside. */
bool xml_is_well_formed(struct view document);

/* Appends `raw` with its entities resolved; false for one that is not known. */
bool xml_unescape(struct view raw, struct buf *buf);

/* Appends the text of the one element at a path of names ("ErrorResponse/Error/Code"), unescaped.
 * False when the document is not well-formed, has no such element or more than one, or the buffer
 * failed. */
bool xml_text(struct view document, const char *path, struct buf *buf);

#endif
