#ifndef SLIPWAY_AWS_WILDCARD_H
#define SLIPWAY_AWS_WILDCARD_H

/* Patterns with '*', which is any number of any characters, as IAM, EventBridge and ECR have them.
 * What else is no plain character differs between them. At most len * len steps. Pure. */

#include "runtime/base/view.h"

#include <stdbool.h>

enum wildcard_how {
    WILDCARD_PLAIN = 0,       /* ECR: '*' alone */
    WILDCARD_QUESTION = 1,    /* IAM: '?' is one character */
    WILDCARD_IGNORE_CASE = 2, /* IAM, of names of actions */
    WILDCARD_ESCAPES = 4,     /* EventBridge: a backslash takes the next one as it is */
};

/* `how`: of enum wildcard_how, or-ed. */
bool wildcard_matches(struct view pattern, struct view text, unsigned how);

#endif
