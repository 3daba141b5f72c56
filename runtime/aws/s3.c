#include "runtime/aws/s3.h"

#include "runtime/aws/answer.h"
#include "runtime/aws/denial.h"
#include "runtime/aws/uri.h"
#include "runtime/base/secret.h"

const struct aws_service s3_service = {
    .name = "s3",
    .endpoint_prefix = "s3",
    .dualstack_host = "s3{fips}.dualstack.{region}.{suffix}",
    .signing_name = "s3",
    .env_name = "S3",
    .protocol = AWS_REST_XML,
};

#define BUCKET_MIN_BYTES 3
#define BUCKET_MAX_BYTES 63
#define KEY_MAX_BYTES 1024
/* Each byte of the key may become three. */
#define PATH_BYTES ((size_t)4 * 1024)

static bool is_lower_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool s3_bucket_is_valid(struct view bucket) {
    if (bucket.len < BUCKET_MIN_BYTES || bucket.len > BUCKET_MAX_BYTES ||
        !is_lower_or_digit(bucket.data[0]) || !is_lower_or_digit(bucket.data[bucket.len - 1])) {
        return false;
    }
    for (size_t i = 0; i < bucket.len; i++) {
        char c = bucket.data[i];
        if (!is_lower_or_digit(c) && c != '-' &&
            (c != '.' || bucket.data[i + 1] == '.')) { /* a dot is not the last one */
            return false;
        }
    }
    return true;
}

bool s3_key_is_valid(struct view key) {
    if (key.len == 0 || key.len > KEY_MAX_BYTES) {
        return false;
    }
    for (size_t i = 0; i < key.len; i++) {
        unsigned char c = (unsigned char)key.data[i];
        if (c < ' ' || c == 0x7f) {
            return false;
        }
    }
    struct view rest = key;
    for (bool more = true; more;) {
        struct view segment = rest;
        more = view_cut(rest, '/', &segment, &rest);
        if (view_equal(segment, VIEW(".")) || view_equal(segment, VIEW(".."))) {
            return false;
        }
    }
    return true;
}

int s3_get_object_call(struct view bucket, struct view key, struct arena *arena,
                       struct aws_call *ret_call, struct err *err) {
    struct buf path BUF_AUTO = BUF_INIT(PATH_BYTES);
    struct aws_call call = {.service = &s3_service, .operation = "GetObject", .method = "GET"};
    buf_append_char(&path, '/');
    uri_append_encoded(&path, bucket, '\0');
    buf_append_char(&path, '/');
    uri_append_encoded(&path, key, '/');
    if (answer_request_body(&path, arena, &call.path, err) < 0) {
        return -1;
    }
    *ret_call = call;
    return 0;
}

bool s3_is_missing(const struct aws_call *call) {
    return answer_has_code(call, "NoSuchKey") || answer_has_code(call, "NoSuchBucket");
}

static bool is_elsewhere(const struct aws_call *call) {
    return answer_has_code(call, "PermanentRedirect") ||
           answer_has_code(call, "AuthorizationHeaderMalformed") ||
           answer_has_code(call, "IllegalLocationConstraintException") || call->status == 301;
}

static int refuse_access(const struct aws_call *call, struct err *err) {
    err_set(err, ERR_ACCESS_DENIED, "GetObject denied: " VIEW_FMT "%s",
            VIEW_ARG(answer_message(call)), answer_note(call).text);
    if (denial_text_has(call->message, "kms:") || denial_text_has(call->message, "ciphertext")) {
        err_remedy(err, "allow kms:Decrypt on the object's key to the function's role");
    } else {
        err_remedy(err, "allow s3:GetObject on the object to the function's role, and see that the "
                        "object exists: without s3:ListBucket S3 does not tell the one from the "
                        "other");
    }
    return -1;
}

static int refuse(const struct aws_call *call, struct err *err) {
    if (answer_is_denied(call)) {
        return refuse_access(call, err);
    }
    if (s3_is_missing(call)) {
        err_set(err, ERR_BAD_RESPONSE, "the %s does not exist%s",
                answer_has_code(call, "NoSuchBucket") ? "bucket" : "object",
                answer_note(call).text);
        err_remedy(err, "put the object there, or correct the bucket and the key");
        return -1;
    }
    if (is_elsewhere(call)) {
        err_set(err, ERR_BAD_RESPONSE, "the bucket is in another region%s", answer_note(call).text);
        err_remedy(err, "put the object into a bucket in the function's own region");
        return -1;
    }
    return answer_pass_on(call, err);
}

static int read_object(const struct aws_call *call, struct buf *object, struct err *err) {
    if (call->response.len > S3_OBJECT_BYTES) {
        err_set(err, ERR_BAD_RESPONSE, "the object has %zu bytes, more than %zu%s",
                call->response.len, S3_OBJECT_BYTES, answer_note(call).text);
        err_remedy(err, "make the object smaller");
        return -1;
    }
    buf_append(object, call->response);
    return buf_check(object, "the object", err);
}

int s3_get_object_result(struct aws_call *call, struct buf *object, struct err *err) {
    int rc = answer_failed(call) ? refuse(call, err) : read_object(call, object, err);
    secret_overwrite(call->response.data, call->response.len);
    return rc;
}
