#ifndef SLIPWAY_BASE_ERR_H
#define SLIPWAY_BASE_ERR_H

/*
 * Errors: one value type that says what failed, of which kind, and what to do about it.
 *
 * A fallible function returns 0 or -1, is marked ERR_MUST_USE, and on -1 has filled the caller's
 * `struct err`, its last parameter. The first cause wins: err_set() on a value that already holds
 * an error changes nothing. On success the value is untouched.
 *
 * A message says the failure first, its subject in 'quotes', lower case, no full stop. A remedy is
 * one imperative sentence. Neither may hold a credential, a token or a webhook address.
 */

#include <stdbool.h>

#define ERR_MUST_USE __attribute__((warn_unused_result))

enum err_class {
    ERR_CLASS_NONE,    /* no error */
    ERR_CLASS_REFUSED, /* an answer: the request cannot be carried out as it stands; never retried
                        */
    ERR_CLASS_FAILED,  /* an error: Lambda retries the invocation */
    ERR_CLASS_INIT,    /* the function cannot start as it is configured */
};

/* clang-format off */
/* X(symbol, name on the wire, class, default remedy). A switch over the codes has no `default`. */
#define ERR_CODES(X)                                                                               \
    X(ERR_NONE, "None", ERR_CLASS_NONE, "")                                                        \
    X(ERR_IMAGE_NOT_FOUND, "ImageNotFound", ERR_CLASS_REFUSED,                                     \
      "push the image with this tag to the repository, or deploy a tag that exists")               \
    X(ERR_REPOSITORY_NOT_FOUND, "RepositoryNotFound", ERR_CLASS_REFUSED,                           \
      "create the repository, or correct ECR_ACCOUNT_ID, ECR_ACCOUNT_REGION or the service's "     \
      "repository in ECS_SERVICE_MAP")                                                             \
    X(ERR_REGISTRY_ACCESS_DENIED, "RegistryAccessDenied", ERR_CLASS_REFUSED,                       \
      "allow ecr:DescribeImages and ecr:BatchGetImage to the function's role, in its own policy "  \
      "and in the repository's policy")                                                            \
    X(ERR_TAG_NOT_ALLOWED, "TagNotAllowed", ERR_CLASS_REFUSED,                                     \
      "deploy a tag that DEPLOY_TAGS admits, or widen DEPLOY_TAGS")                                \
    X(ERR_TAG_INVALID, "TagInvalid", ERR_CLASS_REFUSED,                                            \
      "send a tag of 1 to 128 letters, digits, '_', '.' and '-' that starts with none of '.-', "   \
      "or a digest 'sha256:' and 64 hexadecimal digits")                                           \
    X(ERR_SERVICE_UNKNOWN, "ServiceUnknown", ERR_CLASS_REFUSED,                                    \
      "send one of the known services, or add this one to ECS_SERVICE_MAP")                        \
    X(ERR_SERVICE_NOT_FOUND, "ServiceNotFound", ERR_CLASS_REFUSED,                                 \
      "create the ECS service, or correct service_name in ECS_SERVICE_MAP")                        \
    X(ERR_SERVICE_NOT_ACTIVE, "ServiceNotActive", ERR_CLASS_REFUSED,                               \
      "create the service anew; a DRAINING or INACTIVE service takes no deployment")               \
    X(ERR_CLUSTER_NOT_FOUND, "ClusterNotFound", ERR_CLASS_REFUSED,                                 \
      "create the cluster, or correct ECS_CLUSTER_NAME")                                           \
    X(ERR_FAMILY_NOT_FOUND, "FamilyNotFound", ERR_CLASS_REFUSED,                                   \
      "register a first revision of the family, or correct task_family in ECS_SERVICE_MAP")        \
    X(ERR_FAMILY_MISMATCH, "FamilyMismatch", ERR_CLASS_REFUSED,                                    \
      "deploy a revision of the service's own family")                                             \
    X(ERR_CONTAINER_NOT_FOUND, "ContainerNotFound", ERR_CLASS_REFUSED,                             \
      "name the container in ECS_SERVICE_MAP, or give one container an image of the repository")   \
    X(ERR_PLATFORM_MISMATCH, "PlatformMismatch", ERR_CLASS_REFUSED,                                \
      "build the image for the task definition's architecture too, or change runtimePlatform")     \
    X(ERR_CONTROLLER_UNSUPPORTED, "ControllerUnsupported", ERR_CLASS_REFUSED,                      \
      "deploy through the service's own deployment controller, or make it ECS")                    \
    X(ERR_ACCOUNT_NOT_ALLOWED, "AccountNotAllowed", ERR_CLASS_REFUSED,                             \
      "send the event from an allowed account, or add the account to ALLOWED_ACCOUNTS")            \
    X(ERR_EVENT_MALFORMED, "EventMalformed", ERR_CLASS_REFUSED,                                    \
      "send an event of the documented shape")                                                     \
    X(ERR_EVENT_UNSUPPORTED, "EventUnsupported", ERR_CLASS_REFUSED,                                \
      "send one of the documented sources and detail-types")                                       \
    X(ERR_PASS_ROLE_DENIED, "PassRoleDenied", ERR_CLASS_REFUSED,                                   \
      "add the task's roles to the function's iam:PassRole statement")                             \
    X(ERR_NOTHING_TO_ROLL_BACK_TO, "NothingToRollBackTo", ERR_CLASS_REFUSED,                       \
      "name a revision with 'to', or deploy a tag")                                                \
    X(ERR_THROTTLED, "Throttled", ERR_CLASS_FAILED,                                                \
      "nothing now: the event is retried; ask AWS for a higher rate if this recurs")               \
    X(ERR_AWS_UNAVAILABLE, "AwsUnavailable", ERR_CLASS_FAILED,                                     \
      "nothing now: the event is retried; check the function's network path if this recurs")       \
    X(ERR_ACCESS_DENIED, "AccessDenied", ERR_CLASS_FAILED,                                         \
      "allow the action to the function's role")                                                   \
    X(ERR_DEADLINE_EXCEEDED, "DeadlineExceeded", ERR_CLASS_FAILED,                                 \
      "raise the function's timeout if this recurs; the event is retried")                         \
    X(ERR_OUT_OF_MEMORY, "OutOfMemory", ERR_CLASS_FAILED,                                          \
      "raise the function's memory size")                                                          \
    X(ERR_BAD_RESPONSE, "BadResponse", ERR_CLASS_FAILED,                                           \
      "report this with the request id: AWS answered in a way that is not documented")             \
    X(ERR_CONFIG_INVALID, "ConfigInvalid", ERR_CLASS_INIT,                                         \
      "correct the environment variables named")
