#ifndef SLIPWAY_CLI_ECR_LIFECYCLE_H
#define SLIPWAY_CLI_ECR_LIFECYCLE_H

/*
 * Lifecycle policies of Amazon ECR: written, read, and carried out on a list of images to see what
 * would become of each. Pure, no clock.
 *
 * ECR's rules can only expire an image or put it into the archive. What protects an image is that
 * it belongs to the first rule whose tags it matches, whatever that rule does with it: a rule that
 * keeps very many images of "v*" keeps those away from all rules behind it.
 *
 * Amazon ECR User Guide, "Automate the cleanup of images by using lifecycle policies", "Lifecycle
 * policy properties".
 */

#include "cli/ecr/names.h"
#include "runtime/aws/ecr_lifecycle.h"
#include "runtime/base/arena.h"
#include "runtime/base/buf.h"
#include "runtime/base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* ECR's own ceiling of a policy's rules. */
#define LIFECYCLE_RULES_MAX 50
/* Images of a protected pattern; more than a repository can hold by ECR's own quota. */
#define LIFECYCLE_PROTECTED 100000

struct lifecycle_keep {
    int64_t n;            /* images that stay, of git-* and of everything */
    struct names protect; /* patterns besides v*, env-*, stable and latest */
};
/* Appends a policy that keeps the n newest images of git-*, the n newest of all, and what is
 * protected. -1: ERR_CONFIG_INVALID for too many patterns, or a number that is no count. */
ERR_MUST_USE int lifecycle_write(const struct lifecycle_keep *keep, struct arena *arena,
                                 struct buf *out, struct err *err);

enum lifecycle_tags { LIFECYCLE_TAGGED, LIFECYCLE_UNTAGGED, LIFECYCLE_ANY };
enum lifecycle_count {
    LIFECYCLE_MORE_THAN,          /* images, the newest of which stay */
    LIFECYCLE_SINCE_PUSHED,       /* days, as all of these */
    LIFECYCLE_SINCE_PULLED,       /* or pushed, if it has not been pulled */
    LIFECYCLE_SINCE_TRANSITIONED, /* into the archive */
};

struct lifecycle_rule {
    int64_t priority;
    struct view description; /* may be empty */
    enum lifecycle_tags tags;
    struct names patterns; /* each of which one of the image's tags has to match */
    bool has_prefixes;     /* they are prefixes, without wildcards */
    bool of_archive;       /* it looks at archived images; else at all others */
    enum lifecycle_count count;
    int64_t number;
    bool archives; /* it puts them into the archive; else it expires them */
};
struct lifecycle_policy {
    struct lifecycle_rule *rules; /* by priority, the first to be applied first */
    size_t n;
};
/* `subject` names the policy in messages. -1: ERR_CONFIG_INVALID with the place and what ECR would
 * not take there ("rules[1].selection.countNumber: …"); ERR_OUT_OF_MEMORY. */
ERR_MUST_USE int lifecycle_read(struct view text, const char *subject, struct arena *arena,
                                struct lifecycle_policy *ret_policy, struct err *err);

/* What becomes of one image. */
struct lifecycle_verdict {
    const struct lifecycle_rule *rule;    /* that expires or archives it; NULL: it stays */
    const struct lifecycle_rule *matched; /* the first that its tags match; NULL: none */
    bool is_listed;                       /* it stays, since an index that stays lists it */
};
/* One verdict for each of the images, in their order. -1: ERR_OUT_OF_MEMORY. */
ERR_MUST_USE int lifecycle_evaluate(const struct lifecycle_policy *policy,
                                    const struct ecr_stored_image *images, size_t n, int64_t now_ms,
                                    struct arena *arena, struct lifecycle_verdict **ret_verdicts,
                                    struct err *err);

/* '*' is any number of any characters; a prefix has none and the rest of the tag may be anything.
 */
bool lifecycle_pattern_matches(struct view pattern, bool is_prefix, struct view tag);

#endif
