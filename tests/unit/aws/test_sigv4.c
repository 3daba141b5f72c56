/*
 * The vectors here were computed with botocore 1.43. sigv4_suite.c runs the official suite, and
 * tests/integration/botocore_signer.py compares random requests.
 */

#include "runtime/aws/sigv4.h"

#include "runtime/aws/sigv4_canonical.h"
#include "tests/unit/aws/answered.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define KEY "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define TOKEN "IQoJb3JpZ2luX2VjEXAMPLETOKEN=="

/* 2026-11-20T22:39:04Z */
#define NOW_MS 1795214344000

struct signer {
    struct secret key;
    struct secret token;
    struct aws_credentials credentials;
    struct sigv4_params params;
    struct err err;
};

static void signer_init(struct signer *s, const char *region, const char *service,
                        const char *token) {
    memset(s, 0, sizeof(*s));
    err_init(&s->err);
    assert_int_equal(secret_set(&s->key, VIEW(KEY), "key", &s->err), 0);
    assert_int_equal(secret_set(&s->token, view_of(token), "token", &s->err), 0);
    s->credentials = (struct aws_credentials){VIEW("AKIDEXAMPLE"), &s->key, &s->token};
    s->params = (struct sigv4_params){
        .credentials = &s->credentials,
        .region = view_of(region),
        .service = view_of(service),
        .time_ms = NOW_MS,
        .normalize_path = true,
        .double_encode_path = true,
    };
}

static void signer_release(struct signer *s) {
    secret_wipe(&s->key);
    secret_wipe(&s->token);
}

static struct view header(const struct sigv4_signature *signature, const char *name) {
    for (size_t i = 0; i < signature->n_headers; i++) {
        if (view_equal_nocase(signature->headers[i].name, view_of(name))) {
            return signature->headers[i].value;
        }
    }
    return (struct view){0};
}

static const struct http_header ecs_headers[] = {
    {{"Content-Type", 12}, {"application/x-amz-json-1.1", 26}},
    {{"X-Amz-Target", 12}, {"AmazonEC2ContainerServiceV20141113.DescribeServices", 51}},
};
static const struct sigv4_request ecs_request = {
    .method = {"POST", 4},
    .host = {"ecs.us-east-1.amazonaws.com", 27},
    .path = {"/", 1},
    .headers = ecs_headers,
    .n_headers = 2,
    .body = {"{\"cluster\":\"prod\",\"services\":[\"backend\"]}", 41},
};

static void a_post_with_a_session_token(void **state) {
    (void)state;
    struct signer s;
    struct sigv4_signature signature;
    signer_init(&s, "us-east-1", "ecs", TOKEN);
    assert_int_equal(sigv4_sign(&ecs_request, &s.params, &signature, &s.err), 0);
    assert_int_equal(signature.n_headers, 3);
    assert_view(signature.headers[0].name, "X-Amz-Security-Token");
    assert_view(signature.headers[0].value, TOKEN);
    assert_view(signature.headers[1].name, "X-Amz-Date");
    assert_view(signature.headers[1].value, "20261120T223904Z");
    assert_view(signature.headers[2].name, "Authorization");
    assert_view(signature.headers[2].value,
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261120/us-east-1/ecs/aws4_request, "
                "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, "
                "Signature=b6169f0bf6e797004d9b4a58bf9a2b1d7df5cc70285ee4baf2c4ca9d14c550e6");
    sigv4_signature_wipe(&signature);
    assert_int_equal(signature.n_headers, 0);
    sigv4_signature_wipe(NULL);
    signer_release(&s);
}

static void a_get_with_query_and_port(void **state) {
    (void)state;
    static const char *const queries[] = {"groupName=g%2Fh&a&b=", "b&a=&groupName=g%2fh",
                                          "&&%61&b&&groupName=%67/h&"};
    for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
        struct signer s;
        struct sigv4_signature signature;
        signer_init(&s, "eu-west-1", "scheduler", NULL);
        const struct sigv4_request request = {
            .method = VIEW("GET"),
            .host = VIEW("localhost:5000"),
            .path = VIEW("/schedules/a%20b"),
            .query = view_of(queries[i]),
        };
        assert_int_equal(sigv4_sign(&request, &s.params, &signature, &s.err), 0);
        assert_int_equal(signature.n_headers, 2);
        assert_view(header(&signature, "Authorization"),
                    "AWS4-HMAC-SHA256 "
                    "Credential=AKIDEXAMPLE/20261120/eu-west-1/scheduler/aws4_request, "
                    "SignedHeaders=host;x-amz-date, "
                    "Signature=19ca18e6b36c848b8ebbaaa1749d052c4b5a4434cc95bb0e7f89a52d9581130c");
        sigv4_signature_wipe(&signature);
        signer_release(&s);
    }
}

