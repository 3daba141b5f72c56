#include "tests/unit/handlers/config_fixture.h"

#include <stdio.h>

#define PROD "PROJECT_NAME", "myproject", "PROJECT_ENV", "prod", "AWS_REGION", "eu-west-1"

static void assert_view(struct view v, const char *expected) {
    if (!view_equal(v, view_of(expected))) {
        fail_msg("got '" VIEW_FMT "', expected '%s'", VIEW_ARG(v), expected);
    }
}

static void defaults_of_dev(void **state) {
    struct fixture *f = *state;
    load_from(f, TABLE_ENVIRONMENT(DEV));
    const struct config *c = &f->config;
    assert_view(c->project, "myproject");
    assert_view(c->env, "dev");
    assert_false(c->is_prod);
    assert_view(c->region, "eu-west-1");
    assert_view(c->own_account, "");
    assert_view(c->cluster, "myproject_cluster_dev");
    assert_false(c->has_service_map);
    assert_int_equal(c->ecr_strategy, ECR_LOCAL);
    assert_view(c->ecr_account_id, "");
    assert_view(c->ecr_region, "eu-west-1");
    assert_view(c->ecr_role_arn, "");
    assert_view(c->deploy_tags.text, "*");
    assert_view(c->auto_deploy_tags.text, "latest");
    assert_true(tag_policy_admits(&c->deploy_tags, VIEW("latest")));
    assert_int_equal(c->n_allowed_accounts, 0);
    assert_int_equal(c->base, BASE_LATEST);
    assert_int_equal(c->image_reference, IMAGE_BY_DIGEST);
    assert_true(c->enable_ecr && c->enable_ssm && c->enable_s3 && c->enable_manual);
    assert_false(c->dry_run);
    assert_int_equal(c->n_env_files, 0);
}

static void defaults_of_prod(void **state) {
    struct fixture *f = *state;
    static const char *const envs[] = {"prod", "production", "Production"};
    for (size_t i = 0; i < COUNT(envs); i++) {
        load_from(f, TABLE_ENVIRONMENT(PROD, "PROJECT_ENV", envs[i]));
        assert_true(f->config.is_prod);
        const struct tag_policy *tags = &f->config.deploy_tags;
        assert_true(tag_policy_admits(tags, VIEW("git-abc123f")));
        assert_true(tag_policy_admits(tags, VIEW("v1.2.3")));
        assert_true(tag_policy_admits(tags, VIEW("env-prod-1")));
        assert_true(tag_policy_admits(tags, VIEW("stable")));
        assert_false(tag_policy_admits(tags, VIEW("latest")));
        assert_false(tag_policy_admits(tags, VIEW("main")));
        assert_false(tag_policy_admits(&f->config.auto_deploy_tags, VIEW("latest")));
        assert_int_equal(f->config.auto_deploy_tags.n_terms, 0);
    }
    load_from(f, TABLE_ENVIRONMENT(PROD, "PROJECT_ENV", "preprod"));
    assert_false(f->config.is_prod);
}

static void latest_in_prod_needs_its_name(void **state) {
    struct fixture *f = *state;
    load_from(f, TABLE_ENVIRONMENT(PROD, "DEPLOY_TAGS", "*", "ECS_SERVICE_MAP",
                                   "{\"api\":{\"deploy_tags\":\"l*\"},"
                                   "\"web\":{\"deploy_tags\":\"latest\"}}"));
    assert_false(tag_policy_admits(&f->config.deploy_tags, VIEW("latest")));
    assert_true(tag_policy_admits(&f->config.deploy_tags, VIEW("main")));
    assert_false(tag_policy_admits(&f->config.services[0].deploy_tags, VIEW("latest")));
    assert_true(tag_policy_admits(&f->config.services[1].deploy_tags, VIEW("latest")));
    load_from(f, TABLE_ENVIRONMENT(PROD, "DEPLOY_TAGS", "git-*, latest"));
    assert_true(tag_policy_admits(&f->config.deploy_tags, VIEW("latest")));
}

