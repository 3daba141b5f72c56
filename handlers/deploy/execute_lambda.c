#include "handlers/deploy/execute_move.h"
#include "handlers/deploy/facts_lambda.h"
#include "runtime/base/clock.h"

/*
 * A Lambda function gets its image: its tags first, so that an older event finds this one's time,
 * then the code, and when Lambda has taken that, a version and the alias. Each step is done for all
 * functions together, and each finds what an earlier delivery of the event has done.
 */

/* How often Lambda is asked whether it has taken the image: it takes seconds to do so. */
#define POLL_MS 500
#define POLL_MAX_MS 2000
/* Somebody else's change in between is read, and gone by, so many times. */
#define ATTEMPTS 3

struct delivery_of_function {
    struct move *move;
    struct lambda_function function; /* as it was last seen */
    struct lambda_alias alias;
    bool is_ended;
    bool is_updated; /* Lambda has taken the request */
    bool is_settled; /* and the image */
    bool was_there;  /* it had the image already */
    int attempts;
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

static int fail(struct deliveries *all, struct delivery_of_function *d, const struct err *error) {
    d->is_ended = true;
    return error->code == ERR_OUT_OF_MEMORY
               ? execution_out_of_memory(all->x)
               : move_fail(all->x, d->move, error,
                           d->is_updated ? VIEW("; the function has the new code, and the next "
                                                "attempt goes on from there")
                                         : VIEW(""));
}

/* One step for all functions together. */
static int run(struct deliveries *all, step_wants wants, step_builds build, step_reads read) {
    size_t n = 0;
    for (size_t i = 0; i < all->n; i++) {
        if (!all->all[i].is_ended && wants(&all->all[i])) {
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

/* --- tags --- */

static bool any(const struct delivery_of_function *d) {
    (void)d;
    return true;
}

static int build_tags(struct deliveries *all, struct delivery_of_function *d,
                      struct aws_call *call) {
    const struct change *change = d->move->change;
    return lambda_tag_resource_call(d->function.arn, change->trace, change->n_trace, all->x->arena,
                                    call, all->x->err);
}

static int read_tags(struct deliveries *all, struct delivery_of_function *d,
                     const struct aws_call *call) {
    struct err error;
    err_init(&error);
    return lambda_tag_resource_result(call, &error) == 0 ? 0 : fail(all, d, &error);
}

/* --- the code --- */

static bool wants_code(const struct delivery_of_function *d) {
    return !d->is_updated;
}

static int build_code(struct deliveries *all, struct delivery_of_function *d,
                      struct aws_call *call) {
    return lambda_update_code_call(name_of(d), d->move->change->to_image, d->function.revision_id,
                                   all->x->arena, call, all->x->err);
}

static int read_code(struct deliveries *all, struct delivery_of_function *d,
                     const struct aws_call *call) {
    struct err error;
    err_init(&error);
    if (lambda_configuration_result(call, all->x->arena, &d->function, &error) == 0) {
        d->is_updated = true;
        return 0;
    }
    d->attempts++;
    if (lambda_has_changed(call) && d->attempts < ATTEMPTS) {
        return 0;
    }
    return fail(all, d, &error);
}

static int build_function(struct deliveries *all, struct delivery_of_function *d,
                          struct aws_call *call) {
    return lambda_get_function_call(name_of(d), all->x->arena, call, all->x->err);
}

/* Whoever changed the function may have been a newer event. */
static int read_function(struct deliveries *all, struct delivery_of_function *d,
                         const struct aws_call *call) {
    struct err error;
    int64_t time_ms;
    const struct trigger *trigger = d->move->change->trigger;
    err_init(&error);
    if (lambda_get_function_result(call, all->x->arena, &d->function, &error) != 0) {
        return fail(all, d, &error);
    }
    struct view time = lambda_tag_value(&d->function, TAG_EVENT_TIME);
    if (time_parse_rfc3339(time, &time_ms) && time_ms > trigger->event_time_ms) {
        d->is_ended = true;
        return move_end(all->x, d->move, CHANGE_SUPERSEDED,
                        arena_printf(all->x->arena,
                                     "event '" VIEW_FMT "' of " VIEW_FMT
                                     " is newer, and deploys the function at the same time",
                                     VIEW_ARG(lambda_tag_value(&d->function, TAG_EVENT_ID)),
                                     VIEW_ARG(time)));
    }
    return 0;
}

static int update_code(struct deliveries *all) {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        if ((attempt > 0 && run(all, wants_code, build_function, read_function) != 0) ||
            run(all, wants_code, build_code, read_code) != 0) {
            return -1;
        }
    }
    return 0;
}

/* --- until Lambda has taken it --- */

static bool is_settling(const struct delivery_of_function *d) {
    return d->is_updated && !d->is_settled;
}

static int build_poll(struct deliveries *all, struct delivery_of_function *d,
                      struct aws_call *call) {
    return lambda_get_configuration_call(name_of(d), all->x->arena, call, all->x->err);
}

static int read_poll(struct deliveries *all, struct delivery_of_function *d,
                     const struct aws_call *call) {
    struct err error;
    err_init(&error);
    if (lambda_configuration_result(call, all->x->arena, &d->function, &error) != 0) {
        return fail(all, d, &error);
    }
    if (view_equal(d->function.update_status, VIEW("Failed"))) {
        (void)err_set(&error, ERR_BAD_RESPONSE,
                      "Lambda could not give function '" VIEW_FMT "' the image: " VIEW_FMT,
                      VIEW_ARG(name_of(d)), VIEW_ARG(d->function.update_reason));
        err_remedy(&error, "correct what Lambda says of the image, and deploy again");
        return fail(all, d, &error);
    }
    d->is_settled = !view_equal(d->function.update_status, VIEW("InProgress"));
    return 0;
}

static bool any_settling(const struct deliveries *all) {
    for (size_t i = 0; i < all->n; i++) {
        if (!all->all[i].is_ended && is_settling(&all->all[i])) {
            return true;
        }
    }
    return false;
}

static int give_up(struct deliveries *all) {
    for (size_t i = 0; i < all->n; i++) {
        struct delivery_of_function *d = &all->all[i];
        struct err error;
        if (d->is_ended || !is_settling(d)) {
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
    return 0;
}

/* --- the version and the alias --- */

static bool wants_version(const struct delivery_of_function *d) {
    return d->move->change->target->alias.len > 0;
}

static int build_version(struct deliveries *all, struct delivery_of_function *d,
                         struct aws_call *call) {
    const struct change *change = d->move->change;
    struct view tag = change->tag.len > 0 ? change->tag : change->digest;
    struct view description = arena_printf(all->x->arena, "slipway: " VIEW_FMT, VIEW_ARG(tag));
    return description.data
               ? lambda_publish_version_call(name_of(d), d->function.code_sha256, description,
                                             all->x->arena, call, all->x->err)
               : execution_out_of_memory(all->x);
}

static int read_version(struct deliveries *all, struct delivery_of_function *d,
                        const struct aws_call *call) {
    struct lambda_function published;
    struct err error;
    err_init(&error);
    if (lambda_configuration_result(call, all->x->arena, &published, &error) != 0) {
        return fail(all, d, &error);
    }
    d->move->change->version = published.version;
    return 0;
}

static bool wants_alias(const struct delivery_of_function *d) {
    return wants_version(d) && !view_equal(d->alias.version, d->move->change->version);
}

static int build_alias(struct deliveries *all, struct delivery_of_function *d,
                       struct aws_call *call) {
    const struct change *change = d->move->change;
    return lambda_update_alias_call(name_of(d), change->target->alias, change->version,
                                    d->alias.revision_id, all->x->arena, call, all->x->err);
}

static int read_alias(struct deliveries *all, struct delivery_of_function *d,
                      const struct aws_call *call) {
    struct err error;
    err_init(&error);
    if (lambda_alias_result(call, all->x->arena, &d->alias, &error) != 0) {
        return fail(all, d, &error);
    }
    d->was_there = false;
    if (d->alias.has_weights) {
        d->move->change->note =
            VIEW("the alias gives a part of its traffic to another version: its weights were left");
    }
    return 0;
}

/* --- the stage --- */

static bool has_image(const struct delivery_of_function *d) {
    const struct lambda_function *function = &d->function;
    struct view uri = function->resolved_uri.len > 0 ? function->resolved_uri : function->image_uri;
    return view_equal(uri, d->move->change->to_image) && !d->move->change->trigger->force;
}

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
        const struct lambda_facts *facts = move->change->facts->lambda;
        struct delivery_of_function *d = &all->all[all->n++];
        *d = (struct delivery_of_function){
            .move = move, .function = facts->function, .alias = facts->alias};
        d->is_updated = d->was_there = has_image(d);
    }
    return 0;
}

static int end_all(struct deliveries *all) {
    for (size_t i = 0; i < all->n; i++) {
        struct delivery_of_function *d = &all->all[i];
        if (!d->is_ended &&
            move_end(all->x, d->move, d->was_there ? CHANGE_UNCHANGED : CHANGE_DEPLOYED,
                     VIEW("")) != 0) {
            return -1;
        }
    }
    return 0;
}

int execute_lambda(struct execution *x) {
    struct deliveries all = {.x = x};
    if (begin(&all) != 0) {
        return -1;
    }
    if (run(&all, any, build_tags, read_tags) != 0 || update_code(&all) != 0 ||
        settle_all(&all) != 0 || run(&all, wants_version, build_version, read_version) != 0 ||
        run(&all, wants_alias, build_alias, read_alias) != 0) {
        return -1;
    }
    return end_all(&all);
}
