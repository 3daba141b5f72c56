#include "handlers/deploy/facts_lambda.h"

static bool is_concerned(const struct facts_request *request) {
    return request->target->kind == TARGET_LAMBDA && request->trigger->kind == TRIGGER_DEPLOY;
}

/* The function's call, and the alias's behind it where there is one. */
static int build_calls(const struct gathering_place *place, const struct target *target,
                       struct aws_call *calls, size_t *n) {
    if (lambda_get_function_call(target->function, place->arena, &calls[*n], place->err) != 0) {
        return -1;
    }
    (*n)++;
    if (target->alias.len == 0) {
        return 0;
    }
    return lambda_get_alias_call(target->function, target->alias, place->arena, &calls[(*n)++],
                                 place->err);
}

static int read_answers(const struct gathering_place *place, const struct facts_request *request,
                        const struct aws_call *calls, size_t *at) {
    struct lambda_facts *facts = request->ret_facts->lambda;
    struct err error;
    err_init(&error);
    if (lambda_get_function_result(&calls[(*at)++], place->arena, &facts->function, &error) != 0 &&
        facts_keep_error(place, &error, &facts->function_err) != 0) {
        return -1;
    }
    if (request->target->alias.len == 0) {
        return 0;
    }
    err_init(&error);
    return lambda_alias_result(&calls[(*at)++], place->arena, &facts->alias, &error) != 0
               ? facts_keep_error(place, &error, &facts->alias_err)
               : 0;
}

int facts_gather_lambda(const struct gathering_place *place, const struct facts_request *requests,
                        size_t n) {
    struct aws_call *calls = ARENA_ARRAY(place->arena, 2 * n, struct aws_call);
    size_t n_calls = 0;
    if (!calls) {
        return err_out_of_memory(place->err, "facts");
    }
    for (size_t i = 0; i < n; i++) {
        if (!is_concerned(&requests[i])) {
            continue;
        }
        requests[i].ret_facts->lambda = ARENA_NEW(place->arena, struct lambda_facts);
        if (!requests[i].ret_facts->lambda) {
            return err_out_of_memory(place->err, "facts");
        }
        if (build_calls(place, requests[i].target, calls, &n_calls) != 0) {
            return -1;
        }
    }
    if (n_calls == 0) {
        return 0;
    }
    aws_call_all(place->aws, calls, n_calls, place->deadline_ms, place->arena);
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        if (is_concerned(&requests[i]) && read_answers(place, &requests[i], calls, &at) != 0) {
            return -1;
        }
    }
    return 0;
}
