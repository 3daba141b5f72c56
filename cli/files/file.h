#ifndef SLIPWAY_CLI_FILES_FILE_H
#define SLIPWAY_CLI_FILES_FILE_H

/* Whole files: read, and replaced so that a crash leaves the old or the new one. */

#include "runtime/base/arena.h"
#include "runtime/base/err.h"
#include "runtime/base/view.h"

#include <stdint.h>

/* "-" is standard input. -1: ERR_CONFIG_INVALID naming the file and what the system says, or that
 * it has more than `limit` bytes; ERR_OUT_OF_MEMORY. */
ERR_MUST_USE int file_read(const char *path, size_t limit, struct arena *arena,
                           struct view *ret_text, struct err *err);

/* Writes beside it, syncs, and renames over it; owner permissions and mode are kept, and a symbolic
 * link stays one (what it leads to is replaced). -1: ERR_CONFIG_INVALID. */
ERR_MUST_USE int file_replace(const char *path, struct view text, struct err *err);

/* Copies it to "PATH.backup_20261121T071500Z", with "_2" and so on behind where that exists; never
 * over anything. */
ERR_MUST_USE int file_back_up(const char *path, struct view text, int64_t now_ms,
                              struct arena *arena, struct view *ret_backup, struct err *err);

#endif
