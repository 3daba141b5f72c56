#include "handlers/deploy/execute.h"

#include "handlers/deploy/execute_move.h"

/* --- moves --- */

int64_t execution_remaining_ms(const struct execution *x) {
    return x->deadline_ms - clock_monotonic_ms(aws_clock(x->aws));
}

int execution_out_of_memory(const struct execution *x) {
    return err_out_of_memory(x->err, "execution of the plan");
}

bool move_is_open(const struct move *move, enum verdict verdict) {
    return !move->ended && move->change->verdict == verdict;
}

void move_set_revision(struct move *move, const struct ecs_task_definition *definition) {
    move->own = definition->arn;
    move->rank.revision = definition->revision;
}

int move_end(struct execution *x, struct move *move, enum change_status status, struct view note) {
    if (!note.data) {
        return execution_out_of_memory(x);
    }
    move->ended = true;
    move->change->status = status;
    move->change->note = note.len > 0 ? note : move->change->note;
    return 0;
}

static enum change_status status_of_error(const struct err *error) {
    return err_class(error->code) == ERR_CLASS_REFUSED ? CHANGE_REFUSED : CHANGE_FAILED;
}

int move_fail(struct execution *x, struct move *move, const struct err *error, struct view suffix) {
    struct err *own = ARENA_NEW(x->arena, struct err);
    if (!own || !suffix.data) {
        return execution_out_of_memory(x);
    }
    err_init(own);
    (void)err_set(own, error->code, "%s" VIEW_FMT, error->message, VIEW_ARG(suffix));
    err_remedy(own, "%s", error->remedy);
    move->change->err = own;
    return move_end(x, move, status_of_error(error), VIEW(""));
}

int move_out_of_time(struct execution *x, struct move *move, struct view message) {
    struct err error;
    if (!message.data) {
        return execution_out_of_memory(x);
    }
    err_init(&error);
    (void)err_set(&error, ERR_DEADLINE_EXCEEDED, VIEW_FMT, VIEW_ARG(message));
    return move_fail(x, move, &error, VIEW(""));
}

struct view move_what_stays(struct execution *x, const struct move *move) {
    bool is_new = move->own.len > 0 && move->change->register_request.len > 0;
    return is_new ? arena_printf(x->arena,
                                 "; revision '" VIEW_FMT
                                 "' is registered, and the next attempt uses it",
                                 VIEW_ARG(revision_name(move->own)))
                  : VIEW("");
}

/* --- the plan --- */

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
        return CHANGE_PLANNED;
    case VERDICT_REFUSED:
        return CHANGE_REFUSED;
    case VERDICT_FAILED:
        return CHANGE_FAILED;
    }
    return CHANGE_FAILED;
}

static bool is_to_be_made(const struct config *config, const struct change *change) {
    return (change->verdict == VERDICT_DEPLOY || change->verdict == VERDICT_RESTART) &&
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
    if (begin(&x, changes, n) != 0 || execute_register(&x) != 0 || execute_update(&x) != 0 ||
        execute_converge(&x) != 0 || execute_restart(&x) != 0) {
        return -1;
    }
    return 0;
}
