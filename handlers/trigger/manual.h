#ifndef SLIPWAY_HANDLERS_TRIGGER_MANUAL_H
#define SLIPWAY_HANDLERS_TRIGGER_MANUAL_H

/*
 * Events that a person or a workflow sends: DEPLOY and ROLLBACK from action.production,
 * action.deploy and action.{env}.
 */

#include "handlers/trigger/trigger.h"

/* detail: {"service"*, "tag", "digest", "task_definition", "reason", "dry_run", "force"}. A detail
 * that cannot be obeyed becomes trigger->refusal, with as much of the trigger filled as could be
 * read:
 *
 *   EventMalformed   a member of the wrong type (null counts for what would be deployed and
 *                    for `dry_run`: a workflow's empty variable must not turn a deploy into a
 *                    restart, or a dry run into a deploy);
 *                    `task_definition` beside `tag` or `digest`; a member that looks like one of
 *                    these, misspelt ("dryRun"), or, where the event would only restart, any that
 *                    is not known ("image_tag"). Others (a workflow's "commit") are passed over
 *   TagInvalid       `tag` or `digest` against their grammar, or empty
 *   FamilyMismatch   `task_definition` is an ARN of another account or region
 *
 * -1: ERR_OUT_OF_MEMORY only. */
ERR_MUST_USE int manual_deploy_parse(const struct event *event, const struct config *config,
                                     struct arena *arena, struct trigger *ret_trigger,
                                     struct err *err);

/* detail: {"service"*, "to", "reason", "dry_run"}; `to` is a revision ("41", "family:41", an ARN)
 * or the tag of an image. Refusals as above; EventMalformed for a `to` that is neither. */
ERR_MUST_USE int manual_rollback_parse(const struct event *event, const struct config *config,
                                       struct arena *arena, struct trigger *ret_trigger,
                                       struct err *err);

#endif
