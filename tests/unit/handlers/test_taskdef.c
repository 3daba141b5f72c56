#include "handlers/deploy/taskdef.h"
#include "tests/unit/handlers/definition.h"

#include <stdio.h>
#include <string.h>

#define HOST "111111111111.dkr.ecr.us-east-1.amazonaws.com"
#define NEW "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define REPO HOST "/myproject_backend"
#define ARN "arn:aws:ecs:us-east-1:222222222222:task-definition/f:41"
/* What decodes as a task definition at all. */
#define HEAD                                                                                       \
    "\"taskDefinitionArn\":\"" ARN "\",\"family\":\"f\",\"revision\":41,\"status\":\"ACTIVE\""

static const struct repository backend = {
    .registry = {.account = {"111111111111", 12}, .region = {"us-east-1", 9}},
    .name = {"myproject_backend", 17},
};

struct fixture {
    struct arena arena;
    struct err err;
};

static int set_up(void **state) {
    static struct fixture fixture;
    fixture.arena = ARENA_INIT(64 * 1024 * 1024);
    err_init(&fixture.err);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    arena_release(&f->arena);
    return 0;
}

static void assert_view(struct view got, const char *want) {
    if (!view_equal(got, view_of(want))) {
        fail_msg("got  " VIEW_FMT "\nwant %s", VIEW_ARG(got), want);
    }
}

/* Splices the new image into all containers of the repository. */
static struct view splice(struct fixture *f, const char *answer, const char *image,
                          const struct ecs_tag *tags, size_t n_tags) {
    struct ecs_task_definition base = definition_of(&f->arena, view_of(answer));
    struct taskdef_container *containers;
    size_t n;
    assert_int_equal(taskdef_find_containers(&base, VIEW(""), &backend, VIEW("222222222222"),
                                             &f->arena, &containers, &n, &f->err),
                     0);
    struct view *images = ARENA_ARRAY(&f->arena, n, struct view);
    for (size_t i = 0; i < n; i++) {
        images[i] = view_of(image);
    }
    struct taskdef_splice s = {.base = &base,
                               .containers = containers,
                               .images = images,
                               .n_containers = n,
                               .tags = tags,
                               .n_tags = n_tags};
    struct view request;
    assert_int_equal(taskdef_splice(&s, &f->arena, &request, &f->err), 0);
    return request;
}

static void assert_splice(struct fixture *f, const char *answer, const char *want) {
    assert_view(splice(f, answer, REPO "@" NEW, NULL, 0), want);
}

/* --- the splice --- */

static void test_changes_one_image_and_nothing_else(void **state) {
    assert_splice(*state,
                  "{\"taskDefinition\":{" HEAD ",\"containerDefinitions\":[{\"name\":\"app\","
                  "\"image\":\"" REPO ":old\",\"cpu\":0}],\"volumes\":[]}}",
                  "{\"family\":\"f\",\"containerDefinitions\":[{\"name\":\"app\","
                  "\"image\":\"" REPO "@" NEW "\",\"cpu\":0}],\"volumes\":[]}");
}

static void test_keeps_spelling_of_everything_else(void **state) {
    assert_splice(
        *state,
        "{\"taskDefinition\":{ \"future\" : {\"n\":1.50e+3,\"big\":9007199254740993123},\n\t" HEAD
        ", \"containerDefinitions\" : [ { \"image\" : \"" REPO ":old\" , "
        "\"name\":\"\\u0061pp\", \"environment\":[ {\"name\":\"A\\/B\",\"value\":\"\\u00e9\\n\"} ]"
        " } ] , \"e\":[],\"o\":{ } }}",
        "{ \"future\" : {\"n\":1.50e+3,\"big\":9007199254740993123},\"family\":\"f\","
        " \"containerDefinitions\" : [ { \"image\" : \"" REPO "@" NEW "\" , "
        "\"name\":\"\\u0061pp\", \"environment\":[ {\"name\":\"A\\/B\",\"value\":\"\\u00e9\\n\"} ]"
        " } ] , \"e\":[],\"o\":{ } }");
}

