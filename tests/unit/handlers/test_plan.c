#include "tests/unit/handlers/plan_fixture.h"

/* --- a deploy --- */

static void test_plain_deploy(void **state) {
    struct fixture *f = *state;
    f->trigger.reason = VIEW("r\xc3\xa9lease <1>");
    const struct change *c = decide(f);
    assert_verdict(c, VERDICT_DEPLOY);
    assert_view(c->to_image, REPO "@" B);
    assert_view(c->from_image, REPO "@" A);
    assert_view(c->from_task_definition, ARN "task-definition/web:41");
    assert_view(c->tag, "git-new");
    assert_view(c->digest, B);
    assert_int_equal(c->reuse.len, 0);
    assert_int_equal(c->n_differences, 0);
    assert_view(c->register_request,
                "{\"family\":\"web\",\"containerDefinitions\":[{\"name\":\"app\",\"image\":"
                "\"" REPO "@" B "\"}],\"tags\":["
                "{\"key\":\"slipway:event-id\",\"value\":\"e-1\"},"
                "{\"key\":\"slipway:event-time\",\"value\":\"" TEN "\"},"
                "{\"key\":\"slipway:previous\",\"value\":\"web:41\"},"
                "{\"key\":\"slipway:digest\",\"value\":\"" B "\"},"
                "{\"key\":\"slipway:image-tag\",\"value\":\"git-new\"},"
                "{\"key\":\"slipway:reason\",\"value\":\"r_lease _1_\"}]}");
}

static void test_milliseconds_only_where_there_are_any(void **state) {
    struct fixture *f = *state;
    f->trigger.event_time_ms += 7;
    assert_has(decide(f)->register_request, "\"2026-11-20T10:00:00.007Z\"");
}

static void test_by_tag(void **state) {
    struct fixture *f = *state;
    f->config.image_reference = IMAGE_BY_TAG;
    assert_view(decide(f)->to_image, REPO ":git-new");
    f->trigger.tag = VIEW("");
    f->trigger.digest = VIEW(B);
    set_policy(f, "*");
    assert_view(decide(f)->to_image, REPO "@" B);
}

static void test_own_spelling_of_the_host_stays(void **state) {
    struct fixture *f = *state;
    f->facts.latest = revision(f, 41, "111111111111.dkr-ecr.us-east-1.on.aws/p_web:x", "", "");
    set_running(f, f->facts.latest);
    assert_view(decide(f)->to_image, "111111111111.dkr-ecr.us-east-1.on.aws/p_web@" B);
}

static void test_configured_container_gets_the_repository(void **state) {
    struct fixture *f = *state;
    f->facts.latest = revision(f, 41, "nginx:1", "", "");
    set_running(f, f->facts.latest);
    f->target.container = VIEW("app");
    assert_view(decide(f)->to_image, REPO "@" B);
}

static void test_dry_run_lists_differences(void **state) {
    struct fixture *f = *state;
    f->trigger.dry_run = true;
    const struct change *c = decide(f);
    assert_verdict(c, VERDICT_DEPLOY);
    assert_int_equal(c->n_differences, 6);
    assert_view(c->differences[0].path, "containerDefinitions[0].image");
}

static void test_own_tags_of_the_base_are_made_anew(void **state) {
    struct fixture *f = *state;
    f->facts.latest =
        revision(f, 41, REPO "@" A, "",
                 EVENT_TAGS("e-0", "2026-11-20T09:00:00Z", "git-old", A,
                            "web:40") ",{\"key\":\"slipway:completed\",\"value\":\"x\"},{\"key\":"
                                      "\"slipway:reason\",\"value\":\"old reason\"},{\"key\":"
                                      "\"team\",\"value\":\"t\"}");
    set_running(f, f->facts.latest);
    struct view request = decide(f)->register_request;
    assert_lacks(request, "e-0");
    assert_lacks(request, "slipway:completed");
    assert_lacks(request, "old reason");
    assert_has(request,
               "\"tags\":[{\"key\":\"team\",\"value\":\"t\"},{\"key\":\"slipway:event-id\"");
}

static void test_too_many_tags_are_refused(void **state) {
    struct fixture *f = *state;
    struct buf tags BUF_AUTO = BUF_INIT(65536);
    for (int i = 0; i < 49; i++) {
        buf_appendf(&tags, "%s{\"key\":\"k%d\",\"value\":\"\"}", i > 0 ? "," : "", i);
    }
    f->facts.latest = revision(f, 41, REPO "@" A, "", buf_cstr(&tags));
    set_running(f, f->facts.latest);
    assert_refused(f, ERR_FAMILY_MISMATCH, "has 49 tags");
}

