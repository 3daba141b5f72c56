#ifndef SLIPWAY_AWS_EC2_H
#define SLIPWAY_AWS_EC2_H

/*
 * Amazon EC2: how a subnet gets out of its VPC. Of the command line alone. Builders fill a call;
 * decoders read an ended one. Pure: aws_call_all() is between them.
 * Amazon EC2 API Reference, DescribeSubnets, DescribeRouteTables, DescribeVpcEndpoints.
 */

#include "runtime/aws/aws.h"

extern const struct aws_service ec2_service;

#define EC2_IDS_MAX 200 /* in one call */

/* SubnetId.1=…; n <= EC2_IDS_MAX. */
ERR_MUST_USE int ec2_describe_subnets_call(const struct view *subnets, size_t n,
                                           struct arena *arena, struct aws_call *ret_call,
                                           struct err *err);
struct ec2_subnet {
    struct view id, vpc;
};
struct ec2_subnets {
    struct ec2_subnet *items;
    size_t n;
};
/* -1: the call's error, which EC2 gives for all where one is not there. */
ERR_MUST_USE int ec2_describe_subnets_result(const struct aws_call *call, struct arena *arena,
                                             struct ec2_subnets *ret_subnets, struct err *err);

/* Filter.1.Name=vpc-id&Filter.1.Value.1=…[&NextToken=…]; n <= EC2_IDS_MAX. */
ERR_MUST_USE int ec2_describe_route_tables_call(const struct view *vpcs, size_t n, struct view next,
                                                struct arena *arena, struct aws_call *ret_call,
                                                struct err *err);

/* Where a table sends what is for no other place. */
enum ec2_way {
    EC2_WAY_NONE,
    EC2_WAY_INTERNET, /* an internet gateway: only with a public address */
    EC2_WAY_NAT,
    EC2_WAY_ELSEWHERE, /* a transit gateway, an instance, a peer, …: `gateway` */
    EC2_WAY_BLACKHOLE, /* what it leads to has been deleted */
};
struct ec2_route_table {
    struct view id, vpc;
    bool is_main;         /* of the subnets that have no table of their own */
    struct view *subnets; /* that have it as their own */
    size_t n_subnets;
    enum ec2_way way;
    struct view gateway; /* nat-…, igw-…, tgw-…, as far as there is one */
};
struct ec2_route_tables {
    struct ec2_route_table *items;
    size_t n;
    struct view next; /* empty: that was the last page */
};
ERR_MUST_USE int ec2_describe_route_tables_result(const struct aws_call *call, struct arena *arena,
                                                  struct ec2_route_tables *ret_tables,
                                                  struct err *err);

/* The same filter. */
ERR_MUST_USE int ec2_describe_vpc_endpoints_call(const struct view *vpcs, size_t n,
                                                 struct view next, struct arena *arena,
                                                 struct aws_call *ret_call, struct err *err);
struct ec2_endpoint {
    struct view id, vpc;
    struct view service; /* com.amazonaws.us-east-1.ecr.api */
    struct view type;    /* Interface, Gateway, … */
    struct view state;   /* available, pending, …, as spelt */
    bool has_private_dns;
    struct view *route_tables; /* of a gateway */
    size_t n_route_tables;
};
struct ec2_endpoints {
    struct ec2_endpoint *items;
    size_t n;
    struct view next;
};
ERR_MUST_USE int ec2_describe_vpc_endpoints_result(const struct aws_call *call, struct arena *arena,
                                                   struct ec2_endpoints *ret_endpoints,
                                                   struct err *err);

#endif
