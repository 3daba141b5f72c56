#ifndef SLIPWAY_HANDLERS_TRIGGER_SERVICE_DEPLOY_H
#define SLIPWAY_HANDLERS_TRIGGER_SERVICE_DEPLOY_H

/*
 * SERVICE_DEPLOY, which workflows generated for other tools send from github.actions.{env} and
 * action.{env}.
 */

#include "handlers/trigger/trigger.h"

/* detail: {"service"*, "tag"} beside whatever the workflow likes to tell ("env", "trigger",
 * "commit", "branch"). Without a tag it restarts what runs, unless some member sounds as if it were
 * meant for one ("image_tag", "version"): EventMalformed. TagInvalid as for DEPLOY.
 * -1: ERR_OUT_OF_MEMORY only. */
ERR_MUST_USE int service_deploy_parse(const struct event *event, const struct config *config,
                                      struct arena *arena, struct trigger *ret_trigger,
                                      struct err *err);

#endif
