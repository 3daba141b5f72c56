/* The value of a SecureString: it goes to the caller, and nowhere else. */

#include "runtime/aws/ssm.h"

#include "tests/unit/aws/sent_fixture.h"

#define SECRET "https://hooks.example/T0/B0/hunter2"

static struct fixture get(struct view name) {
    struct fixture f = fixture_new();
    assert_int_equal(ssm_get_parameter_call(name, &f.arena, &f.call, &f.err), 0);
    return f;
}

/* The response is overwritten: it must not be a literal. */
static void answers(struct fixture *f, int status, const char *body) {
    call_ends(&f->call, status, "");
    f->call.response = arena_copy(&f->arena, view_of(body));
}

static void assert_wiped(struct view bytes) {
    for (size_t i = 0; i < bytes.len; i++) {
        assert_int_equal(bytes.data[i], 0);
    }
}

static void requests(void **state) {
    (void)state;
    struct fixture f = get(VIEW("/prod/slack/web\"hook"));
    assert_sent_json(&f, "ssm.eu-central-1.amazonaws.com", "AmazonSSM.GetParameter",
                     "{\"Name\":\"/prod/slack/web\\\"hook\",\"WithDecryption\":true}");
    assert_false(f.call.once);
    arena_release(&f.arena);

    /* An ARN is asked for where it is. */
    f = get(VIEW("arn:aws:ssm:us-west-2:222222222222:parameter/slack"));
    assert_sent_json(&f, "ssm.us-west-2.amazonaws.com", "AmazonSSM.GetParameter",
                     "{\"Name\":\"arn:aws:ssm:us-west-2:222222222222:parameter/slack\","
                     "\"WithDecryption\":true}");
    arena_release(&f.arena);
}

static void the_value_is_handed_over_and_wiped(void **state) {
    (void)state;
    struct fixture f = get(VIEW("p"));
    struct buf value BUF_AUTO = BUF_INIT(8192);
    answers(&f, 200,
            "{\"Parameter\":{\"ARN\":\"arn:aws:ssm:x\",\"DataType\":\"text\",\"LastModifiedDate\":"
            "1.5E9,\"Name\":\"p\",\"Type\":\"SecureString\",\"Value\":\"" SECRET
            "\",\"Version\":3}}");
    assert_int_equal(ssm_get_parameter_result(&f.call, &value, &f.err), 0);
    assert_view(buf_view(&value), SECRET);
    assert_true(f.call.response.len > 0);
    assert_wiped(f.call.response);
    arena_release(&f.arena);
}

static void escapes_are_undone(void **state) {
    (void)state;
    struct fixture f = get(VIEW("p"));
    struct buf value BUF_AUTO = BUF_INIT(64);
    answers(&f, 200, "{\"Parameter\":{\"Value\":\"a\\\"\\/\\u00e4\\n\"}}");
    assert_int_equal(ssm_get_parameter_result(&f.call, &value, &f.err), 0);
    assert_view(buf_view(&value), "a\"/\xc3\xa4\n");
    assert_wiped(f.call.response);
    arena_release(&f.arena);
}

/* A parameter of the advanced tier has 8 KB. */
static void a_long_value_comes_whole(void **state) {
    (void)state;
    struct fixture f = get(VIEW("p"));
    struct buf text BUF_AUTO = BUF_INIT(16384);
    struct buf value BUF_AUTO = BUF_INIT(8192);
    buf_append_str(&text, "{\"Parameter\":{\"Value\":\"");
    for (size_t i = 0; i < 8192; i++) {
        buf_append_char(&text, (char)('a' + i % 26));
    }
    buf_append_str(&text, "\"}}");
    buf_append_char(&text, '\0');
    assert_false(text.failed);
    answers(&f, 200, text.data);
    assert_int_equal(ssm_get_parameter_result(&f.call, &value, &f.err), 0);
    assert_int_equal(value.len, 8192);
    assert_memory_equal(value.data, text.data + strlen("{\"Parameter\":{\"Value\":\""), 8192);
    arena_release(&f.arena);
}

static void a_value_that_does_not_fit_is_an_error(void **state) {
    (void)state;
    struct fixture f = get(VIEW("p"));
    struct buf value BUF_AUTO = BUF_INIT(8);
    answers(&f, 200, "{\"Parameter\":{\"Value\":\"" SECRET "\"}}");
    assert_int_equal(ssm_get_parameter_result(&f.call, &value, &f.err), -1);
    assert_null(strstr(f.err.message, "hunter2"));
    assert_wiped(f.call.response);
    arena_release(&f.arena);
}