static void every_variable_is_read(void **state) {
    struct fixture *f = *state;
    load_from(
        f, TABLE_ENVIRONMENT(
               PROD, "AWS_ACCOUNT_ID", "222222222222", "ECS_CLUSTER_NAME", "main", "ECR_STRATEGY",
               "cross_account", "ECR_ACCOUNT_ID", "111111111111", "ECR_ACCOUNT_REGION", "us-east-1",
               "ECR_ROLE_ARN", "arn:aws:iam::111111111111:role/path/reader", "DEPLOY_TAGS",
               "semver:>=1.2", "AUTO_DEPLOY_TAGS", "release-*", "ALLOWED_ACCOUNTS",
               "222222222222, 333333333333", "TASK_DEFINITION_BASE", "running", "IMAGE_REFERENCE",
               "tag", "ENABLE_ECR_MONITORING", "no", "ENABLE_SSM_MONITORING", "0",
               "ENABLE_S3_MONITORING", "off", "ENABLE_MANUAL_DEPLOY", "disabled", "DRY_RUN", "YES",
               "SNS_TOPIC_ARN", "arn:aws:sns:eu-west-1:222222222222:deploys", "NOTIFY_EVENT_BUS",
               "deploys", "EVENT_BUS", "asked", "SLACK_WEBHOOK_PARAMETER", "/prod/slack"));
    const struct config *c = &f->config;
    assert_view(c->own_account, "222222222222");
    assert_view(c->cluster, "main");
    assert_int_equal(c->ecr_strategy, ECR_CROSS_ACCOUNT);
    assert_view(c->ecr_account_id, "111111111111");
    assert_view(c->ecr_region, "us-east-1");
    assert_view(c->ecr_role_arn, "arn:aws:iam::111111111111:role/path/reader");
    assert_view(c->deploy_tags.text, "semver:>=1.2");
    assert_true(tag_policy_admits(&c->auto_deploy_tags, VIEW("release-1")));
    assert_int_equal(c->n_allowed_accounts, 2);
    assert_view(c->allowed_accounts[0], "222222222222");
    assert_view(c->allowed_accounts[1], "333333333333");
    assert_int_equal(c->base, BASE_RUNNING);
    assert_int_equal(c->image_reference, IMAGE_BY_TAG);
    assert_false(c->enable_ecr || c->enable_ssm || c->enable_s3 || c->enable_manual);
    assert_true(c->dry_run);
    assert_view(c->sns_topic_arn, "arn:aws:sns:eu-west-1:222222222222:deploys");
    assert_view(c->notify_event_bus, "deploys");
    assert_view(c->event_bus, "asked");
    assert_view(c->slack_webhook_parameter, "/prod/slack");
    assert_false(c->has_slack_webhook);
}

/* A Terraform module sets every variable, to "" where it has nothing to say. */
static void empty_is_unset(void **state) {
    struct fixture *f = *state;
    load_from(f, TABLE_ENVIRONMENT(DEV, "AWS_ACCOUNT_ID", "", "ECS_CLUSTER_NAME", "",
                                   "ECS_SERVICE_MAP", "", "S3_SERVICE_MAP", "", "ECR_STRATEGY", "",
                                   "ECR_ACCOUNT_ID", "", "ECR_ACCOUNT_REGION", " ", "ECR_ROLE_ARN",
                                   "", "DEPLOY_TAGS", "", "AUTO_DEPLOY_TAGS", "",
                                   "ALLOWED_ACCOUNTS", "", "TASK_DEFINITION_BASE", "",
                                   "IMAGE_REFERENCE", "", "DRY_RUN", "", "ENABLE_MANUAL_DEPLOY", "",
                                   "SLACK_WEBHOOK_URL", "", "SLACK_WEBHOOK_PARAMETER", "",
                                   "SNS_TOPIC_ARN", "", "NOTIFY_EVENT_BUS", "", "EVENT_BUS", ""));
    assert_view(f->config.cluster, "myproject_cluster_dev");
    assert_view(f->config.deploy_tags.text, "*");
    assert_true(f->config.enable_manual);
    assert_view(f->config.ecr_region, "eu-west-1");
    assert_view(f->config.event_bus, "");
}

/* Where no bus is named, there is nothing to name in what people are told to call. */
static void the_default_bus_is_no_bus_of_its_own(void **state) {
    struct fixture *f = *state;
    load_from(f, TABLE_ENVIRONMENT(DEV, "EVENT_BUS", "default", "NOTIFY_EVENT_BUS", "default"));
    assert_view(f->config.event_bus, "");
    assert_view(f->config.notify_event_bus, "default");
    load_from(f, TABLE_ENVIRONMENT(DEV, "EVENT_BUS",
                                   "arn:aws:events:eu-west-1:222222222222:event-bus/deploys"));
    assert_view(f->config.event_bus, "arn:aws:events:eu-west-1:222222222222:event-bus/deploys");
}