/* clang-format on */

enum err_code {
#define ERR_X(symbol, name, class, remedy) symbol,
    ERR_CODES(ERR_X)
#undef ERR_X
};

/* Ceilings in bytes with the NUL. A message that names several faults at once (config) needs the
 * room; it is cut at a character's border beyond it. */
#define ERR_MESSAGE_BYTES 2048
#define ERR_REMEDY_BYTES 512

struct err {
    enum err_code code; /* ERR_NONE: no error */
    char message[ERR_MESSAGE_BYTES];
    char remedy[ERR_REMEDY_BYTES];
};

/* Makes *err hold no error. It must be called before first use; writes no more than it has to. */
void err_init(struct err *err);

/* Fills *err with code, message and the code's default remedy, unless it already holds an error.
 * Always returns -1, so that a failure is `return err_set(err, …);`. */
int err_set(struct err *err, enum err_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Replaces the default remedy of an error that is set. */
void err_remedy(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* err_set(err, ERR_OUT_OF_MEMORY, …) naming what the memory was for. */
int err_out_of_memory(struct err *err, const char *subject);

static inline bool err_is_set(const struct err *err) {
    return err->code != ERR_NONE;
}

/* The name on the wire, e.g. "ImageNotFound". */
const char *err_name(enum err_code code);
enum err_class err_class(enum err_code code);
/* Throttled, unavailable, out of time: another attempt may not meet it. */
bool err_may_pass(enum err_code code);
const char *err_default_remedy(enum err_code code);

#endif
