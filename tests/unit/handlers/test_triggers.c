#include "tests/unit/handlers/route_fixture.h"

#define DIGEST_A "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define PUSH(detail) EVENT("aws.ecr", "ECR Image Action", detail)
#define PUSHED(repository, tag)                                                                    \
    PUSH("{\"action-type\":\"PUSH\",\"result\":\"SUCCESS\",\"repository-name\":\"" repository      \
         "\",\"image-tag\":\"" tag "\",\"image-digest\":\"" DIGEST_A "\"}")
#define PARAMETER(detail) EVENT("aws.ssm", "Parameter Store Change", detail)
#define CLOUDTRAIL(detail) EVENT("aws.s3", "AWS API Call via CloudTrail", detail)

static struct trigger *expect_ignored(struct fixture *f, const char *payload, const char *note) {
    struct trigger *trigger = send(f, payload);
    assert_false(err_is_set(&trigger->refusal));
    assert_int_equal(trigger->kind, TRIGGER_IGNORE);
    char text[512];
    snprintf(text, sizeof(text), VIEW_FMT, VIEW_ARG(trigger->note));
    if (strstr(text, note) == NULL) {
        fail_msg("%s: '%s', expected '%s'", payload, text, note);
    }
    return trigger;
}

/* ---- pushes ---- */

static void a_push(void **state) {
    struct fixture *f = *state;
    struct trigger *trigger = accept(f, PUSHED("myproject_service_user-api", "git-1"));
    assert_int_equal(trigger->kind, TRIGGER_DEPLOY);
    assert_int_equal(trigger->scope, SCOPE_REPOSITORY);
    assert_true(trigger->is_automatic);
    assert_view(trigger->repository, "myproject_service_user-api");
    assert_view(trigger->registry_account, "222222222222");
    assert_view(trigger->registry_region, "us-east-1");
    assert_view(trigger->tag, "git-1");
    assert_view(trigger->digest, DIGEST_A);
    assert_view(trigger->event_id, "5f0c-1");
    assert_int_equal(trigger->event_time_ms, TIME_MS);
}

