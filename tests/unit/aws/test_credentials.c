/* The environment, the profiles of the shared files, and how they are chosen between. */

#include "tests/unit/aws/credentials_fixture.h"

static void the_environment_comes_first(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f);
    write_file(&f, "credentials", "this file is not even looked at");
    provide(&f, ENV({"AWS_ACCESS_KEY_ID", "AKID"}, {"AWS_SECRET_ACCESS_KEY", "secret"},
                    {"AWS_SESSION_TOKEN", "token"}, {"HOME", f.folder},
                    {"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://evil.test/"}));
    assert_int_equal(get(&f, false), 0);
    assert_credentials(&f, "AKID", "secret", "token");
    assert_int_equal(get(&f, true), 0); /* nothing else can be had */
    assert_credentials(&f, "AKID", "secret", "token");
    assert_int_equal(f.world.n_asked, 0);
    fixture_release(&f);

    fixture_init(&f);
    provide(&f, ENV({"AWS_ACCESS_KEY_ID", "AKID"}, {"AWS_SECRET_ACCESS_KEY", "secret"}));
    assert_int_equal(get(&f, false), 0);
    assert_credentials(&f, "AKID", "secret", "");
    fixture_release(&f);
}

static void half_a_pair_is_refused(void **state) {
    (void)state;
    static const struct env_entry rows[][2] = {
        {{"AWS_ACCESS_KEY_ID", "AKID"}, {"AWS_SECRET_ACCESS_KEY", ""}},
        {{"AWS_ACCESS_KEY_ID", NULL}, {"AWS_SECRET_ACCESS_KEY", "hush"}},
    };
    for (size_t i = 0; i < 2; i++) {
        struct credentials_provider *provider = NULL;
        struct err err;
        err_init(&err);
        assert_int_equal(credentials_provider_new(ENV(rows[i][0], rows[i][1]), &provider, &err),
                         -1);
        assert_int_equal(err.code, ERR_CONFIG_INVALID);
        assert_holds(err.message, "AWS_ACCESS_KEY_ID");
        assert_holds(err.message, "AWS_SECRET_ACCESS_KEY");
        assert_null(strstr(err.message, "hush"));
        assert_null(provider);
    }
}

static void nothing_found_is_an_error_when_asked(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f);
    write_file(&f, "config", "[default]\nregion = eu-west-1\n");
    provide(&f, ENV({"HOME", f.folder}));
    assert_int_equal(get(&f, false), -1);
    assert_int_equal(f.err.code, ERR_ACCESS_DENIED);
    assert_holds(f.err.remedy, "AWS_PROFILE");
    assert_int_equal(get(&f, true), -1);
    provide(&f, ENV());
    assert_int_equal(get(&f, false), -1);
    fixture_release(&f);
    credentials_provider_free(NULL);
}

static void profiles_of_both_files(void **state) {
    (void)state;
    static const struct {
        const char *profile;
        const char *id, *key, *token;
    } rows[] = {
        {"", "AKID-default", "secret-default", ""},
        {"default", "AKID-default", "secret-default", ""},
        {"dev", "AKID-dev", "secret-dev", "token-dev"},
        {"both", "AKID-credentials", "secret-credentials", ""},
        {"config only", "AKID-config", "secret-config", "token-config"},
    };
    struct fixture f;
    fixture_init(&f);
    write_file(
        &f, "credentials",
        "[default]\naws_access_key_id = AKID-default\naws_secret_access_key = secret-default\n"
        "[dev]\nAWS_ACCESS_KEY_ID = AKID-dev\naws_secret_access_key=secret-dev\n"
        "aws_session_token = token-dev\n"
        "[both]\naws_access_key_id = AKID-credentials\n"
        "aws_secret_access_key = secret-credentials\n");
    write_file(&f, "config",
               "[profile both]\naws_access_key_id = X\naws_secret_access_key = Y\n"
               "aws_session_token = Z\n"
               "[profile 'config only']\naws_access_key_id = AKID-config\n"
               "aws_secret_access_key = secret-config\naws_session_token = token-config\n");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        provide(&f, ENV({"HOME", f.folder}, {"AWS_PROFILE", rows[i].profile}));
        assert_int_equal(get(&f, false), 0);
        assert_credentials(&f, rows[i].id, rows[i].key, rows[i].token);
    }
    fixture_release(&f);
}

