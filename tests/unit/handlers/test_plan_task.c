/*
 * Deciding on a task: its order of events is read from the revisions alone, and what it runs from
 * the rules and schedules that are pinned to one. The fixture's family web has revision 41 of image
 * A, and the event asks for B.
 */

#include "handlers/deploy/facts_task.h"
#include "tests/unit/handlers/plan_fixture.h"

#define WEB(number) ARN "task-definition/web:" number
#define OLDER "2026-11-20T09:00:00Z"
#define NEWER "2026-11-20T11:00:00Z"
#define MAX_KNOWN 6

static struct task_facts task;
static struct task_runner runners[MAX_KNOWN];
static struct ecs_task_definition revisions[MAX_KNOWN];

static int set_up_task(void **state) {
    int rc = set_up(state);
    struct fixture *f = *state;
    task = (struct task_facts){.runners = runners, .revisions = revisions};
    f->target.kind = TARGET_TASK;
    f->target.service = (struct view){0};
    f->facts.service = (struct ecs_service_state){0};
    f->facts.task = &task;
    return rc;
}

static void pin(const char *task_definition) {
    runners[task.n_runners++] = (struct task_runner){.kind = RUNNER_RULE,
                                                     .name = VIEW("nightly"),
                                                     .task_definition = view_of(task_definition),
                                                     .is_pinned = true};
}

static void know(struct ecs_task_definition revision_of_it) {
    revisions[task.n_revisions++] = revision_of_it;
}

/* The family's newest revision, of an event or (with an empty id) somebody else's. */
static void set_latest(struct fixture *f, int number, const char *image, const char *tags) {
    f->facts.latest = revision(f, number, image, "", tags);
    f->facts.running = f->facts.latest;
}

/* What stands for a decision to deploy. */
static void assert_registers(struct fixture *f) {
    assert_verdict(decide(f), VERDICT_DEPLOY);
    assert_int_equal(f->change.delivery, DELIVER_TASK);
    assert_int_equal(f->change.reuse.len, 0);
    assert_has(f->change.register_request, REPO "@" B);
}

static void assert_reuses(struct fixture *f, const char *arn, const char *note) {
    assert_verdict(decide(f), VERDICT_DEPLOY);
    assert_int_equal(f->change.delivery, DELIVER_TASK);
    assert_view(f->change.reuse, arn);
    assert_has(f->change.note, note);
}

static void assert_noted(struct fixture *f, enum verdict verdict, const char *note) {
    assert_verdict(decide(f), verdict);
    assert_has(f->change.note, note);
}

/* --- images --- */

static void a_new_image_is_registered(void **state) {
    struct fixture *f = *state;
    assert_registers(f); /* nothing runs it */
    pin(WEB("41"));
    assert_registers(f);
    assert_view(f->change.from_task_definition, WEB("41"));
    assert_view(f->change.from_image, REPO "@" A);
    assert_view(f->change.to_image, REPO "@" B);
    assert_has(f->change.register_request, "\"slipway:previous\",\"value\":\"web:41\"");
}

static void the_image_is_there_already(void **state) {
    struct fixture *f = *state;
    set_latest(f, 41, REPO "@" B, "");
    assert_noted(f, VERDICT_UNCHANGED, "'web:41' has this image already");
    pin(WEB("41"));
    pin("web:41"); /* as a name */
    assert_noted(f, VERDICT_UNCHANGED, "all that runs the family runs it");
    pin(WEB("40"));
    assert_reuses(f, WEB("41"), "'web:41' has this image already and is used");
    runners[2].is_pinned = false; /* it names the family alone */
    assert_verdict(decide(f), VERDICT_UNCHANGED);
    f->trigger.force = true;
    assert_registers(f);
}

/* --- the same event again --- */

static void what_it_registered_is_used(void **state) {
    struct fixture *f = *state;
    set_latest(f, 42, REPO "@" B, EVENT_TAGS("e-1", TEN, "git-new", B, "web:41"));
    pin(WEB("42"));
    assert_noted(f, VERDICT_UNCHANGED, "event 'e-1' was carried out already");
    assert_view(f->change.tag, "git-new");
    pin(WEB("41"));
    assert_reuses(f, WEB("42"), "'web:42' was registered for event 'e-1' already");
    runners[1].task_definition = VIEW(WEB("43")); /* somebody has moved it on */
    assert_verdict(decide(f), VERDICT_UNCHANGED);
}

/* Not the newest any more: Terraform has registered a base above it. */
static void what_it_registered_below_another_base(void **state) {
    struct fixture *f = *state;
    set_latest(f, 43, REPO "@" A, "");
    know(revision(f, 42, REPO "@" B, "", EVENT_TAGS("e-1", TEN, "git-new", B, "web:41")));
    pin(WEB("42"));
    assert_verdict(decide(f), VERDICT_UNCHANGED);
    pin(WEB("41")); /* it had not come to its end: the new base rides along */
    assert_registers(f);
}

