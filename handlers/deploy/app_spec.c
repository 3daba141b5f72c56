#include "handlers/deploy/app_spec.h"

#include "runtime/base/json_scan.h"

/* Bytes and depth of an AppSpec that can be kept: as a string within a request it may have twice as
 * many bytes, and that has 64 KB. The longest that people write have some two. */
static const struct json_limits limits = {.max_bytes = (size_t)24 * 1024, .max_depth = 32};

/* --- YAML --- */

/* A line that begins with a '#' is a comment. One within a line may be part of a string. */
static bool has_word(struct view text, const char *word) {
    struct view w = view_of(word);
    bool is_comment = false;
    bool is_blank = true;
    for (size_t i = 0; i + w.len <= text.len; i++) {
        is_comment = (is_comment && text.data[i] != '\n') || (is_blank && text.data[i] == '#');
        is_blank =
            text.data[i] == '\n' || (is_blank && (text.data[i] == ' ' || text.data[i] == '\t'));
        if (!is_comment && view_equal_nocase(view_slice(text, i, w.len), w)) {
            return true;
        }
    }
    return false;
}

/* It is not read, but what must not be lost can be seen. */
static struct view opaque_member(struct view text) {
    static const char *const members[] = {"Hooks", "NetworkConfiguration",
                                          "CapacityProviderStrategy"};
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (has_word(text, members[i])) {
            return view_of(members[i]);
        }
    }
    return (struct view){0};
}

/* --- JSON --- */

/* The User Guide has AppSpecs with "hooks", and with "Hooks": neither may be passed over. */
static bool is_named(struct view name_text, const char *name) {
    return json_span_equals(name_text, view_of(name)) ||
           (name_text.len > 2 &&
            view_equal_nocase(view_slice(name_text, 1, name_text.len - 2), view_of(name)));
}

static bool find(struct json_span object, const char *name, struct json_span *ret_value) {
    struct json_member member;
    if (json_find(object, name, ret_value)) {
        return true;
    }
    for (struct json_iterator it = json_iterate(object); json_next_member(&it, &member);) {
        if (is_named(member.name_text, name)) {
            *ret_value = member.value;
            return true;
        }
    }
    return false;
}

static bool follows_from_service(struct view name_text) {
    return is_named(name_text, "TaskDefinition") || is_named(name_text, "LoadBalancerInfo") ||
           is_named(name_text, "PlatformVersion");
}

static int read_properties(struct json_span properties, struct arena *arena, struct app_spec *spec,
                           struct err *err) {
    struct json_member member;
    size_t n = 0;
    for (struct json_iterator it = json_iterate(properties); json_next_member(&it, &member);) {
        n++;
    }
    spec->properties = ARENA_ARRAY(arena, n, struct view);
    if (!spec->properties) {
        return err_out_of_memory(err, "an AppSpec");
    }
    for (struct json_iterator it = json_iterate(properties); json_next_member(&it, &member);) {
        if (follows_from_service(member.name_text) || member.value.type == JSON_NULL) {
            continue;
        }
        struct view *kept = &spec->properties[spec->n_properties++];
        *kept = arena_copy(arena, member.text);
        if (!kept->data) {
            return err_out_of_memory(err, "an AppSpec");
        }
    }
    return 0;
}

/* {"version":0.0,"Resources":[{"TargetService":{"Type":"…","Properties":{…}}}],"Hooks":[…]} */
static int read_json(struct json_span root, struct arena *arena, struct app_spec *spec,
                     struct err *err) {
    struct json_span hooks;
    struct json_span resources;
    struct json_span resource;
    struct json_member service;
    struct json_span properties;
    if (find(root, "Hooks", &hooks) && hooks.type != JSON_NULL) {
        spec->hooks = arena_copy(arena, hooks.text);
        if (!spec->hooks.data) {
            return err_out_of_memory(err, "an AppSpec");
        }
    }
    if (!find(root, "Resources", &resources)) {
        return 0;
    }
    struct json_iterator it = json_iterate(resources);
    if (!json_next_element(&it, &resource)) {
        return 0;
    }
    it = json_iterate(resource); /* "TargetService" is a name that one may choose */
    return json_next_member(&it, &service) && find(service.value, "Properties", &properties)
               ? read_properties(properties, arena, spec, err)
               : 0;
}

int app_spec_read(struct view text, struct arena *arena, struct app_spec *ret_spec,
                  struct err *err) {
    struct app_spec spec = {0};
    struct json_span root;
    struct err cause;
    err_init(&cause);
    if (text.len == 0) {
        *ret_spec = spec;
        return 0;
    }
    if (json_scan(text, &limits, "AppSpec", &root, &cause) != 0) {
        if (cause.code == ERR_OUT_OF_MEMORY) {
            return err_out_of_memory(err, "an AppSpec");
        }
        spec.opaque = opaque_member(text);
    } else if (read_json(root, arena, &spec, err) != 0) {
        return -1;
    }
    *ret_spec = spec;
    return 0;
}
