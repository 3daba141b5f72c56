#ifndef SLIPWAY_TESTS_HANDLERS_PLAN_FIXTURE_H
#define SLIPWAY_TESTS_HANDLERS_PLAN_FIXTURE_H

/*
 * The decision on facts made by hand. Service web runs web:41, which is the family's newest; the
 * event is of 10:00, and asks for tag git-new of digest B.
 */

#include "handlers/deploy/plan.h"
#include "runtime/base/clock.h"
#include "tests/unit/handlers/definition.h"

#include <stdio.h>
#include <string.h>

#define HOST "111111111111.dkr.ecr.us-east-1.amazonaws.com"
#define REPO HOST "/p_web"
#define A "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define ARN "arn:aws:ecs:us-east-1:222222222222:"
#define TEN "2026-11-20T10:00:00Z"

struct fixture {
    struct arena arena;
    struct config config;
    struct tag_policy policy;
    struct trigger trigger;
    struct target target;
    struct facts facts;
    struct ecs_deployment primary;
    struct change change;
    struct err err;
};

static inline int64_t at(const char *time) {
    int64_t ms = 0;
    assert_true(time_parse_rfc3339(view_of(time), &ms));
    return ms;
}

static inline void set_policy(struct fixture *f, const char *text) {
    assert_int_equal(tag_policy_parse(view_of(text), &f->arena, &f->policy, &f->err), 0);
}

/* web:<revision> with one container of that image, more members, and tags. */
static inline struct ecs_task_definition revision(struct fixture *f, int number, const char *image,
                                                  const char *members, const char *tags) {
    return definition_of(
        &f->arena,
        arena_printf(&f->arena,
                     "{\"taskDefinition\":{\"taskDefinitionArn\":\"" ARN
                     "task-definition/web:%d\",\"family\":\"web\",\"revision\":%d,\"status\":"
                     "\"ACTIVE\",\"containerDefinitions\":[{\"name\":\"app\",\"image\":\"%s\"}]%s},"
                     "\"tags\":[%s]}",
                     number, number, image, members, tags));
}

#define EVENT_TAGS(id, time, tag, digest, previous)                                                \
    "{\"key\":\"slipway:event-id\",\"value\":\"" id "\"},{\"key\":\"slipway:event-time\","         \
    "\"value\":\"" time "\"},{\"key\":\"slipway:image-tag\",\"value\":\"" tag "\"},{\"key\":"      \
    "\"slipway:digest\",\"value\":\"" digest                                                       \
    "\"},{\"key\":\"slipway:previous\",\"value\":\"" previous "\"}"

static inline void set_running(struct fixture *f, struct ecs_task_definition definition) {
    f->facts.running = definition;
    f->facts.service.task_definition = definition.arn;
    f->primary.task_definition = definition.arn;
}

static inline int set_up(void **state) {
    static struct fixture f;
    memset(&f, 0, sizeof(f));
    f.arena = ARENA_INIT(64 * 1024 * 1024);
    err_init(&f.err);
    set_policy(&f, "git-*");
    f.config = (struct config){.project = VIEW("p"), .env = VIEW("prod"), .is_prod = true};
    f.trigger = (struct trigger){.kind = TRIGGER_DEPLOY,
                                 .event_id = VIEW("e-1"),
                                 .event_time_ms = at(TEN),
                                 .service = VIEW("web"),
                                 .tag = VIEW("git-new")};
    err_init(&f.trigger.refusal);
    f.target = (struct target){
        .name = VIEW("web"),
        .kind = TARGET_SERVICE,
        .cluster = VIEW("c"),
        .service = VIEW("web-service"),
        .family = VIEW("web"),
        .repository = {.registry = {.account = VIEW("111111111111"), .region = VIEW("us-east-1")},
                       .name = VIEW("p_web")},
        .deploy_tags = &f.policy,
    };
    f.facts.service = (struct ecs_service_state){.name = VIEW("web-service"),
                                                 .arn = VIEW(ARN "service/c/web-service"),
                                                 .status = VIEW("ACTIVE"),
                                                 .controller = VIEW("ECS"),
                                                 .deployments = &f.primary,
                                                 .n_deployments = 1,
                                                 .primary = &f.primary};
    f.primary = (struct ecs_deployment){.id = VIEW("ecs-svc/1"),
                                        .status = VIEW("PRIMARY"),
                                        .created_at_ms = at("2026-11-20T09:00:00Z")};
    f.facts.latest = revision(&f, 41, REPO "@" A, "", "");
    set_running(&f, f.facts.latest);
    f.facts.image = (struct ecr_image){.digest = VIEW(B)};
    f.facts.manifest = (struct ecr_manifest){.digest = VIEW(B)};
    *state = &f;
    return 0;
}

static inline int tear_down(void **state) {
    struct fixture *f = *state;
    arena_release(&f->arena);
    return 0;
}

static inline const struct change *decide(struct fixture *f) {
    f->change = (struct change){.trigger = &f->trigger, .target = &f->target, .facts = &f->facts};
    if (plan_decide(&f->config, VIEW("222222222222"), &f->arena, &f->change, &f->err) != 0) {
        fail_msg("%s", f->err.message);
    }
    return &f->change;
}

static inline void assert_view(struct view got, const char *want) {
    if (!view_equal(got, view_of(want))) {
        fail_msg("got  " VIEW_FMT "\nwant %s", VIEW_ARG(got), want);
    }
}

/* No part of an empty text but the empty one; nothing is added to its NULL. */
static inline bool has_part(struct view text, const char *part) {
    size_t len = strlen(part);
    for (size_t i = 0; len > 0 && i + len <= text.len; i++) {
        if (memcmp(text.data + i, part, len) == 0) {
            return true;
        }
    }
    return len == 0;
}

static inline void assert_has(struct view text, const char *part) {
    if (!has_part(text, part)) {
        fail_msg("'" VIEW_FMT "' lacks '%s'", VIEW_ARG(text), part);
    }
}

static inline void assert_lacks(struct view text, const char *part) {
    if (has_part(text, part)) {
        fail_msg("'" VIEW_FMT "' has '%s'", VIEW_ARG(text), part);
    }
}

static inline void assert_verdict(const struct change *change, enum verdict want) {
    if (change->verdict != want) {
        fail_msg("verdict %d instead of %d: " VIEW_FMT " %s", (int)change->verdict, (int)want,
                 VIEW_ARG(change->note), change->err ? change->err->message : "");
    }
    assert_true((change->register_request.len > 0 || change->reuse.len > 0) ==
                (want == VERDICT_DEPLOY));
}

static inline void assert_error(const struct change *change, enum verdict verdict,
                                enum err_code code, const char *part) {
    assert_verdict(change, verdict);
    assert_non_null(change->err);
    assert_string_equal(err_name(change->err->code), err_name(code));
    assert_has(view_of(change->err->message), part);
    assert_true(change->err->remedy[0] != '\0');
}

static inline void assert_refused(struct fixture *f, enum err_code code, const char *part) {
    assert_error(decide(f), VERDICT_REFUSED, code, part);
}

static inline const struct err *an_error(struct fixture *f, enum err_code code) {
    struct err *error = ARENA_NEW(&f->arena, struct err);
    err_init(error);
    (void)err_set(error, code, "the cause: %s", err_name(code));
    return error;
}

static inline void run_event(struct fixture *f, const char *tags) {
    f->facts.latest = revision(f, 41, REPO "@" A, "", tags);
    set_running(f, f->facts.latest);
}

#endif
