/*
 * What became of a deployment, decided from what ECS says of it: completed, failed, gone back,
 * superseded, impaired; and what is nobody's to tell. The fixture's deployment ecs-svc/1, of
 * web:41, began at nine; the event is of ten.
 */

#include "handlers/deploy/facts_rollout.h"
#include "tests/unit/handlers/plan_fixture.h"

#define NINE "2026-11-20T09:00:00Z"
#define PAST_TAGS EVENT_TAGS("e-0", "2026-11-20T08:59:00Z", "git-old", A, "web:40")
#define COMPLETED(time) ",{\"key\":\"slipway:completed\",\"value\":\"" time "\"}"

static struct rollout_facts rollout;
static struct ecs_deployment both[2];

static int set_up_rollout(void **state) {
    int rc = set_up(state);
    struct fixture *f = *state;
    memset(&rollout, 0, sizeof(rollout));
    f->trigger.kind = TRIGGER_ROLLOUT;
    f->trigger.tag = (struct view){0};
    f->trigger.rollout = (struct rollout_event){.name = VIEW("SERVICE_DEPLOYMENT_COMPLETED"),
                                                .type = VIEW("INFO"),
                                                .deployment_id = VIEW("ecs-svc/1"),
                                                .reason = VIEW("ECS says why.")};
    f->facts.rollout = &rollout;
    rollout.deployment = &f->primary;
    rollout.definition = revision(f, 41, REPO "@" A, "", PAST_TAGS);
    return rc;
}

/* As facts_rollout.c finds it, for a service of several deployments. */
static void set_deployments(struct fixture *f, struct ecs_deployment older) {
    both[0] = f->primary;
    both[1] = older;
    f->facts.service.deployments = both;
    f->facts.service.n_deployments = 2;
    f->facts.service.primary = &both[0];
    rollout.deployment = rollout_deployment(&f->facts.service, &f->trigger.rollout);
}

static void assert_told(struct fixture *f, enum rollout_outcome outcome) {
    const struct change *c = decide(f);
    if (c->verdict != VERDICT_REPORT || c->rollout.outcome != outcome) {
        fail_msg("verdict %d, %s instead of %s: " VIEW_FMT, (int)c->verdict,
                 rollout_outcome_name(c->rollout.outcome), rollout_outcome_name(outcome),
                 VIEW_ARG(c->note));
    }
    assert_int_equal(c->register_request.len, 0);
    assert_true((c->rollout.completed_arn.len > 0) ==
                (rollout_step_of(&f->trigger.rollout) == STEP_COMPLETED));
}

static void assert_noted(struct fixture *f, enum verdict verdict, const char *part) {
    assert_verdict(decide(f), verdict);
    assert_has(f->change.note, part);
    assert_int_equal(f->change.rollout.outcome, ROLLOUT_NONE);
}

/* --- completed --- */

static void completed(void **state) {
    struct fixture *f = *state;
    assert_told(f, ROLLOUT_COMPLETED);
    assert_view(f->change.rollout.completed_arn, ARN "task-definition/web:41");
    assert_view(f->change.deployment_id, "ecs-svc/1");
    assert_view(f->change.tag, "git-old");
    assert_view(f->change.digest, A);
    assert_view(f->change.to_image, REPO "@" A);
    assert_view(f->change.from_task_definition, "web:40");
    assert_int_equal(f->change.rollout.duration_ms, 3600000);
    assert_int_equal(f->change.rollout.why.len, 0);
}

/* A clock that is behind, or a deployment without a time, tells no duration. */
static void a_duration_that_is_not_known(void **state) {
    struct fixture *f = *state;
    f->primary.created_at_ms = f->trigger.event_time_ms + 1;
    assert_told(f, ROLLOUT_COMPLETED);
    assert_int_equal(f->change.rollout.duration_ms, -1);
    f->primary.created_at_ms = 0;
    assert_told(f, ROLLOUT_COMPLETED);
    assert_int_equal(f->change.rollout.duration_ms, -1);
}

/* What somebody else deployed is told of too; there is less to say. */
static void completed_by_somebody_else(void **state) {
    struct fixture *f = *state;
    rollout.definition = revision(f, 41, REPO "@" A, "", "");
    assert_told(f, ROLLOUT_COMPLETED);
    assert_int_equal(f->change.tag.len, 0);
    assert_view(f->change.reuse, ARN "task-definition/web:41");
}

