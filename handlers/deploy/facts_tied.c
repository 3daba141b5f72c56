#include "handlers/deploy/facts_kinds.h"
#include "handlers/deploy/facts_wave.h"
#include "handlers/deploy/plan_revision.h"
#include "handlers/deploy/service_past.h"

/*
 * Where what runs does not say by its time what came before it, an event has to look below it, or
 * it would take itself for a new one and bring back what was replaced. One wave, and mostly none.
 *
 * Events of the same second: EventBridge tells whole seconds, so that the time alone does not say
 * which of two events came first. The one whose revision is higher prevails; an event that is
 * delivered again finds its own revision below.
 *
 * And what Terraform or a person has given the service after the event: it bears no event's time,
 * and hides the revisions that do.
 */

/* Revisions that are looked at, the newest of those below the running one: so many more events of
 * one service in one second, or revisions that others registered. */
#define TIED_MAX 4

struct tie {
    struct facts *facts;
    int reads[TIED_MAX];
    size_t n_reads;
};

/* Then that one says all there is to say. */
static bool has_own_above(const struct facts *facts, struct view event_tag) {
    bool has_own = revision_is_of_event(&facts->latest, event_tag);
    for (size_t i = 0; i < facts->n_between; i++) {
        has_own = has_own || revision_is_of_event(&facts->between[i], event_tag);
    }
    return has_own;
}

static bool is_concerned(const struct facts_request *request, struct view event_tag) {
    const struct facts *facts = request->ret_facts;
    int64_t time_ms;
    if (request->trigger->kind != TRIGGER_DEPLOY || request->target->kind != TARGET_SERVICE) {
        return false;
    }
    bool is_tied = revision_event_time(&facts->running, &time_ms) &&
                   time_ms == request->trigger->event_time_ms &&
                   !revision_is_of_event(&facts->running, event_tag);
    return is_tied ||
           (past_may_be_hidden(facts, request->trigger) && !has_own_above(facts, event_tag));
}

/* More events than two may be of that second, and each is what ran before the next one. */
static int ask(const struct gathering_place *place, struct tie *tie, struct wave *wave) {
    const struct ecs_task_definition *running = &tie->facts->running;
    for (int64_t revision = running->revision - 1; revision > 0 && tie->n_reads < TIED_MAX;
         revision--) {
        struct view name = arena_printf(place->arena, VIEW_FMT ":%lld", VIEW_ARG(running->family),
                                        (long long)revision);
        int read = name.data ? wave_add_task_definition(wave, name, place->err) : -1;
        if (read < 0) {
            return err_out_of_memory(place->err, "facts");
        }
        tie->reads[tie->n_reads++] = read;
    }
    return 0;
}

/* One that is gone does not come back. */
static int take(const struct gathering_place *place, const struct tie *tie,
                const struct wave *wave) {
    struct facts *facts = tie->facts;
    facts->below = ARENA_ARRAY(place->arena, tie->n_reads, struct ecs_task_definition);
    if (!facts->below) {
        return err_out_of_memory(place->err, "facts");
    }
    for (size_t i = 0; i < tie->n_reads; i++) {
        const struct err *absent = NULL;
        if (wave_task_definition(wave, tie->reads[i], &facts->below[facts->n_below], &absent,
                                 place->err) != 0) {
            return -1;
        }
        facts->n_below += absent ? 0 : 1;
        if (absent && err_class(absent->code) != ERR_CLASS_REFUSED) {
            facts->below_err = absent;
        }
    }
    return 0;
}

int facts_gather_tied(const struct gathering_place *place, const struct facts_request *requests,
                      size_t n) {
    struct tie *ties = ARENA_ARRAY(place->arena, n, struct tie);
    struct wave wave = wave_of(place->arena);
    size_t count = 0;
    if (!ties) {
        return err_out_of_memory(place->err, "facts");
    }
    for (size_t i = 0; i < n; i++) {
        struct view event_tag = revision_event_tag(requests[i].trigger->event_id, place->arena);
        if (!event_tag.data) {
            return err_out_of_memory(place->err, "facts");
        }
        if (is_concerned(&requests[i], event_tag)) {
            ties[count].facts = requests[i].ret_facts;
            if (ask(place, &ties[count++], &wave) != 0) {
                return -1;
            }
        }
    }
    if (wave_run(&wave, place->aws, place->deadline_ms, place->err) != 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        if (take(place, &ties[i], &wave) != 0) {
            return -1;
        }
    }
    return 0;
}
