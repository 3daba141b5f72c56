#ifndef SLIPWAY_BASE_JSON_SCAN_H
#define SLIPWAY_BASE_JSON_SCAN_H

/*
 * A validating JSON scanner that yields spans of the input instead of values, so that a document
 * can be changed in one place and stay the same, byte for byte, in all others (number spelling,
 * escapes, order, white space, members nobody knows).
 *
 * json_scan() checks the whole text once; every span that comes out of it is valid JSON, so that
 * the iterators below cannot fail. A scan does not recurse, and allocates only when the objects
 * that are open at one point have more than 256 members together.
 */

#include "runtime/base/arena.h"
#include "runtime/base/err.h"
#include "runtime/base/json.h"
#include "runtime/base/view.h"

/* A valid value inside a scanned text, without surrounding white space. */
struct json_span {
    struct view text;
    enum json_type type;
};

/* The whole of `text` as one value, white space around it allowed. Errors are ERR_EVENT_MALFORMED
 * with the byte offset, counted from 0, or ERR_OUT_OF_MEMORY; `subject` names the document. No more
 * of the text than one character, or a name that stands twice, is put into a message. No document
 * may nest deeper than 512, whatever `limits` says. Valid UTF-8 is required; a lone surrogate
 * escape is accepted as AWS accepts it, since it is never decoded here but on request. Duplicate
 * names in an object are an error: which one counts would be anybody's guess. */
ERR_MUST_USE int json_scan(struct view text, const struct json_limits *limits, const char *subject,
                           struct json_span *ret_root, struct err *err);

/* Members of an object in order. */
struct json_member {
    struct view name_text; /* with the quotes, as spelt */
    struct json_span value;
    struct view text; /* from the name's quote to the value's end */
};
struct json_iterator {
    struct view rest;
};
struct json_iterator json_iterate(struct json_span container); /* empty for scalars */
bool json_next_member(struct json_iterator *iterator, struct json_member *ret_member);
bool json_next_element(struct json_iterator *iterator, struct json_span *ret_element);

/* The member of that name (escapes in the text are honoured); false when absent. */
bool json_find(struct json_span object, const char *name, struct json_span *ret_value);

/* Whether a string span (or a member's name_text) spells exactly `value` after unescaping. */
bool json_span_equals(struct view string_text, struct view value);
/* The unescaped contents, in the arena. A lone surrogate becomes U+FFFD. -1: ERR_OUT_OF_MEMORY. */
ERR_MUST_USE int json_span_string(struct json_span string, struct arena *arena,
                                  struct view *ret_value, struct err *err);
/* As json_span_string() of the named member; absent or not a string: the empty view. */
ERR_MUST_USE int json_find_string(struct json_span object, const char *name, struct arena *arena,
                                  struct view *ret_value, struct err *err);

#endif
