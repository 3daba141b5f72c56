#ifndef SLIPWAY_AWS_IAM_H
#define SLIPWAY_AWS_IAM_H

/*
 * AWS IAM: what a role's own policies allow it. Of the command line alone. Builders fill a call;
 * decoders read an ended one. Pure: aws_call_all() is between them.
 * AWS IAM API Reference, SimulatePrincipalPolicy.
 */

#include "runtime/aws/aws.h"

extern const struct aws_service iam_service;

/* Action names, and resources, of one simulation. */
#define IAM_SIMULATE_MAX 32

struct iam_simulation {
    struct view role; /* ARN */
    const char *const *actions;
    size_t n_actions;
    const struct view *resources; /* ARNs; none: "*" */
    size_t n_resources;
    struct view region; /* the environment's: each partition has one endpoint */
};
/* PolicySourceArn=…&ActionNames.member.1=…&ResourceArns.member.1=…&MaxItems=1000. The resources'
 * own policies take no part in it. */
ERR_MUST_USE int iam_simulate_call(const struct iam_simulation *simulation, struct arena *arena,
                                   struct aws_call *ret_call, struct err *err);

struct iam_decision {
    struct view action;
    struct view resource;
    bool is_allowed;
    bool is_denied; /* in so many words */
    /* Some condition of the role's policies, of this action or of another, asks for what the
     * simulation has not been told: a no may be a yes then. */
    bool is_incomplete;
    bool by_organization, by_boundary; /* what does not allow it */
};
struct iam_decisions {
    struct iam_decision *items;
    size_t n;
};
/* One for each action on each resource. -1: the call's error (ERR_ACCESS_DENIED: whoever asks may
 * not simulate), ERR_BAD_RESPONSE for an answer without a decision or with more of them to come. A
 * role that is not there (NoSuchEntity) is ERR_SERVICE_NOT_FOUND. */
ERR_MUST_USE int iam_simulate_result(const struct aws_call *call, struct arena *arena,
                                     struct iam_decisions *ret_decisions, struct err *err);

#endif
