#include "handlers/deploy/facts_past.h"
#include "handlers/deploy/facts_rollback.h"
#include "tests/unit/handlers/plan_fixture.h"

/* Going back, or a restart: what the service has been given tells. Event e-1 is of 10:00:00, its
 * revision web:42 of 10:00:01; at 10:04 a deployment of web:41 began, which had run before. */

#define WAS "2026-11-20T09:00:00Z"
#define BEGAN "2026-11-20T10:04:00Z"

struct given {
    const char *time;
    int revision;
    bool was_undone;
};

static const struct given restart[] = {{BEGAN, 41, false}, {WAS, 41, false}};
static const struct given return_[] = {
    {BEGAN, 41, false}, {"2026-11-20T10:00:02Z", 42, false}, {WAS, 41, false}};
static const struct given undone[] = {{"2026-11-20T10:00:02Z", 42, true}, {WAS, 41, false}};

static struct past_facts *remember(struct fixture *f, const struct given *given, size_t n) {
    struct past_facts *past = ARENA_NEW(&f->arena, struct past_facts);
    *past = (struct past_facts){
        .deployments = ARENA_ARRAY(&f->arena, n, struct past_deployment), .n = n, .is_all = true};
    for (size_t i = 0; i < n; i++) {
        past->deployments[i] = (struct past_deployment){
            .created_at_ms = at(given[i].time),
            .task_definition =
                given[i].revision > 0
                    ? arena_printf(&f->arena, ARN "task-definition/web:%d", given[i].revision)
                    : VIEW(""),
            .was_undone = given[i].was_undone,
        };
    }
    f->facts.past = past;
    return past;
}
#define REMEMBER(f, given) remember((f), (given), sizeof(given) / sizeof((given)[0]))

static void forget(struct fixture *f, enum err_code code) {
    f->facts.past = ARENA_NEW(&f->arena, struct past_facts);
    f->facts.past->err = an_error(f, code);
}

/* --- deploys of an image --- */

static void begin_again(struct fixture *f, const char *tags_of_42) {
    f->facts.latest = revision(f, 42, REPO "@" B, "", tags_of_42);
    f->facts.latest.registered_at_ms = at("2026-11-20T10:00:01Z");
    f->primary.created_at_ms = at(BEGAN);
}

static void test_restart_is_no_return(void **state) {
    struct fixture *f = *state;
    begin_again(f, EVENT_TAGS("e-1", TEN, "git-new", B, "web:41"));
    REMEMBER(f, restart);
    assert_verdict(decide(f), VERDICT_DEPLOY);
    assert_view(f->change.reuse, ARN "task-definition/web:42");
    /* it has been given: by hand gone back from, or by ECS */
    REMEMBER(f, return_);
    assert_verdict(decide(f), VERDICT_SUPERSEDED);
    REMEMBER(f, undone);
    assert_verdict(decide(f), VERDICT_SUPERSEDED);
    assert_lacks(f->change.note, "not known");
}

static void test_listed_deployment_is_enough(void **state) {
    struct fixture *f = *state;
    begin_again(f, EVENT_TAGS("e-1", TEN, "git-new", B, "web:41"));
    struct ecs_deployment deployments[] = {f->primary, {.task_definition = f->facts.latest.arn}};
    f->facts.service.deployments = deployments;
    f->facts.service.n_deployments = 2;
    f->facts.service.primary = &deployments[0];
    REMEMBER(f, restart);
    assert_verdict(decide(f), VERDICT_SUPERSEDED);
}

/* What did not run before the event's revision was planned is nothing's restart. */
static void test_other_revision_is_no_restart(void **state) {
    struct fixture *f = *state;
    begin_again(f, EVENT_TAGS("e-1", TEN, "git-new", B, "web:40"));
    f->facts.latest =
        revision(f, 44, REPO "@" B, "", EVENT_TAGS("e-1", TEN, "git-new", B, "web:43"));
    f->facts.latest.registered_at_ms = at("2026-11-20T10:00:01Z");
    REMEMBER(f, restart);
    assert_verdict(decide(f), VERDICT_SUPERSEDED);
}

