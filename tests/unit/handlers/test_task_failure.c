/*
 * Why tasks stopped, in words, from texts as ECS writes them: Amazon ECS Developer Guide, "Amazon
 * ECS stopped tasks error messages", and what people have been shown.
 */

#include "handlers/deploy/task_failure.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MAX_TASKS 40
#define DEPLOYMENT "ecs-svc/1234567890123456789"

#define IMAGE "111111111111.dkr.ecr.us-east-1.amazonaws.com/myproject_backend"
/* A digest with the digits of a status in it. */
#define DIGEST "sha256:9403f1c2a7b44e0d8c6b5a49382716050f1e2d3c4b5a69788796a5b4c3d24031"
#define TASK_ID "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
#define OTHER_ID "f9e8d7c6b5a493827160f5e4d3c2b1a0"
#define USER(id) "User: arn:aws:sts::222222222222:assumed-role/myproject-execution-role/" id
#define PULL_SECRETS                                                                               \
    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource "    \
    "retrieval failed: "

struct fixture {
    struct arena arena;
    struct ecs_task tasks[MAX_TASKS];
    struct ecs_task_container containers[MAX_TASKS][4];
    size_t n;
    struct task_failure failure;
    struct err err;
};

static int set_up(void **state) {
    static struct fixture f;
    memset(&f, 0, sizeof(f));
    f.arena = ARENA_INIT(4 * 1024 * 1024);
    err_init(&f.err);
    *state = &f;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    arena_release(&f->arena);
    return 0;
}

static struct ecs_task *add(struct fixture *f, const char *reason) {
    struct ecs_task *task = &f->tasks[f->n];
    *task = (struct ecs_task){.started_by = VIEW(DEPLOYMENT),
                              .stopped_reason = view_of(reason),
                              .containers = f->containers[f->n]};
    f->n++;
    return task;
}

static void put_container(struct ecs_task *task, const char *name, const char *reason) {
    task->containers[task->n_containers++] =
        (struct ecs_task_container){.name = view_of(name), .reason = view_of(reason)};
}

static void put_exit(struct ecs_task *task, const char *name, int64_t code) {
    task->containers[task->n_containers++] = (struct ecs_task_container){
        .name = view_of(name), .has_exit_code = true, .exit_code = code};
}

static const char *explain(struct fixture *f) {
    if (task_failure_explain(f->tasks, f->n, VIEW(DEPLOYMENT), &f->arena, &f->failure, &f->err) !=
        0) {
        fail_msg("%s", f->err.message);
    }
    return f->failure.why.data; /* of the arena: it ends with a NUL */
}

static void assert_part(const char *text, const char *part) {
    if (!strstr(text, part)) {
        fail_msg("'%s'\nlacks '%s'", text, part);
    }
}

static void assert_remedy(struct fixture *f, const char *part) {
    char text[1024];
    snprintf(text, sizeof(text), VIEW_FMT, VIEW_ARG(f->failure.remedy));
    assert_part(text, part);
}

/* One task that stopped so, and what is to be done about it. */
static void assert_leads_to(struct fixture *f, const char *reason, const char *remedy) {
    f->n = 0;
    add(f, reason);
    assert_part(explain(f), "1 task: ");
    assert_remedy(f, remedy);
    assert_true(view_equal(task_failure_remedy(view_of(reason)), f->failure.remedy));
}

/* --- images --- */

