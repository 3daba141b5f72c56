#include "runtime/aws/ecr.h"

#include "tests/unit/aws/answered_fixture.h"

#define DIGEST "sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
#define OTHER "sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"

static struct fixture ask(const struct ecr_image_id *image) {
    static const struct ecr_registry registry = {
        .account = {"111111111111", 12},
        .region = {"us-east-1", 9},
    };
    struct fixture f = fixture_new();
    assert_int_equal(ecr_get_manifest_call(&registry, VIEW("r"), image, &f.arena, &f.call, &f.err),
                     0);
    return f;
}

static const struct ecr_image_id by_tag = {.tag = {"v1", 2}};
static const struct ecr_image_id by_digest = {.digest = {DIGEST, sizeof(DIGEST) - 1}};

#define IMAGE(text)                                                                                \
    "{\"images\":[{\"registryId\":\"111111111111\",\"imageId\":{\"imageDigest\":\"" DIGEST         \
    "\",\"imageTag\":\"v1\"},\"imageManifest\":\"" text "\"}],\"failures\":[]}"

static void an_index_has_platforms(void **state) {
    (void)state;
    struct fixture f = ask(&by_tag);
    struct ecr_manifest manifest;
    call_ends(
        &f.call, 200,
        IMAGE("{\\n \\\"schemaVersion\\\": 2, \\\"manifests\\\": ["
              "{\\\"digest\\\":\\\"a\\\",\\\"platform\\\":{\\\"architecture\\\":\\\"amd64\\\","
              "\\\"os\\\":\\\"linux\\\"}},"
              "{\\\"platform\\\":{\\\"architecture\\\":\\\"arm64\\\",\\\"os\\\":\\\"linux\\\","
              "\\\"variant\\\":\\\"v8\\\"}},"
              "{\\\"platform\\\":{\\\"architecture\\\":\\\"unknown\\\",\\\"os\\\":"
              "\\\"unknown\\\"}}]}"));
    assert_int_equal(ecr_get_manifest_result(&f.call, &f.arena, &manifest, &f.err), 0);
    assert_true(manifest.is_index);
    assert_false(manifest.has_unnamed);
    assert_int_equal(manifest.n_platforms, 2);
    assert_view(manifest.platforms[0].os, "linux");
    assert_view(manifest.platforms[0].architecture, "amd64");
    assert_view(manifest.platforms[0].variant, "");
    assert_view(manifest.platforms[1].architecture, "arm64");
    assert_view(manifest.platforms[1].variant, "v8");
    assert_view(manifest.digest, DIGEST);
    arena_release(&f.arena);
}

static void an_index_may_keep_its_platforms_to_itself(void **state) {
    (void)state;
    static const char *const entries[] = {"{}", "{\\\"platform\\\":7}", "{\\\"platform\\\":{}}",
                                          "{\\\"platform\\\":{\\\"os\\\":\\\"linux\\\"}}", "null"};
    for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
        struct fixture f = ask(&by_tag);
        struct ecr_manifest manifest;
        struct view body = arena_printf(&f.arena,
                                        "{\"images\":[{\"imageId\":{\"imageDigest\":\"" DIGEST
                                        "\"},\"imageManifest\":\"{\\\"manifests\\\":[%s]}\"}]}",
                                        entries[i]);
        call_ends(&f.call, 200, body.data);
        assert_int_equal(ecr_get_manifest_result(&f.call, &f.arena, &manifest, &f.err), 0);
        assert_true(manifest.is_index);
        assert_true(manifest.has_unnamed);
        assert_int_equal(manifest.n_platforms, 0);
        arena_release(&f.arena);
    }
}

static void a_single_image_is_no_index(void **state) {
    (void)state;
    struct fixture f = ask(&by_digest);
    struct ecr_manifest manifest;
    call_ends(&f.call, 200, IMAGE("{\\\"schemaVersion\\\":2,\\\"config\\\":{},\\\"layers\\\":[]}"));
    assert_int_equal(ecr_get_manifest_result(&f.call, &f.arena, &manifest, &f.err), 0);
    assert_false(manifest.is_index);
    assert_int_equal(manifest.n_platforms, 0);
    arena_release(&f.arena);
}

