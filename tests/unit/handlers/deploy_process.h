#ifndef SLIPWAY_TESTS_HANDLERS_DEPLOY_PROCESS_H
#define SLIPWAY_TESTS_HANDLERS_DEPLOY_PROCESS_H

/*
 * One function instance at work on the events of one payload: facts, plan, execution, over whatever
 * answers its http.
 */

#include "tests/unit/handlers/fake_ecs.h"

/* As aws_new() reads it: nothing in these tests is to be tried three times. */
static inline const char *process_environment_get(const void *state, const char *name) {
    return strcmp(name, "AWS_MAX_ATTEMPTS") == 0 ? "1" : fake_environment_get(state, name);
}
static const struct environment process_environment = {.get = process_environment_get};

#define PROCESS_MAX_CHANGES 64

struct process {
    struct arena arena;
    struct fake_http http;
    struct aws *aws;
    const struct clock *clock;
    struct config config;
    int64_t budget_ms;
    size_t n;
    struct tag_policy any_tag;
    /* process_add() fills these, one after the other */
    struct trigger triggers[PROCESS_MAX_CHANGES];
    struct target targets[PROCESS_MAX_CHANGES];
    struct facts facts[PROCESS_MAX_CHANGES];
    struct change changes[PROCESS_MAX_CHANGES];
};

static inline void process_init(struct process *p, const struct clock *clock) {
    struct err err;
    err_init(&err);
    memset(p, 0, offsetof(struct process, triggers));
    p->arena = ARENA_INIT(256 * 1024 * 1024);
    p->clock = clock;
    p->budget_ms = 60000;
    fake_http_init(&p->http);
    const struct aws_options options = {.http = &p->http.http,
                                        .clock = clock,
                                        .env = &process_environment,
                                        .region = VIEW("us-east-1")};
    fake_check(aws_new(&options, &p->aws, &err) == 0, err.message);
    fake_check(tag_policy_parse(VIEW("*"), &p->arena, &p->any_tag, &err) == 0, err.message);
    p->config = (struct config){.project = VIEW("myproject"),
                                .env = VIEW("prod"),
                                .region = VIEW("us-east-1"),
                                .cluster = VIEW("c")};
}

static inline void process_release(struct process *p) {
    aws_free(p->aws);
    arena_release(&p->arena);
}

/* One more event, for the service and the family of that name. */
static inline struct trigger *process_add(struct process *p, const char *service,
                                          const char *event_id, int64_t time_ms, const char *tag) {
    struct trigger *trigger = &p->triggers[p->n];
    struct target *target = &p->targets[p->n];
    *trigger = (struct trigger){.kind = tag[0] ? TRIGGER_DEPLOY : TRIGGER_RESTART,
                                .event_id = view_of(event_id),
                                .event_time_ms = time_ms,
                                .service = view_of(service),
                                .tag = view_of(tag)};
    err_init(&trigger->refusal);
    *target = (struct target){
        .name = view_of(service),
        .kind = TARGET_SERVICE,
        .cluster = VIEW("c"),
        .service = view_of(service),
        .family = view_of(service),
        .repository = {.registry = {.account = VIEW("111111111111"), .region = VIEW("us-east-1")},
                       .name = VIEW("myproject_backend")},
        .deploy_tags = &p->any_tag,
    };
    p->facts[p->n] = (struct facts){0};
    p->changes[p->n] = (struct change){.trigger = trigger, .target = target};
    p->n++;
    return trigger;
}

/* As handler.c walks; -1: ERR_OUT_OF_MEMORY. */
static inline int process_run(struct process *p, struct err *err) {
    struct facts_request requests[PROCESS_MAX_CHANGES];
    size_t open = 0;
    int64_t deadline_ms = clock_monotonic_ms(p->clock) + p->budget_ms;
    if (plan_settle(p->changes, p->n, &p->arena, err) != 0) {
        return -1;
    }
    for (size_t i = 0; i < p->n; i++) {
        enum verdict verdict = p->changes[i].verdict;
        if (verdict == VERDICT_DEPLOY || verdict == VERDICT_RESTART || verdict == VERDICT_REPORT) {
            p->changes[i].facts = &p->facts[i];
            requests[open++] = (struct facts_request){
                .trigger = &p->triggers[i], .target = &p->targets[i], .ret_facts = &p->facts[i]};
        }
    }
    if (facts_gather(p->aws, requests, open, deadline_ms, &p->arena, err) != 0) {
        return -1;
    }
    for (size_t i = 0; i < p->n; i++) {
        if (p->changes[i].facts &&
            plan_decide(&p->config, VIEW("222222222222"), &p->arena, &p->changes[i], err) != 0) {
            return -1;
        }
    }
    return execute_plan(p->aws, &p->config, p->changes, p->n, deadline_ms, &p->arena, err);
}

/* A first revision of a family with one container of the repository. */
static inline struct view process_first_request(struct arena *arena, const char *family) {
    return arena_printf(arena,
                        "{\"family\":\"%s\",\"containerDefinitions\":[{\"name\":\"app\",\"image\":"
                        "\"" FAKE_REPO ":old\",\"cpu\":0}],\"tags\":[{\"key\":\"team\",\"value\":"
                        "\"web\"}]}",
                        family);
}

#endif