/* Which permission lacks, and on which side. */
static void what_may_not_be_pulled(void **state) {
    struct fixture *f = *state;
    assert_leads_to(f,
                    PULL_SECRETS "unable to retrieve ecr registry auth: service call has been "
                                 "retried 1 time(s): AccessDeniedException: " USER(
                                     TASK_ID) " is not authorized to perform: "
                                              "ecr:GetAuthorizationToken on resource: * because no "
                                              "identity-based policy allows the "
                                              "ecr:GetAuthorizationToken action",
                    "allow ecr:GetAuthorizationToken on '*'");
    assert_leads_to(
        f,
        "CannotPullContainerError: Error response from daemon: denied: " USER(
            TASK_ID) " is not authorized to perform: ecr:BatchGetImage on resource: "
                     "arn:aws:ecr:us-east-1:111111111111:repository/myproject_backend because no "
                     "resource-based policy allows the ecr:BatchGetImage action",
        "admit the task's execution role (its account) to the repository's policy");
    static const char *const execution_role[] = {
        "CannotPullContainerError: Error response from daemon: denied: " USER(
            TASK_ID) " is not authorized to perform: ecr:BatchGetImage on resource: "
                     "arn:aws:ecr:us-east-1:111111111111:repository/myproject_backend because no "
                     "identity-based policy allows the ecr:BatchGetImage action",
        "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to "
        "resolve ref " IMAGE "@" DIGEST ": pulling from host "
        "111111111111.dkr.ecr.us-east-1.amazonaws.com failed with status code [manifests " DIGEST
        "]: 403 Forbidden",
        "CannotPullContainerError: Error response from daemon: pull access denied for " IMAGE
        ", repository does not exist or may require 'docker login'",
        ("CannotPullContainerError: The task can\xe2\x80\x99t pull the image. Check that the role "
         "has the permissions to pull images from the registry."),
        "CannotPullContainerError: AccessDenied",
    };
    for (size_t i = 0; i < COUNT(execution_role); i++) {
        assert_leads_to(f, execution_role[i],
                        "allow ecr:BatchGetImage and ecr:GetDownloadUrlForLayer");
    }
}

static void what_is_not_there(void **state) {
    struct fixture *f = *state;
    assert_leads_to(f,
                    "CannotPullContainerError: pull image manifest has been retried 5 time(s): "
                    "failed to resolve ref " IMAGE "@" DIGEST ": not found",
                    "push the image to the repository");
    assert_leads_to(f,
                    "CannotPullContainerError: Error response from daemon: manifest for " IMAGE
                    ":git-1 not found: manifest unknown: Requested image not found",
                    "push the image to the repository");
    assert_leads_to(f,
                    "CannotPullContainerError: pull image manifest has been retried 1 time(s): "
                    "image Manifest does not contain descriptor matching platform 'linux/arm64'",
                    "build the image for the task definition's architecture");
    assert_leads_to(f,
                    "CannotPullContainerError: no matching manifest for linux/arm64/v8 in the "
                    "manifest list entries",
                    "build the image for the task definition's architecture");
    assert_leads_to(f,
                    "CannotPullContainerError: inspect image has been retried 5 time(s): "
                    "httpReadSeeker: failed open: unexpected status code "
                    "https://registry-1.docker.io/v2/library/nginx/manifests/sha256:2d17: 429 Too "
                    "Many Requests - Server message: toomanyrequests: You have reached your pull "
                    "rate limit",
                    "pull-through cache");
    assert_leads_to(f, "CannotPullContainerError: write /var/lib/x: no space left on device",
                    "ephemeral storage");
    assert_leads_to(f, "CannotPullContainerError: something that AWS has not said before",
                    "check that the task's subnets reach the registry");
}

/* The digits of the status in a digest say nothing. */
static void what_cannot_be_reached(void **state) {
    struct fixture *f = *state;
    static const char *const cases[] = {
        "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to "
        "resolve ref " IMAGE "@" DIGEST ": failed to do request: Head "
        "\"https://111111111111.dkr.ecr.us-east-1.amazonaws.com/v2/myproject_backend/"
        "manifests/" DIGEST "\": dial tcp 10.0.3.17:443: i/o timeout",
        "CannotPullContainerError: Error response from daemon: Get "
        "\"https://" IMAGE "/\": net/http: request canceled while waiting for connection",
        "CannotPullContainerError: context canceled",
        "CannotPullContainerError: The task cannot pull '" IMAGE "' from the Amazon ECR "
        "repository. There is a connection issue between the task and Amazon ECR.",
        ("CannotPullContainerError: dial tcp: lookup 111111111111.dkr.ecr.us-east-1.amazonaws.com: "
         "no such host"),
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_leads_to(f, cases[i], "give the task's subnets a way to the registry");
    }
}

/* --- what a task needs at its start --- */

