#include "handlers/deploy/execute_look.h"

/*
 * Two deploys at once, and how they come to the same end.
 *
 * ECS has no compare-and-swap: UpdateService gives the service whatever the last caller says, and a
 * process that planned first may write last. So each process looks once more after its update, and
 * whoever finds that the service does not run the revision of the newest event gives it that one.
 * Let every event have the rank (time, revision), see revision_outranks(), and let N be the one of
 * the highest rank among those at work.
 *
 *   Claim. When all processes have ended, the service runs N's revision.
 *
 *   Take the last UpdateService of all, and suppose it gave the service some revision R of a lower
 *   rank, by process P. After each update P looks: it reads the service and the family, then every
 *   revision it does not know above its floor. Either N had registered when P read the family. Then
 *   P has seen N's revision (see below), finds that it outranks R and that the service runs R or
 *   another one of lower rank, and makes one more update: P's was not the last. Or N had not: then
 *   N's own update, which comes after its registration, comes after P's. Again it was not the last.
 *
 *   N's own process behaves the same: if somebody of a lower rank has written over it, it writes
 *   again. It says "deployed" only after a look that found its revision in place.
 *
 *   The floor. P must not overlook N's revision, which may be lower than P's own and lower than the
 *   revision that P took for its base: N may have registered long before P and updated after it.
 *   Whatever can still be at work when P plans has registered after the deploy of the revision that
 *   runs then was planned, but for chains of more than three processes within one round trip of
 *   each other. So the floor is slipway:previous of what P found running. Where deploys follow one
 *   another in peace there is nothing between that and P's own revision that P does not know, and
 *   the look is two reads in one wave. The deployments that ECS lists besides count too: what P's
 *   update replaced stands there.
 *
 *   A crash loses nothing. Before the registration nothing has happened. Between registration and
 *   update the revision stands there with the event's id: the retry takes it, and if it outranks
 *   what others deploy meanwhile they give it to the service themselves. Between update and look
 *   the retry finds its own revision running; if anything was registered since slipway:previous of
 *   it, or ECS lists a deployment of something else, the look is made up for (plan_service.c,
 *   check_same_event()). If another has written over it, the retry is superseded or deploys again,
 *   by rank.
 *
 *   An event that names an old revision, and a rollback, give that revision their own id and time
 *   before they update the service (execute_trace.c), so that it has their rank from then on. But
 *   it may be below everybody's floor. Let N be such an event. If P's update came before N's, N's
 *   own look is what puts things right, as above. If it came after, it replaced N's revision, or
 *   one that somebody gave the service over N's, who then has his own look before him. What an
 *   update replaces stands in ECS's answer to it, and mostly in the look's list of deployments: so
 *   P describes N's revision, and finds its rank. What was known of it from the plan's facts does
 *   not count: it had another trace then. Where P is killed before that look, the retry goes by the
 *   list alone.
 *
 *   What is not told apart: an event that found its image running (unchanged) leaves no trace in
 *   the family, so that an older event which registers only after it looked cannot see it. And of
 *   two events that choose the same old revision at once, the older one's trace may be the last.
 *
 * Of revisions that no event made, or that are not of the time of this deploy, the service is left
 * alone: somebody gave it to the service by hand after us, and the answer says so.
 */

/* Updates by one process after its own. Each is called for by one more event at work. */
#define CONVERGE_MAX_UPDATES 3

/* What one look calls for. */
enum action { ACTION_NONE, ACTION_OWN, ACTION_WINNER };

struct converging {
    struct look *looks;
    enum action *actions; /* of each look */
    size_t n;
};

/* --- ends --- */

static struct view service_name(const struct look *look) {
    return look->move->change->target->service;
}