static void failures_in_a_200_are_errors(void **state) {
    (void)state;
    static const struct {
        const char *code;
        enum err_code meaning;
        const char *in_message, *in_remedy;
    } rows[] = {
        {"ImageNotFound", ERR_IMAGE_NOT_FOUND, "image not found: tag 'v1' in repository 'r'",
         "push the image"},
        {"ImageTagDoesNotMatchDigest", ERR_IMAGE_NOT_FOUND, "AWS's reason", "alone"},
        {"ImageInaccessible", ERR_IMAGE_NOT_FOUND, "AWS's reason", "restore"},
        {"InvalidImageTag", ERR_TAG_INVALID, "AWS's reason", "send a tag"},
        {"KmsError", ERR_REGISTRY_ACCESS_DENIED, "AWS's reason", "KMS"},
        {"UpstreamAccessDenied", ERR_REGISTRY_ACCESS_DENIED, "AWS's reason", "pull through"},
        {"UpstreamTooManyRequests", ERR_THROTTLED, "AWS's reason", ""},
        {"UpstreamUnavailable", ERR_AWS_UNAVAILABLE, "AWS's reason", ""},
        {"SomethingNew", ERR_BAD_RESPONSE, "SomethingNew", ""},
        {"", ERR_BAD_RESPONSE, "AWS's reason", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture f = ask(&by_tag);
        struct ecr_manifest manifest;
        struct view body = arena_printf(&f.arena,
                                        "{\"images\":[],\"failures\":[{\"imageId\":{\"imageTag\":"
                                        "\"v1\"},\"failureCode\":\"%s\",\"failureReason\":"
                                        "\"AWS's reason\"}]}",
                                        rows[i].code);
        call_ends(&f.call, 200, body.data);
        assert_int_equal(ecr_get_manifest_result(&f.call, &f.arena, &manifest, &f.err), -1);
        assert_int_equal(f.err.code, rows[i].meaning);
        assert_holds(f.err.message, rows[i].in_message);
        assert_holds(f.err.message, REQUEST_ID);
        assert_holds(f.err.remedy, rows[i].in_remedy);
        arena_release(&f.arena);
    }
}

static void a_wrong_answer_is_no_manifest(void **state) {
    (void)state;
    static const char *const bodies[] = {
        "",
        "{}",
        "{\"images\":[]}",
        "{\"images\":[7]}",
        "{\"images\":[{\"imageManifest\":\"{}\"}]}",
        "{\"images\":[{\"imageId\":{},\"imageManifest\":\"{}\"}]}",
        "{\"images\":[{\"imageId\":{\"imageDigest\":\"" DIGEST "\"}}]}",
        "{\"images\":[{\"imageId\":{\"imageDigest\":\"" DIGEST "\"},\"imageManifest\":{}}]}",
        "{\"images\":[{\"imageId\":{\"imageDigest\":\"" OTHER "\"},\"imageManifest\":\"{}\"}]}",
        IMAGE("[]"),
        IMAGE("{"),
        IMAGE("not json"),
        "{\"failures\":[7]}",
        "{\"failures\":[{}]}",
    };
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct fixture f = ask(&by_digest);
        struct ecr_manifest manifest = {.digest = VIEW("untouched")};
        call_ends(&f.call, 200, bodies[i]);
        if (ecr_get_manifest_result(&f.call, &f.arena, &manifest, &f.err) == 0) {
            fail_msg("accepted: %s", bodies[i]);
        }
        assert_int_equal(f.err.code, ERR_BAD_RESPONSE);
        assert_view(manifest.digest, "untouched");
        arena_release(&f.arena);
    }
}

static void a_manifest_of_another_tag_is_refused(void **state) {
    (void)state;
    const struct ecr_image_id other = {.tag = VIEW("v2")};
    struct fixture f = ask(&other);
    struct ecr_manifest manifest;
    call_ends(&f.call, 200, IMAGE("{}"));
    assert_int_equal(ecr_get_manifest_result(&f.call, &f.arena, &manifest, &f.err), -1);
    assert_int_equal(f.err.code, ERR_BAD_RESPONSE);
    arena_release(&f.arena);
}

static void call_errors_keep_their_meaning(void **state) {
    (void)state;
    struct fixture f = ask(&by_tag);
    struct ecr_manifest manifest;
    call_fails(&f.call, ERR_BAD_RESPONSE, "RepositoryNotFoundException", VIEW("x"), &f.arena);
    assert_int_equal(ecr_get_manifest_result(&f.call, &f.arena, &manifest, &f.err), -1);
    assert_int_equal(f.err.code, ERR_REPOSITORY_NOT_FOUND);
    arena_release(&f.arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_index_has_platforms),
        cmocka_unit_test(an_index_may_keep_its_platforms_to_itself),
        cmocka_unit_test(a_single_image_is_no_index),
        cmocka_unit_test(failures_in_a_200_are_errors),
        cmocka_unit_test(a_wrong_answer_is_no_manifest),
        cmocka_unit_test(a_manifest_of_another_tag_is_refused),
        cmocka_unit_test(call_errors_keep_their_meaning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
