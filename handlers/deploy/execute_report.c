#include "handlers/deploy/execute_move.h"
#include "runtime/aws/ecs_service_deployments.h"

/*
 * A completed revision gets its tag, and the end of a deployment is told. The tag comes first: if
 * it cannot be had for now, the event fails and is delivered again, and nobody has been told
 * anything twice.
 */

static int take_answer(struct execution *x, struct move *move, const struct aws_call *call) {
    struct err error;
    err_init(&error);
    if (ecs_tag_resource_result(call, x->arena, &error) == 0) {
        return move_end(x, move, CHANGE_REPORTED, VIEW(""));
    }
    if (error.code == ERR_OUT_OF_MEMORY) {
        return execution_out_of_memory(x);
    }
    if (err_may_pass(error.code)) {
        return move_fail(x, move, &error, VIEW(""));
    }
    return move_end(
        x, move, CHANGE_REPORTED,
        arena_printf(x->arena,
                     "'" VIEW_FMT "' could not be tagged as completed, so that no rollback finds "
                     "it: %s",
                     VIEW_ARG(revision_name(move->change->rollout.completed_arn)), error.message));
}

/* "2026-11-20T22:39:04Z", when ECS said so. */
static int build_call(struct execution *x, const struct move *move, struct aws_call *ret_call) {
    struct ecs_tag *tag = ARENA_NEW(x->arena, struct ecs_tag);
    if (!tag) {
        return execution_out_of_memory(x);
    }
    tag->key = VIEW(TAG_COMPLETED);
    tag->value = revision_time_text(move->change->trigger->event_time_ms, x->arena);
    if (!tag->value.data) {
        return execution_out_of_memory(x);
    }
    return ecs_tag_resource_call(move->change->rollout.completed_arn, tag, 1, x->arena, ret_call,
                                 x->err);
}

int execute_report(struct execution *x) {
    struct aws_call *calls = ARENA_ARRAY(x->arena, x->n, struct aws_call);
    size_t *owners = ARENA_ARRAY(x->arena, x->n, size_t);
    size_t n = 0;
    if (!calls || !owners) {
        return execution_out_of_memory(x);
    }
    for (size_t i = 0; i < x->n; i++) {
        struct move *move = &x->moves[i];
        if (!move_is_open(move, VERDICT_REPORT)) {
            continue;
        }
        if (move->change->rollout.completed_arn.len == 0) {
            if (move_end(x, move, CHANGE_REPORTED, VIEW("")) != 0) {
                return -1;
            }
            continue;
        }
        if (build_call(x, move, &calls[n]) != 0) {
            return -1;
        }
        owners[n++] = i;
    }
    if (n == 0) {
        return 0;
    }
    aws_call_all(x->aws, calls, n, x->deadline_ms, x->arena);
    for (size_t i = 0; i < n; i++) {
        if (take_answer(x, &x->moves[owners[i]], &calls[i]) != 0) {
            return -1;
        }
    }
    return 0;
}
