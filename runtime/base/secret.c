#include "runtime/base/secret.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void overwrite(struct secret *secret) {
    if (secret->hidden != NULL) {
        explicit_bzero(secret->hidden, secret->hidden_len);
        free(secret->hidden);
    }
    secret->hidden = NULL;
    secret->hidden_len = 0;
}

int secret_set(struct secret *secret, struct view bytes, const char *subject, struct err *err) {
    /* Copied before the old value goes: the bytes may be a part of it. */
    char *copy = NULL;
    if (bytes.len > 0) {
        copy = bytes.len < SIZE_MAX ? malloc(bytes.len + 1) : NULL;
        if (copy == NULL) {
            overwrite(secret);
            return err_out_of_memory(err, subject);
        }
        memcpy(copy, bytes.data, bytes.len);
        copy[bytes.len] = '\0';
    }
    overwrite(secret);
    secret->hidden = copy;
    secret->hidden_len = bytes.len;
    return 0;
}

void secret_wipe(struct secret *secret) {
    if (secret != NULL) {
        overwrite(secret);
    }
}

bool secret_is_empty(const struct secret *secret) {
    return secret->hidden_len == 0;
}

struct view secret_expose(const struct secret *secret) {
    return (struct view){secret->hidden, secret->hidden_len};
}

void secret_overwrite(const void *bytes, size_t len) {
    if (len > 0) {
        explicit_bzero((void *)(uintptr_t)bytes, len);
    }
}
