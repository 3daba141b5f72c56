#include "handlers/deploy/facts.h"

#include "handlers/deploy/facts_kinds.h"
#include "handlers/deploy/facts_wave.h"
#include "handlers/deploy/plan_revision.h"

/* Revisions between the running one and the newest that are looked at, the newest ones of them. An
 * unfinished deploy is minutes old: more than these were not registered since. */
#define BETWEEN_MAX 20
#define NO_READ (-1)

/* The numbers of one request's reads in the two waves. */
struct gathering {
    const struct facts_request *request;
    int image, manifest, service, latest, requested; /* the first */
    int running, tags;                               /* the second */
    int between[BETWEEN_MAX];
    size_t n_between;
};

struct gatherer {
    struct aws *aws;
    int64_t deadline_ms;
    struct arena *arena;
    struct err *err;
    struct gathering *all;
    size_t n;
};

/* --- the first wave --- */

/* The tag where there is one: a digest beside it is compared with what the tag points to. */
static struct ecr_image_id wanted_image(const struct trigger *trigger) {
    return trigger->tag.len > 0 ? (struct ecr_image_id){.tag = trigger->tag}
                                : (struct ecr_image_id){.digest = trigger->digest};
}

static int ask_registry(struct gathering *g, struct wave *wave, struct err *err) {
    const struct repository *repository = &g->request->target->repository;
    struct ecr_image_id image = wanted_image(g->request->trigger);
    g->image = wave_add_image(wave, repository, image, err);
    g->manifest = wave_add_manifest(wave, repository, image, err);
    return g->image < 0 || g->manifest < 0 ? -1 : 0;
}

static int ask_first(struct gathering *g, struct wave *wave, struct err *err) {
    const struct trigger *trigger = g->request->trigger;
    const struct target *target = g->request->target;
    if (target->kind == TARGET_SERVICE) {
        g->service = wave_add_service(wave, target->cluster, target->service, err);
        if (g->service < 0) {
            return -1;
        }
    }
    if (target->kind != TARGET_LAMBDA && trigger->kind != TRIGGER_ROLLOUT) {
        g->latest = wave_add_task_definition(wave, target->family, err);
        if (g->latest < 0) {
            return -1;
        }
    }
    if (trigger->kind == TRIGGER_DEPLOY) {
        return ask_registry(g, wave, err);
    }
    if (trigger->kind == TRIGGER_DEPLOY_REVISION) {
        g->requested = wave_add_task_definition(wave, trigger->task_definition, err);
        return g->requested < 0 ? -1 : 0;
    }
    return 0;
}

static bool has_facts(const struct facts_request *request) {
    return request->trigger && request->target && request->trigger->kind != TRIGGER_IGNORE;
}

static int read_first(struct gathering *g, const struct wave *wave, struct err *err) {
    struct facts *f = g->request->ret_facts;
    if (g->service != NO_READ && wave_service(wave, g->service, g->request->target->service,
                                              &f->service, &f->service_err, err) != 0) {
        return -1;
    }
    if (g->latest != NO_READ &&
        wave_task_definition(wave, g->latest, &f->latest, &f->latest_err, err) != 0) {
        return -1;
    }
    if (g->requested != NO_READ &&
        wave_task_definition(wave, g->requested, &f->requested, &f->requested_err, err) != 0) {
        return -1;
    }
    if (g->image != NO_READ && wave_image(wave, g->image, &f->image, &f->image_err, err) != 0) {
        return -1;
    }
    if (g->manifest != NO_READ &&
        wave_manifest(wave, g->manifest, &f->manifest, &f->manifest_err, err) != 0) {
        return -1;
    }
    return 0;
}

/* The running revision, where the first wave has brought it already. */
static void find_running(struct gathering *g) {
    struct facts *f = g->request->ret_facts;
    struct view runs = f->service.task_definition;
    if (runs.len == 0) {
        return;
    }
    if (view_equal(f->latest.arn, runs)) {
        f->running = f->latest;
    } else if (view_equal(f->requested.arn, runs)) {
        f->running = f->requested;
    }
}

