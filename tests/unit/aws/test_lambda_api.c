#include "runtime/aws/lambda_api.h"

#include "tests/unit/aws/sent_fixture.h"

#define HOST "lambda.eu-central-1.amazonaws.com"
#define ARN "arn:aws:lambda:eu-central-1:222222222222:function:my-function"
#define IMAGE "222222222222.dkr.ecr.eu-central-1.amazonaws.com/r@sha256:aa"

static struct fixture get_function(void) {
    struct fixture f = fixture_new();
    assert_int_equal(lambda_get_function_call(VIEW("my-function"), &f.arena, &f.call, &f.err), 0);
    return f;
}

static struct fixture update_code(void) {
    struct fixture f = fixture_new();
    assert_int_equal(lambda_update_code_call(VIEW("my-function"), VIEW(IMAGE), VIEW("r\"1"),
                                             &f.arena, &f.call, &f.err),
                     0);
    return f;
}

static struct fixture get_alias(void) {
    struct fixture f = fixture_new();
    assert_int_equal(
        lambda_get_alias_call(VIEW("my-function"), VIEW("BLUE"), &f.arena, &f.call, &f.err), 0);
    return f;
}

static struct fixture tag(void) {
    static const struct ecs_tag tags[] = {{{"slipway:event-id", 16}, {"e\"1", 3}},
                                          {{"k\\", 2}, {"", 0}}};
    struct fixture f = fixture_new();
    assert_int_equal(lambda_tag_resource_call(VIEW(ARN), tags, 2, &f.arena, &f.call, &f.err), 0);
    return f;
}

/* --- requests --- */

static void reads(void **state) {
    (void)state;
    struct fixture f = get_function();
    assert_string_equal(f.call.operation, "GetFunction");
    assert_sent_rest(&f, "GET", HOST, "/2015-03-31/functions/my-function", "", "");
    assert_false(f.call.once);
    arena_release(&f.arena);

    f = fixture_new();
    assert_int_equal(lambda_get_aliased_function_call(VIEW("my-function"), VIEW("BLUE&x"), &f.arena,
                                                      &f.call, &f.err),
                     0);
    assert_string_equal(f.call.operation, "GetFunction");
    assert_sent_rest(&f, "GET", HOST, "/2015-03-31/functions/my-function", "Qualifier=BLUE%26x",
                     "");
    arena_release(&f.arena);

    /* An ARN as a name, and one that would lead elsewhere. */
    f = fixture_new();
    assert_int_equal(lambda_get_configuration_call(VIEW(ARN), &f.arena, &f.call, &f.err), 0);
    assert_string_equal(f.call.operation, "GetFunctionConfiguration");
    assert_sent_rest(&f, "GET", HOST,
                     "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-central-1%3A222222222222%3A"
                     "function%3Amy-function/configuration",
                     "", "");
    assert_int_equal(
        lambda_get_configuration_call(VIEW("../x?a=b#\xc3\xa4"), &f.arena, &f.call, &f.err), 0);
    assert_sent_rest(&f, "GET", HOST, "/2015-03-31/functions/..%2Fx%3Fa%3Db%23%C3%A4/configuration",
                     "", "");
    arena_release(&f.arena);

    f = get_alias();
    assert_string_equal(f.call.operation, "GetAlias");
    assert_sent_rest(&f, "GET", HOST, "/2015-03-31/functions/my-function/aliases/BLUE", "", "");
    assert_int_equal(lambda_get_alias_call(VIEW("f"), VIEW("a/b"), &f.arena, &f.call, &f.err), 0);
    assert_sent_rest(&f, "GET", HOST, "/2015-03-31/functions/f/aliases/a%2Fb", "", "");
    arena_release(&f.arena);
}