static void files_may_lie_elsewhere(void **state) {
    (void)state;
    struct fixture f;
    char config[128];
    fixture_init(&f);
    write_file(&f, "config", "[profile x]\naws_access_key_id=A\naws_secret_access_key=B\n");
    snprintf(config, sizeof(config), "%s/.aws/config", f.folder);
    provide(&f, ENV({"AWS_CONFIG_FILE", config}, {"AWS_PROFILE", "x"}));
    assert_int_equal(get(&f, false), 0);
    assert_credentials(&f, "A", "B", "");
    provide(&f, ENV({"AWS_SHARED_CREDENTIALS_FILE", "~/.aws/nowhere"}, {"HOME", f.folder},
                    {"AWS_CONFIG_FILE", "~/.aws/config"}, {"AWS_PROFILE", "x"}));
    assert_int_equal(get(&f, false), 0);
    fixture_release(&f);
}

struct bad_config {
    const char *config, *profile, *part;
};

static void files_that_make_no_sense_are_refused(void **state) {
    (void)state;
#define ROLE "role_arn = arn:aws:iam::111111111111:role/r\n"
#define KEYS "aws_access_key_id = A\naws_secret_access_key = hush\n"
    static const struct bad_config rows[] = {
        {"[default]\nnonsense hush\n", "", "line 2"},
        {"[default]\n" KEYS, "absent", "profile 'absent' is neither in"},
        {"[profile a]\naws_access_key_id = A\n", "a", "only one of"},
        {"[profile a]\naws_secret_access_key = hush\n", "a", "only one of"},
        {"[profile a]\n" ROLE, "a", "neither source_profile nor credential_source"},
        {"[profile a]\n" ROLE "source_profile = a\ncredential_source = Environment\n", "a",
         "both source_profile and credential_source"},
        {"[profile a]\n" ROLE "source_profile = a\n", "a", "comes back to profile 'a'"},
        {"[profile a]\n" ROLE "source_profile = b\n[profile b]\n" ROLE "source_profile = a\n", "a",
         "comes back to profile 'a'"},
        {"[profile a]\n" ROLE "source_profile = b\n[profile b]\n" ROLE "source_profile = c\n"
         "[profile c]\n" ROLE "source_profile = b\n",
         "a", "comes back to profile 'b'"},
        {"[profile a]\n" ROLE "source_profile = b\n", "a", "profile 'b' is neither in"},
        {"[profile a]\n" ROLE "source_profile = b\n[profile b]\nregion = x\n", "a",
         "holds no credentials"},
        {"[profile a]\n" ROLE "credential_source = Ec2InstanceMetadata\n", "a",
         "Ec2InstanceMetadata"},
        {"[profile a]\n" ROLE "credential_source = EcsContainer\n", "a", "EcsContainer"},
        {"[profile a]\n" ROLE "credential_source = Environment\n", "a", "Environment"},
        {"[profile a]\n" ROLE "source_profile = b\nmfa_serial = arn:x\n[profile b]\n" KEYS, "a",
         "mfa_serial"},
        {"[profile a]\ncredential_process = hush\n", "a", "credential_process"},
        {"[profile a]\nsso_session = x\n", "a", "sso_session"},
        {"[profile a]\n" ROLE "web_identity_token_file = /x\n", "a", "web_identity_token_file"},
        {"[profile a]\n" ROLE "source_profile = b\nduration_seconds = 1h\n[profile b]\n" KEYS, "a",
         "duration_seconds"},
        {"[profile a]\n" ROLE "source_profile = b\nduration_seconds = 60\n[profile b]\n" KEYS, "a",
         "900 to 43200"},
        {"[profile a]\n" ROLE "source_profile = b\nrole_session_name = a b\n[profile b]\n" KEYS,
         "a", "session name"},
        {"[profile a]\nrole_arn = r\nsource_profile = b\n[profile b]\n" KEYS, "a", "not the ARN"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture f;
        fixture_init(&f);
        write_file(&f, "config", rows[i].config);
        if (credentials_provider_new(ENV({"HOME", f.folder}, {"AWS_PROFILE", rows[i].profile}),
                                     &f.provider, &f.err) == 0) {
            fail_msg("accepted: %s", rows[i].config);
        }
        assert_int_equal(f.err.code, ERR_CONFIG_INVALID);
        assert_holds(f.err.message, rows[i].part);
        assert_null(strstr(f.err.message, "hush"));
        assert_null(strstr(f.err.remedy, "hush"));
        fixture_release(&f);
    }
}

static void a_chain_has_an_end(void **state) {
    (void)state;
    struct fixture f;
    struct buf text BUF_AUTO = BUF_INIT(64 * 1024);
    fixture_init(&f);
    for (int i = 0; i < 20; i++) {
        buf_appendf(&text, "[profile p%d]\n" ROLE "source_profile = p%d\n", i, i + 1);
    }
    write_file(&f, "config", buf_cstr(&text));
    assert_int_equal(credentials_provider_new(ENV({"HOME", f.folder}, {"AWS_PROFILE", "p0"}),
                                              &f.provider, &f.err),
                     -1);
    assert_holds(f.err.message, "longer than 8 profiles");
    fixture_release(&f);
}

static void an_unreadable_file_is_said(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f);
    write_file(&f, "config", "");
    assert_int_equal(credentials_provider_new(ENV({"AWS_SHARED_CREDENTIALS_FILE", f.folder}),
                                              &f.provider, &f.err),
                     -1);
    assert_int_equal(f.err.code, ERR_CONFIG_INVALID);
    assert_holds(f.err.message, f.folder);
    fixture_release(&f);
}

