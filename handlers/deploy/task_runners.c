#include "handlers/deploy/task_runners.h"

#include "handlers/deploy/plan_revision.h"

#include <string.h>

/* Pages of one listing that are read, at most: a hundred names in each. */
#define PAGES_MAX 50
/* Calls of one wave, at most: EventBridge and Scheduler take some fifty a second. */
#define WAVE_CALLS 40

/* What kind of page a call asks for. */
enum listing_kind { LIST_BUSES, LIST_SCHEDULES, LIST_RULES, LIST_TARGETS, GET_SCHEDULE };

/* One listing: a page at a time until there is no next one. */
struct listing {
    enum listing_kind kind;
    struct view cluster_arn; /* rules */
    struct view bus;         /* rules, targets; or the schedule's group */
    struct view name;        /* the rule's or the schedule's */
    struct view next;        /* the next page's token; empty on the first */
    int pages;
    bool is_over;
};

struct listings {
    const struct gathering_place *place;
    struct listing *all;
    size_t n, capacity;
    struct task_family *families;
    size_t n_families;
    struct aws_call *calls;  /* of a wave */
    size_t *owners;          /* their listings */
    size_t n_universal;      /* schedules that call RunTask by themselves */
    const struct err *error; /* of a listing that could not be had */
};

/* --- a growing array of listings --- */

/* A rule with targets on two clusters is named for each of them: it is read once. */
static bool is_listed(const struct listings *l, const struct listing *listing) {
    for (size_t i = 0; i < l->n; i++) {
        const struct listing *other = &l->all[i];
        if (other->kind == listing->kind && view_equal(other->name, listing->name) &&
            view_equal(other->bus, listing->bus) &&
            view_equal(other->cluster_arn, listing->cluster_arn)) {
            return true;
        }
    }
    return false;
}

static int add_listing(struct listings *l, const struct listing *listing) {
    if (is_listed(l, listing)) {
        return 0;
    }
    if (l->n == l->capacity) {
        size_t capacity = l->capacity == 0 ? 16 : l->capacity * 2;
        struct listing *grown = ARENA_ARRAY(l->place->arena, capacity, struct listing);
        if (!grown) {
            return err_out_of_memory(l->place->err, "facts");
        }
        if (l->n > 0) {
            memcpy(grown, l->all, l->n * sizeof(*grown));
        }
        l->all = grown;
        l->capacity = capacity;
    }
    l->all[l->n++] = *listing;
    return 0;
}

/* --- what a listing asks --- */

static int build_call(const struct listing *l, struct arena *arena, struct aws_call *ret_call,
                      struct err *err) {
    switch (l->kind) {
    case LIST_BUSES:
        return events_list_event_buses_call(l->next, arena, ret_call, err);
    case LIST_SCHEDULES:
        return scheduler_list_schedules_call(l->next, arena, ret_call, err);
    case LIST_RULES:
        return events_list_rule_names_by_target_call(l->cluster_arn, l->bus, l->next, arena,
                                                     ret_call, err);
    case LIST_TARGETS:
        return events_list_targets_by_rule_call(l->name, l->bus, l->next, arena, ret_call, err);
    case GET_SCHEDULE:
        return scheduler_get_schedule_call(l->name, l->bus, arena, ret_call, err);
    }
    return -1;
}

/* --- what it brings --- */

static bool is_first_of_cluster(const struct listings *l, size_t i) {
    for (size_t j = 0; j < i; j++) {
        if (view_equal(l->families[j].cluster_arn, l->families[i].cluster_arn)) {
            return false;
        }
    }
    return true;
}

static bool is_of_some_cluster(const struct listings *l, struct view target_arn) {
    for (size_t i = 0; i < l->n_families; i++) {
        if (view_equal(l->families[i].cluster_arn, target_arn)) {
            return true;
        }
    }
    return false;
}

