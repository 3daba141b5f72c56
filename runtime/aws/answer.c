#include "runtime/aws/answer.h"

#include "runtime/aws/aws_failure.h"
#include "runtime/base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ECS nests a handful of levels; the rest is room for what AWS may add. */
#define AWS_RESPONSE_DEPTH 64
/* "answer to " and the longest operation. */
#define SUBJECT_BYTES 128
/* Digits of a number that is looked at; longer ones are not what is expected. */
#define NUMBER_MAX_BYTES 48
/* 9999-12-31T23:59:59Z, in seconds. */
#define TIME_MAX_SECONDS 253402300799.0

static const struct json_limits limits = {
    .max_bytes = AWS_RESPONSE_BYTES,
    .max_depth = AWS_RESPONSE_DEPTH,
};

struct answer_note answer_note(const struct aws_call *call) {
    struct answer_note note = {.text = ""};
    if (call->request_id[0] != '\0') {
        (void)snprintf(note.text, sizeof(note.text), " (request id %s)", call->request_id);
    }
    return note;
}

bool answer_failed(const struct aws_call *call) {
    return err_is_set(&call->err) || call->status < 200 || call->status > 299;
}

bool answer_has_code(const struct aws_call *call, const char *code) {
    return strcmp(call->code, code) == 0;
}

bool answer_is_denied(const struct aws_call *call) {
    return aws_failure_is_denial(call->code);
}

int answer_scan(struct view text, const char *subject, struct answer_note note,
                struct json_span *ret_root, struct err *err) {
    struct json_span root;
    struct err failure;
    err_init(&failure);
    if (json_scan(text, &limits, subject, &root, &failure) < 0) {
        return failure.code == ERR_OUT_OF_MEMORY
                   ? err_out_of_memory(err, subject)
                   : err_set(err, ERR_BAD_RESPONSE, "%s is no JSON%s", subject, note.text);
    }
    if (root.type != JSON_OBJECT) {
        return err_set(err, ERR_BAD_RESPONSE, "%s is no JSON object%s", subject, note.text);
    }
    *ret_root = root;
    return 0;
}

struct view answer_message(const struct aws_call *call) {
    return call->message.len > 0 ? call->message : view_of(call->err.message);
}

int answer_pass_on(const struct aws_call *call, struct err *err) {
    if (!err_is_set(&call->err)) {
        return err_set(err, ERR_BAD_RESPONSE, "%s of %s answered with status %d%s", call->operation,
                       call->service->name, call->status, answer_note(call).text);
    }
    bool is_first = !err_is_set(err);
    (void)err_set(err, call->err.code, "%s", call->err.message);
    if (is_first && call->err.remedy[0] != '\0') {
        err_remedy(err, "%s", call->err.remedy);
    }
    return -1;
}

int answer_object(const struct aws_call *call, struct json_span *ret_root, struct err *err) {
    char subject[SUBJECT_BYTES];
    (void)snprintf(subject, sizeof(subject), "answer to %s", call->operation);
    return answer_scan(call->response, subject, answer_note(call), ret_root, err);
}

int answer_lacks(const struct aws_call *call, const char *what, struct err *err) {
    return err_set(err, ERR_BAD_RESPONSE, "answer to %s without a proper '%s'%s", call->operation,
                   what, answer_note(call).text);
}

int answer_string(const struct aws_call *call, struct json_span object, const char *name,
                  struct arena *arena, struct view *ret_value, struct err *err) {
    struct view value = {0};
    if (json_find_string(object, name, arena, &value, err) < 0) {
        return -1;
    }
    if (value.len == 0) {
        return answer_lacks(call, name, err);
    }
    *ret_value = value;
    return 0;
}

bool answer_array(struct json_span object, const char *name, struct json_span *ret_array) {
    struct json_span value;
    if (!json_find(object, name, &value) || value.type != JSON_ARRAY) {
        return false;
    }
    *ret_array = value;
    return true;
}

size_t answer_count(struct json_span array) {
    struct json_iterator iterator = json_iterate(array);
    struct json_span element;
    size_t n = 0;
    while (json_next_element(&iterator, &element)) {
        n++;
    }
    return n;
}

int64_t answer_time_ms(struct json_span object, const char *name) {
    struct json_span value;
    int64_t ms = 0;
    if (!json_find(object, name, &value)) {
        return 0;
    }
    if (value.type == JSON_STRING) {
        struct view text = view_slice(value.text, 1, value.text.len - 2);
        return time_parse_rfc3339(text, &ms) ? ms : 0;
    }
    if (value.type != JSON_NUMBER || value.text.len >= NUMBER_MAX_BYTES) {
        return 0;
    }
    char digits[NUMBER_MAX_BYTES];
    memcpy(digits, value.text.data, value.text.len);
    digits[value.text.len] = '\0';
    double seconds = strtod(digits, NULL);
    if (!(seconds > 0.0 && seconds <= TIME_MAX_SECONDS)) {
        return 0;
    }
    return (int64_t)(seconds * 1000.0 + 0.5);
}

bool answer_i64(struct json_span object, const char *name, int64_t *ret_value) {
    struct json_span value;
    return json_find(object, name, &value) && value.type == JSON_NUMBER &&
           view_to_i64(value.text, ret_value);
}

int answer_request_body(const struct buf *body, struct arena *arena, struct view *ret_body,
                        struct err *err) {
    if (buf_check(body, "request", err) < 0) {
        return -1;
    }
    struct view copy = arena_copy(arena, buf_view(body));
    if (!copy.data) {
        return err_out_of_memory(err, "request");
    }
    *ret_body = copy;
    return 0;
}

int answer_finish_call(struct json_writer *w, const struct aws_service *service,
                       const char *operation, struct arena *arena, struct aws_call *ret_call,
                       struct err *err) {
    struct aws_call call = {.service = service, .operation = operation};
    json_end_object(w);
    if (answer_request_body(w->buf, arena, &call.body, err) < 0) {
        return -1;
    }
    *ret_call = call;
    return 0;
}