static void s3_signs_the_path_as_it_is(void **state) {
    (void)state;
    struct signer s;
    struct sigv4_signature signature;
    const struct http_header headers[] = {
        {VIEW("x-amz-meta-a"), VIEW("  two   words ")},
        {VIEW("x-amz-meta"), VIEW("1")},
        {VIEW("X-Amz-Meta-A"), VIEW("again")},
    };
    signer_init(&s, "us-west-2", "s3", "");
    s.params.time_ms = 0;
    s.params.normalize_path = false;
    s.params.double_encode_path = false;
    s.params.sign_body_header = true;
    const struct sigv4_request request = {
        .method = VIEW("PUT"),
        .host = VIEW("b.s3.amazonaws.com"),
        .path = VIEW("/a//b/../c%20d"),
        .headers = headers,
        .n_headers = 3,
        .body = VIEW("body"),
    };
    assert_int_equal(sigv4_sign(&request, &s.params, &signature, &s.err), 0);
    assert_view(header(&signature, "x-amz-content-sha256"),
                "230d8358dc8e8890b4c58deeb62912ee2f20357ae92a5cc861b98e68fe31acb5");
    assert_view(header(&signature, "Authorization"),
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/19700101/us-west-2/s3/aws4_request, "
                "SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-meta;x-amz-meta-a, "
                "Signature=cd8efb4ea2c9a9862f92ad12ee40bf5ae396b043f9fd777144d2a55d384cae8d");
    sigv4_signature_wipe(&signature);
    signer_release(&s);
}

static void a_form_at_the_end_of_the_century(void **state) {
    (void)state;
    struct signer s;
    struct sigv4_signature signature;
    const struct http_header headers[] = {
        {VIEW("Content-Type"), VIEW("application/x-www-form-urlencoded; charset=utf-8")},
    };
    signer_init(&s, "us-gov-west-1", "sts", NULL);
    s.params.time_ms = 4102444799999;
    const struct sigv4_request request = {
        .method = VIEW("POST"),
        .host = VIEW("sts.us-gov-west-1.amazonaws.com"),
        .path = VIEW(""),
        .headers = headers,
        .n_headers = 1,
        .body = VIEW("Action=AssumeRole&Version=2011-06-15"),
    };
    assert_int_equal(sigv4_sign(&request, &s.params, &signature, &s.err), 0);
    assert_view(header(&signature, "Authorization"),
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20991231/us-gov-west-1/sts/aws4_request, "
                "SignedHeaders=content-type;host;x-amz-date, "
                "Signature=9da9eb553ff5be2bd97adb171e302b15ef9192751f35a7b0bd29e119f72d2862");
    sigv4_signature_wipe(&signature);
    signer_release(&s);
}

static void an_omitted_token_is_sent_and_not_signed(void **state) {
    (void)state;
    struct signer with;
    struct signer without;
    struct sigv4_signature a;
    struct sigv4_signature b;
    signer_init(&with, "us-east-1", "ecs", TOKEN);
    signer_init(&without, "us-east-1", "ecs", "");
    without.credentials.session_token = NULL;
    with.params.omit_session_token = true;
    assert_int_equal(sigv4_sign(&ecs_request, &with.params, &a, &with.err), 0);
    assert_int_equal(sigv4_sign(&ecs_request, &without.params, &b, &without.err), 0);
    assert_view(header(&a, "X-Amz-Security-Token"), TOKEN);
    assert_int_equal(header(&b, "X-Amz-Security-Token").len, 0);
    assert_true(view_equal(header(&a, "Authorization"), header(&b, "Authorization")));
    sigv4_signature_wipe(&a);
    sigv4_signature_wipe(&b);
    signer_release(&with);
    signer_release(&without);
}

