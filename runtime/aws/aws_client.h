#ifndef SLIPWAY_AWS_AWS_CLIENT_H
#define SLIPWAY_AWS_AWS_CLIENT_H

/*
 * The client's insides, shared by aws.c (making, credentials by role, warm-ups) and aws_run.c (many
 * calls at once). Private to those two.
 */

#include "runtime/aws/aws.h"

/* Roles whose credentials are kept, which is also how many one run of calls can use; the one used
 * longest ago makes room. A deploy reads from one registry and writes to one cluster. */
#define AWS_MAX_ROLES 16

/* Where a call's credentials come from, and what this run of calls knows about it. */
struct credential_source {
    struct credentials_provider *provider;
    uint64_t generation; /* counts forced renewals: who signed with an older one need not force */
    uint64_t failed_run; /* the run in which it could not be had … */
    struct err *failure; /* … and why; owned; NULL: it never failed */
};

struct aws_role {
    char *arn;
    char *session_name;
    uint64_t last_run; /* that used it */
    struct credential_source source;
};

struct aws {
    struct http *http;
    const struct clock *clock;
    const struct environment *env;
    struct view region;
    int max_attempts;
    struct credential_source own;
    struct aws_role roles[AWS_MAX_ROLES];
    size_t n_roles;
    struct retry_bucket bucket;
    int64_t skew_ms; /* to be added to the wall clock before signing */
    uint64_t n_runs;
    size_t n_in_flight; /* exchanges of all runs, since one may be made within another */
};

/* The source of a call's credentials: the client's own, or the role's, made if need be. It stays
 * for as long as this run (the n_runs-th) does. */
ERR_MUST_USE int aws_source_of(struct aws *aws, const struct aws_call *call,
                               struct credential_source **ret_source, struct err *err);

/* Runs the calls; every one signed from `only` unless that is NULL. */
void aws_run(struct aws *aws, struct credential_source *only, struct aws_call *calls, size_t n,
             int64_t deadline_ms, struct arena *arena);

#endif
