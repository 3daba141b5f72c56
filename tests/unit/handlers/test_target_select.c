/*
 * Which targets an event concerns: whole names, whole accounts, whole regions; one event may be
 * about several targets, and most are about none.
 */

#include "handlers/deploy/target.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define OWN "222222222222"
#define REGISTRY "111111111111"
#define SERVICE_ARN "arn:aws:ecs:eu-west-1:" OWN ":service/"

struct fixture {
    struct arena arena;
    struct config config;
    struct trigger trigger;
    struct target *targets;
    size_t n;
    struct view note;
    struct err err;
};

/* Without a map, and with the registry of another account. */
static int set_up(void **state) {
    static struct fixture f;
    memset(&f, 0, sizeof(f));
    f.arena = ARENA_INIT(1024 * 1024);
    err_init(&f.err);
    f.config = (struct config){.project = VIEW("myproject"),
                               .env = VIEW("dev"),
                               .region = VIEW("eu-west-1"),
                               .cluster = VIEW("myproject_cluster_dev"),
                               .ecr_account_id = VIEW(REGISTRY),
                               .ecr_region = VIEW("us-east-1")};
    f.trigger = (struct trigger){.kind = TRIGGER_DEPLOY,
                                 .registry_account = VIEW(REGISTRY),
                                 .registry_region = VIEW("us-east-1"),
                                 .tag = VIEW("latest"),
                                 .is_automatic = true};
    err_init(&f.trigger.refusal);
    *state = &f;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    arena_release(&f->arena);
    return 0;
}

static void use_map(struct fixture *f, struct service_entry *entries, size_t n) {
    f->config.has_service_map = true;
    f->config.services = entries;
    f->config.n_services = n;
}

/* The names of the targets in their order, with a space between them. */
static void assert_selects(struct fixture *f, const char *names) {
    char got[512] = "";
    f->note = (struct view){0};
    if (target_select(&f->config, VIEW(OWN), &f->trigger, &f->arena, &f->targets, &f->n, &f->note,
                      &f->err) != 0) {
        fail_msg("%s", f->err.message);
    }
    for (size_t i = 0; i < f->n; i++) {
        size_t len = strlen(got);
        snprintf(got + len, sizeof(got) - len, "%s" VIEW_FMT, i > 0 ? " " : "",
                 VIEW_ARG(f->targets[i].name));
    }
    assert_string_equal(got, names);
    assert_true((f->n == 0) == (f->note.len > 0)); /* nobody stays without a reason */
}

static void assert_notes(struct fixture *f, const char *part) {
    char text[1024];
    snprintf(text, sizeof(text), VIEW_FMT, VIEW_ARG(f->note));
    if (!strstr(text, part)) {
        fail_msg("'%s' lacks '%s'", text, part);
    }
}

static void push(struct fixture *f, const char *repository) {
    f->trigger.scope = SCOPE_REPOSITORY;
    f->trigger.repository = view_of(repository);
}

/* --- pushes --- */

static void a_repository_by_convention(void **state) {
    struct fixture *f = *state;
    static const struct {
        const char *repository, *target;
        enum target_kind kind;
    } cases[] = {
        {"myproject_backend", "backend", TARGET_SERVICE},
        {"myproject_service_api", "api", TARGET_SERVICE},
        {"myproject_service_user-api", "user-api", TARGET_SERVICE},
        {"myproject_service_user_api", "user_api", TARGET_SERVICE},
        {"myproject_service_api-2", "api-2", TARGET_SERVICE},
        {"myproject_task_nightly", "nightly", TARGET_TASK},
        {"myproject_task_nightly_report-2", "nightly_report-2", TARGET_TASK},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        push(f, cases[i].repository);
        assert_selects(f, cases[i].target);
        assert_int_equal(f->targets[0].kind, cases[i].kind);
    }
}

