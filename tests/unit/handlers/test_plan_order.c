#include "tests/unit/handlers/plan_fixture.h"

/* Events of one payload for one target: pushes of one image, rollbacks, and very many. */

#define MANY 1000

struct row {
    enum trigger_kind kind;
    bool is_automatic;
    int64_t time_ms;
    const char *tag, *digest;
    enum verdict want;
    const char *note;
};

static void assert_order(struct fixture *f, const struct row *rows, size_t n) {
    struct trigger triggers[8];
    struct change changes[8];
    for (size_t i = 0; i < n; i++) {
        triggers[i] = (struct trigger){.kind = rows[i].kind,
                                       .is_automatic = rows[i].is_automatic,
                                       .event_id = arena_printf(&f->arena, "e-%zu", i),
                                       .event_time_ms = rows[i].time_ms,
                                       .tag = view_of(rows[i].tag)};
        changes[i] = (struct change){.trigger = &triggers[i],
                                     .target = &f->target,
                                     .verdict = VERDICT_DEPLOY,
                                     .reuse = VIEW("arn"),
                                     .n_trace = 4,
                                     .stop_deployment = VIEW("sd"),
                                     .digest = view_of(rows[i].digest)};
    }
    assert_int_equal(plan_order(changes, n, &f->arena, &f->err), 0);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(changes[i].verdict, rows[i].want);
        assert_has(changes[i].note, rows[i].note);
        bool is_left_alone = rows[i].want == VERDICT_DEPLOY;
        assert_int_equal(changes[i].reuse.len > 0, is_left_alone);
        assert_int_equal(changes[i].n_trace > 0, is_left_alone);
        assert_int_equal(changes[i].stop_deployment.len > 0, is_left_alone);
    }
}

static void test_pushes_of_one_image(void **state) {
    static const struct row rows[] = {
        {TRIGGER_DEPLOY, true, 1, "git-1", A, VERDICT_UNCHANGED,
         "tag 'git-1' is the image of tag 'v1', which event 'e-2' of the payload deploys"},
        {TRIGGER_DEPLOY, true, 1, "git-0", B, VERDICT_SUPERSEDED, "gives way to event 'e-2'"},
        {TRIGGER_DEPLOY, true, 1, "v1", A, VERDICT_DEPLOY, ""},
    };
    assert_order(*state, rows, 3);
}

/* Who asks for a tag gets that tag, or hears that a newer event came. */
static void test_deploys_by_hand_are_no_pushes(void **state) {
    static const struct row rows[] = {
        {TRIGGER_DEPLOY, false, 1, "git-1", A, VERDICT_SUPERSEDED, "gives way"},
        {TRIGGER_DEPLOY, true, 2, "v1", A, VERDICT_DEPLOY, ""},
    };
    assert_order(*state, rows, 2);
    static const struct row unknown[] = {
        {TRIGGER_DEPLOY, true, 1, "git-1", "", VERDICT_SUPERSEDED, "gives way"},
        {TRIGGER_DEPLOY, true, 2, "v1", "", VERDICT_DEPLOY, ""},
    };
    assert_order(*state, unknown, 2);
}

static void test_rollbacks_are_deploys(void **state) {
    static const struct row newest[] = {
        {TRIGGER_ROLLBACK, false, 3, "", A, VERDICT_DEPLOY, ""},
        {TRIGGER_DEPLOY, true, 2, "v1", B, VERDICT_SUPERSEDED, "gives way to event 'e-0'"},
        {TRIGGER_DEPLOY_REVISION, false, 1, "", B, VERDICT_SUPERSEDED, "gives way to event 'e-0'"},
    };
    assert_order(*state, newest, 3);
    static const struct row older[] = {
        {TRIGGER_ROLLBACK, false, 1, "", A, VERDICT_SUPERSEDED, "gives way to event 'e-1'"},
        {TRIGGER_DEPLOY, false, 2, "v1", B, VERDICT_DEPLOY, ""},
    };
    assert_order(*state, older, 2);
}

/* A task, a function and a service may bear one name. */
static void test_other_targets(void **state) {
    struct fixture *f = *state;
    struct target others[] = {f->target, f->target, f->target, f->target};
    struct trigger trigger = {.kind = TRIGGER_DEPLOY, .event_id = VIEW("e")};
    struct change changes[4];
    others[1].kind = TARGET_TASK;
    others[2].kind = TARGET_LAMBDA;
    others[3].cluster = VIEW("other");
    for (size_t i = 0; i < 4; i++) {
        changes[i] =
            (struct change){.trigger = &trigger, .target = &others[i], .verdict = VERDICT_DEPLOY};
    }
    assert_int_equal(plan_order(changes, 4, &f->arena, &f->err), 0);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(changes[i].verdict, VERDICT_DEPLOY);
    }
}

