#include "tests/unit/handlers/deploy_process.h"

/*
 * Which calls are made, in how many waves, and where what came ends up.
 */

#define NOW_MS INT64_C(1760000000000)
#define MAX_CALLS 256

struct fixture {
    struct arena arena;
    struct fake_clock clock;
    struct fake_ecs ecs;
    struct process process;
    struct facts_request requests[PROCESS_MAX_CHANGES];
    struct err err;
    char calls[MAX_CALLS][160]; /* "DescribeTaskDefinition {…}" */
    size_t n_calls;
    const char *fails;       /* the operation that gets this answer */
    const char *fails_about; /* only a request that has this in it; NULL: each */
    int status;
    const char *body;
};

static void answer(void *state, struct http_exchange *exchange) {
    struct fixture *f = state;
    struct view operation = fake_operation(exchange);
    fake_check(f->n_calls < MAX_CALLS, "calls");
    snprintf(f->calls[f->n_calls++], sizeof(f->calls[0]), VIEW_FMT " " VIEW_FMT,
             VIEW_ARG(operation), VIEW_ARG(exchange->body));
    fake_check(!fake_is_write(exchange), "a write");
    if (f->fails && view_equal(operation, view_of(f->fails)) &&
        (!f->fails_about || strstr(f->calls[f->n_calls - 1], f->fails_about))) {
        fake_respond(exchange, f->status, view_of(f->body));
        return;
    }
    fake_ecs_answer(&f->ecs, exchange);
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

static void add_service(struct fixture *f, const char *name) {
    fake_add_service(&f->ecs, view_of(name),
                     fake_add_revision(&f->ecs, process_first_request(&f->arena, name), 40));
}

static int gather(struct fixture *f) {
    struct process *p = &f->process;
    for (size_t i = 0; i < p->n; i++) {
        f->requests[i] = (struct facts_request){&p->triggers[i], &p->targets[i], &p->facts[i]};
    }
    return facts_gather(p->aws, f->requests, p->n, clock_monotonic_ms(p->clock) + p->budget_ms,
                        &p->arena, &f->err);
}

static const struct facts *gather_one(struct fixture *f) {
    if (gather(f) != 0) {
        fail_msg("%s", f->err.message);
    }
    return &f->process.facts[0];
}

static size_t count(const struct fixture *f, const char *part) {
    size_t n = 0;
    for (size_t i = 0; i < f->n_calls; i++) {
        n += strstr(f->calls[i], part) != NULL ? 1 : 0;
    }
    return n;
}

static void assert_view(struct view got, const char *want) {
    if (!view_equal(got, view_of(want))) {
        fail_msg("got  " VIEW_FMT "\nwant %s", VIEW_ARG(got), want);
    }
}

static void register_revision(struct fixture *f, const char *tags) {
    fake_add_revision(&f->ecs,
                      arena_printf(&f->arena,
                                   "{\"family\":\"web\",\"containerDefinitions\":[{\"name\":"
                                   "\"app\",\"image\":\"" FAKE_REPO ":x\"}],\"tags\":[%s]}",
                                   tags),
                      0);
}

#define EVENT(id)                                                                                  \
    "{\"key\":\"slipway:event-id\",\"value\":\"" id                                                \
    "\"},{\"key\":\"slipway:event-time\",\"value\":\"2025-01-01T00:00:00Z\"}"

/* --- one wave --- */

static void test_a_deploy_takes_one_wave(void **state) {
    struct fixture *f = *state;
    add_service(f, "web");
    process_add(&f->process, "web", "e", NOW_MS, "t01");
    const struct facts *facts = gather_one(f);
    assert_int_equal(f->process.http.waves, 1);
    assert_int_equal(f->n_calls, 4);
    assert_int_equal(count(f, "DescribeTaskDefinition {\"taskDefinition\":\"web\",\"include\":"
                              "[\"TAGS\"]}"),
                     1);
    assert_view(facts->service.task_definition, FAKE_ARN "task-definition/web:40");
    assert_view(facts->latest.arn, FAKE_ARN "task-definition/web:40");
    assert_view(facts->running.arn, FAKE_ARN "task-definition/web:40");
    assert_true(facts->image.digest.len > 0);
    assert_view(facts->manifest.digest, "sha256:0123456789abcdef0123456789abcdef0123456789abcdef"
                                        "0123456789abcd01");
    assert_null(facts->service_err);
    assert_null(facts->image_err);
    assert_null(facts->running_err);
    assert_int_equal(facts->n_between, 0);
}

static void test_a_restart_asks_no_registry(void **state) {
    struct fixture *f = *state;
    add_service(f, "web");
    register_revision(f, "");
    process_add(&f->process, "web", "e", NOW_MS, "");
    const struct facts *facts = gather_one(f);
    assert_int_equal(f->process.http.waves, 1);
    assert_int_equal(f->n_calls, 2);
    assert_int_equal(count(f, "Image"), 0);
    assert_int_equal(facts->running.arn.len, 0); /* not worth a wave */
}

static void test_a_revision_asks_no_registry(void **state) {
    struct fixture *f = *state;
    add_service(f, "web");
    register_revision(f, "");
    struct trigger *trigger = process_add(&f->process, "web", "e", NOW_MS, "");
    trigger->kind = TRIGGER_DEPLOY_REVISION;
    trigger->task_definition = VIEW("web:40");
    const struct facts *facts = gather_one(f);
    assert_int_equal(f->process.http.waves, 1); /* what runs is what was asked for */
    assert_int_equal(count(f, "Image"), 0);
    assert_view(facts->requested.arn, FAKE_ARN "task-definition/web:40");
    assert_view(facts->running.arn, FAKE_ARN "task-definition/web:40");
}

static void test_digest_alone_and_beside_a_tag(void **state) {
    struct fixture *f = *state;
    add_service(f, "web");
    struct trigger *trigger = process_add(&f->process, "web", "e", NOW_MS, "t01");
    trigger->digest = VIEW("sha256:x");
    (void)gather_one(f);
    assert_int_equal(count(f, "\"imageIds\":[{\"imageTag\":\"t01\"}]"), 2);
    trigger->tag = VIEW("");
    (void)gather(f);
    assert_int_equal(count(f, "\"imageIds\":[{\"imageDigest\":\"sha256:x\"}]"), 2);
}

static void test_many_take_one_wave_and_share_calls(void **state) {
    struct fixture *f = *state;
    static char names[PROCESS_MAX_CHANGES][8];
    for (size_t i = 0; i < 50; i++) {
        snprintf(names[i], sizeof(names[i]), "s%zu", i);
        add_service(f, names[i]);
        process_add(&f->process, names[i], names[i], NOW_MS, i % 2 == 0 ? "t01" : "t02");
    }
    (void)gather_one(f);
    assert_int_equal(f->process.http.waves, 1);
    assert_int_equal(count(f, "DescribeServices"), 5);
    assert_int_equal(count(f, "DescribeTaskDefinition"), 50);
    assert_int_equal(count(f, "DescribeImages"), 2);
    assert_int_equal(count(f, "BatchGetImage"), 2);
    for (size_t i = 0; i < 50; i++) {
        assert_view(f->process.facts[i].service.name, names[i]);
        assert_view(f->process.facts[i].running.family, names[i]);
        assert_int_equal(
            f->process.facts[i].image.digest.data[f->process.facts[i].image.digest.len - 1],
            i % 2 == 0 ? '1' : '2');
    }
}

static void test_same_service_twice_is_asked_once(void **state) {
    struct fixture *f = *state;
    add_service(f, "web");
    process_add(&f->process, "web", "e", NOW_MS, "t01");
    process_add(&f->process, "web", "e", NOW_MS, "t01");
    (void)gather_one(f);
    assert_int_equal(f->n_calls, 4);
    assert_true(f->process.facts[1].latest.arn.len > 0);
}

static void test_other_repositories_are_asked_apart(void **state) {
    struct fixture *f = *state;
    add_service(f, "web");
    for (size_t i = 0; i < 3; i++) {
        process_add(&f->process, "web", "e", NOW_MS, "t01");
    }
    f->process.targets[1].repository.registry.account = VIEW("333333333333");
    f->process.targets[2].cluster = VIEW("c2");
    (void)gather(f);
    assert_int_equal(count(f, "DescribeImages"), 2);
    assert_int_equal(count(f, "\"registryId\":\"333333333333\""), 2);
    assert_int_equal(count(f, "DescribeServices"), 2);
}

static void test_what_has_no_facts_is_not_asked_for(void **state) {
    struct fixture *f = *state;
    process_add(&f->process, "web", "e", NOW_MS, "t01")->kind = TRIGGER_IGNORE;
    (void)gather_one(f);
    assert_int_equal(f->n_calls, 0);
    assert_int_equal(facts_gather(f->process.aws, NULL, 0, 60000, &f->process.arena, &f->err), 0);
}

/* --- the second wave --- */

static void test_running_below_the_newest_is_described(void **state) {
    struct fixture *f = *state;
    add_service(f, "web");
    register_revision(f, "");
    register_revision(f, "");
    process_add(&f->process, "web", "e", NOW_MS, "t01");
    const struct facts *facts = gather_one(f);
    assert_int_equal(f->process.http.waves, 2);
    assert_int_equal(f->n_calls, 5);
    assert_view(facts->latest.arn, FAKE_ARN "task-definition/web:42");
    assert_view(facts->running.arn, FAKE_ARN "task-definition/web:40");
    assert_int_equal(facts->n_between, 0); /* registered by hand: nothing of an event's is there */
}

static void test_between_is_looked_at_for_another_event(void **state) {
    struct fixture *f = *state;
    add_service(f, "web");
    register_revision(f, EVENT("mine"));
    register_revision(f, EVENT("other"));
    process_add(&f->process, "web", "mine", NOW_MS, "t01");
    const struct facts *facts = gather_one(f);
    assert_int_equal(f->process.http.waves, 2);
    assert_int_equal(facts->n_between, 1);
    assert_view(facts->between[0].arn, FAKE_ARN "task-definition/web:41");
    /* its own is the newest already */
    f->process.triggers[0].event_id = VIEW("other");
    assert_int_equal(gather_one(f)->n_between, 0);
}

/* Under somebody else's newest revision too, once the service was given what it runs after the
 * event: it may have gone back from the event's revision. */
static void test_between_is_looked_at_after_a_return(void **state) {
    struct fixture *f = *state;
    add_service(f, "web");
    register_revision(f, EVENT("mine"));
    register_revision(f, "");
    f->ecs.services[0].deployments[0].created_at_s = NOW_MS / 1000;
    process_add(&f->process, "web", "mine", NOW_MS - 1000, "t01");
    const struct facts *facts = gather_one(f);
    assert_int_equal(f->process.http.waves, 2);
    assert_int_equal(facts->n_between, 1);
    assert_view(facts->between[0].arn, FAKE_ARN "task-definition/web:41");
}

/* What is gone is not missed; what could not be had is. */
static void test_between_that_cannot_be_had(void **state) {
    struct fixture *f = *state;
    add_service(f, "web");
    register_revision(f, EVENT("mine"));
    register_revision(f, EVENT("other"));
    process_add(&f->process, "web", "mine", NOW_MS, "t01");
    f->fails = "DescribeTaskDefinition";
    f->fails_about = "\"web:41\"";
    f->status = 400;
    f->body =
        "{\"__type\":\"ClientException\",\"message\":\"Unable to describe task definition.\"}";
    assert_null(gather_one(f)->between_err);
    assert_int_equal(f->process.facts[0].n_between, 0);
    f->body = "{\"__type\":\"ThrottlingException\"}";
    assert_int_equal(gather_one(f)->between_err->code, ERR_THROTTLED);
}

static void test_between_is_bounded(void **state) {
    struct fixture *f = *state;
    add_service(f, "web");
    for (size_t i = 0; i < 60; i++) {
        register_revision(f, EVENT("other"));
    }
    process_add(&f->process, "web", "mine", NOW_MS, "t01");
    const struct facts *facts = gather_one(f);
    assert_int_equal(facts->n_between, 20);
    assert_view(facts->between[0].arn, FAKE_ARN "task-definition/web:99");
}

static void test_absent_tag_brings_those_that_are_there(void **state) {
    struct fixture *f = *state;
    add_service(f, "web");
    process_add(&f->process, "web", "e", NOW_MS, "no1");
    const struct facts *facts = gather_one(f);
    assert_int_equal(f->process.http.waves, 2);
    assert_int_equal(facts->image_err->code, ERR_IMAGE_NOT_FOUND);
    assert_int_equal(count(f, "\"tagStatus\":\"TAGGED\""), 1);
}

/* --- what goes wrong --- */

static void test_errors_end_up_where_they_belong(void **state) {
    struct fixture *f = *state;
    static const struct {
        const char *operation;
        int status;
        const char *body;
        enum err_code code;
    } rows[] = {
        {"DescribeServices", 400, "{\"__type\":\"ClusterNotFoundException\"}",
         ERR_CLUSTER_NOT_FOUND},
        {"DescribeServices", 200,
         "{\"services\":[],\"failures\":[{\"arn\":\"" FAKE_ARN
         "service/c/web\",\"reason\":\"MISSING\"}]}",
         ERR_SERVICE_NOT_FOUND},
        {"DescribeServices", 500, "", ERR_AWS_UNAVAILABLE},
        {"DescribeServices", 200, "{", ERR_AWS_UNAVAILABLE},
        {"DescribeTaskDefinition", 400,
         "{\"__type\":\"ClientException\",\"message\":\"Unable to describe task definition.\"}",
         ERR_FAMILY_NOT_FOUND},
        {"DescribeImages", 400, "{\"__type\":\"RepositoryNotFoundException\"}",
         ERR_REPOSITORY_NOT_FOUND},
        {"DescribeImages", 400, "{\"__type\":\"ThrottlingException\"}", ERR_THROTTLED},
        {"BatchGetImage", 400, "{\"__type\":\"AccessDeniedException\",\"message\":\"no\"}",
         ERR_REGISTRY_ACCESS_DENIED},
    };
    add_service(f, "web");
    process_add(&f->process, "web", "e", NOW_MS, "t01");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        f->fails = rows[i].operation;
        f->status = rows[i].status;
        f->body = rows[i].body;
        const struct facts *facts = gather_one(f);
        const struct err *const found[] = {facts->service_err, facts->latest_err, facts->image_err,
                                           facts->manifest_err};
        static const char *const operations[] = {"DescribeServices", "DescribeTaskDefinition",
                                                 "DescribeImages", "BatchGetImage"};
        for (size_t j = 0; j < 4; j++) {
            if (strcmp(operations[j], rows[i].operation) != 0) {
                assert_null(found[j]);
                continue;
            }
            assert_non_null(found[j]);
            if (rows[i].status != 200 || rows[i].body[1] != '\0') {
                assert_string_equal(err_name(found[j]->code), err_name(rows[i].code));
            }
        }
    }
}

