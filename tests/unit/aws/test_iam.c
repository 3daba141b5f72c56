#include "runtime/aws/iam.h"

#include "tests/unit/aws/sent_fixture.h"

#define ROLE "arn:aws:iam::222222222222:role/myproject_execution_prod"
#define REPOSITORY "arn:aws:ecr:us-east-1:111111111111:repository/myproject_backend"

static const char *const actions[] = {"ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"};

static struct fixture simulate(struct view region) {
    struct fixture f = fixture_new();
    static const struct view resources[] = {{REPOSITORY, sizeof(REPOSITORY) - 1}};
    const struct iam_simulation simulation = {.role = VIEW(ROLE),
                                              .actions = actions,
                                              .n_actions = 2,
                                              .resources = resources,
                                              .n_resources = 1,
                                              .region = region};
    assert_int_equal(iam_simulate_call(&simulation, &f.arena, &f.call, &f.err), 0);
    return f;
}

/* One endpoint for each partition, signed for one region of it. */
static void requests(void **state) {
    (void)state;
    static const struct {
        const char *region, *host, *signed_for;
    } rows[] = {
        {"eu-central-1", "iam.amazonaws.com", "us-east-1"},
        {"cn-northwest-1", "iam.cn-north-1.amazonaws.com.cn", "cn-north-1"},
        {"us-gov-east-1", "iam.us-gov.amazonaws.com", "us-gov-west-1"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture f = simulate(view_of(rows[i].region));
        struct aws_request request = sent(&f);
        assert_view(request.host, rows[i].host);
        assert_view(f.call.region, rows[i].signed_for);
        assert_view(request.body,
                    "Action=SimulatePrincipalPolicy&Version=2010-05-08&PolicySourceArn="
                    "arn%3Aaws%3Aiam%3A%3A222222222222%3Arole%2Fmyproject_execution_prod"
                    "&ActionNames.member.1=ecr%3ABatchGetImage"
                    "&ActionNames.member.2=ecr%3AGetDownloadUrlForLayer"
                    "&ResourceArns.member.1=arn%3Aaws%3Aecr%3Aus-east-1%3A111111111111"
                    "%3Arepository%2Fmyproject_backend&MaxItems=1000");
        arena_release(&f.arena);
    }
}

#define ANSWER(truncated, members)                                                                 \
    "<SimulatePrincipalPolicyResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">"        \
    "<SimulatePrincipalPolicyResult><IsTruncated>" truncated                                       \
    "</IsTruncated><EvaluationResults>" members                                                    \
    "</EvaluationResults></SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>"
#define DECISION(action, word, rest)                                                               \
    "<member><EvalActionName>" action "</EvalActionName><EvalResourceName>" REPOSITORY             \
    "</EvalResourceName><EvalDecision>" word "</EvalDecision>" rest "</member>\n"

static void decisions_are_read(void **state) {
    (void)state;
    struct fixture f = simulate(VIEW("us-east-1"));
    struct iam_decisions got;
    call_ends(&f.call, 200,
              ANSWER("false", DECISION("ecr:A", "allowed", "<MissingContextValues/>") DECISION(
                                  "ecr:B", "explicitDeny",
                                  "<MatchedStatements><member><SourcePolicyId>x</SourcePolicyId>"
                                  "</member></MatchedStatements>")
                                  DECISION("ecr:C", "implicitDeny",
                                           "<MissingContextValues><member>aws:SourceIp</member>"
                                           "</MissingContextValues><OrganizationsDecisionDetail>"
                                           "<AllowedByOrganizations>false</AllowedByOrganizations>"
                                           "</OrganizationsDecisionDetail>")
                                      DECISION("ecr:D", "implicitDeny",
                                               "<PermissionsBoundaryDecisionDetail>"
                                               "<AllowedByPermissionsBoundary>false"
                                               "</AllowedByPermissionsBoundary>"
                                               "</PermissionsBoundaryDecisionDetail>")));
    assert_int_equal(iam_simulate_result(&f.call, &f.arena, &got, &f.err), 0);
    assert_int_equal(got.n, 4);
    assert_view(got.items[0].action, "ecr:A");
    assert_view(got.items[0].resource, REPOSITORY);
    assert_true(got.items[0].is_allowed && !got.items[0].is_denied && !got.items[0].is_incomplete);
    assert_true(!got.items[1].is_allowed && got.items[1].is_denied);
    assert_true(!got.items[2].is_allowed && !got.items[2].is_denied && got.items[2].is_incomplete);
    assert_true(got.items[2].by_organization && !got.items[2].by_boundary);
    assert_true(got.items[3].by_boundary && !got.items[3].by_organization);
    arena_release(&f.arena);
}

/* As AWS answers about several resources: an action once, and what it is on each of them. */
static void decisions_on_several_resources(void **state) {
    (void)state;
    struct fixture f = simulate(VIEW("us-east-1"));
    struct iam_decisions got;
    call_ends(&f.call, 200,
              ANSWER("false", DECISION("ecr:A", "implicitDeny",
                                       "<MissingContextValues/><ResourceSpecificResults>"
                                       "<member><EvalResourceName>one</EvalResourceName>"
                                       "<EvalResourceDecision>allowed</EvalResourceDecision>"
                                       "<MissingContextValues/></member>"
                                       "<member><EvalResourceName>two</EvalResourceName>"
                                       "<EvalResourceDecision>explicitDeny</EvalResourceDecision>"
                                       "<MissingContextValues><member>aws:SourceVpce</member>"
                                       "</MissingContextValues></member></ResourceSpecificResults>")
                                  DECISION("ecr:B", "allowed", "<ResourceSpecificResults/>")));
    assert_int_equal(iam_simulate_result(&f.call, &f.arena, &got, &f.err), 0);
    assert_int_equal(got.n, 3);
    assert_view(got.items[0].action, "ecr:A");
    assert_view(got.items[0].resource, "one");
    assert_true(got.items[0].is_allowed && !got.items[0].is_denied && !got.items[0].is_incomplete);
    assert_view(got.items[1].action, "ecr:A");
    assert_view(got.items[1].resource, "two");
    assert_true(!got.items[1].is_allowed && got.items[1].is_denied && got.items[1].is_incomplete);
    assert_view(got.items[2].action, "ecr:B");
    assert_view(got.items[2].resource, REPOSITORY);
    assert_true(got.items[2].is_allowed);
    arena_release(&f.arena);
}

static void answers_that_are_none(void **state) {
    (void)state;
    static const char *const answers[] = {
        "",
        "{}",
        ANSWER("false", ""),
        ANSWER("true", DECISION("ecr:A", "allowed", "")),
        ANSWER("false", DECISION("ecr:A", "perhaps", "")),
        ANSWER("false", DECISION("", "allowed", "")),
        ANSWER("false", "<member/>"),
        ANSWER("false", DECISION("ecr:A", "allowed",
                                 "<ResourceSpecificResults><member><EvalResourceName>r"
                                 "</EvalResourceName></member></ResourceSpecificResults>")),
    };
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        struct fixture f = simulate(VIEW("us-east-1"));
        struct iam_decisions got;
        call_ends(&f.call, 200, answers[i]);
        assert_int_equal(iam_simulate_result(&f.call, &f.arena, &got, &f.err), -1);
        assert_int_equal(f.err.code, ERR_BAD_RESPONSE);
        arena_release(&f.arena);
    }
}

static void failures(void **state) {
    (void)state;
    static const struct failure_row rows[] = {
        {"NoSuchEntity", "The role with name x cannot be found.", ERR_BAD_RESPONSE,
         ERR_SERVICE_NOT_FOUND, "role not found: The role", "create the role"},
        {"AccessDenied", "User: x is not authorized", ERR_ACCESS_DENIED, ERR_ACCESS_DENIED,
         "AccessDenied", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture f = simulate(VIEW("us-east-1"));
        struct iam_decisions got;
        call_fails(&f.call, rows[i].met, rows[i].code, view_of(rows[i].words), &f.arena);
        assert_int_equal(iam_simulate_result(&f.call, &f.arena, &got, &f.err), -1);
        assert_means(&f, &rows[i], i);
        arena_release(&f.arena);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),
        cmocka_unit_test(decisions_are_read),
        cmocka_unit_test(decisions_on_several_resources),
        cmocka_unit_test(answers_that_are_none),
        cmocka_unit_test(failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