/* --- the base --- */

static void test_newer_base_rides_along(void **state) {
    struct fixture *f = *state;
    f->facts.latest = revision(f, 43, REPO "@" A, ",\"cpu\":\"512\"", "");
    const struct change *c = decide(f);
    assert_verdict(c, VERDICT_DEPLOY);
    assert_has(c->register_request, "\"cpu\":\"512\"");
    assert_has(c->register_request, "{\"key\":\"slipway:previous\",\"value\":\"web:41\"}");
}

static void test_running_base(void **state) {
    struct fixture *f = *state;
    f->config.base = BASE_RUNNING;
    f->facts.latest = revision(f, 43, REPO "@" A, ",\"cpu\":\"512\"", "");
    assert_lacks(decide(f)->register_request, "512");
}

static void test_inactive_running_base_is_fine(void **state) {
    struct fixture *f = *state;
    f->config.base = BASE_RUNNING;
    f->facts.running.status = VIEW("INACTIVE");
    f->facts.latest = (struct ecs_task_definition){0};
    f->facts.latest_err = an_error(f, ERR_FAMILY_NOT_FOUND);
    assert_verdict(decide(f), VERDICT_DEPLOY);
}

static void test_no_active_revision(void **state) {
    struct fixture *f = *state;
    f->facts.latest = (struct ecs_task_definition){0};
    f->facts.latest_err = an_error(f, ERR_FAMILY_NOT_FOUND);
    assert_refused(f, ERR_FAMILY_NOT_FOUND, "has no ACTIVE revision");
    assert_has(view_of(f->change.err->remedy), "TASK_DEFINITION_BASE");
}

/* The two reads of a wave are not of one moment. */
static void test_running_newer_than_newest(void **state) {
    struct fixture *f = *state;
    set_running(f, revision(f, 42, REPO "@" A, ",\"cpu\":\"512\"", ""));
    assert_has(decide(f)->register_request, "\"cpu\":\"512\"");
}

static void test_deleted_running_revision(void **state) {
    struct fixture *f = *state;
    f->facts.running = (struct ecs_task_definition){0};
    f->facts.running_err = an_error(f, ERR_FAMILY_NOT_FOUND);
    assert_verdict(decide(f), VERDICT_DEPLOY);
    f->config.base = BASE_RUNNING;
    assert_refused(f, ERR_FAMILY_NOT_FOUND, "the cause");
}

/* --- nothing to do --- */

static void test_same_image_is_unchanged(void **state) {
    struct fixture *f = *state;
    f->facts.image.digest = VIEW(A);
    f->facts.manifest.digest = VIEW(A);
    assert_verdict(decide(f), VERDICT_UNCHANGED);
    assert_has(f->change.note, "'web:41' runs this image already");
}

static void test_same_digest_with_a_tag_before_it_is_unchanged(void **state) {
    struct fixture *f = *state;
    f->facts.latest = revision(f, 41, REPO ":git-x@" A, "", "");
    set_running(f, f->facts.latest);
    f->facts.image.digest = VIEW(A);
    f->facts.manifest.digest = VIEW(A);
    assert_verdict(decide(f), VERDICT_UNCHANGED);
}

static void test_force_deploys_the_same_image(void **state) {
    struct fixture *f = *state;
    f->facts.image.digest = VIEW(A);
    f->facts.manifest.digest = VIEW(A);
    f->trigger.force = true;
    assert_verdict(decide(f), VERDICT_DEPLOY);
    assert_true(f->change.register_request.len > 0);
}

static void test_same_image_on_a_newer_base_is_deployed(void **state) {
    struct fixture *f = *state;
    f->facts.image.digest = VIEW(A);
    f->facts.manifest.digest = VIEW(A);
    f->facts.latest = revision(f, 43, REPO "@" A, "", "");
    assert_verdict(decide(f), VERDICT_DEPLOY);
}

