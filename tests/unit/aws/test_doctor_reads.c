/* The small reads of `slipway doctor`: organization, rule, function, network, lists in XML. */

#include "runtime/aws/ecs_network.h"
#include "runtime/aws/events_rule.h"
#include "runtime/aws/lambda_settings.h"
#include "runtime/aws/organizations.h"
#include "runtime/aws/xml_list.h"
#include "tests/unit/aws/sent_fixture.h"

/* --- the organization --- */

static struct fixture organization(const char *region) {
    struct fixture f = fixture_new();
    assert_int_equal(organizations_describe_call(view_of(region), &f.arena, &f.call, &f.err), 0);
    return f;
}

static void organizations(void **state) {
    (void)state;
    struct view id = VIEW("untouched");
    struct fixture f = organization("eu-west-1");
    assert_sent_json(&f, "organizations.us-east-1.amazonaws.com",
                     "AWSOrganizationsV20161128.DescribeOrganization", "{}");
    call_ends(&f.call, 200, "{\"Organization\":{\"Id\":\"o-a1b2c3d4e5\"}}");
    assert_int_equal(organizations_describe_result(&f.call, &f.arena, &id, &f.err), 0);
    assert_view(id, "o-a1b2c3d4e5");
    arena_release(&f.arena);
    f = organization("cn-north-1");
    assert_view(f.call.region, "cn-northwest-1");
    call_fails(&f.call, ERR_BAD_RESPONSE, "AWSOrganizationsNotInUseException", VIEW("none"),
               &f.arena);
    assert_int_equal(organizations_describe_result(&f.call, &f.arena, &id, &f.err), 0);
    assert_view(id, "");
    arena_release(&f.arena);
    f = organization("us-gov-east-1");
    assert_view(f.call.region, "us-gov-west-1");
    call_fails(&f.call, ERR_ACCESS_DENIED, "AccessDeniedException", VIEW("no"), &f.arena);
    assert_int_equal(organizations_describe_result(&f.call, &f.arena, &id, &f.err), -1);
    assert_int_equal(f.err.code, ERR_ACCESS_DENIED);
    arena_release(&f.arena);
    static const char *const bad[] = {"", "{}", "{\"Organization\":{}}", "{\"Organization\":7}"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        f = organization("us-east-1");
        call_ends(&f.call, 200, bad[i]);
        assert_int_equal(organizations_describe_result(&f.call, &f.arena, &id, &f.err), -1);
        assert_int_equal(f.err.code, ERR_BAD_RESPONSE);
        arena_release(&f.arena);
    }
}

/* --- a rule --- */

static struct fixture rule(const char *bus) {
    struct fixture f = fixture_new();
    assert_int_equal(
        events_describe_rule_call(VIEW("deploys"), view_of(bus), &f.arena, &f.call, &f.err), 0);
    return f;
}

static void rules(void **state) {
    (void)state;
    struct events_rule got;
    struct fixture f = rule("default");
    assert_sent_json(&f, "events.eu-central-1.amazonaws.com", "AWSEvents.DescribeRule",
                     "{\"Name\":\"deploys\",\"EventBusName\":\"default\"}");
    call_ends(&f.call, 200,
              "{\"Name\":\"deploys\",\"Arn\":\"arn:aws:events:x\",\"State\":\"DISABLED\","
              "\"EventPattern\":\"{\\\"source\\\":[\\\"x\\\"]}\",\"EventBusName\":\"default\"}");
    assert_int_equal(events_describe_rule_result(&f.call, &f.arena, &got, &f.err), 0);
    assert_view(got.name, "deploys");
    assert_view(got.arn, "arn:aws:events:x");
    assert_view(got.state, "DISABLED");
    assert_view(got.pattern, "{\"source\":[\"x\"]}");
    arena_release(&f.arena);
    f = rule("");
    call_ends(&f.call, 200, "{\"Name\":\"n\",\"Arn\":\"a\",\"State\":\"ENABLED\"}");
    assert_int_equal(events_describe_rule_result(&f.call, &f.arena, &got, &f.err), 0);
    assert_view(got.pattern, "");
    arena_release(&f.arena);
    static const char *const bad[] = {"{}", "{\"Name\":\"n\",\"Arn\":\"a\"}",
                                      "{\"Name\":\"n\",\"State\":\"ENABLED\"}"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        f = rule("");
        call_ends(&f.call, 200, bad[i]);
        assert_int_equal(events_describe_rule_result(&f.call, &f.arena, &got, &f.err), -1);
        assert_int_equal(f.err.code, ERR_BAD_RESPONSE);
        arena_release(&f.arena);
    }
    f = rule("");
    call_fails(&f.call, ERR_BAD_RESPONSE, "ResourceNotFoundException", VIEW("gone"), &f.arena);
    assert_int_equal(events_describe_rule_result(&f.call, &f.arena, &got, &f.err), -1);
    assert_holds(f.err.message, "gone");
    arena_release(&f.arena);
}

