/*
 * What a service has been given: asked for only where a restart may look like going back, or a
 * revision given by hand hides others.
 */

#include "handlers/deploy/facts_past.h"
#include "tests/unit/handlers/deploy_process.h"

#include <string.h>

#define NOW_MS INT64_C(1760000000000)
#define EVENT_MS (NOW_MS - 100000)
#define MINE                                                                                       \
    "{\"key\":\"slipway:event-id\",\"value\":\"mine\"},{\"key\":\"slipway:event-time\","           \
    "\"value\":\"2025-10-09T08:51:40Z\"},{\"key\":\"slipway:previous\",\"value\":\"web:40\"}"

#define REVISION(id) "arn:aws:ecs:us-east-1:222222222222:service-revision/c/web/" id
#define GIVEN(at, id, status)                                                                      \
    "{\"createdAt\":" at ",\"targetServiceRevisionArn\":\"" REVISION(id) "\",\"status\":\"" status \
                                                                         "\"}"
#define TARGET(id, definition)                                                                     \
    "{\"serviceRevisionArn\":\"" REVISION(id) "\",\"taskDefinition\":\"" FAKE_ARN                  \
                                              "task-definition/" definition "\"}"

struct fixture {
    struct arena arena;
    struct fake_clock clock;
    struct fake_ecs ecs;
    struct process process;
    struct facts_request requests[PROCESS_MAX_CHANGES];
    int listed, described; /* calls */
    int status;            /* of what fails; 0: nothing does */
    const char *fails;
    const char *error;
    const char *deployments, *revisions;
    struct err err;
};

static void answer(void *state, struct http_exchange *exchange) {
    struct fixture *f = state;
    struct view operation = fake_operation(exchange);
    bool is_list = view_equal(operation, VIEW("ListServiceDeployments"));
    bool is_describe = view_equal(operation, VIEW("DescribeServiceRevisions"));
    f->listed += is_list;
    f->described += is_describe;
    if (f->fails && view_equal(operation, view_of(f->fails))) {
        fake_respond(exchange, f->status, view_of(f->error));
    } else if (is_list || is_describe) {
        fake_respond(exchange, 200, view_of(is_list ? f->deployments : f->revisions));
    } else {
        fake_ecs_answer(&f->ecs, exchange);
    }
}

static int set_up(void **state) {
    static struct fixture f;
    memset(&f, 0, sizeof(f));
    f.arena = ARENA_INIT(64 * 1024 * 1024);
    fake_clock_init(&f.clock, NOW_MS);
    f.ecs.arena = &f.arena;
    f.ecs.clock = &f.clock.clock;
    process_init(&f.process, &f.clock.clock);
    f.process.http.answer = answer;
    f.process.http.state = &f;
    f.deployments =
        "{\"serviceDeployments\":[" GIVEN("1760000000.5", "2", "ROLLBACK_FAILED") "," GIVEN(
            "1750000000", "1", "SUCCESSFUL") "],\"nextToken\":\"t\"}";
    f.revisions = "{\"serviceRevisions\":[" TARGET("2", "web:40") "],\"failures\":[{\"arn\":"
                                                                  "\"" REVISION("1") "\"}]}";
    err_init(&f.err);
    *state = &f;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    process_release(&f->process);
    arena_release(&f->arena);
    return 0;
}

static void add_revision(struct fixture *f, const char *tags) {
    fake_add_revision(
        &f->ecs,
        arena_printf(&f->arena,
                     "{\"family\":\"web\",\"containerDefinitions\":[{\"name\":\"app\","
                     "\"image\":\"" FAKE_REPO ":t00\"}],\"tags\":[%s]}",
                     tags),
        0);
}

/* Event "mine" has registered web:41; then web:40, which ran, began once more. */
static void restart(struct fixture *f, const char *tags) {
    struct fake_service *service =
        fake_add_service(&f->ecs, VIEW("web"),
                         fake_add_revision(&f->ecs, process_first_request(&f->arena, "web"), 40));
    fake_clock_sleep(&f->clock, 1);
    add_revision(f, tags);
    fake_clock_sleep(&f->clock, 60000);
    service->deployments[0].created_at_s = clock_wall_ms(&f->clock.clock) / 1000;
    process_add(&f->process, "web", "mine", EVENT_MS, "t01");
}