/* Each of the nine goes wherever it stands, and only at the top. */
static void test_read_only_members_go(void **state) {
    assert_splice(*state,
                  "{\"taskDefinition\":{\"registeredAt\":1.7E9,\"requiresAttributes\":[{\"name\":"
                  "\"status\"}],\"cpu\":\"256\"," HEAD ",\"compatibilities\":[\"EC2\"],"
                  "\"containerDefinitions\":[{\"status\":\"kept\",\"revision\":1,\"name\":\"a\","
                  "\"image\":\"" REPO "\"}],\"registeredBy\":\"me\",\"deregisteredAt\":1,"
                  "\"deleteRequestedAt\":2}}",
                  "{\"cpu\":\"256\",\"family\":\"f\","
                  "\"containerDefinitions\":[{\"status\":\"kept\",\"revision\":1,\"name\":\"a\","
                  "\"image\":\"" REPO "@" NEW "\"}]}");
}

/* A removed member may stand first, last or between, alone or beside others. */
static void test_commas_are_right_whichever_go(void **state) {
    struct fixture *f = *state;
    static const char *const parts[] = {
        "\"taskDefinitionArn\":\"" ARN "\"",
        "\"family\":\"f\"",
        "\"revision\":41",
        "\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"" REPO "\"}]",
        "\"status\":\"ACTIVE\"",
    };
    enum { N = sizeof(parts) / sizeof(parts[0]) };
    for (size_t rotation = 0; rotation < N; rotation++) {
        char text[2048];
        size_t len = (size_t)snprintf(text, sizeof(text), "{\"taskDefinition\":{");
        for (size_t i = 0; i < N; i++) {
            len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", i > 0 ? "," : "",
                                    parts[(i + rotation) % N]);
        }
        snprintf(text + len, sizeof(text) - len, "}}");
        struct view got = splice(f, text, REPO "@" NEW, NULL, 0);
        static const struct json_limits limits = {.max_bytes = 1 << 20, .max_depth = 16};
        struct json_span root;
        assert_int_equal(json_scan(got, &limits, "request", &root, &f->err), 0);
        size_t members = 0;
        struct json_member member;
        for (struct json_iterator it = json_iterate(root); json_next_member(&it, &member);) {
            members++;
        }
        assert_int_equal(members, 2);
    }
}

static void test_escaped_member_names_are_understood(void **state) {
    assert_splice(*state,
                  "{\"taskDefinition\":{" HEAD ",\"registered\\u0041t\":1,"
                  "\"container\\u0044efinitions\":[{\"name\":\"a\",\"\\u0069mage\":\"" REPO
                  ":\\u006fld\"}]}}",
                  "{\"family\":\"f\",\"container\\u0044efinitions\":[{\"name\":\"a\","
                  "\"\\u0069mage\":\"" REPO "@" NEW "\"}]}");
}

static void test_an_image_that_is_there_keeps_its_spelling(void **state) {
    assert_splice(*state,
                  "{\"taskDefinition\":{" HEAD ",\"containerDefinitions\":[{\"name\":\"a\","
                  "\"image\":\"111111111111.dkr.ecr.us-east-1.amazonaws.com\\/"
                  "myproject_backend@" NEW "\"}]}}",
                  "{\"family\":\"f\",\"containerDefinitions\":[{\"name\":\"a\","
                  "\"image\":\"111111111111.dkr.ecr.us-east-1.amazonaws.com\\/"
                  "myproject_backend@" NEW "\"}]}");
}

