/*
 * Each call of each kind of deploy goes wrong once, in every way; or the process ends there, and
 * all calls from there on are never made. Whatever happens, nothing is reported that has not
 * happened; and the same event once more ends as if nothing had gone wrong, with everything done
 * once.
 */

#include "tests/unit/handlers/execute_fixture.h"
#include "tests/unit/handlers/fake_codedeploy.h"
#include "tests/unit/handlers/fake_lambda.h"
#include "tests/unit/handlers/fake_runners.h"

#define CALLS_MAX 60
#define DIGEST "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcd"

struct world {
    struct fixture *f;
    struct fake_runners runners;
    struct fake_codedeploy codedeploy;
    struct fake_lambda lambda;
};

static bool answer_others(void *state, struct http_exchange *exchange) {
    struct world *w = state;
    return fake_lambda_answer(&w->lambda, &w->f->ecs, exchange) ||
           fake_runners_answer(&w->runners, &w->f->ecs, exchange) ||
           fake_codedeploy_answer(&w->codedeploy, &w->f->ecs, exchange);
}

static struct world *begin(void **state) {
    static struct world w;
    set_up(state);
    memset(&w, 0, sizeof(w));
    w.f = *state;
    w.f->others = answer_others;
    w.f->others_state = &w;
    fake_runners_init(&w.runners, &w.f->arena);
    fake_lambda_init(&w.lambda, &w.f->arena, "hook");
    w.codedeploy = (struct fake_codedeploy){.arena = &w.f->arena,
                                            .clock = &w.f->clock.clock,
                                            .application = "AppECS-c-web",
                                            .groups = {"DgpECS-c-web"},
                                            .services = {"web"},
                                            .n_groups = 1};
    return &w;
}

static struct fake_service *web(struct world *w) {
    return fake_service_of(&w->f->ecs, VIEW("web"));
}

static bool runs(struct world *w, const char *revision) {
    return view_equal(web(w)->task_definition, view_of(revision));
}

/* --- a deploy --- */

static void add_web(struct world *w) {
    add_service(w->f, "web");
    fake_clock_sleep(&w->f->clock, 5000);
}

static void add_deploy(struct world *w) {
    process_add(&w->f->process, "web", "e-1", NOW_MS + 4000, "t01");
}

static bool is_deployed(struct world *w) {
    return runs(w, FAKE_ARN "task-definition/web:41") && w->f->ecs.registers == 1 &&
           web(w)->n_deployments == 2;
}

/* --- a restart --- */

static void add_restart(struct world *w) {
    process_add(&w->f->process, "web", "e-1", NOW_MS + 4000, "");
}

static bool is_restarted(struct world *w) {
    return runs(w, FAKE_ARN "task-definition/web:40") && w->f->ecs.forced == 1;
}

/* --- a rollback, by an update or by a stop --- */

static void add_past(struct world *w) {
    w->f->clock.wall_ms -= 1800000;
    struct fake_revision *r = NULL;
    for (int64_t number = 38; number <= 40; number++) {
        r = fake_add_revision(&w->f->ecs,
                              VIEW("{\"family\":\"web\",\"containerDefinitions\":[{\"name\":\"app\""
                                   ",\"image\":\"" FAKE_REPO "@" DIGEST "38\",\"cpu\":0}]}"),
                              number);
        fake_put_tag(&w->f->ecs, r, VIEW("slipway:event-id"),
                     arena_printf(&w->f->arena, "past-%lld", (long long)number));
        fake_put_tag(&w->f->ecs, r, VIEW("slipway:event-time"), VIEW("2025-10-09T08:00:00Z"));
        if (number == 38) {
            fake_put_tag(&w->f->ecs, r, VIEW("slipway:completed"), VIEW("2025-10-09T08:04:00Z"));
        }
    }
    fake_add_service(&w->f->ecs, VIEW("web"), r);
    w->f->clock.wall_ms += 1800000;
}

static void add_past_in_progress(struct world *w) {
    add_past(w);
    web(w)->source = VIEW(FAKE_ARN "task-definition/web:38");
}

static void add_rollback(struct world *w) {
    process_add(&w->f->process, "web", "back", NOW_MS - 500, "")->kind = TRIGGER_ROLLBACK;
}

