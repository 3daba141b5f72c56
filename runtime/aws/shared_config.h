#ifndef SLIPWAY_AWS_SHARED_CONFIG_H
#define SLIPWAY_AWS_SHARED_CONFIG_H

/*
 * The format of the SDKs' two shared files, ~/.aws/config and ~/.aws/credentials: sections in
 * brackets, `key = value` lines, comments, and indented lines that belong to the line above. Pure;
 * all views borrow the text, so that wiping the text wipes the keys in it.
 *
 * The config file has [profile name] and [default] (or [profile default], which wins), the
 * credentials file has [name]. Other sections (sso-session, services) are passed over. Private to
 * credentials.c. AWS SDKs and Tools Reference Guide, "Shared config and credentials files".
 */

#include "runtime/base/err.h"
#include "runtime/base/view.h"

#include <stdbool.h>
#include <stddef.h>

/* Ceiling of a file; real ones are a few KB. */
#define SHARED_CONFIG_MAX_BYTES ((size_t)1024 * 1024)

enum shared_config_kind { SHARED_CONFIG_FILE, SHARED_CREDENTIALS_FILE };

enum shared_config_type {
    SHARED_CONFIG_SECTION,  /* name: what stands between the brackets */
    SHARED_CONFIG_PROPERTY, /* name, value */
    SHARED_CONFIG_NESTED,   /* an indented line that belongs to the property above */
    SHARED_CONFIG_END,
    SHARED_CONFIG_BAD, /* a line that is none of these; reading can go on */
};

struct shared_config_item {
    enum shared_config_type type;
    struct view name;
    struct view value;
};

struct shared_config_reader {
    struct view rest;
    size_t line; /* number of the line that was read last */
    bool has_section;
    bool has_property; /* in this section */
    size_t indent;     /* of the property read last */
};

struct shared_config_reader shared_config_reader(struct view text);
struct shared_config_item shared_config_next(struct shared_config_reader *reader);

/* -1: ERR_CONFIG_INVALID naming the file and the line (never its contents). */
ERR_MUST_USE int shared_config_check(struct view text, const char *file, struct err *err);

bool shared_config_has_profile(struct view text, enum shared_config_kind kind, struct view profile);
/* The property's value, the last one if it is there several times; false when it is absent or
 * empty. Names of properties compare without case. */
bool shared_config_get(struct view text, enum shared_config_kind kind, struct view profile,
                       const char *name, struct view *ret_value);

#endif
