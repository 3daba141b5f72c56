/* Answers of the services that are asked besides ECR and ECS services: the first character chooses
 * the operation, the second what it ended with, the rest is the body. What is decoded is what is
 * documented, lies in the answer, and is the same the second time. */

#include "runtime/aws/codedeploy.h"
#include "runtime/aws/ecs_revisions.h"
#include "runtime/aws/ecs_service_deployments.h"
#include "runtime/aws/ecs_tasks.h"
#include "runtime/aws/events.h"
#include "runtime/aws/lambda_api.h"
#include "runtime/aws/scheduler.h"
#include "runtime/aws/sns.h"
#include "runtime/aws/ssm.h"
#include "tests/fuzz/aws/answers.h"

#define INPUT_MAX_BYTES 16384

static const char *const codes[] = {
    "",
    "AccessDeniedException",
    "ThrottlingException",
    "ResourceNotFoundException",
    "ConflictException",
    "ConcurrentModificationException",
    "DeploymentLimitExceededException",
    "ApplicationDoesNotExistException",
    "PreconditionFailedException",
    "InvalidParameterValueException",
    "ServiceDeploymentNotFoundException",
    "ParameterNotFound",
    "AuthorizationError",
    "NotFound",
    "ClientException",
};
#define N_CODES (sizeof(codes) / sizeof(codes[0]))

/* A call under way: what it is to end with, and where what is read of it goes. */
struct trial {
    struct aws_call call;
    const char *code;
    struct view body;
    struct arena *arena;
    struct err *err;
};

static void end(struct trial *t) {
    end_call(&t->call, t->code, t->body, t->arena);
}

static bool has_code(const struct trial *t, const char *code) {
    return strcmp(t->code, code) == 0;
}

/* Whether it may be a success: no failure, or one that is none here. */
static void require_may_succeed(const struct trial *t, const char *excused) {
    require(t->code[0] == '\0' || has_code(t, excused));
}

/* --- EventBridge --- */

static int buses(struct trial *t) {
    struct events_names names;
    require(events_list_event_buses_call(VIEW(""), t->arena, &t->call, t->err) == 0);
    end(t);
    if (events_list_event_buses_result(&t->call, t->arena, &names, t->err) < 0) {
        return -1;
    }
    require_may_succeed(t, "");
    for (size_t i = 0; i < names.n; i++) {
        require(names.names[i].len > 0);
    }
    return 0;
}

static int rules(struct trial *t) {
    struct events_names names;
    require(events_list_rule_names_by_target_call(VIEW("a"), VIEW("b"), VIEW(""), t->arena,
                                                  &t->call, t->err) == 0);
    end(t);
    if (events_list_rule_names_by_target_result(&t->call, t->arena, &names, t->err) < 0) {
        return -1;
    }
    require_may_succeed(t, "");
    return 0;
}

static int targets(struct trial *t) {
    struct events_targets page;
    require(events_list_targets_by_rule_call(VIEW("r"), VIEW("b"), VIEW(""), t->arena, &t->call,
                                             t->err) == 0);
    end(t);
    if (events_list_targets_by_rule_result(&t->call, t->arena, &page, t->err) < 0) {
        return -1;
    }
    require_may_succeed(t, "");
    for (size_t i = 0; i < page.n; i++) {
        const struct events_target *target = &page.targets[i];
        require(target->id.len > 0 && target->arn.len > 0 && target->text.len > 0);
        require_inside(target->text, t->call.response);
        require_inside(target->task_definition_text, target->text);
        require(target->task_definition.len == 0 || target->task_definition_text.len >= 2);
    }
    return 0;
}

static int put_targets(struct trial *t) {
    const struct view target = VIEW("{}");
    require(events_put_targets_call(VIEW("r"), VIEW("b"), &target, 1, t->arena, &t->call, t->err) ==
            0);
    end(t);
    if (events_put_targets_result(&t->call, t->err) < 0) {
        return -1;
    }
    require_may_succeed(t, "");
    return 0;
}

static int put_events(struct trial *t) {
    const struct events_entry entry = {VIEW("s"), VIEW("d"), VIEW("{}"), NULL, 0};
    require(events_put_events_call(&entry, 1, VIEW(""), VIEW(""), t->arena, &t->call, t->err) == 0);
    end(t);
    if (events_put_events_result(&t->call, t->err) < 0) {
        return -1;
    }
    require_may_succeed(t, "");
    return 0;
}

/* --- EventBridge Scheduler --- */

static int schedules(struct trial *t) {
    struct scheduler_page page;
    require(scheduler_list_schedules_call(VIEW(""), t->arena, &t->call, t->err) == 0);
    end(t);
    if (scheduler_list_schedules_result(&t->call, t->arena, &page, t->err) < 0) {
        return -1;
    }
    require_may_succeed(t, "");
    for (size_t i = 0; i < page.n; i++) {
        require(page.schedules[i].name.len > 0);
    }
    return 0;
}

