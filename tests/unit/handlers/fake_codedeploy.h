#ifndef SLIPWAY_TESTS_HANDLERS_FAKE_CODEDEPLOY_H
#define SLIPWAY_TESTS_HANDLERS_FAKE_CODEDEPLOY_H

/*
 * CodeDeploy in memory, as far as slipway sees it: one deployment group of each service, and one
 * deployment of it at a time.
 */

#include "tests/unit/handlers/fake_ecs.h"

#define FAKE_MAX_CODEDEPLOY 16

struct fake_codedeploy_deployment {
    struct view id, group, description;
    struct view content; /* the AppSpec */
    const char *status;
    int64_t created_at_s;
};

struct fake_codedeploy {
    struct arena *arena;
    const struct clock *clock;
    const char *application; /* which has all groups */
    const char *groups[4];
    const char *services[4]; /* what each of them deploys, on cluster c */
    size_t n_groups;
    struct fake_codedeploy_deployment deployments[FAKE_MAX_CODEDEPLOY];
    size_t n;
    const char *app_spec;      /* what the groups were given last; NULL: nothing */
    const char *app_spec_type; /* NULL: AppSpecContent; String; without a text: another */
    const char *create_error;  /* a code that CreateDeployment answers; NULL: it creates */
    int creates;
};

static inline void fake_codedeploy_error(struct fake_codedeploy *c, struct http_exchange *exchange,
                                         const char *code) {
    fake_respond(exchange, 400,
                 arena_printf(c->arena, "{\"__type\":\"%s\",\"message\":\"no\"}", code));
}

static inline bool fake_names_contain(struct json_span names, const char *name) {
    struct json_span one;
    for (struct json_iterator it = json_iterate(names); json_next_element(&it, &one);) {
        if (json_span_equals(one.text, view_of(name))) {
            return true;
        }
    }
    return false;
}

#define FAKE_APP_SPEC_HASH "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

static inline void fake_put_target(const struct fake_codedeploy *c, struct buf *text) {
    if (c->app_spec) {
        buf_appendf(text,
                    ",\"targetRevision\":{\"revisionType\":\"%s\",\"%s\":{\"sha256\":"
                    "\"" FAKE_APP_SPEC_HASH "\"}}",
                    c->app_spec_type ? c->app_spec_type : "AppSpecContent",
                    c->app_spec_type ? "string" : "appSpecContent");
    } else if (c->app_spec_type) {
        buf_appendf(text,
                    ",\"targetRevision\":{\"revisionType\":\"%s\",\"s3Location\":{\"bucket\":"
                    "\"b\"}}",
                    c->app_spec_type);
    }
}

static inline void fake_get_app_spec(struct fake_codedeploy *c, struct fake_ecs *ecs,
                                     struct json_span request, struct http_exchange *exchange) {
    struct buf text BUF_AUTO = BUF_INIT(1 << 16);
    struct json_writer w = json_writer(&text);
    struct json_span content = {0};
    const char *member = c->app_spec_type ? "string" : "appSpecContent";
    fake_check(json_find(request, "revision", &content) && json_find(content, member, &content) &&
                   view_equal(fake_string(ecs, content, "sha256"), VIEW(FAKE_APP_SPEC_HASH)),
               "sha256");
    if (c->app_spec[0] == '\0') {
        fake_codedeploy_error(c, exchange, "RevisionDoesNotExistException");
        return;
    }
    json_begin_object(&w, NULL);
    json_begin_object(&w, "revision");
    json_begin_object(&w, member);
    json_put_string(&w, "content", view_of(c->app_spec));
    json_end_object(&w);
    json_end_object(&w);
    json_end_object(&w);
    fake_respond(exchange, 200, buf_view(&text));
}

static inline void fake_get_groups(struct fake_codedeploy *c, struct fake_ecs *ecs,
                                   struct json_span request, struct http_exchange *exchange) {
    struct buf text BUF_AUTO = BUF_INIT(1 << 16);
    struct json_span names = {0};
    bool first = true;
    fake_check(json_find(request, "deploymentGroupNames", &names), "deploymentGroupNames");
    if (!view_equal(fake_string(ecs, request, "applicationName"), view_of(c->application))) {
        fake_codedeploy_error(c, exchange, "ApplicationDoesNotExistException");
        return;
    }
    buf_append_str(&text, "{\"deploymentGroupsInfo\":[");
    for (size_t i = 0; i < c->n_groups; i++) {
        if (fake_names_contain(names, c->groups[i])) {
            buf_appendf(&text,
                        "%s{\"deploymentGroupName\":\"%s\",\"ecsServices\":[{\"clusterName\":"
                        "\"c\",\"serviceName\":\"%s\"}]",
                        first ? "" : ",", c->groups[i], c->services[i]);
            fake_put_target(c, &text);
            buf_append_char(&text, '}');
            first = false;
        }
    }
    buf_append_str(&text, "]}");
    fake_respond(exchange, 200, buf_view(&text));
}

static inline void fake_list_groups(struct fake_codedeploy *c, struct http_exchange *exchange) {
    struct buf text BUF_AUTO = BUF_INIT(1 << 16);
    buf_append_str(&text, "{\"deploymentGroups\":[");
    for (size_t i = 0; i < c->n_groups; i++) {
        buf_appendf(&text, "%s\"%s\"", i > 0 ? "," : "", c->groups[i]);
    }
    buf_append_str(&text, "]}");
    fake_respond(exchange, 200, buf_view(&text));
}

static inline bool fake_is_under_way(const struct fake_codedeploy_deployment *d) {
    return strcmp(d->status, "Succeeded") != 0 && strcmp(d->status, "Failed") != 0 &&
           strcmp(d->status, "Stopped") != 0;
}

