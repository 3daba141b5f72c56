#ifndef SLIPWAY_TESTS_HANDLERS_FAKE_LAMBDA_H
#define SLIPWAY_TESTS_HANDLERS_FAKE_LAMBDA_H

/*
 * One Lambda function of a container image in memory, with an alias: what it runs, its tags, the
 * versions that were published of it. Each write that changes it changes its revision id, and one
 * that names another is not taken.
 */

#include "tests/unit/handlers/fake_ecs.h"

#define FAKE_FUNCTION_ARN "arn:aws:lambda:us-east-1:222222222222:function:"
#define FAKE_MAX_TAGS 50
#define FAKE_MAX_VERSIONS 16

struct fake_lambda {
    struct arena *arena;
    const char *name;
    struct view image; /* by digest */
    const char *package_type;
    int revision;
    const char *status, *reason; /* of the last update */
    int polls_to_settle; /* looks at its configuration until an update is taken; -1: never */
    int polls_left;
    bool cannot_take; /* the update ends as Failed */
    struct view keys[FAKE_MAX_TAGS], values[FAKE_MAX_TAGS];
    size_t n_tags;
    struct view versions[FAKE_MAX_VERSIONS]; /* the images of versions 1, 2, … */
    size_t n_versions;
    size_t alias_version;
    int alias_revision;
    bool alias_has_weights;
    int updates, published, moves, tagged, untagged, reads;
};

