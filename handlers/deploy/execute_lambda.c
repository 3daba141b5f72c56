#include "handlers/deploy/execute_move.h"
#include "handlers/deploy/facts_lambda.h"
#include "handlers/deploy/lambda_claim.h"
#include "runtime/base/clock.h"

/*
 * A Lambda function gets its image: the event's claim first (lambda_claim.h), so that an older
 * event finds it; then the code, and when Lambda has taken that, a version and the alias. Each
 * write is conditional on what was read after the claim; where somebody else wrote in between, all
 * begins anew, and a newer claim is given way to. Each step is done for all functions together, and
 * each finds what an earlier delivery of the event has done.
 */

/* How often Lambda is asked whether it has taken the image: it takes seconds to do so. */
#define POLL_MS 500
#define POLL_MAX_MS 2000
/* Somebody else's change in between is read, and gone by, so many times. */
#define ATTEMPTS 4

struct delivery_of_function {
    struct move *move;
    struct lambda_claim claim;
    struct lambda_function function; /* as it was last seen */
    struct lambda_alias alias;
    struct lambda_function seen; /* with its tags, which only GetFunction shows */
    bool is_ended;               /* failed, or given way */
    bool is_done;
    bool has_raced;   /* somebody else wrote in this attempt */
    bool is_updated;  /* Lambda has taken the request */
    bool was_there;   /* nothing had to be written */
    bool was_claimed; /* by an earlier delivery */
};

struct deliveries {
    struct execution *x;
    struct delivery_of_function *all;
    size_t n;
    struct aws_call *calls;
    size_t *owners;
};

/* What one step asks for of a function; false: nothing. */
typedef bool (*step_wants)(const struct delivery_of_function *d);
typedef int (*step_builds)(struct deliveries *all, struct delivery_of_function *d,
                           struct aws_call *call);
typedef int (*step_reads)(struct deliveries *all, struct delivery_of_function *d,
                          const struct aws_call *call);

static struct view name_of(const struct delivery_of_function *d) {
    return d->move->change->target->function;
}

static bool is_open(const struct delivery_of_function *d) {
    return !d->is_ended && !d->is_done && !d->has_raced;
}

static int fail(struct deliveries *all, struct delivery_of_function *d, const struct err *error) {
    d->is_ended = true;
    return error->code == ERR_OUT_OF_MEMORY
               ? execution_out_of_memory(all->x)
               : move_fail(all->x, d->move, error,
                           d->is_updated ? VIEW("; the function has the new code, and the next "
                                                "attempt goes on from there")
                                         : VIEW(""));
}

/* A write that was not made since somebody else's came first begins anew; any other failure is
 * one. */
static int fail_or_begin_anew(struct deliveries *all, struct delivery_of_function *d,
                              const struct aws_call *call, const struct err *error) {
    if (!lambda_has_changed(call) && !lambda_is_being_changed(call)) {
        return fail(all, d, error);
    }
    d->has_raced = true;
    return 0;
}

/* One step for all functions together. */
static int run(struct deliveries *all, step_wants wants, step_builds build, step_reads read) {
    size_t n = 0;
    for (size_t i = 0; i < all->n; i++) {
        if (wants(&all->all[i])) {
            if (build(all, &all->all[i], &all->calls[n]) != 0) {
                return -1;
            }
            all->owners[n++] = i;
        }
    }
    if (n == 0) {
        return 0;
    }
    aws_call_all(all->x->aws, all->calls, n, all->x->deadline_ms, all->x->arena);
    for (size_t i = 0; i < n; i++) {
        if (read(all, &all->all[all->owners[i]], &all->calls[i]) != 0) {
            return -1;
        }
    }
    return 0;
}

/* --- the claim --- */

static int build_claim(struct deliveries *all, struct delivery_of_function *d,
                       struct aws_call *call) {
    struct ecs_tag tag = lambda_claim_tag(&d->claim, all->x->arena);
    return tag.value.data ? lambda_tag_resource_call(d->function.arn, &tag, 1, all->x->arena, call,
                                                     all->x->err)
                          : execution_out_of_memory(all->x);
}

static int read_tagged(struct deliveries *all, struct delivery_of_function *d,
                       const struct aws_call *call) {
    struct err error;
    err_init(&error);
    return lambda_tag_resource_result(call, &error) == 0 ? 0 : fail(all, d, &error);
}

/* --- what there is: the alias before the claims, so that whoever moves it later is seen --- */

static bool wants_alias(const struct delivery_of_function *d) {
    return is_open(d) && d->move->change->target->alias.len > 0;
}

