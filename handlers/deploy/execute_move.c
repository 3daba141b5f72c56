#include "handlers/deploy/execute_move.h"

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
                                 "' is registered, and only this event, delivered again, uses it",
                                 VIEW_ARG(revision_name(move->own)))
                  : VIEW("");
}
