#ifndef SLIPWAY_AWS_ECR_REQUEST_H
#define SLIPWAY_AWS_ECR_REQUEST_H

/* How requests about a repository begin and end. Private to ecr*.c. */

#include "runtime/aws/ecr.h"
#include "runtime/base/json_write.h"

/* {"registryId":"111111111111","repositoryName":"r", of every request. */
void ecr_begin_request(struct json_writer *w, const struct ecr_registry *registry,
                       struct view repository);
/* Closes the object and makes a call to the registry of it. */
ERR_MUST_USE int ecr_finish_call(struct json_writer *w, const struct ecr_registry *registry,
                                 const char *operation, struct arena *arena,
                                 struct aws_call *ret_call, struct err *err);

#endif
