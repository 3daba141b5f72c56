#ifndef SLIPWAY_HANDLERS_TRIGGER_IMAGE_PUSH_H
#define SLIPWAY_HANDLERS_TRIGGER_IMAGE_PUSH_H

/*
 * An image has come into a repository: Amazon ECR says so (ECR Image Action), or the workflow that
 * pushed it does (github.actions, Deployment Ready). Whatever runs the repository deploys it, if
 * AUTO_DEPLOY_TAGS admits the tag.
 * Amazon ECR User Guide, "Amazon ECR events and EventBridge".
 */

#include "handlers/trigger/trigger.h"

/* detail: {"action-type":"PUSH","result":"SUCCESS","repository-name":"r","image-tag":"t",
 * "image-digest":"sha256:…"}. The registry is the event's account and region. Ignored: any other
 * action, a failed one, an image without a tag or with one that ECS could not name. EventMalformed:
 * no repository, a digest that is none. -1: ERR_OUT_OF_MEMORY only. */
ERR_MUST_USE int image_push_parse(const struct event *event, const struct config *config,
                                  struct arena *arena, struct trigger *ret_trigger,
                                  struct err *err);

/* detail: {"repository"*: "name" or "host/name", "tag"*, "branch", "commit"}: the same as a push of
 * that tag to the environment's registry, or to the one that the host names. EventMalformed,
 * TagInvalid. -1: ERR_OUT_OF_MEMORY only. */
ERR_MUST_USE int image_ready_parse(const struct event *event, const struct config *config,
                                   struct arena *arena, struct trigger *ret_trigger,
                                   struct err *err);

#endif