static struct fixture bus(void) {
    struct fixture f = fixture_new();
    assert_int_equal(events_describe_bus_call(VIEW("default"), &f.arena, &f.call, &f.err), 0);
    return f;
}

static void buses(void **state) {
    (void)state;
    struct events_bus got;
    struct fixture f = bus();
    assert_sent_json(&f, "events.eu-central-1.amazonaws.com", "AWSEvents.DescribeEventBus",
                     "{\"Name\":\"default\"}");
    call_ends(&f.call, 200, "{\"Name\":\"default\",\"Arn\":\"arn:b\",\"Policy\":\"{}\"}");
    assert_int_equal(events_describe_bus_result(&f.call, &f.arena, &got, &f.err), 0);
    assert_view(got.arn, "arn:b");
    assert_view(got.policy, "{}");
    arena_release(&f.arena);
    f = bus();
    call_ends(&f.call, 200, "{\"Name\":\"default\",\"Arn\":\"arn:b\"}");
    assert_int_equal(events_describe_bus_result(&f.call, &f.arena, &got, &f.err), 0);
    assert_view(got.policy, "");
    arena_release(&f.arena);
    f = bus();
    call_ends(&f.call, 200, "{}");
    assert_int_equal(events_describe_bus_result(&f.call, &f.arena, &got, &f.err), -1);
    assert_int_equal(f.err.code, ERR_BAD_RESPONSE);
    arena_release(&f.arena);
}

/* --- the function --- */

#define CONFIGURATION                                                                              \
    "\"FunctionArn\":\"arn:aws:lambda:us-east-1:222222222222:function:f\",\"PackageType\":"        \
    "\"Zip\","                                                                                     \
    "\"Architectures\":[\"x86_64\"],\"State\":\"Active\",\"LastUpdateStatus\":\"Successful\","     \
    "\"RevisionId\":\"r\",\"CodeSha256\":\"c\",\"Version\":\"$LATEST\""

static struct fixture settings(void) {
    struct fixture f = fixture_new();
    assert_int_equal(lambda_get_configuration_call(VIEW("f"), &f.arena, &f.call, &f.err), 0);
    return f;
}

static struct fixture function_policy(const char *name) {
    struct fixture f = fixture_new();
    assert_int_equal(lambda_get_policy_call(view_of(name), &f.arena, &f.call, &f.err), 0);
    return f;
}

static void functions(void **state) {
    (void)state;
    struct lambda_settings got;
    struct fixture f = settings();
    call_ends(&f.call, 200,
              "{" CONFIGURATION ",\"Role\":\"arn:aws:iam::222222222222:role/r\","
              "\"Environment\":{\"Variables\":{\"A\":\"b\"}}}");
    assert_int_equal(lambda_settings_result(&f.call, &f.arena, &got, &f.err), 0);
    assert_view(got.arn, "arn:aws:lambda:us-east-1:222222222222:function:f");
    assert_view(got.role, "arn:aws:iam::222222222222:role/r");
    assert_int_equal(got.variables.type, JSON_OBJECT);
    arena_release(&f.arena);
    /* Whoever may not decrypt them gets an error in their place. */
    f = settings();
    call_ends(&f.call, 200,
              "{" CONFIGURATION ",\"Role\":\"arn:r\",\"Environment\":{\"Error\":{}}}");
    assert_int_equal(lambda_settings_result(&f.call, &f.arena, &got, &f.err), 0);
    assert_int_equal(got.variables.type, JSON_NULL);
    arena_release(&f.arena);
    f = settings();
    call_ends(&f.call, 200, "{" CONFIGURATION "}");
    assert_int_equal(lambda_settings_result(&f.call, &f.arena, &got, &f.err), -1);
    assert_int_equal(f.err.code, ERR_BAD_RESPONSE);
    arena_release(&f.arena);
    f = settings();
    call_fails(&f.call, ERR_BAD_RESPONSE, "ResourceNotFoundException", VIEW("gone"), &f.arena);
    assert_int_equal(lambda_settings_result(&f.call, &f.arena, &got, &f.err), -1);
    assert_int_equal(f.err.code, ERR_SERVICE_NOT_FOUND);
    arena_release(&f.arena);
}

