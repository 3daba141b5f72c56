#include "handlers/deploy/plan.h"
#include "runtime/base/clock.h"
#include "tests/unit/handlers/definition.h"

#include <stdio.h>
#include <string.h>

/*
 * The decision on facts made by hand. Service web runs web:41, which is the family's newest; the
 * event is of 10:00, and asks for tag git-new of digest B.
 */

#define HOST "111111111111.dkr.ecr.us-east-1.amazonaws.com"
#define REPO HOST "/p_web"
#define A "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define ARN "arn:aws:ecs:us-east-1:222222222222:"
#define TEN "2026-11-20T10:00:00Z"

struct fixture {
    struct arena arena;
    struct config config;
    struct tag_policy policy;
    struct trigger trigger;
    struct target target;
    struct facts facts;
    struct ecs_deployment primary;
    struct change change;
    struct err err;
};

static int64_t at(const char *time) {
    int64_t ms = 0;
    assert_true(time_parse_rfc3339(view_of(time), &ms));
    return ms;
}

static void set_policy(struct fixture *f, const char *text) {
    assert_int_equal(tag_policy_parse(view_of(text), &f->arena, &f->policy, &f->err), 0);
}

/* web:<revision> with one container of that image, more members, and tags. */
static struct ecs_task_definition revision(struct fixture *f, int number, const char *image,
                                           const char *members, const char *tags) {
    return definition_of(
        &f->arena,
        arena_printf(&f->arena,
                     "{\"taskDefinition\":{\"taskDefinitionArn\":\"" ARN
                     "task-definition/web:%d\",\"family\":\"web\",\"revision\":%d,\"status\":"
                     "\"ACTIVE\",\"containerDefinitions\":[{\"name\":\"app\",\"image\":\"%s\"}]%s},"
                     "\"tags\":[%s]}",
                     number, number, image, members, tags));
}

#define EVENT_TAGS(id, time, tag, digest, previous)                                                \
    "{\"key\":\"slipway:event-id\",\"value\":\"" id "\"},{\"key\":\"slipway:event-time\","         \
    "\"value\":\"" time "\"},{\"key\":\"slipway:image-tag\",\"value\":\"" tag "\"},{\"key\":"      \
    "\"slipway:digest\",\"value\":\"" digest                                                       \
    "\"},{\"key\":\"slipway:previous\",\"value\":\"" previous "\"}"

static void set_running(struct fixture *f, struct ecs_task_definition definition) {
    f->facts.running = definition;
    f->facts.service.task_definition = definition.arn;
    f->primary.task_definition = definition.arn;
}

static int set_up(void **state) {
    static struct fixture f;
    memset(&f, 0, sizeof(f));
    f.arena = ARENA_INIT(64 * 1024 * 1024);
    err_init(&f.err);
    set_policy(&f, "git-*");
    f.config = (struct config){.project = VIEW("p"), .env = VIEW("prod"), .is_prod = true};
    f.trigger = (struct trigger){.kind = TRIGGER_DEPLOY,
                                 .event_id = VIEW("e-1"),
                                 .event_time_ms = at(TEN),
                                 .service = VIEW("web"),
                                 .tag = VIEW("git-new")};
    err_init(&f.trigger.refusal);
    f.target = (struct target){
        .name = VIEW("web"),
        .kind = TARGET_SERVICE,
        .cluster = VIEW("c"),
        .service = VIEW("web-service"),
        .family = VIEW("web"),
        .repository = {.registry = {.account = VIEW("111111111111"), .region = VIEW("us-east-1")},
                       .name = VIEW("p_web")},
        .deploy_tags = &f.policy,
    };
    f.facts.service = (struct ecs_service_state){.name = VIEW("web-service"),
                                                 .arn = VIEW(ARN "service/c/web-service"),
                                                 .status = VIEW("ACTIVE"),
                                                 .controller = VIEW("ECS"),
                                                 .deployments = &f.primary,
                                                 .n_deployments = 1,
                                                 .primary = &f.primary};
    f.primary = (struct ecs_deployment){.id = VIEW("ecs-svc/1"),
                                        .status = VIEW("PRIMARY"),
                                        .created_at_ms = at("2026-11-20T09:00:00Z")};
    f.facts.latest = revision(&f, 41, REPO "@" A, "", "");
    set_running(&f, f.facts.latest);
    f.facts.image = (struct ecr_image){.digest = VIEW(B)};
    f.facts.manifest = (struct ecr_manifest){.digest = VIEW(B)};
    *state = &f;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    arena_release(&f->arena);
    return 0;
}

