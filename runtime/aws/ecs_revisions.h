#ifndef SLIPWAY_AWS_ECS_REVISIONS_H
#define SLIPWAY_AWS_ECS_REVISIONS_H

/*
 * Amazon ECS: which revisions of a family there are. Builders fill a call; decoders read an ended
 * one. Pure: aws_call_all() is between them.
 * Amazon ECS API Reference, ListTaskDefinitions.
 */

#include "runtime/aws/ecs.h"

#define ECS_LIST_TASK_DEFINITIONS_MAX 100 /* in one page */

struct ecs_list_task_definitions {
    struct view family;
    struct view next; /* token of the page; empty: the first */
    size_t max;       /* 1 to ECS_LIST_TASK_DEFINITIONS_MAX; 0: as many as there may be */
};
/* {"familyPrefix":"f","status":"ACTIVE","sort":"DESC","maxResults":100[,"nextToken":"…"]} */
ERR_MUST_USE int ecs_list_task_definitions_call(const struct ecs_list_task_definitions *list,
                                                struct arena *arena, struct aws_call *ret_call,
                                                struct err *err);

struct ecs_revisions {
    struct view *arns; /* the newest first */
    size_t n;
    struct view next; /* token of the next page; empty on the last */
};
/* The revisions of exactly the family that was asked for: its name is only a prefix to whoever
 * takes "familyPrefix" by its word. A page may thus be empty and have a next one. */
ERR_MUST_USE int ecs_list_task_definitions_result(const struct aws_call *call, struct arena *arena,
                                                  struct ecs_revisions *ret_revisions,
                                                  struct err *err);

#endif
