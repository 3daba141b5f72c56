/*
 * What runs the tasks of a family is found on all pages of all buses and among all schedules, and
 * what cannot be read is not taken for nothing.
 */

#include "handlers/deploy/task_runners.h"
#include "tests/unit/handlers/task_fixture.h"

static const struct gathering_place *place_of(struct task_fixture *t, struct err *err) {
    static struct gathering_place place;
    struct process *p = &t->f->process;
    err_init(err);
    place = (struct gathering_place){
        .aws = p->aws,
        .deadline_ms = clock_monotonic_ms(p->clock) + 60000,
        .arena = &p->arena,
        .err = err,
    };
    return &place;
}

static struct task_family report_family(void) {
    return (struct task_family){.cluster_arn = VIEW(FAKE_CLUSTER), .family = VIEW("report")};
}

static void read_all(struct task_fixture *t, struct task_family *families, size_t n) {
    struct err err;
    if (task_runners_read(place_of(t, &err), families, n) != 0) {
        fail_msg("%s", err.message);
    }
}

/* The family's runners by their names, in their order; "!" behind those that are pinned. */
static void assert_runners(struct task_fixture *t, const struct task_family *family,
                           const char *want) {
    char got[4096] = "";
    assert_null(family->err);
    for (size_t i = 0; i < family->n_runners; i++) {
        struct view name = task_runner_name(&family->runners[i], &t->f->arena);
        size_t len = strlen(got);
        snprintf(got + len, sizeof(got) - len, "%s" VIEW_FMT "%s", i > 0 ? ", " : "",
                 VIEW_ARG(name), family->runners[i].is_pinned ? "!" : "");
    }
    assert_string_equal(got, want);
}

static void of_all_kinds(void **state) {
    struct task_fixture *t = *state;
    struct task_family family = report_family();
    t->runners.buses[1] = "orders";
    t->runners.n_buses = 2;
    add_usual(t);
    add_rule_target(t, "on-order", "one")->bus = "orders";
    fake_add_target(&t->runners, "loose", "one", FAKE_CLUSTER, FAMILY);
    fake_add_target(&t->runners, "plain", "one", FAKE_CLUSTER, "report:12");
    fake_add_target(&t->runners, "name", "one", FAKE_CLUSTER, "report");
    read_all(t, &family, 1);
    assert_runners(t, &family,
                   "schedule 'default/hourly'!, rule 'nightly'!, rule 'loose', rule 'plain'!, "
                   "rule 'name', rule 'on-order' of bus 'orders'!");
    assert_view(family.runners[1].id, "one");
    assert_view(family.runners[1].task_definition, REVISION("40"));
}

static void what_is_not_its_own(void **state) {
    struct task_fixture *t = *state;
    struct task_family family = report_family();
    fake_add_target(&t->runners, "a", "one", FAKE_ARN "cluster/cc", REVISION("40"));
    fake_add_target(&t->runners, "b", "one", FAKE_CLUSTER, FAKE_ARN "task-definition/reports:40");
    fake_add_target(&t->runners, "c", "one", FAKE_CLUSTER, FAKE_ARN "task-definition/repor:40");
    fake_add_target(&t->runners, "d", "one", FAKE_CLUSTER, FAKE_ARN "task-definition/Report:40");
    fake_add_target(&t->runners, "e", "one", FAKE_CLUSTER, "report:forty");
    fake_add_target(&t->runners, "f", "one", FAKE_CLUSTER, "");
    fake_add_schedule(&t->runners, "a", FAKE_ARN "cluster/cc", REVISION("40"));
    fake_add_schedule(&t->runners, "b", FAKE_CLUSTER, FAKE_ARN "task-definition/reports:40");
    fake_add_schedule(&t->runners, "c", "arn:aws:lambda:us-east-1:222222222222:function:x", "");
    read_all(t, &family, 1);
    assert_runners(t, &family, "");
    assert_int_equal(family.n_runners, 0);
}

/* They name what they run in their Input: all that is known is how many there are. */
static void what_calls_run_task(void **state) {
    struct task_fixture *t = *state;
    struct task_family families[2] = {
        report_family(),
        {.cluster_arn = VIEW(FAKE_ARN "cluster/far"), .family = VIEW("clean")},
    };
    add_usual(t);
    fake_add_schedule(&t->runners, "a", "arn:aws:scheduler:::aws-sdk:ecs:runTask", "");
    fake_add_schedule(&t->runners, "b", "arn:aws-us-gov:scheduler:::aws-sdk:ecs:runTask", "");
    fake_add_schedule(&t->runners, "c", "arn:aws:scheduler:::aws-sdk:ecs:startTask", "");
    fake_add_schedule(&t->runners, "d", "arn:aws:scheduler:::aws-sdk:batch:runTask", "");
    t->runners.page_size = 2;
    read_all(t, families, 2);
    assert_runners(t, &families[0], "schedule 'default/hourly'!, rule 'nightly'!");
    assert_int_equal(families[0].n_universal, 2);
    assert_int_equal(families[1].n_universal, 2);
    assert_int_equal(families[1].n_runners, 0);
}

