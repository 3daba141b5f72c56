#include "runtime/aws/ecr_lifecycle.h"

#include "tests/unit/aws/sent_fixture.h"

#define HEX64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define DIGEST "sha256:" HEX64
#define OTHER "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define INDEX_TYPE "application/vnd.oci.image.index.v1+json"

static const struct ecr_registry registry = {
    .account = {"111111111111", 12},
    .region = {"us-east-1", 9},
};
static const struct view repository = {"myproject_backend", 17};

static struct fixture list(struct view next) {
    struct fixture f = fixture_new();
    assert_int_equal(ecr_list_images_call(&registry, repository, next, &f.arena, &f.call, &f.err),
                     0);
    return f;
}

static struct fixture policy(void) {
    struct fixture f = fixture_new();
    assert_int_equal(
        ecr_get_lifecycle_policy_call(&registry, repository, &f.arena, &f.call, &f.err), 0);
    return f;
}

static struct fixture indexes(void) {
    struct fixture f = fixture_new();
    const struct view digests[] = {VIEW(DIGEST), VIEW(OTHER)};
    assert_int_equal(
        ecr_get_indexes_call(&registry, repository, digests, 2, &f.arena, &f.call, &f.err), 0);
    return f;
}

#define ECR_HOST "api.ecr.us-east-1.amazonaws.com"
#define TARGET "AmazonEC2ContainerRegistry_V20150921."
#define NAMED "{\"registryId\":\"111111111111\",\"repositoryName\":\"myproject_backend\""

static void requests(void **state) {
    (void)state;
    struct fixture f = list(VIEW(""));
    assert_sent_json(&f, ECR_HOST, TARGET "DescribeImages",
                     NAMED ",\"maxResults\":1000,\"filter\":{\"tagStatus\":\"ANY\","
                           "\"imageStatus\":\"ANY\"}}");
    arena_release(&f.arena);
    f = list(VIEW("next\"page"));
    assert_sent_json(&f, ECR_HOST, TARGET "DescribeImages",
                     NAMED ",\"maxResults\":1000,\"filter\":{\"tagStatus\":\"ANY\","
                           "\"imageStatus\":\"ANY\"},\"nextToken\":\"next\\\"page\"}");
    arena_release(&f.arena);
    f = policy();
    assert_sent_json(&f, ECR_HOST, TARGET "GetLifecyclePolicy", NAMED "}");
    arena_release(&f.arena);
    f = indexes();
    assert_sent_json(&f, ECR_HOST, TARGET "BatchGetImage",
                     NAMED ",\"imageIds\":[{\"imageDigest\":\"" DIGEST
                           "\"},{\"imageDigest\":\"" OTHER "\"}],\"acceptedMediaTypes\":["
                           "\"" INDEX_TYPE "\","
                           "\"application/vnd.docker.distribution.manifest.list.v2+json\"]}");
    arena_release(&f.arena);
}

static void a_page(void **state) {
    (void)state;
    struct fixture f = list(VIEW(""));
    struct ecr_image_page page;
    call_ends(&f.call, 200,
              "{\"imageDetails\":["
              "{\"registryId\":\"111111111111\",\"imageDigest\":\"" DIGEST "\","
              "\"imageTags\":[\"v1\",7,\"git-a\"],\"imagePushedAt\":1.7E9,"
              "\"lastRecordedPullTime\":1700000001.5,\"lastActivatedAt\":1700000002,"
              "\"imageManifestMediaType\":\"" INDEX_TYPE "\",\"imageStatus\":\"ACTIVE\","
              "\"unknown\":{}},"
              "{\"imageDigest\":\"" OTHER "\",\"imagePushedAt\":1600000000,"
              "\"imageStatus\":\"ARCHIVED\",\"lastArchivedAt\":1650000000}],"
              "\"nextToken\":\"more\"}");
    assert_int_equal(ecr_list_images_result(&f.call, &f.arena, &page, &f.err), 0);
    assert_int_equal(page.n, 2);
    assert_view(page.next, "more");
    const struct ecr_stored_image *image = &page.images[0];
    assert_view(image->digest, DIGEST);
    assert_int_equal(image->n_tags, 2);
    assert_view(image->tags[1], "git-a");
    assert_true(ecr_is_index(image));
    assert_false(image->is_archived);
    assert_int_equal(image->pushed_at_ms, 1700000000000);
    assert_int_equal(image->pulled_at_ms, 1700000001500);
    assert_int_equal(image->activated_at_ms, 1700000002000);
    assert_int_equal(image->archived_at_ms, 0);
    image = &page.images[1];
    assert_true(image->is_archived);
    assert_false(ecr_is_index(image));
    assert_int_equal(image->n_tags, 0);
    assert_int_equal(image->archived_at_ms, 1650000000000);
    assert_int_equal(image->pulled_at_ms, 0);
    call_ends(&f.call, 200, "{\"imageDetails\":[]}");
    assert_int_equal(ecr_list_images_result(&f.call, &f.arena, &page, &f.err), 0);
    assert_int_equal(page.n, 0);
    assert_view(page.next, "");
    arena_release(&f.arena);
}

