#include "handlers/deploy/execute_look.h"

#include "handlers/deploy/facts_wave.h"

#include <string.h>

/* Revisions that are described for one look, the newest of them. Mostly there are none: each is a
 * registration by somebody else within the seconds of this deploy, or since the one before. */
#define LOOK_MAX_REVISIONS 20

static const struct facts *facts_of(const struct look *look) {
    return look->move->change->facts;
}

/* --- what is known --- */

static int learn(struct execution *x, struct look *look,
                 const struct ecs_task_definition *definition, bool is_fresh) {
    struct known_revision *known = look_find(look, definition->arn);
    if (definition->arn.len == 0) {
        return 0;
    }
    if (known) {
        known->definition = is_fresh ? *definition : known->definition;
        known->is_fresh = known->is_fresh || is_fresh;
        return 0;
    }
    if (look->n_known == look->capacity) {
        size_t capacity = look->capacity == 0 ? 8 : look->capacity * 2;
        struct known_revision *grown = ARENA_ARRAY(x->arena, capacity, struct known_revision);
        if (!grown) {
            return execution_out_of_memory(x);
        }
        if (look->n_known > 0) {
            memcpy(grown, look->known, look->n_known * sizeof(*grown));
        }
        look->known = grown;
        look->capacity = capacity;
    }
    look->known[look->n_known++] =
        (struct known_revision){.definition = *definition, .is_fresh = is_fresh};
    return 0;
}

struct known_revision *look_find(const struct look *look, struct view arn) {
    for (size_t i = 0; i < look->n_known; i++) {
        if (view_equal(look->known[i].definition.arn, arn)) {
            return &look->known[i];
        }
    }
    return NULL;
}

static bool is_known(const struct look *look, int64_t revision) {
    for (size_t i = 0; i < look->n_known; i++) {
        if (look->known[i].definition.revision == revision) {
            return true;
        }
    }
    return false;
}

int look_begin(struct execution *x, struct move *move, struct look *ret_look) {
    const struct facts *facts = move->change->facts;
    struct look look = {.move = move,
                        .is_shared = target_shares_family(x->config, move->change->target)};
    struct view family;
    if (facts->running.arn.len > 0) {
        look.floor = revision_floor(&facts->running);
    } else if (!revision_parse(facts->service.task_definition, &family, &look.floor)) {
        look.floor = move->rank.revision;
    }
    if (learn(x, &look, &facts->running, false) != 0 ||
        learn(x, &look, &facts->latest, false) != 0 ||
        learn(x, &look, &facts->requested, false) != 0) {
        return -1;
    }
    for (size_t i = 0; i < facts->n_between; i++) {
        if (learn(x, &look, &facts->between[i], false) != 0) {
            return -1;
        }
    }
    *ret_look = look;
    return 0;
}

/* --- who takes part --- */

/* A look that is made up for, by another delivery of the event, finds in the plan's facts what its
 * update has done already: from before is then what ran before. */
static bool is_from_before(const struct look *look, const struct ecs_deployment *deployment) {
    const struct ecs_service_state *before = &facts_of(look)->service;
    if (view_equal(before->task_definition, look->move->own)) {
        return revision_came_after(&facts_of(look)->running, deployment->task_definition);
    }
    for (size_t i = 0; i < before->n_deployments; i++) {
        if (view_equal(before->deployments[i].id, deployment->id)) {
            return true;
        }
    }
    return false;
}

static bool lists_new(const struct look *look, const struct ecs_service_state *service,
                      struct view arn) {
    for (size_t i = 0; i < service->n_deployments; i++) {
        if (view_equal(service->deployments[i].task_definition, arn) &&
            !is_from_before(look, &service->deployments[i])) {
            return true;
        }
    }
    return false;
}

/* The service was given it after the plan's facts were read. What was replaced goes from the list
 * soon; but it stood in the answer to the update that replaced it. */
static bool was_given_since_plan(const struct look *look, struct view arn) {
    return lists_new(look, &look->service, arn) || lists_new(look, &look->move->answered, arn);
}

bool look_takes_part(const struct look *look, const struct known_revision *revision) {
    const struct ecs_task_definition *definition = &revision->definition;
    struct revision_rank rank;
    return !look->is_shared && !revision->is_unusable && revision_rank_of(definition, &rank) &&
           !revision_was_left(definition, &facts_of(look)->service, &facts_of(look)->running) &&
           view_equal(definition->family, look->move->change->target->family) &&
           definition->revision != look->move->rank.revision &&
           (definition->revision > look->floor || was_given_since_plan(look, definition->arn));
}

struct known_revision *look_winner(const struct look *look) {
    struct revision_rank best = look->move->rank;
    struct known_revision *winner = NULL;
    for (size_t i = 0; i < look->n_known; i++) {
        struct revision_rank rank;
        if (look_takes_part(look, &look->known[i]) &&
            revision_rank_of(&look->known[i].definition, &rank) && revision_outranks(rank, best)) {
            winner = &look->known[i];
            best = rank;
        }
    }
    return winner;
}

bool look_previous_is_at_work(const struct look *look) {
    struct revision_rank before;
    return revision_rank_of(&facts_of(look)->running, &before) &&
           look->move->rank.event_time_ms - before.event_time_ms < LONGEST_DEPLOY_MS;
}

bool look_is_as_before(const struct look *look) {
    const struct ecs_service_state *before = &facts_of(look)->service;
    const struct ecs_service_state *now = &look->service;
    return view_equal(before->task_definition, now->task_definition) && before->primary &&
           now->primary && view_equal(before->primary->id, now->primary->id);
}

