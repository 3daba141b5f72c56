/* Which images tasks run: what is asked, and how its answers are read. */

#include "runtime/aws/ecs_running_tasks.h"

#include "runtime/base/buf.h"
#include "tests/unit/aws/sent_fixture.h"

#define HOST "ecs.eu-central-1.amazonaws.com"
#define TARGET "AmazonEC2ContainerServiceV20141113."

static struct fixture list(void) {
    static const struct ecs_tasks_of of = {
        .cluster = VIEW("prod"), .service = VIEW("we\"b"), .family = VIEW("not asked for")};
    struct fixture f = fixture_new();
    assert_int_equal(ecs_list_running_tasks_call(&of, VIEW(""), &f.arena, &f.call, &f.err), 0);
    return f;
}

static struct fixture describe(void) {
    static const struct view arns[] = {VIEW("a")};
    struct fixture f = fixture_new();
    assert_int_equal(ecs_describe_tasks_call(VIEW("prod"), arns, 1, &f.arena, &f.call, &f.err), 0);
    return f;
}

static void requests(void **state) {
    (void)state;
    const struct ecs_tasks_of of = {.family = VIEW("nightly"), .region = VIEW("eu-west-1")};
    struct fixture f = list();
    assert_sent_json(
        &f, HOST, TARGET "ListTasks",
        "{\"cluster\":\"prod\",\"serviceName\":\"we\\\"b\",\"desiredStatus\":\"RUNNING\"}");
    assert_false(f.call.once);
    assert_int_equal(ecs_list_running_tasks_call(&of, VIEW("n\\"), &f.arena, &f.call, &f.err), 0);
    assert_view(f.call.body,
                "{\"family\":\"nightly\",\"desiredStatus\":\"RUNNING\",\"nextToken\":\"n\\\\\"}");
    assert_view(f.call.region, "eu-west-1");
    arena_release(&f.arena);
}

static void pages_are_decoded(void **state) {
    (void)state;
    struct fixture f = list();
    struct ecs_task_page page;
    call_ends(&f.call, 200, "{\"taskArns\":[\"a\",7,null,\"b\\u002fc\"],\"nextToken\":\"n\"}");
    assert_int_equal(ecs_list_running_tasks_result(&f.call, &f.arena, &page, &f.err), 0);
    assert_int_equal(page.n, 2);
    assert_view(page.arns[1], "b/c");
    assert_view(page.next, "n");
    call_ends(&f.call, 200, "{\"taskArns\":[],\"nextToken\":null}");
    assert_int_equal(ecs_list_running_tasks_result(&f.call, &f.arena, &page, &f.err), 0);
    assert_int_equal(page.n + page.next.len, 0);
    arena_release(&f.arena);
}

static void no_more_are_taken_than_can_be_described(void **state) {
    (void)state;
    struct fixture f = list();
    struct buf body BUF_AUTO = BUF_INIT(16384);
    struct ecs_task_page page;
    buf_append_str(&body, "{\"taskArns\":[\"a\"");
    for (int i = 1; i <= ECS_DESCRIBE_TASKS_MAX; i++) {
        buf_append_str(&body, ",\"b\"");
    }
    buf_append_str(&body, "]}");
    call_ends(&f.call, 200, "");
    f.call.response = buf_view(&body);
    assert_int_equal(ecs_list_running_tasks_result(&f.call, &f.arena, &page, &f.err), 0);
    assert_int_equal(page.n, ECS_DESCRIBE_TASKS_MAX);
    arena_release(&f.arena);
}

