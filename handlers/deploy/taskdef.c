#include "handlers/deploy/taskdef.h"

#include "handlers/deploy/taskdef_parts.h"
#include "runtime/base/ascii.h"
#include "runtime/base/buf.h"
#include "runtime/base/json_write.h"

#include <string.h>

/* A request at most: what AWS may answer, and room for an image and tags. */
#define REQUEST_BYTES (AWS_RESPONSE_BYTES + 128 * 1024)
/* Containers named in a message, at most, in bytes. */
#define LISTING_BYTES 900

/* Members that DescribeTaskDefinition adds and RegisterTaskDefinition does not take. All others
 * are taken or will be: a list of what goes loses nothing that AWS adds later. */
static const char *const read_only_members[] = {
    "taskDefinitionArn", "revision",     "status",         "requiresAttributes", "compatibilities",
    "registeredAt",      "registeredBy", "deregisteredAt", "deleteRequestedAt",
};

bool taskdef_member_is_read_only(struct view name_text) {
    for (size_t i = 0; i < sizeof(read_only_members) / sizeof(read_only_members[0]); i++) {
        if (json_span_equals(name_text, view_of(read_only_members[i]))) {
            return true;
        }
    }
    return false;
}

static bool is_tags(struct view name_text) {
    return json_span_equals(name_text, VIEW("tags"));
}

/* --- containers --- */

static struct json_span container_list(const struct ecs_task_definition *definition) {
    struct json_span list;
    if (!json_find(definition->text, "containerDefinitions", &list) || list.type != JSON_ARRAY) {
        return (struct json_span){.text = VIEW("[]"), .type = JSON_ARRAY};
    }
    return list;
}

static size_t count_elements(struct json_span array) {
    size_t n = 0;
    struct json_span element;
    for (struct json_iterator it = json_iterate(array); json_next_element(&it, &element);) {
        n++;
    }
    return n;
}

static int read_container(struct json_span element, struct arena *arena,
                          struct taskdef_container *ret_container, struct err *err) {
    struct taskdef_container container = {0};
    struct json_span image;
    if (json_find_string(element, "name", arena, &container.name, err) != 0 ||
        json_find_string(element, "image", arena, &container.image, err) != 0) {
        return -1;
    }
    if (json_find(element, "image", &image) && image.type == JSON_STRING) {
        container.image_text = image.text;
    }
    *ret_container = container;
    return 0;
}

static bool is_wanted(const struct taskdef_container *found, struct view container,
                      const struct repository *repository, struct view own_account) {
    if (found->image_text.len == 0) {
        return false;
    }
    if (container.len > 0) {
        return view_equal(found->name, container);
    }
    struct image_reference reference;
    return image_reference_parse(found->image, &reference) &&
           image_is_in_repository(&reference, repository, own_account);
}

/* "'app' (nginx:1), 'xray' (…)" */
static struct view list_containers(const struct ecs_task_definition *definition,
                                   struct arena *arena, struct err *err) {
    struct buf text BUF_AUTO = BUF_INIT(LISTING_BYTES);
    struct json_span element;
    struct taskdef_container container;
    struct json_iterator it = json_iterate(container_list(definition));
    while (json_next_element(&it, &element)) {
        if (read_container(element, arena, &container, err) != 0) {
            return (struct view){0};
        }
        buf_appendf(&text, "%s'" VIEW_FMT "' (" VIEW_FMT ")", text.len > 0 ? ", " : "",
                    VIEW_ARG(container.name), VIEW_ARG(container.image));
    }
    if (text.len == 0) {
        buf_append_str(&text, "no container");
    }
    /* Cut short by its ceiling it is still a listing. */
    struct view listing = arena_copy(arena, buf_view(&text));
    if (!listing.data) {
        (void)err_out_of_memory(err, "list of containers");
    }
    return listing;
}

static int refuse_containers(const struct ecs_task_definition *definition, struct view container,
                             const struct repository *repository, struct view own_account,
                             struct arena *arena, struct err *err) {
    struct view listing = list_containers(definition, arena, err);
    if (!listing.data) {
        return -1;
    }
    if (container.len > 0) {
        return err_set(err, ERR_CONTAINER_NOT_FOUND,
                       "container '" VIEW_FMT "' is not in task definition '" VIEW_FMT
                       ":%lld', which has " VIEW_FMT,
                       VIEW_ARG(container), VIEW_ARG(definition->family),
                       (long long)definition->revision, VIEW_ARG(listing));
    }
    struct view uri = image_repository_uri(repository, own_account, arena);
    if (!uri.data) {
        return err_out_of_memory(err, "repository URI");
    }
    return err_set(err, ERR_CONTAINER_NOT_FOUND,
                   "no container of task definition '" VIEW_FMT
                   ":%lld' runs an image of repository '" VIEW_FMT "'; it has " VIEW_FMT,
                   VIEW_ARG(definition->family), (long long)definition->revision, VIEW_ARG(uri),
                   VIEW_ARG(listing));
}

