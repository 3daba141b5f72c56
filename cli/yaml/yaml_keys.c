#include "cli/yaml/yaml_keys.h"

#include <stdlib.h>

struct key {
    const struct yaml_value *value;
};

static int compare_keys(const void *a, const void *b) {
    const struct yaml_value *left = ((const struct key *)a)->value;
    const struct yaml_value *right = ((const struct key *)b)->value;
    int order = view_compare(left->text, right->text);
    return order != 0 ? order : (left->place.offset > right->place.offset) * 2 - 1;
}

int yaml_find_repeated(const struct yaml_value *mapping, struct arena *scratch,
                       const struct yaml_value **ret_first, const struct yaml_value **ret_second) {
    struct key *keys = ARENA_ARRAY(scratch, mapping->n, struct key);
    if (!keys) {
        return -1;
    }
    *ret_first = NULL;
    *ret_second = NULL;
    for (size_t i = 0; i < mapping->n; i++) {
        keys[i].value = &mapping->pairs[i].key;
    }
    if (mapping->n > 1) {
        qsort(keys, mapping->n, sizeof(keys[0]), compare_keys);
    }
    for (size_t i = 1; i < mapping->n; i++) {
        if (view_equal(keys[i - 1].value->text, keys[i].value->text) &&
            (!*ret_second || keys[i].value->place.offset < (*ret_second)->place.offset)) {
            *ret_first = keys[i - 1].value;
            *ret_second = keys[i].value;
        }
    }
    return 0;
}
