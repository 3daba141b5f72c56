/* One call: the request that is made of it, and what is made of the answer. */

#include "fixture_aws.h"

static void a_json_call_is_signed_and_answered(void **state) {
    (void)state;
    CLIENT(client, {.status = 200,
                    .body = "{\"services\":[]}",
                    .headers = "x-amzn-RequestId: abc-123\nContent-Type: application/json\n"});
    struct aws_call call = ecs_call("DescribeServices");
    run_call(&client, &call);
    assert_succeeded(&call);
    assert_int_equal(call.status, 200);
    assert_int_equal(call.attempts, 1);
    assert_view(call.response, "{\"services\":[]}");
    assert_string_equal(call.request_id, "abc-123");
    const struct fake_request *request = &client.fake.requests[0];
    assert_string_equal(request->method, "POST");
    assert_string_equal(request->url, "https://ecs.us-east-1.amazonaws.com/");
    assert_string_equal(request->target, "AmazonEC2ContainerServiceV20141113.DescribeServices");
    assert_string_equal(request->content_type, "application/x-amz-json-1.1");
    assert_string_equal(request->body, "{\"cluster\":\"c\"}");
    assert_string_equal(request->amz_date, "20261120T223904Z");
    assert_holds(request->authorization,
                 "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261120/us-east-1/ecs/aws4_request");
    assert_holds(request->authorization,
                 "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target");
    assert_true(request->has_token);
    assert_false(request->once);
    client_close(&client);
}

static void a_calls_own_region_and_flag_are_used(void **state) {
    (void)state;
    CLIENT(client, {.status = 200, .body = "{}"});
    struct aws_call call = ecs_call("UpdateService");
    call.region = VIEW("eu-west-1");
    call.once = true;
    run_call(&client, &call);
    assert_succeeded(&call);
    assert_string_equal(client.fake.requests[0].url, "https://ecs.eu-west-1.amazonaws.com/");
    assert_holds(client.fake.requests[0].authorization, "/eu-west-1/ecs/");
    assert_true(client.fake.requests[0].once);
    client_close(&client);
}

static void a_query_call_is_a_form(void **state) {
    (void)state;
    static const struct aws_service sns = {.name = "sns",
                                           .endpoint_prefix = "sns",
                                           .signing_name = "sns",
                                           .env_name = "SNS",
                                           .protocol = AWS_QUERY,
                                           .api_version = "2010-03-31"};
    CLIENT(client, {.status = 200, .body = "<PublishResponse/>"}, {.status = 200});
    struct aws_call call = {.service = &sns, .operation = "Publish", .body = VIEW("Message=x")};
    run_call(&client, &call);
    assert_succeeded(&call);
    assert_string_equal(client.fake.requests[0].body,
                        "Action=Publish&Version=2010-03-31&Message=x");
    assert_string_equal(client.fake.requests[0].content_type,
                        "application/x-www-form-urlencoded; charset=utf-8");
    assert_string_equal(client.fake.requests[0].target, "");
    call.body = VIEW("");
    run_call(&client, &call);
    assert_succeeded(&call);
    assert_view(call.response, "");
    assert_string_equal(client.fake.requests[1].body, "Action=Publish&Version=2010-03-31");
    client_close(&client);
}

static void a_rest_call_has_method_path_and_query(void **state) {
    (void)state;
    static const struct aws_service scheduler = {.name = "scheduler",
                                                 .endpoint_prefix = "scheduler",
                                                 .signing_name = "scheduler",
                                                 .env_name = "SCHEDULER",
                                                 .protocol = AWS_REST_JSON};
    CLIENT(client, {.status = 200, .body = "{}"},
           {.status = 404, .headers = "x-amzn-errortype: ResourceNotFoundException:http://x/\n"});
    struct aws_call call = {.service = &scheduler,
                            .operation = "GetSchedule",
                            .method = "GET",
                            .path = VIEW("/schedules/a%20b?groupName=g")};
    run_call(&client, &call);
    assert_succeeded(&call);
    assert_string_equal(client.fake.requests[0].method, "GET");
    assert_string_equal(client.fake.requests[0].url,
                        "https://scheduler.us-east-1.amazonaws.com/schedules/a%20b?groupName=g");
    assert_string_equal(client.fake.requests[0].content_type, "");
    run_call(&client, &call);
    assert_failed(&call, ERR_BAD_RESPONSE, false);
    assert_string_equal(call.code, "ResourceNotFoundException");
    assert_int_equal(call.status, 404);
    client_close(&client);
}