static int build_get_alias(struct deliveries *all, struct delivery_of_function *d,
                           struct aws_call *call) {
    return lambda_get_alias_call(name_of(d), d->move->change->target->alias, all->x->arena, call,
                                 all->x->err);
}

static int read_get_alias(struct deliveries *all, struct delivery_of_function *d,
                          const struct aws_call *call) {
    struct err error;
    err_init(&error);
    return lambda_alias_result(call, all->x->arena, &d->alias, &error) == 0 ? 0
                                                                            : fail(all, d, &error);
}

static int build_function(struct deliveries *all, struct delivery_of_function *d,
                          struct aws_call *call) {
    return lambda_get_function_call(name_of(d), all->x->arena, call, all->x->err);
}

static int give_way(struct deliveries *all, struct delivery_of_function *d,
                    const struct lambda_claim *newest) {
    struct arena *arena = all->x->arena;
    struct view time = revision_time_text(newest->time_ms, arena);
    d->is_ended = true;
    return time.data ? move_end(all->x, d->move, CHANGE_SUPERSEDED,
                                arena_printf(arena,
                                             "event '" VIEW_FMT "' of " VIEW_FMT
                                             " is newer, and deploys the function at the same time",
                                             VIEW_ARG(newest->event), VIEW_ARG(time)))
                     : execution_out_of_memory(all->x);
}

static bool has_failed(const struct delivery_of_function *d) {
    return view_equal(d->function.update_status, VIEW("Failed"));
}

/* Of an update that Lambda could not carry out the image may be named, and does not run. */
static bool has_image(const struct delivery_of_function *d) {
    const struct lambda_function *function = &d->function;
    struct view uri = function->resolved_uri.len > 0 ? function->resolved_uri : function->image_uri;
    return view_equal(uri, d->move->change->to_image) && !has_failed(d) &&
           !d->move->change->trigger->force;
}

static int read_function(struct deliveries *all, struct delivery_of_function *d,
                         const struct aws_call *call) {
    struct err error;
    err_init(&error);
    if (lambda_get_function_result(call, all->x->arena, &d->function, &error) != 0) {
        return fail(all, d, &error);
    }
    d->seen = d->function;
    struct lambda_claim newest = lambda_newest_claim(&d->seen);
    if (newest.key.len > 0 && lambda_claim_outranks(&newest, &d->claim) &&
        !view_equal(newest.event, d->claim.event)) {
        return give_way(all, d, &newest);
    }
    return 0;
}

/* --- the code --- */

/* An image that is there is given once more, unless an earlier delivery of this event did so: an
 * older event that has read the function already must find it changed. */
static bool wants_code(const struct delivery_of_function *d) {
    return is_open(d) && !(has_image(d) && (d->was_claimed || d->is_updated));
}

static int build_code(struct deliveries *all, struct delivery_of_function *d,
                      struct aws_call *call) {
    d->was_there = d->was_there && has_image(d);
    return lambda_update_code_call(name_of(d), d->move->change->to_image, d->function.revision_id,
                                   all->x->arena, call, all->x->err);
}

static int read_code(struct deliveries *all, struct delivery_of_function *d,
                     const struct aws_call *call) {
    struct err error;
    err_init(&error);
    if (lambda_configuration_result(call, all->x->arena, &d->function, &error) != 0) {
        return fail_or_begin_anew(all, d, call, &error);
    }
    d->is_updated = true;
    return 0;
}

/* --- until Lambda has taken it --- */

static bool is_settling(const struct delivery_of_function *d) {
    return is_open(d) && view_equal(d->function.update_status, VIEW("InProgress"));
}

static int build_poll(struct deliveries *all, struct delivery_of_function *d,
                      struct aws_call *call) {
    return lambda_get_configuration_call(name_of(d), all->x->arena, call, all->x->err);
}

static int read_poll(struct deliveries *all, struct delivery_of_function *d,
                     const struct aws_call *call) {
    struct err error;
    err_init(&error);
    return lambda_configuration_result(call, all->x->arena, &d->function, &error) == 0
               ? 0
               : fail(all, d, &error);
}

static bool any_settling(const struct deliveries *all) {
    for (size_t i = 0; i < all->n; i++) {
        if (is_settling(&all->all[i])) {
            return true;
        }
    }
    return false;
}

static int give_up(struct deliveries *all) {
    for (size_t i = 0; i < all->n; i++) {
        struct delivery_of_function *d = &all->all[i];
        struct err error;
        if (!is_settling(d)) {
            continue;
        }
        err_init(&error);
        (void)err_set(&error, ERR_DEADLINE_EXCEEDED,
                      "Lambda has not given function '" VIEW_FMT "' the image in time",
                      VIEW_ARG(name_of(d)));
        if (fail(all, d, &error) != 0) {
            return -1;
        }
    }
    return 0;
}

