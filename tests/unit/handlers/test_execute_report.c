/*
 * What became of a deployment is told once: after the revision has its tag where it completed, and
 * with the reasons of its tasks where it failed. Here the first deploy of service `web` is told of:
 * deployment ecs-svc/1, of revision 40.
 */

#include "tests/unit/handlers/execute_fixture.h"

#define COMPLETED_AT "2025-10-09T08:53:19.500Z"

struct report_fixture {
    const char *stopped; /* a task of DescribeTasks, without braces; NULL: none stopped */
    struct fixture *f;
};

/* ListTasks and DescribeTasks. */
static bool answer_others(void *state, struct http_exchange *exchange) {
    struct report_fixture *r = state;
    struct view operation = fake_operation(exchange);
    if (view_equal(operation, VIEW("ListTasks"))) {
        fake_respond(exchange, 200,
                     r->stopped ? VIEW("{\"taskArns\":[\"" FAKE_ARN "task/c/1\"]}")
                                : VIEW("{\"taskArns\":[]}"));
        return true;
    }
    if (view_equal(operation, VIEW("DescribeTasks"))) {
        fake_respond(exchange, 200,
                     arena_printf(&r->f->arena,
                                  "{\"tasks\":[{\"taskArn\":\"" FAKE_ARN
                                  "task/c/1\",\"startedBy\":\"ecs-svc/1\",%s}],\"failures\":[]}",
                                  r->stopped));
        return true;
    }
    return false;
}

static int set_up_report(void **state) {
    static struct report_fixture r;
    (void)set_up(state);
    memset(&r, 0, sizeof(r));
    r.f = *state;
    r.f->others = answer_others;
    r.f->others_state = &r;
    r.f->clock.wall_ms = NOW_MS - 90000;
    add_service(r.f, "web");
    r.f->clock.wall_ms = NOW_MS;
    fake_put_tag(&r.f->ecs, &r.f->ecs.revisions[0], VIEW("slipway:event-id"), VIEW("e-0"));
    fake_put_tag(&r.f->ecs, &r.f->ecs.revisions[0], VIEW("slipway:event-time"),
                 VIEW("2025-10-09T08:51:00Z"));
    fake_put_tag(&r.f->ecs, &r.f->ecs.revisions[0], VIEW("slipway:image-tag"), VIEW("git-1"));
    *state = &r;
    return 0;
}

static int tear_down_report(void **state) {
    struct report_fixture *r = *state;
    void *f = r->f;
    return tear_down(&f);
}

static void add_event(struct report_fixture *r, const char *service, const char *name,
                      const char *deployment) {
    struct trigger *trigger = process_add(&r->f->process, service, "told", NOW_MS - 500, "");
    trigger->kind = TRIGGER_ROLLOUT;
    trigger->rollout = (struct rollout_event){.name = view_of(name),
                                              .type = VIEW("INFO"),
                                              .deployment_id = view_of(deployment),
                                              .reason = VIEW("ECS deployment in words.")};
}

static const struct change *tell(struct report_fixture *r, const char *name) {
    r->f->process.n = 0;
    add_event(r, "web", name, "ecs-svc/1");
    run(r->f);
    return &r->f->process.changes[0];
}

static bool is_tagged(struct report_fixture *r, const char *value) {
    struct view tags = fake_find(&r->f->ecs, VIEW("web:40"))->tags;
    const char *text = arena_copy(&r->f->arena, tags).data;
    return strstr(text, value) != NULL;
}

static void assert_part(struct view text, const char *part) {
    char copy[4096];
    snprintf(copy, sizeof(copy), VIEW_FMT, VIEW_ARG(text));
    if (!strstr(copy, part)) {
        fail_msg("'%s' lacks '%s'", copy, part);
    }
}

/* --- completed --- */

static void completed(void **state) {
    struct report_fixture *r = *state;
    const struct change *c = tell(r, "SERVICE_DEPLOYMENT_COMPLETED");
    assert_status(c, CHANGE_REPORTED);
    assert_int_equal(c->rollout.outcome, ROLLOUT_COMPLETED);
    assert_view(c->deployment_id, "ecs-svc/1");
    assert_view(c->tag, "git-1");
    assert_int_equal(c->rollout.duration_ms, 3600 * 1000 + 89500);
    assert_int_equal(c->note.len, 0);
    assert_true(is_tagged(r, "\"slipway:completed\",\"value\":\"" COMPLETED_AT "\""));
    assert_int_equal(r->f->ecs.updates + r->f->ecs.registers, 0);
}

