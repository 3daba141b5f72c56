#include "handlers/deploy/execute_register.h"
#include "handlers/deploy/facts_wave.h"

/* What ECS publishes for RegisterTaskDefinition: so many at once, then one a second. Amazon ECS API
 * Reference, "Throttle quotas for the Amazon ECS API". */
#define REGISTER_BURST 20
#define REGISTER_INTERVAL_MS 1000
/* A registration that is stuck for so long is given up and looked for, while there is time. */
#define REGISTER_LIMIT_MS 15000
/* Newer revisions of the family that are looked at for a registration without an answer. */
#define SEARCH_MAX 20

/* --- the calls --- */

static bool is_waiting(const struct registration *r) {
    return !r->move->ended && r->move->own.len == 0 && r->made.arn.len == 0;
}

/* No call has failed for it: it was not sent yet, or has another request by now. */
static bool is_to_be_sent(const struct registration *r) {
    return is_waiting(r) && !err_is_set(&r->error);
}

static int read_answer(struct execution *x, const struct aws_call *call, struct registration *r) {
    struct ecs_task_definition definition;
    err_init(&r->error);
    r->ambiguous = false;
    if (ecs_register_task_definition_result(call, x->arena, &definition, &r->error) == 0) {
        r->made = definition;
        return 0;
    }
    /* A 2xx that cannot be read has been carried out. */
    r->ambiguous = call->ambiguous || !err_is_set(&call->err);
    return r->error.code == ERR_OUT_OF_MEMORY ? execution_out_of_memory(x) : 0;
}

static int64_t deadline_of_batch(const struct execution *x) {
    int64_t left_ms = execution_remaining_ms(x);
    return left_ms > REGISTER_LIMIT_MS ? x->deadline_ms - left_ms + REGISTER_LIMIT_MS
                                       : x->deadline_ms - UPDATE_NEEDS_MS;
}

static int register_batch(struct execution *x, struct registration **batch, size_t n) {
    struct aws_call *calls = ARENA_ARRAY(x->arena, n, struct aws_call);
    if (!calls) {
        return execution_out_of_memory(x);
    }
    for (size_t i = 0; i < n; i++) {
        ecs_register_task_definition_call(batch[i]->move->change->register_request, VIEW(""),
                                          &calls[i]);
    }
    aws_call_all(x->aws, calls, n, deadline_of_batch(x), x->arena);
    for (size_t i = 0; i < n; i++) {
        if (read_answer(x, &calls[i], batch[i]) != 0) {
            return -1;
        }
    }
    return registration_check_bases(x, batch, n);
}

static int refuse_for_time(struct execution *x, struct move *move) {
    return move_out_of_time(x, move,
                            arena_printf(x->arena,
                                         "no time left to register a revision of '" VIEW_FMT
                                         "' and to update service '" VIEW_FMT
                                         "': nothing was changed",
                                         VIEW_ARG(move->change->target->family),
                                         VIEW_ARG(move->change->target->service)));
}

/* What is left of the interval since the last registration was sent. */
static void keep_pace(const struct execution *x, int64_t sent_ms) {
    const struct clock *clock = aws_clock(x->aws);
    int64_t left_ms = sent_ms + REGISTER_INTERVAL_MS - clock_monotonic_ms(clock);
    if (left_ms > 0) {
        clock_sleep_ms(clock, left_ms);
    }
}

/* A burst at once, and behind it as many as AWS takes: the wave is paced, not failed. What has its
 * revision is updated in the meantime, and time for the updates is kept. */
static int register_all(struct execution *x, struct registration **waiting, size_t n) {
    int64_t sent_ms = 0;
    for (size_t at = 0; at < n;) {
        if (at > 0 && execute_update(x) != 0) {
            return -1;
        }
        if (at > 0 && execution_remaining_ms(x) >= REGISTER_INTERVAL_MS + REGISTER_NEEDS_MS) {
            keep_pace(x, sent_ms);
        } else if (at > 0 || execution_remaining_ms(x) < REGISTER_NEEDS_MS) {
            for (; at < n; at++) {
                if (refuse_for_time(x, waiting[at]->move) != 0) {
                    return -1;
                }
            }
            return 0;
        }
        size_t batch = at > 0 ? 1 : (n < REGISTER_BURST ? n : REGISTER_BURST);
        sent_ms = clock_monotonic_ms(aws_clock(x->aws));
        if (register_batch(x, &waiting[at], batch) != 0) {
            return -1;
        }
        at += batch;
    }
    return 0;
}

static size_t collect_waiting(struct registration *all, size_t n,
                              bool (*wanted)(const struct registration *),
                              struct registration **ret_waiting) {
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        if (wanted(&all[i])) {
            ret_waiting[count++] = &all[i];
        }
    }
    return count;
}

/* --- a registration without an answer --- */

static bool is_in_doubt(const struct registration *r) {
    return is_waiting(r) && r->ambiguous;
}

static void take_if_own(struct registration *r, const struct ecs_task_definition *definition) {
    if (revision_is_of_event(definition, r->move->event_tag) && revision_is_active(definition) &&
        definition->revision > r->known) {
        err_init(&r->error);
        r->made = *definition;
    }
}