/* Another target of the same rule, of another kind or family. */
static void a_rule_of_mixed_targets(void **state) {
    struct task_fixture *t = *state;
    struct task_family family = report_family();
    add_rule_target(t, "nightly", "one");
    t->runners.targets[t->runners.n_targets++] = (struct fake_rule_target){
        .bus = "default",
        .rule = "nightly",
        .id = VIEW("fn"),
        .text =
            VIEW("{\"Id\":\"fn\",\"Arn\":\"arn:aws:lambda:us-east-1:222222222222:function:x\"}"),
    };
    fake_add_target(&t->runners, "nightly", "two", FAKE_CLUSTER,
                    FAKE_ARN "task-definition/other:1");
    add_rule_target(t, "nightly", "three");
    read_all(t, &family, 1);
    assert_runners(t, &family, "rule 'nightly'!, rule 'nightly'!");
    assert_view(family.runners[1].id, "three");
}

static void several_families(void **state) {
    struct task_fixture *t = *state;
    struct task_family families[3] = {
        report_family(),
        {.cluster_arn = VIEW(FAKE_CLUSTER), .family = VIEW("clean")},
        {.cluster_arn = VIEW(FAKE_ARN "cluster/far"), .family = VIEW("report")},
    };
    add_usual(t);
    fake_add_target(&t->runners, "weekly", "one", FAKE_CLUSTER, FAKE_ARN "task-definition/clean:7");
    fake_add_target(&t->runners, "weekly", "two", FAKE_ARN "cluster/far", REVISION("39"));
    read_all(t, families, 3);
    assert_runners(t, &families[0], "schedule 'default/hourly'!, rule 'nightly'!");
    assert_runners(t, &families[1], "rule 'weekly'!");
    assert_view(families[2].runners[0].task_definition, REVISION("39"));
    assert_view(families[2].runners[0].id, "two");
}

/* Listing 'weekly' for two clusters brings its targets twice: each family has them once. */
static void a_rule_of_two_clusters(void **state) {
    struct task_fixture *t = *state;
    struct task_family families[2] = {
        report_family(),
        {.cluster_arn = VIEW(FAKE_ARN "cluster/far"), .family = VIEW("report")},
    };
    add_rule_target(t, "weekly", "one");
    fake_add_target(&t->runners, "weekly", "two", FAKE_ARN "cluster/far", REVISION("39"));
    read_all(t, families, 2);
    assert_runners(t, &families[0], "rule 'weekly'!");
    assert_runners(t, &families[1], "rule 'weekly'!");
}

static void page_by_page(void **state) {
    struct task_fixture *t = *state;
    struct task_family family = report_family();
    static char names[30][16];
    t->runners.buses[1] = "orders";
    t->runners.buses[2] = "more";
    t->runners.n_buses = 3;
    for (size_t page = 1; page <= 3; page++) {
        t->runners.n_targets = t->runners.n_schedules = 0;
        for (size_t i = 0; i < 10; i++) {
            snprintf(names[i], sizeof(names[i]), "r%zu", i);
            add_rule_target(t, names[i], "one")->bus = t->runners.buses[i % 3];
            add_rule_target(t, names[i], "two")->bus = t->runners.buses[i % 3];
            fake_add_schedule(&t->runners, names[i], FAKE_CLUSTER, REVISION("40"));
        }
        t->runners.page_size = page;
        family = report_family();
        read_all(t, &family, 1);
        assert_null(family.err);
        assert_int_equal(family.n_runners, 30);
    }
}

/* A listing without an end is not walked for ever, nor taken for whole. */
static void a_list_without_an_end(void **state) {
    struct task_fixture *t = *state;
    struct task_family families[2] = {report_family(), report_family()};
    add_usual(t);
    t->runners.has_endless_list = true;
    read_all(t, families, 2);
    assert_non_null(families[0].err);
    assert_int_equal(families[0].err->code, ERR_BAD_RESPONSE);
    assert_non_null(strstr(families[0].err->message, "more than 50 pages"));
    assert_non_null(families[1].err);
}