/* A tag says nothing of what it pointed to then. */
static void test_moved_tag_is_deployed_again(void **state) {
    struct fixture *f = *state;
    f->config.image_reference = IMAGE_BY_TAG;
    f->facts.latest = revision(f, 41, REPO ":git-new", "",
                               EVENT_TAGS("e-0", "2026-11-20T09:00:00Z", "git-new", A, "web:40"));
    set_running(f, f->facts.latest);
    assert_verdict(decide(f), VERDICT_DEPLOY);
    f->facts.image.digest = VIEW(A);
    f->facts.manifest.digest = VIEW(A);
    assert_verdict(decide(f), VERDICT_UNCHANGED);
    f->facts.latest = revision(f, 41, REPO ":git-new", "", "");
    set_running(f, f->facts.latest);
    assert_verdict(decide(f), VERDICT_DEPLOY);
}

/* --- events --- */

static void test_same_event_is_unchanged(void **state) {
    struct fixture *f = *state;
    run_event(f, EVENT_TAGS("e-1", TEN, "git-was", A, "web:40"));
    assert_verdict(decide(f), VERDICT_UNCHANGED);
    assert_view(f->change.tag, "git-was");
    f->trigger.force = true;
    assert_verdict(decide(f), VERDICT_UNCHANGED);
}

/* However the registry is by now. */
static void test_same_event_needs_no_image(void **state) {
    struct fixture *f = *state;
    run_event(f, EVENT_TAGS("e-1", TEN, "git-was", A, "web:40"));
    f->facts.image_err = an_error(f, ERR_IMAGE_NOT_FOUND);
    assert_verdict(decide(f), VERDICT_UNCHANGED);
}

static void test_same_event_with_others_at_work_looks_again(void **state) {
    struct fixture *f = *state;
    run_event(f, EVENT_TAGS("e-1", TEN, "git-was", A, "web:38"));
    assert_verdict(decide(f), VERDICT_DEPLOY);
    assert_view(f->change.reuse, ARN "task-definition/web:41");
    run_event(f, EVENT_TAGS("e-1", TEN, "git-was", A, "web:40"));
    f->facts.latest = revision(f, 42, REPO "@" B, "",
                               EVENT_TAGS("e-9", "2026-11-20T10:00:01Z", "git-9", B, "web:40"));
    assert_verdict(decide(f), VERDICT_DEPLOY);
    assert_view(f->change.reuse, ARN "task-definition/web:41");
    /* an older event's, or nobody's: nothing to look for */
    f->facts.latest = revision(f, 42, REPO "@" B, "",
                               EVENT_TAGS("e-9", "2026-11-20T09:00:01Z", "git-9", B, "web:40"));
    assert_verdict(decide(f), VERDICT_UNCHANGED);
    f->facts.latest = revision(f, 42, REPO "@" B, "", "");
    assert_verdict(decide(f), VERDICT_UNCHANGED);
}

/* Ids that a tag cannot hold are told apart all the same. */
static void test_odd_event_ids_are_told_apart(void **state) {
    struct fixture *f = *state;
    f->trigger.event_id = VIEW("id?1");
    struct view request = decide(f)->register_request;
    const char *key = "slipway:event-id\",\"value\":\"";
    const char *value = strstr(request.data, key) + strlen(key);
    struct view id = {value, strcspn(value, "\"")};
    assert_int_equal(id.len, 4 + 17);
    struct view tags = arena_printf(
        &f->arena, "{\"key\":\"slipway:event-id\",\"value\":\"" VIEW_FMT "\"}", VIEW_ARG(id));
    run_event(f, tags.data);
    assert_verdict(decide(f), VERDICT_UNCHANGED);
    f->trigger.event_id = VIEW("id!1");
    assert_verdict(decide(f), VERDICT_DEPLOY);
}

static void test_no_event_id_is_not_the_same(void **state) {
    struct fixture *f = *state;
    f->trigger.event_id = VIEW("");
    assert_verdict(decide(f), VERDICT_DEPLOY);
}

static void test_old_event_is_superseded(void **state) {
    struct fixture *f = *state;
    run_event(f, EVENT_TAGS("e-2", "2026-11-20T10:00:01Z", "git-two", A, "web:40"));
    assert_verdict(decide(f), VERDICT_SUPERSEDED);
    assert_has(f->change.note, "event 'e-1' of " TEN " is older than event 'e-2' of "
                               "2026-11-20T10:00:01Z, which deployed 'web:41' ('git-two')");
    f->trigger.force = true;
    assert_verdict(decide(f), VERDICT_SUPERSEDED);
}