int taskdef_find_containers(const struct ecs_task_definition *definition, struct view container,
                            const struct repository *repository, struct view own_account,
                            struct arena *arena, struct taskdef_container **ret_containers,
                            size_t *ret_n, struct err *err) {
    struct json_span list = container_list(definition);
    struct taskdef_container *found =
        ARENA_ARRAY(arena, count_elements(list), struct taskdef_container);
    if (!found) {
        return err_out_of_memory(err, "containers");
    }
    size_t n = 0;
    struct json_span element;
    for (struct json_iterator it = json_iterate(list); json_next_element(&it, &element);) {
        if (read_container(element, arena, &found[n], err) != 0) {
            return -1;
        }
        if (is_wanted(&found[n], container, repository, own_account)) {
            n++;
        }
    }
    if (n == 0) {
        return refuse_containers(definition, container, repository, own_account, arena, err);
    }
    *ret_containers = found;
    *ret_n = n;
    return 0;
}

/* --- tags --- */

bool taskdef_tag_is_users(struct view key) {
    return !view_equal_nocase(view_slice(key, 0, 4), VIEW("aws:")) &&
           !view_starts_with(key, VIEW("slipway:"));
}

/* The tags are beside the task definition in an answer. Should AWS ever put them inside too, they
 * must not go into the request twice. */
struct json_span taskdef_tags_of(const struct ecs_task_definition *definition) {
    struct json_span tags = definition->tags_text;
    if (tags.type == JSON_ARRAY ||
        (json_find(definition->text, "tags", &tags) && tags.type == JSON_ARRAY)) {
        return tags;
    }
    return (struct json_span){.text = VIEW("[]"), .type = JSON_ARRAY};
}

struct tag_list {
    struct buf *buf;
    size_t n;
};

static void tag_list_separate(struct tag_list *list) {
    buf_append_str(list->buf, list->n == 0 ? "[" : ",");
    list->n++;
}

static int append_users_tags(const struct ecs_task_definition *base, struct tag_list *list,
                             struct arena *arena, struct err *err) {
    struct json_span element;
    struct json_iterator it = json_iterate(taskdef_tags_of(base));
    while (json_next_element(&it, &element)) {
        struct view key;
        if (json_find_string(element, "key", arena, &key, err) != 0) {
            return -1;
        }
        if (taskdef_tag_is_users(key)) {
            tag_list_separate(list);
            buf_append(list->buf, element.text);
        }
    }
    return 0;
}

static void append_own_tag(const struct ecs_tag *tag, struct tag_list *list) {
    tag_list_separate(list);
    struct json_writer w = json_writer(list->buf);
    json_begin_object(&w, NULL);
    json_put_string(&w, "key", tag->key);
    json_put_string(&w, "value", tag->value);
    json_end_object(&w);
}

static int refuse_tags(const struct taskdef_splice *splice, size_t n_users, struct err *err) {
    err_set(err, ERR_FAMILY_MISMATCH,
            "task definition '" VIEW_FMT ":%lld' has %zu tags, which leaves no room for "
            "slipway's %zu within the %d that ECS takes",
            VIEW_ARG(splice->base->family), (long long)splice->base->revision, n_users,
            splice->n_required_tags, TASKDEF_MAX_TAGS);
    err_remedy(err, "take at least %zu tags off the task definition",
               n_users + splice->n_required_tags - TASKDEF_MAX_TAGS);
    return -1;
}

/* ,"tags":[{"key":"team","value":"web"},{"key":"slipway:event-id","value":"…"}] */
static int append_tags(const struct taskdef_splice *splice, bool comma, struct buf *buf,
                       struct arena *arena, struct err *err) {
    struct buf text BUF_AUTO = BUF_INIT(REQUEST_BYTES);
    struct tag_list list = {.buf = &text};
    if (append_users_tags(splice->base, &list, arena, err) != 0) {
        return -1;
    }
    size_t n_users = list.n;
    if (n_users + splice->n_required_tags > TASKDEF_MAX_TAGS) {
        return refuse_tags(splice, n_users, err);
    }
    for (size_t i = 0; i < splice->n_tags && list.n < TASKDEF_MAX_TAGS; i++) {
        if (splice->tags[i].value.len > 0) {
            append_own_tag(&splice->tags[i], &list);
        }
    }
    if (list.n > 0) {
        buf_append_str(buf, comma ? ",\"tags\":" : "\"tags\":");
        buf_append(buf, buf_view(&text));
        buf_append_char(buf, ']');
    }
    return buf_check(&text, "tags of the register request", err);
}

