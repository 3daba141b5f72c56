#include "handlers/deploy/execute.h"

#include "handlers/deploy/execute_move.h"

/* What a verdict comes to when nothing is written. */
static enum change_status status_of_verdict(enum verdict verdict) {
    switch (verdict) {
    case VERDICT_IGNORED:
        return CHANGE_IGNORED;
    case VERDICT_UNCHANGED:
        return CHANGE_UNCHANGED;
    case VERDICT_SUPERSEDED:
        return CHANGE_SUPERSEDED;
    case VERDICT_RESTART:
    case VERDICT_DEPLOY:
    case VERDICT_REPORT:
        return CHANGE_PLANNED;
    case VERDICT_REFUSED:
        return CHANGE_REFUSED;
    case VERDICT_FAILED:
        return CHANGE_FAILED;
    }
    return CHANGE_FAILED;
}

static bool is_to_be_made(const struct config *config, const struct change *change) {
    return (change->verdict == VERDICT_DEPLOY || change->verdict == VERDICT_RESTART ||
            change->verdict == VERDICT_REPORT) &&
           !config->dry_run && !change->trigger->dry_run;
}

static int add_move(struct execution *x, struct change *change) {
    struct move *move = &x->moves[x->n++];
    struct view family;
    *move = (struct move){
        .change = change,
        .event_tag = revision_event_tag(change->trigger->event_id, x->arena),
        .own = change->reuse,
        .rank = {.event_time_ms = change->trigger->event_time_ms},
    };
    if (!move->event_tag.data) {
        return execution_out_of_memory(x);
    }
    if (move->own.len > 0) {
        (void)revision_parse(move->own, &family, &move->rank.revision);
    }
    return 0;
}

/* Events of the array order: what is first comes first where the rate of AWS makes some wait. */
static int begin(struct execution *x, struct change *changes, size_t n) {
    x->moves = ARENA_ARRAY(x->arena, n, struct move);
    if (!x->moves || plan_order(changes, n, x->arena, x->err) != 0) {
        return execution_out_of_memory(x);
    }
    for (size_t i = 0; i < n; i++) {
        changes[i].status = status_of_verdict(changes[i].verdict);
        if (is_to_be_made(x->config, &changes[i]) && add_move(x, &changes[i]) != 0) {
            return -1;
        }
    }
    return 0;
}

int execute_plan(struct aws *aws, const struct config *config, struct change *changes, size_t n,
                 int64_t deadline_ms, struct arena *arena, struct err *err) {
    struct execution x = {
        .aws = aws, .config = config, .deadline_ms = deadline_ms, .arena = arena, .err = err};
    if (begin(&x, changes, n) != 0 || execute_trace(&x) != 0 || execute_register(&x) != 0 ||
        execute_stop(&x) != 0 || execute_update(&x) != 0 || execute_converge(&x) != 0 ||
        execute_restart(&x) != 0 || execute_codedeploy(&x) != 0 || execute_task(&x) != 0 ||
        execute_lambda(&x) != 0 || execute_report(&x) != 0) {
        return -1;
    }
    return 0;
}