static int schedule(struct trial *t) {
    struct scheduler_schedule s;
    require(scheduler_get_schedule_call(VIEW("n"), VIEW("g"), t->arena, &t->call, t->err) == 0);
    end(t);
    if (scheduler_get_schedule_result(&t->call, t->arena, &s, t->err) < 0) {
        return -1;
    }
    require_may_succeed(t, "ResourceNotFoundException");
    require(s.is_missing == (t->code[0] != '\0'));
    require(s.is_missing == (s.name.len == 0) && s.is_missing == (s.target_arn.len == 0));
    require_inside(s.text, t->call.response);
    require_inside(s.task_definition_text, s.text);
    return 0;
}

static int update_schedule(struct trial *t) {
    const struct scheduler_schedule s = {.name = VIEW("n"), .text = VIEW("{}")};
    require(scheduler_update_schedule_call(&s, VIEW("t"), t->arena, &t->call, t->err) == 0);
    end(t);
    if (scheduler_update_schedule_result(&t->call, t->err) < 0) {
        return -1;
    }
    require_may_succeed(t, "");
    return 0;
}

/* --- SNS, SSM --- */

static int publish(struct trial *t) {
    const struct sns_message message = {.topic_arn = VIEW("t"), .message = VIEW("m")};
    require(sns_publish_call(&message, t->arena, &t->call, t->err) == 0);
    end(t);
    if (sns_publish_result(&t->call, t->err) < 0) {
        return -1;
    }
    require_may_succeed(t, "");
    return 0;
}

static int parameter(struct trial *t) {
    struct buf value BUF_AUTO = BUF_INIT(INPUT_MAX_BYTES);
    require(ssm_get_parameter_call(VIEW("p"), t->arena, &t->call, t->err) == 0);
    end(t);
    int status = ssm_get_parameter_result(&t->call, &value, t->err);
    for (size_t i = 0; i < t->call.response.len; i++) {
        require(t->call.response.data[i] == '\0');
    }
    if (status < 0) {
        require(value.len == 0);
        return -1;
    }
    require_may_succeed(t, "");
    require(value.len > 0);
    return 0;
}

/* --- CodeDeploy --- */

static int applications(struct trial *t) {
    struct codedeploy_names names;
    require(codedeploy_list_applications_call(VIEW(""), t->arena, &t->call, t->err) == 0);
    end(t);
    if (codedeploy_list_applications_result(&t->call, t->arena, &names, t->err) < 0) {
        return -1;
    }
    require_may_succeed(t, "");
    return 0;
}

static int groups(struct trial *t) {
    const struct view name = VIEW("g");
    struct view group;
    require(codedeploy_get_groups_call(VIEW("a"), &name, 1, t->arena, &t->call, t->err) == 0);
    end(t);
    if (codedeploy_get_groups_result(&t->call, VIEW("c"), VIEW("s"), t->arena, &group, t->err) <
        0) {
        return -1;
    }
    require_may_succeed(t, "ApplicationDoesNotExistException");
    require(t->code[0] == '\0' || group.len == 0);
    return 0;
}

static int deployments(struct trial *t) {
    const struct view id = VIEW("d");
    struct codedeploy_deployment *all = NULL;
    size_t n = 0;
    require(codedeploy_get_deployments_call(&id, 1, t->arena, &t->call, t->err) == 0);
    end(t);
    if (codedeploy_get_deployments_result(&t->call, t->arena, &all, &n, t->err) < 0) {
        return -1;
    }
    require_may_succeed(t, "");
    for (size_t i = 0; i < n; i++) {
        require(all[i].id.len > 0);
        require(!codedeploy_is_under_way(&all[i]) || all[i].status.len > 0);
    }
    return 0;
}

static int create(struct trial *t) {
    const struct codedeploy_create c = {.application = VIEW("a"), .group = VIEW("g")};
    struct view id;
    require(codedeploy_create_call(&c, t->arena, &t->call, t->err) == 0);
    end(t);
    if (codedeploy_create_result(&t->call, t->arena, &id, t->err) < 0) {
        return -1;
    }
    require_may_succeed(t, "");
    require(id.len > 0);
    return 0;
}

/* --- Lambda --- */

static int function(struct trial *t) {
    struct lambda_function f;
    require(lambda_get_function_call(VIEW("f"), t->arena, &t->call, t->err) == 0);
    end(t);
    if (lambda_get_function_result(&t->call, t->arena, &f, t->err) < 0) {
        return -1;
    }
    require_may_succeed(t, "");
    require(f.arn.len > 0);
    for (size_t i = 0; i < f.n_tags; i++) {
        require(f.tags[i].key.data && f.tags[i].value.data);
    }
    return 0;
}

static int configuration(struct trial *t) {
    struct lambda_function f;
    require(lambda_update_code_call(VIEW("f"), VIEW("i"), VIEW("r"), t->arena, &t->call, t->err) ==
            0);
    end(t);
    require(lambda_has_changed(&t->call) == has_code(t, "PreconditionFailedException"));
    if (lambda_configuration_result(&t->call, t->arena, &f, t->err) < 0) {
        return -1;
    }
    require_may_succeed(t, "");
    require(f.arn.len > 0 && f.n_tags == 0 && f.image_uri.len == 0);
    return 0;
}

