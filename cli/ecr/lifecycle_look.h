#ifndef SLIPWAY_CLI_ECR_LIFECYCLE_LOOK_H
#define SLIPWAY_CLI_ECR_LIFECYCLE_LOOK_H

/* What lifecycle_check() gathers: which images run, and what their repositories hold. Private to
 * it. */

#include "cli/ecr/lifecycle_check.h"

struct stock { /* a repository, with all that is in it */
    const struct repository *repository;
    struct ecr_stored_image *images;
    size_t n, capacity, n_pages;
    struct view next;
    bool is_read, is_failed;
    struct lifecycle_policy policy;
    struct lifecycle_verdict *verdicts;
};

struct found { /* an image that runs, and where it comes from */
    struct lifecycle_running running;
    const struct target *target;
    struct stock *stock;
    bool is_of_tasks; /* as a running task has pulled it, not as its revision names it */
};

struct look {
    struct session *session;
    struct arena *arena;
    int64_t deadline_ms;
    const struct lifecycle_check *check;
    struct stock *stocks;
    size_t n_stocks;
    struct found *found;
    size_t n_found, capacity;
    bool has_failed;
};

/* A line about a target; one that is not fine makes the whole check fail. */
void look_say(struct look *look, bool is_fine, struct view target, struct view text);
/* What could not be asked is no answer. */
void look_say_error(struct look *look, struct view target, const struct err *err);
void look_call(struct look *look, struct aws_call *calls, size_t n);

/* Adds an image if it is of the target's repository. -1: ERR_OUT_OF_MEMORY. */
ERR_MUST_USE int look_add(struct look *look, const struct target *target, struct view revision,
                          struct view image, bool *ret_is_of_target, struct err *err);

/* Fills `found` and names the `stocks`: a wave of services, what tasks and functions run
 * (what_runs.h), then a wave of the services' revisions. -1: ERR_OUT_OF_MEMORY. */
ERR_MUST_USE int look_at_what_runs(struct look *look, struct err *err);
/* Where a revision names its image by a tag, which may have moved: what its tasks have pulled. -1:
 * ERR_OUT_OF_MEMORY. */
ERR_MUST_USE int look_at_tasks(struct look *look, struct err *err);
/* Fills the stocks: their images, page by page, and their policies unless one is given. */
ERR_MUST_USE int look_at_stocks(struct look *look, struct err *err);
/* Which images the stock's indexes list. -1: the calls' errors. */
ERR_MUST_USE int look_at_indexes(struct look *look, struct stock *stock, struct err *err);

#endif