static void spellings_of_an_error(void **state) {
    (void)state;
    static const struct {
        const char *body;
        const char *headers;
        const char *code;
        const char *in_message;
    } rows[] = {
        {"{\"__type\":\"XException\",\"message\":\"words\"}", "", "XException",
         "failed in us-east-1: XException: words"},
        {"{\"__type\":\"com.amazonaws.ecs#XException\",\"Message\":\"words\"}", "", "XException",
         "XException: words"},
        {"{\"__type\":\"aws#XException:http://internal/\"}", "", "XException", "XException"},
        {"{\"__type\":\"XException:http://internal/a#b\"}", "", "XException", "XException"},
        {"{\"code\":\"XException\",\"message\":\"w\"}", "", "XException", "XException: w"},
        {"{\"Code\":\"XException\"}", "", "XException", "XException"},
        {"{\"__type\":\"AException\",\"message\":\"w\"}", "x-amzn-query-error: XCode;Sender\n",
         "XCode", "XCode: w"},
        {"{\"message\":\"only words\"}", "", "", "HTTP 400: only words"},
        {"{\"message\":\"w\"}", "x-amzn-ErrorType: XException:http://i/\n", "XException",
         "XException: w"},
        {"", "x-amzn-ErrorType: XException\n", "XException", "XException"},
        {"", "", "", "HTTP 400: an answer without an AWS error code"},
        {"<html>oh dear</html>", "", "", "HTTP 400: an answer without an AWS error code"},
        {"<ErrorResponse><Error><Type>Sender</Type><Code>XCode</Code><Message>w &amp; "
         "w</Message></Error><RequestId>r-1</RequestId></ErrorResponse>",
         "", "XCode", "XCode: w & w (request id r-1)"},
        {"<?xml version=\"1.0\"?>\n<Error><Code>NoSuchKey</Code><Message>w &lt;</Message><Key>k"
         "</Key><RequestId>r-5</RequestId></Error>",
         "", "NoSuchKey", "NoSuchKey: w < (request id r-5)"},
        {"<Error><Code>NoSuchKey</Code></Error>", "", "NoSuchKey", "NoSuchKey"},
        {"<Error><Code>No Such</Code></Error>", "", "", "HTTP 400"},
        {"<Response><Errors><Error><Code>InvalidVpcID.NotFound</Code><Message>w</Message></Error>"
         "</Errors><RequestID>r-6</RequestID></Response>",
         "", "InvalidVpcID.NotFound", "InvalidVpcID.NotFound: w"},
        {"{\"__type\":\"X Y\\n\",\"message\":\"a\\tb\\u0007c\"}", "", "", "HTTP 400: a b c"},
        {"{\"__type\":7,\"message\":[1]}", "", "", "HTTP 400"},
        {"[1,2]", "", "", "HTTP 400"},
        {"{\"__type\":\"XException\",\"message\":\"w\"}", "x-amzn-RequestId: r-2\n", "XException",
         "XException: w (request id r-2)"},
        {"{\"__type\":\"XException\",\"message\":\"w\"}", "x-amz-request-id: r-3\n", "XException",
         "(request id r-3)"},
        {"{\"__type\":\"XException\",\"message\":\"w\"}", "x-amzn-RequestId: r 4\n", "XException",
         "XException: w"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct fake_answer answer = {
            .status = 400, .body = rows[i].body, .headers = rows[i].headers};
        struct client client;
        client_open_in(&client, &client_env, &answer, 1);
        struct aws_call call = ecs_call("DescribeServices");
        run_call(&client, &call);
        assert_failed(&call, ERR_BAD_RESPONSE, false);
        assert_string_equal(call.code, rows[i].code);
        assert_holds(call.err.message, "ecs DescribeServices failed in us-east-1");
        assert_holds(call.err.message, rows[i].in_message);
        assert_view(call.response, rows[i].body);
        assert_int_equal(call.attempts, 1);
        client_close(&client);
    }
}

static void a_signature_error_keeps_the_token_to_itself(void **state) {
    (void)state;
    CLIENT(client, {.status = 400,
                    .body = "{\"__type\":\"InvalidSignatureException\",\"message\":\"The request "
                            "signature does not match.\\n\\nThe Canonical String should have "
                            "been\\n'POST\\nx-amz-security-token:SECRETTOKEN'\"}"});
    struct aws_call call = ecs_call("DescribeServices");
    run_call(&client, &call);
    assert_failed(&call, ERR_ACCESS_DENIED, false);
    assert_holds(call.err.message, "InvalidSignatureException: The request signature does not");
    assert_lacks(call.err.message, "SECRETTOKEN");
    assert_lacks(call.err.message, "Canonical");
    assert_holds(call.err.remedy, "renew the credentials");
    client_close(&client);
}

static void a_denial_names_the_action(void **state) {
    (void)state;
    CLIENT(client,
           {.status = 400,
            .body = "{\"__type\":\"AccessDeniedException\",\"message\":\"User: x is not "
                    "authorized\"}",
            .headers = "x-amzn-RequestId: r-1\n"},
           {.status = 403, .body = "{\"__type\":\"AccessDenied\"}"},
           {.status = 400, .body = "{\"__type\":\"UnrecognizedClientException\"}"},
           {.status = 400, .body = "{\"__type\":\"UnrecognizedClientException\"}"});
    struct aws_call call = ecs_call("UpdateService");
    run_call(&client, &call);
    assert_failed(&call, ERR_ACCESS_DENIED, false);
    assert_string_equal(call.err.message,
                        "ecs UpdateService failed in us-east-1: AccessDeniedException: User: x is "
                        "not authorized (request id r-1)");
    assert_string_equal(call.err.remedy, "allow ecs:UpdateService to the function's role");
    run_call(&client, &call);
    assert_failed(&call, ERR_ACCESS_DENIED, false);
    assert_string_equal(call.err.message, "ecs UpdateService failed in us-east-1: AccessDenied");
    run_call(&client, &call);
    assert_failed(&call, ERR_ACCESS_DENIED, false);
    assert_holds(call.err.remedy, "renew the credentials");
    client_close(&client);
}

static void a_long_message_is_cut_between_characters(void **state) {
    (void)state;
    char body[3000] = "{\"__type\":\"XException\",\"message\":\"";
    for (int i = 0; i < 700; i++) {
        strcat(body, "é");
    }
    strcat(body, "\"}");
    const struct fake_answer answer = {.status = 400, .body = body};
    struct client client;
    client_open_in(&client, &client_env, &answer, 1);
    struct aws_call call = ecs_call("DescribeServices");
    run_call(&client, &call);
    assert_holds(call.err.message, "XException: éé");
    size_t len = strlen(call.err.message);
    assert_in_range(len, 800, 900);
    assert_string_equal(call.err.message + len - 2, "é");
    client_close(&client);
}

static void a_200_that_is_no_json_is_no_answer(void **state) {
    (void)state;
    CLIENT(client, {.status = 200, .body = "<html>sign in</html>"},
           {.status = 200, .body = "{\"cut\":"}, {.status = 200, .body = "{\"whole\":1}"},
           {.status = 200, .body = "{\"cut"}, {.status = 200, .body = "nope"},
           {.status = 200, .body = "no"}, {.status = 200, .body = "{\"cut"});
    struct aws_call call = ecs_call("DescribeServices");
    run_call(&client, &call);
    assert_succeeded(&call);
    assert_int_equal(call.attempts, 3);
    run_call(&client, &call);
    assert_failed(&call, ERR_BAD_RESPONSE, true);
    assert_int_equal(call.attempts, 3);
    assert_holds(call.err.message, "HTTP 200: the answer is no JSON");
    call.once = true;
    run_call(&client, &call);
    assert_failed(&call, ERR_BAD_RESPONSE, true);
    assert_int_equal(call.attempts, 1);
    client_close(&client);
}

/* The same for a service that answers in XML. */
static void a_200_that_is_no_xml_is_no_answer(void **state) {
    (void)state;
    static const struct aws_service sns = {.name = "sns",
                                           .endpoint_prefix = "sns",
                                           .signing_name = "sns",
                                           .env_name = "SNS",
                                           .protocol = AWS_QUERY,
                                           .api_version = "2010-03-31"};
    CLIENT(client, {.status = 200, .body = "<html>sign in<br></html>"},
           {.status = 200, .body = "<Whole>x</Whole>"}, {.status = 200, .body = "<Cut>x</C"});
    struct aws_call call = {.service = &sns, .operation = "Publish", .body = VIEW("Message=x")};
    run_call(&client, &call);
    assert_succeeded(&call);
    assert_int_equal(call.attempts, 2);
    call.once = true;
    run_call(&client, &call);
    assert_failed(&call, ERR_BAD_RESPONSE, true);
    assert_holds(call.err.message, "HTTP 200: the answer is no XML");
    client_close(&client);
}

/* None of these is AWS's undocumented doing: the remedy says whose turn it is. */
static void a_client_error_has_a_truthful_remedy(void **state) {
    (void)state;
    static const struct {
        struct fake_answer answer;
        const char *in_message;
        const char *remedy;
    } rows[] = {
        {{.status = 400,
          .body = "{\"__type\":\"ClientException\",\"message\":\"Role is not valid\"}",
          .headers = "x-amzn-RequestId: r-1\n"},
         "ClientException: Role is not valid (request id r-1)",
         "correct what AWS names in the message"},
        {{.status = 400, .body = "{\"__type\":\"InvalidParameterException\",\"message\":\"cpu\"}"},
         "InvalidParameterException: cpu",
         "correct what AWS names in the message"},
        {{.status = 400,
          .body = "{\"__type\":\"LimitExceededException\",\"message\":\"The limit\"}"},
         "LimitExceededException: The limit",
         "ask AWS to raise the quota that the message names, or make room under it"},
        {{.status = 403, .body = "<html>blocked"},
         "HTTP 403: an answer without an AWS error code",
         "look at what answered in the place of AWS: a proxy, or the address in AWS_ENDPOINT_URL"},
        {{.status = 302, .headers = "Location: https://login/\n"},
         "HTTP 302",
         "look at what answered in the place of AWS: a proxy, or the address in AWS_ENDPOINT_URL"},
        {{.status = 400, .headers = "x-amzn-RequestId: r-1\n"},
         "HTTP 400",
         "report this with the request id: AWS answered in a way that is not documented"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct client client;
        client_open_in(&client, &client_env, &rows[i].answer, 1);
        struct aws_call call = ecs_call("RegisterTaskDefinition");
        run_call(&client, &call);
        assert_failed(&call, ERR_BAD_RESPONSE, false);
        assert_holds(call.err.message, rows[i].in_message);
        assert_string_equal(call.err.remedy, rows[i].remedy);
        client_close(&client);
    }
}

static void an_empty_200_is_an_answer(void **state) {
    (void)state;
    CLIENT(client, {.status = 200});
    struct aws_call call = ecs_call("TagResource");
    run_call(&client, &call);
    assert_succeeded(&call);
    assert_int_equal(call.response.len, 0);
    assert_non_null(call.response.data);
    client_close(&client);
}

static void a_redirect_is_an_error(void **state) {
    (void)state;
    CLIENT(client, {.status = 301, .headers = "Location: https://elsewhere/\n"});
    struct aws_call call = ecs_call("DescribeServices");
    run_call(&client, &call);
    assert_failed(&call, ERR_BAD_RESPONSE, false);
    assert_holds(call.err.message, "HTTP 301");
    client_close(&client);
}

static void a_bad_endpoint_fails_its_call_alone(void **state) {
    (void)state;
    static const struct env_entry entries[] = {
        {"AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"},
        {"AWS_SECRET_ACCESS_KEY", "secret"},
        {"AWS_ENDPOINT_URL_STS", "not a URL"},
        {"AWS_CONFIG_FILE", "/nonexistent"},
        {"HOME", "/nonexistent"},
        {NULL, NULL},
    };
    static const struct environment env = {.get = env_table_get, .state = entries};
    static const struct aws_service sts = {.name = "sts",
                                           .endpoint_prefix = "sts",
                                           .signing_name = "sts",
                                           .env_name = "STS",
                                           .protocol = AWS_QUERY,
                                           .api_version = "2011-06-15"};
    const struct fake_answer answer = {.status = 200, .body = "{}"};
    struct client client;
    client_open_in(&client, &env, &answer, 1);
    struct aws_call calls[2] = {{.service = &sts, .operation = "GetCallerIdentity"},
                                ecs_call("DescribeServices")};
    run_calls(&client, calls, 2);
    assert_failed(&calls[0], ERR_CONFIG_INVALID, false);
    assert_holds(calls[0].err.message, "AWS_ENDPOINT_URL_STS");
    assert_int_equal(calls[0].attempts, 0);
    assert_succeeded(&calls[1]);
    assert_false(client.fake.requests[0].has_token);
    client_close(&client);
}

static void no_credentials_is_an_error_of_the_call(void **state) {
    (void)state;
    static const struct env_entry entries[] = {{"AWS_CONFIG_FILE", "/nonexistent"},
                                               {"AWS_SHARED_CREDENTIALS_FILE", "/nonexistent"},
                                               {NULL, NULL}};
    static const struct environment env = {.get = env_table_get, .state = entries};
    struct client client;
    client_open_in(&client, &env, NULL, 0);
    struct aws_call calls[2] = {ecs_call("DescribeServices"), ecs_call("UpdateService")};
    run_calls(&client, calls, 2);
    assert_failed(&calls[0], ERR_ACCESS_DENIED, false);
    assert_failed(&calls[1], ERR_ACCESS_DENIED, false);
    client_close(&client);
}

static void an_arena_that_is_full_is_said(void **state) {
    (void)state;
    CLIENT(client, {.status = 200, .body = "{\"a\":\"0123456789\"}"});
    struct aws_call call = ecs_call("DescribeServices");
    struct arena tiny = ARENA_INIT(64);
    aws_call_all(client.aws, &call, 1, DEADLINE_IN_MS(1000), &tiny);
    assert_failed(&call, ERR_OUT_OF_MEMORY, false);
    arena_release(&tiny);
    run_call(&client, &call);
    assert_succeeded(&call);
    client_close(&client);
}

static void no_calls_are_no_work(void **state) {
    (void)state;
    struct client client;
    client_open_in(&client, &client_env, NULL, 0);
    run_calls(&client, NULL, 0);
    client_close(&client);
}

static void max_attempts_is_checked(void **state) {
    (void)state;
    static const char *const bad[] = {"0", "-1", "x", "101", "3.5", "99999999999999999999", NULL};
    for (size_t i = 0; bad[i] != NULL; i++) {
        const struct env_entry entries[] = {{"AWS_MAX_ATTEMPTS", bad[i]}, {NULL, NULL}};
        const struct environment env = {.get = env_table_get, .state = entries};
        struct fake fake;
        struct aws *aws = NULL;
        struct err err;
        fake_init(&fake, NULL, 0);
        err_init(&err);
        const struct aws_options options = {
            .http = &fake.http, .clock = &fake.clock, .env = &env, .region = VIEW("us-east-1")};
        assert_int_equal(aws_new(&options, &aws, &err), -1);
        assert_null(aws);
        assert_int_equal(err.code, ERR_CONFIG_INVALID);
        assert_holds(err.message, "AWS_MAX_ATTEMPTS");
        fake_release(&fake);
    }
    aws_free(NULL);
}

static void warming_opens_what_is_asked_for(void **state) {
    (void)state;
    struct client client;
    client_open_in(&client, &client_env, NULL, 0);
    const struct aws_warm entries[] = {
        {.service = &ecs_service, .n = 2},
        {.service = &ecs_service, .region = VIEW("eu-west-1"), .n = 1},
        {.service = &ecs_service, .region = VIEW("no region"), .n = 1}};
    aws_warm(client.aws, entries, 3, 1000);
    assert_int_equal(client.fake.n_warmed, 3);
    assert_string_equal(client.fake.warmed[0], "https://ecs.us-east-1.amazonaws.com");
    assert_string_equal(client.fake.warmed[1], "https://ecs.us-east-1.amazonaws.com");
    assert_string_equal(client.fake.warmed[2], "https://ecs.eu-west-1.amazonaws.com");
    client_close(&client);
}

static void warming_without_credentials_does_nothing(void **state) {
    (void)state;
    static const struct env_entry entries[] = {{"AWS_CONFIG_FILE", "/nonexistent"},
                                               {"AWS_SHARED_CREDENTIALS_FILE", "/nonexistent"},
                                               {NULL, NULL}};
    static const struct environment env = {.get = env_table_get, .state = entries};
    struct client client;
    client_open_in(&client, &env, NULL, 0);
    const struct aws_warm entry = {.service = &ecs_service, .n = 2};
    aws_warm(client.aws, &entry, 1, 1000);
    assert_int_equal(client.fake.n_warmed, 0);
    client_close(&client);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_json_call_is_signed_and_answered),
        cmocka_unit_test(a_calls_own_region_and_flag_are_used),
        cmocka_unit_test(a_query_call_is_a_form),
        cmocka_unit_test(a_rest_call_has_method_path_and_query),
        cmocka_unit_test(spellings_of_an_error),
        cmocka_unit_test(a_signature_error_keeps_the_token_to_itself),
        cmocka_unit_test(a_denial_names_the_action),
        cmocka_unit_test(a_long_message_is_cut_between_characters),
        cmocka_unit_test(a_200_that_is_no_json_is_no_answer),
        cmocka_unit_test(a_200_that_is_no_xml_is_no_answer),
        cmocka_unit_test(a_client_error_has_a_truthful_remedy),
        cmocka_unit_test(an_empty_200_is_an_answer),
        cmocka_unit_test(a_redirect_is_an_error),
        cmocka_unit_test(a_bad_endpoint_fails_its_call_alone),
        cmocka_unit_test(no_credentials_is_an_error_of_the_call),
        cmocka_unit_test(an_arena_that_is_full_is_said),
        cmocka_unit_test(no_calls_are_no_work),
        cmocka_unit_test(max_attempts_is_checked),
        cmocka_unit_test(warming_opens_what_is_asked_for),
        cmocka_unit_test(warming_without_credentials_does_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
