#include "tests/unit/handlers/plan_fixture.h"

/* A service that has gone back: event e-1 made web:42 at 10:00:01, and at 10:04 the service was
 * given web:41 again. */

#define NEWER "2026-11-20T10:00:30Z"

static struct ecs_task_definition made_by(struct fixture *f, int number, const char *tags,
                                          const char *registered_at) {
    struct ecs_task_definition made = revision(f, number, REPO "@" A, "", tags);
    made.registered_at_ms = at(registered_at);
    return made;
}

static void go_back(struct fixture *f, const char *tags_of_42) {
    f->facts.latest = made_by(f, 42, tags_of_42, "2026-11-20T10:00:01Z");
    f->primary.created_at_ms = at("2026-11-20T10:04:00Z");
}

static void test_own_event_does_not_come_back(void **state) {
    struct fixture *f = *state;
    go_back(f, EVENT_TAGS("e-1", TEN, "git-new", B, "web:41"));
    assert_verdict(decide(f), VERDICT_SUPERSEDED);
    assert_has(f->change.note,
               "'web:42' was registered for event 'e-1' already; since then service "
               "'web-service' was given 'web:41' (deployment 'ecs-svc/1' of "
               "2026-11-20T10:04:00Z)");
    f->trigger.force = true;
    assert_verdict(decide(f), VERDICT_SUPERSEDED);
    f->trigger.force = false;
    /* further back than to what ran before */
    f->facts.latest =
        made_by(f, 44, EVENT_TAGS("e-1", TEN, "git-new", B, "web:43"), "2026-11-20T10:00:01Z");
    assert_verdict(decide(f), VERDICT_SUPERSEDED);
}

/* Below what others have registered since, Terraform among them. */
static void test_own_event_below_others(void **state) {
    struct fixture *f = *state;
    struct ecs_task_definition own =
        made_by(f, 42, EVENT_TAGS("e-1", TEN, "git-new", B, "web:41"), "2026-11-20T10:00:01Z");
    f->facts.between = &own;
    f->facts.n_between = 1;
    go_back(f, "");
    f->facts.latest.revision = 43;
    assert_verdict(decide(f), VERDICT_SUPERSEDED);
    assert_has(f->change.note, "'web:42' was registered");
}

static void test_crash_is_no_return(void **state) {
    struct fixture *f = *state;
    go_back(f, EVENT_TAGS("e-1", TEN, "git-new", B, "web:41"));
    f->primary.created_at_ms = at("2026-11-20T10:00:00Z");
    assert_verdict(decide(f), VERDICT_DEPLOY);
    assert_view(f->change.reuse, ARN "task-definition/web:42");
    f->facts.service.primary = NULL;
    assert_verdict(decide(f), VERDICT_DEPLOY);
    f->facts.service.primary = &f->primary;
    f->primary.created_at_ms = at("2026-11-20T10:04:00Z");
    f->facts.latest.registered_at_ms = 0; /* not told */
    assert_verdict(decide(f), VERDICT_DEPLOY);
}

/* However old the deployment says to be: the one that was gone back from is still listed. */
static void test_listed_deployment_tells(void **state) {
    struct fixture *f = *state;
    go_back(f, EVENT_TAGS("e-1", TEN, "git-new", B, "web:41"));
    struct ecs_deployment deployments[] = {
        f->primary,
        {.id = VIEW("ecs-svc/2"),
         .status = VIEW("ACTIVE"),
         .task_definition = f->facts.latest.arn,
         .rollout_state = VIEW("FAILED")},
    };
    deployments[0].created_at_ms = at("2026-11-20T09:00:00Z");
    f->facts.service.deployments = deployments;
    f->facts.service.n_deployments = 2;
    f->facts.service.primary = &deployments[0];
    assert_verdict(decide(f), VERDICT_SUPERSEDED);
}

/* An older event's late update is none: its revision is not from before. */
static void test_late_update_is_no_return(void **state) {
    struct fixture *f = *state;
    go_back(f, EVENT_TAGS("e-1", TEN, "git-new", B, "web:40"));
    assert_verdict(decide(f), VERDICT_DEPLOY);
    assert_view(f->change.reuse, ARN "task-definition/web:42");
}

static void test_older_event_is_superseded_all_the_same(void **state) {
    struct fixture *f = *state;
    go_back(f, EVENT_TAGS("e-2", NEWER, "git-two", A, "web:41"));
    assert_verdict(decide(f), VERDICT_SUPERSEDED);
    assert_has(f->change.note, "'web:42' was registered for event 'e-2' of " NEWER
                               ", which is newer than event 'e-1' of " TEN);
    f->facts.image_err = an_error(f, ERR_IMAGE_NOT_FOUND); /* however the registry is */
    assert_verdict(decide(f), VERDICT_SUPERSEDED);
}

