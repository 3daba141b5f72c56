#ifndef SLIPWAY_HANDLERS_NOTIFY_NOTICE_H
#define SLIPWAY_HANDLERS_NOTIFY_NOTICE_H

/*
 * What is worth telling of a change, and the form in which programs get it. Pure.
 */

#include "handlers/config.h"
#include "handlers/deploy/plan.h"
#include "runtime/base/arena.h"
#include "runtime/base/err.h"

enum notice_kind {
    NOTICE_NONE,
    NOTICE_STARTED,   /* ECS has been told; how it ended is told later */
    NOTICE_COMPLETED, /* a deployment has ended well; a task or a function, which have no later end
                       */
    NOTICE_FAILED,    /* a deployment failed or was superseded, or AWS failed the event */
    NOTICE_REFUSED,
    NOTICE_IMPAIRED, /* tasks do not come up; no end yet: people are told, and no program */
};

/* Dry runs, and what changed nothing, are NOTICE_NONE. */
enum notice_kind notice_of(const struct config *config, const struct change *change);

/* Whether somebody has to look: where there is not room for all, these come first. */
bool notice_is_trouble(enum notice_kind kind);

/* EventBridge's detail-type: "Deployment Started", …; NULL for NOTICE_NONE and NOTICE_IMPAIRED. */
const char *notice_detail_type(enum notice_kind kind);
/* For people: "deployment started", "rollback started", "deployment failed", "restart started", …
 */
const char *notice_title(const struct change *change, enum notice_kind kind);

/* {"environment":"prod","project":"myproject","event_id":"…","reason":"…","target":"backend",…}:
 * the change as in the answer (report.h), 192 KB at most. .data NULL: memory, or that, ran out. */
struct view notice_detail(const struct config *config, const struct change *change,
                          struct arena *arena);

#endif
