/* Entries of ECS_SERVICE_MAP that are one ECS service. */

#include "tests/unit/handlers/config_fixture.h"

#include <stdio.h>

#define ARN "arn:aws:ecs:eu-west-1:222222222222:cluster/"
#define REGISTRY "222222222222.dkr.ecr.eu-west-1.amazonaws.com/"
#define ONE_ENTRY "expected one entry for one ECS service, "
#define ONE_REPOSITORY ONE_ENTRY "with the one repository that it is deployed from"
#define NO_CONTAINER ONE_ENTRY "without container if all those of the repository are to be changed"
#define WEB "\"service_name\":\"web\",\"task_family\":\"web\""
#define MANY 300
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

#define ENVIRONMENT(services, account)                                                             \
    TABLE_ENVIRONMENT(DEV, "ECS_SERVICE_MAP", services, "AWS_ACCOUNT_ID", account)

static int load(struct fixture *f, const char *services, const char *account) {
    struct environment env = ENVIRONMENT(services, account);
    err_init(&f->err);
    return config_load(&env, &f->arena, &f->config, &f->err);
}

static void refuse(struct fixture *f, const char *services, const char *account,
                   const char *expected) {
    refuse_from(f, ENVIRONMENT(services, account), expected);
    assert_string_equal(f->err.remedy,
                        "correct in the function's environment variables: ECS_SERVICE_MAP");
}

static void two_repositories_are_refused(void **state) {
    struct fixture *f = *state;
    static const struct {
        const char *services, *message;
    } cases[] = {
        {"{\"app\":{\"service_name\":\"web\",\"repository\":\"shop\"},"
         "\"nginx\":{\"service_name\":\"web\",\"repository\":\"proxy\"}}",
         "ECS_SERVICE_MAP.nginx: it is ECS service 'web', as 'app' is, but its repository is "
         "'proxy' and not 'shop': " ONE_REPOSITORY},
        /* an entry, and what follows from convention, in either order */
        {"{\"backend\":{},\"nginx\":{\"service_name\":\"myproject_service_dev\"}}",
         "ECS_SERVICE_MAP.nginx: it is ECS service 'myproject_service_dev', as 'backend' is, but "
         "its repository is 'myproject_service_nginx' and not "
         "'myproject_backend': " ONE_REPOSITORY},
        {"{\"nginx\":{\"service_name\":\"myproject_service_api_dev\"},\"api\":{}}",
         "ECS_SERVICE_MAP.api: it is ECS service 'myproject_service_api_dev', as 'nginx' is, but "
         "its repository is 'myproject_service_api' and not "
         "'myproject_service_nginx': " ONE_REPOSITORY},
        /* the name is the same, the registry is not */
        {"{\"app\":{\"service_name\":\"web\",\"repository\":\"shop\"},\"far\":"
         "{\"service_name\":\"web\",\"repository_uri\":"
         "\"222222222222.dkr.ecr.us-east-1.amazonaws.com/shop\"}}",
         "ECS_SERVICE_MAP.far: it is ECS service 'web', as 'app' is, but its repository is "
         "'222222222222.dkr.ecr.us-east-1.amazonaws.com/shop' and not 'shop': " ONE_REPOSITORY},
        /* one cluster, spelt in three ways */
        {"{\"app\":{\"service_name\":\"web\",\"repository\":\"shop\"},"
         "\"nginx\":{\"service_name\":\"web\",\"repository\":\"proxy\","
         "\"cluster\":\"" ARN "myproject_cluster_dev\"},"
         "\"cron\":{\"service_name\":\"web\",\"repository\":\"jobs\","
         "\"cluster\":\"myproject_cluster_dev\"}}",
         "ECS_SERVICE_MAP.nginx: it is ECS service 'web', as 'app' is, but its repository is "
         "'proxy' and not 'shop': " ONE_REPOSITORY "; "
         "ECS_SERVICE_MAP.cron: it is ECS service 'web', as 'app' is, but its repository is "
         "'jobs' and not 'shop': " ONE_REPOSITORY},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        refuse(f, cases[i].services, "222222222222", cases[i].message);
        refuse(f, cases[i].services, "", cases[i].message);
    }
}

static void two_containers_are_refused(void **state) {
    struct fixture *f = *state;
    refuse(f,
           "{\"app\":{\"service_name\":\"web\",\"repository\":\"shop\",\"container\":\"app\"},"
           "\"worker\":{\"service_name\":\"web\",\"repository\":\"shop\",\"container\":\"work\"}}",
           "",
           "ECS_SERVICE_MAP.worker: it is ECS service 'web', as 'app' is, but its container is "
           "'work' and not 'app': " NO_CONTAINER);
    refuse(f,
           "{\"app\":{\"service_name\":\"web\",\"repository\":\"shop\"},"
           "\"worker\":{\"service_name\":\"web\",\"repository\":\"shop\",\"container\":\"work\"}}",
           "",
           "ECS_SERVICE_MAP.worker: it is ECS service 'web', as 'app' is, but its container is "
           "'work' and not '': " NO_CONTAINER);
}

static void two_families_are_refused(void **state) {
    struct fixture *f = *state;
    refuse(f,
           "{\"app\":{\"service_name\":\"web\",\"repository\":\"shop\",\"task_family\":\"web\"},"
           "\"site\":{\"service_name\":\"web\",\"repository\":\"shop\"}}",
           "",
           "ECS_SERVICE_MAP.site: it is ECS service 'web', as 'app' is, but its task_family is "
           "'myproject_service_site_dev' and not 'web': " ONE_ENTRY "with the family that it runs");
}

