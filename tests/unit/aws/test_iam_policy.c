/* Policies of resources: whom they admit, whom they deny, and what is not told for a yes. */

#include "runtime/aws/iam_policy.h"

#include "tests/unit/aws/answered_fixture.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define OWN "222222222222"
#define OTHER "333333333333"
#define ROLE "arn:aws:iam::" OWN ":role/myproject_execution_prod"
#define PATHED "arn:aws:iam::" OWN ":role/ecs/tasks/puller"
#define REPOSITORY "arn:aws:ecr:us-east-1:111111111111:repository/myproject_backend"
#define FUNCTION "arn:aws:lambda:us-east-1:" OWN ":function:myproject_resizer"

/* Quotes are single here. */
#define PULL "'Action':['ecr:BatchGetImage','ecr:GetDownloadUrlForLayer']"
#define ALLOW(rest) "{'Sid':'A','Effect':'Allow'," rest "}"
#define DENY(rest) "{'Sid':'D','Effect':'Deny'," rest "}"
#define POLICY(statements) "{'Version':'2012-10-17','Statement':[" statements "]}"
#define ANYBODY "'Principal':'*'"
#define ROOT "'Principal':{'AWS':'arn:aws:iam::" OWN ":root'}"
#define IF(condition) ",'Condition':{" condition "}"
#define TO_ANYBODY_IF(condition) POLICY(ALLOW(ANYBODY "," PULL IF(condition)))

enum who {
    THE_ROLE,
    A_PATHED_ROLE,
    THE_ACCOUNT,
    LAMBDA,
    UNKNOWN_ORGANIZATION,
    NO_ORGANIZATION,
    WITH_AN_EVENT,
};

struct row {
    const char *policy;
    enum who who;
    enum iam_verdict verdict;
    const char *why; /* what `why` holds; NULL: whatever */
};

static struct iam_request request_of(enum who who) {
    struct iam_request request = {
        .principal = VIEW(ROLE),
        .account = VIEW(OWN),
        .organization_is = IAM_ORGANIZATION_KNOWN,
        .organization = VIEW("o-a1b2c3d4e5"),
        .action = VIEW("ecr:BatchGetImage"),
        .resource = VIEW(REPOSITORY),
        .region = VIEW("us-east-1"),
    };
    switch (who) {
    case THE_ROLE:
        break;
    case A_PATHED_ROLE:
        request.principal = VIEW(PATHED);
        break;
    case THE_ACCOUNT:
        request.principal = VIEW("");
        break;
    case LAMBDA:
        request.principal = VIEW("");
        request.service = VIEW("lambda.amazonaws.com");
        request.source_arn = VIEW(FUNCTION);
        break;
    case UNKNOWN_ORGANIZATION:
        request.organization_is = IAM_ORGANIZATION_UNKNOWN;
        break;
    case NO_ORGANIZATION:
        request.organization_is = IAM_ORGANIZATION_NONE;
        break;
    case WITH_AN_EVENT:
        request.own[0] = (struct iam_own_key){"events:source", VIEW("aws.ecr")};
        request.own[1] = (struct iam_own_key){"events:detail-type", VIEW("ECR Image Action")};
        break;
    }
    return request;
}

static struct view quoted(const char *text, struct arena *arena) {
    struct view copy = arena_copy(arena, view_of(text));
    char *bytes = arena_alloc(arena, copy.len + 1);
    for (size_t i = 0; i < copy.len; i++) {
        bytes[i] = copy.data[i] == '\'' ? '"' : copy.data[i];
    }
    return (struct view){bytes, copy.len};
}

