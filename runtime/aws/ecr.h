#ifndef SLIPWAY_AWS_ECR_H
#define SLIPWAY_AWS_ECR_H

/*
 * Amazon ECR: which requests slipway makes, and what their answers mean. Builders fill a call;
 * decoders read an ended one. Pure: aws_call_all() is between them.
 * Amazon ECR API Reference, DescribeImages, BatchGetImage.
 */

#include "runtime/aws/aws.h"

extern const struct aws_service ecr_service;

struct ecr_registry {
    struct view account; /* registryId; empty: the caller's own */
    struct view region;
    struct view role_arn; /* assumed for reads; empty: none */
};

/* An image to ask for: by tag or by digest; the one that is not empty. */
struct ecr_image_id {
    struct view tag;
    struct view digest;
};

/* {"registryId":"111111111111","repositoryName":"r","imageIds":[{"imageTag":"t"}]}
 * -1: ERR_TAG_INVALID when the image has neither tag nor digest, ERR_OUT_OF_MEMORY. */
ERR_MUST_USE int ecr_describe_image_call(const struct ecr_registry *registry,
                                         struct view repository, const struct ecr_image_id *image,
                                         struct arena *arena, struct aws_call *ret_call,
                                         struct err *err);

struct ecr_image {
    struct view registry_account; /* registryId of the answer */
    struct view digest;
    struct view *tags;
    size_t n_tags;
    struct view media_type; /* imageManifestMediaType; may be empty */
    struct view status;     /* ACTIVE, ARCHIVED, …; empty when AWS sent none */
    int64_t pushed_at_ms;   /* 0 when absent */
};

/* Errors: ERR_IMAGE_NOT_FOUND, ERR_REPOSITORY_NOT_FOUND, ERR_REGISTRY_ACCESS_DENIED (all with what
 * was looked for and where; the last also when the registry's role could not be assumed),
 * ERR_TAG_INVALID, or the call's own. An image that is ARCHIVED or still ACTIVATING is
 * ERR_IMAGE_NOT_FOUND: it cannot be pulled. An answer about another image than the one asked for,
 * or with a digest that is none, is ERR_BAD_RESPONSE. */
ERR_MUST_USE int ecr_describe_image_result(const struct aws_call *call, struct arena *arena,
                                           struct ecr_image *ret_image, struct err *err);

/* One page of the repository's tags, for the remedy of a tag that does not exist: DescribeImages
 * with filter tagStatus TAGGED and maxResults 1000. */
ERR_MUST_USE int ecr_list_tags_call(const struct ecr_registry *registry, struct view repository,
                                    struct arena *arena, struct aws_call *ret_call,
                                    struct err *err);
/* The images of the page with their tags; absent or odd members are skipped. */
ERR_MUST_USE int ecr_list_tags_result(const struct aws_call *call, struct arena *arena,
                                      struct ecr_image **ret_images, size_t *ret_n,
                                      struct err *err);

/* BatchGetImage of one image, for its manifest: which platforms an index holds. */
ERR_MUST_USE int ecr_get_manifest_call(const struct ecr_registry *registry, struct view repository,
                                       const struct ecr_image_id *image, struct arena *arena,
                                       struct aws_call *ret_call, struct err *err);

struct ecr_platform {
    struct view os;           /* "linux" */
    struct view architecture; /* "amd64", "arm64" */
    struct view variant;      /* may be empty */
};
struct ecr_manifest {
    bool is_index; /* a list of images, one per platform; else a single image: platforms unknown */
    struct ecr_platform *platforms; /* without attestations (os "unknown") */
    size_t n_platforms;
    bool has_unnamed; /* some entry names no platform: it may be for any */
    struct view digest;
};
/* failures[] in a 200 are errors, as in ecr_describe_image_result(). A manifest that is no JSON
 * object is ERR_BAD_RESPONSE. */
ERR_MUST_USE int ecr_get_manifest_result(const struct aws_call *call, struct arena *arena,
                                         struct ecr_manifest *ret_manifest, struct err *err);

#endif