static void the_same_event_twice(void **state) {
    struct fixture *f = *state;
    rollout.definition = revision(f, 41, REPO "@" A, "", PAST_TAGS COMPLETED(TEN));
    assert_noted(f, VERDICT_UNCHANGED, "'web:41' was told to have completed");
    rollout.definition =
        revision(f, 41, REPO "@" A, "", PAST_TAGS COMPLETED("2026-11-20T10:00:01Z"));
    assert_noted(f, VERDICT_UNCHANGED, "'web:41' was told to have completed");
    rollout.definition = revision(f, 41, REPO "@" A, "", PAST_TAGS COMPLETED("no time"));
    assert_told(f, ROLLOUT_COMPLETED);
}

/* --- gone back --- */

static void what_completes_again_was_gone_back_to(void **state) {
    struct fixture *f = *state;
    rollout.definition =
        revision(f, 41, REPO "@" A, "", PAST_TAGS COMPLETED("2026-11-20T09:30:00Z"));
    assert_told(f, ROLLOUT_ROLLED_BACK); /* the very deployment, for the second time */
    rollout.definition =
        revision(f, 41, REPO "@" A, "", PAST_TAGS COMPLETED("2026-11-20T08:00:00Z"));
    assert_told(f, ROLLOUT_COMPLETED); /* a restart of it: another deployment than then */
}

static void a_higher_revision_failed(void **state) {
    struct fixture *f = *state;
    struct ecs_deployment failed = {.id = VIEW("ecs-svc/0"),
                                    .status = VIEW("ACTIVE"),
                                    .task_definition = VIEW(ARN "task-definition/web:42"),
                                    .rollout_state = VIEW("FAILED")};
    set_deployments(f, failed);
    assert_told(f, ROLLOUT_ROLLED_BACK);
    failed.task_definition = VIEW(ARN "task-definition/web:40"); /* a lower one: before it */
    set_deployments(f, failed);
    assert_told(f, ROLLOUT_COMPLETED);
    failed.task_definition = VIEW(ARN "task-definition/web:42");
    failed.rollout_state = VIEW("COMPLETED");
    set_deployments(f, failed);
    assert_told(f, ROLLOUT_COMPLETED);
}

/* A rollback chose it while a higher one ran. */
static void a_rollback_chose_it(void **state) {
    struct fixture *f = *state;
    rollout.definition =
        revision(f, 41, REPO "@" A, "", EVENT_TAGS("back", NINE, "git-old", A, "web:43"));
    assert_told(f, ROLLOUT_ROLLED_BACK);
    rollout.definition =
        revision(f, 41, REPO "@" A, "", EVENT_TAGS("e-0", NINE, "git-old", A, "other:43"));
    assert_told(f, ROLLOUT_COMPLETED);
    f->primary.created_at_ms = at("2026-11-20T09:50:00Z"); /* a restart of it later on */
    rollout.latest = revision(f, 43, REPO "@" B, "", "");
    rollout.latest.registered_at_ms = at("2026-11-20T08:30:00Z");
    rollout.definition = revision(f, 41, REPO "@" A, "",
                                  EVENT_TAGS("back", NINE, "git-old", A, "web:43")
                                      COMPLETED("2026-11-20T09:10:00Z"));
    assert_told(f, ROLLOUT_COMPLETED);
    rollout.definition = revision(f, 41, REPO "@" A, "",
                                  EVENT_TAGS("back", NINE, "git-old", A, "web:43")
                                      COMPLETED("2026-11-20T08:10:00Z"));
    assert_told(f, ROLLOUT_ROLLED_BACK); /* it had completed before web:43 was there */
}