static inline void fake_lambda_init(struct fake_lambda *lambda, struct arena *arena,
                                    const char *name) {
    *lambda = (struct fake_lambda){.arena = arena,
                                   .name = name,
                                   .image = VIEW(FAKE_REPO "@sha256:"
                                                           "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                                                           "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
                                   .package_type = "Image",
                                   .revision = 1,
                                   .status = "Successful",
                                   .reason = "",
                                   .alias_version = 1,
                                   .alias_revision = 1};
    lambda->versions[lambda->n_versions++] = lambda->image;
}

static inline void fake_lambda_error(struct fake_lambda *lambda, struct http_exchange *exchange,
                                     int status, const char *code, const char *message) {
    fake_respond(
        exchange, status,
        arena_printf(lambda->arena, "{\"__type\":\"%s\",\"message\":\"%s\"}", code, message));
}

static inline void fake_put_function_tag(struct fake_lambda *lambda, struct view key,
                                         struct view value) {
    size_t i = 0;
    while (i < lambda->n_tags && !view_equal(lambda->keys[i], key)) {
        i++;
    }
    fake_check(i < FAKE_MAX_TAGS, "too many tags");
    lambda->keys[i] = arena_copy(lambda->arena, key);
    lambda->values[i] = arena_copy(lambda->arena, value);
    lambda->n_tags += i == lambda->n_tags ? 1 : 0;
}

static inline struct view fake_function_tag(const struct fake_lambda *lambda, const char *key) {
    for (size_t i = 0; i < lambda->n_tags; i++) {
        if (view_equal(lambda->keys[i], view_of(key))) {
            return lambda->values[i];
        }
    }
    return (struct view){0};
}

/* --- answers --- */

static inline void fake_put_configuration(struct fake_lambda *lambda, struct json_writer *w,
                                          const char *name, struct view version) {
    json_begin_object(w, name);
    json_put_string(w, "FunctionArn",
                    arena_printf(lambda->arena, FAKE_FUNCTION_ARN "%s", lambda->name));
    json_put_string(w, "PackageType", view_of(lambda->package_type));
    json_put_string(w, "State", VIEW("Active"));
    json_put_string(w, "LastUpdateStatus", view_of(lambda->status));
    json_put_string(w, "LastUpdateStatusReason", view_of(lambda->reason));
    json_put_string(w, "RevisionId", arena_printf(lambda->arena, "r-%d", lambda->revision));
    json_put_string(w, "Version", version);
    json_end_object(w);
}

static inline void fake_get_function(struct fake_lambda *lambda, struct http_exchange *exchange) {
    struct buf text BUF_AUTO = BUF_INIT(1 << 16);
    struct json_writer w = json_writer(&text);
    json_begin_object(&w, NULL);
    fake_put_configuration(lambda, &w, "Configuration", VIEW("$LATEST"));
    json_begin_object(&w, "Code");
    json_put_string(&w, "ImageUri", lambda->image);
    json_put_string(&w, "ResolvedImageUri", lambda->image);
    json_end_object(&w);
    json_begin_object(&w, "Tags");
    for (size_t i = 0; i < lambda->n_tags; i++) {
        json_put_string(&w, lambda->keys[i].data, lambda->values[i]);
    }
    json_end_object(&w);
    json_end_object(&w);
    lambda->reads++;
    fake_respond(exchange, 200, buf_view(&text));
}

static inline void fake_respond_configuration(struct fake_lambda *lambda, struct view version,
                                              struct http_exchange *exchange) {
    struct buf text BUF_AUTO = BUF_INIT(1 << 16);
    struct json_writer w = json_writer(&text);
    fake_put_configuration(lambda, &w, NULL, version);
    fake_respond(exchange, 200, buf_view(&text));
}

static inline void fake_poll(struct fake_lambda *lambda, struct http_exchange *exchange) {
    if (strcmp(lambda->status, "InProgress") == 0 && lambda->polls_left > 0 &&
        --lambda->polls_left == 0) {
        lambda->status = lambda->cannot_take ? "Failed" : "Successful";
        lambda->reason = lambda->cannot_take ? "The image is too large." : "";
        lambda->revision++;
    }
    lambda->reads++;
    fake_respond_configuration(lambda, VIEW("$LATEST"), exchange);
}

static inline void fake_respond_alias(struct fake_lambda *lambda, struct http_exchange *exchange) {
    fake_respond(exchange, 200,
                 arena_printf(lambda->arena,
                              "{\"FunctionVersion\":\"%zu\",\"RevisionId\":\"a-%d\"%s}",
                              lambda->alias_version, lambda->alias_revision,
                              lambda->alias_has_weights
                                  ? ",\"RoutingConfig\":{\"AdditionalVersionWeights\":{\"1\":0.1}}"
                                  : ""));
}

/* --- writes --- */

/* Whether the request may be carried out; otherwise it is answered. */
static inline bool fake_admits(struct fake_lambda *lambda, struct fake_ecs *ecs,
                               struct json_span request, struct view revision,
                               struct http_exchange *exchange) {
    struct view wanted = fake_string(ecs, request, "RevisionId");
    if (wanted.len > 0 && !view_equal(wanted, revision)) {
        fake_lambda_error(lambda, exchange, 412, "PreconditionFailedException",
                          "The RevisionId provided does not match");
        return false;
    }
    return true;
}

static inline bool fake_is_updating(struct fake_lambda *lambda, struct http_exchange *exchange) {
    if (strcmp(lambda->status, "InProgress") != 0) {
        return false;
    }
    fake_lambda_error(lambda, exchange, 409, "ResourceConflictException",
                      "The operation cannot be performed at this time.");
    return true;
}

static inline struct view fake_revision_id(struct fake_lambda *lambda) {
    return arena_printf(lambda->arena, "r-%d", lambda->revision);
}

static inline void fake_set_image(struct fake_lambda *lambda, struct view image) {
    lambda->image = arena_copy(lambda->arena, image);
    lambda->revision++;
    lambda->updates++;
    lambda->status = lambda->polls_to_settle != 0 ? "InProgress" : "Successful";
    lambda->polls_left = lambda->polls_to_settle;
}

static inline void fake_update_code(struct fake_lambda *lambda, struct fake_ecs *ecs,
                                    struct json_span request, struct http_exchange *exchange) {
    if (fake_is_updating(lambda, exchange) ||
        !fake_admits(lambda, ecs, request, fake_revision_id(lambda), exchange)) {
        return;
    }
    fake_set_image(lambda, fake_string(ecs, request, "ImageUri"));
    fake_respond_configuration(lambda, VIEW("$LATEST"), exchange);
}

static inline void fake_publish(struct fake_lambda *lambda, struct fake_ecs *ecs,
                                struct json_span request, struct http_exchange *exchange) {
    if (fake_is_updating(lambda, exchange) ||
        !fake_admits(lambda, ecs, request, fake_revision_id(lambda), exchange)) {
        return;
    }
    if (!view_equal(lambda->versions[lambda->n_versions - 1], lambda->image)) {
        fake_check(lambda->n_versions < FAKE_MAX_VERSIONS, "too many versions");
        lambda->versions[lambda->n_versions++] = lambda->image;
        lambda->published++;
    }
    fake_respond_configuration(lambda, arena_printf(lambda->arena, "%zu", lambda->n_versions),
                               exchange);
}

static inline void fake_move_alias(struct fake_lambda *lambda, struct fake_ecs *ecs,
                                   struct json_span request, struct http_exchange *exchange) {
    struct view revision = arena_printf(lambda->arena, "a-%d", lambda->alias_revision);
    int64_t version = 0;
    if (!fake_admits(lambda, ecs, request, revision, exchange)) {
        return;
    }
    fake_check(view_to_i64(fake_string(ecs, request, "FunctionVersion"), &version), "version");
    lambda->alias_version = (size_t)version;
    lambda->alias_revision++;
    lambda->moves++;
    fake_respond_alias(lambda, exchange);
}

static inline void fake_tag_function(struct fake_lambda *lambda, struct fake_ecs *ecs,
                                     struct json_span request, struct http_exchange *exchange) {
    struct json_span tags = {0};
    struct json_member member;
    fake_check(json_find(request, "Tags", &tags), "Tags");
    for (struct json_iterator it = json_iterate(tags); json_next_member(&it, &member);) {
        struct err err;
        struct view key = {0};
        struct view value = {0};
        const struct json_span name = {.text = member.name_text, .type = JSON_STRING};
        err_init(&err);
        fake_check(json_span_string(name, ecs->arena, &key, &err) == 0 &&
                       json_span_string(member.value, ecs->arena, &value, &err) == 0,
                   "tag");
        fake_put_function_tag(lambda, key, value);
    }
    lambda->tagged++;
    fake_respond(exchange, 204, VIEW(""));
}

static inline struct view fake_decoded(struct arena *arena, const char *text, size_t len) {
    struct buf out BUF_AUTO = BUF_INIT(4096);
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '%' && i + 2 < len) {
            const char digits[3] = {text[i + 1], text[i + 2], '\0'};
            buf_append_char(&out, (char)strtoul(digits, NULL, 16));
            i += 2;
        } else {
            buf_append_char(&out, text[i]);
        }
    }
    return arena_copy(arena, buf_view(&out));
}