static void what_it_registered_is_gone(void **state) {
    struct fixture *f = *state;
    struct ecs_task_definition own =
        revision(f, 42, REPO "@" B, "", EVENT_TAGS("e-1", TEN, "git-new", B, "web:41"));
    own.status = VIEW("INACTIVE");
    know(own);
    pin(WEB("41"));
    assert_registers(f);
}

/* --- the order of events --- */

static void a_newer_event_wins(void **state) {
    struct fixture *f = *state;
    set_latest(f, 42, REPO "@" A, EVENT_TAGS("e-2", NEWER, "git-2", A, "web:41"));
    pin(WEB("41"));
    assert_noted(f, VERDICT_SUPERSEDED, "event 'e-1' is older than event 'e-2' of " NEWER);
    f->trigger.force = true; /* which does not undo the order of events */
    assert_verdict(decide(f), VERDICT_SUPERSEDED);
}

static void an_older_event_does_not(void **state) {
    struct fixture *f = *state;
    set_latest(f, 42, REPO "@" A, EVENT_TAGS("e-0", OLDER, "git-0", A, "web:41"));
    pin(WEB("42"));
    assert_registers(f);
}

/* The newer one's revision lies below this one's own, which some of the runners are at: they move
 * on to that of the newer one. */
static void what_runs_the_older_ones_moves_on(void **state) {
    struct fixture *f = *state;
    set_latest(f, 43, REPO "@" B, EVENT_TAGS("e-1", TEN, "git-new", B, "web:41"));
    know(revision(f, 42, REPO "@" A, "", EVENT_TAGS("e-2", NEWER, "git-2", A, "web:41")));
    pin(WEB("42"));
    assert_noted(f, VERDICT_SUPERSEDED, "which registered 'web:42'");
    pin(WEB("43"));
    assert_reuses(f, WEB("42"), "event 'e-1' is older than event 'e-2'");
}

/* Of one time the higher revision wins, and an event without one is no newer. */
static void two_events_of_one_time(void **state) {
    struct fixture *f = *state;
    set_latest(f, 42, REPO "@" A, EVENT_TAGS("e-2", TEN, "git-2", A, "web:41"));
    pin(WEB("42"));
    assert_registers(f);
    know(revision(f, 41, REPO "@" B, "", EVENT_TAGS("e-1", TEN, "git-new", B, "web:40")));
    assert_noted(f, VERDICT_SUPERSEDED, "which registered 'web:42'");
    set_latest(f, 43, REPO "@" B, EVENT_TAGS("e-1", TEN, "git-new", B, "web:40"));
    task.n_revisions = 0;
    know(revision(f, 42, REPO "@" A, "", EVENT_TAGS("e-2", TEN, "git-2", A, "web:41")));
    assert_reuses(f, WEB("43"), "was registered for event 'e-1' already");
}

/* The newest of several newer ones. */
static void several_newer_events(void **state) {
    struct fixture *f = *state;
    set_latest(f, 44, REPO "@" A, EVENT_TAGS("e-2", "2026-11-20T10:30:00Z", "git-2", A, "web:41"));
    know(revision(f, 43, REPO "@" A, "", EVENT_TAGS("e-3", NEWER, "git-3", A, "web:41")));
    know(revision(f, 42, REPO "@" A, "", EVENT_TAGS("e-0", OLDER, "git-0", A, "web:41")));
    assert_noted(f, VERDICT_SUPERSEDED, "event 'e-3' of " NEWER ", which registered 'web:43'");
    revisions[0].status = VIEW("INACTIVE"); /* which takes no part */
    assert_noted(f, VERDICT_SUPERSEDED, "which registered 'web:44'");
}

/* --- refusals and failures --- */

static void what_is_refused(void **state) {
    struct fixture *f = *state;
    pin(WEB("41"));
    f->trigger.tag = VIEW("latest");
    assert_refused(f, ERR_TAG_NOT_ALLOWED, "latest");
    f->trigger.tag = VIEW("git-new");
    f->facts.image_err = an_error(f, ERR_IMAGE_NOT_FOUND);
    assert_refused(f, ERR_IMAGE_NOT_FOUND, "the cause");
    f->facts.image_err = NULL;
    set_latest(f, 41, "docker.io/nginx", "");
    assert_refused(f, ERR_CONTAINER_NOT_FOUND, "");
    f->facts.latest_err = an_error(f, ERR_FAMILY_NOT_FOUND);
    assert_refused(f, ERR_FAMILY_NOT_FOUND, "the cause");
}

