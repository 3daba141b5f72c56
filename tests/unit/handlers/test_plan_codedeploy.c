/*
 * Deciding on a service that CodeDeploy deploys: which event a deployment is for stands in its
 * description, and there is one deployment at a time.
 */

#include "handlers/deploy/facts_codedeploy.h"
#include "tests/unit/handlers/plan_fixture.h"

#define MAX_DEPLOYMENTS 4

static struct codedeploy_facts codedeploy;
static struct codedeploy_deployment deployments[MAX_DEPLOYMENTS];

static int set_up_codedeploy(void **state) {
    int rc = set_up(state);
    struct fixture *f = *state;
    codedeploy = (struct codedeploy_facts){.application = VIEW("AppECS-c-web"),
                                           .group = VIEW("DgpECS-c-web"),
                                           .deployments = deployments};
    f->facts.service.controller = VIEW("CODE_DEPLOY");
    f->facts.codedeploy = &codedeploy;
    return rc;
}

static void add(const char *id, const char *description, const char *status) {
    deployments[codedeploy.n_deployments++] = (struct codedeploy_deployment){
        .id = view_of(id), .description = view_of(description), .status = view_of(status)};
}

static void it_is_registered_and_given_to_it(void **state) {
    struct fixture *f = *state;
    assert_verdict(decide(f), VERDICT_DEPLOY);
    assert_int_equal(f->change.delivery, DELIVER_CODE_DEPLOY);
    assert_has(f->change.register_request, REPO "@" B);
}

/* What its own deployment became. */
static void its_own_deployment(void **state) {
    struct fixture *f = *state;
    static const struct {
        const char *status;
        enum verdict verdict;
    } cases[] = {
        {"Created", VERDICT_UNCHANGED},    {"Queued", VERDICT_UNCHANGED},
        {"InProgress", VERDICT_UNCHANGED}, {"Baking", VERDICT_UNCHANGED},
        {"Ready", VERDICT_UNCHANGED},      {"Succeeded", VERDICT_UNCHANGED},
        {"Failed", VERDICT_SUPERSEDED},    {"Stopped", VERDICT_SUPERSEDED},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        codedeploy.n_deployments = 0;
        add("d-0", "slipway event e-0", "Succeeded");
        add("d-1", "slipway event e-1", cases[i].status);
        assert_verdict(decide(f), cases[i].verdict);
        assert_view(f->change.deployment_id, "d-1");
        assert_has(f->change.note, "event 'e-1' was given to CodeDeploy already");
        assert_has(f->change.note, cases[i].status);
        assert_int_equal(f->change.delivery, DELIVER_UPDATE_SERVICE); /* none */
    }
}

/* An event of an id that begins alike, or words of somebody else. */
static void what_is_not_its_own(void **state) {
    struct fixture *f = *state;
    add("d-1", "slipway event e-10", "Succeeded");
    add("d-2", "slipway event e-", "Failed");
    add("d-3", "e-1", "Stopped");
    add("d-4", "", "Succeeded");
    assert_verdict(decide(f), VERDICT_DEPLOY);
}

/* It fails, and is retried: nothing is registered that could not be deployed. */
static void another_deployment_is_under_way(void **state) {
    struct fixture *f = *state;
    static const char *const statuses[] = {"Created", "Queued", "InProgress", "Baking", "Ready"};
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        codedeploy.n_deployments = 0;
        add("d-1", "slipway event e-0", "Succeeded");
        add("d-2", "by hand", statuses[i]);
        assert_error(decide(f), VERDICT_FAILED, ERR_AWS_UNAVAILABLE,
                     "CodeDeploy deployment 'd-2' of service 'web-service' is");
        assert_int_equal(f->change.register_request.len, 0);
    }
    add("d-3", "slipway event e-1", "Succeeded"); /* but its own comes first */
    assert_verdict(decide(f), VERDICT_UNCHANGED);
}

static void nothing_deploys_it(void **state) {
    struct fixture *f = *state;
    codedeploy.group = (struct view){0};
    assert_refused(f, ERR_CONTROLLER_UNSUPPORTED,
                   "no deployment group of CodeDeploy deploys service 'web-service'");
    f->target.codedeploy_application = VIEW("mine");
    f->target.codedeploy_group = VIEW("blue");
    assert_refused(f, ERR_CONTROLLER_UNSUPPORTED,
                   "deployment group 'blue' of CodeDeploy application 'mine' does not deploy");
}

static void what_could_not_be_read(void **state) {
    struct fixture *f = *state;
    codedeploy.err = an_error(f, ERR_ACCESS_DENIED);
    codedeploy.group = (struct view){0};
    assert_error(decide(f), VERDICT_FAILED, ERR_ACCESS_DENIED, "the cause");
    codedeploy.err = an_error(f, ERR_THROTTLED);
    assert_error(decide(f), VERDICT_FAILED, ERR_THROTTLED, "the cause");
    f->trigger.tag = VIEW("latest");
    assert_refused(f, ERR_TAG_NOT_ALLOWED, "latest");
}

/* The order of events is the family's, as for any service. */
static void a_newer_event_wins(void **state) {
    struct fixture *f = *state;
    run_event(f, EVENT_TAGS("e-2", "2026-11-20T10:00:01Z", "git-two", A, "web:40"));
    assert_verdict(decide(f), VERDICT_SUPERSEDED);
}

static void a_revision_by_name(void **state) {
    struct fixture *f = *state;
    f->facts.requested = revision(f, 38, REPO "@" A, "", "");
    f->trigger.kind = TRIGGER_DEPLOY_REVISION;
    f->trigger.tag = (struct view){0};
    f->trigger.task_definition = VIEW("web:38");
    assert_verdict(decide(f), VERDICT_DEPLOY);
    assert_int_equal(f->change.delivery, DELIVER_CODE_DEPLOY);
    assert_view(f->change.reuse, ARN "task-definition/web:38");
    add("d-1", "by hand", "InProgress");
    assert_error(decide(f), VERDICT_FAILED, ERR_AWS_UNAVAILABLE, "it does one at a time");
}

/* CodeDeploy cannot start the same tasks anew. */
static void a_restart_is_refused(void **state) {
    struct fixture *f = *state;
    f->trigger.kind = TRIGGER_RESTART;
    f->trigger.tag = (struct view){0};
    assert_refused(f, ERR_CONTROLLER_UNSUPPORTED, "");
}

/* Of the others' controllers nothing is asked. */
static void another_controller(void **state) {
    struct fixture *f = *state;
    f->facts.service.controller = VIEW("ECS");
    codedeploy.err = an_error(f, ERR_THROTTLED);
    assert_verdict(decide(f), VERDICT_DEPLOY);
    assert_int_equal(f->change.delivery, DELIVER_UPDATE_SERVICE);
    f->facts.service.controller = VIEW("EXTERNAL");
    assert_refused(f, ERR_CONTROLLER_UNSUPPORTED, "EXTERNAL");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up_codedeploy, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(it_is_registered_and_given_to_it),
        TEST(its_own_deployment),
        TEST(what_is_not_its_own),
        TEST(another_deployment_is_under_way),
        TEST(nothing_deploys_it),
        TEST(what_could_not_be_read),
        TEST(a_newer_event_wins),
        TEST(a_revision_by_name),
        TEST(a_restart_is_refused),
        TEST(another_controller),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
