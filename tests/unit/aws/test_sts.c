#include "runtime/aws/sts.h"

#include "tests/unit/aws/answered.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void the_form_is_escaped(void **state) {
    (void)state;
    struct arena arena ARENA_AUTO = ARENA_INIT(64 * 1024);
    struct view body;
    struct err err;
    err_init(&err);
    struct assume_role_options options = {
        .role_arn = VIEW("arn:aws:iam::111111111111:role/path/reader"),
        .session_name = VIEW("slipway"),
    };
    assert_int_equal(sts_assume_role_body(&options, &arena, &body, &err), 0);
    assert_view(body, "RoleArn=arn%3Aaws%3Aiam%3A%3A111111111111%3Arole%2Fpath%2Freader&"
                      "RoleSessionName=slipway&DurationSeconds=3600");
    options.external_id = VIEW("a+b/c=:@,._-");
    options.session_name = VIEW("a+b=c,d.e@f-g_h");
    options.duration_seconds = 900;
    assert_int_equal(sts_assume_role_body(&options, &arena, &body, &err), 0);
    assert_view(body, "RoleArn=arn%3Aaws%3Aiam%3A%3A111111111111%3Arole%2Fpath%2Freader&"
                      "RoleSessionName=a%2Bb%3Dc%2Cd.e%40f-g_h&DurationSeconds=900&"
                      "ExternalId=a%2Bb%2Fc%3D%3A%40%2C._-");
}

static void options_that_sts_cannot_take_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *role, *session, *external_id;
        int seconds;
    } rows[] = {
        {"", "slipway", "", 0},
        {"reader", "slipway", "", 0},
        {"arn:aws:iam::111111111111:user/reader", "slipway", "", 0},
        {"arn:aws:sts::111111111111:assumed-role/x/y", "slipway", "", 0},
        {"arn:aws:iam::111111111111:role/r", "s", "", 0},
        {"arn:aws:iam::111111111111:role/r", "", "", 0},
        {"arn:aws:iam::111111111111:role/r", "with space", "", 0},
        {"arn:aws:iam::111111111111:role/r",
         "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "", 0},
        {"arn:aws:iam::111111111111:role/r", "slipway", "x", 0},
        {"arn:aws:iam::111111111111:role/r", "slipway", "a b", 0},
        {"arn:aws:iam::111111111111:role/r", "slipway", "a\nb", 0},
        {"arn:aws:iam::111111111111:role/r", "slipway", "", 899},
        {"arn:aws:iam::111111111111:role/r", "slipway", "", 43201},
        {"arn:aws:iam::111111111111:role/r", "slipway", "", -1},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena arena ARENA_AUTO = ARENA_INIT(64 * 1024);
        struct view body = VIEW("untouched");
        struct err err;
        err_init(&err);
        const struct assume_role_options options = {
            .role_arn = view_of(rows[i].role),
            .session_name = view_of(rows[i].session),
            .external_id = view_of(rows[i].external_id),
            .duration_seconds = rows[i].seconds,
        };
        assert_int_equal(sts_assume_role_body(&options, &arena, &body, &err), -1);
        assert_int_equal(err.code, ERR_CONFIG_INVALID);
        assert_view(body, "untouched");
    }
}

#define ANSWER(id, key, token, expiration)                                                         \
    "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n"                   \
    "  <AssumeRoleResult>\n<AssumedRoleUser><Arn>arn:x</Arn></AssumedRoleUser>\n"                  \
    "    <Credentials>" id key token expiration "</Credentials>\n"                                 \
    "  </AssumeRoleResult>\n<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>"         \
    "</AssumeRoleResponse>"
#define ID "<AccessKeyId>ASIAEXAMPLE</AccessKeyId>"
#define SECRET "<SecretAccessKey> a/b+c&amp;d\n</SecretAccessKey>"
#define SESSION "<SessionToken>tok&#61;==</SessionToken>"
#define EXPIRY "<Expiration>2026-11-20T23:39:04Z</Expiration>"