/* A runner belongs to each of the families that it names on their cluster. */
static int add_runner(struct listings *l, struct view cluster_arn,
                      const struct task_runner *runner) {
    struct task_runner own = *runner;
    struct view family;
    int64_t revision;
    if (!revision_parse(runner->task_definition, &family, &revision)) {
        return 0;
    }
    own.is_pinned = revision > 0;
    for (size_t i = 0; i < l->n_families; i++) {
        struct task_family *f = &l->families[i];
        if (!view_equal(f->family, family) || !view_equal(f->cluster_arn, cluster_arn)) {
            continue;
        }
        struct task_runner *grown =
            ARENA_ARRAY(l->place->arena, f->n_runners + 1, struct task_runner);
        if (!grown) {
            return err_out_of_memory(l->place->err, "facts");
        }
        if (f->n_runners > 0) {
            memcpy(grown, f->runners, f->n_runners * sizeof(*grown));
        }
        grown[f->n_runners++] = own;
        f->runners = grown;
    }
    return 0;
}

static int add_rules_of_bus(struct listings *l, struct view bus) {
    for (size_t i = 0; i < l->n_families; i++) {
        const struct listing rules = {
            .kind = LIST_RULES, .bus = bus, .cluster_arn = l->families[i].cluster_arn};
        if (is_first_of_cluster(l, i) && add_listing(l, &rules) != 0) {
            return -1;
        }
    }
    return 0;
}

static int take_buses(struct listings *l, size_t at, const struct aws_call *call,
                      struct err *error) {
    struct events_names page;
    if (events_list_event_buses_result(call, l->place->arena, &page, error) != 0) {
        return -1;
    }
    l->all[at].next = page.next;
    for (size_t i = 0; i < page.n; i++) {
        if (add_rules_of_bus(l, page.names[i]) != 0) {
            return -1;
        }
    }
    return 0;
}

static int take_rules(struct listings *l, size_t at, const struct aws_call *call,
                      struct err *error) {
    struct events_names page;
    if (events_list_rule_names_by_target_result(call, l->place->arena, &page, error) != 0) {
        return -1;
    }
    l->all[at].next = page.next;
    for (size_t i = 0; i < page.n; i++) {
        const struct listing targets = {
            .kind = LIST_TARGETS, .bus = l->all[at].bus, .name = page.names[i]};
        if (add_listing(l, &targets) != 0) {
            return -1;
        }
    }
    return 0;
}

static int take_targets(struct listings *l, size_t at, const struct aws_call *call,
                        struct err *error) {
    struct events_targets page;
    if (events_list_targets_by_rule_result(call, l->place->arena, &page, error) != 0) {
        return -1;
    }
    l->all[at].next = page.next;
    for (size_t i = 0; i < page.n; i++) {
        const struct task_runner runner = {.kind = RUNNER_RULE,
                                           .group = l->all[at].bus,
                                           .name = l->all[at].name,
                                           .id = page.targets[i].id,
                                           .task_definition = page.targets[i].task_definition,
                                           .target = page.targets[i]};
        if (add_runner(l, page.targets[i].arn, &runner) != 0) {
            return -1;
        }
    }
    return 0;
}

static int take_schedules(struct listings *l, size_t at, const struct aws_call *call,
                          struct err *error) {
    struct scheduler_page page;
    if (scheduler_list_schedules_result(call, l->place->arena, &page, error) != 0) {
        return -1;
    }
    l->all[at].next = page.next;
    for (size_t i = 0; i < page.n; i++) {
        const struct listing schedule = {
            .kind = GET_SCHEDULE, .bus = page.schedules[i].group, .name = page.schedules[i].name};
        struct view target = page.schedules[i].target_arn;
        l->n_universal += view_ends_with(target, VIEW(":aws-sdk:ecs:runTask")) ? 1 : 0;
        if (is_of_some_cluster(l, target) && add_listing(l, &schedule) != 0) {
            return -1;
        }
    }
    return 0;
}

static int take_schedule(struct listings *l, size_t at, const struct aws_call *call,
                         struct err *error) {
    struct scheduler_schedule schedule;
    if (scheduler_get_schedule_result(call, l->place->arena, &schedule, error) != 0) {
        return -1;
    }
    const struct task_runner runner = {.kind = RUNNER_SCHEDULE,
                                       .group = l->all[at].bus,
                                       .name = l->all[at].name,
                                       .task_definition = schedule.task_definition,
                                       .schedule = schedule};
    return schedule.is_missing ? 0 : add_runner(l, schedule.target_arn, &runner);
}