static int end_deployed(struct execution *x, struct look *look, struct view note) {
    struct move *move = look->move;
    struct change *change = move->change;
    bool ran_before = view_equal(move->own, change->from_task_definition);
    const struct ecs_deployment *primary = look->service.primary;
    if (primary && view_equal(primary->task_definition, move->own)) {
        change->deployment_id = primary->id;
    }
    change->to_task_definition = move->own;
    move->doubt = NULL;
    enum change_status moved =
        change->trigger->kind == TRIGGER_ROLLBACK ? CHANGE_ROLLED_BACK : CHANGE_DEPLOYED;
    return move_end(x, move, ran_before ? CHANGE_UNCHANGED : moved, note);
}

/* The answer's "to" is what the service has, whoever gave it. */
static void describe_other(struct change *change, struct view arn,
                           const struct known_revision *revision,
                           const struct ecs_service_state *service) {
    change->to_task_definition = arn;
    change->to_image = (struct view){0};
    change->tag = (struct view){0};
    change->digest = (struct view){0};
    change->deployment_id = (struct view){0};
    if (revision) {
        change->tag = ecs_tag_value(&revision->definition, TAG_IMAGE_TAG);
        change->digest = ecs_tag_value(&revision->definition, TAG_DIGEST);
    }
    if (service->primary && view_equal(service->primary->task_definition, arn)) {
        change->deployment_id = service->primary->id;
    }
}

static int end_superseded(struct execution *x, struct look *look, struct known_revision *winner) {
    const struct ecs_task_definition *definition = &winner->definition;
    struct move *move = look->move;
    struct view own = revision_time_text(move->rank.event_time_ms, x->arena);
    if (!own.data) {
        return execution_out_of_memory(x);
    }
    describe_other(move->change, definition->arn, winner, &look->service);
    return move_end(x, move, CHANGE_SUPERSEDED,
                    arena_printf(x->arena,
                                 "event '" VIEW_FMT "' of " VIEW_FMT
                                 " is newer than this one of " VIEW_FMT ": service '" VIEW_FMT
                                 "' runs its revision '" VIEW_FMT "' instead of '" VIEW_FMT "'",
                                 VIEW_ARG(ecs_tag_value(definition, TAG_EVENT_ID)),
                                 VIEW_ARG(ecs_tag_value(definition, TAG_EVENT_TIME)), VIEW_ARG(own),
                                 VIEW_ARG(service_name(look)),
                                 VIEW_ARG(revision_name(definition->arn)),
                                 VIEW_ARG(revision_name(move->own))));
}

static int end_taken_over(struct execution *x, struct look *look) {
    struct view runs = look->service.task_definition;
    describe_other(look->move->change, runs, look_find(look, runs), &look->service);
    return move_end(x, look->move, CHANGE_SUPERSEDED,
                    arena_printf(x->arena,
                                 "service '" VIEW_FMT "' was given '" VIEW_FMT
                                 "' by somebody else right after '" VIEW_FMT "'",
                                 VIEW_ARG(service_name(look)), VIEW_ARG(revision_name(runs)),
                                 VIEW_ARG(revision_name(look->move->own))));
}

/* ECS has taken the update, but nobody knows whether it wrote over a newer event's. That is no
 * success to be told: the retry finds the event's revision running, and looks. */
static int end_without_look(struct execution *x, struct look *look, const struct err *why) {
    struct move *move = look->move;
    struct known_revision *given = look_find(look, look->given);
    if (given) {
        return end_superseded(x, look, given);
    }
    if (move->doubt) {
        return move_fail(x, move, move->doubt, move_what_stays(x, move));
    }
    return move_fail(x, move, why,
                     arena_printf(x->arena,
                                  "; ECS accepted '" VIEW_FMT "' for service '" VIEW_FMT
                                  "', and the next attempt looks whether a newer event came "
                                  "between",
                                  VIEW_ARG(revision_name(move->own)),
                                  VIEW_ARG(service_name(look))));
}

/* --- what a look calls for --- */

static enum action wanted_action(const struct known_revision *winner) {
    return winner ? ACTION_WINNER : ACTION_OWN;
}

/* The service runs something else than the winner: another event's revision may be written over,
 * which only a slower process can have put there. If it is the one that ran before, that process
 * must still be about; else somebody has rolled back by hand. */
