/* The pure part of following a rollout; the rest is in data/commands/deploy-…. */

#include "cli/follow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define NOW_MS INT64_C(1795214344000)
#define MAX_DEPLOYMENTS 3

struct fixture {
    struct arena arena;
    struct ecs_deployment deployments[MAX_DEPLOYMENTS];
    struct ecs_service_event event;
    struct ecs_service_state service;
    struct follow_target target;
};

static int set_up(void **state) {
    static struct fixture f;
    f = (struct fixture){
        .arena = ARENA_INIT((size_t)64 * 1024),
        .target = {.name = VIEW("backend"), .deployment_id = VIEW("ecs-svc/2"), .begun_ms = NOW_MS},
    };
    f.service.deployments = f.deployments;
    f.service.events = &f.event;
    *state = &f;
    return 0;
}

static int tear_down(void **state) {
    arena_release(&((struct fixture *)*state)->arena);
    return 0;
}

/* "ecs-svc/N"; the first one is the PRIMARY one. */
static struct ecs_deployment *add(struct fixture *f, const char *id, const char *rollout_state) {
    struct ecs_deployment *d = &f->deployments[f->service.n_deployments++];
    *d = (struct ecs_deployment){.id = view_of(id),
                                 .rollout_state = view_of(rollout_state),
                                 .created_at_ms = NOW_MS,
                                 .desired_tasks = 2,
                                 .running_tasks = 2};
    f->service.primary = &f->deployments[0];
    return d;
}

static enum follow_state judge(const struct fixture *f) {
    return follow_judge(&f->service, &f->target);
}

/* --- judging --- */

static void the_rollout_state_decides(void **state) {
    struct fixture *f = *state;
    struct ecs_deployment *own = add(f, "ecs-svc/2", "IN_PROGRESS");
    add(f, "ecs-svc/1", "COMPLETED");
    assert_int_equal(judge(f), FOLLOW_GOING);
    own->rollout_state = VIEW("COMPLETED");
    assert_int_equal(judge(f), FOLLOW_COMPLETED);
    own->rollout_state = VIEW("FAILED");
    assert_int_equal(judge(f), FOLLOW_FAILED);
    own->rollout_state = VIEW("ROLLED_OUT_SOMEHOW");
    assert_int_equal(judge(f), FOLLOW_GOING);
}

static void tasks_that_run_are_not_enough(void **state) {
    struct fixture *f = *state;
    add(f, "ecs-svc/2", "IN_PROGRESS");
    assert_int_equal(judge(f), FOLLOW_GOING);
}

static void what_failed_has_failed_though_it_is_primary_no_more(void **state) {
    struct fixture *f = *state;
    add(f, "ecs-svc/3", "IN_PROGRESS"); /* the way back */
    add(f, "ecs-svc/2", "FAILED");
    assert_int_equal(judge(f), FOLLOW_FAILED);
    f->deployments[0].rollout_state = VIEW("COMPLETED");
    assert_int_equal(judge(f), FOLLOW_FAILED);
}

static void another_one_is_not_its_success(void **state) {
    struct fixture *f = *state;
    add(f, "ecs-svc/3", "COMPLETED");
    assert_int_equal(judge(f), FOLLOW_REPLACED);
    add(f, "ecs-svc/2", "COMPLETED"); /* still listed, and drained */
    assert_int_equal(judge(f), FOLLOW_REPLACED);
}

static void a_service_without_deployments(void **state) {
    struct fixture *f = *state;
    assert_int_equal(judge(f), FOLLOW_REPLACED);
    f->target.deployment_id = VIEW("");
    assert_int_equal(judge(f), FOLLOW_REPLACED);
}

/* StopServiceDeployment names no deployment: the one that is stopped stays the PRIMARY one until
 * ECS goes back. Its failure is what was asked for, and its success is not. */