static void paths(void **state) {
    (void)state;
    static const struct {
        const char *path;
        bool normalize, encode;
        const char *canonical;
    } rows[] = {
        {"", true, true, "/"},
        {"/", true, true, "/"},
        {"//", true, true, "/"},
        {"/a/../..", true, true, "/"},
        {"/a/./b//c/", true, true, "/a/b/c/"},
        {"/a/b/..", true, true, "/a"},
        {"/a/b/../", true, true, "/a/"},
        {"/a/..b/...", true, true, "/a/..b/..."},
        {"/%2E%2E/a", true, true, "/%252E%252E/a"},
        {"/a b/~-._", true, true, "/a%20b/~-._"},
        {"/\xe1\x88\xb4", true, true, "/%E1%88%B4"},
        {"/a//./b", false, true, "/a//./b"},
        {"/a b", false, false, "/a b"},
        {"/..//a%20b", true, false, "/a%20b"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buf buf BUF_AUTO = BUF_INIT(256);
        sigv4_append_path(&buf, view_of(rows[i].path), rows[i].normalize, rows[i].encode);
        assert_view(buf_view(&buf), rows[i].canonical);
    }
}

static void queries(void **state) {
    (void)state;
    static const struct {
        const char *query, *canonical;
    } rows[] = {
        {"", ""},
        {"&", ""},
        {"a", "a="},
        {"a=b=c", "a=b%3Dc"},
        {"a=1&a=10&a=&a", "a=&a=&a=1&a=10"},
        {"b=1&a-b=1&a=1", "a=1&a-b=1&b=1"}, /* '=' sorts behind '-': names first */
        {"%61=%7E%2f", "a=~%2F"},
        {"a=+", "a=%2B"},
        {"a=%zz&b=%4&c=%", "a=%25zz&b=%254&c=%25"},
        {"A=1&a=1&Z=1", "A=1&Z=1&a=1"},
        {"a=b?c/d", "a=b%3Fc%2Fd"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buf buf BUF_AUTO = BUF_INIT(256);
        sigv4_append_query(&buf, view_of(rows[i].query));
        assert_view(buf_view(&buf), rows[i].canonical);
        assert_false(buf.failed);
    }
}

static void stages_are_what_the_guide_draws(void **state) {
    (void)state;
    struct signer s;
    struct buf canonical BUF_AUTO_WIPE = BUF_INIT(4096);
    struct buf text BUF_AUTO = BUF_INIT(4096);
    signer_init(&s, "us-east-1", "ecs", "");
    sigv4_canonical_request(&ecs_request, &s.params, &canonical);
    assert_view(buf_view(&canonical),
                "POST\n/\n\ncontent-type:application/x-amz-json-1.1\n"
                "host:ecs.us-east-1.amazonaws.com\nx-amz-date:20261120T223904Z\n"
                "x-amz-target:AmazonEC2ContainerServiceV20141113.DescribeServices\n\n"
                "content-type;host;x-amz-date;x-amz-target\n"
                "d1ab0ddb29cd1bc8dc4a94f2789d87a5aa321b69a3049ba3e50bf0a2ef0e2670");
    sigv4_string_to_sign(VIEW(""), &s.params, &text);
    assert_view(buf_view(&text),
                "AWS4-HMAC-SHA256\n20261120T223904Z\n20261120/us-east-1/ecs/aws4_request\n"
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    signer_release(&s);
}

static void what_cannot_be_signed_is_refused(void **state) {
    (void)state;
    static const char *const own[] = {"Host", "x-amz-date", "AUTHORIZATION", "X-Amz-Security-Token",
                                      "X-Amz-Content-Sha256"};
    struct signer s;
    struct sigv4_signature signature = {.n_headers = 99};
    signer_init(&s, "us-east-1", "ecs", "");
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        const struct http_header headers[] = {{view_of(own[i]), VIEW("x")}};
        struct sigv4_request request = ecs_request;
        request.headers = headers;
        request.n_headers = 1;
        err_init(&s.err);
        assert_int_equal(sigv4_sign(&request, &s.params, &signature, &s.err), -1);
        assert_int_equal(s.err.code, ERR_BAD_RESPONSE);
    }
    struct sigv4_request request = ecs_request;
    request.host = VIEW("");
    err_init(&s.err);
    assert_int_equal(sigv4_sign(&request, &s.params, &signature, &s.err), -1);
    request = ecs_request;
    request.path = VIEW("a");
    err_init(&s.err);
    assert_int_equal(sigv4_sign(&request, &s.params, &signature, &s.err), -1);
    assert_int_equal(signature.n_headers, 99);
    signer_release(&s);
}

static void too_much_is_refused_not_cut(void **state) {
    (void)state;
    const size_t len = (size_t)300 * 1024;
    struct signer s;
    struct sigv4_signature signature;
    char *long_text = malloc(len);
    assert_non_null(long_text);
    memset(long_text, 'x', len);
    long_text[0] = '/';
    signer_init(&s, "us-east-1", "ecs", "");
    struct sigv4_request request = ecs_request;
    request.path = (struct view){long_text, len};
    assert_int_equal(sigv4_sign(&request, &s.params, &signature, &s.err), -1);
    assert_int_equal(s.err.code, ERR_OUT_OF_MEMORY);
    free(long_text);
    signer_release(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_post_with_a_session_token),
        cmocka_unit_test(a_get_with_query_and_port),
        cmocka_unit_test(s3_signs_the_path_as_it_is),
        cmocka_unit_test(a_form_at_the_end_of_the_century),
        cmocka_unit_test(an_omitted_token_is_sent_and_not_signed),
        cmocka_unit_test(paths),
        cmocka_unit_test(queries),
        cmocka_unit_test(stages_are_what_the_guide_draws),
        cmocka_unit_test(what_cannot_be_signed_is_refused),
        cmocka_unit_test(too_much_is_refused_not_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
