#ifndef SLIPWAY_HANDLERS_DEPLOY_TAG_POLICY_H
#define SLIPWAY_HANDLERS_DEPLOY_TAG_POLICY_H

/*
 * Which tags may be deployed: a comma-separated list of terms; a tag that one of them matches is
 * admitted, and an empty list admits none. Pure. A term is
 *
 *   a shell glob    git-*, v?.*, release-[0-9]*, [!a-z]*; '*' is any number of characters, '?' one,
 *                   a backslash takes the next one as it is. Case counts.
 *   semver:RANGE    semver:>=1.2 <2, semver:^1.4 || ~2.0, semver:1.x, semver:1.2 - 2.3; a tag is a
 *                   version with or without a leading "v". See semver.h.
 */

#include "runtime/base/arena.h"
#include "runtime/base/err.h"
#include "runtime/base/view.h"

#include <stdbool.h>
#include <stddef.h>

/* Terms of a list, at most; Lambda's whole environment is 4 KB. */
#define TAG_POLICY_MAX_TERMS 256

struct tag_term;

struct tag_policy {
    struct view text; /* as written, for messages */
    const struct tag_term *terms;
    size_t n_terms;
    bool latest_by_name; /* `latest` is admitted only by a term that is just that: for prod */
};

/* The text is copied. -1: ERR_CONFIG_INVALID with the term and the byte of the text at which it
 * goes wrong, counted from 0; ERR_OUT_OF_MEMORY. A glob with a character that no tag can have is
 * wrong too: it is a typing error that would silently admit nothing. */
ERR_MUST_USE int tag_policy_parse(struct view text, struct arena *arena,
                                  struct tag_policy *ret_policy, struct err *err);
bool tag_policy_admits(const struct tag_policy *policy, struct view tag);

#endif
