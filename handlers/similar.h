#ifndef SLIPWAY_HANDLERS_SIMILAR_H
#define SLIPWAY_HANDLERS_SIMILAR_H

/*
 * How much two names differ, for "did you mean". Pure.
 */

#include "runtime/base/view.h"

#include <stdbool.h>
#include <stddef.h>

/* Longer names are not compared. */
#define SIMILAR_MAX_BYTES 64

/* Typing errors between two names: bytes inserted, left out, replaced, or swapped with the next one
 * (optimal string alignment). SIZE_MAX when a name is longer than SIMILAR_MAX_BYTES. */
size_t similar_distance(struct view a, struct view b);

/* Whether `name` looks like `known` misspelt: the same but for case and separators ("dryRun",
 * "dry-run"), or, where `known` is long enough to tell, one typing error away. Short words are
 * too near to each other: "env" is not "end". */
bool similar_is_misspelling(struct view name, struct view known);

#endif
