#include "handlers/deploy/execute_move.h"
#include "runtime/aws/ecs_service_deployments.h"

/*
 * A rollback of what is still in progress: ECS is told to stop the deployment and to go back. If
 * there is nothing to stop any more, or ECS will not, the service is updated like for any other
 * rollback.
 */

static int end_stopped(struct execution *x, struct move *move) {
    struct view traced = move->change->note; /* what execute_trace() had to say */
    move->change->to_task_definition = move->own;
    return move_end(x, move, CHANGE_ROLLED_BACK,
                    arena_printf(x->arena,
                                 "deployment '" VIEW_FMT
                                 "' was still in progress: ECS stops it and goes back%s" VIEW_FMT,
                                 VIEW_ARG(move->change->stop_deployment),
                                 traced.len > 0 ? "; " : "", VIEW_ARG(traced)));
}

static int take_answer(struct execution *x, struct move *move, const struct aws_call *call) {
    bool is_over = false;
    struct err error;
    err_init(&error);
    int rc = ecs_stop_service_deployment_result(call, x->arena, &is_over, &error);
    if (rc == 0 && !is_over) {
        return end_stopped(x, move);
    }
    bool is_denied =
        rc != 0 && (error.code == ERR_ACCESS_DENIED || err_class(error.code) == ERR_CLASS_REFUSED);
    if (rc == 0 || is_denied) {
        move->change->delivery = DELIVER_UPDATE_SERVICE;
        return 0;
    }
    return error.code == ERR_OUT_OF_MEMORY ? execution_out_of_memory(x)
                                           : move_fail(x, move, &error, VIEW(""));
}

static bool is_to_be_stopped(const struct move *move) {
    return move_is_open(move, VERDICT_DEPLOY) && move->change->delivery == DELIVER_STOP;
}

static int refuse_for_time(struct execution *x) {
    for (size_t i = 0; i < x->n; i++) {
        struct move *move = &x->moves[i];
        if (is_to_be_stopped(move) &&
            move_out_of_time(x, move,
                             arena_printf(x->arena,
                                          "no time left to stop deployment '" VIEW_FMT "'",
                                          VIEW_ARG(move->change->stop_deployment))) != 0) {
            return -1;
        }
    }
    return 0;
}

int execute_stop(struct execution *x) {
    struct aws_call *calls = ARENA_ARRAY(x->arena, x->n, struct aws_call);
    size_t *owners = ARENA_ARRAY(x->arena, x->n, size_t);
    size_t n = 0;
    if (!calls || !owners) {
        return execution_out_of_memory(x);
    }
    for (size_t i = 0; i < x->n; i++) {
        const struct move *move = &x->moves[i];
        if (!is_to_be_stopped(move)) {
            continue;
        }
        if (ecs_stop_service_deployment_call(move->change->stop_deployment, x->arena, &calls[n],
                                             x->err) != 0) {
            return -1;
        }
        owners[n++] = i;
    }
    if (n == 0 || execution_remaining_ms(x) < UPDATE_NEEDS_MS) {
        return n == 0 ? 0 : refuse_for_time(x);
    }
    aws_call_all(x->aws, calls, n, x->deadline_ms, x->arena);
    for (size_t i = 0; i < n; i++) {
        if (take_answer(x, &x->moves[owners[i]], &calls[i]) != 0) {
            return -1;
        }
    }
    return 0;
}