/* The family's newest revision had been registered before this deployment began. */
static void the_newest_was_left(void **state) {
    struct fixture *f = *state;
    rollout.latest = revision(f, 42, REPO "@" B, "", EVENT_TAGS("e-5", NINE, "git-5", B, "web:41"));
    rollout.latest.registered_at_ms = at("2026-11-20T08:30:00Z");
    assert_told(f, ROLLOUT_ROLLED_BACK);
    rollout.latest.registered_at_ms = at("2026-11-20T09:30:00Z"); /* after it: its own rollout */
    assert_told(f, ROLLOUT_COMPLETED);
    rollout.latest.registered_at_ms = at("2026-11-20T08:30:00Z");
    rollout.definition =
        revision(f, 41, REPO "@" A, "", PAST_TAGS COMPLETED("2026-11-20T08:59:00Z"));
    assert_told(f, ROLLOUT_COMPLETED); /* gone back to before: this is a restart */
    rollout.definition =
        revision(f, 41, REPO "@" A, "", PAST_TAGS COMPLETED("2026-11-20T08:29:00Z"));
    assert_told(f, ROLLOUT_ROLLED_BACK);
    rollout.latest = revision(f, 42, REPO "@" B, "", ""); /* nobody's event */
    rollout.latest.registered_at_ms = at("2026-11-20T08:30:00Z");
    assert_told(f, ROLLOUT_COMPLETED);
}

/* --- superseded --- */

static void it_completed_and_is_not_there_any_more(void **state) {
    struct fixture *f = *state;
    f->primary.id = VIEW("ecs-svc/2");
    rollout.deployment = NULL;
    assert_told(f, ROLLOUT_SUPERSEDED);
    assert_view(f->change.deployment_id, "ecs-svc/1");
    assert_has(f->change.rollout.why, "deployment 'ecs-svc/2' of 'web:41' has taken its place");
    assert_view(f->change.rollout.completed_arn, ARN "task-definition/web:41");
    rollout.definition = revision(f, 41, REPO "@" A, "", PAST_TAGS COMPLETED(TEN));
    assert_noted(f, VERDICT_UNCHANGED, "'web:41' was told to have completed");
    memset(&rollout.definition, 0, sizeof(rollout.definition));
    assert_noted(f, VERDICT_IGNORED, "'ecs-svc/1' completed and is not there any more");
    rollout.tasks_err = an_error(f, ERR_ACCESS_DENIED);
    assert_noted(f, VERDICT_IGNORED, "'ecs-svc/1' completed and is not there any more: the cause");
    rollout.tasks_err = an_error(f, ERR_THROTTLED);
    assert_error(decide(f), VERDICT_FAILED, ERR_THROTTLED, "the cause");
}

static void a_start_ends_what_it_replaces(void **state) {
    struct fixture *f = *state;
    f->trigger.rollout.name = VIEW("SERVICE_DEPLOYMENT_IN_PROGRESS");
    set_deployments(f,
                    (struct ecs_deployment){.id = VIEW("ecs-svc/0"),
                                            .status = VIEW("ACTIVE"),
                                            .task_definition = VIEW(ARN "task-definition/web:40"),
                                            .created_at_ms = at("2026-11-20T08:00:00Z"),
                                            .rollout_state = VIEW("IN_PROGRESS")});
    assert_ptr_equal(rollout.deployment, &both[1]);
    rollout.definition =
        revision(f, 40, REPO "@" A, "", EVENT_TAGS("e-9", NINE, "git-9", A, "web:39"));
    assert_told(f, ROLLOUT_SUPERSEDED);
    assert_view(f->change.deployment_id, "ecs-svc/0");
    assert_has(f->change.rollout.why, "deployment 'ecs-svc/1' of 'web:41' took its place");
    rollout.definition = revision(f, 40, REPO "@" A, "", ""); /* nobody waits for its end */
    assert_noted(f, VERDICT_IGNORED, "a deployment has begun");
    rollout.deployment = NULL;
    assert_noted(f, VERDICT_IGNORED, "a deployment has begun; its end is told");
}

/* --- failed --- */

