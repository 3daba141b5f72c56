#include "runtime/aws/credentials.h"

#include "runtime/aws/answer.h"
#include "runtime/aws/credentials_internal.h"
#include "runtime/aws/denial.h"
#include "runtime/aws/sts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Fetched anew this long before they expire: the SDKs' advice, and longer than any invocation's
 * retries. */
#define REFRESH_BEFORE_MS ((int64_t)5 * 60 * 1000)
/* After a refresh that failed, or that brought short-lived ones, the next is not tried sooner. */
#define REFRESH_PAUSE_MS ((int64_t)60 * 1000)
/* While the old ones are good, a refresh may take this long, and no more than this part of the time
 * that is left: it is not what the time is for. */
#define REFRESH_MAX_MS ((int64_t)5 * 1000)
#define REFRESH_PART 4
/* Room for the options of one provider: ARN, form, URL. */
#define OPTIONS_BYTES ((size_t)64 * 1024)

static const char *process_get(const void *state, const char *name) {
    (void)state;
    return getenv(name);
}

const struct environment environment_process = {.get = process_get, .state = NULL};

struct credentials_provider *credentials_provider_alloc(enum credentials_source source,
                                                        struct err *err) {
    struct credentials_provider *provider = calloc(1, sizeof(*provider));
    if (!provider) {
        (void)err_out_of_memory(err, "credentials");
        return NULL;
    }
    provider->source = source;
    provider->arena = ARENA_INIT(OPTIONS_BYTES);
    return provider;
}

static void drop_keys(struct credentials_provider *provider) {
    secret_wipe(&provider->access_key_id);
    secret_wipe(&provider->secret_access_key);
    secret_wipe(&provider->session_token);
    provider->expires_at_ms = 0;
    provider->next_refresh_ms = 0;
}

void credentials_provider_free(struct credentials_provider *provider) {
    if (!provider) {
        return;
    }
    drop_keys(provider);
    if (provider->owns_base) {
        credentials_provider_free(provider->base);
    }
    arena_release(&provider->arena);
    free(provider);
}

int credentials_store(struct credentials_provider *provider, const struct credentials_keys *keys,
                      struct err *err) {
    struct secret id = {0};
    struct secret key = {0};
    struct secret token = {0};
    if (secret_set(&id, keys->access_key_id, "access key id", err) < 0 ||
        secret_set(&key, keys->secret_access_key, "secret access key", err) < 0 ||
        secret_set(&token, keys->session_token, "session token", err) < 0) {
        secret_wipe(&id);
        secret_wipe(&key);
        return -1;
    }
    drop_keys(provider);
    provider->access_key_id = id;
    provider->secret_access_key = key;
    provider->session_token = token;
    provider->expires_at_ms = keys->expires_at_ms;
    return 0;
}

int credentials_provider_static(const struct credentials_keys *keys,
                                struct credentials_provider **ret_provider, struct err *err) {
    struct credentials_provider *provider = credentials_provider_alloc(CREDENTIALS_STATIC, err);
    if (!provider) {
        return -1;
    }
    if (credentials_store(provider, keys, err) < 0) {
        credentials_provider_free(provider);
        return -1;
    }
    *ret_provider = provider;
    return 0;
}

