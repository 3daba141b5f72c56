/* AssumeRole: what is asked, when it is asked again, and what a failure leaves. */

#include "tests/unit/aws/credentials_fixture.h"

#define MINUTE_MS 60000
#define ROLE_ARN "arn:aws:iam::111111111111:role/reader"
#define ANSWER(n, expiration)                                                                      \
    "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA" n                       \
    "</AccessKeyId><SecretAccessKey>secret" n "</SecretAccessKey><SessionToken>token" n            \
    "</SessionToken><Expiration>" expiration                                                       \
    "</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
#define DENIED                                                                                     \
    "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User: "            \
    "arn:aws:sts::222222222222:assumed-role/slipway/s is not authorized to perform: "              \
    "sts:AssumeRole on resource: " ROLE_ARN "</Message></Error></ErrorResponse>"
/* An hour after FAKE_NOW_MS. */
#define IN_AN_HOUR "2026-11-20T23:39:04Z"

static const struct assume_role_options options = {
    .role_arn = {ROLE_ARN, sizeof(ROLE_ARN) - 1},
    .session_name = {"slipway", 7},
};

struct role_fixture {
    struct fixture f;
    struct credentials_provider *base;
};

static void role_init(struct role_fixture *r) {
    fixture_init(&r->f);
    provide(&r->f, ENV({"AWS_ACCESS_KEY_ID", "AKID"}, {"AWS_SECRET_ACCESS_KEY", "base-secret"}));
    r->base = r->f.provider;
    assert_int_equal(credentials_provider_assume_role(r->base, &options, &r->f.provider, &r->f.err),
                     0);
}

static void role_release(struct role_fixture *r) {
    credentials_provider_free(r->f.provider);
    r->f.provider = r->base;
    fixture_release(&r->f);
}

static void sts_is_asked_with_the_bases_keys(void **state) {
    (void)state;
    struct role_fixture r;
    role_init(&r);
    fake_will_answer(&r.f.world, 200, ANSWER("1", IN_AN_HOUR));
    assert_int_equal(get(&r.f, false), 0);
    assert_credentials(&r.f, "ASIA1", "secret1", "token1");
    const char *asked = buf_cstr(&r.f.world.asked);
    assert_holds(asked, "POST https://sts.us-east-1.amazonaws.com/");
    assert_holds(asked, "Action=AssumeRole");
    assert_holds(asked, "Version=2011-06-15");
    assert_holds(asked, "RoleArn=arn%3Aaws%3Aiam%3A%3A111111111111%3Arole%2Freader");
    assert_holds(asked, "RoleSessionName=slipway");
    assert_holds(asked, "Credential=AKID/20261120/us-east-1/sts/aws4_request");
    assert_null(strstr(asked, "base-secret"));
    role_release(&r);
}

static void they_are_kept_until_five_minutes_before_they_expire(void **state) {
    (void)state;
    struct role_fixture r;
    role_init(&r);
    fake_will_answer(&r.f.world, 200, ANSWER("1", IN_AN_HOUR));
    fake_will_answer(&r.f.world, 200, ANSWER("2", "2026-11-21T00:39:04Z"));
    assert_int_equal(get(&r.f, false), 0);
    r.f.world.wall_ms += 55 * MINUTE_MS - 1;
    assert_int_equal(get(&r.f, false), 0);
    assert_credentials(&r.f, "ASIA1", "secret1", "token1");
    assert_int_equal(r.f.world.n_asked, 1);
    r.f.world.wall_ms += 1;
    assert_int_equal(get(&r.f, false), 0);
    assert_credentials(&r.f, "ASIA2", "secret2", "token2");
    assert_int_equal(r.f.world.n_asked, 2);
    role_release(&r);
}

