#ifndef SLIPWAY_AWS_STS_H
#define SLIPWAY_AWS_STS_H

/*
 * AWS STS over the query protocol. AWS STS API Reference, AssumeRole, GetCallerIdentity.
 */

#include "runtime/aws/aws.h"
#include "runtime/base/secret.h"

extern const struct aws_service sts_service;

/* The form body of AssumeRole, without Action and Version:
 * RoleArn=arn%3Aaws…&RoleSessionName=slipway&DurationSeconds=3600[&ExternalId=…]
 * -1: ERR_CONFIG_INVALID for a role, session name or duration that STS cannot take. */
ERR_MUST_USE int sts_assume_role_body(const struct assume_role_options *options,
                                      struct arena *arena, struct view *ret_body, struct err *err);

struct sts_credentials {
    struct view access_key_id; /* in the arena */
    struct secret secret_access_key;
    struct secret session_token;
    int64_t expires_at_ms;
};
void sts_credentials_wipe(struct sts_credentials *credentials);

/* Parses AssumeRoleResponse; ERR_BAD_RESPONSE when a part is missing. The text holds the secrets
 * and is the caller's to wipe. */
ERR_MUST_USE int sts_assume_role_parse(struct view xml, struct arena *arena,
                                       struct sts_credentials *ret_credentials, struct err *err);
/* ErrorResponse/Error/{Code,Message}, unescaped into the arena; a Message may be missing. False
 * when the text is no such document. */
bool sts_error_parse(struct view xml, struct arena *arena, struct view *ret_code,
                     struct view *ret_message);

/* Who asks. GetCallerIdentity needs no permission. */
void sts_get_caller_identity_call(struct aws_call *ret_call);
struct sts_identity {
    struct view account; /* 12 digits; in the arena, as the ARN */
    struct view arn;
};
/* -1: the call's error, ERR_BAD_RESPONSE where a part is missing. */
ERR_MUST_USE int sts_get_caller_identity_result(const struct aws_call *call, struct arena *arena,
                                                struct sts_identity *ret_identity, struct err *err);

#endif
