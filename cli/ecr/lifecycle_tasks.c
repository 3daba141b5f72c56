#include "cli/ecr/lifecycle_look.h"
#include "runtime/aws/ecs_running_tasks.h"

/* Pages of one target's tasks, a hundred each: ECS's quota of a service is 5,000. */
#define PAGES_MAX 50

/* By a tag alone: what that meant when a task started is not what it means now. */
static bool is_by_tag(const struct look *look, const struct target *target) {
    for (size_t i = 0; i < look->n_found; i++) {
        if (look->found[i].target == target && look->found[i].running.digest.len == 0) {
            return true;
        }
    }
    return false;
}

static bool has_digest(const struct look *look, const struct target *target, struct view digest) {
    for (size_t i = 0; i < look->n_found; i++) {
        if (look->found[i].target == target && look->found[i].is_of_tasks &&
            view_equal(look->found[i].running.digest, digest)) {
            return true;
        }
    }
    return false;
}

/* "web:7's tasks", of "arn:aws:ecs:…:task-definition/web:7". */
static struct view name_of_tasks(struct view task_definition, struct arena *arena) {
    size_t from = task_definition.len;
    while (from > 0 && task_definition.data[from - 1] != '/') {
        from--;
    }
    return arena_printf(arena, VIEW_FMT "'s tasks",
                        VIEW_ARG(view_slice(task_definition, from, task_definition.len)));
}

static int add_running(struct look *look, const struct target *target,
                       const struct ecs_running_image *image, struct err *err) {
    bool is_of_target;
    if (has_digest(look, target, image->digest)) {
        return 0;
    }
    struct view name = name_of_tasks(image->task_definition, look->arena);
    if (!name.data) {
        return err_out_of_memory(err, "tasks");
    }
    if (look_add(look, target, name, image->image, &is_of_target, err) < 0) {
        return -1;
    }
    if (is_of_target) {
        struct found *found = &look->found[look->n_found - 1];
        found->is_of_tasks = true;
        found->running.digest = image->digest;
        found->running.tag = (struct view){0}; /* which it need not have any more */
    }
    return 0;
}

/* One page: which tasks, and what they run. -1 with AWS's no in `failure`, or with `err`. */
static int look_at_page(struct look *look, const struct target *target,
                        const struct ecs_tasks_of *of, struct view *next, struct err *failure,
                        struct err *err) {
    struct aws_call call;
    struct ecs_task_page page;
    struct ecs_running_image *images;
    size_t n;
    if (ecs_list_running_tasks_call(of, *next, look->arena, &call, err) < 0) {
        return -1;
    }
    look_call(look, &call, 1);
    if (ecs_list_running_tasks_result(&call, look->arena, &page, failure) < 0) {
        return -1;
    }
    *next = page.next;
    if (page.n == 0) {
        return 0;
    }
    if (ecs_describe_tasks_call(of->cluster, page.arns, page.n, look->arena, &call, err) < 0) {
        return -1;
    }
    call.region = of->region;
    look_call(look, &call, 1);
    if (ecs_running_images_result(&call, look->arena, &images, &n, failure) < 0) {
        return -1;
    }
    for (size_t i = 0; i < n; i++) {
        if (add_running(look, target, &images[i], err) < 0) {
            return -1;
        }
    }
    return 0;
}

int look_at_tasks(struct look *look, struct err *err) {
    for (size_t i = 0; i < look->check->n_targets; i++) {
        const struct target *target = &look->check->targets[i];
        const struct ecs_tasks_of of = {
            .cluster = target->cluster,
            .service = target->kind == TARGET_SERVICE ? target->service : (struct view){0},
            .family = target->family,
            .region = look->session->config.region,
        };
        struct view next = {0};
        struct err failure;
        err_init(&failure);
        if (target->kind == TARGET_LAMBDA || !is_by_tag(look, target)) {
            continue;
        }
        for (size_t n_pages = 0; n_pages == 0 || (next.len > 0 && n_pages < PAGES_MAX); n_pages++) {
            if (look_at_page(look, target, &of, &next, &failure, err) == 0) {
                continue;
            }
            if (err_is_set(err)) {
                return -1;
            }
            look_say_error(look, target->name, &failure);
            break;
        }
    }
    return 0;
}