static void who_may_invoke(void **state) {
    (void)state;
    struct view policy = VIEW("untouched");
    struct fixture f = function_policy("arn:x/y");
    assert_sent_rest(&f, "GET", "lambda.eu-central-1.amazonaws.com",
                     "/2015-03-31/functions/arn%3Ax%2Fy/policy", "", "");
    call_ends(&f.call, 200, "{\"Policy\":\"{\\\"Statement\\\":[]}\",\"RevisionId\":\"r\"}");
    assert_int_equal(lambda_get_policy_result(&f.call, &f.arena, &policy, &f.err), 0);
    assert_view(policy, "{\"Statement\":[]}");
    arena_release(&f.arena);
    f = function_policy("f");
    call_fails(&f.call, ERR_BAD_RESPONSE, "ResourceNotFoundException", VIEW("none"), &f.arena);
    assert_int_equal(lambda_get_policy_result(&f.call, &f.arena, &policy, &f.err), 0);
    assert_view(policy, "");
    arena_release(&f.arena);
    f = function_policy("f");
    call_ends(&f.call, 200, "{}");
    assert_int_equal(lambda_get_policy_result(&f.call, &f.arena, &policy, &f.err), -1);
    assert_int_equal(f.err.code, ERR_BAD_RESPONSE);
    arena_release(&f.arena);
}

static struct fixture sources(void) {
    struct fixture f = fixture_new();
    assert_int_equal(lambda_list_sources_call(VIEW("a b"), &f.arena, &f.call, &f.err), 0);
    return f;
}

static void queues(void **state) {
    (void)state;
    struct view *got;
    size_t n;
    struct fixture f = sources();
    assert_sent_rest(&f, "GET", "lambda.eu-central-1.amazonaws.com",
                     "/2015-03-31/event-source-mappings", "FunctionName=a%20b", "");
    call_ends(&f.call, 200,
              "{\"EventSourceMappings\":[{\"EventSourceArn\":\"arn:a\",\"State\":\"Disabled\"},"
              "{\"EventSourceArn\":\"arn:b\",\"State\":\"Enabled\"},{\"State\":\"Enabled\"}]}");
    assert_int_equal(lambda_list_sources_result(&f.call, &f.arena, &got, &n, &f.err), 0);
    assert_int_equal(n, 1);
    assert_view(got[0], "arn:b");
    arena_release(&f.arena);
    f = sources();
    call_ends(&f.call, 200, "{}");
    assert_int_equal(lambda_list_sources_result(&f.call, &f.arena, &got, &n, &f.err), -1);
    assert_int_equal(f.err.code, ERR_BAD_RESPONSE);
    arena_release(&f.arena);
}

/* --- a service's network --- */

