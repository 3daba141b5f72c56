#include "runtime/aws/ecs_services.h"

#include "runtime/aws/answer.h"
#include "runtime/aws/ecs_error.h"
#include "runtime/base/json_write.h"

#define PAGE 100 /* of ListServices, at most */

int ecs_list_services_call(struct view cluster, struct view next, struct arena *arena,
                           struct aws_call *ret_call, struct err *err) {
    struct buf buf BUF_AUTO = BUF_INIT(ANSWER_REQUEST_BYTES);
    struct json_writer w = json_writer(&buf);
    json_begin_object(&w, NULL);
    json_put_optional(&w, "cluster", cluster);
    json_put_i64(&w, "maxResults", PAGE);
    json_put_optional(&w, "nextToken", next);
    return answer_finish_call(&w, &ecs_service, "ListServices", arena, ret_call, err);
}

/* arn:aws:ecs:us-east-1:222222222222:service/cluster/name, in old accounts without the cluster */
static int decode_names(const struct aws_call *call, struct json_span array, struct arena *arena,
                        struct ecs_services *services, struct err *err) {
    struct json_iterator iterator = json_iterate(array);
    struct json_span entry;
    struct view arn;
    struct view before;
    services->names = ARENA_ARRAY(arena, answer_count(array), struct view);
    if (!services->names) {
        return err_out_of_memory(err, "services");
    }
    while (json_next_element(&iterator, &entry)) {
        if (entry.type != JSON_STRING || json_span_string(entry, arena, &arn, err) < 0 ||
            !view_cut_last(arn, '/', &before, &services->names[services->n])) {
            return answer_lacks(call, "serviceArns", err);
        }
        services->n++;
    }
    return 0;
}

int ecs_list_services_result(const struct aws_call *call, struct arena *arena,
                             struct ecs_services *ret_services, struct err *err) {
    struct ecs_services services = {0};
    struct json_span root;
    struct json_span array;
    if (ecs_check_call(call, arena, err) < 0 || answer_object(call, &root, err) < 0 ||
        json_find_string(root, "nextToken", arena, &services.next, err) < 0) {
        return -1;
    }
    if (!answer_array(root, "serviceArns", &array)) {
        return answer_lacks(call, "serviceArns", err);
    }
    if (decode_names(call, array, arena, &services, err) < 0) {
        return -1;
    }
    *ret_services = services;
    return 0;
}
