#include "runtime/lambda/invocation.h"

#include "runtime/base/ascii.h"

#include <stddef.h>

/* 9999-12-31T23:59:59.999Z. */
#define LAST_WALL_MS INT64_C(253402300799999)

/* Which header goes where. */
static const struct {
    const char *name;
    size_t offset;
} header_fields[] = {
    {"Lambda-Runtime-Aws-Request-Id", offsetof(struct lambda_invocation, request_id)},
    {"Lambda-Runtime-Invoked-Function-Arn", offsetof(struct lambda_invocation, function_arn)},
    {"Lambda-Runtime-Trace-Id", offsetof(struct lambda_invocation, trace_id)},
    {"Lambda-Runtime-Client-Context", offsetof(struct lambda_invocation, client_context)},
    {"Lambda-Runtime-Cognito-Identity", offsetof(struct lambda_invocation, cognito_identity)},
    {"Lambda-Runtime-Aws-Tenant-Id", offsetof(struct lambda_invocation, tenant_id)},
    {"Lambda-Runtime-Invocation-Id", offsetof(struct lambda_invocation, invocation_id)},
};

static bool has_control_characters(struct view value) {
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.data[i];
        if (c < 0x20 || c == 0x7f) {
            return true;
        }
    }
    return false;
}

bool invocation_request_id_is_valid(struct view request_id) {
    return request_id.len > 0 && request_id.len <= INVOCATION_REQUEST_ID_BYTES &&
           !has_control_characters(request_id) && !view_equal(request_id, VIEW(".")) &&
           !view_equal(request_id, VIEW(".."));
}

/* 0 for anything that is no time. */
static int64_t read_deadline(struct view text) {
    int64_t ms = 0;
    if (!view_to_i64(view_trim(text), &ms) || ms < 0 || ms > LAST_WALL_MS) {
        return 0;
    }
    return ms;
}

int64_t invocation_deadline_ms(int64_t deadline_wall_ms, int64_t wall_ms, int64_t monotonic_ms) {
    int64_t left_ms = INVOCATION_DEFAULT_MS;
    if (deadline_wall_ms > 0) {
        left_ms = deadline_wall_ms - wall_ms;
    }
    if (left_ms < 0) {
        left_ms = 0;
    }
    if (left_ms > INVOCATION_MAX_MS) {
        left_ms = INVOCATION_MAX_MS;
    }
    int64_t reserve_ms = left_ms / 5;
    if (reserve_ms > LAMBDA_DEADLINE_RESERVE_MS) {
        reserve_ms = LAMBDA_DEADLINE_RESERVE_MS;
    }
    return monotonic_ms + left_ms - reserve_ms;
}

int invocation_read(const struct http_exchange *next, int64_t wall_ms, int64_t monotonic_ms,
                    struct lambda_invocation *ret_invocation, struct err *err) {
    struct lambda_invocation invocation = {0};
    for (size_t i = 0; i < sizeof(header_fields) / sizeof(header_fields[0]); i++) {
        struct view value = view_trim(http_response_header(next, header_fields[i].name));
        /* What is put into the environment, a log line or another header is one line of text. */
        if (!has_control_characters(value)) {
            *(struct view *)(void *)((char *)&invocation + header_fields[i].offset) = value;
        }
    }
    if (!invocation_request_id_is_valid(invocation.request_id)) {
        return err_set(err, ERR_BAD_RESPONSE,
                       "the Runtime API sent an invocation with no usable request id: '" VIEW_FMT
                       "'",
                       VIEW_ARG(invocation.request_id));
    }
    invocation.deadline_wall_ms =
        read_deadline(http_response_header(next, "Lambda-Runtime-Deadline-Ms"));
    invocation.deadline_ms =
        invocation_deadline_ms(invocation.deadline_wall_ms, wall_ms, monotonic_ms);
    invocation.payload = buf_view(&next->body_in);
    *ret_invocation = invocation;
    return 0;
}

void invocation_url(struct buf *url, struct view runtime_api, const char *path) {
    buf_append_str(url, "http://");
    buf_append(url, runtime_api);
    buf_append_str(url, "/2018-06-01/runtime");
    buf_append_str(url, path);
}

static void append_percent_encoded(struct buf *url, struct view text) {
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (ascii_is_unreserved(text.data[i])) {
            buf_append_char(url, text.data[i]);
        } else {
            buf_append_char(url, '%');
            buf_append_char(url, digits[c >> 4]);
            buf_append_char(url, digits[c & 15]);
        }
    }
}

void invocation_answer_url(struct buf *url, struct view runtime_api, struct view request_id,
                           const char *answer) {
    invocation_url(url, runtime_api, "/invocation/");
    append_percent_encoded(url, request_id);
    buf_append_char(url, '/');
    buf_append_str(url, answer);
}
