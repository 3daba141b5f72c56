#include "runtime/aws/ecr_policy.h"

#include "tests/unit/aws/sent_fixture.h"

#define HOST "api.ecr.us-east-1.amazonaws.com"
#define TARGET "AmazonEC2ContainerRegistry_V20150921."
#define ARN "arn:aws:ecr:us-east-1:111111111111:repository/myproject_backend"

static const struct ecr_registry registry = {
    .account = {"111111111111", 12},
    .region = {"us-east-1", 9},
    .role_arn = {"arn:aws:iam::111111111111:role/reader", 37},
};
static const struct view name = {"myproject_backend", 17};

static struct fixture describe(const struct ecr_registry *from) {
    struct fixture f = fixture_new();
    assert_int_equal(ecr_describe_repository_call(from, name, &f.arena, &f.call, &f.err), 0);
    return f;
}

static struct fixture policy(void) {
    struct fixture f = fixture_new();
    assert_int_equal(ecr_get_repository_policy_call(&registry, name, &f.arena, &f.call, &f.err), 0);
    return f;
}

static void requests(void **state) {
    (void)state;
    const struct ecr_registry own = {.region = VIEW("us-east-1")};
    struct fixture f = describe(&registry);
    assert_sent_json(&f, HOST, TARGET "DescribeRepositories",
                     "{\"registryId\":\"111111111111\",\"repositoryNames\":["
                     "\"myproject_backend\"]}");
    assert_view(f.call.role_arn, "arn:aws:iam::111111111111:role/reader");
    arena_release(&f.arena);
    f = describe(&own);
    assert_sent_json(&f, HOST, TARGET "DescribeRepositories",
                     "{\"repositoryNames\":[\"myproject_backend\"]}");
    arena_release(&f.arena);
    f = policy();
    assert_sent_json(&f, HOST, TARGET "GetRepositoryPolicy",
                     "{\"registryId\":\"111111111111\",\"repositoryName\":\"myproject_backend\"}");
    arena_release(&f.arena);
}

static void answers(void **state) {
    (void)state;
    struct fixture f = describe(&registry);
    struct ecr_described_repository repository;
    struct view text;
    call_ends(&f.call, 200,
              "{\"repositories\":[{\"repositoryArn\":\"" ARN "\",\"repositoryName\":"
              "\"myproject_backend\",\"imageTagMutability\":\"IMMUTABLE\",\"createdAt\":1.7E9}]}");
    assert_int_equal(ecr_describe_repository_result(&f.call, &f.arena, &repository, &f.err), 0);
    assert_view(repository.arn, ARN);
    assert_view(repository.tag_mutability, "IMMUTABLE");
    arena_release(&f.arena);

    f = policy();
    call_ends(&f.call, 200, "{\"policyText\":\"{\\\"Statement\\\":[]}\"}");
    assert_int_equal(ecr_get_repository_policy_result(&f.call, &f.arena, &text, &f.err), 0);
    assert_view(text, "{\"Statement\":[]}");
    arena_release(&f.arena);

    f = policy();
    call_fails(&f.call, ERR_BAD_RESPONSE, "RepositoryPolicyNotFoundException", VIEW("none"),
               &f.arena);
    assert_int_equal(ecr_get_repository_policy_result(&f.call, &f.arena, &text, &f.err), 0);
    assert_view(text, "");
    arena_release(&f.arena);
}

static void answers_that_are_none(void **state) {
    (void)state;
    static const char *const texts[] = {
        "", "[]", "{}", "{\"repositories\":[]}", "{\"repositories\":[{}]}", "{\"policyText\":7}"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct fixture f = describe(&registry);
        struct ecr_described_repository repository;
        struct view text;
        call_ends(&f.call, 200, texts[i]);
        assert_int_equal(ecr_describe_repository_result(&f.call, &f.arena, &repository, &f.err),
                         -1);
        assert_int_equal(f.err.code, ERR_BAD_RESPONSE);
        arena_release(&f.arena);
        f = policy();
        call_ends(&f.call, 200, texts[i]);
        assert_int_equal(ecr_get_repository_policy_result(&f.call, &f.arena, &text, &f.err), -1);
        assert_int_equal(f.err.code, ERR_BAD_RESPONSE);
        arena_release(&f.arena);
    }
}

#define PLACE "repository 'myproject_backend' of registry 111111111111 in us-east-1"

static void failures(void **state) {
    (void)state;
    static const struct failure_row rows[] = {
        {"RepositoryNotFoundException", "The repository with name 'x' does not exist",
         ERR_BAD_RESPONSE, ERR_REPOSITORY_NOT_FOUND, PLACE, "create the repository"},
        {"AccessDeniedException",
         "User: arn:aws:iam::222222222222:user/ada is not authorized to perform: ecr:X on "
         "resource: " ARN " because no resource-based policy allows the ecr:X action",
         ERR_ACCESS_DENIED, ERR_REGISTRY_ACCESS_DENIED, PLACE, "on both sides"},
        {"ThrottlingException", "Rate exceeded", ERR_THROTTLED, ERR_THROTTLED, "Rate exceeded", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture f = describe(&registry);
        struct ecr_described_repository repository;
        struct view text;
        call_fails(&f.call, rows[i].met, rows[i].code, view_of(rows[i].words), &f.arena);
        assert_int_equal(ecr_describe_repository_result(&f.call, &f.arena, &repository, &f.err),
                         -1);
        assert_means(&f, &rows[i], i);
        arena_release(&f.arena);
        f = policy();
        call_fails(&f.call, rows[i].met, rows[i].code, view_of(rows[i].words), &f.arena);
        assert_int_equal(ecr_get_repository_policy_result(&f.call, &f.arena, &text, &f.err), -1);
        assert_means(&f, &rows[i], i);
        arena_release(&f.arena);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),
        cmocka_unit_test(answers),
        cmocka_unit_test(answers_that_are_none),
        cmocka_unit_test(failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