static int take(struct listings *l, size_t at, const struct aws_call *call, struct err *error) {
    switch (l->all[at].kind) {
    case LIST_BUSES:
        return take_buses(l, at, call, error);
    case LIST_SCHEDULES:
        return take_schedules(l, at, call, error);
    case LIST_RULES:
        return take_rules(l, at, call, error);
    case LIST_TARGETS:
        return take_targets(l, at, call, error);
    case GET_SCHEDULE:
        return take_schedule(l, at, call, error);
    }
    return -1;
}

/* An error of AWS is kept: what is not known must not be taken for nothing. */
static int keep_error(struct listings *l, const struct err *error) {
    if (err_is_set(l->place->err) || error->code == ERR_OUT_OF_MEMORY) {
        return err_out_of_memory(l->place->err, "facts");
    }
    struct err *kept = ARENA_NEW(l->place->arena, struct err);
    if (!kept) {
        return err_out_of_memory(l->place->err, "facts");
    }
    *kept = *error;
    l->error = l->error ? l->error : kept;
    return 0;
}

/* Reads the next page of each listing that is not over. */
static int run_wave(struct listings *l, bool *ret_more) {
    size_t n = 0;
    for (size_t i = 0; i < l->n && n < WAVE_CALLS; i++) {
        if (!l->all[i].is_over) {
            l->owners[n] = i;
            if (build_call(&l->all[i], l->place->arena, &l->calls[n], l->place->err) != 0) {
                return -1;
            }
            n++;
        }
    }
    *ret_more = n > 0 && !l->error;
    if (!*ret_more) {
        return 0;
    }
    aws_call_all(l->place->aws, l->calls, n, l->place->deadline_ms, l->place->arena);
    for (size_t i = 0; i < n; i++) {
        size_t at = l->owners[i];
        struct err error;
        err_init(&error);
        l->all[at].next = (struct view){0};
        if (take(l, at, &l->calls[i], &error) != 0 && keep_error(l, &error) != 0) {
            return -1;
        }
        struct listing *listing = &l->all[at];
        listing->is_over = listing->next.len == 0;
        if (!listing->is_over && ++listing->pages >= PAGES_MAX) {
            (void)err_set(&error, ERR_BAD_RESPONSE,
                          "the list of what runs tasks has more than %d pages", PAGES_MAX);
            if (keep_error(l, &error) != 0) {
                return -1;
            }
        }
    }
    return 0;
}

int task_runners_read(const struct gathering_place *place, struct task_family *families, size_t n) {
    struct listings l = {.place = place, .families = families, .n_families = n};
    bool more = n > 0;
    l.calls = ARENA_ARRAY(place->arena, WAVE_CALLS, struct aws_call);
    l.owners = ARENA_ARRAY(place->arena, WAVE_CALLS, size_t);
    if (!l.calls || !l.owners) {
        return err_out_of_memory(place->err, "facts");
    }
    if (add_listing(&l, &(struct listing){.kind = LIST_BUSES}) != 0 ||
        add_listing(&l, &(struct listing){.kind = LIST_SCHEDULES}) != 0) {
        return -1;
    }
    while (more) {
        if (run_wave(&l, &more) != 0) {
            return -1;
        }
    }
    for (size_t i = 0; i < n; i++) {
        families[i].err = l.error;
        families[i].n_universal = l.n_universal;
    }
    return 0;
}

bool task_runner_is_same_rule(const struct task_runner *a, const struct task_runner *b) {
    return a->kind == RUNNER_RULE && b->kind == RUNNER_RULE && view_equal(a->group, b->group) &&
           view_equal(a->name, b->name);
}

struct view task_runner_name(const struct task_runner *runner, struct arena *arena) {
    if (runner->kind == RUNNER_SCHEDULE) {
        return arena_printf(arena, "schedule '" VIEW_FMT "/" VIEW_FMT "'", VIEW_ARG(runner->group),
                            VIEW_ARG(runner->name));
    }
    if (view_equal(runner->group, VIEW("default"))) {
        return arena_printf(arena, "rule '" VIEW_FMT "'", VIEW_ARG(runner->name));
    }
    return arena_printf(arena, "rule '" VIEW_FMT "' of bus '" VIEW_FMT "'", VIEW_ARG(runner->name),
                        VIEW_ARG(runner->group));
}