/* What is not known is not taken for nothing, and comes before what hangs on it. */
static void what_could_not_be_read(void **state) {
    struct fixture *f = *state;
    f->facts.image_err = an_error(f, ERR_IMAGE_NOT_FOUND);
    task.revisions_err = an_error(f, ERR_AWS_UNAVAILABLE);
    assert_error(decide(f), VERDICT_FAILED, ERR_AWS_UNAVAILABLE, "the cause");
    task.err = an_error(f, ERR_ACCESS_DENIED);
    assert_error(decide(f), VERDICT_FAILED, ERR_ACCESS_DENIED, "the cause");
    f->facts.latest_err = an_error(f, ERR_THROTTLED);
    assert_error(decide(f), VERDICT_FAILED, ERR_THROTTLED, "the cause");
    f->trigger.tag = VIEW("latest"); /* that needs no fact */
    assert_refused(f, ERR_TAG_NOT_ALLOWED, "latest");
}

static void other_kinds_of_events(void **state) {
    struct fixture *f = *state;
    pin(WEB("41"));
    f->trigger.kind = TRIGGER_RESTART;
    f->trigger.tag = (struct view){0};
    assert_refused(f, ERR_EVENT_UNSUPPORTED, "task 'web' cannot be restarted");
    f->trigger.kind = TRIGGER_ROLLBACK;
    assert_refused(f, ERR_NOTHING_TO_ROLL_BACK_TO, "task 'web' has no completed deployments");
    f->trigger.kind = TRIGGER_ROLLOUT;
    assert_noted(f, VERDICT_IGNORED, "tasks have no deployments");
}

/* --- a revision by its name --- */

static void request(struct fixture *f, const char *name) {
    f->trigger.kind = TRIGGER_DEPLOY_REVISION;
    f->trigger.tag = (struct view){0};
    f->trigger.task_definition = view_of(name);
}

static void a_revision_by_name(void **state) {
    struct fixture *f = *state;
    f->facts.requested = revision(f, 38, REPO "@" A, "", "");
    request(f, "web:38");
    pin(WEB("41"));
    assert_reuses(f, WEB("38"), "");
    assert_true(f->change.n_trace > 0);
    request(f, WEB("38"));
    assert_reuses(f, WEB("38"), "");
    runners[0].task_definition = VIEW(WEB("38"));
    assert_noted(f, VERDICT_UNCHANGED, "all that is pinned runs 'web:38' already");
}

static void a_revision_that_cannot_be_had(void **state) {
    struct fixture *f = *state;
    f->facts.requested = revision(f, 38, REPO "@" A, "", "");
    pin(WEB("41"));
    request(f, "other:38");
    assert_refused(f, ERR_FAMILY_MISMATCH, "'other:38'");
    request(f, "arn:aws:ecs:us-east-1:333333333333:task-definition/web:38");
    assert_refused(f, ERR_FAMILY_MISMATCH, "another account or region");
    request(f, "web:38");
    f->facts.requested.status = VIEW("INACTIVE");
    assert_refused(f, ERR_FAMILY_NOT_FOUND, "'web:38' is INACTIVE");
    f->facts.requested_err = an_error(f, ERR_FAMILY_NOT_FOUND);
    assert_refused(f, ERR_FAMILY_NOT_FOUND, "the cause");
    f->facts.requested_err = an_error(f, ERR_THROTTLED);
    assert_error(decide(f), VERDICT_FAILED, ERR_THROTTLED, "the cause");
}

static void a_revision_after_a_newer_event(void **state) {
    struct fixture *f = *state;
    set_latest(f, 42, REPO "@" A, EVENT_TAGS("e-2", NEWER, "git-2", A, "web:41"));
    f->facts.requested = revision(f, 38, REPO "@" A, "", "");
    request(f, "web:38");
    pin(WEB("42"));
    assert_noted(f, VERDICT_SUPERSEDED, "which registered 'web:42'");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up_task, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_new_image_is_registered),
        TEST(the_image_is_there_already),
        TEST(what_it_registered_is_used),
        TEST(what_it_registered_below_another_base),
        TEST(what_it_registered_is_gone),
        TEST(a_newer_event_wins),
        TEST(an_older_event_does_not),
        TEST(what_runs_the_older_ones_moves_on),
        TEST(two_events_of_one_time),
        TEST(several_newer_events),
        TEST(what_is_refused),
        TEST(what_could_not_be_read),
        TEST(other_kinds_of_events),
        TEST(a_revision_by_name),
        TEST(a_revision_that_cannot_be_had),
        TEST(a_revision_after_a_newer_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
