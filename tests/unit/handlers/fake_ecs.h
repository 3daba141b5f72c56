#ifndef SLIPWAY_TESTS_HANDLERS_FAKE_ECS_H
#define SLIPWAY_TESTS_HANDLERS_FAKE_ECS_H

/*
 * ECS and ECR in memory, as far as slipway's deploys see them: one family and one service per name,
 * revisions with tags, deployments that stay listed after they have been replaced, an image for
 * every tag. Each call is carried out at once and as a whole.
 */

#include "handlers/deploy/execute.h"
#include "handlers/deploy/facts.h"
#include "handlers/deploy/plan.h"
#include "runtime/base/json_scan.h"
#include "runtime/base/json_write.h"
#include "tests/unit/handlers/fake_http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define FAKE_ARN "arn:aws:ecs:us-east-1:222222222222:"
#define FAKE_REPO "111111111111.dkr.ecr.us-east-1.amazonaws.com/myproject_backend"
#define FAKE_MAX_REVISIONS 512
#define FAKE_MAX_SERVICES 64
#define FAKE_MAX_DEPLOYMENTS 32

struct fake_revision {
    struct view family;
    int64_t revision;
    struct view members; /* the members of the task definition, without braces */
    struct view tags;    /* "[…]", or empty */
    const char *status;
    int64_t registered_at_ms;
};

struct fake_deployment {
    int id;
    struct view task_definition; /* ARN */
    int64_t created_at_s;
};

struct fake_service {
    struct view name;
    struct view task_definition;
    struct fake_deployment deployments[FAKE_MAX_DEPLOYMENTS]; /* the primary one last */
    size_t n_deployments;
    struct fake_deployment replaced; /* that is listed no more; id 0: none */
    struct view source;              /* what a deployment in progress comes from; empty: none is */
    const char *members;             /* more of what DescribeServices tells; NULL: nothing */
};

struct fake_ecs {
    struct arena *arena;
    const struct clock *clock;
    struct fake_revision revisions[FAKE_MAX_REVISIONS];
    size_t n_revisions;
    struct fake_service services[FAKE_MAX_SERVICES];
    size_t n_services;
    int next_deployment;
    bool forgets_replaced; /* replaced deployments are not listed, but for the answer to the update
                              that replaced them */
    bool denies_tagging;
    const char *stop_answer; /* an AWS error to StopServiceDeployment; NULL: it stops */
    int registers, updates, reads, forced, tagged, stopped;
};

static inline void fake_check(bool ok, const char *what) {
    if (!ok) {
        fprintf(stderr, "fake ECS: %s\n", what);
        abort();
    }
}

static inline struct json_span fake_scan(struct view text) {
    static const struct json_limits limits = {.max_bytes = 1 << 24, .max_depth = 64};
    struct json_span root;
    struct err err;
    err_init(&err);
    if (json_scan(text, &limits, "fake", &root, &err) != 0) {
        fprintf(stderr, "%s\n", err.message);
        abort();
    }
    return root;
}

static inline struct view fake_string(struct fake_ecs *ecs, struct json_span object,
                                      const char *name) {
    struct view value;
    struct err err;
    err_init(&err);
    fake_check(json_find_string(object, name, ecs->arena, &value, &err) == 0, "memory");
    return value;
}

static inline struct view fake_arn(struct fake_ecs *ecs, const struct fake_revision *r) {
    return arena_printf(ecs->arena, FAKE_ARN "task-definition/" VIEW_FMT ":%lld",
                        VIEW_ARG(r->family), (long long)r->revision);
}

static inline struct fake_revision *fake_newest(struct fake_ecs *ecs, struct view family) {
    struct fake_revision *newest = NULL;
    for (size_t i = 0; i < ecs->n_revisions; i++) {
        struct fake_revision *r = &ecs->revisions[i];
        if (view_equal(r->family, family) && strcmp(r->status, "ACTIVE") == 0 &&
            (!newest || r->revision > newest->revision)) {
            newest = r;
        }
    }
    return newest;
}

static inline struct fake_revision *fake_find(struct fake_ecs *ecs, struct view name) {
    struct view rest;
    struct view head;
    if (view_cut_last(name, '/', &head, &rest)) {
        name = rest;
    }
    if (!view_contains_char(name, ':')) {
        return fake_newest(ecs, name);
    }
    for (size_t i = 0; i < ecs->n_revisions; i++) {
        struct fake_revision *r = &ecs->revisions[i];
        char own[300];
        snprintf(own, sizeof(own), VIEW_FMT ":%lld", VIEW_ARG(r->family), (long long)r->revision);
        if (view_equal(view_of(own), name)) {
            return r;
        }
    }
    return NULL;
}

