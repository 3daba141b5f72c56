#ifndef SLIPWAY_HANDLERS_DEPLOY_TAG_POLICY_H
#define SLIPWAY_HANDLERS_DEPLOY_TAG_POLICY_H

/*
 * Which tags may be deployed: a comma-separated list of shell globs (*, ?, [a-z]) and
 * `semver:RANGE` terms ("semver:>=1.2 <2", "semver:^1.4 || ~2.0"). A tag that one term matches is
 * admitted; an empty list admits none. Pure. SemVer 2.0.0, section 11, for precedence.
 */

#include "runtime/base/arena.h"
#include "runtime/base/err.h"
#include "runtime/base/view.h"

#include <stdbool.h>
#include <stddef.h>

struct tag_term;

struct tag_policy {
    struct view text; /* as written, for messages */
    const struct tag_term *terms;
    size_t n_terms;
};

/* -1: ERR_CONFIG_INVALID with the term and the position in it; ERR_OUT_OF_MEMORY. */
ERR_MUST_USE int tag_policy_parse(struct view text, struct arena *arena,
                                  struct tag_policy *ret_policy, struct err *err);
bool tag_policy_admits(const struct tag_policy *policy, struct view tag);

#endif
