#include "cli/doctor/gathering.h"

#include <string.h>

/* The repositories: whether they are there, whom they admit, what they hold, and what their
 * lifecycle policies would take away. */

struct stock { /* what is asked of one repository */
    int described, policy, lifecycle, page;
    bool is_asked, is_listed, has_indexes_asked, is_judged;
    size_t capacity;
    struct view next;
    int *indexes; /* calls */
    size_t n_indexes;
};
struct registry_part {
    struct stock *stocks;
};

static int begin(struct gathering *g, struct err *err) {
    g->registry = ARENA_NEW(g->arena, struct registry_part);
    if (!g->registry) {
        return err_out_of_memory(err, "repositories");
    }
    g->registry->stocks = ARENA_ARRAY(g->arena, g->facts->n_repositories, struct stock);
    return g->registry->stocks ? 0 : err_out_of_memory(err, "repositories");
}

/* --- what runs, and whether a rule takes it --- */

const struct ecr_stored_image *doctor_running_image(const struct doctor_repository *repository,
                                                    const struct what_runs *runs) {
    struct view digest = runs->digest;
    struct view tag = runs->tag;
    for (size_t i = 0; i < repository->n_images; i++) {
        const struct ecr_stored_image *image = &repository->images[i];
        if (digest.len > 0) {
            if (view_equal(image->digest, digest)) {
                return image;
            }
            continue;
        }
        for (size_t j = 0; j < image->n_tags; j++) {
            if (view_equal(image->tags[j], tag)) {
                return image;
            }
        }
    }
    return NULL;
}

static int judge(struct gathering *g, struct doctor_repository *repository, struct err *err) {
    return lifecycle_evaluate(&repository->lifecycle, repository->images, repository->n_images,
                              g->facts->now_ms, g->arena, &repository->verdicts, err);
}

/* Whether a rule takes a running image that an index may list, which has to be asked for. */
static bool needs_indexes(const struct gathering *g, const struct doctor_repository *repository) {
    for (size_t i = 0; i < g->facts->n_targets; i++) {
        const struct doctor_target *target = &g->facts->targets[i];
        const struct what_runs *one;
        for (size_t j = 0;
             target->repository == repository && (one = what_runs_at(&target->runs, j)) != NULL;
             j++) {
            const struct ecr_stored_image *image = doctor_running_image(repository, one);
            if (image && !ecr_is_index(image) &&
                repository->verdicts[image - repository->images].rule) {
                return true;
            }
        }
    }
    return false;
}

static int ask_indexes(struct gathering *g, const struct doctor_repository *all,
                       struct stock *stock, struct err *err) {
    struct view *digests = ARENA_ARRAY(g->arena, all->n_images, struct view);
    size_t n = 0;
    stock->has_indexes_asked = true;
    stock->indexes = ARENA_ARRAY(g->arena, all->n_images / ECR_GET_INDEXES_MAX + 1, int);
    if (!digests || !stock->indexes) {
        return err_out_of_memory(err, "indexes");
    }
    for (size_t i = 0; i < all->n_images; i++) {
        if (ecr_is_index(&all->images[i]) && !all->images[i].is_archived) {
            digests[n++] = all->images[i].digest;
        }
    }
    for (size_t from = 0; from < n; from += ECR_GET_INDEXES_MAX) {
        size_t some = n - from < ECR_GET_INDEXES_MAX ? n - from : ECR_GET_INDEXES_MAX;
        struct aws_call call;
        if (ecr_get_indexes_call(&all->repository.registry, all->repository.name, digests + from,
                                 some, g->arena, &call, err) < 0) {
            return -1;
        }
        int number = gathering_ask(g, &call, err);
        if (number < 0) {
            return -1;
        }
        stock->indexes[stock->n_indexes++] = number;
    }
    return 0;
}

static int read_indexes(struct gathering *g, struct doctor_repository *repository,
                        struct stock *stock, struct err *err) {
    for (size_t i = 0; i < stock->n_indexes; i++) {
        const struct aws_call *call = gathering_answer(g, stock->indexes[i]);
        struct err failure;
        err_init(&failure);
        if (ecr_get_indexes_result(call, g->arena, repository->images, repository->n_images,
                                   &failure) < 0 &&
            gathering_keep(g, &failure, &repository->lifecycle_err, err) < 0) {
            return -1;
        }
    }
    stock->n_indexes = 0;
    return judge(g, repository, err);
}

/* --- pages of images --- */

static int add_page(struct gathering *g, struct doctor_repository *repository, struct stock *stock,
                    const struct ecr_image_page *page, struct err *err) {
    size_t n = repository->n_images + page->n;
    if (n > stock->capacity) {
        size_t capacity = 2 * stock->capacity + page->n;
        struct ecr_stored_image *more = ARENA_ARRAY(g->arena, capacity, struct ecr_stored_image);
        if (!more) {
            return err_out_of_memory(err, "images");
        }
        if (repository->n_images > 0) {
            memcpy(more, repository->images, repository->n_images * sizeof(*more));
        }
        repository->images = more;
        stock->capacity = capacity;
    }
    if (page->n > 0) {
        memcpy(repository->images + repository->n_images, page->images,
               page->n * sizeof(*page->images));
    }
    repository->n_images = n;
    stock->next = page->next;
    stock->is_listed = page->next.len == 0;
    return 0;
}