static const struct facts *gather(struct fixture *f) {
    struct process *p = &f->process;
    for (size_t i = 0; i < p->n; i++) {
        f->requests[i] = (struct facts_request){&p->triggers[i], &p->targets[i], &p->facts[i]};
    }
    if (facts_gather(p->aws, f->requests, p->n, clock_monotonic_ms(p->clock) + p->budget_ms,
                     &p->arena, &f->err) != 0) {
        fail_msg("%s", f->err.message);
    }
    return &p->facts[0];
}

static void test_asked_after_a_restart(void **state) {
    struct fixture *f = *state;
    restart(f, MINE);
    const struct past_facts *past = gather(f)->past;
    assert_non_null(past);
    assert_null(past->err);
    assert_int_equal(past->n, 2);
    assert_false(past->is_all);
    assert_int_equal(past->deployments[0].created_at_ms, INT64_C(1760000000500));
    assert_true(
        view_equal(past->deployments[0].task_definition, VIEW(FAKE_ARN "task-definition/web:40")));
    assert_true(past->deployments[0].was_undone);
    assert_int_equal(past->deployments[1].task_definition.len, 0); /* is not there any more */
    assert_false(past->deployments[1].was_undone);
    assert_int_equal(f->listed + f->described, 2);
    assert_int_equal(f->process.http.waves, 4); /* with the running revision's */
}

/* Neither for another event, nor before there was anything that looks like it. */
static void test_not_asked(void **state) {
    struct fixture *f = *state;
    restart(f, MINE);
    f->process.triggers[0].event_id = VIEW("other");
    assert_null(gather(f)->past);
    f->process.triggers[0].event_id = VIEW("mine");
    f->ecs.services[0].deployments[0].created_at_s -= 3600;
    assert_null(gather(f)->past);
    assert_int_equal(f->listed, 0);
}

static void test_asked_for_a_revision_below(void **state) {
    struct fixture *f = *state;
    restart(f, MINE);
    add_revision(f, "");
    fake_deploy(&f->ecs, &f->ecs.services[0], VIEW(FAKE_ARN "task-definition/web:42"));
    const struct facts *facts = gather(f);
    assert_int_equal(facts->n_below, 2); /* web:41 and web:40; there are no others */
    assert_non_null(facts->past);
    /* not where an event's revision runs, nor for what was given before the event */
    f->process.triggers[0].event_time_ms = clock_wall_ms(&f->clock.clock);
    assert_int_equal(gather(f)->n_below, 0);
    assert_null(f->process.facts[0].past);
}

static void test_no_deployments(void **state) {
    struct fixture *f = *state;
    restart(f, MINE);
    f->deployments = "{\"serviceDeployments\":[]}";
    const struct past_facts *past = gather(f)->past;
    assert_null(past->err);
    assert_int_equal(past->n, 0);
    assert_true(past->is_all);
    assert_int_equal(f->described, 0);
}

static void test_failures_are_facts(void **state) {
    static const char *const operations[] = {"ListServiceDeployments", "DescribeServiceRevisions"};
    static const struct {
        int status;
        const char *error;
        enum err_code code;
    } failures[] = {
        {400, "{\"__type\":\"AccessDeniedException\"}", ERR_ACCESS_DENIED},
        {400, "{\"__type\":\"ThrottlingException\"}", ERR_THROTTLED},
        {200, "{}", ERR_BAD_RESPONSE},
    };
    struct fixture *f = *state;
    restart(f, MINE);
    for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
        for (size_t j = 0; j < sizeof(failures) / sizeof(failures[0]); j++) {
            f->fails = operations[i];
            f->status = failures[j].status;
            f->error = failures[j].error;
            const struct past_facts *past = gather(f)->past;
            assert_non_null(past->err);
            assert_int_equal(past->err->code, failures[j].code);
        }
    }
}

int main(void) {
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_asked_after_a_restart),      TEST(test_not_asked),
        TEST(test_asked_for_a_revision_below), TEST(test_no_deployments),
        TEST(test_failures_are_facts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
