#include "cli/yaml/yaml.h"

const struct yaml_value *yaml_get(const struct yaml_value *mapping, const char *key) {
    struct view wanted = view_of(key);
    if (!mapping || mapping->kind != YAML_MAPPING) {
        return NULL;
    }
    for (size_t i = 0; i < mapping->n; i++) {
        if (view_equal(mapping->pairs[i].key.text, wanted)) {
            return &mapping->pairs[i].value;
        }
    }
    return NULL;
}

/* A merged mapping may merge others: as deep as a tree is. */
const struct yaml_value *yaml_get_merged(const struct yaml_value *mapping, const char *key) {
    const struct yaml_value *found = yaml_get(mapping, key);
    const struct yaml_value *merged = yaml_get(mapping, "<<");
    if (found || !merged) {
        return found;
    }
    if (merged->kind == YAML_MAPPING) {
        return yaml_get_merged(merged, key);
    }
    for (size_t i = 0; merged->kind == YAML_SEQUENCE && i < merged->n && !found; i++) {
        found = yaml_get_merged(&merged->items[i], key);
    }
    return found;
}

bool yaml_is_null(const struct yaml_value *value) {
    static const char *const spellings[] = {"", "~", "null", "Null", "NULL"};
    if (!value || value->kind == YAML_NOTHING) {
        return true;
    }
    if (value->kind != YAML_SCALAR || value->style != YAML_PLAIN) {
        return false;
    }
    for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
        if (view_equal(value->text, view_of(spellings[i]))) {
            return true;
        }
    }
    return false;
}
