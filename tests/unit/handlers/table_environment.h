#ifndef SLIPWAY_TESTS_HANDLERS_TABLE_ENVIRONMENT_H
#define SLIPWAY_TESTS_HANDLERS_TABLE_ENVIRONMENT_H

/*
 * An environment that is a table: {"NAME", "value", "NAME", "value", NULL}. The last of a name
 * counts, so that a test can put what it is about behind what it needs.
 */

#include "runtime/aws/credentials.h"

#include <string.h>

static inline const char *table_environment_get(const void *state, const char *name) {
    const char *const *table = state;
    const char *value = NULL;
    for (size_t i = 0; table[i] != NULL; i += 2) {
        if (strcmp(table[i], name) == 0) {
            value = table[i + 1];
        }
    }
    return value;
}

#define TABLE_ENVIRONMENT(...)                                                                     \
    ((struct environment){.get = table_environment_get,                                            \
                          .state = (const char *const[]){__VA_ARGS__, NULL}})

#endif
