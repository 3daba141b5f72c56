/*
 * The proof that a migration lost nothing: both trees, walked side by side. The walk ends: the
 * trees do, as deep as YAML_MAX_DEPTH and with no more than YAML_MAX_VALUES values.
 */

#include "cli/settings/migrate_edit.h"

struct walk {
    const struct file_change *change;
    const struct yaml_value *at; /* what is not as it should be */
};

static bool fail(struct walk *walk, const struct yaml_value *at) {
    walk->at = at;
    return false;
}

static bool is_same(struct walk *walk, const struct yaml_value *was, const struct yaml_value *is);

/* A value that was added is there as it was meant, as text where text was meant. */
static bool is_addition(const struct yaml_value *value, const struct addition_value *added) {
    if (value->kind != added->kind || value->is_alias) {
        return false;
    }
    if (value->kind == YAML_SCALAR) {
        return view_equal(value->text, added->text);
    }
    if (value->n != added->n) {
        return false;
    }
    for (size_t i = 0; i < value->n; i++) {
        if (value->kind == YAML_SEQUENCE
                ? !is_addition(&value->items[i], &added->items[i])
                : !view_equal(value->pairs[i].key.text, view_of(added->members[i].name)) ||
                      !is_addition(&value->pairs[i].value, &added->members[i].value)) {
            return false;
        }
    }
    return true;
}

/* Copies behind an alias have their members where the anchor has them. */
static const struct mapping_change *change_of(const struct walk *walk,
                                              const struct yaml_value *mapping) {
    size_t wanted = mapping_change_offset(&(struct mapping_change){.mapping = mapping});
    size_t low = 0;
    size_t high = walk->change->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct mapping_change *change = &walk->change->mappings[middle];
        size_t offset = mapping_change_offset(change);
        if (offset == wanted) {
            return change;
        }
        low = offset < wanted ? middle + 1 : low;
        high = offset < wanted ? high : middle;
    }
    return NULL;
}

static const struct addition *addition_named(const struct mapping_change *change,
                                             struct view name) {
    for (size_t i = 0; change && i < change->n; i++) {
        if (view_equal(view_of(change->additions[i].name), name)) {
            return &change->additions[i];
        }
    }
    return NULL;
}

static bool is_same_mapping(struct walk *walk, const struct yaml_value *was,
                            const struct yaml_value *is) {
    const struct mapping_change *change = change_of(walk, was);
    size_t next = 0; /* of the old members */
    if (is->n != was->n + (change ? change->n : 0)) {
        return fail(walk, was);
    }
    for (size_t i = 0; i < is->n; i++) {
        const struct yaml_pair *pair = &is->pairs[i];
        const struct addition *added = addition_named(change, pair->key.text);
        if (added) {
            if (!is_addition(&pair->value, &added->value)) {
                return fail(walk, was);
            }
            continue;
        }
        if (next == was->n || !is_same(walk, &was->pairs[next].key, &pair->key) ||
            !is_same(walk, &was->pairs[next].value, &pair->value)) {
            return walk->at ? false : fail(walk, was);
        }
        next++;
    }
    return next == was->n || fail(walk, was);
}

static bool is_same_scalar(struct walk *walk, const struct yaml_value *was,
                           const struct yaml_value *is) {
    const struct yaml_value *replaced = walk->change->replaced;
    if (replaced && was->place.offset == replaced->place.offset) {
        return view_equal(is->text, walk->change->replacement) || fail(walk, was);
    }
    return (view_equal(was->text, is->text) && was->style == is->style &&
            was->is_alias == is->is_alias) ||
           fail(walk, was);
}

static bool is_same(struct walk *walk, const struct yaml_value *was, const struct yaml_value *is) {
    if (was->kind != is->kind) {
        return fail(walk, was);
    }
    if (was->kind == YAML_SCALAR) {
        return is_same_scalar(walk, was, is);
    }
    if (was->style != is->style || was->is_alias != is->is_alias) {
        return fail(walk, was);
    }
    if (was->kind == YAML_MAPPING) {
        return is_same_mapping(walk, was, is);
    }
    if (was->n != is->n) {
        return fail(walk, was);
    }
    for (size_t i = 0; i < was->n; i++) {
        if (!is_same(walk, &was->items[i], &is->items[i])) {
            return false;
        }
    }
    return true;
}

bool migrate_edit_is_exact(const struct yaml_value *old_root, const struct yaml_value *new_root,
                           const struct file_change *change, const struct yaml_value **ret_at) {
    struct walk walk = {.change = change};
    if (is_same(&walk, old_root, new_root)) {
        return true;
    }
    *ret_at = walk.at ? walk.at : old_root;
    return false;
}
