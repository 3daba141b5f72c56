#include "handlers/deploy/execute_move.h"
#include "handlers/deploy/facts_task.h"
#include "handlers/deploy/facts_wave.h"
#include "handlers/deploy/task_notes.h"
#include "runtime/base/buf.h"

/*
 * A task's new revision gets to what runs it. Two events at once converge as for services: whoever
 * has moved the runners looks once more at the family, and where a newer event's revision has been
 * registered meanwhile, moves them on to that.
 */

/* A newer revision that comes after each look is somebody's who looks later; this is slack. */
#define LOOKS_MAX 3
/* Revisions that were registered since the plan's facts and are looked at, the newest of them. */
#define LOOK_REVISIONS_MAX 20
/* Bytes of the list of runners in a message. */
#define LIST_BYTES 512

/* One move to a task, while its runners are moved. */
struct delivery_of_task {
    struct move *move;
    struct view to;            /* the revision's ARN */
    struct revision_rank rank; /* of `to` */
    struct task_move *runners;
    size_t n_runners;
    bool is_moving; /* the runners are not there yet */
    int newest;     /* the read of the family's newest revision */
    struct wave between;
};

static struct gathering_place place_of(const struct execution *x) {
    return (struct gathering_place){
        .aws = x->aws, .deadline_ms = x->deadline_ms, .arena = x->arena, .err = x->err};
}

/* --- beginning --- */

static bool is_task(const struct move *move) {
    return move_is_open(move, VERDICT_DEPLOY) && move->change->delivery == DELIVER_TASK &&
           move->own.len > 0;
}

/* The move's, but for the revision of a newer event that an older one's runners are moved on to:
 * the older one's own revision must not win against that. */
static struct revision_rank rank_of(const struct move *move) {
    const struct ecs_task_definition *own = task_facts_find(move->change->facts, move->own);
    struct revision_rank rank;
    return own && revision_rank_of(own, &rank) && revision_outranks(rank, move->rank) ? rank
                                                                                      : move->rank;
}

static int begin_delivery(struct execution *x, struct move *move, struct delivery_of_task *d) {
    const struct task_facts *task = move->change->facts->task;
    *d = (struct delivery_of_task){
        .move = move, .to = move->own, .rank = rank_of(move), .is_moving = true};
    d->runners = ARENA_ARRAY(x->arena, task->n_runners, struct task_move);
    if (!d->runners) {
        return execution_out_of_memory(x);
    }
    for (size_t i = 0; i < task->n_runners; i++) {
        if (task->runners[i].is_pinned) {
            d->runners[d->n_runners++].runner = &task->runners[i];
        }
    }
    return 0;
}

static int begin_all(struct execution *x, struct delivery_of_task **ret_all, size_t *ret_n) {
    struct delivery_of_task *all = ARENA_ARRAY(x->arena, x->n, struct delivery_of_task);
    size_t n = 0;
    if (!all) {
        return execution_out_of_memory(x);
    }
    for (size_t i = 0; i < x->n; i++) {
        if (is_task(&x->moves[i]) && begin_delivery(x, &x->moves[i], &all[n++]) != 0) {
            return -1;
        }
    }
    *ret_all = all;
    *ret_n = n;
    return 0;
}

/* --- moving --- */

/* What had to change is told whatever the end is: the next attempt finds it done. */
static int note_changes(struct execution *x, struct delivery_of_task *d) {
    struct view note = task_changes_note(d->move->change->note, d->runners, d->n_runners, x->arena);
    if (!note.data) {
        return execution_out_of_memory(x);
    }
    d->move->change->note = note;
    return 0;
}

static int fail_for_time(struct execution *x, struct delivery_of_task *d) {
    d->is_moving = false;
    if (note_changes(x, d) != 0) {
        return -1;
    }
    return move_out_of_time(
        x, d->move,
        arena_printf(x->arena,
                     "no time left to move what runs family '" VIEW_FMT "' to '" VIEW_FMT "'",
                     VIEW_ARG(d->move->change->target->family), VIEW_ARG(revision_name(d->to))));
}

/* All runners of all deliveries that are moving, together. */
static int move_all(struct execution *x, struct delivery_of_task *all, size_t n) {
    const struct gathering_place place = place_of(x);
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        count += all[i].n_runners;
    }
    struct task_move *moves = ARENA_ARRAY(x->arena, count, struct task_move);
    struct task_move **owners = ARENA_ARRAY(x->arena, count, struct task_move *);
    if (!moves || !owners) {
        return execution_out_of_memory(x);
    }
    count = 0;
    for (size_t i = 0; i < n; i++) {
        struct delivery_of_task *d = &all[i];
        for (size_t j = 0; d->is_moving && j < d->n_runners; j++) {
            owners[count] = &d->runners[j];
            moves[count++] =
                (struct task_move){.runner = d->runners[j].runner, .task_definition = d->to};
        }
    }
    if (task_runners_move(&place, moves, count) != 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        moves[i].changed = moves[i].changed || owners[i]->changed;
        moves[i].note = moves[i].note.len > 0 ? moves[i].note : owners[i]->note;
        *owners[i] = moves[i];
    }
    return 0;
}