/* --- the second wave --- */

/* This event's own revision may be among those that were registered since the running one. Either
 * another event's is the newest and does not run: that event is at work or has come to grief, and
 * this one may have been at work at the same time. Or the service was given what it runs after this
 * event, which may have been carried out and gone back from before then. */
static bool may_be_between(const struct facts *f, const struct trigger *trigger) {
    return ecs_tag_value(&f->latest, TAG_EVENT_ID).len > 0 ||
           service_was_given_since(&f->service, trigger->event_time_ms);
}

static int ask_between(struct gathering *g, struct wave *wave, struct gatherer *gatherer) {
    const struct facts *f = g->request->ret_facts;
    struct view family;
    int64_t running;
    struct view event_tag = revision_event_tag(g->request->trigger->event_id, gatherer->arena);
    if (!event_tag.data) {
        return err_out_of_memory(gatherer->err, "facts");
    }
    if (g->request->trigger->kind != TRIGGER_DEPLOY || !may_be_between(f, g->request->trigger) ||
        revision_is_of_event(&f->latest, event_tag) ||
        !revision_parse(f->service.task_definition, &family, &running) ||
        !view_equal(family, f->latest.family)) {
        return 0;
    }
    for (int64_t revision = f->latest.revision - 1;
         revision > running && g->n_between < BETWEEN_MAX; revision--) {
        struct view name =
            arena_printf(gatherer->arena, VIEW_FMT ":%lld", VIEW_ARG(family), (long long)revision);
        if (!name.data) {
            return err_out_of_memory(gatherer->err, "facts");
        }
        g->between[g->n_between] = wave_add_task_definition(wave, name, gatherer->err);
        if (g->between[g->n_between++] < 0) {
            return -1;
        }
    }
    return 0;
}

static int ask_second(struct gathering *g, struct wave *wave, struct gatherer *gatherer) {
    const struct facts *f = g->request->ret_facts;
    const struct trigger *trigger = g->request->trigger;
    bool needs_running = trigger->kind != TRIGGER_RESTART && trigger->kind != TRIGGER_ROLLOUT;
    if (f->service.task_definition.len > 0 && f->running.arn.len == 0 && needs_running) {
        g->running = wave_add_task_definition(wave, f->service.task_definition, gatherer->err);
        if (g->running < 0 || (!f->latest_err && ask_between(g, wave, gatherer) != 0)) {
            return -1;
        }
    }
    if (f->image_err && f->image_err->code == ERR_IMAGE_NOT_FOUND && trigger->tag.len > 0) {
        g->tags = wave_add_tags(wave, &g->request->target->repository, gatherer->err);
        return g->tags < 0 ? -1 : 0;
    }
    return 0;
}

/* A revision between that is gone is none of this event's. */
static int read_between(struct gathering *g, const struct wave *wave, struct gatherer *gatherer) {
    struct facts *f = g->request->ret_facts;
    f->between = ARENA_ARRAY(gatherer->arena, g->n_between, struct ecs_task_definition);
    if (!f->between) {
        return err_out_of_memory(gatherer->err, "facts");
    }
    for (size_t i = 0; i < g->n_between; i++) {
        const struct err *absent = NULL;
        if (wave_task_definition(wave, g->between[i], &f->between[f->n_between], &absent,
                                 gatherer->err) != 0) {
            return -1;
        }
        f->n_between += absent ? 0 : 1;
        if (absent && err_class(absent->code) != ERR_CLASS_REFUSED) {
            f->between_err = absent;
        }
    }
    return 0;
}

static int read_second(struct gathering *g, const struct wave *wave, struct gatherer *gatherer) {
    struct facts *f = g->request->ret_facts;
    const struct err *ignored = NULL; /* the tags are for a remedy only */
    if (g->running != NO_READ &&
        wave_task_definition(wave, g->running, &f->running, &f->running_err, gatherer->err) != 0) {
        return -1;
    }
    if (g->tags != NO_READ &&
        wave_tags(wave, g->tags, &f->tagged, &f->n_tagged, &ignored, gatherer->err) != 0) {
        return -1;
    }
    return g->n_between > 0 ? read_between(g, wave, gatherer) : 0;
}

