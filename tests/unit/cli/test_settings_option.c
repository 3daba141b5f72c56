/* --config FILE: what a command sees of the environment then. */

#include "cli/config_option.h"
#include "tests/unit/aws/env_table.h"
#include "tests/unit/cli/golden.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define PROD TEST_DATA_DIR "/render/cross-account/prod.yaml" /* eu-west-1, account 333333333333 */

struct run {
    struct arena arena;
    struct environment env;
    struct cli cli;
    char *said;
    size_t len;
    int result;
    struct err err;
};

static void apply(struct run *run, const char *path, const struct env_entry *variables) {
    *run = (struct run){.arena = ARENA_INIT((size_t)64 * 1024 * 1024),
                        .env = {.get = env_table_get, .state = variables}};
    run->cli = (struct cli){.env = &run->env, .clock = &clock_system, .arena = &run->arena};
    run->cli.err = open_memstream(&run->said, &run->len);
    assert_non_null(run->cli.err);
    err_init(&run->err);
    run->result = config_option_apply(&run->cli, path, &run->err);
    (void)fclose(run->cli.err);
}

static void release(struct run *run) {
    free(run->said);
    arena_release(&run->arena);
}

static void assert_variable(const struct run *run, const char *name, const char *expected) {
    const char *value = run->cli.env->get(run->cli.env->state, name);
    if (expected == NULL) {
        assert_null(value);
    } else {
        assert_non_null(value);
        assert_string_equal(value, expected);
    }
}

static void the_file_says_what_is_not_set(void **state) {
    (void)state;
    struct run run;
    const struct env_entry none[] = {{NULL, NULL}};
    apply(&run, PROD, none);
    assert_int_equal(run.result, 0);
    assert_string_equal(run.said, "");
    assert_variable(&run, "PROJECT_NAME", "myproject");
    assert_variable(&run, "PROJECT_ENV", "prod");
    assert_variable(&run, "ECR_STRATEGY", "cross_account");
    assert_variable(&run, "ECR_ACCOUNT_ID", "111111111111");
    assert_variable(&run, "ECR_ACCOUNT_REGION", "us-east-1");
    assert_variable(&run, "ECS_SERVICE_MAP", "{\"backend\":{},\"api\":{}}");
    assert_variable(&run, "AWS_REGION", "eu-west-1");
    assert_variable(&run, "AWS_ACCOUNT_ID", NULL); /* whose the credentials are is asked */
    assert_variable(&run, "DEPLOY_TAGS", NULL);
    assert_true(view_equal(run.cli.account, VIEW("333333333333")));
    release(&run);
}

static void what_is_set_counts_and_is_told(void **state) {
    (void)state;
    struct run run;
    const struct env_entry some[] = {{"PROJECT_NAME", " myproject "},
                                     {"PROJECT_ENV", "prod"},
                                     {"AWS_DEFAULT_REGION", "eu-west-1"},
                                     {"AWS_ACCOUNT_ID", "333333333333"},
                                     {"ECR_ACCOUNT_ID", "444444444444"},
                                     {"ECR_STRATEGY", ""}, /* none */
                                     {"ECS_SERVICE_MAP", "{\"api\":{}}"},
                                     {"DEPLOY_TAGS", "v*"},
                                     {NULL, NULL}};
    apply(&run, PROD, some);
    assert_int_equal(run.result, 0);
    assert_string_equal(run.said, "slipway: warning: what is set counts, and not what '" PROD
                                  "' says: ECR_ACCOUNT_ID, ECS_SERVICE_MAP\n");
    assert_variable(&run, "ECR_ACCOUNT_ID", "444444444444");
    assert_variable(&run, "ECS_SERVICE_MAP", "{\"api\":{}}");
    assert_variable(&run, "ECR_STRATEGY", "cross_account");
    assert_variable(&run, "DEPLOY_TAGS", "v*");
    release(&run);
}

static void assert_refused(const char *path, const char *name, const char *value,
                           const char *message, const char *remedy) {
    struct run run;
    const struct env_entry one[] = {{name, value}, {NULL, NULL}};
    apply(&run, path, one);
    assert_int_equal(run.result, -1);
    assert_int_equal(run.err.code, ERR_CONFIG_INVALID);
    assert_string_equal(run.err.message, message);
    assert_string_equal(run.err.remedy, remedy);
    assert_ptr_equal(run.cli.env, &run.env);
    release(&run);
}