/* Those that were registered since, below the newest. */
static int search_older(struct execution *x, struct registration *r, int64_t newest) {
    struct wave wave = wave_of(x->arena);
    for (int64_t revision = newest - 1; revision > r->known && wave.n < SEARCH_MAX; revision--) {
        struct view name =
            arena_printf(x->arena, VIEW_FMT ":%lld", VIEW_ARG(r->move->change->target->family),
                         (long long)revision);
        if (!name.data || wave_add_task_definition(&wave, name, x->err) < 0) {
            return execution_out_of_memory(x);
        }
    }
    if (wave_run(&wave, x->aws, x->deadline_ms, x->err) != 0) {
        return -1;
    }
    for (size_t i = 0; i < wave.n && is_waiting(r); i++) {
        struct ecs_task_definition definition;
        const struct err *absent = NULL;
        if (wave_task_definition(&wave, (int)i, &definition, &absent, x->err) != 0) {
            return -1;
        }
        if (!absent) {
            take_if_own(r, &definition);
        }
    }
    return 0;
}

/* Looks for the revisions: the family's newest bears the event's id, or one a little older does.
 * What could be looked for is in doubt no longer. */
static int search_families(struct execution *x, struct registration **doubts, size_t n) {
    struct wave wave = wave_of(x->arena);
    for (size_t i = 0; i < n; i++) {
        struct view family = doubts[i]->move->change->target->family;
        doubts[i]->newest = wave_add_task_definition(&wave, family, x->err);
        if (doubts[i]->newest < 0) {
            return -1;
        }
    }
    if (wave_run(&wave, x->aws, x->deadline_ms, x->err) != 0) {
        return -1;
    }
    for (size_t i = 0; i < n; i++) {
        struct ecs_task_definition newest;
        const struct err *absent = NULL;
        if (wave_task_definition(&wave, doubts[i]->newest, &newest, &absent, x->err) != 0) {
            return -1;
        }
        if (absent) {
            continue;
        }
        doubts[i]->ambiguous = false;
        take_if_own(doubts[i], &newest);
        if (is_waiting(doubts[i]) && search_older(x, doubts[i], newest.revision) != 0) {
            return -1;
        }
    }
    return 0;
}

static int search_all(struct execution *x, struct registration **doubts, size_t n) {
    return search_families(x, doubts, n) != 0 || registration_check_bases(x, doubts, n) != 0 ? -1
                                                                                             : 0;
}

/* --- the stage --- */

static int fail_waiting(struct execution *x, struct registration *all, size_t n) {
    for (size_t i = 0; i < n; i++) {
        struct registration *r = &all[i];
        if (!is_waiting(r)) {
            continue;
        }
        struct view suffix =
            r->ambiguous ? VIEW("; whether the revision was registered is not known, and the next "
                                "attempt looks for it")
                         : VIEW("");
        if (move_fail(x, r->move, &r->error, suffix) != 0) {
            return -1;
        }
    }
    return 0;
}

/* RegisterTaskDefinition knows no token: what was sent without an answer is looked for, and only if
 * it is not there sent once more. */
static int settle_doubts(struct execution *x, struct registration *all, size_t n,
                         struct registration **list) {
    size_t doubts = collect_waiting(all, n, is_in_doubt, list);
    if (doubts == 0) {
        return 0;
    }
    if (search_all(x, list, doubts) != 0) {
        return -1;
    }
    size_t again = 0;
    for (size_t i = 0; i < doubts; i++) {
        if (is_waiting(list[i]) && !list[i]->ambiguous) {
            list[again++] = list[i];
        }
    }
    if (register_all(x, list, again) != 0) {
        return -1;
    }
    doubts = collect_waiting(all, n, is_in_doubt, list);
    return doubts > 0 ? search_all(x, list, doubts) : 0;
}

/* A deploy of an image: its revision is to be registered, or was by an earlier delivery. What runs
 * has been looked at, and no other change's revision is made from a base. */
static bool is_concerned(const struct move *move) {
    bool is_new = move->own.len == 0 && move->change->register_request.len > 0;
    bool is_left = move->own.len > 0 && move->change->trigger->kind == TRIGGER_DEPLOY &&
                   !view_equal(move->own, move->change->from_task_definition);
    return move_is_open(move, VERDICT_DEPLOY) && (is_new || is_left);
}

int execute_register(struct execution *x) {
    struct registration *all = ARENA_ARRAY(x->arena, x->n, struct registration);
    struct registration **list = ARENA_ARRAY(x->arena, x->n, struct registration *);
    size_t n = 0;
    if (!all || !list) {
        return execution_out_of_memory(x);
    }
    for (size_t i = 0; i < x->n; i++) {
        if (is_concerned(&x->moves[i])) {
            list[n] = &all[n];
            registration_begin(x, &x->moves[i], &all[n++]);
        }
    }
    if (registration_check_bases(x, list, n) != 0) {
        return -1;
    }
    for (;;) {
        size_t waiting = collect_waiting(all, n, is_to_be_sent, list);
        if (waiting == 0) {
            return fail_waiting(x, all, n);
        }
        if (register_all(x, list, waiting) != 0 || settle_doubts(x, all, n, list) != 0) {
            return -1;
        }
    }
}
