#include "tests/unit/handlers/deploy_process.h"

/*
 * One process carrying out a plan while calls go wrong. What ECS holds afterwards and what the
 * answer says are looked at together: neither may promise what the other does not have.
 */

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
    FAULT_GARBAGE, /* 200, carried out, and no JSON */
    FAULT_HIDDEN,  /* 200, not carried out */
};

struct rule {
    const char *operation;
    int nth; /* from 0; -1: each */
    enum fault fault;
    int64_t takes_ms;
    void (*also)(void *state); /* what somebody else does right before */
};

struct fixture {
    struct arena arena;
    struct fake_clock clock;
    struct fake_ecs ecs;
    struct process process;
    struct rule rules[8];
    size_t n_rules;
    int seen[8]; /* calls that each rule's operation had */
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

static void replace_body(struct http_exchange *exchange, int status, const char *body) {
    buf_clear(&exchange->body_in);
    fake_respond(exchange, status, view_of(body));
}

static void apply(struct fixture *f, struct http_exchange *exchange, enum fault fault) {
    switch (fault) {
    case FAULT_NONE:
        fake_ecs_answer(&f->ecs, exchange);
        return;
    case FAULT_LOST_ANSWER:
        fake_ecs_answer(&f->ecs, exchange);
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
    case FAULT_GARBAGE:
        fake_ecs_answer(&f->ecs, exchange);
        replace_body(exchange, 200, "<html>");
        return;
    case FAULT_HIDDEN:
        replace_body(exchange, 200, "{\"failures\":[{\"reason\":\"x\"}]}");
        return;
    }
}

static void answer(void *state, struct http_exchange *exchange) {
    struct fixture *f = state;
    enum fault fault = FAULT_NONE;
    for (size_t i = 0; i < f->n_rules; i++) {
        const struct rule *rule = &f->rules[i];
        if (!view_equal(fake_operation(exchange), view_of(rule->operation))) {
            continue;
        }
        if (rule->nth < 0 || f->seen[i] == rule->nth) {
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

static int set_up(void **state) {
    static struct fixture f;
    memset(&f, 0, sizeof(f));
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

static int tear_down(void **state) {
    struct fixture *f = *state;
    process_release(&f->process);
    arena_release(&f->arena);
    return 0;
}

static struct fake_service *add_service(struct fixture *f, const char *name) {
    struct fake_revision *first =
        fake_add_revision(&f->ecs, process_first_request(&f->arena, name), 40);
    return fake_add_service(&f->ecs, view_of(name), first);
}

static void add_rule(struct fixture *f, const char *operation, int nth, enum fault fault) {
    f->rules[f->n_rules++] = (struct rule){.operation = operation, .nth = nth, .fault = fault};
}

static void run(struct fixture *f) {
    struct err err;
    err_init(&err);
    if (process_run(&f->process, &err) != 0) {
        fail_msg("%s", err.message);
    }
}

static const struct change *run_one(struct fixture *f, const char *tag) {
    add_service(f, "web");
    process_add(&f->process, "web", "e-1", NOW_MS - 500, tag);
    run(f);
    return &f->process.changes[0];
}

static void assert_view(struct view got, const char *want) {
    if (!view_equal(got, view_of(want))) {
        fail_msg("got  " VIEW_FMT "\nwant %s", VIEW_ARG(got), want);
    }
}

static void assert_status(const struct change *change, enum change_status want) {
    if (change->status != want) {
        fail_msg("%s instead of %s: " VIEW_FMT " %s", change_status_name(change->status),
                 change_status_name(want), VIEW_ARG(change->note),
                 change->err ? change->err->message : "");
    }
}

static void assert_runs(struct fixture *f, const char *service, int64_t revision) {
    char want[128];
    snprintf(want, sizeof(want), FAKE_ARN "task-definition/%s:%lld", service, (long long)revision);
    assert_view(fake_service_of(&f->ecs, view_of(service))->task_definition, want);
}

static void assert_says(const struct change *change, enum err_code code, const char *part) {
    assert_non_null(change->err);
    assert_string_equal(err_name(change->err->code), err_name(code));
    if (!strstr(change->err->message, part)) {
        fail_msg("'%s' lacks '%s'", change->err->message, part);
    }
}

/* --- all is well --- */

static void test_deploys(void **state) {
    struct fixture *f = *state;
    const struct change *c = run_one(f, "t01");
    assert_status(c, CHANGE_DEPLOYED);
    assert_runs(f, "web", 41);
    assert_view(c->to_task_definition, FAKE_ARN "task-definition/web:41");
    assert_view(c->from_task_definition, FAKE_ARN "task-definition/web:40");
    assert_view(c->deployment_id, "ecs-svc/2");
    assert_null(c->err);
    assert_int_equal(f->ecs.registers, 1);
    assert_int_equal(f->ecs.updates, 1);
    assert_int_equal(f->ecs.reads, 4); /* two before, two in the look */
    assert_int_equal(f->ecs.forced, 0);
    assert_int_equal(f->process.http.waves, 4); /* reads, register, update; and the look */
}

static void test_same_event_again_changes_nothing(void **state) {
    struct fixture *f = *state;
    run_one(f, "t01");
    process_release(&f->process);
    process_init(&f->process, &f->clock.clock);
    f->process.http.answer = answer;
    f->process.http.state = f;
    process_add(&f->process, "web", "e-1", NOW_MS - 500, "t01");
    run(f);
    assert_status(&f->process.changes[0], CHANGE_UNCHANGED);
    assert_int_equal(f->ecs.registers, 1);
    assert_int_equal(f->ecs.updates, 1);
}

static void test_dry_run_writes_nothing(void **state) {
    struct fixture *f = *state;
    add_service(f, "web");
    process_add(&f->process, "web", "e-1", NOW_MS, "t01")->dry_run = true;
    run(f);
    const struct change *c = &f->process.changes[0];
    assert_status(c, CHANGE_PLANNED);
    assert_int_equal(c->verdict, VERDICT_DEPLOY);
    assert_true(c->n_differences > 0);
    assert_view(c->differences[0].path, "containerDefinitions[0].image");
    assert_int_equal(f->ecs.registers + f->ecs.updates, 0);
}

static void test_dry_run_of_the_environment_writes_nothing(void **state) {
    struct fixture *f = *state;
    f->process.config.dry_run = true;
    assert_status(run_one(f, "t01"), CHANGE_PLANNED);
    assert_int_equal(f->ecs.registers + f->ecs.updates, 0);
}

static void test_refused_writes_nothing(void **state) {
    struct fixture *f = *state;
    const struct change *c = run_one(f, "no1");
    assert_status(c, CHANGE_REFUSED);
    assert_says(c, ERR_IMAGE_NOT_FOUND, "no1");
    assert_int_equal(f->ecs.registers + f->ecs.updates, 0);
}

/* --- the registration --- */

static void test_lost_answer_of_register_is_found(void **state) {
    struct fixture *f = *state;
    add_rule(f, "RegisterTaskDefinition", 0, FAULT_LOST_ANSWER);
    assert_status(run_one(f, "t01"), CHANGE_DEPLOYED);
    assert_runs(f, "web", 41);
    assert_int_equal(f->ecs.registers, 1);
}

static void test_unreadable_answer_of_register_is_found(void **state) {
    struct fixture *f = *state;
    add_rule(f, "RegisterTaskDefinition", 0, FAULT_GARBAGE);
    assert_status(run_one(f, "t01"), CHANGE_DEPLOYED);
    assert_int_equal(f->ecs.registers, 1);
}

static void register_by_hand(void *state) {
    struct fixture *f = state;
    fake_add_revision(&f->ecs, process_first_request(&f->arena, "web"), 0);
}

/* Somebody registers above the revision whose answer was lost. */
static void test_lost_answer_is_found_below_the_newest(void **state) {
    struct fixture *f = *state;
    add_rule(f, "RegisterTaskDefinition", 0, FAULT_LOST_ANSWER);
    add_rule(f, "DescribeTaskDefinition", 1, FAULT_NONE);
    f->rules[1].also = register_by_hand;
    assert_status(run_one(f, "t01"), CHANGE_DEPLOYED);
    assert_runs(f, "web", 41);
    assert_int_equal(f->ecs.registers, 1);
}

static void test_lost_register_is_sent_again(void **state) {
    struct fixture *f = *state;
    add_rule(f, "RegisterTaskDefinition", 0, FAULT_LOST_REQUEST);
    assert_status(run_one(f, "t01"), CHANGE_DEPLOYED);
    assert_runs(f, "web", 41);
    assert_int_equal(f->ecs.registers, 1);
}

static void test_register_lost_twice_fails(void **state) {
    struct fixture *f = *state;
    add_rule(f, "RegisterTaskDefinition", -1, FAULT_LOST_REQUEST);
    const struct change *c = run_one(f, "t01");
    assert_status(c, CHANGE_FAILED);
    assert_int_equal(f->seen[0], 2);
    assert_int_equal(f->ecs.updates, 0);
    assert_runs(f, "web", 40);
}

/* The answer is lost and so is every look for it: nothing is sent again on a guess. */
static void test_unknown_register_is_not_sent_again(void **state) {
    struct fixture *f = *state;
    add_rule(f, "RegisterTaskDefinition", 0, FAULT_LOST_ANSWER);
    add_rule(f, "DescribeTaskDefinition", 1, FAULT_500);
    add_rule(f, "DescribeTaskDefinition", 2, FAULT_500);
    const struct change *c = run_one(f, "t01");
    assert_status(c, CHANGE_FAILED);
    assert_says(c, ERR_AWS_UNAVAILABLE, "whether the revision was registered is not known");
    assert_int_equal(f->ecs.registers, 1);
    assert_int_equal(f->ecs.updates, 0);
}

static void test_register_refused(void **state) {
    struct fixture *f = *state;
    add_rule(f, "RegisterTaskDefinition", 0, FAULT_PASS_ROLE);
    const struct change *c = run_one(f, "t01");
    assert_status(c, CHANGE_REFUSED);
    assert_says(c, ERR_PASS_ROLE_DENIED, "role/task");
    assert_int_equal(f->ecs.updates, 0);
}

static void test_register_invalid_fails(void **state) {
    struct fixture *f = *state;
    add_rule(f, "RegisterTaskDefinition", 0, FAULT_INVALID);
    assert_status(run_one(f, "t01"), CHANGE_FAILED);
    assert_int_equal(f->seen[0], 1);
    assert_int_equal(f->ecs.updates, 0);
}

/* --- the update --- */

static void test_update_refused_names_the_revision(void **state) {
    struct fixture *f = *state;
    add_rule(f, "UpdateService", 0, FAULT_PASS_ROLE);
    const struct change *c = run_one(f, "t01");
    assert_status(c, CHANGE_REFUSED);
    assert_says(c, ERR_PASS_ROLE_DENIED,
                "revision 'web:41' is registered, and the next attempt uses it");
    assert_runs(f, "web", 40);
}

/* And so it does. */
static void test_next_attempt_uses_it(void **state) {
    struct fixture *f = *state;
    add_rule(f, "UpdateService", 0, FAULT_DENIED);
    const struct change *c = run_one(f, "t01");
    assert_status(c, CHANGE_FAILED);
    assert_says(c, ERR_ACCESS_DENIED, "revision 'web:41' is registered");
    process_release(&f->process);
    process_init(&f->process, &f->clock.clock);
    f->process.http.answer = answer;
    f->process.http.state = f;
    process_add(&f->process, "web", "e-1", NOW_MS - 500, "t01");
    run(f);
    c = &f->process.changes[0];
    assert_status(c, CHANGE_DEPLOYED);
    assert_runs(f, "web", 41);
    assert_int_equal(f->ecs.registers, 1);
    assert_view(c->tag, "t01");
}

static void test_lost_answer_of_update_is_seen_in_the_look(void **state) {
    struct fixture *f = *state;
    add_rule(f, "UpdateService", 0, FAULT_LOST_ANSWER);
    const struct change *c = run_one(f, "t01");
    assert_status(c, CHANGE_DEPLOYED);
    assert_view(c->deployment_id, "ecs-svc/2");
    assert_int_equal(f->ecs.updates, 1);
}

static void test_lost_update_fails(void **state) {
    struct fixture *f = *state;
    add_rule(f, "UpdateService", 0, FAULT_LOST_REQUEST);
    const struct change *c = run_one(f, "t01");
    assert_status(c, CHANGE_FAILED);
    assert_says(c, ERR_AWS_UNAVAILABLE, "revision 'web:41' is registered");
    assert_runs(f, "web", 40);
}

static void test_hidden_failure_of_update_is_not_believed(void **state) {
    struct fixture *f = *state;
    add_rule(f, "UpdateService", 0, FAULT_HIDDEN);
    const struct change *c = run_one(f, "t01");
    assert_status(c, CHANGE_FAILED);
    assert_says(c, ERR_BAD_RESPONSE, "web:41");
    assert_runs(f, "web", 40);
}

/* --- the look --- */

static void test_failed_look_undoes_nothing(void **state) {
    struct fixture *f = *state;
    add_rule(f, "DescribeServices", 1, FAULT_500);
    const struct change *c = run_one(f, "t01");
    assert_status(c, CHANGE_DEPLOYED);
    assert_view(c->deployment_id, "ecs-svc/2");
    assert_true(c->note.len > 0);
}

static void test_update_without_answer_and_look_fails(void **state) {
    struct fixture *f = *state;
    add_rule(f, "UpdateService", 0, FAULT_LOST_ANSWER);
    add_rule(f, "DescribeServices", 1, FAULT_500);
    assert_status(run_one(f, "t01"), CHANGE_FAILED);
}

static void deploy_by_hand(void *state) {
    struct fixture *f = state;
    struct fake_revision *r =
        fake_add_revision(&f->ecs, process_first_request(&f->arena, "web"), 0);
    fake_deploy(&f->ecs, fake_service_of(&f->ecs, VIEW("web")), fake_arn(&f->ecs, r));
}

/* Somebody deploys by hand between our update and our look: that stays, and is told. */
static void test_deploy_by_hand_stays(void **state) {
    struct fixture *f = *state;
    add_rule(f, "DescribeServices", 1, FAULT_NONE);
    f->rules[0].also = deploy_by_hand;
    const struct change *c = run_one(f, "t01");
    assert_status(c, CHANGE_SUPERSEDED);
    assert_view(c->to_task_definition, FAKE_ARN "task-definition/web:42");
    assert_int_equal(c->tag.len, 0);
    assert_runs(f, "web", 42);
    assert_int_equal(f->ecs.updates, 1);
}

static void roll_back_by_hand(void *state) {
    struct fixture *f = state;
    fake_deploy(&f->ecs, fake_service_of(&f->ecs, VIEW("web")),
                VIEW(FAKE_ARN "task-definition/web:40"));
}

static void test_rollback_by_hand_stays(void **state) {
    struct fixture *f = *state;
    add_rule(f, "DescribeServices", 1, FAULT_NONE);
    f->rules[0].also = roll_back_by_hand;
    const struct change *c = run_one(f, "t01");
    assert_status(c, CHANGE_SUPERSEDED);
    assert_runs(f, "web", 40);
    assert_int_equal(f->ecs.updates, 1);
}

static void register_newer_event(void *state) {
    struct fixture *f = state;
    fake_add_revision(
        &f->ecs,
        VIEW(
            "{\"family\":\"web\",\"containerDefinitions\":[{\"name\":\"app\",\"image\":\"" FAKE_REPO
            ":x\"}],\"tags\":[{\"key\":\"slipway:event-id\",\"value\":\"newer\"},{\"key\":"
            "\"slipway:event-time\",\"value\":\"2030-01-01T00:00:00Z\"},{\"key\":"
            "\"slipway:image-tag\",\"value\":\"t99\"}]}"),
        0);
}

static void test_newer_event_is_given_the_service(void **state) {
    struct fixture *f = *state;
    add_rule(f, "UpdateService", 0, FAULT_NONE);
    f->rules[0].also = register_newer_event;
    const struct change *c = run_one(f, "t01");
    assert_status(c, CHANGE_SUPERSEDED);
    assert_runs(f, "web", 42);
    assert_view(c->to_task_definition, FAKE_ARN "task-definition/web:42");
    assert_view(c->tag, "t99");
    assert_int_equal(f->ecs.updates, 2);
}

/* Two services with one family: a revision of the other's event is not for this one. */
static void test_shared_family_is_left_alone(void **state) {
    struct fixture *f = *state;
    static struct service_entry entries[] = {{.task_family = {"web", 3}},
                                             {.task_family = {"web", 3}}};
    f->process.config.services = entries;
    f->process.config.n_services = 2;
    add_rule(f, "UpdateService", 0, FAULT_NONE);
    f->rules[0].also = register_newer_event;
    assert_status(run_one(f, "t01"), CHANGE_DEPLOYED);
    assert_runs(f, "web", 41);
    assert_int_equal(f->ecs.updates, 1);
}

/* ECS refuses the newer event's revision: then ours is the newest that can be. */
static void test_unusable_newer_revision_is_passed_over(void **state) {
    struct fixture *f = *state;
    add_rule(f, "UpdateService", 0, FAULT_NONE);
    add_rule(f, "UpdateService", 1, FAULT_PASS_ROLE);
    f->rules[0].also = register_newer_event;
    assert_status(run_one(f, "t01"), CHANGE_DEPLOYED);
    assert_runs(f, "web", 41);
}

static void test_newer_event_without_answer_fails(void **state) {
    struct fixture *f = *state;
    add_rule(f, "UpdateService", 0, FAULT_NONE);
    add_rule(f, "UpdateService", 1, FAULT_DENIED);
    f->rules[0].also = register_newer_event;
    const struct change *c = run_one(f, "t01");
    assert_status(c, CHANGE_FAILED);
    assert_says(c, ERR_ACCESS_DENIED, "service 'web' runs 'web:41'");
}

/* Each update of ours is met by one more event, newer than all before. */
static void one_more_event(void *state) {
    struct fixture *f = state;
    char text[1024];
    snprintf(
        text, sizeof(text),
        "{\"family\":\"web\",\"containerDefinitions\":[{\"name\":\"app\",\"image\":\"" FAKE_REPO
        ":x\"}],\"tags\":[{\"key\":\"slipway:event-id\",\"value\":\"n%d\"},{\"key\":"
        "\"slipway:event-time\",\"value\":\"203%d-01-01T00:00:00Z\"}]}",
        f->ecs.updates, f->ecs.updates);
    fake_add_revision(&f->ecs, arena_copy(&f->arena, view_of(text)), 0);
}

static void test_a_service_that_does_not_come_to_rest_fails(void **state) {
    struct fixture *f = *state;
    add_rule(f, "UpdateService", -1, FAULT_NONE);
    f->rules[0].also = one_more_event;
    const struct change *c = run_one(f, "t01");
    assert_status(c, CHANGE_FAILED);
    assert_says(c, ERR_AWS_UNAVAILABLE, "did not come to rest");
    assert_int_equal(f->ecs.updates, 4);
}

/* --- time --- */

static void test_no_time_to_register(void **state) {
    struct fixture *f = *state;
    add_rule(f, "DescribeServices", 0, FAULT_NONE);
    f->rules[0].takes_ms = 59000;
    const struct change *c = run_one(f, "t01");
    assert_status(c, CHANGE_FAILED);
    assert_says(c, ERR_DEADLINE_EXCEEDED, "nothing was changed");
    assert_int_equal(f->ecs.registers + f->ecs.updates, 0);
}

static void test_no_time_to_update(void **state) {
    struct fixture *f = *state;
    f->process.budget_ms = 10000;
    add_rule(f, "RegisterTaskDefinition", 0, FAULT_NONE);
    f->rules[0].takes_ms = 9300;
    const struct change *c = run_one(f, "t01");
    assert_status(c, CHANGE_FAILED);
    assert_says(
        c, ERR_DEADLINE_EXCEEDED,
        "still runs 'web:40'; revision 'web:41' is registered, and the next attempt uses it");
    assert_int_equal(f->ecs.updates, 0);
}

static void test_no_time_to_look(void **state) {
    struct fixture *f = *state;
    f->process.budget_ms = 10000;
    add_rule(f, "UpdateService", 0, FAULT_NONE);
    f->rules[0].takes_ms = 9800;
    const struct change *c = run_one(f, "t01");
    assert_status(c, CHANGE_DEPLOYED);
    assert_view(c->note, "no time was left to look once more after the update");
}

/* --- restarts --- */

static void test_restarts(void **state) {
    struct fixture *f = *state;
    add_service(f, "web");
    fake_clock_sleep(&f->clock, 5000);
    process_add(&f->process, "web", "e-1", NOW_MS + 5000, "");
    run(f);
    const struct change *c = &f->process.changes[0];
    assert_status(c, CHANGE_RESTARTED);
    assert_view(c->deployment_id, "ecs-svc/2");
    assert_view(c->to_task_definition, FAKE_ARN "task-definition/web:40");
    assert_int_equal(f->ecs.forced, 1);
    assert_int_equal(f->ecs.registers, 0);
}

static void restart_with(struct fixture *f, int nth, enum fault fault) {
    add_service(f, "web");
    process_add(&f->process, "web", "e-1", NOW_MS + 5000, "");
    add_rule(f, "UpdateService", nth, fault);
    run(f);
}

static void test_lost_answer_of_restart_is_found(void **state) {
    struct fixture *f = *state;
    restart_with(f, 0, FAULT_LOST_ANSWER);
    assert_status(&f->process.changes[0], CHANGE_RESTARTED);
    assert_int_equal(f->ecs.forced, 1);
}

static void test_lost_restart_is_made_again(void **state) {
    struct fixture *f = *state;
    restart_with(f, 0, FAULT_LOST_REQUEST);
    assert_status(&f->process.changes[0], CHANGE_RESTARTED);
    assert_int_equal(f->ecs.forced, 1);
}

static void test_restart_lost_twice_fails(void **state) {
    struct fixture *f = *state;
    restart_with(f, -1, FAULT_LOST_REQUEST);
    assert_status(&f->process.changes[0], CHANGE_FAILED);
    assert_int_equal(f->seen[0], 2);
}

static void test_hidden_failure_of_restart_is_not_believed(void **state) {
    struct fixture *f = *state;
    restart_with(f, -1, FAULT_HIDDEN);
    assert_status(&f->process.changes[0], CHANGE_FAILED);
    assert_says(&f->process.changes[0], ERR_BAD_RESPONSE, "");
}

static void test_covered_restart_is_unchanged(void **state) {
    struct fixture *f = *state;
    add_service(f, "web"); /* its deployment began now */
    process_add(&f->process, "web", "e-1", NOW_MS - 1000, "");
    run(f);
    assert_status(&f->process.changes[0], CHANGE_UNCHANGED);
    assert_int_equal(f->ecs.updates, 0);
}

/* --- several at once --- */

static void test_many_targets_take_as_many_waves_as_one(void **state) {
    struct fixture *f = *state;
    static char names[PROCESS_MAX_CHANGES][8];
    for (size_t i = 0; i < 15; i++) {
        snprintf(names[i], sizeof(names[i]), "s%zu", i);
        add_service(f, names[i]);
        process_add(&f->process, names[i], names[i], NOW_MS - 500, "t01");
    }
    run(f);
    for (size_t i = 0; i < 15; i++) {
        assert_status(&f->process.changes[i], CHANGE_DEPLOYED);
        assert_runs(f, names[i], 41);
    }
    assert_int_equal(f->ecs.reads, 2 * (15 + 2)); /* fifteen families, services in two calls */
    assert_int_equal(f->process.http.waves, 4);
    assert_int_equal(f->clock.slept_ms, 0);
}

static void test_registrations_beyond_the_burst_are_paced(void **state) {
    struct fixture *f = *state;
    static char names[PROCESS_MAX_CHANGES][8];
    for (size_t i = 0; i < 25; i++) {
        snprintf(names[i], sizeof(names[i]), "s%zu", i);
        add_service(f, names[i]);
        process_add(&f->process, names[i], names[i], NOW_MS - 500, "t01");
    }
    run(f);
    for (size_t i = 0; i < 25; i++) {
        assert_status(&f->process.changes[i], CHANGE_DEPLOYED);
    }
    assert_int_equal(f->clock.slept_ms, 5000);
}

/* What finds no time is told so; what has been registered is updated all the same. */
static void test_pacing_ends_in_time_for_the_updates(void **state) {
    struct fixture *f = *state;
    static char names[PROCESS_MAX_CHANGES][8];
    f->process.budget_ms = 4000;
    for (size_t i = 0; i < 25; i++) {
        snprintf(names[i], sizeof(names[i]), "s%zu", i);
        add_service(f, names[i]);
        process_add(&f->process, names[i], names[i], NOW_MS - 500, "t01");
    }
    run(f);
    for (size_t i = 0; i < 25; i++) {
        bool in_time = i < 22;
        assert_status(&f->process.changes[i], in_time ? CHANGE_DEPLOYED : CHANGE_FAILED);
        assert_runs(f, names[i], in_time ? 41 : 40);
    }
    assert_int_equal(f->ecs.registers, 22);
}

static void test_newest_of_one_payload_wins(void **state) {
    struct fixture *f = *state;
    add_service(f, "web");
    process_add(&f->process, "web", "old", NOW_MS - 2000, "t01");
    process_add(&f->process, "web", "new", NOW_MS - 1000, "t02");
    process_add(&f->process, "web", "new", NOW_MS - 1000, "t02");
    process_add(&f->process, "web", "bad", NOW_MS, "no1");
    run(f);
    assert_status(&f->process.changes[0], CHANGE_SUPERSEDED);
    assert_status(&f->process.changes[1], CHANGE_DEPLOYED);
    assert_status(&f->process.changes[2], CHANGE_UNCHANGED);
    assert_status(&f->process.changes[3], CHANGE_REFUSED);
    assert_int_equal(f->ecs.registers, 1);
    assert_int_equal(f->ecs.updates, 1);
}

static void test_restart_beside_a_deploy_is_covered_by_it(void **state) {
    struct fixture *f = *state;
    add_service(f, "web");
    process_add(&f->process, "web", "r", NOW_MS + 3000, "");
    process_add(&f->process, "web", "d", NOW_MS - 1000, "t02");
    run(f);
    assert_status(&f->process.changes[0], CHANGE_UNCHANGED);
    assert_status(&f->process.changes[1], CHANGE_DEPLOYED);
    assert_int_equal(f->ecs.updates, 1);
}

static void test_restart_beside_a_refused_deploy_is_made(void **state) {
    struct fixture *f = *state;
    add_service(f, "web");
    process_add(&f->process, "web", "r", NOW_MS + 3000, "");
    process_add(&f->process, "web", "r2", NOW_MS + 3000, "");
    process_add(&f->process, "web", "d", NOW_MS - 1000, "no1");
    run(f);
    assert_status(&f->process.changes[0], CHANGE_RESTARTED);
    assert_status(&f->process.changes[1], CHANGE_UNCHANGED);
    assert_status(&f->process.changes[2], CHANGE_REFUSED);
    assert_int_equal(f->ecs.forced, 1);
}

/* One that fails does not take the others with it. */
static void test_failures_stay_apart(void **state) {
    struct fixture *f = *state;
    add_service(f, "a");
    add_service(f, "b");
    process_add(&f->process, "a", "1", NOW_MS - 500, "t01");
    process_add(&f->process, "b", "2", NOW_MS - 500, "t01");
    add_rule(f, "UpdateService", 0, FAULT_DENIED);
    run(f);
    assert_status(&f->process.changes[0], CHANGE_FAILED);
    assert_status(&f->process.changes[1], CHANGE_DEPLOYED);
    assert_runs(f, "b", 41);
}

/* --- memory --- */

/* Whatever the arena has room for: no crash, and ERR_OUT_OF_MEMORY or the deploy. */
static void test_out_of_memory_is_an_error(void **state) {
    struct fixture *f = *state;
    bool succeeded = false;
    size_t tries = 0;
    for (size_t limit = 1000; limit < 4 * 1024 * 1024 && !succeeded; limit += 8191) {
        tear_down(state);
        set_up(state);
        add_service(f, "web");
        process_add(&f->process, "web", "e-1", NOW_MS - 500, "t01");
        f->process.arena.limit_bytes = limit;
        struct err err;
        err_init(&err);
        if (process_run(&f->process, &err) != 0) {
            assert_int_equal(err.code, ERR_OUT_OF_MEMORY);
        } else {
            succeeded = f->process.changes[0].status == CHANGE_DEPLOYED;
        }
        tries++;
    }
    assert_true(succeeded);
    assert_true(tries > 5);
}

int main(void) {
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_deploys),
        TEST(test_same_event_again_changes_nothing),
        TEST(test_dry_run_writes_nothing),
        TEST(test_dry_run_of_the_environment_writes_nothing),
        TEST(test_refused_writes_nothing),
        TEST(test_lost_answer_of_register_is_found),
        TEST(test_unreadable_answer_of_register_is_found),
        TEST(test_lost_answer_is_found_below_the_newest),
        TEST(test_lost_register_is_sent_again),
        TEST(test_register_lost_twice_fails),
        TEST(test_unknown_register_is_not_sent_again),
        TEST(test_register_refused),
        TEST(test_register_invalid_fails),
        TEST(test_update_refused_names_the_revision),
        TEST(test_next_attempt_uses_it),
        TEST(test_lost_answer_of_update_is_seen_in_the_look),
        TEST(test_lost_update_fails),
        TEST(test_hidden_failure_of_update_is_not_believed),
        TEST(test_failed_look_undoes_nothing),
        TEST(test_update_without_answer_and_look_fails),
        TEST(test_deploy_by_hand_stays),
        TEST(test_rollback_by_hand_stays),
        TEST(test_newer_event_is_given_the_service),
        TEST(test_shared_family_is_left_alone),
        TEST(test_unusable_newer_revision_is_passed_over),
        TEST(test_newer_event_without_answer_fails),
        TEST(test_a_service_that_does_not_come_to_rest_fails),
        TEST(test_no_time_to_register),
        TEST(test_no_time_to_update),
        TEST(test_no_time_to_look),
        TEST(test_restarts),
        TEST(test_lost_answer_of_restart_is_found),
        TEST(test_lost_restart_is_made_again),
        TEST(test_restart_lost_twice_fails),
        TEST(test_hidden_failure_of_restart_is_not_believed),
        TEST(test_covered_restart_is_unchanged),
        TEST(test_many_targets_take_as_many_waves_as_one),
        TEST(test_registrations_beyond_the_burst_are_paced),
        TEST(test_pacing_ends_in_time_for_the_updates),
        TEST(test_newest_of_one_payload_wins),
        TEST(test_restart_beside_a_deploy_is_covered_by_it),
        TEST(test_restart_beside_a_refused_deploy_is_made),
        TEST(test_failures_stay_apart),
        TEST(test_out_of_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
