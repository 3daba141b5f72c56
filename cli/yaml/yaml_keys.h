#ifndef SLIPWAY_CLI_YAML_KEYS_H
#define SLIPWAY_CLI_YAML_KEYS_H

/* A mapping's keys, of which each may be there once. */

#include "cli/yaml/yaml.h"

/* The first key in the file that repeats one before it, and that one; both NULL when there is
 * none. -1: no memory. */
int yaml_find_repeated(const struct yaml_value *mapping, struct arena *scratch,
                       const struct yaml_value **ret_first, const struct yaml_value **ret_second);

#endif
