#ifndef SLIPWAY_AWS_EVENTS_H
#define SLIPWAY_AWS_EVENTS_H

/*
 * Amazon EventBridge: which requests slipway makes, and what their answers mean. Builders fill a
 * call; decoders read an ended one. Pure: aws_call_all() is between them.
 * Amazon EventBridge API Reference, PutEvents, ListEventBuses, ListRuleNamesByTarget,
 * ListTargetsByRule, PutTargets.
 */

#include "runtime/aws/aws.h"
#include "runtime/base/json_scan.h"

extern const struct aws_service events_service;

#define EVENTS_PUT_EVENTS_MAX 10  /* entries in one PutEvents */
#define EVENTS_PUT_TARGETS_MAX 10 /* targets in one PutTargets */

/* One page of names. */
struct events_names {
    struct view *names;
    size_t n;
    struct view next; /* token of the next page; empty on the last */
};

/* {["NextToken":"…"]}. `next` is empty for the first page, here and below. */
ERR_MUST_USE int events_list_event_buses_call(struct view next, struct arena *arena,
                                              struct aws_call *ret_call, struct err *err);
ERR_MUST_USE int events_list_event_buses_result(const struct aws_call *call, struct arena *arena,
                                                struct events_names *ret_names, struct err *err);

/* {"TargetArn":"arn:…:cluster/c","EventBusName":"default"[,"NextToken":"…"]}: the rules of a bus
 * that have a target with that ARN. */
ERR_MUST_USE int events_list_rule_names_by_target_call(struct view target_arn, struct view bus,
                                                       struct view next, struct arena *arena,
                                                       struct aws_call *ret_call, struct err *err);
ERR_MUST_USE int events_list_rule_names_by_target_result(const struct aws_call *call,
                                                         struct arena *arena,
                                                         struct events_names *ret_names,
                                                         struct err *err);

/* {"Rule":"nightly","EventBusName":"default"[,"NextToken":"…"]} */
ERR_MUST_USE int events_list_targets_by_rule_call(struct view rule, struct view bus,
                                                  struct view next, struct arena *arena,
                                                  struct aws_call *ret_call, struct err *err);

struct events_target {
    struct view id;
    struct view arn;
    struct view task_definition;      /* EcsParameters.TaskDefinitionArn; empty for other targets */
    struct view task_definition_text; /* the JSON string with its quotes, inside `text` */
    struct view text;                 /* the target's object, as AWS spelt it */
};
struct events_targets {
    struct events_target *targets;
    size_t n;
    struct view next;
};
ERR_MUST_USE int events_list_targets_by_rule_result(const struct aws_call *call,
                                                    struct arena *arena,
                                                    struct events_targets *ret_targets,
                                                    struct err *err);

/* The target's object with another task definition and all else the same, byte for byte: PutTargets
 * replaces the whole target of an id. One that runs no task stays as it is. .data NULL: memory ran
 * out. */
struct view events_retarget(const struct events_target *target, struct view task_definition,
                            struct arena *arena);

/* {"Rule":"nightly","EventBusName":"default","Targets":[{…}]}; `targets` are whole objects, n of
 * them <= EVENTS_PUT_TARGETS_MAX. Idempotent. */
ERR_MUST_USE int events_put_targets_call(struct view rule, struct view bus,
                                         const struct view *targets, size_t n, struct arena *arena,
                                         struct aws_call *ret_call, struct err *err);
/* A target that was not taken (FailedEntryCount in a 200) is an error too. ERR_PASS_ROLE_DENIED for
 * an AccessDeniedException about iam:PassRole, ERR_ACCESS_DENIED, ERR_AWS_UNAVAILABLE when the rule
 * was changed at the same time, ERR_BAD_RESPONSE (a rule that AWS manages, an id that is gone), the
 * call's own. */
ERR_MUST_USE int events_put_targets_result(const struct aws_call *call, struct err *err);

/* Where a bus is that is named by its ARN; empty for a name, which is the caller's region. */
struct view events_bus_region(struct view bus);

struct events_entry {
    struct view source;
    struct view detail_type;
    struct view detail; /* a JSON object's bytes */
    const struct view *resources;
    size_t n_resources;
};
/* {"Entries":[{"Source":"slipway","DetailType":"…","Detail":"{…}","Resources":["…"],
 *  "EventBusName":"…"}]}; `bus` is a name or an ARN, empty for the default one; n <=
 * EVENTS_PUT_EVENTS_MAX. Marked `once`. */
ERR_MUST_USE int events_put_events_call(const struct events_entry *entries, size_t n,
                                        struct view bus, struct view region, struct arena *arena,
                                        struct aws_call *ret_call, struct err *err);
/* An entry that was not taken (FailedEntryCount in a 200) is an error too: ERR_THROTTLED,
 * ERR_AWS_UNAVAILABLE, ERR_ACCESS_DENIED or ERR_BAD_RESPONSE with EventBridge's words. */
ERR_MUST_USE int events_put_events_result(const struct aws_call *call, struct err *err);

#endif
