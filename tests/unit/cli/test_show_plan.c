#include "cli/show_plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ARENA_BYTES ((size_t)1024 * 1024)

static const struct target web = {.name = VIEW("web"), .kind = TARGET_SERVICE};
static const struct target report = {.name = VIEW("report"), .kind = TARGET_TASK};
static const struct trigger deploy = {.kind = TRIGGER_DEPLOY};
static const struct trigger rollback = {.kind = TRIGGER_ROLLBACK, .service = VIEW("web")};

typedef int (*shows)(const struct cli *cli, const struct change *changes, size_t n,
                     struct err *err);

/* What is said; the caller frees it. NULL: -1. */
static char *said(shows show, const struct change *changes, size_t n, bool colours,
                  size_t arena_bytes) {
    struct arena arena ARENA_AUTO = ARENA_INIT(arena_bytes);
    char *text = NULL;
    size_t len;
    struct err err;
    err_init(&err);
    struct cli cli = {.out = open_memstream(&text, &len), .colours = colours, .arena = &arena};
    int status = show(&cli, changes, n, &err);
    fclose(cli.out);
    assert_int_equal(status, err.code == ERR_OUT_OF_MEMORY ? -1 : 0);
    if (status < 0) {
        free(text);
        text = NULL;
    }
    return text;
}

static void assert_says(shows show, const struct change *change, const char *want) {
    char *text = said(show, change, 1, false, ARENA_BYTES);
    assert_non_null(text);
    assert_string_equal(text, want);
    free(text);
}

/* --- plans --- */

static void each_verdict_has_its_words(void **state) {
    static const struct {
        enum verdict verdict;
        const struct trigger *trigger;
        const char *reuse, *words;
    } cases[] = {
        {VERDICT_DEPLOY, &deploy, "", "web (service): deploy a new revision\n"},
        {VERDICT_DEPLOY, &deploy, "arn:aws:ecs:us-east-1:222222222222:task-definition/web:7",
         "web (service): deploy a revision that is there\n  to         web:7\n"},
        {VERDICT_DEPLOY, &rollback, "arn:aws:ecs:us-east-1:222222222222:task-definition/web:7",
         "web (service): roll back\n  to         web:7\n"},
        {VERDICT_RESTART, &deploy, "", "web (service): restart on what runs\n"},
        {VERDICT_REPORT, &deploy, "", "web (service): report\n"},
        {VERDICT_UNCHANGED, &deploy, "", "web (service): unchanged\n"},
        {VERDICT_IGNORED, &deploy, "", "web (service): ignored\n"},
        {VERDICT_SUPERSEDED, &deploy, "", "web (service): superseded\n"},
        {VERDICT_REFUSED, &deploy, "", "web (service): refused\n"},
        {VERDICT_FAILED, &deploy, "", "web (service): failed\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct change change = {.target = &web,
                                      .trigger = cases[i].trigger,
                                      .verdict = cases[i].verdict,
                                      .reuse = view_of(cases[i].reuse)};
        assert_says(show_plan, &change, cases[i].words);
    }
}

static void without_a_target_it_is_the_event(void **state) {
    (void)state;
    assert_says(show_plan, &(struct change){.trigger = &rollback, .verdict = VERDICT_REFUSED},
                "web: refused\n");
    assert_says(show_plan,
                &(struct change){
                    .trigger = &deploy, .verdict = VERDICT_IGNORED, .note = VIEW("switched off")},
                "ignored\n  because    switched off\n");
}

