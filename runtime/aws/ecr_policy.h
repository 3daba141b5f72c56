#ifndef SLIPWAY_AWS_ECR_POLICY_H
#define SLIPWAY_AWS_ECR_POLICY_H

/*
 * Amazon ECR: whether a repository is there, and whom its policy admits. Of the command line alone.
 * Builders fill a call; decoders read an ended one. Pure: aws_call_all() is between them.
 * Amazon ECR API Reference, DescribeRepositories, GetRepositoryPolicy.
 */

#include "runtime/aws/ecr.h"

/* {"registryId":"111111111111","repositoryNames":["r"]} */
ERR_MUST_USE int ecr_describe_repository_call(const struct ecr_registry *registry,
                                              struct view repository, struct arena *arena,
                                              struct aws_call *ret_call, struct err *err);
struct ecr_described_repository {
    struct view arn;
    struct view tag_mutability; /* MUTABLE, IMMUTABLE, …; may be empty */
};
/* Errors: ERR_REPOSITORY_NOT_FOUND, ERR_REGISTRY_ACCESS_DENIED (also when the registry's role could
 * not be assumed), the call's own, each with the repository and its place; ERR_BAD_RESPONSE for an
 * answer without the repository. */
ERR_MUST_USE int ecr_describe_repository_result(const struct aws_call *call, struct arena *arena,
                                                struct ecr_described_repository *ret_repository,
                                                struct err *err);

/* {"registryId":"111111111111","repositoryName":"r"} */
ERR_MUST_USE int ecr_get_repository_policy_call(const struct ecr_registry *registry,
                                                struct view repository, struct arena *arena,
                                                struct aws_call *ret_call, struct err *err);
/* The policy's text; empty: the repository has none. Errors as above. */
ERR_MUST_USE int ecr_get_repository_policy_result(const struct aws_call *call, struct arena *arena,
                                                  struct view *ret_policy, struct err *err);

#endif
