#include "runtime/aws/ecs_tasks.h"

#include "runtime/base/buf.h"
#include "tests/unit/aws/sent_fixture.h"

#define HOST "ecs.eu-central-1.amazonaws.com"
#define TARGET "AmazonEC2ContainerServiceV20141113."
#define TASK "arn:aws:ecs:eu-central-1:222222222222:task/prod/0cc43cdb3bee44079c26c0e6ea5bee84"

static struct fixture list(void) {
    struct fixture f = fixture_new();
    assert_int_equal(
        ecs_list_stopped_tasks_call(VIEW("prod"), VIEW("we\"b"), &f.arena, &f.call, &f.err), 0);
    return f;
}

static struct fixture describe(void) {
    static const struct view arns[] = {{TASK, sizeof(TASK) - 1}, {"b", 1}};
    struct fixture f = fixture_new();
    assert_int_equal(ecs_describe_tasks_call(VIEW("prod"), arns, 2, &f.arena, &f.call, &f.err), 0);
    return f;
}

static void requests(void **state) {
    (void)state;
    struct fixture f = list();
    assert_sent_json(
        &f, HOST, TARGET "ListTasks",
        "{\"cluster\":\"prod\",\"serviceName\":\"we\\\"b\",\"desiredStatus\":\"STOPPED\"}");
    assert_false(f.call.once);
    assert_int_equal(ecs_list_stopped_tasks_call(VIEW(""), VIEW("web"), &f.arena, &f.call, &f.err),
                     0);
    assert_view(f.call.body, "{\"serviceName\":\"web\",\"desiredStatus\":\"STOPPED\"}");
    arena_release(&f.arena);

    f = describe();
    assert_sent_json(&f, HOST, TARGET "DescribeTasks",
                     "{\"cluster\":\"prod\",\"tasks\":[\"" TASK "\",\"b\"]}");
    assert_false(f.call.once);
    arena_release(&f.arena);
}

/* --- ListTasks --- */

static void arns_are_decoded(void **state) {
    (void)state;
    struct fixture f = list();
    struct view *arns = NULL;
    size_t n = 0;
    call_ends(&f.call, 200,
              "{\"taskArns\":[\"" TASK "\",7,null,\"b\\u002fc\"],\"nextToken\":\"n\"}");
    assert_int_equal(ecs_list_stopped_tasks_result(&f.call, &f.arena, &arns, &n, &f.err), 0);
    assert_int_equal(n, 2);
    assert_view(arns[0], TASK);
    assert_view(arns[1], "b/c");
    call_ends(&f.call, 200, "{\"taskArns\":[]}");
    assert_int_equal(ecs_list_stopped_tasks_result(&f.call, &f.arena, &arns, &n, &f.err), 0);
    assert_int_equal(n, 0);
    arena_release(&f.arena);
}

static void no_more_are_taken_than_can_be_described(void **state) {
    (void)state;
    struct fixture f = list();
    struct buf body BUF_AUTO = BUF_INIT(16384);
    struct view *arns = NULL;
    size_t n = 0;
    buf_append_str(&body, "{\"taskArns\":[\"a0\"");
    for (int i = 1; i <= ECS_DESCRIBE_TASKS_MAX; i++) {
        buf_appendf(&body, ",\"a%d\"", i);
    }
    buf_append_str(&body, "]}");
    call_ends(&f.call, 200, "");
    f.call.response = buf_view(&body);
    assert_int_equal(ecs_list_stopped_tasks_result(&f.call, &f.arena, &arns, &n, &f.err), 0);
    assert_int_equal(n, ECS_DESCRIBE_TASKS_MAX);
    assert_view(arns[0], "a0");
    assert_view(arns[ECS_DESCRIBE_TASKS_MAX - 1], "a99");
    arena_release(&f.arena);
}

/* --- DescribeTasks --- */

