#ifndef SLIPWAY_AWS_SSM_H
#define SLIPWAY_AWS_SSM_H

/*
 * AWS Systems Manager: GetParameter of a SecureString. The value is a secret: it is in no message,
 * and the caller wipes what held it.
 * AWS Systems Manager API Reference, GetParameter.
 */

#include "runtime/aws/aws.h"
#include "runtime/base/buf.h"

extern const struct aws_service ssm_service;

/* {"Name":"…","WithDecryption":true}; a name or an ARN, in whose region it is asked for. */
ERR_MUST_USE int ssm_get_parameter_call(struct view name, struct arena *arena,
                                        struct aws_call *ret_call, struct err *err);
/* Appends the value to *value, which is the caller's to wipe, and overwrites the call's response.
 * -1: ERR_ACCESS_DENIED with the statement that is missing; ERR_BAD_RESPONSE for a parameter that
 * is not there; the call's own. */
ERR_MUST_USE int ssm_get_parameter_result(struct aws_call *call, struct buf *value,
                                          struct err *err);

#endif