/* A request of RegisterTaskDefinition becomes the next revision of its family, or that one. */
static inline struct fake_revision *fake_add_revision(struct fake_ecs *ecs, struct view request,
                                                      int64_t revision) {
    struct json_span root = fake_scan(request);
    struct view family = fake_string(ecs, root, "family");
    struct buf members BUF_AUTO = BUF_INIT(1 << 20);
    struct fake_revision added = {.family = family,
                                  .revision = revision,
                                  .status = "ACTIVE",
                                  .registered_at_ms = clock_wall_ms(ecs->clock)};
    struct json_member member;
    for (struct json_iterator it = json_iterate(root); json_next_member(&it, &member);) {
        if (json_span_equals(member.name_text, VIEW("tags"))) {
            added.tags = arena_copy(ecs->arena, member.value.text);
            continue;
        }
        buf_append_str(&members, members.len > 0 ? "," : "");
        buf_append(&members, member.text);
    }
    added.members = arena_copy(ecs->arena, buf_view(&members));
    for (size_t i = 0; i < ecs->n_revisions && revision == 0; i++) {
        if (view_equal(ecs->revisions[i].family, family) &&
            ecs->revisions[i].revision > added.revision) {
            added.revision = ecs->revisions[i].revision;
        }
    }
    added.revision += revision == 0 ? 1 : 0;
    fake_check(ecs->n_revisions < FAKE_MAX_REVISIONS, "too many revisions");
    ecs->revisions[ecs->n_revisions] = added;
    return &ecs->revisions[ecs->n_revisions++];
}

static inline struct fake_service *fake_service_of(struct fake_ecs *ecs, struct view name) {
    for (size_t i = 0; i < ecs->n_services; i++) {
        if (view_equal(ecs->services[i].name, name)) {
            return &ecs->services[i];
        }
    }
    return NULL;
}

static inline void fake_deploy(struct fake_ecs *ecs, struct fake_service *service,
                               struct view arn) {
    fake_check(service->n_deployments < FAKE_MAX_DEPLOYMENTS, "too many deployments");
    if (ecs->forgets_replaced && service->n_deployments > 0) {
        service->replaced = service->deployments[service->n_deployments - 1];
        service->n_deployments = 0;
    }
    service->task_definition = arn;
    service->deployments[service->n_deployments++] =
        (struct fake_deployment){.id = ++ecs->next_deployment,
                                 .task_definition = arn,
                                 .created_at_s = clock_wall_ms(ecs->clock) / 1000};
}

static inline struct fake_service *fake_add_service(struct fake_ecs *ecs, struct view name,
                                                    const struct fake_revision *runs) {
    struct fake_service *service = &ecs->services[ecs->n_services++];
    *service = (struct fake_service){.name = name};
    fake_deploy(ecs, service, fake_arn(ecs, runs));
    service->deployments[0].created_at_s -= 3600; /* long before anything that happens here */
    return service;
}

/* --- answers --- */

static inline struct view fake_service_json(struct fake_ecs *ecs, const struct fake_service *s) {
    struct buf text BUF_AUTO = BUF_INIT(1 << 16);
    struct json_writer w = json_writer(&text);
    json_begin_object(&w, NULL);
    json_put_string(&w, "serviceName", s->name);
    json_put_string(&w, "serviceArn",
                    arena_printf(ecs->arena, FAKE_ARN "service/c/" VIEW_FMT, VIEW_ARG(s->name)));
    json_put_string(&w, "clusterArn", VIEW(FAKE_ARN "cluster/c"));
    json_put_string(&w, "status", VIEW("ACTIVE"));
    json_put_string(&w, "taskDefinition", s->task_definition);
    json_begin_array(&w, "deployments");
    for (size_t i = s->n_deployments; i > 0; i--) {
        const struct fake_deployment *d = &s->deployments[i - 1];
        json_begin_object(&w, NULL);
        json_put_string(&w, "id", arena_printf(ecs->arena, "ecs-svc/%d", d->id));
        json_put_string(&w, "status", i == s->n_deployments ? VIEW("PRIMARY") : VIEW("ACTIVE"));
        json_put_string(&w, "taskDefinition", d->task_definition);
        json_put_i64(&w, "createdAt", d->created_at_s);
        if (s->source.len > 0 && i == s->n_deployments) {
            json_put_string(&w, "rolloutState", VIEW("IN_PROGRESS"));
        }
        json_end_object(&w);
    }
    json_end_array(&w);
    if (s->members) {
        buf_appendf(&text, ",%s", s->members);
    }
    json_end_object(&w);
    return arena_copy(ecs->arena, buf_view(&text));
}

