#include "handlers/config_source.h"

#include "handlers/config_load.h"
#include "handlers/similar.h"
#include "runtime/aws/arn.h"
#include "runtime/aws/s3.h"
#include "runtime/aws/ssm.h"
#include "runtime/base/ascii.h"
#include "runtime/base/json_scan.h"
#include "runtime/base/secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VARIABLE "SLIPWAY_CONFIG"
/* The document's ceiling; a parameter has 8 KB at most. What nests is a fault that is named. */
#define DOCUMENT_BYTES S3_OBJECT_BYTES
#define DOCUMENT_DEPTH 64
/* Names and values, unescaped, and the table. */
#define ARENA_BYTES ((size_t)1024 * 1024)
/* The answer as it came, of which the client takes AWS_RESPONSE_BYTES at most. */
#define ANSWER_ARENA_BYTES (2 * AWS_RESPONSE_BYTES)
#define PARAMETER_NAME_BYTES 1011
/* Bytes of the place, and of a name, that a message shows. */
#define PLACE_SHOWN_BYTES 160
#define NAME_SHOWN_BYTES 64

struct entry {
    struct view name;
    struct view value; /* ends with a NUL and holds no other */
};

struct config_source {
    struct environment environment; /* this, on top of `real` */
    const struct environment *real;
    struct arena arena;
    struct view place;
    struct entry *entries;
    size_t n;
};

/* --- the place --- */

static bool is_parameter_name(struct view name) {
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];
        if (!ascii_is_alphanumeric(c) && !view_contains_char(VIEW("_.-/"), c)) {
            return false;
        }
    }
    return name.len > 0 && name.len <= PARAMETER_NAME_BYTES;
}

static bool is_parameter(struct view name) {
    const struct view prefix = VIEW("parameter/");
    struct arn arn;
    if (!view_starts_with(name, VIEW("arn:"))) {
        return is_parameter_name(name);
    }
    return arn_parse(name, &arn) && view_equal(arn.service, VIEW("ssm")) &&
           arn_is_region(arn.region) && arn_is_account_id(arn.account) &&
           view_starts_with(arn.resource, prefix) &&
           is_parameter_name(view_slice(arn.resource, prefix.len, arn.resource.len));
}

static struct view shown(struct view place) {
    return view_slice(place, 0, PLACE_SHOWN_BYTES);
}

static int refuse_place(struct view text, const char *expected, struct err *err) {
    err_set(err, ERR_CONFIG_INVALID, VARIABLE ": '" VIEW_FMT "': expected %s",
            VIEW_ARG(shown(text)), expected);
    err_remedy(err, "correct " VARIABLE " in the function's environment variables");
    return -1;
}

int config_place_parse(struct view text, struct config_place *ret_place, struct err *err) {
    const struct view ssm = VIEW("ssm:");
    const struct view s3 = VIEW("s3://");
    struct config_place place = {.text = text};
    if (view_starts_with(text, ssm)) {
        place.kind = CONFIG_PARAMETER;
        place.name = view_slice(text, ssm.len, text.len);
        if (!is_parameter(place.name)) {
            return refuse_place(text, "the name or the ARN of an SSM parameter behind 'ssm:'", err);
        }
    } else if (view_starts_with(text, s3)) {
        place.kind = CONFIG_OBJECT;
        if (!view_cut(view_slice(text, s3.len, text.len), '/', &place.bucket, &place.name) ||
            !s3_bucket_is_valid(place.bucket) || !s3_key_is_valid(place.name)) {
            return refuse_place(text, "a bucket and a key, 's3://bucket/key'", err);
        }
    } else {
        return refuse_place(text, "'ssm:/path' or 's3://bucket/key'", err);
    }
    *ret_place = place;
    return 0;
}

static struct view wanted_place(const struct environment *env) {
    return view_trim(environment_get(env, VARIABLE));
}

bool config_source_is_wanted(const struct environment *env) {
    return wanted_place(env).len > 0;
}