static void what_is_stopped_is_not_the_way_back(void **state) {
    struct fixture *f = *state;
    static const char *const states[] = {"IN_PROGRESS", "FAILED", "COMPLETED"};
    f->target.deployment_id = VIEW("");
    f->target.from = VIEW("web:42");
    f->target.to = VIEW("web:41");
    struct ecs_deployment *primary = add(f, "ecs-svc/42", "IN_PROGRESS");
    primary->task_definition = VIEW("web:42");
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        primary->rollout_state = view_of(states[i]);
        assert_int_equal(judge(f), FOLLOW_GOING);
    }
    primary->task_definition = VIEW("web:43"); /* of somebody else */
    assert_int_equal(judge(f), FOLLOW_REPLACED);
    primary->task_definition = VIEW("web:41");
    assert_int_equal(judge(f), FOLLOW_COMPLETED);
    primary->rollout_state = VIEW("FAILED");
    assert_int_equal(judge(f), FOLLOW_FAILED);
    f->target.to = VIEW("web:42"); /* a restart: the revision tells nothing */
    primary->task_definition = VIEW("web:42");
    assert_int_equal(judge(f), FOLLOW_FAILED);
}

static void without_an_id_it_is_the_primary_one(void **state) {
    struct fixture *f = *state;
    f->target.deployment_id = VIEW("");
    add(f, "ecs-svc/7", "IN_PROGRESS");
    add(f, "ecs-svc/6", "COMPLETED");
    assert_int_equal(judge(f), FOLLOW_GOING);
    f->deployments[0].rollout_state = VIEW("COMPLETED");
    assert_int_equal(judge(f), FOLLOW_COMPLETED);
}

/* Behind a Classic Load Balancer ECS keeps no rollout state. */
static void without_a_state_the_tasks_are_counted(void **state) {
    struct fixture *f = *state;
    struct ecs_deployment *own = add(f, "ecs-svc/2", "");
    assert_int_equal(judge(f), FOLLOW_COMPLETED);
    own->pending_tasks = 1;
    assert_int_equal(judge(f), FOLLOW_GOING);
    own->pending_tasks = 0;
    own->running_tasks = 1;
    assert_int_equal(judge(f), FOLLOW_GOING);
    own->running_tasks = 2;
    add(f, "ecs-svc/1", "");
    assert_int_equal(judge(f), FOLLOW_GOING);
}

/* --- the line --- */

static void assert_line(struct fixture *f, int64_t ms, size_t columns, const char *want) {
    struct view got = follow_line(&f->target, &f->service, NOW_MS + ms, columns, &f->arena);
    if (!view_equal(got, view_of(want))) {
        fail_msg("got '" VIEW_FMT "', want '%s'", VIEW_ARG(got), want);
    }
}

static void it_has_tasks_time_and_the_last_event(void **state) {
    struct fixture *f = *state;
    struct ecs_deployment *own = add(f, "ecs-svc/2", "IN_PROGRESS");
    own->running_tasks = 1;
    own->pending_tasks = 1;
    assert_line(f, 0, 0, "backend: 1/2 running, 1 pending, 0s");
    own->failed_tasks = 3;
    assert_line(f, 1999, 0, "backend: 1/2 running, 1 pending, 3 failed, 1s");
    f->service.n_events = 1;
    f->event = (struct ecs_service_event){.created_at_ms = NOW_MS,
                                          .message = VIEW("(service web) has started 1 tasks")};
    assert_line(f, 72000, 0,
                "backend: 1/2 running, 1 pending, 3 failed, 1m12s: (service web) has started 1 "
                "tasks");
}

static void time_is_told_in_hours_minutes_seconds(void **state) {
    struct fixture *f = *state;
    add(f, "ecs-svc/2", "IN_PROGRESS");
    assert_line(f, 59999, 0, "backend: 2/2 running, 0 pending, 59s");
    assert_line(f, 60000, 0, "backend: 2/2 running, 0 pending, 1m0s");
    assert_line(f, 3600000, 0, "backend: 2/2 running, 0 pending, 1h0m0s");
    assert_line(f, 36065000, 0, "backend: 2/2 running, 0 pending, 10h1m5s");
    assert_line(f, -5000, 0, "backend: 2/2 running, 0 pending, 0s"); /* a clock that was put back */
}

