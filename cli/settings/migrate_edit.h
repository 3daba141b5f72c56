#ifndef SLIPWAY_CLI_SETTINGS_MIGRATE_EDIT_H
#define SLIPWAY_CLI_SETTINGS_MIGRATE_EDIT_H

/*
 * New members for mappings of a YAML file, written as the file itself is written, and the text with
 * them put in. Pure. Not a byte of what was there is changed, but for one scalar at most: the
 * version.
 *
 * In a block the members come on lines of their own, behind a line that is complete, ended as that
 * line is; indented as the mapping's keys, and inside as the file's first nested mapping and list
 * are. In braces they come behind the last member, on a line of their own if that one has one; with
 * names in quotes where the names there are in quotes, so that JSON stays JSON. A mapping that
 * stands behind an alias is changed where its anchor is.
 */

#include "cli/yaml/yaml.h"
#include "runtime/base/arena.h"
#include "runtime/base/err.h"
#include "runtime/base/view.h"

#include <stdbool.h>
#include <stddef.h>

struct addition;

struct addition_value {
    enum yaml_kind kind;      /* a scalar, a mapping, or a list of mappings */
    struct view text;         /* of a scalar */
    bool is_number;           /* written without quotes */
    struct addition *members; /* of a mapping */
    struct addition_value *items;
    size_t n; /* of either */
};

struct addition {
    const char *name;
    struct addition_value value;
};

/* What one mapping gets. */
struct mapping_change {
    const struct yaml_value *mapping;
    const struct yaml_pair *behind; /* in a block: put behind this one; NULL: at the end */
    struct addition *additions;
    size_t n;
};

/* Where the mapping's first key is, wherever an alias of it stands: changes are of one mapping if
 * this is the same. */
size_t mapping_change_offset(const struct mapping_change *change);
int mapping_change_compare(const void *a, const void *b); /* for qsort(3): in the file's order */

/* All that a file gets. */
struct file_change {
    const struct yaml_value *root;
    struct mapping_change *mappings; /* in the file's order, each mapping once */
    size_t n;
    const struct yaml_value *replaced; /* a scalar of the tree, or NULL */
    struct view replacement;           /* its text */
};

/* Whether lines can be put behind the pair: it does not end with a block of text, of which blank
 * lines that follow may be a part. */
bool migrate_edit_can_be_behind(const struct yaml_pair *pair);

/* -1: ERR_CONFIG_INVALID where there is no place for a member (*ret_at is the value it is about);
 * ERR_OUT_OF_MEMORY. */
ERR_MUST_USE int migrate_edit(struct view text, const struct file_change *change,
                              struct arena *arena, struct view *ret_text,
                              const struct yaml_value **ret_at, struct err *err);

/* Whether the new tree is the old one with the change and nothing else; else *ret_at is the first
 * value of the old tree that is not as it should be. */
bool migrate_edit_is_exact(const struct yaml_value *old_root, const struct yaml_value *new_root,
                           const struct file_change *change, const struct yaml_value **ret_at);

#endif
