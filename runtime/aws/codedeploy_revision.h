#ifndef SLIPWAY_AWS_CODEDEPLOY_REVISION_H
#define SLIPWAY_AWS_CODEDEPLOY_REVISION_H

/*
 * The AppSpec that CodeDeploy was given last for a deployment group. Its contents are kept under
 * their hash, beside the application.
 * AWS CodeDeploy API Reference, DeploymentGroupInfo (targetRevision), GetApplicationRevision.
 */

#include "runtime/aws/codedeploy.h"

struct codedeploy_revision {
    struct view type;   /* AppSpecContent, String, S3, …; empty: it was given nothing yet */
    struct view sha256; /* of an AppSpecContent, or a String, as it was called; empty: of others */
};
/* Of the answer to codedeploy_get_groups_call(); empty where it does not have the group. */
ERR_MUST_USE int codedeploy_group_revision_result(const struct aws_call *call, struct view group,
                                                  struct arena *arena,
                                                  struct codedeploy_revision *ret_revision,
                                                  struct err *err);

/* `revision` has a hash. */
ERR_MUST_USE int codedeploy_get_revision_call(struct view application,
                                              const struct codedeploy_revision *revision,
                                              struct arena *arena, struct aws_call *ret_call,
                                              struct err *err);
/* The AppSpec's text, JSON or YAML; empty when CodeDeploy does not have it any more. Errors:
 * ERR_ACCESS_DENIED; the call's own. */
ERR_MUST_USE int codedeploy_get_revision_result(const struct aws_call *call, struct arena *arena,
                                                struct view *ret_content, struct err *err);

#endif