#define WEB "\"service_name\":\"web\",\"task_family\":\"web\""

static void names_for_the_same_are_accepted(void **state) {
    struct fixture *f = *state;
    static const char *const maps[] = {
        "{\"app\":{" WEB ",\"repository\":\"shop\",\"container\":\"app\"},"
        "\"site\":{" WEB ",\"repository\":\"shop\",\"container\":\"app\",\"deploy_tags\":\"v*\"}}",
        "{\"backend\":{},\"app\":{\"service_name\":\"myproject_service_dev\","
        "\"task_family\":\"myproject_service_dev\",\"repository\":\"myproject_backend\"}}",
        /* the same repository, by its name and with its registry */
        "{\"app\":{" WEB ",\"repository\":\"shop\"},"
        "\"site\":{" WEB ",\"repository_uri\":\"" REGISTRY "shop\"}}",
    };
    for (size_t i = 0; i < COUNT(maps); i++) {
        if (load(f, maps[i], "222222222222") != 0 || load(f, maps[i], "") != 0) {
            fail_msg("%s: %s", maps[i], f->err.message);
        }
        assert_int_equal(f->config.n_services, 2);
    }
}

static void a_registry_of_another_account_is_another_repository(void **state) {
    struct fixture *f = *state;
    refuse(f,
           "{\"app\":{" WEB ",\"repository\":\"shop\"},"
           "\"site\":{" WEB ",\"repository_uri\":\"" REGISTRY "shop\"}}",
           "333333333333",
           "ECS_SERVICE_MAP.site: it is ECS service 'web', as 'app' is, but its repository is "
           "'" REGISTRY "shop' and not 'shop': " ONE_REPOSITORY);
}

static void other_services_are_accepted(void **state) {
    struct fixture *f = *state;
    static const char *const maps[] = {
        /* of another cluster, also where only its name is the same */
        "{\"app\":{" WEB ",\"repository\":\"shop\"},"
        "\"far\":{" WEB ",\"repository\":\"proxy\",\"cluster\":\"far\"}}",
        "{\"app\":{" WEB ",\"repository\":\"shop\",\"cluster\":\"" ARN "c\"},\"far\":{" WEB
        ",\"repository\":\"proxy\",\"cluster\":\"arn:aws:ecs:eu-west-1:333333333333:cluster/c\"}}",
        "{\"app\":{" WEB ",\"repository\":\"shop\"},"
        "\"far\":{\"service_name\":\"Web\",\"repository\":\"proxy\"}}",
        /* no services, whatever they are called */
        "{\"app\":{" WEB "},\"job\":{\"kind\":\"task\",\"task_family\":\"web\"},"
        "\"resize\":{\"kind\":\"lambda\",\"function_name\":\"web\"}}",
        "{\"backend\":{},\"api\":{},\"other\":{\"service_name\":\"myproject_service_api\"}}",
    };
    for (size_t i = 0; i < COUNT(maps); i++) {
        if (load(f, maps[i], "") != 0) {
            fail_msg("%s: %s", maps[i], f->err.message);
        }
    }
}

/* Entries of which one is wrong say nothing of each other. */
static void a_fault_of_an_entry_comes_first(void **state) {
    struct fixture *f = *state;
    refuse(f,
           "{\"app\":{\"service_name\":\"web\",\"repository\":\"sh op\"},"
           "\"nginx\":{\"service_name\":\"web\",\"repository\":\"proxy\"}}",
           "",
           "ECS_SERVICE_MAP.app.repository: 'sh op': expected the name of an ECR repository, "
           "without registry and tag");
}

/* Another variable's fault and this one are told at once. */
static void it_is_told_beside_other_faults(void **state) {
    struct fixture *f = *state;
    struct environment env = TABLE_ENVIRONMENT(
        DEV, "DRY_RUN", "perhaps", "ECS_SERVICE_MAP",
        "{\"backend\":{},\"nginx\":{\"service_name\":\"myproject_service_dev\"}}");
    err_init(&f->err);
    assert_int_equal(config_load(&env, &f->arena, &f->config, &f->err), -1);
    assert_non_null(strstr(f->err.message, "DRY_RUN: 'perhaps'"));
    assert_non_null(strstr(f->err.message, "ECS_SERVICE_MAP.nginx: it is ECS service"));
}

#define MANY 300

/* More of them than the scratch memory holds at once. */
static void many_services_with_names_of_their_own(void **state) {
    struct fixture *f = *state;
    static char map[(size_t)MANY * 64];
    size_t len = 0;
    for (int i = 0; i < MANY; i++) {
        len += (size_t)snprintf(map + len, sizeof(map) - len,
                                "%s\"s%d\":{\"service_name\":\"service-%d\"}", i == 0 ? "{" : ",",
                                i, i);
    }
    snprintf(map + len, sizeof(map) - len, "}");
    assert_int_equal(load(f, map, ""), 0);
    assert_int_equal(f->config.n_services, MANY);
    snprintf(map + len, sizeof(map) - len, ",\"twin\":{\"service_name\":\"service-299\"}}");
    assert_int_equal(load(f, map, ""), -1);
    assert_non_null(strstr(f->err.message, "it is ECS service 'service-299', as 's299' is"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(two_repositories_are_refused),
        TEST(two_containers_are_refused),
        TEST(two_families_are_refused),
        TEST(names_for_the_same_are_accepted),
        TEST(a_registry_of_another_account_is_another_repository),
        TEST(other_services_are_accepted),
        TEST(a_fault_of_an_entry_comes_first),
        TEST(it_is_told_beside_other_faults),
        TEST(many_services_with_names_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