static int read_page(struct gathering *g, struct doctor_repository *repository, struct stock *stock,
                     struct err *err) {
    struct ecr_image_page page;
    struct err failure;
    err_init(&failure);
    if (ecr_list_images_result(gathering_answer(g, stock->page), g->arena, &page, &failure) < 0) {
        stock->is_listed = true;
        return gathering_keep(g, &failure, &repository->images_err, err);
    }
    return add_page(g, repository, stock, &page, err);
}

/* --- a repository --- */

static int ask_about(struct gathering *g, const struct repository *one, struct stock *stock,
                     struct err *err) {
    struct aws_call calls[3];
    const struct ecr_registry *registry = &one->registry;
    if (ecr_describe_repository_call(registry, one->name, g->arena, &calls[0], err) < 0 ||
        ecr_get_repository_policy_call(registry, one->name, g->arena, &calls[1], err) < 0 ||
        ecr_get_lifecycle_policy_call(registry, one->name, g->arena, &calls[2], err) < 0) {
        return -1;
    }
    stock->described = gathering_ask(g, &calls[0], err);
    stock->policy = gathering_ask(g, &calls[1], err);
    stock->lifecycle = gathering_ask(g, &calls[2], err);
    return stock->described < 0 || stock->policy < 0 || stock->lifecycle < 0 ? -1 : 0;
}

static int ask_page(struct gathering *g, const struct repository *one, struct stock *stock,
                    struct err *err) {
    struct aws_call call;
    if (ecr_list_images_call(&one->registry, one->name, stock->next, g->arena, &call, err) < 0) {
        return -1;
    }
    stock->page = gathering_ask(g, &call, err);
    return stock->page < 0 ? -1 : 0;
}

static int ask(struct gathering *g, struct err *err) {
    for (size_t i = 0; i < g->facts->n_repositories; i++) {
        struct doctor_repository *repository = &g->facts->repositories[i];
        struct stock *stock = &g->registry->stocks[i];
        stock->described = stock->page = -1;
        if (!stock->is_asked && ask_about(g, &repository->repository, stock, err) < 0) {
            return -1;
        }
        stock->is_asked = true;
        if (!stock->is_listed && ask_page(g, &repository->repository, stock, err) < 0) {
            return -1;
        }
        if (stock->is_judged && !stock->has_indexes_asked && needs_indexes(g, repository) &&
            ask_indexes(g, repository, stock, err) < 0) {
            return -1;
        }
    }
    return 0;
}

static int read_lifecycle(struct gathering *g, struct doctor_repository *repository,
                          const struct aws_call *call, struct err *err) {
    struct view text = {0};
    struct err failure;
    err_init(&failure);
    if (ecr_get_lifecycle_policy_result(call, g->arena, &text, &failure) == 0 && text.len > 0) {
        (void)!lifecycle_read(text, "lifecycle policy", g->arena, &repository->lifecycle, &failure);
    }
    return gathering_keep(g, &failure, &repository->lifecycle_err, err);
}

static int read_about(struct gathering *g, struct doctor_repository *repository,
                      const struct stock *stock, struct err *err) {
    struct err described;
    struct err admits;
    err_init(&described);
    err_init(&admits);
    (void)!ecr_describe_repository_result(gathering_answer(g, stock->described), g->arena,
                                          &repository->described, &described);
    (void)!ecr_get_repository_policy_result(gathering_answer(g, stock->policy), g->arena,
                                            &repository->policy, &admits);
    return gathering_keep(g, &described, &repository->err, err) < 0 ||
                   gathering_keep(g, &admits, &repository->policy_err, err) < 0
               ? -1
               : read_lifecycle(g, repository, gathering_answer(g, stock->lifecycle), err);
}

static int read_stock(struct gathering *g, struct doctor_repository *repository,
                      struct stock *stock, struct err *err) {
    if ((stock->described >= 0 && read_about(g, repository, stock, err) < 0) ||
        (stock->page >= 0 && read_page(g, repository, stock, err) < 0) ||
        (stock->n_indexes > 0 && read_indexes(g, repository, stock, err) < 0)) {
        return -1;
    }
    if (stock->is_listed && !stock->is_judged && !repository->images_err &&
        !repository->lifecycle_err) {
        stock->is_judged = true;
        return judge(g, repository, err);
    }
    return 0;
}

static int read_all(struct gathering *g, struct err *err) {
    for (size_t i = 0; i < g->facts->n_repositories; i++) {
        if (read_stock(g, &g->facts->repositories[i], &g->registry->stocks[i], err) < 0) {
            return -1;
        }
    }
    return 0;
}

const struct gather_part gather_registry = {.begin = begin, .ask = ask, .read = read_all};