static const struct change *decide(struct fixture *f) {
    f->change = (struct change){.trigger = &f->trigger, .target = &f->target, .facts = &f->facts};
    if (plan_decide(&f->config, VIEW("222222222222"), &f->arena, &f->change, &f->err) != 0) {
        fail_msg("%s", f->err.message);
    }
    return &f->change;
}

static void assert_view(struct view got, const char *want) {
    if (!view_equal(got, view_of(want))) {
        fail_msg("got  " VIEW_FMT "\nwant %s", VIEW_ARG(got), want);
    }
}

static void assert_has(struct view text, const char *part) {
    for (size_t i = 0; i + strlen(part) <= text.len; i++) {
        if (memcmp(text.data + i, part, strlen(part)) == 0) {
            return;
        }
    }
    fail_msg("'" VIEW_FMT "' lacks '%s'", VIEW_ARG(text), part);
}

static void assert_lacks(struct view text, const char *part) {
    for (size_t i = 0; i + strlen(part) <= text.len; i++) {
        if (memcmp(text.data + i, part, strlen(part)) == 0) {
            fail_msg("'" VIEW_FMT "' has '%s'", VIEW_ARG(text), part);
        }
    }
}

static void assert_verdict(const struct change *change, enum verdict want) {
    if (change->verdict != want) {
        fail_msg("verdict %d instead of %d: " VIEW_FMT " %s", (int)change->verdict, (int)want,
                 VIEW_ARG(change->note), change->err ? change->err->message : "");
    }
    assert_true((change->register_request.len > 0 || change->reuse.len > 0) ==
                (want == VERDICT_DEPLOY));
}

static void assert_error(const struct change *change, enum verdict verdict, enum err_code code,
                         const char *part) {
    assert_verdict(change, verdict);
    assert_non_null(change->err);
    assert_string_equal(err_name(change->err->code), err_name(code));
    assert_has(view_of(change->err->message), part);
    assert_true(change->err->remedy[0] != '\0');
}

static void assert_refused(struct fixture *f, enum err_code code, const char *part) {
    assert_error(decide(f), VERDICT_REFUSED, code, part);
}

static const struct err *an_error(struct fixture *f, enum err_code code) {
    struct err *error = ARENA_NEW(&f->arena, struct err);
    err_init(error);
    (void)err_set(error, code, "the cause: %s", err_name(code));
    return error;
}

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

static void run_event(struct fixture *f, const char *tags) {
    f->facts.latest = revision(f, 41, REPO "@" A, "", tags);
    set_running(f, f->facts.latest);
}

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

/* --- refusals --- */

static void test_tag_policy(void **state) {
    struct fixture *f = *state;
    f->trigger.tag = VIEW("latest");
    assert_refused(
        f, ERR_TAG_NOT_ALLOWED,
        "tag 'latest' of service 'web' is not allowed in 'prod': DEPLOY_TAGS is 'git-*'");
}

static void test_digest_policy(void **state) {
    struct fixture *f = *state;
    struct view tags[] = {VIEW("latest"), VIEW("git-1")};
    f->trigger.tag = VIEW("");
    f->trigger.digest = VIEW(B);
    f->facts.image.tags = tags;
    f->facts.image.n_tags = 2;
    assert_verdict(decide(f), VERDICT_DEPLOY);
    f->facts.image.n_tags = 1;
    assert_refused(f, ERR_TAG_NOT_ALLOWED, "the image's tags are 'latest'");
    f->facts.image.n_tags = 0;
    assert_refused(f, ERR_TAG_NOT_ALLOWED, "the image's tags are none");
    set_policy(f, "v*, *");
    assert_verdict(decide(f), VERDICT_DEPLOY);
}