/* Throttled tags are no reason not to say that the tag is absent. */
static void test_tags_that_cannot_be_had_are_not_missed(void **state) {
    struct fixture *f = *state;
    add_service(f, "web");
    process_add(&f->process, "web", "e", NOW_MS, "no1");
    f->fails = "DescribeImages";
    f->status = 400;
    f->body = "{\"__type\":\"ImageNotFoundException\",\"message\":\"x\"}";
    const struct facts *facts = gather_one(f);
    assert_int_equal(facts->image_err->code, ERR_IMAGE_NOT_FOUND);
    assert_int_equal(facts->n_tagged, 0);
}

static void test_no_time_is_an_error_of_each_fact(void **state) {
    struct fixture *f = *state;
    add_service(f, "web");
    process_add(&f->process, "web", "e", NOW_MS, "t01");
    f->process.budget_ms = 0;
    const struct facts *facts = gather_one(f);
    assert_int_equal(facts->service_err->code, ERR_DEADLINE_EXCEEDED);
    assert_int_equal(facts->latest_err->code, ERR_DEADLINE_EXCEEDED);
    assert_int_equal(facts->image_err->code, ERR_DEADLINE_EXCEEDED);
    assert_int_equal(f->n_calls, 0);
}

static void test_out_of_memory_is_an_error(void **state) {
    struct fixture *f = *state;
    bool succeeded = false;
    add_service(f, "web");
    register_revision(f, EVENT("mine"));
    register_revision(f, EVENT("other"));
    process_add(&f->process, "web", "mine", NOW_MS, "t01");
    for (size_t limit = 0; limit < 4 * 1024 * 1024 && !succeeded; limit += 4099) {
        arena_reset(&f->process.arena);
        f->process.arena.limit_bytes = limit;
        f->n_calls = 0;
        err_init(&f->err);
        succeeded = gather(f) == 0 && !f->process.facts[0].service_err &&
                    f->process.facts[0].n_between == 1;
        if (!succeeded && err_is_set(&f->err)) {
            assert_int_equal(f->err.code, ERR_OUT_OF_MEMORY);
        }
    }
    assert_true(succeeded);
}

int main(void) {
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_a_deploy_takes_one_wave),
        TEST(test_a_restart_asks_no_registry),
        TEST(test_a_revision_asks_no_registry),
        TEST(test_digest_alone_and_beside_a_tag),
        TEST(test_many_take_one_wave_and_share_calls),
        TEST(test_same_service_twice_is_asked_once),
        TEST(test_other_repositories_are_asked_apart),
        TEST(test_what_has_no_facts_is_not_asked_for),
        TEST(test_running_below_the_newest_is_described),
        TEST(test_between_is_looked_at_for_another_event),
        TEST(test_between_is_looked_at_after_a_return),
        TEST(test_between_that_cannot_be_had),
        TEST(test_between_is_bounded),
        TEST(test_absent_tag_brings_those_that_are_there),
        TEST(test_errors_end_up_where_they_belong),
        TEST(test_tags_that_cannot_be_had_are_not_missed),
        TEST(test_no_time_is_an_error_of_each_fact),
        TEST(test_out_of_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