/* --- the look --- */

static int ask_between(struct execution *x, struct delivery_of_task *d, int64_t newest) {
    int64_t known = d->move->change->facts->latest.revision;
    d->between = wave_of(x->arena);
    for (int64_t i = 0; i < LOOK_REVISIONS_MAX && newest - 1 - i > known; i++) {
        struct view name =
            arena_printf(x->arena, VIEW_FMT ":%lld", VIEW_ARG(d->move->change->target->family),
                         (long long)(newest - 1 - i));
        if (!name.data || wave_add_task_definition(&d->between, name, x->err) < 0) {
            return execution_out_of_memory(x);
        }
    }
    return wave_run(&d->between, x->aws, x->deadline_ms, x->err);
}

/* The delivery goes on to a revision that outranks its own. */
static void take_if_newer(struct delivery_of_task *d, const struct ecs_task_definition *other) {
    struct revision_rank rank;
    if (revision_rank_of(other, &rank) && revision_outranks(rank, d->rank)) {
        d->rank = rank;
        d->to = other->arn;
        d->is_moving = true;
    }
}

static int fail_look(struct execution *x, struct delivery_of_task *d, const struct err *error) {
    d->is_moving = false;
    if (note_changes(x, d) != 0) {
        return -1;
    }
    return move_fail(x, d->move, error,
                     arena_printf(x->arena,
                                  "; what runs the family was moved to '" VIEW_FMT
                                  "', and whether a newer event did so at the same time is "
                                  "not known",
                                  VIEW_ARG(revision_name(d->to))));
}

static int look(struct execution *x, struct delivery_of_task *d, const struct wave *newest_reads) {
    struct ecs_task_definition newest;
    const struct err *error = NULL;
    if (wave_task_definition(newest_reads, d->newest, &newest, &error, x->err) != 0) {
        return -1;
    }
    if (error) {
        return fail_look(x, d, error);
    }
    if (ask_between(x, d, newest.revision) != 0) {
        return -1;
    }
    struct view own = d->to;
    take_if_newer(d, &newest);
    for (size_t i = 0; i < d->between.n; i++) {
        struct ecs_task_definition other;
        const struct err *absent = NULL;
        if (wave_task_definition(&d->between, (int)i, &other, &absent, x->err) != 0) {
            return -1;
        }
        if (!absent) {
            take_if_newer(d, &other);
        } else if (err_class(absent->code) != ERR_CLASS_REFUSED) {
            d->to = own; /* a revision that could not be read may be a newer event's */
            return fail_look(x, d, absent);
        }
    }
    return 0;
}

static int look_all_tasks(struct execution *x, struct delivery_of_task *all, size_t n) {
    struct wave wave = wave_of(x->arena);
    for (size_t i = 0; i < n; i++) {
        if (all[i].is_moving) {
            all[i].newest =
                wave_add_task_definition(&wave, all[i].move->change->target->family, x->err);
            if (all[i].newest < 0) {
                return -1;
            }
        }
    }
    if (wave_run(&wave, x->aws, x->deadline_ms, x->err) != 0) {
        return -1;
    }
    for (size_t i = 0; i < n; i++) {
        if (all[i].is_moving) {
            all[i].is_moving = false;
            if (look(x, &all[i], &wave) != 0) {
                return -1;
            }
        }
    }
    return 0;
}

/* --- outcomes --- */

static bool is_failed(const struct task_move *runner) {
    return runner->err != NULL;
}

static bool is_changed(const struct task_move *runner) {
    return runner->changed;
}

/* So it is with the runner, or with another target of its rule: they have one name, and a rule of
 * which one target is not there is not there. */
static bool is_so(const struct delivery_of_task *d, size_t i,
                  bool (*matches)(const struct task_move *runner)) {
    for (size_t j = 0; j < d->n_runners; j++) {
        if ((j == i || task_runner_is_same_rule(d->runners[i].runner, d->runners[j].runner)) &&
            matches(&d->runners[j])) {
            return true;
        }
    }
    return false;
}

static bool is_named_before(const struct delivery_of_task *d, size_t i) {
    for (size_t j = 0; j < i; j++) {
        if (task_runner_is_same_rule(d->runners[i].runner, d->runners[j].runner)) {
            return true;
        }
    }
    return false;
}