/* An AWS_PROFILE beside keys in the environment does not replace them, as in the SDKs. */
static void keys_of_the_environment_beat_a_profile(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f);
    write_file(&f, "config", "[profile a]\n" KEYS "[profile b]\ncredential_process = x\n");
    static const char *const profiles[] = {"a", "b", "absent"};
    for (size_t i = 0; i < 3; i++) {
        provide(&f, ENV({"HOME", f.folder}, {"AWS_PROFILE", profiles[i]},
                        {"AWS_ACCESS_KEY_ID", "E"}, {"AWS_SECRET_ACCESS_KEY", "F"}));
        assert_int_equal(get(&f, false), 0);
        assert_credentials(&f, "E", "F", "");
    }
    fixture_release(&f);
}

static void the_process_has_an_environment(void **state) {
    (void)state;
    assert_int_equal(setenv("SLIPWAY_TEST", "x", 1), 0);
    assert_view(environment_get(&environment_process, "SLIPWAY_TEST"), "x");
    assert_int_equal(environment_get(&environment_process, "SLIPWAY_TEST_ABSENT").len, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_environment_comes_first),
        cmocka_unit_test(half_a_pair_is_refused),
        cmocka_unit_test(nothing_found_is_an_error_when_asked),
        cmocka_unit_test(profiles_of_both_files),
        cmocka_unit_test(files_may_lie_elsewhere),
        cmocka_unit_test(files_that_make_no_sense_are_refused),
        cmocka_unit_test(a_chain_has_an_end),
        cmocka_unit_test(an_unreadable_file_is_said),
        cmocka_unit_test(keys_of_the_environment_beat_a_profile),
        cmocka_unit_test(the_process_has_an_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