static void a_part_of_a_name_is_no_name(void **state) {
    struct fixture *f = *state;
    static const char *const cases[] = {
        "other_service_api",
        "myproject2_service_api",
        "xmyproject_service_api",
        "my_service_api",
        "myproject_service",
        "myproject_service_",
        "myproject_task",
        "myproject_task_",
        "myproject",
        "",
        "myproject_backend2",
        "myproject_backend-old",
        "team/myproject_backend",
        "myproject/backend",
        "myproject_service_team/api",
        "myproject-service-api",
        "myproject_cron_nightly",
        "myproject_task_team/nightly",
        "backend",
        "api",
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        push(f, cases[i]);
        assert_selects(f, "");
        assert_notes(f, "no target of project 'myproject' in 'dev' runs repository '");
        assert_notes(f, cases[i]);
    }
}

static void a_registry_of_somebody_else(void **state) {
    struct fixture *f = *state;
    push(f, "myproject_service_api");
    f->trigger.registry_account = VIEW("999999999999");
    assert_selects(f, "");
    assert_notes(f, "of account '999999999999' in 'us-east-1'");
    f->trigger.registry_account = VIEW(REGISTRY);
    f->trigger.registry_region = VIEW("eu-west-1");
    assert_selects(f, "");
    f->trigger.registry_region = VIEW("us-east-1");
    f->trigger.registry_account = VIEW(OWN); /* a repository of the same name right here */
    assert_selects(f, "");
    f->trigger.registry_account = VIEW("11111111111");
    assert_selects(f, "");
    push(f, "myproject_task_nightly");
    assert_selects(f, "");
}

/* An event that names no registry (github.actions) means the environment's. */
static void the_environments_own_registry(void **state) {
    struct fixture *f = *state;
    push(f, "myproject_service_api");
    f->trigger.registry_account = VIEW("");
    f->trigger.registry_region = VIEW("");
    assert_selects(f, "api");
    f->config.ecr_account_id = VIEW("");
    f->config.ecr_region = VIEW("eu-west-1");
    assert_selects(f, "api");
    f->trigger.registry_account = VIEW(OWN);
    f->trigger.registry_region = VIEW("eu-west-1");
    assert_selects(f, "api");
    f->trigger.registry_account = VIEW(REGISTRY);
    assert_selects(f, "");
}

static void one_push_is_for_all_that_run_it(void **state) {
    struct fixture *f = *state;
    static struct service_entry entries[] = {
        {.name = VIEW("web"), .repository = VIEW("team/app")},
        {.name = VIEW("app-2"), .repository = VIEW("team/app-2")},
        {.name = VIEW("worker"), .repository = VIEW("team/app")},
        {.name = VIEW("nightly"), .repository = VIEW("team/app"), .kind = TARGET_TASK},
        {.name = VIEW("hook"), .repository = VIEW("team/app"), .kind = TARGET_LAMBDA},
        {.name = VIEW("bare"), .repository = VIEW("app")},
        {.name = VIEW("upper"), .repository = VIEW("xteam/app")},
    };
    use_map(f, entries, COUNT(entries));
    push(f, "team/app");
    assert_selects(f, "web worker nightly hook");
    assert_int_equal(f->targets[2].kind, TARGET_TASK);
    assert_int_equal(f->targets[3].kind, TARGET_LAMBDA);
    push(f, "app");
    assert_selects(f, "bare");
    push(f, "team/app-2");
    assert_selects(f, "app-2");
    push(f, "team/ap");
    assert_selects(f, "");
    push(f, "TEAM/app");
    assert_selects(f, "");
    push(f, "myproject_service_web"); /* beside a map convention is nothing */
    assert_selects(f, "");
}

