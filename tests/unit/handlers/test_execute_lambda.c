/*
 * A Lambda function gets its image, a version and its alias, while Lambda takes its time, calls go
 * wrong and others are at work.
 */

#include "handlers/deploy/lambda_claim.h"
#include "tests/unit/handlers/execute_fixture.h"
#include "tests/unit/handlers/fake_lambda.h"

#define IMAGE(tag)                                                                                 \
    FAKE_REPO "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcd" tag
#define CLAIM "slipway:event:e-1"
#define EVENT_TIME "2025-10-09T08:53:19.500Z"

struct lambda_fixture {
    struct fake_lambda lambda, other;
    struct fixture *f;
    bool has_alias;
};

static bool answer_others(void *state, struct http_exchange *exchange) {
    struct lambda_fixture *l = state;
    return fake_lambda_answer(&l->lambda, &l->f->ecs, exchange) ||
           fake_lambda_answer(&l->other, &l->f->ecs, exchange);
}

static int set_up_lambda(void **state) {
    static struct lambda_fixture l;
    (void)set_up(state);
    memset(&l, 0, sizeof(l));
    l.f = *state;
    l.f->others = answer_others;
    l.f->others_state = &l;
    fake_lambda_init(&l.lambda, &l.f->arena, "hook");
    fake_lambda_init(&l.other, &l.f->arena, "second");
    l.has_alias = true;
    *state = &l;
    return 0;
}

static int tear_down_lambda(void **state) {
    struct lambda_fixture *l = *state;
    void *f = l->f;
    return tear_down(&f);
}

static struct trigger *add_event(struct lambda_fixture *l, const char *name, const char *id,
                                 int64_t time_ms, const char *tag) {
    struct trigger *trigger = process_add(&l->f->process, name, id, time_ms, tag);
    struct target *target = &l->f->process.targets[l->f->process.n - 1];
    target->kind = TARGET_LAMBDA;
    target->cluster = target->service = target->family = (struct view){0};
    target->function = view_of(name);
    target->alias = l->has_alias ? VIEW("live") : (struct view){0};
    return trigger;
}

static const struct change *deploy_event(struct lambda_fixture *l, const char *id, int64_t time_ms,
                                         const char *tag) {
    l->f->process.n = 0;
    add_event(l, "hook", id, time_ms, tag);
    run(l->f);
    return &l->f->process.changes[0];
}

static const struct change *deploy(struct lambda_fixture *l) {
    return deploy_event(l, "e-1", NOW_MS - 500, "t01");
}

static struct lambda_fixture *fixture_of(void *f) {
    return ((struct fixture *)f)->others_state;
}

static void assert_part(struct view text, const char *part) {
    char copy[4096];
    snprintf(copy, sizeof(copy), VIEW_FMT, VIEW_ARG(text));
    if (!strstr(copy, part)) {
        fail_msg("'%s' lacks '%s'", copy, part);
    }
}

/* --- it goes well --- */

static void without_an_alias(void **state) {
    struct lambda_fixture *l = *state;
    l->has_alias = false;
    const struct change *c = deploy(l);
    assert_status(c, CHANGE_DEPLOYED);
    assert_view(l->lambda.image, IMAGE("01"));
    assert_view(c->to_image, IMAGE("01"));
    assert_int_equal(c->version.len, 0);
    assert_int_equal(l->lambda.published + l->lambda.moves, 0);
    assert_view(fake_function_tag(&l->lambda, "slipway:event-id"), "e-1");
    assert_view(fake_function_tag(&l->lambda, "slipway:image-tag"), "t01");
    assert_view(fake_function_tag(&l->lambda, CLAIM), EVENT_TIME);
    assert_status(deploy(l), CHANGE_UNCHANGED);
    assert_int_equal(l->lambda.updates, 1);
}

static void with_an_alias(void **state) {
    struct lambda_fixture *l = *state;
    const struct change *c = deploy(l);
    assert_status(c, CHANGE_DEPLOYED);
    assert_view(c->version, "2");
    assert_view(l->lambda.versions[1], IMAGE("01"));
    assert_int_equal(l->lambda.alias_version, 2);
}