static void forced_ones_are_fetched(void **state) {
    (void)state;
    struct role_fixture r;
    role_init(&r);
    fake_will_answer(&r.f.world, 200, ANSWER("1", IN_AN_HOUR));
    fake_will_answer(&r.f.world, 200, ANSWER("2", IN_AN_HOUR));
    fake_will_answer(&r.f.world, 403, DENIED);
    fake_will_answer(&r.f.world, 200, ANSWER("4", IN_AN_HOUR));
    assert_int_equal(get(&r.f, false), 0);
    assert_int_equal(get(&r.f, true), 0);
    assert_credentials(&r.f, "ASIA2", "secret2", "token2");
    assert_int_equal(get(&r.f, true), -1); /* AWS called the old ones expired: they are gone */
    assert_int_equal(get(&r.f, false), 0);
    assert_credentials(&r.f, "ASIA4", "secret4", "token4");
    role_release(&r);
}

static void a_failed_refresh_leaves_valid_ones_in_use(void **state) {
    (void)state;
    struct role_fixture r;
    role_init(&r);
    fake_will_answer(&r.f.world, 200, ANSWER("1", IN_AN_HOUR));
    fake_will_answer(&r.f.world, 403, DENIED);
    fake_will_answer(&r.f.world, 403, DENIED);
    fake_will_answer(&r.f.world, 403, DENIED);
    assert_int_equal(get(&r.f, false), 0);
    r.f.world.wall_ms += 56 * MINUTE_MS;
    assert_int_equal(get(&r.f, false), 0);
    assert_false(err_is_set(&r.f.err));
    assert_credentials(&r.f, "ASIA1", "secret1", "token1");
    assert_int_equal(r.f.world.n_asked, 2);
    assert_int_equal(get(&r.f, false), 0); /* not again at once */
    assert_int_equal(r.f.world.n_asked, 2);
    r.f.world.wall_ms += MINUTE_MS;
    assert_int_equal(get(&r.f, false), 0);
    assert_int_equal(r.f.world.n_asked, 3);
    r.f.world.wall_ms += 3 * MINUTE_MS; /* now they have expired */
    assert_int_equal(get(&r.f, false), -1);
    assert_int_equal(r.f.world.n_asked, 4);
    role_release(&r);
}

static void a_refusal_names_both_sides(void **state) {
    (void)state;
    struct role_fixture r;
    role_init(&r);
    fake_will_answer(&r.f.world, 403, DENIED);
    assert_int_equal(get(&r.f, false), -1);
    assert_int_equal(r.f.err.code, ERR_ACCESS_DENIED);
    assert_holds(r.f.err.message, "cannot assume role '" ROLE_ARN "'");
    assert_holds(r.f.err.remedy, "allow sts:AssumeRole on '" ROLE_ARN
                                 "' in the policy of role 'slipway' of account 222222222222");
    assert_holds(r.f.err.remedy, "trust policy");
    assert_null(strstr(r.f.err.message, "base-secret"));
    role_release(&r);
}

static void other_failures_keep_their_meaning(void **state) {
    (void)state;
    struct role_fixture r;
    role_init(&r);
    assert_int_equal(get(&r.f, false), -1); /* nobody answers */
    assert_int_equal(r.f.err.code, ERR_AWS_UNAVAILABLE);
    role_release(&r);

    role_init(&r);
    fake_will_answer(&r.f.world, 200, "<AssumeRoleResponse/>");
    fake_will_answer(&r.f.world, 200, "<AssumeRoleResponse/>");
    fake_will_answer(&r.f.world, 200, "<AssumeRoleResponse/>");
    assert_int_equal(get(&r.f, false), -1);
    assert_int_equal(r.f.err.code, ERR_BAD_RESPONSE);
    role_release(&r);
}

static void options_are_checked_at_once(void **state) {
    (void)state;
    struct role_fixture r;
    struct credentials_provider *provider = NULL;
    const struct assume_role_options bad = {.role_arn = VIEW("reader"),
                                            .session_name = VIEW("slipway")};
    role_init(&r);
    assert_int_equal(credentials_provider_assume_role(r.base, &bad, &provider, &r.f.err), -1);
    assert_int_equal(r.f.err.code, ERR_CONFIG_INVALID);
    assert_null(provider);
    role_release(&r);
}