static void a_plan_says_from_what_to_what(void **state) {
    const struct facts facts = {
        .latest = {.arn = VIEW("arn:aws:ecs:us-east-1:222222222222:task-definition/web:42")}};
    struct change change = {
        .target = &web,
        .trigger = &deploy,
        .facts = &facts,
        .verdict = VERDICT_DEPLOY,
        .from_task_definition = VIEW("arn:aws:ecs:us-east-1:222222222222:task-definition/web:41"),
        .from_image = VIEW("host/web:old"),
        .to_image = VIEW("host/web@sha256:1"),
        .tag = VIEW("git-1"),
    };
    (void)state;
    assert_says(show_plan, &change,
                "web (service): deploy a new revision\n"
                "  from       web:41\n"
                "             host/web:old\n"
                "  on top of  web:42\n"
                "  to         host/web@sha256:1\n"
                "  tag        git-1\n");
    change.from_task_definition = VIEW(""); /* a function has none */
    change.facts = NULL;
    assert_says(show_plan, &change,
                "web (service): deploy a new revision\n"
                "  from       host/web:old\n"
                "  to         host/web@sha256:1\n"
                "  tag        git-1\n");
    change.facts = &facts;
    change.from_task_definition = facts.latest.arn;
    char *text = said(show_plan, &change, 1, false, ARENA_BYTES);
    assert_null(strstr(text, "on top of"));
    free(text);
}

static void an_error_has_code_message_and_remedy(void **state) {
    struct err err;
    (void)state;
    err_init(&err);
    assert_int_equal(err_set(&err, ERR_ACCESS_DENIED, "denied: \033[2J"), -1);
    err_remedy(&err, "allow it to the function's role");
    assert_says(show_plan,
                &(struct change){
                    .target = &web, .trigger = &deploy, .verdict = VERDICT_FAILED, .err = &err},
                "web (service): failed\n"
                "  AccessDenied denied: \\x1b[2J\n"
                "  remedy     allow it to your role\n");
}

static void differences_show_both_sides(void **state) {
    struct taskdef_difference differences[] = {
        {VIEW("a.image"), VIEW("\"old\""), VIEW("\"new\"")},
        {VIEW("tags.new"), VIEW(""), VIEW("1")},
        {VIEW("tags.old"), VIEW("[1, 2]"), VIEW("")},
        {VIEW("\033]0;t\007"), VIEW("\342\200\256"), VIEW("\"a\177b\"")},
    };
    struct change change = {.target = &web,
                            .trigger = &deploy,
                            .verdict = VERDICT_DEPLOY,
                            .differences = differences,
                            .n_differences = 4};
    (void)state;
    assert_says(show_plan, &change,
                "web (service): deploy a new revision\n"
                "  ~ a.image\n      - \"old\"\n      + \"new\"\n"
                "  + tags.new\n      + 1\n"
                "  - tags.old\n      - [1,2]\n"
                "  ~ ?]0;t?\n      - ?\n      + \"a?b\"\n");
    change.n_differences = 1;
    char *text = said(show_plan, &change, 1, true, ARENA_BYTES);
    assert_string_equal(text, "\033[1mweb\033[0m (service): \033[32mdeploy a new revision\033[0m\n"
                              "\033[36m  ~ a.image\033[0m\n"
                              "\033[31m      - \"old\"\033[0m\n\033[32m      + \"new\"\033[0m\n");
    free(text);
}

static void a_long_value_is_cut(void **state) {
    static char value[2000];
    struct taskdef_difference difference = {VIEW("env"), {value, 0}, {value, sizeof(value)}};
    const struct change change = {.target = &web,
                                  .trigger = &deploy,
                                  .verdict = VERDICT_DEPLOY,
                                  .differences = &difference,
                                  .n_differences = 1};
    (void)state;
    for (size_t i = 0; i < sizeof(value); i += 2) {
        memcpy(value + i, "\303\274", 2);
    }
    char *text = said(show_plan, &change, 1, false, ARENA_BYTES);
    const char *shown = strstr(text, "      + ");
    assert_non_null(shown);
    assert_int_equal(strlen(shown), strlen("      + ") + 2 * 397 + strlen("...\n"));
    assert_null(strchr(text, '?')); /* not within a character */
    free(text);
}

