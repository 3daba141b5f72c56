#include "handlers/deploy/execute_move.h"
#include "handlers/deploy/facts_codedeploy.h"

/*
 * The revision is given to CodeDeploy. CreateDeployment knows no token: one without an answer is
 * left to the event's next delivery, which finds the deployment by its description.
 */

static bool is_for_code_deploy(const struct move *move) {
    return move_is_open(move, VERDICT_DEPLOY) && move->change->delivery == DELIVER_CODE_DEPLOY &&
           move->own.len > 0;
}

static int build_call(struct execution *x, const struct move *move, struct aws_call *call) {
    const struct facts *facts = move->change->facts;
    const struct codedeploy_create create = {
        .application = facts->codedeploy->application,
        .group = facts->codedeploy->group,
        .task_definition = move->own,
        .container = facts->service.balanced_container,
        .port = facts->service.balanced_port,
        .platform_version = facts->service.platform_version,
        .properties = facts->codedeploy->app_spec.properties,
        .n_properties = facts->codedeploy->app_spec.n_properties,
        .hooks = facts->codedeploy->app_spec.hooks,
        .description = codedeploy_description(move->event_tag, x->arena),
    };
    return create.description.data ? codedeploy_create_call(&create, x->arena, call, x->err)
                                   : execution_out_of_memory(x);
}

static int take_answer(struct execution *x, struct move *move, const struct aws_call *call) {
    struct err error;
    err_init(&error);
    if (codedeploy_create_result(call, x->arena, &move->change->deployment_id, &error) != 0) {
        if (error.code == ERR_OUT_OF_MEMORY) {
            return execution_out_of_memory(x);
        }
        /* A 2xx that cannot be read has been carried out. */
        return move_fail(x, move, &error,
                         call->ambiguous || !err_is_set(&call->err)
                             ? VIEW("; whether the deployment was created is not known, and the "
                                    "next attempt looks for it")
                             : move_what_stays(x, move));
    }
    move->change->to_task_definition = move->own;
    return move_end(x, move,
                    move->change->trigger->kind == TRIGGER_ROLLBACK ? CHANGE_ROLLED_BACK
                                                                    : CHANGE_DEPLOYED,
                    VIEW(""));
}

static int fail_for_time(struct execution *x, struct move *move) {
    return move_out_of_time(
        x, move,
        arena_printf(x->arena,
                     "no time left to deploy service '" VIEW_FMT "' by CodeDeploy" VIEW_FMT,
                     VIEW_ARG(move->change->target->service), VIEW_ARG(move_what_stays(x, move))));
}

int execute_codedeploy(struct execution *x) {
    struct aws_call *calls = ARENA_ARRAY(x->arena, x->n, struct aws_call);
    size_t *owners = ARENA_ARRAY(x->arena, x->n, size_t);
    size_t n = 0;
    if (!calls || !owners) {
        return execution_out_of_memory(x);
    }
    for (size_t i = 0; i < x->n; i++) {
        struct move *move = &x->moves[i];
        if (!is_for_code_deploy(move)) {
            continue;
        }
        if (execution_remaining_ms(x) < UPDATE_NEEDS_MS) {
            if (fail_for_time(x, move) != 0) {
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
