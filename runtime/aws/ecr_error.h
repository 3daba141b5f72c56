#ifndef SLIPWAY_AWS_ECR_ERROR_H
#define SLIPWAY_AWS_ECR_ERROR_H

/*
 * What it means when Amazon ECR says no: which of slipway's codes it is, what was looked for and
 * where, and which policy lacks what. Private to ecr.c.
 */

#include "runtime/aws/aws.h"
#include "runtime/base/arena.h"
#include "runtime/base/err.h"

/* What a call asked for, read back from its own body. */
struct ecr_question {
    const struct aws_call *call;
    struct view account; /* registryId; empty: the caller's own */
    struct view repository;
    struct view tag;
    struct view digest;
    struct view image; /* "tag 't'", "digest 'sha256:…'": for messages */
    struct view place; /* "repository 'r' of registry 111111111111 in us-east-1" */
};
ERR_MUST_USE int ecr_question_read(const struct aws_call *call, struct arena *arena,
                                   struct ecr_question *ret_question, struct err *err);

/* All of these return -1. */

/* The error of a call that failed as a whole. */
int ecr_call_failed(const struct ecr_question *question, struct arena *arena, struct err *err);
/* ERR_IMAGE_NOT_FOUND: "image not found: tag 't' in repository 'r' …". */
int ecr_image_not_found(const struct ecr_question *question, struct err *err);
/* One entry of failures[] in a 200. */
int ecr_image_failed(const struct ecr_question *question, struct view code, struct view reason,
                     struct err *err);

#endif
