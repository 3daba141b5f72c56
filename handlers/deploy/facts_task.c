#include "handlers/deploy/facts_task.h"

#include "handlers/deploy/facts_wave.h"
#include "handlers/deploy/plan_revision.h"
#include "runtime/aws/arn.h"

/* One request's reads. */
struct task_gathering {
    const struct facts_request *request;
    struct task_facts *task;
    int *reads; /* of the revisions, in the wave */
    size_t n_reads;
};

struct view task_cluster_arn(struct view cluster, const struct ecs_task_definition *definition,
                             struct arena *arena) {
    struct arn arn;
    if (arn_parse(cluster, &arn)) {
        return cluster;
    }
    if (!arn_parse(definition->arn, &arn)) {
        return (struct view){0};
    }
    return arena_printf(arena, "arn:" VIEW_FMT ":ecs:" VIEW_FMT ":" VIEW_FMT ":cluster/" VIEW_FMT,
                        VIEW_ARG(arn.partition), VIEW_ARG(arn.region), VIEW_ARG(arn.account),
                        VIEW_ARG(cluster));
}

const struct ecs_task_definition *task_facts_find(const struct facts *facts, struct view arn) {
    if (view_equal(revision_name(facts->latest.arn), revision_name(arn))) {
        return &facts->latest;
    }
    for (size_t i = 0; facts->task && i < facts->task->n_revisions; i++) {
        const struct ecs_task_definition *revision = &facts->task->revisions[i];
        if (view_equal(revision_name(revision->arn), revision_name(arn))) {
            return revision;
        }
    }
    return NULL;
}

/* --- which requests --- */

static bool is_concerned(const struct facts_request *request) {
    enum trigger_kind kind = request->trigger->kind;
    return request->target->kind == TARGET_TASK &&
           (kind == TRIGGER_DEPLOY || kind == TRIGGER_DEPLOY_REVISION) &&
           !request->ret_facts->latest_err && request->ret_facts->latest.arn.len > 0;
}

static int collect(const struct gathering_place *place, const struct facts_request *requests,
                   size_t n, struct task_gathering **ret_all, size_t *ret_n) {
    struct task_gathering *all = ARENA_ARRAY(place->arena, n, struct task_gathering);
    size_t count = 0;
    if (!all) {
        return err_out_of_memory(place->err, "facts");
    }
    for (size_t i = 0; i < n; i++) {
        if (!is_concerned(&requests[i])) {
            continue;
        }
        struct task_gathering *g = &all[count++];
        g->request = &requests[i];
        g->task = ARENA_NEW(place->arena, struct task_facts);
        if (!g->task) {
            return err_out_of_memory(place->err, "facts");
        }
        requests[i].ret_facts->task = g->task;
    }
    *ret_all = all;
    *ret_n = count;
    return 0;
}

/* --- the runners --- */

static int gather_runners(const struct gathering_place *place, struct task_gathering *all,
                          size_t n) {
    struct task_family *families = ARENA_ARRAY(place->arena, n, struct task_family);
    if (!families) {
        return err_out_of_memory(place->err, "facts");
    }
    for (size_t i = 0; i < n; i++) {
        const struct target *target = all[i].request->target;
        families[i].family = target->family;
        families[i].cluster_arn =
            task_cluster_arn(target->cluster, &all[i].request->ret_facts->latest, place->arena);
        if (!families[i].cluster_arn.data) {
            return err_out_of_memory(place->err, "facts");
        }
    }
    if (task_runners_read(place, families, n) != 0) {
        return -1;
    }
    for (size_t i = 0; i < n; i++) {
        all[i].task->runners = families[i].runners;
        all[i].task->n_runners = families[i].n_runners;
        all[i].task->n_universal = families[i].n_universal;
        all[i].task->err = families[i].err;
    }
    return 0;
}

/* --- the revisions --- */

