#include "handlers/deploy/plan_revision.h"
#include "handlers/deploy/schedule_start.h"
#include "handlers/deploy/task_runners.h"

/*
 * Moving runners to a revision: each is read once more, and written back with one string changed.
 * The targets of one rule go into one PutTargets. A schedule that AWS does not take back as it is,
 * for its StartDate, is written once more.
 */

/* Reads and writes of one wave, at most. */
#define WAVE_CALLS 40

struct moving {
    const struct gathering_place *place;
    struct task_move *moves;
    size_t n;
    struct view *targets; /* of each move: the rule's target to be written; empty: none */
    struct scheduler_schedule *schedules; /* likewise; without a name: none */
    struct aws_call *calls;               /* of a wave */
};

static int keep(const struct moving *m, struct task_move *move, const struct err *error) {
    if (error->code == ERR_OUT_OF_MEMORY) {
        return err_out_of_memory(m->place->err, "execution of the plan");
    }
    struct err *kept = ARENA_NEW(m->place->arena, struct err);
    if (!kept) {
        return err_out_of_memory(m->place->err, "execution of the plan");
    }
    *kept = *error;
    move->err = kept;
    return 0;
}

/* The first move of the rule stands for all of it. */
static bool is_first_of_rule(const struct moving *m, size_t i) {
    for (size_t j = 0; j < i; j++) {
        if (task_runner_is_same_rule(m->moves[j].runner, m->moves[i].runner)) {
            return false;
        }
    }
    return true;
}

/* --- reading once more --- */

/* Whether it still runs the family, and another revision. */
static bool is_to_be_moved(const struct task_move *move, struct view names) {
    struct view family;
    struct view wanted_family;
    int64_t revision;
    int64_t wanted;
    return revision_parse(names, &family, &revision) && revision > 0 &&
           revision_parse(move->task_definition, &wanted_family, &wanted) &&
           view_equal(family, wanted_family) && revision != wanted;
}

static int take_target(const struct moving *m, size_t i, const struct events_target *target) {
    const struct task_move *move = &m->moves[i];
    if (!view_equal(target->id, move->runner->id) ||
        !view_equal(target->arn, move->runner->target.arn) ||
        !is_to_be_moved(move, target->task_definition)) {
        return 0;
    }
    m->targets[i] = events_retarget(target, move->task_definition, m->place->arena);
    return m->targets[i].data ? 0 : err_out_of_memory(m->place->err, "execution of the plan");
}

/* The page of a rule's targets, for all moves of that rule. */
static int take_rule(const struct moving *m, size_t first, const struct aws_call *call,
                     struct view *ret_next) {
    struct events_targets page = {0};
    struct err error;
    err_init(&error);
    bool failed = events_list_targets_by_rule_result(call, m->place->arena, &page, &error) != 0;
    for (size_t i = first; i < m->n; i++) {
        if (!task_runner_is_same_rule(m->moves[i].runner, m->moves[first].runner)) {
            continue;
        }
        if (failed && keep(m, &m->moves[i], &error) != 0) {
            return -1;
        }
        for (size_t j = 0; j < page.n; j++) {
            if (take_target(m, i, &page.targets[j]) != 0) {
                return -1;
            }
        }
    }
    *ret_next = page.next;
    return 0;
}

static int take_schedule(const struct moving *m, size_t i, const struct aws_call *call) {
    struct scheduler_schedule schedule;
    struct err error;
    err_init(&error);
    if (scheduler_get_schedule_result(call, m->place->arena, &schedule, &error) != 0) {
        return keep(m, &m->moves[i], &error);
    }
    if (!schedule.is_missing && is_to_be_moved(&m->moves[i], schedule.task_definition)) {
        m->schedules[i] = schedule;
    }
    return 0;
}

static int build_read(const struct moving *m, size_t i, struct view next,
                      struct aws_call *ret_call) {
    const struct task_runner *runner = m->moves[i].runner;
    return runner->kind == RUNNER_RULE
               ? events_list_targets_by_rule_call(runner->name, runner->group, next,
                                                  m->place->arena, ret_call, m->place->err)
               : scheduler_get_schedule_call(runner->name, runner->group, m->place->arena, ret_call,
                                             m->place->err);
}

/* A rule with more targets than a page holds, page by page. */
static int read_on(const struct moving *m, size_t i, struct view next) {
    while (next.len > 0) {
        struct aws_call call = {0};
        if (build_read(m, i, next, &call) != 0) {
            return -1;
        }
        aws_call_all(m->place->aws, &call, 1, m->place->deadline_ms, m->place->arena);
        if (take_rule(m, i, &call, &next) != 0) {
            return -1;
        }
    }
    return 0;
}

static int read_wave(const struct moving *m, const size_t *owners, size_t n) {
    aws_call_all(m->place->aws, m->calls, n, m->place->deadline_ms, m->place->arena);
    for (size_t i = 0; i < n; i++) {
        struct view next = {0};
        int rc = m->moves[owners[i]].runner->kind == RUNNER_RULE
                     ? take_rule(m, owners[i], &m->calls[i], &next)
                     : take_schedule(m, owners[i], &m->calls[i]);
        if (rc != 0 || read_on(m, owners[i], next) != 0) {
            return -1;
        }
    }
    return 0;
}

static int read_all(const struct moving *m) {
    size_t owners[WAVE_CALLS];
    size_t n = 0;
    for (size_t i = 0; i < m->n; i++) {
        if (m->moves[i].runner->kind == RUNNER_RULE && !is_first_of_rule(m, i)) {
            continue;
        }
        owners[n] = i;
        if (build_read(m, i, VIEW(""), &m->calls[n]) != 0) {
            return -1;
        }
        if (++n == WAVE_CALLS) {
            if (read_wave(m, owners, n) != 0) {
                return -1;
            }
            n = 0;
        }
    }
    return n > 0 ? read_wave(m, owners, n) : 0;
}

