#include "request.h"

#include "canonical.h"
#include "runtime/base/clock.h"
#include "runtime/base/json_write.h"

#include <stdio.h>
#include <string.h>

#define FORM_BYTES ((size_t)64 * 1024)

static int malformed(struct err *err, const char *what, struct view value) {
    return err_set(err, ERR_EVENT_MALFORMED, "a request with %s: '" VIEW_FMT "'", what,
                   VIEW_ARG(value));
}

static struct view header(const struct http_exchange *exchange, const char *name) {
    for (size_t i = 0; i < exchange->n_headers; i++) {
        if (view_equal_nocase(exchange->headers[i].name, view_of(name))) {
            return exchange->headers[i].value;
        }
    }
    return VIEW("");
}

/* --- the address --- */

/* What plans ask for is read: POST of the JSON and the query protocol, and GET of REST. */
static int read_host(const struct http_exchange *exchange, struct request *request,
                     struct view *ret_path, struct err *err) {
    struct view url = view_of(exchange->url);
    struct view prefix = VIEW("https://");
    request->host = view_slice(url, prefix.len, url.len);
    if (!view_starts_with(url, prefix) || !view_cut(request->host, '/', &request->host, ret_path)) {
        return malformed(err, "an odd address", url);
    }
    bool is_post = strcmp(exchange->method, "POST") == 0;
    bool is_get = strcmp(exchange->method, "GET") == 0;
    if (is_post ? ret_path->len > 0 : !is_get) {
        return malformed(err, "an odd method or path", url);
    }
    return 0;
}

/* --- the operation --- */

/* Amazon's names of its protocols' targets, and the content type that goes with them. */
static const struct {
    const char *target;
    const char *service;
} targets[] = {
    {"AmazonEC2ContainerServiceV20141113", "ecs"},
    {"AmazonEC2ContainerRegistry_V20150921", "ecr"},
    {"AWSEvents", "events"},
    {"CodeDeploy_20141006", "codedeploy"},
};

static int read_json_call(struct view target, const struct http_exchange *exchange,
                          struct arena *arena, struct request *request, struct err *err) {
    struct view service;
    struct view operation;
    struct view type = header(exchange, "Content-Type");
    if (!view_equal(type, VIEW("application/x-amz-json-1.1"))) {
        return malformed(err, "an odd content type", type);
    }
    if (!view_cut(target, '.', &service, &operation)) {
        return malformed(err, "an odd target", target);
    }
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        if (view_equal(service, view_of(targets[i].target))) {
            request->call =
                arena_printf(arena, "%s." VIEW_FMT, targets[i].service, VIEW_ARG(operation));
            return golden_scan(exchange->body, "request", &request->body, err);
        }
    }
    return malformed(err, "an unknown target", target);
}

static int hex(char c) {
    static const char digits[] = "0123456789ABCDEF";
    const char *found = c != '\0' ? strchr(digits, c) : NULL;
    return found != NULL ? (int)(found - digits) : -1;
}

static struct view decode_form(struct view text, struct arena *arena) {
    char *decoded = arena_alloc(arena, text.len + 1);
    size_t n = 0;
    for (size_t i = 0; decoded != NULL && i < text.len; i++) {
        int high = text.data[i] == '%' && i + 2 < text.len ? hex(text.data[i + 1]) : -1;
        int low = high >= 0 ? hex(text.data[i + 2]) : -1;
        if (low >= 0) {
            decoded[n++] = (char)(high * 16 + low);
            i += 2;
        } else {
            decoded[n++] = text.data[i];
        }
    }
    return (struct view){decoded, n};
}

/* Action=AssumeRole&RoleArn=… as {"Action":"AssumeRole","RoleArn":"…"} */
static int read_form(const struct http_exchange *exchange, struct arena *arena,
                     struct request *request, struct err *err) {
    struct buf text BUF_AUTO = BUF_INIT(FORM_BYTES);
    struct json_writer w = json_writer(&text);
    struct view rest = exchange->body;
    struct view field;
    json_begin_object(&w, NULL);
    while (view_split(&rest, '&', &field)) {
        struct view name;
        struct view value;
        if (!view_cut(field, '=', &name, &value)) {
            return malformed(err, "an odd form", exchange->body);
        }
        name = arena_copy(arena, decode_form(name, arena));
        value = decode_form(value, arena);
        if (name.data == NULL || value.data == NULL) {
            return err_out_of_memory(err, "a form");
        }
        json_put_string(&w, name.data, value);
        if (view_equal(name, VIEW("Action"))) {
            request->call = arena_printf(arena, "sts." VIEW_FMT, VIEW_ARG(value));
        }
    }
    json_end_object(&w);
    struct view copy = arena_copy(arena, buf_view(&text));
    if (buf_check(&text, "a form", err) != 0 || copy.data == NULL) {
        return err_out_of_memory(err, "a form");
    }
    return golden_scan(copy, "form", &request->body, err);
}