static void older_events_are_not_its_own(void **state) {
    struct fixture *f = *state;
    struct ecs_deployment *own = add(f, "ecs-svc/2", "IN_PROGRESS");
    f->service.n_events = 1;
    f->event = (struct ecs_service_event){.created_at_ms = NOW_MS - 1, .message = VIEW("steady")};
    assert_line(f, 0, 0, "backend: 2/2 running, 0 pending, 0s");
    /* ECS's clock counts on both sides, not the one here */
    own->created_at_ms = NOW_MS - 100000;
    assert_line(f, 0, 0, "backend: 2/2 running, 0 pending, 0s: steady");
}

static void a_deployment_that_is_gone_has_no_numbers(void **state) {
    struct fixture *f = *state;
    add(f, "ecs-svc/3", "COMPLETED");
    f->service.n_events = 1;
    f->event = (struct ecs_service_event){.created_at_ms = NOW_MS, .message = VIEW("not its own")};
    assert_line(f, 1000, 0, "backend: 1s");
}

static void it_fits_into_the_terminal(void **state) {
    struct fixture *f = *state;
    add(f, "ecs-svc/2", "IN_PROGRESS");
    f->service.n_events = 1;
    f->event = (struct ecs_service_event){.created_at_ms = NOW_MS,
                                          .message = VIEW("Gr\303\274\303\237e an alle")};
    const char *whole = "backend: 2/2 running, 0 pending, 0s: Gr\303\274\303\237e an alle";
    const size_t characters = strlen(whole) - 2;
    assert_line(f, 0, 0, whole);
    assert_line(f, 0, characters + 1, whole);
    assert_line(f, 0, characters,
                "backend: 2/2 running, 0 pending, 0s: Gr\303\274\303\237e an ...");
    assert_line(f, 0, 20, "backend: 2/2 run...");
    for (size_t columns = 2; columns < 80; columns++) {
        struct view line = follow_line(&f->target, &f->service, NOW_MS, columns, &f->arena);
        size_t n = 0;
        for (size_t i = 0; i < line.len; i++) {
            n += ((unsigned char)line.data[i] & 0xc0) != 0x80;
        }
        assert_true(n < columns);
    }
}

static void what_ecs_says_cannot_drive_the_terminal(void **state) {
    struct fixture *f = *state;
    add(f, "ecs-svc/2", "IN_PROGRESS");
    f->service.n_events = 1;
    f->event = (struct ecs_service_event){.created_at_ms = NOW_MS,
                                          .message = VIEW("\033[2J\r\nnext\302\233")};
    assert_line(f, 0, 0, "backend: 2/2 running, 0 pending, 0s: ?[2J??next?");
}

static void a_long_event_is_cut(void **state) {
    struct fixture *f = *state;
    static char text[8000];
    memset(text, 'x', sizeof(text));
    add(f, "ecs-svc/2", "IN_PROGRESS");
    f->service.n_events = 1;
    f->event = (struct ecs_service_event){.created_at_ms = NOW_MS, .message = {text, sizeof(text)}};
    struct view line = follow_line(&f->target, &f->service, NOW_MS, 0, &f->arena);
    assert_in_range(line.len, 1000, 4096);
}

static void memory_may_run_out(void **state) {
    struct fixture *f = *state;
    struct arena none = ARENA_INIT(0);
    add(f, "ecs-svc/2", "IN_PROGRESS");
    assert_null(follow_line(&f->target, &f->service, NOW_MS, 0, &none).data);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(the_rollout_state_decides),
        CASE(tasks_that_run_are_not_enough),
        CASE(what_failed_has_failed_though_it_is_primary_no_more),
        CASE(another_one_is_not_its_success),
        CASE(a_service_without_deployments),
        CASE(what_is_stopped_is_not_the_way_back),
        CASE(without_an_id_it_is_the_primary_one),
        CASE(without_a_state_the_tasks_are_counted),
        CASE(it_has_tasks_time_and_the_last_event),
        CASE(time_is_told_in_hours_minutes_seconds),
        CASE(older_events_are_not_its_own),
        CASE(a_deployment_that_is_gone_has_no_numbers),
        CASE(it_fits_into_the_terminal),
        CASE(what_ecs_says_cannot_drive_the_terminal),
        CASE(a_long_event_is_cut),
        CASE(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
