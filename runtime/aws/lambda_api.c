#include "runtime/aws/lambda_api.h"

#include "runtime/aws/answer.h"
#include "runtime/aws/denial.h"
#include "runtime/aws/uri.h"
#include "runtime/base/json_write.h"

const struct aws_service lambda_service = {
    .name = "lambda",
    .endpoint_prefix = "lambda",
    .signing_name = "lambda",
    .env_name = "LAMBDA",
    .protocol = AWS_REST_JSON,
};

#define PATH_BYTES ((size_t)4096)
/* All of a function's fifty tags, each 128 characters, escaped. */
#define UNTAG_PATH_BYTES ((size_t)32 * 1024)

/* --- requests --- */

/* "/2015-03-31/functions/{name}{rest}", and of an alias "/{alias}" behind it. */
static int set_path(struct aws_call *call, const char *root, struct view name, const char *rest,
                    struct view last, struct arena *arena, struct err *err) {
    struct buf path BUF_AUTO = BUF_INIT(PATH_BYTES);
    buf_append_str(&path, root);
    uri_append_encoded(&path, name, '\0');
    buf_append_str(&path, rest);
    uri_append_encoded(&path, last, '\0');
    if (buf_check(&path, "a request's path", err) < 0) {
        return -1;
    }
    call->path = arena_copy(arena, buf_view(&path));
    return call->path.data ? 0 : err_out_of_memory(err, "a request");
}

#define FUNCTIONS "/2015-03-31/functions/"
#define TAGS "/2017-03-31/tags/"

static int get_call(const char *operation, struct view name, const char *rest, struct view last,
                    struct arena *arena, struct aws_call *ret_call, struct err *err) {
    struct aws_call call = {.service = &lambda_service, .operation = operation, .method = "GET"};
    if (set_path(&call, FUNCTIONS, name, rest, last, arena, err) < 0) {
        return -1;
    }
    *ret_call = call;
    return 0;
}

static int finish_body(struct json_writer *w, struct aws_call *call, struct arena *arena,
                       struct aws_call *ret_call, struct err *err) {
    json_end_object(w);
    if (answer_request_body(w->buf, arena, &call->body, err) < 0) {
        return -1;
    }
    *ret_call = *call;
    return 0;
}

int lambda_get_function_call(struct view name, struct arena *arena, struct aws_call *ret_call,
                             struct err *err) {
    return get_call("GetFunction", name, "", VIEW(""), arena, ret_call, err);
}

int lambda_get_aliased_function_call(struct view name, struct view alias, struct arena *arena,
                                     struct aws_call *ret_call, struct err *err) {
    return get_call("GetFunction", name, "?Qualifier=", alias, arena, ret_call, err);
}

int lambda_get_configuration_call(struct view name, struct arena *arena, struct aws_call *ret_call,
                                  struct err *err) {
    return get_call("GetFunctionConfiguration", name, "/configuration", VIEW(""), arena, ret_call,
                    err);
}

int lambda_get_alias_call(struct view name, struct view alias, struct arena *arena,
                          struct aws_call *ret_call, struct err *err) {
    return get_call("GetAlias", name, "/aliases/", alias, arena, ret_call, err);
}

int lambda_update_code_call(struct view name, struct view image_uri, struct view revision_id,
                            struct arena *arena, struct aws_call *ret_call, struct err *err) {
    struct buf buf BUF_AUTO = BUF_INIT(ANSWER_REQUEST_BYTES);
    struct json_writer w = json_writer(&buf);
    struct aws_call call = {
        .service = &lambda_service, .operation = "UpdateFunctionCode", .method = "PUT"};
    if (set_path(&call, FUNCTIONS, name, "/code", VIEW(""), arena, err) < 0) {
        return -1;
    }
    json_begin_object(&w, NULL);
    json_put_string(&w, "ImageUri", image_uri);
    json_put_optional(&w, "RevisionId", revision_id);
    return finish_body(&w, &call, arena, ret_call, err);
}

int lambda_publish_version_call(struct view name, struct view revision_id, struct view description,
                                struct arena *arena, struct aws_call *ret_call, struct err *err) {
    struct buf buf BUF_AUTO = BUF_INIT(ANSWER_REQUEST_BYTES);
    struct json_writer w = json_writer(&buf);
    struct aws_call call = {
        .service = &lambda_service, .operation = "PublishVersion", .method = "POST"};
    if (set_path(&call, FUNCTIONS, name, "/versions", VIEW(""), arena, err) < 0) {
        return -1;
    }
    json_begin_object(&w, NULL);
    json_put_optional(&w, "RevisionId", revision_id);
    json_put_optional(&w, "Description", view_slice(description, 0, 256));
    return finish_body(&w, &call, arena, ret_call, err);
}