static void check_rows(const struct row *rows, size_t n) {
    for (size_t i = 0; i < n; i++) {
        struct arena arena ARENA_AUTO = ARENA_INIT((size_t)1024 * 1024);
        const struct iam_request request = request_of(rows[i].who);
        struct iam_answer answer;
        struct err err;
        err_init(&err);
        assert_int_equal(
            iam_policy_evaluate(quoted(rows[i].policy, &arena), &request, &arena, &answer, &err),
            0);
        if (answer.verdict != rows[i].verdict) {
            fail_msg("row %zu: %s: got %d, expected %d (%.*s)", i, rows[i].policy, answer.verdict,
                     rows[i].verdict, VIEW_ARG(answer.why));
        }
        if (rows[i].why) {
            struct view why = arena_copy(&arena, answer.why);
            assert_holds(why.data, rows[i].why);
        }
        if (answer.verdict == IAM_UNTOLD) {
            assert_true(answer.why.len > 0);
        }
    }
}

static void principals(void **state) {
    (void)state;
    static const struct row rows[] = {
        {"", THE_ROLE, IAM_NOT_ALLOWED, NULL},
        {POLICY(""), THE_ROLE, IAM_NOT_ALLOWED, NULL},
        {POLICY(ALLOW(ANYBODY "," PULL)), THE_ROLE, IAM_ALLOWED, NULL},
        {POLICY(ALLOW(ANYBODY "," PULL)), THE_ACCOUNT, IAM_ALLOWED, NULL},
        {POLICY(ALLOW("'Principal':{'AWS':'*'}," PULL)), THE_ROLE, IAM_ALLOWED, NULL},
        {POLICY(ALLOW(ROOT "," PULL)), THE_ROLE, IAM_ALLOWED, NULL},
        {POLICY(ALLOW(ROOT "," PULL)), THE_ACCOUNT, IAM_ALLOWED, NULL},
        {POLICY(ALLOW("'Principal':{'AWS':'" OWN "'}," PULL)), THE_ROLE, IAM_ALLOWED, NULL},
        {POLICY(ALLOW("'Principal':{'AWS':'" ROLE "'}," PULL)), THE_ROLE, IAM_ALLOWED, NULL},
        /* One of several. */
        {POLICY(ALLOW("'Principal':{'AWS':['" OTHER "','" ROLE "']}," PULL)), THE_ROLE, IAM_ALLOWED,
         NULL},
        /* Somebody of the account may be that role; and another role is not this one. */
        {POLICY(ALLOW("'Principal':{'AWS':'" ROLE "'}," PULL)), THE_ACCOUNT, IAM_UNTOLD,
         "whether it is '" ROLE "'"},
        {POLICY(ALLOW("'Principal':{'AWS':'arn:aws:iam::" OTHER ":role/puller'}," PULL)),
         THE_ACCOUNT, IAM_NOT_ALLOWED, NULL},
        {POLICY(ALLOW("'Principal':{'AWS':'" ROLE "2'}," PULL)), THE_ROLE, IAM_NOT_ALLOWED, NULL},
        {POLICY(ALLOW("'Principal':{'AWS':'arn:aws:iam::" OWN ":role/puller'}," PULL)),
         A_PATHED_ROLE, IAM_NOT_ALLOWED, NULL},
        {POLICY(ALLOW("'Principal':{'AWS':'" PATHED "'}," PULL)), A_PATHED_ROLE, IAM_ALLOWED, NULL},
        /* No wildcards within a principal. */
        {POLICY(ALLOW("'Principal':{'AWS':'arn:aws:iam::" OWN ":role/*'}," PULL)), THE_ROLE,
         IAM_NOT_ALLOWED, NULL},
        {POLICY(ALLOW("'Principal':{'AWS':'arn:aws:iam::" OTHER ":root'}," PULL)), THE_ROLE,
         IAM_NOT_ALLOWED, NULL},
        {POLICY(ALLOW("'Principal':{'AWS':'" OTHER "'}," PULL)), THE_ROLE, IAM_NOT_ALLOWED, NULL},
        /* What has been deleted is shown by its id. */
        {POLICY(ALLOW("'Principal':{'AWS':'AROAEXAMPLE0123456789'}," PULL)), THE_ROLE,
         IAM_NOT_ALLOWED, "AROAEXAMPLE0123456789"},
        /* One session of the role, which may be another. */
        {POLICY(ALLOW("'Principal':{'AWS':'arn:aws:sts::" OWN
                      ":assumed-role/myproject_execution_prod/x'}," PULL)),
         THE_ROLE, IAM_UNTOLD, "session"},
        {POLICY(ALLOW("'Principal':{'AWS':'arn:aws:sts::" OWN ":assumed-role/another/x'}," PULL)),
         THE_ROLE, IAM_NOT_ALLOWED, NULL},
        {POLICY(ALLOW("'Principal':{'AWS':'arn:aws:sts::" OWN ":assumed-role/puller/x'}," PULL)),
         A_PATHED_ROLE, IAM_UNTOLD, "session"},
        {POLICY(ALLOW("'Principal':{'Service':'lambda.amazonaws.com'}," PULL)), THE_ROLE,
         IAM_NOT_ALLOWED, NULL},
        {POLICY(ALLOW("'Principal':{'Service':'lambda.amazonaws.com'}," PULL)), LAMBDA, IAM_ALLOWED,
         NULL},
        {POLICY(ALLOW("'Principal':{'Service':'ecs.amazonaws.com'}," PULL)), LAMBDA,
         IAM_NOT_ALLOWED, NULL},
        {POLICY(ALLOW(ROOT "," PULL)), LAMBDA, IAM_NOT_ALLOWED, NULL},
        {POLICY(ALLOW("'Principal':{'Federated':'x','CanonicalUser':'y'}," PULL)), THE_ROLE,
         IAM_NOT_ALLOWED, NULL},
        {POLICY(ALLOW("'Principal':{'Martian':'x'}," PULL)), THE_ROLE, IAM_UNTOLD, "Martian"},
        {POLICY(ALLOW("'Principal':'" ROLE "'," PULL)), THE_ROLE, IAM_UNTOLD, "Principal"},
        {POLICY(ALLOW("'Principal':{'AWS':7}," PULL)), THE_ROLE, IAM_NOT_ALLOWED, NULL},
        {POLICY(ALLOW("'Principal':{'AWS':{'x':'y'}}," PULL)), THE_ROLE, IAM_UNTOLD, "no text"},
    };
    check_rows(rows, COUNT(rows));
}

