#ifndef SLIPWAY_BASE_JSON_SCAN_INTERNAL_H
#define SLIPWAY_BASE_JSON_SCAN_INTERNAL_H

/* What json.c, json_scan.c, json_span.c and json_names.c share. Not for other modules. */

#include "runtime/base/json_scan.h"

#include <stdint.h>

/* What is valid JSON but cannot pass through cJSON unharmed. All zero: plain RFC 8259. */
struct json_scan_rules {
    bool no_nul_escape;      /* \u0000, which would end a C string early */
    bool no_lone_surrogate;  /* an escape that is half a character */
    size_t max_number_bytes; /* 0: no ceiling */
};

ERR_MUST_USE int json_scan_with(struct view text, const struct json_limits *limits,
                                const struct json_scan_rules *rules, const char *subject,
                                struct json_span *ret_root, struct err *err);

enum json_type json_type_of_text(struct view value_text);

/* The string at the start of `text`, which begins with a quote, with both quotes. */
struct view json_string_extent(struct view text);

/* Walks the characters of a string, unescaped. */
struct json_unescape {
    struct view rest;
};
struct json_unescape json_unescape(struct view string_text);
/* The next 1 to 4 bytes; 0 at the end. */
size_t json_unescape_next(struct json_unescape *cursor, char ret_bytes[static 4]);

/*
 * The names of the objects that are open at one point of a scan, to find duplicates: those of an
 * object are the last ones when it closes. Up to JSON_NAMES_INLINE names need no allocation.
 */
#define JSON_NAMES_INLINE 256
struct json_name {
    uint32_t hash;   /* of the unescaped name */
    uint32_t offset; /* of its quote in the text */
};
struct json_names {
    struct view text;
    struct json_name *items; /* `inline_items`, or owned */
    uint32_t count;
    uint32_t capacity;
    struct json_name inline_items[JSON_NAMES_INLINE];
};

void json_names_init(struct json_names *names, struct view text);
void json_names_release(struct json_names *names);
/* False when memory ran out. */
bool json_names_push(struct json_names *names, struct view name_text);
/* Forgets the names from `first` on. False when two of them are the same; *ret_offset is that of
 * the first one that repeats another. Takes O(n log n) whatever the names are. */
bool json_names_pop(struct json_names *names, uint32_t first, uint32_t *ret_offset);

#endif
