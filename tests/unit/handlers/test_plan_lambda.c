/*
 * Deciding on a Lambda function, whose tags say which events it belongs to. The fixture's function
 * runs image A, and the event asks for B.
 */

#include "handlers/deploy/facts_lambda.h"
#include "handlers/deploy/lambda_claim.h"
#include "tests/unit/handlers/plan_fixture.h"

#define OLDER "2026-11-20T09:00:00Z"
#define NEWER "2026-11-20T11:00:00Z"
#define MAX_TAGS 8

static struct lambda_facts lambda;
static struct ecs_tag tags[MAX_TAGS];

static int set_up_lambda(void **state) {
    int rc = set_up(state);
    struct fixture *f = *state;
    lambda =
        (struct lambda_facts){.function = {.arn = VIEW("arn:aws:lambda:us-east-1:2:function:w"),
                                           .package_type = VIEW("Image"),
                                           .architecture = VIEW("x86_64"),
                                           .image_uri = VIEW(REPO ":old"),
                                           .resolved_uri = VIEW(REPO "@" A),
                                           .tags = tags}};
    f->config.region = VIEW("us-east-1");
    f->target.kind = TARGET_LAMBDA;
    f->target.cluster = f->target.service = f->target.family = (struct view){0};
    f->target.function = VIEW("w");
    f->facts.service = (struct ecs_service_state){0};
    f->facts.lambda = &lambda;
    return rc;
}

static void put_tag(const char *key, const char *value) {
    tags[lambda.function.n_tags++] = (struct ecs_tag){.key = view_of(key), .value = view_of(value)};
}

static void assert_deploys(struct fixture *f) {
    const struct change *c = decide(f);
    if (c->verdict != VERDICT_DEPLOY) {
        fail_msg("verdict %d: " VIEW_FMT " %s", (int)c->verdict, VIEW_ARG(c->note),
                 c->err ? c->err->message : "");
    }
    assert_int_equal(c->delivery, DELIVER_LAMBDA);
    assert_int_equal(c->register_request.len + c->reuse.len, 0);
    assert_view(c->to_image, REPO "@" B);
    assert_view(c->digest, B);
}

static void assert_noted(struct fixture *f, enum verdict verdict, const char *part) {
    assert_verdict(decide(f), verdict);
    assert_has(f->change.note, part);
}

static struct view trace_of(const struct fixture *f, const char *key) {
    for (size_t i = 0; i < f->change.n_trace; i++) {
        if (view_equal(f->change.trace[i].key, view_of(key))) {
            return f->change.trace[i].value;
        }
    }
    fail_msg("no tag '%s'", key);
    return (struct view){0};
}

/* --- images --- */

static void a_new_image(void **state) {
    struct fixture *f = *state;
    f->trigger.reason = VIEW("a <fix>, at last");
    assert_deploys(f);
    assert_view(f->change.from_image, REPO "@" A);
    assert_view(trace_of(f, "slipway:event-id"), "e-1");
    assert_view(trace_of(f, "slipway:event-time"), TEN);
    assert_view(trace_of(f, "slipway:image-tag"), "git-new");
    assert_view(trace_of(f, "slipway:digest"), B);
    assert_view(trace_of(f, "slipway:previous"), A);
    assert_lacks(trace_of(f, "slipway:reason"), "<"); /* which no tag takes */
}

static void the_image_is_there_already(void **state) {
    struct fixture *f = *state;
    lambda.function.resolved_uri = VIEW(REPO "@" B);
    assert_noted(f, VERDICT_UNCHANGED, "function 'w' has this image already");
    f->target.alias = VIEW("live"); /* where that is, is known only later */
    assert_deploys(f);
    f->target.alias = (struct view){0};
    f->trigger.force = true;
    assert_deploys(f);
    f->trigger.force = false;
    lambda.function.resolved_uri = VIEW(HOST "/another@" B); /* of another repository */
    assert_deploys(f);
    lambda.function.resolved_uri = (struct view){0};
    lambda.function.image_uri = VIEW(REPO "@" B);
    assert_noted(f, VERDICT_UNCHANGED, "has this image already");
    lambda.function.image_uri = VIEW(REPO ":git-new"); /* by a tag: of when? */
    assert_deploys(f);
}

