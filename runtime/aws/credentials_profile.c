#include "runtime/aws/credentials_internal.h"
#include "runtime/aws/shared_config.h"

/* Profiles that a chain of source_profile may have; AWS itself chains roles two or three deep. */
#define MAX_CHAIN 8
#define PATH_MAX_BYTES ((size_t)4096)

struct files {
    const struct environment *env;
    struct buf config, credentials; /* contents; they hold keys and are wiped */
    struct buf config_path, credentials_path;
    struct view visited[MAX_CHAIN];
    size_t n_visited;
    bool is_for_environment;
};

/* The path of a variable or the usual one in the home directory; "~/" stands for that too. */
static void path_append(const struct environment *env, const char *variable, const char *usual,
                        struct buf *path) {
    struct view value = environment_get(env, variable);
    struct view home = environment_get(env, "HOME");
    if (value.len == 0 && home.len == 0) {
        return;
    }
    if (value.len == 0) {
        value = view_of(usual);
    }
    if (view_starts_with(value, VIEW("~/"))) {
        buf_append(path, home);
        value = view_slice(value, 1, value.len);
    }
    buf_append(path, value);
}

/* A file that is not there is an empty one. */
static int file_load(const struct environment *env, const char *variable, const char *usual,
                     struct buf *path, struct buf *contents, struct err *err) {
    path_append(env, variable, usual, path);
    if (buf_check(path, variable, err) < 0) {
        return -1;
    }
    if (path->len == 0) {
        return 0;
    }
    if (credentials_read_file(buf_cstr(path), contents, err) < 0) {
        return err_is_set(err) ? -1 : 0;
    }
    return shared_config_check(buf_view(contents), buf_cstr(path), err);
}

static bool has_profile(const struct files *files, struct view profile) {
    return shared_config_has_profile(buf_view(&files->credentials), SHARED_CREDENTIALS_FILE,
                                     profile) ||
           shared_config_has_profile(buf_view(&files->config), SHARED_CONFIG_FILE, profile);
}

/* A property of either file; the credentials file wins. */
static bool get(const struct files *files, struct view profile, const char *name,
                struct view *ret_value) {
    return shared_config_get(buf_view(&files->credentials), SHARED_CREDENTIALS_FILE, profile, name,
                             ret_value) ||
           shared_config_get(buf_view(&files->config), SHARED_CONFIG_FILE, profile, name,
                             ret_value);
}

static bool has(const struct files *files, struct view profile, const char *name) {
    struct view ignored;
    return get(files, profile, name, &ignored);
}

static bool has_keys(const struct files *files, struct view profile) {
    return has(files, profile, "aws_access_key_id") || has(files, profile, "aws_secret_access_key");
}

/* Keys of one file, since a pair is never spread over two; false when that file has none. */
static bool keys_of(struct view text, enum shared_config_kind kind, struct view profile,
                    struct credentials_keys *ret_keys) {
    struct credentials_keys keys = {.expires_at_ms = CREDENTIALS_NEVER_EXPIRE};
    bool has_id = shared_config_get(text, kind, profile, "aws_access_key_id", &keys.access_key_id);
    bool has_key =
        shared_config_get(text, kind, profile, "aws_secret_access_key", &keys.secret_access_key);
    (void)shared_config_get(text, kind, profile, "aws_session_token", &keys.session_token);
    *ret_keys = keys;
    return has_id || has_key;
}

static int build_static(const struct files *files, struct view profile,
                        struct credentials_provider **ret_provider, struct err *err) {
    struct credentials_keys keys;
    if (!keys_of(buf_view(&files->credentials), SHARED_CREDENTIALS_FILE, profile, &keys)) {
        (void)keys_of(buf_view(&files->config), SHARED_CONFIG_FILE, profile, &keys);
    }
    if (keys.access_key_id.len == 0 || keys.secret_access_key.len == 0) {
        return err_set(err, ERR_CONFIG_INVALID,
                       "profile '" VIEW_FMT "' has only one of aws_access_key_id and "
                       "aws_secret_access_key",
                       VIEW_ARG(profile));
    }
    return credentials_provider_static(&keys, ret_provider, err);
}