static void test_past_that_does_not_tell(void **state) {
    static const struct given unknown[] = {{BEGAN, 0, false}, {WAS, 41, false}};
    static const struct given late[] = {{WAS, 41, false}, {BEGAN, 41, false}};
    struct fixture *f = *state;
    begin_again(f, EVENT_TAGS("e-1", TEN, "git-new", B, "web:41"));
    REMEMBER(f, unknown);
    assert_verdict(decide(f), VERDICT_SUPERSEDED);
    remember(f, restart, 0);
    assert_verdict(decide(f), VERDICT_SUPERSEDED);
    remember(f, restart, 1)->is_all = false; /* what came before it may be anything */
    assert_verdict(decide(f), VERDICT_SUPERSEDED);
    REMEMBER(f, restart)->is_all = false; /* but this reaches far enough */
    assert_verdict(decide(f), VERDICT_DEPLOY);
    REMEMBER(f, late)->is_all = false; /* not in the order that makes it so */
    assert_verdict(decide(f), VERDICT_SUPERSEDED);
}

static void test_past_that_could_not_be_read(void **state) {
    struct fixture *f = *state;
    begin_again(f, EVENT_TAGS("e-1", TEN, "git-new", B, "web:41"));
    forget(f, ERR_ACCESS_DENIED);
    assert_verdict(decide(f), VERDICT_SUPERSEDED);
    assert_has(f->change.note, "; what it was given before is not known: the cause");
    static const enum err_code passing[] = {ERR_THROTTLED, ERR_AWS_UNAVAILABLE,
                                            ERR_DEADLINE_EXCEEDED};
    for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++) {
        forget(f, passing[i]);
        assert_error(decide(f), VERDICT_FAILED, passing[i], "the cause");
    }
}

/* Another event's revision with the same image, which was not given either. */
static void test_same_image_of_another_event(void **state) {
    struct fixture *f = *state;
    begin_again(f, EVENT_TAGS("e-0", "2026-11-20T09:59:59Z", "git-0", B, "web:41"));
    REMEMBER(f, restart);
    assert_verdict(decide(f), VERDICT_DEPLOY);
    REMEMBER(f, return_);
    assert_verdict(decide(f), VERDICT_SUPERSEDED);
    /* a newer event's deploy is on its way: it has to win, given or not */
    begin_again(f, EVENT_TAGS("e-2", "2026-11-20T10:00:30Z", "git-two", A, "web:41"));
    REMEMBER(f, restart);
    assert_verdict(decide(f), VERDICT_SUPERSEDED);
}

/* --- what was given over it --- */

static struct ecs_task_definition below;

/* web:43 by hand, after the event; web:42 bears these tags. */
static void give_by_hand(struct fixture *f, const char *tags_of_42) {
    f->facts.latest = revision(f, 43, REPO "@" A, "", "");
    set_running(f, f->facts.latest);
    f->primary.created_at_ms = at(BEGAN);
    below = revision(f, 42, REPO "@" B, "", tags_of_42);
    below.registered_at_ms = at("2026-11-20T10:00:01Z");
    f->facts.below = &below;
    f->facts.n_below = 1;
}

static const struct given over[] = {
    {BEGAN, 43, false}, {"2026-11-20T10:00:02Z", 42, false}, {WAS, 41, false}};
static const struct given instead[] = {{BEGAN, 43, false}, {WAS, 41, false}};

static void test_own_event_under_what_was_given_by_hand(void **state) {
    struct fixture *f = *state;
    give_by_hand(f, EVENT_TAGS("e-1", TEN, "git-new", B, "web:41"));
    REMEMBER(f, over);
    assert_verdict(decide(f), VERDICT_SUPERSEDED);
    assert_has(f->change.note, "'web:42' was registered for event 'e-1' already; since then "
                               "service 'web-service' was given 'web:43'");
    /* it had come no further than to its registration */
    REMEMBER(f, instead);
    assert_verdict(decide(f), VERDICT_DEPLOY);
    assert_has(f->change.register_request, REPO "@" B);
    /* before the event: nothing is hidden */
    f->primary.created_at_ms = at(TEN);
    REMEMBER(f, over);
    assert_verdict(decide(f), VERDICT_DEPLOY);
}

static void test_own_event_whose_past_is_not_known(void **state) {
    struct fixture *f = *state;
    give_by_hand(f, EVENT_TAGS("e-1", TEN, "git-new", B, "web:41"));
    forget(f, ERR_ACCESS_DENIED);
    assert_verdict(decide(f), VERDICT_SUPERSEDED);
    forget(f, ERR_THROTTLED);
    assert_error(decide(f), VERDICT_FAILED, ERR_THROTTLED, "the cause");
    REMEMBER(f, instead);
    below.registered_at_ms = 0;
    assert_verdict(decide(f), VERDICT_SUPERSEDED);
}

