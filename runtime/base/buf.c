#include "runtime/base/buf.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The first allocation: most lines and headers fit. */
#define BUF_FIRST_BYTES 128
/* realloc() leaves the old bytes behind in freed memory. Up to this size a buffer is moved by hand
 * and its old place overwritten, since it may hold a secret; none is larger. */
#define BUF_CLEAN_MOVE_BYTES ((size_t)64 * 1024)

void buf_init(struct buf *buf, size_t limit_bytes) {
    *buf = BUF_INIT(limit_bytes);
}

void buf_release(struct buf *buf) {
    if (buf == NULL) {
        return;
    }
    free(buf->data);
    buf_init(buf, buf->limit);
}

void buf_wipe(struct buf *buf) {
    if (buf == NULL) {
        return;
    }
    if (buf->data != NULL) {
        explicit_bzero(buf->data, buf->capacity);
    }
    buf_release(buf);
}

void buf_clear(struct buf *buf) {
    buf->len = 0;
    buf->failed = false;
    buf->over_limit = false;
    if (buf->data != NULL) {
        buf->data[0] = '\0';
    }
}

static bool fail(struct buf *buf, bool over_limit) {
    buf->failed = true;
    buf->over_limit = over_limit;
    return false;
}

static bool move_to(struct buf *buf, size_t capacity) {
    if (buf->capacity > BUF_CLEAN_MOVE_BYTES) {
        char *moved = realloc(buf->data, capacity);
        if (moved == NULL) {
            return fail(buf, false);
        }
        buf->data = moved;
        buf->capacity = capacity;
        return true;
    }
    char *fresh = malloc(capacity);
    if (fresh == NULL) {
        return fail(buf, false);
    }
    if (buf->data != NULL) {
        memcpy(fresh, buf->data, buf->len + 1);
        explicit_bzero(buf->data, buf->len);
        free(buf->data);
    } else {
        fresh[0] = '\0';
    }
    buf->data = fresh;
    buf->capacity = capacity;
    return true;
}

static bool grow(struct buf *buf, size_t len) {
    if (buf->failed) {
        return false;
    }
    if (buf->len > buf->limit || len > buf->limit - buf->len) {
        return fail(buf, true);
    }
    if (buf->len + len == SIZE_MAX) {
        return fail(buf, false);
    }
    size_t needed = buf->len + len + 1;
    if (needed <= buf->capacity) {
        return true;
    }
    size_t capacity = buf->capacity > SIZE_MAX / 2 ? SIZE_MAX : buf->capacity * 2;
    if (capacity < BUF_FIRST_BYTES) {
        capacity = BUF_FIRST_BYTES;
    }
    if (buf->limit < SIZE_MAX && capacity > buf->limit + 1) {
        capacity = buf->limit + 1;
    }
    return move_to(buf, capacity < needed ? needed : capacity);
}

/* Room for `len` more bytes and the NUL. */
static inline bool make_room(struct buf *buf, size_t len) {
    bool fits = !buf->failed && len < buf->capacity - buf->len && buf->len + len <= buf->limit;
    return fits || grow(buf, len);
}

void buf_append(struct buf *buf, struct view bytes) {
    if (bytes.len == 0) {
        return;
    }
    /* The bytes may be the buffer's own, which move when it grows. */
    uintptr_t start = (uintptr_t)buf->data;
    uintptr_t source = (uintptr_t)bytes.data;
    bool own = buf->data != NULL && source >= start && source - start <= buf->len;
    if (!make_room(buf, bytes.len) || buf->data == NULL) {
        return;
    }
    memmove(buf->data + buf->len, own ? buf->data + (source - start) : bytes.data, bytes.len);
    buf->len += bytes.len;
    buf->data[buf->len] = '\0';
}

void buf_append_str(struct buf *buf, const char *string) {
    buf_append(buf, view_of(string));
}

void buf_append_char(struct buf *buf, char c) {
    if (!make_room(buf, 1)) {
        return;
    }
    buf->data[buf->len++] = c;
    buf->data[buf->len] = '\0';
}

void buf_append_i64(struct buf *buf, int64_t value) {
    char digits[sizeof("-9223372036854775808")];
    size_t at = sizeof(digits);
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0) {
        digits[--at] = '-';
    }
    buf_append(buf, (struct view){digits + at, sizeof(digits) - at});
}

void buf_appendf(struct buf *buf, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    va_list again;
    va_copy(again, arguments);
    int len = vsnprintf(NULL, 0, format, arguments);
    if (len < 0) {
        fail(buf, false);
    } else if (make_room(buf, (size_t)len)) {
        vsnprintf(buf->data + buf->len, (size_t)len + 1, format, again);
        buf->len += (size_t)len;
    }
    va_end(again);
    va_end(arguments);
}

char *buf_reserve(struct buf *buf, size_t len) {
    return make_room(buf, len) ? buf->data + buf->len : NULL;
}

void buf_commit(struct buf *buf, size_t len) {
    if (buf->failed || buf->data == NULL || len >= buf->capacity - buf->len) {
        /* More than was reserved: the bytes are beyond the buffer already, or nothing was. */
        if (len > 0) {
            fail(buf, false);
        }
        return;
    }
    buf->len += len;
    buf->data[buf->len] = '\0';
}

struct view buf_view(const struct buf *buf) {
    return (struct view){buf_cstr(buf), buf->len};
}

const char *buf_cstr(const struct buf *buf) {
    return buf->data != NULL ? buf->data : "";
}

int buf_check(const struct buf *buf, const char *subject, struct err *err) {
    if (!buf->failed) {
        return 0;
    }
    if (buf->over_limit) {
        return err_set(err, ERR_OUT_OF_MEMORY, "'%s' is larger than its ceiling of %zu bytes",
                       subject, buf->limit);
    }
    return err_out_of_memory(err, subject);
}
