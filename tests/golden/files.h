#ifndef SLIPWAY_TESTS_GOLDEN_FILES_H
#define SLIPWAY_TESTS_GOLDEN_FILES_H

/* Whole files of a case's folder. */

#include "runtime/base/arena.h"
#include "runtime/base/err.h"
#include "runtime/base/view.h"

#include <stdbool.h>

/* FOLDER/NAME, in the arena. -1: ERR_EVENT_MALFORMED when it cannot be read. */
ERR_MUST_USE int file_read(const char *folder, const char *name, struct arena *arena,
                           struct view *ret_bytes, struct err *err);
ERR_MUST_USE int file_write(const char *folder, const char *name, struct view bytes,
                            struct err *err);
bool file_exists(const char *folder, const char *name);
void file_remove(const char *folder, const char *name);

#endif
