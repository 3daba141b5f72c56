#include "cli/what_tasks.h"

#include "handlers/deploy/facts_task.h"
#include "handlers/deploy/facts_wave.h"
#include "handlers/deploy/plan_revision.h"

struct task { /* one whose newest revision is known */
    struct what_runs *runs;
    const struct task_family *family;
    struct what_runs *revisions; /* those that run, the newest first */
    int *reads;                  /* theirs, in the wave; -1: it is the family's newest */
    size_t n;
};

static bool is_concerned(const struct what_runs *one) {
    return one->target.kind == TARGET_TASK && !one->err;
}

/* --- which revisions --- */

/* Sorted in by their number; one that is there already is left. */
static void add_revision(struct task *task, struct view name) {
    struct view family;
    int64_t number = 0;
    size_t at = task->n;
    (void)revision_parse(name, &family, &number);
    for (size_t i = 0; i < task->n; i++) {
        if (view_equal(task->revisions[i].revision, name)) {
            return;
        }
    }
    for (int64_t other; at > 0; at--) {
        if (revision_parse(task->revisions[at - 1].revision, &family, &other) && other >= number) {
            break;
        }
        task->revisions[at] = task->revisions[at - 1];
    }
    task->revisions[at] = (struct what_runs){.target = task->runs->target, .revision = name};
    task->n++;
}

static int name_revisions(struct task *task, struct arena *arena, struct err *err) {
    const struct task_family *family = task->family;
    struct view newest = revision_name(task->runs->definition.arn);
    bool newest_runs = family->n_runners == 0;
    task->revisions = ARENA_ARRAY(arena, family->n_runners + 1, struct what_runs);
    task->reads = ARENA_ARRAY(arena, family->n_runners + 1, int);
    if (!task->revisions || !task->reads) {
        return err_out_of_memory(err, "revisions");
    }
    for (size_t i = 0; i < family->n_runners; i++) {
        newest_runs = newest_runs || !family->runners[i].is_pinned;
    }
    if (newest_runs) {
        add_revision(task, newest);
    }
    for (size_t i = 0; i < family->n_runners; i++) {
        if (family->runners[i].is_pinned) {
            add_revision(task, revision_name(family->runners[i].task_definition));
        }
    }
    return 0;
}

/* --- reading them --- */

static int ask(struct task *task, struct wave *wave, struct err *err) {
    struct view newest = revision_name(task->runs->definition.arn);
    for (size_t i = 0; i < task->n; i++) {
        struct what_runs *one = &task->revisions[i];
        task->reads[i] = -1;
        if (view_equal(one->revision, newest)) {
            one->definition = task->runs->definition;
        } else if ((task->reads[i] = wave_add_task_definition(wave, one->revision, err)) < 0) {
            return -1;
        }
    }
    return 0;
}

/* Whoever reads it has to know who is to be moved. */
static int name_runner(const struct task *task, struct what_runs *one, struct arena *arena,
                       struct err *err) {
    struct err *told = ARENA_NEW(arena, struct err);
    struct view name = {0};
    for (size_t i = 0; i < task->family->n_runners && !name.data; i++) {
        const struct task_runner *runner = &task->family->runners[i];
        if (view_equal(revision_name(runner->task_definition), one->revision)) {
            name = task_runner_name(runner, arena);
        }
    }
    if (!told || !name.data) {
        return err_out_of_memory(err, "revisions");
    }
    err_set(told, one->err->code, VIEW_FMT " is pinned to what it cannot start: %s", VIEW_ARG(name),
            one->err->message);
    err_remedy(told,
               "move it to a revision that is there: slipway deploy " VIEW_FMT
               " with a tag, or with --task-definition",
               VIEW_ARG(one->target.name));
    one->err = told;
    return 0;
}

static int take(struct session *session, struct task *task, const struct wave *wave,
                struct err *err) {
    for (size_t i = 0; i < task->n; i++) {
        struct what_runs *one = &task->revisions[i];
        if ((task->reads[i] >= 0 &&
             wave_task_definition(wave, task->reads[i], &one->definition, &one->err, err) < 0) ||
            (!one->err && what_runs_read_image(session, one, err) < 0) ||
            (one->err && one->err->code == ERR_FAMILY_NOT_FOUND &&
             name_runner(task, one, session->cli->arena, err) < 0)) {
            return -1;
        }
    }
    *task->runs = task->revisions[0];
    task->runs->others = task->revisions + 1;
    task->runs->n_others = task->n - 1;
    return 0;
}

static int read_revisions(struct session *session, struct task *tasks, size_t n,
                          int64_t deadline_ms, struct err *err) {
    struct wave wave = wave_of(session->cli->arena);
    for (size_t i = 0; i < n; i++) {
        if (!tasks[i].family->err && (name_revisions(&tasks[i], session->cli->arena, err) < 0 ||
                                      ask(&tasks[i], &wave, err) < 0)) {
            return -1;
        }
    }
    if (wave_run(&wave, session->aws, deadline_ms, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < n; i++) {
        struct what_runs *one = tasks[i].runs;
        if (tasks[i].family->err) {
            /* Some revision runs, and nobody may take the newest for it. */
            *one = (struct what_runs){.target = one->target, .err = tasks[i].family->err};
        } else if (take(session, &tasks[i], &wave, err) < 0) {
            return -1;
        }
    }
    return 0;
}

int what_tasks_read(struct session *session, struct what_runs *all, size_t n, int64_t deadline_ms,
                    struct err *err) {
    struct arena *arena = session->cli->arena;
    const struct gathering_place place = {
        .aws = session->aws, .deadline_ms = deadline_ms, .arena = arena, .err = err};
    struct task *tasks = ARENA_ARRAY(arena, n, struct task);
    struct task_family *families = ARENA_ARRAY(arena, n, struct task_family);
    size_t n_tasks = 0;
    if (!tasks || !families) {
        return err_out_of_memory(err, "tasks");
    }
    for (size_t i = 0; i < n; i++) {
        if (!is_concerned(&all[i])) {
            continue;
        }
        struct task_family *family = &families[n_tasks];
        tasks[n_tasks++] = (struct task){.runs = &all[i], .family = family};
        family->family = all[i].target.family;
        family->cluster_arn = task_cluster_arn(all[i].target.cluster, &all[i].definition, arena);
        if (!family->cluster_arn.data) {
            return err_out_of_memory(err, "tasks");
        }
    }
    return task_runners_read(&place, families, n_tasks) < 0 ||
                   read_revisions(session, tasks, n_tasks, deadline_ms, err) < 0
               ? -1
               : 0;
}
