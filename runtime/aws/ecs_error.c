#include "runtime/aws/ecs_error.h"

#include "runtime/aws/answer.h"
#include "runtime/aws/denial.h"

#include <string.h>

static int describe(struct ecs_question *q, struct arena *arena, struct err *err) {
    if (q->service.len > 0) {
        q->subject = arena_printf(arena, "service '" VIEW_FMT "' in cluster '" VIEW_FMT "'",
                                  VIEW_ARG(q->service), VIEW_ARG(q->cluster));
    } else if (q->resource.len > 0) {
        q->subject = arena_printf(arena, "'" VIEW_FMT "'", VIEW_ARG(q->resource));
    } else if (q->cluster.len > 0) {
        q->subject =
            arena_printf(arena, "%s in cluster '" VIEW_FMT "'",
                         strcmp(q->call->operation, "DescribeTasks") == 0 ? "tasks" : "services",
                         VIEW_ARG(q->cluster));
    } else {
        struct view name = q->task_definition.len > 0 ? q->task_definition : q->family;
        q->subject = arena_printf(arena, "task definition '" VIEW_FMT "'", VIEW_ARG(name));
    }
    return q->subject.data ? 0 : err_out_of_memory(err, "service answer");
}

/* The members that name what a call is about, with what they are for. */
static int read_names(struct json_span root, struct arena *arena, struct ecs_question *q,
                      struct err *err) {
    const struct {
        const char *member;
        struct view *name;
    } names[] = {
        {"cluster", &q->cluster},      {"service", &q->service},
        {"serviceName", &q->service},  {"taskDefinition", &q->task_definition},
        {"family", &q->family},        {"familyPrefix", &q->family},
        {"resourceArn", &q->resource}, {"serviceDeploymentArn", &q->resource},
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (names[i].name->len == 0 &&
            json_find_string(root, names[i].member, arena, names[i].name, err) < 0) {
            return -1;
        }
    }
    return 0;
}

/* The first of the ARNs of a Describe… */
static int read_first_arn(struct json_span root, struct arena *arena, struct ecs_question *q,
                          struct err *err) {
    static const char *const members[] = {"serviceDeploymentArns", "serviceRevisionArns"};
    struct json_span array;
    struct json_span first;
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (!answer_array(root, members[i], &array)) {
            continue;
        }
        struct json_iterator iterator = json_iterate(array);
        if (json_next_element(&iterator, &first) && first.type == JSON_STRING) {
            return json_span_string(first, arena, &q->resource, err);
        }
    }
    return 0;
}

int ecs_question_read(const struct aws_call *call, struct arena *arena,
                      struct ecs_question *ret_question, struct err *err) {
    struct ecs_question q = {.call = call};
    struct json_span root;
    if (answer_scan(call->body, "request", answer_note(call), &root, err) < 0 ||
        read_names(root, arena, &q, err) < 0 || read_first_arn(root, arena, &q, err) < 0 ||
        describe(&q, arena, err) < 0) {
        return -1;
    }
    *ret_question = q;
    return 0;
}

int ecs_service_not_found(const struct ecs_question *question, struct view service,
                          struct err *err) {
    return err_set(
        err, ERR_SERVICE_NOT_FOUND, "service not found: '" VIEW_FMT "' in cluster '" VIEW_FMT "'%s",
        VIEW_ARG(service), VIEW_ARG(question->cluster), answer_note(question->call).text);
}

/* ECS passes the task's roles on behalf of whoever registers or updates. */
static int pass_role_denied(const struct ecs_question *q, const struct denial *denial,
                            struct view text, struct arena *arena, struct err *err) {
    struct view who = denial_who(denial, arena);
    if (err_is_set(err)) {
        return -1;
    }
    (void)err_set(err, ERR_PASS_ROLE_DENIED,
                  "%s of " VIEW_FMT " refused, the task's role may not be passed: " VIEW_FMT "%s",
                  q->call->operation, VIEW_ARG(q->subject), VIEW_ARG(text),
                  answer_note(q->call).text);
    if (!denial_remedy_of_deny(denial, who, denial->resource, err) && denial->resource.len > 0) {
        err_remedy(err,
                   "allow iam:PassRole on '" VIEW_FMT "' with iam:PassedToService "
                   "ecs-tasks.amazonaws.com in the policy of " VIEW_FMT,
                   VIEW_ARG(denial->resource), VIEW_ARG(who));
    }
    return -1;
}