int credentials_from_environment(const struct environment *env,
                                 struct credentials_provider **ret_provider, struct err *err) {
    const struct credentials_keys keys = {
        .access_key_id = environment_get(env, "AWS_ACCESS_KEY_ID"),
        .secret_access_key = environment_get(env, "AWS_SECRET_ACCESS_KEY"),
        .session_token = environment_get(env, "AWS_SESSION_TOKEN"),
        .expires_at_ms = CREDENTIALS_NEVER_EXPIRE,
    };
    if (keys.access_key_id.len == 0 && keys.secret_access_key.len == 0) {
        return 0;
    }
    if (keys.access_key_id.len == 0 || keys.secret_access_key.len == 0) {
        return err_set(err, ERR_CONFIG_INVALID, "'%s' is not set, though '%s' is",
                       keys.access_key_id.len == 0 ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY",
                       keys.access_key_id.len == 0 ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID");
    }
    return credentials_provider_static(&keys, ret_provider, err);
}

/* The environment's keys, unless AWS_PROFILE names a role that is to be assumed with them. In a
 * Lambda AWS_PROFILE is not set, and no file is looked at. */
static int prefer_environment(const struct environment *env, struct credentials_provider *from_env,
                              struct credentials_provider **ret_provider, struct err *err) {
    struct credentials_provider *role = NULL;
    struct err failure;
    bool is_for_environment = false;
    err_init(&failure);
    int status = environment_get(env, "AWS_PROFILE").len > 0
                     ? credentials_from_profile(env, &role, &is_for_environment, &failure)
                     : 0;
    if (!is_for_environment) {
        credentials_provider_free(role);
        *ret_provider = from_env;
        return 0;
    }
    credentials_provider_free(from_env);
    if (status < 0) {
        if (!err_is_set(err)) {
            *err = failure;
        }
        return -1;
    }
    *ret_provider = role;
    return 0;
}

int credentials_provider_new(const struct environment *env,
                             struct credentials_provider **ret_provider, struct err *err) {
    struct credentials_provider *found = NULL;
    bool ignored = false;
    if (credentials_from_environment(env, &found, err) < 0) {
        return -1;
    }
    if (found) {
        return prefer_environment(env, found, ret_provider, err);
    }
    if (credentials_from_profile(env, &found, &ignored, err) < 0 ||
        (!found && credentials_from_container(env, &found, err) < 0)) {
        return -1;
    }
    if (!found) {
        found = credentials_provider_alloc(CREDENTIALS_NONE, err);
    }
    if (!found) {
        return -1;
    }
    *ret_provider = found;
    return 0;
}

int credentials_provider_assume_role(struct credentials_provider *base,
                                     const struct assume_role_options *options,
                                     struct credentials_provider **ret_provider, struct err *err) {
    struct credentials_provider *provider = credentials_provider_alloc(CREDENTIALS_ROLE, err);
    if (!provider) {
        return -1;
    }
    provider->base = base;
    provider->role_arn = arena_copy(&provider->arena, options->role_arn);
    provider->region = arena_copy(&provider->arena, options->region);
    if (!provider->role_arn.data || !provider->region.data) {
        credentials_provider_free(provider);
        return err_out_of_memory(err, "credentials");
    }
    if (sts_assume_role_body(options, &provider->arena, &provider->assume_role_body, err) < 0) {
        credentials_provider_free(provider);
        return -1;
    }
    *ret_provider = provider;
    return 0;
}

void credentials_wipe_view(struct view bytes) {
    if (bytes.len > 0) {
        /* Memory of our own that only the view calls constant. */
        explicit_bzero((char *)(uintptr_t)bytes.data, bytes.len);
    }
}

int credentials_read_file(const char *path, struct buf *buf, struct err *err) {
    FILE *stream = fopen(path, "rbe");
    if (!stream) {
        return errno == ENOENT || errno == ENOTDIR
                   ? -1
                   : err_set(err, ERR_CONFIG_INVALID, "cannot read '%s': %s", path,
                             strerror(errno));
    }
    char chunk[4096];
    size_t n;
    (void)setvbuf(stream, NULL, _IONBF, 0); /* no copy of a secret stays behind in stdio */
    while ((n = fread(chunk, 1, sizeof(chunk), stream)) > 0) {
        buf_append(buf, (struct view){chunk, n});
    }
    bool is_bad = ferror(stream) != 0;
    explicit_bzero(chunk, sizeof(chunk));
    (void)fclose(stream);
    if (is_bad) {
        return err_set(err, ERR_CONFIG_INVALID, "cannot read '%s'", path);
    }
    return buf_check(buf, path, err);
}

/* AssumeRole's failure, with the role in it and, if a policy said no, both sides of the remedy. */
static int assume_role_failed(const struct credentials_provider *provider,
                              const struct aws_call *call, struct err *err) {
    struct arena arena ARENA_AUTO = ARENA_INIT(OPTIONS_BYTES);
    struct denial denial = {0};
    if (err_is_set(err)) {
        return -1;
    }
    (void)err_set(err, call->err.code, "cannot assume role '" VIEW_FMT "': %s",
                  VIEW_ARG(provider->role_arn), call->err.message);
    if (answer_is_denied(call)) {
        (void)denial_parse(view_of(call->err.message), &denial);
        struct view who = denial_who(&denial, &arena);
        if (!denial_remedy_of_deny(&denial, who, provider->role_arn, err)) {
            err_remedy(err,
                       "allow sts:AssumeRole on '" VIEW_FMT "' in the policy of " VIEW_FMT
                       ", and admit it in the role's trust policy",
                       VIEW_ARG(provider->role_arn), VIEW_ARG(who));
        }
    } else if (call->err.remedy[0] != '\0') {
        err_remedy(err, "%s", call->err.remedy);
    }
    return -1;
}

static int role_fetch(struct credentials_provider *provider, struct aws *aws, int64_t deadline_ms,
                      struct err *err) {
    struct arena arena ARENA_AUTO = ARENA_INIT((size_t)2 * AWS_RESPONSE_BYTES);
    struct sts_credentials got = {0};
    struct aws_call call = {
        .service = &sts_service,
        .operation = "AssumeRole",
        .body = provider->assume_role_body,
        .region = provider->region,
    };
    aws_call_all_with(aws, provider->base, &call, 1, deadline_ms, &arena);
    if (err_is_set(&call.err)) {
        memcpy(provider->failure_code, call.code, sizeof(call.code));
        return assume_role_failed(provider, &call, err);
    }
    int status = sts_assume_role_parse(call.response, &arena, &got, err);
    credentials_wipe_view(call.response);
    if (status == 0) {
        status = credentials_store(provider,
                                   &(struct credentials_keys){
                                       .access_key_id = got.access_key_id,
                                       .secret_access_key = secret_expose(&got.secret_access_key),
                                       .session_token = secret_expose(&got.session_token),
                                       .expires_at_ms = got.expires_at_ms,
                                   },
                                   err);
    }
    sts_credentials_wipe(&got);
    return status;
}

static int fetch(struct credentials_provider *provider, struct aws *aws, int64_t deadline_ms,
                 struct err *err) {
    switch (provider->source) {
    case CREDENTIALS_ROLE:
        return role_fetch(provider, aws, deadline_ms, err);
    case CREDENTIALS_CONTAINER:
        return credentials_container_fetch(provider, aws, deadline_ms, err);
    case CREDENTIALS_STATIC:
    case CREDENTIALS_NONE:
        break;
    }
    (void)err_set(err, ERR_ACCESS_DENIED,
                  "no AWS credentials found in environment, profile or container");
    err_remedy(err, "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE");
    return -1;
}

static bool is_held(const struct credentials_provider *provider) {
    return !secret_is_empty(&provider->secret_access_key);
}

/* Whether to ask for new ones: there are none, they have expired, or they are about to and it is
 * not too soon after the last attempt. */
static bool is_due(const struct credentials_provider *provider, int64_t now_ms) {
    if (!is_held(provider)) {
        return true;
    }
    if (provider->source == CREDENTIALS_STATIC ||
        now_ms < provider->expires_at_ms - REFRESH_BEFORE_MS) {
        return false;
    }
    return now_ms >= provider->expires_at_ms || now_ms >= provider->next_refresh_ms;
}

/* When to give up a refresh that can wait. */
static int64_t refresh_deadline_ms(const struct aws *aws, int64_t deadline_ms) {
    int64_t now_ms = clock_monotonic_ms(aws_clock(aws));
    int64_t patience_ms = (deadline_ms - now_ms) / REFRESH_PART;
    return now_ms + (patience_ms < REFRESH_MAX_MS ? patience_ms : REFRESH_MAX_MS);
}

const char *credentials_failure_code(const struct credentials_provider *provider) {
    return provider->failure_code;
}

int credentials_get(struct credentials_provider *provider, struct aws *aws, int64_t deadline_ms,
                    bool force, struct aws_credentials *ret_credentials, struct err *err) {
    int64_t now_ms = aws_wall_ms(aws);
    if (force && provider->source != CREDENTIALS_STATIC) {
        drop_keys(provider);
    }
    if (is_due(provider, now_ms)) {
        struct err failure;
        err_init(&failure);
        bool is_usable = is_held(provider) && now_ms < provider->expires_at_ms;
        int64_t until_ms = is_usable ? refresh_deadline_ms(aws, deadline_ms) : deadline_ms;
        provider->failure_code[0] = '\0';
        if (fetch(provider, aws, until_ms, &failure) < 0 && !is_usable) {
            if (!err_is_set(err)) {
                *err = failure;
            }
            return -1;
        }
        provider->next_refresh_ms = now_ms + REFRESH_PAUSE_MS;
    }
    *ret_credentials = (struct aws_credentials){
        .access_key_id = secret_expose(&provider->access_key_id),
        .secret_access_key = &provider->secret_access_key,
        .session_token =
            secret_is_empty(&provider->session_token) ? NULL : &provider->session_token,
    };
    return 0;
}
