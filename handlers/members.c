#include "handlers/members.h"

#include "handlers/similar.h"

/* Bytes of an unknown member's name that are shown. */
#define MEMBER_SHOWN_BYTES 64
#define MEMBERS_KNOWN_BYTES 512

static bool is_known(struct view name, const struct json_field *fields, size_t n_fields) {
    for (size_t i = 0; i < n_fields; i++) {
        if (view_equal(name, view_of(fields[i].name))) {
            return true;
        }
    }
    return false;
}

const struct json *members_unknown(const struct json *object, const struct json_field *fields,
                                   size_t n_fields) {
    if (json_type(object) != JSON_OBJECT) {
        return NULL;
    }
    const struct json *member = json_first(object);
    while (member != NULL && is_known(json_name(member), fields, n_fields)) {
        member = json_next(member);
    }
    return member;
}

static bool is_misspelling(struct view name, const struct json_field *fields, size_t n_fields) {
    for (size_t i = 0; i < n_fields; i++) {
        if (similar_is_misspelling(name, view_of(fields[i].name))) {
            return true;
        }
    }
    return false;
}

const struct json *members_misspelt(const struct json *object, const struct json_field *fields,
                                    size_t n_fields) {
    if (json_type(object) != JSON_OBJECT) {
        return NULL;
    }
    for (const struct json *m = json_first(object); m != NULL; m = json_next(m)) {
        struct view name = json_name(m);
        if (!is_known(name, fields, n_fields) && is_misspelling(name, fields, n_fields)) {
            return m;
        }
    }
    return NULL;
}

int members_refuse(const struct json *unknown, const char *path, const struct json_field *fields,
                   size_t n_fields, struct err *err) {
    struct buf known BUF_AUTO = BUF_INIT(MEMBERS_KNOWN_BYTES);
    struct view name = view_slice(json_name(unknown), 0, MEMBER_SHOWN_BYTES);
    for (size_t i = 0; i < n_fields; i++) {
        buf_appendf(&known, "%s%s", i > 0 ? ", " : "", fields[i].name);
    }
    return err_set(err, ERR_EVENT_MALFORMED, "%s." VIEW_FMT ": unknown; known: %s", path,
                   VIEW_ARG(name), buf_cstr(&known));
}