static inline struct view fake_revision_json(struct fake_ecs *ecs, const struct fake_revision *r) {
    struct view arn = fake_arn(ecs, r);
    struct buf text BUF_AUTO = BUF_INIT(1 << 20);
    buf_append_str(&text, "{\"taskDefinition\":{\"taskDefinitionArn\":\"");
    buf_append(&text, arn);
    buf_appendf(&text, "\",\"revision\":%lld,\"status\":\"%s\",\"registeredAt\":%lld.%03d,",
                (long long)r->revision, r->status, (long long)(r->registered_at_ms / 1000),
                (int)(r->registered_at_ms % 1000));
    buf_append(&text, r->members);
    buf_append_str(&text, "}");
    if (r->tags.len > 0) {
        buf_append_str(&text, ",\"tags\":");
        buf_append(&text, r->tags);
    }
    buf_append_str(&text, "}");
    return arena_copy(ecs->arena, buf_view(&text));
}

static inline void fake_client_exception(struct http_exchange *exchange, const char *message) {
    char text[256];
    snprintf(text, sizeof(text), "{\"__type\":\"ClientException\",\"message\":\"%s\"}", message);
    fake_respond(exchange, 400, view_of(text));
}

static inline void fake_describe_services(struct fake_ecs *ecs, struct json_span request,
                                          struct http_exchange *exchange) {
    struct buf text BUF_AUTO = BUF_INIT(1 << 20);
    struct json_span names = {0};
    struct json_span name;
    bool first = true;
    fake_check(json_find(request, "services", &names), "services");
    buf_append_str(&text, "{\"failures\":[],\"services\":[");
    for (struct json_iterator it = json_iterate(names); json_next_element(&it, &name);) {
        for (size_t i = 0; i < ecs->n_services; i++) {
            if (json_span_equals(name.text, ecs->services[i].name)) {
                buf_append_str(&text, first ? "" : ",");
                buf_append(&text, fake_service_json(ecs, &ecs->services[i]));
                first = false;
            }
        }
    }
    buf_append_str(&text, "]}");
    fake_respond(exchange, 200, buf_view(&text));
}

static inline void fake_update_service(struct fake_ecs *ecs, struct json_span request,
                                       struct http_exchange *exchange) {
    struct fake_service *service = fake_service_of(ecs, fake_string(ecs, request, "service"));
    struct view wanted = fake_string(ecs, request, "taskDefinition");
    struct json_span force;
    bool forced =
        json_find(request, "forceNewDeployment", &force) && view_equal(force.text, VIEW("true"));
    fake_check(service != NULL, "UpdateService of an unknown service");
    ecs->updates++;
    ecs->forced += forced ? 1 : 0;
    if (wanted.len > 0) {
        struct fake_revision *r = fake_find(ecs, wanted);
        if (!r || strcmp(r->status, "ACTIVE") != 0) {
            fake_client_exception(exchange, "TaskDefinition is inactive");
            return;
        }
    }
    bool is_new = forced || (wanted.len > 0 && !view_equal(wanted, service->task_definition));
    if (is_new) {
        fake_deploy(ecs, service, wanted.len > 0 ? wanted : service->task_definition);
    }
    struct fake_service answer = *service;
    if (is_new && service->replaced.id > 0) {
        answer.deployments[1] = answer.deployments[0];
        answer.deployments[0] = service->replaced;
        answer.n_deployments = 2;
    }
    struct buf text BUF_AUTO = BUF_INIT(1 << 20);
    buf_append_str(&text, "{\"service\":");
    buf_append(&text, fake_service_json(ecs, &answer));
    buf_append_str(&text, "}");
    fake_respond(exchange, 200, buf_view(&text));
}

/* One tag more, or with another value. */
static inline void fake_put_tag(struct fake_ecs *ecs, struct fake_revision *r, struct view key,
                                struct view value) {
    struct buf text BUF_AUTO = BUF_INIT(1 << 16);
    struct json_writer w = json_writer(&text);
    struct json_span tag;
    json_begin_array(&w, NULL);
    if (r->tags.len > 0) {
        for (struct json_iterator it = json_iterate(fake_scan(r->tags));
             json_next_element(&it, &tag);) {
            struct view old = fake_string(ecs, tag, "key");
            if (!view_equal(old, key)) {
                json_begin_object(&w, NULL);
                json_put_string(&w, "key", old);
                json_put_string(&w, "value", fake_string(ecs, tag, "value"));
                json_end_object(&w);
            }
        }
    }
    json_begin_object(&w, NULL);
    json_put_string(&w, "key", key);
    json_put_string(&w, "value", value);
    json_end_object(&w);
    json_end_array(&w);
    r->tags = arena_copy(ecs->arena, buf_view(&text));
}