static void test_newer_event_under_what_was_given_by_hand(void **state) {
    struct fixture *f = *state;
    give_by_hand(f, EVENT_TAGS("e-2", "2026-11-20T10:00:30Z", "git-two", A, "web:41"));
    assert_verdict(decide(f), VERDICT_SUPERSEDED);
    assert_has(f->change.note, "'web:42' was registered for event 'e-2' of 2026-11-20T10:00:30Z, "
                               "which is newer than event 'e-1' of " TEN);
    give_by_hand(f, EVENT_TAGS("e-0", "2026-11-20T09:59:59Z", "git-0", A, "web:41"));
    assert_verdict(decide(f), VERDICT_DEPLOY);
    f->facts.below_err = an_error(f, ERR_THROTTLED); /* may be the own one */
    assert_error(decide(f), VERDICT_FAILED, ERR_THROTTLED, "the cause");
}

/* CodeDeploy may have had another deployment under way when the own one was registered. */
static void test_code_deploy_has_no_past(void **state) {
    struct fixture *f = *state;
    give_by_hand(f, EVENT_TAGS("e-1", TEN, "git-new", B, "web:41"));
    f->facts.service.controller = VIEW("CODE_DEPLOY");
    assert_verdict(decide(f), VERDICT_DEPLOY);
}

/* The same push may have made the other service's revision. */
static void test_shared_family_under_what_was_given_by_hand(void **state) {
    static struct service_entry entries[] = {{.task_family = {"web", 3}},
                                             {.task_family = {"web", 3}}};
    struct fixture *f = *state;
    f->config.services = entries;
    f->config.n_services = 2;
    give_by_hand(f, EVENT_TAGS("e-2", "2026-11-20T10:00:30Z", "git-two", A, "web:41"));
    assert_verdict(decide(f), VERDICT_DEPLOY);
    give_by_hand(f, EVENT_TAGS("e-1", TEN, "git-new", B, "web:41"));
    forget(f, ERR_ACCESS_DENIED);
    assert_verdict(decide(f), VERDICT_DEPLOY);
    REMEMBER(f, over);
    assert_verdict(decide(f), VERDICT_SUPERSEDED);
}

/* --- a revision that the event names --- */

static void request_revision(struct fixture *f, const char *tags) {
    f->facts.requested = revision(f, 38, REPO "@" B, "", tags);
    f->trigger.kind = TRIGGER_DEPLOY_REVISION;
    f->trigger.tag = VIEW("");
    f->trigger.task_definition = VIEW("web:38");
    f->primary.created_at_ms = at(BEGAN);
}

static void test_named_revision_after_a_restart(void **state) {
    static const struct given given[] = {
        {BEGAN, 41, false}, {"2026-11-20T10:00:02Z", 38, false}, {WAS, 41, false}};
    static const struct given other[] = {{BEGAN, 41, false}, {WAS, 40, false}};
    static const struct given failed[] = {{BEGAN, 41, false}, {WAS, 41, true}};
    struct fixture *f = *state;
    request_revision(f, "");
    REMEMBER(f, restart);
    assert_verdict(decide(f), VERDICT_DEPLOY);
    REMEMBER(f, given);
    assert_verdict(decide(f), VERDICT_SUPERSEDED);
    REMEMBER(f, other); /* after the event it was given another one than ran */
    assert_verdict(decide(f), VERDICT_SUPERSEDED);
    REMEMBER(f, failed);
    assert_verdict(decide(f), VERDICT_SUPERSEDED);
    remember(f, restart, 1); /* what ran at the event's time is not kept any more */
    assert_verdict(decide(f), VERDICT_SUPERSEDED);
    forget(f, ERR_THROTTLED);
    assert_error(decide(f), VERDICT_FAILED, ERR_THROTTLED, "the cause");
    forget(f, ERR_ACCESS_DENIED);
    assert_verdict(decide(f), VERDICT_SUPERSEDED);
    assert_has(f->change.note, "is not known: the cause");
}