/* Paths of REST: each '*' is one member, in the order of the names. */
static const struct {
    const char *host_prefix;
    const char *path;
    const char *call;
    const char *members[2];
} rest_calls[] = {
    {"scheduler.", "schedules", "scheduler.ListSchedules", {NULL}},
    {"scheduler.", "schedules/*", "scheduler.GetSchedule", {"Name"}},
    {"lambda.", "2015-03-31/functions/*", "lambda.GetFunction", {"FunctionName"}},
    {"lambda.", "2015-03-31/functions/*/aliases/*", "lambda.GetAlias", {"FunctionName", "Name"}},
};

/* The parts of the path that '*' stands for; false: it is another path. */
static bool match_path(const char *pattern, struct view path, struct view parts[static 2]) {
    struct view wanted_rest = view_of(pattern);
    struct view wanted;
    struct view part;
    size_t n = 0;
    while (view_split(&wanted_rest, '/', &wanted)) {
        if (!view_split(&path, '/', &part)) {
            return false;
        }
        if (view_equal(wanted, VIEW("*"))) {
            parts[n++] = part;
        } else if (!view_equal(wanted, part)) {
            return false;
        }
    }
    return path.len == 0;
}

/* groupName=default as "GroupName":"default"; a number is one. */
static int put_query(struct json_writer *w, struct view query, struct arena *arena,
                     struct err *err) {
    struct view field;
    while (view_split(&query, '&', &field)) {
        struct view name;
        struct view value;
        int64_t number;
        if (!view_cut(field, '=', &name, &value)) {
            return malformed(err, "an odd query", field);
        }
        name = arena_copy(arena, name);
        value = arena_copy(arena, decode_form(value, arena));
        if (name.data == NULL || value.data == NULL) {
            return err_out_of_memory(err, "a query");
        }
        const char *member = view_equal(name, VIEW("groupName")) ? "GroupName" : name.data;
        if (view_to_i64(value, &number)) {
            json_put_i64(w, member, number);
        } else {
            json_put_string(w, member, value);
        }
    }
    return 0;
}

/* GET /schedules/nightly?groupName=default as {"Name":"nightly","GroupName":"default"} */
static int read_rest(struct view target, struct arena *arena, struct request *request,
                     struct err *err) {
    struct buf text BUF_AUTO = BUF_INIT(FORM_BYTES);
    struct json_writer w = json_writer(&text);
    struct view path = target;
    struct view query = VIEW("");
    struct view parts[2];
    (void)view_cut(target, '?', &path, &query);
    for (size_t i = 0; i < sizeof(rest_calls) / sizeof(rest_calls[0]); i++) {
        if (!view_starts_with(request->host, view_of(rest_calls[i].host_prefix)) ||
            !match_path(rest_calls[i].path, path, parts)) {
            continue;
        }
        request->call = view_of(rest_calls[i].call);
        json_begin_object(&w, NULL);
        for (size_t j = 0; j < 2 && rest_calls[i].members[j] != NULL; j++) {
            json_put_string(&w, rest_calls[i].members[j], decode_form(parts[j], arena));
        }
        if (put_query(&w, query, arena, err) != 0) {
            return -1;
        }
        json_end_object(&w);
        struct view copy = arena_copy(arena, buf_view(&text));
        return copy.data != NULL ? golden_scan(copy, "request", &request->body, err)
                                 : err_out_of_memory(err, "a request");
    }
    return malformed(err, "an unknown path", target);
}

/* --- the signature --- */

/* Whether ";host;x-amz-date;" and the like name a header that must be signed. */
static bool is_signed(struct view names, const char *name, struct arena *arena) {
    struct view all = arena_printf(arena, ";" VIEW_FMT ";", VIEW_ARG(names));
    char wanted[64];
    (void)snprintf(wanted, sizeof(wanted), ";%s;", name);
    return all.data != NULL && strstr(all.data, wanted) != NULL;
}

