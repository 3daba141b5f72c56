#include "runtime/aws/endpoint.h"

#include "runtime/aws/ecr.h"
#include "runtime/aws/ecs.h"
#include "runtime/aws/sts.h"
#include "tests/unit/aws/env_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void assert_view(struct view v, const char *expected) {
    if (!view_equal(v, view_of(expected))) {
        fail_msg("got '" VIEW_FMT "', expected '%s'", VIEW_ARG(v), expected);
    }
}

static const struct aws_service *service_of(const char *name) {
    return strcmp(name, "ecr") == 0   ? &ecr_service
           : strcmp(name, "ecs") == 0 ? &ecs_service
                                      : &sts_service;
}

/* endpoints.txt is written by endpoints.py beside it, from botocore's rule sets. */
static void hosts_are_those_of_botocore(void **state) {
    (void)state;
    char service[8], region[32], fips[8], dualstack[8], host[128];
    FILE *file = fopen(TEST_DATA_DIR "/endpoints.txt", "r");
    size_t n = 0;
    assert_non_null(file);
    while (fscanf(file, "%7s %31s %7s %7s %127s", service, region, fips, dualstack, host) == 5) {
        struct arena arena ARENA_AUTO = ARENA_INIT(4096);
        struct endpoint endpoint;
        struct err err;
        err_init(&err);
        const struct environment *env =
            ENV({"AWS_USE_FIPS_ENDPOINT", fips}, {"AWS_USE_DUALSTACK_ENDPOINT", dualstack});
        assert_int_equal(
            endpoint_resolve(service_of(service), view_of(region), env, &arena, &endpoint, &err),
            0);
        assert_view(endpoint.host, host);
        assert_true(view_starts_with(endpoint.url, VIEW("https://")));
        assert_view(view_slice(endpoint.url, 8, endpoint.url.len), host);
        assert_view(endpoint.path, "");
        assert_int_equal(endpoint.url.data[endpoint.url.len], '\0');
        n++;
    }
    fclose(file);
    assert_true(n >= 400);
}

static struct endpoint resolve(const struct environment *env, struct arena *arena) {
    struct endpoint endpoint = {0};
    struct err err;
    err_init(&err);
    if (endpoint_resolve(&ecr_service, VIEW("us-east-1"), env, arena, &endpoint, &err) < 0) {
        fail_msg("%s", err.message);
    }
    return endpoint;
}

