#include "runtime/aws/codedeploy.h"

#include "runtime/aws/answer.h"
#include "runtime/base/json_write.h"

const struct aws_service codedeploy_service = {
    .name = "codedeploy",
    .endpoint_prefix = "codedeploy",
    .signing_name = "codedeploy",
    .env_name = "CODEDEPLOY",
    .protocol = AWS_JSON_1_1,
    .target_prefix = "CodeDeploy_20141006",
};

static const char *const under_way[] = {"Created", "Queued", "InProgress", "Baking", "Ready"};
#define N_UNDER_WAY (sizeof(under_way) / sizeof(under_way[0]))

/* --- requests --- */

static void put_names(struct json_writer *w, const char *member, const struct view *names,
                      size_t n) {
    json_begin_array(w, member);
    for (size_t i = 0; i < n; i++) {
        json_put_string(w, NULL, names[i]);
    }
    json_end_array(w);
}

int codedeploy_list_applications_call(struct view next, struct arena *arena,
                                      struct aws_call *ret_call, struct err *err) {
    struct buf buf BUF_AUTO = BUF_INIT(ANSWER_REQUEST_BYTES);
    struct json_writer w = json_writer(&buf);
    json_begin_object(&w, NULL);
    json_put_optional(&w, "nextToken", next);
    return answer_finish_call(&w, &codedeploy_service, "ListApplications", arena, ret_call, err);
}

int codedeploy_list_groups_call(struct view application, struct arena *arena,
                                struct aws_call *ret_call, struct err *err) {
    struct buf buf BUF_AUTO = BUF_INIT(ANSWER_REQUEST_BYTES);
    struct json_writer w = json_writer(&buf);
    json_begin_object(&w, NULL);
    json_put_string(&w, "applicationName", application);
    return answer_finish_call(&w, &codedeploy_service, "ListDeploymentGroups", arena, ret_call,
                              err);
}

int codedeploy_get_groups_call(struct view application, const struct view *groups, size_t n,
                               struct arena *arena, struct aws_call *ret_call, struct err *err) {
    struct buf buf BUF_AUTO = BUF_INIT(ANSWER_REQUEST_BYTES);
    struct json_writer w = json_writer(&buf);
    json_begin_object(&w, NULL);
    json_put_string(&w, "applicationName", application);
    put_names(&w, "deploymentGroupNames", groups, n);
    return answer_finish_call(&w, &codedeploy_service, "BatchGetDeploymentGroups", arena, ret_call,
                              err);
}

/* {"applicationName":"a","deploymentGroupName":"g","includeOnlyStatuses":["Created",…]}, or with
 * "createTimeRange":{"start":1795214344} instead. */
int codedeploy_list_deployments_call(struct view application, struct view group, int64_t since_ms,
                                     struct arena *arena, struct aws_call *ret_call,
                                     struct err *err) {
    struct buf buf BUF_AUTO = BUF_INIT(ANSWER_REQUEST_BYTES);
    struct json_writer w = json_writer(&buf);
    json_begin_object(&w, NULL);
    json_put_string(&w, "applicationName", application);
    json_put_string(&w, "deploymentGroupName", group);
    if (since_ms > 0) {
        json_begin_object(&w, "createTimeRange");
        json_put_i64(&w, "start", since_ms / 1000);
        json_end_object(&w);
    } else {
        json_begin_array(&w, "includeOnlyStatuses");
        for (size_t i = 0; i < N_UNDER_WAY; i++) {
            json_put_string(&w, NULL, view_of(under_way[i]));
        }
        json_end_array(&w);
    }
    return answer_finish_call(&w, &codedeploy_service, "ListDeployments", arena, ret_call, err);
}

int codedeploy_get_deployments_call(const struct view *ids, size_t n, struct arena *arena,
                                    struct aws_call *ret_call, struct err *err) {
    struct buf buf BUF_AUTO = BUF_INIT(ANSWER_REQUEST_BYTES);
    struct json_writer w = json_writer(&buf);
    json_begin_object(&w, NULL);
    put_names(&w, "deploymentIds", ids, n);
    return answer_finish_call(&w, &codedeploy_service, "BatchGetDeployments", arena, ret_call, err);
}

/* {"version":0.0,"Resources":[{"TargetService":{"Type":"AWS::ECS::Service","Properties":
 *  {"TaskDefinition":"arn:…:42","LoadBalancerInfo":{"ContainerName":"web","ContainerPort":8080},
 *  "PlatformVersion":"1.4.0","NetworkConfiguration":{…}}}}],"Hooks":[{"BeforeAllowTraffic":"f"}]}
 */
