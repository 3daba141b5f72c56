/*
 * Any answer of DescribeTaskDefinition, and the register request that is made of it. What must
 * differ is worked out here a second time, without the product's lists: the containers that change,
 * the nine members that go, the tags that stay. All else is the same bytes in the same order, and
 * the differences that a dry run shows are these and no others.
 *
 * Input: a character whose bits choose a variant, then the answer.
 */

#define _GNU_SOURCE /* memmem() */
#include "handlers/deploy/taskdef.h"
#include "tests/fuzz/require.h"

#include <stdio.h>
#include <string.h>

#define INPUT_MAX_BYTES ((size_t)64 * 1024)
#define ARENA_BYTES ((size_t)64 * 1024 * 1024)
#define MAX_DEPTH 64
#define MAX_EDITS 64
#define MAX_TAGS 50

#define REGISTRY "111111111111.dkr.ecr.eu-west-1.amazonaws.com"
#define DIGEST "sha256:00000000000000000000000000000000ffffffffffffffffffffffffffffffff"
#define NEW_IMAGE REGISTRY "/r@" DIGEST

enum variant {
    BY_NAME = 1,   /* the container 'app', else all of the repository */
    KEEP_ODD = 2,  /* every second container keeps the image that it has */
    NO_TAGS = 4,   /* slipway adds none */
    ALL_NEEDED = 8 /* none of slipway's tags may be left out */
};

static const struct ecs_tag own_tags[] = {
    {VIEW("slipway:event-id"), VIEW("6a7e8feb-b491-4cf7-a9f1-bf3703467718")},
    {VIEW("slipway:event-time"), VIEW("2026-11-20T22:39:00.000Z")},
    {VIEW("slipway:previous"), {NULL, 0}},
    {VIEW("slipway:digest"), VIEW(DIGEST)},
    {VIEW("slipway:reason"), VIEW("\"quoted\"\n")},
};
#define N_OWN_TAGS (sizeof(own_tags) / sizeof(own_tags[0]))

static const struct json_limits limits = {.max_bytes = 2 * INPUT_MAX_BYTES, .max_depth = MAX_DEPTH};
static const struct repository repository = {
    .registry = {.account = VIEW("111111111111"), .region = VIEW("eu-west-1")}, .name = VIEW("r")};

/* A container whose image is to change. */
struct edit {
    size_t index;
    struct view text; /* of the image in the base */
};

/* What the base is, as this file reads it. */
struct expected {
    unsigned variant;
    struct json_span definition, tags;
    struct edit edits[MAX_EDITS];
    size_t n_edits;
};

/* --- the base, read again --- */

static bool member(struct json_span object, const char *name, struct json_span *ret_value) {
    struct json_iterator it = json_iterate(object);
    struct json_member m;
    while (object.type == JSON_OBJECT && json_next_member(&it, &m)) {
        if (json_span_equals(m.name_text, view_of(name))) {
            *ret_value = m.value;
            return true;
        }
    }
    return false;
}

static struct view string_of(struct json_span object, const char *name, struct arena *arena) {
    struct json_span value;
    struct view text = VIEW("");
    struct err err;
    err_init(&err);
    if (member(object, name, &value) && value.type == JSON_STRING) {
        require(json_span_string(value, arena, &text, &err) == 0);
    }
    return text;
}

static bool is_tag(struct view text) {
    for (size_t i = 0; i < text.len; i++) {
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-",
                    text.data[i] == '\0' ? ' ' : text.data[i])) {
            return false;
        }
    }
    return text.len > 0 && text.len <= 128 && text.data[0] != '.' && text.data[0] != '-';
}

/* The usual spelling of an image of the repository: it must be found. */
static bool is_certainly_ours(struct view image) {
    struct view base = VIEW(REGISTRY "/r");
    struct view rest = view_slice(image, base.len, image.len);
    return view_starts_with(image, base) &&
           (rest.len == 0 || (rest.data[0] == ':' && is_tag(view_slice(rest, 1, rest.len))));
}

/* Of this account, region and name in some spelling: no other may be found. */
static bool may_be_ours(struct view image) {
    struct view host, name;
    if (!view_cut(image, '/', &host, &name)) {
        return false;
    }
    return view_starts_with(host, VIEW("111111111111.dkr")) && view_starts_with(name, VIEW("r")) &&
           (name.len == 1 || name.data[1] == ':' || name.data[1] == '@') &&
           memmem(host.data, host.len, ".eu-west-1.", 11) != NULL;
}

static void require_right_choice(const struct expected *e, struct json_span element,
                                 struct view image, bool is_chosen, struct arena *arena) {
    if (e->variant & BY_NAME) {
        require(is_chosen == view_equal(string_of(element, "name", arena), VIEW("app")));
    } else {
        require(is_chosen ? may_be_ours(image) : !is_certainly_ours(image));
    }
}

