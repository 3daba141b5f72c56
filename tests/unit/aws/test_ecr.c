#include "runtime/aws/ecr.h"

#include "tests/unit/aws/answered_fixture.h"

#define HEX64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define DIGEST "sha256:" HEX64
#define OTHER "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static const struct ecr_registry registry = {
    .account = {"111111111111", 12},
    .region = {"us-east-1", 9},
};
static const struct ecr_image_id by_tag = {.tag = {"git-abc", 7}};
static const struct ecr_image_id by_digest = {.digest = {DIGEST, sizeof(DIGEST) - 1}};

static struct fixture describe(const struct ecr_image_id *image) {
    struct fixture f = fixture_new();
    assert_int_equal(ecr_describe_image_call(&registry, VIEW("myproject_backend"), image, &f.arena,
                                             &f.call, &f.err),
                     0);
    return f;
}

static struct fixture manifest(const struct ecr_image_id *image) {
    struct fixture f = fixture_new();
    assert_int_equal(ecr_get_manifest_call(&registry, VIEW("myproject_backend"), image, &f.arena,
                                           &f.call, &f.err),
                     0);
    return f;
}

static void requests(void **state) {
    (void)state;
    struct fixture f = describe(&by_tag);
    assert_ptr_equal(f.call.service, &ecr_service);
    assert_string_equal(f.call.operation, "DescribeImages");
    assert_view(f.call.body, "{\"registryId\":\"111111111111\",\"repositoryName\":"
                             "\"myproject_backend\",\"imageIds\":[{\"imageTag\":\"git-abc\"}]}");
    assert_view(f.call.region, "us-east-1");
    assert_false(f.call.once);
    arena_release(&f.arena);

    f = fixture_new();
    const struct ecr_registry own = {.role_arn = VIEW("arn:aws:iam::1:role/r")};
    assert_int_equal(
        ecr_describe_image_call(&own, VIEW("r"), &by_digest, &f.arena, &f.call, &f.err), 0);
    assert_view(f.call.body,
                "{\"repositoryName\":\"r\",\"imageIds\":[{\"imageDigest\":\"" DIGEST "\"}]}");
    assert_view(f.call.role_arn, "arn:aws:iam::1:role/r");
    arena_release(&f.arena);

    f = manifest(&by_tag);
    assert_string_equal(f.call.operation, "BatchGetImage");
    assert_view(f.call.body,
                "{\"registryId\":\"111111111111\",\"repositoryName\":\"myproject_backend\","
                "\"imageIds\":[{\"imageTag\":\"git-abc\"}],\"acceptedMediaTypes\":["
                "\"application/vnd.oci.image.index.v1+json\","
                "\"application/vnd.docker.distribution.manifest.list.v2+json\","
                "\"application/vnd.oci.image.manifest.v1+json\","
                "\"application/vnd.docker.distribution.manifest.v2+json\"]}");
    arena_release(&f.arena);

    f = fixture_new();
    assert_int_equal(ecr_list_tags_call(&registry, VIEW("r\"\\"), &f.arena, &f.call, &f.err), 0);
    assert_view(f.call.body, "{\"registryId\":\"111111111111\",\"repositoryName\":\"r\\\"\\\\\","
                             "\"filter\":{\"tagStatus\":\"TAGGED\"},\"maxResults\":1000}");
    arena_release(&f.arena);
}

static void a_request_needs_an_image(void **state) {
    (void)state;
    struct fixture f = fixture_new();
    const struct ecr_image_id none = {0};
    assert_int_equal(
        ecr_describe_image_call(&registry, VIEW("r"), &none, &f.arena, &f.call, &f.err), -1);
    assert_int_equal(f.err.code, ERR_TAG_INVALID);
    err_init(&f.err);
    assert_int_equal(ecr_get_manifest_call(&registry, VIEW("r"), &none, &f.arena, &f.call, &f.err),
                     -1);
    assert_int_equal(f.err.code, ERR_TAG_INVALID);
    arena_release(&f.arena);
}