static int alias(struct trial *t) {
    struct lambda_alias a;
    require(lambda_get_alias_call(VIEW("f"), VIEW("a"), t->arena, &t->call, t->err) == 0);
    end(t);
    if (lambda_alias_result(&t->call, t->arena, &a, t->err) < 0) {
        return -1;
    }
    require_may_succeed(t, "");
    require(a.version.len > 0);
    return 0;
}

/* --- ECS --- */

static int task_arns(struct trial *t) {
    struct view *arns = NULL;
    size_t n = 0;
    require(ecs_list_stopped_tasks_call(VIEW("c"), VIEW("s"), t->arena, &t->call, t->err) == 0);
    end(t);
    if (ecs_list_stopped_tasks_result(&t->call, t->arena, &arns, &n, t->err) < 0) {
        return -1;
    }
    require_may_succeed(t, "");
    require(n <= ECS_DESCRIBE_TASKS_MAX);
    return 0;
}

static int tasks(struct trial *t) {
    const struct view arn = VIEW("a");
    struct ecs_task *all = NULL;
    size_t n = 0;
    require(ecs_describe_tasks_call(VIEW("c"), &arn, 1, t->arena, &t->call, t->err) == 0);
    end(t);
    if (ecs_describe_tasks_result(&t->call, t->arena, &all, &n, t->err) < 0) {
        return -1;
    }
    require_may_succeed(t, "");
    for (size_t i = 0; i < n; i++) {
        require(all[i].created_at_ms >= 0 && all[i].started_at_ms >= 0 &&
                all[i].stopped_at_ms >= 0);
        for (size_t j = 0; j < all[i].n_containers; j++) {
            require(all[i].containers[j].has_exit_code || all[i].containers[j].exit_code == 0);
        }
    }
    return 0;
}

static int service_deployment(struct trial *t) {
    struct ecs_service_deployment d;
    require(ecs_describe_service_deployment_call(VIEW("d"), t->arena, &t->call, t->err) == 0);
    end(t);
    if (ecs_describe_service_deployment_result(&t->call, t->arena, &d, t->err) < 0) {
        return -1;
    }
    require_may_succeed(t, "");
    require(d.arn.len > 0 && d.status.len > 0);
    return 0;
}

static int stop(struct trial *t) {
    bool is_over = false;
    require(ecs_stop_service_deployment_call(VIEW("d"), t->arena, &t->call, t->err) == 0);
    end(t);
    if (ecs_stop_service_deployment_result(&t->call, t->arena, &is_over, t->err) < 0) {
        return -1;
    }
    require(is_over == (t->code[0] != '\0'));
    require(!is_over || has_code(t, "ConflictException") ||
            has_code(t, "ServiceDeploymentNotFoundException"));
    return 0;
}

static int revisions(struct trial *t) {
    const struct ecs_list_task_definitions list = {.family = VIEW("f")};
    struct ecs_revisions r;
    require(ecs_list_task_definitions_call(&list, t->arena, &t->call, t->err) == 0);
    end(t);
    if (ecs_list_task_definitions_result(&t->call, t->arena, &r, t->err) < 0) {
        return -1;
    }
    require_may_succeed(t, "");
    for (size_t i = 0; i < r.n; i++) {
        struct view before;
        struct view revision;
        require(view_cut_last(r.arns[i], ':', &before, &revision));
        require(view_ends_with(before, VIEW("/f")));
    }
    return 0;
}

static int (*const decoders[])(struct trial *) = {
    buses,         rules,     targets,         put_targets, put_events,
    schedules,     schedule,  update_schedule, publish,     parameter,
    applications,  groups,    deployments,     create,      function,
    configuration, alias,     task_arns,       tasks,       service_deployment,
    stop,          revisions,
};
#define N_DECODERS (sizeof(decoders) / sizeof(decoders[0]))

static int run(uint8_t which, uint8_t ends, struct view body, struct err *err) {
    static struct arena arena = {.limit_bytes = (size_t)4 * 1024 * 1024};
    arena_reset(&arena);
    err_init(err);
    struct trial t = {.code = codes[ends % N_CODES], .body = body, .arena = &arena, .err = err};
    int status = decoders[which % N_DECODERS](&t);
    require((status < 0) == err_is_set(err));
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct err first;
    struct err second;
    if (size < 2 || size > INPUT_MAX_BYTES) {
        return 0;
    }
    struct view body = {(const char *)data + 2, size - 2};
    uint8_t which = (uint8_t)(data[0] - 'a'); /* so that seeds are text */
    uint8_t ends = (uint8_t)(data[1] - 'a');
    int status = run(which, ends, body, &first);
    if (size % 4 == 0) {
        require(run(which, ends, body, &second) == status);
        require(first.code == second.code && strcmp(first.message, second.message) == 0);
    }
    return 0;
}
