#include "runtime/aws/ecs_running_tasks.h"

#include "runtime/aws/answer.h"
#include "runtime/aws/ecs_error.h"
#include "runtime/base/json_write.h"

int ecs_list_running_tasks_call(const struct ecs_tasks_of *of, struct view next,
                                struct arena *arena, struct aws_call *ret_call, struct err *err) {
    struct buf buf BUF_AUTO = BUF_INIT(ANSWER_REQUEST_BYTES);
    struct json_writer w = json_writer(&buf);
    json_begin_object(&w, NULL);
    json_put_optional(&w, "cluster", of->cluster);
    if (of->service.len > 0) {
        json_put_string(&w, "serviceName", of->service);
    } else {
        json_put_string(&w, "family", of->family);
    }
    json_put_string(&w, "desiredStatus", VIEW("RUNNING"));
    json_put_optional(&w, "nextToken", next);
    if (answer_finish_call(&w, &ecs_service, "ListTasks", arena, ret_call, err) < 0) {
        return -1;
    }
    ret_call->region = of->region;
    return 0;
}

/* The object of a success, and the array in it. */
static int read_array(const struct aws_call *call, const char *member, struct arena *arena,
                      struct json_span *ret_root, struct json_span *ret_array, struct err *err) {
    if (ecs_check_call(call, arena, err) < 0 || answer_object(call, ret_root, err) < 0) {
        return -1;
    }
    return answer_array(*ret_root, member, ret_array) ? 0 : answer_lacks(call, member, err);
}

/* {"taskArns":["arn:aws:ecs:us-east-1:222222222222:task/c/0a1b…"],"nextToken":"…"} */
int ecs_list_running_tasks_result(const struct aws_call *call, struct arena *arena,
                                  struct ecs_task_page *ret_page, struct err *err) {
    struct ecs_task_page page = {0};
    struct json_span root = {0};
    struct json_span array = {0};
    struct json_span entry;
    if (read_array(call, "taskArns", arena, &root, &array, err) < 0) {
        return -1;
    }
    page.arns = ARENA_ARRAY(arena, ECS_DESCRIBE_TASKS_MAX, struct view);
    if (!page.arns) {
        return err_out_of_memory(err, "tasks");
    }
    struct json_iterator iterator = json_iterate(array);
    while (page.n < ECS_DESCRIBE_TASKS_MAX && json_next_element(&iterator, &entry)) {
        if (entry.type == JSON_STRING &&
            json_span_string(entry, arena, &page.arns[page.n++], err) < 0) {
            return -1;
        }
    }
    if (json_find_string(root, "nextToken", arena, &page.next, err) < 0) {
        return -1;
    }
    *ret_page = page;
    return 0;
}

static size_t count_containers(struct json_span tasks) {
    struct json_iterator iterator = json_iterate(tasks);
    struct json_span task;
    struct json_span containers;
    size_t n = 0;
    while (json_next_element(&iterator, &task)) {
        n += answer_array(task, "containers", &containers) ? answer_count(containers) : 0;
    }
    return n;
}

static int decode_task(struct json_span task, struct arena *arena, struct ecs_running_image *images,
                       size_t *n, struct err *err) {
    struct json_span containers;
    struct json_span container;
    struct view definition;
    if (json_find_string(task, "taskDefinitionArn", arena, &definition, err) < 0) {
        return -1;
    }
    if (!answer_array(task, "containers", &containers)) {
        return 0;
    }
    struct json_iterator iterator = json_iterate(containers);
    while (json_next_element(&iterator, &container)) {
        struct ecs_running_image image = {.task_definition = definition};
        if (json_find_string(container, "image", arena, &image.image, err) < 0 ||
            json_find_string(container, "imageDigest", arena, &image.digest, err) < 0) {
            return -1;
        }
        if (image.digest.len > 0) {
            images[(*n)++] = image;
        }
    }
    return 0;
}

/* {"tasks":[{"taskDefinitionArn":"arn:…:task-definition/web:7","containers":[{"name":"web",
 *  "image":"…/web:latest","imageDigest":"sha256:…"}]}],"failures":[…]}; a task that has ended
 * meanwhile is among the failures. */
int ecs_running_images_result(const struct aws_call *call, struct arena *arena,
                              struct ecs_running_image **ret_images, size_t *ret_n,
                              struct err *err) {
    struct json_span root = {0};
    struct json_span tasks = {0};
    struct json_span task;
    size_t n = 0;
    if (read_array(call, "tasks", arena, &root, &tasks, err) < 0) {
        return -1;
    }
    struct ecs_running_image *images =
        ARENA_ARRAY(arena, count_containers(tasks), struct ecs_running_image);
    if (!images) {
        return err_out_of_memory(err, "tasks");
    }
    struct json_iterator iterator = json_iterate(tasks);
    while (json_next_element(&iterator, &task)) {
        if (decode_task(task, arena, images, &n, err) < 0) {
            return -1;
        }
    }
    *ret_images = images;
    *ret_n = n;
    return 0;
}
