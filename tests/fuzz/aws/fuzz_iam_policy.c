/*
 * The input is the policy of a resource. Its answer is the same twice; more statements can only do
 * what they say: with a Deny for everybody nobody is allowed, with one that is about nothing the
 * answer stays, and what cannot be read is never a yes.
 */

#include "runtime/aws/iam_policy.h"
#include "runtime/base/buf.h"
#include "runtime/base/json_scan.h"
#include "tests/fuzz/require.h"

static const struct iam_request request = {
    .principal = {"arn:aws:iam::222222222222:role/puller", 37},
    .account = {"222222222222", 12},
    .organization_is = IAM_ORGANIZATION_KNOWN,
    .organization = {"o-a1b2c3d4e5", 12},
    .action = {"ecr:BatchGetImage", 17},
    .resource = {"arn:aws:ecr:us-east-1:111111111111:repository/r", 47},
    .region = {"us-east-1", 9},
};

static enum iam_verdict verdict_of(struct view policy, struct arena *arena) {
    struct iam_answer answer;
    struct err err;
    err_init(&err);
    require(iam_policy_evaluate(policy, &request, arena, &answer, &err) == 0);
    require(answer.verdict != IAM_UNTOLD || answer.why.len > 0);
    return answer.verdict;
}

/* {"Statement":[<the statements>,<another one>]} */
static enum iam_verdict verdict_with(struct json_span statements, const char *another,
                                     struct arena *arena) {
    struct buf text BUF_AUTO = BUF_INIT((size_t)512 * 1024);
    struct json_span one;
    struct json_iterator iterator = json_iterate(statements);
    buf_append_str(&text, "{\"Statement\":[");
    while (json_next_element(&iterator, &one)) {
        buf_append(&text, one.text);
        buf_append_char(&text, ',');
    }
    buf_append_str(&text, another);
    buf_append_str(&text, "]}");
    require(!text.failed);
    return verdict_of(buf_view(&text), arena);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size) {
    static const struct json_limits limits = {.max_bytes = (size_t)256 * 1024, .max_depth = 32};
    struct arena arena ARENA_AUTO = ARENA_INIT((size_t)64 * 1024 * 1024);
    struct view policy = {(const char *)data, size};
    struct json_span root;
    struct json_span statements;
    struct err err;
    err_init(&err);
    enum iam_verdict verdict = verdict_of(policy, &arena);
    require(verdict_of(policy, &arena) == verdict);
    if (json_scan(policy, &limits, "policy", &root, &err) < 0) {
        require(size == 0 || verdict == IAM_UNTOLD);
        return 0;
    }
    if (!json_find(root, "Statement", &statements) || statements.type != JSON_ARRAY) {
        return 0;
    }
    require(verdict_with(statements, "{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"*\"}",
                         &arena) == IAM_DENIED);
    require(verdict_with(statements,
                         "{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"sqs:x\"}",
                         &arena) == verdict);
    enum iam_verdict allowed = verdict_with(
        statements, "{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"*\"}", &arena);
    require(verdict != IAM_DENIED || allowed == IAM_DENIED);
    require(verdict != IAM_ALLOWED || allowed == IAM_ALLOWED);
    require(allowed != IAM_NOT_ALLOWED);
    return 0;
}