static void the_same_event_twice(void **state) {
    struct lambda_fixture *l = *state;
    assert_status(deploy(l), CHANGE_DEPLOYED);
    assert_status(deploy(l), CHANGE_UNCHANGED);
    assert_int_equal(l->lambda.updates, 1);
    assert_int_equal(l->lambda.published, 1);
    assert_int_equal(l->lambda.moves, 1);
}

/* Another event of the same image: no second version of one code. */
static void one_code_is_published_once(void **state) {
    struct lambda_fixture *l = *state;
    assert_status(deploy(l), CHANGE_DEPLOYED);
    const struct change *c = deploy_event(l, "e-2", NOW_MS + 500, "t01");
    assert_status(c, CHANGE_UNCHANGED);
    assert_view(c->version, "2");
    assert_int_equal(l->lambda.n_versions, 2);
    assert_int_equal(l->lambda.moves, 1);
    assert_status(deploy_event(l, "e-3", NOW_MS + 1500, "t02"), CHANGE_DEPLOYED);
    assert_int_equal(l->lambda.alias_version, 3);
}

static void an_alias_elsewhere_is_moved(void **state) {
    struct lambda_fixture *l = *state;
    assert_status(deploy(l), CHANGE_DEPLOYED);
    l->lambda.alias_version = 1; /* by hand */
    assert_status(deploy_event(l, "e-2", NOW_MS + 500, "t01"), CHANGE_DEPLOYED);
    assert_int_equal(l->lambda.alias_version, 2);
    assert_int_equal(l->lambda.n_versions, 2);
}

static void an_alias_with_weights(void **state) {
    struct lambda_fixture *l = *state;
    l->lambda.alias_has_weights = true;
    const struct change *c = deploy(l);
    assert_status(c, CHANGE_DEPLOYED);
    assert_part(c->note, "its weights were left");
}

static void a_dry_run_writes_nothing(void **state) {
    struct lambda_fixture *l = *state;
    l->f->process.config.dry_run = true;
    assert_status(deploy(l), CHANGE_PLANNED);
    assert_int_equal(l->lambda.updates + l->lambda.tagged + l->lambda.moves, 0);
}

/* --- Lambda takes its time --- */

static void it_settles(void **state) {
    struct lambda_fixture *l = *state;
    l->lambda.polls_to_settle = 4;
    assert_status(deploy(l), CHANGE_DEPLOYED);
    assert_int_equal(l->f->clock.slept_ms, 500 + 1000 + 2000); /* before the second look, … */
    assert_int_equal(l->lambda.alias_version, 2);
}

static void it_does_not_settle_in_time(void **state) {
    struct lambda_fixture *l = *state;
    l->lambda.polls_to_settle = -1;
    const struct change *c = deploy(l);
    assert_status(c, CHANGE_FAILED);
    assert_says(c, ERR_DEADLINE_EXCEEDED,
                "Lambda has not given function 'hook' the image in time; the function has the new "
                "code, and the next attempt goes on from there");
    assert_true(l->f->clock.slept_ms < 60000);
    assert_int_equal(l->lambda.published, 0);
    l->lambda.polls_left = 1; /* it has, by the next attempt */
    assert_status(deploy(l), CHANGE_DEPLOYED);
    assert_int_equal(l->lambda.updates, 1);
    assert_int_equal(l->lambda.alias_version, 2);
}

static void it_cannot_take_the_image(void **state) {
    struct lambda_fixture *l = *state;
    l->lambda.polls_to_settle = 2;
    l->lambda.cannot_take = true;
    const struct change *c = deploy(l);
    assert_status(c, CHANGE_FAILED);
    assert_says(c, ERR_BAD_RESPONSE,
                "Lambda could not give function 'hook' the image: The image is too large.");
    assert_non_null(strstr(c->err->remedy, "correct what Lambda says of the image"));
    assert_int_equal(l->lambda.published + l->lambda.moves, 0);
    assert_int_equal(l->lambda.alias_version, 1);
}

