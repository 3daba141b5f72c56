#include "handlers/deploy/target.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ROLE "arn:aws:iam::111111111111:role/reader"

static void assert_view(struct view v, const char *expected) {
    if (!view_equal(v, view_of(expected))) {
        fail_msg("got '" VIEW_FMT "', expected '%s'", VIEW_ARG(v), expected);
    }
}

static struct config by_convention(void) {
    return (struct config){
        .project = VIEW("myproject"),
        .env = VIEW("prod"),
        .region = VIEW("eu-west-1"),
        .cluster = VIEW("myproject_cluster_prod"),
        .ecr_region = VIEW("eu-west-1"),
    };
}

static struct config with_map(struct service_entry *entries, size_t n) {
    struct config config = by_convention();
    config.has_service_map = true;
    config.services = entries;
    config.n_services = n;
    return config;
}

struct fixture {
    struct arena arena;
    struct target target;
    struct err err;
};

static int set_up(void **state) {
    static struct fixture fixture;
    fixture = (struct fixture){.arena = ARENA_INIT(64 * 1024)};
    err_init(&fixture.err);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    arena_release(&f->arena);
    return 0;
}

static void resolve(struct fixture *f, const struct config *config, const char *service) {
    if (target_resolve(config, view_of(service), &f->arena, &f->target, &f->err) != 0) {
        fail_msg("%s", f->err.message);
    }
}

static void refuse(struct fixture *f, const struct config *config, const char *service) {
    err_init(&f->err);
    assert_int_equal(target_resolve(config, view_of(service), &f->arena, &f->target, &f->err), -1);
    assert_int_equal(f->err.code, ERR_SERVICE_UNKNOWN);
}

static void backend_by_convention(void **state) {
    struct fixture *f = *state;
    struct config config = by_convention();
    resolve(f, &config, "backend");
    assert_view(f->target.name, "backend");
    assert_int_equal(f->target.kind, TARGET_SERVICE);
    assert_view(f->target.cluster, "myproject_cluster_prod");
    assert_view(f->target.service, "myproject_service_prod");
    assert_view(f->target.family, "myproject_service_prod");
    assert_view(f->target.container, "");
    assert_view(f->target.repository.name, "myproject_backend");
    assert_view(f->target.repository.registry.account, "");
    assert_view(f->target.repository.registry.region, "eu-west-1");
    assert_view(f->target.repository.registry.role_arn, "");
    assert_ptr_equal(f->target.deploy_tags, &config.deploy_tags);
}

static void a_service_by_convention(void **state) {
    struct fixture *f = *state;
    struct config config = by_convention();
    resolve(f, &config, "user-api");
    assert_view(f->target.service, "myproject_service_user-api_prod");
    assert_view(f->target.family, "myproject_service_user-api_prod");
    assert_view(f->target.repository.name, "myproject_service_user-api");
}

static void the_registry_of_another_account(void **state) {
    struct fixture *f = *state;
    struct config config = by_convention();
    config.ecr_strategy = ECR_CROSS_ACCOUNT;
    config.ecr_account_id = VIEW("111111111111");
    config.ecr_region = VIEW("us-east-1");
    config.ecr_role_arn = VIEW(ROLE);
    resolve(f, &config, "backend");
    assert_view(f->target.repository.registry.account, "111111111111");
    assert_view(f->target.repository.registry.region, "us-east-1");
    assert_view(f->target.repository.registry.role_arn, ROLE);
}

static void an_entry_says_what_differs(void **state) {
    struct fixture *f = *state;
    struct service_entry entries[] = {
        {.name = VIEW("api"),
         .service_name = VIEW("the-api"),
         .task_family = VIEW("api-family"),
         .cluster = VIEW("other"),
         .container = VIEW("app"),
         .repository = VIEW("team/api"),
         .has_deploy_tags = true},
        {.name = VIEW("backend")},
    };
    struct config config = with_map(entries, 2);
    resolve(f, &config, "api");
    assert_view(f->target.service, "the-api");
    assert_view(f->target.family, "api-family");
    assert_view(f->target.cluster, "other");
    assert_view(f->target.container, "app");
    assert_view(f->target.repository.name, "team/api");
    assert_ptr_equal(f->target.deploy_tags, &entries[0].deploy_tags);
    /* What it leaves out follows from convention. */
    resolve(f, &config, "backend");
    assert_view(f->target.service, "myproject_service_prod");
    assert_view(f->target.cluster, "myproject_cluster_prod");
    assert_view(f->target.repository.name, "myproject_backend");
    assert_ptr_equal(f->target.deploy_tags, &config.deploy_tags);
}

