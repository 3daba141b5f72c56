#ifndef SLIPWAY_AWS_SIGV4_CANONICAL_H
#define SLIPWAY_AWS_SIGV4_CANONICAL_H

/*
 * The parts of a canonical request, each in the one form that signer and verifier agree on. Failure
 * is the buffer's. Private to sigv4.c. IAM User Guide, "Elements of an AWS API request signature".
 */

#include "runtime/base/buf.h"
#include "runtime/base/view.h"
#include "runtime/http/http.h"

#include <stdbool.h>
#include <stddef.h>

/* Dot segments and empty segments removed if `normalize`, then everything but unreserved characters
 * and '/' percent-encoded if `encode`: an encoded path is so encoded a second time. */
void sigv4_append_path(struct buf *buf, struct view path, bool normalize, bool encode);

/* Parameters decoded and encoded again, so that it does not matter how they were spelt, and sorted
 * by name, then value. */
void sigv4_append_query(struct buf *buf, struct view query);

/* "name:value\n" for each name, lower-case and sorted; the values of one name joined by ',' in
 * their order; white space trimmed and each run of it one space. Then "\n" and the names joined by
 * ';'. `headers` is sorted in place. */
void sigv4_append_headers(struct buf *buf, struct http_header *headers, size_t n_headers);

#endif