static void actions_and_resources(void **state) {
    (void)state;
    static const struct row rows[] = {
        {POLICY(ALLOW(ROOT ",'Action':'ecr:BatchGetImage'")), THE_ROLE, IAM_ALLOWED, NULL},
        {POLICY(ALLOW(ROOT ",'Action':'ECR:batchgetimage'")), THE_ROLE, IAM_ALLOWED, NULL},
        {POLICY(ALLOW(ROOT ",'Action':'ecr:Batch*'")), THE_ROLE, IAM_ALLOWED, NULL},
        {POLICY(ALLOW(ROOT ",'Action':'ecr:*'")), THE_ROLE, IAM_ALLOWED, NULL},
        {POLICY(ALLOW(ROOT ",'Action':'*'")), THE_ROLE, IAM_ALLOWED, NULL},
        {POLICY(ALLOW(ROOT ",'Action':'ecr:BatchGetImag?'")), THE_ROLE, IAM_ALLOWED, NULL},
        {POLICY(ALLOW(ROOT ",'Action':'ecr:DescribeImages'")), THE_ROLE, IAM_NOT_ALLOWED, NULL},
        {POLICY(ALLOW(ROOT ",'Action':[]")), THE_ROLE, IAM_NOT_ALLOWED, NULL},
        {POLICY(ALLOW(ROOT ",'NotAction':'ecr:PutImage'")), THE_ROLE, IAM_ALLOWED, NULL},
        {POLICY(ALLOW(ROOT ",'NotAction':['ecr:Batch*']")), THE_ROLE, IAM_NOT_ALLOWED, NULL},
        {POLICY(ALLOW(ROOT "," PULL ",'Resource':'*'")), THE_ROLE, IAM_ALLOWED, NULL},
        {POLICY(ALLOW(ROOT "," PULL ",'Resource':'" REPOSITORY "'")), THE_ROLE, IAM_ALLOWED, NULL},
        {POLICY(ALLOW(ROOT "," PULL ",'Resource':'arn:aws:ecr:*:*:repository/other_*'")), THE_ROLE,
         IAM_NOT_ALLOWED, NULL},
        {POLICY(ALLOW(ROOT "," PULL ",'NotResource':'" REPOSITORY "'")), THE_ROLE, IAM_NOT_ALLOWED,
         NULL},
    };
    check_rows(rows, COUNT(rows));
}

