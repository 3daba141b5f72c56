#ifndef SLIPWAY_AWS_ARN_H
#define SLIPWAY_AWS_ARN_H

/*
 * Amazon Resource Names and the small grammars that go with them. All views borrow the input.
 * AWS General Reference, "Amazon Resource Names (ARNs)".
 */

#include "runtime/base/view.h"

#include <stdbool.h>

struct arn {
    struct view partition; /* aws, aws-cn, aws-us-gov */
    struct view service;
    struct view region;   /* may be empty */
    struct view account;  /* may be empty */
    struct view resource; /* all behind the fifth colon */
};

/* arn:partition:service:region:account:resource; false, nothing written, for anything else. The
 * account is empty, 12 digits, or "aws"; control characters and spaces are refused, and so is what
 * is longer than the 2048 bytes that AWS allows. */
bool arn_parse(struct view text, struct arn *ret_arn);
bool arn_is_account_id(struct view text); /* 12 digits */
bool arn_is_region(struct view text);     /* aa-bbb-1, us-gov-west-1, … */
/* The partition's name of a region ("aws-cn" for cn-*) and its DNS suffix ("amazonaws.com.cn"). */
struct view arn_region_partition(struct view region);
struct view arn_region_dns_suffix(struct view region);
/* The suffix of dual-stack endpoints ("api.aws"). */
struct view arn_region_dualstack_suffix(struct view region);

#endif