static void an_image_is_decoded(void **state) {
    (void)state;
    struct fixture f = describe(&by_tag);
    struct ecr_image image;
    call_ends(&f.call, 200,
              "{\"imageDetails\":[{\"registryId\":\"111111111111\",\"repositoryName\":\"r\","
              "\"imageDigest\":\"" DIGEST "\",\"imageTags\":[\"v1\",7,\"git-abc\"],"
              "\"imageSizeInBytes\":1e3,\"imagePushedAt\":1.565303846512E9,"
              "\"imageManifestMediaType\":\"application/vnd.oci.image.index.v1+json\","
              "\"imageStatus\":\"ACTIVE\",\"unheardOf\":{\"a\":[]}}],\"nextToken\":null}");
    assert_int_equal(ecr_describe_image_result(&f.call, &f.arena, &image, &f.err), 0);
    assert_view(image.registry_account, "111111111111");
    assert_view(image.digest, DIGEST);
    assert_int_equal(image.n_tags, 2);
    assert_view(image.tags[0], "v1");
    assert_view(image.tags[1], "git-abc");
    assert_view(image.media_type, "application/vnd.oci.image.index.v1+json");
    assert_view(image.status, "ACTIVE");
    assert_int_equal(image.pushed_at_ms, 1565303846512);
    assert_false(err_is_set(&f.err));
    arena_release(&f.arena);
}

static void the_image_asked_for_is_taken(void **state) {
    (void)state;
    struct fixture f = describe(&by_tag);
    struct ecr_image image;
    call_ends(&f.call, 200,
              "{\"imageDetails\":[{\"imageDigest\":\"" OTHER "\",\"imageTags\":[\"git-abcd\"]},"
              "{\"imageDigest\":\"" DIGEST "\",\"imageTags\":[\"git-abc\"]}]}");
    assert_int_equal(ecr_describe_image_result(&f.call, &f.arena, &image, &f.err), 0);
    assert_view(image.digest, DIGEST);
    assert_int_equal(image.pushed_at_ms, 0);
    arena_release(&f.arena);

    f = describe(&by_digest);
    call_ends(&f.call, 200, "{\"imageDetails\":[{\"imageDigest\":\"" DIGEST "\"}]}");
    assert_int_equal(ecr_describe_image_result(&f.call, &f.arena, &image, &f.err), 0);
    assert_int_equal(image.n_tags, 0);
    arena_release(&f.arena);
}

static void a_wrong_answer_is_no_image(void **state) {
    (void)state;
    static const char *const by_tag_bodies[] = {
        "",
        "null",
        "[]",
        "{}",
        "{\"imageDetails\":{}}",
        "{\"imageDetails\":[7]}",
        "{\"imageDetails\":[{}]}",
        "{\"imageDetails\":[{\"imageTags\":[\"git-abc\"]}]}",
        "{\"imageDetails\":[{\"imageDigest\":\"" DIGEST "\"}]}",
        "{\"imageDetails\":[{\"imageDigest\":\"" DIGEST "\",\"imageTags\":\"git-abc\"}]}",
        "{\"imageDetails\":[{\"imageDigest\":\"" DIGEST "\",\"imageTags\":[\"git-abcd\"]}]}",
        "{\"imageDetails\":[{\"imageDigest\":\"sha256:a\",\"imageTags\":[\"git-abc\"]}]}",
        "{\"imageDetails\":[{\"imageDigest\":\"" DIGEST "a\",\"imageTags\":[\"git-abc\"]}]}",
        "{\"imageDetails\":[{\"imageDigest\":\"SHA256:" HEX64 "\",\"imageTags\":[\"git-abc\"]}]}",
        "{\"imageDetails\":[{\"imageDigest\":\"" DIGEST "\",\"imageTags\":[\"git-abc\"]}]",
        "<html>502</html>",
    };
    for (size_t i = 0; i < sizeof(by_tag_bodies) / sizeof(by_tag_bodies[0]); i++) {
        struct fixture f = describe(&by_tag);
        struct ecr_image image = {.digest = VIEW("untouched")};
        call_ends(&f.call, 200, by_tag_bodies[i]);
        if (ecr_describe_image_result(&f.call, &f.arena, &image, &f.err) == 0) {
            fail_msg("accepted: %s", by_tag_bodies[i]);
        }
        assert_int_equal(f.err.code, ERR_BAD_RESPONSE);
        assert_holds(f.err.message, REQUEST_ID);
        assert_view(image.digest, "untouched");
        arena_release(&f.arena);
    }
    struct fixture f = describe(&by_digest);
    struct ecr_image image;
    call_ends(&f.call, 200, "{\"imageDetails\":[{\"imageDigest\":\"" OTHER "\"}]}");
    assert_int_equal(ecr_describe_image_result(&f.call, &f.arena, &image, &f.err), -1);
    assert_int_equal(f.err.code, ERR_BAD_RESPONSE);
    arena_release(&f.arena);
}

