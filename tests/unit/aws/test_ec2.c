#include "runtime/aws/ec2.h"

#include "tests/unit/aws/sent_fixture.h"

static const struct view vpcs[] = {{"vpc-1", 5}, {"vpc-2", 5}};

static struct fixture tables(struct view next) {
    struct fixture f = fixture_new();
    assert_int_equal(ec2_describe_route_tables_call(vpcs, 2, next, &f.arena, &f.call, &f.err), 0);
    return f;
}

static struct fixture endpoints(void) {
    struct fixture f = fixture_new();
    assert_int_equal(ec2_describe_vpc_endpoints_call(vpcs, 1, VIEW(""), &f.arena, &f.call, &f.err),
                     0);
    return f;
}

static struct fixture subnets(void) {
    struct fixture f = fixture_new();
    static const struct view ids[] = {{"subnet-1", 8}, {"subnet-2", 8}};
    assert_int_equal(ec2_describe_subnets_call(ids, 2, &f.arena, &f.call, &f.err), 0);
    return f;
}

static void requests(void **state) {
    (void)state;
    struct fixture f = tables(VIEW(""));
    struct aws_request request = sent(&f);
    assert_view(request.host, "ec2.eu-central-1.amazonaws.com");
    assert_view(request.body, "Action=DescribeRouteTables&Version=2016-11-15&Filter.1.Name=vpc-id"
                              "&Filter.1.Value.1=vpc-1&Filter.1.Value.2=vpc-2");
    arena_release(&f.arena);
    f = tables(VIEW("a b"));
    request = sent(&f);
    assert_view(request.body, "Action=DescribeRouteTables&Version=2016-11-15&Filter.1.Name=vpc-id"
                              "&Filter.1.Value.1=vpc-1&Filter.1.Value.2=vpc-2&NextToken=a%20b");
    arena_release(&f.arena);
    f = endpoints();
    request = sent(&f);
    assert_view(request.body, "Action=DescribeVpcEndpoints&Version=2016-11-15&Filter.1.Name=vpc-id"
                              "&Filter.1.Value.1=vpc-1");
    arena_release(&f.arena);
    f = subnets();
    request = sent(&f);
    assert_view(request.body, "Action=DescribeSubnets&Version=2016-11-15&SubnetId.1=subnet-1"
                              "&SubnetId.2=subnet-2");
    arena_release(&f.arena);
}

static void subnets_are_read(void **state) {
    (void)state;
    struct fixture f = subnets();
    struct ec2_subnets got;
    call_ends(&f.call, 200,
              "<DescribeSubnetsResponse><subnetSet><item><subnetId>subnet-1</subnetId>"
              "<vpcId>vpc-1</vpcId><tagSet><item><key>x</key></item></tagSet></item>"
              "<item><subnetId>subnet-2</subnetId><vpcId>vpc-2</vpcId></item></subnetSet>"
              "</DescribeSubnetsResponse>");
    assert_int_equal(ec2_describe_subnets_result(&f.call, &f.arena, &got, &f.err), 0);
    assert_int_equal(got.n, 2);
    assert_view(got.items[0].id, "subnet-1");
    assert_view(got.items[1].vpc, "vpc-2");
    arena_release(&f.arena);
}

#define TABLE(routes, associations)                                                                \
    "<item><routeTableId>rtb-1</routeTableId><vpcId>vpc-1</vpcId><routeSet>" routes                \
    "</routeSet><associationSet>" associations "</associationSet></item>"
#define ROUTE(to, way, state)                                                                      \
    "<item><destinationCidrBlock>" to "</destinationCidrBlock>" way "<state>" state                \
    "</state></item>"
#define ANYWHERE "0.0.0.0/0"
#define LOCAL ROUTE("10.0.0.0/16", "<gatewayId>local</gatewayId>", "active")