int config_source_region(const struct environment *env, struct view *ret_region, struct err *err) {
    struct view region = view_trim(environment_get(env, "AWS_REGION"));
    if (region.len == 0) {
        region = view_trim(environment_get(env, "AWS_DEFAULT_REGION"));
    }
    if (!arn_is_region(region)) {
        err_set(err, ERR_CONFIG_INVALID,
                "AWS_REGION: '" VIEW_FMT "': expected a region like 'eu-west-1', to read " VARIABLE
                " in",
                VIEW_ARG(config_shown(region)));
        err_remedy(err, "set AWS_REGION in the environment");
        return -1;
    }
    *ret_region = region;
    return 0;
}

/* --- the document --- */

static bool is_known(struct view name) {
    for (size_t i = 0; config_variable_name(i) != NULL; i++) {
        if (view_equal(name, view_of(config_variable_name(i)))) {
            return true;
        }
    }
    return false;
}

/* What is the process's own: Lambda sets it, or it decides how the document itself is read. */
static bool is_reserved(struct view name) {
    return view_starts_with(name, VIEW("AWS_")) || view_starts_with(name, VIEW("LAMBDA_")) ||
           view_starts_with(name, VIEW("_")) || view_equal(name, VIEW(VARIABLE));
}

static const char *nearest(struct view name) {
    for (size_t i = 0; config_variable_name(i) != NULL; i++) {
        struct view known = view_of(config_variable_name(i));
        if (!is_reserved(known) && similar_is_misspelling(name, known)) {
            return known.data;
        }
    }
    return NULL;
}

/* As a message may show it. */
struct shown_name {
    char text[NAME_SHOWN_BYTES + 1];
};

static struct shown_name show_name(struct view name) {
    struct shown_name shown_name = {""};
    for (size_t i = 0; i < name.len && i < NAME_SHOWN_BYTES; i++) {
        char c = name.data[i];
        shown_name.text[i] = '?';
        if (c > ' ' && c < 127) {
            shown_name.text[i] = c;
        }
    }
    return shown_name;
}

static bool has_nul(struct view value) {
    return value.len > 0 && memchr(value.data, '\0', value.len) != NULL;
}

/* Faults are counted, and listed as far as there is room. */
struct reading {
    struct config_source *source;
    struct config_loader loader; /* its list of faults alone */
    size_t n_faults;
};

/* The variables that say which environment it is. What another one's document says of the registry
 * and the services would otherwise count here. */
static bool is_of_another(const struct reading *reading, const struct entry *entry,
                          struct view *ret_own) {
    *ret_own = view_trim(environment_get(reading->source->real, entry->name.data));
    struct view value = view_trim(entry->value);
    return (view_equal(entry->name, VIEW("PROJECT_NAME")) ||
            view_equal(entry->name, VIEW("PROJECT_ENV"))) &&
           value.len > 0 && ret_own->len > 0 && !view_equal(value, *ret_own);
}

static void check_entry(struct reading *reading, const struct entry *entry, enum json_type type) {
    struct config_loader *loader = &reading->loader;
    struct shown_name name = show_name(entry->name);
    const char *near = nearest(entry->name);
    struct view own;
    reading->n_faults++;
    if (view_equal(entry->name, VIEW(VARIABLE))) {
        config_fault(loader, name.text, "a document cannot name another");
    } else if (is_reserved(entry->name)) {
        config_fault(loader, name.text, "belongs into the function's own environment alone");
    } else if (!is_known(entry->name) && near != NULL) {
        config_fault(loader, name.text, "no variable of slipway, expected '%s'", near);
    } else if (!is_known(entry->name)) {
        config_fault(loader, name.text[0] != '\0' ? name.text : "''", "no variable of slipway");
    } else if (type != JSON_STRING) {
        config_fault(loader, name.text, "expected a string, got %s", json_type_name(type));
    } else if (has_nul(entry->value)) {
        config_fault(loader, name.text, "expected a string without NUL characters");
    } else if (is_of_another(reading, entry, &own)) {
        config_fault(loader, name.text,
                     "expected '" VIEW_FMT "', which it is in the function's own environment",
                     VIEW_ARG(config_shown(own)));
    } else {
        reading->n_faults--;
    }
}