static void secrets_and_logs(void **state) {
    struct fixture *f = *state;
    static const struct {
        const char *reason, *remedy;
    } cases[] = {
        {PULL_SECRETS "unable to retrieve secret from asm: service call has been retried 1 "
                      "time(s): failed to fetch secret arn:aws:secretsmanager:us-east-1:"
                      "222222222222:secret:myproject/backend/database-password-AbCdEf from secrets "
                      "manager: AccessDeniedException: " USER(
                          TASK_ID) " is not authorized to perform: secretsmanager:GetSecretValue "
                                   "on resource: arn:aws:secretsmanager:us-east-1:222222222222:"
                                   "secret:myproject/backend/database-password-AbCdEf because no "
                                   "identity-based policy allows the secretsmanager:GetSecretValue "
                                   "action status code: 400, request id: "
                                   "53f8285a-ebbf-4208-8358-c011a9c0a9fc",
         "allow secretsmanager:GetSecretValue on the secret"},
        {PULL_SECRETS "unable to retrieve secrets from ssm: service call has been retried 1 "
                      "time(s): AccessDeniedException: " USER(
                          TASK_ID) " is not authorized to perform: ssm:GetParameters on resource: "
                                   "arn:aws:ssm:us-east-1:222222222222:parameter/dev/db",
         "allow ssm:GetParameters on the parameters"},
        {PULL_SECRETS "unable to retrieve secret from asm: service call has been retried 1 "
                      "time(s): failed to fetch secret x from secrets manager: "
                      "AccessDeniedException: Access to KMS is not allowed status code: 400",
         "allow kms:Decrypt on the key"},
        {PULL_SECRETS "unable to retrieve secrets from ssm: AccessDeniedException: " USER(
             TASK_ID) " is not authorized to perform: kms:Decrypt on resource: key",
         "allow kms:Decrypt on the key"},
        {PULL_SECRETS "unable to retrieve secret from asm: service call has been retried 5 "
                      "time(s): failed to fetch secret x from secrets manager: RequestCanceled: "
                      "request context canceled caused by: context deadline exceeded. Please check "
                      "your task network configuration.",
         "give the task's subnets a way to the services"},
        {PULL_SECRETS "unable to get registry auth from ECR: RequestError: send request failed "
                      "caused by: Post \"https://api.ecr.us-east-1.amazonaws.com/\": dial tcp "
                      "3.5.1.1:443: i/o timeout",
         "give the task's subnets a way to the services"},
        {"ResourceInitializationError: unable to pull secrets or registry auth: The task cannot "
         "pull registry auth from Amazon ECR: There is a connection issue between the task and "
         "Amazon ECR. Check your task network configuration.",
         "give the task's subnets a way to the services"},
        {PULL_SECRETS "unable to retrieve secrets from ssm: invalid ssm parameters: /dev/db",
         "create the parameters"},
        {PULL_SECRETS "unable to retrieve secret from asm: ResourceNotFoundException: Secrets "
                      "Manager can't find the specified secret.",
         "create the secret"},
        {PULL_SECRETS "unable to retrieve secret from asm: retrieved secret from Secrets Manager "
                      "did not contain json key password",
         "put the key into the secret's JSON"},
        {"ResourceInitializationError: failed to validate logger args: create stream has been "
         "retried 1 times: failed to create Cloudwatch log stream: ResourceNotFoundException: The "
         "specified log group does not exist. : exit status 1",
         "create the log group"},
        {"ResourceInitializationError: failed to validate logger args: AccessDeniedException: "
         "User is not authorized to perform: logs:CreateLogGroup on resource: g",
         "allow logs:CreateLogGroup"},
        {"ResourceInitializationError: failed to validate logger args: AccessDeniedException: "
         "User is not authorized to perform: logs:CreateLogStream on resource: g",
         "allow logs:CreateLogStream and logs:PutLogEvents"},
        {"ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes",
         "correct what the task needs at its start"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_leads_to(f, cases[i].reason, cases[i].remedy);
    }
}

/* --- how containers end --- */

static void exit_codes(void **state) {
    struct fixture *f = *state;
    static const struct {
        int64_t code;
        const char *words, *remedy;
    } cases[] = {
        {1, "container 'app' exited with 1", "read the container's logs"},
        {2, "container 'app' exited with 2", "read the container's logs"},
        {126, "126 (the command cannot be run)", "read the container's logs"},
        {127, "127 (the command was not found)", "read the container's logs"},
        {134, "134 (aborted)", "read the container's logs"},
        {137, "137 (killed, mostly for want of memory)", "more memory, or find out what killed"},
        {139, "139 (segmentation fault)", "look for the crash in the container's logs"},
        {143, "143 (told to end by SIGTERM)", "find out what told the container to end"},
        {255, "container 'app' exited with 255", "read the container's logs"},
        {-1, "container 'app' exited with -1", "read the container's logs"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        f->n = 0;
        put_exit(add(f, "Essential container in task exited"), "app", cases[i].code);
        assert_part(explain(f), cases[i].words);
        bool is_by_itself = strstr(cases[i].remedy, "read the") != NULL;
        assert_remedy(f, cases[i].remedy);
        assert_true(is_by_itself == view_starts_with(f->failure.remedy, VIEW("read the")));
    }
}

/* What says more than the exit code is told first. */
static void reasons_beside_exit_codes(void **state) {
    struct fixture *f = *state;
    struct ecs_task *task = add(f, "Essential container in task exited");
    put_exit(task, "app", 137);
    task->containers[0].reason = VIEW("OutOfMemoryError: Container killed due to memory usage");
    put_exit(task, "sidecar", 0);
    assert_string_equal(explain(f),
                        "1 task: Essential container in task exited; container 'app' exited with "
                        "137 (killed, mostly for want of memory): OutOfMemoryError: Container "
                        "killed due to memory usage");
    assert_remedy(f, "give the container more memory, or make it use less");
    f->n = 0;
    task = add(f, "Task failed ELB health checks in (target-group "
                  "arn:aws:elasticloadbalancing:us-east-1:222222222222:targetgroup/web/50dc6c49)");
    put_exit(task, "app", 143);
    explain(f);
    assert_remedy(f, "does not answer the load balancer's health check");
    f->n = 0;
    task = add(f, "Task failed container health checks");
    put_exit(task, "app", 137);
    explain(f);
    assert_remedy(f, "correct the container's healthCheck");
    f->n = 0;
    task = add(f, "Task failed to start");
    put_container(task, "app",
                  "CannotStartContainerError: failed to create task for container: exec: "
                  "\"/app/server\": stat /app/server: no such file or directory");
    assert_part(explain(f), "container 'app': CannotStartContainerError");
    assert_remedy(f, "correct the image's entry point");
    f->n = 0;
    task = add(f, "Task failed to start");
    put_container(task, "app", "CannotPullContainerError: " IMAGE ": not found");
    explain(f);
    assert_remedy(f, "push the image");
}

/* --- hosts --- */

static void what_hosts_do(void **state) {
    struct fixture *f = *state;
    add(f, "Your Spot Task was interrupted.")->stop_code = VIEW("SpotInterruption");
    put_exit(&f->tasks[0], "app", 143);
    assert_part(explain(f), "Your Spot Task was interrupted.; container 'app' exited with 143");
    f->tasks[0].n_containers = 0;
    explain(f);
    assert_remedy(f, "keep a base of the service on capacity that is not Spot");
    assert_leads_to(f, "Host EC2 (instance i-0123456789abcdef0) terminated.",
                    "why the container instance went away");
    assert_leads_to(f, "RESOURCE:MEMORY", "add capacity to the cluster");
    assert_leads_to(f,
                    "(service web) was unable to place a task because no container instance met "
                    "all of its requirements.",
                    "relax the placement constraints");
    assert_leads_to(f,
                    "Capacity is unavailable at this time. Please try again later or in a "
                    "different availability zone",
                    "in more subnets");
}

/* What ECS does in its own course is no failure; nor is what another deployment started. */
static void what_is_no_failure(void **state) {
    struct fixture *f = *state;
    add(f, "Scaling activity initiated by (deployment " DEPLOYMENT ")");
    add(f, "Scaling activity initiated by deployment " DEPLOYMENT);
    add(f, "Task stopped by user")->stop_code = VIEW("UserInitiated");
    add(f, "Essential container in task exited")->started_by = VIEW("ecs-svc/1");
    add(f, "");
    assert_string_equal(explain(f), "");
    assert_int_equal(f->failure.remedy.len, 0);
    f->n = 0;
    assert_string_equal(explain(f), "");
    assert_int_equal(task_failure_remedy(VIEW("something else")).len, 0);
    assert_int_equal(task_failure_remedy(VIEW("")).len, 0);
}

/* --- many tasks --- */

static void the_same_is_counted(void **state) {
    struct fixture *f = *state;
    for (int i = 0; i < 3; i++) {
        put_exit(add(f, "Essential container in task exited"), "app", 1);
    }
    put_exit(add(f, "Essential container in task exited"), "app", 2);
    add(f, "RESOURCE:CPU");
    assert_string_equal(explain(f),
                        "1 task: RESOURCE:CPU\n"
                        "3 tasks: Essential container in task exited; container 'app' exited with "
                        "1\n1 task: Essential container in task exited; container 'app' exited "
                        "with 2");
    assert_remedy(f, "let the task ask for less");
}

/* The session of a task's role has the task's id, and each call an id of its own. */
static void ids_make_no_difference(void **state) {
    struct fixture *f = *state;
    add(f, "denied: " USER(TASK_ID) " may not, request id: 53f8285a-ebbf-4208-8358-c011a9c0a9fc");
    add(f, "denied: " USER(OTHER_ID) " may not, request id: 00f8285a-ebbf-4208-8358-c011a9c0a900");
    assert_part(explain(f), "2 tasks: denied: ");
    assert_null(strchr(f->failure.why.data, '\n'));
    f->n = 0;
    add(f, "denied: " USER(TASK_ID) " may not");
    add(f, "denied: " USER(OTHER_ID) " must not");
    assert_non_null(strchr(explain(f), '\n'));
    f->n = 0; /* digests tell images apart, from the first digit to the last */
    add(f, "CannotPullContainerError: " IMAGE "@" DIGEST ": not found");
    add(f, "CannotPullContainerError: " IMAGE
           "@sha256:9403f1c2a7b44e0d8c6b5a49382716050f1e2d3c4b5a69788796a5b4c3d24032: not found");
    assert_non_null(strchr(explain(f), '\n'));
}

/* Long lines are cut, and what is to be done follows from the whole text all the same. */
static void long_lines(void **state) {
    struct fixture *f = *state;
    char reasons[2][900];
    for (int i = 0; i < 2; i++) {
        memset(reasons[i], 'x', 386);
        snprintf(reasons[i] + 386, sizeof(reasons[i]) - 386,
                 " %s is not authorized to perform: ssm:GetParameters", i ? TASK_ID : OTHER_ID);
        add(f, reasons[i]);
    }
    assert_int_equal(strlen(explain(f)), strlen("2 tasks: ") + TASK_FAILURE_LINE_BYTES);
    assert_remedy(f, "allow ssm:GetParameters");
    f->n = 0; /* not in the middle of a character */
    memset(reasons[0], 'x', TASK_FAILURE_LINE_BYTES - 1);
    snprintf(reasons[0] + TASK_FAILURE_LINE_BYTES - 1, 100, "\xe2\x80\x99");
    add(f, reasons[0]);
    assert_int_equal(strlen(explain(f)), strlen("1 task: ") + TASK_FAILURE_LINE_BYTES - 1);
}

static void many_reasons(void **state) {
    struct fixture *f = *state;
    for (int i = 0; i < MAX_TASKS; i++) {
        put_exit(add(f, "Essential container in task exited"), "app", 150 + i);
    }
    const char *why = explain(f);
    size_t lines = 1;
    for (const char *c = why; *c; c++) {
        lines += *c == '\n' ? 1 : 0;
    }
    assert_int_equal(lines, TASK_FAILURE_LINES + 1);
    assert_part(why, "\nand 34 other reasons");
}

/* Text that an image or a container brings along cannot draw on a terminal or make lines. */
static void hostile_text(void **state) {
    struct fixture *f = *state;
    struct ecs_task *task = add(f, "one\nline\x1b[2J\x7f");
    put_container(task, "a\tb", "c\r\nd");
    assert_string_equal(explain(f), "1 task: one line [2J ; container 'a b': c  d");
}

static void memory_can_run_out(void **state) {
    struct fixture *f = *state;
    size_t failures = 0;
    for (int i = 0; i < 3; i++) {
        put_exit(add(f, "Essential container in task exited"), "app", 1 + i);
    }
    for (size_t limit = 0; limit < 1024; limit += 16) {
        struct arena arena ARENA_AUTO = ARENA_INIT(limit);
        err_init(&f->err);
        if (task_failure_explain(f->tasks, f->n, VIEW(""), &arena, &f->failure, &f->err) != 0) {
            assert_int_equal(f->err.code, ERR_OUT_OF_MEMORY);
            failures++;
        }
    }
    assert_true(failures > 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(what_may_not_be_pulled), TEST(what_is_not_there),  TEST(what_cannot_be_reached),
        TEST(secrets_and_logs),       TEST(exit_codes),         TEST(reasons_beside_exit_codes),
        TEST(what_hosts_do),          TEST(what_is_no_failure), TEST(the_same_is_counted),
        TEST(ids_make_no_difference), TEST(long_lines),         TEST(many_reasons),
        TEST(hostile_text),           TEST(memory_can_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