static void what_ci_lambda_had_is_accepted(void **state) {
    struct fixture *f = *state;
    load_from(f, TABLE_ENVIRONMENT(DEV, "DEPLOYMENT_TIMEOUT_SECONDS", "600",
                                   "MAX_DEPLOYMENT_RETRIES", "two", "SERVICE_CONFIG",
                                   "{\"P\":[{\"bucket\":\"b\",\"key\":\"k\"}]}", "LOG_LEVEL",
                                   "debug", "S3_SERVICE_MAP", "{}", "ECS_SERVICE_MAP", "{}"));
    assert_false(f->config.has_service_map);
}

static void the_region(void **state) {
    struct fixture *f = *state;
    load_from(f, TABLE_ENVIRONMENT(DEV, "AWS_DEFAULT_REGION", "us-east-1"));
    assert_view(f->config.region, "eu-west-1");
    load_from(f, TABLE_ENVIRONMENT(DEV, "AWS_REGION", "", "AWS_DEFAULT_REGION", "us-east-1"));
    assert_view(f->config.region, "us-east-1");
    assert_view(f->config.ecr_region, "us-east-1");
}

static void booleans(void **state) {
    struct fixture *f = *state;
    static const char *const yes[] = {"true", "1", "yes", "on", "enabled", "TRUE", "On", " true "};
    static const char *const no[] = {"false", "0", "no", "off", "disabled", "False"};
    static const char *const neither[] = {"2", "y", "t", "truee", "wahr", "null", "-1"};
    for (size_t i = 0; i < COUNT(yes); i++) {
        load_from(f, TABLE_ENVIRONMENT(DEV, "DRY_RUN", yes[i]));
        assert_true(f->config.dry_run);
    }
    for (size_t i = 0; i < COUNT(no); i++) {
        load_from(f, TABLE_ENVIRONMENT(DEV, "ENABLE_S3_MONITORING", no[i]));
        assert_false(f->config.enable_s3);
    }
    for (size_t i = 0; i < COUNT(neither); i++) {
        char expected[200];
        snprintf(expected, sizeof(expected),
                 "DRY_RUN: '%s': expected true, 1, yes, on, enabled, false, 0, no, off or disabled",
                 neither[i]);
        refuse_from(f, TABLE_ENVIRONMENT(DEV, "DRY_RUN", neither[i]), expected);
    }
}

