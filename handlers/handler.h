#ifndef SLIPWAY_HANDLERS_HANDLER_H
#define SLIPWAY_HANDLERS_HANDLER_H

/*
 * The walk of one event, top to bottom: bytes -> route -> targets -> facts -> plan -> execute ->
 * report -> bytes. An array of events is one walk: its reads share a wave, and so do its writes.
 */

#include "handlers/config.h"
#include "handlers/deploy/plan.h"
#include "handlers/notify/notify.h"
#include "handlers/route.h"
#include "runtime/aws/aws.h"
#include "runtime/base/clock.h"
#include "runtime/lambda/lambda.h"

struct handler {
    const struct config *config;
    struct aws *aws;
    const struct clock *clock;
    struct notifier *notifier; /* NULL: nobody is told */
};

/* What an invocation asks for, decided. */
struct planned {
    struct change *changes; /* in the order of their events, in the invocation's arena: one for each
                               target of an event, and one for an event without any */
    size_t n;
    struct routed routed;
};

/* The walk as far as it writes nothing: route -> targets -> facts -> plan. -1: ERR_OUT_OF_MEMORY;
 * ERR_CONFIG_INVALID where a local registry is not in the function's own account. */
ERR_MUST_USE int handler_plan(const struct handler *handler,
                              const struct lambda_invocation *invocation,
                              struct planned *ret_planned, struct err *err);

/* A lambda_handler; `user` is a struct handler.
 *
 * -1: a change failed (of an SQS batch the answer names the messages whose events failed instead:
 * SQS delivers those again), ERR_OUT_OF_MEMORY, or ERR_CONFIG_INVALID where only the function's ARN
 * can tell: ECR_STRATEGY is `local`, and ECR_ACCOUNT_ID another account than the function's.
 * Nothing is read or written then; the event is retried and kept by Lambda, as after any failure.
 */
ERR_MUST_USE int handler_invoke(void *user, const struct lambda_invocation *invocation,
                                struct buf *response, struct err *err);

/* The connections that the first deploy will need: two to ECR's endpoint (the registry's region)
 * and two to ECS's, opened side by side. Called in the init phase. */
void handler_warm(const struct handler *handler);

#endif
