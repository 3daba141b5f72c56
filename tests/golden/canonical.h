#ifndef SLIPWAY_TESTS_GOLDEN_CANONICAL_H
#define SLIPWAY_TESTS_GOLDEN_CANONICAL_H

/*
 * JSON one member a line, so that people can read it and two of them can be compared line by line.
 * Strings are unescaped and escaped again; numbers stay as they are spelt.
 */

#include "runtime/base/arena.h"
#include "runtime/base/err.h"
#include "runtime/base/json_scan.h"
#include "runtime/base/view.h"

/* Deepest document, and longest. */
#define GOLDEN_MAX_DEPTH 128
#define GOLDEN_MAX_BYTES ((size_t)16 * 1024 * 1024)

/* Scans a whole document; `subject` names it in the message. */
ERR_MUST_USE int golden_scan(struct view text, const char *subject, struct json_span *ret_root,
                             struct err *err);

/* The text in lines that end with '\n'; with `sorted`, members are in the order of their names. */
ERR_MUST_USE int canonical_json(struct json_span root, bool sorted, struct arena *arena,
                                struct view *ret_text, struct err *err);

/* Whether `got` has all that `wanted` has: members of objects may be more, elements of arrays may
 * not. */
bool json_is_subset(struct json_span wanted, struct json_span got, struct arena *arena);

/* To stdout: the lines in which the two differ, with a few around them. */
void print_difference(struct view expected, struct view got);

#endif
