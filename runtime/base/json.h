#ifndef SLIPWAY_BASE_JSON_H
#define SLIPWAY_BASE_JSON_H

/*
 * JSON in, strictly (RFC 8259): a wrapper of cJSON that takes the whole input or nothing, valid
 * UTF-8 only, names compared with case, no duplicate names, with ceilings on size and depth. What
 * must survive byte for byte goes through json_scan.h instead, never through here: numbers become
 * doubles.
 *
 * A parsed document is one owned tree; values inside are borrowed and live as long as it.
 */

#include "runtime/base/arena.h"
#include "runtime/base/err.h"
#include "runtime/base/view.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json; /* a value; the root owns the document */

enum json_type {
    JSON_NULL,
    JSON_BOOL,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
};

struct json_limits {
    size_t max_bytes;
    size_t max_depth; /* 1: a scalar, or an empty array or object */
};

/* Parses `text`. Errors are ERR_EVENT_MALFORMED with the byte offset, counted from 0, and what was
 * expected there, or ERR_OUT_OF_MEMORY; `subject` names the document in the message ("event",
 * "ECS_SERVICE_MAP"). What json_scan() refuses is refused, and besides: "\u0000", an escape that is
 * half of a surrogate pair, and a number of more than 63 characters. */
ERR_MUST_USE int json_parse(struct view text, const struct json_limits *limits, const char *subject,
                            struct json **ret_root, struct err *err);
void json_free(struct json *root);
void json_freep(struct json **root);
#define JSON_AUTO __attribute__((cleanup(json_freep)))

/* All of these take NULL as "no such value": json_type(NULL) is JSON_NULL, the rest are empty. */
enum json_type json_type(const struct json *value);
const char *json_type_name(enum json_type type); /* "string", "object", … */
struct view json_string(const struct json *value);
double json_number(const struct json *value);
bool json_bool(const struct json *value);
/* True only for an integer that a double tells from its neighbours (|n| < 2^53). */
bool json_to_i64(const struct json *value, int64_t *ret_value);
/* A member of an object, NULL when absent. */
const struct json *json_get(const struct json *object, const char *name);
/* Elements of an array, members of an object, in order. */
size_t json_count(const struct json *value);
const struct json *json_first(const struct json *value);
const struct json *json_next(const struct json *value);
struct view json_name(const struct json *member); /* the name under which an object holds it */

/*
 * Decoding by field table. Each row says where one member goes:
 *
 *     static const struct json_field fields[] = {
 *         JSON_FIELD(struct detail, service, "service", JSON_DECODE_VIEW, JSON_REQUIRED),
 *         JSON_FIELD(struct detail, dry_run, "dry_run", JSON_DECODE_BOOL, 0),
 *     };
 *
 * Strings are copied into the arena (NUL-terminated). An absent member, or null where it is not
 * required, leaves the destination as it was. Unknown members are ignored. Errors are
 * ERR_EVENT_MALFORMED and name the path: "detail.tag: expected string, got array".
 */
enum json_decode {
    JSON_DECODE_VIEW,   /* struct view */
    JSON_DECODE_BOOL,   /* bool */
    JSON_DECODE_I64,    /* int64_t */
    JSON_DECODE_DOUBLE, /* double */
    JSON_DECODE_VALUE,  /* const struct json *, borrowed from the document, of any type */
    JSON_DECODE_OBJECT, /* const struct json *, must be an object */
    JSON_DECODE_ARRAY,  /* const struct json *, must be an array */
};

enum { JSON_REQUIRED = 1 };

struct json_field {
    const char *name;
    enum json_decode type;
    size_t offset;
    unsigned flags;
};

#define JSON_FIELD(struct_type, member, json_name, decode_type, flag_bits)                         \
    { (json_name), (decode_type), offsetof(struct_type, member), (flag_bits) }

/* `path` is put before the names in messages; "" for the root. */
ERR_MUST_USE int json_decode(const struct json *object, const char *path,
                             const struct json_field *fields, size_t n_fields, struct arena *arena,
                             void *ret_struct, struct err *err);

#endif
