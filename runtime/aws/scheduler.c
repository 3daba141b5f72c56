#include "runtime/aws/scheduler.h"

#include "runtime/aws/answer.h"
#include "runtime/aws/denial.h"
#include "runtime/aws/uri.h"
#include "runtime/base/json_write.h"

const struct aws_service scheduler_service = {
    .name = "scheduler",
    .endpoint_prefix = "scheduler",
    .signing_name = "scheduler",
    .env_name = "SCHEDULER",
    .protocol = AWS_REST_JSON,
};

/* A token is 2048 bytes at most; encoded, each may become three. */
#define PATH_BYTES ((size_t)8192)
#define DOCUMENT_BYTES ((size_t)512 * 1024)

/* --- requests --- */

static int finish_path(const struct buf *path, const char *method, const char *operation,
                       struct arena *arena, struct aws_call *ret_call, struct err *err) {
    struct aws_call call = {
        .service = &scheduler_service, .operation = operation, .method = method};
    if (buf_check(path, "a request's path", err) < 0) {
        return -1;
    }
    call.path = arena_copy(arena, buf_view(path));
    if (!call.path.data) {
        return err_out_of_memory(err, "a request");
    }
    *ret_call = call;
    return 0;
}

int scheduler_list_schedules_call(struct view next, struct arena *arena, struct aws_call *ret_call,
                                  struct err *err) {
    struct buf path BUF_AUTO = BUF_INIT(PATH_BYTES);
    buf_append(&path, VIEW("/schedules?MaxResults=100"));
    if (next.len > 0) {
        buf_append(&path, VIEW("&NextToken="));
        uri_append_encoded(&path, next, '\0');
    }
    return finish_path(&path, "GET", "ListSchedules", arena, ret_call, err);
}

int scheduler_get_schedule_call(struct view name, struct view group, struct arena *arena,
                                struct aws_call *ret_call, struct err *err) {
    struct buf path BUF_AUTO = BUF_INIT(PATH_BYTES);
    buf_append(&path, VIEW("/schedules/"));
    uri_append_encoded(&path, name, '\0');
    if (group.len > 0) {
        buf_append(&path, VIEW("?groupName="));
        uri_append_encoded(&path, group, '\0');
    }
    return finish_path(&path, "GET", "GetSchedule", arena, ret_call, err);
}

static bool is_read_only(struct view name_text) {
    return json_span_equals(name_text, VIEW("Name")) || json_span_equals(name_text, VIEW("Arn")) ||
           json_span_equals(name_text, VIEW("CreationDate")) ||
           json_span_equals(name_text, VIEW("LastModificationDate")) ||
           json_span_equals(name_text, VIEW("ClientToken"));
}

/* A member's bytes with the task definition's string replaced, if it lies in there. */
static void append_member(struct buf *body, struct view text,
                          const struct scheduler_schedule *schedule, struct view task_definition) {
    struct view old = schedule->task_definition_text;
    if (old.data < text.data || old.data >= text.data + text.len) {
        buf_append(body, text);
        return;
    }
    size_t at = (size_t)(old.data - text.data);
    buf_append(body, view_slice(text, 0, at));
    json_append_string(body, task_definition);
    buf_append(body, view_slice(text, at + old.len, text.len));
}

/* "StartDate":1767225600, or what it was as text: "2026-01-01T00:00:00.000Z" */
static void append_start(struct buf *body, const struct json_member *member, int64_t at_ms) {
    buf_append(body, member->name_text);
    buf_append_char(body, ':');
    if (member->value.type == JSON_STRING) {
        char text[TIME_RFC3339_BYTES];
        time_format_rfc3339(at_ms, text);
        json_append_string(body, view_of(text));
        return;
    }
    buf_appendf(body, "%lld", (long long)(at_ms / 1000));
    if (at_ms % 1000 != 0) {
        buf_appendf(body, ".%03d", (int)(at_ms % 1000));
    }
}

static bool is_left_out(const struct json_member *member, bool is_start,
                        const struct scheduler_schedule *schedule) {
    return is_read_only(member->name_text) || member->value.type == JSON_NULL ||
           (is_start && schedule->start.change == SCHEDULER_START_LEFT_OUT);
}

/* {"ActionAfterCompletion":"NONE",…,"Target":{…}} */
static void append_document(struct buf *body, const struct scheduler_schedule *schedule,
                            struct view task_definition) {
    const struct json_span document = {.text = schedule->text, .type = JSON_OBJECT};
    struct json_iterator iterator = json_iterate(document);
    struct json_member member;
    buf_append_char(body, '{');
    while (json_next_member(&iterator, &member)) {
        bool is_start = json_span_equals(member.name_text, VIEW("StartDate"));
        if (is_left_out(&member, is_start, schedule)) {
            continue;
        }
        if (body->len > 1) {
            buf_append_char(body, ',');
        }
        if (is_start && schedule->start.change == SCHEDULER_START_SET) {
            append_start(body, &member, schedule->start.at_ms);
        } else {
            append_member(body, member.text, schedule, task_definition);
        }
    }
    buf_append_char(body, '}');
}

