#include "runtime/aws/lambda_settings.h"

#include "runtime/aws/answer.h"
#include "runtime/aws/uri.h"

#define PATH_BYTES ((size_t)4096)

/* {"FunctionArn":"arn:…","Role":"arn:…","Environment":{"Variables":{"PROJECT_NAME":"…"}}} */
int lambda_settings_result(const struct aws_call *call, struct arena *arena,
                           struct lambda_settings *ret_settings, struct err *err) {
    struct lambda_settings settings = {.variables = {.type = JSON_NULL}};
    struct lambda_function function;
    struct json_span root;
    struct json_span environment;
    if (lambda_configuration_result(call, arena, &function, err) < 0 ||
        answer_object(call, &root, err) < 0 ||
        answer_string(call, root, "Role", arena, &settings.role, err) < 0) {
        return -1;
    }
    settings.arn = function.arn;
    if (!json_find(root, "Environment", &environment) ||
        !json_find(environment, "Variables", &settings.variables) ||
        settings.variables.type != JSON_OBJECT) {
        settings.variables = (struct json_span){.type = JSON_NULL};
    }
    *ret_settings = settings;
    return 0;
}

static int build_call(const char *operation, const char *before, struct view name,
                      const char *after, struct arena *arena, struct aws_call *ret_call,
                      struct err *err) {
    struct buf path BUF_AUTO = BUF_INIT(PATH_BYTES);
    struct aws_call call = {.service = &lambda_service, .operation = operation, .method = "GET"};
    buf_append_str(&path, before);
    uri_append_encoded(&path, name, '\0');
    buf_append_str(&path, after);
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

int lambda_get_policy_call(struct view name, struct arena *arena, struct aws_call *ret_call,
                           struct err *err) {
    return build_call("GetPolicy", "/2015-03-31/functions/", name, "/policy", arena, ret_call, err);
}

int lambda_list_sources_call(struct view name, struct arena *arena, struct aws_call *ret_call,
                             struct err *err) {
    return build_call("ListEventSourceMappings",
                      "/2015-03-31/event-source-mappings?FunctionName=", name, "", arena, ret_call,
                      err);
}

/* {"Policy":"{\"Version\":\"2012-10-17\",\"Statement\":[…]}","RevisionId":"…"} */
int lambda_get_policy_result(const struct aws_call *call, struct arena *arena,
                             struct view *ret_policy, struct err *err) {
    struct json_span root;
    if (answer_has_code(call, "ResourceNotFoundException")) {
        *ret_policy = (struct view){0};
        return 0;
    }
    if (answer_failed(call)) {
        return answer_pass_on(call, err);
    }
    return answer_object(call, &root, err) < 0
               ? -1
               : answer_string(call, root, "Policy", arena, ret_policy, err);
}

/* {"EventSourceMappings":[{"EventSourceArn":"arn:aws:sqs:…","State":"Enabled"}]} */
int lambda_list_sources_result(const struct aws_call *call, struct arena *arena,
                               struct view **ret_sources, size_t *ret_n, struct err *err) {
    struct json_span root;
    struct json_span mappings;
    struct json_span one;
    size_t n = 0;
    if (answer_failed(call)) {
        return answer_pass_on(call, err);
    }
    if (answer_object(call, &root, err) < 0) {
        return -1;
    }
    if (!answer_array(root, "EventSourceMappings", &mappings)) {
        return answer_lacks(call, "EventSourceMappings", err);
    }
    struct view *sources = ARENA_ARRAY(arena, answer_count(mappings), struct view);
    if (!sources) {
        return err_out_of_memory(err, "event sources");
    }
    struct json_iterator iterator = json_iterate(mappings);
    while (json_next_element(&iterator, &one)) {
        struct view state;
        struct view arn;
        if (json_find_string(one, "State", arena, &state, err) < 0 ||
            json_find_string(one, "EventSourceArn", arena, &arn, err) < 0) {
            return -1;
        }
        if (view_equal(state, VIEW("Enabled")) && arn.len > 0) {
            sources[n++] = arn;
        }
    }
    *ret_sources = sources;
    *ret_n = n;
    return 0;
}
