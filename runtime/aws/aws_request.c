#include "runtime/aws/aws_request.h"

static bool is_json_rpc(enum aws_protocol protocol) {
    return protocol == AWS_JSON_1_0 || protocol == AWS_JSON_1_1;
}

static bool is_rest(enum aws_protocol protocol) {
    return protocol == AWS_REST_JSON || protocol == AWS_REST_XML;
}

static struct view content_type(enum aws_protocol protocol) {
    switch (protocol) {
    case AWS_JSON_1_0:
        return VIEW("application/x-amz-json-1.0");
    case AWS_JSON_1_1:
        return VIEW("application/x-amz-json-1.1");
    case AWS_QUERY:
        return VIEW("application/x-www-form-urlencoded; charset=utf-8");
    case AWS_REST_JSON:
        return VIEW("application/json");
    case AWS_REST_XML:
        return VIEW("application/xml");
    }
    return (struct view){0};
}

static void add_header(struct aws_request *request, struct view name, struct view value) {
    request->headers[request->n_headers++] = (struct http_header){.name = name, .value = value};
}

/* Action=AssumeRole&Version=2011-06-15&… */
static struct view form_of(const struct aws_call *call, struct arena *arena) {
    return arena_printf(arena, "Action=%s&Version=%s%s%.*s", call->operation,
                        call->service->api_version, call->body.len > 0 ? "&" : "",
                        (int)call->body.len, call->body.len > 0 ? call->body.data : "");
}

/* The path as it is sent: what the endpoint has before it, then the operation's. */
static int set_path(const struct aws_call *call, const struct endpoint *endpoint,
                    struct arena *arena, struct aws_request *request, struct err *err) {
    struct view target = VIEW("/");
    if (is_rest(call->service->protocol) && call->path.len > 0) {
        target = call->path;
    }
    struct view path = target;
    struct view query = {.data = "", .len = 0};
    if (view_cut(target, '?', &path, &query)) {
        request->query = query;
    }
    struct view whole = arena_printf(arena, "%.*s%.*s", (int)endpoint->path.len,
                                     endpoint->path.data, (int)path.len, path.data);
    struct view url = arena_printf(arena, "%.*s%.*s", (int)endpoint->url.len, endpoint->url.data,
                                   (int)target.len, target.data);
    if (whole.data == NULL || url.data == NULL) {
        return err_out_of_memory(err, "an AWS request");
    }
    request->path = whole;
    request->url = url.data;
    return 0;
}

static int set_body(const struct aws_call *call, struct arena *arena, struct aws_request *request,
                    struct err *err) {
    enum aws_protocol protocol = call->service->protocol;
    request->body = call->body;
    if (protocol == AWS_QUERY) {
        request->body = form_of(call, arena);
        if (request->body.data == NULL) {
            return err_out_of_memory(err, "an AWS request");
        }
    }
    if (request->body.len > 0 || !is_rest(protocol)) {
        add_header(request, VIEW("Content-Type"), content_type(protocol));
    }
    if (is_json_rpc(protocol)) {
        struct view target =
            arena_printf(arena, "%s.%s", call->service->target_prefix, call->operation);
        if (target.data == NULL) {
            return err_out_of_memory(err, "an AWS request");
        }
        add_header(request, VIEW("X-Amz-Target"), target);
    }
    return 0;
}

int aws_request_build(const struct aws_call *call, struct view region,
                      const struct environment *env, struct arena *arena,
                      struct aws_request *ret_request, struct err *err) {
    struct endpoint endpoint;
    struct aws_request request = {
        .method = is_rest(call->service->protocol) && call->method != NULL ? call->method : "POST",
        .region = call->region.len > 0 ? call->region : region,
    };
    if (endpoint_resolve(call->service, request.region, env, arena, &endpoint, err) != 0 ||
        set_path(call, &endpoint, arena, &request, err) != 0 ||
        set_body(call, arena, &request, err) != 0) {
        return -1;
    }
    request.host = endpoint.host;
    *ret_request = request;
    return 0;
}

int aws_request_sign(const struct aws_request *request, const struct aws_service *service,
                     const struct aws_credentials *credentials, int64_t time_ms,
                     struct sigv4_signature *ret_signature, struct err *err) {
    bool is_s3 = service->protocol == AWS_REST_XML;
    const struct sigv4_request to_sign = {
        .method = view_of(request->method),
        .host = request->host,
        .path = request->path,
        .query = request->query,
        .headers = request->headers,
        .n_headers = request->n_headers,
        .body = request->body,
    };
    const struct sigv4_params params = {
        .credentials = credentials,
        .region = request->region,
        .service = view_of(service->signing_name),
        .time_ms = time_ms,
        .normalize_path = !is_s3,
        .double_encode_path = !is_s3,
        .sign_body_header = is_s3,
    };
    return sigv4_sign(&to_sign, &params, ret_signature, err);
}
