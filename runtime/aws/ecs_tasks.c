#include "runtime/aws/ecs_tasks.h"

#include "runtime/aws/answer.h"
#include "runtime/aws/ecs_error.h"
#include "runtime/base/json_write.h"

static int array_of(const struct aws_call *call, const char *member, struct arena *arena,
                    struct json_span *ret_array, struct err *err) {
    struct json_span root;
    if (ecs_check_call(call, arena, err) < 0 || answer_object(call, &root, err) < 0) {
        return -1;
    }
    return answer_array(root, member, ret_array) ? 0 : answer_lacks(call, member, err);
}

int ecs_list_stopped_tasks_call(struct view cluster, struct view service, struct arena *arena,
                                struct aws_call *ret_call, struct err *err) {
    struct buf buf BUF_AUTO = BUF_INIT(ANSWER_REQUEST_BYTES);
    struct json_writer w = json_writer(&buf);
    json_begin_object(&w, NULL);
    json_put_optional(&w, "cluster", cluster);
    json_put_string(&w, "serviceName", service);
    json_put_string(&w, "desiredStatus", VIEW("STOPPED"));
    return answer_finish_call(&w, &ecs_service, "ListTasks", arena, ret_call, err);
}

int ecs_list_stopped_tasks_result(const struct aws_call *call, struct arena *arena,
                                  struct view **ret_arns, size_t *ret_n, struct err *err) {
    struct json_span array;
    struct json_span entry;
    size_t n = 0;
    if (array_of(call, "taskArns", arena, &array, err) < 0) {
        return -1;
    }
    struct view *arns = ARENA_ARRAY(arena, ECS_DESCRIBE_TASKS_MAX, struct view);
    if (!arns) {
        return err_out_of_memory(err, "tasks");
    }
    struct json_iterator iterator = json_iterate(array);
    while (n < ECS_DESCRIBE_TASKS_MAX && json_next_element(&iterator, &entry)) {
        if (entry.type == JSON_STRING && json_span_string(entry, arena, &arns[n++], err) < 0) {
            return -1;
        }
    }
    *ret_arns = arns;
    *ret_n = n;
    return 0;
}

int ecs_describe_tasks_call(struct view cluster, const struct view *arns, size_t n,
                            struct arena *arena, struct aws_call *ret_call, struct err *err) {
    struct buf buf BUF_AUTO = BUF_INIT(ANSWER_REQUEST_BYTES);
    struct json_writer w = json_writer(&buf);
    json_begin_object(&w, NULL);
    json_put_optional(&w, "cluster", cluster);
    json_begin_array(&w, "tasks");
    for (size_t i = 0; i < n; i++) {
        json_put_string(&w, NULL, arns[i]);
    }
    json_end_array(&w);
    return answer_finish_call(&w, &ecs_service, "DescribeTasks", arena, ret_call, err);
}

static int decode_containers(struct json_span task, struct arena *arena, struct ecs_task *ret_task,
                             struct err *err) {
    struct json_span array;
    struct json_span entry;
    if (!answer_array(task, "containers", &array)) {
        return 0;
    }
    ret_task->containers = ARENA_ARRAY(arena, answer_count(array), struct ecs_task_container);
    if (!ret_task->containers) {
        return err_out_of_memory(err, "tasks");
    }
    struct json_iterator iterator = json_iterate(array);
    while (json_next_element(&iterator, &entry)) {
        struct ecs_task_container *container = &ret_task->containers[ret_task->n_containers];
        if (entry.type != JSON_OBJECT) {
            continue;
        }
        if (json_find_string(entry, "name", arena, &container->name, err) < 0 ||
            json_find_string(entry, "reason", arena, &container->reason, err) < 0 ||
            json_find_string(entry, "lastStatus", arena, &container->last_status, err) < 0 ||
            json_find_string(entry, "healthStatus", arena, &container->health_status, err) < 0) {
            return -1;
        }
        container->has_exit_code = answer_i64(entry, "exitCode", &container->exit_code);
        ret_task->n_containers++;
    }
    return 0;
}

static int decode_task(struct json_span entry, struct arena *arena, struct ecs_task *task,
                       struct err *err) {
    if (json_find_string(entry, "taskArn", arena, &task->arn, err) < 0 ||
        json_find_string(entry, "taskDefinitionArn", arena, &task->task_definition, err) < 0 ||
        json_find_string(entry, "startedBy", arena, &task->started_by, err) < 0 ||
        json_find_string(entry, "stopCode", arena, &task->stop_code, err) < 0 ||
        json_find_string(entry, "stoppedReason", arena, &task->stopped_reason, err) < 0 ||
        json_find_string(entry, "lastStatus", arena, &task->last_status, err) < 0 ||
        json_find_string(entry, "healthStatus", arena, &task->health_status, err) < 0) {
        return -1;
    }
    task->created_at_ms = answer_time_ms(entry, "createdAt");
    task->started_at_ms = answer_time_ms(entry, "startedAt");
    task->stopped_at_ms = answer_time_ms(entry, "stoppedAt");
    return decode_containers(entry, arena, task, err);
}

int ecs_describe_tasks_result(const struct aws_call *call, struct arena *arena,
                              struct ecs_task **ret_tasks, size_t *ret_n, struct err *err) {
    struct json_span array;
    struct json_span entry;
    size_t n = 0;
    if (array_of(call, "tasks", arena, &array, err) < 0) {
        return -1;
    }
    struct ecs_task *tasks = ARENA_ARRAY(arena, answer_count(array), struct ecs_task);
    if (!tasks) {
        return err_out_of_memory(err, "tasks");
    }
    struct json_iterator iterator = json_iterate(array);
    while (json_next_element(&iterator, &entry)) {
        if (entry.type != JSON_OBJECT) {
            continue;
        }
        if (decode_task(entry, arena, &tasks[n], err) < 0) {
            return -1;
        }
        n++;
    }
    *ret_tasks = tasks;
    *ret_n = n;
    return 0;
}