/* An image that Lambda could not take; this delivery gave it, or an earlier one did and this one
 * has waited for it. */
static int check_settled(struct deliveries *all) {
    for (size_t i = 0; i < all->n; i++) {
        struct delivery_of_function *d = &all->all[i];
        struct err error;
        if (!is_open(d) || !has_failed(d)) {
            continue;
        }
        err_init(&error);
        (void)err_set(&error, ERR_BAD_RESPONSE,
                      "Lambda could not give function '" VIEW_FMT "' the image: " VIEW_FMT,
                      VIEW_ARG(name_of(d)), VIEW_ARG(d->function.update_reason));
        err_remedy(&error, "correct what Lambda says of the image, and deploy again");
        if (fail(all, d, &error) != 0) {
            return -1;
        }
    }
    return 0;
}

static int settle_all(struct deliveries *all) {
    const struct clock *clock = aws_clock(all->x->aws);
    int64_t pause_ms = POLL_MS;
    while (any_settling(all)) {
        if (run(all, is_settling, build_poll, read_poll) != 0) {
            return -1;
        }
        if (!any_settling(all)) {
            break;
        }
        if (execution_remaining_ms(all->x) < pause_ms + UPDATE_NEEDS_MS) {
            return give_up(all);
        }
        clock_sleep_ms(clock, pause_ms);
        pause_ms = pause_ms < POLL_MAX_MS ? pause_ms * 2 : POLL_MAX_MS;
    }
    return check_settled(all);
}

/* --- the version and the alias --- */

static int build_version(struct deliveries *all, struct delivery_of_function *d,
                         struct aws_call *call) {
    const struct change *change = d->move->change;
    struct view tag = change->tag.len > 0 ? change->tag : change->digest;
    struct view description = arena_printf(all->x->arena, "slipway: " VIEW_FMT, VIEW_ARG(tag));
    return description.data
               ? lambda_publish_version_call(name_of(d), d->function.revision_id, description,
                                             all->x->arena, call, all->x->err)
               : execution_out_of_memory(all->x);
}

static int read_version(struct deliveries *all, struct delivery_of_function *d,
                        const struct aws_call *call) {
    struct lambda_function published;
    struct err error;
    err_init(&error);
    if (lambda_configuration_result(call, all->x->arena, &published, &error) != 0) {
        return fail_or_begin_anew(all, d, call, &error);
    }
    d->move->change->version = published.version;
    return 0;
}

static bool wants_move(const struct delivery_of_function *d) {
    return wants_alias(d) && !view_equal(d->alias.version, d->move->change->version);
}

static int build_move(struct deliveries *all, struct delivery_of_function *d,
                      struct aws_call *call) {
    const struct change *change = d->move->change;
    d->was_there = false;
    return lambda_update_alias_call(name_of(d), change->target->alias, change->version,
                                    d->alias.revision_id, all->x->arena, call, all->x->err);
}

static int read_move(struct deliveries *all, struct delivery_of_function *d,
                     const struct aws_call *call) {
    struct err error;
    err_init(&error);
    if (lambda_alias_result(call, all->x->arena, &d->alias, &error) != 0) {
        return fail_or_begin_anew(all, d, call, &error);
    }
    if (d->alias.has_weights) {
        d->move->change->note =
            VIEW("the alias gives a part of its traffic to another version: its weights were left");
    }
    return 0;
}

/* --- what stays: what was deployed, for people to read, and no older claims --- */

static int build_trace(struct deliveries *all, struct delivery_of_function *d,
                       struct aws_call *call) {
    const struct change *change = d->move->change;
    return lambda_tag_resource_call(d->function.arn, change->trace, change->n_trace, all->x->arena,
                                    call, all->x->err);
}

static bool wants_cleaning(const struct delivery_of_function *d) {
    size_t n = 0;
    for (size_t i = 0; is_open(d) && i < d->seen.n_tags; i++) {
        n += view_starts_with(d->seen.tags[i].key, VIEW(LAMBDA_CLAIM_PREFIX));
    }
    return n > 1;
}

static int build_cleaning(struct deliveries *all, struct delivery_of_function *d,
                          struct aws_call *call) {
    size_t n;
    struct view *keys = lambda_older_claims(&d->seen, &d->claim, all->x->arena, &n);
    return keys ? lambda_untag_resource_call(d->function.arn, keys, n, all->x->arena, call,
                                             all->x->err)
                : execution_out_of_memory(all->x);
}