static bool is_back(struct world *w) {
    return runs(w, FAKE_ARN "task-definition/web:38") && w->f->ecs.registers == 0;
}

/* --- by CodeDeploy --- */

static void add_code_deploy(struct world *w) {
    add_web(w);
    web(w)->members = "\"deploymentController\":{\"type\":\"CODE_DEPLOY\"},\"taskSets\":[{\"id\":"
                      "\"ecs-svc/9\",\"status\":\"PRIMARY\",\"taskDefinition\":\"" FAKE_ARN
                      "task-definition/web:40\",\"createdAt\":1,\"loadBalancers\":[{"
                      "\"targetGroupArn\":\"t\",\"containerName\":\"app\",\"containerPort\":80}]}]";
    w->codedeploy.app_spec = "{\"Resources\":[],\"Hooks\":[{\"BeforeAllowTraffic\":\"f\"}]}";
}

static bool is_with_code_deploy(struct world *w) {
    return w->codedeploy.n == 1 && w->f->ecs.registers == 1 &&
           strstr(w->codedeploy.deployments[0].content.data, "web:41") != NULL;
}

/* --- a task --- */

#define CLUSTER FAKE_ARN "cluster/c"
#define REPORT FAKE_ARN "task-definition/report:"

static void add_runners(struct world *w) {
    fake_add_revision(&w->f->ecs, process_first_request(&w->f->arena, "report"), 40);
    fake_add_target(&w->runners, "nightly", "one", CLUSTER, REPORT "40");
    fake_add_target(&w->runners, "nightly", "two", CLUSTER, REPORT "40");
    fake_add_schedule(&w->runners, "hourly", CLUSTER, REPORT "40");
    /* It is not taken back as it is. */
    struct fake_schedule *dated = fake_add_schedule(&w->runners, "dated", CLUSTER, REPORT "40");
    dated->text = arena_printf(&w->f->arena, "{\"StartDate\":1735689600," VIEW_FMT,
                               VIEW_ARG(view_slice(dated->text, 1, dated->text.len)));
    w->runners.start_min_ms = NOW_MS - 300000;
}

static void add_task(struct world *w) {
    process_add(&w->f->process, "report", "e-1", NOW_MS - 500, "t01");
    w->f->process.targets[0].kind = TARGET_TASK;
    w->f->process.targets[0].service = (struct view){0};
}

static bool has(struct world *w, struct view text, const char *part) {
    return strstr(arena_printf(&w->f->arena, VIEW_FMT, VIEW_ARG(text)).data, part) != NULL;
}

static bool is_moved(struct world *w) {
    return has(w, w->runners.targets[0].text, REPORT "41") &&
           has(w, w->runners.targets[1].text, REPORT "41") &&
           has(w, w->runners.schedules[0].text, REPORT "41") &&
           has(w, w->runners.schedules[1].text, REPORT "41") &&
           has(w, w->runners.schedules[1].text, "\"StartDate\":1760000400,") &&
           w->f->ecs.registers == 1;
}

/* --- a function --- */

static void add_nothing(struct world *w) {
    w->lambda.polls_to_settle = 1;
}

static void add_function(struct world *w) {
    process_add(&w->f->process, "hook", "e-1", NOW_MS - 500, "t01");
    struct target *target = &w->f->process.targets[0];
    target->kind = TARGET_LAMBDA;
    target->cluster = target->service = target->family = (struct view){0};
    target->function = VIEW("hook");
    target->alias = VIEW("live");
}

static bool is_given(struct world *w) {
    return view_equal(w->lambda.image, VIEW(FAKE_REPO "@" DIGEST "01")) &&
           w->lambda.alias_version == 2 && w->lambda.n_versions == 2;
}

/* --- all of them --- */

struct kind {
    const char *name;
    void (*prepare)(struct world *w);
    void (*add)(struct world *w);
    bool (*is_done)(struct world *w);
};

