#ifndef SLIPWAY_CLI_ECR_TRUST_H
#define SLIPWAY_CLI_ECR_TRUST_H

/*
 * Who may pull from a repository of another account, and how that is written: the policy of the
 * repository, and the policy of the role that pulls. Both have to allow it. Nothing here allows a
 * push, or admits anybody without a condition. Pure.
 *
 * Amazon ECR User Guide, "Private repository policies"; AWS Lambda Developer Guide, "Amazon ECR
 * cross-account permissions".
 */

#include "cli/ecr/names.h"
#include "runtime/base/buf.h"
#include "runtime/base/err.h"
#include "runtime/base/view.h"

#include <stdbool.h>

struct ecr_trust {
    struct names organizations; /* whoever is in one of them */
    struct names accounts;      /* whoever these accounts allow it to */
    struct names roles;         /* these, and nobody else of their accounts */
    bool has_functions;         /* Lambda, for functions of these accounts (and the roles') */
    struct view project;        /* whose functions' names begin with it; empty: any */
    struct view region;         /* the registry's; may be empty where nothing needs it */
};

/* Appends the repository's policy. -1: ERR_CONFIG_INVALID when nobody is trusted, when the region
 * is missing where it is needed, or when partitions are mixed; ERR_OUT_OF_MEMORY. */
ERR_MUST_USE int ecr_trust_policy(const struct ecr_trust *trust, struct arena *arena,
                                  struct buf *out, struct err *err);

struct ecr_pull {
    struct view account, region; /* the registry */
    struct view project;         /* its repositories by convention; empty: none of them */
    struct names repositories;   /* others */
};
/* Appends the identity policy of a role that pulls: an execution role. */
void ecr_pull_policy(const struct ecr_pull *pull, struct arena *arena, struct buf *out);

/* A registry that images are copied to. */
struct ecr_place {
    struct view account, region;
};
/* Of a NAME_PLACE. */
struct ecr_place ecr_place_of(struct view name);

/* Appends the registry's replication configuration: everything, or what begins with one of the
 * prefixes. -1: ERR_CONFIG_INVALID for too many places or prefixes, or places of several
 * partitions. */
ERR_MUST_USE int ecr_replication(const struct names *places, const struct names *prefixes,
                                 struct buf *out, struct err *err);
/* Appends the policy of the registry that receives: the accounts may replicate there. -1:
 * ERR_CONFIG_INVALID if one is the registry's own account, which needs none; ERR_OUT_OF_MEMORY. */
ERR_MUST_USE int ecr_replication_permission(const struct names *sources,
                                            const struct ecr_place *place,
                                            const struct names *prefixes, struct arena *arena,
                                            struct buf *out, struct err *err);

#endif
