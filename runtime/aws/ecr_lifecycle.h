#ifndef SLIPWAY_AWS_ECR_LIFECYCLE_H
#define SLIPWAY_AWS_ECR_LIFECYCLE_H

/*
 * Amazon ECR: all images of a repository, and the policy that expires them. Of the command line
 * alone. Builders fill a call; decoders read an ended one. Pure: aws_call_all() is between them.
 * Amazon ECR API Reference, DescribeImages, GetLifecyclePolicy, BatchGetImage.
 */

#include "runtime/aws/ecr.h"

/* An image as a lifecycle policy looks at it. Times are 0 when AWS sent none. */
struct ecr_stored_image {
    struct view digest;
    struct view *tags;
    size_t n_tags;
    struct view media_type; /* imageManifestMediaType; may be empty */
    bool is_archived;       /* in the archive, from where nothing can be pulled */
    int64_t pushed_at_ms;
    int64_t pulled_at_ms;    /* lastRecordedPullTime */
    int64_t activated_at_ms; /* when it came back from the archive */
    int64_t archived_at_ms;
    struct view
        *manifests; /* of an index: the images that it lists, once they have been asked for */
    size_t n_manifests;
};
/* Whether it lists other images. */
bool ecr_is_index(const struct ecr_stored_image *image);

/* A page of the repository's images, tagged or not: {"registryId":"111111111111",
 * "repositoryName":"r","maxResults":1000,"filter":{"tagStatus":"ANY","imageStatus":"ANY"}
 * [,"nextToken":"…"]} */
ERR_MUST_USE int ecr_list_images_call(const struct ecr_registry *registry, struct view repository,
                                      struct view next, struct arena *arena,
                                      struct aws_call *ret_call, struct err *err);
struct ecr_image_page {
    struct ecr_stored_image *images;
    size_t n;
    struct view next; /* empty: it was the last one */
};
/* Errors as ecr_list_tags_result(); ERR_BAD_RESPONSE for an image without a digest or without the
 * time when it was pushed. */
ERR_MUST_USE int ecr_list_images_result(const struct aws_call *call, struct arena *arena,
                                        struct ecr_image_page *ret_page, struct err *err);

/* {"registryId":"111111111111","repositoryName":"r"} */
ERR_MUST_USE int ecr_get_lifecycle_policy_call(const struct ecr_registry *registry,
                                               struct view repository, struct arena *arena,
                                               struct aws_call *ret_call, struct err *err);
/* The policy's text; empty: the repository has none. */
ERR_MUST_USE int ecr_get_lifecycle_policy_result(const struct aws_call *call, struct arena *arena,
                                                 struct view *ret_policy, struct err *err);

#define ECR_GET_INDEXES_MAX 100 /* images in one BatchGetImage */
/* BatchGetImage of indexes, by digest; n <= ECR_GET_INDEXES_MAX. */
ERR_MUST_USE int ecr_get_indexes_call(const struct ecr_registry *registry, struct view repository,
                                      const struct view *digests, size_t n, struct arena *arena,
                                      struct aws_call *ret_call, struct err *err);
/* Fills `manifests` of the images that the answer is about; the others stay as they are. */
ERR_MUST_USE int ecr_get_indexes_result(const struct aws_call *call, struct arena *arena,
                                        struct ecr_stored_image *images, size_t n, struct err *err);

#endif