static void profiles_chain_roles(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f);
    write_file(&f, "config",
               "[profile a]\nrole_arn = arn:aws:iam::111111111111:role/a\nsource_profile = b\n"
               "external_id = ext\nrole_session_name = me\nduration_seconds = 900\n"
               "region = eu-west-1\n"
               "[profile b]\nrole_arn = arn:aws:iam::111111111111:role/b\nsource_profile = c\n"
               "[profile c]\naws_access_key_id = AKIDC\naws_secret_access_key = c\n"
               "role_arn = arn:aws:iam::111111111111:role/unused\nsource_profile = a\n");
    fake_will_answer(&f.world, 200, ANSWER("B", IN_AN_HOUR));
    fake_will_answer(&f.world, 200, ANSWER("A", IN_AN_HOUR));
    provide(&f, ENV({"HOME", f.folder}, {"AWS_PROFILE", "a"}));
    assert_int_equal(get(&f, false), 0);
    assert_credentials(&f, "ASIAA", "secretA", "tokenA");
    assert_int_equal(f.world.n_asked, 2);
    const char *first = buf_cstr(&f.world.asked);
    const char *second = strstr(first, "POST https://sts.eu-west-1.amazonaws.com");
    assert_non_null(second);
    assert_holds(first, "role%2Fb&RoleSessionName=slipway");
    assert_holds(first, "Credential=AKIDC/");
    assert_holds(second, "role%2Fa&RoleSessionName=me&DurationSeconds=900&ExternalId=ext");
    assert_holds(second, "Credential=ASIAB/20261120/eu-west-1/sts/");
    assert_holds(second, "tokenB");
    fixture_release(&f);
}

static void a_profile_may_be_its_own_source(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f);
    write_file(&f, "config",
               "[default]\nrole_arn = arn:aws:iam::111111111111:role/a\nsource_profile = default\n"
               "aws_access_key_id = OWN\naws_secret_access_key = c\n");
    fake_will_answer(&f.world, 200, ANSWER("1", IN_AN_HOUR));
    provide(&f, ENV({"HOME", f.folder}));
    assert_int_equal(get(&f, false), 0);
    assert_credentials(&f, "ASIA1", "secret1", "token1");
    assert_holds(buf_cstr(&f.world.asked), "Credential=OWN/");
    fixture_release(&f);
}

static void a_profile_may_want_the_environments_keys(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f);
    write_file(&f, "config",
               "[profile a]\nrole_arn = arn:aws:iam::111111111111:role/a\n"
               "credential_source = Environment\n"
               "[profile bad]\nrole_arn = x\ncredential_source = Environment\n");
    fake_will_answer(&f.world, 200, ANSWER("1", IN_AN_HOUR));
    provide(&f, ENV({"HOME", f.folder}, {"AWS_PROFILE", "a"}, {"AWS_ACCESS_KEY_ID", "ENVKEY"},
                    {"AWS_SECRET_ACCESS_KEY", "x"}));
    assert_int_equal(get(&f, false), 0);
    assert_credentials(&f, "ASIA1", "secret1", "token1");
    assert_holds(buf_cstr(&f.world.asked), "Credential=ENVKEY/");
    credentials_provider_free(f.provider);
    f.provider = NULL;
    assert_int_equal(credentials_provider_new(ENV({"HOME", f.folder}, {"AWS_PROFILE", "bad"},
                                                  {"AWS_ACCESS_KEY_ID", "ENVKEY"},
                                                  {"AWS_SECRET_ACCESS_KEY", "x"}),
                                              &f.provider, &f.err),
                     -1);
    assert_int_equal(f.err.code, ERR_CONFIG_INVALID);
    fixture_release(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sts_is_asked_with_the_bases_keys),
        cmocka_unit_test(they_are_kept_until_five_minutes_before_they_expire),
        cmocka_unit_test(forced_ones_are_fetched),
        cmocka_unit_test(a_failed_refresh_leaves_valid_ones_in_use),
        cmocka_unit_test(a_refusal_names_both_sides),
        cmocka_unit_test(other_failures_keep_their_meaning),
        cmocka_unit_test(options_are_checked_at_once),
        cmocka_unit_test(profiles_chain_roles),
        cmocka_unit_test(a_profile_may_be_its_own_source),
        cmocka_unit_test(a_profile_may_want_the_environments_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
