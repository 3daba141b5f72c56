#include "cli/remedy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void assert_says(const struct err *err, const char *want) {
    struct arena arena ARENA_AUTO = ARENA_INIT(64 * 1024);
    struct view got = remedy_for_person(err, &arena);
    if (!view_equal(got, view_of(want))) {
        fail_msg("got '" VIEW_FMT "', want '%s'", VIEW_ARG(got), want);
    }
}

static void the_functions_things_are_the_persons(void **state) {
    static const struct {
        const char *function, *person;
    } cases[] = {
        {"send a tag that exists", "send a tag that exists"},
        {"allow ecs:UpdateService to the function's role", "allow ecs:UpdateService to your role"},
        {"renew the credentials that the function runs with: AWS does not accept them in this "
         "region",
         "renew your credentials (aws sso login, or new keys): AWS does not accept them in this "
         "region"},
        {"add the task's roles to the function's iam:PassRole statement",
         "add the task's roles to your iam:PassRole statement"},
        {"correct in the function's environment variables: PROJECT_ENV",
         "correct in the environment: PROJECT_ENV"},
        {"nothing now: the event is retried; check the function's network path if this recurs",
         "try again; check your network path if this recurs"},
        {"raise the function's timeout if this recurs; the event is retried", "try again"},
        {"allow a to the function's role, and b to the function's role",
         "allow a to your role, and b to your role"},
        {"the function's", "the function's"},
        {"create the function and its alias", "create the function and its alias"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct err err;
        err_init(&err);
        assert_int_equal(err_set(&err, ERR_ACCESS_DENIED, "no"), -1);
        err_remedy(&err, "%s", cases[i].function);
        assert_says(&err, cases[i].person);
    }
}

/* A remedy that speaks of what only the function has is of no use to a person. */
static void no_default_speaks_of_the_functions_own(void **state) {
    static const enum err_code codes[] = {ERR_ACCESS_DENIED,   ERR_PASS_ROLE_DENIED,
                                          ERR_AWS_UNAVAILABLE, ERR_DEADLINE_EXCEEDED,
                                          ERR_OUT_OF_MEMORY,   ERR_REGISTRY_ACCESS_DENIED};
    struct arena arena ARENA_AUTO = ARENA_INIT(64 * 1024);
    (void)state;
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        struct err err;
        err_init(&err);
        assert_int_equal(err_set(&err, codes[i], "no"), -1);
        struct view said = remedy_for_person(&err, &arena);
        assert_true(said.len > 0);
        assert_null(strstr(said.data, "function"));
        assert_null(strstr(said.data, "event is retried"));
    }
}

static void without_a_remedy_there_is_none(void **state) {
    struct err err;
    (void)state;
    err_init(&err);
    assert_says(&err, "");
}

static void without_memory_it_is_the_functions(void **state) {
    struct arena none = ARENA_INIT(0);
    struct err err;
    (void)state;
    err_init(&err);
    assert_int_equal(err_set(&err, ERR_ACCESS_DENIED, "no"), -1);
    assert_string_equal(remedy_for_person(&err, &none).data, err.remedy);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_functions_things_are_the_persons),
        cmocka_unit_test(no_default_speaks_of_the_functions_own),
        cmocka_unit_test(without_a_remedy_there_is_none),
        cmocka_unit_test(without_memory_it_is_the_functions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
