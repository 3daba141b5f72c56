#include "runtime/aws/ec2.h"

#include "runtime/aws/answer.h"
#include "runtime/aws/uri.h"
#include "runtime/aws/xml_list.h"

const struct aws_service ec2_service = {
    .name = "ec2",
    .endpoint_prefix = "ec2",
    .signing_name = "ec2",
    .env_name = "EC2",
    .protocol = AWS_QUERY,
    .api_version = "2016-11-15",
    .gov_is_fips = true,
};

#define FORM_BYTES ((size_t)64 * 1024)

/* --- questions --- */

/* Ids in a form: lead, then name.1=…&name.2=…, and the token of the next page. */
struct form {
    const char *operation, *lead, *name;
    const struct view *ids;
    size_t n;
    struct view next;
};

static int build_call(const struct form *question, struct arena *arena, struct aws_call *ret_call,
                      struct err *err) {
    struct buf form BUF_AUTO = BUF_INIT(FORM_BYTES);
    buf_append_str(&form, question->lead);
    for (size_t i = 0; i < question->n; i++) {
        buf_appendf(&form, "%s%s.%zu=", form.len > 0 ? "&" : "", question->name, i + 1);
        uri_append_encoded(&form, question->ids[i], '\0');
    }
    if (question->next.len > 0) {
        buf_append_str(&form, "&NextToken=");
        uri_append_encoded(&form, question->next, '\0');
    }
    if (buf_check(&form, question->operation, err) < 0) {
        return -1;
    }
    struct view body = arena_copy(arena, buf_view(&form));
    if (!body.data) {
        return err_out_of_memory(err, question->operation);
    }
    *ret_call =
        (struct aws_call){.service = &ec2_service, .operation = question->operation, .body = body};
    return 0;
}

int ec2_describe_subnets_call(const struct view *subnets, size_t n, struct arena *arena,
                              struct aws_call *ret_call, struct err *err) {
    const struct form form = {"DescribeSubnets", "", "SubnetId", subnets, n, {0}};
    return build_call(&form, arena, ret_call, err);
}

#define OF_VPCS "Filter.1.Name=vpc-id", "Filter.1.Value"

int ec2_describe_route_tables_call(const struct view *vpcs, size_t n, struct view next,
                                   struct arena *arena, struct aws_call *ret_call,
                                   struct err *err) {
    const struct form form = {"DescribeRouteTables", OF_VPCS, vpcs, n, next};
    return build_call(&form, arena, ret_call, err);
}

int ec2_describe_vpc_endpoints_call(const struct view *vpcs, size_t n, struct view next,
                                    struct arena *arena, struct aws_call *ret_call,
                                    struct err *err) {
    const struct form form = {"DescribeVpcEndpoints", OF_VPCS, vpcs, n, next};
    return build_call(&form, arena, ret_call, err);
}

/* --- answers --- */

/* <DescribeSubnetsResponse><subnetSet><item><subnetId>…</subnetId><vpcId>… */
int ec2_describe_subnets_result(const struct aws_call *call, struct arena *arena,
                                struct ec2_subnets *ret_subnets, struct err *err) {
    const char *path = "DescribeSubnetsResponse/subnetSet/item";
    struct ec2_subnets subnets = {0};
    struct view item;
    if (answer_failed(call)) {
        return answer_pass_on(call, err);
    }
    subnets.items = ARENA_ARRAY(arena, xml_list_count(call->response, path), struct ec2_subnet);
    if (!subnets.items) {
        return err_out_of_memory(err, "subnets");
    }
    struct xml_list list = xml_list(call->response, path);
    while (xml_list_next(&list, &item)) {
        struct ec2_subnet *subnet = &subnets.items[subnets.n++];
        if (xml_member(item, "item/subnetId", arena, &subnet->id, err) < 0 ||
            xml_member(item, "item/vpcId", arena, &subnet->vpc, err) < 0) {
            return -1;
        }
    }
    *ret_subnets = subnets;
    return 0;
}

/* Where a route leads, the first of these members that it has. */
static int read_gateway(struct view route, struct arena *arena, struct view *ret_gateway,
                        struct err *err) {
    static const char *const members[] = {
        "item/natGatewayId",       "item/gatewayId",        "item/transitGatewayId",
        "item/networkInterfaceId", "item/instanceId",       "item/vpcPeeringConnectionId",
        "item/localGatewayId",     "item/carrierGatewayId", "item/coreNetworkArn",
    };
    ret_gateway->len = 0;
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]) && ret_gateway->len == 0; i++) {
        if (xml_member(route, members[i], arena, ret_gateway, err) < 0) {
            return -1;
        }
    }
    return 0;
}

/* <item><destinationCidrBlock>0.0.0.0/0</destinationCidrBlock><natGatewayId>nat-…</natGatewayId>
 * <state>active</state></item> */
static int read_route(struct view route, struct arena *arena, struct ec2_route_table *table,
                      struct err *err) {
    struct view to;
    struct view state;
    if (xml_member(route, "item/destinationCidrBlock", arena, &to, err) < 0 ||
        xml_member(route, "item/state", arena, &state, err) < 0) {
        return -1;
    }
    if (!view_equal(to, VIEW("0.0.0.0/0"))) {
        return 0;
    }
    if (read_gateway(route, arena, &table->gateway, err) < 0) {
        return -1;
    }
    table->way = view_equal(state, VIEW("blackhole"))             ? EC2_WAY_BLACKHOLE
                 : view_starts_with(table->gateway, VIEW("nat-")) ? EC2_WAY_NAT
                 : view_starts_with(table->gateway, VIEW("igw-")) ? EC2_WAY_INTERNET
                                                                  : EC2_WAY_ELSEWHERE;
    return 0;
}

