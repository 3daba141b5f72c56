#include "runtime/aws/endpoint.h"

#include "runtime/aws/codedeploy.h"
#include "runtime/aws/ecr.h"
#include "runtime/aws/ecs.h"
#include "runtime/aws/events.h"
#include "runtime/aws/lambda_api.h"
#include "runtime/aws/s3.h"
#include "runtime/aws/scheduler.h"
#include "runtime/aws/sns.h"
#include "runtime/aws/ssm.h"
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

/* All of them, with how botocore's rule sets call them. */
static const struct {
    const char *name;
    const struct aws_service *service;
} services[] = {
    {"codedeploy", &codedeploy_service},
    {"ecr", &ecr_service},
    {"ecs", &ecs_service},
    {"events", &events_service},
    {"lambda", &lambda_service},
    {"s3", &s3_service},
    {"scheduler", &scheduler_service},
    {"sns", &sns_service},
    {"ssm", &ssm_service},
    {"sts", &sts_service},
};
#define N_SERVICES (sizeof(services) / sizeof(services[0]))

static size_t index_of(const char *name) {
    size_t i = 0;
    while (i < N_SERVICES && strcmp(services[i].name, name) != 0) {
        i++;
    }
    return i;
}

/* endpoints.txt is written by endpoints.py beside it, from botocore's rule sets. */
static void hosts_are_those_of_botocore(void **state) {
    (void)state;
    char name[16], region[32], fips[8], dualstack[8], host[128];
    FILE *file = fopen(TEST_DATA_DIR "/endpoints.txt", "r");
    size_t n[N_SERVICES] = {0};
    assert_non_null(file);
    while (fscanf(file, "%15s %31s %7s %7s %127s", name, region, fips, dualstack, host) == 5) {
        struct arena arena ARENA_AUTO = ARENA_INIT(4096);
        struct endpoint endpoint;
        struct err err;
        size_t i = index_of(name);
        if (strcmp(host, "-") == 0 && i < N_SERVICES) {
            n[i]++;
            continue;
        }
        err_init(&err);
        const struct environment *env =
            ENV({"AWS_USE_FIPS_ENDPOINT", fips}, {"AWS_USE_DUALSTACK_ENDPOINT", dualstack});
        assert_true(i < N_SERVICES);
        assert_int_equal(
            endpoint_resolve(services[i].service, view_of(region), env, &arena, &endpoint, &err),
            0);
        assert_view(endpoint.host, host);
        assert_true(view_starts_with(endpoint.url, VIEW("https://")));
        assert_view(view_slice(endpoint.url, 8, endpoint.url.len), host);
        assert_view(endpoint.path, "");
        assert_int_equal(endpoint.url.data[endpoint.url.len], '\0');
        n[i]++;
    }
    fclose(file);
    /* As many lines of each service, so that none is left out of the file. */
    for (size_t i = 0; i < N_SERVICES; i++) {
        assert_int_equal(n[i], n[0]);
    }
    assert_true(n[0] >= 4 * 38);
}

/* The protocol, the target and the names of the service are facts of botocore's models. */
static void services_are_spoken_to_as_they_want_it(void **state) {
    (void)state;
    static const struct {
        const struct aws_service *service;
        const char *env_name, *target_prefix, *api_version;
        enum aws_protocol protocol;
    } rows[] = {
        {&codedeploy_service, "CODEDEPLOY", "CodeDeploy_20141006", NULL, AWS_JSON_1_1},
        {&events_service, "EVENTBRIDGE", "AWSEvents", NULL, AWS_JSON_1_1},
        {&lambda_service, "LAMBDA", NULL, NULL, AWS_REST_JSON},
        {&scheduler_service, "SCHEDULER", NULL, NULL, AWS_REST_JSON},
        {&s3_service, "S3", NULL, NULL, AWS_REST_XML},
        {&sns_service, "SNS", NULL, "2010-03-31", AWS_QUERY},
        {&ssm_service, "SSM", "AmazonSSM", NULL, AWS_JSON_1_1},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct aws_service *s = rows[i].service;
        assert_string_equal(s->env_name, rows[i].env_name);
        assert_string_equal(s->signing_name, s->name);
        assert_int_equal(s->protocol, rows[i].protocol);
        assert_view(view_of(s->target_prefix), rows[i].target_prefix ? rows[i].target_prefix : "");
        assert_view(view_of(s->api_version), rows[i].api_version ? rows[i].api_version : "");
    }
}

/* The URL of one's own of each service is in the variable that the SDKs read. */
static void each_service_has_its_variable(void **state) {
    (void)state;
    static const char *const variables[N_SERVICES] = {
        "AWS_ENDPOINT_URL_CODEDEPLOY",  "AWS_ENDPOINT_URL_ECR",    "AWS_ENDPOINT_URL_ECS",
        "AWS_ENDPOINT_URL_EVENTBRIDGE", "AWS_ENDPOINT_URL_LAMBDA", "AWS_ENDPOINT_URL_S3",
        "AWS_ENDPOINT_URL_SCHEDULER",   "AWS_ENDPOINT_URL_SNS",    "AWS_ENDPOINT_URL_SSM",
        "AWS_ENDPOINT_URL_STS",
    };
    for (size_t i = 0; i < N_SERVICES; i++) {
        for (size_t j = 0; j < N_SERVICES; j++) {
            struct arena arena ARENA_AUTO = ARENA_INIT(4096);
            struct endpoint endpoint;
            struct err err;
            err_init(&err);
            assert_int_equal(endpoint_resolve(services[i].service, VIEW("eu-west-1"),
                                              ENV({variables[j], "http://127.0.0.1:9/x"}), &arena,
                                              &endpoint, &err),
                             0);
            assert_int_equal(view_equal(endpoint.url, VIEW("http://127.0.0.1:9/x")), i == j);
        }
    }
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
        cmocka_unit_test(services_are_spoken_to_as_they_want_it),
        cmocka_unit_test(each_service_has_its_variable),
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
