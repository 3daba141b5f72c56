#include "runtime/aws/ecs.h"

#include "runtime/aws/answer.h"
#include "runtime/aws/ecs_error.h"
#include "runtime/aws/ecs_service_state.h"
#include "runtime/base/json_write.h"

const struct aws_service ecs_service = {
    .name = "ecs",
    .endpoint_prefix = "ecs",
    .signing_name = "ecs",
    .env_name = "ECS",
    .protocol = AWS_JSON_1_1,
    .target_prefix = "AmazonEC2ContainerServiceV20141113",
    .limit_is_quota = true,
};

/* Closes the request's object and makes the call of it. */
static int finish_call(struct json_writer *w, const char *operation, struct view region,
                       struct arena *arena, struct aws_call *ret_call, struct err *err) {
    if (answer_finish_call(w, &ecs_service, operation, arena, ret_call, err) < 0) {
        return -1;
    }
    ret_call->region = region;
    return 0;
}

int ecs_describe_services_call(struct view cluster, const struct view *services, size_t n,
                               struct view region, struct arena *arena, struct aws_call *ret_call,
                               struct err *err) {
    struct buf buf BUF_AUTO = BUF_INIT(ANSWER_REQUEST_BYTES);
    struct json_writer w = json_writer(&buf);
    if (n == 0 || n > ECS_DESCRIBE_SERVICES_MAX) {
        return err_set(err, ERR_SERVICE_UNKNOWN, "cannot describe %zu services in one call", n);
    }
    json_begin_object(&w, NULL);
    json_put_optional(&w, "cluster", cluster);
    json_begin_array(&w, "services");
    for (size_t i = 0; i < n; i++) {
        json_put_string(&w, NULL, services[i]);
    }
    json_end_array(&w);
    return finish_call(&w, "DescribeServices", region, arena, ret_call, err);
}

int ecs_describe_task_definition_call(struct view task_definition, struct view region,
                                      struct arena *arena, struct aws_call *ret_call,
                                      struct err *err) {
    struct buf buf BUF_AUTO = BUF_INIT(ANSWER_REQUEST_BYTES);
    struct json_writer w = json_writer(&buf);
    json_begin_object(&w, NULL);
    json_put_string(&w, "taskDefinition", task_definition);
    json_begin_array(&w, "include");
    json_put_string(&w, NULL, VIEW("TAGS"));
    json_end_array(&w);
    return finish_call(&w, "DescribeTaskDefinition", region, arena, ret_call, err);
}

void ecs_register_task_definition_call(struct view request, struct view region,
                                       struct aws_call *ret_call) {
    *ret_call = (struct aws_call){
        .service = &ecs_service,
        .operation = "RegisterTaskDefinition",
        .body = request,
        .region = region,
        .once = true, /* each call makes a revision */
    };
}

int ecs_update_service_call(const struct ecs_update_service *update, struct arena *arena,
                            struct aws_call *ret_call, struct err *err) {
    struct buf buf BUF_AUTO = BUF_INIT(ANSWER_REQUEST_BYTES);
    struct json_writer w = json_writer(&buf);
    json_begin_object(&w, NULL);
    json_put_optional(&w, "cluster", update->cluster);
    json_put_string(&w, "service", update->service);
    json_put_optional(&w, "taskDefinition", update->task_definition);
    if (update->force_new_deployment) {
        json_put_bool(&w, "forceNewDeployment", true);
    }
    if (finish_call(&w, "UpdateService", update->region, arena, ret_call, err) < 0) {
        return -1;
    }
    ret_call->once = update->force_new_deployment; /* each such call starts a deployment */
    return 0;
}

/* The last part of service/cluster/name, or the name itself. */
static struct view service_name(struct view name_or_arn) {
    struct view before;
    struct view name = name_or_arn;
    (void)view_cut_last(name_or_arn, '/', &before, &name);
    return name;
}

/* Whether an entry is the service that was asked for by name or by ARN. The ARN's old form has no
 * cluster in it, so that the names are compared; the cluster is the request's. */
static int is_service(struct json_span entry, struct view asked, struct arena *arena,
                      bool *ret_is_it, struct err *err) {
    struct view name;
    struct view arn;
    if (json_find_string(entry, "serviceName", arena, &name, err) < 0 ||
        json_find_string(entry, "serviceArn", arena, &arn, err) < 0) {
        return -1;
    }
    *ret_is_it = view_equal(arn, asked) || (name.len > 0 && view_equal(name, service_name(asked)));
    return 0;
}

/* The entry of services[]; *ret_found stays false when there is none. */
static int find_service(struct json_span root, struct view service, struct arena *arena,
                        struct json_span *ret_entry, bool *ret_found, struct err *err) {
    struct json_span services;
    struct json_span entry;
    if (!answer_array(root, "services", &services)) {
        return 0;
    }
    struct json_iterator iterator = json_iterate(services);
    while (json_next_element(&iterator, &entry)) {
        bool is_it = false;
        if (is_service(entry, service, arena, &is_it, err) < 0) {
            return -1;
        }
        if (is_it) {
            *ret_entry = entry;
            *ret_found = true;
            return 0;
        }
    }
    return 0;
}