static void instances(void **state) {
    (void)state;
    static const struct {
        const char *service;
        bool is_on_instances;
    } rows[] = {
        {"", false},
        {",\"launchType\":\"FARGATE\"", false},
        {",\"launchType\":\"EC2\"", true},
        {",\"launchType\":\"EXTERNAL\"", true},
        {",\"launchType\":null", false},
        {",\"capacityProviderStrategy\":[]", false},
        {",\"launchType\":\"EC2\",\"capacityProviderStrategy\":[]", true},
        {",\"capacityProviderStrategy\":[{\"capacityProvider\":\"FARGATE\",\"base\":1}]", false},
        {",\"capacityProviderStrategy\":[{\"capacityProvider\":\"FARGATE_SPOT\"}]", false},
        {",\"capacityProviderStrategy\":[{\"capacityProvider\":\"machines\"}]", true},
        {",\"capacityProviderStrategy\":[{\"capacityProvider\":\"machines\"},"
         "{\"capacityProvider\":\"FARGATE\"}]",
         false},
        {",\"capacityProviderStrategy\":[{}]", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture f = fixture_new();
        struct ecs_network got;
        char answer[512];
        snprintf(answer, sizeof(answer), "{\"services\":[{\"serviceName\":\"web\"%s}]}",
                 rows[i].service);
        f.call = (struct aws_call){.service = &ecs_service, .operation = "DescribeServices"};
        call_ends(&f.call, 200, answer);
        assert_int_equal(ecs_service_network_result(&f.call, VIEW("web"), &f.arena, &got, &f.err),
                         0);
        if (got.is_on_instances != rows[i].is_on_instances) {
            fail_msg("%s", answer);
        }
        arena_release(&f.arena);
    }
}

static void networks(void **state) {
    (void)state;
    static const struct {
        const char *answer;
        size_t n_subnets;
        bool has_public_address;
    } rows[] = {
        {"{\"services\":[{\"serviceName\":\"web\"}]}", 0, false},
        {"{\"services\":[]}", 0, false},
        {"{\"services\":[{\"serviceName\":\"web\",\"networkConfiguration\":{"
         "\"awsvpcConfiguration\":{\"subnets\":[\"subnet-1\",\"subnet-2\"]}}}]}",
         2, false},
        {"{\"services\":[{\"serviceName\":\"api\",\"networkConfiguration\":{"
         "\"awsvpcConfiguration\":{\"subnets\":[\"subnet-9\"]}}},"
         "{\"serviceName\":\"web\",\"networkConfiguration\":{\"awsvpcConfiguration\":{"
         "\"subnets\":[\"subnet-1\"],\"assignPublicIp\":\"ENABLED\"}}}]}",
         1, true},
        {"{\"services\":[{\"serviceName\":\"web\",\"networkConfiguration\":{"
         "\"awsvpcConfiguration\":{\"subnets\":[7,\"subnet-1\"],\"assignPublicIp\":\"DISABLED\"}}}"
         "]}",
         1, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture f = fixture_new();
        struct ecs_network got;
        f.call = (struct aws_call){.service = &ecs_service, .operation = "DescribeServices"};
        call_ends(&f.call, 200, rows[i].answer);
        assert_int_equal(ecs_service_network_result(&f.call, VIEW("web"), &f.arena, &got, &f.err),
                         0);
        assert_int_equal(got.n_subnets, rows[i].n_subnets);
        assert_int_equal(got.has_public_address, rows[i].has_public_address);
        if (got.n_subnets > 0) {
            assert_view(got.subnets[0], "subnet-1");
        }
        arena_release(&f.arena);
    }
    struct fixture f = fixture_new();
    struct ecs_network got;
    f.call = (struct aws_call){.service = &ecs_service, .operation = "DescribeServices"};
    call_ends(&f.call, 200, "{}");
    assert_int_equal(ecs_service_network_result(&f.call, VIEW("web"), &f.arena, &got, &f.err), -1);
    assert_int_equal(f.err.code, ERR_BAD_RESPONSE);
    arena_release(&f.arena);
}

/* --- lists in XML --- */

static void lists(void **state) {
    (void)state;
    static const struct {
        const char *document, *path;
        size_t n;
        const char *first;
    } rows[] = {
        {"<a><b>1</b><b>2</b></a>", "a/b", 2, "<b>1</b>"},
        {"<a><b/></a>", "a/b", 1, "<b/>"},
        {"<a></a>", "a/b", 0, ""},
        {"<a><b><b>x</b></b></a>", "a/b", 1, "<b><b>x</b></b>"},
        {"<a><c><b>x</b></c><b>y</b></a>", "a/b", 1, "<b>y</b>"},
        {"<a x='1'><b y='2'>x</b ></a>", "a/b", 1, "<b y='2'>x</b >"},
        {"<a><b>1</b><b>2", "a/b", 1, "<b>1</b>"},
        {"", "a/b", 0, ""},
        {"nonsense", "a/b", 0, ""},
        {"<a><b>1</b></a>", "a/b/c", 0, ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct view document = view_of(rows[i].document);
        struct xml_list list = xml_list(document, rows[i].path);
        struct view element = VIEW("");
        assert_int_equal(xml_list_count(document, rows[i].path), rows[i].n);
        assert_int_equal(xml_list_next(&list, &element), rows[i].n > 0);
        assert_view(element, rows[i].first);
    }
    assert_true(xml_member_is_true(VIEW("<a><b> true\n</b></a>"), "a/b"));
    assert_false(xml_member_is_true(VIEW("<a><b>false</b></a>"), "a/b"));
    assert_false(xml_member_is_true(VIEW("<a><b/></a>"), "a/b"));
    assert_false(xml_member_is_true(VIEW("<a/>"), "a/b"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(organizations), cmocka_unit_test(rules),          cmocka_unit_test(buses),
        cmocka_unit_test(functions),     cmocka_unit_test(who_may_invoke), cmocka_unit_test(queues),
        cmocka_unit_test(networks),      cmocka_unit_test(instances),      cmocka_unit_test(lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
