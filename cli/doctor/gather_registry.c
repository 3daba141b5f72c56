#include "cli/doctor/gathering.h"

#include <string.h>

/* Pages of one repository; a thousand images each, and ECR's quota is a tenth of that. */
#define PAGES_MAX 1000

struct listing { /* of one repository's images */
    size_t capacity, n_pages;
    struct view next;
    bool is_done;
};

static int add_page(struct gathering *g, struct doctor_repository *repository,
                    struct listing *listing, const struct ecr_image_page *page, struct err *err) {
    size_t n = repository->n_images + page->n;
    if (n > listing->capacity) {
        size_t capacity = 2 * listing->capacity + page->n;
        struct ecr_stored_image *more = ARENA_ARRAY(g->arena, capacity, struct ecr_stored_image);
        if (!more) {
            return err_out_of_memory(err, "images");
        }
        if (repository->n_images > 0) {
            memcpy(more, repository->images, repository->n_images * sizeof(*more));
        }
        repository->images = more;
        listing->capacity = capacity;
    }
    if (page->n > 0) {
        memcpy(repository->images + repository->n_images, page->images,
               page->n * sizeof(*page->images));
    }
    repository->n_images = n;
    listing->next = page->next;
    listing->is_done = page->next.len == 0 || ++listing->n_pages == PAGES_MAX;
    return 0;
}

/* A page of each repository that has more. */
static int read_pages(struct gathering *g, struct listing *listings, struct aws_call *calls,
                      size_t *ret_n, struct err *err) {
    struct doctor_repository *all = g->facts->repositories;
    size_t n = 0;
    for (size_t i = 0; i < g->facts->n_repositories; i++) {
        const struct repository *repository = &all[i].repository;
        if (!listings[i].is_done &&
            ecr_list_images_call(&repository->registry, repository->name, listings[i].next,
                                 g->arena, &calls[n++], err) < 0) {
            return -1;
        }
    }
    *ret_n = n;
    gathering_call(g, calls, n);
    n = 0;
    for (size_t i = 0; i < g->facts->n_repositories; i++) {
        struct ecr_image_page page;
        struct err failure;
        err_init(&failure);
        if (listings[i].is_done) {
            continue;
        }
        if (ecr_list_images_result(&calls[n++], g->arena, &page, &failure) < 0) {
            listings[i].is_done = true;
            if (gathering_keep(g, &failure, &all[i].images_err, err) < 0) {
                return -1;
            }
        } else if (add_page(g, &all[i], &listings[i], &page, err) < 0) {
            return -1;
        }
    }
    return 0;
}

static int gather_images(struct gathering *g, struct err *err) {
    size_t n = g->facts->n_repositories;
    struct listing *listings = ARENA_ARRAY(g->arena, n, struct listing);
    struct aws_call *calls = ARENA_ARRAY(g->arena, n, struct aws_call);
    size_t n_asked = n;
    if (!listings || !calls) {
        return err_out_of_memory(err, "images");
    }
    while (n_asked > 0) {
        if (read_pages(g, listings, calls, &n_asked, err) < 0) {
            return -1;
        }
    }
    return 0;
}

static int read_answers(struct gathering *g, struct doctor_repository *repository,
                        const struct aws_call *calls, struct err *err) {
    struct err described;
    struct err admits;
    err_init(&described);
    err_init(&admits);
    repository->was_asked = true;
    (void)!ecr_describe_repository_result(&calls[0], g->arena, &repository->described, &described);
    (void)!ecr_get_repository_policy_result(&calls[1], g->arena, &repository->policy, &admits);
    return gathering_keep(g, &described, &repository->err, err) < 0 ||
                   gathering_keep(g, &admits, &repository->policy_err, err) < 0
               ? -1
               : 0;
}

static int gather_repositories(struct gathering *g, struct err *err) {
    struct doctor_repository *all = g->facts->repositories;
    size_t n = g->facts->n_repositories;
    struct aws_call *calls = ARENA_ARRAY(g->arena, 2 * n, struct aws_call);
    if (!calls) {
        return err_out_of_memory(err, "repositories");
    }
    for (size_t i = 0; i < n; i++) {
        const struct repository *one = &all[i].repository;
        if (ecr_describe_repository_call(&one->registry, one->name, g->arena, &calls[2 * i], err) <
                0 ||
            ecr_get_repository_policy_call(&one->registry, one->name, g->arena, &calls[2 * i + 1],
                                           err) < 0) {
            return -1;
        }
    }
    gathering_call(g, calls, 2 * n);
    for (size_t i = 0; i < n; i++) {
        if (read_answers(g, &all[i], &calls[2 * i], err) < 0) {
            return -1;
        }
    }
    return 0;
}

int gather_registry(struct gathering *g, struct err *err) {
    return gather_repositories(g, err) < 0 || gather_images(g, err) < 0 ? -1 : 0;
}