static void what_is_no_push_of_a_tag(void **state) {
    struct fixture *f = *state;
    static const struct {
        const char *payload, *note;
    } cases[] = {
        {PUSH("{}"), "action ''"},
        {PUSH("{\"action-type\":\"DELETE\",\"result\":\"SUCCESS\",\"repository-name\":\"r\","
              "\"image-tag\":\"t\"}"),
         "action 'DELETE' of the registry deploys nothing"},
        {PUSH("{\"action-type\":\"UPDATE_STORAGE_CLASS\",\"result\":\"SUCCESS\"}"),
         "UPDATE_STORAGE_CLASS"},
        {PUSH("{\"action-type\":\"PUSH\",\"result\":\"FAILURE\",\"repository-name\":\"r\","
              "\"image-tag\":\"t\"}"),
         "the push ended with 'FAILURE'"},
        {PUSH("{\"action-type\":\"PUSH\",\"result\":\"SUCCESS\",\"repository-name\":\"rr\"}"),
         "the pushed image has no tag"},
        {PUSH("{\"action-type\":\"PUSH\",\"result\":\"SUCCESS\",\"repository-name\":\"rr\","
              "\"image-tag\":\"a b\"}"),
         "tag is none"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        expect_ignored(f, cases[i].payload, cases[i].note);
    }
    refuse(f, PUSHED("UPPER", "t"), ERR_EVENT_MALFORMED, "detail.repository-name");
    refuse(f,
           PUSH("{\"action-type\":\"PUSH\",\"result\":\"SUCCESS\",\"repository-name\":\"rr\","
                "\"image-tag\":\"t\",\"image-digest\":\"md5:1\"}"),
           ERR_EVENT_MALFORMED, "detail.image-digest");
}

/* Without ALLOWED_ACCOUNTS whoever pushes is looked at by the registry; with it, it counts. */
static void pushes_of_other_accounts(void **state) {
    struct fixture *f = *state;
    const char *other =
        "{\"source\":\"aws.ecr\",\"detail-type\":\"ECR Image Action\",\"account\":\"111111111111\","
        "\"region\":\"eu-west-1\",\"detail\":{\"action-type\":\"PUSH\",\"result\":\"SUCCESS\","
        "\"repository-name\":\"rr\",\"image-tag\":\"t\"}}";
    assert_view(accept(f, other)->registry_account, "111111111111");
    struct view allowed[] = {VIEW("222222222222")};
    f->config.allowed_accounts = allowed;
    f->config.n_allowed_accounts = 1;
    refuse(f, other, ERR_ACCOUNT_NOT_ALLOWED, "account '111111111111' is not allowed");
}

#define READY(detail) EVENT("github.actions", "Deployment Ready", detail)

static void an_image_that_is_ready(void **state) {
    struct fixture *f = *state;
    struct trigger *trigger =
        accept(f, READY("{\"repository\":\"myproject_backend\",\"tag\":\"git-1\",\"branch\":"
                        "\"main\",\"commit\":\"abc\"}"));
    assert_int_equal(trigger->kind, TRIGGER_DEPLOY);
    assert_int_equal(trigger->scope, SCOPE_REPOSITORY);
    assert_true(trigger->is_automatic);
    assert_view(trigger->repository, "myproject_backend");
    assert_view(trigger->registry_account, "");
    assert_view(trigger->tag, "git-1");
    trigger =
        accept(f, READY("{\"repository\":\"111111111111.dkr.ecr.eu-west-1.amazonaws.com/a/b\","
                        "\"tag\":\"v1\"}"));
    assert_view(trigger->repository, "a/b");
    assert_view(trigger->registry_account, "111111111111");
    assert_view(trigger->registry_region, "eu-west-1");
    refuse(f, READY("{\"tag\":\"v1\"}"), ERR_EVENT_MALFORMED, "detail.repository");
    refuse(f, READY("{\"repository\":\"aa:v1\",\"tag\":\"v1\"}"), ERR_EVENT_MALFORMED,
           "detail.repository");
    refuse(f, READY("{\"repository\":\"aa\"}"), ERR_EVENT_MALFORMED,
           "detail.tag: expected string, got nothing");
    refuse(f, READY("{\"repository\":\"aa\",\"tag\":\"\"}"), ERR_TAG_INVALID, "the tag is empty");
}

/* ---- SERVICE_DEPLOY ---- */

static void what_other_tools_send(void **state) {
    struct fixture *f = *state;
    struct trigger *trigger =
        accept(f, EVENT("github.actions.prod", "SERVICE_DEPLOY",
                        "{\"service\":\"api\",\"env\":\"prod\",\"trigger\":\"x\",\"commit\":\"c\","
                        "\"branch\":\"main\"}"));
    assert_int_equal(trigger->kind, TRIGGER_RESTART);
    assert_int_equal(trigger->scope, SCOPE_SERVICE);
    assert_false(trigger->is_automatic);
    assert_view(trigger->service, "api");
    trigger = accept(f, EVENT("action.prod", "SERVICE_DEPLOY",
                              "{\"service\":\"api\",\"tag\":\"v1\",\"other\":[1]}"));
    assert_int_equal(trigger->kind, TRIGGER_DEPLOY);
    assert_view(trigger->tag, "v1");
    assert_false(trigger->dry_run);
    trigger =
        accept(f, EVENT("action.prod", "SERVICE_DEPLOY",
                        "{\"service\":\"api\",\"tag\":\"v1\",\"dry_run\":true,\"force\":false}"));
    assert_true(trigger->dry_run);
    refuse(f, EVENT("action.prod", "SERVICE_DEPLOY", "{\"service\":\"a\",\"dry_run\":\"yes\"}"),
           ERR_EVENT_MALFORMED, "detail.dry_run: expected boolean, got string");
    refuse(f,
           EVENT("action.prod", "SERVICE_DEPLOY",
                 "{\"service\":\"a\",\"tag\":\"v1\",\"digest\":\"sha256:0\"}"),
           ERR_EVENT_MALFORMED, "detail.digest: SERVICE_DEPLOY does not take it");
    expect_ignored(f, EVENT("github.actions.dev", "SERVICE_DEPLOY", "{\"service\":\"api\"}"),
                   "is obeyed in the environment that it names");
    refuse(f, EVENT("action.prod", "SERVICE_DEPLOY", "{}"), ERR_EVENT_MALFORMED,
           "detail.service: expected a name, got nothing");
    refuse(f, EVENT("action.prod", "SERVICE_DEPLOY", "{\"service\":7}"), ERR_EVENT_MALFORMED,
           "detail.service: expected string, got number");
    refuse(f, EVENT("action.prod", "SERVICE_DEPLOY", "{\"service\":\"a\",\"tag\":null}"),
           ERR_EVENT_MALFORMED, "detail.tag: expected string, got null");
    refuse(f, EVENT("action.prod", "SERVICE_DEPLOY", "{\"service\":\"a\",\"tag\":\"\"}"),
           ERR_TAG_INVALID, "the tag is empty");
    /* a tag under another name must not become a restart of the old image */
    refuse(f, EVENT("action.prod", "SERVICE_DEPLOY", "{\"service\":\"a\",\"image_Tag\":\"v1\"}"),
           ERR_EVENT_MALFORMED, "it is not known what 'image_Tag' means");
    refuse(f, EVENT("action.prod", "SERVICE_DEPLOY", "{\"service\":\"a\",\"version\":\"v1\"}"),
           ERR_EVENT_MALFORMED, "'version'");
    refuse(f,
           EVENT("action.prod", "SERVICE_DEPLOY",
                 "{\"service\":\"a\",\"tag\":\"v1\",\"reason\":{\"text\":\"x\"}}"),
           ERR_EVENT_MALFORMED, "detail.reason: expected string, got object");
    accept(f, EVENT("action.prod", "SERVICE_DEPLOY", "{\"service\":\"a\",\"reason\":null}"));
}

/* Passed over like the other members that nobody knows, it would be carried out. */
static void a_misspelt_dry_run_deploys_nothing(void **state) {
    struct fixture *f = *state;
    refuse(f,
           EVENT("action.prod", "SERVICE_DEPLOY",
                 "{\"service\":\"a\",\"tag\":\"v1\",\"dryRun\":true}"),
           ERR_EVENT_MALFORMED, "detail.dryRun: unknown; known: dry_run");
    refuse(f, EVENT("action.prod", "SERVICE_DEPLOY", "{\"service\":\"a\",\"dry-run\":true}"),
           ERR_EVENT_MALFORMED, "detail.dry-run: unknown");
}

/* ---- rollbacks ---- */

#define ROLLBACK(detail) EVENT("action.production", "ROLLBACK", detail)

static void rollbacks(void **state) {
    struct fixture *f = *state;
    struct trigger *trigger =
        accept(f, ROLLBACK("{\"service\":\"backend\",\"reason\":\"x\",\"dry_run\":true}"));
    assert_int_equal(trigger->kind, TRIGGER_ROLLBACK);
    assert_view(trigger->service, "backend");
    assert_view(trigger->to, "");
    assert_view(trigger->reason, "x");
    assert_true(trigger->dry_run);
    static const char *const accepted[] = {
        "41", "family:41", "git-abc123f", "v1.2.3",
        "arn:aws:ecs:eu-west-1:222222222222:task-definition/f:1"};
    for (size_t i = 0; i < COUNT(accepted); i++) {
        char payload[512];
        snprintf(payload, sizeof(payload), ROLLBACK("{\"service\":\"backend\",\"to\":\"%s\"}"),
                 accepted[i]);
        assert_view(accept(f, payload)->to, accepted[i]);
    }
    refuse(f, ROLLBACK("{}"), ERR_EVENT_MALFORMED, "detail.service");
    refuse(f, ROLLBACK("{\"service\":\"a\",\"to\":\"\"}"), ERR_EVENT_MALFORMED, "detail.to");
    refuse(f, ROLLBACK("{\"service\":\"a\",\"to\":null}"), ERR_EVENT_MALFORMED,
           "detail.to: expected string, got null");
    refuse(f, ROLLBACK("{\"service\":\"a\",\"to\":\"a b\"}"), ERR_EVENT_MALFORMED,
           "'a b' is neither a revision nor a tag");
    refuse(f, ROLLBACK("{\"service\":\"a\",\"tag\":\"v1\"}"), ERR_EVENT_MALFORMED,
           "detail.tag: unknown");
    refuse(f, ROLLBACK("{\"service\":\"a\",\"dry_run\":null}"), ERR_EVENT_MALFORMED,
           "detail.dry_run: expected boolean, got null");
    refuse(f,
           ROLLBACK("{\"service\":\"a\",\"to\":"
                    "\"arn:aws:ecs:eu-west-1:333333333333:task-definition/f:1\"}"),
           ERR_FAMILY_MISMATCH, "of account '333333333333'");
}

/* ---- parameters ---- */

static void parameters(void **state) {
    struct fixture *f = *state;
    struct trigger *trigger = accept(
        f, PARAMETER("{\"operation\":\"Update\",\"name\":\"/prod/myproject/user-api/db/URL\"}"));
    assert_int_equal(trigger->kind, TRIGGER_RESTART);
    assert_int_equal(trigger->scope, SCOPE_PARAMETER);
    assert_true(trigger->is_automatic);
    assert_view(trigger->service, "user-api");
    accept(f, PARAMETER("{\"operation\":\"Create\",\"name\":\"/prod/myproject/a/B\","
                        "\"exception\":null}"));
    static const struct {
        const char *payload, *note;
    } cases[] = {
        {PARAMETER("{\"operation\":\"Delete\",\"name\":\"/prod/myproject/api/X\"}"), "'Delete'"},
        {PARAMETER("{\"operation\":\"LabelParameterVersion\",\"name\":\"/prod/myproject/api/X\"}"),
         "'LabelParameterVersion'"},
        {PARAMETER("{\"name\":\"/prod/myproject/api/X\"}"), "gives the parameter no new value"},
        {PARAMETER("{\"operation\":\"Update\",\"name\":\"/prod/myproject/api/X\",\"exception\":"
                   "\"not found\"}"),
         "the change of the parameter failed"},
        {PARAMETER("{\"operation\":\"Update\",\"name\":\"/xprod/myproject/api/X\"}"), "not of the"},
        {PARAMETER("{\"operation\":\"Update\",\"name\":\"/other/prod/myproject/api/X\"}"),
         "not of the"},
        {PARAMETER("{\"operation\":\"Update\",\"name\":\"/prod/myproject2/api/X\"}"), "not of the"},
        {PARAMETER("{\"operation\":\"Update\",\"name\":\"/prod/myproject/api\"}"), "not of the"},
        {PARAMETER("{\"operation\":\"Update\",\"name\":\"/prod/myproject/api/\"}"), "not of the"},
        {PARAMETER("{\"operation\":\"Update\",\"name\":\"/prod/myproject//X\"}"), "not of the"},
        {PARAMETER("{\"operation\":\"Update\",\"name\":\"prod/myproject/api/X\"}"), "not of the"},
        {PARAMETER("{\"operation\":\"Update\"}"), "not of the"},
        {PARAMETER("{}"), ""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        expect_ignored(f, cases[i].payload, cases[i].note);
    }
}

/* ---- env files ---- */

static void env_files(void **state) {
    struct fixture *f = *state;
    struct trigger *trigger =
        accept(f, EVENT("aws.s3", "Object Created",
                        "{\"bucket\":{\"name\":\"b\"},\"object\":{\"key\":\"api/a b+c.env\"}}"));
    assert_int_equal(trigger->kind, TRIGGER_RESTART);
    assert_int_equal(trigger->scope, SCOPE_OBJECT);
    assert_view(trigger->bucket, "b");
    assert_view(trigger->key, "api/a b+c.env");
    static const char *const calls[] = {"PutObject", "CopyObject", "CompleteMultipartUpload"};
    for (size_t i = 0; i < COUNT(calls); i++) {
        char payload[512];
        snprintf(payload, sizeof(payload),
                 CLOUDTRAIL("{\"eventName\":\"%s\",\"requestParameters\":{\"bucketName\":\"b\","
                            "\"key\":\"k\"}}"),
                 calls[i]);
        assert_view(accept(f, payload)->key, "k");
    }
    expect_ignored(f,
                   CLOUDTRAIL("{\"eventName\":\"DeleteObject\",\"requestParameters\":"
                              "{\"bucketName\":\"b\",\"key\":\"k\"}}"),
                   "'DeleteObject' writes no object");
    expect_ignored(f,
                   CLOUDTRAIL("{\"eventName\":\"PutObject\",\"errorCode\":\"AccessDenied\","
                              "\"requestParameters\":{\"bucketName\":\"b\",\"key\":\"k\"}}"),
                   "'PutObject' failed");
    refuse(f, EVENT("aws.s3", "Object Created", "{\"bucket\":{\"name\":\"b\"}}"),
           ERR_EVENT_MALFORMED, "expected a bucket and an object's key");
}

/* ---- deployments ---- */

#define SERVICE_ARN "arn:aws:ecs:us-east-1:222222222222:service/c/s"
#define DEPLOYMENT(resource, name)                                                                 \
    "{\"source\":\"aws.ecs\",\"detail-type\":\"ECS Deployment State Change\",\"account\":"         \
    "\"222222222222\",\"resources\":[\"" resource "\"],\"detail\":{\"eventType\":\"ERROR\","       \
    "\"eventName\":\"" name "\",\"deploymentId\":\"ecs-svc/1\",\"reason\":\"r\"}}"

static void deployments(void **state) {
    struct fixture *f = *state;
    struct trigger *trigger = accept(f, DEPLOYMENT(SERVICE_ARN, "SERVICE_DEPLOYMENT_FAILED"));
    assert_int_equal(trigger->kind, TRIGGER_ROLLOUT);
    assert_int_equal(trigger->scope, SCOPE_ECS_SERVICE);
    assert_view(trigger->ecs_service, SERVICE_ARN);
    assert_view(trigger->rollout.name, "SERVICE_DEPLOYMENT_FAILED");
    assert_view(trigger->rollout.deployment_id, "ecs-svc/1");
    assert_view(trigger->rollout.reason, "r");
    static const char *const noise[] = {
        DEPLOYMENT(SERVICE_ARN, "SERVICE_STEADY_STATE"),
        DEPLOYMENT(SERVICE_ARN, "TASKSET_STEADY_STATE"),
        DEPLOYMENT(SERVICE_ARN, "CAPACITY_PROVIDER_STEADY_STATE"),
        DEPLOYMENT(SERVICE_ARN, "SERVICE_DESIRED_COUNT_UPDATED"),
        DEPLOYMENT(SERVICE_ARN, "TASKS_STOPPED"),
        DEPLOYMENT(SERVICE_ARN, ""),
    };
    for (size_t i = 0; i < COUNT(noise); i++) {
        expect_ignored(f, noise[i], "tells nothing of a deployment");
    }
    refuse(f,
           DEPLOYMENT("arn:aws:ecs:us-east-1:222222222222:cluster/c", "SERVICE_DEPLOYMENT_FAILED"),
           ERR_EVENT_MALFORMED, "resources: expected the ARN of an ECS service");
}

/* ---- switches ---- */

static void switched_off(void **state) {
    struct fixture *f = *state;
    f->config.enable_ecr = f->config.enable_ssm = f->config.enable_s3 = f->config.enable_manual =
        false;
    expect_ignored(f, PUSHED("rr", "t"), "switched off by ENABLE_ECR_MONITORING");
    expect_ignored(f, READY("{}"), "switched off by ENABLE_ECR_MONITORING");
    expect_ignored(f, PARAMETER("{}"), "switched off by ENABLE_SSM_MONITORING");
    expect_ignored(f, CLOUDTRAIL("{}"), "switched off by ENABLE_S3_MONITORING");
    expect_ignored(f, ROLLBACK("{}"), "switched off by ENABLE_MANUAL_DEPLOY");
    expect_ignored(f, EVENT("action.prod", "SERVICE_DEPLOY", "{}"),
                   "switched off by ENABLE_MANUAL_DEPLOY");
    accept(f, DEPLOYMENT(SERVICE_ARN, "SERVICE_DEPLOYMENT_COMPLETED"));
}

/* ---- SQS ---- */

#define RECORD(id, body)                                                                           \
    "{\"messageId\":\"" id "\",\"eventSource\":\"aws:sqs\",\"body\":\"" body "\"}"
#define BODY(service)                                                                              \
    "{\\\"source\\\":\\\"action.deploy\\\",\\\"detail-type\\\":\\\"DEPLOY\\\",\\\"detail\\\":"     \
    "{\\\"service\\\":\\\"" service "\\\"}}"

static void a_batch(void **state) {
    struct fixture *f = *state;
    send_view(f, VIEW("{\"Records\":[" RECORD("m1", BODY("a")) "," RECORD(
                     "m2", "no JSON") "," RECORD("m3", "[]") "," RECORD("m4", BODY("b")) "]}"));
    assert_int_equal(f->routed.shape, PAYLOAD_SQS);
    assert_int_equal(f->routed.n_triggers, 4);
    assert_int_equal(f->routed.n_unread, 0);
    assert_view(f->routed.message_ids[3], "m4");
    assert_view(f->routed.triggers[0].service, "a");
    assert_int_equal(f->routed.triggers[1].refusal.code, ERR_EVENT_MALFORMED);
    assert_int_equal(f->routed.triggers[2].refusal.code, ERR_EVENT_MALFORMED);
    assert_view(f->routed.triggers[3].service, "b");
}

static void messages_without_an_id(void **state) {
    struct fixture *f = *state;
    refuse(f, "{\"Records\":[{\"eventSource\":\"aws:sqs\",\"body\":\"{}\"}]}", ERR_EVENT_MALFORMED,
           "a message without a messageId");
    refuse(f, "{\"Records\":[{\"eventSource\":\"aws:s3\",\"s3\":{}}]}", ERR_EVENT_MALFORMED,
           "its members: Records");
}

/* What is too much for one invocation is left to SQS. */
static void more_messages_than_are_read(void **state) {
    struct fixture *f = *state;
    static char payload[64 * 1024];
    size_t n = ROUTE_MAX_EVENTS + 3;
    size_t len = (size_t)snprintf(payload, sizeof(payload), "{\"Records\":[");
    for (size_t i = 0; i < n; i++) {
        len += (size_t)snprintf(payload + len, sizeof(payload) - len,
                                "%s{\"messageId\":\"m%zu\",\"eventSource\":\"aws:sqs\",\"body\":"
                                "\"" BODY("a") "\"}",
                                i > 0 ? "," : "", i);
    }
    snprintf(payload + len, sizeof(payload) - len, "]}");
    send_view(f, view_of(payload));
    assert_int_equal(f->routed.n_triggers, ROUTE_MAX_EVENTS);
    assert_int_equal(f->routed.n_unread, 3);
    assert_view(f->routed.unread[0], "m100");
    assert_view(f->routed.unread[2], "m102");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_push),
        TEST(what_is_no_push_of_a_tag),
        TEST(pushes_of_other_accounts),
        TEST(an_image_that_is_ready),
        TEST(what_other_tools_send),
        TEST(a_misspelt_dry_run_deploys_nothing),
        TEST(rollbacks),
        TEST(parameters),
        TEST(env_files),
        TEST(deployments),
        TEST(switched_off),
        TEST(a_batch),
        TEST(messages_without_an_id),
        TEST(more_messages_than_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