static void writes(void **state) {
    (void)state;
    struct fixture f = update_code();
    assert_string_equal(f.call.operation, "UpdateFunctionCode");
    assert_sent_rest(&f, "PUT", HOST, "/2015-03-31/functions/my-function/code", "",
                     "{\"ImageUri\":\"" IMAGE "\",\"RevisionId\":\"r\\\"1\"}");
    assert_false(f.call.once);
    assert_int_equal(
        lambda_update_code_call(VIEW("f"), VIEW("i"), VIEW(""), &f.arena, &f.call, &f.err), 0);
    assert_view(f.call.body, "{\"ImageUri\":\"i\"}");
    arena_release(&f.arena);

    f = fixture_new();
    assert_int_equal(lambda_publish_version_call(VIEW("f"), VIEW("r1"), VIEW("slipway \"e\""),
                                                 &f.arena, &f.call, &f.err),
                     0);
    assert_string_equal(f.call.operation, "PublishVersion");
    assert_sent_rest(&f, "POST", HOST, "/2015-03-31/functions/f/versions", "",
                     "{\"RevisionId\":\"r1\",\"Description\":\"slipway \\\"e\\\"\"}");
    arena_release(&f.arena);

    f = fixture_new();
    assert_int_equal(lambda_update_alias_call(VIEW("f"), VIEW("live"), VIEW("7"), VIEW("r"),
                                              &f.arena, &f.call, &f.err),
                     0);
    assert_string_equal(f.call.operation, "UpdateAlias");
    assert_sent_rest(&f, "PUT", HOST, "/2015-03-31/functions/f/aliases/live", "",
                     "{\"FunctionVersion\":\"7\",\"RevisionId\":\"r\"}");
    assert_int_equal(lambda_update_alias_call(VIEW("f"), VIEW("live"), VIEW("7"), VIEW(""),
                                              &f.arena, &f.call, &f.err),
                     0);
    assert_view(f.call.body, "{\"FunctionVersion\":\"7\"}");
    arena_release(&f.arena);

    f = tag();
    assert_string_equal(f.call.operation, "TagResource");
    assert_sent_rest(&f, "POST", HOST,
                     "/2017-03-31/tags/arn%3Aaws%3Alambda%3Aeu-central-1%3A222222222222%3Afunction"
                     "%3Amy-function",
                     "", "{\"Tags\":{\"slipway:event-id\":\"e\\\"1\",\"k\\\\\":\"\"}}");
    arena_release(&f.arena);
}

/* Keys are data of the query, whatever is in them. */
static void tags_are_taken_away_by_key(void **state) {
    (void)state;
    static const struct view keys[] = {{"slipway:claim", 13}, {"a&b=c d", 7}};
    struct fixture f = fixture_new();
    assert_int_equal(lambda_untag_resource_call(VIEW("a:f"), keys, 2, &f.arena, &f.call, &f.err),
                     0);
    assert_string_equal(f.call.operation, "UntagResource");
    assert_sent_rest(&f, "DELETE", HOST, "/2017-03-31/tags/a%3Af",
                     "tagKeys=slipway%3Aclaim&tagKeys=a%26b%3Dc%20d", "");
    assert_false(f.call.once);
    call_ends(&f.call, 204, "");
    assert_int_equal(lambda_untag_resource_result(&f.call, &f.err), 0);
    call_fails(&f.call, ERR_ACCESS_DENIED, "AccessDeniedException", VIEW("no"), &f.arena);
    assert_int_equal(lambda_untag_resource_result(&f.call, &f.err), -1);
    assert_holds(f.err.remedy, "allow lambda:UntagResource on the function");
    arena_release(&f.arena);
}

/* A version's description has 256 characters at most; a longer one would fail the deploy. */
static void a_long_description_is_cut(void **state) {
    (void)state;
    struct fixture f = fixture_new();
    char text[300];
    memset(text, 'd', sizeof(text));
    assert_int_equal(lambda_publish_version_call(VIEW("f"), VIEW(""),
                                                 (struct view){text, sizeof(text)}, &f.arena,
                                                 &f.call, &f.err),
                     0);
    assert_int_equal(f.call.body.len, strlen("{\"Description\":\"\"}") + 256);
    arena_release(&f.arena);
}

static void a_name_that_does_not_fit_is_an_error(void **state) {
    (void)state;
    struct fixture f = fixture_new();
    static char name[2000];
    memset(name, '/', sizeof(name));
    f.call.operation = "untouched";
    assert_int_equal(
        lambda_get_function_call((struct view){name, sizeof(name)}, &f.arena, &f.call, &f.err), -1);
    assert_true(err_is_set(&f.err));
    assert_string_equal(f.call.operation, "untouched");
    arena_release(&f.arena);
}

/* --- answers --- */

