/* Each allocation of config_source_parse() fails once, and once from there on: it ends in
 * OutOfMemory, or with all that the document holds. */

#include "handlers/config_source.h"

#include "tests/unit/base/oom.h"
#include "tests/unit/base/oom_arena.h"
#include "tests/unit/handlers/table_environment.h"

/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define GOOD                                                                                       \
    "{\"PROJECT_NAME\":\"shop\",\"PROJECT_ENV\":\"prod\",\"DEPLOY_TAGS\":\"v*\",\"DRY_RUN\":"      \
    "\"true\",\"ECS_SERVICE_MAP\":\"{}\"}"
#define BAD "{\"PROJECT_NAME\":1,\"PROJEKT_ENV\":\"prod\",\"AWS_REGION\":\"x\",\"DRY_RUN\":[]}"

static void check_good(const struct config_source *source) {
    static const char *const values[][2] = {{"PROJECT_NAME", "shop"},
                                            {"PROJECT_ENV", "prod"},
                                            {"DEPLOY_TAGS", "real"},
                                            {"DRY_RUN", "true"},
                                            {"ECS_SERVICE_MAP", "{}"}};
    const struct environment *env = config_source_environment(source);
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        assert_string_equal(env->get(env->state, values[i][0]), values[i][1]);
    }
}

/* False when memory sufficed. */
static bool parse(const char *document, bool is_good, void (*arm)(size_t), size_t n) {
    const struct environment real = TABLE_ENVIRONMENT("DEPLOY_TAGS", "real");
    struct config_source *source = NULL;
    struct err err;
    err_init(&err);
    arm(n);
    int rc = config_source_parse(VIEW("ssm:/p"), view_of(document), &real, &source, &err);
    bool failed = oom_disarm();
    if (rc == 0) {
        assert_true(is_good);
        check_good(source);
    } else if (err.code != ERR_OUT_OF_MEMORY) {
        assert_false(is_good);
        assert_int_equal(err.code, ERR_CONFIG_INVALID);
        assert_string_equal(err.remedy,
                            "correct in 'ssm:/p': PROJECT_NAME, PROJEKT_ENV, AWS_REGION, DRY_RUN");
    } else {
        assert_true(failed);
        assert_null(source);
    }
    config_source_free(source);
    return failed;
}

static void exhaust(void (*arm)(size_t)) {
    static const char *const documents[] = {GOOD, BAD};
    for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
        size_t failures = 0;
        OOM_FOR_EACH(n) {
            if (!parse(documents[i], i == 0, arm, n)) {
                break;
            }
            failures++;
        }
        assert_true(failures > 0);
    }
}

static void each_allocation_fails_once(void **state) {
    (void)state;
    exhaust(oom_arm);
}

static void memory_is_at_its_end(void **state) {
    (void)state;
    exhaust(oom_arm_from);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_allocation_fails_once),
        cmocka_unit_test(memory_is_at_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
