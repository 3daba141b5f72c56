#ifndef SLIPWAY_AWS_LAMBDA_API_H
#define SLIPWAY_AWS_LAMBDA_API_H

/*
 * AWS Lambda's API, for functions made of container images: which requests slipway makes, and what
 * their answers mean. Builders fill a call; decoders read an ended one. Pure: aws_call_all() is
 * between them. (The runtime that slipway itself runs in is runtime/lambda.)
 * AWS Lambda API Reference, GetFunction, GetFunctionConfiguration, UpdateFunctionCode,
 * PublishVersion, GetAlias, UpdateAlias, TagResource.
 */

#include "runtime/aws/aws.h"
#include "runtime/aws/ecs.h"

extern const struct aws_service lambda_service;

struct lambda_function {
    struct view arn;
    struct view package_type;  /* Image, Zip */
    struct view architecture;  /* x86_64, arm64; the first */
    struct view image_uri;     /* GetFunction only: as it was set, by tag or digest */
    struct view resolved_uri;  /* GetFunction only: by digest */
    struct view state;         /* Active, Pending, Inactive, Failed */
    struct view update_status; /* Successful, InProgress, Failed */
    struct view update_reason; /* in Lambda's words; may be empty */
    struct view revision_id;
    struct view code_sha256; /* of an image the digest's digits */
    struct view version;     /* $LATEST, or the number of a published one */
    struct ecs_tag *tags;    /* GetFunction only */
    size_t n_tags;
};
struct view lambda_tag_value(const struct lambda_function *function, const char *key);

/* GET /2015-03-31/functions/{name}. ERR_SERVICE_NOT_FOUND when there is no such function. */
ERR_MUST_USE int lambda_get_function_call(struct view name, struct arena *arena,
                                          struct aws_call *ret_call, struct err *err);
ERR_MUST_USE int lambda_get_function_result(const struct aws_call *call, struct arena *arena,
                                            struct lambda_function *ret_function, struct err *err);

/* GET /2015-03-31/functions/{name}?Qualifier={alias}: the version that the alias leads to; the ARN
 * is the alias's then. Its answer is lambda_get_function_result()'s. */
ERR_MUST_USE int lambda_get_aliased_function_call(struct view name, struct view alias,
                                                  struct arena *arena, struct aws_call *ret_call,
                                                  struct err *err);

/* GET /2015-03-31/functions/{name}/configuration */
ERR_MUST_USE int lambda_get_configuration_call(struct view name, struct arena *arena,
                                               struct aws_call *ret_call, struct err *err);
/* Of this, UpdateFunctionCode and PublishVersion: a function's configuration. Errors:
 * ERR_SERVICE_NOT_FOUND; ERR_ACCESS_DENIED; ERR_REGISTRY_ACCESS_DENIED when Lambda may not pull the
 * image; ERR_AWS_UNAVAILABLE while another update is under way; the call's own. */
ERR_MUST_USE int lambda_configuration_result(const struct aws_call *call, struct arena *arena,
                                             struct lambda_function *ret_function, struct err *err);

/* PUT /2015-03-31/functions/{name}/code {"ImageUri":"…","RevisionId":"…"}: only if the function is
 * still as it was when it had that revision id. Idempotent thereby. */
ERR_MUST_USE int lambda_update_code_call(struct view name, struct view image_uri,
                                         struct view revision_id, struct arena *arena,
                                         struct aws_call *ret_call, struct err *err);
/* Whether the function, or the alias, had changed meanwhile: PreconditionFailedException. */
bool lambda_has_changed(const struct aws_call *call);
/* Whether another update of it was under way: ResourceConflictException. */
bool lambda_is_being_changed(const struct aws_call *call);

/* POST /2015-03-31/functions/{name}/versions {"RevisionId":"…","Description":"…"}: only if the
 * function still has that revision id. A version of this code that is the newest already is given
 * back. */
ERR_MUST_USE int lambda_publish_version_call(struct view name, struct view revision_id,
                                             struct view description, struct arena *arena,
                                             struct aws_call *ret_call, struct err *err);

struct lambda_alias {
    struct view version;
    struct view revision_id;
    bool has_weights; /* a second version gets a part of the traffic */
};
/* GET /2015-03-31/functions/{name}/aliases/{alias} */
ERR_MUST_USE int lambda_get_alias_call(struct view name, struct view alias, struct arena *arena,
                                       struct aws_call *ret_call, struct err *err);
/* PUT the same {"FunctionVersion":"7","RevisionId":"…"}; what is left out stays. */
ERR_MUST_USE int lambda_update_alias_call(struct view name, struct view alias, struct view version,
                                          struct view revision_id, struct arena *arena,
                                          struct aws_call *ret_call, struct err *err);
/* Of both. ERR_SERVICE_NOT_FOUND when there is no such alias. */
ERR_MUST_USE int lambda_alias_result(const struct aws_call *call, struct arena *arena,
                                     struct lambda_alias *ret_alias, struct err *err);

/* POST /2017-03-31/tags/{arn} {"Tags":{"k":"v"}}; idempotent. */
ERR_MUST_USE int lambda_tag_resource_call(struct view arn, const struct ecs_tag *tags, size_t n,
                                          struct arena *arena, struct aws_call *ret_call,
                                          struct err *err);
ERR_MUST_USE int lambda_tag_resource_result(const struct aws_call *call, struct err *err);

/* DELETE /2017-03-31/tags/{arn}?tagKeys=k&tagKeys=l; idempotent. */
ERR_MUST_USE int lambda_untag_resource_call(struct view arn, const struct view *keys, size_t n,
                                            struct arena *arena, struct aws_call *ret_call,
                                            struct err *err);
ERR_MUST_USE int lambda_untag_resource_result(const struct aws_call *call, struct err *err);

#endif