static void an_entry_with_a_registry_of_its_own(void **state) {
    struct fixture *f = *state;
    struct service_entry entries[] = {
        {.name = VIEW("api"),
         .repository_uri = VIEW("111111111111.dkr.ecr.us-east-2.amazonaws.com/team/api")},
        {.name = VIEW("web"),
         .repository_uri = VIEW("333333333333.dkr.ecr.us-east-2.amazonaws.com/web")},
    };
    struct config config = with_map(entries, 2);
    config.ecr_role_arn = VIEW(ROLE);
    resolve(f, &config, "api");
    assert_view(f->target.repository.registry.account, "111111111111");
    assert_view(f->target.repository.registry.region, "us-east-2");
    assert_view(f->target.repository.registry.role_arn, ROLE);
    assert_view(f->target.repository.name, "team/api");
    /* The role is in another account: it is not for this registry. */
    resolve(f, &config, "web");
    assert_view(f->target.repository.registry.account, "333333333333");
    assert_view(f->target.repository.registry.role_arn, "");
}

static void tasks_have_their_own_repositories(void **state) {
    struct fixture *f = *state;
    struct service_entry entries[] = {{.name = VIEW("nightly"), .kind = TARGET_TASK}};
    struct config config = with_map(entries, 1);
    resolve(f, &config, "nightly");
    assert_int_equal(f->target.kind, TARGET_TASK);
    assert_view(f->target.repository.name, "myproject_task_nightly");
}

