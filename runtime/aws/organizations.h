#ifndef SLIPWAY_AWS_ORGANIZATIONS_H
#define SLIPWAY_AWS_ORGANIZATIONS_H

/*
 * AWS Organizations: which organization an account is in. Of the command line alone. One builder,
 * one decoder; pure. AWS Organizations API Reference, DescribeOrganization.
 */

#include "runtime/aws/aws.h"

extern const struct aws_service organizations_service;

/* {}; `region` is the environment's: each partition has one endpoint. -1: never but for memory. */
ERR_MUST_USE int organizations_describe_call(struct view region, struct arena *arena,
                                             struct aws_call *ret_call, struct err *err);
/* The organization's id; empty: the account is in none. -1: the call's error, ERR_BAD_RESPONSE. */
ERR_MUST_USE int organizations_describe_result(const struct aws_call *call, struct arena *arena,
                                               struct view *ret_id, struct err *err);

#endif
