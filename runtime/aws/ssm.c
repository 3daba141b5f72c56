#include "runtime/aws/ssm.h"

#include "runtime/aws/answer.h"
#include "runtime/aws/arn.h"
#include "runtime/aws/denial.h"
#include "runtime/base/json_write.h"
#include "runtime/base/secret.h"

const struct aws_service ssm_service = {
    .name = "ssm",
    .endpoint_prefix = "ssm",
    .signing_name = "ssm",
    .env_name = "SSM",
    .protocol = AWS_JSON_1_1,
    .target_prefix = "AmazonSSM",
    .gov_is_fips = true,
};

/* A parameter's value is 8 KB at most. */
#define ARENA_BYTES ((size_t)64 * 1024)

int ssm_get_parameter_call(struct view name, struct arena *arena, struct aws_call *ret_call,
                           struct err *err) {
    struct buf buf BUF_AUTO = BUF_INIT(ANSWER_REQUEST_BYTES);
    struct json_writer w = json_writer(&buf);
    struct aws_call call = {.service = &ssm_service, .operation = "GetParameter"};
    struct arn arn;
    json_begin_object(&w, NULL);
    json_put_string(&w, "Name", name);
    json_put_bool(&w, "WithDecryption", true);
    json_end_object(&w);
    if (arn_parse(name, &arn)) {
        call.region = arn.region;
    }
    if (answer_request_body(&buf, arena, &call.body, err) < 0) {
        return -1;
    }
    *ret_call = call;
    return 0;
}

/* KMS names its action, or says "The ciphertext refers to a customer master key that does not
 * exist, […] or you are not allowed to access." */
static int refuse(const struct aws_call *call, struct err *err) {
    bool is_kms =
        denial_text_has(call->message, "kms:") || denial_text_has(call->message, "ciphertext");
    if (answer_is_denied(call)) {
        err_set(err, ERR_ACCESS_DENIED, "GetParameter denied: " VIEW_FMT "%s",
                VIEW_ARG(answer_message(call)), answer_note(call).text);
        err_remedy(err, "%s",
                   is_kms ? "allow kms:Decrypt on the parameter's key to the function's role"
                          : "allow ssm:GetParameter on the parameter to the function's role");
        return -1;
    }
    if (answer_has_code(call, "ParameterNotFound") ||
        answer_has_code(call, "ParameterVersionNotFound")) {
        err_set(err, ERR_BAD_RESPONSE, "the parameter does not exist%s", answer_note(call).text);
        err_remedy(err, "create the parameter as a SecureString, or correct its name");
        return -1;
    }
    return answer_pass_on(call, err);
}

/* In an arena of its own, whose pages are not the invocation's. */
static int read_value(const struct aws_call *call, struct buf *value, struct err *err) {
    struct arena arena ARENA_AUTO = ARENA_INIT(ARENA_BYTES);
    struct json_span root;
    struct json_span parameter;
    struct view text = {0};
    if (answer_object(call, &root, err) < 0) {
        return -1;
    }
    if (!json_find(root, "Parameter", &parameter) || parameter.type != JSON_OBJECT) {
        return answer_lacks(call, "Parameter", err);
    }
    if (answer_string(call, parameter, "Value", &arena, &text, err) < 0) {
        return -1;
    }
    buf_append(value, text);
    secret_overwrite(text.data, text.len);
    return buf_check(value, "the parameter", err);
}

int ssm_get_parameter_result(struct aws_call *call, struct buf *value, struct err *err) {
    int rc = answer_failed(call) ? refuse(call, err) : read_value(call, value, err);
    secret_overwrite(call->response.data, call->response.len);
    return rc;
}