static void long_values_are_shown_where_they_differ(void **state) {
    static char from[1200];
    static char to[1200];
    struct taskdef_difference difference = {VIEW("env"), {from, sizeof(from)}, {to, sizeof(to)}};
    const struct change change = {.target = &web,
                                  .trigger = &deploy,
                                  .verdict = VERDICT_DEPLOY,
                                  .differences = &difference,
                                  .n_differences = 1};
    (void)state;
    memset(from, 'x', sizeof(from));
    memset(to, 'x', sizeof(to));
    memcpy(from + 1000, "OLD", 3);
    memcpy(to + 1000, "NEW", 3);
    char *text = said(show_plan, &change, 1, false, ARENA_BYTES);
    const char *old_value = strstr(text, "      - ...xxxx");
    assert_non_null(old_value);
    assert_int_equal(strstr(old_value, "OLD") - old_value, strlen("      - ...") + 40);
    assert_non_null(strstr(text, "xxNEWxx"));
    free(text);
}

static void json_is_shown_on_one_line(void **state) {
    struct taskdef_difference difference = {
        VIEW("env"), VIEW("[\n  {\"a\": \"x \\\" y\\\\\"},\r\n\t1 ]"), VIEW("[ ]")};
    (void)state;
    assert_says(show_plan,
                &(struct change){.target = &web,
                                 .trigger = &deploy,
                                 .verdict = VERDICT_DEPLOY,
                                 .differences = &difference,
                                 .n_differences = 1},
                "web (service): deploy a new revision\n  ~ env\n"
                "      - [{\"a\":\"x \\\" y\\\\\"},1]\n      + []\n");
}

/* --- outcomes --- */

static void an_outcome_says_what_it_was_given(void **state) {
    struct view moved[] = {VIEW("rule nightly"), VIEW("schedule default/hourly")};
    (void)state;
    assert_says(
        show_outcome,
        &(struct change){
            .target = &web,
            .trigger = &deploy,
            .status = CHANGE_DEPLOYED,
            .to_task_definition = VIEW("arn:aws:ecs:us-east-1:222222222222:task-definition/web:42"),
            .deployment_id = VIEW("ecs-svc/1"),
        },
        "web (service): deployed\n  revision   web:42\n  deployment ecs-svc/1\n");
    assert_says(show_outcome,
                &(struct change){.target = &report,
                                 .trigger = &deploy,
                                 .status = CHANGE_DEPLOYED,
                                 .version = VIEW("7"),
                                 .moved = moved,
                                 .n_moved = 2,
                                 .note = VIEW("why")},
                "report (task): deployed\n  version    7\n  moved      rule nightly\n"
                "  moved      schedule default/hourly\n  because    why\n");
}

/* --- comparing --- */

static void plans_differ_in_anything_that_is_done(void **state) {
    struct taskdef_difference one[] = {{VIEW("image"), VIEW("a"), VIEW("b")},
                                       {VIEW("tags.slipway:event-time"), VIEW(""), VIEW("1")}};
    struct taskdef_difference later[] = {{VIEW("image"), VIEW("a"), VIEW("b")},
                                         {VIEW("tags.slipway:event-time"), VIEW(""), VIEW("2")}};
    struct taskdef_difference other[] = {{VIEW("image"), VIEW("a"), VIEW("c")},
                                         {VIEW("tags.slipway:event-time"), VIEW(""), VIEW("1")}};
    struct taskdef_difference based[] = {{VIEW("image"), VIEW("x"), VIEW("b")},
                                         {VIEW("tags.slipway:event-time"), VIEW(""), VIEW("1")}};
    const struct facts facts = {.latest = {.arn = VIEW("web:41")}};
    const struct facts newer = {.latest = {.arn = VIEW("web:42")}};
    const struct change plan = {.verdict = VERDICT_DEPLOY,
                                .facts = &facts,
                                .from_task_definition = VIEW("web:40"),
                                .to_image = VIEW("i"),
                                .differences = one,
                                .n_differences = 2};
    struct change changed[8];
    (void)state;
    for (size_t i = 0; i < 8; i++) {
        changed[i] = plan;
    }
    assert_true(plans_are_same(&plan, 1, &changed[0], 1));
    changed[0].differences = later;
    assert_true(plans_are_same(&plan, 1, &changed[0], 1));
    changed[0].differences = other;
    changed[1].differences = based;
    changed[2].n_differences = 1;
    changed[3].facts = &newer;
    changed[4].to_image = VIEW("j");
    changed[5].verdict = VERDICT_RESTART;
    changed[6].from_task_definition = VIEW("web:39");
    changed[7].delivery = DELIVER_CODE_DEPLOY;
    for (size_t i = 0; i < 8; i++) {
        assert_false(plans_are_same(&plan, 1, &changed[i], 1));
    }
    assert_false(plans_are_same(&plan, 1, &plan, 0));
    assert_true(plans_are_same(&plan, 0, &plan, 0));
}

