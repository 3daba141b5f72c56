#ifndef SLIPWAY_TESTS_GOLDEN_PLAN_TEXT_H
#define SLIPWAY_TESTS_GOLDEN_PLAN_TEXT_H

/* A plan as plan.json has it. Register requests are in files of their own beside it, since each
 * byte of them counts. */

#include "walk.h"

#define PLAN_NAME_BYTES 40

/* "register.json" for the first change of a payload, "register-2.json" for the second, … */
void plan_register_name(size_t index, char ret_name[static PLAN_NAME_BYTES]);

/* {"changes":[…]}, or {"config_error":{…}}; in the arena. */
ERR_MUST_USE int plan_text(const struct walked *walked, struct arena *arena, struct view *ret_text,
                           struct err *err);

#endif
