#ifndef SLIPWAY_AWS_CREDENTIALS_INTERNAL_H
#define SLIPWAY_AWS_CREDENTIALS_INTERNAL_H

/*
 * What the credentials_*.c files share: the provider itself, and its sources. Private to them.
 */

#include "runtime/aws/aws.h"
#include "runtime/aws/credentials.h"
#include "runtime/base/arena.h"
#include "runtime/base/buf.h"
#include "runtime/base/secret.h"

enum credentials_source {
    CREDENTIALS_NONE,      /* nothing was found */
    CREDENTIALS_STATIC,    /* keys of the environment or of a profile */
    CREDENTIALS_CONTAINER, /* fetched from the container endpoint */
    CREDENTIALS_ROLE,      /* STS AssumeRole with the base's credentials */
};

struct credentials_provider {
    enum credentials_source source;
    struct arena arena; /* the options */

    const struct environment *env;     /* CREDENTIALS_CONTAINER */
    const char *url;                   /* CREDENTIALS_CONTAINER */
    struct credentials_provider *base; /* CREDENTIALS_ROLE */
    bool owns_base;
    struct view role_arn;
    struct view region;
    struct view assume_role_body; /* the form that is posted each time */

    /* what was got; empty before the first time */
    struct secret access_key_id; /* no secret, but replaced and freed like one */
    struct secret secret_access_key;
    struct secret session_token;
    int64_t expires_at_ms;             /* on the wall clock; CREDENTIALS_NEVER_EXPIRE */
    int64_t next_refresh_ms;           /* not to be refreshed before, unless they expire */
    char failure_code[AWS_CODE_BYTES]; /* of the last fetch, if that failed */
};

#define CREDENTIALS_NEVER_EXPIRE INT64_MAX

/* NULL: ERR_OUT_OF_MEMORY. */
struct credentials_provider *credentials_provider_alloc(enum credentials_source source,
                                                        struct err *err);

struct credentials_keys {
    struct view access_key_id;
    struct view secret_access_key;
    struct view session_token; /* may be empty */
    int64_t expires_at_ms;
};
/* Replaces what the provider holds, all or nothing. */
ERR_MUST_USE int credentials_store(struct credentials_provider *provider,
                                   const struct credentials_keys *keys, struct err *err);
ERR_MUST_USE int credentials_provider_static(const struct credentials_keys *keys,
                                             struct credentials_provider **ret_provider,
                                             struct err *err);

/* The environment's keys; *ret_provider stays as it was when it has none. */
ERR_MUST_USE int credentials_from_environment(const struct environment *env,
                                              struct credentials_provider **ret_provider,
                                              struct err *err);
/* The profile of AWS_PROFILE, or the default one; *ret_provider stays as it was when the profile
 * holds no credentials, or there is no default one. *ret_is_for_environment tells, after a
 * failure too, whether the profile is a role to be assumed with the environment's keys. */
ERR_MUST_USE int credentials_from_profile(const struct environment *env,
                                          struct credentials_provider **ret_provider,
                                          bool *ret_is_for_environment, struct err *err);
/* The container endpoint; *ret_provider stays as it was when none is configured. */
ERR_MUST_USE int credentials_from_container(const struct environment *env,
                                            struct credentials_provider **ret_provider,
                                            struct err *err);

/* Fetches anew and stores. */
ERR_MUST_USE int credentials_container_fetch(struct credentials_provider *provider, struct aws *aws,
                                             int64_t deadline_ms, struct err *err);

/* Appends a whole file. -1 without an error set: it is not there; else ERR_CONFIG_INVALID. */
ERR_MUST_USE int credentials_read_file(const char *path, struct buf *buf, struct err *err);
/* Overwrites bytes that were a secret and lie in memory that is not wiped by itself: an arena. */
void credentials_wipe_view(struct view bytes);

#endif
