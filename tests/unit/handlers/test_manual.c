#include "handlers/trigger/manual.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define HEX32 "0123456789abcdef0123456789abcdef"
#define SHA256 "sha256:" HEX32 HEX32
#define ARN(region, account, resource) "arn:aws:ecs:" region ":" account ":" resource

struct fixture {
    struct arena arena;
    struct config config;
    struct view own_account;
    struct trigger trigger;
    struct err err;
};

static int set_up(void **state) {
    static struct fixture fixture;
    fixture = (struct fixture){
        .arena = ARENA_INIT((size_t)1024 * 1024),
        .config = {.region = VIEW("eu-west-1"), .env = VIEW("prod"), .is_prod = true},
        .own_account = VIEW("222222222222"),
    };
    *state = &fixture;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    arena_release(&f->arena);
    return 0;
}

static void parse(struct fixture *f, struct view detail) {
    const struct json_limits limits = {.max_bytes = (size_t)1024 * 1024, .max_depth = 16};
    struct json *root JSON_AUTO = NULL;
    err_init(&f->err);
    if (json_parse(detail, &limits, "detail", &root, &f->err) != 0) {
        fail_msg("%s", f->err.message);
    }
    const struct event event = {
        .id = VIEW("event-1"),
        .time_ms = 1234,
        .own_account = f->own_account,
        .detail = root,
    };
    assert_int_equal(manual_deploy_parse(&event, &f->config, &f->arena, &f->trigger, &f->err), 0);
    assert_true(view_equal(f->trigger.event_id, VIEW("event-1")));
    assert_int_equal(f->trigger.event_time_ms, 1234);
}

static void accept(struct fixture *f, const char *detail) {
    parse(f, view_of(detail));
    if (err_is_set(&f->trigger.refusal)) {
        fail_msg("%s: %s", detail, f->trigger.refusal.message);
    }
}

static void refuse(struct fixture *f, const char *detail, enum err_code code, const char *message) {
    parse(f, view_of(detail));
    if (f->trigger.refusal.code != code) {
        fail_msg("%s: %s: %s", detail, err_name(f->trigger.refusal.code),
                 f->trigger.refusal.message);
    }
    assert_string_equal(f->trigger.refusal.message, message);
    assert_true(strlen(f->trigger.refusal.remedy) > 0);
}

static void assert_view(struct view v, const char *expected) {
    if (!view_equal(v, view_of(expected))) {
        fail_msg("got '" VIEW_FMT "', expected '%s'", VIEW_ARG(v), expected);
    }
}

static void a_tag(void **state) {
    struct fixture *f = *state;
    accept(f, "{\"service\":\"backend\",\"tag\":\"git-abc123f\"}");
    assert_int_equal(f->trigger.kind, TRIGGER_DEPLOY);
    assert_view(f->trigger.service, "backend");
    assert_view(f->trigger.tag, "git-abc123f");
    assert_view(f->trigger.digest, "");
    assert_false(f->trigger.dry_run || f->trigger.force);
}

static void every_member(void **state) {
    struct fixture *f = *state;
    accept(f, "{\"service\":\"api\",\"tag\":\"v1\",\"digest\":\"" SHA256
              "\",\"reason\":\"release \\u00e9"
              "\\n42\",\"dry_run\":true,\"force\":true}");
    assert_int_equal(f->trigger.kind, TRIGGER_DEPLOY);
    assert_view(f->trigger.tag, "v1");
    assert_view(f->trigger.digest, SHA256);
    assert_view(f->trigger.reason, "release \xc3\xa9\n42");
    assert_true(f->trigger.dry_run && f->trigger.force);
}

static void a_digest_alone(void **state) {
    struct fixture *f = *state;
    accept(f, "{\"service\":\"api\",\"digest\":\"" SHA256 "\"}");
    assert_int_equal(f->trigger.kind, TRIGGER_DEPLOY);
    assert_view(f->trigger.tag, "");
}

static void a_revision(void **state) {
    struct fixture *f = *state;
    static const char *const revisions[] = {
        "myproject_service_prod:41", "f:1",
        ARN("eu-west-1", "222222222222", "task-definition/f-x_1:10")};
    for (size_t i = 0; i < COUNT(revisions); i++) {
        char detail[300];
        snprintf(detail, sizeof(detail), "{\"service\":\"api\",\"task_definition\":\"%s\"}",
                 revisions[i]);
        accept(f, detail);
        assert_int_equal(f->trigger.kind, TRIGGER_DEPLOY_REVISION);
        assert_view(f->trigger.task_definition, revisions[i]);
    }
}

