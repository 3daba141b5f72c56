/* An object that may hold a secret: where it is asked for, and what S3's answers mean. */

#include "runtime/aws/s3.h"

#include "tests/unit/aws/sent_fixture.h"

#define SECRET "{\"SLACK_WEBHOOK_URL\":\"https://hooks.example/hunter2\"}"

static struct fixture get(struct view bucket, struct view key) {
    struct fixture f = fixture_new();
    assert_int_equal(s3_get_object_call(bucket, key, &f.arena, &f.call, &f.err), 0);
    return f;
}

/* The response is overwritten: it must not be a literal. */
static void answers(struct fixture *f, int status, struct view body) {
    call_ends(&f->call, status, "");
    f->call.response = arena_copy(&f->arena, body);
}

static void assert_wiped(struct view bytes) {
    for (size_t i = 0; i < bytes.len; i++) {
        assert_int_equal(bytes.data[i], 0);
    }
}

static void requests(void **state) {
    (void)state;
    struct fixture f = get(VIEW("my.config-1"), VIEW("prod/environment.json"));
    assert_sent_rest(&f, "GET", "s3.eu-central-1.amazonaws.com",
                     "/my.config-1/prod/environment.json", "", "");
    assert_false(f.call.once);
    arena_release(&f.arena);

    /* What would mean something in an address is escaped, but for what separates the key's parts.
     */
    f = get(VIEW("b-1"), VIEW("/a b/?x=1&y#z%2F+\xc3\xa9//.json"));
    assert_sent_rest(&f, "GET", "s3.eu-central-1.amazonaws.com",
                     "/b-1//a%20b/%3Fx%3D1%26y%23z%252F%2B%C3%A9//.json", "", "");
    arena_release(&f.arena);
}

static struct view host(const struct environment *env, struct view region, struct arena *arena) {
    struct endpoint endpoint;
    struct err err;
    err_init(&err);
    if (endpoint_resolve(&s3_service, region, env, arena, &endpoint, &err) < 0) {
        fail_msg("%s", err.message);
    }
    return endpoint.host;
}

static void endpoints(void **state) {
    (void)state;
    struct arena arena ARENA_AUTO = ARENA_INIT(64 * 1024);
    const struct environment *fips = ENV({"AWS_USE_FIPS_ENDPOINT", "true"});
    const struct environment *dual = ENV({"AWS_USE_DUALSTACK_ENDPOINT", "true"});
    const struct environment *both =
        ENV({"AWS_USE_FIPS_ENDPOINT", "true"}, {"AWS_USE_DUALSTACK_ENDPOINT", "true"});
    const struct environment *own = ENV({"AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9000"});
    assert_view(host(ENV(), VIEW("us-east-1"), &arena), "s3.us-east-1.amazonaws.com");
    assert_view(host(ENV(), VIEW("cn-north-1"), &arena), "s3.cn-north-1.amazonaws.com.cn");
    assert_view(host(fips, VIEW("us-gov-west-1"), &arena), "s3-fips.us-gov-west-1.amazonaws.com");
    assert_view(host(dual, VIEW("eu-west-1"), &arena), "s3.dualstack.eu-west-1.amazonaws.com");
    assert_view(host(both, VIEW("us-east-1"), &arena), "s3-fips.dualstack.us-east-1.amazonaws.com");
    assert_view(host(own, VIEW("us-east-1"), &arena), "127.0.0.1:9000");
}

static void names_of_buckets(void **state) {
    (void)state;
    static const char *const good[] = {
        "abc", "a.b", "1-2", "my-config.eu.example",
        "a23456789012345678901234567890123456789012345678901234567890123"};
    static const char *const bad[] = {
        "",          "ab",
        "Abc",       "a_c",
        "-ab",       "ab-",
        ".ab",       "ab.",
        "a..b",      "a/b",
        "a b",       "a%2f",
        "a\xc3\xa9", "a23456789012345678901234567890123456789012345678901234567890123x"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(s3_bucket_is_valid(view_of(good[i])));
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (s3_bucket_is_valid(view_of(bad[i]))) {
            fail_msg("accepted: %s", bad[i]);
        }
    }
}

static void names_of_objects(void **state) {
    (void)state;
    char longest[1025];
    memset(longest, 'k', sizeof(longest));
    static const char *const good[] = {"k",   "a/b.json", "/",         "a//b",
                                       "...", "a/.b/c.",  "\xc3\xa9 +"};
    static const char *const bad[] = {"", ".", "..", "a/./b", "../a", "a/..", "a\nb", "a\x7f"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(s3_key_is_valid(view_of(good[i])));
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (s3_key_is_valid(view_of(bad[i]))) {
            fail_msg("accepted: %s", bad[i]);
        }
    }
    assert_true(s3_key_is_valid((struct view){longest, 1024}));
    assert_false(s3_key_is_valid((struct view){longest, 1025}));
}

static void the_object_is_handed_over_and_wiped(void **state) {
    (void)state;
    struct fixture f = get(VIEW("b-1"), VIEW("k"));
    struct buf object BUF_AUTO = BUF_INIT(S3_OBJECT_BYTES);
    answers(&f, 200, VIEW(SECRET));
    assert_int_equal(s3_get_object_result(&f.call, &object, &f.err), 0);
    assert_view(buf_view(&object), SECRET);
    assert_wiped(f.call.response);
    buf_clear(&object);
    answers(&f, 200, VIEW(""));
    assert_int_equal(s3_get_object_result(&f.call, &object, &f.err), 0);
    assert_int_equal(object.len, 0);
    arena_release(&f.arena);
}