static int read_member(struct reading *reading, const struct json_member *member, struct err *err) {
    struct config_source *source = reading->source;
    struct entry *entry = &source->entries[source->n];
    const struct json_span name = {.text = member->name_text, .type = JSON_STRING};
    if (json_span_string(name, &source->arena, &entry->name, err) < 0) {
        return -1;
    }
    if (member->value.type == JSON_STRING &&
        json_span_string(member->value, &source->arena, &entry->value, err) < 0) {
        return -1;
    }
    source->n++;
    check_entry(reading, entry, member->value.type);
    return 0;
}

static int read_members(struct reading *reading, struct json_span root, struct err *err) {
    struct config_source *source = reading->source;
    struct json_iterator iterator = json_iterate(root);
    struct json_member member;
    size_t n = 0;
    while (json_next_member(&iterator, &member)) {
        n++;
    }
    source->entries = ARENA_ARRAY(&source->arena, n, struct entry);
    if (source->entries == NULL) {
        return err_out_of_memory(err, "the variables of " VARIABLE);
    }
    iterator = json_iterate(root);
    while (json_next_member(&iterator, &member)) {
        if (read_member(reading, &member, err) < 0) {
            return -1;
        }
    }
    return 0;
}

static int conclude(const struct reading *reading, struct err *err) {
    const struct config_loader *loader = &reading->loader;
    if (loader->out_of_memory || loader->faults.failed || loader->variables.failed) {
        return err_out_of_memory(err, "the variables of " VARIABLE);
    }
    if (reading->n_faults == 0) {
        return 0;
    }
    err_set(err, ERR_CONFIG_INVALID, VARIABLE ": '" VIEW_FMT "' has %zu fault%s: %s",
            VIEW_ARG(shown(reading->source->place)), reading->n_faults,
            reading->n_faults == 1 ? "" : "s", buf_cstr(&loader->faults));
    err_remedy(err, "correct in '" VIEW_FMT "': %s", VIEW_ARG(shown(reading->source->place)),
               buf_cstr(&loader->variables));
    return -1;
}

static int refuse_document(const struct config_source *source, const char *cause, struct err *err) {
    err_set(err, ERR_CONFIG_INVALID, VARIABLE ": '" VIEW_FMT "' holds no object of variables: %s",
            VIEW_ARG(shown(source->place)), cause);
    err_remedy(err, "put there what \"slipway config render FILE\" prints");
    return -1;
}

static int read_document(struct config_source *source, struct view document, struct err *err) {
    const struct json_limits limits = {.max_bytes = DOCUMENT_BYTES, .max_depth = DOCUMENT_DEPTH};
    struct reading reading = {
        .source = source,
        .loader = {.faults = BUF_INIT(ERR_MESSAGE_BYTES), .variables = BUF_INIT(ERR_REMEDY_BYTES)}};
    struct json_span root;
    struct err cause;
    err_init(&cause);
    if (json_scan(document, &limits, "the document", &root, &cause) < 0) {
        return cause.code == ERR_OUT_OF_MEMORY
                   ? err_out_of_memory(err, "the variables of " VARIABLE)
                   : refuse_document(source, cause.message, err);
    }
    if (root.type != JSON_OBJECT) {
        char text[64];
        (void)snprintf(text, sizeof(text), "expected an object, got %s", json_type_name(root.type));
        return refuse_document(source, text, err);
    }
    int status = read_members(&reading, root, err) < 0 ? -1 : conclude(&reading, err);
    buf_release(&reading.loader.faults);
    buf_release(&reading.loader.variables);
    return status;
}

/* --- the environment --- */

static const struct entry *find(const struct config_source *source, struct view name) {
    for (size_t i = 0; i < source->n; i++) {
        if (view_equal(source->entries[i].name, name)) {
            return &source->entries[i];
        }
    }
    return NULL;
}

static const char *get_variable(const void *state, const char *name) {
    const struct config_source *source = state;
    const char *real = source->real->get(source->real->state, name);
    if (view_trim(view_of(real)).len > 0) {
        return real;
    }
    const struct entry *entry = find(source, view_of(name));
    return entry != NULL ? entry->value.data : real;
}