static void denials_win(void **state) {
    (void)state;
    static const struct row rows[] = {
        {POLICY(ALLOW(ROOT "," PULL) "," DENY(ROOT "," PULL)), THE_ROLE, IAM_DENIED, NULL},
        {POLICY(DENY(ROOT "," PULL) "," ALLOW(ROOT "," PULL)), THE_ROLE, IAM_DENIED, NULL},
        {POLICY(DENY(ROOT "," PULL)), THE_ROLE, IAM_DENIED, NULL},
        {POLICY(ALLOW(ROOT "," PULL) "," DENY(ANYBODY ",'Action':'ecr:*'")), THE_ROLE, IAM_DENIED,
         NULL},
        {POLICY(ALLOW(ROOT "," PULL) "," DENY(ANYBODY ",'Action':'ecr:PutImage'")), THE_ROLE,
         IAM_ALLOWED, NULL},
        {POLICY(ALLOW(ROOT "," PULL) "," DENY("'Principal':{'AWS':'" ROLE "'}," PULL)), THE_ROLE,
         IAM_DENIED, NULL},
        {POLICY(ALLOW(ROOT "," PULL) "," DENY("'Principal':{'AWS':'" ROLE "'}," PULL)), THE_ACCOUNT,
         IAM_UNTOLD, "whether it is"},
        /* Everybody but the organization; this one is in it, or is not, or who knows. */
        {POLICY(ALLOW(ROOT "," PULL) "," DENY(
             ANYBODY "," PULL IF("'StringNotEquals':{'aws:PrincipalOrgID':'o-a1b2c3d4e5'}"))),
         THE_ROLE, IAM_ALLOWED, NULL},
        {POLICY(ALLOW(ROOT "," PULL) "," DENY(
             ANYBODY "," PULL IF("'StringNotEquals':{'aws:PrincipalOrgID':'o-a1b2c3d4e5'}"))),
         NO_ORGANIZATION, IAM_DENIED, NULL},
        {POLICY(ALLOW(ROOT "," PULL) "," DENY(
             ANYBODY "," PULL IF("'StringNotEquals':{'aws:PrincipalOrgID':'o-a1b2c3d4e5'}"))),
         UNKNOWN_ORGANIZATION, IAM_UNTOLD, "aws:PrincipalOrgID"},
        /* A Deny that may apply, and nothing that allows: that is no maybe. */
        {POLICY(DENY(ANYBODY "," PULL IF("'IpAddress':{'aws:SourceIp':'10.0.0.0/8'}"))), THE_ROLE,
         IAM_NOT_ALLOWED, NULL},
        {POLICY(ALLOW(ROOT "," PULL) "," DENY(
             ANYBODY "," PULL IF("'IpAddress':{'aws:SourceIp':'10.0.0.0/8'}"))),
         THE_ROLE, IAM_UNTOLD, "IpAddress"},
        {POLICY(ALLOW(ROOT "," PULL) "," DENY(
             ANYBODY "," PULL IF("'Bool':{'aws:SecureTransport':'false'}"))),
         THE_ROLE, IAM_ALLOWED, NULL},
        /* All but the named ones. */
        {POLICY(ALLOW(ROOT "," PULL) "," DENY("'NotPrincipal':{'AWS':'" OTHER "'}," PULL)),
         THE_ROLE, IAM_DENIED, NULL},
        {POLICY(
             ALLOW(ROOT "," PULL) "," DENY("'NotPrincipal':{'AWS':['" ROLE "','" OWN "']}," PULL)),
         THE_ROLE, IAM_UNTOLD, "NotPrincipal"},
        {POLICY(ALLOW(ROOT "," PULL) "," DENY("'NotPrincipal':'*'," PULL)), THE_ROLE, IAM_ALLOWED,
         NULL},
        {POLICY(ALLOW("'NotPrincipal':{'AWS':'" OTHER "'}," PULL)), THE_ROLE, IAM_ALLOWED, NULL},
    };
    check_rows(rows, COUNT(rows));
}