/* The function names the image by then. That is no deploy: it is given once more. */
static void it_cannot_take_the_image_again(void **state) {
    for (int has_alias = 0; has_alias < 2; has_alias++) {
        set_up_lambda(state);
        struct lambda_fixture *l = *state;
        l->has_alias = has_alias;
        l->lambda.polls_to_settle = 1;
        l->lambda.cannot_take = true;
        assert_status(deploy(l), CHANGE_FAILED);
        assert_status(deploy(l), CHANGE_FAILED);
        assert_int_equal(l->lambda.updates, 2);
        assert_int_equal(l->lambda.published + l->lambda.moves, 0);
        l->lambda.cannot_take = false;
        assert_status(deploy(l), CHANGE_DEPLOYED);
        assert_int_equal(l->lambda.alias_version, has_alias ? 2 : 1);
        tear_down_lambda(state);
    }
    set_up_lambda(state);
}

/* The first delivery ran out of time while Lambda was at it; then Lambda fails. */
static void it_fails_between_two_deliveries(void **state) {
    for (int has_alias = 0; has_alias < 2; has_alias++) {
        set_up_lambda(state);
        struct lambda_fixture *l = *state;
        l->has_alias = has_alias;
        l->lambda.polls_to_settle = -1;
        assert_status(deploy(l), CHANGE_FAILED);
        l->lambda.polls_left = 1;
        l->lambda.cannot_take = true;
        const struct change *c = deploy(l);
        assert_status(c, CHANGE_FAILED);
        assert_int_equal(c->err->code, ERR_BAD_RESPONSE);
        assert_int_equal(l->lambda.published + l->lambda.moves, 0);
        tear_down_lambda(state);
    }
    set_up_lambda(state);
}

/* --- calls go wrong --- */

/* Whatever is lost on the way, the retry ends where the deploy would have. */
static void lost_calls(void **state) {
    static const char *const operations[] = {"TagFunction",        "GetAlias",       "GetFunction",
                                             "UpdateFunctionCode", "PublishVersion", "UpdateAlias"};
    static const enum fault faults[] = {FAULT_LOST_REQUEST, FAULT_LOST_ANSWER, FAULT_NOT_SENT,
                                        FAULT_500,          FAULT_THROTTLED,   FAULT_GARBAGE};
    for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
        for (size_t j = 0; j < sizeof(faults) / sizeof(faults[0]); j++) {
            set_up_lambda(state);
            struct lambda_fixture *l = *state;
            add_rule(l->f, operations[i], i == 1 || i == 2 ? 1 : 0, faults[j]);
            assert_status(deploy(l), CHANGE_FAILED);
            enum change_status again = deploy(l)->status;
            assert_true(again == CHANGE_DEPLOYED || again == CHANGE_UNCHANGED);
            assert_view(l->lambda.image, IMAGE("01"));
            assert_int_equal(l->lambda.alias_version, 2);
            assert_int_equal(l->lambda.n_versions, 2);
            assert_int_equal(l->lambda.moves, 1);
            assert_view(fake_function_tag(&l->lambda, "slipway:event-id"), "e-1");
            tear_down_lambda(state);
        }
    }
    set_up_lambda(state);
}

/* Without the claim nothing is written: an older event would not see it. */
static void a_claim_that_is_denied(void **state) {
    struct lambda_fixture *l = *state;
    add_rule(l->f, "TagFunction", 0, FAULT_DENIED);
    const struct change *c = deploy(l);
    assert_status(c, CHANGE_FAILED);
    assert_int_equal(c->err->code, ERR_ACCESS_DENIED);
    assert_int_equal(l->lambda.updates, 0);
}

/* The registry does not admit Lambda: an answer, with the permission that is missing. */
static bool answer_without_permission(void *state, struct http_exchange *exchange) {
    struct lambda_fixture *l = state;
    if (!view_equal(fake_rest_operation(exchange), VIEW("UpdateFunctionCode"))) {
        return answer_others(state, exchange);
    }
    fake_lambda_error(&l->lambda, exchange, 400, "InvalidParameterValueException",
                      "Lambda does not have permission to access the ECR image. Check the ECR "
                      "permissions.");
    return true;
}