/* The trace says what ran then. */
static void test_traced_revision_after_a_restart(void **state) {
    static const struct given late[] = {{BEGAN, 41, false}, {"2026-11-20T10:00:01Z", 41, false}};
    struct fixture *f = *state;
    request_revision(f, EVENT_TAGS("e-1", TEN, "git-old", B, "web:41"));
    REMEMBER(f, late);
    assert_verdict(decide(f), VERDICT_DEPLOY);
    request_revision(f, EVENT_TAGS("e-1", TEN, "git-old", B, "web:40"));
    assert_verdict(decide(f), VERDICT_SUPERSEDED);
    request_revision(f, EVENT_TAGS("e-0", TEN, "git-old", B, "web:41"));
    assert_verdict(decide(f), VERDICT_SUPERSEDED);
}

/* --- rollbacks --- */

/* From web:41 to web:38; web:42 was never given to the service. */
static void go_back(struct fixture *f, const char *tags_of_38) {
    struct rollback_facts *rollback = ARENA_NEW(&f->arena, struct rollback_facts);
    rollback->revisions = ARENA_ARRAY(&f->arena, 1, struct rollback_revision);
    rollback->n_revisions = 1;
    rollback->searched_all = true;
    rollback->revisions[0] = (struct rollback_revision){
        .definition = revision(f, 38, REPO "@" B, "", tags_of_38), .image = IMAGE_THERE};
    f->facts.rollback = rollback;
    f->trigger.kind = TRIGGER_ROLLBACK;
    f->trigger.tag = VIEW("");
    begin_again(f, "");
}

#define COMPLETED "{\"key\":\"slipway:completed\",\"value\":\"" WAS "\"}"

static void test_rollback_after_a_restart(void **state) {
    static const struct given again[] = {
        {BEGAN, 41, false}, {"2026-11-20T10:00:02Z", 38, false}, {WAS, 41, false}};
    static const struct given by_hand[] = {{BEGAN, 41, false}, {WAS, 42, false}};
    struct fixture *f = *state;
    go_back(f, COMPLETED);
    REMEMBER(f, restart);
    assert_verdict(decide(f), VERDICT_DEPLOY);
    REMEMBER(f, again);
    assert_verdict(decide(f), VERDICT_SUPERSEDED);
    REMEMBER(f, by_hand);
    assert_verdict(decide(f), VERDICT_SUPERSEDED);
    forget(f, ERR_AWS_UNAVAILABLE);
    assert_error(decide(f), VERDICT_FAILED, ERR_AWS_UNAVAILABLE, "the cause");
    f->trigger.to = VIEW("38");
    REMEMBER(f, restart);
    assert_verdict(decide(f), VERDICT_DEPLOY);
}

/* It stopped a deployment, which leaves no other trace among them; then it was given by hand. */
static void test_rollback_that_stopped_a_deployment(void **state) {
    static const struct given stopped[] = {{BEGAN, 41, false}, {WAS, 41, true}};
    static const struct given just_stopped[] = {
        {BEGAN, 41, false}, {"2026-11-20T10:00:00Z", 41, true}, {WAS, 40, false}};
    struct fixture *f = *state;
    go_back(f, EVENT_TAGS("e-1", TEN, "git-old", B, "web:41") "," COMPLETED);
    REMEMBER(f, restart);
    assert_verdict(decide(f), VERDICT_DEPLOY);
    REMEMBER(f, stopped);
    assert_verdict(decide(f), VERDICT_SUPERSEDED);
    REMEMBER(f, just_stopped);
    assert_verdict(decide(f), VERDICT_SUPERSEDED);
}

int main(void) {
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_restart_is_no_return),
        TEST(test_listed_deployment_is_enough),
        TEST(test_other_revision_is_no_restart),
        TEST(test_past_that_does_not_tell),
        TEST(test_past_that_could_not_be_read),
        TEST(test_same_image_of_another_event),
        TEST(test_own_event_under_what_was_given_by_hand),
        TEST(test_own_event_whose_past_is_not_known),
        TEST(test_newer_event_under_what_was_given_by_hand),
        TEST(test_code_deploy_has_no_past),
        TEST(test_shared_family_under_what_was_given_by_hand),
        TEST(test_named_revision_after_a_restart),
        TEST(test_traced_revision_after_a_restart),
        TEST(test_rollback_after_a_restart),
        TEST(test_rollback_that_stopped_a_deployment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
