#include "runtime/aws/ecs_service_deployments.h"

#include "runtime/aws/answer.h"
#include "runtime/aws/ecs_error.h"
#include "runtime/base/json_write.h"

/* The array `member` of a 2xx, and the answer that it is in. */
static int answered_array(const struct aws_call *call, const char *member, struct arena *arena,
                          struct json_span *ret_root, struct json_span *ret_array,
                          struct err *err) {
    if (ecs_check_call(call, arena, err) < 0 || answer_object(call, ret_root, err) < 0) {
        return -1;
    }
    return answer_array(*ret_root, member, ret_array) ? 0 : answer_lacks(call, member, err);
}

/* --- ListServiceDeployments --- */

int ecs_list_service_deployments_call(struct view cluster, struct view service, struct arena *arena,
                                      struct aws_call *ret_call, struct err *err) {
    struct buf buf BUF_AUTO = BUF_INIT(ANSWER_REQUEST_BYTES);
    struct json_writer w = json_writer(&buf);
    json_begin_object(&w, NULL);
    json_put_string(&w, "service", service);
    json_put_optional(&w, "cluster", cluster);
    json_begin_array(&w, "status");
    json_put_string(&w, NULL, VIEW("PENDING"));
    json_put_string(&w, NULL, VIEW("IN_PROGRESS"));
    json_end_array(&w);
    return answer_finish_call(&w, &ecs_service, "ListServiceDeployments", arena, ret_call, err);
}

int ecs_list_service_deployments_result(const struct aws_call *call, struct arena *arena,
                                        struct view **ret_arns, size_t *ret_n, struct err *err) {
    struct json_span root;
    struct json_span array;
    struct json_span entry;
    if (answered_array(call, "serviceDeployments", arena, &root, &array, err) < 0) {
        return -1;
    }
    struct view *arns = ARENA_ARRAY(arena, answer_count(array), struct view);
    size_t n = 0;
    if (!arns) {
        return err_out_of_memory(err, "service deployments");
    }
    struct json_iterator iterator = json_iterate(array);
    while (json_next_element(&iterator, &entry)) {
        if (answer_string(call, entry, "serviceDeploymentArn", arena, &arns[n++], err) < 0) {
            return -1;
        }
    }
    *ret_arns = arns;
    *ret_n = n;
    return 0;
}

/* --- ListServiceDeployments of what is over, too --- */

int ecs_list_past_deployments_call(struct view cluster, struct view service, struct arena *arena,
                                   struct aws_call *ret_call, struct err *err) {
    struct buf buf BUF_AUTO = BUF_INIT(ANSWER_REQUEST_BYTES);
    struct json_writer w = json_writer(&buf);
    json_begin_object(&w, NULL);
    json_put_string(&w, "service", service);
    json_put_optional(&w, "cluster", cluster);
    json_put_i64(&w, "maxResults", ECS_PAST_DEPLOYMENTS_MAX);
    return answer_finish_call(&w, &ecs_service, "ListServiceDeployments", arena, ret_call, err);
}

static int past_deployment(const struct aws_call *call, struct json_span entry, struct arena *arena,
                           struct ecs_past_deployment *ret_past, struct err *err) {
    ret_past->created_at_ms = answer_time_ms(entry, "createdAt");
    if (ret_past->created_at_ms <= 0) {
        return answer_lacks(call, "createdAt", err);
    }
    return answer_string(call, entry, "status", arena, &ret_past->status, err) < 0
               ? -1
               : answer_string(call, entry, "targetServiceRevisionArn", arena,
                               &ret_past->target_revision, err);
}

int ecs_list_past_deployments_result(const struct aws_call *call, struct arena *arena,
                                     struct ecs_past_deployments *ret_past, struct err *err) {
    struct json_span root;
    struct json_span array;
    struct json_span entry;
    struct view more = {0};
    if (answered_array(call, "serviceDeployments", arena, &root, &array, err) < 0) {
        return -1;
    }
    struct ecs_past_deployments past = {
        .all = ARENA_ARRAY(arena, answer_count(array), struct ecs_past_deployment)};
    if (!past.all) {
        return err_out_of_memory(err, "service deployments");
    }
    struct json_iterator iterator = json_iterate(array);
    while (json_next_element(&iterator, &entry)) {
        if (past_deployment(call, entry, arena, &past.all[past.n++], err) < 0) {
            return -1;
        }
    }
    if (json_find_string(root, "nextToken", arena, &more, err) < 0) {
        return -1;
    }
    past.has_more = more.len > 0;
    *ret_past = past;
    return 0;
}

/* --- Describe… --- */

static int describe_call(const char *operation, const char *member, const struct view *arns,
                         size_t n, struct arena *arena, struct aws_call *ret_call,
                         struct err *err) {
    struct buf buf BUF_AUTO = BUF_INIT(ANSWER_REQUEST_BYTES);
    struct json_writer w = json_writer(&buf);
    json_begin_object(&w, NULL);
    json_begin_array(&w, member);
    for (size_t i = 0; i < n; i++) {
        json_put_string(&w, NULL, arns[i]);
    }
    json_end_array(&w);
    return answer_finish_call(&w, &ecs_service, operation, arena, ret_call, err);
}

/* The only entry; there is none if failures[] has it. */
static int only_entry(const struct aws_call *call, const char *member, struct arena *arena,
                      struct json_span *ret_entry, struct err *err) {
    struct json_span root;
    struct json_span array;
    if (answered_array(call, member, arena, &root, &array, err) < 0) {
        return -1;
    }
    struct json_iterator iterator = json_iterate(array);
    return json_next_element(&iterator, ret_entry) && ret_entry->type == JSON_OBJECT
               ? 0
               : answer_lacks(call, member, err);
}