int scheduler_update_schedule_call(const struct scheduler_schedule *schedule,
                                   struct view task_definition, struct arena *arena,
                                   struct aws_call *ret_call, struct err *err) {
    struct buf path BUF_AUTO = BUF_INIT(PATH_BYTES);
    struct buf body BUF_AUTO = BUF_INIT(DOCUMENT_BYTES);
    buf_append(&path, VIEW("/schedules/"));
    uri_append_encoded(&path, schedule->name, '\0');
    append_document(&body, schedule, task_definition);
    struct aws_call call;
    if (finish_path(&path, "PUT", "UpdateSchedule", arena, &call, err) < 0 ||
        answer_request_body(&body, arena, &call.body, err) < 0) {
        return -1;
    }
    *ret_call = call;
    return 0;
}

/* --- answers --- */

static int decode_summary(const struct aws_call *call, struct json_span object, struct arena *arena,
                          struct scheduler_summary *summary, struct err *err) {
    struct json_span target;
    if (answer_string(call, object, "Name", arena, &summary->name, err) < 0 ||
        json_find_string(object, "GroupName", arena, &summary->group, err) < 0) {
        return -1;
    }
    return json_find(object, "Target", &target) && target.type == JSON_OBJECT
               ? json_find_string(target, "Arn", arena, &summary->target_arn, err)
               : 0;
}

int scheduler_list_schedules_result(const struct aws_call *call, struct arena *arena,
                                    struct scheduler_page *ret_page, struct err *err) {
    struct json_span root;
    struct json_span array;
    struct json_span object;
    struct scheduler_page page = {0};
    if (answer_failed(call)) {
        return answer_pass_on(call, err);
    }
    if (answer_object(call, &root, err) < 0 ||
        json_find_string(root, "NextToken", arena, &page.next, err) < 0) {
        return -1;
    }
    if (!answer_array(root, "Schedules", &array)) {
        return answer_lacks(call, "Schedules", err);
    }
    page.schedules = ARENA_ARRAY(arena, answer_count(array), struct scheduler_summary);
    if (!page.schedules) {
        return err_out_of_memory(err, "schedules");
    }
    struct json_iterator iterator = json_iterate(array);
    while (json_next_element(&iterator, &object)) {
        if (decode_summary(call, object, arena, &page.schedules[page.n++], err) < 0) {
            return -1;
        }
    }
    *ret_page = page;
    return 0;
}

static int decode_schedule(const struct aws_call *call, struct json_span root, struct arena *arena,
                           struct scheduler_schedule *schedule, struct err *err) {
    struct json_span target;
    struct json_span parameters;
    struct json_span definition;
    schedule->text = root.text;
    schedule->start_ms = answer_time_ms(root, "StartDate");
    schedule->end_ms = answer_time_ms(root, "EndDate");
    if (answer_string(call, root, "Name", arena, &schedule->name, err) < 0 ||
        json_find_string(root, "GroupName", arena, &schedule->group, err) < 0 ||
        json_find_string(root, "ScheduleExpression", arena, &schedule->expression, err) < 0) {
        return -1;
    }
    if (!json_find(root, "Target", &target) || target.type != JSON_OBJECT) {
        return answer_lacks(call, "Target", err);
    }
    if (answer_string(call, target, "Arn", arena, &schedule->target_arn, err) < 0) {
        return -1;
    }
    if (!json_find(target, "EcsParameters", &parameters) ||
        !json_find(parameters, "TaskDefinitionArn", &definition) ||
        definition.type != JSON_STRING) {
        return 0;
    }
    schedule->task_definition_text = definition.text;
    return json_span_string(definition, arena, &schedule->task_definition, err);
}

int scheduler_get_schedule_result(const struct aws_call *call, struct arena *arena,
                                  struct scheduler_schedule *ret_schedule, struct err *err) {
    struct json_span root;
    struct scheduler_schedule schedule = {0};
    if (answer_has_code(call, "ResourceNotFoundException")) {
        schedule.is_missing = true;
        *ret_schedule = schedule;
        return 0;
    }
    if (answer_failed(call)) {
        return answer_pass_on(call, err);
    }
    if (answer_object(call, &root, err) < 0 ||
        decode_schedule(call, root, arena, &schedule, err) < 0) {
        return -1;
    }
    *ret_schedule = schedule;
    return 0;
}

/* {"ScheduleArn":"…"} */
static int check_updated(const struct aws_call *call, struct err *err) {
    struct json_span root;
    struct json_span arn;
    if (answer_object(call, &root, err) < 0) {
        return -1;
    }
    return json_find(root, "ScheduleArn", &arn) && arn.type == JSON_STRING
               ? 0
               : answer_lacks(call, "ScheduleArn", err);
}

int scheduler_update_schedule_result(const struct aws_call *call, struct err *err) {
    if (!answer_failed(call)) {
        return check_updated(call, err);
    }
    bool is_pass_role = denial_text_has(call->message, "iam:PassRole");
    if (answer_is_denied(call) && is_pass_role) {
        err_set(err, ERR_PASS_ROLE_DENIED,
                "the role of a schedule may not be passed: " VIEW_FMT "%s",
                VIEW_ARG(answer_message(call)), answer_note(call).text);
        err_remedy(err, "add the schedule's role to the function's iam:PassRole statement for "
                        "scheduler.amazonaws.com");
        return -1;
    }
    if (answer_has_code(call, "ConflictException")) {
        return err_set(err, ERR_AWS_UNAVAILABLE,
                       "the schedule was changed at the same time: " VIEW_FMT "%s",
                       VIEW_ARG(answer_message(call)), answer_note(call).text);
    }
    return answer_pass_on(call, err);
}

bool scheduler_update_is_invalid(const struct aws_call *call) {
    return answer_has_code(call, "ValidationException");
}