static void test_equal_time_is_not_superseded(void **state) {
    struct fixture *f = *state;
    run_event(f, EVENT_TAGS("e-2", TEN, "git-two", A, "web:40"));
    assert_verdict(decide(f), VERDICT_DEPLOY);
    run_event(f, EVENT_TAGS("e-2", "yesterday", "git-two", A, "web:40"));
    assert_verdict(decide(f), VERDICT_DEPLOY);
}

static void test_unfinished_deploy_is_taken_up(void **state) {
    struct fixture *f = *state;
    f->facts.latest =
        revision(f, 42, REPO "@" B, "", EVENT_TAGS("e-1", TEN, "git-new", B, "web:41"));
    const struct change *c = decide(f);
    assert_verdict(c, VERDICT_DEPLOY);
    assert_view(c->reuse, ARN "task-definition/web:42");
    assert_int_equal(c->register_request.len, 0);
    assert_view(c->to_image, REPO "@" B);
    assert_view(c->digest, B);
}

/* Other events may have registered above it, but nobody else. */
static void test_unfinished_deploy_below_others(void **state) {
    struct fixture *f = *state;
    struct ecs_task_definition between[2];
    f->facts.latest = revision(f, 44, REPO "@" A, "",
                               EVENT_TAGS("e-8", "2026-11-20T09:59:59Z", "git-8", A, "web:41"));
    between[0] = revision(f, 43, REPO "@" A, "",
                          EVENT_TAGS("e-7", "2026-11-20T09:59:58Z", "git-7", A, "web:41"));
    between[1] = revision(f, 42, REPO "@" B, "", EVENT_TAGS("e-1", TEN, "git-new", B, "web:41"));
    f->facts.between = between;
    f->facts.n_between = 2;
    assert_verdict(decide(f), VERDICT_DEPLOY);
    assert_view(f->change.reuse, ARN "task-definition/web:42");
    between[0] = revision(f, 43, REPO "@" A, ",\"cpu\":\"1024\"", "");
    assert_verdict(decide(f), VERDICT_DEPLOY);
    assert_int_equal(f->change.reuse.len, 0);
}

/* --- memory --- */

static void test_out_of_memory_is_an_error(void **state) {
    struct fixture *f = *state;
    bool succeeded = false;
    for (size_t limit = 0; limit < 400 * 1024 && !succeeded; limit += 509) {
        struct arena small ARENA_AUTO = ARENA_INIT(limit);
        f->change =
            (struct change){.trigger = &f->trigger, .target = &f->target, .facts = &f->facts};
        f->trigger.dry_run = true;
        err_init(&f->err);
        if (plan_decide(&f->config, VIEW("222222222222"), &small, &f->change, &f->err) != 0) {
            assert_int_equal(f->err.code, ERR_OUT_OF_MEMORY);
        } else {
            assert_verdict(&f->change, VERDICT_DEPLOY);
            assert_int_equal(f->change.n_differences, 6);
            succeeded = true;
        }
    }
    assert_true(succeeded);
}

int main(void) {
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_plain_deploy),
        TEST(test_milliseconds_only_where_there_are_any),
        TEST(test_by_tag),
        TEST(test_own_spelling_of_the_host_stays),
        TEST(test_configured_container_gets_the_repository),
        TEST(test_dry_run_lists_differences),
        TEST(test_own_tags_of_the_base_are_made_anew),
        TEST(test_too_many_tags_are_refused),
        TEST(test_newer_base_rides_along),
        TEST(test_running_base),
        TEST(test_inactive_running_base_is_fine),
        TEST(test_no_active_revision),
        TEST(test_running_newer_than_newest),
        TEST(test_deleted_running_revision),
        TEST(test_same_image_is_unchanged),
        TEST(test_same_digest_with_a_tag_before_it_is_unchanged),
        TEST(test_force_deploys_the_same_image),
        TEST(test_same_image_on_a_newer_base_is_deployed),
        TEST(test_moved_tag_is_deployed_again),
        TEST(test_same_event_is_unchanged),
        TEST(test_same_event_needs_no_image),
        TEST(test_same_event_with_others_at_work_looks_again),
        TEST(test_odd_event_ids_are_told_apart),
        TEST(test_no_event_id_is_not_the_same),
        TEST(test_old_event_is_superseded),
        TEST(test_equal_time_is_not_superseded),
        TEST(test_unfinished_deploy_is_taken_up),
        TEST(test_unfinished_deploy_below_others),
        TEST(test_out_of_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
