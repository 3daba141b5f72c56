#include "runtime/aws/ecs_revisions.h"

#include "runtime/aws/answer.h"
#include "runtime/aws/ecs_error.h"
#include "runtime/base/json_write.h"

int ecs_list_task_definitions_call(const struct ecs_list_task_definitions *list,
                                   struct arena *arena, struct aws_call *ret_call,
                                   struct err *err) {
    struct buf buf BUF_AUTO = BUF_INIT(ANSWER_REQUEST_BYTES);
    struct json_writer w = json_writer(&buf);
    size_t max = list->max > 0 ? list->max : ECS_LIST_TASK_DEFINITIONS_MAX;
    if (max > ECS_LIST_TASK_DEFINITIONS_MAX) {
        return err_set(err, ERR_BAD_RESPONSE, "cannot list %zu task definitions in one call", max);
    }
    json_begin_object(&w, NULL);
    json_put_string(&w, "familyPrefix", list->family);
    json_put_string(&w, "status", VIEW("ACTIVE"));
    json_put_string(&w, "sort", VIEW("DESC"));
    json_put_i64(&w, "maxResults", (int64_t)max);
    json_put_optional(&w, "nextToken", list->next);
    return answer_finish_call(&w, &ecs_service, "ListTaskDefinitions", arena, ret_call, err);
}

/* arn:aws:ecs:us-east-1:222222222222:task-definition/family:7 */
static bool is_of_family(struct view arn, struct view family) {
    struct view before;
    struct view name;
    struct view of;
    struct view number;
    return view_cut_last(arn, '/', &before, &name) && view_cut_last(name, ':', &of, &number) &&
           view_equal(of, family);
}

int ecs_list_task_definitions_result(const struct aws_call *call, struct arena *arena,
                                     struct ecs_revisions *ret_revisions, struct err *err) {
    struct ecs_revisions revisions = {0};
    struct ecs_question question;
    struct json_span root;
    struct json_span array;
    struct json_span entry;
    if (ecs_question_read(call, arena, &question, err) < 0) {
        return -1;
    }
    if (answer_failed(call)) {
        return ecs_call_failed(&question, arena, err);
    }
    if (answer_object(call, &root, err) < 0 ||
        json_find_string(root, "nextToken", arena, &revisions.next, err) < 0) {
        return -1;
    }
    if (!answer_array(root, "taskDefinitionArns", &array)) {
        return answer_lacks(call, "taskDefinitionArns", err);
    }
    revisions.arns = ARENA_ARRAY(arena, answer_count(array), struct view);
    if (!revisions.arns) {
        return err_out_of_memory(err, "task definitions");
    }
    struct json_iterator iterator = json_iterate(array);
    while (json_next_element(&iterator, &entry)) {
        struct view *arn = &revisions.arns[revisions.n];
        if (entry.type != JSON_STRING) {
            continue;
        }
        if (json_span_string(entry, arena, arn, err) < 0) {
            return -1;
        }
        revisions.n += is_of_family(*arn, question.family);
    }
    *ret_revisions = revisions;
    return 0;
}
