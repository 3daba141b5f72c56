#include "handlers/deploy/taskdef_parts.h"

#include <string.h>

/* A request that taskdef_splice() made passes both; they keep one that it did not make in bounds.
 */
#define REQUEST_MAX_BYTES (AWS_RESPONSE_BYTES + 128 * 1024)
#define REQUEST_MAX_DEPTH 128

struct diff {
    struct arena *arena;
    struct err *err;
    struct taskdef_difference *found;
    size_t n, capacity;
};

static int out_of_memory(struct diff *d) {
    return err_out_of_memory(d->err, "differences");
}

static int add(struct diff *d, struct view path, struct view from, struct view to) {
    if (d->n == d->capacity) {
        size_t capacity = d->capacity == 0 ? 8 : d->capacity * 2;
        struct taskdef_difference *grown =
            ARENA_ARRAY(d->arena, capacity, struct taskdef_difference);
        if (!grown) {
            return out_of_memory(d);
        }
        if (d->n > 0) {
            memcpy(grown, d->found, d->n * sizeof(*grown));
        }
        d->found = grown;
        d->capacity = capacity;
    }
    d->found[d->n++] = (struct taskdef_difference){.path = path, .from = from, .to = to};
    return 0;
}

static int name_of(struct diff *d, const struct json_member *member, struct view *ret_name) {
    struct json_span name = {.text = member->name_text, .type = JSON_STRING};
    return json_span_string(name, d->arena, ret_name, d->err);
}

static int member_path(struct diff *d, struct view path, struct view name, struct view *ret_path) {
    *ret_path = arena_printf(d->arena, VIEW_FMT "%s" VIEW_FMT, VIEW_ARG(path),
                             path.len > 0 ? "." : "", VIEW_ARG(name));
    return ret_path->data ? 0 : out_of_memory(d);
}

static bool find_member(struct json_span object, struct view name, struct json_span *ret_value) {
    struct json_member member;
    for (struct json_iterator it = json_iterate(object); json_next_member(&it, &member);) {
        if (json_span_equals(member.name_text, name)) {
            *ret_value = member.value;
            return true;
        }
    }
    return false;
}

/* The tags are compared by key, and what no request may hold is no difference. */
static bool is_apart(struct view path, const struct json_member *member) {
    return path.len == 0 && (taskdef_member_is_read_only(member->name_text) ||
                             json_span_equals(member->name_text, VIEW("tags")));
}

static int diff_value(struct diff *d, struct view path, struct json_span from, struct json_span to);

static int diff_object(struct diff *d, struct view path, struct json_span from,
                       struct json_span to) {
    struct json_member member;
    struct json_span other;
    struct view name;
    struct view inner;
    for (struct json_iterator it = json_iterate(from); json_next_member(&it, &member);) {
        if (is_apart(path, &member)) {
            continue;
        }
        if (name_of(d, &member, &name) != 0 || member_path(d, path, name, &inner) != 0) {
            return -1;
        }
        int rc = find_member(to, name, &other) ? diff_value(d, inner, member.value, other)
                                               : add(d, inner, member.value.text, VIEW(""));
        if (rc != 0) {
            return -1;
        }
    }
    for (struct json_iterator it = json_iterate(to); json_next_member(&it, &member);) {
        if (is_apart(path, &member)) {
            continue;
        }
        if (name_of(d, &member, &name) != 0 || member_path(d, path, name, &inner) != 0 ||
            (!find_member(from, name, &other) && add(d, inner, VIEW(""), member.value.text) != 0)) {
            return -1;
        }
    }
    return 0;
}

/* Arrays of the same length are compared element by element, others as a whole. */
static int diff_array(struct diff *d, struct view path, struct json_span from, struct json_span to,
                      bool *ret_same_length) {
    struct json_iterator a = json_iterate(from);
    struct json_iterator b = json_iterate(to);
    struct json_span left;
    struct json_span right;
    size_t before = d->n;
    for (size_t i = 0;; i++) {
        bool has_left = json_next_element(&a, &left);
        bool has_right = json_next_element(&b, &right);
        if (has_left != has_right) {
            d->n = before;
            *ret_same_length = false;
            return 0;
        }
        if (!has_left) {
            *ret_same_length = true;
            return 0;
        }
        struct view inner = arena_printf(d->arena, VIEW_FMT "[%zu]", VIEW_ARG(path), i);
        if (!inner.data) {
            return out_of_memory(d);
        }
        if (diff_value(d, inner, left, right) != 0) {
            return -1;
        }
    }
}

static int diff_value(struct diff *d, struct view path, struct json_span from,
                      struct json_span to) {
    if (view_equal(from.text, to.text)) {
        return 0;
    }
    if (from.type == JSON_OBJECT && to.type == JSON_OBJECT) {
        return diff_object(d, path, from, to);
    }
    if (from.type == JSON_ARRAY && to.type == JSON_ARRAY) {
        bool same_length = false;
        int rc = diff_array(d, path, from, to, &same_length);
        if (rc != 0 || same_length) {
            return rc;
        }
    }
    return add(d, path, from.text, to.text);
}

static int find_tag(struct diff *d, struct json_span tags, struct view key, struct view *ret_value,
                    bool *ret_found) {
    struct json_span tag;
    for (struct json_iterator it = json_iterate(tags); json_next_element(&it, &tag);) {
        struct view other;
        struct json_span value;
        if (json_find_string(tag, "key", d->arena, &other, d->err) != 0) {
            return -1;
        }
        if (view_equal(other, key)) {
            *ret_value = json_find(tag, "value", &value) ? value.text : VIEW("");
            *ret_found = true;
            return 0;
        }
    }
    *ret_found = false;
    return 0;
}

/* Those of `from` that `to` lacks or has otherwise; with `swap`, only those that it lacks, and as
 * what comes. */
static int diff_tags(struct diff *d, struct json_span from, struct json_span to, bool swap) {
    struct json_span tag;
    for (struct json_iterator it = json_iterate(from); json_next_element(&it, &tag);) {
        struct view key;
        struct view other = {0};
        struct view path;
        struct json_span value;
        bool found;
        if (json_find_string(tag, "key", d->arena, &key, d->err) != 0 ||
            find_tag(d, to, key, &other, &found) != 0 ||
            member_path(d, VIEW("tags"), key, &path) != 0) {
            return -1;
        }
        struct view own = json_find(tag, "value", &value) ? value.text : VIEW("");
        if (swap ? found : view_equal(own, other)) {
            continue;
        }
        if (add(d, path, swap ? VIEW("") : own, swap ? own : other) != 0) {
            return -1;
        }
    }
    return 0;
}

int taskdef_diff(const struct ecs_task_definition *base, struct view request, struct arena *arena,
                 struct taskdef_difference **ret_differences, size_t *ret_n, struct err *err) {
    static const struct json_limits limits = {.max_bytes = REQUEST_MAX_BYTES,
                                              .max_depth = REQUEST_MAX_DEPTH};
    struct diff d = {.arena = arena, .err = err};
    struct json_span root;
    struct json_span tags;
    if (json_scan(request, &limits, "register request", &root, err) != 0) {
        return -1;
    }
    if (!json_find(root, "tags", &tags)) {
        tags = (struct json_span){.text = VIEW("[]"), .type = JSON_ARRAY};
    }
    struct json_span base_tags = taskdef_tags_of(base);
    if (diff_object(&d, VIEW(""), base->text, root) != 0 ||
        diff_tags(&d, base_tags, tags, false) != 0 || diff_tags(&d, tags, base_tags, true) != 0) {
        return -1;
    }
    *ret_differences = d.found;
    *ret_n = d.n;
    return 0;
}
