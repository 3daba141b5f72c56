#ifndef SLIPWAY_HANDLERS_DEPLOY_FACTS_CODEDEPLOY_H
#define SLIPWAY_HANDLERS_DEPLOY_FACTS_CODEDEPLOY_H

/*
 * What AWS CodeDeploy says about a service that it deploys: the deployment group, and the
 * deployments that concern an event. Read by facts_codedeploy.c.
 */

#include "handlers/deploy/app_spec.h"
#include "handlers/deploy/facts_kinds.h"
#include "runtime/aws/codedeploy_revision.h"

struct codedeploy_facts {
    const struct err *err;           /* something could not be had */
    struct view application, group;  /* empty: none deploys the service */
    struct codedeploy_revision last; /* what the group was given last */
    struct app_spec app_spec;        /* of that */
    bool is_app_spec_gone;           /* CodeDeploy does not have it any more */
    /* Those of the group that are under way, and those since the event's time. */
    struct codedeploy_deployment *deployments;
    size_t n_deployments;
};

/* What a deployment's description says of the event that it is made for. .data NULL: no memory. */
struct view codedeploy_description(struct view event_tag, struct arena *arena);

#endif