/* What the SDKs can do and slipway cannot; it is said, so that nobody wonders whose keys are used.
 */
static int check_supported(const struct files *files, struct view profile, struct err *err) {
    static const char *const unsupported[] = {
        "credential_process",      "sso_session", "sso_start_url", "sso_account_id",
        "web_identity_token_file", "mfa_serial",  "login_session"};
    for (size_t i = 0; i < sizeof(unsupported) / sizeof(unsupported[0]); i++) {
        if (has(files, profile, unsupported[i])) {
            (void)err_set(err, ERR_CONFIG_INVALID,
                          "profile '" VIEW_FMT "' has '%s', which slipway does not support",
                          VIEW_ARG(profile), unsupported[i]);
            err_remedy(err, "put temporary keys into the environment, for example with `aws "
                            "configure export-credentials`");
            return -1;
        }
    }
    return 0;
}

static int build(struct files *files, struct view profile, bool is_source,
                 struct credentials_provider **ret_provider, struct err *err);

/* The source_profile's provider. A profile may name itself, and means its own keys then. */
static int build_source_profile(struct files *files, struct view profile, struct view source,
                                struct credentials_provider **ret_base, struct err *err) {
    if (view_equal(source, profile) && has_keys(files, profile)) {
        return build_static(files, profile, ret_base, err);
    }
    if (build(files, source, true, ret_base, err) < 0) {
        return -1;
    }
    if (!*ret_base) {
        return err_set(err, ERR_CONFIG_INVALID,
                       "source_profile '" VIEW_FMT "' of profile '" VIEW_FMT
                       "' holds no credentials",
                       VIEW_ARG(source), VIEW_ARG(profile));
    }
    return 0;
}

static int build_credential_source(struct files *files, struct view profile, struct view source,
                                   struct credentials_provider **ret_base, struct err *err) {
    if (view_equal(source, VIEW("Environment"))) {
        if (credentials_from_environment(files->env, ret_base, err) < 0) {
            return -1;
        }
    } else if (view_equal(source, VIEW("EcsContainer"))) {
        if (credentials_from_container(files->env, ret_base, err) < 0) {
            return -1;
        }
    } else {
        return err_set(err, ERR_CONFIG_INVALID,
                       "profile '" VIEW_FMT "': credential_source '" VIEW_FMT
                       "' is none of Environment and EcsContainer",
                       VIEW_ARG(profile), VIEW_ARG(source));
    }
    if (!*ret_base) {
        return err_set(err, ERR_CONFIG_INVALID,
                       "profile '" VIEW_FMT "': credential_source '" VIEW_FMT
                       "' has no credentials",
                       VIEW_ARG(profile), VIEW_ARG(source));
    }
    return 0;
}

static int build_base(struct files *files, struct view profile,
                      struct credentials_provider **ret_base, struct err *err) {
    struct view source_profile;
    struct view credential_source;
    bool has_profile_source = get(files, profile, "source_profile", &source_profile);
    bool has_other_source = get(files, profile, "credential_source", &credential_source);
    if (has_profile_source == has_other_source) {
        return err_set(err, ERR_CONFIG_INVALID,
                       "profile '" VIEW_FMT "' has role_arn with %s source_profile %s "
                       "credential_source",
                       VIEW_ARG(profile), has_profile_source ? "both" : "neither",
                       has_profile_source ? "and" : "nor");
    }
    return has_profile_source
               ? build_source_profile(files, profile, source_profile, ret_base, err)
               : build_credential_source(files, profile, credential_source, ret_base, err);
}

static int role_options(const struct files *files, struct view profile,
                        struct assume_role_options *ret_options, struct err *err) {
    struct assume_role_options options = {.session_name = VIEW("slipway")};
    struct view seconds;
    int64_t number = 0;
    (void)get(files, profile, "role_arn", &options.role_arn);
    (void)get(files, profile, "role_session_name", &options.session_name);
    (void)get(files, profile, "external_id", &options.external_id);
    (void)get(files, profile, "region", &options.region);
    if (get(files, profile, "duration_seconds", &seconds) &&
        (!view_to_i64(seconds, &number) || number < 1 || number > 1000000)) {
        return err_set(err, ERR_CONFIG_INVALID,
                       "profile '" VIEW_FMT "': duration_seconds is no number of seconds",
                       VIEW_ARG(profile));
    }
    options.duration_seconds = (int)number;
    *ret_options = options;
    return 0;
}

