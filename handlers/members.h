#ifndef SLIPWAY_HANDLERS_MEMBERS_H
#define SLIPWAY_HANDLERS_MEMBERS_H

/*
 * Members of JSON objects that nobody asked for. One that is misspelt and silently ignored is a
 * lost setting: "image_tag" instead of "tag" would restart a service instead of deploying to it.
 */

#include "runtime/base/buf.h"
#include "runtime/base/err.h"
#include "runtime/base/json.h"

/* The first member of the object that no field of the table names; NULL when there is none. */
const struct json *members_unknown(const struct json *object, const struct json_field *fields,
                                   size_t n_fields);

/* The first one of them that looks like one of the table's, misspelt. */
const struct json *members_misspelt(const struct json *object, const struct json_field *fields,
                                    size_t n_fields);

/* err_set() with ERR_EVENT_MALFORMED: "detail.image_tag: unknown; known: service, tag". */
int members_refuse(const struct json *unknown, const char *path, const struct json_field *fields,
                   size_t n_fields, struct err *err);

#endif