static bool may_be_replaced(const struct look *look) {
    struct view runs = look->service.task_definition;
    const struct known_revision *revision = look_find(look, runs);
    if (view_equal(runs, look->move->own)) {
        return true;
    }
    if (!revision || !look_takes_part(look, revision)) {
        return false;
    }
    return !view_equal(runs, look->move->change->from_task_definition) ||
           look_previous_is_at_work(look);
}

static int judge(struct execution *x, struct look *look, enum action *ret_action) {
    struct move *move = look->move;
    struct known_revision *winner = look_winner(look);
    struct view runs = look->service.task_definition;
    *ret_action = ACTION_NONE;
    if (!winner && view_equal(runs, move->own)) {
        return end_deployed(x, look, VIEW(""));
    }
    if (winner && view_equal(runs, winner->definition.arn)) {
        return end_superseded(x, look, winner);
    }
    if (!view_equal(runs, move->own) && look_is_as_before(look)) {
        /* Not carried out; or, where ECS has said that it was, a read that lags behind. */
        if (move->doubt) {
            return move_fail(x, move, move->doubt, move_what_stays(x, move));
        }
        if (!winner) {
            return end_deployed(x, look, VIEW(""));
        }
        *ret_action = ACTION_WINNER;
        return 0;
    }
    if (!may_be_replaced(look)) {
        return end_taken_over(x, look);
    }
    *ret_action = wanted_action(winner);
    return 0;
}

/* --- acting on it --- */

static struct view wanted_revision(const struct look *look, enum action action) {
    const struct known_revision *winner = look_winner(look);
    return action == ACTION_WINNER && winner ? winner->definition.arn : look->move->own;
}

static int refuse_for_time(struct execution *x, struct look *look, enum action action) {
    struct view wanted = wanted_revision(look, action);
    return move_out_of_time(
        x, look->move,
        arena_printf(x->arena,
                     "no time left to give service '" VIEW_FMT "' the revision '" VIEW_FMT
                     "' of the newest event; it runs '" VIEW_FMT "'",
                     VIEW_ARG(service_name(look)), VIEW_ARG(revision_name(wanted)),
                     VIEW_ARG(revision_name(look->service.task_definition))));
}

/* Too many at work for too long: the retry begins anew. */
static int give_up(struct execution *x, struct look *look) {
    struct err error;
    err_init(&error);
    (void)err_set(&error, ERR_AWS_UNAVAILABLE,
                  "service '" VIEW_FMT "' did not come to rest: it was given other revisions %d "
                  "times and runs '" VIEW_FMT "'",
                  VIEW_ARG(service_name(look)), CONVERGE_MAX_UPDATES,
                  VIEW_ARG(revision_name(look->service.task_definition)));
    err_remedy(&error,
               "nothing now: the event is retried; send fewer deploys of one service at once "
               "if this recurs");
    return move_fail(x, look->move, &error, VIEW(""));
}

static int take_answer(struct execution *x, struct look *look, enum action action,
                       const struct update_answer *answer) {
    struct known_revision *winner = look_winner(look);
    if (!answer->error || answer->ambiguous) { /* the next look tells */
        look->given = action == ACTION_WINNER && winner ? winner->definition.arn : (struct view){0};
        return 0;
    }
    bool is_refusal = err_class(answer->error->code) == ERR_CLASS_REFUSED;
    if (action == ACTION_WINNER && winner && is_refusal) {
        winner->is_unusable = true; /* for the event that made it, too */
        return 0;
    }
    return move_fail(x, look->move, answer->error,
                     arena_printf(x->arena, "; service '" VIEW_FMT "' runs '" VIEW_FMT "'",
                                  VIEW_ARG(service_name(look)),
                                  VIEW_ARG(revision_name(look->service.task_definition))));
}