static int ask(struct task_gathering *g, struct wave *wave, struct view name,
               const struct gathering_place *place) {
    int read = name.data ? wave_add_task_definition(wave, name, place->err) : -1;
    if (read < 0) {
        return err_out_of_memory(place->err, "facts");
    }
    for (size_t i = 0; i < g->n_reads; i++) {
        if (g->reads[i] == read) {
            return 0;
        }
    }
    g->reads[g->n_reads++] = read;
    return 0;
}

/* Those that something is pinned to, by family and number, and those that were registered since
 * what ran before the newest: other events may be at work there. */
static int ask_revisions(struct task_gathering *g, struct wave *wave,
                         const struct gathering_place *place) {
    const struct ecs_task_definition *latest = &g->request->ret_facts->latest;
    int64_t floor = revision_floor(latest);
    g->reads = ARENA_ARRAY(place->arena, g->task->n_runners + TASK_REVISIONS_MAX, int);
    if (!g->reads) {
        return err_out_of_memory(place->err, "facts");
    }
    for (size_t i = 0; i < g->task->n_runners; i++) {
        const struct task_runner *runner = &g->task->runners[i];
        struct view name = revision_name(runner->task_definition);
        if (runner->is_pinned && !view_equal(name, revision_name(latest->arn)) &&
            ask(g, wave, name, place) != 0) {
            return -1;
        }
    }
    for (int64_t i = 0; i < TASK_REVISIONS_MAX && latest->revision - 1 - i > floor; i++) {
        if (ask(g, wave,
                arena_printf(place->arena, VIEW_FMT ":%lld", VIEW_ARG(latest->family),
                             (long long)(latest->revision - 1 - i)),
                place) != 0) {
            return -1;
        }
    }
    return 0;
}

/* A revision that is gone is nobody's. */
static int read_revisions(struct task_gathering *g, const struct wave *wave,
                          const struct gathering_place *place) {
    struct task_facts *task = g->task;
    task->revisions = ARENA_ARRAY(place->arena, g->n_reads, struct ecs_task_definition);
    if (!task->revisions) {
        return err_out_of_memory(place->err, "facts");
    }
    for (size_t i = 0; i < g->n_reads; i++) {
        const struct err *absent = NULL;
        if (wave_task_definition(wave, g->reads[i], &task->revisions[task->n_revisions], &absent,
                                 place->err) != 0) {
            return -1;
        }
        task->n_revisions += absent ? 0 : 1;
        if (absent && err_class(absent->code) != ERR_CLASS_REFUSED) {
            task->revisions_err = absent;
        }
    }
    return 0;
}

static void find_running(const struct task_gathering *g) {
    struct facts *facts = g->request->ret_facts;
    const struct ecs_task_definition *running = NULL;
    for (size_t i = 0; i < g->task->n_runners; i++) {
        const struct task_runner *runner = &g->task->runners[i];
        const struct ecs_task_definition *found =
            runner->is_pinned ? task_facts_find(facts, runner->task_definition) : NULL;
        if (found && (!running || found->revision > running->revision)) {
            running = found;
        }
    }
    facts->running = running ? *running : facts->latest;
}

static int gather_revisions(const struct gathering_place *place, struct task_gathering *all,
                            size_t n) {
    struct wave wave = wave_of(place->arena);
    for (size_t i = 0; i < n; i++) {
        if (ask_revisions(&all[i], &wave, place) != 0) {
            return -1;
        }
    }
    if (wave_run(&wave, place->aws, place->deadline_ms, place->err) != 0) {
        return -1;
    }
    for (size_t i = 0; i < n; i++) {
        if (read_revisions(&all[i], &wave, place) != 0) {
            return -1;
        }
        find_running(&all[i]);
    }
    return 0;
}

int facts_gather_task(const struct gathering_place *place, const struct facts_request *requests,
                      size_t n) {
    struct task_gathering *all = NULL;
    size_t count = 0;
    if (collect(place, requests, n, &all, &count) != 0) {
        return -1;
    }
    if (count == 0) {
        return 0;
    }
    return gather_runners(place, all, count) != 0 || gather_revisions(place, all, count) != 0 ? -1
                                                                                              : 0;
}