/* Claims that stay do no harm before there are fifty. */
static int read_cleaning(struct deliveries *all, struct delivery_of_function *d,
                         const struct aws_call *call) {
    struct err error;
    err_init(&error);
    if (lambda_untag_resource_result(call, &error) == 0) {
        return 0;
    }
    if (error.code == ERR_OUT_OF_MEMORY) {
        return execution_out_of_memory(all->x);
    }
    d->move->change->note = arena_printf(
        all->x->arena, "tags of earlier events could not be removed: %s", error.message);
    return d->move->change->note.data ? 0 : execution_out_of_memory(all->x);
}

/* --- the stage --- */

static int begin(struct deliveries *all) {
    struct execution *x = all->x;
    all->all = ARENA_ARRAY(x->arena, x->n, struct delivery_of_function);
    all->calls = ARENA_ARRAY(x->arena, x->n, struct aws_call);
    all->owners = ARENA_ARRAY(x->arena, x->n, size_t);
    if (!all->all || !all->calls || !all->owners) {
        return execution_out_of_memory(x);
    }
    for (size_t i = 0; i < x->n; i++) {
        struct move *move = &x->moves[i];
        if (!move_is_open(move, VERDICT_DEPLOY) || move->change->delivery != DELIVER_LAMBDA) {
            continue;
        }
        struct delivery_of_function *d = &all->all[all->n++];
        *d = (struct delivery_of_function){
            .move = move,
            .function = move->change->facts->lambda->function,
            .claim =
                lambda_claim_of(move->event_tag, move->change->trigger->event_time_ms, x->arena),
            .was_there = true,
        };
        if (!d->claim.key.data) {
            return execution_out_of_memory(x);
        }
        d->was_claimed = lambda_tag_value(&d->function, d->claim.key.data).len > 0;
    }
    return 0;
}

static int attempt(struct deliveries *all) {
    for (size_t i = 0; i < all->n; i++) {
        all->all[i].has_raced = false;
    }
    return run(all, wants_alias, build_get_alias, read_get_alias) != 0 ||
                   run(all, is_open, build_function, read_function) != 0 ||
                   run(all, wants_code, build_code, read_code) != 0 || settle_all(all) != 0 ||
                   run(all, wants_alias, build_version, read_version) != 0 ||
                   run(all, wants_move, build_move, read_move) != 0 ||
                   run(all, is_open, build_trace, read_tagged) != 0 ||
                   run(all, wants_cleaning, build_cleaning, read_cleaning) != 0
               ? -1
               : 0;
}

static int end_done(struct deliveries *all) {
    for (size_t i = 0; i < all->n; i++) {
        struct delivery_of_function *d = &all->all[i];
        if (!is_open(d)) {
            continue;
        }
        d->is_done = true;
        if (move_end(all->x, d->move, d->was_there ? CHANGE_UNCHANGED : CHANGE_DEPLOYED,
                     VIEW("")) != 0) {
            return -1;
        }
    }
    return 0;
}

/* Who raced in the last attempt, too. */
static int end_raced(struct deliveries *all) {
    for (size_t i = 0; i < all->n; i++) {
        struct delivery_of_function *d = &all->all[i];
        struct err error;
        if (d->is_ended || d->is_done) {
            continue;
        }
        err_init(&error);
        (void)err_set(&error, ERR_AWS_UNAVAILABLE,
                      "function '" VIEW_FMT "' is being changed by others all the time",
                      VIEW_ARG(name_of(d)));
        err_remedy(&error, "nothing now: the event is retried");
        if (fail(all, d, &error) != 0) {
            return -1;
        }
    }
    return 0;
}

static bool any_raced(const struct deliveries *all) {
    for (size_t i = 0; i < all->n; i++) {
        if (all->all[i].has_raced && !all->all[i].is_ended) {
            return true;
        }
    }
    return false;
}

int execute_lambda(struct execution *x) {
    struct deliveries all = {.x = x};
    if (begin(&all) != 0 || run(&all, is_open, build_claim, read_tagged) != 0) {
        return -1;
    }
    for (int i = 0; i < ATTEMPTS; i++) {
        if (attempt(&all) != 0 || end_done(&all) != 0) {
            return -1;
        }
        if (!any_raced(&all)) {
            return 0;
        }
        if (execution_remaining_ms(x) > POLL_MS + UPDATE_NEEDS_MS) {
            clock_sleep_ms(aws_clock(x->aws), POLL_MS);
        }
    }
    return end_raced(&all);
}
