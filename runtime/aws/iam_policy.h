#ifndef SLIPWAY_AWS_IAM_POLICY_H
#define SLIPWAY_AWS_IAM_POLICY_H

/*
 * The policy of a resource (a repository, an event bus, a function), carried out: would it admit
 * this caller to this action? Of the command line alone. Pure.
 *
 * What cannot be known here (a condition on where a request comes from, an operator that is not
 * carried out, a document that is none) is never taken for a yes: the answer is IAM_UNTOLD then,
 * with what stood in the way. A Deny that may apply is enough for that where something is allowed.
 * IAM User Guide, "Policy evaluation logic", "IAM JSON policy elements reference".
 */

#include "runtime/base/arena.h"
#include "runtime/base/err.h"
#include "runtime/base/view.h"

#include <stdbool.h>

enum iam_organization {
    IAM_ORGANIZATION_UNKNOWN,
    IAM_ORGANIZATION_NONE, /* the account is in none */
    IAM_ORGANIZATION_KNOWN,
};

/* Condition keys of the service's own ("events:source") that a request may have. */
#define IAM_OWN_KEYS_MAX 2

struct iam_own_key {
    const char *key;
    struct view value;
};

/* Who asks for what. */
struct iam_request {
    /* The ARN of a role or a user; empty: somebody of the account, and which of its roles and users
     * is not known. Of a service ("lambda.amazonaws.com") in `service` instead. */
    struct view principal;
    struct view account; /* of the principal, or for which the service acts */
    struct view service;
    struct view source_arn; /* what the service acts for: a function, a rule; may be empty */
    enum iam_organization organization_is;
    struct view organization;                 /* o-a1b2c3d4e5, if known */
    struct view action;                       /* "ecr:BatchGetImage" */
    struct view resource;                     /* ARN */
    struct view region;                       /* that is asked */
    struct iam_own_key own[IAM_OWN_KEYS_MAX]; /* those without a key are none */
};

enum iam_verdict {
    IAM_NOT_ALLOWED, /* nothing in the policy is about it */
    IAM_ALLOWED,
    IAM_DENIED, /* in so many words, whatever else allows it */
    IAM_UNTOLD,
};

struct iam_answer {
    enum iam_verdict verdict;
    struct view sid; /* of the statement that made it so; may be empty */
    struct view
        why; /* of IAM_UNTOLD: what could not be told; of IAM_NOT_ALLOWED a hint, or empty */
    /* What could not be told of a Deny, whatever the verdict; empty: none may apply unseen. Within
     * one account, where something else may allow it, this is what matters. */
    struct view may_deny;
};

/* An empty policy allows nothing. -1: ERR_OUT_OF_MEMORY alone. */
ERR_MUST_USE int iam_policy_evaluate(struct view policy, const struct iam_request *request,
                                     struct arena *arena, struct iam_answer *ret_answer,
                                     struct err *err);

#endif