static void what_fails_is_told(void **state) {
    static const char *const operations[] = {"ListEventBuses", "ListRuleNamesByTarget",
                                             "ListTargetsByRule", "ListSchedules", "GetSchedule"};
    static const struct {
        enum fault fault;
        enum err_code code;
    } faults[] = {
        {FAULT_DENIED, ERR_ACCESS_DENIED}, {FAULT_THROTTLED, ERR_THROTTLED},
        {FAULT_500, ERR_AWS_UNAVAILABLE},  {FAULT_LOST_ANSWER, ERR_AWS_UNAVAILABLE},
        {FAULT_GARBAGE, ERR_BAD_RESPONSE}, {FAULT_HIDDEN, ERR_BAD_RESPONSE},
    };
    for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
        for (size_t j = 0; j < sizeof(faults) / sizeof(faults[0]); j++) {
            set_up_task(state);
            struct task_fixture *t = *state;
            struct task_family family = report_family();
            add_usual(t);
            add_rule(t->f, operations[i], 0, faults[j].fault);
            read_all(t, &family, 1);
            assert_non_null(family.err);
            assert_int_equal(family.err->code, faults[j].code);
            tear_down_task(state);
        }
    }
    set_up_task(state);
}

static void remove_schedule(void *f) {
    struct task_fixture *t = ((struct fixture *)f)->others_state;
    t->runners.schedules[0].is_gone = true;
}

/* Deleted between the list and the look: there is none, and that is no error. */
static void a_schedule_that_is_gone(void **state) {
    struct task_fixture *t = *state;
    struct task_family family = report_family();
    add_usual(t);
    add_rule(t->f, "GetSchedule", 0, FAULT_NONE);
    t->f->rules[0].also = remove_schedule;
    read_all(t, &family, 1);
    assert_runners(t, &family, "rule 'nightly'!");
}

static void no_families(void **state) {
    struct task_fixture *t = *state;
    read_all(t, NULL, 0);
    assert_int_equal(t->runners.reads, 0);
}

/* --- moving --- */

static void nothing_to_move(void **state) {
    struct task_fixture *t = *state;
    struct err err;
    assert_int_equal(task_runners_move(place_of(t, &err), NULL, 0), 0);
    assert_int_equal(t->runners.reads, 0);
}

/* A rule whose targets come in pages: all are read before any is written. */
static void a_rule_of_pages(void **state) {
    struct task_fixture *t = *state;
    struct task_family family = report_family();
    struct task_move moves[5] = {0};
    static const char *const ids[] = {"a", "b", "c", "d", "e"};
    struct err err;
    for (size_t i = 0; i < 5; i++) {
        add_rule_target(t, "nightly", ids[i]);
    }
    t->runners.page_size = 2;
    read_all(t, &family, 1);
    assert_int_equal(family.n_runners, 5);
    for (size_t i = 0; i < 5; i++) {
        moves[i] = (struct task_move){.runner = &family.runners[i],
                                      .task_definition = VIEW(REVISION("41"))};
    }
    assert_int_equal(task_runners_move(place_of(t, &err), moves, 5), 0);
    for (size_t i = 0; i < 5; i++) {
        assert_true(moves[i].changed && !moves[i].err);
        assert_rule_runs(t, i, REVISION("41"));
    }
    assert_int_equal(t->runners.puts, 1);
    /* the third page cannot be had: nothing of the rule is written */
    for (size_t i = 0; i < 5; i++) {
        moves[i] = (struct task_move){.runner = &family.runners[i],
                                      .task_definition = VIEW(REVISION("42"))};
    }
    add_rule(t->f, "ListTargetsByRule", 2, FAULT_500);
    assert_int_equal(task_runners_move(place_of(t, &err), moves, 5), 0);
    for (size_t i = 0; i < 5; i++) {
        assert_true(!moves[i].changed && moves[i].err);
        assert_rule_runs(t, i, REVISION("41"));
    }
    assert_int_equal(t->runners.puts, 1);
}

/* With as little memory as one likes: what is there is whole, or it is said that memory ran out. */
static void memory_can_run_out(void **state) {
    size_t failures = 0;
    for (size_t limit = 4096; limit < (size_t)512 * 1024; limit = limit * 5 / 4) {
        set_up_task(state);
        struct task_fixture *t = *state;
        struct task_family family = report_family();
        struct err err;
        const struct gathering_place *place = place_of(t, &err);
        add_usual(t);
        t->f->process.arena.limit_bytes = limit;
        if (task_runners_read(place, &family, 1) != 0) {
            assert_int_equal(err.code, ERR_OUT_OF_MEMORY);
            failures++;
        } else if (!family.err) {
            assert_int_equal(family.n_runners, 2);
        }
        tear_down_task(state);
    }
    assert_true(failures > 0);
    set_up_task(state);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(of_all_kinds),        TEST(what_is_not_its_own),
        TEST(what_calls_run_task), TEST(a_rule_of_mixed_targets),
        TEST(several_families),    TEST(a_rule_of_two_clusters),
        TEST(page_by_page),        TEST(a_list_without_an_end),
        TEST(what_fails_is_told),  TEST(a_schedule_that_is_gone),
        TEST(no_families),         TEST(nothing_to_move),
        TEST(a_rule_of_pages),     TEST(memory_can_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