/* Nothing is unchanged as long as Lambda may not give the function the image after all. */
static void an_image_that_is_not_there_yet(void **state) {
    static const char *const open[] = {"InProgress", "Failed"};
    struct fixture *f = *state;
    lambda.function.resolved_uri = VIEW(REPO "@" B);
    for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++) {
        lambda.function.update_status = view_of(open[i]);
        assert_deploys(f);
    }
    lambda.function.update_status = VIEW("Successful");
    assert_noted(f, VERDICT_UNCHANGED, "has this image already");
}

static void images_that_lambda_does_not_take(void **state) {
    struct fixture *f = *state;
    f->facts.manifest.is_index = true;
    assert_refused(f, ERR_PLATFORM_MISMATCH, "image 'git-new' is an index of several images");
    assert_has(view_of(f->change.err->remedy), "--provenance=false");
    f->facts.manifest.digest = VIEW(A); /* of another one: the tag has moved on */
    assert_deploys(f);
    f->facts.manifest.is_index = false;
    f->target.repository.registry.region = VIEW("eu-west-1");
    assert_refused(f, ERR_REPOSITORY_NOT_FOUND,
                   "Lambda takes no image from a registry in 'eu-west-1'");
    assert_has(view_of(f->change.err->remedy), "replication rule of the registry to 'us-east-1'");
}

static void a_function_of_a_zip(void **state) {
    struct fixture *f = *state;
    lambda.function.package_type = VIEW("Zip");
    assert_refused(f, ERR_CONTAINER_NOT_FOUND, "function 'w' is no container image: it is 'Zip'");
}

/* --- the order of events --- */

