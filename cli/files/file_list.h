#ifndef SLIPWAY_CLI_FILES_FILE_LIST_H
#define SLIPWAY_CLI_FILES_FILE_LIST_H

/*
 * What "FILE…|all" means: the files named, each once however it is called; or every *.yaml and
 * *.yml of the current folder but hidden ones, in the order of their names. Among the latter there
 * may be files that are something else.
 */

#include "runtime/base/arena.h"
#include "runtime/base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct file_list {
    const char **paths; /* of those named, as they were */
    size_t n;
    bool is_all; /* nobody named them */
};

/* A file that is not there is listed all the same: who reads it says so. -1: ERR_CONFIG_INVALID,
 * "all" beside other names, or nothing found; ERR_OUT_OF_MEMORY. */
ERR_MUST_USE int file_list(char *const *operands, size_t n_operands, struct arena *arena,
                           struct file_list *ret_list, struct err *err);

#endif
