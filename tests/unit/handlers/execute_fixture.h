#ifndef SLIPWAY_TESTS_HANDLERS_EXECUTE_FIXTURE_H
#define SLIPWAY_TESTS_HANDLERS_EXECUTE_FIXTURE_H

/*
 * One process carrying out a plan while calls go wrong. What ECS holds afterwards and what the
 * answer says are looked at together: neither may promise what the other does not have.
 */

#include "tests/unit/handlers/deploy_process.h"

#define NOW_MS INT64_C(1760000000000)

/* What happens to a call. */
enum fault {
    FAULT_NONE,
    FAULT_LOST_REQUEST, /* no response, and not carried out */
    FAULT_LOST_ANSWER,  /* no response, but carried out */
    FAULT_NOT_SENT,
    FAULT_500,
    FAULT_DENIED,
    FAULT_PASS_ROLE,
    FAULT_INVALID,
    FAULT_THROTTLED,
    FAULT_GARBAGE, /* 200, carried out, and no JSON */
    FAULT_HIDDEN,  /* 200, not carried out */
};

struct rule {
    const char *operation; /* NULL: any */
    int nth;               /* from 0; -1: each */
    bool onwards;          /* and all after it */
    enum fault fault;
    int64_t takes_ms;
    void (*also)(void *state); /* what somebody else does right before */
};

struct fixture {
    /* What is neither ECS nor ECR; false: it is. NULL: nothing is. */
    bool (*others)(void *state, struct http_exchange *exchange);
    void *others_state;
    struct arena arena;
    struct fake_clock clock;
    struct fake_ecs ecs;
    struct process process;
    struct rule rules[8];
    size_t n_rules;
    int seen[8]; /* calls that each rule's operation had */
    bool is_up;
};

static const char *const pass_role_denied =
    "{\"__type\":\"AccessDeniedException\",\"message\":\"User: "
    "arn:aws:sts::222222222222:assumed-role/slipway/f is not authorized to perform: iam:PassRole "
    "on "
    "resource: arn:aws:iam::222222222222:role/task because no identity-based policy allows the "
    "iam:PassRole action\"}";
static const char *const denied =
    "{\"__type\":\"AccessDeniedException\",\"message\":\"User: "
    "arn:aws:sts::222222222222:assumed-role/slipway/f is not authorized to perform: "
    "ecs:UpdateService on resource: s because no identity-based policy allows the "
    "ecs:UpdateService action\"}";

static inline void replace_body(struct http_exchange *exchange, int status, const char *body) {
    buf_clear(&exchange->body_in);
    fake_respond(exchange, status, view_of(body));
}

static inline void carry_out(struct fixture *f, struct http_exchange *exchange) {
    if (!f->others || !f->others(f->others_state, exchange)) {
        fake_ecs_answer(&f->ecs, exchange);
    }
}

static inline void apply(struct fixture *f, struct http_exchange *exchange, enum fault fault) {
    switch (fault) {
    case FAULT_NONE:
        carry_out(f, exchange);
        return;
    case FAULT_LOST_ANSWER:
        carry_out(f, exchange);
        buf_clear(&exchange->body_in);
        exchange->n_response_headers = 0;
        fake_break(exchange, HTTP_NO_RESPONSE);
        return;
    case FAULT_LOST_REQUEST:
        fake_break(exchange, HTTP_NO_RESPONSE);
        return;
    case FAULT_NOT_SENT:
        fake_break(exchange, HTTP_NOT_SENT);
        return;
    case FAULT_500:
        fake_respond(exchange, 500, VIEW("{\"__type\":\"ServerException\"}"));
        return;
    case FAULT_DENIED:
        fake_respond(exchange, 400, view_of(denied));
        return;
    case FAULT_PASS_ROLE:
        fake_respond(exchange, 400, view_of(pass_role_denied));
        return;
    case FAULT_INVALID:
        fake_client_exception(exchange, "Container.image should not be null or empty.");
        return;
    case FAULT_THROTTLED:
        fake_respond(exchange, 400,
                     VIEW("{\"__type\":\"ThrottlingException\",\"message\":\"Rate exceeded\"}"));
        return;
    case FAULT_GARBAGE:
        carry_out(f, exchange);
        replace_body(exchange, 200, "<html>");
        return;
    case FAULT_HIDDEN:
        replace_body(exchange, 200, "{\"failures\":[{\"reason\":\"x\"}]}");
        return;
    }
}