static inline void fake_untag_function(struct fake_lambda *lambda, struct http_exchange *exchange) {
    for (const char *at = exchange->url; (at = strstr(at, "tagKeys=")) != NULL;) {
        at += strlen("tagKeys=");
        struct view key = fake_decoded(lambda->arena, at, strcspn(at, "&"));
        for (size_t i = 0; i < lambda->n_tags; i++) {
            if (view_equal(lambda->keys[i], key)) {
                lambda->n_tags--;
                lambda->keys[i] = lambda->keys[lambda->n_tags];
                lambda->values[i] = lambda->values[lambda->n_tags];
            }
        }
    }
    lambda->untagged++;
    fake_respond(exchange, 204, VIEW(""));
}

/* Answers what is about this function; false: it is not. `ecs` for its arena. */
static inline bool fake_lambda_answer(struct fake_lambda *lambda, struct fake_ecs *ecs,
                                      struct http_exchange *exchange) {
    struct view operation = fake_rest_operation(exchange);
    struct view body = exchange->body.len > 0 ? exchange->body : VIEW("{}");
    if (!strstr(exchange->url, lambda->name)) {
        return false;
    }
    struct json_span request = fake_scan(arena_copy(ecs->arena, body));
    if (view_equal(operation, VIEW("GetFunction"))) {
        fake_get_function(lambda, exchange);
    } else if (view_equal(operation, VIEW("GetFunctionConfiguration"))) {
        fake_poll(lambda, exchange);
    } else if (view_equal(operation, VIEW("UpdateFunctionCode"))) {
        fake_update_code(lambda, ecs, request, exchange);
    } else if (view_equal(operation, VIEW("PublishVersion"))) {
        fake_publish(lambda, ecs, request, exchange);
    } else if (view_equal(operation, VIEW("GetAlias"))) {
        lambda->reads++;
        fake_respond_alias(lambda, exchange);
    } else if (view_equal(operation, VIEW("UpdateAlias"))) {
        fake_move_alias(lambda, ecs, request, exchange);
    } else if (view_equal(operation, VIEW("TagFunction"))) {
        fake_tag_function(lambda, ecs, request, exchange);
    } else if (view_equal(operation, VIEW("UntagFunction"))) {
        fake_untag_function(lambda, exchange);
    } else {
        return false;
    }
    return true;
}

#endif