static inline void fake_list_deployments(struct fake_codedeploy *c, struct fake_ecs *ecs,
                                         struct json_span request, struct http_exchange *exchange) {
    struct buf text BUF_AUTO = BUF_INIT(1 << 16);
    struct view group = fake_string(ecs, request, "deploymentGroupName");
    struct json_span start = {0};
    int64_t since_s = 0;
    bool by_time =
        json_find(request, "createTimeRange", &start) && json_find(start, "start", &start);
    bool first = true;
    fake_check(!by_time || view_to_i64(start.text, &since_s), "createTimeRange");
    buf_append_str(&text, "{\"deployments\":[");
    for (size_t i = 0; i < c->n; i++) {
        const struct fake_codedeploy_deployment *d = &c->deployments[i];
        bool is_wanted = by_time ? d->created_at_s >= since_s : fake_is_under_way(d);
        if (view_equal(d->group, group) && is_wanted) {
            buf_appendf(&text, "%s\"" VIEW_FMT "\"", first ? "" : ",", VIEW_ARG(d->id));
            first = false;
        }
    }
    buf_append_str(&text, "]}");
    fake_respond(exchange, 200, buf_view(&text));
}

static inline void fake_get_deployments(struct fake_codedeploy *c, struct json_span request,
                                        struct http_exchange *exchange) {
    struct buf text BUF_AUTO = BUF_INIT(1 << 16);
    struct json_span ids = {0};
    bool first = true;
    fake_check(json_find(request, "deploymentIds", &ids), "deploymentIds");
    buf_append_str(&text, "{\"deploymentsInfo\":[");
    for (size_t i = 0; i < c->n; i++) {
        const struct fake_codedeploy_deployment *d = &c->deployments[i];
        if (fake_names_contain(ids, d->id.data)) {
            buf_appendf(&text,
                        "%s{\"deploymentId\":\"" VIEW_FMT
                        "\",\"status\":\"%s\",\"description\":\"" VIEW_FMT "\"}",
                        first ? "" : ",", VIEW_ARG(d->id), d->status, VIEW_ARG(d->description));
            first = false;
        }
    }
    buf_append_str(&text, "]}");
    fake_respond(exchange, 200, buf_view(&text));
}

static inline struct fake_codedeploy_deployment *fake_add_deployment(struct fake_codedeploy *c,
                                                                     const char *group,
                                                                     const char *description,
                                                                     const char *status) {
    fake_check(c->n < FAKE_MAX_CODEDEPLOY, "too many deployments of CodeDeploy");
    struct fake_codedeploy_deployment *d = &c->deployments[c->n++];
    *d = (struct fake_codedeploy_deployment){
        .id = arena_printf(c->arena, "d-%zu", c->n),
        .group = arena_copy(c->arena, view_of(group)),
        .description = arena_copy(c->arena, view_of(description)),
        .status = status,
        .created_at_s = clock_wall_ms(c->clock) / 1000,
    };
    return d;
}

static inline void fake_create_deployment(struct fake_codedeploy *c, struct fake_ecs *ecs,
                                          struct json_span request,
                                          struct http_exchange *exchange) {
    struct view group = fake_string(ecs, request, "deploymentGroupName");
    struct json_span content = {0};
    c->creates++;
    fake_check(json_find(request, "revision", &content) &&
                   json_find(content, "appSpecContent", &content),
               "revision");
    for (size_t i = 0; i < c->n; i++) {
        if (view_equal(c->deployments[i].group, group) && fake_is_under_way(&c->deployments[i])) {
            fake_codedeploy_error(c, exchange, "DeploymentLimitExceededException");
            return;
        }
    }
    if (c->create_error) {
        fake_codedeploy_error(c, exchange, c->create_error);
        return;
    }
    struct fake_codedeploy_deployment *d =
        fake_add_deployment(c, arena_copy(c->arena, group).data,
                            fake_string(ecs, request, "description").data, "Created");
    d->content = fake_string(ecs, content, "content");
    fake_respond(exchange, 200,
                 arena_printf(c->arena, "{\"deploymentId\":\"" VIEW_FMT "\"}", VIEW_ARG(d->id)));
}

/* Answers what is CodeDeploy's; false: it is not. `ecs` for its arena. */
static inline bool fake_codedeploy_answer(struct fake_codedeploy *c, struct fake_ecs *ecs,
                                          struct http_exchange *exchange) {
    struct view operation = fake_operation(exchange);
    struct json_span request = fake_scan(arena_copy(ecs->arena, exchange->body));
    if (view_equal(operation, VIEW("BatchGetDeploymentGroups"))) {
        fake_get_groups(c, ecs, request, exchange);
    } else if (view_equal(operation, VIEW("ListApplications"))) {
        fake_respond(
            exchange, 200,
            arena_printf(c->arena, "{\"applications\":[\"other\",\"%s\"]}", c->application));
    } else if (view_equal(operation, VIEW("ListDeploymentGroups"))) {
        fake_list_groups(c, exchange);
    } else if (view_equal(operation, VIEW("GetApplicationRevision"))) {
        fake_get_app_spec(c, ecs, request, exchange);
    } else if (view_equal(operation, VIEW("ListDeployments"))) {
        fake_list_deployments(c, ecs, request, exchange);
    } else if (view_equal(operation, VIEW("BatchGetDeployments"))) {
        fake_get_deployments(c, request, exchange);
    } else if (view_equal(operation, VIEW("CreateDeployment"))) {
        fake_create_deployment(c, ecs, request, exchange);
    } else {
        return false;
    }
    return true;
}

#endif
