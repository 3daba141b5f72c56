#ifndef SLIPWAY_CLI_SETTINGS_FILES_H
#define SLIPWAY_CLI_SETTINGS_FILES_H

/* The environment files that a command line names, read. */

#include "cli/settings/settings.h"

/* The operands, each once, in their order; `all` stands for every *.yaml and *.yml of the current
 * folder, sorted by name (a file of that name is "./all"). -1: ERR_CONFIG_INVALID where that is
 * none, or the folder cannot be read; ERR_OUT_OF_MEMORY. */
ERR_MUST_USE int settings_paths(char *const *operands, size_t n_operands, struct arena *arena,
                                const char ***ret_paths, size_t *ret_n, struct err *err);

/* Reads one with settings_read(); "-" is standard input. A file that cannot be opened is a problem,
 * too. -1: ERR_OUT_OF_MEMORY. */
ERR_MUST_USE int settings_load(const char *path, struct arena *arena, struct problems *problems,
                               struct settings *ret_settings, struct err *err);

/* Whether a file of `all` is about an environment: it has a member that only such a file has, or
 * could not be understood, which has to be told. */
bool settings_is_environment(const struct settings *settings);

#endif