/* --- writing --- */

/* One write: a schedule, or so many targets of one rule. */
struct write {
    struct aws_call call;
    size_t owners[EVENTS_PUT_TARGETS_MAX];
    size_t n_owners;
    struct view note; /* of a second write: what it changes besides */
};

static int build_rule_write(const struct moving *m, size_t first, bool *written,
                            struct write *write) {
    struct view targets[EVENTS_PUT_TARGETS_MAX];
    const struct task_runner *runner = m->moves[first].runner;
    *write = (struct write){.n_owners = 0};
    for (size_t i = first; i < m->n && write->n_owners < EVENTS_PUT_TARGETS_MAX; i++) {
        if (!written[i] && m->targets[i].len > 0 &&
            task_runner_is_same_rule(m->moves[i].runner, runner)) {
            written[i] = true;
            targets[write->n_owners] = m->targets[i];
            write->owners[write->n_owners++] = i;
        }
    }
    return events_put_targets_call(runner->name, runner->group, targets, write->n_owners,
                                   m->place->arena, &write->call, m->place->err);
}

static int build_write(const struct moving *m, size_t i, bool *written, struct write *write) {
    if (m->targets[i].len > 0) {
        return build_rule_write(m, i, written, write);
    }
    written[i] = true;
    *write = (struct write){.owners = {i}, .n_owners = 1};
    return scheduler_update_schedule_call(&m->schedules[i], m->moves[i].task_definition,
                                          m->place->arena, &write->call, m->place->err);
}

/* What AWS has found invalid is made ready for another write, if its StartDate may be the cause. */
static int mend_start(const struct moving *m, struct write *write, struct err *error,
                      bool *ret_again) {
    size_t i = write->owners[0];
    struct task_move *move = &m->moves[i];
    struct schedule_start_remedy remedy;
    struct view name = task_runner_name(move->runner, m->place->arena);
    if (!name.data || schedule_start_mend(&m->schedules[i], name, aws_wall_ms(m->place->aws),
                                          m->place->arena, error, &remedy) != 0) {
        return err_out_of_memory(m->place->err, "execution of the plan");
    }
    *ret_again = remedy.is_ready;
    if (!remedy.is_ready) {
        return 0;
    }
    write->note = remedy.note;
    return scheduler_update_schedule_call(&m->schedules[i], move->task_definition, m->place->arena,
                                          &write->call, m->place->err);
}

static int take_write(const struct moving *m, struct write *write, const struct aws_call *call,
                      bool *ret_again) {
    struct err error;
    err_init(&error);
    bool is_rule = m->moves[write->owners[0]].runner->kind == RUNNER_RULE;
    int rc = is_rule ? events_put_targets_result(call, &error)
                     : scheduler_update_schedule_result(call, &error);
    *ret_again = false;
    if (rc != 0 && !is_rule && scheduler_update_is_invalid(call) &&
        mend_start(m, write, &error, ret_again) != 0) {
        return -1;
    }
    for (size_t i = 0; i < write->n_owners && !*ret_again; i++) {
        struct task_move *move = &m->moves[write->owners[i]];
        move->changed = rc == 0;
        move->note = rc == 0 || call->ambiguous ? write->note : VIEW("");
        if (rc != 0 && keep(m, move, &error) != 0) {
            return -1;
        }
    }
    return 0;
}

/* What is to be written once more goes into a wave behind this one; no write does so twice. */
static int write_wave(const struct moving *m, struct write *writes, size_t n) {
    while (n > 0) {
        size_t n_again = 0;
        for (size_t i = 0; i < n; i++) {
            m->calls[i] = writes[i].call;
        }
        aws_call_all(m->place->aws, m->calls, n, m->place->deadline_ms, m->place->arena);
        for (size_t i = 0; i < n; i++) {
            bool is_again;
            if (take_write(m, &writes[i], &m->calls[i], &is_again) != 0) {
                return -1;
            }
            if (is_again) {
                writes[n_again++] = writes[i];
            }
        }
        n = n_again;
    }
    return 0;
}

static int write_all(const struct moving *m) {
    struct write *writes = ARENA_ARRAY(m->place->arena, WAVE_CALLS, struct write);
    bool *written = ARENA_ARRAY(m->place->arena, m->n, bool);
    size_t n = 0;
    if (!writes || !written) {
        return err_out_of_memory(m->place->err, "execution of the plan");
    }
    for (size_t i = 0; i < m->n; i++) {
        if (written[i] || m->moves[i].err ||
            (m->targets[i].len == 0 && m->schedules[i].name.len == 0)) {
            continue;
        }
        if (build_write(m, i, written, &writes[n]) != 0) {
            return -1;
        }
        if (++n == WAVE_CALLS) {
            if (write_wave(m, writes, n) != 0) {
                return -1;
            }
            n = 0;
        }
    }
    return n > 0 ? write_wave(m, writes, n) : 0;
}

int task_runners_move(const struct gathering_place *place, struct task_move *moves, size_t n) {
    struct moving m = {.place = place, .moves = moves, .n = n};
    m.targets = ARENA_ARRAY(place->arena, n, struct view);
    m.schedules = ARENA_ARRAY(place->arena, n, struct scheduler_schedule);
    m.calls = ARENA_ARRAY(place->arena, WAVE_CALLS, struct aws_call);
    if (!m.targets || !m.schedules || !m.calls) {
        return err_out_of_memory(place->err, "execution of the plan");
    }
    return read_all(&m) != 0 || write_all(&m) != 0 ? -1 : 0;
}