static void ways_are_told_apart(void **state) {
    (void)state;
    static const struct {
        const char *answer;
        enum ec2_way way;
        const char *gateway;
    } rows[] = {
        {TABLE(LOCAL, ""), EC2_WAY_NONE, ""},
        {TABLE(LOCAL ROUTE(ANYWHERE, "<natGatewayId>nat-1</natGatewayId>", "active"), ""),
         EC2_WAY_NAT, "nat-1"},
        {TABLE(ROUTE(ANYWHERE, "<gatewayId>igw-1</gatewayId>", "active") LOCAL, ""),
         EC2_WAY_INTERNET, "igw-1"},
        {TABLE(ROUTE(ANYWHERE, "<transitGatewayId>tgw-1</transitGatewayId>", "active"), ""),
         EC2_WAY_ELSEWHERE, "tgw-1"},
        {TABLE(ROUTE(ANYWHERE, "<instanceId>i-1</instanceId>", "active"), ""), EC2_WAY_ELSEWHERE,
         "i-1"},
        {TABLE(ROUTE(ANYWHERE, "<natGatewayId>nat-1</natGatewayId>", "blackhole"), ""),
         EC2_WAY_BLACKHOLE, "nat-1"},
        {TABLE(ROUTE(ANYWHERE, "<unheardOf>x</unheardOf>", "active"), ""), EC2_WAY_ELSEWHERE, ""},
        /* A prefix list, as gateway endpoints have it, is no way to everywhere. */
        {TABLE("<item><destinationPrefixListId>pl-1</destinationPrefixListId>"
               "<gatewayId>vpce-1</gatewayId><state>active</state></item>",
               ""),
         EC2_WAY_NONE, ""},
        {TABLE("<item><destinationIpv6CidrBlock>::/0</destinationIpv6CidrBlock>"
               "<gatewayId>igw-1</gatewayId><state>active</state></item>",
               ""),
         EC2_WAY_NONE, ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture f = tables(VIEW(""));
        struct ec2_route_tables got;
        struct view answer = arena_printf(&f.arena,
                                          "<DescribeRouteTablesResponse><routeTableSet>%s"
                                          "</routeTableSet></DescribeRouteTablesResponse>",
                                          rows[i].answer);
        call_ends(&f.call, 200, answer.data);
        assert_int_equal(ec2_describe_route_tables_result(&f.call, &f.arena, &got, &f.err), 0);
        assert_int_equal(got.n, 1);
        assert_int_equal(got.items[0].way, rows[i].way);
        assert_view(got.items[0].gateway, rows[i].gateway);
        assert_view(got.next, "");
        arena_release(&f.arena);
    }
}

static void tables_are_read(void **state) {
    (void)state;
    struct fixture f = tables(VIEW(""));
    struct ec2_route_tables got;
    call_ends(
        &f.call, 200,
        "<DescribeRouteTablesResponse><routeTableSet>" TABLE(
            LOCAL, "<item><subnetId>subnet-1</subnetId><main>false</main></item>"
                   "<item><subnetId>subnet-2</subnetId><main>false</main></item>")
            TABLE(LOCAL, "<item><main>true</main></item>") TABLE(
                LOCAL,
                "") "</routeTableSet><nextToken>more</nextToken></DescribeRouteTablesResponse>");
    assert_int_equal(ec2_describe_route_tables_result(&f.call, &f.arena, &got, &f.err), 0);
    assert_int_equal(got.n, 3);
    assert_int_equal(got.items[0].n_subnets, 2);
    assert_view(got.items[0].subnets[1], "subnet-2");
    assert_false(got.items[0].is_main);
    assert_true(got.items[1].is_main);
    assert_int_equal(got.items[1].n_subnets, 0);
    assert_false(got.items[2].is_main);
    assert_view(got.next, "more");
    arena_release(&f.arena);
}

static void endpoints_are_read(void **state) {
    (void)state;
    struct fixture f = endpoints();
    struct ec2_endpoints got;
    call_ends(&f.call, 200,
              "<DescribeVpcEndpointsResponse><vpcEndpointSet>"
              "<item><vpcEndpointId>vpce-1</vpcEndpointId><vpcEndpointType>Interface"
              "</vpcEndpointType><vpcId>vpc-1</vpcId><serviceName>com.amazonaws.us-east-1.ecr.api"
              "</serviceName><state>available</state><routeTableIdSet/>"
              "<privateDnsEnabled>true</privateDnsEnabled></item>"
              "<item><vpcEndpointId>vpce-2</vpcEndpointId><vpcEndpointType>Gateway"
              "</vpcEndpointType><vpcId>vpc-1</vpcId><serviceName>com.amazonaws.us-east-1.s3"
              "</serviceName><state>pending</state><routeTableIdSet><item>rtb-1</item>"
              "<item>rtb-2</item></routeTableIdSet><privateDnsEnabled>false</privateDnsEnabled>"
              "</item></vpcEndpointSet></DescribeVpcEndpointsResponse>");
    assert_int_equal(ec2_describe_vpc_endpoints_result(&f.call, &f.arena, &got, &f.err), 0);
    assert_int_equal(got.n, 2);
    assert_view(got.items[0].service, "com.amazonaws.us-east-1.ecr.api");
    assert_true(got.items[0].has_private_dns);
    assert_int_equal(got.items[0].n_route_tables, 0);
    assert_view(got.items[1].type, "Gateway");
    assert_view(got.items[1].state, "pending");
    assert_false(got.items[1].has_private_dns);
    assert_int_equal(got.items[1].n_route_tables, 2);
    assert_view(got.items[1].route_tables[1], "rtb-2");
    arena_release(&f.arena);
}

static void failures_are_the_calls(void **state) {
    (void)state;
    struct fixture f = subnets();
    struct ec2_subnets got;
    call_fails(&f.call, ERR_BAD_RESPONSE, "InvalidSubnetID.NotFound", VIEW("it does not exist"),
               &f.arena);
    assert_int_equal(ec2_describe_subnets_result(&f.call, &f.arena, &got, &f.err), -1);
    assert_holds(f.err.message, "InvalidSubnetID.NotFound");
    arena_release(&f.arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),
        cmocka_unit_test(subnets_are_read),
        cmocka_unit_test(ways_are_told_apart),
        cmocka_unit_test(tables_are_read),
        cmocka_unit_test(endpoints_are_read),
        cmocka_unit_test(failures_are_the_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
