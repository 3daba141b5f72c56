#ifndef SLIPWAY_AWS_DENIAL_H
#define SLIPWAY_AWS_DENIAL_H

/*
 * Reading what AWS says when a policy does not allow something, so that the remedy can name the
 * statement that is missing and on which side: "User: ARN is not authorized to perform: ACTION on
 * resource: ARN because no identity-based policy allows the ACTION action". Pure; views borrow the
 * text. IAM User Guide, "Troubleshoot access denied error messages". Private to runtime/aws.
 */

#include "runtime/base/arena.h"
#include "runtime/base/err.h"
#include "runtime/base/view.h"

#include <stdbool.h>

enum denial_cause {
    DENIAL_UNSAID,          /* AWS gave no reason */
    DENIAL_IDENTITY_POLICY, /* the principal's own policies do not allow it */
    DENIAL_RESOURCE_POLICY, /* the resource's policy does not admit the principal */
    DENIAL_EXPLICIT,        /* some policy denies it in so many words */
    DENIAL_GUARDRAIL,       /* a boundary, a session, a service control or an endpoint policy */
};

struct denial {
    enum denial_cause cause;
    struct view principal; /* ARN */
    struct view action;    /* "ecr:DescribeImages" */
    struct view resource;  /* ARN, or "*"; may be empty */
    struct view reason;    /* from "because" or "with an explicit deny" on; may be empty */
};

/* False, nothing written, for a text that is of another shape. */
bool denial_parse(struct view text, struct denial *ret_denial);

/* "role 'slipway' of account 222222222222", or the principal as it is; "the function's role" when
 * there is none or memory ran out. */
struct view denial_who(const struct denial *denial, struct arena *arena);
/* The account of the principal, and of the resource; empty when they name none. */
struct view denial_principal_account(const struct denial *denial);
struct view denial_resource_account(const struct denial *denial);

/* Sets the remedy of a denial that no further allowance lifts: an explicit deny, a guardrail.
 * False, and nothing set, for any other. `resource` may be empty. */
bool denial_remedy_of_deny(const struct denial *denial, struct view who, struct view resource,
                           struct err *err);

/* Whether `text` holds `part`; ASCII letters compare without case. */
bool denial_text_has(struct view text, const char *part);

#endif