static inline void answer(void *state, struct http_exchange *exchange) {
    struct fixture *f = state;
    enum fault fault = FAULT_NONE;
    for (size_t i = 0; i < f->n_rules; i++) {
        const struct rule *rule = &f->rules[i];
        if (rule->operation &&
            !view_equal(fake_any_operation(exchange), view_of(rule->operation))) {
            continue;
        }
        if (rule->nth < 0 || f->seen[i] == rule->nth || (rule->onwards && f->seen[i] > rule->nth)) {
            fault = rule->fault;
            fake_clock_sleep(&f->clock, rule->takes_ms);
            if (rule->also) {
                rule->also(f);
            }
        }
        f->seen[i]++;
    }
    apply(f, exchange, fault);
}

static inline int tear_down(void **state) {
    struct fixture *f = *state;
    process_release(&f->process);
    arena_release(&f->arena);
    f->is_up = false;
    return 0;
}

/* A test that begins anew may call it again. */
static inline int set_up(void **state) {
    static struct fixture f;
    void *before = &f;
    if (f.is_up) {
        (void)tear_down(&before);
    }
    memset(&f, 0, sizeof(f));
    f.is_up = true;
    f.arena = ARENA_INIT(256 * 1024 * 1024);
    fake_clock_init(&f.clock, NOW_MS);
    f.ecs.arena = &f.arena;
    f.ecs.clock = &f.clock.clock;
    process_init(&f.process, &f.clock.clock);
    f.process.http.answer = answer;
    f.process.http.state = &f;
    *state = &f;
    return 0;
}

static inline struct fake_service *add_service(struct fixture *f, const char *name) {
    struct fake_revision *first =
        fake_add_revision(&f->ecs, process_first_request(&f->arena, name), 40);
    return fake_add_service(&f->ecs, view_of(name), first);
}

static inline void add_rule(struct fixture *f, const char *operation, int nth, enum fault fault) {
    f->rules[f->n_rules++] = (struct rule){.operation = operation, .nth = nth, .fault = fault};
}

static inline void run(struct fixture *f) {
    struct err err;
    err_init(&err);
    if (process_run(&f->process, &err) != 0) {
        fail_msg("%s", err.message);
    }
}

static inline const struct change *run_one(struct fixture *f, const char *tag) {
    add_service(f, "web");
    process_add(&f->process, "web", "e-1", NOW_MS - 500, tag);
    run(f);
    return &f->process.changes[0];
}

/* An event by itself, later on. */
static inline void process_again(struct fixture *f, const char *id, int64_t time_ms,
                                 const char *tag) {
    f->process.n = 0;
    process_add(&f->process, "web", id, time_ms, tag);
    run(f);
}

static inline void assert_view(struct view got, const char *want) {
    if (!view_equal(got, view_of(want))) {
        fail_msg("got  " VIEW_FMT "\nwant %s", VIEW_ARG(got), want);
    }
}

static inline void assert_status(const struct change *change, enum change_status want) {
    if (change->status != want) {
        fail_msg("%s instead of %s: " VIEW_FMT " %s", change_status_name(change->status),
                 change_status_name(want), VIEW_ARG(change->note),
                 change->err ? change->err->message : "");
    }
}

static inline void assert_runs(struct fixture *f, const char *service, int64_t revision) {
    struct view want =
        arena_printf(&f->arena, FAKE_ARN "task-definition/%s:%lld", service, (long long)revision);
    assert_view(fake_service_of(&f->ecs, view_of(service))->task_definition, want.data);
}

static inline void assert_says(const struct change *change, enum err_code code, const char *part) {
    assert_non_null(change->err);
    assert_string_equal(err_name(change->err->code), err_name(code));
    if (!strstr(change->err->message, part)) {
        fail_msg("'%s' lacks '%s'", change->err->message, part);
    }
}

#endif
