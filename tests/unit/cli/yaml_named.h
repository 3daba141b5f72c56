#ifndef SLIPWAY_TESTS_CLI_YAML_NAMED_H
#define SLIPWAY_TESTS_CLI_YAML_NAMED_H

#include "cli/yaml/yaml.h"

/* yaml_parse(), with file and place in one message: "dev.yaml:3:7: …". */
static inline int yaml_parse_named(struct view text, const char *file, struct arena *arena,
                                   struct yaml_value *ret_root, struct err *err) {
    struct yaml_place fault = {0};
    struct err inner;
    err_init(&inner);
    if (yaml_parse(text, arena, ret_root, &fault, &inner) == 0) {
        return 0;
    }
    if (fault.line == 0) {
        err_set(err, inner.code, "%s: %s", file, inner.message);
    } else {
        err_set(err, inner.code, "%s:%zu:%zu: %s", file, fault.line, fault.column, inner.message);
    }
    err_remedy(err, "%s", inner.remedy);
    return -1;
}

#endif