/* --- both --- */

static int gather_first(struct gatherer *gatherer) {
    struct wave wave = wave_of(gatherer->arena);
    for (size_t i = 0; i < gatherer->n; i++) {
        struct gathering *g = &gatherer->all[i];
        if (has_facts(g->request) && ask_first(g, &wave, gatherer->err) != 0) {
            return -1;
        }
    }
    if (wave_run(&wave, gatherer->aws, gatherer->deadline_ms, gatherer->err) != 0) {
        return -1;
    }
    for (size_t i = 0; i < gatherer->n; i++) {
        if (read_first(&gatherer->all[i], &wave, gatherer->err) != 0) {
            return -1;
        }
        find_running(&gatherer->all[i]);
    }
    return 0;
}

static int gather_second(struct gatherer *gatherer) {
    struct wave wave = wave_of(gatherer->arena);
    for (size_t i = 0; i < gatherer->n; i++) {
        struct gathering *g = &gatherer->all[i];
        if (has_facts(g->request) && ask_second(g, &wave, gatherer) != 0) {
            return -1;
        }
    }
    if (wave_run(&wave, gatherer->aws, gatherer->deadline_ms, gatherer->err) != 0) {
        return -1;
    }
    for (size_t i = 0; i < gatherer->n; i++) {
        if (read_second(&gatherer->all[i], &wave, gatherer) != 0) {
            return -1;
        }
    }
    return 0;
}

/* --- what only some need --- */

int facts_keep_error(const struct gathering_place *place, const struct err *error,
                     const struct err **ret_kept) {
    struct err *kept = ARENA_NEW(place->arena, struct err);
    if (error->code == ERR_OUT_OF_MEMORY || !kept) {
        return err_out_of_memory(place->err, "facts");
    }
    *kept = *error;
    *ret_kept = kept;
    return 0;
}

static int gather_kinds(const struct gatherer *gatherer, const struct facts_request *requests) {
    const struct gathering_place place = {.aws = gatherer->aws,
                                          .deadline_ms = gatherer->deadline_ms,
                                          .arena = gatherer->arena,
                                          .err = gatherer->err};
    size_t n = gatherer->n;
    return facts_gather_tied(&place, requests, n) != 0 ||
                   facts_gather_codedeploy(&place, requests, n) != 0 ||
                   facts_gather_rollback(&place, requests, n) != 0 ||
                   facts_gather_past(&place, requests, n) != 0 ||
                   facts_gather_rollout(&place, requests, n) != 0 ||
                   facts_gather_task(&place, requests, n) != 0 ||
                   facts_gather_lambda(&place, requests, n) != 0
               ? -1
               : 0;
}

int facts_gather(struct aws *aws, const struct facts_request *requests, size_t n,
                 int64_t deadline_ms, struct arena *arena, struct err *err) {
    struct gatherer gatherer = {
        .aws = aws, .deadline_ms = deadline_ms, .arena = arena, .err = err, .n = n};
    gatherer.all = ARENA_ARRAY(arena, n, struct gathering);
    if (!gatherer.all) {
        return err_out_of_memory(err, "facts");
    }
    for (size_t i = 0; i < n; i++) {
        gatherer.all[i] = (struct gathering){
            .request = &requests[i],
            .image = NO_READ,
            .manifest = NO_READ,
            .service = NO_READ,
            .latest = NO_READ,
            .requested = NO_READ,
            .running = NO_READ,
            .tags = NO_READ,
        };
        *requests[i].ret_facts = (struct facts){0};
    }
    return gather_first(&gatherer) != 0 || gather_second(&gatherer) != 0 ||
                   gather_kinds(&gatherer, requests) != 0
               ? -1
               : 0;
}