static int read_associations(struct view item, struct arena *arena, struct ec2_route_table *table,
                             struct err *err) {
    const char *path = "item/associationSet/item";
    struct view association;
    table->subnets = ARENA_ARRAY(arena, xml_list_count(item, path), struct view);
    if (!table->subnets) {
        return err_out_of_memory(err, "route tables");
    }
    struct xml_list list = xml_list(item, path);
    while (xml_list_next(&list, &association)) {
        struct view subnet;
        if (xml_member(association, "item/subnetId", arena, &subnet, err) < 0) {
            return -1;
        }
        table->is_main = table->is_main || xml_member_is_true(association, "item/main");
        if (subnet.len > 0) {
            table->subnets[table->n_subnets++] = subnet;
        }
    }
    return 0;
}

static int read_table(struct view item, struct arena *arena, struct ec2_route_table *table,
                      struct err *err) {
    struct xml_list routes = xml_list(item, "item/routeSet/item");
    struct view route;
    if (xml_member(item, "item/routeTableId", arena, &table->id, err) < 0 ||
        xml_member(item, "item/vpcId", arena, &table->vpc, err) < 0 ||
        read_associations(item, arena, table, err) < 0) {
        return -1;
    }
    while (xml_list_next(&routes, &route)) {
        if (read_route(route, arena, table, err) < 0) {
            return -1;
        }
    }
    return 0;
}

int ec2_describe_route_tables_result(const struct aws_call *call, struct arena *arena,
                                     struct ec2_route_tables *ret_tables, struct err *err) {
    const char *path = "DescribeRouteTablesResponse/routeTableSet/item";
    struct ec2_route_tables tables = {0};
    struct view item;
    if (answer_failed(call)) {
        return answer_pass_on(call, err);
    }
    tables.items = ARENA_ARRAY(arena, xml_list_count(call->response, path), struct ec2_route_table);
    if (!tables.items) {
        return err_out_of_memory(err, "route tables");
    }
    struct xml_list list = xml_list(call->response, path);
    while (xml_list_next(&list, &item)) {
        if (read_table(item, arena, &tables.items[tables.n++], err) < 0) {
            return -1;
        }
    }
    if (xml_member(call->response, "DescribeRouteTablesResponse/nextToken", arena, &tables.next,
                   err) < 0) {
        return -1;
    }
    *ret_tables = tables;
    return 0;
}

/* <item><vpcEndpointId>…<vpcEndpointType>Interface<vpcId>…<serviceName>…<state>available
 * <routeTableIdSet><item>rtb-…</item></routeTableIdSet><privateDnsEnabled>true */
static int read_endpoint(struct view item, struct arena *arena, struct ec2_endpoint *endpoint,
                         struct err *err) {
    const char *path = "item/routeTableIdSet/item";
    struct view table;
    if (xml_member(item, "item/vpcEndpointId", arena, &endpoint->id, err) < 0 ||
        xml_member(item, "item/vpcId", arena, &endpoint->vpc, err) < 0 ||
        xml_member(item, "item/serviceName", arena, &endpoint->service, err) < 0 ||
        xml_member(item, "item/vpcEndpointType", arena, &endpoint->type, err) < 0 ||
        xml_member(item, "item/state", arena, &endpoint->state, err) < 0) {
        return -1;
    }
    endpoint->has_private_dns = xml_member_is_true(item, "item/privateDnsEnabled");
    endpoint->route_tables = ARENA_ARRAY(arena, xml_list_count(item, path), struct view);
    if (!endpoint->route_tables) {
        return err_out_of_memory(err, "endpoints");
    }
    struct xml_list list = xml_list(item, path);
    while (xml_list_next(&list, &table)) {
        if (xml_member(table, "item", arena, &endpoint->route_tables[endpoint->n_route_tables++],
                       err) < 0) {
            return -1;
        }
    }
    return 0;
}

int ec2_describe_vpc_endpoints_result(const struct aws_call *call, struct arena *arena,
                                      struct ec2_endpoints *ret_endpoints, struct err *err) {
    const char *path = "DescribeVpcEndpointsResponse/vpcEndpointSet/item";
    struct ec2_endpoints endpoints = {0};
    struct view item;
    if (answer_failed(call)) {
        return answer_pass_on(call, err);
    }
    endpoints.items = ARENA_ARRAY(arena, xml_list_count(call->response, path), struct ec2_endpoint);
    if (!endpoints.items) {
        return err_out_of_memory(err, "endpoints");
    }
    struct xml_list list = xml_list(call->response, path);
    while (xml_list_next(&list, &item)) {
        if (read_endpoint(item, arena, &endpoints.items[endpoints.n++], err) < 0) {
            return -1;
        }
    }
    if (xml_member(call->response, "DescribeVpcEndpointsResponse/nextToken", arena, &endpoints.next,
                   err) < 0) {
        return -1;
    }
    *ret_endpoints = endpoints;
    return 0;
}
