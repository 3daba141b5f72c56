#include "handlers/deploy/execute_move.h"
#include "handlers/deploy/facts_wave.h"

/* A restart without an answer is looked for and made once more, not oftener: each one that AWS
 * carries out starts a deployment. */
#define RESTART_ATTEMPTS 2

static bool same_service(const struct move *a, const struct move *b) {
    return view_equal(a->change->target->cluster, b->change->target->cluster) &&
           view_equal(a->change->target->service, b->change->target->service);
}

/* What a deploy of the same payload has just done to the service; NULL: there is none. */
static const struct move *deploy_beside(const struct execution *x, const struct move *restart) {
    for (size_t i = 0; i < x->n; i++) {
        const struct move *move = &x->moves[i];
        bool gave_revision = move->change->status == CHANGE_DEPLOYED ||
                             move->change->status == CHANGE_ROLLED_BACK ||
                             (move->change->status == CHANGE_SUPERSEDED && move->own.len > 0);
        if (move->change->verdict == VERDICT_DEPLOY && move->ended && gave_revision &&
            same_service(move, restart)) {
            return move;
        }
    }
    return NULL;
}

/* Where ECS goes back by itself, the tasks from before stay, without the change that the restart is
 * for; and a restart in the midst of that might bring back what is being stopped. */
static int wait_for_stop(struct execution *x, struct move *move) {
    struct err error;
    err_init(&error);
    (void)err_set(&error, ERR_AWS_UNAVAILABLE,
                  "service '" VIEW_FMT
                  "' is going back, and cannot be restarted before that is over",
                  VIEW_ARG(move->change->target->service));
    err_remedy(&error, "nothing now: the event is retried");
    return move_fail(x, move, &error, VIEW(""));
}

static int settle_beside_deploys(struct execution *x) {
    for (size_t i = 0; i < x->n; i++) {
        struct move *move = &x->moves[i];
        const struct move *deploy =
            move_is_open(move, VERDICT_RESTART) ? deploy_beside(x, move) : NULL;
        if (!deploy) {
            continue;
        }
        int rc = deploy->change->delivery == DELIVER_STOP
                     ? wait_for_stop(x, move)
                     : move_end(x, move, CHANGE_UNCHANGED,
                                VIEW("a deploy of the same payload has started new tasks"));
        if (rc != 0) {
            return -1;
        }
    }
    return 0;
}

static int refuse_for_time(struct execution *x, struct move *move) {
    return move_out_of_time(x, move,
                            arena_printf(x->arena,
                                         "no time left to restart service '" VIEW_FMT
                                         "': nothing was changed",
                                         VIEW_ARG(move->change->target->service)));
}

/* The primary deployment is another one than before. */
static bool has_begun(const struct move *move, const struct ecs_service_state *service) {
    const struct ecs_deployment *before = move->change->facts->service.primary;
    return service->primary && (!before || !view_equal(service->primary->id, before->id));
}

static int end_restarted(struct execution *x, struct move *move,
                         const struct ecs_service_state *service) {
    move->doubt = NULL;
    move->change->deployment_id = service->primary->id;
    move->change->to_task_definition = service->task_definition;
    return move_end(x, move, CHANGE_RESTARTED, VIEW(""));
}

static int doubt_answer(struct execution *x, struct move *move) {
    struct err *error = ARENA_NEW(x->arena, struct err);
    if (!error) {
        return execution_out_of_memory(x);
    }
    err_init(error);
    (void)err_set(error, ERR_BAD_RESPONSE,
                  "UpdateService of service '" VIEW_FMT
                  "' was answered without the new deployment that it was to start",
                  VIEW_ARG(move->change->target->service));
    move->doubt = error;
    return 0;
}

static int take_answer(struct execution *x, struct move *move, const struct update_answer *answer) {
    if (answer->error && answer->ambiguous) {
        move->doubt = answer->error;
        return 0;
    }
    if (answer->error) {
        return move_fail(x, move, answer->error, VIEW(""));
    }
    return has_begun(move, &answer->service) ? end_restarted(x, move, &answer->service)
                                             : doubt_answer(x, move);
}

/* UpdateService knows no token: what was sent without an answer may have started a deployment. */
static int look_for_doubted(struct execution *x, bool is_last) {
    struct wave wave = wave_of(x->arena);
    int *reads = ARENA_ARRAY(x->arena, x->n, int);
    if (!reads) {
        return execution_out_of_memory(x);
    }
    for (size_t i = 0; i < x->n; i++) {
        const struct move *move = &x->moves[i];
        reads[i] = -1;
        if (move_is_open(move, VERDICT_RESTART) && move->doubt) {
            reads[i] = wave_add_service(&wave, move->change->target->cluster,
                                        move->change->target->service, x->err);
            if (reads[i] < 0) {
                return -1;
            }
        }
    }
    if (wave_run(&wave, x->aws, x->deadline_ms, x->err) != 0) {
        return -1;
    }
    for (size_t i = 0; i < x->n; i++) {
        struct move *move = &x->moves[i];
        struct ecs_service_state service;
        const struct err *absent = NULL;
        int rc = 0;
        if (reads[i] < 0) {
            continue;
        }
        if (wave_service(&wave, reads[i], move->change->target->service, &service, &absent,
                         x->err) != 0) {
            return -1;
        }
        if (!absent && has_begun(move, &service)) {
            rc = end_restarted(x, move, &service);
        } else if (absent || is_last) {
            rc = move_fail(x, move, move->doubt, VIEW(""));
        }
        if (rc != 0) {
            return -1;
        }
    }
    return 0;
}

static int restart_once(struct execution *x) {
    struct ecs_update_service *updates = ARENA_ARRAY(x->arena, x->n, struct ecs_update_service);
    struct update_answer *answers = ARENA_ARRAY(x->arena, x->n, struct update_answer);
    bool *wanted = ARENA_ARRAY(x->arena, x->n, bool);
    bool in_time = execution_remaining_ms(x) >= UPDATE_NEEDS_MS;
    if (!updates || !answers || !wanted) {
        return execution_out_of_memory(x);
    }
    for (size_t i = 0; i < x->n; i++) {
        struct move *move = &x->moves[i];
        wanted[i] = move_is_open(move, VERDICT_RESTART) && in_time;
        updates[i] = (struct ecs_update_service){.cluster = move->change->target->cluster,
                                                 .service = move->change->target->service,
                                                 .force_new_deployment = true};
        if (move_is_open(move, VERDICT_RESTART) && !in_time && refuse_for_time(x, move) != 0) {
            return -1;
        }
    }
    if (execution_update(x, updates, wanted, answers) != 0) {
        return -1;
    }
    for (size_t i = 0; i < x->n; i++) {
        if (answers[i].asked && take_answer(x, &x->moves[i], &answers[i]) != 0) {
            return -1;
        }
    }
    return 0;
}

static bool any_open(const struct execution *x) {
    for (size_t i = 0; i < x->n; i++) {
        if (move_is_open(&x->moves[i], VERDICT_RESTART)) {
            return true;
        }
    }
    return false;
}

int execute_restart(struct execution *x) {
    if (settle_beside_deploys(x) != 0) {
        return -1;
    }
    for (int attempt = 1; any_open(x) && attempt <= RESTART_ATTEMPTS; attempt++) {
        if (restart_once(x) != 0 ||
            (any_open(x) && look_for_doubted(x, attempt == RESTART_ATTEMPTS) != 0)) {
            return -1;
        }
    }
    return 0;
}
