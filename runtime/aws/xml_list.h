#ifndef SLIPWAY_AWS_XML_LIST_H
#define SLIPWAY_AWS_XML_LIST_H

/*
 * The repeated elements of a query protocol's answer, one by one, each as a document of its own
 * that xml_text() reads. Pure; views borrow the document. Private to runtime/aws.
 *
 *     struct xml_list list = xml_list(answer, "DescribeSubnetsResponse/subnetSet/item");
 *     struct view item;
 *     while (xml_list_next(&list, &item)) …           "<item><subnetId>…</subnetId></item>"
 */

#include "runtime/aws/xml.h"
#include "runtime/base/arena.h"
#include "runtime/base/err.h"

struct xml_list {
    struct xml_reader reader;
    struct view path;
};
/* `path` is borrowed. */
struct xml_list xml_list(struct view document, const char *path);
/* False behind the last one, and at what is not well-formed. */
bool xml_list_next(struct xml_list *list, struct view *ret_element);
/* How many there are. */
size_t xml_list_count(struct view document, const char *path);

/* The trimmed text of the element at `path`, in the arena; absent (or there twice): empty. -1:
 * ERR_OUT_OF_MEMORY. */
ERR_MUST_USE int xml_member(struct view document, const char *path, struct arena *arena,
                            struct view *ret_text, struct err *err);
/* Whether that text is "true". */
bool xml_member_is_true(struct view document, const char *path);

#endif
