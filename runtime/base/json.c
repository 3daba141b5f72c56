#include "runtime/base/json.h"

#include "runtime/base/json_scan_internal.h"

#include <cjson/cJSON.h>

#include <stdio.h>
#include <string.h>

/*
 * cJSON is lenient: it takes a byte order mark, 01, invalid UTF-8, duplicate names and "\u0000".
 * So the text goes through the strict scanner first, and cJSON sees only what that let pass. Both
 * read it, but an event is small, and nothing of cJSON's leniency is left to know about.
 */

/* cJSON copies a number into 64 bytes before it reads it. */
#define CJSON_NUMBER_BYTES 63
/* A double tells every integer up to here from its neighbours. */
#define JSON_I64_MAX_EXACT 9007199254740991.0

static const cJSON *node_of(const struct json *value) {
    return (const cJSON *)(const void *)value;
}

static const struct json *value_of(const cJSON *node) {
    return (const struct json *)(const void *)node;
}

int json_parse(struct view text, const struct json_limits *limits, const char *subject,
               struct json **ret_root, struct err *err) {
    static const struct json_scan_rules rules = {
        .no_nul_escape = true,
        .no_lone_surrogate = true,
        .max_number_bytes = CJSON_NUMBER_BYTES,
    };
    struct json_span root;
    if (json_scan_with(text, limits, &rules, subject, &root, err) != 0) {
        return -1;
    }
    cJSON *node = cJSON_ParseWithLengthOpts(root.text.data, root.text.len, NULL, false);
    if (node == NULL) {
        /* The text is valid, so that this is all that can be wrong. */
        return err_out_of_memory(err, subject);
    }
    *ret_root = (struct json *)(void *)node;
    return 0;
}

void json_free(struct json *root) {
    cJSON_Delete((cJSON *)(void *)root);
}

void json_freep(struct json **root) {
    json_free(*root);
    *root = NULL;
}

enum json_type json_type(const struct json *value) {
    if (value == NULL) {
        return JSON_NULL;
    }
    switch (node_of(value)->type & 0xFF) {
    case cJSON_True:
    case cJSON_False:
        return JSON_BOOL;
    case cJSON_Number:
        return JSON_NUMBER;
    case cJSON_String:
        return JSON_STRING;
    case cJSON_Array:
        return JSON_ARRAY;
    case cJSON_Object:
        return JSON_OBJECT;
    default:
        return JSON_NULL;
    }
}

const char *json_type_name(enum json_type type) {
    switch (type) {
    case JSON_NULL:
        return "null";
    case JSON_BOOL:
        return "boolean";
    case JSON_NUMBER:
        return "number";
    case JSON_STRING:
        return "string";
    case JSON_ARRAY:
        return "array";
    case JSON_OBJECT:
        return "object";
    }
    return "unknown";
}

struct view json_string(const struct json *value) {
    return view_of(json_type(value) == JSON_STRING ? node_of(value)->valuestring : NULL);
}

double json_number(const struct json *value) {
    return json_type(value) == JSON_NUMBER ? node_of(value)->valuedouble : 0;
}

bool json_bool(const struct json *value) {
    return value != NULL && cJSON_IsTrue(node_of(value));
}

bool json_to_i64(const struct json *value, int64_t *ret_value) {
    double number = json_number(value);
    if (json_type(value) != JSON_NUMBER || !(number >= -JSON_I64_MAX_EXACT) ||
        !(number <= JSON_I64_MAX_EXACT)) {
        return false;
    }
    int64_t integer = (int64_t)number;
    if ((double)integer < number || (double)integer > number) {
        return false;
    }
    *ret_value = integer;
    return true;
}

const struct json *json_get(const struct json *object, const char *name) {
    if (json_type(object) != JSON_OBJECT) {
        return NULL;
    }
    return value_of(cJSON_GetObjectItemCaseSensitive(node_of(object), name));
}

static bool is_container(const struct json *value) {
    return json_type(value) == JSON_ARRAY || json_type(value) == JSON_OBJECT;
}

size_t json_count(const struct json *value) {
    return is_container(value) ? (size_t)cJSON_GetArraySize(node_of(value)) : 0;
}

const struct json *json_first(const struct json *value) {
    return is_container(value) ? value_of(node_of(value)->child) : NULL;
}

const struct json *json_next(const struct json *value) {
    return value != NULL ? value_of(node_of(value)->next) : NULL;
}

struct view json_name(const struct json *member) {
    return view_of(member != NULL ? node_of(member)->string : NULL);
}

