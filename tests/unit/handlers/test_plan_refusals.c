#include "tests/unit/handlers/plan_fixture.h"

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
    f->trigger.kind = TRIGGER_RESTART;
    assert_refused(f, ERR_CONTROLLER_UNSUPPORTED, "CODE_DEPLOY");
    f->trigger.kind = TRIGGER_DEPLOY;
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

int main(void) {
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