static void test_several_containers_change_and_sidecars_do_not(void **state) {
    assert_splice(*state,
                  "{\"taskDefinition\":{" HEAD ",\"containerDefinitions\":["
                  "{\"name\":\"xray\",\"image\":\"amazon/aws-xray-daemon:3\"},"
                  "{\"name\":\"web\",\"image\":\"" REPO ":1\"},"
                  "{\"name\":\"log\",\"image\":\"" HOST "/myproject_backend_log:1\"},"
                  "{\"name\":\"job\",\"image\":\"" REPO ":2\"}]}}",
                  "{\"family\":\"f\",\"containerDefinitions\":["
                  "{\"name\":\"xray\",\"image\":\"amazon/aws-xray-daemon:3\"},"
                  "{\"name\":\"web\",\"image\":\"" REPO "@" NEW "\"},"
                  "{\"name\":\"log\",\"image\":\"" HOST "/myproject_backend_log:1\"},"
                  "{\"name\":\"job\",\"image\":\"" REPO "@" NEW "\"}]}");
}

static void test_new_image_is_escaped(void **state) {
    struct view got =
        splice(*state,
               "{\"taskDefinition\":{" HEAD ",\"containerDefinitions\":[{\"name\":\"a\",\"image\":"
               "\"" REPO "\"}]}}",
               "a\"b", NULL, 0);
    assert_view(got, "{\"family\":\"f\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":"
                     "\"a\\\"b\"}]}");
}

/* --- tags --- */

#define ONE_CONTAINER "\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"" REPO "@" NEW "\"}]"

static void test_no_tags_no_member(void **state) {
    const char *want = "{\"family\":\"f\"," ONE_CONTAINER "}";
    assert_splice(*state, "{\"taskDefinition\":{" HEAD "," ONE_CONTAINER "}}", want);
    assert_splice(*state, "{\"taskDefinition\":{" HEAD "," ONE_CONTAINER "},\"tags\":[]}", want);
    assert_splice(*state, "{\"taskDefinition\":{" HEAD "," ONE_CONTAINER "},\"tags\":null}", want);
    assert_splice(*state,
                  "{\"taskDefinition\":{" HEAD "," ONE_CONTAINER
                  "},\"tags\":[{\"key\":\"aws:x\",\"value\":\"1\"}]}",
                  want);
}

static void test_users_tags_stay_as_spelt(void **state) {
    assert_splice(
        *state,
        "{\"tags\":[ {\"value\":\"w\\u00e9b\", \"key\":\"team\"},{\"key\":\"AWS:cdk\",\"value\":"
        "\"1\"},{\"key\":\"slipway:event-id\",\"value\":\"old\"},{\"key\":\"slipway:completed\","
        "\"value\":\"x\"},{\"key\":\"Slipway\",\"value\":\"\"},{\"key\":\"aws\"},{\"key\":"
        "\"\\u0061wS:cloudformation:stack\",\"value\":\"\"}],"
        "\"taskDefinition\":{" HEAD "," ONE_CONTAINER "}}",
        "{\"family\":\"f\"," ONE_CONTAINER
        ",\"tags\":[{\"value\":\"w\\u00e9b\", \"key\":\"team\"},{\"key\":\"Slipway\","
        "\"value\":\"\"},{\"key\":\"aws\"}]}");
}

static void test_own_tags_come_behind(void **state) {
    static const struct ecs_tag own[] = {
        {VIEW("slipway:event-id"), VIEW("e-1")},
        {VIEW("slipway:reason"), VIEW("")},
        {VIEW("slipway:digest"), VIEW("sha256:ab")},
    };
    assert_view(splice(*state,
                       "{\"taskDefinition\":{" HEAD "," ONE_CONTAINER
                       "},\"tags\":[{\"key\":\"a\",\"value\":\"b\"}]}",
                       REPO "@" NEW, own, 3),
                "{\"family\":\"f\"," ONE_CONTAINER ",\"tags\":[{\"key\":\"a\",\"value\":\"b\"},"
                "{\"key\":\"slipway:event-id\",\"value\":\"e-1\"},"
                "{\"key\":\"slipway:digest\",\"value\":\"sha256:ab\"}]}");
}

