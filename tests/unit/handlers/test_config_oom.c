/* Each allocation of config_load() fails once, and once from there on: it ends in OutOfMemory, and
 * where it does not, nothing of the configuration is lost. */

#include "handlers/config.h"

#include "tests/unit/base/oom.h"
#include "tests/unit/base/oom_arena.h"
#include "tests/unit/base/oom_cjson.h"
#include "tests/unit/handlers/table_environment.h"

/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define REGION "PROJECT_NAME", "shop", "PROJECT_ENV", "prod", "AWS_REGION", "eu-west-1"

static const char *const everything[] = {
    REGION,
    "ECS_CLUSTER_NAME",
    "arn:aws:ecs:eu-west-1:222222222222:cluster/c",
    "ECR_STRATEGY",
    "cross_account",
    "ECR_ACCOUNT_ID",
    "111111111111",
    "ECR_ACCOUNT_REGION",
    "us-east-1",
    "ECR_ROLE_ARN",
    "arn:aws:iam::111111111111:role/reader",
    "ALLOWED_ACCOUNTS",
    "222222222222, 333333333333",
    "DEPLOY_TAGS",
    "v*,semver:>=1.2 <2",
    "SLACK_WEBHOOK_PARAMETER",
    "/shop/webhook",
    "SNS_TOPIC_ARN",
    "arn:aws:sns:eu-west-1:222222222222:t",
    "NOTIFY_EVENT_BUS",
    "bus",
    "EVENT_BUS",
    "asked",
    "ECS_SERVICE_MAP",
    "{\"backend\":{},\"api\":{\"service_name\":\"s\",\"task_family\":\"f\",\"container\":\"c\","
    "\"repository_uri\":\"111111111111.dkr.ecr.us-east-1.amazonaws.com/a/b\","
    "\"deploy_tags\":\"semver:^1.4 || ~2.0\",\"auto_deploy_tags\":\"x*\"},"
    "\"site\":{\"service_name\":\"s\",\"task_family\":\"f\",\"container\":\"c\","
    "\"repository_uri\":\"111111111111.dkr.ecr.us-east-1.amazonaws.com/a/b\"}}",
    "S3_SERVICE_MAP",
    "{\"api\":[{\"bucket\":\"env-files\",\"key\":\"a.env\"},{\"bucket\":\"env-files\",\"key\":"
    "\"b\"}]}",
    NULL};

static const char *const faults[] = {REGION,
                                     "DRY_RUN",
                                     "perhaps",
                                     "DEPLOY_TAGS",
                                     "semver:x.y.z.w,[",
                                     "ECS_SERVICE_MAP",
                                     "{\"api\":{\"kind\":\"daemon\",\"srvice_name\":\"s\"}}",
                                     "S3_SERVICE_MAP",
                                     "{\"api\":",
                                     NULL};

static void assert_view(struct view value, const char *expected) {
    assert_true(view_equal(value, view_of(expected)));
}

static void check_everything(int rc, const struct config *config, const struct err *err) {
    (void)err;
    assert_int_equal(rc, 0);
    assert_view(config->cluster, "arn:aws:ecs:eu-west-1:222222222222:cluster/c");
    assert_int_equal(config->ecr_strategy, ECR_CROSS_ACCOUNT);
    assert_view(config->ecr_account_id, "111111111111");
    assert_view(config->ecr_region, "us-east-1");
    assert_view(config->ecr_role_arn, "arn:aws:iam::111111111111:role/reader");
    assert_int_equal(config->n_allowed_accounts, 2);
    assert_view(config->allowed_accounts[1], "333333333333");
    assert_true(tag_policy_admits(&config->deploy_tags, VIEW("1.5.0")));
    assert_false(tag_policy_admits(&config->deploy_tags, VIEW("2.0.0")));
    assert_view(config->slack_webhook_parameter, "/shop/webhook");
    assert_view(config->sns_topic_arn, "arn:aws:sns:eu-west-1:222222222222:t");
    assert_view(config->notify_event_bus, "bus");
    assert_view(config->event_bus, "asked");
    assert_int_equal(config->n_services, 3);
    const struct service_entry *api = &config->services[1];
    assert_view(api->name, "api");
    assert_view(api->service_name, "s");
    assert_view(api->task_family, "f");
    assert_view(api->container, "c");
    assert_view(api->repository_uri, "111111111111.dkr.ecr.us-east-1.amazonaws.com/a/b");
    assert_true(api->has_deploy_tags && api->has_auto_deploy_tags);
    assert_true(tag_policy_admits(&api->deploy_tags, VIEW("2.0.9")));
    assert_int_equal(config->n_env_files, 2);
    assert_view(config->env_files[1].key, "b");
}

static void check_defaults(int rc, const struct config *config, const struct err *err) {
    (void)err;
    assert_int_equal(rc, 0);
    assert_view(config->cluster, "shop_cluster_prod");
    assert_true(config->is_prod && config->enable_manual);
    assert_true(tag_policy_admits(&config->deploy_tags, VIEW("git-1")));
    assert_false(tag_policy_admits(&config->deploy_tags, VIEW("latest")));
}

/* No fault goes untold. */
static void check_faults(int rc, const struct config *config, const struct err *err) {
    (void)config;
    assert_int_equal(rc, -1);
    assert_int_equal(err->code, ERR_CONFIG_INVALID);
    assert_string_equal(err->remedy,
                        "correct in the function's environment variables: DEPLOY_TAGS, "
                        "DRY_RUN, ECS_SERVICE_MAP, S3_SERVICE_MAP");
}

static const char *const defaults[] = {REGION, NULL};

static const struct {
    const char *const *variables;
    void (*check)(int rc, const struct config *config, const struct err *err);
} cases[] = {
    {everything, check_everything},
    {defaults, check_defaults},
    {faults, check_faults},
};

/* False when memory sufficed. */
static bool load(size_t i, void (*arm)(size_t), size_t n) {
    const struct environment env = {table_environment_get, cases[i].variables};
    struct arena arena ARENA_AUTO = ARENA_INIT((size_t)1024 * 1024);
    struct config config;
    struct err err;
    memset(&config, 0, sizeof(config));
    err_init(&err);
    arm(n);
    int rc = config_load(&env, &arena, &config, &err);
    bool failed = oom_disarm();
    if (rc == 0 || err.code != ERR_OUT_OF_MEMORY) {
        cases[i].check(rc, &config, &err);
    }
    return failed;
}

static void exhaust(void (*arm)(size_t)) {
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t failures = 0;
        OOM_FOR_EACH(n) {
            if (!load(i, arm, n)) {
                break;
            }
            failures++;
        }
        assert_true(failures > 5);
    }
}

static void each_allocation_fails_once(void **state) {
    (void)state;
    exhaust(oom_arm);
}

static void all_fail_from_each_on(void **state) {
    (void)state;
    exhaust(oom_arm_from);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_allocation_fails_once),
        cmocka_unit_test(all_fail_from_each_on),
    };
    oom_hook_cjson();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