/* A batch of a thousand: one deploy, one restart. */
static void test_very_many(void **state) {
    struct fixture *f = *state;
    struct trigger *triggers = ARENA_ARRAY(&f->arena, MANY, struct trigger);
    struct change *changes = ARENA_ARRAY(&f->arena, MANY, struct change);
    size_t made[VERDICT_FAILED + 1] = {0};
    for (size_t i = 0; i < MANY; i++) {
        triggers[i].kind = i % 2 ? TRIGGER_RESTART : TRIGGER_DEPLOY;
        triggers[i].event_time_ms = (int64_t)(i * 7919 % MANY);
        triggers[i].event_id = arena_printf(&f->arena, "e-%zu", i);
        changes[i].trigger = &triggers[i];
        changes[i].target = &f->target;
        changes[i].verdict = i % 2 ? VERDICT_RESTART : VERDICT_DEPLOY;
    }
    assert_int_equal(plan_order(changes, MANY, &f->arena, &f->err), 0);
    for (size_t i = 0; i < MANY; i++) {
        made[changes[i].verdict]++;
    }
    assert_int_equal(made[VERDICT_DEPLOY], 1);
    assert_int_equal(made[VERDICT_SUPERSEDED], MANY / 2 - 1);
    assert_int_equal(made[VERDICT_RESTART], 1);
    assert_int_equal(made[VERDICT_UNCHANGED], MANY / 2 - 1);
}

/* --- one push after another --- */

/* With IMAGE_REFERENCE=tag, too, the image counts that a push brings, and not its name. */
static void test_second_tag_of_what_runs(void **state) {
    struct fixture *f = *state;
    f->config.image_reference = IMAGE_BY_TAG;
    f->facts.latest =
        revision(f, 41, REPO ":git-old", "", EVENT_TAGS("e-0", TEN, "git-old", B, "web:40"));
    set_running(f, f->facts.latest);
    assert_verdict(decide(f), VERDICT_DEPLOY);
    f->trigger.is_automatic = true;
    f->target.auto_deploy_tags = &f->policy;
    assert_verdict(decide(f), VERDICT_UNCHANGED);
    f->facts.image.digest = VIEW(A);
    f->facts.manifest.digest = VIEW(A);
    assert_verdict(decide(f), VERDICT_DEPLOY);
    /* the same image of another repository is not this one's */
    f->facts.latest = revision(f, 41, HOST "/p_other:git-old", "",
                               EVENT_TAGS("e-0", TEN, "git-old", A, "web:40"));
    f->target.container = VIEW("app");
    set_running(f, f->facts.latest);
    assert_verdict(decide(f), VERDICT_DEPLOY);
}

static void test_out_of_memory_is_an_error(void **state) {
    struct fixture *f = *state;
    struct trigger triggers[2] = {
        {.kind = TRIGGER_DEPLOY, .is_automatic = true, .event_id = VIEW("a"), .tag = VIEW("x")},
        {.kind = TRIGGER_DEPLOY, .is_automatic = true, .event_id = VIEW("b"), .tag = VIEW("y")},
    };
    bool succeeded = false;
    for (size_t limit = 0; limit < 1 << 20 && !succeeded; limit += 512) {
        struct arena arena = ARENA_INIT(limit);
        struct change changes[2];
        for (size_t i = 0; i < 2; i++) {
            changes[i] = (struct change){.trigger = &triggers[i],
                                         .target = &f->target,
                                         .verdict = VERDICT_DEPLOY,
                                         .digest = VIEW(A)};
        }
        err_init(&f->err);
        succeeded = plan_order(changes, 2, &arena, &f->err) == 0;
        assert_true(succeeded || f->err.code == ERR_OUT_OF_MEMORY);
        arena_release(&arena);
    }
    assert_true(succeeded);
}

int main(void) {
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_pushes_of_one_image),
        TEST(test_deploys_by_hand_are_no_pushes),
        TEST(test_rollbacks_are_deploys),
        TEST(test_other_targets),
        TEST(test_very_many),
        TEST(test_second_tag_of_what_runs),
        TEST(test_out_of_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
