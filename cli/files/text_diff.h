#ifndef SLIPWAY_CLI_FILES_TEXT_DIFF_H
#define SLIPWAY_CLI_FILES_TEXT_DIFF_H

/*
 * Two texts -> a unified diff, as patch(1) takes it. Pure. A line ends with its LF (a CR before it
 * belongs to the line), the last one may lack it. The script of edits is the shortest one for texts
 * that differ in few places (Myers), and a correct one in any case.
 */

#include "runtime/base/arena.h"
#include "runtime/base/buf.h"
#include "runtime/base/err.h"
#include "runtime/base/view.h"

#include <stdbool.h>
#include <stddef.h>

#define TEXT_DIFF_CONTEXT 3 /* unchanged lines around a change */

struct text_diff_options {
    const char *old_name, *new_name; /* behind "--- " and "+++ " */
    size_t context;
    /* For a person's terminal: coloured, and control characters as ^M. Such a diff cannot be
     * applied. */
    bool is_coloured;
};

/* Appends nothing where the texts are equal. -1: ERR_OUT_OF_MEMORY, also when `out` is full. */
ERR_MUST_USE int text_diff(struct view old_text, struct view new_text,
                           const struct text_diff_options *options, struct arena *arena,
                           struct buf *out, struct err *err);

#endif
