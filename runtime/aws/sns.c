#include "runtime/aws/sns.h"

#include "runtime/aws/answer.h"
#include "runtime/aws/arn.h"
#include "runtime/aws/uri.h"

const struct aws_service sns_service = {
    .name = "sns",
    .endpoint_prefix = "sns",
    .signing_name = "sns",
    .env_name = "SNS",
    .protocol = AWS_QUERY,
    .api_version = "2010-03-31",
    .gov_is_fips = true,
};

/* SNS takes 256 KB; encoded, each byte may become three. */
#define BODY_BYTES ((size_t)1024 * 1024)

static void put(struct buf *body, const char *name, struct view value) {
    if (body->len > 0) {
        buf_append_char(body, '&');
    }
    buf_append_str(body, name);
    buf_append_char(body, '=');
    uri_append_encoded(body, value, '\0');
}

static void put_subject(struct buf *body, struct view subject) {
    char text[SNS_SUBJECT_BYTES];
    size_t len = subject.len < SNS_SUBJECT_BYTES ? subject.len : SNS_SUBJECT_BYTES;
    for (size_t i = 0; i < len; i++) {
        char c = subject.data[i];
        if (c < ' ' || c >= 127) {
            c = '?';
        }
        text[i] = c;
    }
    put(body, "Subject", (struct view){.data = text, .len = len});
}

static void put_attribute(struct buf *body, size_t number, const char *part, struct view value) {
    buf_appendf(body, "&MessageAttributes.entry.%zu.%s=", number, part);
    uri_append_encoded(body, value, '\0');
}

static void put_attributes(struct buf *body, const struct sns_message *message) {
    size_t number = 0;
    for (size_t i = 0; i < message->n_attributes; i++) {
        const struct sns_attribute *attribute = &message->attributes[i];
        if (attribute->value.len == 0) {
            continue;
        }
        number++;
        put_attribute(body, number, "Name", view_of(attribute->name));
        put_attribute(body, number, "Value.DataType", VIEW("String"));
        put_attribute(body, number, "Value.StringValue", attribute->value);
    }
}

int sns_publish_call(const struct sns_message *message, struct arena *arena,
                     struct aws_call *ret_call, struct err *err) {
    struct buf body BUF_AUTO = BUF_INIT(BODY_BYTES);
    struct aws_call call = {.service = &sns_service, .operation = "Publish", .once = true};
    struct arn topic;
    put(&body, "TopicArn", message->topic_arn);
    if (message->subject.len > 0) {
        put_subject(&body, message->subject);
    }
    put(&body, "Message", message->message);
    put_attributes(&body, message);
    if (view_ends_with(message->topic_arn, VIEW(".fifo"))) {
        put(&body, "MessageGroupId", message->group);
        put(&body, "MessageDeduplicationId", message->deduplication);
    }
    if (arn_parse(message->topic_arn, &topic)) {
        call.region = topic.region;
    }
    if (answer_request_body(&body, arena, &call.body, err) < 0) {
        return -1;
    }
    *ret_call = call;
    return 0;
}

/* By SNS's policies, or by those of the key of an encrypted topic. */
static bool is_denied(const struct aws_call *call) {
    return answer_is_denied(call) || answer_has_code(call, "AuthorizationErrorException") ||
           answer_has_code(call, "KMSAccessDenied") ||
           answer_has_code(call, "KMSAccessDeniedException");
}

int sns_publish_result(const struct aws_call *call, struct err *err) {
    if (!answer_failed(call)) {
        return 0;
    }
    if (is_denied(call)) {
        err_set(err, ERR_ACCESS_DENIED, "Publish denied: " VIEW_FMT "%s",
                VIEW_ARG(answer_message(call)), answer_note(call).text);
        err_remedy(err, "allow sns:Publish on SNS_TOPIC_ARN to the function's role, and "
                        "kms:GenerateDataKey and kms:Decrypt if the topic is encrypted");
        return -1;
    }
    if (answer_has_code(call, "NotFound") || answer_has_code(call, "NotFoundException")) {
        err_set(err, ERR_BAD_RESPONSE, "the topic of SNS_TOPIC_ARN does not exist%s",
                answer_note(call).text);
        err_remedy(err, "create the topic, or correct SNS_TOPIC_ARN");
        return -1;
    }
    return answer_pass_on(call, err);
}