static void credentials_are_read(void **state) {
    (void)state;
    struct arena arena ARENA_AUTO = ARENA_INIT(64 * 1024);
    struct sts_credentials got;
    struct err err;
    err_init(&err);
    assert_int_equal(
        sts_assume_role_parse(VIEW(ANSWER(ID, SECRET, SESSION, EXPIRY)), &arena, &got, &err), 0);
    assert_view(got.access_key_id, "ASIAEXAMPLE");
    assert_view(secret_expose(&got.secret_access_key), "a/b+c&d");
    assert_view(secret_expose(&got.session_token), "tok===");
    assert_int_equal(got.expires_at_ms, 1795217944000);
    sts_credentials_wipe(&got);
    assert_true(secret_is_empty(&got.secret_access_key));
    sts_credentials_wipe(NULL);
}

static void a_part_that_is_missing_is_a_bad_response(void **state) {
    (void)state;
    static const struct {
        const char *xml, *part;
    } rows[] = {
        {ANSWER("", SECRET, SESSION, EXPIRY), "AccessKeyId"},
        {ANSWER(ID, "", SESSION, EXPIRY), "SecretAccessKey"},
        {ANSWER(ID, SECRET, "", EXPIRY), "SessionToken"},
        {ANSWER(ID, SECRET, SESSION, ""), "Expiration"},
        {ANSWER(ID, SECRET, SESSION, "<Expiration>soon</Expiration>"), "Expiration"},
        {ANSWER("<AccessKeyId> </AccessKeyId>", SECRET, SESSION, EXPIRY), "AccessKeyId"},
        {ANSWER(ID, SECRET SECRET, SESSION, EXPIRY), "SecretAccessKey"},
        {"", "Expiration"},
        {"{}", "Expiration"},
        {"<AssumeRoleResponse/>", "Expiration"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena arena ARENA_AUTO = ARENA_INIT(64 * 1024);
        struct sts_credentials got = {.expires_at_ms = 7};
        struct err err;
        err_init(&err);
        assert_int_equal(sts_assume_role_parse(view_of(rows[i].xml), &arena, &got, &err), -1);
        assert_int_equal(err.code, ERR_BAD_RESPONSE);
        assert_holds(err.message, rows[i].part);
        assert_null(strstr(err.message, "a/b"));
        assert_int_equal(got.expires_at_ms, 7);
    }
}

static void errors_are_read(void **state) {
    (void)state;
    struct arena arena ARENA_AUTO = ARENA_INIT(64 * 1024);
    struct view code = VIEW("untouched");
    struct view message;
    assert_true(sts_error_parse(VIEW("<ErrorResponse xmlns=\"x\"><Error><Type>Sender</Type>"
                                     "<Code>AccessDenied</Code><Message>User: &quot;x&quot; is "
                                     "not</Message></Error><RequestId>r</RequestId>"
                                     "</ErrorResponse>"),
                                &arena, &code, &message));
    assert_view(code, "AccessDenied");
    assert_view(message, "User: \"x\" is not");
    assert_true(
        sts_error_parse(VIEW("<ErrorResponse><Error><Code>X</Code></Error></ErrorResponse>"),
                        &arena, &code, &message));
    assert_view(message, "");
    code = VIEW("untouched");
    assert_false(sts_error_parse(VIEW(""), &arena, &code, &message));
    assert_false(sts_error_parse(VIEW("<html><body>502</body></html>"), &arena, &code, &message));
    assert_false(sts_error_parse(VIEW("<ErrorResponse><Error><Code></Code></Error>"
                                      "</ErrorResponse>"),
                                 &arena, &code, &message));
    assert_view(code, "untouched");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_form_is_escaped),
        cmocka_unit_test(options_that_sts_cannot_take_are_refused),
        cmocka_unit_test(credentials_are_read),
        cmocka_unit_test(a_part_that_is_missing_is_a_bad_response),
        cmocka_unit_test(errors_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
