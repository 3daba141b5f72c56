#ifndef SLIPWAY_CLI_ECR_LIFECYCLE_CHECK_H
#define SLIPWAY_CLI_ECR_LIFECYCLE_CHECK_H

/*
 * Which of the images that run would a lifecycle policy take away? What runs is asked of ECS and
 * Lambda, the images of the registry; the policy is a given one, or each repository's own.
 */

#include "cli/ecr/lifecycle.h"
#include "cli/session.h"
#include "handlers/deploy/target.h"

/* An image that something of a target runs. */
struct lifecycle_running {
    struct view target;                   /* "backend" */
    struct view revision;                 /* "web:7", or the function */
    struct view tag, digest;              /* as its reference names it; one of them may be empty */
    const struct ecr_stored_image *image; /* NULL: not in the repository */
    struct lifecycle_verdict verdict;     /* without a policy nothing takes it away */
};

/* "git-abc123f (sha256:0123456789ab) of web:7 would be expired by rule 5, 'keep the …'"; .data is
 * NULL when memory ran out. */
struct view lifecycle_running_line(const struct lifecycle_running *running, struct arena *arena);
/* Whether it is lost, or would be. */
bool lifecycle_running_is_lost(const struct lifecycle_running *running);

struct lifecycle_check {
    const struct target *targets;
    size_t n_targets;
    const struct lifecycle_policy *policy; /* NULL: each repository's own */
};
/* Tells all of it, a line for each image; returns the exit status, EXIT_STATUS_FAILED when a
 * running image is lost, or could not be looked at. */
int lifecycle_check(struct session *session, const struct lifecycle_check *check);

#endif