static void overrides(void **state) {
    (void)state;
    static const struct {
        const char *common, *own, *ignore;
        const char *url, *host, *path;
    } rows[] = {
        {"http://localhost:5000", NULL, NULL, "http://localhost:5000", "localhost:5000", ""},
        {"http://localhost:5000/", NULL, NULL, "http://localhost:5000", "localhost:5000", ""},
        {NULL, "https://h", NULL, "https://h", "h", ""},
        {"http://common", "http://own", NULL, "http://own", "own", ""},
        {"http://common", "", NULL, "http://common", "common", ""},
        {NULL, "https://h:443/base/", NULL, "https://h/base", "h", "/base"},
        {NULL, "http://h:80/a/b//", NULL, "http://h/a/b", "h", "/a/b"},
        {NULL, "http://h:443", NULL, "http://h:443", "h:443", ""},
        {NULL, "HTTPS://Host.Example:8443/x", NULL, "https://Host.Example:8443/x",
         "Host.Example:8443", "/x"},
        {NULL, " http://h ", NULL, "http://h", "h", ""},
        {NULL, "http://[::1]:5000/p", NULL, "http://[::1]:5000/p", "[::1]:5000", "/p"},
        {NULL, "http://[fd00::1]", NULL, "http://[fd00::1]", "[fd00::1]", ""},
        {"http://x", "http://y", "true", "https://api.ecr.us-east-1.amazonaws.com",
         "api.ecr.us-east-1.amazonaws.com", ""},
        {"http://x", NULL, "false", "http://x", "x", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena arena ARENA_AUTO = ARENA_INIT(4096);
        struct endpoint e =
            resolve(ENV({"AWS_ENDPOINT_URL", rows[i].common}, {"AWS_ENDPOINT_URL_ECR", rows[i].own},
                        {"AWS_ENDPOINT_URL_ECS", "http://another"},
                        {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", rows[i].ignore}),
                    &arena);
        assert_view(e.url, rows[i].url);
        assert_view(e.host, rows[i].host);
        assert_view(e.path, rows[i].path);
    }
}

static void bad_urls_are_refused(void **state) {
    (void)state;
    static const char *const bad[] = {
        "localhost:5000",
        "ftp://h",
        "http://",
        "http:///path",
        "http://user:pw@h",
        "http://h:",
        "http://h:0",
        "http://h:65536",
        "http://h:-1",
        "http://h:+80",
        "http://h:8o",
        "http://h?x=y",
        "http://h/#f",
        "http://h/a b",
        "http://h\r\nX: y/",
        "http://[::1",
        "http://[]",
        "http://[::1]x",
        "http://[::1]:",
        "http://h\\evil.test",
        "http://h:1:2",
        "http://h/\x01",
        "http://h/%\xc3\xa4",
        "https//h",
        "http://h\"x",
        "http://[h.example]",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct arena arena ARENA_AUTO = ARENA_INIT(4096);
        struct endpoint endpoint = {.host = VIEW("untouched")};
        struct err err;
        err_init(&err);
        if (endpoint_resolve(&ecr_service, VIEW("us-east-1"), ENV({"AWS_ENDPOINT_URL_ECR", bad[i]}),
                             &arena, &endpoint, &err) == 0) {
            fail_msg("'%s' was accepted", bad[i]);
        }
        assert_int_equal(err.code, ERR_CONFIG_INVALID);
        assert_non_null(strstr(err.message, "AWS_ENDPOINT_URL_ECR"));
        assert_null(strstr(err.message, "pw"));
        assert_view(endpoint.host, "untouched");
    }
}

static void odd_switches_are_refused(void **state) {
    (void)state;
    static const struct env_entry rows[] = {
        {"AWS_USE_FIPS_ENDPOINT", "yes"},
        {"AWS_USE_DUALSTACK_ENDPOINT", "1"},
        {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "truee"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena arena ARENA_AUTO = ARENA_INIT(4096);
        struct endpoint endpoint;
        struct err err;
        err_init(&err);
        assert_int_equal(endpoint_resolve(&ecr_service, VIEW("us-east-1"), ENV(rows[i]), &arena,
                                          &endpoint, &err),
                         -1);
        assert_int_equal(err.code, ERR_CONFIG_INVALID);
        assert_non_null(strstr(err.message, rows[i].name));
    }
    struct arena arena ARENA_AUTO = ARENA_INIT(4096);
    assert_view(resolve(ENV({"AWS_USE_FIPS_ENDPOINT", "TRUE"}), &arena).host,
                "api.ecr-fips.us-east-1.amazonaws.com");
    assert_view(resolve(ENV({"AWS_USE_FIPS_ENDPOINT", ""}), &arena).host,
                "api.ecr.us-east-1.amazonaws.com");
}

/* A URL of one's own that is silently not FIPS would be worse than none. */
static void switches_and_a_url_exclude_each_other(void **state) {
    (void)state;
    static const char *const names[] = {"AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"};
    for (size_t i = 0; i < 2; i++) {
        struct arena arena ARENA_AUTO = ARENA_INIT(4096);
        struct endpoint endpoint;
        struct err err;
        err_init(&err);
        assert_int_equal(endpoint_resolve(&ecr_service, VIEW("us-east-1"),
                                          ENV({names[i], "true"}, {"AWS_ENDPOINT_URL", "http://h"}),
                                          &arena, &endpoint, &err),
                         -1);
        assert_int_equal(err.code, ERR_CONFIG_INVALID);
        assert_non_null(strstr(err.message, names[i]));
        assert_non_null(strstr(err.message, "AWS_ENDPOINT_URL"));
    }
}

/* A region comes from events and maps too: it must not lead to another host. */
static void regions_stay_inside_one_label(void **state) {
    (void)state;
    static const char *const bad[] = {
        "",    "evil.test/", "a.b", "us-east-1@x", "-a",   "a-", "A",     "us east",
        "a/b", "a:1",        "a\n", "\xc3\xa4",    "a%2e", "a#", "a?x=y", "a\\b"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct arena arena ARENA_AUTO = ARENA_INIT(4096);
        struct endpoint endpoint;
        struct err err;
        err_init(&err);
        if (endpoint_resolve(&ecr_service, view_of(bad[i]), ENV(), &arena, &endpoint, &err) == 0) {
            fail_msg("'%s' was accepted", bad[i]);
        }
        assert_int_equal(err.code, ERR_CONFIG_INVALID);
    }
}

static void patterns_of_a_service_are_filled_in(void **state) {
    (void)state;
    static const struct aws_service s3 = {
        .name = "s3",
        .endpoint_prefix = "s3",
        .fips_prefix = "s3-fips",
        .dualstack_host = "s3{fips}.dualstack.{region}.{suffix}",
        .env_name = "S3",
    };
    static const struct {
        const char *fips, *dualstack, *host;
    } rows[] = {
        {"false", "false", "s3.cn-north-1.amazonaws.com.cn"},
        {"true", "false", "s3-fips.cn-north-1.amazonaws.com.cn"},
        {"false", "true", "s3.dualstack.cn-north-1.amazonaws.com.cn"},
        {"true", "true", "s3-fips.dualstack.cn-north-1.amazonaws.com.cn"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena arena ARENA_AUTO = ARENA_INIT(4096);
        struct endpoint endpoint;
        struct err err;
        err_init(&err);
        assert_int_equal(endpoint_resolve(&s3, VIEW("cn-north-1"),
                                          ENV({"AWS_USE_FIPS_ENDPOINT", rows[i].fips},
                                              {"AWS_USE_DUALSTACK_ENDPOINT", rows[i].dualstack}),
                                          &arena, &endpoint, &err),
                         0);
        assert_view(endpoint.host, rows[i].host);
    }
}

static void no_memory_is_said(void **state) {
    (void)state;
    struct arena arena ARENA_AUTO = ARENA_INIT(8);
    struct endpoint endpoint;
    struct err err;
    err_init(&err);
    assert_int_equal(
        endpoint_resolve(&ecr_service, VIEW("us-east-1"), ENV(), &arena, &endpoint, &err), -1);
    assert_int_equal(err.code, ERR_OUT_OF_MEMORY);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_are_those_of_botocore),
        cmocka_unit_test(overrides),
        cmocka_unit_test(bad_urls_are_refused),
        cmocka_unit_test(odd_switches_are_refused),
        cmocka_unit_test(switches_and_a_url_exclude_each_other),
        cmocka_unit_test(regions_stay_inside_one_label),
        cmocka_unit_test(patterns_of_a_service_are_filled_in),
        cmocka_unit_test(no_memory_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
