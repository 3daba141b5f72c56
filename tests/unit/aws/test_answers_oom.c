/* Each allocation of building a request and of reading its answer fails once, and once from there
 * on; a piece of the arena is an allocation too. */

#include "tests/unit/base/oom_each.h"

#include "runtime/aws/codedeploy.h"
#include "runtime/aws/ecs_revisions.h"
#include "runtime/aws/ecs_service_deployments.h"
#include "runtime/aws/ecs_tasks.h"
#include "runtime/aws/events.h"
#include "runtime/aws/lambda_api.h"
#include "runtime/aws/s3.h"
#include "runtime/aws/scheduler.h"
#include "runtime/aws/sns.h"
#include "runtime/aws/ssm.h"
#include "tests/unit/aws/answered.h"

/* A text with an escape, so that it has to be copied. */
#define E "\\u0061"

/* --- EventBridge --- */

static int buses(struct arena *arena, struct err *err) {
    struct aws_call call;
    struct events_names names;
    if (events_list_event_buses_call(VIEW("n"), arena, &call, err) < 0) {
        return -1;
    }
    call_ends(&call, 200, "{\"NextToken\":\"" E "\",\"EventBuses\":[{\"Name\":\"" E "\"}]}");
    return events_list_event_buses_result(&call, arena, &names, err);
}

static int rules(struct arena *arena, struct err *err) {
    struct aws_call call;
    struct events_names names;
    if (events_list_rule_names_by_target_call(VIEW("a"), VIEW("b"), VIEW("n"), arena, &call, err) <
        0) {
        return -1;
    }
    call_ends(&call, 200, "{\"NextToken\":\"" E "\",\"RuleNames\":[\"" E "\",\"" E "\"]}");
    return events_list_rule_names_by_target_result(&call, arena, &names, err);
}

static int targets(struct arena *arena, struct err *err) {
    struct aws_call call;
    struct events_targets page;
    if (events_list_targets_by_rule_call(VIEW("r"), VIEW("b"), VIEW(""), arena, &call, err) < 0) {
        return -1;
    }
    call_ends(&call, 200,
              "{\"NextToken\":\"" E "\",\"Targets\":[{\"Id\":\"" E "\",\"Arn\":\"" E
              "\",\"EcsParameters\":{\"TaskDefinitionArn\":\"" E "\"}},{\"Id\":\"" E
              "\",\"Arn\":\"c\"}]}");
    if (events_list_targets_by_rule_result(&call, arena, &page, err) < 0) {
        return -1;
    }
    struct view changed[2];
    for (size_t i = 0; i < 2; i++) {
        changed[i] = events_retarget(&page.targets[i], VIEW("t:8"), arena);
        if (!changed[i].data) {
            return err_out_of_memory(err, "a target");
        }
    }
    if (events_put_targets_call(VIEW("r"), VIEW("b"), changed, 2, arena, &call, err) < 0) {
        return -1;
    }
    call_ends(&call, 200, "{\"FailedEntryCount\":0}");
    return events_put_targets_result(&call, err);
}

static int events(struct arena *arena, struct err *err) {
    const struct view resources[] = {VIEW("a")};
    const struct events_entry entry = {VIEW("s"), VIEW("d"), VIEW("{}"), resources, 1};
    struct aws_call call;
    if (events_put_events_call(&entry, 1, VIEW("b"), VIEW(""), arena, &call, err) < 0) {
        return -1;
    }
    call_ends(&call, 200, "{\"FailedEntryCount\":0,\"Entries\":[{\"EventId\":\"1\"}]}");
    return events_put_events_result(&call, err);
}

/* --- EventBridge Scheduler --- */

static int schedules(struct arena *arena, struct err *err) {
    struct aws_call call;
    struct scheduler_page page;
    if (scheduler_list_schedules_call(VIEW("n"), arena, &call, err) < 0) {
        return -1;
    }
    call_ends(&call, 200,
              "{\"NextToken\":\"" E "\",\"Schedules\":[{\"Name\":\"" E "\",\"GroupName\":\"" E
              "\",\"Target\":{\"Arn\":\"" E "\"}}]}");
    return scheduler_list_schedules_result(&call, arena, &page, err);
}

static int schedule(struct arena *arena, struct err *err) {
    struct aws_call call;
    struct scheduler_schedule got;
    if (scheduler_get_schedule_call(VIEW("n"), VIEW("g"), arena, &call, err) < 0) {
        return -1;
    }
    call_ends(&call, 200,
              "{\"Name\":\"" E "\",\"GroupName\":\"" E "\",\"Target\":{\"Arn\":\"" E
              "\",\"EcsParameters\":{\"TaskDefinitionArn\":\"" E "\"}}}");
    return scheduler_get_schedule_result(&call, arena, &got, err) < 0
               ? -1
               : scheduler_update_schedule_call(&got, VIEW("t:8"), arena, &call, err);
}

