/* Which of a cluster's services are this environment's; the rest is in data/commands/status-…. */

#include "cli/what_runs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void services_are_known_by_their_form(void **state) {
    static const struct {
        const char *service, *name; /* NULL: none of this environment */
    } cases[] = {
        {"myproject_service_dev", "backend"},
        {"myproject_service_web_dev", "web"},
        {"myproject_service_web_api_dev", "web_api"},
        {"myproject_service_web-api_dev", "web-api"},
        {"myproject_service_dev_dev", "dev"},
        {"myproject_service_web_prod", NULL},
        {"myproject_service_webdev", NULL},
        {"myproject_service__dev", NULL},
        {"myproject_service_", NULL},
        {"myproject_service", NULL},
        {"myproject_task_report_dev", NULL},
        {"other_service_web_dev", NULL},
        {"myproject2_service_web_dev", NULL},
        {"my", NULL},
        {"", NULL},
        {"myproject_service_w.b_dev", NULL},
        {"myproject_service_web_DEV", NULL},
        {"myproject_service_web_dev ", NULL},
    };
    const struct config config = {.project = VIEW("myproject"), .env = VIEW("dev")};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct view name = VIEW("");
        bool is_one = conventional_service(&config, view_of(cases[i].service), &name);
        if (is_one != (cases[i].name != NULL) || !view_equal(name, view_of(cases[i].name))) {
            fail_msg("'%s' is '" VIEW_FMT "'", cases[i].service, VIEW_ARG(name));
        }
    }
}

static void the_parts_of_a_name_do_not_share_letters(void **state) {
    const struct config config = {.project = VIEW("p"), .env = VIEW("service_")};
    struct view name = VIEW("");
    (void)state;
    assert_false(conventional_service(&config, VIEW("p_service_"), &name));
    assert_true(conventional_service(&config, VIEW("p_service_service_"), &name));
    assert_true(view_equal(name, VIEW("backend")));
}

/* What is found by its form has to be what the core means by that name. */
static void the_core_resolves_it_to_the_same_service(void **state) {
    static const char *const services[] = {"myproject_service_dev", "myproject_service_web_dev",
                                           "myproject_service_web_api_dev"};
    struct arena arena ARENA_AUTO = ARENA_INIT((size_t)64 * 1024);
    const struct config config = {.project = VIEW("myproject"),
                                  .env = VIEW("dev"),
                                  .region = VIEW("us-east-1"),
                                  .cluster = VIEW("c"),
                                  .own_account = VIEW("222222222222")};
    (void)state;
    for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
        struct view name;
        struct target target;
        struct err err;
        err_init(&err);
        assert_true(conventional_service(&config, view_of(services[i]), &name));
        assert_int_equal(target_resolve(&config, name, &arena, &target, &err), 0);
        assert_true(view_equal(target.service, view_of(services[i])));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(services_are_known_by_their_form),
        cmocka_unit_test(the_parts_of_a_name_do_not_share_letters),
        cmocka_unit_test(the_core_resolves_it_to_the_same_service),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
