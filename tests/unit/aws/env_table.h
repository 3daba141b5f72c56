#ifndef SLIPWAY_TESTS_UNIT_AWS_ENV_TABLE_H
#define SLIPWAY_TESTS_UNIT_AWS_ENV_TABLE_H

/* An environment made of a table of names and values that a NULL ends. */

#include "runtime/aws/credentials.h"

#include <string.h>

struct env_entry {
    const char *name;
    const char *value;
};

static inline const char *env_table_get(const void *state, const char *name) {
    const struct env_entry *entry = state;
    for (; entry->name; entry++) {
        if (strcmp(entry->name, name) == 0) {
            return entry->value;
        }
    }
    return NULL;
}

/* ENV({"AWS_PROFILE", "x"}, …): lives as long as the block. */
#define ENV(...)                                                                                   \
    (&(const struct environment){                                                                  \
        .get = env_table_get,                                                                      \
        .state = (const struct env_entry[]){__VA_ARGS__ __VA_OPT__(, ){NULL, NULL}},               \
    })

#endif
