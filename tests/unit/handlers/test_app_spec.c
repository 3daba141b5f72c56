/* What is kept of the AppSpec that CodeDeploy was given last. */

#include "handlers/deploy/app_spec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

struct fixture {
    struct arena arena;
    struct err err;
    struct app_spec spec;
};

static int set_up(void **state) {
    static struct fixture f;
    f = (struct fixture){.arena = ARENA_INIT((size_t)1024 * 1024)};
    err_init(&f.err);
    *state = &f;
    return 0;
}

static int tear_down(void **state) {
    arena_release(&((struct fixture *)*state)->arena);
    return 0;
}

static void read_spec(struct fixture *f, const char *text) {
    if (app_spec_read(view_of(text), &f->arena, &f->spec, &f->err) != 0) {
        fail_msg("%s", f->err.message);
    }
}

static void assert_view(struct view got, const char *want) {
    if (!view_equal(got, view_of(want))) {
        fail_msg("got '" VIEW_FMT "', want '%s'", VIEW_ARG(got), want);
    }
}

static void assert_nothing(struct fixture *f, const char *text) {
    read_spec(f, text);
    if (f->spec.n_properties + f->spec.hooks.len + f->spec.opaque.len > 0) {
        fail_msg("of %s something is kept", text);
    }
}

#define SERVICE(properties) "{\"Resources\":[{\"TargetService\":{\"Properties\":" properties "}}]"

/* Their own bytes: spelling, white space, members that nobody knows. */
static void as_it_is_spelt(void **state) {
    struct fixture *f = *state;
    read_spec(f,
              SERVICE("{ \"TaskDefinition\" : \"t\", \"New\" : [ 1.50, \"\\u00e9\" ],"
                      "\"NetworkConfiguration\":{\"a\": null}}") ",\"Hooks\": [ {\"A\":\"f\"} ]}");
    assert_int_equal(f->spec.n_properties, 2);
    assert_view(f->spec.properties[0], "\"New\" : [ 1.50, \"\\u00e9\" ]");
    assert_view(f->spec.properties[1], "\"NetworkConfiguration\":{\"a\": null}");
    assert_view(f->spec.hooks, "[ {\"A\":\"f\"} ]");
    assert_int_equal(f->spec.opaque.len, 0);
}

static void what_follows_from_the_service_is_not_kept(void **state) {
    assert_nothing(*state, SERVICE("{\"TaskDefinition\":\"t\",\"LoadBalancerInfo\":{},"
                                   "\"PlatformVersion\":\"1.4.0\"}") "}");
    assert_nothing(*state, SERVICE("{\"NetworkConfiguration\":null}") ",\"Hooks\":null}");
}

/* What may be meant is kept. */
static void names_in_other_cases(void **state) {
    struct fixture *f = *state;
    read_spec(f, "{\"resources\":[{\"S\":{\"properties\":{\"taskdefinition\":\"t\","
                 "\"networkConfiguration\":{}}}}],\"hooks\":[1]}");
    assert_int_equal(f->spec.n_properties, 1);
    assert_view(f->spec.properties[0], "\"networkConfiguration\":{}");
    assert_view(f->spec.hooks, "[1]");
    read_spec(f, "{\"\\u0048ooks\":[2],\"HOOKS\":[3]}");
    assert_view(f->spec.hooks, "[2]");
}

static void what_is_no_app_spec(void **state) {
    static const char *const texts[] = {"",
                                        "{}",
                                        "[]",
                                        "7",
                                        "\"Hooks\"",
                                        "{\"Resources\":7}",
                                        "{\"Resources\":[]}",
                                        "{\"Resources\":[7]}",
                                        "{\"Resources\":[{}]}",
                                        "{\"Resources\":[{\"S\":7}]}",
                                        "{\"Resources\":[{\"S\":{\"Properties\":[1]}}]}"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_nothing(*state, texts[i]);
    }
}

static void yaml(void **state) {
    struct fixture *f = *state;
    static const struct {
        const char *text, *opaque;
    } cases[] = {
        {"version: 0.0\nResources:\n- S:\n", ""},
        {"version: 0.0\nHooks:\n  - BeforeInstall: f\n", "Hooks"},
        {"version: 0.0\nhooks:\n", "Hooks"},
        {"      NetworkConfiguration:\n", "NetworkConfiguration"},
        {"CapacityProviderStrategy:", "CapacityProviderStrategy"},
        {"# Hooks:\n#   - BeforeInstall: f", ""},
        {" \t# Hooks:\n", ""},
        {"Description: \"#1\", Hooks: []", "Hooks"}, /* what is quoted is no comment */
        {"# a comment\nHooks: []", "Hooks"},
        {"{\"Hooks\":[],\"Hooks\":[]}", "Hooks"}, /* JSON with a name twice is none */
        {"Hook", ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        read_spec(f, cases[i].text);
        assert_view(f->spec.opaque, cases[i].opaque);
        assert_int_equal(f->spec.n_properties + f->spec.hooks.len, 0);
    }
}

static void memory_can_run_out(void **state) {
    struct fixture *f = *state;
    static const char text[] = SERVICE("{\"NetworkConfiguration\":{\"a\":1}}") ",\"Hooks\":[1]}";
    size_t failed = 0;
    for (size_t limit = 0; limit < 256 * 1024; limit += 64) {
        arena_release(&f->arena);
        f->arena = ARENA_INIT(limit);
        err_init(&f->err);
        f->spec = (struct app_spec){.hooks = VIEW("untouched")};
        if (app_spec_read(view_of(text), &f->arena, &f->spec, &f->err) == 0) {
            assert_int_equal(f->spec.n_properties, 1);
            break;
        }
        assert_int_equal(f->err.code, ERR_OUT_OF_MEMORY);
        assert_view(f->spec.hooks, "untouched");
        failed++;
    }
    assert_true(failed > 0);
    assert_int_equal(f->spec.n_properties, 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(as_it_is_spelt),      TEST(what_follows_from_the_service_is_not_kept),
        TEST(what_is_no_app_spec), TEST(yaml),
        TEST(memory_can_run_out),  TEST(names_in_other_cases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