static void failed(void **state) {
    struct fixture *f = *state;
    static struct ecs_task_container container = {
        .name = VIEW("app"), .has_exit_code = true, .exit_code = 1};
    static struct ecs_task tasks[2] = {
        {.started_by = VIEW("ecs-svc/1"),
         .stopped_reason = VIEW("Essential container in task exited"),
         .containers = &container,
         .n_containers = 1},
        {.started_by = VIEW("ecs-svc/0"), .stopped_reason = VIEW("RESOURCE:CPU")},
    };
    f->trigger.rollout.name = VIEW("SERVICE_DEPLOYMENT_FAILED");
    rollout.tasks = tasks;
    rollout.n_tasks = 2;
    assert_told(f, ROLLOUT_FAILED);
    assert_view(f->change.rollout.why, "ECS says why.\n1 task: Essential container in task exited; "
                                       "container 'app' exited with 1");
    assert_has(f->change.rollout.remedy, "read the container's logs");
    assert_has(f->change.rollout.remedy, "; to go back: aws events put-events --entries "
                                         "'Source=action.production,DetailType=ROLLBACK,"
                                         "Detail=\"{\\\"service\\\":\\\"web\\\"}\"'");
    f->config.is_prod = false;
    f->config.env = VIEW("dev");
    assert_told(f, ROLLOUT_FAILED);
    assert_has(f->change.rollout.remedy, "'Source=action.dev,DetailType=ROLLBACK,Detail=");
    f->config.event_bus = VIEW("deploys");
    assert_told(f, ROLLOUT_FAILED);
    assert_has(f->change.rollout.remedy,
               "'Source=action.dev,DetailType=ROLLBACK,EventBusName=deploys,Detail=");
}

/* Whoever follows the message must not go one too far. */
static void the_way_back_of_what_is_left_already(void **state) {
    struct fixture *f = *state;
    f->trigger.rollout.name = VIEW("SERVICE_DEPLOYMENT_FAILED");
    assert_told(f, ROLLOUT_FAILED);
    assert_has(f->change.rollout.remedy, "to go back: aws events put-events");
    f->facts.service.rolls_back = true;
    assert_told(f, ROLLOUT_FAILED);
    assert_has(f->change.rollout.remedy, "ECS goes back by itself to what had completed");
    assert_lacks(f->change.rollout.remedy, "put-events");
    f->trigger.rollout.name = VIEW("SERVICE_TASK_START_IMPAIRED");
    assert_told(f, ROLLOUT_IMPAIRED); /* a ROLLBACK stops it */
    assert_has(f->change.rollout.remedy, "to go back: aws events put-events");
    f->trigger.rollout.name = VIEW("SERVICE_DEPLOYMENT_FAILED");
    f->facts.service.rolls_back = false;
    f->facts.service.alarms_roll_back = true;
    assert_told(f, ROLLOUT_FAILED);
    assert_lacks(f->change.rollout.remedy, "put-events");
    f->facts.service.alarms_roll_back = false;
    f->primary.id = VIEW("ecs-svc/2");
    rollout.deployment = NULL;
    assert_told(f, ROLLOUT_FAILED);
    assert_has(f->change.rollout.remedy, "'web:41' has taken its place: look what runs before");
    assert_lacks(f->change.rollout.remedy, "put-events");
}

/* By ECS's own words where no task says anything, and by the event's before the service's. */
static void failed_in_ecs_words(void **state) {
    struct fixture *f = *state;
    f->trigger.rollout.name = VIEW("SERVICE_DEPLOYMENT_FAILED");
    f->primary.rollout_state_reason = VIEW("ECS deployment circuit breaker: task failed ELB health "
                                           "checks in (target-group x).");
    assert_told(f, ROLLOUT_FAILED);
    assert_view(f->change.rollout.why, "ECS says why.");
    f->trigger.rollout.reason = (struct view){0};
    assert_told(f, ROLLOUT_FAILED);
    assert_has(f->change.rollout.why, "task failed ELB health checks");
    assert_has(f->change.rollout.remedy, "does not answer the load balancer's health check");
    f->primary.rollout_state_reason = (struct view){0};
    rollout.tasks_err = an_error(f, ERR_ACCESS_DENIED);
    assert_told(f, ROLLOUT_FAILED);
    assert_has(f->change.rollout.why, "why its tasks stopped could not be read: the cause");
}

/* It need not be listed any more. */
static void failed_and_gone(void **state) {
    struct fixture *f = *state;
    f->trigger.rollout.name = VIEW("SERVICE_DEPLOYMENT_FAILED");
    rollout.deployment = NULL;
    assert_told(f, ROLLOUT_FAILED);
    assert_view(f->change.deployment_id, "ecs-svc/1");
    memset(&rollout.definition, 0, sizeof(rollout.definition));
    assert_told(f, ROLLOUT_FAILED);
    assert_int_equal(f->change.reuse.len, 0);
}

