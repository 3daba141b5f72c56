/* Each allocation of a client and its calls fails once, and once from there on. */

#include "../base/oom.h"
#include "fixture_aws.h"

#define ROLE "arn:aws:iam::111111111111:role/registry-reader"

static const struct fake_answer assumed = {
    .status = 200,
    .body = "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA</AccessKeyId>"
            "<SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"
            "<Expiration>2026-11-20T23:39:04Z</Expiration></Credentials></AssumeRoleResult>"
            "</AssumeRoleResponse>"};

/* Three calls at once: one succeeds, one is told off, one needs a role. The scripted AWS answers
 * the role's call with the XML of AssumeRole, too, which the query protocol does not mind. */
static int run_once(void (*arm)(size_t n), size_t n, struct err *err) {
    static const struct fake_answer script[] = {
        {.operation = "Good", .status = 200, .body = "{\"good\":true}"},
        {.operation = "Good", .status = 200, .body = "{\"good\":true}"},
        {.operation = "Bad",
         .status = 400,
         .body = "{\"__type\":\"XException\",\"message\":\"w\"}"},
        {.operation = "Bad",
         .status = 400,
         .body = "{\"__type\":\"XException\",\"message\":\"w\"}"},
    };
    static const struct aws_service query = {.name = "sns",
                                             .endpoint_prefix = "sns",
                                             .signing_name = "sns",
                                             .env_name = "SNS",
                                             .protocol = AWS_QUERY,
                                             .api_version = "2010-03-31"};
    struct fake fake;
    fake_init(&fake, script, 4);
    fake.otherwise = &assumed;
    const struct aws_options options = {
        .http = &fake.http, .clock = &fake.clock, .env = &client_env, .region = VIEW("us-east-1")};
    struct aws *aws = NULL;
    struct arena arena = ARENA_INIT(1 << 20);
    arm(n);
    int result = aws_new(&options, &aws, err);
    if (result == 0) {
        struct aws_call calls[3] = {
            ecs_call("Good"), ecs_call("Bad"), {.service = &query, .operation = "Publish"}};
        calls[2].role_arn = VIEW(ROLE);
        aws_call_all(aws, calls, 3, DEADLINE_IN_MS(60000), &arena);
        for (size_t i = 0; i < 3; i++) {
            enum err_code expected = i == 1 ? ERR_BAD_RESPONSE : ERR_NONE;
            if (calls[i].err.code != expected) {
                assert_int_equal(calls[i].err.code, ERR_OUT_OF_MEMORY);
                *err = calls[i].err;
                result = -1;
            }
        }
    }
    aws_free(aws);
    arena_release(&arena);
    assert_int_equal(fake.n_pending, 0);
    fake_release(&fake);
    return result;
}

static size_t exhaust(void (*arm)(size_t n)) {
    OOM_FOR_EACH(n) {
        struct err err;
        err_init(&err);
        int result = run_once(arm, n, &err);
        if (!oom_disarm()) {
            assert_int_equal(result, 0);
            return n - 1;
        }
        assert_true(result == 0 || err.code == ERR_OUT_OF_MEMORY);
    }
    return 0;
}

static void arm_one(size_t n) {
    oom_arm(n);
}

static void arm_from(size_t n) {
    oom_arm_from(n);
}

static void each_allocation_fails_once(void **state) {
    (void)state;
    assert_true(exhaust(arm_one) > 10);
}

static void all_fail_from_each_on(void **state) {
    (void)state;
    assert_true(exhaust(arm_from) > 10);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_allocation_fails_once),
        cmocka_unit_test(all_fail_from_each_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
