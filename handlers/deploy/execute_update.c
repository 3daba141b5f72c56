#include "handlers/deploy/execute_move.h"

/* --- the wave --- */

static int read_answer(struct execution *x, const struct aws_call *call,
                       struct update_answer *answer) {
    struct err *error = ARENA_NEW(x->arena, struct err);
    if (!error) {
        return execution_out_of_memory(x);
    }
    err_init(error);
    if (ecs_update_service_result(call, x->arena, &answer->service, error) == 0) {
        return 0;
    }
    /* A 2xx that cannot be read has been carried out. */
    answer->ambiguous = call->ambiguous || !err_is_set(&call->err);
    answer->error = error;
    return error->code == ERR_OUT_OF_MEMORY ? execution_out_of_memory(x) : 0;
}

int execution_update(struct execution *x, const struct ecs_update_service *updates,
                     const bool *wanted, struct update_answer *ret_answers) {
    struct aws_call *calls = ARENA_ARRAY(x->arena, x->n, struct aws_call);
    size_t *owners = ARENA_ARRAY(x->arena, x->n, size_t);
    size_t n = 0;
    if (!calls || !owners) {
        return execution_out_of_memory(x);
    }
    for (size_t i = 0; i < x->n; i++) {
        ret_answers[i] = (struct update_answer){.asked = wanted[i]};
        if (!wanted[i]) {
            continue;
        }
        owners[n] = i;
        if (ecs_update_service_call(&updates[i], x->arena, &calls[n], x->err) != 0) {
            return -1;
        }
        n++;
    }
    if (n == 0) {
        return 0;
    }
    aws_call_all(x->aws, calls, n, x->deadline_ms, x->arena);
    for (size_t i = 0; i < n; i++) {
        if (read_answer(x, &calls[i], &ret_answers[owners[i]]) != 0) {
            return -1;
        }
    }
    return 0;
}

/* --- deploys --- */

/* A redelivery of an event whose revision runs already: nothing is left but the look. */
static bool runs_already(const struct move *move) {
    return view_equal(move->own, move->change->from_task_definition);
}

/* It has its revision, and its service has not been asked for yet. */
static bool is_ready(const struct move *move) {
    return move_is_open(move, VERDICT_DEPLOY) && move->change->delivery == DELIVER_UPDATE_SERVICE &&
           move->own.len > 0 && !move->updated && !runs_already(move);
}

static int doubt_answer(struct execution *x, struct move *move,
                        const struct ecs_service_state *service) {
    struct err *error = ARENA_NEW(x->arena, struct err);
    if (!error) {
        return execution_out_of_memory(x);
    }
    err_init(error);
    (void)err_set(error, ERR_BAD_RESPONSE,
                  "UpdateService of service '" VIEW_FMT "' was answered with '" VIEW_FMT
                  "' instead of '" VIEW_FMT "'",
                  VIEW_ARG(move->change->target->service),
                  VIEW_ARG(revision_name(service->task_definition)),
                  VIEW_ARG(revision_name(move->own)));
    move->doubt = error;
    return 0;
}

static int take_answer(struct execution *x, struct move *move, const struct update_answer *answer) {
    if (answer->error && answer->ambiguous) {
        move->doubt = answer->error;
        return 0;
    }
    if (answer->error) {
        return move_fail(x, move, answer->error, move_what_stays(x, move));
    }
    if (!view_equal(answer->service.task_definition, move->own)) {
        return doubt_answer(x, move, &answer->service);
    }
    const struct ecs_deployment *primary = answer->service.primary;
    move->answered = answer->service;
    if (primary && view_equal(primary->task_definition, move->own)) {
        move->change->deployment_id = primary->id;
    }
    move->change->to_task_definition = move->own;
    return 0;
}

static int refuse_for_time(struct execution *x, struct move *move) {
    struct view stays = move_what_stays(x, move);
    return move_out_of_time(
        x, move,
        arena_printf(x->arena,
                     "no time left to update service '" VIEW_FMT "', which still runs '" VIEW_FMT
                     "'" VIEW_FMT,
                     VIEW_ARG(move->change->target->service),
                     VIEW_ARG(revision_name(move->change->from_task_definition)), VIEW_ARG(stays)));
}

int execute_update(struct execution *x) {
    struct ecs_update_service *updates = ARENA_ARRAY(x->arena, x->n, struct ecs_update_service);
    struct update_answer *answers = ARENA_ARRAY(x->arena, x->n, struct update_answer);
    bool *wanted = ARENA_ARRAY(x->arena, x->n, bool);
    if (!updates || !answers || !wanted) {
        return execution_out_of_memory(x);
    }
    bool in_time = execution_remaining_ms(x) >= UPDATE_NEEDS_MS;
    for (size_t i = 0; i < x->n; i++) {
        struct move *move = &x->moves[i];
        wanted[i] = is_ready(move);
        if (wanted[i] && !in_time) {
            wanted[i] = false;
            if (refuse_for_time(x, move) != 0) {
                return -1;
            }
        }
        updates[i] = (struct ecs_update_service){.cluster = move->change->target->cluster,
                                                 .service = move->change->target->service,
                                                 .task_definition = move->own};
    }
    if (execution_update(x, updates, wanted, answers) != 0) {
        return -1;
    }
    for (size_t i = 0; i < x->n; i++) {
        x->moves[i].updated = x->moves[i].updated || answers[i].asked;
        if (answers[i].asked && take_answer(x, &x->moves[i], &answers[i]) != 0) {
            return -1;
        }
    }
    return 0;
}
