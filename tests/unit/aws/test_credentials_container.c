/* The container endpoint: which URLs are asked, with which token, and what an answer must hold. */

#include "tests/unit/aws/credentials_fixture.h"

#define ANSWER(n)                                                                                  \
    "{\"Code\":\"Success\",\"AccessKeyId\":\"ASIA" n "\",\"SecretAccessKey\":\"s\\/cret" n         \
    "\",\"Token\":\"token" n "\",\"Expiration\":\"2026-11-20T23:39:04.5+00:00\"}"

static void the_ecs_agent_is_asked(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f);
    fake_will_answer(&f.world, 200, ANSWER("1"));
    provide(&f, ENV({"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials/x?a=b"},
                    {"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://evil.test"}));
    assert_int_equal(get(&f, false), 0);
    assert_credentials(&f, "ASIA1", "s/cret1", "token1");
    assert_string_equal(buf_cstr(&f.world.asked), "GET http://169.254.170.2/v2/credentials/x?a=b\n"
                                                  "Accept: application/json\n\n\n");
    assert_int_equal(get(&f, false), 0);
    assert_int_equal(f.world.n_asked, 1);
    fixture_release(&f);
}

static void the_token_of_the_environment_is_sent(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f);
    fake_will_answer(&f.world, 200, ANSWER("1"));
    provide(&f, ENV({"AWS_CONTAINER_CREDENTIALS_FULL_URI", "https://keys.example/x"},
                    {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "Basic abc"}));
    assert_int_equal(get(&f, false), 0);
    assert_holds(buf_cstr(&f.world.asked), "GET https://keys.example/x\n");
    assert_holds(buf_cstr(&f.world.asked), "Authorization: Basic abc\n");
    fixture_release(&f);
}