static void another_environment_is_refused(void **state) {
    (void)state;
    assert_refused(PROD, "PROJECT_ENV", "dev", "PROJECT_ENV is 'dev', and '" PROD "' is of 'prod'",
                   "unset PROJECT_ENV, or name the other environment's file");
    assert_refused(PROD, "PROJECT_NAME", "other",
                   "PROJECT_NAME is 'other', and '" PROD "' is of 'myproject'",
                   "unset PROJECT_NAME, or name the other environment's file");
    assert_refused(PROD, "AWS_REGION", "us-east-1",
                   "AWS_REGION is 'us-east-1', and '" PROD "' is of 'eu-west-1'",
                   "unset AWS_REGION, or name the other environment's file");
    assert_refused(PROD, "AWS_DEFAULT_REGION", "us-east-1",
                   "AWS_DEFAULT_REGION is 'us-east-1', and '" PROD "' is of 'eu-west-1'",
                   "unset AWS_DEFAULT_REGION, or name the other environment's file");
    assert_refused(PROD, "AWS_ACCOUNT_ID", "111111111111",
                   "AWS_ACCOUNT_ID is '111111111111', and '" PROD "' is of '333333333333'",
                   "unset AWS_ACCOUNT_ID, or name the other environment's file");
    assert_refused(PROD, "SLIPWAY_CONFIG", "ssm:/x",
                   "SLIPWAY_CONFIG is set, and --config names '" PROD "'",
                   "unset SLIPWAY_CONFIG, or leave --config out");
}

static void a_file_with_problems_is_refused(void **state) {
    (void)state;
#define BAD TEST_DATA_DIR "/render/not-yaml/prod.yaml"
    struct run run;
    const struct env_entry none[] = {{NULL, NULL}};
    apply(&run, BAD, none);
    assert_int_equal(run.result, -1);
    assert_string_equal(run.said,
                        "slipway: " BAD ":1:11: not YAML: did not find expected ',' or ']'\n"
                        "remedy: correct the file there, or in the lines before\n");
    release(&run);
    assert_refused(BAD, "X", "", "'" BAD "' has 1 problem",
                   "correct the file, and see \"slipway config check\"");
    assert_refused(TEST_DATA_DIR "/render/problems/prod.yaml", "X", "",
                   "'" TEST_DATA_DIR "/render/problems/prod.yaml' has 7 problems",
                   "correct the file, and see \"slipway config check\"");
    assert_refused("/nowhere/prod.yaml", "X", "", "'/nowhere/prod.yaml' has 1 problem",
                   "correct the file, and see \"slipway config check\"");
}

/* A file that says no account takes anybody's credentials. */
static void an_account_that_is_not_said(void **state) {
    (void)state;
    struct run run;
    const struct env_entry some[] = {{"AWS_ACCOUNT_ID", "111111111111"}, {NULL, NULL}};
    apply(&run, TEST_DATA_DIR "/render/before-v7/prod.yaml", some);
    assert_int_equal(run.result, 0);
    assert_int_equal(run.cli.account.len, 0);
    assert_variable(&run, "AWS_ACCOUNT_ID", "111111111111");
    release(&run);
}

/* --- the table --- */

static const struct command *find(const char *name) {
    const struct command *command = cli_commands;
    while (command->name && strcmp(command->name, name) != 0) {
        command++;
    }
    assert_non_null(command->name);
    return command;
}

static bool has_config(const char *name) {
    struct option_row rows[OPTIONS_MAX + 1];
    size_t n = 0;
    config_option_rows(find(name), rows);
    for (; rows[n].name; n++) {
        if (strcmp(rows[n].name, "config") == 0) {
            return true;
        }
    }
    return false;
}

static void commands_that_talk_to_aws_take_it(void **state) {
    (void)state;
    static const char *const with[] = {"plan",    "deploy", "rollback", "status",
                                       "history", "doctor", "event",    "ecr lifecycle"};
    static const char *const without[] = {"config check", "config render", "ecr policy", "man"};
    for (size_t i = 0; i < sizeof(with) / sizeof(with[0]); i++) {
        assert_true(has_config(with[i]));
    }
    for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++) {
        assert_false(has_config(without[i]));
    }
}

/* No two options of a command have a letter in common, or a name. */
static void options_are_apart(void **state) {
    (void)state;
    for (const struct command *command = cli_commands; command->name; command++) {
        struct option_row rows[OPTIONS_MAX + 1];
        config_option_rows(command, rows);
        for (size_t i = 0; rows[i].name; i++) {
            for (size_t k = 0; k < i; k++) {
                assert_string_not_equal(rows[i].name, rows[k].name);
                assert_true(rows[i].letter == '\0' || rows[i].letter != rows[k].letter);
            }
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_file_says_what_is_not_set),
        cmocka_unit_test(what_is_set_counts_and_is_told),
        cmocka_unit_test(another_environment_is_refused),
        cmocka_unit_test(a_file_with_problems_is_refused),
        cmocka_unit_test(an_account_that_is_not_said),
        cmocka_unit_test(commands_that_talk_to_aws_take_it),
        cmocka_unit_test(options_are_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
