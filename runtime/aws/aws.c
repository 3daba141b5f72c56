#include "runtime/aws/aws_client.h"

#include "runtime/base/arena.h"

#include <stdlib.h>
#include <string.h>

#define MAX_ATTEMPTS 100
#define DEFAULT_SESSION_NAME "slipway"
/* Endpoints of a warm-up; they live no longer than it. */
#define WARM_BYTES ((size_t)64 * 1024)
#define WARM_CONNECTIONS 32

static int read_max_attempts(const struct environment *env, int *ret_attempts, struct err *err) {
    struct view text = view_trim(environment_get(env, "AWS_MAX_ATTEMPTS"));
    int64_t attempts = RETRY_DEFAULT_ATTEMPTS;
    if (text.len > 0 &&
        (!view_to_i64(text, &attempts) || attempts < 1 || attempts > MAX_ATTEMPTS)) {
        return err_set(err, ERR_CONFIG_INVALID,
                       "AWS_MAX_ATTEMPTS '" VIEW_FMT "' is no number from 1 to %d", VIEW_ARG(text),
                       MAX_ATTEMPTS);
    }
    *ret_attempts = (int)attempts;
    return 0;
}

int aws_new(const struct aws_options *options, struct aws **ret_aws, struct err *err) {
    struct aws *aws = calloc(1, sizeof(*aws));
    if (aws == NULL) {
        return err_out_of_memory(err, "the AWS client");
    }
    aws->http = options->http;
    aws->clock = options->clock;
    aws->env = options->env;
    aws->region = options->region;
    aws->bucket = RETRY_BUCKET_INIT;
    if (read_max_attempts(aws->env, &aws->max_attempts, err) != 0 ||
        credentials_provider_new(aws->env, &aws->own.provider, err) != 0) {
        aws_free(aws);
        return -1;
    }
    *ret_aws = aws;
    return 0;
}

static void source_release(struct credential_source *source) {
    credentials_provider_free(source->provider);
    free(source->failure);
    *source = (struct credential_source){0};
}

static void role_release(struct aws_role *role) {
    source_release(&role->source);
    free(role->arn);
    free(role->session_name);
    *role = (struct aws_role){0};
}

void aws_free(struct aws *aws) {
    if (aws == NULL) {
        return;
    }
    for (size_t i = 0; i < aws->n_roles; i++) {
        role_release(&aws->roles[i]);
    }
    source_release(&aws->own);
    free(aws);
}

/* The place for one more role: a new one, or that of the role used longest ago; NULL when every
 * role is in use by this very run. */
static struct aws_role *role_place(struct aws *aws) {
    if (aws->n_roles < AWS_MAX_ROLES) {
        return &aws->roles[aws->n_roles++];
    }
    struct aws_role *oldest = &aws->roles[0];
    for (size_t i = 1; i < aws->n_roles; i++) {
        if (aws->roles[i].last_run < oldest->last_run) {
            oldest = &aws->roles[i];
        }
    }
    if (oldest->last_run == aws->n_runs) {
        return NULL;
    }
    role_release(oldest);
    return oldest;
}

static int role_new(struct aws *aws, struct view arn, struct view session_name,
                    struct aws_role *ret_role, struct err *err) {
    struct aws_role role = {
        .arn = strndup(arn.data, arn.len),
        .session_name = strndup(session_name.data, session_name.len),
    };
    const struct assume_role_options options = {
        .role_arn = arn,
        .session_name = session_name,
        .region = aws->region,
    };
    if (role.arn == NULL || role.session_name == NULL) {
        role_release(&role);
        return err_out_of_memory(err, "the credentials of a role");
    }
    if (credentials_provider_assume_role(aws->own.provider, &options, &role.source.provider, err) !=
        0) {
        role_release(&role);
        return -1;
    }
    *ret_role = role;
    return 0;
}

int aws_source_of(struct aws *aws, const struct aws_call *call,
                  struct credential_source **ret_source, struct err *err) {
    if (call->role_arn.len == 0) {
        *ret_source = &aws->own;
        return 0;
    }
    struct view session_name =
        call->session_name.len > 0 ? call->session_name : VIEW(DEFAULT_SESSION_NAME);
    for (size_t i = 0; i < aws->n_roles; i++) {
        struct aws_role *role = &aws->roles[i];
        if (view_equal(call->role_arn, view_of(role->arn)) &&
            view_equal(session_name, view_of(role->session_name))) {
            role->last_run = aws->n_runs;
            *ret_source = &role->source;
            return 0;
        }
    }
    struct aws_role fresh;
    if (role_new(aws, call->role_arn, session_name, &fresh, err) != 0) {
        return -1;
    }
    struct aws_role *place = role_place(aws);
    if (place == NULL) {
        role_release(&fresh);
        return err_set(err, ERR_CONFIG_INVALID, "more than %d roles are assumed at once",
                       AWS_MAX_ROLES);
    }
    *place = fresh;
    place->last_run = aws->n_runs;
    *ret_source = &place->source;
    return 0;
}

void aws_call_all(struct aws *aws, struct aws_call *calls, size_t n, int64_t deadline_ms,
                  struct arena *arena) {
    aws_run(aws, NULL, calls, n, deadline_ms, arena);
}

void aws_call_all_with(struct aws *aws, struct credentials_provider *provider,
                       struct aws_call *calls, size_t n, int64_t deadline_ms, struct arena *arena) {
    struct credential_source only = {.provider = provider};
    aws_run(aws, &only, calls, n, deadline_ms, arena);
    free(only.failure);
}

static bool has_credentials(const struct environment *env) {
    static const char *const names[] = {
        "AWS_ACCESS_KEY_ID",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (environment_get(env, names[i]).len > 0) {
            return true;
        }
    }
    return false;
}

void aws_warm(struct aws *aws, const struct aws_warm *entries, size_t n, int64_t timeout_ms) {
    const char *urls[WARM_CONNECTIONS];
    size_t n_urls = 0;
    if (!has_credentials(aws->env)) {
        return;
    }
    ARENA_AUTO struct arena arena = ARENA_INIT(WARM_BYTES);
    for (size_t i = 0; i < n; i++) {
        struct endpoint endpoint;
        struct err ignored;
        err_init(&ignored);
        struct view region = entries[i].region.len > 0 ? entries[i].region : aws->region;
        if (endpoint_resolve(entries[i].service, region, aws->env, &arena, &endpoint, &ignored) !=
            0) {
            continue;
        }
        for (size_t k = 0; k < entries[i].n && n_urls < WARM_CONNECTIONS; k++) {
            urls[n_urls++] = endpoint.url.data;
        }
    }
    if (n_urls > 0) {
        http_warm(aws->http, urls, n_urls, timeout_ms);
    }
}

const struct clock *aws_clock(const struct aws *aws) {
    return aws->clock;
}

int64_t aws_wall_ms(const struct aws *aws) {
    return clock_wall_ms(aws->clock) + aws->skew_ms;
}

struct http *aws_http(struct aws *aws) {
    return aws->http;
}