static struct view between(struct view text, const char *from, char until) {
    const char *start = text.len > 0 ? strstr(text.data, from) : NULL;
    struct view rest = {0};
    struct view behind;
    if (start == NULL) {
        return VIEW("");
    }
    rest = view_slice(text, (size_t)(start - text.data) + strlen(from), text.len);
    (void)view_cut(rest, until, &rest, &behind);
    return rest;
}

/* AWS4-HMAC-SHA256 Credential=KEY/20261120/us-east-1/ecr/aws4_request, SignedHeaders=…,
 * Signature=…. The signature itself is compared with AWS's suite and botocore's elsewhere. */
static int read_signature(const struct http_exchange *exchange, int64_t now_ms, struct arena *arena,
                          struct request *request, struct err *err) {
    struct view text = arena_copy(arena, header(exchange, "Authorization"));
    struct view scope = between(text, "Credential=", ',');
    struct view names = between(text, "SignedHeaders=", ',');
    struct view service;
    struct view operation;
    char now[TIME_AMZ_BYTES];
    time_format_amz(now_ms, now);
    (void)view_cut(request->call, '.', &service, &operation);
    if (!view_cut(scope, '/', &request->signed_by, &scope) ||
        between(text, "Signature=", ',').len != 64) {
        return malformed(err, "an odd signature", text);
    }
    struct view day;
    struct view region;
    if (!view_cut(scope, '/', &day, &scope) || !view_equal(day, view_slice(view_of(now), 0, 8)) ||
        !view_equal(header(exchange, "X-Amz-Date"), view_of(now)) ||
        !view_cut(scope, '/', &region, &scope)) {
        return malformed(err, "a signature of another time", scope);
    }
    struct view prefix = arena_printf(arena, "%s" VIEW_FMT "." VIEW_FMT ".",
                                      view_equal(service, VIEW("ecr")) ? "api." : "",
                                      VIEW_ARG(service), VIEW_ARG(region));
    struct view end = arena_printf(arena, VIEW_FMT "/aws4_request", VIEW_ARG(service));
    if (!view_equal(scope, end) || !view_starts_with(request->host, prefix)) {
        return malformed(err, "a signature for another place", text);
    }
    bool has_token = header(exchange, "X-Amz-Security-Token").len > 0;
    if (!is_signed(names, "host", arena) || !is_signed(names, "x-amz-date", arena) ||
        (has_token && !is_signed(names, "x-amz-security-token", arena))) {
        return malformed(err, "a signature that covers too little", names);
    }
    return 0;
}

int request_read(const struct http_exchange *exchange, int64_t now_ms, struct arena *arena,
                 struct request *ret_request, struct err *err) {
    struct request request = {0};
    struct view target = header(exchange, "X-Amz-Target");
    struct view path;
    if (read_host(exchange, &request, &path, err) != 0) {
        return -1;
    }
    int rc = target.len > 0 ? read_json_call(target, exchange, arena, &request, err)
             : path.len > 0 ? read_rest(path, arena, &request, err)
                            : read_form(exchange, arena, &request, err);
    if (rc != 0) {
        return -1;
    }
    if (request.call.len == 0 || request.body.type != JSON_OBJECT) {
        return malformed(err, "no operation", exchange->body);
    }
    if (read_signature(exchange, now_ms, arena, &request, err) != 0) {
        return -1;
    }
    *ret_request = request;
    return 0;
}

bool request_is_read(const struct request *request) {
    static const char *const calls[] = {
        "ecr.DescribeImages",
        "ecr.BatchGetImage",
        "ecs.DescribeServices",
        "ecs.DescribeTaskDefinition",
        "sts.AssumeRole",
        "ecs.ListServiceDeployments",
        "ecs.DescribeServiceDeployments",
        "ecs.DescribeServiceRevisions",
        "ecs.ListTasks",
        "ecs.DescribeTasks",
        "events.ListEventBuses",
        "events.ListRuleNamesByTarget",
        "events.ListTargetsByRule",
        "scheduler.ListSchedules",
        "scheduler.GetSchedule",
        "codedeploy.ListApplications",
        "codedeploy.ListDeploymentGroups",
        "codedeploy.BatchGetDeploymentGroups",
        "codedeploy.ListDeployments",
        "codedeploy.BatchGetDeployments",
        "codedeploy.GetApplicationRevision",
        "lambda.GetFunction",
        "lambda.GetAlias",
    };
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        if (view_equal(request->call, view_of(calls[i]))) {
            return true;
        }
    }
    return false;
}
