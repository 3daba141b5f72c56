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
    TRIGGER_ROLLBACK,        /* back to the last completed revision, or to `to` */
    TRIGGER_ROLLOUT,         /* what became of a deployment: people are told */
    TRIGGER_IGNORE,          /* nothing, on purpose: `note` says why */
};

/* Which targets an event is about; target_select() finds them. */
enum trigger_scope {
    SCOPE_SERVICE,     /* the one of that name: `service` */
    SCOPE_REPOSITORY,  /* all that run an image of it: `repository`, `registry_…` */
    SCOPE_PARAMETER,   /* the service of that name, if there is one: `service` */
    SCOPE_OBJECT,      /* all that read the env file: `bucket`, `key` */
    SCOPE_ECS_SERVICE, /* the one that ECS names: `ecs_service` */
};

/* What ECS says of a deployment. Amazon ECS Developer Guide, "Amazon ECS service deployment state
 * change events", "Amazon ECS service action events". */
struct rollout_event {
    struct view name;          /* SERVICE_DEPLOYMENT_COMPLETED, SERVICE_TASK_START_IMPAIRED, … */
    struct view type;          /* INFO, WARN, ERROR */
    struct view deployment_id; /* ecs-svc/1234567890123456789; empty for a service action */
    struct view reason;        /* in ECS's words; may be empty */
};

struct trigger {
    enum trigger_kind kind;
    enum trigger_scope scope;
    struct view event_id;
    int64_t event_time_ms;
    struct view service;          /* the project's name of it: "backend" */
    struct view repository;       /* its name in the registry */
    struct view registry_account; /* empty, as the region: the environment's registry */
    struct view registry_region;
    struct view bucket, key;
    struct view ecs_service;     /* ARN */
    struct view tag;             /* checked against the tag grammar */
    struct view digest;          /* "sha256:" and 64 hexadecimal digits */
    struct view task_definition; /* family:revision or ARN */
    struct view to; /* of a rollback: a revision ("41", "family:41", an ARN) or a tag */
    struct view reason;
    struct view note;
    struct rollout_event rollout;
    bool is_automatic; /* a push: AUTO_DEPLOY_TAGS decides, and a tag that has moved on since is no
                          fault; a change of a parameter or an env file: a service that does not
                          exist is none */
    bool dry_run;
    bool force; /* deploy again although it runs already; does not undo the order of events */
    struct err refusal; /* set: the event asks for what cannot be (wrong grammar, account, …) */
};

/* Makes the error the trigger's refusal and returns 0; -1 and *err for ERR_OUT_OF_MEMORY, which
 * is none. For parsers: `return trigger_refuse(ret_trigger, &cause, err);`. */
ERR_MUST_USE int trigger_refuse(struct trigger *trigger, const struct err *cause, struct err *err);

#endif