#define CONFIGURATION                                                                              \
    "\"Architectures\":[\"arm64\"],\"CodeSha256\":\"aabb\",\"CodeSize\":0,\"Description\":\"\","   \
    "\"Environment\":{\"Variables\":{\"A\":\"b\"}},\"FunctionArn\":\"" ARN "\",\"FunctionName\":"  \
    "\"my-function\",\"LastModified\":\"2020-04-10T19:06:32.563+0000\",\"LastUpdateStatus\":"      \
    "\"InProgress\",\"LastUpdateStatusReason\":\"The function is being created.\","                \
    "\"PackageType\":\"Image\",\"RevisionId\":\"b75dcd81-xmpl\",\"State\":\"Active\",\"Timeout\":" \
    "15,"                                                                                          \
    "\"Version\":\"$LATEST\""

static void assert_configuration(const struct lambda_function *function) {
    assert_view(function->arn, ARN);
    assert_view(function->package_type, "Image");
    assert_view(function->architecture, "arm64");
    assert_view(function->state, "Active");
    assert_view(function->update_status, "InProgress");
    assert_view(function->update_reason, "The function is being created.");
    assert_view(function->revision_id, "b75dcd81-xmpl");
    assert_view(function->code_sha256, "aabb");
    assert_view(function->version, "$LATEST");
}

static void a_function_is_decoded(void **state) {
    (void)state;
    struct fixture f = get_function();
    struct lambda_function function;
    call_ends(&f.call, 200,
              "{\"Code\":{\"ImageUri\":\"h/r:v1\",\"RepositoryType\":\"ECR\",\"ResolvedImageUri\":"
              "\"" IMAGE "\"},\"Concurrency\":{},\"Configuration\":{" CONFIGURATION "},"
              "\"Tags\":{\"DEPARTMENT\":\"Ass\\u0065ts\",\"a\\u003ab\":\"\",\"odd\":7,"
              "\"slipway:digest\":\"sha256:aa\"}}");
    assert_int_equal(lambda_get_function_result(&f.call, &f.arena, &function, &f.err), 0);
    assert_configuration(&function);
    assert_view(function.image_uri, "h/r:v1");
    assert_view(function.resolved_uri, IMAGE);
    assert_int_equal(function.n_tags, 3);
    assert_view(lambda_tag_value(&function, "DEPARTMENT"), "Assets");
    assert_view(function.tags[1].key, "a:b");
    assert_view(lambda_tag_value(&function, "slipway:digest"), "sha256:aa");
    assert_view(lambda_tag_value(&function, "department"), "");
    assert_view(lambda_tag_value(&function, "odd"), "");
    arena_release(&f.arena);
}

/* One of a zip archive, without tags; nulls stand for what is absent. */
static void what_is_absent_is_empty(void **state) {
    (void)state;
    static const char *const bodies[] = {
        "{\"Configuration\":{\"FunctionArn\":\"" ARN "\"}}",
        "{\"Code\":null,\"Configuration\":{\"FunctionArn\":\"" ARN
        "\",\"State\":null,\"Architectures\":null,\"RevisionId\":7},\"Tags\":null}",
        "{\"Code\":{\"Location\":\"https://x\"},\"Configuration\":{\"FunctionArn\":\"" ARN
        "\",\"Architectures\":[]},\"Tags\":[]}",
        "{\"Configuration\":{\"FunctionArn\":\"" ARN "\",\"Architectures\":[7]},\"Tags\":{}}",
    };
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct fixture f = get_function();
        struct lambda_function function = {.n_tags = 77};
        call_ends(&f.call, 200, bodies[i]);
        assert_int_equal(lambda_get_function_result(&f.call, &f.arena, &function, &f.err), 0);
        assert_view(function.arn, ARN);
        assert_view(function.state, "");
        assert_view(function.architecture, "");
        assert_view(function.revision_id, "");
        assert_view(function.image_uri, "");
        assert_view(function.resolved_uri, "");
        assert_int_equal(function.n_tags, 0);
        assert_view(lambda_tag_value(&function, "x"), "");
        arena_release(&f.arena);
    }
}

