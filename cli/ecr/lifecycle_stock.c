#include "cli/ecr/lifecycle_look.h"

#include <string.h>

/* Pages of one repository; a thousand images each, and ECR's quota is a tenth of that. */
#define PAGES_MAX 1000

static int add_page(struct look *look, struct stock *stock, const struct ecr_image_page *page,
                    struct err *err) {
    if (stock->n + page->n > stock->capacity) {
        size_t capacity = 2 * stock->capacity + page->n;
        struct ecr_stored_image *more = ARENA_ARRAY(look->arena, capacity, struct ecr_stored_image);
        if (!more) {
            return err_out_of_memory(err, "images");
        }
        if (stock->n > 0) {
            memcpy(more, stock->images, stock->n * sizeof(*more));
        }
        stock->images = more;
        stock->capacity = capacity;
    }
    if (page->n > 0) {
        memcpy(stock->images + stock->n, page->images, page->n * sizeof(*page->images));
    }
    stock->n += page->n;
    stock->next = page->next;
    stock->is_read = page->next.len == 0 || ++stock->n_pages == PAGES_MAX;
    return 0;
}

static void give_up(struct look *look, struct stock *stock, const struct err *err) {
    stock->is_failed = true;
    stock->is_read = true;
    look_say_error(look, stock->repository->name, err);
}

/* A page of each repository that has more, until none has. */
static int read_images(struct look *look, struct err *err) {
    struct aws_call *calls = ARENA_ARRAY(look->arena, look->n_stocks, struct aws_call);
    struct stock **asked = ARENA_ARRAY(look->arena, look->n_stocks, struct stock *);
    if (!calls || !asked) {
        return err_out_of_memory(err, "calls");
    }
    for (;;) {
        size_t n = 0;
        for (size_t i = 0; i < look->n_stocks; i++) {
            struct stock *stock = &look->stocks[i];
            if (stock->is_read) {
                continue;
            }
            if (ecr_list_images_call(&stock->repository->registry, stock->repository->name,
                                     stock->next, look->arena, &calls[n], err) < 0) {
                return -1;
            }
            asked[n++] = stock;
        }
        if (n == 0) {
            return 0;
        }
        look_call(look, calls, n);
        for (size_t i = 0; i < n; i++) {
            struct ecr_image_page page;
            struct err failure;
            err_init(&failure);
            if (ecr_list_images_result(&calls[i], look->arena, &page, &failure) < 0) {
                give_up(look, asked[i], &failure);
            } else if (add_page(look, asked[i], &page, err) < 0) {
                return -1;
            }
        }
    }
}

static int read_policy(struct look *look, struct stock *stock, const struct aws_call *call,
                       struct err *err) {
    struct view text;
    if (ecr_get_lifecycle_policy_result(call, look->arena, &text, err) < 0) {
        return -1;
    }
    if (text.len == 0) {
        return 0;
    }
    struct view subject = arena_printf(look->arena, "lifecycle policy of '" VIEW_FMT "'",
                                       VIEW_ARG(stock->repository->name));
    return subject.data ? lifecycle_read(text, subject.data, look->arena, &stock->policy, err)
                        : err_out_of_memory(err, "policy");
}

static int read_policies(struct look *look, struct err *err) {
    struct aws_call *calls = ARENA_ARRAY(look->arena, look->n_stocks, struct aws_call);
    if (!calls) {
        return err_out_of_memory(err, "calls");
    }
    for (size_t i = 0; i < look->n_stocks; i++) {
        const struct repository *repository = look->stocks[i].repository;
        if (ecr_get_lifecycle_policy_call(&repository->registry, repository->name, look->arena,
                                          &calls[i], err) < 0) {
            return -1;
        }
    }
    look_call(look, calls, look->n_stocks);
    for (size_t i = 0; i < look->n_stocks; i++) {
        struct stock *stock = &look->stocks[i];
        struct err failure;
        err_init(&failure);
        if (!stock->is_failed && read_policy(look, stock, &calls[i], &failure) < 0) {
            give_up(look, stock, &failure);
        }
    }
    return 0;
}

int look_at_stocks(struct look *look, struct err *err) {
    return read_images(look, err) < 0 || (!look->check->policy && read_policies(look, err) < 0) ? -1
                                                                                                : 0;
}

int look_at_indexes(struct look *look, struct stock *stock, struct err *err) {
    const struct repository *repository = stock->repository;
    struct view *digests = ARENA_ARRAY(look->arena, stock->n, struct view);
    size_t n = 0;
    size_t n_calls = 0;
    if (!digests) {
        return err_out_of_memory(err, "indexes");
    }
    for (size_t i = 0; i < stock->n; i++) {
        if (ecr_is_index(&stock->images[i]) && !stock->images[i].is_archived) {
            digests[n++] = stock->images[i].digest;
        }
    }
    struct aws_call *calls = ARENA_ARRAY(look->arena, n / ECR_GET_INDEXES_MAX + 1, struct aws_call);
    if (!calls) {
        return err_out_of_memory(err, "calls");
    }
    for (size_t from = 0; from < n; from += ECR_GET_INDEXES_MAX) {
        size_t some = n - from < ECR_GET_INDEXES_MAX ? n - from : ECR_GET_INDEXES_MAX;
        if (ecr_get_indexes_call(&repository->registry, repository->name, digests + from, some,
                                 look->arena, &calls[n_calls++], err) < 0) {
            return -1;
        }
    }
    look_call(look, calls, n_calls);
    for (size_t i = 0; i < n_calls; i++) {
        if (ecr_get_indexes_result(&calls[i], look->arena, stock->images, stock->n, err) < 0) {
            return -1;
        }
    }
    return 0;
}