/* False when there are more than this file has room for. */
static bool read_containers(struct expected *e, const struct taskdef_container *found, size_t n,
                            struct arena *arena) {
    struct json_span list, element, image;
    size_t at = 0, index = 0;
    if (!member(e->definition, "containerDefinitions", &list) || list.type != JSON_ARRAY) {
        require(n == 0);
        return true;
    }
    for (struct json_iterator it = json_iterate(list); json_next_element(&it, &element); index++) {
        if (!member(element, "image", &image) || image.type != JSON_STRING) {
            continue;
        }
        struct view value = string_of(element, "image", arena);
        bool is_chosen = at < n && found[at].image_text.data == image.text.data;
        require_right_choice(e, element, value, is_chosen, arena);
        if (!is_chosen) {
            continue;
        }
        require(found[at].image_text.len == image.text.len && view_equal(found[at].image, value));
        require(view_equal(found[at].name, string_of(element, "name", arena)));
        if (!(e->variant & KEEP_ODD && at % 2 == 1) && !view_equal(value, VIEW(NEW_IMAGE))) {
            if (e->n_edits == MAX_EDITS) {
                return false;
            }
            e->edits[e->n_edits++] = (struct edit){index, image.text};
        }
        at++;
    }
    require(at == n);
    return true;
}

/* --- the request --- */

static bool goes(struct view name_text) {
    return json_span_equals(name_text, VIEW("taskDefinitionArn")) ||
           json_span_equals(name_text, VIEW("revision")) ||
           json_span_equals(name_text, VIEW("status")) ||
           json_span_equals(name_text, VIEW("requiresAttributes")) ||
           json_span_equals(name_text, VIEW("compatibilities")) ||
           json_span_equals(name_text, VIEW("registeredAt")) ||
           json_span_equals(name_text, VIEW("registeredBy")) ||
           json_span_equals(name_text, VIEW("deregisteredAt")) ||
           json_span_equals(name_text, VIEW("deleteRequestedAt")) ||
           json_span_equals(name_text, VIEW("tags"));
}

/* Takes what it must begin with off `text`. */
static void require_next(struct view *text, struct view start) {
    require(view_starts_with(*text, start));
    *text = view_slice(*text, start.len, text->len);
}

static void require_same_but_images(const struct expected *e, struct view from, struct view to) {
    const char *at = from.data, *end = from.data + from.len;
    for (size_t i = 0; i < e->n_edits; i++) {
        struct view image = e->edits[i].text;
        if (image.data >= at && image.data < end) {
            require_next(&to, (struct view){at, (size_t)(image.data - at)});
            require_next(&to, VIEW("\"" NEW_IMAGE "\""));
            at = image.data + image.len;
        }
    }
    require(view_equal(to, (struct view){at, (size_t)(end - at)}));
}

static bool is_users(struct view key) {
    return strncasecmp(key.data, "aws:", 4) != 0 && strncmp(key.data, "slipway:", 8) != 0;
}

static size_t count_users_tags(const struct expected *e, struct arena *arena) {
    struct json_span tag;
    size_t n = 0;
    for (struct json_iterator it = json_iterate(e->tags); json_next_element(&it, &tag);) {
        n += is_users(string_of(tag, "key", arena));
    }
    return n;
}

static void require_own_tags(struct json_iterator *it, size_t n, size_t n_own,
                             struct arena *arena) {
    struct json_span got;
    for (size_t i = 0; i < n_own && n < MAX_TAGS; i++) {
        if (own_tags[i].value.len > 0) {
            require(json_next_element(it, &got));
            require(view_equal(string_of(got, "key", arena), own_tags[i].key));
            require(view_equal(string_of(got, "value", arena), own_tags[i].value));
            n++;
        }
    }
    require(!json_next_element(it, &got));
}

static void require_tags(const struct expected *e, struct json_span tags, struct arena *arena) {
    struct json_iterator it = json_iterate(tags);
    struct json_span tag, got;
    size_t n = 0;
    require(tags.type == JSON_ARRAY);
    for (struct json_iterator base = json_iterate(e->tags); json_next_element(&base, &tag);) {
        if (is_users(string_of(tag, "key", arena))) {
            require(json_next_element(&it, &got) && view_equal(got.text, tag.text));
            n++;
        }
    }
    require_own_tags(&it, n, e->variant & NO_TAGS ? 0 : N_OWN_TAGS, arena);
}

static void require_request(const struct expected *e, struct view text, struct arena *arena) {
    struct json_span root;
    struct json_member from, to;
    struct err err;
    err_init(&err);
    require(json_scan(text, &limits, "request", &root, &err) == 0 && root.type == JSON_OBJECT);
    struct json_iterator it = json_iterate(root);
    for (struct json_iterator base = json_iterate(e->definition); json_next_member(&base, &from);) {
        if (!goes(from.name_text)) {
            require(json_next_member(&it, &to) && view_equal(from.name_text, to.name_text));
            require_same_but_images(e, from.text, to.text);
        }
    }
    bool has_tags = !(e->variant & NO_TAGS) || count_users_tags(e, arena) > 0;
    if (has_tags) {
        require(json_next_member(&it, &to) && view_equal(to.name_text, VIEW("\"tags\"")));
        require_tags(e, to.value, arena);
    }
    require(!json_next_member(&it, &to));
}