static void put_app_spec(struct buf *text, const struct codedeploy_create *create) {
    struct json_writer w = json_writer(text);
    json_begin_object(&w, NULL);
    json_put_raw(&w, "version", VIEW("0.0"));
    json_begin_array(&w, "Resources");
    json_begin_object(&w, NULL);
    json_begin_object(&w, "TargetService");
    json_put_string(&w, "Type", VIEW("AWS::ECS::Service"));
    json_begin_object(&w, "Properties");
    json_put_string(&w, "TaskDefinition", create->task_definition);
    json_begin_object(&w, "LoadBalancerInfo");
    json_put_string(&w, "ContainerName", create->container);
    json_put_i64(&w, "ContainerPort", create->port);
    json_end_object(&w);
    json_put_optional(&w, "PlatformVersion", create->platform_version);
    for (size_t i = 0; i < create->n_properties; i++) {
        json_put_raw(&w, NULL, create->properties[i]);
    }
    json_end_object(&w);
    json_end_object(&w);
    json_end_object(&w);
    json_end_array(&w);
    if (create->hooks.len > 0) {
        json_put_raw(&w, "Hooks", create->hooks);
    }
    json_end_object(&w);
}

int codedeploy_create_call(const struct codedeploy_create *create, struct arena *arena,
                           struct aws_call *ret_call, struct err *err) {
    struct buf buf BUF_AUTO = BUF_INIT(ANSWER_REQUEST_BYTES);
    struct buf content BUF_AUTO = BUF_INIT(ANSWER_REQUEST_BYTES);
    struct json_writer w = json_writer(&buf);
    put_app_spec(&content, create);
    if (buf_check(&content, "an AppSpec", err) < 0) {
        return -1;
    }
    json_begin_object(&w, NULL);
    json_put_string(&w, "applicationName", create->application);
    json_put_string(&w, "deploymentGroupName", create->group);
    json_begin_object(&w, "revision");
    json_put_string(&w, "revisionType", VIEW("AppSpecContent"));
    json_begin_object(&w, "appSpecContent");
    json_put_string(&w, "content", buf_view(&content));
    json_end_object(&w);
    json_end_object(&w);
    json_put_optional(&w, "description", create->description);
    if (answer_finish_call(&w, &codedeploy_service, "CreateDeployment", arena, ret_call, err) < 0) {
        return -1;
    }
    ret_call->once = true;
    return 0;
}

/* --- answers --- */

static int with_remedy(const struct aws_call *call, enum err_code code, const char *what,
                       const char *remedy, struct err *err) {
    err_set(err, code, "%s: " VIEW_FMT "%s", what, VIEW_ARG(answer_message(call)),
            answer_note(call).text);
    err_remedy(err, "%s", remedy);
    return -1;
}

static int check_call(const struct aws_call *call, struct err *err) {
    if (!answer_failed(call)) {
        return 0;
    }
    if (answer_is_denied(call)) {
        err_set(err, ERR_ACCESS_DENIED, "%s denied: " VIEW_FMT "%s", call->operation,
                VIEW_ARG(answer_message(call)), answer_note(call).text);
        err_remedy(err, "allow codedeploy:%s to the function's role", call->operation);
        return -1;
    }
    return answer_pass_on(call, err);
}

static int read_names(const struct aws_call *call, const char *member, struct arena *arena,
                      struct codedeploy_names *ret_names, struct err *err) {
    struct codedeploy_names names = {0};
    struct json_span root;
    struct json_span array;
    struct json_span name;
    if (check_call(call, err) < 0 || answer_object(call, &root, err) < 0 ||
        json_find_string(root, "nextToken", arena, &names.next, err) < 0) {
        return -1;
    }
    if (!answer_array(root, member, &array)) {
        *ret_names = names;
        return 0;
    }
    names.names = ARENA_ARRAY(arena, answer_count(array), struct view);
    if (!names.names) {
        return err_out_of_memory(err, "names");
    }
    struct json_iterator iterator = json_iterate(array);
    while (json_next_element(&iterator, &name)) {
        if (name.type == JSON_STRING &&
            json_span_string(name, arena, &names.names[names.n++], err) < 0) {
            return -1;
        }
    }
    *ret_names = names;
    return 0;
}

int codedeploy_list_applications_result(const struct aws_call *call, struct arena *arena,
                                        struct codedeploy_names *ret_names, struct err *err) {
    return read_names(call, "applications", arena, ret_names, err);
}

int codedeploy_list_groups_result(const struct aws_call *call, struct arena *arena,
                                  struct codedeploy_names *ret_names, struct err *err) {
    return read_names(call, "deploymentGroups", arena, ret_names, err);
}

int codedeploy_list_deployments_result(const struct aws_call *call, struct arena *arena,
                                       struct view **ret_ids, size_t *ret_n, struct err *err) {
    struct codedeploy_names names = {0};
    if (read_names(call, "deployments", arena, &names, err) < 0) {
        return -1;
    }
    *ret_ids = names.names;
    *ret_n = names.n;
    return 0;
}

