#ifndef SLIPWAY_CLI_ECR_DOCUMENT_H
#define SLIPWAY_CLI_ECR_DOCUMENT_H

/*
 * Policies as they are shown: JSON with two spaces a level, so that a person can read it and a
 * repository can keep it. Pure.
 */

#include "runtime/base/buf.h"
#include "runtime/base/err.h"
#include "runtime/base/view.h"

/* Ceilings of AWS, in characters: a repository's and a registry's policy, a lifecycle policy, a
 * managed policy of IAM (where white space does not count). */
#define DOCUMENT_ECR_POLICY_MAX ((size_t)10240)
#define DOCUMENT_LIFECYCLE_MAX ((size_t)30720)
#define DOCUMENT_IAM_POLICY_MAX ((size_t)6144)

/* What a document may take while it is built. */
#define DOCUMENT_BYTES ((size_t)1024 * 1024)

/* Valid JSON without white space between its values, indented, and a line feed. `out` fails on its
 * own. */
void document_indent(struct view json, struct buf *out);

/* The document, indented if that fits into `limit`, else as it is. -1: ERR_CONFIG_INVALID, "the
 * policy has N characters", if even that does not fit; ERR_OUT_OF_MEMORY. */
ERR_MUST_USE int document_fit(const struct buf *json, size_t limit, const char *what,
                              struct buf *out, struct err *err);

#endif