/* --- the splice --- */

static bool is_space(char c) {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* What stands between two delimiters of the object: the member, and the white space around it. */
static struct view segment_of(struct view object, const char *begin,
                              const struct json_member *member) {
    const char *end = member->text.data + member->text.len;
    while (end < object.data + object.len && is_space(*end)) {
        end++;
    }
    return (struct view){begin, (size_t)(end - begin)};
}

/* The first container from `at` on whose image differs from what it is to be. */
static const struct taskdef_container *next_edit(const struct taskdef_splice *splice,
                                                 const char *at, const char *end,
                                                 struct view *ret_image) {
    const struct taskdef_container *next = NULL;
    for (size_t i = 0; i < splice->n_containers; i++) {
        const struct taskdef_container *container = &splice->containers[i];
        const char *position = container->image_text.data;
        bool here = position >= at && position < end;
        if (here && !view_equal(container->image, splice->images[i]) &&
            (!next || position < next->image_text.data)) {
            next = container;
            *ret_image = splice->images[i];
        }
    }
    return next;
}

static void append_segment(const struct taskdef_splice *splice, struct view segment,
                           struct buf *buf) {
    const char *at = segment.data;
    const char *end = segment.data + segment.len;
    struct view image;
    const struct taskdef_container *edit;
    while ((edit = next_edit(splice, at, end, &image)) != NULL) {
        buf_append(buf, (struct view){at, (size_t)(edit->image_text.data - at)});
        json_append_string(buf, image);
        at = edit->image_text.data + edit->image_text.len;
    }
    buf_append(buf, (struct view){at, (size_t)(end - at)});
}

/* {"taskDefinitionArn":"…","containerDefinitions":[{"name":"app","image":"A"},…],"family":"f",…}
 * -> {"containerDefinitions":[{"name":"app","image":"B"},…],"family":"f",…,"tags":[…]} */
int taskdef_splice(const struct taskdef_splice *splice, struct arena *arena,
                   struct view *ret_request, struct err *err) {
    struct view object = splice->base->text.text;
    struct buf request BUF_AUTO = BUF_INIT(REQUEST_BYTES);
    const char *begin = object.data + 1;
    bool comma = false;
    struct json_member member;
    buf_append_char(&request, '{');
    struct json_iterator it = json_iterate(splice->base->text);
    while (json_next_member(&it, &member)) {
        struct view segment = segment_of(object, begin, &member);
        begin = segment.data + segment.len + 1;
        if (taskdef_member_is_read_only(member.name_text) || is_tags(member.name_text)) {
            continue;
        }
        if (comma) {
            buf_append_char(&request, ',');
        }
        comma = true;
        append_segment(splice, segment, &request);
    }
    if (append_tags(splice, comma, &request, arena, err) != 0) {
        return -1;
    }
    buf_append_char(&request, '}');
    if (buf_check(&request, "register request", err) != 0) {
        return -1;
    }
    struct view copy = arena_copy(arena, buf_view(&request));
    if (!copy.data) {
        return err_out_of_memory(err, "register request");
    }
    *ret_request = copy;
    return 0;
}

/* --- values of tags --- */

static bool is_tag_safe(char c) {
    return ascii_is_alphanumeric(c) || (c != '\0' && strchr(" _.:/=+-@", c) != NULL);
}

static bool is_continuation_byte(char c) {
    return ((unsigned char)c & 0xC0U) == 0x80U;
}

struct view taskdef_tag_safe(struct view value, struct arena *arena) {
    size_t capacity = value.len < TASKDEF_TAG_VALUE_BYTES ? value.len : TASKDEF_TAG_VALUE_BYTES;
    char *safe = ARENA_ARRAY(arena, capacity + 1, char);
    if (!safe) {
        return (struct view){0};
    }
    size_t n = 0;
    for (size_t i = 0; i < value.len && n < capacity; i++) {
        if (is_tag_safe(value.data[i])) {
            safe[n++] = value.data[i];
        } else if (!is_continuation_byte(value.data[i])) {
            safe[n++] = '_'; /* one for a character, however many bytes it has */
        }
    }
    return (struct view){safe, n};
}
