#ifndef SLIPWAY_HANDLERS_DEPLOY_TASKDEF_PARTS_H
#define SLIPWAY_HANDLERS_DEPLOY_TASKDEF_PARTS_H

/*
 * What the splice and the diff of a task definition must agree on.
 */

#include "handlers/deploy/taskdef.h"

/* Whether a member of that name (JSON, with its quotes) goes: DescribeTaskDefinition adds it. */
bool taskdef_member_is_read_only(struct view name_text);
/* Whether a tag belongs to the user and is carried over: neither `aws:` nor `slipway:`. */
bool taskdef_tag_is_users(struct view key);
/* The array of the tags; an empty one when there are none. */
struct json_span taskdef_tags_of(const struct ecs_task_definition *definition);

#endif
