#ifndef SLIPWAY_HANDLERS_DEPLOY_EXECUTE_LOOK_H
#define SLIPWAY_HANDLERS_DEPLOY_EXECUTE_LOOK_H

/*
 * What a look after an update sees of one service and its family. Private to execute_look.c, which
 * reads it, and execute_converge.c, which acts on it.
 */

#include "handlers/deploy/execute_move.h"

/* A revision that has been described. */
struct known_revision {
    struct ecs_task_definition definition;
    bool is_unusable; /* AWS refused to give it to the service */
    bool is_fresh;    /* described after the move's update; before it, it may have got another
                         trace since */
};

struct look {
    struct move *move;
    bool is_shared; /* another service has the same family: its revisions say nothing of this one */
    int64_t floor;  /* what was registered at the same time as this deploy is above it */
    struct known_revision *known;
    size_t n_known, capacity;
    struct view given; /* another event's revision that the move has given to the service */

    /* of the latest look */
    const struct err *error; /* it could not be had */
    struct ecs_service_state service;
    struct ecs_task_definition latest;
    int *asked; /* its reads in the second wave */
    size_t n_asked;
};

/* Begins with what the plan's facts brought. */
ERR_MUST_USE int look_begin(struct execution *x, struct move *move, struct look *ret_look);

/* Looks, for all at once: the service and the family's newest revision, then what is not known of
 * the revisions that take part (mostly nothing). */
ERR_MUST_USE int look_all(struct execution *x, struct look *looks, size_t n);

/* The revision that is to run by the order of events; NULL: the move's own. */
struct known_revision *look_winner(const struct look *look);
/* The described revision with that ARN, or NULL. */
struct known_revision *look_find(const struct look *look, struct view arn);
/* Whether a revision takes part: an event's, ACTIVE, and of the time of this deploy. */
bool look_takes_part(const struct look *look, const struct known_revision *revision);
/* Whether the deploy of what ran before may still be at work: its event is hardly older. */
bool look_previous_is_at_work(const struct look *look);
/* Whether nothing at all has happened to the service since the plan's facts were read. */
bool look_is_as_before(const struct look *look);

#endif
