#include "runtime/aws/denial.h"

#include "tests/unit/aws/answered.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define USER                                                                                       \
    "User: arn:aws:sts::222222222222:assumed-role/slipway-prod/session is not authorized to "
#define REPO "arn:aws:ecr:us-east-1:111111111111:repository/r"

static void causes(void **state) {
    (void)state;
    static const struct {
        const char *text;
        enum denial_cause cause;
    } rows[] = {
        {USER "perform: ecr:DescribeImages on resource: " REPO
              " because no identity-based policy allows the ecr:DescribeImages action",
         DENIAL_IDENTITY_POLICY},
        {USER "perform: ecr:DescribeImages on resource: " REPO
              " because no resource-based policy allows the ecr:DescribeImages action",
         DENIAL_RESOURCE_POLICY},
        {USER "perform: ecr:DescribeImages on resource: " REPO
              " with an explicit deny in a resource-based policy",
         DENIAL_EXPLICIT},
        {USER "perform: ecr:DescribeImages on resource: " REPO
              " because no VPC endpoint policy allows the ecr:DescribeImages action",
         DENIAL_GUARDRAIL},
        {USER "perform: ecr:DescribeImages on resource: " REPO
              " because no permissions boundary allows the ecr:DescribeImages action",
         DENIAL_GUARDRAIL},
        {USER "perform: ecr:DescribeImages on resource: " REPO
              " because no service control policy allows the ecr:DescribeImages action",
         DENIAL_GUARDRAIL},
        {USER "perform: ecr:DescribeImages on resource: " REPO, DENIAL_UNSAID},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct denial denial;
        assert_true(denial_parse(view_of(rows[i].text), &denial));
        assert_int_equal(denial.cause, rows[i].cause);
        assert_view(denial.principal,
                    "arn:aws:sts::222222222222:assumed-role/slipway-prod/session");
        assert_view(denial.action, "ecr:DescribeImages");
        assert_view(denial.resource, REPO);
        assert_view(denial_principal_account(&denial), "222222222222");
        assert_view(denial_resource_account(&denial), "111111111111");
    }
}

static void who(void **state) {
    (void)state;
    static const struct {
        const char *principal, *who;
    } rows[] = {
        {"arn:aws:sts::222222222222:assumed-role/slipway/s",
         "role 'slipway' of account 222222222222"},
        {"arn:aws:iam::222222222222:user/bob", "'arn:aws:iam::222222222222:user/bob'"},
        {"arn:aws:sts::222222222222:assumed-role/only", "role 'only' of account 222222222222"},
        {"***", "'***'"},
        {"", "the function's role"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena arena ARENA_AUTO = ARENA_INIT(4096);
        struct denial denial = {.principal = view_of(rows[i].principal)};
        assert_view(denial_who(&denial, &arena), rows[i].who);
    }
}

/* What one policy forbids, no other can allow: the remedy does not ask for it. */
static void a_deny_is_to_be_lifted(void **state) {
    (void)state;
    static const struct {
        const char *reason, *resource, *remedy;
    } rows[] = {
        {" with an explicit deny in a service control policy", "arn:x",
         "let 'who' through to ecs:A on 'arn:x': AWS says 'with an explicit deny in a service "
         "control policy'"},
        {" because no permissions boundary allows the ecs:A action", "",
         "let 'who' through to ecs:A: AWS says 'because no permissions boundary allows the ecs:A "
         "action'"},
        {" because no identity-based policy allows the ecs:A action", "arn:x", NULL},
        {" because no resource-based policy allows the ecs:A action", "arn:x", NULL},
        {"", "arn:x", NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena arena ARENA_AUTO = ARENA_INIT(4096);
        struct view text = arena_printf(&arena,
                                        "User: who is not authorized to perform: ecs:A on "
                                        "resource: arn:x%s",
                                        rows[i].reason);
        struct denial denial;
        struct err err;
        err_init(&err);
        (void)err_set(&err, ERR_ACCESS_DENIED, "denied");
        assert_true(denial_parse(text, &denial));
        bool is_set = denial_remedy_of_deny(&denial, denial_who(&denial, &arena),
                                            view_of(rows[i].resource), &err);
        assert_int_equal(is_set, rows[i].remedy != NULL);
        const char *remedy = rows[i].remedy ? rows[i].remedy : err_default_remedy(err.code);
        assert_string_equal(err.remedy, remedy);
    }
}

static void other_texts_are_none(void **state) {
    (void)state;
    struct denial denial = {.action = VIEW("untouched")};
    assert_false(denial_parse(VIEW(""), &denial));
    assert_false(denial_parse(VIEW("Access Denied"), &denial));
    assert_false(denial_parse(VIEW("is not authorized to perform: "), &denial));
    assert_view(denial.action, "untouched");
    assert_true(denial_parse(VIEW("not authorized to perform: ecs:UpdateService."), &denial));
    assert_view(denial.action, "ecs:UpdateService");
    assert_view(denial.principal, "");
    assert_view(denial.resource, "");
    assert_int_equal(denial.cause, DENIAL_UNSAID);
}

static void search_ignores_case(void **state) {
    (void)state;
    assert_true(denial_text_has(VIEW("TaskDefinition is Inactive"), "taskdefinition is inactive"));
    assert_false(denial_text_has(VIEW("abc"), "abcd"));
    assert_false(denial_text_has(VIEW(""), "a"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(causes),
        cmocka_unit_test(who),
        cmocka_unit_test(a_deny_is_to_be_lifted),
        cmocka_unit_test(other_texts_are_none),
        cmocka_unit_test(search_ignores_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
