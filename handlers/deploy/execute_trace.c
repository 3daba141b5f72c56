#include "handlers/deploy/execute_move.h"
#include "runtime/aws/ecs_service_deployments.h"

/* A rollback at night must not fail for want of a tag: it goes on, and the answer says what is
 * missing. */
static int take_answer(struct execution *x, struct move *move, const struct aws_call *call) {
    struct err error;
    err_init(&error);
    if (ecs_tag_resource_result(call, x->arena, &error) == 0) {
        return 0;
    }
    if (error.code == ERR_OUT_OF_MEMORY) {
        return execution_out_of_memory(x);
    }
    move->change->note = arena_printf(
        x->arena,
        "'" VIEW_FMT "' could not be tagged with the event, so that an older event may "
        "deploy over it: %s",
        VIEW_ARG(revision_name(move->own)), error.message);
    return move->change->note.data ? 0 : execution_out_of_memory(x);
}

static bool is_to_be_traced(const struct move *move) {
    return move_is_open(move, VERDICT_DEPLOY) && move->change->n_trace > 0 && move->own.len > 0 &&
           move->change->delivery != DELIVER_LAMBDA;
}

int execute_trace(struct execution *x) {
    struct aws_call *calls = ARENA_ARRAY(x->arena, x->n, struct aws_call);
    size_t *owners = ARENA_ARRAY(x->arena, x->n, size_t);
    size_t n = 0;
    if (!calls || !owners) {
        return execution_out_of_memory(x);
    }
    for (size_t i = 0; i < x->n; i++) {
        const struct move *move = &x->moves[i];
        if (!is_to_be_traced(move)) {
            continue;
        }
        if (ecs_tag_resource_call(move->own, move->change->trace, move->change->n_trace, x->arena,
                                  &calls[n], x->err) != 0) {
            return -1;
        }
        owners[n++] = i;
    }
    if (n == 0 || execution_remaining_ms(x) < UPDATE_NEEDS_MS) {
        return 0;
    }
    aws_call_all(x->aws, calls, n, x->deadline_ms - UPDATE_NEEDS_MS, x->arena);
    for (size_t i = 0; i < n; i++) {
        if (take_answer(x, &x->moves[owners[i]], &calls[i]) != 0) {
            return -1;
        }
    }
    return 0;
}