static void wrong_values(void **state) {
    struct fixture *f = *state;
    static const struct {
        const char *name, *value, *message;
    } cases[] = {
        {"PROJECT_NAME", "my.project",
         "PROJECT_NAME: 'my.project': expected 1 to 64 letters, digits, '-' and '_', the first of "
         "them a letter or digit"},
        {"PROJECT_ENV", "_prod",
         "PROJECT_ENV: '_prod': expected 1 to 64 letters, digits, '-' and '_', the first of them a "
         "letter or digit"},
        {"AWS_REGION", "Frankfurt", "AWS_REGION: 'Frankfurt': expected a region like 'eu-west-1'"},
        {"AWS_ACCOUNT_ID", "1234", "AWS_ACCOUNT_ID: '1234': expected 12 digits"},
        {"ECS_CLUSTER_NAME", "my cluster",
         "ECS_CLUSTER_NAME: 'my cluster': expected the name of a cluster, or its ARN in this "
         "region"},
        {"ECS_CLUSTER_NAME", "arn:aws:ecs:us-east-1:222222222222:cluster/x",
         "ECS_CLUSTER_NAME: 'arn:aws:ecs:us-east-1:222222222222:cluster/x': expected the name of a "
         "cluster, or its ARN in this region"},
        {"ECR_STRATEGY", "remote", "ECR_STRATEGY: 'remote': expected 'local' or 'cross_account'"},
        {"ECR_ROLE_ARN", "arn:aws:iam::111111111111:user/x",
         "ECR_ROLE_ARN: 'arn:aws:iam::111111111111:user/x': expected the ARN of a role, "
         "'arn:aws:iam::<account>:role/…'"},
        {"DEPLOY_TAGS", "v*,semver:>=1.2 <",
         "DEPLOY_TAGS: 'semver:>=1.2 <' is invalid at byte 17: expected a version"},
        {"AUTO_DEPLOY_TAGS", "[a",
         "AUTO_DEPLOY_TAGS: '[a' is invalid at byte 0: expected a ']' for this '['"},
        {"ALLOWED_ACCOUNTS", "111111111111,,222222222222",
         "ALLOWED_ACCOUNTS: '' at byte 13: expected 12 digits, and commas in between"},
        {"ALLOWED_ACCOUNTS", "111111111111, 22222222222",
         "ALLOWED_ACCOUNTS: '22222222222' at byte 14: expected 12 digits, and commas in between"},
        {"TASK_DEFINITION_BASE", "newest",
         "TASK_DEFINITION_BASE: 'newest': expected 'latest' or 'running'"},
        {"IMAGE_REFERENCE", "Digest", "IMAGE_REFERENCE: 'Digest': expected 'digest' or 'tag'"},
        {"SNS_TOPIC_ARN", "deploys", "SNS_TOPIC_ARN: 'deploys': expected the ARN of an SNS topic"},
        {"NOTIFY_EVENT_BUS", "a b",
         "NOTIFY_EVENT_BUS: 'a b': expected the name or the ARN of an event bus"},
        {"EVENT_BUS", "a b", "EVENT_BUS: 'a b': expected the name or the ARN of an event bus"},
        {"EVENT_BUS", "arn:aws:events:eu-west-1:222222222222:rule/x",
         "EVENT_BUS: 'arn:aws:events:eu-west-1:222222222222:rule/x': expected the name or the ARN "
         "of an event bus"},
        {"EVENT_BUS", "arn:aws:events:eu-west-1:222222222222:event-bus/x'",
         "EVENT_BUS: 'arn:aws:events:eu-west-1:222222222222:event-bus/x'': expected the name or "
         "the ARN of an event bus"},
        {"SLACK_WEBHOOK_PARAMETER", "a b",
         "SLACK_WEBHOOK_PARAMETER: 'a b': expected the name or the ARN of an SSM parameter"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        refuse_from(f, TABLE_ENVIRONMENT(DEV, cases[i].name, cases[i].value), cases[i].message);
        assert_non_null(strstr(f->err.remedy, cases[i].name));
    }
}

static void missing_ones(void **state) {
    struct fixture *f = *state;
    refuse_from(
        f, TABLE_ENVIRONMENT("X", "y"),
        "PROJECT_NAME: not set: expected 1 to 64 letters, digits, '-' and '_'; PROJECT_ENV: not "
        "set: expected 1 to 64 letters, digits, '-' and '_'; AWS_REGION: not set: expected a "
        "region like 'eu-west-1'");
    assert_string_equal(f->err.remedy, "correct in the function's environment variables: "
                                       "PROJECT_NAME, PROJECT_ENV, AWS_REGION");
}

static void clusters(void **state) {
    struct fixture *f = *state;
    static const char *const arn = "arn:aws:ecs:eu-west-1:222222222222:cluster/main";
    load_from(f, TABLE_ENVIRONMENT(DEV, "ECS_CLUSTER_NAME", arn));
    assert_view(f->config.cluster, arn);
}

static void the_registry(void **state) {
    struct fixture *f = *state;
    refuse_from(
        f, TABLE_ENVIRONMENT(DEV, "ECR_STRATEGY", "cross_account"),
        "ECR_ACCOUNT_ID: not set: expected 12 digits, as ECR_STRATEGY is 'cross_account'; "
        "ECR_ACCOUNT_REGION: not set: expected a region, as ECR_STRATEGY is 'cross_account'");
    /* A registry that would not be read. */
    refuse_from(
        f,
        TABLE_ENVIRONMENT(DEV, "AWS_ACCOUNT_ID", "222222222222", "ECR_ACCOUNT_ID", "111111111111"),
        "ECR_ACCOUNT_ID: '111111111111' is not this account, '222222222222', while ECR_STRATEGY "
        "is 'local': expected ECR_STRATEGY 'cross_account', or no value here");
    refuse_from(
        f, TABLE_ENVIRONMENT(DEV, "ECR_STRATEGY", "local", "ECR_ACCOUNT_REGION", "us-east-1"),
        "ECR_ACCOUNT_REGION: 'us-east-1' is not this region, 'eu-west-1', while ECR_STRATEGY is "
        "'local': expected ECR_STRATEGY 'cross_account', or no value here");
    /* A value that is wrong itself is one fault, not two. */
    refuse_from(f, TABLE_ENVIRONMENT(DEV, "AWS_ACCOUNT_ID", "222222222222", "ECR_ACCOUNT_ID", "1"),
                "ECR_ACCOUNT_ID: '1': expected 12 digits");
    /* A strategy that is wrong itself is the only fault. */
    refuse_from(f, TABLE_ENVIRONMENT(DEV, "ECR_STRATEGY", "x", "ECR_ACCOUNT_ID", "111111111111"),
                "ECR_STRATEGY: 'x': expected 'local' or 'cross_account'");
    /* What says the same as `local` is fine. */
    load_from(f, TABLE_ENVIRONMENT(DEV, "AWS_ACCOUNT_ID", "222222222222", "ECR_ACCOUNT_ID",
                                   "222222222222", "ECR_ACCOUNT_REGION", "eu-west-1"));
    assert_view(f->config.ecr_account_id, "222222222222");
    /* Whose account it is only the function's ARN will tell (see test_handler.c). */
    load_from(f, TABLE_ENVIRONMENT(DEV, "ECR_ACCOUNT_ID", "222222222222"));
    assert_view(f->config.ecr_account_id, "222222222222");
    assert_view(f->config.own_account, "");
}

static void the_webhook_is_a_secret(void **state) {
    struct fixture *f = *state;
    load_from(
        f, TABLE_ENVIRONMENT(DEV, "SLACK_WEBHOOK_URL", "https://hooks.slack.com/services/T/B/x"));
    assert_true(f->config.has_slack_webhook);
    static const char *const wrong[] = {"http://hooks.slack.com/T/secret", "https://a b/secret",
                                        "secret", "https://a\nb/secret"};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        refuse_from(f, TABLE_ENVIRONMENT(DEV, "SLACK_WEBHOOK_URL", wrong[i]),
                    "SLACK_WEBHOOK_URL: expected an address that begins with 'https://'");
        assert_null(strstr(f->err.message, "secret"));
    }
    refuse_from(
        f,
        TABLE_ENVIRONMENT(DEV, "SLACK_WEBHOOK_URL", "https://a/b", "SLACK_WEBHOOK_PARAMETER", "/x"),
        "SLACK_WEBHOOK_PARAMETER: set beside SLACK_WEBHOOK_URL: expected only one of them");
}