static int build_role(struct files *files, struct view profile,
                      struct credentials_provider **ret_provider, struct err *err) {
    struct credentials_provider *base = NULL;
    struct credentials_provider *provider = NULL;
    struct assume_role_options options;
    if (check_supported(files, profile, err) < 0 ||
        role_options(files, profile, &options, err) < 0) {
        return -1;
    }
    if (build_base(files, profile, &base, err) < 0 ||
        credentials_provider_assume_role(base, &options, &provider, err) < 0) {
        credentials_provider_free(base);
        return -1;
    }
    provider->owns_base = true;
    *ret_provider = provider;
    return 0;
}

/* Marks a profile as a link of the chain. */
static int visit(struct files *files, struct view profile, struct err *err) {
    for (size_t i = 0; i < files->n_visited; i++) {
        if (view_equal(files->visited[i], profile)) {
            return err_set(err, ERR_CONFIG_INVALID,
                           "chain of source_profile comes back to profile '" VIEW_FMT "'",
                           VIEW_ARG(profile));
        }
    }
    if (files->n_visited == MAX_CHAIN) {
        return err_set(err, ERR_CONFIG_INVALID,
                       "chain of source_profile is longer than %d profiles at '" VIEW_FMT "'",
                       MAX_CHAIN, VIEW_ARG(profile));
    }
    files->visited[files->n_visited++] = profile;
    return 0;
}

/* A role wins over keys in the profile that is asked for, and keys over a role in one that is
 * another's source: the SDKs' rule. */
static int build(struct files *files, struct view profile, bool is_source,
                 struct credentials_provider **ret_provider, struct err *err) {
    if (visit(files, profile, err) < 0) {
        return -1;
    }
    if (!has_profile(files, profile)) {
        return err_set(err, ERR_CONFIG_INVALID,
                       "profile '" VIEW_FMT "' is neither in '%s' nor in '%s'", VIEW_ARG(profile),
                       buf_cstr(&files->config_path), buf_cstr(&files->credentials_path));
    }
    bool has_static = has_keys(files, profile);
    if (has(files, profile, "role_arn") && !(is_source && has_static)) {
        return build_role(files, profile, ret_provider, err);
    }
    if (has_static) {
        return build_static(files, profile, ret_provider, err);
    }
    return check_supported(files, profile, err);
}

static int load_and_build(struct files *files, struct credentials_provider **ret_provider,
                          struct err *err) {
    struct view profile = environment_get(files->env, "AWS_PROFILE");
    if (file_load(files->env, "AWS_CONFIG_FILE", "~/.aws/config", &files->config_path,
                  &files->config, err) < 0 ||
        file_load(files->env, "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials",
                  &files->credentials_path, &files->credentials, err) < 0) {
        return -1;
    }
    if (profile.len == 0) {
        profile = VIEW("default");
        if (!has_profile(files, profile)) {
            return 0;
        }
    }
    struct view source;
    files->is_for_environment = has(files, profile, "role_arn") &&
                                get(files, profile, "credential_source", &source) &&
                                view_equal(source, VIEW("Environment"));
    return build(files, profile, false, ret_provider, err);
}

int credentials_from_profile(const struct environment *env,
                             struct credentials_provider **ret_provider,
                             bool *ret_is_for_environment, struct err *err) {
    struct files files = {
        .env = env,
        .config = BUF_INIT(SHARED_CONFIG_MAX_BYTES),
        .credentials = BUF_INIT(SHARED_CONFIG_MAX_BYTES),
        .config_path = BUF_INIT(PATH_MAX_BYTES),
        .credentials_path = BUF_INIT(PATH_MAX_BYTES),
    };
    int status = load_and_build(&files, ret_provider, err);
    *ret_is_for_environment = files.is_for_environment;
    buf_wipe(&files.config);
    buf_wipe(&files.credentials);
    buf_release(&files.config_path);
    buf_release(&files.credentials_path);
    return status;
}