int lambda_update_alias_call(struct view name, struct view alias, struct view version,
                             struct view revision_id, struct arena *arena,
                             struct aws_call *ret_call, struct err *err) {
    struct buf buf BUF_AUTO = BUF_INIT(ANSWER_REQUEST_BYTES);
    struct json_writer w = json_writer(&buf);
    struct aws_call call = {
        .service = &lambda_service, .operation = "UpdateAlias", .method = "PUT"};
    if (set_path(&call, FUNCTIONS, name, "/aliases/", alias, arena, err) < 0) {
        return -1;
    }
    json_begin_object(&w, NULL);
    json_put_string(&w, "FunctionVersion", version);
    json_put_optional(&w, "RevisionId", revision_id);
    return finish_body(&w, &call, arena, ret_call, err);
}

int lambda_tag_resource_call(struct view arn, const struct ecs_tag *tags, size_t n,
                             struct arena *arena, struct aws_call *ret_call, struct err *err) {
    struct buf buf BUF_AUTO = BUF_INIT(ANSWER_REQUEST_BYTES);
    struct json_writer w = json_writer(&buf);
    struct aws_call call = {
        .service = &lambda_service, .operation = "TagResource", .method = "POST"};
    if (set_path(&call, TAGS, arn, "", VIEW(""), arena, err) < 0) {
        return -1;
    }
    json_begin_object(&w, NULL);
    json_begin_object(&w, "Tags");
    for (size_t i = 0; i < n; i++) {
        struct view key = arena_copy(arena, tags[i].key);
        if (!key.data) {
            return err_out_of_memory(err, "a request");
        }
        json_put_string(&w, key.data, tags[i].value);
    }
    json_end_object(&w);
    return finish_body(&w, &call, arena, ret_call, err);
}

int lambda_untag_resource_call(struct view arn, const struct view *keys, size_t n,
                               struct arena *arena, struct aws_call *ret_call, struct err *err) {
    struct buf path BUF_AUTO = BUF_INIT(UNTAG_PATH_BYTES);
    struct aws_call call = {
        .service = &lambda_service, .operation = "UntagResource", .method = "DELETE"};
    buf_append_str(&path, TAGS);
    uri_append_encoded(&path, arn, '\0');
    for (size_t i = 0; i < n; i++) {
        buf_append_str(&path, i == 0 ? "?tagKeys=" : "&tagKeys=");
        uri_append_encoded(&path, keys[i], '\0');
    }
    if (buf_check(&path, "a request's path", err) < 0) {
        return -1;
    }
    call.path = arena_copy(arena, buf_view(&path));
    if (!call.path.data) {
        return err_out_of_memory(err, "a request");
    }
    *ret_call = call;
    return 0;
}

/* --- failures --- */

static int with_words(const struct aws_call *call, enum err_code code, const char *what,
                      const char *remedy, struct err *err) {
    err_set(err, code, "%s: " VIEW_FMT "%s", what, VIEW_ARG(answer_message(call)),
            answer_note(call).text);
    err_remedy(err, "%s", remedy != NULL ? remedy : err_default_remedy(code));
    return -1;
}

bool lambda_has_changed(const struct aws_call *call) {
    return answer_has_code(call, "PreconditionFailedException");
}

bool lambda_is_being_changed(const struct aws_call *call) {
    return answer_has_code(call, "ResourceConflictException");
}

static int check_call(const struct aws_call *call, struct err *err) {
    if (!answer_failed(call)) {
        return 0;
    }
    if (answer_has_code(call, "ResourceNotFoundException")) {
        return with_words(call, ERR_SERVICE_NOT_FOUND, "no such function or alias",
                          "create the function and its alias, or correct function_name and alias "
                          "in ECS_SERVICE_MAP",
                          err);
    }
    if (lambda_is_being_changed(call) || lambda_has_changed(call)) {
        return with_words(call, ERR_AWS_UNAVAILABLE, "the function is being changed by another",
                          "nothing now: the event is retried", err);
    }
    if (answer_has_code(call, "InvalidParameterValueException") &&
        denial_text_has(call->message, "permission to access the ECR image")) {
        return with_words(call, ERR_REGISTRY_ACCESS_DENIED, "Lambda may not pull the image",
                          "admit lambda.amazonaws.com, and for a registry of another account that "
                          "account's functions, to the repository's policy, with "
                          "ecr:BatchGetImage and ecr:GetDownloadUrlForLayer",
                          err);
    }
    if (answer_is_denied(call)) {
        err_set(err, ERR_ACCESS_DENIED, "%s denied: " VIEW_FMT "%s", call->operation,
                VIEW_ARG(answer_message(call)), answer_note(call).text);
        err_remedy(err, "allow lambda:%s on the function to the function's role", call->operation);
        return -1;
    }
    return answer_pass_on(call, err);
}

/* --- answers --- */