/* The arrays of execution_update() have one place per move. */
static int update_wanted(struct execution *x, const struct converging *c) {
    struct ecs_update_service *updates = ARENA_ARRAY(x->arena, x->n, struct ecs_update_service);
    struct update_answer *answers = ARENA_ARRAY(x->arena, x->n, struct update_answer);
    bool *wanted = ARENA_ARRAY(x->arena, x->n, bool);
    if (!updates || !answers || !wanted) {
        return execution_out_of_memory(x);
    }
    for (size_t i = 0; i < c->n; i++) {
        const struct look *look = &c->looks[i];
        size_t place = (size_t)(look->move - x->moves);
        wanted[place] = c->actions[i] != ACTION_NONE;
        updates[place] =
            (struct ecs_update_service){.cluster = look->move->change->target->cluster,
                                        .service = service_name(look),
                                        .task_definition = wanted_revision(look, c->actions[i])};
    }
    if (execution_update(x, updates, wanted, answers) != 0) {
        return -1;
    }
    for (size_t i = 0; i < c->n; i++) {
        size_t place = (size_t)(c->looks[i].move - x->moves);
        if (answers[place].asked &&
            take_answer(x, &c->looks[i], c->actions[i], &answers[place]) != 0) {
            return -1;
        }
    }
    return 0;
}

/* --- rounds --- */

/* Forgets what has ended; false when nothing is left. */
static bool keep_open(struct converging *c) {
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++) {
        if (!c->looks[i].move->ended) {
            c->looks[n] = c->looks[i];
            n++;
        }
    }
    c->n = n;
    return n > 0;
}

static int judge_all(struct execution *x, struct converging *c, int round) {
    bool in_time = execution_remaining_ms(x) >= UPDATE_NEEDS_MS;
    for (size_t i = 0; i < c->n; i++) {
        struct look *look = &c->looks[i];
        c->actions[i] = ACTION_NONE;
        int rc =
            look->error ? end_without_look(x, look, look->error) : judge(x, look, &c->actions[i]);
        if (rc == 0 && c->actions[i] != ACTION_NONE && !in_time) {
            rc = refuse_for_time(x, look, c->actions[i]);
        } else if (rc == 0 && c->actions[i] != ACTION_NONE && round == CONVERGE_MAX_UPDATES) {
            rc = give_up(x, look);
        }
        if (rc != 0) {
            return -1;
        }
        if (look->move->ended) {
            c->actions[i] = ACTION_NONE;
        }
    }
    return 0;
}

static int end_all_without_look(struct execution *x, struct converging *c) {
    struct err error;
    err_init(&error);
    (void)err_set(&error, ERR_DEADLINE_EXCEEDED, "no time left to look at what the service runs");
    for (size_t i = 0; i < c->n; i++) {
        if (end_without_look(x, &c->looks[i], &error) != 0) {
            return -1;
        }
    }
    return 0;
}

static int begin(struct execution *x, struct converging *c) {
    c->looks = ARENA_ARRAY(x->arena, x->n, struct look);
    c->actions = ARENA_ARRAY(x->arena, x->n, enum action);
    if (!c->looks || !c->actions) {
        return execution_out_of_memory(x);
    }
    for (size_t i = 0; i < x->n; i++) {
        if (move_is_open(&x->moves[i], VERDICT_DEPLOY) &&
            x->moves[i].change->delivery == DELIVER_UPDATE_SERVICE &&
            look_begin(x, &x->moves[i], &c->looks[c->n++]) != 0) {
            return -1;
        }
    }
    return 0;
}

int execute_converge(struct execution *x) {
    struct converging c = {.n = 0};
    if (begin(x, &c) != 0) {
        return -1;
    }
    for (int round = 0; keep_open(&c); round++) {
        if (execution_remaining_ms(x) < LOOK_NEEDS_MS) {
            return end_all_without_look(x, &c);
        }
        if (look_all(x, c.looks, c.n) != 0 || judge_all(x, &c, round) != 0 ||
            update_wanted(x, &c) != 0) {
            return -1;
        }
    }
    return 0;
}
