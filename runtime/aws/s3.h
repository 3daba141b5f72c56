#ifndef SLIPWAY_AWS_S3_H
#define SLIPWAY_AWS_S3_H

/*
 * Amazon S3: GetObject of a small object that may hold a secret: it is in no message, and the
 * caller wipes what held it. Pure: aws_call_all() is between the call's builder and its decoder.
 *
 * Path style, "https://s3.{region}.amazonaws.com/{bucket}/{key}": one host for all buckets, those
 * with a dot in their name included (which no certificate is for otherwise), and emulators know it.
 * Amazon S3 API Reference, GetObject; Amazon S3 User Guide, "Bucket naming rules".
 */

#include "runtime/aws/aws.h"
#include "runtime/base/buf.h"

#include <stdbool.h>

extern const struct aws_service s3_service;

/* What is taken of an object. */
#define S3_OBJECT_BYTES ((size_t)256 * 1024)

/* 3 to 63 lower-case letters, digits, '-' and '.', at both ends a letter or digit. */
bool s3_bucket_is_valid(struct view bucket);
/* 1 to 1024 bytes, none of them a control character, and no segment "." or "..". */
bool s3_key_is_valid(struct view key);

/* GET /{bucket}/{key}, in the client's region. -1: ERR_OUT_OF_MEMORY. */
ERR_MUST_USE int s3_get_object_call(struct view bucket, struct view key, struct arena *arena,
                                    struct aws_call *ret_call, struct err *err);
/* Appends the object to *object, which is the caller's to wipe, and overwrites the call's response.
 * -1: ERR_ACCESS_DENIED with the statement that is missing (S3 says the same of an object that is
 * not there, unless the caller may list the bucket); ERR_BAD_RESPONSE for an object or a bucket
 * that is not there, or in another region, or larger than S3_OBJECT_BYTES; the call's own. */
ERR_MUST_USE int s3_get_object_result(struct aws_call *call, struct buf *object, struct err *err);
/* Whether S3 says that there is no such object, or no such bucket. */
bool s3_is_missing(const struct aws_call *call);

#endif