/* {"FunctionArn":"…","PackageType":"Image",…}, of several operations. */
static int decode_configuration(const struct aws_call *call, struct json_span object,
                                struct arena *arena, struct lambda_function *function,
                                struct err *err) {
    struct json_span architectures;
    struct json_span first;
    if (answer_string(call, object, "FunctionArn", arena, &function->arn, err) < 0 ||
        json_find_string(object, "PackageType", arena, &function->package_type, err) < 0 ||
        json_find_string(object, "State", arena, &function->state, err) < 0 ||
        json_find_string(object, "LastUpdateStatus", arena, &function->update_status, err) < 0 ||
        json_find_string(object, "LastUpdateStatusReason", arena, &function->update_reason, err) <
            0 ||
        json_find_string(object, "RevisionId", arena, &function->revision_id, err) < 0 ||
        json_find_string(object, "CodeSha256", arena, &function->code_sha256, err) < 0 ||
        json_find_string(object, "Version", arena, &function->version, err) < 0) {
        return -1;
    }
    if (!answer_array(object, "Architectures", &architectures)) {
        return 0;
    }
    struct json_iterator iterator = json_iterate(architectures);
    return json_next_element(&iterator, &first) && first.type == JSON_STRING
               ? json_span_string(first, arena, &function->architecture, err)
               : 0;
}

static int decode_tags(struct json_span root, struct arena *arena, struct lambda_function *function,
                       struct err *err) {
    struct json_span tags;
    struct json_member member;
    size_t n = 0;
    if (!json_find(root, "Tags", &tags) || tags.type != JSON_OBJECT) {
        return 0;
    }
    struct json_iterator iterator = json_iterate(tags);
    while (json_next_member(&iterator, &member)) {
        n++;
    }
    function->tags = ARENA_ARRAY(arena, n, struct ecs_tag);
    if (!function->tags) {
        return err_out_of_memory(err, "tags");
    }
    iterator = json_iterate(tags);
    while (json_next_member(&iterator, &member)) {
        const struct json_span name = {.text = member.name_text, .type = JSON_STRING};
        struct ecs_tag *tag = &function->tags[function->n_tags];
        if (member.value.type != JSON_STRING) {
            continue;
        }
        if (json_span_string(name, arena, &tag->key, err) < 0 ||
            json_span_string(member.value, arena, &tag->value, err) < 0) {
            return -1;
        }
        function->n_tags++;
    }
    return 0;
}

struct view lambda_tag_value(const struct lambda_function *function, const char *key) {
    for (size_t i = 0; i < function->n_tags; i++) {
        if (view_equal(function->tags[i].key, view_of(key))) {
            return function->tags[i].value;
        }
    }
    return (struct view){0};
}

int lambda_get_function_result(const struct aws_call *call, struct arena *arena,
                               struct lambda_function *ret_function, struct err *err) {
    struct lambda_function function = {0};
    struct json_span root;
    struct json_span configuration;
    struct json_span code;
    if (check_call(call, err) < 0 || answer_object(call, &root, err) < 0) {
        return -1;
    }
    if (!json_find(root, "Configuration", &configuration) || configuration.type != JSON_OBJECT) {
        return answer_lacks(call, "Configuration", err);
    }
    if (decode_configuration(call, configuration, arena, &function, err) < 0 ||
        decode_tags(root, arena, &function, err) < 0) {
        return -1;
    }
    if (json_find(root, "Code", &code) && code.type == JSON_OBJECT &&
        (json_find_string(code, "ImageUri", arena, &function.image_uri, err) < 0 ||
         json_find_string(code, "ResolvedImageUri", arena, &function.resolved_uri, err) < 0)) {
        return -1;
    }
    *ret_function = function;
    return 0;
}

int lambda_configuration_result(const struct aws_call *call, struct arena *arena,
                                struct lambda_function *ret_function, struct err *err) {
    struct lambda_function function = {0};
    struct json_span root;
    if (check_call(call, err) < 0 || answer_object(call, &root, err) < 0 ||
        decode_configuration(call, root, arena, &function, err) < 0) {
        return -1;
    }
    *ret_function = function;
    return 0;
}

int lambda_alias_result(const struct aws_call *call, struct arena *arena,
                        struct lambda_alias *ret_alias, struct err *err) {
    struct lambda_alias alias = {0};
    struct json_span root;
    struct json_span routing;
    struct json_span weights;
    struct json_member member;
    if (check_call(call, err) < 0 || answer_object(call, &root, err) < 0 ||
        answer_string(call, root, "FunctionVersion", arena, &alias.version, err) < 0 ||
        json_find_string(root, "RevisionId", arena, &alias.revision_id, err) < 0) {
        return -1;
    }
    if (json_find(root, "RoutingConfig", &routing) &&
        json_find(routing, "AdditionalVersionWeights", &weights) && weights.type == JSON_OBJECT) {
        struct json_iterator iterator = json_iterate(weights);
        alias.has_weights = json_next_member(&iterator, &member);
    }
    *ret_alias = alias;
    return 0;
}

int lambda_tag_resource_result(const struct aws_call *call, struct err *err) {
    return check_call(call, err);
}

int lambda_untag_resource_result(const struct aws_call *call, struct err *err) {
    return check_call(call, err);
}