/* What has not been pulled yet has no digest; what is no container is passed over. */
static void images_are_decoded(void **state) {
    (void)state;
    struct fixture f = describe();
    struct ecs_running_image *images;
    size_t n;
    call_ends(&f.call, 200,
              "{\"tasks\":[{\"taskDefinitionArn\":\"web:7\",\"containers\":[{\"name\":\"web\","
              "\"image\":\"r/web:latest\",\"imageDigest\":\"sha256:a\"},{\"name\":\"new\","
              "\"image\":\"r/web:latest\"},7,{\"image\":\"nginx\",\"imageDigest\":\"sha256:b\"}]},"
              "{\"containers\":{}},3,{\"taskDefinitionArn\":\"web:6\",\"containers\":[{"
              "\"imageDigest\":\"sha256:c\"}]}],\"failures\":[{\"reason\":\"MISSING\"}]}");
    assert_int_equal(ecs_running_images_result(&f.call, &f.arena, &images, &n, &f.err), 0);
    assert_int_equal(n, 3);
    assert_view(images[0].task_definition, "web:7");
    assert_view(images[0].image, "r/web:latest");
    assert_view(images[0].digest, "sha256:a");
    assert_view(images[1].image, "nginx");
    assert_view(images[2].task_definition, "web:6");
    assert_view(images[2].image, "");
    assert_view(images[2].digest, "sha256:c");
    arena_release(&f.arena);
}

static void what_is_no_answer(void **state) {
    (void)state;
    static const char *const bodies[] = {"{}", "{\"taskArns\":{},\"tasks\":{}}", "[]", "{", ""};
    struct ecs_task_page page;
    struct ecs_running_image *images;
    size_t n;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct fixture f = list();
        call_ends(&f.call, 200, bodies[i]);
        assert_int_equal(ecs_list_running_tasks_result(&f.call, &f.arena, &page, &f.err), -1);
        assert_int_equal(f.err.code, ERR_BAD_RESPONSE);
        err_init(&f.err);
        assert_int_equal(ecs_running_images_result(&f.call, &f.arena, &images, &n, &f.err), -1);
        assert_int_equal(f.err.code, ERR_BAD_RESPONSE);
        arena_release(&f.arena);
    }
}

static void a_cluster_that_is_not_there(void **state) {
    (void)state;
    struct ecs_task_page page;
    struct ecs_running_image *images;
    size_t n;
    struct fixture f = list();
    call_fails(&f.call, ERR_BAD_RESPONSE, "ClusterNotFoundException", VIEW("none"), &f.arena);
    assert_int_equal(ecs_list_running_tasks_result(&f.call, &f.arena, &page, &f.err), -1);
    assert_int_equal(f.err.code, ERR_CLUSTER_NOT_FOUND);
    arena_release(&f.arena);
    f = describe();
    call_fails(&f.call, ERR_BAD_RESPONSE, "ClusterNotFoundException", VIEW("none"), &f.arena);
    assert_int_equal(ecs_running_images_result(&f.call, &f.arena, &images, &n, &f.err), -1);
    assert_int_equal(f.err.code, ERR_CLUSTER_NOT_FOUND);
    arena_release(&f.arena);
}

/* Each arena that is too small makes an error of it. */
static void too_little_memory(void **state) {
    (void)state;
    struct fixture f = list();
    struct fixture g = describe();
    call_ends(&f.call, 200, "{\"taskArns\":[\"a\"],\"nextToken\":\"n\"}");
    call_ends(&g.call, 200,
              "{\"tasks\":[{\"taskDefinitionArn\":\"web:7\",\"containers\":[{\"image\":\"r\","
              "\"imageDigest\":\"sha256:a\"}]}]}");
    for (size_t limit = 0, n_done = 0; n_done < 2; limit += 32) {
        struct arena arena ARENA_AUTO = ARENA_INIT(limit);
        struct ecs_task_page page;
        struct ecs_running_image *images;
        size_t n;
        struct err err;
        err_init(&err);
        n_done = ecs_list_running_tasks_result(&f.call, &arena, &page, &err) == 0;
        assert_true(n_done == 1 || err.code == ERR_OUT_OF_MEMORY);
        err_init(&err);
        if (ecs_running_images_result(&g.call, &arena, &images, &n, &err) == 0) {
            n_done++;
        } else {
            assert_int_equal(err.code, ERR_OUT_OF_MEMORY);
        }
    }
    arena_release(&f.arena);
    arena_release(&g.arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),
        cmocka_unit_test(pages_are_decoded),
        cmocka_unit_test(no_more_are_taken_than_can_be_described),
        cmocka_unit_test(images_are_decoded),
        cmocka_unit_test(what_is_no_answer),
        cmocka_unit_test(a_cluster_that_is_not_there),
        cmocka_unit_test(too_little_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