/* Within one account this is what is asked: may something be denied that cannot be seen? */
static void a_deny_that_may_apply(void **state) {
    static const struct {
        const char *policy;
        const char *may_deny; /* what it holds; NULL: it is empty */
    } rows[] = {
        {POLICY(DENY(ANYBODY "," PULL IF("'IpAddress':{'aws:SourceIp':'10.0.0.0/8'}"))),
         "aws:SourceIp"},
        {POLICY(ALLOW(ANYBODY "," PULL IF("'IpAddress':{'aws:SourceIp':'10.0.0.0/8'}"))), NULL},
        {POLICY(ALLOW(ANYBODY "," PULL)), NULL},
        {POLICY(DENY(ANYBODY "," PULL)), NULL},
        {POLICY("'x'"), "no object"},
        {"nonsense", "JSON"},
        {"", NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct arena arena ARENA_AUTO = ARENA_INIT((size_t)1024 * 1024);
        const struct iam_request request = request_of(THE_ROLE);
        struct iam_answer answer;
        struct err err;
        err_init(&err);
        assert_int_equal(
            iam_policy_evaluate(quoted(rows[i].policy, &arena), &request, &arena, &answer, &err),
            0);
        assert_int_equal(answer.may_deny.len > 0, rows[i].may_deny != NULL);
        if (rows[i].may_deny) {
            assert_holds(arena_copy(&arena, answer.may_deny).data, rows[i].may_deny);
        }
    }
}

static void conditions(void **state) {
    (void)state;
    static const struct row rows[] = {
        {TO_ANYBODY_IF("'StringEquals':{'aws:PrincipalOrgID':'o-a1b2c3d4e5'}"), THE_ROLE,
         IAM_ALLOWED, NULL},
        {TO_ANYBODY_IF("'StringEquals':{'aws:principalorgid':['o-x','o-a1b2c3d4e5']}"), THE_ROLE,
         IAM_ALLOWED, NULL},
        {TO_ANYBODY_IF("'StringEquals':{'aws:PrincipalOrgID':'o-another'}"), THE_ROLE,
         IAM_NOT_ALLOWED, NULL},
        {TO_ANYBODY_IF("'StringEquals':{'aws:PrincipalOrgID':'o-a1b2c3d4e5'}"), NO_ORGANIZATION,
         IAM_NOT_ALLOWED, NULL},
        {TO_ANYBODY_IF("'StringEquals':{'aws:PrincipalOrgID':'o-a1b2c3d4e5'}"),
         UNKNOWN_ORGANIZATION, IAM_UNTOLD, "aws:PrincipalOrgID"},
        {TO_ANYBODY_IF("'StringEquals':{'aws:PrincipalOrgID':'o-a1b2c3d4e5'}"), THE_ACCOUNT,
         IAM_ALLOWED, NULL},
        {TO_ANYBODY_IF("'StringEquals':{'aws:PrincipalOrgID':'o-a1b2c3d4e5'}"), LAMBDA,
         IAM_NOT_ALLOWED, NULL},
        {TO_ANYBODY_IF("'StringLike':{'aws:PrincipalOrgID':'o-a1*'}"), THE_ROLE, IAM_ALLOWED, NULL},
        {TO_ANYBODY_IF("'ForAnyValue:StringLike':{'aws:PrincipalOrgPaths':'o-a1b2c3d4e5/*'}"),
         THE_ROLE, IAM_UNTOLD, "aws:PrincipalOrgPaths"},
        {TO_ANYBODY_IF("'StringEquals':{'aws:PrincipalAccount':'" OWN "'}"), THE_ROLE, IAM_ALLOWED,
         NULL},
        {TO_ANYBODY_IF("'StringEquals':{'aws:PrincipalAccount':'" OTHER "'}"), THE_ROLE,
         IAM_NOT_ALLOWED, NULL},
        {TO_ANYBODY_IF("'StringEqualsIgnoreCase':{'aws:RequestedRegion':'US-EAST-1'}"), THE_ROLE,
         IAM_ALLOWED, NULL},
        {TO_ANYBODY_IF("'StringNotEqualsIgnoreCase':{'aws:RequestedRegion':'US-EAST-1'}"), THE_ROLE,
         IAM_NOT_ALLOWED, NULL},
        {TO_ANYBODY_IF("'ArnLike':{'aws:PrincipalArn':'arn:aws:iam::*:role/myproject_*'}"),
         THE_ROLE, IAM_ALLOWED, NULL},
        /* A '*' does not reach over a colon in an ARN; it does in a text. */
        {TO_ANYBODY_IF("'ArnEquals':{'aws:PrincipalArn':'arn:*:role/myproject_*'}"), THE_ROLE,
         IAM_NOT_ALLOWED, NULL},
        {TO_ANYBODY_IF("'StringLike':{'aws:PrincipalArn':'arn:*:role/myproject_*'}"), THE_ROLE,
         IAM_ALLOWED, NULL},
        {TO_ANYBODY_IF("'ArnNotLike':{'aws:PrincipalArn':'arn:aws:iam::*:role/admin'}"), THE_ROLE,
         IAM_ALLOWED, NULL},
        {TO_ANYBODY_IF("'ArnLike':{'aws:PrincipalArn':'arn:aws:iam::*:role/myproject_*'}"),
         THE_ACCOUNT, IAM_UNTOLD, "aws:PrincipalArn"},
        {TO_ANYBODY_IF("'StringEquals':{'aws:PrincipalType':'AssumedRole'}"), THE_ROLE, IAM_ALLOWED,
         NULL},
        {TO_ANYBODY_IF("'Bool':{'aws:SecureTransport':true}"), THE_ROLE, IAM_ALLOWED, NULL},
        {TO_ANYBODY_IF("'Bool':{'aws:PrincipalIsAWSService':'true'}"), THE_ROLE, IAM_NOT_ALLOWED,
         NULL},
        {TO_ANYBODY_IF("'Null':{'aws:PrincipalOrgID':'false'}"), THE_ROLE, IAM_ALLOWED, NULL},
        {TO_ANYBODY_IF("'Null':{'aws:PrincipalOrgID':'false'}"), NO_ORGANIZATION, IAM_NOT_ALLOWED,
         NULL},
        {TO_ANYBODY_IF("'Null':{'aws:PrincipalOrgID':true}"), NO_ORGANIZATION, IAM_ALLOWED, NULL},
        {TO_ANYBODY_IF("'Null':{'aws:PrincipalOrgID':true}"), UNKNOWN_ORGANIZATION, IAM_UNTOLD,
         "Null"},
        {TO_ANYBODY_IF("'StringEqualsIfExists':{'aws:SourceAccount':'" OTHER "'}"), THE_ROLE,
         IAM_ALLOWED, NULL},
        {TO_ANYBODY_IF("'StringEquals':{'aws:SourceAccount':'" OTHER "'}"), THE_ROLE,
         IAM_NOT_ALLOWED, NULL},
        {TO_ANYBODY_IF("'ForAllValues:StringEquals':{'aws:PrincipalOrgID':'o-x'}"), NO_ORGANIZATION,
         IAM_ALLOWED, NULL},
        {TO_ANYBODY_IF("'StringNotEquals':{'aws:PrincipalOrgID':'o-x'}"), NO_ORGANIZATION,
         IAM_ALLOWED, NULL},
        {TO_ANYBODY_IF("'ForAnyValue:StringNotEquals':{'aws:PrincipalOrgID':'o-x'}"),
         NO_ORGANIZATION, IAM_NOT_ALLOWED, NULL},
        {TO_ANYBODY_IF("'ForAnyValue:StringNotEquals':{'aws:PrincipalOrgID':'o-x'}"), THE_ROLE,
         IAM_ALLOWED, NULL},
        {TO_ANYBODY_IF("'StringEqualsIfExists':{'aws:SourceVpce':'vpce-1'}"), THE_ROLE, IAM_UNTOLD,
         "aws:SourceVpce"},
        {TO_ANYBODY_IF("'StringEquals':{'aws:PrincipalTag/team':'x'}"), THE_ROLE, IAM_UNTOLD,
         "aws:PrincipalTag/team"},
        {TO_ANYBODY_IF("'StringEquals':{'aws:PrincipalAccount':'${aws:ResourceAccount}'}"),
         THE_ROLE, IAM_UNTOLD, "variable"},
        {POLICY(ALLOW(ANYBODY "," PULL ",'Resource':'arn:aws:ecr:us-east-1:*:repository/"
                              "${aws:PrincipalAccount}/*'")),
         THE_ROLE, IAM_UNTOLD, "variable"},
        {TO_ANYBODY_IF("'NumericLessThan':{'aws:MultiFactorAuthAge':'300'}"), THE_ROLE, IAM_UNTOLD,
         "NumericLessThan"},
        {TO_ANYBODY_IF("'Whatever':{'aws:PrincipalAccount':'" OWN "'}"), THE_ROLE, IAM_UNTOLD,
         "Whatever"},
        /* All of them have to hold; what does not is told, whatever the others are. */
        {TO_ANYBODY_IF("'StringEquals':{'aws:PrincipalAccount':'" OWN
                       "','aws:RequestedRegion':'eu-west-1'}"),
         THE_ROLE, IAM_NOT_ALLOWED, NULL},
        {TO_ANYBODY_IF("'IpAddress':{'aws:SourceIp':'10.0.0.0/8'},'StringEquals':{"
                       "'aws:PrincipalAccount':'" OTHER "'}"),
         THE_ROLE, IAM_NOT_ALLOWED, NULL},
        {TO_ANYBODY_IF("'StringEquals':{'events:source':'aws.ecr'}"), WITH_AN_EVENT, IAM_ALLOWED,
         NULL},
        {TO_ANYBODY_IF("'StringEquals':{'events:Source':'aws.ecs'}"), WITH_AN_EVENT,
         IAM_NOT_ALLOWED, NULL},
        {TO_ANYBODY_IF("'StringEquals':{'events:source':'aws.ecr'}"), THE_ROLE, IAM_UNTOLD,
         "events:source"},
        {TO_ANYBODY_IF("'ForAllValues:StringEquals':{'events:source':'aws.ecr'},"
                       "'StringEquals':{'events:detail-type':'ECR Image Action'}"),
         WITH_AN_EVENT, IAM_ALLOWED, NULL},
        {TO_ANYBODY_IF("'ForAllValues:StringEquals':{'events:source':'aws.ecr'},"
                       "'StringEquals':{'events:detail-type':'ECR Image Scan'}"),
         WITH_AN_EVENT, IAM_NOT_ALLOWED, NULL},
        {TO_ANYBODY_IF("'StringEquals':{'events:detail-type':'ECR Image Action'}"), THE_ROLE,
         IAM_UNTOLD, "events:detail-type"},
        {TO_ANYBODY_IF(""), THE_ROLE, IAM_ALLOWED, NULL},
        /* The one that AWS recommends for Lambda. */
        {POLICY(ALLOW("'Principal':{'Service':'lambda.amazonaws.com'}," PULL IF(
             "'ArnLike':{'aws:SourceArn':'arn:aws:lambda:us-east-1:" OWN
             ":function:myproject_*'}"))),
         LAMBDA, IAM_ALLOWED, NULL},
        {POLICY(ALLOW("'Principal':{'Service':'lambda.amazonaws.com'}," PULL IF(
             "'ArnLike':{'AWS:SourceArn':'arn:aws:lambda:us-east-1:" OTHER ":function:*'}"))),
         LAMBDA, IAM_NOT_ALLOWED, NULL},
        {POLICY(ALLOW("'Principal':{'Service':'lambda.amazonaws.com'}," PULL IF(
             "'StringEquals':{'aws:SourceAccount':'" OWN "'}"))),
         LAMBDA, IAM_ALLOWED, NULL},
    };
    check_rows(rows, COUNT(rows));
}

static void malformed(void **state) {
    (void)state;
    static const struct row rows[] = {
        {"nonsense", THE_ROLE, IAM_UNTOLD, "JSON"},
        {"{'Statement':[", THE_ROLE, IAM_UNTOLD, "JSON"},
        {"[]", THE_ROLE, IAM_UNTOLD, "statements"},
        {"{}", THE_ROLE, IAM_UNTOLD, "statements"},
        {"{'Statement':'x'}", THE_ROLE, IAM_UNTOLD, "statements"},
        {"{'Statement':['x']}", THE_ROLE, IAM_UNTOLD, "no object"},
        {"{'Statement':[{}]}", THE_ROLE, IAM_UNTOLD, "Effect"},
        {POLICY("{'Effect':'Permit'," ROOT "," PULL "}"), THE_ROLE, IAM_UNTOLD, "Effect"},
        {POLICY(ALLOW(ROOT)), THE_ROLE, IAM_UNTOLD, "without Action"},
        {POLICY(ALLOW(PULL)), THE_ROLE, IAM_UNTOLD, "without Principal"},
        {POLICY(ALLOW(ROOT "," PULL ",'Unless':'x'")), THE_ROLE, IAM_UNTOLD, "Unless"},
        {POLICY(ALLOW(ROOT "," PULL ",'Condition':'x'")), THE_ROLE, IAM_UNTOLD, "Condition"},
        {POLICY(ALLOW(ROOT "," PULL ",'Condition':{'Bool':'x'}")), THE_ROLE, IAM_UNTOLD, "Bool"},
        /* Beside what allows: what it would do is anybody's guess. */
        {POLICY(ALLOW(ROOT "," PULL) ",{'Effect':'deny'," ROOT "," PULL "}"), THE_ROLE, IAM_UNTOLD,
         "Effect"},
        {POLICY(DENY(ROOT "," PULL) ",{'Effect':'allow'}"), THE_ROLE, IAM_DENIED, NULL},
        /* A single statement needs no list. */
        {"{'Statement':" ALLOW(ROOT "," PULL) "}", THE_ROLE, IAM_ALLOWED, NULL},
    };
    check_rows(rows, COUNT(rows));
}

static void the_statement_is_named(void **state) {
    (void)state;
    struct arena arena ARENA_AUTO = ARENA_INIT((size_t)64 * 1024);
    const struct iam_request request = request_of(THE_ROLE);
    struct iam_answer answer;
    struct err err;
    err_init(&err);
    struct view policy = quoted(POLICY(ALLOW(ROOT "," PULL) "," DENY(ANYBODY "," PULL)), &arena);
    assert_int_equal(iam_policy_evaluate(policy, &request, &arena, &answer, &err), 0);
    assert_view(answer.sid, "D");
    policy = quoted(POLICY(ALLOW(ROOT "," PULL) "," DENY(ANYBODY ",'Action':'x:y'")), &arena);
    assert_int_equal(iam_policy_evaluate(policy, &request, &arena, &answer, &err), 0);
    assert_view(answer.sid, "A");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(principals),
        cmocka_unit_test(actions_and_resources),
        cmocka_unit_test(denials_win),
        cmocka_unit_test(a_deny_that_may_apply),
        cmocka_unit_test(conditions),
        cmocka_unit_test(malformed),
        cmocka_unit_test(the_statement_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