static void neither_is_a_restart(void **state) {
    struct fixture *f = *state;
    accept(f, "{\"service\":\"api\",\"reason\":null,\"force\":null}");
    assert_int_equal(f->trigger.kind, TRIGGER_RESTART);
    assert_false(f->trigger.dry_run);
}

static void types_are_checked(void **state) {
    struct fixture *f = *state;
    static const struct {
        const char *detail, *message;
    } cases[] = {
        {"{}", "detail.service: expected string, got nothing"},
        {"{\"service\":null}", "detail.service: expected string, got null"},
        {"{\"service\":[\"backend\"]}", "detail.service: expected string, got array"},
        {"{\"service\":{\"name\":\"x\"}}", "detail.service: expected string, got object"},
        {"{\"service\":7}", "detail.service: expected string, got number"},
        {"{\"service\":\"\"}", "detail.service: expected a name, got nothing"},
        {"{\"service\":\"a\\u0001b\"}", "detail.service: expected a name, got control characters"},
        {"{\"service\":\"a\\nb\"}", "detail.service: expected a name, got control characters"},
        {"{\"service\":\"a\",\"tag\":1}", "detail.tag: expected string, got number"},
        {"{\"service\":\"a\",\"tag\":[\"v1\"]}", "detail.tag: expected string, got array"},
        {"{\"service\":\"a\",\"tag\":true}", "detail.tag: expected string, got boolean"},
        {"{\"service\":\"a\",\"digest\":{}}", "detail.digest: expected string, got object"},
        {"{\"service\":\"a\",\"task_definition\":41}",
         "detail.task_definition: expected string, got number"},
        {"{\"service\":\"a\",\"reason\":1}", "detail.reason: expected string, got number"},
        {"{\"service\":\"a\",\"dry_run\":\"true\"}",
         "detail.dry_run: expected boolean, got string"},
        {"{\"service\":\"a\",\"dry_run\":1}", "detail.dry_run: expected boolean, got number"},
        {"{\"service\":\"a\",\"force\":\"no\"}", "detail.force: expected boolean, got string"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        refuse(f, cases[i].detail, ERR_EVENT_MALFORMED, cases[i].message);
    }
}

/* jq -n '{tag: $ENV.TAG}' without a TAG: it must not become a restart. */
static void nothing_is_no_restart(void **state) {
    struct fixture *f = *state;
    refuse(f, "{\"service\":\"a\",\"tag\":null}", ERR_EVENT_MALFORMED,
           "detail.tag: expected string, got null");
    refuse(f, "{\"service\":\"a\",\"digest\":null}", ERR_EVENT_MALFORMED,
           "detail.digest: expected string, got null");
    refuse(f, "{\"service\":\"a\",\"task_definition\":null}", ERR_EVENT_MALFORMED,
           "detail.task_definition: expected string, got null");
    refuse(f, "{\"service\":\"a\",\"tag\":\"git-1\",\"dry_run\":null}", ERR_EVENT_MALFORMED,
           "detail.dry_run: expected boolean, got null");
    refuse(f, "{\"service\":\"a\",\"tag\":\"\"}", ERR_TAG_INVALID, "detail.tag: the tag is empty");
    refuse(f, "{\"service\":\"a\",\"digest\":\"\"}", ERR_TAG_INVALID,
           "detail.digest: '' is no digest");
    refuse(f, "{\"service\":\"a\",\"task_definition\":\"\"}", ERR_EVENT_MALFORMED,
           "detail.task_definition: '' names no revision");
}

static void refuse_member(struct fixture *f, const char *also, const char *name) {
    char detail[200], message[200];
    snprintf(detail, sizeof(detail), "{\"service\":\"a\",%s\"%s\":\"x\"}", also, name);
    snprintf(message, sizeof(message),
             "detail.%s: unknown; known: service, tag, digest, task_definition, reason, dry_run, "
             "force",
             name);
    refuse(f, detail, ERR_EVENT_MALFORMED, message);
    assert_view(f->trigger.service, "a");
}

/* Whatever is not known may have been meant to say what to deploy. */
static void an_unknown_member_is_no_restart(void **state) {
    struct fixture *f = *state;
    static const char *const names[] = {"image_tag", "Tag", "image",  "commit",
                                        "",          "env", "dry-run"};
    for (size_t i = 0; i < COUNT(names); i++) {
        refuse_member(f, "", names[i]);
    }
}

static void a_misspelt_member_is_not_passed_over(void **state) {
    struct fixture *f = *state;
    static const char *const misspelt[] = {"dryrun",         "dryRun", "dry-run", "DRY_RUN",
                                           "dry_rnu",        "forced", "digests", "resaon",
                                           "taskDefinition", "TAG"};
    for (size_t i = 0; i < COUNT(misspelt); i++) {
        refuse_member(f, "\"task_definition\":\"f:1\",", misspelt[i]);
        refuse_member(f, "\"tag\":\"v1\",", misspelt[i]);
    }
    static const char *const others[] = {"commit", "branch", "actor", "env",     "environment",
                                         "region", "tags",   "more",  "trigger", ""};
    for (size_t i = 0; i < COUNT(others); i++) {
        char detail[200];
        snprintf(detail, sizeof(detail), "{\"service\":\"a\",\"tag\":\"v1\",\"%s\":{}}", others[i]);
        accept(f, detail);
        assert_view(f->trigger.tag, "v1");
    }
}

static void tags_are_checked(void **state) {
    struct fixture *f = *state;
    static const struct {
        const char *tag, *message;
    } cases[] = {
        {"git-1\\n", "detail.tag: 0x0a cannot be byte 5 of a tag"},
        {"\\u0001", "detail.tag: 0x01 cannot be byte 0 of a tag"},
        {" v1", "detail.tag: 0x20 cannot be byte 0 of a tag"},
        {"v1 ", "detail.tag: 0x20 cannot be byte 2 of a tag"},
        {"-v1", "detail.tag: '-' cannot be byte 0 of a tag"},
        {"v1+build", "detail.tag: '+' cannot be byte 2 of a tag"},
        {"repo:v1", "detail.tag: ':' cannot be byte 4 of a tag"},
        {"v\\u00e9", "detail.tag: 0xc3 cannot be byte 1 of a tag"},
        {"$TAG", "detail.tag: '$' cannot be byte 0 of a tag"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char detail[200];
        snprintf(detail, sizeof(detail), "{\"service\":\"a\",\"tag\":\"%s\"}", cases[i].tag);
        refuse(f, detail, ERR_TAG_INVALID, cases[i].message);
        assert_int_equal(f->trigger.kind, TRIGGER_DEPLOY);
        assert_view(f->trigger.service, "a");
        assert_view(f->trigger.tag, "");
    }
    char detail[200];
    snprintf(detail, sizeof(detail), "{\"service\":\"a\",\"tag\":\"%0128d\"}", 1);
    accept(f, detail);
    snprintf(detail, sizeof(detail), "{\"service\":\"a\",\"tag\":\"%0129d\"}", 1);
    refuse(f, detail, ERR_TAG_INVALID, "detail.tag: the tag has 129 characters, more than 128");
}

static void digests_are_checked(void **state) {
    struct fixture *f = *state;
    refuse(f, "{\"service\":\"a\",\"digest\":\"sha256:abc\"}", ERR_TAG_INVALID,
           "detail.digest: 'sha256:abc' is no digest");
    refuse(f, "{\"service\":\"a\",\"digest\":\"" HEX32 HEX32 "\"}", ERR_TAG_INVALID,
           "detail.digest: '" HEX32 HEX32 "' is no digest");
    refuse(f, "{\"service\":\"a\",\"digest\":\"a\\nb\"}", ERR_TAG_INVALID,
           "detail.digest: it has control characters");
}

static void contradictions(void **state) {
    struct fixture *f = *state;
    refuse(f, "{\"service\":\"a\",\"tag\":\"v1\",\"task_definition\":\"f:1\"}", ERR_EVENT_MALFORMED,
           "detail.task_definition contradicts detail.tag: a revision has its own image");
    refuse(f, "{\"service\":\"a\",\"digest\":\"" SHA256 "\",\"task_definition\":\"f:1\"}",
           ERR_EVENT_MALFORMED,
           "detail.task_definition contradicts detail.digest: a revision has its own image");
}

static void revisions_are_checked(void **state) {
    struct fixture *f = *state;
    static const char *const wrong[] = {
        "family",
        "family:",
        ":1",
        "family:0",
        "family:01",
        "family:-1",
        "family:1:2",
        "fa mily:1",
        "family:12345678901",
        "family:latest",
        "41",
        ARN("eu-west-1", "222222222222", "task-definition/f"),
        ARN("eu-west-1", "222222222222", "service/f:1"),
        "arn:aws:iam::222222222222:role/f:1",
        "arn:aws:ecs:f:1",
    };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        char detail[300], message[300];
        snprintf(detail, sizeof(detail), "{\"service\":\"a\",\"task_definition\":\"%s\"}",
                 wrong[i]);
        snprintf(message, sizeof(message), "detail.task_definition: '%s' names no revision",
                 wrong[i]);
        refuse(f, detail, ERR_EVENT_MALFORMED, message);
    }
    refuse(f, "{\"service\":\"a\",\"task_definition\":\"f:1\\n\"}", ERR_EVENT_MALFORMED,
           "detail.task_definition: it has control characters");
}

static void revisions_of_others(void **state) {
    struct fixture *f = *state;
    static const char foreign[] = "{\"service\":\"a\",\"task_definition\":\"" ARN(
        "eu-west-1", "333333333333", "task-definition/f:1") "\"}";
    refuse(f, foreign, ERR_FAMILY_MISMATCH,
           "detail.task_definition: the revision is of account '333333333333', the service of "
           "account '222222222222'");
    refuse(f,
           "{\"service\":\"a\",\"task_definition\":\"" ARN("us-east-1", "222222222222",
                                                           "task-definition/f:1") "\"}",
           ERR_FAMILY_MISMATCH,
           "detail.task_definition: the revision is in 'us-east-1', the service in 'eu-west-1'");
    /* Without an account to compare with, ECS will say so itself. */
    f->own_account = (struct view){0};
    accept(f, foreign);
}

static void a_long_service_is_not_carried_along(void **state) {
    struct fixture *f = *state;
    char detail[600];
    snprintf(detail, sizeof(detail), "{\"service\":\"%0256d\"}", 1);
    refuse(f, detail, ERR_EVENT_MALFORMED, "detail.service: expected at most 255 bytes, got 256");
    assert_view(f->trigger.service, "");
    snprintf(detail, sizeof(detail), "{\"service\":\"%0255d\"}", 1);
    accept(f, detail);
}

static void a_long_reason_is_cut_between_characters(void **state) {
    struct fixture *f = *state;
    static char detail[8192];
    char *at = detail + sprintf(detail, "{\"service\":\"a\",\"reason\":\"x");
    for (size_t i = 0; i < 1000; i++) {
        at += sprintf(at, "\xc3\xa9");
    }
    strcpy(at, "\"}");
    accept(f, detail);
    assert_int_equal(f->trigger.reason.len, 1023);
    assert_int_equal((unsigned char)f->trigger.reason.data[1022], 0xa9);
}

static void what_is_known_is_kept(void **state) {
    struct fixture *f = *state;
    refuse(f, "{\"service\":\"a\",\"tag\":\"v1\",\"dry_run\":true,\"reason\":{}}",
           ERR_EVENT_MALFORMED, "detail.reason: expected string, got object");
    assert_view(f->trigger.service, "a");
    assert_view(f->trigger.tag, "v1");
    assert_true(f->trigger.dry_run);
}

static void memory_can_run_out(void **state) {
    struct fixture *f = *state;
    const struct json_limits limits = {.max_bytes = 1000, .max_depth = 16};
    struct json *root JSON_AUTO = NULL;
    err_init(&f->err);
    assert_int_equal(json_parse(VIEW("{\"service\":\"backend\",\"tag\":\"v1\",\"reason\":\"r\"}"),
                                &limits, "detail", &root, &f->err),
                     0);
    const struct event event = {.id = VIEW("e"), .detail = root};
    bool parsed = false;
    for (size_t limit = 0; limit < 4096 && !parsed; limit += 8) {
        struct arena arena ARENA_AUTO = ARENA_INIT(limit);
        err_init(&f->err);
        parsed = manual_deploy_parse(&event, &f->config, &arena, &f->trigger, &f->err) == 0;
        if (!parsed) {
            assert_int_equal(f->err.code, ERR_OUT_OF_MEMORY);
        }
    }
    assert_true(parsed);
    assert_false(err_is_set(&f->trigger.refusal));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_tag),
        TEST(every_member),
        TEST(a_digest_alone),
        TEST(a_revision),
        TEST(neither_is_a_restart),
        TEST(types_are_checked),
        TEST(nothing_is_no_restart),
        TEST(an_unknown_member_is_no_restart),
        TEST(a_misspelt_member_is_not_passed_over),
        TEST(tags_are_checked),
        TEST(digests_are_checked),
        TEST(contradictions),
        TEST(revisions_are_checked),
        TEST(revisions_of_others),
        TEST(a_long_service_is_not_carried_along),
        TEST(a_long_reason_is_cut_between_characters),
        TEST(what_is_known_is_kept),
        TEST(memory_can_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
