#ifndef SLIPWAY_CLI_FOLLOW_H
#define SLIPWAY_CLI_FOLLOW_H

/*
 * Watching a rollout of an ECS service until it ends. follow_judge() and follow_line() are pure;
 * follow() asks ECS every few seconds, and keeps one line of progress on a terminal (a line for
 * each change of it elsewhere).
 */

#include "cli/session.h"
#include "runtime/aws/ecs.h"

enum follow_state {
    FOLLOW_GOING,
    FOLLOW_COMPLETED,
    FOLLOW_FAILED,   /* by the circuit breaker or an alarm */
    FOLLOW_REPLACED, /* another deployment took its place, or ECS went back */
};

struct follow_target {
    struct view name; /* "backend" */
    struct view cluster, service;
    struct view deployment_id; /* empty: whichever is the PRIMARY one, if it is of `to` */
    struct view from, to;      /* task definitions, for ECS's own way back; empty: any */
    int64_t begun_ms;          /* wall clock; the time that is shown counts from there */
};

/* How the deployment stands. ECS keeps no rollout state of services behind a Classic Load Balancer:
 * theirs is completed once all its tasks run and no other deployment is left. Without an id the
 * deployment of `from` may be the PRIMARY one for a while, whatever became of it: ECS has yet to go
 * back to `to`. */
enum follow_state follow_judge(const struct ecs_service_state *service,
                               const struct follow_target *target);

/* "backend: 2/4 running, 2 pending, 1m12s: (service web) has started 2 tasks", in less than
 * `columns` characters, so that the cursor stays in the line (0: any number); in the arena, .data
 * NULL when memory ran out. */
struct view follow_line(const struct follow_target *target, const struct ecs_service_state *service,
                        int64_t now_ms, size_t columns, struct arena *arena);

/* Returns an exit status: 0 when it completed. A rollout that is interrupted (Ctrl-C), or that has
 * not ended after `timeout_ms`, goes on; that is said. */
int follow(struct session *session, const struct follow_target *target, int64_t timeout_ms);

#endif