/* --- SNS, SSM, S3 --- */

static int publish(struct arena *arena, struct err *err) {
    const struct sns_attribute attribute = {"status", VIEW("deployed")};
    const struct sns_message message = {.topic_arn = VIEW("arn:aws:sns:r:a:t.fifo"),
                                        .subject = VIEW("s"),
                                        .message = VIEW("m"),
                                        .attributes = &attribute,
                                        .n_attributes = 1,
                                        .group = VIEW("g"),
                                        .deduplication = VIEW("d")};
    struct aws_call call;
    return sns_publish_call(&message, arena, &call, err);
}

static int parameter(struct arena *arena, struct err *err) {
    struct aws_call call;
    struct buf value BUF_AUTO = BUF_INIT(64);
    if (ssm_get_parameter_call(VIEW("p"), arena, &call, err) < 0) {
        return -1;
    }
    call_ends(&call, 200, "");
    call.response = arena_copy(arena, VIEW("{\"Parameter\":{\"Value\":\"" E "\"}}"));
    return call.response.data ? ssm_get_parameter_result(&call, &value, err)
                              : err_out_of_memory(err, "an answer");
}

static int object(struct arena *arena, struct err *err) {
    struct aws_call call;
    struct buf value BUF_AUTO = BUF_INIT(64);
    if (s3_get_object_call(VIEW("b-1"), VIEW("k"), arena, &call, err) < 0) {
        return -1;
    }
    call_ends(&call, 200, "");
    call.response = arena_copy(arena, VIEW("{}"));
    return call.response.data ? s3_get_object_result(&call, &value, err)
                              : err_out_of_memory(err, "an answer");
}

/* --- CodeDeploy --- */

static int groups(struct arena *arena, struct err *err) {
    struct aws_call call;
    struct codedeploy_names names;
    struct view group;
    if (codedeploy_list_applications_call(VIEW("n"), arena, &call, err) < 0) {
        return -1;
    }
    call_ends(&call, 200, "{\"applications\":[\"" E "\"],\"nextToken\":\"" E "\"}");
    if (codedeploy_list_applications_result(&call, arena, &names, err) < 0 ||
        codedeploy_list_groups_call(VIEW("a"), arena, &call, err) < 0) {
        return -1;
    }
    call_ends(&call, 200, "{\"deploymentGroups\":[\"" E "\"]}");
    if (codedeploy_list_groups_result(&call, arena, &names, err) < 0 ||
        codedeploy_get_groups_call(VIEW("a"), names.names, names.n, arena, &call, err) < 0) {
        return -1;
    }
    call_ends(&call, 200,
              "{\"deploymentGroupsInfo\":[{\"deploymentGroupName\":\"" E
              "\",\"ecsServices\":[{\"clusterName\":\"c\",\"serviceName\":\"" E "\"}]}]}");
    return codedeploy_get_groups_result(&call, VIEW("c"), VIEW("a"), arena, &group, err);
}

static int deployments(struct arena *arena, struct err *err) {
    struct aws_call call;
    struct codedeploy_deployment *all;
    struct view *ids;
    size_t n;
    if (codedeploy_list_deployments_call(VIEW("a"), VIEW("g"), 0, arena, &call, err) < 0) {
        return -1;
    }
    call_ends(&call, 200, "{\"deployments\":[\"" E "\"]}");
    if (codedeploy_list_deployments_result(&call, arena, &ids, &n, err) < 0 ||
        codedeploy_get_deployments_call(ids, n, arena, &call, err) < 0) {
        return -1;
    }
    call_ends(&call, 200,
              "{\"deploymentsInfo\":[{\"deploymentId\":\"" E "\",\"status\":\"" E
              "\",\"description\":\"" E "\"}]}");
    return codedeploy_get_deployments_result(&call, arena, &all, &n, err);
}

static int create(struct arena *arena, struct err *err) {
    const struct codedeploy_create c = {.application = VIEW("a"),
                                        .group = VIEW("g"),
                                        .task_definition = VIEW("t:8"),
                                        .container = VIEW("w"),
                                        .port = 80,
                                        .description = VIEW("d")};
    struct aws_call call;
    struct view id;
    if (codedeploy_create_call(&c, arena, &call, err) < 0) {
        return -1;
    }
    call_ends(&call, 200, "{\"deploymentId\":\"" E "\"}");
    return codedeploy_create_result(&call, arena, &id, err);
}

/* --- Lambda --- */

#define CONFIGURATION                                                                              \
    "\"FunctionArn\":\"" E "\",\"PackageType\":\"" E "\",\"State\":\"" E                           \
    "\",\"LastUpdateStatus\":\"" E "\",\"LastUpdateStatusReason\":\"" E "\",\"RevisionId\":\"" E   \
    "\",\"CodeSha256\":\"" E "\",\"Version\":\"" E "\",\"Architectures\":[\"" E "\"]"

