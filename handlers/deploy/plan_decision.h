#ifndef SLIPWAY_HANDLERS_DEPLOY_PLAN_DECISION_H
#define SLIPWAY_HANDLERS_DEPLOY_PLAN_DECISION_H

/*
 * The decision on one change as a row of checks. Each looks at one thing and either decides the
 * change or lets the next one look. Private to plan*.c; the rows are in plan.c.
 */

#include "handlers/deploy/plan.h"

struct decision {
    const struct config *config;
    struct view own_account;
    struct arena *arena;
    struct err *err; /* for ERR_OUT_OF_MEMORY */
    struct change *change;
    const struct trigger *trigger; /* these three are the change's */
    const struct target *target;
    const struct facts *facts;
    struct view event_tag; /* what slipway:event-id has for this event */

    const struct ecs_task_definition *base; /* set by check_base */
    struct taskdef_container *containers;   /* of the base, to change; set by check_containers */
    struct view *images;                    /* what they are to run */
    size_t n_containers;
};

/* What a check says; -1: ERR_OUT_OF_MEMORY. */
enum { GO_ON = 0, DECIDED = 1 };
typedef int (*decision_check)(struct decision *d);

/* Runs the checks in their order until one decides; DECIDED, too, when none speaks against it: then
 * the verdict that the first look gave stands. */
int decision_run(struct decision *d, const decision_check *checks, size_t n);

/* All return DECIDED or -1. A text or remedy whose .data is NULL is memory that ran out; an empty
 * remedy leaves the code's own. */
int decide_note(struct decision *d, enum verdict verdict, struct view note);
int decide_refusal(struct decision *d, enum err_code code, struct view message, struct view remedy);
/* An error that somebody else has filled; refused or failed by its class. */
int decide_error(struct decision *d, const struct err *error);
int decide_error_with_remedy(struct decision *d, const struct err *error, struct view remedy);

/* What runs, as far as it is known. */
static inline bool decision_knows_running(const struct decision *d) {
    return d->facts->running.arn.len > 0;
}
/* The tag and the digest that a revision of slipway's was made from. */
void decision_describe(struct decision *d, const struct ecs_task_definition *definition);
/* The image of the first container of interest in it; empty when there is none. */
int decision_image_of(struct decision *d, const struct ecs_task_definition *definition,
                      struct view *ret_image);

/* Whole decisions of their kind, each in its own plan_….c; like decision_run(). */
int decide_rollback(struct decision *d);
int decide_rollout(struct decision *d);
int decide_task(struct decision *d);
int decide_lambda(struct decision *d);

/* plan_rollback.c: the change uses that revision, and leaves its trace on it. -1:
 * ERR_OUT_OF_MEMORY. */
int decision_trace(struct decision *d, const struct ecs_task_definition *revision);

/* plan_codedeploy.c: for services with the CODE_DEPLOY controller only. */
int check_code_deploy(struct decision *d);
void deliver_by_code_deploy(struct decision *d);

/* plan_service.c: whether it is of the account and the region where the service is; a name is. */
bool decision_is_of_services_place(const struct decision *d, struct view name_or_arn);
int check_service(struct decision *d);
int check_family(struct decision *d);
int check_running(struct decision *d);
int check_same_event(struct decision *d);
int check_event_order(struct decision *d);
int check_restart_covered(struct decision *d);
int check_requested(struct decision *d);
int check_requested_runs(struct decision *d);
int use_requested(struct decision *d);

/* plan_returned.c */
int check_family_read(struct decision *d);
int check_returned(struct decision *d);
int check_requested_order(struct decision *d);
int check_rollback_order(struct decision *d);

/* plan_image.c */
int check_tag_policy(struct decision *d);
int check_image(struct decision *d);
int check_digest_policy(struct decision *d);
int check_platform(struct decision *d);
/* plan_nearest.c: "deploy one of the tags that exist: 'git-abc1230' …"; .data NULL: no memory. */
struct view nearest_tags_remedy(struct decision *d);

/* plan_build.c */
int check_base(struct decision *d);
int check_unfinished(struct decision *d);
int check_containers(struct decision *d);
int check_runs_already(struct decision *d);
int build_revision(struct decision *d);
/* Whether the base's containers have the new images already. */
bool decision_base_has_images(const struct decision *d);

#endif
