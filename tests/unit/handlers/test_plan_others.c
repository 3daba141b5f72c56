#include "tests/unit/handlers/plan_fixture.h"

/* Revisions, restarts, and what is decided without facts. */

/* --- revisions --- */

static void request_revision(struct fixture *f, const char *text) {
    f->trigger = (struct trigger){.kind = TRIGGER_DEPLOY_REVISION,
                                  .event_id = VIEW("e-1"),
                                  .event_time_ms = at(TEN),
                                  .task_definition = view_of(text)};
    err_init(&f->trigger.refusal);
}

static void test_revision(void **state) {
    struct fixture *f = *state;
    f->facts.requested =
        revision(f, 38, REPO "@" B, "", EVENT_TAGS("e-0", "2026-11-01T10:00:00Z", "git-38", B, ""));
    request_revision(f, "web:38");
    assert_verdict(decide(f), VERDICT_DEPLOY);
    assert_view(f->change.reuse, ARN "task-definition/web:38");
    assert_view(f->change.tag, "git-38");
    assert_view(f->change.to_image, REPO "@" B);
    request_revision(f, ARN "task-definition/web:38");
    assert_verdict(decide(f), VERDICT_DEPLOY);
}

static void test_revision_that_runs(void **state) {
    struct fixture *f = *state;
    f->facts.requested = f->facts.running;
    request_revision(f, "web:41");
    assert_verdict(decide(f), VERDICT_UNCHANGED);
}

static void test_revision_refused(void **state) {
    struct fixture *f = *state;
    f->facts.requested = revision(f, 38, REPO "@" B, "", "");
    request_revision(f, "other:38");
    assert_refused(f, ERR_FAMILY_MISMATCH, "'other:38' is not of the service's family 'web'");
    request_revision(f, "arn:aws:ecs:us-east-1:333333333333:task-definition/web:38");
    assert_refused(f, ERR_FAMILY_MISMATCH, "another account or region");
    request_revision(f, "arn:aws:ecs:eu-west-1:222222222222:task-definition/web:38");
    assert_refused(f, ERR_FAMILY_MISMATCH, "another account or region");
    request_revision(f, "web:38");
    f->facts.requested.status = VIEW("INACTIVE");
    assert_refused(f, ERR_FAMILY_NOT_FOUND, "'web:38' is INACTIVE");
    f->facts.requested_err = an_error(f, ERR_FAMILY_NOT_FOUND);
    assert_refused(f, ERR_FAMILY_NOT_FOUND, "the cause");
}

static void test_revision_after_a_newer_event(void **state) {
    struct fixture *f = *state;
    run_event(f, EVENT_TAGS("e-2", "2026-11-20T10:00:01Z", "git-two", A, "web:40"));
    f->facts.requested = revision(f, 38, REPO "@" B, "", "");
    request_revision(f, "web:38");
    assert_verdict(decide(f), VERDICT_SUPERSEDED);
}

/* --- restarts --- */

static void test_restart(void **state) {
    struct fixture *f = *state;
    f->trigger.kind = TRIGGER_RESTART;
    f->trigger.tag = VIEW("");
    assert_int_equal(decide(f)->verdict, VERDICT_RESTART);
    assert_view(f->change.from_image, REPO "@" A);
    f->primary.created_at_ms = at(TEN);
    assert_int_equal(decide(f)->verdict, VERDICT_UNCHANGED);
    /* whole seconds are compared: events have no more */
    f->trigger.event_time_ms += 999;
    assert_int_equal(decide(f)->verdict, VERDICT_UNCHANGED);
    f->trigger.event_time_ms += 1;
    assert_int_equal(decide(f)->verdict, VERDICT_RESTART);
    f->facts.service.primary = NULL;
    assert_int_equal(decide(f)->verdict, VERDICT_RESTART);
    f->facts.service.controller = VIEW("CODE_DEPLOY");
    assert_refused(f, ERR_CONTROLLER_UNSUPPORTED, "");
}

/* --- without facts --- */

static void settle(struct fixture *f) {
    f->change = (struct change){.trigger = &f->trigger, .target = &f->target};
    assert_int_equal(plan_settle(&f->change, 1, &f->arena, &f->err), 0);
}