static struct view list_runners(struct execution *x, const struct delivery_of_task *d,
                                bool failed) {
    struct buf text BUF_AUTO = BUF_INIT(LIST_BYTES);
    size_t left = 0;
    for (size_t i = 0; i < d->n_runners; i++) {
        if (is_named_before(d, i) || is_so(d, i, is_failed) != failed) {
            continue;
        }
        struct view name = task_runner_name(d->runners[i].runner, x->arena);
        if (!name.data) {
            return name;
        }
        if (text.len + name.len + 2 > LIST_BYTES) {
            left++;
            continue;
        }
        buf_appendf(&text, "%s" VIEW_FMT, text.len > 0 ? ", " : "", VIEW_ARG(name));
    }
    if (text.len == 0) {
        return VIEW("none");
    }
    return left == 0
               ? arena_copy(x->arena, buf_view(&text))
               : arena_printf(x->arena, VIEW_FMT " and %zu more", VIEW_ARG(buf_view(&text)), left);
}

static const struct err *first_error(const struct delivery_of_task *d) {
    for (size_t i = 0; i < d->n_runners; i++) {
        if (d->runners[i].err) {
            return d->runners[i].err;
        }
    }
    return NULL;
}

static int fail_partly(struct execution *x, struct delivery_of_task *d, const struct err *error) {
    struct view moved = list_runners(x, d, false);
    struct view failed = list_runners(x, d, true);
    struct view changes = task_changes_note(VIEW(""), d->runners, d->n_runners, x->arena);
    if (!moved.data || !failed.data || !changes.data || note_changes(x, d) != 0) {
        return execution_out_of_memory(x);
    }
    return move_fail(x, d->move, error,
                     arena_printf(x->arena,
                                  "; of what runs family '" VIEW_FMT "' these are at '" VIEW_FMT
                                  "': " VIEW_FMT "; these are not: " VIEW_FMT "%s" VIEW_FMT,
                                  VIEW_ARG(d->move->change->target->family),
                                  VIEW_ARG(revision_name(d->to)), VIEW_ARG(moved), VIEW_ARG(failed),
                                  changes.len > 0 ? "; " : "", VIEW_ARG(changes)));
}

static int name_moved(struct execution *x, struct delivery_of_task *d) {
    struct change *change = d->move->change;
    change->moved = ARENA_ARRAY(x->arena, d->n_runners, struct view);
    if (!change->moved) {
        return execution_out_of_memory(x);
    }
    for (size_t i = 0; i < d->n_runners; i++) {
        if (!is_named_before(d, i) && is_so(d, i, is_changed)) {
            change->moved[change->n_moved] = task_runner_name(d->runners[i].runner, x->arena);
            if (!change->moved[change->n_moved++].data) {
                return execution_out_of_memory(x);
            }
        }
    }
    return 0;
}

static int end_superseded(struct execution *x, struct delivery_of_task *d) {
    struct view note =
        arena_printf(x->arena,
                     "a newer event registered '" VIEW_FMT
                     "' at the same time, and what runs the family was moved to that",
                     VIEW_ARG(revision_name(d->to)));
    return move_end(x, d->move, CHANGE_SUPERSEDED,
                    note.data ? task_changes_note(note, d->runners, d->n_runners, x->arena) : note);
}

/* Whether what runs now is the event's own, or what it had decided to use. */
static int end_delivery(struct execution *x, struct delivery_of_task *d) {
    const struct err *error = first_error(d);
    struct change *change = d->move->change;
    if (d->move->ended) {
        return 0;
    }
    if (error) {
        return fail_partly(x, d, error);
    }
    if (d->is_moving) {
        return fail_for_time(x, d);
    }
    if (name_moved(x, d) != 0) {
        return -1;
    }
    change->to_task_definition = d->to;
    if (!view_equal(d->to, d->move->own)) {
        return end_superseded(x, d);
    }
    const struct ecs_task_definition *own = task_facts_find(change->facts, d->to);
    struct revision_rank rank;
    bool is_newer_events =
        own && revision_rank_of(own, &rank) && rank.event_time_ms > change->trigger->event_time_ms;
    return move_end(
        x, d->move, is_newer_events ? CHANGE_SUPERSEDED : CHANGE_DEPLOYED,
        task_deployed_note(change->note, change->facts->task, d->runners, d->n_runners, x->arena));
}

static bool any_moving(const struct delivery_of_task *all, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (all[i].is_moving) {
            return true;
        }
    }
    return false;
}

static void drop_failed(struct delivery_of_task *all, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (first_error(&all[i])) {
            all[i].is_moving = false;
        }
    }
}

int execute_task(struct execution *x) {
    struct delivery_of_task *all = NULL;
    size_t n = 0;
    if (begin_all(x, &all, &n) != 0) {
        return -1;
    }
    for (int looks = 0;
         looks < LOOKS_MAX && any_moving(all, n) && execution_remaining_ms(x) >= UPDATE_NEEDS_MS;
         looks++) {
        if (move_all(x, all, n) != 0) {
            return -1;
        }
        drop_failed(all, n);
        if (look_all_tasks(x, all, n) != 0) {
            return -1;
        }
    }
    for (size_t i = 0; i < n; i++) {
        if (end_delivery(x, &all[i]) != 0) {
            return -1;
        }
    }
    return 0;
}
