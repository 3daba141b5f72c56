#ifndef SLIPWAY_BASE_SECRET_H
#define SLIPWAY_BASE_SECRET_H

/*
 * A secret: bytes that must not reach a log, a message or an error, and that are overwritten when
 * they are done with. The type is the protection: nothing that prints takes a struct secret, and
 * the one way to its bytes is named so that a reviewer can find each use.
 */

#include "runtime/base/err.h"
#include "runtime/base/view.h"

struct secret {
    char *hidden; /* owned */
    size_t hidden_len;
};

#define SECRET_AUTO __attribute__((cleanup(secret_wipe)))

/* Copies `bytes`; an older value is wiped first. `subject` names it in an ERR_OUT_OF_MEMORY. */
ERR_MUST_USE int secret_set(struct secret *secret, struct view bytes, const char *subject,
                            struct err *err);
/* Overwrites, frees, empties. NULL is fine. */
void secret_wipe(struct secret *secret);
bool secret_is_empty(const struct secret *secret);
/* The bytes, for signing and for the request they belong to, and for nothing else. */
struct view secret_expose(const struct secret *secret);

/* Overwrites bytes that held a secret elsewhere: an answer, a request. */
void secret_overwrite(const void *bytes, size_t len);

#endif
