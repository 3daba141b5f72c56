#ifndef SLIPWAY_HANDLERS_DEPLOY_FACTS_ROLLBACK_H
#define SLIPWAY_HANDLERS_DEPLOY_FACTS_ROLLBACK_H

/*
 * What AWS says about the revisions that a service can go back to. Read by facts_rollback.c.
 */

#include "handlers/deploy/facts_kinds.h"

/* Revisions that are described at once, and in all; deployments that failed or never ended lie
 * between the completed ones. */
#define ROLLBACK_WAVE 20
#define ROLLBACK_MAX_REVISIONS 100

/* What the registry says of the image that a revision would be started with. */
enum rollback_image {
    IMAGE_UNCHECKED,  /* nobody needed to know */
    IMAGE_THERE,      /* or of another registry, or not to be learnt */
    IMAGE_GONE,       /* the registry does not have it any more */
    IMAGE_IS_ANOTHER, /* the revision names a tag, which has moved to another image since */
};

struct rollback_revision {
    struct ecs_task_definition definition;
    enum rollback_image image;
    struct view image_name; /* as the revision has it; once it has been checked */
};

struct rollback_facts {
    const struct err *err; /* a revision could not be had */
    /* Those that were described, the highest first: below the running one, or without that bound
     * when `to` is a tag; the one that `to` names. */
    struct rollback_revision *revisions;
    size_t n_revisions;
    bool searched_all; /* no more revisions are there; else ROLLBACK_MAX_REVISIONS were looked at */

    /* The service deployment that is in progress, if there is just one: */
    struct view deployment;             /* ARN; empty: none, or it could not be had */
    struct view source_task_definition; /* what ECS goes back to when it is stopped */
};

#endif