static void pages_that_are_none(void **state) {
    (void)state;
    static const char *const bodies[][2] = {
        {"[]", "DescribeImages"},
        {"{}", "'imageDetails'"},
        {"{\"imageDetails\":[{\"imagePushedAt\":1}]}", "imageDigest"},
        {"{\"imageDetails\":[{\"imageDigest\":\"" DIGEST "\"}]}", "'imagePushedAt'"},
    };
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct fixture f = list(VIEW(""));
        struct ecr_image_page page;
        call_ends(&f.call, 200, bodies[i][0]);
        assert_int_equal(ecr_list_images_result(&f.call, &f.arena, &page, &f.err), -1);
        assert_int_equal(f.err.code, ERR_BAD_RESPONSE);
        assert_holds(f.err.message, bodies[i][1]);
        arena_release(&f.arena);
    }
    struct fixture f = list(VIEW(""));
    struct ecr_image_page page;
    call_fails(&f.call, ERR_BAD_RESPONSE, "RepositoryNotFoundException", VIEW("none"), &f.arena);
    assert_int_equal(ecr_list_images_result(&f.call, &f.arena, &page, &f.err), -1);
    assert_int_equal(f.err.code, ERR_REPOSITORY_NOT_FOUND);
    assert_holds(f.err.message, "'myproject_backend' of registry 111111111111 in us-east-1");
    arena_release(&f.arena);
}

static void the_policy(void **state) {
    (void)state;
    struct fixture f = policy();
    struct view text = VIEW("x");
    call_ends(&f.call, 200, "{\"lifecyclePolicyText\":\"{\\\"rules\\\":[]}\"}");
    assert_int_equal(ecr_get_lifecycle_policy_result(&f.call, &f.arena, &text, &f.err), 0);
    assert_view(text, "{\"rules\":[]}");
    call_fails(&f.call, ERR_BAD_RESPONSE, "LifecyclePolicyNotFoundException", VIEW("none"),
               &f.arena);
    assert_int_equal(ecr_get_lifecycle_policy_result(&f.call, &f.arena, &text, &f.err), 0);
    assert_int_equal(text.len, 0);
    arena_release(&f.arena);
    f = policy();
    call_fails(&f.call, ERR_ACCESS_DENIED, "AccessDeniedException", VIEW("not you"), &f.arena);
    assert_int_equal(ecr_get_lifecycle_policy_result(&f.call, &f.arena, &text, &f.err), -1);
    assert_int_equal(f.err.code, ERR_ACCESS_DENIED);
    assert_holds(f.err.message, "not you");
    assert_holds(f.err.remedy, "ecr:GetLifecyclePolicy");
    arena_release(&f.arena);
    f = policy();
    call_ends(&f.call, 200, "{}");
    assert_int_equal(ecr_get_lifecycle_policy_result(&f.call, &f.arena, &text, &f.err), -1);
    assert_int_equal(f.err.code, ERR_BAD_RESPONSE);
    arena_release(&f.arena);
    f = policy();
    call_fails(&f.call, ERR_BAD_RESPONSE, "RepositoryNotFoundException", VIEW("none"), &f.arena);
    assert_int_equal(ecr_get_lifecycle_policy_result(&f.call, &f.arena, &text, &f.err), -1);
    assert_int_equal(f.err.code, ERR_REPOSITORY_NOT_FOUND);
    arena_release(&f.arena);
}

static void what_indexes_list(void **state) {
    (void)state;
    struct fixture f = indexes();
    struct ecr_stored_image images[] = {{.digest = VIEW(DIGEST)}, {.digest = VIEW(OTHER)}};
    call_ends(&f.call, 200,
              "{\"images\":[{\"imageId\":{\"imageDigest\":\"" OTHER "\"},\"imageManifest\":"
              "\"{\\\"manifests\\\":[{\\\"digest\\\":\\\"sha256:1\\\"},{},"
              "{\\\"digest\\\":\\\"sha256:2\\\"}]}\"},"
              "{\"imageId\":{\"imageDigest\":\"sha256:gone\"},\"imageManifest\":\"{}\"}],"
              "\"failures\":[{\"imageId\":{\"imageDigest\":\"" DIGEST
              "\"},\"failureCode\":\"ImageNotFound\"}]}");
    assert_int_equal(ecr_get_indexes_result(&f.call, &f.arena, images, 2, &f.err), 0);
    assert_int_equal(images[0].n_manifests, 0);
    assert_int_equal(images[1].n_manifests, 2);
    assert_view(images[1].manifests[1], "sha256:2");
    arena_release(&f.arena);
    static const char *const wrong[] = {
        "{}",
        "{\"images\":[{}]}",
        "{\"images\":[{\"imageId\":{}}]}",
        "{\"images\":[{\"imageId\":{\"imageDigest\":\"" DIGEST "\"}}]}",
        "{\"images\":[{\"imageId\":{\"imageDigest\":\"" DIGEST "\"},\"imageManifest\":\"x\"}]}",
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        f = indexes();
        call_ends(&f.call, 200, wrong[i]);
        assert_int_equal(ecr_get_indexes_result(&f.call, &f.arena, images, 2, &f.err), -1);
        assert_int_equal(f.err.code, ERR_BAD_RESPONSE);
        arena_release(&f.arena);
    }
    f = indexes();
    call_fails(&f.call, ERR_THROTTLED, "ThrottlingException", VIEW("slow"), &f.arena);
    assert_int_equal(ecr_get_indexes_result(&f.call, &f.arena, images, 2, &f.err), -1);
    assert_int_equal(f.err.code, ERR_THROTTLED);
    arena_release(&f.arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),
        cmocka_unit_test(a_page),
        cmocka_unit_test(pages_that_are_none),
        cmocka_unit_test(the_policy),
        cmocka_unit_test(what_indexes_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