/* By one entry's word or by convention, it is the family that counts. */
static void a_family_of_several(void **state) {
    struct fixture *f = *state;
    static const struct {
        struct service_entry entries[2];
        bool is_shared;
    } cases[] = {
        {{{.name = VIEW("api")}, {.name = VIEW("worker")}}, false},
        {{{.name = VIEW("api"), .task_family = VIEW("f")},
          {.name = VIEW("worker"), .task_family = VIEW("f")}},
         true},
        {{{.name = VIEW("api")},
          {.name = VIEW("worker"), .task_family = VIEW("myproject_service_api_prod")}},
         true},
        {{{.name = VIEW("backend")},
          {.name = VIEW("worker"), .task_family = VIEW("myproject_service_prod")}},
         true},
        {{{.name = VIEW("api")},
          {.name = VIEW("worker"), .task_family = VIEW("myproject_service_api_prod_2")}},
         false},
        {{{.name = VIEW("worker"), .task_family = VIEW("myproject_task_nightly_prod")},
          {.name = VIEW("nightly"), .kind = TARGET_TASK}},
         true},
        /* two names of one service: whatever is registered is for it */
        {{{.name = VIEW("api")},
          {.name = VIEW("site"),
           .service_name = VIEW("myproject_service_api_prod"),
           .task_family = VIEW("myproject_service_api_prod")}},
         false},
        {{{.name = VIEW("api"), .cluster = VIEW("far")},
          {.name = VIEW("site"),
           .service_name = VIEW("myproject_service_api_prod"),
           .task_family = VIEW("myproject_service_api_prod"),
           .cluster = VIEW("arn:aws:ecs:us-east-1:222222222222:cluster/far")}},
         false},
        {{{.name = VIEW("api"), .task_family = VIEW("f"), .service_name = VIEW("s")},
          {.name = VIEW("worker"),
           .task_family = VIEW("f"),
           .service_name = VIEW("s"),
           .cluster = VIEW("another")}},
         true},
        /* a function of that name has no family */
        {{{.name = VIEW("api"), .task_family = VIEW("myproject_service_hook_prod")},
          {.name = VIEW("hook"), .kind = TARGET_LAMBDA}},
         false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct service_entry entries[2];
        memcpy(entries, cases[i].entries, sizeof(entries));
        struct config config = with_map(entries, 2);
        char name[32];
        snprintf(name, sizeof(name), VIEW_FMT, VIEW_ARG(entries[0].name));
        resolve(f, &config, name);
        if (target_shares_family(&config, &f->target) != cases[i].is_shared) {
            fail_msg("case %zu: family " VIEW_FMT, i, VIEW_ARG(f->target.family));
        }
    }
    struct config config = by_convention();
    resolve(f, &config, "api");
    assert_false(target_shares_family(&config, &f->target));
}

static void an_unknown_service_is_answered_with_the_known(void **state) {
    struct fixture *f = *state;
    struct service_entry entries[] = {
        {.name = VIEW("worker")}, {.name = VIEW("api")}, {.name = VIEW("backend")}};
    struct config config = with_map(entries, COUNT(entries));
    refuse(f, &config, "bakend");
    assert_string_equal(f->err.message,
                        "service 'bakend' is unknown; known: 'backend', 'worker', 'api'");
    refuse(f, &config, "Api");
    assert_non_null(strstr(f->err.message, "known: 'api', "));
    /* Convention does not count beside a map. */
    refuse(f, &config, "other");
    refuse(f, &config, "");
}

static void a_long_list_is_cut(void **state) {
    struct fixture *f = *state;
    static char names[200][64];
    static struct service_entry entries[200];
    for (size_t i = 0; i < COUNT(entries); i++) {
        snprintf(names[i], sizeof(names[i]), "service-number-%zu", i);
        entries[i] = (struct service_entry){.name = view_of(names[i])};
    }
    struct config config = with_map(entries, COUNT(entries));
    refuse(f, &config, "service-number-xyz");
    assert_non_null(strstr(f->err.message, " and 180 more"));
    char long_name[300];
    memset(long_name, 'x', sizeof(long_name) - 1);
    long_name[sizeof(long_name) - 1] = '\0';
    refuse(f, &config, long_name);
}

static void without_a_map_only_names_are_known(void **state) {
    struct fixture *f = *state;
    struct config config = by_convention();
    static const char *const cases[] = {"", "-api", "a b", "a/b", "a\nb", "\xc3\xa9", "a.b"};
    for (size_t i = 0; i < COUNT(cases); i++) {
        refuse(f, &config, cases[i]);
    }
    char name[66];
    memset(name, 'a', 65);
    name[65] = '\0';
    refuse(f, &config, name);
    name[64] = '\0';
    resolve(f, &config, name);
}

static void a_repository_that_cannot_exist_is_not_asked_for(void **state) {
    struct fixture *f = *state;
    struct config config = by_convention();
    static const char *const cases[] = {"Api", "api-", "a___b", "api_"};
    for (size_t i = 0; i < COUNT(cases); i++) {
        refuse(f, &config, cases[i]);
        assert_non_null(strstr(f->err.message, "no name of an ECR repository"));
    }
}

static void memory_can_run_out(void **state) {
    struct fixture *f = *state;
    struct service_entry entries[] = {{.name = VIEW("api")}};
    struct config config = with_map(entries, 1);
    for (size_t limit = 0; limit < 512; limit += 16) {
        struct arena arena ARENA_AUTO = ARENA_INIT(limit);
        err_init(&f->err);
        if (target_resolve(&config, VIEW("api"), &arena, &f->target, &f->err) != 0) {
            assert_int_equal(f->err.code, ERR_OUT_OF_MEMORY);
        }
    }
    struct arena none ARENA_AUTO = ARENA_INIT(0);
    err_init(&f->err);
    assert_int_equal(target_resolve(&config, VIEW("x"), &none, &f->target, &f->err), -1);
    assert_int_equal(f->err.code, ERR_OUT_OF_MEMORY);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(backend_by_convention),
        TEST(a_service_by_convention),
        TEST(the_registry_of_another_account),
        TEST(an_entry_says_what_differs),
        TEST(an_entry_with_a_registry_of_its_own),
        TEST(tasks_have_their_own_repositories),
        TEST(a_family_of_several),
        TEST(an_unknown_service_is_answered_with_the_known),
        TEST(a_long_list_is_cut),
        TEST(without_a_map_only_names_are_known),
        TEST(a_repository_that_cannot_exist_is_not_asked_for),
        TEST(memory_can_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
