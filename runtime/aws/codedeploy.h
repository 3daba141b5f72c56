#ifndef SLIPWAY_AWS_CODEDEPLOY_H
#define SLIPWAY_AWS_CODEDEPLOY_H

/*
 * AWS CodeDeploy, for services of ECS with that deployment controller: which requests slipway
 * makes, and what their answers mean. Builders fill a call; decoders read an ended one. Pure:
 * aws_call_all() is between them.
 * AWS CodeDeploy API Reference, ListApplications, ListDeploymentGroups, BatchGetDeploymentGroups,
 * ListDeployments, BatchGetDeployments, CreateDeployment; AWS CodeDeploy User Guide, "AppSpec
 * 'resources' section for Amazon ECS deployments".
 */

#include "runtime/aws/aws.h"

extern const struct aws_service codedeploy_service;

#define CODEDEPLOY_GROUPS_MAX 100     /* in one BatchGetDeploymentGroups */
#define CODEDEPLOY_DEPLOYMENTS_MAX 25 /* in one BatchGetDeployments */

struct codedeploy_names {
    struct view *names;
    size_t n;
    struct view next; /* token of the next page; empty on the last, and to ask for the first */
};
ERR_MUST_USE int codedeploy_list_applications_call(struct view next, struct arena *arena,
                                                   struct aws_call *ret_call, struct err *err);
ERR_MUST_USE int codedeploy_list_applications_result(const struct aws_call *call,
                                                     struct arena *arena,
                                                     struct codedeploy_names *ret_names,
                                                     struct err *err);
/* One page: an application with more than a hundred groups is none for ECS. */
ERR_MUST_USE int codedeploy_list_groups_call(struct view application, struct arena *arena,
                                             struct aws_call *ret_call, struct err *err);
ERR_MUST_USE int codedeploy_list_groups_result(const struct aws_call *call, struct arena *arena,
                                               struct codedeploy_names *ret_names, struct err *err);

ERR_MUST_USE int codedeploy_get_groups_call(struct view application, const struct view *groups,
                                            size_t n, struct arena *arena,
                                            struct aws_call *ret_call, struct err *err);
/* The group, of those that were asked for, that deploys the service; empty: none does. An
 * application or a group that is not there is no error here: it deploys nothing. */
ERR_MUST_USE int codedeploy_get_groups_result(const struct aws_call *call, struct view cluster,
                                              struct view service, struct arena *arena,
                                              struct view *ret_group, struct err *err);

/* The group's deployments: those that are under way, or with `since_ms` > 0 all since then. */
ERR_MUST_USE int codedeploy_list_deployments_call(struct view application, struct view group,
                                                  int64_t since_ms, struct arena *arena,
                                                  struct aws_call *ret_call, struct err *err);
ERR_MUST_USE int codedeploy_list_deployments_result(const struct aws_call *call,
                                                    struct arena *arena, struct view **ret_ids,
                                                    size_t *ret_n, struct err *err);

ERR_MUST_USE int codedeploy_get_deployments_call(const struct view *ids, size_t n,
                                                 struct arena *arena, struct aws_call *ret_call,
                                                 struct err *err);
struct codedeploy_deployment {
    struct view id;
    struct view status; /* Created, Queued, InProgress, Baking, Ready, Succeeded, Failed, Stopped */
    struct view description;
};
bool codedeploy_is_under_way(const struct codedeploy_deployment *deployment);
ERR_MUST_USE int codedeploy_get_deployments_result(const struct aws_call *call, struct arena *arena,
                                                   struct codedeploy_deployment **ret_deployments,
                                                   size_t *ret_n, struct err *err);

struct codedeploy_create {
    struct view application, group;
    struct view task_definition; /* ARN */
    struct view container;       /* behind the load balancer, and its port */
    int64_t port;
    struct view platform_version;  /* empty: CodeDeploy's own choice */
    const struct view *properties; /* more of the service's, each the bytes of a JSON member */
    size_t n_properties;
    struct view hooks; /* the bytes of a JSON value; empty: none */
    struct view description;
};
/* CreateDeployment with an AppSpec of the service's new revision. Marked `once`. */
ERR_MUST_USE int codedeploy_create_call(const struct codedeploy_create *create, struct arena *arena,
                                        struct aws_call *ret_call, struct err *err);
/* The deployment's id. ERR_AWS_UNAVAILABLE while another one of the group is under way;
 * ERR_ACCESS_DENIED; ERR_CONTROLLER_UNSUPPORTED for whatever CodeDeploy does not take; the call's
 * own. */
ERR_MUST_USE int codedeploy_create_result(const struct aws_call *call, struct arena *arena,
                                          struct view *ret_id, struct err *err);

#endif