/* --- the first wave: the service and the newest revision --- */

struct look_reads {
    int service, latest;
};

static int look_first(struct execution *x, struct look *looks, size_t n) {
    struct wave wave = wave_of(x->arena);
    struct look_reads *reads = ARENA_ARRAY(x->arena, n, struct look_reads);
    if (!reads) {
        return execution_out_of_memory(x);
    }
    for (size_t i = 0; i < n; i++) {
        const struct target *target = looks[i].move->change->target;
        reads[i].service = wave_add_service(&wave, target->cluster, target->service, x->err);
        reads[i].latest = wave_add_task_definition(&wave, target->family, x->err);
        if (reads[i].service < 0 || reads[i].latest < 0) {
            return -1;
        }
    }
    if (wave_run(&wave, x->aws, x->deadline_ms, x->err) != 0) {
        return -1;
    }
    for (size_t i = 0; i < n; i++) {
        struct look *look = &looks[i];
        const struct err *no_service = NULL;
        const struct err *no_latest = NULL;
        if (wave_service(&wave, reads[i].service, look->move->change->target->service,
                         &look->service, &no_service, x->err) != 0 ||
            wave_task_definition(&wave, reads[i].latest, &look->latest, &no_latest, x->err) != 0) {
            return -1;
        }
        look->error = no_service ? no_service : no_latest;
        if (!look->error && learn(x, look, &look->latest, true) != 0) {
            return -1;
        }
    }
    return 0;
}

/* --- the second: revisions that are not known yet --- */

static int ask(struct execution *x, struct look *look, struct wave *wave, struct view name) {
    int read = name.data ? wave_add_task_definition(wave, name, x->err) : -1;
    if (read < 0) {
        return execution_out_of_memory(x);
    }
    look->asked[look->n_asked++] = read;
    return 0;
}

static int ask_range(struct execution *x, struct look *look, struct wave *wave) {
    struct view family = look->move->change->target->family;
    for (int64_t revision = look->latest.revision;
         revision > look->floor && look->n_asked < LOOK_MAX_REVISIONS; revision--) {
        bool is_own = revision == look->move->rank.revision;
        if (!is_own && !is_known(look, revision) &&
            ask(x, look, wave,
                arena_printf(x->arena, VIEW_FMT ":%lld", VIEW_ARG(family), (long long)revision)) !=
                0) {
            return -1;
        }
    }
    return 0;
}

static bool is_to_be_asked(const struct look *look, struct view arn) {
    const struct known_revision *known = look_find(look, arn);
    return arn.len > 0 && !view_equal(arn, look->move->own) && (!known || !known->is_fresh);
}

/* One that is listed in both places is asked for once by the wave. */
static int ask_given(struct execution *x, struct look *look, struct wave *wave,
                     const struct ecs_service_state *service) {
    for (size_t i = 0; i < service->n_deployments; i++) {
        struct view arn = service->deployments[i].task_definition;
        if (is_to_be_asked(look, arn) && was_given_since_plan(look, arn) &&
            ask(x, look, wave, arn) != 0) {
            return -1;
        }
    }
    return 0;
}

/* What the service runs, and what it was given since the facts were read. */
static int ask_deployments(struct execution *x, struct look *look, struct wave *wave) {
    struct view runs = look->service.task_definition;
    bool ran_before = look_find(look, runs) && !was_given_since_plan(look, runs);
    if (ask_given(x, look, wave, &look->service) != 0 ||
        ask_given(x, look, wave, &look->move->answered) != 0) {
        return -1;
    }
    return is_to_be_asked(look, runs) && !ran_before ? ask(x, look, wave, runs) : 0;
}

static int ask_second(struct execution *x, struct look *look, struct wave *wave) {
    look->n_asked = 0;
    look->asked = ARENA_ARRAY(x->arena,
                              LOOK_MAX_REVISIONS + look->service.n_deployments +
                                  look->move->answered.n_deployments + 1,
                              int);
    if (!look->asked) {
        return execution_out_of_memory(x);
    }
    if (look->error || look->is_shared) {
        return 0;
    }
    return ask_range(x, look, wave) != 0 || ask_deployments(x, look, wave) != 0 ? -1 : 0;
}

/* A revision that is gone takes no part. One that could not be had must not pass for "there is
 * nobody newer". */
static int read_second(struct execution *x, struct look *look, const struct wave *wave) {
    for (size_t i = 0; i < look->n_asked; i++) {
        struct ecs_task_definition definition;
        const struct err *absent = NULL;
        if (wave_task_definition(wave, look->asked[i], &definition, &absent, x->err) != 0 ||
            (!absent && learn(x, look, &definition, true) != 0)) {
            return -1;
        }
        if (absent && err_class(absent->code) != ERR_CLASS_REFUSED) {
            look->error = absent;
        }
    }
    return 0;
}

static int look_second(struct execution *x, struct look *looks, size_t n) {
    struct wave wave = wave_of(x->arena);
    for (size_t i = 0; i < n; i++) {
        if (ask_second(x, &looks[i], &wave) != 0) {
            return -1;
        }
    }
    if (wave_run(&wave, x->aws, x->deadline_ms, x->err) != 0) {
        return -1;
    }
    for (size_t i = 0; i < n; i++) {
        if (read_second(x, &looks[i], &wave) != 0) {
            return -1;
        }
    }
    return 0;
}

int look_all(struct execution *x, struct look *looks, size_t n) {
    return look_first(x, looks, n) != 0 || look_second(x, looks, n) != 0 ? -1 : 0;
}