/* More faults than a message holds: the rest is counted, none is forgotten. */
static void many_faults(void **state) {
    struct fixture *f = *state;
    char map[6000] = "{";
    for (size_t i = 0; i < 60; i++) {
        char entry[64];
        snprintf(entry, sizeof(entry), "%s\"s%zu\":{\"kind\":\"wrong\"}", i > 0 ? "," : "", i);
        strcat(map, entry);
    }
    strcat(map, "}");
    struct environment env = TABLE_ENVIRONMENT(DEV, "ECS_SERVICE_MAP", map, "DRY_RUN", "maybe");
    err_init(&f->err);
    assert_int_equal(config_load(&env, &f->arena, &f->config, &f->err), -1);
    size_t named = 0;
    for (const char *at = f->err.message; (at = strstr(at, "'wrong'")) != NULL; at++) {
        named++;
    }
    unsigned more = 0;
    const char *end = strstr(f->err.message, "; and ");
    assert_non_null(end);
    assert_int_equal(sscanf(end, "; and %u more", &more), 1);
    assert_int_equal(named + more, 60);
    assert_string_equal(f->err.remedy, "correct in the function's environment variables: DRY_RUN, "
                                       "ECS_SERVICE_MAP");
}

static void memory_can_run_out(void **state) {
    struct fixture *f = *state;
    struct environment env = TABLE_ENVIRONMENT(
        PROD, "ECS_SERVICE_MAP", "{\"api\":{\"deploy_tags\":\"semver:1.x,v*\"}}", "S3_SERVICE_MAP",
        "{\"api\":[{\"bucket\":\"bucket\",\"key\":\"k\"}]}", "ALLOWED_ACCOUNTS", "111111111111");
    bool loaded = false;
    for (size_t limit = 0; limit < 8192 && !loaded; limit += 8) {
        struct arena arena ARENA_AUTO = ARENA_INIT(limit);
        err_init(&f->err);
        loaded = config_load(&env, &arena, &f->config, &f->err) == 0;
        if (!loaded) {
            assert_int_equal(f->err.code, ERR_OUT_OF_MEMORY);
        }
    }
    assert_true(loaded);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(defaults_of_dev),
        TEST(defaults_of_prod),
        TEST(latest_in_prod_needs_its_name),
        TEST(every_variable_is_read),
        TEST(empty_is_unset),
        TEST(the_default_bus_is_no_bus_of_its_own),
        TEST(what_ci_lambda_had_is_accepted),
        TEST(the_region),
        TEST(booleans),
        TEST(wrong_values),
        TEST(missing_ones),
        TEST(clusters),
        TEST(the_registry),
        TEST(the_webhook_is_a_secret),
        TEST(many_faults),
        TEST(memory_can_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