/* Two names for one ECS service would deploy it twice. */
static void one_service_of_two_names_once(void **state) {
    struct fixture *f = *state;
    static struct service_entry entries[] = {
        {.name = VIEW("web"),
         .service_name = VIEW("shared"),
         .task_family = VIEW("family"),
         .repository = VIEW("app")},
        {.name = VIEW("site"),
         .service_name = VIEW("shared"),
         .task_family = VIEW("family"),
         .repository = VIEW("app")},
        {.name = VIEW("elsewhere"),
         .service_name = VIEW("shared"),
         .task_family = VIEW("family"),
         .cluster = VIEW("other"),
         .repository = VIEW("app")},
        {.name = VIEW("by-arn"),
         .service_name = VIEW("shared"),
         .task_family = VIEW("family"),
         .cluster = VIEW("arn:aws:ecs:eu-west-1:" OWN ":cluster/other"),
         .repository = VIEW("app")},
    };
    use_map(f, entries, COUNT(entries));
    push(f, "app");
    assert_selects(f, "web elsewhere");
}

static void a_repository_of_a_registry_of_its_own(void **state) {
    struct fixture *f = *state;
    static struct service_entry entries[] = {
        {.name = VIEW("web"), .repository = VIEW("app")},
        {.name = VIEW("guest"),
         .repository_uri = VIEW("333333333333.dkr.ecr.us-west-2.amazonaws.com/app")},
    };
    use_map(f, entries, COUNT(entries));
    push(f, "app");
    assert_selects(f, "web");
    f->trigger.registry_account = VIEW("333333333333");
    assert_selects(f, "");
    f->trigger.registry_region = VIEW("us-west-2");
    assert_selects(f, "guest");
}

/* The task's policy is the environment's: its entry, which was made up, is gone by then. */
static void a_conventional_task_keeps_its_policy(void **state) {
    struct fixture *f = *state;
    push(f, "myproject_task_nightly");
    assert_selects(f, "nightly");
    assert_ptr_equal(f->targets[0].deploy_tags, &f->config.deploy_tags);
    assert_ptr_equal(f->targets[0].auto_deploy_tags, &f->config.auto_deploy_tags);
    assert_true(view_equal(f->targets[0].family, VIEW("myproject_task_nightly_dev")));
    assert_int_equal(f->targets[0].service.len, 0);
}

/* --- settings --- */

static void a_parameter_is_for_one_service(void **state) {
    struct fixture *f = *state;
    f->trigger.kind = TRIGGER_RESTART;
    f->trigger.scope = SCOPE_PARAMETER;
    f->trigger.service = VIEW("user-api");
    assert_selects(f, "user-api");
    f->trigger.service = VIEW("no such name");
    assert_selects(f, "");
    assert_notes(f, "no service is called 'no such name'");
    static struct service_entry entries[] = {{.name = VIEW("api")}, {.name = VIEW("api-2")}};
    use_map(f, entries, COUNT(entries));
    f->trigger.service = VIEW("api");
    assert_selects(f, "api");
    f->trigger.service = VIEW("ap");
    assert_selects(f, "");
    f->trigger.service = VIEW("api-");
    assert_selects(f, "");
}

/* A task or a function has nothing that could be restarted. */
static void a_parameter_of_a_task(void **state) {
    struct fixture *f = *state;
    static struct service_entry entries[] = {{.name = VIEW("nightly"), .kind = TARGET_TASK},
                                             {.name = VIEW("hook"), .kind = TARGET_LAMBDA}};
    use_map(f, entries, COUNT(entries));
    f->trigger.kind = TRIGGER_RESTART;
    f->trigger.scope = SCOPE_PARAMETER;
    f->trigger.service = VIEW("nightly");
    assert_selects(f, "");
    assert_notes(f, "tasks and functions read their settings when they start");
    f->trigger.service = VIEW("hook");
    assert_selects(f, "");
    assert_notes(f, "tasks and functions read their settings when they start");
}