static void test_tag_and_digest_must_agree(void **state) {
    struct fixture *f = *state;
    f->trigger.digest = VIEW(B);
    assert_verdict(decide(f), VERDICT_DEPLOY);
    f->trigger.digest = VIEW(A);
    assert_refused(f, ERR_IMAGE_NOT_FOUND, "tag 'git-new' of repository 'p_web' points to '" B);
}

static void test_absent_image_names_the_nearest_tags(void **state) {
    struct fixture *f = *state;
    struct view tags[][2] = {{VIEW("git-nev"), VIEW("latest")},
                             {VIEW("git-0001"), VIEW("git-0002")},
                             {VIEW("git-newer"), VIEW("new")}};
    struct ecr_image images[3];
    for (size_t i = 0; i < 3; i++) {
        images[i] = (struct ecr_image){
            .tags = tags[i], .n_tags = 2, .pushed_at_ms = (int64_t)(i == 1 ? 9 : i)};
    }
    f->facts.image_err = an_error(f, ERR_IMAGE_NOT_FOUND);
    f->facts.tagged = images;
    f->facts.n_tagged = 3;
    assert_refused(f, ERR_IMAGE_NOT_FOUND, "the cause");
    assert_has(view_of(f->change.err->remedy),
               "such as 'git-nev', 'git-newer', 'git-0001', 'git-0002'");
    assert_lacks(view_of(f->change.err->remedy), "latest");
    f->facts.n_tagged = 0;
    assert_refused(f, ERR_IMAGE_NOT_FOUND, "the cause");
}

static void test_long_tags_do_not_burst_the_remedy(void **state) {
    struct fixture *f = *state;
    static char text[40][129];
    static struct view tags[40];
    for (int i = 0; i < 40; i++) {
        snprintf(text[i], sizeof(text[i]), "git-%0124d", i);
        tags[i] = view_of(text[i]);
    }
    struct ecr_image image = {.tags = tags, .n_tags = 40};
    f->facts.image_err = an_error(f, ERR_IMAGE_NOT_FOUND);
    f->facts.tagged = &image;
    f->facts.n_tagged = 1;
    assert_refused(f, ERR_IMAGE_NOT_FOUND, "the cause");
    struct view remedy = view_of(f->change.err->remedy);
    assert_true(remedy.data[remedy.len - 1] == '\'');
}

static void test_services(void **state) {
    struct fixture *f = *state;
    f->facts.service.controller = VIEW("CODE_DEPLOY");
    assert_refused(f, ERR_CONTROLLER_UNSUPPORTED, "CODE_DEPLOY");
    assert_has(view_of(f->change.err->remedy), "CodeDeploy");
    f->facts.service.controller = VIEW("EXTERNAL");
    assert_refused(f, ERR_CONTROLLER_UNSUPPORTED, "EXTERNAL");
    assert_has(view_of(f->change.err->remedy), "task set");
    f->facts.service.controller = VIEW("NEW");
    assert_refused(f, ERR_CONTROLLER_UNSUPPORTED, "NEW");
    f->facts.service.status = VIEW("DRAINING");
    assert_refused(f, ERR_SERVICE_NOT_ACTIVE, "service 'web-service' in cluster 'c' is DRAINING");
    f->facts.service_err = an_error(f, ERR_CLUSTER_NOT_FOUND);
    assert_refused(f, ERR_CLUSTER_NOT_FOUND, "the cause");
}

static void test_service_of_another_family(void **state) {
    struct fixture *f = *state;
    f->facts.service.task_definition = VIEW(ARN "task-definition/webs:41");
    assert_refused(f, ERR_FAMILY_MISMATCH, "runs 'webs:41', which is not of its family 'web'");
}

static void test_container_not_found(void **state) {
    struct fixture *f = *state;
    f->target.container = VIEW("api");
    assert_refused(f, ERR_CONTAINER_NOT_FOUND, "container 'api'");
}