/* --- the differences --- */

static bool has_tag(struct json_span tags, struct view key, struct arena *arena) {
    struct json_span tag;
    for (struct json_iterator it = json_iterate(tags); json_next_element(&it, &tag);) {
        if (view_equal(string_of(tag, "key", arena), key)) {
            return true;
        }
    }
    return false;
}

static void require_differences(const struct expected *e, struct view request,
                                const struct taskdef_difference *found, size_t n,
                                struct arena *arena) {
    char path[64];
    require(n >= e->n_edits);
    for (size_t i = 0; i < e->n_edits; i++) {
        snprintf(path, sizeof(path), "containerDefinitions[%zu].image", e->edits[i].index);
        require(view_equal(found[i].path, view_of(path)));
        require(found[i].from.data == e->edits[i].text.data);
        require(view_equal(found[i].from, e->edits[i].text));
        require(view_equal(found[i].to, VIEW("\"" NEW_IMAGE "\"")));
    }
    size_t n_new = 0;
    for (size_t i = e->n_edits; i < n; i++) {
        require(view_starts_with(found[i].path, VIEW("tags.")));
        require(!view_equal(found[i].from, found[i].to));
        require_inside(found[i].from, e->tags.text);
        require_inside(found[i].to, request);
        n_new += view_starts_with(found[i].path, VIEW("tags.slipway:")) && found[i].from.len == 0;
    }
    if (e->variant & ALL_NEEDED && !(e->variant & NO_TAGS)) {
        for (size_t i = 0; i < N_OWN_TAGS; i++) {
            bool is_new = own_tags[i].value.len > 0 && !has_tag(e->tags, own_tags[i].key, arena);
            require(!is_new || n_new-- > 0);
        }
    }
}

/* --- all of it --- */

static void check(struct expected *e, const struct ecs_task_definition *base, struct arena *arena) {
    struct taskdef_container *containers = NULL;
    struct taskdef_difference *differences = NULL;
    struct view images[MAX_EDITS], request;
    size_t n = 0, n_differences = 0;
    struct err err;
    err_init(&err);
    if (taskdef_find_containers(base, e->variant & BY_NAME ? VIEW("app") : VIEW(""), &repository,
                                VIEW("222222222222"), arena, &containers, &n, &err) != 0) {
        require(err.code == ERR_CONTAINER_NOT_FOUND && err.remedy[0] != '\0');
        require(read_containers(e, NULL, 0, arena));
        return;
    }
    require(n > 0);
    if (n > MAX_EDITS || !read_containers(e, containers, n, arena)) {
        return;
    }
    for (size_t i = 0; i < n; i++) {
        bool keeps = e->variant & KEEP_ODD && i % 2 == 1;
        images[i] = keeps ? containers[i].image : VIEW(NEW_IMAGE);
    }
    size_t n_own = e->variant & NO_TAGS ? 0 : N_OWN_TAGS;
    size_t n_needed = e->variant & ALL_NEEDED ? n_own : n_own / 2;
    const struct taskdef_splice splice = {.base = base,
                                          .containers = containers,
                                          .images = images,
                                          .n_containers = n,
                                          .tags = own_tags,
                                          .n_tags = n_own,
                                          .n_required_tags = n_needed};
    bool fits = count_users_tags(e, arena) + n_needed <= MAX_TAGS;
    require((taskdef_splice(&splice, arena, &request, &err) == 0) == fits);
    if (!fits) {
        require(err.code == ERR_FAMILY_MISMATCH && err.remedy[0] != '\0');
        return;
    }
    require_request(e, request, arena);
    require(taskdef_diff(base, request, arena, &differences, &n_differences, &err) == 0);
    require(!err_is_set(&err));
    require_differences(e, request, differences, n_differences, arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct arena arena = {.limit_bytes = ARENA_BYTES};
    static const struct aws_call answered = {
        .service = &ecs_service, .operation = "DescribeTaskDefinition", .status = 200};
    if (size < 1 || size > INPUT_MAX_BYTES) {
        return 0;
    }
    arena_reset(&arena);
    struct aws_call call = answered;
    call.response = (struct view){(const char *)data + 1, size - 1};
    struct expected e = {.variant = data[0], .tags = {.text = VIEW("[]"), .type = JSON_ARRAY}};
    struct ecs_task_definition base;
    struct json_span root, tags;
    struct err err;
    err_init(&err);
    if (ecs_describe_task_definition_result(&call, &arena, &base, &err) != 0) {
        require(err.code == ERR_BAD_RESPONSE);
        return 0;
    }
    require(json_scan(call.response, &limits, "answer", &root, &err) == 0);
    require(member(root, "taskDefinition", &e.definition));
    require(view_equal(base.text.text, e.definition.text));
    if ((member(root, "tags", &tags) && tags.type == JSON_ARRAY) ||
        (member(e.definition, "tags", &tags) && tags.type == JSON_ARRAY)) {
        e.tags = tags;
    }
    check(&e, &base, &arena);
    return 0;
}
