#include "runtime/aws/codedeploy_revision.h"

#include "runtime/aws/answer.h"
#include "tests/unit/aws/sent_fixture.h"

#define HOST "codedeploy.eu-central-1.amazonaws.com"

static struct fixture get_groups(void) {
    static const struct view names[] = {{"blue", 4}};
    struct fixture f = fixture_new();
    assert_int_equal(codedeploy_get_groups_call(VIEW("app"), names, 1, &f.arena, &f.call, &f.err),
                     0);
    return f;
}

static struct fixture get_revision(void) {
    struct fixture f = fixture_new();
    const struct codedeploy_revision revision = {VIEW("AppSpecContent"), VIEW("abc0")};
    assert_int_equal(
        codedeploy_get_revision_call(VIEW("a\"p"), &revision, &f.arena, &f.call, &f.err), 0);
    return f;
}

static void what_the_group_was_given_last(void **state) {
    (void)state;
    static const struct {
        const char *body, *type, *sha256;
    } rows[] = {
        {"{\"deploymentGroupsInfo\":[{\"deploymentGroupName\":\"green\",\"targetRevision\":{"
         "\"revisionType\":\"S3\"}},{\"deploymentGroupName\":\"blue\",\"targetRevision\":{"
         "\"revisionType\":\"AppSpecContent\",\"appSpecContent\":{\"sha256\":\"abc0\"}}}]}",
         "AppSpecContent", "abc0"},
        {"{\"deploymentGroupsInfo\":[{\"deploymentGroupName\":\"blue\",\"targetRevision\":{"
         "\"revisionType\":\"S3\",\"s3Location\":{}}}]}",
         "S3", ""},
        {"{\"deploymentGroupsInfo\":[{\"deploymentGroupName\":\"blue\",\"targetRevision\":{"
         "\"revisionType\":\"String\",\"string\":{\"sha256\":\"abc1\"}}}]}",
         "String", "abc1"},
        {"{\"deploymentGroupsInfo\":[{\"deploymentGroupName\":\"blue\"},null,7]}", "", ""},
        {"{\"deploymentGroupsInfo\":[{\"deploymentGroupName\":\"blue\",\"targetRevision\":[]}]}",
         "", ""},
        {"{\"deploymentGroupsInfo\":null}", "", ""},
        {"{}", "", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture f = get_groups();
        struct codedeploy_revision revision;
        call_ends(&f.call, 200, rows[i].body);
        assert_int_equal(
            codedeploy_group_revision_result(&f.call, VIEW("blue"), &f.arena, &revision, &f.err),
            0);
        assert_view(revision.type, rows[i].type);
        assert_view(revision.sha256, rows[i].sha256);
        arena_release(&f.arena);
    }
}

static void a_revision_is_asked_for_by_its_hash(void **state) {
    (void)state;
    struct fixture f = get_revision();
    assert_sent_json(&f, HOST, "CodeDeploy_20141006.GetApplicationRevision",
                     "{\"applicationName\":\"a\\\"p\",\"revision\":{\"revisionType\":"
                     "\"AppSpecContent\",\"appSpecContent\":{\"sha256\":\"abc0\"}}}");
    assert_false(f.call.once);
    const struct codedeploy_revision old = {VIEW("String"), VIEW("abc1")};
    assert_int_equal(codedeploy_get_revision_call(VIEW("a"), &old, &f.arena, &f.call, &f.err), 0);
    assert_sent_json(&f, HOST, "CodeDeploy_20141006.GetApplicationRevision",
                     "{\"applicationName\":\"a\",\"revision\":{\"revisionType\":"
                     "\"String\",\"string\":{\"sha256\":\"abc1\"}}}");
    arena_release(&f.arena);
}

static void its_content(void **state) {
    (void)state;
    static const struct {
        const char *body, *content;
    } rows[] = {
        {"{\"applicationName\":\"a\",\"revision\":{\"revisionType\":\"AppSpecContent\","
         "\"appSpecContent\":{\"content\":\"{\\\"version\\\":0.0}\",\"sha256\":\"abc0\"}}}",
         "{\"version\":0.0}"},
        {"{\"revision\":{\"revisionType\":\"String\",\"string\":{\"content\":\"x\"}}}", "x"},
        {"{\"revision\":{\"appSpecContent\":{\"content\":null}}}", ""},
        {"{\"revision\":7}", ""},
        {"{}", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture f = get_revision();
        struct view content;
        call_ends(&f.call, 200, rows[i].body);
        assert_int_equal(codedeploy_get_revision_result(&f.call, &f.arena, &content, &f.err), 0);
        assert_view(content, rows[i].content);
        arena_release(&f.arena);
    }
}

static void what_is_gone_has_none(void **state) {
    (void)state;
    static const char *const codes[] = {"RevisionDoesNotExistException",
                                        "ApplicationDoesNotExistException"};
    for (size_t i = 0; i < 2; i++) {
        struct fixture f = get_revision();
        struct view content = VIEW("before");
        call_fails(&f.call, ERR_BAD_RESPONSE, codes[i], VIEW("no such thing"), &f.arena);
        assert_int_equal(codedeploy_get_revision_result(&f.call, &f.arena, &content, &f.err), 0);
        assert_view(content, "");
        arena_release(&f.arena);
    }
}

static void failures(void **state) {
    (void)state;
    static const struct failure_row rows[] = {
        {"AccessDeniedException", "not authorized to perform: codedeploy:GetApplicationRevision",
         ERR_ACCESS_DENIED, ERR_ACCESS_DENIED, "GetApplicationRevision denied",
         "allow codedeploy:GetApplicationRevision"},
        {"ThrottlingException", "Rate exceeded", ERR_THROTTLED, ERR_THROTTLED, "Rate exceeded", ""},
        {"InvalidRevisionException", "no", ERR_BAD_RESPONSE, ERR_BAD_RESPONSE, "no", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture f = get_revision();
        struct view content = VIEW("untouched");
        call_fails(&f.call, rows[i].met, rows[i].code, view_of(rows[i].words), &f.arena);
        assert_int_equal(codedeploy_get_revision_result(&f.call, &f.arena, &content, &f.err), -1);
        assert_means(&f, &rows[i], i);
        assert_view(content, "untouched");
        arena_release(&f.arena);
    }
    struct fixture f = get_revision();
    struct view content = VIEW("untouched");
    call_ends(&f.call, 200, "[]");
    assert_int_equal(codedeploy_get_revision_result(&f.call, &f.arena, &content, &f.err), -1);
    assert_int_equal(f.err.code, ERR_BAD_RESPONSE);
    arena_release(&f.arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_group_was_given_last),
        cmocka_unit_test(a_revision_is_asked_for_by_its_hash),
        cmocka_unit_test(its_content),
        cmocka_unit_test(what_is_gone_has_none),
        cmocka_unit_test(failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