static inline void fake_tag_resource(struct fake_ecs *ecs, struct json_span request,
                                     struct http_exchange *exchange) {
    struct fake_revision *r = fake_find(ecs, fake_string(ecs, request, "resourceArn"));
    struct json_span tags = {0};
    struct json_span tag;
    fake_check(r != NULL && json_find(request, "tags", &tags), "TagResource");
    ecs->tagged++;
    if (ecs->denies_tagging) {
        fake_respond(exchange, 400,
                     VIEW("{\"__type\":\"AccessDeniedException\",\"message\":\"not authorized to "
                          "perform: ecs:TagResource\"}"));
        return;
    }
    for (struct json_iterator it = json_iterate(tags); json_next_element(&it, &tag);) {
        fake_put_tag(ecs, r, fake_string(ecs, tag, "key"), fake_string(ecs, tag, "value"));
    }
    fake_respond(exchange, 200, VIEW("{}"));
}

static const char fake_digits[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcd";

/* The digest of tag "t07" ends with "07"; every tag exists but those that begin with "no". */
static inline void fake_describe_images(struct fake_ecs *ecs, struct json_span request,
                                        struct http_exchange *exchange) {
    struct json_span ids = {0};
    struct json_span id = {0};
    char text[1024];
    if (!json_find(request, "imageIds", &ids)) {
        fake_respond(exchange, 200, VIEW("{\"imageDetails\":[]}"));
        return;
    }
    struct json_iterator it = json_iterate(ids);
    fake_check(json_next_element(&it, &id), "imageIds");
    struct view tag = fake_string(ecs, id, "imageTag");
    if (view_starts_with(tag, VIEW("no"))) {
        fake_respond(exchange, 400,
                     VIEW("{\"__type\":\"ImageNotFoundException\",\"message\":\"not there\"}"));
        return;
    }
    struct view digest = fake_string(ecs, id, "imageDigest");
    if (digest.len > 0) {
        snprintf(text, sizeof(text),
                 "{\"imageDetails\":[{\"registryId\":\"111111111111\",\"repositoryName\":"
                 "\"myproject_backend\",\"imageDigest\":\"" VIEW_FMT
                 "\",\"imagePushedAt\":1.7E9}]}",
                 VIEW_ARG(digest));
        fake_respond(exchange, 200, view_of(text));
        return;
    }
    snprintf(text, sizeof(text),
             "{\"imageDetails\":[{\"registryId\":\"111111111111\",\"repositoryName\":"
             "\"myproject_backend\",\"imageDigest\":\"sha256:%s" VIEW_FMT "\",\"imageTags\":["
             "\"" VIEW_FMT "\"],\"imagePushedAt\":1.7E9}]}",
             fake_digits, VIEW_ARG(view_slice(tag, 1, 2)), VIEW_ARG(tag));
    fake_respond(exchange, 200, view_of(text));
}

static inline void fake_get_image(struct fake_ecs *ecs, struct json_span request,
                                  struct http_exchange *exchange) {
    struct json_span ids = {0};
    struct json_span id = {0};
    char text[1024];
    fake_check(json_find(request, "imageIds", &ids), "imageIds");
    struct json_iterator it = json_iterate(ids);
    fake_check(json_next_element(&it, &id), "imageIds");
    struct view tag = fake_string(ecs, id, "imageTag");
    snprintf(text, sizeof(text),
             "{\"failures\":[],\"images\":[{\"imageId\":{\"imageTag\":\"" VIEW_FMT
             "\",\"imageDigest\":\"sha256:%s" VIEW_FMT "\"},\"imageManifest\":\"{\\\"mediaType\\\":"
             "\\\"application/vnd.oci.image.manifest.v1+json\\\"}\",\"imageManifestMediaType\":"
             "\"application/vnd.oci.image.manifest.v1+json\"}]}",
             VIEW_ARG(tag), fake_digits, VIEW_ARG(view_slice(tag, 1, 2)));
    fake_respond(exchange, 200, view_of(text));
}

/* The service deployments and service revisions of a service go by its name. */
static inline void fake_service_deployments(struct fake_ecs *ecs, struct view operation,
                                            struct json_span request,
                                            struct http_exchange *exchange) {
    struct view text;
    struct fake_service *service = &ecs->services[0];
    if (view_equal(operation, VIEW("ListServiceDeployments"))) {
        ecs->reads++;
        text = VIEW("{\"serviceDeployments\":[{\"serviceDeploymentArn\":\"" FAKE_ARN "sd/web\"}]}");
    } else if (view_equal(operation, VIEW("DescribeServiceDeployments"))) {
        ecs->reads++;
        text = VIEW("{\"failures\":[],\"serviceDeployments\":[{\"serviceDeploymentArn\":\"" FAKE_ARN
                    "sd/web\",\"status\":\"IN_PROGRESS\",\"sourceServiceRevisions\":[{\"arn\":"
                    "\"" FAKE_ARN "sr/web\"}],\"targetServiceRevision\":{\"arn\":\"" FAKE_ARN
                    "sr/next\"}}]}");
    } else if (view_equal(operation, VIEW("DescribeServiceRevisions"))) {
        ecs->reads++;
        text = arena_printf(ecs->arena,
                            "{\"failures\":[],\"serviceRevisions\":[{\"serviceRevisionArn\":"
                            "\"" FAKE_ARN "sr/web\",\"taskDefinition\":\"" VIEW_FMT
                            "\"},{\"serviceRevisionArn\":\"" FAKE_ARN
                            "sr/next\",\"taskDefinition\":\"" VIEW_FMT "\"}]}",
                            VIEW_ARG(service->source), VIEW_ARG(service->task_definition));
    } else {
        fake_check(
            view_equal(fake_string(ecs, request, "serviceDeploymentArn"), VIEW(FAKE_ARN "sd/web")),
            "unknown operation");
        if (ecs->stop_answer) {
            text = arena_printf(ecs->arena, "{\"__type\":\"%s\",\"message\":\"no\"}",
                                ecs->stop_answer);
            fake_respond(exchange, 400, text);
            return;
        }
        ecs->stopped++;
        fake_deploy(ecs, service, service->source);
        text = VIEW("{\"serviceDeploymentArn\":\"" FAKE_ARN "sd/web\"}");
    }
    fake_respond(exchange, 200, text);
}

/* Carries a call out and answers it. */
static inline void fake_ecs_answer(struct fake_ecs *ecs, struct http_exchange *exchange) {
    struct view operation = fake_operation(exchange);
    struct json_span request = fake_scan(arena_copy(ecs->arena, exchange->body));
    if (view_equal(operation, VIEW("DescribeServices"))) {
        ecs->reads++;
        fake_describe_services(ecs, request, exchange);
    } else if (view_equal(operation, VIEW("DescribeTaskDefinition"))) {
        ecs->reads++;
        struct fake_revision *r = fake_find(ecs, fake_string(ecs, request, "taskDefinition"));
        if (r) {
            fake_respond(exchange, 200, fake_revision_json(ecs, r));
        } else {
            fake_client_exception(exchange, "Unable to describe task definition.");
        }
    } else if (view_equal(operation, VIEW("RegisterTaskDefinition"))) {
        ecs->registers++;
        fake_respond(exchange, 200,
                     fake_revision_json(ecs, fake_add_revision(ecs, request.text, 0)));
    } else if (view_equal(operation, VIEW("UpdateService"))) {
        fake_update_service(ecs, request, exchange);
    } else if (view_equal(operation, VIEW("TagResource"))) {
        fake_tag_resource(ecs, request, exchange);
    } else if (view_equal(operation, VIEW("DescribeImages"))) {
        fake_describe_images(ecs, request, exchange);
    } else if (view_equal(operation, VIEW("BatchGetImage"))) {
        fake_get_image(ecs, request, exchange);
    } else {
        fake_service_deployments(ecs, operation, request, exchange);
    }
}

static inline bool fake_is_write(const struct http_exchange *exchange) {
    struct view operation = fake_operation(exchange);
    return view_equal(operation, VIEW("RegisterTaskDefinition")) ||
           view_equal(operation, VIEW("UpdateService")) ||
           view_equal(operation, VIEW("TagResource"));
}

static inline bool fake_is_registry(const struct http_exchange *exchange) {
    struct view operation = fake_operation(exchange);
    return view_equal(operation, VIEW("DescribeImages")) ||
           view_equal(operation, VIEW("BatchGetImage"));
}

#endif
