#ifndef SLIPWAY_TESTS_UNIT_HANDLERS_NOTIFY_CHANGES_H
#define SLIPWAY_TESTS_UNIT_HANDLERS_NOTIFY_CHANGES_H

/* Changes of every kind that may be told, as a plan that was carried out leaves them. */

#include "handlers/deploy/plan.h"

#include "runtime/base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define FAMILY_ARN "arn:aws:ecs:eu-west-1:222222222222:task-definition/f"
#define DIGEST "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define IMAGE "111111111111.dkr.ecr.eu-west-1.amazonaws.com/myproject_backend@" DIGEST
#define GO_BACK                                                                                    \
    "to go back: aws events put-events --entries 'Source=action.production,DetailType=ROLLBACK,"   \
    "Detail=\"{\\\"service\\\":\\\"backend\\\"}\"'"

/* Whom the changes are about. Changes borrow from it. */
struct subject {
    struct config config;
    struct trigger trigger;
    struct target service, task, function;
    struct err err;
    struct view moved[2];
};

static inline void subject_init(struct subject *s) {
    *s = (struct subject){
        .config = {.project = VIEW("myproject"), .env = VIEW("prod"), .is_prod = true},
        .trigger = {.kind = TRIGGER_DEPLOY,
                    .event_id = VIEW("event-1"),
                    .service = VIEW("backend"),
                    .tag = VIEW("git-1")},
        .service = {.name = VIEW("backend"), .kind = TARGET_SERVICE},
        .task = {.name = VIEW("nightly"), .kind = TARGET_TASK},
        .function = {.name = VIEW("thumbs"), .kind = TARGET_LAMBDA},
        .moved = {VIEW("rule nightly"), VIEW("schedule default/hourly")},
    };
    err_init(&s->trigger.refusal);
    err_init(&s->err);
}

static inline struct change a_start(struct subject *s) {
    return (struct change){
        .trigger = &s->trigger,
        .target = &s->service,
        .verdict = VERDICT_DEPLOY,
        .status = CHANGE_DEPLOYED,
        .from_task_definition = VIEW(FAMILY_ARN ":41"),
        .to_task_definition = VIEW(FAMILY_ARN ":42"),
        .to_image = VIEW(IMAGE),
        .tag = VIEW("git-1"),
        .digest = VIEW(DIGEST),
        .deployment_id = VIEW("ecs-svc/1"),
    };
}

/* What became of a deployment. */
static inline struct change an_end(struct subject *s, enum rollout_outcome outcome) {
    struct change change = a_start(s);
    s->trigger.kind = TRIGGER_ROLLOUT;
    s->trigger.tag = (struct view){0};
    change.verdict = VERDICT_REPORT;
    change.status = CHANGE_REPORTED;
    change.reuse = change.to_task_definition;
    change.to_task_definition = (struct view){0};
    change.rollout = (struct rollout){.outcome = outcome, .duration_ms = 95400};
    if (outcome == ROLLOUT_FAILED || outcome == ROLLOUT_IMPAIRED) {
        change.rollout.why = VIEW("circuit breaker\ncontainer 'app' exited with 137");
        change.rollout.remedy = VIEW("give the container more memory; " GO_BACK);
    } else if (outcome == ROLLOUT_SUPERSEDED) {
        change.rollout.why = VIEW("deployment 'ecs-svc/2' of 'f:43' took its place");
    }
    return change;
}

static inline struct change a_refusal(struct subject *s) {
    err_init(&s->err);
    (void)err_set(&s->err, ERR_IMAGE_NOT_FOUND, "tag 'git-9' is not in 'myproject_backend'");
    return (struct change){.trigger = &s->trigger,
                           .target = &s->service,
                           .verdict = VERDICT_REFUSED,
                           .status = CHANGE_REFUSED,
                           .err = &s->err};
}

static inline struct change a_failure(struct subject *s) {
    struct change change = a_refusal(s);
    err_init(&s->err);
    (void)err_set(&s->err, ERR_THROTTLED, "UpdateService was throttled");
    change.verdict = VERDICT_DEPLOY;
    change.status = CHANGE_FAILED;
    return change;
}

/* A task and a function have no later end. */
static inline struct change a_task(struct subject *s) {
    struct change change = a_start(s);
    change.target = &s->task;
    change.delivery = DELIVER_TASK;
    change.deployment_id = (struct view){0};
    change.moved = s->moved;
    change.n_moved = COUNT(s->moved);
    return change;
}

static inline struct change a_function(struct subject *s) {
    struct change change = a_start(s);
    change.target = &s->function;
    change.delivery = DELIVER_LAMBDA;
    change.from_task_definition = change.to_task_definition = (struct view){0};
    change.deployment_id = (struct view){0};
    change.version = VIEW("7");
    return change;
}

static inline struct json *parsed(struct view text) {
    const struct json_limits limits = {.max_bytes = 1024 * 1024, .max_depth = 16};
    struct json *root = NULL;
    struct err err;
    err_init(&err);
    if (json_parse(text, &limits, "message", &root, &err) != 0) {
        fail_msg("%s: " VIEW_FMT, err.message, VIEW_ARG(text));
    }
    return root;
}

static inline void assert_text(struct view got, const char *want) {
    if (!view_equal(got, view_of(want))) {
        fail_msg("got  '%.*s'\nwant '%s'", (int)got.len, got.data ? got.data : "", want);
    }
}

static inline void assert_is(const struct json *object, const char *name, const char *want) {
    assert_text(json_string(json_get(object, name)), want);
}

static inline bool has_text(struct view text, const char *part) {
    for (size_t i = 0; i < text.len; i++) {
        if (view_starts_with(view_slice(text, i, text.len), view_of(part))) {
            return true;
        }
    }
    return false;
}

static inline void assert_has(struct view text, const char *part) {
    if (!has_text(text, part)) {
        fail_msg("'%s' is not in\n%.*s", part, (int)text.len, text.data);
    }
}

static inline void assert_lacks(struct view text, const char *part) {
    if (has_text(text, part)) {
        fail_msg("'%s' is in\n%.*s", part, (int)text.len, text.data);
    }
}

#endif