static void an_object_is_for_all_that_read_it(void **state) {
    struct fixture *f = *state;
    static struct env_file files[] = {
        {.service = VIEW("api"), .bucket = VIEW("env"), .key = VIEW("shared.env")},
        {.service = VIEW("worker"), .bucket = VIEW("env"), .key = VIEW("shared.env")},
        {.service = VIEW("api"), .bucket = VIEW("env"), .key = VIEW("shared.env")},
        {.service = VIEW("api"), .bucket = VIEW("env"), .key = VIEW("api.env")},
        {.service = VIEW("web"), .bucket = VIEW("other"), .key = VIEW("shared.env")},
    };
    f->config.env_files = files;
    f->config.n_env_files = COUNT(files);
    f->trigger.kind = TRIGGER_RESTART;
    f->trigger.scope = SCOPE_OBJECT;
    f->trigger.bucket = VIEW("env");
    f->trigger.key = VIEW("shared.env");
    assert_selects(f, "api worker");
    f->trigger.key = VIEW("api.env");
    assert_selects(f, "api");
    f->trigger.key = VIEW("shared.env.bak");
    assert_selects(f, "");
    assert_notes(f, "no service reads 'shared.env.bak' of bucket 'env'");
    f->trigger.key = VIEW("Shared.env");
    assert_selects(f, "");
    f->trigger.bucket = VIEW("other");
    f->trigger.key = VIEW("shared.env");
    assert_selects(f, "web");
}

/* An env file of a service that the map does not have any more is nobody's. */
static void an_object_of_a_service_that_is_gone(void **state) {
    struct fixture *f = *state;
    static struct env_file files[] = {
        {.service = VIEW("gone"), .bucket = VIEW("env"), .key = VIEW("a")},
        {.service = VIEW("api"), .bucket = VIEW("env"), .key = VIEW("a")},
    };
    static struct service_entry entries[] = {{.name = VIEW("api")}};
    use_map(f, entries, COUNT(entries));
    f->config.env_files = files;
    f->config.n_env_files = COUNT(files);
    f->trigger.kind = TRIGGER_RESTART;
    f->trigger.scope = SCOPE_OBJECT;
    f->trigger.bucket = VIEW("env");
    f->trigger.key = VIEW("a");
    assert_selects(f, "api");
}

/* --- ECS services --- */

static void told_by(struct fixture *f, const char *arn) {
    f->trigger.kind = TRIGGER_ROLLOUT;
    f->trigger.scope = SCOPE_ECS_SERVICE;
    f->trigger.ecs_service = view_of(arn);
}

static void an_ecs_service_by_convention(void **state) {
    struct fixture *f = *state;
    told_by(f, SERVICE_ARN "myproject_cluster_dev/myproject_service_api_dev");
    assert_selects(f, "api");
    told_by(f, SERVICE_ARN "myproject_cluster_dev/myproject_service_user_api-2_dev");
    assert_selects(f, "user_api-2");
    told_by(f, SERVICE_ARN "myproject_cluster_dev/myproject_service_dev");
    assert_selects(f, "backend");
    told_by(f, SERVICE_ARN "myproject_service_api_dev"); /* an old ARN, without the cluster */
    assert_selects(f, "api");
}

static void an_ecs_service_of_somebody_else(void **state) {
    struct fixture *f = *state;
    static const char *const cases[] = {
        SERVICE_ARN "other_cluster_dev/myproject_service_api_dev",
        SERVICE_ARN "myproject_cluster_dev/myproject_service_api_prod",
        SERVICE_ARN "myproject_cluster_dev/other_service_api_dev",
        SERVICE_ARN "myproject_cluster_dev/myproject_service_",
        SERVICE_ARN "myproject_cluster_dev/myproject_service__dev",
        SERVICE_ARN "myproject_cluster_dev/",
        SERVICE_ARN "myproject_cluster_dev/myproject_service_api_dev/x",
        "arn:aws:ecs:eu-west-1:" REGISTRY
        ":service/myproject_cluster_dev/myproject_service_api_dev",
        "arn:aws:ecs:us-east-1:" OWN ":service/myproject_cluster_dev/myproject_service_api_dev",
        "arn:aws:ecs:eu-west-1:" OWN ":task-set/myproject_cluster_dev/myproject_service_api_dev",
        "myproject_service_api_dev",
        "/myproject_service_api_dev",
        "arn:aws:ecs:eu-west-1:" OWN ":service",
        "",
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        told_by(f, cases[i]);
        assert_selects(f, "");
        assert_notes(f, "is no service of project 'myproject' in 'dev'");
    }
}

