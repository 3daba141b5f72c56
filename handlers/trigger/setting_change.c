#include "handlers/trigger/setting_change.h"

#include "handlers/trigger/detail.h"

#define SHOWN_BYTES 128

static struct trigger restart_of(const struct event *event, enum trigger_scope scope) {
    struct trigger trigger = trigger_of(event, TRIGGER_RESTART);
    trigger.scope = scope;
    trigger.is_automatic = true;
    return trigger;
}

/* ---- parameters ---- */

/* The third of "/{env}/{project}/{service}/…"; empty for any other name. */
static struct view service_of(struct view name, const struct config *config) {
    struct view rest;
    struct view env;
    struct view project;
    struct view service;
    struct view root;
    if (!view_cut(name, '/', &root, &rest) || root.len > 0 || !view_cut(rest, '/', &env, &rest) ||
        !view_equal(env, config->env) || !view_cut(rest, '/', &project, &rest) ||
        !view_equal(project, config->project) || !view_cut(rest, '/', &service, &rest) ||
        rest.len == 0 || !config_name_is_valid(service)) {
        return (struct view){0};
    }
    return service;
}

static struct view why_no_parameter(const struct event *event, const struct config *config,
                                    struct arena *arena) {
    struct view operation = json_string(json_get(event->detail, "operation"));
    struct view name = json_string(json_get(event->detail, "name"));
    const struct json *exception = json_get(event->detail, "exception");
    if (!view_equal(operation, VIEW("Create")) && !view_equal(operation, VIEW("Update"))) {
        return arena_printf(arena, "operation '" VIEW_FMT "' gives the parameter no new value",
                            VIEW_ARG(view_slice(operation, 0, SHOWN_BYTES)));
    }
    if (exception != NULL && json_type(exception) != JSON_NULL) {
        return VIEW("the change of the parameter failed: it has the value that it had");
    }
    if (service_of(name, config).len == 0) {
        return arena_printf(arena,
                            "parameter '" VIEW_FMT "' is not of the form '/" VIEW_FMT "/" VIEW_FMT
                            "/{service}/…'",
                            VIEW_ARG(view_slice(name, 0, SHOWN_BYTES)), VIEW_ARG(config->env),
                            VIEW_ARG(config->project));
    }
    return VIEW("");
}

int parameter_change_parse(const struct event *event, const struct config *config,
                           struct arena *arena, struct trigger *ret_trigger, struct err *err) {
    *ret_trigger = restart_of(event, SCOPE_PARAMETER);
    struct view note = why_no_parameter(event, config, arena);
    if (note.data == NULL || note.len > 0) {
        return trigger_ignore(ret_trigger, note, err);
    }
    return detail_keep(service_of(json_string(json_get(event->detail, "name")), config), arena,
                       &ret_trigger->service, err);
}

/* ---- env files ---- */

static int keep_object(struct view bucket, struct view key, struct arena *arena,
                       struct trigger *trigger, struct err *err) {
    if (bucket.len == 0 || key.len == 0) {
        struct err cause;
        err_init(&cause);
        (void)err_set(&cause, ERR_EVENT_MALFORMED, "detail: expected a bucket and an object's key");
        return trigger_refuse(trigger, &cause, err);
    }
    return detail_keep(bucket, arena, &trigger->bucket, err) != 0 ||
                   detail_keep(key, arena, &trigger->key, err) != 0
               ? -1
               : 0;
}

int object_created_parse(const struct event *event, const struct config *config,
                         struct arena *arena, struct trigger *ret_trigger, struct err *err) {
    (void)config;
    *ret_trigger = restart_of(event, SCOPE_OBJECT);
    return keep_object(json_string(json_get(json_get(event->detail, "bucket"), "name")),
                       json_string(json_get(json_get(event->detail, "object"), "key")), arena,
                       ret_trigger, err);
}

static bool writes_an_object(struct view call) {
    return view_equal(call, VIEW("PutObject")) || view_equal(call, VIEW("CopyObject")) ||
           view_equal(call, VIEW("CompleteMultipartUpload"));
}

int object_written_parse(const struct event *event, const struct config *config,
                         struct arena *arena, struct trigger *ret_trigger, struct err *err) {
    (void)config;
    struct view call = json_string(json_get(event->detail, "eventName"));
    const struct json *parameters = json_get(event->detail, "requestParameters");
    const struct json *failure = json_get(event->detail, "errorCode");
    *ret_trigger = restart_of(event, SCOPE_OBJECT);
    if (!writes_an_object(call)) {
        return trigger_ignore(ret_trigger,
                              arena_printf(arena, "'" VIEW_FMT "' writes no object",
                                           VIEW_ARG(view_slice(call, 0, SHOWN_BYTES))),
                              err);
    }
    if (failure != NULL && json_type(failure) != JSON_NULL) {
        return trigger_ignore(
            ret_trigger,
            arena_printf(arena, "'" VIEW_FMT "' failed: the object is as it was", VIEW_ARG(call)),
            err);
    }
    return keep_object(json_string(json_get(parameters, "bucketName")),
                       json_string(json_get(parameters, "key")), arena, ret_trigger, err);
}