static void the_tokens_file_is_read_each_time(void **state) {
    (void)state;
    struct fixture f;
    char path[128];
    fixture_init(&f);
    write_file(&f, "token", "first\n");
    snprintf(path, sizeof(path), "%s/.aws/token", f.folder);
    const struct environment *env =
        ENV({"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials"},
            {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "not this one"},
            {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", path});
    fake_will_answer(&f.world, 200, ANSWER("1"));
    fake_will_answer(&f.world, 200, ANSWER("2"));
    provide(&f, env);
    assert_int_equal(get(&f, false), 0);
    assert_holds(buf_cstr(&f.world.asked), "Authorization: first\n");
    write_file(&f, "token", "second");
    assert_int_equal(get(&f, true), 0);
    assert_credentials(&f, "ASIA2", "s/cret2", "token2");
    assert_holds(buf_cstr(&f.world.asked), "Authorization: second\n");

    write_file(&f, "token", "smuggled\r\nX: y");
    assert_int_equal(get(&f, true), -1);
    assert_int_equal(f.err.code, ERR_CONFIG_INVALID);
    assert_null(strstr(f.err.message, "smuggled"));
    remove_file(&f, "token");
    assert_int_equal(get(&f, true), -1);
    assert_int_equal(f.err.code, ERR_CONFIG_INVALID);
    assert_holds(f.err.message, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    assert_int_equal(f.world.n_asked, 2);
    fixture_release(&f);
}

static void plain_http_stays_on_this_machine(void **state) {
    (void)state;
    static const struct {
        const char *url;
        bool allowed;
    } rows[] = {
        {"http://127.0.0.1/x", true},
        {"http://127.1.2.3:8080/x", true},
        {"http://localhost:1338/latest/meta-data/", true},
        {"http://LOCALHOST/", true},
        {"http://[::1]:80/x", true},
        {"http://169.254.170.2/x", true},
        {"http://169.254.170.23/x", true},
        {"http://[fd00:ec2::23]/x?y=z", true},
        {"https://anywhere.example/x", true},
        {"http://anywhere.example/x", false},
        {"http://169.254.169.254/x", false},
        {"http://169.254.170.3/x", false},
        {"http://169.254.170.2.evil.test/x", false},
        {"http://127.0.0.1.evil.test/x", false},
        {"http://127.0.0.1@evil.test/x", false},
        {"http://127.0.0.1:80@evil.test/x", false},
        {"http://127.0.0/x", false},
        {"http://127.0.0.1./x", false},
        {"http://127.0.0.256/x", false},
        {"http://127.0.0.-1/x", false},
        {"http://127.0.0.0001/x", false},
        {"http://128.0.0.1/x", false},
        {"http://0127.0.0.1/x", false},
        {"http://localhost.evil.test/x", false},
        {"http://[fd00:ec2::24]/x", false},
        {"ftp://127.0.0.1/x", false},
        {"127.0.0.1/x", false},
        {"http://127.0.0.1/x\n", false},
        {"http://127.0.0.1/x?a b", false},
        {"http://127.0.0.1/x#f", false},
        {"http://127.0.0.1?x#f", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct credentials_provider *provider = NULL;
        struct err err;
        err_init(&err);
        int status = credentials_provider_new(
            ENV({"AWS_CONTAINER_CREDENTIALS_FULL_URI", rows[i].url}), &provider, &err);
        if ((status == 0) != rows[i].allowed) {
            fail_msg("%s was %s", rows[i].url, status == 0 ? "accepted" : "refused");
        }
        assert_int_equal(err.code, rows[i].allowed ? ERR_NONE : ERR_CONFIG_INVALID);
        credentials_provider_free(provider);
    }
    struct credentials_provider *provider = NULL;
    struct err err;
    err_init(&err);
    assert_int_equal(
        credentials_provider_new(ENV({"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "@evil.test/"}),
                                 &provider, &err),
        -1);
}

static void an_endpoint_that_stumbles_is_asked_again(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f);
    fake_will_fail(&f.world, HTTP_NOT_SENT);
    fake_will_answer(&f.world, 503, "busy");
    fake_will_answer(&f.world, 200, ANSWER("1"));
    provide(&f, ENV({"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x"}));
    assert_int_equal(get(&f, false), 0);
    assert_int_equal(f.world.n_asked, 3);
    assert_true(f.world.monotonic_ms > 1000);
    fixture_release(&f);

    fixture_init(&f);
    provide(&f, ENV({"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x"}));
    assert_int_equal(get(&f, false), -1);
    assert_int_equal(f.err.code, ERR_AWS_UNAVAILABLE);
    assert_int_equal(f.world.n_asked, 3);
    fixture_release(&f);
}

static void a_refusal_is_not_repeated(void **state) {
    (void)state;
    static const struct {
        int status;
        enum err_code meaning;
        size_t n_asked;
    } rows[] = {
        {403, ERR_ACCESS_DENIED, 1},   {404, ERR_ACCESS_DENIED, 1},   {429, ERR_AWS_UNAVAILABLE, 3},
        {500, ERR_AWS_UNAVAILABLE, 3}, {302, ERR_AWS_UNAVAILABLE, 1},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture f;
        fixture_init(&f);
        for (int k = 0; k < 3; k++) {
            fake_will_answer(&f.world, rows[i].status, "{\"message\":\"hush\"}");
        }
        provide(&f, ENV({"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x"}));
        assert_int_equal(get(&f, false), -1);
        assert_int_equal(f.err.code, rows[i].meaning);
        assert_int_equal(f.world.n_asked, rows[i].n_asked);
        assert_int_equal(strstr(f.err.remedy, "AWS_CONTAINER_") != NULL,
                         rows[i].meaning == ERR_ACCESS_DENIED);
        fixture_release(&f);
    }
}

/* Its own few seconds are no matter of the function's timeout. */
static void silence_is_no_deadline(void **state) {
    (void)state;
    static const struct {
        int64_t left_ms;
        enum err_code meaning;
    } rows[] = {{50000, ERR_AWS_UNAVAILABLE}, {4000, ERR_DEADLINE_EXCEEDED}};
    for (size_t i = 0; i < 2; i++) {
        struct fixture f;
        fixture_init(&f);
        f.world.times_out = true;
        f.world.monotonic_ms = DEADLINE_MS - rows[i].left_ms;
        provide(&f, ENV({"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x"}));
        assert_int_equal(get(&f, false), -1);
        assert_int_equal(f.err.code, rows[i].meaning);
        fixture_release(&f);
    }
}

static void the_deadline_is_kept(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f);
    provide(&f, ENV({"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x"}));
    f.world.monotonic_ms = DEADLINE_MS;
    assert_int_equal(get(&f, false), -1);
    assert_int_equal(f.err.code, ERR_DEADLINE_EXCEEDED);
    assert_int_equal(f.world.n_asked, 0);
    f.world.monotonic_ms = DEADLINE_MS - 300;
    assert_int_equal(get(&f, false), -1);
    assert_int_equal(f.world.n_asked, 1);
    fixture_release(&f);
}

static void an_answer_must_be_whole(void **state) {
    (void)state;
    static const char *const bodies[] = {
        "",
        "<html/>",
        "[]",
        "{}",
        "{\"SecretAccessKey\":\"hush\",\"Token\":\"hush\",\"Expiration\":\"2026-11-20T23:39:04Z\"}",
        "{\"AccessKeyId\":\"A\",\"Token\":\"hush\",\"Expiration\":\"2026-11-20T23:39:04Z\"}",
        "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"hush\",\"Expiration\":"
        "\"2026-11-20T23:39:04Z\"}",
        "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"hush\",\"Token\":\"hush\"}",
        "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"hush\",\"Token\":\"hush\",\"Expiration\":"
        "\"soon\"}",
        "{\"AccessKeyId\":7,\"SecretAccessKey\":\"hush\",\"Token\":\"hush\",\"Expiration\":"
        "\"2026-11-20T23:39:04Z\"}",
    };
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct fixture f;
        fixture_init(&f);
        fake_will_answer(&f.world, 200, bodies[i]);
        provide(&f, ENV({"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x"}));
        assert_int_equal(get(&f, false), -1);
        assert_int_equal(f.err.code, ERR_BAD_RESPONSE);
        assert_null(strstr(f.err.message, "hush"));
        fixture_release(&f);
    }
}

static void a_profile_may_use_it(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f);
    write_file(&f, "config",
               "[profile a]\nrole_arn = arn:aws:iam::111111111111:role/a\n"
               "credential_source = EcsContainer\n");
    fake_will_answer(&f.world, 200, ANSWER("1"));
    fake_will_answer(&f.world, 200,
                     "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>R"
                     "</AccessKeyId><SecretAccessKey>S</SecretAccessKey><SessionToken>T"
                     "</SessionToken><Expiration>2026-11-20T23:39:04Z</Expiration></Credentials>"
                     "</AssumeRoleResult></AssumeRoleResponse>");
    provide(&f, ENV({"HOME", f.folder}, {"AWS_PROFILE", "a"},
                    {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x"}));
    assert_int_equal(get(&f, false), 0);
    assert_credentials(&f, "R", "S", "T");
    assert_holds(buf_cstr(&f.world.asked), "Credential=ASIA1/");
    fixture_release(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_ecs_agent_is_asked),
        cmocka_unit_test(the_token_of_the_environment_is_sent),
        cmocka_unit_test(the_tokens_file_is_read_each_time),
        cmocka_unit_test(plain_http_stays_on_this_machine),
        cmocka_unit_test(an_endpoint_that_stumbles_is_asked_again),
        cmocka_unit_test(a_refusal_is_not_repeated),
        cmocka_unit_test(silence_is_no_deadline),
        cmocka_unit_test(the_deadline_is_kept),
        cmocka_unit_test(an_answer_must_be_whole),
        cmocka_unit_test(a_profile_may_use_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