static void tasks_are_decoded(void **state) {
    (void)state;
    struct fixture f = describe();
    struct ecs_task *tasks = NULL;
    size_t n = 0;
    call_ends(
        &f.call, 200,
        "{\"failures\":[{\"arn\":\"b\",\"reason\":\"MISSING\"}],\"tasks\":[{\"clusterArn\":\"c\","
        "\"containers\":[{\"name\":\"web\",\"containerArn\":\"x\",\"exitCode\":137,"
        "\"healthStatus\":"
        "\"UNHEALTHY\",\"lastStatus\":\"STOPPED\",\"reason\":\"OutOfMemoryError: Container killed "
        "due to memory usage\"},{\"name\":\"side\",\"lastStatus\":\"STOPPED\",\"reason\":"
        "\"CannotPullContainerError: pull image manifest has been retried 1 time(s)\"},"
        "{\"name\":\"init\",\"exitCode\":0},{\"name\":\"odd\",\"exitCode\":1.5}],"
        "\"createdAt\":1700000000.25,\"desiredStatus\":\"STOPPED\",\"healthStatus\":\"UNHEALTHY\","
        "\"lastStatus\":\"DEPROVISIONING\",\"startedAt\":\"2023-11-14T22:13:21Z\",\"startedBy\":"
        "\"ecs-svc/9223370608528463088\",\"stopCode\":\"EssentialContainerExited\","
        "\"stoppedAt\":1700000060,\"stoppedReason\":\"Essential container in task exited\","
        "\"taskArn\":\"" TASK "\",\"taskDefinitionArn\":\"arn:web:1\",\"version\":5}]}");
    assert_int_equal(ecs_describe_tasks_result(&f.call, &f.arena, &tasks, &n, &f.err), 0);
    assert_int_equal(n, 1);
    assert_view(tasks[0].arn, TASK);
    assert_view(tasks[0].task_definition, "arn:web:1");
    assert_view(tasks[0].started_by, "ecs-svc/9223370608528463088");
    assert_view(tasks[0].stop_code, "EssentialContainerExited");
    assert_view(tasks[0].stopped_reason, "Essential container in task exited");
    assert_view(tasks[0].last_status, "DEPROVISIONING");
    assert_view(tasks[0].health_status, "UNHEALTHY");
    assert_int_equal(tasks[0].created_at_ms, 1700000000250);
    assert_int_equal(tasks[0].started_at_ms, 1700000001000);
    assert_int_equal(tasks[0].stopped_at_ms, 1700000060000);
    assert_int_equal(tasks[0].n_containers, 4);
    const struct ecs_task_container *c = tasks[0].containers;
    assert_view(c[0].name, "web");
    assert_true(c[0].has_exit_code);
    assert_int_equal(c[0].exit_code, 137);
    assert_view(c[0].health_status, "UNHEALTHY");
    assert_view(c[0].last_status, "STOPPED");
    assert_true(view_starts_with(c[0].reason, VIEW("OutOfMemoryError: ")));
    assert_false(c[1].has_exit_code);
    assert_true(view_starts_with(c[1].reason, VIEW("CannotPullContainerError: ")));
    assert_true(c[2].has_exit_code);
    assert_int_equal(c[2].exit_code, 0);
    assert_view(c[2].reason, "");
    assert_false(c[3].has_exit_code);
    arena_release(&f.arena);
}

/* A pull that fails is told at length, with the whole of what the registry said. */
static void a_long_reason_is_kept_whole(void **state) {
    (void)state;
    struct fixture f = describe();
    struct buf body BUF_AUTO = BUF_INIT(16384);
    struct ecs_task *tasks = NULL;
    size_t n = 0;
    buf_append_str(&body, "{\"tasks\":[{\"stoppedReason\":\"");
    for (size_t i = 0; i < 5000; i++) {
        buf_append_char(&body, (char)('a' + i % 26));
    }
    buf_append_str(&body, "\"}]}");
    call_ends(&f.call, 200, "");
    f.call.response = buf_view(&body);
    assert_int_equal(ecs_describe_tasks_result(&f.call, &f.arena, &tasks, &n, &f.err), 0);
    assert_int_equal(tasks[0].stopped_reason.len, 5000);
    arena_release(&f.arena);
}

static void what_is_absent_is_empty(void **state) {
    (void)state;
    struct fixture f = describe();
    struct ecs_task *tasks = NULL;
    size_t n = 0;
    call_ends(&f.call, 200,
              "{\"tasks\":[7,{},null,{\"taskArn\":null,\"createdAt\":null,\"containers\":"
              "[null,{},\"web\"]},{\"containers\":{}}]}");
    assert_int_equal(ecs_describe_tasks_result(&f.call, &f.arena, &tasks, &n, &f.err), 0);
    /* Only those that are tasks. */
    assert_int_equal(n, 3);
    for (size_t i = 0; i < n; i++) {
        assert_view(tasks[i].arn, "");
        assert_view(tasks[i].stop_code, "");
        assert_int_equal(tasks[i].created_at_ms, 0);
        assert_int_equal(tasks[i].stopped_at_ms, 0);
        assert_int_equal(tasks[i].n_containers, i == 1 ? 1 : 0);
    }
    assert_view(tasks[1].containers[0].name, "");
    assert_false(tasks[1].containers[0].has_exit_code);
    call_ends(&f.call, 200, "{\"tasks\":[],\"failures\":[{\"arn\":\"b\",\"reason\":\"MISSING\"}]}");
    assert_int_equal(ecs_describe_tasks_result(&f.call, &f.arena, &tasks, &n, &f.err), 0);
    assert_int_equal(n, 0);
    arena_release(&f.arena);
}