static int function(struct arena *arena, struct err *err) {
    struct aws_call call;
    struct lambda_function got;
    if (lambda_get_function_call(VIEW("f"), arena, &call, err) < 0) {
        return -1;
    }
    call_ends(&call, 200,
              "{\"Configuration\":{" CONFIGURATION "},\"Code\":{\"ImageUri\":\"" E
              "\",\"ResolvedImageUri\":\"" E "\"},\"Tags\":{\"" E "\":\"" E "\"}}");
    if (lambda_get_function_result(&call, arena, &got, err) < 0 ||
        lambda_get_configuration_call(VIEW("f"), arena, &call, err) < 0 ||
        lambda_update_code_call(VIEW("f"), VIEW("i"), VIEW("r"), arena, &call, err) < 0 ||
        lambda_publish_version_call(VIEW("f"), VIEW("c"), VIEW("d"), arena, &call, err) < 0 ||
        lambda_tag_resource_call(VIEW("f"), got.tags, got.n_tags, arena, &call, err) < 0 ||
        lambda_untag_resource_call(VIEW("f"), &got.tags[0].key, 1, arena, &call, err) < 0) {
        return -1;
    }
    call_ends(&call, 200, "{" CONFIGURATION "}");
    return lambda_configuration_result(&call, arena, &got, err);
}

static int alias(struct arena *arena, struct err *err) {
    struct aws_call call;
    struct lambda_alias got;
    if (lambda_get_alias_call(VIEW("f"), VIEW("a"), arena, &call, err) < 0 ||
        lambda_update_alias_call(VIEW("f"), VIEW("a"), VIEW("7"), VIEW("r"), arena, &call, err) <
            0) {
        return -1;
    }
    call_ends(&call, 200, "{\"FunctionVersion\":\"" E "\",\"RevisionId\":\"" E "\"}");
    return lambda_alias_result(&call, arena, &got, err);
}

/* --- ECS --- */

static int tasks(struct arena *arena, struct err *err) {
    struct aws_call call;
    struct ecs_task *all;
    struct view *arns;
    size_t n;
    if (ecs_list_stopped_tasks_call(VIEW("c"), VIEW("s"), arena, &call, err) < 0) {
        return -1;
    }
    call_ends(&call, 200, "{\"taskArns\":[\"" E "\"]}");
    if (ecs_list_stopped_tasks_result(&call, arena, &arns, &n, err) < 0 ||
        ecs_describe_tasks_call(VIEW("c"), arns, n, arena, &call, err) < 0) {
        return -1;
    }
    call_ends(&call, 200,
              "{\"tasks\":[{\"taskArn\":\"" E "\",\"taskDefinitionArn\":\"" E
              "\",\"startedBy\":\"" E "\",\"stopCode\":\"" E "\",\"stoppedReason\":\"" E
              "\",\"lastStatus\":\"" E "\",\"healthStatus\":\"" E
              "\",\"containers\":[{\"name\":\"" E "\",\"reason\":\"" E "\",\"lastStatus\":\"" E
              "\",\"healthStatus\":\"" E "\"}]}]}");
    return ecs_describe_tasks_result(&call, arena, &all, &n, err);
}

static int service_deployments(struct arena *arena, struct err *err) {
    const struct ecs_tag tags[] = {{VIEW("k"), VIEW("v")}};
    struct aws_call call;
    struct ecs_service_deployment got;
    struct view *arns;
    size_t n;
    if (ecs_list_service_deployments_call(VIEW("c"), VIEW("s"), arena, &call, err) < 0) {
        return -1;
    }
    call_ends(&call, 200, "{\"serviceDeployments\":[{\"serviceDeploymentArn\":\"" E "\"}]}");
    if (ecs_list_service_deployments_result(&call, arena, &arns, &n, err) < 0 ||
        ecs_describe_service_deployment_call(VIEW("d"), arena, &call, err) < 0) {
        return -1;
    }
    call_ends(&call, 200,
              "{\"serviceDeployments\":[{\"serviceDeploymentArn\":\"" E "\",\"status\":\"" E
              "\",\"sourceServiceRevisions\":[{\"arn\":\"" E
              "\"}],\"targetServiceRevision\":{\"arn\":\"" E "\"}}]}");
    if (ecs_describe_service_deployment_result(&call, arena, &got, err) < 0 ||
        ecs_stop_service_deployment_call(VIEW("d"), arena, &call, err) < 0) {
        return -1;
    }
    return ecs_tag_resource_call(VIEW("d"), tags, 1, arena, &call, err);
}