static void impaired(void **state) {
    struct fixture *f = *state;
    static const char *const names[] = {"SERVICE_TASK_START_IMPAIRED",
                                        "SERVICE_TASK_PLACEMENT_FAILURE",
                                        "SERVICE_TASK_CONFIGURATION_FAILURE"};
    f->trigger.rollout.deployment_id = (struct view){0};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        f->trigger.rollout.name = view_of(names[i]);
        assert_told(f, ROLLOUT_IMPAIRED);
        assert_view(f->change.deployment_id, "ecs-svc/1");
    }
    f->primary.rollout_state = VIEW("COMPLETED");
    assert_noted(f, VERDICT_IGNORED, "deployment 'ecs-svc/1' has completed");
    rollout.deployment = NULL;
    assert_noted(f, VERDICT_IGNORED, "the service has no deployment");
}

/* --- nobody's --- */

static void what_is_ignored(void **state) {
    struct fixture *f = *state;
    f->facts.service.controller = VIEW("CODE_DEPLOY");
    assert_noted(f, VERDICT_IGNORED, "deployed by CODE_DEPLOY, which tells of its deployments");
    f->facts.service_err = an_error(f, ERR_SERVICE_NOT_FOUND);
    assert_noted(f, VERDICT_IGNORED, "the cause");
    f->facts.service_err = an_error(f, ERR_CLUSTER_NOT_FOUND);
    assert_noted(f, VERDICT_IGNORED, "the cause");
}

static void what_could_not_be_read(void **state) {
    struct fixture *f = *state;
    rollout.definition_err = an_error(f, ERR_THROTTLED);
    assert_error(decide(f), VERDICT_FAILED, ERR_THROTTLED, "the cause");
    f->facts.service_err = an_error(f, ERR_AWS_UNAVAILABLE);
    assert_error(decide(f), VERDICT_FAILED, ERR_AWS_UNAVAILABLE, "the cause");
}

/* --- which deployment an event is about --- */

static void the_deployment_of_an_event(void **state) {
    struct fixture *f = *state;
    const struct ecs_service_state *service = &f->facts.service;
    struct rollout_event event = {.name = VIEW("SERVICE_DEPLOYMENT_COMPLETED")};
    assert_ptr_equal(rollout_deployment(service, &event), service->primary);
    event.deployment_id = VIEW("ecs-svc/1");
    assert_ptr_equal(rollout_deployment(service, &event), service->primary);
    event.deployment_id = VIEW("ecs-svc/12");
    assert_null(rollout_deployment(service, &event));
    event.name = VIEW("SERVICE_DEPLOYMENT_IN_PROGRESS");
    assert_null(rollout_deployment(service, &event));
    event.deployment_id = VIEW("ecs-svc/1"); /* nothing beside it */
    assert_null(rollout_deployment(service, &event));
}

static void had_completed_before(void **state) {
    struct fixture *f = *state;
    struct ecs_task_definition none = revision(f, 41, REPO "@" A, "", PAST_TAGS);
    struct ecs_task_definition then =
        revision(f, 41, REPO "@" A, "", PAST_TAGS COMPLETED("2026-11-20T09:30:00Z"));
    assert_false(rollout_had_completed(&none, at(TEN)));
    assert_true(rollout_had_completed(&then, at(TEN)));
    assert_false(rollout_had_completed(&then, at("2026-11-20T09:30:00Z")));
    assert_false(rollout_had_completed(&then, at(NINE)));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up_rollout, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(completed),
        TEST(a_duration_that_is_not_known),
        TEST(completed_by_somebody_else),
        TEST(the_same_event_twice),
        TEST(what_completes_again_was_gone_back_to),
        TEST(a_higher_revision_failed),
        TEST(a_rollback_chose_it),
        TEST(the_newest_was_left),
        TEST(it_completed_and_is_not_there_any_more),
        TEST(a_start_ends_what_it_replaces),
        TEST(failed),
        TEST(the_way_back_of_what_is_left_already),
        TEST(failed_in_ecs_words),
        TEST(failed_and_gone),
        TEST(impaired),
        TEST(what_is_ignored),
        TEST(what_could_not_be_read),
        TEST(the_deployment_of_an_event),
        TEST(had_completed_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