/* Should AWS ever put the tags inside, they are not sent twice. */
static void test_tags_inside_the_definition_move(void **state) {
    assert_splice(*state,
                  "{\"taskDefinition\":{\"tags\":[{\"key\":\"a\",\"value\":\"b\"}]," HEAD
                  "," ONE_CONTAINER "}}",
                  "{\"family\":\"f\"," ONE_CONTAINER
                  ",\"tags\":[{\"key\":\"a\",\"value\":\"b\"}]}");
}

static struct ecs_task_definition with_tags(struct fixture *f, size_t n) {
    static char text[8192];
    size_t len = (size_t)snprintf(text, sizeof(text),
                                  "{\"taskDefinition\":{" HEAD "," ONE_CONTAINER "},\"tags\":[");
    for (size_t i = 0; i < n; i++) {
        len += (size_t)snprintf(text + len, sizeof(text) - len,
                                "%s{\"key\":\"k%zu\",\"value\":\"v\"}", i > 0 ? "," : "", i);
    }
    snprintf(text + len, sizeof(text) - len, "]}");
    return definition_of(&f->arena, view_of(text));
}

static const struct ecs_tag three_tags[] = {
    {VIEW("slipway:event-id"), VIEW("e")},
    {VIEW("slipway:event-time"), VIEW("t")},
    {VIEW("slipway:reason"), VIEW("r")},
};

static void test_own_tags_give_way(void **state) {
    struct fixture *f = *state;
    for (size_t users = 46; users <= 50; users++) {
        struct ecs_task_definition base = with_tags(f, users);
        struct taskdef_splice s = {
            .base = &base, .tags = three_tags, .n_tags = 3, .n_required_tags = 2};
        struct view request;
        int rc = taskdef_splice(&s, &f->arena, &request, &f->err);
        if (users <= 48) {
            assert_int_equal(rc, 0);
            assert_non_null(strstr(request.data, "slipway:event-time"));
            assert_true((strstr(request.data, "slipway:reason") != NULL) == (users <= 47));
            assert_non_null(strstr(request.data, users == 48 ? "\"k47\"" : "\"k45\""));
        } else {
            assert_int_equal(rc, -1);
            assert_int_equal(f->err.code, ERR_FAMILY_MISMATCH);
            err_init(&f->err);
        }
    }
}

static void test_tag_values_are_made_safe(void **state) {
    struct fixture *f = *state;
    assert_view(taskdef_tag_safe(VIEW("aZ09 _.:/=+-@"), &f->arena), "aZ09 _.:/=+-@");
    assert_view(taskdef_tag_safe(VIEW("a\"b\\c\n<d>"), &f->arena), "a_b_c__d_");
    assert_view(taskdef_tag_safe(VIEW("gr\xc3\xb6\xc3\x9f"
                                      "er \xf0\x9f\x9a\xa2"),
                                 &f->arena),
                "gr__er _");
    assert_int_equal(taskdef_tag_safe(VIEW(""), &f->arena).len, 0);
    char longer[300];
    memset(longer, 'x', sizeof(longer));
    assert_int_equal(taskdef_tag_safe((struct view){longer, sizeof(longer)}, &f->arena).len,
                     TASKDEF_TAG_VALUE_BYTES);
    struct view nul = {"a\0b", 3};
    assert_view(taskdef_tag_safe(nul, &f->arena), "a_b");
}

/* --- containers --- */

static void test_configured_container_wins_over_its_image(void **state) {
    struct fixture *f = *state;
    struct ecs_task_definition base =
        definition_of(&f->arena, VIEW("{\"taskDefinition\":{" HEAD ",\"containerDefinitions\":["
                                      "{\"name\":\"w\\u0065b\",\"image\":\"nginx:1\"},"
                                      "{\"name\":\"job\",\"image\":\"" REPO ":2\"}]}}"));
    struct taskdef_container *found;
    size_t n;
    assert_int_equal(taskdef_find_containers(&base, VIEW("web"), &backend, VIEW(""), &f->arena,
                                             &found, &n, &f->err),
                     0);
    assert_int_equal(n, 1);
    assert_view(found[0].image, "nginx:1");
    assert_view(found[0].image_text, "\"nginx:1\"");
}