int config_source_parse(struct view place, struct view document, const struct environment *env,
                        struct config_source **ret_source, struct err *err) {
    struct config_source *source = calloc(1, sizeof(*source));
    if (source == NULL) {
        return err_out_of_memory(err, "the variables of " VARIABLE);
    }
    *source = (struct config_source){
        .environment = {.get = get_variable, .state = source},
        .real = env,
        .arena = ARENA_INIT(ARENA_BYTES),
        .place = place,
    };
    if (read_document(source, document, err) < 0) {
        config_source_free(source);
        return -1;
    }
    *ret_source = source;
    return 0;
}

void config_source_free(struct config_source *source) {
    if (source == NULL) {
        return;
    }
    for (size_t i = 0; i < source->n; i++) {
        secret_overwrite(source->entries[i].value.data, source->entries[i].value.len);
    }
    arena_release(&source->arena);
    free(source);
}

const struct environment *config_source_environment(const struct config_source *source) {
    return &source->environment;
}

void config_source_list_overridden(const struct config_source *source, struct buf *names) {
    for (size_t i = 0; i < source->n; i++) {
        const struct entry *entry = &source->entries[i];
        struct view real = view_trim(environment_get(source->real, entry->name.data));
        struct view value = view_trim(entry->value);
        if (real.len > 0 && value.len > 0 && !view_equal(real, value)) {
            buf_append_str(names, names->len > 0 ? ", " : "");
            buf_append(names, entry->name);
        }
    }
}

void config_source_explain(const struct config_source *source, struct err *err) {
    char remedy[ERR_REMEDY_BYTES];
    if (source == NULL || err->code != ERR_CONFIG_INVALID) {
        return;
    }
    (void)snprintf(remedy, sizeof(remedy), "%s", err->remedy);
    err_remedy(err, "%s; what '" VIEW_FMT "' sets has to be corrected there", remedy,
               VIEW_ARG(shown(source->place)));
}

/* --- reading it --- */

static bool is_missing(const struct aws_call *call) {
    return s3_is_missing(call) || strcmp(call->code, "ParameterNotFound") == 0 ||
           strcmp(call->code, "ParameterVersionNotFound") == 0;
}

static int explain_failure(const struct config_place *place, const struct aws_call *call,
                           const struct err *cause, struct err *err) {
    enum err_code code = is_missing(call) ? ERR_CONFIG_INVALID : cause->code;
    err_set(err, code, VARIABLE ": '" VIEW_FMT "' cannot be read: %s", VIEW_ARG(shown(place->text)),
            cause->message);
    err_remedy(err, "%s", cause->remedy);
    return -1;
}

static int build_call(const struct config_place *place, struct arena *arena,
                      struct aws_call *ret_call, struct err *err) {
    switch (place->kind) {
    case CONFIG_PARAMETER:
        return ssm_get_parameter_call(place->name, arena, ret_call, err);
    case CONFIG_OBJECT:
        return s3_get_object_call(place->bucket, place->name, arena, ret_call, err);
    }
    return -1;
}

static int take_answer(const struct config_place *place, struct aws_call *call,
                       struct buf *document, struct err *err) {
    struct err cause;
    err_init(&cause);
    int status = place->kind == CONFIG_PARAMETER ? ssm_get_parameter_result(call, document, &cause)
                                                 : s3_get_object_result(call, document, &cause);
    return status < 0 ? explain_failure(place, call, &cause, err) : 0;
}

int config_source_read(struct aws *aws, const struct environment *env, int64_t deadline_ms,
                       struct config_source **ret_source, struct err *err) {
    struct arena arena ARENA_AUTO = ARENA_INIT(ANSWER_ARENA_BYTES);
    struct buf document BUF_AUTO_WIPE = BUF_INIT(DOCUMENT_BYTES);
    struct config_place place;
    struct aws_call call;
    if (config_place_parse(wanted_place(env), &place, err) < 0 ||
        build_call(&place, &arena, &call, err) < 0) {
        return -1;
    }
    aws_call_all(aws, &call, 1, deadline_ms, &arena);
    if (take_answer(&place, &call, &document, err) < 0) {
        return -1;
    }
    return config_source_parse(place.text, buf_view(&document), env, ret_source, err);
}