static void test_newer_event_is_carried_out(void **state) {
    struct fixture *f = *state;
    go_back(f, EVENT_TAGS("e-0", "2026-11-20T09:59:59Z", "git-0", A, "web:41"));
    assert_verdict(decide(f), VERDICT_DEPLOY);
    assert_has(f->change.register_request, REPO "@" B);
    go_back(f, EVENT_TAGS("e-0", TEN, "git-0", A, "web:41")); /* of the same second */
    assert_verdict(decide(f), VERDICT_DEPLOY);
}

/* The same image once more, but asked for before the service went back from it. */
static void test_newer_event_with_that_image(void **state) {
    struct fixture *f = *state;
    go_back(f, EVENT_TAGS("e-0", "2026-11-20T09:59:59Z", "git-0", B, "web:41"));
    assert_verdict(decide(f), VERDICT_SUPERSEDED);
    assert_has(f->change.note, "with the same image as event 'e-1'");
    f->trigger.event_time_ms = at("2026-11-20T10:04:00Z");
    assert_verdict(decide(f), VERDICT_DEPLOY);
}

/* Of a family that services share, only the event's own revision tells anything. */
static void test_shared_family(void **state) {
    struct fixture *f = *state;
    static struct service_entry entries[] = {{.task_family = {"web", 3}},
                                             {.task_family = {"web", 3}}};
    f->config.services = entries;
    f->config.n_services = 2;
    go_back(f, EVENT_TAGS("e-2", NEWER, "git-two", B, "web:41"));
    assert_verdict(decide(f), VERDICT_DEPLOY);
    go_back(f, EVENT_TAGS("e-1", TEN, "git-new", B, "web:41"));
    assert_verdict(decide(f), VERDICT_SUPERSEDED);
}

/* The event to whose revision the service went back has nothing left to look for. */
static void test_event_that_was_gone_back_to(void **state) {
    struct fixture *f = *state;
    run_event(f, EVENT_TAGS("e-1", TEN, "git-was", A, "web:40"));
    go_back(f, EVENT_TAGS("e-2", NEWER, "git-two", B, "web:41"));
    assert_verdict(decide(f), VERDICT_UNCHANGED);
}

/* A revision that could not be read may be the event's own. */
static void test_family_that_could_not_be_read(void **state) {
    struct fixture *f = *state;
    f->config.base = BASE_RUNNING;
    f->facts.latest_err = an_error(f, ERR_THROTTLED);
    f->facts.latest = (struct ecs_task_definition){0};
    assert_error(decide(f), VERDICT_FAILED, ERR_THROTTLED, "the cause");
    f->facts.latest_err = an_error(f, ERR_FAMILY_NOT_FOUND);
    assert_verdict(decide(f), VERDICT_DEPLOY);
    f->facts.latest_err = NULL;
    f->facts.between_err = an_error(f, ERR_THROTTLED);
    assert_error(decide(f), VERDICT_FAILED, ERR_THROTTLED, "the cause");
}

/* --- a revision that the event names --- */

static void request_revision(struct fixture *f) {
    f->facts.requested = revision(f, 38, REPO "@" B, "", "");
    f->trigger.kind = TRIGGER_DEPLOY_REVISION;
    f->trigger.tag = VIEW("");
    f->trigger.task_definition = VIEW("web:38");
}

static void test_revision_before_another_was_given(void **state) {
    struct fixture *f = *state;
    request_revision(f);
    f->primary.created_at_ms = f->trigger.event_time_ms + 999;
    assert_verdict(decide(f), VERDICT_DEPLOY);
    f->primary.created_at_ms++;
    assert_verdict(decide(f), VERDICT_SUPERSEDED);
    assert_has(f->change.note, "event 'e-1' is of " TEN "; since then service 'web-service' was "
                               "given 'web:41' (deployment 'ecs-svc/1' of 2026-11-20T10:00:01Z)");
}

/* An older event's deploy that came late has to give way, and not this one. */
static void test_revision_after_a_late_deploy(void **state) {
    struct fixture *f = *state;
    request_revision(f);
    set_running(f, made_by(f, 41, EVENT_TAGS("e-0", "2026-11-20T09:59:58Z", "git-0", A, "web:40"),
                           "2026-11-20T10:00:01Z"));
    f->facts.latest = f->facts.running;
    f->primary.created_at_ms = at("2026-11-20T10:00:02Z");
    assert_verdict(decide(f), VERDICT_DEPLOY);
    f->primary.created_at_ms = at("2026-11-20T10:04:02Z"); /* not its first deployment */
    assert_verdict(decide(f), VERDICT_SUPERSEDED);
}

int main(void) {
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_own_event_does_not_come_back),
        TEST(test_own_event_below_others),
        TEST(test_crash_is_no_return),
        TEST(test_listed_deployment_tells),
        TEST(test_late_update_is_no_return),
        TEST(test_older_event_is_superseded_all_the_same),
        TEST(test_newer_event_is_carried_out),
        TEST(test_newer_event_with_that_image),
        TEST(test_shared_family),
        TEST(test_event_that_was_gone_back_to),
        TEST(test_family_that_could_not_be_read),
        TEST(test_revision_before_another_was_given),
        TEST(test_revision_after_a_late_deploy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
