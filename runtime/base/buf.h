#ifndef SLIPWAY_BASE_BUF_H
#define SLIPWAY_BASE_BUF_H

/*
 * A growing byte buffer with a mandatory ceiling, for building text. Appending does not report
 * failure call by call: a buffer that ran out of memory or into its ceiling stays failed, keeps
 * what it had, and buf_check() says so once, at the end. The bytes are always NUL-terminated, so
 * that buf_cstr() is a C string as long as no NUL was appended.
 */

#include "runtime/base/err.h"
#include "runtime/base/view.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
    char *data; /* owned; NULL while empty */
    size_t len; /* bytes in use */
    size_t capacity;
    size_t limit; /* ceiling in bytes, without the NUL */
    bool failed;
    bool over_limit; /* it failed at its ceiling, not for want of memory */
};

#define BUF_INIT(limit_bytes) ((struct buf){.limit = (limit_bytes)})

void buf_init(struct buf *buf, size_t limit_bytes);
/* Frees the memory; the buffer is empty and usable with the same limit afterwards. NULL is fine. */
void buf_release(struct buf *buf);
/* As buf_release(), after overwriting all capacity with zeroes: for secrets. */
void buf_wipe(struct buf *buf);
/* Empties and un-fails the buffer but keeps its memory. */
void buf_clear(struct buf *buf);

/* For `struct buf b __attribute__((cleanup(buf_release)))`. */
#define BUF_AUTO __attribute__((cleanup(buf_release)))
#define BUF_AUTO_WIPE __attribute__((cleanup(buf_wipe)))

void buf_append(struct buf *buf, struct view bytes);
void buf_append_str(struct buf *buf, const char *string);
void buf_append_char(struct buf *buf, char c);
void buf_append_i64(struct buf *buf, int64_t value);
void buf_appendf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Room for `len` more bytes that the caller writes itself, then buf_commit()s; NULL on failure. */
char *buf_reserve(struct buf *buf, size_t len);
void buf_commit(struct buf *buf, size_t len);

struct view buf_view(const struct buf *buf);
const char *buf_cstr(const struct buf *buf);

/* 0, or -1 with ERR_OUT_OF_MEMORY that names `subject` and, if it was that, the ceiling. */
ERR_MUST_USE int buf_check(const struct buf *buf, const char *subject, struct err *err);

#endif
