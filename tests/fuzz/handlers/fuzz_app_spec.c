/*
 * Any AppSpec, and the one that the next deployment gets after it: it is JSON, its task definition,
 * load balancer and platform version are the service's, whatever else the properties had is there
 * as it was spelt, so are the hooks; and read again it has the same to be kept.
 */

#include "handlers/deploy/app_spec.h"
#include "runtime/aws/codedeploy.h"
#include "runtime/base/json_scan.h"
#include "tests/fuzz/require.h"

#define INPUT_MAX_BYTES ((size_t)8 * 1024)
#define ARENA_BYTES ((size_t)16 * 1024 * 1024)
#define TASK "arn:aws:ecs:eu-west-1:222222222222:task-definition/web:42"

static const struct json_limits limits = {.max_bytes = (size_t)256 * 1024, .max_depth = 64};

/* The text of the AppSpec in a request of CreateDeployment. */
static struct view content_of(struct view request, struct arena *arena) {
    struct json_span span;
    struct view content;
    struct err err;
    err_init(&err);
    require(json_scan(request, &limits, "request", &span, &err) == 0);
    require(json_find(span, "revision", &span) && json_find(span, "appSpecContent", &span));
    require(json_find_string(span, "content", arena, &content, &err) == 0);
    return content;
}

static void require_services_own(struct view content) {
    struct json_span span;
    struct json_span value;
    struct err err;
    err_init(&err);
    /* A name that stands twice would be an error. */
    require(json_scan(content, &limits, "AppSpec", &span, &err) == 0);
    require(json_find(span, "Resources", &span));
    struct json_iterator it = json_iterate(span);
    require(json_next_element(&it, &span) && json_find(span, "TargetService", &span));
    require(json_find(span, "Properties", &span));
    require(json_find(span, "TaskDefinition", &value) && json_span_equals(value.text, VIEW(TASK)));
    require(json_find(span, "PlatformVersion", &value) &&
            json_span_equals(value.text, VIEW("1.4.0")));
}

static void require_same(const struct app_spec *a, const struct app_spec *b) {
    require(a->n_properties == b->n_properties && view_equal(a->hooks, b->hooks));
    for (size_t i = 0; i < a->n_properties; i++) {
        require(view_equal(a->properties[i], b->properties[i]));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct arena arena = {.limit_bytes = ARENA_BYTES};
    struct app_spec spec;
    struct app_spec again;
    struct aws_call call;
    struct err err;
    if (size > INPUT_MAX_BYTES) {
        return 0;
    }
    arena_reset(&arena);
    err_init(&err);
    require(app_spec_read((struct view){(const char *)data, size}, &arena, &spec, &err) == 0);
    require(spec.opaque.len == 0 || spec.n_properties + spec.hooks.len == 0);
    const struct codedeploy_create create = {.application = VIEW("a"),
                                             .group = VIEW("g"),
                                             .task_definition = VIEW(TASK),
                                             .container = VIEW("web"),
                                             .port = 8080,
                                             .platform_version = VIEW("1.4.0"),
                                             .properties = spec.properties,
                                             .n_properties = spec.n_properties,
                                             .hooks = spec.hooks};
    require(codedeploy_create_call(&create, &arena, &call, &err) == 0);
    struct view content = content_of(call.body, &arena);
    require_services_own(content);
    require(app_spec_read(content, &arena, &again, &err) == 0);
    require_same(&spec, &again);
    return 0;
}
