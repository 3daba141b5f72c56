#ifndef SLIPWAY_BASE_JSON_WRITE_H
#define SLIPWAY_BASE_JSON_WRITE_H

/*
 * JSON out: a writer over a buf that puts commas and quotes by itself, so that what comes out is
 * well-formed whatever goes in. Bytes that are not valid UTF-8 become U+FFFD. Failure is the
 * buf's: check it once at the end with buf_check().
 *
 *     struct json_writer w = json_writer(&buf);
 *     json_begin_object(&w, NULL);
 *     json_put_string(&w, "status", VIEW("deployed"));
 *     json_end_object(&w);
 *
 * `name` is the member's name inside an object and NULL inside an array or at the root.
 */

#include "runtime/base/buf.h"

#include <stdbool.h>
#include <stdint.h>

struct json_writer {
    struct buf *buf;
    bool comma; /* the next value is preceded by one */
};

struct json_writer json_writer(struct buf *buf);
void json_begin_object(struct json_writer *w, const char *name);
void json_end_object(struct json_writer *w);
void json_begin_array(struct json_writer *w, const char *name);
void json_end_array(struct json_writer *w);
void json_put_string(struct json_writer *w, const char *name, struct view value);
/* The same, left out when the value is empty. */
void json_put_optional(struct json_writer *w, const char *name, struct view value);
void json_put_i64(struct json_writer *w, const char *name, int64_t value);
void json_put_bool(struct json_writer *w, const char *name, bool value);
/* Bytes that already are valid JSON, unchanged. */
void json_put_raw(struct json_writer *w, const char *name, struct view json);

/* Just the quoted, escaped string. */
void json_append_string(struct buf *buf, struct view value);

#endif