static void the_same_event_twice(void **state) {
    struct report_fixture *r = *state;
    assert_status(tell(r, "SERVICE_DEPLOYMENT_COMPLETED"), CHANGE_REPORTED);
    assert_status(tell(r, "SERVICE_DEPLOYMENT_COMPLETED"), CHANGE_UNCHANGED);
    assert_int_equal(r->f->ecs.tagged, 1);
}

/* For want of a permission people are told all the same, and what is missing. */
static void a_tag_that_is_denied(void **state) {
    struct report_fixture *r = *state;
    static const enum fault faults[] = {FAULT_DENIED, FAULT_INVALID};
    for (size_t i = 0; i < 2; i++) {
        r->f->n_rules = 0;
        r->f->seen[0] = 0;
        add_rule(r->f, "TagResource", -1, faults[i]);
        const struct change *c = tell(r, "SERVICE_DEPLOYMENT_COMPLETED");
        assert_status(c, CHANGE_REPORTED);
        assert_int_equal(c->rollout.outcome, ROLLOUT_COMPLETED);
        assert_null(c->err);
        assert_part(c->note, "'web:40' could not be tagged as completed, so that no rollback");
        assert_false(is_tagged(r, "slipway:completed"));
    }
}

/* For the time being: the event comes again, and nobody has been told anything yet. */
static void a_tag_that_cannot_be_had_now(void **state) {
    static const struct {
        enum fault fault;
        enum err_code code;
    } cases[] = {
        {FAULT_THROTTLED, ERR_THROTTLED},
        {FAULT_500, ERR_AWS_UNAVAILABLE},
        {FAULT_LOST_REQUEST, ERR_AWS_UNAVAILABLE},
        {FAULT_NOT_SENT, ERR_AWS_UNAVAILABLE},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        set_up_report(state);
        struct report_fixture *r = *state;
        add_rule(r->f, "TagResource", 0, cases[i].fault);
        const struct change *c = tell(r, "SERVICE_DEPLOYMENT_COMPLETED");
        assert_status(c, CHANGE_FAILED);
        assert_int_equal(c->err->code, cases[i].code);
        assert_status(tell(r, "SERVICE_DEPLOYMENT_COMPLETED"), CHANGE_REPORTED);
        assert_true(is_tagged(r, "slipway:completed"));
        tear_down_report(state);
    }
    set_up_report(state);
}

static void no_time_for_the_tag(void **state) {
    struct report_fixture *r = *state;
    add_rule(r->f, "DescribeTaskDefinition", 0, FAULT_NONE);
    r->f->rules[0].takes_ms = 60000;
    const struct change *c = tell(r, "SERVICE_DEPLOYMENT_COMPLETED");
    assert_status(c, CHANGE_FAILED);
    assert_int_equal(c->err->code, ERR_DEADLINE_EXCEEDED);
    assert_false(is_tagged(r, "slipway:completed"));
}

static void a_dry_run_tags_nothing(void **state) {
    struct report_fixture *r = *state;
    r->f->process.config.dry_run = true;
    const struct change *c = tell(r, "SERVICE_DEPLOYMENT_COMPLETED");
    assert_true(c->status == CHANGE_PLANNED || c->status == CHANGE_REPORTED);
    assert_int_equal(r->f->ecs.tagged, 0);
}

/* Two services in one payload: the tag of one is for now not to be had. */
static void one_of_two(void **state) {
    struct report_fixture *r = *state;
    add_service(r->f, "api");
    add_rule(r->f, "TagResource", 0, FAULT_500);
    add_event(r, "web", "SERVICE_DEPLOYMENT_COMPLETED", "ecs-svc/1");
    add_event(r, "api", "SERVICE_DEPLOYMENT_COMPLETED", "ecs-svc/2");
    run(r->f);
    assert_status(&r->f->process.changes[0], CHANGE_FAILED);
    assert_status(&r->f->process.changes[1], CHANGE_REPORTED);
    assert_int_equal(r->f->ecs.tagged, 1);
}

/* --- what went wrong --- */