static int access_denied(const struct ecs_question *q, const struct denial *denial,
                         struct view text, struct arena *arena, struct err *err) {
    struct view who = denial_who(denial, arena);
    if (err_is_set(err)) {
        return -1;
    }
    (void)err_set(err, ERR_ACCESS_DENIED, "%s of " VIEW_FMT " denied: " VIEW_FMT "%s",
                  q->call->operation, VIEW_ARG(q->subject), VIEW_ARG(text),
                  answer_note(q->call).text);
    if (denial_remedy_of_deny(denial, who, denial->resource, err)) {
        return -1;
    }
    if (denial->resource.len > 0) {
        err_remedy(err, "allow " VIEW_FMT " on '" VIEW_FMT "' in the policy of " VIEW_FMT,
                   VIEW_ARG(denial->action), VIEW_ARG(denial->resource), VIEW_ARG(who));
    } else {
        err_remedy(err, "allow " VIEW_FMT " in the policy of " VIEW_FMT, VIEW_ARG(denial->action),
                   VIEW_ARG(who));
    }
    return -1;
}

/* -1 when the failure is a policy's; 0 when it is something else. ECS reports a role that may not
 * be passed as AccessDeniedException, and as ClientException where it checks the role itself. */
static int check_denied(const struct ecs_question *q, struct view text, struct arena *arena,
                        struct err *err) {
    struct denial denial = {0};
    bool is_parsed = denial_parse(text, &denial);
    if (is_parsed && denial_text_has(denial.action, "iam:PassRole")) {
        return pass_role_denied(q, &denial, text, arena, err);
    }
    if (!answer_is_denied(q->call)) {
        return 0;
    }
    if (is_parsed) {
        return access_denied(q, &denial, text, arena, err);
    }
    return answer_pass_on(q->call, err);
}

/* A failure with AWS's own words behind what was asked. */
static int fail_with_words(const struct ecs_question *q, enum err_code code, const char *what,
                           struct view text, struct err *err) {
    return err_set(err, code, "%s: " VIEW_FMT ": " VIEW_FMT "%s", what, VIEW_ARG(q->subject),
                   VIEW_ARG(text), answer_note(q->call).text);
}

/* A ClientException or InvalidParameterException about the task definition that was named. */
static bool is_about_definition(const struct ecs_question *q, struct view text) {
    return q->task_definition.len > 0 && (denial_text_has(text, "describe task definition") ||
                                          denial_text_has(text, "TaskDefinition not found") ||
                                          denial_text_has(text, "TaskDefinition is inactive") ||
                                          denial_text_has(text, "TaskDefinition does not exist") ||
                                          denial_text_has(text, "invalid revision") ||
                                          denial_text_has(text, "task definition is inactive") ||
                                          denial_text_has(text, "task definition does not exist"));
}

/* The exceptions whose name says all. */
static const struct {
    const char *aws_code;
    enum err_code meaning;
    const char *what;
} exceptions[] = {
    {"ClusterNotFoundException", ERR_CLUSTER_NOT_FOUND, "cluster not found"},
    {"ServiceNotFoundException", ERR_SERVICE_NOT_FOUND, "service not found"},
    {"ServiceNotActiveException", ERR_SERVICE_NOT_ACTIVE, "service is not active"},
};

int ecs_call_failed(const struct ecs_question *question, struct arena *arena, struct err *err) {
    const struct aws_call *call = question->call;
    struct view text = answer_message(call);
    for (size_t i = 0; i < sizeof(exceptions) / sizeof(exceptions[0]); i++) {
        if (answer_has_code(call, exceptions[i].aws_code)) {
            return fail_with_words(question, exceptions[i].meaning, exceptions[i].what, text, err);
        }
    }
    if (check_denied(question, text, arena, err) < 0) {
        return -1;
    }
    bool is_client = answer_has_code(call, "ClientException") ||
                     answer_has_code(call, "InvalidParameterException");
    if (is_client && denial_text_has(text, "deployment controller")) {
        return fail_with_words(question, ERR_CONTROLLER_UNSUPPORTED,
                               "deployment controller takes no such update", text, err);
    }
    if (is_client && is_about_definition(question, text)) {
        (void)err_set(err, ERR_FAMILY_NOT_FOUND,
                      "no usable task definition '" VIEW_FMT "': " VIEW_FMT "%s",
                      VIEW_ARG(question->task_definition), VIEW_ARG(text), answer_note(call).text);
        return -1;
    }
    return answer_pass_on(call, err);
}

int ecs_check_call(const struct aws_call *call, struct arena *arena, struct err *err) {
    struct ecs_question question;
    if (!answer_failed(call)) {
        return 0;
    }
    return ecs_question_read(call, arena, &question, err) < 0
               ? -1
               : ecs_call_failed(&question, arena, err);
}
