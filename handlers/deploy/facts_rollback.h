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

struct rollback_candidate {
    struct ecs_task_definition definition;
    bool image_is_gone; /* the registry does not have its image any more */
};

struct rollback_facts {
    const struct err *err; /* a revision could not be had */
    /* Those that the event can mean, by number, the highest first: up to and with the first that
     * can be used. With `to` the one revision, or those of the tag. */
    struct rollback_candidate *candidates;
    size_t n_candidates;
    bool searched_all; /* no more revisions are there; else ROLLBACK_MAX_REVISIONS were looked at */

    /* The service deployment that is in progress, if there is just one: */
    struct view deployment;             /* ARN; empty: none, or it could not be had */
    struct view source_task_definition; /* what ECS goes back to when it is stopped */
};

/* Whether the service can go back to it without being told to by name: it is ACTIVE, and a
 * deployment of it completed. */
bool rollback_is_completed(const struct ecs_task_definition *definition);
/* The revision's number that `to` names ("41", "family:41", an ARN); 0: it is a tag. */
int64_t rollback_named_revision(struct view to);

#endif