static void assert_no_container(struct fixture *f, const char *containers, const char *name,
                                const char *part) {
    struct view text = arena_printf(&f->arena, "{\"taskDefinition\":{" HEAD "%s}}", containers);
    struct ecs_task_definition base = definition_of(&f->arena, text);
    struct taskdef_container *found = NULL;
    size_t n = 77;
    err_init(&f->err);
    assert_int_equal(taskdef_find_containers(&base, view_of(name), &backend, VIEW("222222222222"),
                                             &f->arena, &found, &n, &f->err),
                     -1);
    assert_int_equal(f->err.code, ERR_CONTAINER_NOT_FOUND);
    assert_null(found);
    assert_int_equal(n, 77);
    if (!strstr(f->err.message, part)) {
        fail_msg("'%s' lacks '%s'", f->err.message, part);
    }
}

static void test_no_container_is_refused_with_a_list(void **state) {
    struct fixture *f = *state;
    assert_no_container(f, ",\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"nginx\"}]", "",
                        "'f:41' runs an image of repository '" REPO "'; it has 'a' (nginx)");
    assert_no_container(f, ",\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"nginx\"}]", "b",
                        "container 'b' is not in task definition 'f:41', which has 'a' (nginx)");
    assert_no_container(f, "", "", "it has no container");
    assert_no_container(f, ",\"containerDefinitions\":{\"a\":1}", "", "it has no container");
    assert_no_container(f, ",\"containerDefinitions\":[1,[],{\"name\":\"a\",\"image\":7}]", "a",
                        "'a' ()");
    /* another account, another region, a longer name: another repository */
    assert_no_container(f,
                        ",\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"333333333333"
                        ".dkr.ecr.us-east-1.amazonaws.com/myproject_backend:1\"},{\"name\":\"b\","
                        "\"image\":\"111111111111.dkr.ecr.eu-west-1.amazonaws.com/"
                        "myproject_backend:1\"},{\"name\":\"c\",\"image\":\"" HOST
                        "/x/myproject_backend\"}]",
                        "", "'c' (");
}

/* --- the diff --- */

static void assert_diff(struct fixture *f, struct view answer, const char *request,
                        const char *want) {
    struct ecs_task_definition base = definition_of(&f->arena, answer);
    struct taskdef_difference *d;
    size_t n;
    assert_int_equal(taskdef_diff(&base, view_of(request), &f->arena, &d, &n, &f->err), 0);
    struct buf got BUF_AUTO = BUF_INIT(65536);
    for (size_t i = 0; i < n; i++) {
        buf_appendf(&got, VIEW_FMT ": " VIEW_FMT " -> " VIEW_FMT "\n", VIEW_ARG(d[i].path),
                    VIEW_ARG(d[i].from), VIEW_ARG(d[i].to));
    }
    assert_string_equal(buf_cstr(&got), want);
}

static void test_diff_names_paths(void **state) {
    assert_diff(*state,
                VIEW("{\"taskDefinition\":{" HEAD ",\"containerDefinitions\":[{\"name\":\"a\","
                     "\"image\":\"x\"},{\"name\":\"b\",\"image\":\"y\",\"gone\":1}],\"v\":[1]},"
                     "\"tags\":[{\"key\":\"t\",\"value\":\"1\"},{\"key\":\"u\",\"value\":\"2\"},"
                     "{\"key\":\"same\",\"value\":\"3\"}]}"),
                "{\"family\":\"f\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"x\"},"
                "{\"name\":\"b\",\"image\":\"z\",\"new\":null}],\"v\":[1,2],\"tags\":[{\"key\":"
                "\"u\",\"value\":\"9\"},{\"key\":\"same\",\"value\":\"3\"},{\"key\":\"n\","
                "\"value\":\"4\"}]}",
                "containerDefinitions[1].image: \"y\" -> \"z\"\n"
                "containerDefinitions[1].gone: 1 -> \n"
                "containerDefinitions[1].new:  -> null\n"
                "v: [1] -> [1,2]\n"
                "tags.t: \"1\" -> \n"
                "tags.u: \"2\" -> \"9\"\n"
                "tags.n:  -> \"4\"\n");
}