static const struct kind kinds[] = {
    {"deploy", add_web, add_deploy, is_deployed},
    {"restart", add_web, add_restart, is_restarted},
    {"rollback", add_past, add_rollback, is_back},
    {"stop", add_past_in_progress, add_rollback, is_back},
    {"code deploy", add_code_deploy, add_deploy, is_with_code_deploy},
    {"task", add_runners, add_task, is_moved},
    {"function", add_nothing, add_function, is_given},
};

static const struct change *deliver(struct world *w, const struct kind *kind) {
    w->f->process.n = 0;
    kind->add(w);
    run(w->f);
    return &w->f->process.changes[0];
}

static bool says_done(const struct change *c) {
    return c->status == CHANGE_DEPLOYED || c->status == CHANGE_RESTARTED ||
           c->status == CHANGE_ROLLED_BACK || c->status == CHANGE_UNCHANGED;
}

static void complain(const struct kind *kind, const struct rule *rule, const char *what,
                     const struct change *c) {
    fail_msg("%s, fault %d at call %d%s: %s; %s " VIEW_FMT " %s", kind->name, (int)rule->fault,
             rule->nth, rule->onwards ? " and on" : "", what, change_status_name(c->status),
             VIEW_ARG(c->note), c->err ? c->err->message : "");
}

/* False: there are not so many calls. */
static bool try_fault(void **state, const struct kind *kind, const struct rule *rule) {
    struct world *w = begin(state);
    kind->prepare(w);
    w->f->rules[0] = *rule;
    w->f->n_rules = 1;
    const struct change *first = deliver(w, kind);
    bool is_reached = w->f->seen[0] > rule->nth;
    if (says_done(first) && !kind->is_done(w)) {
        complain(kind, rule, "told, and not done", first);
    }
    w->f->n_rules = 0;
    fake_clock_sleep(&w->f->clock, 60000);
    const struct change *second = deliver(w, kind);
    if (!kind->is_done(w)) {
        complain(kind, rule, "not done, or more than once", second);
    }
    if (second->status == CHANGE_FAILED || second->status == CHANGE_REFUSED) {
        complain(kind, rule, "done, and not told", second);
    }
    return is_reached;
}

static void each_call_fails_once(void **state) {
    static const enum fault faults[] = {
        FAULT_LOST_REQUEST, FAULT_LOST_ANSWER, FAULT_NOT_SENT,  FAULT_500,     FAULT_DENIED,
        FAULT_PASS_ROLE,    FAULT_INVALID,     FAULT_THROTTLED, FAULT_GARBAGE, FAULT_HIDDEN};
    for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
        for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
            struct rule rule = {.fault = faults[i]};
            while (try_fault(state, &kinds[k], &rule)) {
                rule.nth++;
                assert_true(rule.nth < CALLS_MAX);
            }
        }
    }
}

/* Killed behind each of its calls. */
static void it_ends_anywhere(void **state) {
    for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
        struct rule rule = {.fault = FAULT_NOT_SENT, .onwards = true};
        while (try_fault(state, &kinds[k], &rule)) {
            rule.nth++;
            assert_true(rule.nth < CALLS_MAX);
        }
        print_message("%s: %d calls\n", kinds[k].name, rule.nth);
    }
}

/* Each call takes a second, and there is time for so many of them. */
static void time_ends_anywhere(void **state) {
    for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
        for (int64_t budget_ms = 0; budget_ms < 40000; budget_ms += 450) {
            struct world *w = begin(state);
            const struct rule rule = {.nth = -1, .takes_ms = 1000};
            kinds[k].prepare(w);
            w->f->rules[0] = rule;
            w->f->n_rules = 1;
            w->f->process.budget_ms = budget_ms;
            const struct change *first = deliver(w, &kinds[k]);
            if (says_done(first) && !kinds[k].is_done(w)) {
                complain(&kinds[k], &rule, "told, and not done", first);
            }
            w->f->n_rules = 0;
            w->f->process.budget_ms = 60000;
            fake_clock_sleep(&w->f->clock, 60000);
            const struct change *second = deliver(w, &kinds[k]);
            if (!kinds[k].is_done(w) || second->status == CHANGE_FAILED) {
                complain(&kinds[k], &rule, "not done, or more than once", second);
            }
        }
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(each_call_fails_once),
        TEST(it_ends_anywhere),
        TEST(time_ends_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