/* Whatever else it is, it is in no message, and does not stay. */
static void odd_answers_say_nothing_of_the_value(void **state) {
    (void)state;
    static const char *const bodies[] = {
        "",
        "[\"" SECRET "\"]",
        "{\"Parameter\":\"" SECRET "\"}",
        "{\"Parameter\":{\"value\":\"" SECRET "\"}}",
        "{\"Parameter\":{\"Value\":[\"" SECRET "\"]}}",
        "{\"Parameter\":{\"Value\":\"\"}}",
        "{\"Parameter\":{\"Value\":null}}",
        "{\"Parameter\":{\"Value\":\"" SECRET "\"}",
        "{\"Parameter\":{\"Value\":\"" SECRET "\"}}x",
        "{\"Parameter\":{\"Value\":\"" SECRET "\",\"Value\":\"" SECRET "\"}}",
        "{}",
        "{\"parameter\":{\"Value\":\"" SECRET "\"}}",
    };
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct fixture f = get(VIEW("p"));
        struct buf value BUF_AUTO = BUF_INIT(8192);
        answers(&f, 200, bodies[i]);
        if (ssm_get_parameter_result(&f.call, &value, &f.err) == 0) {
            fail_msg("accepted: %s", bodies[i]);
        }
        assert_int_equal(f.err.code, ERR_BAD_RESPONSE);
        assert_holds(f.err.message, "answer to GetParameter");
        assert_holds(f.err.message, REQUEST_ID);
        assert_null(strstr(f.err.message, "hunter2"));
        assert_int_equal(value.len, 0);
        assert_wiped(f.call.response);
        arena_release(&f.arena);
    }
}

#define CALLER                                                                                     \
    "User: arn:aws:sts::222222222222:assumed-role/slipway/s is not authorized to perform: "

static void what_is_lacking_is_named(void **state) {
    (void)state;
    struct fixture f = get(VIEW("p"));
    struct buf value BUF_AUTO = BUF_INIT(64);
    answers(&f, 200, "{\"Parameter\":[]}");
    assert_int_equal(ssm_get_parameter_result(&f.call, &value, &f.err), -1);
    assert_holds(f.err.message, "without a proper 'Parameter'");
    arena_release(&f.arena);
}

static void failures_have_meanings(void **state) {
    (void)state;
    static const struct failure_row rows[] = {
        {"AccessDeniedException",
         CALLER "ssm:GetParameter on resource: arn:aws:ssm:x because no identity-based policy "
                "allows the ssm:GetParameter action",
         ERR_ACCESS_DENIED, ERR_ACCESS_DENIED, "GetParameter denied: " CALLER "ssm:GetParameter",
         "allow ssm:GetParameter on the parameter to the function's role"},
        {"AccessDeniedException", CALLER "kms:Decrypt on resource: arn:aws:kms:x",
         ERR_ACCESS_DENIED, ERR_ACCESS_DENIED, "GetParameter denied: " CALLER "kms:Decrypt",
         "allow kms:Decrypt on the parameter's key to the function's role"},
        {"AccessDeniedException",
         "The ciphertext refers to a customer master key that does not exist, does not exist in "
         "this region, or you are not allowed to access.",
         ERR_ACCESS_DENIED, ERR_ACCESS_DENIED, "GetParameter denied: The ciphertext",
         "allow kms:Decrypt on the parameter's key"},
        {"ParameterNotFound", "", ERR_BAD_RESPONSE, ERR_BAD_RESPONSE,
         "the parameter does not exist (request id " REQUEST_ID ")",
         "create the parameter as a SecureString, or correct its name"},
        {"ParameterVersionNotFound", "Systems Manager could not find version 7", ERR_BAD_RESPONSE,
         ERR_BAD_RESPONSE, "the parameter does not exist", "correct its name"},
        {"InvalidKeyId", "arn:aws:kms:x is disabled", ERR_BAD_RESPONSE, ERR_BAD_RESPONSE,
         "is disabled", ""},
        {"ThrottlingException", "Rate exceeded", ERR_THROTTLED, ERR_THROTTLED, "Rate exceeded", ""},
        {"InternalServerError", "oops", ERR_AWS_UNAVAILABLE, ERR_AWS_UNAVAILABLE, "oops", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture f = get(VIEW("p"));
        struct buf value BUF_AUTO = BUF_INIT(8192);
        call_fails(&f.call, rows[i].met, rows[i].code, view_of(rows[i].words), &f.arena);
        assert_int_equal(ssm_get_parameter_result(&f.call, &value, &f.err), -1);
        assert_means(&f, &rows[i], i);
        assert_int_equal(value.len, 0);
        assert_wiped(f.call.response);
        arena_release(&f.arena);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),
        cmocka_unit_test(the_value_is_handed_over_and_wiped),
        cmocka_unit_test(escapes_are_undone),
        cmocka_unit_test(a_long_value_comes_whole),
        cmocka_unit_test(a_value_that_does_not_fit_is_an_error),
        cmocka_unit_test(odd_answers_say_nothing_of_the_value),
        cmocka_unit_test(what_is_lacking_is_named),
        cmocka_unit_test(failures_have_meanings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