static void the_largest_object_and_one_byte_more(void **state) {
    (void)state;
    struct buf text BUF_AUTO = BUF_INIT(S3_OBJECT_BYTES + 1);
    while (text.len < S3_OBJECT_BYTES) {
        buf_append_char(&text, 'x');
    }
    struct fixture f = get(VIEW("b-1"), VIEW("k"));
    struct buf object BUF_AUTO = BUF_INIT(S3_OBJECT_BYTES);
    answers(&f, 200, buf_view(&text));
    assert_int_equal(s3_get_object_result(&f.call, &object, &f.err), 0);
    assert_int_equal(object.len, S3_OBJECT_BYTES);
    buf_clear(&object);
    buf_append_char(&text, 'x');
    answers(&f, 200, buf_view(&text));
    assert_int_equal(s3_get_object_result(&f.call, &object, &f.err), -1);
    assert_int_equal(f.err.code, ERR_BAD_RESPONSE);
    assert_holds(f.err.message, "the object has 262145 bytes, more than 262144");
    assert_string_equal(f.err.remedy, "make the object smaller");
    assert_int_equal(object.len, 0);
    assert_wiped(f.call.response);
    arena_release(&f.arena);
}

static void a_buffer_that_is_too_small_is_an_error(void **state) {
    (void)state;
    struct fixture f = get(VIEW("b-1"), VIEW("k"));
    struct buf object BUF_AUTO = BUF_INIT(8);
    answers(&f, 200, VIEW(SECRET));
    assert_int_equal(s3_get_object_result(&f.call, &object, &f.err), -1);
    assert_null(strstr(f.err.message, "hunter2"));
    assert_wiped(f.call.response);
    arena_release(&f.arena);
}

#define CALLER                                                                                     \
    "User: arn:aws:sts::222222222222:assumed-role/slipway/s is not authorized to perform: "

static void failures_have_meanings(void **state) {
    (void)state;
    static const struct failure_row rows[] = {
        {"AccessDenied", CALLER "s3:GetObject on resource: arn:aws:s3:::b/k", ERR_ACCESS_DENIED,
         ERR_ACCESS_DENIED, "GetObject denied: " CALLER "s3:GetObject",
         "allow s3:GetObject on the object to the function's role, and see that the object exists"},
        {"AccessDenied", "Access Denied", ERR_ACCESS_DENIED, ERR_ACCESS_DENIED,
         "GetObject denied: Access Denied (request id " REQUEST_ID ")", "allow s3:GetObject"},
        {"AccessDenied", CALLER "kms:Decrypt on resource: arn:aws:kms:x", ERR_ACCESS_DENIED,
         ERR_ACCESS_DENIED, "kms:Decrypt", "allow kms:Decrypt on the object's key"},
        {"NoSuchKey", "The specified key does not exist.", ERR_BAD_RESPONSE, ERR_BAD_RESPONSE,
         "the object does not exist (request id " REQUEST_ID ")",
         "put the object there, or correct the bucket and the key"},
        {"NoSuchBucket", "The specified bucket does not exist", ERR_BAD_RESPONSE, ERR_BAD_RESPONSE,
         "the bucket does not exist", "correct the bucket"},
        {"PermanentRedirect", "must be addressed using the specified endpoint", ERR_BAD_RESPONSE,
         ERR_BAD_RESPONSE, "the bucket is in another region", "in the function's own region"},
        {"AuthorizationHeaderMalformed", "the region 'us-east-1' is wrong; expecting 'eu-west-1'",
         ERR_BAD_RESPONSE, ERR_BAD_RESPONSE, "the bucket is in another region", "own region"},
        {"IllegalLocationConstraintException", "x", ERR_BAD_RESPONSE, ERR_BAD_RESPONSE,
         "the bucket is in another region", "own region"},
        {"InvalidObjectState", "The object is archived", ERR_BAD_RESPONSE, ERR_BAD_RESPONSE,
         "The object is archived", ""},
        {"SlowDown", "Please reduce your request rate", ERR_THROTTLED, ERR_THROTTLED,
         "Please reduce", ""},
        {"InternalError", "We encountered an internal error", ERR_AWS_UNAVAILABLE,
         ERR_AWS_UNAVAILABLE, "internal error", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture f = get(VIEW("b-1"), VIEW("k"));
        struct buf object BUF_AUTO = BUF_INIT(S3_OBJECT_BYTES);
        call_fails(&f.call, rows[i].met, rows[i].code, view_of(rows[i].words), &f.arena);
        assert_int_equal(s3_is_missing(&f.call), strncmp(rows[i].code, "NoSuch", 6) == 0);
        assert_int_equal(s3_get_object_result(&f.call, &object, &f.err), -1);
        assert_means(&f, &rows[i], i);
        assert_int_equal(object.len, 0);
        assert_wiped(f.call.response);
        arena_release(&f.arena);
    }
}

/* Without a body that says so. */
static void a_redirect_is_another_region(void **state) {
    (void)state;
    struct fixture f = get(VIEW("b-1"), VIEW("k"));
    struct buf object BUF_AUTO = BUF_INIT(S3_OBJECT_BYTES);
    call_fails(&f.call, ERR_BAD_RESPONSE, "", VIEW(""), &f.arena);
    f.call.status = 301;
    assert_int_equal(s3_get_object_result(&f.call, &object, &f.err), -1);
    assert_holds(f.err.message, "the bucket is in another region");
    arena_release(&f.arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),
        cmocka_unit_test(endpoints),
        cmocka_unit_test(names_of_buckets),
        cmocka_unit_test(names_of_objects),
        cmocka_unit_test(the_object_is_handed_over_and_wiped),
        cmocka_unit_test(the_largest_object_and_one_byte_more),
        cmocka_unit_test(a_buffer_that_is_too_small_is_an_error),
        cmocka_unit_test(failures_have_meanings),
        cmocka_unit_test(a_redirect_is_another_region),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