static void an_image_that_cannot_be_pulled_is_not_found(void **state) {
    (void)state;
    static const char *const statuses[] = {"ARCHIVED", "ACTIVATING"};
    for (size_t i = 0; i < 2; i++) {
        struct fixture f = describe(&by_tag);
        struct ecr_image image;
        struct view body = arena_printf(&f.arena,
                                        "{\"imageDetails\":[{\"imageDigest\":\"" DIGEST
                                        "\",\"imageTags\":[\"git-abc\"],\"imageStatus\":\"%s\"}]}",
                                        statuses[i]);
        call_ends(&f.call, 200, body.data);
        assert_int_equal(ecr_describe_image_result(&f.call, &f.arena, &image, &f.err), -1);
        assert_int_equal(f.err.code, ERR_IMAGE_NOT_FOUND);
        assert_holds(f.err.message, statuses[i]);
        assert_holds(f.err.message, "tag 'git-abc'");
        assert_holds(f.err.remedy, "restore");
        arena_release(&f.arena);
    }
}

static void what_is_missing_is_named(void **state) {
    (void)state;
    static const struct {
        const char *code;
        enum err_code meaning;
        const char *part;
    } rows[] = {
        {"ImageNotFoundException", ERR_IMAGE_NOT_FOUND,
         "image not found: tag 'git-abc' in repository 'myproject_backend' of registry "
         "111111111111 in us-east-1"},
        {"RepositoryNotFoundException", ERR_REPOSITORY_NOT_FOUND,
         "repository not found: repository 'myproject_backend' of registry 111111111111 in "
         "us-east-1"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture f = describe(&by_tag);
        struct ecr_image image;
        call_fails(&f.call, ERR_BAD_RESPONSE, rows[i].code, VIEW("AWS's words"), &f.arena);
        assert_int_equal(ecr_describe_image_result(&f.call, &f.arena, &image, &f.err), -1);
        assert_int_equal(f.err.code, rows[i].meaning);
        assert_holds(f.err.message, rows[i].part);
        assert_holds(f.err.message, REQUEST_ID);
        assert_string_equal(f.err.remedy, err_default_remedy(rows[i].meaning));
        arena_release(&f.arena);
    }
    struct fixture f = describe(&by_digest);
    struct ecr_image image;
    call_ends(&f.call, 200, "{\"imageDetails\":[]}");
    assert_int_equal(ecr_describe_image_result(&f.call, &f.arena, &image, &f.err), -1);
    assert_int_equal(f.err.code, ERR_IMAGE_NOT_FOUND);
    assert_holds(f.err.message, "digest '" DIGEST "'");
    arena_release(&f.arena);
}

static void own_registry_is_named_as_such(void **state) {
    (void)state;
    struct fixture f = fixture_new();
    const struct ecr_registry own = {0};
    struct ecr_image image;
    assert_int_equal(ecr_describe_image_call(&own, VIEW("r"), &by_tag, &f.arena, &f.call, &f.err),
                     0);
    call_fails(&f.call, ERR_BAD_RESPONSE, "ImageNotFoundException", VIEW("x"), &f.arena);
    assert_int_equal(ecr_describe_image_result(&f.call, &f.arena, &image, &f.err), -1);
    assert_holds(f.err.message, "repository 'r' of the account's own registry");
    arena_release(&f.arena);
}

static void invalid_parameters_become_what_they_are_about(void **state) {
    (void)state;
    static const struct {
        const char *words;
        enum err_code meaning;
    } rows[] = {
        {"Invalid parameter at 'imageTag' failed to satisfy constraint", ERR_TAG_INVALID},
        {"Invalid parameter at 'imageIds'", ERR_TAG_INVALID},
        {"Invalid parameter at 'repositoryName' failed to satisfy constraint",
         ERR_REPOSITORY_NOT_FOUND},
        {"Invalid parameter at 'registryId'", ERR_REPOSITORY_NOT_FOUND},
        {"something else", ERR_BAD_RESPONSE},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture f = describe(&by_tag);
        struct ecr_image image;
        call_fails(&f.call, ERR_BAD_RESPONSE, "InvalidParameterException", view_of(rows[i].words),
                   &f.arena);
        assert_int_equal(ecr_describe_image_result(&f.call, &f.arena, &image, &f.err), -1);
        assert_int_equal(f.err.code, rows[i].meaning);
        assert_holds(f.err.message, rows[i].words);
        arena_release(&f.arena);
    }
}

#define CALLER                                                                                     \
    "User: arn:aws:sts::222222222222:assumed-role/slipway-prod/s is not authorized to perform: "
#define THERE "arn:aws:ecr:us-east-1:111111111111:repository/myproject_backend"

static void access_denied_names_both_sides(void **state) {
    (void)state;
    static const struct {
        const char *words;
        const char *parts[4];
    } rows[] = {
        {CALLER "ecr:DescribeImages on resource: " THERE
                " because no resource-based policy allows the ecr:DescribeImages action",
         {"ecr:DescribeImages and ecr:BatchGetImage to role 'slipway-prod' of account "
          "222222222222",
          "policy of repository 'myproject_backend' in account 111111111111 (missing now)",
          "the role's own policy", NULL}},
        {CALLER "ecr:DescribeImages on resource: " THERE
                " because no identity-based policy allows the ecr:DescribeImages action",
         {"policy of repository 'myproject_backend' in account 111111111111,",
          "the role's own policy (missing now)", NULL}},
        {"User: arn:aws:sts::111111111111:assumed-role/x/s is not authorized to perform: "
         "ecr:BatchGetImage on resource: " THERE
         " because no identity-based policy allows the ecr:BatchGetImage action",
         {"allow ecr:DescribeImages and ecr:BatchGetImage on '" THERE "' in the policy of role 'x'",
          NULL}},
        {"User: arn:aws:sts::111111111111:assumed-role/x/s is not authorized to perform: "
         "ecr:BatchGetImage on resource: " THERE
         " because no resource-based policy allows the ecr:BatchGetImage action",
         {"to role 'x' of account 111111111111 in the policy of repository 'myproject_backend'",
          NULL}},
        {CALLER "ecr:DescribeImages on resource: " THERE
                " with an explicit deny in a service control policy",
         {"let role 'slipway-prod' of account 222222222222 through",
          "with an explicit deny in a service control policy", NULL}},
        {"Access Denied",
         {"in its own policy", "policy of repository 'myproject_backend' in account 111111111111",
          NULL}},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture f = describe(&by_tag);
        struct ecr_image image;
        call_fails(&f.call, ERR_ACCESS_DENIED, "AccessDeniedException", view_of(rows[i].words),
                   &f.arena);
        assert_int_equal(ecr_describe_image_result(&f.call, &f.arena, &image, &f.err), -1);
        assert_int_equal(f.err.code, ERR_REGISTRY_ACCESS_DENIED);
        assert_holds(f.err.message, "registry 111111111111 in us-east-1");
        assert_holds(f.err.message, "tag 'git-abc'");
        assert_holds(f.err.message, rows[i].words);
        for (size_t k = 0; rows[i].parts[k]; k++) {
            assert_holds(f.err.remedy, rows[i].parts[k]);
        }
        arena_release(&f.arena);
    }
}

/* Bad keys are no policy of the registry's. */
static void other_failures_are_passed_on(void **state) {
    (void)state;
    static const struct {
        enum err_code meaning;
        const char *code;
    } rows[] = {
        {ERR_ACCESS_DENIED, "UnrecognizedClientException"},
        {ERR_THROTTLED, "ThrottlingException"},
        {ERR_AWS_UNAVAILABLE, "ServerException"},
        {ERR_BAD_RESPONSE, "LimitExceededException"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture f = describe(&by_tag);
        struct ecr_image image;
        struct ecr_image *images;
        size_t n;
        call_fails(&f.call, rows[i].meaning, rows[i].code, VIEW("words"), &f.arena);
        err_remedy(&f.call.err, "the call's own remedy");
        assert_int_equal(ecr_describe_image_result(&f.call, &f.arena, &image, &f.err), -1);
        assert_int_equal(f.err.code, rows[i].meaning);
        assert_string_equal(f.err.message, f.call.err.message);
        assert_string_equal(f.err.remedy, "the call's own remedy");
        err_init(&f.err);
        assert_int_equal(ecr_list_tags_result(&f.call, &f.arena, &images, &n, &f.err), -1);
        assert_int_equal(f.err.code, rows[i].meaning);
        arena_release(&f.arena);
    }
}

static void a_role_that_cannot_be_assumed_is_an_answer(void **state) {
    (void)state;
    struct fixture f = describe(&by_tag);
    struct ecr_image image;
    f.call.role_arn = VIEW("arn:aws:iam::111111111111:role/reader");
    err_init(&f.call.err);
    (void)err_set(&f.call.err, ERR_ACCESS_DENIED, "cannot assume role 'x'");
    err_remedy(&f.call.err, "trust the function's role");
    strcpy(f.call.code, "AccessDenied");
    assert_int_equal(ecr_describe_image_result(&f.call, &f.arena, &image, &f.err), -1);
    assert_int_equal(f.err.code, ERR_REGISTRY_ACCESS_DENIED);
    assert_holds(f.err.message, "cannot assume role 'x'");
    assert_holds(f.err.message, "registry 111111111111");
    assert_string_equal(f.err.remedy, "trust the function's role");
    arena_release(&f.arena);
}

/* Keys that have expired say nothing of policies: the event is to be retried. */
static void a_role_that_is_asked_for_with_bad_keys_is_a_failure(void **state) {
    (void)state;
    struct fixture f = describe(&by_tag);
    struct ecr_image image;
    f.call.role_arn = VIEW("arn:aws:iam::111111111111:role/reader");
    err_init(&f.call.err);
    (void)err_set(&f.call.err, ERR_ACCESS_DENIED, "cannot assume role 'x'");
    strcpy(f.call.code, "ExpiredToken");
    assert_int_equal(ecr_describe_image_result(&f.call, &f.arena, &image, &f.err), -1);
    assert_int_equal(f.err.code, ERR_ACCESS_DENIED);
    arena_release(&f.arena);
}

static void the_first_error_wins(void **state) {
    (void)state;
    struct fixture f = describe(&by_tag);
    struct ecr_image image;
    (void)err_set(&f.err, ERR_THROTTLED, "before");
    err_remedy(&f.err, "first remedy");
    call_fails(&f.call, ERR_ACCESS_DENIED, "AccessDeniedException", VIEW("no"), &f.arena);
    assert_int_equal(ecr_describe_image_result(&f.call, &f.arena, &image, &f.err), -1);
    assert_int_equal(f.err.code, ERR_THROTTLED);
    assert_string_equal(f.err.message, "before");
    assert_string_equal(f.err.remedy, "first remedy");
    arena_release(&f.arena);
}

static void tags_are_listed(void **state) {
    (void)state;
    struct fixture f = fixture_new();
    struct ecr_image *images = NULL;
    size_t n = 99;
    assert_int_equal(ecr_list_tags_call(&registry, VIEW("r"), &f.arena, &f.call, &f.err), 0);
    call_ends(&f.call, 200,
              "{\"imageDetails\":[{\"imageDigest\":\"" DIGEST
              "\",\"imageTags\":[\"a\",\"b\"],\"imagePushedAt\":1700000000},"
              "null,{\"imageTags\":[]},{\"imageTags\":[true]},{\"imageTags\":[\"c\"],"
              "\"imagePushedAt\":\"2026-11-20T22:39:04Z\"},{\"imageTags\":[\"d\"],"
              "\"imagePushedAt\":-1e99}],\"nextToken\":\"x\"}");
    assert_int_equal(ecr_list_tags_result(&f.call, &f.arena, &images, &n, &f.err), 0);
    assert_int_equal(n, 3);
    assert_int_equal(images[0].n_tags, 2);
    assert_view(images[0].tags[1], "b");
    assert_int_equal(images[0].pushed_at_ms, 1700000000000);
    assert_view(images[1].tags[0], "c");
    assert_int_equal(images[1].pushed_at_ms, 1795214344000);
    assert_view(images[2].tags[0], "d");
    assert_int_equal(images[2].pushed_at_ms, 0);

    call_ends(&f.call, 200, "{\"imageDetails\":[]}");
    assert_int_equal(ecr_list_tags_result(&f.call, &f.arena, &images, &n, &f.err), 0);
    assert_int_equal(n, 0);
    call_ends(&f.call, 200, "{}");
    assert_int_equal(ecr_list_tags_result(&f.call, &f.arena, &images, &n, &f.err), -1);
    assert_int_equal(f.err.code, ERR_BAD_RESPONSE);
    arena_release(&f.arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),
        cmocka_unit_test(a_request_needs_an_image),
        cmocka_unit_test(an_image_is_decoded),
        cmocka_unit_test(the_image_asked_for_is_taken),
        cmocka_unit_test(a_wrong_answer_is_no_image),
        cmocka_unit_test(an_image_that_cannot_be_pulled_is_not_found),
        cmocka_unit_test(what_is_missing_is_named),
        cmocka_unit_test(own_registry_is_named_as_such),
        cmocka_unit_test(invalid_parameters_become_what_they_are_about),
        cmocka_unit_test(access_denied_names_both_sides),
        cmocka_unit_test(other_failures_are_passed_on),
        cmocka_unit_test(a_role_that_cannot_be_assumed_is_an_answer),
        cmocka_unit_test(a_role_that_is_asked_for_with_bad_keys_is_a_failure),
        cmocka_unit_test(the_first_error_wins),
        cmocka_unit_test(tags_are_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