static int past_deployments(struct arena *arena, struct err *err) {
    const struct view arns[] = {VIEW("r"), VIEW("s")};
    struct aws_call call;
    struct ecs_past_deployments past;
    struct ecs_service_revision *revisions;
    size_t n;
    if (ecs_list_past_deployments_call(VIEW("c"), VIEW("s"), arena, &call, err) < 0) {
        return -1;
    }
    call_ends(&call, 200,
              "{\"serviceDeployments\":[{\"createdAt\":1.7E9,\"status\":\"" E
              "\",\"targetServiceRevisionArn\":\"" E "\"}],\"nextToken\":\"" E "\"}");
    if (ecs_list_past_deployments_result(&call, arena, &past, err) < 0 ||
        ecs_describe_service_revisions_call(arns, 2, arena, &call, err) < 0) {
        return -1;
    }
    call_ends(&call, 200,
              "{\"serviceRevisions\":[{\"serviceRevisionArn\":\"" E "\",\"taskDefinition\":\"" E
              "\"}]}");
    return ecs_describe_service_revisions_result(&call, arena, &revisions, &n, err);
}

static int revisions(struct arena *arena, struct err *err) {
    const struct ecs_list_task_definitions list = {.family = VIEW("f"), .next = VIEW("n")};
    struct aws_call call;
    struct ecs_revisions got;
    if (ecs_list_task_definitions_call(&list, arena, &call, err) < 0) {
        return -1;
    }
    call_ends(&call, 200,
              "{\"nextToken\":\"" E "\",\"taskDefinitionArns\":[\"x/f:" E "\",\"x/f:2\"]}");
    return ecs_list_task_definitions_result(&call, arena, &got, err);
}

static int service(struct arena *arena, struct err *err) {
    const struct view names[] = {VIEW("s")};
    struct aws_call call;
    struct ecs_service_state got;
    if (ecs_describe_services_call(VIEW("c"), names, 1, VIEW(""), arena, &call, err) < 0) {
        return -1;
    }
    call_ends(&call, 200,
              "{\"services\":[{\"serviceName\":\"s\",\"serviceArn\":\"" E "\",\"clusterArn\":\"" E
              "\",\"status\":\"" E "\",\"currentServiceDeployment\":\"" E
              "\",\"deploymentController\":{\"type\":\"CODE_DEPLOY\"},\"deploymentConfiguration\":{"
              "\"strategy\":\"" E "\"},\"events\":[{\"message\":\"" E
              "\"}],\"deployments\":[{\"id\":\"" E "\",\"rolloutState\":\"" E
              "\",\"rolloutStateReason\":\"" E "\"}],\"loadBalancers\":[{\"containerName\":\"" E
              "\",\"containerPort\":80,\"targetGroupArn\":\"" E
              "\"}],\"capacityProviderStrategy\":[{\"capacityProvider\":\"" E
              "\"}],\"taskSets\":[{\"id\":\"" E "\",\"status\":\"PRIMARY\",\"taskDefinition\":\"" E
              "\",\"platformVersion\":\"" E "\",\"loadBalancers\":[{\"containerName\":\"" E
              "\",\"containerPort\":80}],\"capacityProviderStrategy\":[{\"capacityProvider\":\"" E
              "\"}]}]}]}");
    return ecs_describe_services_result(&call, VIEW("s"), arena, &got, err);
}

static void requests_and_answers(void **state) {
    (void)state;
    static const attempt attempts[] = {
        buses,
        rules,
        targets,
        events,
        schedules,
        schedule,
        publish,
        parameter,
        object,
        groups,
        deployments,
        create,
        function,
        alias,
        tasks,
        service_deployments,
        past_deployments,
        revisions,
        service,
    };
    for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
        each_and_all_fail(attempts[i]);
    }
}

/* A failure stays a failure, whether there was memory to say all of it or not. */
static void failures(void **state) {
    (void)state;
    OOM_FOR_EACH(n) {
        struct arena arena = ARENA_INIT((size_t)1024 * 1024);
        struct err err;
        struct aws_call call;
        err_init(&err);
        assert_int_equal(ecs_stop_service_deployment_call(VIEW("d"), &arena, &call, &err), 0);
        call_fails(&call, ERR_ACCESS_DENIED, "AccessDeniedException",
                   VIEW("User: arn:aws:sts::222222222222:assumed-role/r/s is not authorized to "
                        "perform: ecs:StopServiceDeployment on resource: d"),
                   &arena);
        bool is_over = true;
        oom_arm(n);
        int status = ecs_stop_service_deployment_result(&call, &arena, &is_over, &err);
        bool has_failed = oom_disarm();
        arena_release(&arena);
        assert_int_equal(status, -1);
        assert_true(err.code == ERR_ACCESS_DENIED || (has_failed && err.code == ERR_OUT_OF_MEMORY));
        if (!has_failed) {
            return;
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_and_answers),
        cmocka_unit_test(failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
