#ifndef SLIPWAY_HANDLERS_DEPLOY_IMAGE_H
#define SLIPWAY_HANDLERS_DEPLOY_IMAGE_H

/*
 * Image references and their grammar. Pure; views borrow the input.
 * OCI Distribution Specification, "Pulling manifests"; Amazon ECR User Guide, "Registries".
 */

#include "runtime/aws/ecr.h"
#include "runtime/base/arena.h"
#include "runtime/base/view.h"

#include <stdbool.h>

struct image_reference {
    struct view base;   /* host/name, as spelt: all before the tag and the digest */
    struct view host;   /* with a port, if any; empty: Docker Hub by default */
    struct view name;   /* namespaces included */
    struct view tag;    /* empty when absent */
    struct view digest; /* empty when absent */
    bool is_ecr;        /* the host is a private ECR registry: */
    struct view account, region;
};

/* "111111111111.dkr.ecr.us-east-1.amazonaws.com/myproject_backend:git-abc@sha256:…". Also the FIPS
 * and dual-stack host names of ECR and the suffixes of the other partitions. False: no reference.
 */
bool image_reference_parse(struct view text, struct image_reference *ret_reference);

bool image_tag_is_valid(struct view tag);         /* [A-Za-z0-9_][A-Za-z0-9._-]{0,127} */
bool image_digest_is_valid(struct view digest);   /* sha256:[0-9a-f]{64} */
bool image_repository_is_valid(struct view name); /* 2 to 256, ECR's grammar */

/* A repository in a registry. */
struct repository {
    struct ecr_registry registry; /* .account may be empty: the environment's own */
    struct view name;
};
/* The account, the region and the name are the same. `own_account` stands for an empty account. */
bool image_is_in_repository(const struct image_reference *reference,
                            const struct repository *repository, struct view own_account);
/* "111111111111.dkr.ecr.us-east-1.amazonaws.com/name"; .data NULL when memory ran out. */
struct view image_repository_uri(const struct repository *repository, struct view own_account,
                                 struct arena *arena);

#endif
