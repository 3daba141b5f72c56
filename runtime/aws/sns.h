#ifndef SLIPWAY_AWS_SNS_H
#define SLIPWAY_AWS_SNS_H

/*
 * Amazon SNS: Publish. Pure: aws_call_all() is between the call's builder and its decoder.
 * Amazon SNS API Reference, Publish.
 */

#include "runtime/aws/aws.h"

extern const struct aws_service sns_service;

#define SNS_SUBJECT_BYTES 99 /* "less than 100 characters" */

struct sns_attribute {
    const char *name;
    struct view value; /* a String; left out when it is empty */
};
struct sns_message {
    struct view topic_arn;
    struct view subject; /* cut at SNS_SUBJECT_BYTES; what is not printable ASCII becomes '?'; left
                            out when it is empty */
    struct view message;
    const struct sns_attribute *attributes; /* for filter policies */
    size_t n_attributes;
    struct view group;         /* of a topic whose name ends in .fifo, both of these */
    struct view deduplication; /* 1 to 128 letters, digits and punctuation */
};
/* TopicArn=…&Subject=…&Message=…&MessageAttributes.entry.1.Name=…; in the topic's region. Marked
 * `once`. */
ERR_MUST_USE int sns_publish_call(const struct sns_message *message, struct arena *arena,
                                  struct aws_call *ret_call, struct err *err);
/* ERR_ACCESS_DENIED with the statement that is missing, ERR_BAD_RESPONSE for a topic that is not
 * there, the call's own. */
ERR_MUST_USE int sns_publish_result(const struct aws_call *call, struct err *err);

#endif