static const char *expected_name(enum json_decode type) {
    switch (type) {
    case JSON_DECODE_VIEW:
        return "string";
    case JSON_DECODE_BOOL:
        return "boolean";
    case JSON_DECODE_I64:
        return "integer";
    case JSON_DECODE_DOUBLE:
        return "number";
    case JSON_DECODE_VALUE:
        return "value";
    case JSON_DECODE_OBJECT:
        return "object";
    case JSON_DECODE_ARRAY:
        return "array";
    }
    return "value";
}

static bool is_of_type(const struct json *value, enum json_decode type) {
    int64_t integer;
    switch (type) {
    case JSON_DECODE_VIEW:
        return json_type(value) == JSON_STRING;
    case JSON_DECODE_BOOL:
        return json_type(value) == JSON_BOOL;
    case JSON_DECODE_I64:
        return json_to_i64(value, &integer);
    case JSON_DECODE_DOUBLE:
        return json_type(value) == JSON_NUMBER;
    case JSON_DECODE_VALUE:
        return true;
    case JSON_DECODE_OBJECT:
        return json_type(value) == JSON_OBJECT;
    case JSON_DECODE_ARRAY:
        return json_type(value) == JSON_ARRAY;
    }
    return false;
}

/* Whether the member is there to be stored: a null that is not required counts as absent. */
static bool is_present(const struct json *value, const struct json_field *field) {
    return value != NULL && (json_type(value) != JSON_NULL || (field->flags & JSON_REQUIRED) != 0);
}

static int check_field(const struct json *value, const char *path, const struct json_field *field,
                       struct err *err) {
    const char *dot = path[0] != '\0' ? "." : "";
    if (value == NULL && (field->flags & JSON_REQUIRED) != 0) {
        return err_set(err, ERR_EVENT_MALFORMED, "%s%s%s: expected %s, got nothing", path, dot,
                       field->name, expected_name(field->type));
    }
    if (!is_present(value, field) || is_of_type(value, field->type)) {
        return 0;
    }
    if (field->type == JSON_DECODE_I64 && json_type(value) == JSON_NUMBER) {
        return err_set(err, ERR_EVENT_MALFORMED, "%s%s%s: expected integer below 2^53, got %g",
                       path, dot, field->name, json_number(value));
    }
    return err_set(err, ERR_EVENT_MALFORMED, "%s%s%s: expected %s, got %s", path, dot, field->name,
                   expected_name(field->type), json_type_name(json_type(value)));
}

/* memcpy(): the destination is known by its offset only. */
static int store_field(const struct json *value, const struct json_field *field,
                       struct arena *arena, void *ret_struct, struct err *err) {
    char *at = (char *)ret_struct + field->offset;
    switch (field->type) {
    case JSON_DECODE_VIEW: {
        struct view copy = arena_copy(arena, json_string(value));
        if (copy.data == NULL) {
            return err_out_of_memory(err, field->name);
        }
        memcpy(at, &copy, sizeof(copy));
        return 0;
    }
    case JSON_DECODE_BOOL: {
        bool flag = json_bool(value);
        memcpy(at, &flag, sizeof(flag));
        return 0;
    }
    case JSON_DECODE_I64: {
        int64_t integer = 0;
        (void)json_to_i64(value, &integer);
        memcpy(at, &integer, sizeof(integer));
        return 0;
    }
    case JSON_DECODE_DOUBLE: {
        double number = json_number(value);
        memcpy(at, &number, sizeof(number));
        return 0;
    }
    case JSON_DECODE_VALUE:
    case JSON_DECODE_OBJECT:
    case JSON_DECODE_ARRAY:
        *(const struct json **)(void *)at = value;
        return 0;
    }
    return 0;
}

int json_decode(const struct json *object, const char *path, const struct json_field *fields,
                size_t n_fields, struct arena *arena, void *ret_struct, struct err *err) {
    if (json_type(object) != JSON_OBJECT) {
        return err_set(err, ERR_EVENT_MALFORMED, "%s: expected object, got %s",
                       path[0] != '\0' ? path : "the document",
                       object != NULL ? json_type_name(json_type(object)) : "nothing");
    }
    /* All is checked before anything is stored: a struct is filled wholly or not at all, but for
     * want of memory. */
    for (size_t i = 0; i < n_fields; i++) {
        if (check_field(json_get(object, fields[i].name), path, &fields[i], err) != 0) {
            return -1;
        }
    }
    for (size_t i = 0; i < n_fields; i++) {
        const struct json *value = json_get(object, fields[i].name);
        if (is_present(value, &fields[i]) &&
            store_field(value, &fields[i], arena, ret_struct, err) != 0) {
            return -1;
        }
    }
    return 0;
}