static void a_configuration_is_decoded(void **state) {
    (void)state;
    struct fixture f = update_code();
    struct lambda_function function;
    call_ends(&f.call, 200, "{" CONFIGURATION "}");
    assert_int_equal(lambda_configuration_result(&f.call, &f.arena, &function, &f.err), 0);
    assert_configuration(&function);
    assert_int_equal(function.n_tags, 0);
    /* As PublishVersion answers. */
    call_ends(&f.call, 201, "{\"FunctionArn\":\"" ARN ":7\",\"Version\":\"7\"}");
    assert_int_equal(lambda_configuration_result(&f.call, &f.arena, &function, &f.err), 0);
    assert_view(function.version, "7");
    assert_view(function.arn, ARN ":7");
    arena_release(&f.arena);
}

static void an_alias_is_decoded(void **state) {
    (void)state;
    static const struct {
        const char *more;
        bool has_weights;
    } rows[] = {
        {"", false},
        {",\"RoutingConfig\":null", false},
        {",\"RoutingConfig\":{}", false},
        {",\"RoutingConfig\":{\"AdditionalVersionWeights\":null}", false},
        {",\"RoutingConfig\":{\"AdditionalVersionWeights\":{}}", false},
        {",\"RoutingConfig\":{\"AdditionalVersionWeights\":{\"1\":0.7}}", true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture f = get_alias();
        struct lambda_alias alias;
        struct view body =
            arena_printf(&f.arena,
                         "{\"AliasArn\":\"" ARN ":BLUE\",\"Description\":\"\",\"FunctionVersion\":"
                         "\"3\",\"Name\":\"BLUE\",\"RevisionId\":\"594f41fb\"%s}",
                         rows[i].more);
        call_ends(&f.call, 200, body.data);
        assert_int_equal(lambda_alias_result(&f.call, &f.arena, &alias, &f.err), 0);
        assert_view(alias.version, "3");
        assert_view(alias.revision_id, "594f41fb");
        assert_int_equal(alias.has_weights, rows[i].has_weights);
        arena_release(&f.arena);
    }
}

static void odd_answers_are_bad_responses(void **state) {
    (void)state;
    static const char *const bodies[] = {
        "",
        "[]",
        "{}",
        "{\"Configuration\":null}",
        "{\"Configuration\":[]}",
        "{\"Configuration\":{}}",
        "{\"Configuration\":{\"FunctionArn\":\"\"}}",
        "{\"Configuration\":{\"FunctionArn\":7}}",
        "{\"FunctionArn\":7,\"FunctionVersion\":7}",
        "{\"FunctionArn\":\"a\",\"FunctionVersion\":\"7\"",
    };
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct fixture f = get_function();
        struct lambda_function function = {.n_tags = 77};
        struct lambda_alias alias = {.version = VIEW("untouched")};
        call_ends(&f.call, 200, bodies[i]);
        assert_int_equal(lambda_get_function_result(&f.call, &f.arena, &function, &f.err), -1);
        assert_int_equal(f.err.code, ERR_BAD_RESPONSE);
        assert_holds(f.err.message, REQUEST_ID);
        err_init(&f.err);
        assert_int_equal(lambda_configuration_result(&f.call, &f.arena, &function, &f.err), -1);
        assert_int_equal(f.err.code, ERR_BAD_RESPONSE);
        err_init(&f.err);
        assert_int_equal(lambda_alias_result(&f.call, &f.arena, &alias, &f.err), -1);
        assert_int_equal(f.err.code, ERR_BAD_RESPONSE);
        assert_int_equal(function.n_tags, 77);
        assert_view(alias.version, "untouched");
        arena_release(&f.arena);
    }
}

/* --- failures --- */

#define CALLER                                                                                     \
    "User: arn:aws:sts::222222222222:assumed-role/slipway/s is not authorized to perform: "

