/*
 * A first line as SLIPWAY_CONFIG, and behind it the document that is there. A place leads to an
 * address that holds its name and nothing that means something else in one. A document that is
 * accepted sets variables of slipway alone, under those of the real environment; one that is
 * refused names a remedy, and no value of it.
 */

#define _GNU_SOURCE /* memmem */

#include "handlers/config_source.h"

#include "handlers/config.h"
#include "runtime/aws/s3.h"
#include "runtime/aws/ssm.h"
#include "runtime/aws/uri.h"
#include "tests/fuzz/require.h"

#include <string.h>

#define SECRET "T0P-S3CRET"

static const char *get_real(const void *state, const char *name) {
    (void)state;
    return strcmp(name, "PROJECT_NAME") == 0     ? "real"
           : strcmp(name, "AWS_REGION") == 0     ? "eu-west-1"
           : strcmp(name, "SLIPWAY_CONFIG") == 0 ? "ssm:/real"
           : strcmp(name, "DRY_RUN") == 0        ? " "
           : strcmp(name, "LOG_LEVEL") == 0      ? "warn"
                                                 : NULL;
}
static const struct environment real = {.get = get_real};

/* --- the place --- */

static void require_address(const struct config_place *place, struct view path) {
    struct buf decoded BUF_AUTO = BUF_INIT(8192);
    struct view whole = path;
    struct view bucket;
    struct view key;
    for (size_t i = 0; i < path.len; i++) {
        require(path.data[i] > ' ' && path.data[i] < 127 &&
                strchr("?#\"<>\\", path.data[i]) == NULL);
    }
    require(view_starts_with(whole, VIEW("/")));
    require(view_cut(view_slice(whole, 1, whole.len), '/', &bucket, &key));
    require(view_equal(bucket, place->bucket));
    uri_append_decoded(&decoded, key);
    require(!decoded.failed && view_equal(buf_view(&decoded), place->name));
}

static void try_place(struct view text) {
    struct arena arena ARENA_AUTO = ARENA_INIT((size_t)1024 * 1024);
    struct config_place place;
    struct aws_call call;
    struct err err;
    err_init(&err);
    if (config_place_parse(text, &place, &err) != 0) {
        require(err.code == ERR_CONFIG_INVALID && err.remedy[0] != '\0');
        return;
    }
    require(!err_is_set(&err) && view_equal(place.text, text) && place.name.len > 0);
    require_inside(place.name, text);
    require_inside(place.bucket, text);
    if (place.kind == CONFIG_PARAMETER) {
        require(ssm_get_parameter_call(place.name, &arena, &call, &err) == 0);
        return;
    }
    require(s3_bucket_is_valid(place.bucket) && s3_key_is_valid(place.name));
    require(s3_get_object_call(place.bucket, place.name, &arena, &call, &err) == 0);
    require_address(&place, call.path);
}

/* --- the document --- */

/* Only a name is ever shown: the secret followed by a quote and a colon. Escapes make that harder
 * to tell. */
static bool may_show(struct view document) {
    if (view_contains_char(document, '\\')) {
        return true;
    }
    const char *end = document.data + document.len;
    for (const char *at = document.data;
         (at = memmem(at, (size_t)(end - at), SECRET, strlen(SECRET))) != NULL; at++) {
        const char *quote = memchr(at, '"', (size_t)(end - at));
        if (quote == NULL) {
            continue;
        }
        struct view behind = view_trim((struct view){quote + 1, (size_t)(end - quote - 1)});
        if (view_starts_with(behind, VIEW(":"))) {
            return true;
        }
    }
    return false;
}

static void require_same(const char *a, const char *b) {
    require((a == NULL) == (b == NULL) && (a == NULL || strcmp(a, b) == 0));
}

static void require_sound(const struct config_source *source) {
    const struct environment *env = config_source_environment(source);
    static const char *const own[] = {"AWS_REGION", "AWS_ACCOUNT_ID", "AWS_SECRET_ACCESS_KEY",
                                      "LOG_LEVEL",  "SLIPWAY_CONFIG", "_HANDLER",
                                      "PATH"};
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        require_same(env->get(env->state, own[i]), get_real(NULL, own[i]));
    }
    struct buf names BUF_AUTO = BUF_INIT(4096);
    config_source_list_overridden(source, &names);
    /* Of the real environment's own values one may stand in a document. */
    require(names.len == 0 || view_equal(buf_view(&names), VIEW("LOG_LEVEL")));
    struct view project = view_trim(environment_get(env, "PROJECT_NAME"));
    require(view_equal(project, VIEW("real")));
}

/* Whatever config_load() makes of it: it says so, and the remedy says where. */
static void try_load(const struct config_source *source) {
    struct arena arena ARENA_AUTO = ARENA_INIT((size_t)64 * 1024 * 1024);
    struct config config;
    struct err err;
    err_init(&err);
    if (config_load(config_source_environment(source), &arena, &config, &err) != 0) {
        require(err.code == ERR_CONFIG_INVALID || err.code == ERR_OUT_OF_MEMORY);
        config_source_explain(source, &err);
        require(err.code != ERR_CONFIG_INVALID || strlen(err.remedy) >= ERR_REMEDY_BYTES - 8 ||
                strstr(err.remedy, "corrected there") != NULL);
    } else {
        require(view_equal(config.project, VIEW("real")));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const struct view input = {(const char *)data, size};
    struct view place = input;
    struct view document = VIEW("");
    struct config_source *source = NULL;
    struct err err;
    (void)view_cut(input, '\n', &place, &document);
    try_place(place);
    err_init(&err);
    if (config_source_parse(VIEW("ssm:/p"), document, &real, &source, &err) != 0) {
        require(source == NULL && err.code == ERR_CONFIG_INVALID && err.remedy[0] != '\0');
        require(strncmp(err.message, "SLIPWAY_CONFIG: 'ssm:/p' h", 26) == 0);
        require(may_show(document) ||
                (strstr(err.message, SECRET) == NULL && strstr(err.remedy, SECRET) == NULL));
        return 0;
    }
    require(!err_is_set(&err));
    require_sound(source);
    try_load(source);
    config_source_free(source);
    return 0;
}
