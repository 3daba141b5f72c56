#ifndef SLIPWAY_HANDLERS_TRIGGER_MANUAL_H
#define SLIPWAY_HANDLERS_TRIGGER_MANUAL_H

/*
 * Events that a person or a workflow sends: DEPLOY from action.production, action.deploy and
 * action.{env}.
 */

#include "handlers/trigger/trigger.h"

/* detail: {"service"*, "tag", "digest", "task_definition", "reason", "dry_run", "force"}. A detail
 * that cannot be obeyed (grammar, types, contradictions) becomes trigger->refusal, with as much of
 * the trigger filled as could be read. -1: ERR_OUT_OF_MEMORY only. */
ERR_MUST_USE int manual_deploy_parse(const struct event *event, const struct config *config,
                                     struct arena *arena, struct trigger *ret_trigger,
                                     struct err *err);

#endif