static void an_image_that_may_not_be_pulled(void **state) {
    struct lambda_fixture *l = *state;
    l->f->others = answer_without_permission;
    const struct change *c = deploy(l);
    assert_status(c, CHANGE_REFUSED);
    assert_int_equal(c->err->code, ERR_REGISTRY_ACCESS_DENIED);
    assert_non_null(strstr(c->err->remedy, "ecr:BatchGetImage and ecr:GetDownloadUrlForLayer"));
}

static void one_of_two(void **state) {
    struct lambda_fixture *l = *state;
    l->lambda.polls_to_settle = 1;
    l->lambda.cannot_take = true;
    add_event(l, "hook", "e-1", NOW_MS - 500, "t01");
    add_event(l, "second", "e-2", NOW_MS - 500, "t02");
    run(l->f);
    assert_status(&l->f->process.changes[0], CHANGE_FAILED);
    assert_status(&l->f->process.changes[1], CHANGE_DEPLOYED);
    assert_view(l->other.image, IMAGE("02"));
    assert_int_equal(l->other.alias_version, 2);
}

/* --- others are at work --- */

static void changes_settings(void *f) {
    fixture_of(f)->lambda.revision++;
}

static void a_change_between_read_and_write(void **state) {
    static const char *const operations[] = {"UpdateFunctionCode", "PublishVersion"};
    for (size_t i = 0; i < 2; i++) {
        set_up_lambda(state);
        struct lambda_fixture *l = *state;
        add_rule(l->f, operations[i], 0, FAULT_NONE);
        l->f->rules[0].also = changes_settings;
        assert_status(deploy(l), CHANGE_DEPLOYED);
        assert_view(l->lambda.image, IMAGE("01"));
        assert_int_equal(l->lambda.alias_version, 2);
        assert_int_equal(l->lambda.n_versions, 2);
        tear_down_lambda(state);
    }
    set_up_lambda(state);
}

static void moves_the_alias(void *f) {
    struct lambda_fixture *l = fixture_of(f);
    l->lambda.alias_revision++;
    l->lambda.alias_version = 1;
}

/* RevisionId of the alias: what somebody did to it meanwhile is seen before it is moved. */
static void an_alias_that_is_moved_meanwhile(void **state) {
    struct lambda_fixture *l = *state;
    add_rule(l->f, "UpdateAlias", 0, FAULT_NONE);
    l->f->rules[0].also = moves_the_alias;
    assert_status(deploy(l), CHANGE_DEPLOYED);
    assert_int_equal(l->lambda.alias_version, 2);
    assert_int_equal(l->lambda.moves, 1);
    assert_int_equal(l->lambda.updates, 1);
}

static void somebody_who_does_not_stop(void **state) {
    struct lambda_fixture *l = *state;
    add_rule(l->f, "UpdateFunctionCode", -1, FAULT_NONE);
    l->f->rules[0].also = changes_settings;
    const struct change *c = deploy(l);
    assert_status(c, CHANGE_FAILED);
    assert_says(c, ERR_AWS_UNAVAILABLE, "function 'hook' is being changed by others all the time");
    assert_int_equal(l->lambda.updates, 0);
    l->f->n_rules = 0;
    assert_status(deploy(l), CHANGE_DEPLOYED);
}

static void claims(struct lambda_fixture *l, const char *id, const char *time) {
    char key[64];
    snprintf(key, sizeof(key), LAMBDA_CLAIM_PREFIX "%s", id);
    fake_put_function_tag(&l->lambda, view_of(key), view_of(time));
}

static void newer_claims(void *f) {
    claims(fixture_of(f), "newer", "2025-10-09T09:00:00Z");
}