static void odd_answers_are_bad_responses(void **state) {
    (void)state;
    static const char *const bodies[] = {"",
                                         "[]",
                                         "{}",
                                         "{\"taskArns\":null,\"tasks\":null}",
                                         "{\"taskArns\":{},\"tasks\":{}}",
                                         "{\"taskArns\":[],\"tasks\":[]"};
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct fixture f = list();
        struct view *arns = NULL;
        struct ecs_task *tasks = NULL;
        size_t n = 77;
        call_ends(&f.call, 200, bodies[i]);
        assert_int_equal(ecs_list_stopped_tasks_result(&f.call, &f.arena, &arns, &n, &f.err), -1);
        assert_int_equal(f.err.code, ERR_BAD_RESPONSE);
        assert_holds(f.err.message, REQUEST_ID);
        err_init(&f.err);
        assert_int_equal(ecs_describe_tasks_result(&f.call, &f.arena, &tasks, &n, &f.err), -1);
        assert_int_equal(f.err.code, ERR_BAD_RESPONSE);
        assert_null(arns);
        assert_null(tasks);
        assert_int_equal(n, 77);
        arena_release(&f.arena);
    }
}

/* --- failures --- */

#define CALLER                                                                                     \
    "User: arn:aws:sts::222222222222:assumed-role/slipway/s is not authorized to perform: "

static void failures_of_the_list_have_meanings(void **state) {
    (void)state;
    static const struct failure_row rows[] = {
        {"ClusterNotFoundException", "Cluster not found.", ERR_BAD_RESPONSE, ERR_CLUSTER_NOT_FOUND,
         "cluster not found: service 'we\"b' in cluster 'prod'", "ECS_CLUSTER_NAME"},
        {"ServiceNotFoundException", "Service not found.", ERR_BAD_RESPONSE, ERR_SERVICE_NOT_FOUND,
         "service not found: service 'we\"b' in cluster 'prod'", "ECS service"},
        {"AccessDeniedException",
         CALLER "ecs:ListTasks on resource: * because no identity-based policy allows it",
         ERR_ACCESS_DENIED, ERR_ACCESS_DENIED,
         "ListTasks of service 'we\"b' in cluster 'prod' denied",
         "allow ecs:ListTasks on '*' in the policy of role 'slipway' of account 222222222222"},
        {"ThrottlingException", "Rate exceeded", ERR_THROTTLED, ERR_THROTTLED, "Rate exceeded", ""},
        {"ServerException", "oops", ERR_AWS_UNAVAILABLE, ERR_AWS_UNAVAILABLE, "oops", ""},
        {"InvalidParameterException", "bad", ERR_BAD_RESPONSE, ERR_BAD_RESPONSE, "bad", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture f = list();
        struct view *arns = NULL;
        size_t n = 77;
        call_fails(&f.call, rows[i].met, rows[i].code, view_of(rows[i].words), &f.arena);
        assert_int_equal(ecs_list_stopped_tasks_result(&f.call, &f.arena, &arns, &n, &f.err), -1);
        assert_means(&f, &rows[i], i);
        assert_int_equal(n, 77);
        arena_release(&f.arena);
    }
}

static void failures_of_the_description_have_meanings(void **state) {
    (void)state;
    static const struct failure_row rows[] = {
        {"ClusterNotFoundException", "Cluster not found.", ERR_BAD_RESPONSE, ERR_CLUSTER_NOT_FOUND,
         "cluster not found: tasks in cluster 'prod'", "ECS_CLUSTER_NAME"},
        {"AccessDeniedException", CALLER "ecs:DescribeTasks on resource: " TASK, ERR_ACCESS_DENIED,
         ERR_ACCESS_DENIED, "DescribeTasks of tasks in cluster 'prod' denied",
         "allow ecs:DescribeTasks on '" TASK "' in the policy of role 'slipway'"},
        {"ThrottlingException", "Rate exceeded", ERR_THROTTLED, ERR_THROTTLED, "Rate exceeded", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture f = describe();
        struct ecs_task *tasks = NULL;
        size_t n = 77;
        call_fails(&f.call, rows[i].met, rows[i].code, view_of(rows[i].words), &f.arena);
        assert_int_equal(ecs_describe_tasks_result(&f.call, &f.arena, &tasks, &n, &f.err), -1);
        assert_means(&f, &rows[i], i);
        assert_int_equal(n, 77);
        arena_release(&f.arena);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),
        cmocka_unit_test(arns_are_decoded),
        cmocka_unit_test(no_more_are_taken_than_can_be_described),
        cmocka_unit_test(tasks_are_decoded),
        cmocka_unit_test(a_long_reason_is_kept_whole),
        cmocka_unit_test(what_is_absent_is_empty),
        cmocka_unit_test(odd_answers_are_bad_responses),
        cmocka_unit_test(failures_of_the_list_have_meanings),
        cmocka_unit_test(failures_of_the_description_have_meanings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