/* Why services[] lacks it: {"arn":"…/name","reason":"MISSING"} of failures[]. Always -1. */
static int explain_absence(const struct aws_call *call, struct json_span root, struct view service,
                           struct arena *arena, struct err *err) {
    struct ecs_question question;
    struct json_span failures;
    struct json_span failure;
    struct view arn;
    struct view reason;
    if (ecs_question_read(call, arena, &question, err) < 0) {
        return -1;
    }
    if (answer_array(root, "failures", &failures)) {
        struct json_iterator iterator = json_iterate(failures);
        while (json_next_element(&iterator, &failure)) {
            if (json_find_string(failure, "arn", arena, &arn, err) < 0 ||
                json_find_string(failure, "reason", arena, &reason, err) < 0) {
                return -1;
            }
            if (!view_equal(service_name(arn), service_name(service))) {
                continue;
            }
            if (view_equal(reason, VIEW("MISSING"))) {
                return ecs_service_not_found(&question, service, err);
            }
            return err_set(err, ERR_BAD_RESPONSE,
                           "service '" VIEW_FMT "' not described: " VIEW_FMT "%s",
                           VIEW_ARG(service), VIEW_ARG(reason), answer_note(call).text);
        }
    }
    return err_set(err, ERR_BAD_RESPONSE,
                   "answer to DescribeServices says nothing of service '" VIEW_FMT "'%s",
                   VIEW_ARG(service), answer_note(call).text);
}

int ecs_describe_services_result(const struct aws_call *call, struct view service,
                                 struct arena *arena, struct ecs_service_state *ret_state,
                                 struct err *err) {
    struct json_span root;
    struct json_span entry = {0};
    bool found = false;
    if (ecs_check_call(call, arena, err) < 0 || answer_object(call, &root, err) < 0 ||
        find_service(root, service, arena, &entry, &found, err) < 0) {
        return -1;
    }
    if (!found) {
        return explain_absence(call, root, service, arena, err);
    }
    return ecs_service_state_decode(call, entry, arena, ret_state, err);
}

/* [{"key":"k","value":"v"}]; a tag may have no value. What is no such object is left out. */
static int decode_tags(struct json_span tags, struct arena *arena,
                       struct ecs_task_definition *definition, struct err *err) {
    struct json_span entry;
    definition->tags = ARENA_ARRAY(arena, answer_count(tags), struct ecs_tag);
    if (!definition->tags) {
        return err_out_of_memory(err, "tags");
    }
    struct json_iterator iterator = json_iterate(tags);
    while (json_next_element(&iterator, &entry)) {
        struct ecs_tag *tag = &definition->tags[definition->n_tags];
        if (json_find_string(entry, "key", arena, &tag->key, err) < 0 ||
            json_find_string(entry, "value", arena, &tag->value, err) < 0) {
            return -1;
        }
        definition->n_tags += tag->key.len > 0;
    }
    return 0;
}

/* {"taskDefinition":{"taskDefinitionArn":"arn:…:42","family":"f","revision":42,"status":"ACTIVE",
 *  …},"tags":[…]}, of DescribeTaskDefinition and RegisterTaskDefinition alike. */
static int decode_definition(const struct aws_call *call, struct arena *arena,
                             struct ecs_task_definition *ret_definition, struct err *err) {
    struct ecs_task_definition d = {.tags_text = {.type = JSON_NULL}};
    struct json_span root;
    if (answer_object(call, &root, err) < 0) {
        return -1;
    }
    if (!json_find(root, "taskDefinition", &d.text) || d.text.type != JSON_OBJECT) {
        return answer_lacks(call, "taskDefinition", err);
    }
    if (answer_string(call, d.text, "taskDefinitionArn", arena, &d.arn, err) < 0 ||
        answer_string(call, d.text, "family", arena, &d.family, err) < 0 ||
        answer_string(call, d.text, "status", arena, &d.status, err) < 0) {
        return -1;
    }
    if (!answer_i64(d.text, "revision", &d.revision) || d.revision < 1) {
        return answer_lacks(call, "revision", err);
    }
    d.registered_at_ms = answer_time_ms(d.text, "registeredAt");
    struct json_span tags;
    if (answer_array(root, "tags", &tags)) {
        d.tags_text = tags;
        if (decode_tags(tags, arena, &d, err) < 0) {
            return -1;
        }
    }
    *ret_definition = d;
    return 0;
}

int ecs_describe_task_definition_result(const struct aws_call *call, struct arena *arena,
                                        struct ecs_task_definition *ret_definition,
                                        struct err *err) {
    return ecs_check_call(call, arena, err) < 0
               ? -1
               : decode_definition(call, arena, ret_definition, err);
}

int ecs_register_task_definition_result(const struct aws_call *call, struct arena *arena,
                                        struct ecs_task_definition *ret_definition,
                                        struct err *err) {
    return ecs_check_call(call, arena, err) < 0
               ? -1
               : decode_definition(call, arena, ret_definition, err);
}

struct view ecs_tag_value(const struct ecs_task_definition *definition, const char *key) {
    for (size_t i = 0; i < definition->n_tags; i++) {
        if (view_equal(definition->tags[i].key, view_of(key))) {
            return definition->tags[i].value;
        }
    }
    return (struct view){0};
}

int ecs_update_service_result(const struct aws_call *call, struct arena *arena,
                              struct ecs_service_state *ret_state, struct err *err) {
    struct json_span root;
    struct json_span service;
    if (ecs_check_call(call, arena, err) < 0 || answer_object(call, &root, err) < 0) {
        return -1;
    }
    if (!json_find(root, "service", &service) || service.type != JSON_OBJECT) {
        return answer_lacks(call, "service", err);
    }
    return ecs_service_state_decode(call, service, arena, ret_state, err);
}