static void the_status_is_that_of_the_worst(void **state) {
    static const struct {
        enum verdict verdict;
        enum change_status status;
        int exit;
        bool does;
    } cases[] = {
        {VERDICT_DEPLOY, CHANGE_DEPLOYED, 0, true},
        {VERDICT_DEPLOY, CHANGE_ROLLED_BACK, 0, true},
        {VERDICT_DEPLOY, CHANGE_IGNORED, 0, true}, /* a plan: not carried out */
        {VERDICT_DEPLOY, CHANGE_FAILED, 1, true},
        {VERDICT_DEPLOY, CHANGE_REFUSED, 3, true},
        {VERDICT_DEPLOY, CHANGE_SUPERSEDED, 3, true},
        {VERDICT_RESTART, CHANGE_RESTARTED, 0, true},
        {VERDICT_UNCHANGED, CHANGE_UNCHANGED, 0, false},
        {VERDICT_IGNORED, CHANGE_IGNORED, 3, false},
        {VERDICT_SUPERSEDED, CHANGE_SUPERSEDED, 3, false},
        {VERDICT_REFUSED, CHANGE_REFUSED, 3, false},
        {VERDICT_FAILED, CHANGE_FAILED, 1, false},
        {VERDICT_REPORT, CHANGE_REPORTED, 0, false},
    };
    struct change all[sizeof(cases) / sizeof(cases[0])];
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        all[i] = (struct change){.verdict = cases[i].verdict, .status = cases[i].status};
        assert_int_equal(exit_status_of(&all[i], 1), cases[i].exit);
        assert_int_equal(plan_does_something(&all[i], 1), cases[i].does);
    }
    assert_int_equal(exit_status_of(all, sizeof(all) / sizeof(all[0])), 1);
    assert_int_equal(exit_status_of(all, 3), 0);
    assert_int_equal(exit_status_of(all, 0), 0);
    const struct change refused_then_fine[] = {all[4], all[0]};
    assert_int_equal(exit_status_of(refused_then_fine, 2), 3);
}

static void memory_may_run_out(void **state) {
    struct taskdef_difference difference = {VIEW("path"), VIEW("old"), VIEW("new")};
    const struct change change = {.target = &web,
                                  .trigger = &deploy,
                                  .verdict = VERDICT_DEPLOY,
                                  .note = VIEW("why"),
                                  .differences = &difference,
                                  .n_differences = 1};
    size_t n_failed = 0;
    (void)state;
    for (size_t bytes = 0; bytes < 400; bytes++) {
        char *text = said(show_plan, &change, 1, false, bytes);
        n_failed += text == NULL;
        free(text);
    }
    assert_in_range(n_failed, 20, 399);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_verdict_has_its_words),
        cmocka_unit_test(without_a_target_it_is_the_event),
        cmocka_unit_test(a_plan_says_from_what_to_what),
        cmocka_unit_test(an_error_has_code_message_and_remedy),
        cmocka_unit_test(differences_show_both_sides),
        cmocka_unit_test(a_long_value_is_cut),
        cmocka_unit_test(long_values_are_shown_where_they_differ),
        cmocka_unit_test(json_is_shown_on_one_line),
        cmocka_unit_test(an_outcome_says_what_it_was_given),
        cmocka_unit_test(plans_differ_in_anything_that_is_done),
        cmocka_unit_test(the_status_is_that_of_the_worst),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
