#ifndef SLIPWAY_TESTS_GOLDEN_CASE_H
#define SLIPWAY_TESTS_GOLDEN_CASE_H

/* One case: a folder with event.json, facts.json, plan.json and register requests. */

#include <stdbool.h>

/* Runs it and compares; what is wrong goes to stdout under `name`. With `update`, plan.json and the
 * requests are written instead of compared. */
bool case_run(const char *folder, const char *name, bool update);

#endif
