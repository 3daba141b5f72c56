#ifndef SLIPWAY_LAMBDA_ERROR_DOCUMENT_H
#define SLIPWAY_LAMBDA_ERROR_DOCUMENT_H

/*
 * struct err -> what the Runtime API is told of it: the body, the error type, and the cause that
 * X-Ray shows. Pure.
 *
 * AWS Lambda Developer Guide, "Using the Lambda runtime API for custom runtimes" (Invocation error,
 * Initialization error); AWS X-Ray Developer Guide, "X-Ray segment documents" (cause).
 */

#include "runtime/base/buf.h"
#include "runtime/base/err.h"
#include "runtime/base/view.h"

#include <stddef.h>

/* Lambda cuts an X-Ray cause at 64 KiB, which would leave broken JSON. */
#define ERROR_DOCUMENT_CAUSE_BYTES ((size_t)64 * 1024 - 1)
/* A message and a remedy at their ceilings, every byte of them escaped as \u00XX. */
#define ERROR_DOCUMENT_BODY_BYTES ((size_t)32 * 1024)

/* Where the document is built; kept from one to the next, so that memory is reused. */
struct error_document {
    struct buf message;
    struct buf body;
    struct buf type;
    struct buf cause;
};

#define ERROR_DOCUMENT_INIT                                                                        \
    ((struct error_document){                                                                      \
        .message = BUF_INIT(ERR_MESSAGE_BYTES + ERR_REMEDY_BYTES + 16),                            \
        .body = BUF_INIT(ERROR_DOCUMENT_BODY_BYTES),                                               \
        .type = BUF_INIT(64),                                                                      \
        .cause = BUF_INIT(ERROR_DOCUMENT_CAUSE_BYTES),                                             \
    })

void error_document_release(struct error_document *document);

/* What is posted; borrowed from the document, or constant when memory ran out for building it. */
struct error_document_view {
    struct view body; /* {"errorMessage":"…; remedy: …","errorType":"Function.…","stackTrace":[]} */
    struct view type;  /* for Lambda-Runtime-Function-Error-Type: "Function.<Code>" */
    struct view cause; /* for Lambda-Runtime-Function-XRay-Error-Cause: one line of ASCII; may be
                          empty, then the header is left out */
};

struct error_document_view error_document_build(struct error_document *document,
                                                const struct err *error);

#endif