static void failed(void **state) {
    struct report_fixture *r = *state;
    r->stopped = "\"stopCode\":\"EssentialContainerExited\",\"stoppedReason\":\"Essential "
                 "container in task exited\",\"containers\":[{\"name\":\"app\",\"exitCode\":137,"
                 "\"reason\":\"OutOfMemoryError: Container killed due to memory usage\"}]";
    const struct change *c = tell(r, "SERVICE_DEPLOYMENT_FAILED");
    assert_status(c, CHANGE_REPORTED);
    assert_int_equal(c->rollout.outcome, ROLLOUT_FAILED);
    assert_part(c->rollout.why, "ECS deployment in words.\n1 task: Essential container in task "
                                "exited; container 'app' exited with 137");
    assert_part(c->rollout.remedy, "give the container more memory");
    assert_part(c->rollout.remedy, "to go back: aws events put-events --entries");
    assert_int_equal(r->f->ecs.tagged, 0);
}

static void failed_for_reasons_unknown(void **state) {
    struct report_fixture *r = *state;
    const struct change *c = tell(r, "SERVICE_DEPLOYMENT_FAILED");
    assert_status(c, CHANGE_REPORTED);
    assert_view(c->rollout.why, "ECS deployment in words.");
    static const char *const operations[] = {"ListTasks", "DescribeTasks"};
    r->stopped = "\"stoppedReason\":\"x\"";
    for (size_t i = 0; i < 2; i++) { /* that reasons cannot be read keeps nobody from hearing */
        r->f->n_rules = 0;
        r->f->seen[0] = 0;
        add_rule(r->f, operations[i], -1, i == 0 ? FAULT_DENIED : FAULT_500);
        c = tell(r, "SERVICE_DEPLOYMENT_FAILED");
        assert_status(c, CHANGE_REPORTED);
        assert_part(c->rollout.why, "ECS deployment in words.");
    }
}

static void impaired(void **state) {
    struct report_fixture *r = *state;
    r->stopped = "\"stoppedReason\":\"RESOURCE:CPU\"";
    r->f->process.n = 0;
    add_event(r, "web", "SERVICE_TASK_START_IMPAIRED", "");
    run(r->f);
    const struct change *c = &r->f->process.changes[0];
    assert_status(c, CHANGE_REPORTED);
    assert_int_equal(c->rollout.outcome, ROLLOUT_IMPAIRED);
    assert_part(c->rollout.why, "RESOURCE:CPU");
}

/* --- what is not there --- */

static void a_deployment_that_is_not_listed(void **state) {
    struct report_fixture *r = *state;
    r->f->process.n = 0;
    add_event(r, "web", "SERVICE_DEPLOYMENT_COMPLETED", "ecs-svc/77");
    run(r->f);
    assert_status(&r->f->process.changes[0], CHANGE_IGNORED);
    r->f->process.n = 0;
    add_event(r, "gone", "SERVICE_DEPLOYMENT_COMPLETED", "ecs-svc/1");
    run(r->f);
    assert_true(r->f->process.changes[0].status != CHANGE_REPORTED);
    assert_int_equal(r->f->ecs.tagged, 0);
}

static void facts_that_fail(void **state) {
    static const char *const operations[] = {"DescribeServices", "DescribeTaskDefinition"};
    for (size_t i = 0; i < 2; i++) {
        set_up_report(state);
        struct report_fixture *r = *state;
        add_rule(r->f, operations[i], 0, FAULT_500);
        assert_status(tell(r, "SERVICE_DEPLOYMENT_COMPLETED"), CHANGE_FAILED);
        assert_int_equal(r->f->ecs.tagged, 0);
        assert_status(tell(r, "SERVICE_DEPLOYMENT_COMPLETED"), CHANGE_REPORTED);
        tear_down_report(state);
    }
    set_up_report(state);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up_report, tear_down_report)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(completed),
        TEST(the_same_event_twice),
        TEST(a_tag_that_is_denied),
        TEST(a_tag_that_cannot_be_had_now),
        TEST(no_time_for_the_tag),
        TEST(a_dry_run_tags_nothing),
        TEST(one_of_two),
        TEST(failed),
        TEST(failed_for_reasons_unknown),
        TEST(impaired),
        TEST(a_deployment_that_is_not_listed),
        TEST(facts_that_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
