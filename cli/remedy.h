#ifndef SLIPWAY_CLI_REMEDY_H
#define SLIPWAY_CLI_REMEDY_H

/*
 * The core's remedies are written for the function. Where a person stands in its place, the
 * function's role is theirs, and so are its credentials and its network. Pure.
 */

#include "runtime/base/arena.h"
#include "runtime/base/err.h"
#include "runtime/base/view.h"

/* The error's remedy in a person's words; as it is when memory ran out. Empty: there is none. */
struct view remedy_for_person(const struct err *err, struct arena *arena);

#endif