static const struct failure_row failures[] = {
    {"ResourceNotFoundException", "Function not found: " ARN, ERR_BAD_RESPONSE,
     ERR_SERVICE_NOT_FOUND, "no such function or alias: Function not found: " ARN,
     "function_name and alias in ECS_SERVICE_MAP"},
    {"ResourceConflictException", "An update is in progress for resource", ERR_BAD_RESPONSE,
     ERR_AWS_UNAVAILABLE, "the function is being changed by another: An update is in progress",
     "the event is retried"},
    {"PreconditionFailedException", "The Revision Id provided does not match", ERR_BAD_RESPONSE,
     ERR_AWS_UNAVAILABLE, "the function is being changed by another: The Revision Id",
     "the event is retried"},
    {"InvalidParameterValueException",
     "Lambda does not have permission to access the ECR image. Check the ECR permissions.",
     ERR_BAD_RESPONSE, ERR_REGISTRY_ACCESS_DENIED, "Lambda may not pull the image: Lambda does not",
     "admit lambda.amazonaws.com"},
    {"InvalidParameterValueException", "Source image " IMAGE " does not exist.", ERR_BAD_RESPONSE,
     ERR_BAD_RESPONSE, "does not exist", ""},
    {"AccessDeniedException", CALLER "lambda:X on resource: " ARN, ERR_ACCESS_DENIED,
     ERR_ACCESS_DENIED, "denied: " CALLER "lambda:X", "on the function to the function's role"},
    {"TooManyRequestsException", "Rate Exceeded.", ERR_THROTTLED, ERR_THROTTLED, "Rate Exceeded.",
     ""},
    {"ServiceException", "oops", ERR_AWS_UNAVAILABLE, ERR_AWS_UNAVAILABLE, "oops", ""},
    {"CodeStorageExceededException", "too much", ERR_BAD_RESPONSE, ERR_BAD_RESPONSE, "too much",
     ""},
};

static void failures_have_meanings(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
        const struct failure_row *row = &failures[i];
        struct fixture f = update_code();
        struct lambda_function function = {.n_tags = 77};
        struct lambda_alias alias = {.version = VIEW("untouched")};
        call_fails(&f.call, row->met, row->code, view_of(row->words), &f.arena);
        assert_int_equal(lambda_has_changed(&f.call),
                         strcmp(row->code, "PreconditionFailedException") == 0);
        assert_int_equal(lambda_is_being_changed(&f.call),
                         strcmp(row->code, "ResourceConflictException") == 0);
        assert_int_equal(lambda_get_function_result(&f.call, &f.arena, &function, &f.err), -1);
        assert_means(&f, row, i);
        err_init(&f.err);
        assert_int_equal(lambda_configuration_result(&f.call, &f.arena, &function, &f.err), -1);
        assert_means(&f, row, i);
        err_init(&f.err);
        assert_int_equal(lambda_alias_result(&f.call, &f.arena, &alias, &f.err), -1);
        assert_means(&f, row, i);
        err_init(&f.err);
        assert_int_equal(lambda_tag_resource_result(&f.call, &f.err), -1);
        assert_means(&f, row, i);
        assert_int_equal(function.n_tags, 77);
        assert_view(alias.version, "untouched");
        arena_release(&f.arena);
    }
}

static void a_denial_names_the_action(void **state) {
    (void)state;
    struct fixture f = tag();
    call_fails(&f.call, ERR_ACCESS_DENIED, "AccessDeniedException", VIEW("no"), &f.arena);
    assert_int_equal(lambda_tag_resource_result(&f.call, &f.err), -1);
    assert_holds(f.err.message, "TagResource denied: no (request id " REQUEST_ID ")");
    assert_string_equal(f.err.remedy,
                        "allow lambda:TagResource on the function to the function's role");
    arena_release(&f.arena);
}

/* TagResource answers with 204 and nothing. */
static void an_empty_answer_is_a_success_of_tagging(void **state) {
    (void)state;
    struct fixture f = tag();
    call_ends(&f.call, 204, "");
    assert_int_equal(lambda_tag_resource_result(&f.call, &f.err), 0);
    assert_false(lambda_has_changed(&f.call));
    arena_release(&f.arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads),
        cmocka_unit_test(writes),
        cmocka_unit_test(tags_are_taken_away_by_key),
        cmocka_unit_test(a_long_description_is_cut),
        cmocka_unit_test(a_name_that_does_not_fit_is_an_error),
        cmocka_unit_test(a_function_is_decoded),
        cmocka_unit_test(what_is_absent_is_empty),
        cmocka_unit_test(a_configuration_is_decoded),
        cmocka_unit_test(an_alias_is_decoded),
        cmocka_unit_test(odd_answers_are_bad_responses),
        cmocka_unit_test(failures_have_meanings),
        cmocka_unit_test(a_denial_names_the_action),
        cmocka_unit_test(an_empty_answer_is_a_success_of_tagging),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