static void claims_order_events(void **state) {
    struct fixture *f = *state;
    static const struct {
        const char *id, *time;
        bool is_newer;
    } cases[] = {
        {"e-0", OLDER, false},     {"e-2", NEWER, true},
        {"e-1", NEWER, false},                          /* its own, with whatever time */
        {"e-2", TEN, true},        {"e-0", TEN, false}, /* of one time by the text */
        {"e-2", "no time", false}, {"", NEWER, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char key[64];
        snprintf(key, sizeof(key), LAMBDA_CLAIM_PREFIX "%s", cases[i].id);
        lambda.function.n_tags = 0;
        put_tag("team", "web");
        put_tag(key, cases[i].time);
        if (cases[i].is_newer) {
            assert_noted(f, VERDICT_SUPERSEDED, "event 'e-1' is older than event 'e-2' of ");
        } else {
            assert_deploys(f);
        }
    }
}

/* Of what is done the tags of its image tell, where no claim does. */
static void tags_order_events(void **state) {
    struct fixture *f = *state;
    put_tag("slipway:event-id", "e-0");
    put_tag("slipway:event-time", OLDER);
    assert_deploys(f);
    lambda.function.n_tags = 0;
    put_tag("slipway:event-id", "e-2");
    put_tag("slipway:event-time", NEWER);
    assert_noted(f, VERDICT_SUPERSEDED, "event 'e-2' of " NEWER);
    f->trigger.force = true; /* which does not undo the order of events */
    assert_verdict(decide(f), VERDICT_SUPERSEDED);
    put_tag(LAMBDA_CLAIM_PREFIX "e-3", "2026-11-20T12:00:00Z"); /* the newest of all */
    assert_noted(f, VERDICT_SUPERSEDED, "event 'e-3' of 2026-11-20T12:00:00Z");
    lambda.function.n_tags = 0;
    put_tag("slipway:event-time", NEWER); /* whose? */
    assert_verdict(decide(f), VERDICT_SUPERSEDED);
}

/* --- claims --- */

static void a_claim_and_its_tag(void **state) {
    struct fixture *f = *state;
    char id[300];
    memset(id, 'x', sizeof(id) - 1);
    id[sizeof(id) - 1] = '\0';
    id[298] = 'y';
    struct lambda_claim claim = lambda_claim_of(view_of(id), at(TEN), &f->arena);
    assert_int_equal(claim.key.len, 128); /* what Lambda takes in a key */
    assert_true(view_ends_with(claim.key, VIEW("xy")));
    assert_view(lambda_claim_tag(&claim, &f->arena).value, TEN);
    struct lambda_claim none = lambda_newest_claim(&lambda.function);
    assert_int_equal(none.key.len, 0);
    assert_false(lambda_claim_outranks(&claim, &claim));
}

static void older_claims(void **state) {
    struct fixture *f = *state;
    size_t n = 9;
    struct lambda_claim own = lambda_claim_of(VIEW("e-1"), at(TEN), &f->arena);
    put_tag(LAMBDA_CLAIM_PREFIX "e-0", OLDER);
    put_tag(LAMBDA_CLAIM_PREFIX "e-1", TEN);
    put_tag(LAMBDA_CLAIM_PREFIX "e-2", NEWER);
    put_tag(LAMBDA_CLAIM_PREFIX "e-00", TEN);
    put_tag("team", OLDER);
    put_tag("slipway:event-time", OLDER);
    struct view *keys = lambda_older_claims(&lambda.function, &own, &f->arena, &n);
    assert_int_equal(n, 2);
    assert_view(keys[0], LAMBDA_CLAIM_PREFIX "e-0");
    assert_view(keys[1], LAMBDA_CLAIM_PREFIX "e-00");
}

/* --- refusals and failures --- */

static void what_could_not_be_read(void **state) {
    struct fixture *f = *state;
    f->facts.image_err = an_error(f, ERR_IMAGE_NOT_FOUND);
    assert_refused(f, ERR_IMAGE_NOT_FOUND, "the cause");
    lambda.alias_err = an_error(f, ERR_SERVICE_NOT_FOUND);
    assert_refused(f, ERR_SERVICE_NOT_FOUND, "the cause");
    lambda.function_err = an_error(f, ERR_THROTTLED);
    assert_error(decide(f), VERDICT_FAILED, ERR_THROTTLED, "the cause");
    f->trigger.tag = VIEW("latest");
    assert_refused(f, ERR_TAG_NOT_ALLOWED, "latest");
}

static void other_kinds_of_events(void **state) {
    struct fixture *f = *state;
    f->trigger.tag = (struct view){0};
    f->trigger.kind = TRIGGER_RESTART;
    assert_refused(f, ERR_EVENT_UNSUPPORTED, "cannot be restarted");
    f->trigger.kind = TRIGGER_ROLLBACK;
    assert_refused(f, ERR_NOTHING_TO_ROLL_BACK_TO, "keeps no record of completed deployments");
    f->trigger.kind = TRIGGER_DEPLOY_REVISION;
    f->trigger.task_definition = VIEW("web:38");
    assert_refused(f, ERR_EVENT_UNSUPPORTED, "has no task definition");
    f->trigger.kind = TRIGGER_ROLLOUT;
    assert_noted(f, VERDICT_IGNORED, "functions have no deployments of ECS");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up_lambda, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_new_image),
        TEST(the_image_is_there_already),
        TEST(an_image_that_is_not_there_yet),
        TEST(images_that_lambda_does_not_take),
        TEST(a_function_of_a_zip),
        TEST(claims_order_events),
        TEST(tags_order_events),
        TEST(a_claim_and_its_tag),
        TEST(older_claims),
        TEST(what_could_not_be_read),
        TEST(other_kinds_of_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
