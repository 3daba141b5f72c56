#ifndef SLIPWAY_CLI_YAML_YAML_H
#define SLIPWAY_CLI_YAML_YAML_H

/*
 * YAML 1.1 in (libyaml), as a tree that knows where each value stands in its file: so that a
 * problem can be told with line and column, and a line can be inserted without touching the rest.
 *
 * One document, UTF-8, at most YAML_MAX_BYTES. Refused, with line and column: what is not YAML,
 * more than one document, a mapping with a key twice, a key that is not a scalar, an alias without
 * its anchor or inside of it, more than YAML_MAX_DEPTH levels or YAML_MAX_VALUES values, both with
 * aliases followed (a "billion laughs" file), and more than YAML_MAX_ANCHORS anchors.
 */

#include "runtime/base/arena.h"
#include "runtime/base/err.h"
#include "runtime/base/view.h"

#include <stdbool.h>
#include <stddef.h>

#define YAML_MAX_BYTES ((size_t)1024 * 1024)
#define YAML_MAX_DEPTH 64
#define YAML_MAX_VALUES ((size_t)100000)
#define YAML_MAX_ANCHORS 1000

enum yaml_kind { YAML_NOTHING, YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING };
enum yaml_style { YAML_PLAIN, YAML_QUOTED, YAML_BLOCK_TEXT, YAML_BLOCK, YAML_FLOW };

/* Where a value begins and ends in the file's bytes. */
struct yaml_place {
    size_t line, column; /* from 1; columns count characters, without a byte order mark */
    size_t offset;       /* of its first byte (behind an anchor and a tag) */
    /* Of the byte behind its last one: of a block's last value, without the line's end and what
     * follows there; of an alias: behind the alias. Nothing ("key:") lies behind its colon. */
    size_t end;
};

struct yaml_value {
    enum yaml_kind kind;
    enum yaml_style style; /* a plain scalar behind !!str is YAML_QUOTED: text, whatever it says */
    bool is_alias;         /* it stands at `place` as *name; what it holds stands elsewhere */
    struct yaml_place place;
    struct view text;         /* of a scalar, decoded */
    struct yaml_pair *pairs;  /* of a mapping, in the file's order */
    struct yaml_value *items; /* of a sequence */
    size_t n;                 /* of either */
};

struct yaml_pair {
    struct yaml_value key;
    struct yaml_value value;
};

/* An empty file is YAML_NOTHING. Everything lives in the arena; `text` has to stay. -1:
 * ERR_CONFIG_INVALID, with the place apart from the message (line and column are 0 where there is
 * none); ERR_OUT_OF_MEMORY. */
ERR_MUST_USE int yaml_parse(struct view text, struct arena *arena, struct yaml_value *ret_root,
                            struct yaml_place *ret_fault, struct err *err);

/* A mapping's value, NULL when absent or when it is no mapping. `<<` merges are not followed. */
const struct yaml_value *yaml_get(const struct yaml_value *mapping, const char *key);
/* The same with `<<` followed: a key of the mapping's own counts first, then those of the mappings
 * merged, in their order. */
const struct yaml_value *yaml_get_merged(const struct yaml_value *mapping, const char *key);
/* Null as YAML 1.1 spells it: plain "", "~", "null", "Null", "NULL". NULL is, too. */
bool yaml_is_null(const struct yaml_value *value);

#endif