static void test_platforms(void **state) {
    struct fixture *f = *state;
    struct ecr_platform arm[] = {{.os = VIEW("linux"), .architecture = VIEW("arm64")},
                                 {.os = VIEW("windows"), .architecture = VIEW("amd64")}};
    f->facts.manifest = (struct ecr_manifest){.is_index = true, .platforms = arm, .n_platforms = 2};
    assert_refused(f, ERR_PLATFORM_MISMATCH,
                   "image 'git-new' is not built for 'linux/amd64', which task definition 'web:41' "
                   "runs on; it is for 'linux/arm64', 'windows/amd64'");
    const char *const fitting[] = {
        ",\"runtimePlatform\":{\"cpuArchitecture\":\"ARM64\"}",
        ",\"runtimePlatform\":{\"operatingSystemFamily\":\"WINDOWS_SERVER_2022_CORE\"}",
        ",\"runtimePlatform\":{\"cpuArchitecture\":\"RISCV\"}",
    };
    for (size_t i = 0; i < 3; i++) {
        f->facts.latest = revision(f, 41, REPO "@" A, fitting[i], "");
        set_running(f, f->facts.latest);
        assert_verdict(decide(f), VERDICT_DEPLOY);
    }
    f->facts.latest = revision(f, 41, REPO "@" A, "", "");
    set_running(f, f->facts.latest);
    f->facts.manifest.has_unnamed = true;
    assert_verdict(decide(f), VERDICT_DEPLOY);
    f->facts.manifest.has_unnamed = false;
    f->facts.manifest.digest = VIEW(A); /* of another image: the tag moved meanwhile */
    assert_verdict(decide(f), VERDICT_DEPLOY);
}

/* --- facts that could not be had --- */

static void test_failures(void **state) {
    struct fixture *f = *state;
    static const enum err_code codes[] = {ERR_THROTTLED, ERR_AWS_UNAVAILABLE, ERR_ACCESS_DENIED,
                                          ERR_DEADLINE_EXCEEDED, ERR_BAD_RESPONSE};
    const struct facts good = f->facts;
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        const struct err *cause = an_error(f, codes[i]);
        const struct err **const places[] = {&f->facts.service_err, &f->facts.latest_err,
                                             &f->facts.image_err, &f->facts.manifest_err};
        for (size_t j = 0; j < 4; j++) {
            f->facts = good;
            *places[j] = cause;
            assert_error(decide(f), VERDICT_FAILED, codes[i], "the cause");
        }
        f->facts = good;
        f->facts.running = (struct ecs_task_definition){0};
        f->facts.running_err = cause;
        assert_error(decide(f), VERDICT_FAILED, codes[i], "the cause");
    }
}

/* The order in which troubles are told is written down in plan.c. */
static void test_the_most_useful_trouble_first(void **state) {
    struct fixture *f = *state;
    f->facts.image_err = an_error(f, ERR_IMAGE_NOT_FOUND);
    f->facts.latest_err = an_error(f, ERR_THROTTLED);
    assert_error(decide(f), VERDICT_FAILED, ERR_THROTTLED, "");
    f->facts.service_err = an_error(f, ERR_SERVICE_NOT_FOUND);
    assert_refused(f, ERR_SERVICE_NOT_FOUND, "");
    f->trigger.tag = VIEW("latest");
    assert_refused(f, ERR_TAG_NOT_ALLOWED, "");
}

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
    f->target.kind = TARGET_LAMBDA;
    settle(f);
    assert_int_equal(f->change.verdict, VERDICT_REFUSED);
    assert_int_equal(f->change.err->code, ERR_EVENT_UNSUPPORTED);
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
        TEST(test_tag_policy),
        TEST(test_digest_policy),
        TEST(test_tag_and_digest_must_agree),
        TEST(test_absent_image_names_the_nearest_tags),
        TEST(test_long_tags_do_not_burst_the_remedy),
        TEST(test_services),
        TEST(test_service_of_another_family),
        TEST(test_container_not_found),
        TEST(test_platforms),
        TEST(test_failures),
        TEST(test_the_most_useful_trouble_first),
        TEST(test_revision),
        TEST(test_revision_that_runs),
        TEST(test_revision_refused),
        TEST(test_revision_after_a_newer_event),
        TEST(test_restart),
        TEST(test_settle),
        TEST(test_order),
        TEST(test_status_names),
        TEST(test_out_of_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