static void test_diff_of_a_splice_is_what_it_changed(void **state) {
    struct fixture *f = *state;
    static const char answer[] = "{\"taskDefinition\":{" HEAD ",\"registeredAt\":1,"
                                 "\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"" REPO
                                 ":1\"}]},\"tags\":[{\"key\":\"team\",\"value\":\"x\"}]}";
    static const struct ecs_tag own[] = {{VIEW("slipway:event-id"), VIEW("e")}};
    struct view request = splice(f, answer, REPO "@" NEW, own, 1);
    assert_diff(f, view_of(answer), request.data,
                "containerDefinitions[0].image: \"" REPO ":1\" -> \"" REPO "@" NEW "\"\n"
                "tags.slipway:event-id:  -> \"e\"\n");
}

static void test_diff_of_the_same_is_empty(void **state) {
    assert_diff(*state, VIEW("{\"taskDefinition\":{" HEAD "}}"), "{\"family\":\"f\"}", "");
}

/* --- memory --- */

/* Whatever the arena has room for, an answer is whole or an error. */
static void test_out_of_memory_is_an_error(void **state) {
    struct fixture *f = *state;
    struct ecs_task_definition base = with_tags(f, 3);
    bool succeeded = false;
    for (size_t limit = 0; limit < 400 * 1024 && !succeeded; limit += 97) {
        struct arena small ARENA_AUTO = ARENA_INIT(limit);
        struct taskdef_container *containers;
        size_t n;
        struct view request = {0};
        struct view image = VIEW(REPO "@sha256:other");
        struct err err;
        err_init(&err);
        int rc = taskdef_find_containers(&base, VIEW(""), &backend, VIEW("222222222222"), &small,
                                         &containers, &n, &err);
        if (rc == 0) {
            struct taskdef_splice s = {.base = &base,
                                       .containers = containers,
                                       .images = &image,
                                       .n_containers = n,
                                       .tags = three_tags,
                                       .n_tags = 3};
            rc = taskdef_splice(&s, &small, &request, &err);
        }
        struct taskdef_difference *d;
        if (rc == 0) {
            rc = taskdef_diff(&base, request, &small, &d, &n, &err);
        }
        if (rc != 0) {
            assert_int_equal(err.code, ERR_OUT_OF_MEMORY);
        }
        succeeded = rc == 0;
    }
    assert_true(succeeded);
}

int main(void) {
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_changes_one_image_and_nothing_else),
        TEST(test_keeps_spelling_of_everything_else),
        TEST(test_read_only_members_go),
        TEST(test_commas_are_right_whichever_go),
        TEST(test_escaped_member_names_are_understood),
        TEST(test_an_image_that_is_there_keeps_its_spelling),
        TEST(test_several_containers_change_and_sidecars_do_not),
        TEST(test_new_image_is_escaped),
        TEST(test_no_tags_no_member),
        TEST(test_users_tags_stay_as_spelt),
        TEST(test_own_tags_come_behind),
        TEST(test_tags_inside_the_definition_move),
        TEST(test_own_tags_give_way),
        TEST(test_tag_values_are_made_safe),
        TEST(test_configured_container_wins_over_its_image),
        TEST(test_no_container_is_refused_with_a_list),
        TEST(test_diff_names_paths),
        TEST(test_diff_of_a_splice_is_what_it_changed),
        TEST(test_diff_of_the_same_is_empty),
        TEST(test_out_of_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
