#ifndef SLIPWAY_HANDLERS_TRIGGER_TRIGGER_H
#define SLIPWAY_HANDLERS_TRIGGER_TRIGGER_H

/*
 * What an event asks for, after parsing. Each parser in this folder is pure: an event's envelope
 * and detail in, a trigger out.
 */

#include "handlers/config.h"
#include "runtime/base/arena.h"
#include "runtime/base/err.h"
#include "runtime/base/json.h"
#include "runtime/base/view.h"

#include <stdbool.h>
#include <stdint.h>

/* The EventBridge envelope. Amazon EventBridge User Guide, "EventBridge events structure". A direct
 * invocation with a bare DEPLOY detail gets one made for it (see route.h). */
struct event {
    struct view id;
    struct view source;
    struct view detail_type;
    struct view account; /* empty on a direct invocation: IAM has decided who may invoke */
    struct view region;
    struct view own_account; /* the function's; empty when it is not known */
    int64_t time_ms;
    const struct json *resources; /* an array, or NULL */
    const struct json *detail;    /* an object */
};

enum trigger_kind {
    TRIGGER_DEPLOY,          /* an image, by tag or digest */
    TRIGGER_DEPLOY_REVISION, /* a task-definition revision that exists */
    TRIGGER_RESTART,         /* what runs, again */
    TRIGGER_IGNORE,          /* nothing, on purpose: `note` says why */
};

struct trigger {
    enum trigger_kind kind;
    struct view event_id;
    int64_t event_time_ms;
    struct view service;         /* the project's name of it: "backend" */
    struct view tag;             /* checked against the tag grammar */
    struct view digest;          /* "sha256:" and 64 hexadecimal digits */
    struct view task_definition; /* family:revision or ARN */
    struct view reason;
    struct view note;
    bool dry_run;
    bool force; /* deploy again although it runs already; does not undo the order of events */
    struct err refusal; /* set: the event asks for what cannot be (wrong grammar, account, …) */
};

/* Makes the error the trigger's refusal and returns 0; -1 and *err for ERR_OUT_OF_MEMORY, which
 * is none. For parsers: `return trigger_refuse(ret_trigger, &cause, err);`. */
ERR_MUST_USE int trigger_refuse(struct trigger *trigger, const struct err *cause, struct err *err);

#endif