static void test_settle(void **state) {
    struct fixture *f = *state;
    settle(f);
    assert_int_equal(f->change.verdict, VERDICT_DEPLOY);
    f->trigger.kind = TRIGGER_RESTART;
    settle(f);
    assert_int_equal(f->change.verdict, VERDICT_RESTART);
    f->trigger.kind = TRIGGER_IGNORE;
    f->trigger.note = VIEW("not here");
    settle(f);
    assert_int_equal(f->change.verdict, VERDICT_IGNORED);
    assert_view(f->change.note, "not here");
    f->trigger.kind = TRIGGER_DEPLOY;
    (void)err_set(&f->trigger.refusal, ERR_EVENT_MALFORMED, "no");
    settle(f);
    assert_int_equal(f->change.err->code, ERR_EVENT_MALFORMED);
    err_init(&f->trigger.refusal);
    f->change = (struct change){.trigger = &f->trigger, .err = an_error(f, ERR_SERVICE_UNKNOWN)};
    assert_int_equal(plan_settle(&f->change, 1, &f->arena, &f->err), 0);
    assert_int_equal(f->change.verdict, VERDICT_REFUSED);
    assert_int_equal(f->change.err->code, ERR_SERVICE_UNKNOWN);
}

/* --- several of one payload --- */

struct order_row {
    const char *id;
    int64_t time_ms;
    enum verdict verdict, want;
    bool dry_run, other_service;
    enum trigger_kind kind;
};

static void assert_order(struct fixture *f, const struct order_row *rows, size_t n) {
    struct trigger triggers[8];
    struct change changes[8];
    struct target other = f->target;
    other.service = VIEW("other");
    for (size_t i = 0; i < n; i++) {
        triggers[i] = (struct trigger){.kind = rows[i].kind,
                                       .event_id = view_of(rows[i].id),
                                       .event_time_ms = rows[i].time_ms,
                                       .dry_run = rows[i].dry_run};
        changes[i] = (struct change){.trigger = &triggers[i],
                                     .target = rows[i].other_service ? &other : &f->target,
                                     .verdict = rows[i].verdict};
    }
    assert_int_equal(plan_order(changes, n, &f->arena, &f->err), 0);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(changes[i].verdict, rows[i].want);
        assert_true(changes[i].note.len > 0 || rows[i].verdict == rows[i].want);
    }
}

static void test_order(void **state) {
    struct fixture *f = *state;
    static const struct order_row newest_wins[] = {
        {"a", 1, VERDICT_DEPLOY, VERDICT_SUPERSEDED, .kind = TRIGGER_DEPLOY},
        {"b", 3, VERDICT_DEPLOY, VERDICT_DEPLOY, .kind = TRIGGER_DEPLOY},
        {"c", 2, VERDICT_DEPLOY, VERDICT_SUPERSEDED, .kind = TRIGGER_DEPLOY},
        {"b", 3, VERDICT_DEPLOY, VERDICT_UNCHANGED, .kind = TRIGGER_DEPLOY},
        {"d", 0, VERDICT_DEPLOY, VERDICT_DEPLOY, .other_service = true},
        {"e", 9, VERDICT_DEPLOY, VERDICT_DEPLOY, .dry_run = true},
        {"f", 9, VERDICT_REFUSED, VERDICT_REFUSED, .kind = TRIGGER_DEPLOY},
        {"g", 9, VERDICT_RESTART, VERDICT_RESTART, .kind = TRIGGER_RESTART},
    };
    assert_order(f, newest_wins, 8);
    static const struct order_row of_one_time[] = {
        {"a", 1, VERDICT_DEPLOY, VERDICT_SUPERSEDED, .kind = TRIGGER_DEPLOY},
        {"b", 1, VERDICT_DEPLOY, VERDICT_DEPLOY, .kind = TRIGGER_DEPLOY},
    };
    assert_order(f, of_one_time, 2);
    static const struct order_row runs_already[] = {
        {"a", 1, VERDICT_DEPLOY, VERDICT_SUPERSEDED, .kind = TRIGGER_DEPLOY},
        {"b", 2, VERDICT_UNCHANGED, VERDICT_UNCHANGED, .kind = TRIGGER_DEPLOY},
        {"c", 3, VERDICT_UNCHANGED, VERDICT_UNCHANGED, .kind = TRIGGER_RESTART},
    };
    assert_order(f, runs_already, 3);
    static const struct order_row restarts[] = {
        {"a", 1, VERDICT_RESTART, VERDICT_RESTART, .kind = TRIGGER_RESTART},
        {"b", 2, VERDICT_RESTART, VERDICT_UNCHANGED, .kind = TRIGGER_RESTART},
        {"c", 2, VERDICT_RESTART, VERDICT_RESTART, .other_service = true},
    };
    assert_order(f, restarts, 3);
}

static void test_status_names(void **state) {
    (void)state;
    assert_string_equal(change_status_name(CHANGE_DEPLOYED), "deployed");
    assert_string_equal(change_status_name(CHANGE_PLANNED), "planned");
    assert_string_equal(change_status_name(CHANGE_SUPERSEDED), "superseded");
}

int main(void) {
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_revision),
        TEST(test_revision_that_runs),
        TEST(test_revision_refused),
        TEST(test_revision_after_a_newer_event),
        TEST(test_restart),
        TEST(test_settle),
        TEST(test_order),
        TEST(test_status_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