/* {"ecsServices":[{"clusterName":"c","serviceName":"s"}]} */
static int deploys(struct json_span group, struct view cluster, struct view service,
                   struct arena *arena, bool *ret_deploys, struct err *err) {
    struct json_span services;
    struct json_span entry;
    *ret_deploys = false;
    if (!answer_array(group, "ecsServices", &services)) {
        return 0;
    }
    struct json_iterator iterator = json_iterate(services);
    while (json_next_element(&iterator, &entry)) {
        struct view its_cluster;
        struct view its_service;
        if (json_find_string(entry, "clusterName", arena, &its_cluster, err) < 0 ||
            json_find_string(entry, "serviceName", arena, &its_service, err) < 0) {
            return -1;
        }
        *ret_deploys =
            *ret_deploys || (view_equal(its_cluster, cluster) && view_equal(its_service, service));
    }
    return 0;
}

static bool is_missing(const struct aws_call *call) {
    return answer_has_code(call, "ApplicationDoesNotExistException") ||
           answer_has_code(call, "DeploymentGroupDoesNotExistException");
}

int codedeploy_get_groups_result(const struct aws_call *call, struct view cluster,
                                 struct view service, struct arena *arena, struct view *ret_group,
                                 struct err *err) {
    struct json_span root;
    struct json_span groups;
    struct json_span group;
    struct view found = {0};
    if (is_missing(call)) {
        *ret_group = found;
        return 0;
    }
    if (check_call(call, err) < 0 || answer_object(call, &root, err) < 0) {
        return -1;
    }
    if (!answer_array(root, "deploymentGroupsInfo", &groups)) {
        *ret_group = found;
        return 0;
    }
    struct json_iterator iterator = json_iterate(groups);
    while (found.len == 0 && json_next_element(&iterator, &group)) {
        bool is_it = false;
        if (deploys(group, cluster, service, arena, &is_it, err) < 0 ||
            (is_it && answer_string(call, group, "deploymentGroupName", arena, &found, err) < 0)) {
            return -1;
        }
    }
    *ret_group = found;
    return 0;
}

bool codedeploy_is_under_way(const struct codedeploy_deployment *deployment) {
    for (size_t i = 0; i < N_UNDER_WAY; i++) {
        if (view_equal(deployment->status, view_of(under_way[i]))) {
            return true;
        }
    }
    return false;
}

int codedeploy_get_deployments_result(const struct aws_call *call, struct arena *arena,
                                      struct codedeploy_deployment **ret_deployments, size_t *ret_n,
                                      struct err *err) {
    struct json_span root;
    struct json_span array;
    struct json_span entry;
    size_t n = 0;
    if (check_call(call, err) < 0 || answer_object(call, &root, err) < 0) {
        return -1;
    }
    if (!answer_array(root, "deploymentsInfo", &array)) {
        return answer_lacks(call, "deploymentsInfo", err);
    }
    struct codedeploy_deployment *all =
        ARENA_ARRAY(arena, answer_count(array), struct codedeploy_deployment);
    if (!all) {
        return err_out_of_memory(err, "deployments");
    }
    struct json_iterator iterator = json_iterate(array);
    while (json_next_element(&iterator, &entry)) {
        struct codedeploy_deployment *d = &all[n++];
        if (answer_string(call, entry, "deploymentId", arena, &d->id, err) < 0 ||
            json_find_string(entry, "status", arena, &d->status, err) < 0 ||
            json_find_string(entry, "description", arena, &d->description, err) < 0) {
            return -1;
        }
    }
    *ret_deployments = all;
    *ret_n = n;
    return 0;
}

int codedeploy_create_result(const struct aws_call *call, struct arena *arena, struct view *ret_id,
                             struct err *err) {
    struct json_span root;
    if (answer_has_code(call, "DeploymentLimitExceededException")) {
        return with_remedy(
            call, ERR_AWS_UNAVAILABLE, "another deployment of the group is under way",
            "wait until it has ended, or stop it in CodeDeploy; the event is retried", err);
    }
    bool is_client = answer_failed(call) && call->status == 400 && !answer_is_denied(call) &&
                     !answer_has_code(call, "ThrottlingException") &&
                     call->err.code == ERR_BAD_RESPONSE;
    if (is_client) {
        return with_remedy(call, ERR_CONTROLLER_UNSUPPORTED,
                           "CodeDeploy did not take the deployment",
                           "correct the application and its deployment group in CodeDeploy", err);
    }
    return check_call(call, err) < 0 || answer_object(call, &root, err) < 0
               ? -1
               : answer_string(call, root, "deploymentId", arena, ret_id, err);
}
