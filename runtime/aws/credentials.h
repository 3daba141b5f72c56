#ifndef SLIPWAY_AWS_CREDENTIALS_H
#define SLIPWAY_AWS_CREDENTIALS_H

/*
 * Where credentials come from, in the SDKs' order: the environment (AWS_ACCESS_KEY_ID,
 * AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN); the shared config and credentials files with the
 * profile of AWS_PROFILE, if one is set or the default one exists (static keys, or role_arn with
 * source_profile or credential_source=Environment|EcsContainer, external_id, role_session_name,
 * duration_seconds); the container endpoint (AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI
 * with AWS_CONTAINER_AUTHORIZATION_TOKEN or _TOKEN_FILE). And on top of those, AssumeRole.
 *
 * One exception to that order: an AWS_PROFILE whose role has credential_source=Environment is
 * assumed with the environment's keys, since it cannot mean anything else. Any other AWS_PROFILE
 * counts for nothing while the environment has keys.
 *
 * A provider caches what it got until five minutes before it expires; static credentials for ever.
 * A refresh that fails, or takes long, while the old ones are still valid leaves them in use for
 * another minute. What is valid is reckoned by AWS's clock, as far as it is known (aws_wall_ms()).
 * AWS SDKs and Tools Reference Guide, "Standardized credential providers".
 */

#include "runtime/aws/sigv4.h"
#include "runtime/base/clock.h"
#include "runtime/base/err.h"
#include "runtime/base/view.h"

struct aws;
struct credentials_provider;

/* How the environment is read; `getenv` in main, a table in tests. */
struct environment {
    const char *(*get)(const void *state, const char *name); /* NULL when unset */
    const void *state;
};
extern const struct environment environment_process;
static inline struct view environment_get(const struct environment *env, const char *name) {
    return view_of(env->get(env->state, name));
}

/* Reads environment and files; no network. `env` must outlive the provider: the container's token
 * is read anew each time. -1, ERR_CONFIG_INVALID: a profile that does not exist, a file that cannot
 * be parsed, half a pair of keys, a chain of source_profile that ends in itself, a role without a
 * source or with something that slipway cannot do (mfa_serial, credential_process, SSO, web
 * identity, Ec2InstanceMetadata); ERR_OUT_OF_MEMORY. Finding no source at all is no error here: it
 * is one when credentials are asked for. */
ERR_MUST_USE int credentials_provider_new(const struct environment *env,
                                          struct credentials_provider **ret_provider,
                                          struct err *err);

/* STS AssumeRole with the credentials of `base`, which must outlive it. The options are copied. */
struct assume_role_options {
    struct view role_arn;
    struct view session_name; /* 2 to 64 of [A-Za-z0-9_+=,.@-] */
    struct view external_id;  /* may be empty */
    struct view region;       /* whose STS endpoint is asked; empty: the client's */
    int duration_seconds;     /* 0: 3600, the most that role chaining allows */
};
ERR_MUST_USE int credentials_provider_assume_role(struct credentials_provider *base,
                                                  const struct assume_role_options *options,
                                                  struct credentials_provider **ret_provider,
                                                  struct err *err);
void credentials_provider_free(struct credentials_provider *provider);

/* The credentials, fetched if there are none or they are about to expire. They are borrowed until
 * the next call for this provider. `aws` carries out what has to be fetched, before deadline_ms on
 * the monotonic clock. -1: ERR_ACCESS_DENIED (none found; AssumeRole refused), or what the call
 * met. `force` drops the cached ones first: AWS has just called them expired or unknown. */
ERR_MUST_USE int credentials_get(struct credentials_provider *provider, struct aws *aws,
                                 int64_t deadline_ms, bool force,
                                 struct aws_credentials *ret_credentials, struct err *err);
/* AWS's own code of the last failure to fetch them ("AccessDenied"); "" when AWS sent none. */
const char *credentials_failure_code(const struct credentials_provider *provider);

#endif