int ecs_describe_service_deployment_call(struct view arn, struct arena *arena,
                                         struct aws_call *ret_call, struct err *err) {
    return describe_call("DescribeServiceDeployments", "serviceDeploymentArns", &arn, 1, arena,
                         ret_call, err);
}

static int revision_arn(struct json_span object, struct arena *arena, struct view *ret_arn,
                        struct err *err) {
    return object.type == JSON_OBJECT ? json_find_string(object, "arn", arena, ret_arn, err) : 0;
}

int ecs_describe_service_deployment_result(const struct aws_call *call, struct arena *arena,
                                           struct ecs_service_deployment *ret_deployment,
                                           struct err *err) {
    struct ecs_service_deployment deployment = {0};
    struct json_span entry = {0};
    struct json_span sources;
    struct json_span revision;
    if (only_entry(call, "serviceDeployments", arena, &entry, err) < 0 ||
        answer_string(call, entry, "serviceDeploymentArn", arena, &deployment.arn, err) < 0 ||
        answer_string(call, entry, "status", arena, &deployment.status, err) < 0) {
        return -1;
    }
    if (answer_array(entry, "sourceServiceRevisions", &sources) && answer_count(sources) == 1) {
        struct json_iterator iterator = json_iterate(sources);
        if (json_next_element(&iterator, &revision) &&
            revision_arn(revision, arena, &deployment.source_revision, err) < 0) {
            return -1;
        }
    }
    if (json_find(entry, "targetServiceRevision", &revision) &&
        revision_arn(revision, arena, &deployment.target_revision, err) < 0) {
        return -1;
    }
    *ret_deployment = deployment;
    return 0;
}

int ecs_describe_service_revisions_call(const struct view *arns, size_t n, struct arena *arena,
                                        struct aws_call *ret_call, struct err *err) {
    return describe_call("DescribeServiceRevisions", "serviceRevisionArns", arns, n, arena,
                         ret_call, err);
}

int ecs_describe_service_revisions_result(const struct aws_call *call, struct arena *arena,
                                          struct ecs_service_revision **ret_revisions,
                                          size_t *ret_n, struct err *err) {
    struct json_span root;
    struct json_span array;
    struct json_span entry;
    if (answered_array(call, "serviceRevisions", arena, &root, &array, err) < 0) {
        return -1;
    }
    struct ecs_service_revision *revisions =
        ARENA_ARRAY(arena, answer_count(array), struct ecs_service_revision);
    size_t n = 0;
    if (!revisions) {
        return err_out_of_memory(err, "service revisions");
    }
    struct json_iterator iterator = json_iterate(array);
    while (json_next_element(&iterator, &entry)) {
        struct ecs_service_revision *revision = &revisions[n++];
        if (answer_string(call, entry, "serviceRevisionArn", arena, &revision->arn, err) < 0 ||
            answer_string(call, entry, "taskDefinition", arena, &revision->task_definition, err) <
                0) {
            return -1;
        }
    }
    *ret_revisions = revisions;
    *ret_n = n;
    return 0;
}

/* --- StopServiceDeployment --- */

int ecs_stop_service_deployment_call(struct view arn, struct arena *arena,
                                     struct aws_call *ret_call, struct err *err) {
    struct buf buf BUF_AUTO = BUF_INIT(ANSWER_REQUEST_BYTES);
    struct json_writer w = json_writer(&buf);
    json_begin_object(&w, NULL);
    json_put_string(&w, "serviceDeploymentArn", arn);
    json_put_string(&w, "stopType", VIEW("ROLLBACK"));
    return answer_finish_call(&w, &ecs_service, "StopServiceDeployment", arena, ret_call, err);
}

int ecs_stop_service_deployment_result(const struct aws_call *call, struct arena *arena,
                                       bool *ret_is_over, struct err *err) {
    struct json_span root;
    struct view arn;
    bool is_over = answer_has_code(call, "ConflictException") ||
                   answer_has_code(call, "ServiceDeploymentNotFoundException") ||
                   answer_has_code(call, "UnsupportedFeatureException");
    if (!is_over && (ecs_check_call(call, arena, err) < 0 || answer_object(call, &root, err) < 0 ||
                     answer_string(call, root, "serviceDeploymentArn", arena, &arn, err) < 0)) {
        return -1;
    }
    *ret_is_over = is_over;
    return 0;
}

/* --- TagResource --- */

int ecs_tag_resource_call(struct view resource_arn, const struct ecs_tag *tags, size_t n,
                          struct arena *arena, struct aws_call *ret_call, struct err *err) {
    struct buf buf BUF_AUTO = BUF_INIT(ANSWER_REQUEST_BYTES);
    struct json_writer w = json_writer(&buf);
    json_begin_object(&w, NULL);
    json_put_string(&w, "resourceArn", resource_arn);
    json_begin_array(&w, "tags");
    for (size_t i = 0; i < n; i++) {
        json_begin_object(&w, NULL);
        json_put_string(&w, "key", tags[i].key);
        json_put_string(&w, "value", tags[i].value);
        json_end_object(&w);
    }
    json_end_array(&w);
    return answer_finish_call(&w, &ecs_service, "TagResource", arena, ret_call, err);
}

int ecs_tag_resource_result(const struct aws_call *call, struct arena *arena, struct err *err) {
    return ecs_check_call(call, arena, err);
}