static void a_newer_event_at_the_same_time(void **state) {
    struct lambda_fixture *l = *state;
    add_rule(l->f, "TagFunction", 0, FAULT_NONE);
    l->f->rules[0].also = newer_claims;
    const struct change *c = deploy(l);
    assert_status(c, CHANGE_SUPERSEDED);
    assert_part(c->note, "event 'newer' of 2025-10-09T09:00:00Z is newer");
    assert_int_equal(l->lambda.updates + l->lambda.moves, 0);
    assert_status(deploy(l), CHANGE_SUPERSEDED);
}

static void newer_deploys(void *f) {
    struct lambda_fixture *l = fixture_of(f);
    claims(l, "newer", "2025-10-09T09:00:00Z");
    fake_set_image(&l->lambda, VIEW(IMAGE("02")));
}

/* It had not claimed the function when this one looked: the write finds it changed. */
static void a_newer_event_between_read_and_write(void **state) {
    static const char *const operations[] = {"UpdateFunctionCode", "PublishVersion"};
    for (size_t i = 0; i < 2; i++) {
        set_up_lambda(state);
        struct lambda_fixture *l = *state;
        add_rule(l->f, operations[i], 0, FAULT_NONE);
        l->f->rules[0].also = newer_deploys;
        assert_status(deploy(l), CHANGE_SUPERSEDED);
        assert_view(l->lambda.image, IMAGE("02"));
        assert_int_equal(l->lambda.moves, 0);
        tear_down_lambda(state);
    }
    set_up_lambda(state);
}

static void older_claims(void *f) {
    claims(fixture_of(f), "older", "2025-10-09T08:00:00Z");
}

static void an_older_event_at_the_same_time(void **state) {
    struct lambda_fixture *l = *state;
    add_rule(l->f, "TagFunction", 0, FAULT_NONE);
    l->f->rules[0].also = older_claims;
    assert_status(deploy(l), CHANGE_DEPLOYED);
    assert_view(l->lambda.image, IMAGE("01"));
    assert_int_equal(fake_function_tag(&l->lambda, "slipway:event:older").len, 0);
    assert_true(fake_function_tag(&l->lambda, CLAIM).len > 0);
    assert_status(deploy_event(l, "older", NOW_MS - 3600000, "t02"), CHANGE_SUPERSEDED);
    assert_view(l->lambda.image, IMAGE("01"));
}

/* --- tags of earlier events --- */

static void claims_are_removed(void **state) {
    struct lambda_fixture *l = *state;
    assert_status(deploy(l), CHANGE_DEPLOYED);
    assert_status(deploy_event(l, "e-2", NOW_MS + 500, "t02"), CHANGE_DEPLOYED);
    assert_int_equal(fake_function_tag(&l->lambda, CLAIM).len, 0);
    assert_true(fake_function_tag(&l->lambda, "slipway:event:e-2").len > 0);
    assert_int_equal(l->lambda.untagged, 1);
    add_rule(l->f, "UntagFunction", 0, FAULT_DENIED);
    const struct change *c = deploy_event(l, "e-3", NOW_MS + 1500, "t03");
    assert_status(c, CHANGE_DEPLOYED); /* they do no harm */
    assert_part(c->note, "tags of earlier events could not be removed");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up_lambda, tear_down_lambda)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(without_an_alias),
        TEST(with_an_alias),
        TEST(the_same_event_twice),
        TEST(one_code_is_published_once),
        TEST(an_alias_elsewhere_is_moved),
        TEST(an_alias_with_weights),
        TEST(a_dry_run_writes_nothing),
        TEST(it_settles),
        TEST(it_does_not_settle_in_time),
        TEST(it_cannot_take_the_image),
        TEST(it_cannot_take_the_image_again),
        TEST(it_fails_between_two_deliveries),
        TEST(lost_calls),
        TEST(a_claim_that_is_denied),
        TEST(an_image_that_may_not_be_pulled),
        TEST(one_of_two),
        TEST(a_change_between_read_and_write),
        TEST(an_alias_that_is_moved_meanwhile),
        TEST(somebody_who_does_not_stop),
        TEST(a_newer_event_at_the_same_time),
        TEST(a_newer_event_between_read_and_write),
        TEST(an_older_event_at_the_same_time),
        TEST(claims_are_removed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