static void an_ecs_service_of_the_map(void **state) {
    struct fixture *f = *state;
    static struct service_entry entries[] = {
        {.name = VIEW("web"), .service_name = VIEW("site")},
        {.name = VIEW("nightly"), .kind = TARGET_TASK},
        {.name = VIEW("far"),
         .service_name = VIEW("site"),
         .cluster = VIEW("arn:aws:ecs:eu-west-1:" OWN ":cluster/far")},
    };
    use_map(f, entries, COUNT(entries));
    told_by(f, SERVICE_ARN "myproject_cluster_dev/site");
    assert_selects(f, "web");
    told_by(f, SERVICE_ARN "far/site");
    assert_selects(f, "far");
    told_by(f, SERVICE_ARN "myproject_cluster_dev/myproject_service_web_dev");
    assert_selects(f, "");
    told_by(f, SERVICE_ARN "myproject_cluster_dev/myproject_task_nightly_dev");
    assert_selects(f, "");
}

/* --- by name --- */

static void a_named_service_must_be_known(void **state) {
    struct fixture *f = *state;
    static struct service_entry entries[] = {{.name = VIEW("web")},
                                             {.name = VIEW("nightly"), .kind = TARGET_TASK}};
    f->trigger.service = VIEW("web");
    assert_selects(f, "web");
    use_map(f, entries, COUNT(entries));
    f->trigger.kind = TRIGGER_RESTART; /* refused by the plan, which says why */
    f->trigger.service = VIEW("nightly");
    assert_selects(f, "nightly");
    f->trigger.service = VIEW("we");
    assert_int_equal(target_select(&f->config, VIEW(OWN), &f->trigger, &f->arena, &f->targets,
                                   &f->n, &f->note, &f->err),
                     -1);
    assert_int_equal(f->err.code, ERR_SERVICE_UNKNOWN);
}

/* --- memory --- */

/* Either it runs out, and says so, or the answer is whole. */
static void memory_can_run_out(void **state) {
    struct fixture *f = *state;
    static const char *const repositories[] = {"myproject_service_api", "myproject_task_nightly",
                                               "other"};
    size_t failures = 0;
    for (size_t i = 0; i < COUNT(repositories); i++) {
        push(f, repositories[i]);
        for (size_t limit = 0; limit < 2048; limit += 16) {
            struct arena arena ARENA_AUTO = ARENA_INIT(limit);
            struct view note = {0};
            size_t n = 0;
            err_init(&f->err);
            if (target_select(&f->config, VIEW(OWN), &f->trigger, &arena, &f->targets, &n, &note,
                              &f->err) != 0) {
                assert_int_equal(f->err.code, ERR_OUT_OF_MEMORY);
                failures++;
            } else {
                assert_true(n == (i < 2 ? 1U : 0U) && (n == 1 || note.len > 0));
            }
        }
    }
    assert_true(failures > 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_repository_by_convention),
        TEST(a_part_of_a_name_is_no_name),
        TEST(a_registry_of_somebody_else),
        TEST(the_environments_own_registry),
        TEST(one_push_is_for_all_that_run_it),
        TEST(one_service_of_two_names_once),
        TEST(a_repository_of_a_registry_of_its_own),
        TEST(a_conventional_task_keeps_its_policy),
        TEST(a_parameter_is_for_one_service),
        TEST(a_parameter_of_a_task),
        TEST(an_object_is_for_all_that_read_it),
        TEST(an_object_of_a_service_that_is_gone),
        TEST(an_ecs_service_by_convention),
        TEST(an_ecs_service_of_somebody_else),
        TEST(an_ecs_service_of_the_map),
        TEST(a_named_service_must_be_known),
        TEST(memory_can_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
